/* Heads of requests and responses (RFC 9112 sections 2 to 6). Strictly left to right, one line at a
 * time: an error is found at the same byte however the input was cut. Bodies are in body.c. */
#include "http/parse.h"

#include "http/chars_internal.h"
#include "http/field.h"
#include "http/skip_internal.h"
#include "http/url.h"

/* Room for the method, the version and the line end beside the target. */
#define START_LINE_EXTRA_BYTES 64
#define MAX_LENGTH_DIGITS 16

enum {
    SKIPPED_EMPTY_LINE = 1 << 0,
    HAS_START_LINE = 1 << 1,
    HAS_HOST = 1 << 2,
    HAS_LENGTH = 1 << 3,
    HAS_CODING = 1 << 4,
    SAYS_CLOSE = 1 << 5,
    SAYS_KEEP_ALIVE = 1 << 6,
    SAYS_CONTINUE = 1 << 7,
};

/* What one line came to; MORE also when the line is cut. */
struct line {
    const char *at;
    const char *end; /* of what was received, or of what is allowed */
    struct dw_error *reterr;
};

void dw_http_head_init(struct dw_http_head_parser *parser, struct dw_http_field *room,
                       size_t max_fields, size_t max_bytes)
{
    *parser = (struct dw_http_head_parser){
        .room = room,
        .max_fields = max_fields,
        .max_bytes = max_bytes ? max_bytes : DW_HTTP_MAX_HEAD_BYTES,
        .content_length = -1,
    };
}

static enum dw_http_step fail_at(struct line *line, const char *what)
{
    dw_fail(line->reterr, DW_MALFORMED, "%s", what);
    return DW_HTTP_FAILED;
}

static enum dw_http_step fail_line_end(struct line *line)
{
    if (line->at == line->end)
        return DW_HTTP_MORE;
    if (*line->at != '\r')
        return fail_at(line, *line->at == '\n' ? "a line ends with LF instead of CR LF"
                                               : "a control byte in the message head");
    if (line->end - line->at < 2)
        return DW_HTTP_MORE;
    return fail_at(line, "a CR that no LF follows in the message head");
}

/* CR LF, nothing else, ends a line: a bare LF or CR is where two readers would disagree
 * (RFC 9112 2.2 lets us refuse both). */
static inline enum dw_http_step eat_line_end(struct line *line)
{
    if (line->end - line->at >= 2 && line->at[0] == '\r' && line->at[1] == '\n') {
        line->at += 2;
        return DW_HTTP_DONE;
    }
    return fail_line_end(line);
}

/* ---- fields that say how the message is framed ---- */

static bool set_length(struct dw_http_head_parser *parser, struct dw_slice value,
                       struct dw_error *reterr)
{
    int64_t length = 0;

    if (parser->flags & HAS_LENGTH)
        return dw_fail(reterr, DW_MALFORMED, "more than one Content-Length");
    if (value.len == 0 || value.len > MAX_LENGTH_DIGITS)
        return dw_fail(reterr, DW_MALFORMED, "the Content-Length is not a number in range");
    for (size_t i = 0; i < value.len; i++) {
        if (!dw_char_is(value.ptr[i], DW_CHAR_DIGIT))
            return dw_fail(reterr, DW_MALFORMED, "the Content-Length is not a number in range");
        length = length * 10 + (value.ptr[i] - '0');
    }
    if (length > DW_HTTP_MAX_BODY_BYTES)
        return dw_fail(reterr, DW_MALFORMED, "the Content-Length is not a number in range");
    parser->flags |= HAS_LENGTH;
    parser->content_length = length;
    return true;
}

static bool set_coding(struct dw_http_head_parser *parser, struct dw_slice value,
                       struct dw_error *reterr)
{
    struct dw_slice rest = value, coding;
    bool has_coding = false;

    if (parser->flags & HAS_CODING)
        return dw_fail(reterr, DW_MALFORMED, "more than one Transfer-Encoding");
    parser->flags |= HAS_CODING;
    if (dw_slice_eq_nocase(value, DW_LIT("chunked")))
        return true;
    while (dw_http_list_next(&rest, &coding)) {
        if (!dw_http_is_token(coding))
            return dw_fail(reterr, DW_MALFORMED, "the Transfer-Encoding is malformed");
        has_coding = true;
    }
    if (!has_coding)
        return dw_fail(reterr, DW_MALFORMED, "the Transfer-Encoding is empty");
    /* RFC 9112 6.1: 501 for a coding we do not have. */
    return dw_fail(reterr, DW_NOT_IMPLEMENTED, "the only Transfer-Encoding here is chunked");
}

