/* Tasks: the table of them, their life, and the three methods that ask after them. */
#include "sdk/tasks_internal.h"

#include <doorward/call.h>

#include "base/mem.h"
#include "base/text.h"
#include "sdk/ask_internal.h"
#include "sys/sys.h"

#define NEEDED DW_LIT("{\"extensions\":{\"" DW_TASKS_EXTENSION "\":{}}}")
#define TASK_ID_SIZE 33 /* 128 random bits in hex, and the NUL */

enum task_status {
    TASK_WORKING,
    TASK_INPUT_REQUIRED,
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_CANCELLED,
};

static const char *const status_names[] = {"working", "input_required", "completed", "failed",
                                           "cancelled"};

struct task {
    struct dw_tasks *tasks;
    struct task *next, *previous;
    char id[TASK_ID_SIZE];
    char owner[64]; /* the principal's key */
    enum task_status status;
    int64_t created_ms, updated_ms;
    const struct dw_item *item; /* whose task it is */
    struct dw_call *call;       /* that runs or waits; NULL once it has ended */
    char *outcome;              /* JSON of result or error; ours */
    size_t outcome_len;
    struct dw_slice answers; /* all so far, a JSON object in the call's arena; empty: none */
};

struct dw_tasks {
    const struct dw_server *server;
    struct task *first;
    struct dw_map *by_id;
    size_t bytes; /* of the outcomes */
};

/* ---- the table ---- */

static struct dw_tasks *tasks_of(struct dw_server *server)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    struct dw_tasks *tasks = server->tasks;

    if (tasks)
        return tasks;
    tasks = dw_mem_new(sizeof(*tasks));
    if (!tasks)
        return NULL;
    tasks->server = server;
    tasks->by_id = dw_map_new(&seed, DW_TASKS_MAX);
    if (!tasks->by_id) {
        dw_mem_free(tasks);
        return NULL;
    }
    server->tasks = tasks;
    return tasks;
}

static void task_free(struct task *task)
{
    struct dw_tasks *tasks = task->tasks;

    (void)dw_map_take(tasks->by_id, dw_slice_from_text(task->id));
    if (task->previous)
        task->previous->next = task->next;
    else
        tasks->first = task->next;
    if (task->next)
        task->next->previous = task->previous;
    tasks->bytes -= task->outcome_len;
    dw_mem_free(task->outcome);
    dw_mem_free(task);
}

static bool is_over(const struct task *task)
{
    return task->status >= TASK_COMPLETED;
}

static void set_status(struct task *task, enum task_status status)
{
    task->status = status;
    task->updated_ms = dw_sys_wall_ms();
}

static void end_call(struct task *task)
{
    struct dw_call *call = task->call;
    const bool is_parked = task->status == TASK_INPUT_REQUIRED;

    set_status(task, TASK_CANCELLED);
    if (!call)
        return;
    dw_call_cancel(call);
    if (is_parked)
        dw_call_end(call); /* a running one ends by itself */
}

static bool is_expired(const struct task *task)
{
    return dw_sys_wall_ms() - task->created_ms >= task->tasks->server->task_ttl_ms;
}

/* Those whose time is over go; running ones are cancelled first, and go when they have ended. */
static void sweep(struct dw_tasks *tasks)
{
    for (struct task *task = tasks->first, *next; task; task = next) {
        next = task->next;
        if (!is_expired(task))
            continue;
        if (!is_over(task))
            end_call(task);
        if (!task->call)
            task_free(task);
    }
}

void dw_tasks_free(struct dw_tasks *tasks)
{
    if (!tasks)
        return;
    while (tasks->first) {
        if (tasks->first->call && !is_over(tasks->first))
            end_call(tasks->first);
        task_free(tasks->first);
    }
    dw_map_free(tasks->by_id);
    dw_mem_free(tasks);
}

/* ---- the outlet of a call that is a task ---- */

static void send_nowhere(struct dw_outlet *outlet, struct dw_slice message)
{
    (void)outlet; /* the response stream has ended with the task's creation */
    (void)message;
}

static void close_nothing(struct dw_outlet *outlet)
{
    (void)outlet;
}

