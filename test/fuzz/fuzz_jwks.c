/* Any bytes as a JWK Set: every key is counted once, as taken or as skipped. */
#include <stdlib.h>

#include "jose/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(32 << 20);
    struct dw_slice text = dw_slice_from((const char *)data, size);
    const struct dw_json *document, *list;
    struct dw_error error;
    size_t skipped;
    struct dw_jwks *keys = dw_jwks_parse(text, &skipped, &error);

    if (!keys)
        return 0;
    if (!arena || !dw_json_parse(text, arena, &document, &error))
        abort();
    list = dw_json_get(document, "keys");
    if (!list || list->type != DW_JSON_ARRAY ||
        dw_jwks_count(keys) + skipped != list->array.count ||
        dw_jwks_count(keys) > DW_JWKS_MAX_KEYS)
        abort();
    dw_jwks_unref(keys);
    return 0;
}
