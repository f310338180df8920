/* text/event-stream, written and read. A block of lines is collected up to its empty line and then
 * taken apart. */
#include "http/sse.h"

#include "base/mem.h"
#include "base/text.h"

#define FIRST_BLOCK_BYTES 1024

struct dw_sse_parser {
    size_t max_event_bytes;
    char *block; /* the lines since the last event, each with LF */
    size_t len;
    size_t size;
    char *data; /* the joined data lines, when there are several */
    size_t data_size;
    size_t line_at; /* where the current line starts in `block` */
    bool has_ended_in_cr;
    bool has_returned; /* `block` belongs to the event that was returned */
    bool is_past_start;
};

/* ---- writing ---- */

static bool is_one_line(struct dw_slice text)
{
    return !dw_slice_contains(text, '\n') && !dw_slice_contains(text, '\r') &&
           !dw_slice_contains(text, '\0');
}

static void write_line(struct dw_buf *buf, struct dw_slice name, struct dw_slice value)
{
    dw_buf_add(buf, name);
    dw_buf_add(buf, value);
    dw_buf_add_byte(buf, '\n');
}

/* The part up to the next line end, which is taken off too. */
static struct dw_slice take_line(struct dw_slice *rest)
{
    size_t at = 0;
    struct dw_slice line;

    while (at < rest->len && rest->ptr[at] != '\n' && rest->ptr[at] != '\r')
        at++;
    line = dw_slice_sub(*rest, 0, at);
    if (at + 1 < rest->len && rest->ptr[at] == '\r' && rest->ptr[at + 1] == '\n')
        at++;
    *rest = dw_slice_sub(*rest, at + 1, rest->len);
    return line;
}

void dw_sse_write(struct dw_buf *buf, const struct dw_sse_event *event)
{
    struct dw_slice rest = event->data, line;

    if (!is_one_line(event->type) || !is_one_line(event->id)) {
        buf->has_failed = true;
        return;
    }
    if (event->type.len)
        write_line(buf, DW_LIT("event: "), event->type);
    if (event->has_id)
        write_line(buf, DW_LIT("id: "), event->id);
    if (event->retry_ms >= 0) {
        dw_buf_add(buf, DW_LIT("retry: "));
        dw_buf_add_int(buf, event->retry_ms);
        dw_buf_add_byte(buf, '\n');
    }
    while (rest.ptr) {
        bool is_last;

        line = take_line(&rest);
        /* A line end at the very end of the data has one more, empty line behind it. */
        is_last = line.ptr + line.len == event->data.ptr + event->data.len;
        write_line(buf, DW_LIT("data: "), line);
        if (is_last)
            break;
    }
    dw_buf_add_byte(buf, '\n');
}

/* ---- reading ---- */

struct dw_sse_parser *dw_sse_parser_new(size_t max_event_bytes)
{
    struct dw_sse_parser *parser = dw_mem_new(sizeof *parser);

    if (parser)
        parser->max_event_bytes = max_event_bytes;
    return parser;
}

void dw_sse_parser_free(struct dw_sse_parser *parser)
{
    if (!parser)
        return;
    dw_mem_free(parser->block);
    dw_mem_free(parser->data);
    dw_mem_free(parser);
}

static bool grow(char **bytes, size_t *size, size_t wanted, struct dw_error *reterr)
{
    size_t next = *size ? *size : FIRST_BLOCK_BYTES;
    char *grown;

    if (wanted <= *size)
        return true;
    while (next < wanted)
        next *= 2;
    grown = dw_mem_resize(*bytes, next);
    if (!grown)
        return dw_fail(reterr, DW_NO_MEMORY, "reading an event stream");
    *bytes = grown;
    *size = next;
    return true;
}

static bool add(struct dw_sse_parser *parser, struct dw_slice bytes, struct dw_error *reterr)
{
    if (bytes.len == 0)
        return true;
    if (bytes.len > parser->max_event_bytes || parser->len > parser->max_event_bytes - bytes.len)
        return dw_fail(reterr, DW_TOO_LARGE, "an event of the stream is larger than %zu bytes",
                       parser->max_event_bytes);
    /* One byte more, for the LF behind the line. */
    if (!grow(&parser->block, &parser->size, parser->len + bytes.len + 1, reterr))
        return false;
    memcpy(parser->block + parser->len, bytes.ptr, bytes.len);
    parser->len += bytes.len;
    return true;
}

