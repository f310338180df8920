/* /u/reset-password/request asks for the address and mails a link, whoever has it;
 * /u/reset-password is where the link leads. Looking at a link changes nothing: programs that scan
 * mails open links. */
#include "base/text.h"
#include "tenant/account/account_pages_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/ways_internal.h"

#define EMAIL_MAX_BYTES 254 /* that is shown again */

static bool show_message(struct dw_tenant_call *call, int status, const char *title,
                         const char *lead, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {{.name = "title", .key = title},
                                     {.name = "lead", .key = lead}};

    return dw_answer_html(call, status, "message", fields, 2, DW_EMPTY, reterr);
}

/* ---- asking ---- */

static bool show_sent(struct dw_tenant_call *call, const struct dw_visit *visit,
                      struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = "reset.sent_title"},
        {.name = "lead", .key = "reset.sent_lead"},
        {.name = "is_mailed", .text = DW_LIT("yes")},
        {.name = "state", .text = visit->state},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

static bool show_request(struct dw_tenant_call *call, const struct dw_visit *visit, int status,
                         struct dw_slice email, const char *problem, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "email", .text = dw_text_head(email, EMAIL_MAX_BYTES)},
        {.name = "problem", .key = problem},
    };

    return dw_answer_html(call, status, "reset_request", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

bool dw_endpoint_reset_request_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr))
        return false;
    return dw_mail_arrives(call->tenant)
               ? show_request(call, &visit, 200, visit.request->login_hint, NULL, reterr)
               : dw_account_show_no_mail(call, "reset.request_title", "common.no_mail", visit.state,
                                         reterr);
}

bool dw_endpoint_reset_request(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login_ways ways;
    struct dw_slice email;

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) ||
        !dw_login_ways(call, &visit, &ways, reterr))
        return false;
    if (!ways.home.connection)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Nobody has a password here.");
    if (!ways.can_reset)
        return dw_account_show_no_mail(call, "reset.request_title", "common.no_mail", visit.state,
                                       reterr);
    email = dw_slice_trim(dw_form_value(&form, "email"));
    if (!dw_identifier_is_email(email))
        return show_request(call, &visit, 400, email, "reset.invalid_email", reterr);
    return dw_account_mail_password_link(call, &ways.home, visit.client, email, reterr) &&
           show_sent(call, &visit, reterr);
}

/* ---- choosing ---- */

struct choice {
    struct dw_slice value; /* of the link */
    struct dw_slice digest;
    struct dw_ticket *ticket; /* NULL: used, expired or never there */
    struct dw_user *user;
    struct dw_account_home home;
};

static bool load(struct dw_tenant_call *call, struct dw_slice value, struct choice *ret_choice,
                 struct dw_error *reterr)
{
    *ret_choice = (struct choice){.value = value};
    if (!dw_account_ticket_digest(value, call->arena, &ret_choice->digest, reterr) ||
        !dw_store_ticket(call->tenant->store, ret_choice->digest, DW_TICKET_CHANGE_PASSWORD,
                         call->now_s, call->arena, &ret_choice->ticket, reterr))
        return false;
    if (!ret_choice->ticket)
        return true;
    if (!dw_store_user(call->tenant->store, ret_choice->ticket->user_id, call->arena,
                       &ret_choice->user, reterr))
        return false;
    if (!ret_choice->user)
        ret_choice->ticket = NULL;
    return !ret_choice->user || dw_account_home_of(call->tenant, ret_choice->user, call->arena,
                                                   &ret_choice->home, reterr);
}

static bool show_choice(struct dw_tenant_call *call, const struct choice *choice, int status,
                        const char *problem, struct dw_error *reterr)
{
    struct dw_rule_rows rule_rows;

    if (!dw_rule_rows_make(call, &choice->home.policy, &rule_rows, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "ticket", .text = choice->value},
        {.name = "account",
         .text = choice->user->email.len > 0 ? choice->user->email : choice->user->name},
        {.name = "rules", .rows = rule_rows.rows, .row_count = rule_rows.count},
        {.name = "problem", .key = problem},
    };
    return dw_answer_html(call, status, "reset_password", fields, sizeof fields / sizeof *fields,
                          DW_EMPTY, reterr);
}

static bool show_gone(struct dw_tenant_call *call, struct dw_error *reterr)
{
    return show_message(call, 404, "reset.gone_title", "reset.gone_lead", reterr);
}

bool dw_endpoint_reset_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct choice choice;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !load(call, dw_form_value(&form, "ticket"), &choice, reterr))
        return false;
    return choice.ticket ? show_choice(call, &choice, 200, NULL, reterr) : show_gone(call, reterr);
}

bool dw_endpoint_reset(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct choice choice;
    struct dw_account_new_password change;
    struct dw_account_refusal refusal;
    bool is_done = false;

    if (!dw_call_form(call, &form, reterr) ||
        !load(call, dw_form_value(&form, "ticket"), &choice, reterr))
        return false;
    if (!choice.ticket)
        return show_gone(call, reterr);
    change = (struct dw_account_new_password){
        .user = choice.user,
        .password = dw_secret_from(dw_form_value(&form, "password")),
        .ticket_digest = choice.digest,
    };
    call->user_id = choice.user->id;
    if (!dw_account_change_password(call, &change, &refusal, &is_done, reterr))
        return false;
    if (refusal.kind != DW_ACCOUNT_ACCEPTED)
        return show_choice(call, &choice, 400, dw_refusal_key(&refusal), reterr);
    if (!is_done)
        return show_gone(call, reterr);
    return choice.ticket->result_url.len > 0
               ? dw_answer_redirect(call, choice.ticket->result_url, reterr)
               : dw_account_show_done(call, choice.ticket->client_id, "reset.done_title",
                                      "reset.done_lead", reterr);
}
