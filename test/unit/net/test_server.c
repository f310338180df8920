/* net/server.h over real sockets: framing, order, early answers, streams, the log line. */
#include "server_fixture.h"

#define CLOSE "Host: h\r\nConnection: close\r\n\r\n"

static void what_could_be_smuggled_is_400_and_the_end(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n",
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n"),
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc",
        "GET /hello HTTP/1.1\r\nHost : h\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x01 garbage of a TLS client\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        assert_starts(ask(requests[i]), "HTTP/1.1 400 Bad Request\r\n");
        assert_has(heard, "Connection: close\r\n");
        assert_null(strstr(heard, "hello"));
    }
    assert_int_equal(requests_seen, 0);
}

static void bad_chunks_are_400_and_the_end(void **state)
{
    static const char *const bodies[] = {
        "x\r\n", "3\r\nabcde\r\n0\r\n\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "3\nabc\n0\n\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        int fd = dial();

        say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        say(fd, bodies[i]);
        assert_starts(hear_all(fd), "HTTP/1.1 400 ");
    }
    assert_int_equal(requests_seen, 0);
}

static void too_large_is_refused_with_its_own_status(void **state)
{
    static char big[70000];
    int fd = dial();

    (void)state;
    memset(big, 'a', sizeof big - 1);
    say(fd, "GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    say(fd, big);
    assert_starts(hear_all(fd), "HTTP/1.1 431 ");
    fd = dial();
    say(fd, "GET /");
    say_bytes(fd, big, 20000);
    say(fd, " HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_starts(hear_all(fd), "HTTP/1.1 414 ");
    assert_starts(ask("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world"),
                  "HTTP/1.1 413 ");
    assert_has(heard,
               "{\"error\":\"invalid_request\",\"error_description\":\"the body is larger than "
               "this server takes\"}");
    assert_starts(ask("POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"),
                  "HTTP/1.1 413 ");
    assert_starts(ask("POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nConnection: close"
                      "\r\n\r\n0123456789"),
                  "HTTP/1.1 200 ");
    assert_int_equal(requests_seen, 1);
}

static void a_plain_request_gets_its_answer_and_the_connection_stays(void **state)
{
    int fd = dial();

    (void)state;
    for (int i = 0; i < 3; i++) {
        say(fd, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_starts(hear_until(fd, "hello"), "HTTP/1.1 200 OK\r\nDate: ");
        assert_has(heard, "\r\nContent-Length: 5\r\n\r\nhello");
        assert_null(strstr(heard, "Connection:"));
    }
    close(fd);
    assert_true(comes_true(&gone_complete, 3));
}

static void what_is_kept_belongs_to_one_connection_and_ends_with_it(void **state)
{
    int one = dial(), other = dial(), freed = atomic_load(&kept_freed);

    (void)state;
    for (int i = 0; i < 3; i++) {
        char wanted[24];

        snprintf(wanted, sizeof wanted, "before: %d", i);
        say(one, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_has(hear_until(one, "before"), wanted);
        say(other, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_has(hear_until(other, "before"), wanted);
    }
    assert_int_equal(atomic_load(&kept_freed), freed);
    close(one);
    assert_true(comes_true(&kept_freed, freed + 1));
    close(other);
    assert_true(comes_true(&kept_freed, freed + 2));
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    ask("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecond"
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\nthird\r\n0\r\n\r\n"
        "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"
        "GET /fifth HTTP/1.1\r\n" CLOSE);
    assert_has(heard, "later");
    assert_true(strstr(heard, "later") < strstr(heard, "second"));
    assert_true(strstr(heard, "second") < strstr(heard, "third"));
    assert_true(strstr(heard, "third") < strstr(heard, "3\r\none\r\n"));
    assert_true(strstr(heard, "one") < strstr(heard, "GET /fifth h 0 127.0.0.1 loopback=1"));
    assert_int_equal(requests_seen, 5);
}

static void more_pipelined_requests_than_the_buffer_holds_all_get_answers(void **state)
{
    int fd = dial(), count = 0;

    (void)state;
    for (int i = 0; i < 300; i++)
        say(fd, i == 150 ? "GET /later HTTP/1.1\r\nHost: h\r\nX-Padding: 0123456789\r\n\r\n"
                         : "GET /hello HTTP/1.1\r\nHost: h\r\nX-Padding: 0123456789\r\n\r\n");
    say(fd, "GET /last HTTP/1.1\r\n" CLOSE);
    hear_all(fd);
    for (const char *at = heard; (at = strstr(at, "\r\n\r\nhello")) != NULL; at++)
        count++;
    assert_int_equal(count, 299);
    assert_has(heard, "GET /last h 0");
}

static void a_request_may_come_byte_by_byte(void **state)
{
    static const char request[] = "POST /echo?q HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                                  "chunked\r\nConnection: close\r\n\r\n"
                                  "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
    int fd = dial();

    (void)state;
    for (size_t i = 0; i < sizeof request - 1; i++) {
        say_bytes(fd, request + i, 1);
        usleep(200);
    }
    assert_has(hear_all(fd), "\r\nContent-Length: 5\r\n");
    assert_has(heard, "\r\n\r\nabcde");
}

static void bodies_of_any_size_arrive_whole(void **state)
{
    static const size_t sizes[] = {0, 1, 3000, 4096, 5000, 65536, 70000, 1000000};
    static char head[256], got[1100000];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int fd = dial();
        size_t len = 0;
        ssize_t count;
        const char *body;

        snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nContent-Length: %zu\r\n" CLOSE,
                 sizes[i]);
        say(fd, head);
        say_bytes(fd, large_body, sizes[i]);
        while ((count = recv(fd, got + len, sizeof got - 1 - len, 0)) > 0)
            len += (size_t)count;
        close(fd);
        got[len] = '\0';
        body = strstr(got, "\r\n\r\n");
        assert_non_null(body);
        assert_int_equal(strlen(body + 4), sizes[i]);
    }
}

static void a_continue_is_sent_when_the_body_is_welcome_only(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n");
    assert_string_equal(hear_until(fd, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    assert_starts(hear_all(fd), "HTTP/1.1 200 ");
    fd = dial();
    say(fd,
        "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n");
    assert_starts(hear_until(fd, "takes"), "HTTP/1.1 413 ");
    close(fd);
    fd = dial();
    say(fd, "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    assert_starts(hear_until(fd, "needed"), "HTTP/1.1 401 ");
    assert_has(heard, "Connection: close\r\n");
    close(fd);
}

static void an_early_answer_keeps_the_connection_when_the_body_is_small(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n");
    assert_starts(hear_until(fd, "needed"), "HTTP/1.1 401 ");
    say_bytes(fd, large_body, 5000);
    say(fd, "GET /hello HTTP/1.1\r\n" CLOSE);
    assert_has(hear_all(fd), "hello");
    fd = dial();
    say(fd, "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
    say_bytes(fd, large_body, 500000); /* the answer survives, although nobody wanted these */
    assert_has(hear_all(fd), "Connection: close\r\n");
    assert_int_equal(requests_seen, 1);
}

static void head_http10_and_bodiless_statuses_have_no_body(void **state)
{
    (void)state;
    assert_starts(ask("HEAD /hello HTTP/1.1\r\n" CLOSE), "HTTP/1.1 200 OK\r\n");
    assert_has(heard, "Content-Length: 5\r\n");
    assert_string_equal(strstr(heard, "\r\n\r\n"), "\r\n\r\n");
    ask("HEAD /stream HTTP/1.1\r\n" CLOSE);
    assert_string_equal(strstr(heard, "\r\n\r\n"), "\r\n\r\n");
    ask("GET /no-content HTTP/1.1\r\n" CLOSE);
    assert_null(strstr(heard, "Content-Length"));
    assert_string_equal(strstr(heard, "\r\n\r\n"), "\r\n\r\n");
    ask("GET /stream HTTP/1.0\r\nHost: h\r\n\r\n");
    assert_null(strstr(heard, "chunked"));
    assert_has(heard, "\r\n\r\nonexxx");
    assert_has(ask("GET /hello HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"
                   "GET /hello HTTP/1.0\r\nHost: h\r\n\r\n"),
               "Connection: keep-alive\r\n\r\nhelloHTTP/1.1 200 OK");
}

static void a_stream_is_chunked_and_ends(void **state)
{
    (void)state;
    ask("GET /stream HTTP/1.1\r\n" CLOSE);
    assert_has(heard, "Transfer-Encoding: chunked\r\n");
    assert_has(heard, "\r\n\r\n3\r\none\r\n2710\r\nxxx");
    assert_has(heard, "xxx\r\n5\r\nthree\r\n0\r\n\r\n");
    ask("GET /sized HTTP/1.1\r\n" CLOSE);
    assert_has(heard, "Content-Length: 6\r\n");
    assert_has(heard, "\r\n\r\nabcdef");
}

static void an_incomplete_answer_cannot_be_taken_for_a_whole_one(void **state)
{
    (void)state;
    ask("GET /abort HTTP/1.1\r\n" CLOSE);
    assert_null(strstr(heard, "0\r\n\r\n"));
    assert_true(comes_true(&gone_early, 1));
    ask("GET /short HTTP/1.1\r\nHost: h\r\n\r\n"); /* the end of the connection, not 3 of 10 */
    assert_true(comes_true(&gone_early, 2));
}

static void a_field_that_would_split_the_answer_is_500(void **state)
{
    (void)state;
    assert_starts(ask("GET /bad-header HTTP/1.1\r\n" CLOSE), "HTTP/1.1 500 ");
    assert_null(strstr(heard, "Injected"));
    assert_null(strstr(heard, "never"));
}

static void a_slow_reader_gets_everything_and_holds_little(void **state)
{
    int fd = dial(), small = 128 * 1024;
    size_t len = 0;
    ssize_t count;
    static char sink[65536];

    (void)state;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(fd, "GET /flood HTTP/1.1\r\n" CLOSE);
    usleep(100000);
    while ((count = recv(fd, sink, sizeof sink, 0)) > 0)
        len += (size_t)count;
    close(fd);
    assert_true(len > FLOOD_BYTES);
    assert_true(comes_true(&gone_complete, 1));
    fd = dial();
    say(fd, "GET /large HTTP/1.1\r\n" CLOSE);
    usleep(50000);
    for (len = 0; (count = recv(fd, sink, sizeof sink, 0)) > 0; len += (size_t)count)
        continue;
    close(fd);
    assert_in_range(len, LARGE_BYTES, LARGE_BYTES + 200);
}

static void a_peer_that_leaves_is_noticed_while_the_answer_is_pending(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(comes_true(&requests_seen, 1));
    close(fd);
    assert_true(comes_true(&gone_early, 1));
    assert_int_equal(gone_complete, 0);
    fd = dial();
    say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    close(fd);
    assert_true(comes_true(&gone_early, 2));
    fd = dial();
    say(fd, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    usleep(30000);
    close(fd); /* with unread bytes: a reset */
    assert_true(comes_true(&gone_early, 3));
}

static void a_half_closed_peer_gets_an_answer_that_is_ready(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR);
    assert_starts(hear_until(fd, "\r\n\r\n"), "HTTP/1.1 200 ");
    close(fd);
    fd = dial();
    say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR); /* read as: it has left */
    assert_string_equal(hear_all(fd), "");
}

static void the_log_line_has_what_operators_need_and_no_query(void **state)
{
    (void)state;
    ask("GET /trace?code=secret HTTP/1.1\r\ntraceparent: "
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n" CLOSE);
    assert_has(heard, "\r\n\r\n0af7651916cd43dd8448eb211c80319c");
    assert_true(comes_true(&gone_complete, 1));
    stop_server(); /* all lines are written */
    assert_true(log_has("\"event\":\"http_request\",\"http_method\":\"GET\",\"path\":\"/trace\","
                        "\"http_status\":200,\"duration_us\":"));
    assert_true(log_has("\"peer\":\"127.0.0.1\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
                        "\"is_complete\":true,\"noted\":\"a \\\"value\\\"\",\"number\":42"));
    assert_false(log_has("secret"));
}

static void lines_of_one_turn_are_written_together(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /3 HTTP/1.1\r\n" CLOSE);
    hear_all(fd);
    stop_server();
    assert_true(log_has("\"/1\""));
    assert_true(log_has("\"/2\""));
    assert_true(log_has("\"/3\""));
    assert_int_equal(log_calls, 1);
}

static void a_bad_traceparent_is_replaced(void **state)
{
    static const char *const parents[] = {
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "",
    };
    char request[256];

    (void)state;
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        snprintf(request, sizeof request, "GET /trace HTTP/1.1\r\ntraceparent: %s\r\n" CLOSE,
                 parents[i]);
        ask(request);
        assert_null(strstr(heard, "0af7651916cd43dd8448eb211c80319c"));
        assert_int_equal(strspn(strstr(heard, "\r\n\r\n") + 4, "0123456789abcdef"), 32);
    }
}

static void requests_are_counted_by_status(void **state)
{
    (void)state;
    ask("GET /hello HTTP/1.1\r\n" CLOSE);
    ask("bad\r\n\r\n");
    assert_true(comes_true(&gone_complete, 1));
    stop_server();
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_REQUESTS_2XX), 1);
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_REQUESTS_4XX), 1);
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_TOTAL), 2);
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_OPEN), 0);
}

