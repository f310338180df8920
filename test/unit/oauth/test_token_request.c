/* Token requests: two media types, one form, and what each grant needs; and the answers. */
#include "oauth/token_request.h"
#include "oauth/token_response.h"
#include <stdio.h>

#include "arena_fixture.h"

static const struct dw_tenant_settings settings = {.default_audience = {"default", 7}};

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

static bool parse(const char *type, const char *body, struct dw_token_request *request)
{
    struct dw_form *form = DW_ARENA_NEW(arena, struct dw_form);

    memset(&error, 0, sizeof error);
    return dw_token_form_parse(S(type), S(body), arena, form, &error) &&
           dw_token_request_parse(form, &settings, arena, request, &error);
}

static void bad_requests_are_told_what_is_wrong(void **state)
{
    static const struct {
        const char *type, *body;
        enum dw_code code;
        const char *message; /* NULL: any */
    } rows[] = {
        {"", "grant_type=password", DW_UNSUPPORTED_MEDIA, NULL},
        {"text/plain", "grant_type=password", DW_UNSUPPORTED_MEDIA, NULL},
        {"multipart/form-data; boundary=x", "--x--", DW_UNSUPPORTED_MEDIA, NULL},
        {FORM, "", DW_INVALID_REQUEST, "Missing required parameter: grant_type"},
        {FORM, "grant_type=", DW_INVALID_REQUEST, "Missing required parameter: grant_type"},
        {FORM, "grant_type=implicit", DW_UNSUPPORTED_GRANT, "Unsupported grant type: implicit"},
        {FORM, "grant_type=AUTHORIZATION_CODE&code=x", DW_UNSUPPORTED_GRANT, NULL},
        {FORM, "grant_type=password&grant_type=password", DW_INVALID_REQUEST, NULL},
        {FORM, "grant_type=authorization_code", DW_INVALID_REQUEST,
         "Missing required parameter: code"},
        {FORM, "grant_type=authorization_code&code=a&code=b", DW_INVALID_REQUEST, NULL},
        {FORM, "grant_type=refresh_token", DW_INVALID_REQUEST,
         "Missing required parameter: refresh_token"},
        {FORM, "grant_type=password&username=u", DW_INVALID_REQUEST,
         "Missing required parameter: password"},
        {FORM, "grant_type=password&password=p", DW_INVALID_REQUEST,
         "Missing required parameter: username"},
        {FORM,
         "grant_type=http%3A%2F%2Fauth0.com%2Foauth%2Fgrant-type%2Fpassword-realm&username=u&"
         "realm=r",
         DW_INVALID_REQUEST, "Missing required parameter: password"},
        {FORM, "grant_type=client_credentials&scope=a%22", DW_INVALID_SCOPE, NULL},
        {FORM, "grant_type=client_credentials&resource=nonsense", DW_INVALID_TARGET, NULL},
        {FORM, "grant_type=client_credentials&resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb",
         DW_INVALID_TARGET, NULL},
        {FORM, "grant_type=client_credentials&x=%zz", DW_INVALID_REQUEST, NULL},
        {FORM, "grant_type=client_credentials&x=%00", DW_INVALID_REQUEST, NULL},
        {JSON, "", DW_INVALID_REQUEST, NULL},
        {JSON, "[]", DW_INVALID_REQUEST, "the JSON body must be an object"},
        {JSON, "\"grant_type\"", DW_INVALID_REQUEST, "the JSON body must be an object"},
        {JSON, "{\"grant_type\":\"password\"", DW_INVALID_REQUEST, NULL},
        {JSON, "{\"grant_type\":\"password\",\"grant_type\":\"refresh_token\"}", DW_INVALID_REQUEST,
         NULL},
        {JSON, "{\"grant_type\":[\"password\"]}", DW_INVALID_REQUEST,
         "Missing required parameter: grant_type"},
        {JSON, "{\"grant_type\":null}", DW_INVALID_REQUEST,
         "Missing required parameter: grant_type"},
        {JSON, "{\"grant_type\":{\"a\":1}}", DW_INVALID_REQUEST,
         "Missing required parameter: grant_type"},
        {JSON, "{\"grant_type\":\"client_credentials\",\"resource\":[\"https://a\",\"https://b\"]}",
         DW_INVALID_TARGET, NULL},
    };
    struct dw_token_request request;

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        if (parse(rows[at].type, rows[at].body, &request))
            fail_msg("taken: %s", rows[at].body);
        if (error.code != rows[at].code)
            fail_msg("%s: %s %s", rows[at].body, dw_code_row(error.code)->name, error.message);
        if (rows[at].message)
            assert_string_equal(error.message, rows[at].message);
    }
}

static void form_and_json_read_the_same(void **state)
{
    static const char *const bodies[][2] = {
        {FORM "; charset=utf-8",
         "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fa%2Fcb&code_verifier=v"
         "&scope=r+w&resource=https%3A%2F%2Fmcp&client_id=x"},
        {JSON "; charset=utf-8",
         "{\"grant_type\":\"authorization_code\",\"code\":\"c\",\"redirect_uri\":\"https://a/cb\","
         "\"code_verifier\":\"v\",\"scope\":\"r w\",\"resource\":[\"https://mcp\"],"
         "\"client_id\":\"x\",\"extra\":{\"deep\":[1]},\"n\":null}"},
    };

    (void)state;
    for (size_t at = 0; at < 2; at++) {
        struct dw_token_request request;

        assert_done(parse(bodies[at][0], bodies[at][1], &request), error);
        assert_int_equal(request.grant_type, DW_GRANT_AUTHORIZATION_CODE);
        assert_slice(request.code.hidden, "c");
        assert_true(request.has_redirect_uri);
        assert_slice(request.redirect_uri, "https://a/cb");
        assert_slice(request.code_verifier.hidden, "v");
        assert_true(request.has_scope);
        assert_int_equal(request.scopes.count, 2);
        assert_slice(request.audience, "https://mcp");
        assert_slice(dw_form_value(request.form, "client_id"), "x");
    }
}

