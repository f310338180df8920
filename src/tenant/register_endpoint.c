/* POST /oidc/register (RFC 7591): clients that register themselves, by the rules of [auth.dcr]. */
#include "http/field.h"
#include "oauth/registration.h"
#include "oauth/third_party.h"
#include "sys/sys.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"

/* Beyond it nobody can register until an operator has looked: registrations have no owner. */
#define MAX_DYNAMIC_CLIENTS 10000

static bool may_register(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("registration"),
        .limit = call->tenant->config.registrations_per_hour,
        .window_s = 3600,
    };
    bool is_allowed = false;
    int64_t count = 0;

    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    if (!is_allowed)
        return dw_fail(reterr, DW_TOO_MANY,
                       "Too many registrations from your address; try again in an hour.");
    if (!dw_store_count_dynamic_clients(call->tenant->store, &count, reterr))
        return false;
    return count < MAX_DYNAMIC_CLIENTS ||
           dw_fail(reterr, DW_UNAVAILABLE,
                   "Registration is full; ask the people who run this service.");
}

bool dw_endpoint_register(struct dw_tenant_call *call, struct dw_error *reterr)
{
    const struct dw_tenant_config *config = &call->tenant->config;
    struct dw_registration_rules rules = {
        .public_client_patterns = config->public_client_patterns,
        .default_scopes = config->default_scopes,
        .allowed_scopes = config->allowed_scopes,
    };
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_oauth_client client;
    struct dw_secret secret;
    unsigned char random[48];

    if (!call->settings->is_dcr_enabled)
        return dw_fail(reterr, DW_NOT_FOUND, "Dynamic client registration is switched off.");
    if (!dw_http_media_type_is(dw_http_field(call->fields, "content-type"), "application/json"))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA, "Send the metadata as application/json.");
    if (!may_register(call, reterr))
        return false;
    dw_sys_random(random, sizeof random);
    if (!dw_registration_make(call->body, &rules, random, call->now_s, call->arena, &client,
                              &secret, reterr))
        return false;
    dw_tenant_client_lifetimes(call->tenant, &client);
    dw_third_party_start(&client, call->settings->is_dcr_strict ? DW_SECURITY_STRICT
                                                                : DW_SECURITY_PERMISSIVE);
    if (!dw_store_add_client(call->tenant->store, &client, reterr))
        return false;
    call->client_id = client.id;
    dw_metrics_add(call->tenant->metrics, DW_METRIC_CLIENTS_REGISTERED, 1);
    dw_log(call->tenant->log, DW_LOG_INFO, "client_registered", DW_S("oauth_client", client.id),
           DW_S("name", client.name), DW_S("address", call->peer_address));
    dw_audit(call, DW_AUDIT_SAPI, .client = &client,
             .description = DW_LIT("dynamic client registration"));
    dw_registration_write(&client, secret, &out);
    return dw_answer_json(call, 201, &out, reterr);
}
