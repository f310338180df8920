/* guard/token_cache: what it remembers, what it forgets first, and that a principal outlives it. */
#include "guard/tokens.h"

#include "guard/token_cache_internal.h"
#include "json/json.h"

static const struct dw_hash_seed seed = {{1, 2, 3}};
static struct dw_slice scopes[] = {DW_LIT("a"), DW_LIT("b:c")};
static struct dw_slice audiences[] = {DW_LIT("x")};

static const char claims_text[] =
    "{\"sub\":\"u\\u00e9\",\"n\":[1,2.5,null,true,[\"deep\",{\"er\":\"x\"}]],\"o\":{},\"e\":\"\","
    "\"nested\":{\"roles\":[\"r1\",\"r2\"]},\"scope\":\"a b:c\"}";

static struct dw_verdict *verdict_of(unsigned number)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_access_token token = {.issuer = S("iss"),
                                    .client_id = S(""),
                                    .token_id = {NULL, 0},
                                    .audiences = {audiences, 1},
                                    .scopes = {scopes, 2},
                                    .expires_at_s = 17};
    struct dw_verdict *verdict = NULL;
    struct dw_error error;

    if (!arena || !dw_json_parse(S(claims_text), arena, &token.claims, &error))
        return NULL;
    token.subject = dw_json_text(token.claims, "sub");
    verdict = dw_verdict_new(&token, S("key"));
    if (verdict)
        memcpy(verdict->digest, &number, sizeof number);
    return verdict; /* the arena goes: nothing may point into it */
}

static bool same(const struct dw_json *a, const struct dw_json *b)
{
    if (a->type != b->type || !dw_slice_eq(a->raw, b->raw))
        return false;
    if (a->type == DW_JSON_TEXT)
        return dw_slice_eq(a->text, b->text);
    if (a->type == DW_JSON_ARRAY) {
        if (a->array.count != b->array.count)
            return false;
        for (size_t i = 0; i < a->array.count; i++)
            if (!same(&a->array.items[i], &b->array.items[i]))
                return false;
    }
    if (a->type == DW_JSON_OBJECT) {
        if (a->object.count != b->object.count)
            return false;
        for (size_t i = 0; i < a->object.count; i++)
            if (!dw_slice_eq(a->object.members[i].key, b->object.members[i].key) ||
                !same(&a->object.members[i].value, &b->object.members[i].value))
                return false;
    }
    return true;
}

static void a_principal_is_copied_whole(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    const struct dw_json *expected;
    struct dw_verdict *verdict = verdict_of(1);
    struct dw_error error;
    const struct dw_access_token *token = verdict->principal.token;

    (void)state;
    assert_done(dw_json_parse(S(claims_text), arena, &expected, &error), error);
    assert_true(same(expected, token->claims));
    assert_slice(token->claims->raw, claims_text);
    assert_slice(token->issuer, "iss");
    assert_slice(token->subject, "u\xc3\xa9");
    assert_slice(token->client_id, "");
    assert_slice(token->token_id, "");
    assert_int_equal(token->scopes.count, 2);
    assert_slice(token->scopes.items[1], "b:c");
    assert_slice(token->audiences.items[0], "x");
    assert_int_equal(token->expires_at_s, 17);
    assert_slice(verdict->principal.key, "key");
    dw_verdict_unref(verdict);
}

static void put(struct dw_token_cache *cache, unsigned number)
{
    struct dw_verdict *verdict = verdict_of(number);

    dw_token_cache_put(cache, verdict);
    dw_verdict_unref(verdict);
}

static struct dw_verdict *find(struct dw_token_cache *cache, unsigned number)
{
    unsigned char digest[DW_SHA256_BYTES] = {0};

    memcpy(digest, &number, sizeof number);
    return dw_token_cache_find(cache, digest);
}

