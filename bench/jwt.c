/* What the library costs by itself, and a mint for the bench's tokens.
 *   jwt speed                      how many a second: taking apart, verifying, signing; one thread,
 * CPU time jwt mint PEM KID N < claims    N tokens, one a line; "@" in the claims becomes the
 * number */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jose/jwt.h"
#include "jose/signing_key.h"

enum {
    ARENA_BYTES = 1 << 20,
    MAX_CLAIMS_BYTES = 8192,
    SPEED_S = 2
};

static const char claims_text[] =
    "{\"iss\":\"https://tenant.example.com/\",\"sub\":\"auth0|6543210987654321\",\"aud\":"
    "\"https://mcp.example.com/mcp\",\"iat\":1700000000,\"exp\":4000000000,\"azp\":"
    "\"AbCdEfGhIjKlMnOpQrStUvWxYz012345\",\"scope\":\"openid profile read:tools execute:tools\","
    "\"permissions\":[\"read:tools\",\"execute:tools\",\"read:resources\"]}";

static void give_up(const struct dw_error *error)
{
    (void)fprintf(stderr, "jwt: %s (%s)\n", error->message, error->cause);
    exit(1);
}

static double cpu_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void parse(struct dw_slice token, struct dw_arena *arena, struct dw_jwt *ret_jwt)
{
    struct dw_error error;

    dw_arena_reset(arena);
    if (!dw_jwt_parse(token, arena, ret_jwt, &error))
        give_up(&error);
}

static void verify(const struct dw_jwt *jwt, const struct dw_jwks *keys)
{
    struct dw_error error;
    bool is_unknown;

    if (!dw_jwt_verify(jwt, keys, DW_ALGS_ALL, &is_unknown, &error))
        give_up(&error);
}

static double parses_a_s(struct dw_slice token, struct dw_arena *arena)
{
    struct dw_jwt jwt;
    double began = cpu_s();
    unsigned count = 0;

    while (count % 64 || cpu_s() - began < SPEED_S) {
        parse(token, arena, &jwt);
        count++;
    }
    return count / (cpu_s() - began);
}

static double verifications_a_s(struct dw_slice token, const struct dw_jwks *keys,
                                struct dw_arena *arena)
{
    struct dw_jwt jwt;
    double began = cpu_s();
    unsigned count = 0;

    parse(token, arena, &jwt);
    while (count % 64 || cpu_s() - began < SPEED_S) {
        verify(&jwt, keys);
        count++;
    }
    return count / (cpu_s() - began);
}

static double signatures_a_s(const struct dw_signing_key *signer, struct dw_slice claims,
                             struct dw_arena *arena)
{
    struct dw_error error;
    struct dw_slice token;
    double began = cpu_s();
    unsigned count = 0;

    while (count % 64 || cpu_s() - began < SPEED_S) {
        dw_arena_reset(arena);
        if (!dw_jwt_sign(signer, "at+jwt", claims, arena, &token, &error))
            give_up(&error);
        count++;
    }
    return count / (cpu_s() - began);
}

static struct dw_signing_key *make_signer(struct dw_key *key, struct dw_slice kid)
{
    struct dw_error error;
    struct dw_signing_key *signer =
        dw_signing_key_new(key, DW_ALG_RS256, kid, (struct dw_slice){0}, &error);

    if (!signer)
        give_up(&error);
    return signer;
}

static int speed(void)
{
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES), *kept = dw_arena_new(ARENA_BYTES);
    struct dw_error error;
    struct dw_key *key = dw_key_generate(DW_KEY_RSA, 2048, &error);
    struct dw_slice token, json, claims = dw_slice_from_text(claims_text);
    struct dw_signing_key *signer;
    struct dw_jwks *keys;
    size_t skipped;

    if (!key)
        give_up(&error);
    signer = make_signer(key, DW_LIT("k"));
    if (!dw_jwt_sign(signer, "at+jwt", claims, kept, &token, &error) ||
        !dw_signing_keys_jwks(&signer, 1, kept, &json, &error))
        give_up(&error);
    keys = dw_jwks_parse(json, &skipped, &error);
    if (!keys)
        give_up(&error);
    printf("{\"parse\":%.0f,\"verify\":%.0f,\"sign\":%.0f}\n", parses_a_s(token, arena),
           verifications_a_s(token, keys, arena), signatures_a_s(signer, claims, arena));
    return 0;
}

static struct dw_slice read_file(const char *path, struct dw_arena *arena)
{
    char bytes[MAX_CLAIMS_BYTES];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

    if (size == 0) {
        (void)fprintf(stderr, "jwt: cannot read %s\n", path);
        exit(1);
    }
    return dw_arena_copy(arena, (struct dw_slice){bytes, size});
}

static int mint(const char *pem_file, const char *kid, long count)
{
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES), *kept = dw_arena_new(ARENA_BYTES);
    struct dw_error error;
    struct dw_secret pem = {read_file(pem_file, kept)};
    struct dw_slice claims = read_file("-", kept);
    const char *at = memchr(claims.ptr, '@', claims.len);
    struct dw_key *key = dw_key_from_pem(pem, &error);
    struct dw_signing_key *signer;

    if (!key)
        give_up(&error);
    if (!at) {
        (void)fprintf(stderr, "jwt: no @ in the claims\n");
        return 1;
    }
    signer = make_signer(key, dw_slice_from_text(kid));
    for (long i = 0; i < count; i++) {
        struct dw_slice token, text;
        size_t before = (size_t)(at - claims.ptr);

        dw_arena_reset(arena);
        text = dw_arena_printf(arena, "%.*s%ld%.*s", (int)before, claims.ptr, i,
                               (int)(claims.len - before - 1), at + 1);
        if (!dw_jwt_sign(signer, "at+jwt", text, arena, &token, &error))
            give_up(&error);
        printf("%.*s\n", DW_PRINT(token));
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "speed") == 0)
        return speed();
    if (argc == 5 && strcmp(argv[1], "mint") == 0)
        return mint(argv[2], argv[3], atol(argv[4]));
    (void)fprintf(stderr, "jwt speed | jwt mint PEM KID N < claims\n");
    return 2;
}
