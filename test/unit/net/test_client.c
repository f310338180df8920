/* net/client.h: what fails, and how good answers are understood, against a server that misbehaves
 * in every way. */
#include "test.h"

#include "client_fixture.h"

/* ---- what cannot be reached, and what answers badly ---- */

static void bad_urls_are_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "127.0.0.1:80",
        "ftp://127.0.0.1/",
        "http://",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1/?a=b",
        "http://127.0.0.1/#a",
        "unix:",
        "unix:relative",
        "unix:/a:b",
        ("unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789"), /* longer than sun_path */
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct dw_client_config config = {.size = sizeof config, .url = S(urls[i])};
        struct dw_error error = {0};

        assert_null(dw_client_new(dw_net_loop(net, 0), &config, &error));
        assert_true(error.code == DW_CONFIG || error.code == DW_MALFORMED);
    }
}

static void nobody_there_is_a_bad_gateway(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:1", "http://[::1]:1/",
                                       "http://localhost:1", "unix:/nonexistent/socket"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct dw_client_config config = {.size = sizeof config, .url = S(urls[i])};

        set_up(NULL);
        open_client(&config);
        ask(DW_HTTP_GET);
        run();
        assert_failed(&results[0], DW_BAD_GATEWAY, "connecting: ");
        if (i < 3)
            tear_down(NULL);
    }
}

static void bad_answers_are_a_bad_gateway(void **state)
{
    static const struct {
        const char *answer, *cause;
        bool has_head; /* the caller was told of a head before */
    } cases[] = {
        {"", "without an answer", false},
        {"HTTP/1.1 200 OK\r\nContent-Le", "without an answer", false},
        {"220 smtp.example.com ESMTP\r\n", "no HTTP version", false},
        {"HTTP/2.0 200 OK\r\n\r\n", "only HTTP/1.1", false},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "LF instead of CR LF", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
         "more than one Content-Length", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
         "both Content-Length and Transfer-Encoding", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "only Transfer-Encoding", false},
        {"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n", "goes on in the next line", false},
        {"HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", "control byte", false},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "upgrade", false},
        {"HTTP/1.1 100 Continue\r\n\r\n", "without an answer", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "ended before the answer did", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
         "ended before the answer did", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
         "ended before the answer did", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "chunk size", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX", "CR LF", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct peer_script script = {.answers = {cases[i].answer},
                                           .is_byte_by_byte = i % 2 == 1};

        if (i)
            set_up(NULL);
        peer_start(peer, &script, 1);
        open_peer_client((struct dw_client_config){0});
        ask(i % 3 ? DW_HTTP_POST : DW_HTTP_GET);
        run();
        assert_failed(&results[0], DW_BAD_GATEWAY, cases[i].cause);
        assert_int_equal(results[0].heads, cases[i].has_head);
        assert_int_equal(peer->accepted, 1); /* a fresh connection is never tried again */
        if (i + 1 < sizeof cases / sizeof *cases)
            tear_down(NULL);
    }
}

static void an_answers_head_has_a_limit(void **state)
{
    const struct peer_script script = {.answers = {OK "X: "}, .padding = 40000};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    ask(DW_HTTP_GET);
    run();
    assert_failed(&results[0], DW_BAD_GATEWAY, "larger than");
}

static void a_silent_server_is_a_gateway_timeout(void **state)
{
    const struct peer_script script = {.answers = {""}, .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){.answer_timeout_ms = 50});
    ask(DW_HTTP_GET);
    run();
    assert_failed(&results[0], DW_GATEWAY_TIMEOUT, "no answer in time");
}

static void a_handshake_that_stalls_is_a_gateway_timeout(void **state)
{
    const struct peer_script script = {.end = PEER_WAITS};
    struct dw_client_config config = {.size = sizeof config, .connect_timeout_ms = 50};
    char url[64];

    (void)state;
    peer_start(peer, &script, 1);
    snprintf(url, sizeof url, "https://127.0.0.1:%d", peer->port);
    config.url = S(url);
    open_client(&config);
    ask(DW_HTTP_GET);
    run();
    assert_failed(&results[0], DW_GATEWAY_TIMEOUT, "no connection in time");
}

static void what_must_not_be_sent_is_refused(void **state)
{
    static const struct {
        const char *target;
        struct dw_http_field field;
        enum dw_code code;
    } cases[] = {
        {"/a b", {{"A", 1}, {"b", 1}}, DW_INTERNAL},
        {"/a\r\nX: y", {{"A", 1}, {"b", 1}}, DW_INTERNAL},
        {"", {{"A", 1}, {"b", 1}}, DW_INTERNAL},
        {"/", {{"A", 1}, {"b\r\nX: y", 7}}, DW_INTERNAL},
        {"/", {{"A\r\nX", 4}, {"b", 1}}, DW_INTERNAL},
        {"/", {{"A", 1}, {NULL, 40000}}, DW_HEADER_TOO_LARGE},
    };
    static char large[40000];
    const struct dw_client_config config = {.size = sizeof config, .url = S("http://127.0.0.1:1")};
    const struct dw_upstream_handler handler = {on_head, on_body, on_end, on_error, &results[0]};

    (void)state;
    memset(large, 'x', sizeof large);
    open_client(&config);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_field field = cases[i].field;
        struct dw_error error = {0};

        if (!field.value.ptr)
            field.value.ptr = large;
        assert_null(dw_client_send(client, DW_HTTP_GET, S(cases[i].target),
                                   (struct dw_http_fields){&field, 1}, DW_EMPTY, &handler, &error));
        assert_int_equal(error.code, cases[i].code);
    }
}

