/* Method and path to a row of a table. */
#include "http/route.h"

#include "http/parse.h"

/* Takes the literal bytes that both begin with off both: most rows differ within a few. */
static bool eat_literal(const char **pattern, struct dw_slice *path)
{
    const char *at = *pattern;

    for (; *at != '\0' && *at != '{'; at++, path->ptr++, path->len--)
        if (path->len == 0 || *at != *path->ptr)
            return false;
    *pattern = at;
    return true;
}

/* Whether the pattern covers the path; fills the parameters. */
static bool matches(const char *pattern, struct dw_slice path, struct dw_route_match *match)
{
    match->parameter_count = 0;
    while (*pattern != '\0') {
        struct dw_slice name, value;

        if (!eat_literal(&pattern, &path))
            return false;
        if (*pattern == '\0')
            break;
        name = dw_slice_from(pattern + 1, strcspn(pattern + 1, "}"));
        pattern = name.ptr + name.len + 1;
        value = dw_slice_ends_with(name, DW_LIT("..."))
                    ? path
                    : dw_slice_sub(path, 0, dw_slice_index(path, '/'));
        if ((value.len == 0 && !dw_slice_ends_with(name, DW_LIT("..."))) ||
            match->parameter_count == DW_ROUTE_MAX_PARAMETERS)
            return false;
        match->parameters[match->parameter_count++] = value;
        path = dw_slice_sub(path, value.len, path.len);
    }
    return path.len == 0;
}

static void add_allow(struct dw_route_match *match, enum dw_http_method method)
{
    struct dw_slice text = dw_http_method_text(method);
    struct dw_slice allow = dw_slice_from_text(match->allow), rest = allow, part;

    while (dw_slice_split(&rest, ',', &part))
        if (dw_slice_eq(dw_slice_trim(part), text))
            return;
    /* All the methods there are fit. */
    if (allow.len + text.len + 3 > sizeof match->allow)
        return;
    if (allow.len) {
        memcpy(match->allow + allow.len, ", ", 2);
        allow.len += 2;
    }
    memcpy(match->allow + allow.len, text.ptr, text.len);
    match->allow[allow.len + text.len] = '\0';
}

bool dw_route_find(struct dw_route_table table, enum dw_http_method method, struct dw_slice path,
                   struct dw_route_match *ret_match, struct dw_error *reterr)
{
    const char *row = (const char *)table.first;
    enum dw_http_method wanted = method == DW_HTTP_HEAD ? DW_HTTP_GET : method;

    *ret_match = (struct dw_route_match){0};
    for (size_t i = 0; i < table.count; i++, row += table.row_bytes) {
        const struct dw_route *route = (const struct dw_route *)(const void *)row;

        if (!matches(route->pattern, path, ret_match))
            continue;
        if (route->method == method || route->method == wanted) {
            ret_match->route = route;
            return true;
        }
        add_allow(ret_match, route->method);
        if (route->method == DW_HTTP_GET)
            add_allow(ret_match, DW_HTTP_HEAD);
    }
    ret_match->parameter_count = 0;
    if (ret_match->allow[0])
        return dw_fail(reterr, DW_METHOD_NOT_ALLOWED, "this path takes %s only", ret_match->allow);
    return dw_fail(reterr, DW_NOT_FOUND, "there is nothing at this path");
}
