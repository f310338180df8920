/* From what the author said to a server that runs: checks, the loop, the guard, the transports; and
 * the end. */
#include "sdk/sdk_internal.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "sdk/http_internal.h"
#include "sdk/tasks_internal.h"
#include "sys/sys.h"

#define REAP_MS 15000
#define MAX_SCOPES 1000 /* in the metadata */

/* ---- building ---- */

static bool make_info(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(server->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "name", server->name);
    dw_json_put_text(&writer, "version", server->version);
    if (server->title.len > 0)
        dw_json_put_text(&writer, "title", server->title);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, &server->info, reterr);
}

static bool open_net(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_net_config config = {
        .size = sizeof config, .loop_count = 1, .leaves_signals = server->is_own_http};

    server->log = dw_sys_log_to_fd(STDERR_FILENO, DW_LOG_INFO);
    server->metrics = dw_metrics_new();
    if (!server->log || !server->metrics)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    config.log = server->log;
    config.metrics = server->metrics;
    server->net = dw_net_new(&config, reterr);
    if (!server->net)
        return false;
    server->loop = dw_net_loop(server->net, 0);
    return true;
}

static bool add_scopes(const struct dw_items *items, struct dw_slice *scopes, size_t *count)
{
    for (const struct dw_item *item = items->first; item; item = item->next)
        for (size_t i = 0; i < item->scopes.count; i++) {
            if (dw_slices_have((struct dw_slices){scopes, *count}, item->scopes.items[i]))
                continue;
            if (*count == MAX_SCOPES)
                return false;
            scopes[(*count)++] = item->scopes.items[i];
        }
    return true;
}

/* Items check their own scopes (dispatch.c), so the guard needs no policy. */
static bool open_guard(struct dw_server *server, struct dw_error *reterr)
{
    const struct dw_items *all[] = {&server->tools, &server->prompts, &server->resources,
                                    &server->templates};
    struct dw_slice *scopes = dw_arena_new_array(server->arena, MAX_SCOPES, sizeof *scopes);
    size_t count = 0;
    struct dw_guard_config config = {
        .size = sizeof config,
        .protected_resource = server->public_url,
        .resource_name = server->title.len > 0 ? server->title : server->name,
        .issuers = server->issuers,
        .issuer_count = server->issuer_count,
        .leeway_s = server->leeway_s,
        .is_public = server->issuer_count == 0,
    };

    if (!scopes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!add_scopes(all[i], scopes, &count))
            return dw_fail(reterr, DW_CONFIG, "more than %d different scopes", MAX_SCOPES);
    config.scopes_supported = (struct dw_slices){scopes, count};
    server->guard = dw_guard_new(server->net, &config, reterr);
    return server->guard;
}

static void sweep(void *user)
{
    struct dw_server *server = user;

    dw_server_reap_sessions(server);
    dw_listens_expire(server, dw_sys_wall_s());
    if (server->http) {
        dw_streams_expire(server->http, dw_sys_wall_s());
        dw_streams_keep_alive(server->http);
    }
}

/* The drain begins: waiting tools wake, streams end. */
static void on_stop(void *user)
{
    struct dw_server *server = user;

    while (server->first_session)
        dw_session_end(server->first_session);
    dw_listens_end(server);
}

static bool check_auth(const struct dw_server *server, struct dw_error *reterr)
{
    if (server->is_without_auth && server->issuer_count > 0)
        return dw_fail(reterr, DW_CONFIG,
                       "dw_server_without_auth and OAuth are both asked for: choose one");
    return true;
}

static bool check_own_http(const struct dw_server *server, struct dw_error *reterr)
{
    if (server->listen.len > 0 || server->is_stdio)
        return dw_fail(reterr, DW_CONFIG,
                       "dw_server_with_own_http goes with neither a listen address nor stdio");
    if (server->public_url.len == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "dw_server_with_own_http needs dw_server_with_public_url");
    return check_auth(server, reterr);
}

