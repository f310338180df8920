/* doorward tenant organization create|list|show|update|delete, and its connections and client
 * grants. Members and invitations are in manage_members.c. */
#include "store/connections.h"
#include "tenant/manage/manage_organizations_internal.h"
#include "json/json_merge.h"

#define STORE manage->tenant->store

static bool show_organization(struct dw_manage *manage, const struct dw_organization *organization,
                              struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", organization->id);
    dw_manage_cell_text(row, "name", organization->name);
    dw_manage_cell_text(row, "display_name", organization->display_name);
    dw_manage_cell_text(row, "third_party_client_access",
                        organization->allows_third_party ? DW_LIT("allow") : DW_LIT("block"));
    dw_manage_cell_json(row, "branding", organization->branding_json);
    dw_manage_cell_details(row);
    dw_manage_cell_json(row, "metadata", organization->metadata_json);
    dw_manage_cell_details(row);
    return true;
}

bool dw_manage_find_organization(struct dw_manage *manage,
                                 struct dw_organization **ret_organization, struct dw_error *reterr)
{
    struct dw_slice asked = dw_manage_value(manage, "organization");

    if (!dw_store_organization(STORE, asked, manage->arena, ret_organization, reterr))
        return false;
    return *ret_organization ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no organization \"%.*s\"", DW_PRINT(asked));
}

/* --set branding.logo_url=... and --set metadata.plan=... */
static bool apply_sets(struct dw_manage *manage, struct dw_organization *organization,
                       struct dw_error *reterr)
{
    const struct dw_json *patch = NULL;
    struct dw_slice text = DW_LIT("{}");

    if (!dw_manage_patch_of_sets(manage, &text, reterr) ||
        !dw_json_parse(text, manage->arena, &patch, reterr))
        return false;
    for (size_t i = 0; i < patch->object.count; i++) {
        const struct dw_json_member *member = &patch->object.members[i];
        bool is_branding = dw_slice_eq(member->key, DW_LIT("branding"));
        struct dw_slice *json =
            is_branding ? &organization->branding_json : &organization->metadata_json;

        if ((!is_branding && !dw_slice_eq(member->key, DW_LIT("metadata"))) ||
            member->value.type != DW_JSON_OBJECT)
            return dw_fail(reterr, DW_USAGE,
                           "--set takes branding.NAME=VALUE and "
                           "metadata.NAME=VALUE");
        if (!dw_json_merge(json->len > 0 ? *json : DW_LIT("{}"), member->value.raw, manage->arena,
                           json, reterr))
            return false;
    }
    return true;
}

static bool apply_flags(struct dw_manage *manage, struct dw_organization *organization,
                        struct dw_error *reterr)
{
    struct dw_slice access = dw_manage_value(manage, "third-party");

    if (dw_manage_has(manage, "display-name"))
        organization->display_name = dw_manage_value(manage, "display-name");
    if (dw_manage_has(manage, "name"))
        organization->name = dw_manage_value(manage, "name");
    if (access.len > 0 && !dw_slice_eq(access, DW_LIT("allow")) &&
        !dw_slice_eq(access, DW_LIT("block")))
        return dw_fail(reterr, DW_USAGE, "--third-party is allow or block");
    if (access.len > 0)
        organization->allows_third_party = dw_slice_eq(access, DW_LIT("allow"));
    return dw_organization_name_check(organization->name, reterr) &&
           apply_sets(manage, organization, reterr);
}

static bool put(struct dw_manage *manage, const struct dw_organization *organization,
                struct dw_error *reterr)
{
    if (dw_store_put_organization(STORE, organization, reterr))
        return true;
    return reterr->code == DW_CONFLICT
               ? dw_fail(reterr, DW_CONFLICT, "An organization with this name already exists.")
               : false;
}

static bool find_connection(struct dw_manage *manage, struct dw_slice name,
                            struct dw_connection_record **ret_connection, struct dw_error *reterr)
{
    if (!dw_store_connection_by_name(STORE, name, manage->arena, ret_connection, reterr))
        return false;
    return *ret_connection ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no connection \"%.*s\"", DW_PRINT(name));
}

