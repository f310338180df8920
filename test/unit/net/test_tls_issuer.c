/* net/server.h, dw_server_tls_open_issuing: certificates made as clients ask for names, kept, made
 * again in time, and bounded. Handshakes in memory. */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/server.h"
#include "net/tls_internal.h"

static struct {
    int made;
    char last_host[300];
    int64_t renew_at_s;
    const char *refused;
} source_state;

static struct dw_slice to_pem(struct dw_arena *arena, X509 *certificate, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    long len;
    struct dw_slice pem;

    if (certificate)
        PEM_write_bio_X509(bio, certificate);
    else
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    len = BIO_get_mem_data(bio, &bytes);
    pem = dw_arena_copy(arena, dw_slice_from(bytes, (size_t)len));
    BIO_free(bio);
    return pem;
}

/* The common name says the host, and how many were made before. */
static bool issue(void *user, struct dw_slice host, struct dw_arena *arena,
                  struct dw_certificate *ret_certificate, struct dw_error *reterr)
{
    EVP_PKEY *key;
    X509 *certificate;
    char name[64];

    (void)user;
    if (source_state.refused && dw_slice_eq(host, S(source_state.refused)))
        return dw_fail(reterr, DW_FORBIDDEN, "not that one");
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    snprintf(source_state.last_host, sizeof source_state.last_host, "%.*s", DW_PRINT(host));
    snprintf(name, sizeof name, "%.40s #%d", source_state.last_host, source_state.made++);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    ret_certificate->certificate_pem = to_pem(arena, certificate, NULL);
    ret_certificate->key_pem = dw_secret_from(to_pem(arena, NULL, key));
    ret_certificate->renew_at_s = source_state.renew_at_s;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return true;
}

static struct dw_server_tls *open_issuing(int64_t renew_at_s, const char *refused)
{
    const struct dw_certificate_source source = {.issue = issue};
    struct dw_server_tls *tls;
    struct dw_error error;

    memset(&source_state, 0, sizeof source_state);
    source_state.renew_at_s = renew_at_s;
    source_state.refused = refused;
    tls = dw_server_tls_open_issuing(&source, &error);
    assert_done(tls != NULL, error);
    return tls;
}

/* The common name of what a client gets that asks for `host` (NULL: for none). */
static const char *ask(struct dw_server_tls *tls, const char *host)
{
    static char name[128];
    struct dw_tls_session *server = dw_tls_accept(tls);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *client = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    X509 *certificate;

    assert_non_null(server);
    SSL_set_bio(client, in, out);
    if (host)
        SSL_set_tlsext_host_name(client, host);
    SSL_set_connect_state(client);
    for (int turn = 0; turn < 6 && SSL_do_handshake(client) != 1; turn++) {
        char room[1024], *bytes;
        long len = BIO_get_mem_data(out, &bytes);
        struct dw_error error;
        struct dw_slice unsent;
        size_t got;

        assert_true(dw_tls_take(server, dw_slice_from(bytes, (size_t)len)));
        (void)BIO_reset(out);
        assert_int_not_equal(dw_tls_read(server, room, sizeof room, &got, &error), DW_TLS_FAILED);
        unsent = dw_tls_unsent(server);
        BIO_write(in, unsent.ptr, (int)unsent.len);
        dw_tls_sent(server, unsent.len);
    }
    certificate = SSL_get1_peer_certificate(client);
    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    X509_free(certificate);
    SSL_free(client);
    SSL_CTX_free(context);
    dw_tls_session_free(server);
    return name;
}

static void a_source_that_makes_none_is_seen_at_the_start(void **state)
{
    const struct dw_certificate_source source = {.issue = issue};
    struct dw_error error;

    (void)state;
    source_state.refused = "";
    assert_null(dw_server_tls_open_issuing(&source, &error));
    assert_int_equal(error.code, DW_FORBIDDEN);
}

static void a_name_is_made_once_and_kept(void **state)
{
    struct dw_server_tls *tls = open_issuing(INT64_MAX, NULL);
    struct dw_error error;

    (void)state;
    assert_string_equal(ask(tls, NULL), " #0");
    assert_string_equal(ask(tls, "a.test"), "a.test #1");
    assert_string_equal(ask(tls, "A.Test"), "a.test #1");
    assert_string_equal(ask(tls, NULL), " #0");
    assert_done(dw_server_tls_reload(tls, &error), error);
    assert_string_equal(ask(tls, "a.test"), "a.test #1");
    dw_server_tls_free(tls);
}

static void what_ends_soon_is_made_again(void **state)
{
    struct dw_server_tls *tls = open_issuing(1, NULL);

    (void)state;
    assert_string_equal(ask(tls, "a.test"), "a.test #1");
    source_state.renew_at_s = INT64_MAX;
    assert_string_equal(ask(tls, "a.test"), "a.test #2");
    assert_string_equal(ask(tls, "a.test"), "a.test #2");
    dw_server_tls_free(tls);
}

static void a_name_that_is_refused_gets_the_standard_certificate(void **state)
{
    struct dw_server_tls *tls = open_issuing(INT64_MAX, "evil.example");

    (void)state;
    assert_string_equal(ask(tls, "evil.example"), " #0");
    assert_int_equal(source_state.made, 1);
    dw_server_tls_free(tls);
}

static void more_names_push_out_the_oldest(void **state)
{
    struct dw_server_tls *tls = open_issuing(INT64_MAX, NULL);
    char host[16];

    (void)state;
    for (int i = 0; i < 65; i++) {
        snprintf(host, sizeof host, "n%d.test", i);
        (void)ask(tls, host);
    }
    assert_int_equal(source_state.made, 66);
    (void)ask(tls, "n64.test");
    (void)ask(tls, "n1.test");
    (void)ask(tls, NULL);
    assert_int_equal(source_state.made, 66);
    (void)ask(tls, "n0.test"); /* was pushed out */
    assert_int_equal(source_state.made, 67);
    dw_server_tls_free(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_that_makes_none_is_seen_at_the_start),
        cmocka_unit_test(a_name_is_made_once_and_kept),
        cmocka_unit_test(what_ends_soon_is_made_again),
        cmocka_unit_test(a_name_that_is_refused_gets_the_standard_certificate),
        cmocka_unit_test(more_names_push_out_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
