/* The flags of `doorward tenant NOUN VERB`: checked against the verb's usage, and asked for. */
#include "tenant/manage/manage_internal.h"
#include "json/json_merge.h"

struct flag_rule {
    bool is_known, has_value, is_required, is_repeatable;
};

/* Words without a flag, first in a usage text, and the flag they stand for. */
static const struct {
    struct dw_slice word, name;
    bool is_repeatable;
} bare_words[] = {
    {{"NAME=VALUE...", 13}, {"set", 3}, true},
    {{"FILE", 4}, {"file", 4}, false},
};
#define BARE_WORD_COUNT (sizeof bare_words / sizeof *bare_words)

/* One flag of a usage text off its front. */
static bool next_rule(struct dw_slice *usage, struct dw_slice *ret_name, struct flag_rule *ret_rule)
{
    struct dw_slice token, placeholder = DW_EMPTY;

    do {
        if (!dw_slice_split(usage, ' ', &token))
            return false;
    } while (token.len == 0);
    *ret_rule = (struct flag_rule){.is_known = true};
    for (size_t i = 0; i < BARE_WORD_COUNT; i++)
        if (dw_slice_eq(token, bare_words[i].word)) {
            *ret_rule = (struct flag_rule){true, true, true, bare_words[i].is_repeatable};
            *ret_name = bare_words[i].name;
            return true;
        }
    ret_rule->is_required = !dw_slice_eat(&token, DW_LIT("["));
    (void)dw_slice_eat(&token, DW_LIT("--"));
    ret_rule->has_value = !dw_slice_contains(token, ']');
    if (ret_rule->has_value)
        (void)dw_slice_split(usage, ' ', &placeholder);
    ret_rule->is_repeatable = dw_slice_ends_with(placeholder, DW_LIT("..."));
    *ret_name = dw_slice_sub(token, 0, dw_slice_index(token, ']'));
    return true;
}

static struct flag_rule find_rule(const struct dw_tenant_verb *verb, struct dw_slice name)
{
    struct dw_slice usage = dw_slice_from_text(verb->usage);
    struct dw_slice candidate;
    struct flag_rule rule;

    while (next_rule(&usage, &candidate, &rule))
        if (dw_slice_eq(candidate, name))
            return rule;
    return (struct flag_rule){0};
}

static bool read_bare_word(struct dw_manage *manage, const struct dw_tenant_verb *verb,
                           struct dw_slice text, struct dw_error *reterr)
{
    struct dw_slice usage = dw_slice_from_text(verb->usage);
    size_t i = 0;

    while (i < BARE_WORD_COUNT && !dw_slice_starts_with(usage, bare_words[i].word))
        i++;
    if (i == BARE_WORD_COUNT || manage->flag_count == DW_MANAGE_MAX_FLAGS ||
        (!bare_words[i].is_repeatable && dw_manage_value(manage, bare_words[i].name.ptr).len > 0))
        return dw_fail(reterr, DW_USAGE, "\"%.*s\" is no flag", DW_PRINT(text));
    manage->flags[manage->flag_count++] = (struct dw_manage_flag){bare_words[i].name, text};
    return true;
}

