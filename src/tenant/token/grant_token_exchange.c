/* grant_type=token-exchange (RFC 8693), in Auth0's two kinds: an API that calls another API on
 * behalf of its user, and tokens of others that a profile takes. */
#include "store/accounts.h"
#include "tenant/login/organization_internal.h"
#include "tenant/token/own_token_internal.h"
#include "tenant/token/token_grants_internal.h"
#include "tenant/token/trust_internal.h"

#define TYPE_ON_BEHALF "on_behalf_of_token_exchange"
#define TYPE_CUSTOM "custom_authentication"

/* Auth0 suspicious-ip-throttling, stage pre-custom-token-exchange: from one address ten wrong
 * tokens at once, then one every ten minutes. */
#define WRONG_TOKENS 10
#define WRONG_TOKEN_REFILL_MS 600000

static bool check_request(const struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_slice requested = dw_form_value(&token->form, "requested_token_type");

    if (token->request.subject_token.hidden.len > DW_SUBJECT_TOKEN_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "subject_token is too long");
    if (requested.len > 0 && !dw_slice_eq(requested, DW_LIT(DW_TOKEN_TYPE_ACCESS)))
        return dw_fail(reterr, DW_INVALID_REQUEST, "Unsupported requested_token_type");
    if (dw_form_value(&token->form, "actor_token").len > 0)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "actor_token is not taken: the client that asks is the actor");
    return true;
}

static bool check_client(const struct dw_token_call *token, const char *type,
                         struct dw_error *reterr)
{
    const struct dw_oauth_client *client = token->client;

    return (client->is_first_party &&
            dw_slices_have(client->token_exchange_types, dw_slice_from_text(type))) ||
           dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                   "The client is not allowed to exchange tokens of this type.");
}

/* --- on behalf of a user -----------------------------------------------------------------------
 */

static bool read_subject(struct dw_token_call *token, struct dw_own_token *subject,
                         struct dw_error *reterr)
{
    const struct dw_oauth_client *client = token->client;

    if (!dw_own_token_read(token->call, token->request.subject_token.hidden, subject, reterr))
        return false;
    /* Only who the token was sent to may go on with it. */
    if (!dw_slices_have(subject->audiences, client->resource_server_identifier))
        return dw_fail(reterr, DW_INVALID_TOKEN, "The subject token is not for this client's API.");
    if (subject->user_id.len == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN, "The subject token is not a user's.");
    /* It could name any user it likes. */
    if (subject->is_by_shared_secret)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "The subject token is signed with a secret that its API knows.");
    /* RFC 9449: whoever presents it here cannot show the key it is bound to. */
    if (subject->dpop_jkt.len > 0)
        return dw_fail(reterr, DW_INVALID_TOKEN, "The subject token is bound to a key.");
    return true;
}

static bool exchange_on_behalf(struct dw_token_call *token, struct dw_error *reterr)
{
    const struct dw_oauth_client *client = token->client;
    struct dw_own_token subject;
    struct dw_slice act;
    struct dw_user *user;

    if (!check_client(token, TYPE_ON_BEHALF, reterr))
        return false;
    if (client->app_type != DW_APP_RESOURCE_SERVER || client->resource_server_identifier.len == 0 ||
        client->auth_method == DW_CLIENT_AUTH_NONE)
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Only an API's own client with a secret acts on behalf of its users.");
    if (token->request.audience.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: audience");
    if (!read_subject(token, &subject, reterr))
        return false;
    if (token->request.organization.len > 0 &&
        !dw_slice_eq(token->request.organization, subject.organization))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "The subject token is not of the organization that was asked for.");
    if (!dw_act_extend(client->id, subject.client_id, dw_json_get(subject.claims, "act"),
                       token->call->arena, &act, reterr) ||
        !dw_token_load_user(token, subject.user_id, &user, reterr))
        return false;
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_TOKEN_EXCHANGE,
                     .client = client,
                     .user_id = user->id,
                     .audience = token->request.audience,
                     .requested = token->request.scopes,
                     .organization = subject.organization,
                     .is_grant_required = true},
        .user = user,
        .session_id = subject.session_id,
        .organization = subject.organization,
        .family_id = subject.family_id, /* a replayed code ends the whole chain */
        .act_json = act,
    };
    return dw_tokens_issue(token->call, &issue, &token->issued, reterr);
}

/* --- profiles ----------------------------------------------------------------------------------
 */

