/* Password rules and refusals for pages; see account_pages_internal.h. */
#include "tenant/account/account_pages_internal.h"

#include "tenant/texts_internal.h"

static const struct {
    unsigned class;
    const char *key;
} classes[] = {
    {DW_PASSWORD_LOWER, "password.lower"},
    {DW_PASSWORD_UPPER, "password.upper"},
    {DW_PASSWORD_NUMBER, "password.numbers"},
    {DW_PASSWORD_SPECIAL, "password.special"},
};

/* "lower case letters, numbers" */
static bool list_classes(struct dw_tenant_call *call, unsigned wanted, struct dw_slice *ret_list,
                         struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_slice text;

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (!(wanted & classes[i].class))
            continue;
        if (!dw_text_find(dw_tenant_language(call), classes[i].key, &text, reterr))
            return false;
        dw_buf_printf(&out, "%s%.*s", out.len > 0 ? ", " : "", DW_PRINT(text));
    }
    return dw_buf_finish(&out, ret_list, reterr);
}

static void add_rule(struct dw_tenant_call *call, struct dw_rule_rows *rows, const char *key,
                     int64_t count, struct dw_slice items)
{
    struct dw_html_field *fields = rows->fields[rows->count];

    fields[0] = (struct dw_html_field){.name = "rule", .key = key};
    fields[1] = (struct dw_html_field){
        .name = "count", .text = dw_arena_printf(call->arena, "%lld", (long long)count)};
    fields[2] = (struct dw_html_field){.name = "items", .text = items};
    rows->rows[rows->count++] = (struct dw_html_row){fields, 3};
}

bool dw_rule_rows_make(struct dw_tenant_call *call, const struct dw_password_policy *policy,
                       struct dw_rule_rows *ret_rows, struct dw_error *reterr)
{
    struct dw_slice items;

    ret_rows->count = 0;
    if (!list_classes(call, policy->classes, &items, reterr))
        return false;
    if (policy->min_length > 1)
        add_rule(call, ret_rows, "password.length", policy->min_length, DW_EMPTY);
    if (policy->max_bytes > 0)
        add_rule(call, ret_rows, "password.most_bytes", policy->max_bytes, DW_EMPTY);
    if (policy->classes_needed > 0)
        add_rule(call, ret_rows,
                 policy->classes_needed == __builtin_popcount(policy->classes)
                     ? "password.all_classes"
                     : "password.classes",
                 policy->classes_needed, items);
    if (policy->identical_max > 0)
        add_rule(call, ret_rows, "password.identical", policy->identical_max, DW_EMPTY);
    if (policy->refuses_sequences)
        add_rule(call, ret_rows, "password.sequences", 0, DW_EMPTY);
    return true;
}

const char *dw_refusal_key(const struct dw_account_refusal *refusal)
{
    static const char *const problems[DW_PASSWORD_PROBLEM_COUNT] = {
        [DW_PASSWORD_FINE] = "signup.failed",
        [DW_PASSWORD_WEAK] = "password.weak",
        [DW_PASSWORD_COMMON] = "password.common",
        [DW_PASSWORD_PERSONAL] = "password.personal",
        [DW_PASSWORD_USED_BEFORE] = "password.used_before",
        [DW_PASSWORD_LEAKED] = "password.leaked",
    };

    switch (refusal->kind) {
    case DW_ACCOUNT_PASSWORD:
        return problems[refusal->problem];
    case DW_ACCOUNT_INVALID:
        return "signup.invalid";
    case DW_ACCOUNT_CLOSED:
        return "signup.closed";
    case DW_ACCOUNT_EXISTS:
    case DW_ACCOUNT_ACCEPTED:
    default:
        return "signup.failed";
    }
}

bool dw_account_show_no_mail(struct dw_tenant_call *call, const char *title, const char *lead,
                             struct dw_slice state, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "title", .key = title},
        {.name = "lead", .key = lead},
        {.name = "state", .text = state},
    };

    return dw_answer_html(call, 400, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}

static bool is_web_url(struct dw_slice url)
{
    return dw_slice_starts_with(url, DW_LIT("https://")) ||
           dw_slice_starts_with(url, DW_LIT("http://"));
}

bool dw_account_show_done(struct dw_tenant_call *call, struct dw_slice client_id, const char *title,
                          const char *lead, struct dw_error *reterr)
{
    struct dw_slice url = call->settings->default_redirection_uri;
    struct dw_oauth_client *client = NULL;

    if (client_id.len > 0 &&
        !dw_store_client(call->tenant->store, client_id, call->arena, &client, reterr))
        return false;
    if (client && is_web_url(client->initiate_login_uri))
        url = client->initiate_login_uri;
    struct dw_html_field fields[] = {
        {.name = "title", .key = title},
        {.name = "lead", .key = lead},
        {.name = "continue_url", .text = is_web_url(url) ? url : DW_EMPTY},
    };
    return dw_answer_html(call, 200, "message", fields, sizeof fields / sizeof *fields, DW_EMPTY,
                          reterr);
}
