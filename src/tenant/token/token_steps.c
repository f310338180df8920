/* The steps that several grants share; see token_grants_internal.h. */
#include "base/mem.h"
#include "oauth/refresh_token.h"
#include "oauth/third_party.h"
#include "store/connections.h"
#include "sys/sys.h"
#include "tenant/audit_internal.h"
#include "tenant/token/refresh_internal.h"
#include "tenant/token/token_grants_internal.h"

bool dw_token_load_user(struct dw_token_call *token, struct dw_slice user_id,
                        struct dw_user **ret_user, struct dw_error *reterr)
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

bool dw_token_check_connection(struct dw_token_call *token, const struct dw_user *user,
                               struct dw_error *reterr)
{
    const struct dw_oauth_client *client = token->client;
    bool is_served = false;

    return dw_store_is_client_served(token->call->tenant->store, client->id, client->is_first_party,
                                     user->connection, &is_served, reterr) &&
           (is_served || dw_fail(reterr, DW_ACCESS_DENIED, "the connection is not enabled"));
}

bool dw_token_check_audience(const struct dw_token_request *request, struct dw_slice audience,
                             struct dw_error *reterr)
{
    if (request->audience.len == 0 || dw_slice_eq(request->audience, audience))
        return true;
    return dw_fail(reterr, DW_INVALID_TARGET, "The grant is not for %.*s.",
                   DW_PRINT(request->audience));
}

struct dw_slice dw_token_audience(const struct dw_token_call *token)
{
    return token->request.audience.len > 0 ? token->request.audience
                                           : token->call->settings->default_audience;
}

bool dw_token_start_family(struct dw_token_call *token, const struct dw_authorization_code *code,
                           struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_refresh_policy policy;
    struct dw_refresh_family family;
    unsigned char random[16];
    struct dw_secret first;
    struct dw_slice digest;
    bool is_made, has_dropped = false;

    if (!dw_grant_has_refresh_token(token->client, token->issued.api, token->issued.answer.scopes))
        return true;
    dw_sys_random(random, sizeof random);
    is_made = dw_refresh_token_first(dw_tenant_refresh_key(call->tenant), code->family_id, random,
                                     call->arena, &first, reterr);
    dw_mem_wipe(random, sizeof random);
    if (!is_made)
        return false;
    policy = dw_third_party_refresh_policy(token->client);
    dw_refresh_family_make(code, &policy, call->now_s, &family);
    if (token->client->auth_method == DW_CLIENT_AUTH_NONE) /* RFC 9449 section 5 MUST */
        family.dpop_jkt = call->dpop_jkt;
    family.grant_type = dw_slice_from_text(dw_grant_type_name(token->request.grant_type));
    if (!dw_tenant_digest(first.hidden, call->arena, &digest, reterr) ||
        !dw_store_add_refresh_family(call->tenant->store, &family, digest, &has_dropped, reterr))
        return false;
    if (has_dropped)
        dw_audit(call, DW_AUDIT_RESOURCE_CLEANUP, .client = token->client);
    token->issued.response.refresh_token = first;
    return true;
}

bool dw_token_redeem(struct dw_token_call *token, const struct dw_authorization_code *code,
                     struct dw_error *reterr)
{
    struct dw_user *user;

    if (!dw_token_load_user(token, code->user_id, &user, reterr) ||
        !dw_token_check_connection(token, user, reterr))
        return false;
    /* What was approved with the old password, by whoever knew it, ends with it. */
    if (!dw_user_login_stands(user, code->authenticated_at_s))
        return dw_fail(reterr, DW_INVALID_GRANT, "The password was changed since.");
    struct dw_issue issue = {
        .subjects = {.grant_type = token->request.grant_type,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = code->audience,
                     .organization = code->organization,
                     .requested = code->scopes,
                     .original = &code->scopes},
        .user = user,
        .session_id = code->session_id,
        .organization = code->organization,
        .oidc_nonce = code->oidc_nonce,
        .auth_time_s = code->max_age_s >= 0 ? code->authenticated_at_s : 0,
        .is_mfa = code->mfa_at_s != 0,
        .family_id = code->family_id,
    };
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr) &&
           dw_token_start_family(token, code, reterr);
}
