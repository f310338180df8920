/* Multi-resource refresh tokens: which API, which scopes at most. */
#include "base/buf.h"
#include "oauth/refresh_target.h"
#include "oauth/scope.h"
#include "test.h"

#include "arena_fixture.h"

#define OWN "https://api1.example"
#define OTHER "https://api2.example"
#define POLICIES                                                                                   \
    "[{\"audience\":\"" OTHER "\",\"scope\":[\"x\",\"y\"]},{\"audience\":\"" OWN                   \
    "\",\"scope\":[\"w\"]}]"

static void assert_set(struct dw_slices scopes, const char *expected)
{
    struct dw_slice text;

    assert_done(dw_scopes_text(scopes, arena, &text, &error), error);
    assert_slice(text, expected);
}

static void every_target_is_named_somewhere(void **state)
{
    static const struct {
        bool is_first_party;
        const char *policies, *own, *requested;
        const char *audience, *standard, *ceiling; /* audience NULL: refused */
        bool is_another;
    } rows[] = {
        {true, "", OWN, "", OWN, "openid offline_access r", "openid offline_access r", false},
        {true, "", OWN, OWN, OWN, "openid offline_access r", "openid offline_access r", false},
        {true, "", OWN, OTHER, NULL, NULL, NULL, false},
        {true, POLICIES, OWN, OTHER, OTHER, "openid offline_access x y",
         "openid offline_access x y", true},
        {true, POLICIES, OWN, OWN, OWN, "openid offline_access r", "openid offline_access r w",
         false},
        {true, POLICIES, OWN, OTHER "/", NULL, NULL, NULL, false},
        {true, POLICIES, "", OTHER, OTHER, "openid offline_access x y", "openid offline_access x y",
         true},
        {true, POLICIES, "", "", "", "openid offline_access r", "openid offline_access r", false},
        {false, POLICIES, OWN, OTHER, NULL, NULL, NULL, false}, /* first parties only */
        {false, POLICIES, OWN, OWN, OWN, "openid offline_access r", "openid offline_access r",
         false},
        {true, "[{\"audience\":\"" OTHER "\"}]", OWN, OTHER, OTHER, "openid offline_access",
         "openid offline_access", true},
    };
    static const struct dw_slice granted[] = {{"openid", 6}, {"offline_access", 14}, {"r", 1}};

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_refresh_family family = {.audience = S(rows[at].own), .scopes = {granted, 3}};
        struct dw_oauth_client client = {.is_first_party = rows[at].is_first_party,
                                         .refresh_policies_json = S(rows[at].policies)};
        struct dw_refresh_target target;

        error = (struct dw_error){0};
        if (dw_refresh_target_choose(&family, &client, S(rows[at].requested), arena, &target,
                                     &error) != (rows[at].audience != NULL))
            fail_msg("row %zu: %s", at, error.message);
        if (!rows[at].audience) {
            assert_int_equal(error.code, DW_INVALID_TARGET);
            continue;
        }
        assert_slice(target.audience, rows[at].audience);
        assert_set(target.standard, rows[at].standard);
        assert_set(target.ceiling, rows[at].ceiling);
        assert_int_equal(target.is_another_api, rows[at].is_another);
    }
}

static void policies_of_another_form_are_refused(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[",
        "[1]",
        "[{\"scope\":[\"x\"]}]",
        "[{\"audience\":\"\",\"scope\":[]}]",
        "[{\"audience\":\"a\",\"scope\":[1]}]",
        "[{\"audience\":\"a\",\"scope\":[\"x y\"]}]",
        "[{\"audience\":\"a\",\"scope\":[\"\"]}]",
        "[{\"audience\":\"a\"},{\"audience\":\"a\"}]",
    };
    struct dw_refresh_policy_row *rows;
    struct dw_buf many = dw_buf_in(arena);
    size_t count;

    (void)state;
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
        assert_fails(dw_refresh_policies_parse(S(texts[at]), arena, &rows, &count, &error), error,
                     DW_INVALID_REQUEST);
    for (int at = 0; at <= DW_REFRESH_POLICIES_MAX; at++)
        dw_buf_printf(&many, "%s{\"audience\":\"a%d\"}", at ? "," : "[", at);
    dw_buf_add_byte(&many, ']');
    assert_fails(dw_refresh_policies_parse(dw_buf_view(&many), arena, &rows, &count, &error), error,
                 DW_INVALID_REQUEST);
    assert_done(dw_refresh_policies_parse(DW_EMPTY, arena, &rows, &count, &error), error);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target_is_named_somewhere),
        cmocka_unit_test(policies_of_another_form_are_refused),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
