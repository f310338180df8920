/* Signing: a ring of keys for each algorithm, rotation in a running tenant, HS256 APIs, and the
 * tenant's own tokens read again. */
#include "base/text.h"
#include "fixture.h"
#include "jose/jwt_secret.h"
#include "tenant/token/dead_families_internal.h"
#include "tenant/token/own_token_internal.h"

#define API_SECRET "an-hs256-secret-of-more-than-32-bytes"

static struct dw_error error;

static struct dw_jwks *published(void)
{
    struct dw_slice json = DW_EMPTY;
    size_t skipped;
    struct dw_jwks *keys;

    assert_done(dw_keyring_json(world.tenant->keyring, world.arena, &json, &error), error);
    keys = dw_jwks_parse(json, &skipped, &error);
    assert_non_null(keys);
    assert_int_equal(skipped, 0);
    return keys;
}

static size_t published_count(void)
{
    struct dw_jwks *keys = published();
    size_t count = dw_jwks_count(keys);

    dw_jwks_unref(keys);
    return count;
}

static bool is_published(struct dw_slice kid)
{
    struct dw_jwks *keys = published();
    bool is_there = dw_jwks_has_kid(keys, kid);

    dw_jwks_unref(keys);
    return is_there;
}

/* The kid that signs. */
static struct dw_slice signer(enum dw_jose_alg alg)
{
    struct dw_signing_key *key;
    struct dw_slice kid;

    assert_done(dw_keyring_signer(world.tenant->keyring, alg, world_now_s, &key, &error), error);
    kid = dw_arena_copy(world.arena, dw_signing_key_kid(key));
    dw_signing_key_unref(key);
    return kid;
}

static struct dw_slice next_key(enum dw_jose_alg alg)
{
    struct dw_signing_key_record *keys;
    size_t count;

    assert_done(
        dw_store_signing_keys(world.tenant->store, false, world.arena, &keys, &count, &error),
        error);
    for (size_t at = 0; at < count; at++)
        if (keys[at].alg == alg && keys[at].phase == DW_SIGNING_KEY_NEXT)
            return keys[at].kid;
    fail_msg("no next key");
    return DW_EMPTY;
}

static void the_next_key_is_published_before_it_signs(void **state)
{
    struct dw_slice first = signer(DW_ALG_RS256), next = next_key(DW_ALG_RS256);

    (void)state;
    assert_int_equal(published_count(), 2);
    assert_true(is_published(next));
    assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
    assert_true(dw_slice_eq(signer(DW_ALG_RS256), next));
    assert_true(is_published(first));
    assert_int_equal(published_count(), 3);
}

static void a_revoked_key_is_gone_at_once(void **state)
{
    struct dw_slice first = signer(DW_ALG_RS256), next = next_key(DW_ALG_RS256);
    size_t count = published_count();

    (void)state;
    assert_fails(dw_keyring_revoke(world.tenant->keyring, S("nobody"), world_now_s, &error), error,
                 DW_NOT_FOUND);
    assert_fails(dw_keyring_revoke(world.tenant->keyring, first, world_now_s, &error), error,
                 DW_CONFLICT);
    assert_done(dw_keyring_revoke(world.tenant->keyring, next, world_now_s, &error), error);
    assert_false(is_published(next));
    assert_false(dw_slice_eq(next_key(DW_ALG_RS256), next)); /* another takes its place */
    assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
    assert_done(dw_keyring_revoke(world.tenant->keyring, first, world_now_s, &error), error);
    assert_false(is_published(first));
    assert_int_equal(published_count(), count);
}

static void old_keys_do_not_pile_up(void **state)
{
    struct dw_slice first = signer(DW_ALG_ES256);
    size_t count;

    (void)state;
    for (int round = 0; round < DW_KEYRING_MAX_PREVIOUS; round++) {
        world_now_s += 10;
        assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
        assert_true(is_published(first));
    }
    world_now_s += 10;
    count = published_count();
    assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
    assert_false(is_published(first));
    assert_int_equal(published_count(), count);
}

