/* sdk/validator_config.c with oauth/provider.c: each provider's tokens as it really makes them,
 * against the validator that is made for it. */
#include "guard/tokens.h"

#include "sdk/validator_internal.h"

#define TIMES "\"iat\":1700000000,\"exp\":9000000000"
#define OKTA "\"iss\":\"https://c.okta.com/oauth2/default\",\"uid\":\"00u1\"," TIMES
#define POOL "\"iss\":\"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab\"," TIMES
#define ENTRA "\"iss\":\"https://login.microsoftonline.com/t1/v2.0\",\"tid\":\"t1\"," TIMES
#define ENTRA_V1 "\"iss\":\"https://sts.windows.net/t1/\",\"tid\":\"t1\"," TIMES
#define REALM "\"iss\":\"https://k.example/realms/r\"," TIMES
#define TENANT "\"iss\":\"https://t.auth0.com/\"," TIMES
#define PLAIN "\"iss\":\"https://i.example\",\"aud\":\"https://mcp\"," TIMES

/* Which of the validators below. */
enum kind {
    AUTH0_V,
    OKTA_V,
    COGNITO_V,
    ENTRA_V,
    ENTRA_V1_V,
    KEYCLOAK_V,
    GOOGLE_V,
    OIDC_V,
    KIND_COUNT
};

static struct dw_jwt_validator *validators[KIND_COUNT];

static struct dw_jwt_validator_config auth0(void)
{
    struct dw_auth0_config tenant = {
        .size = sizeof tenant, .domain = "t.auth0.com", .audience = "https://mcp"};

    return dw_jwt_validator_config_from_auth0(&tenant);
}

static int start(void **state)
{
    struct dw_signing_key *keys[2];
    struct dw_jwt_validator_config configs[KIND_COUNT] = {
        [AUTH0_V] = auth0(),
        [OKTA_V] = dw_jwt_validator_config_okta("c.okta.com", "api://default"),
        [COGNITO_V] = dw_jwt_validator_config_cognito("eu-west-1", "eu-west-1_Ab", "client1"),
        [ENTRA_V] = dw_jwt_validator_config_entra("t1", "app-guid"),
        [ENTRA_V1_V] = dw_jwt_validator_config_entra("t1", "api://app-guid"),
        [KEYCLOAK_V] = dw_jwt_validator_config_keycloak("https://k.example", "r", "https://mcp"),
        [GOOGLE_V] = dw_jwt_validator_config_google("https://mcp"),
        [OIDC_V] = dw_jwt_validator_config_oidc("https://i.example", "https://mcp"),
    };
    const char *jwks;
    struct dw_error error;

    (void)state;
    make_keys();
    keys[0] = rsa_key;
    keys[1] = ec_key;
    jwks = dw_arena_text(token_arena, jwks_of(keys, 2));
    strcpy(configs[ENTRA_V1_V].issuer, "https://sts.windows.net/t1/");
    for (size_t i = 0; i < KIND_COUNT; i++) {
        configs[i].jwks = jwks;
        validators[i] = dw_jwt_validator_new(&configs[i], &error);
        assert_done(validators[i] != NULL, error);
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++)
        dw_jwt_validator_free(validators[i]);
    free_keys();
    return 0;
}

static struct dw_slice sign(struct dw_signing_key *key, const char *typ, const char *claims)
{
    struct dw_slice token;
    struct dw_error error;

    assert_done(dw_jwt_sign(key, typ, dw_arena_printf(token_arena, "{%s}", claims), token_arena,
                            &token, &error),
                error);
    return token;
}

