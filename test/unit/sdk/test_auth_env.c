/* What the environment says about OAuth: an Auth0 tenant, another provider, nothing, or nonsense.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "sdk/auth_internal.h"

static const char *const variables[] = {"AUTH0_DOMAIN",        "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID",
                                        "AUTH0_CLIENT_SECRET", "OIDC_ISSUER",    "OIDC_AUDIENCE",
                                        "OIDC_PROVIDER"};
static char long_text[600];

/* Sets each in turn; NULL: not set. */
static void set(const char *const values[7])
{
    for (size_t i = 0; i < 7; i++)
        if (values[i])
            setenv(variables[i], values[i], 1);
        else
            unsetenv(variables[i]);
}

static void wrong_auth0_variables_are_named(void **state)
{
    static const struct {
        const char *values[7], *says;
    } cases[] = {
        {{NULL, "https://api"}, "the environment variable AUTH0_DOMAIN is not set"},
        {{"", "https://api"}, "the environment variable AUTH0_DOMAIN is not set"},
        {{"t.auth0.com"}, "the environment variable AUTH0_AUDIENCE is not set"},
        {{"t.auth0.com", ""}, "the environment variable AUTH0_AUDIENCE is not set"},
        {{"http://t.auth0.com", "a"},
         "AUTH0_DOMAIN \"http://t.auth0.com\" is no domain; write it as your-tenant.auth0.com"},
        {{"t.auth0.com/x", "a"},
         "AUTH0_DOMAIN \"t.auth0.com/x\" is no domain; write it as your-tenant.auth0.com"},
        {{"u@t.auth0.com", "a"},
         "AUTH0_DOMAIN \"u@t.auth0.com\" is no domain; write it as your-tenant.auth0.com"},
        {{"https://", "a"}, "AUTH0_DOMAIN \"\" is no domain; write it as your-tenant.auth0.com"},
        {{"t.auth0.com:x", "a"},
         "AUTH0_DOMAIN \"t.auth0.com:x\" is no domain; write it as your-tenant.auth0.com"},
        {{"t.auth0.com ", "a"},
         "the environment variable AUTH0_DOMAIN has spaces or other characters that do not belong "
         "there"},
        {{"t.auth0.com", "a\nb"},
         "the environment variable AUTH0_AUDIENCE has spaces or other characters that do not "
         "belong there"},
        {{"t.auth0.com", long_text},
         "the environment variable AUTH0_AUDIENCE is longer than 511 characters"},
        {{long_text, "a"}, "the environment variable AUTH0_DOMAIN is longer than 255 characters"},
        {{"t.auth0.com", "a", long_text},
         "the environment variable AUTH0_CLIENT_ID is longer than 255 characters"},
        {{"t.auth0.com", "a", "c", "s\x01"},
         "the environment variable AUTH0_CLIENT_SECRET has spaces or other characters that do not "
         "belong there"},
        {{"t.auth0.com", "a", NULL, "s"},
         "AUTH0_CLIENT_SECRET is set, but AUTH0_CLIENT_ID, whose secret it is, is not"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_auth0_config config = {.size = 7};
        struct dw_error error;

        set(cases[i].values);
        assert_fails(dw_auth0_config_from_env(&config, &error), error, DW_CONFIG);
        assert_string_equal(error.message, cases[i].says);
        assert_null(strstr(error.message, "s\x01"));
        assert_int_equal(config.size, 7); /* nothing half filled */
    }
}

static void auth0_comes_whole(void **state)
{
    const char *const values[7] = {"https://t.auth0.com/", "https://api", "id", "secret"};
    struct dw_auth0_config config;
    struct dw_error error;
    char url[300], small[24];

    (void)state;
    set(values);
    assert_done(dw_auth0_config_from_env(&config, &error), error);
    assert_int_equal(config.size, sizeof config);
    assert_string_equal(config.domain, "t.auth0.com");
    assert_string_equal(config.audience, "https://api");
    assert_string_equal(config.client_id, "id");
    assert_string_equal(config.client_secret, "secret");
    assert_true(dw_auth0_issuer(&config, url, sizeof url));
    assert_string_equal(url, "https://t.auth0.com/");
    assert_true(dw_auth0_jwks_uri(&config, url, sizeof url));
    assert_string_equal(url, "https://t.auth0.com/.well-known/jwks.json");
    assert_true(dw_auth0_token_endpoint(&config, url, sizeof url));
    assert_string_equal(url, "https://t.auth0.com/oauth/token");
    assert_true(dw_auth0_issuer(&config, small, sizeof "https://t.auth0.com/"));
    assert_false(dw_auth0_issuer(&config, small, sizeof "https://t.auth0.com/" - 1));
    assert_false(dw_auth0_issuer(&config, small, 0));
}

static void only_loopback_with_a_port_is_http(void **state)
{
    static const struct {
        const char *domain, *issuer;
    } cases[] = {
        {"127.0.0.1:8421", "http://127.0.0.1:8421/"},
        {"localhost:8421", "http://localhost:8421/"},
        {"[::1]:8421", "http://[::1]:8421/"},
        {"localhost", "https://localhost/"},
        {"10.0.0.1:8421", "https://10.0.0.1:8421/"},
        {"127.0.0.1.evil.example:80", "https://127.0.0.1.evil.example:80/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_auth0_config config = {.size = sizeof config};
        char url[64];

        snprintf(config.domain, sizeof config.domain, "%s", cases[i].domain);
        assert_true(dw_auth0_issuer(&config, url, sizeof url));
        assert_string_equal(url, cases[i].issuer);
    }
}

static void a_half_set_environment_is_refused(void **state)
{
    static const struct {
        const char *values[7], *says;
    } cases[] = {
        {{[2] = "id"}, "the environment variable AUTH0_DOMAIN is not set"},
        {{[3] = "secret"}, "the environment variable AUTH0_DOMAIN is not set"},
        {{[1] = "a"}, "the environment variable AUTH0_DOMAIN is not set"},
        {{[4] = "https://i"},
         "OIDC_ISSUER is set, but the environment variable OIDC_AUDIENCE is not"},
        {{[5] = "a"}, "OIDC_AUDIENCE is set, but the environment variable OIDC_ISSUER is not"},
        {{[6] = "okta"}, "OIDC_PROVIDER is set, but the environment variable OIDC_ISSUER is not"},
        {{[4] = "https://i", [5] = "a", [6] = "Okta"},
         "OIDC_PROVIDER \"Okta\" is no provider; there are auth0, okta, cognito, entra, keycloak, "
         "google, oidc"},
        {{[4] = "https://i", [5] = long_text},
         "the environment variable OIDC_AUDIENCE is longer than 511 characters"},
        {{[0] = "t.auth0.com", [1] = "a", [4] = "https://i"},
         "AUTH0_DOMAIN and OIDC_ISSUER are both set; unset the one that is not meant"},
        {{[2] = "id", [6] = "oidc"},
         "AUTH0_CLIENT_ID and OIDC_PROVIDER are both set; unset the one that is not meant"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_jwt_validator_config config;
        struct dw_error error;
        bool is_set;

        set(cases[i].values);
        assert_fails(dw_auth_config_from_env(&config, &is_set, &error), error, DW_CONFIG);
        assert_string_equal(error.message, cases[i].says);
    }
}

static void nothing_set_is_not_an_error(void **state)
{
    static const char *const cases[][7] = {{NULL}, {"", "", "", "", "", "", ""}};
    struct dw_jwt_validator_config config;
    struct dw_error error;
    bool is_set = true;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set(cases[i]);
        assert_done(dw_auth_config_from_env(&config, &is_set, &error), error);
        assert_false(is_set);
    }
}

static void each_kind_of_provider_is_found(void **state)
{
    static const struct {
        const char *values[7], *provider, *issuer, *jwks_uri, *audience, *algorithms, *client_ids;
    } cases[] = {
        {{"t.auth0.com", "https://api"},
         "auth0",
         "https://t.auth0.com/",
         "https://t.auth0.com/.well-known/jwks.json",
         "https://api",
         "RS256",
         ""},
        {{[4] = "https://i/x", [5] = "a"}, "oidc", "https://i/x", "", "a", "", ""},
        {{[4] = "https://i/x", [5] = "a", [6] = "keycloak"},
         "keycloak",
         "https://i/x",
         "",
         "a",
         "",
         ""},
        {{[4] = "https://i/x", [5] = "client", [6] = "cognito"},
         "cognito",
         "https://i/x",
         "",
         "client",
         "",
         "client"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_jwt_validator_config config;
        struct dw_error error;
        bool is_set = false;

        set(cases[i].values);
        assert_done(dw_auth_config_from_env(&config, &is_set, &error), error);
        assert_true(is_set);
        assert_string_equal(config.provider, cases[i].provider);
        assert_string_equal(config.issuer, cases[i].issuer);
        assert_string_equal(config.jwks_uri, cases[i].jwks_uri);
        assert_string_equal(config.audience, cases[i].audience);
        assert_string_equal(config.algorithms, cases[i].algorithms);
        assert_string_equal(config.client_ids, cases[i].client_ids);
        assert_int_equal(config.leeway_s, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_auth0_variables_are_named),
        cmocka_unit_test(auth0_comes_whole),
        cmocka_unit_test(only_loopback_with_a_port_is_http),
        cmocka_unit_test(a_half_set_environment_is_refused),
        cmocka_unit_test(nothing_set_is_not_an_error),
        cmocka_unit_test(each_kind_of_provider_is_found),
    };

    memset(long_text, 'x', sizeof long_text - 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
