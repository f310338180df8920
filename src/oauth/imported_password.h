/* Auth0's custom_password_hash: how a user import writes a password hash of another system. It is
 * kept as it came, as JSON in the user's password_hash, until the first login replaces it. */
#ifndef DW_OAUTH_IMPORTED_PASSWORD_H
#define DW_OAUTH_IMPORTED_PASSWORD_H

#include "base/buf.h"
#include "crypto/imported_hash.h"
#include "json/json.h"

#define DW_IMPORTED_PASSWORD_MAX_BYTES 8192

/* Whether a password_hash is such JSON, not a PHC string of our own. */
bool dw_imported_password_is(struct dw_slice password_hash);
/* Fails with DW_INVALID_REQUEST and the member that is wrong: not known, missing, of another type,
 * badly encoded, or a hash that dw_imported_hash_check refuses. */
bool dw_must_check dw_imported_password_parse(struct dw_slice json, struct dw_arena *arena,
                                              struct dw_imported_hash *ret_hash,
                                              struct dw_error *reterr);
/* The JSON for a bare bcrypt hash (the older member password_hash). */
void dw_imported_password_from_bcrypt(struct dw_slice bcrypt, struct dw_buf *out);

#endif
