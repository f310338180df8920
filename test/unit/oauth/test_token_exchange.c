/* Who may vouch for our users, and with what: every claim of an ID-JAG turned wrong in turn, the
 * chain of actors, the names of token types. */
#include "oauth/scope.h"
#include "oauth/token_exchange.h"
#include "test.h"

#include "arena_fixture.h"

#define NOW_S INT64_C(1800000000)
#define IDP "https://idp.example"
#define ISSUER "https://tenant.example/"

static const struct dw_json *parse(const char *text)
{
    const struct dw_json *document;

    assert_done(dw_json_parse(S(text), arena, &document, &error), error);
    return document;
}

static void token_types_are_uris_of_ones_own(void **state)
{
    static const struct {
        const char *type;
        bool is_allowed;
    } rows[] = {
        {"https://acme.com/cis-token", true},
        {"urn:acme:legacy-token", true},
        {"http://acme.com/x", true},
        {"urn:ietf:params:oauth:token-type:jwt", false},
        {"URN:IETF:params:x", false},
        {"urn:auth0:x:y", false},
        {"urn:okta:x:y", false},
        {"https://auth0.com/x", false},
        {"https://tenant.AUTH0.com/x", false},
        {"https://notauth0.com/x", true},
        {"https://acme.okta.com/x", false},
        {"short", false},
        {"not a uri at all", false},
        {"", false},
        {"https://acme.com/"
         "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "89",
         false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        if (dw_subject_token_type_check(S(rows[at].type), &error) != rows[at].is_allowed)
            fail_msg("row %zu: %s", at, rows[at].type);
}

static void a_chain_of_actors_grows_to_five(void **state)
{
    static const char *const chains[] = {
        "{\"sub\":\"c1\",\"act\":{\"sub\":\"c0\"}}",
        "{\"sub\":\"c2\",\"act\":{\"sub\":\"c1\",\"act\":{\"sub\":\"c0\"}}}",
        "{\"sub\":\"c3\",\"act\":{\"sub\":\"c2\",\"act\":{\"sub\":\"c1\",\"act\":{\"sub\":\"c0\"}}}"
        "}",
        "{\"sub\":\"c4\",\"act\":{\"sub\":\"c3\",\"act\":{\"sub\":\"c2\",\"act\":{\"sub\":\"c1\","
        "\"act\":{\"sub\":\"c0\"}}}}}",
    };
    static const char *const clients[] = {"c1", "c2", "c3", "c4"};
    const struct dw_json *act = NULL;
    struct dw_slice json;

    (void)state;
    for (size_t at = 0; at < 4; at++) {
        assert_done(dw_act_extend(S(clients[at]), at ? S(clients[at - 1]) : S("c0"), act, arena,
                                  &json, &error),
                    error);
        assert_slice(json, chains[at]);
        act = parse(json.ptr);
    }
    assert_fails(dw_act_extend(S("c5"), S("c4"), act, arena, &json, &error), error,
                 DW_INVALID_REQUEST);
    assert_string_equal(
        error.message,
        "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4");
    assert_int_equal(dw_code_row(error.code)->http_status, 400);
}

static void nothing_but_names_goes_along_a_chain(void **state)
{
    struct dw_slice json;

    (void)state;
    assert_done(dw_act_extend(S("a\"b"), S("x"),
                              parse("{\"sub\":\"c\\\"1\",\"admin\":true,\"act\":{\"sub\":\"c0\"}}"),
                              arena, &json, &error),
                error);
    assert_slice(json,
                 "{\"sub\":\"a\\\"b\",\"act\":{\"sub\":\"c\\\"1\",\"act\":{\"sub\":\"c0\"}}}");
}

/* ---- ID-JAG: the good one, and one change a row ---- */

#define IAT "\"iat\":1800000000"
#define EXP "\"exp\":1800000300"
#define REST "\"client_id\":\"agent\",\"jti\":\"j1\"," IAT "," EXP
#define GOOD "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\"," REST "}"

static bool check(const char *typ, const char *claims, struct dw_external_subject *ret_subject)
{
    struct dw_jwt jwt = {.claims = parse(claims), .typ = S(typ)};

    error = (struct dw_error){0};
    return dw_id_jag_check(&jwt, S(IDP), S(ISSUER), S("agent"), NOW_S, arena, ret_subject, &error);
}

static void every_wrong_assertion_is_refused(void **state)
{
    static const struct {
        const char *typ, *claims, *reason;
    } rows[] = {
        {"JWT", GOOD, "typ"},
        {"", GOOD, "typ"},
        {"at+jwt", GOOD, "typ"},
        {"oauth-id-jag-jwt", GOOD, "typ"},
        {"OAUTH-ID-JAG+JWT", GOOD, "typ"},
        {NULL, "{\"sub\":\"u1\",\"aud\":\"" ISSUER "\"," REST "}", "issuer"},
        {NULL, "{\"iss\":\"" IDP "/\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\"," REST "}", "issuer"},
        {NULL, "{\"iss\":[\"" IDP "\"],\"sub\":\"u1\",\"aud\":\"" ISSUER "\"," REST "}", "type"},
        {NULL, "{\"iss\":\"" IDP "\",\"aud\":\"" ISSUER "\"," REST "}", "subject"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"\",\"aud\":\"" ISSUER "\"," REST "}", "subject"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":7,\"aud\":\"" ISSUER "\"," REST "}", "type"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u\\n1\",\"aud\":\"" ISSUER "\"," REST "}",
         "control"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u1\"," REST "}", "audience"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"https://other/\"," REST "}",
         "audience"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"https://tenant.example\"," REST "}",
         "audience"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "oauth/token\"," REST "}",
         "audience"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":[\"" ISSUER "\",\"https://o/\"]," REST "}",
         "audience"},
        {NULL, "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":{\"a\":1}," REST "}", "audience"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"jti\":\"j\"," IAT "," EXP
         "}",
         "client"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"other\",\"jti\":\"j\"," IAT "," EXP "}",
         "client"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"client_id\":\"agent\"," IAT
         "," EXP "}",
         "jti"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\"," EXP "}",
         "iat"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\"," IAT "}",
         "times"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\"," IAT ",\"exp\":\"1800000300\"}",
         "times"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\"," IAT ",\"exp\":1800000000}",
         "expired"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\"," IAT ",\"exp\":1800003601}",
         "too long"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
         "\",\"client_id\":\"agent\",\"jti\":\"j\",\"iat\":1800000031," EXP "}",
         "not good yet"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"nbf\":1800000031," REST "}",
         "not good yet"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"cnf\":{\"jkt\":\"x\"}," REST
         "}",
         "bound"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"scope\":[\"r\"]," REST "}",
         "scope"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"scope\":\"r\\\"\"," REST "}",
         "scope"},
        {NULL,
         "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER "\",\"resource\":7," REST "}",
         "resource"},
    };
    struct dw_external_subject subject;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (check(rows[at].typ ? rows[at].typ : "oauth-id-jag+jwt", rows[at].claims, &subject))
            fail_msg("row %zu was taken: %s", at, rows[at].claims);
        assert_int_equal(error.code, DW_INVALID_GRANT);
        if (!strstr(error.message, rows[at].reason))
            fail_msg("row %zu: %s", at, error.message);
    }
}

static void a_good_assertion_says_who_and_what_for(void **state)
{
    struct dw_external_subject subject;

    (void)state;
    assert_true(check("oauth-id-jag+jwt", GOOD, &subject));
    assert_slice(subject.subject, "u1");
    assert_slice(subject.token_id, "j1");
    assert_int_equal(subject.expires_at_s, NOW_S + 300);
    assert_false(subject.has_scope);
    assert_int_equal(subject.resources.count, 0);
    assert_true(check(
        "oauth-id-jag+jwt",
        "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":[\"" ISSUER "\"],\"scope\":\"r w\","
        "\"resource\":\"https://mcp\",\"email\":\"Ada@x.org\",\"email_verified\":true," REST "}",
        &subject));
    assert_true(subject.has_scope);
    assert_int_equal(subject.scopes.count, 2);
    assert_slice(subject.resources.items[0], "https://mcp");
    assert_slice(subject.email, "Ada@x.org");
    assert_true(check("oauth-id-jag+jwt",
                      "{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"" ISSUER
                      "\",\"email\":\"ada@x.org\",\"email_verified\":\"true\",\"scope\":\"\"," REST
                      "}",
                      &subject));
    assert_slice(subject.email, ""); /* not verified: not an identity */
    assert_true(subject.has_scope);
    assert_int_equal(subject.scopes.count, 0);
}

static void assertion_and_request_agree_on_the_api(void **state)
{
    static const struct dw_slice resources[] = {{"https://a", 9}, {"https://b", 9}};
    static const struct {
        size_t count;
        const char *requested, *audience; /* NULL: refused */
    } rows[] = {
        {0, "", ""},
        {0, "https://a", "https://a"},
        {1, "", "https://a"},
        {1, "https://a", "https://a"},
        {1, "https://b", NULL},
        {1, "https://a/", NULL},
        {2, "https://b", "https://b"},
        {2, "", NULL},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_external_subject subject = {.resources = {resources, rows[at].count}};
        struct dw_slice audience;

        if (dw_id_jag_audience(&subject, S(rows[at].requested), &audience, &error) !=
            (rows[at].audience != NULL))
            fail_msg("row %zu", at);
        if (rows[at].audience)
            assert_slice(audience, rows[at].audience);
        else
            assert_int_equal(error.code, DW_INVALID_TARGET);
    }
}

static void a_subject_token_is_for_us_and_young(void **state)
{
    static const struct {
        const char *claims;
        bool is_good;
    } rows[] = {
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"api\"," EXP "}", true},
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":[\"x\",\"api\"]," EXP "}", true},
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"x\"," EXP "}", false},
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\"," EXP "}", false},
        {"{\"iss\":\"x\",\"sub\":\"u1\",\"aud\":\"api\"," EXP "}", false},
        {"{\"iss\":\"" IDP "\",\"aud\":\"api\"," EXP "}", false},
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"api\"}", false},
        {"{\"iss\":\"" IDP "\",\"sub\":\"u1\",\"aud\":\"api\",\"exp\":1799999999}", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_jwt jwt = {.claims = parse(rows[at].claims), .typ = S("JWT")};
        struct dw_external_subject subject;

        error = (struct dw_error){0};
        if (dw_subject_token_check(&jwt, S(IDP), S("api"), NOW_S, arena, &subject, &error) !=
            rows[at].is_good)
            fail_msg("row %zu: %s", at, error.message);
        if (!rows[at].is_good)
            assert_int_equal(error.code, DW_INVALID_REQUEST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_types_are_uris_of_ones_own),
        cmocka_unit_test(a_chain_of_actors_grows_to_five),
        cmocka_unit_test(nothing_but_names_goes_along_a_chain),
        cmocka_unit_test(every_wrong_assertion_is_refused),
        cmocka_unit_test(a_good_assertion_says_who_and_what_for),
        cmocka_unit_test(assertion_and_request_agree_on_the_api),
        cmocka_unit_test(a_subject_token_is_for_us_and_young),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
