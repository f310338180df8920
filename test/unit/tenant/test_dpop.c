/* DPoP at the tenant: tokens bound to a key, nonces, replays, and what a thief cannot do. */
#include "../proof.h"
#include "fixture.h"
#include "oauth/dpop.h"

#define TOKEN_URL ISSUER "oauth/token"
#define DEV "client_id=" DW_TENANT_DEV_CLIENT

static struct prover prover, thief;
static int proof_count;

static int start(void **state)
{
    int status = world_start(state);

    prover = prover_new(world.arena);
    thief = prover_new(world.arena);
    return status;
}

static int stop(void **state)
{
    dw_key_unref(prover.key);
    dw_key_unref(thief.key);
    return world_stop(state);
}

/* A fresh proof; nonce and token NULL: none. */
static const char *fresh(const struct prover *by, const char *method, const char *url,
                         const char *nonce, const char *token)
{
    struct dw_slice hash = DW_EMPTY;
    struct dw_error error = {0};

    if (token)
        assert_done(dw_sha256_base64url(S(token), world.arena, &hash, &error), error);
    return prove(by,
                 text_of(dw_arena_printf(
                     world.arena,
                     "{\"jti\":\"j%d\",\"htm\":\"%s\",\"htu\":\"%s\",\"iat\":%lld%s%s%s%s%.*s%s}",
                     ++proof_count, method, url, (long long)world_now_s,
                     nonce ? ",\"nonce\":\"" : "", nonce ? nonce : "", nonce ? "\"" : "",
                     token ? ",\"ath\":\"" : "", DW_PRINT(hash), token ? "\"" : "")),
                 world.arena);
}

static struct dw_tenant_call *token(const char *proof, const char *body)
{
    struct browser caller = {.dpop = proof};

    return post(&caller, "/oauth/token", body);
}

static const char *nonce(void)
{
    struct dw_tenant_call *call = token(fresh(&prover, "POST", TOKEN_URL, NULL, NULL),
                                        "grant_type=refresh_token&" DEV "&refresh_token=x");

    assert_slice(error_of(call),
                 "use_dpop_nonce: Authorization server requires nonce in DPoP proof");
    assert_status(call, 400);
    return text_of(header(call, "DPoP-Nonce"));
}

static const char *good(const struct prover *by)
{
    return fresh(by, "POST", TOKEN_URL, nonce(), NULL);
}

static const char *code_body(const char *url)
{
    return text_of(dw_arena_printf(world.arena,
                                   "grant_type=authorization_code&" DEV
                                   "&code=%s&code_verifier=" VERIFIER "&redirect_uri=" CALLBACK,
                                   code_for(url)));
}

static struct dw_tenant_call *refresh_with(const char *proof, const char *refresh_token)
{
    return token(proof, text_of(dw_arena_printf(world.arena,
                                                "grant_type=refresh_token&" DEV "&refresh_token=%s",
                                                refresh_token)));
}

static const char *member(const struct dw_tenant_call *call, const char *name)
{
    return text_of(dw_json_text(json_of(call), name));
}

static void bad_proofs_cost_no_code(void **state)
{
    const char *body = code_body(AUTHORIZE "&scope=openid%20offline_access");
    const char *good_nonce = nonce();
    const char *used = good(&prover);
    struct browser two = {.dpop = "x"};

    (void)state;
    (void)two;
    assert_has(error_of(token("nope", body)), "invalid_dpop_proof");
    assert_has(error_of(token(fresh(&prover, "GET", TOKEN_URL, good_nonce, NULL), body)),
               "invalid_dpop_proof: the DPoP proof is for another method");
    assert_has(error_of(token(fresh(&prover, "POST", ISSUER "userinfo", good_nonce, NULL), body)),
               "invalid_dpop_proof: the DPoP proof is for another URL");
    assert_has(error_of(token(fresh(&prover, "POST", TOKEN_URL, NULL, NULL), body)),
               "use_dpop_nonce");
    assert_has(error_of(token(fresh(&prover, "POST", TOKEN_URL, "AAAA", NULL), body)),
               "use_dpop_nonce");
    (void)refresh_with(used, "x");
    assert_slice(error_of(token(used, body)), "invalid_dpop_proof: the DPoP proof was used before");
    assert_status(token(good(&prover), body), 200);
}

