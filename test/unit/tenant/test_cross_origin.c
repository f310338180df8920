/* Whose scripts may call which endpoint and read its answer (tenant/cross_origin_internal.h). */
#include "token_fixture.h"

#define SPA "https://spa.example.com"
#define PREVIEW "https://pr-7.preview.example.com"
#define OTHER "https://other.example.com"
#define EVIL "https://evil.example"

static void add_app(const char *id, const char *callback, const char *web_origin,
                    const char *allowed_origin)
{
    struct dw_slice callbacks = S(callback), web = S(web_origin), allowed = S(allowed_origin);
    struct dw_error error = {0};
    struct dw_oauth_client client;

    dw_seed_client_defaults(world.tenant, &client);
    client.id = S(id);
    client.name = S(id);
    client.app_type = DW_APP_SPA;
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.redirect_uris = (struct dw_slices){&callbacks, callbacks.len > 0};
    client.web_origins = (struct dw_slices){&web, web.len > 0};
    client.allowed_origins = (struct dw_slices){&allowed, allowed.len > 0};
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
}

static int apps_start(void **state)
{
    int status = token_world_start(state);

    add_app("spa", SPA "/callback", "", "https://*.preview.example.com");
    /* again, and its origin twice */
    add_app("spa", SPA "/callback", SPA, "https://*.preview.example.com");
    add_app("local", "http://[::1]:5173/callback", "", "https://pr-*.local.example.com:8443");
    add_app("other", "https://app.example.com:8443/callback", OTHER, "");
    return status;
}

static struct dw_slice allowed_to(enum dw_http_method method, const char *path, const char *origin,
                                  const char *body)
{
    struct browser page = {.origin = origin};
    struct dw_tenant_call *call = ask(&page, method, path, NULL, body);

    assert_null(header(call, "Access-Control-Allow-Credentials").ptr);
    return header(call, "Access-Control-Allow-Origin");
}

