/* The HTTP client of the data plane: calls, the pool, and what a request looks like. What happens
 * on one connection is in client_conn.c. */
#include "net/client.h"

#include <sys/un.h>

#include "http/render.h"
#include "http/url.h"
#include "net/client_internal.h"

#define DEFAULT_MAX_IDLE 64
#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_IDLE_TIMEOUT_MS 30000
#define MAX_FREE_CALLS 256
#define ARENA_BYTES ((size_t)64 * 1024)

/* ---- what the URL says ---- */

/* "unix:/run/mcp.sock" or "unix:/run/mcp.sock:/mcp". */
static bool read_unix_url(struct dw_client *client, struct dw_slice rest, struct dw_error *reterr)
{
    struct sockaddr_un socket_address;
    struct dw_slice file = dw_slice_sub(rest, 0, dw_slice_index(rest, ':'));
    struct dw_slice path = dw_slice_sub(rest, file.len + 1, rest.len);

    if (file.len == 0 || file.ptr[0] != '/' || dw_slice_contains(file, '\0') ||
        (path.len && path.ptr[0] != '/'))
        return dw_fail(reterr, DW_CONFIG,
                       "the upstream must look like unix:/path/of/socket or "
                       "unix:/path/of/socket:/mcp");
    if (file.len >= sizeof socket_address.sun_path)
        return dw_fail(reterr, DW_CONFIG, "the path of the upstream's socket is longer than %zu",
                       sizeof socket_address.sun_path - 1);
    client->is_unix = true;
    client->host = dw_arena_text(client->arena, file);
    client->name = client->host;
    client->host_line = DW_LIT("Host: localhost\r\n");
    client->path = dw_arena_copy(client->arena, path.len ? path : DW_LIT("/"));
    return client->host && client->path.ptr ? true : dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool read_http_url(struct dw_client *client, struct dw_slice text, struct dw_error *reterr)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&client->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&client->address;
    struct dw_slice authority;
    struct dw_url url;

    if (!dw_url_parse(text, &url, reterr))
        return false;
    if ((!dw_url_has_scheme(&url, "http") && !dw_url_has_scheme(&url, "https")) ||
        url.has_userinfo || url.has_query || url.has_fragment)
        return dw_fail(reterr, DW_CONFIG,
                       "the upstream must be an http://, https:// or unix: URL without user name, "
                       "query and fragment");
    if (!dw_url_origin(&url, client->arena, &authority, reterr))
        return false;
    authority = dw_slice_sub(authority, url.scheme.len + 3, authority.len);
    client->name = dw_arena_text(client->arena, authority);
    client->host = dw_arena_text(client->arena, url.host);
    client->host_line = dw_arena_printf(client->arena, "Host: %.*s\r\n", DW_PRINT(authority));
    client->path = dw_arena_copy(client->arena, url.path.len ? url.path : DW_LIT("/"));
    client->port = url.port;
    if (!client->name || !client->host || !client->host_line.ptr || !client->path.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    client->has_address = uv_ip4_addr(client->host, url.port, v4) == 0 ||
                          uv_ip6_addr(client->host, url.port, v6) == 0;
    return true;
}

static bool read_config(struct dw_client *client, const struct dw_client_config *config,
                        struct dw_error *reterr)
{
    struct dw_slice url = config->url;

    client->max_idle = config->max_idle ? config->max_idle : DEFAULT_MAX_IDLE;
    client->connect_timeout_ms =
        config->connect_timeout_ms ? config->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
    client->answer_timeout_ms = config->answer_timeout_ms;
    client->idle_timeout_ms =
        config->idle_timeout_ms ? config->idle_timeout_ms : DEFAULT_IDLE_TIMEOUT_MS;
    if (dw_slice_eat(&url, DW_LIT("unix:")))
        return read_unix_url(client, url, reterr);
    if (!read_http_url(client, url, reterr))
        return false;
    if (dw_slice_eat_nocase(&url, DW_LIT("https:"))) {
        client->tls = dw_client_tls_open(config->ca_file, reterr);
        return client->tls != NULL;
    }
    return true;
}

struct dw_client *dw_client_new(struct dw_loop *loop, const struct dw_client_config *config,
                                struct dw_error *reterr)
{
    struct dw_client *client = dw_mem_new(sizeof *client);

    if (!client) {
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    client->loop = loop;
    client->arena = dw_arena_new(ARENA_BYTES);
    if (!client->arena) {
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_client_free(client);
        return NULL;
    }
    if (!read_config(client, config, reterr)) {
        dw_client_free(client);
        return NULL;
    }
    return client;
}

void dw_client_free(struct dw_client *client)
{
    if (!client)
        return;
    while (client->conns) {
        struct dw_upstream_call *call = client->conns->call;

        dw_client_conn_close(client->conns);
        if (call)
            dw_mem_free(call);
    }
    while (client->free_calls) {
        struct dw_upstream_call *call = client->free_calls;

        client->free_calls = call->next;
        dw_mem_free(call);
    }
    dw_client_tls_free(client->tls);
    if (client->arena)
        dw_arena_free(client->arena);
    dw_mem_free(client);
}

struct dw_slice dw_client_path(const struct dw_client *client)
{
    return client->path;
}

/* ---- what is sent ---- */

/* Framing is ours alone: a caller's own would be a way to smuggle requests. */
static bool is_ours(struct dw_slice name)
{
    switch (name.len) {
    case 4:
        return dw_slice_eq_nocase(name, DW_LIT("host"));
    case 10:
        return dw_slice_eq_nocase(name, DW_LIT("connection"));
    case 14:
        return dw_slice_eq_nocase(name, DW_LIT("content-length"));
    case 17:
        return dw_slice_eq_nocase(name, DW_LIT("transfer-encoding"));
    default:
        return false;
    }
}

static bool has_content(const struct dw_upstream_call *call)
{
    return call->body.len || call->method == DW_HTTP_POST || call->method == DW_HTTP_PUT ||
           call->method == DW_HTTP_PATCH; /* RFC 9110 8.6 SHOULD: also "Content-Length: 0" */
}

bool dw_client_render(struct dw_client *client, const struct dw_upstream_call *call,
                      struct dw_slice *ret_head, struct dw_error *reterr)
{
    struct dw_http_writer writer = dw_http_writer_into(client->head, sizeof client->head);

    dw_http_write_request_line(&writer, call->method, DW_EMPTY, call->target);
    dw_http_write_raw(&writer, client->host_line);
    for (size_t i = 0; i < call->fields.count; i++)
        if (!is_ours(call->fields.items[i].name))
            dw_http_write_field(&writer, call->fields.items[i].name, call->fields.items[i].value);
    if (has_content(call))
        dw_http_write_field_int(&writer, DW_LIT("Content-Length"), (int64_t)call->body.len);
    dw_http_write_end(&writer);
    return dw_http_writer_finish(&writer, ret_head, reterr);
}

/* ---- the pool ---- */

void dw_client_forget_idle(struct dw_client_conn *conn)
{
    struct dw_client *client = conn->client;

    if (conn->newer)
        conn->newer->older = conn->older;
    else
        client->newest = conn->older;
    if (conn->older)
        conn->older->newer = conn->newer;
    conn->older = conn->newer = NULL;
    client->idle_count--;
}

void dw_client_keep(struct dw_client_conn *conn)
{
    struct dw_client *client = conn->client;

    if (client->idle_count >= client->max_idle) {
        dw_client_conn_close(conn);
        return;
    }
    conn->phase = DW_CLIENT_IDLE;
    conn->older = client->newest;
    if (client->newest)
        client->newest->newer = conn;
    client->newest = conn;
    client->idle_count++;
    dw_deadline_set(client->loop, &conn->deadline, conn->idle_ms);
}

/* ---- calls ---- */

static struct dw_upstream_call *take_call(struct dw_client *client)
{
    struct dw_upstream_call *call = client->free_calls;

    if (!call)
        return dw_mem_alloc(sizeof *call);
    client->free_calls = call->next;
    client->free_call_count--;
    return call;
}

void dw_client_release(struct dw_upstream_call *call)
{
    struct dw_client *client = call->client;

    if (client->free_call_count >= MAX_FREE_CALLS) {
        dw_mem_free(call);
        return;
    }
    call->next = client->free_calls;
    client->free_calls = call;
    client->free_call_count++;
}

struct dw_upstream_call *dw_client_send(struct dw_client *client, enum dw_http_method method,
                                        struct dw_slice target, struct dw_http_fields fields,
                                        struct dw_slice body,
                                        const struct dw_upstream_handler *handler,
                                        struct dw_error *reterr)
{
    struct dw_upstream_call *call = take_call(client);
    struct dw_client_conn *conn = client->newest;
    struct dw_slice head;

    if (!call) {
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    *call = (struct dw_upstream_call){.client = client,
                                      .handler = *handler,
                                      .method = method,
                                      .target = target,
                                      .fields = fields,
                                      .body = body};
    if (!dw_client_render(client, call, &head, reterr)) {
        dw_client_release(call);
        return NULL;
    }
    if (conn) {
        dw_client_forget_idle(conn);
        dw_client_conn_send(conn, call, head);
        return call;
    }
    if (!dw_client_conn_open(client, call)) {
        dw_client_release(call);
        dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    return call;
}

void dw_upstream_call_cancel(struct dw_upstream_call *call)
{
    dw_client_conn_close(call->conn);
    dw_client_release(call);
}

void dw_upstream_call_pause(struct dw_upstream_call *call)
{
    call->is_paused = true;
    dw_client_conn_read(call->conn, false);
}

void dw_upstream_call_resume(struct dw_upstream_call *call)
{
    call->is_paused = false;
    dw_client_conn_read(call->conn, true);
}
