/* POST /bc-authorize (OpenID Connect CIBA Core 1.0 section 7): a client asks for a user who is not
 * in front of it. The user gets a mail with a link to the page that asks for approval. */
#include "base/text.h"
#include "oauth/authorization_request.h"
#include "store/connections.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/decoupled_internal.h"
#include "json/json_writer.h"

/* So many requests of one client to one user an hour: nobody is to be worn down into a yes. */
#define REQUESTS_PER_USER 30

/* What is asked, and about whom. */
struct ciba_call {
    struct dw_tenant_call *call;
    struct dw_form form;
    struct dw_oauth_client *client;
    struct dw_user *user;
    struct dw_decoupled_request request;
};

static bool read_expiry(struct ciba_call *ciba, struct dw_error *reterr)
{
    struct dw_slice text = dw_form_value(&ciba->form, "requested_expiry");
    int64_t seconds;

    if (text.len == 0)
        return true;
    if (!dw_text_to_int(text, &seconds) || seconds < 1 || seconds > DW_CIBA_MAX_LIFETIME_S)
        return dw_fail(reterr, DW_INVALID_REQUEST, "requested_expiry must be 1 to %d seconds",
                       DW_CIBA_MAX_LIFETIME_S);
    ciba->request.expires_at_s = ciba->call->now_s + seconds;
    return true;
}

static bool read_request(struct ciba_call *ciba, struct dw_error *reterr)
{
    struct dw_slice message = dw_form_value(&ciba->form, "binding_message");

    if (!ciba->client->is_first_party) /* as at Auth0: users do not know whom they would answer */
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT, "A third-party client may not use CIBA.");
    if (ciba->client->auth_method == DW_CLIENT_AUTH_NONE) /* CIBA Core 7.1 MUST authenticate */
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT, "A public client may not use CIBA.");
    if (!dw_slices_have(ciba->request.scopes, DW_LIT("openid")))
        return dw_fail(reterr, DW_INVALID_REQUEST, "openid scope must be requested");
    if (message.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: binding_message");
    if (dw_form_value(&ciba->form, "login_hint").len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: login_hint");
    /* What the user would not be shown must not be passed over. */
    if (!dw_authorization_details_check(&ciba->form, reterr))
        return false;
    ciba->request.binding_message = message;
    return dw_ciba_check_binding_message(message, reterr) && read_expiry(ciba, reterr);
}

static bool find_user(struct ciba_call *ciba, struct dw_error *reterr)
{
    struct dw_tenant_call *call = ciba->call;
    struct dw_slice id;
    bool is_served = false;

    if (!dw_ciba_login_hint(dw_form_value(&ciba->form, "login_hint"), call->tenant->config.issuer,
                            call->arena, &id, reterr) ||
        !dw_store_user(call->tenant->store, id, call->arena, &ciba->user, reterr))
        return false;
    if (ciba->user && !dw_store_is_client_served(call->tenant->store, ciba->client->id,
                                                 ciba->client->is_first_party,
                                                 ciba->user->connection, &is_served, reterr))
        return false;
    if (!ciba->user || ciba->user->is_blocked || !is_served)
        return dw_fail(reterr, DW_UNKNOWN_USER, "User ID is malformed or unknown");
    ciba->request.user_id = ciba->user->id;
    call->user_id = ciba->user->id;
    return true;
}

static bool may_bother(struct ciba_call *ciba, struct dw_error *reterr)
{
    struct dw_tenant_call *call = ciba->call;
    struct dw_rate rate = {.space = DW_LIT("ciba"), .limit = REQUESTS_PER_USER, .window_s = 3600};
    bool is_allowed = false;

    rate.key = dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(ciba->client->id),
                               DW_PRINT(ciba->user->id));
    if (!rate.key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_tenant_rate_take(call, &rate, &is_allowed, reterr) &&
           (is_allowed || dw_fail(reterr, DW_TOO_MANY, "too many requests for this user"));
}

/* A user without an address cannot be asked by mail; an operator can decide. */
static bool send_link(struct ciba_call *ciba, struct dw_slice ticket, struct dw_error *reterr)
{
    struct dw_tenant_call *call = ciba->call;
    struct dw_slice path = dw_arena_printf(call->arena, "ciba?ticket=%.*s", DW_PRINT(ticket));
    struct dw_mail mail = {
        .template = DW_MAIL_CIBA_APPROVAL,
        .to = ciba->user->email,
        .language = dw_tenant_language(call),
        .client_name = ciba->client->name.len > 0 ? ciba->client->name : ciba->client->id,
        .detail = ciba->request.binding_message,
        .lifetime_s = ciba->request.expires_at_s - call->now_s,
    };

    if (!path.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    mail.url = dw_tenant_url(call->tenant, call->arena, path.ptr);
    if (!mail.url.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return ciba->user->email.len == 0 ||
           dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

static bool answer(struct ciba_call *ciba, struct dw_slice auth_req_id, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(ciba->call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "auth_req_id", auth_req_id);
    dw_json_put_int(&json, "expires_in", ciba->request.expires_at_s - ciba->call->now_s);
    dw_json_put_int(&json, "interval", DW_DECOUPLED_INTERVAL_S);
    dw_json_write_object_end(&json);
    return dw_answer_json(ciba->call, 200, &out, reterr);
}

static bool run(struct ciba_call *ciba, struct dw_error *reterr)
{
    struct dw_tenant_call *call = ciba->call;
    struct dw_slice auth_req_id = dw_tenant_random_text(call->arena, "", 48);
    struct dw_slice ticket = dw_tenant_random_text(call->arena, "", 32);

    if (!auth_req_id.ptr || !ticket.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_call_parameters(call, &ciba->form, reterr) &&
           dw_decoupled_start(call, &ciba->form, DW_DECOUPLED_CIBA, &ciba->client, &ciba->request,
                              reterr) &&
           read_request(ciba, reterr) && find_user(ciba, reterr) && may_bother(ciba, reterr) &&
           dw_tenant_digest(auth_req_id, call->arena, &ciba->request.poll_digest, reterr) &&
           dw_tenant_digest(ticket, call->arena, &ciba->request.approval_digest, reterr) &&
           dw_store_add_decoupled(call->tenant->store, &ciba->request, reterr) &&
           send_link(ciba, ticket, reterr) && answer(ciba, auth_req_id, reterr);
}

bool dw_endpoint_bc_authorize(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct ciba_call ciba = {.call = call};
    struct dw_error error = {0};

    if (run(&ciba, &error)) {
        dw_audit(call, DW_AUDIT_CIBA_START_OK, .client = ciba.client, .user = ciba.user,
                 .description = ciba.request.binding_message);
        return true;
    }
    dw_audit(call, DW_AUDIT_CIBA_START_FAILED, .client = ciba.client, .user = ciba.user,
             .error = &error);
    *reterr = error;
    return false;
}
