/* guard/challenge.c: what a refused client is told, and the protected resource's metadata. */
#include "test.h"

#include "guard/challenge_internal.h"

#define URL "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"

static struct dw_slice render(struct dw_arena *arena, enum dw_code code, const char *message,
                              struct dw_slices needed)
{
    static const struct dw_slice initial[] = {{"read:tools", 10}, {"execute:tools", 13}};
    const struct dw_challenge challenge = {DW_LIT(URL), {initial, 2}};
    struct dw_error error;

    (void)!dw_fail(&error, code, "%s", message);
    return dw_challenge_render(&challenge, &error, needed, arena);
}

static void each_refusal_has_its_challenge(void **state)
{
    static const struct dw_slice admin[] = {{"admin", 5}, {"write:x", 7}};
    static const struct {
        enum dw_code code;
        const char *message;
        struct dw_slices needed;
        const char *expected;
    } cases[] = {
        {DW_NO_TOKEN,
         "no token",
         {NULL, 0},
         "Bearer scope=\"read:tools execute:tools\", resource_metadata=\"" URL "\""},
        {DW_NO_TOKEN,
         "no token",
         {admin, 1},
         "Bearer scope=\"admin\", resource_metadata=\"" URL "\""},
        {DW_INVALID_TOKEN,
         "the token expired at 5",
         {NULL, 0},
         "Bearer error=\"invalid_token\", error_description=\"the token expired at 5\", "
         "scope=\"read:tools execute:tools\", resource_metadata=\"" URL "\""},
        {DW_INSUFFICIENT_SCOPE,
         "more",
         {admin, 2},
         "Bearer error=\"insufficient_scope\", error_description=\"more\", scope=\"admin "
         "write:x\", "
         "resource_metadata=\"" URL "\""},
        {DW_INVALID_REQUEST,
         "two tokens",
         {NULL, 0},
         "Bearer error=\"invalid_request\", error_description=\"two tokens\", "
         "resource_metadata=\"" URL "\""},
        {DW_FORBIDDEN, "no", {NULL, 0}, ""},
        {DW_UNAVAILABLE, "no keys", {NULL, 0}, ""},
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slice(render(arena, cases[i].code, cases[i].message, cases[i].needed),
                     cases[i].expected);
    dw_arena_free(arena);
}

static void nothing_foreign_breaks_out_of_its_quotes(void **state)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    assert_slice(
        render(arena, DW_INVALID_TOKEN, "aud is \"x\", realm=\\evil\r\nSet-Cookie: a\x7f\xc3\xa9",
               (struct dw_slices){NULL, 0}),
        "Bearer error=\"invalid_token\", error_description=\"aud is 'x', realm=?evil??Set-Cookie: "
        "a???\", scope=\"read:tools execute:tools\", resource_metadata=\"" URL "\"");
    dw_arena_free(arena);
}

static void the_metadata_stands_between_host_and_path(void **state)
{
    static const struct {
        const char *resource, *url, *path;
    } good[] = {
        {"https://a.example/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp",
         "/.well-known/oauth-protected-resource/mcp"},
        {"https://a.example", "https://a.example/.well-known/oauth-protected-resource",
         "/.well-known/oauth-protected-resource"},
        {"https://a.example/", "https://a.example/.well-known/oauth-protected-resource",
         "/.well-known/oauth-protected-resource"},
        {"http://127.0.0.1:8420/t/1/mcp",
         "http://127.0.0.1:8420/.well-known/oauth-protected-resource/t/1/mcp",
         "/.well-known/oauth-protected-resource/t/1/mcp"},
    };
    static const char *const bad[] = {
        "",           "/mcp",        "ftp://a.example/mcp",   "https://a.example/mcp?x=1",
        "https:///x", "a.example/m", "https://a.example/m#f", "https://user@a.example/mcp",
    };
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error;
    struct dw_slice url, path;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_done(dw_resource_metadata_place(S(good[i].resource), arena, &url, &path, &error),
                    error);
        assert_slice(url, good[i].url);
        assert_slice(path, good[i].path);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(dw_resource_metadata_place(S(bad[i]), arena, &url, &path, &error), error,
                     DW_CONFIG);
    dw_arena_free(arena);
}

static void the_document_has_the_resource_byte_for_byte(void **state)
{
    static const struct dw_slice servers[] = {{"https://t.example/", 18}};
    static const struct dw_slice scopes[] = {{"a", 1}, {"b", 1}};
    const struct dw_resource_metadata full = {
        DW_LIT("https://A.example/mcp"), DW_LIT("My \"server\""), {servers, 1}, {scopes, 2}};
    const struct dw_resource_metadata bare = {
        DW_LIT("https://a.example"), DW_EMPTY, {servers, 1}, {NULL, 0}};
    struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error;
    struct dw_slice json;

    (void)state;
    assert_done(dw_resource_metadata_render(&full, arena, &json, &error), error);
    assert_slice(json,
                 "{\"resource\":\"https://A.example/mcp\","
                 "\"authorization_servers\":[\"https://t.example/\"],"
                 "\"scopes_supported\":[\"a\",\"b\"],"
                 "\"bearer_methods_supported\":[\"header\"],"
                 "\"dpop_signing_alg_values_supported\":[\"ES256\",\"ES384\",\"ES512\",\"RS256\","
                 "\"PS256\",\"EdDSA\"],"
                 "\"resource_name\":\"My \\\"server\\\"\"}");
    assert_done(dw_resource_metadata_render(&bare, arena, &json, &error), error);
    assert_slice(json,
                 "{\"resource\":\"https://a.example\","
                 "\"authorization_servers\":[\"https://t.example/\"],"
                 "\"bearer_methods_supported\":[\"header\"],"
                 "\"dpop_signing_alg_values_supported\":[\"ES256\",\"ES384\",\"ES512\",\"RS256\","
                 "\"PS256\",\"EdDSA\"]}");
    dw_arena_free(arena);
}

static bool render_with_little_memory(void)
{
    struct dw_arena *arena = dw_arena_new(1 << 16);
    bool is_done;

    if (!arena)
        return false;
    is_done = render(arena, DW_INVALID_TOKEN, "expired", (struct dw_slices){NULL, 0}).ptr != NULL;
    dw_arena_free(arena);
    return is_done;
}

static void running_out_of_memory_sends_no_half_challenge(void **state)
{
    (void)state;
    torture(render_with_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_its_challenge),
        cmocka_unit_test(nothing_foreign_breaks_out_of_its_quotes),
        cmocka_unit_test(the_metadata_stands_between_host_and_path),
        cmocka_unit_test(the_document_has_the_resource_byte_for_byte),
        cmocka_unit_test(running_out_of_memory_sends_no_half_challenge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
