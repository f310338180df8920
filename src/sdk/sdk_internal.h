/* What the files of the library share: the server and what is registered with it, sessions, calls,
 * and how they talk back. Only inside sdk/.
 *
 * One loop thread owns all of it: the registry is not changed once built, and sessions, streams and
 * lists of calls are touched by the loop alone. A tool's thread (a worker) has its call to itself
 * while it runs; what it sends goes to the loop by dw_call_send. */
#ifndef DW_SDK_SDK_INTERNAL_H
#define DW_SDK_SDK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <doorward/doorward.h>

#include "base/buf.h"
#include "base/map.h"
#include "guard/guard.h"
#include "mcp/method.h"
#include "mcp/schema.h"
#include "mcp/version.h"
#include "net/loop.h"
#include "json/json_writer.h"

#define DW_SDK_MAX_ITEMS 10000                            /* of a kind */
#define DW_SDK_REGISTRY_BYTES ((size_t)256 * 1024 * 1024) /* everything that is registered */
#define DW_SDK_CALL_BYTES ((size_t)64 * 1024 * 1024)      /* memory of one call */
#define DW_SDK_MAX_BODY_BYTES ((size_t)4 * 1024 * 1024)   /* one message of a client */
#define DW_SDK_MAX_SESSIONS 10000
#define DW_SDK_SESSION_IDLE_MS ((int64_t)30 * 60 * 1000)
#define DW_SDK_MAX_SESSION_CALLS 256  /* running at once in a session */
#define DW_SDK_MAX_SUBSCRIPTIONS 1000 /* URIs of a session or a stream */
#define DW_SDK_MAX_ISSUERS 16
#define DW_SDK_MAX_WAITING 48           /* tools that hold a worker while a user is asked */
#define DW_SDK_MAX_PRINCIPAL_WAITING 16 /* of them, of one caller */
#define DW_SDK_KEPT_ARENAS 64           /* of calls that have ended, for the next ones */

/* ---- what is registered ---- */

/* A tool, a prompt, a resource or a template. */
struct dw_item {
    enum dw_mcp_kind kind;
    struct dw_slice name;    /* of a resource its URI, of a template the URI template */
    struct dw_slice entry;   /* the JSON object that stands for it in lists */
    struct dw_slices scopes; /* all are needed */
    bool is_quick;
    dw_tool_run *run;
    void *user;
    /* tools */
    const struct dw_json *input_json; /* never NULL */
    struct dw_schema *input, *output; /* output NULL: none was given */
    bool has_param_headers;           /* some argument is mirrored in a header field */
    enum dw_task_support task_support;
    /* resources and templates: the type of contents that do not say */
    struct dw_slice mime_type;
    /* prompts */
    const struct dw_item_argument *arguments;
    size_t argument_count;
    struct dw_item *next; /* in the order of registration */
};

struct dw_item_argument {
    struct dw_slice name;
    bool is_required;
};

struct dw_items {
    struct dw_item *first, *last;
    size_t count;
    struct dw_map *by_name;
};

struct dw_tasks; /* tasks.c */

struct dw_server {
    struct dw_arena *arena; /* what is registered */
    struct dw_error error;  /* the first of the builder calls; code DW_OK: none */
    struct dw_slice name, version, title, instructions;
    struct dw_slice info; /* {"name","version","title"}: made at build */
    struct dw_items tools, prompts, resources, templates;
    dw_tool_run *complete;
    void *complete_user;
    size_t page_size;
    int64_t cache_ttl_ms;

    /* who may come; auth_config.c fills the issuers */
    struct dw_issuer_config issuers[DW_SDK_MAX_ISSUERS];
    size_t issuer_count;
    int64_t leeway_s; /* the largest that an issuer asks for */
    bool is_without_auth;

    struct dw_slice listen, public_url;
    bool is_stdio;
    bool is_own_http; /* requests come by dw_server_handle */

