/* GET and POST /u/signup: a new account on the way to an application. Where addresses are confirmed
 * first, which is the standard, what follows is the same for every address: a page for a code, or
 * one that says where a link went. Elsewhere who has signed up is logged in at once, and a taken
 * address is refused in the same words as any other trouble, unless the operator wants it told. */
#include "base/text.h"
#include "tenant/account/account_pages_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/signup_internal.h"
#include "tenant/login/ways_internal.h"

#define IDENTIFIER_MAX_BYTES 254 /* that is shown again */

struct page {
    struct dw_visit visit;
    struct dw_login_ways ways;
    bool is_password_refused; /* the problem is the password's, and is marked there */
};

static bool load(struct dw_tenant_call *call, struct dw_slice state, struct page *ret_page,
                 struct dw_error *reterr)
{
    if (!dw_visit_load(call, state, &ret_page->visit, reterr) ||
        !dw_login_ways(call, &ret_page->visit, &ret_page->ways, reterr))
        return false;
    return ret_page->ways.can_sign_up || ret_page->ways.lacks_mail ||
           dw_fail(reterr, DW_INVALID_REQUEST, "Nobody can sign up here.");
}

static struct dw_slice flag(bool is_set)
{
    return is_set ? DW_LIT("yes") : DW_EMPTY;
}

static bool show(struct dw_tenant_call *call, const struct page *page, int status,
                 const struct dw_user *user, const char *problem, struct dw_error *reterr)
{
    const struct dw_identifier_rules *rules = &page->ways.home.rules;
    struct dw_rule_rows rule_rows;

    if (!dw_rule_rows_make(call, &page->ways.home.policy, &rule_rows, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(&page->visit)},
        {.name = "state", .text = page->visit.state},
        {.name = "has_email", .text = flag(rules->email != DW_IDENTIFIER_UNUSED)},
        {.name = "needs_email", .text = flag(rules->email == DW_IDENTIFIER_REQUIRED)},
        {.name = "has_username", .text = flag(rules->username != DW_IDENTIFIER_UNUSED)},
        {.name = "needs_username", .text = flag(rules->username == DW_IDENTIFIER_REQUIRED)},
        {.name = "has_phone", .text = flag(rules->phone_number != DW_IDENTIFIER_UNUSED)},
        {.name = "needs_phone", .text = flag(rules->phone_number == DW_IDENTIFIER_REQUIRED)},
        {.name = "email", .text = dw_text_head(user->email, IDENTIFIER_MAX_BYTES)},
        {.name = "username", .text = dw_text_head(user->username, IDENTIFIER_MAX_BYTES)},
        {.name = "phone_number", .text = dw_text_head(user->phone_number, IDENTIFIER_MAX_BYTES)},
        {.name = "rules", .rows = rule_rows.rows, .row_count = rule_rows.count},
        {.name = "problem", .key = problem},
        {.name = "is_password_refused", .text = flag(page->is_password_refused)},
    };
    return dw_answer_html(call, status, "signup", fields, sizeof fields / sizeof *fields,
                          page->visit.request->redirect_uri, reterr);
}

static bool show_sent(struct dw_tenant_call *call, const struct page *page, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = "reset.sent_title"},
        {.name = "lead", .key = "signup.sent_lead"},
        {.name = "is_mailed", .text = flag(true)},
        {.name = "state", .text = page->visit.state},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

static bool show_closed(struct dw_tenant_call *call, const struct page *page,
                        struct dw_error *reterr)
{
    return dw_account_show_no_mail(call, "signup.closed", "signup.no_mail", page->visit.state,
                                   reterr);
}

bool dw_endpoint_signup_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct page page = {0};

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, dw_form_value(&form, "state"), &page, reterr))
        return false;
    if (page.ways.lacks_mail)
        return show_closed(call, &page, reterr);
    struct dw_user user = {.email = page.visit.request->login_hint};
    if (!dw_identifier_is_email(user.email))
        user.email = DW_EMPTY;
    return show(call, &page, 200, &user, NULL, reterr);
}

/* For an address that was new and for one that was not. */
static bool go_on(struct dw_tenant_call *call, struct page *page, struct dw_user *user,
                  struct dw_error *reterr)
{
    const struct dw_identifier_rules *rules = &page->ways.home.rules;

    if (!rules->confirms_email)
        return dw_signup_go_on(call, &page->visit, user, reterr);
    if (rules->confirms_by_link)
        return show_sent(call, page, reterr);
    return dw_signup_code_begin(call, &page->visit, &page->ways.home, user, reterr);
}

static bool refuse(struct dw_tenant_call *call, struct page *page, const struct dw_user *user,
                   const struct dw_account_refusal *refusal, struct dw_error *reterr)
{
    bool is_told = refusal->kind == DW_ACCOUNT_EXISTS && call->settings->tells_user_exists;

    page->is_password_refused = refusal->kind == DW_ACCOUNT_PASSWORD;
    return show(call, page, 400, user, is_told ? "signup.exists" : dw_refusal_key(refusal), reterr);
}

static bool sign_up(struct dw_tenant_call *call, struct page *page, struct dw_sign_up *sign_up,
                    struct dw_error *reterr)
{
    struct dw_account_refusal refusal;
    struct dw_error error = {0};
    struct dw_user *user;

    if (sign_up->mails_nothing && !dw_signup_code_check(call, sign_up->user.email, &error)) {
        *reterr = error;
        return error.code == DW_TOO_MANY &&
               show(call, page, 429, &sign_up->user, "passwordless.too_many", reterr);
    }
    if (!dw_account_sign_up(call, sign_up, &user, &refusal, reterr))
        return false;
    return refusal.kind == DW_ACCOUNT_ACCEPTED
               ? go_on(call, page, user, reterr)
               : refuse(call, page, &sign_up->user, &refusal, reterr);
}

bool dw_endpoint_signup_form(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct page page = {0};

    if (!dw_call_form(call, &form, reterr) ||
        !load(call, dw_form_value(&form, "state"), &page, reterr))
        return false;
    if (page.ways.lacks_mail)
        return show_closed(call, &page, reterr);
    const struct dw_identifier_rules *rules = &page.ways.home.rules;
    struct dw_sign_up what = {
        .home = &page.ways.home,
        .client = page.visit.client,
        .user = {.email = dw_slice_trim(dw_form_value(&form, "email")),
                 .username = dw_slice_trim(dw_form_value(&form, "username")),
                 .phone_number = dw_slice_trim(dw_form_value(&form, "phone_number"))},
        .password = dw_secret_from(dw_form_value(&form, "password")),
        .mails_nothing = rules->confirms_email && !rules->confirms_by_link,
    };
    return sign_up(call, &page, &what, reterr);
}
