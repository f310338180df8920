/* doorward config check | reference | manual: what is in force, and every key there is. */
#include <stdio.h>

#include "cli/config.h"
#include "cli/reference.h"
#include "cli/verbs.h"
#include "gateway/rules.h"

struct settings {
    struct dw_slice config;
};

static const struct dw_option options[] = {
    {"config", "FILE", false, offsetof(struct settings, config),
     "the file (standard: doorward.toml, then .pmcp/deploy.toml)"},
};

static enum dw_cli_status fail(const struct dw_error *error)
{
    dw_cli_say("config", "%s", error->message);
    return DW_CLI_FAILED;
}

static enum dw_cli_status print(struct dw_slice text)
{
    fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) == 0 ? DW_CLI_DONE : DW_CLI_FAILED;
}

/* A file for the tenant alone says nothing about who is trusted. */
static bool is_for_gateway(const struct dw_config *config)
{
    const struct dw_config_issuer *issuer = &config->issuer;

    return config->is_auth_enabled &&
           (issuer->provider.len || issuer->domain.len || issuer->issuer.len ||
            config->issuers.count || config->gateway.upstream.len || config->gateway.command.count);
}

/* What the gateway would make of it, so that its refusals come now. */
static bool describe_issuers(const struct dw_config *config, struct dw_arena *arena,
                             struct dw_buf *out, struct dw_error *reterr)
{
    const struct dw_issuer_config *issuers;
    struct dw_gateway_rules rules;
    size_t count;

    if (!is_for_gateway(config)) {
        dw_buf_add(out, DW_LIT("# no issuer is trusted: doorward gateway would not start\n"));
        return true;
    }
    if (!dw_config_issuers(config, arena, &issuers, &count, reterr))
        return false;
    /* The seed's file has no MCP server in it: a flag may bring one. */
    if ((config->gateway.upstream.len || config->gateway.command.count) &&
        !dw_gateway_rules_make(&config->gateway, 1, arena, &rules, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        dw_buf_printf(out, "# issuer: %.*s (%.*s)\n", DW_PRINT(issuers[i].issuer),
                      DW_PRINT(issuers[i].provider));
    return true;
}

/* The issuers as the guard sees them, then every setting. */
static bool describe(const struct dw_config *config, struct dw_arena *arena,
                     struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);

    dw_buf_printf(&out, "# file: %.*s\n",
                  DW_PRINT(config->path.len ? config->path : DW_LIT("(none)")));
    if (!describe_issuers(config, arena, &out, reterr))
        return false;
    dw_fields_print(&dw_config_fields, "", config, &out);
    return dw_buf_finish(&out, ret_text, reterr);
}

static enum dw_cli_status check(const struct settings *settings, struct dw_arena *arena)
{
    struct dw_config config;
    struct dw_slice text;
    struct dw_error error;

    if (!dw_config_load(settings->config, arena, &config, &error) ||
        !describe(&config, arena, &text, &error))
        return fail(&error);
    dw_config_warn(&config, "config");
    return print(text);
}

static enum dw_cli_status run_word(struct dw_slice word, const struct settings *settings,
                                   struct dw_arena *arena)
{
    struct dw_slice text;
    struct dw_error error = {.code = DW_OK};

    if (dw_slice_eq(word, DW_LIT("check")))
        return check(settings, arena);
    if (dw_slice_eq(word, DW_LIT("reference")))
        return dw_reference_markdown(arena, &text, &error) ? print(text) : fail(&error);
    if (dw_slice_eq(word, DW_LIT("manual")))
        return dw_reference_manual(arena, &text, &error) ? print(text) : fail(&error);
    dw_cli_say("config", "say \"doorward config check\", \"reference\" or \"manual\"");
    return DW_CLI_USAGE;
}

static enum dw_cli_status run(void *user, struct dw_slices rest, struct dw_arena *arena)
{
    struct settings *settings = user;

    return run_word(rest.count == 1 ? rest.items[0] : DW_EMPTY, settings, arena);
}

const struct dw_verb dw_verb_config = {
    .name = "config",
    .arguments = "check | reference | manual",
    .summary = "check the configuration, or list every key",
    .details = "check      reads the file and the environment and prints what is in force, secrets "
               "hidden\n"
               "reference  prints every key there is, as Markdown\n"
               "manual     prints the same as the man page doorward.toml(5)",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .settings_size = sizeof(struct settings),
    .run = run,
};
