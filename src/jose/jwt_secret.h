/* JWTs signed with a secret that both sides have (HS256, RFC 7518 section 3.2). They have functions
 * of their own, and HS256 is no member of enum dw_jose_alg: so no public key can ever be taken for
 * such a secret, whatever a token's header says. */
#ifndef DW_JOSE_JWT_SECRET_H
#define DW_JOSE_JWT_SECRET_H

#include "jose/jwt.h"

#define DW_JWT_SECRET_MIN_BYTES 32 /* RFC 7518 3.2 MUST: as long as the digest */
#define DW_JWT_SECRET_MAX_BYTES 1024

/* Whether the token says that it is signed with HS256; nothing of it is verified. */
bool dw_jwt_is_hs256(struct dw_slice token, struct dw_arena *arena);
/* What an unverified token says of itself, to find the secret it may be signed with. */
bool dw_must_check dw_jwt_peek(struct dw_slice token, struct dw_arena *arena,
                               const struct dw_json **ret_unverified_claims,
                               struct dw_error *reterr);
/* Fails with DW_INVALID_TOKEN when it is not a JWT, not HS256 or not signed with the secret; with
 * DW_CONFIG for a secret that is too short. ret_jwt->alg is DW_ALG_UNKNOWN. */
bool dw_must_check dw_jwt_verify_hs256(struct dw_slice token, struct dw_secret secret,
                                       struct dw_arena *arena, struct dw_jwt *ret_jwt,
                                       struct dw_error *reterr);
/* As dw_jwt_sign. Without a kid: there is one secret. */
bool dw_must_check dw_jwt_sign_hs256(struct dw_secret secret, const char *header_typ,
                                     struct dw_slice claims, struct dw_arena *arena,
                                     struct dw_slice *ret_token, struct dw_error *reterr);

#endif
