/* What leaves the store by itself, and what does not. */
#include "shared_fixture.h"
#include "store/issued_tokens.h"

static bool is_first(void)
{
    bool result = false;

    assert_done(
        dw_store_first_use(fixture.store, S("jti"), S("a"), NOW_S, NOW_S + 60, &result, &error),
        error);
    return result;
}

static bool take_code(struct dw_authorization_code **ret_code)
{
    bool was_used = false;

    assert_done(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, 1), S("c1"),
                                                 NOW_S, fixture.arena, ret_code, &was_used, &error),
                error);
    return was_used;
}

static void purging_takes_the_expired_alone(void **state)
{
    struct dw_authorization_code code = fixture_code(&fixture, 1, "f-code");
    struct dw_refresh_family family = fixture_family("f1", true);
    struct dw_authorization_code *seen;
    struct dw_refresh_family *seen_family;
    struct dw_oauth_client *seen_client;

    (void)state;
    family.expires_at_s = family.idle_lifetime_s = 0;
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
    assert_done(
        dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, 2), NULL, &error),
        error);
    assert_true(is_first());
    assert_done(dw_store_purge(fixture.store, NOW_S + 3600, &error), error);
    assert_false(take_code(&seen)); /* a used code would still be seen */
    assert_non_null(seen);
    assert_true(is_first()); /* gone */
    assert_done(dw_store_purge(fixture.store, NOW_S + 40 * 86400, &error), error);
    take_code(&seen);
    assert_null(seen);
    /* A family that never expires stays, and so does its client, though it registered itself. */
    assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 2), DW_EMPTY,
                                           fixture.arena, &seen_family, &error),
                error);
    assert_non_null(seen_family);
    assert_done(dw_store_revoke_refresh_family(fixture.store, S("f1"), NOW_S, &error), error);
    assert_done(dw_store_purge(fixture.store, NOW_S + 40 * 86400, &error), error);
    assert_done(dw_store_purge(fixture.store, NOW_S + 40 * 86400, &error), error);
    assert_done(dw_store_client(fixture.store, S("c1"), fixture.arena, &seen_client, &error),
                error);
    assert_null(seen_client); /* nobody ever consented to it */
}

/* Whether they have an end of their own or not. */
static void purging_takes_families_that_were_idle_too_long(void **state)
{
    const char *ids[] = {"f-idle", "f-used", "f-endless"};
    struct dw_refresh_family *seen;

    (void)state;
    for (uint32_t at = 0; at < 3; at++) {
        struct dw_refresh_family family = fixture_family(ids[at], true);

        family.expires_at_s = 0;
        family.idle_lifetime_s = at == 2 ? 0 : 1000;
        family.last_used_at_s = at == 1 ? NOW_S + 8 * 86400 : NOW_S;
        assert_done(dw_store_add_refresh_family(fixture.store, &family,
                                                digest(fixture.arena, 10 + at), NULL, &error),
                    error);
    }
    for (int round = 0; round < 2; round++) {
        assert_done(dw_store_purge(fixture.store, NOW_S + (round == 0 ? 86400 : 8 * 86400), &error),
                    error);
        for (uint32_t at = 0; at < 3; at++) {
            assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, 10 + at),
                                                   DW_EMPTY, fixture.arena, &seen, &error),
                        error);
            assert_int_equal(seen != NULL, round == 0 || at > 0);
        }
    }
}

/* Everybody can make us keep these: a flood of them must not outlive its time. */
static void purging_takes_all_that_has_expired(void **state)
{
    enum {
        FLOOD = 1100 /* more than go in one transaction */
    };
    struct dw_authorization_request request = {.client_id = S("c1"),
                                               .redirect_uri = S("https://app.example.com/cb"),
                                               .csrf_digest = digest(fixture.arena, 1),
                                               .max_age_s = -1,
                                               .created_at_s = NOW_S,
                                               .expires_at_s = NOW_S + 60};
    struct dw_authorization_request *seen;

    (void)state;
    for (uint32_t at = 0; at < FLOOD; at++) {
        request.id_digest = digest(fixture.arena, at);
        assert_done(dw_store_add_authorization_request(fixture.store, &request, &error), error);
    }
    assert_done(dw_store_purge(fixture.store, NOW_S + 60, &error), error);
    for (uint32_t at = 0; at < FLOOD; at++) {
        assert_done(dw_store_authorization_request(fixture.store, digest(fixture.arena, at), NOW_S,
                                                   fixture.arena, &seen, &error),
                    error);
        assert_null(seen);
    }
}

