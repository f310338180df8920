/* Clients prove who they are: what is presented, secrets, signed assertions. */
#include <stdio.h>

#include "base/text.h"
#include "jose/jwt.h"
#include "oauth/client_authentication.h"
#include "test.h"

#include "arena_fixture.h"

#define NOW_S INT64_C(1800000000)
#define ISSUER "https://tenant.example/"

static struct dw_client_credentials credentials;

static bool parse(const char *authorization, const char *body)
{
    struct dw_form form;

    memset(&error, 0, sizeof error);
    return dw_form_parse(S(body), arena, &form, &error) &&
           dw_client_credentials_parse(S(authorization), &form, arena, &credentials, &error);
}

static const char *basic(const char *pair)
{
    struct dw_slice encoded = dw_text_base64(arena, S(pair));

    return dw_arena_text(arena, dw_arena_printf(arena, "Basic %.*s", DW_PRINT(encoded)));
}

/* --- what was presented ------------------------------------------------------------------------
 */

static void unclear_credentials_are_refused(void **state)
{
    const struct {
        const char *authorization, *body;
        enum dw_code code;
    } rows[] = {
        {"", "", DW_INVALID_CLIENT},
        {"", "client_id=", DW_INVALID_CLIENT},
        {"", "client_secret=s", DW_INVALID_CLIENT},
        {"Bearer abc", "client_id=c1", DW_INVALID_CLIENT},
        {"Basic", "client_id=c1", DW_INVALID_CLIENT},
        {"Basic !!!", "", DW_INVALID_REQUEST},
        {"Basic YWJj", "", DW_INVALID_REQUEST}, /* "abc": no colon */
        {basic("c1:a%zz"), "", DW_INVALID_REQUEST},
        {basic(":s"), "", DW_INVALID_CLIENT},
        {basic("c1:s"), "client_secret=s", DW_INVALID_REQUEST},
        {basic("c1:s"), "client_id=c2", DW_INVALID_REQUEST},
        {basic("c1:s"), "client_assertion=x", DW_INVALID_REQUEST},
        {"", "client_id=c1&client_secret=s&client_assertion=x", DW_INVALID_REQUEST},
        {"", "client_id=c1&client_assertion=x", DW_INVALID_REQUEST}, /* no type */
        {"", "client_id=c1&client_assertion=x&client_assertion_type=saml", DW_INVALID_REQUEST},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (parse(rows[at].authorization, rows[at].body))
            fail_msg("taken: %s %s", rows[at].authorization, rows[at].body);
        if (error.code != rows[at].code)
            fail_msg("%s %s: %s", rows[at].authorization, rows[at].body, error.message);
    }
}

static void an_id_has_a_limit(void **state)
{
    char body[DW_CLIENT_ID_MAX_BYTES + 32];

    (void)state;
    snprintf(body, sizeof body, "client_id=%0*d", DW_CLIENT_ID_MAX_BYTES + 1, 0);
    assert_false(parse("", body));
    assert_int_equal(error.code, DW_INVALID_CLIENT);
}

