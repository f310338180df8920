/* Backchannel authentication (OpenID CIBA Core 1.0, poll mode): attacks first. */
#include "decoupled_fixture.h"

static void enable_directory(const char *client_id, bool is_enabled)
{
    struct dw_connection_record *connection;
    struct dw_error error = {0};

    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    assert_done(dw_store_enable_connection(world.tenant->store, connection->id, S(client_id),
                                           is_enabled, &error),
                error);
}

#define AGENT "client_id=agent&client_secret=secret"

static const char *hint(const char *sub)
{
    struct dw_buf buf = dw_buf_in(world.arena);
    struct dw_slice text = dw_arena_printf(
        world.arena, "{\"format\":\"iss_sub\",\"iss\":\"" ISSUER "\",\"sub\":\"%s\"}", sub);

    dw_url_add_encoded(&buf, text);
    return text_of(dw_buf_view(&buf));
}

static struct dw_tenant_call *ask_user(const char *client, const char *sub, const char *more)
{
    return post_as("/bc-authorize", text_of(dw_arena_printf(world.arena, "%s&login_hint=%s%s",
                                                            client, hint(sub), more)));
}

#define WELL "&binding_message=PAY-12&scope=openid%20read%3Atools&" RESOURCE

static void bad_ciba_requests_are_refused(void **state)
{
    const struct {
        const char *client, *sub, *more;
        int status;
        const char *error;
    } cases[] = {
        {"client_id=agent", ada_id, WELL, 401, "access_denied: Unauthorized"},
        {"client_id=agent&client_secret=wrong", ada_id, WELL, 401, "access_denied: Unauthorized"},
        {"client_id=tv", ada_id, WELL, 403,
         "unauthorized_client: Grant type '" CIBA_GRANT "' not allowed for the client."},
        {"client_id=public-agent", ada_id, WELL, 403,
         "unauthorized_client: A public client may not use CIBA."},
        {"client_id=strange-agent&client_secret=secret", ada_id, WELL, 403, NULL},
        {AGENT, "auth0|Random-ID", WELL, 400, "unknown_user_id: User ID is malformed or unknown"},
        {AGENT, ada_id, "&binding_message=X&scope=tempID", 400,
         "invalid_request: openid scope must be requested"},
        {AGENT, ada_id, "&binding_message=X", 400,
         "invalid_request: openid scope must be requested"},
        {AGENT, ada_id, "&scope=openid", 400,
         "invalid_request: Missing required parameter: binding_message"},
        {AGENT, ada_id, "&scope=openid&binding_message=%3Cb%3E", 400, NULL},
        {AGENT, ada_id, WELL "&requested_expiry=0", 400,
         "invalid_request: requested_expiry must be 1 to 259200 seconds"},
        {AGENT, ada_id, WELL "&requested_expiry=259201", 400, NULL},
        {AGENT, ada_id, WELL "&authorization_details=%5B%7B%22type%22%3A%22x%22%7D%5D", 400,
         "invalid_authorization_details: authorization_details has a type that no API is "
         "registered "
         "with"},
        {AGENT, ada_id, "&binding_message=X&scope=openid&audience=https%3A%2F%2Fnone.example", 403,
         "access_denied: Service not found: https://none.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = ask_user(cases[i].client, cases[i].sub, cases[i].more);

        if (cases[i].error)
            assert_slice(error_of(call), cases[i].error);
        assert_status(call, cases[i].status);
    }
}

/* As nobody, so that it does not show who has an account elsewhere. */
static void users_of_a_connection_that_the_client_may_not_use_are_not_asked(void **state)
{
    struct dw_connection_record *connection = NULL;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_store_connection_by_name(world.tenant->store, S(DW_TENANT_CONNECTION),
                                            world.arena, &connection, &error),
                error);
    assert_done(
        dw_store_enable_connection(world.tenant->store, connection->id, S("agent"), false, &error),
        error);
    assert_slice(error_of(ask_user(AGENT, ada_id, WELL)),
                 "unknown_user_id: User ID is malformed or unknown");
    assert_done(
        dw_store_enable_connection(world.tenant->store, connection->id, S("agent"), true, &error),
        error);
    assert_status(ask_user(AGENT, ada_id, WELL), 200);
}

