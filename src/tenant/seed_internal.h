/* Making what should be there and is not: idempotent, and never taking away what an operator
 * changed. */
#ifndef DW_TENANT_SEED_INTERNAL_H
#define DW_TENANT_SEED_INTERNAL_H

#include "tenant/tenant_internal.h"

/* What the configuration asks for: [tenant.seed]. */
bool dw_must_check dw_tenant_seed(struct dw_tenant *tenant, struct dw_error *reterr);
/* seed_file.c */
bool dw_must_check dw_tenant_seed_file(struct dw_tenant *tenant, struct dw_arena *arena,
                                       struct dw_error *reterr);

/* The pieces, also for the management verbs. Everything they make has Auth0-like ids. */

/* An API with RBAC and the `permissions` claim; existing scopes stay, missing ones are added, and
 * of one that exists nothing else changes. */
bool dw_must_check dw_seed_api(struct dw_tenant *tenant, struct dw_slice identifier,
                               struct dw_slice name, const struct dw_api_scope *scopes,
                               size_t scope_count, bool allows_offline_access,
                               struct dw_arena *arena, struct dw_error *reterr);
/* Clients that registered themselves may ask for the API's scopes; [auth.dcr] allowed_scopes limits
 * them at each request. */
bool dw_must_check dw_seed_third_party_grant(struct dw_tenant *tenant, struct dw_slice identifier,
                                             struct dw_arena *arena, struct dw_error *reterr);
bool dw_must_check dw_seed_role(struct dw_tenant *tenant, struct dw_slice name,
                                struct dw_slice description, struct dw_arena *arena,
                                struct dw_role **ret_role, struct dw_error *reterr);
bool dw_must_check dw_seed_role_permissions(struct dw_tenant *tenant, const struct dw_role *role,
                                            struct dw_slice audience, struct dw_slices names,
                                            struct dw_arena *arena, struct dw_error *reterr);
/* password: empty: an existing user keeps the one there is, a new one cannot log in with one. */
bool dw_must_check dw_seed_user(struct dw_tenant *tenant, struct dw_slice email,
                                struct dw_secret password, struct dw_arena *arena,
                                struct dw_user **ret_user, struct dw_error *reterr);
/* Fails with DW_NOT_FOUND, naming the role. */
bool dw_must_check dw_seed_user_role(struct dw_tenant *tenant, const struct dw_user *user,
                                     struct dw_slice role_name, struct dw_arena *arena,
                                     struct dw_error *reterr);
/* The record of an application with our defaults; nothing is stored. */
void dw_seed_client_defaults(const struct dw_tenant *tenant, struct dw_oauth_client *client);

#endif
