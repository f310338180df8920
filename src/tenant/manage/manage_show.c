/* How management verbs show what they found: as a table, as lines, or as JSON. */
#include "base/text.h"
#include "tenant/manage/manage_internal.h"

#include <stdio.h>

struct dw_manage_row *dw_manage_row_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_manage_row *row = DW_ARENA_NEW(manage->arena, struct dw_manage_row);

    if (!row) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    *manage->next_row = row;
    manage->next_row = &row->next;
    return row;
}

static void add_cell(struct dw_manage_row *row, struct dw_manage_cell cell)
{
    if (row->count < DW_MANAGE_MAX_CELLS)
        row->cells[row->count++] = cell;
}

void dw_manage_cell_text(struct dw_manage_row *row, const char *name, struct dw_slice text)
{
    add_cell(row, (struct dw_manage_cell){.name = name, .text = text});
}

void dw_manage_cell_bool(struct dw_manage_row *row, const char *name, bool value)
{
    add_cell(row, (struct dw_manage_cell){
                      .name = name,
                      .text = value ? DW_LIT("true") : DW_LIT("false"),
                      .is_bool = true,
                  });
}

void dw_manage_cell_texts(struct dw_manage_row *row, const char *name, struct dw_slices texts)
{
    add_cell(row, (struct dw_manage_cell){.name = name, .texts = texts, .is_list = true});
}

void dw_manage_cell_int(struct dw_manage_row *row, const char *name, int64_t number,
                        struct dw_manage *manage)
{
    dw_manage_cell_json(row, name, dw_arena_printf(manage->arena, "%lld", (long long)number));
}

void dw_manage_cell_time(struct dw_manage_row *row, const char *name, int64_t at_s,
                         struct dw_manage *manage)
{
    char text[DW_TEXT_TIME_SIZE];

    dw_text_time(at_s * 1000, text);
    dw_manage_cell_text(
        row, name, at_s > 0 ? dw_arena_copy(manage->arena, dw_slice_from_text(text)) : DW_EMPTY);
}

void dw_manage_cell_json(struct dw_manage_row *row, const char *name, struct dw_slice json)
{
    add_cell(row, (struct dw_manage_cell){.name = name, .text = json, .is_json = true});
}

void dw_manage_cell_details(struct dw_manage_row *row)
{
    if (row->count > 0)
        row->cells[row->count - 1].is_json_only = true;
}

bool dw_manage_cells_of_json(struct dw_manage *manage, struct dw_manage_row *row,
                             struct dw_slice json, struct dw_error *reterr)
{
    const struct dw_json *parsed = NULL;

    if (!dw_json_parse(json, manage->arena, &parsed, reterr))
        return false;
    for (size_t i = 0; i < parsed->object.count; i++) {
        const struct dw_json_member *member = &parsed->object.members[i];
        char *name = dw_arena_text(manage->arena, member->key);

        if (!name)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_manage_cell_json(row, name, member->value.raw);
    }
    return true;
}

static void write_json_row(struct dw_json_writer *json, const struct dw_manage_row *row)
{
    dw_json_write_object_start(json);
    for (size_t i = 0; i < row->count; i++) {
        const struct dw_manage_cell *cell = &row->cells[i];

        if (cell->is_list)
            dw_json_put_texts(json, cell->name, cell->texts);
        else if (cell->is_json)
            dw_json_put_raw(json, cell->name, cell->text.len > 0 ? cell->text : DW_LIT("null"));
        else if (cell->is_bool)
            dw_json_put_bool(json, cell->name, cell->text.len == 4);
        else
            dw_json_put_text(json, cell->name, cell->text);
    }
    dw_json_write_object_end(json);
}

static void write_json(const struct dw_manage *manage, struct dw_buf *out)
{
    struct dw_json_writer json = dw_json_writer_to(out);

    if (manage->is_list)
        dw_json_write_array_start(&json);
    for (const struct dw_manage_row *row = manage->first_row; row; row = row->next)
        write_json_row(&json, row);
    if (manage->is_list)
        dw_json_write_array_end(&json);
    if (out->len > 0)
        dw_buf_add_byte(out, '\n');
}

