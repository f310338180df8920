/* oauth/bearer.h: one Authorization field, one grammar, no other place. */
#include "test.h"

#include "oauth/bearer.h"

static struct dw_http_request request_with(const struct dw_http_field *fields, size_t count,
                                           const char *query)
{
    return (struct dw_http_request){.fields = {fields, count}, .query = S(query)};
}

static void crooked_authorization_fields_are_refused(void **state)
{
    static const struct {
        const char *value;
        enum dw_code code;
    } cases[] = {
        {"", DW_NO_TOKEN},
        {"Basic YTpi", DW_NO_TOKEN},
        {"DPoP abc", DW_NO_TOKEN},
        {"Bearerabc", DW_NO_TOKEN},
        {"Bearer\tabc", DW_NO_TOKEN},
        {"abc", DW_NO_TOKEN},
        {"Bearer", DW_INVALID_REQUEST},
        {"Bearer ", DW_INVALID_REQUEST},
        {"Bearer =", DW_INVALID_REQUEST},
        {"Bearer a b", DW_INVALID_REQUEST},
        {"Bearer a, Bearer b", DW_INVALID_REQUEST},
        {"Bearer a=b", DW_INVALID_REQUEST},
        {"Bearer \"a\"", DW_INVALID_REQUEST},
        {"Bearer a\x01", DW_INVALID_REQUEST},
        {"Bearer \xc3\xa4", DW_INVALID_REQUEST},
        {"Bearer a\tb", DW_INVALID_REQUEST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_field field = {S("Authorization"), S(cases[i].value)};
        struct dw_http_request request = request_with(&field, 1, "");
        struct dw_slice token = S("untouched");
        struct dw_error error;

        assert_fails(dw_bearer_find(&request, &token, &error), error, cases[i].code);
        assert_slice(token, "");
    }
}

static void a_token_in_the_query_is_refused_however_it_is_spelled(void **state)
{
    static const struct {
        const char *query;
        bool is_refused;
    } cases[] = {
        {"access_token=abc", true},
        {"a=b&access_token=abc", true},
        {"access_token", true},
        {"access%5Ftoken=abc", true},
        {"%61ccess_toke%6e=abc&x", true},
        {"access%5ftoken", true},
        {"Access_token=abc", false},
        {"xaccess_token=abc", false},
        {"access_tokens=abc", false},
        {"a=access_token", false},
        {"access_toke", false},
        {"access%token=abc", false},
        {"", false},
    };
    struct dw_http_field field = {S("authorization"), S("Bearer abc")};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_request request = request_with(&field, 1, cases[i].query);
        struct dw_slice token;
        struct dw_error error = {.code = DW_OK};

        if (dw_bearer_find(&request, &token, &error) == cases[i].is_refused)
            fail_msg("%s", cases[i].query);
        assert_int_equal(error.code, cases[i].is_refused ? DW_INVALID_REQUEST : DW_OK);
    }
}

static void two_fields_are_refused_even_when_equal(void **state)
{
    struct dw_http_field fields[] = {{S("Authorization"), S("Bearer abc")},
                                     {S("AUTHORIZATION"), S("Bearer abc")}};
    struct dw_http_request request = request_with(fields, 2, "");
    struct dw_slice token;
    struct dw_error error;

    (void)state;
    assert_fails(dw_bearer_find(&request, &token, &error), error, DW_INVALID_REQUEST);
}

static void a_token_has_a_limit(void **state)
{
    static char value[DW_BEARER_MAX_BYTES + 8];
    struct dw_http_field field = {S("Authorization"), dw_slice_from(value, sizeof value)};
    struct dw_http_request request = request_with(&field, 1, "");
    struct dw_slice token;
    struct dw_error error;

    (void)state;
    memset(value, 'a', sizeof value);
    memcpy(value, "Bearer ", 7);
    assert_fails(dw_bearer_find(&request, &token, &error), error, DW_INVALID_TOKEN);
    field.value.len--;
    assert_done(dw_bearer_find(&request, &token, &error), error);
    assert_int_equal(token.len, DW_BEARER_MAX_BYTES);
}

static void good_fields_give_the_token(void **state)
{
    static const struct {
        const char *value, *token;
    } cases[] = {
        {"Bearer abc", "abc"},           {"bearer abc", "abc"},
        {"BEARER   abc", "abc"},         {"Bearer a-._~+/9==", "a-._~+/9=="},
        {"Bearer aa.bb.cc", "aa.bb.cc"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_http_field fields[] = {{S("Host"), S("x")},
                                         {S("aUTHORIZATION"), S(cases[i].value)}};
        struct dw_http_request request = request_with(fields, 2, "a=b");
        struct dw_slice token;
        struct dw_error error;

        assert_done(dw_bearer_find(&request, &token, &error), error);
        assert_slice(token, cases[i].token);
    }
}

/* Every byte at every place of a block, against the grammar written down once more. */
static void each_byte_is_judged_wherever_it_stands(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++)
        for (size_t place = 0; place < 40; place++) {
            char value[48] = "Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
            struct dw_http_field field = {S("Authorization"), dw_slice_from(value, 47)};
            struct dw_http_request request = request_with(&field, 1, "");
            bool is_fine =
                strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/",
                       byte) ||
                (byte == '=' && place == 39) || (byte == ' ' && place == 0);
            struct dw_slice token;
            struct dw_error error;

            value[7 + place] = (char)byte;
            if (dw_bearer_find(&request, &token, &error) != is_fine)
                fail_msg("byte %d at %zu", byte, place);
        }
}

static void no_field_is_no_token(void **state)
{
    struct dw_http_request request = {0};
    struct dw_slice token;
    struct dw_error error;

    (void)state;
    assert_fails(dw_bearer_find(&request, &token, &error), error, DW_NO_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crooked_authorization_fields_are_refused),
        cmocka_unit_test(a_token_in_the_query_is_refused_however_it_is_spelled),
        cmocka_unit_test(two_fields_are_refused_even_when_equal),
        cmocka_unit_test(a_token_has_a_limit),
        cmocka_unit_test(good_fields_give_the_token),
        cmocka_unit_test(each_byte_is_judged_wherever_it_stands),
        cmocka_unit_test(no_field_is_no_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
