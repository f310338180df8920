/* json/json.h: what is refused, what the tree holds, and that size costs time in proportion. */
#include "test.h"

#include <stdio.h>

#include "base/buf.h"
#include "json/json.h"
#include "json/json_writer.h"

static struct dw_arena *arena;
static struct dw_error error;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(64 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static const struct dw_json *parse(const char *text)
{
    const struct dw_json *document = NULL;

    assert_done(dw_json_parse(S(text), arena, &document, &error), error);
    return document;
}

struct refusal {
    const char *text;
    const char *message;
};

static void what_is_not_strict_json_is_refused_with_its_place(void **state)
{
    static const struct refusal cases[] = {
        {"", "not JSON: it ends where value should be"},
        {" \n", "not JSON: it ends where value should be"},
        {"{", "not JSON: it ends where key should be"},
        {"[", "not JSON: it ends where value should be"},
        {"]", "not JSON: a bracket that nothing opened at byte 0"},
        {"[1}", "not JSON: no ',' or ']' at byte 2"},
        {"{]", "not JSON: no key at byte 1"},
        {"[1,]", "not JSON: no value at byte 3"},
        {"[,1]", "not JSON: no value at byte 1"},
        {"[1 2]", "not JSON: no ',' or ']' at byte 3"},
        {"[1", "not JSON: it ends where ',' or ']' should be"},
        {"{\"a\":1,}", "not JSON: no key at byte 7"},
        {"{\"a\"}", "not JSON: no ':' at byte 4"},
        {"{\"a\" 1}", "not JSON: no ':' at byte 5"},
        {"{\"a\":}", "not JSON: no value at byte 5"},
        {"{a:1}", "not JSON: no key at byte 1"},
        {"{1:1}", "not JSON: no key at byte 1"},
        {"{'a':1}", "not JSON: no key at byte 1"},
        {"{} {}", "not JSON: something after the value at byte 3"},
        {"1 1", "not JSON: something after the value at byte 2"},
        {"{},", "not JSON: something after the value at byte 2"},
        {"\"a\"b", "not JSON: something after the value at byte 3"},
        {"\"a\"\"b\"", "not JSON: something after the value at byte 3"},
        {"1\"a\"", "not JSON: a bad or too large number at byte 0"},
        {"true\"a\"", "not JSON: an unknown word at byte 0"},
        {"tru", "not JSON: an unknown word at byte 0"},
        {"truE", "not JSON: an unknown word at byte 0"},
        {"nulll", "not JSON: an unknown word at byte 0"},
        {"NaN", "not JSON: no value at byte 0"},
        {"Infinity", "not JSON: no value at byte 0"},
        {"-Infinity", "not JSON: a bad or too large number at byte 0"},
        {"01", "not JSON: a bad or too large number at byte 0"},
        {"-", "not JSON: a bad or too large number at byte 0"},
        {"+1", "not JSON: no value at byte 0"},
        {".5", "not JSON: no value at byte 0"},
        {"5.", "not JSON: a bad or too large number at byte 0"},
        {"5.e1", "not JSON: a bad or too large number at byte 0"},
        {"1e", "not JSON: a bad or too large number at byte 0"},
        {"1e+", "not JSON: a bad or too large number at byte 0"},
        {"0x10", "not JSON: a bad or too large number at byte 0"},
        {"1e400", "not JSON: a bad or too large number at byte 0"},
        {"[-1e999]", "not JSON: a bad or too large number at byte 1"},
        {"// a\n1", "not JSON: no value at byte 0"},
        {"\xef\xbb\xbf{}", "not JSON: no value at byte 0"},
        {"{}\f", "not JSON: something after the value at byte 2"},
        {"\"a", "not JSON: a control character in a string, or a string without an end at byte 0"},
        {"[\"a\", \"b\nc\"]",
         "not JSON: a control character in a string, or a string without an end at byte 8"},
        {"\"\\", "not JSON: a control character in a string, or a string without an end at byte 0"},
        {"\"\\x\"", "not JSON: an unknown escape at byte 1"},
        {"\"ab\\u12\"", "not JSON: an unknown escape at byte 3"},
        {"\"\\u12g4\"", "not JSON: an unknown escape at byte 1"},
        {"\"\\U0041\"", "not JSON: an unknown escape at byte 1"},
        {"\"\\ud800\"", "not JSON: half of a surrogate pair at byte 1"},
        {"\"\\udc00\"", "not JSON: half of a surrogate pair at byte 1"},
        {"\"\\ud800\\u0041\"", "not JSON: half of a surrogate pair at byte 1"},
        {"\"\\udc00\\ud800\"", "not JSON: half of a surrogate pair at byte 1"},
        {"\"\\ud83d\\ud83d\\ude00\"", "not JSON: half of a surrogate pair at byte 1"},
        {"[\"\xff\"]", "not JSON: invalid UTF-8 at byte 2"},
        {"\"ab\xc0\xaf\"", "not JSON: invalid UTF-8 at byte 3"},
        {"\"\xed\xa0\x80\"", "not JSON: invalid UTF-8 at byte 1"},
        {"\"\xf4\x90\x80\x80\"", "not JSON: invalid UTF-8 at byte 1"},
        {"\"\xe2\x82\"", "not JSON: invalid UTF-8 at byte 1"},
        {"{\"a\\u0000b\":1}", "not JSON: a key with U+0000 at byte 1"},
        {"{\"a\":1,\"a\":1}", "the key \"a\" is twice in the JSON object at byte 0"},
        {"{\"a\":1,\"\\u0061\":2}", "the key \"a\" is twice in the JSON object at byte 0"},
        {"[0,{\"b\":{\"\":1,\"\":2}}]", "the key \"\" is twice in the JSON object at byte 8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dw_json *document;

        assert_fails(dw_json_parse(S(cases[i].text), arena, &document, &error), error,
                     DW_MALFORMED);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void a_nul_byte_is_refused_wherever_it_is(void **state)
{
    static const char *const texts[] = {"{}\0", "\0{}", "[1\0]", "\"a\0\"", "1\0", "nul\0"};
    static const size_t lengths[] = {3, 3, 4, 4, 2, 4};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct dw_json *document;

        assert_fails(dw_json_parse(dw_slice_from(texts[i], lengths[i]), arena, &document, &error),
                     error, DW_MALFORMED);
    }
}

static void depth_64_is_read_and_65_is_not(void **state)
{
    char text[2 * 65 + 1];
    const struct dw_json *document;

    (void)state;
    for (size_t depth = 64; depth <= 65; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        assert_int_equal(dw_json_parse(S(text), arena, &document, &error), depth == 64);
    }
    assert_string_equal(error.message, "the JSON document is deeper than 64 at byte 64");
    memset(text, '[', 130);
    assert_fails(dw_json_parse(dw_slice_from(text, 130), arena, &document, &error), error,
                 DW_MALFORMED);
}

static void numbers_become_what_they_are(void **state)
{
    static const struct {
        const char *text;
        enum dw_json_type type;
        int64_t integer;
        double number;
    } cases[] = {
        {"0", DW_JSON_INT, 0, 0},
        {"-0", DW_JSON_INT, 0, 0},
        {"-1", DW_JSON_INT, -1, 0},
        {"9223372036854775807", DW_JSON_INT, INT64_MAX, 0},
        {"-9223372036854775808", DW_JSON_INT, INT64_MIN, 0},
        {"9223372036854775808", DW_JSON_DOUBLE, 0, 9223372036854775808.0},
        {"18446744073709551616", DW_JSON_DOUBLE, 0, 18446744073709551616.0},
        {"100000000000000000000000000000000000000000", DW_JSON_DOUBLE, 0, 1e41},
        {"1.0", DW_JSON_DOUBLE, 0, 1},
        {"-2.5e-3", DW_JSON_DOUBLE, 0, -0.0025},
        {"1E3", DW_JSON_DOUBLE, 0, 1000},
        {"1e300", DW_JSON_DOUBLE, 0, 1e300},
        {"1.7976931348623157e308", DW_JSON_DOUBLE, 0, 1.7976931348623157e308},
        {"1e-400", DW_JSON_DOUBLE, 0, 0},
        {"5e-324", DW_JSON_DOUBLE, 0, 5e-324},
        {"0.1", DW_JSON_DOUBLE, 0, 0.1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dw_json *value = parse(cases[i].text);

        assert_int_equal(value->type, cases[i].type);
        assert_slice(value->raw, cases[i].text);
        if (value->type == DW_JSON_INT)
            assert_int_equal(value->integer, cases[i].integer);
        else
            assert_true(value->number >= cases[i].number && value->number <= cases[i].number);
    }
}

static void strings_are_unescaped(void **state)
{
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"a\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\"", "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"},
        {"\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
        {"\"\\\\\\\\\"", "\\\\"},
        {"\"\\\\u0041\"", "\\u0041"},
        {"\"\x7f\"", "\x7f"},
    };
    const struct dw_json *value;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        value = parse(cases[i].text);
        assert_int_equal(value->type, DW_JSON_TEXT);
        assert_slice(value->text, cases[i].value);
        assert_slice(value->raw, cases[i].text);
    }
    value = parse("\"a\\u0000b\"");
    assert_int_equal(value->text.len, 3);
    assert_memory_equal(value->text.ptr, "a\0b", 3);
}

static void raw_is_the_value_as_written(void **state)
{
    const struct dw_json *document = parse(
        " { \"a\" : [ 1 ,\t{ } , [ ] ] ,\n\"b\\n\" : \"x\\ty\" , \"c\":true , \"d\" : null } ");

    (void)state;
    assert_slice(document->raw, "{ \"a\" : [ 1 ,\t{ } , [ ] ] ,\n\"b\\n\" : \"x\\ty\" , "
                                "\"c\":true , \"d\" : null }");
    assert_slice(dw_json_get(document, "a")->raw, "[ 1 ,\t{ } , [ ] ]");
    assert_slice(dw_json_get(document, "a")->array.items[0].raw, "1");
    assert_slice(dw_json_get(document, "a")->array.items[1].raw, "{ }");
    assert_slice(dw_json_get(document, "a")->array.items[2].raw, "[ ]");
    assert_slice(dw_json_get(document, "b\n")->raw, "\"x\\ty\"");
    assert_slice(dw_json_get(document, "c")->raw, "true");
    assert_slice(dw_json_get(document, "d")->raw, "null");
}

static void looking_up_says_absent_for_what_is_not_there(void **state)
{
    const struct dw_json *document =
        parse("{\"t\":\"\",\"i\":7,\"b\":true,\"o\":{\"p\":{\"q\":[1]}},\"n\":null,\"f\":1.5}");
    int64_t number = 42;
    bool flag = false;

    (void)state;
    assert_non_null(dw_json_text(document, "t").ptr);
    assert_int_equal(dw_json_text(document, "t").len, 0);
    assert_null(dw_json_text(document, "i").ptr);
    assert_null(dw_json_text(document, "x").ptr);
    assert_null(dw_json_get(NULL, "t"));
    assert_null(dw_json_get(dw_json_get(document, "t"), "t"));
    assert_slice(dw_json_path(document, "o", "p", "q", NULL)->raw, "[1]");
    assert_null(dw_json_path(document, "o", "x", "q", NULL));
    assert_null(dw_json_path(document, "o", "p", "q", "r", NULL));
    assert_false(dw_json_int(document, "f", &number));
    assert_false(dw_json_int(document, "t", &number));
    assert_int_equal(number, 42);
    assert_true(dw_json_int(document, "i", &number));
    assert_int_equal(number, 7);
    assert_false(dw_json_bool(document, "n", &flag));
    assert_true(dw_json_bool(document, "b", &flag));
    assert_true(flag);
}

static void one_text_is_a_list_of_one(void **state)
{
    const struct dw_json *document =
        parse("{\"one\":\"a\",\"two\":[\"a\",\"b\"],\"none\":[],\"bad\":[\"a\",1],\"null\":null}");
    struct dw_slices texts;

    (void)state;
    assert_done(dw_json_texts(document, "one", arena, &texts, &error), error);
    assert_int_equal(texts.count, 1);
    assert_slice(texts.items[0], "a");
    assert_done(dw_json_texts(document, "two", arena, &texts, &error), error);
    assert_int_equal(texts.count, 2);
    assert_slice(texts.items[1], "b");
    assert_done(dw_json_texts(document, "none", arena, &texts, &error), error);
    assert_int_equal(texts.count, 0);
    assert_done(dw_json_texts(document, "absent", arena, &texts, &error), error);
    assert_int_equal(texts.count, 0);
    assert_fails(dw_json_texts(document, "bad", arena, &texts, &error), error, DW_MALFORMED);
    assert_string_equal(error.message, "\"bad\" must be a string or a list of strings");
    assert_fails(dw_json_texts(document, "null", arena, &texts, &error), error, DW_MALFORMED);
}

static void a_numeric_date_lies_between_zero_and_2_to_the_53(void **state)
{
    static const struct {
        const char *text;
        bool is_date;
        int64_t at_s;
    } cases[] = {
        {"0", true, 0},
        {"1500000000", true, 1500000000},
        {"1500000000.999", true, 1500000000},
        {"1.5e9", true, 1500000000},
        {"9007199254740992", true, INT64_C(9007199254740992)},
        {"9007199254740993", false, 0},
        {"-1", false, 0},
        {"-0.5", false, 0},
        {"1e300", false, 0},
        {"99999999999999999999", false, 0},
        {"\"1500000000\"", false, 0},
        {"null", false, 0},
        {"true", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t at_s = 0;

        assert_int_equal(dw_json_numeric_date(parse(cases[i].text), &at_s), cases[i].is_date);
        assert_int_equal(at_s, cases[i].at_s);
    }
    assert_false(dw_json_numeric_date(NULL, &(int64_t){0}));
}

/* Keys with one long common prefix, in an order that would be the worst for a naive check. */
static struct dw_slice make_large_object(size_t members, size_t repeated)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    for (size_t i = 0; i < members; i++)
        dw_buf_printf(&out, "%c\"member-%zu\":%zu", i ? ',' : '{', members - i, i);
    if (repeated)
        dw_buf_printf(&out, ",\"member-%zu\":0", repeated);
    dw_buf_add_byte(&out, '}');
    assert_done(dw_buf_finish(&out, &text, &error), error);
    return text;
}

static void a_hundred_thousand_keys_are_checked_for_duplicates(void **state)
{
    const struct dw_json *document;

    (void)state;
    assert_done(dw_json_parse(make_large_object(100000, 0), arena, &document, &error), error);
    assert_int_equal(document->object.count, 100000);
    assert_slice(document->object.members[99999].key, "member-1");
    assert_fails(dw_json_parse(make_large_object(100000, 70001), arena, &document, &error), error,
                 DW_MALFORMED);
    assert_string_equal(error.message,
                        "the key \"member-70001\" is twice in the JSON object at byte 0");
    for (size_t members = 1; members < 40; members++)
        for (size_t repeated = 1; repeated <= members; repeated++)
            assert_false(
                dw_json_parse(make_large_object(members, repeated), arena, &document, &error));
}

static void an_arena_that_is_too_small_is_no_memory(void **state)
{
    struct dw_arena *small = dw_arena_new(256);
    const struct dw_json *document;

    (void)state;
    assert_fails(
        dw_json_parse(S("[[1,2,3,4,5],[1,2,3,4,5],[1,2,3,4,5]]"), small, &document, &error), error,
        DW_NO_MEMORY);
    dw_arena_free(small);
}

static bool parse_and_write(void)
{
    struct dw_arena *own = dw_arena_new(1024 * 1024);
    struct dw_json_writer writer;
    struct dw_buf out;
    const struct dw_json *document;
    struct dw_slice text;
    bool is_done = false;

    if (own) {
        out = dw_buf_in(own);
        writer = dw_json_writer_to(&out);
        if (dw_json_parse(make_large_object(20, 0), own, &document, NULL)) {
            dw_json_write_value(&writer, document);
            is_done = dw_buf_finish(&out, &text, NULL);
        }
    }
    dw_arena_free(own);
    return is_done;
}

static void running_out_of_memory_is_a_failure(void **state)
{
    const struct dw_json *document;

    (void)state;
    parse("[1]"); /* this thread's parser is there */
    assert_done(dw_json_parse(make_large_object(20, 0), arena, &document, &error), error);
    torture(parse_and_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_strict_json_is_refused_with_its_place),
        cmocka_unit_test(a_nul_byte_is_refused_wherever_it_is),
        cmocka_unit_test(depth_64_is_read_and_65_is_not),
        cmocka_unit_test(numbers_become_what_they_are),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(raw_is_the_value_as_written),
        cmocka_unit_test(looking_up_says_absent_for_what_is_not_there),
        cmocka_unit_test(one_text_is_a_list_of_one),
        cmocka_unit_test(a_numeric_date_lies_between_zero_and_2_to_the_53),
        cmocka_unit_test(a_hundred_thousand_keys_are_checked_for_duplicates),
        cmocka_unit_test(an_arena_that_is_too_small_is_no_memory),
        cmocka_unit_test(running_out_of_memory_is_a_failure),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
