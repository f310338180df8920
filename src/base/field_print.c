/* Settings by rows, printed: as TOML, as the Markdown reference, as items of a man page. */
#include "base/field.h"

static const void *at(const struct dw_field *field, const void *config)
{
    return (const char *)config + field->offset;
}

static bool is_table(const struct dw_field *field)
{
    return field->kind == DW_FIELD_TABLE || field->kind == DW_FIELD_TABLES ||
           field->kind == DW_FIELD_PAIRS;
}

/* A basic string of TOML (1.0, "String"): also what a quoted key is. */
static void print_text(struct dw_slice text, struct dw_buf *out)
{
    dw_buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        if (byte == '"' || byte == '\\')
            dw_buf_printf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            dw_buf_printf(out, "\\u%04x", byte);
        else
            dw_buf_add_byte(out, text.ptr[i]);
    }
    dw_buf_add_byte(out, '"');
}

static void print_texts(struct dw_slices texts, struct dw_buf *out)
{
    dw_buf_add_byte(out, '[');
    for (size_t i = 0; i < texts.count; i++) {
        dw_buf_add(out, i ? DW_LIT(", ") : DW_EMPTY);
        print_text(texts.items[i], out);
    }
    dw_buf_add_byte(out, ']');
}

static void print_value(const struct dw_field *field, const void *config, struct dw_buf *out)
{
    switch (field->kind) {
    case DW_FIELD_TEXT:
        print_text(*(const struct dw_slice *)at(field, config), out);
        break;
    case DW_FIELD_INT:
    case DW_FIELD_SECONDS:
        dw_buf_add_int(out, *(const int64_t *)at(field, config));
        break;
    case DW_FIELD_BOOL:
        dw_buf_printf(out, "%s", *(const bool *)at(field, config) ? "true" : "false");
        break;
    case DW_FIELD_TEXTS:
        print_texts(*(const struct dw_slices *)at(field, config), out);
        break;
    case DW_FIELD_ENUM:
        print_text(dw_slice_from_text(field->choices[*(const int *)at(field, config)]), out);
        break;
    case DW_FIELD_SECRET:
        print_text(((const struct dw_secret *)at(field, config))->hidden.len ? DW_LIT("(secret)")
                                                                             : DW_EMPTY,
                   out);
        break;
    case DW_FIELD_UNUSED:
    case DW_FIELD_PAIRS:
    case DW_FIELD_TABLE:
    case DW_FIELD_TABLES:
        break;
    }
}

static void print_pairs(const struct dw_field_pairs *pairs, struct dw_buf *out)
{
    for (size_t i = 0; i < pairs->count; i++) {
        print_text(pairs->items[i].name, out);
        dw_buf_add(out, DW_LIT(" = "));
        print_text(pairs->items[i].value, out);
        dw_buf_add_byte(out, '\n');
    }
}

/* "gateway" and "tls": "gateway.tls"; "" and "gateway": "gateway". */
static struct dw_slice inner_path(const char *path, const char *name, struct dw_buf *out)
{
    return dw_arena_printf(out->arena, "%s%s%s", path, *path ? "." : "", name);
}

static void print_body(const struct dw_fields *fields, const char *path, const void *config,
                       struct dw_buf *out);

static void print_inner(const struct dw_field *field, const char *path, const void *config,
                        struct dw_buf *out)
{
    struct dw_slice name = inner_path(path, field->name, out);
    const struct dw_field_tables *tables = at(field, config);

    if (!name.ptr) {
        out->has_failed = true;
        return;
    }
    if (field->kind == DW_FIELD_TABLE) {
        dw_fields_print(field->table, name.ptr, at(field, config), out);
        return;
    }
    if (field->kind == DW_FIELD_PAIRS) {
        if (((const struct dw_field_pairs *)at(field, config))->count)
            dw_buf_printf(out, "\n[%s]\n", name.ptr);
        print_pairs(at(field, config), out);
        return;
    }
    for (size_t i = 0; i < tables->count; i++) {
        dw_buf_printf(out, "\n[[%s]]\n", name.ptr);
        print_body(field->table, name.ptr, (const char *)tables->items + i * field->table->size,
                   out);
    }
}

