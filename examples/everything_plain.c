/* Tools that only answer: every kind of content, errors, progress, logging, schemas. */
#include <doorward/doorward.h>

#include "everything_fixtures.h"

/* A red dot. */
const unsigned char example_png[PNG_BYTES] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00,
    0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xda, 0x63, 0xf8, 0xcf, 0xc0, 0xf0, 0x1f, 0x00, 0x05, 0x00, 0x01, 0xff, 0x56, 0xc7,
    0x2f, 0x0d, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

/* A millisecond of silence. */
static const unsigned char wav[] = {
    0x52, 0x49, 0x46, 0x46, 0x2c, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45, 0x66,
    0x6d, 0x74, 0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x40, 0x1f,
    0x00, 0x00, 0x40, 0x1f, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x64, 0x61, 0x74,
    0x61, 0x08, 0x00, 0x00, 0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};

static struct dw_slice bytes_of(const unsigned char *bytes, size_t size)
{
    return (struct dw_slice){(const char *)bytes, size};
}

static bool simple_text(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, TEXT("This is a simple text response for testing."));
    return true;
}

static bool image(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_image(call, bytes_of(example_png, sizeof(example_png)), "image/png");
    return true;
}

static bool audio(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_audio(call, bytes_of(wav, sizeof(wav)), "audio/wav");
    return true;
}

static bool embedded_resource(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_resource_text(call, "test://embedded-resource", "text/plain",
                              TEXT("This is an embedded resource content."));
    return true;
}

static bool mixed(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_add_text(call, TEXT("Multiple content types test:"));
    dw_call_add_image(call, bytes_of(example_png, sizeof(example_png)), "image/png");
    dw_call_add_resource_text(call, "test://mixed-content-resource", "application/json",
                              TEXT("{\"test\":\"data\",\"value\":123}"));
    return true;
}

static bool fails(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    return DW_ERROR(reterr, DW_INTERNAL, "This tool intentionally returns an error for testing");
}

static bool progress(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    for (int percent = 0; percent <= 100; percent += 50) {
        dw_call_progress(call, percent, 100, NULL);
        sleep_ms(50);
    }
    dw_call_add_text(call, TEXT("Progress test completed"));
    return true;
}

static bool logging(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    dw_call_log(call, "info", "everything", TEXT("\"Tool execution started\""));
    sleep_ms(50);
    dw_call_log(call, "info", "everything", TEXT("\"Tool processing data\""));
    sleep_ms(50);
    dw_call_log(call, "info", "everything", TEXT("\"Tool execution completed\""));
    dw_call_add_text(call, TEXT("Tool with logging executed successfully"));
    return true;
}

/* The client is sent away while the tool works, and comes back for the answer. */
static bool reconnection(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)reterr;
    sleep_ms(100);
    dw_call_close_stream(call);
    sleep_ms(100);
    dw_call_add_text(call, TEXT("Reconnection test completed successfully"));
    return true;
}

static bool echo_arguments(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice arguments = dw_call_arguments(call);

    (void)user;
    (void)reterr;
    dw_call_add_text(call,
                     dw_call_printf(call, "Called with %.*s", (int)arguments.len, arguments.ptr));
    return true;
}

static bool change_tools(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)reterr;
    dw_server_tools_changed(user);
    dw_call_add_text(call, TEXT("Told that the tools have changed"));
    return true;
}

static bool change_prompts(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)reterr;
    dw_server_prompts_changed(user);
    dw_call_add_text(call, TEXT("Told that the prompts have changed"));
    return true;
}

static const char contact_schema[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
    "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{"
    "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"
    "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
    "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"
    "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"
    "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
    "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},"
    "\"required\":[\"contactMethod\"]},"
    "\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},"
    "\"additionalProperties\":false}";

static const char header_schema[] =
    "{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\","
    "\"x-mcp-header\":\"Region\"}},\"required\":[\"region\"]}";

static const struct dw_tool tools[] = {
    {.name = "test_simple_text",
     .description = "Answers with a simple text",
     .is_quick = true,
     .run = simple_text},
    {.name = "test_image_content",
     .description = "Answers with an image",
     .is_quick = true,
     .run = image},
    {.name = "test_audio_content",
     .description = "Answers with a sound",
     .is_quick = true,
     .run = audio},
    {.name = "test_embedded_resource",
     .description = "Answers with an embedded resource",
     .is_quick = true,
     .run = embedded_resource},
    {.name = "test_multiple_content_types",
     .description = "Answers with text, an image and a resource",
     .is_quick = true,
     .run = mixed},
    {.name = "test_error_handling", .description = "Always fails", .is_quick = true, .run = fails},
    {.name = "test_tool_with_progress", .description = "Reports progress", .run = progress},
    {.name = "test_tool_with_logging", .description = "Logs while it runs", .run = logging},
    {.name = "test_logging_tool", .description = "Logs while it runs", .run = logging},
    {.name = "test_reconnection",
     .description = "Ends the stream before it answers",
     .run = reconnection},
    {.name = "json_schema_2020_12_tool",
     .description = "Has a schema with most of what JSON Schema 2020-12 offers",
     .input_schema = contact_schema,
     .is_quick = true,
     .run = echo_arguments},
    {.name = "test_custom_header",
     .description = "Has an argument that is mirrored in a header field",
     .input_schema = header_schema,
     .is_quick = true,
     .run = echo_arguments},
    {.name = "test_trigger_tool_change",
     .description = "Tells clients that the tools have changed",
     .is_quick = true,
     .run = change_tools},
    {.name = "test_trigger_prompt_change",
     .description = "Tells clients that the prompts have changed",
     .is_quick = true,
     .run = change_prompts},
};

void add_plain_tools(struct dw_server *server)
{
    add_tools(server, tools, COUNT(tools));
}