/* --- what one user may make us keep ----------------------------------------------------------- */

static void add_session(uint32_t seed, const char *user_id)
{
    char id[16];
    struct dw_login_session session = {.id_digest = digest(fixture.arena, seed),
                                       .user_id = S(user_id),
                                       .idle_expires_at_s = NOW_S + 10,
                                       .expires_at_s = NOW_S + 20};

    snprintf(id, sizeof id, "s-%u", seed);
    session.id = S(id);
    assert_done(dw_store_add_session(fixture.store, &session, &error), error);
}

static bool has_session(uint32_t seed)
{
    struct dw_login_session *seen;

    assert_done(dw_store_session(fixture.store, digest(fixture.arena, seed), NOW_S, fixture.arena,
                                 &seen, &error),
                error);
    return seen;
}

static void add_code(uint32_t seed, const char *user_id)
{
    char family_id[16];
    struct dw_authorization_code code;

    snprintf(family_id, sizeof family_id, "f-%u", seed);
    code = fixture_code(&fixture, seed, family_id);
    code.user_id = S(user_id);
    assert_done(dw_store_add_authorization_code(fixture.store, &code, &error), error);
}

static bool has_code(uint32_t seed)
{
    struct dw_authorization_code *seen;
    bool was_used;

    assert_done(dw_store_take_authorization_code(fixture.store, digest(fixture.arena, seed),
                                                 S("c1"), NOW_S, fixture.arena, &seen, &was_used,
                                                 &error),
                error);
    return seen;
}

static void add_opaque_token(uint32_t seed, const char *user_id)
{
    struct dw_opaque_token token = {.token_digest = digest(fixture.arena, seed),
                                    .client_id = S("c1"),
                                    .user_id = S(user_id),
                                    .created_at_s = NOW_S,
                                    .expires_at_s = NOW_S + 86400};

    assert_done(dw_store_add_opaque_token(fixture.store, &token, &error), error);
}

static bool has_opaque_token(uint32_t seed)
{
    struct dw_opaque_token *seen;

    assert_done(dw_store_opaque_token(fixture.store, digest(fixture.arena, seed), NOW_S,
                                      fixture.arena, &seen, &error),
                error);
    return seen;
}

/* Sessions, codes and tokens come as fast as a logged-in browser asks. */
static void one_user_has_so_many_rows(void **state)
{
    static const struct {
        uint32_t most;
        void (*add)(uint32_t seed, const char *user_id);
        bool (*has)(uint32_t seed);
    } kinds[] = {
        {DW_STORE_MAX_SESSIONS, add_session, has_session},
        {DW_STORE_MAX_CODES, add_code, has_code},
        {DW_STORE_MAX_OPAQUE_TOKENS, add_opaque_token, has_opaque_token},
    };
    struct dw_user other = fixture_user("auth0|2", "grace@example.com");

    (void)state;
    assert_done(dw_store_add_user(fixture.store, &other, &error), error);
    dw_store_hurry(fixture.store, true);
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        uint32_t most = kinds[kind].most;

        kinds[kind].add(9999, "auth0|2");
        for (uint32_t at = 0; at <= most; at++)
            kinds[kind].add(at, "auth0|1");
        assert_false(kinds[kind].has(0));
        assert_true(kinds[kind].has(1));
        assert_true(kinds[kind].has(most));
        assert_true(kinds[kind].has(9999));
    }
}

/* Whoever knows a password alone begins a session with each login. */
static void a_session_with_a_second_factor_is_not_pushed_out_by_those_without(void **state)
{
    struct dw_login_session session = {.id_digest = digest(fixture.arena, 9999),
                                       .user_id = S("auth0|1"),
                                       .mfa_at_s = NOW_S,
                                       .idle_expires_at_s = NOW_S + 10,
                                       .expires_at_s = NOW_S + 20};

    (void)state;
    dw_store_hurry(fixture.store, true);
    add_session(9999, "auth0|1");
    assert_done(dw_store_update_session(fixture.store, session.id_digest, &session, &error), error);
    for (uint32_t at = 0; at <= DW_STORE_MAX_SESSIONS; at++)
        add_session(at, "auth0|1");
    assert_true(has_session(9999));
    assert_false(has_session(1));
    assert_true(has_session(2));
    assert_true(has_session(DW_STORE_MAX_SESSIONS));
}