static bool choose_transport(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_slice listen = dw_sys_environment("DOORWARD_LISTEN");
    struct dw_slice url = dw_sys_environment("DOORWARD_PUBLIC_URL");

    if (server->listen.len == 0 && !server->is_stdio && !server->is_own_http && listen.len > 0)
        server->listen = dw_arena_copy(server->arena, listen);
    if (server->public_url.len == 0 && url.len > 0)
        server->public_url = dw_arena_copy(server->arena, url);
    if (!server->listen.ptr)
        server->listen = DW_EMPTY;
    if (!server->public_url.ptr)
        server->public_url = DW_EMPTY;
    if (server->is_own_http)
        return check_own_http(server, reterr);
    if (server->listen.len == 0)
        server->is_stdio = true;
    return check_auth(server, reterr);
}
static bool build(struct dw_server *server, struct dw_error *reterr)
{
    if (!make_info(server, reterr) || !choose_transport(server, reterr) ||
        !open_net(server, reterr) ||
        !(dw_net_on_stop(server->net, on_stop, server) ||
          dw_fail(reterr, DW_NO_MEMORY, "out of memory")))
        return false;
    dw_sys_random(server->state_key, sizeof server->state_key);
    server->reaper = dw_timer_new(server->loop, REAP_MS, REAP_MS, sweep, server);
    if (!server->reaper)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return (server->listen.len == 0 && !server->is_own_http) ||
           (dw_http_open(server, reterr) && open_guard(server, reterr));
}

bool dw_server_build(struct dw_server *server, struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (!server)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (server->is_built)
        return true;
    if (server->error.code == DW_OK) {
        server->is_built = build(server, &error);
        if (!server->is_built)
            dw_server_note(server, &error);
    }
    if (!server->is_built && reterr)
        *reterr = server->error;
    return server->is_built;
}

/* ---- serving ---- */

/* From the loop: who waits for this line may send a signal at once. */
static void say_serving(void *user)
{
    struct dw_server *server = user;

    dw_log(server->log, DW_LOG_INFO, "serving", DW_S("url", server->public_url));
}

static bool serve(struct dw_server *server, struct dw_error *reterr)
{
    if (!dw_server_build(server, reterr))
        return false;
    if (server->is_own_http)
        return dw_fail(reterr, DW_CONFIG, "with dw_server_with_own_http, dw_server_handle serves");
    if (server->is_stdio && !dw_lines_open(server, reterr))
        return false;
    if (server->listen.len > 0 && !dw_loop_post(server->loop, say_serving, server))
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_net_run(server->net, reterr);
}

int dw_server_serve(struct dw_server *server)
{
    struct dw_error error = {0};
    bool is_done = serve(server, &error);

    if (!is_done)
        fprintf(stderr, "%.*s: %s%s%s\n", DW_PRINT(server ? server->name : DW_LIT("server")),
                error.message[0] ? error.message : dw_code_row(error.code)->text,
                error.cause[0] ? ": " : "", error.cause);
    dw_server_free(server);
    return is_done ? 0 : 1;
}

void dw_server_stop(struct dw_server *server)
{
    if (server && server->net)
        dw_net_stop(server->net, 5);
}

int dw_server_port(const struct dw_server *server)
{
    return server ? atomic_load(&server->port) : 0;
}

/* ---- freeing ---- */

static void free_items(struct dw_items *items)
{
    for (struct dw_item *item = items->first; item; item = item->next) {
        if (item->input)
            dw_schema_free(item->input);
        if (item->output)
            dw_schema_free(item->output);
    }
    if (items->by_name)
        dw_map_free(items->by_name);
}

void dw_server_free(struct dw_server *server)
{
    if (!server)
        return;
    dw_server_end_thread(server);
    if (server->stdio)
        dw_lines_close(server);
    dw_timer_free(server->reaper);
    dw_timer_free(server->patience);
    while (server->first_session)
        dw_session_end(server->first_session);
    dw_tasks_free(server->tasks); /* lets go of principals */
    if (server->guard)
        dw_guard_free(server->guard);
    dw_server_free_issuers(server);
    if (server->net)
        dw_net_free(server->net);
    dw_http_close(server);
    dw_metrics_free(server->metrics);
    free_items(&server->tools);
    free_items(&server->prompts);
    free_items(&server->resources);
    free_items(&server->templates);
    if (server->sessions)
        dw_map_free(server->sessions);
    while (server->free_arena_count > 0)
        dw_arena_free(server->free_arenas[--server->free_arena_count]);
    pthread_mutex_destroy(&server->waiting_lock);
    dw_mem_wipe(server->state_key, sizeof server->state_key);
    if (server->arena)
        dw_arena_free(server->arena);
    dw_mem_free(server);
}
