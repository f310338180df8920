/* sdk/stdio.c: a server over its standard input and output, in a process of its own: both
 * revisions, questions to the user, cancellation at every stage, and the end. */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doorward/doorward.h>

#define MODERN(capabilities)                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":" capabilities "}"
#define META MODERN("{}")
#define INFO "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}"
#define CALL(id, tool, rest)                                                                       \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" tool    \
    "\"" rest "}}\n"
#define DONE(id, text)                                                                             \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"resultType\":\"complete\",\"content\":[{"    \
    "\"type\":\"text\",\"text\":\"" text "\"}]," INFO "}}\n"
#define ERROR(id, code, text)                                                                      \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" text "\"}}\n"
#define CANCEL(id)                                                                                 \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" id    \
    "}}\n"
#define INITIALIZE(capabilities)                                                                   \
    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"     \
    "\"2025-11-25\",\"capabilities\":" capabilities                                                \
    ",\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}}\n"

/* ---- the server ---- */

static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

static bool echo(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice text = DW_EMPTY;

    (void)user;
    (void)reterr;
    (void)dw_call_text(call, "text", &text);
    printf("this is no MCP message\n"); /* goes to standard error */
    fflush(stdout);
    dw_call_add_text(call, text);
    return true;
}

static bool waits(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    say("begun\n");
    while (!dw_call_is_cancelled(call))
        usleep(500);
    say("cancelled\n");
    dw_call_progress(call, 9, 9, "too late");
    dw_call_add_text(call, dw_text("nobody hears this"));
    return true;
}

static bool takes_time(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    usleep(100 * 1000);
    dw_call_add_text(call, dw_text("in the end"));
    return true;
}

static bool asks(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_elicit(call, "who", "Who?", "{\"type\":\"object\"}", &answer, reterr)) {
        say(dw_call_is_cancelled(call) ? "cancelled\n" : "not asked\n");
        return false;
    }
    dw_call_add_text(call, answer);
    return true;
}

static bool needs_scope(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    return dw_auth_require_scope(dw_call_auth(call), "admin", reterr);
}

static int serve(void)
{
    const char *const secret[] = {"secret", NULL};
    const struct dw_tool tools[] = {
        {.size = sizeof *tools,
         .name = "echo",
         .input_schema = "{\"type\":\"object\"}",
         .run = echo},
        {.size = sizeof *tools, .name = "waits", .run = waits},
        {.size = sizeof *tools, .name = "takes_time", .run = takes_time},
        {.size = sizeof *tools, .name = "asks", .run = asks},
        {.size = sizeof *tools, .name = "needs_scope", .run = needs_scope},
        {.size = sizeof *tools, .name = "hidden", .run = echo, .scopes = secret},
        {.size = sizeof *tools, .name = "task", .run = waits, .task_support = DW_TASK_REQUIRED},
    };
    struct dw_server *server = dw_server_new("s", "1");

    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        dw_server_with_tool(server, &tools[i]);
    return dw_server_serve(server);
}

static pid_t child;
static int to_child, from_child, talk_of_child;
static char heard[64 * 1024], talk[64 * 1024];

static int start(void **state)
{
    int in[2], out[2], err[2];

    (void)state;
    if (pipe(in) || pipe(out) || pipe(err))
        return -1;
    child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        _exit(serve());
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    to_child = in[1];
    from_child = out[0];
    talk_of_child = err[0];
    heard[0] = talk[0] = '\0';
    return child < 0;
}

/* Reads until the text has come, for ten seconds at most; NULL: until the end. */
static void read_until(int fd, char *room, const char *text)
{
    size_t len = strlen(room);
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    while (!text || !strstr(room, text)) {
        ssize_t count = poll(&wait, 1, 10000) > 0 ? read(fd, room + len, 64 * 1024 - 1 - len) : -1;

        if (count < 0 || (count == 0 && text))
            fail_msg("no %s in %s", text ? text : "end", room);
        if (count == 0)
            return;
        len += (size_t)count;
        room[len] = '\0';
    }
}

static void tell(const char *line)
{
    assert_int_equal(write(to_child, line, strlen(line)), (ssize_t)strlen(line));
}

/* All that comes for a line, which is nothing but this. */
static void assert_says(const char *line, const char *answer)
{
    heard[0] = '\0';
    tell(line);
    read_until(from_child, heard, "\n");
    assert_string_equal(heard, answer);
    heard[0] = '\0';
}

