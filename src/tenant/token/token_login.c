/* Users who log in at the token endpoint; see token_grants_internal.h. */
#include "oauth/scope.h"
#include "tenant/audit_internal.h"
#include "tenant/factor/mfa_token_internal.h"
#include "tenant/token/token_grants_internal.h"

/* Whether the login waits for a second factor. Nobody can ask for one here but by asking for the
 * MFA API; browsers are remembered, programs are not. */
static bool find_need(struct dw_token_call *token, const struct dw_token_login *login,
                      struct dw_mfa_state *ret_state, enum dw_mfa_need *ret_need,
                      struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice mfa_audience = dw_mfa_audience(call->tenant, call->arena);

    if (!mfa_audience.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_mfa_load(call, login->user, ret_state, reterr))
        return false;
    struct dw_mfa_question question = {
        .settings = &ret_state->settings,
        .is_enrolled = ret_state->is_enrolled,
        .is_requested = ret_state->is_enrolled && dw_slice_eq(login->audience, mfa_audience),
        .is_shown = login->mfa_at_s != 0,
    };
    *ret_need = dw_mfa_decide(&question);
    return true;
}

/* Auth0 names what may be enrolled; for who has something, /mfa/authenticators does. */
static bool write_requirements(struct dw_token_call *token, const struct dw_mfa_state *state,
                               struct dw_error *reterr)
{
    static const struct {
        enum dw_authenticator_type type;
        const char *name;
    } types[] = {
        {DW_AUTHENTICATOR_TOTP, "otp"},
        {DW_AUTHENTICATOR_EMAIL, "email"},
        {DW_AUTHENTICATOR_SMS, "phone"},
    };
    struct dw_buf out = dw_buf_in(token->call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_write_key(&json, DW_LIT("enroll"));
    dw_json_write_array_start(&json);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!dw_mfa_has_factor(&state->settings, types[i].type))
            continue;
        dw_json_write_object_start(&json);
        dw_json_put_text(&json, "type", dw_slice_from_text(types[i].name));
        dw_json_write_object_end(&json);
    }
    dw_json_write_array_end(&json);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, &token->call->mfa_hint.requirements_json, reterr);
}

static bool require_mfa(struct dw_token_call *token, const struct dw_token_login *login,
                        struct dw_error *reterr)
{
    struct dw_mfa_transaction transaction = {
        .client_id = token->client->id,
        .user_id = login->user->id,
        .grant_type = dw_slice_from_text(dw_grant_type_name(login->grant_type)),
        .scopes = login->scopes,
        .audience = login->audience,
        .organization = login->organization,
        .dpop_jkt = token->call->dpop_jkt,
        .authenticated_at_s = login->authenticated_at_s,
    };

    if (!dw_mfa_token_make(token->call, &transaction, &token->call->mfa_hint.mfa_token, reterr))
        return false;
    dw_audit(token->call, DW_AUDIT_MFAR, .client = token->client, .user = login->user);
    return dw_fail(reterr, DW_MFA_REQUIRED, "Multifactor authentication required");
}

/* Then Auth0 leaves `scope` out of the answer (RFC 6749 section 5.1), where this request asked. */
static bool is_just_what_was_asked_for(const struct dw_token_call *token)
{
    struct dw_slices asked = token->request.scopes, given = token->issued.answer.scopes;

    return asked.count > 0 && dw_scopes_are_within(asked, given) &&
           dw_scopes_are_within(given, asked);
}

bool dw_token_log_in(struct dw_token_call *token, const struct dw_token_login *login,
                     struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    enum dw_mfa_need need = DW_MFA_ENROL;
    struct dw_mfa_state state;

    if (!find_need(token, login, &state, &need, reterr) ||
        (need == DW_MFA_ENROL && !write_requirements(token, &state, reterr)))
        return false;
    if (need != DW_MFA_NOTHING)
        return require_mfa(token, login, reterr);
    struct dw_authorization_code code = {
        .client_id = token->client->id,
        .user_id = login->user->id,
        .family_id = dw_tenant_random_text(call->arena, "", 16),
        .audience = login->audience,
        .organization = login->organization,
        .max_age_s = -1,
        .authenticated_at_s = login->authenticated_at_s,
        .mfa_at_s = login->mfa_at_s,
    };
    struct dw_issue issue = {
        .subjects = {.grant_type = login->grant_type,
                     .client = token->client,
                     .user_id = login->user->id,
                     .audience = login->audience,
                     .requested = login->scopes},
        .user = login->user,
        .organization = login->organization,
        .family_id = code.family_id,
        .is_mfa = login->mfa_at_s != 0,
    };
    if (!code.family_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    token->request.grant_type = login->grant_type; /* of the family, too */
    if (!dw_tokens_issue(call, &issue, &token->issued, reterr))
        return false;
    code.scopes = token->issued.answer.scopes;
    if (is_just_what_was_asked_for(token))
        token->issued.response.scopes = (struct dw_slices){0};
    return dw_token_start_family(token, &code, reterr);
}