/* An empty text whose name is that of a list as well: TOML cannot say both. */
static bool gives_way_to_list(const struct dw_fields *fields, const struct dw_field *field,
                              const void *config)
{
    if (field->kind != DW_FIELD_TEXT || ((const struct dw_slice *)at(field, config))->len)
        return false;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->rows[i].kind == DW_FIELD_TABLES &&
            strcmp(fields->rows[i].name, field->name) == 0)
            return true;
    return false;
}

static void print_body(const struct dw_fields *fields, const char *path, const void *config,
                       struct dw_buf *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct dw_field *field = &fields->rows[i];

        if (is_table(field) || field->kind == DW_FIELD_UNUSED ||
            gives_way_to_list(fields, field, config))
            continue;
        dw_buf_printf(out, "%s = ", field->name);
        print_value(field, config, out);
        dw_buf_add_byte(out, '\n');
    }
    for (size_t i = 0; i < fields->count; i++)
        if (is_table(&fields->rows[i]) && !fields->rows[i].is_alias)
            print_inner(&fields->rows[i], path, config, out);
}

void dw_fields_print(const struct dw_fields *fields, const char *path, const void *config,
                     struct dw_buf *out)
{
    if (*path)
        dw_buf_printf(out, "%s[%s]\n", out->len ? "\n" : "", path);
    print_body(fields, path, config, out);
}

static void print_standard(const struct dw_field *field, struct dw_buf *out)
{
    switch (field->kind) {
    case DW_FIELD_TEXT:
        print_text(dw_slice_from_text(field->standard_text), out);
        break;
    case DW_FIELD_INT:
    case DW_FIELD_SECONDS:
        dw_buf_add_int(out, field->standard);
        break;
    case DW_FIELD_BOOL:
        dw_buf_printf(out, "%s", field->standard ? "true" : "false");
        break;
    case DW_FIELD_TEXTS: {
        struct dw_slice rest = dw_slice_from_text(field->standard_text);
        struct dw_slice part;
        const char *separator = "";

        dw_buf_add_byte(out, '[');
        for (; dw_slice_split(&rest, ' ', &part); separator = ", ") {
            dw_buf_printf(out, "%s", separator);
            print_text(part, out);
        }
        dw_buf_add_byte(out, ']');
        break;
    }
    case DW_FIELD_ENUM:
        print_text(dw_slice_from_text(field->choices[field->standard]), out);
        break;
    case DW_FIELD_SECRET:
        print_text(DW_EMPTY, out);
        break;
    case DW_FIELD_UNUSED:
    case DW_FIELD_PAIRS:
    case DW_FIELD_TABLE:
    case DW_FIELD_TABLES:
        break;
    }
}

/* "number, 1 to 600", "text: `debug`, `info`" */
static void print_kind(const struct dw_field *field, const char *quote, struct dw_buf *out)
{
    if (field->kind != DW_FIELD_ENUM)
        dw_buf_printf(out, "%s", dw_field_kind_name(field->kind));
    else
        dw_buf_add(out, DW_LIT("one of "));
    if (field->kind == DW_FIELD_INT || field->kind == DW_FIELD_SECONDS)
        dw_buf_printf(out, ", %lld to %lld", (long long)field->min, (long long)field->max);
    for (int i = 0; field->kind == DW_FIELD_ENUM && field->choices[i]; i++)
        dw_buf_printf(out, "%s%s%s%s", i ? ", " : "", quote, field->choices[i], quote);
}

static void print_reference_rows(const struct dw_fields *fields, struct dw_buf *out)
{
    bool has_heading = false;

    for (size_t i = 0; i < fields->count; i++) {
        const struct dw_field *field = &fields->rows[i];

        if (is_table(field) || field->kind == DW_FIELD_UNUSED)
            continue;
        if (!has_heading)
            dw_buf_add(out, DW_LIT("\n| key | value | standard | meaning |\n|---|---|---|---|\n"));
        has_heading = true;
        dw_buf_printf(out, "| `%s` | ", field->name);
        print_kind(field, "`", out);
        dw_buf_add(out, DW_LIT(" | `"));
        print_standard(field, out);
        dw_buf_printf(out, "` | %s |\n", field->help);
    }
}

