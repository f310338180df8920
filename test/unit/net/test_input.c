/* net/input.h: pipes, sockets and files. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/input.h"

#define LARGE_BYTES ((size_t)300 * 1000) /* several reads */

static struct dw_net *net;
static struct dw_input *input;
static char *got;
static size_t got_len, wanted_len;
static int ends;

static int set_up(void **state)
{
    struct dw_net_config config = {.size = sizeof config, .loop_count = 1};
    struct dw_error error;

    (void)state;
    input = NULL;
    got = malloc(2 * LARGE_BYTES);
    got_len = 0;
    wanted_len = 0;
    ends = 0;
    net = dw_net_new(&config, &error);
    return got && net ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dw_input_close(input);
    dw_net_free(net);
    free(got);
    return 0;
}

/* Until the end, or until wanted_len bytes are there. */
static bool arrived(void *user, struct dw_slice bytes)
{
    assert_ptr_equal(user, &got_len);
    assert_int_equal(ends, 0);
    assert_true(bytes.len <= 2 * LARGE_BYTES - got_len);
    memcpy(got + got_len, bytes.ptr, bytes.len);
    got_len += bytes.len;
    ends += bytes.len == 0;
    if (ends || (wanted_len && got_len >= wanted_len)) {
        dw_net_stop(net, 0);
        return false;
    }
    return true;
}

static void read_all_of(int fd)
{
    struct dw_error error;

    input = dw_input_open(dw_net_loop(net, 0), fd, arrived, &got_len, &error);
    assert_non_null(input);
    assert_true(dw_net_run(net, &error));
}

static void put_pattern(char *bytes)
{
    for (size_t i = 0; i < LARGE_BYTES; i++)
        bytes[i] = (char)(i * 31 % 251);
}

static void check_pattern(void)
{
    char *bytes = malloc(LARGE_BYTES);

    assert_non_null(bytes);
    put_pattern(bytes);
    assert_int_equal(got_len, LARGE_BYTES);
    assert_memory_equal(got, bytes, LARGE_BYTES);
    free(bytes);
}

/* A child writes the pattern to fd, so that it comes in many pieces. */
static void start_writer(int fd, int other)
{
    static char bytes[LARGE_BYTES];

    if (fork() != 0)
        return;
    close(other);
    put_pattern(bytes);
    for (size_t at = 0; at < LARGE_BYTES;) {
        ssize_t count = write(fd, bytes + at, LARGE_BYTES - at < 7001 ? LARGE_BYTES - at : 7001);

        if (count <= 0)
            _exit(1);
        at += (size_t)count;
    }
    _exit(0);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    int ends_of_it[2];

    (void)state;
    assert_int_equal(pipe(ends_of_it), 0);
    start_writer(ends_of_it[1], ends_of_it[0]);
    close(ends_of_it[1]);
    read_all_of(ends_of_it[0]);
    check_pattern();
    assert_int_equal(ends, 1);
    close(ends_of_it[0]);
}

static void a_socket_is_read_to_its_end(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    start_writer(pair[1], pair[0]);
    close(pair[1]);
    read_all_of(pair[0]);
    check_pattern();
    assert_int_equal(ends, 1);
    close(pair[0]);
}

static void a_file_is_read_to_its_end(void **state)
{
    FILE *file = tmpfile();
    char *bytes = malloc(LARGE_BYTES);

    (void)state;
    assert_non_null(file);
    assert_non_null(bytes);
    put_pattern(bytes);
    assert_int_equal(fwrite(bytes, 1, LARGE_BYTES, file), LARGE_BYTES);
    rewind(file);
    read_all_of(fileno(file));
    check_pattern();
    assert_int_equal(ends, 1);
    free(bytes);
    fclose(file);
}

static void what_cannot_be_read_ends_at_once(void **state)
{
    int fd = open("/dev/null", O_WRONLY);

    (void)state;
    read_all_of(fd);
    assert_int_equal(got_len, 0);
    assert_int_equal(ends, 1);
    close(fd);
}

static void nothing_comes_after_a_no(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    wanted_len = 3;
    assert_int_equal(write(pair[1], "one", 3), 3);
    read_all_of(pair[0]);
    assert_int_equal(got_len, 3);
    assert_int_equal(ends, 0);
    close(pair[0]);
    close(pair[1]);
}

static void a_file_that_is_left_is_closed_cleanly(void **state)
{
    int fd = open("/dev/zero", O_RDONLY);

    (void)state;
    wanted_len = 1;
    read_all_of(fd);
    assert_true(got_len >= 1);
    close(fd);
}

static void closing_leaves_the_descriptor_as_it_was(void **state)
{
    struct dw_error error;
    int pair[2], flags;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    flags = fcntl(pair[0], F_GETFL);
    input = dw_input_open(dw_net_loop(net, 0), pair[0], arrived, &got_len, &error);
    assert_non_null(input);
    assert_true(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
    dw_input_close(input);
    input = NULL;
    assert_int_equal(fcntl(pair[0], F_GETFL), flags);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pipe_is_read_to_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_socket_is_read_to_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_read_to_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_ends_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_comes_after_a_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_left_is_closed_cleanly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_leaves_the_descriptor_as_it_was, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
