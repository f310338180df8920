/* What a connection presented last saves reading and hashing, and decides nothing: each request on
 * it is judged as if it were the first. */
#include "guard/tokens.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/mem.h"
#include "guard/guard.h"
#include "guard/presented_internal.h"

#define LEEWAY_S 60

static struct dw_net *net;
static struct dw_metrics *metrics;
static struct dw_jwks *published;
static struct dw_signing_key *unknown_key;
static struct dw_slice dead_id;
static struct dw_kept kept; /* the connection's */

static struct dw_jwks *published_keys(void *user)
{
    (void)user;
    return dw_jwks_ref(published);
}

static bool token_is_dead(void *user, struct dw_slice token_id)
{
    (void)user;
    return dead_id.len > 0 && dw_slice_eq(token_id, dead_id);
}

static void publish(struct dw_signing_key *const *keys, size_t count)
{
    struct dw_error error;

    dw_jwks_unref(published);
    published = dw_jwks_parse(jwks_of(keys, count), NULL, &error);
    assert_non_null(published);
}

static void close_connection(void)
{
    if (kept.memory)
        kept.free(kept.memory);
    kept = (struct dw_kept){NULL, NULL};
}

static struct dw_guard *new_guard(void)
{
    static const struct dw_key_source source = {published_keys, NULL, token_is_dead};
    static struct dw_issuer_config issuer;
    struct dw_guard_config config = {.size = sizeof config,
                                     .protected_resource = S(RESOURCE),
                                     .issuers = &issuer,
                                     .issuer_count = 1,
                                     .leeway_s = LEEWAY_S};
    struct dw_guard *guard;
    struct dw_error error;

    issuer = (struct dw_issuer_config){
        .provider = S("auth0"), .issuer = S(ISSUER), .key_source = &source};
    guard = dw_guard_new(net, &config, &error);
    assert_non_null(guard);
    return guard;
}

struct answer {
    int count;
    enum dw_code code;
    char subject[32];
};

static void note(void *user, const struct dw_principal *principal, const struct dw_error *error)
{
    struct answer *answer = user;

    answer->count++;
    answer->code = error ? error->code : DW_OK;
    if (principal)
        snprintf(answer->subject, sizeof answer->subject, "%.*s",
                 DW_PRINT(principal->token->subject));
    dw_guard_release(principal);
}

/* One request on the connection. */
static struct answer present(struct dw_guard *guard, const char *scheme, struct dw_slice token)
{
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_http_field field = {S("authorization"),
                                  dw_arena_printf(arena, "%s%.*s", scheme, DW_PRINT(token))};
    struct dw_http_request request = {.fields = {&field, 1}};
    struct answer answer = {0};
    struct dw_guard_wait *wait =
        dw_guard_authenticate(guard, dw_net_loop(net, 0), &request, arena, &kept, note, &answer);

    if (wait)
        dw_guard_wait_cancel(wait);
    assert_int_equal(answer.count, wait ? 0 : 1);
    dw_arena_free(arena);
    return answer;
}

static void assert_passes(struct dw_guard *guard, struct dw_slice token)
{
    assert_int_equal(present(guard, "Bearer ", token).code, DW_OK);
}

/* Until the connection remembers it. */
static void present_often(struct dw_guard *guard, struct dw_slice token)
{
    for (int i = 0; i < 3; i++)
        assert_passes(guard, token);
    assert_non_null(kept.memory);
}

static void a_connection_remembers_only_what_came_again(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice token = token_of(rsa_key, ISSUER, "");

    (void)state;
    assert_int_equal(present(guard, "Bearer ", S("opaque")).code, DW_INVALID_TOKEN);
    assert_int_equal(present(guard, "Bearer ", S("opaque")).code, DW_INVALID_TOKEN);
    assert_passes(guard, token);
    assert_null(kept.memory);
    assert_passes(guard, token);
    assert_non_null(kept.memory);
    assert_passes(guard, token);
    close_connection();
    dw_guard_free(guard);
}

