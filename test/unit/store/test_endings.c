/* What ends with a user's block, new password or account, and that nothing stale undoes it. */
#include "oauth/mfa.h"
#include "shared_fixture.h"
#include "store/accounts.h"
#include "store/decoupled.h"
#include "store/issued_tokens.h"
#include "store/mfa.h"
#include "store/organizations.h"

#define ADA "auth0|1"

static struct dw_user *load(void)
{
    struct dw_user *user = NULL;

    assert_done(dw_store_user(fixture.store, S(ADA), fixture.arena, &user, &error), error);
    return user;
}

/* --- writes that cross ------------------------------------------------------------------------ */

static void an_old_copy_undoes_no_block(void **state)
{
    struct dw_user *old = load(), *other = load(), *seen;

    (void)state;
    other->is_blocked = true;
    other->updated_at_s = NOW_S + 5;
    assert_done(dw_store_update_user(fixture.store, other, &error), error);
    old->is_phone_verified = true;
    old->name = S("Ada L.");
    assert_done(dw_store_update_user(fixture.store, old, &error), error);
    seen = load();
    assert_true(seen->is_blocked);
    assert_true(seen->is_phone_verified);
    assert_slice(seen->name, "Ada L.");
    assert_int_equal(seen->updated_at_s, NOW_S + 5);
}

static void an_old_copy_brings_no_old_password_back(void **state)
{
    struct dw_user *old = load(), *seen;
    struct dw_password_change change = {
        .user_id = S(ADA), .hash = {S("$argon2id$new")}, .now_s = NOW_S + 5};
    bool is_done;

    (void)state;
    assert_done(dw_store_change_password(fixture.store, &change, &is_done, &error), error);
    old->is_blocked = true;
    old->email = S("ADA@example.org");
    assert_done(dw_store_update_user(fixture.store, old, &error), error);
    seen = load();
    assert_slice(seen->password_hash.hidden, "$argon2id$new");
    assert_int_equal(seen->last_password_reset_at_s, NOW_S + 5);
    assert_true(seen->is_blocked);
    assert_slice(seen->email, "ada@example.org");
}

static void one_copy_may_be_written_again(void **state)
{
    struct dw_user *user = load();

    (void)state;
    for (int at = 0; at < 4; at++) {
        user->is_blocked = at % 2 == 0;
        assert_done(dw_store_update_user(fixture.store, user, &error), error);
        assert_int_equal(load()->is_blocked, at % 2 == 0);
    }
}

static void who_is_gone_is_not_updated(void **state)
{
    struct dw_user *old = load();

    (void)state;
    assert_done(dw_store_delete_user(fixture.store, S(ADA), NOW_S, &error), error);
    old->name = S("Ada L.");
    assert_fails(dw_store_update_user(fixture.store, old, &error), error, DW_NOT_FOUND);
    assert_null(load());
}

static void an_invitation_adds_to_the_metadata_there_is_then(void **state)
{
    struct dw_organization organization = {.id = S("org_1"), .name = S("acme")};
    struct dw_invitation invitation = {.id = S("uinv_1"),
                                       .organization_id = S("org_1"),
                                       .client_id = S("c1"),
                                       .invitee_email = S("Ada@example.com"),
                                       .ticket_digest = digest(fixture.arena, 7),
                                       .app_metadata_json = S("{\"plan\":\"gold\"}"),
                                       .created_at_s = NOW_S,
                                       .expires_at_s = NOW_S + 100};
    struct dw_user *user = load();
    bool is_taken;

    (void)state;
    assert_done(dw_store_put_organization(fixture.store, &organization, &error), error);
    assert_done(dw_store_add_invitation(fixture.store, &invitation, &error), error);
    user->app_metadata_json = S("{\"since\":2}");
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    assert_done(
        dw_store_take_invitation(fixture.store, S("uinv_1"), S(ADA), NOW_S, &is_taken, &error),
        error);
    assert_true(is_taken);
    assert_slice(load()->app_metadata_json, "{\"since\":2,\"plan\":\"gold\"}");
}

