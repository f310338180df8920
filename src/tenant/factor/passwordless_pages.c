/* /u/passwordless and /u/passwordless/code: logging in by a code or a link that is mailed, where
 * the application has a connection for it. Codes and links are bound to the visit, so those of
 * another browser are no use here. */
#include "base/text.h"
#include "tenant/account/account_pages_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/passwordless_internal.h"
#include "tenant/login/ways_internal.h"

#define ADDRESS_MAX_BYTES 254

static bool show(struct dw_tenant_call *call, const struct dw_visit *visit, const char *page,
                 int status, const char *problem, struct dw_error *reterr)
{
    struct dw_login_ways ways;

    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "has_passwords", .text = ways.home.connection ? DW_LIT("yes") : DW_EMPTY},
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "username", .text = visit->request->login_hint},
        {.name = "problem", .key = problem},
    };

    return dw_answer_html(call, status, page, fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

/* *ret_goes_on false: the tenant cannot mail, and the answer, which says so, is made. */
static bool load(struct dw_tenant_call *call, const struct dw_form *form,
                 struct dw_visit *ret_visit, bool *ret_goes_on, struct dw_error *reterr)
{
    struct dw_login_ways ways;

    if (!dw_visit_load(call, dw_form_value(form, "state"), ret_visit, reterr) ||
        !dw_login_ways(call, ret_visit, &ways, reterr))
        return false;
    *ret_goes_on = ways.codes;
    if (ways.lacks_codes)
        return dw_account_show_no_mail(call, "passwordless.title", "common.no_mail",
                                       ways.home.connection ? ret_visit->state : DW_EMPTY, reterr);
    return ways.codes ||
           dw_fail(reterr, DW_NOT_FOUND, "This application has no sign-in by codes or links.");
}

bool dw_endpoint_passwordless_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    bool goes_on;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, &form, &visit, &goes_on, reterr))
        return false;
    return !goes_on || show(call, &visit, "passwordless", 200, NULL, reterr);
}

bool dw_endpoint_passwordless_code_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    bool goes_on;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, &form, &visit, &goes_on, reterr))
        return false;
    if (!goes_on)
        return true;
    if (visit.request->login_hint.len == 0)
        return dw_visit_to_page(call, &visit, "/u/passwordless", reterr);
    return show(call, &visit, "passwordless_code", 200, NULL, reterr);
}

/* What the person at the keyboard can do something about is shown on the page, the rest is not. */
static bool show_again(struct dw_tenant_call *call, const struct dw_visit *visit, const char *page,
                       const struct dw_error *error, struct dw_error *reterr)
{
    static const struct {
        enum dw_code code;
        int status;
        const char *key;
    } problems[] = {
        {DW_BAD_EMAIL, 400, "passwordless.bad_email"},
        {DW_INVALID_GRANT, 400, "passwordless.wrong"},
        {DW_USER_BLOCKED, 403, "login.blocked"},
        {DW_TOO_MANY, 429, "passwordless.too_many"},
        {DW_TOO_MANY_ATTEMPTS, 429, "passwordless.too_many_wrong"},
    };

    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problems[i].code == error->code)
            return show(call, visit, page, problems[i].status, problems[i].key, reterr);
    *reterr = *error;
    return false;
}

static bool open_for(struct dw_tenant_call *call, const struct dw_visit *visit,
                     struct dw_passwordless *ret_passwordless, struct dw_error *reterr)
{
    struct dw_login_ways ways;

    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    if (!dw_passwordless_open(call, ways.codes ? ways.codes->name : DW_LIT("-"), DW_STRATEGY_EMAIL,
                              visit->client, visit->request->login_hint, ret_passwordless, reterr))
        return false;
    ret_passwordless->binding = visit->state;
    return true;
}

/* action: code (the standard) or link. */
bool dw_endpoint_passwordless(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_passwordless passwordless;
    struct dw_error error = {0};
    bool wants_link, goes_on;

    if (!dw_call_form(call, &form, reterr) || !load(call, &form, &visit, &goes_on, reterr))
        return false;
    if (!goes_on)
        return true;
    wants_link = dw_slice_eq(dw_form_value(&form, "action"), DW_LIT("link"));
    visit.request->login_hint =
        dw_text_head(dw_slice_trim(dw_form_value(&form, "username")), ADDRESS_MAX_BYTES);
    if (!open_for(call, &visit, &passwordless, &error) ||
        !(wants_link ? dw_passwordless_send_link(call, &passwordless, NULL, &error)
                     : dw_passwordless_send_code(call, &passwordless, &error)))
        return show_again(call, &visit, "passwordless", &error, reterr);
    if (!wants_link)
        return dw_visit_to_page(call, &visit, "/u/passwordless/code", reterr);
    return dw_visit_save(call, &visit, reterr) &&
           show(call, &visit, "passwordless_sent", 200, NULL, reterr);
}

bool dw_endpoint_passwordless_code(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_passwordless passwordless;
    struct dw_login login;
    struct dw_user *user = NULL;
    struct dw_error error = {0};
    bool goes_on;

    if (!dw_call_form(call, &form, reterr) || !load(call, &form, &visit, &goes_on, reterr))
        return false;
    if (!goes_on)
        return true;
    if (!open_for(call, &visit, &passwordless, &error) ||
        !dw_passwordless_check_code(call, &passwordless, dw_form_value(&form, "code"), &user,
                                    &error)) {
        dw_audit(call, DW_AUDIT_F, .client = visit.client, .user_name = visit.request->login_hint,
                 .error = &error);
        return show_again(call, &visit, "passwordless_code", &error, reterr);
    }
    if (!dw_login_start(call, user, &login, reterr))
        return false;
    visit.request->user_id = user->id;
    visit.request->session_id = login.session->id;
    visit.request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, &visit, &login, reterr);
}
