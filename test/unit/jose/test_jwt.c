/* jose/jwt.h: taking tokens apart and verifying them. The forged tokens of test/corpus/tokens.tsv
 * run in test_corpus.c; here are the rules one by one. */
#include "test.h"

#include "base/text.h"
#include "crypto/sign.h"
#include "jose/jwt.h"

static struct dw_arena *arena;
static struct dw_signing_key *keys[DW_ALG_COUNT];
static struct dw_jwks *set; /* all of them */

static struct dw_slice encode(const char *text)
{
    return dw_text_base64url(arena, S(text));
}

/* header and claims as they are, signed with the key of alg. */
static struct dw_slice forge(const char *header, const char *claims, enum dw_jose_alg alg)
{
    struct dw_slice part[2] = {encode(header), encode(claims)};
    struct dw_slice signed_part =
        dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(part[0]), DW_PRINT(part[1]));
    struct dw_sign_scheme scheme = {.digest = DW_SHA256, .padding = DW_SIGN_PKCS1};
    struct dw_slice signature;
    struct dw_error error;

    assert_int_equal(alg, DW_ALG_RS256);
    assert_done(
        dw_sign_make(dw_signing_key_key(keys[alg]), scheme, signed_part, arena, &signature, &error),
        error);
    return dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(signed_part),
                           DW_PRINT(dw_text_base64url(arena, signature)));
}

static bool accepts(struct dw_slice token, dw_jose_algs allowed, struct dw_error *error)
{
    struct dw_jwt jwt;
    bool kid_is_unknown;

    return dw_jwt_parse(token, arena, &jwt, error) &&
           dw_jwt_verify(&jwt, set, allowed, &kid_is_unknown, error);
}

