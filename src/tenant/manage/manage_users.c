/* doorward tenant user ... */
#include <stdio.h>

#include "base/mem.h"
#include "oauth/avatar.h"
#include "oauth/user_json.h"
#include "tenant/account/account_internal.h"
#include "tenant/account/password_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/manage/manage_internal.h"
#include "tenant/seed_internal.h"

bool dw_manage_find_user(struct dw_manage *manage, struct dw_slice email, struct dw_user **ret_user,
                         struct dw_error *reterr)
{
    if (!dw_store_user_by_login(manage->tenant->store, DW_LIT(DW_TENANT_CONNECTION), email,
                                manage->arena, ret_user, reterr))
        return false;
    return *ret_user || dw_fail(reterr, DW_NOT_FOUND, "there is no user \"%.*s\"", DW_PRINT(email));
}

/* The first line of standard input. */
static bool read_password_line(struct dw_manage *manage, struct dw_secret *ret_password,
                               struct dw_error *reterr)
{
    char line[1024];
    size_t len;
    bool is_read = fgets(line, sizeof line, stdin) != NULL;

    len = is_read ? strcspn(line, "\r\n") : 0;
    ret_password->hidden = dw_arena_copy(manage->arena, dw_slice_from(line, len));
    dw_mem_wipe(line, sizeof line);
    if (len == 0)
        return dw_fail(reterr, DW_USAGE, "--password-stdin, but there was nothing to read");
    return ret_password->hidden.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool choose_password(struct dw_manage *manage, struct dw_secret *ret_password,
                            bool *ret_is_ours, struct dw_error *reterr)
{
    struct dw_slice given = dw_manage_value(manage, "password");

    *ret_is_ours = false;
    if (dw_manage_has(manage, "password-stdin"))
        return read_password_line(manage, ret_password, reterr);
    *ret_is_ours = !dw_manage_has(manage, "password");
    *ret_password =
        dw_secret_from(*ret_is_ours ? dw_tenant_random_text(manage->arena, "", 15) : given);
    return ret_password->hidden.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* Auth0's members, for --json; those that the table shows are there already. */
static bool add_details(struct dw_manage *manage, struct dw_manage_row *row,
                        const struct dw_user *user, struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_user shown = *user;
    struct dw_slice json;

    shown.picture = dw_avatar_of(user, manage->tenant->config.issuer, manage->arena);
    if (!dw_user_to_json(&shown, manage->arena, &json, reterr) ||
        !dw_json_parse(json, manage->arena, &document, reterr))
        return false;
    for (size_t i = 0; i < document->object.count; i++) {
        const struct dw_json_member *member = &document->object.members[i];
        char *name = dw_arena_text(manage->arena, member->key);

        if (!name)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (strcmp(name, "user_id") == 0 || strcmp(name, "email") == 0 ||
            strcmp(name, "blocked") == 0)
            continue;
        dw_manage_cell_json(row, name, member->value.raw);
        dw_manage_cell_details(row);
    }
    return true;
}

static bool show_user(struct dw_manage *manage, const struct dw_user *user,
                      const struct dw_slice *fresh_password, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_role *roles = NULL;
    struct dw_slice *names;
    size_t count = 0;

    if (!row || !dw_store_user_roles(manage->tenant->store, user->id, (struct dw_page){0},
                                     manage->arena, &roles, &count, NULL, reterr))
        return false;
    names = dw_arena_new_array(manage->arena, count + 1, sizeof *names);
    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        names[i] = roles[i].name;
    dw_manage_cell_text(row, "user_id", user->id);
    dw_manage_cell_text(row, "email", user->email);
    dw_manage_cell_bool(row, "blocked", user->is_blocked);
    dw_manage_cell_texts(row, "roles", (struct dw_slices){names, count});
    if (fresh_password)
        dw_manage_cell_text(row, "password", *fresh_password);
    return add_details(manage, row, user, reterr);
}

bool dw_manage_user_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice email = dw_manage_value(manage, "email");
    struct dw_slice name = dw_manage_value(manage, "name");
    struct dw_slices roles = {0};
    struct dw_user *user = NULL;
    struct dw_secret password;
    bool is_ours = false;

    if (!dw_store_user_by_login(manage->tenant->store, DW_LIT(DW_TENANT_CONNECTION), email,
                                manage->arena, &user, reterr))
        return false;
    if (user)
        return dw_fail(reterr, DW_CONFLICT, "the user \"%.*s\" exists already", DW_PRINT(email));
    if (!dw_manage_values(manage, "role", &roles, reterr) ||
        !choose_password(manage, &password, &is_ours, reterr) ||
        !dw_seed_user(manage->tenant, email, password, manage->arena, &user, reterr))
        return false;
    if (name.len > 0) {
        user->name = name;
        if (!dw_store_update_user(manage->tenant->store, user, reterr))
            return false;
    }
    for (size_t i = 0; i < roles.count; i++)
        if (!dw_seed_user_role(manage->tenant, user, roles.items[i], manage->arena, reterr))
            return false;
    return show_user(manage, user, is_ours ? &password.hidden : NULL, reterr);
}

bool dw_manage_user_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_user *users = NULL;
    size_t count = 0;

