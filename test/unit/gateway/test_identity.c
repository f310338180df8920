/* gateway/identity.h: what an upstream gets to see. */
#include "test.h"

#include "base/buf.h"
#include "gateway/identity.h"

static struct dw_slice names_and_values(struct dw_http_fields fields, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    for (size_t i = 0; i < fields.count; i++)
        dw_buf_printf(&out, "%.*s: %.*s\n", DW_PRINT(fields.items[i].name),
                      DW_PRINT(fields.items[i].value));
    assert_true(dw_buf_finish(&out, &text, NULL));
    return text;
}

static struct dw_gateway_rules make_rules(struct dw_arena *arena)
{
    static const struct dw_slice headers[] = {
        {"x-doorward-sub", 14}, {"X-Doorward-Scope", 16}, {"x-user=nickname", 15}};
    static const struct dw_slice proxies[] = {{"10.0.0.0/8", 10}};
    struct dw_gateway_config config = {
        .size = sizeof config,
        .listen = DW_LIT("127.0.0.1:1"),
        .upstream = DW_LIT("http://127.0.0.1:2/"),
        .identity_headers = {headers, 3},
        .trusted_proxies = {proxies, 1},
    };
    struct dw_gateway_rules rules;
    struct dw_error error = {0};

    assert_done(dw_gateway_rules_make(&config, 1, arena, &rules, &error), error);
    return rules;
}

static struct dw_access_token make_token(struct dw_arena *arena)
{
    static const struct dw_slice scopes[] = {{"a:read", 6}, {"b", 1}};
    struct dw_access_token token = {
        .subject = DW_LIT("auth0|1"),
        .client_id = DW_LIT("c"),
        .scopes = {scopes, 2},
    };
    struct dw_error error = {0};

    assert_done(dw_json_parse(S("{\"nickname\":\"J\xc3\xbcrgen 100%\\r\\nX: y\",\"n\":7,"
                                "\"list\":[1]}"),
                              arena, &token.claims, &error),
                error);
    return token;
}

static void nothing_the_client_may_not_say_goes_on(void **state)
{
    static const char *const dropped[] = {
        "Authorization",
        "AUTHORIZATION",
        "Proxy-Authorization",
        "Cookie",
        "Host",
        "Content-Length",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "x_forwarded_proto",
        "X-Forwarded-User",
        "X-Real-IP",
        "Origin",
        "traceparent",
        "x-doorward-sub",
        "X-Doorward-Sub",
        "x_doorward_sub",
        "X.Doorward.Sub",
        "x-doorward_scope",
        "X-DOORWARD-ANYTHING",
        "x-user",
        "X_User",
        "x.user",
        "X-HTTP-Method-Override",
        "X-Original-URL",
        "Mcp-Session-Id",
        "Last-Event-ID",
        "mcp_session_id",
    };
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_gateway_rules rules = make_rules(arena);

    (void)state;
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        struct dw_http_field items[] = {{S(dropped[i]), S("evil")}, {S("X-Fine"), S("1")}};
        struct dw_http_request request = {.fields = {items, 2}, .authority = S("h")};
        struct dw_upstream_request from = {.request = &request,
                                           .peer_address = S("192.0.2.7"),
                                           .trace_id = S("0"),
                                           .span_id = S("1")};
        struct dw_http_fields fields;
        struct dw_error error = {0};
        struct dw_slice text;

        assert_done(dw_upstream_fields(&rules, &from, arena, &fields, &error), error);
        text = names_and_values(fields, arena);
        if (strstr(text.ptr, "evil"))
            fail_msg("%s went on", dropped[i]);
        assert_slice(dw_http_field(fields, "x-fine"), "1");
    }
}

static void the_upstream_is_told_who_calls(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_gateway_rules rules = make_rules(arena);
    struct dw_access_token token = make_token(arena);
    struct dw_http_field items[] = {
        {S("Accept"), S("text/event-stream")}, {S("Mcp-Session-Id"), S("s")},
        {S("Mcp.Session_Id"), S("other")},     {S("X-Hop"), S("1")},
        {S("Connection"), S("close, x-hop")},  {S("Mcp-Param-X"), S("=?base64?aGk=?=")},
        {S("X-Forwarded-For"), S("10.0.0.9")}, {S("Accept-Encoding"), S("gzip")},
        {S("connection"), S("X-Second-Hop")},  {S("x-second-hop"), S("1")},
    };
    struct dw_http_request request = {.fields = {items, 10}, .authority = S("mcp.example.com")};
    struct dw_upstream_request from = {
        .request = &request,
        .token = &token,
        .peer_address = S("192.0.2.7"),
        .trace_id = S("0af7651916cd43dd8448eb211c80319c"),
        .span_id = S("b7ad6b7169203331"),
        .is_tls = true,
        .keeps_session = true,
        .wants_plain = true,
    };
    struct dw_http_fields fields;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_upstream_fields(&rules, &from, arena, &fields, &error), error);
    assert_slice(names_and_values(fields, arena),
                 "Accept: text/event-stream\n"
                 "Mcp-Session-Id: s\n"
                 "Mcp-Param-X: =?base64?aGk=?=\n"
                 "x-doorward-sub: auth0|1\n"
                 "X-Doorward-Scope: a:read b\n"
                 "x-user: J%C3%BCrgen 100%25%0D%0AX: y\n"
                 "X-Forwarded-For: 192.0.2.7\n"
                 "X-Forwarded-Proto: https\n"
                 "X-Forwarded-Host: mcp.example.com\n"
                 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n");
    from.peer_address = S("10.1.1.1");
    assert_done(dw_upstream_fields(&rules, &from, arena, &fields, &error), error);
    assert_slice(dw_http_field(fields, "x-forwarded-for"), "10.0.0.9, 10.1.1.1");
}

