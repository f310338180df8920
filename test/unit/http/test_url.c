/* http/url.h: one spelling, one meaning. */
#include "test.h"

#include "http/url.h"

static void urls_come_apart(void **state)
{
    static const struct {
        const char *text, *scheme, *userinfo, *host, *path, *query, *fragment;
        int port;
    } cases[] = {
        {"https://example.com", "https", "", "example.com", "", "", "", 443},
        {"http://example.com/", "http", "", "example.com", "/", "", "", 80},
        {"HTTPS://Example.COM:8443/a/b?c=d?e#f?g", "HTTPS", "", "Example.COM", "/a/b", "c=d?e",
         "f?g", 8443},
        {"https://u:p@a/", "https", "u:p", "a", "/", "", "", 443},
        {"https://[2001:db8::1]:1/x", "https", "", "2001:db8::1", "/x", "", "", 1},
        {"https://a?b", "https", "", "a", "", "b", "", 443},
        {"https://a#b", "https", "", "a", "", "", "b", 443},
        {"https://a./", "https", "", "a.", "/", "", "", 443},
        {"https://a_b/", "https", "", "a_b", "/", "", "", 443},
        {"https://127.0.0.1/%7Ea", "https", "", "127.0.0.1", "/%7Ea", "", "", 443},
        {"https://xn--mnchen-3ya.example/", "https", "", "xn--mnchen-3ya.example", "/", "", "",
         443},
        {"cursor://anysphere.cursor-retrieval/oauth/cb", "cursor", "", "anysphere.cursor-retrieval",
         "/oauth/cb", "", "", 0},
        {"com.example.app:/cb", "com.example.app", "", "", "/cb", "", "", 0},
        {"myapp:///cb", "myapp", "", "", "/cb", "", "", 0},
        {"urn:ietf:wg:oauth:2.0:oob", "urn", "", "", "ietf:wg:oauth:2.0:oob", "", "", 0},
        {"javascript:alert(1)", "javascript", "", "", "alert(1)", "", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_url url;
        struct dw_error error;

        assert_done(dw_url_parse(S(cases[i].text), &url, &error), error);
        assert_slice(url.scheme, cases[i].scheme);
        assert_slice(url.userinfo, cases[i].userinfo);
        assert_slice(url.host, cases[i].host);
        assert_slice(url.path, cases[i].path);
        assert_slice(url.query, cases[i].query);
        assert_slice(url.fragment, cases[i].fragment);
        assert_int_equal(url.port, cases[i].port);
    }
}

static void bad_urls_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "example.com",
        "//example.com/",
        "/path",
        ":a",
        "1http://a/",
        "ht tp://a/",
        "http:",
        "http:a",
        "http:/a",
        "http://",
        "http:///a",
        "https:\\\\a\\b",
        "https://a\\@b/",
        "https://a/\\",
        "https://a b/",
        "https://a/ b",
        " https://a/",
        "https://a/ ",
        "https://a/\n",
        "https://a/\t",
        "https://\xc3\xa9/",
        "https://a/\xc3\xa9",
        "https://a/%",
        "https://a/%4",
        "https://a/%4g",
        "https://a/?%zz",
        "https://a/#%0",
        "https://a/#b#c",
        "https://a@b@c/",
        "https://@/",
        "https://u@:80/",
        "https://a%2eb/",
        "https://a..b/",
        "https://.a/",
        "https://a,b/",
        "https://a:/",
        "https://a:0/",
        "https://a:080/",
        "https://a:65536/",
        "https://a:123456/",
        "https://a:8a/",
        "https://a:-1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.256/",
        "https://1.2.3.4.5/",
        "https://a.1/",
        "https://[/",
        "https://[]/",
        "https://[::1/",
        "https://[::1]a/",
        "https://[1]/",
        "https://[1:2:3:4:5:6:7]/",
        "https://[1:2:3:4:5:6:7:8:9]/",
        "https://[1::2::3]/",
        "https://[:::]/",
        "https://[12345::]/",
        "https://[::1%25eth0]/",
        "https://[::1.2.3]/",
        "https://[v1.x]/",
        "https://a/<b>",
        "https://a/\"",
        "https://a/{b}",
        "https://a/[b]",
        "https://a/|",
        "https://a/^",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_url url;
        struct dw_error error = {0};

        if (dw_url_parse(S(cases[i]), &url, &error))
            fail_msg("%s was let through", cases[i]);
        assert_int_equal(error.code, DW_MALFORMED);
    }
}

