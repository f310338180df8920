/* Asking the user: the ways questions and answers travel. To a 2025-11-25 peer a question is a
 * request of ours, and the worker waits; to a 2026-07-28 peer it is the result of the call, and the
 * tool runs again. */
#include <doorward/call.h>

#include "base/text.h"
#include "sdk/ask_internal.h"
#include "sdk/sdk_internal.h"
#include "sdk/state_internal.h"
#include "sys/sys.h"

#define ASK_TIMEOUT_MS ((int64_t)10 * 60 * 1000) /* a person reads and decides */

/* ---- between the rounds (modern) ---- */

static struct dw_asks *asks_of(struct dw_call *call, struct dw_error *reterr)
{
    if (!call->asks) {
        call->asks = DW_ARENA_NEW(call->arena, struct dw_asks);
        if (call->asks)
            call->asks->arena = call->arena;
        else
            (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    return call->asks;
}

static struct dw_state_owner owner_of(const struct dw_call *call)
{
    const struct dw_json *arguments = dw_json_get(call->message.params, "arguments");

    return (struct dw_state_owner){.principal = call->principal_key,
                                   .method = call->message.method,
                                   .name = call->message.name,
                                   .arguments = arguments ? arguments->raw : DW_EMPTY};
}

bool dw_call_asks_read(struct dw_call *call, struct dw_error *reterr)
{
    const struct dw_json *given = dw_json_get(call->message.params, "inputResponses");
    const struct dw_json *text = dw_json_get(call->message.params, "requestState");
    const struct dw_state_owner owner = owner_of(call);
    struct dw_state state;
    struct dw_asks *asks;

    if (!given && !text)
        return true;
    asks = asks_of(call, reterr);
    if (!asks)
        return false;
    if (given && given->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_PARAMS, "params.inputResponses must be an object");
    asks->given = given;
    if (!text)
        return true;
    if (text->type != DW_JSON_TEXT)
        return dw_fail(reterr, DW_INVALID_PARAMS, "params.requestState must be a string");
    if (!dw_state_open(call->server->state_key, &owner, text->text, dw_sys_wall_s(), call->arena,
                       &state, reterr))
        return false;
    asks->kept = state.answers;
    asks->state = state.kept ? state.kept->raw : DW_EMPTY;
    return true;
}

bool dw_call_input_required(struct dw_call *call, struct dw_slice *ret_result,
                            struct dw_error *reterr)
{
    const struct dw_state_owner owner = owner_of(call);
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    unsigned char nonce[DW_SEAL_NONCE_BYTES];
    struct dw_slice answers, state = DW_EMPTY;
    const struct dw_json *kept;
    struct dw_asks *asks = call->asks;

    if (!asks || !asks->asked_count)
        return dw_fail(reterr, DW_INTERNAL, "the tool wants answers and has asked no question");
    if (asks->state.len && !dw_json_parse(asks->state, call->arena, &kept, NULL))
        return dw_fail(reterr, DW_INTERNAL, "the state the tool has set is not valid JSON");
    if (!dw_asks_answers(asks, &answers, reterr))
        return false;
    if (answers.len || asks->state.len) {
        dw_sys_random(nonce, sizeof(nonce));
        if (!dw_state_seal(call->server->state_key, nonce, &owner, asks->state, answers,
                           dw_sys_wall_s(), call->arena, &state, reterr))
            return false;
    }
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "resultType", DW_LIT("input_required"));
    dw_json_write_key(&writer, DW_LIT("inputRequests"));
    dw_asks_write(asks, &writer);
    if (state.len)
        dw_json_put_text(&writer, "requestState", state);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_result, reterr);
}

/* ---- a request of ours (legacy) ---- */

static bool send_request(struct dw_call *call, const struct dw_ask *ask, int64_t id,
                         struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice message;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_int(&writer, "id", id);
    dw_json_put_text(&writer, "method", dw_slice_from_text(dw_ask_method(ask->kind)));
    if (ask->kind != DW_ASK_ROOTS)
        dw_json_put_raw(&writer, "params", ask->params);
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&out, &message, reterr))
        return false;
    return dw_call_send(call, message) || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* A tool that waits holds a worker: one caller must not hold all of them, nor all callers. */
