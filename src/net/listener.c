/* Listening sockets: one on each loop (SO_REUSEPORT), limits on connections, and what happens to
 * them all at a drain. What is said on a connection is in conn.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/map.h"
#include "net/server_internal.h"

#define BACKLOG 1024
#define ACCEPTS_A_TURN 64
#define ACCEPT_PAUSE_MS 200 /* after the kernel had no descriptor or memory for us */
#define UNIX_PEER "unix"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } of;
    socklen_t len;
};

struct acceptor {
    struct dw_listener *listener;
    struct dw_server_loop *server;
    uv_poll_t poll;
    int fd;
    bool is_open;
    struct dw_deadline pause;
    struct dw_drainable drainable;
};

struct dw_listener {
    struct dw_listener *next;
    struct dw_net *net;
    struct dw_listener_config config;
    struct address address;
    struct acceptor *acceptors;
    unsigned acceptor_count;
    int port;
    _Atomic size_t connections;
    uv_mutex_t lock;           /* guards by_address */
    struct dw_map *by_address; /* NULL: no limit an address. Values: size_t on the heap */
};

const struct dw_listener_config *dw_listener_settings(const struct dw_listener *listener)
{
    return &listener->config;
}

int dw_listener_port(const struct dw_listener *listener)
{
    return listener->port;
}

/* ---- limits ---- */

static bool count_address(struct dw_listener *listener, const char *peer)
{
    struct dw_slice key = dw_slice_from_text(peer);
    bool is_allowed = false;
    size_t *count;

    if (!listener->by_address)
        return true;
    uv_mutex_lock(&listener->lock);
    count = dw_map_get(listener->by_address, key);
    if (!count && (count = dw_mem_new(sizeof *count)) != NULL &&
        !dw_map_put(listener->by_address, key, count)) {
        dw_mem_free(count);
        count = NULL;
    }
    if (count && *count < listener->config.limits.max_connections_per_address) {
        ++*count;
        is_allowed = true;
    }
    uv_mutex_unlock(&listener->lock);
    return is_allowed;
}

static void uncount_address(struct dw_listener *listener, const char *peer)
{
    size_t *count;

    if (!listener->by_address)
        return;
    uv_mutex_lock(&listener->lock);
    count = dw_map_get(listener->by_address, dw_slice_from_text(peer));
    if (count && --*count == 0)
        dw_mem_free(dw_map_take(listener->by_address, dw_slice_from_text(peer)));
    uv_mutex_unlock(&listener->lock);
}

void dw_listener_forget(struct dw_listener *listener, const char *peer)
{
    uncount_address(listener, peer);
    atomic_fetch_sub_explicit(&listener->connections, 1, memory_order_relaxed);
    dw_metrics_add(listener->net->metrics, DW_METRIC_CONNECTIONS_OPEN, -1);
}

/* ---- accepting ---- */

