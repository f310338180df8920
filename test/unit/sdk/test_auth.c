/* sdk/auth.c: what a tool's author is told of the caller, and every refusal. */
#include "test.h"

#include <stdio.h>

#include "sdk/auth_internal.h"

static struct dw_arena *arena;

/* A caller with these claims, of a provider whose permissions count as scopes. */
static struct dw_auth *caller(const char *claims)
{
    static const struct dw_slice audience = {"a", 1};
    struct dw_access_token_rules rules = {.issuer = DW_LIT("https://i/"),
                                          .audiences = {&audience, 1},
                                          .provider = dw_provider_find(DW_LIT("auth0"))};
    struct dw_access_token *token;
    struct dw_auth *auth;
    struct dw_error error;
    struct dw_jwt jwt = {.typ = DW_EMPTY};
    struct dw_slice json;

    dw_arena_reset(arena);
    json = dw_arena_printf(
        arena, "{\"iss\":\"https://i/\",\"aud\":\"a\",\"exp\":2000000000,\"azp\":\"app\"%s%s}",
        *claims ? "," : "", claims);
    token = DW_ARENA_NEW(arena, struct dw_access_token);
    auth = DW_ARENA_NEW(arena, struct dw_auth);
    assert_done(dw_json_parse(json, arena, &jwt.claims, &error), error);
    assert_done(dw_access_token_check(&jwt, &rules, 1900000000, arena, token, &error), error);
    *auth = (struct dw_auth){.token = token, .arena = arena};
    return auth;
}

static void nobody_may_do_nothing(void **state)
{
    static const struct dw_access_token empty_token;
    struct dw_auth without = {.token = NULL}, empty = {.token = &empty_token};
    const struct dw_auth *const nobodies[] = {NULL, &without, &empty};
    const char *const scopes[] = {"read:tools", "admin", NULL};
    struct dw_slice id, name;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dw_error error;

        assert_fails(dw_auth_require_scope(nobodies[i], "read:tools", &error), error, DW_NO_TOKEN);
        assert_string_equal(error.message, "this needs an access token with the scope "
                                           "\"read:tools\"");
        assert_fails(dw_auth_require_any_scope(nobodies[i], scopes, &error), error, DW_NO_TOKEN);
        assert_fails(dw_auth_require_all_scopes(nobodies[i], scopes, &error), error, DW_NO_TOKEN);
        assert_false(dw_auth_require_scope(nobodies[i], "read:tools", NULL));
        assert_false(dw_auth_has_scope(nobodies[i], "read:tools"));
        assert_false(dw_auth_is_authenticated(nobodies[i]));
        assert_false(dw_auth_is_email_verified(nobodies[i]));
        assert_false(dw_auth_organization(nobodies[i], &id, &name));
        assert_int_equal(dw_auth_expires_at_s(nobodies[i]), 0);
        assert_int_equal(dw_auth_scope_count(nobodies[i]), 0);
        assert_int_equal(dw_auth_permission_count(nobodies[i]), 0);
        assert_slice(dw_auth_scope(nobodies[i], 0), "");
        assert_slice(dw_auth_permission(nobodies[i], 0), "");
        assert_slice(dw_auth_subject(nobodies[i]), "");
        assert_slice(dw_auth_issuer(nobodies[i]), "");
        assert_slice(dw_auth_client_id(nobodies[i]), "");
        assert_slice(dw_auth_email(nobodies[i]), "");
        assert_slice(dw_auth_name(nobodies[i]), "");
        assert_slice(dw_auth_identity_provider(nobodies[i]), "unknown");
        assert_slice(dw_auth_department(nobodies[i], "https://n"), "");
        assert_slice(dw_auth_claim(nobodies[i], "sub"), "");
        assert_slice(dw_auth_custom(nobodies[i], "https://n", "k"), "");
    }
}

