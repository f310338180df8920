/* The keys of clients with a jwks_uri, kept for some minutes: a client that signs its assertions
 * asks for many tokens, and its keys seldom change. Any thread. */
#ifndef DW_TENANT_CLIENT_KEYS_INTERNAL_H
#define DW_TENANT_CLIENT_KEYS_INTERNAL_H

#include "base/error.h"
#include "base/slice.h"
#include "jose/jwk.h"

/* A key that a client takes back is good for so long. */
#define DW_CLIENT_KEYS_AGE_S 300
#define DW_CLIENT_KEYS_MAX 32 /* then the oldest goes */

struct dw_client_keys_cache;

struct dw_client_keys_cache *dw_client_keys_cache_new(struct dw_error *reterr) dw_must_check;
/* NULL is fine. */
void dw_client_keys_cache_free(struct dw_client_keys_cache *cache);
/* A new reference in *ret_keys, or NULL: not there, or too old. */
bool dw_must_check dw_client_keys_cache_get(struct dw_client_keys_cache *cache, struct dw_slice url,
                                            int64_t now_s, struct dw_jwks **ret_keys,
                                            struct dw_error *reterr);
/* Takes a reference of its own. */
bool dw_must_check dw_client_keys_cache_put(struct dw_client_keys_cache *cache, struct dw_slice url,
                                            int64_t now_s, struct dw_jwks *keys,
                                            struct dw_error *reterr);

#endif
