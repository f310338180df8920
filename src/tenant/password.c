/* Passwords and the limits on guessing them; see password_internal.h. */
#include "tenant/password_internal.h"

#include "crypto/password.h"
#include "sys/sys.h"

#define IDENTIFIER_MAX_BYTES 254

static bool too_many(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                   "Your account has been blocked after multiple consecutive login attempts. "
                   "Try again in a while.");
}

/* ASCII case folded, so that "A@x" and "a@x" share their attempts as they share their account. */
static struct dw_slice attempts_key(struct dw_tenant_call *call, struct dw_slice address,
                                    struct dw_slice identifier)
{
    char *key = dw_arena_alloc(call->arena, address.len + 1 + identifier.len);
    size_t at = address.len;

    if (!key)
        return (struct dw_slice){0};
    memcpy(key, address.ptr, at);
    key[at++] = ' ';
    for (size_t i = 0; i < identifier.len; i++) {
        char byte = identifier.ptr[i];

        key[at++] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    return dw_slice_from(key, at);
}

/* Counted before the password is looked at, so that many requests at once get no more tries. */
static bool take_attempt(struct dw_tenant_call *call, const struct dw_rate *by_identifier,
                         const struct dw_rate *by_address, struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;
    bool is_allowed = false;

    if (!dw_store_rate_has_room(store, by_address, call->now_s, &is_allowed, reterr))
        return false;
    if (!is_allowed)
        return too_many(reterr);
    if (!dw_store_rate_take(store, by_identifier, call->now_s, &is_allowed, reterr))
        return false;
    return is_allowed || too_many(reterr);
}

static bool compare(const struct dw_user *user, struct dw_secret password, bool *ret_is_right,
                    struct dw_error *reterr)
{
    *ret_is_right = false;
    if (user && user->password_hash.hidden.len > 0)
        return dw_password_verify(user->password_hash.hidden, password, ret_is_right, reterr);
    dw_password_verify_nobody(password);
    return true;
}

static bool note_failure(struct dw_tenant_call *call, const struct dw_rate *by_address,
                         struct dw_error *reterr)
{
    bool is_allowed;

    dw_metrics_add(call->tenant->metrics, DW_METRIC_LOGINS_FAILED, 1);
    dw_log(call->tenant->log, DW_LOG_INFO, "login_failed", DW_S("address", call->peer_address),
           DW_S("oauth_client", call->client_id));
    return dw_store_rate_take(call->tenant->store, by_address, call->now_s, &is_allowed, reterr) &&
           dw_fail(reterr, DW_INVALID_GRANT, "Wrong email or password.");
}

bool dw_password_check(struct dw_tenant_call *call, struct dw_slice identifier,
                       struct dw_secret password, struct dw_user **ret_user,
                       struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;
    struct dw_slice name = dw_slice_sub(dw_slice_trim(identifier), 0, IDENTIFIER_MAX_BYTES);
    struct dw_rate by_identifier = {
        .space = DW_LIT("login"), .limit = DW_LOGIN_FAILURES, .window_s = DW_LOGIN_WINDOW_S};
    struct dw_rate by_address = {.space = DW_LIT("login_address"),
                                 .limit = DW_LOGIN_ADDRESS_FAILURES,
                                 .window_s = DW_LOGIN_ADDRESS_WINDOW_S};
    bool is_right;

    if (!dw_tenant_rate_key(call, &by_address.key, reterr))
        return false;
    by_identifier.key = attempts_key(call, by_address.key, name);
    if (!by_identifier.key.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!take_attempt(call, &by_identifier, &by_address, reterr) ||
        !dw_store_user_by_login(store, DW_LIT(DW_TENANT_CONNECTION), name, call->arena, ret_user,
                                reterr) ||
        !compare(*ret_user, password, &is_right, reterr))
        return false;
    if (!is_right)
        return note_failure(call, &by_address, reterr);
    if (!dw_store_rate_reset(store, by_identifier.space, by_identifier.key, reterr))
        return false;
    if ((*ret_user)->is_blocked)
        return dw_fail(reterr, DW_USER_BLOCKED, "user is blocked");
    call->user_id = (*ret_user)->id;
    dw_metrics_add(call->tenant->metrics, DW_METRIC_LOGINS_OK, 1);
    return dw_store_note_login(store, (*ret_user)->id, call->peer_address, call->now_s, reterr);
}

bool dw_password_make(struct dw_secret password, struct dw_arena *arena, struct dw_secret *ret_hash,
                      struct dw_error *reterr)
{
    unsigned char salt[DW_PASSWORD_SALT_BYTES];

    if (password.hidden.len < DW_PASSWORD_MIN_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the password needs at least %d characters",
                       DW_PASSWORD_MIN_BYTES);
    dw_sys_random(salt, sizeof salt);
    return dw_password_hash(password, salt, arena, &ret_hash->hidden, reterr);
}
