/* Structured logs: makes the line on the stack, so that logging cannot fail for want of memory. */
#include "base/log.h"

#include <stdio.h>

#include "base/text.h"

#define LINE_BYTES 8192
#define VALUE_BYTES 1024

struct line {
    char bytes[LINE_BYTES];
    size_t len;
    bool is_full;
};

static void add(struct line *line, const char *bytes, size_t len)
{
    if (line->is_full || len > sizeof line->bytes - line->len) {
        line->is_full = true;
        return;
    }
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void add_text(struct line *line, const char *text)
{
    add(line, text, strlen(text));
}

static bool is_escaped(unsigned char byte, bool is_utf8)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f || (byte > 0x7f && !is_utf8);
}

static void add_escaped(struct line *line, unsigned char byte)
{
    char escaped[8] = {'\\', (char)byte};

    if (byte != '"' && byte != '\\')
        snprintf(escaped, sizeof escaped, "\\u%04x", byte);
    add_text(line, escaped);
}

static void add_quoted(struct line *line, struct dw_slice text)
{
    bool is_utf8;

    if (text.len > VALUE_BYTES) {
        text.len = VALUE_BYTES;
        while (text.len && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    is_utf8 = dw_text_is_utf8(text);
    add(line, "\"", 1);
    while (text.len) {
        size_t plain = 0;

        while (plain < text.len && !is_escaped((unsigned char)text.ptr[plain], is_utf8))
            plain++;
        add(line, text.ptr, plain);
        text = dw_slice_sub(text, plain, text.len);
        if (text.len) {
            add_escaped(line, (unsigned char)*text.ptr);
            text = dw_slice_sub(text, 1, text.len);
        }
    }
    add(line, "\"", 1);
}

static void add_int(struct line *line, int64_t number)
{
    char room[DW_INT_DIGITS];
    struct dw_slice digits = dw_text_of_int(number, room);

    add(line, digits.ptr, digits.len);
}

static void add_value(struct line *line, const struct dw_log_field *field)
{
    switch (field->kind) {
    case DW_LOG_TEXT:
        add_quoted(line, field->text);
        break;
    case DW_LOG_INT:
        add_int(line, field->number);
        break;
    case DW_LOG_BOOL:
        add_text(line, field->number ? "true" : "false");
        break;
    case DW_LOG_TEXTS:
        add(line, "[", 1);
        for (size_t i = 0; i < field->texts.count; i++) {
            if (i)
                add(line, ",", 1);
            add_quoted(line, field->texts.items[i]);
        }
        add(line, "]", 1);
        break;
    }
}

void dw_log_write(const struct dw_log *log, enum dw_log_level level, const char *event,
                  const struct dw_log_field *fields, size_t count)
{
    static const char cut[] = ",\"cut\":true";
    struct line line; /* not zeroed: 8 KiB, for each line */

    if (!log || level < log->threshold)
        return;
    line.len = 0;
    line.is_full = false;
    add_text(&line, "\"event\":");
    add_quoted(&line, dw_slice_from_text(event));
    for (size_t i = 1; i <= count; i++) {
        size_t before = line.len;

        if (fields[i].kind == DW_LOG_TEXT && fields[i].text.len == 0)
            continue;
        add_text(&line, ",\"");
        add_text(&line, fields[i].name);
        add_text(&line, "\":");
        add_value(&line, &fields[i]);
        if (line.is_full || line.len > sizeof line.bytes - sizeof cut) {
            line.len = before;
            line.is_full = false;
            add_text(&line, cut);
            break;
        }
    }
    log->write(log->user, level, dw_slice_from(line.bytes, line.len));
}

void dw_log_error(const struct dw_log *log, const char *event, const struct dw_error *error)
{
    dw_log(log, dw_code_row(error->code)->log_level, event,
           DW_S("code", dw_slice_from_text(dw_code_row(error->code)->name)),
           DW_S("message", dw_slice_from_text(error->message)),
           DW_S("cause", dw_slice_from_text(error->cause)),
           DW_S("library", dw_slice_from_text(error->library)),
           DW_I("library_code", error->library_code), DW_S("file", dw_slice_from_text(error->file)),
           DW_I("line", error->line));
}
