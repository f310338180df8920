/* mcp/param_header.h: what a schema may mirror in Mcp-Param-* fields, and whether a request keeps
 * to it (MCP 2026-07-28 streamable HTTP, "Custom Headers from Tool Parameters"). */
#include "test.h"

#include "mcp/param_header.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define OF(type, name) "{\"type\":\"" type "\",\"x-mcp-header\":\"" name "\"}"
#define SCHEMA                                                                                     \
    "{\"properties\":{\"region\":" OF("string", "Region") ",\"count\":" OF(                        \
        "integer", "Count") ",\"force\":" OF("boolean", "Force") ",\"deep\":{\"properties\":"      \
                                                                 "{\"zone\":" OF("string",         \
                                                                                 "Zone") "}}}}"

static const struct dw_json *parse(const char *text, struct dw_arena *arena)
{
    const struct dw_json *json;
    struct dw_error error = {0};

    assert_done(dw_json_parse(S(text), arena, &json, &error), error);
    return json;
}

static void a_schema_that_cannot_be_mirrored_is_refused(void **state)
{
    static const struct {
        const char *schema, *message;
    } cases[] = {
        {"{\"properties\":{\"a\":" OF("string", "") "}}",
         "x-mcp-header must be a token of HTTP (RFC 9110 5.6.2)"},
        {"{\"properties\":{\"a\":" OF("string", "a b") "}}",
         "x-mcp-header must be a token of HTTP (RFC 9110 5.6.2)"},
        {"{\"properties\":{\"a\":" OF("string", "a\\r\\nX: y") "}}",
         "x-mcp-header must be a token of HTTP (RFC 9110 5.6.2)"},
        {"{\"properties\":{\"a\":{\"type\":\"string\",\"x-mcp-header\":1}}}",
         "x-mcp-header must be a token of HTTP (RFC 9110 5.6.2)"},
        {"{\"properties\":{\"a\":" OF("number", "A") "}}",
         "x-mcp-header \"A\" needs \"type\" string, integer or boolean"},
        {"{\"properties\":{\"a\":{\"x-mcp-header\":\"A\"}}}",
         "x-mcp-header \"A\" needs \"type\" string, integer or boolean"},
        {"{\"properties\":{\"a\":" OF("string", "A") ",\"b\":" OF("string", "a") "}}",
         "x-mcp-header \"a\" stands in the schema twice"},
        {"{\"properties\":{\"a\":{\"items\":" OF("string", "A") "}}}",
         "x-mcp-header must be in reach through \"properties\" alone"},
        {"{\"anyOf\":[{\"properties\":{\"a\":" OF("string", "A") "}}]}",
         "x-mcp-header must be in reach through \"properties\" alone"},
        {"{\"$defs\":{\"a\":" OF("string", "A") "}}",
         "x-mcp-header must be in reach through \"properties\" alone"},
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_error error = {0};
    bool has_any;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_fails(dw_mcp_param_headers_check(parse(cases[i].schema, arena), &has_any, &error),
                     error, DW_CONFIG);
        assert_string_equal(error.message, cases[i].message);
    }
    dw_arena_free(arena);
}

static void a_schema_says_whether_it_mirrors_anything(void **state)
{
    static const struct {
        const char *schema;
        bool has_any;
    } cases[] = {
        {"{}", false},
        {"{\"properties\":{\"x-mcp-header\":{\"type\":\"string\"}}}", false}, /* just its name */
        {"{\"properties\":{\"properties\":" OF("string", "A") "}}", true},
        {SCHEMA, true},
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_error error = {0};
    bool has_any;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_done(dw_mcp_param_headers_check(parse(cases[i].schema, arena), &has_any, &error),
                    error);
        assert_int_equal(has_any, cases[i].has_any);
    }
    dw_arena_free(arena);
}

/* "Name: value\n..." */
static struct dw_http_fields fields_of(const char *text, struct dw_http_field room[8])
{
    struct dw_http_fields fields = {room, 0};
    struct dw_slice rest = S(text), line;

