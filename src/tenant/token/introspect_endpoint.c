/* POST /oauth/introspect (RFC 7662): what a token is worth now, for our own gateway and other
 * resource servers. Auth0 has no such endpoint. Whoever asks learns about the tokens that were
 * issued to it, and, as the application of an API (Auth0 app_type resource_server), about access
 * tokens for that API; everything else is just not active, so that nothing can be probed. */
#include "oauth/scope.h"
#include "store/issued_tokens.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/token/own_token_internal.h"
#include "tenant/token/refresh_internal.h"
#include "json/json_writer.h"

/* What is told of a token; `token` NULL: not active. */
struct finding {
    const struct dw_own_token *token;
    const struct dw_refresh_family *family; /* a refresh token instead */
    const struct dw_user *user;             /* NULL: the client's own */
};

static bool may_see(const struct dw_oauth_client *client, const struct dw_own_token *token)
{
    if (dw_slice_eq(token->client_id, client->id))
        return true;
    return client->app_type == DW_APP_RESOURCE_SERVER &&
           client->resource_server_identifier.len > 0 &&
           dw_slices_have(token->audiences, client->resource_server_identifier);
}

/* A token outlives neither its user nor its application. *ret_user NULL and no failure with
 * *ret_is_good: the client's own token. */
static bool check_owners(struct dw_tenant_call *call, struct dw_slice client_id,
                         struct dw_slice user_id, bool *ret_is_good, struct dw_user **ret_user,
                         struct dw_error *reterr)
{
    struct dw_oauth_client *client;

    *ret_user = NULL;
    *ret_is_good = false;
    if (!dw_store_client(call->tenant->store, client_id, call->arena, &client, reterr) ||
        (user_id.len > 0 &&
         !dw_store_user(call->tenant->store, user_id, call->arena, ret_user, reterr)))
        return false;
    *ret_is_good = client && (user_id.len == 0 || (*ret_user && !(*ret_user)->is_blocked));
    return true;
}

static bool look_at_access_token(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                                 struct dw_slice text, struct finding *finding,
                                 struct dw_error *reterr)
{
    struct dw_own_token *token = DW_ARENA_NEW(call->arena, struct dw_own_token);
    struct dw_error error = {0};
    struct dw_user *user;
    bool is_good;

    if (!token)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_own_token_read(call, text, token, &error)) {
        if (error.code == DW_NO_MEMORY || error.code == DW_UNAVAILABLE) {
            *reterr = error;
            return false;
        }
        return true;
    }
    if (!may_see(client, token))
        return true;
    if (!check_owners(call, token->client_id, token->user_id, &is_good, &user, reterr))
        return false;
    if (is_good) {
        finding->token = token;
        finding->user = token->is_by_shared_secret ? NULL : user; /* no lookup of any user's name */
    }
    return true;
}

/* Its own refresh tokens alone, and of a family only the one that would be taken. */
static bool look_at_refresh_token(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                                  struct dw_slice text, struct finding *finding,
                                  struct dw_error *reterr)
{
    struct dw_presented_token presented;
    struct dw_refresh_token token = {.spent_at_s = 0};
    struct dw_refresh_family *family;
    struct dw_user *user;
    bool is_current = false, is_good;
    enum dw_refresh_verdict verdict;

    if (!dw_refresh_token_find(call, dw_secret_from(text), &presented, reterr))
        return false;
    family = presented.family;
    if (!family)
        return true;
    if (!dw_store_refresh_token_is_current(call->tenant->store, presented.digest, &is_current,
                                           reterr))
        return false;
    verdict = dw_refresh_token_judge(&token, NULL, family, client->id, call->now_s);
    if (!is_current || (verdict != DW_REFRESH_ROTATE && verdict != DW_REFRESH_KEEP))
        return true;
    if (!check_owners(call, family->client_id, family->user_id, &is_good, &user, reterr))
        return false;
    if (is_good) {
        finding->family = family;
        finding->user = user;
    }
    return true;
}

/* --- the answer ---------------------------------------------------------------------------------
 */

static void put_if_there(struct dw_json_writer *json, const char *key, struct dw_slice text)
{
    if (text.len > 0)
        dw_json_put_text(json, key, text);
}