static bool read_flag(struct dw_manage *manage, const struct dw_tenant_verb *verb, int argc,
                      char **argv, int *at, struct dw_error *reterr)
{
    struct dw_slice text = dw_slice_from_text(argv[*at]);
    struct dw_slice name, value;
    struct flag_rule rule;
    size_t equals;

    if (!dw_slice_eat(&text, DW_LIT("--")))
        return read_bare_word(manage, verb, text, reterr);
    equals = dw_slice_index(text, '=');
    name = dw_slice_sub(text, 0, equals);
    value = dw_slice_sub(text, equals + 1, text.len);
    rule = find_rule(verb, name);
    if (!rule.is_known)
        return dw_fail(reterr, DW_USAGE, "there is no flag --%.*s", DW_PRINT(name));
    if (!rule.has_value && equals < text.len)
        return dw_fail(reterr, DW_USAGE, "--%.*s takes no value", DW_PRINT(name));
    if (rule.has_value && equals == text.len) {
        if (*at + 1 >= argc)
            return dw_fail(reterr, DW_USAGE, "--%.*s needs a value", DW_PRINT(name));
        value = dw_slice_from_text(argv[++*at]);
    }
    for (size_t i = 0; !rule.is_repeatable && i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, name))
            return dw_fail(reterr, DW_USAGE, "--%.*s comes twice", DW_PRINT(name));
    if (manage->flag_count == DW_MANAGE_MAX_FLAGS)
        return dw_fail(reterr, DW_USAGE, "too many flags");
    manage->flags[manage->flag_count++] = (struct dw_manage_flag){name, value};
    return true;
}

/* Of a verb: "", "list" or "mfa list". */
static int count_words(const char *verb)
{
    return verb[0] == '\0' ? 0 : strchr(verb, ' ') ? 2 : 1;
}

bool dw_manage_read_flags(struct dw_manage *manage, const struct dw_tenant_verb *verb, int argc,
                          char **argv, struct dw_error *reterr)
{
    struct dw_slice usage = dw_slice_from_text(verb->usage);
    struct dw_slice name;
    struct flag_rule rule;

    for (int at = 1 + count_words(verb->verb); at < argc; at++) {
        if (strcmp(argv[at], "--json") == 0)
            manage->is_json = true;
        else if (!read_flag(manage, verb, argc, argv, &at, reterr))
            return false;
    }
    while (next_rule(&usage, &name, &rule)) {
        bool is_there = false;

        for (size_t i = 0; i < manage->flag_count; i++)
            is_there = is_there || dw_slice_eq(manage->flags[i].name, name);
        if (rule.is_required && !is_there)
            return dw_fail(reterr, DW_USAGE, "--%.*s is missing", DW_PRINT(name));
    }
    return true;
}

struct dw_slice dw_manage_value(const struct dw_manage *manage, const char *name)
{
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            return manage->flags[i].value;
    return DW_EMPTY;
}

bool dw_manage_has(const struct dw_manage *manage, const char *name)
{
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            return true;
    return false;
}

bool dw_manage_values(struct dw_manage *manage, const char *name, struct dw_slices *ret_values,
                      struct dw_error *reterr)
{
    struct dw_slice *values =
        dw_arena_new_array(manage->arena, manage->flag_count + 1, sizeof *values);
    size_t count = 0;

    if (!values)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            values[count++] = manage->flags[i].value;
    *ret_values = (struct dw_slices){values, count};
    return true;
}

bool dw_manage_patch_of_sets(struct dw_manage *manage, struct dw_slice *patch,
                             struct dw_error *reterr)
{
    struct dw_slices sets = {0};

    if (!dw_manage_values(manage, "set", &sets, reterr))
        return false;
    for (size_t i = 0; i < sets.count; i++) {
        size_t equals = dw_slice_index(sets.items[i], '=');
        struct dw_slice name = dw_slice_sub(sets.items[i], 0, equals);
        struct dw_slice value = dw_slice_sub(sets.items[i], equals + 1, sets.items[i].len);
        struct dw_slice one;

        if (equals == sets.items[i].len)
            return dw_fail(reterr, DW_USAGE, "\"%.*s\" is not NAME=VALUE", DW_PRINT(sets.items[i]));
        if (!dw_json_patch_of(name, value, manage->arena, &one, reterr) ||
            !dw_json_patch_join(*patch, one, manage->arena, patch, reterr))
            return false;
    }
    return true;
}

bool dw_manage_apply_sets(struct dw_manage *manage, struct dw_slice *json, struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");

    return dw_manage_patch_of_sets(manage, &patch, reterr) &&
           dw_json_merge(*json, patch, manage->arena, json, reterr);
}
