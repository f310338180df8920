/* A TOML table into a struct. */
#include "toml/toml_fields.h"

#include <stdio.h>

#define MOST_LIST_ITEMS 4096

struct reading {
    struct dw_arena *arena;
    struct dw_buf *unused; /* may be NULL */
    struct dw_error *reterr;
};

static bool read_table(const struct reading *reading, const struct dw_toml *table,
                       const struct dw_fields *fields, const char *path, void *config);

/* "gateway.listen" */
static const char *name_of(const struct reading *reading, const char *path, struct dw_slice key)
{
    struct dw_slice name = dw_arena_printf(reading->arena, "%s%s%.*s", path, *path ? "." : "",
                                           DW_PRINT(dw_slice_sub(key, 0, 64)));

    return name.ptr ? name.ptr : "?";
}

static bool fail_memory(const struct reading *reading)
{
    return dw_fail(reading->reterr, DW_NO_MEMORY, "out of memory");
}

/* Puts the place and the name before what a setter said. */
static bool fail_at(const struct reading *reading, int line, int column, const char *name,
                    const char *what)
{
    return dw_fail(reading->reterr, DW_CONFIG, "line %d, column %d: %s %s", line, column, name,
                   what);
}

static bool fail_unknown(const struct reading *reading, const struct dw_toml_member *member,
                         const struct dw_fields *fields, const char *path)
{
    struct dw_slice nearest = dw_fields_nearest(fields, member->key);
    char what[96];

    if (nearest.len)
        snprintf(what, sizeof what, "is not known; did you mean %s?",
                 name_of(reading, path, nearest));
    else
        snprintf(what, sizeof what, "is not known; \"doorward config reference\" lists every key");
    return fail_at(reading, member->line, member->column, name_of(reading, path, member->key),
                   what);
}

static bool read_texts(const struct reading *reading, const struct dw_field *field,
                       const struct dw_toml *value, void *config, struct dw_error *error)
{
    const struct dw_toml *from = value->type == DW_TOML_ARRAY ? value->items : value;
    size_t count = value->type == DW_TOML_ARRAY ? value->item_count : 1;
    struct dw_slice *items = dw_arena_new_array(reading->arena, count, sizeof *items);

    if (!items)
        return dw_fail(error, DW_NO_MEMORY, "out of memory");
    if (count > MOST_LIST_ITEMS)
        return dw_fail(error, DW_CONFIG, "has more than %d items", MOST_LIST_ITEMS);
    for (size_t i = 0; i < count; i++) {
        if (from[i].type != DW_TOML_TEXT)
            return dw_field_fail_kind(field, error);
        items[i] = from[i].text;
    }
    return dw_field_set_texts(field, config, (struct dw_slices){items, count}, error);
}

static bool read_pairs(const struct reading *reading, const struct dw_field *field,
                       const struct dw_toml *value, void *config, struct dw_error *error)
{
    struct dw_field_pair *items =
        dw_arena_new_array(reading->arena, value->member_count, sizeof *items);

    if (!items)
        return dw_fail(error, DW_NO_MEMORY, "out of memory");
    if (value->type != DW_TOML_TABLE)
        return dw_field_fail_kind(field, error);
    for (size_t i = 0; i < value->member_count; i++) {
        if (value->members[i].value.type != DW_TOML_TEXT)
            return dw_fail(error, DW_CONFIG, "must be a table of texts; %.*s is none",
                           DW_PRINT(dw_slice_sub(value->members[i].key, 0, 64)));
        items[i] = (struct dw_field_pair){value->members[i].key, value->members[i].value.text};
    }
    *(struct dw_field_pairs *)((char *)config + field->offset) =
        (struct dw_field_pairs){items, value->member_count};
    return true;
}

static bool read_scalar(const struct reading *reading, const struct dw_field *field,
                        const struct dw_toml *value, void *config, struct dw_error *error)
{
    if (field->kind == DW_FIELD_TEXTS)
        return read_texts(reading, field, value, config, error);
    if (field->kind == DW_FIELD_PAIRS)
        return read_pairs(reading, field, value, config, error);
    switch (value->type) {
    case DW_TOML_TEXT:
        return dw_field_set_text(field, config, value->text, error);
    case DW_TOML_INT:
        return dw_field_set_int(field, config, value->integer, error);
    case DW_TOML_BOOL:
        return dw_field_set_bool(field, config, value->boolean, error);
    case DW_TOML_DOUBLE:
    case DW_TOML_ARRAY:
    case DW_TOML_TABLE:
    case DW_TOML_TIME:
        break;
    }
    return dw_field_fail_kind(field, error);
}

