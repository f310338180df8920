/* The families whose access tokens must not be believed any more, in memory: for the gateway of the
 * same process, which has no time to ask the store. Everybody else asks dw_store_family_is_dead. */
#ifndef DW_TENANT_DEAD_FAMILIES_INTERNAL_H
#define DW_TENANT_DEAD_FAMILIES_INTERNAL_H

#include "store/store.h"

#define DW_DEAD_FAMILIES_MAX 50000

struct dw_dead_families;

/* max: in memory; half of them, the newest, are read at once */
struct dw_dead_families *dw_dead_families_new(size_t max, struct dw_error *reterr) dw_must_check;
/* NULL is fine. */
void dw_dead_families_free(struct dw_dead_families *dead);
/* Reads what the store has noted since the last time; on failure what was there stays. */
bool dw_must_check dw_dead_families_watch(struct dw_dead_families *dead, struct dw_store *store,
                                          struct dw_error *reterr);
/* Whether the token with this `jti` belongs to one. Any thread; costs next to nothing while there
 * are none. Where there are more than memory holds the store is asked, which takes some
 * microseconds: whoever makes many die must not bring the others back to life. A store that cannot
 * answer makes it true. */
bool dw_dead_families_have(struct dw_dead_families *dead, struct dw_store *store,
                           struct dw_slice token_id);

#endif