    /* from dw_server_build on */
    bool is_built;
    const struct dw_log *log;
    struct dw_metrics *metrics;
    struct dw_net *net;
    struct dw_loop *loop;
    struct dw_guard *guard;
    unsigned char state_key[32]; /* seals requestState; made at build, lives as long as we */
    struct dw_http *http;        /* http.c; NULL: not served so */
    struct dw_lines *stdio;      /* stdio.c; NULL: not served so */
    struct dw_map *sessions;     /* legacy HTTP sessions by id */
    struct dw_session *first_session;
    struct dw_arena *free_arenas[DW_SDK_KEPT_ARENAS];
    size_t free_arena_count;
    struct dw_listen_stream *first_listen; /* subscribe.c: open subscriptions/listen */
    struct dw_tasks *tasks;
    int64_t task_ttl_ms; /* from the start of a task; shorter in tests */
    atomic_int port;
    struct dw_timer *reaper;
    struct dw_timer *patience;    /* there while an HTTP call waits whose head is not sent */
    pthread_mutex_t waiting_lock; /* guards first_waiting: calls that hold a worker for an answer */
    struct dw_call *first_waiting;
    /* workers.c: calls that have a worker, newest first; those that wait for their caller's share,
     * oldest first */
    struct dw_call *first_working, *first_held, *last_held;
    size_t working_count;
    atomic_bool has_thread; /* handle.c: the loop runs there */
    pthread_t thread;
};

/* Remembers the first error; false. */
bool dw_server_note(struct dw_server *server, const struct dw_error *error);

/* registry.c: copies a struct of a caller that may be older than we: what it lacks is zero. Fails
 * with DW_CONFIG. */
bool dw_must_check dw_take_struct(void *to, size_t size, const void *from, size_t from_size,
                                  struct dw_error *reterr);

/* handle.c: ends the loop's thread, when there is one. */
void dw_server_end_thread(struct dw_server *server);

/* auth_config.c: lets go of configured keys; the guard must be gone. */
void dw_server_free_issuers(struct dw_server *server);

/* ---- who calls ---- */

/* Values live as long as the call, or, of dw_jwt_validate, as `arena`. */
struct dw_auth {
    const struct dw_access_token *token; /* NULL: nobody (no OAuth here, or stdio) */
    struct dw_arena *arena;              /* for lists that are made when asked for */
    /* the scopes the last dw_auth_require_* that failed would have needed, in `arena` */
    struct dw_slices needed;
    bool is_owned; /* made by dw_jwt_validate: dw_auth_free frees the arena it lies in */
};

/* ---- sessions: a legacy peer over HTTP, or the peer of stdio ---- */

struct dw_session {
    struct dw_server *server;
    struct dw_session *next, *previous;
    struct dw_arena *arena;             /* capabilities */
    struct dw_slice id;                 /* empty: stdio */
    struct dw_slice principal;          /* key of the principal that opened it; empty: stdio */
    const struct dw_json *capabilities; /* the client's, from initialize; NULL: none yet */
    int log_level;                      /* of enum dw_mcp_log_level */
    unsigned references;                /* calls and streams that point here, and the table */
    bool is_over;
    bool is_primed; /* the client knows 2025-11-25: streams begin with an event id */
    int64_t used_at_ms;
    struct dw_call *first_call; /* running, newest first */
    size_t call_count;
    struct dw_map *subscriptions; /* URIs of resources/subscribe */
    struct dw_event_log *events;  /* event_log.c: for resuming; HTTP only */
    void *stream;                 /* http.c: the open standalone stream, or NULL */
    int64_t next_stream;
};

/* A message to the peer outside any call (a list has changed): the standalone stream, or stdout. */
void dw_session_send(struct dw_session *session, struct dw_slice message);

/* ---- calls ---- */

