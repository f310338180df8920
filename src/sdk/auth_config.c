/* The builder calls that say whose tokens a server takes. */
#include "sdk/auth_internal.h"

static void add(struct dw_server *server, const struct dw_jwt_validator_config *config)
{
    struct dw_error error;
    struct dw_auth_issuer *issuer = DW_ARENA_NEW(server->arena, struct dw_auth_issuer);

    if (server->issuer_count == DW_SDK_MAX_ISSUERS) {
        (void)dw_fail(&error, DW_CONFIG, "a server takes the tokens of %d issuers at most",
                      DW_SDK_MAX_ISSUERS);
        (void)dw_server_note(server, &error);
        return;
    }
    if (!issuer) {
        (void)dw_fail(&error, DW_NO_MEMORY, "out of memory");
        (void)dw_server_note(server, &error);
        return;
    }
    if (!dw_auth_issuer_init(issuer, config, server->arena, &error)) {
        (void)dw_server_note(server, &error);
        return;
    }
    server->issuers[server->issuer_count++] = issuer->config;
    if (server->leeway_s < issuer->leeway_s)
        server->leeway_s = issuer->leeway_s;
}

void dw_server_with_validator(struct dw_server *server,
                              const struct dw_jwt_validator_config *config)
{
    if (server)
        add(server, config);
}

void dw_server_with_oauth_from_env(struct dw_server *server)
{
    struct dw_jwt_validator_config config;
    struct dw_error error;
    bool is_set;

    if (!server)
        return;
    if (!dw_auth_config_from_env(&config, &is_set, &error))
        (void)dw_server_note(server, &error);
    else if (is_set)
        add(server, &config);
}

void dw_server_free_issuers(struct dw_server *server)
{
    for (size_t i = 0; i < server->issuer_count; i++)
        if (server->issuers[i].key_source)
            dw_auth_issuer_done(server->issuers[i].key_source->user);
    server->issuer_count = 0;
}
