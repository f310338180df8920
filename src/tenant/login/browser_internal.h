/* What the tenant keeps in a browser: one random value that binds visits to the browser they began
 * in, and the login session. On https both cookies have the __Host- prefix; a plain-http issuer
 * (loopback only) cannot have it. */
#ifndef DW_TENANT_BROWSER_INTERNAL_H
#define DW_TENANT_BROWSER_INTERNAL_H

#include "tenant/tenant_internal.h"

/* The browser's own value; empty when it has none or a malformed one. */
struct dw_slice dw_browser_id(const struct dw_tenant_call *call);
/* The same, but makes and sets one when there is none. */
bool dw_must_check dw_browser_bind(struct dw_tenant_call *call, struct dw_slice *ret_browser_id,
                                   struct dw_error *reterr);

/* The login session of this browser with its user, or NULL: none, expired, or the user is gone or
 * blocked. Renews the idle time at most once a minute. */
struct dw_login {
    struct dw_login_session *session;
    struct dw_user *user;
};
bool dw_must_check dw_login_find(struct dw_tenant_call *call, struct dw_login *ret_login,
                                 struct dw_error *reterr);
/* After a password was right: a fresh session with a fresh cookie; the one the browser had ends
 * (session fixation). */
bool dw_must_check dw_login_start(struct dw_tenant_call *call, struct dw_user *user,
                                  struct dw_login *ret_login, struct dw_error *reterr);
/* A second factor was shown: the session knows it, and its cookie is a fresh one. */
bool dw_must_check dw_login_raise(struct dw_tenant_call *call, struct dw_login *login,
                                  struct dw_error *reterr);
bool dw_must_check dw_login_end(struct dw_tenant_call *call, struct dw_error *reterr);

#endif
