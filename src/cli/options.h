/* The command line of one verb, by a table: what is set, what is printed for --help, and what an
 * unknown option is nearest to. */
#ifndef DW_CLI_OPTIONS_H
#define DW_CLI_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

enum dw_cli_status {
    DW_CLI_DONE = 0,
    DW_CLI_FAILED = 1,
    DW_CLI_USAGE = 2,
    DW_CLI_DIFFERENT = 3, /* a check found differences */
};

struct dw_option {
    const char *name;    /* "listen": --listen VALUE or --listen=VALUE */
    const char *metavar; /* "ADDRESS"; NULL: a switch, and the member is a bool */
    bool is_list;        /* may be repeated; the member is a struct dw_slices, else a dw_slice */
    size_t offset;
    const char *help;
};

struct dw_verb {
    const char *name;
    const char *arguments; /* "[-- COMMAND ARG...]", after the options; "": none are welcome */
    const char *summary;   /* one line, for the list of verbs */
    const char *details;   /* more, for --help; may be NULL */
    const struct dw_option *options;
    size_t option_count;
    bool takes_command;   /* the first word that is no option begins a command: all is its own */
    size_t settings_size; /* of what the options' offsets count in; zeroed before they are read */
    /* rest: the words that are no options. */
    enum dw_cli_status (*run)(void *settings, struct dw_slices rest, struct dw_arena *arena);
    /* Instead of run, for a verb that reads its words itself; argv[0] is the verb. */
    enum dw_cli_status (*run_words)(int argc, char **argv);
};

#define DW_CLI_ARENA_BYTES ((size_t)32 * 1024 * 1024)

/* Reads the options and runs the verb; argv[0] is the verb. */
enum dw_cli_status dw_verb_run(const struct dw_verb *verb, int argc, char **argv);

enum dw_options_result {
    DW_OPTIONS_RUN,
    DW_OPTIONS_HELP,  /* was printed; end with DW_CLI_DONE */
    DW_OPTIONS_WRONG, /* was said; end with DW_CLI_USAGE */
};

/* Sets the members of `settings` that options name. Words that are no options, and all after "--",
 * become *ret_rest: views of argv; the list lies in `arena`. */
enum dw_options_result dw_options_read(const struct dw_verb *verb, int argc, char **argv,
                                       void *settings, struct dw_arena *arena,
                                       struct dw_slices *ret_rest);
/* "doorward gateway: " and the sentence, on stderr. */
void dw_cli_say(const char *verb, const char *format, ...) dw_printf(2, 3);
/* Whether it can be executed: a path, or a name that is in PATH. */
bool dw_cli_is_program(const char *name);
/* What an operator wants to read: the cause, which peers never see, when there is one. */
const char *dw_cli_error_text(const struct dw_error *error);
void dw_cli_say_error(const char *verb, const struct dw_error *error);

#endif
