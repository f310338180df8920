/* The tenant's signing keys. */
#include "store/sqlite_internal.h"

#define STAMP_ARENA_BYTES ((size_t)64 * 1024)

#define ROW struct dw_signing_key_record
#define SIGNING_KEY(first, next)                                                                   \
    first(TEXT, kid, kid) next(ALG, alg, alg) next(ENUM, phase, phase, dw_signing_key_phase_names) \
        next(BLOB, sealed_private_key, sealed_private_key)                                         \
            next(BLOB, certificate_der, certificate_der) next(JSON, public_jwk, public_jwk_json)   \
                next(INT, created_at, created_at_s) next(INT, current_since, current_since_s)      \
                    next(INT, revoked_at, revoked_at_s)

static const struct dw_sql_column signing_key_columns[] = DW_SQL_COLUMNS(SIGNING_KEY);
static const struct dw_sql_table signing_key_table =
    DW_SQL_TABLE("a signing key", signing_key_columns);
#undef ROW

bool dw_store_signing_keys(struct dw_store *store, bool with_revoked, struct dw_arena *arena,
                           struct dw_signing_key_record **ret_keys, size_t *ret_count,
                           struct dw_error *reterr)
{
    return dw_store_read_rows(
        store,
        "SELECT " DW_SQL_NAMES(SIGNING_KEY) " FROM signing_key"
                                            " WHERE phase <> 'revoked' OR ?"
                                            " ORDER BY phase = 'current' DESC, "
                                            "current_since DESC, created_at DESC, kid",
        DW_SQL_ARGS(dw_sql_int(with_revoked)), &signing_key_table, arena, ret_keys, ret_count,
        reterr);
}

bool dw_store_signing_keys_stamp(struct dw_store *store,
                                 char ret_stamp[static DW_STORE_KEYS_STAMP_SIZE],
                                 struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(STAMP_ARENA_BYTES);
    struct dw_slices parts;
    size_t used = 0;

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_read_texts(store,
                             "SELECT kid || ' ' || phase || ',' FROM signing_key"
                             " WHERE phase <> 'revoked' ORDER BY created_at DESC, kid",
                             DW_SQL_NO_ARGS, arena, &parts, reterr))
        return false;
    memset(ret_stamp, 0, DW_STORE_KEYS_STAMP_SIZE);
    for (size_t at = 0; at < parts.count; at++) {
        struct dw_slice part = dw_slice_sub(parts.items[at], 0, DW_STORE_KEYS_STAMP_SIZE - used);

        memcpy(ret_stamp + used, part.ptr, part.len);
        used += part.len;
    }
    return true;
}

static bool insert_key(struct dw_connection *connection, const struct dw_signing_key_record *key,
                       struct dw_error *reterr)
{
    return dw_sql_write_row(connection, DW_SQL_INSERT("signing_key", SIGNING_KEY),
                            &signing_key_table, key, reterr);
}

static struct dw_sql_value alg_name(enum dw_jose_alg alg)
{
    return dw_sql_text(dw_slice_from_text(dw_jose_alg_name(alg)));
}

static bool retire_current(struct dw_connection *connection, enum dw_jose_alg alg,
                           struct dw_error *reterr)
{
    return dw_sql_run(
        connection, "UPDATE signing_key SET phase = 'previous' WHERE phase = 'current' AND alg = ?",
        DW_SQL_ARGS(alg_name(alg)), reterr);
}

struct first_key {
    const struct dw_signing_key_record *key;
    bool was_added;
};

static bool add_first_key(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct first_key *first = user;
    int64_t count;

    if (!dw_sql_number(connection, "SELECT count(*) FROM signing_key WHERE phase = ? AND alg = ?",
                       DW_SQL_ARGS(dw_sql_text(dw_slice_from_text(
                                       dw_signing_key_phase_name(first->key->phase))),
                                   alg_name(first->key->alg)),
                       &count, reterr))
        return false;
    first->was_added = count == 0;
    return count > 0 || insert_key(connection, first->key, reterr);
}

bool dw_store_add_first_signing_key(struct dw_store *store, const struct dw_signing_key_record *key,
                                    bool *ret_was_added, struct dw_error *reterr)
{
    struct first_key first = {.key = key};

    if (!dw_store_write(store, add_first_key, &first, reterr))
        return false;
    *ret_was_added = first.was_added;
    return true;
}

struct rotation {
    const struct dw_signing_key_record *next;
    int64_t now_s;
};

static bool rotate(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct rotation *rotation = user;

    if (!retire_current(connection, rotation->next->alg, reterr) ||
        !dw_sql_run(connection,
                    "UPDATE signing_key SET phase = 'current', current_since = ?"
                    " WHERE phase = 'next' AND alg = ?",
                    DW_SQL_ARGS(dw_sql_int(rotation->now_s), alg_name(rotation->next->alg)),
                    reterr))
        return false;
    if (dw_sql_changes(connection) == 0)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no next signing key to rotate to");
    return insert_key(connection, rotation->next, reterr);
}

bool dw_store_rotate_signing_keys(struct dw_store *store, const struct dw_signing_key_record *next,
                                  int64_t now_s, struct dw_error *reterr)
{
    struct rotation rotation = {next, now_s};

    return dw_store_write(store, rotate, &rotation, reterr);
}

struct revocation {
    struct dw_slice kid;
    int64_t now_s;
};

static bool revoke(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct revocation *revocation = user;
    int64_t is_current;

    if (!dw_sql_number(connection,
                       "SELECT count(*) FROM signing_key WHERE kid = ? AND phase = 'current'",
                       DW_SQL_ARGS(dw_sql_text(revocation->kid)), &is_current, reterr))
        return false;
    if (is_current)
        return dw_fail(reterr, DW_CONFLICT,
                       "the current signing key cannot be revoked: rotate the keys first");
    if (!dw_sql_run(
            connection, "UPDATE signing_key SET phase = 'revoked', revoked_at = ? WHERE kid = ?",
            DW_SQL_ARGS(dw_sql_int(revocation->now_s), dw_sql_text(revocation->kid)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no such signing key");
}

bool dw_store_revoke_signing_key(struct dw_store *store, struct dw_slice kid, int64_t now_s,
                                 struct dw_error *reterr)
{
    struct revocation revocation = {kid, now_s};

    return dw_store_write(store, revoke, &revocation, reterr);
}
