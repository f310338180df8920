/* Looking things up in a parsed message, and the names of methods and statuses. */
#include "http/field.h"
#include "http/parse.h"

/* Nearly all fields have another length, so that is looked at before anything is called. */
static inline bool is_named(const struct dw_http_field *field, struct dw_slice name)
{
    return field->name.len == name.len && dw_slice_eq_nocase(field->name, name);
}

struct dw_slice dw_http_field(struct dw_http_fields fields, const char *name)
{
    struct dw_slice wanted = dw_slice_from_text(name);

    for (size_t i = 0; i < fields.count; i++)
        if (is_named(&fields.items[i], wanted))
            return fields.items[i].value;
    return (struct dw_slice){NULL, 0};
}

size_t dw_http_field_count(struct dw_http_fields fields, const char *name)
{
    struct dw_slice wanted = dw_slice_from_text(name);
    size_t count = 0;

    for (size_t i = 0; i < fields.count; i++)
        count += is_named(&fields.items[i], wanted);
    return count;
}

bool dw_http_field_has_token(struct dw_http_fields fields, const char *name, const char *token)
{
    struct dw_slice wanted = dw_slice_from_text(name), rest, element;

    for (size_t i = 0; i < fields.count; i++) {
        if (!is_named(&fields.items[i], wanted))
            continue;
        rest = fields.items[i].value;
        while (dw_http_list_next(&rest, &element))
            if (dw_slice_eq_nocase(element, dw_slice_from_text(token)))
                return true;
    }
    return false;
}

static const struct {
    enum dw_http_method method;
    struct dw_slice text;
} methods[] = {
    {DW_HTTP_POST, {"POST", 4}},       {DW_HTTP_GET, {"GET", 3}},
    {DW_HTTP_HEAD, {"HEAD", 4}},       {DW_HTTP_PUT, {"PUT", 3}},
    {DW_HTTP_PATCH, {"PATCH", 5}},     {DW_HTTP_DELETE, {"DELETE", 6}},
    {DW_HTTP_OPTIONS, {"OPTIONS", 7}},
};

enum dw_http_method dw_http_method_from(struct dw_slice text)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (dw_slice_eq(methods[i].text, text))
            return methods[i].method;
    return DW_HTTP_OTHER;
}

struct dw_slice dw_http_method_text(enum dw_http_method method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].method == method)
            return methods[i].text;
    return DW_EMPTY;
}

/* RFC 9110 section 15 and the IANA registry. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

const char *dw_http_reason(int status)
{
    if (status == 200) /* nearly always */
        return "OK";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}
