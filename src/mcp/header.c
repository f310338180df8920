/* Reading and comparing the MCP fields of an HTTP request. */
#include "mcp/header.h"

#include "base/text.h"
#include "mcp/method.h"

static bool take_once(struct dw_slice value, struct dw_slice *into, const char *name,
                      struct dw_error *reterr)
{
    if (into->ptr)
        return dw_fail(reterr, DW_HEADER_MISMATCH, "%s was sent twice", name);
    *into = dw_slice_from(value.ptr ? value.ptr : "", value.len);
    return true;
}

static bool is_session_id(struct dw_slice id)
{
    if (id.len == 0 || id.len > DW_MCP_MAX_SESSION_ID_BYTES)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < 0x21 || id.ptr[i] > 0x7e)
            return false;
    return true;
}

bool dw_mcp_headers_read(struct dw_http_fields fields, struct dw_mcp_headers *ret_headers,
                         struct dw_error *reterr)
{
    struct {
        struct dw_slice name;
        struct dw_slice *into;
        const char *text;
    } const wanted[] = {
        {DW_LIT("mcp-protocol-version"), &ret_headers->protocol_version, "MCP-Protocol-Version"},
        {DW_LIT("mcp-session-id"), &ret_headers->session_id, "Mcp-Session-Id"},
        {DW_LIT("mcp-method"), &ret_headers->method, "Mcp-Method"},
        {DW_LIT("mcp-name"), &ret_headers->name, "Mcp-Name"},
    };

    *ret_headers = (struct dw_mcp_headers){0};
    for (size_t i = 0; i < fields.count; i++) {
        const struct dw_http_field *field = &fields.items[i];

        if (field->name.len < 4 || (field->name.ptr[0] | 0x20) != 'm')
            continue;
        for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
            if (dw_slice_eq_nocase(field->name, wanted[k].name) &&
                !take_once(field->value, wanted[k].into, wanted[k].text, reterr))
                return false;
    }
    if (ret_headers->session_id.ptr && !is_session_id(ret_headers->session_id))
        return dw_fail(reterr, DW_HEADER_MISMATCH,
                       "Mcp-Session-Id must be 1 to %d visible ASCII characters",
                       DW_MCP_MAX_SESSION_ID_BYTES);
    return true;
}

bool dw_mcp_header_decode(struct dw_slice value, struct dw_arena *arena, struct dw_slice *ret_value,
                          struct dw_error *reterr)
{
    struct dw_slice inner = value;
    struct dw_error wrong;

    /* SEP-2243: the markers are case-sensitive; without both of them the value is literal. */
    if (!dw_slice_eat(&inner, DW_LIT("=?base64?")) || !dw_slice_ends_with(inner, DW_LIT("?="))) {
        *ret_value = value;
        return true;
    }
    inner.len -= 2;
    if (!dw_text_unbase64(inner, arena, ret_value, &wrong)) {
        if (wrong.code == DW_NO_MEMORY)
            return dw_fail(reterr, DW_NO_MEMORY, "%s", wrong.message);
        return dw_fail(reterr, DW_HEADER_MISMATCH, "a header value has malformed base64");
    }
    if (!dw_text_is_utf8(*ret_value))
        return dw_fail(reterr, DW_HEADER_MISMATCH, "a header value is not UTF-8 under its base64");
    return true;
}

bool dw_mcp_headers_agree(const struct dw_mcp_headers *headers,
                          const struct dw_mcp_message *message, struct dw_arena *arena,
                          struct dw_error *reterr)
{
    const struct dw_mcp_method *method = message->known;
    struct dw_slice name;

    if (!headers->method.ptr && message->id)
        return dw_fail(reterr, DW_HEADER_MISMATCH, "the Mcp-Method header is missing");
    if (headers->method.ptr && !dw_slice_eq(headers->method, message->method))
        return dw_fail(reterr, DW_HEADER_MISMATCH,
                       "the Mcp-Method header is not the method of the body");
    if (!method ||
        (method->name_in != DW_MCP_NAME_IN_NAME && method->name_in != DW_MCP_NAME_IN_URI &&
         method->name_in != DW_MCP_NAME_IN_TASK_ID))
        return true;
    if (!headers->name.ptr)
        return dw_fail(reterr, DW_HEADER_MISMATCH, "%.*s needs the Mcp-Name header",
                       DW_PRINT(message->method));
    if (!dw_mcp_header_decode(headers->name, arena, &name, reterr))
        return false;
    if (!dw_slice_eq(name, message->name))
        return dw_fail(reterr, DW_HEADER_MISMATCH,
                       "the Mcp-Name header is not what the body names");
    return true;
}
