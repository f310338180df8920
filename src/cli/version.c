/* doorward version */
#include <stdio.h>

#include "cli/verbs.h"

static enum dw_cli_status run(void *settings, struct dw_slices rest, struct dw_arena *arena)
{
    (void)settings;
    (void)rest;
    (void)arena;
    puts("doorward " DW_VERSION);
    return DW_CLI_DONE;
}

const struct dw_verb dw_verb_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the version",
    .run = run,
};
