/* Redirect URIs: a table of tricks, and what real clients use. */
#include "oauth/redirect_uri.h"
#include <stdio.h>

#include "test.h"

static const char *const refused[] = {
    /* not a URI at all */
    "",
    " ",
    "/cb",
    "//evil.example/cb",
    "cb",
    "?a=b",
    "#x",
    "https",
    "https:",
    "https:/",
    "https://",
    "https:///cb",
    "https:/app.example.com/cb",
    "https:app.example.com/cb",
    "://app.example.com/cb",
    " https://app.example.com/cb",
    "https://app.example.com/cb ",
    "https://app.example.com/c b",
    "https://app.example.com/cb\n",
    "https://app.example.com/\tcb",
    "https://app.example.com\r\n/cb",
    "https://app.example.com/\x01",
    "https://app.\xc3\xa9xample.com/cb",
    "https://app.example.com/\xe2\x80\xae/cb",
    /* backslashes, which browsers read as slashes */
    "https:\\\\evil.example\\cb",
    "https://app.example.com\\@evil.example/cb",
    "https://evil.example\\.app.example.com/cb",
    "https://app.example.com/\\..\\x",
    /* fragments */
    "https://app.example.com/cb#",
    "https://app.example.com/cb#token=1",
    "http://127.0.0.1/#",
    "com.example.app:/cb#x",
    /* user info */
    "https://user@app.example.com/cb",
    "https://user:pw@app.example.com/cb",
    "https://app.example.com@evil.example/cb",
    "https://@app.example.com/cb",
    "https://app.example.com:443@evil.example/",
    "http://127.0.0.1:80@evil.example/",
    "http://localhost@evil.example/cb",
    /* dot segments, plain and encoded */
    "https://app.example.com/../cb",
    "https://app.example.com/a/./b",
    "https://app.example.com/a/..",
    "https://app.example.com/%2e%2e/cb",
    "https://app.example.com/.%2E/cb",
    "https://app.example.com/%2e/cb",
    /* wildcards */
    "https://*.example.com/cb",
    "https://app.example.com/*",
    "https://*/cb",
    "http://127.0.0.1:*/cb",
    "*",
    /* http that is not loopback, though it looks like it */
    "http://app.example.com/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1.evil.example/",
    "http://localhost./cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0x7f000001/cb",
    "http://0177.0.0.1/cb",
    "http://0.0.0.0/cb",
    "http://[::]/cb",
    "http://[::ffff:10.0.0.1]/cb",
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/cb",
    "http://[fe80::1]/cb",
    /* ports */
    "https://app.example.com:0/cb",
    "https://app.example.com:99999/cb",
    "https://app.example.com:x/cb",
    "http://127.0.0.1:/cb",
    "http://127.0.0.1:-1/cb",
    /* broken escapes and hosts */
    "https://app.example.com/%zz",
    "https://app.example.com/%",
    "https://app%2eexample.com/cb",
    "https://app..example.com/cb",
    "https://[::1/cb",
    "https://::1/cb",
    /* schemes that a browser runs or opens itself */
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript://app.example.com/%0aalert(1)",
    "data:text/html,x",
    "DATA:text/html;base64,eA==",
    "vbscript:x",
    "file:///etc/passwd",
    "file://host/share",
    "blob:https://app.example.com/x",
    "about:blank",
    "about://blank/x",
    "view-source://app.example.com/",
    "chrome://settings/x",
    "chrome-extension://abc/cb",
    "filesystem:https://app.example.com/x",
    "intent://app#Intent;end",
    "intent://app/cb",
    "mailto:a@b.example",
    "mailto://a.example/x",
    "tel:1",
    "sms:1",
    "ftp://app.example.com/cb",
    "ws://app.example.com/cb",
    "wss://app.example.com/cb",
    "ms-settings://x/y",
    "ms-msdt://x/y",
    "search-ms://query/x",
    "urn:ietf:wg:oauth:2.0:oob",
    "jar://x/y",
    "resource://x/y",
    /* private-use schemes that nobody owns */
    "myapp:/cb",
    "myapp:cb",
    "cursor:",
    "cursor:/cb",
    "x:y",
};

static const char *const allowed[] = {
    "https://app.example.com/cb",
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com/cb?x=1&y=%20",
    "https://app.example.com:8443/cb",
    "https://claude.ai/api/mcp/auth_callback",
    "https://10.0.0.1/cb",
    "https://[2001:db8::1]/cb",
    "https://localhost/cb",
    "http://localhost/cb",
    "http://localhost:6274/oauth/callback",
    "http://LOCALHOST/cb",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:33418",
    "http://127.0.0.1:33418/",
    "http://[::1]:8080/cb",
    "cursor://anysphere.cursor-retrieval/oauth/callback",
    "vscode://vscode.github-authentication/did-authenticate",
    "com.example.app:/oauth2redirect/provider",
    "com.example.app://cb",
    "com.googleusercontent.apps.123:/oauthredirect",
};

