/* GET and POST /u/consent: who asks, where the answer goes, what it may do then. What was shown is
 * what is granted: the form carries a digest of it, and a yes to anything else shows the page
 * again. */
#include "base/text.h"
#include "crypto/digest.h"
#include "http/url.h"
#include "oauth/redirect_uri.h"
#include "tenant/endpoints_internal.h"
#include "tenant/login/visit_internal.h"

/* The scopes about the user, in words. */
static const struct {
    const char *name, *key;
} oidc_words[] = {
    {"openid", "scope.openid"},   {"profile", "scope.profile"},
    {"email", "scope.email"},     {"phone", "scope.phone"},
    {"address", "scope.address"}, {"offline_access", "scope.offline_access"},
};

static struct dw_html_field describe(const struct dw_api *api, bool shows_descriptions,
                                     struct dw_slice scope)
{
    struct dw_html_field field = {.name = "description"};

    for (size_t i = 0; shows_descriptions && api && i < api->scope_count; i++)
        if (dw_slice_eq(api->scopes[i].value, scope) && api->scopes[i].description.len > 0)
            field.text = api->scopes[i].description;
    for (size_t i = 0; field.text.len == 0 && i < sizeof oidc_words / sizeof *oidc_words; i++)
        if (dw_slice_eq(dw_slice_from_text(oidc_words[i].name), scope))
            field.key = oidc_words[i].key;
    return field;
}

/* "read:tools" as "read" and "tools" (Auth0's convention); false: no such scope. */
static bool split_scope(struct dw_slice scope, struct dw_slice *ret_action,
                        struct dw_slice *ret_object)
{
    size_t colon = dw_slice_index(scope, ':');

    *ret_action = dw_slice_sub(scope, 0, colon);
    *ret_object = dw_slice_sub(scope, colon + 1, scope.len);
    return ret_action->len > 0 && ret_object->len > 0;
}

#define ROW_FIELDS 4 /* description, object, actions, value */

/* The rows of the list; scopes without a description are one row for each object they act on. */
struct scope_list {
    const struct dw_visit_terms *terms;
    bool shows_descriptions;
    struct dw_html_row *rows;
    size_t count;
};

static bool is_described(const struct scope_list *list, struct dw_slice scope)
{
    struct dw_html_field field = describe(list->terms->api, list->shows_descriptions, scope);

    return field.key || field.text.len > 0;
}

/* The actions on `object`, and the scopes they come from. */
static bool add_group(struct scope_list *list, struct dw_slice object, struct dw_html_field *fields,
                      struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_buf actions = dw_buf_in(arena), names = dw_buf_in(arena);
    struct dw_slice action, other;
    size_t found = 0;

    for (size_t i = 0; i < list->terms->asked.count; i++) {
        struct dw_slice scope = list->terms->asked.items[i];

        if (!split_scope(scope, &action, &other) || !dw_slice_eq(object, other) ||
            is_described(list, scope))
            continue;
        dw_buf_add(&actions, found > 0 ? DW_LIT(", ") : DW_EMPTY);
        dw_buf_add(&actions, action);
        dw_buf_add(&names, found++ > 0 ? DW_LIT(" ") : DW_EMPTY);
        dw_buf_add(&names, scope);
    }
    fields[1] = (struct dw_html_field){.name = "object", .text = object};
    fields[2].name = "actions";
    fields[3].name = "value";
    return dw_buf_finish(&actions, &fields[2].text, reterr) &&
           dw_buf_finish(&names, &fields[3].text, reterr);
}

/* Whether a scope before this one has made its row. */
static bool is_grouped(const struct scope_list *list, size_t at, struct dw_slice object)
{
    struct dw_slice action, other;

    for (size_t i = 0; i < at; i++)
        if (split_scope(list->terms->asked.items[i], &action, &other) &&
            dw_slice_eq(object, other) && !is_described(list, list->terms->asked.items[i]))
            return true;
    return false;
}

static bool make_scope_list(struct dw_tenant_call *call, struct scope_list *list,
                            struct dw_error *reterr)
{
    struct dw_slices asked = list->terms->asked;
    struct dw_html_field *fields =
        dw_arena_new_array(call->arena, ROW_FIELDS * (asked.count + 1), sizeof *fields);
    struct dw_slice action, object;

    list->rows = dw_arena_new_array(call->arena, asked.count + 1, sizeof *list->rows);
    if (!fields || !list->rows)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < asked.count; i++) {
        struct dw_html_field *row = &fields[ROW_FIELDS * list->count];
        bool is_pair = split_scope(asked.items[i], &action, &object);

        row[0] = describe(list->terms->api, list->shows_descriptions, asked.items[i]);
        row[1] = row[2] = (struct dw_html_field){.name = "object"};
        row[3] = (struct dw_html_field){.name = "value", .text = asked.items[i]};
        if (is_pair && !is_described(list, asked.items[i])) {
            if (is_grouped(list, i, object))
                continue;
            if (!add_group(list, object, row, call->arena, reterr))
                return false;
        }
        list->rows[list->count++] = (struct dw_html_row){.fields = row, .field_count = ROW_FIELDS};
    }
    return true;
}

