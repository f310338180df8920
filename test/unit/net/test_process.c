/* net/process.h: real child processes, mostly /bin/sh. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/line_buffer.h"
#include "net/process.h"

static struct dw_net *net;
static struct dw_process *process;
static char lines[64][256];
static size_t line_count, line_bytes;
static char talk[8192];
static int64_t exit_status;
static int exit_signal, exits;
static bool frees_in_line;
static void (*after_line)(void);

static int set_up(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 1};
    struct dw_error error;

    (void)state;
    process = NULL;
    line_count = line_bytes = 0;
    talk[0] = '\0';
    exit_status = exit_signal = -1;
    exits = 0;
    frees_in_line = false;
    after_line = NULL;
    net = dw_net_new(&config, &error);
    return net ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_process_free(process);
    dw_net_free(net);
    return 0;
}

static void on_line(void *user, struct dw_slice line)
{
    (void)user;
    assert_int_equal(exits, 0);
    if (line_count < 64)
        snprintf(lines[line_count], sizeof *lines, "%.*s", DW_PRINT(line));
    line_count++;
    line_bytes += line.len;
    if (after_line)
        after_line();
    if (frees_in_line) {
        dw_process_free(process);
        process = NULL;
        dw_net_stop(net, 0);
    }
}

static void on_talk(void *user, struct dw_slice line)
{
    (void)user;
    snprintf(talk, sizeof talk, "%.*s", DW_PRINT(line));
}

static void on_exit_seen(void *user, int64_t status, int number)
{
    (void)user;
    exit_status = status;
    exit_signal = number;
    exits++;
    dw_net_stop(net, 0);
}

static struct dw_process_config shell(const char *script, struct dw_slice command[static 3])
{
    command[0] = S("sh");
    command[1] = S("-c");
    command[2] = S(script);
    return (struct dw_process_config){.size = sizeof(struct dw_process_config),
                                      .command = {command, 3},
                                      .on_line = on_line,
                                      .on_talk = on_talk,
                                      .on_exit = on_exit_seen};
}

static void start(const struct dw_process_config *config)
{
    struct dw_error error;

    process = dw_process_start(dw_net_loop(net, 0), config, &error);
    assert_done(process != NULL, error);
}

static void run(void)
{
    struct dw_error error;

    assert_done(dw_net_run(net, &error), error);
}

static void what_cannot_start_says_why(void **state)
{
    struct dw_slice missing[] = {DW_LIT("no-such-program-here")};
    struct dw_slice folder[] = {DW_LIT("/tmp")};
    struct dw_slice sh[] = {DW_LIT("sh")};
    struct dw_process_config config = {.size = sizeof config, .command = {missing, 1}};
    struct dw_loop *loop = dw_net_loop(net, 0);
    struct dw_error error;

    (void)state;
    assert_null(dw_process_start(loop, &config, &error));
    assert_int_equal(error.code, DW_CONFIG);
    assert_string_equal(error.message, "no-such-program-here: not found in PATH");
    config.command = (struct dw_slices){folder, 1};
    assert_null(dw_process_start(loop, &config, &error));
    assert_string_equal(error.message, "/tmp: no such program, or it may not be executed");
    config.command = (struct dw_slices){sh, 1};
    config.directory = S("/nowhere");
    assert_null(dw_process_start(loop, &config, &error));
    assert_string_equal(error.message, "/nowhere: no such folder to run a command in");
    config.command.count = 0;
    assert_null(dw_process_start(loop, &config, &error));
    assert_string_equal(error.message, "the command is empty");
}

static void lines_come_whole_and_the_exit_comes_last(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config =
        shell("printf 'one\\ntw'; sleep 0.05; printf 'o\\r\\n\\nno newline'; echo talk >&2; exit 7",
              command);

    (void)state;
    start(&config);
    run();
    assert_int_equal(line_count, 4);
    assert_string_equal(lines[0], "one");
    assert_string_equal(lines[1], "two");
    assert_string_equal(lines[2], "");
    assert_string_equal(lines[3], "no newline");
    assert_string_equal(talk, "talk");
    assert_int_equal(exits, 1);
    assert_int_equal(exit_status, 7);
    assert_int_equal(exit_signal, 0);
    assert_false(dw_process_write_line(process, S("hello?")));
}

static void a_crash_tells_its_signal(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("kill -SEGV $$", command);

    (void)state;
    start(&config);
    run();
    assert_int_equal(exit_signal, SIGSEGV);
}

static char long_begin[DW_LINE_ENDS_BYTES + 1], long_end[DW_LINE_ENDS_BYTES + 1];

static void note_long_line(void *user, struct dw_slice begin, struct dw_slice end)
{
    (void)user;
    snprintf(long_begin, sizeof long_begin, "%.*s", DW_PRINT(begin));
    snprintf(long_end, sizeof long_end, "%.*s", DW_PRINT(end));
}

static void of_a_line_over_the_limit_the_ends_are_told_and_the_process_goes_on(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("echo short; printf begin; sleep 0.05; head -c 500000 "
                                            "/dev/zero | tr '\\0' x; echo end; echo next",
                                            command);

    (void)state;
    config.max_line_bytes = 1000;
    config.on_long_line = note_long_line;
    start(&config);
    run();
    assert_int_equal(line_count, 2);
    assert_string_equal(lines[1], "next");
    assert_int_equal(exit_status, 0);
    assert_int_equal(strlen(long_begin), DW_LINE_ENDS_BYTES);
    assert_memory_equal(long_begin, "beginxxx", 8);
    assert_int_equal(strlen(long_end), DW_LINE_ENDS_BYTES);
    assert_string_equal(long_end + DW_LINE_ENDS_BYTES - 6, "xxxend");
}

static void long_talk_is_cut_and_does_not_hurt(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config =
        shell("head -c 100000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo ok", command);

    (void)state;
    start(&config);
    run();
    assert_int_equal(strlen(talk), 4096);
    assert_string_equal(lines[0], "ok");
    assert_int_equal(exit_status, 0);
}

static void write_three(void *user)
{
    (void)user;
    assert_true(dw_process_write_line(process, S("a")));
    assert_true(dw_process_write_line(process, S("")));
    assert_true(dw_process_write_line(process, S("b")));
    dw_process_stop(process);
}

static void what_is_written_before_the_stop_arrives(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("cat; exit 3", command);

    (void)state;
    start(&config);
    assert_true(dw_loop_post(dw_net_loop(net, 0), write_three, NULL));
    run();
    assert_int_equal(line_count, 3);
    assert_string_equal(lines[0], "a");
    assert_string_equal(lines[1], "");
    assert_string_equal(lines[2], "b");
    assert_int_equal(exit_status, 3);
}

static char big_line[1024 * 1024];
static int big_lines_taken;

static void write_without_end(void *user)
{
    (void)user;
    while (big_lines_taken < 20 &&
           dw_process_write_line(process, dw_slice_from(big_line, sizeof big_line)))
        big_lines_taken++;
    dw_process_free(process);
    process = NULL;
    dw_net_stop(net, 5);
}

static void a_process_that_never_reads_is_refused_more(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("sleep 60", command);

    (void)state;
    big_lines_taken = 0;
    memset(big_line, 'x', sizeof big_line);
    start(&config);
    assert_true(dw_loop_post(dw_net_loop(net, 0), write_without_end, NULL));
    run();
    assert_in_range(big_lines_taken, 7, 8); /* 8 MiB and what the pipe holds */
}

