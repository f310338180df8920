/* GET and POST /activate: where a user types the code that a device shows (RFC 8628 section 3.3),
 * and /u/device: whether it is that device. */
#include "base/text.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/decoupled_internal.h"

/* Codes that may be tried from one address, right ones among them: of 2^30 codes or more, in 15
 * minutes. */
#define TRIES 50
#define TRIES_WINDOW_S 900

static bool show_form(struct dw_tenant_call *call, int status, struct dw_slice typed,
                      const char *problem_key, struct dw_error *reterr)
{
    const struct dw_user_code_format *format = &call->settings->user_code;
    struct dw_slice letters =
        format->is_digits ? DW_LIT("0000000000000000") : DW_LIT("XXXXXXXXXXXXXXXX");
    struct dw_slice example = dw_user_code_show(
        format, dw_slice_sub(letters, 0, dw_user_code_letters(format)), call->arena);

    if (!example.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    struct dw_html_field fields[] = {
        {.name = "placeholder", .text = example},
        {.name = "user_code", .text = dw_text_head(typed, 32)},
        {.name = "error", .key = problem_key},
    };

    return dw_answer_html(call, status, "activate", fields, sizeof fields / sizeof *fields,
                          DW_EMPTY, reterr);
}

static bool may_try(struct dw_tenant_call *call, bool *ret_is_allowed, struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("activate"), .limit = TRIES, .window_s = TRIES_WINDOW_S};

    return dw_tenant_rate_key(call, &rate.key, reterr) &&
           dw_tenant_rate_take(call, &rate, ret_is_allowed, reterr);
}

static bool find(struct dw_tenant_call *call, struct dw_slice letters,
                 struct dw_decoupled_request **ret_request, struct dw_error *reterr)
{
    struct dw_slice digest;

    *ret_request = NULL;
    if (letters.len == 0)
        return true;
    return dw_tenant_digest(letters, call->arena, &digest, reterr) &&
           dw_store_decoupled_by_approval(call->tenant->store, DW_DECOUPLED_DEVICE, digest,
                                          call->now_s, call->arena, ret_request, reterr);
}

static bool try_code(struct dw_tenant_call *call, struct dw_slice typed, struct dw_error *reterr)
{
    struct dw_decoupled_request *request;
    struct dw_slice letters, shown;
    bool is_allowed = false;

    if (!may_try(call, &is_allowed, reterr))
        return false;
    if (!is_allowed)
        return show_form(call, 429, typed, "device.too_many", reterr);
    if (!dw_user_code_normal(typed, call->arena, &letters, reterr) ||
        !find(call, letters, &request, reterr))
        return false;
    if (!request) {
        dw_audit(call, DW_AUDIT_FDEAC, .description = DW_LIT("unknown or expired user code"));
        return show_form(call, 400, typed, "device.wrong", reterr);
    }
    shown = dw_user_code_show(&call->settings->user_code, letters, call->arena);
    if (!shown.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_decoupled_visit(call, request, shown, DW_EMPTY, reterr);
}

bool dw_endpoint_activate_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice typed;
    struct dw_form form;

    if (!dw_form_parse(call->query, call->arena, &form, reterr))
        return false;
    typed = dw_form_value(&form, "user_code");
    return typed.len > 0 ? try_code(call, typed, reterr)
                         : show_form(call, 200, DW_EMPTY, NULL, reterr);
}

bool dw_endpoint_activate(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;

    return dw_call_form(call, &form, reterr) &&
           try_code(call, dw_form_value(&form, "user_code"), reterr);
}

/* --- /u/device ----------------------------------------------------------------------------------
 */

bool dw_endpoint_device_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_decoupled_request *request;
    struct dw_visit visit;
    struct dw_form form;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) ||
        !dw_decoupled_of_visit(call, &visit, &request, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(&visit)},
        {.name = "state", .text = visit.state},
        {.name = "user_code", .text = visit.request->oauth_state},
    };
    return dw_answer_html(call, 200, "device", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

bool dw_endpoint_device(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_error denied = {0};
    struct dw_login login = {0};
    struct dw_visit visit;
    struct dw_form form;
    bool is_device;

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    is_device = dw_decoupled_is_device(visit.request->decoupled_id);
    if (is_device && !dw_slice_eq(dw_form_value(&form, "action"), DW_LIT("confirm"))) {
        visit.is_refused = true;
        (void)dw_fail(&denied, DW_ACCESS_DENIED, "User cancelled the confirmation prompt.");
        return dw_visit_answer_error(call, &visit, &denied, reterr);
    }
    if (is_device)
        visit.request->is_confirmed = true;
    return dw_login_find(call, &login, reterr) && dw_visit_go_on(call, &visit, &login, reterr);
}
