/* Reading and applying a password policy; see password_policy.h. Auth0's words for it are in
 * password_problem.c. */
#include "oauth/password_policy.h"

#include "oauth/json_member.h"
#include "oauth/password_policy_internal.h"

/* Parts of a name that are shorter stand in too many passwords. */
#define PERSONAL_MIN_BYTES 3

#define ALL_CLASSES                                                                                \
    (DW_PASSWORD_LOWER | DW_PASSWORD_UPPER | DW_PASSWORD_NUMBER | DW_PASSWORD_SPECIAL)

static const struct {
    const char *name;
    struct dw_password_policy policy;
} levels[] = {
    {"none", {.min_length = 1}},
    {"low", {.min_length = 6}},
    {"fair",
     {.min_length = 8,
      .classes = DW_PASSWORD_LOWER | DW_PASSWORD_UPPER | DW_PASSWORD_NUMBER,
      .classes_needed = 3}},
    {"good", {.min_length = 8, .classes = ALL_CLASSES, .classes_needed = 3}},
    {"excellent",
     {.min_length = 10, .classes = ALL_CLASSES, .classes_needed = 3, .identical_max = 2}},
};
#define STANDARD_LEVEL 3

/* ---- reading ---- */

static bool fail_option(const char *name, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "the option %s is not what it may be", name);
}

static bool read_level(const struct dw_json *options, struct dw_password_policy *policy,
                       struct dw_error *reterr)
{
    const struct dw_json *level = dw_json_get(options, "passwordPolicy");

    *policy = levels[STANDARD_LEVEL].policy;
    if (!level || level->type == DW_JSON_NULL)
        return true;
    for (size_t i = 0; level->type == DW_JSON_TEXT && i < sizeof levels / sizeof *levels; i++)
        if (dw_slice_eq(level->text, dw_slice_from_text(levels[i].name))) {
            *policy = levels[i].policy;
            return true;
        }
    return fail_option("passwordPolicy", reterr);
}

/* Absent: untouched. */
static bool read_number(const struct dw_json *object, const char *name, int64_t min, int64_t max,
                        int64_t *number, struct dw_error *reterr)
{
    return dw_member_int(name, dw_json_get(object, name), min, max, number, reterr);
}

static bool read_words(const struct dw_json *object, const char *name, size_t max,
                       struct dw_arena *arena, struct dw_slices *words, struct dw_error *reterr)
{
    if (!dw_json_get(object, name))
        return true;
    if (!dw_json_texts(object, name, arena, words, NULL) || words->count > max)
        return fail_option(name, reterr);
    return true;
}

/* {"enable":true}, or the newer {"active":true}. */
static bool is_on(const struct dw_json *object)
{
    bool is_enabled = false;

    return (dw_json_bool(object, "enable", &is_enabled) && is_enabled) ||
           (dw_json_bool(object, "active", &is_enabled) && is_enabled);
}

static bool read_classes(const struct dw_json *complexity, struct dw_arena *arena,
                         struct dw_password_policy *policy, struct dw_error *reterr)
{
    static const struct {
        const char *name;
        unsigned class;
    } names[] = {{"lowercase", DW_PASSWORD_LOWER},
                 {"uppercase", DW_PASSWORD_UPPER},
                 {"number", DW_PASSWORD_NUMBER},
                 {"special", DW_PASSWORD_SPECIAL}};
    struct dw_slices types;

    if (!dw_json_get(complexity, "character_types"))
        return true;
    if (!dw_json_texts(complexity, "character_types", arena, &types, NULL))
        return fail_option("character_types", reterr);
    policy->classes = 0;
    for (size_t i = 0; i < types.count; i++) {
        unsigned found = 0;

        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (dw_slice_eq(types.items[i], dw_slice_from_text(names[k].name)))
                found = names[k].class;
        if (!found)
            return fail_option("character_types", reterr);
        policy->classes |= found;
    }
    policy->classes_needed = __builtin_popcount(policy->classes);
    if (dw_slice_eq(dw_json_text(complexity, "character_type_rule"), DW_LIT("three_of_four")) &&
        policy->classes == ALL_CLASSES)
        policy->classes_needed = 3;
    return true;
}

/* The newer form; what it says beats the older one. */
static bool read_password_options(const struct dw_json *options, struct dw_arena *arena,
                                  struct dw_password_policy *policy, struct dw_error *reterr)
{
    const struct dw_json *complexity = dw_json_get(options, "complexity");
    const struct dw_json *dictionary = dw_json_get(options, "dictionary");
    const struct dw_json *history = dw_json_get(options, "history");

