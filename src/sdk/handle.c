/* Requests from an HTTP server of the user's own: its words for requests and answers are turned
 * into ours, and the loop runs on a thread of the library. */
#include <doorward/http.h>

#include <signal.h>

#include "base/mem.h"
#include "net/outside.h"
#include "sdk/http_internal.h"

#define DRAIN_S 5
#define THREAD_STACK_BYTES ((size_t)1024 * 1024)

struct dw_server_exchange {
    struct dw_server_responder responder;
    struct dw_outside *outside;
};

/* The same two slices under two names: the public one and that of http/message.h. */
_Static_assert(sizeof(struct dw_http_header) == sizeof(struct dw_http_field), "must be the same");
_Static_assert(offsetof(struct dw_http_header, value) == offsetof(struct dw_http_field, value),
               "must be the same");

/* ---- the thread ---- */

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

static void *run_loop(void *user)
{
    struct dw_server *server = user;
    struct dw_error error = {0};

    if (!dw_net_run(server->net, &error))
        dw_log_error(server->log, "loop_failed", &error);
    return NULL;
}

/* Signals are the program's: our threads take none. */
static bool start_thread(struct dw_server *server)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    bool is_started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    is_started = pthread_create(&server->thread, &attributes, run_loop, server) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_started;
}

static bool start(struct dw_server *server, struct dw_error *reterr)
{
    bool is_running = atomic_load(&server->has_thread);

    if (is_running)
        return true;
    pthread_mutex_lock(&starting);
    is_running = atomic_load(&server->has_thread) || start_thread(server);
    atomic_store(&server->has_thread, is_running);
    pthread_mutex_unlock(&starting);
    return is_running || dw_fail(reterr, DW_UNAVAILABLE, "no thread could be started");
}

void dw_server_end_thread(struct dw_server *server)
{
    if (!atomic_load(&server->has_thread))
        return;
    dw_net_stop(server->net, DRAIN_S);
    pthread_join(server->thread, NULL);
}

/* ---- the answer; nothing is touched after a callback, which may have freed the exchange ---- */

static void start_answer(void *user, int status, struct dw_http_fields fields, int64_t body_bytes)
{
    const struct dw_server_responder *to = &((struct dw_server_exchange *)user)->responder;

    to->start(to->user, status, (const struct dw_http_header *)fields.items, fields.count,
              body_bytes);
}

static bool write_answer(void *user, struct dw_slice bytes)
{
    const struct dw_server_responder *to = &((struct dw_server_exchange *)user)->responder;

    return to->write(to->user, bytes);
}

static void end_answer(void *user, bool is_complete)
{
    const struct dw_server_responder *to = &((struct dw_server_exchange *)user)->responder;

    to->end(to->user, is_complete);
}

/* ---- the request ---- */

static bool check(const struct dw_server *server, const struct dw_server_request *request,
                  const struct dw_server_responder *responder, struct dw_error *reterr)
{
    if (!server || !server->is_built || !server->is_own_http)
        return dw_fail(reterr, DW_USAGE,
                       "dw_server_handle is for a server with dw_server_with_own_http that was "
                       "built");
    if (!request->method.ptr || !request->target.ptr || !responder->start || !responder->write ||
        !responder->end)
        return dw_fail(reterr, DW_USAGE, "a method, a target and three callbacks are needed");
    return true;
}

static bool enter(struct dw_server *server, const struct dw_server_request *request,
                  struct dw_server_exchange *exchange, struct dw_error *reterr)
{
    const struct dw_outside_answer answer = {start_answer, write_answer, end_answer, exchange};
    const struct dw_handler handler = dw_http_handler(server->http);
    const struct dw_outside_request to = {
        .method = request->method,
        .target = request->target,
        .fields = {(const struct dw_http_field *)request->headers, request->header_count},
        .body = request->body,
        .peer_address = request->peer_address,
        .is_loopback = request->is_loopback,
    };

    exchange->outside = dw_outside_enter(server->loop, &handler, &to, &answer, reterr);
    return exchange->outside;
}

struct dw_server_exchange *dw_server_handle(struct dw_server *server,
                                            const struct dw_server_request *request,
                                            const struct dw_server_responder *responder,
                                            struct dw_error *reterr)
{
    struct dw_server_exchange *exchange = dw_mem_new(sizeof *exchange);
    struct dw_server_request known;

    if (!exchange) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (dw_take_struct(&known, sizeof known, request, request->size, reterr) &&
        dw_take_struct(&exchange->responder, sizeof exchange->responder, responder, responder->size,
                       reterr) &&
        check(server, &known, &exchange->responder, reterr) && start(server, reterr) &&
        enter(server, &known, exchange, reterr))
        return exchange;
    dw_mem_free(exchange);
    return NULL;
}

void dw_server_exchange_free(struct dw_server_exchange *exchange)
{
    if (!exchange)
        return;
    dw_outside_leave(exchange->outside);
    dw_mem_free(exchange);
}
