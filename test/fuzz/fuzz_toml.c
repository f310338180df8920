/* What is refused names its place; what is accepted is a tree whose members are unique, in the
 * order of the file, and have places. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "toml/toml.h"

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "fuzz_toml: %s\n", #condition);                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void check(const struct dw_toml *value)
{
    REQUIRE(value->line >= 1 && value->column >= 1);
    for (size_t i = 0; i < value->item_count; i++)
        check(&value->items[i]);
    for (size_t i = 0; i < value->member_count; i++) {
        const struct dw_toml_member *member = &value->members[i];

        REQUIRE(member->line >= 1 && member->column >= 1);
        REQUIRE(i == 0 || member->line >= value->members[i - 1].line);
        REQUIRE(dw_toml_get(value, member->key) == &member->value);
        check(&member->value);
    }
    if (value->type == DW_TOML_TEXT)
        REQUIRE(dw_text_is_utf8(value->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_arena *arena = dw_arena_new((size_t)16 * 1024 * 1024);
    const struct dw_toml *table;
    struct dw_error error;

    if (!arena)
        return 0;
    if (dw_toml_parse(dw_slice_from((const char *)data, size), arena, &table, &error))
        check(table);
    else
        REQUIRE(error.code == DW_NO_MEMORY || error.code == DW_CONFIG);
    dw_arena_free(arena);
    return 0;
}