static void a_nul_is_in_no_url(void **state)
{
    static const char text[] = "https://u@example.com:80/a?b#c";
    char copy[sizeof text];
    struct dw_url url;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        memcpy(copy, text, sizeof text);
        copy[i] = '\0';
        assert_false(dw_url_parse(dw_slice_from(copy, sizeof text - 1), &url, NULL));
    }
}

static void ipv6_hosts_follow_the_grammar(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"[::]", true},
        {"[::1]", true},
        {"[1::]", true},
        {"[1:2:3:4:5:6:7:8]", true},
        {"[1:2:3:4:5:6:7::]", true},
        {"[::2:3:4:5:6:7:8]", true},
        {"[1:2:3:4:5:6:1.2.3.4]", true},
        {"[::ffff:1.2.3.4]", true},
        {"[fe80::1]:80", true},
        {"[1:2:3:4:5:6:7:8::]", false},
        {"[1:2:3:4:5:6:7:1.2.3.4]", false},
        {"[1.2.3.4]", false},
        {"[:1]", false},
        {"[1:]", false},
        {"[1:2:3:4:5:6:7:]", false},
        {"[::1:]", false},
        {"[::1.2.3.4:5]", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice host;
        int port;

        if (dw_url_parse_authority(S(cases[i].text), &host, &port, NULL) != cases[i].is_good)
            fail_msg("%s", cases[i].text);
    }
}

