/* A client of a server under test, in the same process: requests go in by dw_server_handle, what
 * comes back is kept whole, status, header fields and body. Callers may carry a token of a test
 * issuer. */
#ifndef DW_TEST_SDK_CLIENT_H
#define DW_TEST_SDK_CLIENT_H

#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <doorward/doorward.h>
#include <doorward/testing.h>

#define URL "http://127.0.0.1:1/mcp"
#define CHALLENGE_END                                                                              \
    "resource_metadata=\"http://127.0.0.1:1/.well-known/oauth-protected-resource/mcp\""
#define INFO "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}"
#define RESULT(members)                                                                            \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"resultType\":\"complete\"," members "," INFO "}}"
#define ERROR(code, text)                                                                          \
    "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":" code ",\"message\":\"" text "\"}}"

struct reply {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int status;
    char challenge[512], type[64], session[64]; /* header fields; "" when not there */
    char body[256 * 1024];
    size_t len;
    bool has_ended;
    struct dw_server_exchange *exchange;
};

static struct dw_server *server;
static struct dw_test_issuer *issuer;
static const char *client_token;  /* of the next requests; NULL: none */
static const char *client_accept; /* likewise */
static const char *client_capabilities = "{}";
static const char *client_meta = ""; /* more of _meta, ending with a comma */

/* ---- what comes back ---- */

static void keep_field(char *to, size_t size, struct dw_slice value)
{
    snprintf(to, size, "%.*s", DW_PRINT(value));
}

static void on_start(void *user, int status, const struct dw_http_header *headers, size_t count,
                     int64_t body_bytes)
{
    struct reply *to = user;

    (void)body_bytes;
    pthread_mutex_lock(&to->lock);
    to->status = status;
    for (size_t i = 0; i < count; i++) {
        if (dw_slice_eq(headers[i].name, S("Content-Type")))
            keep_field(to->type, sizeof to->type, headers[i].value);
        if (dw_slice_eq(headers[i].name, S("WWW-Authenticate")))
            keep_field(to->challenge, sizeof to->challenge, headers[i].value);
        if (dw_slice_eq(headers[i].name, S("Mcp-Session-Id")))
            keep_field(to->session, sizeof to->session, headers[i].value);
    }
    pthread_cond_broadcast(&to->change);
    pthread_mutex_unlock(&to->lock);
}

static bool on_write(void *user, struct dw_slice bytes)
{
    struct reply *to = user;

    pthread_mutex_lock(&to->lock);
    assert_true(to->len + bytes.len < sizeof to->body);
    memcpy(to->body + to->len, bytes.ptr, bytes.len);
    to->len += bytes.len;
    to->body[to->len] = '\0';
    pthread_cond_broadcast(&to->change);
    pthread_mutex_unlock(&to->lock);
    return true;
}

static void on_end(void *user, bool is_complete)
{
    struct reply *to = user;

    (void)is_complete;
    pthread_mutex_lock(&to->lock);
    to->has_ended = true;
    pthread_cond_broadcast(&to->change);
    pthread_mutex_unlock(&to->lock);
}

/* Until the text has come, or the answer has ended. */
static inline bool hears(struct reply *reply, const char *text)
{
    bool has_come;

    pthread_mutex_lock(&reply->lock);
    while (!(has_come = strstr(reply->body, text)) && !reply->has_ended)
        pthread_cond_wait(&reply->change, &reply->lock);
    pthread_mutex_unlock(&reply->lock);
    return has_come;
}

static inline void wait_for_end(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    while (!reply->has_ended)
        pthread_cond_wait(&reply->change, &reply->lock);
    pthread_mutex_unlock(&reply->lock);
}

/* Forgets what has come so far: what comes next is looked at alone. */
static inline void forget(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    reply->len = 0;
    reply->body[0] = '\0';
    pthread_mutex_unlock(&reply->lock);
}

/* Leaves, whether the answer has ended or not. */
static inline void leave(struct reply *reply)
{
    dw_server_exchange_free(reply->exchange);
    free(reply);
}

/* ---- what is asked ---- */

#define CLIENT_FIELDS 8

struct fields {
    struct dw_http_header items[CLIENT_FIELDS];
    size_t count;
};

static inline void add_field(struct fields *fields, const char *name, const char *value)
{
    assert_true(fields->count < CLIENT_FIELDS);
    fields->items[fields->count++] = (struct dw_http_header){S(name), S(value)};
}

/* The request, on its way; the caller leaves it. */
static inline struct reply *request(const char *method, struct fields fields, const char *body)
{
    struct reply *reply = calloc(1, sizeof *reply);
    char authorization[4096];
    struct dw_error error = {0};

    pthread_mutex_init(&reply->lock, NULL);
    pthread_cond_init(&reply->change, NULL);
    add_field(&fields, "Host", "127.0.0.1:1");
    add_field(&fields, "Content-Type", "application/json");
    if (client_accept)
        add_field(&fields, "Accept", client_accept);
    if (client_token) {
        snprintf(authorization, sizeof authorization, "Bearer %s", client_token);
        add_field(&fields, "Authorization", authorization);
    }
    {
        const struct dw_server_request to = {.size = sizeof to,
                                             .method = S(method),
                                             .target = S("/mcp"),
                                             .headers = fields.items,
                                             .header_count = fields.count,
                                             .body = S(body),
                                             .peer_address = S("127.0.0.1"),
                                             .is_loopback = true};
        const struct dw_server_responder responder = {sizeof responder, on_start, on_write, on_end,
                                                      reply};

        reply->exchange = dw_server_handle(server, &to, &responder, &error);
    }
    assert_done(reply->exchange != NULL, error);
    return reply;
}