#define assert_allowed(method, path, origin, body)                                                 \
    assert_slice(allowed_to(DW_HTTP_##method, path, origin, body), origin)
#define assert_not_allowed(method, path, origin, body)                                             \
    assert_null(allowed_to(DW_HTTP_##method, path, origin, body).ptr)

static const char *const for_applications[] = {
    "/oauth/token",          "/userinfo",
    "/oauth/revoke",         "/oauth/par",
    "/oauth/device/code",    "/passwordless/start",
    "/dbconnections/signup", "/dbconnections/change_password",
    "/mfa/challenge",        "/mfa/associate",
    "/mfa/authenticators",   "/mfa/authenticators/totp%7Cdev_a",
};

static void a_preflight_names_the_origin_of_an_application(void **state)
{
    static const char *const origins[] = {SPA, PREVIEW, OTHER, "https://app.example.com:8443"};
    static const char *const strangers[] = {EVIL,
                                            "null",
                                            "",
                                            "https://spa.example.com:8443",
                                            "http://spa.example.com",
                                            "https://spa.example.com.evil.example",
                                            "https://a.b.preview.example.com",
                                            "https://preview.example.com",
                                            "https://*.preview.example.com",
                                            "https://spa.example.com/",
                                            "https://app.example.com",
                                            "https://example.com",
                                            "*"};

    (void)state;
    for (size_t i = 0; i < sizeof for_applications / sizeof *for_applications; i++) {
        for (size_t k = 0; k < sizeof origins / sizeof *origins; k++)
            assert_allowed(OPTIONS, for_applications[i], origins[k], NULL);
        for (size_t k = 0; k < sizeof strangers / sizeof *strangers; k++)
            if (allowed_to(DW_HTTP_OPTIONS, for_applications[i], strangers[k], NULL).ptr)
                fail_msg("%s may call %s", strangers[k], for_applications[i]);
    }
}

/* auth0-js, auth0-spa-js and the MCP SDK send these and read those. */
static void a_preflight_lets_their_fields_through(void **state)
{
    static const char *const fields[] = {"authorization",        "content-type",
                                         "auth0-client",         "dpop",
                                         "mcp-protocol-version", "x-request-language"};
    static const char *const methods[] = {"GET", "POST", "DELETE"};
    struct browser page = {.origin = SPA};

    (void)state;
    for (size_t i = 0; i < sizeof for_applications / sizeof *for_applications; i++) {
        struct dw_tenant_call *call = ask(&page, DW_HTTP_OPTIONS, for_applications[i], NULL, NULL);

        assert_status(call, 204);
        assert_slice(header(call, "Vary"), "Origin");
        assert_has(header(call, "Access-Control-Expose-Headers"), "DPoP-Nonce");
        assert_has(header(call, "Access-Control-Expose-Headers"), "WWW-Authenticate");
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            assert_has(header(call, "Access-Control-Allow-Headers"), fields[k]);
        for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
            assert_has(header(call, "Access-Control-Allow-Methods"), methods[k]);
    }
}

static void an_answer_is_for_the_origins_of_its_application(void **state)
{
    struct dw_tenant_call *call = token("grant_type=password" ADA_LOGS_IN);
    struct browser page = {.origin = "http://127.0.0.1:7777"};

    (void)state;
    assert_allowed(POST, "/oauth/token", SPA, "grant_type=refresh_token&client_id=spa");
    assert_allowed(POST, "/oauth/token", PREVIEW,
                   "grant_type=refresh_token&client_id=spa&refresh_token=x");
    assert_allowed(POST, "/oauth/token", OTHER,
                   "grant_type=refresh_token&client_id=other&refresh_token=x");
    assert_not_allowed(POST, "/oauth/token", OTHER,
                       "grant_type=refresh_token&client_id=spa&refresh_token=x");
    assert_not_allowed(POST, "/oauth/revoke", OTHER, "client_id=spa&token=x");
    assert_allowed(POST, "/oauth/revoke", SPA, "client_id=spa&token=x");
    assert_not_allowed(POST, "/oauth/device/code", SPA, "client_id=other");
    assert_allowed(POST, "/oauth/par", SPA, "client_id=spa&response_type=code");
    /* Every port of loopback is for native applications (RFC 8252 section 7.3). */
    assert_allowed(POST, "/oauth/revoke", "http://[::1]:5173", "client_id=local&token=x");
    assert_not_allowed(POST, "/oauth/revoke", "http://[::1]:5174", "client_id=local&token=x");
    assert_allowed(POST, "/oauth/revoke", "http://localhost:5174", DEV "&token=x");
    assert_not_allowed(POST, "/oauth/revoke", "http://[::1]:5173", DEV "&token=x");
    assert_allowed(POST, "/oauth/revoke", "https://pr-7.local.example.com:8443",
                   "client_id=local&token=x");
    assert_not_allowed(POST, "/oauth/revoke", "https://x-7.local.example.com:8443",
                       "client_id=local&token=x");
    assert_not_allowed(POST, "/oauth/revoke", PREVIEW, "client_id=local&token=x");
    /* A page whose application is gone reads that it is. */
    assert_allowed(POST, "/oauth/token", SPA,
                   "grant_type=refresh_token&client_id=gone&refresh_token=x");
    assert_not_allowed(POST, "/oauth/token", EVIL,
                       "grant_type=refresh_token&client_id=gone&refresh_token=x");
    /* At /userinfo the token says whose answer it is. */
    page.authorization =
        text_of(dw_arena_printf(world.arena, "Bearer %s", text_member(call, "access_token")));
    call = get(&page, "/userinfo");
    assert_status(call, 200);
    assert_slice(header(call, "Access-Control-Allow-Origin"), page.origin);
    assert_slice(header(call, "Vary"), "Origin");
    page.origin = SPA;
    call = get(&page, "/userinfo");
    assert_status(call, 200);
    assert_null(header(call, "Access-Control-Allow-Origin").ptr);
    assert_allowed(GET, "/userinfo", SPA, NULL);
}

static void what_everybody_may_read_is_for_every_origin(void **state)
{
    static const char *const everybody[] = {"/.well-known/openid-configuration",
                                            "/.well-known/oauth-authorization-server",
                                            "/.well-known/jwks.json", "/oidc/register"};
    static const char *const nobody[] = {"/authorize",        "/u/login",   "/v2/logout",
                                         "/oidc/logout",      "/u/consent", "/bc-authorize",
                                         "/oauth/introspect", "/healthz",   "/"};

    (void)state;
    for (size_t i = 0; i < sizeof everybody / sizeof *everybody; i++) {
        assert_slice(allowed_to(DW_HTTP_OPTIONS, everybody[i], EVIL, NULL), "*");
        assert_slice(allowed_to(DW_HTTP_GET, everybody[i], EVIL, NULL), "*");
        assert_slice(allowed_to(DW_HTTP_GET, everybody[i], NULL, NULL), "*");
    }
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        assert_not_allowed(OPTIONS, nobody[i], SPA, NULL);
        assert_not_allowed(GET, nobody[i], SPA, NULL);
        assert_not_allowed(POST, nobody[i], SPA, "");
    }
}

/* MCP clients in browsers, as the Inspector, register themselves. */
static void a_page_that_registers_may_call(void **state)
{
    static const char registration[] =
        "{\"client_name\":\"Inspector\",\"redirect_uris\":[\"http://[::1]:6274/oauth/"
        "callback\"],\"token_endpoint_auth_method\":\"none\"}";
    struct browser page = {.origin = "http://[::1]:6274"};
    struct dw_tenant_call *call;
    const char *body;

    (void)state;
    assert_not_allowed(OPTIONS, "/oauth/token", "http://[::1]:6274", NULL);
    call = ask(&page, DW_HTTP_POST, "/oidc/register", "application/json", registration);
    assert_status(call, 201);
    assert_allowed(OPTIONS, "/oauth/token", "http://[::1]:6274", NULL);
    /* RFC 8252 section 7.3: another port is the same application. Another host is not. */
    assert_allowed(OPTIONS, "/oauth/token", "http://[::1]:6275", NULL);
    assert_not_allowed(OPTIONS, "/oauth/token", "https://[::1]:6274", NULL);
    assert_not_allowed(OPTIONS, "/oauth/token", "http://[::2]:6274", NULL);
    body = text_of(dw_arena_printf(world.arena, "grant_type=authorization_code&code=x&client_id=%s",
                                   text_member(call, "client_id")));
    assert_allowed(POST, "/oauth/token", "http://[::1]:6274", body);
    assert_allowed(POST, "/oauth/token", "http://[::1]:6275", body);
    assert_not_allowed(POST, "/oauth/token", SPA, body);
}

static void an_origin_goes_with_its_application(void **state)
{
    struct dw_error error = {0};

    (void)state;
    add_app("third", "", "https://one.example.com", "");
    assert_allowed(OPTIONS, "/userinfo", "https://one.example.com", NULL);
    add_app("third", "", "", "https://Two.example.com:443");
    assert_not_allowed(OPTIONS, "/userinfo", "https://one.example.com", NULL);
    assert_allowed(OPTIONS, "/userinfo", "https://two.example.com", NULL);
    assert_done(dw_store_delete_client(world.tenant->store, S("third"), world_now_s, &error),
                error);
    assert_not_allowed(OPTIONS, "/userinfo", "https://two.example.com", NULL);
}

static void two_origins_are_none(void **state)
{
    struct dw_http_field twice[] = {{S("Origin"), S(SPA)}, {S("Origin"), S(SPA)}};
    struct browser page = {.origin = SPA};
    struct dw_tenant_call again = *ask(&page, DW_HTTP_OPTIONS, "/oauth/token", NULL, NULL);

    (void)state;
    again.fields = (struct dw_http_fields){twice, 2};
    again.out_count = 0;
    dw_tenant_serve(&again);
    assert_status(&again, 204);
    assert_null(header(&again, "Access-Control-Allow-Origin").ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preflight_names_the_origin_of_an_application),
        cmocka_unit_test(a_preflight_lets_their_fields_through),
        cmocka_unit_test(an_answer_is_for_the_origins_of_its_application),
        cmocka_unit_test(what_everybody_may_read_is_for_every_origin),
        cmocka_unit_test(a_page_that_registers_may_call),
        cmocka_unit_test(an_origin_goes_with_its_application),
        cmocka_unit_test(two_origins_are_none),
    };

    return cmocka_run_group_tests(tests, apps_start, world_stop);
}