static void each_method_is_recognised(void **state)
{
    const struct {
        const char *authorization, *body;
        enum dw_client_auth_method method;
        const char *id, *secret;
    } rows[] = {
        {"", "client_id=c1", DW_CLIENT_AUTH_NONE, "c1", ""},
        {"", "client_id=c1&client_secret=", DW_CLIENT_AUTH_NONE, "c1", ""},
        {"", "client_id=c1&client_secret=s%20t", DW_CLIENT_AUTH_POST, "c1", "s t"},
        {basic("c1:s"), "", DW_CLIENT_AUTH_BASIC, "c1", "s"},
        {basic("c1:s"), "client_id=c1", DW_CLIENT_AUTH_BASIC, "c1", "s"},
        {basic("c1:"), "", DW_CLIENT_AUTH_NONE, "c1", ""},
        {basic("c1:s:t"), "", DW_CLIENT_AUTH_BASIC, "c1", "s:t"},
        {basic("https%3A%2F%2Fa.example%2Fc:s%25"), "", DW_CLIENT_AUTH_BASIC, "https://a.example/c",
         "s%"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        assert_done(parse(rows[at].authorization, rows[at].body), error);
        assert_int_equal(credentials.method, rows[at].method);
        assert_slice(credentials.client_id, rows[at].id);
        assert_slice(credentials.secret.hidden, rows[at].secret);
    }
}

/* --- secrets -----------------------------------------------------------------------------------
 */

/* SHA-256 of "s3cret". */
static const unsigned char secret_digest[32] = {
    0x1e, 0xc1, 0xc2, 0x6b, 0x50, 0xd5, 0xd3, 0xc5, 0x8d, 0x95, 0x83, 0x18, 0x1a, 0xf8, 0x07, 0x66,
    0x55, 0xfe, 0x00, 0x75, 0x6b, 0xf7, 0x28, 0x59, 0x40, 0xba, 0x36, 0x70, 0xf9, 0x9f, 0xcb, 0xa0};

static void a_secret_is_right_or_unauthorized(void **state)
{
    static const struct {
        const char *name;
        bool is_known;
        enum dw_client_auth_method registered, used;
        const char *id, *secret;
        bool is_good;
    } rows[] = {
        {"unknown", false, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_POST, "c1", "s3cret", false},
        {"another's", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_POST, "c2", "s3cret", false},
        {"wrong", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_POST, "c1", "s3creT", false},
        {"empty", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_POST, "c1", "", false},
        {"none", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_NONE, "c1", "", false},
        {"public with a secret", true, DW_CLIENT_AUTH_NONE, DW_CLIENT_AUTH_POST, "c1", "s3cret",
         false},
        {"unset", true, DW_CLIENT_AUTH_UNSET, DW_CLIENT_AUTH_NONE, "c1", "", false},
        {"unset with a secret", true, DW_CLIENT_AUTH_UNSET, DW_CLIENT_AUTH_POST, "c1", "s3cret",
         false},
        {"has keys", true, DW_CLIENT_AUTH_PRIVATE_KEY_JWT, DW_CLIENT_AUTH_POST, "c1", "s3cret",
         false},
        {"assertion instead", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_PRIVATE_KEY_JWT, "c1", "",
         false},
        {"public", true, DW_CLIENT_AUTH_NONE, DW_CLIENT_AUTH_NONE, "c1", "", true},
        {"post", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_POST, "c1", "s3cret", true},
        {"basic", true, DW_CLIENT_AUTH_BASIC, DW_CLIENT_AUTH_BASIC, "c1", "s3cret", true},
        {"basic for post", true, DW_CLIENT_AUTH_POST, DW_CLIENT_AUTH_BASIC, "c1", "s3cret", true},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_oauth_client client = {.id = S("c1"),
                                         .auth_method = rows[at].registered,
                                         .secret_digest =
                                             dw_slice_from((const char *)secret_digest, 32)};
        struct dw_client_credentials presented = {.method = rows[at].used,
                                                  .client_id = S(rows[at].id),
                                                  .secret = dw_secret_from(S(rows[at].secret))};

        memset(&error, 0, sizeof error);
        if (dw_client_check_secret(rows[at].is_known ? &client : NULL, &presented, &error) !=
            rows[at].is_good)
            fail_msg("%s", rows[at].name);
        if (!rows[at].is_good) {
            assert_int_equal(error.code, DW_CLIENT_REFUSED);
            assert_string_equal(error.message, "Unauthorized");
        }
    }
}

static void a_client_without_digest_is_never_let_in(void **state)
{
    struct dw_oauth_client client = {.id = S("c1"), .auth_method = DW_CLIENT_AUTH_POST};
    struct dw_client_credentials presented = {
        .method = DW_CLIENT_AUTH_POST, .client_id = S("c1"), .secret = dw_secret_from(S("x"))};

    (void)state;
    assert_fails(dw_client_check_secret(&client, &presented, &error), error, DW_CLIENT_REFUSED);
    presented.secret = dw_secret_from(DW_EMPTY);
    assert_fails(dw_client_check_secret(&client, &presented, &error), error, DW_CLIENT_REFUSED);
}

/* --- assertions --------------------------------------------------------------------------------
 */

static struct dw_signing_key *make_key(void)
{
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);
    struct dw_signing_key *signing =
        key ? dw_signing_key_new(key, DW_ALG_ES256, DW_EMPTY, DW_EMPTY, &error) : NULL;

    assert_non_null(signing);
    return signing;
}

static struct dw_jwks *public_half(struct dw_signing_key *key)
{
    struct dw_slice json;
    struct dw_jwks *keys;
    size_t skipped;

    assert_done(dw_signing_keys_jwks(&key, 1, arena, &json, &error), error);
    keys = dw_jwks_parse(json, &skipped, &error);
    assert_non_null(keys);
    return keys;
}

static bool check(struct dw_signing_key *key, const struct dw_jwks *keys, const char *claims,
                  struct dw_client_assertion *assertion)
{
    struct dw_oauth_client client = {.id = S("c1"), .auth_method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT};
    struct dw_client_credentials presented = {.method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT,
                                              .client_id = S("c1")};

    assert_done(dw_jwt_sign(key, "JWT", S(claims), arena, &presented.assertion, &error), error);
    memset(&error, 0, sizeof error);
    return dw_client_check_assertion(&client, &presented, keys, S(ISSUER), NOW_S, arena, assertion,
                                     &error);
}

#define CLAIMS(iss, sub, aud, exp, more)                                                           \
    "{\"iss\":\"" iss "\",\"sub\":\"" sub "\",\"aud\":" aud ",\"exp\":" exp more "}"
#define AUD "\"" ISSUER "\""

