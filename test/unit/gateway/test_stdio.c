/* The gateway over real sockets, before a stdio server that is a line of shell. What a real server
 * does is in test/integration. */
#include <malloc.h>

#include "gateway_fixture.h"

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

static void open_gateway(const char *script)
{
    struct dw_gateway_config *config = gateway_standard();
    static struct dw_slice command[] = {{"/bin/sh", 7}, {"-c", 2}, {NULL, 0}};

    command[2] = S(script); /* the gateway looks at it while it runs */
    config->command = (struct dw_slices){command, 3};
    gateway_start(config);
}

static int close_gateway(void **state)
{
    (void)state;
    gateway_stop();
    return 0;
}

static int send_post(const char *fields, struct dw_slice body)
{
    char head[1024];
    int fd = dial_gateway();

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

static void a_session_that_its_client_ends_is_answered_without_a_body(void **state)
{
    char fields[128], head[512];
    char *answer;
    int fd;

    (void)state;
    open_gateway(ANSWERS_ONCE);
    answer = post("", LEGACY("initialize"));
    assert_non_null(strstr(answer, "Mcp-Session-Id: "));
    snprintf(fields, sizeof fields, "%.48s\r\n", strstr(answer, "Mcp-Session-Id: "));
    snprintf(head, sizeof head,
             "DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
             "x\r\n%s\r\n",
             fields);
    fd = dial_gateway();
    say(fd, head);
    assert_starts(hear_all(fd), "HTTP/1.1 204 ");
    assert_starts(post(fields, LEGACY("ping")), "HTTP/1.1 404 ");
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
        TEST(a_session_that_its_client_ends_is_answered_without_a_body),
        TEST(a_session_that_crashes_keeps_nobody_else_out),
        TEST(an_answer_larger_than_a_request_may_be_ends_no_server),
        TEST(requests_whose_client_has_left_do_not_wait_for_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
