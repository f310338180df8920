/* Codes and links that are sent in place of a password; see passwordless_internal.h. */
#include "tenant/factor/passwordless_internal.h"

#include "base/text.h"
#include "oauth/identifier.h"
#include "tenant/account/mail_internal.h"
#include "tenant/audit_internal.h"

#define LIFETIME_MIN_S 60
#define LIFETIME_MAX_S 86400
#define LIFETIME_STANDARD_S 180
#define LINK_PURPOSE "passwordless-link"

/* --- opening ---------------------------------------------------------------------------------- */

static bool find(struct dw_tenant_call *call, struct dw_slice name, enum dw_strategy strategy,
                 const struct dw_oauth_client *client, struct dw_connection_record **ret_connection,
                 struct dw_error *reterr)
{
    struct dw_connection_record *all;
    size_t count;

    *ret_connection = NULL;
    if (!dw_store_connections_of_client(call->tenant->store, client->id, client->is_first_party,
                                        call->arena, &all, &count, reterr))
        return false;
    for (size_t i = 0; i < count && !*ret_connection; i++)
        if (all[i].strategy == strategy && (name.len == 0 || dw_slice_eq(all[i].name, name)))
            *ret_connection = &all[i];
    return true;
}

static bool check_address(struct dw_slice address, enum dw_strategy strategy,
                          struct dw_error *reterr)
{
    if (strategy == DW_STRATEGY_SMS)
        return dw_identifier_is_phone_number(address) ||
               dw_fail(reterr, DW_BAD_PHONE_NUMBER,
                       "error in phone_number - it must be E.164, as +14155550100: %.*s",
                       DW_PRINT(dw_slice_sub(address, 0, 40)));
    return dw_identifier_is_email(address) ||
           dw_fail(reterr, DW_BAD_EMAIL, "error in email - email format validation failed: %.*s",
                   DW_PRINT(dw_slice_sub(address, 0, 60)));
}

/* The id follows from the address, so that /passwordless/start can name it without looking whether
 * it is there. */
static bool name_user(struct dw_tenant_call *call, struct dw_passwordless *passwordless,
                      struct dw_error *reterr)
{
    struct dw_slice parts[] = {passwordless->connection->id, passwordless->address};
    struct dw_slice mac, hex;

    if (!dw_otp_mac(call, "passwordless-user", (struct dw_slices){parts, 2}, &mac, reterr))
        return false;
    hex = dw_text_hex(call->arena, dw_slice_sub(mac, 0, 12));
    if (hex.ptr)
        passwordless->user_id =
            dw_arena_printf(call->arena, "%s|%.*s",
                            dw_strategy_name(passwordless->connection->strategy), DW_PRINT(hex));
    return passwordless->user_id.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* A place is known while the row of its last login lives. */
static struct dw_rate known_place(const struct dw_passwordless *passwordless)
{
    return (struct dw_rate){.space = DW_LIT("passwordless_known"),
                            .key = passwordless->place,
                            .limit = 1,
                            .window_s = DW_PASSWORDLESS_KNOWN_S};
}

static bool choose_limits(struct dw_tenant_call *call, struct dw_passwordless *passwordless,
                          struct dw_error *reterr)
{
    struct dw_slice address;
    struct dw_rate known;
    bool is_new = true;

    if (!dw_tenant_rate_key(call, &address, reterr))
        return false;
    passwordless->place = dw_arena_printf(call->arena, "%.*s %.*s", DW_PRINT(passwordless->user_id),
                                          DW_PRINT(address));
    if (!passwordless->place.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    known = known_place(passwordless);
    if (!dw_store_rate_has_room(call->tenant->store, &known, call->now_s, &is_new, reterr))
        return false;
    passwordless->counted_by = is_new ? passwordless->user_id : passwordless->place;
    return true;
}

/* From now on, for as long as it says. */
static bool note_place(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                       struct dw_error *reterr)
{
    struct dw_rate known = known_place(passwordless);
    bool is_noted;

    return dw_store_rate_reset(call->tenant->store, known.space, known.key, reterr) &&
           dw_store_rate_take(call->tenant->store, &known, call->now_s, &is_noted, reterr);
}

bool dw_passwordless_open(struct dw_tenant_call *call, struct dw_slice name,
                          enum dw_strategy strategy, const struct dw_oauth_client *client,
                          struct dw_slice address, struct dw_passwordless *ret_passwordless,
                          struct dw_error *reterr)
{
    const struct dw_json *options, *totp;
    int64_t lifetime_s;

