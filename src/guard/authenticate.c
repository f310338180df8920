/* Who calls: the access token of a request, judged from the cache or from scratch; when the
 * issuer's keys are missing it waits for them, once. */
#include "guard/guard_internal.h"

#include "base/text.h"
#include "oauth/bearer.h"

struct dw_guard_wait {
    struct dw_keys_wait keys_wait; /* first: what the keys wake is the whole */
    struct dw_guard *guard;
    struct dw_loop *loop;
    struct dw_arena *arena; /* the request's */
    const struct dw_http_request *request;
    struct dw_kept *kept;
    struct dw_slice field; /* Authorization */
    bool was_presented;    /* the connection's last good token is this one */
    struct dw_presented presented;
    struct dw_jwt jwt;
    struct dw_verdict *verdict; /* once it is found good */
    struct dw_guard_issuer *issuer;
    dw_guard_done *done;
    void *user;
    bool has_waited;
};

enum outcome {
    OUTCOME_DECIDED, /* there is a verdict, or an error that will be the same for a while */
    OUTCOME_WAITS,
    OUTCOME_UNDECIDED, /* could not tell: refused, but not remembered */
};

/* How each refusal is counted; what is not here could not be decided. */
static void count_refusal(const struct dw_guard *guard, enum dw_code code)
{
    enum dw_metric metric =
        code == DW_NO_TOKEN ? DW_METRIC_GUARD_NO_TOKEN
        : code == DW_INVALID_TOKEN || code == DW_INVALID_REQUEST || code == DW_DPOP_PROOF_REFUSED
            ? DW_METRIC_GUARD_INVALID_TOKEN
            : DW_METRIC_GUARD_UNAVAILABLE;

    dw_metrics_add(guard->metrics, metric, 1);
}

static void refuse(const struct dw_guard *guard, dw_guard_done *done, void *user,
                   const struct dw_error *error)
{
    count_refusal(guard, error->code);
    done(user, NULL, error);
}

static struct dw_token_cache *cache_of(const struct dw_guard_wait *wait)
{
    return wait->guard->caches[dw_loop_index(wait->loop)];
}

/* Whoever issued it in this process takes it back. */
static bool is_dead(const struct dw_guard_issuer *issuer, const struct dw_access_token *token)
{
    return issuer->source.is_dead && issuer->source.is_dead(issuer->source.user, token->token_id);
}

/* Whether what was found out earlier still counts. */
static bool still_counts(const struct dw_guard_wait *wait, const struct dw_verdict *verdict)
{
    const struct dw_guard_issuer *issuer = &wait->guard->issuers[verdict->issuer_index];

    return dw_loop_wall_s(wait->loop) < verdict->forget_at_s && !is_dead(issuer, &verdict->token) &&
           verdict->generation == dw_issuer_keys_generation(issuer->keys);
}

/* Grows when the keys of any issuer change: then a refusal is worth another look. */
static uint64_t generation_of_all(const struct dw_guard *guard)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < guard->issuer_count; i++)
        sum += dw_issuer_keys_generation(guard->issuers[i].keys);
    return sum;
}

/* A good token, which is now and each time asked to be in the right hands. Takes the reference. */
static void pass(const struct dw_guard_wait *wait, struct dw_verdict *verdict)
{
    const struct dw_proof_question question = {
        .request = wait->request,
        .protected_resource = wait->guard->protected_resource,
        .text = wait->presented.token,
        .token = &verdict->token,
        .is_dpop = wait->presented.is_dpop,
        .now_s = dw_loop_wall_s(wait->loop),
    };
    struct dw_error error = {.code = DW_OK};

    if (dw_proofs_check(wait->guard->proofs, &question, wait->arena, &error)) {
        wait->done(wait->user, &verdict->principal, NULL);
        return;
    }
    dw_verdict_unref(verdict);
    refuse(wait->guard, wait->done, wait->user, &error);
}

