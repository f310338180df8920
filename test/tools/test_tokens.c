/* The corpus against the library: bearer, jwt, keys and claims, as the guard puts them together. */
#include "test.h"

#include <stdio.h>

#include "corpus.h"
#include "oauth/access_token.h"
#include "oauth/bearer.h"
#include "sys/sys.h"

static struct dw_arena *arena;
static struct corpus corpus;
static struct corpus_keys keys;
static struct dw_jwks *set;
static struct dw_slice audiences[] = {DW_LIT("https://mcp.example/mcp")};

static int status_of(struct dw_slice token, int64_t now_s, struct dw_error *error)
{
    struct dw_http_field field = {S("authorization"),
                                  dw_arena_printf(arena, "Bearer %.*s", DW_PRINT(token))};
    struct dw_http_request request = {.fields = {&field, 1}};
    struct dw_access_token_rules rules = {.issuer = S("https://issuer.example/"),
                                          .audiences = {audiences, 1},
                                          .provider = dw_provider_find(S("oidc")),
                                          .leeway_s = 60};
    struct dw_access_token access_token;
    struct dw_slice found;
    struct dw_jwt jwt;
    bool kid_is_unknown;

    if (dw_bearer_find(&request, &found, error) && dw_jwt_parse(found, arena, &jwt, error) &&
        dw_jwt_verify(&jwt, set, DW_ALGS_ALL, &kid_is_unknown, error) &&
        dw_access_token_check(&jwt, &rules, now_s, arena, &access_token, error))
        return 200;
    return dw_code_row(error->code)->http_status;
}

static void only_the_good_ones_pass(void **state)
{
    size_t passed = 0, refused = 0;

    (void)state;
    for (size_t i = 0; i < corpus.count; i++) {
        const struct corpus_case *row = &corpus.cases[i];
        struct corpus_setting setting = {.keys = &keys,
                                         .issuer = S("https://issuer.example/"),
                                         .audience = audiences[0],
                                         .scope = S("read write"),
                                         .now_s = dw_sys_wall_s()};
        struct dw_error error = {.message = ""};
        struct dw_slice token;
        int status;

        assert_done(corpus_mint(row, &setting, arena, &token, &error), error);
        status = status_of(token, setting.now_s, &error);
        if (status != row->status)
            fail_msg("%.*s (%.*s): expected %d, got %d: %s", DW_PRINT(row->name),
                     DW_PRINT(row->why), row->status, status, error.message);
        if (status != 200 && strlen(error.message) < 10)
            fail_msg("%.*s is refused without a reason", DW_PRINT(row->name));
        passed += status == 200;
        refused += status != 200;
        dw_arena_reset(arena);
    }
    print_message("# %zu good tokens, %zu refused\n", passed, refused);
    assert_true(passed >= 20 && refused >= 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_good_ones_pass)};
    struct dw_arena *lasting = dw_arena_new(16 << 20);
    struct dw_slice text;
    struct dw_error error = {.message = ""};
    int failed;

    arena = dw_arena_new(16 << 20);
    if (!corpus_read(DW_TEST_FOLDER "/corpus/tokens.tsv", lasting, &corpus, &error) ||
        !corpus_keys_generate(lasting, &text, &error) || !corpus_keys_read(text, &keys, &error) ||
        !corpus_jwks(&keys, lasting, &text, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    set = dw_jwks_parse(text, NULL, &error);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_jwks_unref(set);
    corpus_keys_free(&keys);
    dw_arena_free(arena);
    dw_arena_free(lasting);
    return failed;
}
