/* Tools that ask the user or the client's model: written once, they work as server requests with
 * 2025-11-25 clients and as multi-round-trip requests with 2026-07-28 clients. */
#include "everything_fixtures.h"

#define NAME_SCHEMA                                                                                \
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]" \
    "}"
#define COLOR_SCHEMA                                                                               \
    "{\"type\":\"object\",\"properties\":{\"color\":{\"type\":\"string\"}},\"required\":["         \
    "\"color\"]}"
#define OK_SCHEMA                                                                                  \
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"
#define CAPITAL_QUESTION                                                                           \
    "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"What is the "     \
    "capital of France?\"}}],\"maxTokens\":100}"

static void add_answer(struct dw_call *call, const char *label, struct dw_slice answer)
{
    dw_call_add_text(call, dw_call_printf(call, "%s%.*s", label, (int)answer.len, answer.ptr));
}

/* ---- what 2025-11-25 clients are tested with ---- */

/* The text as a JSON string, quotes included. */
static struct dw_slice argument(struct dw_call *call, const char *name)
{
    struct dw_slice json = {"\"\"", 2};

    (void)dw_call_json(call, name, &json);
    return json;
}

static bool sampling(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice prompt = argument(call, "prompt");
    struct dw_slice answer, text = {"", 0};
    struct dw_slice params = dw_call_printf(
        call,
        "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":%.*s}}],"
        "\"maxTokens\":100}",
        (int)prompt.len, prompt.ptr);

    (void)user;
    if (!dw_call_sample(call, "answer", params, &answer, reterr))
        return false;
    (void)dw_call_answer_text(call, answer, "text", &text);
    add_answer(call, "LLM response: ", text);
    return true;
}

static bool ask(struct dw_call *call, const char *message, const char *schema,
                struct dw_error *reterr)
{
    struct dw_slice answer;

    if (!dw_call_elicit(call, "answer", message, schema, &answer, reterr))
        return false;
    add_answer(call, "User response: ", answer);
    return true;
}

static bool elicitation(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice message = {"Please provide your information", 31};

    (void)user;
    (void)dw_call_text(call, "message", &message);
    message = dw_call_printf(call, "%.*s", (int)message.len, message.ptr);
    return ask(call, message.ptr,
               "{\"type\":\"object\",\"properties\":{\"username\":{\"type\":\"string\","
               "\"description\":\"User's response\"},\"email\":{\"type\":\"string\","
               "\"description\":\"User's email address\"}}}",
               reterr);
}

static bool elicitation_defaults(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    return ask(call, "Please review and update the form fields with defaults",
               "{\"type\":\"object\",\"properties\":{"
               "\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"
               "\"age\":{\"type\":\"integer\",\"default\":30},"
               "\"score\":{\"type\":\"number\",\"default\":95.5},"
               "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"pending\"],"
               "\"default\":\"active\"},"
               "\"verified\":{\"type\":\"boolean\",\"default\":true}},\"required\":[]}",
               reterr);
}

static bool elicitation_enums(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    return ask(call, "Please choose",
               "{\"type\":\"object\",\"properties\":{"
               "\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\","
               "\"option3\"]},"
               "\"titledSingle\":{\"type\":\"string\",\"oneOf\":["
               "{\"const\":\"value1\",\"title\":\"First Option\"},"
               "{\"const\":\"value2\",\"title\":\"Second Option\"},"
               "{\"const\":\"value3\",\"title\":\"Third Option\"}]},"
               "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"
               "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"
               "\"untitledMulti\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{"
               "\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]}},"
               "\"titledMulti\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{"
               "\"anyOf\":[{\"const\":\"value1\",\"title\":\"First Choice\"},"
               "{\"const\":\"value2\",\"title\":\"Second Choice\"},"
               "{\"const\":\"value3\",\"title\":\"Third Choice\"}]}}},\"required\":[]}",
               reterr);
}

/* ---- what 2026-07-28 clients are tested with ---- */

static bool missing_capability(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_sample(call, "capital", TEXT(CAPITAL_QUESTION), &answer, reterr))
        return false;
    add_answer(call, "LLM response: ", answer);
    return true;
}

static bool ask_name(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer, name = {"stranger", 8};

    (void)user;
    if (!dw_call_elicit(call, "user_name", "What is your name?", NAME_SCHEMA, &answer, reterr))
        return false;
    (void)dw_call_answer_text(call, answer, "name", &name);
    dw_call_add_text(call, dw_call_printf(call, "Hello, %.*s!", (int)name.len, name.ptr));
    return true;
}

static bool list_roots(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_roots(call, "client_roots", &answer, reterr))
        return false;
    add_answer(call, "Roots: ", answer);
    return true;
}

