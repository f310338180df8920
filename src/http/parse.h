/* Heads and bodies of HTTP/1.1 messages out of bytes (RFC 9112), strictly: what two readers could
 * understand differently (request smuggling) is refused. Pure: no sockets, no memory of its own. */
#ifndef DW_HTTP_PARSE_H
#define DW_HTTP_PARSE_H

#include "http/message.h"

#define DW_HTTP_MAX_TARGET_BYTES (8 * 1024)
#define DW_HTTP_MAX_CHUNK_LINE_BYTES 256           /* size and extensions of one chunk */
#define DW_HTTP_MAX_CHUNK_EXCESS_BYTES (16 * 1024) /* framing beyond twice the data, a body */
#define DW_HTTP_MAX_TRAILER_BYTES (8 * 1024)
/* The largest Content-Length and chunk that is believed. */
#define DW_HTTP_MAX_BODY_BYTES ((int64_t)1 << 50)

enum dw_http_step {
    DW_HTTP_FAILED, /* *reterr says why; the connection cannot be used any further */
    DW_HTTP_MORE,   /* more bytes are needed */
    DW_HTTP_DONE,
};

/* ---- heads ---- */

/* The state between two calls; its fields are private. */
struct dw_http_head_parser {
    struct dw_http_field *room;
    size_t max_fields;
    size_t max_bytes;
    const char *base; /* where the bytes were in the last call */
    size_t line_at;   /* the first line that is not parsed yet */
    size_t count;
    unsigned flags;
    int64_t content_length;
    struct dw_slice host;
};

/* room         for max_fields fields (DW_HTTP_MAX_FIELDS is a good number); the results point into
 *              it, so it lives as long as they do
 * max_bytes    of the head; 0: DW_HTTP_MAX_HEAD_BYTES */
void dw_http_head_init(struct dw_http_head_parser *parser, struct dw_http_field *room,
                       size_t max_fields, size_t max_bytes);

/* Parses the head of a request out of everything received of it so far. Call it again with the same
 * and further bytes after DW_HTTP_MORE, with the same ret_request; the bytes may have moved in
 * memory meanwhile (it then starts over, which is why moving them at every call would be slow).
 *
 * bytes           from the first byte of the message; may hold more than the head
 * ret_request     views into `bytes` and `room`; complete only after DW_HTTP_DONE
 * ret_head_bytes  how many bytes the head is; the body follows there
 *
 * Fails with DW_MALFORMED (400), DW_URI_TOO_LONG (414), DW_HEADER_TOO_LARGE (431),
 * DW_NOT_IMPLEMENTED (501, a transfer coding) or DW_HTTP_VERSION (505). The result does not depend
 * on how the bytes were cut. */
enum dw_http_step dw_http_parse_request(struct dw_http_head_parser *parser, struct dw_slice bytes,
                                        struct dw_http_request *ret_request, size_t *ret_head_bytes,
                                        struct dw_error *reterr) dw_must_check;

/* The same for the head of a response. 1xx answers are returned like others: they have no body,
 * and the final answer's head follows (not so 101). */
enum dw_http_step dw_http_parse_response(struct dw_http_head_parser *parser, struct dw_slice bytes,
                                         struct dw_http_response_head *ret_head,
                                         size_t *ret_head_bytes,
                                         struct dw_error *reterr) dw_must_check;

/* Method of its text: exact, case-sensitive (RFC 9110 9.1). */
enum dw_http_method dw_http_method_from(struct dw_slice text);
/* "GET"; empty for DW_HTTP_OTHER. */
struct dw_slice dw_http_method_text(enum dw_http_method method);

/* ---- bodies ---- */

enum dw_http_body_kind {
    DW_HTTP_BODY_NONE,
    DW_HTTP_BODY_LENGTH,
    DW_HTTP_BODY_CHUNKED,
    DW_HTTP_BODY_UNTIL_CLOSE, /* responses only */
};

/* Where a body ends; plain data, nothing to free. Only `kind` is for readers. */
struct dw_http_body {
    enum dw_http_body_kind kind;
    int phase;
    int64_t left; /* of the body or the chunk; -1 before the first digit of a chunk */
    size_t line_bytes;
    int64_t excess_bytes;
    size_t trailer_bytes;
};

/* RFC 9112 section 6.3. */
void dw_http_body_init_request(struct dw_http_body *body, const struct dw_http_request *request);
void dw_http_body_init_response(struct dw_http_body *body, enum dw_http_method request_method,
                                const struct dw_http_response_head *head);

/* Takes the next piece of the body off the front of *bytes, without copying. Call it until it is
 * not DW_HTTP_MORE, or *bytes is empty and *ret_data too:
 *
 * DW_HTTP_MORE  *ret_data holds body bytes (call again), or is empty (get more bytes)
 * DW_HTTP_DONE  the body has ended; *ret_data is empty and *bytes is what follows the message
 *
 * Bytes that were taken need not be kept: trailers and chunk lines are followed byte by byte.
 * Trailers are checked and dropped (RFC 9110 6.5.1). Fails with DW_MALFORMED or
 * DW_HEADER_TOO_LARGE. */
enum dw_http_step dw_http_body_next(struct dw_http_body *body, struct dw_slice *bytes,
                                    struct dw_slice *ret_data,
                                    struct dw_error *reterr) dw_must_check;
/* Whether the peer may end the connection here. False: the body is incomplete (DW_MALFORMED). */
bool dw_must_check dw_http_body_close(const struct dw_http_body *body, struct dw_error *reterr);

#endif
