/* toml/toml_fields.h: a file into a struct, and errors that name the place and the nearest key. */
#include "test.h"

#include "toml/toml_fields.h"

struct rule {
    struct dw_slice name;
    int64_t weight;
};

struct settings {
    struct dw_slice listen;
    int64_t idle_s;
    bool is_open;
    struct dw_slices origins;
    int level;
    struct dw_field_pairs environment;
    struct dw_slice issuer;
    struct dw_field_tables issuers;
    struct rule limits;
};

static const char *const levels[] = {"debug", "info", NULL};
static const struct dw_field rule_rows[] = {
    DW_TEXT_ROW(struct rule, name, "name", "none", ""),
    DW_INT_ROW(struct rule, weight, "weight", 0, 9, 1, ""),
};
static const struct dw_fields rule_fields = DW_FIELDS(struct rule, rule_rows);
static const struct dw_field gateway_rows[] = {
    DW_TEXT_ROW(struct settings, listen, "listen", "127.0.0.1:1", ""),
    DW_SECONDS_ROW(struct settings, idle_s, "idle_s", 0, 86400, 300, ""),
    DW_BOOL_ROW(struct settings, is_open, "open", false, ""),
    DW_TEXTS_ROW(struct settings, origins, "origins", "a", ""),
    DW_ENUM_ROW(struct settings, level, "level", levels, 1, ""),
    DW_PAIRS_ROW(struct settings, environment, "environment", ""),
    DW_TEXT_ROW(struct settings, issuer, "issuer", "", ""),
    DW_TABLES_ROW(struct settings, issuers, "issuer", &rule_fields, ""),
    DW_TABLE_ROW(offsetof(struct settings, limits), "limits", &rule_fields, ""),
    DW_UNUSED_ROW("memory_mb"),
};
static const struct dw_fields gateway_fields = DW_FIELDS(struct settings, gateway_rows);
static const struct dw_field rows[] = {
    DW_TABLE_ROW(0, "gateway", &gateway_fields, ""),
    DW_UNUSED_ROW("aws"),
};
static const struct dw_fields fields = DW_FIELDS(struct settings, rows);

static struct dw_arena *arena;
static struct dw_error error;
static struct settings settings;
static struct dw_buf unused;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(1024 * 1024);
    unused = dw_buf_in(arena);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static bool load(const char *text)
{
    const struct dw_toml *table;

    return dw_fields_standard(&fields, &settings, arena, &error) &&
           dw_toml_parse(S(text), arena, &table, &error) &&
           dw_toml_read_fields(table, &fields, "", &settings, arena, &unused, &error);
}

static void a_file_sets_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    assert_done(load("[gateway]\nlisten = \"x\"\nopen = true\norigins = \"one\"\nidle_s = \"2h\"\n"
                     "environment = { A = \"1\", B = \"2\" }\n[gateway.limits]\nweight = 3\n"
                     "[[gateway.issuer]]\nname = \"i\"\n[[gateway.issuer]]\nweight = 9\n"),
                error);
    assert_slice(settings.listen, "x");
    assert_true(settings.is_open);
    assert_int_equal(settings.origins.count, 1);
    assert_slice(settings.origins.items[0], "one");
    assert_int_equal(settings.idle_s, 7200);
    assert_int_equal(settings.level, 1);
    assert_int_equal(settings.environment.count, 2);
    assert_slice(settings.environment.items[1].name, "B");
    assert_slice(settings.limits.name, "none");
    assert_int_equal(settings.limits.weight, 3);
    assert_int_equal(settings.issuers.count, 2);
    assert_slice(((const struct rule *)settings.issuers.items)[0].name, "i");
    assert_slice(((const struct rule *)settings.issuers.items)[1].name, "none");
    assert_int_equal(((const struct rule *)settings.issuers.items)[1].weight, 9);
    assert_done(load("gateway.issuer = \"text\"\ngateway.idle_s = 5\n"), error);
    assert_slice(settings.issuer, "text");
    assert_int_equal(settings.issuers.count, 0);
    assert_int_equal(settings.idle_s, 5);
}

static void keys_of_the_seed_project_are_accepted_and_named(void **state)
{
    (void)state;
    assert_done(load("[aws]\nregion = \"x\"\n[gateway]\nmemory_mb = 512\n"), error);
    assert_slice(dw_buf_view(&unused), "aws, gateway.memory_mb");
}

static void what_does_not_fit_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[gateway]\nlisten = 1\n", "line 2, column 10: gateway.listen must be a text"},
        {"[gateway]\n lisen = \"x\"\n",
         "line 2, column 2: gateway.lisen is not known; did you mean gateway.listen?"},
        {"[gatway]\nlisten = \"x\"\n",
         "line 1, column 2: gatway is not known; did you mean gateway?"},
        {"[gateway]\nxyzzyxyzzy = 1\n",
         "line 2, column 1: gateway.xyzzyxyzzy is not known; \"doorward config reference\" lists "
         "every key"},
        {"gateway = 1\n", "line 1, column 11: gateway must be a table"},
        {"[gateway]\nidle_s = 86401\n", "line 2, column 10: gateway.idle_s must be 0 to 86400"},
        {"[gateway]\nidle_s = 1.5\n",
         "line 2, column 10: gateway.idle_s must be a number of seconds, or a text like \"15m\" or "
         "\"2h\""},
        {"[gateway]\norigins = [\"a\", 1]\n",
         "line 2, column 11: gateway.origins must be a list of texts"},
        {"[gateway]\nlevel = \"loud\"\n",
         "line 2, column 9: gateway.level must be one of debug, info"},
        {"[gateway.environment]\nA = 1\n",
         "line 1, column 1: gateway.environment must be a table of texts; A is none"},
        {"[[gateway.issuer]]\nname = \"a\"\n[[gateway.issuer]]\nweight = 10\n",
         "line 4, column 10: gateway.issuer.weight must be 0 to 9"},
        {"[[gateway.limits]]\n", "line 1, column 1: gateway.limits must be a table"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(load(cases[i].text), error, DW_CONFIG);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void what_is_printed_reads_back(void **state)
{
    struct dw_buf first = dw_buf_in(arena), second = dw_buf_in(arena);
    struct dw_slice text;

    (void)state;
    assert_done(load("[gateway]\nlisten = \"a\\\"\\\\b\\n\"\norigins = [\"x\", \"y\"]\n"
                     "[gateway.environment]\nA = \"1\"\n[[gateway.issuer]]\nname = \"i\"\n"),
                error);
    dw_fields_print(&fields, "", &settings, &first);
    assert_done(dw_buf_finish(&first, &text, &error), error);
    assert_done(load(text.ptr), error);
    assert_slice(settings.listen, "a\"\\b\n");
    assert_int_equal(settings.issuers.count, 1);
    dw_fields_print(&fields, "", &settings, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_sets_what_it_names_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_of_the_seed_project_are_accepted_and_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused_with_its_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_printed_reads_back, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
