/* The device flow and CIBA: from the client's request over the pages to the tokens, and everything
 * that must not work on the way. */
#include <pthread.h>

#include "fixture.h"
#include "store/connections.h"
#include "store/decoupled.h"

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define CIBA_GRANT "urn:openid:params:grant-type:ciba"
#define RESOURCE "audience=https%3A%2F%2Fmcp.example.com%2Fmcp"

static const char *ada_id;

static void add_client(const char *id, const char *grant_type, enum dw_client_auth_method method,
                       bool is_first_party)
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

static int start(void **state)
{
    int status = world_start(state);
    struct dw_error error = {0};
    struct dw_user *user = NULL;

    world.tenant->config.mail_outbox = true;
    add_client("tv", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, true);
    add_client("tv2", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, true);
    add_client("box", DEVICE_GRANT, DW_CLIENT_AUTH_POST, true);
    add_client("stranger", DEVICE_GRANT, DW_CLIENT_AUTH_NONE, false);
    add_client("agent", CIBA_GRANT, DW_CLIENT_AUTH_POST, true);
    add_client("strange-agent", CIBA_GRANT, DW_CLIENT_AUTH_POST, false);
    add_client("public-agent", CIBA_GRANT, DW_CLIENT_AUTH_NONE, true);
    assert_done(dw_store_user_by_login(world.tenant->store, S(DW_TENANT_CONNECTION), S(ADA),
                                       world.arena, &user, &error),
                error);
    ada_id = text_of(user->id);
    return status;
}

static struct dw_tenant_call *post_as(const char *path, const char *body)
{
    struct browser client = {0};

    return post(&client, path, body);
}

static const char *member(const struct dw_tenant_call *call, const char *name)
{
    return text_of(dw_json_text(json_of(call), name));
}

/* ---- the device flow ---- */

struct device {
    const char *device_code, *user_code;
};

static struct device new_device(const char *scope)
{
    struct dw_tenant_call *call =
        post_as("/oauth/device/code",
                text_of(dw_arena_printf(world.arena, "client_id=tv&%s&scope=%s", RESOURCE, scope)));

    assert_status(call, 200);
    return (struct device){member(call, "device_code"), member(call, "user_code")};
}

static struct dw_tenant_call *poll_as(const char *client_id, const char *device_code)
{
    return post_as("/oauth/token", text_of(dw_arena_printf(world.arena,
                                                           "grant_type=" DEVICE_GRANT
                                                           "&client_id=%s&device_code=%s",
                                                           client_id, device_code)));
}

static struct dw_tenant_call *poll(const struct device *device)
{
    return poll_as("tv", device->device_code);
}

static struct dw_tenant_call *type_code(struct browser *browser, const char *user_code)
{
    return post(browser, "/activate",
                text_of(dw_arena_printf(world.arena, "user_code=%s", user_code)));
}

static struct dw_tenant_call *press(struct browser *browser, const char *path, const char *state,
                                    const char *action)
{
    return post(browser, path,
                text_of(dw_arena_printf(world.arena, "state=%s&action=%s", state, action)));
}

/* Through the pages to their end, as Ada. */
static struct dw_tenant_call *activate(struct browser *browser, const struct device *device)
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

static void bad_device_requests_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *error;
    } cases[] = {
        {"", 401, "invalid_client: Missing client_id"},
        {"client_id=nobody", 401, "access_denied: Unauthorized"},
        {"client_id=box", 401, "access_denied: Unauthorized"},
        {"client_id=" DW_TENANT_DEV_CLIENT, 403,
         "unauthorized_client: Grant type '" DEVICE_GRANT "' not allowed for the client."},
        {"client_id=stranger", 403, /* strict mode is the standard */
         "unauthorized_client: Grant type '" DEVICE_GRANT "' not allowed for the client."},
        {"client_id=tv&audience=https%3A%2F%2Fnone.example", 403,
         "access_denied: Service not found: https://none.example"},
        {"client_id=tv&scope=%22", 400, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = post_as("/oauth/device/code", cases[i].body);

        if (cases[i].error)
            assert_slice(error_of(call), cases[i].error);
        assert_status(call, cases[i].status);
    }
}

static void a_device_gets_a_code(void **state)
{
    struct dw_tenant_call *call = post_as("/oauth/device/code", "client_id=tv&" RESOURCE);
    const char *user_code = member(call, "user_code");
    int64_t number = 0;

    (void)state;
    assert_int_equal(strlen(user_code), 9);
    assert_int_equal(user_code[4], '-');
    assert_string_equal(member(call, "verification_uri"), ISSUER "activate");
    assert_slice(dw_json_text(json_of(call), "verification_uri_complete"),
                 text_of(dw_arena_printf(world.arena, ISSUER "activate?user_code=%s", user_code)));
    assert_true(dw_json_int(json_of(call), "expires_in", &number) && number == 900);
    assert_true(dw_json_int(json_of(call), "interval", &number) && number == 5);
}

