/* GET and POST /u/passwordless/link: a link out of a mail. It first asks, because mail scanners
 * open links; the button ends it, in the browser that shows it. A link that was sent from our own
 * pages goes on in the browser it began in and in no other; one of the API begins a visit of its
 * own, with what the application asked for then, and answers to a redirect URI of that application.
 * Somebody may have sent his own link to somebody else, so the page says whose login it is. */
#include "base/text.h"
#include "oauth/authorization_request.h"
#include "oauth/third_party.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/passwordless_link_internal.h"
#include "tenant/login/organization_internal.h"
#include "tenant/token/grants_internal.h"

#define PARAMETERS_MAX 24

/* The texts of the object as a form: what an authorization request is made of. Auth0: a code, to
 * the first of the application's callback URLs, unless it says otherwise. */
static bool form_of(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                    const struct dw_json *parameters, struct dw_form *ret_form,
                    struct dw_error *reterr)
{
    size_t members = parameters ? parameters->object.count : 0;
    struct dw_form_field *fields = dw_arena_new_array(call->arena, members + 3, sizeof *fields);
    size_t count = 0;

    if (!fields)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (members > PARAMETERS_MAX)
        return dw_fail(reterr, DW_INVALID_REQUEST, "authParams has over %d members",
                       PARAMETERS_MAX);
    for (size_t i = 0; i < members; i++) {
        const struct dw_json_member *member = &parameters->object.members[i];

        if (member->value.type == DW_JSON_TEXT && !dw_slice_eq(member->key, DW_LIT("client_id")) &&
            !dw_slice_eq(member->key, DW_LIT("prompt")))
            fields[count++] = (struct dw_form_field){member->key, member->value.text};
    }
    fields[count++] = (struct dw_form_field){DW_LIT("client_id"), client->id};
    *ret_form = (struct dw_form){fields, count};
    if (dw_form_value(ret_form, "response_type").len == 0)
        fields[ret_form->count++] = (struct dw_form_field){DW_LIT("response_type"), DW_LIT("code")};
    if (dw_form_value(ret_form, "redirect_uri").len == 0 && client->redirect_uris.count > 0)
        fields[ret_form->count++] =
            (struct dw_form_field){DW_LIT("redirect_uri"), client->redirect_uris.items[0]};
    return true;
}

static bool make_visit(struct dw_tenant_call *call, struct dw_oauth_client *client,
                       const struct dw_json *parameters, struct dw_visit *ret_visit,
                       struct dw_error *reterr)
{
    struct dw_form form;

    *ret_visit = (struct dw_visit){
        .request = DW_ARENA_NEW(call->arena, struct dw_authorization_request),
        .client = client,
    };
    if (!ret_visit->request)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (client->requires_par || call->settings->requires_par) /* RFC 9126 section 6 */
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Pushed authorization requests are required: no link can stand for one.");
    /* The same judges as /authorize has. */
    return form_of(call, client, parameters, &form, reterr) &&
           dw_authorization_request_start(&form, client, ret_visit->request, reterr) &&
           dw_third_party_check_request(client, &form, reterr) &&
           dw_authorization_request_fill(&form, client, call->settings, call->arena,
                                         ret_visit->request, reterr) &&
           dw_tenant_settle_audience(call, &ret_visit->request->audience, reterr) &&
           dw_visit_organization_start(call, &form, ret_visit, reterr);
}

bool dw_passwordless_link_check(struct dw_tenant_call *call, struct dw_oauth_client *client,
                                const struct dw_json *parameters, struct dw_error *reterr)
{
    struct dw_visit visit;

    return make_visit(call, client, parameters, &visit, reterr);
}

/* --- the page --------------------------------------------------------------------------------- */

struct link {
    struct dw_slice token;
    bool is_unbound; /* of the API: any browser may open it */
    struct dw_visit visit;
    struct dw_passwordless passwordless;
};

static bool gone(struct dw_tenant_call *call, struct dw_error *reterr)
{
    call->error_key = "passwordless.gone";
    return dw_fail(reterr, DW_INVALID_REQUEST, "this link was used already, or it is too old");
}

/* Everything but using it. */
static bool open_link(struct dw_tenant_call *call, struct dw_slice token, struct link *ret_link,
                      struct dw_error *reterr)
{
    const struct dw_json *detail;
    struct dw_slice detail_json, visit;
    struct dw_oauth_client *client;
    bool is_good = false;

