/* Any bytes as a DPoP proof: none is good for a request nobody could sign for, and refusals say so.
 */
#include <stdlib.h>

#include "oauth/dpop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_dpop_rules rules = {
        .method = DW_LIT("POST"),
        .url = DW_LIT("https://tenant.example/oauth/token"),
        .now_s = 1, /* long before any key of the corpus signed anything */
    };
    struct dw_error error = {.code = DW_OK};
    struct dw_dpop_proof proof;

    if (!arena)
        abort();
    if (dw_dpop_check(dw_slice_from((const char *)data, size), &rules, arena, &proof, &error)) {
        if (proof.jkt.len != DW_DPOP_JKT_BYTES || proof.replay_key.len != 32)
            abort();
    } else if (error.code != DW_INVALID_DPOP_PROOF && error.code != DW_NO_MEMORY) {
        abort();
    }
    return 0;
}
