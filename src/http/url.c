/* URLs by the grammar of RFC 3986, as bytes. */
#include "http/url.h"

#include "base/text.h"
#include "http/chars_internal.h"

static bool fail_part(struct dw_error *reterr, const char *part)
{
    return dw_fail(reterr, DW_MALFORMED, "the %s of the URL is not valid", part);
}

/* ---- hosts ---- */

/* Four decimal numbers without leading zeros, and nothing else. */
static bool is_ipv4(struct dw_slice text)
{
    int dots = 0, value = 0;
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && digits && dots < 3) {
            dots++;
            digits = 0;
            value = 0;
        } else if (dw_char_is(text.ptr[i], DW_CHAR_DIGIT) && (digits == 0 || value > 0)) {
            digits++;
            value = value * 10 + (text.ptr[i] - '0');
        } else {
            return false;
        }
        if (value > 255)
            return false;
    }
    return dots == 3 && digits > 0;
}

/* RFC 3986 3.2.2 IPv6address, without a zone. */
static bool is_ipv6(struct dw_slice text)
{
    int groups = 0;
    bool has_gap = false;

    while (text.len) {
        size_t digits = dw_chars_span(text.ptr, text.ptr + text.len, DW_CHAR_HEX);

        if (dw_slice_starts_with(text, DW_LIT("::"))) {
            if (has_gap)
                return false;
            has_gap = true;
            text = dw_slice_sub(text, 2, text.len);
            continue;
        }
        if (groups > 0 && text.ptr[0] == ':') { /* between two groups */
            text = dw_slice_sub(text, 1, text.len);
            digits = dw_chars_span(text.ptr, text.ptr + text.len, DW_CHAR_HEX);
        } else if (groups > 0 && !has_gap) {
            return false;
        }
        if (digits < text.len && text.ptr[digits] == '.') { /* the last 32 bits */
            groups += 2;
            return is_ipv4(text) && (has_gap ? groups <= 7 : groups == 8);
        }
        if (digits == 0 || digits > 4)
            return false;
        groups++;
        text = dw_slice_sub(text, digits, text.len);
    }
    return has_gap ? groups <= 7 : groups == 8;
}

/* The last label is a number ("1", "0x7f"): some readers take such a host for an IPv4 address. */
static bool ends_in_number(struct dw_slice host)
{
    size_t start, end = host.len;
    struct dw_slice label;

    if (end && host.ptr[end - 1] == '.')
        end--;
    for (start = end; start > 0 && host.ptr[start - 1] != '.';)
        start--;
    label = dw_slice_sub(host, start, end - start);
    if (!dw_char_is(label.len ? label.ptr[0] : '\0', DW_CHAR_DIGIT))
        return false;
    if (dw_slice_eat_nocase(&label, DW_LIT("0x")))
        return dw_chars_span(label.ptr, label.ptr + label.len, DW_CHAR_HEX) == label.len;
    return dw_chars_span(label.ptr, label.ptr + label.len, DW_CHAR_DIGIT) == label.len;
}

/* A name or an IPv4 address. Also "a_b", which container networks use. */
static bool is_host_name(struct dw_slice host)
{
    size_t label = 0;

    if (host.len == 0 || host.len > 255)
        return false;
    if (dw_char_is(host.ptr[0], DW_CHAR_DIGIT) && is_ipv4(host))
        return true;
    for (size_t i = 0; i < host.len; i++) {
        if (!dw_char_is(host.ptr[i], DW_CHAR_HOST))
            return false;
        if (host.ptr[i] != '.') {
            label++;
            continue;
        }
        if (label == 0)
            return false;
        label = 0;
    }
    return !ends_in_number(host);
}

static bool parse_port(struct dw_slice text, int *ret_port)
{
    int port = 0;

    if (text.len == 0 || text.len > 5 || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!dw_char_is(text.ptr[i], DW_CHAR_DIGIT))
            return false;
        port = port * 10 + (text.ptr[i] - '0');
    }
    *ret_port = port;
    return port <= 65535;
}

