/* Passwords, checked; see password_internal.h. */
#include "tenant/account/password_internal.h"

#include "base/text.h"
#include "crypto/password.h"
#include "oauth/imported_password.h"
#include "store/connections.h"
#include "sys/sys.h"
#include "tenant/account/account_internal.h"
#include "tenant/account/protection_internal.h"
#include "tenant/audit_internal.h"

#define IDENTIFIER_MAX_BYTES 254

/* Whom failures count against: the user, by whichever identifier, or what was typed, in one case,
 * as addresses are compared. The two cannot be mixed up. */
static struct dw_slice subject_of(struct dw_tenant_call *call, const struct dw_user *user,
                                  struct dw_slice connection, struct dw_slice identifier)
{
    struct dw_slice lower;

    if (user)
        return user->id;
    lower = dw_text_lower(call->arena, identifier);
    return lower.ptr ? dw_arena_printf(call->arena, "typed %.*s %.*s", DW_PRINT(connection),
                                       DW_PRINT(lower))
                     : lower;
}

bool dw_password_matches(struct dw_arena *arena, struct dw_secret hash, struct dw_secret password,
                         bool *ret_is_right, struct dw_error *reterr)
{
    struct dw_imported_hash imported;
    struct dw_error error = {0};

    if (!dw_imported_password_is(hash.hidden))
        return dw_password_verify(hash.hidden, password, ret_is_right, reterr);
    if (!dw_imported_password_parse(hash.hidden, arena, &imported, &error))
        return dw_fail_because(reterr, error.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_UNAVAILABLE,
                               NULL, 0, "a stored password hash: %s", error.message);
    return dw_imported_hash_verify(&imported, password, arena, ret_is_right, reterr);
}

/* Runs argon2id once, whoever the user is and whatever the hash. */
static bool compare(struct dw_tenant_call *call, struct dw_user *user, struct dw_secret password,
                    bool *ret_is_right, struct dw_error *reterr)
{
    struct dw_secret old_hash;

    *ret_is_right = false;
    if (!user || user->password_hash.hidden.len == 0)
        return dw_password_verify_nobody(password, reterr);
    old_hash = user->password_hash;
    if (dw_password_is_current(old_hash.hidden))
        return dw_password_verify(old_hash.hidden, password, ret_is_right, reterr);
    if (!dw_password_matches(call->arena, old_hash, password, ret_is_right, reterr))
        return false;
    if (!*ret_is_right)
        return dw_password_verify_nobody(password, reterr);
    return dw_password_make_any(password, call->arena, &user->password_hash, reterr) &&
           dw_store_rehash_password(call->tenant->store, user->id, old_hash, user->password_hash,
                                    reterr);
}

static bool note_failure(struct dw_tenant_call *call, const struct dw_login_attempt *attempt,
                         const struct dw_user *user, struct dw_slice identifier,
                         struct dw_error *reterr)
{
    dw_metrics_add(call->tenant->metrics, DW_METRIC_LOGINS_FAILED, 1);
    dw_log(call->tenant->log, DW_LOG_INFO, "login_failed", DW_S("address", call->peer_address),
           DW_S("oauth_client", call->client_id));
    dw_audit(call, user ? DW_AUDIT_FP : DW_AUDIT_FU, .user = user, .user_name = identifier,
             .description = DW_LIT("Wrong email or password."));
    return dw_protection_login_failed(call, attempt, user, reterr) &&
           dw_fail(reterr, DW_INVALID_GRANT, "Wrong email or password.");
}

/* What is said only to those who know the password. */
static bool may_log_in(struct dw_tenant_call *call, const struct dw_user *user,
                       struct dw_secret password, struct dw_error *reterr)
{
    struct dw_leak_verdict leak;

