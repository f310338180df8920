/* The master key of a tenant: what everything secret in its store is sealed under. */
#ifndef DW_TENANT_SECRETS_INTERNAL_H
#define DW_TENANT_SECRETS_INTERNAL_H

#include "tenant/tenant.h"

#define DW_MASTER_KEY_BYTES 32

/* From the configuration, else from DOORWARD_KEY, else from the file "key" in state_dir, which is
 * made (mode 0600) when neither it nor a store is there. Fails with DW_CONFIG: not 64 hex digits,
 * the file can be read by others, or it is missing beside a store. */
bool dw_must_check dw_master_key_open(const struct dw_tenant_config *config,
                                      unsigned char ret_key[static DW_MASTER_KEY_BYTES],
                                      struct dw_error *reterr);
/* A key for one purpose, made from the master key. */
bool dw_must_check dw_master_key_derive(const unsigned char master[static DW_MASTER_KEY_BYTES],
                                        const char *purpose,
                                        unsigned char ret_key[static DW_MASTER_KEY_BYTES],
                                        struct dw_error *reterr);

#endif
