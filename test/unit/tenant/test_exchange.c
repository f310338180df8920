/* Token exchange and ID-JAG at the token endpoint: who may, with what, and what comes of it. */
#include "fixture.h"
#include "jose/jwt_secret.h"
#include "jose/signing_key.h"
#include "store/connections.h"
#include "store/organizations.h"
#include "tenant/token/own_token_internal.h"
#include "tenant/token/trust_internal.h"

#define EXCHANGE "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS "&subject_token_type=urn:ietf:params:oauth:token-type:access_token"
#define DOWN "https://down.example.com"
#define FURTHER "https://further.example.com"
#define SHARED "https://shared.example.com"
#define IDP "https://idp.example"
#define LEGACY "https://acme.com/legacy-token"
#define SIGNED "https://acme.com/signed-token"

static struct dw_error error;
static struct dw_signing_key *idp_key;

static void add_api(const char *id, const char *identifier)
{
    static const struct dw_api_scope scopes[] = {{{"read:x", 6}, {"", 0}},
                                                 {{"write:x", 7}, {"", 0}}};
    struct dw_api api = {
        .id = S(id),
        .identifier = S(identifier),
        .name = S(identifier),
        .scopes = scopes,
        .scope_count = 2,
        .token_dialect = DW_DIALECT_RFC9068,
        .signing_alg = DW_ALG_RS256,
        .user_policy = DW_API_POLICY_ALLOW_ALL,
        .created_at_s = world_now_s,
    };

    assert_done(dw_store_put_api(world.tenant->store, &api, &error), error);
}

static void put_client(const char *id, const char *own_api, const char *type, bool is_first_party,
                       enum dw_client_auth_method method)
{
    static const struct dw_slice jwt_bearer = {"urn:ietf:params:oauth:grant-type:jwt-bearer", 43};
    struct dw_oauth_client client;
    struct dw_slice *exchange = DW_ARENA_NEW(world.arena, struct dw_slice);

    *exchange = S(type ? type : "");
    dw_seed_client_defaults(world.tenant, &client);
    client.id = S(id);
    client.name = S(id);
    client.is_first_party = is_first_party;
    client.auth_method = method;
    client.app_type = own_api ? DW_APP_RESOURCE_SERVER : DW_APP_REGULAR_WEB;
    client.resource_server_identifier = S(own_api ? own_api : "");
    client.token_exchange_types = (struct dw_slices){exchange, type ? 1 : 0};
    client.grant_types = (struct dw_slices){&jwt_bearer, 1};
    if (method != DW_CLIENT_AUTH_NONE)
        assert_done(dw_tenant_digest(S("secret"), world.arena, &client.secret_digest, &error),
                    error);
    assert_done(dw_store_put_client(world.tenant->store, &client, &error), error);
}

static void add_grant(const char *client_id, const char *audience)
{
    static const struct dw_slice scopes[] = {{"read:x", 6}};
    struct dw_client_grant grant = {.id = dw_tenant_random_text(world.arena, "cgr_", 12),
                                    .client_id = S(client_id),
                                    .audience = S(audience),
                                    .subject = DW_GRANT_SUBJECT_USER,
                                    .scopes = {scopes, 1},
                                    .created_at_s = world_now_s};

    assert_done(dw_store_put_client_grant(world.tenant->store, &grant, &error), error);
}

static void trust_idp(enum dw_user_by user_by, bool takes_id_jag)
{
    struct dw_trusted_issuer issuer = {.id = S("tis_1"),
                                       .issuer = S(IDP),
                                       .user_by = user_by,
                                       .connection = S(DW_TENANT_CONNECTION),
                                       .takes_id_jag = takes_id_jag};

    assert_done(dw_signing_keys_jwks(&idp_key, 1, world.arena, &issuer.jwks_json, &error), error);
    assert_done(dw_store_put_trusted_issuer(world.tenant->store, &issuer, &error), error);
}