static void framing_is_not_the_callers(void **state)
{
    static const struct dw_http_field fields[] = {
        {{"Host", 4}, {"evil", 4}},
        {{"content-length", 14}, {"999", 3}},
        {{"Transfer-Encoding", 17}, {"chunked", 7}},
        {{"CONNECTION", 10}, {"close", 5}},
        {{"X-Kept", 6}, {"yes", 3}},
    };
    const struct peer_script script = {.answers = {HELLO}, .end = PEER_WAITS};
    const struct dw_upstream_handler handler = {on_head, on_body, on_end, on_error, &results[0]};
    struct dw_error error;
    char expected[256];

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    result_count = 1;
    assert_non_null(dw_client_send(client, DW_HTTP_POST, S("/mcp?a"),
                                   (struct dw_http_fields){fields, 5}, S("12345"), &handler,
                                   &error));
    run();
    assert_answered(&results[0], 200, "hello");
    snprintf(
        expected, sizeof expected,
        "POST /mcp?a HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Kept: yes\r\nContent-Length: 5\r\n\r\n",
        peer->port);
    assert_string_equal(peer->asked[0], expected);
}

/* ---- good answers ---- */

static void answers_end_where_they_should(void **state)
{
    static const struct {
        enum dw_http_method method;
        const char *answer, *body;
        int status;
    } cases[] = {
        {DW_HTTP_GET, HELLO, "hello", 200},
        {DW_HTTP_GET, OK "Content-Length: 0\r\n\r\n", "", 200},
        {DW_HTTP_POST, OK "\r\nuntil the end", "until the end", 200},
        {DW_HTTP_POST,
         OK "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
         "hello!", 200},
        {DW_HTTP_HEAD, OK "Content-Length: 5\r\n\r\n", "", 200},
        {DW_HTTP_POST, "HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n", "", 202},
        {DW_HTTP_DELETE, "HTTP/1.1 204 No Content\r\n\r\n", "", 204},
        {DW_HTTP_POST,
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO, "hello",
         200},
        {DW_HTTP_GET, "HTTP/1.0 200 OK\r\n\r\nold", "old", 200},
        {DW_HTTP_GET, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", "no", 401},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t at = i / 2;
        const struct peer_script script = {.answers = {cases[at].answer},
                                           .is_byte_by_byte = i % 2 == 1};

        if (i)
            set_up(NULL);
        peer_start(peer, &script, 1);
        open_peer_client((struct dw_client_config){0});
        ask(cases[at].method);
        run();
        assert_answered(&results[0], cases[at].status, cases[at].body);
        if (i + 1 < 2 * sizeof cases / sizeof *cases)
            tear_down(NULL);
    }
}

static void a_unix_socket_serves_too(void **state)
{
    const struct peer_script script = {.answers = {HELLO}, .end = PEER_WAITS};
    struct dw_client_config config = {.size = sizeof config};
    char url[128];

    (void)state;
    snprintf(peer->path, sizeof peer->path, "/tmp/doorward-test-client-%d", (int)getpid());
    peer_start(peer, &script, 1);
    snprintf(url, sizeof url, "unix:%s:/mcp", peer->path);
    config.url = S(url);
    open_client(&config);
    assert_slice(dw_client_path(client), "/mcp");
    ask(DW_HTTP_GET);
    run();
    assert_answered(&results[0], 200, "hello");
    assert_non_null(strstr(peer->asked[0], "GET /mcp HTTP/1.1\r\nHost: localhost\r\n"));
}

static void a_name_is_looked_up(void **state)
{
    const struct peer_script script = {.answers = {HELLO}};
    struct dw_client_config config = {.size = sizeof config};
    char url[64];

    (void)state;
    peer_start(peer, &script, 1);
    snprintf(url, sizeof url, "http://localhost:%d", peer->port);
    config.url = S(url);
    open_client(&config);
    assert_slice(dw_client_path(client), "/");
    ask(DW_HTTP_GET);
    run();
    assert_answered(&results[0], 200, "hello"); /* also where localhost is ::1 first */
}

/* ---- memory ---- */

static bool make_in_little_memory(void)
{
    static const struct dw_http_field fields[] = {{{"A", 1}, {"b", 1}}};
    const struct dw_upstream_handler handler = {on_head, on_body, on_end, on_error, &results[0]};
    const struct dw_client_config config = {.size = sizeof config,
                                            .url = S("http://127.0.0.1:1/x")};
    struct dw_error error = {0};
    struct dw_upstream_call *call = NULL;
    struct dw_client *made = dw_client_new(dw_net_loop(net, 0), &config, &error);

    if (made)
        call = dw_client_send(made, DW_HTTP_GET, S("/"), (struct dw_http_fields){fields, 1},
                              DW_EMPTY, &handler, &error);
    if (!call)
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_client_free(made);
    return call != NULL;
}

static void making_calls_survives_every_failed_allocation(void **state)
{
    (void)state;
    torture(make_in_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_urls_are_refused),
        cmocka_unit_test_teardown(nobody_there_is_a_bad_gateway, tear_down),
        TEST(bad_answers_are_a_bad_gateway),
        TEST(an_answers_head_has_a_limit),
        TEST(a_silent_server_is_a_gateway_timeout),
        TEST(a_handshake_that_stalls_is_a_gateway_timeout),
        TEST(what_must_not_be_sent_is_refused),
        TEST(framing_is_not_the_callers),
        TEST(answers_end_where_they_should),
        TEST(a_unix_socket_serves_too),
        TEST(a_name_is_looked_up),
        TEST(making_calls_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
