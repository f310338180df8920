/* The normal form of a URL is a URL, the normal form of itself, and of the same origin. */
#include "fuzz_http.h"
#include "http/url.h"

static void check(const struct dw_url *url, struct dw_arena *arena)
{
    struct dw_slice normal, again, origin;
    struct dw_error error;
    struct dw_url second;

    REQUIRE(dw_url_normal(url, arena, &normal, &error));
    REQUIRE(dw_url_parse(normal, &second, &error) || normal.len > DW_URL_MAX_BYTES);
    if (normal.len > DW_URL_MAX_BYTES)
        return;
    REQUIRE(dw_url_normal(&second, arena, &again, &error));
    REQUIRE(dw_slice_eq(normal, again));
    REQUIRE(dw_url_same_origin(url, &second) == (url->host.len > 0));
    REQUIRE(dw_url_is_loopback_host(url->host) == dw_url_is_loopback_host(second.host));
    REQUIRE(!second.has_authority || !dw_url_has_dot_segments(&second));
    if (url->host.len) {
        REQUIRE(dw_url_origin(url, arena, &origin, &error));
        REQUIRE(dw_url_parse(origin, &second, &error));
        REQUIRE(dw_url_same_origin(url, &second));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);
    struct dw_slice text = dw_slice_from((const char *)data, size), decoded;
    struct dw_error error = {0};
    struct dw_url url;

    if (dw_url_parse(text, &url, &error)) {
        check(&url, arena);
        if (!dw_url_decode(url.path, arena, &decoded, &error))
            REQUIRE(error.code == DW_MALFORMED); /* a NUL escape */
    } else {
        REQUIRE(error.code == DW_MALFORMED);
    }
    dw_arena_free(arena);
    return 0;
}