int main(void)
{
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(what_could_be_smuggled_is_400_and_the_end),
        SERVER_TEST(bad_chunks_are_400_and_the_end),
        SERVER_TEST(too_large_is_refused_with_its_own_status),
        SERVER_TEST(a_plain_request_gets_its_answer_and_the_connection_stays),
        SERVER_TEST(what_is_kept_belongs_to_one_connection_and_ends_with_it),
        SERVER_TEST(pipelined_requests_are_answered_in_order),
        SERVER_TEST(more_pipelined_requests_than_the_buffer_holds_all_get_answers),
        SERVER_TEST(a_request_may_come_byte_by_byte),
        SERVER_TEST(bodies_of_any_size_arrive_whole),
        SERVER_TEST(a_continue_is_sent_when_the_body_is_welcome_only),
        SERVER_TEST(an_early_answer_keeps_the_connection_when_the_body_is_small),
        SERVER_TEST(head_http10_and_bodiless_statuses_have_no_body),
        SERVER_TEST(a_stream_is_chunked_and_ends),
        SERVER_TEST(an_incomplete_answer_cannot_be_taken_for_a_whole_one),
        SERVER_TEST(a_field_that_would_split_the_answer_is_500),
        SERVER_TEST(a_slow_reader_gets_everything_and_holds_little),
        SERVER_TEST(a_peer_that_leaves_is_noticed_while_the_answer_is_pending),
        SERVER_TEST(a_half_closed_peer_gets_an_answer_that_is_ready),
        SERVER_TEST(the_log_line_has_what_operators_need_and_no_query),
        SERVER_TEST(lines_of_one_turn_are_written_together),
        SERVER_TEST(a_bad_traceparent_is_replaced),
        SERVER_TEST(requests_are_counted_by_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