static bool find_user(struct dw_token_call *token, const struct dw_token_exchange_profile *profile,
                      struct dw_user **ret_user, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice text = token->request.subject_token.hidden;
    struct dw_slice audience =
        profile->audience.len > 0 ? profile->audience : call->tenant->config.issuer;
    struct dw_external_subject subject;
    struct dw_trusted_issuer *issuer;
    struct dw_jwt jwt;

    if (profile->issuer.len == 0) /* the token itself was mapped */
        return dw_trust_mapped_user(call, profile->id, text, ret_user, reterr);
    return dw_trust_verify(call, text, profile->issuer, DW_INVALID_REQUEST, &issuer, &jwt,
                           reterr) &&
           dw_subject_token_check(&jwt, profile->issuer, audience, call->now_s, call->arena,
                                  &subject, reterr) &&
           dw_trust_find_user(call, profile->id, issuer, &subject, ret_user, reterr);
}

/* A wrong token costs its address one of few; taken before it is judged, given back when right. */
static bool judge_token(struct dw_token_call *token,
                        const struct dw_token_exchange_profile *profile,
                        struct dw_slice *ret_user_id, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_bucket bucket = {.space = DW_LIT("pre-custom-token-exchange"),
                               .size = WRONG_TOKENS,
                               .refill_ms = WRONG_TOKEN_REFILL_MS};
    struct dw_user *user = NULL;
    bool is_allowed = false;

    if (!dw_tenant_rate_key(call, &bucket.key, reterr) ||
        !dw_store_bucket_take(call->tenant->store, &bucket, call->now_s * 1000, &is_allowed,
                              reterr))
        return false;
    if (!is_allowed)
        return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                       "Too many wrong subject tokens came from your "
                       "address.");
    if (!find_user(token, profile, &user, reterr))
        return false;
    if (!user)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Invalid subject token");
    *ret_user_id = user->id;
    return dw_store_bucket_give(call->tenant->store, &bucket, reterr);
}

/* Whether the user is a member is asked when the tokens are made. */
static bool find_organization(struct dw_token_call *token, struct dw_slice asked,
                              struct dw_organization **ret_organization, struct dw_error *reterr)
{
    if (!dw_organization_is_id(asked) && !token->call->settings->allows_organization_name)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization must be an organization id");
    return dw_organization_find(token->call, token->client, asked, ret_organization, reterr);
}

static bool exchange_by_profile(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice asked = token->request.organization;
    struct dw_organization *organization = NULL;
    struct dw_token_exchange_profile *profile;
    struct dw_slice user_id;
    struct dw_user *user;

    if (!dw_store_token_exchange_profile(call->tenant->store, token->request.subject_token_type,
                                         call->arena, &profile, reterr))
        return false;
    if (!profile)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Unsupported subject_token_type");
    if (!check_client(token, TYPE_CUSTOM, reterr) ||
        (asked.len > 0 && !find_organization(token, asked, &organization, reterr)) ||
        !judge_token(token, profile, &user_id, reterr) ||
        !dw_token_load_user(token, user_id, &user, reterr) ||
        !dw_token_check_connection(token, user, reterr))
        return false;
    struct dw_authorization_code code = {
        .client_id = token->client->id,
        .user_id = user->id,
        .family_id = dw_tenant_random_text(call->arena, "", 16),
        .audience = dw_token_audience(token),
        .organization = organization ? organization->id : DW_EMPTY,
        .max_age_s = -1,
        .authenticated_at_s = call->now_s,
    };
    struct dw_issue issue = {
        .subjects = {.grant_type = DW_GRANT_TOKEN_EXCHANGE,
                     .client = token->client,
                     .user_id = user->id,
                     .audience = code.audience,
                     .requested = token->request.scopes},
        .user = user,
        .organization = code.organization,
        .family_id = code.family_id,
    };
    if (!code.family_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_tokens_issue(call, &issue, &token->issued, reterr))
        return false;
    code.scopes = token->issued.answer.scopes;
    return dw_token_start_family(token, &code, reterr);
}

bool dw_grant_token_exchange(struct dw_token_call *token, struct dw_error *reterr)
{
    bool is_own = dw_slice_eq(token->request.subject_token_type, DW_LIT(DW_TOKEN_TYPE_ACCESS));

    if (!check_request(token, reterr) ||
        !(is_own ? exchange_on_behalf : exchange_by_profile)(token, reterr))
        return false;
    token->issued.response.issued_token_type = DW_TOKEN_TYPE_ACCESS;
    return true;
}