static int start(void **state)
{
    struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, &error);
    int status = world_start(state);

    idp_key = dw_signing_key_new(key, DW_ALG_ES256, S("idp-1"), DW_EMPTY, &error);
    dw_key_unref(key);
    add_api("aaaaaaaaaaaaaaaaaaaaaaa1", DOWN);
    add_api("aaaaaaaaaaaaaaaaaaaaaaa2", FURTHER);
    put_client("mcp", AUDIENCE, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_POST);
    put_client("down", DOWN, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_POST);
    put_client("legacy", NULL, "custom_authentication", true, DW_CLIENT_AUTH_POST);
    put_client("agent", NULL, NULL, true, DW_CLIENT_AUTH_POST);
    add_grant("mcp", DOWN);
    add_grant("down", FURTHER);
    return status || !idp_key;
}

static int stop(void **state)
{
    dw_signing_key_unref(idp_key);
    return world_stop(state);
}

static struct dw_tenant_call *ask_token(const char *address, const char *body)
{
    struct browser nobody = {.address = address};

    return post(&nobody, "/oauth/token", body);
}

static const char *login(const char *scope)
{
    struct dw_tenant_call *call =
        redeem(code_for(text_of(dw_arena_printf(world.arena, "%s&scope=%s", AUTHORIZE, scope))));

    assert_status(call, 200);
    return text_of(dw_json_text(json_of(call), "access_token"));
}

static struct dw_tenant_call *on_behalf(const char *client, const char *subject,
                                        const char *audience, const char *more)
{
    return ask_token(NULL,
                     text_of(dw_arena_printf(world.arena,
                                             EXCHANGE ACCESS "&client_id=%s&client_secret=secret"
                                                             "&subject_token=%s&audience=%s%s",
                                             client, subject, audience, more)));
}

static const char *access_token(const struct dw_tenant_call *call)
{
    assert_status(call, 200);
    return text_of(dw_json_text(json_of(call), "access_token"));
}

static void an_api_acts_on_behalf_of_its_user(void **state)
{
    const char *first = login("openid%20read:tools");
    struct dw_tenant_call *second = on_behalf("mcp", first, DOWN, "&scope=read:x%20write:x");
    const struct dw_json *claims = claims_of(second, "access_token");
    struct dw_tenant_call *third;

    (void)state;
    assert_slice(dw_json_text(json_of(second), "issued_token_type"), DW_TOKEN_TYPE_ACCESS);
    assert_slice(dw_json_text(json_of(second), "token_type"), "Bearer");
    assert_null(dw_json_get(json_of(second), "refresh_token"));
    assert_null(dw_json_get(json_of(second), "id_token"));
    assert_has(dw_json_text(claims, "sub"), "auth0|");
    assert_slice(dw_json_text(claims, "aud"), DOWN);
    assert_slice(dw_json_text(claims, "client_id"), "mcp");
    assert_slice(dw_json_text(claims, "scope"), "read:x"); /* the client grant's */
    assert_slice(dw_json_get(claims, "act")->raw,
                 "{\"sub\":\"mcp\",\"act\":{\"sub\":\"" DW_TENANT_DEV_CLIENT "\"}}");
    third = on_behalf("down", access_token(second), FURTHER, "");
    assert_slice(
        dw_json_get(claims_of(third, "access_token"), "act")->raw,
        "{\"sub\":\"down\",\"act\":{\"sub\":\"mcp\",\"act\":{\"sub\":\"" DW_TENANT_DEV_CLIENT
        "\"}}}");
    assert_slice(dw_json_text(claims_of(third, "access_token"), "scope"), "read:x");
}

static void a_chain_of_exchanges_ends(void **state)
{
    const char *token = access_token(on_behalf("mcp", login("read:tools"), DOWN, ""));
    struct dw_tenant_call *call = NULL;

    (void)state;
    add_grant("down", DOWN); /* to itself, again and again */
    for (int round = 0; round < 3; round++)
        token = access_token(on_behalf("down", token, DOWN, ""));
    call = on_behalf("down", token, DOWN, "");
    assert_status(call, 400);
    assert_slice(
        error_of(call),
        "invalid_request: Delegation chain (`act` claim) depth exceeds the maximum allowed "
        "limit of 4");
}