static void an_invitation_is_not_for_another_address(void **state)
{
    struct dw_organization organization = {.id = S("org_1"), .name = S("acme")};
    struct dw_invitation invitation = {.id = S("uinv_1"),
                                       .organization_id = S("org_1"),
                                       .client_id = S("c1"),
                                       .invitee_email = S("ada@example.com"),
                                       .ticket_digest = digest(fixture.arena, 7),
                                       .created_at_s = NOW_S,
                                       .expires_at_s = NOW_S + 100};
    struct dw_user *user = load();
    bool is_taken, is_member;

    (void)state;
    assert_done(dw_store_put_organization(fixture.store, &organization, &error), error);
    assert_done(dw_store_add_invitation(fixture.store, &invitation, &error), error);
    user->email = S("eve@example.com"); /* between the page and the click */
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    assert_done(
        dw_store_take_invitation(fixture.store, S("uinv_1"), S(ADA), NOW_S, &is_taken, &error),
        error);
    assert_false(is_taken);
    assert_done(dw_store_is_member(fixture.store, S("org_1"), S(ADA), &is_member, &error), error);
    assert_false(is_member);
}

/* --- what ends -------------------------------------------------------------------------------- */

static void hold_one_of_each(void)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f-code");
    struct dw_refresh_family family = fixture_family("f1", true);
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 5),
                                       .id = S("sid"),
                                       .user_id = S(ADA),
                                       .idle_expires_at_s = NOW_S + 1000,
                                       .expires_at_s = NOW_S + 2000};
    struct dw_mfa_transaction transaction = {.token_digest = digest(fixture.arena, 9),
                                             .client_id = S("c1"),
                                             .user_id = S(ADA),
                                             .grant_type = S("password"),
                                             .authenticated_at_s = NOW_S,
                                             .expires_at_s = NOW_S + 600};
    struct dw_decoupled_request request = {.id = S("ciba_1"),
                                           .kind = DW_DECOUPLED_CIBA,
                                           .poll_digest = digest(fixture.arena, 20),
                                           .approval_digest = digest(fixture.arena, 21),
                                           .client_id = S("c1"),
                                           .user_id = S(ADA),
                                           .created_at_s = NOW_S,
                                           .expires_at_s = NOW_S + 300};

    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 2), NULL, &error),
        error);
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    assert_done(dw_store_add_mfa_transaction(fixture.store, &transaction, &error), error);
    assert_done(dw_store_add_decoupled(fixture.store, &request, &error), error);
    request.phase = DW_DECOUPLED_APPROVED;
    request.family_id = S("f-ciba");
    assert_done(dw_store_decide_decoupled(fixture.store, &request, NOW_S, &error), error);
}

static void assert_nothing_is_held(void)
{
    struct dw_authorization_code *code;
    struct dw_refresh_family *family;
    struct dw_login_session *session;
    struct dw_mfa_transaction *transaction;
    struct dw_decoupled_request *request;
    enum dw_decoupled_verdict verdict;
    bool was_used;

    assert_done(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, 1), S("c1"),
                                                 NOW_S + 6, fixture.arena, &code, &was_used,
                                                 &error),
                error);
    assert_null(code);
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 2), DW_EMPTY,
                                           fixture.arena, &family, &error),
                error);
    assert_true(!family || family->revoked_at_s > 0);
    assert_done(dw_store_session(fixture.store, digest(fixture.arena, 5), NOW_S + 6, fixture.arena,
                                 &session, &error),
                error);
    assert_null(session);
    assert_done(dw_store_mfa_transaction(fixture.store, digest(fixture.arena, 9), fixture.arena,
                                         &transaction, &error),
                error);
    assert_null(transaction);
    assert_done(dw_store_poll_decoupled(fixture.store, DW_DECOUPLED_CIBA, digest(fixture.arena, 20),
                                        S("c1"), NOW_S + 60, fixture.arena, &verdict, &request,
                                        &error),
                error);
    assert_int_not_equal(verdict, DW_DECOUPLED_GIVE);
}

static void a_block_ends_all_that_is_under_way(void **state)
{
    struct dw_user *user = load();

    (void)state;
    hold_one_of_each();
    user->is_blocked = true;
    user->updated_at_s = NOW_S + 5;
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    user = load();
    user->is_blocked = false; /* what was ended stays so */
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    assert_nothing_is_held();
}

static void a_new_password_ends_all_that_is_under_way(void **state)
{
    struct dw_password_change change = {
        .user_id = S(ADA), .hash = {S("$argon2id$new")}, .now_s = NOW_S + 5};
    bool is_done;

    (void)state;
    hold_one_of_each();
    assert_done(dw_store_change_password(fixture.store, &change, &is_done, &error), error);
    assert_nothing_is_held();
}

static void a_password_that_an_operator_writes_ends_it_too(void **state)
{
    struct dw_user *user = load();

    (void)state;
    hold_one_of_each();
    user->password_hash = dw_secret_from(S("$argon2id$seeded"));
    user->updated_at_s = NOW_S + 5;
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    assert_nothing_is_held();
}

