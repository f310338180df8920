/* The rules of the device flow and of CIBA: who gets tokens when, user codes, hints. */
#include "oauth/decoupled.h"
#include "test.h"

#define NOW_S INT64_C(1800000000)
#define ISSUER "https://tenant.example/"

static struct dw_arena *arena;
static struct dw_error error;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(4u << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static void the_judge_gives_tokens_to_the_right_one_only(void **state)
{
    static const struct {
        enum dw_decoupled_kind kind;
        const char *client;
        enum dw_decoupled_phase phase;
        int64_t polled_ago_s; /* 0: never */
        int64_t expires_in_s;
        enum dw_decoupled_verdict verdict;
    } rows[] = {
        {DW_DECOUPLED_CIBA, "c1", DW_DECOUPLED_APPROVED, 0, 60, DW_DECOUPLED_UNKNOWN},
        {DW_DECOUPLED_DEVICE, "c2", DW_DECOUPLED_APPROVED, 0, 60, DW_DECOUPLED_UNKNOWN},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_USED, 0, 60, DW_DECOUPLED_UNKNOWN},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_APPROVED, 0, 0, DW_DECOUPLED_EXPIRED},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_PENDING, 0, -1, DW_DECOUPLED_EXPIRED},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_DENIED, 0, 60, DW_DECOUPLED_REFUSED},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_PENDING, 1, 60, DW_DECOUPLED_SLOW_DOWN},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_PENDING, 4, 60, DW_DECOUPLED_SLOW_DOWN},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_PENDING, 5, 60, DW_DECOUPLED_WAIT},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_PENDING, 0, 60, DW_DECOUPLED_WAIT},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_APPROVED, 1, 60, DW_DECOUPLED_GIVE},
        {DW_DECOUPLED_DEVICE, "c1", DW_DECOUPLED_APPROVED, 0, 1, DW_DECOUPLED_GIVE},
    };

    (void)state;
    assert_int_equal(dw_decoupled_judge(NULL, DW_DECOUPLED_DEVICE, S("c1"), NOW_S),
                     DW_DECOUPLED_UNKNOWN);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_decoupled_request request = {
            .kind = DW_DECOUPLED_DEVICE,
            .client_id = S("c1"),
            .phase = rows[at].phase,
            .expires_at_s = NOW_S + rows[at].expires_in_s,
            .last_polled_at_s = rows[at].polled_ago_s ? NOW_S - rows[at].polled_ago_s : 0,
        };
        enum dw_decoupled_verdict verdict =
            dw_decoupled_judge(&request, rows[at].kind, S(rows[at].client), NOW_S);

        if (verdict != rows[at].verdict)
            fail_msg("row %zu: %d", at, (int)verdict);
    }
}

static void what_was_approved_is_worth_a_code(void **state)
{
    struct dw_slice scope = S("openid");
    struct dw_decoupled_request request = {.client_id = S("c1"),
                                           .user_id = S("auth0|1"),
                                           .session_id = S("s1"),
                                           .organization = S("org_1"),
                                           .audience = S("https://api.example"),
                                           .granted = {&scope, 1},
                                           .family_id = S("f1"),
                                           .authenticated_at_s = NOW_S - 2,
                                           .mfa_at_s = NOW_S - 1};
    struct dw_authorization_code code;

    (void)state;
    dw_decoupled_code(&request, &code);
    assert_slice(code.client_id, "c1");
    assert_slice(code.user_id, "auth0|1");
    assert_slice(code.session_id, "s1");
    assert_slice(code.organization, "org_1");
    assert_slice(code.audience, "https://api.example");
    assert_slice(code.family_id, "f1");
    assert_int_equal(code.scopes.count, 1);
    assert_int_equal(code.authenticated_at_s, NOW_S - 2);
    assert_int_equal(code.mfa_at_s, NOW_S - 1);
    assert_int_equal(code.max_age_s, -1);
}

