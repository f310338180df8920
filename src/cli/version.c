/* doorward version */
#include <stdio.h>

#include "cli/verbs.h"

static enum dw_cli_status run(int argc, char **argv)
{
    struct dw_arena *arena = dw_arena_new(16 * 1024);
    struct dw_slices rest = {NULL, 0};
    enum dw_options_result result = DW_OPTIONS_WRONG;

    if (arena)
        result = dw_options_read(&dw_verb_version, argc, argv, NULL, arena, &rest);
    dw_arena_free(arena);
    if (result == DW_OPTIONS_HELP)
        return DW_CLI_DONE;
    if (result == DW_OPTIONS_WRONG)
        return DW_CLI_USAGE;
    puts("doorward " DW_VERSION);
    return DW_CLI_DONE;
}

const struct dw_verb dw_verb_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version",
    .run = run,
};
