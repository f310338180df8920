/* The answers of the tenant: JSON, pages with their Content-Security-Policy, redirects, errors.
 * What all answers have is in routes.c, cross-origin fields are in cross_origin.c. */
#include "http/field.h"
#include "http/form.h"
#include "http/url.h"
#include "oauth/identifier.h"
#include "oauth/token_response.h"
#include "tenant/account/mail_internal.h"
#include "tenant/brand_internal.h"
#include "tenant/tenant_internal.h"

bool dw_answer_field(struct dw_tenant_call *call, const char *name, struct dw_slice value,
                     struct dw_error *reterr)
{
    if (!value.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (call->out_count == DW_TENANT_MAX_FIELDS || !dw_http_is_field_value(value))
        return dw_fail(reterr, DW_INTERNAL, "the answer has a field that cannot be sent: %s", name);
    call->out[call->out_count++] =
        (struct dw_http_field){.name = dw_slice_from_text(name), .value = value};
    return true;
}

bool dw_answer_json(struct dw_tenant_call *call, int status, struct dw_buf *json,
                    struct dw_error *reterr)
{
    /* RFC 8259 has no such parameter; Auth0 sends it everywhere but at its token endpoint. */
    struct dw_slice type = dw_slice_eq(call->path, DW_LIT("/oauth/token"))
                               ? DW_LIT("application/json")
                               : DW_LIT("application/json; charset=utf-8");

    if (!dw_buf_finish(json, &call->answer, reterr) ||
        !dw_answer_field(call, "Content-Type", type, reterr))
        return false;
    call->status = status;
    return true;
}

/* A page that sends a message is for the frames of that one origin, and posts no forms; every other
 * page is for no frame at all. */
static bool add_frame_fields(struct dw_tenant_call *call, const char *page, struct dw_slice target,
                             struct dw_buf *policy, struct dw_error *reterr)
{
    if (strcmp(page, "web_message") == 0 && target.len > 0) {
        dw_buf_printf(policy, "; form-action 'none'; frame-ancestors %.*s", DW_PRINT(target));
        return true;
    }
    dw_buf_printf(policy, "; form-action 'self'%s%.*s; frame-ancestors 'none'",
                  target.len > 0 ? " " : "", DW_PRINT(target));
    return dw_answer_field(call, "X-Frame-Options", DW_LIT("DENY"), reterr);
}

/* form_target is in form-action because Chrome applies that to the redirect after a form, too. */
static bool add_page_fields(struct dw_tenant_call *call, const char *page,
                            const struct dw_brand *brand, struct dw_slice form_target,
                            struct dw_error *reterr)
{
    struct dw_slice target = dw_csp_source(form_target, call->arena);
    const char *script_hash = dw_html_find(page)->script_hash;
    struct dw_buf policy = dw_buf_in(call->arena);
    struct dw_slice text;

    dw_buf_printf(&policy, "default-src 'none'; style-src '%s'%.*s; img-src 'self'%.*s",
                  dw_html_style_hash, DW_PRINT(brand->style_src), DW_PRINT(brand->img_src));
    if (script_hash)
        dw_buf_printf(&policy, "; script-src '%s'", script_hash);
    if (!add_frame_fields(call, page, target, &policy, reterr))
        return false;
    dw_buf_add(&policy, DW_LIT("; base-uri 'none'"));
    return dw_buf_finish(&policy, &text, reterr) &&
           dw_answer_field(call, "Content-Type", DW_LIT("text/html; charset=utf-8"), reterr) &&
           dw_answer_field(call, "Content-Security-Policy", text, reterr);
}

const struct dw_language *dw_tenant_language(struct dw_tenant_call *call)
{
    if (!call->language)
        call->language =
            dw_language_choose(DW_EMPTY, dw_http_field(call->fields, "accept-language"),
                               call->settings->enabled_locales);
    return call->language;
}

void dw_tenant_prefer_language(struct dw_tenant_call *call, struct dw_slice ui_locales)
{
    call->language = dw_language_choose(ui_locales, dw_http_field(call->fields, "accept-language"),
                                        call->settings->enabled_locales);
}

/* What every page may show. */
#define OWN_FIELDS 8

bool dw_answer_html(struct dw_tenant_call *call, int status, const char *page,
                    const struct dw_html_field *fields, size_t count, struct dw_slice form_target,
                    struct dw_error *reterr)
{
    const struct dw_language *language = dw_tenant_language(call);
    struct dw_brand brand;

