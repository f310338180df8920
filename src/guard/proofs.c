/* Proofs that tokens are in the right hands; see proofs_internal.h. What is remembered is kept in
 * two windows of time: this one, and the one before, which is thrown away whole when the next
 * begins.
 */
#include "guard/proofs_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "oauth/dpop.h"

/* Shorter than at the tenant, for there are as many proofs as requests. */
#define MAX_AGE_S 120
/* A proof in the map of a window can come again until the next window has ended. */
#define WINDOW_S (MAX_AGE_S + DW_DPOP_MAX_AHEAD_S + 1)

struct window {
    struct dw_map *proofs; /* replay key: the proofs themselves, as something that is not NULL */
    struct dw_map *owners; /* owner: how many of them, as a number in a pointer */
};

struct dw_proofs {
    pthread_mutex_t lock;
    struct dw_hash_seed seed;
    int64_t number; /* of the window that is `now` */
    struct window now, before;
};

static void free_window(struct window *window)
{
    if (window->proofs)
        dw_map_free(window->proofs);
    if (window->owners)
        dw_map_free(window->owners);
    *window = (struct window){0};
}

static bool new_window(const struct dw_hash_seed *seed, struct window *ret_window)
{
    *ret_window = (struct window){dw_map_new(seed, DW_PROOFS_MAX), dw_map_new(seed, DW_PROOFS_MAX)};
    if (ret_window->proofs && ret_window->owners)
        return true;
    free_window(ret_window);
    return false;
}

struct dw_proofs *dw_proofs_new(const struct dw_hash_seed *seed)
{
    struct dw_proofs *proofs = dw_mem_new(sizeof *proofs);

    if (!proofs)
        return NULL;
    pthread_mutex_init(&proofs->lock, NULL);
    proofs->seed = *seed;
    if (new_window(seed, &proofs->now) && new_window(seed, &proofs->before))
        return proofs;
    dw_proofs_free(proofs);
    return NULL;
}

void dw_proofs_free(struct dw_proofs *proofs)
{
    if (!proofs)
        return;
    free_window(&proofs->now);
    free_window(&proofs->before);
    pthread_mutex_destroy(&proofs->lock);
    dw_mem_free(proofs);
}

/* Under the lock. False: no memory for a fresh window; nothing has changed. */
static bool turn(struct dw_proofs *proofs, int64_t number)
{
    struct window fresh;

    if (number <= proofs->number) /* a clock that went back forgets nothing */
        return true;
    if (!new_window(&proofs->seed, &fresh))
        return false;
    free_window(&proofs->before);
    proofs->before = proofs->now;
    proofs->now = fresh;
    /* What is in it has expired long ago. */
    if (number > proofs->number + 1 && new_window(&proofs->seed, &fresh)) {
        free_window(&proofs->before);
        proofs->before = fresh;
    }
    proofs->number = number;
    return true;
}

/* Under the lock. Who has many proofs waits first, so that one alone cannot lock out the others. */
static bool put(struct window *window, struct dw_slice owner, struct dw_slice key)
{
    uintptr_t count = (uintptr_t)dw_map_get(window->owners, owner);

    if (count >= DW_PROOFS_SHARE && dw_map_count(window->proofs) >= DW_PROOFS_MAX / 2)
        return false;
    return dw_map_put(window->owners, owner, (void *)(count + 1)) &&
           dw_map_put(window->proofs, key, window->proofs);
}

bool dw_proofs_remember(struct dw_proofs *proofs, struct dw_slice owner, struct dw_slice key,
                        int64_t now_s, struct dw_error *reterr)
{
    bool is_kept = false, is_new = true;

    pthread_mutex_lock(&proofs->lock);
    if (turn(proofs, now_s / WINDOW_S)) {
        is_new = !dw_map_get(proofs->now.proofs, key) && !dw_map_get(proofs->before.proofs, key);
        is_kept = is_new && put(&proofs->now, owner, key);
    }
    pthread_mutex_unlock(&proofs->lock);
    if (is_kept)
        return true;
    return is_new ? dw_fail(reterr, DW_BUSY, "too many DPoP proofs at the moment")
                  : dw_fail(reterr, DW_DPOP_PROOF_REFUSED, "the DPoP proof was used before");
}

/* The user, or the application that acts for itself: keys are made in no time, accounts are not. */
static bool remember(struct dw_proofs *proofs, const struct dw_access_token *token,
                     struct dw_slice key, int64_t now_s, struct dw_error *reterr)
{
    struct dw_slice parts[] = {token->issuer, token->subject};
    unsigned char owner[DW_SHA256_BYTES];

    return dw_sha256_parts((struct dw_slices){parts, 2}, owner, reterr) &&
           dw_proofs_remember(proofs, dw_slice_from((const char *)owner, sizeof owner), key, now_s,
                              reterr);
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
    return remember(proofs, question->token, proof.replay_key, question->now_s, reterr);
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
