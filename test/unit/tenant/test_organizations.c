/* Organizations in logins and tokens: who may, who may not, and what it says in Auth0's words. */
#include "fixture.h"
#include "store/connections.h"
#include "store/organizations.h"
#include "tenant/account/password_internal.h"

static struct dw_error error;

#define ORG "org_aaaaaaaaaaaaaaaa"
#define OTHER "org_bbbbbbbbbbbbbbbb"
#define STAFF "staff"
#define STAFF_ID "con_staff00000000001"

static struct dw_oauth_client *client(void)
{
    struct dw_oauth_client *found = NULL;

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &found, &error),
        error);
    return found;
}

static void set_usage(enum dw_organization_usage usage, enum dw_organization_prompt prompt)
{
    struct dw_oauth_client *changed = client();

    changed->organization_usage = usage;
    changed->organization_prompt = prompt;
    assert_done(dw_store_put_client(world.tenant->store, changed, &error), error);
}

static struct dw_user *ada(void)
{
    struct dw_user *user = NULL;

    assert_done(dw_store_user_by_login(world.tenant->store, S(DW_TENANT_CONNECTION), S(ADA),
                                       world.arena, &user, &error),
                error);
    return user;
}

static void add_organization(const char *id, const char *name, bool assigns_membership)
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

static void add_member(const char *id)
{
    assert_done(dw_store_add_member(world.tenant->store, S(id), ada()->id, world_now_s, &error),
                error);
}

/* It takes a further connection, whose accounts become members. */
static void take_connection(const char *organization, const char *name, bool is_signup_enabled)
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
static int start(void **state)
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

static void assert_refused(const struct dw_tenant_call *call, const char *code, const char *text)
{
    assert_slice(location_value(call, "error"), code);
    assert_slice(location_value(call, "error_description"), text);
}

static struct dw_tenant_call *ask_for(const char *parameters)
{
    struct browser browser = {0};

    return authorize(&browser,
                     text_of(dw_arena_printf(world.arena, "%s%s", AUTHORIZE, parameters)));
}

static void requests_are_judged_before_anybody_logs_in(void **state)
{
    (void)state;
    set_usage(DW_ORGANIZATION_DENY, DW_ORGANIZATION_NO_PROMPT);
    assert_refused(ask_for("&organization=" ORG), "invalid_request",
                   "parameter organization is not allowed for this client");
    assert_refused(ask_for("&invitation=x"), "invalid_request",
                   "parameter organization is not allowed for this client");
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_NO_PROMPT);
    assert_refused(ask_for(""), "invalid_request",
                   "parameter organization is required for this client");
    assert_refused(ask_for("&organization=acme"), "invalid_request",
                   "authorization request parameter organization must be an organization id");
    assert_refused(ask_for("&organization=org_none"), "invalid_request",
                   "organization org_none does not exist");
    assert_refused(ask_for("&organization=" ORG "&invitation=nonsense"), "invalid_request",
                   "invitation not found or already used");
}

static void who_is_no_member_gets_no_code(void **state)
{
    (void)state;
    assert_refused(
        ask_for("&organization=" ORG), "access_denied",
        text_of(dw_arena_printf(world.arena, "user %.*s is not part of the " ORG " organization",
                                DW_PRINT(ada()->id))));
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_POST_LOGIN_PROMPT);
    assert_refused(ask_for(""), "access_denied",
                   "client requires organization membership, but user does not belong to any "
                   "organization");
}

static void members_get_org_id_and_the_name_only_by_the_switch(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    add_member(ORG);
    call = redeem(text_of(location_value(ask_for("&organization=" ORG), "code")));
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    assert_null(dw_json_get(claims_of(call, "access_token"), "org_name"));
    world_set("{\"allow_organization_name_in_authentication_api\":true}");
    call = redeem(text_of(location_value(ask_for("&organization=acme"), "code")));
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_name"), "acme");
    /* Without the parameter the login is not to an organization. */
    call = redeem(code_for(AUTHORIZE));
    assert_null(dw_json_get(claims_of(call, "access_token"), "org_id"));
}

static void who_is_removed_gets_no_more_tokens(void **state)
{
    struct dw_tenant_call *call;
    const char *first, *code;

    (void)state;
    add_member(ORG);
    call = redeem(
        text_of(location_value(ask_for("&organization=" ORG "&scope=offline_access"), "code")));
    assert_status(call, 200);
    first = text_of(dw_json_text(json_of(call), "refresh_token"));
    call = refresh(first);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    code = text_of(location_value(ask_for("&organization=" ORG), "code"));
    first = text_of(dw_json_text(json_of(call), "refresh_token"));
    assert_done(dw_store_remove_member(world.tenant->store, S(ORG), ada()->id, world_now_s, &error),
                error);
    assert_status(refresh(first), 403);
    call = redeem(code);
    assert_status(call, 403);
    assert_has(error_of(call), "access_denied: user auth0|");
}

