/* Cookies (RFC 6265bis): reading the Cookie fields, writing Set-Cookie. */
#ifndef DW_HTTP_COOKIE_H
#define DW_HTTP_COOKIE_H

#include "base/buf.h"
#include "http/message.h"

#define DW_COOKIE_MAX_BYTES 4096 /* name and value, as browsers do */

enum dw_cookie_same_site {
    DW_COOKIE_SAME_SITE_LAX,
    DW_COOKIE_SAME_SITE_STRICT,
    DW_COOKIE_SAME_SITE_NONE, /* needs is_secure */
};

struct dw_cookie {
    struct dw_slice name;
    struct dw_slice value; /* RFC 6265 4.1.1 cookie-octets: no space, quote, comma, ';', '\' */
    struct dw_slice path;  /* empty: "/" */
    enum dw_cookie_same_site same_site;
    int64_t max_age_s; /* 0: ends with the browser's session; negative: delete it now */
    bool is_secure;
    bool is_readable_by_scripts; /* otherwise HttpOnly */
};

/* The value of the cookie with that name (exact). ptr NULL: there is none, or there are several
 * with different values (a neighbour's domain may have planted one), or it is malformed. */
struct dw_slice dw_cookie_value(struct dw_http_fields fields, const char *name);
/* The value of a Set-Cookie field. Fails with DW_INTERNAL when the name or value cannot be sent,
 * or breaks the rules of its prefix: __Host- needs is_secure and path "/", __Secure- is_secure. */
bool dw_must_check dw_cookie_render(const struct dw_cookie *cookie, struct dw_arena *arena,
                                    struct dw_slice *ret_text, struct dw_error *reterr);

#endif
