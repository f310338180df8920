/* The rules of refresh tokens as a table; the store applies them (test/unit/store/test_refresh.c).
 */
#include "oauth/refresh_token.h"
#include "test.h"

#define NOW_S INT64_C(1800000000)

struct judgement {
    const char *name;
    bool is_rotating;
    int64_t leeway_s, idle_lifetime_s, last_used_at_s, expires_at_s, revoked_at_s, spent_at_s;
    const char *client_id;
    enum {
        NO_SUCCESSOR,
        UNUSED_SUCCESSOR,
        USED_SUCCESSOR
    } successor;
    enum dw_refresh_verdict verdict;
};

static const struct judgement judgements[] = {
    {"another client", true, 30, 0, NOW_S, 0, 0, 0, "c2", NO_SUCCESSOR, DW_REFRESH_UNKNOWN},
    {"another client, spent", true, 30, 0, NOW_S, 0, 0, NOW_S - 99, "c2", USED_SUCCESSOR,
     DW_REFRESH_UNKNOWN},
    {"revoked", true, 30, 0, NOW_S, 0, NOW_S - 1, 0, "c1", NO_SUCCESSOR, DW_REFRESH_REVOKED},
    {"revoked and spent", true, 30, 0, NOW_S, 0, NOW_S - 1, NOW_S - 99, "c1", USED_SUCCESSOR,
     DW_REFRESH_REVOKED},
    {"expired now", true, 30, 0, NOW_S, NOW_S, 0, 0, "c1", NO_SUCCESSOR, DW_REFRESH_EXPIRED},
    {"expired, not rotating", false, 0, 0, NOW_S, NOW_S - 9, 0, 0, "c1", NO_SUCCESSOR,
     DW_REFRESH_EXPIRED},
    {"idle too long", true, 30, 100, NOW_S - 100, 0, 0, 0, "c1", NO_SUCCESSOR, DW_REFRESH_EXPIRED},
    {"idle almost too long", true, 30, 100, NOW_S - 99, 0, 0, 0, "c1", NO_SUCCESSOR,
     DW_REFRESH_ROTATE},
    {"spent long ago", true, 30, 0, NOW_S, 0, 0, NOW_S - 1000, "c1", UNUSED_SUCCESSOR,
     DW_REFRESH_REUSED},
    {"spent as the leeway ends", true, 30, 0, NOW_S, 0, 0, NOW_S - 30, "c1", UNUSED_SUCCESSOR,
     DW_REFRESH_REUSED},
    {"in the leeway", true, 30, 0, NOW_S, 0, 0, NOW_S - 29, "c1", UNUSED_SUCCESSOR,
     DW_REFRESH_REPEAT},
    {"in the leeway, successor used", true, 30, 0, NOW_S, 0, 0, NOW_S - 1, "c1", USED_SUCCESSOR,
     DW_REFRESH_REUSED},
    {"in the leeway, successor unknown", true, 30, 0, NOW_S, 0, 0, NOW_S - 1, "c1", NO_SUCCESSOR,
     DW_REFRESH_REUSED},
    {"no leeway, same second", true, 0, 0, NOW_S, 0, 0, NOW_S, "c1", UNUSED_SUCCESSOR,
     DW_REFRESH_REUSED},
    {"fresh", true, 30, 0, NOW_S, 0, 0, 0, "c1", NO_SUCCESSOR, DW_REFRESH_ROTATE},
    {"fresh, last second", true, 30, 0, NOW_S, NOW_S + 1, 0, 0, "c1", NO_SUCCESSOR,
     DW_REFRESH_ROTATE},
    {"not rotating", false, 0, 0, NOW_S, 0, 0, 0, "c1", NO_SUCCESSOR, DW_REFRESH_KEEP},
};

static void every_case_has_its_verdict(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof judgements / sizeof *judgements; at++) {
        const struct judgement *row = &judgements[at];
        struct dw_refresh_family family = {.id = S("f"),
                                           .client_id = S("c1"),
                                           .is_rotating = row->is_rotating,
                                           .leeway_s = row->leeway_s,
                                           .idle_lifetime_s = row->idle_lifetime_s,
                                           .last_used_at_s = row->last_used_at_s,
                                           .expires_at_s = row->expires_at_s,
                                           .revoked_at_s = row->revoked_at_s};
        struct dw_refresh_token token = {.spent_at_s = row->spent_at_s};
        struct dw_refresh_token successor = {.spent_at_s =
                                                 row->successor == USED_SUCCESSOR ? NOW_S : 0};

        if (dw_refresh_token_judge(&token, row->successor == NO_SUCCESSOR ? NULL : &successor,
                                   &family, S(row->client_id), NOW_S) != row->verdict)
            fail_msg("%s", row->name);
    }
    assert_int_equal(dw_refresh_token_judge(NULL, NULL, NULL, S("c1"), NOW_S), DW_REFRESH_UNKNOWN);
}

static void only_three_verdicts_give_tokens(void **state)
{
    struct dw_error error;

    (void)state;
    for (int verdict = DW_REFRESH_UNKNOWN; verdict <= DW_REFRESH_KEEP + 1; verdict++) {
        bool is_good = verdict == DW_REFRESH_ROTATE || verdict == DW_REFRESH_REPEAT ||
                       verdict == DW_REFRESH_KEEP;

        assert_int_equal(dw_refresh_verdict_check((enum dw_refresh_verdict)verdict, &error),
                         is_good);
        if (!is_good) {
            assert_int_equal(error.code, DW_INVALID_GRANT);
            assert_int_equal(dw_code_row(error.code)->http_status, 403);
            assert_string_equal(error.message, "Unknown or invalid refresh token.");
        }
    }
}