static void another_process_rotates_and_revokes(void **state)
{
    struct dw_tenant *other = dw_tenant_open_store(&world.config, 0, &error);
    struct dw_slice first = signer(DW_ALG_RS256), next = next_key(DW_ALG_RS256);

    (void)state;
    assert_non_null(other);
    assert_done(dw_keyring_rotate(other->keyring, world_now_s, &error), error);
    assert_true(dw_slice_eq(signer(DW_ALG_RS256), first));
    assert_done(dw_keyring_watch(world.tenant->keyring, &error), error);
    assert_true(dw_slice_eq(signer(DW_ALG_RS256), next));
    assert_done(dw_keyring_revoke(other->keyring, first, world_now_s, &error), error);
    assert_true(is_published(first));
    assert_done(dw_keyring_watch(world.tenant->keyring, &error), error);
    assert_false(is_published(first));
    dw_tenant_close(other);
}

static void only_known_algorithms_sign(void **state)
{
    static const enum dw_jose_alg algs[] = {DW_ALG_UNKNOWN, DW_ALG_RS384, DW_ALG_ES512,
                                            DW_ALG_EDDSA, DW_ALG_COUNT};
    struct dw_signing_key *key;

    (void)state;
    for (size_t at = 0; at < sizeof algs / sizeof *algs; at++) {
        assert_false(dw_keyring_has_alg(algs[at]));
        assert_fails(dw_keyring_signer(world.tenant->keyring, algs[at], world_now_s, &key, &error),
                     error, DW_CONFIG);
    }
}

/* ---- tokens ---- */

static struct dw_api *change_api(enum dw_jose_alg alg, const char *secret)
{
    struct dw_api *api;

    assert_done(dw_store_api(world.tenant->store, S(AUDIENCE), world.arena, &api, &error), error);
    api->signing_alg = alg;
    api->sealed_signing_secret = DW_EMPTY;
    if (secret)
        assert_done(
            dw_api_secret_seal(world.tenant, dw_secret_from(S(secret)), world.arena, api, &error),
            error);
    assert_done(dw_store_put_api(world.tenant->store, api, &error), error);
    return api;
}

static struct dw_tenant_call *user_tokens(void)
{
    struct dw_tenant_call *call = redeem(code_for(AUTHORIZE "&scope=openid%20read:tools"));

    assert_status(call, 200);
    return call;
}

static struct dw_slice access_token(const struct dw_tenant_call *call)
{
    return dw_json_text(json_of(call), "access_token");
}

static int userinfo_status(struct dw_slice token)
{
    struct browser nobody = {0};

    nobody.authorization = text_of(dw_arena_printf(world.arena, "Bearer %.*s", DW_PRINT(token)));
    return get(&nobody, "/userinfo")->status;
}

static bool read_own(struct dw_slice text, struct dw_own_token *ret_token)
{
    struct dw_tenant_call call = {
        .tenant = world.tenant, .arena = world.arena, .now_s = world_now_s};

    error = (struct dw_error){0};
    return dw_own_token_read(&call, text, ret_token, &error);
}

