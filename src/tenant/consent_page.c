/* GET and POST /u/consent: who asks, where the answer goes, what it may do then. */
#include "http/url.h"
#include "oauth/client_metadata_document.h"
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"
#include "tenant/endpoints_internal.h"
#include "tenant/visit_internal.h"

/* The scopes about the user, in words. */
static const struct {
    const char *name, *key;
} oidc_words[] = {
    {"openid", "scope.openid"},   {"profile", "scope.profile"},
    {"email", "scope.email"},     {"phone", "scope.phone"},
    {"address", "scope.address"}, {"offline_access", "scope.offline_access"},
};

static struct dw_html_field describe(const struct dw_api *api, struct dw_slice scope)
{
    struct dw_html_field field = {.name = "description"};

    for (size_t i = 0; api && i < api->scope_count; i++)
        if (dw_slice_eq(api->scopes[i].value, scope) && api->scopes[i].description.len > 0)
            field.text = api->scopes[i].description;
    for (size_t i = 0; field.text.len == 0 && i < sizeof oidc_words / sizeof *oidc_words; i++)
        if (dw_slice_eq(dw_slice_from_text(oidc_words[i].name), scope))
            field.key = oidc_words[i].key;
    return field;
}

static bool scope_rows(struct dw_tenant_call *call, const struct dw_visit_terms *terms,
                       struct dw_html_row **ret_rows, struct dw_error *reterr)
{
    struct dw_html_row *rows =
        dw_arena_new_array(call->arena, terms->asked.count + 1, sizeof *rows);
    struct dw_html_field *fields =
        dw_arena_new_array(call->arena, 2 * terms->asked.count + 1, sizeof *fields);

    if (!rows || !fields)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < terms->asked.count; i++) {
        fields[2 * i] = describe(terms->api, terms->asked.items[i]);
        fields[2 * i + 1] = (struct dw_html_field){.name = "value", .text = terms->asked.items[i]};
        rows[i] = (struct dw_html_row){.fields = &fields[2 * i], .field_count = 2};
    }
    *ret_rows = rows;
    return true;
}

/* Where the answer goes: as "localhost:6274", or a text that names the private-use scheme. */
struct target {
    struct dw_slice host, scheme;
    bool is_own_computer, is_private_use;
};

static struct target target_of(struct dw_tenant_call *call, struct dw_slice redirect_uri)
{
    struct target target = {
        .is_own_computer = dw_redirect_uri_is_loopback(redirect_uri),
        .is_private_use = dw_redirect_uri_is_private_use(redirect_uri),
    };
    struct dw_url url;

    if (!dw_url_parse(redirect_uri, &url, NULL))
        return target;
    target.scheme = url.scheme;
    target.host = url.has_port || target.is_own_computer
                      ? dw_arena_printf(call->arena, "%.*s:%d", DW_PRINT(url.host), url.port)
                      : url.host;
    return target;
}

static const char *warning(const struct dw_visit *visit, const struct target *target)
{
    if (target->is_own_computer || target->is_private_use)
        return "consent.warn_own_computer";
    return visit->client->kind == DW_CLIENT_DCR ? "consent.warn_unchecked" : NULL;
}

static struct dw_slice client_host(const struct dw_visit *visit)
{
    struct dw_url url;

    return visit->client->kind == DW_CLIENT_CIMD && dw_url_parse(visit->client->id, &url, NULL)
               ? url.host
               : DW_EMPTY;
}

static bool show(struct dw_tenant_call *call, const struct dw_visit *visit,
                 const struct dw_user *user, struct dw_error *reterr)
{
    struct target target = target_of(call, visit->request->redirect_uri);
    struct dw_visit_terms terms;
    struct dw_html_row *rows = NULL;

    if (!dw_visit_terms(call, visit, user, &terms, reterr) ||
        !scope_rows(call, &terms, &rows, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "user", .text = user->email.len > 0 ? user->email : user->name},
        {.name = "api_name", .text = terms.api ? terms.api->name : DW_EMPTY},
        {.name = "warning", .key = warning(visit, &target)},
        {.name = "client_host", .text = client_host(visit)},
        {.name = "redirect_host", .text = target.host},
        {.name = "scheme", .text = target.is_private_use ? target.scheme : DW_EMPTY},
        {.name = "own_computer", .text = target.is_own_computer ? DW_LIT("yes") : DW_EMPTY},
        {.name = "has_scopes", .text = terms.asked.count > 0 ? DW_LIT("yes") : DW_EMPTY},
        {.name = "scopes", .rows = rows, .row_count = terms.asked.count},
    };
    return dw_answer_html(call, 200, "consent", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

bool dw_endpoint_consent_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) ||
        !dw_login_find(call, &login, reterr))
        return false;
    if (!dw_visit_is_logged_in(&visit, &login))
        return dw_visit_to_login(call, &visit, reterr);
    return show(call, &visit, login.user, reterr);
}

static bool accept_terms(struct dw_tenant_call *call, struct dw_visit *visit,
                         const struct dw_login *login, struct dw_error *reterr)
{
    struct dw_visit_terms terms;
    struct dw_consent consent = {
        .id = dw_tenant_random_text(call->arena, "grt_", 16),
        .user_id = login->user->id,
        .client_id = visit->client->id,
        .audience = visit->request->audience,
        .created_at_s = call->now_s,
        .updated_at_s = call->now_s,
    };

    if (!consent.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_visit_terms(call, visit, login->user, &terms, reterr))
        return false;
    consent.scopes = terms.asked;
    return dw_store_add_consent(call->tenant->store, &consent, reterr) &&
           dw_visit_answer_code(call, visit, terms.granted, reterr);
}

static bool switch_user(struct dw_tenant_call *call, struct dw_visit *visit,
                        struct dw_error *reterr)
{
    visit->request->user_id = DW_EMPTY;
    visit->request->session_id = DW_EMPTY;
    visit->request->login_hint = DW_EMPTY;
    visit->request->prompts_login = true;
    return dw_visit_to_login(call, visit, reterr);
}

bool dw_endpoint_consent(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_slice action;
    struct dw_error denied = {0};

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) ||
        !dw_login_find(call, &login, reterr))
        return false;
    if (!dw_visit_is_logged_in(&visit, &login))
        return dw_visit_to_login(call, &visit, reterr);
    action = dw_form_value(&form, "action");
    if (dw_slice_eq(action, DW_LIT("accept")))
        return accept_terms(call, &visit, &login, reterr);
    if (dw_slice_eq(action, DW_LIT("switch")))
        return switch_user(call, &visit, reterr);
    (void)dw_fail(&denied, DW_ACCESS_DENIED, "User did not authorize the request");
    return dw_visit_answer_error(call, &visit, &denied, reterr);
}
