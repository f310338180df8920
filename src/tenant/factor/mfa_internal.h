/* Second factors, for the pages and for the API alike: whether one is due, enrolling one, showing
 * one. The rules are in oauth/mfa.h; what is kept is in store/mfa.h. */
#ifndef DW_TENANT_MFA_INTERNAL_H
#define DW_TENANT_MFA_INTERNAL_H

#include "store/mfa.h"
#include "tenant/factor/otp_internal.h"
#include "tenant/tenant_internal.h"

/* So many wrong codes of one user before there is a pause, whatever factor and address they come
 * from: a code of six digits that changes is guessed in a year with a chance of 1 in 30. */
#define DW_MFA_FAILURES 10
#define DW_MFA_FAILURES_WINDOW_S 900
#define DW_MFA_DAY_FAILURES 50
/* Mails to one user. */
#define DW_MFA_SENDS 10
#define DW_MFA_SENDS_WINDOW_S 3600
#define DW_MFA_CODE_LIFETIME_S 300

/* What there is to know about a user before deciding anything. */
struct dw_mfa_state {
    const struct dw_user *user;
    struct dw_mfa_settings settings;
    struct dw_authenticator *authenticators;
    size_t count;
    bool is_enrolled;
};
bool dw_must_check dw_mfa_load(struct dw_tenant_call *call, const struct dw_user *user,
                               struct dw_mfa_state *ret_state, struct dw_error *reterr);
/* The confirmed one with this id, its factor enabled; NULL: none. */
const struct dw_authenticator *dw_mfa_by_id(const struct dw_mfa_state *state, struct dw_slice id);

/* ISSUER + "mfa/": the audience whose tokens manage authenticators. ptr NULL: out of memory. */
struct dw_slice dw_mfa_audience(const struct dw_tenant *tenant, struct dw_arena *arena);
/* Makes that API, when it is not there. */
bool dw_must_check dw_mfa_seed_api(struct dw_tenant *tenant, struct dw_error *reterr);
/* A token for that API is worth a second factor: whoever has one shows it first. For every grant;
 * fails with DW_ACCESS_DENIED. */
bool dw_must_check dw_mfa_check_issue(struct dw_tenant_call *call, const struct dw_user *user,
                                      struct dw_slice audience, bool is_mfa,
                                      struct dw_error *reterr);

/* --- enrolling: mfa_enrol.c ------------------------------------------------------------------- */

struct dw_mfa_enrolment {
    struct dw_authenticator record;
    struct dw_slice secret_base32; /* TOTP */
    struct dw_slice uri;           /* TOTP: otpauth://... */
    struct dw_slice recovery_code; /* to be shown once; empty: the user has one, or may not */
};

struct dw_mfa_enrol_terms {
    enum dw_authenticator_type type;
    struct dw_slice address;      /* EMAIL, SMS */
    struct dw_slice enrolment_id; /* of the mfa_token or the visit */
    enum dw_enrolment_rule rule;
    bool with_recovery_code;
};
/* Starts an enrolment. Fails with DW_INVALID_REQUEST (the factor is not enabled, no address) or
 * DW_ACCESS_DENIED "User is already enrolled." */
bool dw_must_check dw_mfa_enrol(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                                const struct dw_mfa_enrol_terms *terms,
                                struct dw_mfa_enrolment *ret_enrolment, struct dw_error *reterr);
/* What a TOTP authenticator that is being enrolled looks like: for a page that is loaded again. */
bool dw_must_check dw_mfa_open_totp(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                                    const struct dw_authenticator *authenticator,
                                    struct dw_mfa_enrolment *ret_enrolment,
                                    struct dw_error *reterr);
/* The unsealed secret. */
bool dw_must_check dw_mfa_totp_secret(struct dw_tenant_call *call,
                                      const struct dw_authenticator *authenticator,
                                      struct dw_secret *ret_secret, struct dw_error *reterr);
/* A recovery code and its record, not stored. confirmed_at_s: 0, or now. */
bool dw_must_check dw_mfa_make_recovery_code(struct dw_tenant_call *call, struct dw_slice user_id,
                                             struct dw_slice enrolment_id, int64_t confirmed_at_s,
                                             struct dw_slice *ret_code,
                                             struct dw_authenticator *ret_record,
                                             struct dw_error *reterr);
