/* The MCP server of the bench: answers every POST with the same 200 bytes of JSON, as fast as a
 * server can; a subscriptions/listen gets an event stream that stays open. One thread, epoll. It
 * trusts its input: it is a load target, not an HTTP server. upstream PORT | upstream /path/to.sock
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 16384,
    MAX_CONNECTIONS = 20000,
    EVENTS = 256,
    LISTENER = -1
};

struct connection {
    char *bytes;
    size_t used;
};

static struct connection connections[MAX_CONNECTIONS];
static char answer[512];
static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";

static void make_answer(void)
{
    static const char body[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
        "\"%-65s\"}],\"resultType\":\"complete\",\"isError\":false}}";
    char json[256];
    int length = snprintf(json, sizeof(json), body, "what a small tool says");

    (void)snprintf(
        answer, sizeof(answer),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length,
        json);
}

static int listen_on(const char *where)
{
    int fd, on = 1;

    if (where[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", where);
        (void)unlink(where);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            return -1;
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)atoi(where))};

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
            return -1;
    }
    return listen(fd, 4096) < 0 ? -1 : fd;
}

static void drop(int fd)
{
    free(connections[fd].bytes);
    connections[fd] = (struct connection){0};
    (void)close(fd);
}

/* The length of one whole request at the start of the buffer, or 0. */
static size_t whole_request(const struct connection *peer)
{
    const char *end = memmem(peer->bytes, peer->used, "\r\n\r\n", 4);
    const char *field = end ? strcasestr(peer->bytes, "\r\ncontent-length:") : NULL;
    size_t head, body;

    if (!end)
        return 0;
    head = (size_t)(end - peer->bytes) + 4;
    body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    return peer->used >= head + body ? head + body : 0;
}

static void serve(int fd)
{
    struct connection *peer = &connections[fd];
    ssize_t got = read(fd, peer->bytes + peer->used, BUFFER_BYTES - 1 - peer->used);
    size_t length;

    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            drop(fd);
        return;
    }
    peer->used += (size_t)got;
    peer->bytes[peer->used] = '\0';
    while ((length = whole_request(peer)) != 0) {
        int is_stream = memmem(peer->bytes, length, "subscriptions/listen", 20) != NULL;
        const char *bytes = is_stream ? stream : answer;

        if (write(fd, bytes, strlen(bytes)) < 0) {
            drop(fd);
            return;
        }
        memmove(peer->bytes, peer->bytes + length, peer->used - length);
        peer->used -= length;
        peer->bytes[peer->used] = '\0';
    }
}

static void welcome(int epoll, int listener)
{
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd >= MAX_CONNECTIONS || !(connections[fd].bytes = malloc(BUFFER_BYTES))) {
            (void)close(fd);
            continue;
        }
        connections[fd].used = 0;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS], first = {.events = EPOLLIN, .data.fd = LISTENER};
    struct rlimit files = {MAX_CONNECTIONS, MAX_CONNECTIONS};
    int epoll = epoll_create1(0), listener = argc == 2 ? listen_on(argv[1]) : -1;

    if (listener < 0) {
        perror("upstream");
        return 1;
    }
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)signal(SIGPIPE, SIG_IGN);
    make_answer();
    (void)epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == LISTENER)
                welcome(epoll, listener);
            else
                serve(events[i].data.fd);
        }
    }
}
