/* Validators: configurations that are refused, tokens that are refused, and when keys are fetched.
 */
#include "guard/http_peer.h"
#include "guard/tokens.h"

#include "sdk/validator_internal.h"

#define KEYS "/keys"

static int64_t now_ms;

static int64_t test_clock(void)
{
    return now_ms;
}

/* ---- configurations ---- */

static void configurations_of_providers(void **state)
{
    const struct dw_jwt_validator_config okta =
        dw_jwt_validator_config_okta("c.okta.com", "api://default");
    const struct dw_jwt_validator_config cognito =
        dw_jwt_validator_config_cognito("eu-west-1", "eu-west-1_Ab", "client");
    const struct dw_jwt_validator_config entra = dw_jwt_validator_config_entra("tenant", "app");
    const struct dw_jwt_validator_config keycloak =
        dw_jwt_validator_config_keycloak("https://k/auth/", "realm", "aud");
    const struct dw_jwt_validator_config google = dw_jwt_validator_config_google("aud");

    (void)state;
    assert_string_equal(okta.provider, "okta");
    assert_string_equal(okta.issuer, "https://c.okta.com/oauth2/default");
    assert_string_equal(okta.audience, "api://default");
    assert_string_equal(cognito.issuer, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab");
    assert_string_equal(cognito.client_ids, "client");
    assert_string_equal(entra.issuer, "https://login.microsoftonline.com/tenant/v2.0");
    assert_string_equal(keycloak.issuer, "https://k/auth/realms/realm");
    assert_string_equal(dw_jwt_validator_config_keycloak("https://k", "r", "a").issuer,
                        "https://k/realms/r");
    assert_string_equal(google.issuer, "https://accounts.google.com");
    assert_int_equal(google.leeway_s, 60);
    assert_int_equal(google.size, sizeof google);
}

static struct dw_jwt_validator_config good(void)
{
    return dw_jwt_validator_config_oidc("https://i/", "a");
}

static void refused(struct dw_jwt_validator_config config, const char *says)
{
    struct dw_error error;

    assert_fails(dw_jwt_validator_new(&config, &error), error, DW_CONFIG);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void wrong_configurations_are_refused(void **state)
{
    static char long_text[600];
    struct dw_jwt_validator_config config;
    struct dw_error error;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    assert_fails(dw_jwt_validator_new(NULL, &error), error, DW_CONFIG);
    config = good(), config.size = 0;
    refused(config, "set its size to sizeof");
    config = good(), config.size++;
    refused(config, "set its size to sizeof");
    config = good(), strcpy(config.provider, "none");
    refused(config, "there is no provider \"none\"; there are auth0, okta");
    config = good(), strcpy(config.algorithms, "RS256 HS256");
    refused(config, "\"HS256\" is no algorithm for access tokens");
    config = good(), strcpy(config.algorithms, "none");
    refused(config, "\"none\" is no algorithm");
    config = good(), config.leeway_s = 301;
    refused(config, "leeway_s is 301, it must be 0 to 300");
    config = good(), config.leeway_s = -1;
    refused(config, "leeway_s is -1");
    config = good(), strcpy(config.jwks_uri, "http://evil.example/keys");
    refused(config, "jwks_uri \"http://evil.example/keys\" must begin with https://");
    config = good(), config.jwks = "{\"keys\":[]}";
    refused(config, "has no key that signatures can be checked with");
    config = good(), config.jwks = "[";
    refused(config, "has no key that signatures can be checked with");
    config = good(), memset(config.algorithms, 'R', sizeof config.algorithms);
    refused(config, "algorithms is longer than 127 characters");
    refused(dw_jwt_validator_config_oidc("", "a"), "has no issuer");
    refused(dw_jwt_validator_config_oidc(NULL, "a"), "has no issuer");
    refused(dw_jwt_validator_config_oidc("i.example", "a"), "issuer \"i.example\" is no URL");
    refused(dw_jwt_validator_config_oidc("https://u@i/", "a"), "is no URL");
    refused(dw_jwt_validator_config_oidc("http://i.example/", "a"), "must begin with https://");
    refused(dw_jwt_validator_config_oidc("https://i/\x01", "a"), "do not belong there");
    refused(dw_jwt_validator_config_oidc("https://i/", ""), "has no audience");
    refused(dw_jwt_validator_config_oidc("https://i/", NULL), "has no audience");
    refused(dw_jwt_validator_config_oidc(long_text, "a"), "issuer is longer than 511 characters");
    refused(dw_jwt_validator_config_oidc("https://i/", long_text),
            "audience is longer than 511 characters");
    refused(dw_jwt_validator_config_okta("", "a"), "has no issuer");
    refused(dw_jwt_validator_config_okta(long_text, "a"), "issuer is longer");
    refused(dw_jwt_validator_config_cognito(NULL, "pool", "c"), "has no issuer");
    refused(dw_jwt_validator_config_cognito("eu", "", "c"), "has no issuer");
    refused(dw_jwt_validator_config_cognito("eu", "pool", ""), "has no audience");
    refused(dw_jwt_validator_config_entra(NULL, "a"), "has no issuer");
    refused(dw_jwt_validator_config_keycloak("https://k", "", "a"), "has no issuer");
    refused(dw_jwt_validator_config_keycloak(NULL, "r", "a"), "has no issuer");
    refused(dw_jwt_validator_config_google(""), "has no audience");
}

/* ---- tokens ---- */

static struct dw_jwt_validator *with_keys(const char *algorithms)
{
    struct dw_signing_key *const keys[] = {rsa_key, ec_key};
    struct dw_jwt_validator_config config = dw_jwt_validator_config_oidc(ISSUER, RESOURCE);
    struct dw_jwt_validator *validator;
    struct dw_error error;

    strcpy(config.algorithms, algorithms);
    config.jwks = dw_arena_text(token_arena, jwks_of(keys, 2));
    validator = dw_jwt_validator_new(&config, &error);
    assert_done(validator != NULL, error);
    return validator;
}

static void bad_tokens_are_refused(void **state)
{
    struct dw_jwt_validator *validator = with_keys("ES256");
    struct dw_slice token = token_of(ec_key, ISSUER, "");
    char *broken = dw_arena_text(token_arena, token);
    struct dw_auth *auth;
    struct dw_error error;

    (void)state;
    broken[token.len - 3] = broken[token.len - 3] == 'A' ? 'B' : 'A';
    {
        const struct {
            struct dw_slice token;
            const char *says;
        } cases[] = {
            {S(""), "the token is empty"},
            {S("opaque"), ""},
            {S("a.b.c"), ""},
            {S(broken), ""},
            {dw_slice_sub(token, 0, token.len - 1), ""},
            {token_of(rsa_key, ISSUER, ""), ""}, /* not among the algorithms */
            {token_of(ec_key, "https://evil.example/", ""),
             "the token was issued by \"https://evil.example/\", this server trusts "
             "\"https://issuer.example/\""},
            {token_of(ec_key, ISSUER, ",\"nbf\":9000000000"), "not valid before"},
            {token_of(ec_key, ISSUER, ",\"at_hash\":\"x\""), "send the access token"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            assert_fails(dw_jwt_validate(validator, cases[i].token, &auth, &error), error,
                         DW_INVALID_TOKEN);
            assert_null(auth);
            if (!strstr(error.message, cases[i].says))
                fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says);
        }
    }
    dw_jwt_validator_free(validator);
}

static void a_token_for_another_audience_or_an_expired_one_is_refused(void **state)
{
    static const struct {
        const char *claims, *says;
    } cases[] = {
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"https://other/\",\"sub\":\"u\",\"exp\":9000000000}",
         "the token is for \"https://other/\", this server is \"" RESOURCE "\""},
        {"{\"iss\":\"" ISSUER "\",\"sub\":\"u\",\"exp\":9000000000}", "whom it is for"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"exp\":1}",
         "the token expired at 1970-01-01T00:00:01"},
        {"{\"iss\":\"" ISSUER "\",\"aud\":\"" RESOURCE "\",\"sub\":\"u\"}", "no \"exp\""},
        {"{\"aud\":\"" RESOURCE "\",\"sub\":\"u\",\"exp\":9000000000}", "who issued it"},
    };
    struct dw_jwt_validator *validator = with_keys("");
    struct dw_auth *auth;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_slice token;

        assert_done(dw_jwt_sign(ec_key, "JWT", S(cases[i].claims), token_arena, &token, &error),
                    error);
        assert_fails(dw_jwt_validate(validator, token, &auth, &error), error, DW_INVALID_TOKEN);
        if (!strstr(error.message, cases[i].says))
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].says);
    }
    dw_jwt_validator_free(validator);
}

