/* The gateway over real sockets, before a stdio server that is a line of shell. What a real server
 * does is in test/integration. */
#include "test.h"

#include <malloc.h>

#include "../net/server_fixture.h"

#include "gateway/gateway.h"
#include "http/url.h"

#define META                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define LEGACY(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\"}"
/* Answers the first request and ends at the second. */
#define ANSWERS_ONCE                                                                               \
    "read -r line; id=${line#*id\\\":}; id=${id%%,*}; "                                            \
    "echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":$id,\\\"result\\\":{}}\"; read -r line; exit " \
    "3"
#define ANSWERS_WITH_6_MB                                                                          \
    "read -r line; id=${line#*id\\\":}; id=${id%%,*}; "                                            \
    "printf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"a\":\"' $id; "                           \
    "head -c 6000000 /dev/zero | tr '\\0' a; printf '\"}}\\n'; read -r line"
#define LARGE ((size_t)3 * 1024 * 1024)

static struct dw_gateway *gateway;
static int gateway_port;

static void open_gateway(const char *script)
{
    static struct dw_guard_config guard;
    static struct dw_gateway_config config;
    static struct dw_slice command[3];
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error = {0};
    struct dw_url parsed;

    make_net(1);
    guard = (struct dw_guard_config){.size = sizeof guard, .is_public = true};
    config = (struct dw_gateway_config){.size = sizeof config};
    assert_done(dw_fields_standard(&dw_gateway_fields, &config, arena, &error), error);
    command[0] = S("/bin/sh");
    command[1] = S("-c");
    command[2] = S(script);
    config.identity_headers = (struct dw_slices){NULL, 0};
    config.listen = S("127.0.0.1:0");
    config.command = (struct dw_slices){command, 3};
    config.guard = &guard;
    gateway = dw_gateway_open(net, &config, &error);
    assert_done(gateway != NULL, error);
    assert_done(dw_url_parse(dw_gateway_public_url(gateway), &parsed, &error), error);
    gateway_port = parsed.port;
    assert_int_equal(pthread_create(&server_thread, NULL, run_server, net), 0);
    is_running = true;
}

static int close_gateway(void **state)
{
    (void)state;
    stop_server();
    dw_gateway_close(gateway);
    dw_net_free(net);
    dw_metrics_free(metrics);
    return 0;
}

static int send_post(const char *fields, struct dw_slice body)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)gateway_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = 10};
    char head[1024];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    snprintf(head, sizeof head,
             "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: x\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
             body.len, fields);
    say(fd, head);
    for (ssize_t sent; body.len; body = dw_slice_sub(body, (size_t)sent, body.len)) {
        sent = send(fd, body.ptr, body.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
    }
    return fd;
}

static char *post(const char *fields, const char *body)
{
    return hear_all(send_post(fields, S(body)));
}

static void a_session_that_crashes_keeps_nobody_else_out(void **state)
{
    (void)state;
    open_gateway(ANSWERS_ONCE);
    for (int i = 0; i < 3; i++) {
        char *answer = post("", LEGACY("initialize"));
        const char *session;
        char fields[128];

        assert_starts(answer, "HTTP/1.1 200 OK\r\n");
        session = strstr(answer, "Mcp-Session-Id: ");
        assert_non_null(session);
        snprintf(fields, sizeof fields, "%.48s\r\n", session);
        answer = post(fields, LEGACY("ping"));
        assert_starts(answer, "HTTP/1.1 502 ");
        assert_has(answer, "status 3");
    }
}

/* A process may serve many clients: the large answer of one must not end it. */
static void an_answer_larger_than_a_request_may_be_ends_no_server(void **state)
{
    int fd;
    size_t total = 0;
    static char bytes[65536];

    (void)state;
    open_gateway(ANSWERS_WITH_6_MB);
    fd = send_post("", S(LEGACY("initialize")));
    for (ssize_t count; (count = recv(fd, bytes, sizeof bytes, 0)) > 0; total += (size_t)count)
        if (total == 0)
            assert_memory_equal(bytes, "HTTP/1.1 200 OK\r\n", 17);
    assert_true(total > 6000000);
    close(fd);
}

static size_t allocated_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void requests_whose_client_has_left_do_not_wait_for_the_server(void **state)
{
    static const char start[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
        "call\",\"params\":{\"name\":\"echo\"," META ",\"arguments\":{\"a\":\"";
    static const char end[] = "\"}}}";
    char *body = malloc(LARGE);
    size_t before;

    (void)state;
    memset(body, 'a', LARGE);
    memcpy(body, start, sizeof start - 1);
    memcpy(body + LARGE - (sizeof end - 1), end, sizeof end - 1);
    open_gateway("exec sleep 60"); /* it is asked for its era, and says nothing */
    before = allocated_bytes();
    for (int i = 0; i < 16; i++) {
        int fd = send_post("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
                           "Mcp-Name: echo\r\n",
                           dw_slice_from(body, LARGE));

        usleep(50000); /* for it to be understood */
        close(fd);
    }
    for (int i = 0; i < 100 && allocated_bytes() > before + 12 * LARGE; i++)
        usleep(10000);
    assert_in_range(allocated_bytes(), 0, before + 12 * LARGE);
    free(body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_gateway)
    const struct CMUnitTest tests[] = {
        TEST(a_session_that_crashes_keeps_nobody_else_out),
        TEST(an_answer_larger_than_a_request_may_be_ends_no_server),
        TEST(requests_whose_client_has_left_do_not_wait_for_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
