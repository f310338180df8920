/* store/accounts.h: tickets work once, passwords change whole, attempts are counted. */
#include <pthread.h>
#include <stdatomic.h>

#include "shared_fixture.h"
#include "store/accounts.h"

#define USER_ID "auth0|1"

static struct dw_user *user(void)
{
    struct dw_user *found = NULL;

    assert_done(dw_store_user(fixture.store, S(USER_ID), fixture.arena, &found, &error), error);
    assert_non_null(found);
    return found;
}

static void add_ticket(uint32_t seed, enum dw_ticket_purpose purpose, const char *email)
{
    struct dw_ticket ticket = {
        .digest = digest(fixture.arena, seed),
        .purpose = purpose,
        .user_id = S(USER_ID),
        .email = email ? S(email) : user()->email,
        .marks_email_verified = true,
        .created_at_s = NOW_S + seed,
        .expires_at_s = NOW_S + 600,
    };

    assert_done(dw_store_add_ticket(fixture.store, &ticket, &error), error);
}

static bool has_ticket(uint32_t seed, enum dw_ticket_purpose purpose, int64_t now_s)
{
    struct dw_ticket *ticket = NULL;

    assert_done(dw_store_ticket(fixture.store, digest(fixture.arena, seed), purpose, now_s,
                                fixture.arena, &ticket, &error),
                error);
    return ticket != NULL;
}

static void a_ticket_is_for_its_purpose_and_its_time(void **state)
{
    (void)state;
    add_ticket(1, DW_TICKET_VERIFY_EMAIL, NULL);
    assert_true(has_ticket(1, DW_TICKET_VERIFY_EMAIL, NOW_S));
    assert_false(has_ticket(1, DW_TICKET_CHANGE_PASSWORD, NOW_S));
    assert_false(has_ticket(1, DW_TICKET_UNBLOCK, NOW_S));
    assert_false(has_ticket(2, DW_TICKET_VERIFY_EMAIL, NOW_S));
    assert_true(has_ticket(1, DW_TICKET_VERIFY_EMAIL, NOW_S + 599));
    assert_false(has_ticket(1, DW_TICKET_VERIFY_EMAIL, NOW_S + 600));
    assert_done(dw_store_purge(fixture.store, NOW_S + 600, &error), error);
    assert_false(has_ticket(1, DW_TICKET_VERIFY_EMAIL, NOW_S));
}

static void only_the_newest_tickets_of_a_user_live(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= DW_TICKETS_MAX + 2; seed++)
        add_ticket(seed, DW_TICKET_CHANGE_PASSWORD, NULL);
    for (uint32_t seed = 1; seed <= DW_TICKETS_MAX + 2; seed++)
        assert_int_equal(has_ticket(seed, DW_TICKET_CHANGE_PASSWORD, NOW_S), seed > 2);
}

static void a_ticket_verifies_the_address_it_went_to_and_no_other(void **state)
{
    struct dw_ticket *ticket = NULL;
    struct dw_user record = *user();

    (void)state;
    record.is_email_verified = false;
    assert_done(dw_store_update_user(fixture.store, &record, &error), error);
    add_ticket(1, DW_TICKET_VERIFY_EMAIL, "before@example.com");
    assert_done(dw_store_verify_email(fixture.store, digest(fixture.arena, 1), NOW_S, fixture.arena,
                                      &ticket, &error),
                error);
    assert_null(ticket);
    assert_false(user()->is_email_verified);
    add_ticket(2, DW_TICKET_VERIFY_EMAIL, NULL);
    assert_done(dw_store_verify_email(fixture.store, digest(fixture.arena, 2), NOW_S, fixture.arena,
                                      &ticket, &error),
                error);
    assert_true(user()->is_email_verified);
    assert_done(dw_store_verify_email(fixture.store, digest(fixture.arena, 2), NOW_S, fixture.arena,
                                      &ticket, &error),
                error);
    assert_null(ticket);
}

static bool change(uint32_t seed, const char *hash)
{
    struct dw_password_change record = {
        .ticket_digest = seed ? digest(fixture.arena, seed) : DW_EMPTY,
        .user_id = S(USER_ID),
        .hash = {S(hash)},
        .history_size = 2,
        .now_s = NOW_S + 5,
    };
    bool is_done = false;

    assert_done(dw_store_change_password(fixture.store, &record, &is_done, &error), error);
    return is_done;
}

