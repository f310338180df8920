/* Authenticators and the grants that wait for them: attacks first. */
#include "store/mfa.h"

#include "fixture.h"

static struct fixture fixture;

static int start(void **state)
{
    struct dw_error error = {0};
    struct dw_oauth_client client = {.id = S("app"), .name = S("App")};

    (void)state;
    fixture_start(&fixture);
    assert_done(dw_store_add_client(fixture.store, &client, &error), error);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

/* Each test has a user of its own. */
static struct dw_slice fresh_user(void)
{
    static int count;
    struct dw_error error = {0};
    struct dw_user user = {.id = dw_arena_printf(fixture.arena, "auth0|%d", ++count),
                           .connection = S("db")};

    assert_done(dw_store_add_user(fixture.store, &user, &error), error);
    return user.id;
}

static struct dw_authenticator make(struct dw_slice user_id, enum dw_authenticator_type type,
                                    const char *enrolment_id)
{
    static int count;

    count++;
    return (struct dw_authenticator){
        .id = dw_arena_printf(fixture.arena, "%s|dev_%d", dw_authenticator_type_names[type], count),
        .user_id = user_id,
        .type = type,
        .code_digest = digest(fixture.arena, (uint32_t)count),
        .enrolment_id = S(enrolment_id),
        .created_at_s = NOW_S + count,
    };
}

static bool add(const struct dw_authenticator *list, size_t count, enum dw_enrolment_rule rule)
{
    struct dw_error error = {0};
    bool is_done = false;

    assert_done(dw_store_add_authenticators(fixture.store, list, count, rule, &is_done, &error),
                error);
    return is_done;
}

static bool confirm(const struct dw_authenticator *one, enum dw_enrolment_rule rule, int64_t step)
{
    struct dw_error error = {0};
    bool is_done = false;

    assert_done(
        dw_store_confirm_authenticator(fixture.store, one, rule, step, NOW_S, &is_done, &error),
        error);
    return is_done;
}

static bool use(struct dw_slice id, int64_t step)
{
    struct dw_error error = {0};
    bool is_done = false;

    assert_done(dw_store_use_authenticator(fixture.store, id, step, NOW_S, &is_done, &error),
                error);
    return is_done;
}

static size_t count_of(struct dw_slice user_id, bool only_confirmed)
{
    struct dw_authenticator *list;
    struct dw_error error = {0};
    size_t count, seen = 0;

    assert_done(
        dw_store_authenticators(fixture.store, user_id, fixture.arena, &list, &count, &error),
        error);
    for (size_t i = 0; i < count; i++)
        seen += !only_confirmed || list[i].confirmed_at_s != 0;
    return seen;
}

static void a_password_alone_adds_nothing_to_who_has_a_factor(void **state)
{
    struct dw_slice user = fresh_user();
    struct dw_authenticator mine = make(user, DW_AUTHENTICATOR_TOTP, "mine");
    struct dw_authenticator thief = make(user, DW_AUTHENTICATOR_TOTP, "thief");
    struct dw_authenticator second = make(user, DW_AUTHENTICATOR_EMAIL, "second");

    (void)state;
    /* The thief begins first and confirms last. */
    assert_true(add(&thief, 1, DW_ENROL_FIRST_ONLY));
    assert_true(add(&mine, 1, DW_ENROL_FIRST_ONLY));
    assert_true(confirm(&mine, DW_ENROL_FIRST_ONLY, 7));
    assert_false(confirm(&thief, DW_ENROL_FIRST_ONLY, 7));
    assert_false(use(thief.id, 0));
    assert_false(add(&second, 1, DW_ENROL_FIRST_ONLY));
    assert_true(add(&second, 1, DW_ENROL_FURTHER));
    assert_true(confirm(&second, DW_ENROL_FURTHER, 0));
    assert_int_equal(count_of(user, true), 2);
}

static void a_thiefs_recovery_code_dies_with_the_owners_enrolment(void **state)
{
    struct dw_slice user = fresh_user();
    struct dw_authenticator thief[] = {make(user, DW_AUTHENTICATOR_TOTP, "thief"),
                                       make(user, DW_AUTHENTICATOR_RECOVERY_CODE, "thief")};
    struct dw_authenticator mine[] = {make(user, DW_AUTHENTICATOR_TOTP, "mine"),
                                      make(user, DW_AUTHENTICATOR_RECOVERY_CODE, "mine")};
    struct dw_authenticator next = make(user, DW_AUTHENTICATOR_RECOVERY_CODE, "next");
    struct dw_error error = {0};
    bool is_done = true;

    (void)state;
    next.confirmed_at_s = NOW_S;
    assert_true(add(thief, 2, DW_ENROL_FIRST_ONLY));
    assert_true(add(mine, 2, DW_ENROL_FIRST_ONLY));
    assert_true(confirm(&mine[0], DW_ENROL_FIRST_ONLY, 1));
    assert_done(dw_store_replace_recovery_code(fixture.store, thief[1].code_digest, &next, &is_done,
                                               &error),
                error);
    assert_false(is_done);
    assert_done(
        dw_store_replace_recovery_code(fixture.store, mine[1].code_digest, &next, &is_done, &error),
        error);
    assert_true(is_done);
    next = make(user, DW_AUTHENTICATOR_RECOVERY_CODE, "again");
    assert_done(
        dw_store_replace_recovery_code(fixture.store, mine[1].code_digest, &next, &is_done, &error),
        error);
    assert_false(is_done); /* once */
}

static void a_step_counts_once_and_only_forward(void **state)
{
    struct dw_authenticator one = make(fresh_user(), DW_AUTHENTICATOR_TOTP, "e");

    (void)state;
    assert_true(add(&one, 1, DW_ENROL_FIRST_ONLY));
    assert_false(use(one.id, 100)); /* not confirmed yet */
    assert_true(confirm(&one, DW_ENROL_FIRST_ONLY, 100));
    assert_false(confirm(&one, DW_ENROL_FURTHER, 101));
    assert_false(use(one.id, 100));
    assert_false(use(one.id, 99));
    assert_true(use(one.id, 101));
    assert_false(use(one.id, 101));
}

static void enrolments_that_never_end_push_each_other_out(void **state)
{
    struct dw_slice user = fresh_user();
    struct dw_authenticator kept = make(user, DW_AUTHENTICATOR_TOTP, "kept");

    (void)state;
    assert_true(add(&kept, 1, DW_ENROL_FIRST_ONLY));
    assert_true(confirm(&kept, DW_ENROL_FIRST_ONLY, 1));
    for (int i = 0; i < 3 * DW_MFA_MAX_AUTHENTICATORS; i++) {
        struct dw_authenticator one =
            make(user, DW_AUTHENTICATOR_TOTP, dw_arena_printf(fixture.arena, "e%d", i).ptr);

        assert_true(add(&one, 1, DW_ENROL_FURTHER));
    }
    assert_int_equal(count_of(user, false), DW_MFA_MAX_AUTHENTICATORS);
    assert_int_equal(count_of(user, true), 1);
}

static void the_recovery_code_goes_with_the_last_factor(void **state)
{
    struct dw_slice user = fresh_user();
    struct dw_authenticator list[] = {make(user, DW_AUTHENTICATOR_TOTP, "e"),
                                      make(user, DW_AUTHENTICATOR_RECOVERY_CODE, "e")};
    struct dw_error error = {0};

    (void)state;
    assert_true(add(list, 2, DW_ENROL_FIRST_ONLY));
    assert_true(confirm(&list[0], DW_ENROL_FIRST_ONLY, 1));
    assert_int_equal(count_of(user, true), 2);
    assert_fails(dw_store_delete_authenticator(fixture.store, S("auth0|other"), list[0].id, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_delete_authenticator(fixture.store, user, list[0].id, &error), error);
    assert_int_equal(count_of(user, false), 0);
}

static void an_mfa_token_is_kept_and_ends_once(void **state)
{
    struct dw_slice scopes[] = {S("openid"), S("read:x")};
    struct dw_mfa_transaction transaction = {
        .token_digest = digest(fixture.arena, 77),
        .client_id = S("app"),
        .user_id = fresh_user(),
        .grant_type = S("password"),
        .scopes = {scopes, 2},
        .audience = S(AUDIENCE),
        .enrolment_id = S("e"),
        .expires_at_s = NOW_S + 600,
    };
    struct dw_mfa_transaction *seen = NULL;
    struct dw_error error = {0};
    bool is_done = false;

    (void)state;
    assert_done(dw_store_add_mfa_transaction(fixture.store, &transaction, &error), error);
    assert_done(dw_store_mfa_transaction(fixture.store, transaction.token_digest, fixture.arena,
                                         &seen, &error),
                error);
    assert_slice(seen->grant_type, "password");
    assert_int_equal(seen->scopes.count, 2);
    assert_int_equal(seen->expires_at_s, NOW_S + 600);
    assert_done(
        dw_store_take_mfa_transaction(fixture.store, transaction.token_digest, &is_done, &error),
        error);
    assert_true(is_done);
    assert_done(
        dw_store_take_mfa_transaction(fixture.store, transaction.token_digest, &is_done, &error),
        error);
    assert_false(is_done);
    assert_done(dw_store_mfa_transaction(fixture.store, transaction.token_digest, fixture.arena,
                                         &seen, &error),
                error);
    assert_null(seen);
}

static void settings_are_kept(void **state)
{
    struct dw_slice factors[] = {S("otp"), S("email")};
    struct dw_mfa_settings settings = {DW_MFA_ALL_APPLICATIONS, {factors, 2}};
    struct dw_mfa_settings *seen = NULL;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_store_mfa_settings(fixture.store, fixture.arena, &seen, &error), error);
    assert_null(seen);
    assert_done(dw_store_put_mfa_settings(fixture.store, &settings, &error), error);
    settings.policy = DW_MFA_NEVER;
    assert_done(dw_store_put_mfa_settings(fixture.store, &settings, &error), error);
    assert_done(dw_store_mfa_settings(fixture.store, fixture.arena, &seen, &error), error);
    assert_int_equal(seen->policy, DW_MFA_NEVER);
    assert_true(dw_mfa_has_factor(seen, DW_AUTHENTICATOR_EMAIL));
    assert_false(dw_mfa_has_factor(seen, DW_AUTHENTICATOR_RECOVERY_CODE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_alone_adds_nothing_to_who_has_a_factor),
        cmocka_unit_test(a_thiefs_recovery_code_dies_with_the_owners_enrolment),
        cmocka_unit_test(a_step_counts_once_and_only_forward),
        cmocka_unit_test(enrolments_that_never_end_push_each_other_out),
        cmocka_unit_test(the_recovery_code_goes_with_the_last_factor),
        cmocka_unit_test(an_mfa_token_is_kept_and_ends_once),
        cmocka_unit_test(settings_are_kept),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
