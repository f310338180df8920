/* oauth/third_party.h: strict applications may do little, permissive and own ones the rest. */
#include "test.h"

#include "oauth/third_party.h"

static struct dw_error error;

static struct dw_oauth_client make(bool is_first_party, enum dw_security_mode mode)
{
    struct dw_oauth_client client = {.kind = DW_CLIENT_DCR,
                                     .auth_method = DW_CLIENT_AUTH_NONE,
                                     .is_first_party = is_first_party};

    dw_third_party_start(&client, mode);
    return client;
}

static void only_strict_third_parties_are_strict(void **state)
{
    struct dw_oauth_client strict = make(false, DW_SECURITY_STRICT);
    struct dw_oauth_client permissive = make(false, DW_SECURITY_PERMISSIVE);
    struct dw_oauth_client own = make(true, DW_SECURITY_STRICT);

    (void)state;
    assert_true(dw_client_is_strict(&strict));
    assert_false(dw_client_is_strict(&permissive));
    assert_false(dw_client_is_strict(&own));
    assert_false(dw_third_party_hears_errors(&strict));
    assert_true(dw_third_party_hears_errors(&permissive));
    strict.redirection_policy = DW_REDIRECTION_ALWAYS;
    assert_true(dw_third_party_hears_errors(&strict));
}

static void a_parameter_that_is_not_listed_is_refused(void **state)
{
    static const char *const allowed[] = {
        "acr_values",
        "audience",
        "authorization_details",
        "client_id",
        "code_challenge",
        "connection",
        "correlation_id",
        "code_challenge_method",
        "display",
        "dpop_jkt",
        "ext-x",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "resource",
        "response_type",
        "scope",
        "state",
        "ui_locales",
        "organization",
        "response_mode",
        "auth0Client",
    };
    static const char *const refused[] = {
        "request", "request_uri", "id_token_hint", "claims", "invitation", "screen_hint",
        "Scope",   "acr",         "login_ticket",  "",       "ext",        "xext-x"};
    struct dw_oauth_client strict = make(false, DW_SECURITY_STRICT);
    struct dw_oauth_client permissive = make(false, DW_SECURITY_PERMISSIVE);

    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        struct dw_form_field field = {S(allowed[i]), S("x")};
        struct dw_form form = {.items = &field, .count = 1};

        assert_done(dw_third_party_check_request(&strict, &form, &error), error);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct dw_form_field field = {S(refused[i]), S("x")};
        struct dw_form form = {.items = &field, .count = 1};

        assert_fails(dw_third_party_check_request(&strict, &form, &error), error,
                     DW_INVALID_REQUEST);
        assert_done(dw_third_party_check_request(&permissive, &form, &error), error);
    }
}

static void grants_are_few(void **state)
{
    struct dw_oauth_client strict = make(false, DW_SECURITY_STRICT);
    struct dw_oauth_client own = make(true, DW_SECURITY_STRICT);

    (void)state;
    for (int type = DW_GRANT_UNSET + 1; type < DW_GRANT_TYPE_COUNT; type++) {
        bool is_code = type == DW_GRANT_AUTHORIZATION_CODE || type == DW_GRANT_REFRESH_TOKEN;

        assert_true(dw_third_party_check_grant(&own, (enum dw_grant_type)type, &error));
        assert_int_equal(dw_third_party_check_grant(&strict, (enum dw_grant_type)type, &error),
                         is_code);
        strict.kind = DW_CLIENT_STATIC; /* made by an operator, with a secret */
        strict.auth_method = DW_CLIENT_AUTH_POST;
        assert_int_equal(dw_third_party_check_grant(&strict, (enum dw_grant_type)type, &error),
                         is_code || type == DW_GRANT_CLIENT_CREDENTIALS);
        strict.kind = DW_CLIENT_DCR;
        assert_int_equal(dw_third_party_check_grant(&strict, (enum dw_grant_type)type, &error),
                         is_code);
        strict.auth_method = DW_CLIENT_AUTH_NONE;
    }
}

