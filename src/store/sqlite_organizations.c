/* Organizations with their members, connections and client grants. */
#include "store/organizations.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_organization
#define ORGANIZATION(first, next)                                                                  \
    first(TEXT, id, id) next(TEXT, name, name) next(TEXT, display_name, display_name)              \
        next(JSON, branding, branding_json) next(JSON, metadata, metadata_json)                    \
            next(BOOL, allows_third_party, allows_third_party) next(INT, created_at, created_at_s)

static const struct dw_sql_column organization_columns[] = DW_SQL_COLUMNS(ORGANIZATION);
static const struct dw_sql_table organization_table =
    DW_SQL_TABLE("an organization", organization_columns);
#undef ROW

#define ROW struct dw_organization_connection
#define LINK(first, next)                                                                          \
    first(TEXT, organization_id, organization_id) next(TEXT, connection_id, connection_id)         \
        next(BOOL, assigns_membership, assigns_membership)                                         \
            next(BOOL, shows_as_button, shows_as_button)                                           \
                next(BOOL, is_signup_enabled, is_signup_enabled)
static const struct dw_sql_column link_columns[] = DW_SQL_COLUMNS(LINK);
static const struct dw_sql_table link_table = DW_SQL_TABLE("a connection", link_columns);

static const struct dw_sql_column read_link_columns[] = {
    LINK(DW_SQL_COLUMN, DW_SQL_COLUMN){DW_SQL_TEXT, offsetof(ROW, name), NULL},
    {DW_SQL_ENUM, offsetof(ROW, strategy), dw_strategy_names},
};
static const struct dw_sql_table read_link_table = DW_SQL_TABLE("a connection", read_link_columns);
#undef ROW

#define SELECT "SELECT " DW_SQL_NAMES(ORGANIZATION) " FROM organization "

bool dw_store_organization(struct dw_store *store, struct dw_slice id_or_name,
                           struct dw_arena *arena, struct dw_organization **ret_organization,
                           struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT "WHERE id = ?1 OR name = ?1",
                             DW_SQL_ARGS(dw_sql_text(id_or_name)), &organization_table, arena,
                             ret_organization, reterr);
}

bool dw_store_put_organization(struct dw_store *store, const struct dw_organization *organization,
                               struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("organization",
                      ORGANIZATION) " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                                    " display_name = excluded.display_name,"
                                    " branding = excluded.branding, metadata = excluded.metadata,"
                                    " allows_third_party = excluded.allows_third_party",
        &organization_table, organization, reterr);
}

static bool delete_organization(struct dw_connection *connection, void *user,
                                struct dw_error *reterr)
{
    const struct dw_slice *id = user;
    struct dw_sql_args args = DW_SQL_ARGS(dw_sql_text(*id));

    if (!dw_sql_run(connection, "DELETE FROM consent WHERE organization = ? AND organization <> ''",
                    args, reterr) ||
        !dw_sql_run(connection,
                    "DELETE FROM refresh_family WHERE organization = ? AND organization <> ''",
                    args, reterr) ||
        !dw_sql_run(connection, "DELETE FROM organization WHERE id = ?", args, reterr))
        return false;
    return dw_sql_changes(connection) > 0 ||
           dw_fail(reterr, DW_NOT_FOUND, "No organization found by that id or name");
}

bool dw_store_delete_organization(struct dw_store *store, struct dw_slice id,
                                  struct dw_error *reterr)
{
    return dw_store_write(store, delete_organization, &id, reterr);
}

bool dw_store_organizations(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                            struct dw_organization **ret_organizations, size_t *ret_count,
                            int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {&organization_table,
                                            SELECT "ORDER BY created_at, id LIMIT ? OFFSET ?",
                                            "SELECT count(*) FROM organization"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_organizations,
                              ret_count, ret_total, reterr);
}

/* ---- members ---- */

bool dw_store_is_member(struct dw_store *store, struct dw_slice organization_id,
                        struct dw_slice user_id, bool *ret_is_member, struct dw_error *reterr)
{
    return dw_store_read_bool(store,
                              "SELECT count(*) FROM organization_member"
                              " WHERE organization_id = ? AND user_id = ?",
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(user_id)),
                              ret_is_member, reterr);
}

bool dw_store_add_member(struct dw_store *store, struct dw_slice organization_id,
                         struct dw_slice user_id, int64_t now_s, struct dw_error *reterr)
{
    return dw_store_write_sql(
        store,
        "INSERT INTO organization_member (organization_id, user_id,"
        " created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(user_id), dw_sql_int(now_s)), NULL,
        reterr);
}

struct removal {
    struct dw_slice organization_id, user_id;
    int64_t now_s;
};

static bool remove_member(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct removal *removal = user;

    return dw_sql_run(
               connection,
               "DELETE FROM organization_member WHERE organization_id = ? AND user_id = ?",
               DW_SQL_ARGS(dw_sql_text(removal->organization_id), dw_sql_text(removal->user_id)),
               reterr) &&
           dw_sql_run(connection,
                      "UPDATE refresh_family SET revoked_at = ?"
                      " WHERE user_id = ? AND organization = ? AND revoked_at = 0",
                      DW_SQL_ARGS(dw_sql_int(removal->now_s), dw_sql_text(removal->user_id),
                                  dw_sql_text(removal->organization_id)),
                      reterr);
}

bool dw_store_remove_member(struct dw_store *store, struct dw_slice organization_id,
                            struct dw_slice user_id, int64_t now_s, struct dw_error *reterr)
{
    struct removal removal = {organization_id, user_id, now_s};

