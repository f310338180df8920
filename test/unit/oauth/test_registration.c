/* Dynamic registration and client metadata documents. */
#include "oauth/client_metadata_document.h"
#include <stdio.h>

#include "arena_fixture.h"

#define NOW_S INT64_C(1800000000)
#define URIS "\"redirect_uris\":[\"http://127.0.0.1:33418/callback\"]"

static struct dw_oauth_client client;
static struct dw_secret secret;

static const struct dw_slice patterns[] = {{"claude", 6}, {"cursor", 6}, {"mcp-*", 5}};
static const struct dw_slice default_scopes[] = {{"openid", 6}, {"read:tools", 10}};
static const struct dw_slice allowed_scopes[] = {
    {"openid", 6}, {"read:tools", 10}, {"execute:tools", 13}};
static const struct dw_registration_rules rules = {
    {patterns, 3}, {default_scopes, 2}, {allowed_scopes, 3}};
static const struct dw_registration_rules open_rules = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
static const unsigned char random_bytes[48] = {0xff, 1, 2, [16] = 7, [47] = 9};

static bool make(const char *body, const struct dw_registration_rules *used)
{
    memset(&error, 0, sizeof error);
    return dw_registration_make(S(body), used, random_bytes, NOW_S, arena, &client, &secret,
                                &error);
}

/* --- registration ------------------------------------------------------------------------------
 */

static void bad_metadata_is_refused_with_its_code(void **state)
{
    static const struct {
        const char *body;
        enum dw_code code;
    } rows[] = {
        {"", DW_INVALID_CLIENT_METADATA},
        {"{", DW_INVALID_CLIENT_METADATA},
        {"[]", DW_INVALID_CLIENT_METADATA},
        {"null", DW_INVALID_CLIENT_METADATA},
        {"{}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":[]}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":null}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":\"https://a.example/cb\"}", DW_INVALID_CLIENT_METADATA},
        {"{\"redirect_uris\":[1]}", DW_INVALID_CLIENT_METADATA},
        {"{\"redirect_uris\":[\"javascript:alert(1)\"]}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":[\"http://a.example/cb\"]}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":[\"https://a.example/cb\",\"data:x\"]}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":[\"https://a.example/cb#x\"]}", DW_INVALID_REDIRECT_URI},
        {"{\"redirect_uris\":[\"https://*.example/cb\"]}", DW_INVALID_REDIRECT_URI},
        {"{" URIS "," URIS "}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":7}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"a\\nb\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"Claude\\u202egro.live\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"a\\u2066b\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"a\\u0085b\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"a\\u061cb\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"\\u200b\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_name\":\"Clau\\ufeffde\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"grant_types\":\"authorization_code\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"grant_types\":[\"client_credentials\"]}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"grant_types\":[\"refresh_token\"]}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"response_types\":[\"token\"]}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"token_endpoint_auth_method\":\"tls_client_auth\"}",
         DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"token_endpoint_auth_method\":\"private_key_jwt\"}",
         DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"application_type\":\"spaceship\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"scope\":[\"a\"]}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"scope\":\"a\\\"b\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"client_uri\":\"javascript:alert(1)\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"logo_uri\":\"data:image/png;base64,x\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"logo_uri\":\"https://u:p@a.example/\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"jwks_uri\":\"http://a.example/keys\"}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"jwks\":[]}", DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"jwks\":{\"keys\":[]},\"jwks_uri\":\"https://a.example/k\"}",
         DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"jwks\":{\"keys\":[{\"kty\":\"EC\",\"d\":\"x\"}]}}",
         DW_INVALID_CLIENT_METADATA},
        {"{" URIS ",\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"x\"}]}}",
         DW_INVALID_CLIENT_METADATA},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (make(rows[at].body, &rules))
            fail_msg("taken: %s", rows[at].body);
        if (error.code != rows[at].code)
            fail_msg("%s: %s %s", rows[at].body, dw_code_row(error.code)->name, error.message);
        assert_int_equal(dw_code_row(error.code)->http_status, 400);
    }
}

static void names_that_deceive_are_refused_and_their_neighbours_are_not(void **state)
{
    static const char *const refused[] = {"0000", "001f", "007f", "0080", "009f", "061c", "200b",
                                          "200e", "200f", "2028", "202e", "2066", "2069", "feff"};
    static const char *const allowed[] = {"0020", "007e", "00a0", "061b", "061d",
                                          "200a", "200c", "200d", "2010", "2027",
                                          "202f", "2065", "206a", "fefe", "ff01"};
    char body[160];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        snprintf(body, sizeof body, "{" URIS ",\"client_name\":\"a\\u%sb\"}", refused[i]);
        assert_fails(make(body, &open_rules), error, DW_INVALID_CLIENT_METADATA);
    }
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        snprintf(body, sizeof body, "{" URIS ",\"client_name\":\"a\\u%sb\"}", allowed[i]);
        assert_done(make(body, &open_rules), error);
    }
}

