/* Where log lines go: a file descriptor. Threads take turns and a line is never cut in two, so that
 * lines do not mix, also with those of other processes that append to the same file. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define LINES_A_CALL 64

struct sink {
    struct dw_log log;
    pthread_mutex_t lock; /* one writer at a time */
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

/* What cannot be written is lost: there is nowhere to say so. */
static void write_parts(struct sink *sink, struct iovec *parts, size_t count)
{
    pthread_mutex_lock(&sink->lock);
    while (count > 0) {
        ssize_t put = writev(sink->fd, parts, (int)count);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        for (; count > 0 && (size_t)put >= parts->iov_len; parts++, count--)
            put -= (ssize_t)parts->iov_len;
        if (count > 0) { /* a pipe that was full, and a signal */
            parts->iov_base = (char *)parts->iov_base + put;
            parts->iov_len -= (size_t)put;
        }
    }
    pthread_mutex_unlock(&sink->lock);
}

static void write_lines(void *user, enum dw_log_level level, const struct dw_slice *lines,
                        size_t count)
{
    char time_text[DW_TEXT_TIME_SIZE], start[80];
    struct iovec parts[LINES_A_CALL * 3];
    int start_len;

    dw_text_time(dw_sys_wall_ms(), time_text);
    start_len = snprintf(start, sizeof start, "{\"time\":\"%s\",\"level\":\"%s\",", time_text,
                         level_names[level]);
    for (size_t at = 0; at < count; at += LINES_A_CALL) {
        size_t some = count - at < LINES_A_CALL ? count - at : LINES_A_CALL;

        for (size_t i = 0; i < some; i++) {
            parts[i * 3] = part(start, (size_t)start_len);
            parts[i * 3 + 1] = part(lines[at + i].ptr, lines[at + i].len);
            parts[i * 3 + 2] = part("}\n", 2);
        }
        write_parts(user, parts, some * 3);
    }
}

static void write_line(void *user, enum dw_log_level level, struct dw_slice line)
{
    write_lines(user, level, &line, 1);
}

static struct sink *new_sink(int fd, enum dw_log_level threshold)
{
    struct sink *sink = dw_mem_new(sizeof *sink);

    if (!sink)
        return NULL;
    sink->log = (struct dw_log){
        .threshold = threshold, .write = write_line, .user = sink, .write_lines = write_lines};
    pthread_mutex_init(&sink->lock, NULL);
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