static void only_three_kinds_of_host_are_loopback(void **state)
{
    static const struct {
        const char *host;
        bool is_loopback;
    } cases[] = {
        {"localhost", true},
        {"LocalHost", true},
        {"127.0.0.1", true},
        {"127.255.255.254", true},
        {"::1", true},
        {"localhost.", false},
        {"localhost.evil", false},
        {"a.localhost", false},
        {"127.0.0.1.evil", false},
        {"127.1", false},
        {"128.0.0.1", false},
        {"0.0.0.0", false},
        {"::", false},
        {"::ffff:127.0.0.1", false},
        {"", false},
        {"127.0.0.1.", false},
        {"127.0.0.01", false},
        {"0:0:0:0:0:0:0:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dw_url_is_loopback_host(S(cases[i].host)) != cases[i].is_loopback)
            fail_msg("%s", cases[i].host);
}

static void origins_are_scheme_host_and_port(void **state)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } cases[] = {
        {"https://a/x", "https://a:443/y?z", true},
        {"HTTPS://A/", "https://a", true},
        {"http://a/", "http://a:80", true},
        {"http://a/", "https://a/", false},
        {"https://a/", "https://a:444/", false},
        {"https://a/", "https://b/", false},
        {"https://a/", "https://a./", false},
        {"https://u@a/", "https://a/", true},
        {"urn:a", "urn:a", false},
        {"x:///a", "x:///a", false},
        {"http://[::1]/", "http://[::1]:80/", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_url a, b;
        struct dw_error error;

        assert_done(dw_url_parse(S(cases[i].a), &a, &error), error);
        assert_done(dw_url_parse(S(cases[i].b), &b, &error), error);
        if (dw_url_same_origin(&a, &b) != cases[i].is_same)
            fail_msg("%s %s", cases[i].a, cases[i].b);
    }
}

static void normal_forms_are_equal_for_equal_urls(void **state)
{
    static const struct {
        const char *text, *normal;
        bool has_dots;
    } cases[] = {
        {"HTTPS://Example.com:443", "https://example.com/", false},
        {"http://a:80/", "http://a/", false},
        {"http://a:443/", "http://a:443/", false},
        {"https://a/%7efoo%2f%2F", "https://a/~foo%2F%2F", false},
        {"https://a/b/../c/./d/..", "https://a/c/", true},
        {"https://a/..", "https://a/", true},
        {"https://a/../../b", "https://a/b", true},
        {"https://a/b/%2e%2E/c", "https://a/c", true},
        {"https://a/b/.%2e/c", "https://a/c", true},
        {"https://a/b/%2e/c", "https://a/b/c", true},
        {"https://a/...", "https://a/...", false},
        {"https://a/b//c", "https://a/b//c", false},
        {"https://a/b?X=%7e#Y%7E", "https://a/b?X=~#Y~", false},
        {"https://U:P@A/", "https://U:P@a/", false},
        {"https://[2001:DB8::1]:443/", "https://[2001:db8::1]/", false},
        {"Com.App:/cb", "com.app:/cb", false},
        {"X://H:443/", "x://h:443/", false},
        {"https://a/?", "https://a/?", false},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_url url;
        struct dw_slice normal, again;
        struct dw_error error;

        assert_done(dw_url_parse(S(cases[i].text), &url, &error), error);
        assert_int_equal(dw_url_has_dot_segments(&url), cases[i].has_dots);
        assert_done(dw_url_normal(&url, arena, &normal, &error), error);
        assert_slice(normal, cases[i].normal);
        assert_done(dw_url_parse(normal, &url, &error), error);
        assert_done(dw_url_normal(&url, arena, &again, &error), error);
        assert_slice(again, cases[i].normal);
    }
}

static void an_origin_is_written_without_path(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_url url;
    struct dw_slice origin;
    struct dw_error error;

    (void)state;
    assert_done(dw_url_parse(S("HTTPS://u@A:8443/b?c"), &url, &error), error);
    assert_done(dw_url_origin(&url, arena, &origin, &error), error);
    assert_slice(origin, "https://a:8443");
    assert_done(dw_url_parse(S("urn:a"), &url, &error), error);
    assert_fails(dw_url_origin(&url, arena, &origin, &error), error, DW_MALFORMED);
}

static void escapes_go_both_ways(void **state)
{
    static const struct {
        const char *text, *bytes; /* bytes NULL: refused */
    } cases[] = {
        {"plain+text", "plain+text"},
        {"a%20b", "a b"},
        {"%41%2f%2F", "A//"},
        {"%c3%A9", "\xc3\xa9"},
        {"auth0%7C1", "auth0|1"},
        {"%", NULL},
        {"%1", NULL},
        {"%g0", NULL},
        {"%00", NULL},
        {"", ""},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_slice bytes;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!cases[i].bytes) {
            assert_fails(dw_url_decode(S(cases[i].text), arena, &bytes, &error), error,
                         DW_MALFORMED);
            continue;
        }
        assert_done(dw_url_decode(S(cases[i].text), arena, &bytes, &error), error);
        assert_slice(bytes, cases[i].bytes);
    }
    dw_url_add_encoded(&buf, S("a b/c?d=e&f+~-._\xc3\xa9%"));
    assert_done(dw_buf_finish(&buf, &bytes, &error), error);
    assert_slice(bytes, "a%20b%2Fc%3Fd%3De%26f%2B~-._%C3%A9%25");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_come_apart),
        cmocka_unit_test(bad_urls_are_refused),
        cmocka_unit_test(a_nul_is_in_no_url),
        cmocka_unit_test(ipv6_hosts_follow_the_grammar),
        cmocka_unit_test(only_three_kinds_of_host_are_loopback),
        cmocka_unit_test(origins_are_scheme_host_and_port),
        cmocka_unit_test(normal_forms_are_equal_for_equal_urls),
        cmocka_unit_test(an_origin_is_written_without_path),
        cmocka_unit_test(escapes_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
