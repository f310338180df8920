/* POST /oauth/par (RFC 9126): an authorization request that the client itself sends, before the
 * browser does. What is wrong with it in the eyes of a user or an API is said at /authorize, as
 * Auth0 does; who sends it, and where the answer may go, is checked here. */
#include "oauth/authorization_request.h"
#include "store/decoupled.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/par_internal.h"
#include "tenant/token/dpop_internal.h"
#include "json/json_writer.h"

#define URI_PREFIX "urn:ietf:params:oauth:request_uri:"
#define LIFETIME_S 30 /* Auth0's, and not to be changed */
#define PARAMETERS_MAX_BYTES ((size_t)16 * 1024)
#define PUBLIC_CLIENTS_PER_HOUR 3600 /* pushes from one address that prove nothing */

static bool is_client_secret(struct dw_slice name)
{
    return dw_slice_eq(name, DW_LIT("client_secret")) ||
           dw_slice_eq(name, DW_LIT("client_assertion")) ||
           dw_slice_eq(name, DW_LIT("client_assertion_type"));
}

static bool may_push(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                     struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("par"), .limit = PUBLIC_CLIENTS_PER_HOUR, .window_s = 3600};
    bool is_allowed = false;

    if (!call->settings->is_par_enabled)
        return dw_fail(reterr, DW_NOT_FOUND,
                       "Pushed authorization requests are switched off for this tenant.");
    if (dw_client_is_strict(client))
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Pushed authorization requests are not allowed for third-party clients.");
    if (client->auth_method != DW_CLIENT_AUTH_NONE)
        return true;
    return dw_tenant_rate_key(call, &rate.key, reterr) &&
           dw_tenant_rate_take(call, &rate, &is_allowed, reterr) &&
           (is_allowed || dw_fail(reterr, DW_TOO_MANY, "too many requests from your address"));
}

/* The parameters as a form again: the client is the one that authenticated, its secrets are left
 * out, and the key of a DPoP proof becomes dpop_jkt (RFC 9449 section 10.1). */
static bool write_parameters(struct dw_tenant_call *call, const struct dw_form *form,
                             const struct dw_oauth_client *client, struct dw_slice *ret_text,
                             struct dw_error *reterr)
{
    struct dw_slice named_key = dw_form_value(form, "dpop_jkt");
    struct dw_buf out = dw_buf_in(call->arena);

    if (call->dpop_jkt.len > 0 && named_key.len > 0 && !dw_slice_eq(named_key, call->dpop_jkt))
        return dw_fail(reterr, DW_INVALID_DPOP_PROOF, "dpop_jkt is not the key of the DPoP proof");
    dw_form_add(&out, DW_LIT("client_id"), client->id);
    if (call->dpop_jkt.len > 0 && named_key.len == 0)
        dw_form_add(&out, DW_LIT("dpop_jkt"), call->dpop_jkt);
    for (size_t i = 0; i < form->count; i++)
        if (!is_client_secret(form->items[i].name) &&
            !dw_slice_eq(form->items[i].name, DW_LIT("client_id")))
            dw_form_add(&out, form->items[i].name, form->items[i].value);
    if (!dw_buf_finish(&out, ret_text, reterr))
        return false;
    return ret_text->len <= PARAMETERS_MAX_BYTES ||
           dw_fail(reterr, DW_TOO_LARGE, "an authorization request may have %zu bytes",
                   PARAMETERS_MAX_BYTES);
}

static bool answer(struct dw_tenant_call *call, struct dw_slice request_uri,
                   struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "request_uri", request_uri);
    dw_json_put_int(&json, "expires_in", LIFETIME_S);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 201, &out, reterr);
}

static bool keep(struct dw_tenant_call *call, const struct dw_form *form,
                 const struct dw_oauth_client *client, struct dw_error *reterr)
{
    struct dw_slice request_uri = dw_tenant_random_text(call->arena, URI_PREFIX, 32);
    struct dw_pushed_request pushed = {
        .client_id = client->id,
        .expires_at_s = call->now_s + LIFETIME_S,
    };

    if (!request_uri.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return write_parameters(call, form, client, &pushed.parameters, reterr) &&
           dw_tenant_digest(request_uri, call->arena, &pushed.uri_digest, reterr) &&
           dw_store_add_pushed_request(call->tenant->store, &pushed, reterr) &&
           answer(call, request_uri, reterr);
}

bool dw_endpoint_par(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_authorization_request request;
    struct dw_oauth_client *client;
    struct dw_form form;

    return dw_call_parameters(call, &form, reterr) &&
           dw_client_authenticate(call, &form, &client, reterr) && may_push(call, client, reterr) &&
           dw_dpop_take(call, client, "oauth/par", reterr) &&
           dw_authorization_request_start(&form, client, &request, reterr) &&
           dw_authorization_request_check_pushed(&form, client, reterr) &&
           keep(call, &form, client, reterr);
}

bool dw_par_take(struct dw_tenant_call *call, struct dw_slice request_uri,
                 struct dw_slice client_id, struct dw_form *ret_form, struct dw_error *reterr)
{
    struct dw_pushed_request *pushed;
    struct dw_slice digest;

    if (!dw_slice_starts_with(request_uri, DW_LIT(URI_PREFIX)))
        return dw_fail(reterr, DW_INVALID_REQUEST_URI,
                       "request_uri must be one that this server has given out");
    if (!dw_tenant_digest(request_uri, call->arena, &digest, reterr) ||
        !dw_store_take_pushed_request(call->tenant->store, digest, client_id, call->now_s,
                                      call->arena, &pushed, reterr))
        return false;
    if (!pushed)
        return dw_fail(reterr, DW_INVALID_REQUEST_URI,
                       "The request_uri is invalid, has expired or was used already.");
    return dw_form_parse(pushed->parameters, call->arena, ret_form, reterr);
}
