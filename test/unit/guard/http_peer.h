/* An HTTP server of a few lines on loopback: answers by path, counts what it was asked. */
#ifndef DW_TEST_GUARD_HTTP_PEER_H
#define DW_TEST_GUARD_HTTP_PEER_H

#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_PAGES 4

struct peer_page {
    const char *path;   /* NULL: the end */
    _Atomic int status; /* 0: 200 */
    const char *_Atomic body;
    _Atomic int asked;
};

struct peer {
    int listener, port;
    pthread_t thread;
    int delay_ms;
    struct peer_page pages[PEER_PAGES];
};

static inline void peer_answer(struct peer *peer, int connection)
{
    char request[4096] = "";
    size_t len = 0;
    struct peer_page missing = {.status = 404, .body = ""};
    struct peer_page *page = &missing;
    ssize_t got;

    while (len < sizeof request - 1 && !strstr(request, "\r\n\r\n") &&
           (got = read(connection, request + len, sizeof request - 1 - len)) > 0)
        len += (size_t)got;
    usleep((useconds_t)peer->delay_ms * 1000);
    for (size_t i = 0; i < PEER_PAGES && peer->pages[i].path; i++) {
        size_t size = strlen(peer->pages[i].path);

        if (strncmp(request + 4, peer->pages[i].path, size) == 0 && request[4 + size] == ' ')
            page = &peer->pages[i];
    }
    const char *body = page->body;
    page->asked++;
    dprintf(connection, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
            page->status ? page->status : 200, strlen(body), body);
    close(connection);
}

static inline void *peer_run(void *user)
{
    struct peer *peer = user;
    int connection;

    while ((connection = accept(peer->listener, NULL, NULL)) >= 0)
        peer_answer(peer, connection);
    return NULL;
}

/* Listens; the pages may be set before peer_start. */
static inline void peer_open(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 16), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
}

static inline void peer_start(struct peer *peer)
{
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void peer_stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

#endif
