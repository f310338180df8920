/* Keys and tokens for the tests of the guard: one RSA and one EC key, made once. */
#ifndef DW_TEST_GUARD_TOKENS_H
#define DW_TEST_GUARD_TOKENS_H

#include "test.h"

#include <stdio.h>

#include "jose/jwt.h"
#include "sys/sys.h"

#define ISSUER "https://issuer.example/"
#define RESOURCE "https://mcp.example/mcp"

static struct dw_arena *token_arena;
static struct dw_signing_key *rsa_key, *ec_key;

static void make_keys(void)
{
    struct dw_error error;
    struct dw_key *rsa = dw_key_generate(DW_KEY_RSA, 0, &error);
    struct dw_key *ec = dw_key_generate(DW_KEY_P256, 0, &error);

    token_arena = dw_arena_new(16 << 20);
    rsa_key = dw_signing_key_new(rsa, DW_ALG_RS256, S("rsa"), S(""), &error);
    ec_key = dw_signing_key_new(ec, DW_ALG_ES256, S("ec"), S(""), &error);
    assert_true(rsa_key && ec_key);
    dw_key_unref(rsa);
    dw_key_unref(ec);
}

static void free_keys(void)
{
    dw_signing_key_unref(rsa_key);
    dw_signing_key_unref(ec_key);
    dw_arena_free(token_arena);
}

/* more: further members, beginning with a comma. */
static inline struct dw_slice token_of(struct dw_signing_key *key, const char *issuer,
                                       const char *more)
{
    struct dw_slice claims = dw_arena_printf(token_arena,
                                             "{\"iss\":\"%s\",\"aud\":\"" RESOURCE
                                             "\",\"sub\":\"user|1\",\"azp\":\"app\","
                                             "\"exp\":%lld%s}",
                                             issuer, (long long)dw_sys_wall_s() + 600, more);
    struct dw_slice token;
    struct dw_error error;

    assert_done(dw_jwt_sign(key, "at+jwt", claims, token_arena, &token, &error), error);
    return token;
}

static inline struct dw_slice jwks_of(struct dw_signing_key *const *keys, size_t count)
{
    struct dw_slice json;
    struct dw_error error;

    assert_done(dw_signing_keys_jwks(keys, count, token_arena, &json, &error), error);
    return json;
}

#endif