static void tokens_are_bound_to_the_key(void **state)
{
    struct dw_tenant_call *call =
        token(good(&prover), code_body(AUTHORIZE "&scope=openid%20offline_access"));
    const struct dw_json *claims;

    (void)state;
    assert_status(call, 200);
    assert_string_equal(member(call, "token_type"), "DPoP");
    assert_true(header(call, "DPoP-Nonce").len > 0);
    claims = claims_of(call, "access_token");
    assert_true(dw_slice_eq(dw_json_text(dw_json_get(claims, "cnf"), "jkt"), prover.jkt));
}

static void without_a_proof_tokens_are_bearer(void **state)
{
    struct dw_tenant_call *call = token(NULL, code_body(AUTHORIZE));

    (void)state;
    assert_string_equal(member(call, "token_type"), "Bearer");
    assert_null(dw_json_get(claims_of(call, "access_token"), "cnf"));
    assert_slice(header(call, "DPoP-Nonce"), "");
}

static void refresh_tokens_of_public_clients_need_their_key(void **state)
{
    struct dw_tenant_call *call =
        token(good(&prover), code_body(AUTHORIZE "&scope=openid%20offline_access"));
    const char *first = member(call, "refresh_token");

    (void)state;
    assert_has(error_of(refresh_with(NULL, first)), "invalid_dpop_proof");
    assert_has(error_of(refresh_with(good(&thief), first)), "invalid_dpop_proof");
    /* the thief has spent nothing and revoked nothing */
    call = refresh_with(good(&prover), first);
    assert_status(call, 200);
    assert_string_equal(member(call, "token_type"), "DPoP");
    assert_true(dw_slice_eq(
        dw_json_text(dw_json_get(claims_of(call, "access_token"), "cnf"), "jkt"), prover.jkt));
    assert_status(refresh_with(good(&prover), member(call, "refresh_token")), 200);
}

static void a_code_can_be_bound_to_a_key(void **state)
{
    const char *url =
        text_of(dw_arena_printf(world.arena, "%s&dpop_jkt=%.*s", AUTHORIZE, DW_PRINT(prover.jkt)));
    struct browser browser = {0};

    (void)state;
    assert_slice(location_value(get(&browser, AUTHORIZE "&dpop_jkt=short"), "error"),
                 "invalid_request");
    assert_has(error_of(token(NULL, code_body(url))), "invalid_dpop_proof");
    assert_has(error_of(token(good(&thief), code_body(url))), "invalid_dpop_proof");
    assert_status(token(good(&prover), code_body(url)), 200);
}

static void a_pushed_request_binds_its_code(void **state)
{
    const char *body = DEV "&response_type=code&redirect_uri=" CALLBACK_ENCODED
                           "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
                           "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp";
    struct browser client = {.dpop = fresh(&prover, "POST", ISSUER "oauth/par", nonce(), NULL)};
    struct dw_tenant_call *call = post(&client, "/oauth/par", body);
    const char *url;

    (void)state;
    assert_status(call, 201);
    url = text_of(dw_arena_printf(world.arena, "/authorize?" DEV "&request_uri=%s",
                                  member(call, "request_uri")));
    assert_has(error_of(token(good(&thief), code_body(url))), "invalid_dpop_proof");
    client.dpop = fresh(&prover, "POST", ISSUER "oauth/par", nonce(), NULL);
    call =
        post(&client, "/oauth/par",
             text_of(dw_arena_printf(world.arena, "%s&dpop_jkt=%.*s", body, DW_PRINT(thief.jkt))));
    assert_has(error_of(call), "invalid_dpop_proof");
}

