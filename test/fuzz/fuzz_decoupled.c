/* Any bytes as a user code, a login hint and a binding message: what is taken has the form that the
 * rules promise. */
#include <stdlib.h>

#include "oauth/decoupled.h"

static void check_user_code(struct dw_slice bytes, struct dw_arena *arena)
{
    struct dw_slice letters, again;
    struct dw_error error = {.code = DW_OK};

    if (!dw_user_code_normal(bytes, arena, &letters, &error) ||
        !dw_user_code_normal(letters, arena, &again, &error))
        abort();
    if (letters.len != 0 && (letters.len < DW_USER_CODE_MIN || letters.len > DW_USER_CODE_MAX))
        abort();
    if (!dw_slice_eq(letters, again)) /* normal is normal */
        abort();
}

static void check_login_hint(struct dw_slice bytes, struct dw_arena *arena)
{
    struct dw_slice user_id;
    struct dw_error error = {.code = DW_OK};

    if (dw_ciba_login_hint(bytes, DW_LIT("https://tenant.example/"), arena, &user_id, &error)) {
        if (user_id.len == 0)
            abort();
    } else if (error.code != DW_UNKNOWN_USER && error.code != DW_NO_MEMORY) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(8 << 20);
    struct dw_slice bytes = dw_slice_from((const char *)data, size);
    struct dw_error error = {.code = DW_OK};

    if (!arena)
        abort();
    check_user_code(bytes, arena);
    check_login_hint(bytes, arena);
    if (dw_ciba_check_binding_message(bytes, &error) &&
        (size == 0 || size > DW_BINDING_MESSAGE_MAX_BYTES || memchr(data, '<', size)))
        abort();
    return 0;
}
