/* oauth/organization.h and connection.h: names, and who is refused with which words. */
#include "test.h"

#include "oauth/organization.h"

static struct dw_error error;

static void names_follow_auth0s_rule(void **state)
{
    static const char *const good[] = {"a", "acme", "a-b_c", "0day", "org", "org-1", "a_"};
    static const char *const bad[] = {
        "",     "Acme",
        "-a",   "_a",
        "a b",  "a.b",
        "org_", "org_1",
        "a\n",  "\xc3\xa9",
        "a/b",  "a%",
        "a\"",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_done(dw_organization_name_check(S(good[i]), &error), error);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(dw_organization_name_check(S(bad[i]), &error), error, DW_INVALID_REQUEST);
}

#define ID_ONLY "authorization request parameter organization must be an organization id"

static void a_request_is_judged_by_the_applications_usage(void **state)
{
    static const struct {
        enum dw_organization_usage usage;
        enum dw_organization_prompt prompt;
        const char *asked;
        bool has_invitation, takes_names;
        const char *refusal; /* NULL: fine */
    } rows[] = {
        {DW_ORGANIZATION_DENY, DW_ORGANIZATION_NO_PROMPT, "", false, false, NULL},
        {DW_ORGANIZATION_DENY, DW_ORGANIZATION_NO_PROMPT, "org_1", false, true,
         "parameter organization is not allowed for this client"},
        {DW_ORGANIZATION_DENY, DW_ORGANIZATION_NO_PROMPT, "", true, true,
         "parameter organization is not allowed for this client"},
        {DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT, "", false, false, NULL},
        {DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT, "org_1", false, false, NULL},
        {DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT, "acme", false, false, ID_ONLY},
        {DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT, "acme", false, true, NULL},
        {DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT, "", true, true,
         "parameter organization is required for an invitation"},
        {DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_NO_PROMPT, "", false, true,
         "parameter organization is required for this client"},
        {DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_PRE_LOGIN_PROMPT, "", false, true, NULL},
        {DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_POST_LOGIN_PROMPT, "", false, true, NULL},
        {DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_POST_LOGIN_PROMPT, "acme", false, false, ID_ONLY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dw_oauth_client client = {.organization_usage = rows[i].usage,
                                         .organization_prompt = rows[i].prompt};
        bool is_fine = dw_organization_check_request(
            &client, S(rows[i].asked), rows[i].has_invitation, rows[i].takes_names, &error);

        assert_int_equal(is_fine, rows[i].refusal == NULL);
        if (rows[i].refusal)
            assert_string_equal(error.message, rows[i].refusal);
    }
}

static void third_parties_need_the_organizations_leave(void **state)
{
    struct dw_organization organization = {.id = S("org_1")};
    struct dw_oauth_client own = {.is_first_party = true}, other = {.is_first_party = false};

    (void)state;
    assert_fails(dw_organization_check_client(&own, NULL, S("org_1"), &error), error,
                 DW_INVALID_REQUEST);
    assert_done(dw_organization_check_client(&own, &organization, S("org_1"), &error), error);
    assert_fails(dw_organization_check_client(&other, &organization, S("org_1"), &error), error,
                 DW_INVALID_REQUEST);
    organization.allows_third_party = true;
    assert_done(dw_organization_check_client(&other, &organization, S("org_1"), &error), error);
}

static void an_invitation_is_for_one_place_and_time(void **state)
{
    struct dw_invitation good = {
        .organization_id = S("org_1"), .client_id = S("app"), .expires_at_s = 100};
    struct dw_invitation used = good;

    (void)state;
    used.used_at_s = 1;
    assert_done(dw_invitation_check(&good, S("org_1"), S("app"), 99, &error), error);
    assert_fails(dw_invitation_check(&good, S("org_1"), S("app"), 100, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_invitation_check(&good, S("org_2"), S("app"), 99, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_invitation_check(&good, S("org_1"), S("app2"), 99, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_invitation_check(&used, S("org_1"), S("app"), 99, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_invitation_check(NULL, S("org_1"), S("app"), 99, &error), error,
                 DW_INVALID_REQUEST);
    assert_string_equal(error.message, "invitation not found or already used");
}

static void connections_serve_whom_they_are_for(void **state)
{
    struct dw_slice app = S("app");
    struct dw_connection_record connection = {.is_active = true, .enabled_clients = {&app, 1}};
    enum dw_strategy strategy;

    (void)state;
    assert_true(dw_connection_serves(&connection, S("app"), true));
    assert_false(dw_connection_serves(&connection, S("other"), true));
    assert_false(dw_connection_serves(&connection, S("app"), false));
    connection.is_domain_connection = true;
    assert_true(dw_connection_serves(&connection, S("any"), false));
    connection.is_active = false;
    assert_false(dw_connection_serves(&connection, S("app"), true));
    assert_false(dw_connection_serves(&connection, S("any"), false));
    assert_true(dw_strategy_from(S("email"), &strategy) && strategy == DW_STRATEGY_EMAIL);
    assert_false(dw_strategy_from(S("Email"), &strategy));
}

static void options_are_read_with_their_standards(void **state)
{
    struct dw_arena *arena = dw_arena_new((size_t)1024 * 1024);
    struct dw_connection_record connection = {
        .options_json = S("{\"disable_signup\":true,\"n\":7,\"s\":\"x\"}")};
    const struct dw_json *options = NULL;

    (void)state;
    assert_done(dw_connection_options(&connection, arena, &options, &error), error);
    assert_true(dw_connection_bool(options, "disable_signup", false));
    assert_true(dw_connection_bool(options, "missing", true));
    assert_true(dw_connection_bool(options, "s", true)); /* of another type */
    assert_int_equal(dw_connection_int(options, "n", 1), 7);
    assert_int_equal(dw_connection_int(options, "s", 1), 1);
    connection.options_json = S("[]");
    assert_fails(dw_connection_options(&connection, arena, &options, &error), error,
                 DW_UNAVAILABLE);
    for (int i = 0; i < DW_STRATEGY_COUNT; i++) {
        connection.options_json = dw_connection_standard_options((enum dw_strategy)i);
        assert_done(dw_connection_options(&connection, arena, &options, &error), error);
    }
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_auth0s_rule),
        cmocka_unit_test(a_request_is_judged_by_the_applications_usage),
        cmocka_unit_test(third_parties_need_the_organizations_leave),
        cmocka_unit_test(an_invitation_is_for_one_place_and_time),
        cmocka_unit_test(connections_serve_whom_they_are_for),
        cmocka_unit_test(options_are_read_with_their_standards),
    };

    return cmocka_run_group_tests_name("oauth/organization", tests, NULL, NULL);
}
