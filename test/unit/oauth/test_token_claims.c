/* What tokens and discovery say, byte for byte. */
#include "oauth/metadata.h"
#include "oauth/token_claims.h"
#include "test.h"
#include "json/json.h"

#include "arena_fixture.h"

#define NOW_S INT64_C(1800000000)
#define ISSUER "https://tenant.example/"

static const struct dw_slice api_scopes[] = {{"read:tools", 10}, {"openid", 6}};
static const struct dw_slice permissions[] = {{"admin", 5}, {"read:tools", 10}};

static struct dw_slice finish(struct dw_buf *out)
{
    struct dw_slice text = DW_EMPTY;

    assert_done(dw_buf_finish(out, &text, &error), error);
    return text;
}

static void access_tokens_speak_four_dialects(void **state)
{
    static const struct {
        enum dw_token_dialect dialect;
        bool enforces, has_openid;
        const char *user_id;
        enum dw_grant_type grant_type;
        const char *json, *typ;
    } rows[] = {
        {DW_DIALECT_ACCESS_TOKEN, false, false, "auth0|1", DW_GRANT_AUTHORIZATION_CODE,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"auth0|1\",\"aud\":\"https://mcp\",\"iat\":1800000000,"
         "\"exp\":1800000060,\"scope\":\"read:tools\",\"jti\":\"j\",\"sid\":\"s\",\"azp\":\"c1\"}",
         "JWT"},
        {DW_DIALECT_ACCESS_TOKEN_AUTHZ, true, true, "auth0|1", DW_GRANT_PASSWORD,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"auth0|1\",\"aud\":[\"https://mcp\",\"" ISSUER
         "userinfo\"],\"iat\":1800000000,\"exp\":1800000060,\"scope\":\"read:tools openid\","
         "\"jti\":\"j\",\"sid\":\"s\",\"azp\":\"c1\",\"gty\":\"password\","
         "\"permissions\":[\"admin\",\"read:tools\"]}",
         "JWT"},
        {DW_DIALECT_RFC9068, false, true, "auth0|1", DW_GRANT_REFRESH_TOKEN,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"auth0|1\",\"aud\":[\"https://mcp\",\"" ISSUER
         "userinfo\"],\"iat\":1800000000,\"exp\":1800000060,\"scope\":\"read:tools openid\","
         "\"jti\":\"j\",\"sid\":\"s\",\"client_id\":\"c1\"}",
         "at+jwt"},
        {DW_DIALECT_RFC9068_AUTHZ, true, false, "", DW_GRANT_CLIENT_CREDENTIALS,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"c1@clients\",\"aud\":\"https://mcp\","
         "\"iat\":1800000000,\"exp\":1800000060,\"scope\":\"read:tools\",\"jti\":\"j\","
         "\"sid\":\"s\",\"client_id\":\"c1\",\"permissions\":[\"admin\",\"read:tools\"]}",
         "at+jwt"},
        {DW_DIALECT_ACCESS_TOKEN, false, false, "", DW_GRANT_CLIENT_CREDENTIALS,
         "{\"iss\":\"" ISSUER "\",\"sub\":\"c1@clients\",\"aud\":\"https://mcp\","
         "\"iat\":1800000000,\"exp\":1800000060,\"scope\":\"read:tools\",\"jti\":\"j\","
         "\"sid\":\"s\",\"azp\":\"c1\",\"gty\":\"client-credentials\"}",
         "JWT"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_api api = {.identifier = S("https://mcp"), .token_dialect = rows[at].dialect};
        struct dw_grant_answer answer = {.scopes = {api_scopes, rows[at].has_openid ? 2 : 1},
                                         .permissions = {permissions, 2},
                                         .has_permissions = rows[at].enforces};
        struct dw_access_claims claims = {.issuer = S(ISSUER),
                                          .api = &api,
                                          .client_id = S("c1"),
                                          .user_id = S(rows[at].user_id),
                                          .session_id = S("s"),
                                          .token_id = S("j"),
                                          .grant_type = rows[at].grant_type,
                                          .answer = &answer,
                                          .now_s = NOW_S,
                                          .lifetime_s = 60};
        struct dw_buf out = dw_buf_in(arena);

        dw_access_claims_write(&claims, &out);
        assert_slice(finish(&out), rows[at].json);
        assert_string_equal(dw_access_token_typ(rows[at].dialect), rows[at].typ);
    }
}

/* Who a chain of services acts for, the key a token is bound to, organizations, custom claims: in
 * that order, and only when there. */
static void the_rest_of_an_access_token(void **state)
{
    static const struct {
        enum dw_grant_type grant_type, first;
        const char *json; /* from sid on */
    } rows[] = {
        {DW_GRANT_REFRESH_TOKEN, DW_GRANT_PASSWORD,
         "\"azp\":\"c1\",\"gty\":[\"refresh_token\",\"password\"],"},
        {DW_GRANT_REFRESH_TOKEN, DW_GRANT_AUTHORIZATION_CODE,
         "\"azp\":\"c1\",\"gty\":\"refresh_token\","},
        {DW_GRANT_PASSWORD_REALM, DW_GRANT_UNSET, "\"azp\":\"c1\",\"gty\":\"password-realm\","},
        {DW_GRANT_TOKEN_EXCHANGE, DW_GRANT_UNSET, "\"azp\":\"c1\","},
    };
    const struct dw_json *custom;

    (void)state;
    assert_done(
        dw_json_parse(S("{\"https://x/plan\":\"a\\\"b\",\"n\":[1,2]}"), arena, &custom, &error),
        error);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_api api = {.identifier = S("a")};
        struct dw_grant_answer answer = {.scopes = {api_scopes, 0}};
        struct dw_access_claims claims = {.issuer = S(ISSUER),
                                          .api = &api,
                                          .client_id = S("c1"),
                                          .user_id = S("u"),
                                          .organization = S("org_1"),
                                          .organization_name = S("acme"),
                                          .token_id = S("j"),
                                          .grant_type = rows[at].grant_type,
                                          .first_grant_type = rows[at].first,
                                          .act_json = S("{\"sub\":\"c0\"}"),
                                          .dpop_jkt = S("thumb"),
                                          .custom = custom,
                                          .answer = &answer};
        struct dw_buf out = dw_buf_in(arena);
        struct dw_slice expected = dw_arena_printf(
            arena,
            "{\"iss\":\"" ISSUER "\",\"sub\":\"u\",\"aud\":\"a\",\"iat\":0,\"exp\":0,"
            "\"org_id\":\"org_1\",\"org_name\":\"acme\",\"jti\":\"j\",%s"
            "\"cnf\":{\"jkt\":\"thumb\"},\"act\":{\"sub\":\"c0\"},"
            "\"https://x/plan\":\"a\\\"b\",\"n\":[1,2]}",
            rows[at].json);

        dw_access_claims_write(&claims, &out);
        assert_slice(finish(&out), expected.ptr);
    }
}

