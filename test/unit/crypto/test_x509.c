/* crypto/x509.h: what OpenSSL reads out of our certificates. */
#include "test.h"

#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/x509.h"

static struct dw_arena *arena;

static void a_certificate_is_for_its_names_and_key(void **state)
{
    static const enum dw_key_type types[] = {DW_KEY_RSA, DW_KEY_P256, DW_KEY_ED25519};
    struct dw_slice names[] = {DW_LIT("localhost"), DW_LIT("127.0.0.1"), DW_LIT("::1")};
    struct dw_x509_request request = {.common_name = DW_LIT("doorward, a=b/CN=x"),
                                      .names = {names, 3},
                                      .not_before_s = 1700000000,
                                      .not_after_s = 4000000000,
                                      .serial = {0xff, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct dw_error error;
        dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(types[i], 0, &error);
        const unsigned char *at;
        struct dw_slice der;
        X509 *read;

        assert_done(dw_x509_self_sign(key, &request, arena, &der, &error), error);
        at = (const unsigned char *)der.ptr;
        read = d2i_X509(NULL, &at, (long)der.len);
        assert_non_null(read);
        assert_int_equal(X509_verify(read, X509_get0_pubkey(read)), 1);
        assert_int_equal(X509_check_host(read, "localhost", 0, 0, NULL), 1);
        assert_int_equal(X509_check_ip_asc(read, "127.0.0.1", 0), 1);
        assert_int_equal(X509_check_ip_asc(read, "::1", 0), 1);
        assert_int_equal(X509_check_host(read, "other", 0, 0, NULL), 0);
        assert_int_equal(X509_check_ca(read), 0);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(read)), 1);
        X509_free(read);
        assert_true(
            dw_slice_ends_with(dw_x509_pem(der, arena), S("\n-----END CERTIFICATE-----\n")));
    }
}

static void crooked_requests_are_refused(void **state)
{
    struct dw_slice bad_name[] = {DW_LIT("a\nb")}, empty_name[] = {DW_LIT("")};
    const struct dw_x509_request cases[] = {
        {.common_name = DW_EMPTY, .not_before_s = 1, .not_after_s = 2},
        {.common_name = DW_LIT("\xff"), .not_before_s = 1, .not_after_s = 2},
        {.common_name = DW_LIT("x"), .not_before_s = 2, .not_after_s = 2},
        {.common_name = DW_LIT("x"), .not_before_s = -1, .not_after_s = 2},
        {.common_name = DW_LIT("x"), .not_before_s = 1, .not_after_s = 253402300800},
        {.common_name = DW_LIT("x"), .names = {bad_name, 1}, .not_before_s = 1, .not_after_s = 2},
        {.common_name = DW_LIT("x"), .names = {empty_name, 1}, .not_before_s = 1, .not_after_s = 2},
    };
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice der;

        assert_fails(dw_x509_self_sign(key, &cases[i], arena, &der, &error), error, DW_CONFIG);
    }
}

static void a_pkcs7_file_holds_the_certificate(void **state)
{
    const struct dw_x509_request request = {
        .common_name = DW_LIT("tenant.example"), .not_before_s = 1, .not_after_s = 2000000000};
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);
    const unsigned char *at;
    struct dw_slice der, file;
    PKCS7 *read;

    (void)state;
    assert_done(dw_x509_self_sign(key, &request, arena, &der, &error), error);
    assert_done(dw_x509_pkcs7(der, arena, &file, &error), error);
    at = (const unsigned char *)file.ptr;
    read = d2i_PKCS7(NULL, &at, (long)file.len);
    assert_non_null(read);
    assert_true(PKCS7_type_is_signed(read));
    assert_int_equal(sk_X509_num(read->d.sign->cert), 1);
    assert_int_equal(sk_PKCS7_SIGNER_INFO_num(read->d.sign->signer_info), 0);
    PKCS7_free(read);
    assert_fails(dw_x509_pkcs7(S("no certificate"), arena, &file, &error), error, DW_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_for_its_names_and_key),
        cmocka_unit_test(crooked_requests_are_refused),
        cmocka_unit_test(a_pkcs7_file_holds_the_certificate),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
