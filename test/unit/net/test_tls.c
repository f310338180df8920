/* net/server.h with TLS: OpenSSL's own client talks to it over real sockets. */
#include "server_fixture.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>

static char certificate_file[64], key_file[64];
static struct dw_server_tls *tls;

static void write_pair(const char *name, int serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    FILE *file;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    file = fopen(certificate_file, "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(key_file, "w");
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int set_up_tls(void **state)
{
    struct dw_listener_config config = listener_settings("127.0.0.1:0");
    struct dw_error error;

    (void)state;
    snprintf(certificate_file, sizeof certificate_file, "/tmp/dw-test-%d.crt", (int)getpid());
    snprintf(key_file, sizeof key_file, "/tmp/dw-test-%d.key", (int)getpid());
    write_pair("first", 1);
    tls = dw_server_tls_open(certificate_file, key_file, &error);
    assert_done(tls != NULL, error);
    config.tls = tls;
    config.limits.head_timeout_ms = 2000;
    make_net(2);
    start_server(&config);
    return 0;
}

static int tear_down_tls(void **state)
{
    tear_down(state);
    dw_server_tls_free(tls);
    unlink(certificate_file);
    unlink(key_file);
    return 0;
}

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

static bool tls_dial(struct tls_client *client, int most_version, const char *protocol)
{
    client->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(client->context, 0);
    SSL_CTX_set_min_proto_version(client->context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(client->context, most_version);
    client->ssl = SSL_new(client->context);
    client->fd = dial();
    SSL_set_fd(client->ssl, client->fd);
    if (protocol)
        SSL_set_alpn_protos(client->ssl, (const unsigned char *)protocol,
                            (unsigned)strlen(protocol));
    return SSL_connect(client->ssl) == 1;
}

static void tls_hang_up(struct tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
}

static size_t tls_hear(struct tls_client *client, char *room, size_t size)
{
    size_t len = 0;
    int count;

    while (len < size - 1 && (count = SSL_read(client->ssl, room + len, (int)(size - 1 - len))) > 0)
        len += (size_t)count;
    room[len] = '\0';
    return len;
}

static void old_versions_and_unknown_protocols_are_refused(void **state)
{
    struct tls_client client;

    (void)state;
    assert_false(tls_dial(&client, TLS1_1_VERSION, NULL));
    tls_hang_up(&client);
    assert_false(tls_dial(&client, TLS1_3_VERSION, "\x02h2"));
    tls_hang_up(&client);
    assert_int_equal(requests_seen, 0);
}

static void garbage_instead_of_a_handshake_is_closed(void **state)
{
    static const char *const garbage[] = {
        "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n",
        "\x16\x03\x01\xff\xff........................................................",
        "\x15\x03\x01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        int fd = dial();

        say(fd, garbage[i]);
        shutdown(fd, SHUT_WR);
        assert_null(strstr(hear_all(fd), "HTTP"));
    }
    assert_int_equal(requests_seen, 0);
}

static void a_handshake_that_stops_is_closed_in_time(void **state)
{
    int fd = dial();

    (void)state;
    say(fd, "\x16\x03\x01\x02");
    assert_string_equal(hear_all(fd), "");
}

static void versions_1_2_and_1_3_work(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_client client;
        static const char request[] =
            "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

        assert_true(tls_dial(&client, versions[i], "\x08http/1.1"));
        assert_int_equal(SSL_version(client.ssl), versions[i]);
        assert_int_equal(SSL_write(client.ssl, request, sizeof request - 1), sizeof request - 1);
        tls_hear(&client, heard, sizeof heard);
        assert_has(heard, "GET /x h 0 127.0.0.1");
        assert_has(heard, "\r\n\r\nlater");
        assert_has(heard, "5\r\nthree\r\n0\r\n\r\n");
        assert_int_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN,
                         SSL_RECEIVED_SHUTDOWN); /* not cut: it said goodbye */
        tls_hang_up(&client);
    }
}

static void large_bodies_go_both_ways(void **state)
{
    static char got[1100000];
    struct tls_client client;
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n"
                               "Connection: close\r\n\r\n";
    size_t len;

    (void)state;
    assert_true(tls_dial(&client, TLS1_3_VERSION, NULL));
    assert_true(SSL_write(client.ssl, head, sizeof head - 1) > 0);
    for (int i = 0; i < 10; i++)
        assert_true(SSL_write(client.ssl, large_body, 100000) > 0);
    len = tls_hear(&client, got, sizeof got);
    assert_in_range(len, 1000000, 1000200);
    tls_hang_up(&client);
}

static void a_slow_tls_reader_gets_everything(void **state)
{
    static char sink[65536];
    struct tls_client client;
    static const char head[] = "GET /flood HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    size_t len = 0;
    int count;

    (void)state;
    assert_true(tls_dial(&client, TLS1_3_VERSION, NULL));
    assert_true(SSL_write(client.ssl, head, sizeof head - 1) > 0);
    usleep(100000);
    while ((count = SSL_read(client.ssl, sink, sizeof sink)) > 0)
        len += (size_t)count;
    assert_true(len > FLOOD_BYTES);
    assert_true(comes_true(&gone_complete, 1));
    tls_hang_up(&client);
}

static void name_of_peer(char name[static 64])
{
    struct tls_client client;
    X509 *certificate;

    assert_true(tls_dial(&client, TLS1_3_VERSION, NULL));
    certificate = SSL_get1_peer_certificate(client.ssl);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, 64);
    X509_free(certificate);
    tls_hang_up(&client);
}

static void sighup_loads_the_new_pair_and_keeps_the_old_when_it_is_bad(void **state)
{
    char name[64];
    FILE *file;

    (void)state;
    name_of_peer(name);
    assert_string_equal(name, "first");
    file = fopen(certificate_file, "w");
    fputs("no certificate", file);
    fclose(file);
    kill(getpid(), SIGHUP);
    for (int i = 0; i < 300 && !log_has("tls_certificate_kept"); i++)
        usleep(10000);
    name_of_peer(name);
    assert_string_equal(name, "first");
    write_pair("second", 2);
    kill(getpid(), SIGHUP);
    for (int i = 0; i < 300 && !log_has("tls_certificate_reloaded"); i++)
        usleep(10000);
    name_of_peer(name);
    assert_string_equal(name, "second");
}

static void a_bad_pair_says_which_file(void **state)
{
    struct dw_error error;
    char message[160];

    (void)state;
    assert_null(dw_server_tls_open("/nowhere.crt", key_file, &error));
    assert_int_equal(error.code, DW_CONFIG);
    assert_string_equal(error.message, "/nowhere.crt: cannot be used as a TLS certificate chain");
    assert_null(dw_server_tls_open(certificate_file, certificate_file, &error));
    snprintf(message, sizeof message, "%s: cannot be used as the TLS key of that certificate",
             certificate_file);
    assert_string_equal(error.message, message);
}

int main(void)
{
#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_tls, tear_down_tls)
    const struct CMUnitTest tests[] = {
        TLS_TEST(old_versions_and_unknown_protocols_are_refused),
        TLS_TEST(garbage_instead_of_a_handshake_is_closed),
        TLS_TEST(a_handshake_that_stops_is_closed_in_time),
        TLS_TEST(versions_1_2_and_1_3_work),
        TLS_TEST(large_bodies_go_both_ways),
        TLS_TEST(a_slow_tls_reader_gets_everything),
        TLS_TEST(sighup_loads_the_new_pair_and_keeps_the_old_when_it_is_bad),
        TLS_TEST(a_bad_pair_says_which_file),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
