/* A gateway that runs in this process, and connections to it. Everybody may pass. */
#ifndef DW_TEST_GATEWAY_FIXTURE_H
#define DW_TEST_GATEWAY_FIXTURE_H

#include "test.h"

#include "../net/server_fixture.h"

#include "gateway/gateway.h"
#include "http/url.h"

#define META                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define LEGACY(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\"}"

static struct dw_gateway *gateway;
static int gateway_port;

/* For a test to say what is behind it. */
static inline struct dw_gateway_config *gateway_standard(void)
{
    static const struct dw_guard_config guard = {.size = sizeof guard, .is_public = true};
    static struct dw_gateway_config config;
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_error error = {0};

    config = (struct dw_gateway_config){.size = sizeof config};
    assert_done(dw_fields_standard(&dw_gateway_fields, &config, arena, &error), error);
    config.identity_headers = (struct dw_slices){NULL, 0};
    config.listen = S("127.0.0.1:0");
    config.guard = &guard;
    return &config;
}

static inline void gateway_start(const struct dw_gateway_config *config)
{
    struct dw_error error = {0};
    struct dw_url parsed;

    make_net(1);
    gateway = dw_gateway_open(net, config, &error);
    assert_done(gateway != NULL, error);
    assert_done(dw_url_parse(dw_gateway_public_url(gateway), &parsed, &error), error);
    gateway_port = parsed.port;
    assert_int_equal(pthread_create(&server_thread, NULL, run_server, net), 0);
    is_running = true;
}

static inline void gateway_stop(void)
{
    stop_server();
    dw_gateway_close(gateway);
    dw_net_free(net);
    dw_metrics_free(metrics);
}

static inline int dial_gateway(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)gateway_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

#endif
