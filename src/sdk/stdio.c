/* MCP over stdin and stdout: one message a line, both eras, one client that the environment has
 * authenticated. Standard output carries MCP messages only (MCP transports MUST): what tools print
 * to it goes to standard error. */
#include "sdk/sdk_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "mcp/header.h"
#include "net/input.h"
#include "net/line_buffer.h"

#define LAST_WAIT_MS 25000 /* for calls that run when the client has closed stdin */
#define OUTPUT_BYTES ((size_t)64 * 1024)

struct dw_lines {
    struct dw_server *server;
    struct dw_session *session;
    int output;
    struct dw_deferred flush; /* what one turn of the loop answers goes out in one write */
    size_t output_len;
    char output_bytes[OUTPUT_BYTES];
    bool has_failed; /* nobody reads what we write */
    struct dw_input *input;
    struct dw_line_buffer buffer;
    size_t running; /* calls on the loop's side */
    bool has_ended; /* stdin */
    struct dw_timer *last_wait;
};

/* ---- writing, on the loop ---- */

/* Standard output may be the socket that is standard input too, which does not block. */
static bool wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    return poll(&room, 1, -1) > 0 || errno == EINTR;
}

static bool write_all(int fd, struct dw_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.ptr, bytes.len);

        if (count < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(fd))))
            continue;
        if (count <= 0)
            return false;
        bytes = dw_slice_sub(bytes, (size_t)count, bytes.len);
    }
    return true;
}

static void write_out(struct dw_lines *stdio, struct dw_slice bytes)
{
    if (stdio->has_failed || write_all(stdio->output, bytes))
        return;
    stdio->has_failed = true;
    dw_net_stop(stdio->server->net, 0);
}

static void flush(struct dw_lines *stdio)
{
    dw_loop_undefer(&stdio->flush);
    write_out(stdio, dw_slice_from(stdio->output_bytes, stdio->output_len));
    stdio->output_len = 0;
}

static void flush_at_the_end_of_the_turn(struct dw_deferred *deferred)
{
    flush((struct dw_lines *)(void *)((char *)deferred - offsetof(struct dw_lines, flush)));
}

/* A message that was written by an author may have line breaks between its tokens: strings have
 * none, so they are spaces. */
static void add_bytes(struct dw_lines *stdio, struct dw_slice bytes)
{
    while (bytes.len > 0) {
        size_t room = OUTPUT_BYTES - stdio->output_len;
        size_t count = bytes.len < room ? bytes.len : room;
        char *at = stdio->output_bytes + stdio->output_len, *end = at + count;

        memcpy(at, bytes.ptr, count);
        for (char *found = at; (found = memchr(found, '\n', (size_t)(end - found))); found++)
            *found = ' ';
        for (char *found = at; (found = memchr(found, '\r', (size_t)(end - found))); found++)
            *found = ' ';
        stdio->output_len += count;
        bytes = dw_slice_sub(bytes, count, bytes.len);
        if (stdio->output_len == OUTPUT_BYTES)
            flush(stdio);
    }
}

static void write_message(struct dw_lines *stdio, struct dw_slice message)
{
    add_bytes(stdio, message);
    stdio->output_bytes[stdio->output_len++] = '\n'; /* a full buffer has been flushed */
    if (stdio->output_len == OUTPUT_BYTES)
        flush(stdio);
    else
        dw_loop_defer(stdio->server->loop, &stdio->flush, flush_at_the_end_of_the_turn);
}

void dw_lines_send(struct dw_server *server, struct dw_slice message)
{
    if (server->stdio)
        write_message(server->stdio, message);
}

/* ---- the outlet of a call ---- */

static void stop_when_quiet(struct dw_lines *stdio)
{
    if (!stdio->has_ended || stdio->running > 0)
        return;
    flush(stdio);
    dw_net_stop(stdio->server->net, 0);
}

static void line_send(struct dw_outlet *outlet, struct dw_slice message)
{
    write_message(outlet->user, message);
}

static void line_finish(struct dw_outlet *outlet, struct dw_slice message,
                        const struct dw_error *error, struct dw_slices needed)
{
    struct dw_lines *stdio = outlet->user;

    (void)error;
    (void)needed;
    if (message.len > 0)
        write_message(stdio, message);
    stdio->running--;
    stop_when_quiet(stdio);
}

static void line_close(struct dw_outlet *outlet)
{
    (void)outlet;
}

/* ---- reading, on the loop ---- */

/* What a modern client would say in HTTP's fields, from its message: so that one place decides for
 * every transport what a version may do. */
static struct dw_mcp_headers make_headers(struct dw_call *call)
{
    const struct dw_json *version = dw_json_get(call->message.meta, DW_MCP_META_VERSION);
    const struct dw_slice *name = &call->message.name;
    struct dw_slice encoded = DW_EMPTY;

