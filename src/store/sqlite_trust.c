/* Trusted issuers, token-exchange profiles, and their subjects. */
#include "store/sqlite_internal.h"
#include "store/trust.h"

#define ROW struct dw_trusted_issuer
#define ISSUER(first, next)                                                                        \
    first(TEXT, id, id) next(TEXT, issuer, issuer) next(TEXT, jwks, jwks_json)                     \
        next(TEXT, jwks_uri, jwks_uri) next(ENUM, user_by, user_by, dw_user_by_names)              \
            next(TEXT, connection, connection) next(BOOL, takes_id_jag, takes_id_jag)              \
                next(INT, created_at, created_at_s)

static const struct dw_sql_column issuer_columns[] = DW_SQL_COLUMNS(ISSUER);
static const struct dw_sql_table issuer_table = DW_SQL_TABLE("a trusted issuer", issuer_columns);
#undef ROW

#define ROW struct dw_token_exchange_profile
#define PROFILE(first, next)                                                                       \
    first(TEXT, id, id) next(TEXT, name, name) next(TEXT, subject_token_type, subject_token_type)  \
        next(TEXT, type, type) next(TEXT, action_id, action_id) next(TEXT, issuer, issuer)         \
            next(TEXT, audience, audience) next(INT, created_at, created_at_s)                     \
                next(INT, updated_at, updated_at_s)

static const struct dw_sql_column profile_columns[] = DW_SQL_COLUMNS(PROFILE);
static const struct dw_sql_table profile_table =
    DW_SQL_TABLE("a token exchange profile", profile_columns);
#undef ROW

/* --- issuers ---------------------------------------------------------------------------------- */

bool dw_store_trusted_issuer(struct dw_store *store, struct dw_slice issuer, struct dw_arena *arena,
                             struct dw_trusted_issuer **ret_issuer, struct dw_error *reterr)
{
    return dw_store_read_row(
        store, "SELECT " DW_SQL_NAMES(ISSUER) " FROM trusted_issuer WHERE issuer = ?",
        DW_SQL_ARGS(dw_sql_text(issuer)), &issuer_table, arena, ret_issuer, reterr);
}

bool dw_store_put_trusted_issuer(struct dw_store *store, const struct dw_trusted_issuer *issuer,
                                 struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("trusted_issuer",
                      ISSUER) " ON CONFLICT (issuer) DO"
                              " UPDATE SET jwks = excluded.jwks, jwks_uri = excluded.jwks_uri,"
                              " user_by = excluded.user_by, connection = excluded.connection,"
                              " takes_id_jag = excluded.takes_id_jag",
        &issuer_table, issuer, reterr);
}

static bool drop_subjects(struct dw_connection *connection, struct dw_slice owner,
                          struct dw_error *reterr)
{
    return dw_sql_run(connection, "DELETE FROM external_subject WHERE owner = ?",
                      DW_SQL_ARGS(dw_sql_text(owner)), reterr);
}