static bool keep_outcome(struct task *task, struct dw_slice json)
{
    struct dw_tasks *tasks = task->tasks;

    if (json.len > DW_TASKS_MAX_RESULT_BYTES || tasks->bytes + json.len > DW_TASKS_MAX_BYTES)
        return false;
    task->outcome = dw_mem_alloc(json.len + 1);
    if (!task->outcome)
        return false;
    memcpy(task->outcome, json.ptr, json.len);
    task->outcome_len = json.len;
    tasks->bytes += json.len;
    return true;
}

/* message: the JSON-RPC response that would have gone out; empty: the call was cancelled. */
static void keep_response(struct dw_outlet *outlet, struct dw_slice message,
                          const struct dw_error *error, struct dw_slices needed)
{
    struct task *task = outlet->user;
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(DW_SDK_CALL_BYTES);
    const struct dw_json *response = NULL;
    const struct dw_json *outcome;

    (void)needed;
    task->call = NULL;
    if (is_over(task))
        return;
    if (!message.len) {
        set_status(task, TASK_CANCELLED);
        return;
    }
    if (arena)
        (void)!dw_json_parse(message, arena, &response, NULL);
    outcome = dw_json_get(response, error ? "error" : "result");
    set_status(task, error ? TASK_FAILED : TASK_COMPLETED);
    if (!outcome || !keep_outcome(task, outcome->raw)) {
        set_status(task, TASK_FAILED);
        (void)!keep_outcome(
            task, DW_LIT("{\"code\":-32603,\"message\":\"the result is too large to keep\"}"));
    }
}

/* ---- beginning ---- */

bool dw_tasks_are_offered(const struct dw_server *server)
{
    for (const struct dw_item *item = server->tools.first; item; item = item->next)
        if (item->task_support != DW_TASK_FORBIDDEN)
            return true;
    return false;
}

static bool follows_tasks(const struct dw_call *call)
{
    const struct dw_json *extension =
        dw_json_path(call->capabilities, "extensions", DW_TASKS_EXTENSION, NULL);

    return call->era == DW_MCP_ERA_MODERN && extension && extension->type == DW_JSON_OBJECT;
}

static bool has_room(const struct dw_tasks *tasks, struct dw_slice owner)
{
    size_t of_one = 0;

    for (const struct task *task = tasks->first; task; task = task->next)
        of_one += dw_slice_eq(dw_slice_from_text(task->owner), owner);
    return of_one < DW_TASKS_MAX_OF_ONE && dw_map_count(tasks->by_id) < DW_TASKS_MAX;
}

static struct task *add_task(struct dw_tasks *tasks, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice owner = call->principal_key;
    unsigned char random[(TASK_ID_SIZE - 1) / 2];
    struct task *task;

    sweep(tasks);
    if (!has_room(tasks, owner)) {
        (void)dw_fail(reterr, DW_TOO_MANY, "too many tasks; try again when some have ended");
        return NULL;
    }
    task = dw_mem_new(sizeof(*task));
    if (!task || owner.len >= sizeof(task->owner)) {
        dw_mem_free(task);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    /* SEP-2663 "Security" MUST: task ids cannot be guessed. */
    dw_sys_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++) {
        task->id[2 * i] = "0123456789abcdef"[random[i] >> 4];
        task->id[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
    }
    if (owner.len)
        memcpy(task->owner, owner.ptr, owner.len);
    task->tasks = tasks;
    task->item = call->item;
    task->call = call;
    task->created_ms = dw_sys_wall_ms();
    set_status(task, TASK_WORKING);
    if (!dw_map_put(tasks->by_id, dw_slice_from_text(task->id), task)) {
        dw_mem_free(task);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    task->next = tasks->first;
    if (task->next)
        task->next->previous = task;
    tasks->first = task;
    return task;
}

static void put_task(const struct task *task, struct dw_json_writer *writer)
{
    char created[DW_TEXT_TIME_SIZE], updated[DW_TEXT_TIME_SIZE];

    dw_text_time(task->created_ms, created);
    dw_text_time(task->updated_ms, updated);
    dw_json_put_text(writer, "taskId", dw_slice_from_text(task->id));
    dw_json_put_text(writer, "status", dw_slice_from_text(status_names[task->status]));
    dw_json_put_text(writer, "createdAt", dw_slice_from_text(created));
    dw_json_put_text(writer, "lastUpdatedAt", dw_slice_from_text(updated));
    dw_json_put_int(writer, "ttlMs", task->tasks->server->task_ttl_ms);
    dw_json_put_int(writer, "pollIntervalMs", DW_TASKS_POLL_MS);
}

/* The whole response of tools/call: CreateTaskResult. */
static bool write_created(struct dw_call *call, const struct task *task,
                          struct dw_slice *ret_message, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "jsonrpc", DW_LIT("2.0"));
    dw_json_put_raw(&writer, "id", call->message.id->raw);
    dw_json_write_key(&writer, DW_LIT("result"));
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "resultType", DW_LIT("task"));
    put_task(task, &writer);
    dw_call_put_meta(call, &writer, DW_EMPTY);
    dw_json_write_object_end(&writer);
    dw_json_write_object_end(&writer);
    call->has_meta = false; /* the outcome gets its own */
    return dw_buf_finish(&out, ret_message, reterr);
}

