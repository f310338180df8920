/* The token request: one form, whatever its media type, and what each grant needs of it. */
#include "oauth/token_request.h"

#include "http/field.h"
#include "oauth/authorization_request.h"
#include "oauth/scope.h"
#include "json/json.h"

static const char *const grant_type_names[] = {
    [DW_GRANT_UNSET] = "",
    [DW_GRANT_AUTHORIZATION_CODE] = "authorization_code",
    [DW_GRANT_REFRESH_TOKEN] = "refresh_token",
    [DW_GRANT_CLIENT_CREDENTIALS] = "client_credentials",
    [DW_GRANT_PASSWORD] = "password",
    [DW_GRANT_PASSWORD_REALM] = "http://auth0.com/oauth/grant-type/password-realm",
    [DW_GRANT_TOKEN_EXCHANGE] = "urn:ietf:params:oauth:grant-type:token-exchange",
    [DW_GRANT_JWT_BEARER] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    [DW_GRANT_DEVICE_CODE] = "urn:ietf:params:oauth:grant-type:device_code",
    [DW_GRANT_CIBA] = "urn:openid:params:grant-type:ciba",
    [DW_GRANT_MFA_OTP] = "http://auth0.com/oauth/grant-type/mfa-otp",
    [DW_GRANT_MFA_OOB] = "http://auth0.com/oauth/grant-type/mfa-oob",
    [DW_GRANT_MFA_RECOVERY_CODE] = "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    [DW_GRANT_PASSWORDLESS_OTP] = "http://auth0.com/oauth/grant-type/passwordless/otp",
    [DW_GRANT_TYPE_COUNT] = NULL,
};

const char *dw_grant_type_name(enum dw_grant_type type)
{
    return (unsigned)type < DW_GRANT_TYPE_COUNT ? grant_type_names[type] : "";
}

enum dw_grant_type dw_grant_type_from(struct dw_slice name)
{
    unsigned member = DW_GRANT_UNSET;

    return dw_enum_from(grant_type_names, name, &member) ? (enum dw_grant_type)member
                                                         : DW_GRANT_UNSET;
}

/* --- the body ----------------------------------------------------------------------------------
 */

/* The fields that a member of the JSON object makes: one for a plain value, one for each text of
 * "resource", one for the list "authorization_details" as it is written (RFC 9396), none for the
 * rest. Writes them when `fields` is not NULL. */
static size_t member_fields(const struct dw_json_member *member, struct dw_form_field *fields)
{
    size_t count = 0;

    switch (member->value.type) {
    case DW_JSON_TEXT:
        if (fields)
            fields[0] = (struct dw_form_field){member->key, member->value.text};
        return 1;
    case DW_JSON_INT:
    case DW_JSON_DOUBLE:
    case DW_JSON_BOOL:
        if (fields)
            fields[0] = (struct dw_form_field){member->key, member->value.raw};
        return 1;
    case DW_JSON_ARRAY:
        if (dw_slice_eq(member->key, DW_LIT("authorization_details"))) {
            if (fields)
                fields[0] = (struct dw_form_field){member->key, member->value.raw};
            return 1;
        }
        if (!dw_slice_eq(member->key, DW_LIT("resource")))
            return 0;
        for (size_t at = 0; at < member->value.array.count; at++)
            if (member->value.array.items[at].type == DW_JSON_TEXT) {
                if (fields)
                    fields[count] =
                        (struct dw_form_field){member->key, member->value.array.items[at].text};
                count++;
            }
        return count;
    case DW_JSON_NULL:
    case DW_JSON_OBJECT:
    default:
        return 0;
    }
}

