/* Message heads into the caller's buffer. */
#include "http/render.h"

#include "http/chars_internal.h"
#include "http/field.h"
#include "http/parse.h"
#include "http/skip_internal.h"

static char *reserve(struct dw_http_writer *writer, size_t size)
{
    char *at = writer->ptr + writer->len;

    if (writer->failure != DW_OK)
        return NULL;
    if (size > writer->size - writer->len) {
        writer->failure = DW_HEADER_TOO_LARGE;
        return NULL;
    }
    writer->len += size;
    return at;
}

static void refuse(struct dw_http_writer *writer)
{
    if (writer->failure == DW_OK)
        writer->failure = DW_INTERNAL;
}

void dw_http_write_raw(struct dw_http_writer *writer, struct dw_slice lines)
{
    char *at = reserve(writer, lines.len);

    if (at && lines.len)
        memcpy(at, lines.ptr, lines.len);
}

void dw_http_write_status(struct dw_http_writer *writer, int status)
{
    char digits[4];

    if (status < 100 || status > 599) {
        refuse(writer);
        return;
    }
    digits[0] = (char)('0' + status / 100);
    digits[1] = (char)('0' + status / 10 % 10);
    digits[2] = (char)('0' + status % 10);
    digits[3] = ' ';
    dw_http_write_raw(writer, DW_LIT("HTTP/1.1 "));
    dw_http_write_raw(writer, dw_slice_from(digits, sizeof digits));
    dw_http_write_raw(writer, dw_slice_from_text(dw_http_reason(status)));
    dw_http_write_raw(writer, DW_LIT("\r\n"));
}

void dw_http_write_request_line(struct dw_http_writer *writer, enum dw_http_method method,
                                struct dw_slice method_text, struct dw_slice target)
{
    if (method != DW_HTTP_OTHER)
        method_text = dw_http_method_text(method);
    if (!dw_http_is_token(method_text) || target.len == 0 ||
        dw_chars_span(target.ptr, target.ptr + target.len, DW_CHAR_TARGET) != target.len) {
        refuse(writer);
        return;
    }
    dw_http_write_raw(writer, method_text);
    dw_http_write_raw(writer, DW_LIT(" "));
    dw_http_write_raw(writer, target);
    dw_http_write_raw(writer, DW_LIT(" HTTP/1.1\r\n"));
}

/* Written first and checked in place: behind the name stands ':', behind the value CR, so both
 * scans end where they must unless a byte before that should not be there. */
void dw_http_write_field(struct dw_http_writer *writer, struct dw_slice name, struct dw_slice value)
{
    const char *end = writer->ptr + writer->size, *start_of_value;
    char *start = reserve(writer, name.len + value.len + 4), *at = start;

    if (!start)
        return;
    if (name.len)
        memcpy(at, name.ptr, name.len);
    at += name.len;
    *at++ = ':';
    *at++ = ' ';
    start_of_value = at;
    if (value.len)
        memcpy(at, value.ptr, value.len);
    at += value.len;
    *at++ = '\r';
    *at++ = '\n';
    if (name.len == 0 || dw_skip_token(start, end) != start + name.len ||
        dw_skip_value(start_of_value, end) != start_of_value + value.len)
        refuse(writer);
}

void dw_http_write_field_int(struct dw_http_writer *writer, struct dw_slice name, int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0)
        *--at = '-';
    dw_http_write_field(writer, name, dw_slice_from(at, (size_t)(digits + sizeof digits - at)));
}

void dw_http_write_fields(struct dw_http_writer *writer, struct dw_http_fields fields)
{
    for (size_t i = 0; i < fields.count; i++)
        dw_http_write_field(writer, fields.items[i].name, fields.items[i].value);
}

void dw_http_write_end(struct dw_http_writer *writer)
{
    dw_http_write_raw(writer, DW_LIT("\r\n"));
}

bool dw_http_writer_finish(const struct dw_http_writer *writer, struct dw_slice *ret_bytes,
                           struct dw_error *reterr)
{
    if (writer->failure == DW_HEADER_TOO_LARGE)
        return dw_fail(reterr, DW_HEADER_TOO_LARGE, "the message head is larger than %zu bytes",
                       writer->size);
    if (writer->failure != DW_OK)
        return dw_fail(reterr, DW_INTERNAL, "a header field that must not be sent was refused");
    *ret_bytes = dw_slice_from(writer->ptr, writer->len);
    return true;
}

size_t dw_http_chunk_line(char line[static DW_HTTP_CHUNK_LINE_SIZE], size_t len)
{
    static const char digits[] = "0123456789abcdef";
    size_t count = 1, at;

    for (size_t rest = len >> 4; rest; rest >>= 4)
        count++;
    for (at = count; at-- > 0; len >>= 4)
        line[at] = digits[len & 15];
    line[count] = '\r';
    line[count + 1] = '\n';
    return count + 2;
}
