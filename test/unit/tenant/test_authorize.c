/* /authorize, login and consent: from the request to the answer, and everything that must not get
 * through. */
#include "fixture.h"

/* ---- what must never redirect ---- */
static void bad_clients_and_redirect_uris_get_a_page(void **state)
{
    static const struct {
        const char *target, *text;
    } cases[] = {
        {"/authorize", "client_id"},
        {"/authorize?client_id=nobody&response_type=code", "nobody"},
        {"/authorize?client_id=doorward-dev&client_id=other", "client_id"},
        {"/authorize?client_id=doorward-dev&redirect_uri=https%3A%2F%2Fevil.example%2Fcb",
         "Callback URL mismatch"},
        {"/authorize?client_id=doorward-dev&redirect_uri=javascript%3Aalert(1)", "Callback"},
        {"/authorize?client_id=doorward-dev&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback%2F..%"
         "2Fx",
         "Callback"},
        {"/authorize?client_id=doorward-dev&redirect_uri=http%3A%2F%2F127.0.0.1%40evil.example%2Fc",
         "Callback"},
        {"/authorize?client_id=doorward-dev&redirect_uri=http%3A%2F%2F127.0.0.1.evil.example%2Fc",
         "Callback"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call = get(&browser, cases[i].target);

        assert_true(call->status >= 400 && call->status < 500);
        assert_int_equal(header(call, "Location").len, 0);
        assert_slice(header(call, "Content-Type"), "text/html; charset=utf-8");
        assert_has(call->answer, cases[i].text);
    }
}

static void every_page_forbids_frames_scripts_and_caches(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE);
    struct dw_tenant_call *pages[] = {follow(&browser, call), get(&browser, "/authorize"),
                                      get(&browser, "/"), get(&browser, "/u/nosuch"),
                                      get(&browser, "/v2/logout")};

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct dw_slice policy = header(pages[i], "Content-Security-Policy");

        assert_has(policy, "default-src 'none'");
        assert_has(policy, "frame-ancestors 'none'");
        assert_has(policy, "base-uri 'none'");
        assert_has_not(policy, "unsafe");
        assert_has_not(policy, "script-src");
        assert_slice(header(pages[i], "Cache-Control"), "no-store");
        assert_slice(header(pages[i], "Referrer-Policy"), "no-referrer");
        assert_slice(header(pages[i], "X-Content-Type-Options"), "nosniff");
        assert_slice(header(pages[i], "X-Frame-Options"), "DENY");
        assert_has_not(pages[i]->answer, "<script");
    }
    /* Chrome applies form-action to where the form's redirect goes. */
    assert_has(header(pages[0], "Content-Security-Policy"),
               "form-action 'self' http://127.0.0.1:7777;");
}

/* ---- what the client must hear ---- */
static void errors_go_back_with_state_and_iss(void **state)
{
#define START "/authorize?client_id=doorward-dev&state=s%201&redirect_uri=" CALLBACK_ENCODED
#define PKCE "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
    static const struct {
        const char *target, *error;
    } cases[] = {
        {START, "invalid_request"},
        {START "&response_type=none" PKCE, "unsupported_response_type"},
        {START "&response_type=code", "invalid_request"},
        {START "&response_type=code&code_challenge_method=plain&code_challenge=" CHALLENGE,
         "invalid_request"},
        {START "&response_type=code&code_challenge=" CHALLENGE, "invalid_request"},
        {START "&response_type=code&prompt=none" PKCE, "login_required"},
        {START "&response_type=code&audience=https%3A%2F%2Fnone.example" PKCE, "access_denied"},
        {START "&response_type=code&resource=https%3A%2F%2Fa.example%23x" PKCE, "invalid_target"},
        {START "&response_type=code&scope=%22" PKCE, "invalid_scope"},
        {START "&response_type=code&scope=a&scope=b" PKCE, "invalid_request"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call = get(&browser, cases[i].target);

        assert_status(call, 302);
        assert_true(dw_slice_starts_with(header(call, "Location"), S(CALLBACK "?")));
        assert_slice(location_value(call, "error"), cases[i].error);
        assert_true(location_value(call, "error_description").len > 0);
        assert_slice(location_value(call, "state"), "s 1");
        assert_slice(location_value(call, "iss"), ISSUER);
        assert_int_equal(location_value(call, "code").len, 0);
    }
}

/* ---- the whole way ---- */
static void a_login_and_a_yes_give_a_code(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE "&scope=openid%20read:tools");
    struct dw_tenant_call *page;

    (void)state;
    assert_status(call, 302);
    page = follow(&browser, call);
    assert_status(page, 200);
    assert_has(page->answer, "Doorward command line");
    assert_has(page->answer, "autocomplete=\"current-password\"");
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_status(call, 303);
    page = follow(&browser, call);
    assert_status(page, 200);
    assert_has(page->answer, "List and describe tools");
    assert_has(page->answer, "127.0.0.1:7777</strong> (this computer)");
    assert_has(page->answer, ADA);
    assert_has(page->answer, "only if you started this yourself");
    call = decide(&browser, state_of(call), "accept");
    assert_status(call, 303);
    assert_true(dw_slice_starts_with(header(call, "Location"), S(CALLBACK "?code=")));
    assert_slice(location_value(call, "state"), "s1");
    assert_slice(location_value(call, "iss"), ISSUER);
}

