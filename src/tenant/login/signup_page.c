/* GET and POST /u/signup: a new account on the way to an application; who has one is logged in at
 * once, unless addresses are confirmed first: then the page says the same for every address. An
 * address that is taken is refused in the same words as any other trouble, unless the operator
 * wants it told. */
#include "base/text.h"
#include "tenant/account/account_pages_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/ways_internal.h"

#define IDENTIFIER_MAX_BYTES 254 /* that is shown again */

struct page {
    struct dw_visit visit;
    struct dw_login_ways ways;
};

static bool load(struct dw_tenant_call *call, struct dw_slice state, struct page *ret_page,
                 struct dw_error *reterr)
{
    if (!dw_visit_load(call, state, &ret_page->visit, reterr) ||
        !dw_login_ways(call, &ret_page->visit, &ret_page->ways, reterr))
        return false;
    return ret_page->ways.can_sign_up ||
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
    };
    return dw_answer_html(call, status, "signup", fields, sizeof fields / sizeof *fields,
                          page->visit.request->redirect_uri, reterr);
}

bool dw_endpoint_signup_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct page page;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, dw_form_value(&form, "state"), &page, reterr))
        return false;
    struct dw_user user = {.email = page.visit.request->login_hint};
    if (!dw_identifier_is_email(user.email))
        user.email = DW_EMPTY;
    return show(call, &page, 200, &user, NULL, reterr);
}

static bool go_on(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_user *user,
                  struct dw_error *reterr)
{
    struct dw_login login;

    if (!dw_store_note_login(call->tenant->store, user->id, call->peer_address, call->now_s,
                             reterr) ||
        !dw_login_start(call, user, &login, reterr))
        return false;
    visit->request->user_id = user->id;
    visit->request->session_id = login.session->id;
    visit->request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, visit, &login, reterr);
}

/* For an address that was new and for one that was not. */
static bool show_sent(struct dw_tenant_call *call, const struct page *page, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = "reset.sent_title"},
        {.name = "lead", .key = "signup.sent_lead"},
        {.name = "state", .text = page->visit.state},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

bool dw_endpoint_signup_form(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct page page;
    struct dw_account_refusal refusal;
    struct dw_user *user;
    const char *problem;

    if (!dw_call_form(call, &form, reterr) ||
        !load(call, dw_form_value(&form, "state"), &page, reterr))
        return false;
    struct dw_sign_up sign_up = {
        .home = &page.ways.home,
        .client = page.visit.client,
        .user = {.email = dw_slice_trim(dw_form_value(&form, "email")),
                 .username = dw_slice_trim(dw_form_value(&form, "username")),
                 .phone_number = dw_slice_trim(dw_form_value(&form, "phone_number"))},
        .password = dw_secret_from(dw_form_value(&form, "password")),
    };
    if (!dw_account_sign_up(call, &sign_up, &user, &refusal, reterr))
        return false;
    if (refusal.kind == DW_ACCOUNT_ACCEPTED && page.ways.home.rules.confirms_email)
        return show_sent(call, &page, reterr);
    if (refusal.kind == DW_ACCOUNT_ACCEPTED)
        return go_on(call, &page.visit, user, reterr);
    problem = refusal.kind == DW_ACCOUNT_EXISTS && call->settings->tells_user_exists
                  ? "signup.exists"
                  : dw_refusal_key(&refusal);
    return show(call, &page, 400, &sign_up.user, problem, reterr);
}
