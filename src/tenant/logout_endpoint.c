/* GET /v2/logout (Auth0's): ends the login session, then goes only where the operator said. */
#include "tenant/browser_internal.h"
#include "tenant/endpoints_internal.h"

static bool find_allowed(struct dw_tenant_call *call, struct dw_slice client_id,
                         struct dw_slices *ret_allowed, struct dw_error *reterr)
{
    struct dw_oauth_client *client;

    *ret_allowed = call->settings->allowed_logout_urls;
    if (dw_slice_is_empty(client_id))
        return true;
    if (!dw_store_client(call->tenant->store, client_id, call->arena, &client, reterr))
        return false;
    if (!client)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Unknown client: %.*s", DW_PRINT(client_id));
    *ret_allowed = client->allowed_logout_urls;
    return true;
}

bool dw_endpoint_logout(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_slices allowed;
    struct dw_slice return_to;
    static const struct dw_html_field fields[] = {
        {.name = "title", .key = "logout.title"},
        {.name = "lead", .key = "logout.lead"},
    };

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_form_check_doubles(&form, (struct dw_slices){NULL, 0}, reterr) ||
        !find_allowed(call, dw_form_value(&form, "client_id"), &allowed, reterr))
        return false;
    return_to = dw_form_value(&form, "returnTo");
    if (return_to.len > 0 && !dw_slices_have(allowed, return_to))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "The \"returnTo\" address is not among the allowed logout URLs.");
    if (!dw_login_end(call, reterr))
        return false;
    if (return_to.len > 0)
        return dw_answer_redirect(call, return_to, reterr);
    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}
