/* What the reader accepts, written again, reads back as the same tree; and `raw` of every value is
 * JSON of that value. */
#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"
#include "json/json_writer.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "fuzz_json: %s\n", #condition);                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static bool is_same(const struct dw_json *a, const struct dw_json *b)
{
    bool same = a->type == b->type;

    switch (a->type) {
    case DW_JSON_NULL:
        break;
    case DW_JSON_BOOL:
        same = same && a->boolean == b->boolean;
        break;
    case DW_JSON_INT:
        same = same && a->integer == b->integer;
        break;
    case DW_JSON_DOUBLE:
        same = same && memcmp(&a->number, &b->number, sizeof a->number) == 0;
        break;
    case DW_JSON_TEXT:
        same = same && dw_slice_eq(a->text, b->text);
        break;
    case DW_JSON_ARRAY:
        same = same && a->array.count == b->array.count;
        for (size_t i = 0; same && i < a->array.count; i++)
            same = is_same(&a->array.items[i], &b->array.items[i]);
        break;
    case DW_JSON_OBJECT:
        same = same && a->object.count == b->object.count;
        for (size_t i = 0; same && i < a->object.count; i++)
            same = dw_slice_eq(a->object.members[i].key, b->object.members[i].key) &&
                   is_same(&a->object.members[i].value, &b->object.members[i].value);
        break;
    }
    return same;
}

/* The members of the first level; fuzzing nests them. */
static void check_raw(const struct dw_json *value, struct dw_arena *arena)
{
    const struct dw_json *again;

    REQUIRE(dw_json_parse(value->raw, arena, &again, NULL));
    REQUIRE(is_same(value, again));
    REQUIRE(dw_slice_eq(value->raw, again->raw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)64 * 1024 * 1024);
    struct dw_slice text = dw_slice_from((const char *)data, size);
    const struct dw_json *document, *again;
    struct dw_error error;
    struct dw_json_writer writer;
    struct dw_buf out;

    if (!arena)
        return 0;
    out = dw_buf_in(arena);
    writer = dw_json_writer_to(&out);
    if (!dw_json_parse(text, arena, &document, &error)) {
        REQUIRE(error.code == DW_MALFORMED || error.code == DW_NO_MEMORY);
        REQUIRE(error.message[0]);
        dw_arena_free(arena);
        return 0;
    }
    dw_json_write_value(&writer, document);
    REQUIRE(dw_json_parse(dw_buf_view(&out), arena, &again, &error));
    REQUIRE(is_same(document, again));
    check_raw(document, arena);
    if (document->type == DW_JSON_OBJECT)
        for (size_t i = 0; i < document->object.count && i < 32; i++)
            check_raw(&document->object.members[i].value, arena);
    if (document->type == DW_JSON_ARRAY)
        for (size_t i = 0; i < document->array.count && i < 32; i++)
            check_raw(&document->array.items[i], arena);
    dw_arena_free(arena);
    return 0;
}
