/* DPoP proofs: everything that RFC 9449 section 4.3 has a server check, and the nonces. */
#include "oauth/dpop.h"

#include <stdio.h>

#include "base/buf.h"
#include "proof.h"
#include "test.h"

#define NOW_S INT64_C(1800000000)
#define URL "https://tenant.example/oauth/token"
#define CLAIMS(rest)                                                                               \
    "{\"jti\":\"j1\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000000" rest "}"

static struct dw_arena *arena;
static struct prover prover, other;
static struct dw_error error;
static struct dw_dpop_proof proof;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(16u << 20);
    prover = prover_new(arena);
    other = prover_new(arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dw_key_unref(prover.key);
    dw_key_unref(other.key);
    dw_arena_free(arena);
    return 0;
}

static bool check(const char *text, const char *access_token)
{
    struct dw_dpop_rules rules = {
        .method = S("POST"), .url = S(URL), .access_token = S(access_token), .now_s = NOW_S};

    memset(&error, 0, sizeof error);
    return dw_dpop_check(S(text), &rules, arena, &proof, &error);
}

static const char *header(const char *format, const char *jwk)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_slice text = S(format), before;

    while (dw_slice_split(&text, '$', &before)) {
        dw_buf_add(&buf, before);
        if (text.len > 0)
            dw_buf_add(&buf, S(jwk));
    }
    return dw_arena_text(arena, dw_buf_view(&buf));
}

static void forged_proofs_are_refused(void **state)
{
    static const struct {
        const char *header; /* $ is the key of the prover */
        const char *why;
    } rows[] = {
        {"{\"alg\":\"ES256\",\"jwk\":$}", "typ"},
        {"{\"typ\":\"JWT\",\"alg\":\"ES256\",\"jwk\":$}", "typ"},
        {"{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"jwk\":$}", "typ"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}", "no jwk"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":\"x\"}", "no jwk"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{}}", "not valid"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"none\",\"jwk\":$}", "none"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":$}", "HS256"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
         "HS256"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"RS256\",\"jwk\":$}", "RS256"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"RS512\",\"jwk\":$}", "RS512"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"crit\":[\"x\"],\"jwk\":$}", "crit"},
        {"{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
         "\"x\":\"AAAA\",\"y\":\"AAAA\"}}",
         "coordinates"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const char *text =
            prove_raw(&prover, header(rows[at].header, prover.jwk), CLAIMS(""), arena);

        assert_false(check(text, ""));
        assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
        if (!strstr(error.message, rows[at].why))
            fail_msg("%s: %s", rows[at].header, error.message);
    }
}

static void a_proof_with_its_private_key_is_refused(void **state)
{
    char jwk[512];

    (void)state;
    snprintf(jwk, sizeof jwk, "%.*s,\"d\":\"AAAA\"}", (int)strlen(prover.jwk) - 1, prover.jwk);
    assert_false(
        check(prove_raw(&prover, header("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":$}", jwk),
                        CLAIMS(""), arena),
              ""));
    assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
}

static void a_proof_signed_with_another_key_is_refused(void **state)
{
    (void)state;
    assert_false(check(
        prove_raw(&other, header("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":$}", prover.jwk),
                  CLAIMS(""), arena),
        ""));
    assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
}

