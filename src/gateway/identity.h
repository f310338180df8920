/* What an HTTP upstream gets to see of a request: none of the client's credentials and nothing that
 * only we may say, then who the caller is. Pure. */
#ifndef DW_GATEWAY_IDENTITY_H
#define DW_GATEWAY_IDENTITY_H

#include "gateway/rules.h"
#include "http/field_list.h"
#include "oauth/access_token.h"

/* "x-doorward-sub", or "x-name=claim". Fails with DW_CONFIG or DW_NO_MEMORY. */
bool dw_must_check dw_identity_header_parse(struct dw_slice text, struct dw_arena *arena,
                                            struct dw_identity_header *ret_header,
                                            struct dw_error *reterr);

/* The value of a header: of the claims "sub", "client_id", "scope", "org_id", "iss" what the guard
 * found, of others the text, number or truth value in the token. Percent-encoded where bytes are
 * not printable ASCII. ptr NULL: the token does not say, or memory is short. */
struct dw_slice dw_identity_value(const struct dw_access_token *token, struct dw_slice claim,
                                  struct dw_arena *arena);

/* How the request reached us. */
struct dw_upstream_request {
    const struct dw_http_request *request;
    const struct dw_access_token *token; /* NULL: public, nobody is known */
    struct dw_slice peer_address;
    struct dw_slice trace_id, span_id;
    bool is_tls;
    bool keeps_session; /* Mcp-Session-Id and Last-Event-ID go on */
    bool wants_plain;   /* the answer must not come compressed: Accept-Encoding is dropped */
};

/* The fields to send: views of the request's where they are passed on, else in `arena`. Fails with
 * DW_NO_MEMORY. */
bool dw_must_check dw_upstream_fields(const struct dw_gateway_rules *rules,
                                      const struct dw_upstream_request *from,
                                      struct dw_arena *arena, struct dw_http_fields *ret_fields,
                                      struct dw_error *reterr);

/* The fields of an upstream's answer that go on to the client, copied to `arena`, after those
 * already in `out`. session_id: the one that may go on; empty: none. */
void dw_answer_fields(const struct dw_http_response_head *head, struct dw_slice session_id,
                      struct dw_arena *arena, struct dw_field_list *out);

#endif