static void a_no_is_heard_by_the_client(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE "&scope=openid&prompt=consent");
    const char *visit;

    (void)state;
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    visit = state_of(call);
    call = decide(&browser, visit, "deny");
    assert_status(call, 303);
    assert_slice(location_value(call, "error"), "access_denied");
    assert_slice(location_value(call, "error_description"), "User did not authorize the request");
    /* and the visit is over: nobody can say yes afterwards */
    assert_status(decide(&browser, visit, "accept"), 400);
}

static void a_visit_gives_one_code(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE "&scope=openid&prompt=consent");
    const char *visit;

    (void)state;
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    visit = state_of(call);
    assert_status(decide(&browser, visit, "accept"), 303);
    assert_status(decide(&browser, visit, "accept"), 400);
}

static void set_role(const char *role_name, bool has_role)
{
    struct dw_store *store = world.tenant->store;
    struct dw_error error = {0};
    struct dw_user *user;
    struct dw_role *role;

    assert_done(
        dw_store_user_by_login(store, S(DW_TENANT_CONNECTION), S(ADA), world.arena, &user, &error),
        error);
    assert_done(dw_store_role_by_name(store, S(role_name), world.arena, &role, &error), error);
    assert_done((has_role ? dw_store_add_user_roles : dw_store_remove_user_roles)(
                    store, user->id, (struct dw_slices){&role->id, 1}, &error),
                error);
}

static void what_is_granted_is_what_was_shown(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE "&scope=read%3Atools&prompt=consent");
    const char *visit, *terms, *form;

    (void)state;
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    visit = state_of(call);
    terms = text_of(hidden_value(follow(&browser, call), "terms"));
    assert_int_equal(strlen(terms), 43);
    set_role(DW_TENANT_ROLE_ADMIN, true); /* the token would carry more than the page said */
    form = text_of(dw_arena_printf(world.arena, "state=%s&action=accept&terms=%s", visit, terms));
    call = post(&browser, "/u/consent", form);
    assert_status(call, 200);
    assert_has(call->answer, "has changed in the meantime");
    assert_string_not_equal(text_of(hidden_value(call, "terms")), terms);
    assert_status(post(&browser, "/u/consent", form), 200);
    call = decide(&browser, visit, "accept");
    assert_status(call, 303);
    assert_true(location_value(call, "code").len >= 32);
    set_role(DW_TENANT_ROLE_ADMIN, false);
}

static void consent_is_remembered_but_not_for_other_sites(void **state)
{
    struct browser browser = {0};
    struct dw_oauth_client client;
    struct dw_error error = {0};
    struct dw_slice uri = S("https://app.example/cb"), grant = S("authorization_code");
    static const char *const elsewhere[] = {"cross-site", "same-site"};
    static const char url[] =
        "/authorize?response_type=code&client_id=third&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
        "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
        "&audience=https%3A%2F%2Fmcp.example.com%2Fmcp&scope=openid%20read:tools";
    struct dw_tenant_call *call;

    (void)state;
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S("third");
    client.name = S("Third");
    client.is_first_party = false;
    client.security_mode = DW_SECURITY_PERMISSIVE; /* it asks for `email` */
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.redirect_uris = (struct dw_slices){&uri, 1};
    client.grant_types = (struct dw_slices){&grant, 1};
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    assert_true(location_value(authorize(&browser, url), "code").len > 0);
    browser.site = "none";
    assert_true(location_value(get(&browser, url), "code").len > 0);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        browser.site = elsewhere[i];
        call = get(&browser, url);
        assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
        /* Nor when the user has to log in on the way, which is a form of ours. */
        call = get(&browser, text_of(dw_arena_printf(world.arena, "%s&prompt=login", url)));
        browser.site = "same-origin";
        call = log_in(&browser, state_of(call), ADA_PASSWORD);
        assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    }
    browser.site = "none";
    call = get(&browser, text_of(dw_arena_printf(world.arena, "%s%s", url, "%20email")));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    call = get(&browser, text_of(dw_arena_printf(world.arena, "%s%s", url, "&prompt=consent")));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
}

