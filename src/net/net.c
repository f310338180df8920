/* The process: its loops and their threads, signals, reload, and the drain that ends it. */
#include <signal.h>

#include "net/server_internal.h"

#define SIGNAL_DRAIN_S 25 /* under the 30 s that Kubernetes and systemd-like managers grant */
#define DRAIN_LOOK_MS 10
#define LOOP_STACK_BYTES ((size_t)1024 * 1024)
#define SETTLE_ROUNDS 100

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* ---- ending ---- */

static void end_loop(void *user)
{
    struct dw_loop *loop = user;

    uv_stop(&loop->uv);
}

static void drain_loop(void *user)
{
    struct dw_loop *loop = user;

    dw_loop_drain(loop, false);
    atomic_store(&loop->is_draining, true);
}

static bool is_drained(struct dw_net *net)
{
    for (unsigned i = 0; i < net->loop_count; i++)
        if (!atomic_load(&net->loops[i].is_draining) || atomic_load(&net->loops[i].holds) > 0)
            return false;
    return true;
}

static void look_at_drain(uv_timer_t *timer)
{
    struct dw_net *net = timer->data;

    if (!is_drained(net) && now_ms() < atomic_load(&net->drain_until_ms))
        return;
    uv_timer_stop(timer);
    for (unsigned i = 0; i < net->loop_count; i++)
        dw_loop_post_node(&net->loops[i], &net->loops[i].end_post);
}

static void begin_drain(void *user)
{
    struct dw_net *net = user;

    for (size_t i = 0; i < net->stop_count; i++)
        net->stop_hooks[i].run(net->stop_hooks[i].user);
    for (unsigned i = 0; i < net->loop_count; i++)
        dw_loop_post_node(&net->loops[i], &net->loops[i].drain_post);
    uv_timer_start(&net->drain_timer, look_at_drain, 0, DRAIN_LOOK_MS);
}

void dw_net_stop(struct dw_net *net, int64_t drain_s)
{
    atomic_store(&net->drain_until_ms, now_ms() + (drain_s > 0 ? drain_s * 1000 : 0));
    atomic_store(&net->is_draining, true);
    if (!atomic_exchange(&net->is_stop_posted, true))
        dw_loop_post_node(&net->loops[0], &net->stop_post);
}

bool dw_net_is_draining(const struct dw_net *net)
{
    return atomic_load_explicit(&net->is_draining, memory_order_relaxed);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *signal, int number)
{
    struct dw_net *net = signal->data;

    if (number == SIGHUP) {
        for (size_t i = 0; i < net->reload_count; i++)
            net->reload_hooks[i].run(net->reload_hooks[i].user);
        return;
    }
    dw_log(net->log, DW_LOG_INFO, "stopping", DW_I("signal", number),
           DW_B("is_at_once", dw_net_is_draining(net)));
    dw_net_stop(net, dw_net_is_draining(net) ? 0 : SIGNAL_DRAIN_S); /* the second one: at once */
}

static bool open_signals(struct dw_net *net, struct dw_error *reterr)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int status = uv_signal_init(&net->loops[0].uv, &net->signals[i]);

        net->signals[i].data = net;
        if (!status)
            status = uv_signal_start(&net->signals[i], on_signal, numbers[i]);
        if (status)
            return dw_net_fail_uv(reterr, status, "listening for signals");
        uv_unref((uv_handle_t *)&net->signals[i]);
    }
    return true;
}

static bool add_hook(struct dw_hook *hooks, size_t *count, void (*run)(void *user), void *user)
{
    if (*count == DW_NET_MAX_HOOKS)
        return false;
    hooks[(*count)++] = (struct dw_hook){run, user};
    return true;
}

bool dw_net_on_reload(struct dw_net *net, void (*hook)(void *user), void *user)
{
    return add_hook(net->reload_hooks, &net->reload_count, hook, user);
}

bool dw_net_on_stop(struct dw_net *net, void (*hook)(void *user), void *user)
{
    return add_hook(net->stop_hooks, &net->stop_count, hook, user);
}

/* ---- making and running ---- */

unsigned dw_net_loop_count(const struct dw_net *net)
{
    return net->loop_count;
}

