/* Login sessions and their end: cookies, fixation, forged forms, /v2/logout, /oidc/logout. */
#include "fixture.h"

#include "base/text.h"

#include "store/sessions.h"

#define BYE "https://app.example.com/bye"
#define BYE_ENCODED "https%3A%2F%2Fapp.example.com%2Fbye"

static void set_logout_urls(struct dw_slices urls)
{
    struct dw_error error = {0};
    struct dw_oauth_client *client;

    assert_done(
        dw_store_client(world.tenant->store, S(DW_TENANT_DEV_CLIENT), world.arena, &client, &error),
        error);
    client->allowed_logout_urls = urls;
    assert_done(dw_store_put_client(world.tenant->store, client, &error), error);
}

static int start(void **state)
{
    static const struct dw_slice urls[] = {{"https://*.example.com/bye", 25},
                                           {BYE, sizeof BYE - 1}};

    if (world_start(state) != 0)
        return -1;
    set_logout_urls((struct dw_slices){urls, 2});
    return 0;
}

static const char *cookie_of(const struct browser *browser, const char *name)
{
    for (int i = 0; i < 8; i++)
        if (strncmp(browser->cookies[i], name, strlen(name)) == 0)
            return browser->cookies[i];
    return "";
}

static struct dw_login_session *sessions_of_all(size_t *ret_count)
{
    struct dw_login_session *sessions = NULL;
    struct dw_error error = {0};

    assert_done(dw_store_sessions(world.tenant->store, DW_EMPTY, world_now_s, (struct dw_page){0},
                                  world.arena, &sessions, ret_count, NULL, &error),
                error);
    return sessions;
}

static bool is_signed_in(struct browser *browser)
{
    struct dw_tenant_call *call = get(browser, AUTHORIZE "&scope=openid&prompt=none");

    return !dw_slice_eq(location_value(call, "error"), S("login_required"));
}

/* Signs in; the answer of the token endpoint with the ID token. */
static struct dw_tenant_call *sign_in(struct browser *browser)
{
    struct dw_tenant_call *call = authorize(browser, AUTHORIZE "&scope=openid");

    call = redeem(text_of(location_value(call, "code")));
    assert_status(call, 200);
    return call;
}

/* ---- cookies ---- */
static void a_login_changes_the_cookie_and_ends_the_old_session(void **state)
{
    struct browser browser = {0}, thief;
    char first[160];

    (void)state;
    (void)sign_in(&browser);
    snprintf(first, sizeof first, "%s", cookie_of(&browser, "doorward_session="));
    assert_true(strlen(first) > 43);
    thief = browser;
    (void)authorize(&browser, AUTHORIZE "&scope=openid&prompt=login");
    assert_string_not_equal(cookie_of(&browser, "doorward_session="), first);
    assert_true(is_signed_in(&browser));
    assert_false(is_signed_in(&thief));
}

static void a_planted_session_cookie_does_not_become_a_login(void **state)
{
    static const char planted[] = "doorward_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct browser browser = {0}, thief = {0};

    (void)state;
    snprintf(browser.cookies[0], sizeof browser.cookies[0], "%s", planted);
    snprintf(thief.cookies[0], sizeof thief.cookies[0], "%s", planted);
    (void)sign_in(&browser);
    assert_string_not_equal(cookie_of(&browser, "doorward_session="), planted);
    assert_false(is_signed_in(&thief));
}

/* Login CSRF: a visit that an attacker began cannot be finished in somebody else's browser, and
 * knowing the address of a visit is not enough to take part in it. */
static void a_visit_stays_in_its_browser(void **state)
{
    struct browser attacker = {0}, victim = {0};
    struct dw_tenant_call *call = get(&attacker, AUTHORIZE "&scope=openid");
    const char *visit = state_of(call);

    (void)state;
    assert_status(log_in(&victim, visit, ADA_PASSWORD), 400);
    assert_false(is_signed_in(&victim));
    (void)get(&victim, AUTHORIZE); /* now it has a browser cookie, but another one */
    assert_status(log_in(&victim, visit, ADA_PASSWORD), 400);
    assert_status(get(&victim, text_of(dw_arena_printf(world.arena, "/u/login?state=%s", visit))),
                  400);
    assert_false(is_signed_in(&victim));
    call = log_in(&attacker, visit, ADA_PASSWORD);
    assert_status(call, 303);
}

