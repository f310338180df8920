/* guard/guard.h with keys from this process: who passes, who does not, and what is remembered. */
#include "guard/tokens.h"

#include "guard/guard.h"
#include "net/loop.h"

static struct dw_net *net;
static struct dw_metrics *metrics;
static struct dw_arena *arena;
static struct dw_jwks *published;

static struct dw_jwks *published_keys(void *user)
{
    (void)user;
    return published ? dw_jwks_ref(published) : NULL;
}

/* The `jti` that was taken back; empty: none. */
static struct dw_slice dead_id;

static bool token_is_dead(void *user, struct dw_slice token_id)
{
    (void)user;
    return dead_id.len > 0 && dw_slice_eq(token_id, dead_id);
}

static const struct dw_key_source source = {published_keys, NULL, token_is_dead};

static void publish(struct dw_signing_key *const *keys, size_t count)
{
    struct dw_error error;

    dw_jwks_unref(published);
    published = keys ? dw_jwks_parse(jwks_of(keys, count), NULL, &error) : NULL;
}

static struct dw_issuer_config issuer_config(const char *issuer)
{
    return (struct dw_issuer_config){
        .provider = S("auth0"), .issuer = S(issuer), .key_source = &source};
}

static struct dw_guard *guard_with(const struct dw_policy_row *rows, size_t count)
{
    static struct dw_issuer_config issuers[2];
    struct dw_guard_config config = {.size = sizeof config,
                                     .protected_resource = S(RESOURCE),
                                     .issuers = issuers,
                                     .issuer_count = 2,
                                     .policy = rows,
                                     .policy_count = count,
                                     .leeway_s = 60};
    struct dw_error error;
    struct dw_guard *guard;

    issuers[0] = issuer_config(ISSUER);
    issuers[1] = issuer_config("https://second.example/");
    issuers[1].provider = S("oidc");
    guard = dw_guard_new(net, &config, &error);
    if (!guard)
        fail_msg("%s", error.message);
    return guard;
}

struct answer {
    int count;
    const struct dw_principal *principal;
    struct dw_error error;
};

static void keep(void *user, const struct dw_principal *principal, const struct dw_error *error)
{
    struct answer *answer = user;

    answer->count++;
    answer->principal = principal;
    answer->error = error ? *error : (struct dw_error){.code = DW_OK};
}

static struct answer ask(struct dw_guard *guard, struct dw_slice token)
{
    struct dw_http_field field = {S("authorization"),
                                  dw_arena_printf(arena, "Bearer %.*s", DW_PRINT(token))};
    struct dw_http_request request = {.fields = {&field, 1}};
    struct answer answer = {0};

    assert_null(
        dw_guard_authenticate(guard, dw_net_loop(net, 0), &request, arena, NULL, keep, &answer));
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.principal == NULL, answer.error.code != DW_OK);
    return answer;
}

static int64_t hits(void)
{
    return dw_metrics_value(metrics, DW_METRIC_TOKEN_CACHE_HITS);
}

static void a_request_without_a_good_token_is_refused(void **state)
{
    struct dw_guard *guard = guard_with(NULL, 0);
    struct dw_http_request request = {0};
    struct answer answer = {0};
    const struct {
        struct dw_slice token;
        const char *says;
    } cases[] = {
        {S("opaque"), "`audience`"},
        {token_of(rsa_key, "https://other.example/", ""), "not trusted here"},
        {token_of(rsa_key, "https://issuer.example", ""),
         "\"https://issuer.example\" is not trusted here; this server accepts \"" ISSUER "\""},
        {token_of(ec_key, ISSUER, ""), "ES256, which is not accepted"}, /* auth0: RS256 alone */
        {token_of(rsa_key, ISSUER, ",\"at_hash\":\"x\""), "ID token"},
    };

    (void)state;
    assert_null(
        dw_guard_authenticate(guard, dw_net_loop(net, 0), &request, arena, NULL, keep, &answer));
    assert_int_equal(answer.error.code, DW_NO_TOKEN);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int round = 0; round < 2; round++) { /* the second comes from memory */
            int64_t before = hits();

            answer = ask(guard, cases[i].token);
            assert_int_equal(answer.error.code, DW_INVALID_TOKEN);
            if (!strstr(answer.error.message, cases[i].says))
                fail_msg("%s", answer.error.message);
            assert_int_equal(hits() - before, round);
        }
    dw_guard_free(guard);
}

