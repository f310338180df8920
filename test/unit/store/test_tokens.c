/* What may happen once happens once, whoever asks at the same time: codes, refresh tokens, logins,
 * first uses, rates. */
#include <pthread.h>
#include <stdatomic.h>

#include "shared_fixture.h"

#define THREADS 16

/* Runs `body` in THREADS threads that start together. */
static pthread_barrier_t barrier;
static void (*thread_body)(struct dw_arena *arena, int number);

static void *thread_main(void *number)
{
    struct dw_arena *arena = dw_arena_new(1u << 20);

    pthread_barrier_wait(&barrier);
    thread_body(arena, (int)(intptr_t)number);
    dw_arena_free(arena);
    return NULL;
}

static void run_threads(void (*body)(struct dw_arena *arena, int number))
{
    pthread_t threads[THREADS];

    thread_body = body;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (intptr_t number = 0; number < THREADS; number++)
        assert_int_equal(pthread_create(&threads[number], NULL, thread_main, (void *)number), 0);
    for (int number = 0; number < THREADS; number++)
        pthread_join(threads[number], NULL);
    pthread_barrier_destroy(&barrier);
}

/* --- authorization codes ---------------------------------------------------------------------- */

static bool take_as(const char *client_id, uint32_t seed, int64_t now_s,
                    struct dw_authorization_code **ret_code)
{
    bool was_used = false;

    assert_done(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, seed),
                                                 S(client_id), now_s, fixture.arena, ret_code,
                                                 &was_used, &error),
                error);
    return was_used;
}

static bool take(uint32_t seed, int64_t now_s, struct dw_authorization_code **ret_code)
{
    return take_as("c1", seed, now_s, ret_code);
}

static void an_unknown_code_is_null(void **state)
{
    struct dw_authorization_code *code = (void *)1;

    (void)state;
    assert_false(take(99, NOW_S, &code));
    assert_null(code);
}

static void a_code_comes_back_whole_and_works_once(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");
    struct dw_authorization_code *seen;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_fails(dw_store_add_authorization_code(fixture.store, &code, &error), error, DW_CONFLICT);
    assert_false(take(1, NOW_S + 1, &seen));
    assert_slice(seen->client_id, "c1");
    assert_slice(seen->redirect_uri, "https://app.example.com/cb");
    assert_true(seen->has_redirect_uri);
    assert_int_equal(seen->scopes.count, 2);
    assert_slice(seen->audience, AUDIENCE);
    assert_int_equal(seen->max_age_s, -1);
    assert_int_equal(seen->expires_at_s, NOW_S + 60);
    assert_true(take(1, NOW_S + 2, &seen));
    assert_non_null(seen);
    assert_true(take(1, NOW_S + 3, &seen));
}

static void another_client_does_not_take_a_code(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");
    struct dw_refresh_family family = fixture_family("f1", true), *seen_family;
    struct dw_authorization_code *seen = (void *)1;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_false(take_as("c2", 1, NOW_S, &seen));
    assert_null(seen);
    assert_false(take(1, NOW_S, &seen));
    assert_non_null(seen);
    assert_done(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 50), NULL,
                                            &error),
                error);
    assert_false(take_as("c2", 1, NOW_S, &seen));
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 50), DW_EMPTY,
                                           fixture.arena, &seen_family, &error),
                error);
    assert_int_equal(seen_family->revoked_at_s, 0);
}

static atomic_int first_takers, late_takers;

static void take_code_one(struct dw_arena *arena, int number)
{
    struct dw_authorization_code *code;
    struct dw_error failure;
    bool was_used;

    (void)number;
    if (!dw_store_take_authorization_code(fixture.store, digest(arena, 1), S("c1"), NOW_S, arena,
                                          &code, &was_used, &failure) ||
        !code)
        return;
    atomic_fetch_add(was_used ? &late_takers : &first_takers, 1);
}

static void sixteen_threads_take_a_code_once(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");

    (void)state;
    first_takers = late_takers = 0;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    run_threads(take_code_one);
    assert_int_equal(first_takers, 1);
    assert_int_equal(late_takers, THREADS - 1);
}

static void a_replayed_code_revokes_what_it_gave(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");
    struct dw_refresh_family family = fixture_family("f1", true);
    struct dw_authorization_code *seen;
    struct dw_refresh_family *seen_family;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_false(take(1, NOW_S, &seen));
    assert_done(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 50), NULL,
                                            &error),
                error);
    assert_true(take(1, NOW_S + 5, &seen));
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 50), DW_EMPTY,
                                           fixture.arena, &seen_family, &error),
                error);
    assert_int_equal(seen_family->revoked_at_s, NOW_S + 5);
}