static void roles_count_in_their_organization_alone(void **state)
{
    struct dw_role *admin = NULL;
    struct dw_tenant_call *call;
    struct dw_slice role_id;

    (void)state;
    add_member(ORG);
    assert_done(dw_store_role_by_name(world.tenant->store, S(DW_TENANT_ROLE_ADMIN), world.arena,
                                      &admin, &error),
                error);
    role_id = admin->id;
    assert_done(dw_store_add_member_roles(world.tenant->store, S(ORG), ada()->id,
                                          (struct dw_slices){&role_id, 1}, &error),
                error);
    call = redeem(text_of(location_value(ask_for("&organization=" ORG "&scope=admin"), "code")));
    assert_status(call, 200);
    assert_has(dw_json_text(claims_of(call, "access_token"), "scope"), "admin");
    call = redeem(text_of(location_value(ask_for("&scope=admin"), "code")));
    assert_has_not(dw_json_text(claims_of(call, "access_token"), "scope"), "admin");
}

static void a_connection_makes_members_where_it_says_so(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    add_organization(ORG, "acme", true);
    call = redeem(text_of(location_value(ask_for("&organization=" ORG), "code")));
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    /* An organization that does not take the account's connection has no way in. */
    {
        struct dw_organization_connection *link = NULL;
        bool is_member = false;

        assert_done(dw_store_organization_connection(world.tenant->store, S(ORG),
                                                     S(DW_TENANT_CONNECTION), world.arena, &link,
                                                     &error),
                    error);
        assert_done(dw_store_remove_organization_connection(world.tenant->store, S(ORG),
                                                            link->connection_id, &error),
                    error);
        assert_done(dw_store_is_member(world.tenant->store, S(ORG), ada()->id, &is_member, &error),
                    error);
        assert_true(is_member);
    }
    assert_refused(ask_for("&organization=" ORG), "invalid_request",
                   "no connections enabled for the organization");
}

/* A second connection with passwords, that the application may use, and a user in it. */
static void add_staff(void)
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

static void leave_connection(const char *organization, const char *name)
{
    struct dw_organization_connection *link = NULL;

    assert_done(dw_store_organization_connection(world.tenant->store, S(organization), S(name),
                                                 world.arena, &link, &error),
                error);
    assert_done(dw_store_remove_organization_connection(world.tenant->store, S(organization),
                                                        link->connection_id, &error),
                error);
}

static struct dw_tenant_call *log_in_as(struct browser *browser, const char *state,
                                        const char *email)
{
    return post(browser, "/u/login",
                text_of(dw_arena_printf(world.arena, "state=%s&username=%s&password=" ADA_PASSWORD,
                                        state, email)));
}

static struct dw_tenant_call *begin(struct browser *browser, const char *parameters)
{
    return get(browser, text_of(dw_arena_printf(world.arena, "%s%s", AUTHORIZE, parameters)));
}

static void a_login_to_an_organization_is_by_its_own_connections(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    add_staff();
    take_connection(ORG, STAFF, false);
    leave_connection(ORG, DW_TENANT_CONNECTION);
    call = begin(&browser, "&organization=" ORG);
    /* Ada's password is right, elsewhere. */
    assert_status(log_in_as(&browser, state_of(call), ADA), 400);
    call = log_in_as(&browser, state_of(call), "bob@example.com");
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
}

static void nobody_signs_up_in_an_organization_that_does_not_say_so(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = begin(&browser, "&organization=" ORG);
    const char *visit = state_of(call);
    const char *form = text_of(
        dw_arena_printf(world.arena, "state=%s&email=new@example.com&password=Abcdef12", visit));

    (void)state;
    assert_has_not(follow(&browser, call)->answer, "/u/signup");
    assert_status(get(&browser, text_of(dw_arena_printf(world.arena, "/u/signup?state=%s", visit))),
                  400);
    assert_status(post(&browser, "/u/signup", form), 400);
    take_connection(ORG, DW_TENANT_CONNECTION, true);
    assert_has(follow(&browser, call)->answer, "/u/signup");
    call = post(&browser, "/u/signup", form);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0); /* and is a member */
}

