/* Where log lines go: a file descriptor, one write(2) a line, so that lines of threads and of
 * processes that append to one file do not mix. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

struct sink {
    struct dw_log log;
    int fd;
    char *path; /* NULL: the descriptor is another's */
    struct sink *next;
};

/* Sinks stay until the process ends, so the list only grows. */
static _Atomic(struct sink *) sinks;

static const char *const level_names[] = {
    [DW_LOG_DEBUG] = "debug",
    [DW_LOG_INFO] = "info",
    [DW_LOG_WARN] = "warn",
    [DW_LOG_ERROR] = "error",
};

static struct iovec part(const char *text, size_t len)
{
    union {
        const char *from;
        char *to;
    } pointer = {.from = text}; /* writev only reads what iov_base points to */

    return (struct iovec){.iov_base = pointer.to, .iov_len = len};
}

/* A line that cannot be written is lost: there is nowhere to say so. */
static void write_line(void *user, enum dw_log_level level, struct dw_slice line)
{
    struct sink *sink = user;
    char time_text[DW_TEXT_TIME_SIZE];
    const char *name = level_names[level];
    struct iovec parts[7];
    ssize_t put;

    dw_text_time(dw_sys_wall_ms(), time_text);
    parts[0] = part("{\"time\":\"", 9);
    parts[1] = part(time_text, DW_TEXT_TIME_SIZE - 1);
    parts[2] = part("\",\"level\":\"", 11);
    parts[3] = part(name, strlen(name));
    parts[4] = part("\",", 2);
    parts[5] = part(line.ptr, line.len);
    parts[6] = part("}\n", 2);
    do
        put = writev(sink->fd, parts, 7);
    while (put < 0 && errno == EINTR);
}

static struct sink *new_sink(int fd, enum dw_log_level threshold)
{
    struct sink *sink = dw_mem_new(sizeof *sink);

    if (!sink)
        return NULL;
    sink->log = (struct dw_log){.threshold = threshold, .write = write_line, .user = sink};
    sink->fd = fd;
    return sink;
}

static const struct dw_log *keep(struct sink *sink)
{
    sink->next = atomic_load(&sinks);
    while (!atomic_compare_exchange_weak(&sinks, &sink->next, sink))
        ;
    return &sink->log;
}

const struct dw_log *dw_sys_log_to_fd(int fd, enum dw_log_level threshold)
{
    struct sink *sink = new_sink(fd, threshold);

    return sink ? keep(sink) : NULL;
}

static int open_to_append(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
}

const struct dw_log *dw_sys_log_to_file(const char *path, enum dw_log_level threshold,
                                        struct dw_error *reterr)
{
    int fd = open_to_append(path);
    struct sink *sink;
    size_t size = strlen(path) + 1;

    if (fd < 0) {
        dw_fail(reterr, DW_IO, "cannot open the log %.100s: %s", path, strerror(errno));
        return NULL;
    }
    sink = new_sink(fd, threshold);
    if (sink)
        sink->path = dw_mem_alloc(size);
    if (!sink || !sink->path) {
        close(fd);
        dw_mem_free(sink);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    memcpy(sink->path, path, size);
    return keep(sink);
}

/* The new file takes the old descriptor's number, so a line that is being written meanwhile goes to
 * one of the two. */
void dw_sys_log_reopen(void)
{
    for (struct sink *sink = atomic_load(&sinks); sink; sink = sink->next) {
        int fd = sink->path ? open_to_append(sink->path) : -1;

        if (fd < 0)
            continue; /* the old file stays in use */
        dup3(fd, sink->fd, O_CLOEXEC);
        close(fd);
    }
}
