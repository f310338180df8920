/* Between the loops and the endpoints: copies a request, runs its endpoint on a worker, sends the
 * answer, unless the peer has gone by then. */
#include <stdatomic.h>

#include "base/mem.h"
#include "net/server.h"
#include "tenant/tenant_internal.h"

struct dw_tenant_listener {
    struct dw_listener *listener;
    struct dw_server_tls *tls; /* of the configuration's files; NULL without */
};

/* Lives until both are done with it: the worker and the exchange. */
struct work {
    struct dw_tenant_call call;
    struct dw_exchange *exchange; /* NULL: the peer has gone; loop thread only */
    bool is_running;              /* loop thread only */
    bool is_costly;               /* it hashes a password */
    _Atomic bool has_left;        /* the peer */
};

static void free_work(struct work *work)
{
    dw_arena_free(work->call.arena);
    dw_mem_free(work);
}

static void on_gone(void *user, struct dw_exchange *exchange, bool is_complete)
{
    struct work *work = user;

    (void)exchange;
    (void)is_complete;
    work->exchange = NULL;
    atomic_store(&work->has_left, true);
    if (!work->is_running)
        free_work(work);
}

static void serve(void *user)
{
    struct work *work = user;

    /* Who sends logins and leaves would keep everybody else waiting. What is cheap is done all the
     * same: a page may send a token to be revoked and go. */
    if (!work->is_costly || !atomic_load(&work->has_left))
        dw_tenant_serve(&work->call);
}

static void answer(void *user)
{
    struct work *work = user;
    struct dw_tenant_call *call = &work->call;
    struct dw_exchange *exchange = work->exchange;

    work->is_running = false;
    if (!exchange) {
        free_work(work);
        return;
    }
    dw_exchange_note(exchange, "oauth_client", call->client_id);
    dw_exchange_note(exchange, "user", call->user_id);
    dw_exchange_respond(exchange, call->status, (struct dw_http_fields){call->out, call->out_count},
                        call->answer);
}

static bool copy_fields(struct dw_http_fields fields, struct dw_arena *arena,
                        struct dw_http_fields *ret_fields)
{
    struct dw_http_field *copies = dw_arena_new_array(arena, fields.count + 1, sizeof *copies);

    for (size_t i = 0; copies && i < fields.count; i++) {
        copies[i].name = dw_arena_copy(arena, fields.items[i].name);
        copies[i].value = dw_arena_copy(arena, fields.items[i].value);
        if (!copies[i].name.ptr || !copies[i].value.ptr)
            return false;
    }
    *ret_fields = (struct dw_http_fields){copies, fields.count};
    return copies != NULL;
}

/* The worker may still read when the exchange has gone, so nothing is borrowed. */
static bool copy_request(struct dw_tenant *tenant, struct dw_exchange *exchange,
                         struct dw_tenant_call *call)
{
    const struct dw_http_request *request = dw_exchange_request(exchange);
    struct dw_arena *arena = dw_arena_new(DW_TENANT_CALL_BYTES);

    *call = (struct dw_tenant_call){.tenant = tenant, .arena = arena};
    if (!arena)
        return false;
    call->now_s = tenant->now_s();
    call->method = request->method;
    call->is_loopback = dw_exchange_is_loopback(exchange);
    call->path = dw_arena_copy(arena, request->path);
    call->query = dw_arena_copy(arena, request->query);
    call->authority = dw_arena_copy(arena, request->authority);
    call->body = dw_arena_copy(arena, dw_exchange_body(exchange));
    call->peer_address =
        dw_arena_copy(arena, dw_tenant_client_address(tenant, dw_exchange_peer_address(exchange),
                                                      request->fields));
    call->trace_id = dw_arena_copy(arena, dw_exchange_trace_id(exchange));
    return call->path.ptr && call->query.ptr && call->authority.ptr && call->body.ptr &&
           call->peer_address.ptr && call->trace_id.ptr &&
           copy_fields(request->fields, arena, &call->fields);
}

static size_t on_head(void *user, struct dw_exchange *exchange)
{
    (void)user;
    (void)exchange;
    return DW_TENANT_MAX_BODY_BYTES;
}

static void on_request(void *user, struct dw_exchange *exchange)
{
    struct work *work = dw_mem_new(sizeof *work);
    struct dw_error error = {0};
    bool is_copied = work && copy_request(user, exchange, &work->call);
    enum dw_job_pool pool = is_copied ? dw_tenant_pool(&work->call) : DW_POOL_STORE;

    if (!is_copied)
        (void)dw_fail(&error, DW_NO_MEMORY, "out of memory");
    else
        work->is_costly = pool == DW_POOL_PASSWORD;
    if (!is_copied || !dw_job_run(dw_exchange_loop(exchange), pool, serve, answer, work, &error)) {
        dw_exchange_respond_error(exchange, &error);
        if (work)
            free_work(work);
        return;
    }
    work->exchange = exchange;
    work->is_running = true;
    dw_exchange_set_user(exchange, work, on_gone);
}

static bool open_tls(const struct dw_tenant_config *config, struct dw_arena *arena,
                     struct dw_server_tls **ret_tls, struct dw_error *reterr)
{
    char *certificate = dw_arena_text(arena, config->tls_certificate);
    char *key = dw_arena_text(arena, config->tls_key);

    *ret_tls = NULL;
    if (config->tls_certificate.len == 0 && config->tls_key.len == 0)
        return true;
    if (config->tls_certificate.len == 0 || config->tls_key.len == 0)
        return dw_fail(reterr, DW_CONFIG, "tls_certificate and tls_key come together");
    if (!certificate || !key)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *ret_tls = dw_server_tls_open(certificate, key, reterr);
    return *ret_tls != NULL;
}

struct dw_tenant_listener *dw_tenant_listen(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_tenant_listener *listener = dw_mem_new(sizeof *listener);
    struct dw_listener_config config = {
        .size = sizeof config,
        .address = tenant->config.listen,
        .handler = {.on_head = on_head, .on_request = on_request, .user = tenant},
        .log_event = "tenant_request",
    };

    if (!listener) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!open_tls(&tenant->config, tenant->arena, &listener->tls, reterr)) {
        dw_mem_free(listener);
        return NULL;
    }
    config.tls = tenant->config.tls ? tenant->config.tls : listener->tls;
    listener->listener = dw_listener_open(tenant->net, &config, reterr);
    if (!listener->listener) {
        dw_tenant_listener_free(listener);
        return NULL;
    }
    return listener;
}

/* The listener itself belongs to the net and dies with it. */
void dw_tenant_listener_free(struct dw_tenant_listener *listener)
{
    if (!listener)
        return;
    if (listener->tls)
        dw_server_tls_free(listener->tls);
    dw_mem_free(listener);
}
