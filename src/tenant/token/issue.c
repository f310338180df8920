/* Access tokens and ID tokens; see issue_internal.h. */
#include "tenant/token/issue_internal.h"

#include "jose/jwt_secret.h"
#include "oauth/custom_claims.h"
#include "oauth/third_party.h"
#include "oauth/token_claims.h"
#include "store/issued_tokens.h"
#include "store/organizations.h"
#include "tenant/factor/mfa_internal.h"
#include "tenant/token/own_token_internal.h"

/* A token for /userinfo alone, without an API (Auth0: 24 h). */
#define USERINFO_TOKEN_LIFETIME_S 86400

static bool sign(struct dw_tenant_call *call, enum dw_jose_alg alg, const char *typ,
                 struct dw_buf *claims, struct dw_slice *ret_token, struct dw_error *reterr)
{
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key = NULL;
    struct dw_slice json;

    return dw_keyring_signer(call->tenant->keyring, alg, call->now_s, &key, reterr) &&
           dw_buf_finish(claims, &json, reterr) &&
           dw_jwt_sign(key, typ, json, call->arena, ret_token, reterr);
}

/* With the API's own secret, or with the tenant's key for the API's algorithm. */
static bool sign_for_api(struct dw_tenant_call *call, const struct dw_api *api,
                         struct dw_buf *claims, struct dw_slice *ret_token, struct dw_error *reterr)
{
    const char *typ = dw_access_token_typ(api->token_dialect);
    struct dw_secret secret;
    struct dw_slice json;

    if (api->sealed_signing_secret.len == 0)
        return sign(call, api->signing_alg, typ, claims, ret_token, reterr);
    return dw_api_secret_open(call->tenant, api, call->arena, &secret, reterr) &&
           dw_buf_finish(claims, &json, reterr) &&
           dw_jwt_sign_hs256(secret, typ, json, call->arena, ret_token, reterr);
}

/* What may stay of an object of custom claims; NULL: nothing. */
static bool custom_claims(struct dw_tenant_call *call, struct dw_slice json,
                          const struct dw_issued *issued, const struct dw_json **ret_claims,
                          struct dw_error *reterr)
{
    struct dw_custom_claims_rules rules = {
        .scopes = issued->answer.scopes,
        .is_for_system_api = issued->api && issued->api->is_system,
    };
    const struct dw_json *claims;

    *ret_claims = NULL;
    if (json.len == 0)
        return true;
    return dw_json_parse(json, call->arena, &claims, reterr) &&
           dw_custom_claims_merge(claims, &rules, call->arena, ret_claims, reterr);
}

/* `jti`: random, and after the family's id where there is one, so that a replayed code finds the
 * access tokens that came of it. */
static bool token_id(struct dw_tenant_call *call, struct dw_slice family_id,
                     struct dw_slice *ret_token_id, struct dw_error *reterr)
{
    *ret_token_id = dw_tenant_random_text(call->arena, "", 16);
    if (ret_token_id->ptr && family_id.len > 0)
        *ret_token_id =
            dw_arena_printf(call->arena, "%.*s.%.*s", DW_PRINT(family_id), DW_PRINT(*ret_token_id));
    return ret_token_id->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* Auth0: without an API the token is for /userinfo alone, and means nothing to anybody else. */
static bool make_opaque_token(struct dw_tenant_call *call, const struct dw_issue *issue,
                              struct dw_issued *issued, struct dw_error *reterr)
{
    struct dw_slice text = dw_tenant_random_text(call->arena, "", 32);
    struct dw_opaque_token row = {
        .client_id = issue->subjects.client->id,
        .user_id = issue->user ? issue->user->id : DW_EMPTY,
        .session_id = issue->session_id,
        .organization = issue->organization,
        .family_id = issue->family_id,
        .scopes = issued->answer.scopes,
        .dpop_jkt = issue->dpop_jkt,
        .created_at_s = call->now_s,
        .expires_at_s = call->now_s + USERINFO_TOKEN_LIFETIME_S,
    };

