/* oauth/access_token.h: which claims pass, and what a refusal says. */
#include "test.h"

#include <stdio.h>

#include "oauth/access_token.h"

#define NOW 1790000000
#define GOOD "\"iss\":\"https://a/\",\"aud\":\"https://b/mcp\",\"sub\":\"u\",\"exp\":1790000600"
#define WITHOUT_EXP "\"iss\":\"https://a/\",\"aud\":\"https://b/mcp\",\"sub\":\"u\""
#define WITHOUT_AUD "\"iss\":\"https://a/\",\"sub\":\"u\",\"exp\":1790000600"

static struct dw_arena *arena;
static struct dw_slice audiences[] = {DW_LIT("https://b/mcp"), DW_LIT("second")};
static struct dw_slice client_ids[] = {DW_LIT("client1")};

static struct dw_access_token_rules rules_for(const char *provider)
{
    return (struct dw_access_token_rules){.issuer = DW_LIT("https://a/"),
                                          .audiences = {audiences, 2},
                                          .provider = dw_provider_find(S(provider)),
                                          .client_ids = {client_ids, 1},
                                          .leeway_s = 60};
}

static bool judge(const char *provider, const char *typ, const char *claims,
                  struct dw_access_token *token, struct dw_error *error)
{
    struct dw_access_token_rules rules = rules_for(provider);
    struct dw_jwt jwt = {.typ = S(typ)};

    dw_arena_reset(arena);
    assert_done(dw_json_parse(S(claims), arena, &jwt.claims, error), *error);
    return dw_access_token_check(&jwt, &rules, NOW, arena, token, error);
}

static void bad_claims_are_refused_and_told(void **state)
{
    static const struct {
        const char *claims, *says;
    } cases[] = {
        {"{}", "who issued it"},
        {"{\"iss\":\"\"}", "who issued it"},
        {"{\"iss\":[\"https://a/\"]}", "\"iss\" is not a text"},
        {"{\"iss\":\"https://a\"}", "issued by \"https://a\", this server trusts \"https://a/\""},
        {"{\"iss\":\"https://A/\"}", "issued by"},
        {"{" GOOD ",\"cnf\":{\"jkt\":\"x\"}}", "bound to a key"},
        {"{" GOOD ",\"cnf\":null}", "bound to a key"},
        {"{" WITHOUT_EXP "}", "no \"exp\""},
        {"{" WITHOUT_EXP ",\"exp\":null}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":true}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":\"1790000600\"}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":[1790000600]}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":{}}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":1e300}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":9223372036854775807}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":18446744073709551616}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":-1}", "not a time"},
        {"{" WITHOUT_EXP ",\"exp\":0}", "expired at 1970-01-01T00:00:00"},
        {"{" WITHOUT_EXP ",\"exp\":1789999940}", "expired at 2026-09-21T14:12:20"},
        {"{" WITHOUT_EXP ",\"exp\":1789999939.99}", "expired at"},
        {"{" GOOD ",\"nbf\":1790000061}", "not valid before"},
        {"{" GOOD ",\"nbf\":\"0\"}", "not a time"},
        {"{" GOOD ",\"nbf\":9007199254740992}", "not valid before"},
        {"{" GOOD ",\"iat\":\"x\"}", "\"iat\" is not a time"},
        {"{" WITHOUT_AUD "}", "whom it is for"},
        {"{" WITHOUT_AUD ",\"aud\":[]}", "whom it is for"},
        {"{" WITHOUT_AUD ",\"aud\":null}", "neither"},
        {"{" WITHOUT_AUD ",\"aud\":7}", "neither"},
        {"{" WITHOUT_AUD ",\"aud\":{\"https://b/mcp\":1}}", "neither"},
        {"{" WITHOUT_AUD ",\"aud\":[[\"https://b/mcp\"]]}", "neither"},
        {"{" WITHOUT_AUD ",\"aud\":[\"https://b/mcp\",7]}", "neither"},
        {"{" WITHOUT_AUD ",\"aud\":\"\"}", "is for \"\""},
        {"{" WITHOUT_AUD ",\"aud\":\"https://b\"}",
         "is for \"https://b\", this server is \"https://b/mcp\""},
        {"{" WITHOUT_AUD ",\"aud\":\"https://b/mcp/\"}", "is for"},
        {"{" WITHOUT_AUD ",\"aud\":\"https://b/MCP\"}", "is for"},
        {"{" WITHOUT_AUD ",\"aud\":\"https://b/mcp second\"}", "is for"},
        {"{" WITHOUT_AUD ",\"aud\":[\"x\",\"y\"]}", "is for \"x\""},
        {"{\"iss\":\"https://a/\",\"aud\":\"second\",\"exp\":1790000600}", "neither a subject"},
        {"{\"iss\":\"https://a/\",\"aud\":\"second\",\"exp\":1790000600,\"sub\":7}",
         "\"sub\" is not a text"},
        {"{\"iss\":\"https://a/\",\"aud\":\"second\",\"exp\":1790000600,\"sub\":\"a\\r\\nb: c\"}",
         "control characters"},
        {"{\"iss\":\"https://a/\",\"aud\":\"second\",\"exp\":1790000600,\"sub\":\"a\\u0000b\"}",
         "control characters"},
        {"{" GOOD ",\"client_id\":{}}", "\"client_id\" is not a text"},
        {"{" GOOD ",\"scope\":7}", "\"scope\" is not a list"},
        {"{" GOOD ",\"scope\":{\"admin\":true}}", "\"scope\" is not a list"},
        {"{" GOOD ",\"scp\":[7]}", "\"scp\" is not a list"},
        {"{" GOOD ",\"permissions\":true}", "\"permissions\" is not a list"},
        {"{" GOOD ",\"at_hash\":\"x\"}", "not the ID token"},
        {"{" GOOD ",\"events\":{}}", "not an access token"},
        {"{" GOOD ",\"token_use\":\"id\"}", "not an access token"},
        {"{" GOOD ",\"token_use\":7}", "\"token_use\" is not a text"},
        {"{" GOOD ",\"typ\":\"ID\"}", "not an access token"},
        {"{" GOOD ",\"typ\":\"Refresh\"}", "not an access token"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_access_token token;
        struct dw_error error;

        assert_fails(judge("auth0", "JWT", cases[i].claims, &token, &error), error,
                     DW_INVALID_TOKEN);
        if (!strstr(error.message, cases[i].says))
            fail_msg("%s: says \"%s\"", cases[i].claims, error.message);
    }
}

