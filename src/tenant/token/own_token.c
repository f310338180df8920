/* Reading access tokens of our own; see own_token_internal.h. */
#include "tenant/token/own_token_internal.h"

#include "jose/jwt_secret.h"
#include "oauth/scope.h"
#include "oauth/token_claims.h"
#include "store/issued_tokens.h"

static bool fail_token(struct dw_error *reterr, const char *message)
{
    return dw_fail(reterr, DW_INVALID_TOKEN, "%s", message);
}

/* --- opaque ------------------------------------------------------------------------------------
 */

static bool read_opaque(struct dw_tenant_call *call, struct dw_slice text,
                        struct dw_own_token *token, struct dw_error *reterr)
{
    struct dw_slice *audience = DW_ARENA_NEW(call->arena, struct dw_slice);
    struct dw_opaque_token *row;
    struct dw_slice digest;

    if (!audience)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *audience = dw_userinfo_audience(call->tenant->config.issuer, call->arena);
    if (!audience->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_tenant_digest(text, call->arena, &digest, reterr) ||
        !dw_store_opaque_token(call->tenant->store, digest, call->now_s, call->arena, &row, reterr))
        return false;
    if (!row)
        return fail_token(reterr, "the access token is unknown or has expired");
    *token = (struct dw_own_token){
        .user_id = row->user_id,
        .client_id = row->client_id,
        .audiences = {audience, 1},
        .scopes = row->scopes,
        .token_id = DW_EMPTY,
        .family_id = row->family_id,
        .session_id = row->session_id,
        .organization = row->organization,
        .dpop_jkt = row->dpop_jkt,
        .issued_at_s = row->created_at_s,
        .expires_at_s = row->expires_at_s,
    };
    return true;
}

/* --- signed ------------------------------------------------------------------------------------
 */

/* The API whose secret an HS256 token may be signed with: the one it says it is for. */
static bool verify_by_secret(struct dw_tenant_call *call, struct dw_slice text, struct dw_jwt *jwt,
                             struct dw_error *reterr)
{
    const struct dw_json *claims;
    struct dw_secret secret;
    struct dw_api *api = NULL;
    struct dw_slice audience;

    if (!dw_jwt_peek(text, call->arena, &claims, reterr))
        return false;
    audience = dw_json_text(claims, "aud");
    if (audience.len > 0 && !dw_store_api(call->tenant->store, audience, call->arena, &api, reterr))
        return false;
    if (!api || api->sealed_signing_secret.len == 0)
        return fail_token(reterr, "the token is signed with HS256, and its audience is no API that "
                                  "does so");
    return dw_api_secret_open(call->tenant, api, call->arena, &secret, reterr) &&
           dw_jwt_verify_hs256(text, secret, call->arena, jwt, reterr);
}

static bool verify(struct dw_tenant_call *call, struct dw_slice text, struct dw_jwt *jwt,
                   struct dw_error *reterr)
{
    struct dw_jwks *keys;
    bool is_good, is_kid_unknown;

    if (dw_jwt_is_hs256(text, call->arena))
        return verify_by_secret(call, text, jwt, reterr);
    if (!dw_jwt_parse(text, call->arena, jwt, reterr))
        return false;
    keys = dw_keyring_jwks(call->tenant->keyring);
    is_good = dw_jwt_verify(jwt, keys, DW_KEYRING_ALGS, &is_kid_unknown, reterr);
    dw_jwks_unref(keys);
    return is_good;
}

/* ID tokens are signed by the same keys: they have no `jti` and name no client but as audience, and
 * nobody can add that to them (oauth/custom_claims.c). */
static bool check_kind(const struct dw_jwt *jwt, const struct dw_own_token *token,
                       struct dw_error *reterr)
{
    bool is_typ_good = dw_slice_eq_nocase(jwt->typ, DW_LIT("JWT")) ||
                       dw_slice_eq_nocase(jwt->typ, DW_LIT("at+jwt"));

    return (is_typ_good && token->token_id.len > 0 && token->client_id.len > 0) ||
           fail_token(reterr,
                      "this is not an access token; send the access token, not the ID token");
}

static bool read_claims(struct dw_tenant_call *call, const struct dw_json *claims,
                        struct dw_own_token *token, struct dw_error *reterr)
{
    struct dw_slice client = dw_json_text(claims, "azp"), subject = dw_json_text(claims, "sub");
    struct dw_slice scope = dw_json_text(claims, "scope");
    struct dw_slice id;