static const struct {
    enum kind kind;
    const char *typ, *claims;
    const char *says; /* NULL: accepted */
} refused[] = {
    /* Auth0: RS256 alone; ID tokens are for the application */
    {AUTH0_V, "JWT", TENANT ",\"sub\":\"auth0|1\",\"aud\":\"app\",\"azp\":\"app\"",
     "the token is for \"app\", this server is \"https://mcp\""},
    {AUTH0_V, "JWT", TENANT ",\"sub\":\"auth0|1\",\"aud\":[\"https://t.auth0.com/userinfo\"]",
     "the token is for"},
    {AUTH0_V, "JWT", "\"iss\":\"https://t.auth0.com\",\"sub\":\"a\",\"aud\":\"https://mcp\"," TIMES,
     "issued by \"https://t.auth0.com\", this server trusts \"https://t.auth0.com/\""},
    {AUTH0_V, "JWT",
     TENANT ",\"sub\":\"a\",\"aud\":\"https://mcp\",\"permissions\":\"admin\",\"org_id\":7",
     "\"org_id\" is not a text"},
    {AUTH0_V, "JWT", TENANT ",\"sub\":\"a\",\"aud\":\"https://mcp\",\"permissions\":{\"a\":1}",
     "\"permissions\" is not a list of names"},
    /* Okta: the organization's own tokens, the ID token */
    {OKTA_V, "",
     "\"iss\":\"https://c.okta.com\",\"aud\":\"https://c.okta.com\",\"sub\":\"a@b\"," TIMES,
     "issued by \"https://c.okta.com\""},
    {OKTA_V, "", OKTA ",\"sub\":\"00u1\",\"aud\":\"0oaClient\",\"at_hash\":\"x\"",
     "send the access token, not the ID token"},
    {OKTA_V, "", OKTA ",\"sub\":\"a@b\",\"cid\":\"0oa\",\"aud\":\"api://other\"", "is for"},
    /* Cognito: token_use tells them apart; no audience, but a client */
    {COGNITO_V, "", POOL ",\"sub\":\"u\",\"aud\":\"client1\",\"token_use\":\"id\"",
     "send the access token, not the ID token"},
    {COGNITO_V, "", POOL ",\"sub\":\"u\",\"client_id\":\"client2\",\"token_use\":\"access\"",
     "issued to the client \"client2\""},
    {COGNITO_V, "", POOL ",\"sub\":\"u\",\"client_id\":\"client1\"",
     "no audience and its token_use is not \"access\""},
    {COGNITO_V, "",
     POOL ",\"sub\":\"u\",\"client_id\":\"client1\",\"token_use\":\"access\",\"aud\":\"https://x\"",
     "is for \"https://x\""},
    {COGNITO_V, "",
     "\"iss\":\"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Xy\",\"client_id\":"
     "\"client1\",\"token_use\":\"access\",\"sub\":\"u\"," TIMES,
     "issued by"},
    /* Entra: the other version, another tenant, Graph */
    {ENTRA_V, "JWT", ENTRA_V1 ",\"sub\":\"s\",\"appid\":\"c\",\"aud\":\"api://app-guid\"",
     "issued by \"https://sts.windows.net/t1/\""},
    {ENTRA_V1_V, "JWT", ENTRA ",\"sub\":\"s\",\"azp\":\"c\",\"aud\":\"app-guid\"",
     "issued by \"https://login.microsoftonline.com/t1/v2.0\""},
    {ENTRA_V, "JWT",
     "\"iss\":\"https://login.microsoftonline.com/t2/"
     "v2.0\",\"sub\":\"s\",\"aud\":\"app-guid\"," TIMES,
     "issued by"},
    {ENTRA_V, "JWT", ENTRA ",\"sub\":\"s\",\"aud\":\"00000003-0000-0000-c000-000000000000\"",
     "is for \"00000003"},
    {ENTRA_V, "JWT", ENTRA ",\"sub\":\"s\",\"aud\":\"app-guid\",\"roles\":\"Admin\\u0000\"", NULL},
    /* Keycloak: every token has a typ of its own in its claims */
    {KEYCLOAK_V, "JWT", REALM ",\"typ\":\"ID\",\"sub\":\"u\",\"azp\":\"a\",\"aud\":\"https://mcp\"",
     "send the access token, not the ID token"},
    {KEYCLOAK_V, "JWT", REALM ",\"typ\":\"Refresh\",\"sub\":\"u\",\"aud\":\"https://mcp\"",
     "not an access token"},
    {KEYCLOAK_V, "JWT", REALM ",\"typ\":\"Offline\",\"sub\":\"u\",\"aud\":\"https://mcp\"",
     "not an access token"},
    {KEYCLOAK_V, "JWT", REALM ",\"typ\":\"Logout\",\"sub\":\"u\",\"aud\":\"https://mcp\"",
     "not an access token"},
    {KEYCLOAK_V, "JWT", REALM ",\"typ\":\"Bearer\",\"sub\":\"u\",\"azp\":\"a\",\"aud\":\"account\"",
     "is for \"account\""},
    {KEYCLOAK_V, "JWT",
     "\"iss\":\"https://k.example/realms/r2\",\"sub\":\"u\",\"aud\":\"https://mcp\"," TIMES,
     "issued by"},
    /* Google: two spellings, and no third */
    {GOOGLE_V, "JWT",
     "\"iss\":\"http://accounts.google.com\",\"sub\":\"1\",\"aud\":\"https://mcp\"," TIMES,
     "issued by"},
    {GOOGLE_V, "JWT",
     "\"iss\":\"accounts.google.com.evil.example\",\"sub\":\"1\",\"aud\":\"https://mcp\"," TIMES,
     "issued by"},
    {GOOGLE_V, "JWT",
     "\"iss\":\"accounts.google.com\",\"sub\":\"1\",\"aud\":\"https://"
     "mcp\",\"at_hash\":\"x\"," TIMES,
     "send the access token, not the ID token"},
    /* any other: no alias of anything */
    {OIDC_V, "JWT", "\"iss\":\"i.example\",\"sub\":\"1\",\"aud\":\"https://mcp\"," TIMES,
     "issued by \"i.example\""},
    {OIDC_V, "JWT", "\"iss\":\"https://i.example/\",\"sub\":\"1\",\"aud\":\"https://mcp\"," TIMES,
     "issued by \"https://i.example/\""},
    {OIDC_V, "logout+jwt", PLAIN ",\"sub\":\"1\"", "typ \"logout+jwt\""},
    {OIDC_V, "dpop+jwt", PLAIN ",\"sub\":\"1\"", "typ \"dpop+jwt\""},
    {OIDC_V, "JWT", PLAIN ",\"sub\":\"1\",\"events\":{}", "has \"events\""},
    {OIDC_V, "JWT", PLAIN, "neither a subject (sub) nor a client"},
};

