/* sdk/server.c and serve.c: mistakes of an author and of the environment are kept, told with their
 * cause by dw_server_build and dw_server_serve, and nothing is served then. */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doorward/doorward.h>

static bool run(void *user, struct dw_call *call, struct dw_error *reterr)
{
    (void)user;
    (void)call;
    (void)reterr;
    return true;
}

static const struct dw_tool good_tool = {.size = sizeof good_tool, .name = "good", .run = run};
static const char *const *environment; /* NAME, value, NAME, value, NULL */

static void clear_environment(void)
{
    static const char *const names[] = {
        "AUTH0_DOMAIN",  "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "OIDC_ISSUER",
        "OIDC_AUDIENCE", "OIDC_PROVIDER",  "DOORWARD_LISTEN", "DOORWARD_PUBLIC_URL"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    for (const char *const *at = environment; at && *at; at += 2)
        setenv(at[0], at[1], 1);
}

/* ---- what an author does wrong ---- */

static void wrong_tool(struct dw_server *server)
{
    const struct dw_tool tool = {
        .size = sizeof tool, .name = "wrong", .input_schema = "{\"type\":", .run = run};

    dw_server_with_tool(server, &tool);
}

static void wrong_schema(struct dw_server *server)
{
    const struct dw_tool tool = {.size = sizeof tool,
                                 .name = "wrong",
                                 .input_schema = "{\"type\":\"object\",\"minProperties\":-1}",
                                 .run = run};

    dw_server_with_tool(server, &tool);
}

static void wrong_output(struct dw_server *server)
{
    const struct dw_tool tool = {.size = sizeof tool,
                                 .name = "wrong",
                                 .output_schema = "{\"$ref\":\"https://x.example/schema\"}",
                                 .run = run};

    dw_server_with_tool(server, &tool);
}

static void wrong_icons(struct dw_server *server)
{
    const struct dw_resource resource = {
        .size = sizeof resource, .uri = "test://a", .icons = "{}", .read = run};

    dw_server_with_resource(server, &resource);
}

static void prompt_without_function(struct dw_server *server)
{
    const struct dw_prompt prompt = {.size = sizeof prompt, .name = "p"};

    dw_server_with_prompt(server, &prompt);
}

static void two_mistakes(struct dw_server *server)
{
    prompt_without_function(server);
    wrong_tool(server);
}

static void unknown_argument(struct dw_server *server)
{
    char program[] = "p", option[] = "--port", value[] = "80";
    char *arguments[] = {program, option, value};

    dw_server_with_arguments(server, 3, arguments);
}

static void wrong_address(struct dw_server *server)
{
    dw_server_with_listen(server, "127.0.0.1:99999");
}

static void public_address(struct dw_server *server)
{
    dw_server_with_listen(server, "0.0.0.0:0");
    dw_server_with_public_url(server, "https://mcp.example.com/mcp");
}

static void every_address(struct dw_server *server)
{
    dw_server_with_listen(server, ":0");
    dw_server_with_public_url(server, "https://mcp.example.com/mcp");
}

static void no_public_url(struct dw_server *server)
{
    dw_server_with_listen(server, "0.0.0.0:0");
    dw_server_without_auth(server);
}

static void wrong_public_url(struct dw_server *server)
{
    dw_server_with_listen(server, "127.0.0.1:0");
    dw_server_with_public_url(server, "https://mcp.example.com/mcp?x=1");
}

static void both(struct dw_server *server)
{
    const struct dw_jwt_validator_config config = dw_jwt_validator_config_oidc("https://i/", "a");

    dw_server_with_validator(server, &config);
    dw_server_without_auth(server);
}

static void unknown_provider(struct dw_server *server)
{
    struct dw_jwt_validator_config config = dw_jwt_validator_config_oidc("https://i/", "a");

    strcpy(config.provider, "acme");
    dw_server_with_validator(server, &config);
}

static void same_issuer_twice(struct dw_server *server)
{
    const struct dw_jwt_validator_config config = dw_jwt_validator_config_oidc("https://i/", "a");

    dw_server_with_listen(server, "127.0.0.1:0");
    dw_server_with_validator(server, &config);
    dw_server_with_validator(server, &config);
}

static void no_validator(struct dw_server *server)
{
    dw_server_with_validator(server, NULL);
}

static void from_env(struct dw_server *server)
{
    dw_server_with_oauth_from_env(server);
}

#define ENV(...)                                                                                   \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void what_is_wrong_is_told_and_nothing_is_served(void **state)
{
    const struct {
        void (*mistake)(struct dw_server *server);
        const char *const *environment;
        const char *message;
    } cases[] = {
        {wrong_tool, NULL, "\"wrong\": input_schema: "},
        {wrong_schema, NULL, "\"wrong\": input_schema: "},
        {wrong_output, NULL, "\"wrong\": output_schema: "},
        {wrong_icons, NULL, "\"test://a\": icons must be a JSON array"},
        {prompt_without_function, NULL, "\"p\" has no function that does the work"},
        {two_mistakes, NULL, "\"p\" has no function that does the work"},
        {unknown_argument, NULL,
         "there are --listen ADDRESS, --public-url URL and --stdio, but not \"--port\""},
        {wrong_address, NULL, "\"127.0.0.1:99999\""},
        {public_address, NULL,
         "\"0.0.0.0:0\" is not a loopback address, and there is no OAuth: set AUTH0_DOMAIN and "
         "AUTH0_AUDIENCE, or call dw_server_without_auth"},
        {every_address, NULL, "\":0\" is not a loopback address, and there is no OAuth"},
        {no_public_url, NULL,
         "a public URL is needed when \"0.0.0.0:0\" is not a loopback address"},
        {wrong_public_url, NULL,
         "the public URL \"https://mcp.example.com/mcp?x=1\" is not like "
         "https://mcp.example.com/mcp"},
        {both, NULL, "dw_server_without_auth and OAuth are both asked for: choose one"},
        {unknown_provider, NULL, "there is no provider \"acme\"; there are auth0, okta, cognito"},
        {same_issuer_twice, NULL, "the issuer \"https://i/\" is configured twice"},
        {no_validator, NULL, ""},
        {from_env, ENV("AUTH0_DOMAIN", "t.auth0.com"),
         "the environment variable AUTH0_AUDIENCE is not set"},
        {from_env, ENV("AUTH0_AUDIENCE", "https://mcp"),
         "the environment variable AUTH0_DOMAIN is not set"},
        {from_env, ENV("AUTH0_DOMAIN", "t auth0", "AUTH0_AUDIENCE", "a"),
         "the environment variable AUTH0_DOMAIN has spaces"},
        {from_env, ENV("AUTH0_DOMAIN", "t.auth0.com", "AUTH0_AUDIENCE", "a", "OIDC_ISSUER", "x"),
         "AUTH0_DOMAIN and OIDC_ISSUER are both set"},
        {from_env, ENV("OIDC_ISSUER", "https://i/"),
         "OIDC_ISSUER is set, but the environment variable OIDC_AUDIENCE is not"},
        {from_env, ENV("OIDC_ISSUER", "https://i/", "OIDC_AUDIENCE", "a", "OIDC_PROVIDER", "acme"),
         "OIDC_PROVIDER \"acme\" is no provider; there are auth0, okta"},
        {from_env, ENV("OIDC_ISSUER", "http://i.example/", "OIDC_AUDIENCE", "a"),
         "must begin with https://"},
        {public_address, ENV("DOORWARD_LISTEN", "127.0.0.1:0"), "\"0.0.0.0:0\" is not a loopback"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_server *server;
        struct dw_error error = {0}, again = {0};

        environment = cases[i].environment;
        clear_environment();
        server = dw_server_new("my-server", "1");
        cases[i].mistake(server);
        dw_server_with_tool(server, &good_tool); /* what is right later changes nothing */
        assert_false(dw_server_build(server, &error));
        if (!strstr(error.message, cases[i].message))
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].message);
        assert_false(dw_server_build(server, &again));
        assert_string_equal(again.message, error.message);
        assert_int_equal(again.code, error.code);
        dw_server_free(server);
    }
    environment = NULL;
    clear_environment();
}

