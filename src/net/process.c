/* Child processes that speak line by line. Each leads its own session and process group, so that
 * what it starts ends with it. */
#include "net/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/line_buffer.h"
#include "net/net_internal.h"

#define DEFAULT_LINE_BYTES ((size_t)4 * 1024 * 1024)
#define TALK_BYTES 4096
#define UNREAD_BYTES ((size_t)8 * 1024 * 1024)
#define DEFAULT_TERMINATE_AFTER_MS 2000
#define DEFAULT_KILL_AFTER_MS 5000
/* A grandchild may hold the pipes open after the child's end: this long we read on. */
#define LAST_LINES_MS 500
#define MAX_ARGUMENTS 1024
#define HANDLES 5 /* process, three pipes, timer */

extern char **environ;

struct outgoing {
    uv_write_t request;
    struct dw_process *process;
    size_t len;
    char bytes[];
};

struct dw_process {
    struct dw_loop *loop;
    uv_process_t uv;
    uv_pipe_t in, out, err; /* as the child sees them */
    uv_timer_t timer;
    unsigned open_handles;
    struct dw_line_buffer out_lines, err_lines;
    void (*on_line)(void *user, struct dw_slice line);
    void (*on_long_line)(void *user, struct dw_slice begin, struct dw_slice end);
    void (*on_talk)(void *user, struct dw_slice line);
    void (*on_exit)(void *user, int64_t status, int signal);
    void *user;
    size_t unread_bytes;
    uint64_t terminate_after_ms, kill_after_ms;
    int64_t exit_status;
    int exit_signal;
    bool has_started, has_exited, is_out_open, is_err_open;
    bool is_stopping, has_been_asked, is_freed, has_reported;
    struct dw_deferred report;
    struct dw_drainable drainable; /* from the start to the child's end */
};

/* ---- what a start needs, all in one arena ---- */

struct launch {
    struct dw_arena *arena;
    char **arguments, **environment;
    char *file, *directory;
};

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static const char *value_of(char **environment, const char *name)
{
    size_t len = strlen(name);

    for (; *environment; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    return NULL;
}

static bool find_program(struct launch *launch, struct dw_slice name, struct dw_error *reterr)
{
    const char *path = value_of(launch->environment, "PATH");
    struct dw_slice rest = dw_slice_from_text(path ? path : "/usr/local/bin:/usr/bin:/bin"), folder;

    launch->file = dw_arena_text(launch->arena, name);
    if (!launch->file)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (dw_slice_contains(name, '/')) {
        /* A relative path is seen from the folder the program will run in. */
        if (launch->directory && name.ptr[0] != '/')
            launch->file =
                dw_arena_text(launch->arena, dw_arena_printf(launch->arena, "%s/%.*s",
                                                             launch->directory, DW_PRINT(name)));
        return (launch->file && is_program(launch->file)) ||
               dw_fail(reterr, DW_CONFIG, "%.*s: no such program, or it may not be executed",
                       DW_PRINT(name));
    }
    while (dw_slice_split(&rest, ':', &folder)) {
        struct dw_slice candidate =
            dw_arena_printf(launch->arena, "%.*s/%.*s", DW_PRINT(folder), DW_PRINT(name));

        if (candidate.ptr && folder.len && is_program(candidate.ptr)) {
            launch->file = dw_arena_text(launch->arena, candidate);
            return launch->file || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        }
    }
    return dw_fail(reterr, DW_CONFIG, "%.*s: not found in PATH", DW_PRINT(name));
}

static bool same_variable(const char *entry, struct dw_slice other)
{
    size_t len = dw_slice_index(other, '=') + 1;

    return len <= other.len && strncmp(entry, other.ptr, len) == 0;
}

static bool is_inherited(const char *entry, const struct dw_process_config *config)
{
    static const char *const kept[] = {"PATH=", "HOME=", "LANG=", "TZ=", "TMPDIR="};

    for (size_t i = 0; i < config->environment.count; i++)
        if (same_variable(entry, config->environment.items[i]))
            return false;
    if (!config->is_environment_clean)
        return true;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strncmp(entry, kept[i], strlen(kept[i])) == 0)
            return true;
    return false;
}

static bool make_environment(struct launch *launch, const struct dw_process_config *config)
{
    size_t inherited = 0, count = 0;

    while (environ && environ[inherited])
        inherited++;
    launch->environment = dw_arena_new_array(
        launch->arena, inherited + config->environment.count + 1, sizeof *launch->environment);
    if (!launch->environment)
        return false;
    for (size_t i = 0; i < inherited; i++)
        if (is_inherited(environ[i], config))
            launch->environment[count++] = environ[i];
    for (size_t i = 0; i < config->environment.count; i++) {
        char *entry = dw_arena_text(launch->arena, config->environment.items[i]);

        if (!entry)
            return false;
        launch->environment[count++] = entry;
    }
    return true;
}

