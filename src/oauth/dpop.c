/* DPoP proofs and nonces; see dpop.h. */
#include "oauth/dpop.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "http/url.h"
#include "jose/jwt.h"

#define JTI_MAX_BYTES 256
#define NONCE_MAX_BYTES 256

/* Those of DW_DPOP_ALGS. */
#define ALGS                                                                                       \
    (1u << DW_ALG_ES256 | 1u << DW_ALG_ES384 | 1u << DW_ALG_ES512 | 1u << DW_ALG_RS256 |           \
     1u << DW_ALG_PS256 | 1u << DW_ALG_EDDSA)

static bool refuse(struct dw_error *reterr, const char *why)
{
    return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "%s", why);
}

/* What is wrong with foreign bytes is the proof's fault, what is wrong here is not. */
static bool refuse_because(const struct dw_error *cause, struct dw_error *reterr)
{
    if (cause->code == DW_NO_MEMORY || cause->code == DW_UNAVAILABLE) {
        *reterr = *cause;
        return false;
    }
    return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "The DPoP proof is not valid: %s",
                   cause->message);
}

/* --- the signature -------------------------------------------------------------------------------
 */

/* With the key in its own header: that is what it proves to hold. */
static bool verify(struct dw_slice text, struct dw_arena *arena, struct dw_jwt *ret_jwt,
                   struct dw_slice *ret_jkt, struct dw_error *reterr)
{
    struct dw_error cause = {0};
    const struct dw_json *jwk;
    struct dw_jwks *key;
    bool is_good, is_kid_unknown;

    if (!dw_jwt_parse(text, arena, ret_jwt, &cause))
        return refuse_because(&cause, reterr);
    if (!dw_slice_eq_nocase(ret_jwt->typ, DW_LIT("dpop+jwt")))
        return refuse(reterr, "the typ of a DPoP proof must be dpop+jwt");
    jwk = dw_json_get(ret_jwt->header, "jwk");
    if (!jwk || jwk->type != DW_JSON_OBJECT)
        return refuse(reterr, "the header of the DPoP proof has no jwk");
    key = dw_jwks_of_one(jwk, arena, ret_jkt, &cause);
    if (!key)
        return refuse_because(&cause, reterr);
    ret_jwt->kid = DW_EMPTY; /* there is one key, whatever it is called */
    is_good = dw_jwt_verify(ret_jwt, key, ALGS, &is_kid_unknown, &cause);
    dw_jwks_unref(key);
    return is_good || refuse_because(&cause, reterr);
}

/* --- the claims ----------------------------------------------------------------------------------
 */

/* Scheme, host, port and path in normal form (RFC 9449 4.3 (9): no query, no fragment). */
static bool normal_url(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_text,
                       struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(text, &url, reterr))
        return false;
    url.query = url.fragment = DW_EMPTY;
    url.has_query = url.has_fragment = false;
    return dw_url_normal(&url, arena, ret_text, reterr);
}

static bool check_url(struct dw_slice htu, struct dw_slice expected, struct dw_arena *arena,
                      struct dw_error *reterr)
{
    struct dw_error cause = {0};
    struct dw_slice a, b;

    if (!normal_url(htu, arena, &a, &cause) || !normal_url(expected, arena, &b, &cause))
        return refuse_because(&cause, reterr);
    return dw_slice_eq(a, b) ||
           dw_fail(reterr, DW_INVALID_DPOP_PROOF,
                   "the DPoP proof is for another URL: htu must be %.*s", DW_PRINT(b));
}

static bool check_time(const struct dw_json *claims, const struct dw_dpop_rules *rules,
                       int64_t *ret_issued_at_s, struct dw_error *reterr)
{
    const struct dw_json *expires = dw_json_get(claims, "exp");
    const struct dw_json *not_before = dw_json_get(claims, "nbf");
    int64_t max_age_s = rules->max_age_s > 0 ? rules->max_age_s : DW_DPOP_MAX_AGE_S;
    int64_t now_s = rules->now_s, at_s;

    if (!dw_json_numeric_date(dw_json_get(claims, "iat"), ret_issued_at_s))
        return refuse(reterr, "the DPoP proof has no iat");
    if (now_s - *ret_issued_at_s > max_age_s)
        return refuse(reterr, "the DPoP proof is too old");
    if (*ret_issued_at_s - now_s > DW_DPOP_MAX_AHEAD_S)
        return refuse(reterr, "the DPoP proof was made in the future");
    if (expires && (!dw_json_numeric_date(expires, &at_s) || at_s <= now_s))
        return refuse(reterr, "the DPoP proof has expired");
    if (not_before &&
        (!dw_json_numeric_date(not_before, &at_s) || at_s - now_s > DW_DPOP_MAX_AHEAD_S))
        return refuse(reterr, "the DPoP proof is not valid yet");
    return true;
}