static bool form_from_json(struct dw_slice body, struct dw_arena *arena, struct dw_form *ret_form,
                           struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_form_field *fields;
    struct dw_error error = {0};
    size_t count = 0;

    if (!dw_json_parse(body, arena, &document, &error)) {
        if (error.code == DW_MALFORMED)
            return dw_fail(reterr, DW_INVALID_REQUEST, "the JSON body is broken: %s",
                           error.message);
        *reterr = error;
        return false;
    }
    if (document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the JSON body must be an object");
    for (size_t at = 0; at < document->object.count; at++)
        count += member_fields(&document->object.members[at], NULL);
    if (count > DW_FORM_MAX_FIELDS)
        return dw_fail(reterr, DW_INVALID_REQUEST, "over %d parameters", DW_FORM_MAX_FIELDS);
    fields = dw_arena_new_array(arena, count + 1, sizeof *fields);
    if (!fields)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *ret_form = (struct dw_form){fields, count};
    for (size_t at = 0; at < document->object.count; at++)
        fields += member_fields(&document->object.members[at], fields);
    return true;
}

bool dw_token_form_parse(struct dw_slice content_type, struct dw_slice body, struct dw_arena *arena,
                         struct dw_form *ret_form, struct dw_error *reterr)
{
    if (dw_http_media_type_is(content_type, "application/x-www-form-urlencoded"))
        return dw_form_parse(body, arena, ret_form, reterr);
    if (dw_http_media_type_is(content_type, "application/json"))
        return form_from_json(body, arena, ret_form, reterr);
    return dw_fail(reterr, DW_UNSUPPORTED_MEDIA,
                   "Content-Type must be application/x-www-form-urlencoded or application/json");
}

/* --- the parameters ----------------------------------------------------------------------------
 */

static bool need(const struct dw_form *form, const char *name, struct dw_slice *ret_value,
                 struct dw_error *reterr)
{
    *ret_value = dw_form_value(form, name);
    return ret_value->len > 0 ||
           dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: %s", name);
}

static bool parse_mfa(const struct dw_form *form, const char *code_name,
                      struct dw_token_request *request, struct dw_error *reterr)
{
    return need(form, "mfa_token", &request->mfa_token.hidden, reterr) &&
           need(form, code_name, &request->otp.hidden, reterr);
}

static bool parse_grant(const struct dw_form *form, struct dw_token_request *request,
                        struct dw_error *reterr)
{
    switch (request->grant_type) {
    case DW_GRANT_AUTHORIZATION_CODE:
        request->redirect_uri = dw_form_value(form, "redirect_uri");
        request->has_redirect_uri = request->redirect_uri.len > 0;
        request->code_verifier = dw_secret_from(dw_form_value(form, "code_verifier"));
        return need(form, "code", &request->code.hidden, reterr);
    case DW_GRANT_REFRESH_TOKEN:
        return need(form, "refresh_token", &request->refresh_token.hidden, reterr);
    case DW_GRANT_CLIENT_CREDENTIALS:
        return true;
    case DW_GRANT_PASSWORD_REALM: /* auth0-python says it without a realm: the standard directory */
        request->realm = dw_form_value(form, "realm");
        return need(form, "username", &request->username, reterr) &&
               need(form, "password", &request->password.hidden, reterr);
    case DW_GRANT_PASSWORD:
        return need(form, "username", &request->username, reterr) &&
               need(form, "password", &request->password.hidden, reterr);
    case DW_GRANT_TOKEN_EXCHANGE:
        if (!need(form, "subject_token", &request->subject_token.hidden, reterr))
            return false;
        return need(form, "subject_token_type", &request->subject_token_type, reterr);
    case DW_GRANT_DEVICE_CODE:
        return need(form, "device_code", &request->poll_code.hidden, reterr);
    case DW_GRANT_CIBA:
        return need(form, "auth_req_id", &request->poll_code.hidden, reterr);
    case DW_GRANT_JWT_BEARER:
        return need(form, "assertion", &request->assertion.hidden, reterr);
    case DW_GRANT_MFA_OTP:
        return parse_mfa(form, "otp", request, reterr);
    case DW_GRANT_MFA_OOB: /* without binding_code: is it decided yet? */
        request->binding_code = dw_form_value(form, "binding_code");
        return parse_mfa(form, "oob_code", request, reterr);
    case DW_GRANT_MFA_RECOVERY_CODE:
        return parse_mfa(form, "recovery_code", request, reterr);
    case DW_GRANT_PASSWORDLESS_OTP:
        return need(form, "username", &request->username, reterr) &&
               need(form, "otp", &request->otp.hidden, reterr) &&
               need(form, "realm", &request->realm, reterr);
    case DW_GRANT_UNSET:
    case DW_GRANT_TYPE_COUNT:
    default:
        return dw_fail(reterr, DW_UNSUPPORTED_GRANT, "Unsupported grant type: %.*s",
                       DW_PRINT(dw_slice_sub(dw_form_value(form, "grant_type"), 0, 80)));
    }
}

bool dw_token_request_parse(const struct dw_form *form, const struct dw_tenant_settings *settings,
                            struct dw_arena *arena, struct dw_token_request *ret_request,
                            struct dw_error *reterr)
{
    static const struct dw_slice repeatable = {"resource", 8};
    struct dw_tenant_settings without_default = *settings;
    struct dw_slice grant_type;

    without_default.default_audience = DW_EMPTY;
    *ret_request = (struct dw_token_request){.form = form};
    if (!dw_form_check_doubles(form, (struct dw_slices){&repeatable, 1}, reterr) ||
        !need(form, "grant_type", &grant_type, reterr) ||
        !dw_authorization_details_check(form, reterr))
        return false;
    ret_request->grant_type = dw_grant_type_from(grant_type);
    if (!parse_grant(form, ret_request, reterr) ||
        !dw_scopes_parse(dw_form_value(form, "scope"), arena, &ret_request->scopes, reterr))
        return false;
    ret_request->has_scope = ret_request->scopes.count > 0;
    ret_request->organization = dw_form_value(form, "organization");
    return dw_audience_choose(form, &without_default, &ret_request->audience, reterr);
}

bool dw_token_request_check_grant(const struct dw_token_request *request,
                                  const struct dw_oauth_client *client, struct dw_error *reterr)
{
    const char *name = dw_grant_type_name(request->grant_type);

    /* Auth0: clients that may exchange tokens say so by token_exchange.allow_any_profile_of_type,
     * not by a grant type. */
    if (request->grant_type == DW_GRANT_TOKEN_EXCHANGE && client->token_exchange_types.count > 0)
        return true;
    /* Auth0: a client that may use `password` may use it with a realm. */
    if (dw_slices_have(client->grant_types, dw_slice_from_text(name)) ||
        (request->grant_type == DW_GRANT_PASSWORD_REALM &&
         dw_slices_have(client->grant_types, DW_LIT("password"))))
        return true;
    return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT, "Grant type '%s' not allowed for the client.",
                   name);
}