    if (!dw_brand_make(call->settings, call->arena, &brand, reterr))
        return false;
    struct dw_html_field all[DW_TENANT_MAX_FIELDS] = {
        {.name = "host", .text = call->tenant->host},
        {.name = "lang", .text = dw_slice_from_text(language->tag)},
        {.name = "dir", .text = dw_slice_from_text(language->direction)},
        {.name = "tenant_name", .text = call->settings->friendly_name},
        {.name = "logo_url", .text = brand.logo_url},
        {.name = "favicon_url", .text = brand.favicon_url},
        {.name = "brand_css", .text = brand.css},
        {.name = "outbox", .text = dw_mail_outbox_is_open(call) ? DW_LIT("yes") : DW_EMPTY},
    };
    struct dw_html_row row = {.fields = all, .field_count = count + OWN_FIELDS};

    if (count + OWN_FIELDS > DW_TENANT_MAX_FIELDS)
        return dw_fail(reterr, DW_INTERNAL, "page %s has too many fields", page);
    if (count > 0)
        memcpy(all + OWN_FIELDS, fields, count * sizeof *fields);
    if (!dw_html_render(page, language, &row, call->arena, &call->answer, reterr) ||
        !add_page_fields(call, page, &brand, form_target, reterr))
        return false;
    call->status = status;
    return true;
}

bool dw_answer_redirect(struct dw_tenant_call *call, struct dw_slice url, struct dw_error *reterr)
{
    if (!dw_answer_field(call, "Location", url, reterr))
        return false;
    call->status = call->method == DW_HTTP_GET || call->method == DW_HTTP_HEAD ? 302 : 303;
    call->answer = DW_EMPTY;
    return true;
}

/* Drops what a half-made answer may have left, but keeps cookies: a login that failed later on is
 * still a login. */
static void start_over(struct dw_tenant_call *call)
{
    size_t kept = 0;

    for (size_t i = 0; i < call->out_count; i++)
        if (dw_slice_eq_nocase(call->out[i].name, DW_LIT("Set-Cookie")))
            call->out[kept++] = call->out[i];
    call->out_count = kept;
    call->answer = DW_EMPTY;
    call->status = 503;
}

void dw_answer_error_json(struct dw_tenant_call *call, const struct dw_error *error)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_buf out = dw_buf_in(call->arena);

    start_over(call);
    dw_oauth_error_write(error, &call->mfa_hint, &out);
    if (!dw_answer_json(call, row->http_status, &out, NULL))
        start_over(call);
}

/* For whoever sees an error page: a title and what it means, by the kind of failure. */
static const struct {
    int http_status; /* 0: every other */
    const char *title, *lead;
} error_texts[] = {
    {404, "error.not_found", "error.not_found_lead"},
    {405, "error.not_allowed", "error.go_back"},
    {413, "error.too_large", "error.go_back"},
    {429, "error.too_many", "error.too_many_lead"},
    {500, "error.broken", "error.broken_lead"},
    {503, "error.busy", "error.busy_lead"},
    {0, "error.refused", "error.refused_lead"},
};

/* Whether who sees the page may be who can mend it: the tenant is on this machine only, or its
 * settings say so (Auth0 error_page.show_log_link). Everybody else reads what a user can do. */
static bool is_for_developers(const struct dw_tenant_call *call)
{
    return call->tenant->is_on_loopback || call->settings->error_page_shows_log_link;
}

/* Auth0's error_page.url: the operator's own page, with what ours would say as parameters. Only for
 * http and https: a browser goes there. */
static bool answer_own_error_page(struct dw_tenant_call *call, const struct dw_error *error)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_slice page = call->settings->error_page_url, text;
    struct dw_buf url = dw_buf_in(call->arena);

    if (!dw_slice_starts_with(page, DW_LIT("https://")) &&
        !dw_slice_starts_with(page, DW_LIT("http://")))
        return false;
    start_over(call);
    dw_buf_add(&url, page);
    if (call->client_id.len > 0)
        dw_form_add_to_url(&url, DW_LIT("client_id"), call->client_id);
    dw_form_add_to_url(&url, DW_LIT("lang"), dw_slice_from_text(dw_tenant_language(call)->tag));
    dw_form_add_to_url(&url, DW_LIT("error"), dw_slice_from_text(row->oauth_error));
    dw_form_add_to_url(&url, DW_LIT("error_description"),
                       dw_slice_from_text(error->message[0] != '\0' ? error->message : row->text));
    dw_form_add_to_url(&url, DW_LIT("tracking"), call->trace_id);
    return dw_buf_finish(&url, &text, NULL) && dw_answer_redirect(call, text, NULL);
}