static void bytes_that_differ_are_judged_afresh(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice token = token_of(rsa_key, ISSUER, "");
    char *changed = malloc(token.len + 1);

    (void)state;
    assert_non_null(changed);
    present_often(guard, token);
    for (size_t at = 0; at < token.len; at++) {
        memcpy(changed, token.ptr, token.len);
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        if (present(guard, "Bearer ", dw_slice_from(changed, token.len)).code == DW_OK)
            fail_msg("another byte %zu of %zu has passed", at, token.len);
    }
    memcpy(changed, token.ptr, token.len);
    changed[token.len] = 'A';
    assert_int_equal(present(guard, "Bearer ", dw_slice_from(changed, token.len + 1)).code,
                     DW_INVALID_TOKEN);
    assert_int_equal(present(guard, "Bearer ", dw_slice_sub(token, 0, token.len - 1)).code,
                     DW_INVALID_TOKEN);
    assert_int_equal(present(guard, "", token).code, DW_NO_TOKEN);
    assert_int_equal(present(guard, "DPoP ", token).code, DW_INVALID_TOKEN); /* bound to no key */
    assert_passes(guard, token);
    free(changed);
    close_connection();
    dw_guard_free(guard);
}

static void each_of_two_people_on_one_connection_stays_who_they_are(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice claims = dw_arena_printf(token_arena,
                                             "{\"iss\":\"" ISSUER "\",\"aud\":\"" RESOURCE
                                             "\",\"sub\":\"user|2\",\"exp\":%lld}",
                                             (long long)dw_sys_wall_s() + 600);
    struct dw_slice one = token_of(rsa_key, ISSUER, ""), other;
    struct dw_error error;

    (void)state;
    assert_done(dw_jwt_sign(rsa_key, "at+jwt", claims, token_arena, &other, &error), error);
    for (int i = 0; i < 6; i++) { /* in runs of one, two and three */
        for (int k = 0; k <= i % 3; k++)
            assert_string_equal(present(guard, "Bearer ", one).subject, "user|1");
        for (int k = 0; k <= i % 3; k++)
            assert_string_equal(present(guard, "Bearer ", other).subject, "user|2");
    }
    close_connection();
    dw_guard_free(guard);
}

static void a_token_that_is_taken_back_is_refused_on_its_connection(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice token = token_of(rsa_key, ISSUER, ",\"jti\":\"family.1\"");

    (void)state;
    present_often(guard, token);
    dead_id = S("family.1");
    assert_int_equal(present(guard, "Bearer ", token).code, DW_INVALID_TOKEN);
    assert_int_equal(present(guard, "Bearer ", token).code, DW_INVALID_TOKEN);
    dead_id = DW_EMPTY;
    close_connection();
    dw_guard_free(guard);
}

static void a_token_whose_key_is_gone_is_refused_on_its_connection(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice token = token_of(rsa_key, ISSUER, "");

    (void)state;
    present_often(guard, token);
    publish(&ec_key, 1);
    /* An unknown key makes the guard look at what is published. */
    assert_int_equal(present(guard, "Bearer ", token_of(unknown_key, ISSUER, "")).count, 0);
    assert_int_equal(present(guard, "Bearer ", token).code, DW_INVALID_TOKEN);
    publish(&rsa_key, 1);
    close_connection();
    dw_guard_free(guard);
}

static void another_guard_does_not_take_its_word(void **state)
{
    struct dw_guard *guard = new_guard(), *other;
    struct dw_slice token = token_of(rsa_key, ISSUER, "");

    (void)state;
    present_often(guard, token);
    publish(&ec_key, 1);
    other = new_guard();
    assert_int_equal(present(other, "Bearer ", token).code, DW_INVALID_TOKEN);
    publish(&rsa_key, 1);
    close_connection();
    dw_guard_free(other);
    dw_guard_free(guard);
}

static void stop(void *user)
{
    (void)user;
    dw_net_stop(net, 0);
}

/* Runs the loop, which can be done once: after the tests that want no wake of it, and before the
 * one that leaves one behind. */
