/* application/x-www-form-urlencoded (WHATWG URL 5), with limits. */
#include "http/form.h"

#include "base/text.h"
#include "http/url.h"

static bool fail_escape(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST,
                   "the form data is malformed: a '%%' without two hex digits, or not UTF-8");
}

static bool decode(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_text,
                   struct dw_error *reterr)
{
    size_t len = 0;
    char *bytes;

    bytes = dw_arena_alloc(arena, text.len + 1);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "decoding form data");
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i] == '+' ? ' ' : text.ptr[i];

        if (byte == '%') {
            if (text.len - i < 3 || dw_char_hex(text.ptr[i + 1]) < 0 ||
                dw_char_hex(text.ptr[i + 2]) < 0)
                return fail_escape(reterr);
            byte = (char)(dw_char_hex(text.ptr[i + 1]) * 16 + dw_char_hex(text.ptr[i + 2]));
            i += 2;
        }
        if (byte == '\0')
            return dw_fail(reterr, DW_INVALID_REQUEST, "a NUL in the form data");
        bytes[len++] = byte;
    }
    *ret_text = dw_slice_from(bytes, len);
    return dw_text_is_utf8(*ret_text) ? true : fail_escape(reterr);
}

bool dw_form_parse(struct dw_slice text, struct dw_arena *arena, struct dw_form *ret_form,
                   struct dw_error *reterr)
{
    struct dw_form_field *items;
    struct dw_slice rest = text, part;
    size_t count = 0;

    while (dw_slice_split(&rest, '&', &part))
        count += part.len > 0;
    if (count > DW_FORM_MAX_FIELDS)
        return dw_fail(reterr, DW_INVALID_REQUEST, "more than %d form fields", DW_FORM_MAX_FIELDS);
    items = dw_arena_new_array(arena, count + 1, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "parsing form data");
    count = 0;
    for (rest = text; dw_slice_split(&rest, '&', &part);) {
        size_t equals = dw_slice_index(part, '=');

        if (part.len == 0)
            continue;
        if (!decode(dw_slice_sub(part, 0, equals), arena, &items[count].name, reterr) ||
            !decode(dw_slice_sub(part, equals + 1, part.len), arena, &items[count].value, reterr))
            return false;
        count++;
    }
    *ret_form = (struct dw_form){items, count};
    return true;
}

struct dw_slice dw_form_value(const struct dw_form *form, const char *name)
{
    struct dw_slice wanted = dw_slice_from_text(name);

    for (size_t i = 0; i < form->count; i++)
        if (dw_slice_eq(form->items[i].name, wanted))
            return form->items[i].value;
    return (struct dw_slice){NULL, 0};
}

size_t dw_form_count(const struct dw_form *form, const char *name)
{
    struct dw_slice wanted = dw_slice_from_text(name);
    size_t count = 0;

    for (size_t i = 0; i < form->count; i++)
        count += dw_slice_eq(form->items[i].name, wanted);
    return count;
}

bool dw_form_check_doubles(const struct dw_form *form, struct dw_slices repeatable,
                           struct dw_error *reterr)
{
    for (size_t i = 0; i < form->count; i++) {
        struct dw_slice name = form->items[i].name;

        if (dw_slices_have(repeatable, name))
            continue;
        for (size_t earlier = 0; earlier < i; earlier++)
            if (dw_slice_eq(form->items[earlier].name, name))
                return dw_fail(reterr, DW_INVALID_REQUEST,
                               "the parameter '%.*s' comes more than once", DW_PRINT(name));
    }
    return true;
}

static void add_pair(struct dw_buf *buf, struct dw_slice name, struct dw_slice value)
{
    dw_url_add_encoded(buf, name);
    dw_buf_add_byte(buf, '=');
    dw_url_add_encoded(buf, value);
}

void dw_form_add(struct dw_buf *buf, struct dw_slice name, struct dw_slice value)
{
    if (buf->len)
        dw_buf_add_byte(buf, '&');
    add_pair(buf, name, value);
}

void dw_form_add_to_url(struct dw_buf *buf, struct dw_slice name, struct dw_slice value)
{
    struct dw_slice url = dw_buf_view(buf);

    if (!dw_slice_contains(url, '?'))
        dw_buf_add_byte(buf, '?');
    else if (!dw_slice_ends_with(url, DW_LIT("?")) && !dw_slice_ends_with(url, DW_LIT("&")))
        dw_buf_add_byte(buf, '&');
    add_pair(buf, name, value);
}