/* True when the cache had the answer and it has been given. */
static bool answer_from_cache(const struct dw_guard_wait *wait)
{
    struct dw_token_cache *cache = cache_of(wait);
    struct dw_verdict *verdict = dw_token_cache_find(cache, wait->presented.digest);
    const struct dw_error *refusal = NULL;
    struct dw_error copy;

    if (verdict && !still_counts(wait, verdict)) {
        dw_token_cache_drop(cache, verdict);
        verdict = NULL;
    }
    if (!verdict)
        refusal = dw_token_cache_refusal(cache, wait->presented.digest, dw_loop_now_ms(wait->loop),
                                         generation_of_all(wait->guard));
    dw_metrics_add(wait->guard->metrics,
                   verdict || refusal ? DW_METRIC_TOKEN_CACHE_HITS : DW_METRIC_TOKEN_CACHE_MISSES,
                   1);
    if (verdict) {
        if (!wait->was_presented)
            dw_presented_keep(wait->kept, wait->field, &wait->presented);
        pass(wait, dw_verdict_ref(verdict));
    } else if (refusal) {
        copy = *refusal; /* done may use the cache again */
        refuse(wait->guard, wait->done, wait->user, &copy);
    }
    return verdict || refusal;
}

static struct dw_guard_issuer *find_issuer(const struct dw_guard *guard, struct dw_slice issuer)
{
    for (size_t i = 0; i < guard->issuer_count; i++)
        if (dw_provider_is_issuer(guard->issuers[i].rules.provider, guard->issuers[i].rules.issuer,
                                  issuer))
            return &guard->issuers[i];
    return NULL;
}

/* RFC 7519 4.1.1; the name of a stranger is shown, so that a missing slash is found quickly. */
static bool parse(struct dw_guard_wait *wait, struct dw_error *reterr)
{
    struct dw_slice issuer;

    if (!dw_jwt_parse(wait->presented.token, wait->arena, &wait->jwt, reterr))
        return false;
    issuer = dw_json_text(wait->jwt.claims, "iss");
    if (!issuer.ptr)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token does not say who issued it (iss)");
    wait->issuer = find_issuer(wait->guard, issuer);
    if (!wait->issuer)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token's issuer \"%.*s\" is not trusted here; this server accepts "
                       "\"%.*s\"",
                       DW_PRINT(dw_slice_sub(issuer, 0, 48)),
                       DW_PRINT(dw_slice_sub(wait->guard->issuers[0].rules.issuer, 0, 48)));
    return true;
}

/* "iss sub client_id org_id", with lengths: what sessions are bound to. Who has logged in to
 * another organization works with that one's data. */
static bool make_key(const struct dw_access_token *token, struct dw_arena *arena,
                     struct dw_slice *ret_key, struct dw_error *reterr)
{
    const struct dw_slice parts[] = {token->issuer, token->subject, token->client_id,
                                     token->organization_id};
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256_parts((struct dw_slices){parts, sizeof parts / sizeof *parts}, digest, reterr))
        return false;
    *ret_key = dw_text_base64url(arena, dw_slice_from((const char *)digest, sizeof digest));
    return ret_key->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool check_claims(struct dw_guard_wait *wait, uint64_t generation, struct dw_error *reterr)
{
    const struct dw_access_token_rules *rules = &wait->issuer->rules;
    struct dw_access_token token;
    struct dw_slice key;
    struct dw_verdict *verdict;

    if (!dw_access_token_check(&wait->jwt, rules, dw_loop_wall_s(wait->loop), wait->arena, &token,
                               reterr))
        return false;
    if (is_dead(wait->issuer, &token))
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token was revoked: log in again");
    if (!make_key(&token, wait->arena, &key, reterr))
        return false;
    verdict = dw_verdict_new(&token, key);
    if (!verdict)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    memcpy(verdict->digest, wait->presented.digest, sizeof verdict->digest);
    verdict->issuer_index = (size_t)(wait->issuer - wait->guard->issuers);
    verdict->generation = generation;
    verdict->forget_at_s = token.expires_at_s + rules->leeway_s;
    wait->verdict = verdict;
    return true;
}

static void wake(struct dw_keys_wait *keys_wait);

/* The signature and the claims, or a wait for the keys. */
static enum outcome judge(struct dw_guard_wait *wait, struct dw_error *reterr)
{
    /* Read before the set: a set that changes in between makes the verdict stale, never too fresh.
     */
    uint64_t generation = dw_issuer_keys_generation(wait->issuer->keys);
    struct dw_jwks *set = dw_issuer_keys_get(wait->issuer->keys);
    bool kid_is_unknown = false, is_good = false, has_waited = wait->has_waited;