bool dw_manage_organization_create(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;
    struct dw_slices names = {0};
    struct dw_organization made = {
        .id = dw_tenant_random_id(manage->arena, "org_", 16),
        .branding_json = DW_LIT("{}"),
        .metadata_json = DW_LIT("{}"),
        .created_at_s = manage->tenant->now_s(),
    };

    if (!made.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!apply_flags(manage, &made, reterr) ||
        !dw_manage_values(manage, "connection", &names, reterr))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (!find_connection(manage, names.items[i], &connection, reterr))
            return false;
    if (!put(manage, &made, reterr))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        struct dw_organization_connection link = {.organization_id = made.id};

        if (!find_connection(manage, names.items[i], &connection, reterr))
            return false;
        link.connection_id = connection->id;
        if (!dw_store_put_organization_connection(STORE, &link, reterr))
            return false;
    }
    return show_organization(manage, &made, reterr);
}

bool dw_manage_organization_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_organization *organizations = NULL;
    size_t count = 0;

    do {
        if (!dw_store_organizations(STORE, page, manage->arena, &organizations, &count, NULL,
                                    reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_organization(manage, &organizations[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_organization_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           show_organization(manage, organization, reterr);
}

bool dw_manage_organization_update(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           apply_flags(manage, organization, reterr) && put(manage, organization, reterr) &&
           show_organization(manage, organization, reterr);
}

bool dw_manage_organization_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           dw_store_delete_organization(STORE, organization->id, reterr);
}

/* ---- connections ---- */

static bool show_connections(struct dw_manage *manage, const struct dw_organization *organization,
                             struct dw_error *reterr)
{
    struct dw_organization_connection *links = NULL;
    size_t count = 0;

    manage->is_list = true;
    if (!dw_store_organization_connections(STORE, organization->id, manage->arena, &links, &count,
                                           reterr))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

        if (!row)
            return false;
        dw_manage_cell_text(row, "connection_id", links[i].connection_id);
        dw_manage_cell_text(row, "name", links[i].name);
        dw_manage_cell_text(row, "strategy",
                            dw_slice_from_text(dw_strategy_name(links[i].strategy)));
        dw_manage_cell_bool(row, "assign_membership_on_login", links[i].assigns_membership);
        dw_manage_cell_bool(row, "show_as_button", links[i].shows_as_button);
        dw_manage_cell_bool(row, "is_signup_enabled", links[i].is_signup_enabled);
    }
    return true;
}

bool dw_manage_organization_connection_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           show_connections(manage, organization, reterr);
}

bool dw_manage_organization_connection_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_connection_record *connection = NULL;
    struct dw_organization_connection link = {
        .assigns_membership = dw_manage_has(manage, "assign-membership"),
        .shows_as_button = !dw_manage_has(manage, "no-button"),
        .is_signup_enabled = dw_manage_has(manage, "signup"),
    };

    if (!dw_manage_find_organization(manage, &organization, reterr) ||
        !find_connection(manage, dw_manage_value(manage, "connection"), &connection, reterr))
        return false;
    link.organization_id = organization->id;
    link.connection_id = connection->id;
    return dw_store_put_organization_connection(STORE, &link, reterr) &&
           show_connections(manage, organization, reterr);
}

bool dw_manage_organization_connection_remove(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_connection_record *connection = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           find_connection(manage, dw_manage_value(manage, "connection"), &connection, reterr) &&
           dw_store_remove_organization_connection(STORE, organization->id, connection->id,
                                                   reterr) &&
           show_connections(manage, organization, reterr);
}

/* ---- client grants ---- */

static bool show_grants(struct dw_manage *manage, const struct dw_organization *organization,
                        struct dw_error *reterr)
{
    struct dw_slices ids = {0};

    manage->is_list = true;
    if (!dw_store_organization_grants(STORE, organization->id, manage->arena, &ids, reterr))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

        if (!row)
            return false;
        dw_manage_cell_text(row, "id", ids.items[i]);
    }
    return true;
}

bool dw_manage_organization_grant_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           show_grants(manage, organization, reterr);
}

bool dw_manage_organization_grant_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_slice id = dw_manage_value(manage, "grant");

    if (!dw_manage_find_organization(manage, &organization, reterr))
        return false;
    if (!dw_store_add_organization_grant(STORE, organization->id, id, reterr))
        return reterr->code == DW_NOT_FOUND
                   ? dw_fail(reterr, DW_NOT_FOUND, "there is no client grant \"%.*s\"",
                             DW_PRINT(id))
                   : false;
    return show_grants(manage, organization, reterr);
}

bool dw_manage_organization_grant_remove(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;

    return dw_manage_find_organization(manage, &organization, reterr) &&
           dw_store_remove_organization_grant(STORE, organization->id,
                                              dw_manage_value(manage, "grant"), reterr) &&
           show_grants(manage, organization, reterr);
}
