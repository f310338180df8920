/* crypto/sign.h: every scheme verifies what it made, and nothing else. */
#include "test.h"

#include <pthread.h>

#include "base/text.h"
#include "crypto/sign.h"

#define SCHEMES 10

static const struct row {
    enum dw_key_type type;
    struct dw_sign_scheme scheme;
    size_t signature_bytes;
} rows[SCHEMES] = {
    {DW_KEY_RSA, {DW_SHA256, DW_SIGN_PKCS1}, 256},
    {DW_KEY_RSA, {DW_SHA384, DW_SIGN_PKCS1}, 256},
    {DW_KEY_RSA, {DW_SHA512, DW_SIGN_PKCS1}, 256},
    {DW_KEY_RSA, {DW_SHA256, DW_SIGN_PSS}, 256},
    {DW_KEY_RSA, {DW_SHA384, DW_SIGN_PSS}, 256},
    {DW_KEY_RSA, {DW_SHA512, DW_SIGN_PSS}, 256},
    {DW_KEY_P256, {DW_SHA256, DW_SIGN_PLAIN}, 64},
    {DW_KEY_P384, {DW_SHA384, DW_SIGN_PLAIN}, 96},
    {DW_KEY_P521, {DW_SHA512, DW_SIGN_PLAIN}, 132},
    {DW_KEY_ED25519, {DW_SHA512, DW_SIGN_PLAIN}, 64},
};

static struct dw_arena *arena;
static struct dw_key *keys[DW_KEY_TYPE_COUNT];

static bool is_valid(const struct dw_key *key, struct dw_sign_scheme scheme, struct dw_slice bytes,
                     struct dw_slice signature)
{
    struct dw_error error;
    bool answer = true;

    assert_done(dw_sign_verify(key, scheme, bytes, signature, &answer, &error), error);
    return answer;
}

static struct dw_slice sign(const struct row *row, struct dw_slice bytes)
{
    struct dw_slice signature;
    struct dw_error error;

    assert_done(dw_sign_make(keys[row->type], row->scheme, bytes, arena, &signature, &error),
                error);
    assert_int_equal(signature.len, row->signature_bytes);
    return signature;
}

static void a_changed_bit_anywhere_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMES; i++) {
        struct dw_slice good = sign(&rows[i], S("the message"));
        char *bad = dw_arena_text(arena, good);

        for (size_t at = 0; at < good.len; at += 7) {
            bad[at] ^= 0x10;
            assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("the message"),
                                  dw_slice_from(bad, good.len)));
            bad[at] ^= 0x10;
        }
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("The message"), good));
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S(""), good));
        /* a refusal leaves the kept context usable */
        assert_true(is_valid(keys[rows[i].type], rows[i].scheme, S("the message"), good));
    }
}

static void a_signature_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMES; i++) {
        struct dw_slice good = sign(&rows[i], S("x"));
        char longer[DW_SIGNATURE_MAX_BYTES + 1] = {0};

        memcpy(longer + 1, good.ptr, good.len);
        for (size_t len = 0; len < good.len; len += 5)
            assert_false(
                is_valid(keys[rows[i].type], rows[i].scheme, S("x"), dw_slice_sub(good, 0, len)));
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("x"),
                              dw_slice_from(longer, good.len + 1)));
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("x"),
                              dw_slice_from(longer + 1, good.len + 1)));
    }
}

static void zeros_and_ones_are_no_signature(void **state)
{
    unsigned char bytes[DW_SIGNATURE_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < SCHEMES; i++) {
        size_t len = rows[i].signature_bytes;

        for (int fill = 0; fill < 256; fill += 85) {
            memset(bytes, fill, sizeof bytes);
            assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("x"),
                                  dw_slice_from((char *)bytes, len)));
        }
        memset(bytes, 0, sizeof bytes); /* r = 0, s = 1 and r = 1, s = 0 */
        bytes[len - 1] = 1;
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("x"),
                              dw_slice_from((char *)bytes, len)));
        bytes[len - 1] = 0;
        bytes[len / 2 - 1] = 1;
        assert_false(is_valid(keys[rows[i].type], rows[i].scheme, S("x"),
                              dw_slice_from((char *)bytes, len)));
    }
}

static void one_scheme_does_not_pass_for_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct dw_slice good = sign(&rows[i], S("x"));

        for (size_t j = 0; j < 6; j++)
            assert_int_equal(is_valid(keys[DW_KEY_RSA], rows[j].scheme, S("x"), good), i == j);
    }
}

