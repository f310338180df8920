/* The scope algebra: every row of grant_table.h, consent, and who gets refresh tokens. */
#include "grant_table.h"
#include "oauth/scope.h"
#include "test.h"

#include "arena_fixture.h"

static struct dw_slices scopes_of(const char *text)
{
    struct dw_slices scopes;

    assert_done(dw_scopes_parse(S(text), arena, &scopes, &error), error);
    return scopes;
}

static void assert_set(const char *name, struct dw_slices scopes, const char *expected)
{
    struct dw_slice text;

    assert_done(dw_scopes_text(scopes, arena, &text, &error), error);
    if (!dw_slice_eq(text, S(expected)))
        fail_msg("%s: expected \"%s\", got \"%.*s\"", name, expected, DW_PRINT(text));
}

static const struct dw_api_scope declared[] = {
    {{"r", 1}, {"", 0}}, {{"w", 1}, {"", 0}}, {{"x", 1}, {"", 0}}};
static const struct dw_slice grant_types[] = {{"authorization_code", 18}, {"refresh_token", 13}};

static struct dw_api make_api(const struct row *row)
{
    return (struct dw_api){
        .identifier = S(AUDIENCE),
        .scopes = declared,
        .scope_count = 3,
        .token_dialect = row->flags & AUTHZ ? DW_DIALECT_RFC9068_AUTHZ : DW_DIALECT_RFC9068,
        .enforces_policies = (row->flags & RBAC) != 0,
        .allows_offline_access = (row->flags & OFFLINE) != 0,
        .is_system = (row->flags & SYSTEM) != 0,
        .user_policy = row->grant_type == CLIENT ? DENY : row->policy,
        .client_policy = row->grant_type == CLIENT ? row->policy : DENY,
    };
}

static void check(const struct row *row)
{
    struct dw_api api = make_api(row);
    struct dw_oauth_client client = {.id = DW_LIT("c1"),
                                     .kind =
                                         row->flags & DYNAMIC ? DW_CLIENT_DCR : DW_CLIENT_STATIC,
                                     .is_first_party = !(row->flags & THIRD),
                                     .grant_types = {grant_types, row->flags & NO_REFRESH ? 1 : 2}};
    struct dw_client_grant own = {.scopes = scopes_of(row->own_grant ? row->own_grant : ""),
                                  .allows_all_scopes = (row->flags & ALL_SCOPES) != 0};
    struct dw_client_grant standard = {.scopes =
                                           scopes_of(row->default_grant ? row->default_grant : "")};
    struct dw_slices consented = scopes_of(row->consented ? row->consented : "");
    struct dw_slices original = scopes_of(row->original ? row->original : "");
    struct dw_grant_question question = {
        .grant_type = row->grant_type,
        .client = &client,
        .api = row->flags & NO_API ? NULL : &api,
        .audience = S(AUDIENCE),
        .own_grant = row->own_grant ? &own : NULL,
        .default_grant = row->default_grant ? &standard : NULL,
        .is_third_party_oidc_allowed = (row->flags & OIDC3) != 0,
        .dynamic_scopes = scopes_of(row->dynamic_scopes),
        .requested = scopes_of(row->requested),
        .user_permissions = scopes_of(row->user_permissions),
        .consented = row->consented ? &consented : NULL,
        .original = row->original ? &original : NULL,
        .organization_permissions =
            scopes_of(row->organization_permissions ? row->organization_permissions : ""),
        .is_grant_required = (row->flags & MUST_GRANT) != 0,
        .added_scopes = scopes_of(row->added ? row->added : ""),
        .removed_scopes = scopes_of(row->removed ? row->removed : ""),
    };
    struct dw_grant_answer answer;
    bool is_granted = dw_grant_decide(&question, arena, &answer, &error);

    if (is_granted != (row->scopes != NULL))
        fail_msg("%s: granted %d", row->name, is_granted);
    if (!is_granted) {
        bool has_no_grant = strcmp(row->permissions, NO_GRANT) == 0;
        bool is_third = has_no_grant && (row->flags & THIRD);

        assert_int_equal(error.code, is_third       ? DW_UNAUTHORIZED_CLIENT
                                     : has_no_grant ? DW_NO_CLIENT_GRANT
                                                    : DW_ACCESS_DENIED);
        assert_string_equal(error.message, is_third ? THIRD_HAS_NO_GRANT : row->permissions);
        return;
    }
    assert_set(row->name, answer.scopes, row->scopes);
    if (answer.has_permissions != (row->permissions != NULL))
        fail_msg("%s: has_permissions %d", row->name, answer.has_permissions);
    if (row->permissions)
        assert_set(row->name, answer.permissions, row->permissions);
}

