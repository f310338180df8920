/* Origins as browsers write them, and what an index may have one under. Which of them may read what
 * a client gets from us (Fetch standard, "CORS protocol") is the index itself: the origins of an
 * application's Auth0 `web_origins` and `allowed_origins`, and of its callbacks
 * (store/schema/0023). */
#ifndef DW_OAUTH_WEB_ORIGIN_H
#define DW_OAUTH_WEB_ORIGIN_H

#include "base/arena.h"

#define DW_WEB_ORIGIN_MAX_BYTES 300 /* a host has up to 253 */

/* Whether it is an origin as browsers write it: "https://app.example.com:8443", no path, in lower
 * case. Not for "null", which is everybody's. */
bool dw_web_origin_is_sound(struct dw_slice origin);
/* What else an index may have a sound origin under: with "*" for the first label of its host
 * ("*.example.com:8443"), on loopback for the port ("localhost:*"), after the scheme. ptr NULL when
 * memory is short. */
struct dw_slice dw_web_origin_wider(struct dw_slice origin, struct dw_arena *arena);

#endif
