/* Growing bytes in an arena. A failure sticks: write on, and ask once at dw_buf_finish. */
#ifndef DW_BASE_BUF_H
#define DW_BASE_BUF_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct dw_buf {
    struct dw_arena *arena;
    char *ptr;
    size_t len;
    size_t size;
    size_t limit_bytes; /* 0: only the arena's */
    bool has_failed;
};

static inline struct dw_buf dw_buf_in(struct dw_arena *arena)
{
    return (struct dw_buf){.arena = arena};
}

/* What dw_buf_reserve asks when there is not enough. */
char *dw_buf_grow(struct dw_buf *buf, size_t size);

/* Room for `size` more bytes at ptr + len; the caller adds to len what it used. NULL: failed. */
static inline char *dw_buf_reserve(struct dw_buf *buf, size_t size)
{
    if (size == 0 || size > buf->size - buf->len || buf->has_failed)
        return dw_buf_grow(buf, size);
    return buf->ptr + buf->len;
}

static inline void dw_buf_add(struct dw_buf *buf, struct dw_slice bytes)
{
    char *room = bytes.len ? dw_buf_reserve(buf, bytes.len) : NULL;

    if (!room)
        return;
    memcpy(room, bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

static inline void dw_buf_add_byte(struct dw_buf *buf, char byte)
{
    char *room = dw_buf_reserve(buf, 1);

    if (!room)
        return;
    *room = byte;
    buf->len++;
}

/* As dw_buf_add: what finds no room shows at dw_buf_finish. */
void dw_buf_add_int(struct dw_buf *buf, int64_t number);
void dw_buf_printf(struct dw_buf *buf, const char *format, ...) dw_printf(2, 3);

static inline struct dw_slice dw_buf_view(const struct dw_buf *buf)
{
    return dw_slice_from(buf->ptr ? buf->ptr : "", buf->len);
}

/* The bytes, in the arena; a NUL follows them. Fails with DW_NO_MEMORY if any step failed. */
bool dw_must_check dw_buf_finish(struct dw_buf *buf, struct dw_slice *ret_bytes,
                                 struct dw_error *reterr);

#endif