static void whoever_may_not_act_is_refused(void **state)
{
    const char *token = login("openid%20read:tools"), *machine;
    const char *id_token =
        text_of(dw_json_text(json_of(redeem(code_for(AUTHORIZE "&scope=openid"))), "id_token"));

    (void)state;
    put_client("third", AUDIENCE, "on_behalf_of_token_exchange", false, DW_CLIENT_AUTH_POST);
    put_client("public", AUDIENCE, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_NONE);
    put_client("other-kind", AUDIENCE, "custom_authentication", true, DW_CLIENT_AUTH_POST);
    put_client("no-api", NULL, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_POST);
    put_client("ungranted", AUDIENCE, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_POST);
    machine = text_of(dw_arena_printf(world.arena, "%s.x", token)); /* four parts */
    const struct {
        const char *client, *subject, *audience, *more;
        int status;
        const char *error;
    } rows[] = {
        {"agent", token, DOWN, "", 403, "unauthorized_client: Grant type"},
        {"third", token, DOWN, "", 403, "unauthorized_client: Grant type"},
        {"other-kind", token, DOWN, "", 403, "unauthorized_client: The client is not allowed"},
        {"no-api", token, DOWN, "", 403, "unauthorized_client: Only an API's own client"},
        {"ungranted", token, DOWN, "", 403, "access_denied: Client is not authorized to access"},
        {"down", token, FURTHER, "", 401, "invalid_token: The subject token is not for"},
        {"mcp", id_token, DOWN, "", 401, "invalid_token: this is not an access token"},
        {"mcp", machine, DOWN, "", 401, "invalid_token: "},
        {"mcp", "garbage", DOWN, "", 401, "invalid_token: the access token is unknown"},
        {"mcp", token, "", "", 400, "invalid_request: Missing required parameter: audience"},
        {"mcp", token, "https://none.example", "", 403, "access_denied: Service not found"},
        {"mcp", token, DOWN, "&requested_token_type=urn:ietf:params:oauth:token-type:saml2", 400,
         "invalid_request: Unsupported requested_token_type"},
        {"mcp", token, DOWN, "&actor_token=x", 400, "invalid_request: actor_token"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_tenant_call *call =
            on_behalf(rows[at].client, rows[at].subject, rows[at].audience, rows[at].more);

        assert_status(call, rows[at].status);
        assert_has(error_of(call), rows[at].error);
    }
    assert_status(
        ask_token(NULL, EXCHANGE ACCESS "&client_id=mcp&client_secret=secret&audience=" DOWN), 400);
    assert_status(
        ask_token(NULL, text_of(dw_arena_printf(world.arena,
                                                EXCHANGE ACCESS "&client_id=public&subject_token=%s"
                                                                "&audience=" DOWN,
                                                token))),
        403);
    world_now_s += 86401;
    assert_status(on_behalf("mcp", token, DOWN, ""), 401); /* expired */
}

static void a_blocked_user_is_not_acted_for(void **state)
{
    const char *token = login("read:tools");
    struct dw_user *user = user_of(ADA);

    (void)state;
    user->is_blocked = true;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
    assert_slice(error_of(on_behalf("mcp", token, DOWN, "")),
                 "invalid_token: the access token was revoked");
    user->is_blocked = false;
    assert_done(dw_store_update_user(world.tenant->store, user, &error), error);
}

/* Whoever has the secret of an HS256 API can write any user's name into a token for it. */
static void a_token_that_its_api_could_have_made_acts_for_nobody(void **state)
{
    struct dw_secret secret = dw_secret_from(S("an-hs256-secret-of-more-than-32-bytes"));
    struct dw_tenant_call *call;
    struct dw_slice forged, claims;
    struct dw_user *user;
    struct dw_api *api;

    (void)state;
    add_api("aaaaaaaaaaaaaaaaaaaaaaa3", SHARED);
    put_client("shared", SHARED, "on_behalf_of_token_exchange", true, DW_CLIENT_AUTH_POST);
    add_grant("shared", DOWN);
    assert_done(dw_store_api(world.tenant->store, S(SHARED), world.arena, &api, &error), error);
    assert_done(dw_api_secret_seal(world.tenant, secret, world.arena, api, &error), error);
    assert_done(dw_store_put_api(world.tenant->store, api, &error), error);
    user = user_of(ADA);
    claims = dw_arena_printf(
        world.arena,
        "{\"iss\":\"" ISSUER "\",\"sub\":\"%.*s\",\"aud\":\"" SHARED "\",\"azp\":\"shared\","
        "\"jti\":\"x\",\"iat\":%lld,\"exp\":%lld,\"scope\":\"read:x\"}",
        DW_PRINT(user->id), (long long)world_now_s, (long long)world_now_s + 60);
    assert_done(dw_jwt_sign_hs256(secret, "at+jwt", claims, world.arena, &forged, &error), error);
    call = on_behalf("shared", text_of(forged), DOWN, "");
    assert_status(call, 401);
    assert_has(error_of(call), "invalid_token: The subject token is signed with a secret");
}

/* ---- profiles ---- */

static void add_profile(const char *id, const char *type, const char *issuer)
{
    struct dw_token_exchange_profile profile = {.id = S(id),
                                                .name = S(id),
                                                .subject_token_type = S(type),
                                                .type = S("custom_authentication"),
                                                .issuer = S(issuer)};

    assert_done(dw_store_put_token_exchange_profile(world.tenant->store, &profile, &error), error);
}

static void map(const char *owner, const char *subject, struct dw_slice user_id)
{
    struct dw_slice digest;

    assert_done(dw_tenant_digest(S(subject), world.arena, &digest, &error), error);
    assert_done(dw_store_put_external_subject(world.tenant->store, S(owner), digest, user_id,
                                              world_now_s, &error),
                error);
}

static struct dw_tenant_call *by_profile(const char *address, const char *type, const char *subject,
                                         const char *more)
{
    return ask_token(address,
                     text_of(dw_arena_printf(world.arena,
                                             EXCHANGE "&client_id=legacy&client_secret=secret"
                                                      "&subject_token_type=%s&subject_token=%s%s",
                                             type, subject, more)));
}

static void a_mapped_token_is_its_user(void **state)
{
    struct dw_tenant_call *call;

    (void)state;
    add_profile("tep_1", LEGACY, "");
    map("tep_1", "legacy-session-of-ada", user_of(ADA)->id);
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada",
                      "&audience=" AUDIENCE "&scope=openid%20read:tools");
    assert_status(call, 200);
    assert_true(dw_slice_eq(dw_json_text(claims_of(call, "id_token"), "sub"), user_of(ADA)->id));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "openid read:tools");
    assert_null(dw_json_get(claims_of(call, "access_token"), "act"));
    call = by_profile(NULL, LEGACY, "legacy-session-of-eve", "&audience=" AUDIENCE);
    assert_status(call, 400);
    assert_slice(error_of(call), "invalid_request: Invalid subject token");
    call = by_profile(NULL, "https://acme.com/nothing", "x", "");
    assert_slice(error_of(call), "invalid_request: Unsupported subject_token_type");
    assert_status(by_profile(NULL, "urn:ietf:params:oauth:token-type:jwt", "x", ""), 400);
}