static void a_changed_password_ends_what_rested_on_the_old_one(void **state)
{
    struct dw_login_counting one = {.attempt = {S(USER_ID), S("192.0.2.1"), 1, 100},
                                    .known_key = S("k")};
    struct dw_login_count count;
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 77),
                                       .id = S("s1"),
                                       .user_id = S(USER_ID),
                                       .idle_expires_at_s = NOW_S + 1000,
                                       .expires_at_s = NOW_S + 1000};
    struct dw_login_session *found;

    (void)state;
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    assert_done(dw_store_login_take(fixture.store, &one, NOW_S, &count, &error), error);
    add_ticket(1, DW_TICKET_CHANGE_PASSWORD, NULL);
    add_ticket(2, DW_TICKET_CHANGE_PASSWORD, NULL);
    add_ticket(3, DW_TICKET_UNBLOCK, NULL);
    assert_false(change(9, "new"));
    assert_true(change(1, "new"));
    assert_slice(user()->password_hash.hidden, "new");
    assert_int_equal(user()->last_password_reset_at_s, NOW_S + 5);
    assert_true(user()->is_email_verified);
    assert_false(change(1, "newer"));
    assert_false(change(2, "newer"));
    assert_slice(user()->password_hash.hidden, "new");
    assert_false(has_ticket(3, DW_TICKET_UNBLOCK, NOW_S));
    assert_done(dw_store_session(fixture.store, digest(fixture.arena, 77), NOW_S, fixture.arena,
                                 &found, &error),
                error);
    assert_null(found);
    assert_done(dw_store_login_take(fixture.store, &one, NOW_S, &count, &error), error);
    assert_int_equal(count.verdict, DW_LOGIN_COUNTED);
    assert_int_equal(count.failures, 1);
}

static void so_many_old_passwords_are_kept(void **state)
{
    struct dw_slices old;

    (void)state;
    change(0, "a");
    change(0, "b");
    change(0, "c");
    change(0, "d");
    assert_done(dw_store_old_passwords(fixture.store, S(USER_ID), 5, fixture.arena, &old, &error),
                error);
    assert_int_equal(old.count, 2);
    assert_slice(old.items[0], "c");
    assert_slice(old.items[1], "b");
}

static void another_form_of_the_same_password_ends_nothing(void **state)
{
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 77),
                                       .id = S("s1"),
                                       .user_id = S(USER_ID),
                                       .idle_expires_at_s = NOW_S + 1000,
                                       .expires_at_s = NOW_S + 1000};
    struct dw_login_session *found;

    (void)state;
    change(0, "imported");
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    assert_done(dw_store_rehash_password(fixture.store, S(USER_ID), (struct dw_secret){S("other")},
                                         (struct dw_secret){S("native")}, &error),
                error);
    assert_slice(user()->password_hash.hidden, "imported");
    assert_done(dw_store_rehash_password(fixture.store, S(USER_ID),
                                         (struct dw_secret){S("imported")},
                                         (struct dw_secret){S("native")}, &error),
                error);
    assert_slice(user()->password_hash.hidden, "native");
    assert_done(dw_store_session(fixture.store, digest(fixture.arena, 77), NOW_S, fixture.arena,
                                 &found, &error),
                error);
    assert_non_null(found);
}

/* --- attempts --------------------------------------------------------------------------------- */

static struct dw_login_counting counting(struct dw_arena *arena, const char *subject,
                                         const char *address, int64_t bucket)
{
    return (struct dw_login_counting){
        .attempt = {S(subject), S(address), 3, 100},
        .bucket = {DW_LIT("pre-login"), S(address), bucket, 1000},
        .known_key = dw_arena_printf(arena, "%s %s", address, subject),
        .known_s = 50,
    };
}

/* Any thread. 0: blocked. */
static int64_t attempt(const char *subject, const char *address, int64_t now_s)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1u << 12);
    struct dw_login_counting record = counting(arena, subject, address, 0);
    struct dw_login_count count;
    struct dw_error fault = {0};

    assert_done(dw_store_login_take(fixture.store, &record, now_s, &count, &fault), fault);
    assert_true(count.verdict != DW_LOGIN_THROTTLED);
    return count.failures;
}

static void failures_in_a_row_block_until_the_time_is_over(void **state)
{
    struct dw_login_counting record = counting(fixture.arena, "ada", "192.0.2.1", 0);
    struct dw_login_count taken = {0};
    struct dw_slices addresses;

    (void)state;
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S), 1);
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S), 2);
    assert_done(
        dw_store_login_succeeded(fixture.store, &record, &taken, DW_EMPTY, DW_EMPTY, NOW_S, &error),
        error);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + i), i);
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + 4), 0);
    assert_int_equal(attempt("ada", "192.0.2.2", NOW_S + 4), 1);
    assert_int_equal(attempt("bob", "192.0.2.1", NOW_S + 4), 1);
    assert_done(
        dw_store_blocks(fixture.store, S("ada"), 3, NOW_S + 5, fixture.arena, &addresses, &error),
        error);
    assert_int_equal(addresses.count, 1);
    assert_slice(addresses.items[0], "192.0.2.1");
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + 102), 0);
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + 103), 1);
    for (int i = 0; i < 5; i++)
        (void)attempt("ada", "192.0.2.1", NOW_S + 103);
    assert_done(dw_store_unblock(fixture.store, S("ada"), &error), error);
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + 104), 1);
}

