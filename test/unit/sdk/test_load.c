/* A whole server under load: many callers at once with quick, slow and streaming tools (also the
 * test to run under TSan), what a hundred thousand calls leave behind, and peers that cancel or
 * leave at every stage. */
#include "sdk/listening.h"

#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/sdk_internal.h"

#define CALLERS 64
#define CALLS_EACH 24
#define LEAK_CALLS 100000
#define LEAK_WINDOW 100 /* calls under way on the one connection */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LEAK_KB (1024 * 1024) /* they keep memory of their own; LeakSanitizer looks instead */
#else
#define LEAK_KB 1024 /* what RSS may grow by once it is warm */
#endif
#define META                                                                                       \
    "\"_meta\":{\"progressToken\":1,\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","   \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"

static atomic_int running, cancelled;

/* ---- tools ---- */

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
    usleep(2000);
    return echo(user, call, reterr);
}

static bool stream(void *user, struct dw_call *call, struct dw_error *reterr)
{
    for (int i = 1; i <= 3; i++)
        dw_call_progress(call, i, 3, "a step");
    return echo(user, call, reterr);
}

static bool wait_for_cancel(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    atomic_fetch_add(&running, 1);
    dw_call_progress(call, 1, 2, "it runs");
    while (!dw_call_is_cancelled(call))
        usleep(500);
    dw_call_progress(call, 2, 2, "nobody hears this");
    dw_call_add_text(call, dw_text("nor this"));
    atomic_fetch_add(&cancelled, 1);
    atomic_fetch_sub(&running, 1);
    return true;
}

static bool ask_name(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;
    bool is_done;

    (void)user;
    atomic_fetch_add(&running, 1);
    is_done = dw_call_elicit(call, "name", "Who?", "{\"type\":\"object\",\"properties\":{}}",
                             &answer, reterr);
    atomic_fetch_add(&cancelled, !is_done);
    atomic_fetch_sub(&running, 1);
    return is_done;
}

/* ---- the server ---- */

static int start(void **state)
{
    static const struct {
        const char *name;
        dw_tool_run *run;
        bool is_quick;
    } tools[] = {
        {"echo", echo, true},      {"echo_pooled", echo, false},     {"slow", slow, false},
        {"stream", stream, false}, {"wait", wait_for_cancel, false}, {"ask", ask_name, false}};
    struct dw_server *made = dw_server_new("s", "1");

    (void)state;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        const struct dw_tool tool = {.size = sizeof tool,
                                     .name = tools[i].name,
                                     .input_schema = "{\"type\":\"object\"}",
                                     .is_quick = tools[i].is_quick,
                                     .run = tools[i].run};

        dw_server_with_tool(made, &tool);
    }
    return server_start(made);
}

/* ---- a peer ---- */

static int dial_quickly(void)
{
    int fd = dial(), yes = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = write(fd, bytes, len);

        assert_true(count > 0);
        bytes += count;
        len -= (size_t)count;
    }
}

/* A tools/call of a modern peer, with text as its argument. */
static size_t write_call(char *room, size_t size, const char *tool, const char *text)
{
    char body[512];
    int body_bytes = snprintf(body, sizeof body,
                              "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{"
                              "\"name\":\"%s\",\"arguments\":{\"text\":\"%s\"}," META "}}",
                              tool, text);
    int bytes = snprintf(room, size,
                         "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                         "\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n"
                         "Mcp-Name: %s\r\nContent-Length: %d\r\n\r\n%s",
                         tool, body_bytes, body);

    assert_true(bytes > 0 && (size_t)bytes < size);
    return (size_t)bytes;
}

/* A message of a 2025-11-25 peer. */
static size_t write_legacy(char *room, size_t size, const char *method, const char *session,
                           const char *body)
{
    int bytes = snprintf(room, size,
                         "%s /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                         "\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
                         method, session[0] ? "Mcp-Session-Id: " : "", session,
                         session[0] ? "\r\n" : "", strlen(body), body);

    assert_true(bytes > 0 && (size_t)bytes < size);
    return (size_t)bytes;
}

/* Reads until the text has come; what was read is in room. */
static void read_until(int fd, const char *text, char *room, size_t size)
{
    size_t len = 0;

    room[0] = '\0';
    while (!strstr(room, text)) {
        ssize_t count = read(fd, room + len, size - 1 - len);

        if (count <= 0)
            fail_msg("the connection ended before %s: %s", text, room);
        len += (size_t)count;
        room[len] = '\0';
    }
}

