/* doorward/http.h: an HTTP server of one's own around the library. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <doorward/doorward.h>

#define URL "http://127.0.0.1:1/mcp"
#define META                                                                                       \
    "\"_meta\":{\"progressToken\":1,\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","   \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"

struct answer {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int status;
    int64_t body_bytes;
    char type[64], body[4096];
    size_t len;
    int writes;
    bool has_ended;
};

static struct dw_server *server;
static struct answer answer;
static atomic_int cancelled;

static void on_start(void *user, int status, const struct dw_http_header *headers, size_t count,
                     int64_t body_bytes)
{
    struct answer *to = user;

    pthread_mutex_lock(&to->lock);
    to->status = status;
    to->body_bytes = body_bytes;
    for (size_t i = 0; i < count; i++)
        if (dw_slice_eq(headers[i].name, S("Content-Type")))
            snprintf(to->type, sizeof to->type, "%.*s", DW_PRINT(headers[i].value));
    pthread_mutex_unlock(&to->lock);
}

static bool on_write(void *user, struct dw_slice bytes)
{
    struct answer *to = user;

    pthread_mutex_lock(&to->lock);
    assert_true(to->len + bytes.len < sizeof to->body);
    memcpy(to->body + to->len, bytes.ptr, bytes.len);
    to->len += bytes.len;
    to->body[to->len] = '\0';
    to->writes++;
    pthread_cond_broadcast(&to->change);
    pthread_mutex_unlock(&to->lock);
    return true;
}

static void on_end(void *user, bool is_complete)
{
    struct answer *to = user;

    pthread_mutex_lock(&to->lock);
    assert_true(is_complete);
    to->has_ended = true;
    pthread_cond_broadcast(&to->change);
    pthread_mutex_unlock(&to->lock);
}

static bool count(void *user, struct dw_call *call, struct dw_error *reterr)
{
    bool is_endless = dw_slice_eq(dw_call_arguments(call), S("{\"forever\":true}"));

    (void)user;
    (void)reterr;
    dw_call_progress(call, 1, 2, "begun");
    while (is_endless && !dw_call_is_cancelled(call))
        usleep(1000);
    if (dw_call_is_cancelled(call))
        atomic_fetch_add(&cancelled, 1);
    dw_call_add_text(call, dw_text("counted"));
    return true;
}

static struct dw_server *make(void)
{
    const struct dw_tool tool = {.size = sizeof tool,
                                 .name = "count",
                                 .input_schema = "{\"type\":\"object\"}",
                                 .run = count};
    struct dw_server *made = dw_server_new("s", "1");

    dw_server_with_own_http(made);
    dw_server_with_public_url(made, URL);
    dw_server_with_tool(made, &tool);
    return made;
}

static int start(void **state)
{
    struct dw_error error = {0};

    (void)state;
    memset(&answer, 0, sizeof answer);
    pthread_mutex_init(&answer.lock, NULL);
    pthread_cond_init(&answer.change, NULL);
    atomic_store(&cancelled, 0);
    server = make();
    assert_done(dw_server_build(server, &error), error);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dw_server_free(server);
    return 0;
}

static struct dw_server_exchange *post(const char *name, const char *body, bool is_loopback)
{
    const struct dw_http_header headers[] = {
        {S("Host"), S("127.0.0.1:1")},
        {S("Content-Type"), S("application/json")},
        {S("MCP-Protocol-Version"), S("2026-07-28")},
        {S("Mcp-Method"), S("tools/call")},
        {S("Mcp-Name"), S(name)},
    };
    const struct dw_server_request request = {.size = sizeof request,
                                              .method = S("POST"),
                                              .target = S("/mcp"),
                                              .headers = headers,
                                              .header_count = 5,
                                              .body = S(body),
                                              .peer_address = S("127.0.0.1"),
                                              .is_loopback = is_loopback};
    const struct dw_server_responder responder = {sizeof responder, on_start, on_write, on_end,
                                                  &answer};
    struct dw_error error = {0};
    struct dw_server_exchange *exchange = dw_server_handle(server, &request, &responder, &error);

    assert_non_null(exchange);
    return exchange;
}

static void wait_until_written(bool is_whole)
{
    pthread_mutex_lock(&answer.lock);
    while (is_whole ? !answer.has_ended : !answer.writes)
        pthread_cond_wait(&answer.change, &answer.lock);
    pthread_mutex_unlock(&answer.lock);
}

/* ---- cases ---- */

