/* Organizations in the store: members, their roles, connections, invitations. */
#include "store/connections.h"
#include "store/fixture.h"
#include "store/organizations.h"

static struct fixture fixture;
static struct dw_error error;

static void add_organization(const char *id, const char *name)
{
    struct dw_organization organization = {
        .id = S(id), .name = S(name), .created_at_s = NOW_S, .metadata_json = S("{\"a\":\"b\"}")};

    assert_done(dw_store_put_organization(fixture.store, &organization, &error), error);
}

static int start(void **state)
{
    struct dw_connection_record connection = {.id = S("con_1"),
                                              .name = S("Username-Password-Authentication"),
                                              .is_active = true,
                                              .created_at_s = NOW_S};

    (void)state;
    fixture_start(&fixture);
    fixture_fill(&fixture);
    assert_done(dw_store_put_connection(fixture.store, &connection, &error), error);
    add_organization("org_1", "acme");
    add_organization("org_2", "zebra");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static bool is_member(const char *organization)
{
    bool is = false;

    assert_done(dw_store_is_member(fixture.store, S(organization), S("auth0|1"), &is, &error),
                error);
    return is;
}

static void it_is_found_by_id_and_by_name(void **state)
{
    struct dw_organization *one = NULL, *other = NULL;

    (void)state;
    assert_done(dw_store_organization(fixture.store, S("org_1"), fixture.arena, &one, &error),
                error);
    assert_done(dw_store_organization(fixture.store, S("acme"), fixture.arena, &other, &error),
                error);
    assert_slice(one->id, "org_1");
    assert_slice(other->id, "org_1");
    assert_slice(one->metadata_json, "{\"a\":\"b\"}");
    assert_done(dw_store_organization(fixture.store, S("nobody"), fixture.arena, &one, &error),
                error);
    assert_null(one);
}

static void a_name_belongs_to_one(void **state)
{
    struct dw_organization twin = {.id = S("org_3"), .name = S("acme")};

    (void)state;
    assert_fails(dw_store_put_organization(fixture.store, &twin, &error), error, DW_CONFLICT);
}

static void roles_need_membership_and_go_with_it(void **state)
{
    struct dw_slice role = S("rol_1");
    struct dw_slices roles = {&role, 1}, names;
    struct dw_permission admin = {.audience = S(AUDIENCE), .name = S("admin")};
    struct dw_role record = {.id = role, .name = S("Org admin"), .created_at_s = NOW_S};

    (void)state;
    assert_done(dw_store_put_role(fixture.store, &record, &error), error);
    assert_done(dw_store_add_role_permissions(fixture.store, role, &admin, 1, &error), error);
    assert_fails(dw_store_add_member_roles(fixture.store, S("org_1"), S("auth0|1"), roles, &error),
                 error, DW_NOT_FOUND);
    assert_done(dw_store_add_member(fixture.store, S("org_1"), S("auth0|1"), NOW_S, &error), error);
    assert_done(dw_store_add_member(fixture.store, S("org_1"), S("auth0|1"), NOW_S, &error), error);
    assert_done(dw_store_add_member_roles(fixture.store, S("org_1"), S("auth0|1"), roles, &error),
                error);
    assert_done(dw_store_member_permissions(fixture.store, S("org_1"), S("auth0|1"), S(AUDIENCE),
                                            fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 1);
    assert_slice(names.items[0], "admin");
    /* Not in another organization, and not outside of any. */
    assert_done(dw_store_member_permissions(fixture.store, S("org_2"), S("auth0|1"), S(AUDIENCE),
                                            fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 0);
    assert_done(dw_store_remove_member(fixture.store, S("org_1"), S("auth0|1"), NOW_S, &error),
                error);
    assert_false(is_member("org_1"));
    assert_done(dw_store_add_member(fixture.store, S("org_1"), S("auth0|1"), NOW_S, &error), error);
    assert_done(dw_store_member_permissions(fixture.store, S("org_1"), S("auth0|1"), S(AUDIENCE),
                                            fixture.arena, &names, &error),
                error);
    assert_int_equal(names.count, 0);
}

static void a_sign_up_without_membership_is_refused(void **state)
{
    struct dw_organization_connection link = {
        .organization_id = S("org_1"), .connection_id = S("con_1"), .is_signup_enabled = true};
    struct dw_organization_connection *read = NULL;

    (void)state;
    assert_fails(dw_store_put_organization_connection(fixture.store, &link, &error), error,
                 DW_INVALID_REQUEST);
    link.assigns_membership = true;
    assert_done(dw_store_put_organization_connection(fixture.store, &link, &error), error);
    assert_done(dw_store_organization_connection(fixture.store, S("org_1"),
                                                 S("Username-Password-Authentication"),
                                                 fixture.arena, &read, &error),
                error);
    assert_true(read->assigns_membership && read->is_signup_enabled && !read->shows_as_button);
    assert_slice(read->connection_id, "con_1");
    link.connection_id = S("con_none");
    assert_fails(dw_store_put_organization_connection(fixture.store, &link, &error), error,
                 DW_NOT_FOUND);
}

static void an_invitation_makes_one_member_once(void **state)
{
    struct dw_slice role = S("rol_gone");
    struct dw_invitation invitation = {.id = S("uinv_1"),
                                       .organization_id = S("org_1"),
                                       .client_id = S("c1"),
                                       .invitee_email = S("ada@example.com"),
                                       .ticket_digest = digest(fixture.arena, 7),
                                       .role_ids = {&role, 1},
                                       .app_metadata_json = S("{\"plan\":\"x\"}"),
                                       .created_at_s = NOW_S,
                                       .expires_at_s = NOW_S + 100};
    struct dw_user *read = NULL;
    struct dw_invitation *found = NULL;
    bool is_taken = false;

    (void)state;
    assert_done(dw_store_add_invitation(fixture.store, &invitation, &error), error);
    assert_done(
        dw_store_invitation(fixture.store, digest(fixture.arena, 7), fixture.arena, &found, &error),
        error);
    assert_slice(found->id, "uinv_1");
    assert_done(dw_store_take_invitation(fixture.store, S("uinv_1"), S("auth0|1"), NOW_S + 100,
                                         &is_taken, &error),
                error);
    assert_false(is_taken); /* too late */
    assert_done(dw_store_take_invitation(fixture.store, S("uinv_1"), S("auth0|1"), NOW_S, &is_taken,
                                         &error),
                error);
    assert_true(is_taken);
    assert_true(is_member("org_1"));
    assert_done(dw_store_user(fixture.store, S("auth0|1"), fixture.arena, &read, &error), error);
    assert_slice(read->app_metadata_json, "{\"plan\":\"x\"}");
    assert_true(read->is_email_verified);
    assert_done(dw_store_take_invitation(fixture.store, S("uinv_1"), S("auth0|1"), NOW_S, &is_taken,
                                         &error),
                error);
    assert_false(is_taken);
}

static void deleting_it_takes_everything_along(void **state)
{
    struct dw_organization *read = NULL;
    size_t count = 9;

    (void)state;
    assert_done(dw_store_add_member(fixture.store, S("org_1"), S("auth0|1"), NOW_S, &error), error);
    assert_done(dw_store_delete_organization(fixture.store, S("org_1"), &error), error);
    assert_fails(dw_store_delete_organization(fixture.store, S("org_1"), &error), error,
                 DW_NOT_FOUND);
    assert_false(is_member("org_1"));
    assert_done(dw_store_user_organizations(fixture.store, S("auth0|1"), (struct dw_page){0},
                                            fixture.arena, &read, &count, NULL, &error),
                error);
    assert_int_equal(count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_is_found_by_id_and_by_name),        CASE(a_name_belongs_to_one),
        CASE(roles_need_membership_and_go_with_it), CASE(a_sign_up_without_membership_is_refused),
        CASE(an_invitation_makes_one_member_once),  CASE(deleting_it_takes_everything_along),
    };

    return cmocka_run_group_tests_name("store/organizations", tests, NULL, NULL);
}