static void one_user_has_so_many_revoked_families(void **state)
{
    struct dw_refresh_family *seen;
    char id[16];

    (void)state;
    dw_store_hurry(fixture.store, true);
    for (uint32_t at = 0; at <= DW_STORE_MAX_FAMILIES + 1; at++) {
        struct dw_refresh_family family;

        snprintf(id, sizeof id, "f-%u", at);
        family = fixture_family(id, true);
        family.created_at_s = NOW_S + at;
        assert_done(dw_store_add_refresh_family(fixture.store, &family, digest(fixture.arena, at),
                                                NULL, &error),
                    error);
        assert_done(dw_store_revoke_refresh_family(fixture.store, S(id), NOW_S + at, &error),
                    error);
    }
    for (uint32_t at = 0; at < 2; at++) {
        assert_done(dw_store_refresh_family_of(fixture.store, digest(fixture.arena, at), DW_EMPTY,
                                               fixture.arena, &seen, &error),
                    error);
        assert_int_equal(seen != NULL, at == 1);
    }
}

static bool is_kept(const char *client_id, int64_t now_s)
{
    struct dw_oauth_client *seen;

    assert_done(dw_store_purge(fixture.store, now_s, &error), error);
    assert_done(dw_store_client(fixture.store, S(client_id), fixture.arena, &seen, &error), error);
    return seen != NULL;
}

/* A stranger's URL at /authorize is enough to make one. */
static void a_client_by_its_document_stays_while_somebody_uses_it(void **state)
{
    struct dw_oauth_client client = fixture_client("https://a.example/client");
    struct dw_consent consent = {.id = S("grt_1"),
                                 .user_id = S("auth0|1"),
                                 .client_id = S("https://a.example/client"),
                                 .audience = S(AUDIENCE),
                                 .created_at_s = NOW_S,
                                 .updated_at_s = NOW_S};

    (void)state;
    client.kind = DW_CLIENT_CIMD;
    client.document_expires_at_s = NOW_S + 300;
    assert_done(dw_store_put_client(fixture.store, &client, &error), error);
    assert_true(is_kept("https://a.example/client", NOW_S + 300)); /* a login may be under way */
    assert_done(dw_store_add_consent(fixture.store, &consent, &error), error);
    assert_true(is_kept("https://a.example/client", NOW_S + 40 * 86400));
    assert_done(dw_store_delete_consent(fixture.store, consent.id, NOW_S, &error), error);
    assert_false(is_kept("https://a.example/client", NOW_S + 300 + 3600));
}

/* Clients that registered and never came back. */
enum {
    UNUSED_CLIENTS = 1010
};

static void register_clients(void)
{
    for (int at = 0; at < UNUSED_CLIENTS; at++) {
        struct dw_slice id = dw_arena_printf(fixture.arena, "tpc_%d", at);
        struct dw_oauth_client client = fixture_client(dw_arena_text(fixture.arena, id));

        client.created_at_s = NOW_S + at;
        assert_done(dw_store_add_client(fixture.store, &client, &error), error);
    }
}

/* Registration is open to strangers, so there is a number of clients at which it closes. One who
 * fills it up must not keep everybody out for a month. */
static void of_too_many_unused_clients_the_oldest_go(void **state)
{
    struct dw_consent consent = {.id = S("grt_1"),
                                 .user_id = S("auth0|1"),
                                 .client_id = S("tpc_0"),
                                 .audience = S(AUDIENCE),
                                 .created_at_s = NOW_S,
                                 .updated_at_s = NOW_S};

    (void)state;
    register_clients();
    assert_done(dw_store_add_consent(fixture.store, &consent, &error), error);
    assert_true(is_kept("tpc_1", NOW_S + 3600));
    assert_true(is_kept("tpc_0", NOW_S + 7200));  /* used */
    assert_false(is_kept("tpc_9", NOW_S + 7200)); /* with c1, ten too many */
    assert_true(is_kept("tpc_10", NOW_S + 7200));
    assert_true(is_kept("tpc_1009", NOW_S + 7200));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, store_start, store_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(purging_takes_the_expired_alone),
        CASE(purging_takes_families_that_were_idle_too_long),
        CASE(purging_takes_all_that_has_expired),
        CASE(one_user_has_so_many_rows),
        CASE(a_session_with_a_second_factor_is_not_pushed_out_by_those_without),
        CASE(one_user_has_so_many_revoked_families),
        CASE(a_client_by_its_document_stays_while_somebody_uses_it),
        CASE(of_too_many_unused_clients_the_oldest_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
