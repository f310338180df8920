/* Whose scripts may read what a client gets from us (Fetch standard, "CORS protocol"): those of the
 * origins that an application has registered. They are its Auth0 `web_origins` and
 * `allowed_origins`, and the origins of its callbacks; placeholders for subdomains as in
 * allowed_url.h. The store keeps the same rule as an index (schema/0023). */
#ifndef DW_OAUTH_WEB_ORIGIN_H
#define DW_OAUTH_WEB_ORIGIN_H

#include "base/arena.h"
#include "oauth/records.h"

#define DW_WEB_ORIGIN_MAX_BYTES 300 /* a host has up to 253 */

/* Whether it is an origin as browsers write it: "https://app.example.com:8443", no path, in lower
 * case. Not for "null", which is everybody's. */
bool dw_web_origin_is_sound(struct dw_slice origin);
/* What else an index may have a sound origin under: with "*" for the first label of its host
 * ("*.example.com:8443"), on loopback for the port ("localhost:*"), after the scheme. ptr NULL when
 * memory is short. */
struct dw_slice dw_web_origin_wider(struct dw_slice origin, struct dw_arena *arena);
/* On loopback every port counts for the callback of an application that may have any (RFC 8252
 * section 7.3). */
bool dw_client_has_web_origin(const struct dw_oauth_client *client, struct dw_slice origin);

#endif
