/* The authorization request, and the answer to it. */
#include "oauth/authorization_request.h"

#include "base/text.h"
#include "http/url.h"
#include "oauth/allowed_url.h"
#include "oauth/client_authentication.h"
#include "oauth/dpop.h"
#include "oauth/pkce.h"
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"

#define AUDIENCE_MAX_BYTES 2048
#define HINT_MAX_BYTES 512
#define MAX_AGE_MAX_S (10 * 365 * 86400)

/* --- steps 1 and 2: errors that are not redirected ---------------------------------------------
 */

bool dw_authorization_request_client_id(const struct dw_form *form, struct dw_slice *ret_client_id,
                                        struct dw_error *reterr)
{
    /* Without certainty about these there is no safe place to send an error to. */
    static const char *const once[] = {"client_id", "redirect_uri", "state", "response_mode",
                                       "response_type"};
    struct dw_slice client_id = dw_form_value(form, "client_id");

    for (size_t at = 0; at < sizeof once / sizeof *once; at++)
        if (dw_form_count(form, once[at]) > 1) /* RFC 6749 3.1 MUST NOT */
            return dw_fail(reterr, DW_INVALID_REQUEST, "the parameter %s is there twice", once[at]);
    if (client_id.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: client_id");
    if (client_id.len > DW_CLIENT_ID_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "client_id is too long");
    *ret_client_id = client_id;
    return true;
}

/* OAuth 2.0 Multiple Response Type Encoding Practices section 5: what would answer with a token
 * answers in the fragment, errors too. We refuse those types, but where the client listens. */
static enum dw_response_mode standard_mode(struct dw_slice response_type)
{
    struct dw_slice name;

    while (dw_slice_split(&response_type, ' ', &name))
        if (dw_slice_eq(name, DW_LIT("token")) || dw_slice_eq(name, DW_LIT("id_token")))
            return DW_RESPONSE_FRAGMENT;
    return DW_RESPONSE_QUERY;
}

/* An unknown mode is answered as if there were none; step 3 says that it is unknown. A message goes
 * to an exact origin, which the operator has to have named. */
static bool start_mode(const struct dw_form *form, const struct dw_oauth_client *client,
                       struct dw_authorization_request *request, struct dw_error *reterr)
{
    struct dw_slice uri = request->redirect_uri;

    request->response_mode = standard_mode(dw_form_value(form, "response_type"));
    dw_response_mode_from(dw_form_value(form, "response_mode"), &request->response_mode);
    return request->response_mode != DW_RESPONSE_WEB_MESSAGE ||
           dw_allowed_origin(client->web_origins, uri) ||
           dw_fail(reterr, DW_INVALID_REQUEST,
                   "The specified redirect_uri '%.*s' does not have a registered origin.",
                   (int)(uri.len > 80 ? 80 : uri.len), uri.ptr);
}

bool dw_authorization_request_start(const struct dw_form *form,
                                    const struct dw_oauth_client *client,
                                    struct dw_authorization_request *ret_request,
                                    struct dw_error *reterr)
{
    struct dw_slice client_id = dw_form_value(form, "client_id");
    struct dw_slice redirect_uri = dw_form_value(form, "redirect_uri");
    struct dw_slice state = dw_form_value(form, "state");

    *ret_request = (struct dw_authorization_request){.max_age_s = -1};
    if (!client)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Unknown client: %.*s",
                       (int)(client_id.len > 80 ? 80 : client_id.len),
                       client_id.ptr ? client_id.ptr : "");
    if (state.len > DW_STATE_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "state has over %d bytes", DW_STATE_MAX_BYTES);
    if (!dw_redirect_uri_choose(client, redirect_uri, &ret_request->redirect_uri, reterr))
        return false;
    ret_request->client_id = client->id;
    ret_request->has_redirect_uri = redirect_uri.len > 0;
    ret_request->oauth_state = state.ptr ? state : DW_EMPTY;
    ret_request->has_state = state.ptr != NULL;
    return start_mode(form, client, ret_request, reterr);
}

/* --- step 3: errors that are redirected --------------------------------------------------------
 */