/* An HS256 token can be checked by nobody but its API: /userinfo is not among its audiences. */
static void a_secret_api_is_the_only_audience(void **state)
{
    struct dw_api api = {.identifier = S("a"), .sealed_signing_secret = S("sealed")};
    struct dw_grant_answer answer = {.scopes = {api_scopes, 2}};
    struct dw_access_claims claims = {.issuer = S(ISSUER), .api = &api, .answer = &answer};
    struct dw_buf out = dw_buf_in(arena);
    const struct dw_json *document;

    (void)state;
    dw_access_claims_write(&claims, &out);
    assert_done(dw_json_parse(finish(&out), arena, &document, &error), error);
    assert_slice(dw_json_text(document, "aud"), "a");
}

static void a_custom_claim_wins_over_the_profiles(void **state)
{
    static const struct dw_slice scopes[] = {{"openid", 6}, {"profile", 7}, {"email", 5}};
    struct dw_user user = {.id = S("u"), .name = S("Ada"), .nickname = S("a"), .email = S("a@x")};
    struct dw_id_claims claims = {
        .issuer = S(ISSUER), .client_id = S("c1"), .user = &user, .scopes = {scopes, 3}};
    struct dw_buf out = dw_buf_in(arena);

    (void)state;
    assert_done(dw_json_parse(S("{\"name\":\"Countess\",\"email_verified\":true}"), arena,
                              &claims.custom, &error),
                error);
    dw_id_claims_write(&claims, &out);
    assert_slice(finish(&out), "{\"nickname\":\"a\",\"picture\":\"" ISSUER
                               "avatars/a.svg\",\"email\":\"a@x\",\"iss\":\"" ISSUER
                               "\",\"aud\":\"c1\",\"sub\":\"u\",\"iat\":0,\"exp\":0,"
                               "\"name\":\"Countess\",\"email_verified\":true}");
}

