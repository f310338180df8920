/* Where the tenant sends browsers: one table of tricks, against /authorize and both logouts.
 * Nothing in it may become a Location. */
#include "fixture.h"

/* Registered: what is in registered[] below; the application is ours, and no native one (so no
 * other loopback port). */
static const char *const tricks[] = {
    /* not what is registered */
    "https://app.example/cb/",
    "https://app.example/CB",
    "https://app.example/cb2",
    "https://app.example/c",
    "https://app.example/",
    "https://app.example",
    "https://APP.example/cb",
    "HTTPS://app.example/cb",
    "http://app.example/cb",
    "https://app.example:443/cb",
    "https://app.example:444/cb",
    "https://app.example./cb",
    "https://app.example../cb",
    "https://www.app.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.exampleevil/cb",
    "https://evil.example/cb",
    "https://evil.example/https://app.example/cb",
    "https://evil.example?https://app.example/cb",
    "https://evil.example#https://app.example/cb",
    /* parts of a URL that say another host */
    "https://app.example@evil.example/cb",
    "https://app.example:x@evil.example/cb",
    "https://user@app.example/cb",
    "https://app.example%40evil.example/cb",
    "https://evil.example%23@app.example/cb",
    "https://app.example\\@evil.example/cb",
    "https://evil.example\\@app.example/cb",
    "https:\\\\app.example\\cb",
    "https:/app.example/cb",
    "https:app.example/cb",
    "//app.example/cb",
    "///evil.example/cb",
    "/\\evil.example",
    "/cb",
    "cb",
    "https:///app.example/cb",
    "https:////evil.example/cb",
    /* paths */
    "https://app.example/cb/../evil",
    "https://app.example/evil/../cb",
    "https://app.example/./cb",
    "https://app.example/cb/.",
    "https://app.example/cb/%2e%2e/evil",
    "https://app.example/%63b",
    "https://app.example/cb%2f",
    "https://app.example/cb%2f..%2fevil",
    "https://app.example/cb%5c",
    "https://app.example//cb",
    "https://app.example/cb;x",
    "https://app.example/cb%00",
    "https://app.example/cb%0d%0aSet-Cookie:x=1",
    /* query and fragment */
    "https://app.example/cb?",
    "https://app.example/cb?x=2",
    "https://app.example/cb?x=1&y=2",
    "https://app.example/cb?code=stolen",
    "https://app.example/cb#",
    "https://app.example/cb#x",
    "https://app.example/cb?x=1#",
    /* white space and control characters */
    " https://app.example/cb",
    "https://app.example/cb ",
    "https://app.example/cb\t",
    "https://app.ex\tample/cb",
    "https://app.example/cb\r\nLocation: https://evil.example",
    "https://app.example/cb\x7f",
    "https://app.example/c\xc3\xa9",
    /* names that look alike */
    "https://app.ex\xd0\xb0mple/cb",
    "https://xn--app-8cd.example/cb",
    "https://\xef\xbd\x81pp.example/cb",
    "https://app\xe3\x80\x82"
    "example/cb",
    /* schemes */
    "javascript:alert(1)",
    "javascript://app.example/cb",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "blob:https://app.example/cb",
    "about:blank",
    "ftp://app.example/cb",
    "com.example.app:/cb2",
    "com.example.app://cb",
    "com.example.App:/cb",
    /* loopback: this application is no native one */
    "http://127.0.0.1:8080/cb",
    "http://localhost/cb",
    "http://[::1]/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://0x7f.0.0.1/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[::1%25eth0]/cb",
    /* the placeholder of a subdomain */
    "https://wild.example/cb",
    "https://.wild.example/cb",
    "https://a.b.wild.example/cb",
    "https://*.wild.example/cb",
    "https://a*.wild.example/cb",
    "http://a.wild.example/cb",
    "https://a.wild.example:8443/cb",
    "https://a.wild.example/cb2",
    "https://a.wild.example/cb?x=1",
    "https://a.wild.example.evil.example/cb",
    "https://evil.example/a.wild.example/cb",
    "https://evil.example?.wild.example/cb",
    "https://evil.example#.wild.example/cb",
    "https://evil.example%2f.wild.example/cb",
    "https://evil.example\\.wild.example/cb",
    "https://u@a.wild.example/cb",
    "https://a_b.wild.example/cb",
    "https://a%2eb.wild.example/cb",
};
#define TRICK_COUNT (sizeof tricks / sizeof *tricks)
_Static_assert(TRICK_COUNT >= 60, "");

static const struct dw_slice registered[] = {
    {"https://app.example/cb", 22},    {"https://app.example/cb?x=1", 26},
    {"https://*.wild.example/cb", 25}, {"http://127.0.0.1/cb", 19},
    {"com.example.app:/cb", 19},
};

static int start(void **state)
{
    static const struct dw_slice types[] = {{"authorization_code", 18}};
    struct dw_error error = {0};
    struct dw_oauth_client client;

    world_start(state);
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S("web");
    client.app_type = DW_APP_REGULAR_WEB;
    client.auth_method = DW_CLIENT_AUTH_POST;
    client.grant_types = (struct dw_slices){types, 1};
    client.redirect_uris = (struct dw_slices){registered, 5};
    client.allowed_logout_urls = (struct dw_slices){registered, 5};
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    client.id = S("other");
    client.is_first_party = false;
    client.security_mode = DW_SECURITY_PERMISSIVE;
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
    return 0;
}

static const char *encoded(const char *text)
{
    struct dw_buf buf = dw_buf_in(world.arena);

    for (; *text; text++)
        dw_buf_printf(&buf, "%%%02X", (unsigned char)*text);
    return text_of(dw_buf_view(&buf));
}

