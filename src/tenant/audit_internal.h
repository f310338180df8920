/* The audit log: what happened, to whom, from where, with Auth0's codes (audit_types.def).
 *
 *     dw_audit(call, DW_AUDIT_FP, .client = client, .user = user, .error = &error);
 *
 * Nothing fails because of it. Entries wait in memory for some milliseconds and are written in
 * batches by a thread of their own; when they come faster than the disk takes them, who makes them
 * waits, so that nobody can hide in a flood. Only when the disk does not take any are they lost,
 * and then the operator's log says how many.
 *
 * Tokens, codes, passwords and secrets do not go in: no field takes them, and an error's message is
 * made for the peer anyway. */
#ifndef DW_TENANT_AUDIT_INTERNAL_H
#define DW_TENANT_AUDIT_INTERNAL_H

#include "oauth/connection.h"
#include "tenant/tenant_internal.h"

#define X(member, code, title) DW_AUDIT_##member,
enum dw_audit_type {
#include "tenant/audit_types.def"
    DW_AUDIT_TYPE_COUNT
};
#undef X
const char *dw_audit_type_code(enum dw_audit_type type);  /* "seacft" */
const char *dw_audit_type_title(enum dw_audit_type type); /* "Success Exchange (...)" */
/* False when there is no such code. */
bool dw_audit_type_from(struct dw_slice code, enum dw_audit_type *ret_type);

/* What is known; all may be left out. The address, the user agent and the time come from the call,
 * as do client_id and user_id where nothing better is said. Texts are cut at 512 bytes. */
struct dw_audit_facts {
    enum dw_audit_type type;
    const struct dw_oauth_client *client;
    const struct dw_user *user;
    struct dw_slice user_name;  /* what was typed, when that is no user */
    struct dw_slice connection; /* its name; the user's where it is empty */
    struct dw_slice connection_id;
    const enum dw_strategy *strategy;
    struct dw_slice organization_id, organization_name;
    struct dw_slice audience;
    struct dw_slices scopes;
    const struct dw_error *error; /* its message is the description */
    struct dw_slice description;
    struct dw_slice details_json; /* a JSON object of at most 2,048 bytes, else it is left out */
};

#define dw_audit(call, type_, ...)                                                                 \
    dw_audit_write((call)->tenant, (call),                                                         \
                   &(const struct dw_audit_facts){.type = (type_), __VA_ARGS__})
/* call may be NULL: management. */
void dw_audit_write(struct dw_tenant *tenant, const struct dw_tenant_call *call,
                    const struct dw_audit_facts *facts);

/* ---- for tenant.c, management and tests ---- */
struct dw_audit_log;
/* Starts the thread. `tenant` must have its store. */
struct dw_audit_log *dw_audit_open(struct dw_tenant *tenant, struct dw_error *reterr) dw_must_check;
/* Writes what waits. NULL is fine. */
void dw_audit_close(struct dw_audit_log *log);
/* Returns when everything that was audited before is on the disk, or cannot be written. */
void dw_audit_flush(struct dw_tenant *tenant);

#endif
