/* The MFA API as Auth0 speaks it: POST /mfa/challenge and /mfa/associate, GET /mfa/authenticators,
 * DELETE /mfa/authenticators/{id}. Who asks shows an mfa_token, or an access token for the audience
 * ISSUER/mfa/; a password alone changes nothing that is enrolled. */
#include "http/field.h"
#include "http/url.h"
#include "oauth/bearer.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/clients_internal.h"
#include "tenant/endpoints_internal.h"
#include "tenant/factor/mfa_token_internal.h"

#define AUTHENTICATORS_PATH "/mfa/authenticators/"
#define CHALLENGE_TYPES_MAX_BYTES 100

/* --- who asks --------------------------------------------------------------------------------- */

/* The Authorization field's mfa_token or access token. */
static bool find_caller(struct dw_tenant_call *call, struct dw_slice client_id, const char *scope,
                        struct dw_mfa_caller *ret_caller, struct dw_error *reterr)
{
    struct dw_http_request request = {
        .method = call->method, .path = call->path, .query = call->query, .fields = call->fields};
    struct dw_slice token;

    return dw_bearer_find(&request, &token, reterr) &&
           dw_mfa_caller_find(call, token, client_id, scope, ret_caller, reterr);
}

/* Clients of Auth0 that hold an mfa_token send only their id to /mfa/challenge and /mfa/associate,
 * secret or not; the token is proof enough. Credentials that do come must be right. */
static bool check_client(struct dw_tenant_call *call, const struct dw_form *form,
                         struct dw_error *reterr)
{
    struct dw_http_fields all = call->fields;
    struct dw_slice authorization = dw_http_field(all, "authorization");
    struct dw_oauth_client *client;
    bool is_bearer = dw_slice_eat_nocase(&authorization, DW_LIT("Bearer "));
    bool is_right;

    if (dw_form_value(form, "client_secret").len == 0 &&
        dw_form_value(form, "client_assertion").len == 0 && (is_bearer || authorization.len == 0))
        return true;
    if (is_bearer) /* is the user's, not the client's */
        call->fields = (struct dw_http_fields){0};
    is_right = dw_client_authenticate(call, form, &client, reterr);
    call->fields = all;
    return is_right;
}

/* --- POST /mfa/challenge ---------------------------------------------------------------------- */

static const char *challenge_type(const struct dw_authenticator *authenticator)
{
    return authenticator->type == DW_AUTHENTICATOR_TOTP ? "otp" : "oob";
}

/* wanted: "otp oob", one of them, or empty for any. */
static bool is_wanted(struct dw_slice wanted, const struct dw_authenticator *authenticator)
{
    struct dw_slice name;

    if (wanted.len == 0)
        return true;
    while (dw_slice_split(&wanted, ' ', &name))
        if (dw_slice_eq(name, dw_slice_from_text(challenge_type(authenticator))))
            return true;
    return false;
}

static bool choose(const struct dw_mfa_state *state, struct dw_slice id, struct dw_slice wanted,
                   const struct dw_authenticator **ret_authenticator, struct dw_error *reterr)
{
    static const enum dw_authenticator_type order[] = {
        DW_AUTHENTICATOR_TOTP, DW_AUTHENTICATOR_EMAIL, DW_AUTHENTICATOR_SMS};
    const struct dw_authenticator *found = NULL;

    if (!state->is_enrolled)
        return dw_fail(reterr, DW_UNSUPPORTED_CHALLENGE,
                       "User is not enrolled. You can use /mfa/associate to enroll the user.");
    if (id.len > 0) {
        found = dw_mfa_by_id(state, id);
        if (!found)
            return dw_fail(reterr, DW_INVALID_REQUEST, "Invalid authenticator_id");
    }
    for (size_t i = 0; !found && i < sizeof order / sizeof *order; i++) {
        found = dw_mfa_find(state->authenticators, state->count, &state->settings, order[i]);
        if (found && !is_wanted(wanted, found))
            found = NULL;
    }
    if (!found || found->type == DW_AUTHENTICATOR_RECOVERY_CODE || !is_wanted(wanted, found))
        return dw_fail(reterr, DW_UNSUPPORTED_CHALLENGE,
                       "The user does not support any of the requested challenge types.");
    *ret_authenticator = found;
    return true;
}

