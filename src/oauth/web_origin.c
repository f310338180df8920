/* Origins and their keys; see web_origin.h. */
#include "oauth/web_origin.h"

#include "http/url.h"

static bool is_lower_case(struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z')
            return false;
    return true;
}

bool dw_web_origin_is_sound(struct dw_slice origin)
{
    struct dw_url url;

    return origin.len <= DW_WEB_ORIGIN_MAX_BYTES && !dw_slice_contains(origin, '*') &&
           is_lower_case(origin) && dw_url_parse(origin, &url, NULL) && url.host.len > 0 &&
           url.path.len == 0 && !url.has_userinfo && !url.has_query && !url.has_fragment;
}

static bool is_loopback(const struct dw_url *url)
{
    return dw_url_has_scheme(url, "http") && dw_url_is_loopback_host(url->host);
}

struct dw_slice dw_web_origin_wider(struct dw_slice origin, struct dw_arena *arena)
{
    struct dw_slice scheme, rest;
    struct dw_url url;

    if (!dw_url_parse(origin, &url, NULL))
        return DW_EMPTY;
    scheme = dw_slice_sub(origin, 0, url.scheme.len + strlen("://"));
    if (is_loopback(&url))
        return dw_arena_printf(arena, url.is_ipv6 ? "%.*s[%.*s]:*" : "%.*s%.*s:*", DW_PRINT(scheme),
                               DW_PRINT(url.host));
    rest = dw_slice_sub(origin, scheme.len, origin.len);
    rest = dw_slice_sub(rest, dw_slice_index(rest, '.'), rest.len);
    return dw_arena_printf(arena, "%.*s*%.*s", DW_PRINT(scheme), DW_PRINT(rest));
}
