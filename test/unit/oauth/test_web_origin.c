/* oauth/web_origin.h: whose scripts may read what a client gets. */
#include "test.h"

#include "oauth/web_origin.h"

static void only_what_a_browser_writes_is_an_origin(void **state)
{
    static const struct {
        const char *text;
        bool is_sound;
    } cases[] = {
        {"https://app.example.com", true},
        {"http://localhost:6274", true},
        {"http://[::1]:8080", true},
        {"chrome-extension://abcdef", true},
        {"capacitor://localhost", true},
        {"null", false},
        {"*", false},
        {"", false},
        {"https://*.example.com", false},
        {"https://app.example.com/", false},
        {"https://app.example.com/x", false},
        {"https://app.example.com?x", false},
        {"https://app.example.com#x", false},
        {"https://u@app.example.com", false},
        {"https://App.example.com", false},
        {"HTTPS://app.example.com", false},
        {"https://a.example https://b", false},
        {"https://a.example\r\nX: y", false},
        {"com.example.app:/callback", false},
        {"app.example.com", false},
    };
    char longest[400];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_web_origin_is_sound(S(cases[i].text)) != cases[i].is_sound)
            fail_msg("%s", cases[i].text);
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    assert_false(dw_web_origin_is_sound(dw_slice_from(longest, sizeof longest)));
}

static void an_index_has_it_under_two_names(void **state)
{
    static const struct {
        const char *origin, *wider;
    } cases[] = {
        {"https://a.example.com", "https://*.example.com"},
        {"https://a.b.example.com:8443", "https://*.b.example.com:8443"},
        {"http://localhost:6274", "http://localhost:*"},
        {"http://127.0.0.1", "http://127.0.0.1:*"},
        {"http://[::1]:1", "http://[::1]:*"},
        {"https://localhost:6274", "https://*"},
    };
    struct dw_arena *arena = dw_arena_new((size_t)1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slice(dw_web_origin_wider(S(cases[i].origin), arena), cases[i].wider);
    dw_arena_free(arena);
}

static const struct dw_slice callbacks[] = {
    {"https://cb.example.com/a/b?c", 28},  {"http://localhost:6274/oauth/callback", 36},
    {"https://pr-*.example.com/cb", 27},   {"cursor://anysphere/callback", 27},
    {"https://up.example.com:443/cb", 29}, {"com.example.app:/cb", 19},
};
static const struct dw_slice web_origins[] = {{"https://web.example.com", 23}};
static const struct dw_slice allowed_origins[] = {{"https://*.allowed.example.com:8443", 34}};

static void an_application_has_its_origins_and_no_others(void **state)
{
    static const struct {
        const char *origin;
        bool native, regular; /* what it is for a native application, and for one on the web */
    } cases[] = {
        {"https://cb.example.com", true, true},
        {"https://web.example.com", true, true},
        {"https://a.allowed.example.com:8443", true, true},
        {"https://pr-7.example.com", true, true},
        {"https://up.example.com", true, true},
        {"http://localhost:6274", true, true},
        {"http://localhost:6275", true, false},
        {"http://localhost", true, false},
        {"http://127.0.0.1:6274", false, false},
        {"https://localhost:6274", false, false},
        {"https://a.allowed.example.com", false, false},
        {"https://a.b.allowed.example.com:8443", false, false},
        {"https://pr-.example.com", false, false},
        {"http://cb.example.com", false, false},
        {"https://cb.example.com:444", false, false},
        {"https://cb.example.com.evil.example", false, false},
        {"https://evil.example", false, false},
        {"https://example.com", false, false},
    };
    struct dw_oauth_client client = {
        .redirect_uris = {callbacks, sizeof callbacks / sizeof *callbacks},
        .web_origins = {web_origins, 1},
        .allowed_origins = {allowed_origins, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        client.app_type = DW_APP_NATIVE;
        if (dw_client_has_web_origin(&client, S(cases[i].origin)) != cases[i].native)
            fail_msg("%s, native", cases[i].origin);
        client.app_type = DW_APP_SPA;
        if (dw_client_has_web_origin(&client, S(cases[i].origin)) != cases[i].regular)
            fail_msg("%s, in a browser", cases[i].origin);
    }
    client = (struct dw_oauth_client){.kind = DW_CLIENT_DCR, .redirect_uris = {callbacks, 2}};
    assert_true(dw_client_has_web_origin(&client, DW_LIT("http://localhost:1")));
    assert_false(dw_client_has_web_origin(&client, DW_LIT("https://web.example.com")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_a_browser_writes_is_an_origin),
        cmocka_unit_test(an_index_has_it_under_two_names),
        cmocka_unit_test(an_application_has_its_origins_and_no_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
