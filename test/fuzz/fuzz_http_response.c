/* How a response's head is cut changes nothing, and what was understood reads back the same. */
#include "fuzz_http.h"
#include "http/parse.h"
#include "http/render.h"

static enum dw_http_step parse(struct dw_slice bytes, size_t cut, struct dw_http_field *room,
                               struct dw_http_response_head *head, size_t *head_bytes,
                               struct dw_error *error)
{
    struct dw_http_head_parser parser;
    enum dw_http_step step = DW_HTTP_MORE;

    dw_http_head_init(&parser, room, DW_HTTP_MAX_FIELDS, 0);
    for (size_t len = 0; step == DW_HTTP_MORE && len < bytes.len;) {
        len = len + cut < bytes.len ? len + cut : bytes.len;
        step =
            dw_http_parse_response(&parser, dw_slice_sub(bytes, 0, len), head, head_bytes, error);
    }
    return step;
}

static void require_same(const struct dw_http_response_head *a,
                         const struct dw_http_response_head *b)
{
    REQUIRE(a->status == b->status && a->status >= 100 && a->status <= 599);
    REQUIRE(a->is_chunked == b->is_chunked);
    REQUIRE(a->content_length == b->content_length);
    REQUIRE(!a->is_chunked || a->content_length == -1);
    REQUIRE(a->fields.count == b->fields.count);
    for (size_t i = 0; i < a->fields.count; i++) {
        REQUIRE(dw_slice_eq(a->fields.items[i].name, b->fields.items[i].name));
        REQUIRE(dw_slice_eq(a->fields.items[i].value, b->fields.items[i].value));
    }
}

static void require_round_trip(const struct dw_http_response_head *head)
{
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS];
    static char text[2 * DW_HTTP_MAX_HEAD_BYTES];
    struct dw_http_writer writer = dw_http_writer_into(text, sizeof text);
    struct dw_http_response_head again;
    struct dw_slice bytes;
    struct dw_error error;
    size_t head_bytes;

    dw_http_write_status(&writer, head->status);
    dw_http_write_fields(&writer, head->fields);
    dw_http_write_end(&writer);
    REQUIRE(dw_http_writer_finish(&writer, &bytes, &error));
    if (bytes.len > DW_HTTP_MAX_HEAD_BYTES) /* the reason and the spaces may make it longer */
        return;
    REQUIRE(parse(bytes, bytes.len, room, &again, &head_bytes, &error) == DW_HTTP_DONE);
    REQUIRE(head_bytes == bytes.len);
    require_same(head, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dw_http_field room[DW_HTTP_MAX_FIELDS], cut_room[DW_HTTP_MAX_FIELDS];
    struct dw_http_response_head head, cut_head;
    struct dw_error error = {0}, cut_error = {0};
    size_t head_bytes = 0, cut_bytes = 0;
    struct dw_slice bytes;
    size_t cut = fuzz_cut(data, size, &bytes);
    enum dw_http_step step = parse(bytes, bytes.len, room, &head, &head_bytes, &error);

    REQUIRE(step == parse(bytes, cut, cut_room, &cut_head, &cut_bytes, &cut_error));
    REQUIRE(step != DW_HTTP_FAILED || (error.code == cut_error.code && error.code != DW_INTERNAL));
    if (step != DW_HTTP_DONE)
        return 0;
    REQUIRE(head_bytes == cut_bytes && head_bytes <= bytes.len);
    require_same(&head, &cut_head);
    require_round_trip(&head);
    return 0;
}