bool dw_task_begin(struct dw_call *call, struct dw_error *reterr)
{
    struct dw_outlet client = call->outlet;
    struct dw_slice message;
    struct dw_tasks *tasks;
    struct task *task;

    if (call->task)
        return true;
    if (!follows_tasks(call)) {
        if (call->item->task_support != DW_TASK_REQUIRED)
            return true;
        call->missing_capability = NEEDED;
        return dw_fail(reterr, DW_MISSING_CAPABILITY,
                       "this tool needs a client that follows tasks");
    }
    tasks = tasks_of(call->server);
    if (!tasks)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    task = add_task(tasks, call, reterr);
    if (!task)
        return false;
    if (!write_created(call, task, &message, reterr)) {
        task_free(task);
        return false;
    }
    call->task = task;
    call->outlet = (struct dw_outlet){
        .send = send_nowhere, .finish = keep_response, .close_stream = close_nothing, .user = task};
    client.finish(&client, message, NULL, (struct dw_slices){0});
    return true;
}

/* ---- asking the user ---- */

void dw_task_park(struct dw_call *call)
{
    struct task *task = call->task;
    struct dw_error error = {0};

    if (!call->asks || !call->asks->asked_count) {
        (void)dw_fail(&error, DW_INTERNAL, "the tool wants answers and has asked no question");
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    if (!dw_asks_answers(call->asks, &task->answers, &error)) {
        dw_call_fail(call, &error, DW_EMPTY);
        return;
    }
    set_status(task, TASK_INPUT_REQUIRED);
}

/* Adds "key": answer to the JSON object. */
static bool add_answer(struct task *task, struct dw_slice key, struct dw_slice json)
{
    struct dw_buf out = dw_buf_in(task->call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    dw_json_write_object_start(&writer);
    if (task->answers.len)
        dw_json_write_raw(&writer, dw_slice_sub(task->answers, 1, task->answers.len - 2));
    dw_json_write_key(&writer, key);
    dw_json_write_raw(&writer, json);
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, &task->answers, NULL);
}

static bool run_again(struct task *task, struct dw_error *reterr)
{
    struct dw_call *call = task->call;
    struct dw_asks *asks = DW_ARENA_NEW(call->arena, struct dw_asks);

    if (!asks || !dw_json_parse(task->answers, call->arena, &asks->given, reterr))
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    asks->arena = call->arena;
    asks->state = call->asks->state;
    call->asks = asks;
    set_status(task, TASK_WORKING);
    dw_call_run_again(call);
    return true;
}

/* Answers to questions that are not open are ignored (multi-round-trip requests SHOULD). */
static bool take_answers(struct task *task, const struct dw_json *given, struct dw_error *reterr)
{
    struct dw_asks *asks = task->call->asks;
    size_t left = 0;

    for (size_t i = 0; i < asks->asked_count; i++) {
        const struct dw_json *answer = dw_json_get_slice(given, asks->asked[i].key);

        if (answer && !dw_ask_fits(&asks->asked[i], answer, task->call->arena))
            return dw_fail(reterr, DW_INVALID_PARAMS,
                           "the answer \"%.*s\" does not fit its question",
                           DW_PRINT(asks->asked[i].key));
    }
    for (size_t i = 0; i < asks->asked_count; i++) {
        const struct dw_json *answer = dw_json_get_slice(given, asks->asked[i].key);

        if (!answer || !add_answer(task, asks->asked[i].key, answer->raw))
            asks->asked[left++] = asks->asked[i];
    }
    asks->asked_count = left;
    task->updated_ms = dw_sys_wall_ms();
    return left || run_again(task, reterr);
}

/* ---- the methods ---- */

/* NULL and *reterr when there is none of this owner: whose it is must not show. */
static struct task *find(struct dw_call *call, struct dw_error *reterr)
{
    struct dw_tasks *tasks = call->server->tasks;
    struct task *task = NULL;

    /* SEP-2663 MUST: the methods are there for clients that declare the extension. */
    if (!follows_tasks(call)) {
        call->missing_capability = NEEDED;
        (void)dw_fail(reterr, DW_MISSING_CAPABILITY,
                      "declare the tasks extension to ask for tasks");
        return NULL;
    }
    if (tasks) {
        sweep(tasks);
        task = dw_map_get(tasks->by_id, call->message.name);
    }
    if (!task || is_expired(task) ||
        !dw_slice_eq(dw_slice_from_text(task->owner), call->principal_key)) {
        (void)dw_fail(reterr, DW_INVALID_PARAMS, "there is no such task");
        return NULL;
    }
    /* The same caller may come with a token that says less than the one that made it. */
    return dw_call_require(call, task->item, reterr) ? task : NULL;
}

void dw_call_task_get(struct dw_call *call)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_error error = {0};
    struct dw_slice result;
    struct task *task = find(call, &error);

    if (!task) {
        dw_call_refuse(call, &error);
        return;
    }
    dw_json_write_object_start(&writer);
    put_task(task, &writer);
    if (task->status == TASK_INPUT_REQUIRED) {
        dw_json_write_key(&writer, DW_LIT("inputRequests"));
        dw_asks_write(task->call->asks, &writer);
    }
    if (task->outcome)
        dw_json_put_raw(&writer, task->status == TASK_FAILED ? "error" : "result",
                        dw_slice_from(task->outcome, task->outcome_len));
    dw_json_write_object_end(&writer);
    if (dw_buf_finish(&out, &result, &error))
        dw_call_finish(call, result);
    else
        dw_call_refuse(call, &error);
}