static void without_an_api_the_token_is_for_userinfo(void **state)
{
    struct dw_grant_answer answer = {.scopes = {api_scopes + 1, 1}};
    struct dw_access_claims claims = {.issuer = S(ISSUER),
                                      .client_id = S("c1"),
                                      .user_id = S("u"),
                                      .token_id = S("j"),
                                      .answer = &answer,
                                      .now_s = NOW_S,
                                      .lifetime_s = 60};
    struct dw_buf out = dw_buf_in(arena);

    (void)state;
    dw_access_claims_write(&claims, &out);
    assert_slice(finish(&out), "{\"iss\":\"" ISSUER "\",\"sub\":\"u\",\"aud\":\"" ISSUER
                               "userinfo\",\"iat\":1800000000,\"exp\":1800000060,"
                               "\"scope\":\"openid\",\"jti\":\"j\",\"azp\":\"c1\"}");
}

static void an_empty_permissions_claim_is_written(void **state)
{
    struct dw_api api = {.identifier = S("a"), .token_dialect = DW_DIALECT_RFC9068_AUTHZ};
    struct dw_grant_answer answer = {.has_permissions = true};
    struct dw_access_claims claims = {.issuer = S(ISSUER),
                                      .api = &api,
                                      .client_id = S("c1"),
                                      .user_id = S("u"),
                                      .token_id = S("j"),
                                      .answer = &answer};
    struct dw_buf out = dw_buf_in(arena);

    (void)state;
    dw_access_claims_write(&claims, &out);
    assert_slice(finish(&out),
                 "{\"iss\":\"" ISSUER "\",\"sub\":\"u\",\"aud\":\"a\",\"iat\":0,\"exp\":0,"
                 "\"jti\":\"j\",\"client_id\":\"c1\",\"permissions\":[]}");
}

static const struct dw_user user = {.id = {"auth0|1", 7},
                                    .email = {"ada@example.com", 15},
                                    .is_email_verified = true,
                                    .name = {"Ada \"L\"", 7},
                                    .given_name = {"Ada", 3},
                                    .nickname = {"ada", 3},
                                    .created_at_s = 1700000000,
                                    .updated_at_s = NOW_S};