static void forms_of_other_sites_are_refused(void **state)
{
    static const char *const sites[] = {"cross-site", "same-site"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call = get(&browser, AUTHORIZE "&scope=openid");
        const char *visit = state_of(call);

        browser.site = sites[i];
        assert_status(log_in(&browser, visit, ADA_PASSWORD), 403);
        browser.site = "same-origin";
        assert_status(log_in(&browser, visit, ADA_PASSWORD), 303);
    }
}

static void a_session_ends_by_idleness_and_by_age(void **state)
{
    struct browser idle = {0}, busy = {0};
    int64_t began_s = world_now_s;

    (void)state;
    (void)sign_in(&idle);
    (void)sign_in(&busy);
    while (world_now_s < began_s + 7 * 86400 - 40000) {
        world_now_s += 40000;
        assert_true(is_signed_in(&busy));
    }
    assert_false(is_signed_in(&idle));
    world_now_s = began_s + 7 * 86400 + 1;
    assert_false(is_signed_in(&busy));
}

/* ---- listing and revoking ---- */
static void an_operator_ends_a_session_and_what_began_in_it(void **state)
{
    struct browser one = {0}, other = {0};
    struct dw_error error = {0};
    struct dw_login_session *sessions;
    struct dw_tenant_call *call;
    const char *token, *sid;
    size_t before, count;
    bool is_listed = false;

    (void)state;
    (void)sessions_of_all(&before);
    call = authorize(&one, AUTHORIZE "&scope=openid%20offline_access");
    call = redeem(text_of(location_value(call, "code")));
    token = text_of(dw_json_text(json_of(call), "refresh_token"));
    sid = text_of(dw_json_text(claims_of(call, "id_token"), "sid"));
    (void)sign_in(&other);
    sessions = sessions_of_all(&count);
    assert_int_equal(count, before + 2);
    for (size_t i = 0; i < count; i++)
        is_listed |= dw_slice_eq(sessions[i].id, S(sid));
    assert_true(is_listed);

    assert_done(dw_store_end_session(world.tenant->store, S(sid), true, world_now_s, &error),
                error);
    assert_false(is_signed_in(&one));
    assert_true(is_signed_in(&other));
    assert_status(refresh(token), 403);
    assert_fails(dw_store_end_session(world.tenant->store, S(sid), true, world_now_s, &error),
                 error, DW_NOT_FOUND);
}

static void ending_a_session_alone_keeps_its_refresh_tokens(void **state)
{
    struct browser browser = {0};
    struct dw_error error = {0};
    struct dw_tenant_call *call =
        authorize(&browser, AUTHORIZE "&scope=openid%20offline_access&prompt=login");

    (void)state;
    call = redeem(text_of(location_value(call, "code")));
    assert_done(dw_store_end_session(world.tenant->store,
                                     dw_json_text(claims_of(call, "id_token"), "sid"), false,
                                     world_now_s, &error),
                error);
    assert_false(is_signed_in(&browser));
    assert_status(refresh(text_of(dw_json_text(json_of(call), "refresh_token"))), 200);
}

static void a_session_cookie_may_end_with_the_browser(void **state)
{
    static const struct {
        const char *setting;
        bool has_max_age;
    } cases[] = {{"{\"session_cookie\":{\"mode\":\"non-persistent\"}}", false},
                 {"{\"session_cookie\":{\"mode\":\"persistent\"}}", true}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call;
        bool was_set = false;

        world_set(cases[i].setting);
        call = log_in(&browser, state_of(get(&browser, AUTHORIZE)), ADA_PASSWORD);
        for (size_t j = 0; j < call->out_count; j++)
            if (dw_slice_starts_with(call->out[j].value, S("doorward_session="))) {
                was_set = true;
                assert_int_equal(dw_slice_has(call->out[j].value, S("Max-Age=604800")),
                                 cases[i].has_max_age);
                assert_has(call->out[j].value, "; HttpOnly");
            }
        assert_true(was_set);
        assert_true(is_signed_in(&browser));
    }
}

