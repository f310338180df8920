/* Opening and closing the gateway: its configuration, listeners, guard and upstream. */
#include "gateway/gateway_internal.h"

#include "base/mem.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define REAP_MS 5000

static bool open_tls(struct dw_gateway *gateway, struct dw_error *reterr)
{
    const struct dw_gateway_config *config = gateway->config;
    char *certificate, *key;

    if (config->tls_certificate.len == 0)
        return true;
    certificate = dw_arena_text(gateway->arena, config->tls_certificate);
    key = dw_arena_text(gateway->arena, config->tls_key);
    if (!certificate || !key)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    gateway->tls = dw_server_tls_open(certificate, key, reterr);
    return gateway->tls;
}

static bool open_listeners(struct dw_gateway *gateway, int *ret_port, struct dw_error *reterr)
{
    struct dw_listener_config config = {
        .size = sizeof config,
        .address = gateway->config->listen,
        .handler = dw_endpoint_handler,
        .tls = gateway->config->tls ? gateway->config->tls : gateway->tls,
        .log_event = "http_request",
    };
    struct dw_listener_config admin = {
        .size = sizeof admin,
        .address = gateway->config->admin_listen,
        .handler = dw_admin_handler,
    };
    struct dw_listener *listener;

    config.handler.user = gateway;
    admin.handler.user = gateway;
    listener = dw_listener_open(gateway->net, &config, reterr);
    if (!listener)
        return false;
    *ret_port = dw_listener_port(listener);
    return admin.address.len == 0 || dw_listener_open(gateway->net, &admin, reterr);
}

static bool open_guard(struct dw_gateway *gateway, struct dw_error *reterr)
{
    struct dw_guard_config config = *gateway->config->guard;

    if (config.protected_resource.len == 0)
        config.protected_resource = gateway->rules.public_url;
    gateway->filters_lists = config.policy_count > 0;
    gateway->guard = dw_guard_new(gateway->net, &config, reterr);
    return gateway->guard;
}

static void reap(void *user)
{
    struct dw_gateway *gateway = user;
    int64_t now_ms = dw_loop_now_ms(dw_net_loop(gateway->net, 0));

    dw_owned_reap(gateway->tasks, now_ms, DW_GATEWAY_TASK_IDLE_MS, NULL, NULL);
    /* A stdio server's sessions are processes: stdio.c ends them itself. */
    if (!gateway->stdio)
        dw_owned_reap(gateway->sessions, now_ms, gateway->config->session_idle_s * 1000, NULL,
                      NULL);
}

static bool open_owned(struct dw_gateway *gateway, struct dw_error *reterr)
{
    struct dw_metrics *metrics = dw_loop_metrics(dw_net_loop(gateway->net, 0));

    gateway->sessions =
        dw_owned_new(&(struct dw_owned_config){"MCP session", (size_t)gateway->config->max_sessions,
                                               metrics, DW_METRIC_MCP_SESSIONS},
                     reterr);
    gateway->tasks = dw_owned_new(
        &(struct dw_owned_config){"task", DW_GATEWAY_MAX_TASKS, metrics, DW_METRIC_MCP_TASKS},
        reterr);
    gateway->reaper = dw_timer_new(dw_net_loop(gateway->net, 0), REAP_MS, REAP_MS, reap, gateway);
    return gateway->sessions && gateway->tasks &&
           (gateway->reaper || dw_fail(reterr, DW_NO_MEMORY, "out of memory"));
}

static bool open_upstream(struct dw_gateway *gateway, struct dw_error *reterr)
{
    if (gateway->config->command.count == 0)
        return dw_forward_open(gateway, reterr);
    gateway->stdio = dw_stdio_open(gateway, reterr);
    return gateway->stdio;
}

static bool open_all(struct dw_gateway *gateway, struct dw_error *reterr)
{
    int port = 0;

    gateway->arena = dw_arena_new(ARENA_BYTES);
    if (!gateway->arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return open_owned(gateway, reterr) && open_tls(gateway, reterr) &&
           open_listeners(gateway, &port, reterr) &&
           dw_gateway_rules_make(gateway->config, port, gateway->arena, &gateway->rules, reterr) &&
           open_guard(gateway, reterr) && open_upstream(gateway, reterr);
}

struct dw_gateway *dw_gateway_open(struct dw_net *net, const struct dw_gateway_config *config,
                                   struct dw_error *reterr)
{
    struct dw_gateway *gateway = dw_mem_new(sizeof *gateway);

    if (!gateway) {
        dw_error_set(reterr, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
        return NULL;
    }
    gateway->net = net;
    gateway->config = config;
    gateway->loop_count = dw_net_loop_count(net);
    if (open_all(gateway, reterr))
        return gateway;
    dw_gateway_close(gateway);
    return NULL;
}

void dw_gateway_close(struct dw_gateway *gateway)
{
    if (!gateway)
        return;
    if (gateway->stdio)
        dw_stdio_close(gateway->stdio);
    dw_forward_close(gateway);
    if (gateway->reaper)
        dw_timer_free(gateway->reaper);
    if (gateway->guard)
        dw_guard_free(gateway->guard);
    dw_owned_free(gateway->sessions);
    dw_owned_free(gateway->tasks);
    if (gateway->tls)
        dw_server_tls_free(gateway->tls);
    if (gateway->arena)
        dw_arena_free(gateway->arena);
    dw_mem_free(gateway);
}

struct dw_slice dw_gateway_public_url(const struct dw_gateway *gateway)
{
    return gateway->rules.public_url;
}