static void a_device_waits_for_its_user(void **state)
{
    struct device device = new_device("read%3Atools%20offline_access%20openid");
    struct browser browser = {0};
    struct dw_tenant_call *call = poll(&device);

    (void)state;
    assert_slice(error_of(call), "authorization_pending: User has yet to authorize device code.");
    assert_status(call, 403);
    call = poll(&device);
    assert_slice(error_of(call), "slow_down: You are polling faster than the specified interval "
                                 "of 5 seconds.");
    assert_status(call, 429);
    assert_slice(header(call, "Retry-After"), "5");
    world_now_s += 5;
    assert_status(poll(&device), 403);
    call = activate(&browser, &device);
    assert_status(call, 200);
    assert_has(call->answer, "You can close this page.");
    assert_slice(error_of(poll_as("tv2", device.device_code)),
                 "invalid_grant: Invalid or expired device code.");
    call = poll(&device);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "sub"), ada_id);
    assert_slice(dw_json_text(claims_of(call, "id_token"), "aud"), "tv");
    assert_true(dw_json_text(json_of(call), "refresh_token").len > 0);
    assert_slice(error_of(poll(&device)), "invalid_grant: Invalid or expired device code.");
}

static void a_cancelled_device_is_denied(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *visit = state_of(call);

    (void)state;
    call = press(&browser, "/u/device", visit, "deny");
    assert_status(call, 200);
    assert_has(call->answer, "Cancelled");
    call = poll(&device);
    assert_slice(error_of(call), "access_denied: User cancelled the confirmation prompt.");
    assert_status(call, 403);
    assert_status(press(&browser, "/u/device", visit, "confirm"), 400);
    assert_status(type_code(&browser, device.user_code), 400);
}

static void a_device_code_expires(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);

    (void)state;
    world_now_s += 900;
    assert_status(press(&browser, "/u/device", state_of(call), "confirm"), 303);
    assert_status(type_code(&browser, device.user_code), 400);
    call = poll(&device);
    assert_slice(error_of(call), "expired_token: The device code has expired.");
    assert_status(call, 403);
}

static void a_code_is_typed_in_many_ways(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    char lower[16];
    size_t length = 0;

    (void)state;
    for (const char *at = device.user_code; *at; at++)
        if (*at != '-')
            lower[length++] = (char)(*at - 'A' + 'a');
    lower[length] = '\0';
    assert_status(type_code(&browser, lower), 303);
    assert_status(get(&browser, text_of(dw_arena_printf(world.arena, "/activate?user_code=%s",
                                                        device.user_code))),
                  302);
    assert_status(get(&browser, "/activate"), 200);
    assert_status(type_code(&browser, "BCDF-GHJK"), 400);
    assert_status(type_code(&browser, "<script>"), 400);
    assert_has_not(type_code(&browser, "<script>")->answer, "<script>");
}

static void the_page_shows_code_and_application(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *path = text_of(header(call, "Location"));

    (void)state;
    call = get(&browser, path);
    assert_status(call, 200);
    assert_has(call->answer, device.user_code);
    assert_has(call->answer, "<strong>tv</strong>");
    assert_has(header(call, "Content-Security-Policy"), "frame-ancestors 'none'");
}

static void the_confirmation_belongs_to_its_browser(void **state)
{
    struct device device = new_device("");
    struct browser browser = {0}, victim = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);

    (void)state;
    /* the attacker's state in the victim's browser, with the victim's login */
    assert_status(authorize(&victim, AUTHORIZE), 303);
    assert_status(press(&victim, "/u/device", state_of(call), "confirm"), 400);
    assert_status(get(&victim, text_of(header(call, "Location"))), 400);
    assert_status(poll(&device), 403);
}

static void pages_cannot_be_skipped(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    struct dw_tenant_call *call = type_code(&browser, device.user_code);
    const char *visit = state_of(call);

    (void)state;
    /* logging in first leads back to the confirmation; so does the CIBA page's button */
    call = log_in(&browser, visit, ADA_PASSWORD);
    assert_has(header(call, "Location"), "/u/device?state=");
    call = decide(&browser, visit, "accept");
    assert_has_not(call->answer, "You can close this page.");
    assert_slice(error_of(poll(&device)),
                 "authorization_pending: User has yet to authorize device code.");
    (void)press(&browser, "/u/ciba", visit, "approve");
    world_now_s += 5;
    assert_slice(error_of(poll(&device)),
                 "authorization_pending: User has yet to authorize device code.");
}

