/* Fills templates: a small subset of Mustache without raw output. Not HTTP: see answer.c. */
#include "tenant/html_internal.h"

#include "base/buf.h"

/* Sections inside sections inside the page; the pages need 2. */
#define PAGE_MAX_DEPTH 6

/* The rows a name is looked up in, the innermost first. */
struct scope {
    const struct dw_language *language;
    const struct dw_html_row *row;
    const struct scope *outer;
    int depth;
};

static const struct dw_html_field *find_field(const struct scope *scope, struct dw_slice name)
{
    for (; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->row->field_count; i++)
            if (dw_slice_eq(dw_slice_from_text(scope->row->fields[i].name), name))
                return &scope->row->fields[i];
    return NULL;
}

/* The five characters that mean something in text or in a quoted attribute. Control characters
 * and bytes that are not UTF-8 are replaced by the caller of dw_json, http and form readers. */
static void add_escaped(struct dw_buf *out, struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            dw_buf_add(out, DW_LIT("&amp;"));
            break;
        case '<':
            dw_buf_add(out, DW_LIT("&lt;"));
            break;
        case '>':
            dw_buf_add(out, DW_LIT("&gt;"));
            break;
        case '"':
            dw_buf_add(out, DW_LIT("&quot;"));
            break;
        case '\'':
            dw_buf_add(out, DW_LIT("&#39;"));
            break;
        default:
            dw_buf_add_byte(out, text.ptr[i]);
        }
    }
}

/* UTF-8 of U+202A to U+202E and U+2066 to U+2069: they turn round what stands beside them. */
static bool is_direction_control(const char *bytes)
{
    const unsigned char *byte = (const unsigned char *)bytes;

    return byte[0] == 0xe2 && ((byte[1] == 0x80 && byte[2] >= 0xaa && byte[2] <= 0xae) ||
                               (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9));
}

/* A foreign name inside words of ours must not change how those read. */
static void add_name(struct dw_buf *out, struct dw_slice text)
{
    size_t done = 0;

    for (size_t i = 0; i + 2 < text.len; i++) {
        if (!is_direction_control(text.ptr + i))
            continue;
        add_escaped(out, dw_slice_sub(text, done, i - done));
        done = i + 3;
        i += 2;
    }
    add_escaped(out, dw_slice_sub(text, done, text.len));
}

/* Where "{{" or "}}" starts, or the length. */
static size_t find_pair(struct dw_slice text, size_t from, char brace)
{
    for (size_t i = from; i + 1 < text.len; i++)
        if (text.ptr[i] == brace && text.ptr[i + 1] == brace)
            return i;
    return text.len;
}

/* One tag: its kind is '#', '^', '/', '@' for a text, or 0 for a value. */
struct tag {
    size_t start, end; /* with the braces */
    char kind;
    struct dw_slice name;
};

static bool next_tag(struct dw_slice text, size_t from, struct tag *ret_tag)
{
    size_t start = find_pair(text, from, '{');
    size_t end = find_pair(text, start, '}');
    struct dw_slice inside;

    if (end >= text.len)
        return false;
    inside = dw_slice_trim(dw_slice_sub(text, start + 2, end - start - 2));
    *ret_tag = (struct tag){.start = start, .end = end + 2, .name = inside};
    if (inside.len > 0 && strchr("#^/@", inside.ptr[0])) {
        ret_tag->kind = inside.ptr[0];
        ret_tag->name = dw_slice_sub(inside, 1, inside.len);
    }
    return true;
}

/* The tag that closes the section which `open` opens. */
static bool find_close(struct dw_slice text, const struct tag *open, struct tag *ret_close)
{
    int depth = 1;

    *ret_close = *open;
    while (next_tag(text, ret_close->end, ret_close)) {
        if (!dw_slice_eq(ret_close->name, open->name) || ret_close->kind == 0 ||
            ret_close->kind == '@')
            continue;
        depth += ret_close->kind == '/' ? -1 : 1;
        if (depth == 0)
            return true;
    }
    return false;
}

/* A text in the page's language. may_be_strong: where elements may stand, which tools/embed-pages
 * has checked. The placeholders are texts of fields and nothing else, so this does not recurse. */
static bool add_words(const char *key, bool may_be_strong, const struct scope *scope,
                      struct dw_buf *out, struct dw_error *reterr)
{
    struct dw_text_piece piece;
    struct dw_slice rest;
    bool is_strong = false;

