/* The scalars of JSON: the escapes of strings (RFC 8259 section 7) and numbers (section 6). */
#include "json/json_internal.h"

#include "base/text.h"
#include "json/simdjson_bridge.h"

/* The four digits after "\u", or -1. */
static int32_t read_unit(struct dw_slice rest)
{
    int32_t unit = 0;

    if (rest.len < 6 || rest.ptr[0] != '\\' || rest.ptr[1] != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        int digit = dw_char_hex(rest.ptr[i]);

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static size_t put_utf8(char *to, uint32_t character)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        to[0] = (char)(0xc0 | character >> 6);
        to[1] = (char)(0x80 | (character & 63));
        return 2;
    }
    if (character < 0x10000) {
        to[0] = (char)(0xe0 | character >> 12);
        to[1] = (char)(0x80 | (character >> 6 & 63));
        to[2] = (char)(0x80 | (character & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | character >> 18);
    to[1] = (char)(0x80 | (character >> 12 & 63));
    to[2] = (char)(0x80 | (character >> 6 & 63));
    to[3] = (char)(0x80 | (character & 63));
    return 4;
}

/* "\uXXXX", or two of them that are a surrogate pair. A half of a pair is refused: it has no UTF-8,
 * and parsers disagree about what it becomes. */
static enum dw_json_string_result read_unicode(struct dw_slice *rest, char **to)
{
    int32_t unit = read_unit(*rest);
    int32_t low;

    if (unit < 0)
        return DW_JSON_STRING_BAD_ESCAPE;
    *rest = dw_slice_sub(*rest, 6, rest->len);
    if (unit < 0xd800 || unit > 0xdfff) {
        *to += put_utf8(*to, (uint32_t)unit);
        return DW_JSON_STRING_DONE;
    }
    low = read_unit(*rest);
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return DW_JSON_STRING_LONE_SURROGATE;
    *rest = dw_slice_sub(*rest, 6, rest->len);
    *to += put_utf8(*to, 0x10000 + ((uint32_t)(unit - 0xd800) << 10 | (uint32_t)(low - 0xdc00)));
    return DW_JSON_STRING_DONE;
}

static enum dw_json_string_result read_escape(struct dw_slice *rest, char **to)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (rest->len < 2 || rest->ptr[1] == '\0')
        return DW_JSON_STRING_BAD_ESCAPE;
    if (rest->ptr[1] == 'u')
        return read_unicode(rest, to);
    found = strchr(names, rest->ptr[1]);
    if (!found)
        return DW_JSON_STRING_BAD_ESCAPE;
    *(*to)++ = values[found - names];
    *rest = dw_slice_sub(*rest, 2, rest->len);
    return DW_JSON_STRING_DONE;
}

enum dw_json_string_result dw_json_string_read(struct dw_slice inside, struct dw_arena *arena,
                                               struct dw_slice *ret_text, size_t *ret_bad_at)
{
    struct dw_slice rest = inside;
    size_t plain = dw_slice_index(rest, '\\');
    char *text, *to;

    *ret_text = inside;
    if (plain == inside.len)
        return DW_JSON_STRING_DONE;
    text = to = dw_arena_alloc(arena, inside.len); /* an escape is never shorter than its value */
    if (!text)
        return DW_JSON_STRING_NO_MEMORY;
    for (;;) {
        enum dw_json_string_result result;

        memcpy(to, rest.ptr, plain);
        to += plain;
        rest = dw_slice_sub(rest, plain, rest.len);
        if (!rest.len)
            break;
        *ret_bad_at = (size_t)(rest.ptr - inside.ptr);
        result = read_escape(&rest, &to);
        if (result != DW_JSON_STRING_DONE)
            return result;
        plain = dw_slice_index(rest, '\\');
    }
    *ret_text = dw_slice_from(text, (size_t)(to - text));
    return DW_JSON_STRING_DONE;
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

bool dw_json_number_read(struct dw_slice text, struct dw_json *ret_number)
{
    const char *start = text.ptr + (text.ptr[0] == '-');
    const char *at = skip_digits(start);
    bool is_integer = true;

    if (at == start || (*start == '0' && at > start + 1))
        return false;
    if (*at == '.') {
        start = ++at;
        at = skip_digits(at);
        is_integer = false;
        if (at == start)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        start = at += *at == '+' || *at == '-';
        at = skip_digits(at);
        is_integer = false;
        if (at == start)
            return false;
    }
    if (at != text.ptr + text.len)
        return false;
    if (is_integer && dw_text_to_int(text, &ret_number->integer)) {
        ret_number->type = DW_JSON_INT;
        return true;
    }
    ret_number->type = DW_JSON_DOUBLE;
    return dw_json_double_read(text.ptr, at, &ret_number->number);
}
