/* base/text.h: small formats. */
#include "test.h"

#include "base/text.h"

static void integers_are_decimal_and_bounded(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
        int64_t number;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
        {"1e3", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number = 0;

        assert_int_equal(dw_text_to_int(S(cases[i].text), &number), cases[i].is_good);
        assert_int_equal(number, cases[i].number);
    }
}

static void utf8_has_one_spelling(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\xc3\xa9", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xc0\x80", false},         /* overlong NUL */
        {"\xe0\x80\x80", false},     /* overlong */
        {"\xed\xa0\x80", false},     /* surrogate */
        {"\xf4\x90\x80\x80", false}, /* over U+10FFFF */
        {"\xc3", false},             /* cut */
        {"\x80", false},             /* stray */
        {"\xff", false},
        {"a\xe2\x82", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(dw_text_is_utf8(S(cases[i].text)), cases[i].is_good);
}

static void globs_match_whole_texts(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool does_match;
    } cases[] = {
        {"", "", true},
        {"*", "", true},
        {"*", "anything", true},
        {"get_*", "get_x", true},
        {"get_*", "forget_x", false},
        {"*_x", "a_x_x", true},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"a*b*c", "a1b2c", true},
        {"a*b*c", "a1c2b", false},
        {"file:///*", "file:///etc", true},
        {"ABC", "abc", false},
        {"a**b", "ab", true},
        {"[a]", "a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(dw_text_glob(S(cases[i].pattern), S(cases[i].text)), cases[i].does_match);
}

static void base64url_goes_both_ways(void **state)
{
    static const struct {
        const char *bytes, *url, *plain;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg", "Zg=="},
        {"fo", "Zm8", "Zm8="},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg", "Zm9vYg=="},
        {"\xfb\xff\xfe", "-__-", "+//+"},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error;
    struct dw_slice back;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(dw_text_base64url(arena, S(cases[i].bytes)), cases[i].url);
        assert_slice(dw_text_base64(arena, S(cases[i].bytes)), cases[i].plain);
        assert_done(dw_text_unbase64url(S(cases[i].url), arena, &back, &error), error);
        assert_slice(back, cases[i].bytes);
        assert_done(dw_text_unbase64(S(cases[i].plain), arena, &back, &error), error);
        assert_slice(back, cases[i].bytes);
    }
    dw_arena_free(arena);
}

static void base64_judges_each_byte_wherever_it_stands(void **state)
{
    static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 12; at++) {
            char text[] = "abcdABCD0123";
            bool is_padding = byte == '=' && at == 11; /* then "3" before it has stray bits */
            struct dw_slice back;
            struct dw_error error;

            text[at] = (char)byte;
            assert_int_equal(dw_text_unbase64url(dw_slice_from(text, 12), arena, &back, &error),
                             memchr(url, byte, 64) != NULL);
            if (!is_padding)
                assert_int_equal(dw_text_unbase64(dw_slice_from(text, 12), arena, &back, &error),
                                 memchr(plain, byte, 64) != NULL);
            dw_arena_reset(arena);
        }
}

static void base64_of_any_length_comes_back(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    char bytes[70];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct dw_slice given = dw_slice_from(bytes, len), back;
        struct dw_error error;

        assert_done(dw_text_unbase64url(dw_text_base64url(arena, given), arena, &back, &error),
                    error);
        assert_true(dw_slice_eq(given, back));
        assert_done(dw_text_unbase64(dw_text_base64(arena, given), arena, &back, &error), error);
        assert_true(dw_slice_eq(given, back));
    }
}

static void base64_has_one_spelling(void **state)
{
    static const char *const bad_url[] = {"Zg==", "Zh",   "Z",    "Zm9v\n",
                                          "Zm 9", "+__-", "-//-", "Zm9vZ"};
    static const char *const bad_plain[] = {"Zg", "Zg=", "Zh==", "-__-", "====", "Zg==Zg==", "="};
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error;
    struct dw_slice back;

    (void)state;
    for (size_t i = 0; i < sizeof bad_url / sizeof *bad_url; i++)
        assert_fails(dw_text_unbase64url(S(bad_url[i]), arena, &back, &error), error, DW_MALFORMED);
    for (size_t i = 0; i < sizeof bad_plain / sizeof *bad_plain; i++)
        assert_fails(dw_text_unbase64(S(bad_plain[i]), arena, &back, &error), error, DW_MALFORMED);
    dw_arena_free(arena);
}

