/* The smallest useful server: one tool.
 *
 *     hello                            serves stdio, for a client that starts it
 *     hello --listen 127.0.0.1:8080    serves http://127.0.0.1:8080/mcp
 *
 * With AUTH0_DOMAIN and AUTH0_AUDIENCE in the environment (or OIDC_ISSUER and OIDC_AUDIENCE) only
 * callers with an access token get in. */
#include <doorward/doorward.h>

static bool say_hello(void *user, struct dw_call *call, struct dw_error *reterr)
{
    struct dw_slice name = dw_text("world");

    (void)user;
    (void)reterr;
    (void)dw_call_text(call, "name", &name);
    dw_call_add_text(call, dw_call_printf(call, "Hello, %.*s!", (int)name.len, name.ptr));
    return true;
}

static const struct dw_tool hello = {
    .size = sizeof hello,
    .name = "hello",
    .description = "Says hello.",
    .input_schema = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}",
    .run = say_hello,
};

int main(int argc, char **argv)
{
    struct dw_server *server = dw_server_new("hello", "1.0.0");

    dw_server_with_arguments(server, argc, argv);
    dw_server_with_oauth_from_env(server);
    dw_server_with_tool(server, &hello);
    return dw_server_serve(server);
}