static void refusals_are_auth0s(void **state)
{
    static const struct {
        enum dw_decoupled_verdict verdict;
        enum dw_decoupled_kind kind;
        int status;
        const char *name, *text;
    } rows[] = {
        {DW_DECOUPLED_UNKNOWN, DW_DECOUPLED_DEVICE, 403, "invalid_grant",
         "Invalid or expired device code."},
        {DW_DECOUPLED_WAIT, DW_DECOUPLED_DEVICE, 403, "authorization_pending",
         "User has yet to authorize device code."},
        {DW_DECOUPLED_SLOW_DOWN, DW_DECOUPLED_DEVICE, 429, "slow_down",
         "You are polling faster than the specified interval of 5 seconds."},
        {DW_DECOUPLED_REFUSED, DW_DECOUPLED_DEVICE, 403, "access_denied",
         "User cancelled the confirmation prompt."},
        {DW_DECOUPLED_EXPIRED, DW_DECOUPLED_DEVICE, 403, "expired_token",
         "The device code has expired."},
        {DW_DECOUPLED_WAIT, DW_DECOUPLED_CIBA, 400, "authorization_pending",
         "The end-user authorization is pending"},
        {DW_DECOUPLED_SLOW_DOWN, DW_DECOUPLED_CIBA, 429, "slow_down",
         "You are polling faster than allowed. Try again in 5 seconds."},
        {DW_DECOUPLED_REFUSED, DW_DECOUPLED_CIBA, 403, "access_denied",
         "The end-user denied the authorization request or it has been expired"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        memset(&error, 0, sizeof error);
        assert_false(dw_decoupled_verdict_check(rows[at].verdict, rows[at].kind, &error));
        assert_int_equal(dw_code_row(error.code)->http_status, rows[at].status);
        assert_string_equal(dw_code_row(error.code)->oauth_error, rows[at].name);
        assert_string_equal(error.message, rows[at].text);
    }
    assert_true(dw_decoupled_verdict_check(DW_DECOUPLED_GIVE, DW_DECOUPLED_CIBA, &error));
}

static void a_user_code_is_typed_in_many_ways(void **state)
{
    static const struct {
        const char *typed, *letters;
    } rows[] = {
        {"WDJB-MJHT", "WDJBMJHT"},
        {"wdjb-mjht", "WDJBMJHT"},
        {"wdjbmjht", "WDJBMJHT"},
        {"WdJb MjHt", "WDJBMJHT"},
        {" w-d-j-b mj ht ", "WDJBMJHT"},
        {"", ""},
        {"WDJB-MJH", ""},
        {"123-456-789", "123456789"},
        {"WDJB-MJHT-WDJB-MJHT", "WDJBMJHTWDJBMJHT"},
        {"WDJB-MJHT-WDJB-MJHTT", ""},
        {"WDJB-MJHA", ""},
        {"WDJB-MJHI", ""},
        {"WDJB_MJHT", ""},
        {"\xc3\x84WDJBMJH", ""},
        {"W------------------------------------------DJBMJHT", ""},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_slice letters;

        assert_done(dw_user_code_normal(S(rows[at].typed), arena, &letters, &error), error);
        assert_slice(letters, rows[at].letters);
    }
}

static void a_user_code_uses_all_letters_alike(void **state)
{
    const struct dw_user_code_format standard = {false, S("****-****")};
    const struct dw_user_code_format digits = {true, S("*** *** ***")};
    unsigned char random[DW_USER_CODE_RANDOM_BYTES];
    struct dw_slice code, letters;

    (void)state;
    for (int at = 0; at < DW_USER_CODE_RANDOM_BYTES; at++)
        random[at] = (unsigned char)(at < 4 ? 240 + at : at); /* 240 and more are not used */
    assert_done(dw_user_code_make(&standard, random, arena, &code, &error), error);
    assert_slice(code, "GHJK-LMNP");
    assert_done(dw_user_code_normal(code, arena, &letters, &error), error);
    assert_slice(letters, "GHJKLMNP");
    assert_slice(dw_user_code_show(&standard, letters, arena), "GHJK-LMNP");
    assert_slice(dw_user_code_show(&digits, letters, arena), "GHJKLMNP"); /* of an older form */
    assert_slice(dw_user_code_show(&digits, S("123456789"), arena), "123 456 789");
    assert_slice(dw_user_code_show(&standard, S("123456789"), arena), "123456789");
    random[0] = 255; /* 250 and more are not used */
    assert_done(dw_user_code_make(&digits, random, arena, &code, &error), error);
    assert_slice(code, "123 456 789");
    memset(random, 255, sizeof random);
    assert_false(dw_user_code_make(&standard, random, arena, &code, &error));
}

static void login_hints_name_a_user_of_this_issuer(void **state)
{
#define HINT(format, issuer, sub)                                                                  \
    "{\"format\":\"" format "\",\"iss\":\"" issuer "\",\"sub\":\"" sub "\"}"
    static const char *const bad[] = {
        "",
        "auth0|1",
        "[]",
        "{}",
        HINT("email", ISSUER, "auth0|1"),
        HINT("iss_sub", "https://other.example/", "auth0|1"),
        HINT("iss_sub", ISSUER, ""),
        "{\"format\":\"iss_sub\",\"iss\":\"" ISSUER "\"}",
        "{\"format\":\"iss_sub\",\"iss\":\"" ISSUER "\",\"sub\":7}",
        "{\"format\":\"iss_sub\",\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"sub\":\"b\"}",
    };
    struct dw_slice user_id;

    (void)state;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        assert_false(dw_ciba_login_hint(S(bad[at]), S(ISSUER), arena, &user_id, &error));
        assert_int_equal(error.code, DW_UNKNOWN_USER);
        assert_string_equal(error.message, "User ID is malformed or unknown");
    }
    assert_done(dw_ciba_login_hint(S(HINT("iss_sub", ISSUER, "auth0|1")), S(ISSUER), arena,
                                   &user_id, &error),
                error);
    assert_slice(user_id, "auth0|1");
}

static void binding_messages_are_plain(void **state)
{
    static const char *const bad[] = {
        "",    "<b>", "a\nb",
        "50%", "a/b", "12345678901234567890123456789012345678901234567890123456789012345", /* 65 */
    };

    (void)state;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        assert_false(dw_ciba_check_binding_message(S(bad[at]), &error));
        assert_int_equal(error.code, DW_INVALID_BINDING_MESSAGE);
    }
    assert_true(dw_ciba_check_binding_message(S("TEST-BINDING-MESSAGE"), &error));
    assert_true(dw_ciba_check_binding_message(S("Pay 12.50, to: shop #7+1_a"), &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_judge_gives_tokens_to_the_right_one_only),
        cmocka_unit_test(what_was_approved_is_worth_a_code),
        cmocka_unit_test(refusals_are_auth0s),
        cmocka_unit_test(a_user_code_is_typed_in_many_ways),
        cmocka_unit_test(a_user_code_uses_all_letters_alike),
        cmocka_unit_test(login_hints_name_a_user_of_this_issuer),
        cmocka_unit_test(binding_messages_are_plain),
    };

    return cmocka_run_group_tests(tests, start, end);
}
