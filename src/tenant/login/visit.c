/* A visit in the store: found, begun, kept; see visit_internal.h. */
#include "tenant/login/organization_internal.h"
#include "tenant/login/visit_internal.h"

#include "crypto/digest.h"

static bool visit_digest(struct dw_tenant_call *call, struct dw_slice browser_id,
                         struct dw_slice state, struct dw_slice *ret_digest,
                         struct dw_error *reterr)
{
    struct dw_slice parts[] = {browser_id, state};
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256_parts((struct dw_slices){parts, 2}, digest, reterr))
        return false;
    *ret_digest = dw_arena_copy(call->arena, dw_slice_from((const char *)digest, sizeof digest));
    return ret_digest->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool refuse(struct dw_tenant_call *call, const char *key, const char *cause,
                   struct dw_error *reterr)
{
    call->error_key = key;
    return dw_fail(reterr, DW_INVALID_REQUEST, "%s", cause);
}

void dw_visit_distrust(struct dw_visit *visit)
{
    if (!visit->client->is_first_party)
        visit->request->prompts_consent = true;
}

bool dw_visit_load(struct dw_tenant_call *call, struct dw_slice state, struct dw_visit *ret_visit,
                   struct dw_error *reterr)
{
    struct dw_slice browser_id = dw_browser_id(call);
    struct dw_slice digest;

    *ret_visit = (struct dw_visit){.state = state};
    if (dw_slice_is_empty(state) && browser_id.len > 0)
        call->has_no_visit = true;
    if (dw_slice_is_empty(state))
        return refuse(call, "error.visit_none", "the page was asked for without `state`", reterr);
    if (dw_slice_is_empty(browser_id))
        return refuse(call, "error.visit_no_cookie", "the browser sent no cookie", reterr);
    if (!visit_digest(call, browser_id, state, &digest, reterr) ||
        !dw_store_authorization_request(call->tenant->store, digest, call->now_s, call->arena,
                                        &ret_visit->request, reterr))
        return false;
    call->has_no_visit = ret_visit->request == NULL;
    if (!ret_visit->request)
        return refuse(call, "error.visit_ended",
                      "the sign-in has ended, has expired, or began in another browser", reterr);
    if (!dw_store_client(call->tenant->store, ret_visit->request->client_id, call->arena,
                         &ret_visit->client, reterr))
        return false;
    call->client_id = ret_visit->request->client_id;
    dw_tenant_prefer_language(call, ret_visit->request->ui_locales);
    if (!dw_organization_brand(call, ret_visit->request->organization, reterr))
        return false;
    return ret_visit->client ||
           refuse(call, "error.visit_no_client", "the application does not exist any more", reterr);
}

/* Anybody can start a visit, and each is a row for half an hour. */
static bool may_start(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("visit"), .limit = call->tenant->visits_per_hour, .window_s = 3600};
    bool is_allowed = false;

    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed ||
           dw_fail(reterr, DW_BUSY, "Too many sign-ins were started from your address.");
}

bool dw_visit_save(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_slice browser_id, state;

    if (visit->state.len > 0)
        return dw_store_update_authorization_request(call->tenant->store, visit->request, reterr);
    state = dw_tenant_random_text(call->arena, "", 32);
    if (!state.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!may_start(call, reterr) || !dw_browser_bind(call, &browser_id, reterr) ||
        !visit_digest(call, browser_id, state, &visit->request->id_digest, reterr))
        return false;
    visit->request->csrf_digest = visit->request->id_digest;
    visit->request->created_at_s = call->now_s;
    visit->request->expires_at_s = call->now_s + DW_VISIT_LIFETIME_S;
    if (!dw_store_add_authorization_request(call->tenant->store, visit->request, reterr))
        return false;
    visit->state = state;
    return true;
}

bool dw_visit_to_page(struct dw_tenant_call *call, struct dw_visit *visit, const char *path,
                      struct dw_error *reterr)
{
    struct dw_slice url;

    if (!dw_visit_save(call, visit, reterr))
        return false;
    url = dw_arena_printf(call->arena, "%s?state=%.*s", path, DW_PRINT(visit->state));
    return dw_answer_redirect(call, url, reterr);
}

struct dw_slice dw_visit_client_name(const struct dw_visit *visit)
{
    return visit->client->name.len > 0 ? visit->client->name : visit->client->id;
}
