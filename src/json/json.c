/* Looking things up in a tree that was read. */
#include "json/json.h"

#include <stdarg.h>

/* The largest integer a double counts exactly to. */
#define LARGEST_DATE_S (INT64_C(1) << 53)

const struct dw_json *dw_json_get_slice(const struct dw_json *object, struct dw_slice key)
{
    if (!object || object->type != DW_JSON_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->object.count; i++)
        if (dw_slice_eq(object->object.members[i].key, key))
            return &object->object.members[i].value;
    return NULL;
}

const struct dw_json *dw_json_path(const struct dw_json *object, ...)
{
    va_list keys;
    const char *key;

    va_start(keys, object);
    while (object && (key = va_arg(keys, const char *)))
        object = dw_json_get(object, key);
    va_end(keys);
    return object;
}

struct dw_slice dw_json_text(const struct dw_json *object, const char *key)
{
    const struct dw_json *value = dw_json_get(object, key);

    return value && value->type == DW_JSON_TEXT ? value->text : dw_slice_from(NULL, 0);
}

bool dw_json_int(const struct dw_json *object, const char *key, int64_t *ret_number)
{
    const struct dw_json *value = dw_json_get(object, key);

    if (!value || value->type != DW_JSON_INT)
        return false;
    *ret_number = value->integer;
    return true;
}

bool dw_json_bool(const struct dw_json *object, const char *key, bool *ret_value)
{
    const struct dw_json *value = dw_json_get(object, key);

    if (!value || value->type != DW_JSON_BOOL)
        return false;
    *ret_value = value->boolean;
    return true;
}

bool dw_json_texts(const struct dw_json *object, const char *key, struct dw_arena *arena,
                   struct dw_slices *ret_texts, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(object, key);
    const struct dw_json *from = value;
    struct dw_slice *items;
    size_t count = 1;

    *ret_texts = (struct dw_slices){NULL, 0};
    if (!value)
        return true;
    if (value->type == DW_JSON_ARRAY) {
        from = value->array.items;
        count = value->array.count;
    }
    items = dw_arena_new_array(arena, count, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (from[i].type != DW_JSON_TEXT)
            return dw_fail(reterr, DW_MALFORMED, "\"%.64s\" must be a string or a list of strings",
                           key);
        items[i] = from[i].text;
    }
    *ret_texts = (struct dw_slices){items, count};
    return true;
}

bool dw_json_numeric_date(const struct dw_json *value, int64_t *ret_at_s)
{
    int64_t at_s;

    if (value && value->type == DW_JSON_INT)
        at_s = value->integer;
    else if (value && value->type == DW_JSON_DOUBLE && value->number >= 0 &&
             value->number <= (double)LARGEST_DATE_S)
        at_s = (int64_t)value->number;
    else
        return false;
    if (at_s < 0 || at_s > LARGEST_DATE_S)
        return false;
    *ret_at_s = at_s;
    return true;
}