/* ---- in a process of its own ---- */

static char talk[8192];

/* Serves what `make` says with nothing on standard input, or until the text comes on standard error
 * and SIGTERM ends it. The exit status. */
static int serve(void (*make)(struct dw_server *server), const char *until)
{
    int talk_pipe[2], in_pipe[2], status = -1;
    size_t len = 0;
    ssize_t count;
    bool is_ending = false;
    pid_t child;

    assert_int_equal(pipe(talk_pipe) | pipe(in_pipe), 0);
    child = fork();
    if (child == 0) {
        struct dw_server *server;

        clear_environment();
        dup2(in_pipe[0], STDIN_FILENO);
        dup2(talk_pipe[1], STDERR_FILENO);
        dup2(talk_pipe[1], STDOUT_FILENO);
        for (int i = 0; i < 2; i++) {
            close(in_pipe[i]);
            close(talk_pipe[i]);
        }
        server = dw_server_new("my-server", "1");
        make(server);
        dw_server_with_tool(server, &good_tool);
        _exit(dw_server_serve(server));
    }
    close(talk_pipe[1]);
    close(in_pipe[0]);
    if (!until)
        close(in_pipe[1]);
    talk[0] = '\0';
    while ((count = read(talk_pipe[0], talk + len, sizeof talk - 1 - len)) > 0) {
        len += (size_t)count;
        talk[len] = '\0';
        if (until && !is_ending && strstr(talk, until))
            is_ending = kill(child, SIGTERM) == 0;
    }
    waitpid(child, &status, 0);
    close(talk_pipe[0]);
    if (until)
        close(in_pipe[1]);
    if (!WIFEXITED(status))
        fail_msg("ended by signal %d: %s", WTERMSIG(status), talk);
    return WEXITSTATUS(status);
}

