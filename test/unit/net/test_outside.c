/* net/outside.h: requests that another HTTP server has read. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "net/outside.h"

static struct dw_net *net;
static struct dw_metrics *metrics;
static pthread_t thread;

/* What came of one request, for the thread that waits. */
struct seen {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int status;
    int64_t body_bytes;
    char body[256];
    size_t len;
    bool takes, has_ended, is_complete;
    int gone; /* 1: complete, 2: not */
    struct dw_exchange *exchange;
};

static struct seen seen;

static void lock(void)
{
    pthread_mutex_lock(&seen.lock);
}

static void unlock(void)
{
    pthread_cond_broadcast(&seen.change);
    pthread_mutex_unlock(&seen.lock);
}

static void on_start(void *user, int status, struct dw_http_fields fields, int64_t body_bytes)
{
    (void)user;
    (void)fields;
    lock();
    seen.status = status;
    seen.body_bytes = body_bytes;
    unlock();
}

static bool on_write(void *user, struct dw_slice bytes)
{
    (void)user;
    lock();
    if (seen.takes && seen.len + bytes.len < sizeof seen.body) {
        memcpy(seen.body + seen.len, bytes.ptr, bytes.len);
        seen.len += bytes.len;
    }
    unlock();
    return seen.takes;
}

static void on_end(void *user, bool is_complete)
{
    (void)user;
    lock();
    seen.has_ended = true;
    seen.is_complete = is_complete;
    unlock();
}

static void on_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    (void)user;
    (void)exchange;
    lock();
    seen.gone = is_complete ? 1 : 2;
    unlock();
}

static size_t on_head(void *user, struct dw_exchange *exchange)
{
    (void)user;
    dw_exchange_set_user(exchange, NULL, on_gone);
    return 10;
}

static void on_request(void *user, struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_http_fields none = {NULL, 0};

    (void)user;
    if (dw_slice_eq(request->path, S("/whole"))) {
        dw_exchange_respond(
            exchange, 200, none,
            dw_arena_printf(dw_exchange_arena(exchange), "%.*s %.*s %.*s %zu %d",
                            DW_PRINT(request->method_text), DW_PRINT(request->query),
                            DW_PRINT(dw_exchange_body(exchange)), request->fields.count,
                            dw_exchange_is_loopback(exchange)));
        return;
    }
    dw_exchange_start(exchange, 200, none, dw_slice_eq(request->path, S("/short")) ? 5 : -1);
    (void)dw_exchange_write(exchange, S("one"));
    if (dw_slice_eq(request->path, S("/short")))
        dw_exchange_end(exchange); /* two bytes are missing */
    lock();
    seen.exchange = exchange; /* "/open" stays so */
    unlock();
}

static void *run(void *user)
{
    struct dw_error error;

    (void)user;
    assert_done(dw_net_run(net, &error), error);
    return NULL;
}

static int start(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 1, .leaves_signals = true};
    struct dw_error error = {0};

    (void)state;
    memset(&seen, 0, sizeof seen);
    seen.takes = true;
    pthread_mutex_init(&seen.lock, NULL);
    pthread_cond_init(&seen.change, NULL);
    metrics = dw_metrics_new();
    config.metrics = metrics;
    net = dw_net_new(&config, &error);
    assert_non_null(net);
    return pthread_create(&thread, NULL, run, NULL);
}

static int stop(void **state)
{
    (void)state;
    dw_net_stop(net, 0);
    pthread_join(thread, NULL);
    dw_net_free(net);
    dw_metrics_free(metrics);
    return 0;
}

static struct dw_outside *send_to(const char *method, const char *target, const char *body,
                                  const struct dw_http_field *fields, size_t count,
                                  struct dw_error *reterr)
{
    const struct dw_handler handler = {on_head, on_request, NULL};
    const struct dw_outside_answer answer = {on_start, on_write, on_end, NULL};
    const struct dw_outside_request request = {.method = S(method),
                                               .target = S(target),
                                               .fields = {fields, count},
                                               .body = S(body),
                                               .peer_address = S("192.0.2.7"),
                                               .is_loopback = true};

    return dw_outside_enter(dw_net_loop(net, 0), &handler, &request, &answer, reterr);
}

static struct dw_outside *get(const char *target, const char *body)
{
    const struct dw_http_field host = {S("Host"), S("a")};
    struct dw_error error = {0};
    struct dw_outside *outside = send_to("POST", target, body, &host, 1, &error);

    assert_non_null(outside);
    return outside;
}

