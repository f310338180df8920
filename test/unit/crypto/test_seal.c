/* crypto/seal.h: a sealed secret opens with its key in its place, and only then. */
#include "test.h"

#include "crypto/seal.h"

static struct dw_arena *arena;
static const unsigned char nonce[DW_SEAL_NONCE_BYTES] = "unique!";
#define KEY dw_secret_from(DW_LIT("0123456789abcdef0123456789abcdef"))

static struct dw_slice seal(struct dw_slice plain)
{
    struct dw_slice sealed;
    struct dw_error error;

    assert_done(dw_seal(KEY, nonce, S("key:1"), dw_secret_from(plain), arena, &sealed, &error),
                error);
    return sealed;
}

static void every_changed_byte_is_seen(void **state)
{
    struct dw_slice sealed = seal(S("a private key"));
    char *bytes = dw_arena_text(arena, sealed);

    (void)state;
    for (size_t at = 0; at < sealed.len; at++) {
        struct dw_secret plain;
        struct dw_error error;

        bytes[at] ^= 1;
        assert_fails(
            dw_unseal(KEY, S("key:1"), dw_slice_from(bytes, sealed.len), arena, &plain, &error),
            error, DW_UNAVAILABLE);
        assert_int_equal(plain.hidden.len, 0);
        bytes[at] ^= 1;
    }
}

static void another_place_key_or_length_does_not_open_it(void **state)
{
    struct dw_slice sealed = seal(S("a private key"));
    struct dw_secret plain;
    struct dw_error error;

    (void)state;
    assert_fails(dw_unseal(KEY, S("key:2"), sealed, arena, &plain, &error), error, DW_UNAVAILABLE);
    assert_fails(dw_unseal(KEY, S(""), sealed, arena, &plain, &error), error, DW_UNAVAILABLE);
    assert_fails(dw_unseal(dw_secret_from(S("0123456789abcdef0123456789abcdeF")), S("key:1"),
                           sealed, arena, &plain, &error),
                 error, DW_UNAVAILABLE);
    assert_fails(dw_unseal(dw_secret_from(S("short")), S("key:1"), sealed, arena, &plain, &error),
                 error, DW_INTERNAL);
    for (size_t len = 0; len < sealed.len; len++)
        assert_fails(
            dw_unseal(KEY, S("key:1"), dw_slice_sub(sealed, 0, len), arena, &plain, &error), error,
            DW_UNAVAILABLE);
}

static void what_was_sealed_comes_back(void **state)
{
    struct dw_secret plain;
    struct dw_error error;

    (void)state;
    assert_done(dw_unseal(KEY, S("key:1"), seal(S("a private key")), arena, &plain, &error), error);
    assert_slice(plain.hidden, "a private key");
    assert_done(dw_unseal(KEY, S("key:1"), seal(S("")), arena, &plain, &error), error);
    assert_slice(plain.hidden, "");
}

static void a_wrong_key_or_too_much_is_not_sealed(void **state)
{
    struct dw_slice huge = {dw_arena_alloc(arena, 1), DW_SEAL_MAX_BYTES + 1};
    struct dw_slice sealed;
    struct dw_error error;

    (void)state;
    assert_fails(dw_seal(dw_secret_from(S("short")), nonce, S(""), dw_secret_from(S("x")), arena,
                         &sealed, &error),
                 error, DW_INTERNAL);
    assert_fails(dw_seal(KEY, nonce, S(""), dw_secret_from(huge), arena, &sealed, &error), error,
                 DW_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_byte_is_seen),
        cmocka_unit_test(another_place_key_or_length_does_not_open_it),
        cmocka_unit_test(what_was_sealed_comes_back),
        cmocka_unit_test(a_wrong_key_or_too_much_is_not_sealed),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
