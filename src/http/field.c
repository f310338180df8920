/* Tokens, lists, media types (RFC 9110). */
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

bool dw_http_media_type_is(struct dw_slice content_type, const char *media_type)
{
    struct dw_slice rest = content_type;

    return dw_slice_eq_nocase(take_element(&rest, ';'), dw_slice_from_text(media_type));
}
