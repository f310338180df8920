/* cli/options.h: the command line by a table. */
#include "test.h"

#include "cli/options.h"

struct settings {
    struct dw_slice listen;
    struct dw_slices users;
    bool is_json;
};

static const struct dw_option options[] = {
    {"listen", "ADDRESS", false, offsetof(struct settings, listen), "where"},
    {"user", "EMAIL", true, offsetof(struct settings, users), "who"},
    {"json", NULL, false, offsetof(struct settings, is_json), "how"},
};
static const struct dw_verb verb = {
    .name = "test", .arguments = "", .summary = "", .options = options, .option_count = 3};

static struct dw_arena *arena;
static struct settings settings;
static struct dw_slices rest;

static int set_up(void **state)
{
    (void)state;
    arena = dw_arena_new(65536);
    memset(&settings, 0, sizeof settings);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

/* Words between spaces. */
static enum dw_options_result read_words(const char *line)
{
    char *argv[16];
    struct dw_slice left = S(line), word;
    int argc = 0;

    while (argc < 16 && dw_slice_split(&left, ' ', &word))
        argv[argc++] = dw_arena_text(arena, word);
    return dw_options_read(&verb, argc, argv, &settings, arena, &rest);
}

static void options_set_their_members(void **state)
{
    (void)state;
    assert_int_equal(read_words("test --listen a --user b --json --user=c=d one -- --two -"),
                     DW_OPTIONS_RUN);
    assert_slice(settings.listen, "a");
    assert_int_equal(settings.users.count, 2);
    assert_slice(settings.users.items[0], "b");
    assert_slice(settings.users.items[1], "c=d");
    assert_true(settings.is_json);
    assert_int_equal(rest.count, 3);
    assert_slice(rest.items[0], "one");
    assert_slice(rest.items[1], "--two");
    assert_slice(rest.items[2], "-");
    assert_int_equal(read_words("test --listen="), DW_OPTIONS_RUN);
    assert_int_equal(settings.listen.len, 0);
    assert_non_null(settings.listen.ptr);
}

static void what_is_no_option_is_used_wrongly(void **state)
{
    (void)state;
    assert_int_equal(read_words("test --lissten a"), DW_OPTIONS_WRONG);
    assert_int_equal(read_words("test --listen"), DW_OPTIONS_WRONG);
    assert_int_equal(read_words("test --json=yes"), DW_OPTIONS_WRONG);
    assert_int_equal(read_words("test --xyz"), DW_OPTIONS_WRONG);
    assert_int_equal(read_words("test -x"), DW_OPTIONS_WRONG);
}

static void a_command_keeps_its_own_options(void **state)
{
    char *argv[] = {(char[]){"test"},     (char[]){"--json"}, (char[]){"node"},
                    (char[]){"--listen"}, (char[]){"-p"},     NULL};
    struct dw_verb with_command = verb;

    (void)state;
    with_command.takes_command = true;
    assert_int_equal(dw_options_read(&with_command, 5, argv, &settings, arena, &rest),
                     DW_OPTIONS_RUN);
    assert_true(settings.is_json);
    assert_int_equal(settings.listen.len, 0);
    assert_int_equal(rest.count, 3);
    assert_slice(rest.items[1], "--listen");
    assert_slice(rest.items[2], "-p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(options_set_their_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_option_is_used_wrongly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_command_keeps_its_own_options, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