static void a_code_replayed_before_its_tokens_are_stored_gives_none(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f1");
    struct dw_refresh_family family = fixture_family("f1", true);
    struct dw_authorization_code *seen;

    (void)state;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_false(take(1, NOW_S, &seen));
    assert_true(take(1, NOW_S, &seen));
    assert_fails(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 50),
                                             NULL, &error),
                 error, DW_INVALID_GRANT);
}

/* --- refresh tokens --------------------------------------------------------------------------- */

/* Tokens are numbers; the successor of n is n + 1, and those from 100 on name the family f1. */
static enum dw_refresh_verdict use_token(struct dw_arena *arena, uint32_t token,
                                         const char *client_id, int64_t now_s)
{
    enum dw_refresh_verdict verdict = DW_REFRESH_UNKNOWN;
    struct dw_refresh_family *family;
    struct dw_error failure = {0};

    assert_done(dw_store_use_refresh_token(fixture.store, digest(arena, token),
                                           token >= 100 ? S("f1") : DW_EMPTY,
                                           digest(arena, token + 1), S(client_id), now_s, arena,
                                           &verdict, &family, &failure),
                failure);
    if (verdict != DW_REFRESH_UNKNOWN)
        assert_slice(family->id, "f1");
    return verdict;
}

static void add_family(bool is_rotating)
{
    struct dw_refresh_family family = fixture_family("f1", is_rotating);

    assert_done(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 100),
                                            NULL, &error),
                error);
}

static int64_t revoked_at(uint32_t token)
{
    struct dw_refresh_family *family;

    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, token), DW_EMPTY,
                                           fixture.arena, &family, &error),
                error);
    assert_non_null(family);
    return family->revoked_at_s;
}

static void a_reused_token_ends_the_family(void **state)
{
    (void)state;
    add_family(true);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S), DW_REFRESH_ROTATE);
    assert_int_equal(use_token(fixture.arena, 101, "c1", NOW_S + 1), DW_REFRESH_ROTATE);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 2), DW_REFRESH_REUSED);
    assert_int_equal(revoked_at(102), NOW_S + 2);
    assert_int_equal(use_token(fixture.arena, 102, "c1", NOW_S + 3), DW_REFRESH_REVOKED);
}

static bool has_row(uint32_t token)
{
    struct dw_refresh_family *family;

    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, token), DW_EMPTY,
                                           fixture.arena, &family, &error),
                error);
    return family != NULL;
}

/* Years of refreshing take no more room than two, and hide no thief. */
static void a_family_keeps_two_tokens_and_knows_them_all(void **state)
{
    (void)state;
    add_family(true);
    for (uint32_t at = 100; at < 150; at++)
        assert_int_equal(use_token(fixture.arena, at, "c1", NOW_S + at), DW_REFRESH_ROTATE);
    for (uint32_t at = 100; at <= 150; at++)
        assert_int_equal(has_row(at), at >= 149);
    assert_int_equal(use_token(fixture.arena, 110, "c2", NOW_S + 150), DW_REFRESH_UNKNOWN);
    assert_int_equal(use_token(fixture.arena, 149, "c1", NOW_S + 150), DW_REFRESH_REPEAT);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 150), DW_REFRESH_REUSED);
    assert_int_equal(use_token(fixture.arena, 150, "c1", NOW_S + 150), DW_REFRESH_REVOKED);
}

static void another_clients_attempt_is_unknown_and_harms_nobody(void **state)
{
    (void)state;
    add_family(true);
    assert_int_equal(use_token(fixture.arena, 100, "c2", NOW_S), DW_REFRESH_UNKNOWN);
    assert_int_equal(use_token(fixture.arena, 77, "c1", NOW_S), DW_REFRESH_UNKNOWN);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S), DW_REFRESH_ROTATE);
    assert_int_equal(revoked_at(100), 0);
}

static void in_the_grace_window_the_same_successor_comes_again(void **state)
{
    (void)state;
    add_family(true);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S), DW_REFRESH_ROTATE);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 29), DW_REFRESH_REPEAT);
    assert_int_equal(use_token(fixture.arena, 101, "c1", NOW_S + 29), DW_REFRESH_ROTATE);
    assert_int_equal(use_token(fixture.arena, 102, "c1", NOW_S + 29), DW_REFRESH_ROTATE);
}

