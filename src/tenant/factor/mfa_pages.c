/* GET and POST /u/mfa: a second factor is shown or enrolled, by one of several methods. What is
 * kept from one page to the next is kept in the store, bound to the login session: reloading shows
 * the same secret, and another browser's page finds nothing. */
#include "tenant/account/mail_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/mfa_step_internal.h"

/* A page on its way. */
struct page {
    struct dw_tenant_call *call;
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_mfa_state state;
    enum dw_mfa_need need;
    enum dw_mfa_method methods[DW_MFA_METHOD_COUNT];
    size_t method_count;
    enum dw_mfa_method method;
    int status;
    const char *problem; /* the key of a text; NULL: none */
};

/* What is enrolled on the pages of this login, one method apart from the other. */
static struct dw_slice enrolment_id(const struct page *page)
{
    return dw_arena_printf(page->call->arena, "page %s %.*s", dw_mfa_method_names[page->method],
                           DW_PRINT(page->login.session->id));
}

static struct dw_slice code_subject(const struct page *page)
{
    return dw_arena_printf(page->call->arena, "page %s %.*s", dw_mfa_method_names[page->method],
                           DW_PRINT(page->login.session->id));
}

static const struct dw_authenticator *pending(const struct page *page, struct dw_slice enrolment)
{
    for (size_t i = 0; i < page->state.count; i++)
        if (page->state.authenticators[i].confirmed_at_s == 0 &&
            page->state.authenticators[i].type != DW_AUTHENTICATOR_RECOVERY_CODE &&
            dw_slice_eq(page->state.authenticators[i].enrolment_id, enrolment))
            return &page->state.authenticators[i];
    return NULL;
}

/* --- showing ---------------------------------------------------------------------------------- */

/* The other methods, as links. */
static bool add_others(const struct page *page, struct dw_html_field *ret_field,
                       struct dw_error *reterr)
{
    static const char *const labels[] = {
        [DW_MFA_BY_OTP] = "mfa.use_otp",
        [DW_MFA_BY_EMAIL] = "mfa.use_email",
        [DW_MFA_BY_SMS] = "mfa.use_sms",
        [DW_MFA_BY_RECOVERY_CODE] = "mfa.use_recovery",
    };
    struct dw_arena *arena = page->call->arena;
    struct dw_html_row *rows = dw_arena_new_array(arena, DW_MFA_METHOD_COUNT, sizeof *rows);
    struct dw_html_field *fields =
        dw_arena_new_array(arena, (size_t)2 * DW_MFA_METHOD_COUNT, sizeof *fields);
    size_t count = 0;

    if (!rows || !fields)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < page->method_count; i++) {
        enum dw_mfa_method method = page->methods[i];

        if (method == page->method)
            continue;
        fields[2 * count] = (struct dw_html_field){
            .name = "method", .text = dw_slice_from_text(dw_mfa_method_names[method])};
        fields[2 * count + 1] = (struct dw_html_field){.name = "label", .key = labels[method]};
        rows[count] = (struct dw_html_row){&fields[2 * count], 2};
        count++;
    }
    *ret_field = (struct dw_html_field){.name = "others", .rows = rows, .row_count = count};
    return true;
}

#define COMMON_FIELDS 6
#define OWN_FIELDS_MAX 4

/* The page with its own fields after what all of them have. */
static bool answer(const struct page *page, const char *name, const struct dw_html_field *own,
                   size_t own_count, struct dw_error *reterr)
{
    struct dw_html_field fields[COMMON_FIELDS + OWN_FIELDS_MAX] = {
        {.name = "client_name", .text = dw_visit_client_name(&page->visit)},
        {.name = "state", .text = page->visit.state},
        {.name = "problem", .key = page->problem},
        /* Who must show it for this one login is not asked to skip the next. */
        {.name = "may_remember", .text = page->visit.request->wants_mfa ? DW_EMPTY : DW_LIT("yes")},
    };

    if (!add_others(page, &fields[4], reterr))
        return false;
    fields[5] = (struct dw_html_field){.name = "has_others",
                                       .text = fields[4].row_count > 0 ? DW_LIT("yes") : DW_EMPTY};
    if (own_count > OWN_FIELDS_MAX)
        return dw_fail(reterr, DW_INTERNAL, "page %s has too many fields", name);
    if (own_count > 0)
        memcpy(fields + COMMON_FIELDS, own, own_count * sizeof *own);
    return dw_answer_html(page->call, page->status, name, fields, COMMON_FIELDS + own_count,
                          page->visit.request->redirect_uri, reterr);
}

