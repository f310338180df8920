/* An issuer in the process of a test, and tokens it signs. Uses the library as any other program
 * does, through its public headers: what a test accepts, the real validator has accepted. */
#include <doorward/testing.h>

#include "base/mem.h"
#include "jose/jwt.h"
#include "sys/sys.h"
#include "json/json_writer.h"

#define MEMORY_BYTES ((size_t)1024 * 1024)
#define TOKEN_LIFE_S 300
#define CLIENT "test-client"

struct dw_test_issuer {
    struct dw_arena *arena; /* with this struct in it */
    struct dw_signing_key *key;
    struct dw_jwt_validator_config config;
};

static bool make_key(struct dw_test_issuer *issuer, struct dw_error *reterr)
{
    dw_auto(dw_key_auto_unref) struct dw_key *key = dw_key_generate(DW_KEY_P256, 0, reterr);
    struct dw_slice jwks;

    if (!key)
        return false;
    issuer->key = dw_signing_key_new(key, DW_ALG_ES256, DW_EMPTY, DW_EMPTY, reterr);
    if (!issuer->key || !dw_signing_keys_jwks(&issuer->key, 1, issuer->arena, &jwks, reterr))
        return false;
    issuer->config.jwks = dw_arena_text(issuer->arena, jwks);
    return issuer->config.jwks || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* As an Auth0 tenant: its permissions count as scopes. */
static bool configure(struct dw_test_issuer *issuer, const char *url, const char *audience,
                      struct dw_error *reterr)
{
    struct dw_jwt_validator *validator;
    const char *jwks = issuer->config.jwks;

    issuer->config = dw_jwt_validator_config_oidc(url, audience);
    memcpy(issuer->config.provider, "auth0", sizeof "auth0");
    memcpy(issuer->config.algorithms, "ES256", sizeof "ES256");
    issuer->config.jwks = jwks;
    /* what is wrong with the URL or the audience is better said here than by the server */
    validator = dw_jwt_validator_new(&issuer->config, reterr);
    dw_jwt_validator_free(validator);
    return validator != NULL;
}

struct dw_test_issuer *dw_test_issuer_new(const char *issuer, const char *audience,
                                          struct dw_error *reterr)
{
    struct dw_arena *arena = dw_arena_new(MEMORY_BYTES);
    struct dw_test_issuer *made = arena ? DW_ARENA_NEW(arena, struct dw_test_issuer) : NULL;

    if (!made) {
        dw_arena_free(arena);
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    made->arena = arena;
    if (make_key(made, reterr) && configure(made, issuer, audience, reterr))
        return made;
    dw_test_issuer_free(made);
    return NULL;
}

void dw_test_issuer_free(struct dw_test_issuer *issuer)
{
    if (!issuer)
        return;
    dw_signing_key_unref(issuer->key);
    dw_arena_free(issuer->arena);
}

void dw_test_server_with_issuer(struct dw_server *server, struct dw_test_issuer *issuer)
{
    dw_server_with_validator(server, &issuer->config);
}

struct dw_jwt_validator *dw_test_issuer_validator(struct dw_test_issuer *issuer,
                                                  struct dw_error *reterr)
{
    return dw_jwt_validator_new(&issuer->config, reterr);
}

/* ---- tokens ---- */

/* The usual claims without those that the test brings itself. */
static void write_usual(struct dw_json_writer *writer, const struct dw_test_issuer *issuer,
                        const char *subject, const char *scope, const struct dw_json *own)
{
    const struct {
        const char *name, *text; /* NULL: not there */
    } texts[] = {
        {"iss", issuer->config.issuer},
        {"aud", issuer->config.audience},
        {"sub", subject},
        {"azp", CLIENT},
        {"scope", scope},
    };
    int64_t now_s = dw_sys_wall_s();

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].text && !dw_json_get(own, texts[i].name))
            dw_json_put_text(writer, texts[i].name, dw_slice_from_text(texts[i].text));
    if (!dw_json_get(own, "iat"))
        dw_json_put_int(writer, "iat", now_s);
    if (!dw_json_get(own, "exp"))
        dw_json_put_int(writer, "exp", now_s + TOKEN_LIFE_S);
}

static bool write_claims(const struct dw_test_issuer *issuer, const char *subject,
                         const char *scope, const char *claims, struct dw_arena *arena,
                         struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    const struct dw_json *own;

    if (!dw_json_parse(dw_slice_from_text(claims && *claims ? claims : "{}"), arena, &own, reterr))
        return false;
    if (own->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_MALFORMED, "the claims are no JSON object");
    dw_json_write_object_start(&writer);
    write_usual(&writer, issuer, subject, scope, own);
    for (size_t i = 0; i < own->object.count; i++) {
        if (own->object.members[i].value.type == DW_JSON_NULL)
            continue;
        dw_json_write_key(&writer, own->object.members[i].key);
        dw_json_write_value(&writer, &own->object.members[i].value);
    }
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_json, reterr);
}

char *dw_test_token(struct dw_test_issuer *issuer, const char *subject, const char *scope,
                    const char *claims, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(MEMORY_BYTES);
    struct dw_slice json, token;
    char *copy;

    if (!arena) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (!write_claims(issuer, subject, scope, claims, arena, &json, reterr) ||
        !dw_jwt_sign(issuer->key, "at+jwt", json, arena, &token, reterr))
        return NULL;
    copy = dw_mem_alloc(token.len + 1);
    if (!copy) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    memcpy(copy, token.ptr, token.len);
    copy[token.len] = '\0';
    return copy;
}

void dw_test_token_free(char *token)
{
    dw_mem_free(token);
}

struct dw_auth *dw_test_auth(const char *subject, const char *scope, const char *claims,
                             struct dw_error *reterr)
{
    struct dw_test_issuer *issuer = dw_test_issuer_new("https://test.example/", "test", reterr);
    struct dw_jwt_validator *validator = issuer ? dw_test_issuer_validator(issuer, reterr) : NULL;
    char *token = validator ? dw_test_token(issuer, subject, scope, claims, reterr) : NULL;
    struct dw_auth *auth = NULL;

    if (token)
        (void)!dw_jwt_validate(validator, dw_slice_from_text(token), &auth, reterr);
    dw_test_token_free(token);
    dw_jwt_validator_free(validator);
    dw_test_issuer_free(issuer);
    return auth;
}
