/* The small grammars inside field values: tokens, lists, media types (RFC 9110 sections 5.6 and
 * 8.3). Finding a field by name is in http/message.h. */
#ifndef DW_HTTP_FIELD_H
#define DW_HTTP_FIELD_H

#include "http/message.h"

/* RFC 9110 5.6.2; not empty. */
bool dw_http_is_token(struct dw_slice text);
/* RFC 9110 5.5: no control byte but the tab; bytes over 0x7F are let through. May be empty. */
bool dw_http_is_field_value(struct dw_slice text);

/* Takes the next element of a comma-separated list off the front, trimmed; commas in quoted strings
 * do not count and empty elements are passed over (RFC 9110 5.6.1.2). False: no more. */
bool dw_http_list_next(struct dw_slice *rest, struct dw_slice *ret_element);

/* Whether a Content-Type is this type, whatever its parameters and case: "application/json". */
bool dw_http_media_type_is(struct dw_slice content_type, const char *media_type);

#endif
