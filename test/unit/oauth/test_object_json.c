/* oauth/object_json.h: APIs and applications as Auth0's objects, there and back. */
#include "test.h"

#include "oauth/object_json.h"
#include "json/json.h"

static struct dw_arena *arena;
static struct dw_error error;

static void what_cannot_be_is_refused_by_name(void **state)
{
    static const struct {
        bool is_client;
        const char *patch, *message;
    } rows[] = {
        {false, "{\"identifier\":\"x\"}", "identifier cannot be changed"},
        {false, "{\"signing_alg\":\"none\"}",
         "signing_alg must be RS256, PS256 or ES256 (HS256 needs signing_secret)"},
        {false, "{\"signing_alg\":\"HS256\"}",
         "signing_alg must be RS256, PS256 or ES256 (HS256 needs signing_secret)"},
        {false, "{\"token_lifetime\":-1}",
         "token_lifetime must be a number of seconds up to 2592000"},
        {false, "{\"token_lifetime\":2592001}",
         "token_lifetime must be a number of seconds up to 2592000"},
        {false, "{\"token_lifetime_for_web\":2592001}",
         "token_lifetime_for_web must be a number of seconds up to 2592000"},
        {false, "{\"token_lifetime\":300,\"token_lifetime_for_web\":301}",
         "token_lifetime_for_web must not be more than token_lifetime"},
        {true, "{\"is_first_party\":false}", "is_first_party cannot be changed"},
        {true, "{\"refresh_token\":{\"expiration_type\":\"never\"}}",
         "refresh_token.expiration_type must be expiring or non-expiring"},
        {false, "{\"token_dialect\":\"jwt\"}",
         "token_dialect must be one of: access_token, access_token_authz, rfc9068_profile, "
         "rfc9068_profile_authz"},
        {false, "{\"enforce_policies\":1}", "enforce_policies must be true or false"},
        {false, "{\"subject_type_authorization\":{\"admin\":{}}}",
         "an API has no member \"subject_type_authorization.admin\""},
        {false, "{\"subject_type_authorization\":true}",
         "an API has no member \"subject_type_authorization\""},
        {false, "[]", "changes come as an object"},
        {true, "{\"client_id\":\"x\"}", "client_id cannot be changed"},
        {true, "{\"kind\":\"static\"}", "kind cannot be changed"},
        {true, "{\"client_secret\":\"x\"}", "an application has no member \"client_secret\""},
        {true, "{\"name\":\"a\\nb\"}", "name must be free of control characters"},
        {true, "{\"callbacks\":\"https://a\"}", "callbacks must be a list of at most 100 texts"},
        {true, "{\"jwks\":\"x\"}", "jwks must be an object or a list"},
        {true, "{\"refresh_token\":{\"leeway\":601}}",
         "refresh_token.leeway must be a number of seconds up to 600"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_oauth_client client = {.id = DW_LIT("c")};
        struct dw_api api = {.id = DW_LIT("a")};

        if (rows[at].is_client)
            assert_fails(dw_client_apply_json(&client, S(rows[at].patch), arena, &error), error,
                         DW_INVALID_REQUEST);
        else
            assert_fails(dw_api_apply_json(&api, S(rows[at].patch), arena, &error), error,
                         DW_INVALID_REQUEST);
        assert_string_equal(error.message, rows[at].message);
    }
}

static void an_api_is_changed_and_shown(void **state)
{
    static const struct dw_api_scope scopes[] = {{{"read:x", 6}, {"Read", 4}},
                                                 {{"write:x", 7}, {NULL, 0}}};
    struct dw_api api = {.id = DW_LIT("a1"),
                         .identifier = DW_LIT("https://api"),
                         .name = DW_LIT("API"),
                         .scopes = scopes,
                         .scope_count = 2,
                         .signing_alg = DW_ALG_RS256,
                         .token_lifetime_s = 86400,
                         .token_lifetime_web_s = 7200};
    struct dw_slice json;

    (void)state;
    assert_done(dw_api_apply_json(&api,
                                  S("{\"signing_alg\":\"ES256\",\"token_lifetime\":300,"
                                    "\"token_dialect\":\"rfc9068_profile_authz\","
                                    "\"allow_offline_access\":true,\"subject_type_authorization\":"
                                    "{\"user\":{\"policy\":\"deny_all\"}}}"),
                                  arena, &error),
                error);
    assert_int_equal(api.signing_alg, DW_ALG_ES256);
    assert_int_equal(api.user_policy, DW_API_POLICY_DENY_ALL);
    assert_int_equal(api.client_policy, DW_API_POLICY_REQUIRE_CLIENT_GRANT);
    assert_done(dw_api_to_json(&api, arena, &json, &error), error);
    assert_slice(
        json,
        "{\"id\":\"a1\",\"identifier\":\"https://api\",\"is_system\":false,\"name\":"
        "\"API\",\"signing_alg\":\"ES256\",\"token_lifetime\":300,\"token_lifetime_for_web\":300,"
        "\"token_dialect\":\"rfc9068_profile_authz\",\"enforce_policies\":false,\"allow_offline_"
        "access\":"
        "true,\"skip_consent_for_verifiable_first_party_clients\":false,"
        "\"subject_type_authorization\":{\"user\":{\"policy\":\"deny_all\"},\"client\":"
        "{\"policy\":\"require_client_grant\"}},\"scopes\":[{\"value\":\"read:x\","
        "\"description\":\"Read\"},{\"value\":\"write:x\"}]}");
    api.signing_alg = DW_ALG_UNKNOWN;
    assert_done(dw_api_to_json(&api, arena, &json, &error), error);
    assert_non_null(memmem(json.ptr, json.len, "\"HS256\"", 7));
}

/* What Auth0 shows of tokens that never end, and that it means the same when it is given back. */
static void refresh_tokens_without_end_show_their_standards(void **state)
{
    static const struct {
        struct dw_refresh_policy policy;
        const char *patch, *json;
    } rows[] = {
        {{false, 0, 0, 0},
         "{}",
         "{\"rotation_type\":\"non-rotating\",\"leeway\":0,\"expiration_type\":\"non-expiring\","
         "\"token_lifetime\":2592000,\"infinite_token_lifetime\":true,"
         "\"idle_token_lifetime\":1296000,\"infinite_idle_token_lifetime\":true}"},
        {{false, 0, 0, 0},
         "{\"refresh_token\":{\"expiration_type\":\"expiring\"}}",
         "{\"rotation_type\":\"non-rotating\",\"leeway\":0,\"expiration_type\":\"expiring\","
         "\"token_lifetime\":2592000,\"infinite_token_lifetime\":false,"
         "\"idle_token_lifetime\":1296000,\"infinite_idle_token_lifetime\":false}"},
        {{true, 30, 600, 60},
         "{\"refresh_token\":{\"expiration_type\":\"expiring\","
         "\"infinite_idle_token_lifetime\":true}}",
         "{\"rotation_type\":\"rotating\",\"leeway\":30,\"expiration_type\":\"expiring\","
         "\"token_lifetime\":600,\"infinite_token_lifetime\":false,"
         "\"idle_token_lifetime\":1296000,\"infinite_idle_token_lifetime\":true}"},
        {{true, 30, 600, 60},
         "{\"refresh_token\":{\"expiration_type\":\"non-expiring\"}}",
         "{\"rotation_type\":\"rotating\",\"leeway\":30,\"expiration_type\":\"non-expiring\","
         "\"token_lifetime\":2592000,\"infinite_token_lifetime\":true,"
         "\"idle_token_lifetime\":1296000,\"infinite_idle_token_lifetime\":true}"},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_oauth_client client = {.id = DW_LIT("c1"), .refresh = rows[at].policy};
        const struct dw_json *shown = NULL;
        struct dw_slice json, again;

        assert_done(dw_client_apply_json(&client, S(rows[at].patch), arena, &error), error);
        assert_done(dw_client_to_json(&client, arena, &json, &error), error);
        assert_done(dw_json_parse(json, arena, &shown, &error), error);
        assert_slice(dw_json_get(shown, "refresh_token")->raw, rows[at].json);
        again = dw_arena_printf(arena, "{\"refresh_token\":%s}", rows[at].json);
        assert_done(dw_client_apply_json(&client, again, arena, &error), error);
        assert_done(dw_client_to_json(&client, arena, &again, &error), error);
        assert_true(dw_slice_eq(json, again));
    }
}

static void an_application_goes_there_and_back(void **state)
{
    static const char patch[] =
        "{\"name\":\"App\",\"app_type\":\"spa\","
        "\"token_endpoint_auth_method\":\"none\",\"grant_types\":[\"authorization_code\"],"
        "\"callbacks\":[\"https://a/cb\"],\"web_origins\":[\"https://a\"],"
        "\"jwt_configuration\":{\"alg\":\"PS256\",\"lifetime_in_seconds\":600},\"refresh_token\":{"
        "\"rotation_type\":"
        "\"rotating\",\"leeway\":5,\"token_lifetime\":1000,\"infinite_idle_token_lifetime\":true},"
        "\"organization_usage\":\"require\",\"require_proof_of_possession\":true,"
        "\"skip_non_verifiable_callback_uri_confirmation_prompt\":true,"
        "\"client_metadata\":{\"k\":\"v\"}}";
    struct dw_oauth_client client = {.id = DW_LIT("c1"), .refresh.idle_lifetime_s = 7}, again;
    struct dw_slice json, second;
    const struct dw_json *read = NULL;

    (void)state;
    assert_done(dw_client_apply_json(&client, S(patch), arena, &error), error);
    assert_true(client.refresh.is_rotating);
    assert_int_equal(client.refresh.idle_lifetime_s, 0);
    assert_int_equal(client.refresh.lifetime_s, 1000);
    assert_int_equal(client.skips_callback_confirmation, DW_TRUE);
    assert_int_equal(client.id_token_alg, DW_ID_TOKEN_PS256);
    assert_done(dw_client_to_json(&client, arena, &json, &error), error);
    assert_done(dw_json_parse(json, arena, &read, &error), error);
    assert_null(dw_json_get(read, "client_secret"));
    assert_null(dw_json_get(read, "jwks"));
    assert_slice(dw_json_text(read, "client_id"), "c1");
    /* What is shown can be given back, but for what is fixed. */
    again = (struct dw_oauth_client){.id = client.id};
    assert_done(dw_client_apply_json(&again, S(patch), arena, &error), error);
    assert_done(dw_client_to_json(&again, arena, &second, &error), error);
    assert_true(dw_slice_eq(json, second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_refused_by_name),
        cmocka_unit_test(an_api_is_changed_and_shown),
        cmocka_unit_test(refresh_tokens_without_end_show_their_standards),
        cmocka_unit_test(an_application_goes_there_and_back),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
