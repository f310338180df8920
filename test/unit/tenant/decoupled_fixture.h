/* What the tests of the device flow (test_device.c) and of CIBA (test_ciba.c) share: their clients,
 * and a device from its code to its user's answer. */
#ifndef DW_TEST_TENANT_DECOUPLED_FIXTURE_H
#define DW_TEST_TENANT_DECOUPLED_FIXTURE_H

#include "fixture.h"
#include "store/connections.h"
#include "store/decoupled.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define CIBA_GRANT "urn:openid:params:grant-type:ciba"
#define RESOURCE "audience=https%3A%2F%2Fmcp.example.com%2Fmcp"

static const char *ada_id;

static inline void add_client(const char *id, const char *grant_type,
                              enum dw_client_auth_method method, bool is_first_party)
{
    struct dw_slice grants[] = {S(grant_type), S("refresh_token")};
    struct dw_oauth_client client;
    struct dw_error error = {0};

    dw_seed_client_defaults(world.tenant, &client);
    client.id = client.name = S(id);
    client.auth_method = method;
    client.is_first_party = is_first_party;
    client.grant_types = (struct dw_slices){grants, 2};
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
}

static inline int start(void **state)
{
    int status = world_start(state);

    world.tenant->config.mail_outbox = true;
    add_client("tv", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, true);
    add_client("tv2", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, true);
    add_client("box", DEVICE_GRANT, DW_CLIENT_AUTH_POST, true);
    add_client("stranger", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, false);
    add_client("agent", CIBA_GRANT, DW_CLIENT_AUTH_POST, true);
    add_client("strange-agent", CIBA_GRANT, DW_CLIENT_AUTH_POST, false);
    add_client("public-agent", CIBA_GRANT, DW_CLIENT_AUTH_NONE, true);
    ada_id = text_of(user_of(ADA)->id);
    return status;
}

static inline struct dw_tenant_call *post_as(const char *path, const char *body)
{
    struct browser client = {0};

    return post(&client, path, body);
}

static inline const char *member(const struct dw_tenant_call *call, const char *name)
{
    return text_of(dw_json_text(json_of(call), name));
}

/* ---- a device ---- */

struct device {
    const char *device_code, *user_code;
};

static inline struct device new_device(const char *scope)
{
    struct dw_tenant_call *call =
        post_as("/oauth/device/code",
                text_of(dw_arena_printf(world.arena, "client_id=tv&%s&scope=%s", RESOURCE, scope)));

    assert_status(call, 200);
    return (struct device){member(call, "device_code"), member(call, "user_code")};
}

static inline struct dw_tenant_call *poll_as(const char *client_id, const char *device_code)
{
    return post_as("/oauth/token", text_of(dw_arena_printf(world.arena,
                                                           "grant_type=" DEVICE_GRANT
                                                           "&client_id=%s&device_code=%s",
                                                           client_id, device_code)));
}

static inline struct dw_tenant_call *poll(const struct device *device)
{
    return poll_as("tv", device->device_code);
}

static inline struct dw_tenant_call *type_code(struct browser *browser, const char *user_code)
{
    return post(browser, "/activate",
                text_of(dw_arena_printf(world.arena, "user_code=%s", user_code)));
}

static inline struct dw_tenant_call *press(struct browser *browser, const char *path,
                                           const char *state, const char *action)
{
    return post(browser, path,
                text_of(dw_arena_printf(world.arena, "state=%s&action=%s", state, action)));
}

/* Through the pages to their end, as Ada. */
static inline struct dw_tenant_call *activate(struct browser *browser, const struct device *device)
{
    struct dw_tenant_call *call = type_code(browser, device->user_code);

    assert_has(header(call, "Location"), "/u/device?state=");
    call = press(browser, "/u/device", state_of(call), "confirm");
    if (dw_slice_starts_with(header(call, "Location"), S("/u/login")))
        call = log_in(browser, state_of(call), ADA_PASSWORD);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(browser, state_of(call), "accept");
    return call;
}

#endif
