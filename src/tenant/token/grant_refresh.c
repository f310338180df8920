/* grant_type=refresh_token (RFC 6749 section 6, RFC 9700 section 4.14): rotation, reuse, and
 * further APIs by the application's policies. */
#include "oauth/refresh_target.h"
#include "tenant/audit_internal.h"
#include "tenant/token/refresh_internal.h"
#include "tenant/token/token_grants_internal.h"

/* RFC 9449 section 5 MUST: who has the token but not its key gets nothing, and spends nothing. */
static bool check_key(const struct dw_tenant_call *call, const struct dw_refresh_family *family,
                      struct dw_error *reterr)
{
    return family->dpop_jkt.len == 0 || dw_slice_eq(family->dpop_jkt, call->dpop_jkt) ||
           dw_fail(reterr, DW_INVALID_DPOP_PROOF,
                   "The refresh token is bound to a key: send a DPoP proof with it.");
}

/* Spends the token, or finds out why not. */
static bool use_refresh_token(struct dw_token_call *token,
                              const struct dw_presented_token *presented,
                              struct dw_secret *ret_successor, enum dw_refresh_verdict *ret_verdict,
                              struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_refresh_family *family = NULL;
    struct dw_slice successor_digest;

    if (!dw_refresh_token_successor(dw_tenant_refresh_key(call->tenant), presented->family->id,
                                    token->request.refresh_token, call->arena, ret_successor,
                                    reterr) ||
        !dw_tenant_digest(ret_successor->hidden, call->arena, &successor_digest, reterr) ||
        !dw_store_use_refresh_token(call->tenant->store, presented->digest, presented->named_family,
                                    successor_digest, token->client->id, call->now_s, call->arena,
                                    ret_verdict, &family, reterr))
        return false;
    if (*ret_verdict == DW_REFRESH_REUSED) {
        token->is_audited = true;
        dw_audit(call, DW_AUDIT_FERRT, .client = token->client, .audience = family->audience);
        dw_log(call->tenant->log, DW_LOG_WARN, "refresh_token_reused",
               DW_S("oauth_client", token->client->id), DW_S("family", family->id),
               DW_S("address", call->peer_address));
    }
    return dw_refresh_verdict_check(*ret_verdict, reterr);
}

/* An API that the user did not log in for takes refresh tokens only where the user would not have
 * been asked, or was (Auth0: "APIs configured to allow skipping user consent"); never the tenant's
 * own. */
static bool check_other_api(struct dw_token_call *token, const struct dw_refresh_family *family,
                            const struct dw_refresh_target *target, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_consent *consent;
    struct dw_api *api;

    if (!dw_store_api(call->tenant->store, target->audience, call->arena, &api, reterr) ||
        !dw_store_consent(call->tenant->store, family->user_id, token->client->id, target->audience,
                          family->organization, call->arena, &consent, reterr))
        return false;
    if (api && api->is_system)
        return dw_fail(reterr, DW_INVALID_TARGET,
                       "Refresh tokens are not for the tenant's own API.");
    if (api && dw_consent_is_needed(token->client, api, target->ceiling, consent))
        return dw_fail(reterr, DW_CONSENT_REQUIRED, "Consent required");
    return true;
}

static bool issue(struct dw_token_call *token, const struct dw_refresh_family *family,
                  struct dw_error *reterr)
{
    struct dw_refresh_target target;
    struct dw_user *user;

    if (!dw_refresh_target_choose(family, token->client, token->request.audience,
                                  token->call->arena, &target, reterr) ||
        (target.is_another_api && !check_other_api(token, family, &target, reterr)) ||
        !dw_token_load_user(token, family->user_id, &user, reterr) ||
        !dw_token_check_connection(token, user, reterr))
        return false;
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_REFRESH_TOKEN,
                     .organization = family->organization,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = target.audience,
                     .requested =
                         token->request.has_scope ? token->request.scopes : target.standard,
                     .original = &target.ceiling},
        .user = user,
        .session_id = family->session_id,
        .organization = family->organization,
        .is_mfa = family->mfa_at_s != 0,
        .family_id = family->id,
        .first_grant_type = dw_grant_type_from(family->grant_type),
    };
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}

/* The tokens are made before the refresh token is spent, so that a request that cannot be answered
 * costs nothing. Nobody sees them unless spending it succeeds. */
bool dw_grant_refresh(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_presented_token presented;
    enum dw_refresh_verdict verdict;
    struct dw_secret successor;
    bool may_be_good;

    if (!dw_refresh_token_find(call, token->request.refresh_token, &presented, reterr))
        return false;
    if (!presented.family)
        return dw_refresh_verdict_check(DW_REFRESH_UNKNOWN, reterr);
    may_be_good = dw_refresh_family_is_alive(presented.family, call->now_s) &&
                  dw_slice_eq(presented.family->client_id, token->client->id);
    if (may_be_good &&
        (!check_key(call, presented.family, reterr) || !issue(token, presented.family, reterr)))
        return false;
    if (!use_refresh_token(token, &presented, &successor, &verdict, reterr))
        return false;
    if (!may_be_good) /* it was given back to life in between: nothing does that */
        return dw_fail(reterr, DW_INVALID_GRANT, "Unknown or invalid refresh token.");
    token->issued.response.refresh_token =
        verdict == DW_REFRESH_KEEP ? token->request.refresh_token : successor;
    return true;
}
