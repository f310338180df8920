/* doorward tenant client-grant ...: what an application may ask of an API. */
#include "oauth/scope.h"
#include "tenant/manage/manage_internal.h"

#define STORE manage->tenant->store
#define DEFAULT_FOR "third_party_clients" /* Auth0's only value */

/* Auth0's names, as in GET /api/v2/client-grants. */
static bool show_grant(struct dw_manage *manage, const struct dw_client_grant *grant,
                       struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", grant->id);
    if (grant->is_third_party_default)
        dw_manage_cell_text(row, "default_for", DW_LIT(DEFAULT_FOR));
    else
        dw_manage_cell_text(row, "client_id", grant->client_id);
    dw_manage_cell_text(row, "audience", grant->audience);
    dw_manage_cell_text(row, "subject_type",
                        dw_slice_from_text(dw_grant_subject_name(grant->subject)));
    dw_manage_cell_texts(row, "scope", grant->scopes);
    dw_manage_cell_bool(row, "allow_all_scopes", grant->allows_all_scopes);
    dw_manage_cell_text(row, "organization_usage",
                        dw_slice_from_text(dw_organization_usage_names[grant->organization_usage]));
    dw_manage_cell_details(row);
    dw_manage_cell_bool(row, "allow_any_organization", grant->allows_any_organization);
    dw_manage_cell_details(row);
    return true;
}

/* The one there is for the same client (or default), API and subject, or NULL. */
static bool find_grant(struct dw_manage *manage, const struct dw_client_grant *wanted,
                       struct dw_client_grant **ret_grant, struct dw_error *reterr)
{
    return wanted->is_third_party_default
               ? dw_store_default_grant(STORE, wanted->audience, wanted->subject, manage->arena,
                                        ret_grant, reterr)
               : dw_store_client_grant(STORE, wanted->client_id, wanted->audience, wanted->subject,
                                       manage->arena, ret_grant, reterr);
}

static bool read_grant(struct dw_manage *manage, struct dw_client_grant *grant,
                       struct dw_error *reterr)
{
    struct dw_slice subject = dw_manage_value(manage, "subject-type");
    struct dw_slice usage = dw_manage_value(manage, "organization-usage");
    unsigned usage_member = DW_ORGANIZATION_DENY;

    grant->is_third_party_default = dw_manage_has(manage, "default-for-third-parties");
    grant->client_id = dw_manage_value(manage, "client");
    grant->audience = dw_manage_value(manage, "audience");
    grant->allows_all_scopes = dw_manage_has(manage, "all-scopes");
    if (grant->is_third_party_default == (grant->client_id.len > 0))
        return dw_fail(reterr, DW_USAGE, "give --client ID or --default-for-third-parties");
    if (subject.len > 0 && !dw_grant_subject_from(subject, &grant->subject))
        return dw_fail(reterr, DW_USAGE, "a --subject-type is client or user");
    grant->allows_any_organization = dw_manage_has(manage, "any-organization");
    if (usage.len > 0 && !dw_enum_from(dw_organization_usage_names, usage, &usage_member))
        return dw_fail(reterr, DW_USAGE, "an --organization-usage is deny, allow or require");
    grant->organization_usage = (enum dw_organization_usage)usage_member;
    if (!dw_manage_values(manage, "scope", &grant->scopes, reterr))
        return false;
    for (size_t at = 0; at < grant->scopes.count; at++)
        if (!dw_scope_is_name(grant->scopes.items[at]))
            return dw_fail(reterr, DW_USAGE, "\"%.*s\" is no scope",
                           DW_PRINT(grant->scopes.items[at]));
    return true;
}

bool dw_manage_client_grant_put(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_client_grant made = {
        .id = dw_tenant_random_id(manage->arena, "cgr_", 16),
        .created_at_s = manage->tenant->now_s(),
    };
    struct dw_client_grant *kept = NULL;

    if (!made.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!read_grant(manage, &made, reterr))
        return false;
    if (!dw_store_put_client_grant(STORE, &made, reterr))
        return reterr->code == DW_NOT_FOUND
                   ? dw_fail(reterr, DW_NOT_FOUND, "there is no such application or no such API")
                   : false;
    return find_grant(manage, &made, &kept, reterr) && show_grant(manage, kept, reterr);
}

bool dw_manage_client_grant_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_client_grant *grants = NULL;
    size_t count = 0;

    manage->is_list = true;
    do {
        if (!dw_store_client_grants(STORE, dw_manage_value(manage, "client"),
                                    dw_manage_value(manage, "audience"), page, manage->arena,
                                    &grants, &count, NULL, reterr))
            return false;
        for (size_t at = 0; at < count; at++)
            if (!show_grant(manage, &grants[at], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_client_grant_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_client_grant(STORE, dw_manage_value(manage, "id"), reterr);
}
