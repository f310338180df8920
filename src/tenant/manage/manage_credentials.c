/* doorward tenant client credential add ...: the public keys by which an application proves itself
 * (private_key_jwt). */
#include "base/text.h"
#include "jose/jwk.h"
#include "store/client_credentials.h"
#include "sys/sys.h"
#include "tenant/manage/manage_internal.h"

#define PEM_MAX_BYTES ((size_t)16 * 1024)
#define DAY_S 86400
#define DAYS_MAX 3650

static bool show_credential(struct dw_manage *manage, const struct dw_client_credential *credential,
                            struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", credential->id);
    dw_manage_cell_text(row, "name", credential->name);
    dw_manage_cell_text(row, "kid", credential->kid);
    dw_manage_cell_text(row, "alg", dw_slice_from_text(dw_jose_alg_name(credential->alg)));
    dw_manage_cell_text(row, "credential_type", DW_LIT("public_key"));
    dw_manage_cell_time(row, "created_at", credential->created_at_s, manage);
    dw_manage_cell_time(row, "updated_at", credential->updated_at_s, manage);
    dw_manage_cell_time(row, "expires_at", credential->expires_at_s, manage);
    return true;
}

/* RS256 where nothing is said, as at Auth0, and ES256 for a key of its curve. */
static bool choose_alg(struct dw_manage *manage, const struct dw_key *key,
                       enum dw_jose_alg *ret_alg, struct dw_error *reterr)
{
    static const enum dw_jose_alg allowed[] = {DW_ALG_RS256, DW_ALG_RS384, DW_ALG_PS256,
                                               DW_ALG_ES256};
    struct dw_slice name = dw_manage_value(manage, "alg");

    *ret_alg = dw_key_type(key) == DW_KEY_P256 ? DW_ALG_ES256 : DW_ALG_RS256;
    if (name.len > 0)
        *ret_alg = dw_jose_alg_from(name);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i] == *ret_alg)
            return dw_jose_alg_key_type(*ret_alg) == dw_key_type(key) ||
                   dw_fail(reterr, DW_USAGE, "the key is not one for %s",
                           dw_jose_alg_name(*ret_alg));
    return dw_fail(reterr, DW_USAGE, "--alg must be RS256, RS384, PS256 or ES256");
}

static bool choose_expiry(struct dw_manage *manage, int64_t *ret_at_s, struct dw_error *reterr)
{
    struct dw_slice text = dw_manage_value(manage, "days");
    int64_t days;

    *ret_at_s = 0;
    if (text.len == 0)
        return true;
    if (!dw_text_to_int(text, &days) || days < 1 || days > DAYS_MAX)
        return dw_fail(reterr, DW_USAGE, "--days must be 1 to %d", DAYS_MAX);
    *ret_at_s = manage->tenant->now_s() + days * DAY_S;
    return true;
}

static bool fill_key(struct dw_manage *manage, struct dw_client_credential *credential,
                     struct dw_error *reterr)
{
    char *path = dw_arena_text(manage->arena, dw_manage_value(manage, "pem"));
    dw_auto(dw_key_auto_unref) struct dw_key *key = NULL;
    struct dw_slice pem;

    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sys_read_file(path, PEM_MAX_BYTES, manage->arena, &pem, reterr))
        return false;
    key = dw_key_from_pem(dw_secret_from(pem), reterr);
    if (!key)
        return false;
    if (dw_key_is_private(key))
        return dw_fail(reterr, DW_USAGE,
                       "%s is a private key, which stays with the application: give the public one "
                       "(openssl pkey -pubout)",
                       path);
    return choose_alg(manage, key, &credential->alg, reterr) &&
           dw_jwk_thumbprint(key, manage->arena, &credential->kid, reterr) &&
           dw_jwk_write(key, credential->alg, credential->kid, manage->arena,
                        &credential->public_jwk_json, reterr);
}

bool dw_manage_client_add_credential(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_client_credential credential = {
        .id = dw_tenant_random_text(manage->arena, "cred_", 16),
        .client_id = dw_manage_value(manage, "id"),
        .name = dw_manage_value(manage, "name"),
        .created_at_s = manage->tenant->now_s(),
    };

    credential.updated_at_s = credential.created_at_s;
    if (!credential.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return fill_key(manage, &credential, reterr) &&
           choose_expiry(manage, &credential.expires_at_s, reterr) &&
           dw_store_add_client_credential(manage->tenant->store, &credential, reterr) &&
           show_credential(manage, &credential, reterr);
}

bool dw_manage_client_list_credentials(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_client_credential *credentials;
    size_t count;

    if (!dw_store_client_credentials(manage->tenant->store, dw_manage_value(manage, "id"),
                                     manage->arena, &credentials, &count, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!show_credential(manage, &credentials[i], reterr))
            return false;
    return true;
}

bool dw_manage_client_delete_credential(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_client_credential(manage->tenant->store, dw_manage_value(manage, "id"),
                                             dw_manage_value(manage, "credential"), reterr);
}