static bool set_connection(struct dw_http_head_parser *parser, struct dw_slice value)
{
    struct dw_slice option;

    if (dw_slice_eq(value, DW_LIT("keep-alive"))) { /* nearly always */
        parser->flags |= SAYS_KEEP_ALIVE;
        return true;
    }
    while (dw_http_list_next(&value, &option)) {
        if (dw_slice_eq_nocase(option, DW_LIT("close")))
            parser->flags |= SAYS_CLOSE;
        else if (dw_slice_eq_nocase(option, DW_LIT("keep-alive")))
            parser->flags |= SAYS_KEEP_ALIVE;
    }
    return true;
}

static bool set_expect(struct dw_http_head_parser *parser, struct dw_slice value,
                       struct dw_error *reterr)
{
    if (!dw_slice_eq_nocase(value, DW_LIT("100-continue")))
        return dw_fail(reterr, DW_EXPECTATION_FAILED, "the only Expect here is 100-continue");
    parser->flags |= SAYS_CONTINUE;
    return true;
}

static bool set_host(struct dw_http_head_parser *parser, struct dw_slice value,
                     struct dw_slice *ret_authority, struct dw_error *reterr)
{
    struct dw_slice host;
    int port;

    /* RFC 9112 3.2 MUST: 400 for more than one Host, or one that is not valid. */
    if (parser->flags & HAS_HOST)
        return dw_fail(reterr, DW_MALFORMED, "more than one Host");
    if (!dw_url_parse_authority(value, &host, &port, NULL))
        return dw_fail(reterr, DW_MALFORMED, "the Host is not valid");
    parser->flags |= HAS_HOST;
    *ret_authority = value;
    return true;
}

static bool is_named(const struct dw_http_field *field, struct dw_slice name)
{
    return (field->name.ptr[0] | 0x20) == name.ptr[0] && dw_slice_eq_nocase(field->name, name);
}

/* Looks at the few fields that matter here; their lengths differ, so most fields cost one jump.
 * ret_authority is NULL in responses. */
static bool look_at_field(struct dw_http_head_parser *parser, const struct dw_http_field *field,
                          struct dw_slice *ret_authority, struct dw_error *reterr)
{
    switch (field->name.len) {
    case 4:
        if (ret_authority && is_named(field, DW_LIT("host")))
            return set_host(parser, field->value, ret_authority, reterr);
        break;
    case 6:
        if (ret_authority && is_named(field, DW_LIT("expect")))
            return set_expect(parser, field->value, reterr);
        break;
    case 10:
        if (is_named(field, DW_LIT("connection")))
            return set_connection(parser, field->value);
        break;
    case 14:
        if (is_named(field, DW_LIT("content-length")))
            return set_length(parser, field->value, reterr);
        break;
    case 17:
        if (is_named(field, DW_LIT("transfer-encoding")))
            return set_coding(parser, field->value, reterr);
        break;
    default:
        break;
    }
    return true;
}

/* ---- one field line ---- */

static enum dw_http_step fail_name(struct line *line, bool is_first_byte)
{
    char byte = *line->at;

    if (byte == '\n')
        return fail_at(line, "a line ends with LF instead of CR LF");
    if (is_first_byte && (byte == ' ' || byte == '\t')) /* RFC 9112 5.2 */
        return fail_at(line, "a field value goes on in the next line");
    if (byte == ' ' || byte == '\t') /* RFC 9112 5.1 MUST: 400 */
        return fail_at(line, "white space between a field name and its colon");
    return fail_at(line, byte == ':' ? "a field without a name" : "a byte in a field name");
}

static enum dw_http_step parse_field(struct dw_http_head_parser *parser, struct line *line,
                                     struct dw_slice *ret_authority)
{
    struct dw_http_field field;
    const char *start = line->at;
    enum dw_http_step step;

    line->at = dw_skip_token(line->at, line->end);
    if (line->at == line->end)
        return DW_HTTP_MORE;
    if (*line->at != ':' || line->at == start)
        return fail_name(line, line->at == start);
    field.name = dw_slice_from(start, (size_t)(line->at - start));
    line->at++;
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
        line->at++;
    start = line->at;
    line->at = dw_skip_value(line->at, line->end);
    field.value = dw_slice_from(start, (size_t)(line->at - start));
    step = eat_line_end(line);
    if (step != DW_HTTP_DONE)
        return step;
    while (field.value.len && (field.value.ptr[field.value.len - 1] == ' ' ||
                               field.value.ptr[field.value.len - 1] == '\t'))
        field.value.len--;
    if (parser->count == parser->max_fields) {
        dw_fail(line->reterr, DW_HEADER_TOO_LARGE, "more than %zu header fields",
                parser->max_fields);
        return DW_HTTP_FAILED;
    }
    if (!look_at_field(parser, &field, ret_authority, line->reterr))
        return DW_HTTP_FAILED;
    parser->room[parser->count++] = field;
    return DW_HTTP_DONE;
}

