/* HS256: what is signed with a secret, and what is refused. */
#include "jose/jwt_secret.h"
#include "test.h"

#include "arena_fixture.h"

#define SECRET "0123456789abcdef0123456789abcdef"
/* {"alg":"HS256","typ":"JWT"} . {"a":1}, made with openssl dgst -sha256 -hmac */
#define KNOWN                                                                                      \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.aGbK1_nONSboObac6DmY6vyqQ9kmIV84Amg_V0YAg5I"

static struct dw_secret secret(const char *text)
{
    return dw_secret_from(S(text));
}

static void a_token_is_as_openssl_signs_it(void **state)
{
    struct dw_slice token;
    struct dw_jwt jwt;

    (void)state;
    assert_done(dw_jwt_sign_hs256(secret(SECRET), "JWT", S("{\"a\":1}"), arena, &token, &error),
                error);
    assert_slice(token, KNOWN);
    assert_true(dw_jwt_is_hs256(token, arena));
    assert_done(dw_jwt_verify_hs256(token, secret(SECRET), arena, &jwt, &error), error);
    assert_non_null(dw_json_get(jwt.claims, "a"));
    assert_slice(jwt.typ, "JWT");
    assert_int_equal(jwt.alg, DW_ALG_UNKNOWN);
}

static void another_secret_or_another_byte_is_refused(void **state)
{
    static const char *const tokens[] = {
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoyfQ.aGbK1_nONSboObac6DmY6vyqQ9kmIV84Amg_"
        "V0YAg5I",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.AAAA",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ.aGbK1_nONSboObac6DmY6vyqQ9kmIV84Amg_"
        "V0YAg5I=",
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.",                        /* none */
        "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.AAAA",                   /* RS256 */
        "eyJhbGciOiJoczI1NiJ9.eyJhIjoxfQ.AAAA",                   /* case matters */
        "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYSJdfQ.eyJhIjoxfQ.AAAA", /* crit */
        "a.b",
        "",
    };
    struct dw_jwt jwt;

    (void)state;
    for (size_t at = 0; at < sizeof tokens / sizeof *tokens; at++)
        assert_fails(dw_jwt_verify_hs256(S(tokens[at]), secret(SECRET), arena, &jwt, &error), error,
                     DW_INVALID_TOKEN);
    assert_fails(dw_jwt_verify_hs256(S(KNOWN), secret("another-secret-of-thirty-two-bytes"), arena,
                                     &jwt, &error),
                 error, DW_INVALID_TOKEN);
}

static void a_short_secret_signs_nothing(void **state)
{
    struct dw_slice token;
    struct dw_jwt jwt;

    (void)state;
    assert_fails(dw_jwt_sign_hs256(secret("short"), "JWT", S("{}"), arena, &token, &error), error,
                 DW_CONFIG);
    assert_fails(dw_jwt_verify_hs256(S(KNOWN), secret("short"), arena, &jwt, &error), error,
                 DW_CONFIG);
}

/* The functions for public keys never take such a token, whatever they are told to allow. */
static void public_keys_do_not_verify_it(void **state)
{
    struct dw_jwt jwt;

    (void)state;
    assert_fails(dw_jwt_parse(S(KNOWN), arena, &jwt, &error), error, DW_INVALID_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_as_openssl_signs_it),
        cmocka_unit_test(another_secret_or_another_byte_is_refused),
        cmocka_unit_test(a_short_secret_signs_nothing),
        cmocka_unit_test(public_keys_do_not_verify_it),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
