/* Why a password was refused, in the words and the shape of Auth0's answer. */
#include "oauth/password_policy.h"
#include "oauth/password_policy_internal.h"
#include "json/json_writer.h"

static const struct {
    unsigned class;
    const char *message, *code;
} classes[] = {
    {DW_PASSWORD_LOWER, "lower case letters (a-z)", "lowerCase"},
    {DW_PASSWORD_UPPER, "upper case letters (A-Z)", "upperCase"},
    {DW_PASSWORD_NUMBER, "numbers (i.e. 0-9)", "numbers"},
    {DW_PASSWORD_SPECIAL, "special characters (e.g. !@#$%^&*)", "specialCharacters"},
};
#define CLASS_COUNT (sizeof classes / sizeof *classes)

static bool needs_all(const struct dw_password_policy *policy)
{
    return policy->classes_needed == __builtin_popcount(policy->classes);
}

static void put_message(struct dw_json_writer *json, const char *message, const char *code,
                        bool is_verified)
{
    dw_json_put_text(json, "message", dw_slice_from_text(message));
    dw_json_put_text(json, "code", dw_slice_from_text(code));
    dw_json_put_bool(json, "verified", is_verified);
}

static void write_length(const struct dw_password_policy *policy, struct dw_slice password,
                         struct dw_json_writer *json)
{
    dw_json_write_object_start(json);
    if (policy->min_length <= 1) {
        put_message(json, "Non-empty password required", "nonEmpty", password.len > 0);
    } else {
        dw_json_write_key(json, DW_LIT("format"));
        dw_json_write_array_start(json);
        dw_json_write_int(json, policy->min_length);
        dw_json_write_array_end(json);
        put_message(json, "At least %d characters in length", "lengthAtLeast",
                    dw_password_length(password) >= policy->min_length);
    }
    dw_json_write_object_end(json);
}

static void write_most(const struct dw_password_policy *policy, struct dw_slice password,
                       struct dw_json_writer *json)
{
    dw_json_write_object_start(json);
    dw_json_write_key(json, DW_LIT("format"));
    dw_json_write_array_start(json);
    dw_json_write_int(json, policy->max_bytes);
    dw_json_write_array_end(json);
    put_message(json, "At most %d bytes in length", "lengthAtMost",
                (int64_t)password.len <= policy->max_bytes);
    dw_json_write_object_end(json);
}

static void write_classes(const struct dw_password_policy *policy, struct dw_slice password,
                          struct dw_json_writer *json)
{
    unsigned have = dw_password_classes(password) & policy->classes;

    dw_json_write_object_start(json);
    if (needs_all(policy)) {
        put_message(json, "Should contain:", "shouldContain",
                    __builtin_popcount(have) >= policy->classes_needed);
    } else {
        dw_json_write_key(json, DW_LIT("format"));
        dw_json_write_array_start(json);
        dw_json_write_int(json, policy->classes_needed);
        dw_json_write_int(json, __builtin_popcount(policy->classes));
        dw_json_write_array_end(json);
        put_message(json, "Contain at least %d of the following %d types of characters:",
                    "containsAtLeast", __builtin_popcount(have) >= policy->classes_needed);
    }
    dw_json_write_key(json, DW_LIT("items"));
    dw_json_write_array_start(json);
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (!(policy->classes & classes[i].class))
            continue;
        dw_json_write_object_start(json);
        put_message(json, classes[i].message, classes[i].code, have & classes[i].class);
        dw_json_write_object_end(json);
    }
    dw_json_write_array_end(json);
    dw_json_write_object_end(json);
}

static void write_runs(const struct dw_password_policy *policy, struct dw_slice password,
                       struct dw_json_writer *json)
{
    dw_json_write_object_start(json);
    dw_json_write_key(json, DW_LIT("format"));
    dw_json_write_array_start(json);
    dw_json_write_int(json, policy->identical_max);
    dw_json_write_text(json, DW_LIT("aaa"));
    dw_json_write_array_end(json);
    put_message(json, "No more than %d identical characters in a row (e.g., \"%s\" not allowed)",
                "identicalChars", !dw_password_has_run(password, policy->identical_max));
    dw_json_write_object_end(json);
}

