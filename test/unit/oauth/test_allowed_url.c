/* Which URLs a logout may go back to, and which origins get messages. */
#include "test.h"

#include "oauth/allowed_url.h"

#define ALLOWED(text) ((struct dw_slices){&(struct dw_slice){text, sizeof(text) - 1}, 1})

static void only_allowed_urls_are_allowed(void **state)
{
    const struct {
        struct dw_slices allowed;
        const char *url;
        bool expected;
    } cases[] = {
        {ALLOWED("https://a.example.com/bye"), "https://a.example.com/bye", true},
        {ALLOWED("https://a.example.com/bye"), "https://a.example.com/bye?x=1#y", true},
        {ALLOWED("https://a.example.com/bye?x=1"), "https://a.example.com/bye?x=1", true},
        {ALLOWED("https://a.example.com/bye?x=1"), "https://a.example.com/bye?x=2", false},
        {ALLOWED("https://a.example.com/bye?x=1"), "https://a.example.com/bye", false},
        {ALLOWED("https://a.example.com/bye"), "https://a.example.com/bye/", false},
        {ALLOWED("https://a.example.com/bye"), "https://a.example.com/bye/../admin", false},
        {ALLOWED("https://a.example.com/bye"), "https://a.example.com/Bye", false},
        {ALLOWED("https://a.example.com/bye"), "http://a.example.com/bye", false},
        {ALLOWED("https://a.example.com"), "https://a.example.com.evil.example", false},
        {ALLOWED("https://a.example.com"), "https://a.example.com@evil.example/", false},
        {ALLOWED("https://a.example.com"), "https://a.example.com:8443", false},
        {ALLOWED("https://a.example.com"), "//a.example.com", false},
        {ALLOWED("https://a.example.com"), "", false},
        {ALLOWED("javascript:alert(1)//"), "javascript:alert(1)//*", false},
        {ALLOWED("https://*.example.com/bye"), "https://a.example.com/bye", true},
        {ALLOWED("https://*.example.com/bye"), "https://A-1.EXAMPLE.com/bye?x=1", true},
        {ALLOWED("https://app-*.example.com"), "https://app-7.example.com", true},
        {ALLOWED("https://app-*-x.example.com:8443/"), "https://app-7-x.example.com:8443/", true},
        {ALLOWED("http://*.example.localhost/x"), "http://a.example.localhost/x", true},
        {ALLOWED("https://*.example.com/bye"), "https://example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://a.b.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://*.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://a.example.com:444/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://a.example.com/other", false},
        {ALLOWED("https://*.example.com/bye"), "https://evil.example/bye#.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://evil.example?.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://evil.example\\.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://a:b@x.example.com/bye", false},
        {ALLOWED("https://*.example.com/bye"), "https://a%2eb.example.com/bye", false},
        {ALLOWED("https://app-*.example.com"), "https://app-.example.com", false},
        {ALLOWED("https://*.com"), "https://evil.com", false},
        {ALLOWED("https://*"), "https://evil.example", false},
        {ALLOWED("https://a.*.example.com"), "https://a.b.example.com", false},
        {ALLOWED("https://*.*.example.com"), "https://a.b.example.com", false},
        {ALLOWED("https://**.example.com"), "https://a.example.com", false},
        {ALLOWED("*://a.example.com"), "https://a.example.com", false},
        {ALLOWED("com.*.app:/x"), "com.evil.app:/x", false},
        {ALLOWED("https://example.com/*"), "https://example.com/x", false},
        {{0}, "https://a.example.com", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_allowed_url(cases[i].allowed, S(cases[i].url)) != cases[i].expected)
            fail_msg("case %zu: %s", i, cases[i].url);
}

static void only_allowed_origins_get_messages(void **state)
{
    const struct {
        struct dw_slices allowed;
        const char *url;
        bool expected;
    } cases[] = {
        {ALLOWED("https://a.example.com"), "https://a.example.com", true},
        {ALLOWED("https://a.example.com/"), "https://a.example.com/callback?x=1", true},
        {ALLOWED("https://a.example.com:443"), "https://A.example.com/callback", true},
        {ALLOWED("http://localhost:3000"), "http://localhost:3000/", true},
        {ALLOWED("https://*.example.com"), "https://a.example.com/callback", true},
        {ALLOWED("https://*.example.com/ignored"), "https://a.example.com/callback", true},
        {ALLOWED("http://localhost:3000"), "http://localhost:3001/", false},
        {ALLOWED("https://a.example.com"), "http://a.example.com", false},
        {ALLOWED("https://*.example.com"), "https://a.example.com:444/", false},
        {ALLOWED("https://*.example.com"), "https://evil.example/.example.com", false},
        {ALLOWED("https://*.example.com"), "https://evil.example?.example.com", false},
        {ALLOWED("https://a.example.com"), "https://a.example.com@evil.example", false},
        {ALLOWED("com.example.app:"), "com.example.app:/cb", false},
        {ALLOWED("null"), "null", false},
        {{0}, "https://a.example.com", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_allowed_origin(cases[i].allowed, S(cases[i].url)) != cases[i].expected)
            fail_msg("case %zu: %s", i, cases[i].url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_allowed_urls_are_allowed),
        cmocka_unit_test(only_allowed_origins_get_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
