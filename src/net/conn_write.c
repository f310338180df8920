/* The sending half of a connection: try the write first, copy only what the kernel does not take.
 * conn->waiting is plain text; conn->flying is what the socket gets, encrypted or not. */
#include "net/server_internal.h"

#define MAX_PARTS 8
#define KEPT_BLOCKS 256

struct dw_free_block {
    struct dw_free_block *next;
};

/* ---- bytes ---- */

static char *take_block(struct dw_server_loop *server)
{
    struct dw_free_block *block = server->free_blocks;

    if (!block)
        return dw_mem_alloc(DW_CONN_BLOCK_BYTES);
    server->free_blocks = block->next;
    server->free_block_count--;
    return (char *)block;
}

void dw_bytes_release(struct dw_server_loop *server, struct dw_bytes *bytes)
{
    struct dw_free_block *block = (struct dw_free_block *)(void *)bytes->ptr;

    if (bytes->size == DW_CONN_BLOCK_BYTES && server->free_block_count < KEPT_BLOCKS) {
        block->next = server->free_blocks;
        server->free_blocks = block;
        server->free_block_count++;
    } else {
        dw_mem_free(bytes->ptr);
    }
    *bytes = (struct dw_bytes){NULL, 0, 0};
}

void dw_blocks_free(struct dw_server_loop *server)
{
    while (server->free_blocks) {
        struct dw_free_block *block = server->free_blocks;

        server->free_blocks = block->next;
        dw_mem_free(block);
    }
}

bool dw_bytes_reserve(struct dw_server_loop *server, struct dw_bytes *bytes, size_t size)
{
    struct dw_bytes grown = {NULL, bytes->len, bytes->len + size};

    if (size <= bytes->size - bytes->len)
        return true;
    if (grown.size < bytes->size * 2)
        grown.size = bytes->size * 2;
    if (grown.size <= DW_CONN_BLOCK_BYTES) {
        grown.size = DW_CONN_BLOCK_BYTES;
        grown.ptr = take_block(server);
    } else {
        grown.ptr = dw_mem_alloc(grown.size);
    }
    if (!grown.ptr)
        return false;
    if (bytes->len)
        memcpy(grown.ptr, bytes->ptr, bytes->len);
    if (bytes->ptr)
        dw_bytes_release(server, bytes);
    *bytes = grown;
    return true;
}

static bool append(struct dw_conn *conn, struct dw_bytes *bytes, struct dw_slice part)
{
    if (!dw_bytes_reserve(conn->server, bytes, part.len))
        return false;
    if (part.len)
        memcpy(bytes->ptr + bytes->len, part.ptr, part.len);
    bytes->len += part.len;
    return true;
}

/* ---- the socket ---- */

size_t dw_conn_unsent_bytes(const struct dw_conn *conn)
{
    return (conn->is_writing ? uv_stream_get_write_queue_size(&conn->uv.stream) : 0) +
           conn->waiting.len;
}

static void on_written(uv_write_t *write, int status)
{
    struct dw_conn *conn = write->data;

    conn->is_writing = false;
    dw_bytes_release(conn->server, &conn->flying);
    if (conn->phase == DW_CONN_CLOSED)
        return;
    if (status < 0) {
        dw_conn_close(conn);
        return;
    }
    if (conn->phase == DW_CONN_ANSWERING)
        dw_deadline_set(conn->server->loop, &conn->deadline, 0);
    if (!dw_conn_flush(conn))
        return;
    if (!conn->is_writing) {
        dw_exchange_drained(&conn->exchange);
        dw_conn_schedule(conn);
    }
}

/* Sends `flying` as the kernel takes it. */
static bool fly(struct dw_conn *conn)
{
    uv_buf_t buffer = uv_buf_init(conn->flying.ptr, (unsigned)conn->flying.len);
    int64_t timeout_ms = dw_listener_settings(conn->listener)->limits.write_timeout_ms;

    conn->write.data = conn;
    if (uv_write(&conn->write, &conn->uv.stream, &buffer, 1, on_written)) {
        dw_conn_close(conn);
        return false;
    }
    conn->is_writing = true;
    conn->unsent_at_deadline = dw_conn_unsent_bytes(conn);
    dw_deadline_set(conn->server->loop, &conn->deadline, timeout_ms);
    return true;
}