static void the_default_audience_is_left_to_the_caller(void **state)
{
    struct dw_token_request request;

    (void)state;
    assert_done(parse(FORM, "grant_type=client_credentials", &request), error);
    assert_slice(request.audience, "");
    assert_false(request.has_scope);
    assert_done(parse(FORM, "grant_type=client_credentials&audience=a&scope=", &request), error);
    assert_slice(request.audience, "a");
    assert_false(request.has_scope);
}

static void a_client_uses_only_its_grants(void **state)
{
    static const struct dw_slice two[] = {{"authorization_code", 18}, {"password", 8}};
    struct dw_oauth_client client = {.grant_types = {two, 2}};
    struct dw_token_request request = {.grant_type = DW_GRANT_CLIENT_CREDENTIALS};

    (void)state;
    assert_fails(dw_token_request_check_grant(&request, &client, &error), error,
                 DW_UNAUTHORIZED_CLIENT);
    assert_string_equal(error.message,
                        "Grant type 'client_credentials' not allowed for the client.");
    request.grant_type = DW_GRANT_PASSWORD_REALM;
    assert_done(dw_token_request_check_grant(&request, &client, &error), error);
    request.grant_type = DW_GRANT_AUTHORIZATION_CODE;
    assert_done(dw_token_request_check_grant(&request, &client, &error), error);
    client.grant_types.count = 1;
    request.grant_type = DW_GRANT_PASSWORD_REALM;
    assert_false(dw_token_request_check_grant(&request, &client, &error));
}

static void every_grant_type_has_its_name(void **state)
{
    (void)state;
    for (int type = DW_GRANT_UNSET; type < DW_GRANT_TYPE_COUNT; type++)
        assert_int_equal(dw_grant_type_from(S(dw_grant_type_name((enum dw_grant_type)type))), type);
    assert_string_equal(dw_grant_type_name(DW_GRANT_TYPE_COUNT), "");
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void a_response_has_what_there_is(void **state)
{
    static const struct dw_slice scopes[] = {{"openid", 6}, {"r", 1}};
    struct dw_token_response response = {.access_token = S("at"), .expires_in_s = 60};
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    (void)state;
    dw_token_response_write(&response, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_slice(text, "{\"access_token\":\"at\",\"expires_in\":60,\"token_type\":\"Bearer\"}");
    out = dw_buf_in(arena);
    response.id_token = S("it");
    response.refresh_token = dw_secret_from(S("rt"));
    response.scopes = (struct dw_slices){scopes, 2};
    dw_token_response_write(&response, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_slice(text, "{\"access_token\":\"at\",\"refresh_token\":\"rt\",\"id_token\":\"it\","
                       "\"scope\":\"openid r\",\"expires_in\":60,\"token_type\":\"Bearer\"}");
}

static void errors_look_like_auth0s(void **state)
{
    static const struct {
        enum dw_code code;
        const char *message, *json;
        int status;
    } rows[] = {
        {DW_INVALID_GRANT, "Invalid authorization code",
         "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid authorization code\"}", 403},
        {DW_CLIENT_REFUSED, "",
         "{\"error\":\"access_denied\",\"error_description\":\"Unauthorized\"}", 401},
        {DW_INVALID_CLIENT, "Missing client_id",
         "{\"error\":\"invalid_client\",\"error_description\":\"Missing client_id\"}", 401},
        {DW_UNAUTHORIZED_CLIENT, "Grant type 'x' not allowed for the client.",
         "{\"error\":\"unauthorized_client\",\"error_description\":\"Grant type 'x' not allowed "
         "for the client.\",\"error_uri\":\"https://auth0.com/docs/clients/client-grant-types\"}",
         403},
        {DW_USER_BLOCKED, "user is blocked",
         "{\"error\":\"unauthorized\",\"error_description\":\"user is blocked\"}", 403},
        {DW_TOO_MANY_ATTEMPTS, "wait",
         "{\"error\":\"too_many_attempts\",\"error_description\":\"wait\"}", 429},
        {DW_ACCESS_DENIED, "Service not found: \"x\"",
         "{\"error\":\"access_denied\",\"error_description\":\"Service not found: \\\"x\\\"\"}",
         403},
        {DW_UNAVAILABLE, "",
         "{\"error\":\"temporarily_unavailable\",\"error_description\":\"a part this answer needs "
         "is not available\"}",
         503},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_error failure = {.code = rows[at].code};
        struct dw_buf out = dw_buf_in(arena);
        struct dw_slice text;

        snprintf(failure.message, sizeof failure.message, "%s", rows[at].message);
        snprintf(failure.cause, sizeof failure.cause, "for the operator alone");
        dw_oauth_error_write(&failure, &(struct dw_mfa_hint){0}, &out);
        assert_done(dw_buf_finish(&out, &text, &error), error);
        assert_slice(text, rows[at].json);
        assert_int_equal(dw_code_row(rows[at].code)->http_status, rows[at].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_requests_are_told_what_is_wrong),
        cmocka_unit_test(form_and_json_read_the_same),
        cmocka_unit_test(the_default_audience_is_left_to_the_caller),
        cmocka_unit_test(a_client_uses_only_its_grants),
        cmocka_unit_test(every_grant_type_has_its_name),
        cmocka_unit_test(a_response_has_what_there_is),
        cmocka_unit_test(errors_look_like_auth0s),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
