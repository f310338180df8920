/* Key sets that are fetched: of clients with a jwks_uri, and of trusted issuers. Kept for some
 * minutes, for who signs one token signs many; and asked for seldom, whatever is sent to us: a
 * failure is remembered, a kid that nobody knows does not make us fetch again and again, and of
 * many calls that need the same keys one fetches. Any thread. */
#ifndef DW_TENANT_CLIENT_KEYS_INTERNAL_H
#define DW_TENANT_CLIENT_KEYS_INTERNAL_H

#include "base/error.h"
#include "base/slice.h"
#include "jose/jwk.h"
#include "tenant/tenant_internal.h"

#define DW_CLIENT_KEYS_AGE_S 300   /* then they are asked for anew ... */
#define DW_CLIENT_KEYS_STALE_S 600 /* ... but are good for so long while nobody answers */
#define DW_CLIENT_KEYS_RETRY_S 30  /* between two fetches of one URL, whatever came of the first */
#define DW_CLIENT_KEYS_MAX 64      /* URLs; then the oldest goes */

struct dw_client_keys_cache;

struct dw_client_keys_cache *dw_client_keys_cache_new(struct dw_error *reterr) dw_must_check;
/* NULL is fine. */
void dw_client_keys_cache_free(struct dw_client_keys_cache *cache);

enum dw_keys_need {
    DW_KEYS_ANY,
    DW_KEYS_NEWER, /* those that are known lack the kid */
};
enum dw_keys_fetched {
    DW_KEYS_GOT,
    DW_KEYS_FAILED,
    DW_KEYS_NOT_TRIED, /* the next call may */
};
/* Asks for the set at `url`. GOT: *ret_keys is a new reference; else the error says why not. */
typedef enum dw_keys_fetched dw_keys_download(struct dw_tenant_call *call, struct dw_slice url,
                                              struct dw_jwks **ret_keys, struct dw_error *reterr);

/* The set of the URL: out of the cache, or by `download`; waits while another call fetches it.
 *
 * ret_keys   a new reference; never NULL when true
 *
 * Fails with DW_UNAVAILABLE while the URL was asked a moment ago and has nothing (for NEWER:
 * nothing newer), and as `download` does, when nothing older is young enough. */
bool dw_must_check dw_client_keys_fetch(struct dw_client_keys_cache *cache,
                                        struct dw_tenant_call *call, struct dw_slice url,
                                        enum dw_keys_need need, dw_keys_download *download,
                                        struct dw_jwks **ret_keys, struct dw_error *reterr);

#endif
