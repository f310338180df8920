/* doorward gateway: the configuration, the guard's issuers, and the gateway until it is stopped. */
#include <stdio.h>

#include "cli/config.h"
#include "cli/service.h"
#include "cli/verbs.h"

struct settings {
    struct dw_slice config, listen, public_url, upstream, admin_listen, log, log_level;
};

#define OPTION(member, metavar, help)                                                              \
    {                                                                                              \
#member, metavar, false, offsetof(struct settings, member), help                           \
    }
static const struct dw_option options[] = {
    OPTION(config, "FILE", "the configuration (standard: doorward.toml, then .pmcp/deploy.toml)"),
    OPTION(listen, "ADDRESS", "where to listen: 127.0.0.1:8420, [::]:443, unix:/path"),
    {"public-url", "URL", false, offsetof(struct settings, public_url),
     "the MCP URL that clients use, when it is another"},
    OPTION(upstream, "URL", "the MCP server behind: http://, https:// or unix:/path"),
    {"admin-listen", "ADDRESS", false, offsetof(struct settings, admin_listen),
     "where to serve /metrics and /healthz for operators"},
    OPTION(log, "FILE", "the log (standard: stderr)"),
    {"log-level", "LEVEL", false, offsetof(struct settings, log_level),
     "debug, info, warn or error"},
};

/* Flags beat what the file and the environment said. */
static bool apply_flags(const struct settings *settings, struct dw_slices command,
                        struct dw_config *config, struct dw_arena *arena, struct dw_error *reterr)
{
    const struct {
        const char *name, *row;
        struct dw_slice value;
    } flags[] = {
        {"listen", "listen", settings->listen},
        {"public-url", "public_url", settings->public_url},
        {"upstream", "upstream", settings->upstream},
        {"admin-listen", "admin_listen", settings->admin_listen},
        {"log", "log", settings->log},
        {"log-level", "log_level", settings->log_level},
    };
    struct dw_error error;

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const struct dw_field *field =
            dw_fields_find(&dw_gateway_fields, dw_slice_from_text(flags[i].row));

        if (flags[i].value.ptr &&
            !dw_field_set(field, &config->gateway, flags[i].value, arena, &error))
            return dw_fail(reterr, DW_USAGE, "--%s %s", flags[i].name, error.message);
    }
    if (settings->upstream.ptr)
        config->gateway.command = (struct dw_slices){NULL, 0};
    if (command.count) {
        config->gateway.command = command;
        config->gateway.upstream = DW_EMPTY;
    }
    return true;
}

static bool serve(struct dw_config *config, struct dw_arena *arena, struct dw_service *service,
                  struct dw_error *reterr)
{
    const struct dw_issuer_config *issuers;
    struct dw_gateway_config settings = config->gateway;
    struct dw_guard_config guard;
    struct dw_gateway *gateway;
    size_t count;
    bool has_run;

    if (!dw_config_issuers(config, arena, &issuers, &count, reterr) ||
        !dw_service_start(config->gateway.log, (enum dw_log_level)config->gateway.log_level, arena,
                          service, reterr))
        return false;
    guard = dw_config_guard(config, issuers, count);
    settings.guard = &guard;
    gateway = dw_gateway_open(service->net, &settings, reterr);
    if (!gateway)
        return false;
    fprintf(stderr, "doorward gateway: %.*s\n", DW_PRINT(dw_gateway_public_url(gateway)));
    has_run = dw_net_run(service->net, reterr);
    dw_gateway_close(gateway);
    return has_run;
}

static enum dw_cli_status run(void *user, struct dw_slices command, struct dw_arena *arena)
{
    struct settings *settings = user;
    struct dw_service service = {.net = NULL};
    struct dw_config config;
    struct dw_error error = {.code = DW_OK};
    bool is_done;

    is_done = dw_config_load(settings->config, arena, &config, &error) &&
              apply_flags(settings, command, &config, arena, &error);
    if (is_done)
        dw_config_warn(&config, "gateway");
    is_done = is_done && serve(&config, arena, &service, &error);
    dw_service_done(&service);
    if (is_done)
        return DW_CLI_DONE;
    dw_cli_say_error("gateway", &error);
    return error.code == DW_USAGE ? DW_CLI_USAGE : DW_CLI_FAILED;
}

const struct dw_verb dw_verb_gateway = {
    .name = "gateway",
    .arguments = "[-- COMMAND ARG...]",
    .takes_command = true,
    .summary = "put OAuth in front of an MCP server",
    .details =
        "The MCP server is an upstream URL or a COMMAND that speaks stdio. Who may issue "
        "tokens is in [auth] of the\nconfiguration, or in AUTH0_DOMAIN and AUTH0_AUDIENCE, or "
        "in OIDC_ISSUER and OIDC_AUDIENCE.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .run = run,
};
