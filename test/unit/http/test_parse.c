/* http/parse.h, heads: what is refused, what is understood, and that cutting changes nothing. */
#include "test.h"

#include "http/parse.h"

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define POST "POST /mcp HTTP/1.1\r\nHost: a\r\n"

/* Parses in one go and byte by byte, in place and moving; all three must agree. */
static enum dw_http_step parse(struct dw_slice bytes, struct dw_http_field *room,
                               struct dw_http_request *request, size_t *head_bytes,
                               struct dw_error *error)
{
    struct dw_http_head_parser parser;
    enum dw_http_step step, slow = DW_HTTP_MORE;
    struct dw_error slow_error = {0};
    struct dw_http_request slow_request;
    size_t slow_bytes = 0;

    for (int moves = 0; moves < 2; moves++) {
        char *moving = dw_mem_alloc(2 * bytes.len + 1);

        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        for (size_t len = 0; len <= bytes.len; len++) {
            /* Now and then: copies are slow under valgrind. */
            size_t at = moves && (len & 64) ? bytes.len : 0;

            memcpy(moving + at, bytes.ptr, len);
            slow = dw_http_parse_request(&parser, dw_slice_from(moving + at, len), &slow_request,
                                         &slow_bytes, &slow_error);
            if (slow != DW_HTTP_MORE)
                break;
        }
        dw_mem_free(moving);
        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        step = dw_http_parse_request(&parser, bytes, request, head_bytes, error);
        assert_int_equal(step, slow);
        if (step == DW_HTTP_FAILED)
            assert_string_equal(error->message, slow_error.message);
        if (step == DW_HTTP_DONE)
            assert_int_equal(*head_bytes, slow_bytes);
    }
    return step;
}