static void print_unused(const struct dw_fields *fields, struct dw_buf *out)
{
    const char *before = "\nAccepted from files of the seed project, without effect: ";

    for (size_t i = 0; i < fields->count; i++) {
        if (fields->rows[i].kind != DW_FIELD_UNUSED)
            continue;
        dw_buf_printf(out, "%s`%s`", before, fields->rows[i].name);
        before = ", ";
    }
    if (*before == ',')
        dw_buf_add(out, DW_LIT(".\n"));
}

/* The next table from *row on, and its path; NULL: no more, or *out has failed. */
static const struct dw_field *next_table(const struct dw_fields *fields, const char *path,
                                         struct dw_buf *out, size_t *row, struct dw_slice *ret_path)
{
    while (*row < fields->count && !is_table(&fields->rows[*row]))
        ++*row;
    if (*row == fields->count)
        return NULL;
    *ret_path = inner_path(path, fields->rows[*row].name, out);
    if (!ret_path->ptr) {
        out->has_failed = true;
        return NULL;
    }
    return &fields->rows[(*row)++];
}

void dw_fields_print_reference(const struct dw_fields *fields, const char *path, struct dw_buf *out)
{
    const struct dw_field *field;
    struct dw_slice name;
    size_t row = 0;

    print_reference_rows(fields, out);
    print_unused(fields, out);
    while ((field = next_table(fields, path, out, &row, &name))) {
        dw_buf_printf(out, field->kind == DW_FIELD_TABLES ? "\n## `[[%s]]`\n" : "\n## `[%s]`\n",
                      name.ptr);
        dw_buf_printf(out, "\n%s\n", field->help);
        if (field->table)
            dw_fields_print_reference(field->table, name.ptr, out);
    }
}

/* Arguments of mdoc macros take '"' and '\\' for themselves. */
static void add_for_manual(struct dw_buf *out, struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            dw_buf_add(out, DW_LIT("\\(dq"));
        else if (text.ptr[i] == '\\')
            dw_buf_add(out, DW_LIT("\\e"));
        else
            dw_buf_add_byte(out, text.ptr[i]);
    }
}

static void print_manual_row(const struct dw_field *field, struct dw_buf *out)
{
    struct dw_buf standard = dw_buf_in(out->arena);

    print_standard(field, &standard);
    dw_buf_printf(out, ".It Ic %s No (", field->name);
    print_kind(field, "", out);
    dw_buf_add(out, DW_LIT("; standard: "));
    add_for_manual(out, dw_buf_view(&standard));
    dw_buf_add(out, DW_LIT(")\n"));
    add_for_manual(out, dw_slice_from_text(field->help));
    dw_buf_add_byte(out, '\n');
    out->has_failed = out->has_failed || standard.has_failed;
}

void dw_fields_print_manual(const struct dw_fields *fields, const char *path, struct dw_buf *out)
{
    const struct dw_field *field;
    struct dw_slice name;
    bool is_open = false;
    size_t row = 0;

    for (size_t i = 0; i < fields->count; i++) {
        if (is_table(&fields->rows[i]) || fields->rows[i].kind == DW_FIELD_UNUSED)
            continue;
        dw_buf_add(out, is_open ? DW_EMPTY : DW_LIT(".Bl -tag -width Ds\n"));
        is_open = true;
        print_manual_row(&fields->rows[i], out);
    }
    dw_buf_add(out, is_open ? DW_LIT(".El\n") : DW_EMPTY);
    while ((field = next_table(fields, path, out, &row, &name))) {
        dw_buf_printf(out, field->kind == DW_FIELD_TABLES ? ".Ss [[%s]]\n" : ".Ss [%s]\n",
                      name.ptr);
        add_for_manual(out, dw_slice_from_text(field->help));
        dw_buf_add_byte(out, '\n');
        if (field->table)
            dw_fields_print_manual(field->table, name.ptr, out);
    }
}