/* Whoever kept the address of a page in between, or comes too late. */
static void who_comes_from_nowhere_goes_where_the_operator_says(void **state)
{
    struct browser browser = {0}, without_cookies = {0};
    struct dw_tenant_call *call;

    (void)state;
    (void)get(&browser, AUTHORIZE);
    assert_status(get(&browser, "/u/login"), 400);
    world_set("{\"default_redirection_uri\":\"https://app.example/start\"}");
    call = get(&browser, "/u/login?state=old");
    assert_status(call, 302);
    assert_slice(header(call, "Location"), "https://app.example/start");
    assert_status(get(&browser, "/u/login"), 302);
    assert_status(post(&browser, "/u/login", "state=old&username=a&password=b"), 400);
    assert_status(get(&without_cookies, "/u/login?state=old"), 400); /* or it would be a circle */
    assert_status(get(&browser, "/authorize"), 400);
    world_set("{\"default_redirection_uri\":\"javascript:alert(1)\"}");
    assert_status(get(&browser, "/u/login?state=old"), 400);
    world_set("{\"default_redirection_uri\":null,\"support_url\":\"javascript:alert(1)\","
              "\"support_email\":\"help@example.com\"}");
    call = get(&browser, "/u/login?state=old");
    assert_has_not(call->answer, "javascript:");
    assert_has(call->answer, "href=\"mailto:help@example.com\"");
    world_set("{\"support_url\":\"https://help.example/?a=1&b=2\"}");
    assert_has(get(&browser, "/u/login?state=old")->answer,
               "href=\"https://help.example/?a=1&amp;b=2\"");
    world_set("{\"support_url\":null,\"support_email\":null}");
}

/* ---- every form ---- */
static const char *const forms[] = {
    "/u/login",
    "/u/login/identifier",
    "/u/login/password",
    "/u/consent",
    "/u/passwordless",
    "/u/passwordless/code",
    "/u/passwordless/link",
    "/u/mfa",
    "/u/organization",
    "/u/organization/picker",
    "/u/signup",
    "/u/signup/code",
    "/u/reset-password/request",
    "/u/reset-password",
    "/u/email-verification",
    "/u/unblock",
    "/u/logout",
    "/u/device",
    "/u/ciba",
};
#define FORM_COUNT (sizeof forms / sizeof *forms)

/* What every form of ours has, as somebody would make it up. */
static const char *made_up(const char *state, const char *value)
{
    return text_of(dw_arena_printf(
        world.arena,
        "state=%s&username=%s&email=%s&password=%s&code=%s&token=%s&ticket=%s&confirm=%s"
        "&organization=%s&terms=%s&method=otp&action=accept",
        state, value, value, value, value, value, value, value, value, value));
}

static void assert_gives_nothing(const char *path, const struct dw_tenant_call *call)
{
    struct dw_slice location = header(call, "Location");

    if (call->status >= 500)
        fail_msg("%s: %d", path, call->status);
    if (dw_slice_starts_with(location, S("http")) && dw_slice_has(location, S("code=")))
        fail_msg("%s: %.*s", path, DW_PRINT(location));
    for (size_t i = 0; i < call->out_count; i++)
        if (dw_slice_has(call->out[i].value, S("doorward_session=")) &&
            !dw_slice_has(call->out[i].value, S("Max-Age=0")))
            fail_msg("%s: %.*s", path, DW_PRINT(call->out[i].value));
}

static void a_form_out_of_turn_gives_nothing(void **state)
{
    static const char *const values[] = {"x", "%22%3E%3Cscript%3E", "000000", "ada@example.com"};

    (void)state;
    for (size_t i = 0; i < FORM_COUNT; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            struct browser browser = {
                .address = text_of(dw_arena_printf(world.arena, "192.0.2.%zu", i + 10))};
            const char *visit = state_of(get(&browser, AUTHORIZE "&scope=openid"));

            assert_gives_nothing(forms[i], post(&browser, forms[i], made_up(visit, values[j])));
        }
}

static void a_form_of_another_browser_or_site_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORM_COUNT; i++) {
        struct browser mine = {0}, other = {0};
        const char *visit = state_of(get(&mine, AUTHORIZE "&scope=openid"));
        struct dw_tenant_call *call;

        (void)get(&other, AUTHORIZE "&scope=openid");
        call = post(&other, forms[i], made_up(visit, "x"));
        assert_gives_nothing(forms[i], call);
        assert_true(call->status >= 400 || dw_slice_eq(S(forms[i]), S("/u/logout")));
        mine.site = "cross-site";
        assert_status(post(&mine, forms[i], made_up(visit, "x")), 403);
        mine.site = "same-site";
        assert_status(post(&mine, forms[i], made_up(visit, "x")), 403);
    }
}