static bool fill_response(const struct dw_form *form, const struct dw_oauth_client *client,
                          struct dw_error *reterr)
{
    struct dw_slice type = dw_form_value(form, "response_type");
    struct dw_slice mode = dw_form_value(form, "response_mode");
    enum dw_response_mode known;

    if (type.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: response_type");
    if (!dw_slice_eq(type, DW_LIT("code"))) /* OAuth 2.1: no implicit, no hybrid */
        return dw_fail(reterr, DW_UNSUPPORTED_RESPONSE, "response_type must be code");
    if (mode.len && !dw_response_mode_from(mode, &known))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "response_mode must be query, fragment, form_post or web_message");
    if (!dw_slices_have(client->grant_types, DW_LIT("authorization_code")))
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Grant type 'authorization_code' not allowed for the client.");
    return true;
}

static bool fill_prompt(const struct dw_form *form, struct dw_authorization_request *request,
                        struct dw_error *reterr)
{
    struct dw_slice rest = dw_form_value(form, "prompt");
    struct dw_slice name;
    bool prompts_create = false;
    const struct {
        const char *name;
        bool *flag;
    } prompts[] = {{"none", &request->prompts_none},
                   {"login", &request->prompts_login},
                   {"consent", &request->prompts_consent},
                   {"select_account", &request->prompts_select_account},
                   {"create", &prompts_create}};

    while (dw_slice_split(&rest, ' ', &name)) {
        bool is_known = name.len == 0;

        for (size_t at = 0; at < sizeof prompts / sizeof *prompts; at++)
            if (dw_slice_eq(name, dw_slice_from_text(prompts[at].name)))
                is_known = *prompts[at].flag = true;
        if (!is_known)
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "prompt must be none, login, consent, select_account or create");
    }
    /* OpenID Connect Core 3.1.2.1: none with another value is an error. */
    if (request->prompts_none && (request->prompts_login || request->prompts_consent ||
                                  request->prompts_select_account || prompts_create))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "prompt=none cannot have other values beside it");
    if (prompts_create) { /* Initiating User Registration via OpenID Connect 1.0, section 4.1 */
        request->first_screen = DW_SCREEN_SIGNUP;
        request->prompts_login = true;
    }
    return true;
}

/* Auth0's; a value we do not know is no reason to keep somebody from logging in. */
static void fill_screen(const struct dw_form *form, struct dw_authorization_request *request)
{
    struct dw_slice hint = dw_form_value(form, "screen_hint");

    if (dw_slice_eq(hint, DW_LIT("signup")))
        request->first_screen = DW_SCREEN_SIGNUP;
    else if (dw_slice_eq(hint, DW_LIT("reset")) || dw_slice_eq(hint, DW_LIT("reset-password")))
        request->first_screen = DW_SCREEN_RESET;
}

static bool fill_text(const struct dw_form *form, const char *name, size_t max_bytes,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_slice text = dw_form_value(form, name);

    if (text.len > max_bytes)
        return dw_fail(reterr, DW_INVALID_REQUEST, "%s has over %zu bytes", name, max_bytes);
    *ret_text = text.ptr ? text : DW_EMPTY;
    return true;
}

/* OpenID Connect Core 3.1.2.1: a wish, so what is not known here is passed over. */
static bool fill_acr_values(const struct dw_form *form, struct dw_authorization_request *request,
                            struct dw_error *reterr)
{
    struct dw_slice rest, value;

    if (!fill_text(form, "acr_values", HINT_MAX_BYTES, &rest, reterr))
        return false;
    while (dw_slice_split(&rest, ' ', &value))
        request->wants_mfa = request->wants_mfa || dw_slice_eq(value, DW_LIT(DW_ACR_MULTI_FACTOR));
    return true;
}

static bool fill_max_age(const struct dw_form *form, struct dw_authorization_request *request,
                         struct dw_error *reterr)
{
    struct dw_slice text = dw_form_value(form, "max_age");

    if (text.len == 0)
        return true;
    if (!dw_text_to_int(text, &request->max_age_s) || request->max_age_s < 0 ||
        request->max_age_s > MAX_AGE_MAX_S)
        return dw_fail(reterr, DW_INVALID_REQUEST, "max_age must be a number of seconds");
    return true;
}

