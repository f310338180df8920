/* The public keys of applications. */
#include "store/client_credentials.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_client_credential
#define CREDENTIAL(first, next)                                                                    \
    first(TEXT, id, id) next(TEXT, client_id, client_id) next(TEXT, name, name)                    \
        next(TEXT, kid, kid) next(ALG, alg, alg) next(JSON, public_jwk, public_jwk_json)           \
            next(INT, created_at, created_at_s) next(INT, updated_at, updated_at_s)                \
                next(INT, expires_at, expires_at_s)

static const struct dw_sql_column credential_columns[] = DW_SQL_COLUMNS(CREDENTIAL);
static const struct dw_sql_table credential_table =
    DW_SQL_TABLE("a client credential", credential_columns);
#undef ROW

static bool add(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_client_credential *const *credential = user;
    struct dw_sql_value client_id = dw_sql_text((*credential)->client_id);
    int64_t count;

    if (!dw_sql_number(connection, "SELECT count(*) FROM client_credential WHERE client_id = ?",
                       DW_SQL_ARGS(client_id), &count, reterr))
        return false;
    if (count >= DW_CLIENT_CREDENTIALS_MAX)
        return dw_fail(reterr, DW_CONFLICT,
                       "the application has %d credentials already: delete one first",
                       DW_CLIENT_CREDENTIALS_MAX);
    return dw_sql_write_row(connection, DW_SQL_INSERT("client_credential", CREDENTIAL),
                            &credential_table, *credential, reterr) &&
           dw_sql_run(connection,
                      "UPDATE client SET auth_method = 'private_key_jwt', updated_at = ?"
                      " WHERE id = ?",
                      DW_SQL_ARGS(dw_sql_int((*credential)->created_at_s), client_id), reterr);
}

bool dw_store_add_client_credential(struct dw_store *store,
                                    const struct dw_client_credential *credential,
                                    struct dw_error *reterr)
{
    return dw_store_write(store, add, &credential, reterr);
}

bool dw_store_client_credentials(struct dw_store *store, struct dw_slice client_id,
                                 struct dw_arena *arena,
                                 struct dw_client_credential **ret_credentials, size_t *ret_count,
                                 struct dw_error *reterr)
{
    return dw_store_read_rows(
        store,
        "SELECT " DW_SQL_NAMES(CREDENTIAL) " FROM client_credential"
                                           " WHERE client_id = ? ORDER BY created_at, id",
        DW_SQL_ARGS(dw_sql_text(client_id)), &credential_table, arena, ret_credentials, ret_count,
        reterr);
}

bool dw_store_delete_client_credential(struct dw_store *store, struct dw_slice client_id,
                                       struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM client_credential WHERE client_id = ? AND id = ?",
                              DW_SQL_ARGS(dw_sql_text(client_id), dw_sql_text(id)),
                              "credential of that application", reterr);
}