static void a_good_token_outlives_its_validator(void **state)
{
    struct dw_jwt_validator *validator = with_keys("");
    struct dw_slice token = token_of(rsa_key, ISSUER, ",\"scope\":\"a b\",\"email\":\"e@x\"");
    struct dw_auth *auth;
    struct dw_error error;

    (void)state;
    assert_done(dw_jwt_validate(validator, token, &auth, &error), error);
    dw_jwt_validator_free(validator);
    assert_slice(dw_auth_subject(auth), "user|1");
    assert_slice(dw_auth_email(auth), "e@x");
    assert_int_equal(dw_auth_scope_count(auth), 2);
    assert_fails(dw_auth_require_scope(auth, "c", &error), error, DW_INSUFFICIENT_SCOPE);
    dw_auth_free(auth);
    dw_auth_free(NULL);
}

/* ---- fetching keys ---- */

static struct peer peer;
static char issuer_url[64];

static struct dw_jwt_validator *fetching(void)
{
    struct dw_jwt_validator_config config;
    struct dw_jwt_validator *validator;
    struct dw_error error;

    peer = (struct peer){.pages = {{.path = KEYS}}};
    peer_open(&peer);
    snprintf(issuer_url, sizeof issuer_url, "http://127.0.0.1:%d/", peer.port);
    config = dw_jwt_validator_config_oidc(issuer_url, RESOURCE);
    snprintf(config.jwks_uri, sizeof config.jwks_uri, "http://127.0.0.1:%d" KEYS, peer.port);
    validator = dw_jwt_validator_new(&config, &error);
    assert_done(validator != NULL, error);
    validator->monotonic_ms = test_clock;
    now_ms = 1000000;
    return validator;
}

