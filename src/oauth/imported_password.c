/* Reading custom_password_hash; see imported_password.h. */
#include "oauth/imported_password.h"

#include "base/text.h"
#include "json/json_writer.h"

/* What Auth0 asks of the hash: text as it was exported, or bytes in hex or base64; and whether a
 * salt may stand beside it. */
static const struct {
    const char *name;
    bool is_text, takes_salt;
} algorithms[] = {
    [DW_IMPORT_ARGON2] = {"argon2", true, false}, [DW_IMPORT_BCRYPT] = {"bcrypt", true, true},
    [DW_IMPORT_HMAC] = {"hmac", false, true},     [DW_IMPORT_LDAP] = {"ldap", true, false},
    [DW_IMPORT_MD4] = {"md4", false, true},       [DW_IMPORT_MD5] = {"md5", false, true},
    [DW_IMPORT_SHA1] = {"sha1", false, true},     [DW_IMPORT_SHA256] = {"sha256", false, true},
    [DW_IMPORT_SHA512] = {"sha512", false, true}, [DW_IMPORT_PBKDF2] = {"pbkdf2", true, false},
    [DW_IMPORT_SCRYPT] = {"scrypt", false, true},
};

bool dw_imported_password_is(struct dw_slice password_hash)
{
    return dw_slice_starts_with(password_hash, DW_LIT("{"));
}

static bool fail_member(const char *name, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_INVALID_REQUEST, "custom_password_hash: %s is not what it may be",
                   name);
}

/* Only the members in `known`, which has a blank before and after each. */
static bool check_members(const struct dw_json *object, const char *known, struct dw_arena *arena,
                          struct dw_error *reterr)
{
    for (size_t i = 0; object && i < object->object.count; i++) {
        struct dw_slice key = object->object.members[i].key;
        struct dw_slice word = dw_arena_printf(arena, " %.*s ", DW_PRINT(key));

        if (!word.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (dw_slice_contains(key, ' ') || !dw_slice_has(dw_slice_from_text(known), word))
            return dw_fail(reterr, DW_INVALID_REQUEST, "custom_password_hash: there is no %.*s",
                           DW_PRINT(key));
    }
    return true;
}

/* The object, or NULL when it is absent; of another type: false. */
static bool read_object(const struct dw_json *parent, const char *name, const char *known,
                        struct dw_arena *arena, const struct dw_json **ret_object,
                        struct dw_error *reterr)
{
    *ret_object = dw_json_get(parent, name);
    if (*ret_object && (*ret_object)->type != DW_JSON_OBJECT)
        return fail_member(name, reterr);
    return check_members(*ret_object, known, arena, reterr);
}

/* Auth0 takes the URL alphabet and missing padding, too. */
static bool unbase64(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                     struct dw_error *reterr)
{
    char *url;
    size_t len = text.len;

    while (len > 0 && text.ptr[len - 1] == '=')
        len--;
    url = dw_arena_text(arena, dw_slice_sub(text, 0, len));
    if (!url)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < len; i++)
        url[i] = url[i] == '+' ? '-' : url[i] == '/' ? '_' : url[i];
    return dw_text_unbase64url(dw_slice_from(url, len), arena, ret_bytes, reterr);
}

/* {"value":"...","encoding":"base64|hex|utf8"} as bytes. */
static bool read_value(const struct dw_json *object, const char *what, struct dw_arena *arena,
                       struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    struct dw_slice text = dw_json_text(object, "value");
    struct dw_slice encoding = dw_json_text(object, "encoding");
    struct dw_error error = {0};
    bool is_read = true;

    if (!text.ptr || (dw_json_get(object, "encoding") && !encoding.ptr))
        return fail_member(what, reterr);
    *ret_bytes = text;
    if (dw_slice_eq(encoding, DW_LIT("hex")))
        is_read = dw_text_unhex(text, arena, ret_bytes, &error);
    else if (dw_slice_eq(encoding, DW_LIT("base64")))
        is_read = unbase64(text, arena, ret_bytes, &error);
    else if (encoding.len > 0 && !dw_slice_eq(encoding, DW_LIT("utf8")))
        return fail_member(what, reterr);
    if (is_read)
        return true;
    if (error.code == DW_NO_MEMORY) {
        *reterr = error;
        return false;
    }
    return fail_member(what, reterr);
}

static bool read_hash(const struct dw_json *hash, struct dw_arena *arena,
                      struct dw_imported_hash *imported, struct dw_error *reterr)
{
    const struct dw_json *key;
    struct dw_slice encoding = dw_json_text(hash, "encoding");
    bool is_text = encoding.len == 0 || dw_slice_eq(encoding, DW_LIT("utf8"));

    if (!hash)
        return fail_member("hash", reterr);
    if (is_text != algorithms[imported->alg].is_text)
        return fail_member("hash.encoding", reterr);
    if (!read_value(hash, "hash", arena, &imported->value, reterr) ||
        !read_object(hash, "key", " value encoding ", arena, &key, reterr))
        return false;
    imported->digest = dw_json_text(hash, "digest");
    return !key || read_value(key, "key", arena, &imported->key, reterr);
}

