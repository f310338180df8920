/* doorward/testing.h: what its tokens say, and that they pass the real validator only as they
 * should. */
#include "test.h"

#include <doorward/testing.h>

static void odd_issuers_are_refused(void **state)
{
    struct dw_error error;

    (void)state;
    assert_fails(dw_test_issuer_new("http://test.example/", "a", &error), error, DW_CONFIG);
    assert_fails(dw_test_issuer_new("", "a", &error), error, DW_CONFIG);
    assert_fails(dw_test_issuer_new("https://test.example/", "", &error), error, DW_CONFIG);
    assert_fails(dw_test_issuer_new(NULL, NULL, &error), error, DW_CONFIG);
    dw_test_issuer_free(NULL);
    dw_test_token_free(NULL);
}

/* Whether the issuer's own validator takes a token with these claims. */
static bool is_taken(const char *claims, struct dw_error *error)
{
    struct dw_test_issuer *issuer = dw_test_issuer_new("https://test.example/", "a", error);
    struct dw_jwt_validator *validator = dw_test_issuer_validator(issuer, error);
    char *token = dw_test_token(issuer, "user|1", "a b", claims, error);
    struct dw_auth *auth = NULL;
    bool is_good;

    assert_non_null(token);
    is_good = dw_jwt_validate(validator, S(token), &auth, error);
    dw_auth_free(auth);
    dw_test_token_free(token);
    dw_jwt_validator_free(validator);
    dw_test_issuer_free(issuer);
    return is_good;
}

static void tokens_can_be_made_bad(void **state)
{
    static const char *const cases[] = {
        "{\"exp\":1}",
        "{\"exp\":null}",
        "{\"aud\":\"other\"}",
        "{\"aud\":null}",
        "{\"iss\":\"https://x/\"}",
        "{\"iss\":null}",
        "{\"nbf\":9000000000}",
        "{\"sub\":null,\"azp\":null}",
    };
    struct dw_error error;

    (void)state;
    assert_done(is_taken("{}", &error), error);
    assert_done(is_taken(NULL, &error), error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(is_taken(cases[i], &error), error, DW_INVALID_TOKEN);
}

static void claims_that_are_no_object_make_no_token(void **state)
{
    static const char *const cases[] = {"[]", "7", "{", "{\"a\":1,\"a\":2}"};
    struct dw_error error;
    struct dw_test_issuer *issuer = dw_test_issuer_new("https://test.example/", "a", &error);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(dw_test_token(issuer, "u", "", cases[i], &error), error, DW_MALFORMED);
    dw_test_issuer_free(issuer);
}

static void another_issuers_key_is_not_trusted(void **state)
{
    struct dw_error error;
    struct dw_test_issuer *a = dw_test_issuer_new("https://test.example/", "a", &error);
    struct dw_test_issuer *b = dw_test_issuer_new("https://test.example/", "a", &error);
    struct dw_jwt_validator *validator = dw_test_issuer_validator(a, &error);
    char *token = dw_test_token(b, "u", "", "{}", &error);
    struct dw_auth *auth;

    (void)state;
    assert_fails(dw_jwt_validate(validator, S(token), &auth, &error), error, DW_INVALID_TOKEN);
    dw_test_token_free(token);
    dw_jwt_validator_free(validator);
    dw_test_issuer_free(a);
    dw_test_issuer_free(b);
}

static void a_caller_is_who_the_test_says(void **state)
{
    struct dw_error error;
    struct dw_auth *auth = dw_test_auth(
        "auth0|7", "read:tools",
        "{\"permissions\":[\"admin:*\"],\"org_id\":\"o\",\"https://n/department\":\"R\"}", &error);
    struct dw_slice id, name;

    (void)state;
    assert_done(auth != NULL, error);
    assert_slice(dw_auth_subject(auth), "auth0|7");
    assert_slice(dw_auth_client_id(auth), "test-client");
    assert_slice(dw_auth_department(auth, "https://n"), "R");
    assert_true(dw_auth_organization(auth, &id, &name));
    assert_slice(id, "o");
    assert_slice(name, "");
    assert_done(dw_auth_require_scope(auth, "read:tools", &error), error);
    assert_done(dw_auth_require_scope(auth, "admin:x", &error), error);
    assert_fails(dw_auth_require_scope(auth, "write:tools", &error), error, DW_INSUFFICIENT_SCOPE);
    dw_auth_free(auth);
    assert_fails(dw_test_auth("u", "", "{\"exp\":1}", &error), error, DW_INVALID_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_issuers_are_refused),
        cmocka_unit_test(tokens_can_be_made_bad),
        cmocka_unit_test(claims_that_are_no_object_make_no_token),
        cmocka_unit_test(another_issuers_key_is_not_trusted),
        cmocka_unit_test(a_caller_is_who_the_test_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
