/* HTTP messages as the code above the parser sees them: views, no copies, no I/O (RFC 9110). */
#ifndef DW_HTTP_MESSAGE_H
#define DW_HTTP_MESSAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_HTTP_MAX_FIELDS 100
#define DW_HTTP_MAX_HEAD_BYTES (32 * 1024)

enum dw_http_method {
    DW_HTTP_OTHER, /* any other token; its text is in method_text */
    DW_HTTP_GET,
    DW_HTTP_HEAD,
    DW_HTTP_POST,
    DW_HTTP_PUT,
    DW_HTTP_PATCH,
    DW_HTTP_DELETE,
    DW_HTTP_OPTIONS,
};

struct dw_http_field {
    struct dw_slice name;  /* as sent */
    struct dw_slice value; /* without white space around it */
};

struct dw_http_fields {
    const struct dw_http_field *items;
    size_t count;
};

struct dw_http_request {
    enum dw_http_method method;
    struct dw_slice method_text;
    struct dw_slice target;    /* as sent; origin-form or "*" (absolute-form is taken apart) */
    struct dw_slice path;      /* up to '?', still percent-encoded */
    struct dw_slice query;     /* after '?', or empty */
    struct dw_slice authority; /* the Host field, or the authority of absolute-form; one, valid */
    struct dw_http_fields fields;
    int version_minor; /* HTTP/1.version_minor */
    bool is_keep_alive;
    bool expects_continue;
    bool is_chunked;
    int64_t content_length; /* -1: none was sent */
};

struct dw_http_response_head {
    int status;
    struct dw_http_fields fields;
    int version_minor;
    bool is_keep_alive;
    bool is_chunked;
    int64_t content_length; /* -1: none was sent */
};

/* The value of the only field of that name (ASCII case does not matter). Empty with ptr NULL when
 * there is none. With several of the name: the first. */
struct dw_slice dw_http_field(struct dw_http_fields fields, const char *name);
size_t dw_http_field_count(struct dw_http_fields fields, const char *name);
/* Whether a comma-separated list field (all its lines) has the token, ASCII case ignored. */
bool dw_http_field_has_token(struct dw_http_fields fields, const char *name, const char *token);
/* "Not Found"; never NULL. */
const char *dw_http_reason(int status);

#endif
