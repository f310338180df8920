/* What strangers type as codes and names of a second factor: recovery codes read the same whichever
 * way they are written, masked addresses show no more than they should, and no name gets out of the
 * URI of a QR code. */
#include "base/text.h"
#include "fuzz_http.h"
#include "oauth/mfa.h"
#include "oauth/totp.h"

static size_t count_of(struct dw_slice text, char byte)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == byte;
    return count;
}

static void check_recovery_code(struct dw_slice text, struct dw_arena *arena)
{
    struct dw_slice plain = dw_recovery_code_plain(arena, text);

    REQUIRE(plain.len <= DW_RECOVERY_CODE_LEN + 1);
    REQUIRE(!dw_slice_contains(plain, ' ') && !dw_slice_contains(plain, '-'));
    REQUIRE(dw_slice_eq(dw_recovery_code_plain(arena, plain), plain));
}

static void check_mask(struct dw_slice text, struct dw_arena *arena)
{
    struct dw_slice masked = dw_mask_address(arena, text);

    REQUIRE(masked.len == text.len);
    if (!dw_slice_contains(text, '@') && text.len > 4)
        REQUIRE(count_of(dw_slice_sub(masked, 0, text.len - 4), 'X') == text.len - 4);
}

static void check_uri(struct dw_slice text, struct dw_arena *arena)
{
    struct dw_slice rest = text, issuer = DW_EMPTY;
    struct dw_slice uri;

    (void)!dw_slice_split(&rest, '\n', &issuer);
    uri = dw_totp_uri(arena, issuer, rest, DW_LIT("AAAA"));
    REQUIRE(uri.ptr && dw_text_is_printable_ascii(uri));
    REQUIRE(count_of(uri, '?') == 1 && count_of(uri, '&') == 4 && count_of(uri, '=') == 5 &&
            count_of(uri, '#') == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);
    struct dw_slice text = dw_slice_from((const char *)data, size < 4096 ? size : 4096);
    struct dw_error error;
    int64_t step = -1;

    check_recovery_code(text, arena);
    check_mask(text, arena);
    check_uri(text, arena);
    REQUIRE(dw_totp_find_step(dw_secret_from(DW_LIT("12345678901234567890")), text, 59, 0, &step,
                              &error));
    REQUIRE(step == 0 || text.len == DW_TOTP_DIGITS);
    dw_arena_free(arena);
    return 0;
}
