/* Refresh tokens and their families, and the consents they rest on. The rules are in
 * oauth/refresh_token.c; here they are asked and obeyed in one transaction. */
#include "store/sqlite_internal.h"

#define ROW struct dw_refresh_family
#define FAMILY(first, next)                                                                        \
    first(TEXT, id, id) next(TEXT, client_id, client_id) next(TEXT, user_id, user_id) next(        \
        TEXT, session_id, session_id) next(LIST, scopes, scopes) next(TEXT, audience, audience)    \
        next(TEXT, grant_type, grant_type) next(TEXT, organization, organization)                  \
            next(INT, authenticated_at, authenticated_at_s) next(BOOL, is_rotating, is_rotating)   \
                next(INT, leeway_s, leeway_s) next(INT, idle_lifetime_s, idle_lifetime_s)          \
                    next(INT, expires_at, expires_at_s) next(INT, last_used_at, last_used_at_s)    \
                        next(INT, created_at, created_at_s) next(INT, revoked_at, revoked_at_s)    \
                            next(TEXT, dpop_jkt, dpop_jkt) next(INT, mfa_at, mfa_at_s)

static const struct dw_sql_column family_columns[] = DW_SQL_COLUMNS(FAMILY);
static const struct dw_sql_table family_table = DW_SQL_TABLE("a refresh family", family_columns);
#undef ROW

#define ROW struct dw_refresh_token
#define TOKEN(first, next)                                                                         \
    first(BLOB, token_digest, token_digest) next(TEXT, family_id, family_id)                       \
        next(INT, generation, generation) next(INT, created_at, created_at_s)                      \
            next(INT, spent_at, spent_at_s) next(BLOB, successor_digest, successor_digest)

static const struct dw_sql_column token_columns[] = DW_SQL_COLUMNS(TOKEN);
static const struct dw_sql_table token_table = DW_SQL_TABLE("a refresh token", token_columns);
#undef ROW

#define ROW struct dw_consent
/* clang-format off */
#define CONSENT(first, next) \
    first(TEXT, id, id) \
    next(TEXT, user_id, user_id) \
    next(TEXT, client_id, client_id) \
    next(TEXT, audience, audience) \
    next(LIST, scopes, scopes) \
    next(INT, created_at, created_at_s) \
    next(INT, updated_at, updated_at_s) \
    next(TEXT, organization, organization)
/* clang-format on */

static const struct dw_sql_column consent_columns[] = DW_SQL_COLUMNS(CONSENT);
static const struct dw_sql_table consent_table = DW_SQL_TABLE("a consent", consent_columns);
#undef ROW

/* --- refresh tokens --------------------------------------------------------------------------- */

struct add_family {
    const struct dw_refresh_family *family;
    struct dw_slice first_token_digest;
    bool has_dropped;
};

static bool insert_token(struct dw_connection *connection, const struct dw_refresh_token *token,
                         struct dw_error *reterr)
{
    return dw_sql_write_row(connection, DW_SQL_INSERT("refresh_token", TOKEN), &token_table, token,
                            reterr);
}

/* So many that are revoked stay, too, for a while: whoever begins and revokes all the time fills no
 * disk. */
static bool drop_oldest_revoked(struct dw_connection *connection,
                                const struct dw_refresh_family *family, struct dw_error *reterr)
{
    return dw_sql_run(connection,
                      "DELETE FROM refresh_family WHERE id IN (SELECT id FROM refresh_family"
                      " WHERE user_id = ? AND client_id = ? AND revoked_at > 0"
                      " ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)",
                      DW_SQL_ARGS(dw_sql_text(family->user_id), dw_sql_text(family->client_id),
                                  dw_sql_int(DW_STORE_MAX_FAMILIES)),
                      reterr);
}

static bool drop_oldest_families(struct dw_connection *connection,
                                 const struct dw_refresh_family *family, struct dw_error *reterr)
{
    return dw_sql_run(connection,
                      "DELETE FROM refresh_family WHERE id IN (SELECT id FROM refresh_family"
                      " WHERE user_id = ? AND client_id = ? AND revoked_at = 0 AND id <> ?"
                      " ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)",
                      DW_SQL_ARGS(dw_sql_text(family->user_id), dw_sql_text(family->client_id),
                                  dw_sql_text(family->id), dw_sql_int(DW_STORE_MAX_FAMILIES - 1)),
                      reterr);
}

/* The rule of dw_user_login_stands, and the code's: both may have changed since they were asked. */
static bool may_start(struct dw_connection *connection, const struct dw_refresh_family *family,
                      struct dw_error *reterr)
{
    int64_t was_replayed, may_log_in;