static void an_old_token_without_a_row_is_reuse(void **state)
{
    struct dw_refresh_family family = {
        .id = S("f"), .client_id = S("c1"), .is_rotating = true, .last_used_at_s = NOW_S};

    (void)state;
    assert_int_equal(dw_refresh_token_judge(NULL, NULL, &family, S("c1"), NOW_S),
                     DW_REFRESH_REUSED);
    assert_int_equal(dw_refresh_token_judge(NULL, NULL, &family, S("c2"), NOW_S),
                     DW_REFRESH_UNKNOWN);
    family.revoked_at_s = NOW_S;
    assert_int_equal(dw_refresh_token_judge(NULL, NULL, &family, S("c1"), NOW_S),
                     DW_REFRESH_REVOKED);
    family.revoked_at_s = 0;
    family.is_rotating = false; /* its tokens are never spent */
    assert_int_equal(dw_refresh_token_judge(NULL, NULL, &family, S("c1"), NOW_S),
                     DW_REFRESH_UNKNOWN);
}

/* Only what we made names a family: whoever guesses its id ends nothing. */
static void a_token_names_its_family_if_we_made_it(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1u << 18);
    struct dw_secret key = dw_secret_from(S("0123456789abcdef0123456789abcdef"));
    struct dw_secret other_key = dw_secret_from(S("0123456789abcdef0123456789abcdeF"));
    struct dw_secret token, next;
    struct dw_slice family;
    struct dw_error error;
    char *changed;

    (void)state;
    assert_done(dw_refresh_token_first(key, S("AbcdefghijklmnopqrstuW"),
                                       (const unsigned char *)"0123456789abcdef", arena, &token,
                                       &error),
                error);
    assert_int_equal(token.hidden.len, 22 + 22 + 43);
    assert_done(
        dw_refresh_token_successor(key, S("AbcdefghijklmnopqrstuW"), token, arena, &next, &error),
        error);
    assert_done(dw_refresh_token_family(key, token, arena, &family, &error), error);
    assert_slice(family, "AbcdefghijklmnopqrstuW");
    assert_done(dw_refresh_token_family(key, next, arena, &family, &error), error);
    assert_slice(family, "AbcdefghijklmnopqrstuW");
    assert_done(dw_refresh_token_family(other_key, token, arena, &family, &error), error);
    assert_int_equal(family.len, 0);
    for (size_t at = 0; at < token.hidden.len; at++) {
        changed = dw_arena_text(arena, token.hidden);
        changed[at] = changed[at] == 'x' ? 'y' : 'x';
        assert_done(
            dw_refresh_token_family(key, dw_secret_from(S(changed)), arena, &family, &error),
            error);
        assert_int_equal(family.len, 0);
        assert_done(dw_refresh_token_family(key, dw_secret_from(dw_slice_sub(token.hidden, 0, at)),
                                            arena, &family, &error),
                    error);
        assert_int_equal(family.len, 0);
    }
}

static void a_successor_depends_on_key_and_token_alone(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1u << 16);
    struct dw_secret key = dw_secret_from(S("0123456789abcdef0123456789abcdef"));
    struct dw_secret other_key = dw_secret_from(S("0123456789abcdef0123456789abcdeF"));
    struct dw_secret one, again, of_other_token, of_other_key;
    struct dw_error error;

    (void)state;
    assert_done(
        dw_refresh_token_successor(key, S("f"), dw_secret_from(S("t1")), arena, &one, &error),
        error);
    assert_done(
        dw_refresh_token_successor(key, S("f"), dw_secret_from(S("t1")), arena, &again, &error),
        error);
    assert_done(dw_refresh_token_successor(key, S("f"), dw_secret_from(S("t2")), arena,
                                           &of_other_token, &error),
                error);
    assert_done(dw_refresh_token_successor(other_key, S("f"), dw_secret_from(S("t1")), arena,
                                           &of_other_key, &error),
                error);
    assert_int_equal(one.hidden.len, 1 + 22 + 43);
    assert_true(dw_secret_eq(one, again));
    assert_false(dw_secret_eq(one, of_other_token));
    assert_false(dw_secret_eq(one, of_other_key));
}

static void a_family_takes_over_what_the_code_granted(void **state)
{
    struct dw_slice scope = S("read:tools");
    struct dw_authorization_code code = {.family_id = S("f"),
                                         .client_id = S("c"),
                                         .user_id = S("u"),
                                         .scopes = {&scope, 1},
                                         .audience = S("aud"),
                                         .authenticated_at_s = 5};
    struct dw_refresh_policy policy = {true, 30, 1000, 500};
    struct dw_refresh_policy endless = {0};
    struct dw_refresh_family family;

    (void)state;
    dw_refresh_family_make(&code, &policy, NOW_S, &family);
    assert_slice(family.id, "f");
    assert_slice(family.audience, "aud");
    assert_int_equal(family.scopes.count, 1);
    assert_int_equal(family.expires_at_s, NOW_S + 1000);
    assert_int_equal(family.idle_lifetime_s, 500);
    assert_int_equal(family.leeway_s, 30);
    assert_int_equal(family.last_used_at_s, NOW_S);
    assert_int_equal(family.revoked_at_s, 0);
    assert_true(family.is_rotating);
    dw_refresh_family_make(&code, &endless, NOW_S, &family);
    assert_int_equal(family.expires_at_s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_its_verdict),
        cmocka_unit_test(only_three_verdicts_give_tokens),
        cmocka_unit_test(an_old_token_without_a_row_is_reuse),
        cmocka_unit_test(a_token_names_its_family_if_we_made_it),
        cmocka_unit_test(a_successor_depends_on_key_and_token_alone),
        cmocka_unit_test(a_family_takes_over_what_the_code_granted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