static void typ_decides_what_a_token_is(void **state)
{
    static const struct {
        const char *typ;
        bool is_accepted, is_accepted_when_required;
    } cases[] = {
        {"", true, false},
        {"JWT", true, false},
        {"jwt", true, false},
        {"application/jwt", true, false},
        {"at+jwt", true, true},
        {"AT+JWT", true, true},
        {"application/at+jwt", true, true},
        {"id_token+jwt", false, false},
        {"logout+jwt", false, false},
        {"dpop+jwt", false, false},
        {"JOSE", false, false},
        {"at+jwt ", false, false},
        {"secevent+jwt", false, false},
        {"application/application/at+jwt", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int is_required = 0; is_required < 2; is_required++) {
            struct dw_access_token_rules rules = rules_for("oidc");
            struct dw_jwt jwt = {.typ = S(cases[i].typ)};
            struct dw_access_token token;
            struct dw_error error;

            assert_done(dw_json_parse(S("{" GOOD "}"), arena, &jwt.claims, &error), error);
            rules.is_typ_required = is_required;
            assert_int_equal(dw_access_token_check(&jwt, &rules, NOW, arena, &token, &error),
                             is_required ? cases[i].is_accepted_when_required
                                         : cases[i].is_accepted);
        }
}

static void cognito_needs_a_client_it_knows_instead_of_an_audience(void **state)
{
    static const struct {
        const char *provider, *claims;
        bool is_accepted;
    } cases[] = {
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"client1\"", true},
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"client2\"", false},
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"\"", false},
        {"cognito", "\"token_use\":\"access\"", false},
        {"cognito", "\"token_use\":\"id\",\"client_id\":\"client1\"", false},
        {"cognito", "\"client_id\":\"client1\"", false},
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"client1\",\"aud\":null", false},
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"client1\",\"aud\":\"other\"", false},
        {"cognito", "\"token_use\":\"access\",\"client_id\":\"other\",\"aud\":\"second\"", true},
        {"auth0", "\"token_use\":\"access\",\"client_id\":\"client1\"", false},
        {"oidc", "\"token_use\":\"access\",\"client_id\":\"client1\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char claims[400];
        struct dw_access_token token;
        struct dw_error error;

        snprintf(claims, sizeof claims, "{" WITHOUT_AUD ",%s}", cases[i].claims);
        if (judge(cases[i].provider, "", claims, &token, &error) != cases[i].is_accepted)
            fail_msg("%s %s", cases[i].provider, claims);
    }
}