/* HAProxy adds a field of its own behind the one the client made up: only the last one is true. */
static void every_field_of_a_trusted_proxy_is_kept_in_order(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_gateway_rules rules = make_rules(arena);
    struct dw_http_field items[] = {
        {S("X-Forwarded-For"), S("1.2.3.4")},
        {S("x-forwarded-for"), S("")},
        {S("X-FORWARDED-FOR"), S("192.0.2.7")},
    };
    struct dw_http_request request = {.fields = {items, 3}, .authority = S("h")};
    struct dw_upstream_request from = {
        .request = &request, .peer_address = S("10.1.1.1"), .trace_id = S("0"), .span_id = S("1")};
    struct dw_http_fields fields;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_upstream_fields(&rules, &from, arena, &fields, &error), error);
    assert_int_equal(dw_http_field_count(fields, "x-forwarded-for"), 1);
    assert_slice(dw_http_field(fields, "x-forwarded-for"), "1.2.3.4, 192.0.2.7, 10.1.1.1");
}

/* Whoever reads a field takes the spaces around its value away. */
static void a_claim_with_spaces_around_it_is_not_another_one(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_access_token token = make_token(arena);

    (void)state;
    token.subject = S(" admin");
    assert_slice(dw_identity_value(&token, S("sub"), arena), "%20admin");
    token.subject = S("the admin ");
    assert_slice(dw_identity_value(&token, S("sub"), arena), "the admin%20");
    token.subject = S(" ");
    assert_slice(dw_identity_value(&token, S("sub"), arena), "%20");
    token.subject = S("the admin");
    assert_slice(dw_identity_value(&token, S("sub"), arena), "the admin");
}

static void claims_become_text_or_nothing(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_access_token token = make_token(arena);

    (void)state;
    assert_slice(dw_identity_value(&token, S("n"), arena), "7");
    assert_null(dw_identity_value(&token, S("list"), arena).ptr);
    assert_null(dw_identity_value(&token, S("absent"), arena).ptr);
    assert_null(dw_identity_value(&token, S("org_id"), arena).ptr);
}

static void an_answer_loses_what_is_not_the_upstreams_to_say(void **state)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_http_field items[] = {
        {S("Content-Type"), S("application/json")},
        {S("Content-Length"), S("2")},
        {S("Connection"), S("keep-alive, x-hop")},
        {S("X-Hop"), S("1")},
        {S("WWW-Authenticate"), S("Bearer")},
        {S("Set-Cookie"), S("a=b")},
        {S("Access-Control-Allow-Origin"), S("*")},
        {S("Mcp-Session-Id"), S("s2")},
        {S("Transfer-Encoding"), S("chunked")},
        {S("Date"), S("x")},
        {S("Retry-After"), S("1")},
        {S("CONNECTION"), S("x-second-hop")},
        {S("X-Second-Hop"), S("1")},
    };
    struct dw_http_response_head head = {.status = 200, .fields = {items, 13}};
    struct dw_field_list out = dw_field_list_in(arena, 16);

    (void)state;
    dw_answer_fields(&head, S("s1"), arena, &out);
    assert_slice(names_and_values(dw_field_list_view(&out), arena),
                 "Content-Type: application/json\nRetry-After: 1\n");
    out.count = 0;
    dw_answer_fields(&head, S("s2"), arena, &out);
    assert_slice(names_and_values(dw_field_list_view(&out), arena),
                 "Content-Type: application/json\nMcp-Session-Id: s2\nRetry-After: 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_the_client_may_not_say_goes_on),
        cmocka_unit_test(the_upstream_is_told_who_calls),
        cmocka_unit_test(every_field_of_a_trusted_proxy_is_kept_in_order),
        cmocka_unit_test(a_claim_with_spaces_around_it_is_not_another_one),
        cmocka_unit_test(claims_become_text_or_nothing),
        cmocka_unit_test(an_answer_loses_what_is_not_the_upstreams_to_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
