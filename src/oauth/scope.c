/* Sets of scope names. Sets are small (DW_SCOPES_MAX), so they are compared name by name. */
#include "oauth/scope.h"

#include "base/buf.h"

const char *const dw_scope_oidc_names[] = {
    "openid",      "profile",    "offline_access", "name",           "given_name",
    "family_name", "nickname",   "email",          "email_verified", "picture",
    "created_at",  "identities", "phone",          "address",        NULL};

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_scope_is_oidc(struct dw_slice name)
{
    for (const char *const *known = dw_scope_oidc_names; *known; known++)
        if (dw_slice_eq(name, dw_slice_from_text(*known)))
            return true;
    return false;
}

/* RFC 6749 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
bool dw_scope_is_name(struct dw_slice name)
{
    for (size_t at = 0; at < name.len; at++) {
        unsigned char byte = (unsigned char)name.ptr[at];

        if (byte <= 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
            return false;
    }
    return name.len > 0;
}

bool dw_scopes_parse(struct dw_slice text, struct dw_arena *arena, struct dw_slices *ret_scopes,
                     struct dw_error *reterr)
{
    struct dw_slice *items;
    struct dw_slice rest = text;
    struct dw_slice name;
    size_t count = 0;
    size_t room = 0;

    if (text.len > DW_SCOPE_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_SCOPE, "scope has over %d bytes", DW_SCOPE_MAX_BYTES);
    for (size_t at = 0; at < text.len; at++)
        room += text.ptr[at] == ' ';
    items = dw_arena_new_array(arena, room + 1, sizeof *items);
    if (!items)
        return no_memory(reterr);
    while (dw_slice_split(&rest, ' ', &name)) {
        if (name.len == 0 || dw_slices_have((struct dw_slices){items, count}, name))
            continue;
        if (!dw_scope_is_name(name))
            return dw_fail(reterr, DW_INVALID_SCOPE,
                           "scope has a character that RFC 6749 section 3.3 does not allow");
        if (count == DW_SCOPES_MAX)
            return dw_fail(reterr, DW_INVALID_SCOPE, "scope has over %d names", DW_SCOPES_MAX);
        items[count++] = name;
    }
    *ret_scopes = (struct dw_slices){items, count};
    return true;
}

bool dw_scopes_text(struct dw_slices scopes, struct dw_arena *arena, struct dw_slice *ret_text,
                    struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);

    for (size_t at = 0; at < scopes.count; at++) {
        if (at)
            dw_buf_add_byte(&buf, ' ');
        dw_buf_add(&buf, scopes.items[at]);
    }
    return dw_buf_finish(&buf, ret_text, reterr);
}

/* Those of `from` that are in `filter` (or are not, when !wanted), after `start`, without doubles.
 */
static bool select_names(struct dw_slices start, struct dw_slices from, struct dw_slices filter,
                         bool wanted, struct dw_arena *arena, struct dw_slices *ret_scopes,
                         struct dw_error *reterr)
{
    struct dw_slice *items = dw_arena_new_array(arena, start.count + from.count + 1, sizeof *items);
    size_t count = 0;

    if (!items)
        return no_memory(reterr);
    for (size_t at = 0; at < start.count; at++)
        if (!dw_slices_have((struct dw_slices){items, count}, start.items[at]))
            items[count++] = start.items[at];
    for (size_t at = 0; at < from.count; at++)
        if (dw_slices_have(filter, from.items[at]) == wanted &&
            !dw_slices_have((struct dw_slices){items, count}, from.items[at]))
            items[count++] = from.items[at];
    *ret_scopes = (struct dw_slices){items, count};
    return true;
}

bool dw_scopes_both(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                    struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    return select_names((struct dw_slices){NULL, 0}, a, b, true, arena, ret_scopes, reterr);
}

bool dw_scopes_without(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                       struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    return select_names((struct dw_slices){NULL, 0}, a, b, false, arena, ret_scopes, reterr);
}

bool dw_scopes_either(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                      struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    return select_names(a, b, a, false, arena, ret_scopes, reterr);
}

bool dw_scopes_are_within(struct dw_slices inner, struct dw_slices outer)
{
    for (size_t at = 0; at < inner.count; at++)
        if (!dw_slices_have(outer, inner.items[at]))
            return false;
    return true;
}
