/* jose/jwk.h and jose/signing_key.h: which keys of a set count. */
#include "test.h"

#include "base/buf.h"
#include "crypto/x509.h"
#include "jose/jwt.h"
#include "json/json.h"

static struct dw_arena *arena;

/* RFC 7517 A.1 */
#define EC_MEMBERS                                                                                 \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","      \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define RSA_N                                                                                      \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP" \
    "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY" \
    "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f" \
    "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define RSA_MEMBERS "\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""
#define ED_MEMBERS                                                                                 \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static void a_bad_key_is_skipped_and_the_set_survives(void **state)
{
    static const char *const bad[] = {
        "null",
        "17",
        "[]",
        "{}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":65537}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}",
        "{\"kty\":\"RSA\",\"n\":\"" RSA_N "==\",\"e\":\"AQAB\"}",
        "{\"kty\":\"rsa\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}",
        "{" RSA_MEMBERS ",\"use\":\"enc\"}",
        "{" RSA_MEMBERS ",\"use\":7}",
        "{" RSA_MEMBERS ",\"key_ops\":[\"encrypt\"]}",
        "{" RSA_MEMBERS ",\"key_ops\":\"verify\"}",
        "{" RSA_MEMBERS ",\"alg\":\"HS256\"}",
        "{" RSA_MEMBERS ",\"alg\":\"none\"}",
        "{" RSA_MEMBERS ",\"alg\":\"ES256\"}",
        "{" RSA_MEMBERS ",\"alg\":\"RSA-OAEP\"}",
        "{" RSA_MEMBERS ",\"alg\":null}",
        "{" RSA_MEMBERS ",\"kid\":7}",
        "{" RSA_MEMBERS ",\"kid\":\"good\"}", /* the first of a kid counts */
        "{" RSA_MEMBERS ",\"d\":\"AAAA\"}",   /* its private half is no secret any more */
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
        "\"y\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_"
        "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dw_slice set = dw_arena_printf(
            arena, "{\"keys\":[{" EC_MEMBERS ",\"kid\":\"good\"},%s,{" ED_MEMBERS "}]}", bad[i]);
        struct dw_error error;
        size_t skipped = 0;
        struct dw_jwks *keys = dw_jwks_parse(set, &skipped, &error);

        assert_non_null(keys);
        if (skipped != 1)
            fail_msg("not skipped: %s", bad[i]);
        assert_int_equal(dw_jwks_count(keys), 2);
        assert_true(dw_jwks_has_kid(keys, S("good")));
        dw_jwks_unref(keys);
    }
}

static void what_is_no_set_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "{}", "[]", "{\"keys\":{}}", "{\"keys\":null}", "{" RSA_MEMBERS "}", "<html>",
        "{\"keys\":[]} x", "{\"keys\":[],\"keys\":[]}",
        /* one duplicate member anywhere: two readers would see two sets */
        "{\"keys\":[{" EC_MEMBERS ",\"kid\":\"a\",\"kid\":\"b\"}]}"};
    char *huge = dw_arena_alloc(arena, DW_JWKS_MAX_BYTES + 1);
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(dw_jwks_parse(S(cases[i]), NULL, &error) != NULL, error, DW_MALFORMED);
    memset(huge, ' ', DW_JWKS_MAX_BYTES + 1);
    memcpy(huge, "{\"keys\":[]}", 11);
    assert_fails(dw_jwks_parse(dw_slice_from(huge, DW_JWKS_MAX_BYTES + 1), NULL, &error) != NULL,
                 error, DW_MALFORMED);
}

static void an_empty_set_is_a_set(void **state)
{
    struct dw_error error;
    struct dw_jwks *keys = dw_jwks_parse(S("{\"keys\":[]}"), NULL, &error);

    (void)state;
    assert_non_null(keys);
    assert_int_equal(dw_jwks_count(keys), 0);
    assert_false(dw_jwks_has_kid(keys, S("")));
    dw_jwks_unref(keys);
}

static void a_set_has_a_limit(void **state)
{
    struct dw_buf set = dw_buf_in(arena);
    struct dw_error error;
    size_t skipped;
    struct dw_jwks *keys;

    (void)state;
    dw_buf_add(&set, S("{\"keys\":["));
    for (int i = 0; i < 200; i++)
        dw_buf_printf(&set, "%s{" EC_MEMBERS ",\"kid\":\"%d\"}", i ? "," : "", i);
    dw_buf_add(&set, S("]}"));
    keys = dw_jwks_parse(dw_buf_view(&set), &skipped, &error);
    assert_non_null(keys);
    assert_int_equal(dw_jwks_count(keys), DW_JWKS_MAX_KEYS);
    assert_int_equal(skipped, 200 - DW_JWKS_MAX_KEYS);
    dw_jwks_unref(keys);
}