    return dw_store_write(store, remove_member, &removal, reterr);
}

bool dw_store_members(struct dw_store *store, struct dw_slice organization_id, struct dw_page page,
                      struct dw_arena *arena, struct dw_slices *ret_user_ids, int64_t *ret_total,
                      struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};
    size_t take = page.take && page.take < DW_STORE_MAX_PAGE ? page.take : DW_STORE_MAX_PAGE;

    return dw_reader_start(&reader, store, reterr) &&
           dw_sql_texts(reader.connection,
                        "SELECT user_id FROM organization_member WHERE organization_id = ?"
                        " ORDER BY created_at, user_id LIMIT ? OFFSET ?",
                        DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_int((int64_t)take),
                                    dw_sql_int((int64_t)page.skip)),
                        arena, ret_user_ids, reterr) &&
           (!ret_total ||
            dw_sql_number(reader.connection,
                          "SELECT count(*) FROM organization_member WHERE organization_id = ?",
                          DW_SQL_ARGS(dw_sql_text(organization_id)), ret_total, reterr));
}

bool dw_store_user_organizations(struct dw_store *store, struct dw_slice user_id,
                                 struct dw_page page, struct dw_arena *arena,
                                 struct dw_organization **ret_organizations, size_t *ret_count,
                                 int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &organization_table,
        SELECT "WHERE id IN (SELECT organization_id FROM organization_member WHERE user_id = ?)"
               " ORDER BY name LIMIT ? OFFSET ?",
        "SELECT count(*) FROM organization_member WHERE user_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id)), page, arena,
                              ret_organizations, ret_count, ret_total, reterr);
}

/* ---- connections ---- */

bool dw_store_put_organization_connection(struct dw_store *store,
                                          const struct dw_organization_connection *connection,
                                          struct dw_error *reterr)
{
    if (connection->is_signup_enabled && !connection->assigns_membership)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "is_signup_enabled requires assign_membership_on_login to be true");
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("organization_connection",
                      LINK) " ON CONFLICT (organization_id, connection_id) DO UPDATE"
                            " SET assigns_membership = excluded.assigns_membership,"
                            " shows_as_button = excluded.shows_as_button,"
                            " is_signup_enabled = excluded.is_signup_enabled",
        &link_table, connection, reterr);
}

bool dw_store_remove_organization_connection(struct dw_store *store,
                                             struct dw_slice organization_id,
                                             struct dw_slice connection_id, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "DELETE FROM organization_connection"
                              " WHERE organization_id = ? AND connection_id = ?",
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(connection_id)),
                              NULL, reterr);
}

/* `shows_as_button` is a column of both. */
#define SELECT_LINK                                                                                \
    "SELECT organization_id, connection_id, assigns_membership, link.shows_as_button,"             \
    " is_signup_enabled, connection.name, connection.strategy"                                     \
    " FROM organization_connection AS link JOIN connection ON connection.id = connection_id"       \
    " WHERE organization_id = ?"

bool dw_store_organization_connections(struct dw_store *store, struct dw_slice organization_id,
                                       struct dw_arena *arena,
                                       struct dw_organization_connection **ret_connections,
                                       size_t *ret_count, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &read_link_table, SELECT_LINK " ORDER BY connection.name LIMIT ? OFFSET ?", NULL};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(organization_id)),
                              (struct dw_page){0}, arena, ret_connections, ret_count, NULL, reterr);
}

bool dw_store_organization_connection(struct dw_store *store, struct dw_slice organization_id,
                                      struct dw_slice name, struct dw_arena *arena,
                                      struct dw_organization_connection **ret_connection,
                                      struct dw_error *reterr)
{
    return dw_store_read_row(store, SELECT_LINK " AND connection.name = ?",
                             DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(name)),
                             &read_link_table, arena, ret_connection, reterr);
}

/* ---- client grants ---- */

bool dw_store_add_organization_grant(struct dw_store *store, struct dw_slice organization_id,
                                     struct dw_slice grant_id, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "INSERT INTO organization_grant (organization_id, grant_id)"
                              " VALUES (?, ?) ON CONFLICT DO NOTHING",
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(grant_id)),
                              NULL, reterr);
}

bool dw_store_remove_organization_grant(struct dw_store *store, struct dw_slice organization_id,
                                        struct dw_slice grant_id, struct dw_error *reterr)
{
    return dw_store_write_sql(store,
                              "DELETE FROM organization_grant"
                              " WHERE organization_id = ? AND grant_id = ?",
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(grant_id)),
                              NULL, reterr);
}

bool dw_store_has_organization_grant(struct dw_store *store, struct dw_slice organization_id,
                                     struct dw_slice grant_id, bool *ret_has,
                                     struct dw_error *reterr)
{
    return dw_store_read_bool(store,
                              "SELECT count(*) FROM organization_grant"
                              " WHERE organization_id = ? AND grant_id = ?",
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(grant_id)),
                              ret_has, reterr);
}

bool dw_store_organization_grants(struct dw_store *store, struct dw_slice organization_id,
                                  struct dw_arena *arena, struct dw_slices *ret_ids,
                                  struct dw_error *reterr)
{
    return dw_store_read_texts(
        store,
        "SELECT grant_id FROM organization_grant WHERE organization_id = ?"
        " ORDER BY grant_id LIMIT ?",
        DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_int(DW_STORE_MAX_PAGE)), arena, ret_ids,
        reterr);
}