static void users_of_a_connection_that_the_client_may_not_use_are_not_exchanged(void **state)
{
    struct dw_connection_record *connection = NULL;
    const struct {
        bool is_enabled;
        int status;
    } steps[] = {{false, 403}, {true, 200}};

    (void)state;
    add_profile("tep_1", LEGACY, "");
    map("tep_1", "legacy-session-of-ada", user_of(ADA)->id);
    assert_done(dw_store_connection_by_name(world.tenant->store, user_of(ADA)->connection,
                                            world.arena, &connection, &error),
                error);
    for (size_t i = 0; i < 2; i++) {
        struct dw_tenant_call *call;

        assert_done(dw_store_enable_connection(world.tenant->store, connection->id, S("legacy"),
                                               steps[i].is_enabled, &error),
                    error);
        call = by_profile(NULL, LEGACY, "legacy-session-of-ada", "&audience=" AUDIENCE);
        assert_status(call, steps[i].status);
        if (!steps[i].is_enabled)
            assert_slice(error_of(call), "access_denied: the connection is not enabled");
    }
}

static void an_exchange_may_be_for_an_organization(void **state)
{
    struct dw_organization organization = {
        .id = S("org_0123456789abcdef"), .name = S("acme"), .created_at_s = world_now_s};
    struct dw_tenant_call *call;

    (void)state;
#define FOR_ACME "&audience=" AUDIENCE "&organization=org_0123456789abcdef"
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada", FOR_ACME);
    assert_has(error_of(call), "invalid_request: organization org_0123456789abcdef does not exist");
    assert_done(dw_store_put_organization(world.tenant->store, &organization, &error), error);
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada", FOR_ACME);
    assert_has(error_of(call), "is not part of the org_0123456789abcdef organization");
    assert_done(dw_store_add_member(world.tenant->store, organization.id, user_of(ADA)->id,
                                    world_now_s, &error),
                error);
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada", FOR_ACME);
    assert_status(call, 200);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), "org_0123456789abcdef");
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada",
                      "&audience=" AUDIENCE "&organization=acme");
    assert_slice(error_of(call),
                 "invalid_request: parameter organization must be an organization id");
    /* on behalf of a user the organization is the subject token's */
    call = by_profile(NULL, LEGACY, "legacy-session-of-ada", FOR_ACME);
    call = on_behalf("mcp", access_token(call), DOWN, "");
    assert_slice(dw_json_text(claims_of(call, "access_token"), "org_id"), "org_0123456789abcdef");
    call = on_behalf("mcp", login("read:tools"), DOWN, "&organization=org_0123456789abcdef");
    assert_slice(error_of(call),
                 "invalid_request: The subject token is not of the organization that was asked "
                 "for.");
}

