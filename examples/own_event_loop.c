/* An HTTP server of one's own, a poll(2) loop by hand, with the library deciding the answers:
 * OAuth, both revisions of MCP, streams of events. What to copy is the use of doorward/http.h; the
 * HTTP here knows only what MCP clients send (Content-Length, keep-alive, one request at a time).
 *
 *     own_event_loop 8080
 *
 * Threads: the loop is main's. The library calls start, write and end on its own thread; they add
 * bytes to the connection under its lock and wake the loop through a pipe. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doorward/doorward.h>

#define MAX_CONNECTIONS 256
#define MAX_HEADERS 64
#define MAX_HEAD_BYTES (32u * 1024)
#define MAX_REQUEST_BYTES (4u * 1024 * 1024 + MAX_HEAD_BYTES)
#define MAX_UNSENT_BYTES (8u * 1024 * 1024)

struct connection {
    int fd; /* -1: free */
    char *in;
    size_t in_len, in_size;
    struct dw_server_exchange *exchange; /* NULL: between two requests */
    pthread_mutex_t lock;                /* guards what follows: callbacks write it */
    char *out;
    size_t out_len, out_size;
    bool is_chunked, has_ended, is_broken;
};

static struct connection connections[MAX_CONNECTIONS];
static int wake_pipe[2];
static struct dw_server *server;
static char public_url[64];

/* ---- what the library calls, on its thread ---- */

static bool add(struct connection *connection, const char *bytes, size_t len)
{
    if (connection->out_len + len > MAX_UNSENT_BYTES)
        return false;
    if (connection->out_len + len > connection->out_size) {
        size_t size = 2 * (connection->out_len + len);
        char *more = realloc(connection->out, size);

        if (!more)
            return false;
        connection->out = more;
        connection->out_size = size;
    }
    memcpy(connection->out + connection->out_len, bytes, len);
    connection->out_len += len;
    return true;
}

static bool add_text(struct connection *connection, const char *text)
{
    return add(connection, text, strlen(text));
}

static void wake(void)
{
    ssize_t ignored = write(wake_pipe[1], "", 1); /* full: it will wake anyway */

    (void)ignored;
}

static void on_start(void *user, int status, const struct dw_http_header *headers,
                     size_t header_count, int64_t body_bytes)
{
    struct connection *connection = user;
    char line[128];

    pthread_mutex_lock(&connection->lock);
    snprintf(line, sizeof line, "HTTP/1.1 %d -\r\n", status);
    connection->is_broken = !add_text(connection, line);
    for (size_t i = 0; i < header_count; i++)
        if (!add(connection, headers[i].name.ptr, headers[i].name.len) ||
            !add_text(connection, ": ") ||
            !add(connection, headers[i].value.ptr, headers[i].value.len) ||
            !add_text(connection, "\r\n"))
            connection->is_broken = true;
    connection->is_chunked = body_bytes < 0;
    if (body_bytes < 0)
        snprintf(line, sizeof line, "Transfer-Encoding: chunked\r\n\r\n");
    else if (status == 204)
        snprintf(line, sizeof line, "\r\n");
    else
        snprintf(line, sizeof line, "Content-Length: %lld\r\n\r\n", (long long)body_bytes);
    if (!add_text(connection, line))
        connection->is_broken = true;
    pthread_mutex_unlock(&connection->lock);
    wake();
}

static bool on_write(void *user, struct dw_slice bytes)
{
    struct connection *connection = user;
    char line[32] = "";
    bool is_taken;

    pthread_mutex_lock(&connection->lock);
    if (connection->is_chunked)
        snprintf(line, sizeof line, "%zx\r\n", bytes.len);
    is_taken = add_text(connection, line) && add(connection, bytes.ptr, bytes.len) &&
               add_text(connection, connection->is_chunked ? "\r\n" : "");
    pthread_mutex_unlock(&connection->lock);
    wake();
    return is_taken;
}

static void on_end(void *user, bool is_complete)
{
    struct connection *connection = user;

    pthread_mutex_lock(&connection->lock);
    if (!is_complete || (connection->is_chunked && !add_text(connection, "0\r\n\r\n")))
        connection->is_broken = true;
    connection->has_ended = true;
    pthread_mutex_unlock(&connection->lock);
    wake();
}

/* ---- connections ---- */

static void close_connection(struct connection *connection)
{
    dw_server_exchange_free(connection->exchange); /* no callback runs from here on */
    close(connection->fd);
    free(connection->in);
    free(connection->out);
    pthread_mutex_destroy(&connection->lock);
    memset(connection, 0, sizeof *connection);
    connection->fd = -1;
}

