/* A whole server over real sockets: both eras, sessions and what they are bound to, streams that
 * are resumed, pages, and the refusals. */
#include "sdk/listening.h"

#include <stdio.h>

#include "sdk/sdk_internal.h"

#define META                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define INFO "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}"
#define INITIALIZE                                                                                 \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"                         \
    "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\","       \
    "\"version\":\"1\"}}}"

static char heard[64 * 1024];
static char session[64];

static bool echo(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice text = DW_EMPTY;

    (void)user;
    (void)reterr;
    (void)dw_call_text(call, "text", &text);
    dw_call_add_text(call, text);
    return true;
}

static bool slow(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_progress(call, 1, 2, "half");
    usleep(100 * 1000);
    dw_call_add_text(call, dw_text("done"));
    return true;
}

static bool ask_name(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_elicit(call, "name", "Who?", "{\"type\":\"object\",\"properties\":{}}", &answer,
                        reterr))
        return false;
    dw_call_add_text(call, answer);
    return true;
}

static int start(void **state)
{
    struct dw_tool tools[] = {
        {.size = sizeof *tools,
         .name = "echo",
         .run = echo,
         .is_quick = true,
         .input_schema = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}}"},
        {.size = sizeof *tools, .name = "slow", .run = slow},
        {.size = sizeof *tools, .name = "third", .run = slow},
        {.size = sizeof *tools, .name = "ask_name", .run = ask_name},
    };
    struct dw_server *made = dw_server_new("s", "1");

    (void)state;
    dw_server_with_page_size(made, 2);
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        dw_server_with_tool(made, &tools[i]);
    return server_start(made);
}

static const char *host = "localhost"; /* what the next requests say */

/* A connection with a request on its way. */
static int send_request(const char *method, const char *headers, const char *body)
{
    int fd = dial();
    char request[8192];

    snprintf(request, sizeof request,
             "%s /mcp HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
             "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
             method, host, headers, strlen(body), body);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    return fd;
}

/* Sends and reads until the connection ends. */
static const char *ask(const char *method, const char *headers, const char *body)
{
    int fd = send_request(method, headers, body);
    size_t len = 0;
    ssize_t count;

    while ((count = read(fd, heard + len, sizeof heard - 1 - len)) > 0)
        len += (size_t)count;
    heard[len] = '\0';
    close(fd);
    return heard;
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    return end ? end + 4 : "";
}

static const char *modern(const char *method, const char *name, const char *params)
{
    char headers[512], body[1024];

    snprintf(headers, sizeof headers,
             "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\n%s%s%s", method,
             name[0] ? "Mcp-Name: " : "", name, name[0] ? "\r\n" : "");
    snprintf(body, sizeof body,
             "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":{%s%s" META "}}", method,
             params, params[0] ? "," : "");
    return ask("POST", headers, body);
}

static const char *legacy(const char *method, const char *id, const char *body)
{
    char headers[512];

    snprintf(headers, sizeof headers, "Mcp-Session-Id: %s\r\n", id);
    return ask(method, headers, body);
}

