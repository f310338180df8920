/* A user as Auth0's Management API shows and changes it. */
#ifndef DW_OAUTH_USER_JSON_H
#define DW_OAUTH_USER_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"
#include "json/json_writer.h"

#define DW_USER_METADATA_MAX_BYTES ((size_t)32 * 1024)

/* Without the password hash; what is empty is left out, as there. */
bool dw_must_check dw_user_to_json(const struct dw_user *user, struct dw_arena *arena,
                                   struct dw_slice *ret_json, struct dw_error *reterr);
/* "identities": where the account comes from. A member of the object that is being written. */
void dw_user_identities_write(const struct dw_user *user, struct dw_json_writer *json);
/* Applies a patch: texts and booleans are set, the members of user_metadata and app_metadata one by
 * one, null removes. An address that changes is not verified any more, unless the patch says so.
 * Fails with DW_INVALID_REQUEST, naming the member. */
bool dw_must_check dw_user_apply_json(struct dw_user *user, struct dw_slice patch,
                                      struct dw_arena *arena, struct dw_error *reterr);

#endif
