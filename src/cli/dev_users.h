/* The users of `doorward dev`, from --user EMAIL[:PASSWORD[:ROLE]]. */
#ifndef DW_CLI_DEV_USERS_H
#define DW_CLI_DEV_USERS_H

#include "base/arena.h"
#include "base/error.h"
#include "tenant/tenant.h"

/* Without any: one user of each role. Passwords that were not given are made. In `arena`. Fails
 * with DW_USAGE or DW_NO_MEMORY. */
bool dw_must_check dw_dev_users(struct dw_slices options, struct dw_arena *arena,
                                const struct dw_tenant_dev_user **ret_users, size_t *ret_count,
                                struct dw_error *reterr);

#endif