static void userinfo_shows_what_the_scopes_let_through(void **state)
{
    static const struct {
        const char *scopes[4];
        const char *json;
    } rows[] = {
        {{"openid"}, "{\"sub\":\"auth0|1\"}"},
        {{"openid", "email"},
         "{\"sub\":\"auth0|1\",\"email\":\"ada@example.com\",\"email_verified\":true}"},
        {{"openid", "profile"},
         "{\"sub\":\"auth0|1\",\"given_name\":\"Ada\",\"nickname\":\"ada\","
         "\"name\":\"Ada \\\"L\\\"\",\"picture\":\"" ISSUER
         "avatars/ad.svg\",\"updated_at\":\"2027-01-15T08:00:00.000Z\"}"},
        {{"openid", "nickname", "created_at", "read:tools"},
         "{\"sub\":\"auth0|1\",\"nickname\":\"ada\",\"created_at\":\"2023-11-14T22:13:20.000Z\"}"},
        {{"openid", "email_verified", "phone"}, "{\"sub\":\"auth0|1\",\"email_verified\":true}"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_slice scopes[4];
        struct dw_buf out = dw_buf_in(arena);
        size_t count = 0;

        for (; count < 4 && rows[at].scopes[count]; count++)
            scopes[count] = S(rows[at].scopes[count]);
        dw_userinfo_write(&user, S(ISSUER), (struct dw_slices){scopes, count}, &out);
        assert_slice(finish(&out), rows[at].json);
    }
}

static void an_id_token_is_for_the_client(void **state)
{
    static const struct dw_slice scopes[] = {{"openid", 6}, {"email", 5}};
    struct dw_id_claims claims = {.issuer = S(ISSUER),
                                  .client_id = S("c1"),
                                  .user = &user,
                                  .session_id = S("s"),
                                  .oidc_nonce = S("n\"1"),
                                  .scopes = {scopes, 2},
                                  .authenticated_at_s = NOW_S - 5,
                                  .now_s = NOW_S,
                                  .lifetime_s = 60};
    struct dw_buf out = dw_buf_in(arena);

    (void)state;
    dw_id_claims_write(&claims, &out);
    assert_slice(finish(&out),
                 "{\"email\":\"ada@example.com\",\"email_verified\":true,\"iss\":\"" ISSUER
                 "\",\"aud\":\"c1\",\"sub\":\"auth0|1\",\"iat\":1800000000,\"exp\":1800000060,"
                 "\"sid\":\"s\",\"nonce\":\"n\\\"1\",\"auth_time\":1799999995}");
}

/* --- discovery ---------------------------------------------------------------------------------
 */

static const struct dw_json *discover(const struct dw_tenant_settings *settings)
{
    struct dw_buf out = dw_buf_in(arena);
    const struct dw_json *document;

    dw_metadata_write(S(ISSUER), settings, (struct dw_slices){api_scopes, 2}, &out);
    assert_done(dw_json_parse(finish(&out), arena, &document, &error), error);
    return document;
}

static void discovery_says_what_is_there(void **state)
{
    static const char *const endpoints[][2] = {
        {"issuer", ISSUER},
        {"authorization_endpoint", ISSUER "authorize"},
        {"token_endpoint", ISSUER "oauth/token"},
        {"userinfo_endpoint", ISSUER "userinfo"},
        {"jwks_uri", ISSUER ".well-known/jwks.json"},
        {"revocation_endpoint", ISSUER "oauth/revoke"},
        {"registration_endpoint", ISSUER "oidc/register"},
    };
    static const struct {
        const char *key, *first;
        size_t count;
    } lists[] = {
        {"response_types_supported", "code", 1},
        {"grant_types_supported", "authorization_code", 7},
        {"code_challenge_methods_supported", "S256", 1},
        {"response_modes_supported", "query", 3},
        {"subject_types_supported", "public", 1},
        {"token_endpoint_auth_methods_supported", "client_secret_basic", 4},
        {"id_token_signing_alg_values_supported", "RS256", 2},
    };
    struct dw_tenant_settings settings = {
        .is_dcr_enabled = true, .is_cimd_enabled = true, .sends_iss_parameter = true};
    const struct dw_json *document = discover(&settings);
    struct dw_slices scopes;
    bool is_on = false;

    (void)state;
    for (size_t at = 0; at < sizeof endpoints / sizeof *endpoints; at++)
        assert_slice(dw_json_text(document, endpoints[at][0]), endpoints[at][1]);
    for (size_t at = 0; at < sizeof lists / sizeof *lists; at++) {
        const struct dw_json *list = dw_json_get(document, lists[at].key);

        assert_int_equal(list->array.count, lists[at].count);
        assert_slice(list->array.items[0].text, lists[at].first);
    }
    assert_done(dw_json_texts(document, "scopes_supported", arena, &scopes, &error), error);
    assert_true(dw_slices_have(scopes, S("offline_access")));
    assert_true(dw_slices_have(scopes, S("read:tools")));
    assert_true(dw_json_bool(document, "client_id_metadata_document_supported", &is_on) && is_on);
    assert_true(dw_json_bool(document, "authorization_response_iss_parameter_supported", &is_on) &&
                is_on);
    assert_true(dw_json_bool(document, "request_parameter_supported", &is_on) && !is_on);
}

/* Auth0's members, in Auth0's order; what is not in its document comes last. */
static void discovery_has_auth0s_order(void **state)
{
    static const char *const order[] = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "userinfo_endpoint",
        "mfa_challenge_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "revocation_endpoint",
        "scopes_supported",
        "response_types_supported",
        "code_challenge_methods_supported",
        "response_modes_supported",
        "subject_types_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "claims_supported",
        "request_uri_parameter_supported",
        "request_parameter_supported",
        "backchannel_authentication_endpoint",
        "backchannel_token_delivery_modes_supported",
        "id_token_signing_alg_values_supported",
        "end_session_endpoint",
        "dpop_signing_alg_values_supported",
        "client_id_metadata_document_supported",
        "authorization_response_iss_parameter_supported",
        "pushed_authorization_request_endpoint",
        "require_pushed_authorization_requests",
        "introspection_endpoint",
        "introspection_endpoint_auth_methods_supported",
        "grant_types_supported",
    };
    struct dw_tenant_settings settings = {.is_dcr_enabled = true,
                                          .is_cimd_enabled = true,
                                          .sends_iss_parameter = true,
                                          .is_par_enabled = true,
                                          .publishes_end_session = true};
    const struct dw_json *document = discover(&settings);
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < document->object.count; i++) {
        while (at < sizeof order / sizeof *order &&
               !dw_slice_eq(document->object.members[i].key, S(order[at])))
            at++;
        if (at == sizeof order / sizeof *order)
            fail_msg("%.*s is not there", DW_PRINT(document->object.members[i].key));
    }
}