static void open_session(void)
{
    const char *at;

    ask("POST", "", INITIALIZE);
    at = strstr(heard, "Mcp-Session-Id: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "Mcp-Session-Id: %60s", session), 1);
    assert_int_equal(strlen(session), 22); /* 128 bits */
}

static void assert_starts(const char *text, const char *start_text)
{
    if (strncmp(text, start_text, strlen(start_text)) != 0)
        fail_msg("expected %s, got %.200s", start_text, text);
}

/* ---- refusals ---- */

static void strangers_are_refused(void **state)
{
    (void)state;
    assert_starts(ask("POST", "Origin: http://evil.example\r\n", INITIALIZE), "HTTP/1.1 403 ");
    assert_starts(ask("PUT", "", ""), "HTTP/1.1 405 ");
    assert_starts(ask("GET", "", ""), "HTTP/1.1 405 ");
    assert_starts(ask("DELETE", "", ""), "HTTP/1.1 405 ");
    assert_starts(ask("POST", "", "["), "HTTP/1.1 400 ");
    assert_starts(legacy("GET", "AAAAAAAAAAAAAAAAAAAAAA", ""), "HTTP/1.1 404 ");
    assert_starts(legacy("POST", "AAAAAAAAAAAAAAAAAAAAAA", INITIALIZE), "HTTP/1.1 404 ");
    ask("POST", "", "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}");
    assert_starts(heard, "HTTP/1.1 400 ");
    assert_string_equal(body_of(heard),
                        "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":"
                        "\"begin with initialize, then send Mcp-Session-Id\"}}");
}

/* A page of another site whose name leads to this machine (DNS rebinding), and one that just calls
 * us: nothing had to be switched on. */
static void pages_of_other_sites_are_refused(void **state)
{
    static const struct {
        const char *host, *origin, *starts;
    } cases[] = {
        {"evil.example", "", "HTTP/1.1 421 "},
        {"evil.example", "Origin: http://evil.example\r\n", "HTTP/1.1 421 "},
        {"localhost.evil.example", "", "HTTP/1.1 421 "},
        {"127.0.0.1.evil.example", "", "HTTP/1.1 421 "},
        {"192.168.0.1", "", "HTTP/1.1 421 "},
        {"localhost", "Origin: http://evil.example\r\n", "HTTP/1.1 403 "},
        {"localhost", "Origin: http://localhost.evil.example\r\n", "HTTP/1.1 403 "},
        {"localhost", "Origin: null\r\n", "HTTP/1.1 403 "},
        {"localhost", "", "HTTP/1.1 200 "},
        {"localhost:1", "Origin: http://localhost:3000\r\n", "HTTP/1.1 200 "},
        {"127.0.0.1", "Origin: http://127.0.0.1\r\n", "HTTP/1.1 200 "},
        {"[::1]:80", "", "HTTP/1.1 200 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        host = cases[i].host;
        assert_starts(ask("POST", cases[i].origin, INITIALIZE), cases[i].starts);
    }
    host = "localhost";
}

static void what_does_not_exist_is_an_error(void **state)
{
    (void)state;
    assert_starts(modern("nothing/here", "", ""), "HTTP/1.1 404 ");
    assert_starts(modern("prompts/list", "", ""), "HTTP/1.1 404 "); /* there are no prompts */
    assert_starts(modern("ping", "", ""), "HTTP/1.1 404 ");         /* of the older era */
    modern("tools/call", "no", "\"name\":\"no\"");
    assert_string_equal(body_of(heard), "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,"
                                        "\"message\":\"there is no tool \\\"no\\\"\"}}");
    modern("tools/list", "", "\"cursor\":\"bm9wZQ\"");
    assert_string_equal(body_of(heard), "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32602,"
                                        "\"message\":\"the cursor is none of ours\"}}");
}

/* ---- what works ---- */

static void a_modern_call_is_answered_with_json(void **state)
{
    (void)state;
    modern("tools/call", "echo", "\"name\":\"echo\",\"arguments\":{\"text\":\"hi\"}");
    assert_starts(heard, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(heard, "Content-Type: application/json\r\n"));
    assert_null(strstr(heard, "Mcp-Session-Id"));
    assert_string_equal(body_of(heard),
                        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\","
                        "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]," INFO "}}");
}

static void progress_makes_the_answer_a_stream(void **state)
{
    (void)state;
    ask("POST", "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: slow\r\n",
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/call\",\"params\":{\"name\":\"slow\","
        "\"_meta\":{\"progressToken\":\"p\",\"io.modelcontextprotocol/protocolVersion\":"
        "\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{}}}}");
    assert_non_null(strstr(heard, "Content-Type: text/event-stream\r\n"));
    assert_non_null(
        strstr(heard, "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","));
    assert_non_null(strstr(heard, "data: {\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":"));
    assert_null(strstr(heard, "\nid: ")); /* MCP 2026-07-28 has no resuming */
}

static void pages_lead_through_the_whole_list(void **state)
{
    char params[128], cursor[64] = "";
    const char *at;

    (void)state;
    modern("tools/list", "", "");
    assert_non_null(strstr(heard, "\"name\":\"echo\""));
    assert_non_null(strstr(heard, "\"name\":\"slow\""));
    assert_null(strstr(heard, "\"name\":\"third\""));
    at = strstr(heard, "\"nextCursor\":\"");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "\"nextCursor\":\"%60[^\"]", cursor), 1);
    snprintf(params, sizeof params, "\"cursor\":\"%s\"", cursor);
    modern("tools/list", "", params);
    assert_null(strstr(heard, "\"name\":\"slow\""));
    assert_non_null(strstr(heard, "\"name\":\"third\""));
    assert_null(strstr(heard, "nextCursor"));
}

static void a_session_lives_until_it_is_deleted(void **state)
{
    (void)state;
    open_session();
    assert_starts(
        legacy("POST", session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"),
        "HTTP/1.1 202 ");
    legacy("POST", session, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}");
    assert_string_equal(body_of(heard), "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");
    legacy("POST", session, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"nothing\"}");
    assert_starts(heard, "HTTP/1.1 200 "); /* 404 would mean that the session is gone */
    assert_starts(legacy("DELETE", session, ""), "HTTP/1.1 204 ");
    assert_starts(legacy("POST", session, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}"),
                  "HTTP/1.1 404 ");
}

static void a_stream_is_resumed_in_its_own_session_only(void **state)
{
    char headers[256], first[64];
    const char *at;

    (void)state;
    open_session();
    legacy("POST", session,
           "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":{\"name\":\"slow\","
           "\"_meta\":{\"progressToken\":5}}}");
    at = strstr(heard, "id: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "id: %60s", first), 1);
    snprintf(headers, sizeof headers, "Mcp-Session-Id: %s\r\nLast-Event-ID: %s\r\n", session,
             first);
    ask("GET", headers, "");
    assert_non_null(strstr(heard, "notifications/progress"));
    assert_non_null(strstr(heard, "data: {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":"));
    open_session(); /* another one */
    snprintf(headers, sizeof headers, "Mcp-Session-Id: %s\r\nLast-Event-ID: %s\r\n", session,
             first);
    ask("GET", headers, "");
    assert_starts(heard, "HTTP/1.1 200 ");
    assert_null(strstr(heard, "data: {"));
}

/* Tools that wait for a user hold a worker each: others must still get one. */
static void one_caller_cannot_hold_all_workers(void **state)
{
    static const char initialize[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
        "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"elicitation\":{}},"
        "\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}";
    int waiting[DW_SDK_MAX_PRINCIPAL_WAITING];
    char headers[128], body[256];

    (void)state;
    ask("POST", "", initialize);
    assert_int_equal(sscanf(strstr(heard, "Mcp-Session-Id: "), "Mcp-Session-Id: %60s", session), 1);
    snprintf(headers, sizeof headers, "Mcp-Session-Id: %s\r\n", session);
    for (int i = 0; i <= DW_SDK_MAX_PRINCIPAL_WAITING; i++) {
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{"
                 "\"name\":\"ask_name\"}}",
                 100 + i);
        if (i == DW_SDK_MAX_PRINCIPAL_WAITING)
            break;
        waiting[i] = send_request("POST", headers, body);
        assert_true(read(waiting[i], heard, sizeof heard) > 0); /* the question has come */
    }
    legacy("POST", session, body);
    assert_string_equal(
        body_of(heard),
        "{\"jsonrpc\":\"2.0\",\"id\":116,\"result\":{\"content\":[{\"type\":\"text\","
        "\"text\":\"too many questions wait for an answer already\"}],\"isError\":true}}");
    modern("tools/call", "slow", "\"name\":\"slow\"");
    assert_non_null(strstr(heard, "done"));
    assert_starts(legacy("DELETE", session, ""), "HTTP/1.1 204 ");
    for (int i = 0; i < DW_SDK_MAX_PRINCIPAL_WAITING; i++)
        close(waiting[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(pages_of_other_sites_are_refused),
        cmocka_unit_test(what_does_not_exist_is_an_error),
        cmocka_unit_test(a_modern_call_is_answered_with_json),
        cmocka_unit_test(progress_makes_the_answer_a_stream),
        cmocka_unit_test(pages_lead_through_the_whole_list),
        cmocka_unit_test(a_session_lives_until_it_is_deleted),
        cmocka_unit_test(a_stream_is_resumed_in_its_own_session_only),
        cmocka_unit_test(one_caller_cannot_hold_all_workers),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
