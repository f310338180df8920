/* doorward dev: tenant and gateway in one process on loopback, around a real MCP server. */
#include <stdio.h>

#include "cli/config.h"
#include "cli/dev_print.h"
#include "cli/dev_users.h"
#include "cli/development_tls.h"
#include "cli/service.h"
#include "cli/verbs.h"
#include "http/url.h"
#include "sys/sys.h"

#define EVERYTHING "@modelcontextprotocol/server-everything@2026.8.31"

struct settings {
    struct dw_slice config, listen, tenant_listen, upstream, state_dir, log_level;
    struct dw_slices users;
    bool is_https;
};

#define OPTION(member, name, metavar, help)                                                        \
    {                                                                                              \
        name, metavar, false, offsetof(struct settings, member), help                              \
    }
static const struct dw_option options[] = {
    OPTION(listen, "listen", "ADDRESS", "where the gateway listens (127.0.0.1:8420)"),
    OPTION(tenant_listen, "tenant-listen", "ADDRESS", "where the tenant listens (127.0.0.1:8421)"),
    OPTION(upstream, "upstream", "URL", "an MCP server that runs already"),
    {"user", "EMAIL:PASSWORD[:ROLE]", true, offsetof(struct settings, users),
     "a user, \"MCP User\" or \"MCP Admin\""},
    {"https", NULL, false, offsetof(struct settings, is_https),
     "gateway and tenant by https, with certificates of an authority of this machine's own"},
    OPTION(state_dir, "state-dir", "DIRECTORY", "the folder of store, keys and log (.doorward)"),
    OPTION(config, "config", "FILE", "a configuration, for its [[policy]] and [gateway]"),
    OPTION(log_level, "log-level", "LEVEL", "debug, info, warn or error"),
};

/* What dev adds for the server it brings, so that there is something to see: one tool needs the
 * admin's scope. */
static const struct dw_policy_row *make_policy(struct dw_arena *arena, size_t *ret_count)
{
    static const struct {
        const char *name, *tool, *prompt, *resource, *scope;
    } rows[] = {
        {"the server's environment", "get-env", NULL, NULL, "admin"},
        {"tools", "*", NULL, NULL, "execute:tools"},
        {"prompts", NULL, "*", NULL, "read:tools"},
        {"resources", NULL, NULL, "*", "read:resources"},
    };
    const size_t count = sizeof rows / sizeof rows[0];
    struct dw_policy_row *policy = dw_arena_new_array(arena, count, sizeof *policy);
    struct dw_slice *scopes = dw_arena_new_array(arena, count, sizeof *scopes);

    if (!policy || !scopes)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        scopes[i] = dw_slice_from_text(rows[i].scope);
        policy[i] = (struct dw_policy_row){
            .name = dw_slice_from_text(rows[i].name),
            .tool = dw_slice_from_text(rows[i].tool),
            .prompt = dw_slice_from_text(rows[i].prompt),
            .resource = dw_slice_from_text(rows[i].resource),
            .all_scopes = {&scopes[i], 1},
        };
    }
    *ret_count = count;
    return policy;
}

/* server-everything: an installed one, else npx fetches it. */
static bool use_everything(struct dw_config *config, struct dw_arena *arena,
                           struct dw_error *reterr)
{
    static const char local[] = "node_modules/.bin/mcp-server-everything";
    static const char installed[] = "mcp-server-everything";
    struct dw_slice *words = dw_arena_new_array(arena, 4, sizeof *words);
    size_t count = 0;

    if (!words)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (dw_cli_is_program(local)) {
        words[count++] = dw_slice_from_text(local);
    } else if (dw_cli_is_program(installed)) {
        words[count++] = dw_slice_from_text(installed);
    } else if (dw_cli_is_program("npx")) {
        words[count++] = DW_LIT("npx");
        words[count++] = DW_LIT("-y");
        words[count++] = DW_LIT(EVERYTHING);
    } else {
        return dw_fail(
            reterr, DW_CONFIG,
            "npx is not found in PATH: install Node.js and npm, or give your own server: "
            "doorward dev -- COMMAND");
    }
    words[count++] = DW_LIT("stdio");
    config->gateway.command = (struct dw_slices){words, count};
    if (!config->policy.count)
        config->policy.items = make_policy(arena, &config->policy.count);
    return config->policy.items || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool choose_upstream(const struct settings *settings, struct dw_slices command,
                            struct dw_config *config, struct dw_arena *arena,
                            struct dw_error *reterr)
{
    if (settings->upstream.len && command.count)
        return dw_fail(reterr, DW_USAGE, "there is both --upstream and a command; keep one");
    if (settings->upstream.len || command.count) {
        config->gateway.upstream = settings->upstream;
        config->gateway.command = command;
    }
    if (config->gateway.upstream.len || config->gateway.command.count)
        return true;
    return use_everything(config, arena, reterr);
}

/* "http://127.0.0.1:8420" and what follows. dev has the password grant and fetches client documents
 * from this machine, so it stays on this machine. */
static bool make_url(const char *option, struct dw_slice listen, bool is_https, const char *path,
                     struct dw_arena *arena, struct dw_slice *ret_url, struct dw_error *reterr)
{
    struct dw_slice host;
    int port;