/* Bytes that are no UTF-8, a NUL, and more than anybody types. */
static void a_form_of_strange_bytes_breaks_nothing(void **state)
{
    char *much = dw_arena_alloc(world.arena, 60001);
    struct dw_buf accents = dw_buf_in(world.arena);

    (void)state;
    memset(much, 'a', 60000);
    much[60000] = '\0';
    for (size_t i = 0; i < 300; i++) /* cut anywhere, but not inside a character */
        dw_buf_printf(&accents, "%s%%C3%%A9", i == 0 ? "a" : "");
    for (size_t i = 0; i < FORM_COUNT; i++) {
        const char *const values[] = {"%FF%FE",
                                      "%00",
                                      "%ED%A0%80",
                                      "%C0%AF",
                                      "%0D%0ASet-Cookie:x",
                                      text_of(dw_buf_view(&accents)),
                                      much};

        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            struct browser browser = {
                .address = text_of(dw_arena_printf(world.arena, "192.0.3.%zu", i + 10))};
            const char *visit = state_of(get(&browser, AUTHORIZE "&scope=openid"));
            const char *body =
                j + 1 < sizeof values / sizeof *values
                    ? made_up(visit, values[j])
                    : text_of(dw_arena_printf(world.arena, "state=%s&username=%s", visit, much));
            struct dw_tenant_call *call = post(&browser, forms[i], body);

            assert_gives_nothing(forms[i], call);
            assert_true(dw_text_is_utf8(call->answer));
            assert_true(call->answer.len < 60000);
            assert_false(dw_slice_has(header(call, "Location"), S("\r")));
        }
    }
}

/* ---- logging out ---- */
static void auth0s_logout_goes_only_where_it_may(void **state)
{
    static const struct {
        const char *query;
        int status;
        const char *location;
    } cases[] = {
        {"?returnTo=https%3A%2F%2Fevil.example", 400, ""},
        {"?returnTo=" BYE_ENCODED, 400, ""}, /* the client's, not the tenant's */
        {"?client_id=nobody&returnTo=" BYE_ENCODED, 400, ""},
        {"?client_id=doorward-dev&returnTo=%2F%2Fevil.example", 400, ""},
        {"?client_id=doorward-dev&returnTo=javascript%3Aalert(1)", 400, ""},
        {"?client_id=doorward-dev&returnTo=" BYE_ENCODED "&returnTo=https%3A%2F%2Fevil.example",
         400, ""},
        {"?client_id=doorward-dev&returnTo=" BYE_ENCODED, 302, BYE},
        {"?client_id=doorward-dev&federated&returnTo=" BYE_ENCODED "%3Fa%3Db", 302, BYE "?a=b"},
        /* Without one: the application's first, as Auth0. */
        {"?client_id=doorward-dev", 302, BYE},
        {"?client_id=doorward-dev&federated", 302, BYE},
        {"?federated", 200, ""},
        {"", 200, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call;

        (void)sign_in(&browser);
        call = get(&browser, text_of(dw_arena_printf(world.arena, "/v2/logout%s", cases[i].query)));
        assert_status(call, cases[i].status);
        assert_slice(header(call, "Location"), cases[i].location);
        assert_int_equal(is_signed_in(&browser), cases[i].status == 400);
    }
}

static struct dw_tenant_call *oidc_logout(struct browser *browser, const char *query)
{
    return get(browser, text_of(dw_arena_printf(world.arena, "/oidc/logout?%s", query)));
}

static void an_id_token_or_a_session_id_logs_out_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call = sign_in(&browser);
        struct dw_slice id_token = dw_json_text(json_of(call), "id_token");
        struct dw_slice sid = dw_json_text(claims_of(call, "id_token"), "sid");
        struct dw_slice hint = i == 2 ? sid : id_token;

        if (i == 1)
            world_now_s += 40000; /* the ID token has expired; that is no harm */
        call = oidc_logout(&browser,
                           text_of(dw_arena_printf(world.arena,
                                                   "%s=%.*s&client_id=doorward-dev&state=s%%261"
                                                   "&post_logout_redirect_uri=%s",
                                                   i == 2 ? "logout_hint" : "id_token_hint",
                                                   DW_PRINT(hint), BYE_ENCODED)));
        assert_status(call, 302);
        assert_slice(header(call, "Location"), BYE "?state=s%261");
        assert_false(is_signed_in(&browser));
    }
}

static void bad_logout_requests_change_nothing(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = sign_in(&browser);
    struct dw_slice id_token = dw_json_text(json_of(call), "id_token");
    struct dw_slice access_token = dw_json_text(json_of(call), "access_token");
    struct dw_slice broken = dw_slice_sub(id_token, 0, id_token.len - 4);
    const char *const cases[] = {
        "client_id=doorward-dev&post_logout_redirect_uri=https%3A%2F%2Fevil.example",
        "client_id=nobody",
        "post_logout_redirect_uri=" BYE_ENCODED,
        "id_token_hint=nonsense",
        text_of(dw_arena_printf(world.arena, "id_token_hint=%.*sAAAA", DW_PRINT(broken))),
        text_of(dw_arena_printf(world.arena, "id_token_hint=%.*s", DW_PRINT(access_token))),
        text_of(
            dw_arena_printf(world.arena, "id_token_hint=%.*s&client_id=other", DW_PRINT(id_token))),
        text_of(dw_arena_printf(world.arena,
                                "id_token_hint=%.*s&post_logout_redirect_uri=https%%3A%%2F%%2Fe.x",
                                DW_PRINT(id_token))),
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        call = oidc_logout(&browser, cases[i]);
        assert_status(call, 400);
        assert_int_equal(header(call, "Location").len, 0);
        assert_true(is_signed_in(&browser));
    }
}