static bool add_data(struct dw_sse_parser *parser, struct dw_sse_event *event,
                     struct dw_slice value, struct dw_error *reterr)
{
    if (!event->data.ptr) { /* the only one, mostly: no copy */
        event->data = value;
        return true;
    }
    if (event->data.ptr != parser->data) {
        if (!grow(&parser->data, &parser->data_size, parser->len, reterr))
            return false;
        memcpy(parser->data, event->data.ptr, event->data.len);
        event->data.ptr = parser->data;
    }
    /* All lines together are shorter than the block, names and all. */
    parser->data[event->data.len] = '\n';
    if (value.len)
        memcpy(parser->data + event->data.len + 1, value.ptr, value.len);
    event->data.len += value.len + 1;
    return true;
}

static bool take_field(struct dw_sse_parser *parser, struct dw_slice line,
                       struct dw_sse_event *event, struct dw_error *reterr)
{
    size_t colon = dw_slice_index(line, ':');
    struct dw_slice name = dw_slice_sub(line, 0, colon);
    struct dw_slice value = dw_slice_sub(line, colon + 1, line.len);
    int64_t number;

    dw_slice_eat(&value, DW_LIT(" "));
    if (dw_slice_eq(name, DW_LIT("data")))
        return add_data(parser, event, value, reterr);
    if (dw_slice_eq(name, DW_LIT("event"))) {
        event->type = value;
    } else if (dw_slice_eq(name, DW_LIT("id")) && !dw_slice_contains(value, '\0')) {
        event->id = value;
        event->has_id = true;
    } else if (dw_slice_eq(name, DW_LIT("retry")) && dw_text_to_int(value, &number) &&
               number >= 0 && value.ptr[0] != '-') {
        event->retry_ms = number;
    }
    return true;
}

static bool take_block(struct dw_sse_parser *parser, struct dw_sse_event *event,
                       struct dw_error *reterr)
{
    struct dw_slice rest = dw_slice_from(parser->block, parser->len), line;

    *event =
        (struct dw_sse_event){.type = DW_EMPTY, .data = {NULL, 0}, .id = DW_EMPTY, .retry_ms = -1};
    if (!parser->is_past_start)
        dw_slice_eat(&rest, DW_LIT("\xEF\xBB\xBF"));
    parser->is_past_start = true;
    while (dw_slice_split(&rest, '\n', &line))
        if (!take_field(parser, line, event, reterr))
            return false;
    return true;
}

static void forget_block(struct dw_sse_parser *parser)
{
    parser->len = 0;
    parser->line_at = 0;
    parser->has_returned = false;
}

/* Bytes up to a line end into the block; the line end too. True with *ret_is_line. */
static bool take_bytes(struct dw_sse_parser *parser, struct dw_slice *bytes, bool *ret_is_line,
                       struct dw_error *reterr)
{
    size_t at = 0;

    *ret_is_line = false;
    if (parser->has_ended_in_cr && bytes->ptr[0] == '\n') {
        parser->has_ended_in_cr = false;
        *bytes = dw_slice_sub(*bytes, 1, bytes->len);
        return true;
    }
    parser->has_ended_in_cr = false;
    while (at < bytes->len && bytes->ptr[at] != '\n' && bytes->ptr[at] != '\r')
        at++;
    if (!add(parser, dw_slice_sub(*bytes, 0, at), reterr))
        return false;
    if (at < bytes->len) {
        parser->has_ended_in_cr = bytes->ptr[at] == '\r';
        *ret_is_line = true;
    }
    *bytes = dw_slice_sub(*bytes, at + 1, bytes->len);
    return true;
}

enum dw_http_step dw_sse_next(struct dw_sse_parser *parser, struct dw_slice *bytes,
                              struct dw_sse_event *ret_event, struct dw_error *reterr)
{
    bool is_line;

    if (parser->has_returned)
        forget_block(parser);
    while (bytes->len) {
        if (!take_bytes(parser, bytes, &is_line, reterr))
            return DW_HTTP_FAILED;
        if (!is_line)
            continue;
        if (parser->len > parser->line_at) {
            if (!add(parser, DW_LIT("\n"), reterr))
                return DW_HTTP_FAILED;
            parser->line_at = parser->len;
            continue;
        }
        if (!take_block(parser, ret_event, reterr))
            return DW_HTTP_FAILED;
        parser->has_returned = true;
        if (ret_event->data.ptr || ret_event->has_id || ret_event->retry_ms >= 0)
            return DW_HTTP_DONE;
        forget_block(parser);
    }
    return DW_HTTP_MORE;
}
