/* The pages of /u/login: identifier and password on one page, or, when the tenant's prompts say
 * identifier_first, on two. What the first page was told waits in the visit, so that the second can
 * be reloaded and nobody else's page can choose the account. */
#include "base/text.h"
#include "tenant/account/password_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/ways_internal.h"

#define USERNAME_MAX_BYTES 254 /* RFC 5321 section 4.5.3.1.3, without the brackets */

/* Where nobody has a password there is no page for one. */
static bool show_without_passwords(struct dw_tenant_call *call, struct dw_visit *visit,
                                   const struct dw_login_ways *ways, struct dw_error *reterr)
{
    if (ways->codes || ways->lacks_codes) /* that page says what is lacking */
        return dw_visit_to_page(call, visit, "/u/passwordless", reterr);
    return dw_fail(reterr, DW_INVALID_REQUEST, "no connections enabled for the client");
}

static bool show(struct dw_tenant_call *call, struct dw_visit *visit, const char *page, int status,
                 struct dw_slice username, const char *problem, struct dw_error *reterr)
{
    struct dw_login_ways ways;

    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    if (!ways.home.connection)
        return show_without_passwords(call, visit, &ways, reterr);
    bool takes_names = ways.home.rules.username != DW_IDENTIFIER_UNUSED ||
                       ways.home.rules.phone_number != DW_IDENTIFIER_UNUSED;
    struct dw_html_field fields[] = {
        {.name = "has_codes", .text = ways.codes ? DW_LIT("yes") : DW_EMPTY},
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "username", .text = dw_text_head(username, USERNAME_MAX_BYTES)},
        {.name = "problem", .key = problem},
        {.name = "identifier_type", .text = takes_names ? DW_LIT("text") : DW_LIT("email")},
        {.name = "identifier_label", .key = takes_names ? "login.identifier" : "common.email"},
        {.name = "can_reset", .text = ways.can_reset ? DW_LIT("yes") : DW_EMPTY},
        {.name = "can_sign_up", .text = ways.can_sign_up ? DW_LIT("yes") : DW_EMPTY},
    };

    return dw_answer_html(call, status, page, fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

static bool load(struct dw_tenant_call *call, struct dw_visit *ret_visit, struct dw_error *reterr)
{
    struct dw_form form;

    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           dw_visit_load(call, dw_form_value(&form, "state"), ret_visit, reterr);
}

bool dw_endpoint_login_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_visit visit;

    if (!load(call, &visit, reterr))
        return false;
    if (call->settings->is_identifier_first)
        return dw_visit_to_page(call, &visit, "/u/login/identifier", reterr);
    return show(call, &visit, "login", 200, visit.request->login_hint, NULL, reterr);
}

bool dw_endpoint_login_identifier_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_visit visit;

    return load(call, &visit, reterr) &&
           show(call, &visit, "login_identifier", 200, visit.request->login_hint, NULL, reterr);
}

bool dw_endpoint_login_password_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_visit visit;

    if (!load(call, &visit, reterr))
        return false;
    if (visit.request->login_hint.len == 0)
        return dw_visit_to_page(call, &visit, "/u/login/identifier", reterr);
    return show(call, &visit, "login_password", 200, visit.request->login_hint, NULL, reterr);
}

/* Whoever it names, the answer is the same: this page must not tell which accounts there are. */
bool dw_endpoint_login_identifier(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_slice username;

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    username = dw_slice_trim(dw_form_value(&form, "username"));
    if (username.len == 0 || username.len > USERNAME_MAX_BYTES)
        return show(call, &visit, "login_identifier", 400, DW_EMPTY, "login.missing", reterr);
    visit.request->login_hint = username;
    return dw_visit_to_page(call, &visit, "/u/login/password", reterr);
}

/* What the person at the keyboard can do something about is shown on the page, the rest is not. */
static bool show_again(struct dw_tenant_call *call, struct dw_visit *visit, const char *page,
                       struct dw_slice username, const struct dw_login_ways *ways,
                       const struct dw_error *error, struct dw_error *reterr)
{
    static const struct {
        enum dw_code code;
        int status;
        const char *key;
    } problems[] = {
        {DW_INVALID_GRANT, 400, "login.wrong"},
        {DW_USER_BLOCKED, 403, "login.blocked"},
        {DW_TOO_MANY_ATTEMPTS, 429, "login.too_many"},
        {DW_PASSWORD_LEAKED_LOGIN, 403, "login.leaked"},
    };

    /* What these words advise needs mails. */
    bool may_be_unconfirmed = ways->home.rules.confirms_email && ways->can_reset;

    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problems[i].code == error->code)
            return show(call, visit, page, problems[i].status, username,
                        may_be_unconfirmed && problems[i].code == DW_INVALID_GRANT
                            ? "login.wrong_or_unconfirmed"
                            : problems[i].key,
                        reterr);
    *reterr = *error;
    return false;
}

static bool log_in(struct dw_tenant_call *call, struct dw_visit *visit, const char *page,
                   struct dw_slice username, struct dw_slice password, struct dw_error *reterr)
{
    struct dw_login_ways ways;
    struct dw_login login;
    struct dw_user *user;
    struct dw_error error = {0};

    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    if (!ways.home.connection)
        return show_without_passwords(call, visit, &ways, reterr);
    struct dw_password_login attempt = {.connection = ways.home.connection->name,
                                        .identifier = username,
                                        .password = dw_secret_from(password)};
    if (!dw_password_check_in(call, &attempt, &user, &error))
        return show_again(call, visit, page, username, &ways, &error, reterr);
    if (!dw_login_start(call, user, &login, reterr))
        return false;
    visit->request->user_id = user->id;
    visit->request->session_id = login.session->id;
    visit->request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, visit, &login, reterr);
}

bool dw_endpoint_login(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    return dw_call_form(call, &form, reterr) &&
           dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) &&
           log_in(call, &visit, "login", dw_form_value(&form, "username"),
                  dw_form_value(&form, "password"), reterr);
}

bool dw_endpoint_login_password(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    return dw_call_form(call, &form, reterr) &&
           dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) &&
           log_in(call, &visit, "login_password", visit.request->login_hint,
                  dw_form_value(&form, "password"), reterr);
}