    if (!dw_url_parse_authority(listen, &host, &port, NULL) || port == 0)
        return dw_fail(reterr, DW_CONFIG, "%s needs an address and a port, not \"%.*s\"", option,
                       DW_PRINT(dw_slice_sub(listen, 0, 64)));
    if (!dw_url_is_loopback_host(host))
        return dw_fail(
            reterr, DW_CONFIG,
            "%s must be on loopback, not %.*s; for others there are \"doorward gateway\" "
            "and \"doorward tenant\"",
            option, DW_PRINT(dw_slice_sub(host, 0, 64)));
    *ret_url =
        dw_arena_printf(arena, "%s://%.*s%s", is_https ? "https" : "http", DW_PRINT(listen), path);
    return ret_url->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool prepare(const struct settings *settings, struct dw_arena *arena,
                    struct dw_config *config, struct dw_error *reterr)
{
    struct dw_tenant_config *tenant = &config->tenant;
    struct dw_gateway_config *gateway = &config->gateway;
    struct dw_error error;

    if (settings->log_level.ptr &&
        !dw_field_set(dw_fields_find(&dw_gateway_fields, DW_LIT("log_level")), gateway,
                      settings->log_level, arena, &error))
        return dw_fail(reterr, DW_USAGE, "--log-level %s", error.message);
    if (settings->listen.len)
        gateway->listen = settings->listen;
    if (settings->tenant_listen.len)
        tenant->listen = settings->tenant_listen;
    if (settings->state_dir.len)
        tenant->state_dir = settings->state_dir;
    gateway->tls_certificate = gateway->tls_key = DW_EMPTY;
    tenant->tls_certificate = tenant->tls_key = DW_EMPTY;
    if (!make_url("--listen", gateway->listen, settings->is_https, "/mcp", arena,
                  &gateway->public_url, reterr) ||
        !make_url("--tenant-listen", tenant->listen, settings->is_https, "/", arena,
                  &tenant->issuer, reterr))
        return false;
    tenant->default_audience = gateway->public_url;
    tenant->allow_registration = true;
    tenant->allow_metadata_documents = true;
    tenant->client_security_mode = DW_TENANT_CLIENTS_PERMISSIVE; /* who tries things out sees why */
    tenant->allow_insecure_client_metadata = true;
    tenant->allow_password_grant = true;
    tenant->registrations_per_hour =
        dw_fields_find(&dw_tenant_fields, DW_LIT("registrations_per_hour"))->max;
    if (!gateway->log.len)
        gateway->log = dw_arena_printf(arena, "%.*s/doorward.log", DW_PRINT(tenant->state_dir));
    return gateway->log.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static struct dw_slice describe_upstream(const struct dw_gateway_config *gateway,
                                         struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_add(&out, gateway->upstream);
    for (size_t i = 0; i < gateway->command.count; i++) {
        dw_buf_add(&out, i ? DW_LIT(" ") : DW_EMPTY);
        dw_buf_add(&out, gateway->command.items[i]);
    }
    return dw_buf_view(&out);
}

static bool print_facts(const struct dw_config *config, const struct dw_tenant_dev *dev,
                        struct dw_slice ca_file, struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_dev_facts facts = {
        .mcp_url = config->gateway.public_url,
        .issuer = config->tenant.issuer,
        .upstream = describe_upstream(&config->gateway, arena),
        .log = config->gateway.log,
        .ca_file = ca_file,
        .users = dev->users,
        .user_count = dev->user_count,
        .has_policy = config->policy.count != 0,
    };
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    dw_dev_print(&facts, &out);
    if (!dw_buf_finish(&out, &text, reterr))
        return false;
    fwrite(text.ptr, 1, text.len, stdout);
    fflush(stdout);
    return true;
}

static bool serve_gateway(struct dw_config *config, struct dw_tenant *tenant,
                          const struct dw_tenant_dev *dev, struct dw_slice ca_file,
                          struct dw_arena *arena, struct dw_net *net, struct dw_error *reterr)
{
    const struct dw_key_source source = {
        .keys = dw_tenant_keys, .user = tenant, .is_dead = dw_tenant_token_is_dead};
    /* What an API of the tenant may be signed with, unless it shares a secret. */
    static const struct dw_slice algorithms[] = {{"RS256", 5}, {"PS256", 5}, {"ES256", 5}};
    const struct dw_issuer_config issuer = {
        .provider = DW_LIT("auth0"), /* whose wire format the tenant speaks */
        .algorithms = {algorithms, 3},
        .issuer = config->tenant.issuer,
        .key_source = &source,
    };
    struct dw_guard_config guard = dw_config_guard(config, &issuer, 1);
    struct dw_gateway_config settings = config->gateway;
    struct dw_gateway *gateway;
    bool has_run;

