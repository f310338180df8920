/* HS256; see jwt_secret.h. */
#include "jose/jwt_secret.h"

#include "base/text.h"
#include "crypto/hmac.h"
#include "jose/jwt_internal.h"
#include "json/json_writer.h"

static bool check_secret(struct dw_secret secret, struct dw_error *reterr)
{
    return (secret.hidden.len >= DW_JWT_SECRET_MIN_BYTES &&
            secret.hidden.len <= DW_JWT_SECRET_MAX_BYTES) ||
           dw_fail(reterr, DW_CONFIG, "a secret for HS256 has %d to %d bytes",
                   DW_JWT_SECRET_MIN_BYTES, DW_JWT_SECRET_MAX_BYTES);
}

static bool read_header(struct dw_slice token, struct dw_arena *arena,
                        struct dw_slice parts[static 3], struct dw_jwt *jwt,
                        struct dw_error *reterr)
{
    *jwt = (struct dw_jwt){.alg = DW_ALG_UNKNOWN, .kid = DW_EMPTY, .typ = DW_EMPTY};
    if (!dw_jwt_split(token, parts, reterr) ||
        !dw_jwt_read_part(parts[0], "header", arena, &jwt->header, reterr) ||
        !dw_jwt_check_header(jwt->header, reterr))
        return false;
    if (!dw_slice_eq(dw_json_text(jwt->header, "alg"), DW_LIT("HS256")))
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token is not signed with HS256");
    jwt->typ = dw_json_text(jwt->header, "typ");
    return true;
}

bool dw_jwt_is_hs256(struct dw_slice token, struct dw_arena *arena)
{
    struct dw_slice parts[3];
    struct dw_jwt jwt;
    struct dw_error error = {0};

    return read_header(token, arena, parts, &jwt, &error);
}

bool dw_jwt_peek(struct dw_slice token, struct dw_arena *arena,
                 const struct dw_json **ret_unverified_claims, struct dw_error *reterr)
{
    struct dw_slice parts[3];

    return dw_jwt_split(token, parts, reterr) &&
           dw_jwt_read_part(parts[1], "claims", arena, ret_unverified_claims, reterr);
}

static bool check_signature(struct dw_slice signed_part, struct dw_slice signature,
                            struct dw_secret secret, struct dw_error *reterr)
{
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    struct dw_slice expected = dw_slice_from((const char *)mac, sizeof mac);

    if (!dw_hmac_sha256(secret, signed_part, mac, reterr))
        return false;
    return dw_secret_eq(dw_secret_from(expected), dw_secret_from(signature)) ||
           dw_fail(reterr, DW_INVALID_TOKEN, "the signature of the token is wrong");
}

bool dw_jwt_verify_hs256(struct dw_slice token, struct dw_secret secret, struct dw_arena *arena,
                         struct dw_jwt *ret_jwt, struct dw_error *reterr)
{
    struct dw_slice parts[3];
    struct dw_error cause = {.code = DW_OK};

    if (!check_secret(secret, reterr) || !read_header(token, arena, parts, ret_jwt, reterr))
        return false;
    if (!dw_text_unbase64url(parts[2], arena, &ret_jwt->signature, &cause))
        return dw_fail(reterr, cause.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_INVALID_TOKEN,
                       "the signature of the token is not base64url");
    ret_jwt->signed_part = dw_slice_sub(token, 0, parts[0].len + 1 + parts[1].len);
    return check_signature(ret_jwt->signed_part, ret_jwt->signature, secret, reterr) &&
           dw_jwt_read_part(parts[1], "claims", arena, &ret_jwt->claims, reterr);
}

bool dw_jwt_sign_hs256(struct dw_secret secret, const char *header_typ, struct dw_slice claims,
                       struct dw_arena *arena, struct dw_slice *ret_token, struct dw_error *reterr)
{
    struct dw_slice header =
        dw_arena_printf(arena, "{\"alg\":\"HS256\",\"typ\":\"%s\"}", header_typ);
    struct dw_slice header_part = header.ptr ? dw_text_base64url(arena, header) : DW_EMPTY;
    struct dw_slice claims_part = dw_text_base64url(arena, claims);
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    struct dw_slice signed_part, signature;

    if (!check_secret(secret, reterr))
        return false;
    signed_part = dw_jwt_join(arena, header_part, claims_part);
    if (!signed_part.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_hmac_sha256(secret, signed_part, mac, reterr))
        return false;
    signature = dw_text_base64url(arena, dw_slice_from((const char *)mac, sizeof mac));
    *ret_token = dw_jwt_join(arena, signed_part, signature);
    return ret_token->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
