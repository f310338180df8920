/* Texts by key, and which language somebody wants; see texts_internal.h. Not the words: those are
 * in src/tenant/texts. */
#include "tenant/texts_internal.h"

#include "base/buf.h"
#include "tenant/html_internal.h"

/* A browser sends a handful. */
#define MAX_RANGES 32

const struct dw_language *dw_language_of(struct dw_slice tag)
{
    struct dw_slice rest = tag, primary;

    if (!dw_slice_split(&rest, '-', &primary))
        return NULL;
    for (size_t i = 0; i < dw_language_count; i++)
        if (dw_slice_eq_nocase(primary, dw_slice_from_text(dw_languages[i].tag)))
            return &dw_languages[i];
    return NULL;
}

static bool is_enabled(const struct dw_language *language, struct dw_slices enabled)
{
    for (size_t i = 0; i < enabled.count; i++)
        if (dw_language_of(enabled.items[i]) == language)
            return true;
    return enabled.count == 0;
}

/* For who wants nothing that there is. */
static const struct dw_language *standard(struct dw_slices enabled)
{
    for (size_t i = 0; i < enabled.count; i++) {
        const struct dw_language *language = dw_language_of(enabled.items[i]);

        if (language)
            return language;
    }
    return &dw_languages[0];
}

static const struct dw_language *of_ui_locales(struct dw_slice ui_locales, struct dw_slices enabled)
{
    struct dw_slice tag;

    for (int i = 0; i < MAX_RANGES && dw_slice_split(&ui_locales, ' ', &tag); i++) {
        const struct dw_language *language = dw_language_of(tag);

        if (language && is_enabled(language, enabled))
            return language;
    }
    return NULL;
}

/* "0.8" as 800; RFC 9110 section 12.4.2: at most three digits. -1: malformed. */
static int thousandths(struct dw_slice weight)
{
    int value = 0, digits = 0;

    if (weight.len == 0 || weight.len > 5 || (weight.ptr[0] != '0' && weight.ptr[0] != '1') ||
        (weight.len > 1 && weight.ptr[1] != '.'))
        return -1;
    for (size_t i = 2; i < weight.len; i++, digits++) {
        if (weight.ptr[i] < '0' || weight.ptr[i] > '9')
            return -1;
        value = value * 10 + (weight.ptr[i] - '0');
    }
    for (; digits < 3; digits++)
        value *= 10;
    value += weight.ptr[0] == '1' ? 1000 : 0;
    return value > 1000 ? -1 : value;
}

/* "de-AT;q=0.8": its tag and weight in thousandths; 0: not wanted, or malformed. */
static int read_range(struct dw_slice range, struct dw_slice *ret_tag)
{
    struct dw_slice rest = range, parameter;
    int weight = 1000;

    *ret_tag = DW_EMPTY;
    if (!dw_slice_split(&rest, ';', ret_tag))
        return 0;
    *ret_tag = dw_slice_trim(*ret_tag);
    while (dw_slice_split(&rest, ';', &parameter)) {
        parameter = dw_slice_trim(parameter);
        if (!dw_slice_eat_nocase(&parameter, DW_LIT("q=")))
            return 0;
        weight = thousandths(parameter);
    }
    return weight > 0 ? weight : 0;
}

static const struct dw_language *of_accept_language(struct dw_slice accept_language,
                                                    struct dw_slices enabled)
{
    const struct dw_language *best = NULL;
    struct dw_slice range, tag;
    int best_weight = 0;

    for (int i = 0; i < MAX_RANGES && dw_slice_split(&accept_language, ',', &range); i++) {
        int weight = read_range(range, &tag);
        const struct dw_language *language =
            dw_slice_eq(tag, DW_LIT("*")) ? standard(enabled) : dw_language_of(tag);

        if (!language || !is_enabled(language, enabled) || weight <= best_weight)
            continue;
        best = language;
        best_weight = weight;
    }
    return best;
}

const struct dw_language *dw_language_choose(struct dw_slice ui_locales,
                                             struct dw_slice accept_language,
                                             struct dw_slices enabled)
{
    const struct dw_language *language = of_ui_locales(ui_locales, enabled);

    if (!language)
        language = of_accept_language(accept_language, enabled);
    return language ? language : standard(enabled);
}

bool dw_text_find(const struct dw_language *language, const char *key, struct dw_slice *ret_text,
                  struct dw_error *reterr)
{
    size_t from = 0, to = dw_text_key_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(key, dw_text_keys[middle]);

        if (order == 0) {
            *ret_text = language->texts[middle];
            return true;
        }
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    *ret_text = DW_EMPTY;
    return dw_fail(reterr, DW_INTERNAL, "there is no text %s", key);
}

bool dw_text_next(struct dw_slice *rest, struct dw_text_piece *ret_piece)
{
    size_t end = 0;

    if (rest->len == 0)
        return false;
    if (rest->ptr[0] == '*') {
        *ret_piece = (struct dw_text_piece){.kind = DW_TEXT_STRONG};
        *rest = dw_slice_sub(*rest, 1, rest->len);
        return true;
    }
    if (rest->ptr[0] == '{') {
        while (end < rest->len && rest->ptr[end] != '}')
            end++;
        *ret_piece = (struct dw_text_piece){.kind = DW_TEXT_PLACEHOLDER,
                                            .text = dw_slice_sub(*rest, 1, end - 1)};
        *rest = dw_slice_sub(*rest, end + 1, rest->len);
        return true;
    }
    while (end < rest->len && rest->ptr[end] != '*' && rest->ptr[end] != '{')
        end++;
    *ret_piece = (struct dw_text_piece){.kind = DW_TEXT_WORDS, .text = dw_slice_sub(*rest, 0, end)};
    *rest = dw_slice_sub(*rest, end, rest->len);
    return true;
}

bool dw_text_fill(const struct dw_language *language, const char *key,
                  const struct dw_html_row *values, struct dw_arena *arena,
                  struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_text_piece piece;
    struct dw_slice rest;

    if (!dw_text_find(language, key, &rest, reterr))
        return false;
    while (dw_text_next(&rest, &piece)) {
        if (piece.kind == DW_TEXT_WORDS)
            dw_buf_add(&out, piece.text);
        for (size_t i = 0; piece.kind == DW_TEXT_PLACEHOLDER && i < values->field_count; i++)
            if (dw_slice_eq(piece.text, dw_slice_from_text(values->fields[i].name)))
                dw_buf_add(&out, values->fields[i].text);
    }
    return dw_buf_finish(&out, ret_text, reterr);
}
