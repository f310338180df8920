/* Cuts a stream of bytes into lines, with a limit: '\n' ends a line, a '\r' before it is dropped.
 */
#ifndef DW_NET_LINE_BUFFER_H
#define DW_NET_LINE_BUFFER_H

#include "base/slice.h"

#define DW_LINE_ENDS_BYTES 256 /* what is told of a line that was too long, at each of its ends */

struct dw_line_buffer {
    char *ptr; /* the beginning of a line whose end has not come; heap */
    size_t len, size;
    size_t limit_bytes;
    bool is_cutting; /* a longer line: its first limit_bytes count, the rest is dropped */
    /* A longer line, or one that memory is short for: only its two ends are handed over, here. */
    bool (*too_long)(void *user, struct dw_slice begin, struct dw_slice end);
    bool is_dropping;
    char begin[DW_LINE_ENDS_BYTES], end[DW_LINE_ENDS_BYTES]; /* of the line being dropped */
    size_t begin_len, end_len;
};

/* Hands each whole line in `bytes` to line(); the views live until it returns. Stops early, and
 * is true, when line() is false. False, unless there is a too_long: a line is longer than the limit
 * (and !is_cutting), or memory is short. */
bool dw_must_check dw_line_buffer_feed(struct dw_line_buffer *buffer, struct dw_slice bytes,
                                       bool (*line)(void *user, struct dw_slice line), void *user);
/* The end of the stream: a last line without '\n' is a line. */
void dw_line_buffer_finish(struct dw_line_buffer *buffer,
                           bool (*line)(void *user, struct dw_slice line), void *user);
void dw_line_buffer_done(struct dw_line_buffer *buffer);

#endif
