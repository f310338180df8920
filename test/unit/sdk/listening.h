/* A server under test that listens on loopback, on a thread of its own, and connections to it. */
#ifndef DW_TEST_SDK_LISTENING_H
#define DW_TEST_SDK_LISTENING_H

#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doorward/doorward.h>

static struct dw_server *server;
static pthread_t thread;
static int port;

static void *serve(void *user)
{
    (void)user;
    return dw_server_serve(server) == 0 ? &port : NULL;
}

/* Takes the server; 0 as a fixture of cmocka wants it. */
static inline int server_start(struct dw_server *made)
{
    struct dw_error error = {0};

    server = made;
    dw_server_with_listen(server, "127.0.0.1:0");
    assert_done(dw_server_build(server, &error), error);
    port = dw_server_port(server);
    return pthread_create(&thread, NULL, serve, NULL);
}

static inline int stop(void **state)
{
    void *is_good = NULL;

    (void)state;
    dw_server_stop(server);
    pthread_join(thread, &is_good);
    return is_good ? 0 : -1;
}

static inline int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

#endif
