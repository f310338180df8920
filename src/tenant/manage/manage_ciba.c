/* doorward tenant ciba ...: what applications have asked users for, and an operator's answer in
 * their place: for tests, and for users without a mail address. */
#include "store/decoupled.h"
#include "tenant/manage/manage_internal.h"
#include "tenant/settings_internal.h"
#include "tenant/token/grants_internal.h"

static bool show_request(struct dw_manage *manage, const struct dw_decoupled_request *request,
                         struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    bool has_expired =
        request->phase == DW_DECOUPLED_PENDING && request->expires_at_s <= manage->tenant->now_s();

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", request->id);
    dw_manage_cell_text(row, "client_id", request->client_id);
    dw_manage_cell_text(row, "user_id", request->user_id);
    dw_manage_cell_text(row, "binding_message", request->binding_message);
    dw_manage_cell_texts(row, "scopes", request->scopes);
    dw_manage_cell_text(row, "audience", request->audience);
    dw_manage_cell_text(row, "status",
                        has_expired ? DW_LIT("expired")
                                    : dw_slice_from_text(dw_decoupled_phase_names[request->phase]));
    dw_manage_cell_time(row, "expires_at", request->expires_at_s, manage);
    return true;
}

bool dw_manage_ciba_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {.skip = 0};
    struct dw_decoupled_request *requests;
    size_t count;

    do {
        if (!dw_store_decoupled_list(manage->tenant->store, DW_DECOUPLED_CIBA, page, manage->arena,
                                     &requests, &count, NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_request(manage, &requests[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

static bool find_request(struct dw_manage *manage, struct dw_decoupled_request **ret_request,
                         struct dw_error *reterr)
{
    struct dw_slice id = dw_manage_value(manage, "id");

    if (!dw_store_decoupled(manage->tenant->store, id, manage->arena, ret_request, reterr))
        return false;
    return (*ret_request && (*ret_request)->kind == DW_DECOUPLED_CIBA) ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no CIBA request \"%.*s\"", DW_PRINT(id));
}

/* What the user may have of what was asked for, as the page would grant it. */
static bool grant(struct dw_manage *manage, struct dw_decoupled_request *request,
                  struct dw_error *reterr)
{
    struct dw_tenant_call call = {
        .tenant = manage->tenant, .arena = manage->arena, .now_s = manage->tenant->now_s()};
    struct dw_oauth_client *client;
    struct dw_grant_answer answer;
    struct dw_api *api;

    if (!dw_tenant_settings(manage->tenant, manage->arena, &call.settings, reterr) ||
        !dw_store_client(manage->tenant->store, request->client_id, manage->arena, &client, reterr))
        return false;
    if (!client || !client->is_first_party)
        return dw_fail(reterr, DW_USAGE,
                       "what a third-party application asks for the user alone can agree to");
    struct dw_grant_subjects subjects = {
        .grant_type = DW_GRANT_CIBA,
        .client = client,
        .user_id = request->user_id,
        .audience = request->audience,
        .requested = request->scopes,
    };
    if (!dw_tenant_decide(&call, &subjects, &api, &answer, reterr))
        return false;
    request->granted = answer.scopes;
    request->family_id = dw_tenant_random_text(manage->arena, "", 16);
    request->authenticated_at_s = call.now_s;
    return request->family_id.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool decide(struct dw_manage *manage, enum dw_decoupled_phase phase, struct dw_error *reterr)
{
    struct dw_decoupled_request *request;

    if (!find_request(manage, &request, reterr) ||
        (phase == DW_DECOUPLED_APPROVED && !grant(manage, request, reterr)))
        return false;
    request->phase = phase;
    return dw_store_decide_decoupled(manage->tenant->store, request, manage->tenant->now_s(),
                                     reterr) &&
           show_request(manage, request, reterr);
}

bool dw_manage_ciba_approve(struct dw_manage *manage, struct dw_error *reterr)
{
    return decide(manage, DW_DECOUPLED_APPROVED, reterr);
}

bool dw_manage_ciba_deny(struct dw_manage *manage, struct dw_error *reterr)
{
    return decide(manage, DW_DECOUPLED_DENIED, reterr);
}
