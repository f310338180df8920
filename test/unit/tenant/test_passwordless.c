/* Codes and links in place of a password, for programs and on the pages: attacks first. */
#include "mfa_fixture.h"
#include "store/connections.h"

#define EVE "eve@example.com"
#define CODE_GRANT                                                                                 \
    "grant_type=http://auth0.com/oauth/grant-type/passwordless/"                                   \
    "otp&client_id=" DW_TENANT_DEV_CLIENT

static void connect(const char *name, enum dw_strategy strategy, const char *options)
{
    struct dw_connection_record record = {
        .id = dw_arena_printf(world.arena, "con_%s%012d", name, 1),
        .name = S(name),
        .strategy = strategy,
        .options_json = S(options),
        .is_active = true,
        .metadata_json = S("{}"),
        .created_at_s = world_now_s,
    };
    struct dw_error error = {0};

    assert_done(dw_store_put_connection(world.tenant->store, &record, &error), error);
    assert_done(dw_store_enable_connection(world.tenant->store, record.id, S(DW_TENANT_DEV_CLIENT),
                                           true, &error),
                error);
}

/* Where programs call from; NULL: 192.0.2.1. */
static const char *place;

static int fresh(void **state)
{
    (void)state;
    place = NULL;
    world.tenant->config.mail_outbox = true;
    world_now_s += 2 * 86400; /* limits of the last test are over */
    allow_grants(DW_TENANT_DEV_CLIENT);
    set_policy(DW_MFA_NEVER);
    connect("email", DW_STRATEGY_EMAIL, "{\"totp\":{\"length\":6,\"time_step\":300}}");
    connect("sms", DW_STRATEGY_SMS, "{}");
    return 0;
}

static struct dw_tenant_call *start(const char *members)
{
    struct browser program = {.address = place};

    return ask(&program, DW_HTTP_POST, "/passwordless/start", "application/json",
               text_of(dw_arena_printf(
                   world.arena, "{\"client_id\":\"" DW_TENANT_DEV_CLIENT "\",%s}", members)));
}

static struct dw_tenant_call *redeem_code(const char *realm, const char *username, const char *code)
{
    struct browser program = {.address = place};

    return post(
        &program, "/oauth/token",
        text_of(dw_arena_printf(world.arena, CODE_GRANT "&realm=%s&username=%s&otp=%s&scope=openid",
                                realm, username, code)));
}

#define UNSENT "bad.connection: This service is not set up to send mail."
#define START_CODE(address) "\"connection\":\"email\",\"send\":\"code\",\"email\":\"" address "\""
#define START_LINK(address, params)                                                                \
    "\"connection\":\"email\",\"send\":\"link\",\"email\":\"" address "\",\"authParams\":{" params \
    "}"
#define LINK_PARAMETERS                                                                            \
    "\"scope\":\"openid\",\"state\":\"s9\",\"redirect_uri\":\"" CALLBACK                           \
    "\",\"response_type\":\"code\",\"code_challenge\":\"" CHALLENGE                                \
    "\",\"code_challenge_method\":\"S256\""

/* The token of the newest mail's link. */
static const char *mailed_token(void)
{
    struct dw_slice text = dw_json_text(newest_mail(), "text");

    for (; text.len > 0; text.ptr++, text.len--)
        if (dw_slice_starts_with(text, S("/u/passwordless/link?token=")))
            return text_of(dw_slice_sub(text, 27, 43));
    fail_msg("no link");
    return NULL;
}

static struct dw_tenant_call *look_at_link(struct browser *browser, const char *token)
{
    return get(browser,
               text_of(dw_arena_printf(world.arena, "/u/passwordless/link?token=%s", token)));
}

/* Presses the button of the page, which is bound to the browser that shows it. */
static struct dw_tenant_call *press(struct browser *browser, const char *token,
                                    const struct dw_tenant_call *page)
{
    return post(browser, "/u/passwordless/link",
                text_of(dw_arena_printf(world.arena, "token=%s&confirm=%.*s", token,
                                        DW_PRINT(hidden_value(page, "confirm")))));
}

static struct dw_tenant_call *use_link(struct browser *browser, const char *token)
{
    return press(browser, token, look_at_link(browser, token));
}