/* MCP logging levels, RFC 5424 backwards. */
enum dw_mcp_log_level {
    DW_MCP_LOG_NONE = -1, /* send none */
    DW_MCP_LOG_DEBUG,
    DW_MCP_LOG_INFO,
    DW_MCP_LOG_NOTICE,
    DW_MCP_LOG_WARNING,
    DW_MCP_LOG_ERROR,
    DW_MCP_LOG_CRITICAL,
    DW_MCP_LOG_ALERT,
    DW_MCP_LOG_EMERGENCY,
};
/* False: no such level. */
bool dw_mcp_log_level_read(struct dw_slice name, int *ret_level);

/* How one request is answered; the transport implements it. On the loop. */
struct dw_outlet {
    /* A notification or a request of ours on the way to the answer. Copied. */
    void (*send)(struct dw_outlet *outlet, struct dw_slice message);
    /* The answer; the outlet is the transport's again. error NULL: message is a JSON-RPC response;
     * else it is the JSON-RPC error, and error and needed say what HTTP makes of it. */
    void (*finish)(struct dw_outlet *outlet, struct dw_slice message, const struct dw_error *error,
                   struct dw_slices needed);
    /* HTTP 2025-11-25: end the response stream now; the rest waits in the event log. Else no-op. */
    void (*close_stream)(struct dw_outlet *outlet);
    void *user;
};

struct dw_content; /* call_content.c */
struct dw_asks;    /* call_ask.c */

struct dw_call {
    struct dw_server *server;
    struct dw_arena *arena; /* the call's own; everything below lies in it */
    enum dw_mcp_era era;
    struct dw_mcp_message message;
    const struct dw_item *item;           /* NULL: completion */
    const struct dw_json *arguments;      /* params.arguments; NULL: none were sent */
    const struct dw_json *capabilities;   /* the client's; NULL: none */
    int log_level;                        /* of enum dw_mcp_log_level */
    const struct dw_principal *principal; /* a reference; NULL on stdio */
    struct dw_auth auth;
    struct dw_slice principal_key;   /* what state, tasks and cursors are bound to; "" on stdio */
    struct dw_session *session;      /* a reference; NULL: modern HTTP */
    struct dw_call *next, *previous; /* of the session */
    struct dw_outlet outlet;
    const struct dw_json *progress_token;

    atomic_bool is_cancelled;
    pthread_mutex_t lock; /* guards what the loop and a worker both touch: answers of asks */
    pthread_cond_t wake;  /* an answer is here, or the call is cancelled */
    struct dw_call *next_waiting;                    /* of the server */
    struct dw_call *next_working, *previous_working; /* workers.c */

    /* while and after the author's function runs */
    struct dw_content *content; /* what dw_call_add_* made */
    struct dw_asks *asks;
    dw_tool_run *run; /* of the item, or the completion's */
    void *run_user;
    bool is_quick;
    bool is_listening;                   /* subscriptions/listen */
    bool has_meta;                       /* dw_call_put_meta has written it */
    bool is_done;                        /* what run returned */
    struct dw_error error;               /* of run, when it failed */
    bool has_memory_failed;              /* some dw_call_add_* had no memory: the call fails */
    const struct dw_variable *variables; /* of a template */
    size_t variable_count;
    void *task; /* tasks.c */
    /* what dw_call_elicit and its like missed: the value of requiredCapabilities; empty: nothing */
    struct dw_slice missing_capability;
    bool has_progress; /* some was sent; this much */
    double progress;
};

struct dw_variable {
    struct dw_slice name, value;
};

/* ---- call.c: life of a call ---- */

/* A new call with its arena, on the loop. NULL when memory is short. */
struct dw_call *dw_call_new(struct dw_server *server) dw_must_check;
/* Takes it out of its session, releases principal and session, frees it. */
void dw_call_free(struct dw_call *call);
/* Runs it: checks the arguments, runs the author's function on a worker (or here, is_quick), then
 * renders and finishes. Takes the call over. */
