/* Resources, a resource template and prompts. */
#include "everything_fixtures.h"

static struct dw_slice png(void)
{
    return (struct dw_slice){(const char *)example_png, sizeof(example_png)};
}

/* ---- resources ---- */

static bool static_text(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_resource_text(call, "test://static-text", "text/plain",
                              TEXT("This is the content of the static text resource."));
    return true;
}

static bool static_binary(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_resource_blob(call, "test://static-binary", "image/png", png());
    return true;
}

static bool watched(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_resource_text(call, "test://watched-resource", "text/plain",
                              TEXT("Watched resource content"));
    return true;
}

static bool template_data(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice uri = dw_call_uri(call);
    struct dw_slice id = {"", 0};
    struct dw_slice text;

    (void)user;
    if (!dw_call_variable(call, "id", &id))
        return DW_ERROR(reterr, DW_INVALID_PARAMS, "the URI names no id");
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return DW_ERROR(reterr, DW_INVALID_PARAMS, "an id has digits only");
    text = dw_call_printf(call,
                          "{\"id\":\"%.*s\",\"templateTest\":true,\"data\":\"Data for ID: %.*s\"}",
                          (int)id.len, id.ptr, (int)id.len, id.ptr);
    uri = dw_call_printf(call, "%.*s", (int)uri.len, uri.ptr);
    if (!uri.ptr)
        return DW_ERROR(reterr, DW_NO_MEMORY, "out of memory");
    dw_call_add_resource_text(call, uri.ptr, "application/json", text);
    return true;
}

static const struct dw_resource resources[] = {
    {.uri = "test://static-text",
     .name = "Static Text Resource",
     .description = "A static text resource for testing",
     .mime_type = "text/plain",
     .is_quick = true,
     .read = static_text},
    {.uri = "test://static-binary",
     .name = "Static Binary Resource",
     .description = "A static binary resource (image) for testing",
     .mime_type = "image/png",
     .is_quick = true,
     .read = static_binary},
    {.uri = "test://watched-resource",
     .name = "Watched Resource",
     .description = "A resource that clients can subscribe to",
     .mime_type = "text/plain",
     .is_quick = true,
     .read = watched},
    {.uri = "test://template/{id}/data",
     .is_template = true,
     .name = "Resource Template",
     .description = "A resource template with a parameter",
     .mime_type = "application/json",
     .is_quick = true,
     .read = template_data},
};

void add_resources(struct dw_server *server)
{
    for (size_t i = 0; i < COUNT(resources); i++) {
        struct dw_resource resource = resources[i];

        resource.size = sizeof(resource);
        dw_server_with_resource(server, &resource);
    }
}

/* ---- prompts ---- */

static bool simple_prompt(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, TEXT("This is a simple prompt for testing."));
    return true;
}

static bool prompt_with_arguments(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice first = {"", 0}, second = {"", 0};

    (void)user;
    if (!dw_call_text(call, "arg1", &first) || !dw_call_text(call, "arg2", &second))
        return DW_ERROR(reterr, DW_INVALID_PARAMS, "arg1 and arg2 are needed");
    dw_call_add_text(call, dw_call_printf(call, "Prompt with arguments: arg1='%.*s', arg2='%.*s'",
                                          (int)first.len, first.ptr, (int)second.len, second.ptr));
    return true;
}

static bool prompt_with_resource(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice uri = {"", 0};

    (void)user;
    if (!dw_call_text(call, "resourceUri", &uri))
        return DW_ERROR(reterr, DW_INVALID_PARAMS, "resourceUri is needed");
    uri = dw_call_printf(call, "%.*s", (int)uri.len, uri.ptr);
    dw_call_add_resource_text(call, uri.ptr, "text/plain",
                              TEXT("Embedded resource content for testing."));
    dw_call_add_text(call, TEXT("Please process the embedded resource above."));
    return true;
}

static bool prompt_with_image(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_image(call, png(), "image/png");
    dw_call_add_text(call, TEXT("Please analyze the image above."));
    return true;
}

/* A prompt that asks the user for what it needs. */
static bool asking_prompt(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice answer;

    (void)user;
    if (!dw_call_elicit(call, "user_context", "What context should the prompt use?",
                        "{\"type\":\"object\",\"properties\":{\"context\":{\"type\":\"string\"}},"
                        "\"required\":[\"context\"]}",
                        &answer, reterr))
        return false;
    dw_call_add_text(
        call, dw_call_printf(call, "Prompt with context: %.*s", (int)answer.len, answer.ptr));
    return true;
}

static const struct dw_prompt_argument two_arguments[] = {
    {.name = "arg1", .description = "First test argument", .is_required = true},
    {.name = "arg2", .description = "Second test argument", .is_required = true},
    {.name = NULL},
};
static const struct dw_prompt_argument uri_argument[] = {
    {.name = "resourceUri", .description = "URI of the resource to embed", .is_required = true},
    {.name = NULL},
};

static const struct dw_prompt prompts[] = {
    {.name = "test_simple_prompt",
     .description = "A simple prompt without arguments",
     .is_quick = true,
     .get = simple_prompt},
    {.name = "test_prompt_with_arguments",
     .description = "A prompt with required arguments",
     .arguments = two_arguments,
     .is_quick = true,
     .get = prompt_with_arguments},
    {.name = "test_prompt_with_embedded_resource",
     .description = "A prompt that includes an embedded resource",
     .arguments = uri_argument,
     .is_quick = true,
     .get = prompt_with_resource},
    {.name = "test_prompt_with_image",
     .description = "A prompt that includes an image",
     .is_quick = true,
     .get = prompt_with_image},
    {.name = "test_input_required_result_prompt",
     .description = "A prompt that asks the user first",
     .get = asking_prompt},
};

void add_prompts(struct dw_server *server)
{
    for (size_t i = 0; i < COUNT(prompts); i++) {
        struct dw_prompt prompt = prompts[i];

        prompt.size = sizeof(prompt);
        dw_server_with_prompt(server, &prompt);
    }
}
