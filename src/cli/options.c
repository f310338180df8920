/* The command line of one verb. */
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

#define MOST_OPTIONS 32
#define LONGEST_LINE 1024

/* One write, so that lines of the log do not come between. */
void dw_cli_say(const char *verb, const char *format, ...)
{
    char line[LONGEST_LINE];
    va_list arguments;
    int start = snprintf(line, sizeof line, "doorward%s%s: ", verb ? " " : "", verb ? verb : "");

    va_start(arguments, format);
    vsnprintf(line + start, sizeof line - (size_t)start, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s\n", line);
}

const char *dw_cli_error_text(const struct dw_error *error)
{
    return error->cause[0] ? error->cause : error->message;
}

void dw_cli_say_error(const char *verb, const struct dw_error *error)
{
    dw_cli_say(verb, "%s", dw_cli_error_text(error));
}

static void print_help(const struct dw_verb *verb)
{
    printf("doorward %s%s%s%s\n\n%s\n", verb->name, verb->option_count ? " [OPTION...]" : "",
           *verb->arguments ? " " : "", verb->arguments, verb->summary);
    if (verb->details)
        printf("\n%s\n", verb->details);
    printf("\n");
    for (size_t i = 0; i < verb->option_count; i++) {
        const struct dw_option *option = &verb->options[i];
        char left[64];

        snprintf(left, sizeof left, "--%s%s%s", option->name, option->metavar ? " " : "",
                 option->metavar ? option->metavar : "");
        printf("  %-28s %s%s\n", left, option->help, option->is_list ? " (repeatable)" : "");
    }
    printf("  %-28s %s\n", "--help", "this text");
}

static const struct dw_option *find(const struct dw_verb *verb, struct dw_slice name)
{
    for (size_t i = 0; i < verb->option_count; i++)
        if (dw_slice_eq(dw_slice_from_text(verb->options[i].name), name))
            return &verb->options[i];
    return NULL;
}

static void say_unknown(const struct dw_verb *verb, struct dw_slice name)
{
    struct dw_slice names[MOST_OPTIONS + 1] = {DW_LIT("help")};
    struct dw_slices list = {names, 1};
    struct dw_slice nearest;

    for (size_t i = 0; i < verb->option_count && i < MOST_OPTIONS; i++)
        names[list.count++] = dw_slice_from_text(verb->options[i].name);
    nearest = dw_text_nearest(name, list);
    if (nearest.len)
        dw_cli_say(verb->name, "there is no option --%.*s; did you mean --%.*s?", DW_PRINT(name),
                   DW_PRINT(nearest));
    else
        dw_cli_say(verb->name,
                   "there is no option --%.*s; \"doorward %s --help\" lists the options",
                   DW_PRINT(name), verb->name);
}

static bool append(struct dw_slices *list, struct dw_slice value, struct dw_arena *arena)
{
    struct dw_slice *items = dw_arena_new_array(arena, list->count + 1, sizeof *items);

    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = value;
    *list = (struct dw_slices){items, list->count + 1};
    return true;
}

struct reading {
    const struct dw_verb *verb;
    int argc, at;
    char **argv;
    void *settings;
    struct dw_arena *arena;
};

/* The option at argv[at]; leaves `at` at its last word. False: was said. */
static bool read_option(struct reading *reading)
{
    struct dw_slice word = dw_slice_from_text(reading->argv[reading->at] + 2);
    size_t equals = dw_slice_index(word, '=');
    struct dw_slice name = dw_slice_sub(word, 0, equals);
    const struct dw_option *option = find(reading->verb, name);
    struct dw_slice value = dw_slice_sub(word, equals + 1, word.len);
    char *member;

    if (!option) {
        say_unknown(reading->verb, name);
        return false;
    }
    member = (char *)reading->settings + option->offset;
    if (!option->metavar) {
        *(bool *)member = true;
        if (equals < word.len)
            dw_cli_say(reading->verb->name, "--%s takes no value", option->name);
        return equals == word.len;
    }
    if (equals == word.len) {
        if (reading->at + 1 >= reading->argc) {
            dw_cli_say(reading->verb->name, "--%s needs a value: --%s %s", option->name,
                       option->name, option->metavar);
            return false;
        }
        value = dw_slice_from_text(reading->argv[++reading->at]);
    }
    if (!option->is_list) {
        *(struct dw_slice *)member = value;
        return true;
    }
    if (append((struct dw_slices *)member, value, reading->arena))
        return true;
    dw_cli_say(reading->verb->name, "out of memory");
    return false;
}

enum dw_options_result dw_options_read(const struct dw_verb *verb, int argc, char **argv,
                                       void *settings, struct dw_arena *arena,
                                       struct dw_slices *ret_rest)
{
    struct reading reading = {verb, argc, 1, argv, settings, arena};
    struct dw_slice *rest = dw_arena_new_array(arena, (size_t)argc, sizeof *rest);
    bool are_options_over = false;
    size_t count = 0;

    if (!rest) {
        dw_cli_say(verb->name, "out of memory");
        return DW_OPTIONS_WRONG;
    }
    for (; reading.at < argc; reading.at++) {
        struct dw_slice word = dw_slice_from_text(argv[reading.at]);

        if (!are_options_over && dw_slice_eq(word, DW_LIT("--"))) {
            are_options_over = true;
        } else if (!are_options_over &&
                   (dw_slice_eq(word, DW_LIT("--help")) || dw_slice_eq(word, DW_LIT("-h")))) {
            print_help(verb);
            return DW_OPTIONS_HELP;
        } else if (!are_options_over && dw_slice_starts_with(word, DW_LIT("--"))) {
            if (!read_option(&reading))
                return DW_OPTIONS_WRONG;
        } else if (!are_options_over && word.len > 1 && word.ptr[0] == '-') {
            dw_cli_say(verb->name,
                       "there is no option %.*s; \"doorward %s --help\" lists the options",
                       DW_PRINT(word), verb->name);
            return DW_OPTIONS_WRONG;
        } else {
            rest[count++] = word;
            are_options_over = are_options_over || verb->takes_command;
        }
    }
    *ret_rest = (struct dw_slices){rest, count};
    return DW_OPTIONS_RUN;
}

enum dw_cli_status dw_verb_run(const struct dw_verb *verb, int argc, char **argv)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(DW_CLI_ARENA_BYTES);
    void *settings = arena ? dw_arena_new_array(arena, 1, verb->settings_size) : NULL;
    struct dw_slices rest;

    if (verb->run_words)
        return verb->run_words(argc, argv);
    if (!settings)
        return DW_CLI_FAILED;
    switch (dw_options_read(verb, argc, argv, settings, arena, &rest)) {
    case DW_OPTIONS_HELP:
        return DW_CLI_DONE;
    case DW_OPTIONS_WRONG:
        return DW_CLI_USAGE;
    case DW_OPTIONS_RUN:
        break;
    }
    if (rest.count && !*verb->arguments) {
        dw_cli_say(verb->name, "\"%.*s\" is too much", DW_PRINT(rest.items[0]));
        return DW_CLI_USAGE;
    }
    return verb->run(settings, rest, arena);
}
