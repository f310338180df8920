/* Text messages: a POST of JSON to the operator's gateway (Auth0's custom SMS gateway has the same
 * members). Called by the sender of mails, which tries again. */
#include "net/fetch.h"
#include "tenant/account/mail_sender_internal.h"

bool dw_sms_send(const struct dw_tenant *tenant, struct dw_slice recipient, struct dw_slice text,
                 struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_tenant_config *config = &tenant->config;
    struct dw_buf body = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&body);
    struct dw_http_field fields[2] = {{DW_LIT("Content-Type"), DW_LIT("application/json")}};
    struct dw_fetch_request request = {
        .method = DW_HTTP_POST,
        .url = config->sms_url,
        .fields = {fields, 1},
        .guard = DW_FETCH_OPERATOR,
    };
    struct dw_fetch_response response;

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "recipient", recipient);
    dw_json_put_text(&json, "body", text);
    dw_json_write_object_end(&json);
    if (config->sms_token.hidden.len > 0) {
        fields[1].name = DW_LIT("Authorization");
        fields[1].value = dw_arena_printf(arena, "Bearer %.*s", DW_PRINT(config->sms_token.hidden));
        if (!fields[1].value.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        request.fields.count = 2;
    }
    if (!dw_buf_finish(&body, &request.body, reterr) ||
        !dw_fetch(&request, arena, &response, reterr))
        return false;
    if (response.status >= 200 && response.status < 300)
        return true;
    return dw_fail(reterr,
                   response.status >= 500 || response.status == 429 ? DW_UNAVAILABLE : DW_FORBIDDEN,
                   "the SMS gateway answered %d", response.status);
}
