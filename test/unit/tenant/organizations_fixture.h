/* Two organizations with members, connections and roles, and logins to them: for
 * test_organizations.c and test_invitations.c. */
#ifndef DW_TEST_TENANT_ORGANIZATIONS_FIXTURE_H
#define DW_TEST_TENANT_ORGANIZATIONS_FIXTURE_H

#include "fixture.h"
#include "store/connections.h"
#include "store/organizations.h"
#include "tenant/account/password_internal.h"

static struct dw_error error;

#define ORG "org_aaaaaaaaaaaaaaaa"
#define OTHER "org_bbbbbbbbbbbbbbbb"
#define STAFF "staff"
#define STAFF_ID "con_staff00000000001"

static inline struct dw_oauth_client *client(void)
{
    struct dw_oauth_client *found = NULL;

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &found, &error),
        error);
    return found;
}

static inline void set_usage(enum dw_organization_usage usage, enum dw_organization_prompt prompt)
{
    struct dw_oauth_client *changed = client();

    changed->organization_usage = usage;
    changed->organization_prompt = prompt;
    assert_done(dw_store_put_client(world.tenant->store, changed, &error), error);
}

static inline void add_organization(const char *id, const char *name, bool assigns_membership)
{
    struct dw_connection_record *connection = NULL;
    struct dw_organization organization = {.id = S(id),
                                           .name = S(name),
                                           .display_name = S("<b>Acme & Co</b>"),
                                           .created_at_s = world_now_s};
    struct dw_organization_connection link = {.organization_id = S(id),
                                              .assigns_membership = assigns_membership};

    assert_done(dw_store_put_organization(world.tenant->store, &organization, &error), error);
    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    link.connection_id = connection->id;
    assert_done(dw_store_put_organization_connection(world.tenant->store, &link, &error), error);
}

static inline void add_member(const char *id)
{
    assert_done(
        dw_store_add_member(world.tenant->store, S(id), user_of(ADA)->id, world_now_s, &error),
        error);
}

/* It takes a further connection, whose accounts become members. */
static inline void take_connection(const char *organization, const char *name,
                                   bool is_signup_enabled)
{
    struct dw_connection_record *connection = NULL;
    struct dw_organization_connection link = {.organization_id = S(organization),
                                              .assigns_membership = true,
                                              .is_signup_enabled = is_signup_enabled};

    assert_done(
        dw_store_connection_by_name(world.tenant->store, S(name), world.arena, &connection, &error),
        error);
    assert_non_null(connection);
    link.connection_id = connection->id;
    assert_done(dw_store_put_organization_connection(world.tenant->store, &link, &error), error);
}

/* Each test begins with two empty organizations. */
static inline int start(void **state)
{
    (void)state;
    (void)!dw_store_delete_organization(world.tenant->store, S(ORG), &error);
    (void)!dw_store_delete_organization(world.tenant->store, S(OTHER), &error);
    world_set("{\"allow_organization_name_in_authentication_api\":null}");
    add_organization(ORG, "acme", false);
    add_organization(OTHER, "zebra", false);
    set_usage(DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT);
    return 0;
}

static inline void assert_refused(const struct dw_tenant_call *call, const char *code,
                                  const char *text)
{
    assert_slice(location_value(call, "error"), code);
    assert_slice(location_value(call, "error_description"), text);
}

static inline struct dw_tenant_call *ask_for(const char *parameters)
{
    struct browser browser = {0};

    return authorize(&browser,
                     text_of(dw_arena_printf(world.arena, "%s%s", AUTHORIZE, parameters)));
}

/* A second connection with passwords, that the application may use, and a user in it. */
static inline void add_staff(void)
{
    struct dw_connection_record record = {.id = S(STAFF_ID),
                                          .name = S(STAFF),
                                          .strategy = DW_STRATEGY_AUTH0,
                                          .options_json = S("{}"),
                                          .is_active = true,
                                          .metadata_json = S("{}"),
                                          .created_at_s = world_now_s};
    struct dw_user bob = {.id = S("auth0|bob"),
                          .connection = S(STAFF),
                          .email = S("bob@example.com"),
                          .created_at_s = world_now_s};
    struct dw_user *found = NULL;

    assert_done(dw_store_put_connection(world.tenant->store, &record, &error), error);
    assert_done(dw_store_enable_connection(world.tenant->store, record.id, S(DW_TENANT_DEV_CLIENT),
                                           true, &error),
                error);
    assert_done(dw_store_user(world.tenant->store, bob.id, world.arena, &found, &error), error);
    if (found)
        return;
    assert_done(dw_password_make_any(dw_secret_from(S(ADA_PASSWORD)), world.arena,
                                     &bob.password_hash, &error),
                error);
    assert_done(dw_store_add_user(world.tenant->store, &bob, &error), error);
}

static inline void leave_connection(const char *organization, const char *name)
{
    struct dw_organization_connection *link = NULL;

    assert_done(dw_store_organization_connection(world.tenant->store, S(organization), S(name),
                                                 world.arena, &link, &error),
                error);
    assert_done(dw_store_remove_organization_connection(world.tenant->store, S(organization),
                                                        link->connection_id, &error),
                error);
}

static inline struct dw_tenant_call *log_in_as(struct browser *browser, const char *state,
                                               const char *email)
{
    return post(browser, "/u/login",
                text_of(dw_arena_printf(world.arena, "state=%s&username=%s&password=" ADA_PASSWORD,
                                        state, email)));
}

static inline struct dw_tenant_call *begin(struct browser *browser, const char *parameters)
{
    return get(browser, text_of(dw_arena_printf(world.arena, "%s%s", AUTHORIZE, parameters)));
}

#define CASE(name) cmocka_unit_test_setup(name, start)

#endif
