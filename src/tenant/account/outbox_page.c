/* GET /dev/outbox: the mails of a tenant that sends none, for developers and their tests; as JSON
 * when the Accept field says so. They hold codes and links that let people in, so this is for the
 * machine itself alone, where both the socket and the issuer are loopback, and no mail server is
 * set; else there is no such address. */
#include "base/text.h"
#include "tenant/account/mail_internal.h"
#include "tenant/account/mail_sender_internal.h"
#include "tenant/endpoints_internal.h"

#define SHOWN 50

bool dw_mail_outbox_is_open(const struct dw_tenant_call *call)
{
    return dw_mail_has_outbox(call->tenant) && call->is_loopback;
}

static bool answer_page(struct dw_tenant_call *call, const struct dw_mail_parts *parts,
                        const struct dw_mail_record *records, size_t count, struct dw_error *reterr)
{
    struct dw_html_row *rows = dw_arena_new_array(call->arena, count + 1, sizeof *rows);
    struct dw_html_field(*cells)[4] = dw_arena_new_array(call->arena, count + 1, sizeof *cells);

    if (!rows || !cells)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        char at[DW_TEXT_TIME_SIZE];

        dw_text_time(records[i].created_at_s * 1000, at);
        cells[i][0] = (struct dw_html_field){.name = "subject", .text = parts[i].subject};
        cells[i][1] = (struct dw_html_field){.name = "to", .text = parts[i].to};
        cells[i][2] = (struct dw_html_field){
            .name = "at", .text = dw_arena_copy(call->arena, dw_slice_from_text(at))};
        cells[i][3] = (struct dw_html_field){.name = "text", .text = parts[i].text};
        rows[i] = (struct dw_html_row){cells[i], 4};
    }
    struct dw_html_field fields[] = {{.name = "mails", .rows = rows, .row_count = count}};
    return dw_answer_html(call, 200, "outbox", fields, 1, DW_EMPTY, reterr);
}

static bool answer_json(struct dw_tenant_call *call, const struct dw_mail_parts *parts,
                        const struct dw_mail_record *records, size_t count, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_array_start(&json);
    for (size_t i = 0; i < count; i++) {
        dw_json_write_object_start(&json);
        dw_json_put_text(&json, "template", records[i].template_name);
        dw_json_put_text(&json, "to", parts[i].to);
        dw_json_put_text(&json, "subject", parts[i].subject);
        dw_json_put_text(&json, "text", parts[i].text);
        dw_json_put_text(&json, "html", parts[i].html);
        dw_json_put_int(&json, "created_at", records[i].created_at_s);
        dw_json_write_object_end(&json);
    }
    dw_json_write_array_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_outbox(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_mail_record *records = NULL;
    struct dw_mail_parts *parts = dw_arena_new_array(call->arena, SHOWN, sizeof *parts);
    size_t count = 0;

    if (!dw_mail_outbox_is_open(call))
        return dw_fail(reterr, DW_NOT_FOUND, "There is no page %.*s.", DW_PRINT(call->path));
    if (!parts)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_store_mails(call->tenant->store, DW_MAIL_OUTBOX, (struct dw_page){.take = SHOWN},
                        call->arena, &records, &count, NULL, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!dw_mail_unseal(call->tenant, &records[i], call->arena, &parts[i], reterr))
            return false;
    return dw_http_field_has_token(call->fields, "accept", "application/json")
               ? answer_json(call, parts, records, count, reterr)
               : answer_page(call, parts, records, count, reterr);
}
