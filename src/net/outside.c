/* Exchanges without a connection of ours. The loop owns them; the lock only lets dw_outside_leave
 * be sure that no callback runs any more. */
#include "net/outside.h"

#include <pthread.h>

#include "http/parse.h"
#include "http/render.h"
#include "net/server_internal.h"

#define ARENA_BYTES ((size_t)8 * 1024 * 1024) /* beside the body */
#define WELCOME_BYTES ((size_t)1024 * 1024)   /* of a body, when the handler does not say */
#define HEAD_BYTES ((size_t)DW_HTTP_MAX_HEAD_BYTES)

struct dw_outside {
    struct dw_exchange exchange;
    struct dw_loop *loop;
    struct dw_handler handler;
    struct dw_outside_answer answer;
    struct dw_slice peer;
    bool is_loopback;
    struct dw_post arrive_post, leave_post;
    struct dw_deferred turn;
    struct dw_drainable drainable;
    bool is_over;         /* on_gone has run, or will no more */
    bool is_left_here;    /* the loop knows that the caller has left */
    bool has_peer;        /* nobody has said that the peer is gone */
    pthread_mutex_t lock; /* recursive; guards is_left and is held while a callback runs */
    bool is_left;
};

/* ---- the request ---- */

static bool is_framing(struct dw_slice name)
{
    static const char *const names[] = {
        "content-length", "transfer-encoding", "connection", "proxy-connection",
        "keep-alive",     "upgrade",           "te",         "trailer",
        "expect"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (dw_slice_eq_nocase(name, dw_slice_from_text(names[i])))
            return true;
    return false;
}

/* As bytes, so that one parser decides for all what a request is (RFC 9112). */
static bool write_head(const struct dw_outside_request *request, char *room,
                       struct dw_slice *ret_head, struct dw_error *reterr)
{
    struct dw_http_writer writer = dw_http_writer_into(room, HEAD_BYTES);
    struct dw_error wrong = {0};

    dw_http_write_request_line(&writer, dw_http_method_from(request->method), request->method,
                               request->target);
    for (size_t i = 0; i < request->fields.count; i++)
        if (!is_framing(request->fields.items[i].name))
            dw_http_write_field(&writer, request->fields.items[i].name,
                                request->fields.items[i].value);
    dw_http_write_field_int(&writer, DW_LIT("Content-Length"), (int64_t)request->body.len);
    dw_http_write_end(&writer);
    if (dw_http_writer_finish(&writer, ret_head, &wrong))
        return true;
    return dw_fail(reterr, wrong.code == DW_HEADER_TOO_LARGE ? wrong.code : DW_MALFORMED,
                   "the head of the request is not HTTP");
}

static bool read_head(struct dw_exchange *exchange, struct dw_slice head, struct dw_error *reterr)
{
    struct dw_http_field *room =
        dw_arena_new_array(exchange->arena, DW_HTTP_MAX_FIELDS, sizeof *room);
    struct dw_http_head_parser parser;
    size_t head_bytes;

    if (!room)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
    switch (dw_http_parse_request(&parser, head, &exchange->request, &head_bytes, reterr)) {
    case DW_HTTP_DONE:
        return head_bytes == head.len || dw_fail(reterr, DW_MALFORMED, "more than one request");
    case DW_HTTP_MORE:
        return dw_fail(reterr, DW_MALFORMED, "the head of the request is not whole");
    case DW_HTTP_FAILED:
        break;
    }
    return false;
}

static bool copy_request(struct dw_outside *outside, const struct dw_outside_request *request,
                         struct dw_error *reterr)
{
    struct dw_exchange *exchange = &outside->exchange;
    char *room = dw_arena_alloc(exchange->arena, HEAD_BYTES);
    struct dw_slice head;

    exchange->body = dw_arena_copy(exchange->arena, request->body);
    outside->peer = dw_arena_copy(exchange->arena, request->peer_address);
    outside->is_loopback = request->is_loopback;
    if (!room || !exchange->body.ptr || !outside->peer.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return write_head(request, room, &head, reterr) && read_head(exchange, head, reterr);
}

/* ---- life ---- */

static void free_outside(struct dw_outside *outside)
{
    if (outside->exchange.arena)
        dw_arena_free(outside->exchange.arena);
    pthread_mutex_destroy(&outside->lock);
    dw_mem_free(outside);
}

static void let_go(struct dw_outside *outside)
{
    if (outside->is_over && outside->is_left_here)
        free_outside(outside);
}

/* Once: the exchange is over, with an answer or without. */
static void finish(struct dw_outside *outside)
{
    struct dw_exchange *exchange = &outside->exchange;
    bool is_complete = exchange->answer == DW_ANSWER_ENDED && outside->has_peer;

    dw_loop_undefer(&outside->turn);
    dw_drainable_remove(&outside->drainable);
    if (exchange->on_gone)
        exchange->on_gone(exchange->user, exchange, is_complete);
    exchange->answer = DW_ANSWER_ENDED;
    outside->is_over = true;
    dw_loop_release(outside->loop);
    let_go(outside);
}

static void on_turn(struct dw_deferred *turn)
{
    finish((struct dw_outside *)((char *)turn - offsetof(struct dw_outside, turn)));
}

static void finish_soon(struct dw_outside *outside)
{
    if (!outside->is_over)
        dw_loop_defer(outside->loop, &outside->turn, on_turn);
}

static void leave_here(void *user)
{
    struct dw_outside *outside = user;

    outside->is_left_here = true;
    if (outside->is_over) {
        let_go(outside);
        return;
    }
    outside->has_peer = false;
    finish_soon(outside);
}

void dw_outside_leave(struct dw_outside *outside)
{
    pthread_mutex_lock(&outside->lock);
    outside->is_left = true;
    pthread_mutex_unlock(&outside->lock);
    dw_loop_post_node(outside->loop, &outside->leave_post);
}

/* The loop ends: what is not answered breaks off. */
static void drain(struct dw_drainable *drainable, bool is_final)
{
    struct dw_outside *outside =
        (struct dw_outside *)((char *)drainable - offsetof(struct dw_outside, drainable));

    if (!is_final)
        return;
    if (outside->exchange.answer != DW_ANSWER_ENDED)
        dw_outside_abort(&outside->exchange);
    finish(outside);
}

static void arrive(void *user)
{
    struct dw_outside *outside = user;
    struct dw_exchange *exchange = &outside->exchange;
    size_t welcome_bytes = WELCOME_BYTES;
    struct dw_error error = {0};

    dw_drainable_add(outside->loop, &outside->drainable, drain);
    if (dw_net_is_draining(outside->loop->net)) {
        dw_error_set(&error, DW_UNAVAILABLE, __FILE__, __LINE__, "the server is stopping");
        dw_exchange_respond_error(exchange, &error);
        return;
    }
    if (outside->handler.on_head)
        welcome_bytes = outside->handler.on_head(outside->handler.user, exchange);
    if (exchange->answer != DW_ANSWER_NONE)
        return;
    if (exchange->body.len > welcome_bytes) {
        dw_error_set(&error, DW_TOO_LARGE, __FILE__, __LINE__, "the body is too large");
        dw_exchange_respond_error(exchange, &error);
        return;
    }
    outside->handler.on_request(outside->handler.user, exchange);
}

static struct dw_outside *new_outside(struct dw_loop *loop, size_t body_bytes)
{
    struct dw_outside *outside = dw_mem_new(sizeof *outside);
    pthread_mutexattr_t recursive;

    if (!outside)
        return NULL;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&outside->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    outside->loop = loop;
    outside->has_peer = true;
    outside->exchange.outside = outside;
    outside->exchange.last_note = &outside->exchange.first_note;
    outside->exchange.arena = dw_arena_new(ARENA_BYTES + body_bytes);
    outside->arrive_post = (struct dw_post){NULL, arrive, outside};
    outside->leave_post = (struct dw_post){NULL, leave_here, outside};
    if (outside->exchange.arena)
        return outside;
    free_outside(outside);
    return NULL;
}

struct dw_outside *dw_outside_enter(struct dw_loop *loop, const struct dw_handler *handler,
                                    const struct dw_outside_request *request,
                                    const struct dw_outside_answer *answer, struct dw_error *reterr)
{
    struct dw_outside *outside = new_outside(loop, request->body.len);

    if (!outside) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    outside->handler = *handler;
    outside->answer = *answer;
    if (!copy_request(outside, request, reterr)) {
        free_outside(outside);
        return NULL;
    }
    dw_loop_hold(loop);
    dw_loop_post_node(loop, &outside->arrive_post);
    return outside;
}

/* ---- what exchange.c asks for ---- */

struct dw_loop *dw_outside_loop(const struct dw_exchange *exchange)
{
    return exchange->outside->loop;
}

struct dw_exchange *dw_outside_exchange(const struct dw_exchange *exchange)
{
    return &exchange->outside->exchange;
}

struct dw_slice dw_outside_peer(const struct dw_exchange *exchange)
{
    return exchange->outside->peer;
}

bool dw_outside_is_loopback(const struct dw_exchange *exchange)
{
    return exchange->outside->is_loopback;
}

/* Whether an answer may begin; it has then. */
static bool begin(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                  int64_t body_bytes)
{
    struct dw_outside *outside = exchange->outside;

    if (outside->is_over || !outside->has_peer || exchange->answer != DW_ANSWER_NONE)
        return false;
    exchange->status = status;
    exchange->announced_bytes = body_bytes;
    exchange->has_no_body =
        exchange->request.method == DW_HTTP_HEAD || status == 204 || status == 304;
    exchange->answer = DW_ANSWER_STREAMING;
    pthread_mutex_lock(&outside->lock);
    if (!outside->is_left)
        outside->answer.start(outside->answer.user, status, fields, body_bytes);
    pthread_mutex_unlock(&outside->lock);
    return true;
}

bool dw_outside_write(struct dw_exchange *exchange, struct dw_slice bytes)
{
    struct dw_outside *outside = exchange->outside;
    bool is_taken;

    if (outside->is_over || !outside->has_peer || exchange->answer != DW_ANSWER_STREAMING)
        return false;
    exchange->answer_bytes += (int64_t)bytes.len;
    if (bytes.len == 0 || exchange->has_no_body)
        return true;
    pthread_mutex_lock(&outside->lock);
    is_taken = !outside->is_left && outside->answer.write(outside->answer.user, bytes);
    pthread_mutex_unlock(&outside->lock);
    if (is_taken)
        return true;
    outside->has_peer = false;
    finish_soon(outside);
    return false;
}

static void end(struct dw_exchange *exchange, bool is_complete)
{
    struct dw_outside *outside = exchange->outside;

    if (outside->is_over || exchange->answer == DW_ANSWER_ENDED)
        return;
    exchange->answer = DW_ANSWER_ENDED;
    pthread_mutex_lock(&outside->lock);
    if (!outside->is_left)
        outside->answer.end(outside->answer.user, is_complete);
    pthread_mutex_unlock(&outside->lock);
    finish_soon(outside);
}

void dw_outside_respond(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                        struct dw_slice body)
{
    if (!begin(exchange, status, fields, (int64_t)body.len))
        return;
    (void)dw_outside_write(exchange, body);
    end(exchange, true);
}

void dw_outside_start(struct dw_exchange *exchange, int status, struct dw_http_fields fields,
                      int64_t content_length)
{
    (void)begin(exchange, status, fields, content_length);
}

void dw_outside_end(struct dw_exchange *exchange)
{
    if (exchange->answer == DW_ANSWER_STREAMING)
        end(exchange, exchange->announced_bytes <= exchange->answer_bytes || exchange->has_no_body);
}

void dw_outside_abort(struct dw_exchange *exchange)
{
    exchange->outside->has_peer = false;
    end(exchange, false);
}
