/* Authorization codes (RFC 6749 section 4.1.2; OAuth 2.1: once, 60 seconds, bound to client,
 * redirect URI and code challenge). */
#ifndef DW_OAUTH_AUTHORIZATION_CODE_H
#define DW_OAUTH_AUTHORIZATION_CODE_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"
#include "oauth/token_request.h"

/* Makes the record of a fresh code for a request that the user has agreed to.
 *
 * random       48 bytes from a CSPRNG: 32 for the code, 16 for the family of its refresh tokens
 * scopes       what was granted
 * ret_code     what the user agent carries back; in `arena`; not recoverable from the record
 * ret_record   what to store; shares the slices of `request` */
bool dw_must_check dw_authorization_code_make(const struct dw_authorization_request *request,
                                              struct dw_slices scopes,
                                              const unsigned char random[static 48], int64_t now_s,
                                              int64_t lifetime_s, struct dw_arena *arena,
                                              struct dw_secret *ret_code,
                                              struct dw_authorization_code *ret_record,
                                              struct dw_error *reterr);

/* Whether the token request may have the tokens. `code` and `was_used` come from
 * dw_store_take_authorization_code; `code` NULL is an unknown code. All failures are
 * DW_INVALID_GRANT in Auth0's words, but for a redirect_uri or code_verifier that is missing. */
bool dw_must_check dw_authorization_code_redeem(const struct dw_authorization_code *code,
                                                bool was_used, const struct dw_oauth_client *client,
                                                const struct dw_token_request *request,
                                                int64_t now_s, struct dw_error *reterr);

#endif
