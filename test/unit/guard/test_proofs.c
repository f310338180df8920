/* Tokens that are bound to a key at the protected resource: the guard takes them with a fresh proof
 * of that key, and never otherwise. */
#include "guard/tokens.h"

#include "../proof.h"
#include "guard/guard.h"
#include "guard/proofs_internal.h"
#include "oauth/dpop.h"

static struct dw_net *net;
static struct dw_metrics *metrics;
static struct dw_arena *arena;
static struct dw_jwks *published;
static struct dw_guard *guard;
static struct prover prover, thief;
static int proof_count;

static struct dw_jwks *published_keys(void *user)
{
    (void)user;
    return dw_jwks_ref(published);
}

static const struct dw_key_source source = {.keys = published_keys};

static int start(void **state)
{
    struct dw_net_config net_config = {.size = sizeof net_config, .loop_count = 1};
    struct dw_issuer_config issuer = {
        .provider = S("oidc"), .issuer = S(ISSUER), .key_source = &source};
    struct dw_guard_config config = {.size = sizeof config,
                                     .protected_resource = S(RESOURCE),
                                     .issuers = &issuer,
                                     .issuer_count = 1,
                                     .leeway_s = 60};
    struct dw_error error = {0};

    (void)state;
    make_keys();
    arena = dw_arena_new(64u << 20);
    prover = prover_new(arena);
    thief = prover_new(arena);
    published = dw_jwks_parse(jwks_of(&rsa_key, 1), NULL, &error);
    net_config.metrics = metrics = dw_metrics_new();
    net = dw_net_new(&net_config, &error);
    assert_non_null(net);
    guard = dw_guard_new(net, &config, &error);
    if (!guard)
        fail_msg("%s", error.message);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dw_guard_free(guard);
    dw_net_free(net);
    dw_metrics_free(metrics);
    dw_jwks_unref(published);
    dw_key_unref(prover.key);
    dw_key_unref(thief.key);
    dw_arena_free(arena);
    free_keys();
    return 0;
}

struct answer {
    int count;
    struct dw_error error;
    bool has_passed;
};

static void keep(void *user, const struct dw_principal *principal, const struct dw_error *error)
{
    struct answer *answer = user;

    answer->count++;
    answer->has_passed = principal != NULL;
    answer->error = error ? *error : (struct dw_error){.code = DW_OK};
    dw_guard_release(principal);
}

/* proofs: at most two; NULL: none. */
static struct answer ask(const char *scheme, struct dw_slice token, const char *first,
                         const char *second)
{
    struct dw_http_field fields[3] = {
        {S("authorization"), dw_arena_printf(arena, "%s %.*s", scheme, DW_PRINT(token))}};
    struct dw_http_request request = {
        .method = DW_HTTP_POST, .method_text = S("POST"), .fields = {fields, 1}};
    struct answer answer = {0};

    if (first)
        fields[request.fields.count++] = (struct dw_http_field){S("DPoP"), S(first)};
    if (second)
        fields[request.fields.count++] = (struct dw_http_field){S("dpop"), S(second)};
    assert_null(
        dw_guard_authenticate(guard, dw_net_loop(net, 0), &request, arena, NULL, keep, &answer));
    assert_int_equal(answer.count, 1);
    return answer;
}

static struct dw_slice bound_token(const char *more)
{
    return token_of(rsa_key, ISSUER,
                    dw_arena_text(arena, dw_arena_printf(arena, ",\"cnf\":{\"jkt\":\"%.*s\"%s}",
                                                         DW_PRINT(prover.jkt), more)));
}

static const char *proof_of(const struct prover *by, const char *method, const char *url,
                            int64_t age_s, struct dw_slice token)
{
    struct dw_slice hash;
    struct dw_error error;

    assert_done(dw_sha256_base64url(token, arena, &hash, &error), error);
    return prove(
        by,
        dw_arena_text(arena, dw_arena_printf(arena,
                                             "{\"jti\":\"j%d\",\"htm\":\"%s\",\"htu\":\"%s\","
                                             "\"iat\":%lld,\"ath\":\"%.*s\"}",
                                             ++proof_count, method, url,
                                             (long long)(dw_sys_wall_s() - age_s), DW_PRINT(hash))),
        arena);
}

static const char *good(struct dw_slice token)
{
    return proof_of(&prover, "POST", RESOURCE, 0, token);
}

