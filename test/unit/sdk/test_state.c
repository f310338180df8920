/* sdk/state.c: a state opens for whom and what it was made for, whole, and for a short time. */
#include "test.h"

#include "sdk/state_internal.h"

#define NOW 1900000000

static struct dw_arena *arena;
static const unsigned char key[DW_SEAL_KEY_BYTES] = {1, 2, 3};
static const unsigned char nonce[DW_SEAL_NONCE_BYTES] = {9};
static const struct dw_state_owner owner = {
    {"user", 4}, {"tools/call", 10}, {"book", 4}, {"{\"seat\":1}", 10}};

static struct dw_slice seal(const char *kept, const char *answers)
{
    struct dw_slice text;
    struct dw_error error = {0};

    assert_done(dw_state_seal(key, nonce, &owner, S(kept), S(answers), NOW, arena, &text, &error),
                error);
    return text;
}

static void refused(const unsigned char *with_key, const struct dw_state_owner *as,
                    struct dw_slice text, int64_t now_s)
{
    struct dw_state state = {.kept = NULL};
    struct dw_error error = {0};

    assert_fails(dw_state_open(with_key, as, text, now_s, arena, &state, &error), error,
                 DW_INVALID_PARAMS);
    assert_string_equal(
        error.message,
        "requestState is not one this server gave you for this call, or it has expired");
    assert_null(state.kept);
}

static void an_altered_state_is_refused(void **state)
{
    struct dw_slice text = seal("{\"a\":1}", "");
    char *altered = dw_arena_text(arena, text);

    (void)state;
    for (size_t i = 0; i < text.len; i++) {
        char was = altered[i];

        altered[i] = was == 'A' ? 'B' : 'A';
        refused(key, &owner, S(altered), NOW);
        altered[i] = was;
    }
    for (size_t i = 0; i < text.len; i++)
        refused(key, &owner, dw_slice_sub(text, 0, i), NOW);
    refused(key, &owner, dw_arena_printf(arena, "%s-TAMPERED", altered), NOW);
    refused(key, &owner, dw_arena_printf(arena, "%s=", altered), NOW);
    refused(key, &owner, S("{\"expires\":9999999999,\"kept\":{}}"), NOW);
    refused(key, &owner, S("eyJleHBpcmVzIjo5OTk5OTk5OTk5fQ"), NOW); /* that, not sealed */
}

static void a_state_of_anything_else_is_refused(void **state)
{
    static const unsigned char other_key[DW_SEAL_KEY_BYTES] = {1, 2, 4};
    struct dw_state_owner others[] = {owner, owner, owner, owner, owner, owner, owner};
    struct dw_slice text = seal("1", "{\"q\":{}}");

    (void)state;
    others[0].principal = S("User");
    others[1].principal = DW_EMPTY;
    others[2].method = S("prompts/get");
    others[3].name = S("book2");
    others[4].arguments = S("{\"seat\":2}");
    others[5].arguments = DW_EMPTY;
    others[6].method = S("tools/callb"); /* the same bytes, cut elsewhere */
    others[6].name = S("ook");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        refused(key, &others[i], text, NOW);
    refused(other_key, &owner, text, NOW);
}

static void a_state_ends_after_fifteen_minutes(void **state)
{
    struct dw_slice text = seal("1", "");
    struct dw_state opened;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_state_open(key, &owner, text, NOW + 899, arena, &opened, &error), error);
    refused(key, &owner, text, NOW + 900);
    refused(key, &owner, text, NOW + 100000000);
}

static void a_state_gives_back_what_was_kept(void **state)
{
    static const struct {
        const char *kept, *answers;
    } cases[] = {
        {"{\"a\":[1,\"\\u00fc\"]}", "{\"who\":{\"action\":\"accept\"}}"},
        {"\"text\"", ""},
        {"", "{}"},
        {"null", "{}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_state opened;
        struct dw_error error = {0};
        struct dw_slice text = seal(cases[i].kept, cases[i].answers);

        assert_done(dw_state_open(key, &owner, text, NOW, arena, &opened, &error), error);
        assert_slice(opened.kept ? opened.kept->raw : DW_EMPTY, cases[i].kept);
        assert_slice(opened.answers ? opened.answers->raw : DW_EMPTY, cases[i].answers);
    }
}

static void a_state_shows_nothing_of_what_is_in_it(void **state)
{
    struct dw_slice plain = S("{\"card\":\"4111111111111111\"}");
    struct dw_slice text = seal("{\"card\":\"4111111111111111\"}", "");

    (void)state;
    assert_true(text.len > plain.len);
    for (size_t i = 0; i < text.len; i++)
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                               text.ptr[i]));
    assert_null(strstr(dw_arena_text(arena, text), "NDExMTExMTEx")); /* 411111111 in base64 */
}

static void a_state_that_is_too_large_is_not_made(void **state)
{
    struct dw_arena *large = dw_arena_new(4 << 20);
    char *kept = dw_arena_alloc(large, DW_STATE_MAX_BYTES + 1);
    struct dw_slice text;
    struct dw_error error = {0};

    (void)state;
    memset(kept, '1', DW_STATE_MAX_BYTES + 1);
    assert_fails(dw_state_seal(key, nonce, &owner, dw_slice_from(kept, DW_STATE_MAX_BYTES + 1),
                               DW_EMPTY, NOW, large, &text, &error),
                 error, DW_TOO_LARGE);
    assert_fails(dw_state_seal(key, nonce, &owner, dw_slice_from(kept, DW_STATE_MAX_BYTES - 1),
                               S("{}"), NOW, large, &text, &error),
                 error, DW_TOO_LARGE);
    dw_arena_free(large);
}

static bool round_trip(void)
{
    struct dw_arena *own = dw_arena_new(1 << 16);
    struct dw_state opened;
    struct dw_slice text;
    bool is_done =
        own && dw_state_seal(key, nonce, &owner, S("{\"a\":1}"), S("{}"), NOW, own, &text, NULL) &&
        dw_state_open(key, &owner, text, NOW, own, &opened, NULL);

    dw_arena_free(own);
    return is_done;
}

static void without_memory_nothing_opens(void **state)
{
    (void)state;
    torture(round_trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_altered_state_is_refused),
        cmocka_unit_test(a_state_of_anything_else_is_refused),
        cmocka_unit_test(a_state_ends_after_fifteen_minutes),
        cmocka_unit_test(a_state_gives_back_what_was_kept),
        cmocka_unit_test(a_state_shows_nothing_of_what_is_in_it),
        cmocka_unit_test(a_state_that_is_too_large_is_not_made),
        cmocka_unit_test(without_memory_nothing_opens),
    };
    int failed;

    arena = dw_arena_new(8 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_arena_free(arena);
    return failed;
}