static void every_trick_is_refused(void **state)
{
    struct dw_error error;

    (void)state;
    assert_true(sizeof refused / sizeof *refused >= 60);
    for (size_t at = 0; at < sizeof refused / sizeof *refused; at++) {
        memset(&error, 0, sizeof error);
        if (dw_redirect_uri_check(S(refused[at]), &error))
            fail_msg("taken: %s", refused[at]);
        assert_int_equal(error.code, DW_INVALID_REDIRECT_URI);
    }
}

static void a_nul_or_a_mile_of_text_is_refused(void **state)
{
    static char text[DW_REDIRECT_URI_MAX_BYTES + 2];
    struct dw_error error;

    (void)state;
    assert_fails(dw_redirect_uri_check(dw_slice_from("https://a.example/\0cb", 21), &error), error,
                 DW_INVALID_REDIRECT_URI);
    memset(text, 'a', sizeof text);
    memcpy(text, "https://a.example/", 18);
    assert_fails(dw_redirect_uri_check(dw_slice_from(text, DW_REDIRECT_URI_MAX_BYTES + 1), &error),
                 error, DW_INVALID_REDIRECT_URI);
    assert_done(dw_redirect_uri_check(dw_slice_from(text, DW_REDIRECT_URI_MAX_BYTES), &error),
                error);
}

static void what_real_clients_use_is_taken(void **state)
{
    struct dw_error error = {0};

    (void)state;
    for (size_t at = 0; at < sizeof allowed / sizeof *allowed; at++)
        assert_done(dw_redirect_uri_check(S(allowed[at]), &error), error);
}

static void a_list_is_refused_for_doubles_and_length(void **state)
{
    struct dw_slice uris[DW_REDIRECT_URIS_MAX + 1];
    char texts[DW_REDIRECT_URIS_MAX + 1][40];
    struct dw_error error;

    (void)state;
    for (size_t at = 0; at <= DW_REDIRECT_URIS_MAX; at++) {
        snprintf(texts[at], sizeof texts[at], "https://a.example/%zu", at);
        uris[at] = S(texts[at]);
    }
    assert_done(dw_redirect_uris_check((struct dw_slices){uris, DW_REDIRECT_URIS_MAX}, &error),
                error);
    assert_fails(dw_redirect_uris_check((struct dw_slices){uris, DW_REDIRECT_URIS_MAX + 1}, &error),
                 error, DW_INVALID_REDIRECT_URI);
    uris[1] = uris[0];
    assert_fails(dw_redirect_uris_check((struct dw_slices){uris, 2}, &error), error,
                 DW_INVALID_REDIRECT_URI);
    assert_string_equal(error.message, "the redirect URI https://a.example/0 is there twice");
}

