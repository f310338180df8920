/* Password hashes of other systems, verified as they are: the eleven algorithms of Auth0's user
 * import. Weak ones are here to be replaced at the first login (crypto/password.h); nothing makes
 * new ones. What a hash may cost is limited before it is ever computed. */
#ifndef DW_CRYPTO_IMPORTED_HASH_H
#define DW_CRYPTO_IMPORTED_HASH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

enum dw_import_alg {
    DW_IMPORT_ARGON2,
    DW_IMPORT_BCRYPT,
    DW_IMPORT_HMAC,
    DW_IMPORT_LDAP,
    DW_IMPORT_MD4,
    DW_IMPORT_MD5,
    DW_IMPORT_SHA1,
    DW_IMPORT_SHA256,
    DW_IMPORT_SHA512,
    DW_IMPORT_PBKDF2,
    DW_IMPORT_SCRYPT,
    DW_IMPORT_ALG_COUNT
};

/* The bytes that are hashed of a password, which comes in UTF-8. */
enum dw_import_password {
    DW_IMPORT_PASSWORD_UTF8,
    DW_IMPORT_PASSWORD_LATIN1, /* ascii and binary as well, as in Node: the low byte */
    DW_IMPORT_PASSWORD_UTF16,  /* little-endian */
};

struct dw_imported_hash {
    enum dw_import_alg alg;
    /* argon2, bcrypt, ldap, pbkdf2: the text as it was exported ("$argon2id$v=19$...",
     * "$2b$10$...",
     * "{SSHA}...", "$pbkdf2-sha256$i=1000,l=32$salt$hash"); the others: the raw bytes */
    struct dw_slice value;
    struct dw_slice digest; /* hmac: md4 md5 ripemd160 sha1 sha224 sha256 sha384 sha512 whirlpool */
    struct dw_slice key;    /* hmac: raw bytes */
    struct dw_slice salt;   /* raw bytes; argon2, bcrypt, ldap and pbkdf2 have it in the text */
    bool is_salt_behind;    /* the password comes first */
    enum dw_import_password password;
    int64_t key_len, cost, block_size, parallelization; /* scrypt */
};

/* Most work that one verification may be: about a second of one core (measured in
 * docs/accounts.md). */
#define DW_IMPORT_BCRYPT_MAX_COST 14
#define DW_IMPORT_PBKDF2_MAX_WORK INT64_C(2000000)   /* iterations times blocks of output */
#define DW_IMPORT_SCRYPT_MAX_WORK (INT64_C(1) << 20) /* N * r * p: 128 MiB at p = 1 */
#define DW_IMPORT_ARGON2_MAX_KIB (128 * 1024)
#define DW_IMPORT_ARGON2_MAX_WORK (640 * 1024) /* KiB times passes */
#define DW_IMPORT_ARGON2_MAX_LANES 16

/* Whether it can be verified here, and within those limits. Fails with DW_INVALID_REQUEST and what
 * is wrong with it. */
bool dw_must_check dw_imported_hash_check(const struct dw_imported_hash *hash,
                                          struct dw_arena *arena, struct dw_error *reterr);
/* *ret_is_right. Checks the limits again. False is returned when it could not be found out:
 * DW_UNAVAILABLE, DW_NO_MEMORY. */
bool dw_must_check dw_imported_hash_verify(const struct dw_imported_hash *hash,
                                           struct dw_secret password, struct dw_arena *arena,
                                           bool *ret_is_right, struct dw_error *reterr);

#endif