static void tokens_that_are_not_for_us_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct dw_auth *auth = NULL;
        struct dw_error error = {0};
        bool is_taken =
            dw_jwt_validate(validators[refused[i].kind],
                            sign(rsa_key, refused[i].typ, refused[i].claims), &auth, &error);

        if (is_taken != !refused[i].says ||
            (refused[i].says &&
             (error.code != DW_INVALID_TOKEN || !strstr(error.message, refused[i].says))))
            fail_msg("%s\n%s", refused[i].claims, error.message);
        dw_auth_free(auth);
    }
}

static void auth0_signs_with_rs256_alone(void **state)
{
    const char *claims = TENANT ",\"sub\":\"a\",\"aud\":\"https://mcp\"";
    struct dw_auth *auth;
    struct dw_error error;

    (void)state;
    assert_fails(dw_jwt_validate(validators[AUTH0_V], sign(ec_key, "JWT", claims), &auth, &error),
                 error, DW_INVALID_TOKEN);
    assert_done(dw_jwt_validate(validators[AUTH0_V], sign(rsa_key, "JWT", claims), &auth, &error),
                error);
    dw_auth_free(auth);
}

/* Scopes, then permissions, with spaces between. */
static const struct {
    enum kind kind;
    const char *typ, *claims;
    const char *issuer, *subject, *client, *identity_provider, *scopes, *permissions;
} accepted[] = {
    {AUTH0_V, "JWT",
     TENANT ",\"sub\":\"google-oauth2|456\",\"aud\":[\"https://mcp\",\"https://t.auth0.com/"
            "userinfo\"],\"azp\":\"app\",\"scope\":\"openid profile\",\"permissions\":["
            "\"read:tools\",\"admin:*\"]",
     "https://t.auth0.com/", "google-oauth2|456", "app", "google-oauth2",
     "openid profile read:tools admin:*", "read:tools admin:*"},
    {AUTH0_V, "at+jwt",
     TENANT ",\"sub\":\"m@clients\",\"aud\":\"https://mcp\",\"client_id\":\"m\",\"gty\":"
            "\"client-credentials\",\"scope\":\"read:tools\"",
     "https://t.auth0.com/", "m@clients", "m", "unknown", "read:tools", "read:tools"},
    {OKTA_V, "",
     OKTA ",\"sub\":\"a@b.c\",\"cid\":\"0oa1\",\"aud\":\"api://default\",\"ver\":1,\"scp\":["
          "\"mcp:read\",\"mcp:write\"],\"permissions\":[\"x\"]",
     "https://c.okta.com/oauth2/default", "a@b.c", "0oa1", "unknown", "mcp:read mcp:write", "x"},
    {COGNITO_V, "",
     POOL
     ",\"sub\":\"u\",\"client_id\":\"client1\",\"token_use\":\"access\",\"scope\":\"mcp/read\","
     "\"cognito:groups\":[\"admins\"],\"username\":\"ann\"",
     "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab", "u", "client1", "unknown",
     "mcp/read admins", "mcp/read admins"},
    {COGNITO_V, "", /* with a resource bound to it */
     POOL ",\"sub\":\"u\",\"client_id\":\"client9\",\"token_use\":\"access\",\"aud\":\"client1\"",
     "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab", "u", "client9", "unknown", "", ""},
    {ENTRA_V, "JWT",
     ENTRA
     ",\"sub\":\"s\",\"azp\":\"c\",\"oid\":\"o\",\"aud\":\"app-guid\",\"ver\":\"2.0\",\"scp\":"
     "\"access_as_user\",\"roles\":[\"MCP.Admin\"]",
     "https://login.microsoftonline.com/t1/v2.0", "s", "c", "unknown", "access_as_user MCP.Admin",
     "access_as_user MCP.Admin"},
    {ENTRA_V1_V, "JWT",
     ENTRA_V1
     ",\"sub\":\"s\",\"appid\":\"c\",\"aud\":\"api://app-guid\",\"ver\":\"1.0\",\"scp\":\"a\"",
     "https://sts.windows.net/t1/", "s", "c", "unknown", "a", "a"},
    {KEYCLOAK_V, "JWT",
     REALM
     ",\"typ\":\"Bearer\",\"sub\":\"u\",\"azp\":\"app\",\"aud\":[\"https://mcp\",\"account\"],"
     "\"scope\":\"openid\",\"realm_access\":{\"roles\":[\"admin\"]},\"resource_access\":{"
     "\"https://mcp\":{\"roles\":[\"writer\"]},\"account\":{\"roles\":[\"manage-account\"]}}",
     "https://k.example/realms/r", "u", "app", "unknown", "openid admin writer",
     "openid admin writer"},
    {GOOGLE_V, "JWT",
     "\"iss\":\"https://accounts.google.com\",\"sub\":\"1\",\"azp\":\"c\",\"aud\":\"https://"
     "mcp\"," TIMES,
     "https://accounts.google.com", "1", "c", "unknown", "", ""},
    {GOOGLE_V, "JWT",
     "\"iss\":\"accounts.google.com\",\"sub\":\"1\",\"azp\":\"c\",\"aud\":\"https://mcp\"," TIMES,
     "https://accounts.google.com", "1", "c", "unknown", "", ""},
    {OIDC_V, "application/at+jwt",
     PLAIN
     ",\"sub\":\"1\",\"client_id\":\"c\",\"scope\":\"a b a\",\"roles\":[\"r\"],\"permissions\":"
     "[\"p\",1,null]",
     "https://i.example", "1", "c", "unknown", "a b", "p"},
};