void dw_call_start(struct dw_call *call);
/* Runs the author's function again from its start: a task has its answers. */
void dw_call_run_again(struct dw_call *call);
/* Answers with a result, a JSON object written with dw_json_writer, and frees the call. Modern
 * peers: "resultType":"complete" is put in front unless the object has one, and _meta with the
 * server's info unless it has a _meta (see dw_call_put_meta). */
void dw_call_finish(struct dw_call *call, struct dw_slice result);
/* Writes the member "_meta": `own` (a JSON object or empty) and, for modern peers, the server's
 * name and version. Writes nothing when both are empty. */
void dw_call_put_meta(struct dw_call *call, struct dw_json_writer *writer, struct dw_slice own);
/* Answers with an error and frees the call. data: JSON, or empty. */
void dw_call_fail(struct dw_call *call, const struct dw_error *error, struct dw_slice data);
/* As dw_call_fail, with the data of DW_MISSING_CAPABILITY: call->missing_capability. */
void dw_call_refuse(struct dw_call *call, const struct dw_error *error);
/* There is no such resource: as each era says it, with its URI. In dispatch.c. */
void dw_call_fail_unknown_resource(struct dw_call *call, const char *text);
/* Ends it without an answer: a notification was taken, or the client has cancelled. */
void dw_call_end(struct dw_call *call);
/* The call's thread: sends a JSON-RPC message to the peer before the answer; in order; copied.
 * False when memory is short. */
bool dw_call_send(struct dw_call *call, struct dw_slice message);
/* On the loop: the client has cancelled or left. Wakes a waiting worker. No answer is sent. */
void dw_call_cancel(struct dw_call *call);

/* ---- call_arguments.c ---- */

/* Whether the arguments are what the item wants. A tool: against the schema; false with
 * DW_INVALID_PARAMS and *ret_report for the model. A prompt: required ones are there, all texts. */
bool dw_must_check dw_call_check_arguments(struct dw_call *call, struct dw_slice *ret_report,
                                           struct dw_error *reterr);

/* ---- call_content.c ---- */

/* The result object of a call whose function returned true (or failed with a plain error: a tool's
 * isError result): by kind of the item. On the loop or a worker; checks structured content against
 * the output schema. Fails with DW_INTERNAL or DW_NO_MEMORY. Without resultType and _meta of the
 * server: dw_call_finish adds them. */
bool dw_must_check dw_call_result(struct dw_call *call, struct dw_slice *ret_result,
                                  struct dw_error *reterr);

/* ---- call_ask.c ---- */

/* Before the function runs: reads inputResponses and requestState (modern). Fails with
 * DW_INVALID_PARAMS when the state is not ours. */
bool dw_must_check dw_call_asks_read(struct dw_call *call, struct dw_error *reterr);
/* The function returned DW_INPUT_REQUIRED to a modern peer: the input_required result. */
bool dw_must_check dw_call_input_required(struct dw_call *call, struct dw_slice *ret_result,
                                          struct dw_error *reterr);
/* On the loop: an answer of the client to a request of ours. False: none of ours waits for it. */
bool dw_session_answer(struct dw_session *session, const struct dw_mcp_message *message);

/* ---- registry.c ---- */

const struct dw_item *dw_items_find(const struct dw_items *items, struct dw_slice name);
/* The template that covers the URI, with its variables in `arena`; NULL: none. */
const struct dw_item *dw_templates_match(const struct dw_server *server, struct dw_slice uri,
                                         struct dw_arena *arena,
                                         const struct dw_variable **ret_variables,
                                         size_t *ret_count);

/* ---- dispatch.c ---- */

/* Whether the caller has all scopes the item asks for. */
bool dw_call_may_use(const struct dw_call *call, const struct dw_item *item);
/* The same as a refusal: fails with DW_INSUFFICIENT_SCOPE and notes what is needed, or, where there
 * is no OAuth, with DW_FORBIDDEN. */
bool dw_must_check dw_call_require(struct dw_call *call, const struct dw_item *item,
                                   struct dw_error *reterr);
