/* Where a message's body ends, and its bytes (RFC 9112 sections 6.3 and 7.1). Data is handed out as
 * views; what lies between the data is followed byte by byte, so nothing has to be kept. */
#include "base/text.h"
#include "http/chars_internal.h"
#include "http/parse.h"

enum phase {
    PHASE_DATA, /* also of bodies that are not chunked */
    PHASE_DATA_CR,
    PHASE_DATA_LF,
    PHASE_SIZE,
    PHASE_EXTENSION,
    PHASE_SIZE_LF,
    PHASE_LINE, /* the first byte of a trailer line, or the CR of the empty one */
    PHASE_NAME,
    PHASE_VALUE,
    PHASE_VALUE_LF,
    PHASE_END_LF,
    PHASE_DONE,
};

static void start(struct dw_http_body *body, enum dw_http_body_kind kind, int64_t length)
{
    *body = (struct dw_http_body){.kind = kind, .phase = PHASE_DATA, .left = length};
    if (kind == DW_HTTP_BODY_CHUNKED) {
        body->phase = PHASE_SIZE;
        body->left = -1;
    } else if (kind == DW_HTTP_BODY_NONE || (kind == DW_HTTP_BODY_LENGTH && length == 0)) {
        body->kind = DW_HTTP_BODY_NONE;
        body->phase = PHASE_DONE;
    }
}

void dw_http_body_init_request(struct dw_http_body *body, const struct dw_http_request *request)
{
    if (request->is_chunked)
        start(body, DW_HTTP_BODY_CHUNKED, 0);
    else if (request->content_length > 0)
        start(body, DW_HTTP_BODY_LENGTH, request->content_length);
    else
        start(body, DW_HTTP_BODY_NONE, 0);
}

void dw_http_body_init_response(struct dw_http_body *body, enum dw_http_method request_method,
                                const struct dw_http_response_head *head)
{
    if (request_method == DW_HTTP_HEAD || head->status < 200 || head->status == 204 ||
        head->status == 304)
        start(body, DW_HTTP_BODY_NONE, 0);
    else if (head->is_chunked)
        start(body, DW_HTTP_BODY_CHUNKED, 0);
    else if (head->content_length >= 0)
        start(body, DW_HTTP_BODY_LENGTH, head->content_length);
    else
        start(body, DW_HTTP_BODY_UNTIL_CLOSE, 0);
}

/* The size line has ended: the data, or the trailers after the last chunk. Many small chunks with
 * long extensions cost much and carry little, so what framing takes beyond the data is counted. */
static bool finish_size(struct dw_http_body *body, struct dw_error *reterr)
{
    body->excess_bytes += (int64_t)body->line_bytes + 2;
    body->excess_bytes -=
        16 + (body->left < DW_HTTP_MAX_CHUNK_EXCESS_BYTES ? 2 * body->left
                                                          : 2 * DW_HTTP_MAX_CHUNK_EXCESS_BYTES);
    if (body->excess_bytes < 0)
        body->excess_bytes = 0;
    if (body->excess_bytes > DW_HTTP_MAX_CHUNK_EXCESS_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "the chunks carry more framing than data");
    body->line_bytes = 0;
    body->phase = body->left == 0 ? PHASE_LINE : PHASE_DATA;
    return true;
}

static bool take_size_digit(struct dw_http_body *body, char byte, struct dw_error *reterr)
{
    int digit = dw_char_hex(byte);

    if (digit < 0 && body->left >= 0 && byte == ';')
        body->phase = PHASE_EXTENSION;
    else if (digit < 0 && body->left >= 0 && byte == '\r')
        body->phase = PHASE_SIZE_LF;
    else if (digit < 0)
        return dw_fail(reterr, DW_MALFORMED, "a chunk size is malformed");
    else
        body->left = (body->left < 0 ? 0 : body->left) * 16 + digit;
    if (body->left > DW_HTTP_MAX_BODY_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "a chunk size is out of range");
    return true;
}

static bool take_extension(struct dw_http_body *body, char byte, struct dw_error *reterr)
{
    if (byte == '\r')
        body->phase = PHASE_SIZE_LF;
    else if (!dw_char_is(byte, DW_CHAR_VALUE) || (byte & 0x80))
        return dw_fail(reterr, DW_MALFORMED, "a byte in a chunk extension");
    return true;
}

