/* Second factors: what a user has enrolled, what the tenant asks for, and the rule that decides
 * when one is due. Names and ids are Auth0's (guardian, authentication methods). */
#ifndef DW_OAUTH_MFA_H
#define DW_OAUTH_MFA_H

#include "base/buf.h"
#include "base/error.h"
#include "oauth/records.h"

#define DW_MFA_TOKEN_LIFETIME_S 600
#define DW_MFA_MAX_AUTHENTICATORS 20 /* of a user, those being enrolled included */
#define DW_RECOVERY_CODE_BYTES 15    /* 24 letters and digits of base32 */
#define DW_RECOVERY_CODE_LEN 24

enum dw_authenticator_type {
    DW_AUTHENTICATOR_TOTP,
    DW_AUTHENTICATOR_EMAIL,
    DW_AUTHENTICATOR_SMS,
    DW_AUTHENTICATOR_RECOVERY_CODE,
    DW_AUTHENTICATOR_TYPE_COUNT
};
extern const char *const dw_authenticator_type_names[]; /* totp email sms recovery-code */

/* One thing a user can show besides the password. The rules of records.h hold. */
struct dw_authenticator {
    struct dw_slice id; /* "totp|dev_" + 16, and the like */
    struct dw_slice user_id;
    enum dw_authenticator_type type;
    struct dw_slice address;       /* EMAIL, SMS: where codes go */
    struct dw_slice sealed_secret; /* TOTP: DW_TOTP_SECRET_BYTES */
    struct dw_slice code_digest;   /* RECOVERY_CODE: keyed */
    int64_t last_step;             /* TOTP: steps up to this one are used */
    struct dw_slice enrolment_id;  /* random: what is enrolled together is confirmed together */
    int64_t created_at_s;
    int64_t confirmed_at_s; /* 0: being enrolled, good for nothing else */
    int64_t last_auth_at_s;
};

/* When every user is asked (Auth0 /guardian/policies). */
enum dw_mfa_policy {
    DW_MFA_NEVER, /* only when the application asks by acr_values */
    DW_MFA_ALL_APPLICATIONS,
    DW_MFA_CONFIDENCE_SCORE, /* adaptive MFA, of which there is none here: as NEVER */
    DW_MFA_POLICY_COUNT
};
extern const char *const dw_mfa_policy_names[]; /* never all-applications confidence-score */

/* The factors there are (Auth0 /guardian/factors): otp email sms recovery-code. */
extern const char *const dw_mfa_factor_names[];

struct dw_mfa_settings {
    enum dw_mfa_policy policy;
    struct dw_slices factors; /* enabled ones */
};
/* Nobody is asked; otp and recovery-code may be enrolled. */
extern const struct dw_mfa_settings dw_mfa_standard_settings;
bool dw_mfa_has_factor(const struct dw_mfa_settings *settings, enum dw_authenticator_type type);

/* A grant that waits for the second factor: what an mfa_token stands for. */
struct dw_mfa_transaction {
    struct dw_slice token_digest;
    struct dw_slice client_id;
    struct dw_slice user_id;
    struct dw_slice grant_type; /* the one that waits */
    struct dw_slices scopes;    /* as it asked */
    struct dw_slice audience;
    struct dw_slice organization;
    struct dw_slice dpop_jkt;
    struct dw_slice enrolment_id; /* of what is enrolled with this mfa_token */
    int64_t authenticated_at_s;
    int64_t expires_at_s;
};

struct dw_mfa_question {
    const struct dw_mfa_settings *settings;
    bool is_enrolled;   /* a confirmed authenticator besides the recovery code */
    bool is_requested;  /* by acr_values, or because the token is for the MFA API */
    bool is_shown;      /* already, in this login session */
    bool is_remembered; /* this browser was, and is; does not count when is_requested */
};

enum dw_mfa_need {
    DW_MFA_ENROL, /* first something must be enrolled */
    DW_MFA_CHALLENGE,
    DW_MFA_NOTHING,
};
enum dw_mfa_need dw_mfa_decide(const struct dw_mfa_question *question);

/* Whether there is a confirmed one besides the recovery code. */
bool dw_mfa_is_enrolled(const struct dw_authenticator *authenticators, size_t count);
/* The first confirmed one of that type whose factor is enabled; NULL: none. */
const struct dw_authenticator *dw_mfa_find(const struct dw_authenticator *authenticators,
                                           size_t count, const struct dw_mfa_settings *settings,
                                           enum dw_authenticator_type type);

/* Whether its codes are sent, and come back by another way than the one they went. */
bool dw_authenticator_is_oob(enum dw_authenticator_type type);
/* As /mfa/authenticators shows it, the address masked.
 *
 * names_type  adds `type`: otp, email, phone or recovery-code, as mfa_requirements names them */
void dw_authenticator_write(const struct dw_authenticator *authenticator, bool names_type,
                            struct dw_buf *out);
/* "ada.lo******@exam*******", "XXXXXXXX0100". Empty when memory is short. */
struct dw_slice dw_mask_address(struct dw_arena *arena, struct dw_slice address);
/* Upper case, without what people put between the groups; at most DW_RECOVERY_CODE_LEN + 1 bytes.
 * ptr NULL when memory is short. */
struct dw_slice dw_recovery_code_plain(struct dw_arena *arena, struct dw_slice typed);

#endif
