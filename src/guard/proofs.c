/* Proofs that tokens are in the right hands; see proofs_internal.h. What is remembered is kept in
 * two maps: the one of this window of time and the one of the window before, which is thrown away
 * whole when the next begins. */
#include "guard/proofs_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "oauth/dpop.h"

/* Shorter than at the tenant, for there are as many proofs as requests. */
#define MAX_AGE_S 120
/* A proof in the map of a window can come again until the next window has ended. */
#define WINDOW_S (MAX_AGE_S + DW_DPOP_MAX_AHEAD_S + 1)

struct dw_proofs {
    pthread_mutex_t lock;
    struct dw_hash_seed seed;
    int64_t window;
    struct dw_map *now, *before;
};

struct dw_proofs *dw_proofs_new(const struct dw_hash_seed *seed)
{
    struct dw_proofs *proofs = dw_mem_new(sizeof *proofs);

    if (!proofs)
        return NULL;
    pthread_mutex_init(&proofs->lock, NULL);
    proofs->seed = *seed;
    proofs->now = dw_map_new(seed, DW_PROOFS_MAX);
    proofs->before = dw_map_new(seed, DW_PROOFS_MAX);
    if (proofs->now && proofs->before)
        return proofs;
    dw_proofs_free(proofs);
    return NULL;
}

void dw_proofs_free(struct dw_proofs *proofs)
{
    if (!proofs)
        return;
    if (proofs->now)
        dw_map_free(proofs->now);
    if (proofs->before)
        dw_map_free(proofs->before);
    pthread_mutex_destroy(&proofs->lock);
    dw_mem_free(proofs);
}

/* Under the lock. False: no memory for a fresh map; nothing has changed. */
static bool turn(struct dw_proofs *proofs, int64_t window)
{
    struct dw_map *fresh;

    if (window <= proofs->window) /* a clock that went back forgets nothing */
        return true;
    fresh = dw_map_new(&proofs->seed, DW_PROOFS_MAX);
    if (!fresh)
        return false;
    dw_map_free(proofs->before);
    proofs->before = proofs->now;
    proofs->now = fresh;
    if (window > proofs->window + 1) { /* what is in it has expired long ago */
        struct dw_map *empty = dw_map_new(&proofs->seed, DW_PROOFS_MAX);

        if (empty) {
            dw_map_free(proofs->before);
            proofs->before = empty;
        }
    }
    proofs->window = window;
    return true;
}

static bool remember(struct dw_proofs *proofs, struct dw_slice key, int64_t now_s,
                     struct dw_error *reterr)
{
    bool is_kept = false, is_new = false;

    pthread_mutex_lock(&proofs->lock);
    if (turn(proofs, now_s / WINDOW_S)) {
        is_new = !dw_map_get(proofs->now, key) && !dw_map_get(proofs->before, key);
        is_kept = is_new && dw_map_put(proofs->now, key, proofs);
    }
    pthread_mutex_unlock(&proofs->lock);
    if (is_kept)
        return true;
    return is_new ? dw_fail(reterr, DW_BUSY, "too many DPoP proofs at the moment")
                  : dw_fail(reterr, DW_DPOP_PROOF_REFUSED, "the DPoP proof was used before");
}

static bool check_proof(struct dw_proofs *proofs, const struct dw_proof_question *question,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_http_request *request = question->request;
    struct dw_dpop_rules rules = {
        .method = request->method_text,
        .url = question->protected_resource,
        .access_token = question->text,
        .now_s = question->now_s,
        .max_age_s = MAX_AGE_S,
    };
    size_t count = dw_http_field_count(request->fields, "dpop");
    struct dw_dpop_proof proof;
    struct dw_error error = {0};

    if (count != 1) /* RFC 9449 4.3 (1) */
        return dw_fail(reterr, DW_DPOP_PROOF_REFUSED, "%s",
                       count == 0 ? "the access token is bound to a key: send a DPoP proof with it"
                                  : "send one DPoP field, not several");
    if (!dw_dpop_check(dw_http_field(request->fields, "dpop"), &rules, arena, &proof, &error)) {
        *reterr = error;
        if (error.code == DW_INVALID_DPOP_PROOF)
            reterr->code = DW_DPOP_PROOF_REFUSED;
        return false;
    }
    if (!dw_slice_eq(proof.jkt, question->token->dpop_jkt)) /* RFC 9449 4.3 (12) */
        return dw_fail(reterr, DW_DPOP_PROOF_REFUSED,
                       "the access token is bound to another key than the DPoP proof's");
    return remember(proofs, proof.replay_key, question->now_s, reterr);
}

bool dw_proofs_check(struct dw_proofs *proofs, const struct dw_proof_question *question,
                     struct dw_arena *arena, struct dw_error *reterr)
{
    bool is_bound = question->token->dpop_jkt.len > 0;

    if (!is_bound && !question->is_dpop)
        return true;
    if (!question->is_dpop) /* RFC 9449 7.1 MUST */
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is bound to a key (cnf) and cannot be used as a bearer token");
    if (!is_bound)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is bound to no key: send it with the Bearer scheme");
    return check_proof(proofs, question, arena, reterr);
}
