/* An MCP server with OAuth built in (MCP 2025-11-25 and 2026-07-28).
 *
 *     struct dw_server *server = dw_server_new("my-server", "1.0.0");
 *     dw_server_with_oauth_from_env(server);
 *     dw_server_with_tool(server, &my_tool);
 *     return dw_server_serve(server);
 *
 * Builder calls do not fail by themselves: the first error is remembered and reported, with its
 * cause, by dw_server_build and dw_server_serve; nothing is served then. Everything a config struct
 * points to is copied. A server is built on one thread; what may be called from any thread says so.
 */
#ifndef DOORWARD_SERVER_H
#define DOORWARD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <doorward/error.h>
#include <doorward/export.h>
#include <doorward/slice.h>

DW_BEGIN_C

struct dw_server;
struct dw_call;
struct dw_auth;

/* ---- building ---- */

/* name: for programs ("my-server"), version: "1.0.0". NULL only when memory is short; every other
 * call takes NULL and does nothing. */
DW_EXPORT struct dw_server *dw_server_new(const char *name, const char *version);
DW_EXPORT void dw_server_free(struct dw_server *server);

DW_EXPORT void dw_server_with_title(struct dw_server *server, const char *title);
/* How a model should use this server; sent once a session. */
DW_EXPORT void dw_server_with_instructions(struct dw_server *server, const char *instructions);

/* Protects the server with what the environment says: AUTH0_DOMAIN and AUTH0_AUDIENCE, or
 * OIDC_ISSUER and OIDC_AUDIENCE with OIDC_PROVIDER (auth0 okta cognito entra keycloak google oidc).
 * Without any of them the server stays unprotected and serves stdio, or HTTP on loopback with a
 * loud line; with some of them wrong it refuses to start. */
DW_EXPORT void dw_server_with_oauth_from_env(struct dw_server *server);
struct dw_jwt_validator_config;
/* Protects the server with tokens of this issuer; several calls: any of them. */
DW_EXPORT void dw_server_with_validator(struct dw_server *server,
                                        const struct dw_jwt_validator_config *config);
/* The only way to serve a public address without OAuth. */
DW_EXPORT void dw_server_without_auth(struct dw_server *server);

/* "127.0.0.1:8080", ":8080", "[::1]:0", "unix:/path". The default is stdio, or DOORWARD_LISTEN. */
DW_EXPORT void dw_server_with_listen(struct dw_server *server, const char *address);
/* What clients see, byte for byte: "https://mcp.example.com/mcp". Default: from the listen address
 * and DOORWARD_PUBLIC_URL; the path is where MCP is served ("/mcp"). */
DW_EXPORT void dw_server_with_public_url(struct dw_server *server, const char *url);
DW_EXPORT void dw_server_with_stdio(struct dw_server *server);
/* Takes --listen ADDRESS, --public-url URL and --stdio out of a program's arguments; others are an
 * error that names them. */
DW_EXPORT void dw_server_with_arguments(struct dw_server *server, int argc, char **argv);
/* Items a page of the list methods; default 100, 0 keeps it. */
DW_EXPORT void dw_server_with_page_size(struct dw_server *server, size_t items);
/* How long clients may keep lists and resources (MCP 2026-07-28 caching); default 0. */
DW_EXPORT void dw_server_with_cache_ttl(struct dw_server *server, int64_t ttl_ms);

/* ---- tools ---- */

enum dw_task_support {
    DW_TASK_FORBIDDEN, /* always answers at once */
    DW_TASK_OPTIONAL,  /* becomes a task when the client can follow one */
    DW_TASK_REQUIRED,  /* refused for clients that cannot */
    DW_TASK_LATER      /* becomes one when it calls dw_call_become_task */
};

/* Does the work, on one of 64 worker threads, of which one caller with a token has 24 at most; or
 * on the loop when is_quick. Adds content with dw_call_add_*. False: the call failed, *reterr says
 * how: codes made by the dw_auth_require functions become HTTP 403, DW_INPUT_REQUIRED asks the user
 * (see dw_call_elicit), any other becomes a result with isError that shows the message to the
 * model. A call that reports progress or takes longer than half a second is answered as a stream of
 * events, whose status is sent already: require scopes first. */
typedef bool dw_tool_run(void *user, struct dw_call *call, struct dw_error *reterr);

