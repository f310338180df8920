/* Key sets that are fetched: of clients with a jwks_uri, and of trusted issuers. Kept for some
 * minutes, for who signs one token signs many; and asked for seldom, whatever is sent to us: a
 * failure is remembered, a kid that nobody knows does not make us fetch again and again, and of
 * many calls that need the same keys one fetches. Any thread. */
#ifndef DW_TENANT_CLIENT_KEYS_INTERNAL_H
#define DW_TENANT_CLIENT_KEYS_INTERNAL_H

#include "base/error.h"
#include "base/slice.h"
#include "jose/jwk.h"

#define DW_CLIENT_KEYS_AGE_S 300   /* then they are asked for anew ... */
#define DW_CLIENT_KEYS_STALE_S 600 /* ... but are good for so long while nobody answers */
#define DW_CLIENT_KEYS_RETRY_S 30  /* between two fetches of one URL, whatever came of the first */
#define DW_CLIENT_KEYS_MAX 32      /* URLs; then the oldest goes */

struct dw_client_keys_cache;

struct dw_client_keys_cache *dw_client_keys_cache_new(struct dw_error *reterr) dw_must_check;
/* NULL is fine. */
void dw_client_keys_cache_free(struct dw_client_keys_cache *cache);

enum dw_keys_need {
    DW_KEYS_ANY,
    DW_KEYS_NEWER, /* those that are known lack the kid */
};
struct dw_keys_place; /* of one URL, for the call whose turn it is to fetch */

/* Waits while another call fetches them.
 *
 * ret_keys   a new reference, or NULL: none are to be had now (NEWER: no newer ones)
 * ret_place  not NULL: then *ret_keys is, and this call fetches, and says with _put how that ended,
 *            whatever happens */
bool dw_must_check dw_client_keys_cache_get(struct dw_client_keys_cache *cache, struct dw_slice url,
                                            int64_t now_s, enum dw_keys_need need,
                                            struct dw_jwks **ret_keys,
                                            struct dw_keys_place **ret_place,
                                            struct dw_error *reterr);
enum dw_keys_fetched {
    DW_KEYS_GOT,
    DW_KEYS_FAILED,
    DW_KEYS_NOT_TRIED, /* the next call may */
};
/* A reference to what counts now: `keys` with GOT; with FAILED what was known, if it is young
 * enough; else NULL. */
struct dw_jwks *dw_client_keys_cache_put(struct dw_client_keys_cache *cache,
                                         struct dw_keys_place *place, int64_t now_s,
                                         enum dw_keys_fetched fetched,
                                         struct dw_jwks *keys) dw_must_check;

#endif
