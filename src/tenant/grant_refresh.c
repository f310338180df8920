/* grant_type=refresh_token (RFC 6749 section 6, RFC 9700 section 4.14): rotation, reuse. */
#include "oauth/refresh_token.h"
#include "tenant/token_grants_internal.h"

static bool use_refresh_token(struct dw_token_call *token, struct dw_secret *ret_successor,
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

bool dw_grant_refresh(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_refresh_family *family = NULL;
    enum dw_refresh_verdict verdict;
    struct dw_secret successor;
    struct dw_user *user;

    if (!use_refresh_token(token, &successor, &verdict, &family, reterr) ||
        !dw_token_check_audience(&token->request, family->audience, reterr) ||
        !dw_token_load_user(token, family->user_id, &user, reterr))
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
        .family_id = family->id,
        .is_mfa = family->mfa_at_s != 0,
        .first_grant_type = dw_grant_type_from(family->grant_type),
    };
    if (!dw_tokens_issue(token->call, &issue, &token->issued, reterr))
        return false;
    token->issued.response.refresh_token =
        verdict == DW_REFRESH_KEEP ? token->request.refresh_token : successor;
    return true;
}
