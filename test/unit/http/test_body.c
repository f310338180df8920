/* http/parse.h, bodies: where they end, and what may stand between their bytes. */
#include "test.h"

#include <stdio.h>

#include "http/parse.h"

/* Decodes, `step_bytes` at a time, into `data`. DW_HTTP_MORE: the bytes ran out. */
static enum dw_http_step decode(struct dw_http_body body, struct dw_slice bytes, size_t step_bytes,
                                char *data, size_t *ret_left, struct dw_error *error)
{
    enum dw_http_step step = DW_HTTP_MORE;
    struct dw_slice piece, part;

    *data = '\0';
    while (bytes.len && step == DW_HTTP_MORE) {
        piece = dw_slice_sub(bytes, 0, step_bytes);
        bytes = dw_slice_sub(bytes, step_bytes, bytes.len);
        do {
            step = dw_http_body_next(&body, &piece, &part, error);
            strncat(data, part.ptr, part.len);
        } while (step == DW_HTTP_MORE && (part.len || piece.len));
        *ret_left = bytes.len + piece.len;
    }
    return step;
}

static struct dw_http_body chunked(void)
{
    struct dw_http_request request = {.is_chunked = true, .content_length = -1};
    struct dw_http_body body;

    dw_http_body_init_request(&body, &request);
    return body;
}

