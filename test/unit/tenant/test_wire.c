/* What Auth0's clients meet on the wire besides tokens: media types, pictures, the texts they look
 * for. Each row was seen in a real exchange. */
#include "token_fixture.h"

#define JSON_UTF8 "application/json; charset=utf-8"

static void json_has_the_media_type_that_auth0_sends(void **state)
{
    static const struct {
        enum dw_http_method method;
        const char *path, *body, *content_type;
        int status;
    } cases[] = {
        {DW_HTTP_POST, "/oauth/token", "grant_type=x", "application/json", 400},
        {DW_HTTP_POST, "/oauth/token", MACHINE "&audience=" AUDIENCE, "application/json", 200},
        {DW_HTTP_POST, "/oauth/par", "", JSON_UTF8, 401},
        {DW_HTTP_POST, "/bc-authorize", "", JSON_UTF8, 401},
        {DW_HTTP_POST, "/mfa/challenge", "", JSON_UTF8, 400},
        {DW_HTTP_POST, "/passwordless/start", "", JSON_UTF8, 401},
        {DW_HTTP_GET, "/userinfo", NULL, JSON_UTF8, 401},
        {DW_HTTP_GET, "/.well-known/openid-configuration", NULL, JSON_UTF8, 200},
        {DW_HTTP_GET, "/.well-known/oauth-authorization-server", NULL, JSON_UTF8, 200},
        {DW_HTTP_GET, "/.well-known/jwks.json", NULL, JSON_UTF8, 200},
        {DW_HTTP_GET, "/nowhere", NULL, JSON_UTF8, 404},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct browser nobody = {0};
        struct dw_tenant_call *call =
            ask(&nobody, cases[i].method, cases[i].path, NULL, cases[i].body);

        print_message("%s\n", cases[i].path);
        assert_status(call, cases[i].status);
        assert_slice(header(call, "Content-Type"), cases[i].content_type);
    }
}

static void a_password_without_a_scope_is_good_for_all(void **state)
{
    static const char password[] =
        "grant_type=password&" DEV "&username=" ADA "&password=correct%20horse%20battery";
    struct dw_tenant_call *call = token(password);

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(json_of(call), "scope"), "openid profile email address phone");
    assert_slice(dw_json_text(claims_of(call, "id_token"), "email"), ADA);
    /* asked for by name, it is that alone */
    call = token(text_of(dw_arena_printf(world.arena, "%s&scope=openid", password)));
    assert_null(dw_json_get(json_of(call), "scope")); /* as asked for: not said again */
    assert_null(dw_json_get(claims_of(call, "id_token"), "email"));
    call = token(text_of(dw_arena_printf(world.arena, "%s&scope=openid%%20else", password)));
    assert_slice(dw_json_text(json_of(call), "scope"), "openid");
    call = token(text_of(dw_arena_printf(world.arena, "%s&scope=extra-scope", password)));
    assert_status(call, 200);
    assert_null(dw_json_get(json_of(call), "scope"));
    assert_null(dw_json_get(json_of(call), "id_token"));
}

static void everybody_has_a_picture(void **state)
{
    struct dw_tenant_call *call =
        token("grant_type=password&" DEV "&username=" ADA
              "&password=correct%20horse%20battery&scope=openid%20profile");
    struct browser nobody = {0};
    struct dw_slice url = dw_json_text(claims_of(call, "id_token"), "picture");

    (void)state;
    assert_slice(url, ISSUER "avatars/ad.svg");
    nobody.authorization =
        text_of(dw_arena_printf(world.arena, "Bearer %s", text_member(call, "access_token")));
    assert_true(dw_slice_eq(dw_json_text(json_of(get(&nobody, "/userinfo")), "picture"), url));
    call = get(&nobody, "/avatars/ad.svg");
    assert_status(call, 200);
    assert_slice(header(call, "Content-Type"), "image/svg+xml");
    assert_slice(header(call, "Content-Security-Policy"), "default-src 'none'");
    assert_has(call->answer, ">AD</text>");
    assert_status(get(&nobody, "/avatars/%3Cscript%3E.svg"), 404);
    assert_status(get(&nobody, "/avatars/abc.svg"), 404);
}

