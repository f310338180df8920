/* The codes of authenticator apps, against the tables of RFC 6238 and RFC 4226. */
#include "oauth/totp.h"

#include "base/text.h"
#include "test.h"

#define KEY20 "12345678901234567890"
#define KEY32 KEY20 "123456789012"
#define KEY64 KEY20 KEY20 KEY20 "1234"

static struct dw_secret secret(const char *text)
{
    return dw_secret_from(S(text));
}

/* RFC 6238 appendix B. */
static void codes_are_those_of_the_rfc(void **state)
{
    static const struct {
        int64_t at_s;
        const char *sha1, *sha256, *sha512;
    } cases[] = {
        {59, "94287082", "46119246", "90693936"},
        {1111111109, "07081804", "68084774", "25091201"},
        {1111111111, "14050471", "67062674", "99943326"},
        {1234567890, "89005924", "91819424", "93441116"},
        {2000000000, "69279037", "90698825", "38618901"},
        {INT64_C(20000000000), "65353130", "77737706", "47863826"},
    };
    char code[DW_TOTP_MAX_DIGITS + 1];
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t step = cases[i].at_s / DW_TOTP_PERIOD_S;

        assert_done(dw_totp_code(secret(KEY20), DW_SHA1, step, 8, code, &error), error);
        assert_string_equal(code, cases[i].sha1);
        assert_done(dw_totp_code(secret(KEY32), DW_SHA256, step, 8, code, &error), error);
        assert_string_equal(code, cases[i].sha256);
        assert_done(dw_totp_code(secret(KEY64), DW_SHA512, step, 8, code, &error), error);
        assert_string_equal(code, cases[i].sha512);
    }
}

/* RFC 4226 appendix D. */
static void six_digits_are_those_of_hotp(void **state)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    char code[DW_TOTP_MAX_DIGITS + 1];
    struct dw_error error = {0};

    (void)state;
    for (int step = 0; step < 10; step++) {
        assert_done(dw_totp_code(secret(KEY20), DW_SHA1, step, 6, code, &error), error);
        assert_string_equal(code, codes[step]);
    }
    assert_false(dw_totp_code(secret(KEY20), DW_SHA1, 1, 5, code, &error));
    assert_false(dw_totp_code(secret(KEY20), DW_SHA1, 1, 9, code, &error));
}

static int64_t find(const char *code, int64_t now_s, int64_t last_step)
{
    struct dw_error error = {0};
    int64_t step = -1;

    assert_done(dw_totp_find_step(secret(KEY20), S(code), now_s, last_step, &step, &error), error);
    return step;
}

static void a_code_counts_near_its_time_and_once(void **state)
{
    /* Step 4 is 338314. */
    static const struct {
        const char *what, *code;
        int64_t now_s, last_step, expected;
    } cases[] = {
        {"wrong", "338315", 120, 0, 0},
        {"empty", "", 120, 0, 0},
        {"too short", "33831", 120, 0, 0},
        {"too long", "3383140", 120, 0, 0},
        {"two steps old", "338314", 180, 0, 0},
        {"two steps early", "338314", 89, 0, 0},
        {"replayed", "338314", 120, 4, 0},
        {"older than the last one", "338314", 120, 5, 0},
        {"now", "338314", 120, 3, 4},
        {"the clock is behind", "338314", 90, 3, 4},
        {"the clock is ahead", "338314", 179, 3, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (find(cases[i].code, cases[i].now_s, cases[i].last_step) != cases[i].expected)
            fail_msg("%s", cases[i].what);
}

static void the_uri_is_what_apps_read(void **state)
{
    struct dw_arena *arena = dw_arena_new(64 * 1024);
    struct dw_slice bytes = S("\x3a\x7d\x76\x68\x6d\x24\x6e\x30\x54\x54\x73\x4d\x65\x46\x62\x63"
                              "\x69\xea\x8c\xbf");

    (void)state;
    /* The recorded answer of /mfa/associate has just this form. */
    assert_slice(dw_totp_uri(arena, S("My Test Tenant"), S("user@example.com"),
                             S("HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF")),
                 "otpauth://totp/My%20Test%20Tenant:user%40example.com?secret="
                 "HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF&issuer=My%20Test%20Tenant&algorithm=SHA1"
                 "&digits=6&period=30");
    assert_slice(dw_totp_uri(arena, S("a&secret=x"), S("b?c#d"), S("AAAA")),
                 "otpauth://totp/a%26secret%3Dx:b%3Fc%23d?secret=AAAA&issuer=a%26secret%3Dx"
                 "&algorithm=SHA1&digits=6&period=30");
    assert_int_equal(dw_text_base32(arena, bytes).len, 32);
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_rfc),
        cmocka_unit_test(six_digits_are_those_of_hotp),
        cmocka_unit_test(a_code_counts_near_its_time_and_once),
        cmocka_unit_test(the_uri_is_what_apps_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