static void a_published_key_has_its_thumbprint_and_certificate(void **state)
{
    struct dw_x509_request request = {
        .common_name = S("tenant"), .not_before_s = 1700000000, .not_after_s = 4000000000};

    (void)state;
    for (enum dw_jose_alg alg = DW_ALG_RS256; alg < DW_ALG_COUNT; alg++) {
        struct dw_error error;
        dw_auto(dw_key_auto_unref) struct dw_key *key =
            dw_key_generate(dw_jose_alg_key_type(alg), 0, &error);
        dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *signing_key = NULL;
        struct dw_slice der, json;
        const struct dw_json *document, *jwk;
        struct dw_jwks *keys;
        size_t skipped;

        assert_done(dw_x509_self_sign(key, &request, arena, &der, &error), error);
        signing_key = dw_signing_key_new(key, alg, S(""), der, &error);
        assert_non_null(signing_key);
        assert_int_equal(dw_signing_key_kid(signing_key).len, 43);
        assert_done(dw_signing_keys_jwks(&signing_key, 1, arena, &json, &error), error);
        keys = dw_jwks_parse(json, &skipped, &error);
        assert_non_null(keys);
        assert_int_equal(skipped, 0);
        assert_true(dw_jwks_has_kid(keys, dw_signing_key_kid(signing_key)));
        assert_done(dw_json_parse(json, arena, &document, &error), error);
        jwk = &dw_json_get(document, "keys")->array.items[0];
        assert_slice(dw_json_text(jwk, "alg"), dw_jose_alg_name(alg));
        assert_slice(dw_json_text(jwk, "use"), "sig");
        assert_int_equal(dw_json_text(jwk, "x5t").len, 27);
        assert_int_equal(dw_json_get(jwk, "x5c")->array.count, 1);
        dw_jwks_unref(keys);
    }
}

static void a_signing_key_must_fit_its_algorithm(void **state)
{
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    assert_fails(dw_signing_key_new(key, DW_ALG_RS256, S("a"), S(""), &error) != NULL, error,
                 DW_CONFIG);
    assert_fails(dw_signing_key_new(key, DW_ALG_ES384, S("a"), S(""), &error) != NULL, error,
                 DW_CONFIG);
    assert_fails(dw_signing_key_new(key, DW_ALG_UNKNOWN, S("a"), S(""), &error) != NULL, error,
                 DW_CONFIG);
}

static void names_of_algorithms_are_exact(void **state)
{
    static const char *const not_ours[] = {"none", "NONE",   "HS256", "rs256",  "RS256 ",
                                           "RS1",  "ES256K", "",      "RS2567", "unknown"};

    (void)state;
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
        assert_int_equal(dw_jose_alg_from(S(not_ours[i])), DW_ALG_UNKNOWN);
    for (enum dw_jose_alg alg = DW_ALG_RS256; alg < DW_ALG_COUNT; alg++)
        assert_int_equal(dw_jose_alg_from(S(dw_jose_alg_name(alg))), alg);
}

static bool parse_a_set(void)
{
    struct dw_error error;
    size_t skipped = 0;
    struct dw_jwks *keys = dw_jwks_parse(
        S("{\"keys\":[{" EC_MEMBERS ",\"kid\":\"a\"},{" RSA_MEMBERS ",\"kid\":\"b\"}]}"), &skipped,
        &error);

    if (!keys) {
        assert_int_equal(error.code, DW_NO_MEMORY);
        return false;
    }
    assert_int_equal(skipped, 0);
    assert_int_equal(dw_jwks_count(keys), 2); /* a lack of memory skips no key */
    dw_jwks_unref(keys);
    return true;
}

static struct dw_signing_key *tortured;

static bool write_a_set(void)
{
    static struct dw_slice expected;
    struct dw_arena *own = dw_arena_new(1 << 16);
    struct dw_slice json;
    struct dw_error error;
    bool is_written = own && dw_signing_keys_jwks(&tortured, 1, own, &json, &error);

    if (is_written) {
        if (!expected.ptr)
            expected = dw_arena_copy(arena, json);
        assert_true(dw_slice_eq(json, expected));
    }
    if (own)
        dw_arena_free(own);
    return is_written;
}

static void running_out_of_memory_loses_no_key(void **state)
{
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);

    (void)state;
    torture(parse_a_set);
    tortured = dw_signing_key_new(key, DW_ALG_ES256, S(""), S("certificate"), &error);
    torture(write_a_set);
    dw_signing_key_unref(tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_key_is_skipped_and_the_set_survives),
        cmocka_unit_test(what_is_no_set_is_refused),
        cmocka_unit_test(an_empty_set_is_a_set),
        cmocka_unit_test(a_set_has_a_limit),
        cmocka_unit_test(a_published_key_has_its_thumbprint_and_certificate),
        cmocka_unit_test(a_signing_key_must_fit_its_algorithm),
        cmocka_unit_test(names_of_algorithms_are_exact),
        cmocka_unit_test(running_out_of_memory_loses_no_key),
    };

    arena = dw_arena_new(16 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