/* A request that was authenticated, parsed into call->message and authorized; takes the call. */
void dw_dispatch(struct dw_call *call);

/* ---- lists.c, handshake.c, subscribe.c: methods; each takes the call over ---- */

void dw_call_list(struct dw_call *call);
/* ttlMs and cacheScope, for modern peers: lists, discovery and resources/read. */
void dw_call_put_caching(const struct dw_call *call, bool is_private,
                         struct dw_json_writer *writer);
void dw_call_initialize(struct dw_call *call);
void dw_call_discover(struct dw_call *call);
void dw_call_set_level(struct dw_call *call);
void dw_call_subscribe(struct dw_call *call);
void dw_call_unsubscribe(struct dw_call *call);
void dw_call_listen(struct dw_call *call);
/* Ends the stream of a listening call, with its last message when the server stops. */
void dw_listen_end(struct dw_call *call, bool is_graceful);
/* Those whose token is over end: their clients come back with a new one. */
void dw_listens_expire(struct dw_server *server, int64_t now_s);
/* The server stops: all of them end. */
void dw_listens_end(struct dw_server *server);

/* ---- session.c ---- */

/* A session with one reference, the table's. id empty: stdio's. NULL: *reterr. */
struct dw_session *dw_session_new(struct dw_server *server, struct dw_slice id,
                                  struct dw_slice principal, struct dw_error *reterr) dw_must_check;
struct dw_session *dw_session_ref(struct dw_session *session);
void dw_session_unref(struct dw_session *session);
/* NULL: there is no such session of this principal. Borrowed. */
struct dw_session *dw_session_find(struct dw_server *server, struct dw_slice id,
                                   struct dw_slice principal);
/* Out of the table: DELETE, idle too long, the end. Its calls are cancelled. */
void dw_session_end(struct dw_session *session);
/* The call belongs to the session from now on, and can be cancelled by its id. Fails with
 * DW_TOO_MANY. */
bool dw_must_check dw_session_add_call(struct dw_session *session, struct dw_call *call,
                                       struct dw_error *reterr);
void dw_session_remove_call(struct dw_call *call);
/* notifications/cancelled */
void dw_session_cancel(struct dw_session *session, const struct dw_mcp_message *message);
void dw_server_reap_sessions(struct dw_server *server);

/* ---- event_log.c: what a legacy client may ask for again (MCP 2025-11-25 resumability) ---- */

#define DW_EVENT_LOG_BYTES ((size_t)1024 * 1024) /* a session */
#define DW_EVENT_ID_SIZE 48

struct dw_event_log *dw_event_log_new(void) dw_must_check;
void dw_event_log_free(struct dw_event_log *log);
/* Keeps the message as the next event of the stream; the oldest ones give way. Writes the event's
 * id, also when there was no memory to keep it. */
void dw_event_log_add(struct dw_event_log *log, int64_t stream, struct dw_slice message,
                      bool is_last, char ret_id[static DW_EVENT_ID_SIZE]);
bool dw_event_id_read(struct dw_slice text, int64_t *ret_stream, int64_t *ret_number);
/* Calls with every kept event of the stream after `number`, oldest first. */
void dw_event_log_replay(const struct dw_event_log *log, int64_t stream, int64_t number,
                         void (*replay)(void *user, struct dw_slice id, struct dw_slice message,
                                        bool is_last),
                         void *user);

/* ---- http.c, stdio.c ---- */

bool dw_must_check dw_http_open(struct dw_server *server, struct dw_error *reterr);
void dw_http_close(struct dw_server *server);
/* Ends the standalone stream of the session. */
void dw_http_end_stream(struct dw_session *session);
void dw_http_session_send(struct dw_session *session, struct dw_slice message);
bool dw_must_check dw_lines_open(struct dw_server *server, struct dw_error *reterr);
void dw_lines_close(struct dw_server *server);
void dw_lines_send(struct dw_server *server, struct dw_slice message);

#endif