struct dw_loop *dw_net_loop(struct dw_net *net, unsigned index)
{
    return &net->loops[index];
}

static bool init_loops(struct dw_net *net, struct dw_error *reterr)
{
    for (unsigned i = 0; i < net->loop_count; i++) {
        struct dw_loop *loop = &net->loops[i];

        if (!dw_loop_init(loop, net, i, reterr))
            return false;
        loop->drain_post = (struct dw_post){NULL, drain_loop, loop};
        loop->end_post = (struct dw_post){NULL, end_loop, loop};
    }
    uv_timer_init(&net->loops[0].uv, &net->drain_timer);
    net->drain_timer.data = net;
    net->stop_post = (struct dw_post){NULL, begin_drain, net};
    return true;
}

struct dw_net *dw_net_new(const struct dw_net_config *config, struct dw_error *reterr)
{
    struct dw_net *net = dw_mem_new(sizeof *net);
    unsigned count = config->loop_count ? config->loop_count : uv_available_parallelism();

    if (!config->leaves_signals)
        signal(SIGPIPE, SIG_IGN); /* a peer that left is an error of the write, not our end */
    if (net)
        net->loops = dw_mem_new(count * sizeof *net->loops);
    if (net && net->loops)
        net->jobs = dw_jobs_new();
    if (!net || !net->loops || !net->jobs) {
        dw_net_free(net);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    net->loop_count = count;
    net->log = config->log;
    net->metrics = config->metrics;
    net->leaves_signals = config->leaves_signals;
    if (!init_loops(net, reterr)) {
        dw_net_free(net);
        return NULL;
    }
    return net;
}

static void run_loop(void *user)
{
    struct dw_loop *loop = user;

    dw_loop_enter(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    dw_loop_drain(loop, true); /* cuts what is still open, while its owners still live */
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    dw_loop_enter(NULL);
}

/* Loops may have posted to one another while they ended; here all of them are on this thread. */
static void settle(struct dw_net *net)
{
    bool has_posts = true;

    for (int round = 0; has_posts && round < SETTLE_ROUNDS; round++) {
        has_posts = false;
        for (unsigned i = 0; i < net->loop_count; i++) {
            dw_loop_enter(&net->loops[i]);
            uv_run(&net->loops[i].uv, UV_RUN_NOWAIT);
            dw_loop_flush_log(&net->loops[i]); /* of what has just closed */
        }
        for (unsigned i = 0; i < net->loop_count; i++)
            has_posts = has_posts || dw_loop_has_posts(&net->loops[i]);
    }
    dw_loop_enter(NULL);
}

bool dw_net_run(struct dw_net *net, struct dw_error *reterr)
{
    uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
                                   .stack_size = LOOP_STACK_BYTES};
    bool is_done = net->leaves_signals || open_signals(net, reterr);

    for (unsigned i = 1; is_done && i < net->loop_count; i++) {
        struct dw_loop *loop = &net->loops[i];
        int status = uv_thread_create_ex(&loop->thread, &options, run_loop, loop);

        loop->has_thread = status == 0;
        if (status)
            is_done = dw_net_fail_uv(reterr, status, "starting a loop's thread");
    }
    if (!is_done)
        dw_net_stop(net, 0);
    run_loop(&net->loops[0]);
    for (unsigned i = 1; i < net->loop_count; i++)
        if (net->loops[i].has_thread)
            uv_thread_join(&net->loops[i].thread);
    dw_jobs_stop(net->jobs);
    settle(net);
    return is_done;
}

static void free_loops(struct dw_net *net)
{
    for (unsigned i = 0; i < net->loop_count && net->loops[i].net; i++)
        dw_loop_drain(&net->loops[i], true); /* what was opened and never ran */
    for (unsigned i = 0; i < net->loop_count; i++)
        dw_loop_done(&net->loops[i]);
    dw_listeners_free(net);
    dw_mem_free(net->loops);
}

void dw_net_free(struct dw_net *net)
{
    if (!net)
        return;
    dw_jobs_free(net->jobs);
    if (net->loops)
        free_loops(net);
    dw_mem_free(net);
}
