/* base/field.h: one table of rows sets, checks, prints and documents. */
#include "test.h"

#include "base/field.h"

struct inner {
    struct dw_slice name;
    int64_t weight;
};

struct settings {
    struct dw_slice listen;
    int64_t sessions;
    int64_t idle_s;
    bool is_open;
    struct dw_slices origins;
    int level;
    struct dw_secret key;
    struct dw_field_pairs environment;
    struct dw_field_tables rules;
    struct inner limits;
};

static const char *const levels[] = {"debug", "info", "warn", NULL};

static const struct dw_field inner_rows[] = {
    DW_TEXT_ROW(struct inner, name, "name", "none", "what it is called"),
    DW_INT_ROW(struct inner, weight, "weight", -5, 5, 1, "how heavy"),
};
static const struct dw_fields inner_fields = DW_FIELDS(struct inner, inner_rows);

static const struct dw_field rows[] = {
    DW_TEXT_ROW(struct settings, listen, "listen", "127.0.0.1:1", "where to listen"),
    DW_INT_ROW(struct settings, sessions, "sessions", 1, 600, 10, "at most"),
    DW_SECONDS_ROW(struct settings, idle_s, "idle_s", 0, 86400, 300, "how long"),
    DW_BOOL_ROW(struct settings, is_open, "open", true, "whether"),
    DW_TEXTS_ROW(struct settings, origins, "origins", "a b", "from where"),
    DW_ENUM_ROW(struct settings, level, "level", levels, 1, "how much"),
    DW_SECRET_ROW(struct settings, key, "key", "never shown"),
    DW_PAIRS_ROW(struct settings, environment, "environment", "for the child"),
    DW_TABLES_ROW(struct settings, rules, "rule", &inner_fields, "in order"),
    DW_TABLE_ROW(offsetof(struct settings, limits), "limits", &inner_fields, "inside"),
    DW_UNUSED_ROW("memory_mb"),
};
static const struct dw_fields fields = DW_FIELDS(struct settings, rows);

static struct dw_arena *arena;
static struct dw_error error;
static struct settings settings;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(1024 * 1024);
    memset(&settings, 0xff, sizeof settings);
    return arena && dw_fields_standard(&fields, &settings, arena, &error) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static bool set(const char *name, const char *text)
{
    return dw_field_set(dw_fields_find(&fields, S(name)), &settings, S(text), arena, &error);
}

static void what_was_not_said_is_standard(void **state)
{
    (void)state;
    assert_slice(settings.listen, "127.0.0.1:1");
    assert_int_equal(settings.sessions, 10);
    assert_int_equal(settings.idle_s, 300);
    assert_true(settings.is_open);
    assert_int_equal(settings.origins.count, 2);
    assert_slice(settings.origins.items[1], "b");
    assert_int_equal(settings.level, 1);
    assert_int_equal(settings.key.hidden.len, 0);
    assert_int_equal(settings.environment.count, 0);
    assert_int_equal(settings.rules.count, 0);
    assert_slice(settings.limits.name, "none");
    assert_int_equal(settings.limits.weight, 1);
}

static void text_sets_every_kind(void **state)
{
    (void)state;
    assert_done(set("listen", "x"), error);
    assert_done(set("sessions", "600"), error);
    assert_done(set("idle_s", "15m"), error);
    assert_done(set("open", "false"), error);
    assert_done(set("origins", "one, two,,three"), error);
    assert_done(set("level", "warn"), error);
    assert_done(set("key", "hush"), error);
    assert_slice(settings.listen, "x");
    assert_int_equal(settings.sessions, 600);
    assert_int_equal(settings.idle_s, 900);
    assert_false(settings.is_open);
    assert_int_equal(settings.origins.count, 3);
    assert_slice(settings.origins.items[1], "two");
    assert_int_equal(settings.level, 2);
    assert_slice(settings.key.hidden, "hush");
    assert_done(set("idle_s", "1d"), error);
    assert_int_equal(settings.idle_s, 86400);
}

static void what_the_row_does_not_allow_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"sessions", "0", "must be 1 to 600"},
        {"sessions", "601", "must be 1 to 600"},
        {"sessions", "many", "must be a whole number"},
        {"sessions", "", "must be a whole number"},
        {"idle_s", "2d", "must be 0 to 86400"},
        {"idle_s", "d", "must be a number of seconds, or a text like \"15m\" or \"2h\""},
        {"idle_s", "99999999999999999d",
         "must be a number of seconds, or a text like \"15m\" or \"2h\""},
        {"open", "yes", "must be true or false"},
        {"level", "loud", "must be one of debug, info, warn"},
        {"environment", "a", "must be a table of texts"},
        {"limits", "a", "must be a table"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(set(cases[i].name, cases[i].text), error, DW_CONFIG);
        assert_string_equal(error.message, cases[i].message);
    }
    assert_int_equal(settings.sessions, 10);
    assert_fails(dw_field_set_bool(dw_fields_find(&fields, S("listen")), &settings, true, &error),
                 error, DW_CONFIG);
    assert_string_equal(error.message, "must be a text");
}

static void a_wrong_name_has_a_nearest_one(void **state)
{
    (void)state;
    assert_null(dw_fields_find(&fields, S("lisen")));
    assert_slice(dw_fields_nearest(&fields, S("lisen")), "listen");
    assert_slice(dw_fields_nearest(&fields, S("memory_m")), "");
}

static void what_is_in_force_is_printed_without_secrets(void **state)
{
    struct inner inner[] = {{DW_LIT("a\"b"), 2}, {DW_LIT("c"), -1}};
    struct dw_field_pair pair = {DW_LIT("HOME"), DW_LIT("/")};
    struct dw_buf out = dw_buf_in(arena);

    (void)state;
    settings.rules = (struct dw_field_tables){inner, 2};
    settings.environment = (struct dw_field_pairs){&pair, 1};
    settings.key = dw_secret_from(DW_LIT("hush"));
    dw_fields_print(&fields, "x", &settings, &out);
    assert_slice(dw_buf_view(&out),
                 "[x]\nlisten = \"127.0.0.1:1\"\nsessions = 10\nidle_s = 300\nopen = true\n"
                 "origins = [\"a\", \"b\"]\nlevel = \"info\"\nkey = \"(secret)\"\n"
                 "\n[x.environment]\n\"HOME\" = \"/\"\n"
                 "\n[[x.rule]]\nname = \"a\\\"b\"\nweight = 2\n"
                 "\n[[x.rule]]\nname = \"c\"\nweight = -1\n"
                 "\n[x.limits]\nname = \"none\"\nweight = 1\n");
}

static void the_reference_has_every_row(void **state)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    (void)state;
    dw_fields_print_reference(&fields, "x", &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_non_null(
        strstr(text.ptr, "| `listen` | text | `\"127.0.0.1:1\"` | where to listen |\n"));
    assert_non_null(strstr(text.ptr, "| `sessions` | number, 1 to 600 | `10` | at most |\n"));
    assert_non_null(
        strstr(text.ptr, "| `level` | one of `debug`, `info`, `warn` | `\"info\"` | how much |\n"));
    assert_non_null(strstr(text.ptr, "\n## `[[x.rule]]`\n\nin order\n"));
    assert_non_null(strstr(text.ptr, "\n## `[x.limits]`\n\ninside\n"));
    assert_non_null(strstr(text.ptr, "without effect: `memory_mb`.\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_not_said_is_standard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_sets_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_row_does_not_allow_is_refused_with_the_reason,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_name_has_a_nearest_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_force_is_printed_without_secrets, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_reference_has_every_row, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
