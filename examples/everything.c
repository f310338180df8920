/* A server with one of everything MCP has: what the official conformance suite asks for.
 *
 *     everything --listen 127.0.0.1:8080     serves http://127.0.0.1:8080/mcp
 *     everything                             serves stdio */
#include <unistd.h>

#include "everything_fixtures.h"

void sleep_ms(int milliseconds)
{
    (void)usleep((useconds_t)milliseconds * 1000);
}

void add_tools(struct dw_server *server, const struct dw_tool *tools, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct dw_tool tool = tools[i];

        tool.size = sizeof(tool);
        tool.user = server;
        dw_server_with_tool(server, &tool);
    }
}

/* Suggestions for the arguments of prompts: those that begin as what was typed. */
static bool complete(void *user, struct dw_call *call, struct dw_error *reterr)
{
    static const char *const values[] = {"hello", "help", "world"};
    struct dw_slice typed = {"", 0};

    (void)user;
    (void)reterr;
    if (!dw_call_text(call, "value", &typed))
        return true;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct dw_slice value = dw_text(values[i]);
        size_t same = 0;

        while (same < typed.len && same < value.len && value.ptr[same] == typed.ptr[same])
            same++;
        if (same == typed.len)
            dw_call_add_completion(call, value);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct dw_server *server = dw_server_new("everything", "1.0.0");

    dw_server_with_title(server, "Everything");
    dw_server_with_instructions(server, "One of everything, for tests of MCP clients.");
    dw_server_with_arguments(server, argc, argv);
    dw_server_with_oauth_from_env(server);
    add_plain_tools(server);
    add_asking_tools(server);
    add_task_tools(server);
    add_resources(server);
    add_prompts(server);
    dw_server_with_completion(server, complete, NULL);
    return dw_server_serve(server);
}