/* Any program on the machine can listen on a loopback port and open the browser in the client's
 * name. */
static void a_code_goes_to_this_computer_only_after_a_page(void **state)
{
    struct browser browser = {.site = "none"};
    struct dw_tenant_call *call;

    (void)state;
    assert_true(location_value(authorize(&browser, AUTHORIZE "&scope=openid"), "code").len > 0);
    call = get(&browser, AUTHORIZE "&scope=openid");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/consent")));
    assert_has(follow(&browser, call)->answer, "this computer");
    assert_true(location_value(decide(&browser, state_of(call), "accept"), "code").len > 0);
    call = get(&browser, AUTHORIZE "&scope=openid&prompt=none");
    assert_slice(location_value(call, "error"), "consent_required");
    /* the login page was one */
    call = get(&browser, AUTHORIZE "&scope=openid&prompt=login");
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_true(location_value(call, "code").len > 0);
}

static void prompt_login_and_max_age_ask_again(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    assert_true(location_value(authorize(&browser, AUTHORIZE "&scope=openid"), "code").len > 0);
    call = get(&browser, AUTHORIZE "&scope=openid&prompt=login");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    /* once asked, it is not asked for ever */
    call = log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_false(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    world_now_s += 120;
    call = get(&browser, AUTHORIZE "&scope=openid&max_age=60");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    call = get(&browser, AUTHORIZE "&scope=openid&max_age=6000");
    assert_false(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    call = get(&browser, AUTHORIZE "&scope=openid&max_age=0");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    call = get(&browser, AUTHORIZE "&prompt=create");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/signup?state=")));
    browser = (struct browser){0};
    call = get(&browser, AUTHORIZE "&screen_hint=reset");
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/reset-password/request?")));
}

static void the_answer_comes_in_the_mode_that_was_asked(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    call = authorize(&browser, AUTHORIZE "&scope=openid&response_mode=fragment");
    assert_true(dw_slice_starts_with(header(call, "Location"), S(CALLBACK "#code=")));
    call = authorize(&browser, AUTHORIZE "&scope=openid&response_mode=form_post");
    assert_status(call, 200);
    assert_has(call->answer, "<form method=\"post\" action=\"" CALLBACK "\">");
    assert_has(call->answer, "name=\"code\"");
    assert_has(call->answer, "name=\"state\" value=\"s1\"");
    assert_has(header(call, "Content-Security-Policy"),
               "form-action 'self' http://127.0.0.1:7777;");
    assert_has(header(call, "Content-Security-Policy"), "script-src 'sha256-");
    assert_has(call->answer, "<script>document.forms[0].submit();</script>");
    call = get(&browser, AUTHORIZE "&response_type=token");
    assert_status(call, 400); /* twice */
    call = get(&browser, "/authorize?client_id=doorward-dev&redirect_uri=" CALLBACK_ENCODED
                         "&response_type=token%20id_token");
    assert_has(header(call, "Location"), CALLBACK "#error=unsupported_response_type");
}

static void set_web_origins(struct dw_slices origins)
{
    struct dw_error error = {0};
    struct dw_oauth_client *client;

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    client->web_origins = origins;
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static void a_message_goes_to_one_origin_in_its_own_frame(void **state)
{
    static const struct dw_slice origin = {"http://127.0.0.1:7777", 21};
    struct browser browser = {0};
    struct dw_tenant_call *call;
    struct dw_slice policy;

    (void)state;
    call = get(&browser, AUTHORIZE "&response_mode=web_message&prompt=none");
    assert_status(call, 400);
    assert_has(call->answer, "does not have a registered origin");
    assert_int_equal(header(call, "Location").len, 0);
    set_web_origins((struct dw_slices){&origin, 1});

    call = get(&browser, AUTHORIZE "&response_mode=web_message&prompt=none");
    assert_status(call, 200);
    assert_has(call->answer, "data-name=\"error\" data-value=\"login_required\"");
    assert_has(call->answer, "data-name=\"state\" data-value=\"s1\"");
    assert_has(call->answer, " data-origin=\"http://127.0.0.1:7777\">");
    policy = header(call, "Content-Security-Policy");
    assert_has(policy, "frame-ancestors http://127.0.0.1:7777;");
    assert_has(policy, "form-action 'none'");
    assert_has(policy, "script-src 'sha256-");
    assert_int_equal(header(call, "X-Frame-Options").len, 0);

    call = authorize(&browser, AUTHORIZE "&response_mode=web_message&scope=openid");
    assert_status(call, 200);
    assert_has(call->answer, "data-name=\"code\"");
    /* an error page of the same request is for no frame */
    call = get(&browser, "/authorize?client_id=nobody&response_mode=web_message");
    assert_has(header(call, "Content-Security-Policy"), "frame-ancestors 'none'");
    assert_slice(header(call, "X-Frame-Options"), "DENY");
    set_web_origins((struct dw_slices){0});
}

static void a_request_may_come_as_a_form(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = post(&browser, "/authorize", AUTHORIZE + strlen("/authorize?"));

    (void)state;
    assert_status(call, 303);
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login?state=")));
    assert_status(log_in(&browser, state_of(call), ADA_PASSWORD), 303);
}

static void a_visit_does_not_wait_for_ever(void **state)
{
    struct browser browser = {0};
    const char *visit = state_of(get(&browser, AUTHORIZE));
    struct dw_tenant_call *call;

    (void)state;
    world_now_s += 1801;
    call = log_in(&browser, visit, ADA_PASSWORD);
    assert_status(call, 400);
    assert_has(call->answer, "Start again from the application");
}

static void an_address_starts_only_so_many_visits(void **state)
{
    struct browser browser = {.address = "192.0.2.99"};
    int64_t limit = world.tenant->visits_per_hour;
    struct dw_tenant_call *call;

    (void)state;
    world.tenant->visits_per_hour = 2;
    assert_true(state_of(get(&browser, AUTHORIZE))[0] != '\0');
    assert_true(state_of(get(&browser, AUTHORIZE))[0] != '\0');
    call = get(&browser, AUTHORIZE);
    world.tenant->visits_per_hour = limit;
    assert_slice(location_value(call, "error"), "temporarily_unavailable");
    assert_slice(location_value(call, "state"), "s1");
}

/* ---- browsers ---- */
/* For who runs it on this machine; never with what a stranger sent in it. */
static void an_error_page_says_what_to_change(void **state)
{
    static const char *const cases[][2] = {
        {"/authorize?response_type=code&client_id=%24(evil)", "doorward tenant client list<"},
        {"/authorize?response_type=code&client_id=" DW_TENANT_DEV_CLIENT
         "&redirect_uri=https%3A%2F%2Fevil.example%2F%27%3B",
         "doorward tenant client update --id CLIENT --set &#39;callbacks="},
        {"/v2/logout?returnTo=https%3A%2F%2Fevil.example",
         "doorward tenant client update --id CLIENT --set &#39;allowed_logout_urls="},
    };
    struct browser browser = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_has(get(&browser, cases[i][0])->answer, cases[i][1]);
}

static void a_visit_belongs_to_the_browser_it_began_in(void **state)
{
    struct browser browser = {0}, stranger = {0}, stranger_with_cookie = {0};
    const char *visit = state_of(get(&browser, AUTHORIZE));

    (void)state;
    (void)get(&stranger_with_cookie, AUTHORIZE);
    assert_status(log_in(&stranger, visit, ADA_PASSWORD), 400);
    assert_status(log_in(&stranger_with_cookie, visit, ADA_PASSWORD), 400);
    assert_status(log_in(&browser, "", ADA_PASSWORD), 400);
    assert_status(log_in(&browser, "AAAA", ADA_PASSWORD), 400);
    assert_status(decide(&stranger_with_cookie, visit, "accept"), 400);
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 303);
}

static void forms_of_other_sites_are_refused(void **state)
{
    struct browser browser = {0};
    const char *visit = state_of(get(&browser, AUTHORIZE));

    (void)state;
    browser.site = "cross-site";
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 403);
    browser.site = "same-site";
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 403);
    browser.site = "same-origin";
    assert_status(ask(&browser, DW_HTTP_POST, "/u/login", "text/plain", "state=x"), 415);
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 303);
}

