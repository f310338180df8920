/* POST /passwordless/start as Auth0 speaks it: a code by e-mail or text message, or a link. What it
 * answers is the same for every address, known or not. */
#include "http/field.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/passwordless_link_internal.h"

struct start {
    struct dw_oauth_client *client;
    enum dw_strategy strategy;
    struct dw_slice connection, address;
    bool wants_link;
    const struct dw_json *parameters; /* authParams; NULL: none */
};

/* What only a JSON body can have. */
static bool read_parameters(struct dw_tenant_call *call, struct start *start,
                            struct dw_error *reterr)
{
    const struct dw_json *body;

    if (!dw_http_media_type_is(dw_http_field(call->fields, "content-type"), "application/json"))
        return true;
    if (!dw_json_parse(call->body, call->arena, &body, reterr))
        return false;
    start->parameters = dw_json_get(body, "authParams");
    return !start->parameters || start->parameters->type == DW_JSON_OBJECT ||
           dw_fail(reterr, DW_INVALID_REQUEST, "authParams must be an object");
}

static bool read_start(struct dw_tenant_call *call, const struct dw_form *form, struct start *start,
                       struct dw_error *reterr)
{
    struct dw_slice send = dw_form_value(form, "send");
    struct dw_connection_record *connection;

    start->connection = dw_form_value(form, "connection");
    if (start->connection.len == 0)
        return dw_fail(reterr, DW_BAD_CONNECTION, "Missing required property: connection");
    if (!dw_store_connection_by_name(call->tenant->store, start->connection, call->arena,
                                     &connection, reterr))
        return false;
    start->strategy =
        connection && connection->strategy == DW_STRATEGY_SMS ? DW_STRATEGY_SMS : DW_STRATEGY_EMAIL;
    start->address =
        dw_form_value(form, start->strategy == DW_STRATEGY_SMS ? "phone_number" : "email");
    /* Auth0: a link unless it says "code". */
    start->wants_link = start->strategy == DW_STRATEGY_EMAIL && !dw_slice_eq(send, DW_LIT("code"));
    if (send.len > 0 && !dw_slice_eq(send, DW_LIT("code")) && !dw_slice_eq(send, DW_LIT("link")))
        return dw_fail(reterr, DW_INVALID_REQUEST, "send must be code or link");
    return read_parameters(call, start, reterr);
}

/* A client without a secret may be anybody. */
static bool may_start(struct dw_tenant_call *call, const struct start *start,
                      struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("passwordless_start"),
                           .limit = DW_PASSWORDLESS_STARTS,
                           .window_s = DW_PASSWORDLESS_STARTS_WINDOW_S};
    bool is_allowed = false;

    if (start->client->auth_method != DW_CLIENT_AUTH_NONE)
        return true;
    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed || dw_fail(reterr, DW_TOO_MANY, "Too many requests from your address.");
}

static bool answer(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                   struct dw_error *reterr)
{
    struct dw_slice id = passwordless->user_id;
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);
    bool is_sms = passwordless->connection->strategy == DW_STRATEGY_SMS;

    id = dw_slice_sub(id, dw_slice_index(id, '|') + 1, id.len);
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "_id", id);
    dw_json_put_text(&json, is_sms ? "phone_number" : "email", passwordless->address);
    /* As recorded; what is true of the account is not for strangers. */
    dw_json_put_bool(&json, is_sms ? "phone_verified" : "email_verified", is_sms);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_passwordless_start(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct start start = {0};
    struct dw_passwordless passwordless;
    struct dw_form form;

    if (!dw_call_parameters(call, &form, reterr) ||
        !dw_client_authenticate(call, &form, &start.client, reterr) ||
        !dw_third_party_check_grant(start.client, DW_GRANT_PASSWORDLESS_OTP, reterr) ||
        !read_start(call, &form, &start, reterr) || !may_start(call, &start, reterr) ||
        !dw_passwordless_open(call, start.connection, start.strategy, start.client, start.address,
                              &passwordless, reterr))
        return false;
    if (!start.wants_link)
        return dw_passwordless_send_code(call, &passwordless, reterr) &&
               answer(call, &passwordless, reterr);
    return dw_passwordless_link_check(call, start.client, start.parameters, reterr) &&
           dw_passwordless_send_link(call, &passwordless, start.parameters, reterr) &&
           answer(call, &passwordless, reterr);
}
