/* Organizations in logins and tokens: who may, who may not, and what it says in Auth0's words. */
#include "organizations_fixture.h"

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
                                DW_PRINT(user_of(ADA)->id))));
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
    assert_done(
        dw_store_remove_member(world.tenant->store, S(ORG), user_of(ADA)->id, world_now_s, &error),
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
    assert_done(dw_store_add_member_roles(world.tenant->store, S(ORG), user_of(ADA)->id,
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
        assert_done(
            dw_store_is_member(world.tenant->store, S(ORG), user_of(ADA)->id, &is_member, &error),
            error);
        assert_true(is_member);
    }
    assert_refused(ask_for("&organization=" ORG), "invalid_request",
                   "no connections enabled for the organization");
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

static void a_connection_is_offered_where_the_organization_shows_it(void **state)
{
    struct dw_connection_record codes = {.id = S("con_codes00000000001"),
                                         .name = S("codes"),
                                         .strategy = DW_STRATEGY_EMAIL,
                                         .options_json = S("{}"),
                                         .is_active = true,
                                         .metadata_json = S("{}"),
                                         .created_at_s = world_now_s};
    struct dw_organization_connection link = {.organization_id = S(ORG), .connection_id = codes.id};

    (void)state;
    world.tenant->config.mail_outbox = true; /* codes arrive */
    assert_done(dw_store_put_connection(world.tenant->store, &codes, &error), error);
    assert_done(dw_store_enable_connection(world.tenant->store, codes.id, S(DW_TENANT_DEV_CLIENT),
                                           true, &error),
                error);
    for (int i = 0; i < 3; i++) { /* not one of its own, hidden, shown */
        struct browser browser = {0};
        struct dw_tenant_call *page;

        link.shows_as_button = i == 2;
        if (i > 0)
            assert_done(dw_store_put_organization_connection(world.tenant->store, &link, &error),
                        error);
        page = follow(&browser, begin(&browser, "&organization=" ORG));
        assert_int_equal(dw_slice_has(page->answer, S("/u/passwordless?")), i == 2);
        page = follow(&browser, begin(&browser, "&connection=codes"));
        assert_status(page, 302); /* there is no password to ask for */
        assert_has(header(page, "Location"), "/u/passwordless?");
    }
    assert_done(dw_store_delete_connection(world.tenant->store, codes.id, &error), error);
}

static void nobody_signs_up_in_an_organization_that_does_not_say_so(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = begin(&browser, "&organization=" ORG);
    const char *visit = state_of(call);
    const char *form = text_of(
        dw_arena_printf(world.arena, "state=%s&email=new@example.com&password=Abcdef12", visit));

    (void)state;
    world.tenant->config.mail_outbox = true;
    assert_has_not(follow(&browser, call)->answer, "/u/signup");
    assert_status(get(&browser, text_of(dw_arena_printf(world.arena, "/u/signup?state=%s", visit))),
                  400);
    assert_status(post(&browser, "/u/signup", form), 400);
    take_connection(ORG, DW_TENANT_CONNECTION, true);
    assert_has(follow(&browser, call)->answer, "/u/signup");
    call = type_signup_code(&browser, post(&browser, "/u/signup", form));
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
        CASE(a_login_to_an_organization_is_by_its_own_connections),
        CASE(a_connection_is_offered_where_the_organization_shows_it),
        CASE(nobody_signs_up_in_an_organization_that_does_not_say_so),
        CASE(the_connection_that_was_asked_for_is_the_only_one),
        CASE(who_takes_a_connection_from_an_application_ends_its_refresh_tokens),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