/* Names what a page shows and who it is shown to, so that a form says which page it was. */
static bool digest_terms(struct dw_tenant_call *call, const struct dw_visit *visit,
                         const struct dw_user *user, const struct dw_visit_terms *terms,
                         struct dw_slice *ret_digest, struct dw_error *reterr)
{
    size_t count = 0, most = terms->asked.count + terms->granted.count + 6;
    struct dw_slice *parts = dw_arena_new_array(call->arena, most, sizeof *parts);
    unsigned char digest[DW_SHA256_BYTES];

    if (!parts)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    parts[count++] = user->id;
    parts[count++] = dw_visit_client_name(visit);
    parts[count++] = visit->request->redirect_uri;
    parts[count++] = visit->request->audience;
    parts[count++] = visit->request->organization;
    for (size_t i = 0; i < terms->asked.count; i++)
        parts[count++] = terms->asked.items[i];
    parts[count++] = DW_EMPTY;
    for (size_t i = 0; i < terms->granted.count; i++)
        parts[count++] = terms->granted.items[i];
    if (!dw_sha256_parts((struct dw_slices){parts, count}, digest, reterr))
        return false;
    *ret_digest =
        dw_text_base64url(call->arena, dw_slice_from((const char *)digest, sizeof digest));
    return ret_digest->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
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
                 const struct dw_user *user, const struct dw_visit_terms *terms,
                 const char *problem, struct dw_error *reterr)
{
    struct target target = target_of(call, visit->request->redirect_uri);
    struct scope_list list = {
        .terms = terms,
        .shows_descriptions = call->settings->shows_scope_descriptions,
    };
    struct dw_slice digest;

    if (!make_scope_list(call, &list, reterr) ||
        !digest_terms(call, visit, user, terms, &digest, reterr))
        return false;
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "terms", .text = digest},
        {.name = "problem", .key = problem},
        {.name = "user", .text = user->email.len > 0 ? user->email : user->name},
        {.name = "api_name", .text = terms->api ? terms->api->name : DW_EMPTY},
        {.name = "warning", .key = warning(visit, &target)},
        {.name = "client_host", .text = client_host(visit)},
        {.name = "has_target", .text = visit->request->redirect_uri},
        {.name = "redirect_host", .text = target.host},
        {.name = "scheme", .text = target.is_private_use ? target.scheme : DW_EMPTY},
        {.name = "own_computer", .text = target.is_own_computer ? DW_LIT("yes") : DW_EMPTY},
        {.name = "has_scopes", .text = list.count > 0 ? DW_LIT("yes") : DW_EMPTY},
        {.name = "scopes", .rows = list.rows, .row_count = list.count},
    };
    return dw_answer_html(call, 200, "consent", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

static bool arrive(struct dw_tenant_call *call, const struct dw_form *form,
                   struct dw_visit *ret_visit, struct dw_login *ret_login, bool *ret_has_come,
                   struct dw_error *reterr)
{
    return dw_visit_load(call, dw_form_value(form, "state"), ret_visit, reterr) &&
           dw_login_find(call, ret_login, reterr) &&
           dw_visit_has_come_to(call, ret_visit, ret_login, "/u/consent", ret_has_come, reterr);
}

bool dw_endpoint_consent_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_visit_terms terms;
    bool has_come;

    if (!dw_form_parse(call->query, call->arena, &form, reterr) ||
        !arrive(call, &form, &visit, &login, &has_come, reterr))
        return false;
    return !has_come || (dw_visit_terms(call, &visit, login.user, &terms, reterr) &&
                         show(call, &visit, login.user, &terms, NULL, reterr));
}

static bool accept_terms(struct dw_tenant_call *call, const struct dw_form *form,
                         struct dw_visit *visit, const struct dw_login *login,
                         struct dw_error *reterr)
{
    struct dw_visit_terms terms;
    struct dw_slice digest;
    struct dw_consent consent = {
        .id = dw_tenant_random_text(call->arena, "grt_", 16),
        .user_id = login->user->id,
        .client_id = visit->client->id,
        .audience = visit->request->audience,
        .organization = visit->request->organization,
        .created_at_s = call->now_s,
        .updated_at_s = call->now_s,
    };

    if (!consent.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_visit_terms(call, visit, login->user, &terms, reterr) ||
        !digest_terms(call, visit, login->user, &terms, &digest, reterr))
        return false;
    if (!dw_slice_eq(digest, dw_form_value(form, "terms")))
        return show(call, visit, login->user, &terms, "consent.changed", reterr);
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
    bool has_come;

    if (!dw_call_form(call, &form, reterr) ||
        !arrive(call, &form, &visit, &login, &has_come, reterr))
        return false;
    if (!has_come)
        return true;
    action = dw_form_value(&form, "action");
    if (dw_slice_eq(action, DW_LIT("accept")))
        return accept_terms(call, &form, &visit, &login, reterr);
    if (dw_slice_eq(action, DW_LIT("switch")))
        return switch_user(call, &visit, reterr);
    visit.is_refused = true;
    (void)dw_fail(&denied, DW_ACCESS_DENIED, "User did not authorize the request");
    return dw_visit_answer_error(call, &visit, &denied, reterr);
}
