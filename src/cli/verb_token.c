/* doorward token: gets an access token, for scripts and for trying things. */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/token_browser.h"
#include "cli/token_client.h"
#include "cli/verbs.h"
#include "sys/sys.h"

#define LONGEST_SECRET_BYTES 1024

struct settings {
    struct dw_slice config, issuer, audience, resource, scope, client_id, user;
    bool reads_password, reads_client_secret, is_browser, is_without_browser, is_json;
};

#define OPTION(member, name, metavar, help)                                                        \
    {                                                                                              \
        name, metavar, false, offsetof(struct settings, member), help                              \
    }
static const struct dw_option options[] = {
    OPTION(issuer, "issuer", "URL", "who issues it (standard: that of the configuration)"),
    OPTION(audience, "audience", "URL", "for which API (standard: that of the configuration)"),
    OPTION(resource, "resource", "URL", "the same as RFC 8707 says it, for issuers that want it"),
    OPTION(scope, "scope", "SCOPES", "space-separated; without it, what the issuer gives"),
    OPTION(client_id, "client-id", "ID", "the application"),
    OPTION(reads_client_secret, "client-secret-stdin", NULL,
           "its secret is the first line of stdin (or AUTH0_CLIENT_SECRET): client credentials"),
    OPTION(user, "user", "EMAIL", "log in with a password: the password grant"),
    OPTION(reads_password, "password-stdin", NULL,
           "the password is the first line of stdin (or DOORWARD_PASSWORD)"),
    OPTION(is_browser, "browser", NULL, "log in with the browser, also when there is a secret"),
    OPTION(is_without_browser, "no-browser", NULL, "print the URL and open nothing"),
    OPTION(is_json, "json", NULL, "print the whole answer of the issuer"),
    OPTION(config, "config", "FILE", "the configuration (standard: doorward.toml)"),
};

/* One line of stdin, not shown on a terminal. */
static bool read_line(const char *what, struct dw_arena *arena, struct dw_slice *ret_line,
                      struct dw_error *reterr)
{
    char line[LONGEST_SECRET_BYTES];
    struct termios before, quiet;
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    bool is_read;

    if (is_terminal) {
        fprintf(stderr, "%s: ", what);
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    is_read = fgets(line, sizeof line, stdin) != NULL;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (!is_read)
        return dw_fail(reterr, DW_CONFIG, "there is no %s on stdin", what);
    *ret_line = dw_arena_copy(arena, dw_slice_from(line, strcspn(line, "\r\n")));
    return ret_line->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* What the request is made of, after flags, environment and file. */
struct request {
    struct dw_token_server server;
    struct dw_slice audience, client_id, client_secret, password;
};

static bool prepare(const struct settings *settings, struct dw_arena *arena,
                    struct request *ret_request, struct dw_error *reterr)
{
    struct dw_config config;
    const struct dw_issuer_config *issuers;
    struct dw_slice issuer = settings->issuer;
    size_t count;

    if (!dw_config_load(settings->config, arena, &config, reterr))
        return false;
    ret_request->audience = settings->audience;
    if (!issuer.len) {
        if (!dw_config_issuers(&config, arena, &issuers, &count, reterr))
            return false;
        issuer = issuers[0].issuer;
        if (!ret_request->audience.len && issuers[0].audiences.count)
            ret_request->audience = issuers[0].audiences.items[0];
    }
    ret_request->client_id = settings->client_id.len ? settings->client_id : config.client_id;
    /* A secret belongs to the client it was given with. */
    if (!settings->client_id.len || dw_slice_eq(settings->client_id, config.client_id))
        ret_request->client_secret = config.client_secret.hidden;
    ret_request->password = dw_sys_environment("DOORWARD_PASSWORD");
    if (settings->reads_client_secret &&
        !read_line("client secret", arena, &ret_request->client_secret, reterr))
        return false;
    if (settings->user.len && (settings->reads_password || !ret_request->password.len) &&
        !read_line("password", arena, &ret_request->password, reterr))
        return false;
    return dw_token_discover(issuer, arena, &ret_request->server, reterr);
}

static bool ask(const struct settings *settings, const struct request *request,
                struct dw_arena *arena, struct dw_slice *ret_body, struct dw_slice *ret_token,
                struct dw_error *reterr)
{
    const struct dw_token_login login = {
        .client_id = request->client_id,
        .audience = request->audience,
        .resource = settings->resource,
        .scope = settings->scope,
        .opens_browser = !settings->is_without_browser,
    };
    struct dw_token_code code = {.client_id = request->client_id};
    bool has_user = settings->user.len != 0;
    bool is_login = !has_user && (settings->is_browser || !request->client_secret.len);

    if (is_login && !dw_token_login(&request->server, &login, arena, &code, reterr))
        return false;
    if (!code.client_id.len)
        return dw_fail(reterr, DW_USAGE, "--client-id is needed (or AUTH0_CLIENT_ID)");
    const struct dw_token_parameter parameters[] = {
        {"grant_type", has_user   ? DW_LIT("password")
                       : is_login ? DW_LIT("authorization_code")
                                  : DW_LIT("client_credentials")},
        {"client_id", code.client_id},
        {"client_secret", request->client_secret},
        {"username", settings->user},
        {"password", has_user ? request->password : DW_EMPTY},
        {"code", code.code},
        {"code_verifier", code.code_verifier},
        {"redirect_uri", code.redirect_uri},
        {"audience", request->audience},
        {"resource", settings->resource},
        {"scope", settings->scope},
    };

    return dw_token_request(&request->server, parameters, sizeof parameters / sizeof parameters[0],
                            arena, ret_body, ret_token, reterr);
}

static enum dw_cli_status run(void *user, struct dw_slices rest, struct dw_arena *arena)
{
    struct settings *settings = user;
    struct request request = {.audience = DW_EMPTY};
    struct dw_slice body, token;
    struct dw_error error = {.code = DW_OK};

    (void)rest;
    if (!prepare(settings, arena, &request, &error) ||
        !ask(settings, &request, arena, &body, &token, &error)) {
        dw_cli_say_error("token", &error);
        return error.code == DW_USAGE ? DW_CLI_USAGE : DW_CLI_FAILED;
    }
    printf("%.*s\n", DW_PRINT(settings->is_json ? body : token));
    return fflush(stdout) == 0 ? DW_CLI_DONE : DW_CLI_FAILED;
}

const struct dw_verb dw_verb_token = {
    .name = "token",
    .arguments = "",
    .summary = "get an access token: with a password, client credentials, or the browser",
    .details =
        "With --user it uses the password grant; with a client secret, client credentials; "
        "else it opens the\nbrowser and waits on a loopback port (PKCE). Without --client-id "
        "it registers a client for that.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .run = run,
};
