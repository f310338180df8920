/* Checking tokens without a server or a loop: blocking, from any thread. The keys are fetched when
 * they are needed, by one thread at a time, and kept as guard/issuer_keys.c keeps them: refreshed
 * after ten minutes, fetched anew for an unknown kid once a cool-down, and used on for a day while
 * the issuer is down. */
#include "sdk/validator_internal.h"

#include "base/mem.h"
#include "guard/key_fetch.h"
#include "jose/jwt.h"
#include "sys/sys.h"

#define CONFIG_BYTES ((size_t)256 * 1024)
#define TOKEN_BYTES ((size_t)1024 * 1024)
#define FETCH_BYTES ((size_t)4 * 1024 * 1024)

/* ---- keys ---- */

/* With the lock held: an issuer that has been silent for a day is not believed any more. */
static void forget_if_too_old(struct dw_jwt_validator *validator, int64_t now_ms)
{
    if (!validator->keys || now_ms - validator->fetched_at_ms < DW_VALIDATOR_STALE_MS)
        return;
    dw_jwks_unref(validator->keys);
    validator->keys = NULL;
}

/* With the lock held. wants_other: what there is has not got the token's kid. */
static bool is_fetch_due(const struct dw_jwt_validator *validator, bool wants_other, int64_t now_ms)
{
    int64_t since_attempt_ms = now_ms - validator->attempted_at_ms;

    if (!validator->has_tried)
        return true;
    if (validator->has_failed)
        return since_attempt_ms >= validator->retry_ms;
    if (wants_other)
        return since_attempt_ms >= DW_VALIDATOR_COOLDOWN_MS;
    return !validator->keys || now_ms - validator->fetched_at_ms >= DW_VALIDATOR_REFRESH_MS;
}

static struct dw_jwks *fetch(const struct dw_jwt_validator *validator, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(FETCH_BYTES);
    struct dw_slice json;
    size_t skipped;

    if (!arena) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!dw_keys_fetch(&validator->issuer.config, arena, &json, reterr))
        return NULL;
    return dw_jwks_parse(json, &skipped, reterr);
}

/* With the lock held, which it lets go while it fetches. */
static void fetch_once(struct dw_jwt_validator *validator, int64_t now_ms)
{
    struct dw_error error = {.code = DW_OK};
    struct dw_jwks *keys;

    validator->is_fetching = true;
    validator->has_tried = true;
    validator->attempted_at_ms = now_ms;
    pthread_mutex_unlock(&validator->lock);
    keys = fetch(validator, &error);
    pthread_mutex_lock(&validator->lock);
    validator->is_fetching = false;
    if (keys) {
        dw_jwks_unref(validator->keys);
        validator->keys = keys;
        validator->fetched_at_ms = now_ms;
        validator->has_failed = false;
    } else {
        validator->retry_ms =
            validator->has_failed ? 2 * validator->retry_ms : DW_VALIDATOR_RETRY_MS;
        if (validator->retry_ms > DW_VALIDATOR_MAX_RETRY_MS)
            validator->retry_ms = DW_VALIDATOR_MAX_RETRY_MS;
        validator->has_failed = true;
        validator->failure = error;
    }
    pthread_cond_broadcast(&validator->fetched);
}

static bool say_unavailable(const struct dw_error *failure, struct dw_error *reterr)
{
    if (failure->code == DW_NO_MEMORY)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    (void)dw_error_set_cause(reterr, DW_UNAVAILABLE, __FILE__, __LINE__, failure->library,
                             failure->library_code, "fetching the issuer's keys: %s",
                             failure->cause[0] ? failure->cause : failure->message);
    return false;
}

/* A reference to the best keys there are. A fetch is made, or waited for, when there are none or
 * when the token's kid is not among them; who only finds them old goes on with them while another
 * thread fetches. */
static bool get_keys(struct dw_jwt_validator *validator, const struct dw_jwks *insufficient,
                     struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    int64_t now_ms = validator->monotonic_ms();
    bool wants_other;

    if (validator->issuer.keys) {
        *ret_keys = dw_jwks_ref(validator->issuer.keys);
        return true;
    }
    pthread_mutex_lock(&validator->lock);
    forget_if_too_old(validator, now_ms);
    wants_other = insufficient && validator->keys == insufficient;
    while (validator->is_fetching && (!validator->keys || wants_other)) {
        pthread_cond_wait(&validator->fetched, &validator->lock);
        wants_other = insufficient && validator->keys == insufficient;
    }
    if (!validator->is_fetching && is_fetch_due(validator, wants_other, now_ms))
        fetch_once(validator, now_ms);
    *ret_keys = validator->keys ? dw_jwks_ref(validator->keys) : NULL;
    if (!*ret_keys)
        (void)say_unavailable(&validator->failure, reterr);
    pthread_mutex_unlock(&validator->lock);
    return *ret_keys != NULL;
}

/* ---- tokens ---- */

/* Before any key is fetched: strangers' tokens must not make us ask anybody (RFC 7519 4.1.1). */
static bool check_issuer(const struct dw_jwt_validator *validator, const struct dw_jwt *jwt,
                         struct dw_error *reterr)
{
    struct dw_slice issuer = dw_json_text(jwt->claims, "iss");

