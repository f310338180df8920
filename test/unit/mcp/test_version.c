/* mcp/version.h and mcp/header.h: which era a POST belongs to, and whether headers and body agree.
 * Each row is a rule of MCP 2026-07-28 (versioning, streamable HTTP) or of 2025-11-25. */
#include "test.h"

#include "mcp/header.h"
#include "mcp/version.h"

#define META                                                                                       \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define LIST "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META "}}"
#define CALL(name)                                                                                 \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"" name         \
    "\"," META "}}"
#define PLAIN(method) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\"}"
#define V26 "MCP-Protocol-Version: 2026-07-28\n"
#define V25 "MCP-Protocol-Version: 2025-11-25\n"

struct row {
    const char *fields; /* "Name: value\n..." */
    const char *body;
    bool session_is_known;
    enum dw_code code; /* DW_OK: then path */
    enum dw_mcp_path path;
    const char *data;
};

static const struct row rows[] = {
    /* legacy handshakes */
    {"", PLAIN("initialize"), false, DW_OK, DW_MCP_PATH_LEGACY_HANDSHAKE, ""},
    {V25 "Mcp-Method: initialize\n", PLAIN("initialize"), false, DW_OK,
     DW_MCP_PATH_LEGACY_HANDSHAKE, ""},
    {"mcp-protocol-version: 2025-03-26\n", PLAIN("initialize"), false, DW_OK,
     DW_MCP_PATH_LEGACY_HANDSHAKE, ""},
    {"Mcp-Session-Id: gone\n", PLAIN("initialize"), false, DW_UNKNOWN_SESSION, 0, ""},
    /* legacy sessions */
    {"Mcp-Session-Id: s\n" V25, PLAIN("tools/list"), true, DW_OK, DW_MCP_PATH_LEGACY_SESSION, ""},
    {"MCP-SESSION-ID: s\n", PLAIN("tools/list"), true, DW_OK, DW_MCP_PATH_LEGACY_SESSION, ""},
    {"Mcp-Session-Id: s\n", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", true, DW_OK,
     DW_MCP_PATH_LEGACY_SESSION, ""},
    {"Mcp-Session-Id: s\n" V25 "Mcp-Method: lies\n", PLAIN("tools/list"), true, DW_OK,
     DW_MCP_PATH_LEGACY_SESSION, ""}, /* legacy peers' routing headers mean nothing */
    {"Mcp-Session-Id: s\nMCP-Protocol-Version: 1999-01-01\n", PLAIN("tools/list"), true,
     DW_UNSUPPORTED_VERSION, 0, ""},
    {"Mcp-Session-Id: gone\n" V25, PLAIN("tools/list"), false, DW_UNKNOWN_SESSION, 0, ""},
    {"Mcp-Session-Id: s\nMcp-Session-Id: t\n", PLAIN("tools/list"), true, DW_HEADER_MISMATCH, 0,
     ""},
    {"Mcp-Session-Id: a b\n", PLAIN("tools/list"), true, DW_HEADER_MISMATCH, 0, ""},
    {"Mcp-Session-Id: \n", PLAIN("tools/list"), true, DW_HEADER_MISMATCH, 0, ""},
    /* legacy without a session */
    {"", PLAIN("tools/list"), false, DW_OK, DW_MCP_PATH_LEGACY_SESSIONLESS, ""},
    {V25, PLAIN("tools/list"), false, DW_OK, DW_MCP_PATH_LEGACY_SESSIONLESS, ""},
    {V25, PLAIN("server/discover"), false, DW_METHOD_UNKNOWN, 0, ""},
    {"", PLAIN("subscriptions/listen"), false, DW_METHOD_UNKNOWN, 0, ""},
    /* modern */
    {V26 "Mcp-Method: tools/list\n", LIST, false, DW_OK, DW_MCP_PATH_MODERN, ""},
    {V26 "Mcp-Method: tools/list\nMcp-Session-Id: junk\n", LIST, false, DW_OK, DW_MCP_PATH_MODERN,
     ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: echo\n", CALL("echo"), false, DW_OK, DW_MCP_PATH_MODERN,
     ""},
    {V26 "mcp-method: tools/call\nMCP-NAME: =?base64?ZWNobw==?=\n", CALL("echo"), false, DW_OK,
     DW_MCP_PATH_MODERN, ""},
    {V26, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}", false, DW_OK,
     DW_MCP_PATH_MODERN, ""},
    /* header missing */
    {"Mcp-Method: tools/list\n", LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {V26, LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: tools/call\n", CALL("echo"), false, DW_HEADER_MISMATCH, 0, ""},
    /* _meta missing, and that comes before a mismatch */
    {V26 "Mcp-Method: tools/list\n", PLAIN("tools/list"), false, DW_INVALID_META, 0, ""},
    {V26 "Mcp-Method: other\n", PLAIN("tools/list"), false, DW_INVALID_META, 0, ""},
    {"MCP-Protocol-Version: 2030-01-01\n", PLAIN("tools/list"), false, DW_INVALID_META, 0, ""},
    {V26 "Mcp-Method: tools/list\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
     "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}",
     false, DW_INVALID_META, 0, ""},
    {V26 "Mcp-Method: tools/list\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
     "{\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
     false, DW_INVALID_META, 0, ""},
    {V26 "Mcp-Method: tools/list\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
     "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
     "\"io.modelcontextprotocol/clientCapabilities\":[]}}}",
     false, DW_INVALID_META, 0, ""},
    /* header and _meta disagree */
    {V25 "Mcp-Method: tools/list\n", LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {"MCP-Protocol-Version: 2030-01-01\nMcp-Method: tools/list\n", LIST, false, DW_HEADER_MISMATCH,
     0, ""},
    {V26 "Mcp-Method: tools/call\n", LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: Tools/List\n", LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: Echo\n", CALL("echo"), false, DW_HEADER_MISMATCH, 0,
     ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: echo\nMcp-Name: echo\n", CALL("echo"), false,
     DW_HEADER_MISMATCH, 0, ""},
    {V26 V26 "Mcp-Method: tools/list\n", LIST, false, DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: =?base64?ZWNobw=?=\n", CALL("echo"), false,
     DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: =?base64?ZWNo!w==?=\n", CALL("echo"), false,
     DW_HEADER_MISMATCH, 0, ""},
    {V26 "Mcp-Method: tools/call\nMcp-Name: =?BASE64?ZWNobw==?=\n", CALL("echo"), false,
     DW_HEADER_MISMATCH, 0, ""}, /* not the marker: literal, and another name */
    /* unsupported versions, header and _meta alike */
    {"MCP-Protocol-Version: v999.0.0\nMcp-Method: tools/list\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
     "{\"io.modelcontextprotocol/protocolVersion\":\"v999.0.0\","
     "\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
     false, DW_UNSUPPORTED_VERSION, 0,
     "{\"supported\":[\"2026-07-28\"],\"requested\":\"v999.0.0\"}"},
    {V25 "Mcp-Method: tools/list\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
     "{\"io.modelcontextprotocol/protocolVersion\":\"2025-11-25\","
     "\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
     false, DW_UNSUPPORTED_VERSION, 0,
     "{\"supported\":[\"2026-07-28\"],\"requested\":\"2025-11-25\"}"},
    /* removed methods */
    {V26 "Mcp-Method: initialize\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{" META "}}", false,
     DW_METHOD_UNKNOWN, 0, ""},
    {V26 "Mcp-Method: ping\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" META "}}", false,
     DW_METHOD_UNKNOWN, 0, ""},
    {V26 "Mcp-Method: logging/setLevel\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\",\"params\":{" META "}}", false,
     DW_METHOD_UNKNOWN, 0, ""},
    {V26 "Mcp-Method: resources/subscribe\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/subscribe\",\"params\":{" META "}}",
     false, DW_METHOD_UNKNOWN, 0, ""},
    {"", PLAIN("resources/subscribe"), false, DW_INVALID_PARAMS, 0, ""},
    {V26 "Mcp-Method: resources/subscribe\nMcp-Name: a://b\n",
     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/subscribe\",\"params\":{"
     "\"uri\":\"a://b\"," META "}}",
     false, DW_METHOD_UNKNOWN, 0, ""},
    {V26, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", false, DW_INVALID_JSONRPC, 0, ""},
};

/* "Name: value\n" lines as fields, values trimmed as the HTTP parser does. */
static struct dw_http_fields fields_of(const char *text, struct dw_http_field room[static 8])
{
    struct dw_slice rest = S(text), line;
    size_t count = 0;

    while (dw_slice_split(&rest, '\n', &line)) {
        size_t colon = dw_slice_index(line, ':');

        if (line.len == 0)
            continue;
        room[count].name = dw_slice_from(line.ptr, colon);
        room[count].value = dw_slice_from(line.ptr + colon + 2, line.len - colon - 2);
        count++;
    }
    return (struct dw_http_fields){room, count};
}

static void each_post_goes_to_its_era_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_http_field room[8];
        struct dw_http_fields fields = fields_of(rows[i].fields, room);
        struct dw_mcp_headers headers;
        struct dw_mcp_message message;
        struct dw_slice data;
        struct dw_error error = {0};
        enum dw_mcp_path path;
        bool is_done;

        assert_done(dw_mcp_message_parse(S(rows[i].body), arena, &message, &error), error);
        path = DW_MCP_PATH_REFUSED;
        data = DW_EMPTY;
        is_done = dw_mcp_headers_read(fields, &headers, &error) &&
                  dw_mcp_dispatch(&headers, &message, rows[i].session_is_known, arena, &path, &data,
                                  &error);
        if (is_done != (rows[i].code == DW_OK))
            print_error("row %zu: %s %s\n", i, rows[i].fields, rows[i].body);
        assert_int_equal(is_done, rows[i].code == DW_OK);
        if (!is_done)
            assert_string_equal(dw_code_row(error.code)->name, dw_code_row(rows[i].code)->name);
        assert_int_equal(path, rows[i].path);
        assert_slice(data, rows[i].data);
    }
}

static void statuses_and_codes_are_those_of_the_specification(void **state)
{
    static const struct {
        enum dw_code code;
        int http_status, jsonrpc_code;
    } cases[] = {
        {DW_INVALID_META, 400, -32602},       {DW_HEADER_MISMATCH, 400, -32020},
        {DW_MISSING_CAPABILITY, 400, -32021}, {DW_UNSUPPORTED_VERSION, 400, -32022},
        {DW_METHOD_UNKNOWN, 404, -32601},     {DW_UNKNOWN_SESSION, 404, -32001},
        {DW_NO_SESSION, 400, -32000},         {DW_INVALID_JSONRPC, 400, -32600},
        {DW_MALFORMED, 400, -32700},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(dw_code_row(cases[i].code)->http_status, cases[i].http_status);
        assert_int_equal(dw_code_row(cases[i].code)->jsonrpc_code, cases[i].jsonrpc_code);
    }
}

static void base64_in_headers_is_strict(void **state)
{
    static const struct {
        const char *value;
        const char *decoded; /* NULL: refused */
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"=?base64?aGk=?=", "hi"},
        {"=?base64?"
         "?=",
         ""},
        {"=?base64?w6k=?=", "\xc3\xa9"},
        {"=?base64?aGk=", "=?base64?aGk="},
        {"aGk=?=", "aGk=?="},
        {"=?Base64?aGk=?=", "=?Base64?aGk=?="},
        {"=?base64?aGk?=", NULL},
        {"=?base64?aGl=?=", NULL}, /* non-zero bits after the end */
        {"=?base64?a Gk=?=", NULL},
        {"=?base64?-_-_?=", NULL}, /* the URL alphabet */
        {"=?base64?/w==?=", NULL}, /* 0xFF: not UTF-8 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 16);
        struct dw_slice decoded = DW_EMPTY;
        struct dw_error error = {0};

        if (cases[i].decoded) {
            assert_done(dw_mcp_header_decode(S(cases[i].value), arena, &decoded, &error), error);
            assert_slice(decoded, cases[i].decoded);
        } else {
            assert_fails(dw_mcp_header_decode(S(cases[i].value), arena, &decoded, &error), error,
                         DW_HEADER_MISMATCH);
        }
    }
}

static void versions_know_their_era(void **state)
{
    (void)state;
    assert_int_equal(dw_mcp_version_era(S("2025-03-26")), DW_MCP_ERA_LEGACY);
    assert_int_equal(dw_mcp_version_era(S("2025-06-18")), DW_MCP_ERA_LEGACY);
    assert_int_equal(dw_mcp_version_era(S("2025-11-25")), DW_MCP_ERA_LEGACY);
    assert_int_equal(dw_mcp_version_era(S("2026-07-28")), DW_MCP_ERA_MODERN);
    assert_int_equal(dw_mcp_version_era(S("2026-07-29")), DW_MCP_ERA_ANY);
    assert_int_equal(dw_mcp_version_era(S("")), DW_MCP_ERA_ANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_post_goes_to_its_era_or_is_refused),
        cmocka_unit_test(statuses_and_codes_are_those_of_the_specification),
        cmocka_unit_test(base64_in_headers_is_strict),
        cmocka_unit_test(versions_know_their_era),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
