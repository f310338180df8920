/* A server with a handler for each case, on its own threads, and a blocking client to talk to it.
 */
#ifndef DW_TEST_SERVER_FIXTURE_H
#define DW_TEST_SERVER_FIXTURE_H

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/server.h"

#define NO_FIELDS ((struct dw_http_fields){NULL, 0})
#define FLOOD_BYTES ((size_t)24 * 1024 * 1024)
#define LARGE_BYTES ((size_t)4 * 1024 * 1024)

static struct dw_net *net;
static struct dw_metrics *metrics;
static struct dw_listener *listener;
static pthread_t server_thread;
static bool is_running;
static _Atomic int requests_seen, gone_complete, gone_early;
static char log_lines[16384];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char large_body[4 * 1024 * 1024];

/* ---- the handler ---- */

static inline void count_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    (void)user;
    (void)exchange;
    atomic_fetch_add(is_complete ? &gone_complete : &gone_early, 1);
}

struct later {
    struct dw_timer *timer;
    struct dw_exchange *exchange;
    bool is_gone;
};

static inline void later_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    struct later *later = user;

    count_gone(NULL, exchange, is_complete);
    later->is_gone = true;
    dw_timer_free(later->timer);
}

static inline void answer_later(void *user)
{
    struct later *later = user;

    dw_exchange_respond(later->exchange, 200, NO_FIELDS, S("later"));
}

static inline void start_later(struct dw_exchange *exchange, int64_t delay_ms)
{
    struct later *later = DW_ARENA_NEW(dw_exchange_arena(exchange), struct later);

    later->exchange = exchange;
    later->timer = dw_timer_new(dw_exchange_loop(exchange), delay_ms, 0, answer_later, later);
    dw_exchange_set_user(exchange, later, later_gone);
}

static _Atomic int kept_freed;

static inline void free_kept(void *memory)
{
    free(memory);
    atomic_fetch_add(&kept_freed, 1);
}

/* How many requests before this one the connection has had. */
static inline void answer_count(struct dw_exchange *exchange)
{
    struct dw_kept *kept = dw_exchange_kept(exchange);
    char text[24];
    int *count = kept->memory;

    if (!count)
        *kept = (struct dw_kept){count = calloc(1, sizeof *count), free_kept};
    snprintf(text, sizeof text, "before: %d", (*count)++);
    dw_exchange_respond(exchange, 200, NO_FIELDS, dw_slice_from_text(text));
}

static inline void pour(void *user)
{
    struct dw_exchange *exchange = user;
    size_t *poured = dw_exchange_user(exchange);

    while (*poured < FLOOD_BYTES) {
        *poured += 100000;
        if (!dw_exchange_write(exchange, dw_slice_from(large_body, 100000)))
            return;
    }
    dw_exchange_end(exchange);
}

static inline void answer_with_request(struct dw_exchange *exchange)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_slice text = dw_arena_printf(
        dw_exchange_arena(exchange), "%.*s %.*s %.*s %zu %.*s loopback=%d",
        DW_PRINT(request->method_text), DW_PRINT(request->path), DW_PRINT(request->authority),
        dw_exchange_body(exchange).len, DW_PRINT(dw_exchange_peer_address(exchange)),
        dw_exchange_is_loopback(exchange));

    dw_exchange_respond(exchange, 200, NO_FIELDS, text);
}

static inline void stream_in_parts(struct dw_exchange *exchange)
{
    dw_exchange_start(exchange, 200, NO_FIELDS, -1);
    (void)dw_exchange_write(exchange, S("one"));
    (void)dw_exchange_write(exchange, S(""));
    (void)dw_exchange_write(exchange, dw_slice_from(large_body, 10000));
    (void)dw_exchange_write(exchange, S("three"));
    dw_exchange_end(exchange);
}

