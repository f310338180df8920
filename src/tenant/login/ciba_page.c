/* GET /ciba: where the link in the mail leads; and GET and POST /u/ciba: what an application asks
 * the user to approve, with the words that both of them see. */
#include "tenant/endpoints_internal.h"
#include "tenant/login/decoupled_internal.h"

static bool gone(struct dw_tenant_call *call, struct dw_error *reterr)
{
    call->error_key = "device.gone";
    return dw_fail(reterr, DW_INVALID_REQUEST, "the link has been used, or has expired");
}

/* Opening the link decides nothing: mail scanners open links. */
bool dw_endpoint_ciba_link(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_decoupled_request *request;
    struct dw_user *user;
    struct dw_slice digest;
    struct dw_form form;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_tenant_digest(dw_form_value(&form, "ticket"), call->arena, &digest, reterr) ||
        !dw_store_decoupled_by_approval(call->tenant->store, DW_DECOUPLED_CIBA, digest, call->now_s,
                                        call->arena, &request, reterr))
        return false;
    if (!request)
        return gone(call, reterr);
    if (!dw_store_user(call->tenant->store, request->user_id, call->arena, &user, reterr))
        return false;
    return user ? dw_decoupled_visit(call, request, DW_EMPTY, user->email, reterr)
                : gone(call, reterr);
}

/* --- /u/ciba ------------------------------------------------------------------------------------
 */

/* Somebody else is logged in in this browser: they are not told what it is about. */
static bool show(struct dw_tenant_call *call, const struct dw_visit *visit,
                 const struct dw_decoupled_request *request, const struct dw_user *user,
                 struct dw_error *reterr)
{
    bool is_right = dw_slice_eq(request->user_id, user->id);
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "user", .text = user->email.len > 0 ? user->email : user->name},
        {.name = "is_other", .text = is_right ? DW_EMPTY : DW_LIT("yes")},
        {.name = "binding_message", .text = is_right ? request->binding_message : DW_EMPTY},
    };

    return dw_answer_html(call, is_right ? 200 : 403, "ciba", fields,
                          sizeof fields / sizeof *fields, DW_EMPTY, reterr);
}

struct ciba_visit {
    struct dw_visit visit;
    struct dw_login login;
    struct dw_decoupled_request *request;
    bool has_come; /* false: an earlier page is the answer */
};

static bool load(struct dw_tenant_call *call, const struct dw_form *form,
                 struct ciba_visit *ret_visit, struct dw_error *reterr)
{
    return dw_visit_load(call, dw_form_value(form, "state"), &ret_visit->visit, reterr) &&
           dw_decoupled_of_visit(call, &ret_visit->visit, &ret_visit->request, reterr) &&
           dw_login_find(call, &ret_visit->login, reterr) &&
           dw_visit_has_come_to(call, &ret_visit->visit, &ret_visit->login, "/u/ciba",
                                &ret_visit->has_come, reterr);
}

bool dw_endpoint_ciba_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct ciba_visit ciba = {0};
    struct dw_form form;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, &form, &ciba, reterr))
        return false;
    return !ciba.has_come || show(call, &ciba.visit, ciba.request, ciba.login.user, reterr);
}

static bool switch_user(struct dw_tenant_call *call, struct dw_visit *visit,
                        struct dw_error *reterr)
{
    visit->request->user_id = DW_EMPTY;
    visit->request->session_id = DW_EMPTY;
    visit->request->prompts_login = true;
    return dw_visit_to_login(call, visit, reterr);
}

bool dw_endpoint_ciba(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct ciba_visit ciba = {0};
    struct dw_error denied = {0};
    struct dw_form form;
    struct dw_slice action;

    if (!dw_call_form(call, &form, reterr) || !load(call, &form, &ciba, reterr))
        return false;
    action = dw_form_value(&form, "action");
    if (!ciba.has_come)
        return true;
    if (dw_slice_eq(action, DW_LIT("switch")))
        return switch_user(call, &ciba.visit, reterr);
    if (!dw_slice_eq(ciba.request->user_id, ciba.login.user->id))
        return show(call, &ciba.visit, ciba.request, ciba.login.user, reterr);
    if (!dw_slice_eq(action, DW_LIT("approve"))) {
        (void)dw_fail(&denied, DW_ACCESS_DENIED,
                      "The end-user denied the authorization request or it has been expired");
        ciba.visit.is_refused = true;
        return dw_visit_answer_error(call, &ciba.visit, &denied, reterr);
    }
    ciba.visit.request->is_confirmed = ciba.request->kind == DW_DECOUPLED_CIBA;
    return dw_visit_go_on(call, &ciba.visit, &ciba.login, reterr);
}
