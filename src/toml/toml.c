/* Reading TOML: the limits and the errors; toml++ does the reading. */
#include "toml/toml.h"

#include "toml/tomlplusplus_bridge.h"

#define LONGEST_TEXT_BYTES ((size_t)1024 * 1024)

static void *alloc(void *arena, size_t size)
{
    return dw_arena_alloc(arena, size);
}

/* TOML 1.0 section "Comment" and "String": these are nowhere allowed. toml++ 3.3 relies on there
 * being none after some brackets, so they are refused before it sees them. */
static bool check_control_bytes(struct dw_slice text, struct dw_error *reterr)
{
    int line = 1, column = 1;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if ((byte < 0x20 && !strchr("\t\n\r", byte ? byte : 1)) || byte == 0x7f)
            return dw_fail(reterr, DW_CONFIG, "line %d, column %d: a control character (%02x)",
                           line, column, byte);
        column += (byte & 0xc0) != 0x80;
        if (byte == '\n') {
            line++;
            column = 1;
        }
    }
    return true;
}

bool dw_toml_parse(struct dw_slice text, struct dw_arena *arena, const struct dw_toml **ret_table,
                   struct dw_error *reterr)
{
    struct dw_toml *table = DW_ARENA_NEW(arena, struct dw_toml);
    struct dw_toml_failure failure;

    if (!table)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (text.len > LONGEST_TEXT_BYTES)
        return dw_fail(reterr, DW_CONFIG, "it is larger than %zu bytes", LONGEST_TEXT_BYTES);
    if (!check_control_bytes(text, reterr))
        return false;
    if (dw_toml_bridge_parse(text.len ? text.ptr : "", text.len, alloc, arena, table, &failure)) {
        *ret_table = table;
        return true;
    }
    if (failure.is_out_of_memory)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_fail(reterr, DW_CONFIG, "line %d, column %d: %s", failure.line, failure.column,
                   failure.what);
}

const struct dw_toml *dw_toml_get(const struct dw_toml *table, struct dw_slice key)
{
    if (!table || table->type != DW_TOML_TABLE)
        return NULL;
    for (size_t i = 0; i < table->member_count; i++)
        if (dw_slice_eq(table->members[i].key, key))
            return &table->members[i].value;
    return NULL;
}
