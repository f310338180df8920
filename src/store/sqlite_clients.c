/* Applications and what they are granted of APIs. */
#include "store/sqlite_internal.h"

#define ROW struct dw_oauth_client
/* clang-format off */
#define CLIENT(first, next) \
    first(TEXT, id, id) \
    next(TEXT, name, name) \
    next(TEXT, description, description) \
    next(TEXT, logo_uri, logo_uri) \
    next(TEXT, client_uri, client_uri) \
    next(ENUM, kind, kind, dw_oauth_client_kind_names) \
    next(ENUM, app_type, app_type, dw_app_type_names) \
    next(BOOL, is_first_party, is_first_party) \
    next(ENUM, auth_method, auth_method, dw_client_auth_method_names) \
    next(BLOB, secret_digest, secret_digest) \
    next(BLOB, sealed_secret, sealed_secret) \
    next(LIST, grant_types, grant_types) \
    next(LIST, redirect_uris, redirect_uris) \
    next(LIST, allowed_logout_urls, allowed_logout_urls) \
    next(LIST, web_origins, web_origins) \
    next(LIST, scopes, scopes) \
    next(TEXT, refresh_policies, refresh_policies_json) \
    next(TEXT, resource_server_identifier, resource_server_identifier) \
    next(LIST, token_exchange_types, token_exchange_types) \
    next(BOOL, refresh_is_rotating, refresh.is_rotating) \
    next(INT, refresh_leeway_s, refresh.leeway_s) \
    next(INT, refresh_lifetime_s, refresh.lifetime_s) \
    next(INT, refresh_idle_lifetime_s, refresh.idle_lifetime_s) \
    next(INT, id_token_lifetime_s, id_token_lifetime_s) \
    next(TEXT, jwks, jwks_json) \
    next(TEXT, jwks_uri, jwks_uri) \
    next(JSON, metadata, metadata_json) \
    next(BLOB, document_digest, document_digest) \
    next(INT, document_expires_at, document_expires_at_s) \
    next(INT, created_at, created_at_s) \
    next(INT, updated_at, updated_at_s) \
    next(BOOL, requires_par, requires_par) \
    next(BOOL, requires_dpop, requires_dpop) \
    next(BOOL, trusts_ip_header, trusts_ip_header) \
    next(ENUM, organization_usage, organization_usage, dw_organization_usage_names) \
    next(ENUM, organization_prompt, organization_prompt, dw_organization_prompt_names) \
    next(TEXT, default_organization, default_organization) \
    next(ENUM, security_mode, security_mode, dw_security_mode_names) \
    next(ENUM, redirection_policy, redirection_policy, dw_redirection_policy_names) \
    next(ENUM, skips_callback_confirmation, skips_callback_confirmation, dw_tristate_names) \
    next(TEXT, initiate_login_uri, initiate_login_uri) \
    next(ENUM, id_token_alg, id_token_alg, dw_id_token_alg_names) \
    next(LIST, allowed_origins, allowed_origins)
/* clang-format on */

static const struct dw_sql_column client_columns[] = DW_SQL_COLUMNS(CLIENT);
static const struct dw_sql_table client_table = DW_SQL_TABLE("a client", client_columns);
#undef ROW

#define ROW struct dw_client_grant
/* clang-format off */
#define GRANT(first, next) \
    first(TEXT, id, id) \
    next(NULLABLE, client_id, client_id) \
    next(TEXT, audience, audience) \
    next(ENUM, subject, subject, dw_grant_subject_names) \
    next(LIST, scopes, scopes) \
    next(BOOL, allows_all_scopes, allows_all_scopes) \
    next(INT, created_at, created_at_s) \
    next(ENUM, organization_usage, organization_usage, dw_organization_usage_names) \
    next(BOOL, allows_any_organization, allows_any_organization)
/* clang-format on */

static const struct dw_sql_column grant_columns[] = DW_SQL_COLUMNS(GRANT);
static const struct dw_sql_table grant_table = DW_SQL_TABLE("a client grant", grant_columns);
#undef ROW