static struct dw_tenant_call *poll_ciba(const char *auth_req_id)
{
    return post_as(
        "/oauth/token",
        text_of(dw_arena_printf(world.arena, "grant_type=" CIBA_GRANT "&" AGENT "&auth_req_id=%s",
                                auth_req_id)));
}

/* The path of the newest link that went out. */
static const char *link_of_mail(void)
{
    struct dw_slice text = dw_json_text(&json_of(ask_outbox(true))->array.items[0], "text");
    size_t at = 0;

    assert_has(text, "PAY-12");
    while (!dw_slice_starts_with(dw_slice_sub(text, at, text.len), S("ciba?ticket=")))
        assert_true(++at < text.len);
    text = dw_slice_sub(text, at, text.len);
    return text_of(dw_arena_printf(world.arena, "/%.*s", DW_PRINT(dw_slice_sub(text, 0, 12 + 43))));
}

static const char *new_ciba(void)
{
    struct dw_tenant_call *call = ask_user(AGENT, ada_id, WELL);
    int64_t number = 0;

    assert_status(call, 200);
    assert_true(dw_json_int(json_of(call), "expires_in", &number) && number == 300);
    assert_true(dw_json_int(json_of(call), "interval", &number) && number == 5);
    assert_int_equal(strlen(member(call, "auth_req_id")), 64);
    return member(call, "auth_req_id");
}

/* From the link to the page that asks, as the user with that address. */
static const char *open_link(struct browser *browser, const char *link, const char *email)
{
    struct dw_tenant_call *call = get(browser, link);

    if (dw_slice_has(header(call, "Location"), S("/u/login")))
        call = post(browser, "/u/login",
                    text_of(dw_arena_printf(world.arena, "state=%s&username=%s&password=%s",
                                            state_of(call), email, ADA_PASSWORD)));
    assert_has(header(call, "Location"), "/u/ciba?state=");
    return state_of(call);
}

static struct dw_tenant_call *approve(struct browser *browser, const char *visit)
{
    struct dw_tenant_call *call = press(browser, "/u/ciba", visit, "approve");

    return dw_slice_has(header(call, "Location"), S("/u/consent"))
               ? decide(browser, state_of(call), "accept")
               : call;
}

static void the_user_approves_by_the_link(void **state)
{
    const char *auth_req_id = new_ciba();
    struct browser browser = {0};
    struct dw_tenant_call *call = poll_ciba(auth_req_id);
    const char *visit, *link = link_of_mail();

    (void)state;
    assert_slice(error_of(call), "authorization_pending: The end-user authorization is pending");
    assert_status(call, 400);
    call = poll_ciba(auth_req_id);
    assert_slice(error_of(call),
                 "slow_down: You are polling faster than allowed. Try again in 5 seconds.");
    assert_slice(header(call, "Retry-After"), "5");
    visit = open_link(&browser, link, ADA);
    call = get(&browser, text_of(dw_arena_printf(world.arena, "/u/ciba?state=%s", visit)));
    assert_status(call, 200);
    assert_has(call->answer, "PAY-12");
    assert_has(call->answer, "<strong>agent</strong>");
    call = approve(&browser, visit);
    assert_status(call, 200);
    assert_has(call->answer, "You can close this page.");
    call = poll_ciba(auth_req_id);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "sub"), ada_id);
    assert_slice(dw_json_text(claims_of(call, "id_token"), "sub"), ada_id);
    assert_slice(error_of(poll_ciba(auth_req_id)),
                 "invalid_grant: Invalid or expired auth_req_id.");
    assert_status(get(&browser, link), 400);
}

static void a_user_denies_by_the_link(void **state)
{
    const char *auth_req_id = new_ciba();
    struct browser browser = {0};
    const char *visit = open_link(&browser, link_of_mail(), ADA);

    (void)state;
    assert_status(press(&browser, "/u/ciba", visit, "deny"), 200);
    assert_slice(error_of(poll_ciba(auth_req_id)),
                 "access_denied: The end-user denied the authorization request or it has been "
                 "expired");
    assert_status(press(&browser, "/u/ciba", visit, "approve"), 400);
}