static struct dw_tenant_call *ask_authorize(const char *client, const char *uri, const char *more)
{
    struct browser browser = {0};

    return get(&browser, text_of(dw_arena_printf(world.arena,
                                                 "/authorize?response_type=code&client_id=%s"
                                                 "&redirect_uri=%s&code_challenge=" CHALLENGE
                                                 "&code_challenge_method=S256&state=s%s",
                                                 client, encoded(uri), more)));
}

static void assert_stays(const struct dw_tenant_call *call, const char *trick)
{
    if (call->status < 400 || header(call, "Location").len > 0)
        fail_msg("\"%s\" gave %d and Location %.*s", trick, call->status,
                 DW_PRINT(header(call, "Location")));
    assert_has_not(call->answer, "<script>alert");
}

static void no_trick_gets_a_redirect_from_authorize(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRICK_COUNT; i++) {
        assert_stays(ask_authorize("web", tricks[i], ""), tricks[i]);
        /* An error would be the quicker way out. */
        assert_stays(ask_authorize("web", tricks[i], "&prompt=none&scope=%22"), tricks[i]);
    }
}

static void no_trick_gets_a_redirect_from_a_logout(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRICK_COUNT; i++) {
        struct browser browser = {0};
        /* A logout's query and fragment are free where the allowed URL has none. */
        bool is_free = strncmp(tricks[i], "https://app.example/cb?", 23) == 0 ||
                       strncmp(tricks[i], "https://app.example/cb#", 23) == 0 ||
                       strncmp(tricks[i], "https://a.wild.example/cb?", 26) == 0;
        const char *uri = encoded(tricks[i]);

        if (is_free)
            continue;
        assert_stays(get(&browser, text_of(dw_arena_printf(
                                       world.arena, "/v2/logout?client_id=web&returnTo=%s", uri))),
                     tricks[i]);
        assert_stays(
            get(&browser, text_of(dw_arena_printf(world.arena, "/v2/logout?returnTo=%s", uri))),
            tricks[i]);
        assert_int_equal(
            header(get(&browser, text_of(dw_arena_printf(world.arena,
                                                         "/oidc/logout?client_id=web"
                                                         "&post_logout_redirect_uri=%s",
                                                         uri))),
                   "Location")
                .len,
            0);
    }
}

static void what_is_registered_works(void **state)
{
    static const char *const good[] = {"https://app.example/cb",    "https://app.example/cb?x=1",
                                       "https://a.wild.example/cb", "https://A-1.wild.example/cb",
                                       "http://127.0.0.1/cb",       "com.example.app:/cb"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_has(header(ask_authorize("web", good[i], ""), "Location"), "/u/login?state=");
    assert_has(header(ask_authorize("web", good[1], "&prompt=none"), "Location"),
               "https://app.example/cb?x=1&error=login_required");
    /* A third party has no placeholders, whatever its record says. */
    assert_stays(ask_authorize("other", "https://a.wild.example/cb", ""), "third party");
    assert_stays(ask_authorize("other", "https://*.wild.example/cb", ""), "third party");
}

/* RFC 9207: a client that talks to two issuers must see which of them answers, errors too. */
static void every_answer_says_who_gave_it(void **state)
{
    struct dw_tenant_call *call = ask_authorize("web", "https://app.example/cb", "&prompt=none");

    (void)state;
    assert_slice(location_value(call, "iss"), ISSUER);
    assert_slice(location_value(call, "state"), "s");
    assert_slice(location_value(get(&(struct browser){0}, AUTHORIZE "&prompt=none"), "iss"),
                 ISSUER);
    world_set("{\"authorization_response_iss_parameter_supported\":false}");
    call = ask_authorize("web", "https://app.example/cb", "&prompt=none");
    assert_int_equal(location_value(call, "iss").len, 0);
    world_set("{\"authorization_response_iss_parameter_supported\":null}");
}

/* RFC 9700 section 4.8.2: taking the challenge away, or adding a verifier, does not help. */
static void a_code_cannot_lose_its_challenge(void **state)
{
    struct browser nobody = {0};
    const char *code = code_for(AUTHORIZE);

    (void)state;
    assert_status(
        post(&nobody, "/oauth/token",
             text_of(dw_arena_printf(world.arena,
                                     "grant_type=authorization_code&client_id=" DW_TENANT_DEV_CLIENT
                                     "&code=%s&redirect_uri=" CALLBACK,
                                     code))),
        400);
    code = code_for(AUTHORIZE);
    assert_status(
        post(&nobody, "/oauth/token",
             text_of(dw_arena_printf(world.arena,
                                     "grant_type=authorization_code&client_id=" DW_TENANT_DEV_CLIENT
                                     "&code=%s&redirect_uri=" CALLBACK "&code_verifier=" CHALLENGE,
                                     code))),
        403);
}

static void a_code_is_for_the_redirect_uri_it_came_by(void **state)
{
    struct browser nobody = {0};
    const char *code = code_for(AUTHORIZE);

    (void)state;
    assert_status(
        post(&nobody, "/oauth/token",
             text_of(dw_arena_printf(world.arena,
                                     "grant_type=authorization_code&client_id=" DW_TENANT_DEV_CLIENT
                                     "&code=%s&code_verifier=" VERIFIER
                                     "&redirect_uri=http://127.0.0.1:7778/callback",
                                     code))),
        403);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(no_trick_gets_a_redirect_from_authorize),
        CASE(no_trick_gets_a_redirect_from_a_logout),
        CASE(what_is_registered_works),
        CASE(every_answer_says_who_gave_it),
        CASE(a_code_cannot_lose_its_challenge),
        CASE(a_code_is_for_the_redirect_uri_it_came_by),
    };

    return cmocka_run_group_tests_name("tenant/redirects", tests, start, world_stop);
}