/* A request that names no scope gets those the client is registered with (RFC 6749 3.3). */
static bool fill_scopes(const struct dw_form *form, const struct dw_oauth_client *client,
                        struct dw_arena *arena, struct dw_authorization_request *request,
                        struct dw_error *reterr)
{
    if (!dw_scopes_parse(dw_form_value(form, "scope"), arena, &request->scopes, reterr))
        return false;
    if (request->scopes.count == 0)
        request->scopes = client->scopes;
    return true;
}

/* OpenID Connect Core 6: request objects are not taken here, and must not be passed over. */
static bool refuse_request_object(const struct dw_form *form, struct dw_error *reterr)
{
    if (dw_form_value(form, "request").ptr)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the parameter request is not supported");
    if (dw_form_value(form, "request_uri").ptr)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the parameter request_uri is not supported");
    return true;
}

bool dw_authorization_details_check(const struct dw_form *form, struct dw_error *reterr)
{
    struct dw_slice details = dw_slice_trim(dw_form_value(form, "authorization_details"));

    return details.len == 0 || dw_slice_eq(details, DW_LIT("[]")) ||
           dw_fail(reterr, DW_INVALID_AUTHORIZATION_DETAILS,
                   "authorization_details has a type that no API is registered with");
}

/* RFC 9700 2.1.1: a must for public clients, and here for whoever is not ours; an application of
 * our own that proves itself at the token endpoint may do without, as at Auth0. Such a one may also
 * leave the method out: that it is S256 then is never weaker than the `plain` of RFC 7636 4.3. */
static bool fill_challenge(const struct dw_form *form, const struct dw_oauth_client *client,
                           struct dw_authorization_request *request, struct dw_error *reterr)
{
    struct dw_slice challenge = dw_form_value(form, "code_challenge");
    struct dw_slice method = dw_form_value(form, "code_challenge_method");
    bool is_free = client->is_first_party && client->auth_method != DW_CLIENT_AUTH_NONE;

    request->code_challenge = challenge;
    if (is_free && challenge.len == 0 && method.len == 0)
        return true;
    if (is_free && method.len == 0)
        method = DW_LIT("S256");
    return dw_pkce_check_challenge(challenge, method, reterr);
}

static const struct dw_slice repeatable = {"resource", 8};

bool dw_authorization_request_check_pushed(const struct dw_form *form,
                                           const struct dw_oauth_client *client,
                                           struct dw_error *reterr)
{
    return dw_form_check_doubles(form, (struct dw_slices){&repeatable, 1}, reterr) &&
           refuse_request_object(form, reterr) && fill_response(form, client, reterr) &&
           dw_authorization_details_check(form, reterr);
}

/* RFC 9449 section 10: the key that must redeem the code. */
static bool fill_key(const struct dw_form *form, struct dw_authorization_request *request,
                     struct dw_error *reterr)
{
    struct dw_slice jkt = dw_form_value(form, "dpop_jkt");

    if (jkt.ptr && !dw_dpop_is_jkt(jkt))
        return dw_fail(reterr, DW_INVALID_REQUEST, "dpop_jkt must be a SHA-256 JWK thumbprint");
    request->dpop_jkt = jkt.ptr ? jkt : DW_EMPTY;
    return true;
}

bool dw_authorization_request_fill(const struct dw_form *form, const struct dw_oauth_client *client,
                                   const struct dw_tenant_settings *settings,
                                   struct dw_arena *arena, struct dw_authorization_request *request,
                                   struct dw_error *reterr)
{
    if (!dw_form_check_doubles(form, (struct dw_slices){&repeatable, 1}, reterr) ||
        !refuse_request_object(form, reterr) || !fill_response(form, client, reterr) ||
        !fill_challenge(form, client, request, reterr) ||
        !dw_authorization_details_check(form, reterr))
        return false;
    fill_screen(form, request);
    return fill_scopes(form, client, arena, request, reterr) &&
           dw_audience_choose(form, settings, &request->audience, reterr) &&
           fill_prompt(form, request, reterr) && fill_max_age(form, request, reterr) &&
           fill_key(form, request, reterr) &&
           fill_text(form, "nonce", DW_NONCE_MAX_BYTES, &request->oidc_nonce, reterr) &&
           fill_text(form, "login_hint", HINT_MAX_BYTES, &request->login_hint, reterr) &&
           fill_text(form, "ui_locales", HINT_MAX_BYTES, &request->ui_locales, reterr) &&
           fill_text(form, "connection", HINT_MAX_BYTES, &request->connection, reterr) &&
           fill_text(form, "organization", HINT_MAX_BYTES, &request->organization, reterr) &&
           fill_acr_values(form, request, reterr);
}

