/* PKCE: S256 alone, exact lengths, both or neither. */
#include "oauth/pkce.h"
#include "test.h"

/* RFC 7636 appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define X43 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X86 X43 X43

static void a_bad_challenge_is_refused(void **state)
{
    static const struct {
        const char *challenge, *method, *message;
    } rows[] = {
        {"", "S256", "Missing required parameter: code_challenge (PKCE, RFC 7636)"},
        {CHALLENGE, "", "code_challenge_method must be S256"},
        {CHALLENGE, "plain", "code_challenge_method must be S256"},
        {CHALLENGE, "s256", "code_challenge_method must be S256"},
        {CHALLENGE, "S256 ", "code_challenge_method must be S256"},
        {CHALLENGE, "S512", "code_challenge_method must be S256"},
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "S256", NULL},
        {CHALLENGE "=", "S256", NULL},
        {CHALLENGE "M", "S256", NULL},
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", "S256", NULL}, /* not the one spelling */
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", "S256", NULL},
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw/cM", "S256", NULL},
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw cM", "S256", NULL},
        {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw~cM", "S256", NULL},
        {"\xc3\xa9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256", NULL},
    };
    struct dw_error error;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        assert_fails(dw_pkce_check_challenge(S(rows[at].challenge), S(rows[at].method), &error),
                     error, DW_INVALID_REQUEST);
        assert_string_equal(
            error.message,
            rows[at].message
                ? rows[at].message
                : "code_challenge must be the base64url of a SHA-256, without padding");
    }
}

static void a_nul_at_the_end_of_a_challenge_is_refused(void **state)
{
    char challenge[] = CHALLENGE;
    struct dw_error error;

    (void)state;
    challenge[42] = '\0'; /* strchr would find the end of its own list */
    assert_fails(dw_pkce_check_challenge(dw_slice_from(challenge, 43), S("S256"), &error), error,
                 DW_INVALID_REQUEST);
}

static void the_challenge_of_the_rfc_is_taken(void **state)
{
    struct dw_error error;

    (void)state;
    assert_done(dw_pkce_check_challenge(S(CHALLENGE), S("S256"), &error), error);
}

static void a_bad_verifier_is_refused(void **state)
{
    static const struct {
        const char *challenge, *verifier;
        enum dw_code code;
    } rows[] = {
        {CHALLENGE, "", DW_INVALID_REQUEST},
        {"", VERIFIER, DW_INVALID_GRANT}, /* a downgrade: the code was asked for without PKCE */
        {CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX", DW_INVALID_GRANT},
        {CHALLENGE, X43 X43 X43, DW_INVALID_GRANT},
        {CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX+", DW_INVALID_GRANT},
        {CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", DW_INVALID_GRANT},
        {CHALLENGE, CHALLENGE, DW_INVALID_GRANT}, /* plain in disguise */
        {CHALLENGE, VERIFIER "x", DW_INVALID_GRANT},
        {CHALLENGE,
         X86 "............"
             "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
         DW_INVALID_GRANT},
    };
    struct dw_error error;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        assert_fails(
            dw_pkce_verify(S(rows[at].challenge), dw_secret_from(S(rows[at].verifier)), &error),
            error, rows[at].code);
}

static void the_wrong_verifier_is_told_in_auth0s_words(void **state)
{
    struct dw_error error;

    (void)state;
    assert_fails(dw_pkce_verify(S(CHALLENGE), dw_secret_from(S(X43)), &error), error,
                 DW_INVALID_GRANT);
    assert_string_equal(error.message, "Failed to verify code verifier");
}

static void the_pair_of_the_rfc_fits(void **state)
{
    struct dw_error error;

    (void)state;
    assert_done(dw_pkce_verify(S(CHALLENGE), dw_secret_from(S(VERIFIER)), &error), error);
    assert_done(dw_pkce_verify(DW_EMPTY, dw_secret_from(DW_EMPTY), &error), error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_challenge_is_refused),
        cmocka_unit_test(a_nul_at_the_end_of_a_challenge_is_refused),
        cmocka_unit_test(the_challenge_of_the_rfc_is_taken),
        cmocka_unit_test(a_bad_verifier_is_refused),
        cmocka_unit_test(the_wrong_verifier_is_told_in_auth0s_words),
        cmocka_unit_test(the_pair_of_the_rfc_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