static void taken_address(struct dw_server *server)
{
    struct dw_server *other = dw_server_new("other", "1");
    struct dw_error error;
    char address[64];

    dw_server_with_listen(other, "127.0.0.1:0");
    (void)!dw_server_build(other, &error);
    snprintf(address, sizeof address, "127.0.0.1:%d", dw_server_port(other));
    dw_server_with_listen(server, address);
}

static void a_server_that_cannot_start_says_why_and_ends_with_1(void **state)
{
    (void)state;
    assert_int_equal(serve(public_address, NULL), 1);
    assert_string_equal(talk, "my-server: \"0.0.0.0:0\" is not a loopback address, and there is no "
                              "OAuth: set AUTH0_DOMAIN and AUTH0_AUDIENCE, or call "
                              "dw_server_without_auth\n");
    assert_int_equal(serve(prompt_without_function, NULL), 1);
    assert_string_equal(talk, "my-server: \"p\" has no function that does the work\n");
    environment = ENV("AUTH0_DOMAIN", "t.auth0.com");
    assert_int_equal(serve(from_env, NULL), 1);
    assert_string_equal(talk, "my-server: the environment variable AUTH0_AUDIENCE is not set\n");
    environment = NULL;
    assert_int_equal(serve(taken_address, NULL), 1);
    assert_non_null(strstr(talk, "is in use by another program"));
}

static void on_loopback(struct dw_server *server)
{
    dw_server_with_oauth_from_env(server);
    dw_server_with_listen(server, "127.0.0.1:0");
}

static void openly(struct dw_server *server)
{
    public_address(server);
    dw_server_without_auth(server);
}

static void without_auth_variables_it_is_stdio_or_loopback_with_a_loud_line(void **state)
{
    (void)state;
    assert_int_equal(serve(from_env, NULL), 0); /* stdio: ends with its input */
    assert_string_equal(talk, "");
    assert_int_equal(serve(on_loopback, "\"serving\""), 0);
    assert_non_null(strstr(talk, "\"level\":\"warn\",\"event\":\"WITHOUT_OAUTH\",\"meaning\":"
                                 "\"anybody who reaches this address may call every tool\""));
    assert_int_equal(serve(openly, "\"serving\""), 0);
    assert_non_null(strstr(talk, "WITHOUT_OAUTH"));
    environment = ENV("OIDC_ISSUER", "https://i.example/", "OIDC_AUDIENCE", "https://mcp");
    assert_int_equal(serve(on_loopback, "\"serving\""), 0);
    assert_null(strstr(talk, "WITHOUT_OAUTH"));
    environment = ENV("DOORWARD_LISTEN", "127.0.0.1:0");
    assert_int_equal(serve(from_env, "\"serving\""), 0);
    assert_non_null(strstr(talk, "WITHOUT_OAUTH"));
    environment = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_told_and_nothing_is_served),
        cmocka_unit_test(a_server_that_cannot_start_says_why_and_ends_with_1),
        cmocka_unit_test(without_auth_variables_it_is_stdio_or_loopback_with_a_loud_line),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