static void a_token_that_was_taken_back_is_refused(void **state)
{
    struct dw_guard *guard = guard_with(NULL, 0);
    struct dw_slice token = token_of(rsa_key, ISSUER, ",\"jti\":\"family.1\"");
    struct dw_slice other = token_of(rsa_key, ISSUER, ",\"jti\":\"family.2\"");
    struct answer answer = ask(guard, token);

    (void)state;
    assert_int_equal(answer.error.code, DW_OK);
    dw_guard_release(answer.principal);
    dead_id = S("family.1");
    answer = ask(guard, token); /* although it is remembered as good */
    assert_int_equal(answer.error.code, DW_INVALID_TOKEN);
    assert_non_null(strstr(answer.error.message, "revoked"));
    answer = ask(guard, other);
    assert_int_equal(answer.error.code, DW_OK);
    dw_guard_release(answer.principal);
    dead_id = DW_EMPTY;
    dw_guard_free(guard);
}

static void a_good_token_is_verified_once(void **state)
{
    struct dw_guard *guard = guard_with(NULL, 0);
    struct dw_slice token = token_of(rsa_key, ISSUER, ",\"permissions\":[\"read\"]");
    struct answer first = ask(guard, token), second;
    int64_t before = hits();

    (void)state;
    second = ask(guard, token);
    assert_ptr_equal(first.principal, second.principal);
    assert_int_equal(hits() - before, 1);
    assert_slice(first.principal->token->subject, "user|1");
    assert_slice(first.principal->token->client_id, "app");
    assert_slice(first.principal->token->scopes.items[0], "read");
    assert_int_equal(first.principal->key.len, 43);
    dw_guard_release(first.principal);
    dw_guard_free(guard); /* the second reference outlives the guard */
    assert_slice(second.principal->token->subject, "user|1");
    dw_guard_release(second.principal);
}

static void the_key_of_a_principal_is_the_persons_and_the_applications(void **state)
{
    struct dw_guard *guard = guard_with(NULL, 0);
    struct answer first = ask(guard, token_of(rsa_key, ISSUER, ""));
    struct answer renewed = ask(guard, token_of(rsa_key, ISSUER, ",\"scope\":\"more\""));
    struct answer other = ask(guard, token_of(ec_key, "https://second.example/", ""));

    (void)state;
    assert_true(dw_slice_eq(first.principal->key, renewed.principal->key));
    assert_false(dw_slice_eq(first.principal->key, other.principal->key));
    dw_guard_release(first.principal);
    dw_guard_release(renewed.principal);
    dw_guard_release(other.principal);
    dw_guard_free(guard);
}

static void a_token_ends_with_its_key(void **state)
{
    struct dw_guard *guard = guard_with(NULL, 0);
    struct dw_slice token = token_of(rsa_key, ISSUER, "");
    struct dw_signing_key *both[] = {ec_key, rsa_key};
    struct answer answer = ask(guard, token);

    (void)state;
    dw_guard_release(answer.principal);
    publish(both, 1); /* the RSA key is gone; the source is asked when a kid is unknown */
    answer = ask(guard, token);
    dw_guard_release(answer.principal); /* the sweep has not run yet */
    assert_int_equal(ask(guard, token_of(ec_key, ISSUER, "")).error.code, DW_INVALID_TOKEN);
    publish(both, 2);
    dw_guard_free(guard);
}

