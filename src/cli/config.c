/* Loading the configuration: file, then environment. Flags are the verbs' own. */
#include "cli/config.h"

#include "cli/options.h"
#include "sys/sys.h"
#include "toml/toml_fields.h"

#define LARGEST_FILE_BYTES ((size_t)1024 * 1024)

static const char *const search_order[] = {"doorward.toml", ".pmcp/deploy.toml"};

/* The variables of the seed's chapter, and two for every other provider. */
static const struct {
    const char *variable;
    const char *row; /* of [auth] */
} variables[] = {
    {"AUTH0_DOMAIN", "domain"},       {"AUTH0_AUDIENCE", "audience"},
    {"AUTH0_CLIENT_ID", "client_id"}, {"AUTH0_CLIENT_SECRET", "client_secret"},
    {"OIDC_ISSUER", "issuer"},        {"OIDC_AUDIENCE", "audience"},
};

static bool is_set(const char *variable)
{
    return dw_sys_environment(variable).len != 0;
}

static bool apply_environment(struct dw_arena *arena, struct dw_config *config,
                              struct dw_error *reterr)
{
    const struct dw_fields *auth = dw_fields_find(&dw_config_fields, DW_LIT("auth"))->table;
    struct dw_error error;

    if (is_set("AUTH0_DOMAIN") && is_set("OIDC_ISSUER"))
        return dw_fail(
            reterr, DW_CONFIG,
            "AUTH0_DOMAIN and OIDC_ISSUER are both set; unset the one that is not meant");
    /* A variable that names another issuer beats all that the file says about it. */
    if (is_set("AUTH0_DOMAIN") || is_set("OIDC_ISSUER")) {
        config->issuer.domain = config->issuer.issuer = config->issuer.jwks_uri = DW_EMPTY;
        config->is_auth_enabled = true;
    }
    if (is_set("AUTH0_DOMAIN"))
        config->issuer.provider = DW_LIT("auth0");
    else if (is_set("OIDC_ISSUER") && dw_slice_eq(config->issuer.provider, DW_LIT("auth0")))
        config->issuer.provider = DW_LIT("oidc");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        struct dw_slice value = dw_sys_environment(variables[i].variable);
        const struct dw_field *field = dw_fields_find(auth, dw_slice_from_text(variables[i].row));

        if (value.len && !dw_field_set(field, config, value, arena, &error))
            return dw_fail(reterr, DW_CONFIG, "the environment variable %s %s",
                           variables[i].variable, error.message);
    }
    return true;
}

/* Reads the file, if there is one. */
static bool read_file(struct dw_slice path, struct dw_arena *arena, struct dw_config *config,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_error error = {.code = DW_OK};
    char *name;

    *ret_text = DW_EMPTY;
    if (path.len) {
        name = dw_arena_text(arena, path);
        if (!name)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        config->path = path;
        return dw_sys_read_file(name, LARGEST_FILE_BYTES, arena, ret_text, reterr);
    }
    for (size_t i = 0; i < sizeof search_order / sizeof search_order[0]; i++) {
        if (dw_sys_read_file(search_order[i], LARGEST_FILE_BYTES, arena, ret_text, &error)) {
            config->path = dw_slice_from_text(search_order[i]);
            return true;
        }
        if (error.code == DW_NOT_FOUND)
            continue;
        if (reterr)
            *reterr = error;
        return false;
    }
    return true;
}

static bool read_settings(struct dw_slice text, struct dw_arena *arena, struct dw_config *config,
                          struct dw_error *reterr)
{
    struct dw_buf unused = dw_buf_in(arena);
    const struct dw_toml *table;
    struct dw_error error;

    if (!dw_toml_parse(text, arena, &table, &error) ||
        !dw_toml_read_fields(table, &dw_config_fields, "", config, arena, &unused, &error))
        return dw_fail(reterr, error.code, "%.*s: %s", DW_PRINT(dw_slice_sub(config->path, 0, 60)),
                       error.message);
    return dw_buf_finish(&unused, &config->unused, reterr);
}

bool dw_config_load(struct dw_slice path, struct dw_arena *arena, struct dw_config *ret_config,
                    struct dw_error *reterr)
{
    struct dw_slice text;

    memset(ret_config, 0, sizeof *ret_config);
    ret_config->gateway.size = sizeof ret_config->gateway;
    ret_config->tenant.size = sizeof ret_config->tenant;
    return dw_fields_standard(&dw_config_fields, ret_config, arena, reterr) &&
           read_file(path, arena, ret_config, &text, reterr) &&
           read_settings(text, arena, ret_config, reterr) &&
           apply_environment(arena, ret_config, reterr);
}

void dw_config_warn(const struct dw_config *config, const char *verb)
{
    if (config->unused.len)
        dw_cli_say(verb, "these keys of %.*s have no effect here: %.*s", DW_PRINT(config->path),
                   DW_PRINT(config->unused));
}

struct dw_guard_config dw_config_guard(const struct dw_config *config,
                                       const struct dw_issuer_config *issuers, size_t count)
{
    return (struct dw_guard_config){
        .size = sizeof(struct dw_guard_config),
        .resource_name = config->resource_name,
        .issuers = issuers,
        .issuer_count = count,
        .policy = config->policy.items,
        .policy_count = config->policy.count,
        .scopes_supported = config->scopes_supported,
        .leeway_s = config->leeway_s,
        .token_cache_entries = (size_t)config->token_cache_entries,
    };
}
