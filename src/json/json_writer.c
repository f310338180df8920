/* Writing JSON. */
#include "json/json_writer.h"

#include <math.h>

#include "base/text.h"
#include "json/simdjson_bridge.h"

static void add_byte(struct dw_json_writer *writer, char byte)
{
    dw_buf_add_byte(writer->out, byte);
}

static void start_value(struct dw_json_writer *writer)
{
    if (writer->needs_comma)
        add_byte(writer, ',');
    writer->needs_comma = true;
}

static void open_container(struct dw_json_writer *writer, char byte)
{
    char *room = dw_buf_reserve(writer->out, 2);

    if (!room)
        return;
    writer->out->len += 1 + writer->needs_comma;
    if (writer->needs_comma)
        *room++ = ',';
    *room = byte;
    writer->needs_comma = false;
}

static void close_container(struct dw_json_writer *writer, char byte)
{
    add_byte(writer, byte);
    writer->needs_comma = true;
}

void dw_json_write_object_start(struct dw_json_writer *writer)
{
    open_container(writer, '{');
}

void dw_json_write_object_end(struct dw_json_writer *writer)
{
    close_container(writer, '}');
}

void dw_json_write_array_start(struct dw_json_writer *writer)
{
    open_container(writer, '[');
}

void dw_json_write_array_end(struct dw_json_writer *writer)
{
    close_container(writer, ']');
}

/* What is written as it is: ASCII but control characters, '"' and '\\'. */
static const bool is_plain[256] = {
    [' ' ... '"' - 1] = true,
    ['"' + 1 ... '\\' - 1] = true,
    ['\\' + 1 ... 0x7f] = true,
};

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether one of eight bytes is zero. */
static inline bool has_zero(uint64_t bytes)
{
    return (bytes - EIGHT(0x01)) & ~bytes & EIGHT(0x80);
}

static inline bool are_plain(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof bytes);
    return !(bytes & EIGHT(0x80)) && !has_zero(bytes & EIGHT(0xe0)) &&
           !has_zero(bytes ^ EIGHT('"')) && !has_zero(bytes ^ EIGHT('\\'));
}

/* How many bytes at the front are written as they are. */
static size_t plain_len(struct dw_slice text)
{
    size_t len = 0;

    while (text.len - len >= 8 && are_plain(text.ptr + len))
        len += 8;
    while (len < text.len && is_plain[(unsigned char)text.ptr[len]])
        len++;
    return len;
}

static void add_escape(struct dw_json_writer *writer, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char names[] = {
        ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
        ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
    };
    char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

    if (byte < sizeof names && names[byte]) {
        escape[1] = names[byte];
        dw_buf_add(writer->out, dw_slice_from(escape, 2));
    } else {
        dw_buf_add(writer->out, dw_slice_from(escape, sizeof escape));
    }
}