/* ---- start lines ---- */

/* "HTTP/1.0" or "HTTP/1.1" at line->at. */
static enum dw_http_step parse_version(struct line *line, int *ret_minor)
{
    static const char pattern[] = "HTTP/d.d";
    size_t left = (size_t)(line->end - line->at);

    if (left >= 8 && memcmp(line->at, "HTTP/1.1", 8) == 0) { /* nearly always */
        *ret_minor = 1;
        line->at += 8;
        return DW_HTTP_DONE;
    }
    for (size_t i = 0; i < sizeof pattern - 1; i++) {
        if (i == left)
            return DW_HTTP_MORE;
        if (pattern[i] == 'd' ? !dw_char_is(line->at[i], DW_CHAR_DIGIT) : line->at[i] != pattern[i])
            return fail_at(line, "no HTTP version where one must be");
    }
    if (line->at[5] != '1' || line->at[7] > '1') {
        dw_fail(line->reterr, DW_HTTP_VERSION, "only HTTP/1.1 and HTTP/1.0 are spoken here");
        return DW_HTTP_FAILED;
    }
    *ret_minor = line->at[7] - '0';
    line->at += sizeof pattern - 1;
    return DW_HTTP_DONE;
}

static bool fail_target(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_MALFORMED, "the request target is not valid");
}

/* RFC 9112 3.2: origin-form, absolute-form, or "*" for OPTIONS. CONNECT's authority-form is none of
 * ours. An absolute form's authority waits in request->authority for the Host field. */
static bool split_target(struct dw_http_request *request, struct dw_error *reterr)
{
    struct dw_slice target = request->target;
    size_t at;

    if (request->target.ptr[0] == '*') {
        request->path = target;
        return (target.len == 1 && request->method == DW_HTTP_OPTIONS) || fail_target(reterr);
    }
    if (target.ptr[0] != '/') {
        if (!dw_slice_eat_nocase(&target, DW_LIT("http://")) &&
            !dw_slice_eat_nocase(&target, DW_LIT("https://")))
            return fail_target(reterr);
        for (at = 0; at < target.len && target.ptr[at] != '/' && target.ptr[at] != '?';)
            at++;
        request->authority = dw_slice_sub(target, 0, at);
        target = dw_slice_sub(target, at, target.len);
        if (request->authority.len == 0 || (target.len && target.ptr[0] == '?'))
            return fail_target(reterr);
        if (target.len == 0)
            target = DW_LIT("/");
        request->target = target;
    }
    at = dw_slice_index(target, '?');
    request->path = dw_slice_sub(target, 0, at);
    request->query = dw_slice_sub(target, at + 1, target.len);
    return true;
}

static enum dw_http_step parse_request_line(struct line *line, struct dw_http_request *request)
{
    const char *start = line->at;
    enum dw_http_step step;

    line->at = dw_skip_token(line->at, line->end);
    if (line->at == line->end)
        return DW_HTTP_MORE;
    if (*line->at != ' ' || line->at == start)
        return fail_at(line, "the request does not start with a method and a space");
    request->method_text = dw_slice_from(start, (size_t)(line->at - start));
    start = ++line->at;
    line->at += dw_chars_span(line->at, line->end, DW_CHAR_TARGET);
    request->target = dw_slice_from(start, (size_t)(line->at - start));
    if (request->target.len > DW_HTTP_MAX_TARGET_BYTES) {
        dw_fail(line->reterr, DW_URI_TOO_LONG, "the request target is too long");
        return DW_HTTP_FAILED;
    }
    if (line->at == line->end)
        return DW_HTTP_MORE;
    if (*line->at != ' ' || request->target.len == 0)
        return fail_at(line, "the request target is not valid");
    line->at++;
    step = parse_version(line, &request->version_minor);
    if (step == DW_HTTP_DONE)
        step = eat_line_end(line);
    if (step != DW_HTTP_DONE)
        return step;
    request->method = dw_http_method_from(request->method_text);
    return split_target(request, line->reterr) ? DW_HTTP_DONE : DW_HTTP_FAILED;
}