/* --- attacks ---------------------------------------------------------------------------------- */

static void a_code_is_for_its_address_and_client(void **state)
{
    struct browser program = {0};
    struct dw_error error = {0};
    struct dw_oauth_client other = {.id = S("other"),
                                    .name = S("Other"),
                                    .is_first_party = true,
                                    .auth_method = DW_CLIENT_AUTH_NONE};
    const char *code;
    struct dw_tenant_call *call;

    (void)state;
    assert_done(dw_store_put_client(world.tenant->store, &other, &error), error);
    allow_grants("other");
    assert_done(dw_store_enable_connection(world.tenant->store, S("con_email000000000001"),
                                           S("other"), true, &error),
                error);
    assert_status(start(START_CODE(ADA)), 200);
    code = mailed_code();
    assert_slice(error_of(redeem_code("email", EVE, code)),
                 "invalid_grant: Wrong email or verification code.");
    call = post(&program, "/oauth/token",
                text_of(dw_arena_printf(world.arena,
                                        "grant_type=" PASSWORDLESS_GRANT
                                        "&client_id=other&realm=email&username=" ADA "&otp=%s",
                                        code)));
    assert_slice(error_of(call), "invalid_grant: Wrong email or verification code.");
    assert_status(redeem_code("email", ADA, code), 200);
    assert_slice(error_of(redeem_code("email", ADA, code)),
                 "invalid_grant: Wrong email or verification code.");
}

static void guessing_is_stopped(void **state)
{
    struct dw_tenant_call *call;
    const char *code;
    int guesses = 0;

    (void)state;
    assert_status(start(START_CODE(EVE)), 200);
    code = mailed_code();
    assert_status(redeem_code("email", EVE, wrong_code(code)), 403);
    assert_status(redeem_code("email", EVE, wrong_code(code)), 403);
    call = redeem_code("email", EVE, wrong_code(code));
    assert_slice(error_of(call), "invalid_grant: You've reached the maximum number of attempts. "
                                 "Please try to login again.");
    assert_slice(error_of(redeem_code("email", EVE, code)),
                 "invalid_grant: You've reached the maximum number of attempts. Please try to "
                 "login again.");
    /* New codes give no new guesses without end. */
    do {
        if (guesses % 3 == 0 && start(START_CODE(EVE))->status == 429) {
            world_now_s += 3600;
            assert_status(start(START_CODE(EVE)), 200);
        }
        call = redeem_code("email", EVE, "000000");
        guesses++;
    } while (call->status == 403 && guesses < 100);
    assert_status(call, 429);
    assert_int_equal(guesses, 28);
}

static void codes_that_nobody_asked_for_lock_nobody_out(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++)
        assert_slice(error_of(redeem_code("email", "unasked@example.com", "123456")),
                     "invalid_grant: Wrong email or verification code.");
    assert_status(start(START_CODE("unasked@example.com")), 200);
    assert_status(redeem_code("email", "unasked@example.com", mailed_code()), 200);
}

#define BEA "bea@example.com"

/* Asks for codes to Bea and guesses them. */
static void use_up_all_guesses(void)
{
    int guesses = 0, status;

    do {
        if (guesses % 3 == 0 && start(START_CODE(BEA))->status == 429) {
            world_now_s += 3600;
            assert_status(start(START_CODE(BEA)), 200);
        }
        status = redeem_code("email", BEA, "000000")->status;
        assert_true(guesses++ < 40);
    } while (status == 403);
    assert_int_equal(status, 429);
}

static void a_stranger_who_uses_up_guesses_and_mails_does_not_lock_out_who_was_here(void **state)
{
    (void)state;
    assert_status(start(START_CODE(BEA)), 200);
    assert_status(redeem_code("email", BEA, mailed_code()), 200);
    place = "198.51.100.7";
    use_up_all_guesses();
    place = NULL;
    assert_status(start(START_CODE(BEA)), 200);
    assert_status(redeem_code("email", BEA, mailed_code()), 200);
    use_up_all_guesses(); /* limited here as well */
}

