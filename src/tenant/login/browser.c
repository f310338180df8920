/* Cookies and login sessions; see browser_internal.h. */
#include "tenant/login/browser_internal.h"

#include "base/text.h"
#include "http/cookie.h"

/* base64url of 32 bytes. */
#define COOKIE_VALUE_LEN 43
#define RENEW_AFTER_S 60

enum cookie_kind {
    COOKIE_BROWSER,
    COOKIE_SESSION,
};

static const char *cookie_name(const struct dw_tenant *tenant, enum cookie_kind kind)
{
    static const char *const names[][2] = {
        [COOKIE_BROWSER] = {"doorward_browser", "__Host-doorward_browser"},
        [COOKIE_SESSION] = {"doorward_session", "__Host-doorward_session"},
    };

    return names[kind][tenant->is_https];
}

/* Only what we could have set ourselves. */
static struct dw_slice read_cookie(const struct dw_tenant_call *call, enum cookie_kind kind)
{
    struct dw_slice value = dw_cookie_value(call->fields, cookie_name(call->tenant, kind));

    if (value.len != COOKIE_VALUE_LEN)
        return DW_EMPTY;
    for (size_t i = 0; i < value.len; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                    value.ptr[i]))
            return DW_EMPTY;
    return value;
}

static bool set_cookie(struct dw_tenant_call *call, enum cookie_kind kind, struct dw_slice value,
                       int64_t max_age_s, struct dw_error *reterr)
{
    struct dw_cookie cookie = {
        .name = dw_slice_from_text(cookie_name(call->tenant, kind)),
        .value = value,
        .path = DW_LIT("/"),
        .same_site = DW_COOKIE_SAME_SITE_LAX,
        .max_age_s = max_age_s,
        .is_secure = call->tenant->is_https,
    };
    struct dw_slice text;

    return dw_cookie_render(&cookie, call->arena, &text, reterr) &&
           dw_answer_field(call, "Set-Cookie", text, reterr);
}

/* Without Max-Age a browser forgets it when it is closed. */
static bool set_session(struct dw_tenant_call *call, struct dw_slice value, int64_t max_age_s,
                        struct dw_error *reterr)
{
    return set_cookie(call, COOKIE_SESSION, value,
                      call->settings->is_session_cookie_persistent ? max_age_s : 0, reterr);
}

struct dw_slice dw_browser_id(const struct dw_tenant_call *call)
{
    return read_cookie(call, COOKIE_BROWSER);
}

bool dw_browser_bind(struct dw_tenant_call *call, struct dw_slice *ret_browser_id,
                     struct dw_error *reterr)
{
    *ret_browser_id = dw_browser_id(call);
    if (ret_browser_id->len > 0)
        return true;
    *ret_browser_id = dw_tenant_random_text(call->arena, "", 32);
    if (!ret_browser_id->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return set_cookie(call, COOKIE_BROWSER, *ret_browser_id, 0, reterr);
}

/* Without a session in *ret_login when it ended while we looked. */
static bool renew(struct dw_tenant_call *call, struct dw_login *ret_login, struct dw_error *reterr)
{
    struct dw_login_session *session = ret_login->session;
    struct dw_error error = {0};

    if (call->now_s - session->last_seen_at_s < RENEW_AFTER_S)
        return true;
    session->last_seen_at_s = call->now_s;
    session->idle_expires_at_s = call->now_s + call->settings->session_idle_s;
    if (dw_store_update_session(call->tenant->store, session->id_digest, session, &error))
        return true;
    *ret_login = (struct dw_login){0};
    if (error.code != DW_NOT_FOUND)
        *reterr = error;
    return error.code == DW_NOT_FOUND;
}

bool dw_login_find(struct dw_tenant_call *call, struct dw_login *ret_login, struct dw_error *reterr)
{
    struct dw_slice value = read_cookie(call, COOKIE_SESSION);
    struct dw_slice digest;

    *ret_login = (struct dw_login){0};
    if (value.len == 0)
        return true;
    if (!dw_tenant_digest(value, call->arena, &digest, reterr) ||
        !dw_store_session(call->tenant->store, digest, call->now_s, call->arena,
                          &ret_login->session, reterr))
        return false;
    if (!ret_login->session)
        return true;
    if (!dw_store_user(call->tenant->store, ret_login->session->user_id, call->arena,
                       &ret_login->user, reterr))
        return false;
    /* A login that was under way while the password was changed is none. */
    if (!ret_login->user ||
        !dw_user_login_stands(ret_login->user, ret_login->session->authenticated_at_s)) {
        *ret_login = (struct dw_login){0};
        return true;
    }
    call->user_id = ret_login->user->id;
    return renew(call, ret_login, reterr);
}

static bool end_old_session(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_slice value = read_cookie(call, COOKIE_SESSION);
    struct dw_slice digest;

    return value.len == 0 || (dw_tenant_digest(value, call->arena, &digest, reterr) &&
                              dw_store_delete_session(call->tenant->store, digest, reterr));
}

bool dw_login_start(struct dw_tenant_call *call, struct dw_user *user, struct dw_login *ret_login,
                    struct dw_error *reterr)
{
    const struct dw_tenant_settings *settings = call->settings;
    struct dw_slice value = dw_tenant_random_text(call->arena, "", 32);
    struct dw_login_session *session = DW_ARENA_NEW(call->arena, struct dw_login_session);
    struct dw_slice user_agent = dw_http_field(call->fields, "user-agent");

    if (!value.ptr || !session)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    *session = (struct dw_login_session){
        .id = dw_tenant_random_text(call->arena, "", 24),
        .user_id = user->id,
        .created_at_s = call->now_s,
        .authenticated_at_s = call->now_s,
        .last_seen_at_s = call->now_s,
        .idle_expires_at_s = call->now_s + settings->session_idle_s,
        .expires_at_s = call->now_s + settings->session_lifetime_s,
        .ip = call->peer_address,
        .user_agent =
            dw_text_is_printable_ascii(user_agent) ? dw_slice_sub(user_agent, 0, 512) : DW_EMPTY,
    };
    *ret_login = (struct dw_login){.session = session, .user = user};
    call->user_id = user->id;
    return (session->id.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory")) &&
           dw_tenant_digest(value, call->arena, &session->id_digest, reterr) &&
           end_old_session(call, reterr) &&
           dw_store_add_session(call->tenant->store, session, reterr) &&
           set_session(call, value, settings->session_lifetime_s, reterr);
}

bool dw_login_raise(struct dw_tenant_call *call, struct dw_login *login, struct dw_error *reterr)
{
    struct dw_login_session *session = login->session;
    struct dw_slice value = dw_tenant_random_text(call->arena, "", 32);
    struct dw_slice old_digest = session->id_digest;

    if (!value.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    session->mfa_at_s = call->now_s;
    session->last_seen_at_s = call->now_s;
    return dw_tenant_digest(value, call->arena, &session->id_digest, reterr) &&
           dw_store_update_session(call->tenant->store, old_digest, session, reterr) &&
           set_session(call, value, session->expires_at_s - call->now_s, reterr);
}

bool dw_login_end(struct dw_tenant_call *call, struct dw_error *reterr)
{
    return end_old_session(call, reterr) &&
           set_cookie(call, COOKIE_SESSION, DW_LIT("-"), -1, reterr);
}