/* Closes standard input; the rest of what is said, and the status. */
static void assert_ends(const char *rest)
{
    int status = -1;

    close(to_child);
    to_child = -1;
    read_until(from_child, heard, NULL);
    assert_string_equal(heard, rest);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    child = 0;
}

static int stop(void **state)
{
    (void)state;
    if (to_child >= 0)
        close(to_child);
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    close(from_child);
    close(talk_of_child);
    return 0;
}

/* ---- cases ---- */

static void both_revisions_are_spoken_line_by_line(void **state)
{
    (void)state;
    assert_says(CALL("1", "echo", ",\"arguments\":{\"text\":\"a\\nb\"}," META), DONE("1", "a\\nb"));
    assert_says("\n  \n" CALL("\"x\"", "echo", ",\"arguments\":{\"text\":\"c\"}," META),
                DONE("\"x\"", "c"));
    tell(INITIALIZE("{}"));
    read_until(from_child, heard, "\n");
    assert_non_null(strstr(heard, "\"protocolVersion\":\"2025-11-25\""));
    tell("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    assert_says(CALL("2", "echo", ",\"arguments\":{\"text\":\"d\"}"),
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[{\"type\":\"text\","
                "\"text\":\"d\"}]}}\n");
    assert_ends("");
}

static void what_is_no_message_is_an_error_and_not_the_end(void **state)
{
    static const struct {
        const char *line, *code;
    } cases[] = {
        {"nonsense\n", "-32700"},
        {"[]\n", "-32600"},
        {"{}\n", "-32600"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}\n", "-32600"},
        {"\xff\xfe\n", "-32700"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell(cases[i].line);
        read_until(from_child, heard, "\n");
        if (!strstr(heard, cases[i].code))
            fail_msg("%s: %s", cases[i].line, heard);
        heard[0] = '\0';
    }
    assert_says("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"nothing\",\"params\":{" META "}}\n",
                ERROR("3", "-32601", "there is no method \\\"nothing\\\" here"));
    assert_ends("");
}

/* There is no token on stdio: what needs a scope is for nobody, as a JSON-RPC error. */
static void a_missing_scope_is_an_error(void **state)
{
    (void)state;
    assert_says(CALL("1", "needs_scope", "," META),
                ERROR("1", "-32600", "this needs an access token with the scope \\\"admin\\\""));
    assert_says(CALL("2", "hidden", "," META),
                ERROR("2", "-32600",
                      "\\\"hidden\\\" is for callers with a token, and this server runs without "
                      "OAuth"));
    assert_ends("");
}

static void a_cancelled_tool_stops_and_nobody_is_answered(void **state)
{
    (void)state;
    tell(CALL("1", "waits", "," META));
    read_until(talk_of_child, talk, "begun\n");
    tell(CANCEL("2") CANCEL("\"1\"") CANCEL("null")); /* others */
    assert_says(CALL("2", "echo", "," META), DONE("2", ""));
    assert_null(strstr(talk, "cancelled"));
    tell(CANCEL("1"));
    read_until(talk_of_child, talk, "cancelled\n");
    assert_says(CALL("3", "echo", "," META), DONE("3", ""));
    tell(CANCEL("1") CANCEL("99")); /* it is over; it never was */
    assert_says(CALL("4", "echo", "," META), DONE("4", ""));
    assert_ends("");
}

static void a_legacy_tool_is_cancelled_the_same_way(void **state)
{
    (void)state;
    tell(INITIALIZE("{}"));
    read_until(from_child, heard, "\n");
    tell(CALL("1", "waits", ""));
    read_until(talk_of_child, talk, "begun\n");
    tell(CANCEL("1"));
    read_until(talk_of_child, talk, "cancelled\n");
    assert_says("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
    assert_ends("");
}

/* In one read with its request: the tool has not begun, or has; either way nobody is answered. */
static void a_cancellation_right_behind_its_request_counts(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        tell(CALL("1", "waits", "," META) CANCEL("1"));
        assert_says(CALL("2", "echo", "," META), DONE("2", ""));
    }
    assert_ends("");
}

#define QUESTION                                                                                   \
    "\"params\":{\"mode\":\"form\",\"message\":\"Who?\",\"requestedSchema\":{\"type\":\"object\"}" \
    "}"

static void a_question_is_answered_or_cancelled(void **state)
{
    int id = 0;
    char line[256];

    (void)state;
    tell(INITIALIZE("{\"elicitation\":{}}"));
    read_until(from_child, heard, "\n");
    heard[0] = '\0';
    tell(CALL("1", "asks", ""));
    read_until(from_child, heard, "\n");
    assert_int_equal(sscanf(heard, "{\"jsonrpc\":\"2.0\",\"id\":%d,", &id), 1);
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"elicitation/create\"," QUESTION "}\n",
             id);
    assert_string_equal(heard, line);
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"action\":\"decline\"}}\n", id + 1000);
    tell(line); /* an answer to nothing */
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"action\":\"decline\"}}\n", id);
    assert_says(line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\","
                      "\"text\":\"{\\\"action\\\":\\\"decline\\\"}\"}]}}\n");
    tell(CALL("2", "asks", ""));
    read_until(from_child, heard, "elicitation/create");
    tell(CANCEL("2"));
    read_until(talk_of_child, talk, "cancelled\n");
    heard[0] = '\0';
    assert_says("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}\n",
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}\n");
    assert_ends("");
}

