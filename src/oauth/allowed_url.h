/* Whether a URL is among those an operator has allowed: where a logout may go back to, and which
 * origins get messages (Auth0's "subdomain URL placeholders"). Redirect URIs are exact
 * (redirect_uri.h), but for one with such a placeholder of an application of our own. */
#ifndef DW_OAUTH_ALLOWED_URL_H
#define DW_OAUTH_ALLOWED_URL_H

#include "base/slice.h"

/* Whether `url` is absolute and one of `allowed`: byte for byte, but for
 *
 * - its query and fragment, when the allowed one has neither;
 * - one '*' in the first label of an allowed http(s) host, as "*.example.com" or
 * "app-*.example.com": it stands for one or more letters, digits and '-', never for a dot, and two
 * more labels must follow.
 *
 * A URL with user info, a backslash, control characters or a '*' of its own is never allowed. */
bool dw_allowed_url(struct dw_slices allowed, struct dw_slice url);

/* Whether one of `allowed` has the origin of `url` (RFC 6454); placeholders as above, paths of the
 * allowed ones are not looked at. */
bool dw_allowed_origin(struct dw_slices allowed, struct dw_slice url);

/* Whether it has a placeholder where one may be. */
bool dw_allowed_url_is_pattern(struct dw_slice allowed);
/* Whether `url` is what the placeholder of `pattern` makes it and byte-equal in all else, query and
 * fragment too. */
bool dw_allowed_url_fits(struct dw_slice pattern, struct dw_slice url);

#endif
