/* Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` is refused (RFC 9700 section 2.1.1).
 */
#ifndef DW_OAUTH_PKCE_H
#define DW_OAUTH_PKCE_H

#include "base/error.h"
#include "base/slice.h"

/* The code_challenge and code_challenge_method of an authorization request. Fails with
 * DW_INVALID_REQUEST: no challenge, another method than S256 (also none, which would mean plain),
 * or a challenge that is not the base64url of 32 bytes. */
bool dw_must_check dw_pkce_check_challenge(struct dw_slice code_challenge, struct dw_slice method,
                                           struct dw_error *reterr);
/* The code_verifier of a token request against the stored challenge. Both or neither must be there:
 * a verifier without a challenge is a downgrade (RFC 9700 section 4.8.2). Fails with
 * DW_INVALID_REQUEST (no verifier) or DW_INVALID_GRANT "Failed to verify code verifier".
 */
bool dw_must_check dw_pkce_verify(struct dw_slice code_challenge, struct dw_secret code_verifier,
                                  struct dw_error *reterr);

#endif
