/* The words in five languages: which language somebody gets, and texts that are filled. */
#include "test.h"

#include "tenant/html_internal.h"

static void a_language_is_chosen_by_request_then_header_then_tenant(void **state)
{
    static const struct dw_slice some[] = {{"fr", 2}, {"de", 2}}, odd[] = {{"tlh", 3}, {"ja", 2}};
    static const struct dw_slices all = {0}, few = {some, 2}, unknown = {odd, 2};
    const struct {
        const char *ui_locales, *accept_language;
        struct dw_slices enabled;
        const char *expected;
    } cases[] = {
        {"", "", all, "en"},
        {"", "", few, "fr"},
        {"", "", unknown, "ja"},
        {"de", "fr", all, "de"},
        {"xx  DE-at ja", "fr", all, "de"},
        {"ja", "de", few, "de"},
        {"ja", "es", few, "fr"},
        {"", "pt-BR, ES-419;q=0.8, en;q=0.7", all, "es"},
        {"", "en;q=0.7,fr;q=0.9,de;q=0.9", all, "fr"},
        {"", "de;q=0, fr;q=0.001", all, "fr"},
        {"", "*", few, "fr"},
        {"", "ja;q=0.2, *;q=0.5", all, "en"},
        {"", "de;q=2", all, "en"},
        {"", "de;q=", all, "en"},
        {"", "de;q=0.1234", all, "en"},
        {"", "de;x=1", all, "en"},
        {"", ";;;,,,;q=1,-,", all, "en"},
        {"", "deu, german", all, "en"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(dw_language_choose(S(cases[i].ui_locales), S(cases[i].accept_language),
                                               cases[i].enabled)
                                ->tag,
                            cases[i].expected);
}

static void every_text_is_found_in_every_language(void **state)
{
    struct dw_error error = {0};
    struct dw_slice text;

    (void)state;
    assert_true(dw_language_count >= 5);
    for (size_t i = 0; i < dw_language_count * dw_text_key_count; i++) {
        assert_done(dw_text_find(&dw_languages[i % dw_language_count],
                                 dw_text_keys[i / dw_language_count], &text, &error),
                    error);
        assert_true(text.len > 0);
    }
    assert_fails(dw_text_find(&dw_languages[0], "no.such", &text, &error), error, DW_INTERNAL);
    assert_fails(dw_text_find(&dw_languages[0], "", &text, &error), error, DW_INTERNAL);
}

static void a_text_is_filled_as_plain_text(void **state)
{
    struct dw_html_field fields[] = {{.name = "client_name", .text = DW_LIT("<A> & *B* {lead}")}};
    struct dw_html_row row = {fields, 1}, none = {NULL, 0};
    struct dw_arena *arena = dw_arena_new(4096);
    struct dw_error error = {0};
    struct dw_slice text;

    (void)state;
    assert_done(dw_text_fill(dw_language_of(S("de-CH")), "login.lead", &row, arena, &text, &error),
                error);
    assert_slice(text, "um mit <A> & *B* {lead} fortzufahren");
    assert_done(dw_text_fill(&dw_languages[0], "login.lead", &none, arena, &text, &error), error);
    assert_slice(text, "to continue to ");
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_language_is_chosen_by_request_then_header_then_tenant),
        cmocka_unit_test(every_text_is_found_in_every_language),
        cmocka_unit_test(a_text_is_filled_as_plain_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