static void who_has_an_account_does_not_show(void **state)
{
    struct dw_tenant_call *known, *unknown;
    const struct dw_json *mail;

    (void)state;
    connect("email", DW_STRATEGY_EMAIL, "{\"disable_signup\":true}");
    known = start(START_CODE(ADA));   /* logged in before */
    unknown = start(START_CODE(EVE)); /* never did */
    assert_status(known, 200);
    assert_status(unknown, 200);
    assert_int_equal(known->answer.len, unknown->answer.len);
    mail = newest_mail();
    assert_slice(dw_json_text(mail, "to"), ADA);
    assert_slice(error_of(redeem_code("email", EVE, "123456")),
                 "invalid_grant: Wrong email or verification code.");
}

static void a_link_is_for_its_browser_when_it_began_in_one(void **state)
{
    struct browser mine = {0}, other = {0};
    struct dw_tenant_call *call = get(&mine, AUTHORIZE);
    const char *visit = state_of(call), *token;

    (void)state;
    call =
        post(&mine, "/u/passwordless",
             text_of(dw_arena_printf(world.arena, "state=%s&username=" ADA "&action=link", visit)));
    assert_status(call, 200);
    token = mailed_token();
    (void)get(&other, AUTHORIZE); /* a browser with its own cookie */
    call = look_at_link(&other, token);
    assert_status(call, 400);
    call = use_link(&other, token);
    assert_status(call, 400);
    assert_int_equal(header(call, "Set-Cookie").len, 0);
    /* The one it began in is not hurt by that. */
    call = look_at_link(&mine, token);
    assert_status(call, 200);
    assert_has(call->answer, ADA);
    call = use_link(&mine, token);
    assert_status(call, 303);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&mine, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
    assert_status(use_link(&mine, token), 400);
}

/* Login CSRF: an attacker's link, for an account of his, opened by somebody else. */
static void a_link_of_the_api_is_ended_on_a_page_that_says_whose_it_is(void **state)
{
    struct browser browser = {0}, other = {0};
    struct dw_tenant_call *page;
    const char *token;

    (void)state;
    assert_status(start(START_LINK(ADA, LINK_PARAMETERS)), 200);
    token = mailed_token();
    /* A form that another page sends, with what the attacker knows. */
    page = post(&browser, "/u/passwordless/link",
                text_of(dw_arena_printf(world.arena, "token=%s", token)));
    assert_status(page, 400);
    (void)look_at_link(&other, token);
    assert_status(press(&browser, token, look_at_link(&other, token)), 400);
    page = look_at_link(&browser, token);
    assert_has(page->answer, "Only go on if you asked for this link");
    assert_has(page->answer, ADA);
    assert_status(press(&browser, token, page), 303);
}

static void a_link_of_the_api_says_who_is_signed_in_now(void **state)
{
    struct browser browser = {0};

    (void)state;
    assert_status(start(START_LINK(EVE, LINK_PARAMETERS)), 200);
    assert_status(authorize(&browser, AUTHORIZE), 303); /* Ada */
    assert_has(look_at_link(&browser, mailed_token())->answer,
               "You are signed in as <strong>" ADA "</strong>");
}

static void links_of_the_api_can_be_switched_off(void **state)
{
    struct browser browser = {0};
    const char *token;

    (void)state;
    assert_status(start(START_LINK(ADA, LINK_PARAMETERS)), 200);
    token = mailed_token();
    world_set("{\"universal_login\":{\"passwordless\":"
              "{\"allow_magiclink_verify_without_session\":false}}}");
    assert_status(look_at_link(&browser, token), 400);
    assert_has(look_at_link(&browser, token)->answer,
               "The link must be opened on the same device and browser");
    assert_status(use_link(&browser, token), 400);
    world_set("{\"universal_login\":{\"passwordless\":"
              "{\"allow_magiclink_verify_without_session\":true}}}");
    assert_status(use_link(&browser, token), 303);
}

/* Who asks for a link does not prove to be the application: a consent from before does not count.
 */
