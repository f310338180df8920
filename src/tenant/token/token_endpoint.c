/* POST /oauth/token (RFC 6749 section 3.2): form or JSON; who asks, for which grant. What a grant
 * does is in grant_*.c. */
#include "tenant/client_renewal_internal.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/token/dpop_internal.h"
#include "tenant/token/token_grants_internal.h"

static dw_grant_function *const grants[DW_GRANT_TYPE_COUNT] = {
    [DW_GRANT_AUTHORIZATION_CODE] = dw_grant_code,
    [DW_GRANT_REFRESH_TOKEN] = dw_grant_refresh,
    [DW_GRANT_CLIENT_CREDENTIALS] = dw_grant_client_credentials,
    [DW_GRANT_PASSWORD] = dw_grant_password,
    [DW_GRANT_PASSWORD_REALM] = dw_grant_password,
    [DW_GRANT_DEVICE_CODE] = dw_grant_decoupled,
    [DW_GRANT_CIBA] = dw_grant_decoupled,
    [DW_GRANT_TOKEN_EXCHANGE] = dw_grant_token_exchange,
    [DW_GRANT_JWT_BEARER] = dw_grant_jwt_bearer,
    [DW_GRANT_MFA_OTP] = dw_grant_mfa_otp,
    [DW_GRANT_MFA_OOB] = dw_grant_mfa_oob,
    [DW_GRANT_MFA_RECOVERY_CODE] = dw_grant_mfa_recovery_code,
    [DW_GRANT_PASSWORDLESS_OTP] = dw_grant_passwordless,
};

/* RFC 9449 section 5: the proof comes before the grant, so that a nonce that is asked for costs no
 * code. */
static bool take_proof(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;

    if (!dw_dpop_take(call, token->client, "oauth/token", reterr))
        return false;
    return call->dpop_jkt.len > 0 || !token->client->requires_dpop ||
           dw_fail(reterr, DW_INVALID_DPOP_PROOF, "This client must send a DPoP proof.");
}

static bool run(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;

    if (!dw_call_parameters(call, &token->form, reterr) ||
        !dw_token_request_parse(&token->form, call->settings, call->arena, &token->request, reterr))
        return false;
    token->grant_type = token->request.grant_type;
    if (!dw_client_authenticate(call, &token->form, &token->client, reterr) ||
        !dw_token_request_check_grant(&token->request, token->client, reterr) ||
        !dw_third_party_check_grant(token->client, token->request.grant_type, reterr) ||
        !dw_client_check_document(call, token->client, reterr) || !take_proof(token, reterr) ||
        !dw_tenant_settle_audience(call, &token->request.audience, reterr))
        return false;
    if (!grants[token->request.grant_type])
        return dw_fail(reterr, DW_UNSUPPORTED_GRANT, "Unsupported grant type");
    return grants[token->request.grant_type](token, reterr);
}

bool dw_endpoint_token(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_token_call token = {.call = call};
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_error error = {0};
    bool is_done = run(&token, &error);

    dw_token_audit(&token, token.grant_type, is_done ? NULL : &error);
    if (!is_done) {
        *reterr = error;
        dw_metrics_add(call->tenant->metrics, DW_METRIC_TOKENS_REFUSED, 1);
        return false;
    }
    dw_metrics_add(call->tenant->metrics, DW_METRIC_TOKENS_ISSUED, 1);
    dw_token_response_write(&token.issued.response, &out);
    return dw_answer_json(call, 200, &out, reterr);
}