static void what_is_switched_off_is_not_published(void **state)
{
    struct dw_tenant_settings settings = {0};
    const struct dw_json *document = discover(&settings);

    (void)state;
    assert_null(dw_json_get(document, "registration_endpoint"));
    assert_null(dw_json_get(document, "client_id_metadata_document_supported"));
    assert_null(dw_json_get(document, "authorization_response_iss_parameter_supported"));
    assert_null(dw_json_get(document, "pushed_authorization_request_endpoint"));
}

static bool write_in_small_memory(void)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *own = dw_arena_new(1u << 17);
    struct dw_tenant_settings settings = {0};
    struct dw_grant_answer answer = {.scopes = {api_scopes, 2}};
    struct dw_api api = {.identifier = S("a")};
    struct dw_access_claims claims = {.issuer = S(ISSUER),
                                      .api = &api,
                                      .client_id = S("c1"),
                                      .token_id = S("j"),
                                      .answer = &answer};
    struct dw_buf out, discovery;
    struct dw_slice text;
    struct dw_error failure;

    if (!own)
        return false;
    out = dw_buf_in(own);
    discovery = dw_buf_in(own);
    dw_access_claims_write(&claims, &out);
    dw_metadata_write(S(ISSUER), &settings, (struct dw_slices){api_scopes, 2}, &discovery);
    return dw_buf_finish(&out, &text, &failure) && dw_buf_finish(&discovery, &text, &failure);
}

static void any_failing_allocation_is_reported(void **state)
{
    (void)state;
    torture(write_in_small_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_tokens_speak_four_dialects),
        cmocka_unit_test(the_rest_of_an_access_token),
        cmocka_unit_test(a_secret_api_is_the_only_audience),
        cmocka_unit_test(a_custom_claim_wins_over_the_profiles),
        cmocka_unit_test(without_an_api_the_token_is_for_userinfo),
        cmocka_unit_test(an_empty_permissions_claim_is_written),
        cmocka_unit_test(userinfo_shows_what_the_scopes_let_through),
        cmocka_unit_test(an_id_token_is_for_the_client),
        cmocka_unit_test(discovery_says_what_is_there),
        cmocka_unit_test(discovery_has_auth0s_order),
        cmocka_unit_test(what_is_switched_off_is_not_published),
        cmocka_unit_test(any_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, arena_start, arena_end);
}