static void stop_process(void *user)
{
    (void)user;
    dw_process_stop(process);
}

static void big_lines_arrive_whole(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("cat", command);

    (void)state;
    memset(big_line, 'y', sizeof big_line);
    start(&config);
    for (int i = 0; i < 4; i++)
        assert_true(dw_process_write_line(process, dw_slice_from(big_line, sizeof big_line)));
    assert_true(dw_net_on_stop(net, stop_process, NULL));
    dw_net_stop(net, 30);
    run();
    assert_int_equal(line_count, 4);
    assert_int_equal(line_bytes, 4 * sizeof big_line);
}

static void stop_it(void)
{
    dw_process_stop(process);
}

static void one_that_ignores_everything_is_killed(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config =
        shell("trap '' TERM; echo up; while :; do sleep 0.1; done", command);

    (void)state;
    config.terminate_after_ms = config.kill_after_ms = 50;
    after_line = stop_it;
    start(&config);
    run();
    assert_int_equal(exit_signal, SIGKILL);
}

static void a_stop_asks_with_sigterm_first(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config =
        shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done", command);

    (void)state;
    config.terminate_after_ms = 20;
    after_line = stop_it;
    start(&config);
    run();
    assert_string_equal(lines[1], "bye");
    assert_int_equal(exit_status, 5);
}