    if (!text.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_tenant_digest(text, call->arena, &row.token_digest, reterr) ||
        !dw_store_add_opaque_token(call->tenant->store, &row, reterr))
        return false;
    issued->response.access_token = text;
    issued->response.expires_in_s = USERINFO_TOKEN_LIFETIME_S;
    return true;
}

static bool sign_access_token(struct dw_tenant_call *call, const struct dw_issue *issue,
                              struct dw_issued *issued, struct dw_error *reterr)
{
    const struct dw_api *api = issued->api;
    struct dw_buf out = dw_buf_in(call->arena);
    int64_t lifetime_s =
        api->token_lifetime_s > 0 ? api->token_lifetime_s : call->tenant->config.access_token_ttl_s;
    struct dw_access_claims claims = {
        .issuer = call->tenant->config.issuer,
        .api = api,
        .client_id = issue->subjects.client->id,
        .user_id = issue->user ? issue->user->id : DW_EMPTY,
        .session_id = issue->session_id,
        .organization = issue->organization,
        .organization_name = issue->organization_name,
        .grant_type = issue->subjects.grant_type,
        .first_grant_type = issue->first_grant_type,
        .act_json = issue->act_json,
        /* Auth0 has it in no API's tokens; the MFA API is the tenant's own and asks for it. */
        .is_mfa = issue->is_mfa && api->is_system,
        .dpop_jkt = issue->dpop_jkt,
        .answer = &issued->answer,
        .now_s = call->now_s,
        .lifetime_s = lifetime_s,
    };
    if (!token_id(call, issue->family_id, &claims.token_id, reterr) ||
        !custom_claims(call, issue->access_claims_json, issued, &claims.custom, reterr))
        return false;
    dw_access_claims_write(&claims, &out);
    issued->response.expires_in_s = lifetime_s;
    return sign_for_api(call, api, &out, &issued->response.access_token, reterr);
}

static bool sign_id_token(struct dw_tenant_call *call, const struct dw_issue *issue,
                          struct dw_issued *issued, struct dw_error *reterr)
{
    const struct dw_oauth_client *client = issue->subjects.client;
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_id_claims claims = {
        .issuer = call->tenant->config.issuer,
        .client_id = client->id,
        .user = issue->user,
        .session_id = issue->session_id,
        .oidc_nonce = issue->oidc_nonce,
        .organization = issue->organization,
        .organization_name = issue->organization_name,
        .act_json = issue->act_json,
        .scopes = issued->answer.scopes,
        .authenticated_at_s = issue->auth_time_s,
        .is_mfa = issue->is_mfa,
        .now_s = call->now_s,
        .lifetime_s = client->id_token_lifetime_s > 0 ? client->id_token_lifetime_s
                                                      : call->tenant->config.id_token_ttl_s,
    };

    if (!custom_claims(call, issue->id_claims_json, issued, &claims.custom, reterr))
        return false;
    dw_id_claims_write(&claims, &out);
    return sign(call, dw_id_token_jose_alg(client), "JWT", &out, &issued->response.id_token,
                reterr);
}

/* The organization that the tokens name is there, and their user, if they have one, still is its
 * member. */
static bool find_organization(struct dw_tenant_call *call, const struct dw_issue *issue,
                              struct dw_organization **ret_organization, struct dw_error *reterr)
{
    struct dw_slice user_id = issue->user ? issue->user->id : DW_EMPTY;
    bool may_be_named = !issue->user;

    if (!dw_store_organization(call->tenant->store, issue->organization, call->arena,
                               ret_organization, reterr) ||
        (issue->user && !dw_store_is_member(call->tenant->store, issue->organization, user_id,
                                            &may_be_named, reterr)))
        return false;
    return (*ret_organization && may_be_named) ||
           dw_organization_fail_member(user_id, issue->organization, reterr);
}

/* Only where the tenant says so do tokens have an organization's name besides its id. */
static bool bind_organization(struct dw_tenant_call *call, struct dw_issue *issue,
                              struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    issue->subjects.organization = issue->organization;
    if (issue->organization.len == 0)
        return !issue->user ||
               issue->subjects.client->organization_usage != DW_ORGANIZATION_REQUIRE ||
               dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is required for this client");
    if (!find_organization(call, issue, &organization, reterr))
        return false;
    if (call->settings->allows_organization_name)
        issue->organization_name = organization->name;
    return true;
}

/* What an operator wrote into the user's app_metadata, until there are Actions to say it:
 * {"custom_claims":{"access_token":{...},"id_token":{...}}}. Users cannot write there. */
static bool read_custom_claims(struct dw_tenant_call *call, struct dw_issue *issue,
                               struct dw_error *reterr)
{
    const struct dw_json *metadata, *claims, *access, *id;

    if (!issue->user || !dw_slice_has(issue->user->app_metadata_json, DW_LIT("\"custom_claims\"")))
        return true;
    if (!dw_json_parse(issue->user->app_metadata_json, call->arena, &metadata, reterr))
        return false;
    claims = dw_json_get(metadata, "custom_claims");
    access = dw_json_get(claims, "access_token");
    id = dw_json_get(claims, "id_token");
    if (access && issue->access_claims_json.len == 0)
        issue->access_claims_json = access->raw;
    if (id && issue->id_claims_json.len == 0)
        issue->id_claims_json = id->raw;
    return true;
}

bool dw_tokens_issue(struct dw_tenant_call *call, const struct dw_issue *issue,
                     struct dw_issued *ret_issued, struct dw_error *reterr)
{
    struct dw_issue bound = *issue;

    *ret_issued = (struct dw_issued){0};
    if (bound.dpop_jkt.len == 0) /* whatever the grant: who proves a key gets tokens bound to it */
        bound.dpop_jkt = call->dpop_jkt;
    if (!bind_organization(call, &bound, reterr) || !read_custom_claims(call, &bound, reterr))
        return false;
    if (issue->user &&
        !dw_mfa_check_issue(call, issue->user, issue->subjects.audience, issue->is_mfa, reterr))
        return false;
    if (!dw_tenant_decide(call, &bound.subjects, &ret_issued->api, &ret_issued->answer, reterr) ||
        !(ret_issued->api ? sign_access_token : make_opaque_token)(call, &bound, ret_issued,
                                                                   reterr))
        return false;
    ret_issued->response.is_dpop = bound.dpop_jkt.len > 0;
    ret_issued->response.scopes = ret_issued->answer.scopes;
    return !issue->user || !dw_slices_have(ret_issued->answer.scopes, DW_LIT("openid")) ||
           sign_id_token(call, &bound, ret_issued, reterr);
}
