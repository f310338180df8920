/* What stands between an authorization request and its answer, step by step; see visit_internal.h.
 * Each step's page and form are an endpoint of their own, which ends in dw_visit_go_on. */
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"
#include "store/connections.h"
#include "tenant/factor/mfa_step_internal.h"
#include "tenant/login/decoupled_internal.h"
#include "tenant/login/organization_internal.h"
#include "tenant/login/visit_internal.h"
#include "tenant/token/grants_internal.h"

bool dw_visit_to_login(struct dw_tenant_call *call, struct dw_visit *visit, struct dw_error *reterr)
{
    return dw_visit_to_page(call, visit, "/u/login", reterr);
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
    if (request->connection.len > 0 && !dw_slice_eq(request->connection, login->user->connection))
        return true; /* logged in, but not by the one that was asked for */
    return request->prompts_login || request->prompts_select_account ||
           request->max_age_s == 0 || /* OpenID Connect Core 3.1.2.1: as prompt=login */
           (request->max_age_s > 0 &&
            call->now_s - login->session->authenticated_at_s > request->max_age_s);
}

/* Not due: the login that is there becomes the visit's. */
static bool is_login_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                         struct dw_error *reterr)
{
    struct dw_authorization_request *request = walk->visit->request;

    (void)reterr;
    *ret_is_due = needs_login(walk->call, walk->visit, walk->login);
    if (*ret_is_due)
        return true;
    request->user_id = walk->login->user->id;
    request->session_id = walk->login->session->id;
    request->authenticated_at_s = walk->login->session->authenticated_at_s;
    return true;
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
        .organization = visit->request->organization,
        .is_asking = true,
    };

    *ret_terms = (struct dw_visit_terms){0};
    if (!dw_tenant_decide(call, &subjects, &ret_terms->api, &answer, reterr) ||
        !dw_scopes_either(answer.scopes,
                          answer.has_permissions ? answer.permissions : (struct dw_slices){0},
                          call->arena, &ret_terms->asked, reterr))
        return false;
    ret_terms->granted = answer.scopes;
    return dw_store_consent(call->tenant->store, user->id, visit->client->id,
                            visit->request->audience, visit->request->organization, call->arena,
                            &ret_terms->consent, reterr);
}

/* RFC 8252 section 8.6: who listens on a loopback port or opens a private-use scheme cannot be
 * known. So a code goes there only when a page of ours was seen on the way, which says so. */
static bool is_unseen(const struct dw_tenant_call *call, const struct dw_visit *visit)
{
    struct dw_slice uri = visit->request->redirect_uri;
    enum dw_tristate skips = visit->client->skips_callback_confirmation;

    if (skips == DW_TRUE || (skips == DW_UNSAID && call->settings->skips_callback_confirmation))
        return false;
    return dw_slice_is_empty(visit->state) &&
           (dw_redirect_uri_is_loopback(uri) || dw_redirect_uri_is_private_use(uri));
}

static bool needs_consent(const struct dw_tenant_call *call, const struct dw_visit *visit,
                          const struct dw_visit_terms *terms)
{
    return visit->request->prompts_consent || is_unseen(call, visit) ||
           dw_consent_is_needed(visit->client, terms->api, terms->asked, terms->consent);
}

static bool is_consent_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                           struct dw_error *reterr)
{
    if (!dw_visit_terms(walk->call, walk->visit, walk->login->user, walk->terms, reterr))
        return false;
    *ret_is_due = needs_consent(walk->call, walk->visit, walk->terms);
    return true;
}

/* RFC 8628 section 3.3: before anything else the user says that this is the device in front of
 * them.
 */
static bool is_device_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                          struct dw_error *reterr)
{
    const struct dw_authorization_request *request = walk->visit->request;

    (void)reterr;
    *ret_is_due = dw_decoupled_is_device(request->decoupled_id) && !request->is_confirmed;
    return true;
}

/* After the login: only the user who is asked may see what for. */
static bool is_ciba_due(const struct dw_visit_walk *walk, bool *ret_is_due, struct dw_error *reterr)
{
    const struct dw_authorization_request *request = walk->visit->request;

    (void)reterr;
    *ret_is_due = request->decoupled_id.len > 0 && !request->is_confirmed;
    return true;
}

