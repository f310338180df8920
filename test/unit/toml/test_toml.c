/* toml/toml.h: the tree, its places and its errors. */
#include "test.h"

#include "toml/toml.h"

static struct dw_arena *arena;
static struct dw_error error;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(8 * 1024 * 1024);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static void every_type_is_read_with_its_place(void **state)
{
    static const char text[] = "zebra = \"a\\tb\"\n"
                               "apple = -7\n"
                               "[gateway]\n"
                               "  ratio = 1.5\n"
                               "  \"is open\" = true\n"
                               "  list = [\"x\", 2,\n    [3]]\n"
                               "  at = 2026-11-23T07:25:00Z\n"
                               "[[rule]]\nname = 'one'\n[[rule]]\nname = 'two'\n";
    const struct dw_toml *table, *gateway, *value;

    (void)state;
    assert_done(dw_toml_parse(S(text), arena, &table, &error), error);
    assert_int_equal(table->type, DW_TOML_TABLE);
    assert_int_equal(table->member_count, 4);
    assert_slice(table->members[0].key, "zebra"); /* the order of the file, not of the alphabet */
    assert_slice(table->members[0].value.text, "a\tb");
    assert_int_equal(table->members[1].line, 2);
    assert_int_equal(table->members[1].column, 1);
    assert_int_equal(table->members[1].value.integer, -7);
    assert_int_equal(table->members[1].value.column, 9);
    gateway = dw_toml_get(table, S("gateway"));
    assert_true(dw_toml_get(gateway, S("ratio"))->number > 1.49);
    assert_int_equal(dw_toml_get(gateway, S("is open"))->type, DW_TOML_BOOL);
    assert_true(dw_toml_get(gateway, S("is open"))->boolean);
    value = dw_toml_get(gateway, S("list"));
    assert_int_equal(value->item_count, 3);
    assert_int_equal(value->items[2].line, 7);
    assert_int_equal(value->items[2].column, 5);
    assert_int_equal(value->items[2].items[0].integer, 3);
    assert_int_equal(dw_toml_get(gateway, S("at"))->type, DW_TOML_TIME);
    assert_slice(dw_toml_get(gateway, S("at"))->text, "2026-11-23T07:25:00Z");
    value = dw_toml_get(table, S("rule"));
    assert_int_equal(value->item_count, 2);
    assert_slice(dw_toml_get(&value->items[1], S("name"))->text, "two");
    assert_null(dw_toml_get(table, S("none")));
    assert_null(dw_toml_get(value, S("name")));
}

static void nothing_is_an_empty_table(void **state)
{
    const struct dw_toml *table;

    (void)state;
    assert_done(dw_toml_parse(DW_EMPTY, arena, &table, &error), error);
    assert_int_equal(table->type, DW_TOML_TABLE);
    assert_int_equal(table->member_count, 0);
}

static void what_is_wrong_is_said_with_line_and_column(void **state)
{
    static const struct {
        const char *text;
        const char *start;
    } cases[] = {
        {"a = 1\nb = \n", "line 2, column "},
        {"a = 1\na = 2\n", "line 2, column 5: "},
        {"[t]\n[t]\n", "line 2, column "},
        {"a = 'x", "line 1, column "},
        {"a = 1 b = 2", "line 1, column "},
        {"x\n", "line 1, column "},
        {"a = 99999999999999999999", "line 1, column "},
        {"\n\n a = \"\xff\"", "line 3, column "},
        {"a = 1\n[\x01 a\n", "line 2, column 2: a control character (01)"},
        {"[!]", "line 1, column "},
        {"a.b = 1\na = 2\n", "line 2, column "},
    };
    const struct dw_toml *table;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(dw_toml_parse(S(cases[i].text), arena, &table, &error), error, DW_CONFIG);
        if (!dw_slice_starts_with(S(error.message), S(cases[i].start)))
            assert_string_equal(error.message, cases[i].start);
    }
}

static void too_long_or_too_deep_is_refused(void **state)
{
    size_t len = 1024 * 1024 + 1;
    char *text = dw_arena_alloc(arena, len);
    const struct dw_toml *table;

    (void)state;
    memset(text, '\n', len);
    assert_fails(dw_toml_parse(dw_slice_from(text, len), arena, &table, &error), error, DW_CONFIG);
    memset(text, '[', 100000);
    text[0] = 'a';
    text[1] = '=';
    assert_fails(dw_toml_parse(dw_slice_from(text, 100000), arena, &table, &error), error,
                 DW_CONFIG);
}

static bool parse_some(void)
{
    struct dw_arena *own = dw_arena_new(65536);
    const struct dw_toml *table;
    bool is_done = own && dw_toml_parse(S("a=1\n[b]\nc=['d',{e=1.5}]\n"), own, &table, &error);

    assert_true(is_done || !own || error.code == DW_NO_MEMORY);
    dw_arena_free(own);
    return is_done;
}

static void running_out_of_memory_is_no_memory(void **state)
{
    (void)state;
    torture(parse_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_with_its_place),
        cmocka_unit_test(nothing_is_an_empty_table),
        cmocka_unit_test(what_is_wrong_is_said_with_line_and_column),
        cmocka_unit_test(too_long_or_too_deep_is_refused),
        cmocka_unit_test(running_out_of_memory_is_no_memory),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
