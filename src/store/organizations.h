/* The store's questions about organizations (oauth/organization.h). The rules of store.h hold. */
#ifndef DW_STORE_ORGANIZATIONS_H
#define DW_STORE_ORGANIZATIONS_H

#include "oauth/organization.h"
#include "store/store.h"

/* By its id or its name. */
bool dw_must_check dw_store_organization(struct dw_store *store, struct dw_slice id_or_name,
                                         struct dw_arena *arena,
                                         struct dw_organization **ret_organization,
                                         struct dw_error *reterr);
/* Adds, or replaces the one with that id. Fails with DW_CONFLICT when another has the name. */
bool dw_must_check dw_store_put_organization(struct dw_store *store,
                                             const struct dw_organization *organization,
                                             struct dw_error *reterr);
/* With members, invitations, consents and refresh tokens. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_organization(struct dw_store *store, struct dw_slice id,
                                                struct dw_error *reterr);
bool dw_must_check dw_store_organizations(struct dw_store *store, struct dw_page page,
                                          struct dw_arena *arena,
                                          struct dw_organization **ret_organizations,
                                          size_t *ret_count, int64_t *ret_total,
                                          struct dw_error *reterr);

/* ---- members ---- */

bool dw_must_check dw_store_is_member(struct dw_store *store, struct dw_slice organization_id,
                                      struct dw_slice user_id, bool *ret_is_member,
                                      struct dw_error *reterr);
/* Adding who is one is no failure. Fails with DW_NOT_FOUND when one of the two does not exist. */
bool dw_must_check dw_store_add_member(struct dw_store *store, struct dw_slice organization_id,
                                       struct dw_slice user_id, int64_t now_s,
                                       struct dw_error *reterr);
/* With the roles there, and the refresh tokens of logins to it. Removing who is none is no
 * failure. */
bool dw_must_check dw_store_remove_member(struct dw_store *store, struct dw_slice organization_id,
                                          struct dw_slice user_id, int64_t now_s,
                                          struct dw_error *reterr);
bool dw_must_check dw_store_members(struct dw_store *store, struct dw_slice organization_id,
                                    struct dw_page page, struct dw_arena *arena,
                                    struct dw_slices *ret_user_ids, int64_t *ret_total,
                                    struct dw_error *reterr);
/* Those that a user is a member of, by name. */
bool dw_must_check dw_store_user_organizations(struct dw_store *store, struct dw_slice user_id,
                                               struct dw_page page, struct dw_arena *arena,
                                               struct dw_organization **ret_organizations,
                                               size_t *ret_count, int64_t *ret_total,
                                               struct dw_error *reterr);
/* Roles that a member has in this organization alone. Adding fails with DW_NOT_FOUND for who is no
 * member. */
bool dw_must_check dw_store_add_member_roles(struct dw_store *store,
                                             struct dw_slice organization_id,
                                             struct dw_slice user_id, struct dw_slices role_ids,
                                             struct dw_error *reterr);
bool dw_must_check dw_store_remove_member_roles(struct dw_store *store,
                                                struct dw_slice organization_id,
                                                struct dw_slice user_id, struct dw_slices role_ids,
                                                struct dw_error *reterr);
bool dw_must_check dw_store_member_roles(struct dw_store *store, struct dw_slice organization_id,
                                         struct dw_slice user_id, struct dw_page page,
                                         struct dw_arena *arena, struct dw_role **ret_roles,
                                         size_t *ret_count, int64_t *ret_total,
                                         struct dw_error *reterr);
/* The permissions that those roles give for one API; sorted, no doubles. */
bool dw_must_check dw_store_member_permissions(struct dw_store *store,
                                               struct dw_slice organization_id,
                                               struct dw_slice user_id, struct dw_slice audience,
                                               struct dw_arena *arena, struct dw_slices *ret_names,
                                               struct dw_error *reterr);

/* ---- connections ---- */

/* Adds or replaces. Fails with DW_NOT_FOUND when organization or connection do not exist; with
 * DW_INVALID_REQUEST for a sign-up without membership. */
bool dw_must_check dw_store_put_organization_connection(
    struct dw_store *store, const struct dw_organization_connection *connection,
    struct dw_error *reterr);
bool dw_must_check dw_store_remove_organization_connection(struct dw_store *store,
                                                           struct dw_slice organization_id,
                                                           struct dw_slice connection_id,
                                                           struct dw_error *reterr);
/* All of an organization: at most DW_STORE_MAX_PAGE. */
bool dw_must_check dw_store_organization_connections(
    struct dw_store *store, struct dw_slice organization_id, struct dw_arena *arena,
    struct dw_organization_connection **ret_connections, size_t *ret_count,
    struct dw_error *reterr);
/* The one of this name, or NULL. */
bool dw_must_check dw_store_organization_connection(
    struct dw_store *store, struct dw_slice organization_id, struct dw_slice name,
    struct dw_arena *arena, struct dw_organization_connection **ret_connection,
    struct dw_error *reterr);

/* ---- client grants ---- */

/* Fails with DW_NOT_FOUND when one of the two does not exist. */
bool dw_must_check dw_store_add_organization_grant(struct dw_store *store,
                                                   struct dw_slice organization_id,
                                                   struct dw_slice grant_id,
                                                   struct dw_error *reterr);
bool dw_must_check dw_store_remove_organization_grant(struct dw_store *store,
                                                      struct dw_slice organization_id,
                                                      struct dw_slice grant_id,
                                                      struct dw_error *reterr);
bool dw_must_check dw_store_has_organization_grant(struct dw_store *store,
                                                   struct dw_slice organization_id,
                                                   struct dw_slice grant_id, bool *ret_has,
                                                   struct dw_error *reterr);
/* The ids; at most DW_STORE_MAX_PAGE. */
bool dw_must_check dw_store_organization_grants(struct dw_store *store,
                                                struct dw_slice organization_id,
                                                struct dw_arena *arena, struct dw_slices *ret_ids,
                                                struct dw_error *reterr);

/* ---- invitations ---- */

/* Fails with DW_NOT_FOUND when organization or client do not exist. */
bool dw_must_check dw_store_add_invitation(struct dw_store *store,
                                           const struct dw_invitation *invitation,
                                           struct dw_error *reterr);
bool dw_must_check dw_store_invitation(struct dw_store *store, struct dw_slice ticket_digest,
                                       struct dw_arena *arena,
                                       struct dw_invitation **ret_invitation,
                                       struct dw_error *reterr);
bool dw_must_check dw_store_invitation_by_id(struct dw_store *store, struct dw_slice id,
                                             struct dw_arena *arena,
                                             struct dw_invitation **ret_invitation,
                                             struct dw_error *reterr);
/* Uses it up, makes the user a member with its roles and merges its metadata into the user's, all
 * at once: of several callers one gets true in *ret_is_taken. None for a user with another address
 * by now, or a blocked one. */
bool dw_must_check dw_store_take_invitation(struct dw_store *store, struct dw_slice id,
                                            struct dw_slice user_id, int64_t now_s,
                                            bool *ret_is_taken, struct dw_error *reterr);
bool dw_must_check dw_store_delete_invitation(struct dw_store *store, struct dw_slice id,
                                              struct dw_error *reterr);
bool dw_must_check dw_store_invitations(struct dw_store *store, struct dw_slice organization_id,
                                        struct dw_page page, struct dw_arena *arena,
                                        struct dw_invitation **ret_invitations, size_t *ret_count,
                                        int64_t *ret_total, struct dw_error *reterr);

#endif