static void write_rules(const struct dw_password_policy *policy, struct dw_slice password,
                        struct dw_json_writer *json)
{
    dw_json_write_object_start(json);
    dw_json_write_key(json, DW_LIT("rules"));
    dw_json_write_array_start(json);
    write_length(policy, password, json);
    if (policy->max_bytes > 0)
        write_most(policy, password, json);
    if (policy->classes_needed > 0)
        write_classes(policy, password, json);
    if (policy->identical_max > 0)
        write_runs(policy, password, json);
    if (policy->refuses_sequences) {
        dw_json_write_object_start(json);
        put_message(json, "No sequential characters (e.g., \"abc\" not allowed)", "sequentialChars",
                    !dw_password_has_sequence(password));
        dw_json_write_object_end(json);
    }
    dw_json_write_array_end(json);
    dw_json_put_bool(json, "verified", false);
    dw_json_write_object_end(json);
}

/* The rules in words, a line each ("* At least 8 characters in length"). */
static void write_policy(const struct dw_password_policy *policy, struct dw_buf *out)
{
    if (policy->min_length <= 1)
        dw_buf_add(out, DW_LIT("* Non-empty password required"));
    else
        dw_buf_printf(out, "* At least %d characters in length", (int)policy->min_length);
    if (policy->max_bytes > 0)
        dw_buf_printf(out, "\n* At most %d bytes in length", (int)policy->max_bytes);
    if (policy->classes_needed > 0 && needs_all(policy))
        dw_buf_add(out, DW_LIT("\n* Should contain:"));
    else if (policy->classes_needed > 0)
        dw_buf_printf(out, "\n* Contain at least %d of the following %d types of characters:",
                      (int)policy->classes_needed, __builtin_popcount(policy->classes));
    for (size_t i = 0; policy->classes_needed > 0 && i < CLASS_COUNT; i++)
        if (policy->classes & classes[i].class)
            dw_buf_printf(out, "\n * %s", classes[i].message);
    if (policy->identical_max > 0)
        dw_buf_printf(out,
                      "\n* No more than %d identical characters in a row (e.g., \"aaa\" not "
                      "allowed)",
                      (int)policy->identical_max);
    if (policy->refuses_sequences)
        dw_buf_add(out, DW_LIT("\n* No sequential characters (e.g., \"abc\" not allowed)"));
}

static const struct {
    const char *name, *message, *code;
} problems[DW_PASSWORD_PROBLEM_COUNT] = {
    [DW_PASSWORD_FINE] = {"BadRequestError", "", "invalid_password"},
    [DW_PASSWORD_WEAK] = {"PasswordStrengthError", "Password is too weak", "invalid_password"},
    [DW_PASSWORD_COMMON] = {"PasswordDictionaryError", "Password is too common",
                            "invalid_password"},
    [DW_PASSWORD_PERSONAL] = {"PasswordNoUserInfoError", "Password contains user information",
                              "invalid_password"},
    [DW_PASSWORD_USED_BEFORE] = {"PasswordHistoryError", "Password has previously been used",
                                 "invalid_password"},
    [DW_PASSWORD_LEAKED] = {"BadRequestError",
                            "Password was disclosed by a data breach of another service",
                            "password_leaked"},
};

void dw_password_problem_write(const struct dw_password_policy *policy, struct dw_secret password,
                               enum dw_password_problem problem, struct dw_buf *out)
{
    struct dw_json_writer json = dw_json_writer_to(out);
    struct dw_slice message = dw_slice_from_text(problems[problem].message);
    struct dw_buf text = dw_buf_in(out->arena);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "name", dw_slice_from_text(problems[problem].name));
    dw_json_put_text(&json, "message", message);
    dw_json_put_text(&json, "code", dw_slice_from_text(problems[problem].code));
    if (problem == DW_PASSWORD_WEAK) {
        dw_json_write_key(&json, DW_LIT("description"));
        write_rules(policy, password.hidden, &json);
        write_policy(policy, &text);
        dw_json_put_text(&json, "policy", dw_buf_view(&text));
    } else {
        dw_json_put_text(&json, "description", message);
    }
    dw_json_put_int(&json, "statusCode", 400);
    dw_json_write_object_end(&json);
}
