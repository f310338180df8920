/* One-time codes and links, the one mechanism for all of them: six digits or a long random token,
 * sent to somebody and good once. At rest there are only digests, keyed with the tenant's key and
 * bound to purpose and subject; a code dies after a few wrong tries; sending and guessing are
 * limited by subject, whatever address they come from.
 *
 * Not TOTP, whose codes nobody sends (oauth/totp.h). */
#ifndef DW_TENANT_OTP_INTERNAL_H
#define DW_TENANT_OTP_INTERNAL_H

#include "tenant/tenant_internal.h"

#define DW_OTP_DIGITS 6
#define DW_OTP_MAX_TRIES 3
/* So many codes or links to one subject, and so many wrong codes for it over all of its codes:
 * 30 of 1,000,000 a day. Only what is tried while a code waits is a guess, so that nobody is locked
 * out by codes that he never asked for. */
#define DW_OTP_SENDS 10
#define DW_OTP_SENDS_WINDOW_S 3600
#define DW_OTP_FAILURES 30
#define DW_OTP_FAILURES_WINDOW_S 86400

/* What a code is for. Two of the same purpose and subject are one: the newer counts. */
struct dw_otp {
    const char *purpose;     /* a literal: "mfa-email", "passwordless", ... */
    struct dw_slice subject; /* whom, and what it binds to: a user, an address and a client, ... */
    struct dw_slice counted_by;  /* whose sends and wrong codes are limited; empty: the subject */
    int64_t lifetime_s;          /* for the _new functions */
    struct dw_slice detail_json; /* for the _new functions: what its use gives back; may be empty */
    bool fits_nobody; /* for dw_otp_new_code: as any other code, but none that is typed is
                         right: for whom a right one would let in nowhere */
};

enum dw_otp_verdict {
    DW_OTP_WRONG, /* or never sent, or used already */
    DW_OTP_EXPIRED,
    DW_OTP_DEAD,   /* too many wrong ones */
    DW_OTP_LOCKED, /* too many wrong ones of codes before this one */
    DW_OTP_RIGHT,
};

/* Whether dw_otp_new_code would not fail with DW_TOO_MANY now; takes nothing. */
bool dw_must_check dw_otp_has_room(struct dw_tenant_call *call, const struct dw_otp *otp,
                                   bool *ret_has_room, struct dw_error *reterr);
/* Six digits, for dw_mail_send and the like; in the arena. Fails with DW_TOO_MANY. */
bool dw_must_check dw_otp_new_code(struct dw_tenant_call *call, const struct dw_otp *otp,
                                   struct dw_secret *ret_code, struct dw_error *reterr);
/* One try; blanks and hyphens in `code` do not count. Of several callers with the right code one
 * gets RIGHT, and the detail. */
bool dw_must_check dw_otp_use_code(struct dw_tenant_call *call, const struct dw_otp *otp,
                                   struct dw_slice code, enum dw_otp_verdict *ret_verdict,
                                   struct dw_slice *ret_detail_json, struct dw_error *reterr);

/* How a code stands, without a try: RIGHT when it waits to be used. */
bool dw_must_check dw_otp_look_at_code(struct dw_tenant_call *call, const struct dw_otp *otp,
                                       enum dw_otp_verdict *ret_verdict, struct dw_error *reterr);

/* A token of 256 bits for a URL, which is all that is needed to find it again: otp->subject only
 * counts sends. Fails with DW_TOO_MANY. */
bool dw_must_check dw_otp_new_link(struct dw_tenant_call *call, const struct dw_otp *otp,
                                   struct dw_secret *ret_token, struct dw_error *reterr);
/* Whether it is good, without using it: mail scanners open links, so a page asks first. */
bool dw_must_check dw_otp_look_at_link(struct dw_tenant_call *call, const char *purpose,
                                       struct dw_slice token, bool *ret_is_good,
                                       struct dw_slice *ret_detail_json, struct dw_error *reterr);
/* Ends it: of several callers one gets is_good. */
bool dw_must_check dw_otp_use_link(struct dw_tenant_call *call, const char *purpose,
                                   struct dw_slice token, bool *ret_is_good,
                                   struct dw_slice *ret_detail_json, struct dw_error *reterr);

/* A MAC under a key of the tenant, for secrets that are found by their digest: recovery codes,
 * signed cookies. 32 bytes in the arena. The parts are told apart. */
bool dw_must_check dw_otp_mac(struct dw_tenant_call *call, const char *purpose,
                              struct dw_slices parts, struct dw_slice *ret_mac,
                              struct dw_error *reterr);

#endif