static bool make_arguments(struct launch *launch, struct dw_slices command)
{
    launch->arguments =
        dw_arena_new_array(launch->arena, command.count + 1, sizeof *launch->arguments);
    if (!launch->arguments)
        return false;
    for (size_t i = 0; i < command.count; i++) {
        launch->arguments[i] = dw_arena_text(launch->arena, command.items[i]);
        if (!launch->arguments[i])
            return false;
    }
    return true;
}

static bool prepare(struct launch *launch, const struct dw_process_config *config,
                    struct dw_error *reterr)
{
    struct stat status;

    if (!config->command.count || !config->command.items[0].len)
        return dw_fail(reterr, DW_CONFIG, "the command is empty");
    if (config->command.count > MAX_ARGUMENTS)
        return dw_fail(reterr, DW_CONFIG, "the command has over %d arguments", MAX_ARGUMENTS);
    if (config->directory.len) {
        launch->directory = dw_arena_text(launch->arena, config->directory);
        if (!launch->directory)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (stat(launch->directory, &status) != 0 || !S_ISDIR(status.st_mode))
            return dw_fail(reterr, DW_CONFIG, "%.*s: no such folder to run a command in",
                           DW_PRINT(config->directory));
    }
    if (!make_environment(launch, config) || !make_arguments(launch, config->command))
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return find_program(launch, config->command.items[0], reterr);
}

/* ---- the end ---- */

static void release(struct dw_process *process)
{
    dw_line_buffer_done(&process->out_lines);
    dw_line_buffer_done(&process->err_lines);
    dw_mem_free(process);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct dw_process *process = handle->data;

    if (--process->open_handles == 0 && process->is_freed)
        release(process);
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_handle_closed);
}

static void kill_group(const struct dw_process *process, int number)
{
    /* Once it is reported nothing of the group is left, and its number may be another's. */
    if (process->has_started && !process->has_reported)
        (void)kill(-process->uv.pid, number);
}

static void report_exit(struct dw_deferred *deferred)
{
    struct dw_process *process =
        (struct dw_process *)((char *)deferred - offsetof(struct dw_process, report));

    if (process->is_freed || process->has_reported)
        return;
    kill_group(process, SIGKILL); /* what it left behind */
    process->has_reported = true;
    close_handle(&process->timer);
    if (process->on_exit)
        process->on_exit(process->user, process->exit_status, process->exit_signal);
}

static void report_when_done(struct dw_process *process)
{
    if (process->has_exited && !process->is_out_open && !process->is_err_open)
        dw_loop_defer(process->loop, &process->report, report_exit);
}

static bool hand_over_line(void *user, struct dw_slice line)
{
    struct dw_process *process = user;

    if (process->on_line)
        process->on_line(process->user, line);
    return !process->is_freed;
}

static bool hand_over_long_line(void *user, struct dw_slice begin, struct dw_slice end)
{
    struct dw_process *process = user;

    dw_log(process->loop->net->log, DW_LOG_WARN, "process_line_too_long",
           DW_I("process", process->uv.pid),
           DW_I("limit_bytes", (int64_t)process->out_lines.limit_bytes));
    if (process->on_long_line)
        process->on_long_line(process->user, begin, end);
    return !process->is_freed;
}

static bool hand_over_talk(void *user, struct dw_slice line)
{
    struct dw_process *process = user;

    if (process->on_talk)
        process->on_talk(process->user, line);
    return !process->is_freed;
}

static void end_stream(struct dw_process *process, uv_pipe_t *pipe)
{
    bool *is_open = pipe == &process->out ? &process->is_out_open : &process->is_err_open;

    if (!*is_open)
        return;
    *is_open = false;
    close_handle(pipe);
    if (process->is_freed)
        return;
    if (pipe == &process->out)
        dw_line_buffer_finish(&process->out_lines, hand_over_line, process);
    else
        dw_line_buffer_finish(&process->err_lines, hand_over_talk, process);
    report_when_done(process);
}

static void on_last_lines(uv_timer_t *timer)
{
    struct dw_process *process = timer->data;

    end_stream(process, &process->out);
    end_stream(process, &process->err);
}

static void forget_child(struct dw_process *process)
{
    process->has_exited = true;
    dw_drainable_remove(&process->drainable);
    close_handle(&process->uv);
    close_handle(&process->in);
    dw_metrics_add(process->loop->net->metrics, DW_METRIC_STDIO_PROCESSES, -1);
    dw_loop_release(process->loop);
}