static void too_much_is_refused(void **state)
{
    static char body[DW_REGISTRATION_MAX_BYTES + 64];

    (void)state;
    memset(body, ' ', sizeof body - 1);
    assert_false(make(body, &rules));
    assert_int_equal(error.code, DW_INVALID_CLIENT_METADATA);
    snprintf(body, sizeof body, "{" URIS ",\"client_name\":\"%0*d\"}", DW_CLIENT_NAME_MAX_BYTES + 1,
             0);
    assert_false(make(body, &rules));
    assert_string_equal(error.message, "client_name has over 200 bytes");
}

static void who_is_public_follows_the_patterns(void **state)
{
    static const struct {
        const char *name, *method;
        bool by_rules, by_open_rules; /* has no secret */
    } rows[] = {
        {"Claude", NULL, true, false},
        {"Claude Code (plugin)", "none", true, true},
        {"my CURSOR fork", "none", true, true},
        {"MCP-Inspector", "none", true, true},
        {"not-mcp-inspector", "none", false, true},
        {"Evil", "none", false, true},
        {"Evil", NULL, false, false},
        {"", "none", false, true},
        {"Claude", "client_secret_post", false, false},
        {"Claude", "client_secret_basic", false, false},
    };
    char body[256], method[80];

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        method[0] = '\0';
        if (rows[at].method)
            snprintf(method, sizeof method, ",\"token_endpoint_auth_method\":\"%s\"",
                     rows[at].method);
        snprintf(body, sizeof body, "{" URIS ",\"client_name\":\"%s\"%s}", rows[at].name, method);
        assert_done(make(body, &rules), error);
        if ((secret.hidden.len == 0) != rows[at].by_rules)
            fail_msg("%s by the rules", body);
        assert_int_equal(client.auth_method == DW_CLIENT_AUTH_NONE, rows[at].by_rules);
        assert_int_equal(client.secret_digest.len, rows[at].by_rules ? 0 : 32);
        assert_done(make(body, &open_rules), error);
        if ((secret.hidden.len == 0) != rows[at].by_open_rules)
            fail_msg("%s without rules", body);
    }
}

static void scopes_are_cut_to_what_is_allowed(void **state)
{
    static const struct {
        const char *scope;
        const char *expected[4];
    } rows[] = {
        {"", {"openid", "read:tools"}},
        {"execute:tools admin", {"execute:tools"}},
        {"admin", {NULL}},
        {"read:tools openid execute:tools", {"read:tools", "openid", "execute:tools"}},
    };
    char body[256];

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        size_t count = 0;

        snprintf(body, sizeof body, "{" URIS ",\"scope\":\"%s\"}", rows[at].scope);
        assert_done(make(body, &rules), error);
        for (; rows[at].expected[count]; count++)
            assert_slice(client.scopes.items[count], rows[at].expected[count]);
        assert_int_equal(client.scopes.count, count);
    }
}

