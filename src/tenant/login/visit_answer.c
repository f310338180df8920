/* The end of a visit: a code or an error goes back to the client, by redirect, form or message;
 * see visit_internal.h. */
#include "oauth/authorization_code.h"
#include "oauth/authorization_request.h"
#include "oauth/third_party.h"
#include "sys/sys.h"
#include "tenant/audit_internal.h"
#include "tenant/brand_internal.h"
#include "tenant/login/decoupled_internal.h"
#include "tenant/login/visit_internal.h"

/* Of several answers to one visit only the first counts: the back button gives no second code. */
static bool end_visit(struct dw_tenant_call *call, const struct dw_visit *visit,
                      struct dw_error *reterr)
{
    struct dw_authorization_request *taken;

    if (dw_slice_is_empty(visit->state))
        return true;
    if (!dw_store_take_authorization_request(call->tenant->store, visit->request->id_digest,
                                             call->now_s, call->arena, &taken, reterr))
        return false;
    if (taken)
        return true;
    call->error_key = "error.visit_answered";
    return dw_fail(reterr, DW_INVALID_REQUEST, "this sign-in has been answered already");
}

/* form_post and web_message: a page with the fields, which its script sends on. The form has a
 * button for browsers that run none. */
static bool answer_by_page(struct dw_tenant_call *call, const struct dw_visit *visit,
                           const struct dw_authorization_response *response, const char *page,
                           struct dw_error *reterr)
{
    struct dw_html_field pairs[DW_AUTHORIZATION_RESPONSE_MAX][2];
    struct dw_html_row rows[DW_AUTHORIZATION_RESPONSE_MAX];
    struct dw_slice target = visit->request->redirect_uri;

    for (size_t i = 0; i < response->count; i++) {
        pairs[i][0] = (struct dw_html_field){.name = "name", .text = response->fields[i].name};
        pairs[i][1] = (struct dw_html_field){.name = "value", .text = response->fields[i].value};
        rows[i] = (struct dw_html_row){.fields = pairs[i], .field_count = 2};
    }
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "target", .text = target},
        {.name = "origin", .text = dw_csp_source(target, call->arena)},
        {.name = "values", .rows = rows, .row_count = response->count},
    };
    return dw_answer_html(call, 200, page, fields, sizeof fields / sizeof *fields, target, reterr);
}

static bool answer_client(struct dw_tenant_call *call, const struct dw_visit *visit,
                          struct dw_slice code, const struct dw_error *error,
                          struct dw_error *reterr)
{
    struct dw_authorization_response response;
    struct dw_slice issuer =
        call->settings->sends_iss_parameter ? call->tenant->config.issuer : DW_EMPTY;
    struct dw_slice url;

    dw_authorization_response_make(visit->request, code, error, issuer, &response);
    if (visit->request->response_mode == DW_RESPONSE_FORM_POST)
        return answer_by_page(call, visit, &response, "post_back", reterr);
    if (visit->request->response_mode == DW_RESPONSE_WEB_MESSAGE)
        return answer_by_page(call, visit, &response, "web_message", reterr);
    return dw_authorization_response_url(visit->request, &response, call->arena, &url, reterr) &&
           dw_answer_redirect(call, url, reterr);
}

/* The end of every login, for the audit log; error NULL: it went well. */
static void note(struct dw_tenant_call *call, const struct dw_visit *visit,
                 const struct dw_error *error)
{
    const struct dw_authorization_request *request = visit->request;
    bool is_silent = request->prompts_none;
    enum dw_audit_type type =
        error ? (is_silent ? DW_AUDIT_FSA : DW_AUDIT_F) : (is_silent ? DW_AUDIT_SSA : DW_AUDIT_S);
    struct dw_user *user = NULL;
    struct dw_error ignored;

    if (request->user_id.len > 0)
        (void)!dw_store_user(call->tenant->store, request->user_id, call->arena, &user, &ignored);
    dw_audit(call, type, .client = visit->client, .user = user, .error = error,
             .organization_id = request->organization, .audience = request->audience,
             .scopes = request->scopes);
}

static bool answer_code(struct dw_tenant_call *call, const struct dw_visit *visit,
                        struct dw_slice code, struct dw_error *reterr)
{
    note(call, visit, NULL);
    return answer_client(call, visit, code, NULL, reterr);
}

bool dw_visit_answer_code(struct dw_tenant_call *call, struct dw_visit *visit,
                          struct dw_slices scopes, struct dw_error *reterr)
{
    struct dw_authorization_code record;
    struct dw_secret code;
    unsigned char random[48];

    dw_sys_random(random, sizeof random);
    if (visit->request->decoupled_id.len > 0)
        return end_visit(call, visit, reterr) && dw_decoupled_approve(call, visit, scopes, reterr);
    return end_visit(call, visit, reterr) &&
           dw_authorization_code_make(visit->request, scopes, random, call->now_s,
                                      call->tenant->config.authorization_code_ttl_s, call->arena,
                                      &code, &record, reterr) &&
           dw_store_add_authorization_code(call->tenant->store, &record, reterr) &&
           answer_code(call, visit, code.hidden, reterr);
}

bool dw_visit_answer_error(struct dw_tenant_call *call, struct dw_visit *visit,
                           const struct dw_error *error, struct dw_error *reterr)
{
    struct dw_error gone = {0};

    dw_log_error(call->tenant->log, "authorization_refused", error);
    note(call, visit, error);
    if (!end_visit(call, visit, &gone)) {
        *reterr = gone;
        return false;
    }
    if (visit->request->decoupled_id.len > 0)
        return dw_decoupled_refuse(call, visit, error, reterr);
    if (!dw_third_party_hears_errors(visit->client)) {
        *reterr = *error;
        return false;
    }
    return answer_client(call, visit, DW_EMPTY, error, reterr);
}
