/* The gateway over real sockets, with an HTTP upstream that answers whatever a case wants. Tokens
 * are the guard's affair: here everybody may pass, and only the policy refuses. */
#include "../net/peer.h"

#include "gateway_fixture.h"

#define MODERN_CALL                                                                                \
    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/"                                        \
    "call\",\"params\":{\"name\":\"echo\"," META "}}"
#define MODERN_LIST "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META "}}"
#define MODERN_CALL_FIELDS                                                                         \
    "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n"
#define MODERN_LIST_FIELDS "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n"
#define JSON_OK(body, len)                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " #len "\r\n\r\n" body

static struct peer *upstream;

static const struct dw_policy_row deny_secrets[] = {
    {.name = {"no secrets", 10}, .tool = {"secret-*", 8}, .is_deny = true},
    {.name = {"the rest", 8}, .tool = {"*", 1}},
};

static void open_gateway(const struct peer_script *scripts, size_t count)
{
    static const struct dw_guard_config guard = {
        .size = sizeof guard, .is_public = true, .policy = deny_secrets, .policy_count = 2};
    struct dw_gateway_config *config = gateway_standard();
    static char url[64]; /* the gateway looks at it while it runs */

    upstream = calloc(1, sizeof *upstream);
    peer_start(upstream, scripts, count);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/up", upstream->port);
    config->upstream = S(url);
    config->guard = &guard;
    gateway_start(config);
}

static int close_gateway(void **state)
{
    (void)state;
    gateway_stop();
    peer_stop(upstream);
    free(upstream);
    return 0;
}

static int send_request(const char *method, const char *fields, const char *body)
{
    char head[4096];
    int fd = dial_gateway();

    snprintf(head, sizeof head,
             "%s /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
             method, strlen(body), fields);
    say(fd, head);
    say(fd, body);
    return fd;
}

static char *request(const char *method, const char *fields, const char *body)
{
    return hear_all(send_request(method, fields, body));
}

/* A head without its last lines. */
static char *ask_host_free(const char *head)
{
    int fd = dial_gateway();

    say(fd, head);
    say(fd, "Connection: close\r\n\r\n");
    return hear_all(fd);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" in \"%.600s\"", part, text);
}

static void what_is_not_for_us_never_gets_upstream(void **state)
{
    static const struct peer_script script = {.answers = {JSON_OK("{}", 2)}};
    static const struct {
        const char *method, *fields, *body, *start, *part;
    } cases[] = {
        {"POST", "Origin: https://evil.example.com\r\n", LEGACY("initialize"), "HTTP/1.1 403 ",
         "is not allowed"},
        {"POST", "Origin: http://localhost\r\nOrigin: http://localhost\r\n", LEGACY("initialize"),
         "HTTP/1.1 403 ", "twice"},
        {"PUT", "", "", "HTTP/1.1 405 ", "Allow: POST, GET, DELETE, OPTIONS\r\n"},
        {"POST", "", "{", "HTTP/1.1 400 ", "-32700"},
        {"POST", "", "[]", "HTTP/1.1 400 ", "batches"},
        {"POST", "Content-Encoding: gzip\r\n", LEGACY("initialize"), "HTTP/1.1 415 ", "compressed"},
        {"POST", "Content-Type: application/json\r\n", LEGACY("initialize"), "HTTP/1.1 415 ",
         "Content-Type"}, /* the second one */
        {"POST", MODERN_LIST_FIELDS, MODERN_CALL, "HTTP/1.1 400 ",
         "\"id\":\"a\",\"error\":{\"code\":-32020"},
        {"POST", "Mcp-Session-Id: never\r\n", LEGACY("tools/list"), "HTTP/1.1 404 ", "-32001"},
        {"GET", "Mcp-Session-Id: never\r\n", "", "HTTP/1.1 404 ", "no such session"},
        {"GET", "MCP-Protocol-Version: 2026-07-28\r\n", "", "HTTP/1.1 405 ", "Allow: POST"},
        {"DELETE", "", "", "HTTP/1.1 405 ", "Allow: POST"},
        {"POST", "",
         "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\",\"params\":{\"name\":"
         "\"secret-x\"}}",
         "HTTP/1.1 403 ", "\"id\":5"},
    };

    static const char *const types[] = {
        "X: none",
        "Content-Type: text/plain",
        "Content-Type: application/json5",
        "Content-Type: application/json; charset=utf-16le",
        "Content-Type: application/json; charset=utf-8; charset=utf-7",
        "Content-Type: application/json; x; charset=shift_jis",
        "Content-Type: text/plain, application/json",
    };

    (void)state;
    open_gateway(&script, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *answer = request(cases[i].method, cases[i].fields, cases[i].body);

        assert_starts(answer, cases[i].start);
        assert_has(answer, cases[i].part);
    }
    assert_starts(ask_host_free("GET /healthz HTTP/1.1\r\nHost: whatever\r\n"), "HTTP/1.1 200 ");
    assert_starts(ask_host_free("POST /mcp HTTP/1.1\r\nHost: evil.example.com\r\n"
                                "Content-Length: 0\r\n"),
                  "HTTP/1.1 421 ");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char head[256];

        snprintf(head, sizeof head,
                 "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n%s\r\n", types[i]);
        assert_starts(ask_host_free(head), "HTTP/1.1 415 ");
    }
    assert_has(ask_host_free("GET / HTTP/1.1\r\nHost: localhost\r\n"), "the MCP endpoint is");
    assert_int_equal(upstream->accepted, 0);
}