static bool begin_waiting(struct dw_call *call, struct dw_error *reterr)
{
    struct dw_server *server = call->server;
    size_t all = 0, own = 0;
    bool is_allowed;

    pthread_mutex_lock(&server->waiting_lock);
    for (const struct dw_call *other = server->first_waiting; other; other = other->next_waiting) {
        all++;
        own += dw_slice_eq(other->principal_key, call->principal_key);
    }
    is_allowed = all < DW_SDK_MAX_WAITING && own < DW_SDK_MAX_PRINCIPAL_WAITING;
    if (is_allowed) {
        call->next_waiting = server->first_waiting;
        server->first_waiting = call;
    }
    pthread_mutex_unlock(&server->waiting_lock);
    return is_allowed || dw_fail(reterr, DW_BUSY, "too many questions wait for an answer already");
}

static void end_waiting(struct dw_call *call)
{
    struct dw_call **at = &call->server->first_waiting;

    pthread_mutex_lock(&call->server->waiting_lock);
    while (*at != call)
        at = &(*at)->next_waiting;
    *at = call->next_waiting;
    pthread_mutex_unlock(&call->server->waiting_lock);
}

/* Until the answer, the cancellation or the time is here. */
static bool wait_for_answer(struct dw_call *call, struct dw_error *reterr)
{
    const int64_t until_ms = dw_sys_wall_ms() + ASK_TIMEOUT_MS;
    const struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                                   .tv_nsec = (long)(until_ms % 1000) * 1000000};
    struct dw_asks *asks = call->asks;
    int status = 0;

    pthread_mutex_lock(&call->lock);
    while (!asks->arrived && !call->is_cancelled && status == 0)
        status = pthread_cond_timedwait(&call->wake, &call->lock, &until);
    asks->waiting_id = 0;
    pthread_mutex_unlock(&call->lock);
    if (asks->arrived)
        return true;
    if (call->is_cancelled)
        return dw_fail(reterr, DW_TIMED_OUT, "the call was cancelled while the user was asked");
    return dw_fail(reterr, DW_TIMED_OUT, "the client did not answer in time");
}

static bool ask_now(struct dw_call *call, const struct dw_ask *ask,
                    const struct dw_json **ret_answer, struct dw_error *reterr)
{
    static atomic_int_fast64_t newest_id; /* one row for all sessions: an id is never used twice */
    struct dw_asks *asks = call->asks;
    const int64_t id = atomic_fetch_add(&newest_id, 1) + 1;
    bool is_answered;

    if (dw_loop_here())
        return dw_fail(reterr, DW_INTERNAL, "a quick tool cannot wait for an answer of the user");
    if (!begin_waiting(call, reterr))
        return false;
    pthread_mutex_lock(&call->lock);
    asks->arrived = NULL;
    asks->is_refused = false;
    asks->waiting_id = id;
    pthread_mutex_unlock(&call->lock);
    is_answered = send_request(call, ask, id, reterr) && wait_for_answer(call, reterr);
    end_waiting(call);
    if (!is_answered)
        return false;
    if (asks->is_refused)
        return dw_fail(reterr, DW_UNAVAILABLE, "the client could not answer: %.*s",
                       DW_PRINT(dw_json_text(asks->arrived, "message")));
    if (!dw_ask_fits(ask, asks->arrived, call->arena))
        return dw_fail(reterr, DW_MALFORMED, "the client's answer does not fit the question");
    *ret_answer = asks->arrived;
    return true;
}

/* The worker waits and touches nothing, so its arena is ours under the lock. */
static bool take_answer(struct dw_call *call, const struct dw_mcp_message *message)
{
    const struct dw_json *answer = message->error ? message->error : message->result;
    struct dw_asks *asks;
    bool is_ours;

    pthread_mutex_lock(&call->lock);
    asks = call->asks;
    is_ours = answer && asks && asks->waiting_id && !asks->arrived &&
              message->id->type == DW_JSON_INT && message->id->integer == asks->waiting_id;
    if (is_ours && dw_json_parse(answer->raw, call->arena, &asks->arrived, NULL)) {
        asks->is_refused = message->error != NULL;
        pthread_cond_broadcast(&call->wake);
    }
    pthread_mutex_unlock(&call->lock);
    return is_ours;
}

bool dw_session_answer(struct dw_session *session, const struct dw_mcp_message *message)
{
    if (!message->id)
        return false;
    for (struct dw_call *call = session->first_call; call; call = call->next)
        if (take_answer(call, message))
            return true;
    return false;
}

/* ---- what the author calls ---- */

