/* crypto/password.h */
#include "test.h"

#include <malloc.h>
#include <sys/resource.h>

#include "crypto/password.h"

static struct dw_arena *arena;
static const unsigned char salt[DW_PASSWORD_SALT_BYTES] = "0123456789abcde";

static void only_the_password_itself_is_right(void **state)
{
    static const struct {
        const char *password;
        bool is_right;
    } cases[] = {{"correct horse", true},
                 {"Correct horse", false},
                 {"correct hors", false},
                 {"correct horse ", false},
                 {"", false}};
    struct dw_slice hash;
    struct dw_error error;

    (void)state;
    assert_done(dw_password_hash(dw_secret_from(S("correct horse")), salt, arena, &hash, &error),
                error);
    assert_true(dw_slice_starts_with(hash, S("$argon2id$v=19$m=19456,t=2,p=1$")));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_right = !cases[i].is_right;

        assert_done(
            dw_password_verify(hash, dw_secret_from(S(cases[i].password)), &is_right, &error),
            error);
        assert_int_equal(is_right, cases[i].is_right);
    }
}

static void hashes_that_cost_too_much_or_are_none_are_not_tried(void **state)
{
    static const char *const cases[] = {
        "",
        "plain",
        "$argon2id$v=19$m=4000000,t=2,p=1$c29tZXNhbHRzYWx0$AAAA",
        "$argon2id$v=19$m=19456,t=2000000,p=1$c29tZXNhbHRzYWx0$AAAA",
        "$argon2id$v=19$m=19456,t=2,p=255$c29tZXNhbHRzYWx0$AAAA",
        "$argon2id$v=19$m=-1,t=2,p=1$c29tZXNhbHRzYWx0$AAAA",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$$",
        "$argon2d$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$AAAA",
        "$2b$10$abcdefghijklmnopqrstuv",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_error error;
        bool is_right = true;

        assert_fails(dw_password_verify(S(cases[i]), dw_secret_from(S("x")), &is_right, &error),
                     error, DW_UNAVAILABLE);
        assert_false(is_right);
    }
}

static void an_empty_or_endless_password_is_refused(void **state)
{
    char endless[DW_PASSWORD_MAX_BYTES + 1];
    struct dw_slice hash;
    struct dw_error error;

    (void)state;
    memset(endless, 'x', sizeof endless);
    assert_fails(dw_password_hash(dw_secret_from(S("")), salt, arena, &hash, &error), error,
                 DW_INVALID_REQUEST);
    assert_fails(dw_password_hash(dw_secret_from(dw_slice_from(endless, sizeof endless)), salt,
                                  arena, &hash, &error),
                 error, DW_INVALID_REQUEST);
    assert_done(dw_password_verify_nobody(dw_secret_from(S("x")), &error), error);
}

/* Otherwise whoever has an account could be told from who has none. */
static void without_memory_nobody_fails_like_somebody(void **state)
{
#ifndef __SANITIZE_ADDRESS__ /* its malloc ends the process */
    struct rlimit before, none = {0};
    struct dw_slice hash;
    struct dw_error error = {0};
    bool is_right, did_verify, did_nobody;

    (void)state;
    assert_done(dw_password_hash(dw_secret_from(S("right")), salt, arena, &hash, &error), error);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    none.rlim_max = before.rlim_max;
    malloc_trim(0);
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    did_verify = dw_password_verify(hash, dw_secret_from(S("right")), &is_right, &error);
    did_nobody = dw_password_verify_nobody(dw_secret_from(S("right")), &error);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_false(did_verify);
    assert_false(did_nobody);
    assert_int_equal(error.code, DW_NO_MEMORY);
#else
    (void)state;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_password_itself_is_right),
        cmocka_unit_test(hashes_that_cost_too_much_or_are_none_are_not_tried),
        cmocka_unit_test(an_empty_or_endless_password_is_refused),
        cmocka_unit_test(without_memory_nobody_fails_like_somebody),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