static void wrong_claims_are_refused(void **state)
{
    static const struct {
        const char *claims, *why;
    } rows[] = {
        {"{}", "jti"},
        {"{\"jti\":\"\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000000}", "jti"},
        {"{\"jti\":7,\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000000}", "jti"},
        {"{\"jti\":\"j\",\"htu\":\"" URL "\",\"iat\":1800000000}", "method"},
        {"{\"jti\":\"j\",\"htm\":\"GET\",\"htu\":\"" URL "\",\"iat\":1800000000}", "method"},
        {"{\"jti\":\"j\",\"htm\":\"post\",\"htu\":\"" URL "\",\"iat\":1800000000}", "method"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"iat\":1800000000}", "not valid"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"nope\",\"iat\":1800000000}", "not valid"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"https://evil.example/oauth/token\","
         "\"iat\":1800000000}",
         "another URL"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"http://tenant.example/oauth/token\","
         "\"iat\":1800000000}",
         "another URL"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"https://tenant.example:8443/oauth/token\","
         "\"iat\":1800000000}",
         "another URL"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"https://tenant.example/oauth/token/\","
         "\"iat\":1800000000}",
         "another URL"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\"}", "iat"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":\"1800000000\"}", "iat"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1799999699}", "too old"},
        {"{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000061}", "future"},
        {CLAIMS(",\"exp\":1800000000"), "expired"},
        {CLAIMS(",\"nbf\":1800000061"), "not valid yet"},
        {CLAIMS(",\"nonce\":7"), "nonce"},
        {CLAIMS(",\"nonce\":\"\""), "nonce"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        assert_false(check(prove(&prover, rows[at].claims, arena), ""));
        assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
        if (!strstr(error.message, rows[at].why))
            fail_msg("%s: %s", rows[at].claims, error.message);
    }
}

static void a_long_jti_is_refused(void **state)
{
    char claims[600];

    (void)state;
    snprintf(claims, sizeof claims,
             "{\"jti\":\"%0257d\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000000}", 0);
    assert_false(check(prove(&prover, claims, arena), ""));
    assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
}

static void a_good_proof_names_its_key(void **state)
{
    (void)state;
    assert_done(check(prove(&prover, CLAIMS(",\"nonce\":\"n1\""), arena), ""), error);
    assert_true(dw_slice_eq(proof.jkt, prover.jkt));
    assert_int_equal(proof.jkt.len, DW_DPOP_JKT_BYTES);
    assert_slice(proof.nonce, "n1");
    assert_int_equal(proof.expires_at_s, NOW_S + DW_DPOP_MAX_AGE_S + 1);
    assert_int_equal(proof.replay_key.len, 32);
}

static void the_proof_of_the_rfc_is_good(void **state)
{
    /* RFC 9449 figures 2 and 4; the thumbprint is that of figure 9. */
    static const char text[] =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0Vj"
        "NoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5"
        "VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TV"
        "CIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8"
        "lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    struct dw_dpop_rules rules = {
        .method = S("POST"), .url = S("https://server.example.com/token"), .now_s = 1562262616};

    (void)state;
    assert_done(dw_dpop_check(S(text), &rules, arena, &proof, &error), error);
    assert_slice(proof.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

static void the_url_is_compared_in_normal_form(void **state)
{
    static const char *const urls[] = {"https://TENANT.example:443/oauth/token",
                                       "HTTPS://tenant.example/oauth/%74oken", URL "?a=b", URL "#f",
                                       "https://tenant.example/oauth/./token"};
    char claims[256];

    (void)state;
    for (size_t at = 0; at < sizeof urls / sizeof *urls; at++) {
        snprintf(claims, sizeof claims,
                 "{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"%s\",\"iat\":1800000000}", urls[at]);
        assert_done(check(prove(&prover, claims, arena), ""), error);
    }
}

static void times_have_a_window(void **state)
{
    (void)state;
    assert_done(
        check(prove(&prover,
                    "{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1799999700}",
                    arena),
              ""),
        error);
    assert_done(
        check(prove(&prover,
                    "{\"jti\":\"j\",\"htm\":\"POST\",\"htu\":\"" URL "\",\"iat\":1800000060}",
                    arena),
              ""),
        error);
}

static void a_jti_counts_for_its_key(void **state)
{
    struct dw_slice first;

    (void)state;
    assert_done(check(prove(&prover, CLAIMS(""), arena), ""), error);
    first = proof.replay_key;
    assert_done(check(prove(&prover, CLAIMS(",\"x\":1"), arena), ""), error);
    assert_true(dw_slice_eq(first, proof.replay_key));
    assert_done(check(prove(&other, CLAIMS(""), arena), ""), error);
    assert_false(dw_slice_eq(first, proof.replay_key));
}

static void a_proof_at_a_resource_is_for_one_token(void **state)
{
    /* SHA-256 of "token-1" */
    struct dw_slice hash;
    char claims[300];

    (void)state;
    assert_done(dw_sha256_base64url(S("token-1"), arena, &hash, &error), error);
    snprintf(claims, sizeof claims, CLAIMS(",\"ath\":\"%.*s\""), DW_PRINT(hash));
    assert_done(check(prove(&prover, claims, arena), "token-1"), error);
    assert_false(check(prove(&prover, claims, arena), "token-2"));
    assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
    assert_false(check(prove(&prover, CLAIMS(""), arena), "token-1"));
    assert_int_equal(error.code, DW_INVALID_DPOP_PROOF);
}

static bool is_good_nonce(struct dw_secret key, struct dw_slice nonce, int64_t now_s)
{
    bool is_good = true;

    assert_done(dw_dpop_nonce_check(key, nonce, now_s, arena, &is_good, &error), error);
    return is_good;
}

static void a_nonce_is_good_for_two_windows(void **state)
{
    struct dw_secret key = {S("0123456789abcdef0123456789abcdef")};
    struct dw_secret other_key = {S("0123456789abcdef0123456789abcdeF")};
    struct dw_slice nonce;

    (void)state;
    assert_done(dw_dpop_nonce_make(key, NOW_S, arena, &nonce, &error), error);
    assert_true(is_good_nonce(key, nonce, NOW_S));
    assert_true(is_good_nonce(key, nonce, NOW_S + DW_DPOP_NONCE_WINDOW_S));
    assert_false(is_good_nonce(key, nonce, NOW_S + 2 * DW_DPOP_NONCE_WINDOW_S));
    assert_false(is_good_nonce(key, nonce, NOW_S - DW_DPOP_NONCE_WINDOW_S));
    assert_false(is_good_nonce(other_key, nonce, NOW_S));
    assert_false(is_good_nonce(key, DW_EMPTY, NOW_S));
    assert_false(is_good_nonce(key, dw_slice_sub(nonce, 0, nonce.len - 1), NOW_S));
}

static void a_thumbprint_has_a_form(void **state)
{
    (void)state;
    assert_true(dw_dpop_is_jkt(prover.jkt));
    assert_false(dw_dpop_is_jkt(DW_EMPTY));
    assert_false(dw_dpop_is_jkt(dw_slice_sub(prover.jkt, 1, 43)));
    assert_false(dw_dpop_is_jkt(S("0000000000000000000000000000000000000000+00")));
}

static const char *good_proof;

static bool check_in_small_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 20);
    struct dw_dpop_rules rules = {.method = S("POST"), .url = S(URL), .now_s = NOW_S};
    struct dw_dpop_proof own_proof;
    struct dw_error own_error = {0};

    if (!own)
        return false;
    if (dw_dpop_check(S(good_proof), &rules, own, &own_proof, &own_error))
        return true;
    assert_int_equal(own_error.code, DW_NO_MEMORY); /* and never "the proof is bad" */
    return false;
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    good_proof = prove(&prover, CLAIMS(""), arena);
    torture(check_in_small_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forged_proofs_are_refused),
        cmocka_unit_test(a_proof_with_its_private_key_is_refused),
        cmocka_unit_test(a_proof_signed_with_another_key_is_refused),
        cmocka_unit_test(wrong_claims_are_refused),
        cmocka_unit_test(a_long_jti_is_refused),
        cmocka_unit_test(a_good_proof_names_its_key),
        cmocka_unit_test(the_proof_of_the_rfc_is_good),
        cmocka_unit_test(the_url_is_compared_in_normal_form),
        cmocka_unit_test(times_have_a_window),
        cmocka_unit_test(a_jti_counts_for_its_key),
        cmocka_unit_test(a_proof_at_a_resource_is_for_one_token),
        cmocka_unit_test(a_nonce_is_good_for_two_windows),
        cmocka_unit_test(a_thumbprint_has_a_form),
        cmocka_unit_test(any_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, start, end);
}