    if (client.len == 0)
        client = dw_json_text(claims, "client_id");
    id = dw_arena_printf(call->arena, "%.*s@clients", DW_PRINT(client));
    if (!id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *token = (struct dw_own_token){
        .user_id = dw_slice_eq(subject, id) ? DW_EMPTY : subject,
        .client_id = client,
        .token_id = dw_json_text(claims, "jti"),
        .session_id = dw_json_text(claims, "sid"),
        .organization = dw_json_text(claims, "org_id"),
        .dpop_jkt = dw_json_text(dw_json_get(claims, "cnf"), "jkt"),
        .claims = claims,
    };
    token->family_id = dw_slice_contains(token->token_id, '.')
                           ? dw_slice_sub(token->token_id, 0, dw_slice_index(token->token_id, '.'))
                           : DW_EMPTY;
    if (!dw_json_int(claims, "iat", &token->issued_at_s) ||
        !dw_json_int(claims, "exp", &token->expires_at_s))
        return fail_token(reterr, "the access token has no times");
    return dw_json_texts(claims, "aud", call->arena, &token->audiences, reterr) &&
           dw_scopes_parse(scope, call->arena, &token->scopes, reterr);
}

static bool read_signed(struct dw_tenant_call *call, struct dw_slice text,
                        struct dw_own_token *token, struct dw_error *reterr)
{
    struct dw_jwt jwt;

    if (!verify(call, text, &jwt, reterr) || !read_claims(call, jwt.claims, token, reterr) ||
        !check_kind(&jwt, token, reterr))
        return false;
    token->is_by_shared_secret = dw_jwt_is_hs256(text, call->arena);
    if (!dw_slice_eq(dw_json_text(jwt.claims, "iss"), call->tenant->config.issuer))
        return fail_token(reterr, "the access token was issued under another name of this tenant");
    return call->now_s < token->expires_at_s || fail_token(reterr, "the access token has expired");
}

/* Whoever knew the old password may have it. */
static bool check_user(struct dw_tenant_call *call, struct dw_own_token *token,
                       struct dw_error *reterr)
{
    if (token->user_id.len == 0)
        return true;
    if (!dw_store_user(call->tenant->store, token->user_id, call->arena, &token->user, reterr))
        return false;
    return !token->user || token->issued_at_s >= token->user->last_password_reset_at_s ||
           fail_token(reterr, "the password was changed since");
}

bool dw_own_token_read(struct dw_tenant_call *call, struct dw_slice text,
                       struct dw_own_token *ret_token, struct dw_error *reterr)
{
    bool is_opaque = !dw_slice_contains(text, '.');
    struct dw_oauth_client *client;
    bool is_dead = false;

    if (!(is_opaque ? read_opaque : read_signed)(call, text, ret_token, reterr) ||
        !dw_store_client(call->tenant->store, ret_token->client_id, call->arena, &client, reterr))
        return false;
    if (!client)
        return fail_token(reterr, "the application of the access token does not exist any more");
    if (ret_token->family_id.len > 0 &&
        !dw_store_family_is_dead(call->tenant->store, ret_token->family_id, &is_dead, reterr))
        return false;
    if (is_dead)
        return fail_token(reterr, "the access token was revoked");
    return check_user(call, ret_token, reterr);
}

/* --- ID tokens ---------------------------------------------------------------------------------
 */

bool dw_id_token_hint_read(struct dw_tenant_call *call, struct dw_slice text,
                           struct dw_id_token_hint *ret_hint, struct dw_error *reterr)
{
    struct dw_error error = {0};
    struct dw_jwt jwt;

    /* HS256 is for APIs: an ID token never has it. */
    if (dw_jwt_is_hs256(text, call->arena) || !verify(call, text, &jwt, &error))
        return error.code == DW_UNAVAILABLE || error.code == DW_NO_MEMORY
                   ? (*reterr = error, false)
                   : dw_fail(reterr, DW_INVALID_REQUEST, "the id_token_hint is not valid");
    *ret_hint = (struct dw_id_token_hint){
        .client_id = dw_json_text(jwt.claims, "aud"),
        .user_id = dw_json_text(jwt.claims, "sub"),
        .session_id = dw_json_text(jwt.claims, "sid"),
    };
    if (!dw_slice_eq(dw_json_text(jwt.claims, "iss"), call->tenant->config.issuer) ||
        ret_hint->client_id.len == 0 || dw_json_get(jwt.claims, "jti"))
        return dw_fail(reterr, DW_INVALID_REQUEST, "the id_token_hint is no ID token of ours");
    return true;
}
