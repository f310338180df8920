/* sys/sys.h: files are read whole or not at all, and replaced whole or not at all. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/sys.h"
#include "json/json.h"

static struct dw_arena *arena;
static struct dw_error error;
static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/doorward-test-XXXXXX");
    arena = dw_arena_new(1024 * 1024);
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    dw_arena_free(arena);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    return dw_arena_printf(arena, "%s/%s", folder, name).ptr;
}

static unsigned mode_of(const char *path)
{
    struct stat about;

    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void what_was_written_is_read(void **state)
{
    const char *path = in_folder("a");
    struct dw_slice bytes;

    (void)state;
    assert_done(dw_sys_write_file(path, 0600, dw_slice_from("a\0b", 3), &error), error);
    assert_int_equal(mode_of(path), 0600);
    assert_done(dw_sys_read_file(path, 3, arena, &bytes, &error), error);
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.ptr, "a\0b", 4); /* and a NUL after it */
    assert_done(dw_sys_write_file(path, 0644, DW_EMPTY, &error), error);
    assert_int_equal(mode_of(path), 0644);
    assert_done(dw_sys_read_file(path, 3, arena, &bytes, &error), error);
    assert_int_equal(bytes.len, 0);
}

static void absent_is_not_found_and_long_is_too_large(void **state)
{
    const char *path = in_folder("a");
    struct dw_slice bytes;

    (void)state;
    assert_fails(dw_sys_read_file(path, 10, arena, &bytes, &error), error, DW_NOT_FOUND);
    assert_fails(dw_sys_read_file(in_folder("a/b"), 10, arena, &bytes, &error), error,
                 DW_NOT_FOUND);
    assert_fails(dw_sys_read_file(folder, 10, arena, &bytes, &error), error, DW_IO);
    assert_done(dw_sys_write_file(path, 0600, DW_LIT("12345"), &error), error);
    assert_fails(dw_sys_read_file(path, 4, arena, &bytes, &error), error, DW_TOO_LARGE);
    assert_fails(dw_sys_read_file("/dev/zero", 4, arena, &bytes, &error), error, DW_TOO_LARGE);
    assert_done(dw_sys_read_file("/proc/self/status", 65536, arena, &bytes, &error), error);
    assert_true(bytes.len > 0);
}

static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
    const char *path = in_folder("a");
    struct dw_slice bytes;

    (void)state;
    assert_done(dw_sys_make_folder(path, &error), error);
    assert_fails(dw_sys_write_file(path, 0600, DW_LIT("new"), &error), error, DW_IO);
    assert_fails(dw_sys_write_file(in_folder("none/a"), 0600, DW_LIT("new"), &error), error, DW_IO);
    assert_int_equal(rmdir(path), 0);
    assert_fails(dw_sys_read_file(path, 10, arena, &bytes, &error), error, DW_NOT_FOUND);
    assert_int_equal(rmdir(folder), 0); /* it is empty */
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void a_file_that_is_there_is_not_made_again(void **state)
{
    const char *path = in_folder("made");
    struct dw_slice text;

    (void)state;
    assert_done(dw_sys_make_file(path, 0600, S("first"), &error), error);
    assert_done(dw_sys_make_file(path, 0644, S("second"), &error), error);
    assert_done(dw_sys_read_file(path, 100, arena, &text, &error), error);
    assert_slice(text, "first");
    assert_int_equal(mode_of(path), 0600);
    assert_fails(dw_sys_make_file(in_folder("absent/made"), 0600, S("x"), &error), error, DW_IO);
}

static void folders_are_made_with_their_parents(void **state)
{
    const char *path = in_folder("a/b//c");

    (void)state;
    assert_done(dw_sys_make_folder(path, &error), error);
    assert_done(dw_sys_make_folder(path, &error), error);
    assert_int_equal(mode_of(path), 0700);
    assert_done(dw_sys_write_file(in_folder("file"), 0600, DW_EMPTY, &error), error);
    assert_fails(dw_sys_make_folder(in_folder("file"), &error), error, DW_IO);
    assert_fails(dw_sys_make_folder(in_folder("file/x"), &error), error, DW_IO);
    assert_fails(dw_sys_make_folder("", &error), error, DW_IO);
}

static void a_log_line_is_json_and_reopening_makes_a_new_file(void **state)
{
    const char *path = in_folder("log"), *moved = in_folder("log.1");
    const struct dw_log *log = dw_sys_log_to_file(path, DW_LOG_INFO, &error);
    const struct dw_json *line;
    struct dw_slice bytes;

    (void)state;
    assert_non_null(log);
    dw_log(log, DW_LOG_DEBUG, "hidden");
    dw_log(log, DW_LOG_WARN, "first", DW_S("who", DW_LIT("a\"b")), DW_I("count", 3));
    assert_int_equal(rename(path, moved), 0);
    dw_sys_log_reopen();
    dw_log(log, DW_LOG_INFO, "second");
    assert_int_equal(mode_of(path), 0600);
    assert_done(dw_sys_read_file(moved, 4096, arena, &bytes, &error), error);
    assert_done(dw_json_parse(bytes, arena, &line, &error), error);
    assert_slice(dw_json_text(line, "level"), "warn");
    assert_slice(dw_json_text(line, "event"), "first");
    assert_slice(dw_json_text(line, "who"), "a\"b");
    assert_int_equal(dw_json_text(line, "time").len, 24);
    assert_done(dw_sys_read_file(path, 4096, arena, &bytes, &error), error);
    assert_done(dw_json_parse(bytes, arena, &line, &error), error);
    assert_slice(dw_json_text(line, "event"), "second");
    assert_null(dw_sys_log_to_file(in_folder("none/log"), DW_LOG_INFO, &error));
}

static void random_bytes_differ_and_clocks_go_on(void **state)
{
    unsigned char a[64] = {0}, b[64] = {0};
    int64_t before_us = dw_sys_monotonic_us();

    (void)state;
    dw_sys_random(a, sizeof a);
    dw_sys_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(dw_sys_monotonic_us() >= before_us);
    assert_true(dw_sys_wall_ms() / 1000 - dw_sys_wall_s() <= 1);
    assert_true(dw_sys_wall_s() > INT64_C(1700000000));
}

static void an_unset_variable_is_told_from_an_empty_one(void **state)
{
    (void)state;
    unsetenv("DOORWARD_TEST");
    assert_null(dw_sys_environment("DOORWARD_TEST").ptr);
    setenv("DOORWARD_TEST", "", 1);
    assert_non_null(dw_sys_environment("DOORWARD_TEST").ptr);
    assert_int_equal(dw_sys_environment("DOORWARD_TEST").len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absent_is_not_found_and_long_is_too_large, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_there_is_not_made_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_line_is_json_and_reopening_makes_a_new_file, set_up,
                                        tear_down),
        cmocka_unit_test(random_bytes_differ_and_clocks_go_on),
        cmocka_unit_test(an_unset_variable_is_told_from_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