static void every_row_of_the_algebra_holds(void **state)
{
    (void)state;
    assert_true(sizeof rows / sizeof *rows >= 80);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        check(&rows[at]);
}

static void without_an_api_there_are_openid_scopes_alone(void **state)
{
    struct dw_oauth_client client = {.is_first_party = true, .grant_types = {grant_types, 2}};
    struct dw_grant_question question = {
        .grant_type = CODE, .client = &client, .requested = scopes_of("openid r offline_access")};
    struct dw_grant_answer answer;

    (void)state;
    assert_done(dw_grant_decide(&question, arena, &answer, &error), error);
    assert_set("no API", answer.scopes, "openid offline_access");
    assert_false(answer.has_permissions);
    question.grant_type = CLIENT;
    assert_fails(dw_grant_decide(&question, arena, &answer, &error), error, DW_ACCESS_DENIED);
    assert_string_equal(error.message, "Non-global clients are not allowed access to APIv1");
    assert_int_equal(dw_code_row(error.code)->http_status, 403);
}

static void no_question_gives_more_than_was_wanted(void **state)
{
    (void)state;
    /* For every row: the answer is within the request, or the request was empty. */
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        if (rows[at].scopes && rows[at].requested[0] && !rows[at].added)
            assert_true(
                dw_scopes_are_within(scopes_of(rows[at].scopes), scopes_of(rows[at].requested)));
}

/* --- consent, refresh tokens -------------------------------------------------------------------
 */

static void consent_is_asked_for_what_is_new(void **state)
{
    static const struct {
        bool is_first_party, has_api, skips, has_consent;
        const char *scopes, *consented;
        bool is_needed;
    } cases[] = {
        {false, true, true, false, "r", "", true}, /* third parties are never skipped */
        {false, true, false, false, "", "", true},
        {false, false, false, false, "openid", "", true},
        {false, true, false, true, "r w", "r", true},
        {false, true, false, true, "r", "r w", false},
        {false, true, false, true, "", "", false},
        {true, true, false, false, "r", "", true},
        {true, true, false, true, "r", "r", false},
        {true, true, true, false, "r", "", false},
        {true, false, false, false, "openid", "", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct dw_oauth_client client = {.is_first_party = cases[at].is_first_party};
        struct dw_api api = {.skips_consent = cases[at].skips};
        struct dw_consent consent = {.scopes = scopes_of(cases[at].consented)};

        assert_int_equal(dw_consent_is_needed(&client, cases[at].has_api ? &api : NULL,
                                              scopes_of(cases[at].scopes),
                                              cases[at].has_consent ? &consent : NULL),
                         cases[at].is_needed);
    }
}

static void refresh_tokens_need_everybodys_leave(void **state)
{
    static const struct {
        bool is_first_party, has_grant_type, has_api, api_allows;
        const char *scopes;
        bool has_token;
    } cases[] = {
        {true, false, true, true, "offline_access", false},
        {true, true, true, false, "offline_access", false},
        {true, true, true, true, "r", false},
        {true, true, true, true, "offline_access r", true},
        {true, true, false, false, "openid offline_access", true},
        {false, true, true, true, "r", true}, /* MCP clients say so in grant_types alone */
        {false, true, true, false, "r", false},
        {false, false, true, true, "r offline_access", false},
        {false, true, false, false, "openid", false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct dw_oauth_client client = {
            .is_first_party = cases[at].is_first_party,
            .grant_types = {grant_types, cases[at].has_grant_type ? 2 : 1}};
        struct dw_api api = {.allows_offline_access = cases[at].api_allows};

        assert_int_equal(dw_grant_has_refresh_token(&client, cases[at].has_api ? &api : NULL,
                                                    scopes_of(cases[at].scopes)),
                         cases[at].has_token);
    }
}

static bool decide_in_small_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 16);
    struct dw_oauth_client client = {.is_first_party = true, .grant_types = {grant_types, 2}};
    struct dw_api api = {.scopes = declared, .scope_count = 3, .user_policy = ALLOW};
    struct dw_grant_question question = {
        .grant_type = PASSWORD, .client = &client, .api = &api, .audience = S(AUDIENCE)};
    struct dw_grant_answer answer;
    struct dw_error failure;

    if (!own)
        return false;
    if (!dw_grant_decide(&question, own, &answer, &failure)) {
        assert_int_equal(failure.code, DW_NO_MEMORY);
        return false;
    }
    return answer.scopes.count == 5 + 3;
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    torture(decide_in_small_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_algebra_holds),
        cmocka_unit_test(without_an_api_there_are_openid_scopes_alone),
        cmocka_unit_test(no_question_gives_more_than_was_wanted),
        cmocka_unit_test(consent_is_asked_for_what_is_new),
        cmocka_unit_test(refresh_tokens_need_everybodys_leave),
        cmocka_unit_test(any_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
