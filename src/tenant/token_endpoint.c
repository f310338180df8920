/* POST /oauth/token (RFC 6749 section 3.2): form or JSON, one function a grant type. */
#include "base/mem.h"
#include "oauth/authorization_code.h"
#include "oauth/authorization_request.h"
#include "oauth/refresh_token.h"
#include "oauth/scope.h"
#include "sys/sys.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/issue_internal.h"
#include "tenant/password_internal.h"

struct token_call {
    struct dw_tenant_call *call;
    struct dw_form form;
    struct dw_oauth_client *client; /* authenticated */
    struct dw_token_request request;
    struct dw_issued issued;
};

typedef bool grant_function(struct token_call *token, struct dw_error *reterr);

/* A user may have been blocked or deleted since the code or the refresh token was made. */
static bool load_user(struct token_call *token, struct dw_slice user_id, struct dw_user **ret_user,
                      struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;

    if (!dw_store_user(call->tenant->store, user_id, call->arena, ret_user, reterr))
        return false;
    if (!*ret_user)
        return dw_fail(reterr, DW_INVALID_GRANT, "The user does not exist any more.");
    if ((*ret_user)->is_blocked)
        return dw_fail(reterr, DW_USER_BLOCKED, "user is blocked");
    call->user_id = (*ret_user)->id;
    return true;
}

/* The first token of a family, for a grant that was just redeemed. */
static bool start_family(struct token_call *token, const struct dw_authorization_code *code,
                         struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_refresh_family family;
    unsigned char random[32];
    struct dw_secret first;
    struct dw_slice digest;

    if (!dw_grant_has_refresh_token(token->client, token->issued.api, token->issued.answer.scopes))
        return true;
    dw_sys_random(random, sizeof random);
    first = dw_refresh_token_first(random, call->arena);
    dw_mem_wipe(random, sizeof random);
    if (!first.hidden.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_refresh_family_make(code, &token->client->refresh, call->now_s, &family);
    if (!dw_tenant_digest(first.hidden, call->arena, &digest, reterr) ||
        !dw_store_add_refresh_family(call->tenant->store, &family, digest, reterr))
        return false;
    token->issued.response.refresh_token = first;
    return true;
}

/* RFC 8707 section 2.2: at the token endpoint only what the authorization was for. */
static bool check_same_audience(const struct dw_token_request *request, struct dw_slice audience,
                                struct dw_error *reterr)
{
    if (request->audience.len == 0 || dw_slice_eq(request->audience, audience))
        return true;
    return dw_fail(reterr, DW_INVALID_TARGET, "The grant is not for %.*s.",
                   DW_PRINT(request->audience));
}

static bool grant_code(struct token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_authorization_code *code;
    struct dw_user *user;
    struct dw_slice digest;
    bool was_used = false;

    if (!dw_tenant_digest(token->request.code.hidden, call->arena, &digest, reterr) ||
        !dw_store_take_authorization_code(call->tenant->store, digest, call->now_s, call->arena,
                                          &code, &was_used, reterr))
        return false;
    if (was_used)
        dw_log(call->tenant->log, DW_LOG_WARN, "authorization_code_replayed",
               DW_S("oauth_client", token->client->id), DW_S("address", call->peer_address));
    if (!dw_authorization_code_redeem(code, was_used, token->client, &token->request, call->now_s,
                                      reterr) ||
        !check_same_audience(&token->request, code->audience, reterr) ||
        !load_user(token, code->user_id, &user, reterr))
        return false;
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_AUTHORIZATION_CODE,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = code->audience,
                     .requested = code->scopes,
                     .original = &code->scopes},
        .user = user,
        .session_id = code->session_id,
        .organization = code->organization,
        .oidc_nonce = code->oidc_nonce,
        .auth_time_s = code->max_age_s >= 0 ? code->authenticated_at_s : 0,
    };
    return dw_tokens_issue(call, &issue, &token->issued, reterr) &&
           start_family(token, code, reterr);
}

static bool use_refresh_token(struct token_call *token, struct dw_secret *ret_successor,
                              enum dw_refresh_verdict *ret_verdict,
                              struct dw_refresh_family **ret_family, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_secret key = {
        dw_slice_from((const char *)call->tenant->refresh_key, sizeof call->tenant->refresh_key)};
    struct dw_slice digest, successor_digest;

    if (!dw_refresh_token_successor(key, token->request.refresh_token, call->arena, ret_successor,
                                    reterr) ||
        !dw_tenant_digest(token->request.refresh_token.hidden, call->arena, &digest, reterr) ||
        !dw_tenant_digest(ret_successor->hidden, call->arena, &successor_digest, reterr) ||
        !dw_store_use_refresh_token(call->tenant->store, digest, successor_digest,
                                    token->client->id, call->now_s, call->arena, ret_verdict,
                                    ret_family, reterr))
        return false;
    if (*ret_verdict == DW_REFRESH_REUSED)
        dw_log(call->tenant->log, DW_LOG_WARN, "refresh_token_reused",
               DW_S("oauth_client", token->client->id), DW_S("family", (*ret_family)->id),
               DW_S("address", call->peer_address));
    return dw_refresh_verdict_check(*ret_verdict, reterr);
}