/* RFC 8707 2: an absolute URI without a fragment. One API a token: several `resource` parameters
 * must be the same. */
static bool read_resource(const struct dw_form *form, struct dw_slice *ret_resource,
                          struct dw_error *reterr)
{
    struct dw_url url;
    struct dw_error ignored;

    *ret_resource = DW_EMPTY;
    for (size_t at = 0; at < form->count; at++) {
        struct dw_slice value = form->items[at].value;

        if (!dw_slice_eq(form->items[at].name, DW_LIT("resource")))
            continue;
        if (value.len > AUDIENCE_MAX_BYTES || !dw_url_parse(value, &url, &ignored) ||
            url.has_fragment)
            return dw_fail(reterr, DW_INVALID_TARGET,
                           "resource must be an absolute URI without a fragment");
        if (ret_resource->len && !dw_slice_eq(*ret_resource, value))
            return dw_fail(reterr, DW_INVALID_TARGET,
                           "only one resource can be asked for at a time");
        *ret_resource = value;
    }
    return true;
}

bool dw_audience_choose(const struct dw_form *form, const struct dw_tenant_settings *settings,
                        struct dw_slice *ret_audience, struct dw_error *reterr)
{
    struct dw_slice audience = dw_form_value(form, "audience");

    if (audience.len > AUDIENCE_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_TARGET, "audience is too long");
    /* Auth0's compatibility profile: `audience` wins, whatever `resource` says. */
    if (audience.len == 0 && settings->resource_profile == DW_RESOURCE_COMPATIBILITY &&
        !read_resource(form, &audience, reterr))
        return false;
    *ret_audience = audience.len ? audience : settings->default_audience;
    return true;
}

/* --- the answer --------------------------------------------------------------------------------
 */

static void add(struct dw_authorization_response *response, const char *name, struct dw_slice value)
{
    response->fields[response->count++] = (struct dw_form_field){dw_slice_from_text(name), value};
}

void dw_authorization_response_make(const struct dw_authorization_request *request,
                                    struct dw_slice code, const struct dw_error *error,
                                    struct dw_slice issuer,
                                    struct dw_authorization_response *ret_response)
{
    *ret_response = (struct dw_authorization_response){.count = 0};
    if (error) {
        const struct dw_code_row *row = dw_code_row(error->code);

        add(ret_response, "error",
            dw_slice_from_text(row->oauth_error ? row->oauth_error : "server_error"));
        add(ret_response, "error_description",
            dw_slice_from_text(error->message[0] ? error->message : row->text));
    } else {
        add(ret_response, "code", code);
    }
    if (request->has_state)
        add(ret_response, "state", request->oauth_state);
    if (issuer.len) /* RFC 9207 2: also in errors */
        add(ret_response, "iss", issuer);
}

bool dw_authorization_response_url(const struct dw_authorization_request *request,
                                   const struct dw_authorization_response *response,
                                   struct dw_arena *arena, struct dw_slice *ret_url,
                                   struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_buf fragment = dw_buf_in(arena);
    bool is_fragment = request->response_mode == DW_RESPONSE_FRAGMENT;
    struct dw_slice text;

    dw_buf_add(&buf, request->redirect_uri);
    for (size_t at = 0; at < response->count; at++)
        if (is_fragment)
            dw_form_add(&fragment, response->fields[at].name, response->fields[at].value);
        else
            dw_form_add_to_url(&buf, response->fields[at].name, response->fields[at].value);
    if (!is_fragment)
        return dw_buf_finish(&buf, ret_url, reterr);
    if (!dw_buf_finish(&fragment, &text, reterr))
        return false;
    dw_buf_add_byte(&buf, '#');
    dw_buf_add(&buf, text);
    return dw_buf_finish(&buf, ret_url, reterr);
}