static void the_connection_that_was_asked_for_is_the_only_one(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    add_staff();
    assert_refused(ask_for("&connection=nowhere"), "invalid_request",
                   "the connection was not found");
    assert_done(dw_store_enable_connection(world.tenant->store, S(STAFF_ID),
                                           S(DW_TENANT_DEV_CLIENT), false, &error),
                error);
    assert_refused(ask_for("&connection=" STAFF), "access_denied", "the connection is not enabled");
    add_staff();
    assert_status(authorize(&browser, AUTHORIZE), 303); /* Ada is logged in */
    call = begin(&browser, "&connection=" STAFF);
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    assert_slice(location_value(begin(&browser, "&connection=" STAFF "&prompt=none"), "error"),
                 "login_required");
    assert_status(log_in_as(&browser, state_of(call), ADA), 400);
    call = log_in_as(&browser, state_of(call), "bob@example.com");
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
}

static void who_takes_a_connection_from_an_application_ends_its_refresh_tokens(void **state)
{
    const char *code, *token;
    struct dw_connection_record *connection = NULL;

    (void)state;
    code = text_of(location_value(ask_for("&scope=offline_access"), "code"));
    token = text_of(dw_json_text(json_of(redeem(code)), "refresh_token"));
    code = text_of(location_value(ask_for(""), "code"));
    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id,
                                           S(DW_TENANT_DEV_CLIENT), false, &error),
                error);
    assert_slice(error_of(refresh(token)), "access_denied: the connection is not enabled");
    assert_slice(error_of(redeem(code)), "access_denied: the connection is not enabled");
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id,
                                           S(DW_TENANT_DEV_CLIENT), true, &error),
                error);
    assert_status(refresh(token), 200); /* nothing was spent */
}

/* ---- the pages ---- */

static void of_several_the_user_picks_one(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call, *page;
    const char *visit;

    (void)state;
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_POST_LOGIN_PROMPT);
    add_member(ORG);
    /* One is taken without asking. */
    call = redeem(text_of(location_value(ask_for(""), "code")));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
    add_member(OTHER);
    call = log_in(&browser, state_of(get(&browser, AUTHORIZE)), ADA_PASSWORD);
    assert_has(header(call, "Location"), "/u/organization/picker?state=");
    visit = state_of(call);
    page = follow(&browser, call);
    assert_status(page, 200);
    assert_has(page->answer, "&lt;b&gt;Acme &amp; Co&lt;/b&gt;");
    /* What is not the user's cannot be picked. */
    page = post(&browser, "/u/organization/picker",
                text_of(dw_arena_printf(world.arena, "state=%s&organization=org_none", visit)));
    assert_status(page, 200);
    call = post(&browser, "/u/organization/picker",
                text_of(dw_arena_printf(world.arena, "state=%s&organization=" OTHER, visit)));
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, visit, "accept");
    call = redeem(text_of(location_value(call, "code")));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), OTHER);
    /* Nobody can be asked with prompt=none. */
    assert_slice(location_value(get(&browser, AUTHORIZE "&prompt=none"), "error"),
                 "interaction_required");
}

/* The forms of the organization pages are no way around what the application allows. */
static void an_organization_is_not_chosen_where_nobody_asked(void **state)
{
    static const char *const forms[] = {"/u/organization", "/u/organization/picker"};

    (void)state;
    add_member(ORG);
    for (size_t i = 0; i < 2; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call;
        const char *visit;

        set_usage(DW_ORGANIZATION_ALLOW, DW_ORGANIZATION_NO_PROMPT);
        call = log_in(&browser, state_of(get(&browser, AUTHORIZE "&prompt=consent")), ADA_PASSWORD);
        visit = state_of(call);
        call = post(&browser, forms[i],
                    text_of(dw_arena_printf(world.arena, "state=%s&organization=" ORG, visit)));
        assert_has(header(call, "Location"), "/u/consent");
        call = redeem(text_of(location_value(decide(&browser, visit, "accept"), "code")));
        assert_null(dw_json_get(claims_of(call, "access_token"), "org_id"));
    }
}

static void an_application_of_members_has_no_other_way_in(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call;

    (void)state;
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_NO_PROMPT);
    call = post(&nobody, "/oauth/token",
                "grant_type=password&client_id=" DW_TENANT_DEV_CLIENT "&username=" ADA
                "&password=correct%20horse%20battery&audience=" AUDIENCE);
    assert_slice(error_of(call),
                 "invalid_request: parameter organization is required for this client");
}