static void chunks_are_joined(void **state)
{
    static const struct {
        const char *text, *data, *rest;
    } cases[] = {
        {"0\r\n\r\n", "", ""},
        {"000\r\n\r\nGET", "", "GET"},
        {"5\r\nhello\r\n0\r\n\r\n", "hello", ""},
        {"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\nnext", "hello world", "next"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
        {"a;x\r\n0123456789\r\n0;last=\"1\"\r\n\r\n", "0123456789", ""},
        {"0a;x=y;z=\"a b\"\r\n0123456789\r\n0\r\n\r\n", "0123456789", ""},
        {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", ""},
        {"1\r\nx\r\n0\r\nTrailer: value\r\nContent-Length: 7\r\n\r\nrest", "x", "rest"},
        {"1\r\nx\r\n0\r\nA:\r\n\r\n", "x", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t by = 1; by <= strlen(cases[i].text); by++) {
            char data[256];
            struct dw_error error = {0};
            size_t left = 0;

            if (decode(chunked(), S(cases[i].text), by, data, &left, &error) != DW_HTTP_DONE)
                fail_msg("%s: %s", cases[i].text, error.message);
            assert_string_equal(data, cases[i].data);
            assert_int_equal(left, strlen(cases[i].rest));
        }
}

static void bad_chunks_are_refused(void **state)
{
    static const char *const cases[] = {
        "\r\n",
        "\n",
        "x\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "5\rhello",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        ";x\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\rX0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\x01\r\nhello\r\n0\r\n\r\n",
        "5;a\xff\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "10000000000000000\r\n",
        "4000000000001\r\n",
        "0\r\n\n",
        "0\r\n\rX",
        "0\r\nX\r\n\r\n",
        "0\r\n: x\r\n\r\n",
        "0\r\nX : 1\r\n\r\n",
        "0\r\n X: 1\r\n\r\n",
        "0\r\nX: 1\n\r\n",
        "0\r\nX: 1\r\n y\r\n\r\n",
        "0\r\nX: \x02\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t by = 1; by <= 32; by += 31) {
            char data[256];
            struct dw_error error = {0};
            size_t left;

            if (decode(chunked(), S(cases[i]), by, data, &left, &error) != DW_HTTP_FAILED)
                fail_msg("%s was let through", cases[i]);
            assert_int_equal(error.code, DW_MALFORMED);
        }
}

/* Feeds `text` again and again. */
static enum dw_http_step repeat(struct dw_http_body *body, const char *text, size_t times,
                                struct dw_error *error)
{
    enum dw_http_step step = DW_HTTP_MORE;
    struct dw_slice part;

    while (times-- && step == DW_HTTP_MORE) {
        struct dw_slice bytes = S(text);

        while (bytes.len && step == DW_HTTP_MORE)
            step = dw_http_body_next(body, &bytes, &part, error);
    }
    return step;
}

static void framing_has_limits(void **state)
{
    struct dw_http_body body;
    struct dw_error error = {0};
    char line[600];

    (void)state;
    body = chunked();
    assert_int_equal(repeat(&body, "00000000", 40, &error), DW_HTTP_FAILED);
    assert_int_equal(error.code, DW_MALFORMED);
    body = chunked();
    assert_int_equal(repeat(&body, "1\r\nx\r\n", 100000, &error), DW_HTTP_MORE);
    snprintf(line, sizeof line, "1;%0*d\r\nx\r\n", DW_HTTP_MAX_CHUNK_LINE_BYTES - 5, 0);
    body = chunked();
    assert_int_equal(repeat(&body, line, 20, &error), DW_HTTP_MORE);
    assert_int_equal(repeat(&body, line, 100, &error), DW_HTTP_FAILED);
    assert_int_equal(error.code, DW_MALFORMED);
    body = chunked();
    assert_int_equal(repeat(&body, "0\r\n", 1, &error), DW_HTTP_MORE);
    assert_int_equal(repeat(&body, "A: b\r\n", 100000, &error), DW_HTTP_FAILED);
    assert_int_equal(error.code, DW_HEADER_TOO_LARGE);
}

static void lengths_are_exact(void **state)
{
    struct dw_http_request request = {.content_length = 5};
    struct dw_http_body body;
    struct dw_error error = {0};

    (void)state;
    for (size_t by = 1; by < 12; by++) {
        char data[64];
        size_t left = 0;

        dw_http_body_init_request(&body, &request);
        assert_int_equal(body.kind, DW_HTTP_BODY_LENGTH);
        assert_int_equal(decode(body, S("helloGET /"), by, data, &left, &error), DW_HTTP_DONE);
        assert_string_equal(data, "hello");
        assert_int_equal(left, 5);
        assert_int_equal(decode(body, S("hell"), by, data, &left, &error), DW_HTTP_MORE);
    }
    assert_false(dw_http_body_close(&body, &error));
    assert_int_equal(error.code, DW_MALFORMED);
}

static void responses_end_where_the_rfc_says(void **state)
{
    static const struct {
        enum dw_http_method method;
        int status;
        bool is_chunked;
        int64_t content_length;
        enum dw_http_body_kind kind;
    } cases[] = {
        {DW_HTTP_GET, 200, false, 5, DW_HTTP_BODY_LENGTH},
        {DW_HTTP_GET, 200, false, 0, DW_HTTP_BODY_NONE},
        {DW_HTTP_GET, 200, false, -1, DW_HTTP_BODY_UNTIL_CLOSE},
        {DW_HTTP_GET, 200, true, -1, DW_HTTP_BODY_CHUNKED},
        {DW_HTTP_HEAD, 200, false, 5, DW_HTTP_BODY_NONE},
        {DW_HTTP_HEAD, 200, true, -1, DW_HTTP_BODY_NONE},
        {DW_HTTP_POST, 100, false, -1, DW_HTTP_BODY_NONE},
        {DW_HTTP_POST, 204, false, 5, DW_HTTP_BODY_NONE},
        {DW_HTTP_GET, 304, false, 5, DW_HTTP_BODY_NONE},
        {DW_HTTP_GET, 304, true, -1, DW_HTTP_BODY_NONE},
        {DW_HTTP_POST, 401, true, -1, DW_HTTP_BODY_CHUNKED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_response_head head = {.status = cases[i].status,
                                             .is_chunked = cases[i].is_chunked,
                                             .content_length = cases[i].content_length};
        struct dw_slice bytes = DW_LIT("bytes"), data;
        struct dw_http_body body;
        struct dw_error error = {0};

        dw_http_body_init_response(&body, cases[i].method, &head);
        assert_int_equal(body.kind, cases[i].kind);
        assert_int_equal(dw_http_body_close(&body, &error),
                         cases[i].kind == DW_HTTP_BODY_NONE ||
                             cases[i].kind == DW_HTTP_BODY_UNTIL_CLOSE);
        if (cases[i].kind == DW_HTTP_BODY_NONE) {
            assert_int_equal(dw_http_body_next(&body, &bytes, &data, &error), DW_HTTP_DONE);
            assert_slice(bytes, "bytes");
        } else if (cases[i].kind == DW_HTTP_BODY_UNTIL_CLOSE) {
            assert_int_equal(dw_http_body_next(&body, &bytes, &data, &error), DW_HTTP_MORE);
            assert_slice(data, "bytes");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(framing_has_limits),
        cmocka_unit_test(lengths_are_exact),
        cmocka_unit_test(responses_end_where_the_rfc_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
