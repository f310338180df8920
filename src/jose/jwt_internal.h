/* Taking a JWT apart, for signatures with keys and with secrets alike. */
#ifndef DW_JOSE_JWT_INTERNAL_H
#define DW_JOSE_JWT_INTERNAL_H

#include "jose/jwt.h"

/* The three parts, still encoded; the last may be empty. */
bool dw_must_check dw_jwt_split(struct dw_slice token, struct dw_slice ret_parts[static 3],
                                struct dw_error *reterr);
/* Decodes and reads one part; what is wrong with it is the token's fault. `what` is for messages.
 */
bool dw_must_check dw_jwt_read_part(struct dw_slice part, const char *what, struct dw_arena *arena,
                                    const struct dw_json **ret_object, struct dw_error *reterr);
/* "left.right"; without a pointer when one of them has none, or memory is short. */
struct dw_slice dw_jwt_join(struct dw_arena *arena, struct dw_slice left, struct dw_slice right);
/* Refuses encrypted tokens and critical extensions. */
bool dw_must_check dw_jwt_check_header(const struct dw_json *header, struct dw_error *reterr);

#endif