static void comparison_is_exact_but_for_loopback_ports(void **state)
{
    static const struct {
        const char *uri, *registered;
        bool exactly, any_port;
    } rows[] = {
        {"https://a.example/cb", "https://a.example/cb", true, true},
        {"https://a.example/cb/", "https://a.example/cb", false, false},
        {"https://a.example/CB", "https://a.example/cb", false, false},
        {"https://A.example/cb", "https://a.example/cb", false, false},
        {"HTTPS://a.example/cb", "https://a.example/cb", false, false},
        {"https://a.example:443/cb", "https://a.example/cb", false, false},
        {"https://a.example/cb?x=1", "https://a.example/cb", false, false},
        {"https://a.example/c%62", "https://a.example/cb", false, false},
        {"https://a.example/cb#x", "https://a.example/cb", false, false},
        {"https://a.example.evil.example/cb", "https://a.example/cb", false, false},
        {"http://a.example/cb", "https://a.example/cb", false, false},
        {"", "https://a.example/cb", false, false},
        {"http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", false, true},
        {"http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", false, true},
        {"http://127.0.0.1:5000/cb", "http://127.0.0.1:6000/cb", false, true},
        {"http://localhost:5000/cb", "http://localhost:6000/cb", false, true},
        {"http://[::1]:5000/cb", "http://[::1]/cb", false, true},
        {"http://localhost:5000/cb", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.2:5000/cb", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000/other", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000/cb?x=1", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000/cb?", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000/cb#", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000@evil.example/cb", "http://127.0.0.1/cb", false, false},
        {"http://x@127.0.0.1:5000/cb", "http://127.0.0.1/cb", false, false},
        {"http://127.0.0.1:5000/../cb", "http://127.0.0.1/cb", false, false},
        {"https://127.0.0.1:5000/cb", "http://127.0.0.1/cb", false, false},
        {"https://127.0.0.1:5000/cb", "https://127.0.0.1/cb", false, false},
        {"https://localhost:1/cb", "https://localhost:2/cb", false, false},
        {"http://evil.example:5000/cb", "http://evil.example/cb", false, false},
        {"cursor://x/cb", "cursor://x/cb", true, true},
        {"cursor://x:1/cb", "cursor://x:2/cb", false, false},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_slice registered[] = {S("https://other.example/"), S(rows[at].registered)};
        struct dw_slices list = {registered, 2};

        if (dw_redirect_uri_matches(S(rows[at].uri), list, false) != rows[at].exactly ||
            dw_redirect_uri_matches(S(rows[at].uri), list, true) != rows[at].any_port)
            fail_msg("%s against %s", rows[at].uri, rows[at].registered);
    }
}

static void the_uri_to_answer_to_is_chosen(void **state)
{
    struct dw_slice uris[] = {S("http://127.0.0.1/cb"), S("https://a.example/cb")};
    struct dw_oauth_client client = {.redirect_uris = {uris, 2}, .app_type = DW_APP_REGULAR_WEB};
    struct dw_slice chosen = DW_EMPTY;
    struct dw_error error;

    (void)state;
    assert_fails(dw_redirect_uri_choose(&client, DW_EMPTY, &chosen, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_redirect_uri_choose(&client, S("https://evil.example/"), &chosen, &error),
                 error, DW_UNAUTHORIZED_CLIENT);
    assert_string_equal(
        error.message,
        "Callback URL mismatch. https://evil.example/ is not in the list of allowed callback URLs");
    assert_fails(dw_redirect_uri_choose(&client, S("http://127.0.0.1:7/cb"), &chosen, &error),
                 error, DW_UNAUTHORIZED_CLIENT);
    assert_slice(chosen, "");

    client.app_type = DW_APP_NATIVE;
    assert_done(dw_redirect_uri_choose(&client, S("http://127.0.0.1:7/cb"), &chosen, &error),
                error);
    assert_slice(chosen, "http://127.0.0.1:7/cb");
    client.app_type = DW_APP_UNSET;
    client.kind = DW_CLIENT_CIMD;
    assert_done(dw_redirect_uri_choose(&client, S("http://127.0.0.1:8/cb"), &chosen, &error),
                error);
    client.redirect_uris.count = 1;
    assert_done(dw_redirect_uri_choose(&client, DW_EMPTY, &chosen, &error), error);
    assert_slice(chosen, "http://127.0.0.1/cb");
    client.redirect_uris.count = 0;
    assert_fails(dw_redirect_uri_choose(&client, DW_EMPTY, &chosen, &error), error,
                 DW_INVALID_REQUEST);
}

static void consent_pages_can_tell_what_to_warn_of(void **state)
{
    (void)state;
    assert_true(dw_redirect_uri_is_loopback(S("http://localhost:1/")));
    assert_false(dw_redirect_uri_is_loopback(S("https://localhost:1/")));
    assert_false(dw_redirect_uri_is_loopback(S("http://localhost.evil.example/")));
    assert_true(dw_redirect_uri_is_private_use(S("cursor://x/cb")));
    assert_false(dw_redirect_uri_is_private_use(S("https://a.example/")));
    assert_false(dw_redirect_uri_is_private_use(S("")));
}

static void placeholders_are_for_https_subdomains_of_our_own(void **state)
{
    static const char *const good[] = {"https://*.a.example/cb", "https://app-*.a.example:8443/cb",
                                       "https://a.example/cb"};
    static const char *const bad[] = {
        "http://*.a.example/cb",   "https://*/cb",           "https://*.example/cb",
        "https://a.*.example/cb",  "https://*.*.a.example/", "https://a.example/*",
        "https://a.example/cb?*",  "https://*@a.b.example/", "https://*.a.example/../cb",
        "https://*.a.example/cb#", "com.example.*:/cb",      "https://*.a.example:0/cb",
    };
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
        bool is_good = i < sizeof good / sizeof *good;
        struct dw_slice uri = S(is_good ? good[i] : bad[i - sizeof good / sizeof *good]);
        struct dw_oauth_client own = {.is_first_party = true, .redirect_uris = {&uri, 1}};
        struct dw_oauth_client other = {.redirect_uris = {&uri, 1}};

        if (dw_redirect_uris_check_client(&own, &error) != is_good)
            fail_msg("%.*s", DW_PRINT(uri));
        assert_int_equal(dw_redirect_uris_check_client(&other, &error),
                         is_good && !dw_slice_contains(uri, '*'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_trick_is_refused),
        cmocka_unit_test(a_nul_or_a_mile_of_text_is_refused),
        cmocka_unit_test(a_list_is_refused_for_doubles_and_length),
        cmocka_unit_test(what_real_clients_use_is_taken),
        cmocka_unit_test(comparison_is_exact_but_for_loopback_ports),
        cmocka_unit_test(the_uri_to_answer_to_is_chosen),
        cmocka_unit_test(consent_pages_can_tell_what_to_warn_of),
        cmocka_unit_test(placeholders_are_for_https_subdomains_of_our_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
