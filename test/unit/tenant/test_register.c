/* Clients nobody made by hand: dynamic registration and metadata documents; and what anybody may
 * read. */
#include "fixture.h"

#include "tenant/endpoints_internal.h"

static struct dw_tenant_call *register_client(const char *address, const char *json)
{
    struct browser nobody = {.address = address};

    return ask(&nobody, DW_HTTP_POST, "/oidc/register", "application/json", json);
}

static void a_client_registers_and_logs_somebody_in(void **state)
{
    struct browser browser = {0};
    struct dw_tenant_call *call = register_client(
        "198.51.100.1", "{\"client_name\":\"Claude Code\",\"redirect_uris\":"
                        "[\"http://127.0.0.1:1234/cb\"],\"resource\":\"ignored\","
                        "\"token_endpoint_auth_method\":\"none\","
                        "\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
                        "\"application_type\":\"native\"}");
    const char *id;

    (void)state;
    assert_status(call, 201);
    assert_slice(header(call, "Access-Control-Allow-Origin"), "*");
    id = text_of(dw_json_text(json_of(call), "client_id"));
    assert_true(strlen(id) > 20);
    assert_null(dw_json_get(json_of(call), "client_secret"));
    call = authorize(&browser,
                     text_of(dw_arena_printf(
                         world.arena,
                         "/authorize?response_type=code&client_id=%s&code_challenge=" CHALLENGE
                         "&code_challenge_method=S256&scope=openid%%20read:tools"
                         "&redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A9999%%2Fcb"
                         "&resource=https%%3A%%2F%%2Fmcp.example.com%%2Fmcp",
                         id)));
    assert_true(dw_slice_starts_with(header(call, "Location"), S("http://127.0.0.1:9999/cb?")));
    call = post(&browser, "/oauth/token",
                text_of(dw_arena_printf(
                    world.arena,
                    "grant_type=authorization_code&client_id=%s&code=%s&code_verifier=" VERIFIER
                    "&redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A9999%%2Fcb",
                    id, text_of(location_value(call, "code")))));
    assert_status(call, 200);
    assert_has(dw_json_text(claims_of(call, "access_token"), "scope"), "read:tools");
    assert_true(dw_json_text(json_of(call), "refresh_token").len > 0); /* MCP SEP-2207 */
}

static void bad_registrations_are_refused(void **state)
{
    static const struct {
        const char *json, *error;
    } cases[] = {
        {"{", "invalid"},
        {"[]", "invalid"},
        {"{\"client_name\":\"x\"}", "invalid"},
        {"{\"client_name\":\"x\",\"redirect_uris\":[]}", "invalid"},
        {"{\"client_name\":\"x\",\"redirect_uris\":[\"http://example.com/cb\"]}",
         "invalid_redirect_uri"},
        {"{\"client_name\":\"x\",\"redirect_uris\":[\"javascript:alert(1)\"]}",
         "invalid_redirect_uri"},
        {"{\"client_name\":\"x\",\"redirect_uris\":[\"https://a.example/cb#f\"]}",
         "invalid_redirect_uri"},
        {"{\"client_name\":\"x\",\"redirect_uris\":[\"https://u@a.example/cb\"]}",
         "invalid_redirect_uri"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_tenant_call *call = register_client("198.51.100.2", cases[i].json);

        assert_status(call, 400);
        assert_has(dw_json_text(json_of(call), "error"), cases[i].error);
    }
}

static void registration_keeps_to_the_patterns_and_scopes(void **state)
{
    struct dw_slice patterns[] = {S("claude"), S("cursor")};
    struct dw_slice allowed[] = {S("openid"), S("read:tools")};
    struct dw_tenant_call *call;

    (void)state;
    world.tenant->config.public_client_patterns = (struct dw_slices){patterns, 2};
    world.tenant->config.allowed_scopes = (struct dw_slices){allowed, 2};
    call = register_client("198.51.100.3",
                           "{\"client_name\":\"Claude Desktop\",\"redirect_uris\":"
                           "[\"https://claude.example/cb\"],\"scope\":\"openid admin\"}");
    assert_status(call, 201);
    assert_null(dw_json_get(json_of(call), "client_secret"));
    assert_has_not(call->answer, "admin");
    call = register_client("198.51.100.3",
                           "{\"client_name\":\"Other\",\"token_endpoint_auth_method\":\"none\","
                           "\"redirect_uris\":[\"https://other.example/cb\"]}");
    assert_status(call, 201);
    assert_true(dw_json_text(json_of(call), "client_secret").len >= 40);
    world.tenant->config.public_client_patterns = (struct dw_slices){0};
    world.tenant->config.allowed_scopes = (struct dw_slices){0};
}

static void registration_is_limited_and_can_be_off(void **state)
{
    static const char json[] = "{\"client_name\":\"x\",\"redirect_uris\":[\"https://a.example/\"]}";
    struct browser nobody = {0};

    (void)state;
    world.tenant->config.registrations_per_hour = 3;
    for (int i = 0; i < 3; i++)
        assert_status(register_client("198.51.100.4", json), 201);
    assert_status(register_client("198.51.100.4", json), 429);
    assert_status(register_client("198.51.100.5", json), 201);
    world.tenant->config.registrations_per_hour = 300;
    world.tenant->config.allow_registration = false;
    world_set("{}"); /* looks at the configuration again */
    assert_status(register_client("198.51.100.6", json), 404);
    assert_null(dw_json_get(json_of(get(&nobody, "/.well-known/openid-configuration")),
                            "registration_endpoint"));
    world.tenant->config.allow_registration = true;
    world_set("{}");
    assert_status(ask(&nobody, DW_HTTP_POST, "/oidc/register", "text/plain", json), 415);
}

/* ---- metadata documents: what must not even be fetched, and what the guard stops ---- */
static void foreign_documents_do_not_reach_inside(void **state)
{
    static const char *const ids[] = {
        "https%3A%2F%2F127.0.0.1%2Fclient.json",
        "https%3A%2F%2Flocalhost%2Fclient.json",
        "https%3A%2F%2F%5B%3A%3A1%5D%2Fclient.json",
        "https%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data",
        "https%3A%2F%2F10.0.0.1%2Fclient.json",
        "https%3A%2F%2F0x7f000001%2Fclient.json",
        "https%3A%2F%2Fa.example%2F..%2Fclient.json",
        "https%3A%2F%2Fuser%40a.example%2Fclient.json",
        "https%3A%2F%2Fa.example%2Fclient.json%23f",
        "http%3A%2F%2F127.0.0.1%2Fclient.json",
    };

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct browser browser = {0};
        struct dw_tenant_call *call =
            get(&browser,
                text_of(dw_arena_printf(world.arena,
                                        "/authorize?response_type=code&client_id=%s&redirect_uri="
                                        "http%%3A%%2F%%2F127.0.0.1%%2Fcb&code_challenge=" CHALLENGE
                                        "&code_challenge_method=S256",
                                        ids[i])));

        assert_true(call->status >= 400 && call->status < 500);
        assert_int_equal(header(call, "Location").len, 0);
    }
}

