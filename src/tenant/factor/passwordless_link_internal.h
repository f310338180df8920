/* The authorization request that a magic link leads to, as /passwordless/start was told it. */
#ifndef DW_TENANT_PASSWORDLESS_LINK_INTERNAL_H
#define DW_TENANT_PASSWORDLESS_LINK_INTERNAL_H

#include "tenant/factor/passwordless_internal.h"
#include "tenant/login/visit_internal.h"

/* Whether the link will lead to a page: asked before anything is sent. parameters: an object with
 * the texts of an authorization request (Auth0 authParams), or NULL. Fails with what /authorize
 * would say. */
bool dw_must_check dw_passwordless_link_check(struct dw_tenant_call *call,
                                              struct dw_oauth_client *client,
                                              const struct dw_json *parameters,
                                              struct dw_error *reterr);

#endif