    if (!version && !dw_json_get(call->message.meta, DW_MCP_META_CAPABILITIES))
        return (struct dw_mcp_headers){0};
    if (dw_slice_starts_with(*name, DW_LIT("=?base64?"))) {
        encoded = dw_arena_printf(call->arena,
                                  "=?base64?%.*s?=", DW_PRINT(dw_text_base64(call->arena, *name)));
        name = &encoded;
    }
    return (struct dw_mcp_headers){
        .protocol_version = version && version->type == DW_JSON_TEXT && version->text.len > 0
                                ? version->text
                                : DW_LIT(DW_MCP_VERSION_MODERN),
        .method = call->message.method,
        .name = name->ptr ? *name : DW_EMPTY,
    };
}

static bool place(struct dw_lines *stdio, struct dw_call *call, struct dw_slice *ret_data,
                  struct dw_error *reterr)
{
    const struct dw_mcp_headers headers = make_headers(call);
    enum dw_mcp_path path;

    if (!dw_mcp_dispatch(&headers, &call->message, false, call->arena, &path, ret_data, reterr))
        return false;
    call->era = path == DW_MCP_PATH_MODERN ? DW_MCP_ERA_MODERN : DW_MCP_ERA_LEGACY;
    return dw_session_add_call(stdio->session, call, reterr);
}

static void take_message(struct dw_lines *stdio, struct dw_slice line)
{
    struct dw_call *call = dw_call_new(stdio->server);
    struct dw_slice data = DW_EMPTY;
    struct dw_error error = {0};

    if (!call)
        return;
    stdio->running++;
    call->outlet = (struct dw_outlet){line_send, line_finish, line_close, stdio};
    if (!dw_mcp_message_parse(line, call->arena, &call->message, &error) ||
        !place(stdio, call, &data, &error)) {
        /* JSON-RPC 2.0 MUST NOT: notifications are never answered. */
        if (call->message.id || error.code == DW_MALFORMED || error.code == DW_INVALID_JSONRPC)
            dw_call_fail(call, &error, data);
        else
            dw_call_end(call);
        return;
    }
    if (call->message.method.len > 0) {
        dw_dispatch(call);
        return;
    }
    (void)dw_session_answer(stdio->session, &call->message);
    dw_call_end(call);
}

static void waited_enough(void *user)
{
    struct dw_lines *stdio = user;

    dw_net_stop(stdio->server->net, 0);
}

/* MCP stdio SHOULD: the server exits when its standard input ends; what runs may end first. */
static void input_ended(struct dw_lines *stdio)
{
    stdio->has_ended = true;
    dw_listens_end(stdio->server);
    stdio->last_wait = dw_timer_new(stdio->server->loop, LAST_WAIT_MS, 0, waited_enough, stdio);
    if (!stdio->last_wait)
        dw_net_stop(stdio->server->net, 0);
    stop_when_quiet(stdio);
}

static bool take_line(void *user, struct dw_slice line)
{
    if (dw_slice_trim(line).len > 0)
        take_message(user, line);
    return true;
}

static bool arrived(void *user, struct dw_slice bytes)
{
    struct dw_lines *stdio = user;

    /* A line that is too long ends it too: where the next message begins is not known. */
    if (bytes.len > 0 && dw_line_buffer_feed(&stdio->buffer, bytes, take_line, stdio))
        return true;
    if (bytes.len == 0)
        dw_line_buffer_finish(&stdio->buffer, take_line, stdio);
    input_ended(stdio);
    return false;
}

/* ---- opening and closing ---- */

static bool take_output(struct dw_lines *stdio, struct dw_error *reterr)
{
    stdio->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (stdio->output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return dw_fail(reterr, DW_IO, "standard output is closed");
    return true;
}

bool dw_lines_open(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_lines *stdio = dw_mem_new(sizeof *stdio);

    if (!stdio)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    server->stdio = stdio;
    stdio->server = server;
    stdio->output = -1;
    stdio->buffer.limit_bytes = DW_SDK_MAX_BODY_BYTES;
    stdio->session = dw_session_new(server, DW_EMPTY, DW_EMPTY, reterr);
    if (!stdio->session || !take_output(stdio, reterr))
        return false;
    (void)dw_session_ref(stdio->session);
    stdio->input = dw_input_open(server->loop, STDIN_FILENO, arrived, stdio, reterr);
    return stdio->input;
}

void dw_lines_close(struct dw_server *server)
{
    struct dw_lines *stdio = server->stdio;

    if (stdio->input) {
        dw_input_close(stdio->input);
        dw_session_unref(stdio->session);
    }
    if (stdio->last_wait)
        dw_timer_free(stdio->last_wait);
    flush(stdio);
    if (stdio->output >= 0) { /* as it was: the program may go on */
        (void)dup2(stdio->output, STDOUT_FILENO);
        (void)close(stdio->output);
    }
    dw_line_buffer_done(&stdio->buffer);
    server->stdio = NULL;
    dw_mem_free(stdio);
}