static void guessing_subject_tokens_is_slowed_down(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++)
        assert_status(by_profile("192.0.2.66", LEGACY, "guess", ""), 400);
    assert_status(by_profile("192.0.2.66", LEGACY, "legacy-session-of-ada", ""), 429);
    for (int round = 0; round < 12; round++) /* right ones cost nothing */
        assert_status(
            by_profile("192.0.2.67", LEGACY, "legacy-session-of-ada", "&audience=" AUDIENCE), 200);
}

static const char *idp_token(const char *typ, const char *claims)
{
    struct dw_slice token;

    assert_done(dw_jwt_sign(idp_key, typ, S(claims), world.arena, &token, &error), error);
    return text_of(token);
}

static const char *subject_token(const char *subject, const char *more)
{
    return idp_token("JWT",
                     text_of(dw_arena_printf(world.arena,
                                             "{\"iss\":\"" IDP "\",\"sub\":\"%s\",\"aud\":\"" ISSUER
                                             "\",\"exp\":%lld%s}",
                                             subject, (long long)world_now_s + 60, more)));
}

static void a_signed_token_is_the_user_its_issuer_means(void **state)
{
    const char *by_email = subject_token("7", ",\"email\":\"" ADA "\",\"email_verified\":true");
    const char *unverified = subject_token("7", ",\"email\":\"" ADA "\"");
    const char *by_id = subject_token(text_of(user_of(ADA)->id), "");
    const char *forged =
        text_of(dw_arena_printf(world.arena, "%.*sAAAA", (int)strlen(by_id) - 4, by_id));

    (void)state;
    trust_idp(DW_USER_BY_EMAIL, false);
    add_profile("tep_2", SIGNED, IDP);
    assert_status(by_profile(NULL, SIGNED, by_email, "&audience=" AUDIENCE), 200);
    assert_status(by_profile(NULL, SIGNED, unverified, "&audience=" AUDIENCE), 400);
    assert_status(by_profile(NULL, SIGNED, by_id, "&audience=" AUDIENCE), 400);
    assert_status(by_profile(NULL, SIGNED, forged, "&audience=" AUDIENCE), 400);
    trust_idp(DW_USER_BY_SUBJECT, false);
    assert_status(by_profile(NULL, SIGNED, by_id, "&audience=" AUDIENCE), 200);
    assert_status(by_profile(NULL, SIGNED, by_email, "&audience=" AUDIENCE), 400);
    trust_idp(DW_USER_BY_MAPPING, false);
    assert_status(by_profile(NULL, SIGNED, by_email, "&audience=" AUDIENCE), 400);
    map("tis_1", "7", user_of(ADA)->id);
    assert_status(by_profile(NULL, SIGNED, by_email, "&audience=" AUDIENCE), 200);
    /* the issuer's other tokens are no subject tokens of the profile without one */
    assert_status(by_profile(NULL, LEGACY, by_email, "&audience=" AUDIENCE), 400);
}