static void wait_for_end(void)
{
    pthread_mutex_lock(&seen.lock);
    while (!seen.has_ended)
        pthread_cond_wait(&seen.change, &seen.lock);
    pthread_mutex_unlock(&seen.lock);
}

static void wait_for_gone(int how)
{
    pthread_mutex_lock(&seen.lock);
    while (!seen.gone)
        pthread_cond_wait(&seen.change, &seen.lock);
    pthread_mutex_unlock(&seen.lock);
    assert_int_equal(seen.gone, how);
}

static void wait_for_stream(void)
{
    pthread_mutex_lock(&seen.lock);
    while (!seen.exchange)
        pthread_cond_wait(&seen.change, &seen.lock);
    pthread_mutex_unlock(&seen.lock);
}

/* ---- cases ---- */

static void what_is_not_http_never_arrives(void **state)
{
    static const struct {
        const char *method, *target, *name, *value;
        enum dw_code code;
    } cases[] = {
        {"GET", "/", "Host", "a\r\nX: y", DW_MALFORMED},
        {"GET", "/", "Ho st", "a", DW_MALFORMED},
        {"G T", "/", "Host", "a", DW_MALFORMED},
        {"GET", "/ HTTP/1.1\r\nX: y", "Host", "a", DW_MALFORMED},
        {"GET", "/a b", "Host", "a", DW_MALFORMED},
        {"GET", "/", "Hosts", "a", DW_MALFORMED},
        {"GET", "", "Host", "a", DW_MALFORMED},
    };
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dw_http_field field = {S(cases[i].name), S(cases[i].value)};

        if (send_to(cases[i].method, cases[i].target, "", &field, 1, &error))
            fail_msg("case %zu was taken", i);
        assert_int_equal(error.code, cases[i].code);
    }
    assert_int_equal(seen.status, 0);
}

static void a_request_is_answered_and_its_framing_is_ours(void **state)
{
    static const struct dw_http_field fields[] = {
        {{"Host", 4}, {"a", 1}},
        {{"Transfer-Encoding", 17}, {"chunked", 7}},
        {{"content-length", 14}, {"999", 3}},
    };
    struct dw_error error = {0};
    struct dw_outside *outside = send_to("POST", "/whole?q=1", "hello", fields, 3, &error);

    (void)state;
    assert_non_null(outside);
    wait_for_end();
    wait_for_gone(1);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.body, "POST q=1 hello 2 1"); /* Host and our Content-Length */
    assert_int_equal(seen.body_bytes, (int64_t)strlen(seen.body));
    assert_true(seen.is_complete);
    dw_outside_leave(outside);
}

static void a_body_that_is_not_welcome_is_refused(void **state)
{
    struct dw_outside *outside = get("/whole", "more than ten bytes");

    (void)state;
    wait_for_end();
    assert_int_equal(seen.status, 413);
    dw_outside_leave(outside);
}

static void an_answer_that_is_too_short_is_not_complete(void **state)
{
    struct dw_outside *outside = get("/short", "");

    (void)state;
    wait_for_end();
    assert_false(seen.is_complete);
    dw_outside_leave(outside);
}

static void leaving_ends_the_exchange(void **state)
{
    struct dw_outside *outside = get("/open", "");

    (void)state;
    wait_for_stream();
    assert_int_equal(seen.body_bytes, -1);
    assert_string_equal(seen.body, "one");
    dw_outside_leave(outside);
    wait_for_gone(2);
    assert_false(seen.has_ended); /* nobody is told who has left */
}

static void a_peer_that_takes_nothing_has_left(void **state)
{
    struct dw_outside *outside;

    (void)state;
    seen.takes = false;
    outside = get("/open", "");
    wait_for_gone(2);
    dw_outside_leave(outside);
}

static void the_end_of_the_loop_breaks_answers_off(void **state)
{
    struct dw_outside *outside = get("/open", "");

    (void)state;
    wait_for_stream();
    dw_net_stop(net, 0);
    wait_for_end();
    assert_false(seen.is_complete);
    dw_outside_leave(outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_http_never_arrives, start, stop),
        cmocka_unit_test_setup_teardown(a_request_is_answered_and_its_framing_is_ours, start, stop),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_welcome_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_that_is_too_short_is_not_complete, start, stop),
        cmocka_unit_test_setup_teardown(leaving_ends_the_exchange, start, stop),
        cmocka_unit_test_setup_teardown(a_peer_that_takes_nothing_has_left, start, stop),
        cmocka_unit_test_setup_teardown(the_end_of_the_loop_breaks_answers_off, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