/* Its request is answered: only tasks/cancel ends the task (SEP-2663). */
static void a_task_is_not_cancelled_by_the_id_of_its_request(void **state)
{
    char task[64] = "", line[512];

#define FOLLOWS MODERN("{\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}}")
    (void)state;
    tell(CALL("1", "task", "," FOLLOWS));
    read_until(from_child, heard, "\n");
    assert_int_equal(sscanf(strstr(heard, "\"taskId\":"), "\"taskId\":\"%32[0-9a-f]", task), 1);
    heard[0] = '\0';
    read_until(talk_of_child, talk, "begun\n");
    tell(CANCEL("1"));
    usleep(50 * 1000); /* the tool would see it within one */
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tasks/"
             "get\",\"params\":{\"taskId\":\"%s\"," FOLLOWS "}}\n",
             task);
    tell(line);
    read_until(from_child, heard, "\n");
    assert_non_null(strstr(heard, "\"status\":\"working\""));
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tasks/cancel\",\"params\":{\"taskId\":"
             "\"%s\"," FOLLOWS "}}\n",
             task);
    assert_says(line, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"resultType\":\"complete\"}}\n");
    read_until(talk_of_child, talk, "cancelled\n");
    assert_ends("");
}

static void what_runs_when_input_ends_is_answered(void **state)
{
    (void)state;
    tell(CALL("1", "takes_time", "," META) CALL("2", "echo", "," META));
    assert_ends(DONE("2", "") DONE("1", "in the end"));
}

static void a_listener_hears_the_end(void **state)
{
    (void)state;
    tell("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"subscriptions/listen\",\"params\":{"
         "\"notifications\":{\"toolsListChanged\":true}," META "}}\n");
    read_until(from_child, heard, "\n");
    assert_string_equal(
        heard, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
               "\"params\":{\"notifications\":{\"toolsListChanged\":true},\"_meta\":{"
               "\"io.modelcontextprotocol/subscriptionId\":5}}}\n");
    heard[0] = '\0';
    assert_ends("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"resultType\":\"complete\",\"_meta\":{"
                "\"io.modelcontextprotocol/subscriptionId\":5}}}\n");
}

static void a_signal_ends_it_well(void **state)
{
    int status = -1;

    (void)state;
    tell(CALL("1", "waits", "," META));
    read_until(talk_of_child, talk, "begun\n");
    kill(child, SIGTERM);
    read_until(talk_of_child, talk, "cancelled\n");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    child = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, start, stop)
        WITH(both_revisions_are_spoken_line_by_line),
        WITH(what_is_no_message_is_an_error_and_not_the_end),
        WITH(a_missing_scope_is_an_error),
        WITH(a_cancelled_tool_stops_and_nobody_is_answered),
        WITH(a_legacy_tool_is_cancelled_the_same_way),
        WITH(a_cancellation_right_behind_its_request_counts),
        WITH(a_question_is_answered_or_cancelled),
        WITH(a_task_is_not_cancelled_by_the_id_of_its_request),
        WITH(what_runs_when_input_ends_is_answered),
        WITH(a_listener_hears_the_end),
        WITH(a_signal_ends_it_well),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
