/* The steps between an authorization request and its answer; see visit_internal.h. */
#include "tenant/visit_internal.h"

#include "crypto/digest.h"
#include "http/url.h"
#include "oauth/authorization_code.h"
#include "oauth/authorization_request.h"
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"
#include "sys/sys.h"
#include "tenant/grants_internal.h"

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

bool dw_visit_load(struct dw_tenant_call *call, struct dw_slice state, struct dw_visit *ret_visit,
                   struct dw_error *reterr)
{
    struct dw_slice browser_id = dw_browser_id(call);
    struct dw_slice digest;

    *ret_visit = (struct dw_visit){.state = state};
    if (dw_slice_is_empty(state))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Start at the application you want to sign in to; this page is a step in "
                       "between.");
    if (dw_slice_is_empty(browser_id))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Your browser sent no cookie. Allow cookies for this site, then start again "
                       "from the application.");
    if (!visit_digest(call, browser_id, state, &digest, reterr) ||
        !dw_store_authorization_request(call->tenant->store, digest, call->now_s, call->arena,
                                        &ret_visit->request, reterr))
        return false;
    if (!ret_visit->request)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "This sign-in has ended, has expired, or began in another browser. Start "
                       "again from the application.");
    if (!dw_store_client(call->tenant->store, ret_visit->request->client_id, call->arena,
                         &ret_visit->client, reterr))
        return false;
    call->client_id = ret_visit->request->client_id;
    return ret_visit->client ||
           dw_fail(reterr, DW_INVALID_REQUEST, "The application does not exist any more.");
}

/* Anybody can start a visit, and each is a row for half an hour. */
static bool may_start(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("visit"), .limit = call->tenant->visits_per_hour, .window_s = 3600};
    bool is_allowed = false;

    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_store_rate_take(call->tenant->store, &rate, call->now_s, &is_allowed, reterr))
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

static bool go_to_page(struct dw_tenant_call *call, struct dw_visit *visit, const char *path,
                       struct dw_error *reterr)
{
    struct dw_slice url;

    if (!dw_visit_save(call, visit, reterr))
        return false;
    url = dw_arena_printf(call->arena, "%s?state=%.*s", path, DW_PRINT(visit->state));
    return dw_answer_redirect(call, url, reterr);
}

bool dw_visit_to_login(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_error *reterr)
{
    return go_to_page(call, visit, "/u/login", reterr);
}

bool dw_visit_is_logged_in(const struct dw_visit *visit, const struct dw_login *login)
{
    return login->session && visit->request->user_id.len > 0 &&
           dw_slice_eq(visit->request->user_id, login->user->id) &&
           dw_slice_eq(visit->request->session_id, login->session->id);
}

static bool needs_login(const struct dw_tenant_call *call, const struct dw_visit *visit,
                        const struct dw_login *login)
{
    const struct dw_authorization_request *request = visit->request;

    if (!login->session)
        return true;
    if (dw_visit_is_logged_in(visit, login))
        return false;
    return request->prompts_login || request->prompts_select_account ||
           (request->max_age_s >= 0 &&
            call->now_s - login->session->authenticated_at_s > request->max_age_s);
}

bool dw_visit_terms(struct dw_tenant_call *call, const struct dw_visit *visit,
                    const struct dw_user *user, struct dw_visit_terms *ret_terms,
                    struct dw_error *reterr)
{
    struct dw_grant_answer answer = {0};
    struct dw_grant_subjects subjects = {
        .grant_type = DW_GRANT_AUTHORIZATION_CODE,
        .client = visit->client,
        .user_id = user->id,
        .audience = visit->request->audience,
        .requested = visit->request->scopes,
    };

    *ret_terms = (struct dw_visit_terms){0};
    if (!dw_tenant_decide(call, &subjects, &ret_terms->api, &answer, reterr) ||
        !dw_scopes_either(answer.scopes,
                          answer.has_permissions ? answer.permissions : (struct dw_slices){0},
                          call->arena, &ret_terms->asked, reterr))
        return false;
    ret_terms->granted = answer.scopes;
    return dw_store_consent(call->tenant->store, user->id, visit->client->id,
                            visit->request->audience, call->arena, &ret_terms->consent, reterr);
}

/* RFC 8252 section 8.6: who listens on a loopback port or opens a private-use scheme cannot be
 * known. So a code goes there only when a page of ours was seen on the way, which says so. */
static bool is_unseen(const struct dw_visit *visit)
{
    struct dw_slice uri = visit->request->redirect_uri;

    return dw_slice_is_empty(visit->state) &&
           (dw_redirect_uri_is_loopback(uri) || dw_redirect_uri_is_private_use(uri));
}

/* A remembered consent does not count for a request that another site sent: whoever stands between
 * client and tenant could ride on it. */
static bool needs_consent(const struct dw_tenant_call *call, const struct dw_visit *visit,
                          const struct dw_visit_terms *terms)
{
    struct dw_slice site = dw_http_field(call->fields, "sec-fetch-site");
    bool is_cross_site =
        !visit->client->is_first_party && dw_slice_eq_nocase(site, DW_LIT("cross-site"));

    return visit->request->prompts_consent || is_unseen(visit) ||
           dw_consent_is_needed(visit->client, terms->api, terms->asked,
                                is_cross_site ? NULL : terms->consent);
}