static struct dw_slice account(const struct dw_user *user)
{
    return user->email.len > 0 ? user->email : user->name.len > 0 ? user->name : user->id;
}

/* The secret that was made for this login, or a fresh one. */
static bool show_enrol_otp(struct page *page, struct dw_error *reterr)
{
    struct dw_tenant_call *call = page->call;
    struct dw_mfa_enrol_terms terms = {.type = DW_AUTHENTICATOR_TOTP,
                                       .enrolment_id = enrolment_id(page),
                                       .rule = DW_ENROL_FIRST_ONLY};
    const struct dw_authenticator *there = pending(page, terms.enrolment_id);
    struct dw_mfa_enrolment enrolment;
    struct dw_slice path;
    int size;

    if (!terms.enrolment_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!(there ? dw_mfa_open_totp(call, &page->state, there, &enrolment, reterr)
                : dw_mfa_enrol(call, &page->state, &terms, &enrolment, reterr)) ||
        !dw_qr_path(enrolment.uri, call->arena, &path, &size, reterr))
        return false;
    struct dw_html_field own[] = {
        {.name = "qr_path", .text = path},
        {.name = "qr_size", .text = dw_arena_printf(call->arena, "%d", size)},
        {.name = "secret", .text = enrolment.secret_base32},
    };
    return answer(page, "mfa_enroll", own, sizeof own / sizeof *own, reterr);
}

static enum dw_authenticator_type sent_type(const struct page *page)
{
    return page->method == DW_MFA_BY_SMS ? DW_AUTHENTICATOR_SMS : DW_AUTHENTICATOR_EMAIL;
}

/* Enrolling goes to the account's own address: a page must not send to any other. */
static struct dw_slice own_address(const struct page *page)
{
    return page->method == DW_MFA_BY_SMS ? page->state.user->phone_number : page->state.user->email;
}

static struct dw_slice sent_address(const struct page *page)
{
    const struct dw_authenticator *there = dw_mfa_find(
        page->state.authenticators, page->state.count, &page->state.settings, sent_type(page));

    return there ? there->address : own_address(page);
}

static bool show_sent(struct page *page, bool is_sent, struct dw_error *reterr)
{
    struct dw_html_field own[] = {
        {.name = "title",
         .key = page->method == DW_MFA_BY_SMS ? "mfa.sms_title" : "mfa.email_title"},
        {.name = "method", .text = dw_slice_from_text(dw_mfa_method_names[page->method])},
        {.name = "address", .text = dw_mask_address(page->call->arena, sent_address(page))},
        {.name = "sent", .text = is_sent ? DW_LIT("yes") : DW_EMPTY},
    };

    return answer(page, "mfa_sent", own, sizeof own / sizeof *own, reterr);
}

static bool show_otp(struct page *page, struct dw_error *reterr)
{
    struct dw_html_field own[] = {{.name = "account", .text = account(page->state.user)}};

    if (page->need == DW_MFA_ENROL)
        return show_enrol_otp(page, reterr);
    return answer(page, "mfa_otp", own, 1, reterr);
}

static bool show(struct page *page, bool is_sent, struct dw_error *reterr)
{
    switch (page->method) {
    case DW_MFA_BY_OTP:
        return show_otp(page, reterr);
    case DW_MFA_BY_EMAIL:
    case DW_MFA_BY_SMS:
        return show_sent(page, is_sent, reterr);
    case DW_MFA_BY_RECOVERY_CODE:
        return answer(page, "mfa_recovery", NULL, 0, reterr);
    case DW_MFA_BY_NOTHING:
    case DW_MFA_METHOD_COUNT:
    default:
        return dw_fail(reterr, DW_INTERNAL, "there is no such method");
    }
}

