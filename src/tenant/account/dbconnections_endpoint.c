/* POST /dbconnections/signup and POST /dbconnections/change_password: Auth0's, for programs.
 * Whether an account exists shows in neither, unless the operator wants it to (flag
 * enable_public_signup_user_exists_error). */
#include "http/field.h"
#include "tenant/account/account_internal.h"
#include "tenant/endpoints_internal.h"

/* ---- what both need ---- */

static bool find_home(struct dw_tenant_call *call, const struct dw_form *form,
                      struct dw_oauth_client **ret_client, struct dw_account_home *ret_home,
                      struct dw_error *reterr)
{
    struct dw_slice client_id = dw_form_value(form, "client_id");
    struct dw_slice connection = dw_form_value(form, "connection");

    if (client_id.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "client_id is required");
    if (connection.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "connection is required");
    if (!dw_store_client(call->tenant->store, client_id, call->arena, ret_client, reterr))
        return false;
    if (!*ret_client)
        return dw_fail(reterr, DW_INVALID_REQUEST, "Unknown client: %.*s", DW_PRINT(client_id));
    call->client_id = (*ret_client)->id;
    if (!dw_account_home(call, connection, *ret_client, ret_home, reterr))
        return false;
    return ret_home->connection || dw_fail(reterr, DW_INVALID_REQUEST,
                                           "The connection does not exist or is not enabled "
                                           "for this client.");
}

static bool answer_error(struct dw_tenant_call *call, const char *code, struct dw_slice description,
                         struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "name", DW_LIT("BadRequestError"));
    dw_json_put_text(&json, "code", dw_slice_from_text(code));
    dw_json_put_text(&json, "description", description);
    dw_json_put_int(&json, "statusCode", 400);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 400, &out, reterr);
}

/* Auth0's answer to a refused password or sign-up, for the JSON endpoints. */
static bool answer_refusal(struct dw_tenant_call *call, const struct dw_account_home *home,
                           struct dw_secret password, const struct dw_account_refusal *refusal,
                           struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);

    switch (refusal->kind) {
    case DW_ACCOUNT_CLOSED:
        dw_buf_add(&out, DW_LIT("{\"error\":\"public signup is disabled\"}"));
        return dw_answer_json(call, 400, &out, reterr);
    case DW_ACCOUNT_PASSWORD:
        dw_password_problem_write(&home->policy, password, refusal->problem, &out);
        return dw_answer_json(call, 400, &out, reterr);
    case DW_ACCOUNT_EXISTS:
        if (call->settings->tells_user_exists)
            return answer_error(call, "user_exists", DW_LIT("The user already exists."), reterr);
        return answer_error(call, "invalid_signup", DW_LIT("Invalid sign up"), reterr);
    case DW_ACCOUNT_INVALID:
        return answer_error(call, "invalid_signup", dw_slice_from_text(refusal->error.message),
                            reterr);
    case DW_ACCOUNT_ACCEPTED:
    default:
        return dw_fail(reterr, DW_INTERNAL, "nothing was refused");
    }
}

/* ---- signing up ---- */

/* Only a JSON body has one; its text is what is kept. */
static bool read_metadata(struct dw_tenant_call *call, struct dw_slice *ret_json,
                          struct dw_error *reterr)
{
    const struct dw_json *document, *metadata;

    *ret_json = DW_LIT("{}");
    if (!dw_http_media_type_is(dw_http_field(call->fields, "content-type"), "application/json"))
        return true;
    if (!dw_json_parse(call->body, call->arena, &document, reterr))
        return false;
    metadata = dw_json_get(document, "user_metadata");
    if (!dw_signup_metadata_check(metadata, reterr))
        return false;
    if (metadata && metadata->type == DW_JSON_OBJECT)
        *ret_json = metadata->raw;
    return true;
}

static struct dw_user user_of(const struct dw_form *form)
{
    return (struct dw_user){
        .email = dw_slice_trim(dw_form_value(form, "email")),
        .username = dw_slice_trim(dw_form_value(form, "username")),
        .phone_number = dw_slice_trim(dw_form_value(form, "phone_number")),
        .given_name = dw_form_value(form, "given_name"),
        .family_name = dw_form_value(form, "family_name"),
        .name = dw_form_value(form, "name"),
        .nickname = dw_form_value(form, "nickname"),
        .picture = dw_form_value(form, "picture"),
    };
}

static void put_if(struct dw_json_writer *json, const char *name, struct dw_slice text)
{
    if (text.len > 0)
        dw_json_put_text(json, name, text);
}

static bool answer_user(struct dw_tenant_call *call, const struct dw_user *user,
                        const struct dw_form *form, struct dw_error *reterr)
{
    static const char *const names[] = {"given_name", "family_name", "name", "nickname", "picture"};
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);
    struct dw_slice id = user->id;

    (void)dw_slice_eat(&id, DW_LIT("auth0|"));
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "_id", id);
    put_if(&json, "email", user->email);
    put_if(&json, "username", user->username);
    if (user->email.len > 0)
        dw_json_put_bool(&json, "email_verified", user->is_email_verified);
    put_if(&json, "phone_number", user->phone_number);
    if (user->phone_number.len > 0)
        dw_json_put_bool(&json, "phone_verified", user->is_phone_verified);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_if(&json, names[i], dw_form_value(form, names[i]));
    if (!dw_slice_eq(user->user_metadata_json, DW_LIT("{}")))
        dw_json_put_raw(&json, "user_metadata", user->user_metadata_json);
    dw_json_write_object_end(&json);
    return dw_answer_json(call, 200, &out, reterr);
}

bool dw_endpoint_signup(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_oauth_client *client;
    struct dw_account_home home;
    struct dw_account_refusal refusal;
    struct dw_user *user;
    struct dw_sign_up sign_up = {.home = &home};

    if (!dw_call_parameters(call, &form, reterr) || !find_home(call, &form, &client, &home, reterr))
        return false;
    sign_up.client = client;
    sign_up.user = user_of(&form);
    sign_up.password = dw_secret_from(dw_form_value(&form, "password"));
    if (sign_up.password.hidden.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "password is required");
    if (home.rules.confirms_email && !dw_mail_check(call->tenant, reterr))
        return false; /* nobody could log in to it */
    if (!read_metadata(call, &sign_up.user.user_metadata_json, reterr) ||
        !dw_account_sign_up(call, &sign_up, &user, &refusal, reterr))
        return false;
    return refusal.kind == DW_ACCOUNT_ACCEPTED
               ? answer_user(call, user, &form, reterr)
               : answer_refusal(call, &home, sign_up.password, &refusal, reterr);
}

/* ---- a new password ---- */

bool dw_endpoint_change_password(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_form form;
    struct dw_oauth_client *client;
    struct dw_account_home home;
    struct dw_slice email;

    if (!dw_call_parameters(call, &form, reterr) || !find_home(call, &form, &client, &home, reterr))
        return false;
    email = dw_slice_trim(dw_form_value(&form, "email"));
    if (email.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "email is required");
    if (!dw_mail_check(call->tenant, reterr) ||
        !dw_account_mail_password_link(call, &home, client, email, reterr))
        return false;
    call->status = 200;
    call->answer = DW_LIT("We've just sent you an email to reset your password.");
    return dw_answer_field(call, "Content-Security-Policy", DW_LIT("default-src 'none'"), reterr) &&
           dw_answer_field(call, "Content-Type", DW_LIT("text/html; charset=utf-8"), reterr);
}