static void consent_needs_the_login_of_its_visit(void **state)
{
    struct browser browser = {0};
    const char *visit = state_of(get(&browser, AUTHORIZE "&prompt=consent"));
    struct dw_tenant_call *call = decide(&browser, visit, "accept");

    (void)state;
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
    call = get(&browser, text_of(dw_arena_printf(world.arena, "/u/consent?state=%s", visit)));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("/u/login")));
}

static void a_login_changes_the_session_cookie(void **state)
{
    struct browser browser = {0};
    char before[sizeof browser.cookies];
    struct dw_tenant_call *call;

    (void)state;
    (void)authorize(&browser, AUTHORIZE "&scope=openid");
    memcpy(before, browser.cookies, sizeof before);
    call = get(&browser, AUTHORIZE "&prompt=login");
    (void)log_in(&browser, state_of(call), ADA_PASSWORD);
    assert_memory_not_equal(before, browser.cookies, sizeof before);
    /* and the old one is worth nothing */
    memcpy(browser.cookies, before, sizeof before);
    call = get(&browser, AUTHORIZE "&scope=openid&prompt=none");
    assert_slice(location_value(call, "error"), "login_required");
}

static void cookies_are_for_us_alone(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = get(&browser, AUTHORIZE);
    struct dw_slice cookie = header(call, "Set-Cookie");

    (void)state;
    assert_has(cookie, "HttpOnly");
    assert_has(cookie, "SameSite=Lax");
    assert_has(cookie, "Path=/");
    assert_has_not(cookie, "Domain");
    world.tenant->is_https = true;
    memset(&browser, 0, sizeof browser);
    cookie = header(get(&browser, AUTHORIZE), "Set-Cookie");
    world.tenant->is_https = false;
    assert_true(dw_slice_starts_with(cookie, S("__Host-doorward_browser=")));
    assert_has(cookie, "Secure");
}

