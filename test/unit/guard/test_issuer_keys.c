/* guard/issuer_keys.c through the guard: loops, workers and a real issuer on loopback. */
#include "guard/http_peer.h"
#include "guard/tokens.h"

#include "guard/guard.h"
#include "guard/issuer_keys_internal.h"
#include "net/loop.h"

#define REQUESTS 5

static struct dw_arena *arena;
static struct dw_net *net;
static struct dw_guard *guard;
static struct peer peer;
static char issuer[64];

struct asked {
    struct dw_arena *arena;
    struct dw_http_field field;
    struct dw_http_request request;
    struct dw_guard_wait *wait;
    const struct dw_principal *principal;
    struct dw_error error;
    int answers;
};

static struct asked asked[REQUESTS];
static int answers;
static void (*when_all_are_answered)(void);

static void on_answer(void *user, const struct dw_principal *principal,
                      const struct dw_error *error)
{
    struct asked *one = user;

    one->answers++;
    one->wait = NULL;
    one->principal = principal;
    if (error)
        one->error = *error;
    if (++answers == REQUESTS && when_all_are_answered)
        when_all_are_answered();
}

static void ask(size_t index, struct dw_slice token)
{
    struct asked *one = &asked[index];

    if (!one->arena)
        one->arena = dw_arena_new(1 << 18);
    dw_guard_release(one->principal);
    one->principal = NULL;
    one->answers = 0;
    one->error = (struct dw_error){.code = DW_OK};
    one->field = (struct dw_http_field){S("Authorization"),
                                        dw_arena_printf(arena, "Bearer %.*s", DW_PRINT(token))};
    one->request = (struct dw_http_request){.fields = {&one->field, 1}};
    one->wait = dw_guard_authenticate(guard, dw_net_loop(net, 0), &one->request, one->arena, NULL,
                                      on_answer, one);
}

static void ask_all(void *user)
{
    (void)user;
    answers = 0;
    for (size_t i = 0; i < REQUESTS; i++)
        ask(i, token_of(rsa_key, issuer, ""));
}

static void stop(void)
{
    dw_net_stop(net, 0);
}

/* Runs a net with the guard until somebody calls stop(). */
static void run(void (*start)(void *user), void (*when_all)(void), int discovery_status)
{
    struct dw_issuer_config config = {.provider = S("oidc"), .issuer = S(issuer)};
    struct dw_guard_config guard_config = {.size = sizeof guard_config,
                                           .protected_resource = S(RESOURCE),
                                           .issuers = &config,
                                           .issuer_count = 1,
                                           .leeway_s = 60};
    struct dw_error error;

    peer = (struct peer){.delay_ms = 20};
    peer_open(&peer);
    snprintf(issuer, sizeof issuer, "http://127.0.0.1:%d/", peer.port);
    config.issuer = S(issuer);
    peer.pages[0].path = "/.well-known/openid-configuration";
    peer.pages[0].status = discovery_status;
    peer.pages[0].body =
        dw_arena_text(arena, dw_arena_printf(arena, "{\"issuer\":\"%s\",\"jwks_uri\":\"%sjwks\"}",
                                             issuer, issuer));
    peer.pages[1].path = "/jwks";
    peer.pages[1].body = dw_arena_text(arena, jwks_of(&rsa_key, 1));
    peer_start(&peer);
    memset(asked, 0, sizeof asked);
    when_all_are_answered = when_all;
    net = dw_net_new(&(struct dw_net_config){.size = sizeof(struct dw_net_config), .loop_count = 1},
                     &error);
    assert_non_null(net);
    guard = dw_guard_new(net, &guard_config, &error);
    if (!guard)
        fail_msg("%s", error.message);
    assert_true(dw_loop_post(dw_net_loop(net, 0), start, NULL));
    assert_done(dw_net_run(net, &error), error);
    for (size_t i = 0; i < REQUESTS; i++) {
        dw_guard_release(asked[i].principal);
        dw_arena_free(asked[i].arena);
    }
    dw_guard_free(guard);
    dw_net_free(net);
    peer_stop(&peer);
}

static void check_that_all_passed(void)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_int_equal(asked[i].answers, 1);
        if (!asked[i].principal)
            fail_msg("%s (%s)", asked[i].error.message, asked[i].error.cause);
    }
    stop();
}

static void requests_that_come_together_share_one_fetch(void **state)
{
    (void)state;
    run(ask_all, check_that_all_passed, 200);
    assert_int_equal(peer.pages[0].asked, 1);
    assert_int_equal(peer.pages[1].asked, 1);
}

static void expect_that_all_were_refused(void)
{
    for (size_t i = 0; i < REQUESTS; i++)
        assert_int_equal(asked[i].error.code, DW_INVALID_TOKEN);
    stop();
}

