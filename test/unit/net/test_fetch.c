/* net/fetch.h against a server on loopback that answers with whatever bytes a test wants. */
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/fetch.h"

struct peer {
    int listener;
    int port;
    const char *answer;
    size_t padding; /* bytes of 'x' after the answer */
    int linger_ms;  /* before it closes */
    char asked[4096];
    pthread_t thread;
};

static void *serve_once(void *user)
{
    struct peer *peer = user;
    int connection = accept(peer->listener, NULL, NULL);
    size_t len = 0;

    if (connection < 0)
        return NULL;
    while (len < sizeof peer->asked - 1 && !strstr(peer->asked, "\r\n\r\n")) {
        ssize_t got = read(connection, peer->asked + len, sizeof peer->asked - 1 - len);

        if (got <= 0)
            break;
        len += (size_t)got;
        peer->asked[len] = '\0';
    }
    (void)!write(connection, peer->answer, strlen(peer->answer));
    for (size_t i = 0; i < peer->padding; i += 1000) {
        char block[1000];

        memset(block, 'x', sizeof block);
        if (send(connection, block, sizeof block, MSG_NOSIGNAL) < 0)
            break;
    }
    usleep((useconds_t)peer->linger_ms * 1000);
    close(connection);
    return NULL;
}

static void start(struct peer *peer, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    peer->answer = answer;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve_once, peer), 0);
}

static void stop(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

static struct dw_slice url_of(const struct peer *peer, struct dw_arena *arena)
{
    return dw_arena_printf(arena, "http://127.0.0.1:%d/.well-known/x?y=1", peer->port);
}

static void an_answer_arrives_whole(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_http_field field = {DW_LIT("Accept"), DW_LIT("application/json")};
    struct dw_fetch_request request = {.guard = DW_FETCH_OPERATOR, .fields = {&field, 1}};
    struct dw_fetch_response response;
    struct dw_error error;
    struct peer peer = {0};

    (void)state;
    start(&peer, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-Y:  z \r\n"
                 "Content-Length: 5\r\n\r\nhello");
    request.url = url_of(&peer, arena);
    assert_done(dw_fetch(&request, arena, &response, &error), error);
    assert_int_equal(response.status, 404);
    assert_slice(response.body, "hello");
    assert_int_equal(response.fields.count, 3);
    assert_slice(response.fields.items[1].name, "X-Y");
    assert_slice(response.fields.items[1].value, "z");
    stop(&peer);
    assert_non_null(strstr(peer.asked, "GET /.well-known/x?y=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(peer.asked, "Accept: application/json\r\n"));
    assert_null(strstr(peer.asked, "Expect"));
    dw_arena_free(arena);
}

static void a_body_is_posted_as_it_is(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_fetch_request request = {
        .method = DW_HTTP_POST, .guard = DW_FETCH_OPERATOR, .body = DW_LIT("a=1\r\n\r\n")};
    struct dw_fetch_response response;
    struct dw_error error;
    struct peer peer = {0};

    (void)state;
    start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    request.url = url_of(&peer, arena);
    assert_done(dw_fetch(&request, arena, &response, &error), error);
    assert_slice(response.body, "");
    stop(&peer);
    assert_non_null(strstr(peer.asked, "POST /.well-known/x?y=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(peer.asked, "Content-Length: 7\r\n"));
    dw_arena_free(arena);
}

static void a_redirect_is_an_answer_not_an_order(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_fetch_request request = {.guard = DW_FETCH_OPERATOR};
    struct dw_fetch_response response;
    struct dw_error error;
    struct peer peer = {0};

    (void)state;
    start(&peer,
          "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    request.url = url_of(&peer, arena);
    assert_done(dw_fetch(&request, arena, &response, &error), error);
    assert_int_equal(response.status, 302);
    stop(&peer);
    dw_arena_free(arena);
}

static void bad_answers_are_refused(void **state)
{
    static const struct {
        const char *answer;
        size_t padding;
        int linger_ms;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", 0, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", 20000, 0},
        {"HTTP/1.1 200 OK\r\n\r\n", 20000, 0},
        {"", 0, 0},
        {"garbage\r\n\r\n", 0, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow", 0, 900},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_fetch_request request = {
            .guard = DW_FETCH_OPERATOR, .max_bytes = 10000, .timeout_ms = 400};
        struct dw_fetch_response response;
        struct dw_error error;
        struct peer peer = {.padding = cases[i].padding, .linger_ms = cases[i].linger_ms};

        start(&peer, cases[i].answer);
        request.url = url_of(&peer, arena);
        assert_fails(dw_fetch(&request, arena, &response, &error), error, DW_UNAVAILABLE);
        stop(&peer);
        dw_arena_free(arena);
    }
}

static void foreign_urls_lead_to_public_hosts_only(void **state)
{
    static const struct {
        enum dw_fetch_guard guard;
        const char *url;
        enum dw_code code;
    } cases[] = {
        {DW_FETCH_PUBLIC_ONLY, "http://example.com/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://127.0.0.1:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://localhost:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://[::1]:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://[::ffff:127.0.0.1]:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://10.0.0.1:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://169.254.169.254/latest", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://0x7f000001:1/x", DW_MALFORMED},
        {DW_FETCH_PUBLIC_ONLY, "https://2130706433:1/x", DW_MALFORMED},
        {DW_FETCH_PUBLIC_ONLY, "https://0:1/x", DW_MALFORMED},
        {DW_FETCH_PUBLIC_ONLY, "https://user:pass@example.com/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "https://example.com/x#f", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_ONLY, "file:///etc/passwd", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_OR_LOOPBACK, "http://10.0.0.1:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_OR_LOOPBACK, "https://10.0.0.1:1/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_OR_LOOPBACK, "http://example.com/x", DW_FORBIDDEN},
        {DW_FETCH_PUBLIC_OR_LOOPBACK, "http://127.0.0.1:1/x", DW_UNAVAILABLE}, /* nobody there */
        {DW_FETCH_OPERATOR, "file:///etc/passwd", DW_FORBIDDEN},
        {DW_FETCH_OPERATOR, "gopher://127.0.0.1:1/x", DW_FORBIDDEN},
        {DW_FETCH_OPERATOR, "no url", DW_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_fetch_request request = {.guard = cases[i].guard, .url = S(cases[i].url)};
        struct dw_fetch_response response;
        struct dw_error error = {0};

        assert_false(dw_fetch(&request, arena, &response, &error));
        if (error.code != cases[i].code)
            fail_msg("%s: %s: %s", cases[i].url, dw_code_row(error.code)->name, error.message);
        dw_arena_free(arena);
    }
}

static void a_proxy_of_the_environment_does_not_get_around_the_guard(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_fetch_request request = {.guard = DW_FETCH_PUBLIC_OR_LOOPBACK};
    struct dw_fetch_response response;
    struct dw_error error;
    struct peer peer = {0};

    (void)state;
    start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    request.url = url_of(&peer, arena);
    assert_done(dw_fetch(&request, arena, &response, &error), error);
    unsetenv("http_proxy");
    stop(&peer);
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_arrives_whole),
        cmocka_unit_test(a_body_is_posted_as_it_is),
        cmocka_unit_test(a_redirect_is_an_answer_not_an_order),
        cmocka_unit_test(bad_answers_are_refused),
        cmocka_unit_test(foreign_urls_lead_to_public_hosts_only),
        cmocka_unit_test(a_proxy_of_the_environment_does_not_get_around_the_guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
