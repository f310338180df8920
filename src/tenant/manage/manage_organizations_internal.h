/* What the verbs of organizations share, and their list. */
#ifndef DW_TENANT_MANAGE_ORGANIZATIONS_INTERNAL_H
#define DW_TENANT_MANAGE_ORGANIZATIONS_INTERNAL_H

#include "store/organizations.h"
#include "tenant/manage/manage_internal.h"

dw_manage_function dw_manage_organization_create, dw_manage_organization_list,
    dw_manage_organization_show, dw_manage_organization_update, dw_manage_organization_delete,
    dw_manage_organization_connection_add, dw_manage_organization_connection_list,
    dw_manage_organization_connection_remove, dw_manage_organization_grant_add,
    dw_manage_organization_grant_list,
    dw_manage_organization_grant_remove; /* manage_organizations.c */
dw_manage_function dw_manage_member_add, dw_manage_member_list, dw_manage_member_remove,
    dw_manage_member_role_add, dw_manage_member_role_remove, dw_manage_invitation_create,
    dw_manage_invitation_list, dw_manage_invitation_delete;          /* manage_members.c */
dw_manage_function dw_manage_consent_list, dw_manage_consent_delete; /* manage_members.c */

/* Of --organization, by id or name. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_manage_find_organization(struct dw_manage *manage,
                                               struct dw_organization **ret_organization,
                                               struct dw_error *reterr);

#endif