    if (!dw_text_find(scope->language, key, &rest, reterr))
        return false;
    while (dw_text_next(&rest, &piece)) {
        const struct dw_html_field *field =
            piece.kind == DW_TEXT_PLACEHOLDER ? find_field(scope, piece.text) : NULL;

        if (piece.kind == DW_TEXT_STRONG && may_be_strong) {
            is_strong = !is_strong;
            dw_buf_add(out, is_strong ? DW_LIT("<strong>") : DW_LIT("</strong>"));
        }
        if (piece.kind == DW_TEXT_WORDS)
            add_escaped(out, piece.text);
        if (field)
            add_name(out, field->text);
    }
    return true;
}

static bool add_value(const struct tag *tag, const struct dw_html_field *field,
                      const struct scope *scope, struct dw_buf *out, struct dw_error *reterr)
{
    char key[DW_TEXT_KEY_MAX_BYTES + 1];

    if (tag->kind == '@') {
        if (tag->name.len >= sizeof key)
            return dw_fail(reterr, DW_INTERNAL, "the name of a text is too long");
        memcpy(key, tag->name.ptr, tag->name.len);
        key[tag->name.len] = '\0';
        return add_words(key, true, scope, out, reterr);
    }
    if (field && field->key)
        return add_words(field->key, false, scope, out, reterr);
    if (field)
        add_escaped(out, field->text);
    return true;
}

static bool fill(struct dw_slice text, const struct scope *scope, struct dw_buf *out,
                 struct dw_error *reterr);

static bool fill_section(struct dw_slice inside, char kind, const struct dw_html_field *field,
                         const struct scope *scope, struct dw_buf *out, struct dw_error *reterr)
{
    bool is_empty = !field || (field->text.len == 0 && field->row_count == 0 && !field->key);

    if (scope->depth >= PAGE_MAX_DEPTH)
        return dw_fail(reterr, DW_INTERNAL, "the sections of a page nest too deep");
    if (kind == '^')
        return !is_empty || fill(inside, scope, out, reterr);
    if (is_empty)
        return true;
    if (field->row_count == 0)
        return fill(inside, scope, out, reterr);
    for (size_t i = 0; i < field->row_count; i++) {
        struct scope inner = {.language = scope->language,
                              .row = &field->rows[i],
                              .outer = scope,
                              .depth = scope->depth + 1};

        if (!fill(inside, &inner, out, reterr))
            return false;
    }
    return true;
}

/* A line that holds only a section tag leaves no empty line behind. */
static size_t after_tag(struct dw_slice text, const struct tag *tag)
{
    bool is_line_start = tag->start == 0 || text.ptr[tag->start - 1] == '\n';

    return is_line_start && tag->end < text.len && text.ptr[tag->end] == '\n' ? tag->end + 1
                                                                              : tag->end;
}

static bool fill(struct dw_slice text, const struct scope *scope, struct dw_buf *out,
                 struct dw_error *reterr)
{
    size_t done = 0;
    struct tag tag, close;

    while (next_tag(text, done, &tag)) {
        const struct dw_html_field *field = find_field(scope, tag.name);
        size_t from;

        dw_buf_add(out, dw_slice_sub(text, done, tag.start - done));
        done = tag.end;
        if (tag.kind == 0 || tag.kind == '@') {
            if (!add_value(&tag, field, scope, out, reterr))
                return false;
            continue;
        }
        if (tag.kind == '/' || !find_close(text, &tag, &close))
            return dw_fail(reterr, DW_INTERNAL, "a page has a section without its end");
        from = after_tag(text, &tag);
        if (!fill_section(dw_slice_sub(text, from, close.start - from), tag.kind, field, scope, out,
                          reterr))
            return false;
        done = after_tag(text, &close);
    }
    dw_buf_add(out, dw_slice_sub(text, done, text.len));
    return true;
}

bool dw_html_render_text(struct dw_slice source, const struct dw_language *language,
                         const struct dw_html_row *values, struct dw_arena *arena,
                         struct dw_slice *ret_html, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct scope scope = {.language = language, .row = values};

    return fill(source, &scope, &out, reterr) && dw_buf_finish(&out, ret_html, reterr);
}

const struct dw_html_source *dw_html_find(const char *name)
{
    for (size_t i = 0; i < dw_html_source_count; i++)
        if (strcmp(dw_html_sources[i].name, name) == 0)
            return &dw_html_sources[i];
    return NULL;
}

bool dw_html_render(const char *name, const struct dw_language *language,
                    const struct dw_html_row *values, struct dw_arena *arena,
                    struct dw_slice *ret_html, struct dw_error *reterr)
{
    const struct dw_html_source *source = dw_html_find(name);

    if (!source)
        return dw_fail(reterr, DW_INTERNAL, "there is no page %s", name);
    return dw_html_render_text(source->text, language, values, arena, ret_html, reterr);
}