static bool read_salt(const struct dw_json *salt, struct dw_arena *arena,
                      struct dw_imported_hash *imported, struct dw_error *reterr)
{
    struct dw_slice position = dw_json_text(salt, "position");

    if (!salt)
        return true;
    if (!algorithms[imported->alg].takes_salt)
        return fail_member("salt", reterr);
    if (dw_json_get(salt, "position") && !dw_slice_eq(position, DW_LIT("prefix")) &&
        !dw_slice_eq(position, DW_LIT("suffix")))
        return fail_member("salt.position", reterr);
    imported->is_salt_behind = dw_slice_eq(position, DW_LIT("suffix"));
    return read_value(salt, "salt", arena, &imported->salt, reterr);
}

static bool read_encoding(const struct dw_json *password, struct dw_imported_hash *imported,
                          struct dw_error *reterr)
{
    static const struct {
        const char *name;
        enum dw_import_password encoding;
    } encodings[] = {
        {"utf8", DW_IMPORT_PASSWORD_UTF8},     {"ascii", DW_IMPORT_PASSWORD_LATIN1},
        {"latin1", DW_IMPORT_PASSWORD_LATIN1}, {"binary", DW_IMPORT_PASSWORD_LATIN1},
        {"utf16le", DW_IMPORT_PASSWORD_UTF16}, {"ucs2", DW_IMPORT_PASSWORD_UTF16},
    };
    struct dw_slice name = dw_json_text(password, "encoding");

    if (!password || !dw_json_get(password, "encoding"))
        return true;
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++)
        if (dw_slice_eq(name, dw_slice_from_text(encodings[i].name))) {
            imported->password = encodings[i].encoding;
            return true;
        }
    return fail_member("password.encoding", reterr);
}

static bool read_numbers(const struct dw_json *object, struct dw_imported_hash *imported,
                         struct dw_error *reterr)
{
    const struct {
        const char *name;
        int64_t standard, *number;
    } numbers[] = {
        {"keylen", 0, &imported->key_len},
        {"cost", 16384, &imported->cost},
        {"blockSize", 8, &imported->block_size},
        {"parallelization", 1, &imported->parallelization},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *numbers[i].number = numbers[i].standard;
        if (dw_json_get(object, numbers[i].name) &&
            !dw_json_int(object, numbers[i].name, numbers[i].number))
            return fail_member(numbers[i].name, reterr);
    }
    return true;
}

static bool read_document(const struct dw_json *object, struct dw_arena *arena,
                          struct dw_imported_hash *ret_hash, struct dw_error *reterr)
{
    const struct dw_json *hash, *salt, *password;
    struct dw_slice algorithm = dw_json_text(object, "algorithm");
    size_t i = 0;

    *ret_hash = (struct dw_imported_hash){0};
    if (object->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "custom_password_hash must be an object");
    while (i < DW_IMPORT_ALG_COUNT &&
           !dw_slice_eq(algorithm, dw_slice_from_text(algorithms[i].name)))
        i++;
    if (i == DW_IMPORT_ALG_COUNT)
        return fail_member("algorithm", reterr);
    ret_hash->alg = (enum dw_import_alg)i;
    return check_members(object,
                         " algorithm hash salt password keylen cost blockSize parallelization ",
                         arena, reterr) &&
           read_object(object, "hash", " value encoding digest key ", arena, &hash, reterr) &&
           read_object(object, "salt", " value encoding position ", arena, &salt, reterr) &&
           read_object(object, "password", " encoding ", arena, &password, reterr) &&
           read_hash(hash, arena, ret_hash, reterr) && read_salt(salt, arena, ret_hash, reterr) &&
           read_encoding(password, ret_hash, reterr) && read_numbers(object, ret_hash, reterr) &&
           dw_imported_hash_check(ret_hash, arena, reterr);
}

bool dw_imported_password_parse(struct dw_slice json, struct dw_arena *arena,
                                struct dw_imported_hash *ret_hash, struct dw_error *reterr)
{
    const struct dw_json *document;

    if (json.len > DW_IMPORTED_PASSWORD_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_REQUEST, "custom_password_hash is too long");
    if (!dw_json_parse(json, arena, &document, reterr))
        return reterr->code != DW_NO_MEMORY &&
               dw_fail(reterr, DW_INVALID_REQUEST, "custom_password_hash is no JSON");
    return read_document(document, arena, ret_hash, reterr);
}

void dw_imported_password_from_bcrypt(struct dw_slice bcrypt, struct dw_buf *out)
{
    struct dw_json_writer json = dw_json_writer_to(out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "algorithm", DW_LIT("bcrypt"));
    dw_json_write_key(&json, DW_LIT("hash"));
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "value", bcrypt);
    dw_json_write_object_end(&json);
    dw_json_write_object_end(&json);
}
