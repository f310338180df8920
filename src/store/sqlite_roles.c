/* Roles, and which permissions roles and users hold (role-based access control). */
#include "store/organizations.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_role
#define ROLE(first, next)                                                                          \
    first(TEXT, id, id) next(TEXT, name, name) next(TEXT, description, description)                \
        next(INT, created_at, created_at_s)

static const struct dw_sql_column role_columns[] = DW_SQL_COLUMNS(ROLE);
static const struct dw_sql_table role_table = DW_SQL_TABLE("a role", role_columns);
#undef ROW

#define ROW struct dw_permission
#define PERMISSION(first, next)                                                                    \
    first(TEXT, api.identifier, audience) next(TEXT, api_scope.value, name)                        \
        next(TEXT, api_scope.description, description)

static const struct dw_sql_column permission_columns[] = DW_SQL_COLUMNS(PERMISSION);
static const struct dw_sql_table permission_table =
    DW_SQL_TABLE("a permission", permission_columns);
#undef ROW

bool dw_store_role_by_name(struct dw_store *store, struct dw_slice name, struct dw_arena *arena,
                           struct dw_role **ret_role, struct dw_error *reterr)
{
    return dw_store_read_row(store, "SELECT " DW_SQL_NAMES(ROLE) " FROM role WHERE name = ?",
                             DW_SQL_ARGS(dw_sql_text(name)), &role_table, arena, ret_role, reterr);
}

bool dw_store_put_role(struct dw_store *store, const struct dw_role *role, struct dw_error *reterr)
{
    return dw_store_write_row(
        store,
        DW_SQL_INSERT("role", ROLE) " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                                    " description = excluded.description",
        &role_table, role, reterr);
}

bool dw_store_delete_role(struct dw_store *store, struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM role WHERE id = ?", DW_SQL_ARGS(dw_sql_text(id)),
                              "role", reterr);
}

bool dw_store_roles(struct dw_store *store, struct dw_page page, struct dw_arena *arena,
                    struct dw_role **ret_roles, size_t *ret_count, int64_t *ret_total,
                    struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &role_table,
        "SELECT " DW_SQL_NAMES(ROLE) " FROM role ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM role"};

    return dw_store_read_page(store, &list, DW_SQL_NO_ARGS, page, arena, ret_roles, ret_count,
                              ret_total, reterr);
}

/* --- permissions of a role or a user ---------------------------------------------------------- */

/* One of the four ways to change them; `sql` takes the holder, the audience and the name. */
struct permissions_change {
    const char *sql;
    bool must_exist; /* adding: the API must have the scope, and the holder must be there */
    struct dw_slice holder_id;
    const struct dw_permission *permissions;
    size_t count;
};

static bool check_scope(struct dw_connection *connection, const struct dw_permission *permission,
                        struct dw_error *reterr)
{
    int64_t exists;

    if (!dw_sql_number(
            connection,
            "SELECT count(*) FROM api_scope JOIN api ON api.id = api_id"
            " WHERE identifier = ? AND value = ?",
            DW_SQL_ARGS(dw_sql_text(permission->audience), dw_sql_text(permission->name)), &exists,
            reterr))
        return false;
    return exists || dw_fail(reterr, DW_NOT_FOUND, "the API %.*s has no permission %.*s",
                             DW_PRINT(permission->audience), DW_PRINT(permission->name));
}

static bool change_permissions(struct dw_connection *connection, void *user,
                               struct dw_error *reterr)
{
    const struct permissions_change *change = user;

    for (size_t at = 0; at < change->count; at++) {
        const struct dw_permission *permission = &change->permissions[at];

        if (change->must_exist && !check_scope(connection, permission, reterr))
            return false;
        if (!dw_sql_run(connection, change->sql,
                        DW_SQL_ARGS(dw_sql_text(change->holder_id),
                                    dw_sql_text(permission->audience),
                                    dw_sql_text(permission->name)),
                        reterr))
            return false;
    }
    return true;
}

bool dw_store_add_role_permissions(struct dw_store *store, struct dw_slice role_id,
                                   const struct dw_permission *permissions, size_t count,
                                   struct dw_error *reterr)
{
    struct permissions_change change = {
        "INSERT INTO role_permission (role_id, api_id, scope)"
        " SELECT ?1, id, ?3 FROM api WHERE identifier = ?2 ON CONFLICT DO NOTHING",
        true, role_id, permissions, count};

    return dw_store_write(store, change_permissions, &change, reterr);
}

bool dw_store_remove_role_permissions(struct dw_store *store, struct dw_slice role_id,
                                      const struct dw_permission *permissions, size_t count,
                                      struct dw_error *reterr)
{
    struct permissions_change change = {
        "DELETE FROM role_permission WHERE role_id = ?1 AND scope = ?3"
        " AND api_id = (SELECT id FROM api WHERE identifier = ?2)",
        false, role_id, permissions, count};

    return dw_store_write(store, change_permissions, &change, reterr);
}

bool dw_store_add_user_permissions(struct dw_store *store, struct dw_slice user_id,
                                   const struct dw_permission *permissions, size_t count,
                                   struct dw_error *reterr)
{
    struct permissions_change change = {
        "INSERT INTO user_permission (user_id, api_id, scope)"
        " SELECT ?1, id, ?3 FROM api WHERE identifier = ?2 ON CONFLICT DO NOTHING",
        true, user_id, permissions, count};

    return dw_store_write(store, change_permissions, &change, reterr);
}