/* Auth0: a curated set of what an operator may set. */
static void an_operator_cannot_set_what_strict_applications_may_not_have(void **state)
{
    static const struct dw_slice grants[] = {{"authorization_code", 18},
                                             {"refresh_token", 13},
                                             {"client_credentials", 18},
                                             {"password", 8},
                                             {"urn:ietf:params:oauth:grant-type:device_code", 44},
                                             {"urn:openid:params:grant-type:ciba", 33}};
    static const struct dw_slice pattern = {"https://*.example.com", 21};
    struct dw_oauth_client good = make(false, DW_SECURITY_STRICT), client;

    (void)state;
    good.kind = DW_CLIENT_STATIC;
    good.auth_method = DW_CLIENT_AUTH_POST;
    good.refresh = (struct dw_refresh_policy){false, 0, 60, 60};
    good.grant_types = (struct dw_slices){grants, 3};
    assert_done(dw_third_party_check_record(&good, &error), error);
    for (size_t at = 3; at < sizeof grants / sizeof *grants; at++) {
        client = good;
        client.grant_types = (struct dw_slices){grants + at, 1};
        assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
        client.security_mode = DW_SECURITY_PERMISSIVE;
        assert_done(dw_third_party_check_record(&client, &error), error);
    }
    client = good;
    client.auth_method = DW_CLIENT_AUTH_NONE; /* and client_credentials */
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.refresh.lifetime_s = 0;
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.refresh.idle_lifetime_s = 0;
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.id_token_alg = DW_ID_TOKEN_PS256;
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.web_origins = (struct dw_slices){&pattern, 1};
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.allowed_origins = (struct dw_slices){&pattern, 1};
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.allowed_logout_urls = (struct dw_slices){&pattern, 1};
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client = good;
    client.app_type = DW_APP_RESOURCE_SERVER;
    assert_fails(dw_third_party_check_record(&client, &error), error, DW_INVALID_REQUEST);
    client.is_first_party = true;
    assert_done(dw_third_party_check_record(&client, &error), error);
}

static void refresh_tokens_end_and_those_of_public_clients_rotate(void **state)
{
    struct dw_oauth_client strict = make(false, DW_SECURITY_STRICT);
    struct dw_refresh_policy policy;

    (void)state;
    strict.refresh = (struct dw_refresh_policy){.is_rotating = false};
    policy = dw_third_party_refresh_policy(&strict);
    assert_true(policy.is_rotating && policy.lifetime_s > 0 && policy.idle_lifetime_s > 0);
    strict.auth_method = DW_CLIENT_AUTH_POST;
    policy = dw_third_party_refresh_policy(&strict);
    assert_false(policy.is_rotating);
    assert_true(policy.lifetime_s > 0);
    strict.is_first_party = true;
    assert_int_equal(dw_third_party_refresh_policy(&strict).lifetime_s, 0);
}

static void id_tokens_of_strict_ones_are_rs256(void **state)
{
    struct dw_oauth_client client = {.is_first_party = true};

    (void)state;
    assert_int_equal(dw_id_token_jose_alg(&client), DW_ALG_RS256);
    client.id_token_alg = DW_ID_TOKEN_PS256;
    assert_int_equal(dw_id_token_jose_alg(&client), DW_ALG_PS256);
    client.is_first_party = false;
    dw_third_party_start(&client, DW_SECURITY_PERMISSIVE);
    assert_int_equal(dw_id_token_jose_alg(&client), DW_ALG_PS256);
    dw_third_party_start(&client, DW_SECURITY_STRICT);
    assert_int_equal(dw_id_token_jose_alg(&client), DW_ALG_RS256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_tokens_of_strict_ones_are_rs256),
        cmocka_unit_test(only_strict_third_parties_are_strict),
        cmocka_unit_test(a_parameter_that_is_not_listed_is_refused),
        cmocka_unit_test(grants_are_few),
        cmocka_unit_test(an_operator_cannot_set_what_strict_applications_may_not_have),
        cmocka_unit_test(refresh_tokens_end_and_those_of_public_clients_rotate),
    };

    return cmocka_run_group_tests_name("oauth/third_party", tests, NULL, NULL);
}