struct dw_tool {
    size_t size;      /* sizeof(struct dw_tool) */
    const char *name; /* 1 to 128 of A-Z a-z 0-9 _ . - ; unique */
    const char *title;
    const char *description;
    const char *input_schema;  /* JSON Schema 2020-12 of an object; NULL: no arguments */
    const char *output_schema; /* of structured results; NULL: none */
    const char *annotations;   /* a JSON object, or NULL */
    const char *icons;         /* a JSON array, or NULL */
    const char *meta;          /* a JSON object for _meta, or NULL */
    const char *const
        *scopes;   /* all are needed to see and to call it; ends with NULL; NULL: none */
    bool is_quick; /* run on the event loop: never blocks, done in microseconds */
    enum dw_task_support task_support;
    dw_tool_run *run;
    void *user;
};
DW_EXPORT void dw_server_with_tool(struct dw_server *server, const struct dw_tool *tool);

/* ---- resources ---- */

/* As dw_tool_run; adds contents with dw_call_add_resource_*. The URI: dw_call_uri; the variables of
 * a template: dw_call_variable. Fails with DW_NOT_FOUND when there is no such resource: clients
 * hear it the way their revision of the protocol says. */
struct dw_resource {
    size_t size;
    const char *uri;  /* "test://static-text"; or a URI template (RFC 6570 level 1), */
    bool is_template; /*  "test://template/{id}/data" */
    const char *name;
    const char *title;
    const char *description;
    const char *mime_type;
    const char *annotations;
    const char *icons;
    const char *meta;
    const char *const *scopes;
    bool is_quick;
    dw_tool_run *read;
    void *user;
};
DW_EXPORT void dw_server_with_resource(struct dw_server *server,
                                       const struct dw_resource *resource);

/* ---- prompts ---- */

struct dw_prompt_argument {
    const char *name;
    const char *title;
    const char *description;
    bool is_required;
};

/* As dw_tool_run; adds messages with dw_call_message and dw_call_add_*. A failure is an error of
 * the protocol: there is no model yet that could read it. */
struct dw_prompt {
    size_t size;
    const char *name;
    const char *title;
    const char *description;
    const struct dw_prompt_argument *arguments; /* ends with a NULL name; NULL: none */
    const char *icons;
    const char *meta;
    const char *const *scopes;
    bool is_quick;
    dw_tool_run *get;
    void *user;
};
DW_EXPORT void dw_server_with_prompt(struct dw_server *server, const struct dw_prompt *prompt);

/* Suggests values for an argument of a prompt or a variable of a template: dw_call_ref says of
 * which, dw_call_text "name" and "value" what is typed so far, dw_call_completed what the others
 * are; then dw_call_add_completion. One a server. */
DW_EXPORT void dw_server_with_completion(struct dw_server *server, dw_tool_run *complete,
                                         void *user);

/* ---- serving ---- */

/* Checks everything and makes the server ready, without serving. True once it is built. */
DW_EXPORT_CHECKED bool dw_server_build(struct dw_server *server, struct dw_error *reterr);
/* Builds and serves until SIGTERM, SIGINT, the end of stdin or dw_server_stop; frees the server.
 * Returns an exit status: 0, or 1 after it has said on stderr what is wrong. */
DW_EXPORT int dw_server_serve(struct dw_server *server);
/* Any thread. */
DW_EXPORT void dw_server_stop(struct dw_server *server);
/* The port it listens on, for ":0"; 0 before it does. Any thread. */
DW_EXPORT int dw_server_port(const struct dw_server *server);

/* ---- telling clients of changes; any thread ---- */

/* Tells the clients that asked to hear of it: that what they may list has changed (MCP
 * "notifications/tools/list_changed" and its like), or what a resource says
 * ("notifications/resources/updated"). The uri is copied. Nothing happens before the server serves;
 * a message that finds no memory is lost, for it is a hint. */
DW_EXPORT void dw_server_tools_changed(struct dw_server *server);
DW_EXPORT void dw_server_prompts_changed(struct dw_server *server);
DW_EXPORT void dw_server_resources_changed(struct dw_server *server);
DW_EXPORT void dw_server_resource_updated(struct dw_server *server, const char *uri);

DW_END_C

#endif