/* What a developer can do, by how the message begins. Constant: what strangers sent is not to be
 * pasted into a shell. */
static const struct {
    const char *begins, *hint;
} hints[] = {
    {"Unknown client:", "doorward tenant client list"},
    {"Callback URL mismatch.", "doorward tenant client update --id CLIENT --set "
                               "'callbacks=[\"URL\"]'"},
    {"no connections enabled for the client", "doorward tenant connection enable --name "
                                              "CONNECTION --client CLIENT"},
    {"no connections enabled for the organization",
     "doorward tenant organization connection add --organization ORGANIZATION --connection "
     "CONNECTION"},
    {"Grant type", "doorward tenant client update --id CLIENT --set 'grant_types=[\"...\"]'"},
    {"Service not found:", "doorward tenant api add --identifier URL"},
    {"Client \"", "doorward tenant client-grant put --client CLIENT --audience URL --subject-type "
                  "user --all-scopes"},
    {"Client is not authorized to access", "doorward tenant client-grant put --client CLIENT "
                                           "--audience URL --subject-type user --all-scopes"},
    {"The \"returnTo\" querystring", "doorward tenant client update --id CLIENT --set "
                                     "'allowed_logout_urls=[\"URL\"]'"},
    {"The \"post_logout_redirect_uri\" querystring",
     "doorward tenant client update --id CLIENT --set 'allowed_logout_urls=[\"URL\"]'"},
};

static struct dw_slice find_hint(struct dw_slice message)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (dw_slice_starts_with(message, dw_slice_from_text(hints[i].begins)))
            return dw_slice_from_text(hints[i].hint);
    return DW_EMPTY;
}

static bool is_web_url(struct dw_slice url)
{
    return dw_slice_starts_with(url, DW_LIT("https://")) ||
           dw_slice_starts_with(url, DW_LIT("http://"));
}

/* Auth0's support_url and support_email: a link for whoever is stuck. */
static struct dw_slice support_link(const struct dw_tenant_call *call)
{
    const struct dw_tenant_settings *settings = call->settings;

    if (is_web_url(settings->support_url))
        return settings->support_url;
    if (!dw_identifier_is_email(settings->support_email))
        return DW_EMPTY;
    return dw_arena_printf(call->arena, "mailto:%.*s", DW_PRINT(settings->support_email));
}

/* Somebody kept the address of a page in between, or came back too late: Auth0's
 * default_redirection_uri is where to begin. Not without a cookie, or a browser that takes none
 * would go round in circles. */
static bool answer_where_to_begin(struct dw_tenant_call *call)
{
    struct dw_slice url = call->settings->default_redirection_uri;

    if (!call->has_no_visit || call->method != DW_HTTP_GET || !is_web_url(url))
        return false;
    start_over(call);
    return dw_answer_redirect(call, url, NULL);
}

void dw_answer_error_page(struct dw_tenant_call *call, const struct dw_error *error)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_slice message =
        dw_slice_from_text(error->message[0] != '\0' ? error->message : row->text);
    size_t i = 0;

    if (answer_where_to_begin(call) || answer_own_error_page(call, error))
        return;
    start_over(call);
    while (error_texts[i].http_status != 0 && error_texts[i].http_status != row->http_status)
        i++;
    struct dw_html_field fields[] = {
        {.name = "title", .key = error_texts[i].title},
        {.name = "lead", .key = error_texts[i].lead},
        {.name = "help", .key = call->error_key},
        {.name = "message", .text = is_for_developers(call) ? message : DW_EMPTY},
        {.name = "hint", .text = find_hint(message)}, /* shown with the message alone */
        {.name = "error", .text = dw_slice_from_text(row->oauth_error)},
        {.name = "trace_id", .text = call->trace_id},
        {.name = "support_url", .text = support_link(call)},
    };
    if (!dw_answer_html(call, row->http_status, "error", fields, sizeof fields / sizeof *fields,
                        DW_EMPTY, NULL))
        start_over(call);
}
