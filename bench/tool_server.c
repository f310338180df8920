/* The server of the library's bench: "echo", which runs on the loop, and "echo_pooled", the same on
 * a worker. test/integration/fixtures/echo_server.mjs does the same work with the official SDK.
 *
 * bench_tool_server [--listen ADDRESS]   OAuth from the environment, as any server */
#include <doorward/doorward.h>

static bool echo(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice text = dw_text("");

    (void)user;
    (void)reterr;
    (void)dw_call_text(call, "text", &text);
    dw_call_add_text(call, text);
    return true;
}

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]" \
    "}"

static const struct dw_tool tools[] = {
    {.size = sizeof(struct dw_tool),
     .name = "echo",
     .description = "Says it back.",
     .input_schema = SCHEMA,
     .is_quick = true,
     .run = echo},
    {.size = sizeof(struct dw_tool),
     .name = "echo_pooled",
     .description = "Says it back, from a worker.",
     .input_schema = SCHEMA,
     .run = echo},
};

int main(int argc, char **argv)
{
    struct dw_server *server = dw_server_new("bench", "1.0.0");

    dw_server_with_arguments(server, argc, argv);
    dw_server_with_oauth_from_env(server);
    dw_server_with_tool(server, &tools[0]);
    dw_server_with_tool(server, &tools[1]);
    return dw_server_serve(server);
}