static void a_deleted_account_ends_all_that_is_under_way(void **state)
{
    (void)state;
    hold_one_of_each();
    assert_done(dw_store_delete_user(fixture.store, S(ADA), NOW_S, &error), error);
    assert_nothing_is_held();
}

static void assert_access_tokens_are_dead(const char *family)
{
    bool is_dead = false;

    assert_done(dw_store_family_is_dead(fixture.store, S(family), &is_dead, &error), error);
    assert_true(is_dead);
}

/* A signed token does not ask whether its user is still there: the gateway beside us looks whether
 * the family is dead. */
static void the_access_tokens_of_a_deleted_account_are_dead(void **state)
{
    struct dw_refresh_family family = fixture_family("f1", true);

    (void)state;
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 3), NULL, &error),
        error);
    assert_done(dw_store_delete_user(fixture.store, S(ADA), NOW_S, &error), error);
    assert_access_tokens_are_dead("f1");
}

static void the_access_tokens_of_a_deleted_application_are_dead(void **state)
{
    struct dw_refresh_family family = fixture_family("f1", true);

    (void)state;
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 3), NULL, &error),
        error);
    assert_done(dw_store_delete_client(fixture.store, S("c1"), NOW_S, &error), error);
    assert_access_tokens_are_dead("f1");
}

static void block(void)
{
    struct dw_user *user = load();

    user->is_blocked = true;
    user->updated_at_s = NOW_S + 5;
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
}

static void delete_user(void)
{
    assert_done(dw_store_delete_user(fixture.store, S(ADA), NOW_S, &error), error);
}

static void delete_client(void)
{
    assert_done(dw_store_delete_client(fixture.store, S("c1"), NOW_S, &error), error);
}

/* The code of a login is remembered for a day, and knows its access tokens. */
static void access_tokens_without_a_refresh_token_are_dead_as_well(void **state)
{
    static void (*const ends[])(void) = {block, delete_user, delete_client};

    for (size_t at = 0; at < sizeof ends / sizeof *ends; at++) {
        struct dw_authorization_code code = fixture_code(&fixture, 1, "f-used"), *seen;
        struct dw_authorization_code other = fixture_code(&fixture, 2, "f-unused");
        bool was_used, is_dead = true;

        assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
        assert_done(dw_store_add_authorization_code(fixture.store, &other, &error), error);
        assert_done(dw_store_take_authorization_code(fixture.store, code.code_digest, S("c1"),
                                                     NOW_S, fixture.arena, &seen, &was_used,
                                                     &error),
                    error);
        ends[at]();
        assert_access_tokens_are_dead("f-used");
        assert_done(dw_store_family_is_dead(fixture.store, S("f-unused"), &is_dead, &error), error);
        assert_false(is_dead);
        (void)store_end(state);
        (void)store_start(state);
    }
}

/* A password is checked, and then it takes a moment until its tokens are stored. */
static void a_login_with_the_old_password_starts_no_family(void **state)
{
    struct dw_refresh_family family = fixture_family("f2", true);
    struct dw_password_change change = {
        .user_id = S(ADA), .hash = {S("$argon2id$new")}, .now_s = NOW_S + 5};
    struct dw_user *user;
    bool is_done;

    (void)state;
    assert_done(dw_store_change_password(fixture.store, &change, &is_done, &error), error);
    family.authenticated_at_s = NOW_S + 4;
    assert_fails(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 3), NULL, &error),
        error, DW_INVALID_GRANT);
    family.authenticated_at_s = NOW_S + 5;
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 3), NULL, &error),
        error);
    user = load();
    user->is_blocked = true;
    assert_done(dw_store_update_user(fixture.store, user, &error), error);
    family.id = S("f3");
    assert_fails(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 4), NULL, &error),
        error, DW_INVALID_GRANT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_old_copy_undoes_no_block),
        CASE(an_old_copy_brings_no_old_password_back),
        CASE(one_copy_may_be_written_again),
        CASE(who_is_gone_is_not_updated),
        CASE(an_invitation_adds_to_the_metadata_there_is_then),
        CASE(an_invitation_is_not_for_another_address),
        CASE(a_block_ends_all_that_is_under_way),
        CASE(a_new_password_ends_all_that_is_under_way),
        CASE(a_password_that_an_operator_writes_ends_it_too),
        CASE(a_deleted_account_ends_all_that_is_under_way),
        CASE(the_access_tokens_of_a_deleted_account_are_dead),
        CASE(the_access_tokens_of_a_deleted_application_are_dead),
        CASE(access_tokens_without_a_refresh_token_are_dead_as_well),
        CASE(a_login_with_the_old_password_starts_no_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
