/* The gateway: a reverse proxy that puts OAuth in front of one MCP server, over streamable HTTP or
 * stdio, for clients of both protocol eras. It decides nothing about tokens: the guard does. */
#ifndef DW_GATEWAY_GATEWAY_H
#define DW_GATEWAY_GATEWAY_H

#include "base/field.h"
#include "guard/guard.h"
#include "net/loop.h"

struct dw_server_tls;

/* What [gateway] of the configuration says, by dw_gateway_fields. Borrowed for the gateway's life.
 */
struct dw_gateway_config {
    size_t size;
    struct dw_slice listen;
    struct dw_slice
        public_url;           /* of the MCP endpoint; empty: from listen, which is loopback then */
    struct dw_slice upstream; /* http://..., https://..., unix:/path[:/http/path]; or command */
    struct dw_slices command; /* argv of a stdio server */
    struct dw_field_pairs environment;
    struct dw_slice directory;
    struct dw_slices identity_headers; /* "x-doorward-sub", or "x-user=claim" */
    struct dw_slices trusted_proxies;  /* "10.0.0.0/8", "::1" */
    struct dw_slices allowed_origins;  /* "https://app.example.com"; "*": any */
    struct dw_slices allowed_hosts;    /* "mcp.internal", "mcp.internal:8443"; "*": any */
    int64_t max_body_bytes;
    int64_t session_idle_s;
    int64_t max_sessions;
    int64_t upstream_timeout_s;   /* to the first byte of an answer */
    struct dw_slice admin_listen; /* empty: none */
    struct dw_slice tls_certificate;
    struct dw_slice tls_key;
    struct dw_server_tls *tls; /* not from a file: used instead of the two; borrowed, may be NULL */
    /* For cli, which makes the log: a file, or empty for stderr; enum dw_log_level. */
    struct dw_slice log;
    int log_level;
    /* Not from [gateway]: who may pass. protected_resource empty: the public URL. */
    const struct dw_guard_config *guard;
};

extern const struct dw_fields dw_gateway_fields;

struct dw_gateway;

/* Binds its listeners and starts what must run before the first request; before dw_net_run. Fails
 * with DW_CONFIG or DW_IO and one sentence that says what to change. */
struct dw_gateway *dw_gateway_open(struct dw_net *net, const struct dw_gateway_config *config,
                                   struct dw_error *reterr) dw_must_check;
/* After dw_net_run has ended. */
void dw_gateway_close(struct dw_gateway *gateway);
/* The URL clients connect to; lives as long as the gateway. */
struct dw_slice dw_gateway_public_url(const struct dw_gateway *gateway);

#endif
