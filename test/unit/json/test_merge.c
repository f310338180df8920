/* json/json_merge.h: the examples of RFC 7396 appendix A, and patches from NAME=VALUE. */
#include "test.h"

#include "json/json_merge.h"

static struct dw_arena *arena;
static struct dw_error error;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(1024 * 1024);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static void patches_merge_as_the_rfc_says(void **state)
{
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice merged;

        assert_done(dw_json_merge(S(cases[i][0]), S(cases[i][1]), arena, &merged, &error), error);
        assert_slice(merged, cases[i][2]);
    }
}

static void a_name_with_dots_goes_down(void **state)
{
    static const char *const cases[][3] = {
        {"a", "1", "{\"a\":1}"},           {"mfa.active", "false", "{\"mfa\":{\"active\":false}}"},
        {"a", "text", "{\"a\":\"text\"}"}, {"a", "", "{\"a\":\"\"}"},
        {"a", "null", "{\"a\":null}"},     {"a", "{\"b\":[1]}", "{\"a\":{\"b\":[1]}}"},
        {"a", "\"1\"", "{\"a\":\"1\"}"},   {"a\"b", "x\"y", "{\"a\\\"b\":\"x\\\"y\"}"},
    };
    struct dw_slice patch;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_done(dw_json_patch_of(S(cases[i][0]), S(cases[i][1]), arena, &patch, &error), error);
        assert_slice(patch, cases[i][2]);
    }
    assert_fails(dw_json_patch_of(DW_EMPTY, S("1"), arena, &patch, &error), error, DW_MALFORMED);
    assert_fails(dw_json_patch_of(S("a..b"), S("1"), arena, &patch, &error), error, DW_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patches_merge_as_the_rfc_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_with_dots_goes_down, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("json/merge", tests, NULL, NULL);
}