/* ---- what anybody may read ---- */
static void discovery_is_the_same_at_both_places(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *openid = get(&nobody, "/.well-known/openid-configuration");
    struct dw_tenant_call *oauth = get(&nobody, "/.well-known/oauth-authorization-server");
    struct dw_slices list;
    struct dw_error error = {0};
    bool flag = false;

    (void)state;
    assert_status(openid, 200);
    assert_true(dw_slice_eq(openid->answer, oauth->answer));
    assert_slice(dw_json_text(json_of(openid), "issuer"), ISSUER);
    assert_slice(dw_json_text(json_of(openid), "token_endpoint"), ISSUER "oauth/token");
    assert_slice(dw_json_text(json_of(openid), "registration_endpoint"), ISSUER "oidc/register");
    assert_done(dw_json_texts(json_of(openid), "code_challenge_methods_supported", world.arena,
                              &list, &error),
                error);
    assert_int_equal(list.count, 1);
    assert_slice(list.items[0], "S256");
    assert_true(
        dw_json_bool(json_of(openid), "authorization_response_iss_parameter_supported", &flag));
    assert_true(flag);
    assert_slice(header(openid, "Access-Control-Allow-Origin"), "*");
}

static void keys_are_published_with_certificate_and_tag(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call = get(&nobody, "/.well-known/jwks.json");
    const struct dw_json *key = &dw_json_get(json_of(call), "keys")->array.items[0];
    struct dw_http_field known = {S("If-None-Match"), header(call, "ETag")};
    struct dw_tenant_call again = *call;

    (void)state;
    assert_status(call, 200);
    assert_slice(dw_json_text(key, "kty"), "RSA");
    assert_slice(dw_json_text(key, "alg"), "RS256");
    assert_slice(dw_json_text(key, "use"), "sig");
    assert_true(dw_json_text(key, "x5t").len == 27);
    assert_non_null(dw_json_get(key, "x5c"));
    assert_null(dw_json_get(key, "d"));
    assert_has(header(call, "Cache-Control"), "max-age");
    again.fields = (struct dw_http_fields){&known, 1};
    again.out_count = 0;
    dw_tenant_serve(&again);
    assert_status(&again, 304);
}

static void wrong_methods_and_foreign_hosts_are_told(void **state)
{
    struct browser nobody = {0};
    struct dw_tenant_call *call = get(&nobody, "/oauth/token");

    (void)state;
    assert_status(call, 405);
    assert_has(header(call, "Allow"), "POST");
    assert_status(get(&nobody, "/healthz"), 200);
    call = get(&nobody, "/healthz");
    call->out_count = 0;
    call->is_loopback = true;
    call->authority = S("evil.example");
    dw_tenant_serve(call);
    assert_status(call, 421);
    call->out_count = 0;
    call->authority = S("localhost:8421");
    dw_tenant_serve(call);
    assert_status(call, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_registers_and_logs_somebody_in),
        cmocka_unit_test(bad_registrations_are_refused),
        cmocka_unit_test(registration_keeps_to_the_patterns_and_scopes),
        cmocka_unit_test(registration_is_limited_and_can_be_off),
        cmocka_unit_test(foreign_documents_do_not_reach_inside),
        cmocka_unit_test(discovery_is_the_same_at_both_places),
        cmocka_unit_test(keys_are_published_with_certificate_and_tag),
        cmocka_unit_test(wrong_methods_and_foreign_hosts_are_told),
    };

    return cmocka_run_group_tests(tests, world_start, world_stop);
}