static void apis_sign_as_they_say(void **state)
{
    static const struct {
        enum dw_jose_alg alg;
        const char *secret, *name;
    } rows[] = {
        {DW_ALG_RS256, NULL, "RS256"},
        {DW_ALG_PS256, NULL, "PS256"},
        {DW_ALG_ES256, NULL, "ES256"},
        {DW_ALG_UNKNOWN, API_SECRET, "HS256"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_tenant_call *call;
        struct dw_own_token own;
        struct dw_slice head;
        struct dw_jwt id_token;

        change_api(rows[at].alg, rows[at].secret);
        call = user_tokens();
        head = dw_slice_sub(access_token(call), 0, dw_slice_index(access_token(call), '.'));
        assert_done(dw_text_unbase64url(head, world.arena, &head, &error), error);
        assert_has(head, rows[at].name);
        if (!read_own(access_token(call), &own))
            fail_msg("%s: %s", rows[at].name, error.message);
        assert_slice(own.client_id, DW_TENANT_DEV_CLIENT);
        assert_true(dw_slices_have(own.scopes, S("read:tools")));
        assert_true(dw_slices_have(own.audiences, S(AUDIENCE)));
        assert_true(own.family_id.len > 0);
        /* who is asked over HTTP can only trust what everybody can check */
        assert_int_equal(userinfo_status(access_token(call)), rows[at].secret ? 401 : 200);
        assert_done(
            dw_jwt_parse(dw_json_text(json_of(call), "id_token"), world.arena, &id_token, &error),
            error);
        assert_int_equal(id_token.alg, DW_ALG_RS256);
    }
    change_api(DW_ALG_RS256, NULL);
}

static void the_api_secret_is_sealed_and_never_published(void **state)
{
    struct dw_api *api = change_api(DW_ALG_UNKNOWN, API_SECRET);
    struct dw_slice json = DW_EMPTY;
    struct dw_secret secret;

    (void)state;
    assert_false(dw_slice_has(api->sealed_signing_secret, S(API_SECRET)));
    assert_done(dw_api_secret_open(world.tenant, api, world.arena, &secret, &error), error);
    assert_true(dw_secret_eq(secret, dw_secret_from(S(API_SECRET))));
    assert_done(dw_keyring_json(world.tenant->keyring, world.arena, &json, &error), error);
    assert_has_not(json, "\"oct\"");
    api->id = S("another");
    assert_false(dw_api_secret_open(world.tenant, api, world.arena, &secret, &error));
    assert_fails(
        dw_api_secret_seal(world.tenant, dw_secret_from(S("short")), world.arena, api, &error),
        error, DW_USAGE);
    change_api(DW_ALG_RS256, NULL);
}

/* What an attacker who knows the public keys, or the secret of one API, could try. */
static void confused_algorithms_are_refused(void **state)
{
    struct dw_tenant_call *call = user_tokens();
    struct dw_slice rest = access_token(call), head, claims, forged;
    struct dw_slice public_key = DW_EMPTY, claims_json;
    struct dw_own_token own;

    (void)state;
    assert_true(dw_slice_split(&rest, '.', &head));
    assert_true(dw_slice_split(&rest, '.', &claims));
    assert_done(dw_text_unbase64url(claims, world.arena, &claims_json, &error), error);
    assert_done(dw_keyring_json(world.tenant->keyring, world.arena, &public_key, &error), error);
    /* HS256 with public bytes as the secret, for an API that signs with RS256 */
    assert_done(dw_jwt_sign_hs256(dw_secret_from(dw_slice_sub(public_key, 0, 256)), "at+jwt",
                                  claims_json, world.arena, &forged, &error),
                error);
    assert_false(read_own(forged, &own));
    assert_int_equal(error.code, DW_INVALID_TOKEN);
    /* the secret of this API, for another audience: one audience, or a list that hides it */
    change_api(DW_ALG_UNKNOWN, API_SECRET);
    static const char *const others[] = {
        "{\"iss\":\"" ISSUER "\",\"aud\":\"" ISSUER "userinfo\"}",
        "{\"iss\":\"" ISSUER "\",\"aud\":[\"" AUDIENCE "\",\"" ISSUER "userinfo\"]}",
        "{\"iss\":\"" ISSUER "\"}",
    };
    for (size_t at = 0; at < 3; at++) {
        assert_done(dw_jwt_sign_hs256(dw_secret_from(S(API_SECRET)), "at+jwt", S(others[at]),
                                      world.arena, &forged, &error),
                    error);
        assert_false(read_own(forged, &own));
        assert_int_equal(error.code, DW_INVALID_TOKEN);
    }
    change_api(DW_ALG_RS256, NULL);
    /* alg none, and no signature */
    forged = dw_arena_printf(world.arena, "eyJhbGciOiJub25lIn0.%.*s.", DW_PRINT(claims));
    assert_false(read_own(forged, &own));
    forged = dw_arena_printf(world.arena, "%.*s.%.*s.", DW_PRINT(head), DW_PRINT(claims));
    assert_false(read_own(forged, &own));
}

static void an_id_token_is_no_access_token(void **state)
{
    struct dw_tenant_call *call = user_tokens();
    struct dw_own_token own;

    (void)state;
    assert_false(read_own(dw_json_text(json_of(call), "id_token"), &own));
    assert_has(S(error.message), "not an access token");
    assert_int_equal(userinfo_status(dw_json_text(json_of(call), "id_token")), 401);
}

#define NO_API                                                                                     \
    "/authorize?response_type=code&client_id=" DW_TENANT_DEV_CLIENT                                \
    "&redirect_uri=" CALLBACK_ENCODED "&state=s1&code_challenge=" CHALLENGE                        \
    "&code_challenge_method=S256&scope=openid%20email"

static void without_an_api_the_token_is_opaque(void **state)
{
    struct dw_tenant_call *call = redeem(code_for(NO_API));
    int64_t expires_in_s = 0;
    struct dw_own_token own;

    (void)state;
    assert_status(call, 200);
    assert_false(dw_slice_contains(access_token(call), '.'));
    assert_true(dw_json_int(json_of(call), "expires_in", &expires_in_s));
    assert_int_equal(expires_in_s, 86400);
    assert_int_equal(userinfo_status(access_token(call)), 200);
    assert_true(read_own(access_token(call), &own));
    assert_null(own.claims);
    assert_int_equal(own.expires_at_s, world_now_s + 86400);
    assert_int_equal(userinfo_status(S("opaque-but-never-issued")), 401);
    world_now_s += 86400;
    assert_int_equal(userinfo_status(access_token(call)), 401);
    assert_done(dw_store_purge(world.tenant->store, world_now_s, &error), error);
}

static void a_replayed_code_kills_its_access_tokens(void **state)
{
    static const char *const urls[] = {NO_API, AUTHORIZE "&scope=openid%20read:tools"};

    (void)state;
    for (size_t at = 0; at < 2; at++) {
        const char *code = code_for(urls[at]);
        struct dw_tenant_call *call = redeem(code);
        struct dw_own_token own;

        assert_int_equal(userinfo_status(access_token(call)), 200);
        assert_status(redeem(code), 403);
        assert_int_equal(userinfo_status(access_token(call)), 401);
        assert_false(read_own(access_token(call), &own));
        assert_has(S(error.message), "revoked");
    }
}

/* What the gateway of the same process asks. */
static void a_replay_is_known_in_memory(void **state)
{
    const char *code = code_for(AUTHORIZE "&scope=read:tools");
    struct dw_tenant_call *call = redeem(code), *other = user_tokens();
    struct dw_slice token_id = dw_json_text(claims_of(call, "access_token"), "jti");
    struct dw_dead_families *dead = world.tenant->dead_families;

    (void)state;
    assert_false(dw_tenant_token_is_dead(world.tenant, token_id));
    assert_status(redeem(code), 403);
    assert_done(dw_dead_families_watch(dead, world.tenant->store, &error), error);
    assert_true(dw_tenant_token_is_dead(world.tenant, token_id));
    assert_false(dw_tenant_token_is_dead(world.tenant, S("no-family")));
    assert_false(dw_tenant_token_is_dead(world.tenant, DW_EMPTY));
    assert_false(dw_tenant_token_is_dead(world.tenant,
                                         dw_json_text(claims_of(other, "access_token"), "jti")));
    assert_done(dw_dead_families_watch(dead, world.tenant->store, &error), error); /* again */
    assert_true(dw_tenant_token_is_dead(world.tenant, token_id));
}

/* The `jti` of an access token whose login was replayed. */
static struct dw_slice dead_token(void)
{
    const char *code = code_for(AUTHORIZE "&scope=read:tools");
    struct dw_slice token_id = dw_json_text(claims_of(redeem(code), "access_token"), "jti");

    assert_status(redeem(code), 403);
    return token_id;
}

/* Whoever has an account can revoke as often as he likes: a token that others took back stays
 * dead. */
static void who_makes_many_die_brings_none_back(void **state)
{
    enum {
        MOST = 4,
        FLOOD = 7
    };
    struct dw_dead_families *dead = dw_dead_families_new(MOST, &error);
    struct dw_store *store = world.tenant->store;
    struct dw_slice first = dead_token(),
                    alive = dw_json_text(claims_of(user_tokens(), "access_token"), "jti");
    int64_t before_s = world_now_s;

    (void)state;
    assert_non_null(dead);
    for (int at = 0; at < FLOOD; at++) {
        assert_done(dw_dead_families_watch(dead, store, &error), error);
        assert_true(dw_dead_families_have(dead, store, first));
        assert_false(dw_dead_families_have(dead, store, alive));
        world_now_s += 3600;
        (void)dead_token();
    }
    world_now_s = before_s;
    dw_dead_families_free(dead);
}

static void a_clock_that_goes_back_hides_no_replay(void **state)
{
    struct dw_dead_families *dead = world.tenant->dead_families;
    int64_t before_s = world_now_s;
    struct dw_slice second;

    (void)state;
    world_now_s += 86400;
    (void)dead_token();
    assert_done(dw_dead_families_watch(dead, world.tenant->store, &error), error);
    world_now_s -= 300;
    second = dead_token();
    assert_done(dw_dead_families_watch(dead, world.tenant->store, &error), error);
    assert_true(dw_tenant_token_is_dead(world.tenant, second));
    world_now_s = before_s;
}

static void a_reused_refresh_token_kills_access_tokens(void **state)
{
    struct dw_tenant_call *call =
        redeem(code_for(AUTHORIZE "&scope=openid%20offline_access%20read:tools"));
    const char *first = text_of(dw_json_text(json_of(call), "refresh_token"));
    struct dw_tenant_call *second = refresh(first);

    (void)state;
    assert_int_equal(userinfo_status(access_token(second)), 200);
    assert_status(refresh(text_of(dw_json_text(json_of(second), "refresh_token"))), 200);
    assert_status(refresh(first), 403);
    assert_int_equal(userinfo_status(access_token(call)), 401);
    assert_int_equal(userinfo_status(access_token(second)), 401);
}

static void certificates_come_in_four_forms(void **state)
{
    static const struct {
        const char *path, *content_type, *start;
    } rows[] = {
        {"/pem", "application/x-pem-file", "-----BEGIN CERTIFICATE-----\n"},
        {"/pem?cert=connection", "application/x-pem-file", "-----BEGIN CERTIFICATE-----\n"},
        {"/rawpem", "text/plain", "-----BEGIN CERTIFICATE-----\n"},
        {"/cer", "application/pkix-cert", "\x30\x82"},
        {"/pb7", "application/x-pkcs7-certificates", "\x30\x82"},
    };
    struct browser nobody = {0};

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_tenant_call *call = get(&nobody, rows[at].path);

        assert_status(call, 200);
        assert_slice(header(call, "Content-Type"), rows[at].content_type);
        assert_true(dw_slice_starts_with(call->answer, S(rows[at].start)));
    }
}