static void wait_until(atomic_int *number, int value)
{
    for (int i = 0; i < 10000 && atomic_load(number) != value; i++)
        usleep(1000);
    assert_int_equal(atomic_load(number), value);
}

static void still_answers(void)
{
    char request[1024], answer[4096];
    int fd = dial_quickly();

    send_all(fd, request, write_call(request, sizeof request, "echo", "still here"));
    read_until(fd, "\"text\":\"still here\"", answer, sizeof answer);
    close(fd);
}

/* ---- many at once ---- */

static void *call_often(void *user)
{
    static const char *const tools[] = {"echo", "slow", "stream", "echo_pooled"};
    const int number = (int)(intptr_t)user;
    char request[1024], answer[8192], text[64], expected[128];
    int fd = dial_quickly();
    intptr_t good = 0;

    for (int i = 0; i < CALLS_EACH; i++) {
        snprintf(text, sizeof text, "%d of caller %d.", i, number);
        snprintf(expected, sizeof expected, "\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]",
                 text);
        send_all(fd, request, write_call(request, sizeof request, tools[(i + number) % 4], text));
        read_until(fd, "serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}}", answer, sizeof answer);
        good += strstr(answer, expected) != NULL;
        if ((i + number) % 4 == 2) { /* the stream's last chunk comes by itself */
            good += strstr(answer, "\"progress\":3") != NULL;
            if (!strstr(answer, "\r\n0\r\n\r\n"))
                read_until(fd, "0\r\n\r\n", answer, sizeof answer);
        }
    }
    close(fd);
    return (void *)good;
}

static void many_callers_get_their_own_answers(void **state)
{
    pthread_t callers[CALLERS];
    intptr_t good = 0;

    (void)state;
    for (intptr_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, (void *)i), 0);
    for (int i = 0; i < CALLERS; i++) {
        void *of_this = NULL;

        pthread_join(callers[i], &of_this);
        good += (intptr_t)of_this;
    }
    assert_int_equal(good, CALLERS * (CALLS_EACH + CALLS_EACH / 4)); /* and the steps of streams */
}

/* ---- what calls leave behind ---- */

static long resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        count++;
    return count;
}

static void make_calls(int fd, const char *tool, int calls)
{
    static char requests[LEAK_WINDOW * 1024], answers[64 * 1024];
    size_t bytes = 0;

    for (int i = 0; i < LEAK_WINDOW; i++)
        bytes += write_call(requests + bytes, sizeof requests - bytes, tool, "x");
    for (int done = 0; done < calls; done += LEAK_WINDOW) {
        size_t kept = 0, seen = 0;

        send_all(fd, requests, bytes);
        while (seen < LEAK_WINDOW) {
            ssize_t count = read(fd, answers + kept, sizeof answers - 1 - kept);

            assert_true(count > 0);
            answers[kept + (size_t)count] = '\0';
            seen += count_of(answers, "\"version\":\"1\"}}}}");
            /* a mark may be cut in two */
            kept = kept + (size_t)count < 17 ? kept + (size_t)count : 17;
            memmove(answers, answers + strlen(answers) - kept, kept);
            if (memmem(answers, kept, "}}}}", 4))
                kept = 0;
        }
    }
}

static void a_hundred_thousand_calls_leave_nothing(void **state)
{
    int fd = dial_quickly();
    long before;

    (void)state;
    make_calls(fd, "echo", 5000); /* warm: arenas and buffers are kept for the next */
    make_calls(fd, "echo_pooled", 5000);
    before = resident_kb();
    make_calls(fd, "echo", LEAK_CALLS * 9 / 10);
    make_calls(fd, "echo_pooled", LEAK_CALLS / 10);
    close(fd);
    if (resident_kb() - before > LEAK_KB)
        fail_msg("grew from %ld to %ld KB", before, resident_kb());
}

/* ---- leaving at every stage ---- */

static void leaving_before_the_tool_runs_leaves_nothing(void **state)
{
    char request[1024];
    size_t bytes = write_call(request, sizeof request, "wait", "x");

    (void)state;
    for (size_t cut = 1; cut < bytes; cut += 13) {
        int fd = dial_quickly();

        send_all(fd, request, cut);
        close(fd);
    }
    still_answers();
    assert_int_equal(atomic_load(&running), 0);
}

