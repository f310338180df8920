/* crypto/authority.h: what OpenSSL makes of the development authority and its certificates. */
#include "test.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/authority.h"

static struct dw_arena *arena;

static struct dw_x509_request request_for(struct dw_slice *names, size_t count)
{
    return (struct dw_x509_request){.common_name = DW_LIT("test"),
                                    .names = {names, count},
                                    .not_before_s = 1700000000,
                                    .not_after_s = 4000000000,
                                    .serial = {1, 2}};
}

static struct dw_authority *make(const char *host)
{
    struct dw_slice names[] = {dw_slice_from_text(host)};
    struct dw_x509_request request = request_for(names, *host ? 1 : 0);
    struct dw_error error;
    struct dw_authority *authority = dw_authority_make(&request, &error);

    assert_non_null(authority);
    return authority;
}

static X509 *read_pem(struct dw_slice pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(certificate);
    return certificate;
}

/* As a client does: a chain to the authority, strictly by RFC 5280, and the host. */
static int verify(const struct dw_authority *authority, struct dw_slice leaf_pem, const char *host)
{
    struct dw_slice ca_pem;
    struct dw_secret key_pem;
    struct dw_error error;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509 *ca, *leaf = read_pem(leaf_pem);
    int result;

    assert_done(dw_authority_pem(authority, arena, &ca_pem, &key_pem, &error), error);
    ca = read_pem(ca_pem);
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    if (X509_VERIFY_PARAM_set1_ip_asc(X509_STORE_CTX_get0_param(context), host) != 1)
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context), host, 0);
    result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(ca);
    X509_free(leaf);
    return result;
}

static void names_of_other_machines_are_not_certified(void **state)
{
    static const char *const refused[] = {
        "example.com", "login.example.org", "localhost.evil.com", "notlocalhost",
        "tests",       "192.0.2.1",         "2001:db8::1",        "*.com",
        "128.0.0.1",   "example.comm",      "wwwexample.net"};
    dw_auto(dw_authority_auto_free) struct dw_authority *authority = make("www.example.com");
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct dw_slice names[] = {DW_LIT("localhost"), dw_slice_from_text(refused[i])};
        struct dw_x509_request request = request_for(names, 2);
        struct dw_slice pem;

        assert_fails(dw_authority_issue(authority, key, &request, arena, &pem, &error), error,
                     DW_FORBIDDEN);
    }
}

static void names_of_this_machine_verify(void **state)
{
    static const char *const names[] = {
        "localhost",        "app.localhost", "127.0.0.1",       "127.9.8.7",        "::1",
        "tenant.localtest", "a.b.test",      "www.example.com", "x.www.example.com"};
    dw_auto(dw_authority_auto_free) struct dw_authority *authority = make("www.example.com");
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dw_slice name = dw_slice_from_text(names[i]);
        struct dw_x509_request request = request_for(&name, 1);
        struct dw_slice pem;

        assert_done(dw_authority_issue(authority, key, &request, arena, &pem, &error), error);
        assert_int_equal(verify(authority, pem, names[i]), X509_V_OK);
        assert_int_equal(verify(authority, pem, "other.test"), X509_V_ERR_HOSTNAME_MISMATCH);
    }
}

static void an_address_can_be_the_extra_name(void **state)
{
    static const char *const hosts[] = {"192.0.2.7", "2001:db8::7"};
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dw_auto(dw_authority_auto_free) struct dw_authority *authority = make(hosts[i]);
        struct dw_slice name = dw_slice_from_text(hosts[i]), other = DW_LIT("192.0.2.8"), pem;
        struct dw_x509_request request = request_for(&name, 1), wrong = request_for(&other, 1);

        assert_done(dw_authority_issue(authority, key, &request, arena, &pem, &error), error);
        assert_int_equal(verify(authority, pem, hosts[i]), X509_V_OK);
        assert_fails(dw_authority_issue(authority, key, &wrong, arena, &pem, &error), error,
                     DW_FORBIDDEN);
    }
}

static void what_is_no_name_cannot_be_smuggled_into_the_constraints(void **state)
{
    static const char *const crooked[] = {"a,permitted;DNS:com", "a;b", "A.example", "*", "a b",
                                          "com,critical",        "x\n", "@section"};

    (void)state;
    for (size_t i = 0; i < sizeof crooked / sizeof *crooked; i++) {
        struct dw_slice name = dw_slice_from_text(crooked[i]);
        struct dw_x509_request request = request_for(&name, 1);
        struct dw_error error;

        assert_null(dw_authority_make(&request, &error));
        assert_int_equal(error.code, DW_CONFIG);
    }
}

static void a_kept_authority_opens_with_its_own_key_only(void **state)
{
    dw_auto(dw_authority_auto_free) struct dw_authority *one = make("");
    dw_auto(dw_authority_auto_free) struct dw_authority *two = make("");
    dw_auto(dw_authority_auto_free) struct dw_authority *again = NULL;
    struct dw_slice one_pem, two_pem, leaf_pem;
    struct dw_secret one_key, two_key;
    struct dw_slice name = DW_LIT("localhost");
    struct dw_x509_request request = request_for(&name, 1);
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    assert_done(dw_authority_pem(one, arena, &one_pem, &one_key, &error), error);
    assert_done(dw_authority_pem(two, arena, &two_pem, &two_key, &error), error);
    assert_null(dw_authority_open(one_pem, two_key, &error));
    assert_int_equal(error.code, DW_MALFORMED);
    assert_null(dw_authority_open(S("nothing"), one_key, &error));
    assert_int_equal(error.code, DW_MALFORMED);
    again = dw_authority_open(one_pem, one_key, &error);
    assert_non_null(again);
    assert_int_equal(dw_authority_not_after_s(again), 4000000000);
    assert_done(dw_authority_issue(again, key, &request, arena, &leaf_pem, &error), error);
    assert_int_equal(verify(one, leaf_pem, "localhost"), X509_V_OK);
    assert_int_not_equal(verify(two, leaf_pem, "localhost"), X509_V_OK);
    /* A server's certificate is no authority. */
    assert_null(dw_authority_open(leaf_pem, one_key, &error));
    assert_int_equal(error.code, DW_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_other_machines_are_not_certified),
        cmocka_unit_test(names_of_this_machine_verify),
        cmocka_unit_test(an_address_can_be_the_extra_name),
        cmocka_unit_test(what_is_no_name_cannot_be_smuggled_into_the_constraints),
        cmocka_unit_test(a_kept_authority_opens_with_its_own_key_only),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