static void after_the_grace_window_it_is_theft(void **state)
{
    (void)state;
    add_family(true);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S), DW_REFRESH_ROTATE);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 30), DW_REFRESH_REUSED);
    assert_int_equal(revoked_at(101), NOW_S + 30);
}

static void a_token_that_does_not_rotate_stays(void **state)
{
    (void)state;
    add_family(false);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 999), DW_REFRESH_KEEP);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 1998), DW_REFRESH_KEEP);
    assert_int_equal(use_token(fixture.arena, 100, "c1", NOW_S + 2998), DW_REFRESH_EXPIRED);
}

static atomic_int rotated, repeated, others;

static void use_token_100(struct dw_arena *arena, int number)
{
    enum dw_refresh_verdict verdict = use_token(arena, 100, "c1", NOW_S + (number & 7));

    atomic_fetch_add(verdict == DW_REFRESH_ROTATE   ? &rotated
                     : verdict == DW_REFRESH_REPEAT ? &repeated
                                                    : &others,
                     1);
}

static void sixteen_threads_rotate_once_and_share_the_successor(void **state)
{
    (void)state;
    rotated = repeated = others = 0;
    add_family(true);
    run_threads(use_token_100);
    assert_int_equal(rotated, 1);
    assert_int_equal(repeated, THREADS - 1);
    assert_int_equal(others, 0);
    assert_int_equal(use_token(fixture.arena, 101, "c1", NOW_S + 9), DW_REFRESH_ROTATE);
}

static void revoking_ends_every_kind_of_hold(void **state)
{
    struct dw_user user = fixture_user("auth0|1", "ada@example.com");
    struct dw_user *seen;

    (void)state;
    add_family(true);
    assert_done(
        dw_store_revoke_refresh_tokens_of(fixture.store, S("auth0|1"), S("c9"), NOW_S + 1, &error),
        error);
    assert_int_equal(revoked_at(100), 0);
    user.updated_at_s = NOW_S + 2;
    assert_done(dw_store_update_user(fixture.store, &user, &error), error);
    assert_int_equal(revoked_at(100), 0); /* neither password nor block changed */
    user.is_blocked = true;
    assert_done(dw_store_update_user(fixture.store, &user, &error), error);
    assert_int_equal(revoked_at(100), NOW_S + 2);
    assert_done(dw_store_user(fixture.store, S("auth0|1"), fixture.arena, &seen, &error), error);
    assert_true(seen->is_blocked);
}

static void a_new_password_ends_logins(void **state)
{
    struct dw_user user = fixture_user("auth0|1", "ada@example.com");
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 5),
                                       .id = S("sid"),
                                       .user_id = S("auth0|1"),
                                       .idle_expires_at_s = NOW_S + 10,
                                       .expires_at_s = NOW_S + 20};
    struct dw_login_session *seen;

    (void)state;
    add_family(true);
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    user.password_hash = dw_secret_from(S("$argon2id$other"));
    assert_done(dw_store_update_user(fixture.store, &user, &error), error);
    assert_int_equal(revoked_at(100), NOW_S);
    assert_done(
        dw_store_session(fixture.store, session.id_digest, NOW_S, fixture.arena, &seen, &error),
        error);
    assert_null(seen);
}

static void withdrawn_consent_ends_its_tokens(void **state)
{
    struct dw_consent consent = {.id = S("g1"),
                                 .user_id = S("auth0|1"),
                                 .client_id = S("c1"),
                                 .audience = S(AUDIENCE),
                                 .scopes = {fixture_scopes, 2}};

    (void)state;
    add_family(true);
    assert_done(dw_store_add_consent(fixture.store, &consent, &error), error);
    assert_done(dw_store_delete_consent(fixture.store, S("g1"), NOW_S + 4, &error), error);
    assert_int_equal(revoked_at(100), NOW_S + 4);
}

static void the_oldest_of_too_many_families_goes(void **state)
{
    struct dw_refresh_family *seen;
    char id[16];

    (void)state;
    for (uint32_t at = 0; at <= DW_STORE_MAX_FAMILIES; at++) {
        struct dw_refresh_family family;
        bool has_dropped = false;

        snprintf(id, sizeof id, "f-%u", at);
        family = fixture_family(id, true);
        family.created_at_s = NOW_S + at;
        assert_done(dw_store_add_refresh_family(fixture.store, &family,
                                                digest(fixture.arena, 1000 + at), &has_dropped,
                                                &error),
                    error);
        assert_int_equal(has_dropped, at == DW_STORE_MAX_FAMILIES);
    }
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 1000), DW_EMPTY,
                                           fixture.arena, &seen, &error),
                error);
    assert_null(seen);
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 1001), DW_EMPTY,
                                           fixture.arena, &seen, &error),
                error);
    assert_non_null(seen);
}