static const struct {
    const char *text;
    enum dw_code code;
} bad_requests[] = {
    /* request smuggling */
    {POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5, 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5,6\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length:\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: +5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: -5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 0x5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5.0\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 1e3\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: \"5\"\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5;\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 00000000000000005\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 9999999999999999\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 18446744073709551617\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 99999999999999999999999999\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length : 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length\t: 5\r\n\r\n", DW_MALFORMED},
    {POST " Content-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "X: 1\r\n Content-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "X: 1\r\n\tContent-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5\nX: 1\r\n\r\n", DW_MALFORMED},
    {POST "Content-Length: 5\rX: 1\r\n\r\n", DW_MALFORMED},
    {POST "X: 1\nContent-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "X: 1\r\rContent-Length: 5\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: xchunked\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunkedx\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: identity\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: gzip, chunked\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunked, gzip\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunked, chunked\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunked,\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: ,chunked\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunked;q=1\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: \"chunked\"\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: 'chunked'\r\n\r\n", DW_NOT_IMPLEMENTED},
    {POST "Transfer-Encoding: chunked chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n",
     DW_MALFORMED},
    {POST "Transfer-Encoding: \x0c"
          "chunked\r\n\r\n",
     DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\xa0\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding:\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: ,\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding : chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding\n : chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding:\r\n chunked\r\n\r\n", DW_MALFORMED},
    {POST "Transfer-Encoding: chunked\nX: 1\r\n\r\n", DW_MALFORMED},
    {POST "X: 1\r\n\nTransfer-Encoding: chunked\r\n\r\n", DW_MALFORMED},
    {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", DW_MALFORMED},
    {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n",
     DW_MALFORMED},
    /* line ends */
    {LINE "Host: a\n\r\n", DW_MALFORMED},
    {LINE "Host: a\r\n\n", DW_MALFORMED},
    {LINE "Host: a\r\n\rX", DW_MALFORMED},
    {LINE "Host: a\r\r\n\r\n", DW_MALFORMED},
    {"GET / HTTP/1.1\nHost: a\n\n", DW_MALFORMED},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", DW_MALFORMED},
    {"\r\n\r\n" LINE HOST "\r\n", DW_MALFORMED},
    {"\n" LINE HOST "\r\n", DW_MALFORMED},
    {"\r" LINE HOST "\r\n", DW_MALFORMED},
    /* the request line */
    {" GET / HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET /  HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", DW_MALFORMED},
    {"GET\t/ HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET /\tHTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / a HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET /\r\n", DW_MALFORMED},
    {"GET\r\n", DW_MALFORMED},
    {"GET  HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"G(T / HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"G\x80T / HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"\x16\x03\x01\x02", DW_MALFORMED}, /* TLS on a plain port: told at once */
    {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET /\x7f HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET mcp HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET a:80 HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"OPTIONS *a HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http:///a HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http://a?b HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http://b/ HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http://a:80/ HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http://u@a/ HTTP/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET http://a/ HTTP/1.1\r\n\r\n", DW_MALFORMED},
    /* versions */
    {"GET / HTTP/2.0\r\n" HOST "\r\n", DW_HTTP_VERSION},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", DW_HTTP_VERSION},
    {"GET / HTTP/1.2\r\n" HOST "\r\n", DW_HTTP_VERSION},
    {"GET / HTTP/0.9\r\n" HOST "\r\n", DW_HTTP_VERSION},
    {"GET / HTTP/1.10\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / HTTP/1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / HTTP/11\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / http/1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / HTTP/+1.1\r\n" HOST "\r\n", DW_MALFORMED},
    {"GET / HTTP/1,1\r\n" HOST "\r\n", DW_MALFORMED},
    /* Host */
    {LINE "\r\n", DW_MALFORMED},
    {"GET / HTTP/1.0\r\n\r\n", DW_MALFORMED},
    {LINE HOST HOST "\r\n", DW_MALFORMED},
    {LINE HOST "Host: b\r\n\r\n", DW_MALFORMED},
    {LINE "Host:\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a b\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a, b\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a/b\r\n\r\n", DW_MALFORMED},
    {LINE "Host: u@a\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a:\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a:0\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a:65536\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a:80:80\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a:8x\r\n\r\n", DW_MALFORMED},
    {LINE "Host: [::1\r\n\r\n", DW_MALFORMED},
    {LINE "Host: [::g]\r\n\r\n", DW_MALFORMED},
    {LINE "Host: [::1]x\r\n\r\n", DW_MALFORMED},
    {LINE "Host: 127.1\r\n\r\n", DW_MALFORMED},
    {LINE "Host: a%2eb\r\n\r\n", DW_MALFORMED},
    {LINE "Host: \xc3\xa9\r\n\r\n", DW_MALFORMED},
    /* fields */
    {LINE HOST ": x\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X Y: 1\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X(: 1\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X\x80: 1\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X: a\x01"
               "b\r\n\r\n",
     DW_MALFORMED},
    {LINE HOST "X: a\x7f"
               "b\r\n\r\n",
     DW_MALFORMED},
    {LINE HOST "X: a\x1b[0m\r\n\r\n", DW_MALFORMED},
    {LINE " Host: a\r\n\r\n", DW_MALFORMED},
    {LINE HOST "X: 0123456789abcdef0123456789abcd\x05"
               "f\r\n\r\n",
     DW_MALFORMED},
    {LINE HOST "Expect: 200-maybe\r\n\r\n", DW_EXPECTATION_FAILED},
};

static void bad_requests_are_refused_however_they_are_cut(void **state)
{
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];

    (void)state;
    for (size_t i = 0; i < sizeof bad_requests / sizeof *bad_requests; i++) {
        struct dw_http_request request;
        struct dw_error error = {0};
        size_t head_bytes;

        if (parse(S(bad_requests[i].text), room, &request, &head_bytes, &error) != DW_HTTP_FAILED ||
            error.code != bad_requests[i].code)
            fail_msg("case %zu: %s: %s (%s)", i, bad_requests[i].text,
                     dw_code_row(error.code)->name, error.message);
    }
}

static void nul_bytes_are_refused_everywhere(void **state)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];
    char copy[sizeof text];
    struct dw_http_request request;
    struct dw_error error;
    size_t head_bytes;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        memcpy(copy, text, sizeof text);
        copy[i] = '\0';
        assert_int_equal(
            parse(dw_slice_from(copy, sizeof text - 1), room, &request, &head_bytes, &error),
            DW_HTTP_FAILED);
        assert_int_equal(error.code, DW_MALFORMED);
    }
}

