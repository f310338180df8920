/* Signing up; see account_internal.h. */
#include "tenant/account/account_internal.h"

#include "store/connections.h"
#include "tenant/account/password_internal.h"
#include "tenant/account/protection_internal.h"
#include "tenant/audit_internal.h"

#define NAME_MAX_BYTES 300

/* ---- homes ---- */

bool dw_account_home_read(struct dw_connection_record *connection, struct dw_arena *arena,
                          struct dw_account_home *ret_home, struct dw_error *reterr)
{
    *ret_home = (struct dw_account_home){.connection = connection};
    if (!dw_connection_options(connection, arena, &ret_home->options, reterr) ||
        !dw_password_policy_read(ret_home->options, arena, &ret_home->policy, reterr))
        return false;
    dw_identifier_rules_read(ret_home->options, &ret_home->rules);
    ret_home->is_open = !dw_connection_bool(ret_home->options, "disable_signup", false);
    return true;
}

bool dw_account_home(struct dw_tenant_call *call, struct dw_slice name,
                     const struct dw_oauth_client *client, struct dw_account_home *ret_home,
                     struct dw_error *reterr)
{
    struct dw_connection_record *connection;

    *ret_home = (struct dw_account_home){0};
    if (!dw_store_connection_by_name(call->tenant->store, name, call->arena, &connection, reterr))
        return false;
    if (!connection || connection->strategy != DW_STRATEGY_AUTH0 ||
        !dw_connection_serves(connection, client->id, client->is_first_party))
        return true;
    return dw_account_home_read(connection, call->arena, ret_home, reterr);
}

bool dw_account_home_of(struct dw_tenant *tenant, const struct dw_user *user,
                        struct dw_arena *arena, struct dw_account_home *ret_home,
                        struct dw_error *reterr)
{
    struct dw_connection_record *connection;

    *ret_home = (struct dw_account_home){0};
    if (!dw_store_connection_by_name(tenant->store, user->connection, arena, &connection, reterr))
        return false;
    return !connection || connection->strategy != DW_STRATEGY_AUTH0 ||
           dw_account_home_read(connection, arena, ret_home, reterr);
}

/* ---- signing up ---- */

/* Auth0's: the name is the first identifier there is, the nickname its part before the '@'. */
static bool complete_user(struct dw_tenant_call *call, const struct dw_account_home *home,
                          struct dw_user *user, struct dw_error *reterr)
{
    struct dw_slice first = user->email.len > 0      ? user->email
                            : user->username.len > 0 ? user->username
                                                     : user->phone_number;

    user->id = dw_tenant_random_hex(call->arena, "auth0|", 12);
    user->connection = home->connection->name;
    if (user->name.len == 0)
        user->name = first;
    if (user->nickname.len == 0)
        user->nickname = dw_slice_sub(first, 0, dw_slice_index(first, '@'));
    user->app_metadata_json = DW_LIT("{}");
    if (user->user_metadata_json.len == 0)
        user->user_metadata_json = DW_LIT("{}");
    user->awaits_confirmation = home->rules.confirms_email;
    user->created_at_s = call->now_s;
    user->updated_at_s = call->now_s;
    return user->id.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool check_names(const struct dw_user *user, struct dw_error *reterr)
{
    const struct dw_slice names[] = {user->name, user->given_name, user->family_name,
                                     user->nickname, user->picture};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].len > NAME_MAX_BYTES)
            return dw_fail(reterr, DW_INVALID_REQUEST, "a name has over %d bytes", NAME_MAX_BYTES);
    return user->picture.len == 0 || dw_slice_starts_with(user->picture, DW_LIT("https://")) ||
           dw_fail(reterr, DW_INVALID_REQUEST, "picture must be an https URL");
}

static bool add_user(struct dw_tenant_call *call, struct dw_sign_up *sign_up,
                     struct dw_account_refusal *refusal, struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (!complete_user(call, sign_up->home, &sign_up->user, reterr) ||
        !dw_password_make_any(sign_up->password, call->arena, &sign_up->user.password_hash, reterr))
        return false;
    if (dw_store_add_user(call->tenant->store, &sign_up->user, &error))
        return true;
    if (error.code != DW_CONFLICT) {
        *reterr = error;
        return false;
    }
    refusal->kind = DW_ACCOUNT_EXISTS;
    return true;
}

