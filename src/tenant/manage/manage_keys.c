/* doorward tenant key ... */
#include "tenant/manage/manage_internal.h"

/* Auth0's names, as in GET /api/v2/keys/signing. */
static bool show_key(struct dw_manage *manage, const struct dw_signing_key_record *key,
                     struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "kid", key->kid);
    dw_manage_cell_text(row, "alg", dw_slice_from_text(dw_jose_alg_name(key->alg)));
    dw_manage_cell_text(row, "phase", dw_slice_from_text(dw_signing_key_phase_name(key->phase)));
    dw_manage_cell_bool(row, "current", key->phase == DW_SIGNING_KEY_CURRENT);
    dw_manage_cell_bool(row, "next", key->phase == DW_SIGNING_KEY_NEXT);
    dw_manage_cell_bool(row, "previous", key->phase == DW_SIGNING_KEY_PREVIOUS);
    dw_manage_cell_bool(row, "revoked", key->phase == DW_SIGNING_KEY_REVOKED);
    dw_manage_cell_time(row, "created_at", key->created_at_s, manage);
    return true;
}

bool dw_manage_key_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_signing_key_record *keys = NULL;
    size_t count = 0;

    manage->is_list = true;
    if (!dw_store_signing_keys(manage->tenant->store, true, manage->arena, &keys, &count, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!show_key(manage, &keys[i], reterr))
            return false;
    return true;
}

bool dw_manage_key_rotate(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_keyring_rotate(manage->tenant->keyring, manage->tenant->now_s(), reterr) &&
           dw_manage_key_list(manage, reterr);
}

bool dw_manage_key_revoke(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_keyring_revoke(manage->tenant->keyring, dw_manage_value(manage, "kid"),
                             manage->tenant->now_s(), reterr) &&
           dw_manage_key_list(manage, reterr);
}