    if (!dw_sql_number(connection,
                       "SELECT count(*) FROM authorization_code"
                       " WHERE family_id = ? AND replayed_at > 0",
                       DW_SQL_ARGS(dw_sql_text(family->id)), &was_replayed, reterr) ||
        !dw_sql_number(
            connection,
            "SELECT count(*) FROM user WHERE id = ?1 AND is_blocked = 0"
            " AND (?2 = 0 OR last_password_reset_at <= ?2)",
            DW_SQL_ARGS(dw_sql_text(family->user_id), dw_sql_int(family->authenticated_at_s)),
            &may_log_in, reterr))
        return false;
    if (was_replayed)
        return dw_fail(reterr, DW_INVALID_GRANT, "Invalid authorization code");
    return may_log_in || dw_fail(reterr, DW_INVALID_GRANT, "The login has ended.");
}

static bool add_family(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct add_family *add = user;
    struct dw_refresh_token token = {.token_digest = add->first_token_digest,
                                     .family_id = add->family->id,
                                     .generation = 1,
                                     .created_at_s = add->family->created_at_s};

    if (!may_start(connection, add->family, reterr) ||
        !dw_sql_write_row(connection, DW_SQL_INSERT("refresh_family", FAMILY), &family_table,
                          add->family, reterr) ||
        !insert_token(connection, &token, reterr) ||
        !drop_oldest_revoked(connection, add->family, reterr) ||
        !drop_oldest_families(connection, add->family, reterr))
        return false;
    add->has_dropped = dw_sql_changes(connection) > 0;
    return true;
}

bool dw_store_add_refresh_family(struct dw_store *store, const struct dw_refresh_family *family,
                                 struct dw_slice first_token_digest, bool *ret_has_dropped,
                                 struct dw_error *reterr)
{
    struct add_family add = {family, first_token_digest, false};

    if (!dw_store_write(store, add_family, &add, reterr))
        return false;
    if (ret_has_dropped)
        *ret_has_dropped = add.has_dropped;
    return true;
}

struct use_token {
    struct dw_slice token_digest;
    struct dw_slice named_family; /* by an old token of it */
    struct dw_slice successor_digest;
    struct dw_slice client_id;
    int64_t now_s;
    struct dw_arena *arena;
    struct dw_refresh_token *token;
    struct dw_refresh_token *successor;
    struct dw_refresh_family *family;
    enum dw_refresh_verdict verdict;
};

static bool load_token(struct dw_connection *connection, struct dw_slice digest,
                       struct dw_arena *arena, struct dw_refresh_token **ret_token,
                       struct dw_error *reterr)
{
    return dw_sql_read_row(connection,
                           "SELECT " DW_SQL_NAMES(TOKEN) " FROM refresh_token"
                                                         " WHERE token_digest = ?",
                           DW_SQL_ARGS(dw_sql_blob(digest)), &token_table, arena, ret_token,
                           reterr);
}

static bool load_use(struct dw_connection *connection, struct use_token *use,
                     struct dw_error *reterr)
{
    if (!load_token(connection, use->token_digest, use->arena, &use->token, reterr))
        return false;
    return dw_sql_read_row(
               connection, "SELECT " DW_SQL_NAMES(FAMILY) " FROM refresh_family WHERE id = ?",
               DW_SQL_ARGS(dw_sql_text(use->token ? use->token->family_id : use->named_family)),
               &family_table, use->arena, &use->family, reterr) &&
           (!use->token || use->token->successor_digest.len == 0 ||
            load_token(connection, use->token->successor_digest, use->arena, &use->successor,
                       reterr));
}

static bool note_family_use(struct dw_connection *connection, struct use_token *use,
                            struct dw_error *reterr)
{
    use->family->last_used_at_s = use->now_s;
    return dw_sql_run(connection, "UPDATE refresh_family SET last_used_at = ? WHERE id = ?",
                      DW_SQL_ARGS(dw_sql_int(use->now_s), dw_sql_text(use->family->id)), reterr);
}

/* Two rows stay: of the token that may come again for a moment, and of its successor. The one
 * before that is not needed, for an old token names its family itself. */