/* ---- ID-JAG ---- */

static int next_jti;

static const char *assertion(const char *typ, const char *client_id, const char *more)
{
    return idp_token(typ,
                     text_of(dw_arena_printf(world.arena,
                                             "{\"iss\":\"" IDP "\",\"sub\":\"7\",\"aud\":\"" ISSUER
                                             "\",\"client_id\":\"%s\",\"jti\":\"j%d\",\"iat\":%lld,"
                                             "\"exp\":%lld%s}",
                                             client_id, next_jti++, (long long)world_now_s,
                                             (long long)world_now_s + 300, more)));
}

static struct dw_tenant_call *assert_id(const char *client, const char *text, const char *more)
{
    return ask_token(NULL, text_of(dw_arena_printf(
                               world.arena,
                               "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=%s"
                               "&client_secret=secret&assertion=%s%s",
                               client, text, more)));
}

#define ID_JAG "oauth-id-jag+jwt"
#define TERMS ",\"resource\":\"" DOWN "\",\"scope\":\"read:x\""

static void an_identity_provider_lets_an_agent_in(void **state)
{
    const char *text = assertion(ID_JAG, "agent", TERMS);
    struct dw_tenant_call *call;

    (void)state;
    trust_idp(DW_USER_BY_MAPPING, true);
    map("tis_1", "7", user_of(ADA)->id);
    call = assert_id("agent", text, "");
    assert_status(call, 200);
    assert_true(
        dw_slice_eq(dw_json_text(claims_of(call, "access_token"), "sub"), user_of(ADA)->id));
    assert_slice(dw_json_text(claims_of(call, "access_token"), "aud"), DOWN);
    assert_slice(dw_json_text(claims_of(call, "access_token"), "scope"), "read:x");
    assert_null(dw_json_get(json_of(call), "refresh_token"));
    call = assert_id("agent", text, "");
    assert_status(call, 403);
    assert_slice(error_of(call), "invalid_grant: The assertion was used before.");
}

