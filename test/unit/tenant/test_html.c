/* The template engine: everything is escaped, sections and rows, no raw output. */
#include "test.h"

#include "tenant/html_internal.h"

static struct dw_arena *arena;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static struct dw_slice render(const char *source, const struct dw_html_field *fields, size_t count)
{
    struct dw_html_row row = {fields, count};
    struct dw_error error = {0};
    struct dw_slice html = DW_EMPTY;

    assert_done(dw_html_render_text(S(source), &dw_languages[0], &row, arena, &html, &error),
                error);
    return html;
}

static void values_are_escaped(void **state)
{
    struct dw_html_field fields[] = {{.name = "x", .text = DW_LIT("<b a=\"1\" c='2'>&{{y}}</b>")},
                                     {.name = "y", .text = DW_LIT("never")}};

    (void)state;
    assert_slice(render("[{{x}}]", fields, 2),
                 "[&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;{{y}}&lt;/b&gt;]");
}

static void no_spelling_gives_raw_output(void **state)
{
    struct dw_html_field fields[] = {{.name = "x", .text = DW_LIT("<i>")}};

    (void)state;
    assert_slice(render("{{{x}}}{{&x}}{{ x }}", fields, 1), "}&lt;i&gt;");
}

static void sections_follow_the_values(void **state)
{
    struct dw_html_field first[] = {{.name = "v", .text = DW_LIT("1")}};
    struct dw_html_field second[] = {{.name = "v", .text = DW_LIT("2")}};
    struct dw_html_row rows[] = {{first, 1}, {second, 1}};
    struct dw_html_field fields[] = {{.name = "list", .rows = rows, .row_count = 2},
                                     {.name = "full", .text = DW_LIT("f")},
                                     {.name = "empty", .text = DW_EMPTY},
                                     {.name = "outer", .text = DW_LIT("o")}};

    (void)state;
    assert_slice(render("{{#list}}{{v}}{{outer}},{{/list}}", fields, 4), "1o,2o,");
    assert_slice(render("{{#full}}yes{{/full}}{{^full}}no{{/full}}", fields, 4), "yes");
    assert_slice(render("{{#empty}}yes{{/empty}}{{^empty}}no{{/empty}}", fields, 4), "no");
    assert_slice(render("{{#unknown}}yes{{/unknown}}{{unknown}}", fields, 4), "");
    assert_slice(render("a\n{{#full}}\nb\n{{/full}}\nc\n", fields, 4), "a\nb\nc\n");
}

static void broken_templates_are_refused(void **state)
{
    static const char *const broken[] = {"{{#x}}", "{{/x}}", "{{#x}}{{/y}}", "{{@no.such.text}}"};
    struct dw_html_field fields[] = {{.name = "x", .text = DW_LIT("1")}};
    struct dw_html_row row = {fields, 1};
    struct dw_slice html;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_fails(
            dw_html_render_text(S(broken[i]), &dw_languages[0], &row, arena, &html, &error), error,
            DW_INTERNAL);
    assert_fails(dw_html_render("nosuch", &dw_languages[0], &row, arena, &html, &error), error,
                 DW_INTERNAL);
}

static void every_page_renders_in_every_language_with_nothing_given(void **state)
{
    struct dw_html_row row = {NULL, 0};
    struct dw_slice html;
    struct dw_error error = {0};

    (void)state;
    assert_true(dw_html_source_count >= 4);
    for (size_t i = 0; i < dw_html_source_count * dw_language_count; i++) {
        dw_arena_reset(arena);
        assert_done(dw_html_render(dw_html_sources[i / dw_language_count].name,
                                   &dw_languages[i % dw_language_count], &row, arena, &html,
                                   &error),
                    error);
        assert_true(dw_slice_starts_with(html, S("<!doctype html>")));
        assert_false(dw_slice_has(html, S("{{")));
    }
}

static void a_name_cannot_turn_our_words_round(void **state)
{
    struct dw_html_field fields[] = {{.name = "client_name",
                                      .text = DW_LIT("\xe2\x80\xae"
                                                     "a\xe2\x81\xa6<\xe2\x80\xa6\xe2\x80")}};

    (void)state;
    assert_slice(render("{{@login.lead}}", fields, 1),
                 "to continue to <strong>a&lt;\xe2\x80\xa6\xe2\x80</strong>");
    /* a value that goes back to a client stays as it is */
    assert_slice(render("{{client_name}}", fields, 1), "\xe2\x80\xae"
                                                       "a\xe2\x81\xa6&lt;\xe2\x80\xa6\xe2\x80");
}

static void texts_are_escaped_and_strong_only_as_elements(void **state)
{
    struct dw_html_field fields[] = {{.name = "client_name", .text = DW_LIT("<b>*x*{lead}")},
                                     {.name = "problem", .key = "login.lead"}};

    (void)state;
    assert_slice(render("{{@login.lead}}", fields, 2),
                 "to continue to <strong>&lt;b&gt;*x*{lead}</strong>");
    assert_slice(render("{{#problem}}{{problem}}{{/problem}}", fields, 2),
                 "to continue to &lt;b&gt;*x*{lead}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_escaped, start, stop),
        cmocka_unit_test_setup_teardown(no_spelling_gives_raw_output, start, stop),
        cmocka_unit_test_setup_teardown(sections_follow_the_values, start, stop),
        cmocka_unit_test_setup_teardown(broken_templates_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(every_page_renders_in_every_language_with_nothing_given,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_name_cannot_turn_our_words_round, start, stop),
        cmocka_unit_test_setup_teardown(texts_are_escaped_and_strong_only_as_elements, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