    do {
        if (!dw_store_users(manage->tenant->store, page, manage->arena, &users, &count, NULL,
                            reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_user(manage, &users[i], NULL, reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_user_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user = NULL;

    return dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           show_user(manage, user, NULL, reterr);
}

/* What the user logs in with was changed, or was to be. */
static void note_names(const struct dw_manage *manage, const struct dw_user *before,
                       const struct dw_user *wished, const struct dw_error *error)
{
    struct dw_audit_facts facts = {.user = error ? before : wished, .error = error};

    if (!dw_slice_eq(before->email, wished->email)) {
        facts.type = error ? DW_AUDIT_FCE : DW_AUDIT_SCE;
        dw_audit_write(manage->tenant, NULL, &facts);
    }
    if (!dw_slice_eq(before->username, wished->username)) {
        facts.type = error ? DW_AUDIT_FCU : DW_AUDIT_SCU;
        dw_audit_write(manage->tenant, NULL, &facts);
    }
}

bool dw_manage_user_update(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");
    struct dw_user *user = NULL, before;
    bool is_done;

    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) ||
        !dw_manage_patch_of_sets(manage, &patch, reterr))
        return false;
    before = *user;
    user->updated_at_s = manage->tenant->now_s();
    is_done = dw_user_apply_json(user, patch, manage->arena, reterr) &&
              dw_store_update_user(manage->tenant->store, user, reterr);
    note_names(manage, &before, user, is_done ? NULL : reterr);
    return is_done && show_user(manage, user, NULL, reterr);
}

static bool set_blocked(struct dw_manage *manage, bool is_blocked, struct dw_error *reterr)
{
    struct dw_user *user = NULL;

    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr))
        return false;
    user->is_blocked = is_blocked;
    user->updated_at_s = manage->tenant->now_s();
    return dw_store_update_user(manage->tenant->store, user, reterr) &&
           (is_blocked || dw_store_unblock(manage->tenant->store, user->id, reterr)) &&
           show_user(manage, user, NULL, reterr);
}

bool dw_manage_user_block(struct dw_manage *manage, struct dw_error *reterr)
{
    return set_blocked(manage, true, reterr);
}

bool dw_manage_user_unblock(struct dw_manage *manage, struct dw_error *reterr)
{
    return set_blocked(manage, false, reterr);
}

bool dw_manage_user_password(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_user *user = NULL;
    struct dw_account_home home;
    struct dw_password_change change;
    struct dw_secret password;
    bool is_ours = false, is_done = false;

    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) ||
        !choose_password(manage, &password, &is_ours, reterr) ||
        !dw_account_home_of(manage->tenant, user, manage->arena, &home, reterr))
        return false;
    change = (struct dw_password_change){
        .user_id = user->id,
        .history_size = home.connection ? home.policy.history_size : 0,
        .now_s = manage->tenant->now_s(),
    };
    return dw_password_make(password, manage->arena, &change.hash, reterr) &&
           dw_store_change_password(manage->tenant->store, &change, &is_done, reterr) &&
           show_user(manage, user, is_ours ? &password.hidden : NULL, reterr);
}

bool dw_manage_user_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice email = dw_manage_value(manage, "email");
    struct dw_user *user = NULL;
    bool is_done =
        dw_manage_find_user(manage, email, &user, reterr) &&
        dw_store_delete_user(manage->tenant->store, user->id, manage->tenant->now_s(), reterr);

    dw_audit_write(manage->tenant, NULL,
                   &(struct dw_audit_facts){.type = is_done ? DW_AUDIT_SDU : DW_AUDIT_FDU,
                                            .user = user,
                                            .user_name = email,
                                            .error = is_done ? NULL : reterr});
    return is_done;
}
