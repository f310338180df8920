/* crypto/key.h: weak and crooked keys cannot be made, good ones survive being written. */
#include "test.h"

#include "crypto/key.h"
#include "crypto/sign.h"

static struct dw_arena *arena;

static void generated_keys_survive_pem_and_parts(void **state)
{
    static const struct {
        enum dw_key_type type;
        size_t bytes; /* of the modulus, or of a coordinate */
    } cases[] = {{DW_KEY_RSA, 256},
                 {DW_KEY_P256, 32},
                 {DW_KEY_P384, 48},
                 {DW_KEY_P521, 66},
                 {DW_KEY_ED25519, 32}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error;
        dw_auto(dw_key_auto_unref) struct dw_key *made = dw_key_generate(cases[i].type, 0, &error);
        struct dw_key *read, *public;
        struct dw_key_parts parts, again;
        struct dw_secret pem;

        assert_non_null(made);
        assert_true(dw_key_is_private(made));
        assert_int_equal(dw_key_type(made), cases[i].type);
        assert_done(dw_key_to_pem(made, arena, &pem, &error), error);
        assert_true(dw_slice_starts_with(pem.hidden, S("-----BEGIN PRIVATE KEY-----")));
        read = dw_key_from_pem(pem, &error);
        assert_non_null(read);
        assert_done(dw_key_parts(read, arena, &parts, &error), error);
        assert_int_equal(parts.n.len ? parts.n.len : parts.x.len, cases[i].bytes);
        public = dw_key_from_parts(&parts, &error);
        assert_non_null(public);
        assert_false(dw_key_is_private(public));
        assert_fails(dw_key_to_pem(public, arena, &pem, &error), error, DW_MALFORMED);
        assert_done(dw_key_parts(public, arena, &again, &error), error);
        assert_true(dw_slice_eq(parts.n, again.n) && dw_slice_eq(parts.e, again.e));
        assert_true(dw_slice_eq(parts.x, again.x) && dw_slice_eq(parts.y, again.y));
        dw_key_unref(public);
        dw_key_unref(read);
    }
}

static struct dw_slice bytes_of(size_t len, unsigned char first, unsigned char last)
{
    unsigned char *bytes = dw_arena_alloc(arena, len);

    memset(bytes, 0x5a, len);
    bytes[0] = first;
    bytes[len - 1] = last;
    return dw_slice_from((char *)bytes, len);
}

static void weak_rsa_keys_are_refused(void **state)
{
    const struct {
        struct dw_slice n, e;
    } cases[] = {
        {bytes_of(128, 0x80, 1), DW_LIT("\1\0\1")},       /* 1,024 bits */
        {bytes_of(256, 0x7f, 1), DW_LIT("\1\0\1")},       /* 2,047 bits */
        {bytes_of(1025, 0x80, 1), DW_LIT("\1\0\1")},      /* 8,200 bits */
        {bytes_of(4000, 0x80, 1), DW_LIT("\1\0\1")},      /* absurd */
        {bytes_of(256, 0x80, 2), DW_LIT("\1\0\1")},       /* even modulus */
        {bytes_of(256, 0x80, 1), DW_LIT("\1")},           /* exponent 1: anything verifies */
        {bytes_of(256, 0x80, 1), DW_LIT("\2")},           /* even exponent */
        {bytes_of(256, 0x80, 1), DW_LIT("\0")},           /* exponent 0 */
        {bytes_of(256, 0x80, 1), DW_LIT("")},             /* none */
        {bytes_of(256, 0x80, 1), DW_LIT("\1\0\0\0\1")},   /* 33 bits */
        {DW_LIT(""), DW_LIT("\1\0\1")},                   /* no modulus */
        {bytes_of(256, 0x80, 1), bytes_of(100, 0x80, 1)}, /* exponent of 800 bits */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_key_parts parts = {.type = DW_KEY_RSA, .n = cases[i].n, .e = cases[i].e};
        struct dw_error error;

        assert_fails(dw_key_from_parts(&parts, &error) != NULL, error, DW_MALFORMED);
    }
}

static void crooked_points_are_refused(void **state)
{
    const struct dw_key_parts cases[] = {
        {.type = DW_KEY_P256, .x = bytes_of(32, 1, 1), .y = bytes_of(32, 1, 1)}, /* off the curve */
        {.type = DW_KEY_P256, .x = bytes_of(31, 1, 1), .y = bytes_of(32, 1, 1)},
        {.type = DW_KEY_P256, .x = bytes_of(33, 1, 1), .y = bytes_of(32, 1, 1)},
        {.type = DW_KEY_P256, .x = bytes_of(32, 1, 1)},
        {.type = DW_KEY_P256, .x = bytes_of(32, 0xff, 1), .y = bytes_of(32, 0xff, 1)},
        {.type = DW_KEY_P384, .x = bytes_of(32, 1, 1), .y = bytes_of(32, 1, 1)},
        {.type = DW_KEY_P521, .x = bytes_of(65, 1, 1), .y = bytes_of(65, 1, 1)},
        {.type = DW_KEY_ED25519, .x = bytes_of(31, 1, 1)},
        {.type = DW_KEY_ED25519},
        {.type = DW_KEY_UNKNOWN},
        {.type = DW_KEY_TYPE_COUNT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error;

        assert_fails(dw_key_from_parts(&cases[i], &error) != NULL, error, DW_MALFORMED);
    }
}

/* openssl genrsa 1024 | openssl rsa -pubout */
static const char rsa_1024[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDIDrN1ScJ6nnVWISzpwRiuQs5G\n"
                               "HdtmbOyEhjW7bnEDNMj6RKE/7eL/uD+WoBJANLCihn+Z9W124tsDbdo7IWHhbmHx\n"
                               "mKH13fKiZwSKKbrNsFGomlQDlV4unwg58VVX2gxECVMupiy41ebtSjka5tazSKMR\n"
                               "6Ll96+Z6zWk9Dw0xTQIDAQAB\n"
                               "-----END PUBLIC KEY-----\n";

static void what_is_no_pem_key_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "hello", rsa_1024, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        /* X25519: a key, but not one that signs */
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
        "-----END PUBLIC KEY-----\n"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error;

        assert_fails(dw_key_from_pem(dw_secret_from(S(cases[i])), &error) != NULL, error,
                     DW_MALFORMED);
    }
}

static void a_weak_key_cannot_be_generated(void **state)
{
    struct dw_error error;

    (void)state;
    assert_fails(dw_key_generate(DW_KEY_RSA, 1024, &error) != NULL, error, DW_CONFIG);
    assert_fails(dw_key_generate(DW_KEY_RSA, 16384, &error) != NULL, error, DW_CONFIG);
    assert_null(dw_key_generate(DW_KEY_UNKNOWN, 0, &error));
}

static struct dw_key_parts good_parts;

static bool make_a_key(void)
{
    struct dw_error error;
    struct dw_key *key = dw_key_from_parts(&good_parts, &error);

    if (!key)
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_key_unref(key);
    return key != NULL;
}

static void running_out_of_memory_is_told(void **state)
{
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    assert_done(dw_key_parts(key, arena, &good_parts, &error), error);
    torture(make_a_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_keys_survive_pem_and_parts),
        cmocka_unit_test(weak_rsa_keys_are_refused),
        cmocka_unit_test(crooked_points_are_refused),
        cmocka_unit_test(what_is_no_pem_key_is_refused),
        cmocka_unit_test(a_weak_key_cannot_be_generated),
        cmocka_unit_test(running_out_of_memory_is_told),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
