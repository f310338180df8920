/* From the index of tokens to the tree. What json.h promises to refuse is refused here; simdjson
 * has checked the UTF-8 and where strings end. */
#include "json/json.h"

#include "base/text.h"
#include "json/json_internal.h"
#include "json/simdjson_bridge.h"

/* Zero bytes after the copy, so that looking at the byte after a token needs no check. */
#define PADDING_BYTES 8

struct reader {
    struct dw_slice text;
    const uint32_t *next;      /* the offset of the next token; of the text's end after the last */
    const uint32_t *end;       /* that one */
    bool has_escapes;          /* there is a '\\' somewhere: most documents have none */
    const uint32_t *container; /* commas in the next array or object to open */
    struct dw_arena *arena;
    struct dw_error *reterr;
};

static bool read_value(struct reader *reader, struct dw_json *ret_value);

/* The first byte of the next token; '\0' at the end, which no token starts with. */
static char peek(const struct reader *reader)
{
    return reader->text.ptr[*reader->next];
}

static bool fail_memory(const struct reader *reader)
{
    return dw_fail(reader->reterr, DW_NO_MEMORY, "the JSON document needs too much memory");
}

static bool fail_at(const struct reader *reader, size_t byte, const char *what)
{
    return dw_fail(reader->reterr, DW_MALFORMED, "not JSON: %s at byte %zu", what, byte);
}

static bool fail_at_the_end(const struct reader *reader, const char *wanted)
{
    return dw_fail(reader->reterr, DW_MALFORMED, "not JSON: it ends where %s should be", wanted);
}

static bool fail_here(const struct reader *reader, const char *wanted)
{
    if (reader->next == reader->end)
        return fail_at_the_end(reader, wanted);
    return dw_fail(reader->reterr, DW_MALFORMED, "not JSON: no %s at byte %u", wanted,
                   *reader->next);
}

