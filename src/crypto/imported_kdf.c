/* Imported hashes that are slow on purpose: bcrypt (libxcrypt), argon2 (libargon2), PBKDF2 and
 * scrypt (OpenSSL). What they ask for is judged before it is spent. */
#include "crypto/imported_hash_internal.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/thread_internal.h"

#define MIN_OUTPUT_BYTES 8 /* fewer are found by trying */
#define MAX_OUTPUT_BYTES 256
#define BCRYPT_MAX_BYTES 72 /* of salt and password; what is behind does not count */
#define BCRYPT_SALT_END 29  /* of "$2b$10$" and 22 characters */

static bool fail_hash(struct dw_error *reterr, const char *what)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "the password hash cannot be taken: %s", what);
}

/* ---- bcrypt ---- */

/* "$2b$10$" and 53 characters of salt and hash. */
static bool check_bcrypt(struct dw_slice value, struct dw_error *reterr)
{
    int64_t cost;

    if (value.len != 60 || value.ptr[0] != '$' || value.ptr[1] != '2' ||
        !strchr("aby", value.ptr[2]) || value.ptr[3] != '$' || value.ptr[6] != '$' ||
        !dw_text_to_int(dw_slice_sub(value, 4, 2), &cost))
        return fail_hash(reterr, "it is no bcrypt hash ($2a$, $2b$ or $2y$)");
    for (size_t i = 7; i < value.len; i++)
        if (!strchr("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                    value.ptr[i]) ||
            value.ptr[i] == '\0')
            return fail_hash(reterr, "it is no bcrypt hash ($2a$, $2b$ or $2y$)");
    if (cost < 4 || cost > DW_IMPORT_BCRYPT_MAX_COST)
        return fail_hash(reterr, "its bcrypt cost is not 4 to 14");
    return true;
}

static void free_crypt_data(struct crypt_data **data)
{
    if (*data)
        dw_mem_free_secret(*data, sizeof **data);
}

bool dw_import_bcrypt(struct dw_import_run *run, struct dw_error *reterr)
{
    dw_auto(free_crypt_data) struct crypt_data *data = NULL;
    struct dw_slice value = run->hash->value, bytes;
    char *setting, *password;
    const char *made;

    if (!check_bcrypt(value, reterr))
        return false;
    if (dw_slice_contains(run->hash->salt, '\0'))
        return fail_hash(reterr, "a salt beside bcrypt has no zero bytes");
    if (!run->password)
        return true;
    if (!dw_import_join(run, &bytes, reterr))
        return false;
    if (dw_slice_contains(bytes, '\0'))
        return true; /* the library would stop there */
    data = dw_mem_new(sizeof *data);
    setting = dw_arena_text(run->arena, value);
    password = dw_arena_text(run->arena, dw_slice_sub(bytes, 0, BCRYPT_MAX_BYTES));
    if (!data || !setting || !password)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    made = crypt_rn(password, setting, data, (int)sizeof *data);
    if (!made || strlen(made) != value.len)
        return dw_fail_because(reterr, DW_UNAVAILABLE, "crypt", 0, "bcrypt failed");
    run->is_right = dw_import_equal(dw_slice_sub(value, BCRYPT_SALT_END, value.len),
                                    made + BCRYPT_SALT_END, value.len - BCRYPT_SALT_END);
    return true;
}

/* ---- argon2 ---- */

static bool read_number(struct dw_slice digits, int64_t max, int64_t *ret_number)
{
    return digits.len > 0 && digits.ptr[0] != '0' && dw_text_to_int(digits, ret_number) &&
           *ret_number >= 1 && *ret_number <= max;
}

static bool eat_number(struct dw_slice *rest, struct dw_slice name, char end, int64_t max,
                       int64_t *ret_number)
{
    struct dw_slice digits;

    return dw_slice_eat(rest, name) && dw_slice_split(rest, end, &digits) &&
           read_number(digits, max, ret_number);
}

/* PHC strings have base64 without padding. */
static bool decode_b64(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                       struct dw_error *reterr)
{
    struct dw_slice padded =
        dw_arena_printf(arena, "%.*s%.*s", DW_PRINT(text), (int)((4 - text.len % 4) % 4), "===");
    struct dw_error error = {0};

    if (!padded.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (text.len > 0 && dw_text_unbase64(padded, arena, ret_bytes, &error) && ret_bytes->len > 0)
        return true;
    return error.code == DW_NO_MEMORY ? dw_fail(reterr, DW_NO_MEMORY, "out of memory")
                                      : fail_hash(reterr, "it is no base64 where it should be");
}

static bool check_output(size_t len, struct dw_error *reterr)
{
    return (len >= MIN_OUTPUT_BYTES && len <= MAX_OUTPUT_BYTES) ||
           fail_hash(reterr, "it is not 8 to 256 bytes long");
}

/* "$argon2id$v=19$m=65536,t=3,p=4$salt$hash"; older ones have no v. */
static bool check_argon2(struct dw_slice value, struct dw_arena *arena, argon2_type *ret_type,
                         struct dw_error *reterr)
{
    struct dw_slice rest = value, part, salt, output;
    int64_t memory_kib, passes, lanes;

    if (dw_slice_eat(&rest, DW_LIT("$argon2id$")))
        *ret_type = Argon2_id;
    else if (dw_slice_eat(&rest, DW_LIT("$argon2i$")))
        *ret_type = Argon2_i;
    else if (dw_slice_eat(&rest, DW_LIT("$argon2d$")))
        *ret_type = Argon2_d;
    else
        return fail_hash(reterr, "it is no argon2 string in PHC form");
    (void)(dw_slice_eat(&rest, DW_LIT("v=19$")) || dw_slice_eat(&rest, DW_LIT("v=16$")));
    if (!eat_number(&rest, DW_LIT("m="), ',', DW_IMPORT_ARGON2_MAX_KIB, &memory_kib) ||
        !eat_number(&rest, DW_LIT("t="), ',', DW_IMPORT_ARGON2_MAX_WORK, &passes) ||
        !eat_number(&rest, DW_LIT("p="), '$', DW_IMPORT_ARGON2_MAX_LANES, &lanes))
        return fail_hash(reterr, "its argon2 parameters are malformed or too large");
    if (memory_kib * passes > DW_IMPORT_ARGON2_MAX_WORK)
        return fail_hash(reterr, "its argon2 parameters ask for too much");
    if (memory_kib < lanes * 8) /* RFC 9106 section 3.1 */
        return fail_hash(reterr, "its argon2 memory is less than 8 KiB a lane");
    if (!dw_slice_split(&rest, '$', &part))
        return fail_hash(reterr, "it is no argon2 string in PHC form");
    if (!decode_b64(part, arena, &salt, reterr) || !decode_b64(rest, arena, &output, reterr))
        return false;
    if (salt.len < ARGON2_MIN_SALT_LENGTH)
        return fail_hash(reterr, "its argon2 salt is shorter than 8 bytes");
    return check_output(output.len, reterr);
}

bool dw_import_argon2(struct dw_import_run *run, struct dw_error *reterr)
{
    argon2_type type = Argon2_id;
    char *encoded;
    int code;

    if (!check_argon2(run->hash->value, run->arena, &type, reterr))
        return false;
    if (!run->password)
        return true;
    encoded = dw_arena_text(run->arena, run->hash->value);
    if (!encoded)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    code = argon2_verify(encoded, run->password->hidden.ptr, run->password->hidden.len, type);
    run->is_right = code == ARGON2_OK;
    if (code == ARGON2_OK || code == ARGON2_VERIFY_MISMATCH)
        return true;
    return dw_fail_because(reterr,
                           code == ARGON2_MEMORY_ALLOCATION_ERROR ? DW_NO_MEMORY : DW_UNAVAILABLE,
                           "argon2", code, "verifying a password: %s", argon2_error_message(code));
}

/* ---- pbkdf2 ---- */

struct pbkdf2 {
    const EVP_MD *md;
    int64_t iterations;
    struct dw_slice salt, output;
};

/* "i=100000,l=64$"; either or both may be left out: Auth0's standards count then. */
static bool eat_pbkdf2_numbers(struct dw_slice *rest, int64_t *iterations, int64_t *len)
{
    struct dw_slice numbers, number;

    *iterations = 100000;
    *len = 64;
    if (!dw_slice_starts_with(*rest, DW_LIT("i=")) && !dw_slice_starts_with(*rest, DW_LIT("l=")))
        return true;
    if (!dw_slice_split(rest, '$', &numbers))
        return false;
    while (dw_slice_split(&numbers, ',', &number))
        if (!(dw_slice_eat(&number, DW_LIT("i=")) && read_number(number, INT32_MAX, iterations)) &&
            !(dw_slice_eat(&number, DW_LIT("l=")) && read_number(number, MAX_OUTPUT_BYTES, len)))
            return false;
    return true;
}

/* "$pbkdf2-sha512$i=100000,l=64$salt$hash" */
static bool read_pbkdf2(struct dw_slice value, struct dw_arena *arena, struct pbkdf2 *ret_pbkdf2,
                        struct dw_error *reterr)
{
    struct dw_slice rest = value, digest, salt;
    int64_t len = 0, blocks;

    if (!dw_slice_eat(&rest, DW_LIT("$pbkdf2-")) || !dw_slice_split(&rest, '$', &digest) ||
        !eat_pbkdf2_numbers(&rest, &ret_pbkdf2->iterations, &len) ||
        !dw_slice_split(&rest, '$', &salt))
        return fail_hash(reterr, "it is no $pbkdf2-DIGEST$i=...,l=...$salt$hash");
    ret_pbkdf2->md = dw_import_md(digest);
    if (!ret_pbkdf2->md)
        return fail_hash(reterr, "its PBKDF2 digest is not there");
    if (!decode_b64(salt, arena, &ret_pbkdf2->salt, reterr) ||
        !decode_b64(rest, arena, &ret_pbkdf2->output, reterr))
        return false;
    if (!check_output(ret_pbkdf2->output.len, reterr))
        return false;
    if ((int64_t)ret_pbkdf2->output.len != len)
        return fail_hash(reterr, "its PBKDF2 output is not as long as it says");
    blocks = (len + EVP_MD_get_size(ret_pbkdf2->md) - 1) / EVP_MD_get_size(ret_pbkdf2->md);
    if (ret_pbkdf2->iterations * blocks > DW_IMPORT_PBKDF2_MAX_WORK)
        return fail_hash(reterr, "its PBKDF2 iterations ask for too much");
    return true;
}

static bool make_pbkdf2(const struct pbkdf2 *pbkdf2, struct dw_secret password,
                        unsigned char made[static MAX_OUTPUT_BYTES], struct dw_error *reterr)
{
    EVP_KDF *kdf = EVP_KDF_fetch(dw_import_context(), "PBKDF2", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[32];
    uint64_t iterations = (uint64_t)pbkdf2->iterations;
    int checks = 1; /* 1: no lower limits; OpenSSL's are above what others exported */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string("pass", (void *)(uintptr_t)password.hidden.ptr,
                                          password.hidden.len),
        OSSL_PARAM_construct_octet_string("salt", (void *)(uintptr_t)pbkdf2->salt.ptr,
                                          pbkdf2->salt.len),
        OSSL_PARAM_construct_uint64("iter", &iterations),
        OSSL_PARAM_construct_utf8_string("digest", digest, 0),
        OSSL_PARAM_construct_int("pkcs5", &checks),
        OSSL_PARAM_construct_end(),
    };
    bool is_made;

    snprintf(digest, sizeof digest, "%s", EVP_MD_get0_name(pbkdf2->md));
    is_made = context && EVP_KDF_derive(context, made, pbkdf2->output.len, params) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_made || dw_crypto_fail(reterr, "PBKDF2");
}

bool dw_import_pbkdf2(struct dw_import_run *run, struct dw_error *reterr)
{
    unsigned char made[MAX_OUTPUT_BYTES];
    struct pbkdf2 pbkdf2;

    if (!read_pbkdf2(run->hash->value, run->arena, &pbkdf2, reterr))
        return false;
    if (!run->password)
        return true;
    if (!make_pbkdf2(&pbkdf2, *run->password, made, reterr))
        return false;
    run->is_right = dw_import_equal(pbkdf2.output, made, pbkdf2.output.len);
    return true;
}

/* ---- scrypt ---- */

static bool check_scrypt(const struct dw_imported_hash *hash, struct dw_error *reterr)
{
    if (hash->cost < 2 || (hash->cost & (hash->cost - 1)) != 0 || hash->block_size < 1 ||
        hash->parallelization < 1 || hash->cost > DW_IMPORT_SCRYPT_MAX_WORK ||
        hash->block_size > DW_IMPORT_SCRYPT_MAX_WORK ||
        hash->parallelization > DW_IMPORT_SCRYPT_MAX_WORK)
        return fail_hash(reterr, "its scrypt parameters are malformed or too large");
    if (hash->cost * hash->block_size > DW_IMPORT_SCRYPT_MAX_WORK ||
        hash->cost * hash->block_size * hash->parallelization > DW_IMPORT_SCRYPT_MAX_WORK)
        return fail_hash(reterr, "its scrypt parameters ask for too much");
    if (hash->block_size < 4 && hash->cost >= INT64_C(1) << (16 * hash->block_size))
        return fail_hash(reterr, "its scrypt cost is too large for its blockSize"); /* RFC 7914 6 */
    if ((int64_t)hash->value.len != hash->key_len)
        return fail_hash(reterr, "its scrypt keylen is not its length");
    return check_output(hash->value.len, reterr);
}

bool dw_import_scrypt(struct dw_import_run *run, struct dw_error *reterr)
{
    const struct dw_imported_hash *hash = run->hash;
    unsigned char made[MAX_OUTPUT_BYTES];
    uint64_t max_bytes = 160ull * 1024 * 1024;

    if (!check_scrypt(hash, reterr))
        return false;
    if (!run->password)
        return true;
    if (EVP_PBE_scrypt(run->password->hidden.ptr, run->password->hidden.len,
                       (const unsigned char *)hash->salt.ptr, hash->salt.len, (uint64_t)hash->cost,
                       (uint64_t)hash->block_size, (uint64_t)hash->parallelization, max_bytes, made,
                       (size_t)hash->key_len) != 1)
        return dw_crypto_fail(reterr, "scrypt");
    run->is_right = dw_import_equal(hash->value, made, (size_t)hash->key_len);
    return true;
}