static void without_keys_nothing_can_be_told(void **state)
{
    struct dw_signing_key *both[] = {rsa_key, ec_key};
    struct dw_guard *guard;
    struct dw_slice token = token_of(rsa_key, ISSUER, "");
    struct answer answer;

    (void)state;
    publish(NULL, 0);
    guard = guard_with(NULL, 0);
    answer = ask(guard, token);
    assert_int_equal(answer.error.code, DW_UNAVAILABLE);
    assert_int_equal(
        dw_guard_challenge(guard, &answer.error, (struct dw_slices){NULL, 0}, arena).len, 0);
    publish(both, 2);
    dw_guard_free(guard);
}

static void without_auth_everybody_is_the_same(void **state)
{
    struct dw_guard_config config = {
        .size = sizeof config, .protected_resource = S("http://127.0.0.1/mcp"), .is_public = true};
    struct dw_http_request request = {0};
    struct answer answer = {0};
    struct dw_error error;
    struct dw_guard *guard = dw_guard_new(net, &config, &error);

    (void)state;
    assert_non_null(guard);
    assert_null(
        dw_guard_authenticate(guard, dw_net_loop(net, 0), &request, arena, NULL, keep, &answer));
    assert_non_null(answer.principal);
    assert_slice(answer.principal->token->subject, "");
    dw_guard_release(answer.principal);
    dw_guard_free(guard);
}

static void a_wrong_configuration_is_told(void **state)
{
    static struct dw_slice none[] = {DW_LIT("none")}, hmac[] = {DW_LIT("HS256")};
    struct dw_issuer_config good = issuer_config(ISSUER);
    struct {
        struct dw_issuer_config issuer;
        const char *resource, *says;
    } cases[] = {{good, "", "public URL"},
                 {good, "https://a/mcp#x", "public URL"},
                 {good, "https://a/mcp?x", "public URL"},
                 {good, "http://a.example/mcp", "https://"},
                 {good, "mcp", "public URL"},
                 {good, RESOURCE, "issuer"},
                 {good, RESOURCE, "https://"},
                 {good, RESOURCE, "auth0, okta"},
                 {good, RESOURCE, "\"none\" is no algorithm"},
                 {good, RESOURCE, "\"HS256\" is no algorithm"}};

    (void)state;
    cases[5].issuer.issuer = S("issuer");
    cases[6].issuer.issuer = S("http://issuer.example/");
    cases[7].issuer.provider = S("nobody");
    cases[8].issuer.algorithms = (struct dw_slices){none, 1};
    cases[9].issuer.algorithms = (struct dw_slices){hmac, 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_guard_config config = {.size = sizeof config,
                                         .protected_resource = S(cases[i].resource),
                                         .issuers = &cases[i].issuer,
                                         .issuer_count = 1};
        struct dw_error error;

        assert_fails(dw_guard_new(net, &config, &error) != NULL, error, DW_CONFIG);
        if (!strstr(error.message, cases[i].says))
            fail_msg("case %zu: %s", i, error.message);
    }
}

static void no_issuer_or_the_same_one_twice_is_refused(void **state)
{
    struct dw_issuer_config issuers[] = {issuer_config(ISSUER), issuer_config(ISSUER)};
    struct dw_guard_config config = {
        .size = sizeof config, .protected_resource = S(RESOURCE), .issuers = issuers};
    struct dw_error error;

    (void)state;
    assert_fails(dw_guard_new(net, &config, &error) != NULL, error, DW_CONFIG);
    config.issuer_count = 2;
    assert_fails(dw_guard_new(net, &config, &error) != NULL, error, DW_CONFIG);
    config.issuer_count = 1;
    config.leeway_s = 301;
    assert_fails(dw_guard_new(net, &config, &error) != NULL, error, DW_CONFIG);
}

