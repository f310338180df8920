/* Answers to scripts of other origins; see cross_origin_internal.h. */
#include "tenant/cross_origin_internal.h"

#include "oauth/allowed_url.h"
#include "oauth/web_origin.h"

/* Of the application, or of any when client_id is empty. */
static bool has_origin(struct dw_tenant_call *call, struct dw_slice client_id,
                       struct dw_slice origin, struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;
    struct dw_slice wider = dw_web_origin_wider(origin, call->arena);
    struct dw_slices patterns;
    bool has = false;

    if (!wider.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_has_web_origin(store, client_id, origin, wider, &has, reterr) || has)
        return has;
    return dw_store_web_origin_patterns(store, client_id, wider, call->arena, &patterns, reterr) &&
           dw_allowed_origin(patterns, origin);
}

/* One that cannot be looked up is not registered. A client that is gone counts like none: its page
 * should read that it is, and register again. */
static bool is_registered(struct dw_tenant_call *call, struct dw_slice origin)
{
    struct dw_oauth_client *client = NULL;
    struct dw_error ignored;

    if (call->client_id.len > 0 &&
        !dw_store_client(call->tenant->store, call->client_id, call->arena, &client, &ignored))
        return false;
    return has_origin(call, client ? client->id : DW_EMPTY, origin, &ignored);
}

static bool may_read(struct dw_tenant_call *call, struct dw_slice *ret_origin)
{
    *ret_origin = dw_http_field(call->fields, "origin");
    return dw_http_field_count(call->fields, "origin") == 1 &&
           dw_web_origin_is_sound(*ret_origin) && is_registered(call, *ret_origin);
}

bool dw_cross_origin_add(struct dw_tenant_call *call, enum dw_cross_origin who,
                         struct dw_error *reterr)
{
    struct dw_slice origin = DW_LIT("*");

    if (who == DW_CORS_NEVER)
        return true;
    if (who == DW_CORS_REGISTERED) {
        if (!dw_answer_field(call, "Vary", DW_LIT("Origin"), reterr))
            return false;
        if (!may_read(call, &origin))
            return true;
    }
    return dw_answer_field(call, "Access-Control-Allow-Origin", origin, reterr) &&
           dw_answer_field(call, "Access-Control-Expose-Headers",
                           DW_LIT("WWW-Authenticate, Retry-After, X-RateLimit-Remaining, "
                                  "X-RateLimit-Reset, ETag, DPoP-Nonce"),
                           reterr);
}

bool dw_cross_origin_answer_preflight(struct dw_tenant_call *call, enum dw_cross_origin who,
                                      struct dw_error *reterr)
{
    call->status = 204;
    return dw_answer_field(call, "Access-Control-Allow-Methods",
                           DW_LIT("GET, POST, DELETE, OPTIONS"), reterr) &&
           dw_answer_field(call, "Access-Control-Allow-Headers",
                           DW_LIT("authorization, content-type, auth0-client, dpop, "
                                  "mcp-protocol-version, x-request-language"),
                           reterr) &&
           dw_answer_field(call, "Access-Control-Max-Age", DW_LIT("3600"), reterr) &&
           dw_cross_origin_add(call, who, reterr);
}