static inline void answer(struct dw_exchange *exchange, struct dw_slice path)
{
    static const struct dw_http_field bad = {DW_LIT("X-Bad"), DW_LIT("a\r\nInjected: b")};

    if (dw_slice_eq(path, S("/kept"))) {
        answer_count(exchange);
    } else if (dw_slice_eq(path, S("/hello"))) {
        dw_exchange_respond(exchange, 200, NO_FIELDS, S("hello"));
    } else if (dw_slice_eq(path, S("/echo"))) {
        dw_exchange_respond(exchange, 200, NO_FIELDS, dw_exchange_body(exchange));
    } else if (dw_slice_eq(path, S("/later"))) {
        start_later(exchange, 30);
    } else if (dw_slice_eq(path, S("/stream"))) {
        stream_in_parts(exchange);
    } else if (dw_slice_eq(path, S("/sized"))) {
        dw_exchange_start(exchange, 200, NO_FIELDS, 6);
        (void)dw_exchange_write(exchange, S("abc"));
        (void)dw_exchange_write(exchange, S("def"));
        dw_exchange_end(exchange);
    } else if (dw_slice_eq(path, S("/short"))) {
        dw_exchange_start(exchange, 200, NO_FIELDS, 10);
        (void)dw_exchange_write(exchange, S("abc"));
        dw_exchange_end(exchange);
    } else if (dw_slice_eq(path, S("/abort"))) {
        dw_exchange_start(exchange, 200, NO_FIELDS, -1);
        (void)dw_exchange_write(exchange, dw_slice_from(large_body, 9000));
        dw_exchange_abort(exchange);
    } else if (dw_slice_eq(path, S("/large"))) {
        dw_exchange_respond(exchange, 200, NO_FIELDS, dw_slice_from(large_body, LARGE_BYTES));
    } else if (dw_slice_eq(path, S("/flood"))) {
        size_t *poured = DW_ARENA_NEW(dw_exchange_arena(exchange), size_t);

        dw_exchange_set_user(exchange, poured, count_gone);
        dw_exchange_start(exchange, 200, NO_FIELDS, -1);
        dw_exchange_on_drain(exchange, pour, exchange);
        pour(exchange);
    } else if (dw_slice_eq(path, S("/bad-header"))) {
        dw_exchange_respond(exchange, 200, (struct dw_http_fields){&bad, 1}, S("never"));
    } else if (dw_slice_eq(path, S("/no-content"))) {
        dw_exchange_respond(exchange, 204, NO_FIELDS, DW_EMPTY);
    } else if (dw_slice_eq(path, S("/trace"))) {
        dw_exchange_note(exchange, "noted", S("a \"value\""));
        dw_exchange_note_int(exchange, "number", 42);
        dw_exchange_respond(exchange, 200, NO_FIELDS, dw_exchange_trace_id(exchange));
    } else if (!dw_slice_eq(path, S("/never"))) {
        answer_with_request(exchange);
    }
}

static inline void on_request(void *user, struct dw_exchange *exchange)
{
    (void)user;
    atomic_fetch_add(&requests_seen, 1);
    if (!dw_exchange_user(exchange))
        dw_exchange_set_user(exchange, NULL, count_gone);
    answer(exchange, dw_exchange_request(exchange)->path);
}

static inline size_t on_head(void *user, struct dw_exchange *exchange)
{
    struct dw_slice path = dw_exchange_request(exchange)->path;

    (void)user;
    dw_exchange_set_user(exchange, NULL, count_gone);
    if (dw_slice_eq(path, S("/early"))) {
        struct dw_error error;

        (void)dw_fail(&error, DW_NO_TOKEN, "an access token is needed");
        dw_exchange_respond_error(exchange, &error);
    }
    return dw_slice_eq(path, S("/small")) ? 10 : 1024 * 1024;
}

/* ---- the server ---- */

static inline void keep_line(void *user, enum dw_log_level level, struct dw_slice line)
{
    size_t len;

    (void)user;
    (void)level;
    pthread_mutex_lock(&log_lock);
    len = strlen(log_lines);
    snprintf(log_lines + len, sizeof log_lines - len, "%.*s\n", DW_PRINT(line));
    pthread_mutex_unlock(&log_lock);
}

static _Atomic int log_calls;

static inline void keep_lines(void *user, enum dw_log_level level, const struct dw_slice *lines,
                              size_t count)
{
    atomic_fetch_add(&log_calls, 1);
    for (size_t i = 0; i < count; i++)
        keep_line(user, level, lines[i]);
}

