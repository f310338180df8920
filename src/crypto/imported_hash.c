/* Imported hashes that are plain digests, with a salt or a key; see imported_hash.h. */
#include "crypto/imported_hash_internal.h"

#include <openssl/provider.h>
#include <pthread.h>

#include "base/text.h"
#include "crypto/password.h"
#include "crypto/thread_internal.h"

static bool fail_hash(struct dw_error *reterr, const char *what)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "the password hash cannot be taken: %s", what);
}

bool dw_import_equal(struct dw_slice expected, const void *made, size_t len)
{
    return dw_secret_eq(dw_secret_from(expected), dw_secret_from(dw_slice_from(made, len)));
}

/* ---- digests ---- */

static const struct {
    const char *name;    /* Auth0's, in lower case */
    const char *openssl; /* OpenSSL's */
} digests[] = {
    {"md4", "MD4"},
    {"md5", "MD5"},
    {"sha1", "SHA1"},
    {"sha256", "SHA256"},
    {"sha512", "SHA512"},
    {"sha224", "SHA224"},
    {"sha384", "SHA384"},
    {"ripemd160", "RIPEMD160"},
    {"whirlpool", "WHIRLPOOL"},
};
#define MD_COUNT (sizeof digests / sizeof *digests)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context;
static EVP_MD *mds[MD_COUNT];

/* In a context of its own: the legacy provider in the main one would offer its algorithms to
 * everything else. It stays until the process ends. */
static void fetch_digests(void)
{
    context = OSSL_LIB_CTX_new();
    if (!context || !OSSL_PROVIDER_load(context, "default"))
        return;
    (void)OSSL_PROVIDER_load(context, "legacy"); /* without it there is no md4 and no whirlpool */
    for (size_t i = 0; i < MD_COUNT; i++)
        mds[i] = EVP_MD_fetch(context, digests[i].openssl, NULL);
}

/* OpenSSL 1 had more names for them, some with the signature they were used in. */
static struct dw_slice plain_name(struct dw_slice name)
{
    static const struct dw_slice prefixes[] = {{"rsa-", 4}, {"ssl3-", 5}};
    static const struct dw_slice suffixes[] = {{"withrsaencryption", 17}, {"withrsa", 7}};

    for (size_t i = 0; i < 2; i++)
        (void)dw_slice_eat_nocase(&name, prefixes[i]);
    for (size_t i = 0; i < 2; i++)
        if (name.len > suffixes[i].len &&
            dw_slice_eq_nocase(dw_slice_sub(name, name.len - suffixes[i].len, suffixes[i].len),
                               suffixes[i]))
            name.len -= suffixes[i].len;
    if (dw_slice_eq_nocase(name, DW_LIT("sha1-2")))
        return DW_LIT("sha1");
    if (dw_slice_eq_nocase(name, DW_LIT("ripemd")) || dw_slice_eq_nocase(name, DW_LIT("rmd160")))
        return DW_LIT("ripemd160");
    return name;
}

const EVP_MD *dw_import_md(struct dw_slice name)
{
    if (pthread_once(&once, fetch_digests) != 0)
        return NULL;
    name = plain_name(name);
    for (size_t i = 0; i < MD_COUNT; i++)
        if (dw_slice_eq_nocase(name, dw_slice_from_text(digests[i].name)))
            return mds[i];
    return NULL;
}

OSSL_LIB_CTX *dw_import_context(void)
{
    return pthread_once(&once, fetch_digests) == 0 ? context : NULL;
}

/* ---- the bytes of a password ---- */

/* The next character of valid UTF-8. */
static uint32_t next_character(struct dw_slice text, size_t *at)
{
    unsigned char first = (unsigned char)text.ptr[*at];
    int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t character = more == 0 ? first : first & (0x3fu >> more);

    for ((*at)++; more > 0 && *at < text.len; more--, (*at)++)
        character = character << 6 | ((unsigned char)text.ptr[*at] & 0x3f);
    return character;
}

/* latin1 is the low byte of each unit, as in Node: a surrogate pair has two. */
static void add_unit(const struct dw_imported_hash *hash, char *out, size_t *len, uint32_t unit)
{
    out[(*len)++] = (char)(unit & 0xff);
    if (hash->password == DW_IMPORT_PASSWORD_UTF16)
        out[(*len)++] = (char)(unit >> 8);
}

static bool encode(const struct dw_imported_hash *hash, struct dw_secret password,
                   struct dw_arena *arena, struct dw_secret *ret_bytes, struct dw_error *reterr)
{
    struct dw_slice text = password.hidden;
    char *out;
    size_t len = 0;

