/* A client, the peer it talks to, and a record of what it was told. */
#ifndef DW_TEST_CLIENT_FIXTURE_H
#define DW_TEST_CLIENT_FIXTURE_H

#include "net/client.h"
#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define HELLO OK "Content-Length: 5\r\n\r\nhello"

struct result {
    int status, heads, ends;
    size_t body_len;
    char body[64];
    struct dw_error error;
    struct dw_upstream_call *call;
};

static struct dw_net *net;
static struct dw_client *client;
static struct peer *peer;
static struct result results[8];
static size_t result_count, over_count;
static void (*on_over)(struct result *result);  /* after each answer or error */
static void (*on_first)(struct result *result); /* after each head */
static void (*on_piece)(struct result *result); /* after each piece of a body */

static inline int set_up(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 1};
    struct dw_error error;

    (void)state;
    memset(results, 0, sizeof results);
    result_count = over_count = 0;
    on_over = on_first = on_piece = NULL;
    client = NULL;
    peer = calloc(1, sizeof *peer);
    net = dw_net_new(&config, &error);
    return net && peer ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    dw_client_free(client);
    dw_net_free(net);
    if (peer->listener)
        peer_stop(peer);
    free(peer);
    return 0;
}

static inline void over(struct result *result)
{
    over_count++;
    if (on_over)
        on_over(result);
    if (over_count == result_count)
        dw_net_stop(net, 0);
}

static inline void on_head(void *user, const struct dw_http_response_head *head)
{
    struct result *result = user;

    assert_int_equal(result->heads++, 0);
    assert_int_equal(result->ends, 0);
    result->status = head->status;
    if (on_first)
        on_first(result);
}

static inline void on_body(void *user, struct dw_slice bytes)
{
    struct result *result = user;

    assert_int_equal(result->heads, 1);
    assert_true(bytes.len > 0);
    if (result->body_len + bytes.len < sizeof result->body)
        memcpy(result->body + result->body_len, bytes.ptr, bytes.len);
    result->body_len += bytes.len;
    if (on_piece)
        on_piece(result);
}

static inline void on_end(void *user)
{
    struct result *result = user;

    assert_int_equal(result->ends++, 0);
    over(result);
}

static inline void on_error(void *user, const struct dw_error *error)
{
    struct result *result = user;

    assert_int_equal(result->ends++, 0);
    result->error = *error;
    over(result);
}

static inline void open_client(const struct dw_client_config *config)
{
    struct dw_error error;

    client = dw_client_new(dw_net_loop(net, 0), config, &error);
    assert_done(client != NULL, error);
}

/* A client of the peer, plain or TLS. */
static inline void open_peer_client(struct dw_client_config config)
{
    char url[128];

    snprintf(url, sizeof url, "%s://%s:%d/mcp", peer->tls ? "https" : "http",
             peer->tls ? "localhost" : "127.0.0.1", peer->port);
    config.size = sizeof config;
    config.url = S(url);
    open_client(&config);
}

static inline struct result *ask_with(enum dw_http_method method, struct dw_slice body)
{
    struct result *result = &results[result_count++];
    const struct dw_upstream_handler handler = {on_head, on_body, on_end, on_error, result};
    static const struct dw_http_field fields[] = {{{"X-Field", 7}, {"value", 5}}};
    struct dw_error error;

    result->call = dw_client_send(client, method, dw_client_path(client),
                                  (struct dw_http_fields){fields, 1}, body, &handler, &error);
    assert_done(result->call != NULL, error);
    assert_int_equal(result->heads + result->ends, 0);
    return result;
}

static inline struct result *ask(enum dw_http_method method)
{
    return ask_with(method, method == DW_HTTP_POST ? DW_LIT("{\"a\":1}") : DW_EMPTY);
}

static inline void run(void)
{
    struct dw_error error;

    assert_done(dw_net_run(net, &error), error);
}

static inline void assert_failed(const struct result *result, enum dw_code code, const char *cause)
{
    assert_int_equal(result->ends, 1);
    assert_string_equal(dw_code_row(result->error.code)->name, dw_code_row(code)->name);
    if (!strstr(result->error.cause, cause))
        fail_msg("\"%s\" is not in \"%s\"", cause, result->error.cause);
}

static inline void assert_answered(const struct result *result, int status, const char *body)
{
    if (result->error.code != DW_OK)
        fail_msg("%s (%s)", result->error.message, result->error.cause);
    assert_int_equal(result->ends, 1);
    assert_int_equal(result->status, status);
    assert_int_equal(result->body_len, strlen(body));
    assert_memory_equal(result->body, body, strlen(body));
}

static inline void stop_soon(void *user)
{
    dw_net_stop(user, 0);
}

/* Runs for a while, whatever is over meanwhile. */
static inline void run_for(int64_t ms)
{
    struct dw_timer *timer = dw_timer_new(dw_net_loop(net, 0), ms, 0, stop_soon, net);

    over_count = (size_t)-100;
    run();
    dw_timer_free(timer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
