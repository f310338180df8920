/* Signed JSON Web Tokens (RFC 7519 in the compact serialization of RFC 7515): verify and sign.
 * Claims are not judged here; see oauth/access_token.h. */
#ifndef DW_JOSE_JWT_H
#define DW_JOSE_JWT_H

#include "jose/jwk.h"
#include "jose/signing_key.h"

#define DW_JWT_MAX_BYTES (16 * 1024)
#define DW_JWT_MAX_TRIES 4 /* keys tried for a token without kid */

struct dw_jwt {
    const struct dw_json *header;
    const struct dw_json *claims;
    enum dw_jose_alg alg;
    struct dw_slice kid;         /* empty: none */
    struct dw_slice typ;         /* as written; empty: none */
    struct dw_slice signed_part; /* a view into the token: header, dot, claims */
    struct dw_slice signature;   /* decoded */
};

/* Takes the token apart without believing it: three parts, strict base64url, strict JSON objects.
 * Good for finding the issuer whose keys to use, nothing else. A token of five parts, or with
 * `enc`, fails with a message that says what an encrypted token from Auth0 means; so does an opaque
 * one. */
bool dw_must_check dw_jwt_parse(struct dw_slice token, struct dw_arena *arena,
                                struct dw_jwt *ret_unverified, struct dw_error *reterr);

/* The signature, with the keys of the token's issuer. `allowed` comes from the configuration; the
 * key's type and `alg` must fit too. jwk, jku, x5u, x5c in the header are ignored; any `crit`
 * rejects. Without kid: every key that fits is tried, at most
 * DW_JWT_MAX_TRIES. Fails with DW_INVALID_TOKEN; when
 * the kid is not in the set *ret_kid_is_unknown is true. */
bool dw_must_check dw_jwt_verify(const struct dw_jwt *unverified, const struct dw_jwks *keys,
                                 dw_jose_algs allowed, bool *ret_kid_is_unknown,
                                 struct dw_error *reterr);

/* header_typ: "JWT", "at+jwt", ...; claims: a JSON object. The token lives in `arena`. */
bool dw_must_check dw_jwt_sign(const struct dw_signing_key *key, const char *header_typ,
                               struct dw_slice claims, struct dw_arena *arena,
                               struct dw_slice *ret_token, struct dw_error *reterr);

#endif
