/* sys/sorted_file.h */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/sorted_file.h"
#include "test.h"

static char path[64];

enum style {
    WITH_COUNTS, /* "HEX:7" */
    WITH_CRLF,
    LOWER_WITHOUT_LINES, /* one endless line */
};

static void write_lines(int count, enum style style, int step)
{
    FILE *file;

    snprintf(path, sizeof path, "/tmp/doorward-sorted-XXXXXX");
    file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    for (int i = 0; i < count; i++) {
        unsigned key = (unsigned)(i * step);

        if (style == LOWER_WITHOUT_LINES)
            fprintf(file, "%040x", key);
        else
            fprintf(file, "%040X:%d%s", key, i, style == WITH_CRLF ? "\r\n" : "\n");
    }
    fclose(file);
}

static bool has(const char *key)
{
    struct dw_error error = {0};
    bool is_there = false;

    assert_done(dw_sys_sorted_file_has(path, S(key), &is_there, &error), error);
    return is_there;
}

static void every_line_is_found_and_nothing_between_them(void **state)
{
    static const int counts[] = {0, 1, 2, 80, 100, 101, 5000};

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        char key[48];

        write_lines(counts[c], WITH_COUNTS, 2);
        for (int i = -1; i <= counts[c] * 2; i++) {
            if (i < 0)
                continue;
            snprintf(key, sizeof key, "%040X", i);
            if (has(key) != (i % 2 == 0 && i < counts[c] * 2))
                fail_msg("%d of %d", i, counts[c]);
        }
        assert_false(has("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"));
        (void)unlink(path);
    }
}

static void case_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    write_lines(3000, WITH_CRLF, 7);
    assert_true(has("0000000000000000000000000000000000000AAB") == (0xAAB % 7 == 0));
    assert_true(has("000000000000000000000000000000000000001c"));
    assert_true(has("000000000000000000000000000000000000001C"));
    (void)unlink(path);
    write_lines(3000, LOWER_WITHOUT_LINES, 1);
    assert_true(has("0000000000000000000000000000000000000000"));
    assert_false(has("0000000000000000000000000000000000000001"));
    (void)unlink(path);
}

static void a_file_that_is_not_there_is_an_answer_to_nothing(void **state)
{
    struct dw_error error = {0};
    bool is_there = true;

    (void)state;
    assert_false(dw_sys_sorted_file_has("/nonexistent/list", S("00"), &is_there, &error));
    assert_int_equal(error.code, DW_IO);
    assert_false(is_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_found_and_nothing_between_them),
        cmocka_unit_test(case_and_line_ends_do_not_matter),
        cmocka_unit_test(a_file_that_is_not_there_is_an_answer_to_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