    if (!read_number(complexity, "min_length", 1, DW_PASSWORD_LENGTH_MAX, &policy->min_length,
                     reterr) ||
        !read_classes(complexity, arena, policy, reterr) ||
        !read_words(dictionary, "custom", DW_PASSWORD_WORDS_MAX, arena, &policy->words, reterr) ||
        !read_words(dw_json_get(options, "profile_data"), "blocked_fields", DW_PASSWORD_FIELDS_MAX,
                    arena, &policy->personal_fields, reterr))
        return false;
    if (dw_slice_eq(dw_json_text(complexity, "max_length_exceeded"), DW_LIT("error")))
        policy->max_bytes = DW_PASSWORD_BCRYPT_BYTES;
    if (dw_json_get(complexity, "identical_characters"))
        policy->identical_max =
            dw_slice_eq(dw_json_text(complexity, "identical_characters"), DW_LIT("block")) ? 2 : 0;
    policy->refuses_sequences =
        dw_slice_eq(dw_json_text(complexity, "sequential_characters"), DW_LIT("block"));
    if (dictionary)
        policy->uses_dictionary = is_on(dictionary);
    if (dw_json_get(options, "profile_data"))
        policy->refuses_personal_info = is_on(dw_json_get(options, "profile_data"));
    if (!history)
        return true;
    policy->history_size = is_on(history) ? 5 : 0;
    return policy->history_size == 0 ||
           read_number(history, "size", 1, 24, &policy->history_size, reterr);
}

bool dw_password_policy_read(const struct dw_json *options, struct dw_arena *arena,
                             struct dw_password_policy *ret_policy, struct dw_error *reterr)
{
    const struct dw_json *history = dw_json_get(options, "password_history");
    const struct dw_json *dictionary = dw_json_get(options, "password_dictionary");

    if (!read_level(options, ret_policy, reterr) ||
        !read_number(dw_json_get(options, "password_complexity_options"), "min_length", 1,
                     DW_PASSWORD_LENGTH_MAX, &ret_policy->min_length, reterr) ||
        !read_words(dictionary, "dictionary", DW_PASSWORD_WORDS_MAX, arena, &ret_policy->words,
                    reterr))
        return false;
    ret_policy->uses_dictionary = is_on(dictionary);
    ret_policy->refuses_personal_info = is_on(dw_json_get(options, "password_no_personal_info"));
    ret_policy->history_size = is_on(history) ? 5 : 0;
    if (ret_policy->history_size > 0 &&
        !read_number(history, "size", 1, 24, &ret_policy->history_size, reterr))
        return false;
    return read_password_options(dw_json_get(options, "password_options"), arena, ret_policy,
                                 reterr);
}

/* ---- applying ---- */

