/* What the library costs by itself, and a mint for the bench's tokens.
 *   jwt speed                      verifications and signatures a second, one thread, by CPU time
 *   jwt mint PEM KID N < claims    N tokens, one a line; "@" in the claims becomes the number */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jose/jwt.h"
#include "jose/signing_key.h"

enum { ARENA_BYTES = 1 << 20, MAX_CLAIMS_BYTES = 8192 };

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

static void verify_once(struct dw_slice token, const struct dw_jwks *keys, struct dw_arena *arena)
{
    struct dw_error error;
    struct dw_jwt jwt;
    bool is_unknown;

    dw_arena_reset(arena);
    if (!dw_jwt_parse(token, arena, &jwt, &error) ||
        !dw_jwt_verify(token, &jwt, keys, DW_ALGS_ALL, &is_unknown, &error))
        give_up(&error);
}

static int speed(void)
{
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES), *kept = dw_arena_new(ARENA_BYTES);
    struct dw_error error;
    struct dw_key *key = dw_key_generate(DW_KEY_RSA, 2048, &error);
    struct dw_signing_key *signer =
        key ? dw_signing_key_new(key, DW_ALG_RS256, DW_LIT("k"), (struct dw_slice){0}, &error) : NULL;
    struct dw_slice token, json, claims = dw_slice_from_text(claims_text);
    struct dw_jwks *keys = NULL;
    size_t skipped;
    double began, verify_s, sign_s;
    unsigned verified = 0, made = 0;

    if (!signer || !dw_jwt_sign(signer, "at+jwt", claims, kept, &token, &error) ||
        !dw_signing_keys_jwks(&signer, 1, kept, &json, &error) ||
        !(keys = dw_jwks_parse(json, &skipped, &error)))
        give_up(&error);
    for (began = cpu_s(); (verify_s = cpu_s() - began) < 2; verified++)
        verify_once(token, keys, arena);
    for (began = cpu_s(); (sign_s = cpu_s() - began) < 2; made++) {
        struct dw_slice fresh;

        dw_arena_reset(arena);
        if (!dw_jwt_sign(signer, "at+jwt", claims, arena, &fresh, &error))
            give_up(&error);
    }
    printf("{\"verify\":%.0f,\"sign\":%.0f}\n", verified / verify_s, made / sign_s);
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
    struct dw_signing_key *signer =
        key ? dw_signing_key_new(key, DW_ALG_RS256, dw_slice_from_text(kid), (struct dw_slice){0}, &error)
            : NULL;

    if (!signer || !at)
        give_up(&error);
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
