/* oauth/imported_password.h and crypto/imported_hash.h */
#include "test.h"

#include "oauth/imported_password.h"

/* clang-format off */
#include "oauth/imported_passwords.h"
/* clang-format on */

static struct dw_arena *arena;

static int start(void **state)
{
    (void)state;
    arena = dw_arena_new((size_t)64 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    dw_arena_free(arena);
    return 0;
}

static bool is_right(const struct dw_imported_hash *hash, const char *password)
{
    struct dw_error error = {0};
    bool right = false;

    assert_done(dw_imported_hash_verify(hash, dw_secret_from(S(password)), arena, &right, &error),
                error);
    return right;
}

static void every_algorithm_knows_its_password_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
        struct dw_imported_hash hash;
        struct dw_error error = {0};

        if (!dw_imported_password_parse(S(known_answers[i].json), arena, &hash, &error))
            fail_msg("%s: %s", known_answers[i].json, error.message);
        if (!is_right(&hash, known_answers[i].password))
            fail_msg("%s is not %s", known_answers[i].json, known_answers[i].password);
        assert_false(is_right(&hash, "another password"));
        assert_false(is_right(&hash, ""));
        if (hash.salt.len > 0 && hash.alg != DW_IMPORT_SCRYPT) {
            hash.is_salt_behind = !hash.is_salt_behind;
            assert_false(is_right(&hash, known_answers[i].password));
        }
    }
}

/* What an import could do to a login: these would take minutes, or all memory. */
static void a_hash_that_asks_for_too_much_is_refused(void **state)
{
    static const char *const hostile[] = {
        "{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$2b$15$"
        "abcdefghijklmnopqrstuvabcdefghijklmn"
        "opqrstuvabcdefghi\"}}",
        "{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$2b$31$"
        "abcdefghijklmnopqrstuvabcdefghijklmn"
        "opqrstuvabcdefghi\"}}",
        "{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=4194304,t=1,p=1$"
        "c2FsdHNhbHQ"
        "$AAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=65536,t=1000,p=1$"
        "c2FsdHNhbH"
        "Q$AAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=65536,t=1,p=1000$"
        "c2FsdHNhbH"
        "Q$AAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=8,t=99999999999999999999,"
        "p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-sha256$i=100000000,l=32$c2FsdA$"
        "AAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-md5$i=3000000,l=32$c2FsdA$AAAAA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
        "{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
        "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"cost\":1048576}",
        "{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
        "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"parallelization\":1000000}",
        "{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
        "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"blockSize\":1000000}",
        "{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
        "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"cost\":4611686018427387904,\"blockSize\":4}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct dw_imported_hash hash;
        struct dw_error error = {0};

        if (dw_imported_password_parse(S(hostile[i]), arena, &hash, &error))
            fail_msg("%s", hostile[i]);
        assert_int_equal(error.code, DW_INVALID_REQUEST);
    }
}

