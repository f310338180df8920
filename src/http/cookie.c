/* Cookies, read and written (RFC 6265bis). */
#include "http/cookie.h"

#include "http/chars_internal.h"
#include "http/field.h"

static bool is_cookie_value(struct dw_slice value)
{
    return value.len == 0 ||
           dw_chars_span(value.ptr, value.ptr + value.len, DW_CHAR_COOKIE) == value.len;
}

struct dw_slice dw_cookie_value(struct dw_http_fields fields, const char *name)
{
    const struct dw_slice none = {NULL, 0};
    struct dw_slice found = none, rest, pair, wanted = dw_slice_from_text(name);

    for (size_t i = 0; i < fields.count; i++) {
        if (!dw_slice_eq_nocase(fields.items[i].name, DW_LIT("cookie")))
            continue;
        rest = fields.items[i].value;
        while (dw_slice_split(&rest, ';', &pair)) {
            pair = dw_slice_trim(pair);
            if (!dw_slice_eat(&pair, wanted) || !dw_slice_eat(&pair, DW_LIT("=")))
                continue;
            if (!is_cookie_value(pair) || (found.ptr && !dw_slice_eq(found, pair)))
                return none;
            found = pair;
        }
    }
    return found;
}

/* RFC 6265bis 4.1.3. Browsers compare the prefix without case. */
static bool keeps_prefix_rules(const struct dw_cookie *cookie)
{
    struct dw_slice name = cookie->name;
    bool is_root = cookie->path.len == 0 || dw_slice_eq(cookie->path, DW_LIT("/"));

    if (dw_slice_eat_nocase(&name, DW_LIT("__Host-")))
        return cookie->is_secure && is_root;
    if (dw_slice_eat_nocase(&name, DW_LIT("__Secure-")))
        return cookie->is_secure;
    return cookie->same_site != DW_COOKIE_SAME_SITE_NONE || cookie->is_secure;
}

static bool is_cookie_path(struct dw_slice path)
{
    return path.len == 0 ||
           (path.ptr[0] == '/' && !dw_slice_contains(path, ';') &&
            dw_chars_span(path.ptr, path.ptr + path.len, DW_CHAR_PATH) == path.len);
}

bool dw_cookie_render(const struct dw_cookie *cookie, struct dw_arena *arena,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    static const char *const same_site[] = {"Lax", "Strict", "None"};
    struct dw_buf buf = dw_buf_in(arena);

    if (!dw_http_is_token(cookie->name) || !is_cookie_value(cookie->value) ||
        !is_cookie_path(cookie->path) || cookie->name.len + cookie->value.len > DW_COOKIE_MAX_BYTES)
        return dw_fail(reterr, DW_INTERNAL, "a cookie that cannot be sent was refused");
    if (!keeps_prefix_rules(cookie))
        return dw_fail(reterr, DW_INTERNAL, "a cookie breaks the rules of its name or SameSite");
    dw_buf_add(&buf, cookie->name);
    dw_buf_add_byte(&buf, '=');
    dw_buf_add(&buf, cookie->value);
    dw_buf_add(&buf, DW_LIT("; Path="));
    dw_buf_add(&buf, cookie->path.len ? cookie->path : DW_LIT("/"));
    if (cookie->max_age_s != 0) {
        dw_buf_add(&buf, DW_LIT("; Max-Age="));
        dw_buf_add_int(&buf, cookie->max_age_s < 0 ? 0 : cookie->max_age_s);
    }
    if (cookie->is_secure)
        dw_buf_add(&buf, DW_LIT("; Secure"));
    if (!cookie->is_readable_by_scripts)
        dw_buf_add(&buf, DW_LIT("; HttpOnly"));
    dw_buf_add(&buf, DW_LIT("; SameSite="));
    dw_buf_add(&buf, dw_slice_from_text(same_site[cookie->same_site]));
    return dw_buf_finish(&buf, ret_text, reterr);
}
