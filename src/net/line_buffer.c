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
    bool goes_on = line(user, without_return(kept));

    buffer->len = 0;
    buffer->is_dropping = false;
    if (buffer->size > KEPT_BYTES)
        dw_line_buffer_done(buffer);
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
            return buffer->is_dropping || keep(buffer, part);
        bytes = dw_slice_sub(bytes, end + 1, bytes.len);
        if (buffer->len || buffer->is_dropping || part.len > buffer->limit_bytes) {
            if (!buffer->is_dropping && !keep(buffer, part))
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
    dw_mem_free(buffer->ptr);
    buffer->ptr = NULL;
    buffer->len = buffer->size = 0;
}
