/* A redirect URI that is taken is safe to send a browser to: printable, without user info,
 * fragment, dot segments or wildcard, and http only on loopback. The rest of the input is matched
 * against it.
 */
#include "fuzz_http.h"
#include "http/url.h"
#include "oauth/redirect_uri.h"

static void check_safe(struct dw_slice uri)
{
    struct dw_error error;
    struct dw_url url;

    REQUIRE(dw_url_parse(uri, &url, &error));
    REQUIRE(!url.has_fragment && !url.has_userinfo && !dw_url_has_dot_segments(&url));
    REQUIRE(!dw_url_has_scheme(&url, "javascript") && !dw_url_has_scheme(&url, "data"));
    REQUIRE(!dw_url_has_scheme(&url, "http") || dw_url_is_loopback_host(url.host));
    for (size_t at = 0; at < uri.len; at++)
        REQUIRE(uri.ptr[at] > 0x20 && uri.ptr[at] < 0x7f && uri.ptr[at] != '*');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_slice rest = dw_slice_from((const char *)data, size);
    size_t end = dw_slice_index(rest, '\n');
    struct dw_slice registered = dw_slice_sub(rest, 0, end);
    struct dw_slice wanted = dw_slice_sub(rest, end + 1, rest.len);
    struct dw_slices list = {&registered, 1};
    struct dw_error error = {0};

    if (!dw_redirect_uri_check(registered, &error)) {
        REQUIRE(error.code == DW_INVALID_REDIRECT_URI);
        return 0;
    }
    check_safe(registered);
    REQUIRE(dw_redirect_uri_matches(registered, list, false));
    if (dw_redirect_uri_matches(wanted, list, false))
        REQUIRE(dw_slice_eq(wanted, registered));
    if (dw_redirect_uri_matches(wanted, list, true)) {
        check_safe(wanted);
        REQUIRE(dw_slice_eq(wanted, registered) ||
                (dw_redirect_uri_is_loopback(wanted) && dw_redirect_uri_is_loopback(registered)));
    }
    return 0;
}