static bool ask_user(struct dw_call *call, const struct dw_ask *ask, struct dw_slice *ret_json,
                     struct dw_error *reterr)
{
    const struct dw_json *answer = NULL;
    struct dw_asks *asks = call->asks;
    struct dw_slice capability;

    *ret_json = DW_EMPTY;
    if (!dw_ask_is_possible(call->capabilities, ask->kind, &capability)) {
        call->missing_capability = capability;
        return dw_fail(reterr, DW_MISSING_CAPABILITY, "this needs a client that offers %.*s",
                       DW_PRINT(capability));
    }
    if (call->era == DW_MCP_ERA_LEGACY) {
        if (!ask_now(call, ask, &answer, reterr))
            return false;
    } else if (!dw_asks_find(asks, ask, &answer, reterr)) {
        return false;
    }
    if (!answer)
        return dw_fail(reterr, DW_INPUT_REQUIRED, "the user is asked first");
    *ret_json = answer->raw;
    return true;
}

bool dw_call_elicit(struct dw_call *call, const char *key, const char *message, const char *schema,
                    struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_ask question;

    return asks_of(call, reterr) &&
           dw_ask_form(dw_slice_from_text(key), dw_slice_from_text(message),
                       dw_slice_from_text(schema), call->arena, &question, reterr) &&
           ask_user(call, &question, ret_json, reterr);
}

bool dw_call_elicit_url(struct dw_call *call, const char *key, const char *message, const char *url,
                        struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_slice id = DW_EMPTY;
    unsigned char random[16];
    struct dw_ask question;

    if (call->era == DW_MCP_ERA_LEGACY) { /* MCP 2025-11-25 elicitation, URL mode: elicitationId */
        dw_sys_random(random, sizeof(random));
        id = dw_text_hex(call->arena, dw_slice_from((const char *)random, sizeof(random)));
        if (!id.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    return asks_of(call, reterr) &&
           dw_ask_url(dw_slice_from_text(key), dw_slice_from_text(message), dw_slice_from_text(url),
                      id, call->arena, &question, reterr) &&
           ask_user(call, &question, ret_json, reterr);
}

bool dw_call_sample(struct dw_call *call, const char *key, struct dw_slice params,
                    struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_ask question;

    return asks_of(call, reterr) &&
           dw_ask_sample(dw_slice_from_text(key), params, call->arena, &question, reterr) &&
           ask_user(call, &question, ret_json, reterr);
}

bool dw_call_roots(struct dw_call *call, const char *key, struct dw_slice *ret_json,
                   struct dw_error *reterr)
{
    const struct dw_ask question = {
        .kind = DW_ASK_ROOTS, .key = dw_slice_from_text(key), .params = DW_LIT("{}")};

    return asks_of(call, reterr) && ask_user(call, &question, ret_json, reterr);
}

bool dw_call_ask_end(struct dw_call *call, struct dw_error *reterr)
{
    if (call->asks && call->asks->asked_count)
        return dw_fail(reterr, DW_INPUT_REQUIRED, "the user is asked first");
    return true;
}

/* NULL: the answer holds no such value. */
static const struct dw_json *value_of(struct dw_call *call, struct dw_slice answer,
                                      const char *name)
{
    const struct dw_json *document;

    if (!answer.len || !dw_json_parse(answer, call->arena, &document, NULL))
        return NULL;
    return dw_json_path(document, "content", name, NULL);
}

bool dw_call_answer_text(struct dw_call *call, struct dw_slice answer, const char *name,
                         struct dw_slice *ret_text)
{
    const struct dw_json *value = value_of(call, answer, name);

    if (!value || value->type != DW_JSON_TEXT)
        return false;
    *ret_text = value->text;
    return true;
}

bool dw_call_answer_json(struct dw_call *call, struct dw_slice answer, const char *name,
                         struct dw_slice *ret_json)
{
    const struct dw_json *value = value_of(call, answer, name);

    if (value)
        *ret_json = value->raw;
    return value != NULL;
}

void dw_call_set_state(struct dw_call *call, struct dw_slice json)
{
    struct dw_asks *asks = asks_of(call, NULL);

    if (asks)
        asks->state = dw_arena_copy(call->arena, json);
    if (!asks || !asks->state.ptr)
        call->has_memory_failed = true;
}

struct dw_slice dw_call_state(const struct dw_call *call)
{
    return call->asks && call->asks->state.ptr ? call->asks->state : DW_EMPTY;
}