/* A request of a 2026-07-28 client; params without braces. name: what Mcp-Name says, "" for none.
 */
static inline struct reply *modern_begin(const char *method, const char *name, const char *params)
{
    struct fields fields = {.count = 0};
    char *body = malloc(64 * 1024);
    struct reply *reply;

    snprintf(body, 64 * 1024,
             "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"%s\",\"params\":{%s%s\"_meta\":{%s"
             "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
             "\"io.modelcontextprotocol/clientCapabilities\":%s}}}",
             method, params, params[0] ? "," : "", client_meta, client_capabilities);
    add_field(&fields, "MCP-Protocol-Version", "2026-07-28");
    add_field(&fields, "Mcp-Method", method);
    if (name[0])
        add_field(&fields, "Mcp-Name", name);
    reply = request("POST", fields, body);
    free(body);
    return reply;
}

static inline struct reply *modern(const char *method, const char *name, const char *params)
{
    struct reply *reply = modern_begin(method, name, params);

    wait_for_end(reply);
    return reply;
}

/* tools/call of a 2026-07-28 client; more: further params, beginning with a comma. */
static inline struct reply *call_tool(const char *name, const char *more)
{
    char params[8192];

    snprintf(params, sizeof params, "\"name\":\"%s\"%s", name, more);
    return modern("tools/call", name, params);
}

/* A message in a session of a 2025-11-25 client. */
static inline struct reply *legacy_begin(const char *method, const char *session, const char *body)
{
    struct fields fields = {.count = 0};

    if (session[0])
        add_field(&fields, "Mcp-Session-Id", session);
    return request(method, fields, body);
}

static inline struct reply *legacy(const char *session, const char *body)
{
    struct reply *reply = legacy_begin("POST", session, body);

    wait_for_end(reply);
    return reply;
}

/* A new session with these capabilities of the client. */
static inline void open_session(const char *capabilities, char session[64])
{
    char body[512];
    struct reply *reply;

    snprintf(body, sizeof body,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
             "\"protocolVersion\":\"2025-11-25\",\"capabilities\":%s,\"clientInfo\":{\"name\":"
             "\"c\",\"version\":\"1\"}}}",
             capabilities);
    reply = legacy("", body);
    assert_int_equal(reply->status, 200);
    memcpy(session, reply->session, 64);
    assert_int_equal(strlen(session), 22);
    leave(reply);
}

/* What the whole answer is; then leaves. */
static inline void assert_reply(struct reply *reply, int status, const char *body)
{
    if (reply->status != status || strcmp(reply->body, body) != 0)
        fail_msg("expected %d %s\ngot %d %s", status, body, reply->status, reply->body);
    leave(reply);
}

/* "VALUE" of "name":"VALUE" in the body. */
static inline void copy_member(const struct reply *reply, const char *name, char *to, size_t size)
{
    char start[64];
    const char *at, *end;

    snprintf(start, sizeof start, "\"%s\":\"", name);
    at = strstr(reply->body, start);
    if (!at)
        fail_msg("no \"%s\" in %s", name, reply->body);
    at += strlen(start);
    end = strchr(at, '"');
    assert_true(end && (size_t)(end - at) < size);
    memcpy(to, at, (size_t)(end - at));
    to[end - at] = '\0';
}

/* ---- the server ---- */

static inline struct dw_server *server_new(void)
{
    struct dw_server *made = dw_server_new("s", "1");

    dw_server_with_own_http(made);
    dw_server_with_public_url(made, URL);
    return made;
}

static inline struct dw_server *server_with_tools(const struct dw_tool *tools, size_t count)
{
    struct dw_server *made = server_new();

    for (size_t i = 0; i < count; i++)
        dw_server_with_tool(made, &tools[i]);
    return made;
}

static inline void server_open(struct dw_server *made)
{
    struct dw_error error = {0};

    server = made;
    assert_done(dw_server_build(server, &error), error);
    client_token = NULL;
    client_capabilities = "{}";
    client_meta = "";
}

/* From now on callers need a token of the issuer. */
static inline void server_protect(struct dw_server *made)
{
    struct dw_error error = {0};

    issuer = dw_test_issuer_new("https://test.example/", URL, &error);
    assert_done(issuer != NULL, error);
    dw_test_server_with_issuer(made, issuer);
}

static inline void server_open_protected(struct dw_server *made)
{
    server_protect(made);
    server_open(made);
}

/* The next requests are of this caller; the token is freed by nobody_calls. */
static inline void calls_as(const char *subject, const char *scope, const char *claims)
{
    struct dw_error error = {0};

    dw_test_token_free((char *)(uintptr_t)client_token);
    client_token = dw_test_token(issuer, subject, scope, claims, &error);
    assert_done(client_token != NULL, error);
}

static inline void nobody_calls(void)
{
    dw_test_token_free((char *)(uintptr_t)client_token);
    client_token = NULL;
}

static inline void server_close(void)
{
    nobody_calls();
    dw_server_free(server);
    dw_test_issuer_free(issuer);
    server = NULL;
    issuer = NULL;
}

/* The end of a test that began with server_open. */
static inline int stop(void **state)
{
    (void)state;
    server_close();
    return 0;
}

#endif