static void a_missing_scope_is_refused_and_named(void **state)
{
    static const struct {
        const char *granted, *wanted[4], *needed[4], *says;
        bool is_any;
    } cases[] = {
        {"", {"a"}, {"a"}, "this needs the scope \"a\"", false},
        {"a:b", {"a"}, {"a"}, "this needs the scope \"a\"", false},
        {"a:*", {"a"}, {"a"}, "this needs the scope \"a\"", false},
        {"a:*", {"a:"}, {"a:"}, "this needs the scope \"a:\"", false},
        {"*", {"a"}, {"a"}, "this needs the scope \"a\"", false},
        {":*", {":a"}, {":a"}, "this needs the scope \":a\"", false},
        {"A", {"a"}, {"a"}, "this needs the scope \"a\"", false},
        {"a", {"a", "b", "c"}, {"a", "b", "c"}, "this needs the scope \"b\"", false},
        {"x", {"a"}, {"a"}, "this needs the scope \"a\"", true},
        {"x", {"a", "b"}, {"a"}, "this needs one of the scopes \"a\", \"b\"", true},
        {"x", {"a", "b", "c"}, {"a"}, "this needs one of the scopes \"a\", \"b\", ...", true},
        {"a", {""}, {""}, "this needs the scope \"\"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char claims[64];
        struct dw_error error;
        struct dw_auth *auth;
        size_t count = 0;

        snprintf(claims, sizeof claims, "\"scope\":\"%s\"", cases[i].granted);
        auth = caller(claims);
        assert_fails((cases[i].is_any ? dw_auth_require_any_scope
                                      : dw_auth_require_all_scopes)(auth, cases[i].wanted, &error),
                     error, DW_INSUFFICIENT_SCOPE);
        assert_string_equal(error.message, cases[i].says);
        for (; cases[i].needed[count]; count++)
            assert_slice(auth->needed.items[count], cases[i].needed[count]);
        assert_int_equal(auth->needed.count, count);
    }
}

static void a_requirement_without_scopes_is_a_mistake(void **state)
{
    const char *const none[] = {NULL};
    struct dw_auth *auth = caller("\"scope\":\"a\"");
    struct dw_error error;

    (void)state;
    assert_fails(dw_auth_require_scope(auth, NULL, &error), error, DW_INTERNAL);
    assert_fails(dw_auth_require_any_scope(auth, none, &error), error, DW_INTERNAL);
    assert_fails(dw_auth_require_all_scopes(auth, none, &error), error, DW_INTERNAL);
    assert_fails(dw_auth_require_any_scope(auth, NULL, &error), error, DW_INTERNAL);
    assert_fails(dw_auth_require_all_scopes(auth, NULL, &error), error, DW_INTERNAL);
    assert_false(dw_auth_has_scope(auth, NULL));
    assert_false(dw_auth_has_scope(auth, ""));
}

static void granted_scopes_and_permissions_open(void **state)
{
    const char *const any[] = {"none", "write:resources", NULL};
    const char *const all[] = {"read:tools", "admin:users", "openid", NULL};
    struct dw_auth *auth = caller("\"scope\":\"openid read:tools\","
                                  "\"permissions\":[\"admin:*\",\"write:resources\"]");
    struct dw_error error;

    (void)state;
    assert_done(dw_auth_require_scope(auth, "openid", &error), error);
    assert_done(dw_auth_require_scope(auth, "admin:users", &error), error);
    assert_done(dw_auth_require_any_scope(auth, any, &error), error);
    assert_done(dw_auth_require_all_scopes(auth, all, &error), error);
    assert_true(dw_auth_has_scope(auth, "write:resources"));
    assert_int_equal(auth->needed.count, 0);
    assert_int_equal(dw_auth_scope_count(auth), 4);
    assert_slice(dw_auth_scope(auth, 0), "openid");
    assert_slice(dw_auth_scope(auth, 3), "write:resources");
    assert_slice(dw_auth_scope(auth, 4), "");
}

static void permissions_are_the_claim_or_else_the_scopes(void **state)
{
    struct dw_auth *auth = caller("\"scope\":\"a b\",\"permissions\":[\"p\",\"q\"]");

    (void)state;
    assert_int_equal(dw_auth_permission_count(auth), 2);
    assert_slice(dw_auth_permission(auth, 0), "p");
    assert_slice(dw_auth_permission(auth, 1), "q");
    assert_slice(dw_auth_permission(auth, 2), "");
    auth = caller("\"scope\":\"a b\"");
    assert_int_equal(dw_auth_permission_count(auth), 2);
    assert_slice(dw_auth_permission(auth, 1), "b");
    auth = caller("\"scope\":\"a b\",\"permissions\":[]");
    assert_int_equal(dw_auth_permission_count(auth), 0);
    assert_slice(dw_auth_permission(auth, 0), "");
}

static void claims_say_who_calls(void **state)
{
    struct dw_auth *auth =
        caller("\"sub\":\"google-oauth2|456\",\"email\":\"a@b.c\",\"email_verified\":true,"
               "\"name\":\"Ann\",\"org_id\":\"org_1\",\"org_name\":\"Acme\","
               "\"https://n/department\":\"R&D\",\"https://n/level\":[1, 2]");
    struct dw_slice id, name, text = DW_LIT("as before");

    (void)state;
    assert_true(dw_auth_is_authenticated(auth));
    assert_slice(dw_auth_subject(auth), "google-oauth2|456");
    assert_slice(dw_auth_issuer(auth), "https://i/");
    assert_slice(dw_auth_client_id(auth), "app");
    assert_slice(dw_auth_email(auth), "a@b.c");
    assert_true(dw_auth_is_email_verified(auth));
    assert_slice(dw_auth_name(auth), "Ann");
    assert_int_equal(dw_auth_expires_at_s(auth), 2000000000);
    assert_slice(dw_auth_identity_provider(auth), "google-oauth2");
    assert_true(dw_auth_organization(auth, &id, &name));
    assert_slice(id, "org_1");
    assert_slice(name, "Acme");
    assert_slice(dw_auth_department(auth, "https://n"), "R&D");
    assert_slice(dw_auth_claim(auth, "email"), "\"a@b.c\"");
    assert_slice(dw_auth_custom(auth, "https://n", "level"), "[1, 2]");
    assert_true(dw_auth_custom_text(auth, "https://n", "department", &text));
    assert_slice(text, "R&D");
}

static void absent_and_odd_claims_are_empty(void **state)
{
    struct dw_auth *auth = caller("\"sub\":\"|9\",\"email\":7,\"email_verified\":\"true\","
                                  "\"org_name\":\"Acme\",\"https://n/department\":5,"
                                  "\"https://nx/level\":1,\"https://n\":{\"/level\":1}");
    struct dw_slice id = DW_LIT("x"), name = DW_LIT("y"), text = DW_LIT("as before");

    (void)state;
    assert_slice(dw_auth_identity_provider(auth), "unknown");
    assert_slice(dw_auth_email(auth), "");
    assert_false(dw_auth_is_email_verified(auth));
    assert_slice(dw_auth_name(auth), "");
    assert_false(dw_auth_organization(auth, &id, &name));
    assert_slice(id, "x");
    assert_slice(dw_auth_department(auth, "https://n"), "");
    assert_false(dw_auth_custom_text(auth, "https://n", "department", &text));
    assert_false(dw_auth_custom_text(auth, "https://n", "level", &text));
    assert_slice(text, "as before");
    assert_slice(dw_auth_custom(auth, "https://n", "level"), "");
    assert_slice(dw_auth_custom(auth, "", "level"), "");
    assert_slice(dw_auth_custom(auth, "https://n", ""), "");
    assert_slice(dw_auth_custom(auth, NULL, NULL), "");
    assert_slice(dw_auth_claim(auth, "absent"), "");
    assert_slice(dw_auth_claim(auth, NULL), "");
    assert_slice(dw_auth_identity_provider(caller("\"sub\":\"plain\"")), "unknown");
}

/* Claims of every wrong type: each accessor says that there is nothing. */
static void a_claim_of_another_type_is_as_good_as_none(void **state)
{
    static const char *const values[] = {"1",  "1.5",     "true", "false",        "null",
                                         "[]", "[\"x\"]", "{}",   "{\"x\":\"y\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char claims[512];
        struct dw_slice id = DW_LIT("id"), name = DW_LIT("name"), text = DW_LIT("text");
        struct dw_auth *auth;

        snprintf(claims, sizeof claims,
                 "\"sub\":\"u\",\"email\":%s,\"name\":%s,\"org_name\":%s,\"https://n/department\":"
                 "%s,\"https://n/k\":%s",
                 values[i], values[i], values[i], values[i], values[i]);
        auth = caller(claims);
        assert_slice(dw_auth_email(auth), "");
        assert_slice(dw_auth_name(auth), "");
        assert_slice(dw_auth_department(auth, "https://n"), "");
        assert_false(dw_auth_custom_text(auth, "https://n", "k", &text));
        assert_slice(text, "text");
        assert_slice(dw_auth_custom(auth, "https://n", "k"), values[i]); /* as it is */
        assert_slice(dw_auth_claim(auth, "email"), values[i]);
        assert_false(dw_auth_organization(auth, &id, &name));
        assert_slice(id, "id");
        snprintf(claims, sizeof claims, "\"sub\":\"u\",\"org_id\":\"o\",\"org_name\":%s",
                 values[i]);
        auth = caller(claims);
        assert_true(dw_auth_organization(auth, &id, &name));
        assert_slice(id, "o");
        assert_slice(name, "");
    }
    for (size_t i = 0; i < 2; i++) { /* only true is true */
        static const char *const truths[] = {"true", "false"};
        char claims[64];

        snprintf(claims, sizeof claims, "\"sub\":\"u\",\"email_verified\":%s", truths[i]);
        assert_int_equal(dw_auth_is_email_verified(caller(claims)), i == 0);
    }
    assert_false(dw_auth_is_email_verified(caller("\"sub\":\"u\",\"email_verified\":1")));
    assert_false(dw_auth_is_email_verified(caller("\"sub\":\"u\"")));
}

/* What decides who somebody is must be a text: such a token is refused whole. */
static void a_name_of_another_type_is_no_token(void **state)
{
    static const char *const names[] = {"sub", "azp", "client_id", "org_id", "jti", "scope"};
    static const struct dw_slice audience = {"a", 1};
    const struct dw_access_token_rules rules = {.issuer = DW_LIT("https://i/"),
                                                .audiences = {&audience, 1},
                                                .provider = dw_provider_find(DW_LIT("auth0"))};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dw_access_token token;
        struct dw_jwt jwt = {.typ = DW_EMPTY};
        struct dw_error error;

        dw_arena_reset(arena);
        assert_done(dw_json_parse(dw_arena_printf(arena,
                                                  "{\"iss\":\"https://i/\",\"aud\":\"a\",\"exp\":"
                                                  "2000000000,\"%s\":{\"a\":1}%s}",
                                                  names[i], i ? ",\"sub\":\"u\"" : ""),
                                  arena, &jwt.claims, &error),
                    error);
        assert_fails(dw_access_token_check(&jwt, &rules, 1900000000, arena, &token, &error), error,
                     DW_INVALID_TOKEN);
        assert_non_null(strstr(error.message, names[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_may_do_nothing),
        cmocka_unit_test(a_missing_scope_is_refused_and_named),
        cmocka_unit_test(a_requirement_without_scopes_is_a_mistake),
        cmocka_unit_test(granted_scopes_and_permissions_open),
        cmocka_unit_test(permissions_are_the_claim_or_else_the_scopes),
        cmocka_unit_test(claims_say_who_calls),
        cmocka_unit_test(absent_and_odd_claims_are_empty),
        cmocka_unit_test(a_claim_of_another_type_is_as_good_as_none),
        cmocka_unit_test(a_name_of_another_type_is_no_token),
    };
    int failed;

    arena = dw_arena_new(1 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_arena_free(arena);
    return failed;
}