/* Never due: a login by a connection that does not serve this application is refused. */
static bool is_connection_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                              struct dw_error *reterr)
{
    const struct dw_oauth_client *client = walk->visit->client;
    struct dw_slice wanted = walk->visit->request->connection;
    bool is_served = false;

    *ret_is_due = false;
    if (wanted.len > 0 && !dw_slice_eq(wanted, walk->login->user->connection))
        return dw_fail(reterr, DW_ACCESS_DENIED, "the login was by another connection");
    if (!dw_store_is_client_served(walk->call->tenant->store, client->id, client->is_first_party,
                                   walk->login->user->connection, &is_served, reterr))
        return false;
    return is_served || dw_fail(reterr, DW_ACCESS_DENIED, "the connection is not enabled");
}

/* In this order. A step sees what the steps before it have settled. */
static const struct dw_visit_step steps[] = {
    {"/u/device", is_device_due, DW_CONSENT_REQUIRED, "Consent required"},
    {DW_ORGANIZATION_PROMPT_PATH, dw_visit_is_organization_prompt_due, DW_INTERACTION_REQUIRED,
     "Interaction required"},
    {"/u/login", is_login_due, DW_LOGIN_REQUIRED, "Login required"},
    {"", is_connection_due, DW_ACCESS_DENIED, ""},
    {DW_MFA_PATH, dw_mfa_step_is_due, DW_INTERACTION_REQUIRED,
     "Multifactor authentication required"},
    {"/u/ciba", is_ciba_due, DW_CONSENT_REQUIRED, "Consent required"},
    {DW_ORGANIZATION_PICKER_PATH, dw_visit_is_organization_picker_due, DW_INTERACTION_REQUIRED,
     "Interaction required"},
    {"/u/consent", is_consent_due, DW_CONSENT_REQUIRED, "Consent required"},
};

/* The login step begins with the page the client has asked for. */
static const char *page_of(const struct dw_visit_step *step,
                           const struct dw_authorization_request *request)
{
    static const char *const first_pages[] = {
        [DW_SCREEN_LOGIN] = "/u/login",
        [DW_SCREEN_SIGNUP] = "/u/signup",
        [DW_SCREEN_RESET] = "/u/reset-password/request",
    };

    return step->is_due == is_login_due ? first_pages[request->first_screen] : step->path;
}

#define STEP_COUNT (sizeof steps / sizeof *steps)

/* The first step that is due, of the first `count`; NULL: none. */
static bool find_due(const struct dw_visit_walk *walk, size_t count,
                     const struct dw_visit_step **ret_step, struct dw_error *reterr)
{
    bool is_due = false;

    *ret_step = NULL;
    for (size_t i = 0; i < count && !*ret_step; i++) {
        if (!steps[i].is_due(walk, &is_due, reterr))
            return false;
        if (is_due)
            *ret_step = &steps[i];
    }
    return true;
}

bool dw_visit_has_come_to(struct dw_tenant_call *call, struct dw_visit *visit,
                          const struct dw_login *login, const char *path, bool *ret_has_come,
                          struct dw_error *reterr)
{
    struct dw_visit_terms terms;
    const struct dw_visit_walk walk = {call, visit, login, &terms};
    const struct dw_visit_step *due;
    size_t place = 0;

    while (place < STEP_COUNT && strcmp(steps[place].path, path) != 0)
        place++;
    if (!find_due(&walk, place, &due, reterr))
        return false;
    *ret_has_come = due == NULL;
    return !due || dw_visit_to_page(call, visit, due->path, reterr);
}

static bool take_step(struct dw_tenant_call *call, struct dw_visit *visit,
                      const struct dw_login *login, struct dw_error *reterr)
{
    struct dw_visit_terms terms = {0};
    const struct dw_visit_walk walk = {call, visit, login, &terms};
    const struct dw_visit_step *due;

    if (!find_due(&walk, STEP_COUNT, &due, reterr))
        return false;
    if (due && visit->request->prompts_none)
        return dw_fail(reterr, due->none_code, "%s", due->none_text);
    if (due)
        return dw_visit_to_page(call, visit, page_of(due, visit->request), reterr);
    return dw_visit_answer_code(call, visit, terms.granted, reterr);
}

bool dw_visit_go_on(struct dw_tenant_call *call, struct dw_visit *visit,
                    const struct dw_login *login, struct dw_error *reterr)
{
    struct dw_error error = {0};

    return take_step(call, visit, login, &error) ||
           dw_visit_answer_error(call, visit, &error, reterr);
}
