/* doorward tenant role ..., and user permission ...: what a user may do, by roles and directly. */
#include "tenant/manage/manage_internal.h"
#include "tenant/seed_internal.h"

#define STORE manage->tenant->store

/* ---- roles ---- */

static bool show_role(struct dw_manage *manage, const struct dw_role *role, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_permission *permissions = NULL;
    struct dw_slice *names;
    size_t count = 0;

    if (!row || !dw_store_role_permissions(STORE, role->id, (struct dw_page){0}, manage->arena,
                                           &permissions, &count, NULL, reterr))
        return false;
    names = dw_arena_new_array(manage->arena, count + 1, sizeof *names);
    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        names[i] = permissions[i].name;
    dw_manage_cell_text(row, "id", role->id);
    dw_manage_cell_text(row, "name", role->name);
    dw_manage_cell_text(row, "description", role->description);
    dw_manage_cell_texts(row, "permissions", (struct dw_slices){names, count});
    return true;
}

static bool find_role(struct dw_manage *manage, struct dw_slice name, struct dw_role **ret_role,
                      struct dw_error *reterr)
{
    if (!dw_store_role_by_name(STORE, name, manage->arena, ret_role, reterr))
        return false;
    return *ret_role || dw_fail(reterr, DW_NOT_FOUND, "there is no role \"%.*s\"", DW_PRINT(name));
}

bool dw_manage_role_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice audience = dw_manage_value(manage, "api");
    struct dw_slices permissions = {0};
    struct dw_role *role = NULL;

    if (!dw_manage_values(manage, "permission", &permissions, reterr))
        return false;
    if ((permissions.count > 0) != (audience.len > 0))
        return dw_fail(reterr, DW_USAGE, "--api and --permission come together");
    return dw_seed_role(manage->tenant, dw_manage_value(manage, "name"),
                        dw_manage_value(manage, "description"), manage->arena, &role, reterr) &&
           (permissions.count == 0 ||
            dw_seed_role_permissions(manage->tenant, role, audience, permissions, manage->arena,
                                     reterr)) &&
           show_role(manage, role, reterr);
}

bool dw_manage_role_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_role *roles = NULL;
    size_t count = 0;

    do {
        if (!dw_store_roles(STORE, page, manage->arena, &roles, &count, NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_role(manage, &roles[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_role_assign(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user = NULL;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           dw_seed_user_role(manage->tenant, user, dw_manage_value(manage, "role"), manage->arena,
                             reterr);
}

bool dw_manage_role_unassign(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user = NULL;
    struct dw_role *role = NULL;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           find_role(manage, dw_manage_value(manage, "role"), &role, reterr) &&
           dw_store_remove_user_roles(STORE, user->id, (struct dw_slices){&role->id, 1}, reterr);
}

bool dw_manage_role_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_role *role = NULL;

    return find_role(manage, dw_manage_value(manage, "role"), &role, reterr) &&
           dw_store_delete_role(STORE, role->id, reterr);
}

bool dw_manage_role_users(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_role *role = NULL;
    struct dw_user *users = NULL;
    size_t count = 0;

    if (!find_role(manage, dw_manage_value(manage, "role"), &role, reterr))
        return false;
    do {
        if (!dw_store_role_users(STORE, role->id, page, manage->arena, &users, &count, NULL,
                                 reterr))
            return false;
        for (size_t i = 0; i < count; i++) {
            struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

            if (!row)
                return false;
            dw_manage_cell_text(row, "user_id", users[i].id);
            dw_manage_cell_text(row, "email", users[i].email);
            dw_manage_cell_text(row, "name", users[i].name);
        }
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

/* ---- permissions ---- */

/* --permission, each of --api. Removing one that is not there is no failure; an API that is not is.
 */
static bool read_permissions(struct dw_manage *manage, struct dw_permission **ret_permissions,
                             size_t *ret_count, struct dw_error *reterr)
{
    struct dw_slice audience = dw_manage_value(manage, "api");
    struct dw_permission *permissions;
    struct dw_slices names = {0};
    struct dw_api *api = NULL;

    if (!dw_manage_values(manage, "permission", &names, reterr) ||
        !dw_store_api(STORE, audience, manage->arena, &api, reterr))
        return false;
    if (!api)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no API \"%.*s\"", DW_PRINT(audience));
    permissions = dw_arena_new_array(manage->arena, names.count + 1, sizeof *permissions);
    if (!permissions)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < names.count; i++)
        permissions[i] = (struct dw_permission){.audience = audience, .name = names.items[i]};
    *ret_permissions = permissions;
    *ret_count = names.count;
    return true;
}

bool dw_manage_role_remove_permissions(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_permission *permissions = NULL;
    struct dw_role *role = NULL;
    size_t count = 0;

    return find_role(manage, dw_manage_value(manage, "role"), &role, reterr) &&
           read_permissions(manage, &permissions, &count, reterr) &&
           dw_store_remove_role_permissions(STORE, role->id, permissions, count, reterr) &&
           show_role(manage, role, reterr);
}

static bool show_user_permissions(struct dw_manage *manage, const struct dw_user *user,
                                  struct dw_error *reterr)
{
    struct dw_permission *permissions = NULL;
    struct dw_page page = {0};
    size_t count = 0;

    manage->is_list = true;
    do {
        if (!dw_store_user_permissions(STORE, user->id, page, manage->arena, &permissions, &count,
                                       NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++) {
            struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

            if (!row)
                return false;
            dw_manage_cell_text(row, "permission_name", permissions[i].name);
            dw_manage_cell_text(row, "resource_server_identifier", permissions[i].audience);
            dw_manage_cell_text(row, "description", permissions[i].description);
        }
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_user_add_permissions(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_permission *permissions = NULL;
    struct dw_user *user = NULL;
    size_t count = 0;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           read_permissions(manage, &permissions, &count, reterr) &&
           dw_store_add_user_permissions(STORE, user->id, permissions, count, reterr) &&
           show_user_permissions(manage, user, reterr);
}

bool dw_manage_user_remove_permissions(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_permission *permissions = NULL;
    struct dw_user *user = NULL;
    size_t count = 0;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           read_permissions(manage, &permissions, &count, reterr) &&
           dw_store_remove_user_permissions(STORE, user->id, permissions, count, reterr) &&
           show_user_permissions(manage, user, reterr);
}

bool dw_manage_user_permissions(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user = NULL;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           show_user_permissions(manage, user, reterr);
}