/* host may come out empty; whether it may be is for the caller. */
static bool split_authority(struct dw_slice text, struct dw_slice *ret_host, int *ret_port,
                            bool *ret_is_ipv6, struct dw_error *reterr)
{
    size_t at = dw_slice_index(text, ':');

    *ret_port = 0;
    *ret_is_ipv6 = text.len && text.ptr[0] == '[';
    if (*ret_is_ipv6) {
        at = dw_slice_index(text, ']');
        *ret_host = dw_slice_sub(text, 1, at - 1);
        if (at == text.len || !is_ipv6(*ret_host))
            return fail_part(reterr, "host");
        at++;
    } else {
        *ret_host = dw_slice_sub(text, 0, at);
        if (ret_host->len && !is_host_name(*ret_host))
            return fail_part(reterr, "host");
    }
    if (at == text.len)
        return true;
    if (text.ptr[at] != ':' || !parse_port(dw_slice_sub(text, at + 1, text.len), ret_port))
        return fail_part(reterr, "port");
    return true;
}

bool dw_url_parse_authority(struct dw_slice text, struct dw_slice *ret_host, int *ret_port,
                            struct dw_error *reterr)
{
    bool is_bracketed;

    if (!split_authority(text, ret_host, ret_port, &is_bracketed, reterr))
        return false;
    return ret_host->len ? true : fail_part(reterr, "host");
}

bool dw_url_is_loopback_host(struct dw_slice host)
{
    if (dw_slice_eq_nocase(host, DW_LIT("localhost")) || dw_slice_eq(host, DW_LIT("::1")))
        return true;
    return dw_slice_starts_with(host, DW_LIT("127.")) && is_ipv4(host);
}

/* ---- parsing ---- */

/* Bytes of the path class and those of `extra`; every '%' with two hex digits. */
static bool is_component(struct dw_slice text, const char *extra)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '%') {
            if (text.len - i < 3 || dw_char_hex(text.ptr[i + 1]) < 0 ||
                dw_char_hex(text.ptr[i + 2]) < 0)
                return false;
            i += 2;
        } else if (!dw_char_is(text.ptr[i], DW_CHAR_PATH) &&
                   (text.ptr[i] == '\0' || !strchr(extra, text.ptr[i]))) {
            return false;
        }
    }
    return true;
}

static bool take_scheme(struct dw_slice *rest, struct dw_url *url)
{
    size_t at = 0;

    while (at < rest->len && (dw_char_is(rest->ptr[at], DW_CHAR_ALPHA | DW_CHAR_DIGIT) ||
                              strchr("+-.", rest->ptr[at])))
        if (rest->ptr[at++] == '\0')
            return false;
    if (at == 0 || at == rest->len || rest->ptr[at] != ':' ||
        !dw_char_is(rest->ptr[0], DW_CHAR_ALPHA))
        return false;
    url->scheme = dw_slice_sub(*rest, 0, at);
    *rest = dw_slice_sub(*rest, at + 1, rest->len);
    return true;
}

/* Takes what stands behind `mark` off the end, if the mark is there. */
static bool take_tail(struct dw_slice *rest, char mark, struct dw_slice *ret_tail)
{
    size_t at = dw_slice_index(*rest, mark);

    *ret_tail = dw_slice_sub(*rest, at + 1, rest->len);
    if (at == rest->len)
        return false;
    *rest = dw_slice_sub(*rest, 0, at);
    return true;
}

static int default_port(const struct dw_url *url)
{
    if (dw_url_has_scheme(url, "https"))
        return 443;
    return dw_url_has_scheme(url, "http") ? 80 : 0;
}

