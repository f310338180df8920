/* GET and POST /oidc/logout (OpenID Connect RP-Initiated Logout 1.0), and the page that asks first,
 * POST /u/logout. Who brings no proof that the login is the application's own, an ID token or the
 * session's id, gets that page: else any site could log people out. */
#include "base/text.h"
#include "crypto/digest.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/logout_internal.h"
#include "tenant/token/own_token_internal.h"

#define MAX_REDIRECT_BYTES 8192 /* more than clients take in a field */

/* What the request says. */
struct request {
    struct dw_logout_target target;
    struct dw_slice session_id; /* by id_token_hint or logout_hint; empty: none */
};

static bool read_hints(struct dw_tenant_call *call, const struct dw_form *form,
                       struct request *request, struct dw_error *reterr)
{
    struct dw_slice text = dw_form_value(form, "id_token_hint");
    struct dw_id_token_hint hint = {0};

    request->session_id = dw_form_value(form, "logout_hint");
    if (text.len == 0)
        return true;
    if (!dw_id_token_hint_read(call, text, &hint, reterr))
        return false;
    if (request->target.client_id.len > 0 &&
        !dw_slice_eq(request->target.client_id, hint.client_id))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "the client_id is not the one the id_token_hint was issued to");
    request->target.client_id = hint.client_id;
    request->session_id = hint.session_id;
    return true;
}

static bool read_request(struct dw_tenant_call *call, const struct dw_form *form,
                         struct request *ret_request, struct dw_error *reterr)
{
    *ret_request = (struct request){
        .target = {.client_id = dw_form_value(form, "client_id"),
                   .url = dw_form_value(form, "post_logout_redirect_uri"),
                   .state = dw_form_value(form, "state")},
    };
    dw_tenant_prefer_language(call, dw_form_value(form, "ui_locales"));
    return dw_form_check_doubles(form, (struct dw_slices){NULL, 0}, reterr) &&
           read_hints(call, form, ret_request, reterr) &&
           dw_logout_check(call, &ret_request->target, "post_logout_redirect_uri", reterr);
}

/* Names the session and where to go: only a page of ours, shown in this browser, can have it. */
static bool make_token(struct dw_tenant_call *call, const struct dw_login *login,
                       const struct dw_logout_target *target, struct dw_slice *ret_token,
                       struct dw_error *reterr)
{
    struct dw_slice parts[] = {DW_LIT("logout"), login->session->id_digest, target->client_id,
                               target->url, target->state};
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256_parts((struct dw_slices){parts, 5}, digest, reterr))
        return false;
    *ret_token = dw_text_base64url(call->arena, dw_slice_from((const char *)digest, sizeof digest));
    return ret_token->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool ask(struct dw_tenant_call *call, const struct dw_login *login,
                const struct dw_logout_target *target, struct dw_error *reterr)
{
    const struct dw_user *user = login->user;
    struct dw_slice token;

    if (!make_token(call, login, target, &token, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "user", .text = user->email.len > 0 ? user->email : user->name},
        {.name = "client_id", .text = target->client_id},
        {.name = "url", .text = target->url},
        {.name = "state", .text = target->state},
        {.name = "has_state", .text = target->state.ptr ? DW_LIT("yes") : DW_EMPTY},
        {.name = "token", .text = token},
    };
    return dw_answer_html(call, 200, "logout", fields, sizeof fields / sizeof *fields, target->url,
                          reterr);
}

static bool answer(struct dw_tenant_call *call, const struct request *request,
                   struct dw_error *reterr)
{
    struct dw_login login;

    if (!dw_login_find(call, &login, reterr))
        return false;
    /* Nobody is logged in: nothing to ask about. */
    if (login.session && call->settings->asks_before_logout &&
        !dw_slice_eq(login.session->id, request->session_id))
        return ask(call, &login, &request->target, reterr);
    return dw_logout_finish(call, &request->target, reterr);
}

/* The cookies of a form that another site posts stay behind (SameSite=Lax); those of the redirect
 * do not. */
static bool become_get(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_buf url = dw_buf_in(call->arena);
    struct dw_slice text;

    if (!dw_call_form(call, &form, reterr))
        return false;
    dw_buf_add(&url, DW_LIT("/oidc/logout"));
    for (size_t i = 0; i < form.count; i++)
        dw_form_add_to_url(&url, form.items[i].name, form.items[i].value);
    if (!dw_buf_finish(&url, &text, reterr))
        return false;
    if (text.len > MAX_REDIRECT_BYTES)
        return dw_fail(reterr, DW_TOO_LARGE, "the logout request has too many bytes");
    return dw_answer_redirect(call, text, reterr);
}

bool dw_endpoint_oidc_logout(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct request request;

    if (call->method == DW_HTTP_POST)
        return become_get(call, reterr);
    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           read_request(call, &form, &request, reterr) && answer(call, &request, reterr);
}

static bool stay(struct dw_tenant_call *call, struct dw_error *reterr)
{
    static const struct dw_html_field fields[] = {
        {.name = "title", .key = "logout.kept_title"},
        {.name = "lead", .key = "logout.lead"},
    };

    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

bool dw_endpoint_logout_decision(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_logout_target target;
    struct dw_login login;
    struct dw_slice token;

    if (!dw_call_form(call, &form, reterr))
        return false;
    target = (struct dw_logout_target){.client_id = dw_form_value(&form, "client_id"),
                                       .url = dw_form_value(&form, "url"),
                                       .state = dw_form_value(&form, "state")};
    if (!dw_logout_check(call, &target, "url", reterr) || !dw_login_find(call, &login, reterr))
        return false;
    if (!dw_slice_eq(dw_form_value(&form, "action"), DW_LIT("accept")))
        return stay(call, reterr);
    if (!login.session) /* twice, or expired meanwhile: it is as was wished */
        return dw_logout_finish(call, &target, reterr);
    if (!make_token(call, &login, &target, &token, reterr))
        return false;
    if (!dw_slice_eq(token, dw_form_value(&form, "token")))
        return ask(call, &login, &target, reterr);
    return dw_logout_finish(call, &target, reterr);
}