static void tokens_that_are_no_jwt_say_what_they_are(void **state)
{
    static const struct {
        const char *token, *says;
    } cases[] = {
        {"", "opaque"},
        {"abcdefghijklmnop", "opaque"},
        {"a.b", "three parts"},
        {"a.b.c.d", "three parts"},
        {"a.b.c.d.e.f", "three parts"},
        {"a.b.c.d.e", "encrypted"},
        {"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c", "encrypted"},
        {"eyJhbGciOiJub25lIn0.e30.", "algorithm \"none\""},
        {"eyJhbGciOiJSUzI1NiJ9.e30.", "part 3"},
        {".e30.AA", "part 1"},
        {"e30..AA", "part 2"},
        {"e30.e30.", "algorithm"},
        {"e30=.e30.AA", "base64"},
        {"e 0.e30.AA", "base64"},
        {"W10.e30.AA", "not a JSON object"},
        {"e30x.e30.AA", "header"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error = {.message = ""};
        struct dw_jwt jwt;

        assert_fails(dw_jwt_parse(S(cases[i].token), arena, &jwt, &error), error, DW_INVALID_TOKEN);
        if (!strstr(error.message, cases[i].says))
            fail_msg("\"%s\" gives \"%s\"", cases[i].token, error.message);
    }
}

static void crooked_headers_are_refused(void **state)
{
    static const char *const cases[] = {
        "{}",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"rs256\"}",
        "{\"alg\":7}",
        "{\"alg\":[\"RS256\"]}",
        "{\"alg\":null}",
        "{\"alg\":\"RS256\",\"alg\":\"none\"}",
        "{\"alg\":\"RS256\",\"\\u0061lg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"RS256\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"crit\":null}",
        "{\"alg\":\"RS256\",\"b64\":false}",
        "{\"alg\":\"RS256\",\"enc\":\"A256GCM\"}",
        "{\"alg\":\"RS256\",\"kid\":1}",
        "{\"alg\":\"RS256\",\"kid\":{}}",
        "{\"alg\":\"RS256\",\"typ\":[]}",
        "{\"alg\":\"RS256\"} ",
        "\"RS256\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error;
        bool is_accepted = accepts(forge(cases[i], "{}", DW_ALG_RS256), DW_ALGS_ALL, &error);

        /* white space after the object is JSON, and the only one that is fine */
        assert_int_equal(is_accepted, cases[i][strlen(cases[i]) - 1] == ' ');
    }
}

static void a_token_verifies_with_its_own_key_and_algorithm_only(void **state)
{
    (void)state;
    for (enum dw_jose_alg alg = DW_ALG_RS256; alg < DW_ALG_COUNT; alg++) {
        struct dw_slice token;
        struct dw_error error;
        struct dw_jwt jwt;

        assert_done(dw_jwt_sign(keys[alg], "at+jwt", S("{\"sub\":\"x\"}"), arena, &token, &error),
                    error);
        assert_done(accepts(token, DW_ALGS_ALL, &error), error);
        assert_done(accepts(token, 1u << alg, &error), error);
        assert_fails(accepts(token, DW_ALGS_ALL & ~(1u << alg), &error), error, DW_INVALID_TOKEN);
        assert_fails(accepts(token, 0, &error), error, DW_INVALID_TOKEN);
        assert_done(dw_jwt_parse(token, arena, &jwt, &error), error);
        assert_int_equal(jwt.alg, alg);
        assert_slice(jwt.typ, "at+jwt");
        assert_slice(jwt.kid, dw_jose_alg_name(alg));
        assert_slice(dw_json_text(jwt.claims, "sub"), "x");
    }
}

static void every_changed_character_is_seen(void **state)
{
    struct dw_slice token;
    struct dw_error error;
    char *text;

    (void)state;
    assert_done(dw_jwt_sign(keys[DW_ALG_ES256], "JWT", S("{\"a\":1}"), arena, &token, &error),
                error);
    text = dw_arena_text(arena, token);
    for (size_t at = 0; at < token.len; at++) {
        char kept = text[at];

        text[at] = kept == 'A' ? 'B' : 'A';
        assert_fails(accepts(dw_slice_from(text, token.len), DW_ALGS_ALL, &error), error,
                     DW_INVALID_TOKEN);
        text[at] = kept;
        assert_fails(accepts(dw_slice_sub(token, 0, at), DW_ALGS_ALL, &error), error,
                     DW_INVALID_TOKEN);
    }
    assert_done(accepts(dw_slice_from(text, token.len), DW_ALGS_ALL, &error), error);
}

static void an_unknown_kid_is_told_apart(void **state)
{
    struct dw_slice token = forge("{\"alg\":\"RS256\",\"kid\":\"new\"}", "{}", DW_ALG_RS256);
    struct dw_slice wrong = forge("{\"alg\":\"RS256\",\"kid\":\"RS384\"}", "{}", DW_ALG_RS256);
    struct dw_error error;
    struct dw_jwt jwt;
    bool kid_is_unknown = false;

    (void)state;
    assert_done(dw_jwt_parse(token, arena, &jwt, &error), error);
    assert_fails(dw_jwt_verify(&jwt, set, DW_ALGS_ALL, &kid_is_unknown, &error), error,
                 DW_INVALID_TOKEN);
    assert_true(kid_is_unknown);
    assert_done(dw_jwt_parse(wrong, arena, &jwt, &error), error);
    assert_fails(dw_jwt_verify(&jwt, set, DW_ALGS_ALL, &kid_is_unknown, &error), error,
                 DW_INVALID_TOKEN);
    assert_false(kid_is_unknown);
}

static struct dw_jwks *set_of(struct dw_signing_key *const *some, size_t count)
{
    struct dw_slice json;
    struct dw_error error;

    assert_done(dw_signing_keys_jwks(some, count, arena, &json, &error), error);
    return dw_jwks_parse(json, NULL, &error);
}

static void a_token_without_kid_needs_a_key_that_fits(void **state)
{
    struct dw_slice token = forge("{\"alg\":\"RS256\"}", "{}", DW_ALG_RS256);
    struct dw_signing_key *many[6];
    struct dw_error error;
    struct dw_jwt jwt;
    bool kid_is_unknown;

    (void)state;
    assert_done(accepts(token, DW_ALGS_ALL, &error), error);
    assert_done(dw_jwt_parse(token, arena, &jwt, &error), error);
    /* behind four strangers and a key of another type: four tries are all it gets */
    for (size_t strangers = 3; strangers <= 4; strangers++) {
        dw_auto(dw_key_auto_unref) struct dw_key *stranger = dw_key_generate(DW_KEY_RSA, 0, &error);
        struct dw_jwks *others;

        many[0] = keys[DW_ALG_ES256];
        for (size_t i = 1; i <= strangers; i++)
            many[i] = dw_signing_key_new(stranger, DW_ALG_RS256,
                                         dw_arena_printf(arena, "stranger %zu", i), S(""), &error);
        many[strangers + 1] = keys[DW_ALG_RS256];
        others = set_of(many, strangers + 2);
        assert_int_equal(dw_jwt_verify(&jwt, others, DW_ALGS_ALL, &kid_is_unknown, &error),
                         strangers < DW_JWT_MAX_TRIES);
        dw_jwks_unref(others);
        others = set_of(many, strangers + 1); /* without the right one */
        assert_fails(dw_jwt_verify(&jwt, others, DW_ALGS_ALL, &kid_is_unknown, &error), error,
                     DW_INVALID_TOKEN);
        dw_jwks_unref(others);
        for (size_t i = 1; i <= strangers; i++)
            dw_signing_key_unref(many[i]);
    }
}

static void a_token_without_kid_finds_no_key_in_an_empty_set(void **state)
{
    struct dw_slice token = forge("{\"alg\":\"RS256\"}", "{}", DW_ALG_RS256);
    struct dw_error error;
    struct dw_jwt jwt;
    struct dw_jwks *empty = set_of(NULL, 0);
    bool kid_is_unknown;

    (void)state;
    assert_done(dw_jwt_parse(token, arena, &jwt, &error), error);
    assert_fails(dw_jwt_verify(&jwt, empty, DW_ALGS_ALL, &kid_is_unknown, &error), error,
                 DW_INVALID_TOKEN);
    dw_jwks_unref(empty);
}

static void keys_in_the_header_are_ignored(void **state)
{
    struct dw_error error;

    (void)state;
    /* the signature is the issuer's: the members neither help nor hurt */
    assert_done(accepts(forge("{\"alg\":\"RS256\",\"kid\":\"RS256\",\"jwk\":{\"kty\":\"oct\"},"
                              "\"jku\":\"http://evil\",\"x5u\":\"http://evil\",\"x5c\":[1]}",
                              "{}", DW_ALG_RS256),
                        DW_ALGS_ALL, &error),
                error);
}

/* RFC 7515 A.2: a token that others made. */
static void the_example_of_rfc_7515_verifies(void **state)
{
    static const char token[] =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZm"
        "h7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTy"
        "WzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtF"
        "ZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioyp"
        "GlUPQGe77Rw";
    static const char jwks[] =
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26m"
        "PddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s"
        "oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMT"
        "BQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
        "TW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}]}";
    struct dw_error error;
    struct dw_jwt jwt;
    struct dw_jwks *theirs = dw_jwks_parse(S(jwks), NULL, &error);
    bool kid_is_unknown;

    (void)state;
    assert_non_null(theirs);
    assert_done(dw_jwt_parse(S(token), arena, &jwt, &error), error);
    assert_done(dw_jwt_verify(&jwt, theirs, DW_ALGS_ALL, &kid_is_unknown, &error), error);
    dw_jwks_unref(theirs);
}

static struct dw_slice tortured;

static bool verify_a_token(void)
{
    struct dw_arena *own = dw_arena_new(1 << 16);
    struct dw_error error = {.code = DW_NO_MEMORY};
    struct dw_jwt jwt;
    bool kid_is_unknown;
    bool is_verified = own && dw_jwt_parse(tortured, own, &jwt, &error) &&
                       dw_jwt_verify(&jwt, set, DW_ALGS_ALL, &kid_is_unknown, &error);

    if (!is_verified) /* never "your token is bad" */
        assert_string_equal(dw_code_row(error.code)->name, "DW_NO_MEMORY");
    if (own)
        dw_arena_free(own);
    return is_verified;
}

static void running_out_of_memory_is_not_the_tokens_fault(void **state)
{
    struct dw_error error;

    (void)state;
    assert_done(dw_jwt_sign(keys[DW_ALG_ES256], "JWT", S("{\"a\":1}"), arena, &tortured, &error),
                error);
    torture(verify_a_token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_that_are_no_jwt_say_what_they_are),
        cmocka_unit_test(crooked_headers_are_refused),
        cmocka_unit_test(a_token_verifies_with_its_own_key_and_algorithm_only),
        cmocka_unit_test(every_changed_character_is_seen),
        cmocka_unit_test(an_unknown_kid_is_told_apart),
        cmocka_unit_test(a_token_without_kid_needs_a_key_that_fits),
        cmocka_unit_test(a_token_without_kid_finds_no_key_in_an_empty_set),
        cmocka_unit_test(keys_in_the_header_are_ignored),
        cmocka_unit_test(the_example_of_rfc_7515_verifies),
        cmocka_unit_test(running_out_of_memory_is_not_the_tokens_fault),
    };
    struct dw_key *by_type[DW_KEY_TYPE_COUNT] = {NULL};
    struct dw_error error;

    arena = dw_arena_new(16 << 20);
    for (enum dw_key_type type = DW_KEY_RSA; type < DW_KEY_TYPE_COUNT; type++)
        by_type[type] = dw_key_generate(type, 0, &error);
    for (enum dw_jose_alg alg = DW_ALG_RS256; alg < DW_ALG_COUNT; alg++)
        keys[alg] = dw_signing_key_new(by_type[dw_jose_alg_key_type(alg)], alg,
                                       S(dw_jose_alg_name(alg)), S(""), &error);
    set = set_of(keys + 1, DW_ALG_COUNT - 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
