/* An Origin field that is sound goes back into an answer: it is one line without white space, has
 * no placeholder, and its wider key has exactly one. */
#include "fuzz_http.h"
#include "http/url.h"
#include "oauth/web_origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_slice origin = dw_slice_from((const char *)data, size), wider;
    struct dw_arena *arena;
    struct dw_url url;
    size_t star;

    if (!dw_web_origin_is_sound(origin))
        return 0;
    REQUIRE(origin.len <= DW_WEB_ORIGIN_MAX_BYTES);
    for (size_t i = 0; i < origin.len; i++)
        REQUIRE(origin.ptr[i] > ' ' && origin.ptr[i] < 0x7F && origin.ptr[i] != '*');
    REQUIRE(dw_url_parse(origin, &url, NULL));
    REQUIRE(url.path.len == 0 && !url.has_query && !url.has_fragment && !url.has_userinfo);
    arena = dw_arena_new((size_t)1 << 16);
    wider = dw_web_origin_wider(origin, arena);
    star = dw_slice_index(wider, '*');
    REQUIRE(star < wider.len);
    REQUIRE(!dw_slice_contains(dw_slice_sub(wider, star + 1, wider.len), '*'));
    dw_arena_free(arena);
    return 0;
}
