/* GET and POST /u/login: identifier and password. */
#include "tenant/endpoints_internal.h"
#include "tenant/password_internal.h"
#include "tenant/visit_internal.h"

static bool show(struct dw_tenant_call *call, const struct dw_visit *visit, int status,
                 struct dw_slice username, const char *problem, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "username", .text = username},
        {.name = "error", .key = problem},
    };

    return dw_answer_html(call, status, "login", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

bool dw_endpoint_login_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) &&
           show(call, &visit, 200, visit.request->login_hint, NULL, reterr);
}

/* What the person at the keyboard can do something about is shown on the page, the rest is not. */
static bool show_again(struct dw_tenant_call *call, const struct dw_visit *visit,
                       struct dw_slice username, const struct dw_error *error,
                       struct dw_error *reterr)
{
    static const struct {
        enum dw_code code;
        int status;
        const char *key;
    } problems[] = {
        {DW_INVALID_GRANT, 400, "login.wrong"},
        {DW_USER_BLOCKED, 403, "login.blocked"},
        {DW_TOO_MANY_ATTEMPTS, 429, "login.too_many"},
    };

    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problems[i].code == error->code)
            return show(call, visit, problems[i].status, username, problems[i].key, reterr);
    *reterr = *error;
    return false;
}

bool dw_endpoint_login(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_user *user;
    struct dw_slice username;
    struct dw_error error = {0};

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    username = dw_form_value(&form, "username");
    if (!dw_password_check(call, username, dw_secret_from(dw_form_value(&form, "password")), &user,
                           &error))
        return show_again(call, &visit, username, &error, reterr);
    if (!dw_login_start(call, user, &login, reterr))
        return false;
    visit.request->user_id = user->id;
    visit.request->session_id = login.session->id;
    visit.request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, &visit, &login, reterr);
}
