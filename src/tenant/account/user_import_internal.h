/* Importing users: a JSON array as Auth0's users-imports job takes it, with hashes of other systems
 * and second factors. One user that is wrong stops nobody else. */
#ifndef DW_TENANT_USER_IMPORT_INTERNAL_H
#define DW_TENANT_USER_IMPORT_INTERNAL_H

#include "tenant/account/account_internal.h"

#define DW_IMPORT_FILE_MAX_BYTES ((size_t)64 * 1024 * 1024) /* Auth0: 500 KB a job */
#define DW_IMPORT_METADATA_MAX_BYTES ((size_t)32 * 1024)

struct dw_import_summary {
    int64_t total, inserted, updated, failed;
};

struct dw_user_import {
    struct dw_tenant *tenant;
    struct dw_slice connection; /* its name */
    bool is_upsert;             /* users who are there already are changed, not refused */
    /* Called after each; may be NULL. */
    void (*progress)(const struct dw_import_summary *summary, void *user);
    void *user;
};
/* The file's text and the tree of it live in `arena`. errors: Auth0's array of
 * {"user":{...},"errors":[{"code","message","path"}]}, without any hash. Fails with
 * DW_INVALID_REQUEST when the file is no array of objects, or the connection is not there. */
bool dw_must_check dw_user_import_run(const struct dw_user_import *import, struct dw_slice json,
                                      struct dw_arena *arena, struct dw_import_summary *ret_summary,
                                      struct dw_buf *errors, struct dw_error *reterr);

#endif