static void a_link_of_a_third_party_asks_for_consent_again(void **state)
{
    struct browser browser = {0};
    struct dw_slice uri = S("https://third.example/cb"), grant = S("authorization_code");
    struct dw_oauth_client client;
    struct dw_connection_record *email = NULL;
    struct dw_error error = {0};

    (void)state;
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S("third");
    client.name = S("Third");
    client.is_first_party = false;
    client.security_mode = DW_SECURITY_PERMISSIVE;
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.redirect_uris = (struct dw_slices){&uri, 1};
    client.grant_types = (struct dw_slices){&grant, 1};
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    assert_done(
        dw_store_connection_by_name(world.tenant->store, S("email"), world.arena, &email, &error),
        error);
    email->is_domain_connection = true;
    assert_done(dw_store_put_connection(world.tenant->store, email, &error), error);
    for (int i = 0; i < 2; i++) {
        struct dw_tenant_call *call =
            ask(&browser, DW_HTTP_POST, "/passwordless/start", "application/json",
                "{\"client_id\":\"third\",\"connection\":\"email\",\"send\":\"link\","
                "\"email\":\"" ADA "\",\"authParams\":{\"redirect_uri\":"
                "\"https://third.example/cb\",\"scope\":\"openid\",\"code_challenge\":\"" CHALLENGE
                "\",\"code_challenge_method\":\"S256\"}}");

        assert_status(call, 200);
        call = use_link(&browser, mailed_token());
        assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
        call = decide(&browser, state_of(call), "accept");
        assert_true(location_value(call, "code").len > 0);
    }
}

static void a_link_leads_to_registered_places_alone(void **state)
{
    (void)state;
    assert_status(start(START_LINK(ADA, "\"redirect_uri\":\"https://evil.example/cb\"")), 403);
    assert_status(start(START_LINK(ADA, "\"redirect_uri\":\"" CALLBACK "\"")), 400); /* no PKCE */
    /* said nothing: to the first of them */
    assert_status(start(START_LINK(ADA, "\"scope\":\"openid\",\"code_challenge\":\"" CHALLENGE
                                        "\",\"code_challenge_method\":\"S256\"")),
                  200);
    assert_status(start(START_LINK(ADA, "")), 400); /* no PKCE */
    /* Nor to an organization that is none, whose id would be in the token. */
    assert_status(
        start(START_LINK(ADA, LINK_PARAMETERS ",\"organization\":\"org_0123456789abcdef\"")), 400);
}

static void a_confidential_client_shows_its_secret(void **state)
{
    struct browser program = {0};
    struct dw_slice types[] = {S(PASSWORDLESS_GRANT)};
    struct dw_oauth_client client = {.id = S("web"),
                                     .name = S("Web"),
                                     .is_first_party = true,
                                     .auth_method = DW_CLIENT_AUTH_POST,
                                     .grant_types = {types, 1}};
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error), error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    assert_done(dw_store_enable_connection(world.tenant->store, S("con_email000000000001"),
                                           S("web"), true, &error),
                error);
    assert_status(post(&program, "/passwordless/start",
                       "client_id=web&connection=email&send=code&email=" ADA),
                  401);
    assert_status(post(&program, "/passwordless/start",
                       "client_id=web&client_secret=wrong&connection=email&send=code&email=" ADA),
                  401);
    assert_status(post(&program, "/passwordless/start",
                       "client_id=web&client_secret=secret&connection=email&send=code&email=" ADA),
                  200);
}

/* --- as Auth0 does it ------------------------------------------------------------------------- */

static void the_first_login_makes_the_account(void **state)
{
    struct dw_tenant_call *call = start(START_CODE("New.One@Example.com"));
    const struct dw_json *answer = json_of(call), *claims;
    struct dw_slice id = dw_json_text(answer, "_id");

    (void)state;
    assert_status(call, 200);
    assert_int_equal(answer->object.count, 3);
    assert_int_equal(id.len, 24);
    assert_slice(dw_json_text(answer, "email"), "new.one@example.com");
    assert_non_null(dw_json_get(answer, "email_verified"));
    call = redeem_code("email", "new.one@example.com", mailed_code());
    assert_status(call, 200);
    claims = claims_of(call, "id_token");
    assert_slice(dw_json_text(claims, "sub"),
                 text_of(dw_arena_printf(world.arena, "email|%.*s", DW_PRINT(id))));
    /* And the second finds it. */
    assert_slice(dw_json_text(json_of(start(START_CODE("new.one@example.com"))), "_id"),
                 text_of(id));
}