static void ask_with_unknown_kids(void)
{
    when_all_are_answered = expect_that_all_were_refused;
    answers = 0;
    for (size_t i = 0; i < REQUESTS; i++)
        ask(i, token_of(ec_key, issuer, ""));
}

static void unknown_kids_do_not_hammer_the_issuer(void **state)
{
    (void)state;
    run(ask_all, ask_with_unknown_kids, 200);
    assert_true(peer.pages[1].asked <= 2); /* a second one when the machine was slow */
}

static void ask_again(void *user)
{
    struct dw_timer **timer = user;

    dw_timer_free(*timer);
    when_all_are_answered = check_that_all_passed;
    ask_all(NULL);
}

static void expect_that_nothing_could_be_told(void)
{
    static struct dw_timer *timer;

    for (size_t i = 0; i < REQUESTS; i++) {
        assert_null(asked[i].principal);
        assert_string_equal(dw_code_row(asked[i].error.code)->name, "DW_UNAVAILABLE");
    }
    peer.pages[0].status = 200; /* the issuer is back */
    timer = dw_timer_new(dw_net_loop(net, 0), 1600, 0, ask_again, &timer);
    assert_non_null(timer);
}

static void an_issuer_that_comes_back_is_asked_again(void **state)
{
    (void)state;
    run(ask_all, expect_that_nothing_could_be_told, 503);
    assert_int_equal(peer.pages[1].asked, 1);
}

static void stop_soon(void *user)
{
    struct dw_timer **timer = user;

    dw_timer_free(*timer);
    stop();
}

static void ask_and_leave(void *user)
{
    static struct dw_timer *timer;

    ask_all(user);
    for (size_t i = 0; i < REQUESTS; i++) {
        assert_non_null(asked[i].wait);
        dw_guard_wait_cancel(asked[i].wait);
    }
    timer = dw_timer_new(dw_net_loop(net, 0), 300, 0, stop_soon, &timer);
    assert_non_null(timer);
}

static void who_has_left_gets_no_answer(void **state)
{
    (void)state;
    run(ask_and_leave, stop, 200);
    for (size_t i = 0; i < REQUESTS; i++)
        assert_int_equal(asked[i].answers, 0);
}

/* ---- without the guard, at another pace ---- */

static struct dw_issuer_keys *keys;
static struct dw_keys_wait waits[2];

static void all_is_known(struct dw_keys_wait *wait)
{
    (void)wait;
    assert_int_equal(peer.pages[1].asked, 2);
    stop();
}

static void after_the_first_fetch(struct dw_keys_wait *wait)
{
    struct dw_loop *loop = dw_net_loop(net, 0);

    dw_issuer_keys_lacks(keys, loop, S("gone"));
    assert_false(dw_issuer_keys_want(keys, loop, S("gone"), wait));
    waits[1].wake = all_is_known;
    assert_true(dw_issuer_keys_want(keys, loop, S("new"), &waits[1]));
}

static void want_keys(void *user)
{
    waits[0].wake = after_the_first_fetch;
    keys = dw_issuer_keys_new(net, user,
                              &(struct dw_keys_pace){.tick_ms = 500,
                                                     .refresh_ms = 60000,
                                                     .cooldown_ms = 1,
                                                     .unknown_kid_ms = 60000,
                                                     .stale_ms = 60000},
                              NULL);
    assert_non_null(keys);
    assert_true(dw_issuer_keys_want(keys, dw_net_loop(net, 0), S("gone"), &waits[0]));
}

