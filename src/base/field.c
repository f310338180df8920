/* Settings by rows: standards, checks, and what can be set. */
#include "base/field.h"

#include "base/text.h"

#define LONGEST_TEXT 4096

static void *at(const struct dw_field *field, void *config)
{
    return (char *)config + field->offset;
}

static const struct {
    const char *name;   /* for tables of documentation */
    const char *phrase; /* after "must be" */
} kinds[] = {
    [DW_FIELD_UNUSED] = {"anything", "left out"},
    [DW_FIELD_TEXT] = {"text", "a text"},
    [DW_FIELD_INT] = {"number", "a whole number"},
    [DW_FIELD_SECONDS] = {"seconds", "a number of seconds, or a text like \"15m\" or \"2h\""},
    [DW_FIELD_BOOL] = {"true or false", "true or false"},
    [DW_FIELD_TEXTS] = {"list of texts", "a list of texts"},
    [DW_FIELD_ENUM] = {"word", "a text"},
    [DW_FIELD_SECRET] = {"text (secret)", "a text"},
    [DW_FIELD_PAIRS] = {"table of texts", "a table of texts"},
    [DW_FIELD_TABLE] = {"table", "a table"},
    [DW_FIELD_TABLES] = {"list of tables",
                         "a list of tables, each with a heading in double brackets"},
};

const char *dw_field_kind_name(enum dw_field_kind kind)
{
    return kinds[kind].name;
}

bool dw_field_fail_kind(const struct dw_field *field, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_CONFIG, "must be %s", kinds[field->kind].phrase);
}

const struct dw_field *dw_fields_find(const struct dw_fields *fields, struct dw_slice name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (dw_slice_eq(dw_slice_from_text(fields->rows[i].name), name))
            return &fields->rows[i];
    return NULL;
}

void dw_fields_say(const struct dw_fields *fields, const struct dw_field *field, void *config)
{
    if (fields->said_offset > 0)
        *(uint64_t *)(void *)((char *)config + fields->said_offset) |= UINT64_C(1)
                                                                       << (field - fields->rows);
}

bool dw_fields_is_said(const struct dw_fields *fields, const char *name, const void *config)
{
    const struct dw_field *field = dw_fields_find(fields, dw_slice_from_text(name));
    const void *said = (const char *)config + fields->said_offset;

    return fields->said_offset > 0 && field &&
           (*(const uint64_t *)said >> (field - fields->rows) & 1) != 0;
}

struct dw_slice dw_fields_nearest(const struct dw_fields *fields, struct dw_slice wrong)
{
    struct dw_slice names[128];
    struct dw_slices list = {names, 0};

    for (size_t i = 0; i < fields->count && list.count < 128; i++)
        if (fields->rows[i].kind != DW_FIELD_UNUSED)
            names[list.count++] = dw_slice_from_text(fields->rows[i].name);
    return dw_text_nearest(wrong, list);
}

/* "90s", "15m", "12h", "30d", or digits alone. */
static bool to_seconds(struct dw_slice text, int64_t *ret_s)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t factor = 1, number;

    for (size_t i = 0; text.len && i < sizeof units / sizeof units[0]; i++) {
        if (text.ptr[text.len - 1] != units[i].unit)
            continue;
        factor = units[i].seconds;
        text.len--;
        break;
    }
    return dw_text_to_int(text, &number) && !__builtin_mul_overflow(number, factor, ret_s);
}

static bool set_choice(const struct dw_field *field, void *config, struct dw_slice word,
                       struct dw_error *reterr)
{
    char words[120] = "";

    for (int i = 0; field->choices[i]; i++) {
        if (dw_slice_eq(dw_slice_from_text(field->choices[i]), word)) {
            *(int *)at(field, config) = i;
            return true;
        }
        strncat(words, i ? ", " : "", sizeof words - strlen(words) - 1);
        strncat(words, field->choices[i], sizeof words - strlen(words) - 1);
    }
    return dw_fail(reterr, DW_CONFIG, "must be one of %s", words);
}

static bool check_length(const struct dw_field *field, struct dw_slice text,
                         struct dw_error *reterr)
{
    int64_t max = field->max ? field->max : LONGEST_TEXT;

    if ((int64_t)text.len < field->min || (int64_t)text.len > max)
        return dw_fail(reterr, DW_CONFIG, "must be %lld to %lld bytes long", (long long)field->min,
                       (long long)max);
    if (memchr(text.ptr, '\0', text.len))
        return dw_fail(reterr, DW_CONFIG, "must not contain a NUL byte");
    return true;
}

bool dw_field_set_text(const struct dw_field *field, void *config, struct dw_slice text,
                       struct dw_error *reterr)
{
    int64_t seconds;

    if (field->kind == DW_FIELD_ENUM)
        return set_choice(field, config, text, reterr);
    if (field->kind == DW_FIELD_SECONDS) {
        if (!to_seconds(text, &seconds))
            return dw_field_fail_kind(field, reterr);
        return dw_field_set_int(field, config, seconds, reterr);
    }
    if (field->kind != DW_FIELD_TEXT && field->kind != DW_FIELD_SECRET)
        return dw_field_fail_kind(field, reterr);
    if (!check_length(field, text, reterr))
        return false;
    if (field->kind == DW_FIELD_TEXT)
        *(struct dw_slice *)at(field, config) = text;
    else
        *(struct dw_secret *)at(field, config) = dw_secret_from(text);
    return true;
}

