/* http/form.h: urlencoded forms and queries. */
#include "test.h"

#include "http/form.h"

static void forms_are_decoded(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *name, *value; /* of the first; value NULL: no field at all */
    } cases[] = {
        {"", 0, "", NULL},
        {"&&", 0, "", NULL},
        {"a=1", 1, "a", "1"},
        {"a", 1, "a", ""},
        {"a=", 1, "a", ""},
        {"=b", 1, "", "b"},
        {"&a=1&&b=2&", 2, "a", "1"},
        {"a=b=c", 1, "a", "b=c"},
        {"a+b=c+d%2B", 1, "a b", "c d+"},
        {"%61=%C3%A9%26%3D", 1, "a", "\xc3\xa9&="},
        {"scope=mcp%3Aread+mcp:write", 1, "scope", "mcp:read mcp:write"},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_form form;
        struct dw_error error;

        assert_done(dw_form_parse(S(cases[i].text), arena, &form, &error), error);
        assert_int_equal(form.count, cases[i].count);
        if (!cases[i].value) {
            assert_null(dw_form_value(&form, cases[i].name).ptr);
            continue;
        }
        assert_slice(form.items[0].name, cases[i].name);
        assert_slice(dw_form_value(&form, cases[i].name), cases[i].value);
    }
}

static void bad_forms_are_refused(void **state)
{
    static const char *const cases[] = {
        "a=%", "a=%1", "a=%zz", "%=1", "a=%00", "a=%C3", "a=\xff", "a=%ED%A0%80", "a&b=%c0%80",
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_form form;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(dw_form_parse(S(cases[i]), arena, &form, &error), error, DW_INVALID_REQUEST);
    assert_fails(dw_form_parse(dw_slice_from("a=\0", 3), arena, &form, &error), error,
                 DW_INVALID_REQUEST);
}

static void a_form_has_a_hundred_fields_at_most(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    char text[2 * (DW_FORM_MAX_FIELDS + 1)];
    struct dw_form form;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? '&' : 'a';
    assert_done(dw_form_parse(dw_slice_from(text, sizeof text - 2), arena, &form, &error), error);
    assert_int_equal(form.count, DW_FORM_MAX_FIELDS);
    assert_int_equal(dw_form_count(&form, "a"), DW_FORM_MAX_FIELDS);
    assert_fails(dw_form_parse(dw_slice_from(text, sizeof text), arena, &form, &error), error,
                 DW_INVALID_REQUEST);
}

static void doubles_are_named(void **state)
{
    static const struct dw_slice may_repeat[] = {{"resource", 8}};
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"a=1&b=2", true},
        {"a=1&a=1", false},
        {"a=1&b=2&%61=3", false},
        {"a=1&A=2", true},
        {"resource=a&resource=b&c=d", true},
        {"resource=a&resource=b&c=d&c=e", false},
        {"a&a=", false},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_form form;
        struct dw_error error = {0};

        assert_done(dw_form_parse(S(cases[i].text), arena, &form, &error), error);
        assert_int_equal(dw_form_check_doubles(&form, (struct dw_slices){may_repeat, 1}, &error),
                         cases[i].is_good);
        if (!cases[i].is_good) {
            assert_int_equal(error.code, DW_INVALID_REQUEST);
            assert_non_null(strstr(error.message, "more than once"));
        }
    }
}

static void what_is_written_reads_back(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_buf buf = dw_buf_in(arena), url = dw_buf_in(arena);
    struct dw_slice text;
    struct dw_form form;
    struct dw_error error;

    (void)state;
    dw_form_add(&buf, S("a b"), S("c&d=e+f\xc3\xa9"));
    dw_form_add(&buf, S("x"), S(""));
    assert_done(dw_buf_finish(&buf, &text, &error), error);
    assert_slice(text, "a%20b=c%26d%3De%2Bf%C3%A9&x=");
    assert_done(dw_form_parse(text, arena, &form, &error), error);
    assert_slice(dw_form_value(&form, "a b"), "c&d=e+f\xc3\xa9");
    dw_buf_add(&url, S("https://a/cb"));
    dw_form_add_to_url(&url, S("code"), S("1"));
    dw_form_add_to_url(&url, S("state"), S("2 3"));
    assert_done(dw_buf_finish(&url, &text, &error), error);
    assert_slice(text, "https://a/cb?code=1&state=2%203");
    url = dw_buf_in(arena);
    dw_buf_add(&url, S("https://a/cb?"));
    dw_form_add_to_url(&url, S("code"), S("1"));
    assert_done(dw_buf_finish(&url, &text, &error), error);
    assert_slice(text, "https://a/cb?code=1");
}

static bool parse_in_little_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_form form;
    struct dw_error error = {0};

    if (!arena)
        return false;
    if (dw_form_parse(S("a=1&b=%20"), arena, &form, &error))
        return true;
    assert_int_equal(error.code, DW_NO_MEMORY);
    return false;
}

static void parsing_survives_every_failed_allocation(void **state)
{
    (void)state;
    torture(parse_in_little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_decoded),
        cmocka_unit_test(bad_forms_are_refused),
        cmocka_unit_test(a_form_has_a_hundred_fields_at_most),
        cmocka_unit_test(doubles_are_named),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(parsing_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