    *ret_passwordless = (struct dw_passwordless){.client = client};
    if (!find(call, name, strategy, client, &ret_passwordless->connection, reterr))
        return false;
    if (!ret_passwordless->connection)
        return dw_fail(reterr, DW_BAD_CONNECTION, "Connection does not exist or is disabled.");
    /* ASCII, as the store compares addresses. */
    ret_passwordless->address = dw_text_lower(call->arena, dw_slice_trim(address));
    if (!ret_passwordless->address.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!check_address(ret_passwordless->address, strategy, reterr) ||
        !dw_connection_options(ret_passwordless->connection, call->arena, &options, reterr))
        return false;
    totp = dw_json_get(options, "totp");
    lifetime_s =
        totp ? dw_connection_int(totp, "time_step", LIFETIME_STANDARD_S) : LIFETIME_STANDARD_S;
    ret_passwordless->lifetime_s = lifetime_s < LIFETIME_MIN_S   ? LIFETIME_MIN_S
                                   : lifetime_s > LIFETIME_MAX_S ? LIFETIME_MAX_S
                                                                 : lifetime_s;
    ret_passwordless->is_open = !dw_connection_bool(options, "disable_signup", false);
    return name_user(call, ret_passwordless, reterr) &&
           choose_limits(call, ret_passwordless, reterr);
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool may_send(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                     struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("passwordless_send"),
                           .key = passwordless->counted_by,
                           .limit = DW_PASSWORDLESS_SENDS,
                           .window_s = DW_PASSWORDLESS_SENDS_WINDOW_S};
    bool is_allowed = false;

    if (passwordless->connection->strategy == DW_STRATEGY_EMAIL &&
        !dw_mail_check(call->tenant, reterr))
        return false;
    if (!dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed ||
           dw_fail(reterr, DW_TOO_MANY, "Too many codes were sent. Wait an hour, then try again.");
}

static bool find_user(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                      struct dw_user **ret_user, struct dw_error *reterr)
{
    return dw_store_user_by_login(call->tenant->store, passwordless->connection->name,
                                  passwordless->address, call->arena, ret_user, reterr);
}

/* The mail for this user, or for nobody. */
static bool send_mail(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                      enum dw_mail_template template, struct dw_slice code, struct dw_slice url,
                      struct dw_error *reterr)
{
    struct dw_user *user;
    struct dw_mail mail = {
        .template = template,
        .to = passwordless->address,
        .language = dw_tenant_language(call),
        .client_name = dw_mail_client_name(passwordless->client),
        .url = url,
        .code = code,
        .lifetime_s = passwordless->lifetime_s,
    };

