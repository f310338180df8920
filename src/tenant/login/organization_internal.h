/* Organizations in a login: what /authorize asks for, and the pages that ask the user. Membership
 * when tokens are made is in issue.c. The rules are in oauth/organization.h. */
#ifndef DW_TENANT_ORGANIZATION_INTERNAL_H
#define DW_TENANT_ORGANIZATION_INTERNAL_H

#include "store/organizations.h"
#include "tenant/login/visit_internal.h"

/* Settles `organization` and `invitation` of an authorization request: the visit has an id then, or
 * none. Fails with what the client is to hear. */
bool dw_must_check dw_visit_organization_start(struct dw_tenant_call *call,
                                               const struct dw_form *form, struct dw_visit *visit,
                                               struct dw_error *reterr);

/* The pages of this call look as the organization says, where it says something. */
bool dw_must_check dw_organization_brand(struct dw_tenant_call *call,
                                         struct dw_slice organization_id, struct dw_error *reterr);

/* The steps: before the login (which organization?), and after it (which of yours? are you a
 * member?). The second takes the invitation, and makes members where the connection does. */
#define DW_ORGANIZATION_PROMPT_PATH "/u/organization"
#define DW_ORGANIZATION_PICKER_PATH "/u/organization/picker"
bool dw_must_check dw_visit_is_organization_prompt_due(const struct dw_visit_walk *walk,
                                                       bool *ret_is_due, struct dw_error *reterr);
bool dw_must_check dw_visit_is_organization_picker_due(const struct dw_visit_walk *walk,
                                                       bool *ret_is_due, struct dw_error *reterr);

/* By id or, where the tenant takes names, by name. Fails as dw_organization_check_client does. */
bool dw_must_check dw_organization_find(struct dw_tenant_call *call,
                                        const struct dw_oauth_client *client, struct dw_slice asked,
                                        struct dw_organization **ret_organization,
                                        struct dw_error *reterr);

#endif