static void what_is_malformed_is_refused_and_says_where(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{}", "algorithm"},
        {"[]", "must be an object"},
        {"nonsense", "no JSON"},
        {"{\"algorithm\":\"rot13\",\"hash\":{\"value\":\"x\"}}", "algorithm"},
        {"{\"algorithm\":\"md5\"}", "hash"},
        {"{\"algorithm\":\"md5\",\"hash\":\"x\"}", "hash"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":1}}", "hash"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"zz\",\"encoding\":\"hex\"}}", "hash"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"aa\",\"encoding\":\"rot13\"}}", "hash"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"aa\",\"encoding\":\"hex\"}}",
         "not as long as its algorithm"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"\",\"encoding\":\"hex\"}}", "empty"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"0123456789abcdef\"}}", "hash.encoding"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\"},\"salt\":{\"value\":"
         "\"s\",\"position\":\"middle\"}}",
         "salt.position"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\"},\"password\":{"
         "\"encoding\":\"ebcdic\"}}",
         "password.encoding"},
        {"{\"algorithm\":\"md5\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\"},\"extra\":1}",
         "there is no extra"},
        {"{\"algorithm\":\"hmac\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\",\"digest\":\"md5\"}}",
         "key"},
        {"{\"algorithm\":\"hmac\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\",\"digest\":\"crc32\","
         "\"key\":{\"value\":\"k\"}}}",
         "digest"},
        {"{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$1$abc$def\"}}", "bcrypt"},
        {"{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$2x$10$"
         "abcdefghijklmnopqrstuvabcdefghijklm"
         "nopqrstuvabcdefghi\"}}",
         "bcrypt"},
        {"{\"algorithm\":\"ldap\",\"hash\":{\"value\":\"{CRYPT}abc\"}}", "LDAP"},
        {"{\"algorithm\":\"ldap\",\"hash\":{\"value\":\"{SSHA}!!\"}}", "base64"},
        {"{\"algorithm\":\"ldap\",\"hash\":{\"value\":\"{SSHA}AAAA\"}}", "length"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$"
         "c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\",\"encoding\":\"hex\"}}",
         "hash.encoding"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$"
         "c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/"
         "p2zTh6Qi16u669lkJGY\"},\"salt\":{\"value\":\"s\"}}",
         "salt"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$"
         "c2FsdHNhbHRzYWx0\"}}",
         "base64"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$"
         "c2FsdHNhbHRzYWx0$PsZiMQ\"}}",
         "8 to 256"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$c2FsdA$"
         "PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\"}}",
         "salt is shorter"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=8,t=2,p=4$"
         "c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\"}}",
         "8 KiB a lane"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=02,p=1$"
         "c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\"}}",
         "malformed"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1$"
         "c2FsdHNhbHRzYWx0$P$ZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\"}}",
         "base64"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2id$v=19$m=1024,t=2,p=1,keyid=AAAA$"
         "c2FsdHNhbHRzYWx0$PsZiMeY5O7akai9k7Hchwo+/p2zTh6Qi16u669lkJGY\"}}",
         "malformed"},
        {"{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$2b$04$"
         "abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\"}}",
         "bcrypt"},
        {"{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"$2b$04$"
         "abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu\"},\"salt\":{\"value\":\"0041\","
         "\"encoding\":\"hex\"}}",
         "zero bytes"},
        {"{\"algorithm\":\"ldap\",\"hash\":{\"value\":\"{SHA}frAN3IMtnbulsILQskOMSwrxCBA=\"},"
         "\"salt\":{\"value\":\"s\"}}",
         "salt"},
        {"{\"algorithm\":\"ldap\",\"hash\":{\"value\":\"{SHA}frAN3IMtnbulsILQskOMSwrxCBA=\","
         "\"encoding\":\"base64\"}}",
         "hash.encoding"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-sha256$i=1000,l=32$c2FsdA$"
         "RhhxBxDhqrPFXm5LjFmjhQ\"}}",
         "not as long"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-sha256$i=1000,l=32,x=1$c2FsdA$"
         "RhhxBxDhqrPFXm5LjFmjhQ\"}}",
         "pbkdf2"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-sha256$c2FsdA$"
         "RhhxBxDhqrPFXm5LjFmjhTE88maBF3R0XaDRUFHzOfo\"}}",
         "not as long"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-mdc2$i=1000,l=16$c2FsdA$"
         "RhhxBxDhqrPFXm5LjFmjhQ\"}}",
         "digest is not there"},
        {"{\"algorithm\":\"hmac\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\",\"key\":{\"value\":\"k\"}}}",
         "digest"},
        {"{\"algorithm\":\"hmac\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\",\"digest\":\"md5\",\"key\":{\"value\":\"zz\",\"encoding\":\"hex\"}}"
         "}",
         "key"},
        {"{\"algorithm\":\"sha1\",\"hash\":{\"value\":\"0123456789abcdef0123456789abcdef\","
         "\"encoding\":\"hex\"}}",
         "not as long"},
        {"{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
         "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"cost\":65536,\"blockSize\":1}",
         "too large for its blockSize"},
        {"{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
         "\"keylen\":9}",
         "not its length"},
        {"{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"00112233\",\"encoding\":\"hex\"},"
         "\"keylen\":4}",
         "8 to 256"},
        {"{\"algorithm\":\"argon2\",\"hash\":{\"value\":\"$argon2x$v=19$m=8,t=1,p=1$a$b\"}}",
         "argon2"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-sha256$i=1000$c2FsdA$AA\"}}",
         "8 to 256"},
        {"{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":\"$pbkdf2-crc$i=1000,l=1$c2FsdA$AA\"}}",
         "PBKDF2"},
        {"{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
         "\"salt\":{\"value\":\"s\"},\"keylen\":8,\"cost\":1000}",
         "scrypt"},
        {"{\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"0011223344556677\",\"encoding\":\"hex\"},"
         "\"salt\":{\"value\":\"s\"}}",
         "keylen"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_imported_hash hash;
        struct dw_error error = {0};

        if (dw_imported_password_parse(S(cases[i].json), arena, &hash, &error))
            fail_msg("%s", cases[i].json);
        assert_int_equal(error.code, DW_INVALID_REQUEST);
        if (!dw_slice_has(S(error.message), S(cases[i].text)))
            fail_msg("%s: %s", cases[i].json, error.message);
    }
}

static void a_bare_bcrypt_hash_is_one_of_them(void **state)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_imported_hash hash;
    struct dw_error error = {0};

    (void)state;
    dw_imported_password_from_bcrypt(
        S("$2b$04$abcdefghijklmnopqrstuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"), &out);
    assert_true(dw_imported_password_is(dw_buf_view(&out)));
    assert_false(dw_imported_password_is(S("$argon2id$v=19$m=19456,t=2,p=1$a$b")));
    assert_false(dw_imported_password_is(DW_EMPTY));
    assert_done(dw_imported_password_parse(dw_buf_view(&out), arena, &hash, &error), error);
    assert_int_equal(hash.alg, DW_IMPORT_BCRYPT);
}

static void a_password_that_is_no_text_is_wrong(void **state)
{
    struct dw_imported_hash hash;
    struct dw_error error = {0};
    bool right = true;

    (void)state;
    for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
        assert_done(dw_imported_password_parse(S(known_answers[i].json), arena, &hash, &error),
                    error);
        assert_done(
            dw_imported_hash_verify(&hash, dw_secret_from(S("\xff\xfe")), arena, &right, &error),
            error);
        assert_false(right);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_algorithm_knows_its_password_and_no_other),
        CASE(a_hash_that_asks_for_too_much_is_refused),
        CASE(what_is_malformed_is_refused_and_says_where),
        CASE(a_bare_bcrypt_hash_is_one_of_them),
        CASE(a_password_that_is_no_text_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
