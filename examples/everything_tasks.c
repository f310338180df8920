/* Tools that become tasks (the extension io.modelcontextprotocol/tasks). */
#include "everything_fixtures.h"

static bool greet(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name = {"", 0};

    (void)user;
    if (!dw_call_text(call, "name", &name))
        return DW_ERROR(reterr, DW_INVALID_PARAMS, "name is needed");
    dw_call_add_text(call, dw_call_printf(call, "Hello, %.*s!", (int)name.len, name.ptr));
    return true;
}

static bool slow_compute(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice label = {"", 0};
    double seconds = 0;

    (void)user;
    (void)dw_call_double(call, "seconds", &seconds);
    (void)dw_call_text(call, "label", &label);
    for (int left_ms = (int)(seconds * 1000); left_ms > 0; left_ms -= 20) {
        if (dw_call_is_cancelled(call))
            return DW_ERROR(reterr, DW_TIMED_OUT, "cancelled");
        sleep_ms(left_ms < 20 ? left_ms : 20);
    }
    dw_call_add_text(call, dw_call_printf(call, "Computed %.*s in %g seconds", (int)label.len,
                                          label.ptr, seconds));
    return true;
}

static bool failing_job(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    sleep_ms(1000);
    return DW_ERROR(reterr, DW_INTERNAL, "This job always fails");
}

/* Promises structured results and gives none: an error of the protocol, not of the tool. */
static bool protocol_error_job(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    (void)reterr;
    return true;
}

#define CONFIRM_SCHEMA                                                                             \
    "{\"type\":\"object\",\"properties\":{\"confirm\":{\"type\":\"boolean\"}},\"required\":["      \
    "\"confirm\"]}"
#define NAME_SCHEMA                                                                                \
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]" \
    "}"

static bool confirm_delete(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer, confirmed = {"", 0}, filename = {"", 0};

    (void)user;
    (void)dw_call_text(call, "filename", &filename);
    if (!dw_call_elicit(call, "confirm", "Really delete the file?", CONFIRM_SCHEMA, &answer,
                        reterr))
        return false;
    if (dw_call_answer_json(call, answer, "confirm", &confirmed) && confirmed.ptr[0] == 't')
        dw_call_add_text(call,
                         dw_call_printf(call, "Deleted %.*s", (int)filename.len, filename.ptr));
    else
        dw_call_add_text(call, TEXT("Nothing was deleted"));
    return true;
}

static bool multi_input(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name, confirm;
    bool has_all;

    (void)user;
    has_all = dw_call_elicit(call, "name", "What is your name?", NAME_SCHEMA, &name, reterr);
    has_all =
        dw_call_elicit(call, "confirm", "Go on?", CONFIRM_SCHEMA, &confirm, reterr) && has_all;
    if (!dw_call_ask_end(call, reterr) || !has_all)
        return false;
    dw_call_add_text(call, dw_call_printf(call, "Name: %.*s, confirm: %.*s", (int)name.len,
                                          name.ptr, (int)confirm.len, confirm.ptr));
    return true;
}

/* Asks first, and goes on as a task when it knows enough. */
static bool task_after_question(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer, name = {"stranger", 8};

    (void)user;
    if (!dw_call_elicit(call, "user_name", "What is your name?", NAME_SCHEMA, &answer, reterr))
        return false;
    (void)dw_call_answer_text(call, answer, "name", &name);
    dw_call_become_task(call);
    sleep_ms(100);
    dw_call_add_text(call, dw_call_printf(call, "Task for %.*s is done", (int)name.len, name.ptr));
    return true;
}

static const struct dw_tool tools[] = {
    {.name = "greet",
     .description = "Greets somebody",
     .input_schema = NAME_SCHEMA,
     .is_quick = true,
     .run = greet},
    {.name = "slow_compute",
     .description = "Takes some seconds",
     .input_schema = "{\"type\":\"object\",\"properties\":{\"seconds\":{\"type\":\"number\","
                     "\"minimum\":0,\"maximum\":600},\"label\":{\"type\":\"string\"}},"
                     "\"required\":[\"seconds\"]}",
     .task_support = DW_TASK_OPTIONAL,
     .run = slow_compute},
    {.name = "failing_job",
     .description = "Fails after a second",
     .task_support = DW_TASK_REQUIRED,
     .run = failing_job},
    {.name = "protocol_error_job",
     .description = "Breaks its own output schema",
     .output_schema = "{\"type\":\"object\",\"required\":[\"value\"]}",
     .task_support = DW_TASK_OPTIONAL,
     .run = protocol_error_job},
    {.name = "confirm_delete",
     .description = "Asks before it deletes a file (it never does)",
     .input_schema = "{\"type\":\"object\",\"properties\":{\"filename\":{\"type\":\"string\"}},"
                     "\"required\":[\"filename\"]}",
     .task_support = DW_TASK_OPTIONAL,
     .run = confirm_delete},
    {.name = "multi_input",
     .description = "Asks two questions at once",
     .task_support = DW_TASK_OPTIONAL,
     .run = multi_input},
    {.name = "test_tool_with_task",
     .description = "Asks for a name, then goes on as a task",
     .task_support = DW_TASK_LATER,
     .run = task_after_question},
};

void add_task_tools(struct dw_server *server)
{
    add_tools(server, tools, COUNT(tools));
}