static void grant_types_are_cut_not_refused(void **state)
{
    (void)state;
    assert_done(make("{" URIS ",\"grant_types\":[\"client_credentials\",\"refresh_token\","
                     "\"authorization_code\",\"implicit\"]}",
                     &rules),
                error);
    assert_int_equal(client.grant_types.count, 2);
    assert_slice(client.grant_types.items[0], "authorization_code");
    assert_slice(client.grant_types.items[1], "refresh_token");
    assert_done(make("{" URIS "}", &rules), error);
    assert_int_equal(client.grant_types.count, 1);
}

static void a_registered_client_is_never_trusted(void **state)
{
    (void)state;
    assert_done(make("{" URIS ",\"client_name\":\"Claude\",\"is_first_party\":true,"
                     "\"client_id\":\"admin\",\"client_secret\":\"mine\",\"resource\":\"x\"}",
                     &rules),
                error);
    assert_slice(client.id, "tpc__wECAAAAAAAAAAAAAAAAAA");
    assert_false(client.is_first_party);
    assert_int_equal(client.kind, DW_CLIENT_DCR);
    assert_int_equal(client.app_type, DW_APP_NATIVE);
    assert_true(client.refresh.is_rotating);
    assert_true(client.refresh.lifetime_s > 0);
    assert_int_equal(client.created_at_s, NOW_S);
}

static void the_answer_says_what_was_registered(void **state)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    (void)state;
    assert_done(make("{" URIS ",\"client_name\":\"Claude\",\"grant_types\":[\"authorization_code\","
                     "\"refresh_token\"],\"scope\":\"read:tools\"}",
                     &rules),
                error);
    dw_registration_write(&client, secret, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_slice(text, "{\"client_id\":\"tpc__wECAAAAAAAAAAAAAAAAAA\","
                       "\"client_id_issued_at\":1800000000,\"client_name\":\"Claude\","
                       "\"redirect_uris\":[\"http://127.0.0.1:33418/callback\"],"
                       "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
                       "\"response_types\":[\"code\"],\"token_endpoint_auth_method\":\"none\","
                       "\"application_type\":\"native\",\"scope\":\"read:tools\"}");
    out = dw_buf_in(arena);
    assert_done(
        make("{\"redirect_uris\":[\"https://a.example/cb\"],\"client_name\":\"Web\"}", &rules),
        error);
    dw_registration_write(&client, secret, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_slice(text, "{\"client_id\":\"tpc__wECAAAAAAAAAAAAAAAAAA\","
                       "\"client_id_issued_at\":1800000000,"
                       "\"client_secret\":\"BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAk\","
                       "\"client_secret_expires_at\":0,\"client_name\":\"Web\","
                       "\"redirect_uris\":[\"https://a.example/cb\"],"
                       "\"grant_types\":[\"authorization_code\"],\"response_types\":[\"code\"],"
                       "\"token_endpoint_auth_method\":\"client_secret_post\","
                       "\"application_type\":\"web\",\"scope\":\"openid read:tools\"}");
}

static bool make_in_small_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 17);
    struct dw_oauth_client made;
    struct dw_secret of_made;
    struct dw_error failure = {0};
    struct dw_buf out;
    struct dw_slice text;

    if (!own)
        return false;
    if (!dw_registration_make(S("{" URIS ",\"client_name\":\"Web\",\"scope\":\"read:tools\"}"),
                              &rules, random_bytes, NOW_S, own, &made, &of_made, &failure)) {
        assert_int_equal(failure.code, DW_NO_MEMORY);
        return false;
    }
    out = dw_buf_in(own);
    dw_registration_write(&made, of_made, &out);
    return dw_buf_finish(&out, &text, &failure);
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    torture(make_in_small_memory);
}

/* --- client metadata documents -----------------------------------------------------------------
 */

#define URL "https://app.example.com/oauth/client.json"
#define DOCUMENT(more)                                                                             \
    "{\"client_id\":\"" URL "\",\"client_name\":\"App\","                                          \
    "\"redirect_uris\":[\"http://127.0.0.1/cb\",\"https://app.example.com/cb\"]" more "}"

#define SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
_Static_assert(sizeof "https://app.example.com/" SIXTY - 1 + 36 == DW_CIMD_URL_MAX_BYTES, "");

