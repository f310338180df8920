/* GET /v2/logout (Auth0's): ends the login session, then goes only where the operator said. As at
 * Auth0 any site can end a login with it; /oidc/logout asks first. `federated` is taken: there is
 * no other identity provider to log out of. Without `returnTo` it goes to the first
 * URL of the application, when that is named. */
#include "tenant/endpoints_internal.h"
#include "tenant/login/logout_internal.h"

/* One with a placeholder is no place to go to. */
static bool choose_url(struct dw_tenant_call *call, struct dw_logout_target *target,
                       struct dw_error *reterr)
{
    struct dw_oauth_client *client = NULL;

    if (target->client_id.len > 0 &&
        !dw_store_client(call->tenant->store, target->client_id, call->arena, &client, reterr))
        return false;
    for (size_t i = 0; client && target->url.len == 0 && i < client->allowed_logout_urls.count; i++)
        if (!dw_slice_contains(client->allowed_logout_urls.items[i], '*'))
            target->url = client->allowed_logout_urls.items[i];
    return true;
}

bool dw_endpoint_logout(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_logout_target target = {0};
    struct dw_form form;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_form_check_doubles(&form, (struct dw_slices){NULL, 0}, reterr))
        return false;
    target.client_id = dw_form_value(&form, "client_id");
    target.url = dw_form_value(&form, "returnTo");
    return dw_logout_check(call, &target, "returnTo", reterr) &&
           (target.url.len > 0 || choose_url(call, &target, reterr)) &&
           dw_logout_finish(call, &target, reterr);
}