bool dw_store_client(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                     struct dw_oauth_client **ret_client, struct dw_error *reterr)
{
    return dw_store_recall_row(store, "SELECT " DW_SQL_NAMES(CLIENT) " FROM client WHERE id = ?",
                               DW_SQL_ARGS(dw_sql_text(id)), &client_table, arena, ret_client,
                               reterr);
}

bool dw_store_add_client(struct dw_store *store, const struct dw_oauth_client *client,
                         struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("client", CLIENT), &client_table, client,
                              reterr);
}

/* An upsert, not REPLACE, which would delete what refers to the client. */
bool dw_store_put_client(struct dw_store *store, const struct dw_oauth_client *client,
                         struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("client", CLIENT) " ON CONFLICT (id) DO UPDATE SET " DW_SQL_SETS(CLIENT),
        &client_table, client, reterr);
}

struct delete_client {
    struct dw_slice id;
    int64_t now_s;
};

/* Revoked before they go: that is what says that their access tokens are dead. */
static bool delete_client(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct delete_client *drop = user;

    if (!dw_sql_run(connection,
                    "UPDATE refresh_family SET revoked_at = ? WHERE client_id = ?"
                    " AND revoked_at = 0",
                    DW_SQL_ARGS(dw_sql_int(drop->now_s), dw_sql_text(drop->id)), reterr) ||
        !dw_store_kill_logins(connection, DW_EMPTY, drop->id, drop->now_s, reterr) ||
        !dw_sql_run(connection, "DELETE FROM client WHERE id = ?",
                    DW_SQL_ARGS(dw_sql_text(drop->id)), reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no such client");
}

bool dw_store_delete_client(struct dw_store *store, struct dw_slice id, int64_t now_s,
                            struct dw_error *reterr)
{
    struct delete_client drop = {id, now_s};

    return dw_store_write(store, delete_client, &drop, reterr);
}

bool dw_store_clients(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                      struct dw_oauth_client **ret_clients, size_t *ret_count, int64_t *ret_total,
                      struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &client_table,
        "SELECT " DW_SQL_NAMES(CLIENT) " FROM client ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM client"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_clients, ret_count,
                              ret_total, reterr);
}

bool dw_store_count_dynamic_clients(struct dw_store *store, int64_t *ret_count,
                                    struct dw_error *reterr)
{
    return dw_store_read_number(
        store, "SELECT count(*) FROM client WHERE kind <> 'static' AND kind = 'dcr'",
        DW_SQL_NO_ARGS, ret_count, reterr);
}

/* Two statements each: thousands of applications may have the same origin, and one of them is found
 * by its key. */
bool dw_store_has_web_origin(struct dw_store *store, struct dw_slice client_id,
                             struct dw_slice origin, struct dw_slice wider, bool *ret_has,
                             struct dw_error *reterr)
{
#define HAS "SELECT EXISTS (SELECT 1 FROM client_origin WHERE origin IN (?, ?) AND pattern = ''"
    if (client_id.len == 0)
        return dw_store_read_bool(
            store, HAS ")", DW_SQL_ARGS(dw_sql_text(origin), dw_sql_text(wider)), ret_has, reterr);
    return dw_store_read_bool(
        store, HAS " AND client_id = ?)",
        DW_SQL_ARGS(dw_sql_text(origin), dw_sql_text(wider), dw_sql_text(client_id)), ret_has,
        reterr);
#undef HAS
}

bool dw_store_web_origin_patterns(struct dw_store *store, struct dw_slice client_id,
                                  struct dw_slice wider, struct dw_arena *arena,
                                  struct dw_slices *ret_patterns, struct dw_error *reterr)
{
#define PATTERNS "SELECT DISTINCT pattern FROM client_origin WHERE origin = ? AND pattern > ''"
    if (client_id.len == 0)
        return dw_store_read_texts(store, PATTERNS " LIMIT 100", DW_SQL_ARGS(dw_sql_text(wider)),
                                   arena, ret_patterns, reterr);
    return dw_store_read_texts(store, PATTERNS " AND client_id = ? LIMIT 100",
                               DW_SQL_ARGS(dw_sql_text(wider), dw_sql_text(client_id)), arena,
                               ret_patterns, reterr);
#undef PATTERNS
}

/* --- client grants ---------------------------------------------------------------------------- */

/* What the column cannot say. */
static struct dw_slice subject_name(enum dw_grant_subject subject)
{
    return dw_slice_from_text(dw_grant_subject_name(subject));
}

static void complete_grants(struct dw_client_grant *grants, size_t count)
{
    for (size_t at = 0; at < count; at++)
        grants[at].is_third_party_default = grants[at].client_id.len == 0;
}

bool dw_store_client_grant(struct dw_store *store, struct dw_slice client_id,
                           struct dw_slice audience, enum dw_grant_subject subject,
                           struct dw_arena *arena, struct dw_client_grant **ret_grant,
                           struct dw_error *reterr)
{
    return dw_store_recall_row(
        store,
        "SELECT " DW_SQL_NAMES(GRANT) " FROM client_grant"
                                      " WHERE client_id = ? AND audience = ? AND subject = ?",
        DW_SQL_ARGS(dw_sql_text(client_id), dw_sql_text(audience),
                    dw_sql_text(subject_name(subject))),
        &grant_table, arena, ret_grant, reterr);
}

bool dw_store_default_grant(struct dw_store *store, struct dw_slice audience,
                            enum dw_grant_subject subject, struct dw_arena *arena,
                            struct dw_client_grant **ret_grant, struct dw_error *reterr)
{
    if (!dw_store_recall_row(store,
                             "SELECT " DW_SQL_NAMES(
                                 GRANT) " FROM client_grant"
                                        " WHERE client_id IS NULL AND audience = ? AND subject = ?",
                             DW_SQL_ARGS(dw_sql_text(audience), dw_sql_text(subject_name(subject))),
                             &grant_table, arena, ret_grant, reterr))
        return false;
    complete_grants(*ret_grant, *ret_grant ? 1 : 0);
    return true;
}

/* One statement for both unique indexes: the one that applies is the one that conflicts. */
bool dw_store_put_client_grant(struct dw_store *store, const struct dw_client_grant *grant,
                               struct dw_error *reterr)
{
    if (grant->is_third_party_default != (grant->client_id.len == 0))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "a client grant is for one client or the default for third parties");
    return dw_store_write_row(
        store,
        DW_SQL_INSERT(
            "client_grant",
            GRANT) " ON CONFLICT (client_id, audience, subject) WHERE client_id IS NOT NULL DO "
                   "UPDATE"
                   " SET scopes = excluded.scopes, allows_all_scopes = excluded.allows_all_scopes,"
                   " organization_usage = excluded.organization_usage,"
                   " allows_any_organization = excluded.allows_any_organization"
                   " ON CONFLICT (audience, subject) WHERE client_id IS NULL DO UPDATE"
                   " SET scopes = excluded.scopes, allows_all_scopes = excluded.allows_all_scopes,"
                   " organization_usage = excluded.organization_usage,"
                   " allows_any_organization = excluded.allows_any_organization",
        &grant_table, grant, reterr);
}

bool dw_store_delete_client_grant(struct dw_store *store, struct dw_slice id,
                                  struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM client_grant WHERE id = ?",
                              DW_SQL_ARGS(dw_sql_text(id)), "client grant", reterr);
}

bool dw_store_client_grants(struct dw_store *store, struct dw_slice client_id,
                            struct dw_slice audience, struct dw_page page, struct dw_arena *arena,
                            struct dw_client_grant **ret_grants, size_t *ret_count,
                            int64_t *ret_total, struct dw_error *reterr)
{
#define MATCHING " FROM client_grant WHERE ? IN ('', client_id) AND ? IN ('', audience)"
    static const struct dw_sql_list list = {&grant_table,
                                            "SELECT " DW_SQL_NAMES(GRANT) MATCHING
                                            " ORDER BY created_at, id LIMIT ? OFFSET ?",
                                            "SELECT count(*)" MATCHING};
#undef MATCHING

    if (!dw_store_read_page(store, &list,
                            DW_SQL_ARGS(dw_sql_text(client_id), dw_sql_text(audience)), page, arena,
                            ret_grants, ret_count, ret_total, reterr))
        return false;
    complete_grants(*ret_grants, *ret_count);
    return true;
}