bool dw_must_check dw_mfa_recovery_digest(struct dw_tenant_call *call, struct dw_slice user_id,
                                          struct dw_slice code, struct dw_slice *ret_digest,
                                          struct dw_error *reterr);

/* --- showing: mfa.c --------------------------------------------------------------------------- */

/* Where codes count besides confirmed authenticators: an enrolment ends with its first code. */
struct dw_mfa_check {
    const struct dw_mfa_state *state;
    struct dw_slice enrolment_id; /* empty: confirmed ones alone */
    enum dw_enrolment_rule rule;
};
/* A code of an authenticator app. Fails with DW_INVALID_GRANT "Invalid otp_code." or
 * DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_mfa_check_totp(struct dw_tenant_call *call, const struct dw_mfa_check *check,
                                     struct dw_slice code, struct dw_error *reterr);
/* A mail with a code to the address of `authenticator`, confirmed or being enrolled. `subject`
 * binds the code to where it was asked for. Fails with DW_TOO_MANY. */
bool dw_must_check dw_mfa_send_code(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                                    const struct dw_authenticator *authenticator,
                                    struct dw_slice subject, struct dw_slice client_name,
                                    struct dw_error *reterr);
/* How such a code stands, without a try. */
bool dw_must_check dw_mfa_sent_code_stands(struct dw_tenant_call *call,
                                           const struct dw_mfa_state *state,
                                           struct dw_slice subject,
                                           enum dw_otp_verdict *ret_verdict,
                                           struct dw_error *reterr);
/* Fails with DW_INVALID_GRANT "Invalid binding_code.", DW_MFA_REJECTED (dead), DW_EXPIRED_TOKEN or
 * DW_TOO_MANY_ATTEMPTS. */
bool dw_must_check dw_mfa_check_sent_code(struct dw_tenant_call *call,
                                          const struct dw_mfa_check *check, struct dw_slice subject,
                                          struct dw_slice code, struct dw_error *reterr);
/* Fails with DW_INVALID_GRANT "MFA Authorization rejected." or DW_TOO_MANY_ATTEMPTS.
 *
 * ret_next  the one that takes its place, to be shown once */
bool dw_must_check dw_mfa_check_recovery_code(struct dw_tenant_call *call,
                                              const struct dw_mfa_state *state,
                                              struct dw_slice code, struct dw_slice *ret_next,
                                              struct dw_error *reterr);

/* --- this browser: mfa_remember.c ------------------------------------------------------------- */

#define DW_MFA_REMEMBER_S ((int64_t)30 * 86400)
/* Whether this browser showed a second factor of this user in the last 30 days and was to be
 * remembered. Not after the password was changed or what was enrolled is gone. */
bool dw_must_check dw_mfa_is_remembered(struct dw_tenant_call *call,
                                        const struct dw_mfa_state *state, bool *ret_is_remembered,
                                        struct dw_error *reterr);
bool dw_must_check dw_mfa_remember(struct dw_tenant_call *call, const struct dw_mfa_state *state,
                                   struct dw_error *reterr);

/* A QR code (ISO/IEC 18004) as the data of an SVG path, its modules one unit wide, the quiet zone
 * of four modules included in ret_size: qr.c. Fails with DW_INTERNAL when the text is too long. */
bool dw_must_check dw_qr_path(struct dw_slice text, struct dw_arena *arena,
                              struct dw_slice *ret_path, int *ret_size, struct dw_error *reterr);

/* --- a user import: mfa_enrol.c ----------------------------------------------------------------
 */

/* A factor that another system had confirmed. */
struct dw_mfa_import {
    enum dw_authenticator_type type;
    struct dw_secret secret; /* TOTP: raw bytes */
    struct dw_slice address; /* EMAIL, SMS */
};
/* Adds them as confirmed. Fails with DW_CONFLICT when the user has too many. */
bool dw_must_check dw_mfa_import_factors(struct dw_tenant_call *call, const struct dw_user *user,
                                         const struct dw_mfa_import *factors, size_t count,
                                         struct dw_error *reterr);

#endif
