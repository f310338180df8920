/* Tokens of the corpus as text, to send them over HTTP. Times are the machine's.
 *
 *   mint_token --list                    every case: name, tab, expected status, tab, why
 *   mint_token --new-keys                fresh keys (PEM) to stdout: keep them in a file
 *   mint_token --keys FILE --jwks        what the issuer of those keys publishes
 *   mint_token --keys FILE --issuer URL --audience URL [--scope "a b"] --case NAME
 *                                        that token, without a newline
 *   mint_token --keys FILE --issuer URL --audience URL [--scope "a b"] --all
 *                                        every token: name, tab, status, tab, token
 *
 * --corpus FILE reads another corpus than test/corpus/tokens.tsv. Exit status 0, or 1 with a
 * sentence on stderr. */
#include <stdio.h>

#include "corpus.h"
#include "sys/sys.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct options {
    const char *corpus, *keys, *issuer, *audience, *scope, *name;
    bool is_list, is_new_keys, is_jwks, is_all;
};

static bool read_options(int count, char **arguments, struct options *ret_options)
{
    for (int i = 1; i < count; i++) {
        const struct {
            const char *name;
            const char **text;
            bool *is_set;
        } rows[] = {
            {"--corpus", &ret_options->corpus, NULL},
            {"--keys", &ret_options->keys, NULL},
            {"--issuer", &ret_options->issuer, NULL},
            {"--audience", &ret_options->audience, NULL},
            {"--scope", &ret_options->scope, NULL},
            {"--case", &ret_options->name, NULL},
            {"--list", NULL, &ret_options->is_list},
            {"--jwks", NULL, &ret_options->is_jwks},
            {"--new-keys", NULL, &ret_options->is_new_keys},
            {"--all", NULL, &ret_options->is_all},
        };
        size_t at = 0;

        while (at < sizeof rows / sizeof *rows && strcmp(rows[at].name, arguments[i]) != 0)
            at++;
        if (at == sizeof rows / sizeof *rows || (rows[at].text && i + 1 == count))
            return false;
        if (rows[at].text)
            *rows[at].text = arguments[++i];
        else
            *rows[at].is_set = true;
    }
    return true;
}

static void print(struct dw_slice text)
{
    fwrite(text.ptr, 1, text.len, stdout);
}

static bool print_tokens(const struct options *options, const struct corpus *corpus,
                         const struct corpus_keys *keys, struct dw_arena *arena,
                         struct dw_error *reterr)
{
    struct corpus_setting setting = {.keys = keys,
                                     .issuer = dw_slice_from_text(options->issuer),
                                     .audience = dw_slice_from_text(options->audience),
                                     .scope = dw_slice_from_text(options->scope),
                                     .now_s = dw_sys_wall_s()};
    bool is_found = false;

    for (size_t i = 0; i < corpus->count; i++) {
        const struct corpus_case *row = &corpus->cases[i];
        struct dw_slice token;

        if (!options->is_all && !dw_slice_eq(row->name, dw_slice_from_text(options->name)))
            continue;
        if (!corpus_mint(row, &setting, arena, &token, reterr))
            return false;
        if (options->is_all)
            printf("%.*s\t%d\t%.*s\n", DW_PRINT(row->name), row->status, DW_PRINT(token));
        else
            print(token);
        is_found = true;
    }
    return is_found || dw_fail(reterr, DW_USAGE, "there is no such case; see --list");
}

static bool run(const struct options *options, struct dw_arena *arena, struct dw_error *reterr)
{
    struct corpus corpus;
    struct corpus_keys keys;
    struct dw_slice text;
    bool is_done;

    if (options->is_new_keys) {
        if (!corpus_keys_generate(arena, &text, reterr))
            return false;
        print(text);
        return true;
    }
    if (!corpus_read(options->corpus, arena, &corpus, reterr))
        return false;
    for (size_t i = 0; options->is_list && i < corpus.count; i++)
        printf("%.*s\t%d\t%.*s\n", DW_PRINT(corpus.cases[i].name), corpus.cases[i].status,
               DW_PRINT(corpus.cases[i].why));
    if (options->is_list)
        return true;
    if (!options->keys)
        return dw_fail(reterr, DW_USAGE, "needs --keys FILE; see the head of mint_token.c");
    if (!dw_sys_read_file(options->keys, 64 * 1024, arena, &text, reterr))
        return false;
    is_done = corpus_keys_read(text, &keys, reterr);
    if (is_done && options->is_jwks) {
        is_done = corpus_jwks(&keys, arena, &text, reterr);
        if (is_done)
            print(text);
    } else if (is_done) {
        is_done = (options->issuer && options->audience) ||
                  dw_fail(reterr, DW_USAGE, "needs --issuer and --audience");
        is_done = is_done && print_tokens(options, &corpus, &keys, arena, reterr);
    }
    corpus_keys_free(&keys);
    return is_done;
}

int main(int count, char **arguments)
{
    struct options options = {.corpus = DW_TEST_FOLDER "/corpus/tokens.tsv"};
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_error error = {.message = "out of memory"};
    bool is_done = false;

    if (!read_options(count, arguments, &options))
        dw_fail(&error, DW_USAGE, "wrong options; see the head of mint_token.c");
    else if (arena)
        is_done = run(&options, arena, &error);
    if (!is_done)
        fprintf(stderr, "mint_token: %s\n", error.message);
    dw_arena_free(arena);
    return is_done ? 0 : 1;
}
