/* A server on loopback that answers with whatever bytes a test wants: one thread a connection,
 * blocking. Connection number i follows script i (the last one for all further connections). */
#ifndef DW_TEST_PEER_H
#define DW_TEST_PEER_H

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

enum {
    PEER_MAX_CONNECTIONS = 16,
    PEER_MAX_ANSWERS = 4,
    PEER_ASKED_BYTES = 8192,
};

enum peer_end {
    PEER_CLOSES,      /* after its last answer */
    PEER_WAITS,       /* until the client closes */
    PEER_READS_ONE,   /* one more request, then closes without a byte */
    PEER_BREAKS_OFF,  /* closes TLS without close_notify */
    PEER_NEVER_READS, /* keeps the connection open without reading a byte */
};

struct peer_script {
    const char *answers[PEER_MAX_ANSWERS]; /* one a request */
    enum peer_end end;
    bool is_byte_by_byte;
    size_t padding; /* bytes of 'x' after each answer */
};

struct peer {
    struct peer_script scripts[PEER_MAX_CONNECTIONS];
    size_t script_count;
    SSL_CTX *tls;
    char path[64]; /* of a unix socket */
    int port;
    int listener;
    pthread_t thread, threads[PEER_MAX_CONNECTIONS];
    int sockets[PEER_MAX_CONNECTIONS];
    _Atomic size_t accepted, closed_by_client;
    _Atomic size_t body_bytes; /* of all requests */
    char asked[PEER_MAX_CONNECTIONS][PEER_ASKED_BYTES];
};

struct peer_connection {
    struct peer *peer;
    const struct peer_script *script;
    size_t number;
    int fd;
    SSL *ssl;
};

static inline ssize_t peer_read(struct peer_connection *connection, char *room, size_t size)
{
    if (connection->ssl)
        return SSL_read(connection->ssl, room, (int)size);
    return recv(connection->fd, room, size, 0);
}

static inline bool peer_write(struct peer_connection *connection, const char *bytes, size_t len)
{
    while (len) {
        ssize_t sent = connection->ssl ? SSL_write(connection->ssl, bytes, (int)len)
                                       : send(connection->fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* A head byte by byte, then its Content-Length. False: the client is gone. */
static inline bool peer_read_request(struct peer_connection *connection)
{
    char *asked = connection->peer->asked[connection->number], *length, *end;
    size_t start = strlen(asked), len = start, body;
    static _Thread_local char room[65536];

    while (!strstr(asked + start, "\r\n\r\n")) {
        if (len == PEER_ASKED_BYTES - 1 || peer_read(connection, asked + len, 1) != 1)
            return false;
        asked[++len] = '\0';
    }
    length = strstr(asked + start, "Content-Length: ");
    body = length ? strtoul(length + 16, &end, 10) : 0;
    while (body) {
        ssize_t got = peer_read(connection, room, body < sizeof room ? body : sizeof room);

        if (got <= 0)
            return false;
        body -= (size_t)got;
        atomic_fetch_add(&connection->peer->body_bytes, (size_t)got);
    }
    return true;
}

static inline bool peer_answer(struct peer_connection *connection, const char *answer)
{
    size_t len = strlen(answer), padding = connection->script->padding;
    static const char block[4096] = {[0 ... 4095] = 'x'};

    if (!connection->script->is_byte_by_byte) {
        if (!peer_write(connection, answer, len))
            return false;
    } else {
        for (size_t i = 0; i < len; i++) {
            if (!peer_write(connection, answer + i, 1))
                return false;
            usleep(200); /* so that most bytes come alone */
        }
    }
    for (size_t at = 0; at < padding; at += sizeof block)
        if (!peer_write(connection, block, padding - at < sizeof block ? padding - at : 4096))
            return false;
    return true;
}

static inline void peer_follow(struct peer_connection *connection)
{
    const struct peer_script *script = connection->script;
    char byte;

    for (size_t i = 0; i < PEER_MAX_ANSWERS && script->answers[i]; i++) {
        if (!peer_read_request(connection)) {
            connection->peer->closed_by_client++;
            return;
        }
        if (!peer_answer(connection, script->answers[i]))
            return;
    }
    if (script->end == PEER_READS_ONE)
        (void)peer_read_request(connection);
    if (script->end == PEER_NEVER_READS)
        (void)poll(&(struct pollfd){connection->fd, POLLRDHUP, 0}, 1, 2000);
    if (script->end == PEER_WAITS) {
        while (peer_read(connection, &byte, 1) > 0)
            continue;
        connection->peer->closed_by_client++;
    }
    if (connection->ssl && script->end != PEER_BREAKS_OFF)
        SSL_shutdown(connection->ssl);
}

static inline void *peer_serve(void *user)
{
    struct peer_connection *connection = user;

    if (connection->peer->tls) {
        connection->ssl = SSL_new(connection->peer->tls);
        SSL_set_fd(connection->ssl, connection->fd);
        if (SSL_accept(connection->ssl) == 1)
            peer_follow(connection);
        SSL_free(connection->ssl);
    } else {
        peer_follow(connection);
    }
    close(connection->fd);
    free(connection);
    return NULL;
}

static inline void *peer_listen(void *user)
{
    struct peer *peer = user;
    int fd;

    while ((fd = accept(peer->listener, NULL, NULL)) >= 0) {
        struct peer_connection *connection = calloc(1, sizeof *connection);
        size_t number = peer->accepted;

        if (!connection || number == PEER_MAX_CONNECTIONS)
            abort();
        connection->peer = peer;
        connection->number = number;
        connection->fd = fd;
        connection->script =
            &peer->scripts[number < peer->script_count ? number : peer->script_count - 1];
        peer->accepted++; /* before anything can be answered */
        if (pthread_create(&peer->threads[number], NULL, peer_serve, connection) != 0)
            abort();
    }
    return NULL;
}

static inline void peer_start(struct peer *peer, const struct peer_script *scripts, size_t count)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    socklen_t size = sizeof v4;

    /* A copy: connections end later than the test's own frame. */
    assert_in_range(count, 1, PEER_MAX_CONNECTIONS);
    memcpy(peer->scripts, scripts, count * sizeof *scripts);
    peer->script_count = count;
    if (peer->path[0]) {
        strncpy(local.sun_path, peer->path, sizeof local.sun_path - 1);
        unlink(peer->path);
        peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(bind(peer->listener, (struct sockaddr *)&local, sizeof local), 0);
    } else {
        peer->listener = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(peer->listener, (struct sockaddr *)&v4, sizeof v4), 0);
        assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&v4, &size), 0);
        peer->port = ntohs(v4.sin_port);
    }
    assert_int_equal(listen(peer->listener, 16), 0);
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_listen, peer), 0);
}

/* After the client has closed its connections. */
static inline void peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    for (size_t i = 0; i < peer->accepted; i++)
        pthread_join(peer->threads[i], NULL);
    close(peer->listener);
    if (peer->path[0])
        unlink(peer->path);
}

#endif
