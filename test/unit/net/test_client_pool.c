/* net/client.h: the pool, stale connections, cancelling, back-pressure, and a lot of bytes. */
#include "test.h"

#include "client_fixture.h"

/* ---- the pool ---- */

static enum dw_http_method next_method;

static void ask_again(struct result *result)
{
    (void)result;
    if (result_count < 3)
        ask(next_method);
}

static void a_connection_serves_call_after_call(void **state)
{
    const struct peer_script script = {.answers = {HELLO, HELLO, HELLO}, .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    on_over = ask_again;
    next_method = DW_HTTP_POST;
    ask(DW_HTTP_POST);
    run();
    for (size_t i = 0; i < 3; i++)
        assert_answered(&results[i], 200, "hello");
    assert_int_equal(peer->accepted, 1);
}

static void some_connections_are_not_kept(void **state)
{
    static const char *const answers[] = {
        OK "Connection: close\r\nContent-Length: 0\r\n\r\n",
        OK "Keep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK "Content-Length: 0\r\n\r\nmore than that",
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct peer_script script = {.answers = {answers[i], HELLO}, .end = PEER_WAITS};

        if (i)
            set_up(NULL);
        peer_start(peer, &script, 1);
        open_peer_client((struct dw_client_config){0});
        on_over = ask_again;
        next_method = DW_HTTP_POST;
        ask(DW_HTTP_POST);
        run();
        for (size_t at = 0; at < 3; at++)
            assert_answered(&results[at], 200, "");
        assert_int_equal(peer->accepted, 3);
        if (i + 1 < sizeof answers / sizeof *answers)
            tear_down(NULL);
    }
}

static void the_pool_has_a_size(void **state)
{
    const struct peer_script script = {.answers = {HELLO}, .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){.max_idle = 1});
    for (int i = 0; i < 4; i++)
        ask(DW_HTTP_GET);
    run_for(300);
    assert_int_equal(peer->accepted, 4);
    assert_int_equal(peer->closed_by_client, 3);
}

static void idle_connections_are_closed_in_time(void **state)
{
    const struct peer_script script = {.answers = {HELLO}, .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){.idle_timeout_ms = 50});
    ask(DW_HTTP_GET);
    run_for(600);
    assert_int_equal(peer->closed_by_client, 1);
}

static void ask_a_second_time(struct result *result)
{
    (void)result;
    if (result_count < 2)
        ask(next_method);
}

