/* Tokens, lists, parameters, media types (RFC 9110). */
#include "http/field.h"

#include "http/chars_internal.h"
#include "http/skip_internal.h"

bool dw_http_is_token(struct dw_slice text)
{
    return text.len && dw_chars_span(text.ptr, text.ptr + text.len, DW_CHAR_TOKEN) == text.len;
}

bool dw_http_is_field_value(struct dw_slice text)
{
    return text.len == 0 || dw_skip_value(text.ptr, text.ptr + text.len) == text.ptr + text.len;
}

/* Up to a separator outside quoted strings (RFC 9110 5.6.4). */
static struct dw_slice take_element(struct dw_slice *rest, char separator)
{
    bool is_quoted = false;
    size_t at;
    struct dw_slice element;

    for (at = 0; at < rest->len; at++) {
        char byte = rest->ptr[at];

        if (is_quoted && byte == '\\')
            at++;
        else if (byte == '"')
            is_quoted = !is_quoted;
        else if (byte == separator && !is_quoted)
            break;
    }
    element = dw_slice_sub(*rest, 0, at);
    *rest = dw_slice_sub(*rest, at + 1, rest->len);
    return dw_slice_trim(element);
}

bool dw_http_list_next(struct dw_slice *rest, struct dw_slice *ret_element)
{
    while (rest->len) {
        *ret_element = take_element(rest, ',');
        if (ret_element->len)
            return true;
    }
    return false;
}

bool dw_http_parameter_next(struct dw_slice *rest, struct dw_slice *ret_name,
                            struct dw_slice *ret_value)
{
    while (rest->len) {
        struct dw_slice element = take_element(rest, ';');
        size_t equals = dw_slice_index(element, '=');

        if (element.len == 0)
            continue;
        *ret_name = dw_slice_trim(dw_slice_sub(element, 0, equals));
        *ret_value = dw_slice_trim(dw_slice_sub(element, equals + 1, element.len));
        return true;
    }
    return false;
}

struct dw_slice dw_http_parameter(struct dw_slice element, const char *name)
{
    const struct dw_slice none = {NULL, 0};
    struct dw_slice seen, value, rest = element;

    take_element(&rest, ';'); /* the thing that has parameters */
    while (dw_http_parameter_next(&rest, &seen, &value)) {
        if (!dw_slice_eq_nocase(seen, dw_slice_from_text(name)))
            continue;
        if (value.len == 0 || value.ptr[0] != '"')
            return value;
        if (value.len < 2 || value.ptr[value.len - 1] != '"')
            return none;
        value = dw_slice_sub(value, 1, value.len - 2);
        return dw_slice_contains(value, '\\') || dw_slice_contains(value, '"') ? none : value;
    }
    return none;
}

bool dw_http_media_type_is(struct dw_slice content_type, const char *media_type)
{
    struct dw_slice rest = content_type;

    return dw_slice_eq_nocase(take_element(&rest, ';'), dw_slice_from_text(media_type));
}

/* "q=0.5": 0 to 1000 (RFC 9110 12.4.2). One that is malformed counts as 0: not wanted. */
static int parse_quality(struct dw_slice text)
{
    int quality = 0, scale = 100;

    if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1'))
        return 0;
    quality = (text.ptr[0] - '0') * 1000;
    if (text.len > 1 && text.ptr[1] != '.')
        return 0;
    for (size_t i = 2; i < text.len; i++, scale /= 10) {
        if (!dw_char_is(text.ptr[i], DW_CHAR_DIGIT))
            return 0;
        quality += (text.ptr[i] - '0') * scale;
    }
    return quality > 1000 ? 0 : quality;
}

/* How closely a media range fits: 3 the type itself, 2 "type/" and a star, 1 two stars, 0 not. */
static int closeness(struct dw_slice range, struct dw_slice wanted)
{
    struct dw_slice family = dw_slice_sub(wanted, 0, dw_slice_index(wanted, '/') + 1);

    if (dw_slice_eq_nocase(range, wanted))
        return 3;
    if (dw_slice_eq(range, DW_LIT("*/*")))
        return 1;
    if (range.len == family.len + 1 && range.ptr[family.len] == '*' &&
        dw_slice_eq_nocase(dw_slice_sub(range, 0, family.len), family))
        return 2;
    return 0;
}

int dw_http_accept_quality(struct dw_http_fields fields, const char *media_type)
{
    struct dw_slice wanted = dw_slice_from_text(media_type), rest, element, parameters, quality;
    int best = 0, best_quality = 0, fit;
    bool has_accept = false;

    for (size_t i = 0; i < fields.count; i++) {
        if (!dw_slice_eq_nocase(fields.items[i].name, DW_LIT("accept")))
            continue;
        has_accept = true;
        rest = fields.items[i].value;
        while (dw_http_list_next(&rest, &element)) {
            parameters = element;
            fit = closeness(take_element(&parameters, ';'), wanted);
            if (fit <= best)
                continue;
            quality = dw_http_parameter(element, "q");
            best = fit;
            best_quality = quality.ptr ? parse_quality(quality) : 1000;
        }
    }
    return has_accept ? best_quality : 1000;
}

void dw_http_add_quoted(struct dw_buf *buf, struct dw_slice text)
{
    dw_buf_add_byte(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];

        if (byte == '"' || byte == '\\')
            dw_buf_add_byte(buf, '\\');
        dw_buf_add_byte(buf, byte >= 0x20 && byte <= 0x7E ? byte : '?');
    }
    dw_buf_add_byte(buf, '"');
}
