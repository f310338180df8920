/* requestState (MCP 2026-07-28 multi-round-trip requests): what a call wants to find again when the
 * client comes back with answers. It travels through the client, so it is sealed (AES-256-GCM) and
 * bound to the caller, the method and the arguments, and it ends soon. Pure. */
#ifndef DW_SDK_STATE_INTERNAL_H
#define DW_SDK_STATE_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "crypto/seal.h"
#include "json/json.h"

#define DW_STATE_LIFETIME_S 900
#define DW_STATE_MAX_BYTES (256 * 1024) /* of what the author keeps and the answers so far */

/* What a state is bound to: it opens for the same of all of these only. */
struct dw_state_owner {
    struct dw_slice principal; /* key of the principal; empty: nobody in particular */
    struct dw_slice method;
    struct dw_slice name;      /* of the tool or prompt; the URI */
    struct dw_slice arguments; /* JSON as the client wrote it; may be empty */
};

struct dw_state {
    const struct dw_json *kept;    /* the author's; NULL: none */
    const struct dw_json *answers; /* an object: key to result, of earlier rounds; NULL: none */
};

/* kept: JSON, or empty; answers: a JSON object, or empty. *ret_text is base64url in `arena`.
 * Fails with DW_TOO_LARGE, DW_NO_MEMORY or DW_UNAVAILABLE. */
bool dw_must_check dw_state_seal(const unsigned char key[static DW_SEAL_KEY_BYTES],
                                 const unsigned char nonce[static DW_SEAL_NONCE_BYTES],
                                 const struct dw_state_owner *owner, struct dw_slice kept,
                                 struct dw_slice answers, int64_t now_s, struct dw_arena *arena,
                                 struct dw_slice *ret_text, struct dw_error *reterr);
/* Fails with DW_INVALID_PARAMS when it was changed, is another's, or has expired. */
bool dw_must_check dw_state_open(const unsigned char key[static DW_SEAL_KEY_BYTES],
                                 const struct dw_state_owner *owner, struct dw_slice text,
                                 int64_t now_s, struct dw_arena *arena, struct dw_state *ret_state,
                                 struct dw_error *reterr);

#endif