static unsigned class_of(char byte)
{
    if (byte >= 'a' && byte <= 'z')
        return DW_PASSWORD_LOWER;
    if (byte >= 'A' && byte <= 'Z')
        return DW_PASSWORD_UPPER;
    if (byte >= '0' && byte <= '9')
        return DW_PASSWORD_NUMBER;
    return strchr(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", byte) && byte ? DW_PASSWORD_SPECIAL : 0;
}

unsigned dw_password_classes(struct dw_slice password)
{
    unsigned classes = 0;

    for (size_t i = 0; i < password.len; i++)
        classes |= class_of(password.ptr[i]);
    return classes;
}

int64_t dw_password_length(struct dw_slice password)
{
    int64_t length = 0;

    for (size_t i = 0; i < password.len; i++)
        length += ((unsigned char)password.ptr[i] & 0xc0) != 0x80; /* characters of UTF-8 */
    return length;
}

bool dw_password_has_run(struct dw_slice password, int64_t max)
{
    int64_t run = 1;

    for (size_t i = 1; i < password.len; i++) {
        run = password.ptr[i] == password.ptr[i - 1] ? run + 1 : 1;
        if (run > max)
            return true;
    }
    return false;
}

bool dw_password_has_sequence(struct dw_slice password)
{
    for (size_t i = 2; i < password.len; i++) {
        int first = password.ptr[i - 1] - password.ptr[i - 2];
        int second = password.ptr[i] - password.ptr[i - 1];
        unsigned class = class_of(password.ptr[i]);

        if (first == second && (first == 1 || first == -1) && class != DW_PASSWORD_SPECIAL &&
            class != 0 && class == class_of(password.ptr[i - 2]))
            return true;
    }
    return false;
}

/* Whether it holds `part`, in any ASCII case. */
static bool holds(struct dw_slice password, struct dw_slice part)
{
    if (part.len < PERSONAL_MIN_BYTES)
        return false;
    for (size_t i = 0; i + part.len <= password.len; i++)
        if (dw_slice_eq_nocase(dw_slice_sub(password, i, part.len), part))
            return true;
    return false;
}

/* Whether it holds a word of `text`. */
static bool holds_word(struct dw_slice password, struct dw_slice text)
{
    struct dw_slice word;

    while (dw_slice_split(&text, ' ', &word))
        if (holds(password, word))
            return true;
    return false;
}

static bool is_field(const struct dw_password_policy *policy, const char *name)
{
    return policy->personal_fields.count == 0 ||
           dw_slices_have(policy->personal_fields, dw_slice_from_text(name));
}

static struct dw_slice member_text(const struct dw_json *object, struct dw_slice name)
{
    for (size_t i = 0; i < object->object.count; i++)
        if (dw_slice_eq(object->object.members[i].key, name) &&
            object->object.members[i].value.type == DW_JSON_TEXT)
            return object->object.members[i].value.text;
    return DW_EMPTY;
}

/* What a profile says besides, in user_metadata: Auth0's three members, or those that were named.
 */
static bool holds_metadata(const struct dw_password_policy *policy, struct dw_slice password,
                           const struct dw_json *metadata)
{
    static const struct dw_slice standard[] = {
        {"user_metadata.name", 18}, {"user_metadata.first", 19}, {"user_metadata.last", 18}};
    struct dw_slices names = policy->personal_fields;

    if (names.count == 0)
        names = (struct dw_slices){standard, sizeof standard / sizeof *standard};
    for (size_t i = 0; i < names.count; i++) {
        struct dw_slice name = names.items[i];

        if (!dw_slice_eat(&name, DW_LIT("user_metadata.")))
            continue;
        if (holds_word(password, member_text(metadata, name)))
            return true;
    }
    return false;
}

static bool is_personal(const struct dw_password_policy *policy, struct dw_slice password,
                        const struct dw_user *user, const struct dw_json *metadata)
{
    const struct {
        const char *name;
        struct dw_slice text;
    } fields[] = {
        {"name", user->name},
        {"given_name", user->given_name},
        {"family_name", user->family_name},
        {"nickname", user->nickname},
        {"username", user->username},
        {"phone_number", user->phone_number},
        {"email", user->email},
        {"email", dw_slice_sub(user->email, 0, dw_slice_index(user->email, '@'))},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (is_field(policy, fields[i].name) && holds_word(password, fields[i].text))
            return true;
    return metadata && metadata->type == DW_JSON_OBJECT &&
           holds_metadata(policy, password, metadata);
}

static bool is_in(struct dw_slices words, struct dw_slice password)
{
    for (size_t i = 0; i < words.count; i++)
        if (dw_slice_eq_nocase(words.items[i], password))
            return true;
    return false;
}

static bool is_strong(const struct dw_password_policy *policy, struct dw_slice password)
{
    int have = __builtin_popcount(dw_password_classes(password) & policy->classes);

    return dw_password_length(password) >= policy->min_length &&
           (policy->max_bytes == 0 || (int64_t)password.len <= policy->max_bytes) &&
           have >= policy->classes_needed &&
           (policy->identical_max == 0 || !dw_password_has_run(password, policy->identical_max)) &&
           (!policy->refuses_sequences || !dw_password_has_sequence(password));
}

enum dw_password_problem dw_password_judge(const struct dw_password_policy *policy,
                                           struct dw_secret password, const struct dw_user *user,
                                           const struct dw_json *metadata)
{
    struct dw_slice text = password.hidden;

    if (text.len == 0 || !is_strong(policy, text))
        return DW_PASSWORD_WEAK;
    if (policy->uses_dictionary && (dw_password_is_common(text) || is_in(policy->words, text)))
        return DW_PASSWORD_COMMON;
    if (policy->refuses_personal_info && user && is_personal(policy, text, user, metadata))
        return DW_PASSWORD_PERSONAL;
    return DW_PASSWORD_FINE;
}