static void good_requests_are_understood(void **state)
{
    static const struct {
        const char *text;
        enum dw_http_method method;
        const char *target, *path, *query, *authority;
        bool is_keep_alive, expects_continue, is_chunked;
        int64_t content_length;
    } cases[] = {
        {LINE HOST "\r\n", DW_HTTP_GET, "/", "/", "", "a", true, false, false, -1},
        {"\r\n" LINE HOST "\r\n", DW_HTTP_GET, "/", "/", "", "a", true, false, false, -1},
        {"GET /a/b?c=d?e HTTP/1.1\r\nhOsT:\t a:8080 \t\r\n\r\n", DW_HTTP_GET, "/a/b?c=d?e", "/a/b",
         "c=d?e", "a:8080", true, false, false, -1},
        {"HEAD /? HTTP/1.0\r\n" HOST "\r\n", DW_HTTP_HEAD, "/?", "/", "", "a", false, false, false,
         -1},
        {"PUT / HTTP/1.0\r\nConnection: keep-alive\r\n" HOST "\r\n", DW_HTTP_PUT, "/", "/", "", "a",
         true, false, false, -1},
        {"PATCH / HTTP/1.1\r\nConnection: Close\r\n" HOST "\r\n", DW_HTTP_PATCH, "/", "/", "", "a",
         false, false, false, -1},
        {"DELETE / HTTP/1.1\r\nConnection: foo, close , keep-alive\r\n" HOST "\r\n", DW_HTTP_DELETE,
         "/", "/", "", "a", false, false, false, -1},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", DW_HTTP_OPTIONS, "*", "*", "", "a", true, false,
         false, -1},
        {"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 0007\r\n" HOST "\r\n",
         DW_HTTP_POST, "/", "/", "", "a", true, true, false, 7},
        {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 7\r\n" HOST "\r\n",
         DW_HTTP_POST, "/", "/", "", "a", false, false, false, 7},
        {POST "Transfer-Encoding: CHUNKED\r\n\r\n", DW_HTTP_POST, "/mcp", "/mcp", "", "a", true,
         false, true, -1},
        {"GET http://A/x?y HTTP/1.1\r\n" HOST "\r\n", DW_HTTP_GET, "/x?y", "/x", "y", "a", true,
         false, false, -1},
        {"GET HTTPS://a HTTP/1.1\r\n" HOST "\r\n", DW_HTTP_GET, "/", "/", "", "a", true, false,
         false, -1},
        {"QUERY / HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\nY: \xc3\xa9\tz\r\n\r\n", DW_HTTP_OTHER, "/",
         "/", "", "[::1]:80", true, false, false, -1},
        {"get / HTTP/1.1\r\n" HOST "\r\n", DW_HTTP_OTHER, "/", "/", "", "a", true, false, false,
         -1},
    };
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_request request;
        struct dw_error error = {0};
        size_t head_bytes = 0;

        if (parse(S(cases[i].text), room, &request, &head_bytes, &error) != DW_HTTP_DONE)
            fail_msg("%s: %s", cases[i].text, error.message);
        assert_int_equal(head_bytes, strlen(cases[i].text));
        assert_int_equal(request.method, cases[i].method);
        assert_slice(request.target, cases[i].target);
        assert_slice(request.path, cases[i].path);
        assert_slice(request.query, cases[i].query);
        assert_slice(request.authority, cases[i].authority);
        assert_int_equal(request.is_keep_alive, cases[i].is_keep_alive);
        assert_int_equal(request.expects_continue, cases[i].expects_continue);
        assert_int_equal(request.is_chunked, cases[i].is_chunked);
        assert_int_equal(request.content_length, cases[i].content_length);
    }
}

