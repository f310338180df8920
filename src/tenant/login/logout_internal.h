/* Ending a login: what /v2/logout (Auth0's) and /oidc/logout (OpenID Connect RP-Initiated Logout
 * 1.0) have in common. */
#ifndef DW_TENANT_LOGOUT_INTERNAL_H
#define DW_TENANT_LOGOUT_INTERNAL_H

#include "tenant/login/browser_internal.h"

/* Where a logout goes back to. */
struct dw_logout_target {
    struct dw_slice client_id;
    struct dw_slice url;   /* empty: to a page of ours */
    struct dw_slice state; /* added to the URL when it is there */
};

/* Whether that is where the client, or without one the tenant, lets logouts go; a URL with a
 * subdomain placeholder may stand for it (oauth/allowed_url.h). Fails with DW_INVALID_REQUEST; show
 * a page then.
 *
 * parameter  the name of the URL in the request, for the message */
bool dw_must_check dw_logout_check(struct dw_tenant_call *call,
                                   const struct dw_logout_target *target, const char *parameter,
                                   struct dw_error *reterr);
/* Ends the browser's session, whoever's it is; the redirect or the page is this call's answer. */
bool dw_must_check dw_logout_finish(struct dw_tenant_call *call,
                                    const struct dw_logout_target *target, struct dw_error *reterr);

#endif