/* An IPv4 peer of an IPv6 socket is shown, counted and logged as IPv4. */
static void name_peer(const struct address *from, char ret_peer[static DW_CONN_PEER_SIZE])
{
    const struct in6_addr *v6 = &from->of.v6.sin6_addr;

    if (from->of.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &from->of.v4.sin_addr, ret_peer, DW_CONN_PEER_SIZE);
    else if (from->of.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        inet_ntop(AF_INET, v6->s6_addr + 12, ret_peer, DW_CONN_PEER_SIZE);
    else if (from->of.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, v6, ret_peer, DW_CONN_PEER_SIZE);
    else
        memcpy(ret_peer, UNIX_PEER, sizeof UNIX_PEER);
}

static bool is_loopback(const struct address *own)
{
    const struct in6_addr *v6 = &own->of.v6.sin6_addr;

    switch (own->of.any.sa_family) {
    case AF_INET:
        return ntohl(own->of.v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
    default:
        return true; /* a unix socket */
    }
}

static bool is_wildcard(const struct address *own)
{
    if (own->of.any.sa_family == AF_INET)
        return own->of.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return own->of.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&own->of.v6.sin6_addr);
}

/* Who holds many connections and asks for nothing must not keep others out. */
static bool make_room(struct acceptor *acceptor)
{
    if (!dw_conn_make_room(acceptor->server, acceptor->listener))
        return false;
    dw_metrics_add(acceptor->listener->net->metrics, DW_METRIC_CONNECTIONS_REFUSED, 1);
    return true;
}

static void take_connection(struct acceptor *acceptor, int fd, const struct address *from)
{
    struct dw_listener *listener = acceptor->listener;
    struct dw_metrics *metrics = listener->net->metrics;
    struct address own = listener->address;
    char peer[DW_CONN_PEER_SIZE] = "";
    bool is_full = atomic_fetch_add_explicit(&listener->connections, 1, memory_order_relaxed) >=
                   listener->config.limits.max_connections;

    name_peer(from, peer);
    if ((is_full && !make_room(acceptor)) || !count_address(listener, peer)) {
        atomic_fetch_sub_explicit(&listener->connections, 1, memory_order_relaxed);
        dw_metrics_add(metrics, DW_METRIC_CONNECTIONS_REFUSED, 1);
        close(fd);
        return;
    }
    if (is_wildcard(&own)) {
        own.len = sizeof own.of;
        if (getsockname(fd, &own.of.any, &own.len) != 0)
            own = listener->address; /* a wildcard is not loopback: the strict side */
    }
    dw_metrics_add(metrics, DW_METRIC_CONNECTIONS_TOTAL, 1);
    dw_metrics_add(metrics, DW_METRIC_CONNECTIONS_OPEN, 1);
    if (!dw_conn_open(acceptor->server, listener, fd, own.of.any.sa_family == AF_UNIX, peer,
                      is_loopback(&own)))
        dw_listener_forget(listener, peer);
}

static void pause_accepting(struct acceptor *acceptor, int error)
{
    dw_log(acceptor->listener->net->log, DW_LOG_WARN, "accept_paused",
           DW_S("reason", dw_slice_from_text(uv_strerror(-error))),
           DW_I("pause_ms", ACCEPT_PAUSE_MS));
    uv_poll_stop(&acceptor->poll);
    dw_deadline_set(acceptor->server->loop, &acceptor->pause, ACCEPT_PAUSE_MS);
}

static void on_connections(uv_poll_t *poll, int status, int events)
{
    struct acceptor *acceptor = poll->data;

    (void)events;
    if (status < 0)
        return;
    for (int i = 0; i < ACCEPTS_A_TURN && acceptor->is_open; i++) {
        struct address from = {.len = sizeof from.of};
        int fd = accept4(acceptor->fd, &from.of.any, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            if (from.len == 0)
                from.of.any.sa_family = AF_UNIX;
            take_connection(acceptor, fd, &from);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            int reason = errno;

            if (make_room(acceptor))
                continue;
            pause_accepting(acceptor, reason);
            return;
        }
        /* EINTR, ECONNABORTED and the network errors that accept(2) lists: the next one. */
    }
}

static void on_pause_over(struct dw_deadline *deadline)
{
    struct acceptor *acceptor =
        (struct acceptor *)((char *)deadline - offsetof(struct acceptor, pause));

    if (acceptor->is_open)
        uv_poll_start(&acceptor->poll, UV_READABLE, on_connections);
}

/* ---- draining ---- */

static void close_acceptor(struct acceptor *acceptor)
{
    if (!acceptor->is_open)
        return;
    acceptor->is_open = false;
    dw_deadline_remove(acceptor->server->loop, &acceptor->pause);
    uv_poll_stop(&acceptor->poll);
    uv_close((uv_handle_t *)&acceptor->poll, NULL);
    close(acceptor->fd);
    if (acceptor->listener->address.of.any.sa_family == AF_UNIX)
        unlink(acceptor->listener->address.of.local.sun_path);
}

static void drain_acceptor(struct dw_drainable *drainable, bool is_final)
{
    (void)is_final;
    close_acceptor((struct acceptor *)((char *)drainable - offsetof(struct acceptor, drainable)));
}

static void drain_connections(struct dw_drainable *drainable, bool is_final)
{
    struct dw_server_loop *server =
        (struct dw_server_loop *)((char *)drainable - offsetof(struct dw_server_loop, drainable));

    for (struct dw_conn *conn = server->first_conn, *next; conn; conn = next) {
        next = conn->next;
        if (is_final || (conn->phase == DW_CONN_HEAD && !conn->in.len))
            dw_conn_close(conn);
    }
}

static struct dw_server_loop *server_of(struct dw_loop *loop)
{
    struct dw_server_loop *server = loop->server;

    if (server)
        return server;
    server = dw_mem_new(sizeof *server);
    if (!server)
        return NULL;
    server->loop = loop;
    dw_drainable_add(loop, &server->drainable, drain_connections);
    loop->server = server;
    return server;
}

/* ---- addresses ---- */

static bool parse_port(struct dw_slice text, uint16_t *ret_port)
{
    int64_t port;

    if (!dw_text_to_int(text, &port) || port < 0 || port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static bool parse_unix(struct dw_slice path, struct address *ret_address, struct dw_error *reterr)
{
    struct sockaddr_un *local = &ret_address->of.local;

    if (!path.len || path.len >= sizeof local->sun_path || dw_slice_contains(path, '\0'))
        return dw_fail(reterr, DW_CONFIG, "the path of a unix socket has 1 to %zu bytes",
                       sizeof local->sun_path - 1);
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path.ptr, path.len);
    ret_address->len = sizeof *local;
    return true;
}

/* "127.0.0.1:8420", "[::1]:0", "unix:/path", ":8420" (every address), "localhost:8420". */
static bool parse_address(struct dw_slice text, struct address *ret_address,
                          struct dw_error *reterr)
{
    struct dw_slice path = text, host;
    char host_text[INET6_ADDRSTRLEN] = "";
    size_t colon = text.len;
    uint16_t port = 0;
    bool is_v6;

    *ret_address = (struct address){.len = 0};
    if (dw_slice_eat(&path, DW_LIT("unix:")))
        return parse_unix(path, ret_address, reterr);
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    host = dw_slice_sub(text, 0, colon ? colon - 1 : 0);
    if (dw_slice_eq(host, DW_LIT("localhost")))
        host = DW_LIT("127.0.0.1");
    is_v6 = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (is_v6)
        host = dw_slice_sub(host, 1, host.len - 2);
    if (!colon || host.len >= sizeof host_text ||
        !parse_port(dw_slice_sub(text, colon, text.len), &port))
        return dw_fail(reterr, DW_CONFIG,
                       "\"%.*s\" is not an address to listen on; try "
                       "127.0.0.1:8420, [::1]:8420, :8420 or unix:/path",
                       DW_PRINT(text));
    memcpy(host_text, host.ptr, host.len);
    if (!host.len || is_v6) { /* empty: IPv6's wildcard takes IPv4 too */
        ret_address->of.v6 =
            (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        ret_address->len = sizeof ret_address->of.v6;
        if (!host.len || inet_pton(AF_INET6, host_text, &ret_address->of.v6.sin6_addr) == 1)
            return true;
    } else {
        ret_address->of.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        ret_address->len = sizeof ret_address->of.v4;
        if (inet_pton(AF_INET, host_text, &ret_address->of.v4.sin_addr) == 1)
            return true;
    }
    return dw_fail(reterr, DW_CONFIG, "\"%.*s\" is not an IP address", DW_PRINT(host));
}

/* ---- binding ---- */

static bool fail_errno(struct dw_error *reterr, const struct dw_listener *listener, int error)
{
    struct dw_slice name = listener->config.address;

    if (error == EADDRINUSE)
        return dw_fail(reterr, DW_IO, "%.*s is in use by another program", DW_PRINT(name));
    return dw_fail(reterr, DW_IO, "%.*s cannot be listened on: %s", DW_PRINT(name),
                   uv_strerror(-error));
}

/* Connections inherit these from the socket they come from. Without keep-alive probes a stream to a
 * machine that has lost its power would stay for ever. */
static void set_tcp_options(int fd)
{
    static const struct {
        int level, name, value;
    } rows[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},    {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},    {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 15}, {IPPROTO_TCP, TCP_KEEPCNT, 4},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        (void)setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof rows[i].value);
}

static int open_socket(const struct address *address, bool shares_port)
{
    int family = address->of.any.sa_family, one = 1, zero = 0;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (family != AF_UNIX) {
        set_tcp_options(fd);
        if (family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
        if (shares_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
            error = errno;
    }
    if (!error && bind(fd, &address->of.any, address->len) != 0)
        error = errno;
    if (!error)
        return fd;
    close(fd);
    return -error;
}

/* SO_REUSEPORT would share the port with another program of the same user: ask without it first. */
static int open_tcp(struct dw_listener *listener, bool shares_port)
{
    struct address got = {.len = sizeof got.of};
    int fd = open_socket(&listener->address, false);

    if (fd < 0)
        return fd;
    if (getsockname(fd, &got.of.any, &got.len) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    listener->address = got; /* with the port it got */
    listener->port =
        ntohs(got.of.any.sa_family == AF_INET ? got.of.v4.sin_port : got.of.v6.sin6_port);
    if (!shares_port)
        return fd;
    close(fd);
    return open_socket(&listener->address, true);
}

/* A socket file that nobody listens on is what a crash left behind. */
static bool is_stale(const struct address *address)
{
    struct stat status;
    bool is_dead;
    int fd;

    if (lstat(address->of.local.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    is_dead = connect(fd, &address->of.any, address->len) != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_dead;
}

static int open_unix(struct dw_listener *listener)
{
    const char *path = listener->address.of.local.sun_path;
    mode_t mask;
    int fd;

    if (is_stale(&listener->address))
        unlink(path);
    mask = umask(0177); /* 0600 from the first moment on; before any thread is started */
    fd = open_socket(&listener->address, false);
    umask(mask);
    return fd;
}

static bool open_acceptor(struct dw_listener *listener, unsigned index, int fd,
                          struct dw_error *reterr)
{
    struct acceptor *acceptor = &listener->acceptors[index];
    struct dw_loop *loop = &listener->net->loops[index];
    int status;

    acceptor->listener = listener;
    acceptor->server = server_of(loop);
    acceptor->fd = fd;
    if (!acceptor->server) {
        close(fd);
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    status = listen(fd, BACKLOG) == 0 ? uv_poll_init(&loop->uv, &acceptor->poll, fd) : -errno;
    if (status) {
        close(fd);
        return fail_errno(reterr, listener, -status);
    }
    acceptor->is_open = true;
    acceptor->poll.data = acceptor;
    uv_poll_start(&acceptor->poll, UV_READABLE, on_connections);
    dw_deadline_add(loop, &acceptor->pause, on_pause_over);
    dw_drainable_add(loop, &acceptor->drainable, drain_acceptor);
    return true;
}

static bool open_acceptors(struct dw_listener *listener, struct dw_error *reterr)
{
    bool is_unix = listener->address.of.any.sa_family == AF_UNIX;
    bool shares_port = !is_unix && listener->net->loop_count > 1;

    listener->acceptor_count = is_unix ? 1 : listener->net->loop_count;
    listener->acceptors = dw_mem_new(listener->acceptor_count * sizeof *listener->acceptors);
    if (!listener->acceptors)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (unsigned i = 0; i < listener->acceptor_count; i++) {
        int fd = is_unix  ? open_unix(listener)
                 : i == 0 ? open_tcp(listener, shares_port)
                          : open_socket(&listener->address, true);

        if (fd < 0)
            return fail_errno(reterr, listener, -fd);
        if (!open_acceptor(listener, i, fd, reterr))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static void reload_certificate(void *user)
{
    struct dw_listener *listener = user;
    const struct dw_log *log = listener->net->log;
    struct dw_error error;

    if (dw_server_tls_reload(listener->config.tls, &error))
        dw_log(log, DW_LOG_INFO, "tls_certificate_reloaded", DW_I("port", listener->port));
    else
        dw_log_error(log, "tls_certificate_kept", &error);
}

static void apply_defaults(struct dw_listener_limits *limits)
{
    static const struct dw_listener_limits standard = {
        .head_timeout_ms = 10000,
        .body_timeout_ms = 30000,
        .idle_timeout_ms = 75000,
        .write_timeout_ms = 60000,
        .max_head_bytes = DW_HTTP_MAX_HEAD_BYTES,
        .max_connections = 10000,
    };

    if (limits->head_timeout_ms <= 0)
        limits->head_timeout_ms = standard.head_timeout_ms;
    if (limits->body_timeout_ms <= 0)
        limits->body_timeout_ms = standard.body_timeout_ms;
    if (limits->idle_timeout_ms <= 0)
        limits->idle_timeout_ms = standard.idle_timeout_ms;
    if (limits->write_timeout_ms <= 0)
        limits->write_timeout_ms = standard.write_timeout_ms;
    if (!limits->max_head_bytes || limits->max_head_bytes > DW_HTTP_MAX_HEAD_BYTES)
        limits->max_head_bytes = standard.max_head_bytes;
    if (!limits->max_connections)
        limits->max_connections = standard.max_connections;
}

static bool make_address_counts(struct dw_listener *listener, struct dw_error *reterr)
{
    struct dw_hash_seed seed;

    if (!listener->config.limits.max_connections_per_address)
        return true;
    if (uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL) != 0)
        return dw_fail(reterr, DW_UNAVAILABLE, "the kernel has no random bytes");
    listener->by_address = dw_map_new(&seed, listener->config.limits.max_connections);
    return listener->by_address || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* The address text is the caller's; errors need it during the opening only. */
static bool open_listener(struct dw_listener *listener, struct dw_error *reterr)
{
    if (!parse_address(listener->config.address, &listener->address, reterr) ||
        !make_address_counts(listener, reterr) || !open_acceptors(listener, reterr))
        return false;
    if (listener->config.tls && !dw_net_on_reload(listener->net, reload_certificate, listener))
        return dw_fail(reterr, DW_CONFIG, "there are too many listeners with TLS");
    listener->config.address = DW_EMPTY;
    return true;
}

struct dw_listener *dw_listener_open(struct dw_net *net, const struct dw_listener_config *config,
                                     struct dw_error *reterr)
{
    struct dw_listener *listener = dw_mem_new(sizeof *listener);

    if (!listener || uv_mutex_init(&listener->lock)) {
        dw_mem_free(listener);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    listener->net = net;
    listener->config = *config;
    apply_defaults(&listener->config.limits);
    listener->next = net->listeners; /* freed with the net, also when it fails below */
    net->listeners = listener;
    if (open_listener(listener, reterr))
        return listener;
    for (unsigned i = 0; i < listener->acceptor_count && listener->acceptors; i++) {
        dw_drainable_remove(&listener->acceptors[i].drainable);
        close_acceptor(&listener->acceptors[i]);
    }
    return NULL;
}

static void free_server_loop(struct dw_server_loop *server)
{
    if (!server)
        return;
    while (server->free_arena_count)
        dw_arena_free(server->free_arenas[--server->free_arena_count]);
    dw_blocks_free(server);
    dw_mem_free(server);
}

void dw_listeners_free(struct dw_net *net)
{
    struct dw_listener *listener = net->listeners;

    while (listener) {
        struct dw_listener *next = listener->next;

        dw_map_free(listener->by_address);
        uv_mutex_destroy(&listener->lock);
        dw_mem_free(listener->acceptors);
        dw_mem_free(listener);
        listener = next;
    }
    for (unsigned i = 0; i < net->loop_count; i++)
        free_server_loop(net->loops[i].server);
}
