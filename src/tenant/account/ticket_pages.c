/* /u/email-verification and /u/unblock: where the links of mails lead. A GET only asks, because
 * programs that scan mails open links; the button does it. */
#include "tenant/account/account_pages_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"

/* What differs between the two. */
struct kind {
    enum dw_ticket_purpose purpose;
    const char *path;
    const char *title, *lead, *submit, *done_title, *done_lead, *gone_title, *gone_lead;
};

#define KEYS(section)                                                                              \
    section ".title", section ".lead", section ".submit", section ".done_title",                   \
        section ".done_lead", section ".gone_title", section ".gone_lead"
static const struct kind verify = {DW_TICKET_VERIFY_EMAIL, "/u/email-verification", KEYS("verify")};
static const struct kind unblock = {DW_TICKET_UNBLOCK, "/u/unblock", KEYS("unblock")};

static bool show_message(struct dw_tenant_call *call, int status, const char *title,
                         const char *lead, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {{.name = "title", .key = title},
                                     {.name = "lead", .key = lead}};

    return dw_answer_html(call, status, "message", fields, 2, DW_EMPTY, reterr);
}

static bool ask(struct dw_tenant_call *call, const struct kind *kind, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_slice value, digest;
    struct dw_ticket *ticket = NULL;

    if (!dw_form_parse(call->query, call->arena, &form, reterr))
        return false;
    value = dw_form_value(&form, "ticket");
    if (!dw_account_ticket_digest(value, call->arena, &digest, reterr) ||
        !dw_store_ticket(call->tenant->store, digest, kind->purpose, call->now_s, call->arena,
                         &ticket, reterr))
        return false;
    if (!ticket)
        return show_message(call, 404, kind->gone_title, kind->gone_lead, reterr);
    struct dw_html_field fields[] = {
        {.name = "ticket", .text = value},
        {.name = "account", .text = ticket->email},
        {.name = "title", .key = kind->title},
        {.name = "lead", .key = kind->lead},
        {.name = "submit", .key = kind->submit},
        {.name = "is_verify",
         .text = kind->purpose == DW_TICKET_VERIFY_EMAIL ? DW_LIT("yes") : DW_EMPTY},
    };
    return dw_answer_html(call, 200, "ticket", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

static bool finish(struct dw_tenant_call *call, const struct kind *kind,
                   const struct dw_ticket *ticket, struct dw_error *reterr)
{
    if (!ticket)
        return show_message(call, 404, kind->gone_title, kind->gone_lead, reterr);
    return ticket->result_url.len > 0
               ? dw_answer_redirect(call, ticket->result_url, reterr)
               : dw_account_show_done(call, ticket->client_id, kind->done_title, kind->done_lead,
                                      reterr);
}

static bool read_digest(struct dw_tenant_call *call, struct dw_slice *ret_digest,
                        struct dw_error *reterr)
{
    struct dw_form form;

    return dw_call_form(call, &form, reterr) &&
           dw_account_ticket_digest(dw_form_value(&form, "ticket"), call->arena, ret_digest,
                                    reterr);
}

bool dw_endpoint_verify_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    return ask(call, &verify, reterr);
}

bool dw_endpoint_verify(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice digest;
    struct dw_ticket *ticket = NULL;

    if (!read_digest(call, &digest, reterr) ||
        !dw_store_verify_email(call->tenant->store, digest, call->now_s, call->arena, &ticket,
                               reterr))
        return false;
    if (ticket)
        call->user_id = ticket->user_id;
    dw_audit(call, ticket ? DW_AUDIT_SV : DW_AUDIT_FV);
    return finish(call, &verify, ticket, reterr);
}

bool dw_endpoint_unblock_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    return ask(call, &unblock, reterr);
}

bool dw_endpoint_unblock(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice digest;
    struct dw_ticket *ticket = NULL;

    if (!read_digest(call, &digest, reterr) ||
        !dw_store_take_ticket(call->tenant->store, digest, DW_TICKET_UNBLOCK, call->now_s,
                              call->arena, &ticket, reterr) ||
        (ticket && !dw_store_unblock(call->tenant->store, ticket->user_id, reterr)))
        return false;
    if (ticket) {
        call->user_id = ticket->user_id;
        dw_audit(call, DW_AUDIT_UBLKDU);
    }
    return finish(call, &unblock, ticket, reterr);
}
