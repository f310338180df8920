/* Metadata documents of clients that live on their refresh tokens and are never seen at /authorize:
 * an old document is fetched anew beside the request that showed it, which does not wait. What the
 * document says by then counts from the next request on. */
#ifndef DW_TENANT_CLIENT_RENEWAL_INTERNAL_H
#define DW_TENANT_CLIENT_RENEWAL_INTERNAL_H

#include "tenant/tenant_internal.h"

#define DW_CIMD_STALE_S 86400 /* so long after its time a document counts while nobody answers */
#define DW_CIMD_RENEWAL_PAUSE_S 60 /* between two tries for one client */
#define DW_CLIENT_RENEWALS_MAX 64  /* that wait; the others ask again with their next request */

struct dw_client_renewals;

struct dw_client_renewals *dw_client_renewals_new(struct dw_error *reterr) dw_must_check;
void dw_client_renewals_free(struct dw_client_renewals *renewals); /* NULL is fine */

/* Whether a client that has authenticated may have tokens by the document that is known; one that
 * is too old is noted for renewal. Fails with DW_INVALID_GRANT when it is older than
 * DW_CIMD_STALE_S: the client goes through /authorize again, where it is fetched. */
bool dw_must_check dw_client_check_document(struct dw_tenant_call *call,
                                            const struct dw_oauth_client *client,
                                            struct dw_error *reterr);
bool dw_client_renewals_are_wanted(struct dw_client_renewals *renewals);
/* Fetches those that were noted. A client whose document is gone (410, or 404 after
 * DW_CIMD_STALE_S) goes too, with its consents and refresh tokens. Blocking: DW_POOL_FETCH. */
void dw_client_renewals_run(struct dw_tenant *tenant);

#endif
