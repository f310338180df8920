/* sys/log_sink.c: lines arrive whole, alone or together. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/sys.h"

#define WRITERS 4
#define LINES_EACH 200

static char text[1024 * 1024];

static size_t read_all(int fd)
{
    size_t len = 0;
    ssize_t count;

    while ((count = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)count;
    text[len] = '\0';
    return len;
}

static void a_line_has_time_and_level(void **state)
{
    int ends[2];
    const struct dw_log *log;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log = dw_sys_log_to_fd(ends[1], DW_LOG_INFO);
    dw_log(log, DW_LOG_DEBUG, "quiet");
    dw_log(log, DW_LOG_WARN, "loud", DW_I("n", 1));
    close(ends[1]);
    read_all(ends[0]);
    close(ends[0]);
    assert_memory_equal(text, "{\"time\":\"20", 11);
    assert_string_equal(text + 33, "\",\"level\":\"warn\",\"event\":\"loud\",\"n\":1}\n");
}

static void many_lines_in_one_call_are_lines(void **state)
{
    struct dw_slice lines[150];
    const struct dw_log *log;
    size_t count = 0;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log = dw_sys_log_to_fd(ends[1], DW_LOG_INFO);
    for (size_t i = 0; i < 150; i++)
        lines[i] = S("\"event\":\"e\"");
    log->write_lines(log->user, DW_LOG_INFO, lines, 150);
    close(ends[1]);
    read_all(ends[0]);
    close(ends[0]);
    for (const char *at = text; (at = strstr(at, "\"level\":\"info\",\"event\":\"e\"}\n")); at++)
        count++;
    assert_int_equal(count, 150);
}

static void *write_many(void *user)
{
    const struct dw_log *log = user;
    static char padding[900];

    memset(padding, 'x', sizeof padding);
    for (int i = 0; i < LINES_EACH; i++)
        dw_log(log, DW_LOG_INFO, "padded", DW_S("padding", dw_slice_from(padding, 900)));
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    char path[] = "/tmp/dw-log-XXXXXX";
    pthread_t threads[WRITERS];
    const struct dw_log *log;
    struct dw_error error;
    struct dw_slice rest, line;
    size_t count = 0, first_len = 0;
    int fd = mkstemp(path);

    (void)state;
    log = dw_sys_log_to_file(path, DW_LOG_INFO, &error);
    assert_done(log != NULL, error);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_many, (void *)(uintptr_t)log);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    rest = dw_slice_from(text, read_all(fd));
    close(fd);
    unlink(path);
    while (dw_slice_split(&rest, '\n', &line)) {
        if (!line.len)
            continue;
        first_len = first_len ? first_len : line.len;
        assert_int_equal(line.len, first_len);
        assert_true(dw_slice_starts_with(line, S("{\"time\":\"")));
        assert_true(dw_slice_ends_with(line, S("x\"}")));
        count++;
    }
    assert_int_equal(count, WRITERS * LINES_EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_and_level),
        cmocka_unit_test(many_lines_in_one_call_are_lines),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
