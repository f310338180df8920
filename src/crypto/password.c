/* Password hashes with libargon2. */
#include "crypto/password.h"

#include <argon2.h>
#include <stdatomic.h>

#include "base/text.h"

#define MEMORY_KIB 19456u
#define PASSES 2u
#define LANES 1u
#define HASH_BYTES 32
#define MAX_ENCODED_BYTES 256

/* What a stored hash may ask of us; imported ones can ask for more than our own. */
#define MAX_MEMORY_KIB 65536
#define MAX_PASSES 10
#define MAX_LANES 4

static _Atomic uint64_t runs;

uint64_t dw_password_runs(void)
{
    return atomic_load_explicit(&runs, memory_order_relaxed);
}

static void count_run(void)
{
    atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);
}

static bool has_fair_length(struct dw_secret password)
{
    return password.hidden.len > 0 && password.hidden.len <= DW_PASSWORD_MAX_BYTES;
}

bool dw_password_hash(struct dw_secret password,
                      const unsigned char salt[static DW_PASSWORD_SALT_BYTES],
                      struct dw_arena *arena, struct dw_slice *ret_hash, struct dw_error *reterr)
{
    char encoded[MAX_ENCODED_BYTES];
    int code;

    if (!has_fair_length(password))
        return dw_fail(reterr, DW_INVALID_REQUEST, "a password must have 1 to %d bytes",
                       DW_PASSWORD_MAX_BYTES);
    count_run();
    code =
        argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.hidden.ptr, password.hidden.len,
                              salt, DW_PASSWORD_SALT_BYTES, HASH_BYTES, encoded, sizeof encoded);
    if (code != ARGON2_OK)
        return dw_fail_because(
            reterr, code == ARGON2_MEMORY_ALLOCATION_ERROR ? DW_NO_MEMORY : DW_UNAVAILABLE,
            "argon2", code, "hashing a password: %s", argon2_error_message(code));
    *ret_hash = dw_arena_copy(arena, dw_slice_from_text(encoded));
    if (!ret_hash->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return true;
}

bool dw_password_is_current(struct dw_slice hash)
{
    return dw_slice_starts_with(hash, DW_LIT("$argon2id$v=19$m=19456,t=2,p=1$"));
}

static bool eat_number(struct dw_slice *rest, struct dw_slice name, char end, int64_t max)
{
    struct dw_slice digits;
    int64_t number;

    return dw_slice_eat(rest, name) && dw_slice_split(rest, end, &digits) &&
           dw_text_to_int(digits, &number) && number >= 1 && number <= max;
}

/* "$argon2id$v=19$m=19456,t=2,p=1$": libargon2 reads it again, here it is only bounded. */
static bool is_affordable(struct dw_slice hash)
{
    return hash.len < MAX_ENCODED_BYTES && dw_slice_eat(&hash, DW_LIT("$argon2id$v=19$")) &&
           eat_number(&hash, DW_LIT("m="), ',', MAX_MEMORY_KIB) &&
           eat_number(&hash, DW_LIT("t="), ',', MAX_PASSES) &&
           eat_number(&hash, DW_LIT("p="), '$', MAX_LANES) && !dw_slice_contains(hash, 0);
}

static bool fail_argon2(int code, struct dw_error *reterr)
{
    return dw_fail_because(reterr,
                           code == ARGON2_MEMORY_ALLOCATION_ERROR ? DW_NO_MEMORY : DW_UNAVAILABLE,
                           "argon2", code, "verifying a password: %s", argon2_error_message(code));
}

bool dw_password_verify(struct dw_slice hash, struct dw_secret password, bool *ret_is_right,
                        struct dw_error *reterr)
{
    char encoded[MAX_ENCODED_BYTES];
    int code;

    *ret_is_right = false;
    if (!has_fair_length(password))
        return true;
    if (!is_affordable(hash))
        return dw_fail_because(reterr, DW_UNAVAILABLE, NULL, 0,
                               "a stored password hash is not an argon2id hash we can afford");
    memcpy(encoded, hash.ptr, hash.len);
    encoded[hash.len] = 0;
    count_run();
    code = argon2id_verify(encoded, password.hidden.ptr, password.hidden.len);
    *ret_is_right = code == ARGON2_OK;
    if (code == ARGON2_OK || code == ARGON2_VERIFY_MISMATCH)
        return true;
    return fail_argon2(code, reterr);
}

bool dw_password_verify_nobody(struct dw_secret password, struct dw_error *reterr)
{
    static const char salt[DW_PASSWORD_SALT_BYTES] = "nobody at all";
    unsigned char hash[HASH_BYTES];
    int code;

    if (!has_fair_length(password))
        return true;
    count_run();
    code = argon2id_hash_raw(PASSES, MEMORY_KIB, LANES, password.hidden.ptr, password.hidden.len,
                             salt, sizeof salt, hash, sizeof hash);
    return code == ARGON2_OK || fail_argon2(code, reterr);
}