static void assert_refused(struct answer answer, enum dw_code code, const char *says)
{
    assert_false(answer.has_passed);
    assert_string_equal(dw_code_row(answer.error.code)->name, dw_code_row(code)->name);
    if (!strstr(answer.error.message, says))
        fail_msg("%s", answer.error.message);
}

static void a_bound_token_is_no_bearer_token(void **state)
{
    struct dw_slice token = bound_token("");

    (void)state;
    assert_refused(ask("Bearer", token, NULL, NULL), DW_INVALID_TOKEN, "bearer token");
    assert_refused(ask("Bearer", token, good(token), NULL), DW_INVALID_TOKEN, "bearer token");
    assert_refused(ask("DPoP", token, NULL, NULL), DW_DPOP_PROOF_REFUSED, "send a DPoP proof");
    /* nor when it has passed once, and the guard knows it */
    assert_true(ask("DPoP", token, good(token), NULL).has_passed);
    assert_refused(ask("Bearer", token, NULL, NULL), DW_INVALID_TOKEN, "bearer token");
    assert_refused(ask("DPoP", token, NULL, NULL), DW_DPOP_PROOF_REFUSED, "send a DPoP proof");
    assert_refused(ask("Bearer", token, good(token), NULL), DW_INVALID_TOKEN, "bearer token");
}

static void a_bearer_token_stays_one(void **state)
{
    struct dw_slice token = token_of(rsa_key, ISSUER, "");

    (void)state;
    assert_refused(ask("DPoP", token, good(token), NULL), DW_INVALID_TOKEN, "bound to no key");
    assert_true(ask("Bearer", token, NULL, NULL).has_passed);
}

static void a_wrong_proof_is_refused(void **state)
{
    struct dw_slice token = bound_token(""), other = token_of(rsa_key, ISSUER, "");

    (void)state;
    assert_refused(ask("DPoP", token, "nope", NULL), DW_DPOP_PROOF_REFUSED, "not valid");
    assert_refused(ask("DPoP", token, proof_of(&thief, "POST", RESOURCE, 0, token), NULL),
                   DW_DPOP_PROOF_REFUSED, "another key");
    assert_refused(ask("DPoP", token, proof_of(&prover, "GET", RESOURCE, 0, token), NULL),
                   DW_DPOP_PROOF_REFUSED, "another method");
    assert_refused(
        ask("DPoP", token, proof_of(&prover, "POST", "https://mcp.example/x", 0, token), NULL),
        DW_DPOP_PROOF_REFUSED, "another URL");
    assert_refused(ask("DPoP", token, proof_of(&prover, "POST", RESOURCE, 0, other), NULL),
                   DW_DPOP_PROOF_REFUSED, "another access token");
    assert_refused(ask("DPoP", token, proof_of(&prover, "POST", RESOURCE, 122, token), NULL),
                   DW_DPOP_PROOF_REFUSED, "too old");
    assert_refused(ask("DPoP", token, proof_of(&prover, "POST", RESOURCE, -62, token), NULL),
                   DW_DPOP_PROOF_REFUSED, "future");
    assert_refused(ask("DPoP", token, good(token), good(token)), DW_DPOP_PROOF_REFUSED,
                   "not several");
    assert_true(
        ask("DPoP", token, proof_of(&prover, "POST", RESOURCE "?a=b", 0, token), NULL).has_passed);
}

static void a_proof_works_once(void **state)
{
    struct dw_slice token = bound_token("");
    const char *proof = good(token);

    (void)state;
    assert_true(ask("dpop", token, proof, NULL).has_passed);
    assert_refused(ask("DPoP", token, proof, NULL), DW_DPOP_PROOF_REFUSED, "used before");
    assert_true(ask("DPoP", token, good(token), NULL).has_passed);
}

static void other_bindings_are_refused(void **state)
{
    struct dw_slice both = bound_token(",\"x5t#S256\":\"x\"");
    struct dw_slice certificate = token_of(rsa_key, ISSUER, ",\"cnf\":{\"x5t#S256\":\"x\"}");
    struct dw_slice nothing = token_of(rsa_key, ISSUER, ",\"cnf\":{\"jkt\":\"\"}");

    (void)state;
    assert_refused(ask("DPoP", both, good(both), NULL), DW_INVALID_TOKEN, "cnf");
    assert_refused(ask("Bearer", certificate, NULL, NULL), DW_INVALID_TOKEN, "cnf");
    assert_refused(ask("DPoP", nothing, good(nothing), NULL), DW_INVALID_TOKEN, "cnf");
}