static bool take_authority(struct dw_slice *rest, struct dw_url *url, struct dw_error *reterr)
{
    struct dw_slice authority;
    size_t at;

    url->host = url->userinfo = DW_EMPTY;
    url->has_authority = dw_slice_eat(rest, DW_LIT("//"));
    if (!url->has_authority)
        return default_port(url) == 0 ? true : fail_part(reterr, "host");
    at = dw_slice_index(*rest, '/');
    authority = dw_slice_sub(*rest, 0, at);
    *rest = dw_slice_sub(*rest, at, rest->len);
    at = dw_slice_index(authority, '@');
    if (at < authority.len) {
        url->has_userinfo = true;
        url->userinfo = dw_slice_sub(authority, 0, at);
        authority = dw_slice_sub(authority, at + 1, authority.len);
        if (!is_component(url->userinfo, "") || dw_slice_contains(url->userinfo, '/'))
            return fail_part(reterr, "userinfo");
    }
    if (!split_authority(authority, &url->host, &url->port, &url->is_ipv6, reterr))
        return false;
    url->has_port = url->port != 0;
    if (!url->has_port)
        url->port = default_port(url);
    if (url->host.len == 0 && (default_port(url) != 0 || url->has_port || url->has_userinfo))
        return fail_part(reterr, "host");
    return true;
}

bool dw_url_parse(struct dw_slice text, struct dw_url *ret_url, struct dw_error *reterr)
{
    struct dw_url url = {0};
    struct dw_slice rest = text;

    if (text.len > DW_URL_MAX_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "the URL is longer than %d bytes", DW_URL_MAX_BYTES);
    if (!take_scheme(&rest, &url))
        return fail_part(reterr, "scheme");
    url.has_fragment = take_tail(&rest, '#', &url.fragment);
    url.has_query = take_tail(&rest, '?', &url.query);
    if (!take_authority(&rest, &url, reterr))
        return false;
    url.path = rest;
    if (!is_component(url.path, ""))
        return fail_part(reterr, "path");
    if (!is_component(url.query, "?"))
        return fail_part(reterr, "query");
    if (!is_component(url.fragment, "?"))
        return fail_part(reterr, "fragment");
    *ret_url = url;
    return true;
}

bool dw_url_has_scheme(const struct dw_url *url, const char *scheme)
{
    return dw_slice_eq_nocase(url->scheme, dw_slice_from_text(scheme));
}

bool dw_url_same_origin(const struct dw_url *a, const struct dw_url *b)
{
    return a->host.len && b->host.len && dw_slice_eq_nocase(a->scheme, b->scheme) &&
           dw_slice_eq_nocase(a->host, b->host) && a->port == b->port;
}

/* ---- normal forms ---- */

static bool is_dots(struct dw_slice segment)
{
    int dots = 0;

    while (segment.len) {
        if (!dw_slice_eat(&segment, DW_LIT(".")) && !dw_slice_eat_nocase(&segment, DW_LIT("%2e")))
            return false;
        dots++;
    }
    return dots == 1 || dots == 2;
}

bool dw_url_has_dot_segments(const struct dw_url *url)
{
    struct dw_slice rest = url->path, segment;

    while (dw_slice_split(&rest, '/', &segment))
        if (is_dots(segment))
            return true;
    return false;
}

static void add_lower(struct dw_buf *buf, struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        dw_buf_add_byte(buf, dw_char_lower(text.ptr[i]));
}

static void add_percent(struct dw_buf *buf, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[3] = {'%', digits[byte >> 4], digits[byte & 15]};

    dw_buf_add(buf, dw_slice_from(text, sizeof text));
}

/* RFC 3986 6.2.2.1 and 6.2.2.2. */
static void add_component(struct dw_buf *buf, struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (byte != '%') {
            dw_buf_add_byte(buf, byte);
            continue;
        }
        byte = (char)(dw_char_hex(text.ptr[i + 1]) * 16 + dw_char_hex(text.ptr[i + 2]));
        i += 2;
        if (dw_char_is(byte, DW_CHAR_UNRESERVED))
            dw_buf_add_byte(buf, byte);
        else
            add_percent(buf, (unsigned char)byte);
    }
}