static const char *keys_text(struct dw_signing_key *key)
{
    struct dw_signing_key *const keys[] = {key};

    return dw_arena_text(token_arena, jwks_of(keys, 1));
}

/* Whether it was accepted, and how often keys have been asked for by then. */
static void expect(struct dw_jwt_validator *validator, struct dw_signing_key *key,
                   enum dw_code code, int asked)
{
    struct dw_auth *auth;
    struct dw_error error = {.code = DW_OK};
    bool is_good = dw_jwt_validate(validator, token_of(key, issuer_url, ""), &auth, &error);

    assert_string_equal(dw_code_name(is_good ? DW_OK : error.code), dw_code_name(code));
    assert_int_equal(peer.pages[0].asked, asked);
    dw_auth_free(auth);
}

static void keys_are_fetched_once_and_refreshed(void **state)
{
    struct dw_jwt_validator *validator = fetching();
    struct dw_auth *auth;
    struct dw_error error;

    (void)state;
    peer.pages[0].body = keys_text(ec_key);
    peer_start(&peer);
    assert_fails(dw_jwt_validate(validator, token_of(ec_key, ISSUER, ""), &auth, &error), error,
                 DW_INVALID_TOKEN);
    assert_int_equal(peer.pages[0].asked, 0); /* a stranger's token makes us ask nobody */
    expect(validator, ec_key, DW_OK, 1);
    expect(validator, ec_key, DW_OK, 1);
    now_ms += DW_VALIDATOR_REFRESH_MS - 1;
    expect(validator, ec_key, DW_OK, 1);
    now_ms += 1;
    expect(validator, ec_key, DW_OK, 2);
    dw_jwt_validator_free(validator);
    peer_stop(&peer);
}

static void unknown_kids_cause_a_fetch_once_a_cooldown(void **state)
{
    struct dw_jwt_validator *validator = fetching();

    (void)state;
    peer.pages[0].body = keys_text(ec_key);
    peer_start(&peer);
    expect(validator, ec_key, DW_OK, 1);
    for (int i = 0; i < 5; i++)
        expect(validator, rsa_key, DW_INVALID_TOKEN, 1);
    now_ms += DW_VALIDATOR_COOLDOWN_MS;
    for (int i = 0; i < 5; i++)
        expect(validator, rsa_key, DW_INVALID_TOKEN, 2);
    peer.pages[0].body = keys_text(rsa_key); /* the issuer has new keys */
    now_ms += DW_VALIDATOR_COOLDOWN_MS;
    expect(validator, rsa_key, DW_OK, 3);
    expect(validator, ec_key, DW_INVALID_TOKEN, 3);
    dw_jwt_validator_free(validator);
    peer_stop(&peer);
}

static void old_keys_serve_for_a_day_while_the_issuer_is_down(void **state)
{
    struct dw_jwt_validator *validator = fetching();

    (void)state;
    peer.pages[0].body = keys_text(ec_key);
    peer_start(&peer);
    expect(validator, ec_key, DW_OK, 1);
    peer.pages[0].status = 500;
    now_ms += DW_VALIDATOR_REFRESH_MS;
    expect(validator, ec_key, DW_OK, 2);
    expect(validator, ec_key, DW_OK, 2);
    now_ms += DW_VALIDATOR_RETRY_MS;
    expect(validator, ec_key, DW_OK, 3);
    now_ms += DW_VALIDATOR_STALE_MS;
    expect(validator, ec_key, DW_UNAVAILABLE, 4);
    peer.pages[0].status = 200;
    now_ms += DW_VALIDATOR_MAX_RETRY_MS;
    expect(validator, ec_key, DW_OK, 5);
    dw_jwt_validator_free(validator);
    peer_stop(&peer);
}

