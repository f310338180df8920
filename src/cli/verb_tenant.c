/* doorward tenant: the identity provider until it is stopped, or one management verb on its store.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/config.h"
#include "cli/development_tls.h"
#include "cli/service.h"
#include "cli/verbs.h"
#include "http/url.h"

struct settings {
    struct dw_slice config, listen, issuer, state_dir, log, log_level;
    bool is_https;
};

#define OPTION(member, name, metavar, help)                                                        \
    {                                                                                              \
        name, metavar, false, offsetof(struct settings, member), help                              \
    }
static const struct dw_option options[] = {
    OPTION(config, "config", "FILE",
           "the configuration (standard: doorward.toml, then .pmcp/deploy.toml)"),
    OPTION(listen, "listen", "ADDRESS", "where to listen (127.0.0.1:8421)"),
    OPTION(issuer, "issuer", "URL", "the public URL, with a slash at the end"),
    {"https", NULL, false, offsetof(struct settings, is_https),
     "for development: TLS with certificates of an authority of this machine's own"},
    OPTION(state_dir, "state-dir", "DIRECTORY", "the folder of the store and the keys (.doorward)"),
    OPTION(log, "log", "FILE", "the log (standard: stderr)"),
    OPTION(log_level, "log-level", "LEVEL", "debug, info, warn or error"),
};

#define COLUMNS 80
#define MOST_VERBS 256

/* Words, as many as fit on a line; the first line goes on at `column`, the others have an indent.
 */
static void print_words(struct dw_slice text, size_t column, int indent)
{
    struct dw_slice word;

    while (dw_slice_split(&text, ' ', &word)) {
        bool is_new_line = column + 1 + word.len > COLUMNS;

        printf("%s%*s%.*s", is_new_line ? "\n" : "", is_new_line ? indent : 1, "", DW_PRINT(word));
        column = (is_new_line ? (size_t)indent : column + 1) + word.len;
    }
    printf("\n");
}

/* Whether the words that follow a noun, up to the first flag, begin a verb. */
static bool is_asked_for(const struct dw_tenant_verb *verb, int argc, char **argv)
{
    struct dw_slice rest = dw_slice_from_text(verb->verb), word;

    if (argc > 0 && strcmp(verb->noun, argv[0]) != 0)
        return false;
    for (int at = 1; at < argc && argv[at][0] != '-'; at++)
        if (!dw_slice_split(&rest, ' ', &word) || !dw_slice_eq(word, dw_slice_from_text(argv[at])))
            return false;
    return true;
}

/* argv: a noun, and the words of a verb or some of them; nothing: all. */
static void print_verbs(int argc, char **argv)
{
    size_t count;
    const struct dw_tenant_verb *verbs = dw_tenant_verbs(&count);

    printf("\nManagement, while it runs or not; --json prints JSON:\n");
    for (size_t i = 0; i < count; i++) {
        int printed;

        if (!is_asked_for(&verbs[i], argc, argv))
            continue;
        printed = printf("  %s%s%s", verbs[i].noun, verbs[i].verb[0] ? " " : "", verbs[i].verb);

        print_words(dw_slice_from_text(verbs[i].usage), (size_t)printed, 10);
        printf("     ");
        print_words(dw_slice_from_text(verbs[i].help), 5, 6);
    }
}

/* Flags beat what the file and the environment said. */
static bool apply_flags(const struct settings *settings, struct dw_config *config,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    const struct {
        const struct dw_fields *fields;
        void *base;
        const char *name, *row;
        struct dw_slice value;
    } flags[] = {
        {&dw_tenant_fields, &config->tenant, "listen", "listen", settings->listen},
        {&dw_tenant_fields, &config->tenant, "issuer", "issuer", settings->issuer},
        {&dw_tenant_fields, &config->tenant, "state-dir", "state_dir", settings->state_dir},
        {&dw_gateway_fields, &config->gateway, "log", "log", settings->log},
        {&dw_gateway_fields, &config->gateway, "log-level", "log_level", settings->log_level},
    };
    struct dw_error error;

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].value.ptr &&
            !dw_field_set(dw_fields_find(flags[i].fields, dw_slice_from_text(flags[i].row)),
                          flags[i].base, flags[i].value, arena, &error))
            return dw_fail(reterr, DW_USAGE, "--%s %s", flags[i].name, error.message);
    return true;
}