static bool grant_refresh(struct token_call *token, struct dw_error *reterr)
{
    struct dw_refresh_family *family = NULL;
    enum dw_refresh_verdict verdict;
    struct dw_secret successor;
    struct dw_user *user;

    if (!use_refresh_token(token, &successor, &verdict, &family, reterr) ||
        !check_same_audience(&token->request, family->audience, reterr) ||
        !load_user(token, family->user_id, &user, reterr))
        return false;
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_REFRESH_TOKEN,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = family->audience,
                     .requested = token->request.has_scope ? token->request.scopes : family->scopes,
                     .original = &family->scopes},
        .user = user,
        .session_id = family->session_id,
        .organization = family->organization,
    };
    if (!dw_tokens_issue(token->call, &issue, &token->issued, reterr))
        return false;
    token->issued.response.refresh_token =
        verdict == DW_REFRESH_KEEP ? token->request.refresh_token : successor;
    return true;
}

static struct dw_slice audience_or_default(const struct token_call *token)
{
    return token->request.audience.len > 0 ? token->request.audience
                                           : token->call->tenant->settings.default_audience;
}

static bool grant_client_credentials(struct token_call *token, struct dw_error *reterr)
{
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_CLIENT_CREDENTIALS,
                     .client = token->client,
                     .audience = audience_or_default(token),
                     .requested = token->request.scopes},
    };

    if (token->client->auth_method == DW_CLIENT_AUTH_NONE) /* RFC 6749 section 4.4 MUST NOT */
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "A public client has no credentials: client_credentials is not for it.");
    if (issue.subjects.audience.len == 0)
        return dw_fail(reterr, DW_ACCESS_DENIED,
                       "Non-global clients are not allowed access to APIv1");
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}

/* For scripts and tests of an operator who switched it on twice: for the tenant and for the
 * application. OAuth 2.1 has no such grant. */
static bool grant_password(struct token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    const struct dw_token_request *request = &token->request;
    struct dw_user *user;

    if (!call->tenant->config.allow_password_grant)
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "The password grant is switched off: [tenant] allow_password_grant.");
    if (request->realm.len > 0 && !dw_slice_eq(request->realm, DW_LIT(DW_TENANT_CONNECTION)))
        return dw_fail(reterr, DW_INVALID_REQUEST, "unknown or disabled connection");
    if (!dw_password_check(call, request->username, request->password, &user, reterr))
        return false;
    struct dw_authorization_code code = {
        .client_id = token->client->id,
        .user_id = user->id,
        .family_id = dw_tenant_random_text(call->arena, "", 16),
        .audience = audience_or_default(token),
        .max_age_s = -1,
        .authenticated_at_s = call->now_s,
    };
    struct dw_issue issue = {
        .subjects = {.grant_type = request->grant_type,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = code.audience,
                     .requested = request->scopes},
        .user = user,
    };
    if (!code.family_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_tokens_issue(call, &issue, &token->issued, reterr))
        return false;
    code.scopes = token->issued.answer.scopes;
    return start_family(token, &code, reterr);
}

static grant_function *const grants[DW_GRANT_TYPE_COUNT] = {
    [DW_GRANT_AUTHORIZATION_CODE] = grant_code,
    [DW_GRANT_REFRESH_TOKEN] = grant_refresh,
    [DW_GRANT_CLIENT_CREDENTIALS] = grant_client_credentials,
    [DW_GRANT_PASSWORD] = grant_password,
    [DW_GRANT_PASSWORD_REALM] = grant_password,
};

static bool run(struct token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;

    if (!dw_call_parameters(call, &token->form, reterr) ||
        !dw_token_request_parse(&token->form, &call->tenant->settings, call->arena, &token->request,
                                reterr) ||
        !dw_client_authenticate(call, &token->form, &token->client, reterr) ||
        !dw_token_request_check_grant(&token->request, token->client, reterr) ||
        !dw_tenant_settle_audience(call, &token->request.audience, reterr))
        return false;
    if (!grants[token->request.grant_type])
        return dw_fail(reterr, DW_UNSUPPORTED_GRANT, "Unsupported grant type");
    return grants[token->request.grant_type](token, reterr);
}

bool dw_endpoint_token(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct token_call token = {.call = call};
    struct dw_buf out = dw_buf_in(call->arena);

    if (!run(&token, reterr)) {
        dw_metrics_add(call->tenant->metrics, DW_METRIC_TOKENS_REFUSED, 1);
        return false;
    }
    dw_metrics_add(call->tenant->metrics, DW_METRIC_TOKENS_ISSUED, 1);
    dw_token_response_write(&token.issued.response, &out);
    return dw_answer_json(call, 200, &out, reterr);
}