/* [[name]], which is an array of tables. */
static bool read_list(const struct reading *reading, const struct dw_field *field,
                      const struct dw_toml *value, const char *name, void *config)
{
    size_t size = field->table->size;
    char *items = dw_arena_new_array(reading->arena, value->item_count, size);
    struct dw_error error;

    if (!items)
        return fail_memory(reading);
    if (value->type != DW_TOML_ARRAY || value->item_count > MOST_LIST_ITEMS) {
        dw_field_fail_kind(field, &error);
        return fail_at(reading, value->line, value->column, name, error.message);
    }
    for (size_t i = 0; i < value->item_count; i++) {
        const struct dw_toml *item = &value->items[i];

        if (item->type != DW_TOML_TABLE) {
            dw_field_fail_kind(field, &error);
            return fail_at(reading, item->line, item->column, name, error.message);
        }
        if (!dw_fields_standard(field->table, items + i * size, reading->arena, reading->reterr) ||
            !read_table(reading, item, field->table, name, items + i * size))
            return false;
    }
    *(struct dw_field_tables *)((char *)config + field->offset) =
        (struct dw_field_tables){items, value->item_count};
    return true;
}

static void note_unused(const struct reading *reading, const char *name)
{
    if (reading->unused)
        dw_buf_printf(reading->unused, "%s%s", reading->unused->len ? ", " : "", name);
}

static bool read_member(const struct reading *reading, const struct dw_toml_member *member,
                        const struct dw_field *field, const char *name, void *config)
{
    const struct dw_toml *value = &member->value;
    struct dw_error error = {.code = DW_OK};

    if (field->kind == DW_FIELD_UNUSED) {
        note_unused(reading, name);
        return true;
    }
    if (field->kind == DW_FIELD_TABLES)
        return read_list(reading, field, value, name, config);
    if (field->kind == DW_FIELD_TABLE && value->type == DW_TOML_TABLE)
        return read_table(reading, value, field->table, name, (char *)config + field->offset);
    if (read_scalar(reading, field, value, config, &error))
        return true;
    if (error.code == DW_NO_MEMORY)
        return fail_memory(reading);
    return fail_at(reading, value->line, value->column, name, error.message);
}

/* A text and a list of tables may have the same name: `issuer = "..."` for one, [[auth.issuer]] for
 * several. The value says which row is meant. */
static const struct dw_field *find_row(const struct dw_fields *fields,
                                       const struct dw_toml_member *member)
{
    bool is_list = member->value.type == DW_TOML_ARRAY && member->value.item_count &&
                   member->value.items[0].type == DW_TOML_TABLE;

    for (size_t i = 0; is_list && i < fields->count; i++)
        if (fields->rows[i].kind == DW_FIELD_TABLES &&
            dw_slice_eq(dw_slice_from_text(fields->rows[i].name), member->key))
            return &fields->rows[i];
    return dw_fields_find(fields, member->key);
}

static bool read_table(const struct reading *reading, const struct dw_toml *table,
                       const struct dw_fields *fields, const char *path, void *config)
{
    for (size_t i = 0; i < table->member_count; i++) {
        const struct dw_toml_member *member = &table->members[i];
        const struct dw_field *field = find_row(fields, member);

        if (!field)
            return fail_unknown(reading, member, fields, path);
        if (!read_member(reading, member, field, name_of(reading, path, member->key), config))
            return false;
        dw_fields_say(fields, field, config);
    }
    return true;
}

bool dw_toml_read_fields(const struct dw_toml *table, const struct dw_fields *fields,
                         const char *path, void *config, struct dw_arena *arena,
                         struct dw_buf *ret_unused, struct dw_error *reterr)
{
    const struct reading reading = {.arena = arena, .unused = ret_unused, .reterr = reterr};

    return read_table(&reading, table, fields, path, config);
}