static void a_policy_asks_for_every_scope_it_needs(void **state)
{
    static struct dw_slice all[] = {DW_LIT("read"), DW_LIT("write")};
    const struct dw_policy_row rows[] = {
        {.name = S("writers"), .tool = S("write_*"), .all_scopes = {all, 2}}};
    struct dw_guard *guard = guard_with(rows, 1);
    struct answer answer = ask(guard, token_of(rsa_key, ISSUER, ",\"scope\":\"read\""));
    struct dw_mcp_message message;
    struct dw_slices needed;
    struct dw_slice rule, challenge;
    struct dw_error error;

    (void)state;
    assert_done(dw_mcp_message_parse(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
                                       "\"params\":{\"name\":\"write_file\"}}"),
                                     arena, &message, &error),
                error);
    assert_fails(
        dw_guard_authorize(guard, answer.principal, &message, arena, &needed, &rule, &error), error,
        DW_INSUFFICIENT_SCOPE);
    assert_slice(rule, "writers");
    challenge = dw_guard_challenge(guard, &error, needed, arena);
    assert_true(dw_slice_starts_with(challenge, S("Bearer error=\"insufficient_scope\"")));
    assert_non_null(strstr(dw_arena_text(arena, challenge), "scope=\"read write\""));
    assert_non_null(strstr(dw_arena_text(arena, challenge),
                           "resource_metadata=\"https://mcp.example/.well-known/"
                           "oauth-protected-resource/mcp\""));
    assert_false(dw_guard_may_see(guard, answer.principal, DW_MCP_TOOL, S("write_file")));
    assert_false(dw_guard_may_see(guard, answer.principal, DW_MCP_TOOL, S("other")));
    dw_guard_release(answer.principal);
    dw_guard_free(guard);
}

static struct dw_slice tortured;
static struct dw_guard *tortured_guard;

static bool authenticate_once(void)
{
    struct dw_arena *own = dw_arena_new(1 << 18);
    struct dw_http_field field = {S("authorization"), tortured};
    struct dw_http_request request = {.fields = {&field, 1}};
    struct answer answer = {0};

    if (!own)
        return false;
    assert_null(dw_guard_authenticate(tortured_guard, dw_net_loop(net, 0), &request, own, NULL,
                                      keep, &answer));
    assert_int_equal(answer.count, 1);
    dw_arena_free(own);
    dw_guard_release(answer.principal);
    if (!answer.principal)
        assert_string_equal(dw_code_row(answer.error.code)->name, "DW_NO_MEMORY");
    return answer.principal != NULL;
}

static void running_out_of_memory_refuses_for_now(void **state)
{
    (void)state;
    tortured_guard = guard_with(NULL, 0);
    tortured = dw_arena_printf(token_arena, "Bearer %.*s", DW_PRINT(token_of(rsa_key, ISSUER, "")));
    torture(authenticate_once);
    dw_guard_free(tortured_guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_a_good_token_is_refused),
        cmocka_unit_test(a_token_that_was_taken_back_is_refused),
        cmocka_unit_test(a_good_token_is_verified_once),
        cmocka_unit_test(the_key_of_a_principal_is_the_persons_and_the_applications),
        cmocka_unit_test(a_token_ends_with_its_key),
        cmocka_unit_test(without_keys_nothing_can_be_told),
        cmocka_unit_test(without_auth_everybody_is_the_same),
        cmocka_unit_test(a_wrong_configuration_is_told),
        cmocka_unit_test(no_issuer_or_the_same_one_twice_is_refused),
        cmocka_unit_test(a_policy_asks_for_every_scope_it_needs),
        cmocka_unit_test(running_out_of_memory_refuses_for_now),
    };
    struct dw_error error;
    struct dw_signing_key *both[2];
    int failed;

    make_keys();
    both[0] = rsa_key;
    both[1] = ec_key;
    publish(both, 2);
    arena = dw_arena_new(8 << 20);
    metrics = dw_metrics_new();
    net = dw_net_new(&(struct dw_net_config){.size = sizeof(struct dw_net_config),
                                             .loop_count = 1,
                                             .metrics = metrics},
                     &error);
    if (!net)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_net_free(net);
    dw_metrics_free(metrics);
    dw_arena_free(arena);
    publish(NULL, 0);
    free_keys();
    return failed;
}
