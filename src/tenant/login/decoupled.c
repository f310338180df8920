/* What a client asks for with the device flow or CIBA; see decoupled_internal.h. */
#include "tenant/login/decoupled_internal.h"

#include "oauth/authorization_request.h"
#include "oauth/scope.h"
#include "oauth/token_request.h"
#include "tenant/clients_internal.h"
#include "tenant/token/grants_internal.h"

#define PUBLIC_CLIENTS_PER_HOUR 1200 /* requests from one address that prove nothing */

static const struct kind_row {
    enum dw_grant_type grant_type;
    int64_t lifetime_s;
    const char *id_prefix;
} kinds[DW_DECOUPLED_KIND_COUNT] = {
    [DW_DECOUPLED_DEVICE] = {DW_GRANT_DEVICE_CODE, DW_DEVICE_LIFETIME_S, "device_"},
    [DW_DECOUPLED_CIBA] = {DW_GRANT_CIBA, DW_CIBA_LIFETIME_S, "ciba_"},
};

bool dw_decoupled_is_device(struct dw_slice id)
{
    return dw_slice_starts_with(id, dw_slice_from_text(kinds[DW_DECOUPLED_DEVICE].id_prefix));
}

static bool may_ask(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                    enum dw_grant_type grant_type, struct dw_error *reterr)
{
    struct dw_token_request request = {.grant_type = grant_type};
    struct dw_rate rate = {
        .space = DW_LIT("decoupled"), .limit = PUBLIC_CLIENTS_PER_HOUR, .window_s = 3600};
    bool is_allowed = false;

    if (!dw_token_request_check_grant(&request, client, reterr))
        return false;
    if (dw_client_is_strict(client))
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Grant type '%s' not allowed for the client.",
                       dw_grant_type_name(grant_type));
    if (client->auth_method != DW_CLIENT_AUTH_NONE)
        return true;
    return dw_tenant_rate_key(call, &rate.key, reterr) &&
           dw_tenant_rate_take(call, &rate, &is_allowed, reterr) &&
           (is_allowed || dw_fail(reterr, DW_TOO_MANY, "too many requests from your address"));
}

static bool read_audience(struct dw_tenant_call *call, const struct dw_form *form,
                          struct dw_slice *ret_audience, struct dw_error *reterr)
{
    struct dw_api *api;

    if (!dw_audience_choose(form, call->settings, ret_audience, reterr) ||
        !dw_tenant_settle_audience(call, ret_audience, reterr))
        return false;
    if (ret_audience->len == 0)
        return true;
    if (!dw_store_api(call->tenant->store, *ret_audience, call->arena, &api, reterr))
        return false;
    return api ||
           dw_fail(reterr, DW_ACCESS_DENIED, "Service not found: %.*s", DW_PRINT(*ret_audience));
}

bool dw_decoupled_start(struct dw_tenant_call *call, const struct dw_form *form,
                        enum dw_decoupled_kind kind, struct dw_oauth_client **ret_client,
                        struct dw_decoupled_request *ret_request, struct dw_error *reterr)
{
    if (!dw_client_authenticate(call, form, ret_client, reterr) ||
        !may_ask(call, *ret_client, kinds[kind].grant_type, reterr))
        return false;
    *ret_request = (struct dw_decoupled_request){
        .id = dw_tenant_random_hex(call->arena, kinds[kind].id_prefix, 12),
        .kind = kind,
        .client_id = (*ret_client)->id,
        .created_at_s = call->now_s,
        .expires_at_s = call->now_s + kinds[kind].lifetime_s,
    };
    if (!ret_request->id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_scopes_parse(dw_form_value(form, "scope"), call->arena, &ret_request->scopes, reterr))
        return false;
    if (ret_request->scopes.count == 0)
        ret_request->scopes = (*ret_client)->scopes;
    return read_audience(call, form, &ret_request->audience, reterr);
}
