/* Members by type and bounds; see json_member.h. */
#include "oauth/json_member.h"

#include <inttypes.h>

#include "base/buf.h"
#include "oauth/records.h"

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

bool dw_member_word(const char *path, const struct dw_json *value, const char *const *names,
                    struct dw_arena *arena, unsigned *ret_at, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice wanted, word = DW_EMPTY;

    if (!value)
        return true;
    if (value->type == DW_JSON_BOOL)
        word = value->boolean ? DW_LIT("true") : DW_LIT("false");
    else if (value->type == DW_JSON_TEXT)
        word = value->text;
    if ((word.len > 0 || value->type == DW_JSON_TEXT || value->type == DW_JSON_NULL) &&
        dw_enum_from(names, word, ret_at))
        return true;
    for (size_t i = 0; names[i]; i++)
        if (names[i][0])
            dw_buf_printf(&out, "%s%s", out.len ? ", " : "", names[i]);
    return dw_buf_finish(&out, &wanted, reterr) &&
           dw_fail(reterr, DW_INVALID_REQUEST, "%s must be one of: %.*s", path, DW_PRINT(wanted));
}

bool dw_member_either(const char *path, const struct dw_json *value, const char *const *names,
                      struct dw_arena *arena, bool *ret_value, struct dw_error *reterr)
{
    unsigned at = *ret_value;

    if (!dw_member_word(path, value, names, arena, &at, reterr))
        return false;
    *ret_value = at != 0;
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