static bool rotate(struct dw_connection *connection, struct use_token *use, struct dw_error *reterr)
{
    struct dw_refresh_token successor = {.token_digest = use->successor_digest,
                                         .family_id = use->family->id,
                                         .generation = use->token->generation + 1,
                                         .created_at_s = use->now_s};

    return dw_sql_run(connection,
                      "UPDATE refresh_token SET spent_at = ?, successor_digest = ?"
                      " WHERE token_digest = ?",
                      DW_SQL_ARGS(dw_sql_int(use->now_s), dw_sql_blob(use->successor_digest),
                                  dw_sql_blob(use->token_digest)),
                      reterr) &&
           insert_token(connection, &successor, reterr) &&
           dw_sql_run(connection,
                      "DELETE FROM refresh_token WHERE family_id = ? AND generation < ?",
                      DW_SQL_ARGS(dw_sql_text(use->family->id), dw_sql_int(use->token->generation)),
                      reterr) &&
           note_family_use(connection, use, reterr);
}

static bool revoke_family(struct dw_connection *connection, struct dw_slice id, int64_t now_s,
                          struct dw_error *reterr)
{
    return dw_sql_run(connection,
                      "UPDATE refresh_family SET revoked_at = ? WHERE id = ? AND revoked_at = 0",
                      DW_SQL_ARGS(dw_sql_int(now_s), dw_sql_text(id)), reterr);
}

static bool use_token(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct use_token *use = user;

    if (!load_use(connection, use, reterr))
        return false;
    use->verdict =
        dw_refresh_token_judge(use->token, use->successor, use->family, use->client_id, use->now_s);
    switch (use->verdict) {
    case DW_REFRESH_ROTATE:
        return rotate(connection, use, reterr);
    case DW_REFRESH_KEEP:
        return note_family_use(connection, use, reterr);
    case DW_REFRESH_REUSED:
        return revoke_family(connection, use->family->id, use->now_s, reterr) &&
               dw_store_kill_family(connection, use->family->id, use->now_s, reterr);
    case DW_REFRESH_UNKNOWN:
    case DW_REFRESH_REVOKED:
    case DW_REFRESH_EXPIRED:
    case DW_REFRESH_REPEAT:
    default:
        return true;
    }
}

bool dw_store_use_refresh_token(struct dw_store *store, struct dw_slice token_digest,
                                struct dw_slice named_family, struct dw_slice successor_digest,
                                struct dw_slice client_id, int64_t now_s, struct dw_arena *arena,
                                enum dw_refresh_verdict *ret_verdict,
                                struct dw_refresh_family **ret_family, struct dw_error *reterr)
{
    struct use_token use = {.token_digest = token_digest,
                            .named_family = named_family,
                            .successor_digest = successor_digest,
                            .client_id = client_id,
                            .now_s = now_s,
                            .arena = arena};

    if (!dw_store_write(store, use_token, &use, reterr))
        return false;
    *ret_verdict = use.verdict;
    *ret_family = use.family;
    return true;
}

bool dw_store_refresh_family_of(struct dw_store *store, struct dw_slice token_digest,
                                struct dw_slice named_family, struct dw_arena *arena,
                                struct dw_refresh_family **ret_family, struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        "SELECT " DW_SQL_NAMES(
            FAMILY) " FROM refresh_family WHERE id ="
                    " coalesce((SELECT family_id FROM refresh_token WHERE token_digest = ?), ?)",
        DW_SQL_ARGS(dw_sql_blob(token_digest), dw_sql_text(named_family)), &family_table, arena,
        ret_family, reterr);
}

bool dw_store_revoke_refresh_family(struct dw_store *store, struct dw_slice family_id,
                                    int64_t now_s, struct dw_error *reterr)
{
    return dw_store_write_sql(
        store, "UPDATE refresh_family SET revoked_at = ? WHERE id = ? AND revoked_at = 0",
        DW_SQL_ARGS(dw_sql_int(now_s), dw_sql_text(family_id)), NULL, reterr);
}

#define REVOKE_OF_USER                                                                             \
    "UPDATE refresh_family SET revoked_at = ?1"                                                    \
    " WHERE user_id = ?2 AND ?3 IN ('', client_id) AND revoked_at = 0"

bool dw_store_revoke_families(struct dw_connection *connection, struct dw_slice user_id,
                              struct dw_slice client_id, int64_t now_s, struct dw_error *reterr)
{
    return dw_sql_run(connection, REVOKE_OF_USER,
                      DW_SQL_ARGS(dw_sql_int(now_s), dw_sql_text(user_id), dw_sql_text(client_id)),
                      reterr);
}

bool dw_store_revoke_refresh_tokens_of(struct dw_store *store, struct dw_slice user_id,
                                       struct dw_slice client_id, int64_t now_s,
                                       struct dw_error *reterr)
{
    return dw_store_write_sql(
        store, REVOKE_OF_USER,
        DW_SQL_ARGS(dw_sql_int(now_s), dw_sql_text(user_id), dw_sql_text(client_id)), NULL, reterr);
}

