/* net/fetch.h over TLS, and what it never sends. */
#include "test.h"

#include <signal.h>

#include "net/fetch.h"
#include "tls_peer.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"

static void only_the_named_server_is_believed(void **state)
{
    static const struct {
        const char *names, *host;
        long ends_in_s;
        bool is_trusted, is_good;
    } cases[] = {
        {"DNS:localhost", "localhost", 3600, false, false},
        {"DNS:localhost", "127.0.0.1", 3600, true, false},
        {"DNS:example.com", "localhost", 3600, true, false},
        {"DNS:localhost", "localhost", -3600, true, false},
        {"DNS:localhost", "localhost", 3600, true, true},
        {"IP:127.0.0.1", "127.0.0.1", 3600, true, true},
    };
    static const struct peer_script script = {.answers = {HELLO}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct peer *peer = calloc(1, sizeof *peer);
        struct dw_fetch_request request = {.guard = DW_FETCH_PUBLIC_OR_LOOPBACK};
        struct dw_fetch_response response;
        struct dw_error error = {0};

        make_certificate(peer, cases[i].names, cases[i].ends_in_s);
        peer_start(peer, &script, 1);
        request.url = dw_arena_printf(arena, "https://%s:%d/x", cases[i].host, peer->port);
        request.ca_file = cases[i].is_trusted ? ca_file : NULL;
        if (cases[i].is_good) {
            assert_done(dw_fetch(&request, arena, &response, &error), error);
            assert_slice(response.body, "hello");
        } else {
            assert_fails(dw_fetch(&request, arena, &response, &error), error, DW_UNAVAILABLE);
            assert_string_equal(peer->asked[0], "");
        }
        peer_stop(peer);
        SSL_CTX_free(peer->tls);
        free(peer);
    }
    unlink(ca_file);
}

static void a_line_break_is_never_sent_in_a_field(void **state)
{
    static const struct dw_http_field fields[] = {
        {{"Accept", 6}, {"a\r\nX-Evil: b", 12}},
        {{"Accept", 6}, {"a\nb", 3}},
        {{"Accept\r\nX", 9}, {"a", 1}},
        {{"", 0}, {"a", 1}},
        {{"Accept", 6}, {"a\0b", 3}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        const struct dw_fetch_request request = {
            .guard = DW_FETCH_OPERATOR, .url = S("http://127.0.0.1:1/"), .fields = {&fields[i], 1}};
        struct dw_fetch_response response;
        struct dw_error error = {0};

        assert_fails(dw_fetch(&request, arena, &response, &error), error, DW_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_named_server_is_believed),
        cmocka_unit_test(a_line_break_is_never_sent_in_a_field),
    };

    signal(SIGPIPE, SIG_IGN); /* OpenSSL's own writes, in the peer */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