static void assert_list(const struct dw_auth *auth, size_t count,
                        struct dw_slice (*item)(const struct dw_auth *auth, size_t index),
                        const char *expected)
{
    struct dw_buf out = dw_buf_in(token_arena);

    for (size_t i = 0; i < count; i++) {
        if (i)
            dw_buf_add_byte(&out, ' ');
        dw_buf_add(&out, item(auth, i));
    }
    assert_slice(dw_buf_view(&out), expected);
}

static void tokens_as_each_provider_makes_them_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct dw_auth *auth = NULL;
        struct dw_error error = {0};

        assert_done(dw_jwt_validate(validators[accepted[i].kind],
                                    sign(rsa_key, accepted[i].typ, accepted[i].claims), &auth,
                                    &error),
                    error);
        assert_slice(dw_auth_issuer(auth), accepted[i].issuer);
        assert_slice(dw_auth_subject(auth), accepted[i].subject);
        assert_slice(dw_auth_client_id(auth), accepted[i].client);
        assert_slice(dw_auth_identity_provider(auth), accepted[i].identity_provider);
        assert_int_equal(dw_auth_expires_at_s(auth), 9000000000);
        assert_list(auth, dw_auth_scope_count(auth), dw_auth_scope, accepted[i].scopes);
        assert_list(auth, dw_auth_permission_count(auth), dw_auth_permission,
                    accepted[i].permissions);
        dw_auth_free(auth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_that_are_not_for_us_are_refused),
        cmocka_unit_test(auth0_signs_with_rs256_alone),
        cmocka_unit_test(tokens_as_each_provider_makes_them_are_read),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
