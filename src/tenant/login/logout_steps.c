/* What every logout does; see logout_internal.h. */
#include "tenant/login/logout_internal.h"

#include "http/form.h"
#include "oauth/allowed_url.h"
#include "tenant/audit_internal.h"

static bool check_target(struct dw_tenant_call *call, const struct dw_logout_target *target,
                         const char *parameter, struct dw_error *reterr)
{
    struct dw_slices allowed = call->settings->allowed_logout_urls;
    struct dw_oauth_client *client;

    if (target->client_id.len > 0) {
        if (!dw_store_client(call->tenant->store, target->client_id, call->arena, &client, reterr))
            return false;
        if (!client)
            return dw_fail(reterr, DW_INVALID_REQUEST, "Unknown client: %.*s",
                           (int)(target->client_id.len > 80 ? 80 : target->client_id.len),
                           target->client_id.ptr);
        allowed = client->allowed_logout_urls;
        call->client_id = client->id;
    }
    if (target->url.len == 0 || dw_allowed_url(allowed, target->url))
        return true;
    call->error_key = "logout.wrong_target";
    return dw_fail(reterr, DW_INVALID_REQUEST,
                   "The \"%s\" querystring parameter is not defined as a valid URL in \"Allowed "
                   "Logout URLs\"",
                   parameter);
}

bool dw_logout_check(struct dw_tenant_call *call, const struct dw_logout_target *target,
                     const char *parameter, struct dw_error *reterr)
{
    if (check_target(call, target, parameter, reterr))
        return true;
    dw_audit(call, DW_AUDIT_FLO, .error = reterr);
    return false;
}

static bool go_back(struct dw_tenant_call *call, const struct dw_logout_target *target,
                    struct dw_error *reterr)
{
    struct dw_buf url = dw_buf_in(call->arena);
    struct dw_slice text;

    dw_buf_add(&url, target->url);
    if (target->state.ptr)
        dw_form_add_to_url(&url, DW_LIT("state"), target->state);
    return dw_buf_finish(&url, &text, reterr) && dw_answer_redirect(call, text, reterr);
}

bool dw_logout_finish(struct dw_tenant_call *call, const struct dw_logout_target *target,
                      struct dw_error *reterr)
{
    static const struct dw_html_field fields[] = {
        {.name = "title", .key = "logout.title"},
        {.name = "lead", .key = "logout.lead"},
    };
    struct dw_login login;

    if (!dw_login_find(call, &login, reterr) || !dw_login_end(call, reterr))
        return false;
    if (login.user)
        dw_audit(call, DW_AUDIT_SLO, .user = login.user);
    if (target->url.len > 0)
        return go_back(call, target, reterr);
    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}
