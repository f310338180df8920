/* Bringing an issuer's keys, blocking: for who has no loop, and for the workers of issuer_keys.c.
 */
#ifndef DW_GUARD_KEY_FETCH_H
#define DW_GUARD_KEY_FETCH_H

#include "guard/guard.h"

/* The issuer's JWK Set as text: from config->jwks_uri, or from the jwks_uri of the discovery
 * document (OpenID Connect Discovery section 4, then RFC 8414 section 3), whose issuer must be
 * config->issuer byte for byte. Reads provider, issuer and jwks_uri of the configuration. Any
 * thread but a loop's. Fails with DW_UNAVAILABLE, DW_FORBIDDEN or DW_MALFORMED. */
bool dw_must_check dw_keys_fetch(const struct dw_issuer_config *config, struct dw_arena *arena,
                                 struct dw_slice *ret_json, struct dw_error *reterr);

#endif