static void a_wrong_use_is_an_error(void **state)
{
    const struct dw_server_request request = {
        .size = sizeof request, .method = S("GET"), .target = S("/mcp")};
    struct dw_server_responder responder = {sizeof responder, on_start, on_write, on_end, NULL};
    struct dw_server *other = make();
    struct dw_error error = {0};

    (void)state;
    assert_null(dw_server_handle(NULL, &request, &responder, &error));
    assert_int_equal(error.code, DW_USAGE);
    assert_null(dw_server_handle(other, &request, &responder, &error)); /* not built */
    assert_int_equal(error.code, DW_USAGE);
    assert_null(dw_server_handle(server, &request, &responder, &error)); /* no Host */
    assert_int_equal(error.code, DW_MALFORMED);
    responder.end = NULL;
    assert_null(dw_server_handle(server, &request, &responder, &error));
    assert_int_equal(error.code, DW_USAGE);
    dw_server_with_listen(other, "127.0.0.1:0");
    assert_false(dw_server_build(other, &error));
    assert_int_equal(error.code, DW_CONFIG);
    dw_server_free(other);
    assert_int_equal(dw_server_serve(make()), 1);
}

static void an_answer_comes_whole(void **state)
{
    struct dw_server_exchange *exchange = post(
        "no",
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"no\"," META
        "}}",
        true);

    (void)state;
    wait_until_written(true);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "application/json");
    assert_string_equal(answer.body, "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,"
                                     "\"message\":\"there is no tool \\\"no\\\"\"}}");
    assert_int_equal(answer.body_bytes, (int64_t)answer.len);
    dw_server_exchange_free(exchange);
}

static void a_stream_comes_in_pieces(void **state)
{
    struct dw_server_exchange *exchange = post("count",
                                               "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/"
                                               "call\",\"params\":{\"name\":\"count\"," META "}}",
                                               true);

    (void)state;
    wait_until_written(true);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "text/event-stream");
    assert_int_equal(answer.body_bytes, -1);
    assert_int_equal(answer.writes, 2);
    assert_non_null(strstr(answer.body, "\"method\":\"notifications/progress\""));
    assert_non_null(strstr(answer.body, "\"text\":\"counted\""));
    dw_server_exchange_free(exchange);
}

static void leaving_cancels_the_call(void **state)
{
    struct dw_server_exchange *exchange =
        post("count",
             "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":"
             "\"count\",\"arguments\":{\"forever\":true}," META "}}",
             true);

    (void)state;
    wait_until_written(false);
    dw_server_exchange_free(exchange);
    for (int i = 0; i < 5000 && !atomic_load(&cancelled); i++)
        usleep(1000);
    assert_int_equal(atomic_load(&cancelled), 1);
    assert_false(answer.has_ended);
}

static void strangers_are_refused_without_oauth(void **state)
{
    struct dw_server_exchange *exchange = post("count", "{}", false);

    (void)state;
    wait_until_written(true);
    assert_int_equal(answer.status, 403);
    dw_server_exchange_free(exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_wrong_use_is_an_error, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_comes_whole, start, stop),
        cmocka_unit_test_setup_teardown(a_stream_comes_in_pieces, start, stop),
        cmocka_unit_test_setup_teardown(leaving_cancels_the_call, start, stop),
        cmocka_unit_test_setup_teardown(strangers_are_refused_without_oauth, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
