/* net/server.h: addresses, limits, deadlines, the drain, unix sockets. */
#include "server_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void what_cannot_be_listened_on_says_why(void **state)
{
    static const struct {
        const char *address, *message;
    } cases[] = {
        {"", "\"\" is not an address to listen on; try 127.0.0.1:8420, [::1]:8420, :8420 or "
             "unix:/path"},
        {"127.0.0.1", "\"127.0.0.1\" is not an address to listen on; try 127.0.0.1:8420, "
                      "[::1]:8420, :8420 or unix:/path"},
        {"127.0.0.1:70000", "\"127.0.0.1:70000\" is not an address to listen on; try "
                            "127.0.0.1:8420, [::1]:8420, :8420 or unix:/path"},
        {"example.com:80", "\"example.com\" is not an IP address"},
        {"[::g]:80", "\"::g\" is not an IP address"},
        {"unix:", "the path of a unix socket has 1 to 107 bytes"},
        {"192.0.2.1:80", "192.0.2.1:80 cannot be listened on: address not available"},
        {"unix:/nowhere/socket",
         "unix:/nowhere/socket cannot be listened on: no such file or directory"},
    };
    struct dw_error error;

    (void)state;
    make_net(2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_listener_config config = listener_settings(cases[i].address);

        assert_null(dw_listener_open(net, &config, &error));
        assert_string_equal(error.message, cases[i].message);
    }
}

static void a_port_in_use_is_refused_even_by_another_of_us(void **state)
{
    struct dw_listener_config config = listener_settings("127.0.0.1:0");
    struct dw_error error;
    struct dw_listener *first;
    char address[64], message[128];

    (void)state;
    make_net(2);
    first = dw_listener_open(net, &config, &error);
    assert_done(first != NULL, error);
    snprintf(address, sizeof address, "127.0.0.1:%d", dw_listener_port(first));
    snprintf(message, sizeof message, "%s is in use by another program", address);
    config.address = S(address);
    assert_null(dw_listener_open(net, &config, &error));
    assert_int_equal(error.code, DW_IO);
    assert_string_equal(error.message, message);
}

