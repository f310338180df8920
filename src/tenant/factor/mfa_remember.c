/* "Remember this browser": a cookie that says until when, and a MAC that binds it to the user, to
 * the password and to what was enrolled; see mfa_internal.h. */
#include <inttypes.h>

#include "base/text.h"
#include "http/cookie.h"
#include "tenant/factor/mfa_internal.h"
#include "tenant/factor/otp_internal.h"

static const char *cookie_name(const struct dw_tenant *tenant)
{
    return tenant->is_https ? "__Host-doorward_mfa" : "doorward_mfa";
}

/* The oldest factor stands for all: after a reset there are others. */
static struct dw_slice oldest_factor(const struct dw_mfa_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->authenticators[i].confirmed_at_s != 0 &&
            state->authenticators[i].type != DW_AUTHENTICATOR_RECOVERY_CODE)
            return state->authenticators[i].id;
    return DW_EMPTY;
}

static bool sign(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                 struct dw_slice expires, struct dw_slice *ret_mac, struct dw_error *reterr)
{
    struct dw_slice parts[] = {
        state->user->id,
        expires,
        oldest_factor(state),
        dw_arena_printf(call->arena, "%lld", (long long)state->user->last_password_reset_at_s),
        state->user->password_hash.hidden,
    };
    struct dw_slice mac;

    if (!parts[3].ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_otp_mac(call, "mfa-remember", (struct dw_slices){parts, 5}, &mac, reterr))
        return false;
    *ret_mac = dw_text_base64url(call->arena, mac);
    return ret_mac->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_mfa_is_remembered(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                          bool *ret_is_remembered, struct dw_error *reterr)
{
    struct dw_slice mac = dw_cookie_value(call->fields, cookie_name(call->tenant));
    struct dw_slice expires, expected;
    int64_t expires_at_s;

    *ret_is_remembered = false;
    if (!state->is_enrolled || mac.len == 0 || !dw_slice_split(&mac, '.', &expires) ||
        !dw_text_to_int(expires, &expires_at_s) || expires_at_s <= call->now_s)
        return true;
    if (!sign(call, state, expires, &expected, reterr))
        return false;
    *ret_is_remembered = dw_secret_eq(dw_secret_from(mac), dw_secret_from(expected));
    return true;
}

bool dw_mfa_remember(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                     struct dw_error *reterr)
{
    struct dw_slice expires =
        dw_arena_printf(call->arena, "%" PRId64, call->now_s + DW_MFA_REMEMBER_S);
    struct dw_slice mac, text;

    if (!expires.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!sign(call, state, expires, &mac, reterr))
        return false;
    struct dw_cookie cookie = {
        .name = dw_slice_from_text(cookie_name(call->tenant)),
        .value = dw_arena_printf(call->arena, "%.*s.%.*s", DW_PRINT(expires), DW_PRINT(mac)),
        .path = DW_LIT("/"),
        .same_site = DW_COOKIE_SAME_SITE_LAX,
        .max_age_s = DW_MFA_REMEMBER_S,
        .is_secure = call->tenant->is_https,
    };
    if (!cookie.value.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_cookie_render(&cookie, call->arena, &text, reterr) &&
           dw_answer_field(call, "Set-Cookie", text, reterr);
}