static bool take_step(struct dw_tenant_call *call, struct dw_visit *visit,
                      const struct dw_login *login, struct dw_error *reterr)
{
    struct dw_authorization_request *request = visit->request;
    struct dw_visit_terms terms;

    if (needs_login(call, visit, login))
        return request->prompts_none ? dw_fail(reterr, DW_LOGIN_REQUIRED, "Login required")
                                     : dw_visit_to_login(call, visit, reterr);
    request->user_id = login->user->id;
    request->session_id = login->session->id;
    request->authenticated_at_s = login->session->authenticated_at_s;
    if (!dw_visit_terms(call, visit, login->user, &terms, reterr))
        return false;
    if (needs_consent(call, visit, &terms))
        return request->prompts_none ? dw_fail(reterr, DW_CONSENT_REQUIRED, "Consent required")
                                     : go_to_page(call, visit, "/u/consent", reterr);
    return dw_visit_answer_code(call, visit, terms.granted, reterr);
}

bool dw_visit_go_on(struct dw_tenant_call *call, struct dw_visit *visit,
                    const struct dw_login *login, struct dw_error *reterr)
{
    struct dw_error error = {0};

    return take_step(call, visit, login, &error) ||
           dw_visit_answer_error(call, visit, &error, reterr);
}

/* Of several answers to one visit only the first counts: the back button gives no second code. */
static bool end_visit(struct dw_tenant_call *call, const struct dw_visit *visit,
                      struct dw_error *reterr)
{
    struct dw_authorization_request *taken;

    if (dw_slice_is_empty(visit->state))
        return true;
    if (!dw_store_take_authorization_request(call->tenant->store, visit->request->id_digest,
                                             call->now_s, call->arena, &taken, reterr))
        return false;
    return taken || dw_fail(reterr, DW_INVALID_REQUEST,
                            "This sign-in has been answered already. Start again from the "
                            "application.");
}

/* form_post: a page with the fields and a button, because our pages run no scripts. */
static bool answer_by_form(struct dw_tenant_call *call, const struct dw_visit *visit,
                           const struct dw_authorization_response *response,
                           struct dw_error *reterr)
{
    struct dw_html_field pairs[5][2];
    struct dw_html_row rows[5];

    for (size_t i = 0; i < response->count; i++) {
        pairs[i][0] = (struct dw_html_field){.name = "name", .text = response->fields[i].name};
        pairs[i][1] = (struct dw_html_field){.name = "value", .text = response->fields[i].value};
        rows[i] = (struct dw_html_row){.fields = pairs[i], .field_count = 2};
    }
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(visit)},
        {.name = "target", .text = visit->request->redirect_uri},
        {.name = "values", .rows = rows, .row_count = response->count},
    };
    return dw_answer_html(call, 200, "post_back", fields, sizeof fields / sizeof *fields,
                          visit->request->redirect_uri, reterr);
}

static bool answer_client(struct dw_tenant_call *call, const struct dw_visit *visit,
                          struct dw_slice code, const struct dw_error *error,
                          struct dw_error *reterr)
{
    struct dw_authorization_response response;
    struct dw_slice issuer =
        call->tenant->settings.sends_iss_parameter ? call->tenant->config.issuer : DW_EMPTY;
    struct dw_slice url;

    dw_authorization_response_make(visit->request, code, error, issuer, &response);
    if (visit->request->response_mode == DW_RESPONSE_FORM_POST)
        return answer_by_form(call, visit, &response, reterr);
    return dw_authorization_response_url(visit->request, &response, call->arena, &url, reterr) &&
           dw_answer_redirect(call, url, reterr);
}

bool dw_visit_answer_code(struct dw_tenant_call *call, struct dw_visit *visit,
                          struct dw_slices scopes, struct dw_error *reterr)
{
    struct dw_authorization_code record;
    struct dw_secret code;
    unsigned char random[48];

    dw_sys_random(random, sizeof random);
    return end_visit(call, visit, reterr) &&
           dw_authorization_code_make(visit->request, scopes, random, call->now_s,
                                      call->tenant->config.authorization_code_ttl_s, call->arena,
                                      &code, &record, reterr) &&
           dw_store_add_authorization_code(call->tenant->store, &record, reterr) &&
           answer_client(call, visit, code.hidden, NULL, reterr);
}

bool dw_visit_answer_error(struct dw_tenant_call *call, struct dw_visit *visit,
                           const struct dw_error *error, struct dw_error *reterr)
{
    struct dw_error gone = {0};

    dw_log_error(call->tenant->log, "authorization_refused", error);
    if (!end_visit(call, visit, &gone)) {
        *reterr = gone;
        return false;
    }
    return answer_client(call, visit, DW_EMPTY, error, reterr);
}

struct dw_slice dw_visit_client_name(const struct dw_visit *visit)
{
    return visit->client->name.len > 0 ? visit->client->name : visit->client->id;
}