static void the_challenge_has_the_scheme(void **state)
{
    struct dw_slice token = bound_token("");
    struct answer answer = ask("DPoP", token, NULL, NULL);
    struct dw_slice value = dw_guard_challenge(guard, &answer.error, (struct dw_slices){0}, arena);

    (void)state;
    if (!dw_slice_starts_with(value, S("DPoP error=\"invalid_dpop_proof\", error_description=")) ||
        !dw_slice_has(value, S(", algs=\"" DW_DPOP_ALGS "\"")) ||
        !dw_slice_has(value, S(", resource_metadata=")))
        fail_msg("%.*s", DW_PRINT(value));
    assert_int_equal(dw_code_row(answer.error.code)->http_status, 401);
}

/* The memory by itself, with a clock of its own. */
static void a_proof_is_remembered_while_it_is_good(void **state)
{
    struct dw_hash_seed seed = {{1}};
    struct dw_proofs *proofs = dw_proofs_new(&seed);
    struct dw_slice token = bound_token("");
    struct dw_access_token claims = {.dpop_jkt = prover.jkt};
    int64_t now_s = dw_sys_wall_s();
    struct dw_http_field field = {S("DPoP"), S(good(token))};
    struct dw_http_request request = {.method_text = S("POST"), .fields = {&field, 1}};
    struct dw_proof_question question = {.request = &request,
                                         .protected_resource = S(RESOURCE),
                                         .text = token,
                                         .token = &claims,
                                         .is_dpop = true,
                                         .now_s = now_s};
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_proofs_check(proofs, &question, arena, &error), error);
    for (int64_t later = 0; later <= 120; later += 20) {
        question.now_s = now_s + later;
        assert_fails(dw_proofs_check(proofs, &question, arena, &error), error,
                     DW_DPOP_PROOF_REFUSED);
        assert_non_null(strstr(error.message, "used before"));
    }
    question.now_s = now_s - 30; /* a clock that goes back */
    assert_fails(dw_proofs_check(proofs, &question, arena, &error), error, DW_DPOP_PROOF_REFUSED);
    dw_proofs_free(proofs);
}

static bool remember(struct dw_proofs *proofs, const char *owner, uint32_t number, int64_t now_s,
                     struct dw_error *reterr)
{
    struct dw_slice name = S(owner);
    char key[32] = {0};

    memcpy(key, &number, sizeof number);
    memcpy(key + 16, name.ptr, name.len);
    return dw_proofs_remember(proofs, name, dw_slice_from(key, sizeof key), now_s, reterr);
}

/* What fills the memory is one holder's, and only that holder waits. */
static void one_holder_does_not_lock_out_the_others(void **state)
{
    struct dw_hash_seed seed = {{1}};
    struct dw_proofs *proofs = dw_proofs_new(&seed);
    struct dw_error error = {0};
    uint32_t at = 0;

    (void)state;
    while (remember(proofs, "greedy", at, 1000, &error))
        at++;
    assert_int_equal(error.code, DW_BUSY);
    assert_int_equal(at, DW_PROOFS_MAX / 2);
    for (uint32_t i = 0; i < DW_PROOFS_SHARE; i++)
        assert_done(remember(proofs, "modest", i, 1000, &error), error);
    assert_fails(remember(proofs, "modest", DW_PROOFS_SHARE, 1000, &error), error, DW_BUSY);
    assert_done(remember(proofs, "other", 1, 1000, &error), error);
    /* a window later everybody may again, and what was used is still known */
    assert_fails(remember(proofs, "greedy", 5, 1000 + 200, &error), error, DW_DPOP_PROOF_REFUSED);
    assert_done(remember(proofs, "greedy", at, 1000 + 200, &error), error);
    dw_proofs_free(proofs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_token_is_no_bearer_token),
        cmocka_unit_test(a_bearer_token_stays_one),
        cmocka_unit_test(a_wrong_proof_is_refused),
        cmocka_unit_test(a_proof_works_once),
        cmocka_unit_test(other_bindings_are_refused),
        cmocka_unit_test(the_challenge_has_the_scheme),
        cmocka_unit_test(a_proof_is_remembered_while_it_is_good),
        cmocka_unit_test(one_holder_does_not_lock_out_the_others),
    };

    return cmocka_run_group_tests(tests, start, end);
}