static void fields_are_found_by_name(void **state)
{
    static const char text[] = "POST /mcp HTTP/1.1\r\nHost: a\r\nAccept: text/html, b\r\n"
                               "X-Empty: \t \r\naccept:  c;q=0\t\r\nAuthorization: Bearer "
                               "0123456789abcdef0123456789ABCDEF._~+/0123456789=\r\n\r\nbody";
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];
    struct dw_http_request request;
    struct dw_error error = {0};
    size_t head_bytes = 0;

    (void)state;
    assert_int_equal(parse(S(text), room, &request, &head_bytes, &error), DW_HTTP_DONE);
    assert_string_equal(text + head_bytes, "body");
    assert_int_equal(request.fields.count, 5);
    assert_slice(dw_http_field(request.fields, "ACCEPT"), "text/html, b");
    assert_int_equal(dw_http_field_count(request.fields, "accept"), 2);
    assert_true(dw_http_field_has_token(request.fields, "accept", "B"));
    assert_false(dw_http_field_has_token(request.fields, "accept", "c"));
    assert_slice(dw_http_field(request.fields, "x-empty"), "");
    assert_non_null(dw_http_field(request.fields, "x-empty").ptr);
    assert_null(dw_http_field(request.fields, "x-absent").ptr);
    assert_slice(dw_http_field(request.fields, "authorization"),
                 "Bearer 0123456789abcdef0123456789ABCDEF._~+/0123456789=");
}

/* A request with a target, and a field `repeat` times. */
static struct dw_slice long_request(struct dw_arena *arena, size_t target, size_t fields,
                                    size_t value)
{
    char *text = dw_arena_alloc(arena, target + fields * (value + 8) + 64);
    size_t len = 0;

    memcpy(text, "GET ", 4);
    memset(text + 4, '/', target);
    len = 4 + target;
    memcpy(text + len, " HTTP/1.1\r\nHost: a\r\n", 20);
    len += 20;
    for (size_t i = 0; i < fields; i++) {
        memcpy(text + len, "X: ", 3);
        memset(text + len + 3, 'v', value);
        memcpy(text + len + 3 + value, "\r\n", 2);
        len += value + 5;
    }
    memcpy(text + len, "\r\n", 2);
    return dw_slice_from(text, len + 2);
}

static void limits_hold_exactly(void **state)
{
    static const struct {
        size_t target, fields, value;
        enum dw_code code;
    } cases[] = {
        {DW_HTTP_MAX_TARGET_BYTES, 0, 0, DW_OK},
        {DW_HTTP_MAX_TARGET_BYTES + 1, 0, 0, DW_URI_TOO_LONG},
        {2 * DW_HTTP_MAX_TARGET_BYTES, 0, 0, DW_URI_TOO_LONG},
        {1, DW_HTTP_MAX_FIELDS - 1, 1, DW_OK},
        {1, DW_HTTP_MAX_FIELDS, 1, DW_HEADER_TOO_LARGE},
        {1, 1, DW_HTTP_MAX_HEAD_BYTES - 4 - 1 - 20 - 5 - 2, DW_OK},
        {1, 1, DW_HTTP_MAX_HEAD_BYTES - 4 - 1 - 20 - 5 - 2 + 1, DW_HEADER_TOO_LARGE},
        {1, 50, 2000, DW_HEADER_TOO_LARGE},
    };
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_slice text =
            long_request(arena, cases[i].target, cases[i].fields, cases[i].value);
        struct dw_http_head_parser parser;
        struct dw_http_request request;
        struct dw_error error = {0};
        size_t head_bytes;
        enum dw_http_step step = DW_HTTP_MORE;

        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        if (dw_http_parse_request(&parser, text, &request, &head_bytes, &error) == DW_HTTP_DONE)
            error.code = DW_OK;
        assert_int_equal(error.code, cases[i].code);
        error.code = DW_OK;
        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        for (size_t len = 0; len <= text.len && step == DW_HTTP_MORE; len += 7)
            step = dw_http_parse_request(&parser, dw_slice_sub(text, 0, len), &request, &head_bytes,
                                         &error);
        if (step == DW_HTTP_MORE)
            step = dw_http_parse_request(&parser, text, &request, &head_bytes, &error);
        assert_int_equal(error.code, cases[i].code);
        assert_int_equal(step, cases[i].code == DW_OK ? DW_HTTP_DONE : DW_HTTP_FAILED);
    }
}

