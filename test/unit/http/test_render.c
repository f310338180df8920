/* http/render.h: no way to split a response. */
#include "test.h"

#include "http/render.h"

static void heads_are_written(void **state)
{
    char room[512];
    struct dw_http_writer writer = dw_http_writer_into(room, sizeof room);
    const struct dw_http_field fields[] = {{S("A"), S("b")}, {S("C"), S("")}};
    struct dw_slice bytes;
    struct dw_error error;

    (void)state;
    dw_http_write_status(&writer, 404);
    dw_http_write_fields(&writer, (struct dw_http_fields){fields, 2});
    dw_http_write_field_int(&writer, S("Content-Length"), 0);
    dw_http_write_field_int(&writer, S("X"), INT64_MIN);
    dw_http_write_raw(&writer, S("Date: now\r\n"));
    dw_http_write_end(&writer);
    assert_done(dw_http_writer_finish(&writer, &bytes, &error), error);
    assert_slice(bytes, "HTTP/1.1 404 Not Found\r\nA: b\r\nC: \r\nContent-Length: 0\r\n"
                        "X: -9223372036854775808\r\nDate: now\r\n\r\n");
    writer = dw_http_writer_into(room, sizeof room);
    dw_http_write_request_line(&writer, DW_HTTP_POST, DW_EMPTY, S("/mcp?a"));
    dw_http_write_request_line(&writer, DW_HTTP_OTHER, S("PURGE"), S("*"));
    assert_done(dw_http_writer_finish(&writer, &bytes, &error), error);
    assert_slice(bytes, "POST /mcp?a HTTP/1.1\r\nPURGE * HTTP/1.1\r\n");
}

static void what_must_not_be_sent_is_refused(void **state)
{
    static const struct {
        struct dw_slice name, value;
    } cases[] = {
        {{"A", 1}, {"b\r\nSet-Cookie: x", 16}},
        {{"A", 1}, {"b\nc", 3}},
        {{"A", 1}, {"b\rc", 3}},
        {{"A", 1}, {"b\0c", 3}},
        {{"A", 1}, {"\x1b[0m", 4}},
        {{"A", 1}, {"0123456789abcdef\r", 17}},
        {{"A\r\n", 3}, {"b", 1}},
        {{"A:", 2}, {"b", 1}},
        {{"A ", 2}, {"b", 1}},
        {{"", 0}, {"b", 1}},
    };
    char room[512];
    struct dw_slice bytes;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_writer writer = dw_http_writer_into(room, sizeof room);

        dw_http_write_status(&writer, 200);
        dw_http_write_field(&writer, cases[i].name, cases[i].value);
        dw_http_write_field(&writer, S("Good"), S("one"));
        dw_http_write_end(&writer);
        assert_fails(dw_http_writer_finish(&writer, &bytes, &error), error, DW_INTERNAL);
    }
}

static void bad_start_lines_are_refused(void **state)
{
    static const int statuses[] = {-1, 0, 99, 600, 1000};
    static const struct {
        const char *method, *target;
    } cases[] = {
        {"GET", ""},     {"GET", "/a b"}, {"GET", "/a\r\nX: y"}, {"GET", "/\xc3\xa9"},
        {"GET", "/a#b"}, {"", "/"},       {"G T", "/"},          {"GET\r\n", "/"},
    };
    char room[512];
    struct dw_slice bytes;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct dw_http_writer writer = dw_http_writer_into(room, sizeof room);

        dw_http_write_status(&writer, statuses[i]);
        assert_fails(dw_http_writer_finish(&writer, &bytes, &error), error, DW_INTERNAL);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_writer writer = dw_http_writer_into(room, sizeof room);

        dw_http_write_request_line(&writer, DW_HTTP_OTHER, S(cases[i].method), S(cases[i].target));
        assert_fails(dw_http_writer_finish(&writer, &bytes, &error), error, DW_INTERNAL);
    }
}

static void a_full_buffer_is_told(void **state)
{
    char room[64];
    struct dw_slice bytes;
    struct dw_error error;

    (void)state;
    for (size_t size = 0; size < 27; size++) {
        struct dw_http_writer writer = dw_http_writer_into(room, size);

        memset(room, '#', sizeof room);
        dw_http_write_status(&writer, 200);
        dw_http_write_field(&writer, S("A"), S("bc"));
        dw_http_write_end(&writer);
        assert_int_equal(room[size], '#');
        if (size == 26)
            assert_done(dw_http_writer_finish(&writer, &bytes, &error), error);
        else
            assert_fails(dw_http_writer_finish(&writer, &bytes, &error), error,
                         DW_HEADER_TOO_LARGE);
    }
}

static void chunk_lines_are_hexadecimal(void **state)
{
    static const struct {
        size_t len;
        const char *line;
    } cases[] = {
        {1, "1\r\n"},    {15, "f\r\n"},      {16, "10\r\n"},
        {255, "ff\r\n"}, {4096, "1000\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"},
    };
    char line[DW_HTTP_CHUNK_LINE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slice(dw_slice_from(line, dw_http_chunk_line(line, cases[i].len)), cases[i].line);
}

static void every_error_code_has_a_reason(void **state)
{
    (void)state;
    for (int code = DW_OK + 1; code < DW_CODE_COUNT; code++)
        assert_string_not_equal(dw_http_reason(dw_code_row((enum dw_code)code)->http_status),
                                "Unknown");
    assert_string_equal(dw_http_reason(299), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_written),
        cmocka_unit_test(what_must_not_be_sent_is_refused),
        cmocka_unit_test(bad_start_lines_are_refused),
        cmocka_unit_test(a_full_buffer_is_told),
        cmocka_unit_test(chunk_lines_are_hexadecimal),
        cmocka_unit_test(every_error_code_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
