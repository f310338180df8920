/* http/cookie.h */
#include "test.h"

#include "http/cookie.h"

static void a_cookie_is_found_by_its_exact_name(void **state)
{
    static const struct {
        const char *first, *second; /* two Cookie fields; second may be NULL */
        const char *value;          /* NULL: none */
    } cases[] = {
        {"sid=abc", NULL, "abc"},
        {"a=b; sid=abc; c=d", NULL, "abc"},
        {"a=b;sid=abc;c=d", NULL, "abc"},
        {"a=b", "sid=x", "x"},
        {"sid=", NULL, ""},
        {"sid=a=b", NULL, "a=b"},
        {"SID=abc", NULL, NULL},
        {"xsid=abc", NULL, NULL},
        {"sidx=abc", NULL, NULL},
        {"sid", NULL, NULL},
        {"sid =abc", NULL, NULL},
        {"", NULL, NULL},
        {"sid=a; sid=a", NULL, "a"},
        {"sid=a; sid=b", NULL, NULL}, /* somebody planted one */
        {"sid=a", "sid=b", NULL},
        {"sid=\"a\"", NULL, NULL},
        {"sid=a b", NULL, NULL},
        {"sid=a,b", NULL, NULL},
        {"sid=a\\b", NULL, NULL},
        {"sid=\xc3\xa9", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dw_http_field fields[] = {
            {S("Cookie"), S(cases[i].first)},
            {S("cookie"), S(cases[i].second)},
        };
        struct dw_slice value =
            dw_cookie_value((struct dw_http_fields){fields, cases[i].second ? 2 : 1}, "sid");

        if (!cases[i].value) {
            if (value.ptr)
                fail_msg("%s", cases[i].first);
        } else {
            assert_slice(value, cases[i].value);
        }
    }
}

static void cookies_are_written_safely(void **state)
{
    static const struct {
        struct dw_cookie cookie;
        const char *text; /* NULL: refused */
    } cases[] = {
        {{.name = {"sid", 3}, .value = {"a", 1}}, "sid=a; Path=/; HttpOnly; SameSite=Lax"},
        {{.name = {"sid", 3}, .value = {"", 0}, .max_age_s = -1, .is_secure = true},
         "sid=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"},
        {{.name = {"sid", 3},
          .value = {"a", 1},
          .path = {"/login", 6},
          .max_age_s = 60,
          .same_site = DW_COOKIE_SAME_SITE_STRICT,
          .is_readable_by_scripts = true},
         "sid=a; Path=/login; Max-Age=60; SameSite=Strict"},
        {{.name = {"__Host-sid", 10}, .value = {"a", 1}, .is_secure = true},
         "__Host-sid=a; Path=/; Secure; HttpOnly; SameSite=Lax"},
        {{.name = {"__Host-sid", 10}, .value = {"a", 1}}, NULL},
        {{.name = {"__host-sid", 10}, .value = {"a", 1}}, NULL},
        {{.name = {"__Host-sid", 10}, .value = {"a", 1}, .path = {"/a", 2}, .is_secure = true},
         NULL},
        {{.name = {"__Secure-sid", 12}, .value = {"a", 1}}, NULL},
        {{.name = {"sid", 3}, .value = {"a", 1}, .same_site = DW_COOKIE_SAME_SITE_NONE}, NULL},
        {{.name = {"sid", 3},
          .value = {"a", 1},
          .same_site = DW_COOKIE_SAME_SITE_NONE,
          .is_secure = true},
         "sid=a; Path=/; Secure; HttpOnly; SameSite=None"},
        {{.name = {"", 0}, .value = {"a", 1}}, NULL},
        {{.name = {"s d", 3}, .value = {"a", 1}}, NULL},
        {{.name = {"s=d", 3}, .value = {"a", 1}}, NULL},
        {{.name = {"sid", 3}, .value = {"a;b", 3}}, NULL},
        {{.name = {"sid", 3}, .value = {"a\r\n", 3}}, NULL},
        {{.name = {"sid", 3}, .value = {"a b", 3}}, NULL},
        {{.name = {"sid", 3}, .value = {"\0", 1}}, NULL},
        {{.name = {"sid", 3}, .value = {"a", 1}, .path = {"x", 1}}, NULL},
        {{.name = {"sid", 3}, .value = {"a", 1}, .path = {"/;x", 3}}, NULL},
        {{.name = {"sid", 3}, .value = {"a", 1}, .path = {"/\r\n", 3}}, NULL},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice text;
        struct dw_error error;

        if (!cases[i].text) {
            assert_fails(dw_cookie_render(&cases[i].cookie, arena, &text, &error), error,
                         DW_INTERNAL);
            continue;
        }
        assert_done(dw_cookie_render(&cases[i].cookie, arena, &text, &error), error);
        assert_slice(text, cases[i].text);
    }
}

static void a_cookie_has_four_kilobytes_at_most(void **state)
{
    static char value[DW_COOKIE_MAX_BYTES];
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_cookie cookie = {.name = S("a"), .value = {value, sizeof value - 1}};
    struct dw_slice text;
    struct dw_error error;

    (void)state;
    memset(value, 'x', sizeof value);
    assert_done(dw_cookie_render(&cookie, arena, &text, &error), error);
    cookie.value.len++;
    assert_fails(dw_cookie_render(&cookie, arena, &text, &error), error, DW_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_by_its_exact_name),
        cmocka_unit_test(cookies_are_written_safely),
        cmocka_unit_test(a_cookie_has_four_kilobytes_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