static void bad_answers_of_an_upstream_are_502_with_the_id(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"up\"\r\n"
        "Content-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://inside.example.com/\r\nContent-Length: 0\r\n\r\n",
        "garbage\r\n\r\n",
        "",
    };
    struct peer_script scripts[sizeof answers / sizeof *answers];
    size_t count = sizeof answers / sizeof *answers;

    (void)state;
    for (size_t i = 0; i < count; i++)
        scripts[i] = (struct peer_script){.answers = {answers[i]}};
    open_gateway(scripts, count);
    for (size_t i = 0; i < count; i++) {
        char *answer = request("POST", MODERN_CALL_FIELDS, MODERN_CALL);

        assert_starts(answer, "HTTP/1.1 502 ");
        assert_has(answer, "\"id\":\"a\",\"error\":{\"code\":-32603");
        assert_lacks(answer, "WWW-Authenticate");
        assert_lacks(answer, "inside.example.com");
    }
}

static void the_same_bytes_go_on_without_credentials(void **state)
{
    static const struct peer_script script = {.answers = {JSON_OK("{\"a\": 1}", 8)}};
    char *answer;

    (void)state;
    open_gateway(&script, 1);
    answer = request("POST",
                     MODERN_CALL_FIELDS "Authorization: Bearer t\r\nCookie: a=b\r\n"
                                        "X_Doorward_Sub: me\r\nMcp-Session-Id: other\r\n"
                                        "X-Forwarded-For: 1.2.3.4\r\nMcp-Param-A: 1\r\n",
                     MODERN_CALL);
    assert_starts(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "{\"a\": 1}");
    assert_starts(upstream->asked[0], "POST /up HTTP/1.1\r\n");
    assert_has(upstream->asked[0], "Mcp-Param-A: 1\r\n");
    assert_has(upstream->asked[0], "X-Forwarded-For: 127.0.0.1\r\n");
    assert_has(upstream->asked[0], "traceparent: 00-");
    assert_lacks(upstream->asked[0], "Bearer");
    assert_lacks(upstream->asked[0], "Cookie");
    assert_lacks(upstream->asked[0], "Doorward");
    assert_lacks(upstream->asked[0], "1.2.3.4");
    assert_lacks(upstream->asked[0], "Session");
    assert_int_equal(upstream->body_bytes, sizeof MODERN_CALL - 1);
}

static void lists_are_filtered_in_bodies_and_streams(void **state)
{
    static const struct peer_script scripts[] = {
        {.answers = {JSON_OK("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":"
                             "\"secret-a\"},{\"name\":\"b\"}]}}",
                             78)},
         .is_byte_by_byte = true},
        {.answers = {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"
                     "56\r\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":"
                     "\"secret-a\"},{\"name\":\"b\"}]}}\n\n\r\n0\r\n\r\n"}},
        {.answers = {JSON_OK("{\"tools\":[\"secret-a\"]", 21)}},
        {.answers = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip"
                     "\r\nContent-Length: 8\r\n\r\nsecret-a"}},
        {.answers =
             {"HTTP/1.1 206 Partial Content\r\nContent-Type: application/json\r\n"
              "Content-Length: 78\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":"
              "[{\"name\":\"secret-a\"},{\"name\":\"b\"}]}}"}},
    };
    char *partial;

    (void)state;
    open_gateway(scripts, 5);
    for (int i = 0; i < 2; i++) {
        char *answer = request("POST", MODERN_LIST_FIELDS, MODERN_LIST);

        assert_starts(answer, "HTTP/1.1 200 OK\r\n");
        assert_has(answer, "{\"tools\":[{\"name\":\"b\"}],\"cacheScope\":\"private\"}");
        assert_lacks(answer, "secret-a");
    }
    for (int i = 0; i < 2; i++) { /* what cannot be filtered is not sent */
        char *answer = request("POST", MODERN_LIST_FIELDS, MODERN_LIST);

        assert_starts(answer, "HTTP/1.1 502 ");
        assert_lacks(answer, "secret-a");
    }
    partial = request("POST", MODERN_LIST_FIELDS "Range: bytes=0-\r\n", MODERN_LIST);
    assert_lacks(partial, "secret-a"); /* whatever good status it comes with */
}

