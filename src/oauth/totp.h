/* Time-based one-time passwords (RFC 6238, over HOTP of RFC 4226): the codes of authenticator apps.
 * Not the codes that we send (tenant/factor/otp_internal.h). */
#ifndef DW_OAUTH_TOTP_H
#define DW_OAUTH_TOTP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "crypto/digest.h"

#define DW_TOTP_PERIOD_S 30
#define DW_TOTP_DIGITS 6
#define DW_TOTP_MAX_DIGITS 8
#define DW_TOTP_SECRET_BYTES 20 /* RFC 4226 section 4 R6: 160 bits */
/* RFC 6238 section 5.2: the step before and the one after count, too, for clocks that differ. */
#define DW_TOTP_SKEW_STEPS 1

/* The code of one time step, with a NUL: RFC 4226 section 5.3. digits: 6 to 8. */
bool dw_must_check dw_totp_code(struct dw_secret key, enum dw_digest_alg alg, int64_t step,
                                int digits, char ret_code[static DW_TOTP_MAX_DIGITS + 1],
                                struct dw_error *reterr);
/* The step that `code` is of, now or a step away, and later than last_step (RFC 6238 section 5.2
 * MUST: a step counts once). 0: none. All steps are compared, in constant time. Whoever accepts it
 * must store it as the last step in one transaction with asking whether it is still later. */
bool dw_must_check dw_totp_find_step(struct dw_secret key, struct dw_slice code, int64_t now_s,
                                     int64_t last_step, int64_t *ret_step, struct dw_error *reterr);
/* otpauth://totp/ISSUER:ACCOUNT?secret=..., for a QR code. ptr NULL when memory is short. */
struct dw_slice dw_totp_uri(struct dw_arena *arena, struct dw_slice issuer, struct dw_slice account,
                            struct dw_slice secret_base32);

#endif