static void its_children_end_with_it(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("sleep 61 & echo $!; exit 0", command);
    pid_t grandchild;

    (void)state;
    start(&config);
    run();
    assert_int_equal(exit_status, 0); /* although the grandchild held the pipes open */
    grandchild = (pid_t)strtol(lines[0], NULL, 10);
    assert_true(grandchild > 1);
    for (int i = 0; i < 200 && kill(grandchild, 0) == 0; i++) {
        char path[64];
        FILE *file;
        char stat_line[256] = "";

        snprintf(path, sizeof path, "/proc/%d/stat", (int)grandchild);
        file = fopen(path, "r");
        if (file && fgets(stat_line, sizeof stat_line, file) && strstr(stat_line, ") Z ")) {
            fclose(file);
            return; /* dead; whoever inherits it has not looked yet */
        }
        if (file)
            fclose(file);
        usleep(10000);
    }
    assert_int_equal(kill(grandchild, 0), -1);
}

static void freed_in_its_own_line_nothing_follows(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("echo 1; echo 2; echo 3; sleep 60", command);

    (void)state;
    frees_in_line = true;
    start(&config);
    run();
    assert_int_equal(line_count, 1);
    assert_int_equal(exits, 0);
}

static void freed_without_a_running_loop_leaves_no_zombie(void **state)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("sleep 60", command);
    pid_t id;

    (void)state;
    start(&config);
    id = (pid_t)dw_process_id(process);
    assert_int_equal(kill(id, 0), 0);
    dw_process_free(process);
    process = NULL;
    assert_int_equal(kill(id, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void the_environment_is_inherited_or_clean_as_asked(void **state)
{
    struct dw_slice command[3], variables[] = {DW_LIT("DW_ADDED=2"), DW_LIT("DW_INHERITED=new")};
    struct dw_process_config config =
        shell("echo \"$DW_ADDED $DW_INHERITED $DW_OTHER\"; pwd; env | grep -c ^DW_INH", command);

    (void)state;
    setenv("DW_INHERITED", "old", 1);
    setenv("DW_OTHER", "other", 1);
    config.environment = (struct dw_slices){variables, 2};
    config.directory = S("/");
    start(&config);
    run();
    assert_string_equal(lines[0], "2 new other");
    assert_string_equal(lines[1], "/");
    assert_string_equal(lines[2], "1");
    tear_down(state);
    set_up(state);
    config.is_environment_clean = true;
    start(&config);
    run();
    assert_string_equal(lines[0], "2 new ");
}

static bool start_once(void)
{
    struct dw_slice command[3];
    struct dw_process_config config = shell("exit 0", command);
    struct dw_error error;
    struct dw_process *started = dw_process_start(dw_net_loop(net, 0), &config, &error);

    if (!started)
        assert_int_equal(error.code, DW_NO_MEMORY);
    dw_process_free(started);
    return started != NULL;
}

static void any_allocation_of_a_start_may_fail(void **state)
{
    (void)state;
    torture(start_once);
}

static bool collect(void *user, struct dw_slice line)
{
    char *text = user;
    size_t len = strlen(text);

    snprintf(text + len, 256 - len, "[%.*s]", DW_PRINT(line));
    return true;
}

static void lines_do_not_depend_on_how_the_bytes_were_cut(void **state)
{
    static const char input[] = "a\nbb\r\n\nlonger-than-eight\nend";

    (void)state;
    for (size_t cut = 1; cut < sizeof input; cut++) {
        struct dw_line_buffer buffer = {.limit_bytes = 8, .is_cutting = true};
        char seen[256] = "";

        for (size_t at = 0; at < sizeof input - 1; at += cut)
            assert_true(dw_line_buffer_feed(
                &buffer, dw_slice_sub(dw_slice_from(input, sizeof input - 1), at, cut), collect,
                seen));
        dw_line_buffer_finish(&buffer, collect, seen);
        dw_line_buffer_done(&buffer);
        assert_string_equal(seen, "[a][bb][][longer-t][end]");
    }
}

static bool collect_ends(void *user, struct dw_slice begin, struct dw_slice end)
{
    char *text = user;
    size_t len = strlen(text);

    snprintf(text + len, 256 - len, "{%.*s|%.*s}", DW_PRINT(begin), DW_PRINT(end));
    return true;
}

static void the_ends_of_a_long_line_do_not_depend_on_how_the_bytes_were_cut(void **state)
{
    static const char input[] = "a\n0123456789\nb\n0123456789abcdef\n\nc\n";

    (void)state;
    for (size_t cut = 1; cut < sizeof input; cut++) {
        struct dw_line_buffer buffer = {.limit_bytes = 8, .too_long = collect_ends};
        char seen[256] = "";

        for (size_t at = 0; at < sizeof input - 1; at += cut)
            assert_true(dw_line_buffer_feed(
                &buffer, dw_slice_sub(dw_slice_from(input, sizeof input - 1), at, cut), collect,
                seen));
        dw_line_buffer_done(&buffer);
        /* what began the line when it became too long depends on the cut; never what it is part of
         */
        for (size_t i = 0; seen[i]; i++)
            if (seen[i] == '{')
                memmove(seen + i + 1, strchr(seen + i, '|') + 1, strlen(strchr(seen + i, '|')));
        assert_string_equal(seen, "[a]{0123456789}[b]{0123456789abcdef}[][c]");
    }
}

int main(void)
{
#define PROCESS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PROCESS_TEST(what_cannot_start_says_why),
        PROCESS_TEST(lines_come_whole_and_the_exit_comes_last),
        PROCESS_TEST(a_crash_tells_its_signal),
        PROCESS_TEST(of_a_line_over_the_limit_the_ends_are_told_and_the_process_goes_on),
        PROCESS_TEST(long_talk_is_cut_and_does_not_hurt),
        PROCESS_TEST(what_is_written_before_the_stop_arrives),
        PROCESS_TEST(a_process_that_never_reads_is_refused_more),
        PROCESS_TEST(big_lines_arrive_whole),
        PROCESS_TEST(a_stop_asks_with_sigterm_first),
        PROCESS_TEST(one_that_ignores_everything_is_killed),
        PROCESS_TEST(its_children_end_with_it),
        PROCESS_TEST(freed_in_its_own_line_nothing_follows),
        PROCESS_TEST(freed_without_a_running_loop_leaves_no_zombie),
        PROCESS_TEST(the_environment_is_inherited_or_clean_as_asked),
        PROCESS_TEST(any_allocation_of_a_start_may_fail),
        cmocka_unit_test(lines_do_not_depend_on_how_the_bytes_were_cut),
        cmocka_unit_test(the_ends_of_a_long_line_do_not_depend_on_how_the_bytes_were_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