static bool delete_issuer(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_slice *issuer = user;
    int64_t profiles;

    if (!dw_sql_number(connection, "SELECT count(*) FROM token_exchange_profile WHERE issuer = ?",
                       DW_SQL_ARGS(dw_sql_text(*issuer)), &profiles, reterr))
        return false;
    if (profiles > 0)
        return dw_fail(reterr, DW_CONFLICT,
                       "a token-exchange profile takes its tokens: delete that "
                       "first");
    if (!dw_sql_run(connection,
                    "DELETE FROM external_subject WHERE owner ="
                    " (SELECT id FROM trusted_issuer WHERE issuer = ?)",
                    DW_SQL_ARGS(dw_sql_text(*issuer)), reterr) ||
        !dw_sql_run(connection, "DELETE FROM trusted_issuer WHERE issuer = ?",
                    DW_SQL_ARGS(dw_sql_text(*issuer)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no such trusted issuer");
}

bool dw_store_delete_trusted_issuer(struct dw_store *store, struct dw_slice issuer,
                                    struct dw_error *reterr)
{
    return dw_store_write(store, delete_issuer, &issuer, reterr);
}

bool dw_store_trusted_issuers(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                              struct dw_trusted_issuer **ret_issuers, size_t *ret_count,
                              int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &issuer_table,
        "SELECT " DW_SQL_NAMES(ISSUER) " FROM trusted_issuer"
                                       " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM trusted_issuer"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_issuers, ret_count,
                              ret_total, reterr);
}

/* --- profiles --------------------------------------------------------------------------------- */

bool dw_store_token_exchange_profile(struct dw_store *store, struct dw_slice subject_token_type,
                                     struct dw_arena *arena,
                                     struct dw_token_exchange_profile **ret_profile,
                                     struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        "SELECT " DW_SQL_NAMES(PROFILE) " FROM token_exchange_profile WHERE subject_token_type = ?",
        DW_SQL_ARGS(dw_sql_text(subject_token_type)), &profile_table, arena, ret_profile, reterr);
}

bool dw_store_token_exchange_profile_by_id(struct dw_store *store, struct dw_slice id,
                                           struct dw_arena *arena,
                                           struct dw_token_exchange_profile **ret_profile,
                                           struct dw_error *reterr)
{
    return dw_store_read_row(
        store, "SELECT " DW_SQL_NAMES(PROFILE) " FROM token_exchange_profile WHERE id = ?",
        DW_SQL_ARGS(dw_sql_text(id)), &profile_table, arena, ret_profile, reterr);
}

bool dw_store_put_token_exchange_profile(struct dw_store *store,
                                         const struct dw_token_exchange_profile *profile,
                                         struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("token_exchange_profile", PROFILE) " ON CONFLICT (id) DO UPDATE"
                                                         " SET " DW_SQL_SETS(PROFILE),
        &profile_table, profile, reterr);
}

static bool delete_profile(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct dw_slice *id = user;

    if (!drop_subjects(connection, *id, reterr) ||
        !dw_sql_run(connection, "DELETE FROM token_exchange_profile WHERE id = ?",
                    DW_SQL_ARGS(dw_sql_text(*id)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "Token exchange profile not found.");
}

bool dw_store_delete_token_exchange_profile(struct dw_store *store, struct dw_slice id,
                                            struct dw_error *reterr)
{
    return dw_store_write(store, delete_profile, &id, reterr);
}

bool dw_store_token_exchange_profiles(struct dw_store *store, struct dw_page page,
                                      struct dw_arena *arena,
                                      struct dw_token_exchange_profile **ret_profiles,
                                      size_t *ret_count, int64_t *ret_total,
                                      struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &profile_table,
        "SELECT " DW_SQL_NAMES(PROFILE) " FROM token_exchange_profile"
                                        " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM token_exchange_profile"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_profiles, ret_count,
                              ret_total, reterr);
}

/* --- subjects --------------------------------------------------------------------------------- */

bool dw_store_put_external_subject(struct dw_store *store, struct dw_slice owner,
                                   struct dw_slice subject_digest, struct dw_slice user_id,
                                   int64_t now_s, struct dw_error *reterr)
{
    return dw_store_write_sql(
        store,
        "INSERT INTO external_subject (owner, subject_digest, user_id, created_at)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (owner, subject_digest) DO UPDATE"
        " SET user_id = excluded.user_id",
        DW_SQL_ARGS(dw_sql_text(owner), dw_sql_blob(subject_digest), dw_sql_text(user_id),
                    dw_sql_int(now_s)),
        NULL, reterr);
}

bool dw_store_external_subject(struct dw_store *store, struct dw_slice owner,
                               struct dw_slice subject_digest, struct dw_arena *arena,
                               struct dw_slice *ret_user_id, struct dw_error *reterr)
{
    return dw_store_read_text(store,
                              "SELECT user_id FROM external_subject"
                              " WHERE owner = ? AND subject_digest = ?",
                              DW_SQL_ARGS(dw_sql_text(owner), dw_sql_blob(subject_digest)), arena,
                              ret_user_id, reterr);
}

bool dw_store_delete_external_subject(struct dw_store *store, struct dw_slice owner,
                                      struct dw_slice subject_digest, struct dw_error *reterr)
{
    return dw_store_write_sql(
        store, "DELETE FROM external_subject WHERE owner = ? AND subject_digest = ?",
        DW_SQL_ARGS(dw_sql_text(owner), dw_sql_blob(subject_digest)), "mapping", reterr);
}