/* Where it is reached by https when nobody has said: where it listens. */
static bool settle_issuer(struct dw_tenant_config *tenant, struct dw_arena *arena,
                          struct dw_error *reterr)
{
    const struct dw_field *row = dw_fields_find(&dw_tenant_fields, DW_LIT("issuer"));
    bool is_standard = dw_slice_eq(tenant->issuer, dw_slice_from_text(row->standard_text));
    struct dw_slice host = DW_EMPTY;
    int port = 0;

    if (dw_slice_starts_with(tenant->issuer, DW_LIT("https://")))
        return true;
    if (!is_standard)
        return dw_fail(reterr, DW_CONFIG, "with --https the issuer must be https; it is \"%.*s\"",
                       DW_PRINT(tenant->issuer));
    if (!dw_url_parse_authority(tenant->listen, &host, &port, NULL) || port == 0)
        return dw_fail(reterr, DW_CONFIG, "--https needs --issuer, as https://localhost:8421/");
    if (port == 443) /* is not written in an origin (RFC 6454 section 6.1) */
        tenant->issuer = dw_arena_printf(arena, "https://%.*s/", DW_PRINT(host));
    else
        tenant->issuer = dw_arena_printf(arena, "https://%.*s/", DW_PRINT(tenant->listen));
    return tenant->issuer.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool print_trust(const struct dw_config *config, const struct dw_development_tls *tls,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice url = dw_arena_printf(arena, "%.*s.well-known/openid-configuration",
                                          DW_PRINT(config->tenant.issuer));
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice text;

    dw_development_tls_print(dw_development_tls_ca_file(tls), url, &out);
    if (!dw_buf_finish(&out, &text, reterr))
        return false;
    fwrite(text.ptr, 1, text.len, stderr);
    return true;
}

static bool open_https(struct dw_config *config, struct dw_arena *arena,
                       struct dw_development_tls **ret_tls, struct dw_error *reterr)
{
    struct dw_tenant_config *tenant = &config->tenant;
    struct dw_url url;

    if (tenant->tls_certificate.len || tenant->tls_key.len)
        return dw_fail(reterr, DW_CONFIG,
                       "--https makes its own certificates, and tls_certificate names one; keep "
                       "one of the two");
    if (!settle_issuer(tenant, arena, reterr) || !dw_url_parse(tenant->issuer, &url, reterr))
        return false;
    *ret_tls = dw_development_tls_open(tenant->state_dir, (struct dw_slices){&url.host, 1}, reterr);
    if (!*ret_tls)
        return false;
    tenant->tls = dw_development_tls_server(*ret_tls);
    return print_trust(config, *ret_tls, arena, reterr);
}

static bool serve(struct dw_config *config, struct dw_arena *arena, struct dw_service *service,
                  struct dw_error *reterr)
{
    struct dw_tenant *tenant;
    bool has_run;