static bool fly_rest(struct dw_conn *conn, const uv_buf_t *buffers, size_t count, size_t written)
{
    struct dw_bytes rest = {NULL, 0, 0};
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += buffers[i].len;
    if (!dw_bytes_reserve(conn->server, &rest, total - written)) {
        dw_conn_close(conn);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t skipped = written < buffers[i].len ? written : buffers[i].len;

        memcpy(rest.ptr + rest.len, buffers[i].base + skipped, buffers[i].len - skipped);
        rest.len += buffers[i].len - skipped;
        written -= skipped;
    }
    conn->flying = rest;
    return fly(conn);
}

/* Nothing is flying. */
static bool write_now(struct dw_conn *conn, const uv_buf_t *buffers, size_t count)
{
    size_t total = 0;
    int written;

    for (size_t i = 0; i < count; i++)
        total += buffers[i].len;
    if (!total)
        return true;
    written = uv_try_write(&conn->uv.stream, buffers, (unsigned)count);
    if (written == UV_EAGAIN)
        written = 0;
    if (written < 0) {
        dw_conn_close(conn);
        return false;
    }
    return (size_t)written == total || fly_rest(conn, buffers, count, (size_t)written);
}

/* libuv only reads what it writes, whatever its type says. */
static uv_buf_t as_buffer(struct dw_slice part)
{
    return (uv_buf_t){.base = (char *)(uintptr_t)part.ptr, .len = part.len};
}

/* ---- TLS ---- */

/* Small parts share a record. parts[0] may be in the buffer already, at its start: a head. */
static bool encrypt(struct dw_conn *conn, const struct dw_slice *parts, size_t count)
{
    char *buffer = conn->server->write_buffer;
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (i == 0 && parts[i].ptr == buffer) {
            len = parts[i].len;
        } else if (parts[i].len <= DW_CONN_WRITE_BYTES - len) {
            if (parts[i].len)
                memcpy(buffer + len, parts[i].ptr, parts[i].len);
            len += parts[i].len;
        } else {
            if (!dw_tls_write(conn->tls, dw_slice_from(buffer, len)) ||
                !dw_tls_write(conn->tls, parts[i]))
                return false;
            len = 0;
        }
    }
    return dw_tls_write(conn->tls, dw_slice_from(buffer, len));
}

static bool send_encrypted(struct dw_conn *conn)
{
    struct dw_slice bytes = dw_tls_unsent(conn->tls);
    uv_buf_t buffer = as_buffer(bytes);

    if (!bytes.len || conn->is_writing)
        return true;
    if (!write_now(conn, &buffer, 1))
        return false;
    dw_tls_sent(conn->tls, bytes.len); /* sent, or copied to be */
    return true;
}

/* ---- what others call ---- */

static bool queue(struct dw_conn *conn, const struct dw_slice *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!append(conn, &conn->waiting, parts[i])) {
            dw_conn_close(conn);
            return false;
        }
    return true;
}

static bool send_over_tls(struct dw_conn *conn, const struct dw_slice *parts, size_t count)
{
    struct dw_slice waiting = dw_slice_from(conn->waiting.ptr, conn->waiting.len);

    if (dw_tls_write(conn->tls, waiting) && encrypt(conn, parts, count))
        return send_encrypted(conn);
    dw_conn_close(conn);
    return false;
}

bool dw_conn_send(struct dw_conn *conn, const struct dw_slice *parts, size_t count)
{
    uv_buf_t buffers[MAX_PARTS + 1];
    size_t used = 0;
    bool is_sent;

    if (conn->phase == DW_CONN_CLOSED || count > MAX_PARTS)
        return false;
    if (conn->is_writing || (conn->tls && !dw_tls_is_ready(conn->tls)))
        return queue(conn, parts, count);
    if (conn->tls) {
        is_sent = send_over_tls(conn, parts, count);
    } else {
        if (conn->waiting.len)
            buffers[used++] = as_buffer(dw_slice_from(conn->waiting.ptr, conn->waiting.len));
        for (size_t i = 0; i < count; i++)
            if (parts[i].len)
                buffers[used++] = as_buffer(parts[i]);
        is_sent = write_now(conn, buffers, used);
    }
    if (conn->waiting.ptr)
        dw_bytes_release(conn->server, &conn->waiting);
    return is_sent;
}

bool dw_conn_flush(struct dw_conn *conn)
{
    if (conn->phase == DW_CONN_CLOSED)
        return false;
    if (conn->is_writing)
        return true;
    if (conn->tls && !send_encrypted(conn))
        return false;
    return !conn->waiting.len || conn->is_writing || dw_conn_send(conn, NULL, 0);
}

bool dw_conn_send_soon(struct dw_conn *conn, const struct dw_slice *parts, size_t count)
{
    return conn->phase != DW_CONN_CLOSED && queue(conn, parts, count);
}