static void a_stale_connection_is_replaced_when_nothing_was_done(void **state)
{
    static const struct {
        enum dw_http_method method;
        struct peer_script first;
        bool is_retried;
    } cases[] = {
        /* closed without reading the second request: nobody can have acted upon it */
        {DW_HTTP_POST, {.answers = {HELLO}, .end = PEER_CLOSES}, true},
        {DW_HTTP_GET, {.answers = {HELLO}, .end = PEER_CLOSES}, true},
        /* read, then closed: harmless for GET, but a tool must not be called twice */
        {DW_HTTP_GET, {.answers = {HELLO}, .end = PEER_READS_ONE}, true},
        {DW_HTTP_POST, {.answers = {HELLO}, .end = PEER_READS_ONE}, false},
        /* an answer had begun */
        {DW_HTTP_GET, {.answers = {HELLO, "H"}, .end = PEER_CLOSES}, false},
        {DW_HTTP_GET, {.answers = {HELLO, OK}, .end = PEER_CLOSES}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct peer_script scripts[] = {
            cases[i].first, {.answers = {OK "Content-Length: 5\r\n\r\nagain"}, .end = PEER_WAITS}};

        if (i)
            set_up(NULL);
        peer_start(peer, scripts, 2);
        open_peer_client((struct dw_client_config){0});
        on_over = ask_a_second_time;
        next_method = cases[i].method;
        ask(DW_HTTP_GET);
        run();
        assert_answered(&results[0], 200, "hello");
        if (cases[i].is_retried)
            assert_answered(&results[1], 200, "again");
        else
            assert_failed(&results[1], DW_BAD_GATEWAY, "without an answer");
        assert_int_equal(peer->accepted, cases[i].is_retried ? 2 : 1);
        if (i + 1 < sizeof cases / sizeof *cases)
            tear_down(NULL);
    }
}

static void a_second_try_is_the_last(void **state)
{
    static const struct peer_script scripts[] = {{.answers = {HELLO}, .end = PEER_CLOSES},
                                                 {.end = PEER_READS_ONE}};

    (void)state;
    peer_start(peer, scripts, 2);
    open_peer_client((struct dw_client_config){0});
    on_over = ask_a_second_time;
    next_method = DW_HTTP_GET;
    ask(DW_HTTP_GET);
    run();
    assert_failed(&results[1], DW_BAD_GATEWAY, "without an answer");
    assert_int_equal(peer->accepted, 2);
}

/* ---- cancelling, waiting, and a lot of bytes ---- */

static void cancel(struct result *result)
{
    dw_upstream_call_cancel(result->call);
    result->ends = 100; /* whatever comes now fails an assertion */
    over_count++;
}

static void a_cancelled_call_is_silent_and_closed(void **state)
{
    static const struct peer_script script = {
        .answers = {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n"},
        .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    cancel(ask(DW_HTTP_POST)); /* before it is connected */
    on_first = cancel;
    ask(DW_HTTP_POST);
    run_for(200);
    assert_int_equal(results[1].heads, 1);
    assert_int_equal(results[1].body_len, 0);
    assert_int_equal(peer->closed_by_client, peer->accepted);
}

static void a_call_may_be_cancelled_between_pieces(void **state)
{
    static const struct peer_script script = {
        .answers = {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n"},
        .end = PEER_WAITS};

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    on_piece = cancel;
    ask(DW_HTTP_POST);
    run_for(200);
    assert_int_equal(results[0].body_len, 5);
    assert_int_equal(peer->closed_by_client, 1);
}

static size_t paused_at, resumed_at;

static void pause_once(struct result *result)
{
    if (!paused_at) {
        dw_upstream_call_pause(result->call);
        paused_at = result->body_len;
    }
}

static void resume_later(void *user)
{
    resumed_at = ((struct result *)user)->body_len;
    dw_upstream_call_resume(((struct result *)user)->call);
}

static void a_paused_answer_waits(void **state)
{
    static const struct peer_script script = {
        .answers = {OK "Content-Length: 8000000\r\n\r\n"}, .padding = 8000000, .end = PEER_WAITS};
    struct dw_timer *timer;

    (void)state;
    paused_at = resumed_at = 0;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    on_piece = pause_once;
    timer = dw_timer_new(dw_net_loop(net, 0), 100, 0, resume_later, ask(DW_HTTP_GET));
    run();
    dw_timer_free(timer);
    assert_int_equal(results[0].body_len, 8000000);
    assert_true(paused_at > 0 && resumed_at - paused_at < 65536);
}

static void a_large_request_is_sent_whole(void **state)
{
    static const struct peer_script script = {.answers = {HELLO, HELLO}, .end = PEER_WAITS};
    size_t len = 8000000;
    char *body = calloc(1, len);

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    ask_with(DW_HTTP_POST, dw_slice_from(body, len));
    run();
    assert_answered(&results[0], 200, "hello");
    assert_int_equal(peer->body_bytes, len);
    free(body);
}

static void a_body_is_not_needed_after_a_cancel(void **state)
{
    static const struct peer_script script = {.end = PEER_NEVER_READS};
    size_t len = 8000000;
    char *body = calloc(1, len);

    (void)state;
    peer_start(peer, &script, 1);
    open_peer_client((struct dw_client_config){0});
    ask_with(DW_HTTP_POST, dw_slice_from(body, len));
    run_for(100);
    dw_upstream_call_cancel(results[0].call);
    free(body);
    assert_int_equal(results[0].heads + results[0].ends, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_serves_call_after_call),
        TEST(some_connections_are_not_kept),
        TEST(the_pool_has_a_size),
        TEST(idle_connections_are_closed_in_time),
        TEST(a_stale_connection_is_replaced_when_nothing_was_done),
        TEST(a_second_try_is_the_last),
        TEST(a_cancelled_call_is_silent_and_closed),
        TEST(a_call_may_be_cancelled_between_pieces),
        TEST(a_paused_answer_waits),
        TEST(a_large_request_is_sent_whole),
        TEST(a_body_is_not_needed_after_a_cancel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