/* Of what can stand between two tokens; nearly always the last byte of the first one. */
static inline bool is_space(char byte)
{
    return (unsigned char)byte <= ' ' &&
           (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
}

/* The token without the white space before the next one. Nothing else can be between: simdjson
 * gives every other byte that starts something its own token. */
static inline struct dw_slice take_token(struct reader *reader)
{
    const char *start = reader->text.ptr + reader->next[0];
    const char *end = reader->text.ptr + reader->next[1];

    reader->next++;
    while (is_space(end[-1]) && end > start + 1)
        end--;
    return dw_slice_from(start, (size_t)(end - start));
}

static __attribute__((noinline)) bool fail_string(const struct reader *reader, struct dw_slice raw,
                                                  size_t at, const char *what)
{
    return fail_at(reader, (size_t)(raw.ptr - reader->text.ptr) + at, what);
}

/* Strings with escapes are rare, and so is a document that has any. */
static __attribute__((noinline)) bool unescape(struct reader *reader, struct dw_slice raw,
                                               struct dw_slice *ret_text)
{
    size_t bad_at = 0;

    switch (dw_json_string_read(*ret_text, reader->arena, ret_text, &bad_at)) {
    case DW_JSON_STRING_DONE:
        return true;
    case DW_JSON_STRING_NO_MEMORY:
        return fail_memory(reader);
    case DW_JSON_STRING_BAD_ESCAPE:
        return fail_string(reader, raw, 1 + bad_at, "an unknown escape");
    case DW_JSON_STRING_LONE_SURROGATE:
        break;
    }
    return fail_string(reader, raw, 1 + bad_at, "half of a surrogate pair");
}

static inline bool read_string(struct reader *reader, struct dw_slice *ret_raw,
                               struct dw_slice *ret_text)
{
    struct dw_slice raw = take_token(reader);

    *ret_raw = raw;
    if (raw.len < 2 || raw.ptr[raw.len - 1] != '"')
        return fail_string(reader, raw, 0, "a string without an end");
    *ret_text = dw_slice_from(raw.ptr + 1, raw.len - 2);
    return !reader->has_escapes || unescape(reader, raw, ret_text);
}

static bool read_number(struct reader *reader, struct dw_json *ret_value)
{
    size_t start = *reader->next;

    ret_value->raw = take_token(reader);
    return dw_json_number_read(ret_value->raw, ret_value) ||
           fail_at(reader, start, "a bad or too large number");
}

static bool read_word(struct reader *reader, struct dw_slice word, struct dw_json value,
                      struct dw_json *ret_value)
{
    size_t start = *reader->next;

    value.raw = take_token(reader);
    *ret_value = value;
    return dw_slice_eq(value.raw, word) || fail_at(reader, start, "an unknown word");
}

/* Takes the comma or, after the last one, the end. */
static bool take_separator(struct reader *reader, bool is_last, char end)
{
    if (peek(reader) != (is_last ? end : ','))
        return fail_here(reader, end == ']' ? "',' or ']'" : "',' or '}'");
    reader->next++;
    return true;
}

/* How many values are in the array or object that opens here; takes its first token. */
static size_t open_container(struct reader *reader, char end)
{
    size_t commas = *reader->container++;

    reader->next++;
    return commas == 0 && peek(reader) == end ? 0 : commas + 1;
}

/* From `start` to the end of the token taken last. */
static struct dw_slice raw_from(const struct reader *reader, size_t start)
{
    return dw_slice_sub(reader->text, start, reader->next[-1] + 1 - start);
}

static bool read_array(struct reader *reader, struct dw_json *ret_value)
{
    size_t start = *reader->next;
    size_t count = open_container(reader, ']');
    struct dw_json *items = dw_arena_alloc(reader->arena, count * sizeof *items);

    if (!items)
        return fail_memory(reader);
    for (size_t i = 0; i < count; i++)
        if (!read_value(reader, &items[i]) || !take_separator(reader, i + 1 == count, ']'))
            return false;
    reader->next += count == 0;
    ret_value->type = DW_JSON_ARRAY;
    ret_value->array.items = items;
    ret_value->array.count = count;
    ret_value->raw = raw_from(reader, start);
    return true;
}

static bool read_member(struct reader *reader, struct dw_json_member *ret_member)
{
    size_t start = *reader->next;
    struct dw_slice raw;

    if (peek(reader) != '"')
        return fail_here(reader, "key");
    if (!read_string(reader, &raw, &ret_member->key))
        return false;
    if (reader->has_escapes && dw_slice_contains(ret_member->key, '\0'))
        return fail_at(reader, start, "a key with U+0000");
    if (peek(reader) != ':')
        return fail_here(reader, "':'");
    reader->next++;
    return read_value(reader, &ret_member->value);
}

static bool read_object(struct reader *reader, struct dw_json *ret_value)
{
    size_t start = *reader->next;
    size_t count = open_container(reader, '}');
    struct dw_json_member *members = dw_arena_alloc(reader->arena, count * sizeof *members);
    const struct dw_json_member *duplicate;

    if (!members)
        return fail_memory(reader);
    for (size_t i = 0; i < count; i++)
        if (!read_member(reader, &members[i]) || !take_separator(reader, i + 1 == count, '}'))
            return false;
    reader->next += count == 0;
    if (!dw_json_find_duplicate(members, count, &duplicate))
        return fail_memory(reader);
    if (duplicate)
        return dw_fail(reader->reterr, DW_MALFORMED,
                       "the key \"%.*s\" is twice in the JSON object at byte %zu",
                       DW_PRINT(dw_slice_sub(duplicate->key, 0, 64)), start);
    ret_value->type = DW_JSON_OBJECT;
    ret_value->object.members = members;
    ret_value->object.count = count;
    ret_value->raw = raw_from(reader, start);
    return true;
}

static bool read_value(struct reader *reader, struct dw_json *ret_value)
{
    switch (peek(reader)) {
    case '{':
        return read_object(reader, ret_value);
    case '[':
        return read_array(reader, ret_value);
    case '"':
        ret_value->type = DW_JSON_TEXT;
        return read_string(reader, &ret_value->raw, &ret_value->text);
    case 't':
        return read_word(reader, DW_LIT("true"),
                         (struct dw_json){.type = DW_JSON_BOOL, .boolean = true}, ret_value);
    case 'f':
        return read_word(reader, DW_LIT("false"), (struct dw_json){.type = DW_JSON_BOOL},
                         ret_value);
    case 'n':
        return read_word(reader, DW_LIT("null"), (struct dw_json){.type = DW_JSON_NULL}, ret_value);
    case '-':
    case '0' ... '9':
        return read_number(reader, ret_value);
    default:
        return fail_here(reader, "value");
    }
}

/* Counts the commas of each array and object, in the order they open, so that each gets its memory
 * at once; and checks the depth, so that read_value may recurse. */
static bool count_commas(const struct reader *reader, uint32_t *commas)
{
    uint32_t open[DW_JSON_MAX_DEPTH];
    size_t depth = 0;
    uint32_t container = 0;

    for (const uint32_t *at = reader->next; at < reader->end; at++) {
        char byte = reader->text.ptr[*at];

        if (byte == '"' || byte == ':') /* most are */
            continue;
        switch (byte) {
        case ',':
            if (depth)
                commas[open[depth - 1]]++;
            break;
        case '{':
        case '[':
            if (depth == DW_JSON_MAX_DEPTH)
                return dw_fail(reader->reterr, DW_MALFORMED,
                               "the JSON document is deeper than %d at byte %u", DW_JSON_MAX_DEPTH,
                               *at);
            open[depth++] = container;
            commas[container++] = 0;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return fail_at(reader, *at, "a bracket that nothing opened");
            depth--;
            break;
        default:
            break;
        }
    }
    return true;
}

/* Where the UTF-8 goes wrong. */
static size_t find_bad_utf8(struct dw_slice text)
{
    size_t at = 0;

    while (at < text.len) {
        unsigned char first = (unsigned char)text.ptr[at];
        size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

        if (!dw_text_is_utf8(dw_slice_sub(text, at, len)))
            break;
        at += len;
    }
    return at;
}

/* The control character inside a string, or the string that does not end. */
static size_t find_bad_string(struct dw_slice text)
{
    size_t start = 0;
    bool is_inside = false;

    for (size_t at = 0; at < text.len; at++) {
        if (is_inside && (unsigned char)text.ptr[at] < 0x20)
            return at;
        if (text.ptr[at] == '"') {
            is_inside = !is_inside;
            start = at;
        } else if (is_inside && text.ptr[at] == '\\') {
            at++;
        }
    }
    return start;
}

static bool make_index(struct reader *reader, struct dw_json_index *ret_index)
{
    switch (dw_json_index_make(reader->text.ptr, reader->text.len, ret_index)) {
    case DW_JSON_INDEX_DONE:
        return true;
    case DW_JSON_INDEX_NO_MEMORY:
        return fail_memory(reader);
    case DW_JSON_INDEX_TOO_LONG:
        return dw_fail(reader->reterr, DW_MALFORMED, "the JSON document is too long");
    case DW_JSON_INDEX_EMPTY:
        return fail_at_the_end(reader, "value");
    case DW_JSON_INDEX_BAD_UTF8:
        return fail_at(reader, find_bad_utf8(reader->text), "invalid UTF-8");
    case DW_JSON_INDEX_BAD_STRING:
        return fail_at(reader, find_bad_string(reader->text),
                       "a control character in a string, or a string without an end");
    case DW_JSON_INDEX_BROKEN:
        break;
    }
    return dw_fail(reader->reterr, DW_MALFORMED, "not JSON");
}

static bool read_document(struct reader *reader, struct dw_json *ret_document)
{
    struct dw_json_index index;

    if (!make_index(reader, &index))
        return false;
    reader->next = index.at;
    reader->end = index.at + index.count;
    reader->container = index.scratch;
    reader->has_escapes = dw_slice_contains(reader->text, '\\');
    if (!count_commas(reader, index.scratch) || !read_value(reader, ret_document))
        return false;
    if (reader->next < reader->end)
        return fail_at(reader, *reader->next, "something after the value");
    return true;
}

bool dw_json_parse(struct dw_slice text, struct dw_arena *arena,
                   const struct dw_json **ret_document, struct dw_error *reterr)
{
    struct reader reader = {.arena = arena, .reterr = reterr};
    struct dw_json *document = DW_ARENA_NEW(arena, struct dw_json);
    char *copy = text.len < SIZE_MAX - PADDING_BYTES
                     ? dw_arena_alloc(arena, text.len + PADDING_BYTES)
                     : NULL;
    bool is_done;

    if (!document || !copy)
        return fail_memory(&reader);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    memset(copy + text.len, 0, PADDING_BYTES);
    reader.text = dw_slice_from(copy, text.len);
    is_done = read_document(&reader, document);
    dw_json_index_done();
    if (is_done)
        *ret_document = document;
    return is_done;
}