static enum dw_http_step parse_status_line(struct line *line, struct dw_http_response_head *head)
{
    enum dw_http_step step = parse_version(line, &head->version_minor);

    if (step != DW_HTTP_DONE)
        return step;
    head->status = 0;
    for (int i = 0; i < 4; i++, line->at++) {
        if (line->at == line->end)
            return DW_HTTP_MORE;
        if (i == 0 ? *line->at != ' ' : !dw_char_is(*line->at, DW_CHAR_DIGIT))
            return fail_at(line, "the status line is malformed");
        if (i > 0)
            head->status = head->status * 10 + (*line->at - '0');
    }
    if (head->status < 100 || head->status > 599)
        return fail_at(line, "the status is out of range");
    if (line->at == line->end)
        return DW_HTTP_MORE;
    /* RFC 9112 4 wants a space even before an empty reason; not all servers send it. */
    if (*line->at != ' ' && *line->at != '\r')
        return fail_at(line, "the status line is malformed");
    line->at = dw_skip_value(line->at, line->end);
    return eat_line_end(line);
}

/* ---- heads ---- */

static bool check_framing(const struct dw_http_head_parser *parser, int version_minor,
                          struct dw_error *reterr)
{
    if (!(parser->flags & HAS_CODING))
        return true;
    /* RFC 9112 6.1: both together "ought to be handled as an error". */
    if (parser->flags & HAS_LENGTH)
        return dw_fail(reterr, DW_MALFORMED, "both Content-Length and Transfer-Encoding");
    if (version_minor == 0)
        return dw_fail(reterr, DW_MALFORMED, "Transfer-Encoding in an HTTP/1.0 message");
    return true;
}

static bool is_keep_alive(const struct dw_http_head_parser *parser, int version_minor)
{
    if (parser->flags & SAYS_CLOSE)
        return false;
    return version_minor > 0 || (parser->flags & SAYS_KEEP_ALIVE);
}

static bool finish_request(const struct dw_http_head_parser *parser,
                           struct dw_http_request *request, struct dw_error *reterr)
{
    if (!check_framing(parser, request->version_minor, reterr))
        return false;
    /* RFC 9112 3.2 MUST: 400 without a Host. We want one of HTTP/1.0 too, because what is served
     * depends on it. */
    if (!(parser->flags & HAS_HOST))
        return dw_fail(reterr, DW_MALFORMED, "the Host is missing");
    if (request->authority.len && !dw_slice_eq_nocase(request->authority, parser->host))
        return dw_fail(reterr, DW_MALFORMED, "the Host and the request target disagree");
    request->authority = parser->host;
    request->fields = (struct dw_http_fields){parser->room, parser->count};
    request->is_keep_alive = is_keep_alive(parser, request->version_minor);
    /* RFC 9110 10.1.1 MUST: an HTTP/1.0 client gets no 100. */
    request->expects_continue = (parser->flags & SAYS_CONTINUE) && request->version_minor > 0;
    request->is_chunked = (parser->flags & HAS_CODING) != 0;
    request->content_length = parser->content_length;
    return true;
}

/* Forgets the lines of earlier calls when the bytes have moved. (A line that was cut is looked at
 * again from its start; even with one byte a packet that costs less than the packets do.) */
static void resume(struct dw_http_head_parser *parser, struct dw_slice bytes)
{
    if (parser->base == bytes.ptr)
        return;
    dw_http_head_init(parser, parser->room, parser->max_fields, parser->max_bytes);
    parser->base = bytes.ptr;
}

static size_t line_limit(const struct dw_http_head_parser *parser)
{
    size_t start_line = DW_HTTP_MAX_TARGET_BYTES + START_LINE_EXTRA_BYTES;

    if ((parser->flags & HAS_START_LINE) || parser->max_bytes < start_line)
        return parser->max_bytes;
    return start_line;
}

/* More bytes are wanted: are more allowed? */
static enum dw_http_step wait_for_more(const struct dw_http_head_parser *parser,
                                       struct dw_slice bytes, struct dw_error *reterr)
{
    if (bytes.len < line_limit(parser))
        return DW_HTTP_MORE;
    if (parser->flags & HAS_START_LINE)
        dw_fail(reterr, DW_HEADER_TOO_LARGE, "the header fields are larger than %zu bytes",
                parser->max_bytes);
    else
        dw_fail(reterr, DW_URI_TOO_LONG, "the request target is too long");
    return DW_HTTP_FAILED;
}

