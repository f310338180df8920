/* Reading the corpus, and making its tokens. */
#include "base/text.h"
#include "corpus_internal.h"
#include "sys/sys.h"

#define MAX_CORPUS_BYTES ((size_t)1024 * 1024)
#define MAX_CASES 1000
#define FIELDS 7

bool corpus_number_after(struct dw_slice text, struct dw_slice prefix, int64_t *ret_number)
{
    return dw_slice_eat(&text, prefix) && dw_text_to_int(text, ret_number);
}

static bool read_case(struct dw_slice line, struct corpus_case *ret_case, struct dw_error *reterr)
{
    struct dw_slice fields[FIELDS];
    struct dw_slice rest = line;
    int64_t status;

    for (size_t i = 0; i < FIELDS; i++)
        if (!dw_slice_split(&rest, '\t', &fields[i]))
            return dw_fail(reterr, DW_MALFORMED, "a case has %d fields: %.*s", FIELDS,
                           DW_PRINT(line));
    if (!dw_text_to_int(fields[1], &status))
        return dw_fail(reterr, DW_MALFORMED, "no status: %.*s", DW_PRINT(line));
    *ret_case = (struct corpus_case){.name = fields[0],
                                     .status = (int)status,
                                     .signed_by = fields[2],
                                     .header = fields[3],
                                     .claims = fields[4],
                                     .change = fields[5],
                                     .why = fields[6]};
    return true;
}

bool corpus_read(const char *path, struct dw_arena *arena, struct corpus *ret_corpus,
                 struct dw_error *reterr)
{
    struct dw_slice text, line;

    if (!dw_sys_read_file(path, MAX_CORPUS_BYTES, arena, &text, reterr))
        return false;
    ret_corpus->count = 0;
    ret_corpus->cases = dw_arena_new_array(arena, MAX_CASES, sizeof *ret_corpus->cases);
    while (ret_corpus->cases && dw_slice_split(&text, '\n', &line)) {
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (ret_corpus->count == MAX_CASES ||
            !read_case(line, &ret_corpus->cases[ret_corpus->count++], reterr))
            return false;
    }
    return ret_corpus->count > 0;
}

struct minting {
    const struct corpus_setting *setting;
    struct dw_arena *arena;
    struct dw_buf out;
};

/* The members of a good token, but for one. */
static void add_members(struct minting *minting, const char *without)
{
    const struct corpus_setting *setting = minting->setting;
    struct {
        const char *name;
        struct dw_slice text; /* or a time: */
        int64_t at_s;
    } members[] = {
        {"iss", setting->issuer, 0},
        {"aud", setting->audience, 0},
        {"sub", DW_LIT("corpus|1"), 0},
        {"azp", DW_LIT("corpus-client"), 0},
        {"scope", setting->scope, 0},
        {"iat", DW_EMPTY, setting->now_s},
        {"exp", DW_EMPTY, setting->now_s + 600},
    };
    bool has_one = false;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (strcmp(members[i].name, without) == 0)
            continue;
        dw_buf_printf(&minting->out, "%s\"%s\":", has_one ? "," : "", members[i].name);
        if (members[i].at_s)
            dw_buf_add_int(&minting->out, members[i].at_s);
        else
            dw_buf_printf(&minting->out, "\"%.*s\"", DW_PRINT(members[i].text));
        has_one = true;
    }
}

static void add_nested(struct dw_buf *out, int64_t depth)
{
    for (int64_t i = 0; i < depth; i++)
        dw_buf_add_byte(out, '[');
    for (int64_t i = 0; i < depth; i++)
        dw_buf_add_byte(out, ']');
}

static bool add_certificate_or_key(struct minting *minting, struct dw_slice macro,
                                   struct dw_error *reterr)
{
    struct dw_slice jwk;

    if (!corpus_jwk(minting->setting->keys->stranger_rsa, minting->arena, &jwk, reterr))
        return false;
    if (dw_slice_eq(macro, DW_LIT("ATTACKER_JWK")))
        dw_buf_add(&minting->out, jwk);
    else
        dw_buf_add(&minting->out, dw_text_base64(minting->arena, jwk));
    return true;
}

/* What stands between two '@'. */
static bool add_macro(struct minting *minting, struct dw_slice macro, struct dw_error *reterr)
{
    const struct corpus_setting *setting = minting->setting;
    const struct {
        struct dw_slice name, text;
    } texts[] = {
        {DW_LIT("ISS"), setting->issuer},
        {DW_LIT("AUD"), setting->audience},
        {DW_LIT("ISS-1"), dw_slice_sub(setting->issuer, 0, setting->issuer.len - 1)},
        {DW_LIT("AUD-1"), dw_slice_sub(setting->audience, 0, setting->audience.len - 1)},
        {DW_LIT("ISS5"), dw_slice_sub(setting->issuer, 5, setting->issuer.len)},
        {DW_LIT("NUL"), DW_LIT("\0")},
        {DW_LIT("FF"), DW_LIT("\xff")},
        {DW_LIT("BOM"), DW_LIT("\xef\xbb\xbf")},
    };
    static const struct {
        struct dw_slice name;
        const char *without;
    } members[] = {
        {{"GOOD", 4}, ""},     {{"NOEXP", 5}, "exp"}, {{"NOAUD", 5}, "aud"},
        {{"NOISS", 5}, "iss"}, {{"NOSUB", 5}, "sub"}, {{"NOSCOPE", 7}, "scope"},
        {{"NOIAT", 5}, "iat"},
    };
    int64_t number;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (dw_slice_eq(macro, texts[i].name)) {
            dw_buf_add(&minting->out, texts[i].text);
            return true;
        }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (dw_slice_eq(macro, members[i].name)) {
            add_members(minting, members[i].without);
            return true;
        }
    if (corpus_number_after(macro, DW_LIT("NOW+"), &number))
        dw_buf_add_int(&minting->out, setting->now_s + number);
    else if (corpus_number_after(macro, DW_LIT("NOW-"), &number))
        dw_buf_add_int(&minting->out, setting->now_s - number);
    else if (corpus_number_after(macro, DW_LIT("FILL:"), &number))
        while (number-- > 0)
            dw_buf_add_byte(&minting->out, 'a');
    else if (corpus_number_after(macro, DW_LIT("DEEP:"), &number))
        add_nested(&minting->out, number);
    else if (dw_slice_starts_with(macro, DW_LIT("ATTACKER_")))
        return add_certificate_or_key(minting, macro, reterr);
    else
        return dw_fail(reterr, DW_USAGE, "@%.*s@?", DW_PRINT(macro));
    return true;
}