/* The loop has ended and will not see the exit of the killed child: no zombies all the same. */
static void reap(struct dw_process *process)
{
    if (process->has_exited)
        return;
    while (waitpid(process->uv.pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    forget_child(process);
}

static void on_drain(struct dw_drainable *drainable, bool is_final)
{
    struct dw_process *process =
        (struct dw_process *)((char *)drainable - offsetof(struct dw_process, drainable));

    if (is_final && process->is_freed)
        reap(process);
}

static void on_ended(uv_process_t *uv, int64_t status, int number)
{
    struct dw_process *process = uv->data;

    process->exit_status = status;
    process->exit_signal = number;
    forget_child(process);
    if (process->is_freed)
        return;
    uv_timer_start(&process->timer, on_last_lines, LAST_LINES_MS, 0);
    report_when_done(process);
}

/* ---- reading ---- */

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buffer)
{
    struct dw_process *process = handle->data;

    (void)suggested;
    *ret_buffer = uv_buf_init(process->loop->read_buffer, DW_LOOP_READ_BYTES);
}

static void on_out(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct dw_process *process = stream->data;
    struct dw_slice bytes = dw_slice_from(buffer->base, count > 0 ? (size_t)count : 0);

    if (count < 0 || !dw_line_buffer_feed(&process->out_lines, bytes, hand_over_line, process))
        end_stream(process, &process->out);
}

static void on_err(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct dw_process *process = stream->data;
    struct dw_slice bytes = dw_slice_from(buffer->base, count > 0 ? (size_t)count : 0);

    if (count < 0 || !dw_line_buffer_feed(&process->err_lines, bytes, hand_over_talk, process))
        end_stream(process, &process->err);
}

/* ---- starting ---- */

static void init_handles(struct dw_process *process)
{
    uv_loop_t *uv = &process->loop->uv;
    uv_handle_t *handles[HANDLES] = {(uv_handle_t *)&process->in, (uv_handle_t *)&process->out,
                                     (uv_handle_t *)&process->err, (uv_handle_t *)&process->timer,
                                     (uv_handle_t *)&process->uv};

    uv_pipe_init(uv, &process->in, 0);
    uv_pipe_init(uv, &process->out, 0);
    uv_pipe_init(uv, &process->err, 0);
    uv_timer_init(uv, &process->timer);
    process->open_handles = HANDLES;
    for (size_t i = 0; i < process->open_handles; i++)
        handles[i]->data = process;
}

static bool spawn(struct dw_process *process, const struct launch *launch, struct dw_slice name,
                  struct dw_error *reterr)
{
    uv_stdio_container_t pipes[3] = {
        {UV_CREATE_PIPE | UV_READABLE_PIPE, {.stream = (uv_stream_t *)&process->in}},
        {UV_CREATE_PIPE | UV_WRITABLE_PIPE, {.stream = (uv_stream_t *)&process->out}},
        {UV_CREATE_PIPE | UV_WRITABLE_PIPE, {.stream = (uv_stream_t *)&process->err}},
    };
    uv_process_options_t options = {
        .exit_cb = on_ended,
        .file = launch->file,
        .args = launch->arguments,
        .env = launch->environment,
        .cwd = launch->directory,
        .flags = UV_PROCESS_DETACHED, /* setsid: its own session and process group */
        .stdio_count = 3,
        .stdio = pipes,
    };
    int status = uv_spawn(&process->loop->uv, &process->uv, &options);

    if (status == 0)
        return true;
    if (status == UV_ENOENT || status == UV_EACCES)
        return dw_fail(reterr, DW_CONFIG, "%.*s: cannot be executed: %s", DW_PRINT(name),
                       uv_strerror(status));
    return dw_net_fail_uv(reterr, status, "starting a process");
}

static struct dw_process *process_new(struct dw_loop *loop, const struct dw_process_config *config)
{
    struct dw_process *process = dw_mem_new(sizeof *process);

    if (!process)
        return NULL;
    process->loop = loop;
    process->on_line = config->on_line;
    process->on_long_line = config->on_long_line;
    process->out_lines.too_long = hand_over_long_line;
    process->on_talk = config->on_talk;
    process->on_exit = config->on_exit;
    process->user = config->user;
    process->out_lines.limit_bytes =
        config->max_line_bytes ? config->max_line_bytes : DEFAULT_LINE_BYTES;
    process->terminate_after_ms = config->terminate_after_ms > 0
                                      ? (uint64_t)config->terminate_after_ms
                                      : DEFAULT_TERMINATE_AFTER_MS;
    process->kill_after_ms =
        config->kill_after_ms > 0 ? (uint64_t)config->kill_after_ms : DEFAULT_KILL_AFTER_MS;
    process->err_lines.limit_bytes = TALK_BYTES;
    process->err_lines.is_cutting = true;
    init_handles(process);
    return process;
}

bool dw_process_check(const struct dw_process_config *config, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new((size_t)8 * 1024 * 1024);
    struct launch launch = {.arena = arena};

    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return prepare(&launch, config, reterr);
}

struct dw_process *dw_process_start(struct dw_loop *loop, const struct dw_process_config *config,
                                    struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new((size_t)8 * 1024 * 1024);
    struct launch launch = {.arena = arena};
    struct dw_process *process;

    if (!arena) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!prepare(&launch, config, reterr))
        return NULL;
    process = process_new(loop, config);
    if (!process) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!spawn(process, &launch, config->command.items[0], reterr)) {
        dw_process_free(process);
        return NULL;
    }
    process->has_started = process->is_out_open = process->is_err_open = true;
    dw_loop_hold(loop);
    dw_drainable_add(loop, &process->drainable, on_drain);
    dw_metrics_add(loop->net->metrics, DW_METRIC_STDIO_PROCESSES, 1);
    uv_read_start((uv_stream_t *)&process->out, lend_buffer, on_out);
    uv_read_start((uv_stream_t *)&process->err, lend_buffer, on_err);
    return process;
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int status)
{
    struct outgoing *outgoing = request->data;
    struct dw_process *process = outgoing->process;

    process->unread_bytes -= outgoing->len;
    dw_mem_free(outgoing);
    /* After an error too: it closed its stdin. */
    if (status < 0 || (process->is_stopping && process->unread_bytes == 0))
        close_handle(&process->in);
}

