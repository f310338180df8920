/* json/json_writer.h: commas, escapes, numbers, and that only JSON comes out. */
#include "test.h"

#include <math.h>

#include "json/json_writer.h"

static struct dw_arena *arena;
static struct dw_error error;
static struct dw_buf out;
static struct dw_json_writer writer;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(1024 * 1024);
    out = dw_buf_in(arena);
    writer = dw_json_writer_to(&out);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static void commas_come_by_themselves(void **state)
{
    struct dw_slice items[] = {DW_LIT("a"), DW_LIT("b")};

    (void)state;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "t", DW_LIT("x"));
    dw_json_put_int(&writer, "i", -7);
    dw_json_put_bool(&writer, "b", true);
    dw_json_put_texts(&writer, "l", (struct dw_slices){items, 2});
    dw_json_put_texts(&writer, "e", (struct dw_slices){NULL, 0});
    dw_json_put_raw(&writer, "r", DW_LIT("{\"x\":1}"));
    dw_json_write_key(&writer, DW_LIT("a\"b"));
    dw_json_write_array_start(&writer);
    dw_json_write_null(&writer);
    dw_json_write_object_start(&writer);
    dw_json_write_object_end(&writer);
    dw_json_write_array_start(&writer);
    dw_json_write_array_end(&writer);
    dw_json_write_bool(&writer, false);
    dw_json_write_array_end(&writer);
    dw_json_put_int(&writer, "z", 0);
    dw_json_write_object_end(&writer);
    assert_slice(dw_buf_view(&out),
                 "{\"t\":\"x\",\"i\":-7,\"b\":true,\"l\":[\"a\",\"b\"],\"e\":[],\"r\":{\"x\":1},"
                 "\"a\\\"b\":[null,{},[],false],\"z\":0}");
}

static void text_is_escaped_and_always_utf8(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"", "\"\""},
        {"\"\\/\b\f\n\r\t\x01\x1f\x7f", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\x80\xc3\xa9", "\"\xef\xbf\xbd\xc3\xa9\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        out = dw_buf_in(arena);
        writer = dw_json_writer_to(&out);
        dw_json_write_text(&writer, S(cases[i].text));
        assert_slice(dw_buf_view(&out), cases[i].written);
    }
}

static void a_double_is_written_so_that_it_reads_back(void **state)
{
    static const double numbers[] = {0,      -0.0,  1,      0.1,     -2.5, 1e22,
                                     1e-7,   1e300, 5e-324, 1.0 / 3, 1e15, 12345678901234567890.0,
                                     100000, 1e17,  9.5e8};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct dw_json *value;

        out = dw_buf_in(arena);
        writer = dw_json_writer_to(&out);
        dw_json_write_double(&writer, numbers[i]);
        assert_done(dw_json_parse(dw_buf_view(&out), arena, &value, &error), error);
        assert_int_equal(value->type, DW_JSON_DOUBLE);
        assert_memory_equal(&value->number, &numbers[i], sizeof numbers[i]);
    }
    out = dw_buf_in(arena);
    writer = dw_json_writer_to(&out);
    dw_json_write_array_start(&writer);
    dw_json_write_double(&writer, 1);
    dw_json_write_double(&writer, (double)INFINITY);
    dw_json_write_double(&writer, (double)NAN);
    dw_json_write_array_end(&writer);
    assert_slice(dw_buf_view(&out), "[1.0,null,null]");
}

static void a_tree_is_written_as_it_was_read(void **state)
{
    static const char text[] =
        "{\"a\":[1,2.5,true,false,null,\"\\u0001\\n\",{}],\"\xc3\xa9\":{\"b\":"
        "[]},\"big\":1e+30}";
    const struct dw_json *document;

    (void)state;
    assert_done(dw_json_parse(S(text), arena, &document, &error), error);
    dw_json_write_value(&writer, document);
    assert_slice(dw_buf_view(&out), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commas_come_by_themselves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_is_escaped_and_always_utf8, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_double_is_written_so_that_it_reads_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_tree_is_written_as_it_was_read, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