static bool send_code(struct dw_tenant_call *call, const struct dw_mfa_caller *caller,
                      const struct dw_authenticator *authenticator, struct dw_slice *ret_oob_code,
                      struct dw_error *reterr)
{
    struct dw_oauth_client *client;
    struct dw_slice subject;

    *ret_oob_code = dw_tenant_random_text(call->arena, "", 32);
    if (!ret_oob_code->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    subject = dw_mfa_token_subject(call, caller->transaction, *ret_oob_code);
    if (!subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_store_client(call->tenant->store, call->client_id, call->arena, &client, reterr) &&
           dw_mfa_send_code(call, &caller->state, authenticator, subject,
                            dw_mail_client_name(client), reterr);
}

bool dw_endpoint_mfa_challenge(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_mfa_caller caller = {0};
    const struct dw_authenticator *authenticator = NULL;
    struct dw_form form;
    struct dw_slice wanted, oob_code = DW_EMPTY;
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    if (!dw_call_parameters(call, &form, reterr) || !check_client(call, &form, reterr))
        return false;
    if (dw_form_value(&form, "mfa_token").len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: mfa_token");
    wanted = dw_slice_sub(dw_form_value(&form, "challenge_type"), 0, CHALLENGE_TYPES_MAX_BYTES);
    if (!dw_mfa_caller_find(call, dw_form_value(&form, "mfa_token"),
                            dw_form_value(&form, "client_id"), "enroll", &caller, reterr) ||
        !choose(&caller.state, dw_form_value(&form, "authenticator_id"), wanted, &authenticator,
                reterr) ||
        !authenticator)
        return false;
    if (dw_authenticator_is_oob(authenticator->type) &&
        !send_code(call, &caller, authenticator, &oob_code, reterr))
        return false;
    dw_audit(call, DW_AUDIT_GD_START_AUTH, .user = caller.state.user);
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "challenge_type", dw_slice_from_text(challenge_type(authenticator)));
    if (oob_code.len > 0) {
        dw_json_put_text(&json, "oob_code", oob_code);
        dw_json_put_text(&json, "binding_method", DW_LIT("prompt"));
    }
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

/* --- POST /mfa/associate ---------------------------------------------------------------------- */

/* The arrays of the body, which a form cannot have: ["otp"], ["oob"] with ["email"]. */
static bool read_wish(struct dw_tenant_call *call, const struct dw_mfa_caller *caller,
                      struct dw_mfa_enrol_terms *terms, struct dw_error *reterr)
{
    const struct dw_json *body;
    struct dw_slices types, channels;

    if (!dw_http_media_type_is(dw_http_field(call->fields, "content-type"), "application/json"))
        return dw_fail(reterr, DW_UNSUPPORTED_MEDIA, "Content-Type must be application/json");
    if (!dw_json_parse(call->body, call->arena, &body, reterr) ||
        !dw_json_texts(body, "authenticator_types", call->arena, &types, reterr) ||
        !dw_json_texts(body, "oob_channels", call->arena, &channels, reterr))
        return false;
    if (types.count == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "Missing required parameter: authenticator_types");
    terms->type = DW_AUTHENTICATOR_TOTP;
    if (dw_slices_have(types, DW_LIT("otp")))
        return true;
    if (dw_slices_have(types, DW_LIT("email"))) /* as some of Auth0's clients say it */
        channels = types;
    else if (!dw_slices_have(types, DW_LIT("oob")))
        return dw_fail(reterr, DW_INVALID_REQUEST, "authenticator_types must be otp or oob");
    if (channels.count == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: oob_channels");
    if (dw_slices_have(channels, DW_LIT("sms"))) {
        terms->type = DW_AUTHENTICATOR_SMS;
        terms->address = dw_json_text(body, "phone_number");
        return terms->address.len > 0 ||
               dw_fail(reterr, DW_INVALID_REQUEST, "Missing required parameter: phone_number");
    }
    if (!dw_slices_have(channels, DW_LIT("email")))
        return dw_fail(reterr, DW_INVALID_REQUEST, "oob_channels: sms and email are available");
    terms->type = DW_AUTHENTICATOR_EMAIL;
    terms->address = dw_json_text(body, "email");
    if (terms->address.len == 0)
        terms->address = caller->state.user->email;
    return true;
}

static void write_enrolment(const struct dw_mfa_enrolment *enrolment, struct dw_slice oob_code,
                            struct dw_buf *out)
{
    struct dw_json_writer json = dw_json_writer_to(out);
    bool is_totp = enrolment->record.type == DW_AUTHENTICATOR_TOTP;

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "authenticator_type", is_totp ? DW_LIT("otp") : DW_LIT("oob"));
    if (is_totp) {
        dw_json_put_text(&json, "secret", enrolment->secret_base32);
        dw_json_put_text(&json, "barcode_uri", enrolment->uri);
    } else {
        dw_json_put_text(&json, "binding_method", DW_LIT("prompt"));
    }
    if (enrolment->recovery_code.len > 0)
        dw_json_put_texts(&json, "recovery_codes",
                          (struct dw_slices){&enrolment->recovery_code, 1});
    if (!is_totp) {
        dw_json_put_text(&json, "oob_channel",
                         dw_slice_from_text(dw_mfa_factor_names[enrolment->record.type]));
        dw_json_put_text(&json, "oob_code", oob_code);
    }
    dw_json_write_object_end(&json);
}

bool dw_endpoint_mfa_associate(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_mfa_caller caller;
    struct dw_mfa_enrol_terms terms = {.with_recovery_code = true};
    struct dw_mfa_enrolment enrolment;
    struct dw_form form;
    struct dw_slice oob_code = DW_EMPTY;
    struct dw_buf out = dw_buf_in(call->arena);

    if (!dw_call_parameters(call, &form, reterr) || !check_client(call, &form, reterr) ||
        !find_caller(call, dw_form_value(&form, "client_id"), "enroll", &caller, reterr) ||
        !read_wish(call, &caller, &terms, reterr))
        return false;
    terms.rule = caller.rule;
    terms.enrolment_id = caller.transaction->enrolment_id;
    if (!dw_mfa_enrol(call, &caller.state, &terms, &enrolment, reterr))
        return false;
    if (dw_authenticator_is_oob(terms.type) &&
        !send_code(call, &caller, &enrolment.record, &oob_code, reterr))
        return false;
    write_enrolment(&enrolment, oob_code, &out);
    return dw_answer_json(call, 200, &out, reterr);
}

/* --- /mfa/authenticators ---------------------------------------------------------------------- */

bool dw_endpoint_mfa_authenticators(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_mfa_caller caller;
    struct dw_buf out = dw_buf_in(call->arena);

    if (!find_caller(call, DW_EMPTY, "read:authenticators", &caller, reterr))
        return false;
    dw_buf_add_byte(&out, '[');
    for (size_t i = 0; i < caller.state.count; i++) {
        if (i > 0)
            dw_buf_add_byte(&out, ',');
        /* Auth0's clients match `type` with the mfa_requirements that came with an mfa_token; the
         * recorded answer, which goes with an access token, has none. */
        dw_authenticator_write(&caller.state.authenticators[i], !caller.has_access_token, &out);
    }
    dw_buf_add_byte(&out, ']');
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_mfa_authenticator_delete(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_mfa_caller caller;
    struct dw_slice id = call->path;

    if (!find_caller(call, DW_EMPTY, "remove:authenticators", &caller, reterr))
        return false;
    if (!caller.has_access_token)
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE,
                       "an access token with the scope remove:authenticators is needed");
    (void)dw_slice_eat(&id, DW_LIT(AUTHENTICATORS_PATH));
    if (!dw_url_decode(id, call->arena, &id, reterr) ||
        !dw_store_delete_authenticator(call->tenant->store, caller.state.user->id, id, reterr))
        return false;
    dw_audit(call, DW_AUDIT_GD_UNENROLL, .user = caller.state.user);
    call->status = 204;
    return true;
}