/* ---- passwords ---- */
static void wrong_passwords_and_unknown_users_look_the_same(void **state)
{
    struct browser browser = {.address = "192.0.2.50"};
    const char *visit = state_of(get(&browser, AUTHORIZE));
    struct dw_tenant_call *wrong = log_in(&browser, visit, "not it");
    struct dw_tenant_call *nobody =
        post(&browser, "/u/login",
             text_of(dw_arena_printf(
                 world.arena, "state=%s&username=ada%%40nowhere.org&password=not%%20it", visit)));

    (void)state;
    assert_status(wrong, 400);
    assert_status(nobody, 400);
    assert_has(wrong->answer, "role=\"alert\"");
    assert_has(wrong->answer, "Wrong email or password.");
    assert_has(nobody->answer, "Wrong email or password.");
    assert_has(wrong->answer, "value=\"" ADA "\"");
    assert_has_not(wrong->answer, "not it");
}

static void guessing_is_stopped_and_time_heals(void **state)
{
    struct browser browser = {.address = "192.0.2.51"};
    const char *visit = state_of(get(&browser, AUTHORIZE));

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_status(log_in(&browser, visit, "guess"), 400);
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 429);
    assert_status(post(&browser, "/u/login",
                       text_of(dw_arena_printf(world.arena,
                                               "state=%s&username=ADA@example.com"
                                               "&password=guess",
                                               visit))),
                  429);
    browser.address = "192.0.2.52"; /* somebody else is not locked out */
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 303);
    browser.address = "192.0.2.51";
    world_now_s += 30 * 86400 + 1;
    visit = state_of(get(&browser, AUTHORIZE "&prompt=login"));
    assert_status(log_in(&browser, visit, ADA_PASSWORD), 303);
}

