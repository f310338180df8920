/* What the files of stdio share. Processes live on one loop, the hub's (loop 0); requests come from
 * any loop. A call goes to the hub by dw_loop_post, and what becomes of it comes back as mails, so
 * that nothing here needs a lock and nothing runs inside a caller's call. Only inside gateway/. */
#ifndef DW_GATEWAY_STDIO_INTERNAL_H
#define DW_GATEWAY_STDIO_INTERNAL_H

#include <stdatomic.h>

#include "base/map.h"
#include "gateway/gateway_internal.h"
#include "gateway/stdio_message.h"
#include "net/process.h"

#define DW_STDIO_MAX_PENDING 4096 /* a process */
#define DW_STDIO_MAX_QUEUED 64    /* messages for a stream that is not open yet */
#define DW_STDIO_MAX_QUEUED_BYTES ((size_t)4 * 1024 * 1024)
#define DW_STDIO_MAX_ASKED 256 /* requests of a process without an answer */
#define DW_STDIO_MAX_UNSENT (4 * 1024 * 1024)
/* A longer one is dropped, and an answer's call is told so. More than ten megabytes both as text
 * and as structured content. */
#define DW_STDIO_MAX_LINE ((size_t)32 * 1024 * 1024)

enum dw_stdio_kind {
    DW_STDIO_REQUEST,
    DW_STDIO_NOTIFICATION,
    DW_STDIO_CANCEL,   /* notifications/cancelled of a legacy client */
    DW_STDIO_RESPONSE, /* to a request of the process */
    DW_STDIO_STREAM,   /* GET */
    DW_STDIO_DELETE,
};

/* One HTTP request. References: one of the client's side until the exchange is over, one of the
 * hub's until it has nothing more to say, one of each mail under way. */
struct dw_stdio_call {
    _Atomic int references;
    struct dw_stdio *stdio;
    struct dw_loop *loop; /* of the exchange */
    /* Not changed any more once the call is sent; all lies in `arena`. */
    struct dw_arena *arena;
    enum dw_stdio_kind kind;
    bool is_modern;
    bool is_handshake;
    int64_t id;           /* what the process knows the request by; unique in this gateway */
    struct dw_slice line; /* for the process */
    struct dw_slice bridged_line; /* for a legacy process, when is_modern */
    struct dw_slice method;
    struct dw_slice target; /* CANCEL, RESPONSE: the raw id it is about */
    struct dw_slice session_id, principal;
    struct dw_stdio_names names;
    /* The client's side. */
    struct dw_passage *passage; /* NULL: the exchange is over */
    bool has_stream;            /* the answer is an event stream */
    /* The hub's side. */
    struct dw_stdio_child *child;
    struct dw_stdio_call *next; /* waiting for its process to be ready */
    int64_t began_ms;
    int64_t told_ms; /* when the client last heard of it; 0: never */
    bool has_answer_begun;
    bool is_gone; /* the client has left */
};

enum dw_child_role {
    DW_CHILD_SESSION, /* one legacy session; key: its id */
    DW_CHILD_BRIDGE,  /* a legacy process that serves one modern principal; key: the principal's */
    DW_CHILD_SHARED,  /* a modern process that serves all modern clients */
};

enum dw_child_phase {
    DW_CHILD_PROBING,  /* asked server/discover */
    DW_CHILD_GREETING, /* asked initialize, for a bridge */
    DW_CHILD_READY,
    DW_CHILD_STOPPING,
};

/* One process. On the hub's loop only. */
struct dw_stdio_child {
    struct dw_stdio *stdio;
    struct dw_process *process;
    enum dw_child_role role;
    enum dw_child_phase phase;
    struct dw_slice key;
    struct dw_map *pending;       /* by id: struct dw_stdio_call */
    struct dw_arena *scratch;     /* for one line */
    struct dw_stdio_call *stream; /* GET */
    struct dw_map *asked;         /* raw ids of the process's own requests */
    struct dw_slice queued[DW_STDIO_MAX_QUEUED];
    size_t queued_count, queued_bytes;
    struct dw_stdio_call *first_waiting, *last_waiting;
    int64_t own_id; /* of our discover or initialize */
    struct dw_arena *greeting_arena;
    const struct dw_json *greeting; /* the InitializeResult */
    int64_t started_ms, used_ms;
    struct dw_stdio_child *next, *previous;
    bool is_doomed;    /* ended at the next tick */
    bool has_answered; /* it works: its end is no failed start */
};

