/* grant_type=jwt-bearer (RFC 7523) for ID-JAG alone (draft-ietf-oauth-identity-assertion-authz-
 * grant, Auth0 "cross-app access"): an identity provider that we trust says that this client may
 * act for this user here. No refresh token: the assertion can be had again. */
#include "tenant/token/token_grants_internal.h"
#include "tenant/token/trust_internal.h"

static bool read_assertion(struct dw_token_call *token, struct dw_external_subject *subject,
                           struct dw_trusted_issuer **ret_issuer, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice text = token->request.assertion.hidden;
    struct dw_jwt jwt;

    if (text.len > DW_SUBJECT_TOKEN_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "assertion is too long");
    if (!dw_trust_verify(call, text, DW_EMPTY, DW_INVALID_GRANT, ret_issuer, &jwt, reterr))
        return false;
    if (!(*ret_issuer)->takes_id_jag)
        return dw_fail(reterr, DW_INVALID_GRANT, "The token's issuer is not trusted here.");
    return dw_id_jag_check(&jwt, (*ret_issuer)->issuer, call->tenant->config.issuer,
                           token->client->id, call->now_s, call->arena, subject, reterr);
}

/* RFC 7523 section 3 (7): once, for this issuer. After everything else was right, so that a wrong
 * request does not use it up. */
static bool use_once(struct dw_token_call *token, const struct dw_trusted_issuer *issuer,
                     const struct dw_external_subject *subject, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice key = dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(issuer->id),
                                          DW_PRINT(subject->token_id));
    bool is_first = false;

    if (!key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_first_use(call->tenant->store, DW_LIT("id_jag"), key, call->now_s,
                            subject->expires_at_s, &is_first, reterr))
        return false;
    return is_first || dw_fail(reterr, DW_INVALID_GRANT, "The assertion was used before.");
}

static bool choose_audience(struct dw_token_call *token, const struct dw_external_subject *subject,
                            struct dw_slice *ret_audience, struct dw_error *reterr)
{
    struct dw_slice requested = token->request.audience;

    /* The request's is settled already; the assertion's may have the other slash. */
    for (size_t at = 0; at < subject->resources.count && requested.len > 0; at++) {
        struct dw_slice resource = subject->resources.items[at];

        if (!dw_tenant_settle_audience(token->call, &resource, reterr))
            return false;
        if (dw_slice_eq(resource, requested))
            requested = subject->resources.items[at];
    }
    if (!dw_id_jag_audience(subject, requested, ret_audience, reterr))
        return false;
    if (ret_audience->len == 0)
        *ret_audience = token->call->settings->default_audience;
    return ret_audience->len > 0 ||
           dw_fail(reterr, DW_INVALID_TARGET,
                   "Neither the assertion nor the request says which API it is for.");
}

bool dw_grant_jwt_bearer(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_external_subject subject;
    struct dw_trusted_issuer *issuer;
    struct dw_slice audience;
    struct dw_user *user;

    if (token->client->auth_method == DW_CLIENT_AUTH_NONE)
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "An assertion is for clients with a secret.");
    if (!read_assertion(token, &subject, &issuer, reterr) ||
        !choose_audience(token, &subject, &audience, reterr) ||
        !dw_trust_find_user(token->call, DW_EMPTY, issuer, &subject, &user, reterr))
        return false;
    if (!user)
        return dw_fail(reterr, DW_INVALID_GRANT, "The user of the assertion is not known here.");
    if (!dw_token_load_user(token, user->id, &user, reterr) ||
        !dw_token_check_connection(token, user, reterr))
        return false;
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_JWT_BEARER,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = audience,
                     .requested = token->request.scopes,
                     .original = subject.has_scope ? &subject.scopes : NULL,
                     .is_consent_given = true},
        .user = user,
    };
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr) &&
           use_once(token, issuer, &subject, reterr);
}
