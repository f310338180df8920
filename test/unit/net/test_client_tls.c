/* net/client.h over TLS: whom it does not believe, and what a cut connection is. */
#include "test.h"

#include <signal.h>

#include "client_fixture.h"
#include "tls_peer.h"

static int tear_down_tls(void **state)
{
    SSL_CTX *context = peer->tls;

    tear_down(state);
    SSL_CTX_free(context);
    unlink(ca_file);
    return 0;
}

static void open_tls_client(const char *host, const char *trusted)
{
    struct dw_client_config config = {.size = sizeof config, .ca_file = trusted};
    char url[64];

    snprintf(url, sizeof url, "https://%s:%d/mcp", host, peer->port);
    config.url = S(url);
    open_client(&config);
}

static void who_is_not_the_named_server_gets_no_request(void **state)
{
    static const struct {
        const char *names, *host;
        long ends_in_s;
        bool is_trusted;
    } cases[] = {
        {"DNS:localhost", "localhost", 3600, false},        /* signed by nobody known */
        {"DNS:localhost", "127.0.0.1", 3600, true},         /* for the name, not the address */
        {"DNS:example.com", "localhost", 3600, true},       /* the CN alone does not count */
        {"DNS:localhost.example", "localhost", 3600, true}, /* longer */
        {"IP:127.0.0.2", "127.0.0.1", 3600, true},
        {"DNS:localhost", "localhost", -3600, true}, /* over */
    };
    const struct peer_script script = {.answers = {HELLO}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i)
            set_up(NULL);
        make_certificate(peer, cases[i].names, cases[i].ends_in_s);
        peer_start(peer, &script, 1);
        open_tls_client(cases[i].host, cases[i].is_trusted ? ca_file : NULL);
        ask(DW_HTTP_POST);
        run();
        assert_failed(&results[0], DW_BAD_GATEWAY, "the certificate of the peer is not good");
        assert_string_equal(peer->asked[0], "");
        if (i + 1 < sizeof cases / sizeof *cases)
            tear_down_tls(NULL);
    }
}

static void a_plain_server_is_a_bad_gateway(void **state)
{
    const struct peer_script script = {.end = PEER_CLOSES};

    (void)state;
    make_certificate(peer, "DNS:localhost", 3600);
    SSL_CTX_free(peer->tls);
    peer->tls = NULL;
    peer_start(peer, &script, 1);
    open_tls_client("localhost", ca_file);
    ask(DW_HTTP_POST);
    run();
    assert_failed(&results[0], DW_BAD_GATEWAY, "without an answer");
}

static void the_named_server_is_asked(void **state)
{
    static const struct {
        const char *names, *host;
    } cases[] = {
        {"DNS:localhost", "localhost"},
        {"IP:127.0.0.1", "127.0.0.1"},
        {"DNS:a.example,DNS:LOCALHOST", "localhost"},
    };
    const struct peer_script script = {.answers = {HELLO, HELLO}, .end = PEER_WAITS};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i)
            set_up(NULL);
        make_certificate(peer, cases[i].names, 3600);
        peer_start(peer, &script, 1);
        open_tls_client(cases[i].host, ca_file);
        ask(DW_HTTP_POST);
        run();
        assert_answered(&results[0], 200, "hello");
        assert_non_null(strstr(peer->asked[0], "POST /mcp HTTP/1.1\r\n"));
        if (i + 1 < sizeof cases / sizeof *cases)
            tear_down_tls(NULL);
    }
}

static void ask_a_second_time(struct result *result)
{
    (void)result;
    if (result_count < 2)
        ask(DW_HTTP_POST);
}

static void a_tls_connection_is_kept(void **state)
{
    const struct peer_script script = {
        .answers = {HELLO, HELLO}, .end = PEER_WAITS, .is_byte_by_byte = true};

    (void)state;
    make_certificate(peer, "DNS:localhost", 3600);
    peer_start(peer, &script, 1);
    open_tls_client("localhost", ca_file);
    on_over = ask_a_second_time;
    ask(DW_HTTP_POST);
    run();
    assert_answered(&results[0], 200, "hello");
    assert_answered(&results[1], 200, "hello");
    assert_int_equal(peer->accepted, 1);
}

static void a_cut_answer_is_not_a_whole_one(void **state)
{
    static const struct {
        enum peer_end end;
        bool is_whole;
    } cases[] = {{PEER_BREAKS_OFF, false}, {PEER_CLOSES, true}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct peer_script script = {.answers = {OK "\r\nuntil the end"},
                                           .end = cases[i].end};

        if (i)
            set_up(NULL);
        make_certificate(peer, "DNS:localhost", 3600);
        peer_start(peer, &script, 1);
        open_tls_client("localhost", ca_file);
        ask(DW_HTTP_GET);
        run();
        if (cases[i].is_whole)
            assert_answered(&results[0], 200, "until the end");
        else
            assert_failed(&results[0], DW_BAD_GATEWAY, "ended before the answer did");
        if (i == 0)
            tear_down_tls(NULL);
    }
}

static void a_lot_goes_both_ways(void **state)
{
    const struct peer_script script = {
        .answers = {OK "Content-Length: 3000000\r\n\r\n"}, .end = PEER_WAITS, .padding = 3000000};
    size_t len = 3000000;
    char *body = calloc(1, len);

    (void)state;
    make_certificate(peer, "DNS:localhost", 3600);
    peer_start(peer, &script, 1);
    open_tls_client("localhost", ca_file);
    ask_with(DW_HTTP_POST, dw_slice_from(body, len));
    run();
    free(body);
    assert_int_equal(results[0].error.code, DW_OK);
    assert_int_equal(results[0].body_len, 3000000);
    assert_int_equal(peer->body_bytes, len);
}

static void bad_ca_files_are_told_at_once(void **state)
{
    struct dw_client_config config = {
        .size = sizeof config, .url = S("https://localhost"), .ca_file = "/nonexistent/ca.pem"};
    struct dw_error error = {0};

    (void)state;
    assert_null(dw_client_new(dw_net_loop(net, 0), &config, &error));
    assert_int_equal(error.code, DW_CONFIG);
}

#define TEST_TLS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_tls)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_TLS(who_is_not_the_named_server_gets_no_request),
        TEST_TLS(a_plain_server_is_a_bad_gateway),
        TEST_TLS(the_named_server_is_asked),
        TEST_TLS(a_tls_connection_is_kept),
        TEST_TLS(a_cut_answer_is_not_a_whole_one),
        TEST_TLS(a_lot_goes_both_ways),
        TEST_TLS(bad_ca_files_are_told_at_once),
    };

    signal(SIGPIPE, SIG_IGN); /* OpenSSL's own writes, in the peer */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