static inline bool log_has(const char *text)
{
    bool is_there;

    pthread_mutex_lock(&log_lock);
    is_there = strstr(log_lines, text) != NULL;
    pthread_mutex_unlock(&log_lock);
    return is_there;
}

static inline void *run_server(void *user)
{
    struct dw_error error;

    return dw_net_run(net, &error) ? user : NULL;
}

static inline void make_net(unsigned loop_count)
{
    static const struct dw_log log = {DW_LOG_INFO, keep_line, NULL, keep_lines};
    struct dw_net_config config = {.size = sizeof config, .loop_count = loop_count, .log = &log};
    struct dw_error error;

    requests_seen = gone_complete = gone_early = 0;
    log_lines[0] = '\0';
    log_calls = 0;
    memset(large_body, 'x', sizeof large_body);
    metrics = config.metrics = dw_metrics_new();
    net = dw_net_new(&config, &error);
    assert_done(net != NULL, error);
}

static inline struct dw_listener_config listener_settings(const char *address)
{
    return (struct dw_listener_config){.size = sizeof(struct dw_listener_config),
                                       .address = S(address),
                                       .handler = {on_head, on_request, NULL},
                                       .log_event = "http_request"};
}

static inline void start_server(const struct dw_listener_config *config)
{
    struct dw_error error;

    listener = dw_listener_open(net, config, &error);
    assert_done(listener != NULL, error);
    assert_int_equal(pthread_create(&server_thread, NULL, run_server, net), 0);
    is_running = true;
}

static inline void serve(struct dw_listener_limits limits)
{
    struct dw_listener_config config = listener_settings("127.0.0.1:0");

    config.limits = limits;
    make_net(2);
    start_server(&config);
}

static inline void await_end(void)
{
    if (is_running)
        pthread_join(server_thread, NULL);
    is_running = false;
}

static inline void stop_server(void)
{
    if (is_running)
        dw_net_stop(net, 0);
    await_end();
}

static inline int tear_down(void **state)
{
    (void)state;
    stop_server();
    dw_net_free(net);
    dw_metrics_free(metrics);
    net = NULL;
    metrics = NULL;
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    serve((struct dw_listener_limits){0});
    return 0;
}

/* Waits for something a server thread will do. */
static inline bool comes_true(const _Atomic int *counter, int wanted)
{
    for (int i = 0; i < 500 && atomic_load(counter) < wanted; i++)
        usleep(10000);
    return atomic_load(counter) == wanted;
}

/* ---- the client ---- */

static inline int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)dw_listener_port(listener)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void say_bytes(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t count = send(fd, bytes, len, MSG_NOSIGNAL);

        if (count <= 0)
            return; /* it may have refused us already */
        bytes += count;
        len -= (size_t)count;
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

static char heard[64 * 1024];

/* Everything until the server closes. */
static inline char *hear_all(int fd)
{
    size_t len = 0;
    ssize_t count;

    while (len < sizeof heard - 1 && (count = recv(fd, heard + len, sizeof heard - 1 - len, 0)) > 0)
        len += (size_t)count;
    heard[len] = '\0';
    close(fd);
    return heard;
}

/* Until `text` has come, or the end. */
static inline char *hear_until(int fd, const char *text)
{
    size_t len = 0;
    ssize_t count;

    heard[0] = '\0';
    while (!strstr(heard, text) && len < sizeof heard - 1 &&
           (count = recv(fd, heard + len, sizeof heard - 1 - len, 0)) > 0) {
        len += (size_t)count;
        heard[len] = '\0';
    }
    return heard;
}

static inline char *ask(const char *request)
{
    int fd = dial();

    say(fd, request);
    return hear_all(fd);
}

#define assert_starts(text, start)                                                                 \
    do {                                                                                           \
        const char *seen_text_ = (text);                                                           \
        if (strncmp(seen_text_, (start), strlen(start)) != 0)                                      \
            fail_msg("expected \"%s...\", got \"%.300s\"", (start), seen_text_);                   \
    } while (0)
#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        const char *seen_text_ = (text);                                                           \
        if (!strstr(seen_text_, (part)))                                                           \
            fail_msg("expected \"...%s...\", got \"%.600s\"", (part), seen_text_);                 \
    } while (0)

#endif