static void ipv6_and_wildcard_listeners_know_their_peers(void **state)
{
    struct dw_listener_config config = listener_settings(":0");
    int fd;

    (void)state;
    make_net(1);
    start_server(&config);
    fd = dial(); /* IPv4 to the IPv6 wildcard */
    say(fd, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_has(hear_all(fd), "GET /x h 0 127.0.0.1 loopback=1");
}

static void slow_requests_are_408_and_silence_is_closed(void **state)
{
    int idle, slow_head, slow_body, kept;

    (void)state;
    serve((struct dw_listener_limits){
        .head_timeout_ms = 100, .body_timeout_ms = 100, .idle_timeout_ms = 100});
    idle = dial();
    slow_head = dial();
    slow_body = dial();
    kept = dial();
    say(slow_head, "GET /hello HTTP/1.1\r\nHost:");
    say(slow_body, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
    say(kept, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(hear_all(idle), "");
    assert_starts(hear_all(slow_head), "HTTP/1.1 408 ");
    assert_starts(hear_all(slow_body), "HTTP/1.1 408 ");
    assert_has(hear_all(kept), "\r\n\r\nhello");
    assert_int_equal(requests_seen, 1);
}

static void a_drip_of_head_bytes_does_not_extend_the_time(void **state)
{
    int fd, i;

    (void)state;
    serve((struct dw_listener_limits){.head_timeout_ms = 200});
    fd = dial();
    say(fd, "GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    for (i = 0; i < 200 && recv(fd, heard, 12, MSG_DONTWAIT) < 0; i++) {
        say(fd, "x");
        usleep(10000);
    }
    assert_true(i < 100);
    assert_starts(heard, "HTTP/1.1 408");
    close(fd);
}

static void a_drip_of_body_bytes_does_not_extend_the_time(void **state)
{
    static const char *const drops[] = {"x", "1\r\nx\r\n", "x"};
    static const char *const fields[] = {"Content-Length: 4000", "Transfer-Encoding: chunked",
                                         "Content-Length: 400000"};

    (void)state;
    serve((struct dw_listener_limits){.body_timeout_ms = 200});
    for (size_t kind = 0; kind < 3; kind++) {
        int fd = dial(), i;

        say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\n");
        say(fd, fields[kind]);
        say(fd, "\r\n\r\n");
        memset(heard, 0, 16);
        for (i = 0; i < 200 && recv(fd, heard, 12, MSG_DONTWAIT) < 0; i++) {
            say(fd, drops[kind]);
            usleep(10000);
        }
        assert_true(i < 100);
        assert_starts(heard, "HTTP/1.1 408");
        close(fd);
    }
}

static void a_peer_that_takes_no_bytes_is_cut_off(void **state)
{
    int fd;

    (void)state;
    serve((struct dw_listener_limits){.write_timeout_ms = 200});
    fd = dial();
    say(fd, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(comes_true(&gone_early, 1));
    close(fd);
}

static bool is_refused(int fd)
{
    char byte;

    say(fd, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    return recv(fd, &byte, 1, 0) <= 0;
}

static void connections_beyond_the_limits_are_closed_at_once(void **state)
{
    int first, second, third;

    (void)state;
    serve((struct dw_listener_limits){.max_connections_per_address = 2});
    first = dial();
    second = dial();
    say(second, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_has(hear_until(second, "hello"), "200 OK");
    for (int i = 0; i < 500 && dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_OPEN) < 2; i++)
        usleep(10000); /* another loop may be slower to take the first */
    third = dial();
    assert_true(is_refused(third));
    close(third);
    close(first);
    for (int i = 0; i < 500 && dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_OPEN) > 1; i++)
        usleep(10000); /* one leaves: then there is room again */
    third = dial();
    assert_false(is_refused(third));
    close(third);
    close(second);
    stop_server();
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_REFUSED), 1);
    tear_down(NULL);
    serve((struct dw_listener_limits){.max_connections = 1});
    first = dial();
    say(first, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)hear_until(first, "200 OK");
    second = dial();
    assert_true(is_refused(second));
    close(first);
    close(second);
}

static void idle_connections_give_way_when_there_are_too_many(void **state)
{
    struct dw_listener_config config = listener_settings("127.0.0.1:0");

    int idle[5], busy, last;

    (void)state;
    config.limits.max_connections = 6;
    make_net(1); /* each loop looks among its own */
    start_server(&config);
    busy = dial();
    say(busy, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)hear_until(busy, "200 OK");
    idle[0] = dial(); /* says nothing */
    idle[1] = dial();
    say(idle[1], "GET /hello HTTP/1.1\r\nHo"); /* half a head */
    for (int i = 2; i < 5; i++) {
        idle[i] = dial();
        assert_false(is_refused(idle[i])); /* between two requests */
    }
    last = dial();
    assert_false(is_refused(last));
    assert_string_equal(hear_all(idle[0]), ""); /* the oldest went */
    idle[0] = dial();
    assert_false(is_refused(idle[0]));
    assert_string_equal(hear_all(idle[1]), "");
    assert_int_equal(dw_metrics_value(metrics, DW_METRIC_CONNECTIONS_REFUSED), 2);
    for (int i = 2; i < 5; i++)
        assert_false(is_refused(idle[i]));
    close(last);
    close(idle[0]);
    assert_true(recv(busy, heard, 1, 0) == 1);
    for (int i = 2; i < 5; i++)
        close(idle[i]);
    close(busy);
}

static void a_drain_finishes_what_runs_and_closes_what_is_idle(void **state)
{
    int idle, running, pipelined;
    struct dw_error error;

    (void)state;
    (void)error;
    serve((struct dw_listener_limits){0});
    idle = dial();
    say(idle, "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    hear_until(idle, "hello");
    running = dial();
    say(running, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    pipelined = dial();
    say(pipelined, "GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(comes_true(&requests_seen, 3));
    dw_net_stop(net, 30);
    assert_string_equal(hear_all(idle), "");
    assert_has(hear_all(running), "Connection: close\r\n");
    assert_has(heard, "\r\n\r\nlater");
    assert_has(hear_all(pipelined), "later"); /* and no answer to what has not begun */
    assert_null(strstr(heard, "hello"));
    await_end(); /* long before the 30 s */
    assert_int_equal(gone_complete, 3);
}

static void what_does_not_end_is_cut_when_the_drain_is_over(void **state)
{
    int fd;

    (void)state;
    serve((struct dw_listener_limits){0});
    fd = dial();
    say(fd, "GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(comes_true(&requests_seen, 1));
    dw_net_stop(net, 0);
    await_end();
    assert_string_equal(hear_all(fd), "");
    assert_int_equal(gone_early, 1);
}

static int dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memcpy(address.sun_path, path, strlen(path));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void a_unix_socket_is_private_and_replaces_a_stale_one(void **state)
{
    char path[64], address[80];
    struct dw_listener_config config;
    struct dw_error error;
    struct sockaddr_un stale = {.sun_family = AF_UNIX};
    struct stat status;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    snprintf(path, sizeof path, "/tmp/dw-test-%d.socket", (int)getpid());
    snprintf(address, sizeof address, "unix:%s", path);
    memcpy(stale.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (struct sockaddr *)&stale, sizeof stale), 0);
    close(fd); /* a crash leaves the file */
    config = listener_settings(address);
    make_net(2);
    start_server(&config);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    fd = dial_unix(path);
    say(fd, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_has(hear_all(fd), "GET /x h 0 unix loopback=1");
    assert_null(dw_listener_open(net, &config, &error)); /* somebody listens on it */
    assert_int_equal(error.code, DW_IO);
    fd = dial_unix(path);
    say(fd, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_has(hear_all(fd), "loopback=1");
    stop_server();
    assert_int_equal(stat(path, &status), -1);
}

static void without_descriptors_accepting_pauses_and_goes_on(void **state)
{
    struct rlimit before, few;
    int kept[8], last;

    (void)state;
    serve((struct dw_listener_limits){0});
    getrlimit(RLIMIT_NOFILE, &before);
    for (size_t i = 0; i < 8; i++)
        kept[i] = socket(AF_INET, SOCK_STREAM, 0);
    last = dial();
    say(last, "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n"); /* busy: it cannot give way */
    hear_until(last, "200 OK");
    few = before;
    few.rlim_cur = (rlim_t)last + 2; /* its server side may have last + 1 */
    setrlimit(RLIMIT_NOFILE, &few);
    /* A socket from before the limit: the server cannot accept it now. */
    {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)dw_listener_port(listener)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        assert_int_equal(connect(kept[0], (struct sockaddr *)&to, sizeof to), 0);
    }
    for (int i = 0; i < 300 && !log_has("accept_paused"); i++)
        usleep(10000);
    assert_true(log_has("accept_paused"));
    setrlimit(RLIMIT_NOFILE, &before);
    say(kept[0], "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_has(hear_all(kept[0]), "hello");
    for (size_t i = 1; i < 8; i++)
        close(kept[i]);
    close(last);
}

int main(void)
{
#define LISTENER_TEST(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        LISTENER_TEST(what_cannot_be_listened_on_says_why),
        LISTENER_TEST(a_port_in_use_is_refused_even_by_another_of_us),
        LISTENER_TEST(ipv6_and_wildcard_listeners_know_their_peers),
        LISTENER_TEST(slow_requests_are_408_and_silence_is_closed),
        LISTENER_TEST(a_drip_of_head_bytes_does_not_extend_the_time),
        LISTENER_TEST(a_drip_of_body_bytes_does_not_extend_the_time),
        LISTENER_TEST(a_peer_that_takes_no_bytes_is_cut_off),
        LISTENER_TEST(connections_beyond_the_limits_are_closed_at_once),
        LISTENER_TEST(idle_connections_give_way_when_there_are_too_many),
        LISTENER_TEST(a_drain_finishes_what_runs_and_closes_what_is_idle),
        LISTENER_TEST(what_does_not_end_is_cut_when_the_drain_is_over),
        LISTENER_TEST(a_unix_socket_is_private_and_replaces_a_stale_one),
        LISTENER_TEST(without_descriptors_accepting_pauses_and_goes_on),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