static void urls_that_are_no_client_id_are_refused(void **state)
{
    static const struct {
        const char *url;
        bool is_good, is_good_in_dev;
    } rows[] = {
        {"", false, false},
        {"app", false, false},
        {"https://", false, false},
        {"https://app.example.com", false, false},
        {"https://app.example.com/", false, false},
        {"http://app.example.com/client.json", false, false},
        {"HTTPS://app.example.com/client.json", false, false},
        {"https://u@app.example.com/client.json", false, false},
        {"https://u:p@app.example.com/client.json", false, false},
        {"https://app.example.com/client.json#x", false, false},
        {"https://app.example.com/client.json#", false, false},
        {"https://app.example.com/../client.json", false, false},
        {"https://app.example.com/a/./client.json", false, false},
        {"https://app.example.com/%2e%2e/client.json", false, false},
        {"https://app.example.com:0/client.json", false, false},
        {"https://app.example.com:99999/client.json", false, false},
        {"https://app.example.com/client json", false, false},
        {"https://app.example.com\\client.json", false, false},
        {"javascript:alert(1)", false, false},
        {"https://localhost/client.json", false, true},
        {"https://127.0.0.1/client.json", false, true},
        {"http://localhost:8000/client.json", false, true},
        {"http://127.0.0.1:8000/client.json", false, true},
        {"http://localhost.evil.example/client.json", false, false},
        {URL, true, true},
        {"https://app.example.com:8443/client.json", true, true},
        {"https://app.example.com/client.json?v=1", false, false},
        {"https://app.example.com/client.json?", false, false},
        {" " URL, false, false},
        {URL " ", false, false},
        {URL "\n", false, false},
        {"https:///client.json", false, false},
        {"https://[::1]/client.json", false, true},
        {"https://LOCALHOST/client.json", false, true},
        {"https://app.example.com/a%2", false, false},
        {"https://app.example.com/a%zz", false, false},
        {"https://app.example.com/a%20b", true, true},
        {"https://app.example.com/..%2fclient.json", true, true}, /* no segment of dots alone */
        {"https://app.example.com/%2E/client.json", false, false},
        {"https://app.example.com/" SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true, true},
        {"https://app.example.com/" SIXTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false, false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (dw_client_id_url_check(S(rows[at].url), false, &error) != rows[at].is_good ||
            dw_client_id_url_check(S(rows[at].url), true, &error) != rows[at].is_good_in_dev)
            fail_msg("%s", rows[at].url);
    }
    assert_true(dw_client_id_is_url(S(URL), false));
    assert_false(dw_client_id_is_url(S("http://localhost/x"), false));
    assert_true(dw_client_id_is_url(S("http://localhost/x"), true));
    assert_false(dw_client_id_is_url(S("http://a.example/x"), true));
    assert_false(dw_client_id_is_url(S("tpc_https://"), true));
}

static bool make_document(const char *body, int64_t max_age_s)
{
    memset(&error, 0, sizeof error);
    return dw_client_metadata_document_make(S(URL), S(body), &rules, false, max_age_s, NOW_S, arena,
                                            &client, &error);
}

static void bad_documents_are_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "<html>",
        "{\"client_name\":\"App\",\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":\"https://app.example.com/oauth/client.json/\",\"client_name\":\"App\","
        "\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":\"https://APP.example.com/oauth/client.json\",\"client_name\":\"App\","
        "\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":[\"" URL "\"],\"client_name\":\"App\","
        "\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":\"" URL "\",\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":\"" URL "\",\"client_name\":\"  \","
        "\"redirect_uris\":[\"https://a.example/cb\"]}",
        "{\"client_id\":\"" URL "\",\"client_name\":\"App\"}",
        "{\"client_id\":\"" URL "\",\"client_name\":\"App\",\"redirect_uris\":[\"data:x\"]}",
        DOCUMENT(",\"client_secret\":\"x\""),
        DOCUMENT(",\"client_secret\":null"),
        DOCUMENT(",\"client_secret_expires_at\":0"),
        DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_post\""),
        DOCUMENT(",\"token_endpoint_auth_method\":\"client_secret_basic\""),
        DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\""),
        DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\","
                 "\"jwks_uri\":\"https://other.example/keys\""),
        DOCUMENT(",\"jwks\":{\"keys\":[{\"kty\":\"RSA\",\"d\":\"x\"}]}"),
        DOCUMENT(",\"client_id\":\"" URL "\""),
    };
    static char large[DW_CIMD_MAX_BYTES + 2];

    (void)state;
    for (size_t at = 0; at < sizeof bodies / sizeof *bodies; at++) {
        if (make_document(bodies[at], 3600))
            fail_msg("taken: %s", bodies[at]);
        if (error.code != DW_INVALID_CLIENT_METADATA && error.code != DW_INVALID_REDIRECT_URI)
            fail_msg("%s: %s", bodies[at], dw_code_row(error.code)->name);
    }
    memset(large, ' ', sizeof large - 1);
    memcpy(large, DOCUMENT(""), strlen(DOCUMENT("")));
    assert_false(make_document(large, 3600));
    large[DW_CIMD_MAX_BYTES] = '\0';
    assert_done(make_document(large, 3600), error);
}

