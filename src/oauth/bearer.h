/* The access token out of an HTTP request (RFC 6750 section 2.1): the Authorization field, once,
 * and nowhere else. */
#ifndef DW_OAUTH_BEARER_H
#define DW_OAUTH_BEARER_H

#include "base/error.h"
#include "http/message.h"

#define DW_BEARER_MAX_BYTES (16 * 1024)

/* The token is a view into the request. Fails with DW_NO_TOKEN (no Authorization field, or another
 * scheme), DW_INVALID_REQUEST (several fields, an empty or malformed value, a token in the query:
 * OAuth 2.1 section 5.2.1 forbids it) or DW_INVALID_TOKEN (longer than DW_BEARER_MAX_BYTES). */
bool dw_must_check dw_bearer_find(const struct dw_http_request *request, struct dw_slice *ret_token,
                                  struct dw_error *reterr);
/* The same, but also with the DPoP scheme (RFC 9449 section 7.1): *ret_is_dpop says which. A token
 * that came with it is worth nothing without a proof (oauth/dpop.h). */
bool dw_must_check dw_access_token_find(const struct dw_http_request *request,
                                        struct dw_slice *ret_token, bool *ret_is_dpop,
                                        struct dw_error *reterr);
/* The two steps of it: the one Authorization field, and the token, which is the end of it. */
bool dw_must_check dw_authorization_find(const struct dw_http_request *request,
                                         struct dw_slice *ret_field, struct dw_error *reterr);
bool dw_must_check dw_authorization_read(struct dw_slice field, struct dw_slice *ret_token,
                                         bool *ret_is_dpop, struct dw_error *reterr);

#endif