/* One byte of "name: value CR LF" or of the empty line that ends the body. */
static bool take_trailer(struct dw_http_body *body, char byte, struct dw_error *reterr)
{
    bool is_first = body->phase == PHASE_LINE;

    if (++body->trailer_bytes > DW_HTTP_MAX_TRAILER_BYTES)
        return dw_fail(reterr, DW_HEADER_TOO_LARGE, "the trailer fields are too large");
    if (is_first && byte == '\r')
        body->phase = PHASE_END_LF;
    else if (body->phase == PHASE_VALUE && byte == '\r')
        body->phase = PHASE_VALUE_LF;
    else if (body->phase == PHASE_VALUE && dw_char_is(byte, DW_CHAR_VALUE))
        body->phase = PHASE_VALUE;
    else if (body->phase == PHASE_NAME && byte == ':')
        body->phase = PHASE_VALUE;
    else if (body->phase != PHASE_VALUE && dw_char_is(byte, DW_CHAR_TOKEN))
        body->phase = PHASE_NAME;
    else
        return dw_fail(reterr, DW_MALFORMED, "a trailer field is malformed");
    return true;
}

static bool take_exactly(struct dw_http_body *body, char byte, char wanted, enum phase next,
                         struct dw_error *reterr)
{
    if (byte != wanted)
        return dw_fail(reterr, DW_MALFORMED, "a chunk does not end with CR LF");
    body->phase = (int)next;
    return true;
}

static bool take_byte(struct dw_http_body *body, char byte, struct dw_error *reterr)
{
    switch ((enum phase)body->phase) {
    case PHASE_DATA_CR:
        return take_exactly(body, byte, '\r', PHASE_DATA_LF, reterr);
    case PHASE_DATA_LF:
        body->left = -1;
        return take_exactly(body, byte, '\n', PHASE_SIZE, reterr);
    case PHASE_SIZE:
    case PHASE_EXTENSION:
        if (++body->line_bytes > DW_HTTP_MAX_CHUNK_LINE_BYTES)
            return dw_fail(reterr, DW_MALFORMED, "the line before a chunk is too long");
        if (body->phase == PHASE_SIZE)
            return take_size_digit(body, byte, reterr);
        return take_extension(body, byte, reterr);
    case PHASE_SIZE_LF:
        return take_exactly(body, byte, '\n', PHASE_DATA, reterr) && finish_size(body, reterr);
    case PHASE_LINE:
    case PHASE_NAME:
    case PHASE_VALUE:
        return take_trailer(body, byte, reterr);
    case PHASE_VALUE_LF:
        return take_exactly(body, byte, '\n', PHASE_LINE, reterr);
    case PHASE_END_LF:
        return take_exactly(body, byte, '\n', PHASE_DONE, reterr);
    case PHASE_DATA:
    case PHASE_DONE:
        break;
    }
    return dw_fail(reterr, DW_INTERNAL, "a body in no phase");
}

static void take_data(struct dw_http_body *body, struct dw_slice *bytes, struct dw_slice *ret_data)
{
    if (body->kind == DW_HTTP_BODY_UNTIL_CLOSE) {
        *ret_data = *bytes;
    } else {
        *ret_data = dw_slice_sub(*bytes, 0, (size_t)body->left);
        body->left -= (int64_t)ret_data->len;
        if (body->left == 0)
            body->phase = body->kind == DW_HTTP_BODY_CHUNKED ? PHASE_DATA_CR : PHASE_DONE;
    }
    *bytes = dw_slice_sub(*bytes, ret_data->len, bytes->len);
}

enum dw_http_step dw_http_body_next(struct dw_http_body *body, struct dw_slice *bytes,
                                    struct dw_slice *ret_data, struct dw_error *reterr)
{
    *ret_data = DW_EMPTY;
    while (body->phase != PHASE_DONE && bytes->len) {
        if (body->phase == PHASE_DATA) {
            take_data(body, bytes, ret_data);
            return DW_HTTP_MORE;
        }
        if (!take_byte(body, bytes->ptr[0], reterr))
            return DW_HTTP_FAILED;
        *bytes = dw_slice_sub(*bytes, 1, bytes->len);
    }
    return body->phase == PHASE_DONE ? DW_HTTP_DONE : DW_HTTP_MORE;
}

bool dw_http_body_close(const struct dw_http_body *body, struct dw_error *reterr)
{
    if (body->kind == DW_HTTP_BODY_UNTIL_CLOSE || body->phase == PHASE_DONE)
        return true;
    return dw_fail(reterr, DW_MALFORMED, "the connection was closed before the end of the body");
}