/* passport-auth0 asks so. Only there, only with one token, and only when there is no other. */
static void userinfo_takes_a_token_in_the_query(void **state)
{
    struct dw_tenant_call *call = token("grant_type=password" ADA_LOGS_IN "&audience=" AUDIENCE);
    const char *access = text_member(call, "access_token");
    struct browser nobody = {0};
    const char *url = text_of(dw_arena_printf(world.arena, "/userinfo?access_token=%s", access));
    const char *twice = text_of(dw_arena_printf(world.arena, "%s&access_token=%s", url, access));

    (void)state;
    call = get(&nobody, url);
    assert_status(call, 200);
    assert_slice(header(call, "Cache-Control"), "no-store");
    assert_status(get(&nobody, twice), 400);
    assert_status(get(&nobody, "/userinfo?access_token="), 401);
    assert_status(get(&nobody, "/userinfo?access_token=x"), 401);
    assert_status(get(&nobody, "/userinfo?x=y"), 401);
    assert_status(post(&nobody, url, ""), 400);
    nobody.authorization = text_of(dw_arena_printf(world.arena, "Bearer %s", access));
    assert_status(get(&nobody, url), 400); /* RFC 6750 section 2: one method */
    nobody.authorization = NULL;
    call =
        get(&nobody,
            text_of(dw_arena_printf(world.arena, "/mfa/authenticators?access_token=%s", access)));
    assert_status(call, 400);
}

/* auth0-python names that grant without a realm. */
static void a_realm_may_be_left_out(void **state)
{
    static const char body[] = "grant_type=http://auth0.com/oauth/grant-type/password-realm&" DEV
                               "&username=" ADA "&password=correct%20horse%20battery";

    (void)state;
    assert_status(token(body), 200);
    assert_status(token(text_of(dw_arena_printf(world.arena, "%s&realm=nowhere", body))), 400);
}

/* go-auth0 and auth0-python read when to come back. */
static void too_many_attempts_say_until_when(void **state)
{
    static const char body[] = "grant_type=password&" DEV "&username=bob%40example.com&password=no";
    struct dw_tenant_call *call = token(body);

    (void)state;
    for (int i = 0; i < 20 && call->status != 429; i++)
        call = token(body);
    assert_status(call, 429);
    assert_slice(header(call, "Retry-After"), "900");
    assert_slice(header(call, "X-RateLimit-Remaining"), "0");
    assert_true(dw_slice_eq(header(call, "X-RateLimit-Reset"),
                            dw_arena_printf(world.arena, "%lld", (long long)world_now_s + 900)));
}

/* What may wait for a server of the peer's choice never waits where everybody waits. */
static void calls_that_may_fetch_have_a_queue_of_their_own(void **state)
{
    static const struct {
        enum dw_http_method method;
        const char *path, *query, *body;
        enum dw_job_pool pool;
    } cases[] = {
        {DW_HTTP_GET, "/authorize", "client_id=tpc_1&state=a%20b", "", DW_POOL_STORE},
        {DW_HTTP_GET, "/authorize", "a=b&client_id=https%3A%2F%2Fa.example%2Fb", "", DW_POOL_FETCH},
        {DW_HTTP_GET, "/authorize", "client_id=%68ttps://a.example/b", "", DW_POOL_FETCH},
        {DW_HTTP_GET, "/authorize", "a=%20&client%5Fid=https://a.example/b", "", DW_POOL_FETCH},
        {DW_HTTP_POST, "/authorize", "", "client_id=https://a.example/b", DW_POOL_FETCH},
        {DW_HTTP_POST, "/oauth/token", "", "grant_type=refresh_token&a=%20", DW_POOL_STORE},
        {DW_HTTP_POST, "/oauth/token", "", "a=b&client_assertion=x", DW_POOL_FETCH},
        {DW_HTTP_POST, "/oauth/token", "", "a=b&client%5Fassertion=x", DW_POOL_FETCH},
        {DW_HTTP_POST, "/oauth/token", "", "{\"client\\u005fassertion\":\"x\"}", DW_POOL_FETCH},
        {DW_HTTP_POST, "/oauth/revoke", "", "client_assertion=x", DW_POOL_FETCH},
        {DW_HTTP_POST, "/oauth/token", "", "grant_type=password", DW_POOL_PASSWORD},
        {DW_HTTP_POST, "/u/login", "", "state=x", DW_POOL_PASSWORD},
        {DW_HTTP_GET, "/nowhere", "client_id=http", "", DW_POOL_STORE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call call = {.tenant = world.tenant,
                                      .method = cases[i].method,
                                      .path = S(cases[i].path),
                                      .query = S(cases[i].query),
                                      .body = S(cases[i].body)};

        if (dw_tenant_pool(&call) != cases[i].pool)
            fail_msg("%s?%s %s", cases[i].path, cases[i].query, cases[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_the_media_type_that_auth0_sends),
        cmocka_unit_test(a_password_without_a_scope_is_good_for_all),
        cmocka_unit_test(everybody_has_a_picture),
        cmocka_unit_test(userinfo_takes_a_token_in_the_query),
        cmocka_unit_test(a_realm_may_be_left_out),
        cmocka_unit_test(too_many_attempts_say_until_when),
        cmocka_unit_test(calls_that_may_fetch_have_a_queue_of_their_own),
    };

    return cmocka_run_group_tests(tests, token_world_start, world_stop);
}