/* Field lines up to and with the empty line. *at moves over every line that is complete. */
static enum dw_http_step parse_fields(struct dw_http_head_parser *parser, struct line *line,
                                      struct dw_slice *ret_authority)
{
    enum dw_http_step step;

    for (;;) {
        if (line->at < line->end && *line->at == '\r')
            return eat_line_end(line);
        step = parse_field(parser, line, ret_authority);
        if (step != DW_HTTP_DONE)
            return step;
        parser->line_at = (size_t)(line->at - parser->base);
    }
}

static struct line line_from(const struct dw_http_head_parser *parser, struct dw_slice bytes,
                             struct dw_error *reterr)
{
    size_t limit = line_limit(parser);

    return (struct line){bytes.ptr + parser->line_at,
                         bytes.ptr + (bytes.len < limit ? bytes.len : limit), reterr};
}

/* RFC 9112 2.2: one empty line before a request is passed over. */
static enum dw_http_step skip_empty_line(struct dw_http_head_parser *parser, struct line *line)
{
    enum dw_http_step step;

    if (line->at == line->end)
        return DW_HTTP_MORE;
    if (*line->at != '\r' || (parser->flags & SKIPPED_EMPTY_LINE))
        return DW_HTTP_DONE;
    step = eat_line_end(line);
    if (step == DW_HTTP_DONE) {
        parser->flags |= SKIPPED_EMPTY_LINE;
        parser->line_at = (size_t)(line->at - parser->base);
    }
    return step;
}

enum dw_http_step dw_http_parse_request(struct dw_http_head_parser *parser, struct dw_slice bytes,
                                        struct dw_http_request *ret_request, size_t *ret_head_bytes,
                                        struct dw_error *reterr)
{
    enum dw_http_step step = DW_HTTP_DONE;
    struct line line;

    if (bytes.len == 0)
        return DW_HTTP_MORE;
    resume(parser, bytes);
    line = line_from(parser, bytes, reterr);
    if (!(parser->flags & HAS_START_LINE)) {
        step = skip_empty_line(parser, &line);
        if (step == DW_HTTP_DONE) {
            *ret_request = (struct dw_http_request){.query = DW_EMPTY, .authority = DW_EMPTY};
            step = parse_request_line(&line, ret_request);
        }
        if (step == DW_HTTP_DONE) {
            parser->flags |= HAS_START_LINE;
            parser->line_at = (size_t)(line.at - parser->base);
            line = line_from(parser, bytes, reterr);
        }
    }
    if (step == DW_HTTP_DONE)
        step = parse_fields(parser, &line, &parser->host);
    if (step == DW_HTTP_MORE)
        return wait_for_more(parser, bytes, reterr);
    if (step == DW_HTTP_FAILED || !finish_request(parser, ret_request, reterr))
        return DW_HTTP_FAILED;
    *ret_head_bytes = (size_t)(line.at - parser->base);
    return DW_HTTP_DONE;
}

enum dw_http_step dw_http_parse_response(struct dw_http_head_parser *parser, struct dw_slice bytes,
                                         struct dw_http_response_head *ret_head,
                                         size_t *ret_head_bytes, struct dw_error *reterr)
{
    enum dw_http_step step = DW_HTTP_DONE;
    struct line line;

    if (bytes.len == 0)
        return DW_HTTP_MORE;
    resume(parser, bytes);
    line = line_from(parser, bytes, reterr);
    if (!(parser->flags & HAS_START_LINE)) {
        *ret_head = (struct dw_http_response_head){0};
        step = parse_status_line(&line, ret_head);
        if (step == DW_HTTP_DONE) {
            parser->flags |= HAS_START_LINE;
            parser->line_at = (size_t)(line.at - parser->base);
            line = line_from(parser, bytes, reterr);
        }
    }
    if (step == DW_HTTP_DONE)
        step = parse_fields(parser, &line, NULL);
    if (step == DW_HTTP_MORE)
        return wait_for_more(parser, bytes, reterr);
    if (step == DW_HTTP_FAILED || !check_framing(parser, ret_head->version_minor, reterr))
        return DW_HTTP_FAILED;
    ret_head->fields = (struct dw_http_fields){parser->room, parser->count};
    ret_head->is_keep_alive = is_keep_alive(parser, ret_head->version_minor);
    ret_head->is_chunked = (parser->flags & HAS_CODING) != 0;
    ret_head->content_length = parser->content_length;
    *ret_head_bytes = (size_t)(line.at - parser->base);
    return DW_HTTP_DONE;
}