static bool expand(const struct corpus_setting *setting, struct dw_slice rest,
                   struct dw_arena *arena, struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct minting minting = {.setting = setting, .arena = arena, .out = dw_buf_in(arena)};

    while (rest.len > 0) {
        size_t plain = dw_slice_index(rest, '@'), end;

        dw_buf_add(&minting.out, dw_slice_sub(rest, 0, plain));
        rest = dw_slice_sub(rest, plain + 1, rest.len);
        if (rest.len == 0)
            break;
        end = dw_slice_index(rest, '@');
        if (!add_macro(&minting, dw_slice_sub(rest, 0, end), reterr))
            return false;
        rest = dw_slice_sub(rest, end + 1, rest.len);
    }
    return dw_buf_finish(&minting.out, ret_text, reterr);
}

/* The header that fits signed_by, when the case has none of its own. */
static struct dw_slice header_of(const struct corpus_case *row, struct dw_arena *arena)
{
    struct dw_slice alg = row->signed_by;

    if (!dw_slice_eq(row->header, DW_LIT("-")))
        return row->header;
    if (!dw_slice_eat(&alg, DW_LIT("attacker:")) && dw_jose_alg_from(alg) == DW_ALG_UNKNOWN)
        alg = DW_LIT("RS256");
    return dw_arena_printf(arena, "{\"alg\":\"%.*s\",\"typ\":\"at+jwt\",\"kid\":\"%.*s\"}",
                           DW_PRINT(alg), DW_PRINT(alg));
}

/* The last character with one of its unused bits set: it decodes to the same bytes. */
static struct dw_slice change_last_bits(struct dw_slice token, struct dw_arena *arena)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *text = dw_arena_text(arena, token);
    size_t last = token.len - 1;

    text[last] = digits[(size_t)(strchr(digits, text[last]) - digits) ^ 1];
    return dw_slice_from(text, token.len);
}

static struct dw_slice to_standard_base64(struct dw_slice token, struct dw_arena *arena)
{
    char *text = dw_arena_text(arena, token);

    for (size_t i = 0; i < token.len; i++)
        text[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    return dw_slice_from(text, token.len);
}

static bool change(const struct corpus_case *row, const struct corpus_setting *setting,
                   struct dw_slice parts[static 3], struct dw_arena *arena,
                   struct dw_slice *ret_token, struct dw_error *reterr)
{
    struct dw_slice rest = row->change;
    struct dw_slice token, text;
    size_t part = dw_slice_starts_with(rest, DW_LIT("claims:")) ? 1 : 0;
    int64_t number;

    if (dw_slice_eat(&rest, DW_LIT("claims:")) || dw_slice_eat(&rest, DW_LIT("header:"))) {
        if (!expand(setting, rest, arena, &text, reterr))
            return false;
        parts[part] = dw_text_base64url(arena, text);
    }
    token = dw_arena_printf(arena, "%.*s.%.*s.%.*s", DW_PRINT(parts[0]), DW_PRINT(parts[1]),
                            DW_PRINT(parts[2]));
    rest = row->change;
    if (corpus_number_after(rest, DW_LIT("cut:"), &number))
        token = dw_slice_sub(token, 0, token.len - (size_t)number);
    else if (dw_slice_eat(&rest, DW_LIT("append:")))
        token = dw_arena_printf(arena, "%.*s%.*s", DW_PRINT(token), DW_PRINT(rest));
    else if (dw_slice_eat(&rest, DW_LIT("prepend:")))
        token = dw_arena_printf(arena, "%.*s%.*s", DW_PRINT(rest), DW_PRINT(token));
    else if (dw_slice_eat(&rest, DW_LIT("raw:")))
        token = rest;
    else if (dw_slice_eq(rest, DW_LIT("bits")))
        token = change_last_bits(token, arena);
    else if (dw_slice_eq(rest, DW_LIT("standard-base64")))
        token = to_standard_base64(token, arena);
    *ret_token = token;
    return token.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool corpus_mint(const struct corpus_case *row, const struct corpus_setting *setting,
                 struct dw_arena *arena, struct dw_slice *ret_token, struct dw_error *reterr)
{
    struct dw_slice header, claims, signed_part, signature, parts[3];

    if (!expand(setting, header_of(row, arena), arena, &header, reterr) ||
        !expand(setting, row->claims, arena, &claims, reterr))
        return false;
    parts[0] = dw_text_base64url(arena, header);
    parts[1] = dw_text_base64url(arena, claims);
    signed_part = dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(parts[0]), DW_PRINT(parts[1]));
    if (!signed_part.ptr ||
        !corpus_sign(row->signed_by, setting->keys, signed_part, arena, &signature, reterr))
        return false;
    parts[2] = dw_text_base64url(arena, signature);
    return change(row, setting, parts, arena, ret_token, reterr);
}
