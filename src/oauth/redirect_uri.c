/* Redirect URIs: the whole security of the code flow hangs on refusing the wrong ones, so
 * everything that is not known to be good is refused. */
#include "oauth/redirect_uri.h"

#include "base/text.h"
#include "http/url.h"
#include "oauth/allowed_url.h"

/* Schemes that a browser or the desktop acts on by itself. */
static const char *const dangerous_schemes[] = {"about",
                                                "blob",
                                                "chrome",
                                                "chrome-extension",
                                                "data",
                                                "feed",
                                                "file",
                                                "filesystem",
                                                "ftp",
                                                "intent",
                                                "jar",
                                                "javascript",
                                                "livescript",
                                                "mailto",
                                                "mhtml",
                                                "mocha",
                                                "moz-extension",
                                                "resource",
                                                "search-ms",
                                                "sms",
                                                "tel",
                                                "urn",
                                                "vbscript",
                                                "view-source",
                                                "ws",
                                                "wss",
                                                "wyciwyg",
                                                "x-javascript",
                                                NULL};

static bool is_dangerous(struct dw_slice scheme)
{
    struct dw_slice rest = scheme;

    if (dw_slice_eat_nocase(&rest, DW_LIT("ms-")))
        return true; /* Windows hands these to its own programs */
    for (const char *const *name = dangerous_schemes; *name; name++)
        if (dw_slice_eq_nocase(scheme, dw_slice_from_text(*name)))
            return true;
    return false;
}

static bool refuse(struct dw_slice uri, const char *why, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REDIRECT_URI, "the redirect URI %.*s %s",
                   (int)(uri.len > 80 ? 80 : uri.len), uri.ptr ? uri.ptr : "", why);
}

static bool is_web(const struct dw_url *url)
{
    return dw_url_has_scheme(url, "https") || dw_url_has_scheme(url, "http");
}

/* RFC 8252 7.1: a private-use scheme is a reversed domain name and so has a dot. Some clients in
 * the field have none but an authority: cursor://, vscode://. */
static bool check_private_use(struct dw_slice uri, const struct dw_url *url,
                              struct dw_error *reterr)
{
    if (is_dangerous(url->scheme))
        return refuse(uri, "has a scheme that is not allowed", reterr);
    if (!dw_slice_contains(url->scheme, '.') && !(url->has_authority && url->host.len > 0))
        return refuse(uri, "has a private-use scheme without a dot and without //host", reterr);
    return true;
}

bool dw_redirect_uri_check(struct dw_slice uri, struct dw_error *reterr)
{
    struct dw_url url;
    struct dw_error ignored;

    if (uri.len > DW_REDIRECT_URI_MAX_BYTES)
        return refuse(uri, "is too long", reterr);
    if (!dw_text_is_printable_ascii(uri) || !dw_url_parse(uri, &url, &ignored))
        return refuse(uri, "is not an absolute URI", reterr);
    if (url.has_fragment) /* RFC 6749 3.1.2 MUST NOT */
        return refuse(uri, "has a fragment", reterr);
    if (url.has_userinfo)
        return refuse(uri, "has a user name", reterr);
    if (dw_url_has_dot_segments(&url))
        return refuse(uri, "has . or .. segments", reterr);
    if (dw_slice_contains(uri, '*'))
        return refuse(uri, "has a wildcard", reterr);
    if (url.has_port && url.port == 0)
        return refuse(uri, "has no valid port", reterr);
    if (dw_url_has_scheme(&url, "http") && !dw_url_is_loopback_host(url.host))
        return refuse(uri, "must be https, or http on 127.0.0.1, [::1] or localhost", reterr);
    return is_web(&url) || check_private_use(uri, &url, reterr);
}

/* With a letter for the placeholder it must be a redirect URI like any other. */
static bool check_pattern(struct dw_slice uri, struct dw_error *reterr)
{
    char text[DW_REDIRECT_URI_MAX_BYTES];
    size_t star = dw_slice_index(uri, '*');

    if (uri.len > sizeof text)
        return refuse(uri, "is too long", reterr);
    if (!dw_slice_starts_with(uri, DW_LIT("https://")) || !dw_allowed_url_is_pattern(uri))
        return refuse(uri, "has a wildcard elsewhere than in a subdomain of an https host", reterr);
    memcpy(text, uri.ptr, uri.len);
    text[star] = 'x';
    return dw_redirect_uri_check(dw_slice_from(text, uri.len), reterr);
}

