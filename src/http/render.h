/* Heads of HTTP/1.1 messages into the caller's buffer. No name or value with a CR, LF, NUL or other
 * control byte gets through, so nothing a peer sent can split a response. Failure sticks: write on,
 * ask once at the end. */
#ifndef DW_HTTP_RENDER_H
#define DW_HTTP_RENDER_H

#include "http/message.h"

struct dw_http_writer {
    char *ptr; /* the caller's */
    size_t size;
    size_t len;
    enum dw_code failure; /* DW_OK, or the first thing that went wrong */
};

static inline struct dw_http_writer dw_http_writer_into(char *ptr, size_t size)
{
    return (struct dw_http_writer){.ptr = ptr, .size = size};
}

/* "HTTP/1.1 404 Not Found\r\n"; status 100 to 599. */
void dw_http_write_status(struct dw_http_writer *writer, int status);
/* "POST /mcp HTTP/1.1\r\n"; method_text is for DW_HTTP_OTHER. The target must be printable ASCII
 * without spaces. */
void dw_http_write_request_line(struct dw_http_writer *writer, enum dw_http_method method,
                                struct dw_slice method_text, struct dw_slice target);
void dw_http_write_field(struct dw_http_writer *writer, struct dw_slice name,
                         struct dw_slice value);
void dw_http_write_field_int(struct dw_http_writer *writer, struct dw_slice name, int64_t number);
void dw_http_write_fields(struct dw_http_writer *writer, struct dw_http_fields fields);
/* Lines our own code made and checked, with their CR LF: "Date: ...\r\n". */
void dw_http_write_raw(struct dw_http_writer *writer, struct dw_slice lines);
/* The empty line. */
void dw_http_write_end(struct dw_http_writer *writer);
/* A view of what was written. Fails with DW_HEADER_TOO_LARGE (the buffer is full) or DW_INTERNAL (a
 * name, value, target or status that must not be sent). */
bool dw_must_check dw_http_writer_finish(const struct dw_http_writer *writer,
                                         struct dw_slice *ret_bytes, struct dw_error *reterr);

/* A chunk is this line, the data, and DW_HTTP_CHUNK_END (RFC 9112 7.1). An empty chunk would end
 * the body, so len must not be 0. Returns how many bytes of `line` are used. */
#define DW_HTTP_CHUNK_LINE_SIZE 20
size_t dw_http_chunk_line(char line[static DW_HTTP_CHUNK_LINE_SIZE], size_t len);
#define DW_HTTP_CHUNK_END DW_LIT("\r\n")
#define DW_HTTP_LAST_CHUNK DW_LIT("0\r\n\r\n")

#endif
