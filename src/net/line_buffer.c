/* Cuts a stream of bytes into lines. */
#include "net/line_buffer.h"

#include "base/mem.h"

#define KEPT_BYTES ((size_t)16 * 1024) /* what a quiet stream may keep */

static bool keep(struct dw_line_buffer *buffer, struct dw_slice bytes)
{
    size_t room = buffer->limit_bytes - buffer->len;

    if (bytes.len > room) {
        if (!buffer->is_cutting)
            return false;
        buffer->is_dropping = true;
        bytes.len = room;
    }
    if (bytes.len > buffer->size - buffer->len) {
        size_t size = buffer->len + bytes.len;
        char *grown;

        size = size < buffer->limit_bytes / 2 ? size * 2 : buffer->limit_bytes;
        grown = dw_mem_resize(buffer->ptr, size);
        if (!grown)
            return false;
        buffer->ptr = grown;
        buffer->size = size;
    }
    if (bytes.len)
        memcpy(buffer->ptr + buffer->len, bytes.ptr, bytes.len);
    buffer->len += bytes.len;
    return true;
}

static void forget(struct dw_line_buffer *buffer)
{
    dw_mem_free(buffer->ptr);
    buffer->ptr = NULL;
    buffer->len = buffer->size = 0;
}

/* The end of what has come so far: the last bytes of `end` and `bytes` together. */
static void keep_end(struct dw_line_buffer *buffer, struct dw_slice bytes)
{
    size_t room, old;

    if (bytes.len > DW_LINE_ENDS_BYTES)
        bytes = dw_slice_sub(bytes, bytes.len - DW_LINE_ENDS_BYTES, bytes.len);
    room = DW_LINE_ENDS_BYTES - bytes.len;
    old = buffer->end_len < room ? buffer->end_len : room;
    memmove(buffer->end, buffer->end + buffer->end_len - old, old);
    if (bytes.len)
        memcpy(buffer->end + old, bytes.ptr, bytes.len);
    buffer->end_len = old + bytes.len;
}

static void keep_begin(struct dw_line_buffer *buffer, struct dw_slice bytes)
{
    bytes = dw_slice_sub(bytes, 0, DW_LINE_ENDS_BYTES - buffer->begin_len);
    if (bytes.len)
        memcpy(buffer->begin + buffer->begin_len, bytes.ptr, bytes.len);
    buffer->begin_len += bytes.len;
}

/* `bytes` did not fit: from here to its newline the line passes by. */
static bool give_up(struct dw_line_buffer *buffer, struct dw_slice bytes)
{
    struct dw_slice kept = dw_slice_from(buffer->ptr ? buffer->ptr : "", buffer->len);

    if (!buffer->too_long)
        return false;
    buffer->begin_len = buffer->end_len = 0;
    keep_begin(buffer, kept);
    keep_begin(buffer, bytes);
    keep_end(buffer, kept);
    keep_end(buffer, bytes);
    buffer->is_dropping = true;
    forget(buffer);
    return true;
}

static bool take(struct dw_line_buffer *buffer, struct dw_slice bytes)
{
    if (!buffer->is_dropping)
        return keep(buffer, bytes) || give_up(buffer, bytes);
    if (buffer->too_long)
        keep_end(buffer, bytes);
    return true;
}

static struct dw_slice without_return(struct dw_slice line)
{
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool hand_over_kept(struct dw_line_buffer *buffer,
                           bool (*line)(void *user, struct dw_slice line), void *user)
{
    struct dw_slice kept = dw_slice_from(buffer->ptr ? buffer->ptr : "", buffer->len);
    bool goes_on =
        buffer->is_dropping && buffer->too_long
            ? buffer->too_long(user, dw_slice_from(buffer->begin, buffer->begin_len),
                               without_return(dw_slice_from(buffer->end, buffer->end_len)))
            : line(user, without_return(kept));

    buffer->len = 0;
    buffer->is_dropping = false;
    if (buffer->size > KEPT_BYTES)
        forget(buffer);
    return goes_on;
}

bool dw_line_buffer_feed(struct dw_line_buffer *buffer, struct dw_slice bytes,
                         bool (*line)(void *user, struct dw_slice line), void *user)
{
    while (bytes.len) {
        size_t end = dw_slice_index(bytes, '\n');
        struct dw_slice part = dw_slice_sub(bytes, 0, end);
        bool goes_on = true;

        if (end == bytes.len) /* no end in sight */
            return take(buffer, part);
        bytes = dw_slice_sub(bytes, end + 1, bytes.len);
        if (buffer->len || buffer->is_dropping || part.len > buffer->limit_bytes) {
            if (!take(buffer, part))
                return false;
            goes_on = hand_over_kept(buffer, line, user);
        } else {
            goes_on = line(user, without_return(part));
        }
        if (!goes_on)
            return true;
    }
    return true;
}

void dw_line_buffer_finish(struct dw_line_buffer *buffer,
                           bool (*line)(void *user, struct dw_slice line), void *user)
{
    if (buffer->len)
        (void)hand_over_kept(buffer, line, user);
}

void dw_line_buffer_done(struct dw_line_buffer *buffer)
{
    forget(buffer);
}