static void a_token_that_expires_is_refused_on_its_connection(void **state)
{
    struct dw_guard *guard = new_guard();
    struct dw_slice claims = dw_arena_printf(token_arena,
                                             "{\"iss\":\"" ISSUER "\",\"aud\":\"" RESOURCE
                                             "\",\"sub\":\"user|1\",\"exp\":%lld}",
                                             (long long)dw_sys_wall_s() - LEEWAY_S + 2);
    struct dw_slice token;
    struct dw_timer *timer = dw_timer_new(dw_net_loop(net, 0), 2100, 0, stop, NULL);
    struct dw_error error;

    (void)state;
    assert_done(dw_jwt_sign(rsa_key, "at+jwt", claims, token_arena, &token, &error), error);
    present_often(guard, token);
    assert_non_null(timer);
    assert_true(dw_net_run(net, &error));
    dw_timer_free(timer);
    assert_int_equal(present(guard, "Bearer ", token).code, DW_INVALID_TOKEN);
    close_connection();
    dw_guard_free(guard);
}

/* ---- the memory itself ---- */

static struct dw_slice field_of(char letter, size_t len)
{
    char *bytes = dw_arena_alloc(token_arena, len);

    assert_non_null(bytes);
    memset(bytes, letter, len);
    return dw_slice_from(bytes, len);
}

static void keep_field(struct dw_slice field)
{
    struct dw_presented presented = {.token = dw_slice_sub(field, 7, field.len)};

    dw_presented_keep(&kept, field, &presented);
}

static void what_is_no_longer_needed_is_wiped(void **state)
{
    const size_t len = 500; /* the allocator gives a block of this size to the next who wants it */
    size_t size;
    char *memory;

    (void)state;
    for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
        keep_field(field_of('s', len));
        size = malloc_usable_size(kept.memory);
        assert_non_null(memmem(kept.memory, size, "ssss", 4));
        if (is_replaced)
            keep_field(field_of('t', DW_PRESENTED_MAX_BYTES + 1)); /* which is not kept */
        else
            close_connection();
        memory = malloc(size);
        assert_null(memmem(memory, size, "ssss", 4));
        free(memory);
    }
    close_connection();
}

static void a_field_that_is_too_long_is_not_kept(void **state)
{
    struct dw_slice field = field_of('x', DW_PRESENTED_MAX_BYTES + 1);
    struct dw_presented presented;

    (void)state;
    keep_field(dw_slice_sub(field, 0, DW_PRESENTED_MAX_BYTES));
    assert_true(
        dw_presented_find(&kept, dw_slice_sub(field, 0, DW_PRESENTED_MAX_BYTES), &presented));
    assert_int_equal(presented.token.len, DW_PRESENTED_MAX_BYTES - 7);
    keep_field(field);
    assert_null(kept.memory);
    assert_false(dw_presented_find(&kept, field, &presented));
    assert_false(dw_presented_find(NULL, field, &presented));
    close_connection();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_remembers_only_what_came_again),
        cmocka_unit_test(bytes_that_differ_are_judged_afresh),
        cmocka_unit_test(each_of_two_people_on_one_connection_stays_who_they_are),
        cmocka_unit_test(a_token_that_is_taken_back_is_refused_on_its_connection),
        cmocka_unit_test(another_guard_does_not_take_its_word),
        cmocka_unit_test(what_is_no_longer_needed_is_wiped),
        cmocka_unit_test(a_field_that_is_too_long_is_not_kept),
        cmocka_unit_test(a_token_that_expires_is_refused_on_its_connection),
        cmocka_unit_test(a_token_whose_key_is_gone_is_refused_on_its_connection),
    };
    struct dw_error error;
    struct dw_key *key;
    int failed;

    make_keys();
    key = dw_key_generate(DW_KEY_RSA, 0, &error);
    unknown_key = dw_signing_key_new(key, DW_ALG_RS256, S("unknown"), S(""), &error);
    dw_key_unref(key);
    publish(&rsa_key, 1);
    metrics = dw_metrics_new();
    net = dw_net_new(&(struct dw_net_config){.size = sizeof(struct dw_net_config),
                                             .loop_count = 1,
                                             .metrics = metrics},
                     &error);
    if (!net || !unknown_key)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_net_free(net);
    dw_metrics_free(metrics);
    dw_jwks_unref(published);
    dw_signing_key_unref(unknown_key);
    free_keys();
    return failed;
}
