/* The visit in which a user decides about a device or a CIBA request: how it begins, and how it
 * ends, which is in the store and on a page instead of at a redirect URI. See decoupled_internal.h.
 */
#include "tenant/audit_internal.h"
#include "tenant/login/decoupled_internal.h"

static bool gone(struct dw_tenant_call *call, struct dw_error *reterr)
{
    call->error_key = "device.gone";
    return dw_fail(reterr, DW_INVALID_REQUEST, "the request has been answered, or has expired");
}

bool dw_decoupled_visit(struct dw_tenant_call *call, const struct dw_decoupled_request *request,
                        struct dw_slice shown_code, struct dw_slice login_hint,
                        struct dw_error *reterr)
{
    struct dw_login login = {0};
    struct dw_visit visit = {
        .request = DW_ARENA_NEW(call->arena, struct dw_authorization_request),
    };

    if (!visit.request)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_client(call->tenant->store, request->client_id, call->arena, &visit.client,
                         reterr))
        return false;
    if (!visit.client) /* deleted a moment ago, and its requests with it */
        return gone(call, reterr);
    *visit.request = (struct dw_authorization_request){
        .client_id = request->client_id,
        .scopes = request->scopes,
        .audience = request->audience,
        .oauth_state = shown_code,
        .login_hint = login_hint,
        .decoupled_id = request->id,
        .max_age_s = -1,
    };
    return dw_login_find(call, &login, reterr) && dw_visit_go_on(call, &visit, &login, reterr);
}

bool dw_decoupled_of_visit(struct dw_tenant_call *call, const struct dw_visit *visit,
                           struct dw_decoupled_request **ret_request, struct dw_error *reterr)
{
    if (visit->request->decoupled_id.len == 0)
        return gone(call, reterr);
    if (!dw_store_decoupled(call->tenant->store, visit->request->decoupled_id, call->arena,
                            ret_request, reterr))
        return false;
    return (*ret_request && (*ret_request)->phase == DW_DECOUPLED_PENDING &&
            (*ret_request)->expires_at_s > call->now_s) ||
           gone(call, reterr);
}

/* --- the end ------------------------------------------------------------------------------------
 */

static bool answer_page(struct dw_tenant_call *call, const struct dw_visit *visit,
                        const char *title_key, const char *lead_key, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = title_key},
        {.name = "lead", .key = lead_key},
        {.name = "client_name", .text = dw_visit_client_name(visit)},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

/* Of several decisions only the first counts; the others are told. */
static bool store_decision(struct dw_tenant_call *call, const struct dw_decoupled_request *decided,
                           struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (dw_store_decide_decoupled(call->tenant->store, decided, call->now_s, &error))
        return true;
    if (error.code == DW_CONFLICT)
        return gone(call, reterr);
    *reterr = error;
    return false;
}

bool dw_decoupled_approve(struct dw_tenant_call *call, const struct dw_visit *visit,
                          struct dw_slices scopes, struct dw_error *reterr)
{
    const struct dw_authorization_request *agreed = visit->request;
    struct dw_decoupled_request *request;

    if (!dw_decoupled_of_visit(call, visit, &request, reterr))
        return false;
    /* The steps before have seen to both; nothing else may lead here. */
    if (!agreed->is_confirmed ||
        (request->kind == DW_DECOUPLED_CIBA && !dw_slice_eq(request->user_id, agreed->user_id)))
        return dw_fail(reterr, DW_INTERNAL, "a request would be approved that nobody confirmed");
    request->phase = DW_DECOUPLED_APPROVED;
    request->user_id = agreed->user_id;
    request->session_id = agreed->session_id;
    request->organization = agreed->organization;
    request->granted = scopes;
    request->family_id = dw_tenant_random_text(call->arena, "", 16);
    request->authenticated_at_s = agreed->authenticated_at_s;
    request->mfa_at_s = agreed->mfa_at_s;
    if (!request->family_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return store_decision(call, request, reterr) &&
           answer_page(call, visit, "device.done_title",
                       request->kind == DW_DECOUPLED_DEVICE ? "device.done_lead"
                                                            : "device.ciba_done_lead",
                       reterr);
}

static bool may_refuse(const struct dw_visit *visit, const struct dw_decoupled_request *request)
{
    return visit->is_refused && (request->kind == DW_DECOUPLED_DEVICE ||
                                 dw_slice_eq(request->user_id, visit->request->user_id));
}

bool dw_decoupled_refuse(struct dw_tenant_call *call, const struct dw_visit *visit,
                         const struct dw_error *error, struct dw_error *reterr)
{
    struct dw_decoupled_request *request;

    if (!dw_decoupled_of_visit(call, visit, &request, reterr))
        return false;
    if (!may_refuse(visit, request)) {
        *reterr = *error;
        return false;
    }
    request->phase = DW_DECOUPLED_DENIED;
    dw_audit(call, DW_AUDIT_FDECC, .client = visit->client, .error = error);
    return store_decision(call, request, reterr) &&
           answer_page(call, visit, "device.denied_title", "device.denied_lead", reterr);
}