    settings.guard = &guard;
    gateway = dw_gateway_open(net, &settings, reterr);
    if (!gateway)
        return false;
    has_run = dw_tenant_seed_dev(tenant, dev, reterr) &&
              print_facts(config, dev, ca_file, arena, reterr) && dw_net_run(net, reterr);
    dw_gateway_close(gateway);
    return has_run;
}

/* *ret_ca_file stays empty without --https. */
static bool open_https(const struct settings *settings, struct dw_config *config,
                       struct dw_development_tls **ret_tls, struct dw_slice *ret_ca_file,
                       struct dw_error *reterr)
{
    struct dw_url urls[2];
    struct dw_slice hosts[2];

    if (!settings->is_https)
        return true;
    if (!dw_url_parse(config->gateway.public_url, &urls[0], reterr) ||
        !dw_url_parse(config->tenant.issuer, &urls[1], reterr))
        return false;
    hosts[0] = urls[0].host;
    hosts[1] = urls[1].host;
    *ret_tls =
        dw_development_tls_open(config->tenant.state_dir, (struct dw_slices){hosts, 2}, reterr);
    if (!*ret_tls)
        return false;
    config->gateway.tls = config->tenant.tls = dw_development_tls_server(*ret_tls);
    *ret_ca_file = dw_development_tls_ca_file(*ret_tls);
    return true;
}

static bool serve(struct dw_config *config, const struct settings *settings, struct dw_arena *arena,
                  struct dw_slice ca_file, struct dw_service *service, struct dw_error *reterr)
{
    struct dw_tenant_dev dev = {.audience = config->gateway.public_url,
                                .api_name = DW_LIT("MCP server")};
    char *folder = dw_arena_text(arena, config->tenant.state_dir);
    struct dw_tenant *tenant;
    bool has_run;

    if (!folder)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_dev_users(settings->users, arena, &dev.users, &dev.user_count, reterr) ||
        !dw_sys_make_folder(folder, reterr) ||
        !dw_service_start(config->gateway.log, (enum dw_log_level)config->gateway.log_level, arena,
                          service, reterr))
        return false;
    tenant = dw_tenant_open(service->net, &config->tenant, reterr);
    if (!tenant)
        return false;
    has_run = serve_gateway(config, tenant, &dev, ca_file, arena, service->net, reterr);
    dw_tenant_close(tenant);
    return has_run;
}

static enum dw_cli_status run(void *user, struct dw_slices command, struct dw_arena *arena)
{
    dw_auto(dw_development_tls_auto_close) struct dw_development_tls *tls = NULL;
    struct settings *settings = user;
    struct dw_slice ca_file = DW_EMPTY;
    struct dw_service service = {.net = NULL};
    struct dw_config config;
    struct dw_error error = {.code = DW_OK};
    bool is_done;

    is_done = dw_config_load(settings->config, arena, &config, &error);
    if (is_done)
        dw_config_warn(&config, "dev");
    is_done = is_done && choose_upstream(settings, command, &config, arena, &error) &&
              prepare(settings, arena, &config, &error) &&
              open_https(settings, &config, &tls, &ca_file, &error) &&
              serve(&config, settings, arena, ca_file, &service, &error);
    dw_service_done(&service);
    if (is_done)
        return DW_CLI_DONE;
    dw_cli_say_error("dev", &error);
    return error.code == DW_USAGE ? DW_CLI_USAGE : DW_CLI_FAILED;
}

const struct dw_verb dw_verb_dev = {
    .name = "dev",
    .arguments = "[-- COMMAND ARG...]",
    .takes_command = true,
    .summary = "guard an MCP server on this machine: tenant and gateway in one process",
    .details =
        "COMMAND is an MCP server that speaks stdio. Without it and without --upstream it is\n"
        "@modelcontextprotocol/server-everything from npm.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .run = run,
};
