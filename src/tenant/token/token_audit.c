/* What the audit log says of the token endpoint: one entry a request that had a client, under the
 * code of its grant. */
#include "tenant/audit_internal.h"
#include "tenant/token/token_grants_internal.h"

/* The grants that say more of themselves than could be said here are not in it. */
static const struct {
    enum dw_grant_type grant_type;
    enum dw_audit_type done, failed;
} rows[] = {
    {DW_GRANT_AUTHORIZATION_CODE, DW_AUDIT_SEACFT, DW_AUDIT_FEACFT},
    {DW_GRANT_REFRESH_TOKEN, DW_AUDIT_SERTFT, DW_AUDIT_FERTFT},
    {DW_GRANT_CLIENT_CREDENTIALS, DW_AUDIT_SECCFT, DW_AUDIT_FECCFT},
    {DW_GRANT_PASSWORD, DW_AUDIT_SEPFT, DW_AUDIT_FEPFT},
    {DW_GRANT_PASSWORD_REALM, DW_AUDIT_SEPFT, DW_AUDIT_FEPFT},
    {DW_GRANT_DEVICE_CODE, DW_AUDIT_SEDE, DW_AUDIT_FEDE},
    {DW_GRANT_CIBA, DW_AUDIT_CIBA_OK, DW_AUDIT_CIBA_FAILED},
    {DW_GRANT_TOKEN_EXCHANGE, DW_AUDIT_SECTE, DW_AUDIT_FECTE},
    {DW_GRANT_JWT_BEARER, DW_AUDIT_SEJBFT, DW_AUDIT_FEJBFT},
};

/* Whoever asks again in some seconds, as told, has not failed; a second factor that is due has an
 * entry of its own. */
static bool is_failure(enum dw_code code)
{
    return code != DW_AUTHORIZATION_PENDING && code != DW_CIBA_PENDING && code != DW_SLOW_DOWN &&
           code != DW_MFA_REQUIRED;
}

void dw_token_audit(const struct dw_token_call *token, enum dw_grant_type grant_type,
                    const struct dw_error *error)
{
    size_t at = 0;

    while (at < sizeof rows / sizeof *rows && rows[at].grant_type != grant_type)
        at++;
    if (at == sizeof rows / sizeof *rows || !token->client || token->is_audited ||
        (error && !is_failure(error->code)))
        return;
    dw_audit(token->call, error ? rows[at].failed : rows[at].done, .client = token->client,
             .audience =
                 token->issued.api ? token->issued.api->identifier : token->request.audience,
             .scopes = token->issued.answer.scopes, .error = error);
}