static void a_text_message_has_the_recorded_answer(void **state)
{
    struct dw_tenant_call *call = start("\"connection\":\"sms\",\"phone_number\":\"+14155550100\"");
    bool is_verified = false;

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(json_of(call), "phone_number"), "+14155550100");
    assert_true(dw_json_bool(json_of(call), "phone_verified", &is_verified) && is_verified);
    assert_slice(dw_json_text(newest_mail(), "template"), "sms_code");
    call = redeem_code("sms", "%2B14155550100", mailed_code());
    assert_status(call, 200);
    assert_true(dw_slice_starts_with(dw_json_text(claims_of(call, "id_token"), "sub"), S("sms|")));
    assert_slice(error_of(redeem_code("sms", "%2B14155550100", "000000")),
                 "invalid_grant: Wrong phone number or verification code.");
}

static void bad_requests_are_told_apart(void **state)
{
    static const struct {
        const char *members, *error;
    } cases[] = {
        {"\"connection\":\"email\",\"email\":\"foo\"",
         "bad.email: error in email - email format validation failed: foo"},
        {"\"connection\":\"sms\",\"phone_number\":\"12\"",
         "bad.phone_number: error in phone_number - it must be E.164, as +14155550100: 12"},
        {"\"connection\":\"nothing\",\"email\":\"" ADA "\"",
         "bad.connection: Connection does not exist or is disabled."},
        {"\"connection\":\"" DW_TENANT_CONNECTION "\",\"email\":\"" ADA "\"",
         "bad.connection: Connection does not exist or is disabled."},
        {"\"email\":\"" ADA "\"", "bad.connection: Missing required property: connection"},
        {START_CODE(ADA) ",\"authParams\":7", "invalid_request: authParams must be an object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = start(cases[i].members);

        assert_status(call, 400);
        assert_slice(error_of(call), cases[i].error);
    }
}

static void a_link_of_the_api_ends_at_the_application(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = start(START_LINK(ADA, LINK_PARAMETERS));
    const char *token;

    (void)state;
    assert_status(call, 200);
    token = mailed_token();
    call = look_at_link(&browser, token);
    assert_status(call, 200); /* a mail scanner may do that; nothing is used up */
    call = use_link(&browser, token);
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_slice(location_value(call, "state"), "s9");
    assert_status(redeem(text_of(location_value(call, "code"))), 200);
    assert_status(use_link(&browser, token), 400);
}

static void the_pages_offer_codes_where_there_is_a_connection(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE);
    const char *visit = state_of(call), *code;

    (void)state;
    call = follow(&browser, call);
    assert_has(call->answer, "/u/passwordless?state=");
    call = post(&browser, "/u/passwordless",
                text_of(dw_arena_printf(world.arena, "state=%s&username=nonsense", visit)));
    assert_status(call, 400);
    assert_has(call->answer, "This is not an email address.");
    call =
        post(&browser, "/u/passwordless",
             text_of(dw_arena_printf(world.arena, "state=%s&username=" ADA "&action=code", visit)));
    assert_status(call, 303);
    assert_has(follow(&browser, call)->answer, ADA);
    code = mailed_code();
    call = post(&browser, "/u/passwordless/code",
                text_of(dw_arena_printf(world.arena, "state=%s&code=%s", visit, wrong_code(code))));
    assert_status(call, 400);
    /* A code of the pages is none for the API. */
    assert_status(redeem_code("email", ADA, code), 403);
    call = post(&browser, "/u/passwordless/code",
                text_of(dw_arena_printf(world.arena, "state=%s&code=%s", visit, code)));
    if (dw_slice_starts_with(header(call, "Location"), S("/u/consent")))
        call = decide(&browser, state_of(call), "accept");
    assert_true(location_value(call, "code").len > 0);
}

