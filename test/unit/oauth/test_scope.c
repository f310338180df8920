/* Sets of scope names. */
#include "oauth/scope.h"
#include <stdio.h>

#include "test.h"

static struct dw_arena *arena;
static struct dw_error error;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(1u << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static struct dw_slices parse(const char *text)
{
    struct dw_slices scopes;

    assert_done(dw_scopes_parse(S(text), arena, &scopes, &error), error);
    return scopes;
}

static void assert_scopes(struct dw_slices scopes, const char *expected)
{
    struct dw_slice text;

    assert_done(dw_scopes_text(scopes, arena, &text, &error), error);
    assert_slice(text, expected);
}

static void names_outside_the_grammar_are_refused(void **state)
{
    static const char *const rows[] = {"a\"b", "a\\b",     "a\tb",   "a\nb",
                                       "\x7f", "\xc3\xa9", "ok \x01"};
    struct dw_slices scopes;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
        assert_fails(dw_scopes_parse(S(rows[at]), arena, &scopes, &error), error, DW_INVALID_SCOPE);
    assert_fails(dw_scopes_parse(dw_slice_from("a\0b", 3), arena, &scopes, &error), error,
                 DW_INVALID_SCOPE);
}

static void too_many_or_too_long_is_refused(void **state)
{
    static char text[DW_SCOPE_MAX_BYTES + 1];
    struct dw_slices scopes;
    size_t len = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    assert_fails(dw_scopes_parse(dw_slice_from(text, sizeof text), arena, &scopes, &error), error,
                 DW_INVALID_SCOPE);
    for (int at = 0; at <= DW_SCOPES_MAX; at++)
        len += (size_t)snprintf(text + len, sizeof text - len, "s%d ", at);
    assert_fails(dw_scopes_parse(dw_slice_from(text, len), arena, &scopes, &error), error,
                 DW_INVALID_SCOPE);
}

static void doubles_and_spaces_vanish_and_order_stays(void **state)
{
    (void)state;
    assert_scopes(parse(""), "");
    assert_scopes(parse("   "), "");
    assert_scopes(parse(" b  a b c a "), "b a c");
    assert_scopes(parse("read:tools https://x.example/y.z"), "read:tools https://x.example/y.z");
}

static void sets_are_combined(void **state)
{
    static const struct {
        const char *a, *b, *both, *without, *either;
        bool is_within;
    } rows[] = {
        {"", "", "", "", "", true},
        {"a b", "", "", "a b", "a b", false},
        {"", "a b", "", "", "a b", true},
        {"c a b", "b c", "c b", "a", "c a b", false},
        {"b c", "c a b", "b c", "", "b c a", true},
        {"a", "A", "", "a", "a A", false},
    };
    struct dw_slices result;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_slices a = parse(rows[at].a), b = parse(rows[at].b);

        assert_done(dw_scopes_both(a, b, arena, &result, &error), error);
        assert_scopes(result, rows[at].both);
        assert_done(dw_scopes_without(a, b, arena, &result, &error), error);
        assert_scopes(result, rows[at].without);
        assert_done(dw_scopes_either(a, b, arena, &result, &error), error);
        assert_scopes(result, rows[at].either);
        assert_int_equal(dw_scopes_are_within(a, b), rows[at].is_within);
    }
}

static void openid_names_are_known(void **state)
{
    (void)state;
    assert_true(dw_scope_is_oidc(S("openid")));
    assert_true(dw_scope_is_oidc(S("offline_access")));
    assert_false(dw_scope_is_oidc(S("read:tools")));
    assert_false(dw_scope_is_oidc(S("OpenID")));
    assert_false(dw_scope_is_oidc(S("")));
}

static bool combine(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 16);
    struct dw_slices a, b, result;
    struct dw_slice text;

    return own && dw_scopes_parse(S("a b c"), own, &a, &error) &&
           dw_scopes_parse(S("c d"), own, &b, &error) &&
           dw_scopes_either(a, b, own, &result, &error) &&
           dw_scopes_text(result, own, &text, &error) && dw_slice_eq(text, S("a b c d"));
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    torture(combine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_outside_the_grammar_are_refused),
        cmocka_unit_test(too_many_or_too_long_is_refused),
        cmocka_unit_test(doubles_and_spaces_vanish_and_order_stays),
        cmocka_unit_test(sets_are_combined),
        cmocka_unit_test(openid_names_are_known),
        cmocka_unit_test(any_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, start, end);
}