/* Keeps something between the rounds, which comes back sealed. */
static bool with_state(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_state(call).len)
        dw_call_set_state(call, TEXT("{\"step\":1}"));
    if (!dw_call_elicit(call, "confirm", "Please confirm", OK_SCHEMA, &answer, reterr))
        return false;
    add_answer(call, "state-ok: ", dw_call_state(call));
    return true;
}

static bool three_questions(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name, capital, roots;
    bool has_all;

    (void)user;
    dw_call_set_state(call, TEXT("{\"questions\":3}"));
    has_all = dw_call_elicit(call, "user_name", "What is your name?", NAME_SCHEMA, &name, reterr);
    has_all = dw_call_sample(call, "greeting", TEXT(CAPITAL_QUESTION), &capital, reterr) && has_all;
    has_all = dw_call_roots(call, "client_roots", &roots, reterr) && has_all;
    if (!dw_call_ask_end(call, reterr) || !has_all)
        return false;
    add_answer(call, "Name: ", name);
    add_answer(call, "Greeting: ", capital);
    add_answer(call, "Roots: ", roots);
    return true;
}

static bool two_rounds(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer, name = {"", 0}, color = {"", 0};

    (void)user;
    dw_call_set_state(call, TEXT("{\"round\":1}"));
    if (!dw_call_elicit(call, "step1", "Step 1: What is your name?", NAME_SCHEMA, &answer, reterr))
        return false;
    (void)dw_call_answer_text(call, answer, "name", &name);
    dw_call_set_state(call, TEXT("{\"round\":2}"));
    if (!dw_call_elicit(call, "step2", "Step 2: What is your favorite color?", COLOR_SCHEMA,
                        &answer, reterr))
        return false;
    (void)dw_call_answer_text(call, answer, "color", &color);
    dw_call_add_text(call, dw_call_printf(call, "%.*s likes %.*s", (int)name.len, name.ptr,
                                          (int)color.len, color.ptr));
    return true;
}

/* Asks what the client can be asked, and does without the rest. */
static bool only_what_is_possible(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name, capital;
    struct dw_error error = {DW_OK};

    (void)user;
    if (!dw_call_elicit(call, "user_name", "What is your name?", NAME_SCHEMA, &name, &error) &&
        error.code != DW_INPUT_REQUIRED && error.code != DW_MISSING_CAPABILITY)
        return DW_ERROR(reterr, error.code, "%s", error.message);
    if (!dw_call_sample(call, "capital", TEXT(CAPITAL_QUESTION), &capital, &error) &&
        error.code != DW_INPUT_REQUIRED && error.code != DW_MISSING_CAPABILITY)
        return DW_ERROR(reterr, error.code, "%s", error.message);
    if (!dw_call_ask_end(call, reterr))
        return false;
    add_answer(call, "Name: ", name);
    add_answer(call, "Capital: ", capital);
    return true;
}

#define PROMPT_SCHEMA                                                                              \
    "{\"type\":\"object\",\"properties\":{\"prompt\":{\"type\":\"string\"}},\"required\":["        \
    "\"prompt\"]}"
#define MESSAGE_SCHEMA "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}}}"

static const struct dw_tool tools[] = {
    {.name = "test_sampling",
     .description = "Asks the client's model",
     .input_schema = PROMPT_SCHEMA,
     .run = sampling},
    {.name = "test_elicitation",
     .description = "Asks the user",
     .input_schema = MESSAGE_SCHEMA,
     .run = elicitation},
    {.name = "test_elicitation_sep1034_defaults",
     .description = "Asks the user with defaults for every kind of field",
     .run = elicitation_defaults},
    {.name = "test_elicitation_sep1330_enums",
     .description = "Asks the user with every kind of choice",
     .run = elicitation_enums},
    {.name = "test_missing_capability",
     .description = "Needs a client that offers sampling",
     .run = missing_capability},
    {.name = "test_streaming_elicitation",
     .description = "Asks the user for a name",
     .run = ask_name},
    {.name = "test_input_required_result_elicitation",
     .description = "Asks the user for a name",
     .run = ask_name},
    {.name = "test_input_required_result_sampling",
     .description = "Asks the client's model for a capital",
     .run = missing_capability},
    {.name = "test_input_required_result_list_roots",
     .description = "Asks for the client's roots",
     .run = list_roots},
    {.name = "test_input_required_result_request_state",
     .description = "Keeps state between two rounds",
     .run = with_state},
    {.name = "test_input_required_result_tampered_state",
     .description = "Keeps state that nobody can change",
     .run = with_state},
    {.name = "test_input_required_result_multiple_inputs",
     .description = "Asks three questions in one round",
     .run = three_questions},
    {.name = "test_input_required_result_multi_round",
     .description = "Asks two questions one after the other",
     .run = two_rounds},
    {.name = "test_input_required_result_capabilities",
     .description = "Asks only what the client can be asked",
     .run = only_what_is_possible},
};

void add_asking_tools(struct dw_server *server)
{
    add_tools(server, tools, COUNT(tools));
}
