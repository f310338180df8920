/* The policy made ready to ask: rows with names, and the questions the guard puts to them. Pure;
 * only inside guard/. */
#ifndef DW_GUARD_POLICY_INTERNAL_H
#define DW_GUARD_POLICY_INTERNAL_H

#include "base/arena.h"
#include "guard/policy.h"

struct dw_policy {
    const struct dw_policy_row *rows; /* every row has a name */
    size_t count;
};

/* Copies the rows into `arena`; the bytes and lists they point to stay the caller's. Fails with
 * DW_CONFIG, naming the row: more than one of tool, prompt and resource in one row (no message is
 * about two things), scopes in a deny row, a scope that is no scope-token (RFC 6749 section 3.3),
 * or with DW_NO_MEMORY. */
bool dw_must_check dw_policy_init(struct dw_policy *policy, const struct dw_policy_row *rows,
                                  size_t count, struct dw_arena *arena, struct dw_error *reterr);

/* May a bearer of the scopes send the message? See dw_guard_authorize for what comes back. Without
 * rows the answer is yes. */
bool dw_must_check dw_policy_decide(const struct dw_policy *policy, struct dw_slices granted,
                                    const struct dw_mcp_message *message, struct dw_arena *arena,
                                    struct dw_slices *ret_needed, struct dw_slice *ret_rule,
                                    struct dw_error *reterr);
/* The same for one entry of a list. */
bool dw_policy_may_see(const struct dw_policy *policy, struct dw_slices granted,
                       enum dw_mcp_kind kind, struct dw_slice name);
/* Every scope some row asks for, each once, in the order of the rows. ret->items NULL with count 0
 * when there are none. */
bool dw_must_check dw_policy_scopes(const struct dw_policy *policy, struct dw_arena *arena,
                                    struct dw_slices *ret_scopes, struct dw_error *reterr);

#endif