static void tokens_of_deleted_users_and_revoked_keys_are_worthless(void **state)
{
    struct dw_tenant_call *call = user_tokens();
    struct dw_slice first = signer(DW_ALG_RS256);

    (void)state;
    assert_done(dw_keyring_rotate(world.tenant->keyring, world_now_s, &error), error);
    assert_int_equal(userinfo_status(access_token(call)), 200);
    assert_done(dw_keyring_revoke(world.tenant->keyring, first, world_now_s, &error), error);
    assert_int_equal(userinfo_status(access_token(call)), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_key_is_published_before_it_signs),
        cmocka_unit_test(a_revoked_key_is_gone_at_once),
        cmocka_unit_test(old_keys_do_not_pile_up),
        cmocka_unit_test(another_process_rotates_and_revokes),
        cmocka_unit_test(only_known_algorithms_sign),
        cmocka_unit_test(apis_sign_as_they_say),
        cmocka_unit_test(the_api_secret_is_sealed_and_never_published),
        cmocka_unit_test(confused_algorithms_are_refused),
        cmocka_unit_test(an_id_token_is_no_access_token),
        cmocka_unit_test(without_an_api_the_token_is_opaque),
        cmocka_unit_test(a_replayed_code_kills_its_access_tokens),
        cmocka_unit_test(a_replay_is_known_in_memory),
        cmocka_unit_test(who_makes_many_die_brings_none_back),
        cmocka_unit_test(a_clock_that_goes_back_hides_no_replay),
        cmocka_unit_test(a_reused_refresh_token_kills_access_tokens),
        cmocka_unit_test(certificates_come_in_four_forms),
        cmocka_unit_test(tokens_of_deleted_users_and_revoked_keys_are_worthless),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