static void without_keys_nothing_is_accepted_and_the_pause_grows(void **state)
{
    struct dw_jwt_validator *validator = fetching();
    struct dw_auth *auth;
    struct dw_error error;
    int asked = 1;

    (void)state;
    peer.pages[0].body = "<html>";
    peer_start(&peer);
    assert_fails(dw_jwt_validate(validator, token_of(ec_key, issuer_url, ""), &auth, &error), error,
                 DW_UNAVAILABLE);
    assert_non_null(strstr(error.cause, "fetching the issuer's keys"));
    for (int64_t pause_ms = DW_VALIDATOR_RETRY_MS; pause_ms < 100000; pause_ms *= 2) {
        int64_t real_ms =
            pause_ms < DW_VALIDATOR_MAX_RETRY_MS ? pause_ms : DW_VALIDATOR_MAX_RETRY_MS;

        now_ms += real_ms - 1;
        expect(validator, ec_key, DW_UNAVAILABLE, asked);
        now_ms += 1;
        expect(validator, ec_key, DW_UNAVAILABLE, ++asked);
    }
    dw_jwt_validator_free(validator);
    peer_stop(&peer);
}

struct validating {
    pthread_t thread;
    struct dw_jwt_validator *validator;
    struct dw_slice token;
    bool is_good;
};

static void *validate(void *user)
{
    struct validating *one = user;
    struct dw_auth *auth;

    one->is_good = dw_jwt_validate(one->validator, one->token, &auth, NULL);
    dw_auth_free(auth);
    return NULL;
}

static void threads_share_one_fetch(void **state)
{
    struct dw_jwt_validator *validator = fetching();
    struct validating all[8];

    (void)state;
    peer.pages[0].body = keys_text(ec_key);
    peer.delay_ms = 50;
    peer_start(&peer);
    for (size_t i = 0; i < 8; i++) {
        all[i] =
            (struct validating){.validator = validator, .token = token_of(ec_key, issuer_url, "")};
        assert_int_equal(pthread_create(&all[i].thread, NULL, validate, &all[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(all[i].thread, NULL);
        assert_true(all[i].is_good);
    }
    assert_int_equal(peer.pages[0].asked, 1);
    dw_jwt_validator_free(validator);
    peer_stop(&peer);
}

/* ---- memory ---- */

static struct dw_slice torture_token;
static const char *torture_keys;

static bool new_and_validate(void)
{
    struct dw_jwt_validator_config config = dw_jwt_validator_config_oidc(ISSUER, RESOURCE);
    struct dw_jwt_validator *validator;
    struct dw_auth *auth = NULL;
    struct dw_error error;
    bool is_good;

    config.jwks = torture_keys;
    validator = dw_jwt_validator_new(&config, &error);
    if (!validator) {
        assert_string_equal(dw_code_name(error.code), "DW_NO_MEMORY");
        return false;
    }
    is_good = dw_jwt_validate(validator, torture_token, &auth, &error);
    if (!is_good)
        assert_string_equal(dw_code_name(error.code), "DW_NO_MEMORY");
    assert_true(is_good == (auth != NULL));
    dw_auth_free(auth);
    dw_jwt_validator_free(validator);
    return is_good;
}

static void running_out_of_memory_accepts_nobody(void **state)
{
    (void)state;
    torture_token = token_of(ec_key, ISSUER, ",\"scope\":\"a b c\"");
    torture_keys = keys_text(ec_key);
    torture(new_and_validate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_configurations_are_refused),
        cmocka_unit_test(configurations_of_providers),
        cmocka_unit_test(bad_tokens_are_refused),
        cmocka_unit_test(a_token_for_another_audience_or_an_expired_one_is_refused),
        cmocka_unit_test(a_good_token_outlives_its_validator),
        cmocka_unit_test(keys_are_fetched_once_and_refreshed),
        cmocka_unit_test(unknown_kids_cause_a_fetch_once_a_cooldown),
        cmocka_unit_test(old_keys_serve_for_a_day_while_the_issuer_is_down),
        cmocka_unit_test(without_keys_nothing_is_accepted_and_the_pause_grows),
        cmocka_unit_test(threads_share_one_fetch),
        cmocka_unit_test(running_out_of_memory_accepts_nobody),
    };
    int failed;

    make_keys();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_keys();
    return failed;
}
