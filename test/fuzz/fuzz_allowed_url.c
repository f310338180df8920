/* A URL that is allowed has the scheme and the last two labels of the allowed one: whatever stands
 * before them, the placeholder cannot lead anywhere else. */
#include "fuzz_http.h"
#include "http/url.h"
#include "oauth/allowed_url.h"

static void check(const char *pattern, const char *scheme, const char *suffix,
                  struct dw_slice wanted)
{
    struct dw_slice allowed = dw_slice_from_text(pattern);
    struct dw_slices list = {&allowed, 1};
    struct dw_slice end = dw_slice_from_text(suffix);
    struct dw_url url;
    bool is_allowed = dw_allowed_url(list, wanted);

    if (!is_allowed && !dw_allowed_origin(list, wanted))
        return;
    REQUIRE(dw_url_parse(wanted, &url, NULL));
    REQUIRE(dw_url_has_scheme(&url, scheme) && !url.has_userinfo && !url.is_ipv6);
    REQUIRE(url.host.len > end.len);
    REQUIRE(dw_slice_eq_nocase(dw_slice_sub(url.host, url.host.len - end.len, end.len), end));
    REQUIRE(!dw_slice_contains(dw_slice_sub(url.host, 0, url.host.len - end.len), '.'));
    REQUIRE(!is_allowed || dw_slice_eq(url.path, DW_LIT("/bye")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_slice rest = dw_slice_from((const char *)data, size);
    size_t end = dw_slice_index(rest, '\n');
    struct dw_slice pattern = dw_slice_sub(rest, 0, end);
    struct dw_slices list = {&pattern, 1};

    check("https://*.example.com/bye", "https", ".example.com", rest);
    check("http://app-*.example.com/bye", "http", ".example.com", rest);
    /* any pattern: nothing with a placeholder of its own is ever allowed */
    rest = dw_slice_sub(rest, end + 1, rest.len);
    if (dw_allowed_url(list, rest) || dw_allowed_origin(list, rest))
        REQUIRE(!dw_slice_contains(rest, '*'));
    return 0;
}
