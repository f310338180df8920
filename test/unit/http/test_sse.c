/* http/sse.h: event streams, whatever the cut. */
#include "test.h"

#include "http/sse.h"

/* Every event as "type|data|id|retry\n", fed `by` bytes at a time. False: refused. */
static bool read_all(struct dw_slice bytes, size_t by, struct dw_buf *out, struct dw_error *error)
{
    struct dw_sse_parser *parser = dw_sse_parser_new(64);
    enum dw_http_step step = DW_HTTP_MORE;

    assert_non_null(parser);
    while (bytes.len && step != DW_HTTP_FAILED) {
        struct dw_slice piece = dw_slice_sub(bytes, 0, by);
        struct dw_sse_event event;

        bytes = dw_slice_sub(bytes, by, bytes.len);
        while ((step = dw_sse_next(parser, &piece, &event, error)) == DW_HTTP_DONE)
            dw_buf_printf(out, "%.*s|%.*s|%s%.*s|%d\n", DW_PRINT(event.type), DW_PRINT(event.data),
                          event.has_id ? "#" : "", DW_PRINT(event.id), (int)event.retry_ms);
    }
    dw_sse_parser_free(parser);
    return step != DW_HTTP_FAILED;
}

static void events_do_not_depend_on_the_cut(void **state)
{
    static const struct {
        const char *text, *events;
    } cases[] = {
        {"data: a\n\n", "|a||-1\n"},
        {"data:a\n\n", "|a||-1\n"},
        {"data:  a\n\n", "| a||-1\n"},
        {"data: a\r\n\r\ndata: b\r\rdata: c\n\n", "|a||-1\n|b||-1\n|c||-1\n"},
        {"event: message\ndata: {\"a\":1}\n\n", "message|{\"a\":1}||-1\n"},
        {"data: a\nevent: x\ndata: bbbbbbbb\nid: 7\ndata\n\n", "x|a\nbbbbbbbb\n|#7|-1\n"},
        {"id: 1\ndata:\n\n", "||#1|-1\n"},
        {"id: 1\n\n", "||#1|-1\n"},
        {"id\nretry: 500\n\n", "||#|500\n"},
        {"retry: -1\nretry: 5x\nretry:\ndata: a\n\n", "|a||-1\n"},
        {": comment\n\ndata: a\n\n", "|a||-1\n"},
        {"event: ping\n\ndata: a\n\n", "|a||-1\n"}, /* no data: dropped, with its type */
        {"\n\n\ndata: a\n\n\n", "|a||-1\n"},
        {"\xEF\xBB\xBF"
         "data: a\n\ndata: b\n\n",
         "|a||-1\n|b||-1\n"},
        {"data: a\n\n\xEF\xBB\xBF"
         "data: b\n\n",
         "|a||-1\n"},
        {"data: not ended\n", ""},
        {"data: not ended", ""},
        {"unknown: x\ndatax: y\n Data: z\ndata: a\n\n", "|a||-1\n"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t by = 1; by <= strlen(cases[i].text) + 1; by++) {
            dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
            struct dw_buf out = dw_buf_in(arena);
            struct dw_error error;

            assert_done(read_all(S(cases[i].text), by, &out, &error), error);
            assert_slice(dw_buf_view(&out), cases[i].events);
        }
}

static void an_event_has_a_limit(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"data: 0123456789012345678901234567890123456789012345678901234\n\n", true},
        {"data: 01234567890123456789012345678901234567890123456789012345678\n\n", false},
        {"data: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\n\n", true},
        {"data: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\ndata: a\n:\n\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t by = 1; by < 80; by += 13) {
            dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
            struct dw_buf out = dw_buf_in(arena);
            struct dw_error error = {0};

            assert_int_equal(read_all(S(cases[i].text), by, &out, &error), cases[i].is_good);
            assert_int_equal(error.code, cases[i].is_good ? DW_OK : DW_TOO_LARGE);
        }
}

static void events_are_written(void **state)
{
    static const struct {
        struct dw_sse_event event;
        const char *text; /* NULL: refused */
    } cases[] = {
        {{.data = {"a", 1}, .retry_ms = -1}, "data: a\n\n"},
        {{.data = {"", 0}, .retry_ms = -1}, "data: \n\n"},
        {{.data = {"a\nb\r\nc\rd\n", 9}, .retry_ms = -1},
         "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
        {{.data = {"\n", 1}, .retry_ms = -1}, "data: \ndata: \n\n"},
        {{.type = {"message", 7},
          .data = {"a", 1},
          .id = {"7", 1},
          .has_id = true,
          .retry_ms = 100},
         "event: message\nid: 7\nretry: 100\ndata: a\n\n"},
        {{.id = {"7", 1}, .has_id = true, .retry_ms = -1}, "id: 7\n\n"},
        {{.type = {"a\nb", 3}, .data = {"a", 1}, .retry_ms = -1}, NULL},
        {{.type = {"a\rb", 3}, .data = {"a", 1}, .retry_ms = -1}, NULL},
        {{.id = {"a\n", 2}, .has_id = true, .data = {"a", 1}, .retry_ms = -1}, NULL},
        {{.id = {"\0", 1}, .has_id = true, .data = {"a", 1}, .retry_ms = -1}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
        struct dw_buf buf = dw_buf_in(arena);
        struct dw_slice text;
        struct dw_error error;

        dw_sse_write(&buf, &cases[i].event);
        assert_int_equal(dw_buf_finish(&buf, &text, &error), cases[i].text != NULL);
        if (cases[i].text)
            assert_slice(text, cases[i].text);
    }
}

static bool read_in_little_memory(void)
{
    struct dw_sse_parser *parser = dw_sse_parser_new(1 << 16);
    struct dw_slice bytes = DW_LIT("data: a\ndata: b\n\n");
    struct dw_sse_event event;
    struct dw_error error = {0};
    enum dw_http_step step;

    if (!parser)
        return false;
    step = dw_sse_next(parser, &bytes, &event, &error);
    if (step == DW_HTTP_DONE)
        assert_slice(event.data, "a\nb");
    else
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_sse_parser_free(parser);
    return step == DW_HTTP_DONE;
}

static void reading_survives_every_failed_allocation(void **state)
{
    (void)state;
    torture(read_in_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_do_not_depend_on_the_cut),
        cmocka_unit_test(an_event_has_a_limit),
        cmocka_unit_test(events_are_written),
        cmocka_unit_test(reading_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
