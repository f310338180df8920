/* The small grammars inside field values: tokens, lists, parameters, qualities, media types
 * (RFC 9110 sections 5.6, 8.3 and 12). Finding a field by name is in http/message.h. */
#ifndef DW_HTTP_FIELD_H
#define DW_HTTP_FIELD_H

#include "base/buf.h"
#include "http/message.h"

/* RFC 9110 5.6.2; not empty. */
bool dw_http_is_token(struct dw_slice text);
/* RFC 9110 5.5: no control byte but the tab; bytes over 0x7F are let through. May be empty. */
bool dw_http_is_field_value(struct dw_slice text);

/* Takes the next element of a comma-separated list off the front, trimmed; commas in quoted strings
 * do not count and empty elements are passed over (RFC 9110 5.6.1.2). False: no more. */
bool dw_http_list_next(struct dw_slice *rest, struct dw_slice *ret_element);
/* The same with ';', as in parameters. */
bool dw_http_parameter_next(struct dw_slice *rest, struct dw_slice *ret_name,
                            struct dw_slice *ret_value);
/* The value of `name` among the parameters of an element ("text/html; charset=utf-8"); quotes are
 * removed, ASCII case of the name does not matter. ptr NULL: none, or it has a backslash escape. */
struct dw_slice dw_http_parameter(struct dw_slice element, const char *name);

/* Whether a Content-Type is this type, whatever its parameters and case: "application/json". */
bool dw_http_media_type_is(struct dw_slice content_type, const char *media_type);
/* The quality from 0 (not acceptable) to 1000 that the Accept fields give a media type, by the most
 * specific range (RFC 9110 12.5.1). 1000 when there is no Accept field. */
int dw_http_accept_quality(struct dw_http_fields fields, const char *media_type);

/* text as a quoted string (RFC 9110 5.6.4), for challenges and the like. Control bytes and bytes
 * over 0x7E become '?'. */
void dw_http_add_quoted(struct dw_buf *buf, struct dw_slice text);

#endif
