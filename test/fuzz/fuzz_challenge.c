/* Any text as the reason of a refusal: what comes out is one field value of quoted parameters, and
 * the reason stays inside its quotes. */
#include <stdlib.h>

#include "base/arena.h"
#include "guard/challenge_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dw_slice scopes[] = {{"read", 4}, {"write", 5}};
    static const struct dw_challenge challenge = {
        .metadata_url = {"https://mcp.example/.well-known/oauth-protected-resource", 56}};
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_error error = {.code = DW_INVALID_TOKEN};
    struct dw_slice value;
    size_t quotes = 0;

    memcpy(error.message, data, size < sizeof error.message ? size : sizeof error.message - 1);
    value = dw_challenge_render(&challenge, &error, (struct dw_slices){scopes, 2}, arena);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < 0x20 || value.ptr[i] > 0x7e || value.ptr[i] == '\\')
            abort();
        quotes += value.ptr[i] == '"';
    }
    /* error, error_description unless it is empty, scope, resource_metadata */
    if (quotes != (error.message[0] ? 8u : 6u))
        abort();
    return 0;
}