static void a_scheme_that_does_not_fit_the_key_is_an_error(void **state)
{
    static const struct row crooked[] = {
        {DW_KEY_RSA, {DW_SHA256, DW_SIGN_PLAIN}, 256},
        {DW_KEY_RSA, {DW_SHA1, DW_SIGN_PKCS1}, 256},
        {DW_KEY_RSA, {DW_DIGEST_COUNT, DW_SIGN_PKCS1}, 256},
        {DW_KEY_P256, {DW_SHA256, DW_SIGN_PKCS1}, 64},
        {DW_KEY_P256, {DW_SHA1, DW_SIGN_PLAIN}, 64},
        {DW_KEY_ED25519, {DW_SHA256, DW_SIGN_PSS}, 64},
    };

    (void)state;
    for (size_t i = 0; i < sizeof crooked / sizeof *crooked; i++) {
        struct dw_key *key = keys[crooked[i].type];
        struct dw_slice signature;
        struct dw_error error;
        bool answer = true;

        assert_fails(dw_sign_make(key, crooked[i].scheme, S("x"), arena, &signature, &error), error,
                     DW_INTERNAL);
        assert_fails(dw_sign_verify(key, crooked[i].scheme, S("x"), S("y"), &answer, &error), error,
                     DW_INTERNAL);
        assert_false(answer);
    }
}

static void a_public_key_does_not_sign(void **state)
{
    struct dw_key_parts parts;
    struct dw_slice signature;
    struct dw_error error;
    dw_auto(dw_key_auto_unref) struct dw_key *public = NULL;

    (void)state;
    assert_done(dw_key_parts(keys[DW_KEY_P256], arena, &parts, &error), error);
    public = dw_key_from_parts(&parts, &error);
    assert_fails(dw_sign_make(public, rows[6].scheme, S("x"), arena, &signature, &error), error,
                 DW_INTERNAL);
}

/* More keys than a thread keeps contexts for, used in turn: each still answers for itself. */
static void keys_that_push_each_other_out_are_not_mixed_up(void **state)
{
    struct dw_key *many[40];
    struct dw_slice signatures[40];
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        many[i] = dw_key_generate(DW_KEY_P256, 0, &error);
        assert_non_null(many[i]);
        assert_done(dw_sign_make(many[i], rows[6].scheme, S("x"), arena, &signatures[i], &error),
                    error);
    }
    for (size_t i = 0; i < 40; i++)
        for (size_t j = 0; j < 40; j += 3)
            assert_int_equal(is_valid(many[j], rows[6].scheme, S("x"), signatures[i]), i == j);
    for (size_t i = 0; i < 40; i++)
        dw_key_unref(many[i]);
}

/* RFC 7515 A.3 and RFC 8037 A.4: signatures that others made. */
static void the_examples_of_the_rfcs_verify(void **state)
{
    static const struct {
        struct row row;
        const char *x, *y, *input, *signature;
    } cases[] = {
        {{DW_KEY_P256, {DW_SHA256, DW_SIGN_PLAIN}, 64},
         "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
         "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcG"
         "xlLmNvbS9pc19yb290Ijp0cnVlfQ",
         "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
        {{DW_KEY_ED25519, {DW_SHA512, DW_SIGN_PLAIN}, 64},
         "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
         "",
         "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
         "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_key_parts parts = {.type = cases[i].row.type};
        struct dw_slice signature;
        struct dw_error error;
        dw_auto(dw_key_auto_unref) struct dw_key *key = NULL;

        assert_done(dw_text_unbase64url(S(cases[i].x), arena, &parts.x, &error), error);
        assert_done(dw_text_unbase64url(S(cases[i].y), arena, &parts.y, &error), error);
        assert_done(dw_text_unbase64url(S(cases[i].signature), arena, &signature, &error), error);
        key = dw_key_from_parts(&parts, &error);
        assert_non_null(key);
        assert_true(is_valid(key, cases[i].row.scheme, S(cases[i].input), signature));
        assert_false(is_valid(key, cases[i].row.scheme, S("other"), signature));
    }
}

static void *sign_and_verify(void *user)
{
    (void)user;
    for (int round = 0; round < 20; round++) {
        struct dw_arena *own = dw_arena_new(1 << 16);
        struct dw_slice signature;
        struct dw_error error;

        if (!dw_sign_make(keys[DW_KEY_P256], rows[6].scheme, S("x"), own, &signature, &error) ||
            !is_valid(keys[DW_KEY_P256], rows[6].scheme, S("x"), signature))
            return NULL;
        dw_arena_free(own);
    }
    return user;
}

static void threads_share_keys(void **state)
{
    pthread_t threads[4];
    int marks[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &marks[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result;

        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &marks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_bit_anywhere_is_seen),
        cmocka_unit_test(a_signature_of_another_length_is_refused),
        cmocka_unit_test(zeros_and_ones_are_no_signature),
        cmocka_unit_test(one_scheme_does_not_pass_for_another),
        cmocka_unit_test(a_scheme_that_does_not_fit_the_key_is_an_error),
        cmocka_unit_test(a_public_key_does_not_sign),
        cmocka_unit_test(keys_that_push_each_other_out_are_not_mixed_up),
        cmocka_unit_test(the_examples_of_the_rfcs_verify),
        cmocka_unit_test(threads_share_keys),
    };
    struct dw_error error;

    arena = dw_arena_new(4 << 20);
    for (enum dw_key_type type = DW_KEY_RSA; type < DW_KEY_TYPE_COUNT; type++)
        keys[type] = dw_key_generate(type, 0, &error);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
