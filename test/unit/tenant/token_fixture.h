/* Asking the token endpoint: for its tests. World with a machine that has a grant and a stranger
 * that has none. */
#ifndef DW_TEST_TOKEN_FIXTURE_H
#define DW_TEST_TOKEN_FIXTURE_H

#include "fixture.h"
#include "tenant/settings_internal.h"

#define MACHINE "grant_type=client_credentials&client_id=machine&client_secret=machine-secret"
#define DEV "client_id=doorward-dev"
#define ADA_LOGS_IN "&" DEV "&username=" ADA "&password=correct%20horse%20battery&scope=openid"

static inline const char *text_member(const struct dw_tenant_call *call, const char *key)
{
    return text_of(dw_json_text(json_of(call), key));
}

static inline struct dw_tenant_call *token(const char *body)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token", body);
}

static inline void add_client(const char *id, const char *secret, const char *grant_type,
                              const char *audience)
{
    struct dw_oauth_client client;
    struct dw_error error = {0};
    struct dw_slice grant = S(grant_type);

    dw_seed_client_defaults(world.tenant, &client);
    client.id = S(id);
    client.name = S(id);
    client.auth_method = DW_CLIENT_AUTH_POST;
    client.grant_types = (struct dw_slices){&grant, 1};
    assert_done(dw_tenant_digest(S(secret), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    if (audience) {
        struct dw_client_grant row = {.id = dw_tenant_random_text(world.arena, "cgr_", 12),
                                      .client_id = S(id),
                                      .audience = S(audience),
                                      .allows_all_scopes = true,
                                      .created_at_s = world_now_s};

        assert_done(dw_store_put_client_grant(world.tenant->store, &row, &error), error);
    }
}

static inline int token_world_start(void **state)
{
    int status = world_start(state);

    add_client("machine", "machine-secret", "client_credentials", AUDIENCE);
    add_client("stranger", "stranger-secret", "client_credentials", NULL);
    return status;
}

/* Merges a patch into the tenant's settings, at once. */
static inline void patch_settings(const char *patch)
{
    struct dw_error error = {0};

    assert_done(
        dw_tenant_settings_patch(world.tenant, DW_SETTINGS_TENANT, S(patch), world.arena, &error),
        error);
    assert_done(dw_tenant_settings_refresh(world.tenant, &error), error);
}

#endif