static void note_refusal(struct dw_tenant_call *call, const struct dw_sign_up *sign_up,
                         const struct dw_account_refusal *refusal)
{
    static const char *const texts[] = {
        [DW_ACCOUNT_CLOSED] = "public signup is disabled",
        [DW_ACCOUNT_INVALID] = "",
        [DW_ACCOUNT_PASSWORD] = "Password does not meet the policy",
        [DW_ACCOUNT_EXISTS] = "The user already exists.",
    };

    dw_audit(call, refusal->problem == DW_PASSWORD_LEAKED ? DW_AUDIT_SIGNUP_PWD_LEAK : DW_AUDIT_FS,
             .client = sign_up->client, .connection = sign_up->home->connection->name,
             .user_name =
                 sign_up->user.email.len > 0 ? sign_up->user.email : sign_up->user.username,
             .error = refusal->kind == DW_ACCOUNT_INVALID ? &refusal->error : NULL,
             .description = dw_slice_from_text(texts[refusal->kind]));
}

static bool try_sign_up(struct dw_tenant_call *call, struct dw_sign_up *sign_up,
                        struct dw_account_refusal *refusal, struct dw_error *reterr)
{
    if (!sign_up->home->is_open) {
        refusal->kind = DW_ACCOUNT_CLOSED;
        return true;
    }
    if (!dw_identifier_check(&sign_up->home->rules, &sign_up->user, &refusal->error) ||
        !check_names(&sign_up->user, &refusal->error)) {
        refusal->kind = DW_ACCOUNT_INVALID;
        return true;
    }
    struct dw_account_judgement judgement = {.home = sign_up->home,
                                             .password = sign_up->password,
                                             .user = &sign_up->user,
                                             .stage = DW_STAGE_REGISTRATION};

    return dw_account_judge(call, &judgement, refusal, reterr) &&
           (refusal->kind != DW_ACCOUNT_ACCEPTED || add_user(call, sign_up, refusal, reterr));
}

/* The same as for a new account: an answer, a link, a mail and as much for the disk. */
static bool keep_quiet(struct dw_tenant_call *call, const struct dw_sign_up *sign_up,
                       struct dw_account_refusal *refusal, struct dw_error *reterr)
{
    struct dw_error error = {0};
    bool is_first;

    *refusal = (struct dw_account_refusal){.kind = DW_ACCOUNT_ACCEPTED};
    if (!dw_store_first_use(call->tenant->store, DW_LIT("no-user"), sign_up->user.id, call->now_s,
                            call->now_s, &is_first, reterr))
        return false;
    if (!sign_up->mails_nothing &&
        !dw_account_mail_known(call, sign_up->home, sign_up->user.email, sign_up->client, &error))
        dw_log_error(call->tenant->log, "mail_not_queued", &error);
    return true;
}

bool dw_account_sign_up(struct dw_tenant_call *call, struct dw_sign_up *sign_up,
                        struct dw_user **ret_user, struct dw_account_refusal *ret_refusal,
                        struct dw_error *reterr)
{
    struct dw_error error = {0};

    *ret_refusal = (struct dw_account_refusal){0};
    *ret_user = &sign_up->user;
    if (!dw_protection_take_sign_up(call, reterr) ||
        !try_sign_up(call, sign_up, ret_refusal, reterr))
        return false;
    if (ret_refusal->kind != DW_ACCOUNT_ACCEPTED) {
        note_refusal(call, sign_up, ret_refusal);
        return ret_refusal->kind != DW_ACCOUNT_EXISTS || !sign_up->home->rules.confirms_email ||
               keep_quiet(call, sign_up, ret_refusal, reterr);
    }
    call->user_id = sign_up->user.id;
    dw_audit(call, DW_AUDIT_SS, .client = sign_up->client, .user = &sign_up->user);
    /* The account is there, mail or no mail. */
    if (sign_up->user.email.len > 0 && !sign_up->mails_nothing &&
        !dw_account_mail_verification(call, &sign_up->user, sign_up->client, &error))
        dw_log_error(call->tenant->log, "mail_not_queued", &error);
    return true;
}