/* --- consent ---------------------------------------------------------------------------------- */

bool dw_store_consent(struct dw_store *store, struct dw_slice user_id, struct dw_slice client_id,
                      struct dw_slice audience, struct dw_slice organization,
                      struct dw_arena *arena, struct dw_consent **ret_consent,
                      struct dw_error *reterr)
{
    return dw_store_read_row(
        store,
        "SELECT " DW_SQL_NAMES(CONSENT) " FROM consent"
                                        " WHERE user_id = ? AND client_id = ? AND audience = ?"
                                        " AND organization = ?",
        DW_SQL_ARGS(dw_sql_text(user_id), dw_sql_text(client_id), dw_sql_text(audience),
                    dw_sql_text(organization)),
        &consent_table, arena, ret_consent, reterr);
}

/* The union is made by SQLite, so that two tabs that consent at once lose nothing. */
bool dw_store_add_consent(struct dw_store *store, const struct dw_consent *consent,
                          struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("consent", CONSENT) " ON CONFLICT (user_id, client_id, audience,"
                                          " organization) DO UPDATE"
                                          " SET updated_at = excluded.updated_at, scopes = (SELECT "
                                          "json_group_array(value) FROM"
                                          " (SELECT value FROM json_each(consent.scopes) UNION"
                                          " SELECT value FROM json_each(excluded.scopes)))",
        &consent_table, consent, reterr);
}

struct delete_consent {
    struct dw_slice id;
    int64_t now_s;
};

static bool delete_consent(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct delete_consent *drop = user;

    if (!dw_sql_run(connection,
                    "UPDATE refresh_family SET revoked_at = ? FROM consent WHERE consent.id = ?"
                    " AND refresh_family.user_id = consent.user_id"
                    " AND refresh_family.client_id = consent.client_id"
                    " AND refresh_family.audience = consent.audience"
                    " AND refresh_family.organization = consent.organization AND revoked_at = 0",
                    DW_SQL_ARGS(dw_sql_int(drop->now_s), dw_sql_text(drop->id)), reterr) ||
        !dw_sql_run(connection, "DELETE FROM consent WHERE id = ?",
                    DW_SQL_ARGS(dw_sql_text(drop->id)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no such consent");
}

bool dw_store_delete_consent(struct dw_store *store, struct dw_slice id, int64_t now_s,
                             struct dw_error *reterr)
{
    struct delete_consent drop = {id, now_s};

    return dw_store_write(store, delete_consent, &drop, reterr);
}

struct revoke_grant {
    const struct dw_refresh_family *family;
    int64_t now_s;
};

static bool revoke_grant(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct revoke_grant *drop = user;
    const struct dw_refresh_family *family = drop->family;
#define OF_GRANT "user_id = ?1 AND client_id = ?2 AND audience = ?3 AND organization = ?4"

    return dw_sql_run(connection,
                      "UPDATE refresh_family SET revoked_at = ?5 WHERE " OF_GRANT
                      " AND revoked_at = 0",
                      DW_SQL_ARGS(dw_sql_text(family->user_id), dw_sql_text(family->client_id),
                                  dw_sql_text(family->audience), dw_sql_text(family->organization),
                                  dw_sql_int(drop->now_s)),
                      reterr) &&
           dw_sql_run(connection, "DELETE FROM consent WHERE " OF_GRANT,
                      DW_SQL_ARGS(dw_sql_text(family->user_id), dw_sql_text(family->client_id),
                                  dw_sql_text(family->audience), dw_sql_text(family->organization)),
                      reterr);
#undef OF_GRANT
}

bool dw_store_revoke_grant(struct dw_store *store, const struct dw_refresh_family *family,
                           int64_t now_s, struct dw_error *reterr)
{
    struct revoke_grant drop = {family, now_s};

    return dw_store_write(store, revoke_grant, &drop, reterr);
}

bool dw_store_consents(struct dw_store *store, struct dw_slice user_id, struct dw_page page,
                       struct dw_arena *arena, struct dw_consent **ret_consents, size_t *ret_count,
                       int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &consent_table,
        "SELECT " DW_SQL_NAMES(CONSENT) " FROM consent WHERE ? IN ('', user_id)"
                                        " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM consent WHERE ? IN ('', user_id)"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id)), page, arena,
                              ret_consents, ret_count, ret_total, reterr);
}
