/* The settings that are in force: what the store has, under what the configuration file says
 * (oauth/settings.h). A running server sees a change within half a second. */
#ifndef DW_TENANT_SETTINGS_INTERNAL_H
#define DW_TENANT_SETTINGS_INTERNAL_H

#include "oauth/settings.h"
#include "tenant/tenant_internal.h"

struct dw_settings_cache;

/* Reads them for the first time. `tenant` must have its store. Fails with DW_CONFIG when they are
 * wrong. */
struct dw_settings_cache *dw_settings_cache_open(const struct dw_tenant *tenant,
                                                 struct dw_error *reterr) dw_must_check;
/* NULL is fine. */
void dw_settings_cache_close(struct dw_settings_cache *cache);
/* Looks into the store, now. On failure what was there stays. */
bool dw_must_check dw_tenant_settings_refresh(const struct dw_tenant *tenant,
                                              struct dw_error *reterr);
/* For a call and whoever has none (mails): a copy in `arena` of what is in force; looks into the
 * store when it has not for half a second. */
bool dw_must_check dw_tenant_settings(const struct dw_tenant *tenant, struct dw_arena *arena,
                                      const struct dw_tenant_settings **ret_settings,
                                      struct dw_error *reterr);

/* ---- for management ---- */
/* The whole document that is in force. */
bool dw_must_check dw_tenant_settings_document(const struct dw_tenant *tenant,
                                               enum dw_settings_document document,
                                               struct dw_arena *arena, struct dw_slice *ret_json,
                                               struct dw_error *reterr);
/* Merges a patch (RFC 7396) into what the store has. Fails with DW_INVALID_REQUEST when the result
 * is wrong, DW_CONFLICT when the configuration file says what the patch would change: the file
 * wins. */
bool dw_must_check dw_tenant_settings_patch(const struct dw_tenant *tenant,
                                            enum dw_settings_document document,
                                            struct dw_slice patch, struct dw_arena *arena,
                                            struct dw_error *reterr);

#endif