static bool write_later(struct dw_process *process, struct dw_slice line, size_t written)
{
    size_t len = line.len + 1 - written;
    struct outgoing *outgoing = dw_mem_alloc(sizeof *outgoing + len);
    uv_buf_t buffer;

    if (!outgoing)
        return false;
    outgoing->request.data = outgoing;
    outgoing->process = process;
    outgoing->len = len;
    if (len > 1)
        memcpy(outgoing->bytes, line.ptr + written, len - 1);
    outgoing->bytes[len - 1] = '\n';
    buffer = uv_buf_init(outgoing->bytes, (unsigned)len);
    process->unread_bytes += len;
    if (uv_write(&outgoing->request, (uv_stream_t *)&process->in, &buffer, 1, on_written) == 0)
        return true;
    process->unread_bytes -= len;
    dw_mem_free(outgoing);
    return false;
}

bool dw_process_write_line(struct dw_process *process, struct dw_slice line)
{
    static char newline[] = "\n";
    /* libuv only reads what it writes, whatever its type says. */
    uv_buf_t buffers[] = {{.base = (char *)(uintptr_t)line.ptr, .len = line.len},
                          {.base = newline, .len = 1}};
    int written = 0;

    if (uv_is_closing((uv_handle_t *)&process->in) || process->is_stopping ||
        line.len >= UNREAD_BYTES || process->unread_bytes > UNREAD_BYTES - line.len - 1)
        return false;
    if (process->unread_bytes == 0) {
        written = uv_try_write((uv_stream_t *)&process->in, buffers, 2);
        if (written == UV_EAGAIN)
            written = 0;
        if (written < 0)
            return false;
    }
    if ((size_t)written == line.len + 1)
        return true;
    if (write_later(process, line, (size_t)written))
        return true;
    if (written > 0) /* half a line is worse than no process */
        kill_group(process, SIGKILL);
    return false;
}

/* ---- stopping ---- */

static void on_still_there(uv_timer_t *timer)
{
    struct dw_process *process = timer->data;

    kill_group(process, process->has_been_asked ? SIGKILL : SIGTERM);
    process->has_been_asked = true;
    uv_timer_start(timer, on_still_there, process->kill_after_ms, 0);
}

void dw_process_stop(struct dw_process *process)
{
    if (process->is_stopping || process->is_freed || process->has_exited)
        return;
    process->is_stopping = true;
    if (process->unread_bytes == 0)
        close_handle(&process->in);
    uv_timer_start(&process->timer, on_still_there, process->terminate_after_ms, 0);
}

void dw_process_free(struct dw_process *process)
{
    if (!process || process->is_freed)
        return;
    process->is_freed = true;
    dw_loop_undefer(&process->report);
    kill_group(process, SIGKILL);
    close_handle(&process->in);
    close_handle(&process->out);
    close_handle(&process->err);
    close_handle(&process->timer);
    if (!process->has_started) {
        close_handle(&process->uv);
    } else if (dw_loop_here() != process->loop) {
        reap(process);
    }
    /* All handles may be closed already: after on_exit, a turn ago. */
    if (!process->open_handles)
        release(process);
}

int64_t dw_process_id(const struct dw_process *process)
{
    return process->uv.pid;
}