static void leaving_while_the_tool_runs_cancels_it(void **state)
{
    char request[1024], answer[4096];
    int before = atomic_load(&cancelled);

    (void)state;
    for (int i = 0; i < 20; i++) { /* some before the first event was read, some after */
        int fd = dial_quickly();

        send_all(fd, request, write_call(request, sizeof request, "wait", "x"));
        if (i % 2)
            read_until(fd, "it runs", answer, sizeof answer);
        else
            wait_until(&running, 1);
        if (i % 4 < 2)
            shutdown(fd, SHUT_WR); /* half closed is gone, too */
        else
            close(fd);
        wait_until(&cancelled, before + i + 1);
        wait_until(&running, 0);
        if (i % 4 < 2)
            close(fd);
    }
    still_answers();
}

static void leaving_before_the_answer_is_read_is_nothing_special(void **state)
{
    char request[1024];

    (void)state;
    for (int i = 0; i < 50; i++) {
        const struct linger hard = {1, 0}; /* reset, not a polite end */
        int fd = dial_quickly();

        send_all(fd, request, write_call(request, sizeof request, i % 2 ? "slow" : "stream", "x"));
        usleep((useconds_t)(i * 100));
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close(fd);
    }
    still_answers();
}

static int open_session(char session[64])
{
    static const char initialize[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-11-25\",\"capabilities\":{\"elicitation\":{}},\"clientInfo\":{\"name\":\"c\","
        "\"version\":\"1\"}}}";
    char request[1024], answer[4096];
    int fd = dial_quickly();

    send_all(fd, request, write_legacy(request, sizeof request, "POST", "", initialize));
    read_until(fd, "\"id\":1,\"result\"", answer, sizeof answer);
    assert_int_equal(sscanf(strstr(answer, "Mcp-Session-Id: "), "Mcp-Session-Id: %60s", session),
                     1);
    return fd;
}

static void legacy_calls_end_when_cancelled_or_with_their_session(void **state)
{
    static const struct {
        const char *tool, *method, *body, *answer;
    } ends[] = {
        {"wait", "POST",
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
         "cancelled\",\"params\":{\"requestId\":9}}",
         "HTTP/1.1 202 "},
        {"wait", "DELETE", "", "HTTP/1.1 204 "},
        {"ask", "POST",
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
         "cancelled\",\"params\":{\"requestId\":9}}",
         "HTTP/1.1 202 "},
        {"ask", "DELETE", "", "HTTP/1.1 204 "},
    };
    char request[1024], answer[4096], session[64], body[256];
    int before = atomic_load(&cancelled);

    (void)state;
    for (size_t i = 0; i < 2 * sizeof ends / sizeof *ends; i++) {
        int control = open_session(session), fd = dial_quickly();

        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"%s\",\"_meta\":{\"progressToken\":1}}}",
                 ends[i / 2].tool);
        send_all(fd, request, write_legacy(request, sizeof request, "POST", session, body));
        read_until(fd, "data: {", answer, sizeof answer);
        assert_int_equal(atomic_load(&running), 1);
        if (i % 2) { /* a 2025-11-25 client that leaves has not cancelled: the call goes on */
            close(fd);
            usleep(20 * 1000);
            assert_int_equal(atomic_load(&running), 1);
        }
        send_all(
            control, request,
            write_legacy(request, sizeof request, ends[i / 2].method, session, ends[i / 2].body));
        read_until(control, ends[i / 2].answer, answer, sizeof answer);
        wait_until(&cancelled, before + (int)i + 1);
        wait_until(&running, 0);
        if (i % 2 == 0)
            close(fd);
        close(control);
    }
    still_answers();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_callers_get_their_own_answers),
        cmocka_unit_test(a_hundred_thousand_calls_leave_nothing),
        cmocka_unit_test(leaving_before_the_tool_runs_leaves_nothing),
        cmocka_unit_test(leaving_while_the_tool_runs_cancels_it),
        cmocka_unit_test(leaving_before_the_answer_is_read_is_nothing_special),
        cmocka_unit_test(legacy_calls_end_when_cancelled_or_with_their_session),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