    if (set) {
        is_good = dw_jwt_verify(&wait->jwt, set, wait->issuer->algorithms, &kid_is_unknown, reterr);
        dw_jwks_unref(set);
    }
    if (is_good)
        is_good = check_claims(wait, generation, reterr);
    else if (kid_is_unknown && has_waited)
        dw_issuer_keys_lacks(wait->issuer->keys, wait->loop, wait->jwt.kid);
    else if ((!set || kid_is_unknown) && !has_waited) {
        wait->keys_wait.wake = wake;
        wait->has_waited = true;
        if (dw_issuer_keys_want(wait->issuer->keys, wait->loop, wait->jwt.kid, &wait->keys_wait))
            return OUTCOME_WAITS;
    }
    if (!set) {
        (void)!dw_fail(reterr, DW_UNAVAILABLE,
                       "the keys of the issuer cannot be fetched now, so no token can be checked");
        return OUTCOME_UNDECIDED;
    }
    return is_good || reterr->code == DW_INVALID_TOKEN ? OUTCOME_DECIDED : OUTCOME_UNDECIDED;
}

/* Ends the question, one way or the other. The verdict's first reference becomes the caller's. */
static void conclude(struct dw_guard_wait *wait, enum outcome outcome, const struct dw_error *error)
{
    if (wait->verdict) {
        dw_token_cache_put(cache_of(wait), wait->verdict);
        pass(wait, wait->verdict);
        return;
    }
    if (outcome == OUTCOME_DECIDED)
        dw_token_cache_refuse(cache_of(wait), wait->presented.digest, error,
                              dw_loop_now_ms(wait->loop), generation_of_all(wait->guard));
    refuse(wait->guard, wait->done, wait->user, error);
}

static void wake(struct dw_keys_wait *keys_wait)
{
    struct dw_guard_wait *wait = (struct dw_guard_wait *)keys_wait;
    struct dw_error error = {0};
    enum outcome outcome = judge(wait, &error);

    conclude(wait, outcome, &error);
}

/* The token and its digest, from the field or, when nothing has changed, from memory. */
static bool find_token(struct dw_guard_wait *wait, struct dw_error *reterr)
{
    struct dw_presented *presented = &wait->presented;

    if (!dw_authorization_find(wait->request, &wait->field, reterr))
        return false;
    wait->was_presented = dw_presented_find(wait->kept, wait->field, presented);
    return wait->was_presented ||
           (dw_authorization_read(wait->field, &presented->token, &presented->is_dpop, reterr) &&
            dw_sha256(presented->token, presented->digest, reterr));
}

struct dw_guard_wait *dw_guard_authenticate(struct dw_guard *guard, struct dw_loop *loop,
                                            const struct dw_http_request *request,
                                            struct dw_arena *arena, struct dw_kept *kept,
                                            dw_guard_done *done, void *user)
{
    struct dw_guard_wait now = {.guard = guard,
                                .loop = loop,
                                .arena = arena,
                                .request = request,
                                .kept = kept,
                                .done = done,
                                .user = user};
    struct dw_guard_wait *wait;
    struct dw_error error = {.code = DW_OK};
    enum outcome outcome = OUTCOME_DECIDED;

    if (guard->is_public) {
        done(user, &dw_guard_anybody, NULL);
        return NULL;
    }
    if (!find_token(&now, &error)) {
        refuse(guard, done, user, &error);
        return NULL;
    }
    if (answer_from_cache(&now))
        return NULL;
    wait = DW_ARENA_NEW(arena, struct dw_guard_wait);
    if (!wait) {
        (void)!dw_fail(&error, DW_NO_MEMORY, "out of memory");
        refuse(guard, done, user, &error);
        return NULL;
    }
    *wait = now;
    if (parse(wait, &error))
        outcome = judge(wait, &error);
    else if (error.code != DW_INVALID_TOKEN)
        outcome = OUTCOME_UNDECIDED;
    if (outcome == OUTCOME_WAITS)
        return wait;
    conclude(wait, outcome, &error);
    return NULL;
}

void dw_guard_wait_cancel(struct dw_guard_wait *wait)
{
    dw_keys_wait_cancel(&wait->keys_wait);
}

void dw_guard_release(const struct dw_principal *principal)
{
    if (principal && principal != &dw_guard_anybody)
        dw_verdict_unref((struct dw_verdict *)(uintptr_t)principal);
}