static void write_json_lines(const struct dw_manage *manage, struct dw_buf *out)
{
    for (const struct dw_manage_row *row = manage->first_row; row; row = row->next) {
        struct dw_json_writer json = dw_json_writer_to(out);

        write_json_row(&json, row);
        dw_buf_add_byte(out, '\n');
    }
}

static struct dw_slice cell_words(const struct dw_manage *manage, const struct dw_manage_cell *cell)
{
    struct dw_buf buf = dw_buf_in(manage->arena);

    if (!cell->is_list)
        return cell->is_bool ? (cell->text.len == 4 ? DW_LIT("yes") : DW_LIT("no")) : cell->text;
    for (size_t i = 0; i < cell->texts.count; i++) {
        if (i > 0)
            dw_buf_add_byte(&buf, ' ');
        dw_buf_add(&buf, cell->texts.items[i]);
    }
    return dw_buf_view(&buf);
}

/* Names and values come from strangers: no byte may steer the terminal. */
static void add_visible(struct dw_buf *out, struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];

        dw_buf_add_byte(out, byte < 0x20 || byte == 0x7f ? '?' : text.ptr[i]);
    }
}

static void add_padded(struct dw_buf *out, struct dw_slice text, size_t width)
{
    add_visible(out, text);
    for (size_t i = text.len; i < width; i++)
        dw_buf_add_byte(out, ' ');
    dw_buf_add(out, DW_LIT("  "));
}

static void end_line(struct dw_buf *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] == ' ')
        out->len--;
    dw_buf_add_byte(out, '\n');
}

static void add_table_line(struct dw_buf *out, const struct dw_manage *manage,
                           const struct dw_manage_row *row, const size_t *widths, bool is_title)
{
    for (size_t i = 0; i < row->count; i++)
        if (!row->cells[i].is_json_only)
            add_padded(out,
                       is_title ? dw_slice_from_text(row->cells[i].name)
                                : cell_words(manage, &row->cells[i]),
                       widths[i]);
    end_line(out);
}

static void write_table(const struct dw_manage *manage, struct dw_buf *out)
{
    size_t widths[DW_MANAGE_MAX_CELLS] = {0};

    for (const struct dw_manage_row *row = manage->first_row; row; row = row->next)
        for (size_t i = 0; i < row->count; i++) {
            size_t len = cell_words(manage, &row->cells[i]).len;
            size_t title = strlen(row->cells[i].name);

            widths[i] = len > widths[i] ? len : widths[i];
            widths[i] = title > widths[i] ? title : widths[i];
        }
    if (manage->first_row && !manage->has_shown_title)
        add_table_line(out, manage, manage->first_row, widths, true);
    for (const struct dw_manage_row *row = manage->first_row; row; row = row->next)
        add_table_line(out, manage, row, widths, false);
}

static void write_lines(const struct dw_manage *manage, struct dw_buf *out)
{
    for (const struct dw_manage_row *row = manage->first_row; row; row = row->next)
        for (size_t i = 0; i < row->count; i++) {
            add_padded(out, dw_slice_from_text(row->cells[i].name), 14);
            add_visible(out, cell_words(manage, &row->cells[i]));
            end_line(out);
        }
}

bool dw_manage_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(manage->arena);
    struct dw_slice text;

    if (manage->is_json && manage->is_stream)
        write_json_lines(manage, &out);
    else if (manage->is_json)
        write_json(manage, &out);
    else if (manage->is_list)
        write_table(manage, &out);
    else
        write_lines(manage, &out);
    if (!dw_buf_finish(&out, &text, reterr))
        return false;
    if (fwrite(text.ptr, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        return dw_fail(reterr, DW_IO, "cannot write to standard output");
    manage->has_shown_title = manage->has_shown_title || manage->first_row;
    manage->first_row = NULL;
    manage->next_row = &manage->first_row;
    return true;
}
