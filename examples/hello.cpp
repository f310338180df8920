// hello.c in C++11. `user` is an object of ours, so a tool needs no globals.
#include <string>

#include <doorward/doorward.h>

namespace
{

struct Greeter {
    std::string greeting;
};

bool greet(void *user, dw_call *call, dw_error *)
{
    const Greeter *greeter = static_cast<const Greeter *>(user);
    dw_slice name = dw_text("world");

    dw_call_text(call, "name", &name);
    const std::string text = greeter->greeting + ", " + std::string(name.ptr, name.len) + "!";
    dw_call_add_text(call, dw_slice{text.data(), text.size()});
    return true;
}

} // namespace

int main(int argc, char **argv)
{
    Greeter greeter{"Hello"};
    dw_tool tool = dw_tool();

    tool.size = sizeof tool;
    tool.name = "hello";
    tool.description = "Says hello.";
    tool.input_schema = R"({"type":"object","properties":{"name":{"type":"string"}}})";
    tool.run = greet;
    tool.user = &greeter;

    dw_server *server = dw_server_new("hello-cpp", "1.0.0");
    dw_server_with_oauth_from_env(server);
    dw_server_with_arguments(server, argc, argv);
    dw_server_with_tool(server, &tool);
    return dw_server_serve(server);
}