    if (!find_user(call, passwordless, &user, reterr))
        return false;
    mail.is_to_nobody = user ? user->is_blocked : !passwordless->is_open;
    dw_audit(call, DW_AUDIT_CLS, .client = passwordless->client, .user_name = passwordless->address,
             .connection = passwordless->connection->name,
             .strategy = &passwordless->connection->strategy);
    return dw_mail_send(call->tenant, &mail, call->now_s, call->arena, reterr);
}

static struct dw_otp code_of(struct dw_tenant_call *call,
                             const struct dw_passwordless *passwordless)
{
    return (struct dw_otp){
        .purpose = "passwordless",
        .subject =
            dw_arena_printf(call->arena, "%.*s %.*s %.*s", DW_PRINT(passwordless->user_id),
                            DW_PRINT(passwordless->client->id), DW_PRINT(passwordless->binding)),
        .counted_by = passwordless->counted_by,
        .lifetime_s = passwordless->lifetime_s,
    };
}

bool dw_passwordless_send_code(struct dw_tenant_call *call,
                               const struct dw_passwordless *passwordless, struct dw_error *reterr)
{
    struct dw_otp otp = code_of(call, passwordless);
    struct dw_secret code;

    if (!otp.subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return may_send(call, passwordless, reterr) && dw_otp_new_code(call, &otp, &code, reterr) &&
           send_mail(call, passwordless,
                     passwordless->connection->strategy == DW_STRATEGY_SMS
                         ? DW_MAIL_SMS_CODE
                         : DW_MAIL_PASSWORDLESS_CODE,
                     code.hidden, DW_EMPTY, reterr);
}

bool dw_passwordless_send_link(struct dw_tenant_call *call,
                               const struct dw_passwordless *passwordless,
                               const struct dw_json *parameters, struct dw_error *reterr)
{
    struct dw_buf detail = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&detail);
    struct dw_otp otp = code_of(call, passwordless);
    struct dw_secret token;
    struct dw_slice url;

    otp.purpose = LINK_PURPOSE;
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "connection", passwordless->connection->name);
    dw_json_put_text(&json, "address", passwordless->address);
    dw_json_put_text(&json, "client_id", passwordless->client->id);
    if (passwordless->binding.len > 0)
        dw_json_put_text(&json, "visit", passwordless->binding);
    if (parameters)
        dw_json_put_raw(&json, "parameters", parameters->raw);
    dw_json_write_object_end(&json);
    if (!otp.subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_buf_finish(&detail, &otp.detail_json, reterr) ||
        !may_send(call, passwordless, reterr) || !dw_otp_new_link(call, &otp, &token, reterr))
        return false;
    url = dw_arena_printf(call->arena, "%.*su/passwordless/link?token=%.*s",
                          DW_PRINT(call->tenant->config.issuer), DW_PRINT(token.hidden));
    if (!url.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return send_mail(call, passwordless, DW_MAIL_PASSWORDLESS_LINK, DW_EMPTY, url, reterr);
}

/* --- logging in ------------------------------------------------------------------------------- */

static bool make_user(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                      struct dw_user **ret_user, struct dw_error *reterr)
{
    bool is_sms = passwordless->connection->strategy == DW_STRATEGY_SMS;
    struct dw_slice address = passwordless->address;
    struct dw_error error = {0};
    struct dw_user user = {
        .id = passwordless->user_id,
        .connection = passwordless->connection->name,
        .email = is_sms ? DW_EMPTY : address,
        .is_email_verified = !is_sms,
        .phone_number = is_sms ? address : DW_EMPTY,
        .is_phone_verified = is_sms,
        .name = address,
        .nickname = is_sms ? address : dw_slice_sub(address, 0, dw_slice_index(address, '@')),
        .created_at_s = call->now_s,
        .updated_at_s = call->now_s,
    };

    /* Of two first logins at once one makes the user. */
    if (!dw_store_add_user(call->tenant->store, &user, &error) && error.code != DW_CONFLICT) {
        *reterr = error;
        return false;
    }
    if (error.code == DW_OK)
        dw_audit(call, DW_AUDIT_SS, .client = passwordless->client, .user = &user);
    return find_user(call, passwordless, ret_user, reterr);
}

/* Who reads the code has the address. */
static bool note_verified(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                          struct dw_user *user, struct dw_error *reterr)
{
    bool *is_verified = passwordless->connection->strategy == DW_STRATEGY_SMS
                            ? &user->is_phone_verified
                            : &user->is_email_verified;

    if (*is_verified)
        return true;
    *is_verified = true;
    user->updated_at_s = call->now_s;
    return dw_store_update_user(call->tenant->store, user, reterr);
}

static bool refuse(const struct dw_passwordless *passwordless, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_GRANT, "Wrong %s or verification code.",
                   passwordless->connection->strategy == DW_STRATEGY_SMS ? "phone number"
                                                                         : "email");
}

bool dw_passwordless_log_in(struct dw_tenant_call *call, const struct dw_passwordless *passwordless,
                            struct dw_user **ret_user, struct dw_error *reterr)
{
    if (!find_user(call, passwordless, ret_user, reterr))
        return false;
    if (!*ret_user && !passwordless->is_open)
        return refuse(passwordless, reterr);
    if (!*ret_user && !make_user(call, passwordless, ret_user, reterr))
        return false;
    if (!*ret_user)
        return dw_fail(reterr, DW_UNAVAILABLE, "the account could not be made");
    if ((*ret_user)->is_blocked)
        return dw_fail(reterr, DW_USER_BLOCKED, "user is blocked");
    call->user_id = (*ret_user)->id;
    return note_verified(call, passwordless, *ret_user, reterr) &&
           note_place(call, passwordless, reterr) &&
           dw_store_note_login(call->tenant->store, (*ret_user)->id, call->peer_address,
                               call->now_s, reterr);
}

static bool judge(const struct dw_passwordless *passwordless, enum dw_otp_verdict verdict,
                  struct dw_error *reterr)
{
    switch (verdict) {
    case DW_OTP_RIGHT:
        return true;
    case DW_OTP_EXPIRED:
        return dw_fail(reterr, DW_INVALID_GRANT,
                       "The verification code has expired. Please try to login again.");
    case DW_OTP_DEAD:
        return dw_fail(reterr, DW_INVALID_GRANT,
                       "You've reached the maximum number of attempts. Please try to login again.");
    case DW_OTP_LOCKED:
        return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                       "Your account has been blocked after multiple consecutive login attempts. "
                       "Try again tomorrow.");
    case DW_OTP_WRONG:
    default:
        return refuse(passwordless, reterr);
    }
}

bool dw_passwordless_check_code(struct dw_tenant_call *call,
                                const struct dw_passwordless *passwordless, struct dw_slice code,
                                struct dw_user **ret_user, struct dw_error *reterr)
{
    struct dw_otp otp = code_of(call, passwordless);
    enum dw_otp_verdict verdict = DW_OTP_WRONG;
    struct dw_slice detail;

    if (!otp.subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_otp_use_code(call, &otp, code, &verdict, &detail, reterr) &&
           judge(passwordless, verdict, reterr) &&
           dw_passwordless_log_in(call, passwordless, ret_user, reterr);
}
