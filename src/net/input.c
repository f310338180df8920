/* A pipe or a socket is read when bytes are there. A file or a terminal is read by a thread of its
 * own: no loop can wait for a file, and a terminal that does not block would not block its other
 * users either. */
#include "net/input.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net_internal.h"

#define READ_BYTES DW_LOOP_READ_BYTES
#define MEMORY_WAIT_US 1000 /* memory is short: the bytes must not be lost, so they wait */

struct dw_input {
    struct dw_loop *loop;
    int fd;
    bool (*arrived)(void *user, struct dw_slice bytes);
    void *user;
    bool has_ended;
    uv_poll_t poll;
    bool is_polled;
    int flags; /* of fd, as they were */
    pthread_t reader;
    bool has_reader;
    pthread_mutex_t lock; /* guards is_posted */
    pthread_cond_t was_looked_at;
    bool is_posted; /* the bytes are the loop's */
    char *bytes;
    ssize_t count;
};

static ssize_t read_some(int fd, char *bytes)
{
    ssize_t count;

    do
        count = read(fd, bytes, READ_BYTES);
    while (count < 0 && errno == EINTR);
    return count;
}

/* False: those were the last. */
static bool hand_over(struct dw_input *input, const char *bytes, ssize_t count)
{
    if (input->has_ended)
        return false;
    input->has_ended =
        !input->arrived(input->user, dw_slice_from(bytes, count > 0 ? (size_t)count : 0)) ||
        count <= 0;
    return !input->has_ended;
}

/* ---- when bytes are there ---- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct dw_input *input = poll->data;
    ssize_t count = read_some(input->fd, input->loop->read_buffer);

    (void)events;
    if (count < 0 && errno == EAGAIN && status == 0)
        return;
    if (!hand_over(input, input->loop->read_buffer, count))
        uv_poll_stop(poll);
}

static bool open_poll(struct dw_input *input, struct dw_error *reterr)
{
    int status;

    input->flags = fcntl(input->fd, F_GETFL);
    status = uv_poll_init(&input->loop->uv, &input->poll, input->fd);
    if (status)
        return dw_net_fail_uv(reterr, status, "reading standard input");
    input->is_polled = true;
    input->poll.data = input;
    uv_poll_start(&input->poll, UV_READABLE, on_readable);
    return true;
}

/* ---- on a thread ---- */

static void look_at(void *user)
{
    struct dw_input *input = user;

    if (!hand_over(input, input->bytes, input->count))
        return; /* the reader waits until it is cancelled, or has returned */
    pthread_mutex_lock(&input->lock);
    input->is_posted = false;
    pthread_cond_signal(&input->was_looked_at);
    pthread_mutex_unlock(&input->lock);
}

static void *read_all(void *user)
{
    struct dw_input *input = user;

    do {
        pthread_mutex_lock(&input->lock);
        while (input->is_posted)
            pthread_cond_wait(&input->was_looked_at, &input->lock);
        pthread_mutex_unlock(&input->lock);
        input->count = read_some(input->fd, input->bytes);
        input->is_posted = true;
        while (!dw_loop_post(input->loop, look_at, input))
            (void)usleep(MEMORY_WAIT_US);
    } while (input->count > 0);
    return NULL;
}

static bool open_reader(struct dw_input *input, struct dw_error *reterr)
{
    input->bytes = dw_mem_alloc(READ_BYTES);
    if (!input->bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (pthread_create(&input->reader, NULL, read_all, input) != 0)
        return dw_fail(reterr, DW_IO, "no thread could be started");
    input->has_reader = true;
    return true;
}

/* ---- opening and closing ---- */

struct dw_input *dw_input_open(struct dw_loop *loop, int fd,
                               bool (*arrived)(void *user, struct dw_slice bytes), void *user,
                               struct dw_error *reterr)
{
    struct dw_input *input = dw_mem_new(sizeof *input);
    struct stat status;
    bool is_open;

    if (!input) {
        (void)!dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    input->loop = loop;
    input->fd = fd;
    input->arrived = arrived;
    input->user = user;
    pthread_mutex_init(&input->lock, NULL);
    pthread_cond_init(&input->was_looked_at, NULL);
    if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)))
        is_open = open_poll(input, reterr);
    else
        is_open = open_reader(input, reterr);
    if (is_open)
        return input;
    dw_input_close(input);
    return NULL;
}

static void free_input(uv_handle_t *handle)
{
    dw_mem_free(handle->data);
}

void dw_input_close(struct dw_input *input)
{
    if (!input)
        return;
    if (input->has_reader) { /* it stands in read(2) or waits, or has returned */
        (void)pthread_cancel(input->reader);
        (void)pthread_join(input->reader, NULL);
    }
    dw_mem_free(input->bytes);
    if (!input->is_polled) {
        dw_mem_free(input);
        return;
    }
    (void)fcntl(input->fd, F_SETFL, input->flags); /* as it was: the program may go on */
    uv_close((uv_handle_t *)&input->poll, free_input);
}
