/* GET /pem, /rawpem, /cer and /pb7: the certificate of the key that signs, in the forms that Auth0
 * offers it in. ?cert=connection, which chooses the certificate of connections there, is the same
 * one here. */
#include "crypto/x509.h"
#include "tenant/endpoints_internal.h"

enum form {
    FORM_PEM,
    FORM_DER,
    FORM_PKCS7,
};

static const struct {
    const char *path, *content_type;
    const char *extension; /* of the file that a browser saves; NULL: shown */
    enum form form;
} forms[] = {
    {"/pem", "application/x-pem-file", "pem", FORM_PEM},
    {"/rawpem", "text/plain", NULL, FORM_PEM},
    {"/cer", "application/pkix-cert", "cer", FORM_DER},
    {"/pb7", "application/x-pkcs7-certificates", "pb7", FORM_PKCS7},
};

static bool write_form(struct dw_tenant_call *call, enum form form, struct dw_slice der,
                       struct dw_error *reterr)
{
    if (form == FORM_PKCS7)
        return dw_x509_pkcs7(der, call->arena, &call->answer, reterr);
    call->answer =
        form == FORM_PEM ? dw_x509_pem(der, call->arena) : dw_arena_copy(call->arena, der);
    return call->answer.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool add_file_name(struct dw_tenant_call *call, const char *extension,
                          struct dw_error *reterr)
{
    struct dw_slice value =
        dw_arena_printf(call->arena, "attachment; filename=\"tenant.%s\"", extension);

    return dw_answer_field(call, "Content-Disposition", value, reterr);
}

bool dw_endpoint_certificate(struct dw_tenant_call *call, struct dw_error *reterr)
{
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key = NULL;
    size_t at = 0;

    while (at + 1 < sizeof forms / sizeof *forms &&
           !dw_slice_eq(call->path, dw_slice_from_text(forms[at].path)))
        at++;
    call->status = 200;
    return dw_keyring_signer(call->tenant->keyring, DW_ALG_RS256, call->now_s, &key, reterr) &&
           write_form(call, forms[at].form, dw_signing_key_certificate(key), reterr) &&
           dw_answer_field(call, "Content-Type", dw_slice_from_text(forms[at].content_type),
                           reterr) &&
           (!forms[at].extension || add_file_name(call, forms[at].extension, reterr));
}
