/* The binary: picks the verb. Exit status 0 done, 1 failed, 2 used wrongly, 3 a check found
 * differences; data on stdout, talk on stderr. */
#include <stdio.h>

#include "base/text.h"
#include "cli/verbs.h"

static const struct dw_verb *const verbs[] = {
    &dw_verb_dev,    &dw_verb_gateway, &dw_verb_tenant,  &dw_verb_token,
    &dw_verb_doctor, &dw_verb_config,  &dw_verb_version,
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static void print_usage(FILE *out)
{
    fprintf(out, "doorward VERB [OPTION...]\n\nOAuth in front of MCP servers.\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(out, "\n\"doorward VERB --help\" says more; \"doorward dev\" shows it all at work.\n");
}

static const struct dw_verb *find(struct dw_slice name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (dw_slice_eq(dw_slice_from_text(verbs[i]->name), name))
            return verbs[i];
    return NULL;
}

static enum dw_cli_status say_unknown(struct dw_slice name)
{
    struct dw_slice names[VERB_COUNT];
    struct dw_slice nearest;

    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = dw_slice_from_text(verbs[i]->name);
    nearest = dw_text_nearest(name, (struct dw_slices){names, VERB_COUNT});
    if (nearest.len)
        dw_cli_say(NULL, "there is no verb %.*s; did you mean %.*s?", DW_PRINT(name),
                   DW_PRINT(nearest));
    else
        dw_cli_say(NULL, "there is no verb %.*s; \"doorward --help\" lists them", DW_PRINT(name));
    return DW_CLI_USAGE;
}

/* "doorward help VERB" */
static int help_with(char *name)
{
    static char help[] = "--help";
    const struct dw_verb *verb = find(dw_slice_from_text(name));

    if (!verb)
        return (int)say_unknown(dw_slice_from_text(name));
    return (int)dw_verb_run(verb, 2, (char *[]){name, help, NULL});
}

int main(int argc, char **argv)
{
    struct dw_slice name = argc > 1 ? dw_slice_from_text(argv[1]) : DW_EMPTY;
    const struct dw_verb *verb = find(name);

    if (verb)
        return (int)dw_verb_run(verb, argc - 1, argv + 1);
    if (argc == 3 && dw_slice_eq(name, DW_LIT("help")))
        return help_with(argv[2]);
    if (dw_slice_eq(name, DW_LIT("--help")) || dw_slice_eq(name, DW_LIT("-h")) ||
        dw_slice_eq(name, DW_LIT("help"))) {
        print_usage(stdout);
        return DW_CLI_DONE;
    }
    if (dw_slice_eq(name, DW_LIT("--version")) || dw_slice_eq(name, DW_LIT("-V")))
        return (int)dw_verb_run(&dw_verb_version, 1, argv + 1);
    if (argc > 1)
        return (int)say_unknown(name);
    print_usage(stderr);
    return DW_CLI_USAGE;
}