bool dw_field_set_int(const struct dw_field *field, void *config, int64_t number,
                      struct dw_error *reterr)
{
    if (field->kind != DW_FIELD_INT && field->kind != DW_FIELD_SECONDS)
        return dw_field_fail_kind(field, reterr);
    if (number < field->min || number > field->max)
        return dw_fail(reterr, DW_CONFIG, "must be %lld to %lld", (long long)field->min,
                       (long long)field->max);
    *(int64_t *)at(field, config) = number;
    return true;
}

bool dw_field_set_bool(const struct dw_field *field, void *config, bool value,
                       struct dw_error *reterr)
{
    if (field->kind != DW_FIELD_BOOL)
        return dw_field_fail_kind(field, reterr);
    *(bool *)at(field, config) = value;
    return true;
}

bool dw_field_set_texts(const struct dw_field *field, void *config, struct dw_slices texts,
                        struct dw_error *reterr)
{
    if (field->kind != DW_FIELD_TEXTS)
        return dw_field_fail_kind(field, reterr);
    for (size_t i = 0; i < texts.count; i++)
        if (!check_length(field, texts.items[i], reterr))
            return false;
    *(struct dw_slices *)at(field, config) = texts;
    return true;
}

/* The parts of "a,b" or "a b", without the spaces around them. */
static bool split_list(struct dw_slice text, char separator, struct dw_arena *arena,
                       struct dw_slices *ret_list, struct dw_error *reterr)
{
    struct dw_slice *items = dw_arena_new_array(arena, text.len / 2 + 1, sizeof *items);
    struct dw_slice part;
    size_t count = 0;

    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    while (dw_slice_split(&text, separator, &part)) {
        part = dw_slice_trim(part);
        if (part.len)
            items[count++] = part;
    }
    *ret_list = (struct dw_slices){items, count};
    return true;
}

bool dw_field_set(const struct dw_field *field, void *config, struct dw_slice text,
                  struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slices list;
    int64_t number;

    switch (field->kind) {
    case DW_FIELD_INT:
        if (!dw_text_to_int(text, &number))
            return dw_field_fail_kind(field, reterr);
        return dw_field_set_int(field, config, number, reterr);
    case DW_FIELD_BOOL:
        if (!dw_slice_eq(text, DW_LIT("true")) && !dw_slice_eq(text, DW_LIT("false")))
            return dw_field_fail_kind(field, reterr);
        return dw_field_set_bool(field, config, text.ptr[0] == 't', reterr);
    case DW_FIELD_TEXTS:
        return split_list(text, ',', arena, &list, reterr) &&
               dw_field_set_texts(field, config, list, reterr);
    case DW_FIELD_TEXT:
    case DW_FIELD_SECONDS:
    case DW_FIELD_ENUM:
    case DW_FIELD_SECRET:
        return dw_field_set_text(field, config, text, reterr);
    case DW_FIELD_UNUSED:
    case DW_FIELD_PAIRS:
    case DW_FIELD_TABLE:
    case DW_FIELD_TABLES:
        break;
    }
    return dw_field_fail_kind(field, reterr);
}

static bool set_standard(const struct dw_field *field, void *config, struct dw_arena *arena,
                         struct dw_error *reterr)
{
    struct dw_slice text = dw_slice_from_text(field->standard_text);

    switch (field->kind) {
    case DW_FIELD_UNUSED:
        break;
    case DW_FIELD_TEXT:
        *(struct dw_slice *)at(field, config) = text;
        break;
    case DW_FIELD_INT:
    case DW_FIELD_SECONDS:
        *(int64_t *)at(field, config) = field->standard;
        break;
    case DW_FIELD_BOOL:
        *(bool *)at(field, config) = field->standard != 0;
        break;
    case DW_FIELD_TEXTS:
        return split_list(text, ' ', arena, (struct dw_slices *)at(field, config), reterr);
    case DW_FIELD_ENUM:
        *(int *)at(field, config) = (int)field->standard;
        break;
    case DW_FIELD_SECRET:
        *(struct dw_secret *)at(field, config) = dw_secret_from(DW_EMPTY);
        break;
    case DW_FIELD_PAIRS:
        *(struct dw_field_pairs *)at(field, config) = (struct dw_field_pairs){NULL, 0};
        break;
    case DW_FIELD_TABLE:
        return dw_fields_standard(field->table, at(field, config), arena, reterr);
    case DW_FIELD_TABLES:
        *(struct dw_field_tables *)at(field, config) = (struct dw_field_tables){NULL, 0};
        break;
    }
    return true;
}

bool dw_fields_standard(const struct dw_fields *fields, void *config, struct dw_arena *arena,
                        struct dw_error *reterr)
{
    for (size_t i = 0; i < fields->count; i++)
        if (!set_standard(&fields->rows[i], config, arena, reterr))
            return false;
    return true;
}
