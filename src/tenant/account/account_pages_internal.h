/* What the pages about passwords share: their rules, and why one was refused, in the language of
 * the page. */
#ifndef DW_TENANT_ACCOUNT_PAGES_INTERNAL_H
#define DW_TENANT_ACCOUNT_PAGES_INTERNAL_H

#include "tenant/account/account_internal.h"

#define DW_RULES_MAX 6

/* Rows {{rule}} for {{#rules}}. */
struct dw_rule_rows {
    struct dw_html_field fields[DW_RULES_MAX][3];
    struct dw_html_row rows[DW_RULES_MAX];
    size_t count;
};
bool dw_must_check dw_rule_rows_make(struct dw_tenant_call *call,
                                     const struct dw_password_policy *policy,
                                     struct dw_rule_rows *ret_rows, struct dw_error *reterr);
/* The key of the text that says why. */
const char *dw_refusal_key(const struct dw_account_refusal *refusal);

/* In place of a page that mails something, for every address alike: this tenant cannot. `lead`:
 * the key of the text that says so; "common.no_mail" is for all. `state`: leads back to the login;
 * may be empty. */
bool dw_must_check dw_account_show_no_mail(struct dw_tenant_call *call, const char *title,
                                           const char *lead, struct dw_slice state,
                                           struct dw_error *reterr);

/* A page that says what was done, with a link to where the application begins a login (Auth0
 * initiate_login_uri), else to the tenant's default_redirection_uri; neither set: no link. */
bool dw_must_check dw_account_show_done(struct dw_tenant_call *call, struct dw_slice client_id,
                                        const char *title, const char *lead,
                                        struct dw_error *reterr);

#endif
