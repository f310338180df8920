/* What the files of gateway/ share: the gateway, its part on each loop, and one request on its way
 * through (a passage). Only inside gateway/. */
#ifndef DW_GATEWAY_GATEWAY_INTERNAL_H
#define DW_GATEWAY_GATEWAY_INTERNAL_H

#include "gateway/owned.h"
#include "gateway/rules.h"
#include "http/field_list.h"
#include "mcp/method.h"
#include "net/client.h"
#include "net/server.h"

/* Tasks remembered at once, and how long one may go without being asked about. */
#define DW_GATEWAY_MAX_TASKS 100000
#define DW_GATEWAY_TASK_IDLE_MS ((int64_t)24 * 60 * 60 * 1000)

struct dw_forward;
struct dw_stdio;

/* What an HTTP upstream needs on one loop. */
struct dw_gateway_loop {
    struct dw_loop *loop;
    struct dw_client *client;
    struct dw_forward *spare; /* for the next request, so that a busy loop allocates nothing */
    size_t spare_count;
    struct dw_forward *unattended; /* whose client has left, see forward.c */
    size_t unattended_count;
    size_t unattended_bytes;
    struct dw_forward *listening; /* streams without an end: GET, subscriptions/listen */
    struct dw_timer *sweep;
};

struct dw_gateway {
    struct dw_net *net;
    const struct dw_gateway_config *config;
    struct dw_arena *arena;
    struct dw_gateway_rules rules;
    struct dw_guard *guard;
    struct dw_owned *sessions;
    struct dw_owned *tasks; /* each about the tool that was called, if one was */
    struct dw_server_tls *tls;
    struct dw_gateway_loop *loops; /* with an HTTP upstream; by loop index */
    unsigned loop_count;
    struct dw_stdio *stdio; /* with a command */
    struct dw_timer *reaper;
    bool filters_lists; /* some rows of the policy exist */
};

/* One request to the MCP endpoint, from its last byte to the end of its answer. Lives in the
 * exchange's arena. */
struct dw_passage {
    struct dw_gateway *gateway;
    struct dw_exchange *exchange;
    struct dw_arena *arena; /* the exchange's */
    struct dw_guard_wait *wait;
    const struct dw_principal *principal;
    struct dw_mcp_message message;      /* of a POST */
    const struct dw_mcp_method *method; /* NULL: none, or one we do not know */
    enum dw_mcp_path path;
    struct dw_slice session_id; /* entered; empty: none */
    int64_t began_us;
    /* Told when the exchange is over; both are set by whoever carries the request on. */
    void (*on_gone)(struct dw_passage *passage, bool is_complete);
    void *carrier;
};

/* endpoint.c */
extern const struct dw_handler dw_endpoint_handler; /* without user */
extern const struct dw_handler dw_admin_handler;

/* passage.c: from the token to the decision */
void dw_passage_begin(struct dw_gateway *gateway, struct dw_exchange *exchange);

/* answer.c */
/* Refuses with the status and JSON-RPC error of the code, and the challenge the guard wants.
 * needed: the scopes to ask for; data: of the JSON-RPC error. The passage may be gone after it. */
void dw_passage_refuse(struct dw_passage *passage, const struct dw_error *error,
                       struct dw_slices needed, struct dw_slice data);
/* A whole answer with the fields every answer of the endpoint has. `out` must have room for them.
 * The passage may be gone after it. */
void dw_passage_answer(struct dw_passage *passage, int status, struct dw_field_list *out,
                       struct dw_slice body);
/* Refusals outside of the MCP endpoint, or before a passage began. With DW_METHOD_NOT_ALLOWED,
 * allow says which methods are (RFC 9110 15.5.6 MUST). */
void dw_answer_error(struct dw_exchange *exchange, const struct dw_error *error,
                     struct dw_slice allow);
#define DW_ENDPOINT_METHODS "POST, GET, DELETE, OPTIONS"
#define DW_ANSWER_FIELDS (DW_CORS_FIELDS + 4)

/* tasks.c: a task belongs to the principal whose call made it */
/* Whether the answer may make a task. */
bool dw_passage_watches_tasks(const struct dw_passage *passage);
/* `user` is the passage: it owns the task from now on. */
void dw_passage_own_task(void *user, struct dw_slice task_id);
/* Whether the principal owns all the tasks that the message is about, and may still call the tools
 * that made them. Fails with DW_INVALID_PARAMS, or as dw_guard_authorize does. */
bool dw_must_check dw_passage_check_tasks(struct dw_passage *passage, struct dw_slices *ret_needed,
                                          struct dw_error *reterr);

/* list_filter.h, with the guard's answers for this passage. */
bool dw_passage_filters_list(const struct dw_passage *passage);
struct dw_list_filter dw_passage_list_filter(struct dw_passage *passage);

/* forward.c: HTTP upstreams */
bool dw_must_check dw_forward_open(struct dw_gateway *gateway, struct dw_error *reterr);
void dw_forward_close(struct dw_gateway *gateway);
void dw_forward_start(struct dw_passage *passage);

/* stdio.c: upstreams that are processes */
struct dw_stdio *dw_stdio_open(struct dw_gateway *gateway, struct dw_error *reterr) dw_must_check;
void dw_stdio_close(struct dw_stdio *stdio);
void dw_stdio_start(struct dw_passage *passage);

#endif