static void put_scopes(struct dw_json_writer *json, struct dw_slices scopes)
{
    struct dw_slice text = DW_EMPTY;
    struct dw_error error;

    if (!dw_scopes_text(scopes, json->out->arena, &text, &error))
        json->out->has_failed = true;
    put_if_there(json, "scope", text);
}

static void put_access_token(struct dw_json_writer *json, const struct dw_own_token *token)
{
    static const char *const copied[] = {"permissions", "act", "cnf", "org_name"};
    struct dw_slice subject = token->user_id;

    if (subject.len == 0)
        subject = dw_arena_printf(json->out->arena, "%.*s@clients", DW_PRINT(token->client_id));
    if (!subject.ptr)
        json->out->has_failed = true;
    put_scopes(json, token->scopes);
    dw_json_put_text(json, "client_id", token->client_id);
    dw_json_put_text(json, "token_type",
                     token->dpop_jkt.len > 0 ? DW_LIT("DPoP") : DW_LIT("Bearer"));
    dw_json_put_int(json, "exp", token->expires_at_s);
    dw_json_put_int(json, "iat", token->issued_at_s);
    put_if_there(json, "sub", subject);
    if (token->audiences.count == 1)
        dw_json_put_text(json, "aud", token->audiences.items[0]);
    else
        dw_json_put_texts(json, "aud", token->audiences);
    put_if_there(json, "jti", token->token_id);
    put_if_there(json, "sid", token->session_id);
    put_if_there(json, "org_id", token->organization);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        const struct dw_json *claim = dw_json_get(token->claims, copied[i]);

        if (claim)
            dw_json_put_raw(json, copied[i], claim->raw);
    }
}

/* An opaque token has no claims to copy `cnf` from (RFC 9449 section 6.2). */
static void put_opaque_key(struct dw_json_writer *json, const struct dw_own_token *token)
{
    if (token->claims || token->dpop_jkt.len == 0)
        return;
    dw_json_write_key(json, DW_LIT("cnf"));
    dw_json_write_object_start(json);
    dw_json_put_text(json, "jkt", token->dpop_jkt);
    dw_json_write_object_end(json);
}

static void put_refresh_token(struct dw_json_writer *json, const struct dw_refresh_family *family)
{
    put_scopes(json, family->scopes);
    dw_json_put_text(json, "client_id", family->client_id);
    if (family->expires_at_s > 0)
        dw_json_put_int(json, "exp", family->expires_at_s);
    dw_json_put_int(json, "iat", family->created_at_s);
    dw_json_put_text(json, "sub", family->user_id);
    put_if_there(json, "aud", family->audience);
    put_if_there(json, "org_id", family->organization);
}

static bool answer(struct dw_tenant_call *call, const struct finding *finding,
                   struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);
    bool is_active = finding->token || finding->family;

    dw_json_write_object_start(&json);
    dw_json_put_bool(&json, "active", is_active);
    if (is_active)
        dw_json_put_text(&json, "iss", call->tenant->config.issuer);
    if (finding->token) {
        put_access_token(&json, finding->token);
        put_opaque_key(&json, finding->token);
    } else if (finding->family) {
        put_refresh_token(&json, finding->family);
    }
    if (finding->user)
        put_if_there(&json, "username", finding->user->email);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_introspect(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct finding finding = {0};
    struct dw_oauth_client *client;
    struct dw_form form;
    struct dw_slice text;

    if (!dw_call_parameters(call, &form, reterr) ||
        !dw_client_authenticate(call, &form, &client, reterr))
        return false;
    if (client->auth_method == DW_CLIENT_AUTH_NONE) /* RFC 7662 section 2.1 MUST */
        return dw_fail(reterr, DW_CLIENT_REFUSED, "Unauthorized");
    text = dw_form_value(&form, "token");
    if (dw_slice_is_empty(text))
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: token");
    if (!look_at_access_token(call, client, text, &finding, reterr) ||
        (!finding.token && !look_at_refresh_token(call, client, text, &finding, reterr)))
        return false;
    return answer(call, &finding, reterr);
}
