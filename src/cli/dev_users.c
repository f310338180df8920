/* The users of `doorward dev`. */
#include "cli/dev_users.h"

#include "sys/sys.h"

#define PASSWORD_LENGTH 16 /* of 32 letters: 80 bits */

static const char *const roles[] = {DW_TENANT_ROLE_USER, DW_TENANT_ROLE_ADMIN};

static struct dw_slice make_password(struct dw_arena *arena)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char random[PASSWORD_LENGTH];
    char password[PASSWORD_LENGTH];

    dw_sys_random(random, sizeof random);
    for (size_t i = 0; i < sizeof password; i++)
        password[i] = letters[random[i] & 31];
    return dw_arena_copy(arena, dw_slice_from(password, sizeof password));
}

/* Takes ":ROLE" off the end. A password may contain colons, so only the name of a role counts. */
static struct dw_slice take_role(struct dw_slice *rest)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct dw_slice role = dw_slice_from_text(roles[i]);

        if (rest->len > role.len && dw_slice_ends_with(*rest, role) &&
            rest->ptr[rest->len - role.len - 1] == ':') {
            rest->len -= role.len + 1;
            return role;
        }
    }
    return dw_slice_from_text(roles[0]);
}

static bool read_user(struct dw_slice option, struct dw_arena *arena,
                      struct dw_tenant_dev_user *ret_user, struct dw_error *reterr)
{
    struct dw_slice rest = option;
    size_t colon;

    ret_user->role = take_role(&rest);
    colon = dw_slice_index(rest, ':');
    ret_user->email = dw_slice_sub(rest, 0, colon);
    ret_user->password = dw_slice_sub(rest, colon + 1, rest.len);
    if (!dw_slice_contains(ret_user->email, '@'))
        return dw_fail(reterr, DW_USAGE,
                       "--user needs EMAIL[:PASSWORD[:ROLE]], with the role \"%s\" or \"%s\"",
                       roles[0], roles[1]);
    if (!ret_user->password.len)
        ret_user->password = make_password(arena);
    return ret_user->password.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_dev_users(struct dw_slices options, struct dw_arena *arena,
                  const struct dw_tenant_dev_user **ret_users, size_t *ret_count,
                  struct dw_error *reterr)
{
    const struct dw_slice standard[] = {
        DW_LIT("user@example.com::" DW_TENANT_ROLE_USER),
        DW_LIT("admin@example.com::" DW_TENANT_ROLE_ADMIN),
    };
    struct dw_tenant_dev_user *users;

    if (!options.count)
        options = (struct dw_slices){standard, 2};
    users = dw_arena_new_array(arena, options.count, sizeof *users);
    if (!users)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < options.count; i++)
        if (!read_user(options.items[i], arena, &users[i], reterr))
            return false;
    *ret_users = users;
    *ret_count = options.count;
    return true;
}