    if (user->is_blocked) {
        dw_audit(call, DW_AUDIT_F, .user = user, .description = DW_LIT("user is blocked"));
        return dw_fail(reterr, DW_USER_BLOCKED, "user is blocked");
    }
    if (!dw_protection_find_leak(call->tenant, password, DW_STAGE_LOGIN, call->arena, &leak,
                                 reterr))
        return false;
    if (leak.refuses || leak.notifies)
        dw_audit(call, DW_AUDIT_PWD_LEAK, .user = user);
    if (leak.notifies && !dw_account_mail_leak(call, user, reterr))
        return false;
    return !leak.refuses ||
           dw_fail(reterr, DW_PASSWORD_LEAKED_LOGIN,
                   "This login has been blocked because your password has been leaked in another "
                   "website. Choose a new password to sign in again.");
}

/* Where addresses are confirmed before the first login, an account that signed up and has not done
 * so is none: otherwise the password of a sign-up would tell whether it made one. Other accounts
 * (of an operator, of an import) count as they are. */
static bool is_confirmed(struct dw_tenant_call *call, const struct dw_password_login *login,
                         const struct dw_user *user, bool *ret_is_confirmed,
                         struct dw_error *reterr)
{
    struct dw_connection_record *record = NULL;
    struct dw_identifier_rules rules;
    const struct dw_json *options;

    *ret_is_confirmed = false;
    if (!dw_store_connection_by_name(call->tenant->store, login->connection, call->arena, &record,
                                     reterr))
        return false;
    if (!record)
        return true;
    if (!dw_connection_options(record, call->arena, &options, reterr))
        return false;
    dw_identifier_rules_read(options, &rules);
    *ret_is_confirmed = login->takes_unconfirmed || !rules.confirms_email ||
                        (user && (user->is_email_verified || !user->awaits_confirmation));
    return true;
}

bool dw_password_check_in(struct dw_tenant_call *call, const struct dw_password_login *login,
                          struct dw_user **ret_user, struct dw_error *reterr)
{
    struct dw_slice name = dw_text_head(dw_slice_trim(login->identifier), IDENTIFIER_MAX_BYTES);
    struct dw_login_attempt attempt;
    struct dw_slice subject;
    struct dw_error ignored = {0};
    bool is_right, may_go_on, is_sure;

    if (!dw_store_user_by_login(call->tenant->store, login->connection, name, call->arena, ret_user,
                                reterr))
        return false;
    subject = subject_of(call, *ret_user, login->connection, name);
    if (!subject.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_protection_take_login(call, subject, &attempt, reterr))
        return false;
    if (!compare(call, *ret_user, login->password, &is_right, reterr) ||
        !is_confirmed(call, login, *ret_user, &is_sure, reterr)) {
        dw_protection_login_undecided(call, &attempt);
        return false;
    }
    if (!is_right || !is_sure)
        return note_failure(call, &attempt, *ret_user, name, reterr);
    may_go_on = may_log_in(call, *ret_user, login->password, reterr);
    if (!dw_protection_login_succeeded(call, &attempt, may_go_on ? (*ret_user)->id : DW_EMPTY,
                                       may_go_on ? reterr : &ignored) ||
        !may_go_on)
        return false;
    call->user_id = (*ret_user)->id;
    dw_metrics_add(call->tenant->metrics, DW_METRIC_LOGINS_OK, 1);
    return true;
}

bool dw_password_make_any(struct dw_secret password, struct dw_arena *arena,
                          struct dw_secret *ret_hash, struct dw_error *reterr)
{
    unsigned char salt[DW_PASSWORD_SALT_BYTES];

    dw_sys_random(salt, sizeof salt);
    return dw_password_hash(password, salt, arena, &ret_hash->hidden, reterr);
}

bool dw_password_make(struct dw_secret password, struct dw_arena *arena, struct dw_secret *ret_hash,
                      struct dw_error *reterr)
{
    if (password.hidden.len < DW_PASSWORD_MIN_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the password needs at least %d characters",
                       DW_PASSWORD_MIN_BYTES);
    return dw_password_make_any(password, arena, ret_hash, reterr);
}