    *ret_bytes = password;
    if (hash->password == DW_IMPORT_PASSWORD_UTF8)
        return true;
    out = dw_arena_alloc(arena, text.len * 2 + 2);
    if (!out)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < text.len;) {
        uint32_t character = next_character(text, &at);

        if (character >= 0x10000) { /* a surrogate pair */
            add_unit(hash, out, &len, 0xd800 + ((character - 0x10000) >> 10));
            character = 0xdc00 + ((character - 0x10000) & 0x3ff);
        }
        add_unit(hash, out, &len, character);
    }
    ret_bytes->hidden = dw_slice_from(out, len);
    return true;
}

/* ---- md4 md5 sha1 sha256 sha512 hmac ---- */

bool dw_import_join(const struct dw_import_run *run, struct dw_slice *ret_bytes,
                    struct dw_error *reterr)
{
    struct dw_slice password = run->password->hidden, salt = run->hash->salt;
    char *bytes = dw_arena_alloc(run->arena, password.len + salt.len + 1);
    struct dw_slice first = run->hash->is_salt_behind ? password : salt;
    struct dw_slice second = run->hash->is_salt_behind ? salt : password;

    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (first.len > 0)
        memcpy(bytes, first.ptr, first.len);
    if (second.len > 0)
        memcpy(bytes + first.len, second.ptr, second.len);
    *ret_bytes = dw_slice_from(bytes, first.len + second.len);
    return true;
}

static bool make_digest(const struct dw_import_run *run, const EVP_MD *md, struct dw_slice bytes,
                        unsigned char made[static EVP_MAX_MD_SIZE], size_t *ret_len,
                        struct dw_error *reterr)
{
    unsigned len = 0;

    if (run->hash->alg == DW_IMPORT_HMAC) {
        if (!EVP_Q_mac(context, "HMAC", NULL, EVP_MD_get0_name(md), NULL, run->hash->key.ptr,
                       run->hash->key.len, (const unsigned char *)bytes.ptr, bytes.len, made,
                       EVP_MAX_MD_SIZE, ret_len))
            return dw_crypto_fail(reterr, "hashing a password");
        return true;
    }
    if (EVP_Digest(bytes.ptr, bytes.len, made, &len, md, NULL) != 1)
        return dw_crypto_fail(reterr, "hashing a password");
    *ret_len = len;
    return true;
}

static bool run_digest(struct dw_import_run *run, const EVP_MD *md, struct dw_error *reterr)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    struct dw_slice bytes = DW_EMPTY;
    size_t len = 0;

    if (!md)
        return fail_hash(reterr, "this digest is not there");
    if (run->hash->value.len != (size_t)EVP_MD_get_size(md))
        return fail_hash(reterr, "it is not as long as its algorithm makes them");
    if (!run->password)
        return true;
    if (!dw_import_join(run, &bytes, reterr) || !make_digest(run, md, bytes, made, &len, reterr))
        return false;
    run->is_right = dw_import_equal(run->hash->value, made, len);
    return true;
}

static bool run_plain(struct dw_import_run *run, struct dw_error *reterr)
{
    static const char *const names[DW_IMPORT_ALG_COUNT] = {
        [DW_IMPORT_MD4] = "md4",       [DW_IMPORT_MD5] = "md5",       [DW_IMPORT_SHA1] = "sha1",
        [DW_IMPORT_SHA256] = "sha256", [DW_IMPORT_SHA512] = "sha512",
    };

    return run_digest(run, dw_import_md(dw_slice_from_text(names[run->hash->alg])), reterr);
}

static bool run_hmac(struct dw_import_run *run, struct dw_error *reterr)
{
    if (run->hash->key.len == 0)
        return fail_hash(reterr, "an HMAC needs its key");
    return run_digest(run, dw_import_md(run->hash->digest), reterr);
}

/* ---- ldap: RFC 2307 userPassword ---- */

static const struct {
    struct dw_slice scheme;
    const char *digest;
    bool is_salted;
} schemes[] = {
    {{"{MD5}", 5}, "md5", false},       {{"{SMD5}", 6}, "md5", true},
    {{"{SHA}", 5}, "sha1", false},      {{"{SSHA}", 6}, "sha1", true},
    {{"{SHA224}", 8}, "sha224", false}, {{"{SSHA224}", 9}, "sha224", true},
    {{"{SHA256}", 8}, "sha256", false}, {{"{SSHA256}", 9}, "sha256", true},
    {{"{SHA384}", 8}, "sha384", false}, {{"{SSHA384}", 9}, "sha384", true},
    {{"{SHA512}", 8}, "sha512", false}, {{"{SSHA512}", 9}, "sha512", true},
};