static void guessing_codes_ends_soon(void **state)
{
    struct browser guesser = {.address = "198.51.100.7"}, other = {.address = "198.51.100.8"};
    struct device device = new_device("");
    int at = 0;

    (void)state;
    while (at < 60 && type_code(&guesser, "BCDF-GHJK")->status == 400)
        at++;
    assert_int_equal(at, 50);
    assert_status(type_code(&guesser, device.user_code), 429);
    assert_status(type_code(&other, device.user_code), 303);
    world_now_s += 900;
    device = new_device("");
    assert_status(type_code(&guesser, device.user_code), 303);
}

static void a_blocked_user_gets_no_tokens(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    struct dw_user *user;
    struct dw_error error = {0};

    (void)state;
    assert_status(activate(&browser, &device), 200);
    assert_done(dw_store_user(world.tenant->store, S(ada_id), world.arena, &user, &error), error);
    user->is_blocked = true;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_slice(error_of(poll(&device)), "access_denied: User cancelled the confirmation prompt.");
    user->is_blocked = false;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

#define RACERS 8

static void *race(void *user)
{
    const struct dw_slice *digest = user;
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_decoupled_request *request;
    enum dw_decoupled_verdict verdict = DW_DECOUPLED_UNKNOWN;
    struct dw_error error = {0};

    assert_done(dw_store_poll_decoupled(world.tenant->store, DW_DECOUPLED_DEVICE, *digest, S("tv"),
                                        world_now_s, arena, &verdict, &request, &error),
                error);
    dw_arena_free(arena);
    return verdict == DW_DECOUPLED_GIVE ? user : NULL;
}

static void of_many_polls_one_gets_the_tokens(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser browser = {0};
    pthread_t racers[RACERS];
    struct dw_slice digest;
    struct dw_error error = {0};
    int winners = 0;

    (void)state;
    assert_status(activate(&browser, &device), 200);
    assert_done(dw_tenant_digest(S(device.device_code), world.arena, &digest, &error), error);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i], NULL, race, &digest), 0);
    for (int i = 0; i < RACERS; i++) {
        void *has_won;

        pthread_join(racers[i], &has_won);
        winners += has_won != NULL;
    }
    assert_int_equal(winners, 1);
}

static void of_two_deciders_the_first_counts(void **state)
{
    struct device device = new_device("read%3Atools");
    struct browser yes = {0}, no = {0};
    const char *refusing = state_of(type_code(&no, device.user_code));

    (void)state;
    assert_status(activate(&yes, &device), 200);
    assert_status(press(&no, "/u/device", refusing, "deny"), 400);
    assert_status(poll(&device), 200);
}

/* ---- CIBA ---- */

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
        {AGENT, ada_id, WELL "&authorization_details=%5B%5D", 400, NULL},
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
    static const struct dw_http_field accept[] = {{{"Accept", 6}, {"application/json", 16}}};
    struct dw_tenant_call *call = DW_ARENA_NEW(world.arena, struct dw_tenant_call);
    struct dw_slice text;
    size_t at = 0;

    *call = (struct dw_tenant_call){.tenant = world.tenant,
                                    .arena = world.arena,
                                    .now_s = world_now_s,
                                    .method = DW_HTTP_GET,
                                    .path = S("/dev/outbox"),
                                    .peer_address = S("127.0.0.1"),
                                    .is_loopback = true,
                                    .fields = {accept, 1}};
    dw_tenant_serve(call);
    text = dw_json_text(&json_of(call)->array.items[0], "text");
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
        cmocka_unit_test(bad_device_requests_are_refused),
        cmocka_unit_test(a_device_gets_a_code),
        cmocka_unit_test(a_device_waits_for_its_user),
        cmocka_unit_test(a_cancelled_device_is_denied),
        cmocka_unit_test(a_device_code_expires),
        cmocka_unit_test(a_code_is_typed_in_many_ways),
        cmocka_unit_test(the_page_shows_code_and_application),
        cmocka_unit_test(the_confirmation_belongs_to_its_browser),
        cmocka_unit_test(pages_cannot_be_skipped),
        cmocka_unit_test(guessing_codes_ends_soon),
        cmocka_unit_test(a_blocked_user_gets_no_tokens),
        cmocka_unit_test(of_many_polls_one_gets_the_tokens),
        cmocka_unit_test(of_two_deciders_the_first_counts),
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