    while (dw_slice_split(&rest, '\n', &line) && line.len > 0) {
        size_t colon = dw_slice_index(line, ':');

        room[fields.count++] =
            (struct dw_http_field){dw_slice_sub(line, 0, colon),
                                   dw_slice_from(line.ptr + colon + 1, line.len - colon - 1)};
    }
    return fields;
}

static void fields_are_equal_to_the_arguments(void **state)
{
    static const struct {
        const char *fields, *arguments, *message; /* NULL: they agree */
    } cases[] = {
        {"", "{\"region\":\"eu\"}", "Mcp-Param-Region is missing"},
        {"Mcp-Param-Region: us\n", "{\"region\":\"eu\"}",
         "Mcp-Param-Region is not equal to the argument"},
        {"Mcp-Param-Region: EU\n", "{\"region\":\"eu\"}",
         "Mcp-Param-Region is not equal to the argument"},
        {"Mcp-Param-Region: eu\nMcp-Param-Region: eu\n", "{\"region\":\"eu\"}",
         "Mcp-Param-Region was sent twice"},
        {"Mcp-Param-Region: eu\n", "{}", "Mcp-Param-Region has no argument in the body"},
        {"Mcp-Param-Region: eu\n", "{\"region\":null}",
         "Mcp-Param-Region has no argument in the body"},
        {"Mcp-Param-Region: =?base64?ZXU?=\n", "{\"region\":\"eu\"}",
         "a header value has malformed base64"},
        {"Mcp-Param-Count: 43\n", "{\"count\":42}", "Mcp-Param-Count is not equal to the argument"},
        {"Mcp-Param-Count: x\n", "{\"count\":42}", "Mcp-Param-Count is not equal to the argument"},
        {"Mcp-Param-Count: 9007199254740993\n", "{\"count\":9007199254740992}",
         "Mcp-Param-Count is not equal to the argument"},
        {"Mcp-Param-Force: True\n", "{\"force\":true}",
         "Mcp-Param-Force is not equal to the argument"},
        {"", "{\"deep\":{\"zone\":\"a\"}}", "Mcp-Param-Zone is missing"},
        {"Mcp-Param-Region: eu\n", "{\"region\":[\"eu\"]}",
         "Mcp-Param-Region is not equal to the argument"},
        {"", "{}", NULL},
        {"", "{\"region\":null}", NULL},
        {"Mcp-Param-Other: 1\n", "{}", NULL}, /* none of ours */
        {"mcp-param-REGION:   eu  \n", "{\"region\":\"eu\"}", NULL},
        {"Mcp-Param-Region: =?base64?w7w=?=\n", "{\"region\":\"\303\274\"}", NULL},
        {"Mcp-Param-Region: =?BASE64?w7w=?=\n", "{\"region\":\"=?BASE64?w7w=?=\"}", NULL},
        {"Mcp-Param-Region: \n", "{\"region\":\"\"}", NULL},
        {"Mcp-Param-Count: 42.0\nMcp-Param-Force: false\nMcp-Param-Zone: a\n",
         "{\"count\":42,\"force\":false,\"deep\":{\"zone\":\"a\"}}", NULL},
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_http_field room[8];
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct dw_http_fields fields = fields_of(cases[i].fields, room);
        bool agree = dw_mcp_param_headers_agree(fields, parse(SCHEMA, arena),
                                                parse(cases[i].arguments, arena), arena, &error);

        if (cases[i].message) {
            assert_fails(agree, error, DW_HEADER_MISMATCH);
            assert_string_equal(error.message, cases[i].message);
        } else {
            assert_done(agree, error);
        }
    }
    dw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_that_cannot_be_mirrored_is_refused),
        cmocka_unit_test(a_schema_says_whether_it_mirrors_anything),
        cmocka_unit_test(fields_are_equal_to_the_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