static void without_a_hint_the_person_is_asked(void **state)
{
    struct browser browser = {0}, nobody = {0};
    struct dw_tenant_call *call;
    const char *form, *form_without_state;

    (void)state;
    (void)sign_in(&browser);
    call = oidc_logout(&browser,
                       "client_id=doorward-dev&state=x&post_logout_redirect_uri=" BYE_ENCODED);
    assert_status(call, 200);
    assert_has(call->answer, "Sign out?");
    assert_has(call->answer, ADA);
    assert_has(header(call, "Content-Security-Policy"),
               "form-action 'self' https://app.example.com;");
    assert_true(is_signed_in(&browser));
    form = text_of(dw_arena_printf(
        world.arena, "client_id=doorward-dev&state=x&url=%s&token=%.*s&action=", BYE_ENCODED,
        DW_PRINT(hidden_value(call, "token"))));

    /* forged, or for another target: asked again */
    call = post(&browser, "/u/logout", "client_id=doorward-dev&url=" BYE_ENCODED "&action=accept");
    assert_status(call, 200);
    form_without_state = strstr(form, "&url=");
    call = post(&browser, "/u/logout",
                text_of(dw_arena_printf(world.arena, "client_id=doorward-dev&state=y%saccept",
                                        form_without_state)));
    assert_status(call, 200);
    assert_true(is_signed_in(&browser));
    call = post(&browser, "/u/logout", text_of(dw_arena_printf(world.arena, "%sstay", form)));
    assert_has(call->answer, "You are still signed in");
    assert_true(is_signed_in(&browser));

    call = post(&browser, "/u/logout", text_of(dw_arena_printf(world.arena, "%saccept", form)));
    assert_status(call, 303);
    assert_slice(header(call, "Location"), BYE "?state=x");
    assert_false(is_signed_in(&browser));
    /* nobody there: nothing to ask */
    call = oidc_logout(&nobody, "client_id=doorward-dev&post_logout_redirect_uri=" BYE_ENCODED);
    assert_status(call, 302);
    assert_slice(header(call, "Location"), BYE);
}

static void a_posted_logout_becomes_a_get(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call =
        post(&nobody, "/oidc/logout",
             "client_id=doorward-dev&state=a%0d%0aX:%20y&post_logout_redirect_uri=" BYE_ENCODED);

    (void)state;
    assert_status(call, 303);
    assert_slice(header(call, "Location"),
                 "/oidc/logout?client_id=doorward-dev&state=a%0D%0AX%3A%20y"
                 "&post_logout_redirect_uri=" BYE_ENCODED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_changes_the_cookie_and_ends_the_old_session),
        cmocka_unit_test(a_planted_session_cookie_does_not_become_a_login),
        cmocka_unit_test(a_visit_stays_in_its_browser),
        cmocka_unit_test(forms_of_other_sites_are_refused),
        cmocka_unit_test(an_operator_ends_a_session_and_what_began_in_it),
        cmocka_unit_test(ending_a_session_alone_keeps_its_refresh_tokens),
        cmocka_unit_test(a_form_out_of_turn_gives_nothing),
        cmocka_unit_test(a_form_of_another_browser_or_site_is_refused),
        cmocka_unit_test(a_form_of_strange_bytes_breaks_nothing),
        cmocka_unit_test(auth0s_logout_goes_only_where_it_may),
        cmocka_unit_test(who_comes_from_nowhere_goes_where_the_operator_says),
        cmocka_unit_test(a_session_cookie_may_end_with_the_browser),
        cmocka_unit_test(an_id_token_or_a_session_id_logs_out_at_once),
        cmocka_unit_test(bad_logout_requests_change_nothing),
        cmocka_unit_test(without_a_hint_the_person_is_asked),
        cmocka_unit_test(a_posted_logout_becomes_a_get),
        cmocka_unit_test(a_session_ends_by_idleness_and_by_age),
    };

    return cmocka_run_group_tests(tests, start, world_stop);
}
