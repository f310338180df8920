/* Building a server: what its author says, kept until dw_server_build. The first mistake is
 * remembered and reported there. What tools, resources and prompts are is in registry.c. */
#include "sdk/sdk_internal.h"

#include <doorward/http.h>

#include "base/mem.h"
#include "sdk/tasks_internal.h"
#include "sys/sys.h"

struct dw_slice dw_text(const char *text)
{
    return dw_slice_from_text(text);
}

bool dw_server_note(struct dw_server *server, const struct dw_error *error)
{
    if (server->error.code == DW_OK)
        server->error = *error;
    return false;
}

static void fail(struct dw_server *server, const char *text)
{
    struct dw_error error = {0};

    dw_error_set(&error, DW_CONFIG, __FILE__, __LINE__, "%s", text);
    dw_server_note(server, &error);
}

static void copy_text(struct dw_server *server, const char *text, struct dw_slice *ret_copy)
{
    struct dw_error error = {0};

    *ret_copy = dw_arena_copy(server->arena, dw_slice_from_text(text));
    if (ret_copy->ptr)
        return;
    *ret_copy = DW_EMPTY;
    dw_error_set(&error, DW_NO_MEMORY, __FILE__, __LINE__, "out of memory");
    dw_server_note(server, &error);
}

static bool make_maps(struct dw_server *server)
{
    struct dw_items *all[] = {&server->tools, &server->prompts, &server->resources,
                              &server->templates};
    struct dw_hash_seed seed = dw_sys_hash_seed();

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        all[i]->by_name = dw_map_new(&seed, DW_SDK_MAX_ITEMS);
        if (!all[i]->by_name)
            return false;
    }
    server->sessions = dw_map_new(&seed, DW_SDK_MAX_SESSIONS);
    return server->sessions;
}

struct dw_server *dw_server_new(const char *name, const char *version)
{
    struct dw_server *server = dw_mem_new(sizeof *server);

    if (!server)
        return NULL;
    server->page_size = 100;
    server->task_ttl_ms = DW_TASKS_TTL_MS;
    pthread_mutex_init(&server->waiting_lock, NULL);
    server->arena = dw_arena_new(DW_SDK_REGISTRY_BYTES);
    if (!server->arena || !make_maps(server)) {
        dw_server_free(server);
        return NULL;
    }
    copy_text(server, name, &server->name);
    copy_text(server, version, &server->version);
    if (server->name.len == 0 || server->version.len == 0)
        fail(server, "a server needs a name and a version");
    return server;
}

void dw_server_with_title(struct dw_server *server, const char *title)
{
    if (server)
        copy_text(server, title, &server->title);
}

void dw_server_with_instructions(struct dw_server *server, const char *instructions)
{
    if (server)
        copy_text(server, instructions, &server->instructions);
}

void dw_server_without_auth(struct dw_server *server)
{
    if (server)
        server->is_without_auth = true;
}

void dw_server_with_listen(struct dw_server *server, const char *address)
{
    if (server)
        copy_text(server, address, &server->listen);
}

void dw_server_with_public_url(struct dw_server *server, const char *url)
{
    if (server)
        copy_text(server, url, &server->public_url);
}

void dw_server_with_stdio(struct dw_server *server)
{
    if (server)
        server->is_stdio = true;
}

void dw_server_with_own_http(struct dw_server *server)
{
    if (server)
        server->is_own_http = true;
}

void dw_server_with_arguments(struct dw_server *server, int argc, char **argv)
{
    static const char help[] =
        "there are --listen ADDRESS, --public-url URL and --stdio, but not \"%.40s\"";
    struct dw_error error = {0};

    for (int i = 1; server && i < argc; i++) {
        if (strcmp(argv[i], "--listen") == 0 && i + 1 < argc) {
            dw_server_with_listen(server, argv[++i]);
        } else if (strcmp(argv[i], "--public-url") == 0 && i + 1 < argc) {
            dw_server_with_public_url(server, argv[++i]);
        } else if (strcmp(argv[i], "--stdio") == 0) {
            dw_server_with_stdio(server);
        } else {
            dw_error_set(&error, DW_USAGE, __FILE__, __LINE__, help, argv[i]);
            dw_server_note(server, &error);
        }
    }
}

void dw_server_with_page_size(struct dw_server *server, size_t items)
{
    if (server && items > 0)
        server->page_size = items;
}

void dw_server_with_cache_ttl(struct dw_server *server, int64_t ttl_ms)
{
    if (server && ttl_ms >= 0)
        server->cache_ttl_ms = ttl_ms;
}

void dw_server_with_completion(struct dw_server *server, dw_tool_run *complete, void *user)
{
    if (!server)
        return;
    server->complete = complete;
    server->complete_user = user;
}