static void scopes_come_from_where_the_provider_puts_them(void **state)
{
    static const struct {
        const char *provider, *claims, *scopes;
    } cases[] = {
        {"oidc", "\"scope\":\"\"", ""},
        {"oidc", "\"scope\":\" a  b a \"", "a b"},
        {"oidc", "\"scope\":[\"a\",\"b\"]", "a b"},
        {"oidc", "\"scope\":\"a\",\"scp\":\"b a\"", "a b"},
        {"okta", "\"scp\":[\"b\",\"a\"]", "b a"},
        {"oidc", "\"permissions\":[\"admin\"]", ""},
        {"auth0", "\"scope\":\"openid\",\"permissions\":[\"read:x\",\"write:x\"]",
         "openid read:x write:x"},
        {"auth0", "\"roles\":[\"admin\"],\"realm_access\":{\"roles\":[\"admin\"]}", ""},
        {"auth0", "\"permissions\":[\"two words\",\"quo\\\"te\",\"\",\"\\u00e4\",\"ok\"]", "ok"},
        {"auth0", "\"permissions\":null", ""},
        {"cognito", "\"cognito:groups\":[\"g\"]", "g"},
        {"entra", "\"scp\":\"a b\",\"roles\":[\"MCP.Admin\"]", "a b MCP.Admin"},
        {"keycloak", "\"realm_access\":{\"roles\":[\"r\"]}", "r"},
        {"keycloak",
         "\"resource_access\":{\"https://b/mcp\":{\"roles\":[\"mine\"]},"
         "\"account\":{\"roles\":[\"not-mine\"]},\"second\":{\"roles\":[\"too\"]}}",
         "mine too"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char claims[600], joined[600] = "";
        struct dw_access_token token;
        struct dw_error error;

        snprintf(claims, sizeof claims, "{" GOOD ",%s}", cases[i].claims);
        assert_done(judge(cases[i].provider, "JWT", claims, &token, &error), error);
        for (size_t j = 0; j < token.scopes.count; j++)
            snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%.*s",
                     j ? " " : "", DW_PRINT(token.scopes.items[j]));
        assert_string_equal(joined, cases[i].scopes);
    }
}

static void who_it_is_comes_out(void **state)
{
    struct dw_access_token token;
    struct dw_error error;

    (void)state;
    assert_done(judge("auth0", "at+jwt",
                      "{" GOOD ",\"azp\":\"c\",\"org_id\":\"o\",\"jti\":\"j\",\"iat\":1789999999,"
                      "\"nbf\":1790000060}",
                      &token, &error),
                error);
    assert_slice(token.issuer, "https://a/");
    assert_slice(token.subject, "u");
    assert_slice(token.client_id, "c");
    assert_slice(token.organization_id, "o");
    assert_slice(token.token_id, "j");
    assert_int_equal(token.issued_at_s, 1789999999);
    assert_int_equal(token.expires_at_s, 1790000600);
    assert_done(judge("okta", "", "{" GOOD ",\"cid\":\"c2\",\"azp\":\"\"}", &token, &error), error);
    assert_slice(token.client_id, "c2");
    /* the last second of the leeway */
    assert_done(judge("oidc", "", "{" WITHOUT_EXP ",\"exp\":1789999941}", &token, &error), error);
}