static void assertions_are_judged(void **state)
{
    static const struct {
        const char *name, *claims;
        bool is_good;
    } rows[] = {
        {"good", CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"j\""), true},
        {"list of one", CLAIMS("c1", "c1", "[" AUD "]", "1800000060", ",\"jti\":\"j\""), true},
        {"iss", CLAIMS("c2", "c1", AUD, "1800000060", ",\"jti\":\"j\""), false},
        {"sub", CLAIMS("c1", "c2", AUD, "1800000060", ",\"jti\":\"j\""), false},
        {"token endpoint as aud",
         CLAIMS("c1", "c1", "\"" ISSUER "oauth/token\"", "1800000060", ",\"jti\":\"j\""), false},
        {"no slash",
         CLAIMS("c1", "c1", "\"https://tenant.example\"", "1800000060", ",\"jti\":\"j\""), false},
        {"two audiences",
         CLAIMS("c1", "c1", "[" AUD ",\"https://other/\"]", "1800000060", ",\"jti\":\"j\""), false},
        {"no audience", CLAIMS("c1", "c1", "[]", "1800000060", ",\"jti\":\"j\""), false},
        {"expired", CLAIMS("c1", "c1", AUD, "1800000000", ",\"jti\":\"j\""), false},
        {"too long", CLAIMS("c1", "c1", AUD, "1800000361", ",\"jti\":\"j\""), false},
        {"exp as text", CLAIMS("c1", "c1", AUD, "\"1800000060\"", ",\"jti\":\"j\""), false},
        {"no exp", "{\"iss\":\"c1\",\"sub\":\"c1\",\"aud\":" AUD ",\"jti\":\"j\"}", false},
        {"no jti", CLAIMS("c1", "c1", AUD, "1800000060", ""), false},
        {"empty jti", CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"\""), false},
        {"jti no text", CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":7"), false},
        {"nbf later", CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"j\",\"nbf\":1800000061"),
         false},
        {"nbf crooked", CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"j\",\"nbf\":\"x\""),
         false},
        {"nbf with skew",
         CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"j\",\"nbf\":1800000060"), true},
    };
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key = make_key();
    struct dw_jwks *keys = public_half(key);
    struct dw_client_assertion assertion;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (check(key, keys, rows[at].claims, &assertion) != rows[at].is_good)
            fail_msg("%s: %s", rows[at].name, error.message);
        if (!rows[at].is_good)
            assert_int_equal(error.code, DW_CLIENT_REFUSED);
    }
    assert_slice(assertion.token_id, "j");
    assert_int_equal(assertion.expires_at_s, NOW_S + 60);
    dw_jwks_unref(keys);
}

static void a_foreign_key_or_a_crooked_token_is_refused(void **state)
{
    static const char claims[] = CLAIMS("c1", "c1", AUD, "1800000060", ",\"jti\":\"j\"");
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key = make_key();
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *foreign = make_key();
    struct dw_jwks *keys = public_half(key);
    struct dw_oauth_client client = {.id = S("c1"), .auth_method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT};
    struct dw_client_credentials presented = {
        .method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT, .client_id = S("c1"), .assertion = S("x.y.z")};
    struct dw_client_assertion assertion;

    (void)state;
    assert_false(check(foreign, keys, claims, &assertion));
    assert_int_equal(error.code, DW_CLIENT_REFUSED);
    assert_fails(dw_client_check_assertion(&client, &presented, keys, S(ISSUER), NOW_S, arena,
                                           &assertion, &error),
                 error, DW_CLIENT_REFUSED);
    assert_fails(dw_client_check_assertion(NULL, &presented, keys, S(ISSUER), NOW_S, arena,
                                           &assertion, &error),
                 error, DW_CLIENT_REFUSED);
    client.auth_method = DW_CLIENT_AUTH_POST;
    assert_done(dw_jwt_sign(key, "JWT", S(claims), arena, &presented.assertion, &error), error);
    assert_fails(dw_client_check_assertion(&client, &presented, keys, S(ISSUER), NOW_S, arena,
                                           &assertion, &error),
                 error, DW_CLIENT_REFUSED);
    dw_jwks_unref(keys);
}

static void an_assertion_names_its_client(void **state)
{
    dw_auto(dw_signing_key_auto_unref) struct dw_signing_key *key = make_key();
    struct dw_slice token;
    char body[2048];

    (void)state;
    assert_done(dw_jwt_sign(key, "JWT", S("{\"sub\":\"c7\"}"), arena, &token, &error), error);
    snprintf(body, sizeof body,
             "client_assertion=%.*s&client_assertion_type="
             "urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3Ajwt-bearer",
             DW_PRINT(token));
    assert_done(parse("", body), error);
    assert_int_equal(credentials.method, DW_CLIENT_AUTH_PRIVATE_KEY_JWT);
    assert_slice(credentials.client_id, "c7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unclear_credentials_are_refused),
        cmocka_unit_test(an_id_has_a_limit),
        cmocka_unit_test(each_method_is_recognised),
        cmocka_unit_test(a_secret_is_right_or_unauthorized),
        cmocka_unit_test(a_client_without_digest_is_never_let_in),
        cmocka_unit_test(assertions_are_judged),
        cmocka_unit_test(a_foreign_key_or_a_crooked_token_is_refused),
        cmocka_unit_test(an_assertion_names_its_client),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