/* Each fetch brings a reason for the next: two may come before the cool-down is over. */
static void want_another(struct dw_keys_wait *wait)
{
    static const struct dw_slice kids[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    struct dw_loop *loop = dw_net_loop(net, 0);
    size_t next = (size_t)peer.pages[1].asked;

    assert_true(next < 4);
    if (dw_issuer_keys_want(keys, loop, kids[next], wait))
        return;
    assert_int_equal(next, 3);
    stop();
}

static void want_many(void *user)
{
    waits[0].wake = want_another;
    keys = dw_issuer_keys_new(net, user,
                              &(struct dw_keys_pace){.tick_ms = 60000,
                                                     .refresh_ms = 60000,
                                                     .cooldown_ms = 60000,
                                                     .early_fetches = 2,
                                                     .unknown_kid_ms = 60000,
                                                     .stale_ms = 60000},
                              NULL);
    assert_non_null(keys);
    assert_true(dw_issuer_keys_want(keys, dw_net_loop(net, 0), S("x"), &waits[0]));
}

/* An issuer that publishes one key, and keys that `start` opens at its pace on loop 0. */
static void run_alone(const char *body, int delay_ms, void (*start)(void *config))
{
    struct dw_issuer_config config = {.provider = S("oidc")};
    struct dw_error error;
    char jwks_uri[80];

    peer = (struct peer){.delay_ms = delay_ms};
    peer_open(&peer);
    snprintf(issuer, sizeof issuer, "http://127.0.0.1:%d/", peer.port);
    snprintf(jwks_uri, sizeof jwks_uri, "%sjwks", issuer);
    config.issuer = S(issuer);
    config.jwks_uri = S(jwks_uri);
    peer.pages[0].path = "/unused";
    peer.pages[1].path = "/jwks";
    peer.pages[1].body = body;
    peer_start(&peer);
    net = dw_net_new(&(struct dw_net_config){.size = sizeof(struct dw_net_config), .loop_count = 1},
                     &error);
    assert_non_null(net);
    assert_true(dw_loop_post(dw_net_loop(net, 0), start, &config));
    assert_done(dw_net_run(net, &error), error);
    dw_issuer_keys_free(keys);
    dw_net_free(net);
    peer_stop(&peer);
}

static void a_kid_that_a_fetch_did_not_bring_causes_no_other(void **state)
{
    (void)state;
    run_alone(dw_arena_text(arena, jwks_of(&rsa_key, 1)), 20, want_keys);
}

static void keys_that_rotate_just_after_a_fetch_are_found(void **state)
{
    (void)state;
    run_alone(dw_arena_text(arena, jwks_of(&rsa_key, 1)), 0, want_many);
    assert_int_equal(peer.pages[1].asked, 3);
}

static struct dw_timer *watch;
static int looks;

/* Looks every 5 ms, up to 10 s, until `holds`; then stops. */
static bool looked_long_enough(bool holds)
{
    if (!holds && ++looks < 2000)
        return false;
    dw_timer_free(watch);
    stop();
    return true;
}

static void keys_at_pace(const struct dw_issuer_config *config, struct dw_keys_pace pace,
                         void (*look)(void *user))
{
    looks = 0;
    keys = dw_issuer_keys_new(net, config, &pace, NULL);
    assert_non_null(keys);
    watch = dw_timer_new(dw_net_loop(net, 0), 0, 5, look, NULL);
    assert_non_null(watch);
}

static bool has_keys(size_t count)
{
    struct dw_jwks *set = dw_issuer_keys_get(keys);
    bool has = set && dw_jwks_count(set) == count;

    dw_jwks_unref(set);
    return has;
}

static const char *rotated;

static void look_for_the_rotated_set(void *user)
{
    (void)user;
    if (has_keys(1))
        peer.pages[1].body = rotated;
    if (looked_long_enough(has_keys(2)))
        assert_true(dw_issuer_keys_generation(keys) >= 2);
}

static void open_fresh(void *config)
{
    keys_at_pace(config,
                 (struct dw_keys_pace){.tick_ms = 5,
                                       .refresh_ms = 20,
                                       .cooldown_ms = 60000,
                                       .unknown_kid_ms = 60000,
                                       .stale_ms = 60000},
                 look_for_the_rotated_set);
}

static void keys_are_refreshed_in_the_background(void **state)
{
    struct dw_signing_key *two[] = {rsa_key, ec_key};

    (void)state;
    rotated = dw_arena_text(arena, jwks_of(two, 2));
    run_alone(dw_arena_text(arena, jwks_of(&rsa_key, 1)), 0, open_fresh);
    assert_true(looks < 2000);
}

static bool was_known;

static void look_for_nothing(void *user)
{
    (void)user;
    if (has_keys(1) && !was_known) {
        was_known = true;
        peer.pages[1].status = 500; /* silent from now on */
    }
    (void)looked_long_enough(was_known && !has_keys(1));
}

static void open_stale(void *config)
{
    keys_at_pace(config,
                 (struct dw_keys_pace){.tick_ms = 5,
                                       .refresh_ms = 20,
                                       .cooldown_ms = 60000,
                                       .unknown_kid_ms = 60000,
                                       .stale_ms = 200},
                 look_for_nothing);
}

static void the_keys_of_a_silent_issuer_are_forgotten(void **state)
{
    (void)state;
    was_known = false;
    run_alone(dw_arena_text(arena, jwks_of(&rsa_key, 1)), 0, open_stale);
    assert_true(was_known);
    assert_true(looks < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_that_come_together_share_one_fetch),
        cmocka_unit_test(unknown_kids_do_not_hammer_the_issuer),
        cmocka_unit_test(keys_that_rotate_just_after_a_fetch_are_found),
        cmocka_unit_test(an_issuer_that_comes_back_is_asked_again),
        cmocka_unit_test(who_has_left_gets_no_answer),
        cmocka_unit_test(a_kid_that_a_fetch_did_not_bring_causes_no_other),
        cmocka_unit_test(keys_are_refreshed_in_the_background),
        cmocka_unit_test(the_keys_of_a_silent_issuer_are_forgotten),
    };
    int failed;

    make_keys();
    arena = dw_arena_new(16 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_arena_free(arena);
    free_keys();
    return failed;
}