static atomic_int allowed;

static void *try_at_once(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++)
        if (attempt("many", "192.0.2.9", NOW_S) > 0)
            atomic_fetch_add(&allowed, 1);
    return NULL;
}

static void many_at_once_get_no_more_attempts(void **state)
{
    pthread_t threads[8];

    (void)state;
    atomic_store(&allowed, 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, try_at_once, NULL), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&allowed), 3);
}

static enum dw_login_verdict log_in_from(const char *subject, int64_t now_s, bool succeeds)
{
    struct dw_login_counting record = counting(fixture.arena, subject, "203.0.113.1", 2);
    struct dw_login_count count;

    assert_done(dw_store_login_take(fixture.store, &record, now_s, &count, &error), error);
    if (succeeds)
        assert_done(dw_store_login_succeeded(fixture.store, &record, &count, S(USER_ID),
                                             S("203.0.113.1"), now_s, &error),
                    error);
    return count.verdict;
}

static void who_was_there_before_is_not_throttled(void **state)
{
    int64_t logins = user()->logins_count;

    (void)state;
    assert_int_equal(log_in_from("ada", NOW_S, true), DW_LOGIN_COUNTED);
    assert_int_equal(user()->logins_count, logins + 1);
    assert_slice(user()->last_ip, "203.0.113.1");
    assert_int_equal(log_in_from("a", NOW_S, false), DW_LOGIN_COUNTED);
    assert_int_equal(log_in_from("b", NOW_S, false), DW_LOGIN_COUNTED);
    assert_int_equal(log_in_from("c", NOW_S, false), DW_LOGIN_THROTTLED);
    assert_int_equal(log_in_from("ada", NOW_S, true), DW_LOGIN_COUNTED);
    assert_int_equal(log_in_from("c", NOW_S + 1, false), DW_LOGIN_COUNTED);
    assert_int_equal(log_in_from("c", NOW_S + 1, false), DW_LOGIN_THROTTLED);
    /* what was throttled was not counted as a failure: two more are left of three */
    assert_int_equal(attempt("c", "203.0.113.1", NOW_S + 1), 2);
    assert_int_equal(log_in_from("ada", NOW_S + 60, false), DW_LOGIN_COUNTED);
}

static bool take(int64_t now_ms)
{
    struct dw_bucket bucket = {DW_LIT("b"), DW_LIT("192.0.2.1"), 3, 1000};
    bool is_allowed = false;

    assert_done(dw_store_bucket_take(fixture.store, &bucket, now_ms, &is_allowed, &error), error);
    return is_allowed;
}

static void a_bucket_fills_up_one_by_one(void **state)
{
    struct dw_bucket bucket = {DW_LIT("b"), DW_LIT("192.0.2.1"), 3, 1000};
    int64_t now_ms = NOW_S * 1000;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(take(now_ms));
    assert_false(take(now_ms));
    assert_false(take(now_ms + 999));
    assert_true(take(now_ms + 1000));
    assert_false(take(now_ms + 1000));
    assert_done(dw_store_bucket_give(fixture.store, &bucket, &error), error);
    assert_true(take(now_ms + 1000));
    assert_false(take(now_ms + 1000));
    for (int i = 0; i < 3; i++)
        assert_true(take(now_ms + 100000));
    assert_false(take(now_ms + 100000));
}

/* A machine that began in another year, and limits from then. */
static void a_clock_that_was_years_ahead_blocks_nobody(void **state)
{
    int64_t years_s = INT64_C(12) * 365 * 86400;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(attempt("ada", "192.0.2.1", NOW_S + years_s), i < 3 ? i + 1 : 0);
        assert_int_equal(take((NOW_S + years_s) * 1000), i < 3);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(attempt("ada", "192.0.2.1", NOW_S), i < 3 ? i + 1 : 0);
        assert_int_equal(take(NOW_S * 1000), i < 3);
    }
    /* One that is set back a little opens nothing. */
    assert_int_equal(attempt("ada", "192.0.2.1", NOW_S - 3600), 0);
    assert_false(take((NOW_S - 3600) * 1000));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_ticket_is_for_its_purpose_and_its_time),
        CASE(only_the_newest_tickets_of_a_user_live),
        CASE(a_ticket_verifies_the_address_it_went_to_and_no_other),
        CASE(a_changed_password_ends_what_rested_on_the_old_one),
        CASE(so_many_old_passwords_are_kept),
        CASE(another_form_of_the_same_password_ends_nothing),
        CASE(failures_in_a_row_block_until_the_time_is_over),
        CASE(many_at_once_get_no_more_attempts),
        CASE(who_was_there_before_is_not_throttled),
        CASE(a_bucket_fills_up_one_by_one),
        CASE(a_clock_that_was_years_ahead_blocks_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
