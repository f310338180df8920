/* http/field.h and the table of http/chars_internal.h */
#include "test.h"

#include "base/buf.h"
#include "base/text.h"
#include "http/chars_internal.h"
#include "http/field.h"

static void the_table_says_what_the_rfcs_say(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool is_alpha = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_digit = byte >= '0' && byte <= '9';
        bool is_in = byte > 0; /* strchr finds the NUL too */
        const struct {
            unsigned class;
            bool is_member;
        } classes[] = {
            {DW_CHAR_TOKEN, is_in && (is_alpha || is_digit || strchr("!#$%&'*+-.^_`|~", byte))},
            {DW_CHAR_VALUE, byte == '\t' || (byte >= 0x20 && byte != 0x7f)},
            {DW_CHAR_TARGET, byte > 0x20 && byte < 0x7f && byte != '#'},
            {DW_CHAR_UNRESERVED, is_in && (is_alpha || is_digit || strchr("-._~", byte))},
            {DW_CHAR_HOST, is_in && (is_alpha || is_digit || strchr("-._", byte))},
            {DW_CHAR_PATH, is_in && (is_alpha || is_digit || strchr("-._~!$&'()*+,;=:@/%", byte))},
            {DW_CHAR_DIGIT, is_digit},
            {DW_CHAR_HEX, is_in && (is_digit || strchr("abcdefABCDEF", byte))},
            {DW_CHAR_ALPHA, is_alpha},
            {DW_CHAR_COOKIE, byte > 0x20 && byte < 0x7f && !strchr("\",;\\", byte)},
        };

        for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
            if (dw_char_is((char)byte, classes[i].class) != classes[i].is_member)
                fail_msg("byte %d, class %u", byte, classes[i].class);
        assert_int_equal(dw_char_hex((char)byte) >= 0, dw_char_is((char)byte, DW_CHAR_HEX));
    }
}

static void only_letters_have_two_cases(void **state)
{
    (void)state;
    for (int i = 0; i < 65536; i++) {
        const char a = (char)(i >> 8), b = (char)i;
        bool is_letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

        assert_int_equal(dw_slice_eq_nocase(dw_slice_from(&a, 1), dw_slice_from(&b, 1)),
                         a == b || (is_letter && (a ^ b) == 0x20));
    }
}

static void names_are_compared_to_their_last_byte(void **state)
{
    char name[40], other[40];

    (void)state;
    for (size_t len = 1; len <= sizeof name; len++)
        for (size_t at = 0; at < len; at++) {
            struct dw_slice a = dw_slice_from(name, len), b = dw_slice_from(other, len);

            memset(name, 'k', sizeof name);
            memset(other, 'k', sizeof other);
            assert_true(dw_slice_eq_nocase(a, b));
            other[at] = 'K';
            assert_true(dw_slice_eq_nocase(a, b));
            other[at] = 'j';
            assert_false(dw_slice_eq_nocase(a, b));
            name[at] = '[';
            other[at] = '{'; /* one bit, but no letter */
            assert_false(dw_slice_eq_nocase(a, b));
        }
}

static void values_are_checked_to_their_last_byte(void **state)
{
    char text[64];

    (void)state;
    assert_true(dw_http_is_field_value(DW_EMPTY));
    assert_false(dw_http_is_token(DW_EMPTY));
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', sizeof text);
            assert_true(dw_http_is_token(dw_slice_from(text, len)));
            text[at] = '\t';
            assert_true(dw_http_is_field_value(dw_slice_from(text, len)));
            assert_false(dw_http_is_token(dw_slice_from(text, len)));
            text[at] = '\n';
            assert_false(dw_http_is_field_value(dw_slice_from(text, len)));
            text[at] = '\x7f';
            assert_false(dw_http_is_field_value(dw_slice_from(text, len)));
        }
}

static void lists_keep_quoted_commas(void **state)
{
    static const struct {
        const char *text, *joined;
    } cases[] = {
        {"", ""},
        {",, ,", ""},
        {"a", "a|"},
        {" a , b,,c ", "a|b|c|"},
        {"a=\"b,c\", d", "a=\"b,c\"|d|"},
        {"a=\"b\\\",c\", d", "a=\"b\\\",c\"|d|"},
        {"a=\"open, d", "a=\"open, d|"},
        {"a\\", "a\\|"},
        {"\"a\\", "\"a\\|"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 12);
        struct dw_buf buf = dw_buf_in(arena);
        struct dw_slice rest = S(cases[i].text), element;

        while (dw_http_list_next(&rest, &element)) {
            dw_buf_add(&buf, element);
            dw_buf_add_byte(&buf, '|');
        }
        assert_slice(dw_buf_view(&buf), cases[i].joined);
    }
}

static void media_types_ignore_case_and_parameters(void **state)
{
    (void)state;
    assert_true(dw_http_media_type_is(S("application/json"), "application/json"));
    assert_true(dw_http_media_type_is(S("Application/JSON ; charset=utf-8"), "application/json"));
    assert_false(dw_http_media_type_is(S("application/jsonp"), "application/json"));
    assert_false(dw_http_media_type_is(S("application/json, text/html"), "application/json"));
    assert_false(dw_http_media_type_is(DW_EMPTY, "application/json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_says_what_the_rfcs_say),
        cmocka_unit_test(only_letters_have_two_cases),
        cmocka_unit_test(names_are_compared_to_their_last_byte),
        cmocka_unit_test(values_are_checked_to_their_last_byte),
        cmocka_unit_test(lists_keep_quoted_commas),
        cmocka_unit_test(media_types_ignore_case_and_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
