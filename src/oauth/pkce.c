/* PKCE: the challenge that is stored, and the verifier that must give it. */
#include "oauth/pkce.h"

#include "crypto/digest.h"

#define CHALLENGE_BYTES 43 /* 32 bytes in base64url */
#define VERIFIER_MIN_BYTES 43
#define VERIFIER_MAX_BYTES 128

static bool is_base64url(struct dw_slice text)
{
    for (size_t at = 0; at < text.len; at++) {
        char byte = text.ptr[at];

        if (!(byte >= 'A' && byte <= 'Z') && !(byte >= 'a' && byte <= 'z') &&
            !(byte >= '0' && byte <= '9') && byte != '-' && byte != '_')
            return false;
    }
    return true;
}

/* RFC 7636 4.1: 43 to 128 unreserved characters. */
static bool is_verifier(struct dw_slice text)
{
    if (text.len < VERIFIER_MIN_BYTES || text.len > VERIFIER_MAX_BYTES)
        return false;
    for (size_t at = 0; at < text.len; at++)
        if (text.ptr[at] != '.' && text.ptr[at] != '~' && !is_base64url(dw_slice_sub(text, at, 1)))
            return false;
    return true;
}

bool dw_pkce_check_challenge(struct dw_slice code_challenge, struct dw_slice method,
                             struct dw_error *reterr)
{
    if (code_challenge.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Missing required parameter: code_challenge (PKCE, RFC 7636)");
    /* RFC 7636 4.3: without a method it is plain, which RFC 9700 2.1.1 tells us not to take. */
    if (!dw_slice_eq(method, DW_LIT("S256")))
        return dw_fail(reterr, DW_INVALID_REQUEST, "code_challenge_method must be S256");
    /* The last character carries four bits: the two below must be zero in the one valid spelling.
     */
    if (code_challenge.len != CHALLENGE_BYTES || !is_base64url(code_challenge) ||
        !strchr("AEIMQUYcgkosw048", code_challenge.ptr[CHALLENGE_BYTES - 1]))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "code_challenge must be the base64url of a SHA-256, without padding");
    return true;
}

bool dw_pkce_verify(struct dw_slice code_challenge, struct dw_secret code_verifier,
                    struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];
    char text[CHALLENGE_BYTES + 1];
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t written = 0;

    if (code_challenge.len == 0 && code_verifier.hidden.len == 0)
        return true;
    if (code_challenge.len != 0 && code_verifier.hidden.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: code_verifier");
    if (!is_verifier(code_verifier.hidden))
        return dw_fail(reterr, DW_INVALID_GRANT, "Failed to verify code verifier");
    if (!dw_sha256(code_verifier.hidden, digest, reterr))
        return false;
    for (size_t bit = 0; bit < 8 * sizeof digest; bit += 6) {
        unsigned pair = (unsigned)digest[bit / 8] << 8;

        if (bit / 8 + 1 < sizeof digest)
            pair |= digest[bit / 8 + 1];
        text[written++] = alphabet[pair >> (10 - bit % 8) & 0x3f];
    }
    if (!dw_secret_eq(dw_secret_from(dw_slice_from(text, written)), dw_secret_from(code_challenge)))
        return dw_fail(reterr, DW_INVALID_GRANT, "Failed to verify code verifier");
    return true;
}
