/* The HTTP server alone: every request gets 200 bytes of JSON. What a request costs before anybody
 * has looked at it.
 *
 * bench_plain_server ADDRESS [loops]   prints the port, serves until SIGTERM, then prints requests,
 *                                      CPU microseconds a request (user, system) and its memory */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "net/server.h"

static const char body[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"what a "
    "small tool says to a client: enough words to make an answer of two hundred bytes, as in real "
    "life\"}],\"isError\":false}}";
static _Atomic unsigned long requests;

static void on_request(void *user, struct dw_exchange *exchange)
{
    static const struct dw_http_field fields[] = {
        {DW_LIT("Content-Type"), DW_LIT("application/json")}};

    (void)user;
    requests++;
    if (dw_slice_eq(dw_exchange_request(exchange)->path, DW_LIT("/stream")))
        dw_exchange_start(exchange, 200, (struct dw_http_fields){fields, 1}, -1);
    else
        dw_exchange_respond(exchange, 200, (struct dw_http_fields){fields, 1},
                            dw_slice_from(body, sizeof body - 1));
}

static double us(struct timeval time)
{
    return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

int main(int argc, char **argv)
{
    struct dw_metrics *metrics = dw_metrics_new();
    struct dw_net_config config = {.size = sizeof config,
                                   .loop_count = argc > 2 ? (unsigned)atoi(argv[2]) : 1,
                                   .metrics = metrics};
    struct dw_listener_config listener_config = {
        .size = sizeof listener_config,
        .address = dw_slice_from_text(argc > 1 ? argv[1] : "127.0.0.1:0"),
        .handler = {NULL, on_request, NULL},
        .limits = {.max_connections = 100000},
    };
    struct rusage usage;
    struct dw_error error;
    struct dw_net *net = dw_net_new(&config, &error);
    struct dw_listener *listener = net ? dw_listener_open(net, &listener_config, &error) : NULL;

    if (!listener) {
        fprintf(stderr, "%s %s\n", error.message, error.cause);
        return 1;
    }
    printf("%d\n", dw_listener_port(listener));
    fflush(stdout);
    if (!dw_net_run(net, &error))
        return 1;
    getrusage(RUSAGE_SELF, &usage);
    if (requests)
        printf("requests %lu, user %.2f us, system %.2f us each, %ld KB at most\n", requests,
               us(usage.ru_utime) / (double)requests, us(usage.ru_stime) / (double)requests,
               usage.ru_maxrss);
    dw_net_free(net);
    dw_metrics_free(metrics);
    return 0;
}