/* What the person at the keyboard can do something about is shown on the page, the rest is not. */
static bool show_again(struct page *page, const struct dw_error *error, struct dw_error *reterr)
{
    static const struct {
        enum dw_code code;
        int status;
        const char *key;
    } problems[] = {
        {DW_INVALID_GRANT, 400, "mfa.wrong"},     {DW_EXPIRED_TOKEN, 400, "mfa.expired"},
        {DW_MFA_REJECTED, 400, "mfa.dead"},       {DW_TOO_MANY_ATTEMPTS, 429, "mfa.too_many"},
        {DW_TOO_MANY, 429, "mfa.too_many_mails"},
    };

    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problems[i].code == error->code) {
            page->status = problems[i].status;
            page->problem = problems[i].key;
            if (page->method == DW_MFA_BY_RECOVERY_CODE && error->code == DW_INVALID_GRANT)
                page->problem = "mfa.wrong_recovery";
            /* Where another code is needed, the page offers to send one. */
            return show(page, error->code == DW_INVALID_GRANT, reterr);
        }
    *reterr = *error;
    return false;
}

/* --- acting ----------------------------------------------------------------------------------- */

/* The first mail of an enrolment also begins it. */
static bool code_target(struct page *page, struct dw_authenticator *ret_authenticator,
                        struct dw_error *reterr)
{
    struct dw_mfa_enrol_terms terms = {.type = sent_type(page),
                                       .address = own_address(page),
                                       .enrolment_id = enrolment_id(page),
                                       .rule = DW_ENROL_FIRST_ONLY};
    const struct dw_authenticator *there;
    struct dw_mfa_enrolment enrolment;

    if (!terms.enrolment_id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    there = page->need == DW_MFA_CHALLENGE
                ? dw_mfa_find(page->state.authenticators, page->state.count, &page->state.settings,
                              sent_type(page))
                : pending(page, terms.enrolment_id);
    if (there) {
        *ret_authenticator = *there;
        return true;
    }
    if (!dw_mfa_enrol(page->call, &page->state, &terms, &enrolment, reterr))
        return false;
    *ret_authenticator = enrolment.record;
    return true;
}

static bool send_code(struct page *page, struct dw_error *reterr)
{
    struct dw_slice subject = code_subject(page);
    struct dw_authenticator target;
    struct dw_error error = {0};
    struct dw_slice url;

    if (!subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!code_target(page, &target, &error) ||
        !dw_mfa_send_code(page->call, &page->state, &target, subject,
                          dw_mail_client_name(page->visit.client), &error))
        return show_again(page, &error, reterr);
    url = dw_arena_printf(page->call->arena, DW_MFA_PATH "?state=%.*s&method=%s&sent=yes",
                          DW_PRINT(page->visit.state), dw_mfa_method_names[page->method]);
    return dw_answer_redirect(page->call, url, reterr);
}

/* Whoever has enrolled now gets a recovery code, unless there is one. */
static bool give_recovery_code(struct page *page, struct dw_slice *ret_code,
                               struct dw_error *reterr)
{
    struct dw_tenant_call *call = page->call;
    struct dw_authenticator record;
    bool is_done;

    if (page->need != DW_MFA_ENROL ||
        !dw_mfa_has_factor(&page->state.settings, DW_AUTHENTICATOR_RECOVERY_CODE))
        return true;
    return dw_mfa_make_recovery_code(call, page->state.user->id, DW_EMPTY, call->now_s, ret_code,
                                     &record, reterr) &&
           dw_store_replace_recovery_code(call->tenant->store, DW_EMPTY, &record, &is_done, reterr);
}

static bool check_code(struct page *page, struct dw_slice code, struct dw_slice *ret_recovery_code,
                       struct dw_error *reterr)
{
    struct dw_mfa_check check = {.state = &page->state, .rule = DW_ENROL_FIRST_ONLY};
    struct dw_slice subject = code_subject(page);

