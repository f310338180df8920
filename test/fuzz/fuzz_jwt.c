/* Any bytes as a token: what can be taken apart is exactly what was given, and nothing verifies
 * with a key whose private half nobody has. */
#include <stdlib.h>

#include "base/text.h"
#include "jose/jwt_secret.h"

/* RFC 7517 A.1: published without private halves. */
static const char set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\","
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

/* The same for a secret that nobody has; and no token is one for keys and one for secrets. */
static void check_secret(struct dw_slice token, bool is_for_keys, struct dw_arena *arena)
{
    struct dw_secret secret = dw_secret_from(DW_LIT("\x8f\x01 nobody knows these bytes, 32+"));
    struct dw_error error = {.code = DW_OK};
    const struct dw_json *claims;
    struct dw_jwt jwt;
    bool is_hs256 = dw_jwt_is_hs256(token, arena);

    if (is_hs256 && is_for_keys)
        abort();
    if (!dw_jwt_peek(token, arena, &claims, &error) && error.code != DW_INVALID_TOKEN &&
        error.code != DW_NO_MEMORY)
        abort();
    if (dw_jwt_verify_hs256(token, secret, arena, &jwt, &error))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dw_jwks *keys;
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_slice token = dw_slice_from((const char *)data, size);
    struct dw_slice again;
    struct dw_error error = {.code = DW_OK};
    struct dw_jwt jwt;
    bool kid_is_unknown, is_parsed;

    if (!keys)
        keys = dw_jwks_parse(dw_slice_from_text(set), NULL, &error);
    if (!keys || !arena)
        abort();
    is_parsed = dw_jwt_parse(token, arena, &jwt, &error);
    check_secret(token, is_parsed, arena);
    if (!is_parsed) {
        if (error.code != DW_INVALID_TOKEN && error.code != DW_NO_MEMORY)
            abort();
        return 0;
    }
    again = dw_text_base64url(arena, jwt.signature);
    if (jwt.signed_part.len + 1 + again.len != size ||
        memcmp(data + size - again.len, again.ptr, again.len) != 0)
        abort();
    if (dw_jwt_verify(&jwt, keys, DW_ALGS_ALL, &kid_is_unknown, &error))
        abort();
    return 0;
}
