/* Growing bytes in an arena. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

char *dw_buf_grow(struct dw_buf *buf, size_t size)
{
    size_t wanted;

    if (buf->has_failed)
        return NULL;
    if (__builtin_add_overflow(buf->len, size, &wanted) ||
        (buf->limit_bytes && wanted > buf->limit_bytes)) {
        buf->has_failed = true;
        return NULL;
    }
    if (wanted > buf->size) {
        size_t grown = buf->size ? buf->size + buf->size / 2 : 128;
        char *moved;

        if (grown < wanted)
            grown = wanted;
        if (buf->limit_bytes && grown > buf->limit_bytes)
            grown = buf->limit_bytes;
        moved = dw_arena_resize(buf->arena, buf->ptr, buf->size, grown);
        if (!moved) {
            buf->has_failed = true;
            return NULL;
        }
        buf->ptr = moved;
        buf->size = grown;
    }
    return buf->ptr + buf->len;
}

void dw_buf_add_int(struct dw_buf *buf, int64_t number)
{
    char room[DW_INT_DIGITS];

    dw_buf_add(buf, dw_text_of_int(number, room));
}

void dw_buf_printf(struct dw_buf *buf, const char *format, ...)
{
    va_list arguments;
    int length;
    char *room;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    room = length < 0 ? NULL : dw_buf_reserve(buf, (size_t)length + 1);
    if (!room) {
        buf->has_failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->len += (size_t)length;
}

bool dw_buf_finish(struct dw_buf *buf, struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    char *end = dw_buf_reserve(buf, 1);

    if (!end)
        return dw_fail(reterr, DW_NO_MEMORY, "the answer grew over its limit");
    *end = '\0';
    *ret_bytes = dw_slice_from(buf->ptr, buf->len);
    return true;
}