    if (page->need == DW_MFA_ENROL)
        check.enrolment_id = enrolment_id(page);
    if (!subject.ptr || (page->need == DW_MFA_ENROL && !check.enrolment_id.ptr))
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    switch (page->method) {
    case DW_MFA_BY_OTP:
        return dw_mfa_check_totp(page->call, &check, code, reterr);
    case DW_MFA_BY_EMAIL:
    case DW_MFA_BY_SMS:
        return dw_mfa_check_sent_code(page->call, &check, subject, code, reterr);
    case DW_MFA_BY_RECOVERY_CODE:
        return dw_mfa_check_recovery_code(page->call, &page->state, code, ret_recovery_code,
                                          reterr);
    case DW_MFA_BY_NOTHING:
    case DW_MFA_METHOD_COUNT:
    default:
        return dw_fail(reterr, DW_INTERNAL, "there is no such method");
    }
}

static bool remember(struct page *page, struct dw_error *reterr)
{
    struct dw_mfa_state now;

    if (page->visit.request->wants_mfa ||
        !dw_slice_eq(dw_form_value(&page->form, "remember"), DW_LIT("yes")))
        return true;
    return dw_mfa_load(page->call, page->state.user, &now, reterr) &&
           dw_mfa_remember(page->call, &now, reterr);
}

static bool verify(struct page *page, struct dw_error *reterr)
{
    struct dw_slice recovery_code = DW_EMPTY;
    struct dw_error error = {0};

    if (!check_code(page, dw_form_value(&page->form, "code"), &recovery_code, &error))
        return show_again(page, &error, reterr);
    if (!give_recovery_code(page, &recovery_code, reterr) ||
        !dw_login_raise(page->call, &page->login, reterr) || !remember(page, reterr))
        return false;
    if (recovery_code.len == 0)
        return dw_visit_go_on(page->call, &page->visit, &page->login, reterr);
    struct dw_html_field own[] = {{.name = "recovery_code", .text = recovery_code}};
    return answer(page, "mfa_recovery_code", own, 1, reterr);
}

/* --- the endpoints ---------------------------------------------------------------------------- */

/* The one that was asked for, where the user has it; else the best. */
static enum dw_mfa_method choose_method(const struct page *page)
{
    struct dw_slice name = dw_form_value(&page->form, "method");

    for (size_t i = 0; i < page->method_count; i++)
        if (dw_slice_eq(name, dw_slice_from_text(dw_mfa_method_names[page->methods[i]])))
            return page->methods[i];
    return page->methods[0];
}

/* ret_is_due  false: the answer of this call is another page or the end of the visit */
static bool load(struct page *page, bool *ret_is_due, struct dw_error *reterr)
{
    struct dw_tenant_call *call = page->call;

    page->status = 200;
    *ret_is_due = false;
    if (!dw_visit_load(call, dw_form_value(&page->form, "state"), &page->visit, reterr) ||
        !dw_login_find(call, &page->login, reterr) ||
        !dw_visit_has_come_to(call, &page->visit, &page->login, DW_MFA_PATH, ret_is_due, reterr))
        return false;
    if (!*ret_is_due)
        return true;
    if (!dw_mfa_visit_need(call, &page->visit, &page->login, &page->state, &page->need, reterr))
        return false;
    page->method_count = dw_mfa_methods(&page->state, page->need, page->methods);
    if (page->need == DW_MFA_NOTHING || page->method_count == 0) {
        *ret_is_due = false;
        return dw_visit_go_on(call, &page->visit, &page->login, reterr);
    }
    page->method = choose_method(page);
    return true;
}

bool dw_endpoint_mfa_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct page page = {.call = call};
    bool is_due;

    if (!dw_form_parse(call->query, call->arena, &page.form, reterr) ||
        !load(&page, &is_due, reterr))
        return false;
    return !is_due || show(&page, dw_form_value(&page.form, "sent").len > 0, reterr);
}

bool dw_endpoint_mfa(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct page page = {.call = call};
    struct dw_slice action;
    bool is_due;

    if (!dw_call_form(call, &page.form, reterr) || !load(&page, &is_due, reterr))
        return false;
    if (!is_due)
        return true;
    action = dw_form_value(&page.form, "action");
    if ((page.method == DW_MFA_BY_EMAIL || page.method == DW_MFA_BY_SMS) &&
        dw_slice_eq(action, DW_LIT("send")))
        return send_code(&page, reterr);
    return dw_slice_eq(action, DW_LIT("verify")) ? verify(&page, reterr)
                                                 : show(&page, false, reterr);
}