    *ret_link = (struct link){.token = token};
    if (!dw_otp_look_at_link(call, "passwordless-link", token, &is_good, &detail_json, reterr))
        return false;
    if (!is_good)
        return gone(call, reterr);
    if (!dw_json_parse(detail_json, call->arena, &detail, reterr) ||
        !dw_store_client(call->tenant->store, dw_json_text(detail, "client_id"), call->arena,
                         &client, reterr))
        return false;
    if (!client)
        return gone(call, reterr);
    call->client_id = client->id;
    visit = dw_json_text(detail, "visit");
    ret_link->is_unbound = visit.len == 0;
    if (ret_link->is_unbound && !call->settings->allows_unbound_links) {
        call->error_key = "passwordless.other_browser";
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "The link must be opened on the same device and browser. "
                       "universal_login.passwordless.allow_magiclink_verify_without_session of "
                       "the tenant's settings lets links of the API work.");
    }
    return (visit.len > 0 ? dw_visit_load(call, visit, &ret_link->visit, reterr)
                          : make_visit(call, client, dw_json_get(detail, "parameters"),
                                       &ret_link->visit, reterr)) &&
           dw_passwordless_open(call, dw_json_text(detail, "connection"), DW_STRATEGY_EMAIL, client,
                                dw_json_text(detail, "address"), &ret_link->passwordless, reterr);
}

/* What the form of this browser's page carries, and no other page knows. */
static bool confirmation(struct dw_tenant_call *call, struct dw_slice browser_id,
                         struct dw_slice token, struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_slice parts[] = {browser_id, token};
    struct dw_slice mac;

    if (!dw_otp_mac(call, "passwordless-link-page", (struct dw_slices){parts, 2}, &mac, reterr))
        return false;
    *ret_text = dw_text_base64url(call->arena, mac);
    return ret_text->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool show(struct dw_tenant_call *call, const struct link *link, int status,
                 struct dw_error *reterr)
{
    struct dw_login login;
    struct dw_slice browser_id, confirm, other = DW_EMPTY;

    if (!dw_browser_bind(call, &browser_id, reterr) ||
        !confirmation(call, browser_id, link->token, &confirm, reterr) ||
        !dw_login_find(call, &login, reterr))
        return false;
    if (login.user && !dw_slice_eq(login.user->id, link->passwordless.user_id))
        other = login.user->email.len > 0 ? login.user->email : login.user->name;
    struct dw_html_field fields[] = {
        {.name = "client_name", .text = dw_visit_client_name(&link->visit)},
        {.name = "token", .text = link->token},
        {.name = "confirm", .text = confirm},
        {.name = "username", .text = link->passwordless.address},
        {.name = "is_unbound", .text = link->is_unbound ? DW_LIT("yes") : DW_EMPTY},
        {.name = "other", .text = other},
    };
    return dw_answer_html(call, status, "passwordless_link", fields, sizeof fields / sizeof *fields,
                          link->visit.request->redirect_uri, reterr);
}

bool dw_endpoint_passwordless_link_page(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct link link;

    return dw_form_parse(call->query, call->arena, &form, reterr) &&
           open_link(call, dw_form_value(&form, "token"), &link, reterr) &&
           show(call, &link, 200, reterr);
}

static bool is_confirmed(struct dw_tenant_call *call, const struct dw_form *form,
                         const struct link *link, bool *ret_is_confirmed, struct dw_error *reterr)
{
    struct dw_slice browser_id = dw_browser_id(call);
    struct dw_slice expected;

    *ret_is_confirmed = false;
    if (browser_id.len == 0)
        return true;
    if (!confirmation(call, browser_id, link->token, &expected, reterr))
        return false;
    *ret_is_confirmed =
        dw_secret_eq(dw_secret_from(dw_form_value(form, "confirm")), dw_secret_from(expected));
    return true;
}

static bool finish(struct dw_tenant_call *call, struct link *link, struct dw_error *reterr)
{
    struct dw_login login;
    struct dw_user *user;
    struct dw_slice detail;
    bool is_good = false;

    if (!dw_otp_use_link(call, "passwordless-link", link->token, &is_good, &detail, reterr))
        return false;
    if (!is_good)
        return gone(call, reterr);
    if (!dw_passwordless_log_in(call, &link->passwordless, &user, reterr) ||
        !dw_login_start(call, user, &login, reterr))
        return false;
    if (link->is_unbound)
        dw_visit_distrust(&link->visit);
    link->visit.request->user_id = user->id;
    link->visit.request->session_id = login.session->id;
    link->visit.request->authenticated_at_s = call->now_s;
    return dw_visit_go_on(call, &link->visit, &login, reterr);
}

bool dw_endpoint_passwordless_link(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct link link;
    bool is_sure = false;

    if (!dw_call_form(call, &form, reterr) ||
        !open_link(call, dw_form_value(&form, "token"), &link, reterr) ||
        !is_confirmed(call, &form, &link, &is_sure, reterr))
        return false;
    return is_sure ? finish(call, &link, reterr) : show(call, &link, 400, reterr);
}