static void nobody_else_may_approve(void **state)
{
    const char *auth_req_id = new_ciba();
    struct browser browser = {0};
    const char *visit = open_link(&browser, link_of_mail(), "root@example.com");
    struct dw_tenant_call *call =
        get(&browser, text_of(dw_arena_printf(world.arena, "/u/ciba?state=%s", visit)));

    (void)state;
    assert_status(call, 403);
    assert_has_not(call->answer, "PAY-12");
    assert_status(press(&browser, "/u/ciba", visit, "approve"), 403);
    assert_status(press(&browser, "/u/ciba", visit, "deny"), 403);
    /* nor by the buttons of other pages */
    (void)press(&browser, "/u/device", visit, "confirm");
    (void)press(&browser, "/u/device", visit, "deny");
    (void)decide(&browser, visit, "accept");
    (void)decide(&browser, visit, "deny");
    assert_slice(error_of(poll_ciba(auth_req_id)),
                 "authorization_pending: The end-user authorization is pending");
    /* but the right one may log in instead */
    call = press(&browser, "/u/ciba", visit, "switch");
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_status(approve(&browser, state_of(call)), 200);
    assert_status(poll_ciba(auth_req_id), 200);
}

static void log_in_elsewhere(struct browser *browser, const char *email)
{
    (void)post(browser, "/u/login",
               text_of(dw_arena_printf(world.arena, "state=%s&username=%s&password=" ADA_PASSWORD,
                                       state_of(authorize(browser, AUTHORIZE)), email)));
}

/* A login that comes to nothing is the trouble of who logs in. */
static void a_failed_step_of_somebody_else_ends_nothing(void **state)
{
    const char *auth_req_id = new_ciba(), *link = link_of_mail();
    struct device device = new_device("read%3Atools");
    struct browser stranger = {0}, other = {0}, browser = {0};

    (void)state;
    log_in_elsewhere(&stranger, "root@example.com");
    log_in_elsewhere(&other, "root@example.com");
    enable_directory("agent", false);
    enable_directory("tv", false);
    assert_status(get(&stranger, link), 403);
    assert_status(
        press(&other, "/u/device", state_of(type_code(&other, device.user_code)), "confirm"), 403);
    enable_directory("agent", true);
    enable_directory("tv", true);
    assert_status(approve(&browser, open_link(&browser, link, ADA)), 200);
    assert_status(poll_ciba(auth_req_id), 200);
    assert_status(activate(&browser, &device), 200);
    assert_status(poll(&device), 200);
}

static void a_ciba_request_expires(void **state)
{
    struct dw_tenant_call *call = ask_user(AGENT, ada_id, WELL "&requested_expiry=60");
    const char *auth_req_id = member(call, "auth_req_id"), *link = link_of_mail();
    struct browser browser = {0};

    (void)state;
    world_now_s += 60;
    assert_status(get(&browser, link), 400);
    assert_slice(error_of(poll_ciba(auth_req_id)), "expired_token: The auth_req_id has expired.");
}

static void wrong_links_lead_nowhere(void **state)
{
    struct browser browser = {0};

    (void)state;
    assert_status(get(&browser, "/ciba"), 400);
    assert_status(get(&browser, "/ciba?ticket=nope"), 400);
    assert_status(get(&browser, "/u/ciba"), 400);
}

static void a_user_is_not_worn_down(void **state)
{
    int at = 0;

    (void)state;
    world_now_s += 3600;
    while (at < 40 && ask_user(AGENT, ada_id, WELL)->status == 200)
        at++;
    assert_int_equal(at, 30);
    assert_status(ask_user(AGENT, ada_id, WELL), 429);
}

static void the_kinds_are_not_mixed(void **state)
{
    struct device device = new_device("");

    (void)state;
    world_now_s += 3600;
    assert_slice(error_of(poll_ciba(device.device_code)),
                 "invalid_grant: Invalid or expired auth_req_id.");
    assert_slice(error_of(poll_as("tv", new_ciba())),
                 "invalid_grant: Invalid or expired device code.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_ciba_requests_are_refused),
        cmocka_unit_test(users_of_a_connection_that_the_client_may_not_use_are_not_asked),
        cmocka_unit_test(the_user_approves_by_the_link),
        cmocka_unit_test(a_user_denies_by_the_link),
        cmocka_unit_test(nobody_else_may_approve),
        cmocka_unit_test(a_failed_step_of_somebody_else_ends_nothing),
        cmocka_unit_test(a_ciba_request_expires),
        cmocka_unit_test(wrong_links_lead_nowhere),
        cmocka_unit_test(a_user_is_not_worn_down),
        cmocka_unit_test(the_kinds_are_not_mixed),
    };

    return cmocka_run_group_tests(tests, start, world_stop);
}
