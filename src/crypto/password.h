/* Password hashes: argon2id with 19 MiB, two passes, one lane (RFC 9106; OWASP's first choice), in
 * the PHC form "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". 17 ms each: use DW_POOL_PASSWORD. */
#ifndef DW_CRYPTO_PASSWORD_H
#define DW_CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_PASSWORD_SALT_BYTES 16
#define DW_PASSWORD_MAX_BYTES 1024

/* salt  fresh random bytes. Fails with DW_INVALID_REQUEST (empty or too long), DW_NO_MEMORY. */
bool dw_must_check dw_password_hash(struct dw_secret password,
                                    const unsigned char salt[static DW_PASSWORD_SALT_BYTES],
                                    struct dw_arena *arena, struct dw_slice *ret_hash,
                                    struct dw_error *reterr);
/* *ret_is_right. A password that is empty or too long is wrong. False is returned when it could not
 * be found out: a hash we do not know or that asks for more than 64 MiB, 10 passes or 4 lanes
 * (DW_UNAVAILABLE), DW_NO_MEMORY. */
bool dw_must_check dw_password_verify(struct dw_slice hash, struct dw_secret password,
                                      bool *ret_is_right, struct dw_error *reterr);
/* For a user who does not exist: takes as long as a wrong password, so that the time tells nothing,
 * and fails with DW_NO_MEMORY where that would. */
bool dw_must_check dw_password_verify_nobody(struct dw_secret password, struct dw_error *reterr);
/* Whether dw_password_hash made it, with the parameters of today. */
bool dw_password_is_current(struct dw_slice hash);
/* How often this process ran argon2id, in the three functions above: equal work is how existing and
 * other accounts stay alike. */
uint64_t dw_password_runs(void);

#endif
