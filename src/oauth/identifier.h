/* What a user signs up and logs in with: e-mail address, username, phone number, by the options of
 * the connection (Auth0 attributes, requires_username, validation.username). */
#ifndef DW_OAUTH_IDENTIFIER_H
#define DW_OAUTH_IDENTIFIER_H

#include "oauth/records.h"
#include "json/json.h"

enum dw_identifier_use {
    DW_IDENTIFIER_UNUSED,
    DW_IDENTIFIER_OPTIONAL,
    DW_IDENTIFIER_REQUIRED,
};

struct dw_identifier_rules {
    enum dw_identifier_use email, username, phone_number;
    bool confirms_email;   /* before the first login (Auth0 signup.verification) */
    bool confirms_by_link; /* pages too: a link in place of a code (verification_method) */
    int64_t username_min, username_max; /* characters */
};

/* Each attribute that `attributes` names is as it says there. What it does not name is not in use,
 * but for the user name, about which requires_username and validation.username speak then.
 *
 * options  of a connection; NULL: an e-mail address alone, confirmed by nobody */
void dw_identifier_rules_read(const struct dw_json *options, struct dw_identifier_rules *ret_rules);

/* ASCII, a dot-atom on each side of one '@' (RFC 5322 section 3.4.1 without comments, quotes and
 * literals), at most 254 bytes. */
bool dw_identifier_is_email(struct dw_slice text);
/* E.164 with its plus: 7 to 15 digits. */
bool dw_identifier_is_phone_number(struct dw_slice text);

/* Checks the user's email, username and phone_number, takes away those that are not in use. Fails
 * with DW_INVALID_REQUEST and what is wrong, in words for the client. */
bool dw_must_check dw_identifier_check(const struct dw_identifier_rules *rules,
                                       struct dw_user *user, struct dw_error *reterr);

/* Auth0's limits of what a sign-up may put into user_metadata. */
#define DW_METADATA_MAX_MEMBERS 10
#define DW_METADATA_NAME_MAX_BYTES 100
#define DW_METADATA_VALUE_MAX_BYTES 500
/* NULL is fine. Fails with DW_INVALID_REQUEST: no object, too many members, a member that is no
 * text, too long a name or text. */
bool dw_must_check dw_signup_metadata_check(const struct dw_json *metadata,
                                            struct dw_error *reterr);

#endif