static bool check_all(struct dw_slices uris, bool may_have_patterns, struct dw_error *reterr)
{
    if (uris.count > DW_REDIRECT_URIS_MAX)
        return dw_fail(reterr, DW_INVALID_REDIRECT_URI, "over %d redirect URIs",
                       DW_REDIRECT_URIS_MAX);
    for (size_t at = 0; at < uris.count; at++) {
        bool is_pattern = may_have_patterns && dw_slice_contains(uris.items[at], '*');

        if (!(is_pattern ? check_pattern : dw_redirect_uri_check)(uris.items[at], reterr))
            return false;
        if (dw_slices_have((struct dw_slices){uris.items, at}, uris.items[at]))
            return refuse(uris.items[at], "is there twice", reterr);
    }
    return true;
}

bool dw_redirect_uris_check(struct dw_slices uris, struct dw_error *reterr)
{
    return check_all(uris, false, reterr);
}

bool dw_redirect_uris_check_client(const struct dw_oauth_client *client, struct dw_error *reterr)
{
    return check_all(client->redirect_uris, client->is_first_party, reterr);
}

/* Auth0's subdomain placeholders, for applications that are ours and made by an operator. */
static bool fits_pattern(const struct dw_oauth_client *client, struct dw_slice uri)
{
    struct dw_error ignored;

    if (!client->is_first_party || client->kind != DW_CLIENT_STATIC ||
        !dw_redirect_uri_check(uri, &ignored))
        return false;
    for (size_t at = 0; at < client->redirect_uris.count; at++)
        if (dw_slice_starts_with(client->redirect_uris.items[at], DW_LIT("https://")) &&
            dw_allowed_url_fits(client->redirect_uris.items[at], uri))
            return true;
    return false;
}

/* An http URI on loopback that could have been registered. */
static bool parse_loopback(struct dw_slice uri, struct dw_url *ret_url)
{
    struct dw_error ignored;

    return dw_redirect_uri_check(uri, &ignored) && dw_url_parse(uri, ret_url, &ignored) &&
           dw_url_has_scheme(ret_url, "http");
}

/* RFC 8252 7.3 MUST: any port at the time of the request. All else byte for byte; `localhost` and
 * 127.0.0.1 are two hosts. */
static bool differs_in_port_only(const struct dw_url *a, const struct dw_url *b)
{
    return dw_slice_eq(a->scheme, b->scheme) && dw_slice_eq(a->host, b->host) &&
           a->is_ipv6 == b->is_ipv6 && dw_slice_eq(a->path, b->path) &&
           a->has_query == b->has_query && dw_slice_eq(a->query, b->query);
}

bool dw_redirect_uri_matches(struct dw_slice uri, struct dw_slices registered,
                             bool any_loopback_port)
{
    struct dw_url wanted, known;

    if (uri.len == 0)
        return false;
    if (dw_slices_have(registered, uri)) /* RFC 9700 2.1 MUST: exact */
        return true;
    if (!any_loopback_port || !parse_loopback(uri, &wanted))
        return false;
    for (size_t at = 0; at < registered.count; at++)
        if (parse_loopback(registered.items[at], &known) && differs_in_port_only(&wanted, &known))
            return true;
    return false;
}

bool dw_redirect_uri_choose(const struct dw_oauth_client *client, struct dw_slice requested,
                            struct dw_slice *ret_uri, struct dw_error *reterr)
{
    bool any_loopback_port = client->kind != DW_CLIENT_STATIC || client->app_type == DW_APP_NATIVE;

    if (requested.len == 0) {
        if (client->redirect_uris.count != 1 ||
            dw_slice_contains(client->redirect_uris.items[0], '*'))
            return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: redirect_uri");
        *ret_uri = client->redirect_uris.items[0];
        return true;
    }
    if (dw_slice_contains(requested, '*') ||
        (!dw_redirect_uri_matches(requested, client->redirect_uris, any_loopback_port) &&
         !fits_pattern(client, requested)))
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Callback URL mismatch. %.*s is not in the list of allowed callback URLs",
                       (int)(requested.len > 80 ? 80 : requested.len), requested.ptr);
    *ret_uri = requested;
    return true;
}

bool dw_redirect_uri_is_loopback(struct dw_slice uri)
{
    struct dw_url url;

    return parse_loopback(uri, &url);
}

bool dw_redirect_uri_is_private_use(struct dw_slice uri)
{
    struct dw_url url;
    struct dw_error ignored;

    return dw_url_parse(uri, &url, &ignored) && !is_web(&url);
}