struct dw_stdio {
    struct dw_gateway *gateway;
    struct dw_loop *loop; /* the hub's */
    struct dw_slices environment;
    _Atomic int64_t next_id;
    struct dw_map *sessions;       /* by session id: struct dw_stdio_child */
    struct dw_map *bridges;        /* by principal: struct dw_stdio_child */
    struct dw_stdio_child *shared; /* also while it is being probed */
    struct dw_stdio_child *children;
    size_t child_count;
    enum dw_mcp_era era; /* of the command; DW_MCP_ERA_ANY: not known yet */
    unsigned failures;   /* starts that failed, one after the other */
    int64_t not_before_ms;
    struct dw_timer *timer;
    bool is_stopping;
};

/* ---- stdio_mail.c: from the hub to the client's loop; each may be called for calls whose client
 * has left ---- */
void dw_stdio_mail_event(struct dw_stdio_call *call, struct dw_slice message);
void dw_stdio_mail_result(struct dw_stdio_call *call, struct dw_slice message);
void dw_stdio_mail_error(struct dw_stdio_call *call, const struct dw_error *error);
void dw_stdio_mail_accepted(struct dw_stdio_call *call); /* 202 */
/* An event stream without events yet, where the client takes one; and a sign of life later on. */
void dw_stdio_mail_open(struct dw_stdio_call *call);
void dw_stdio_mail_end(struct dw_stdio_call *call); /* of an event stream */
void dw_stdio_call_unref(struct dw_stdio_call *call);

/* ---- stdio_hub.c: tasks for the hub's loop; user: take and leave a call, with the hub's
 * reference, the others the hub ---- */
void dw_stdio_hub_take(void *user);
void dw_stdio_hub_leave(void *user);
void dw_stdio_hub_tick(void *user);
void dw_stdio_hub_stop(void *user); /* when the drain begins */
/* A child's process has ended, whether asked to or not. The child is gone after it. */
void dw_stdio_hub_lost(struct dw_stdio_child *child, const struct dw_error *error);
/* What a child has to say about the era of the command. */
void dw_stdio_hub_probed(struct dw_stdio_child *child, enum dw_mcp_era era);

/* ---- stdio_child.c ---- */
/* Whether the command can be started at all. Fails with DW_CONFIG. */
bool dw_must_check dw_stdio_check_command(const struct dw_stdio *stdio, struct dw_error *reterr);
struct dw_stdio_child *dw_stdio_child_start(struct dw_stdio *stdio, enum dw_child_role role,
                                            struct dw_slice key,
                                            struct dw_error *reterr) dw_must_check;
/* Everything that waits for it gets the error; then it is freed, and its process killed. */
void dw_stdio_child_end(struct dw_stdio_child *child, const struct dw_error *error);
/* Sends a request now, or when the child is ready. Takes the hub's reference. */
void dw_stdio_child_send(struct dw_stdio_child *child, struct dw_stdio_call *call);
bool dw_stdio_child_write(struct dw_stdio_child *child, struct dw_slice line);
void dw_stdio_child_probe(struct dw_stdio_child *child);
void dw_stdio_child_greet(struct dw_stdio_child *child);
/* Sends what has waited. */
void dw_stdio_child_flush(struct dw_stdio_child *child);
/* Forgets a request; the hub's reference goes. */
void dw_stdio_child_drop(struct dw_stdio_child *child, struct dw_stdio_call *call);
/* The same for one that waits for the child to be ready; nothing when it does not. */
void dw_stdio_child_unqueue(struct dw_stdio_child *child, struct dw_stdio_call *call);
/* The pending request of a client's own id (raw), or NULL. */
struct dw_stdio_call *dw_stdio_child_find(const struct dw_stdio_child *child,
                                          struct dw_slice client_id);
void dw_stdio_child_set_stream(struct dw_stdio_child *child, struct dw_stdio_call *call);

#endif
