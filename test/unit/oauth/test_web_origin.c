/* oauth/web_origin.h: what an origin is, and what an index has it under. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_a_browser_writes_is_an_origin),
        cmocka_unit_test(an_index_has_it_under_two_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
