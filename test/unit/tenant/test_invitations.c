/* Who becomes a member by an invitation, and what machines may do in an organization. */
#include "organizations_fixture.h"

/* ---- invitations ---- */

static void invite_to(const char *id, const char *email, const char *ticket, const char *connection)
{
    struct dw_invitation invitation = {.id = S(id),
                                       .organization_id = S(ORG),
                                       .connection_id = S(connection),
                                       .client_id = S(DW_TENANT_DEV_CLIENT),
                                       .invitee_email = S(email),
                                       .app_metadata_json = S("{\"plan\":\"gold\"}"),
                                       .created_at_s = world_now_s,
                                       .expires_at_s = world_now_s + DW_INVITATION_LIFETIME_S};

    assert_done(dw_tenant_digest(S(ticket), world.arena, &invitation.ticket_digest, &error), error);
    assert_done(dw_store_add_invitation(world.tenant->store, &invitation, &error), error);
}

static void invite(const char *id, const char *email, const char *ticket)
{
    invite_to(id, email, ticket, NULL);
}

static void an_invitation_makes_its_addressee_a_member_once(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    invite("uinv_1", ADA, "ticket1");
    assert_refused(ask_for("&organization=" OTHER "&invitation=ticket1"), "invalid_request",
                   "invitation not found or already used");
    call = redeem(
        text_of(location_value(ask_for("&organization=" ORG "&invitation=ticket1"), "code")));
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    assert_has(user_of(ADA)->app_metadata_json, "\"plan\":\"gold\"");
    assert_refused(ask_for("&organization=" ORG "&invitation=ticket1"), "invalid_request",
                   "invitation not found or already used");
}

static void an_invitation_for_somebody_else_makes_no_member(void **state)
{
    bool is_member = true;
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    invite("uinv_2", "grace@example.com", "ticket2");
    call = get(&browser, AUTHORIZE "&organization=" ORG "&invitation=ticket2");
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_refused(call, "access_denied", "the invitation is for another e-mail address");
    assert_done(
        dw_store_is_member(world.tenant->store, S(ORG), user_of(ADA)->id, &is_member, &error),
        error);
    assert_false(is_member);
    world_now_s += DW_INVITATION_LIFETIME_S;
    assert_refused(ask_for("&organization=" ORG "&invitation=ticket2"), "invalid_request",
                   "invitation not found or already used");
    world_now_s -= DW_INVITATION_LIFETIME_S;
}

static void an_invitation_may_say_where_its_account_lives(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    add_staff();
    invite_to("uinv_3", "bob@example.com", "ticket3", STAFF_ID);
    /* Not one of the organization's. */
    assert_refused(ask_for("&organization=" ORG "&invitation=ticket3"), "access_denied",
                   "the connection is not enabled");
    take_connection(ORG, STAFF, false);
    call = begin(&browser, "&organization=" ORG "&invitation=ticket3");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    assert_status(log_in_as(&browser, state_of(call), ADA), 400);
    call = log_in_as(&browser, state_of(call), "bob@example.com");
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
}

static void an_invited_stranger_signs_up_where_nobody_else_may(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    world.tenant->config.mail_outbox = true;
    invite("uinv_4", "invited@example.com", "ticket4");
    call = begin(&browser, "&organization=" ORG "&invitation=ticket4");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/signup")));
    call = post(
        &browser, "/u/signup",
        text_of(dw_arena_printf(world.arena, "state=%s&email=invited@example.com&password=Abcdef12",
                                state_of(call))));
    call = type_signup_code(&browser, call);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
}

/* ---- client_credentials ---- */

static struct dw_tenant_call *machine(const char *parameters)
{
    struct browser nobody = {0};

    return post(&nobody, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=client_credentials&client_id=m&client_secret=s"
                                        "&audience=" AUDIENCE "%s",
                                        parameters)));
}

static void machines_name_an_organization_where_their_grant_says_so(void **state)
{
    static const struct dw_slice types[] = {{"client_credentials", 18}};
    struct dw_oauth_client made;
    struct dw_client_grant grant = {.id = S("cgr_1"),
                                    .client_id = S("m"),
                                    .audience = S(AUDIENCE),
                                    .subject = DW_GRANT_SUBJECT_CLIENT,
                                    .allows_all_scopes = true};
    struct dw_tenant_call *call;

    (void)state;
    dw_seed_client_defaults(world.tenant, &made);
    made.id = S("m");
    made.auth_method = DW_CLIENT_AUTH_POST;
    made.grant_types = (struct dw_slices){types, 1};
    assert_done(dw_tenant_digest(S("s"), world.arena, &made.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &made, &error), error);
    assert_done(dw_store_put_client_grant(world.tenant->store, &grant, &error), error);
    assert_status(machine(""), 200);
    assert_slice(error_of(machine("&organization=" ORG)),
                 "invalid_request: parameter organization is not allowed for this client");
    grant.organization_usage = DW_ORGANIZATION_REQUIRE;
    assert_done(dw_store_put_client_grant(world.tenant->store, &grant, &error), error);
    assert_slice(error_of(machine("")),
                 "invalid_request: parameter organization is required for this client");
    assert_has(error_of(machine("&organization=" ORG)), "access_denied: Client is not authorized");
    assert_done(dw_store_add_organization_grant(world.tenant->store, S(ORG), S("cgr_1"), &error),
                error);
    call = machine("&organization=" ORG);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    assert_has(error_of(machine("&organization=" OTHER)), "access_denied");
    made.default_organization = S(ORG);
    assert_done(dw_store_put_client(world.tenant->store, &made, &error), error);
    call = machine("");
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    grant.allows_any_organization = true;
    assert_done(dw_store_put_client_grant(world.tenant->store, &grant, &error), error);
    assert_status(machine("&organization=" OTHER), 200);
    /* A third party needs each organization's own word. */
    made.is_first_party = false;
    made.default_organization = DW_EMPTY;
    assert_done(dw_store_put_client(world.tenant->store, &made, &error), error);
    assert_has(error_of(machine("&organization=" ORG)), "parameter organization is invalid: " ORG);
    {
        struct dw_organization open = {
            .id = S(OTHER), .name = S("zebra"), .allows_third_party = true};

        assert_done(dw_store_put_organization(world.tenant->store, &open, &error), error);
    }
    assert_has(error_of(machine("&organization=" OTHER)), "access_denied");
    assert_done(dw_store_add_organization_grant(world.tenant->store, S(OTHER), S("cgr_1"), &error),
                error);
    assert_status(machine("&organization=" OTHER), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_invitation_makes_its_addressee_a_member_once),
        CASE(an_invitation_for_somebody_else_makes_no_member),
        CASE(an_invitation_may_say_where_its_account_lives),
        CASE(an_invited_stranger_signs_up_where_nobody_else_may),
        CASE(machines_name_an_organization_where_their_grant_says_so),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
