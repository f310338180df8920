/* gateway/rules.h, address.h and origin.h: the configuration, and who may connect. */
#include "test.h"

#include "gateway/rules.h"
#include "guard/origin.h"

static void ranges_cover_what_they_say(void **state)
{
    static const struct {
        const char *range, *address;
        bool is_in;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.1.1", true},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"::1", "::1", true},
        {"::/0", "192.0.2.1", true},
        {"10.0.0.0/8", "unix", false},
        {"10.0.0.0/8", "", false},
        {"10.0.0.0/8", "10.0.0.1.", false},
    };
    static const char *const bad[] = {
        "",  "10.0.0.0/33", "10.0.0.1/8",  "10.0.0/8",   "::1/129",
        "a", "10.0.0.0/",   "10.0.0.0/-1", "10.0.0.0/x", "2001:db8::1/32"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_address_range range;
        struct dw_error error = {0};

        assert_done(dw_address_range_parse(S(cases[i].range), &range, &error), error);
        if (dw_address_is_in(S(cases[i].address), &range, 1) != cases[i].is_in)
            fail_msg("%s in %s", cases[i].address, cases[i].range);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dw_address_range range;
        struct dw_error error = {0};

        assert_fails(dw_address_range_parse(S(bad[i]), &range, &error), error, DW_CONFIG);
    }
}

static struct dw_gateway_config usual_config(void)
{
    struct dw_gateway_config config = {.size = sizeof config};

    config.listen = DW_LIT("127.0.0.1:8420");
    config.upstream = DW_LIT("http://127.0.0.1:3000/mcp");
    return config;
}

/* A list of one, for the rest of the program. */
static struct dw_slices one(const char *text)
{
    static struct dw_slice room[16];
    static size_t used;
    struct dw_slice *item = &room[used++];

    *item = S(text);
    return (struct dw_slices){item, 1};
}

