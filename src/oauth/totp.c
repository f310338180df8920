/* The arithmetic of authenticator apps; see totp.h. */
#include "oauth/totp.h"

#include "base/buf.h"
#include "crypto/hmac.h"
#include "http/url.h"

bool dw_totp_code(struct dw_secret key, enum dw_digest_alg alg, int64_t step, int digits,
                  char ret_code[static DW_TOTP_MAX_DIGITS + 1], struct dw_error *reterr)
{
    unsigned char mac[DW_DIGEST_MAX_BYTES];
    char counter[8];
    uint32_t number;
    size_t at;

    if (digits < 6 || digits > DW_TOTP_MAX_DIGITS)
        return dw_fail(reterr, DW_INTERNAL, "a code has 6 to 8 digits");
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (char)((uint64_t)step >> (56 - 8 * i));
    if (!dw_hmac(alg, key, dw_slice_from(counter, sizeof counter), mac, reterr))
        return false;
    at = mac[dw_digest_size(alg) - 1] & 0x0f;
    number = ((uint32_t)mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
             (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        ret_code[i] = (char)('0' + number % 10);
    ret_code[digits] = '\0';
    return true;
}

bool dw_totp_find_step(struct dw_secret key, struct dw_slice code, int64_t now_s, int64_t last_step,
                       int64_t *ret_step, struct dw_error *reterr)
{
    int64_t now_step = now_s / DW_TOTP_PERIOD_S;
    char expected[DW_TOTP_MAX_DIGITS + 1];

    *ret_step = 0;
    for (int64_t step = now_step - DW_TOTP_SKEW_STEPS; step <= now_step + DW_TOTP_SKEW_STEPS;
         step++) {
        if (!dw_totp_code(key, DW_SHA1, step, DW_TOTP_DIGITS, expected, reterr))
            return false;
        if (dw_secret_eq(dw_secret_from(code), dw_secret_from(dw_slice_from_text(expected))) &&
            step > last_step)
            *ret_step = step;
    }
    return true;
}

struct dw_slice dw_totp_uri(struct dw_arena *arena, struct dw_slice issuer, struct dw_slice account,
                            struct dw_slice secret_base32)
{
    struct dw_buf uri = dw_buf_in(arena);
    struct dw_slice text;

    dw_buf_add(&uri, DW_LIT("otpauth://totp/"));
    dw_url_add_encoded(&uri, issuer);
    dw_buf_add_byte(&uri, ':');
    dw_url_add_encoded(&uri, account);
    dw_buf_printf(&uri, "?secret=%.*s&issuer=", DW_PRINT(secret_base32));
    dw_url_add_encoded(&uri, issuer);
    dw_buf_printf(&uri, "&algorithm=SHA1&digits=%d&period=%d", DW_TOTP_DIGITS, DW_TOTP_PERIOD_S);
    return dw_buf_finish(&uri, &text, NULL) ? text : (struct dw_slice){0};
}