/* RFC 3986 5.2.4 for a path that starts with '/'. */
static void add_path(struct dw_buf *buf, struct dw_slice path)
{
    size_t start = buf->len;
    struct dw_slice rest = dw_slice_sub(path, 1, path.len), segment;
    bool is_last;

    do {
        size_t at = dw_slice_index(rest, '/');

        is_last = at == rest.len;
        segment = dw_slice_sub(rest, 0, at);
        rest = dw_slice_sub(rest, at + 1, rest.len);
        if (!is_dots(segment)) {
            dw_buf_add_byte(buf, '/');
            add_component(buf, segment);
            continue;
        }
        if (segment.len == 2 ? segment.ptr[0] == '.' : segment.len > 3)
            while (buf->len > start && buf->ptr[--buf->len] != '/')
                ;
        if (is_last)
            dw_buf_add_byte(buf, '/');
    } while (!is_last);
}

static void add_origin(struct dw_buf *buf, const struct dw_url *url, bool has_userinfo)
{
    add_lower(buf, url->scheme);
    dw_buf_add(buf, DW_LIT("://"));
    if (has_userinfo) {
        dw_buf_add(buf, url->userinfo);
        dw_buf_add_byte(buf, '@');
    }
    if (url->is_ipv6)
        dw_buf_add_byte(buf, '[');
    add_lower(buf, url->host);
    if (url->is_ipv6)
        dw_buf_add_byte(buf, ']');
    if (url->has_port && url->port != default_port(url)) {
        dw_buf_add_byte(buf, ':');
        dw_buf_add_int(buf, url->port);
    }
}

bool dw_url_normal(const struct dw_url *url, struct dw_arena *arena, struct dw_slice *ret_text,
                   struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);

    if (url->has_authority) {
        add_origin(&buf, url, url->has_userinfo);
    } else {
        add_lower(&buf, url->scheme);
        dw_buf_add_byte(&buf, ':');
    }
    /* Without an authority, "x:/..//a" must not become "x://a". */
    if (url->has_authority && url->path.len)
        add_path(&buf, url->path);
    else if (url->path.len)
        add_component(&buf, url->path);
    else if (default_port(url) != 0)
        dw_buf_add_byte(&buf, '/');
    if (url->has_query) {
        dw_buf_add_byte(&buf, '?');
        add_component(&buf, url->query);
    }
    if (url->has_fragment) {
        dw_buf_add_byte(&buf, '#');
        add_component(&buf, url->fragment);
    }
    return dw_buf_finish(&buf, ret_text, reterr);
}

bool dw_url_origin(const struct dw_url *url, struct dw_arena *arena, struct dw_slice *ret_text,
                   struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);

    if (url->host.len == 0)
        return fail_part(reterr, "host");
    add_origin(&buf, url, false);
    return dw_buf_finish(&buf, ret_text, reterr);
}

/* ---- percent signs ---- */

bool dw_url_decode(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                   struct dw_error *reterr)
{
    size_t len = 0;
    char *bytes;

    if (!dw_slice_contains(text, '%') && !dw_slice_contains(text, '\0')) {
        *ret_bytes = text;
        return true;
    }
    bytes = dw_arena_alloc(arena, text.len);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "decoding a part of a URL");
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (byte == '%') {
            if (text.len - i < 3 || dw_char_hex(text.ptr[i + 1]) < 0 ||
                dw_char_hex(text.ptr[i + 2]) < 0)
                return dw_fail(reterr, DW_MALFORMED, "a '%%' without two hex digits in the URL");
            byte = (char)(dw_char_hex(text.ptr[i + 1]) * 16 + dw_char_hex(text.ptr[i + 2]));
            i += 2;
        }
        if (byte == '\0')
            return dw_fail(reterr, DW_MALFORMED, "a NUL in the URL");
        bytes[len++] = byte;
    }
    *ret_bytes = dw_slice_from(bytes, len);
    return true;
}

void dw_url_add_encoded(struct dw_buf *buf, struct dw_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (dw_char_is(bytes.ptr[i], DW_CHAR_UNRESERVED))
            dw_buf_add_byte(buf, bytes.ptr[i]);
        else
            add_percent(buf, (unsigned char)bytes.ptr[i]);
    }
}