/* Writes the character at the front, or U+FFFD for a byte that starts none. Returns its length. */
static size_t add_character(struct dw_json_writer *writer, struct dw_slice text)
{
    unsigned char first = (unsigned char)text.ptr[0];
    struct dw_slice character = dw_slice_sub(text, 0, first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

    if (first >= 0xc2 && dw_text_is_utf8(character)) {
        dw_buf_add(writer->out, character);
        return character.len;
    }
    dw_buf_add(writer->out, DW_LIT("\xef\xbf\xbd"));
    return 1;
}

/* The rest of a text, from something that is not written as it is. */
static void add_escaped(struct dw_json_writer *writer, struct dw_slice text)
{
    while (text.len) {
        size_t done = 1;

        if ((unsigned char)text.ptr[0] < 0x80)
            add_escape(writer, (unsigned char)text.ptr[0]);
        else
            done = add_character(writer, text);
        text = dw_slice_sub(text, done, text.len);
        done = plain_len(text);
        dw_buf_add(writer->out, dw_slice_sub(text, 0, done));
        text = dw_slice_sub(text, done, text.len);
    }
}

static void add_quoted(struct dw_json_writer *writer, struct dw_slice text)
{
    size_t plain = plain_len(text);
    char *room = dw_buf_reserve(writer->out, plain + 2);

    if (!room)
        return;
    *room = '"';
    if (plain)
        memcpy(room + 1, text.ptr, plain);
    writer->out->len += plain + 1;
    if (plain < text.len)
        add_escaped(writer, dw_slice_sub(text, plain, text.len));
    add_byte(writer, '"');
}

void dw_json_write_key(struct dw_json_writer *writer, struct dw_slice key)
{
    start_value(writer);
    add_quoted(writer, key);
    add_byte(writer, ':');
    writer->needs_comma = false;
}

void dw_json_write_text(struct dw_json_writer *writer, struct dw_slice text)
{
    start_value(writer);
    add_quoted(writer, text);
}

void dw_json_write_int(struct dw_json_writer *writer, int64_t number)
{
    start_value(writer);
    dw_buf_add_int(writer->out, number);
}

/* JSON has no infinities: those become null. A whole number keeps its ".0", so that it is read back
 * as what it was. */
void dw_json_write_double(struct dw_json_writer *writer, double number)
{
    char text[DW_JSON_DOUBLE_SIZE];
    size_t len;

    if (!isfinite(number)) {
        dw_json_write_null(writer);
        return;
    }
    start_value(writer);
    len = dw_json_double_text(number, text);
    dw_buf_add(writer->out, dw_slice_from(text, len));
    if (!memchr(text, '.', len) && !memchr(text, 'e', len))
        dw_buf_add(writer->out, DW_LIT(".0"));
}

void dw_json_write_bool(struct dw_json_writer *writer, bool value)
{
    start_value(writer);
    dw_buf_add(writer->out, value ? DW_LIT("true") : DW_LIT("false"));
}

void dw_json_write_null(struct dw_json_writer *writer)
{
    start_value(writer);
    dw_buf_add(writer->out, DW_LIT("null"));
}

void dw_json_write_raw(struct dw_json_writer *writer, struct dw_slice json)
{
    start_value(writer);
    dw_buf_add(writer->out, json);
}

static void write_array(struct dw_json_writer *writer, const struct dw_json *value)
{
    dw_json_write_array_start(writer);
    for (size_t i = 0; i < value->array.count; i++)
        dw_json_write_value(writer, &value->array.items[i]);
    dw_json_write_array_end(writer);
}

static void write_object(struct dw_json_writer *writer, const struct dw_json *value)
{
    dw_json_write_object_start(writer);
    for (size_t i = 0; i < value->object.count; i++) {
        dw_json_write_key(writer, value->object.members[i].key);
        dw_json_write_value(writer, &value->object.members[i].value);
    }
    dw_json_write_object_end(writer);
}

void dw_json_write_value(struct dw_json_writer *writer, const struct dw_json *value)
{
    switch (value->type) {
    case DW_JSON_NULL:
        dw_json_write_null(writer);
        break;
    case DW_JSON_BOOL:
        dw_json_write_bool(writer, value->boolean);
        break;
    case DW_JSON_INT:
        dw_json_write_int(writer, value->integer);
        break;
    case DW_JSON_DOUBLE:
        dw_json_write_double(writer, value->number);
        break;
    case DW_JSON_TEXT:
        dw_json_write_text(writer, value->text);
        break;
    case DW_JSON_ARRAY:
        write_array(writer, value);
        break;
    case DW_JSON_OBJECT:
        write_object(writer, value);
        break;
    }
}

static void put_key(struct dw_json_writer *writer, const char *key)
{
    size_t len = strlen(key);
    char *room = dw_buf_reserve(writer->out, len + 4); /* ,"": */

    if (!room)
        return;
    writer->out->len += len + 3 + writer->needs_comma;
    if (writer->needs_comma)
        *room++ = ',';
    *room++ = '"';
    memcpy(room, key, len);
    memcpy(room + len, "\":", 2);
    writer->needs_comma = false;
}

void dw_json_put_text(struct dw_json_writer *writer, const char *key, struct dw_slice text)
{
    put_key(writer, key);
    dw_json_write_text(writer, text);
}

void dw_json_put_int(struct dw_json_writer *writer, const char *key, int64_t number)
{
    put_key(writer, key);
    dw_json_write_int(writer, number);
}

void dw_json_put_bool(struct dw_json_writer *writer, const char *key, bool value)
{
    put_key(writer, key);
    dw_json_write_bool(writer, value);
}

void dw_json_put_texts(struct dw_json_writer *writer, const char *key, struct dw_slices texts)
{
    put_key(writer, key);
    dw_json_write_array_start(writer);
    for (size_t i = 0; i < texts.count; i++)
        dw_json_write_text(writer, texts.items[i]);
    dw_json_write_array_end(writer);
}

void dw_json_put_raw(struct dw_json_writer *writer, const char *key, struct dw_slice json)
{
    put_key(writer, key);
    dw_json_write_raw(writer, json);
}