/* --- logins ----------------------------------------------------------------------------------- */

static void an_authorization_request_ends_once(void **state)
{
    struct dw_authorization_request request = {.id_digest = digest(fixture.arena, 7),
                                               .client_id = S("c1"),
                                               .redirect_uri = S("https://app.example.com/cb"),
                                               .response_mode = DW_RESPONSE_FORM_POST,
                                               .scopes = {fixture_scopes, 2},
                                               .oauth_state = S("s\"t"),
                                               .has_state = true,
                                               .prompts_consent = true,
                                               .max_age_s = -1,
                                               .created_at_s = NOW_S,
                                               .expires_at_s = NOW_S + 600};
    struct dw_authorization_request *seen;

    (void)state;
    assert_done(dw_store_add_authorization_request(fixture.store, &request, &error), error);
    assert_done(dw_store_authorization_request(fixture.store, request.id_digest, NOW_S + 600,
                                               fixture.arena, &seen, &error),
                error);
    assert_null(seen);
    request.user_id = S("auth0|1");
    assert_done(dw_store_update_authorization_request(fixture.store, &request, &error), error);
    assert_done(dw_store_take_authorization_request(fixture.store, request.id_digest, NOW_S,
                                                    fixture.arena, &seen, &error),
                error);
    assert_slice(seen->user_id, "auth0|1");
    assert_slice(seen->oauth_state, "s\"t");
    assert_int_equal(seen->response_mode, DW_RESPONSE_FORM_POST);
    assert_true(seen->prompts_consent);
    assert_false(seen->prompts_none);
    assert_done(dw_store_take_authorization_request(fixture.store, request.id_digest, NOW_S,
                                                    fixture.arena, &seen, &error),
                error);
    assert_null(seen);
    assert_fails(dw_store_update_authorization_request(fixture.store, &request, &error), error,
                 DW_NOT_FOUND);
}

static void a_session_changes_its_cookie(void **state)
{
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 5),
                                       .id = S("sid"),
                                       .user_id = S("auth0|1"),
                                       .created_at_s = NOW_S,
                                       .idle_expires_at_s = NOW_S + 10,
                                       .expires_at_s = NOW_S + 20};
    struct dw_login_session *seen;

    (void)state;
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
    assert_done(dw_store_session(fixture.store, session.id_digest, NOW_S + 10, fixture.arena, &seen,
                                 &error),
                error);
    assert_null(seen); /* idle too long */
    session.id_digest = digest(fixture.arena, 6);
    session.idle_expires_at_s = NOW_S + 19;
    assert_done(dw_store_update_session(fixture.store, digest(fixture.arena, 5), &session, &error),
                error);
    assert_fails(dw_store_update_session(fixture.store, digest(fixture.arena, 5), &session, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_session(fixture.store, session.id_digest, NOW_S + 18, fixture.arena, &seen,
                                 &error),
                error);
    assert_slice(seen->id, "sid");
    assert_done(dw_store_delete_session(fixture.store, session.id_digest, &error), error);
    assert_done(dw_store_delete_session(fixture.store, session.id_digest, &error), error);
    assert_done(
        dw_store_session(fixture.store, session.id_digest, NOW_S, fixture.arena, &seen, &error),
        error);
    assert_null(seen);
}

/* --- once and seldom -------------------------------------------------------------------------- */

static bool is_first(const char *space, const char *key, int64_t now_s)
{
    bool result = false;

    assert_done(
        dw_store_first_use(fixture.store, S(space), S(key), now_s, now_s + 60, &result, &error),
        error);
    return result;
}

static void a_key_is_used_first_once_until_it_expires(void **state)
{
    (void)state;
    assert_true(is_first("jti", "a", NOW_S));
    assert_false(is_first("jti", "a", NOW_S + 59));
    assert_true(is_first("other", "a", NOW_S));
    assert_true(is_first("jti", "b", NOW_S));
    assert_true(is_first("jti", "a", NOW_S + 60));
    assert_false(is_first("jti", "a", NOW_S + 61));
}