static void a_wrong_configuration_says_what_is_wrong(void **state)
{
    struct {
        struct dw_gateway_config config;
        const char *message;
    } cases[12];
    size_t count = 0;

    (void)state;
#define CASE(text, ...)                                                                            \
    do {                                                                                           \
        struct dw_gateway_config config = usual_config();                                          \
        __VA_ARGS__;                                                                               \
        cases[count].config = config;                                                              \
        cases[count++].message = (text);                                                           \
    } while (0)
    CASE("the gateway needs an MCP server: set upstream, or command", config.upstream = DW_EMPTY);
    CASE("set either upstream or command, not both", config.command = one("npx"));
    CASE("tls_certificate and tls_key go together", config.tls_key = DW_LIT("key.pem"));
    CASE("public_url is needed when listen (\"0.0.0.0:80\") is not a loopback address",
         config.listen = DW_LIT("0.0.0.0:80"));
    CASE("public_url is needed when listen (\":8420\") is not a loopback address",
         config.listen = DW_LIT(":8420"));
    CASE("public_url must begin with https:// or http://",
         config.public_url = DW_LIT("ftp://example.com/mcp"));
    CASE("public_url must not have a user, a query or a fragment",
         config.public_url = DW_LIT("https://example.com/mcp?x"));
    CASE("public_url must not have . or .. in its path",
         config.public_url = DW_LIT("https://example.com/a/../mcp"));
    CASE("allowed_origins: \"app.example.com\" is not like https://app.example.com",
         config.allowed_origins = one("app.example.com"));
    CASE("allowed_hosts: \"a/b\" is not like mcp.example.com or [::1]:8443",
         config.allowed_hosts = one("a/b"));
    CASE("identity_headers: \"Authorization\" has another meaning already",
         config.identity_headers = one("Authorization=sub"));
    CASE("identity_headers: write \"x-user=CLAIM\", or one of x-doorward-sub, -client-id, -scope, "
         "-email, -org, -issuer",
         config.identity_headers = one("x-user"));
#undef CASE
    for (size_t i = 0; i < count; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
        struct dw_gateway_rules rules;
        struct dw_error error = {0};

        assert_fails(dw_gateway_rules_make(&cases[i].config, 8420, arena, &rules, &error), error,
                     DW_CONFIG);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void the_public_url_is_kept_byte_for_byte(void **state)
{
    static const struct {
        const char *listen, *url;
        const char *public_url, *origin, *path;
    } cases[] = {
        {"127.0.0.1:0", "", "http://127.0.0.1:4711/mcp", "http://127.0.0.1:4711", "/mcp"},
        {"[::1]:0", "", "http://[::1]:4711/mcp", "http://[::1]:4711", "/mcp"},
        {":1", "https://MCP.example.com:443/a/mcp", "https://MCP.example.com:443/a/mcp",
         "https://mcp.example.com", "/a/mcp"},
        {":1", "https://mcp.example.com", "https://mcp.example.com", "https://mcp.example.com",
         "/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
        struct dw_gateway_config config = usual_config();
        struct dw_gateway_rules rules;
        struct dw_error error = {0};

        config.listen = S(cases[i].listen);
        config.public_url = S(cases[i].url);
        assert_done(dw_gateway_rules_make(&config, 4711, arena, &rules, &error), error);
        assert_slice(rules.public_url, cases[i].public_url);
        assert_slice(rules.origin.public_origin, cases[i].origin);
        assert_slice(rules.path, cases[i].path);
    }
}

static struct dw_gateway_rules make_rules(struct dw_arena *arena)
{
    struct dw_gateway_config config = usual_config();
    struct dw_gateway_rules rules;
    struct dw_error error = {0};
    struct dw_slice *lists = dw_arena_new_array(arena, 4, sizeof *lists);

    lists[0] = DW_LIT("https://App.example.com");
    lists[1] = DW_LIT("inner.example.com:8443");
    lists[2] = DW_LIT("other.example.com");
    config.public_url = DW_LIT("https://mcp.example.com/mcp");
    config.allowed_origins = (struct dw_slices){lists, 1};
    config.allowed_hosts = (struct dw_slices){lists + 1, 2};
    assert_done(dw_gateway_rules_make(&config, 1, arena, &rules, &error), error);
    return rules;
}

static void only_our_own_names_are_served(void **state)
{
    static const struct {
        const char *host;
        bool is_loopback_socket, is_good;
    } cases[] = {
        {"mcp.example.com", false, true},
        {"MCP.EXAMPLE.COM", false, true},
        {"mcp.example.com:8420", false, true},
        {"inner.example.com:8443", false, true},
        {"inner.example.com", false, false},
        {"inner.example.com:1", false, false},
        {"other.example.com:99", false, true},
        {"evil.example.com", false, false},
        {"evil.example.com", true, false},
        {"mcp.example.com.evil.net", true, false},
        {"localhost", true, true},
        {"localhost:3000", true, true},
        {"127.0.0.1:8420", true, true},
        {"[::1]:8420", true, true},
        {"localhost", false, false},
        {"127.0.0.1", false, false},
        {"localhost.evil.net", true, false},
        {"", true, false},
        {"127.0.0.1.evil.net:8420", true, false},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_gateway_rules rules = make_rules(arena);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error = {0};
        bool is_good =
            dw_host_check(&rules.origin, S(cases[i].host), cases[i].is_loopback_socket, &error);

        if (is_good != cases[i].is_good)
            fail_msg("host %s, loopback %d", cases[i].host, cases[i].is_loopback_socket);
        if (!is_good)
            assert_int_equal(error.code, DW_MISDIRECTED);
    }
}

static void foreign_origins_are_refused(void **state)
{
    static const struct {
        const char *origin, *second;
        bool is_loopback_socket, is_good;
    } cases[] = {
        {NULL, NULL, false, true},
        {"https://mcp.example.com", NULL, false, true},
        {"https://app.example.com", NULL, false, true},
        {"https://app.example.com", "https://app.example.com", false, false},
        {"https://app.example.com", "https://evil.example.com", false, false},
        {"http://app.example.com", NULL, false, false},
        {"https://app.example.com:444", NULL, false, false},
        {"https://evil.example.com", NULL, true, false},
        {"null", NULL, true, false},
        {"", NULL, true, false},
        {"http://localhost:5173", NULL, true, true},
        {"http://127.0.0.1:6274", NULL, true, true},
        {"http://[::1]:1", NULL, true, true},
        {"http://localhost:5173", NULL, false, false},
        {"http://localhost.evil.net", NULL, true, false},
        {"http://localhost@evil.net", NULL, true, false},
        {"file://localhost", NULL, true, false},
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_gateway_rules rules = make_rules(arena);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_field items[2] = {{S("Origin"), S(cases[i].origin)},
                                         {S("origin"), S(cases[i].second)}};
        struct dw_http_fields fields = {items, cases[i].second ? 2 : cases[i].origin ? 1 : 0};
        struct dw_error error = {0};

        if (dw_origin_check(&rules.origin, fields, cases[i].is_loopback_socket, &error) !=
            cases[i].is_good)
            fail_msg("origin %s, loopback %d", cases[i].origin, cases[i].is_loopback_socket);
        if (!cases[i].is_good)
            assert_int_equal(error.code, DW_BAD_ORIGIN);
    }
}

static void a_preflight_allows_parameter_headers_it_is_asked_for(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
    struct dw_http_field items[] = {
        {DW_LIT("Origin"), DW_LIT("https://app.example.com")},
        {DW_LIT("Access-Control-Request-Headers"), DW_LIT("mcp-param-region, x-evil, Mcp-Param-x")},
    };
    struct dw_http_fields fields = {items, 2};
    struct dw_field_list out = dw_field_list_in(arena, DW_CORS_FIELDS);

    (void)state;
    dw_cors_add(fields, &out);
    dw_cors_add_preflight(fields, arena, &out);
    assert_false(out.has_failed);
    assert_slice(dw_http_field(dw_field_list_view(&out), "access-control-allow-origin"),
                 "https://app.example.com");
    assert_slice(
        dw_http_field(dw_field_list_view(&out), "access-control-allow-headers"),
        "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, "
        "mcp-method, mcp-name, last-event-id, traceparent, tracestate, dpop, mcp-param-region, "
        "Mcp-Param-x");
    assert_slice(dw_http_field(dw_field_list_view(&out), "access-control-expose-headers"),
                 "WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_cover_what_they_say),
        cmocka_unit_test(a_wrong_configuration_says_what_is_wrong),
        cmocka_unit_test(the_public_url_is_kept_byte_for_byte),
        cmocka_unit_test(only_our_own_names_are_served),
        cmocka_unit_test(foreign_origins_are_refused),
        cmocka_unit_test(a_preflight_allows_parameter_headers_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