static void somebody_elses_browser_cannot_pick(void **state)
{
    struct browser browser = {0}, other = {0};
    const char *visit;

    (void)state;
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_POST_LOGIN_PROMPT);
    add_member(ORG);
    add_member(OTHER);
    visit = state_of(log_in(&browser, state_of(get(&browser, AUTHORIZE)), ADA_PASSWORD));
    (void)get(&other, AUTHORIZE);
    assert_status(post(&other, "/u/organization/picker",
                       text_of(dw_arena_printf(world.arena, "state=%s&organization=" ORG, visit))),
                  400);
    browser.site = "cross-site";
    assert_status(post(&browser, "/u/organization/picker",
                       text_of(dw_arena_printf(world.arena, "state=%s&organization=" ORG, visit))),
                  403);
}

static void before_the_login_its_name_is_asked_for(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;
    const char *visit;

    (void)state;
    set_usage(DW_ORGANIZATION_REQUIRE, DW_ORGANIZATION_PRE_LOGIN_PROMPT);
    add_member(ORG);
    call = get(&browser, AUTHORIZE);
    assert_has(header(call, "Location"), "/u/organization?state=");
    visit = state_of(call);
    assert_status(follow(&browser, call), 200);
    call = post(&browser, "/u/organization",
                text_of(dw_arena_printf(world.arena, "state=%s&organization=%%22%%3E%%3Cscript%%3E",
                                        visit)));
    assert_status(call, 400);
    assert_has_not(call->answer, "<script>");
    call = post(&browser, "/u/organization",
                text_of(dw_arena_printf(world.arena, "state=%s&organization=acme", visit)));
    assert_has(header(call, "Location"), "/u/login?state=");
    call = log_in(&browser, visit, ADA_PASSWORD);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, visit, "accept");
    call = redeem(text_of(location_value(call, "code")));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), ORG);
}

static void its_pages_look_as_it_says(void **state)
{
    struct browser browser = {0};
    struct dw_organization *organization = NULL;
    struct dw_tenant_call *call;

    (void)state;
    add_member(ORG);
    assert_done(
        dw_store_organization(world.tenant->store, S(ORG), world.arena, &organization, &error),
        error);
    organization->branding_json =
        S("{\"logo_url\":\"https://acme.example/logo.png\",\"colors\":{\"primary\":\"#aa2200\"}}");
    assert_done(dw_store_put_organization(world.tenant->store, organization, &error), error);
    call = follow(&browser, get(&browser, AUTHORIZE "&organization=" ORG));
    assert_status(call, 200);
    assert_has(call->answer, "https://acme.example/logo.png");
    call = follow(&browser, get(&browser, AUTHORIZE));
    assert_has_not(call->answer, "acme.example");
}

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
    assert_has(ada()->app_metadata_json, "\"plan\":\"gold\"");
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
    assert_done(dw_store_is_member(world.tenant->store, S(ORG), ada()->id, &is_member, &error),
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
    invite("uinv_4", "invited@example.com", "ticket4");
    call = begin(&browser, "&organization=" ORG "&invitation=ticket4");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/signup")));
    call = post(
        &browser, "/u/signup",
        text_of(dw_arena_printf(world.arena, "state=%s&email=invited@example.com&password=Abcdef12",
                                state_of(call))));
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
    assert_has(error_of(machine("&organization=" ORG)), "does not allow third-party applications");
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

#define CASE(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(requests_are_judged_before_anybody_logs_in),
        CASE(who_is_no_member_gets_no_code),
        CASE(members_get_org_id_and_the_name_only_by_the_switch),
        CASE(who_is_removed_gets_no_more_tokens),
        CASE(roles_count_in_their_organization_alone),
        CASE(a_connection_makes_members_where_it_says_so),
        CASE(of_several_the_user_picks_one),
        CASE(an_organization_is_not_chosen_where_nobody_asked),
        CASE(an_application_of_members_has_no_other_way_in),
        CASE(somebody_elses_browser_cannot_pick),
        CASE(before_the_login_its_name_is_asked_for),
        CASE(its_pages_look_as_it_says),
        CASE(an_invitation_makes_its_addressee_a_member_once),
        CASE(an_invitation_for_somebody_else_makes_no_member),
        CASE(a_login_to_an_organization_is_by_its_own_connections),
        CASE(nobody_signs_up_in_an_organization_that_does_not_say_so),
        CASE(the_connection_that_was_asked_for_is_the_only_one),
        CASE(who_takes_a_connection_from_an_application_ends_its_refresh_tokens),
        CASE(an_invitation_may_say_where_its_account_lives),
        CASE(an_invited_stranger_signs_up_where_nobody_else_may),
        CASE(machines_name_an_organization_where_their_grant_says_so),
    };

    return cmocka_run_group_tests_name("tenant/organizations", tests, world_start, world_stop);
}
