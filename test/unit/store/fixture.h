/* A store in a fresh folder, with one of everything that other rows refer to. */
#ifndef DW_TEST_STORE_FIXTURE_H
#define DW_TEST_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"
#include "test.h"

#define NOW_S INT64_C(1800000000)
#define AUDIENCE "https://mcp.example.com"

struct fixture {
    char folder[64];
    char path[96];
    struct dw_store *store;
    struct dw_arena *arena;
};

/* The 32 bytes of a digest that `seed` names. */
static inline struct dw_slice digest(struct dw_arena *arena, uint32_t seed)
{
    char bytes[DW_DIGEST_BYTES] = {0};

    memcpy(bytes, &seed, sizeof seed);
    bytes[31] = 0x7f;
    return dw_arena_copy(arena, dw_slice_from(bytes, sizeof bytes));
}

static inline void fixture_open(struct fixture *fixture)
{
    struct dw_store_config config = {.size = sizeof config, .path = fixture->path};
    struct dw_error error = {0};

    fixture->store = dw_store_open(&config, &error);
    if (!fixture->store)
        fail_msg("%s", error.message);
}

static inline void fixture_start(struct fixture *fixture)
{
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/doorward-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/tenant.db", fixture->folder);
    fixture->arena = dw_arena_new(64u << 20);
    fixture_open(fixture);
}

static inline void fixture_end(struct fixture *fixture)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[128];

    dw_store_close(fixture->store);
    dw_arena_free(fixture->arena);
    for (size_t at = 0; at < 3; at++) {
        snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[at]);
        unlink(path);
    }
    rmdir(fixture->folder);
}

static const struct dw_slice fixture_redirect_uris[] = {{"https://app.example.com/cb", 26},
                                                        {"http://127.0.0.1/cb", 19}};
static const struct dw_slice fixture_scopes[] = {{"read:tools", 10}, {"execute:tools", 13}};
static const struct dw_api_scope fixture_api_scopes[] = {
    {{"read:tools", 10}, {"See the tools", 13}},
    {{"execute:tools", 13}, {"Run the tools", 13}},
    {{"admin", 5}, {"Everything", 10}},
};

static inline struct dw_oauth_client fixture_client(const char *id)
{
    return (struct dw_oauth_client){
        .id = S(id),
        .name = S("Claude \"Desktop\" \xc3\xa9"),
        .description = S("d"),
        .logo_uri = S("https://app.example.com/logo.png"),
        .client_uri = S("https://app.example.com/"),
        .kind = DW_CLIENT_DCR,
        .app_type = DW_APP_NATIVE,
        .is_first_party = true,
        .auth_method = DW_CLIENT_AUTH_POST,
        .secret_digest = S("0123456789abcdef0123456789abcdef"),
        .sealed_secret = S("sealed"),
        .redirect_uris = {fixture_redirect_uris, 2},
        .scopes = {fixture_scopes, 2},
        .refresh = {true, 30, 1000, 500},
        .id_token_lifetime_s = 36000,
        .jwks_uri = S("https://app.example.com/jwks.json"),
        .metadata_json = S("{\"a\":1}"),
        .created_at_s = NOW_S,
        .updated_at_s = NOW_S + 1,
    };
}

static inline struct dw_user fixture_user(const char *id, const char *email)
{
    return (struct dw_user){
        .id = S(id),
        .connection = S("Username-Password-Authentication"),
        .email = S(email),
        .is_email_verified = true,
        .name = S("Ada"),
        .password_hash = {S("$argon2id$x")},
        .created_at_s = NOW_S,
        .updated_at_s = NOW_S,
    };
}

static inline struct dw_api fixture_api(void)
{
    return (struct dw_api){
        .id = S("0123456789abcdef01234567"),
        .identifier = S(AUDIENCE),
        .name = S("MCP Server"),
        .scopes = fixture_api_scopes,
        .scope_count = 3,
        .token_lifetime_s = 86400,
        .token_dialect = DW_DIALECT_RFC9068_AUTHZ,
        .signing_alg = DW_ALG_RS256,
        .enforces_policies = true,
        .user_policy = DW_API_POLICY_ALLOW_ALL,
        .created_at_s = NOW_S,
    };
}

/* Client "c1", user "auth0|1" and the API. */
static inline void fixture_fill(struct fixture *fixture)
{
    struct dw_oauth_client client = fixture_client("c1");
    struct dw_user user = fixture_user("auth0|1", "ada@example.com");
    struct dw_api api = fixture_api();
    struct dw_error error = {0};

    assert_done(dw_store_add_client(fixture->store, &client, &error), error);
    assert_done(dw_store_add_user(fixture->store, &user, &error), error);
    assert_done(dw_store_put_api(fixture->store, &api, &error), error);
}

static inline struct dw_authorization_code fixture_code(struct fixture *fixture, uint32_t seed,
                                                        const char *family_id)
{
    return (struct dw_authorization_code){
        .code_digest = digest(fixture->arena, seed),
        .client_id = S("c1"),
        .user_id = S("auth0|1"),
        .session_id = S("s"),
        .family_id = S(family_id),
        .redirect_uri = S("https://app.example.com/cb"),
        .has_redirect_uri = true,
        .code_challenge = S("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        .scopes = {fixture_scopes, 2},
        .audience = S(AUDIENCE),
        .max_age_s = -1,
        .authenticated_at_s = NOW_S - 5,
        .created_at_s = NOW_S,
        .expires_at_s = NOW_S + 60,
    };
}

static inline struct dw_refresh_family fixture_family(const char *id, bool is_rotating)
{
    return (struct dw_refresh_family){
        .id = S(id),
        .client_id = S("c1"),
        .user_id = S("auth0|1"),
        .scopes = {fixture_scopes, 2},
        .audience = S(AUDIENCE),
        .is_rotating = is_rotating,
        .leeway_s = 30,
        .idle_lifetime_s = 1000,
        .expires_at_s = NOW_S + 5000,
        .last_used_at_s = NOW_S,
        .created_at_s = NOW_S,
    };
}

#endif