static void a_session_lives_from_initialize_to_delete(void **state)
{
    static const struct peer_script scripts[] = {
        {.answers = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s1\r\n"
                     "Content-Length: 2\r\n\r\n{}",
                     JSON_OK("{\"n\":1}", 7),
                     "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"}},
    };
    char *answer;

    (void)state;
    open_gateway(scripts, 1);
    answer = request("POST", "", LEGACY("initialize"));
    assert_starts(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "Mcp-Session-Id: s1\r\n");
    answer = request("POST", "Mcp-Session-Id: s1\r\n", LEGACY("ping"));
    assert_has(answer, "{\"n\":1}");
    assert_has(upstream->asked[0], "Mcp-Session-Id: s1\r\n");
    assert_starts(request("POST", "Mcp-Session-Id: s2\r\n", LEGACY("ping")), "HTTP/1.1 404 ");
    assert_starts(request("DELETE", "Mcp-Session-Id: s1\r\n", ""), "HTTP/1.1 204 ");
    assert_starts(request("POST", "Mcp-Session-Id: s1\r\n", LEGACY("ping")), "HTTP/1.1 404 ");
}

/* With a policy, too: what ends a session has no list in it. */
static void an_upstream_may_end_a_session_with_an_empty_200(void **state)
{
    static const struct peer_script scripts[] = {
        {.answers = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: s1\r\n"
                     "Content-Length: 2\r\n\r\n{}",
                     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}},
    };

    (void)state;
    open_gateway(scripts, 1);
    assert_starts(request("POST", "", LEGACY("initialize")), "HTTP/1.1 200 OK\r\n");
    assert_starts(request("DELETE", "Mcp-Session-Id: s1\r\n", ""), "HTTP/1.1 200 OK\r\n");
    assert_starts(request("POST", "Mcp-Session-Id: s1\r\n", LEGACY("ping")), "HTTP/1.1 404 ");
}

static void only_a_modern_client_cancels_by_leaving(void **state)
{
    static const struct peer_script script = {.end = PEER_WAITS};
    int fd;

    (void)state;
    open_gateway(&script, 1);
    fd = send_request("POST", MODERN_CALL_FIELDS, MODERN_CALL);
    while (upstream->accepted < 1)
        usleep(1000);
    close(fd);
    for (int i = 0; i < 500 && upstream->closed_by_client < 1; i++)
        usleep(10000);
    assert_int_equal(upstream->closed_by_client, 1);
    fd = send_request("POST", "", LEGACY("ping"));
    while (upstream->accepted < 2)
        usleep(1000);
    close(fd);
    usleep(200000);
    assert_int_equal(upstream->closed_by_client, 1);
}

static void a_browser_may_read_the_metadata_and_ask_before_it_posts(void **state)
{
    static const struct peer_script script = {.answers = {JSON_OK("{}", 2)}};
    char *answer;

    (void)state;
    open_gateway(&script, 1);
    answer = ask_host_free("GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\n"
                           "Host: localhost\r\nOrigin: https://anywhere.example.com\r\n");
    assert_starts(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "Access-Control-Allow-Origin: *\r\n");
    assert_has(answer, "\"resource\":\"http://127.0.0.1:");
    assert_starts(ask_host_free("GET /.well-known/oauth-protected-resource HTTP/1.1\r\n"
                                "Host: localhost\r\n"),
                  "HTTP/1.1 200 OK\r\n");
    answer = request("OPTIONS",
                     "Origin: http://localhost:5173\r\nAccess-Control-Request-Method: POST\r\n"
                     "Access-Control-Request-Headers: authorization, mcp-param-x\r\n",
                     "");
    assert_starts(answer, "HTTP/1.1 204 ");
    assert_has(answer, "Access-Control-Allow-Origin: http://localhost:5173\r\n");
    assert_has(answer, "mcp-param-x");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_gateway)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_for_us_never_gets_upstream),
        TEST(bad_answers_of_an_upstream_are_502_with_the_id),
        TEST(the_same_bytes_go_on_without_credentials),
        TEST(lists_are_filtered_in_bodies_and_streams),
        TEST(a_session_lives_from_initialize_to_delete),
        TEST(an_upstream_may_end_a_session_with_an_empty_200),
        TEST(only_a_modern_client_cancels_by_leaving),
        TEST(a_browser_may_read_the_metadata_and_ask_before_it_posts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