static void a_client_may_be_bound_to_prove(void **state)
{
    struct dw_oauth_client *client;
    struct dw_error error = {0};

    (void)state;
    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    client->requires_dpop = true;
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
    assert_slice(error_of(token(NULL, code_body(AUTHORIZE))),
                 "invalid_dpop_proof: This client must send a DPoP proof.");
    assert_status(token(good(&prover), code_body(AUTHORIZE)), 200);
    client->requires_dpop = false;
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static struct dw_tenant_call *userinfo(const char *scheme, const char *access_token,
                                       const char *proof)
{
    struct browser caller = {
        .authorization = text_of(dw_arena_printf(world.arena, "%s %s", scheme, access_token)),
        .dpop = proof,
    };

    return get(&caller, "/userinfo");
}

static void userinfo_wants_a_proof_for_the_token(void **state)
{
    const char *url = ISSUER "userinfo";
    const char *bound =
        member(token(good(&prover), code_body(AUTHORIZE "&scope=openid")), "access_token");
    const char *bearer = member(token(NULL, code_body(AUTHORIZE "&scope=openid")), "access_token");
    const char *proof = fresh(&prover, "GET", url, NULL, bound);
    struct dw_tenant_call *call;

    (void)state;
    call = userinfo("Bearer", bound, NULL);
    assert_status(call, 401);
    assert_slice(header(call, "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
    call = userinfo("DPoP", bound, NULL);
    assert_status(call, 401);
    assert_slice(header(call, "WWW-Authenticate"),
                 "DPoP error=\"invalid_dpop_proof\", algs=\"" DW_DPOP_ALGS "\"");
    assert_status(userinfo("DPoP", bound, fresh(&thief, "GET", url, NULL, bound)), 401);
    assert_status(userinfo("DPoP", bound, fresh(&prover, "GET", url, NULL, bearer)), 401);
    assert_status(userinfo("DPoP", bound, fresh(&prover, "GET", url, NULL, NULL)), 401);
    assert_status(userinfo("DPoP", bound, fresh(&prover, "POST", url, NULL, bound)), 401);
    assert_status(userinfo("DPoP", bearer, fresh(&prover, "GET", url, NULL, bearer)), 401);
    call = userinfo("DPoP", bound, fresh(&prover, "GET", url, "AAAA", bound));
    assert_slice(header(call, "WWW-Authenticate"),
                 "DPoP error=\"use_dpop_nonce\", algs=\"" DW_DPOP_ALGS "\"");
    assert_true(header(call, "DPoP-Nonce").len > 0);
    assert_status(userinfo("DPoP", bound, proof), 200);
    assert_status(userinfo("DPoP", bound, proof), 401); /* the same proof again */
    assert_status(userinfo("Bearer", bearer, NULL), 200);
}

static void two_proofs_are_refused(void **state)
{
    struct dw_http_field fields[] = {
        {S("DPoP"), S(good(&prover))}, {S("DPoP"), S(good(&prover))}, {S("Content-Type"), S(FORM)}};
    struct dw_tenant_call call = {
        .tenant = world.tenant,
        .arena = world.arena,
        .now_s = world_now_s,
        .method = DW_HTTP_POST,
        .path = S("/oauth/token"),
        .body = S("grant_type=refresh_token&" DEV "&refresh_token=x"),
        .peer_address = S("192.0.2.1"),
        .fields = {fields, 3},
    };

    (void)state;
    dw_tenant_serve(&call);
    assert_has(error_of(&call), "invalid_dpop_proof: send one DPoP field");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_proofs_cost_no_code),
        cmocka_unit_test(tokens_are_bound_to_the_key),
        cmocka_unit_test(without_a_proof_tokens_are_bearer),
        cmocka_unit_test(refresh_tokens_of_public_clients_need_their_key),
        cmocka_unit_test(a_code_can_be_bound_to_a_key),
        cmocka_unit_test(a_pushed_request_binds_its_code),
        cmocka_unit_test(a_client_may_be_bound_to_prove),
        cmocka_unit_test(userinfo_wants_a_proof_for_the_token),
        cmocka_unit_test(two_proofs_are_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
