/* Members by type and bounds; see json_member.h. */
#include "oauth/json_member.h"

#include <inttypes.h>

#define MAX_TEXT_BYTES 4096
#define MAX_TEXTS 100

bool dw_member_fail(const char *path, const char *wanted, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "%s must be %s", path, wanted);
}

bool dw_member_text(const char *path, const struct dw_json *value, struct dw_slice *ret_text,
                    struct dw_error *reterr)
{
    if (!value)
        return true;
    if (value->type == DW_JSON_NULL) {
        *ret_text = DW_EMPTY;
        return true;
    }
    if (value->type != DW_JSON_TEXT || value->text.len > MAX_TEXT_BYTES)
        return dw_member_fail(path, "a text of at most 4,096 bytes", reterr);
    for (size_t i = 0; i < value->text.len; i++)
        if ((unsigned char)value->text.ptr[i] < 0x20 || value->text.ptr[i] == 0x7f)
            return dw_member_fail(path, "free of control characters", reterr);
    *ret_text = value->text;
    return true;
}

bool dw_member_texts(const char *path, const struct dw_json *value, struct dw_arena *arena,
                     struct dw_slices *ret_texts, struct dw_error *reterr)
{
    struct dw_slice *items;

    if (!value)
        return true;
    if (value->type != DW_JSON_ARRAY || value->array.count > MAX_TEXTS)
        return dw_member_fail(path, "a list of at most 100 texts", reterr);
    items = dw_arena_new_array(arena, value->array.count + 1, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < value->array.count; i++)
        if (!dw_member_text(path, &value->array.items[i], &items[i], reterr))
            return false;
    *ret_texts = (struct dw_slices){items, value->array.count};
    return true;
}

bool dw_member_bool(const char *path, const struct dw_json *value, bool *ret_value,
                    struct dw_error *reterr)
{
    if (!value)
        return true;
    if (value->type != DW_JSON_BOOL)
        return dw_member_fail(path, "true or false", reterr);
    *ret_value = value->boolean;
    return true;
}

bool dw_member_int(const char *path, const struct dw_json *value, int64_t min, int64_t max,
                   int64_t *ret_number, struct dw_error *reterr)
{
    if (!value)
        return true;
    if (value->type != DW_JSON_INT || value->integer < min || value->integer > max)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "%s must be a number from %" PRId64 " to %" PRId64, path, min, max);
    *ret_number = value->integer;
    return true;
}