/* ---- text of strangers ---- */
static void nothing_a_stranger_says_becomes_html(void **state)
{
    struct browser browser = {.address = "192.0.2.60"};
    struct dw_oauth_client client;
    struct dw_error error = {0};
    struct dw_slice uri = S("http://127.0.0.1/cb"), grant = S("authorization_code");
    struct dw_tenant_call *call;

    (void)state;
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S("hostile");
    client.name = S("\"><script>alert(1)</script>{{state}}<img src=x onerror=alert(2)>");
    client.kind = DW_CLIENT_DCR;
    client.is_first_party = false;
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.redirect_uris = (struct dw_slices){&uri, 1};
    client.grant_types = (struct dw_slices){&grant, 1};
    assert_done(dw_store_add_client(world.tenant->store, &client, &error), error);
    call = get(&browser,
               "/authorize?response_type=code&client_id=hostile&code_challenge=" CHALLENGE
               "&code_challenge_method=S256&scope=openid%20%3Cb%3E"
               "&login_hint=%22%3E%3Cscript%3E&audience=https%3A%2F%2Fmcp.example.com%2Fmcp");
    for (int step = 0; step < 2; step++) {
        struct dw_tenant_call *page = follow(&browser, call);

        assert_status(page, 200);
        assert_has_not(page->answer, "<script");
        assert_has_not(page->answer, "<img");
        assert_has_not(page->answer, "<b>");
        assert_has(page->answer, "&lt;script&gt;");
        if (step == 0)
            call = log_in(&browser, state_of(call), ADA_PASSWORD);
    }
    call = get(&browser, "/authorize?client_id=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert_has_not(call->answer, "<script");
    call = get(&browser, AUTHORIZE "&state=%3Cscript%3E%0d%0aX:y");
    assert_has_not(header(call, "Location"), "\r");
}

/* ---- logout ---- */
static void logout_ends_the_session_and_goes_nowhere_else(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call;

    (void)state;
    (void)authorize(&browser, AUTHORIZE "&scope=openid");
    call = get(&browser, "/v2/logout?returnTo=https%3A%2F%2Fevil.example");
    assert_status(call, 400);
    assert_int_equal(header(call, "Location").len, 0);
    call = get(&browser, "/v2/logout");
    assert_status(call, 200);
    assert_has(call->answer, "You are signed out");
    call = get(&browser, AUTHORIZE "&scope=openid&prompt=none");
    assert_slice(location_value(call, "error"), "login_required");
}

/* Else anybody could have a token that says he belongs to it. */
static void nobody_gets_into_an_organization_by_asking(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = authorize(&browser, AUTHORIZE "&organization=org_acme");

    (void)state;
    assert_slice(location_value(call, "error"), "invalid_request");
    assert_slice(location_value(call, "error_description"),
                 "parameter organization is not allowed for this client");
    assert_int_equal(location_value(call, "code").len, 0);
    call = redeem(code_for(AUTHORIZE "&organization="));
    assert_status(call, 200);
    assert_null(dw_json_get(claims_of(call, "access_token"), "org_id"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_clients_and_redirect_uris_get_a_page),
        cmocka_unit_test(every_page_forbids_frames_scripts_and_caches),
        cmocka_unit_test(errors_go_back_with_state_and_iss),
        cmocka_unit_test(a_login_and_a_yes_give_a_code),
        cmocka_unit_test(a_no_is_heard_by_the_client),
        cmocka_unit_test(a_visit_gives_one_code),
        cmocka_unit_test(what_is_granted_is_what_was_shown),
        cmocka_unit_test(consent_is_remembered_but_not_for_other_sites),
        cmocka_unit_test(a_code_goes_to_this_computer_only_after_a_page),
        cmocka_unit_test(prompt_login_and_max_age_ask_again),
        cmocka_unit_test(the_answer_comes_in_the_mode_that_was_asked),
        cmocka_unit_test(a_message_goes_to_one_origin_in_its_own_frame),
        cmocka_unit_test(a_request_may_come_as_a_form),
        cmocka_unit_test(a_visit_does_not_wait_for_ever),
        cmocka_unit_test(an_address_starts_only_so_many_visits),
        cmocka_unit_test(an_error_page_says_what_to_change),
        cmocka_unit_test(a_visit_belongs_to_the_browser_it_began_in),
        cmocka_unit_test(forms_of_other_sites_are_refused),
        cmocka_unit_test(consent_needs_the_login_of_its_visit),
        cmocka_unit_test(a_login_changes_the_session_cookie),
        cmocka_unit_test(cookies_are_for_us_alone),
        cmocka_unit_test(wrong_passwords_and_unknown_users_look_the_same),
        cmocka_unit_test(guessing_is_stopped_and_time_heals),
        cmocka_unit_test(nothing_a_stranger_says_becomes_html),
        cmocka_unit_test(logout_ends_the_session_and_goes_nowhere_else),
        cmocka_unit_test(nobody_gets_into_an_organization_by_asking),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