static void accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);

    for (size_t i = 0; fd >= 0 && i < MAX_CONNECTIONS; i++)
        if (connections[i].fd < 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            connections[i].fd = fd;
            pthread_mutex_init(&connections[i].lock, NULL);
            return;
        }
    if (fd >= 0)
        close(fd);
}

/* Splits the head in place. False: it is not HTTP as we know it. */
static bool read_head(char *head, struct dw_server_request *request, struct dw_http_header *headers,
                      size_t *ret_body_bytes)
{
    char *rest = NULL, *line = strtok_r(head, "\r\n", &rest);
    char *space = line ? strchr(line, ' ') : NULL;
    char *version = space ? strchr(space + 1, ' ') : NULL;

    *ret_body_bytes = 0;
    if (!version || strncmp(version, " HTTP/1.1", 10) != 0)
        return false;
    request->method = (struct dw_slice){line, (size_t)(space - line)};
    request->target = (struct dw_slice){space + 1, (size_t)(version - space - 1)};
    while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
        char *colon = strchr(line, ':'), *value = colon ? colon + 1 : NULL;

        if (!colon || request->header_count == MAX_HEADERS)
            return false;
        value += strspn(value, " \t");
        headers[request->header_count++] =
            (struct dw_http_header){{line, (size_t)(colon - line)}, dw_text(value)};
        if (strncasecmp(line, "transfer-encoding:", 18) == 0)
            return false;
        if (strncasecmp(line, "content-length:", 15) == 0)
            *ret_body_bytes = strtoul(value, NULL, 10);
    }
    return *ret_body_bytes < MAX_REQUEST_BYTES;
}

static void refuse(struct connection *connection)
{
    static const char answer[] = "HTTP/1.1 400 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    ssize_t ignored = write(connection->fd, answer, sizeof answer - 1);

    (void)ignored;
    close_connection(connection);
}

/* Hands the first request over, when all of it is there. */
static void handle_request(struct connection *connection)
{
    static const struct dw_server_responder callbacks = {sizeof callbacks, on_start, on_write,
                                                         on_end, NULL};
    char *end = memmem(connection->in, connection->in_len, "\r\n\r\n", 4);
    size_t head_bytes = end ? (size_t)(end - connection->in) + 4 : 0, body_bytes;
    char *head = end ? strndup(connection->in, head_bytes) : NULL;
    struct dw_http_header headers[MAX_HEADERS];
    struct dw_server_request request = {
        .size = sizeof request, .headers = headers, .is_loopback = true};
    struct dw_server_responder responder = callbacks;
    struct dw_error error;

    responder.user = connection;
    if (!end) {
        if (connection->in_len > MAX_HEAD_BYTES)
            refuse(connection);
        return;
    }
    if (!head || !read_head(head, &request, headers, &body_bytes)) {
        refuse(connection);
    } else if (connection->in_len >= head_bytes + body_bytes) {
        request.body = (struct dw_slice){connection->in + head_bytes, body_bytes};
        connection->has_ended = connection->is_broken = false;
        connection->exchange = dw_server_handle(server, &request, &responder, &error);
        connection->in_len -= head_bytes + body_bytes;
        memmove(connection->in, connection->in + head_bytes + body_bytes, connection->in_len);
        if (!connection->exchange)
            refuse(connection);
    }
    free(head);
}

static void receive(struct connection *connection)
{
    ssize_t count;

    if (connection->in_size - connection->in_len < 4096) {
        char *more = connection->in_size < MAX_REQUEST_BYTES
                         ? realloc(connection->in, 2 * connection->in_size + 8192)
                         : NULL;

        if (!more) {
            close_connection(connection);
            return;
        }
        connection->in = more;
        connection->in_size = 2 * connection->in_size + 8192;
    }
    count = read(connection->fd, connection->in + connection->in_len,
                 connection->in_size - connection->in_len);
    if (count > 0)
        connection->in_len += (size_t)count;
    else if (count == 0 || errno != EAGAIN)
        close_connection(connection); /* the peer has left: the call is cancelled */
}