static bool check_token_hash(const struct dw_json *claims, struct dw_slice access_token,
                             struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice expected;

    if (access_token.len == 0)
        return true;
    if (!dw_sha256_base64url(access_token, arena, &expected, reterr))
        return false;
    return dw_slice_eq(dw_json_text(claims, "ath"), expected) ||
           refuse(reterr, "the DPoP proof is for another access token: ath is missing or wrong");
}

/* A jti counts for its key: nobody can use up the jti of somebody else. */
static bool fill_replay_key(struct dw_slice jti, struct dw_arena *arena,
                            struct dw_dpop_proof *proof, struct dw_error *reterr)
{
    struct dw_slice parts[] = {proof->jkt, jti};
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256_parts((struct dw_slices){parts, 2}, digest, reterr))
        return false;
    proof->replay_key = dw_arena_copy(arena, dw_slice_from((const char *)digest, sizeof digest));
    return proof->replay_key.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_dpop_check(struct dw_slice text, const struct dw_dpop_rules *rules, struct dw_arena *arena,
                   struct dw_dpop_proof *ret_proof, struct dw_error *reterr)
{
    const struct dw_json *nonce;
    struct dw_slice jti;
    struct dw_jwt jwt;
    int64_t issued_at_s;

    *ret_proof = (struct dw_dpop_proof){.nonce = DW_EMPTY};
    if (!verify(text, arena, &jwt, &ret_proof->jkt, reterr))
        return false;
    jti = dw_json_text(jwt.claims, "jti");
    if (jti.len == 0 || jti.len > JTI_MAX_BYTES)
        return refuse(reterr, "the DPoP proof has no jti, or one that is too long");
    if (!dw_slice_eq(dw_json_text(jwt.claims, "htm"), rules->method))
        return refuse(reterr, "the DPoP proof is for another method");
    nonce = dw_json_get(jwt.claims, "nonce");
    if (nonce &&
        (nonce->type != DW_JSON_TEXT || nonce->text.len == 0 || nonce->text.len > NONCE_MAX_BYTES))
        return refuse(reterr, "the nonce of the DPoP proof is not a text");
    if (nonce)
        ret_proof->nonce = nonce->text;
    if (!check_url(dw_json_text(jwt.claims, "htu"), rules->url, arena, reterr) ||
        !check_time(jwt.claims, rules, &issued_at_s, reterr) ||
        !check_token_hash(jwt.claims, rules->access_token, arena, reterr))
        return false;
    ret_proof->expires_at_s = issued_at_s + DW_DPOP_MAX_AGE_S + 1;
    return fill_replay_key(jti, arena, ret_proof, reterr);
}

/* --- nonces --------------------------------------------------------------------------------------
 */

#define WINDOW_BYTES 8
#define MAC_BYTES 16

static bool nonce_of(struct dw_secret key, int64_t window, struct dw_arena *arena,
                     struct dw_slice *ret_nonce, struct dw_error *reterr)
{
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    char bytes[WINDOW_BYTES + MAC_BYTES];

    for (int at = 0; at < WINDOW_BYTES; at++)
        bytes[at] = (char)((uint64_t)window >> (56 - 8 * at) & 0xff);
    if (!dw_hmac_sha256(key, dw_slice_from(bytes, WINDOW_BYTES), mac, reterr))
        return false;
    memcpy(bytes + WINDOW_BYTES, mac, MAC_BYTES);
    *ret_nonce = dw_text_base64url(arena, dw_slice_from(bytes, sizeof bytes));
    return ret_nonce->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_dpop_nonce_make(struct dw_secret key, int64_t now_s, struct dw_arena *arena,
                        struct dw_slice *ret_nonce, struct dw_error *reterr)
{
    return nonce_of(key, now_s / DW_DPOP_NONCE_WINDOW_S, arena, ret_nonce, reterr);
}

bool dw_dpop_nonce_check(struct dw_secret key, struct dw_slice nonce, int64_t now_s,
                         struct dw_arena *arena, bool *ret_is_good, struct dw_error *reterr)
{
    int64_t window = now_s / DW_DPOP_NONCE_WINDOW_S;
    struct dw_slice current, previous;

    if (!nonce_of(key, window, arena, &current, reterr) ||
        !nonce_of(key, window - 1, arena, &previous, reterr))
        return false;
    *ret_is_good = dw_secret_eq(dw_secret_from(nonce), dw_secret_from(current)) ||
                   dw_secret_eq(dw_secret_from(nonce), dw_secret_from(previous));
    return true;
}

bool dw_dpop_is_jkt(struct dw_slice text)
{
    if (text.len != DW_DPOP_JKT_BYTES)
        return false;
    for (size_t at = 0; at < text.len; at++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                    text.ptr[at]) ||
            text.ptr[at] == '\0')
            return false;
    return true;
}