bool dw_store_remove_user_permissions(struct dw_store *store, struct dw_slice user_id,
                                      const struct dw_permission *permissions, size_t count,
                                      struct dw_error *reterr)
{
    struct permissions_change change = {
        "DELETE FROM user_permission WHERE user_id = ?1 AND scope = ?3"
        " AND api_id = (SELECT id FROM api WHERE identifier = ?2)",
        false, user_id, permissions, count};

    return dw_store_write(store, change_permissions, &change, reterr);
}

#define PERMISSIONS_OF(table, holder)                                                              \
    " FROM " table " JOIN api ON api.id = " table ".api_id"                                        \
    " JOIN api_scope ON api_scope.api_id = " table ".api_id AND value = scope"                     \
    " WHERE " holder " = ?"

bool dw_store_role_permissions(struct dw_store *store, struct dw_slice role_id, struct dw_page page,
                               struct dw_arena *arena, struct dw_permission **ret_permissions,
                               size_t *ret_count, int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &permission_table,
        "SELECT " DW_SQL_NAMES(PERMISSION) PERMISSIONS_OF(
            "role_permission", "role_id") " ORDER BY identifier, position LIMIT ? OFFSET ?",
        "SELECT count(*) FROM role_permission WHERE role_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(role_id)), page, arena,
                              ret_permissions, ret_count, ret_total, reterr);
}

bool dw_store_user_permissions(struct dw_store *store, struct dw_slice user_id, struct dw_page page,
                               struct dw_arena *arena, struct dw_permission **ret_permissions,
                               size_t *ret_count, int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &permission_table,
        "SELECT " DW_SQL_NAMES(PERMISSION) PERMISSIONS_OF(
            "user_permission", "user_id") " ORDER BY identifier, position LIMIT ? OFFSET ?",
        "SELECT count(*) FROM user_permission WHERE user_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id)), page, arena,
                              ret_permissions, ret_count, ret_total, reterr);
}

bool dw_store_effective_permissions(struct dw_store *store, struct dw_slice user_id,
                                    struct dw_slice audience, struct dw_arena *arena,
                                    struct dw_slices *ret_names, struct dw_error *reterr)
{
    return dw_store_read_texts(
        store,
        "SELECT scope FROM user_permission WHERE user_id = ?1"
        " AND api_id = (SELECT id FROM api WHERE identifier = ?2)"
        " UNION SELECT scope FROM user_role JOIN role_permission"
        " ON role_permission.role_id = user_role.role_id"
        " WHERE user_id = ?1"
        " AND api_id = (SELECT id FROM api WHERE identifier = ?2) ORDER BY 1",
        DW_SQL_ARGS(dw_sql_text(user_id), dw_sql_text(audience)), arena, ret_names, reterr);
}

/* --- roles of a user -------------------------------------------------------------------------- */

struct roles_change {
    const char *sql;
    struct dw_slice user_id;
    struct dw_slices role_ids;
};

static bool change_roles(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct roles_change *change = user;

    for (size_t at = 0; at < change->role_ids.count; at++)
        if (!dw_sql_run(
                connection, change->sql,
                DW_SQL_ARGS(dw_sql_text(change->user_id), dw_sql_text(change->role_ids.items[at])),
                reterr))
            return false;
    return true;
}

bool dw_store_add_user_roles(struct dw_store *store, struct dw_slice user_id,
                             struct dw_slices role_ids, struct dw_error *reterr)
{
    struct roles_change change = {
        "INSERT INTO user_role (user_id, role_id) VALUES (?, ?) ON CONFLICT DO NOTHING", user_id,
        role_ids};

    return dw_store_write(store, change_roles, &change, reterr);
}

bool dw_store_remove_user_roles(struct dw_store *store, struct dw_slice user_id,
                                struct dw_slices role_ids, struct dw_error *reterr)
{
    struct roles_change change = {"DELETE FROM user_role WHERE user_id = ? AND role_id = ?",
                                  user_id, role_ids};

    return dw_store_write(store, change_roles, &change, reterr);
}

bool dw_store_user_roles(struct dw_store *store, struct dw_slice user_id, struct dw_page page,
                         struct dw_arena *arena, struct dw_role **ret_roles, size_t *ret_count,
                         int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &role_table,
        "SELECT " DW_SQL_NAMES(
            ROLE) " FROM role"
                  " WHERE id IN (SELECT role_id FROM user_role WHERE user_id = ?)"
                  " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM user_role WHERE user_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(user_id)), page, arena,
                              ret_roles, ret_count, ret_total, reterr);
}

bool dw_store_member_roles(struct dw_store *store, struct dw_slice organization_id,
                           struct dw_slice user_id, struct dw_page page, struct dw_arena *arena,
                           struct dw_role **ret_roles, size_t *ret_count, int64_t *ret_total,
                           struct dw_error *reterr)
{
#define MATCHING                                                                                   \
    " FROM role WHERE id IN (SELECT role_id FROM organization_member_role"                         \
    " WHERE organization_id = ? AND user_id = ?)"
    static const struct dw_sql_list list = {&role_table,
                                            "SELECT " DW_SQL_NAMES(ROLE) MATCHING
                                            " ORDER BY created_at, id LIMIT ? OFFSET ?",
                                            "SELECT count(*)" MATCHING};
#undef MATCHING

    return dw_store_read_page(store, &list,
                              DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(user_id)), page,
                              arena, ret_roles, ret_count, ret_total, reterr);
}