static void the_least_recently_used_goes_first(void **state)
{
    struct dw_token_cache *cache = dw_token_cache_new(&seed, 3);

    (void)state;
    put(cache, 1);
    put(cache, 2);
    put(cache, 3);
    assert_non_null(find(cache, 1)); /* now 2 is the oldest */
    put(cache, 4);
    assert_int_equal(dw_token_cache_count(cache), 3);
    assert_null(find(cache, 2));
    assert_non_null(find(cache, 3));
    assert_non_null(find(cache, 1));
    put(cache, 5);
    assert_null(find(cache, 4));
    dw_token_cache_drop(cache, find(cache, 1));
    assert_null(find(cache, 1));
    put(cache, 3); /* again: takes the place of itself */
    assert_int_equal(dw_token_cache_count(cache), 2);
    dw_token_cache_free(cache);
}

static void a_principal_outlives_the_cache(void **state)
{
    struct dw_token_cache *cache = dw_token_cache_new(&seed, 1);
    struct dw_verdict *held;

    (void)state;
    put(cache, 1);
    held = dw_verdict_ref(find(cache, 1));
    put(cache, 2);
    assert_null(find(cache, 1));
    dw_token_cache_free(cache);
    assert_slice(held->principal.token->issuer, "iss");
    dw_verdict_unref(held);
}

static void a_refusal_is_remembered_for_a_while(void **state)
{
    struct dw_token_cache *cache = dw_token_cache_new(&seed, 1);
    unsigned char digest[DW_SHA256_BYTES] = {7}, neighbour[DW_SHA256_BYTES] = {7, 0, 1};
    struct dw_error error = {.code = DW_INVALID_TOKEN, .message = "why"};

    (void)state;
    assert_null(dw_token_cache_refusal(cache, digest, 100, 1));
    dw_token_cache_refuse(cache, digest, &error, 100, 1);
    assert_string_equal(dw_token_cache_refusal(cache, digest, 100, 1)->message, "why");
    assert_non_null(dw_token_cache_refusal(cache, digest, 99 + DW_REFUSAL_MS, 1));
    assert_null(dw_token_cache_refusal(cache, digest, 100 + DW_REFUSAL_MS, 1));
    assert_null(dw_token_cache_refusal(cache, digest, 100, 2)); /* the issuer's keys have changed */
    assert_null(dw_token_cache_refusal(cache, neighbour, 100, 1));
    dw_token_cache_refuse(cache, neighbour, &error, 100, 1);
    assert_null(dw_token_cache_refusal(cache, digest, 100, 1)); /* one place for both */
    assert_non_null(dw_token_cache_refusal(cache, neighbour, 100, 1));
    dw_token_cache_free(cache);
}

static void refusals_push_out_no_good_token(void **state)
{
    struct dw_token_cache *cache = dw_token_cache_new(&seed, 2);
    struct dw_error error = {.code = DW_INVALID_TOKEN};

    (void)state;
    put(cache, 1);
    for (unsigned i = 0; i < 5000; i++) {
        unsigned char digest[DW_SHA256_BYTES] = {(unsigned char)(i >> 8), (unsigned char)i};

        dw_token_cache_refuse(cache, digest, &error, 1, 1);
    }
    assert_non_null(find(cache, 1));
    dw_token_cache_free(cache);
}

static bool use_a_cache(void)
{
    struct dw_token_cache *cache = dw_token_cache_new(&seed, 2);
    struct dw_error error = {.code = DW_INVALID_TOKEN};
    unsigned char digest[DW_SHA256_BYTES] = {7};
    bool is_remembered = cache != NULL;

    for (unsigned number = 1; cache && number <= 4; number++) {
        struct dw_verdict *verdict = verdict_of(number);

        if (verdict)
            dw_token_cache_put(cache, verdict);
        is_remembered = is_remembered && verdict && find(cache, number) == verdict;
        dw_verdict_unref(verdict);
    }
    if (cache) {
        dw_token_cache_refuse(cache, digest, &error, 1, 1);
        is_remembered = is_remembered && dw_token_cache_refusal(cache, digest, 1, 1);
    }
    dw_token_cache_free(cache);
    return is_remembered;
}

static void running_out_of_memory_only_forgets(void **state)
{
    (void)state;
    torture(use_a_cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_principal_is_copied_whole),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(a_principal_outlives_the_cache),
        cmocka_unit_test(a_refusal_is_remembered_for_a_while),
        cmocka_unit_test(refusals_push_out_no_good_token),
        cmocka_unit_test(running_out_of_memory_only_forgets),
    };

    (void)make_keys;
    (void)free_keys;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