/* The digest of password and salt, and behind it the salt. */
static bool run_ldap(struct dw_import_run *run, struct dw_error *reterr)
{
    struct dw_imported_hash plain = {.alg = DW_IMPORT_SHA1, .is_salt_behind = true};
    struct dw_import_run inner = {&plain, run->password, run->arena, false};
    struct dw_slice rest = run->hash->value, bytes;
    const EVP_MD *md = NULL;
    size_t i = 0, size;

    while (i < sizeof schemes / sizeof *schemes && !dw_slice_eat_nocase(&rest, schemes[i].scheme))
        i++;
    if (i < sizeof schemes / sizeof *schemes)
        md = dw_import_md(dw_slice_from_text(schemes[i].digest));
    if (!md)
        return fail_hash(reterr, "its LDAP scheme is not one of MD5, SMD5, SHA*, SSHA*");
    if (!dw_text_unbase64(rest, run->arena, &bytes, reterr))
        return reterr->code != DW_NO_MEMORY && fail_hash(reterr, "its LDAP value is no base64");
    size = (size_t)EVP_MD_get_size(md);
    if (bytes.len < size || (bytes.len == size) == schemes[i].is_salted)
        return fail_hash(reterr, "its LDAP value has the wrong length");
    plain.value = dw_slice_sub(bytes, 0, size);
    plain.salt = dw_slice_sub(bytes, size, bytes.len);
    if (!run_digest(&inner, md, reterr))
        return false;
    run->is_right = inner.is_right;
    return true;
}

/* ---- all of them ---- */

static dw_import_function *const functions[DW_IMPORT_ALG_COUNT] = {
    [DW_IMPORT_ARGON2] = dw_import_argon2, [DW_IMPORT_BCRYPT] = dw_import_bcrypt,
    [DW_IMPORT_HMAC] = run_hmac,           [DW_IMPORT_LDAP] = run_ldap,
    [DW_IMPORT_MD4] = run_plain,           [DW_IMPORT_MD5] = run_plain,
    [DW_IMPORT_SHA1] = run_plain,          [DW_IMPORT_SHA256] = run_plain,
    [DW_IMPORT_SHA512] = run_plain,        [DW_IMPORT_PBKDF2] = dw_import_pbkdf2,
    [DW_IMPORT_SCRYPT] = dw_import_scrypt,
};

static bool run_function(struct dw_import_run *run, struct dw_error *reterr)
{
    const struct dw_imported_hash *hash = run->hash;

    if ((unsigned)hash->alg >= DW_IMPORT_ALG_COUNT)
        return fail_hash(reterr, "its algorithm is unknown");
    if (hash->value.len == 0 || hash->value.len > DW_IMPORT_MAX_BYTES ||
        hash->salt.len > DW_IMPORT_MAX_BYTES || hash->key.len > DW_IMPORT_MAX_BYTES)
        return fail_hash(reterr, "it is empty, or a part of it is too long");
    return functions[hash->alg](run, reterr);
}

bool dw_imported_hash_check(const struct dw_imported_hash *hash, struct dw_arena *arena,
                            struct dw_error *reterr)
{
    struct dw_import_run run = {.hash = hash, .arena = arena};

    return run_function(&run, reterr);
}

bool dw_imported_hash_verify(const struct dw_imported_hash *hash, struct dw_secret password,
                             struct dw_arena *arena, bool *ret_is_right, struct dw_error *reterr)
{
    struct dw_secret bytes;
    struct dw_import_run run = {.hash = hash, .password = &bytes, .arena = arena};
    struct dw_error error = {0};

    *ret_is_right = false;
    if (password.hidden.len == 0 || password.hidden.len > DW_PASSWORD_MAX_BYTES ||
        !dw_text_is_utf8(password.hidden))
        return true;
    if (!encode(hash, password, arena, &bytes, reterr))
        return false;
    if (run_function(&run, &error)) {
        *ret_is_right = run.is_right;
        return true;
    }
    if (error.code == DW_INVALID_REQUEST)
        return dw_fail_because(reterr, DW_UNAVAILABLE, NULL, 0, "%s", error.message);
    *reterr = error;
    return false;
}
