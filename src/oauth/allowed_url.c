/* Allowed URLs and origins, with placeholders for subdomains; see allowed_url.h. */
#include "oauth/allowed_url.h"

#include "http/url.h"

#define PLACEHOLDER '*'

static size_t end_of_path(struct dw_slice url)
{
    size_t query = dw_slice_index(url, '?'), fragment = dw_slice_index(url, '#');

    return query < fragment ? query : fragment;
}

/* Without query and fragment; *ret_has_any: whether there were some. */
static struct dw_slice bare(struct dw_slice url, bool *ret_has_any)
{
    size_t end = end_of_path(url);

    *ret_has_any = end < url.len;
    return dw_slice_sub(url, 0, end);
}

/* The host with its placeholder, of "https://app-*.example.com:8443/x". Empty: not such a URL. */
static struct dw_slice pattern_host(struct dw_slice pattern)
{
    struct dw_slice rest = pattern, host;
    size_t dots = 0, star;

    if (!dw_slice_eat(&rest, DW_LIT("https://")) && !dw_slice_eat(&rest, DW_LIT("http://")))
        return DW_EMPTY;
    for (host = DW_EMPTY; host.len < rest.len && !strchr(":/?#", rest.ptr[host.len]);)
        host = dw_slice_sub(rest, 0, host.len + 1);
    star = dw_slice_index(host, PLACEHOLDER);
    if (star == host.len || star > dw_slice_index(host, '.') ||
        dw_slice_contains(dw_slice_sub(host, star + 1, host.len), PLACEHOLDER))
        return DW_EMPTY;
    for (size_t i = 0; i < host.len; i++)
        dots += host.ptr[i] == '.';
    return dots >= 2 ? host : DW_EMPTY;
}

static bool is_label_text(struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", text.ptr[i]))
            return false;
    return text.len > 0;
}

/* What the placeholder would stand for, so that the two are equal up to the end of the host. */
static bool match_host(struct dw_slice host, struct dw_slice wanted)
{
    size_t star = dw_slice_index(wanted, PLACEHOLDER);
    struct dw_slice before = dw_slice_sub(wanted, 0, star);
    struct dw_slice after = dw_slice_sub(wanted, star + 1, wanted.len);

    return host.len > before.len + after.len &&
           dw_slice_eq_nocase(dw_slice_sub(host, 0, star), before) &&
           dw_slice_eq_nocase(dw_slice_sub(host, host.len - after.len, after.len), after) &&
           is_label_text(dw_slice_sub(host, star, host.len - before.len - after.len));
}

/* `parsed` is of `url`; `pattern` has a placeholder. Scheme, port and path are byte-equal. */
static bool matches(struct dw_slice pattern, struct dw_slice url, const struct dw_url *parsed,
                    bool only_origin)
{
    struct dw_slice wanted = pattern_host(pattern);
    struct dw_slice before, after;
    size_t host_at, host_end;

    if (wanted.len == 0 || !match_host(parsed->host, wanted))
        return false;
    before = dw_slice_sub(pattern, 0, (size_t)(wanted.ptr - pattern.ptr));
    after = dw_slice_sub(pattern, before.len + wanted.len, pattern.len);
    host_at = (size_t)(parsed->host.ptr - url.ptr);
    host_end = host_at + parsed->host.len;
    if (only_origin)
        after = dw_slice_sub(after, 0, dw_slice_index(after, '/'));
    return dw_slice_eq(dw_slice_sub(url, 0, host_at), before) &&
           dw_slice_eq(dw_slice_sub(url, host_end, url.len), after);
}

static bool is_sound(struct dw_slice url, struct dw_url *ret_parsed)
{
    return !dw_slice_contains(url, PLACEHOLDER) && dw_url_parse(url, ret_parsed, NULL) &&
           !ret_parsed->has_userinfo;
}

bool dw_allowed_url_is_pattern(struct dw_slice allowed)
{
    return pattern_host(allowed).len > 0;
}

bool dw_allowed_url_fits(struct dw_slice pattern, struct dw_slice url)
{
    struct dw_url parsed;

    return is_sound(url, &parsed) && matches(pattern, url, &parsed, false);
}

bool dw_allowed_url(struct dw_slices allowed, struct dw_slice url)
{
    struct dw_url parsed;

    if (!is_sound(url, &parsed))
        return false;
    for (size_t i = 0; i < allowed.count; i++) {
        bool has_more, ignored;
        struct dw_slice pattern = bare(allowed.items[i], &has_more);
        struct dw_slice plain = bare(url, &ignored);

        if (dw_slice_eq(allowed.items[i], url))
            return true;
        if (!has_more && (dw_slice_eq(pattern, plain) || matches(pattern, plain, &parsed, false)))
            return true;
    }
    return false;
}

bool dw_allowed_origin(struct dw_slices allowed, struct dw_slice url)
{
    struct dw_url parsed, other;
    struct dw_slice origin;

    if (!is_sound(url, &parsed) || parsed.host.len == 0)
        return false;
    /* "https://host:port": what stands before path, query and fragment. */
    origin = dw_slice_sub(url, 0, end_of_path(url));
    if (parsed.path.ptr && parsed.path.len > 0)
        origin = dw_slice_sub(url, 0, (size_t)(parsed.path.ptr - url.ptr));
    for (size_t i = 0; i < allowed.count; i++) {
        if (dw_url_parse(allowed.items[i], &other, NULL) && dw_url_same_origin(&parsed, &other))
            return true;
        if (matches(allowed.items[i], origin, &parsed, true))
            return true;
    }
    return false;
}
