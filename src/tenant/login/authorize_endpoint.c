/* GET and POST /authorize (RFC 6749 section 3.1, OpenID Connect Core 3.1.2): judges the request in
 * the order that keeps us from redirecting to where we must not. */
#include "oauth/authorization_request.h"
#include "store/connections.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/organization_internal.h"
#include "tenant/login/par_internal.h"
#include "tenant/login/ways_internal.h"
#include "tenant/token/grants_internal.h"

static bool read_parameters(struct dw_tenant_call *call, struct dw_form *ret_form,
                            struct dw_error *reterr)
{
    if (call->method != DW_HTTP_POST)
        return dw_form_parse(call->query, call->arena, ret_form, reterr);
    /* Not dw_call_form: which parameters may come twice is for oauth/ to say, and how. */
    return dw_form_parse(call->body, call->arena, ret_form, reterr);
}

/* RFC 9126 section 4: what was pushed is the request, whatever else the browser carries. */
static bool read_pushed(struct dw_tenant_call *call, struct dw_form *form, bool *ret_is_pushed,
                        struct dw_error *reterr)
{
    struct dw_slice request_uri = dw_form_value(form, "request_uri");
    struct dw_slice client_id = dw_form_value(form, "client_id");

    *ret_is_pushed = call->settings->is_par_enabled && request_uri.ptr != NULL;
    if (!*ret_is_pushed)
        return true;
    if (dw_form_count(form, "request_uri") > 1)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the parameter request_uri is there twice");
    return dw_par_take(call, request_uri, client_id, form, reterr);
}

/* Nobody could log in: a third-party application needs a connection of the domain, one of ours one
 * that is enabled for it. */
static bool has_connection(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                           struct dw_error *reterr)
{
    bool is_served = false;

    return dw_store_is_client_served(call->tenant->store, client->id, client->is_first_party,
                                     DW_EMPTY, &is_served, reterr) &&
           (is_served ||
            dw_fail(reterr, DW_INVALID_REQUEST, "no connections enabled for the client"));
}

/* Fetch Metadata. A subdomain of the same site is another site in this: it may be anybody's. */
static bool is_sent_by_another_site(const struct dw_tenant_call *call)
{
    struct dw_slice site = dw_http_field(call->fields, "sec-fetch-site");

    return dw_slice_eq_nocase(site, DW_LIT("cross-site")) ||
           dw_slice_eq_nocase(site, DW_LIT("same-site"));
}

/* From here on the client hears about failures. */
static bool go_on(struct dw_tenant_call *call, const struct dw_form *form, bool is_pushed,
                  struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_login login = {0};
    struct dw_api *api = NULL;
    struct dw_slice audience;

    if ((visit->client->requires_par || call->settings->requires_par) &&
        !is_pushed) /* RFC 9126 section 6 */
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Pushed authorization requests are required: send it to "
                       "/oauth/par first.");
    if (!dw_third_party_check_request(visit->client, form, reterr) ||
        !has_connection(call, visit->client, reterr))
        return false;
    if (!dw_authorization_request_fill(form, visit->client, call->settings, call->arena,
                                       visit->request, reterr) ||
        !dw_tenant_settle_audience(call, &visit->request->audience, reterr))
        return false;
    if (!dw_visit_organization_start(call, form, visit, reterr) ||
        !dw_login_ways_check(call, visit, reterr))
        return false;
    if (is_sent_by_another_site(call))
        dw_visit_distrust(visit);
    audience = visit->request->audience;
    if (audience.len > 0) {
        if (!dw_store_api(call->tenant->store, audience, call->arena, &api, reterr))
            return false;
        if (!api) /* nobody should log in first to hear that */
            return dw_fail(reterr, DW_ACCESS_DENIED, "Service not found: %.*s", DW_PRINT(audience));
    }
    return dw_login_find(call, &login, reterr) && dw_visit_go_on(call, visit, &login, reterr);
}

bool dw_endpoint_authorize(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_slice client_id;
    struct dw_error error = {0};
    bool is_pushed;
    struct dw_visit visit = {
        .request = DW_ARENA_NEW(call->arena, struct dw_authorization_request),
    };

    if (!visit.request)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!read_parameters(call, &form, reterr) || !read_pushed(call, &form, &is_pushed, reterr))
        return false;
    dw_tenant_prefer_language(call, dw_form_value(&form, "ui_locales"));
    if (!dw_authorization_request_client_id(&form, &client_id, reterr) ||
        !dw_client_find_fresh(call, client_id, &visit.client, reterr))
        return false;
    if (visit.client) /* an error page of the operator's own hears of it, too */
        call->client_id = client_id;
    if (!dw_authorization_request_start(&form, visit.client, visit.request, reterr))
        return false;
    return go_on(call, &form, is_pushed, &visit, &error) ||
           dw_visit_answer_error(call, &visit, &error, reterr);
}
