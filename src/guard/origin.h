/* Who may talk to us from a browser: the Host and Origin checks (DNS rebinding, MCP "Security
 * Warning" of streamable HTTP) and the CORS fields. Pure. */
#ifndef DW_GUARD_ORIGIN_H
#define DW_GUARD_ORIGIN_H

#include "http/field_list.h"

#define DW_CORS_FIELDS 6

struct dw_origin_rules {
    struct dw_slice public_authority; /* as written in the public URL */
    struct dw_slice public_host;      /* without port */
    struct dw_slice public_origin;
    struct dw_slices allowed_origins;
    struct dw_slices allowed_hosts;
    bool is_any_origin_allowed;
    bool is_any_host_allowed;
};

/* authority    the request's
 * is_loopback  whether the accepted socket's own address is loopback: what decides is where the
 *              peer really connected, not what it says
 *
 * Fails with DW_MISDIRECTED. */
bool dw_must_check dw_host_check(const struct dw_origin_rules *rules, struct dw_slice authority,
                                 bool is_loopback, struct dw_error *reterr);
/* MCP transports MUST: an Origin that is there and not allowed is refused. Fails with
 * DW_BAD_ORIGIN; a second Origin field is refused too. */
bool dw_must_check dw_origin_check(const struct dw_origin_rules *rules,
                                   struct dw_http_fields fields, bool is_loopback,
                                   struct dw_error *reterr);

/* The fields an answer to a page of this (allowed) origin needs; none without Origin. */
void dw_cors_add(struct dw_http_fields request_fields, struct dw_field_list *out);
/* For what everybody may read: the metadata. */
void dw_cors_add_public(struct dw_http_fields request_fields, struct dw_field_list *out);
/* The answer to a preflight: methods and header names, also the Mcp-Param-* ones it asks for. */
void dw_cors_add_preflight(struct dw_http_fields request_fields, struct dw_arena *arena,
                           struct dw_field_list *out);

#endif