/* SEP-2663: both acknowledge with nothing; what came of it shows in the next tasks/get. */
static void acknowledge(struct dw_call *call)
{
    call->has_meta = true;
    dw_call_finish(call, DW_LIT("{}"));
}

void dw_call_task_update(struct dw_call *call)
{
    const struct dw_json *given = dw_json_get(call->message.params, "inputResponses");
    struct dw_error error = {0};
    struct task *task = find(call, &error);

    if (task && (!given || given->type != DW_JSON_OBJECT)) {
        (void)dw_fail(&error, DW_INVALID_PARAMS, "params.inputResponses must be an object");
        task = NULL;
    }
    if (!task || (task->status == TASK_INPUT_REQUIRED && !take_answers(task, given, &error)))
        dw_call_refuse(call, &error);
    else
        acknowledge(call);
}

void dw_call_task_cancel(struct dw_call *call)
{
    struct dw_error error = {0};
    struct task *task = find(call, &error);

    if (!task) {
        dw_call_refuse(call, &error);
        return;
    }
    if (!is_over(task))
        end_call(task);
    acknowledge(call);
}

/* ---- becoming one on the way ---- */

static void become(void *user)
{
    struct dw_call *call = user;
    struct dw_error error = {0};

    if (!call->is_cancelled)
        (void)!dw_task_begin(call, &error); /* it then goes on as an ordinary call */
}

void dw_call_become_task(struct dw_call *call)
{
    if (!call->item || call->item->task_support == DW_TASK_FORBIDDEN)
        return;
    if (dw_loop_here() == call->server->loop)
        become(call);
    else
        (void)!dw_loop_post(call->server->loop, become, call);
}
