/* Sets of scope names (RFC 6749 section 3.3): parsing, writing, and the operations on them. Order
 * is that of the first operand; there are no doubles. */
#ifndef DW_OAUTH_SCOPE_H
#define DW_OAUTH_SCOPE_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

/* Names are views of `text`, the array is in `arena`. More than one space between names is taken.
 * Fails with DW_INVALID_SCOPE: a byte outside the grammar, over DW_SCOPE_MAX_BYTES or
 * DW_SCOPES_MAX. */
bool dw_must_check dw_scopes_parse(struct dw_slice text, struct dw_arena *arena,
                                   struct dw_slices *ret_scopes, struct dw_error *reterr);
/* Whether `name` may be a scope: not empty, %x21 / %x23-5B / %x5D-7E. */
bool dw_scope_is_name(struct dw_slice name);
/* Joined by spaces, in `arena`. */
bool dw_must_check dw_scopes_text(struct dw_slices scopes, struct dw_arena *arena,
                                  struct dw_slice *ret_text, struct dw_error *reterr);

bool dw_must_check dw_scopes_both(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                                  struct dw_slices *ret_scopes, struct dw_error *reterr);
/* Those of `a` that are not in `b`. */
bool dw_must_check dw_scopes_without(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                                     struct dw_slices *ret_scopes, struct dw_error *reterr);
bool dw_must_check dw_scopes_either(struct dw_slices a, struct dw_slices b, struct dw_arena *arena,
                                    struct dw_slices *ret_scopes, struct dw_error *reterr);
bool dw_scopes_are_within(struct dw_slices inner, struct dw_slices outer);

/* openid, profile, email, address, phone, offline_access and Auth0's one-claim scopes (name,
 * nickname, ...): about the user, not about an API. */
bool dw_scope_is_oidc(struct dw_slice name);
/* All of them, for discovery; ends with NULL. */
extern const char *const dw_scope_oidc_names[];

#endif
