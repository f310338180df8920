/* What the verbs of organizations share. */
#ifndef DW_TENANT_MANAGE_ORGANIZATIONS_INTERNAL_H
#define DW_TENANT_MANAGE_ORGANIZATIONS_INTERNAL_H

#include "store/organizations.h"
#include "tenant/manage/manage_internal.h"

/* Of --organization, by id or name. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_manage_find_organization(struct dw_manage *manage,
                                               struct dw_organization **ret_organization,
                                               struct dw_error *reterr);

#endif