static void a_good_document_is_a_public_client(void **state)
{
    (void)state;
    assert_done(make_document(DOCUMENT(",\"logo_uri\":\"https://app.example.com/l.png\","
                                       "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
                                       "\"unknown\":true"),
                              3600),
                error);
    assert_slice(client.id, URL);
    assert_slice(client.name, "App");
    assert_int_equal(client.kind, DW_CLIENT_CIMD);
    assert_int_equal(client.auth_method, DW_CLIENT_AUTH_NONE);
    assert_int_equal(client.secret_digest.len, 0);
    assert_false(client.is_first_party);
    assert_int_equal(client.redirect_uris.count, 2);
    assert_int_equal(client.grant_types.count, 2);
    assert_int_equal(client.scopes.count, 2);
    assert_int_equal(client.document_digest.len, 32);
    assert_int_equal(client.document_expires_at_s, NOW_S + 3600);
}

static void a_document_with_keys_must_use_them(void **state)
{
    (void)state;
    assert_done(make_document(DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\","
                                       "\"jwks_uri\":\"https://app.example.com/keys\""),
                              0),
                error);
    assert_int_equal(client.auth_method, DW_CLIENT_AUTH_PRIVATE_KEY_JWT);
    assert_slice(client.jwks_uri, "https://app.example.com/keys");
    assert_done(make_document(DOCUMENT(",\"token_endpoint_auth_method\":\"private_key_jwt\","
                                       "\"jwks\":{\"keys\":[{\"kty\":\"EC\"}]}"),
                              0),
                error);
    assert_slice(client.jwks_json, "{\"keys\":[{\"kty\":\"EC\"}]}");
}

static void the_age_of_a_document_has_bounds(void **state)
{
    (void)state;
    assert_done(make_document(DOCUMENT(""), -5), error);
    assert_int_equal(client.document_expires_at_s, NOW_S + DW_CIMD_MIN_AGE_S);
    assert_done(make_document(DOCUMENT(""), INT64_MAX), error);
    assert_int_equal(client.document_expires_at_s, NOW_S + DW_CIMD_MAX_AGE_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_metadata_is_refused_with_its_code),
        cmocka_unit_test(names_that_deceive_are_refused_and_their_neighbours_are_not),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(who_is_public_follows_the_patterns),
        cmocka_unit_test(scopes_are_cut_to_what_is_allowed),
        cmocka_unit_test(grant_types_are_cut_not_refused),
        cmocka_unit_test(a_registered_client_is_never_trusted),
        cmocka_unit_test(the_answer_says_what_was_registered),
        cmocka_unit_test(any_failing_allocation_is_reported),
        cmocka_unit_test(urls_that_are_no_client_id_are_refused),
        cmocka_unit_test(bad_documents_are_refused),
        cmocka_unit_test(a_good_document_is_a_public_client),
        cmocka_unit_test(a_document_with_keys_must_use_them),
        cmocka_unit_test(the_age_of_a_document_has_bounds),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