    if (!issuer.ptr)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token does not say who issued it (iss)");
    if (!dw_provider_is_issuer(validator->rules.provider, validator->rules.issuer, issuer))
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token was issued by \"%.*s\", this server trusts \"%.*s\"",
                       DW_PRINT(dw_slice_sub(issuer, 0, 52)),
                       DW_PRINT(dw_slice_sub(validator->rules.issuer, 0, 52)));
    return true;
}

static bool verify(struct dw_jwt_validator *validator, const struct dw_jwt *jwt,
                   struct dw_error *reterr)
{
    struct dw_jwks *keys, *fresh;
    bool is_kid_unknown = false, is_good;

    if (!get_keys(validator, NULL, &keys, reterr))
        return false;
    is_good = dw_jwt_verify(jwt, keys, validator->algorithms, &is_kid_unknown, reterr);
    /* The issuer may have new keys. Without fresher ones the refusal stands. */
    if (!is_good && is_kid_unknown && get_keys(validator, keys, &fresh, NULL)) {
        if (fresh != keys)
            is_good = dw_jwt_verify(jwt, fresh, validator->algorithms, &is_kid_unknown, reterr);
        dw_jwks_unref(fresh);
    }
    dw_jwks_unref(keys);
    return is_good;
}

/* Everything of the result lies in the arena, also the result itself. */
static struct dw_auth *judge(struct dw_jwt_validator *validator, struct dw_slice token,
                             struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_auth *auth = DW_ARENA_NEW(arena, struct dw_auth);
    struct dw_access_token *claims = DW_ARENA_NEW(arena, struct dw_access_token);
    struct dw_jwt jwt;

    if (!auth || !claims) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!dw_jwt_parse(token, arena, &jwt, reterr) || !check_issuer(validator, &jwt, reterr) ||
        !verify(validator, &jwt, reterr) ||
        !dw_access_token_check(&jwt, &validator->rules, validator->wall_s(), arena, claims, reterr))
        return NULL;
    *auth = (struct dw_auth){.token = claims, .arena = arena, .is_owned = true};
    return auth;
}

bool dw_jwt_validate(struct dw_jwt_validator *validator, struct dw_slice token,
                     struct dw_auth **ret_auth, struct dw_error *reterr)
{
    struct dw_arena *arena = dw_arena_new(TOKEN_BYTES);

    *ret_auth = NULL;
    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (token.len == 0)
        (void)dw_fail(reterr, DW_INVALID_TOKEN, "the token is empty");
    else
        *ret_auth = judge(validator, token, arena, reterr);
    if (!*ret_auth)
        dw_arena_free(arena);
    return *ret_auth != NULL;
}

void dw_auth_free(struct dw_auth *auth)
{
    if (auth && auth->is_owned)
        dw_arena_free(auth->arena);
}

/* ---- made and unmade ---- */

static bool init(struct dw_jwt_validator *validator, const struct dw_jwt_validator_config *config,
                 struct dw_error *reterr)
{
    const struct dw_issuer_config *issuer = &validator->issuer.config;

    validator->arena = dw_arena_new(CONFIG_BYTES);
    if (!validator->arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_auth_issuer_init(&validator->issuer, config, validator->arena, reterr))
        return false;
    if (issuer->audiences.count == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "the validator has no audience; without one it would take tokens that "
                       "were made for others");
    for (size_t i = 0; i < issuer->algorithms.count; i++)
        validator->algorithms |= 1u << dw_jose_alg_from(issuer->algorithms.items[i]);
    if (!validator->algorithms)
        validator->algorithms =
            dw_slice_eq(issuer->provider, DW_LIT("auth0")) ? 1u << DW_ALG_RS256 : DW_ALGS_ALL;
    validator->rules = (struct dw_access_token_rules){
        .issuer = issuer->issuer,
        .audiences = issuer->audiences,
        .provider = dw_provider_find(issuer->provider),
        .client_ids = issuer->client_ids,
        .leeway_s = validator->issuer.leeway_s,
    };
    return true;
}

struct dw_jwt_validator *dw_jwt_validator_new(const struct dw_jwt_validator_config *config,
                                              struct dw_error *reterr)
{
    struct dw_jwt_validator *validator = dw_mem_new(sizeof *validator);

    if (!validator) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    validator->monotonic_ms = dw_sys_monotonic_ms;
    validator->wall_s = dw_sys_wall_s;
    pthread_mutex_init(&validator->lock, NULL);
    pthread_cond_init(&validator->fetched, NULL);
    if (init(validator, config, reterr))
        return validator;
    dw_jwt_validator_free(validator);
    return NULL;
}

void dw_jwt_validator_free(struct dw_jwt_validator *validator)
{
    if (!validator)
        return;
    dw_jwks_unref(validator->keys);
    dw_auth_issuer_done(&validator->issuer);
    dw_arena_free(validator->arena);
    pthread_cond_destroy(&validator->fetched);
    pthread_mutex_destroy(&validator->lock);
    dw_mem_free(validator);
}
