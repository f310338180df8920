/* An event stream is the same however it is cut, and its events, written again, read the same. */
#include "fuzz_http.h"
#include "http/sse.h"

/* Reads all events; writes them into `out` as a stream again. */
static enum dw_http_step read_all(struct dw_slice bytes, size_t cut, struct dw_buf *out,
                                  struct dw_error *error)
{
    struct dw_sse_parser *parser = dw_sse_parser_new(4096);
    enum dw_http_step step = DW_HTTP_MORE;

    REQUIRE(parser);
    while (bytes.len && step != DW_HTTP_FAILED) {
        struct dw_slice piece = dw_slice_sub(bytes, 0, cut);
        struct dw_sse_event event;

        bytes = dw_slice_sub(bytes, cut, bytes.len);
        while ((step = dw_sse_next(parser, &piece, &event, error)) == DW_HTTP_DONE)
            if (!dw_slice_contains(event.type, '\0'))
                dw_sse_write(out, &event);
        REQUIRE(step == DW_HTTP_FAILED || piece.len == 0);
    }
    dw_sse_parser_free(parser);
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)64 * 1024 * 1024);
    struct dw_buf out = dw_buf_in(arena), cut_out = dw_buf_in(arena), again = dw_buf_in(arena);
    struct dw_error error = {0}, cut_error = {0};
    struct dw_slice bytes;
    size_t cut = fuzz_cut(data, size, &bytes);
    enum dw_http_step step = read_all(bytes, bytes.len, &out, &error);

    REQUIRE(step == read_all(bytes, cut, &cut_out, &cut_error));
    REQUIRE(error.code == cut_error.code);
    REQUIRE(!out.has_failed);
    REQUIRE(dw_slice_eq(dw_buf_view(&out), dw_buf_view(&cut_out)));
    /* Written out, "data:x" has a space more; such an event may be too large. */
    if (step != DW_HTTP_FAILED && size < 1024) {
        REQUIRE(read_all(dw_buf_view(&out), cut, &again, &error) == DW_HTTP_MORE);
        REQUIRE(dw_slice_eq(dw_buf_view(&out), dw_buf_view(&again)));
    }
    dw_arena_free(arena);
    return 0;
}