/* Sends what waits; after the last byte of an answer the next request may come. */
static void flush(struct connection *connection)
{
    struct dw_server_exchange *done = NULL;
    bool is_broken;
    ssize_t count;

    pthread_mutex_lock(&connection->lock);
    count = write(connection->fd, connection->out, connection->out_len);
    if (count > 0) {
        connection->out_len -= (size_t)count;
        memmove(connection->out, connection->out + count, connection->out_len);
    }
    is_broken = connection->is_broken || (count < 0 && errno != EAGAIN);
    if (connection->has_ended && connection->out_len == 0)
        done = connection->exchange;
    pthread_mutex_unlock(&connection->lock);
    if (is_broken) {
        close_connection(connection);
    } else if (done) {
        dw_server_exchange_free(done); /* not under the lock that callbacks take */
        connection->exchange = NULL;
        handle_request(connection);
    }
}

static bool has_output(struct connection *connection)
{
    bool has_any;

    pthread_mutex_lock(&connection->lock);
    has_any = connection->out_len > 0 || connection->has_ended || connection->is_broken;
    pthread_mutex_unlock(&connection->lock);
    return has_any && connection->exchange;
}

/* ---- the loop ---- */

static volatile sig_atomic_t is_stopping;

static void on_signal(int number)
{
    (void)number;
    is_stopping = 1;
    wake();
}

static void turn(int listener)
{
    struct pollfd polled[MAX_CONNECTIONS + 2] = {{listener, POLLIN, 0}, {wake_pipe[0], POLLIN, 0}};
    char drained[256];

    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        polled[i + 2] = (struct pollfd){connections[i].fd, POLLIN, 0};
        if (connections[i].fd >= 0 && has_output(&connections[i]))
            polled[i + 2].events |= POLLOUT;
    }
    if (poll(polled, MAX_CONNECTIONS + 2, -1) < 0)
        return;
    while (read(wake_pipe[0], drained, sizeof drained) == (ssize_t)sizeof drained)
        continue;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct connection *connection = &connections[i];

        if (polled[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
            receive(connection);
        if (connection->fd >= 0 && !connection->exchange && connection->in_len > 0)
            handle_request(connection);
        if (connection->fd >= 0 && polled[i + 2].revents & POLLOUT)
            flush(connection);
    }
    if (polled[0].revents)
        accept_one(listener);
}

static int listen_on(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        return -1;
    snprintf(public_url, sizeof public_url, "http://127.0.0.1:%d/mcp", ntohs(at.sin_port));
    return fd;
}

/* ---- the MCP server ---- */

static bool count_up(void *user, struct dw_call *call, struct dw_error *reterr)
{
    int64_t to = 3;

    (void)user;
    (void)reterr;
    (void)dw_call_int(call, "to", &to);
    for (int64_t i = 1; i <= to && !dw_call_is_cancelled(call); i++) {
        dw_call_progress(call, (double)i, (double)to, "counting"); /* leaves at once */
        usleep(50 * 1000);
    }
    if (dw_call_is_cancelled(call))
        fprintf(stderr, "count_up was cancelled\n");
    dw_call_add_text(call, dw_call_printf(call, "counted to %lld", (long long)to));
    return true;
}

static bool build_server(void)
{
    static const struct dw_tool tool = {
        .size = sizeof tool,
        .name = "count_up",
        .description = "Counts, with progress",
        .input_schema = "{\"type\":\"object\",\"properties\":{\"to\":{\"type\":\"integer\","
                        "\"minimum\":1,\"maximum\":1000}}}",
        .run = count_up,
    };
    struct dw_error error;

    server = dw_server_new("own-event-loop", "1.0.0");
    dw_server_with_oauth_from_env(server);
    dw_server_with_own_http(server);
    dw_server_with_public_url(server, public_url);
    dw_server_with_tool(server, &tool);
    if (dw_server_build(server, &error))
        return true;
    fprintf(stderr, "own_event_loop: %s\n", error.message);
    return false;
}

int main(int argc, char **argv)
{
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 8080);
    bool is_built = listener >= 0 && pipe(wake_pipe) == 0 && build_server();

    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        connections[i].fd = -1;
    if (is_built) {
        fcntl(wake_pipe[0], F_SETFL, O_NONBLOCK);
        fcntl(wake_pipe[1], F_SETFL, O_NONBLOCK);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        fprintf(stderr, "serving %s\n", public_url);
        while (!is_stopping)
            turn(listener);
        for (size_t i = 0; i < MAX_CONNECTIONS; i++)
            if (connections[i].fd >= 0)
                close_connection(&connections[i]);
    } else if (listener < 0) {
        perror("own_event_loop");
    }
    dw_server_free(server);
    return is_built ? 0 : 1;
}
