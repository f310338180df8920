/* http/route.h */
#include "test.h"

#include "http/route.h"

struct row {
    struct dw_route route;
    int number;
};

static const struct row rows[] = {
    {{DW_HTTP_GET, "/"}, 1},
    {{DW_HTTP_POST, "/oauth/token"}, 2},
    {{DW_HTTP_GET, "/users/me"}, 3},
    {{DW_HTTP_GET, "/users/{id}"}, 4},
    {{DW_HTTP_PATCH, "/users/{id}"}, 5},
    {{DW_HTTP_DELETE, "/users/{id}"}, 6},
    {{DW_HTTP_POST, "/users/{id}/roles/{role}"}, 7},
    {{DW_HTTP_GET, "/.well-known/x{rest...}"}, 8},
    {{DW_HTTP_OPTIONS, "/oauth/token"}, 9},
};

static void rows_are_found(void **state)
{
    static const struct {
        enum dw_http_method method;
        const char *path;
        int number; /* 0: none */
        enum dw_code code;
        const char *allow;
        const char *parameters[2];
    } cases[] = {
        {DW_HTTP_GET, "/", 1, DW_OK, "", {0}},
        {DW_HTTP_HEAD, "/", 1, DW_OK, "", {0}},
        {DW_HTTP_POST, "/oauth/token", 2, DW_OK, "", {0}},
        {DW_HTTP_GET, "/users/me", 3, DW_OK, "", {0}},
        {DW_HTTP_GET, "/users/auth0%7C1", 4, DW_OK, "", {"auth0%7C1"}},
        {DW_HTTP_PATCH, "/users/me", 5, DW_OK, "", {"me"}},
        {DW_HTTP_POST, "/users/1/roles/2", 7, DW_OK, "", {"1", "2"}},
        {DW_HTTP_GET, "/.well-known/x", 8, DW_OK, "", {""}},
        {DW_HTTP_GET, "/.well-known/x/a/b", 8, DW_OK, "", {"/a/b"}},
        {DW_HTTP_GET, "", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "/x", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "//", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_POST, "/oauth/token/", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_POST, "/oauth/Token", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_POST, "/oauth%2ftoken", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "/users/", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "/users/1/2", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_POST, "/users//roles/2", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "*", 0, DW_NOT_FOUND, "", {0}},
        {DW_HTTP_GET, "/oauth/token", 0, DW_METHOD_NOT_ALLOWED, "POST, OPTIONS", {0}},
        {DW_HTTP_OTHER, "/", 0, DW_METHOD_NOT_ALLOWED, "GET, HEAD", {0}},
        {DW_HTTP_PUT, "/users/me", 0, DW_METHOD_NOT_ALLOWED, "GET, HEAD, PATCH, DELETE", {0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_route_match match;
        struct dw_error error = {0};
        bool is_found =
            dw_route_find(DW_ROUTE_TABLE(rows), cases[i].method, S(cases[i].path), &match, &error);

        assert_int_equal(is_found, cases[i].number != 0);
        assert_int_equal(error.code, cases[i].code);
        assert_int_equal(match.route ? ((const struct row *)(const void *)match.route)->number : 0,
                         cases[i].number);
        if (!is_found)
            assert_string_equal(match.allow, cases[i].allow);
        for (size_t at = 0; at < 2; at++)
            if (cases[i].parameters[at])
                assert_slice(match.parameters[at], cases[i].parameters[at]);
            else
                assert_true(match.parameter_count <= at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