static atomic_int firsts;

static void use_one_key(struct dw_arena *arena, int number)
{
    struct dw_error failure;
    bool result = false;

    (void)arena;
    (void)number;
    if (dw_store_first_use(fixture.store, S("jti"), S("k"), NOW_S, NOW_S + 60, &result, &failure) &&
        result)
        atomic_fetch_add(&firsts, 1);
}

static void sixteen_threads_use_a_key_first_once(void **state)
{
    (void)state;
    firsts = 0;
    run_threads(use_one_key);
    assert_int_equal(firsts, 1);
}

static void a_rate_is_counted_window_by_window(void **state)
{
    struct dw_rate rate = {S("dcr"), S("10.0.0.1"), 3, 60};
    struct dw_rate other = {S("dcr"), S("10.0.0.2"), 3, 60};
    struct dw_rate none = {S("dcr"), S("10.0.0.3"), 0, 60};
    bool is_allowed;

    (void)state;
    for (int at = 0; at < 5; at++) {
        assert_done(dw_store_rate_has_room(fixture.store, &rate, NOW_S + at, &is_allowed, &error),
                    error);
        assert_int_equal(is_allowed, at < 3);
        assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S + at, &is_allowed, &error),
                    error);
        assert_int_equal(is_allowed, at < 3);
    }
    assert_done(dw_store_rate_take(fixture.store, &other, NOW_S, &is_allowed, &error), error);
    assert_true(is_allowed);
    assert_done(dw_store_rate_take(fixture.store, &none, NOW_S, &is_allowed, &error), error);
    assert_false(is_allowed);
    assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S + 59, &is_allowed, &error), error);
    assert_false(is_allowed);
    assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S + 60, &is_allowed, &error), error);
    assert_true(is_allowed);
    assert_done(dw_store_rate_reset(fixture.store, rate.space, rate.key, &error), error);
    for (int at = 0; at < 3; at++)
        assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S + 61, &is_allowed, &error),
                    error);
    assert_true(is_allowed);
}

/* A machine that began in another year, and limits from then. */
static void a_clock_that_was_years_ahead_shuts_nobody_out(void **state)
{
    struct dw_rate rate = {S("dcr"), S("10.0.0.4"), 2, 60};
    int64_t years_s = INT64_C(12) * 365 * 86400;
    bool is_allowed;

    (void)state;
    for (int at = 0; at < 3; at++) {
        assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S + years_s, &is_allowed, &error),
                    error);
        assert_int_equal(is_allowed, at < 2);
    }
    for (int at = 0; at < 3; at++) {
        assert_done(dw_store_rate_has_room(fixture.store, &rate, NOW_S, &is_allowed, &error),
                    error);
        assert_int_equal(is_allowed, at < 2);
        assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S, &is_allowed, &error), error);
        assert_int_equal(is_allowed, at < 2);
    }
    /* One that is set back a little opens nothing. */
    assert_done(dw_store_rate_take(fixture.store, &rate, NOW_S - 3600, &is_allowed, &error), error);
    assert_false(is_allowed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_unknown_code_is_null),
        CASE(a_code_comes_back_whole_and_works_once),
        CASE(another_client_does_not_take_a_code),
        CASE(sixteen_threads_take_a_code_once),
        CASE(a_replayed_code_revokes_what_it_gave),
        CASE(a_code_replayed_before_its_tokens_are_stored_gives_none),
        CASE(a_reused_token_ends_the_family),
        CASE(a_family_keeps_two_tokens_and_knows_them_all),
        CASE(another_clients_attempt_is_unknown_and_harms_nobody),
        CASE(in_the_grace_window_the_same_successor_comes_again),
        CASE(after_the_grace_window_it_is_theft),
        CASE(a_token_that_does_not_rotate_stays),
        CASE(sixteen_threads_rotate_once_and_share_the_successor),
        CASE(revoking_ends_every_kind_of_hold),
        CASE(a_new_password_ends_logins),
        CASE(withdrawn_consent_ends_its_tokens),
        CASE(the_oldest_of_too_many_families_goes),
        CASE(an_authorization_request_ends_once),
        CASE(a_session_changes_its_cookie),
        CASE(a_key_is_used_first_once_until_it_expires),
        CASE(sixteen_threads_use_a_key_first_once),
        CASE(a_rate_is_counted_window_by_window),
        CASE(a_clock_that_was_years_ahead_shuts_nobody_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
