/* JSON values compared as JSON Schema compares them: numbers by value, objects without order. */
#include <math.h>

#include "mcp/schema_internal.h"

#define LARGEST_EXACT 9007199254740992.0 /* 2^53: from here on every double is an integer */

bool dw_schema_number(const struct dw_json *value, double *ret_number)
{
    if (value->type == DW_JSON_INT)
        *ret_number = (double)value->integer;
    else if (value->type == DW_JSON_DOUBLE)
        *ret_number = value->number;
    else
        return false;
    return true;
}

bool dw_schema_is_integer(const struct dw_json *value)
{
    return value->type == DW_JSON_INT ||
           (value->type == DW_JSON_DOUBLE && floor(value->number) == value->number);
}

int dw_schema_compare(const struct dw_json *a, const struct dw_json *b)
{
    double x, y;

    if (a->type == DW_JSON_INT && b->type == DW_JSON_INT)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (!dw_schema_number(a, &x) || !dw_schema_number(b, &y))
        return 0;
    return (x > y) - (x < y);
}

bool dw_schema_is_multiple(const struct dw_json *value, const struct dw_json *of)
{
    double number, step, quotient;

    if (value->type == DW_JSON_INT && of->type == DW_JSON_INT)
        return of->integer != 0 && (of->integer == -1 || value->integer % of->integer == 0);
    if (!dw_schema_number(value, &number) || !dw_schema_number(of, &step) || step == 0)
        return false;
    quotient = number / step;
    if (isinf(quotient))
        return fmod(number, step) == 0;
    /* Decimal fractions are not exact in binary: 0.0075 / 0.0001 is 75 and a little. */
    return fabs(quotient) >= LARGEST_EXACT || fabs(quotient - round(quotient)) < 1e-9;
}

static bool are_objects_equal(const struct dw_json *a, const struct dw_json *b)
{
    if (a->object.count != b->object.count)
        return false;
    for (size_t i = 0; i < a->object.count; i++) {
        const struct dw_json *other = dw_json_get_slice(b, a->object.members[i].key);

        if (!other || !dw_schema_equal(&a->object.members[i].value, other))
            return false;
    }
    return true;
}

static bool are_arrays_equal(const struct dw_json *a, const struct dw_json *b)
{
    if (a->array.count != b->array.count)
        return false;
    for (size_t i = 0; i < a->array.count; i++)
        if (!dw_schema_equal(&a->array.items[i], &b->array.items[i]))
            return false;
    return true;
}

bool dw_schema_equal(const struct dw_json *a, const struct dw_json *b)
{
    double number;

    if (dw_schema_number(a, &number) && dw_schema_number(b, &number))
        return dw_schema_compare(a, b) == 0;
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case DW_JSON_NULL:
        return true;
    case DW_JSON_BOOL:
        return a->boolean == b->boolean;
    case DW_JSON_TEXT:
        return dw_slice_eq(a->text, b->text);
    case DW_JSON_ARRAY:
        return are_arrays_equal(a, b);
    case DW_JSON_OBJECT:
        return are_objects_equal(a, b);
    case DW_JSON_INT:
    case DW_JSON_DOUBLE:
        break; /* handled above */
    }
    return false;
}

size_t dw_schema_length(struct dw_slice text)
{
    size_t length = 0;

    for (size_t i = 0; i < text.len; i++)
        length += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return length;
}

bool dw_schema_are_unique(const struct dw_json *array)
{
    for (size_t i = 1; i < array->array.count; i++)
        for (size_t j = 0; j < i; j++)
            if (dw_schema_equal(&array->array.items[i], &array->array.items[j]))
                return false;
    return true;
}
