/* `doorward tenant NOUN VERB`: finding the verb, running it, and noting what it changed. Its flags
 * are read in manage_flags.c, its output is shown in manage_show.c. */
#include "tenant/audit_internal.h"
#include "tenant/manage/manage_internal.h"

#include <stdio.h>

#define MANAGE_ARENA_BYTES ((size_t)16 * 1024 * 1024)
/* A person waits for a verb, and a busy server writes all the time: rather late than not. */
#define BUSY_WAIT_MS 20000

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

static const struct verb {
    struct dw_tenant_verb public;
    dw_manage_function *run;
} verbs[] = {
#define X(noun, verb, run, usage, help) {{noun, verb, usage, help}, run},
#include "tenant/manage/verbs.def"
#undef X
};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

const struct dw_tenant_verb *dw_tenant_verbs(size_t *ret_count)
{
    static struct dw_tenant_verb rows[VERB_COUNT];

    for (size_t i = 0; i < VERB_COUNT; i++)
        rows[i] = verbs[i].public;
    *ret_count = VERB_COUNT;
    return rows;
}

bool dw_tenant_is_verb(const char *noun)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0)
            return true;
    return false;
}

/* Some nouns have one verb without a name ("logs"): what follows is a flag, or nothing. */
static bool is_called(const char *verb, int argc, char **argv)
{
    struct dw_slice rest = dw_slice_from_text(verb), word;

    if (verb[0] == '\0')
        return argc < 2 || strncmp(argv[1], "--", 2) == 0;
    for (int at = 1; dw_slice_split(&rest, ' ', &word); at++)
        if (at >= argc || !dw_slice_eq(word, dw_slice_from_text(argv[at])))
            return false;
    return true;
}

static const struct verb *find_verb(int argc, char **argv)
{
    const char *noun = argc > 0 ? argv[0] : "";

    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0 && is_called(verbs[i].public.verb, argc, argv))
            return &verbs[i];
    return NULL;
}

static bool ends_with(const struct verb *verb, struct dw_slice word)
{
    return dw_slice_ends_with(dw_slice_from_text(verb->public.verb), word);
}

static int show_verbs(int argc, char **argv)
{
    const char *noun = argc > 0 ? argv[0] : "";

    if (argc > 1)
        fprintf(stderr, "doorward tenant %s: there is no verb \"%s\"\n", noun, argv[1]);
    fprintf(stderr, "What doorward tenant can do with \"%s\":\n", noun);
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0)
            fprintf(stderr, "  doorward tenant %s %s %s\n      %s\n", noun, verbs[i].public.verb,
                    verbs[i].public.usage, verbs[i].public.help);
    return EXIT_USAGE;
}

static bool is_reading(const struct verb *verb)
{
    return verb->public.verb[0] == '\0' || ends_with(verb, DW_LIT("list")) ||
           ends_with(verb, DW_LIT("show"));
}

/* Every change that an operator makes, and every one that failed; not the values, some of which are
 * passwords. */
static void note_change(const struct dw_manage *manage, const struct verb *verb,
                        const struct dw_error *error)
{
    struct dw_audit_facts facts = {
        .type = error ? DW_AUDIT_FAPI : DW_AUDIT_SAPI,
        .description =
            dw_arena_printf(manage->arena, "%s %s%s%s", verb->public.noun, verb->public.verb,
                            error ? ": " : "", error ? error->message : ""),
    };

    if (!is_reading(verb) && facts.description.ptr)
        dw_audit_write(manage->tenant, NULL, &facts);
}

static bool run(struct dw_manage *manage, const struct verb *verb,
                const struct dw_tenant_config *config, struct dw_error *reterr)
{
    bool is_done;

    manage->tenant = dw_tenant_open_store(config, BUSY_WAIT_MS, reterr);
    if (!manage->tenant)
        return false;
    is_done = verb->run(manage, reterr);
    note_change(manage, verb, is_done ? NULL : reterr);
    is_done = is_done && dw_manage_show(manage, reterr);
    dw_tenant_close(manage->tenant);
    return is_done;
}

/* What lists the things of which one was not found: the first words of those messages. */
static const struct {
    const char *message, *noun;
} lists[] = {
    {"there is no user \"", "user"},
    {"there is no application \"", "client"},
    {"there is no API \"", "api"},
    {"there is no role \"", "role"},
    {"there is no connection \"", "connection"},
    {"there is no organization \"", "organization"},
    {"there is no client grant \"", "client-grant"},
    {"there is no trusted issuer \"", "trusted-issuer"},
    {"there is no CIBA request \"", "ciba"},
};

static int say_failure(const struct verb *verb, const struct dw_error *error)
{
    const char *gap = verb->public.verb[0] ? " " : "";

    fprintf(stderr, "doorward tenant %s%s%s: %s\n", verb->public.noun, gap, verb->public.verb,
            error->message);
    if (error->cause[0] != '\0')
        fprintf(stderr, "  (%s)\n", error->cause);
    for (size_t i = 0; error->code == DW_NOT_FOUND && i < sizeof lists / sizeof *lists; i++)
        if (strncmp(error->message, lists[i].message, strlen(lists[i].message)) == 0)
            fprintf(stderr, "  \"doorward tenant %s list\" shows what there is\n", lists[i].noun);
    if (error->code != DW_USAGE)
        return EXIT_FAILED;
    fprintf(stderr, "Usage: doorward tenant %s%s%s %s [--json]\n", verb->public.noun, gap,
            verb->public.verb, verb->public.usage);
    return EXIT_USAGE;
}

int dw_tenant_manage(const struct dw_tenant_config *config, int argc, char **argv)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(MANAGE_ARENA_BYTES);
    struct dw_manage manage = {.arena = arena};
    const struct verb *verb = find_verb(argc, argv);
    struct dw_error error = {0};

    if (!verb)
        return show_verbs(argc, argv);
    manage.next_row = &manage.first_row;
    manage.is_list = ends_with(verb, DW_LIT("list")) || verb->public.verb[0] == '\0';
    if (!arena)
        (void)dw_fail(&error, DW_NO_MEMORY, "out of memory");
    if (arena && dw_manage_read_flags(&manage, &verb->public, argc, argv, &error) &&
        run(&manage, verb, config, &error))
        return EXIT_DONE;
    return say_failure(verb, &error);
}