static void without_mail_nobody_is_promised_a_code(void **state)
{
    static const char *const addresses[] = {ADA, "nobody@example.com"};
    static const char *const paths[] = {"/u/passwordless", "/u/passwordless/code"};
    static const char *const actions[] = {"code", "link"};
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE);
    const char *visit = state_of(call);
    const char *page = text_of(dw_arena_printf(world.arena, "/u/passwordless?state=%s", visit));
    struct dw_slice first;

    (void)state;
    assert_status(get(&browser, page), 200);
    world.tenant->config.mail_outbox = false;
    assert_has_not(follow(&browser, call)->answer, "/u/passwordless");
    call = get(&browser, page);
    assert_status(call, 400);
    assert_has(call->answer, "not set up to send mail");
    assert_has(call->answer, "/u/login?state=");
    assert_has_not(call->answer, "<form");
    first = call->answer;
    for (size_t i = 0; i < 8; i++) { /* each with each */
        call = post(&browser, paths[i & 1],
                    text_of(dw_arena_printf(world.arena, "state=%s&username=%s&action=%s&code=1",
                                            visit, addresses[i >> 1 & 1], actions[i >> 2])));
        assert_status(call, 400);
        assert_true(dw_slice_eq(call->answer, first));
    }
    assert_slice(error_of(start(START_CODE(ADA))), UNSENT);
    assert_slice(error_of(start(START_CODE("nobody@example.com"))), UNSENT);
    call = start(START_LINK(ADA, LINK_PARAMETERS));
    assert_status(call, 400);
    assert_slice(error_of(call), UNSENT);
}

/* It leads to the page that says so, which leads nowhere. */
static void without_mail_and_passwords_the_login_says_so(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    world.tenant->config.mail_outbox = false;
    call = follow(&browser, get(&browser, AUTHORIZE "&connection=email"));
    assert_has(header(call, "Location"), "/u/passwordless?");
    call = follow(&browser, call);
    assert_status(call, 400);
    assert_has(call->answer, "not set up to send mail");
    assert_has_not(call->answer, "/u/login");
}

static void a_second_factor_is_asked_for_here_too(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    set_policy(DW_MFA_ALL_APPLICATIONS);
    assert_status(start(START_CODE(ADA)), 200);
    call = redeem_code("email", ADA, mailed_code());
    assert_status(call, 403);
    assert_slice(error_of(call), "mfa_required: Multifactor authentication required");
    assert_true(dw_json_text(json_of(call), "mfa_token").len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_code_is_for_its_address_and_client, fresh),
        cmocka_unit_test_setup(guessing_is_stopped, fresh),
        cmocka_unit_test_setup(codes_that_nobody_asked_for_lock_nobody_out, fresh),
        cmocka_unit_test_setup(
            a_stranger_who_uses_up_guesses_and_mails_does_not_lock_out_who_was_here, fresh),
        cmocka_unit_test_setup(who_has_an_account_does_not_show, fresh),
        cmocka_unit_test_setup(a_link_is_for_its_browser_when_it_began_in_one, fresh),
        cmocka_unit_test_setup(a_link_of_the_api_is_ended_on_a_page_that_says_whose_it_is, fresh),
        cmocka_unit_test_setup(a_link_of_the_api_says_who_is_signed_in_now, fresh),
        cmocka_unit_test_setup(links_of_the_api_can_be_switched_off, fresh),
        cmocka_unit_test_setup(a_link_of_a_third_party_asks_for_consent_again, fresh),
        cmocka_unit_test_setup(a_link_leads_to_registered_places_alone, fresh),
        cmocka_unit_test_setup(a_confidential_client_shows_its_secret, fresh),
        cmocka_unit_test_setup(the_first_login_makes_the_account, fresh),
        cmocka_unit_test_setup(a_text_message_has_the_recorded_answer, fresh),
        cmocka_unit_test_setup(bad_requests_are_told_apart, fresh),
        cmocka_unit_test_setup(a_link_of_the_api_ends_at_the_application, fresh),
        cmocka_unit_test_setup(the_pages_offer_codes_where_there_is_a_connection, fresh),
        cmocka_unit_test_setup(without_mail_nobody_is_promised_a_code, fresh),
        cmocka_unit_test_setup(without_mail_and_passwords_the_login_says_so, fresh),
        cmocka_unit_test_setup(a_second_factor_is_asked_for_here_too, fresh),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
