/* A cookie that is read can be sent, and reads back; none that is sent can end its own line or
 * attribute. */
#include "fuzz_http.h"
#include "http/cookie.h"

static void require_round_trip(struct dw_slice value, struct dw_arena *arena)
{
    const struct dw_cookie cookie = {.name = DW_LIT("sid"), .value = value};
    struct dw_slice text;
    struct dw_error error;
    struct dw_http_field field = {DW_LIT("Cookie"), DW_EMPTY};

    if (value.len > DW_COOKIE_MAX_BYTES - cookie.name.len)
        return;
    REQUIRE(dw_cookie_render(&cookie, arena, &text, &error));
    field.value = dw_slice_sub(text, 0, dw_slice_index(text, ';'));
    REQUIRE(dw_slice_eq(dw_cookie_value((struct dw_http_fields){&field, 1}, "sid"), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);
    struct dw_slice text = dw_slice_from((const char *)data, size), rest = text, name, line, value;
    struct dw_http_field fields[2] = {{DW_LIT("cookie"), text}, {DW_LIT("Cookie"), DW_EMPTY}};
    struct dw_cookie cookie = {.is_secure = true};
    struct dw_error error;

    value = dw_cookie_value((struct dw_http_fields){fields, 2}, "sid");
    if (value.ptr)
        require_round_trip(value, arena);
    if (dw_slice_contains(text, '=') && dw_slice_split(&rest, '=', &name)) {
        cookie.name = name;
        cookie.value = rest;
        if (dw_cookie_render(&cookie, arena, &line, &error)) {
            REQUIRE(!dw_slice_contains(line, '\r') && !dw_slice_contains(line, '\n'));
            REQUIRE(dw_slice_eq(dw_slice_sub(line, text.len, line.len),
                                DW_LIT("; Path=/; Secure; HttpOnly; SameSite=Lax")));
        } else {
            REQUIRE(error.code == DW_INTERNAL);
        }
    }
    dw_arena_free(arena);
    return 0;
}