static void too_many_scopes_are_refused(void **state)
{
    static char claims[8192] = "{" GOOD ",\"scope\":\"";
    struct dw_access_token token;
    struct dw_error error;

    (void)state;
    for (int i = 0; i < 513; i++)
        snprintf(claims + strlen(claims), 8, "s%d ", i);
    strcat(claims, "\"}");
    assert_fails(judge("oidc", "", claims, &token, &error), error, DW_INVALID_TOKEN);
}

static void rules_without_an_audience_let_nobody_in(void **state)
{
    struct dw_access_token_rules rules = rules_for("oidc");
    struct dw_jwt jwt = {.typ = DW_EMPTY};
    struct dw_access_token token;
    struct dw_error error;

    (void)state;
    assert_done(dw_json_parse(S("{" GOOD "}"), arena, &jwt.claims, &error), error);
    rules.audiences.count = 0;
    assert_fails(dw_access_token_check(&jwt, &rules, NOW, arena, &token, &error), error,
                 DW_INTERNAL);
}

static void a_star_covers_what_is_under_it(void **state)
{
    static const struct {
        const char *granted, *wanted;
        bool covers;
    } cases[] = {
        {"a", "a", true},
        {"a", "ab", false},
        {"ab", "a", false},
        {"admin:*", "admin:x", true},
        {"admin:*", "admin:x:y", true},
        {"admin:*", "admin:", false},
        {"admin:*", "admin", false},
        {"admin:*", "administrator:x", false},
        {"*", "x", false},
        {":*", ":x", false},
        {"ad*", "admin", false},
        {"admin:x", "admin:*", false},
        {"admin:*", "admin:*", true},
        {"A", "a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice granted = S(cases[i].granted);

        if (dw_scopes_cover((struct dw_slices){&granted, 1}, S(cases[i].wanted)) != cases[i].covers)
            fail_msg("%s, %s", cases[i].granted, cases[i].wanted);
    }
    assert_false(dw_scopes_cover((struct dw_slices){NULL, 0}, S("a")));
}

static void every_provider_has_its_row(void **state)
{
    struct dw_slice names = S(dw_provider_names()), name;

    (void)state;
    while (dw_slice_split(&names, ',', &name)) {
        const struct dw_provider *row = dw_provider_find(dw_slice_trim(name));

        assert_non_null(row);
        assert_non_null(row->permission_claims);
        assert_non_null(row->audience_help);
    }
    assert_null(dw_provider_find(S("")));
    assert_null(dw_provider_find(S("Auth0")));
    assert_null(dw_provider_find(S("auth")));
}

static bool judge_a_good_token(void)
{
    struct dw_arena *own = dw_arena_new(1 << 17);
    struct dw_access_token_rules rules = rules_for("auth0");
    struct dw_jwt jwt = {.typ = DW_EMPTY};
    struct dw_access_token token;
    struct dw_error error = {.code = DW_NO_MEMORY};
    bool is_good = own &&
                   dw_json_parse(S("{" GOOD ",\"scope\":\"a b\",\"permissions\":[\"c\"]}"), own,
                                 &jwt.claims, &error) &&
                   dw_access_token_check(&jwt, &rules, NOW, own, &token, &error);

    if (is_good)
        assert_int_equal(token.scopes.count, 3);
    else
        assert_int_equal(error.code, DW_NO_MEMORY);
    if (own)
        dw_arena_free(own);
    return is_good;
}

static void running_out_of_memory_is_not_the_tokens_fault(void **state)
{
    (void)state;
    torture(judge_a_good_token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_claims_are_refused_and_told),
        cmocka_unit_test(typ_decides_what_a_token_is),
        cmocka_unit_test(cognito_needs_a_client_it_knows_instead_of_an_audience),
        cmocka_unit_test(scopes_come_from_where_the_provider_puts_them),
        cmocka_unit_test(who_it_is_comes_out),
        cmocka_unit_test(too_many_scopes_are_refused),
        cmocka_unit_test(rules_without_an_audience_let_nobody_in),
        cmocka_unit_test(a_star_covers_what_is_under_it),
        cmocka_unit_test(every_provider_has_its_row),
        cmocka_unit_test(running_out_of_memory_is_not_the_tokens_fault),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
