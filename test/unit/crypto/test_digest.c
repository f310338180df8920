/* crypto/digest.h and crypto/hmac.h against the vectors of FIPS 180-4 and RFC 4231. */
#include "test.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"

static struct dw_arena *arena;

static void check(enum dw_digest_alg alg, const char *text, const char *hex)
{
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    struct dw_error error;

    assert_done(dw_digest(alg, S(text), digest, &error), error);
    assert_slice(dw_text_hex(arena, dw_slice_from((char *)digest, dw_digest_size(alg))), hex);
}

static void digests_are_those_of_the_standard(void **state)
{
    (void)state;
    check(DW_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check(DW_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(DW_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(DW_SHA384, "abc",
          "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
          "8086072ba1e7cc2358baeca134c825a7");
    check(DW_SHA512, "abc",
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    check(DW_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void an_unknown_digest_is_refused(void **state)
{
    unsigned char digest[DW_DIGEST_MAX_BYTES];
    struct dw_error error;

    (void)state;
    assert_fails(dw_digest(DW_DIGEST_COUNT, S("abc"), digest, &error), error, DW_UNAVAILABLE);
    assert_int_equal(dw_digest_size(DW_DIGEST_COUNT), 0);
}

static void parts_do_not_run_into_each_other(void **state)
{
    struct dw_slice one[] = {DW_LIT("ab"), DW_LIT("c")};
    struct dw_slice other[] = {DW_LIT("a"), DW_LIT("bc")};
    struct dw_slice third[] = {DW_LIT("ab"), DW_LIT("c"), DW_LIT("")};
    unsigned char digests[3][DW_SHA256_BYTES];
    struct dw_error error;

    (void)state;
    assert_done(dw_sha256_parts((struct dw_slices){one, 2}, digests[0], &error), error);
    assert_done(dw_sha256_parts((struct dw_slices){other, 2}, digests[1], &error), error);
    assert_done(dw_sha256_parts((struct dw_slices){third, 3}, digests[2], &error), error);
    assert_memory_not_equal(digests[0], digests[1], DW_SHA256_BYTES);
    assert_memory_not_equal(digests[0], digests[2], DW_SHA256_BYTES);
}

static void a_pkce_challenge_is_the_one_of_rfc_7636(void **state)
{
    struct dw_slice challenge;
    struct dw_error error;

    (void)state;
    assert_done(dw_sha256_base64url(S("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), arena,
                                    &challenge, &error),
                error);
    assert_slice(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void hmac_is_that_of_rfc_4231(void **state)
{
    unsigned char mac[DW_HMAC_SHA256_BYTES];
    struct dw_error error;

    (void)state;
    assert_done(
        dw_hmac_sha256(dw_secret_from(S("Jefe")), S("what do ya want for nothing?"), mac, &error),
        error);
    assert_slice(dw_text_hex(arena, dw_slice_from((char *)mac, sizeof mac)),
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_fails(dw_hmac_sha256(dw_secret_from(S("")), S("x"), mac, &error), error, DW_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standard),
        cmocka_unit_test(an_unknown_digest_is_refused),
        cmocka_unit_test(parts_do_not_run_into_each_other),
        cmocka_unit_test(a_pkce_challenge_is_the_one_of_rfc_7636),
        cmocka_unit_test(hmac_is_that_of_rfc_4231),
    };

    arena = dw_arena_new(1 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