    if (!dw_service_start(config->gateway.log, (enum dw_log_level)config->gateway.log_level, arena,
                          service, reterr))
        return false;
    tenant = dw_tenant_open(service->net, &config->tenant, reterr);
    if (!tenant)
        return false;
    fprintf(stderr, "doorward tenant: %.*s\n", DW_PRINT(config->tenant.issuer));
    has_run = dw_net_run(service->net, reterr);
    dw_tenant_close(tenant);
    return has_run;
}

static enum dw_cli_status run_tenant(const struct settings *settings, int management_argc,
                                     char **management_argv, struct dw_arena *arena)
{
    dw_auto(dw_development_tls_auto_close) struct dw_development_tls *tls = NULL;
    struct dw_service service = {.net = NULL};
    struct dw_config config;
    struct dw_error error = {.code = DW_OK};
    bool is_done = dw_config_load(settings->config, arena, &config, &error) &&
                   apply_flags(settings, &config, arena, &error);

    if (is_done && management_argc)
        return (enum dw_cli_status)dw_tenant_manage(&config.tenant, management_argc,
                                                    management_argv);
    if (is_done)
        dw_config_warn(&config, "tenant");
    is_done = is_done && (!settings->is_https || open_https(&config, arena, &tls, &error)) &&
              serve(&config, arena, &service, &error);
    dw_service_done(&service);
    if (is_done)
        return DW_CLI_DONE;
    dw_cli_say_error("tenant", &error);
    return error.code == DW_USAGE ? DW_CLI_USAGE : DW_CLI_FAILED;
}

/* Where the management verb starts, or argc. */
static int find_noun(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (dw_tenant_is_verb(argv[i]))
            return i;
    return argc;
}

/* How many words one of our own options takes: 2 for "--config F", 1 for "--config=F", else 0. */
static int option_words(const char *word)
{
    struct dw_slice name = dw_slice_from_text(word);

    if (!dw_slice_eat(&name, DW_LIT("--")))
        return 0;
    if (dw_slice_eq(name, DW_LIT("help")))
        return 1;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct dw_slice known = dw_slice_from_text(options[i].name);

        if (dw_slice_eq(dw_slice_sub(name, 0, dw_slice_index(name, '=')), known))
            return options[i].metavar && name.len == known.len ? 2 : 1;
    }
    return 0;
}

/* Our own options may also stand behind the noun, as in "user list --config F": moves them before
 * it. Returns where the noun is then. */
static int move_options(int noun, int argc, char **argv)
{
    for (int at = noun; at < argc; at++) {
        int words = option_words(argv[at]);

        for (int k = 0; k < words && at < argc; k++, at++) {
            char *word = argv[at];

            memmove(&argv[noun + 1], &argv[noun], (size_t)(at - noun) * sizeof *argv);
            argv[noun++] = word;
        }
        if (words > 0)
            at--;
    }
    return noun;
}

static void say_unknown_noun(struct dw_slice word)
{
    struct dw_slice nouns[MOST_VERBS], nearest;
    size_t count;
    const struct dw_tenant_verb *verbs = dw_tenant_verbs(&count);

    for (size_t i = 0; i < count && i < MOST_VERBS; i++)
        nouns[i] = dw_slice_from_text(verbs[i].noun);
    nearest =
        dw_text_nearest(word, (struct dw_slices){nouns, count < MOST_VERBS ? count : MOST_VERBS});
    if (nearest.len)
        dw_cli_say("tenant", "there is no \"%.*s\"; did you mean \"%.*s\"?", DW_PRINT(word),
                   DW_PRINT(nearest));
    else
        dw_cli_say("tenant", "there is no \"%.*s\"; \"doorward tenant --help\" lists what there is",
                   DW_PRINT(word));
}

static enum dw_cli_status run_words(int argc, char **argv)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(DW_CLI_ARENA_BYTES);
    struct settings settings = {.config = DW_EMPTY};
    int noun = move_options(find_noun(argc, argv), argc, argv);
    struct dw_slices rest;

    if (!arena)
        return DW_CLI_FAILED;
    switch (dw_options_read(&dw_verb_tenant, noun, argv, &settings, arena, &rest)) {
    case DW_OPTIONS_HELP:
        print_verbs(argc - noun, argv + noun);
        return DW_CLI_DONE;
    case DW_OPTIONS_WRONG:
        return DW_CLI_USAGE;
    case DW_OPTIONS_RUN:
        break;
    }
    if (rest.count && !dw_slice_eq(rest.items[0], DW_LIT("run"))) {
        say_unknown_noun(rest.items[0]);
        return DW_CLI_USAGE;
    }
    if (rest.count > 1) {
        dw_cli_say("tenant", "\"%.*s\" is too much", DW_PRINT(rest.items[1]));
        return DW_CLI_USAGE;
    }
    return run_tenant(&settings, argc - noun, argv + noun, arena);
}

const struct dw_verb dw_verb_tenant = {
    .name = "tenant",
    .arguments = "[run | NOUN VERB ...]",
    .summary = "run the identity provider, or manage its users, APIs, roles and applications",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run_words = run_words,
};