static void an_agent_gets_no_more_than_the_assertion(void **state)
{
    static const struct {
        const char *terms, *more, *scope; /* scope NULL: refused */
    } rows[] = {
        {TERMS, "&scope=read:x%20write:x", "read:x"},
        {TERMS, "&scope=write:x", ""},
        {",\"resource\":\"" DOWN "\",\"scope\":\"\"", "&scope=read:x", ""},
        {",\"resource\":\"" DOWN "\"", "&scope=write:x", "write:x"},
        {"", "&audience=" DOWN "&scope=read:x", "read:x"},
        {"", "&resource=" DOWN "&scope=read:x", "read:x"},
        {",\"resource\":\"" DOWN "/\"", "&resource=" DOWN "&scope=read:x", "read:x"},
        {TERMS, "&audience=" FURTHER, NULL},
        {",\"resource\":[\"" DOWN "\",\"" FURTHER "\"]", "", NULL},
        {",\"resource\":\"https://none.example\"", "", NULL},
    };

    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct dw_tenant_call *call =
            assert_id("agent", assertion(ID_JAG, "agent", rows[at].terms), rows[at].more);
        struct dw_slice scope;

        if (!rows[at].scope) {
            assert_true(call->status == 400 || call->status == 403);
            continue;
        }
        assert_status(call, 200);
        scope = dw_json_text(claims_of(call, "access_token"), "scope");
        assert_slice(scope.ptr ? scope : DW_EMPTY, rows[at].scope);
    }
}

static void what_is_no_assertion_is_refused(void **state)
{
    const char *good = assertion(ID_JAG, "agent", TERMS);
    const char *own = login("read:tools");
    const char *forged =
        text_of(dw_arena_printf(world.arena, "%.*sAAAA", (int)strlen(good) - 4, good));

    (void)state;
    put_client("public", NULL, NULL, true, DW_CLIENT_AUTH_NONE);
    assert_slice(error_of(assert_id("agent", assertion("JWT", "agent", TERMS), "")),
                 "invalid_grant: The assertion has not the typ oauth-id-jag+jwt.");
    assert_slice(error_of(assert_id("agent", assertion(ID_JAG, "other", TERMS), "")),
                 "invalid_grant: The assertion was made for another client.");
    assert_slice(error_of(assert_id("agent", forged, "")),
                 "invalid_grant: the signature of the token is wrong");
    assert_slice(error_of(assert_id("agent", own, "")),
                 "invalid_grant: The token's issuer is not trusted here.");
    assert_status(assert_id("agent", "garbage", ""), 403);
    assert_status(assert_id("agent", "a.b.c", ""), 403);
    assert_status(assert_id("agent", "", ""), 400);
    assert_status(assert_id("public", assertion(ID_JAG, "public", TERMS), ""), 401);
    assert_slice(error_of(assert_id("legacy", assertion(ID_JAG, "legacy", ",\"sub2\":1"), "")),
                 "invalid_target: Neither the assertion nor the request says which API it is for.");
    trust_idp(DW_USER_BY_MAPPING, false);
    assert_slice(error_of(assert_id("agent", good, "")),
                 "invalid_grant: The token's issuer is not trusted here.");
    trust_idp(DW_USER_BY_SUBJECT, true);
    assert_status(assert_id("agent", good, ""), 200); /* nothing above used it up */
    assert_done(dw_store_delete_token_exchange_profile(world.tenant->store, S("tep_2"), &error),
                error);
    assert_done(dw_store_delete_trusted_issuer(world.tenant->store, S(IDP), &error), error);
    assert_status(assert_id("agent", assertion(ID_JAG, "agent", TERMS), ""), 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_api_acts_on_behalf_of_its_user),
        cmocka_unit_test(a_chain_of_exchanges_ends),
        cmocka_unit_test(a_token_that_its_api_could_have_made_acts_for_nobody),
        cmocka_unit_test(a_blocked_user_is_not_acted_for),
        cmocka_unit_test(whoever_may_not_act_is_refused),
        cmocka_unit_test(a_mapped_token_is_its_user),
        cmocka_unit_test(users_of_a_connection_that_the_client_may_not_use_are_not_exchanged),
        cmocka_unit_test(an_exchange_may_be_for_an_organization),
        cmocka_unit_test(guessing_subject_tokens_is_slowed_down),
        cmocka_unit_test(a_signed_token_is_the_user_its_issuer_means),
        cmocka_unit_test(an_identity_provider_lets_an_agent_in),
        cmocka_unit_test(an_agent_gets_no_more_than_the_assertion),
        cmocka_unit_test(what_is_no_assertion_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
