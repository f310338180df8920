/* Pictures for users who have none: their first letters on a colour, from this tenant, so that
 * nobody else learns who is shown where. Auth0's users always have a `picture`, too. */
#ifndef DW_OAUTH_AVATAR_H
#define DW_OAUTH_AVATAR_H

#include "base/buf.h"
#include "oauth/records.h"

#define DW_AVATAR_PATH "avatars/" /* below the issuer */

/* The user's own picture, else ISSUER + "avatars/ad.svg". ptr NULL when memory is short. */
struct dw_slice dw_avatar_of(const struct dw_user *user, struct dw_slice issuer,
                             struct dw_arena *arena);
/* The image (SVG) of a file name that dw_avatar_of makes. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_avatar_write(struct dw_slice file_name, struct dw_buf *out,
                                   struct dw_error *reterr);

#endif