static void hex_goes_both_ways(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error;
    struct dw_slice back;

    (void)state;
    assert_slice(dw_text_hex(arena, S("\x01\xab\xff")), "01abff");
    assert_done(dw_text_unhex(S("01ABff"), arena, &back, &error), error);
    assert_slice(back, "\x01\xab\xff");
    assert_fails(dw_text_unhex(S("0"), arena, &back, &error), error, DW_MALFORMED);
    assert_fails(dw_text_unhex(S("0g"), arena, &back, &error), error, DW_MALFORMED);
    dw_arena_free(arena);
}

static void times_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *text;
        int64_t at_ms;
    } rows[] = {
        {"1970-01-01", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"2000-02-29T00:00:00.123Z", INT64_C(951782400123)},
        {"2026-11-23T07:25", INT64_C(1795418700000)},
        {"2026-11-23T07:25Z", INT64_C(1795418700000)},
        {"2026-11-23T07:25:59", INT64_C(1795418759000)},
        {"2026-11-23T07:25:59.999Z", INT64_C(1795418759999)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    static const char *const refused[] = {"",
                                          "2026",
                                          "2026-11-2",
                                          "2026-13-01",
                                          "2026-00-01",
                                          "2026-02-29",
                                          "2026-04-31",
                                          "2026-11-00",
                                          "1969-12-31",
                                          "2026/11/23",
                                          "2026-11-2x",
                                          "-026-11-23",
                                          "2026-11-23Z",
                                          "2026-11-23T24:00",
                                          "2026-11-23T07:60",
                                          "2026-11-23 07:25",
                                          "2026-11-23T07:25:60",
                                          "2026-11-23T07:25:00+02:00",
                                          "2026-11-23T07:25:00.1Z",
                                          "2026-11-23T07:25:00,000Z"};
    int64_t at_ms;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(dw_text_to_time(S(rows[i].text), &at_ms));
        assert_int_equal(at_ms, rows[i].at_ms);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (dw_text_to_time(S(refused[i]), &at_ms))
            fail_msg("\"%s\" was taken for a time", refused[i]);
}

static void times_are_written_as_the_rfcs_say(void **state)
{
    char time[DW_TEXT_TIME_SIZE], date[DW_TEXT_HTTP_DATE_SIZE];

    (void)state;
    dw_text_time(0, time);
    assert_string_equal(time, "1970-01-01T00:00:00.000Z");
    dw_text_time(INT64_C(951782400123), time);
    assert_string_equal(time, "2000-02-29T00:00:00.123Z");
    dw_text_time(INT64_C(1795418759999), time);
    assert_string_equal(time, "2026-11-23T07:25:59.999Z");
    dw_text_time(INT64_MAX, time);
    assert_string_equal(time, "9999-12-31T23:59:59.807Z");
    dw_text_http_date(784111777, date); /* the example of RFC 9110 section 5.6.7 */
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void the_nearest_name_is_suggested(void **state)
{
    static const struct dw_slice items[] = {{"listen", 6}, {"upstream", 8}, {"audience", 8}};
    struct dw_slices names = {items, 3};

    (void)state;
    assert_slice(dw_text_nearest(S("upsteam"), names), "upstream");
    assert_slice(dw_text_nearest(S("audiance"), names), "audience");
    assert_slice(dw_text_nearest(S("zebra"), names), "");
}

static void only_ascii_letters_are_lowered(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 12);

    (void)state;
    assert_slice(dw_text_lower(arena, S("AZaz@[`{09\xc3\x84")), "azaz@[`{09\xc3\x84");
    assert_slice(dw_text_lower(arena, S("")), "");
}

static void a_head_is_of_whole_characters(void **state)
{
    (void)state;
    assert_slice(dw_text_head(S("abc"), 3), "abc");
    assert_slice(dw_text_head(S("abc"), 2), "ab");
    assert_slice(dw_text_head(S("abc"), 0), "");
    assert_slice(dw_text_head(S("a\xc3\xa9"), 2), "a");
    assert_slice(dw_text_head(S("a\xc3\xa9"), 3), "a\xc3\xa9");
    assert_slice(dw_text_head(S("\xf0\x9f\x98\x80x"), 3), "");
    assert_slice(dw_text_head(S("\xf0\x9f\x98\x80x"), 4), "\xf0\x9f\x98\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_they_are_written),
        cmocka_unit_test(a_head_is_of_whole_characters),
        cmocka_unit_test(only_ascii_letters_are_lowered),
        cmocka_unit_test(integers_are_decimal_and_bounded),
        cmocka_unit_test(utf8_has_one_spelling),
        cmocka_unit_test(globs_match_whole_texts),
        cmocka_unit_test(base64url_goes_both_ways),
        cmocka_unit_test(base64_judges_each_byte_wherever_it_stands),
        cmocka_unit_test(base64_of_any_length_comes_back),
        cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(times_are_written_as_the_rfcs_say),
        cmocka_unit_test(the_nearest_name_is_suggested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