static void bad_responses_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum dw_code code;
    } cases[] = {
        {"HTTP/1.1 200 OK\nX: 1\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 OK\r\nX: 1\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 20 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 2000 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 099 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 600 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1  200 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200\tOK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 O\x01K\r\n\r\n", DW_MALFORMED},
        {"HTTP/2.0 200 OK\r\n\r\n", DW_HTTP_VERSION},
        {"ICY 200 OK\r\n\r\n", DW_MALFORMED},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         DW_MALFORMED},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", DW_NOT_IMPLEMENTED},
        {"HTTP/1.1 200 OK\r\nX : 1\r\n\r\n", DW_MALFORMED},
        {"HTTP/1.1 200 OK\r\n X: 1\r\n\r\n", DW_MALFORMED},
    };
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_head_parser parser;
        struct dw_http_response_head head;
        struct dw_error error = {0};
        enum dw_http_step step = DW_HTTP_MORE;
        size_t head_bytes;

        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        for (size_t len = 0; len <= strlen(cases[i].text) && step == DW_HTTP_MORE; len++)
            step = dw_http_parse_response(&parser, dw_slice_from(cases[i].text, len), &head,
                                          &head_bytes, &error);
        if (step != DW_HTTP_FAILED || error.code != cases[i].code)
            fail_msg("%s: %s", cases[i].text, error.message);
    }
}

static void good_responses_are_understood(void **state)
{
    static const struct {
        const char *text;
        int status;
        bool is_keep_alive, is_chunked;
        int64_t content_length;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 200, true, false, 12},
        {"HTTP/1.1 204\r\n\r\n", 204, true, false, -1},
        {"HTTP/1.1 404 \r\nConnection: close\r\n\r\n", 404, false, false, -1},
        {"HTTP/1.1 200 \xc3\xa9t\xc3\xa9\r\nTransfer-Encoding: chunked\r\n\r\n", 200, true, true,
         -1},
        {"HTTP/1.0 200 OK\r\n\r\n", 200, false, false, -1},
        {"HTTP/1.1 100 Continue\r\n\r\n", 100, true, false, -1},
        {"HTTP/1.1 599 Odd\r\nExpect: me\r\nHost: a b\r\n\r\n", 599, true, false, -1},
    };
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_head_parser parser;
        struct dw_http_response_head head;
        struct dw_error error = {0};
        size_t head_bytes = 0;
        enum dw_http_step step = DW_HTTP_MORE;

        dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
        for (size_t len = 0; len <= strlen(cases[i].text) && step == DW_HTTP_MORE; len++)
            step = dw_http_parse_response(&parser, dw_slice_from(cases[i].text, len), &head,
                                          &head_bytes, &error);
        if (step != DW_HTTP_DONE)
            fail_msg("%s: %s", cases[i].text, error.message);
        assert_int_equal(head_bytes, strlen(cases[i].text));
        assert_int_equal(head.status, cases[i].status);
        assert_int_equal(head.is_keep_alive, cases[i].is_keep_alive);
        assert_int_equal(head.is_chunked, cases[i].is_chunked);
        assert_int_equal(head.content_length, cases[i].content_length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_requests_are_refused_however_they_are_cut),
        cmocka_unit_test(nul_bytes_are_refused_everywhere),
        cmocka_unit_test(good_requests_are_understood),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(limits_hold_exactly),
        cmocka_unit_test(bad_responses_are_refused),
        cmocka_unit_test(good_responses_are_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
