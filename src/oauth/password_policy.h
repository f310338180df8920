/* What a password must be, by the options of its connection (Auth0 passwordPolicy,
 * password_history, password_dictionary, password_no_personal_info, password_complexity_options,
 * and the newer password_options), and saying in Auth0's words what it is not. */
#ifndef DW_OAUTH_PASSWORD_POLICY_H
#define DW_OAUTH_PASSWORD_POLICY_H

#include "base/buf.h"
#include "oauth/records.h"
#include "json/json.h"

#define DW_PASSWORD_WORDS_MAX 2000 /* of a connection's own dictionary, Auth0's number */
#define DW_PASSWORD_LENGTH_MAX 128 /* that a policy may demand at least */
#define DW_PASSWORD_FIELDS_MAX 12  /* of a profile, Auth0's number */
/* What Auth0's bcrypt looks at: longer ones are refused where a policy says so. None is cut. */
#define DW_PASSWORD_BCRYPT_BYTES 72

enum dw_password_class {
    DW_PASSWORD_LOWER = 1,
    DW_PASSWORD_UPPER = 2,
    DW_PASSWORD_NUMBER = 4,
    DW_PASSWORD_SPECIAL = 8,
};

struct dw_password_policy {
    int64_t min_length;     /* characters */
    unsigned classes;       /* enum dw_password_class */
    int64_t classes_needed; /* of these so many; 0: no rule */
    int64_t identical_max;  /* characters in a row; 0: no rule */
    bool refuses_sequences; /* "abc", "321" */
    bool uses_dictionary;
    struct dw_slices words; /* the connection's own, besides the compiled ones */
    bool refuses_personal_info;
    struct dw_slices personal_fields; /* these alone ("name", "user_metadata.pet"); none: all */
    int64_t max_bytes;                /* 0: no rule */
    int64_t history_size;             /* 0: old passwords may come again */
};

/* options  of a connection of strategy auth0; NULL: Auth0's standard
 *
 * Fails with DW_INVALID_REQUEST, naming the option, when one is of another type or out of its
 * range: also to judge options before they are stored. */
bool dw_must_check dw_password_policy_read(const struct dw_json *options, struct dw_arena *arena,
                                           struct dw_password_policy *ret_policy,
                                           struct dw_error *reterr);

enum dw_password_problem {
    DW_PASSWORD_FINE,
    DW_PASSWORD_WEAK,
    DW_PASSWORD_COMMON,
    DW_PASSWORD_PERSONAL,
    DW_PASSWORD_USED_BEFORE, /* what needs hashes is for the caller to find out */
    DW_PASSWORD_LEAKED,
    DW_PASSWORD_PROBLEM_COUNT
};
/* user      whose information it must not hold; NULL: nobody's
 * metadata  their user_metadata; NULL: none */
enum dw_password_problem dw_password_judge(const struct dw_password_policy *policy,
                                           struct dw_secret password, const struct dw_user *user,
                                           const struct dw_json *metadata);
/* Whether it is one that attackers try first: compiled in, in any case, with the usual endings. */
bool dw_password_is_common(struct dw_slice password);

/* The body of Auth0's answer to a refused password: name, message, code, description, policy and
 * statusCode. */
void dw_password_problem_write(const struct dw_password_policy *policy, struct dw_secret password,
                               enum dw_password_problem problem, struct dw_buf *out);

#endif
