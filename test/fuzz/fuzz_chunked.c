/* A chunked body is the same however it is cut, and its data survives being chunked again. */
#include "base/buf.h"
#include "fuzz_http.h"
#include "http/parse.h"
#include "http/render.h"

static enum dw_http_step decode(struct dw_slice bytes, size_t cut, struct dw_buf *out,
                                size_t *ret_left, struct dw_error *error)
{
    const struct dw_http_request request = {.is_chunked = true, .content_length = -1};
    enum dw_http_step step = DW_HTTP_MORE;
    struct dw_http_body body;
    struct dw_slice piece, data;

    *ret_left = bytes.len;
    dw_http_body_init_request(&body, &request);
    while (bytes.len && step == DW_HTTP_MORE) {
        piece = dw_slice_sub(bytes, 0, cut);
        bytes = dw_slice_sub(bytes, cut, bytes.len);
        do {
            step = dw_http_body_next(&body, &piece, &data, error);
            dw_buf_add(out, data);
            REQUIRE(step == DW_HTTP_MORE || data.len == 0);
        } while (step == DW_HTTP_MORE && piece.len);
        *ret_left = bytes.len + piece.len;
    }
    REQUIRE(dw_http_body_close(&body, error) == (step == DW_HTTP_DONE));
    return step;
}

static void require_round_trip(struct dw_slice data, size_t cut, struct dw_arena *arena)
{
    struct dw_buf chunked = dw_buf_in(arena), out = dw_buf_in(arena);
    struct dw_slice rest = data;
    struct dw_error error;
    size_t left;

    while (rest.len) {
        struct dw_slice piece = dw_slice_sub(rest, 0, cut);
        char line[DW_HTTP_CHUNK_LINE_SIZE];

        rest = dw_slice_sub(rest, cut, rest.len);
        dw_buf_add(&chunked, dw_slice_from(line, dw_http_chunk_line(line, piece.len)));
        dw_buf_add(&chunked, piece);
        dw_buf_add(&chunked, DW_HTTP_CHUNK_END);
    }
    dw_buf_add(&chunked, DW_HTTP_LAST_CHUNK);
    dw_buf_add(&chunked, DW_LIT("rest"));
    REQUIRE(decode(dw_buf_view(&chunked), cut, &out, &left, &error) == DW_HTTP_DONE);
    REQUIRE(left == 4);
    REQUIRE(dw_slice_eq(dw_buf_view(&out), data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)64 * 1024 * 1024);
    struct dw_buf out = dw_buf_in(arena), cut_out = dw_buf_in(arena);
    struct dw_error error = {0}, cut_error = {0};
    size_t left = 0, cut_left = 0;
    struct dw_slice bytes;
    size_t cut = fuzz_cut(data, size, &bytes);
    enum dw_http_step step = decode(bytes, bytes.len, &out, &left, &error);

    REQUIRE(step == decode(bytes, cut, &cut_out, &cut_left, &cut_error));
    REQUIRE(error.code == cut_error.code && error.code != DW_INTERNAL);
    REQUIRE(dw_slice_eq(dw_buf_view(&out), dw_buf_view(&cut_out)));
    if (step == DW_HTTP_DONE) {
        REQUIRE(left == cut_left);
        require_round_trip(dw_buf_view(&out), cut, arena);
    }
    dw_arena_free(arena);
    return 0;
}
