/* /u/organization: which organization, before the login; /u/organization/picker: which of the
 * user's, after it. */
#include "tenant/endpoints_internal.h"
#include "tenant/login/organization_internal.h"

#define NAME_MAX_BYTES 64

/* ---- before the login ---- */

static bool show_prompt(struct dw_tenant_call *call, const struct dw_visit *visit, int status,
                        struct dw_slice name, const char *problem, struct dw_error *reterr)
{
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "organization", .text = name},
        {.name = "problem", .key = problem},
    };

    return dw_answer_html(call, status, "organization", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

bool dw_endpoint_organization_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;

    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) &&
           show_prompt(call, &visit, 200, DW_EMPTY, NULL, reterr);
}

/* Only where the step asks: an application that denies organizations, or has named one, is not to
 * be talked into another by a form. */
static bool may_choose(const struct dw_visit *visit)
{
    return visit->client->organization_usage == DW_ORGANIZATION_REQUIRE &&
           visit->request->organization.len == 0;
}

/* People type the name, whatever the tenant takes in requests. */
bool dw_endpoint_organization(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_slice name;
    struct dw_organization *organization = NULL;

    if (!dw_call_form(call, &form, reterr) ||
        !dw_visit_load(call, dw_form_value(&form, "state"), &visit, reterr) ||
        !dw_login_find(call, &login, reterr))
        return false;
    if (!may_choose(&visit))
        return dw_visit_go_on(call, &visit, &login, reterr);
    name = dw_slice_trim(dw_form_value(&form, "organization"));
    if (name.len == 0 || name.len > NAME_MAX_BYTES)
        return show_prompt(call, &visit, 400, DW_EMPTY, "organization.unknown", reterr);
    if (!dw_store_organization(call->tenant->store, name, call->arena, &organization, reterr))
        return false;
    if (!organization || !dw_organization_check_client(visit.client, organization, name, NULL))
        return show_prompt(call, &visit, 400, name, "organization.unknown", reterr);
    visit.request->organization = organization->id;
    return dw_visit_go_on(call, &visit, &login, reterr);
}

/* ---- after the login ---- */

static bool show_picker(struct dw_tenant_call *call, const struct dw_visit *visit,
                        const struct dw_user *user, struct dw_error *reterr)
{
    struct dw_organization *organizations = NULL;
    struct dw_html_row *rows;
    struct dw_html_field *cells;
    size_t count = 0, shown = 0;

    if (!dw_store_user_organizations(call->tenant->store, user->id, (struct dw_page){0},
                                     call->arena, &organizations, &count, NULL, reterr))
        return false;
    rows = dw_arena_new_array(call->arena, count + 1, sizeof *rows);
    cells = dw_arena_new_array(call->arena, 2 * count + 1, sizeof *cells);
    if (!rows || !cells)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct dw_organization *one = &organizations[i];

        if (!dw_organization_check_client(visit->client, one, one->id, NULL))
            continue;
        cells[2 * shown] = (struct dw_html_field){.name = "id", .text = one->id};
        cells[2 * shown + 1] = (struct dw_html_field){
            .name = "label", .text = one->display_name.len > 0 ? one->display_name : one->name};
        rows[shown] = (struct dw_html_row){.fields = &cells[2 * shown], .field_count = 2};
        shown++;
    }
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "state", .text = visit->state},
        {.name = "organizations", .rows = rows, .row_count = shown},
    };
    return dw_answer_html(call, 200, "organization_picker", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

/* True with *ret_is_ready false: the answer is made, the login comes first. */
static bool load_logged_in(struct dw_tenant_call *call, const struct dw_form *form,
                           struct dw_visit *visit, struct dw_login *login, bool *ret_is_ready,
                           struct dw_error *reterr)
{
    if (!dw_visit_load(call, dw_form_value(form, "state"), visit, reterr) ||
        !dw_login_find(call, login, reterr))
        return false;
    *ret_is_ready = dw_visit_is_logged_in(visit, login);
    return *ret_is_ready || dw_visit_to_login(call, visit, reterr);
}

bool dw_endpoint_organization_picker_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    bool is_ready = false;

    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           load_logged_in(call, &form, &visit, &login, &is_ready, reterr) &&
           (!is_ready || show_picker(call, &visit, login.user, reterr));
}

/* Whether the user may have what was picked is for the step to judge, as with every request. */
bool dw_endpoint_organization_picker(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_visit visit;
    struct dw_login login;
    struct dw_slice picked;
    struct dw_organization *organization = NULL;
    bool is_ready = false, is_member = false;

    if (!dw_call_form(call, &form, reterr) ||
        !load_logged_in(call, &form, &visit, &login, &is_ready, reterr))
        return false;
    if (!is_ready)
        return true;
    if (!may_choose(&visit))
        return dw_visit_go_on(call, &visit, &login, reterr);
    picked = dw_form_value(&form, "organization");
    if (!dw_store_organization(call->tenant->store, picked, call->arena, &organization, reterr))
        return false;
    if (organization && !dw_store_is_member(call->tenant->store, organization->id, login.user->id,
                                            &is_member, reterr))
        return false;
    if (!is_member || !dw_organization_check_client(visit.client, organization, picked, NULL))
        return show_picker(call, &visit, login.user, reterr);
    visit.request->organization = organization->id;
    return dw_visit_go_on(call, &visit, &login, reterr);
}
