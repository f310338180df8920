/* The authorization request (RFC 6749 section 4.1.1, OpenID Connect Core 3.1.2.1, RFC 8707) in the
 * order that errors need: first what must not be redirected, then what may. And the answer to it.
 */
#ifndef DW_OAUTH_AUTHORIZATION_REQUEST_H
#define DW_OAUTH_AUTHORIZATION_REQUEST_H

#include "base/arena.h"
#include "base/error.h"
#include "http/form.h"
#include "oauth/records.h"

#define DW_STATE_MAX_BYTES 4096
#define DW_NONCE_MAX_BYTES 1024

/* Step 1: who asks. Fails with DW_INVALID_REQUEST when client_id is not there, or client_id,
 * redirect_uri, state, response_mode or response_type come twice. Show a page, do not redirect. */
bool dw_must_check dw_authorization_request_client_id(const struct dw_form *form,
                                                      struct dw_slice *ret_client_id,
                                                      struct dw_error *reterr);
/* Step 2: where to answer. Fills client_id, redirect_uri, response_mode, oauth_state of
 * *ret_request and zeroes the rest. `client` NULL (unknown) fails with DW_INVALID_REQUEST "Unknown
 * client: ...". Fails as dw_redirect_uri_choose does. Show a page, do not redirect. */
bool dw_must_check dw_authorization_request_start(const struct dw_form *form,
                                                  const struct dw_oauth_client *client,
                                                  struct dw_authorization_request *ret_request,
                                                  struct dw_error *reterr);
/* Step 3: what is asked. Everything else that the request says, into *request; slices are views of
 * the form or in `arena`; audience follows the resource rule of the settings and their default
 * (scopes are not judged: dw_grant_decide does). Fails with the error to redirect:
 * DW_INVALID_REQUEST, DW_UNSUPPORTED_RESPONSE, DW_UNAUTHORIZED_CLIENT, DW_INVALID_SCOPE,
 * DW_INVALID_TARGET. */
bool dw_must_check dw_authorization_request_fill(const struct dw_form *form,
                                                 const struct dw_oauth_client *client,
                                                 const struct dw_tenant_settings *settings,
                                                 struct dw_arena *arena,
                                                 struct dw_authorization_request *request,
                                                 struct dw_error *reterr);

/* Of a request that is pushed (RFC 9126 section 2.1), after step 2: what cannot be right later. The
 * rest is judged when it comes to /authorize, as Auth0 does. Fails like step 3, and with
 * DW_INVALID_REQUEST for a request_uri or a parameter that comes twice. */
bool dw_must_check dw_authorization_request_check_pushed(const struct dw_form *form,
                                                         const struct dw_oauth_client *client,
                                                         struct dw_error *reterr);

/* RFC 9396 section 5 MUST: details of a type that nobody has registered are refused. No API here
 * has types, so all are, but for an empty list. Of every endpoint that RFC 9396 has the parameter
 * at. Fails with DW_INVALID_AUTHORIZATION_DETAILS. */
bool dw_must_check dw_authorization_details_check(const struct dw_form *form,
                                                  struct dw_error *reterr);

/* The audience of a request: `audience`; else, in the compatibility profile, the one `resource`
 * (RFC 8707: an absolute URI without a fragment); else the default. Empty: none. Shared with the
 * token request. Fails with DW_INVALID_TARGET. */
bool dw_must_check dw_audience_choose(const struct dw_form *form,
                                      const struct dw_tenant_settings *settings,
                                      struct dw_slice *ret_audience, struct dw_error *reterr);

/* The answer: code or error, state, iss (RFC 9207), in the order they are sent. */
#define DW_AUTHORIZATION_RESPONSE_MAX 5
struct dw_authorization_response {
    struct dw_form_field fields[DW_AUTHORIZATION_RESPONSE_MAX];
    size_t count;
};

/* Codes become `code`; `error` (NULL: none) becomes error and error_description. issuer: empty when
 * the settings do not send iss. */
void dw_authorization_response_make(const struct dw_authorization_request *request,
                                    struct dw_slice code, const struct dw_error *error,
                                    struct dw_slice issuer,
                                    struct dw_authorization_response *ret_response);
/* The Location for the modes query and fragment; form_post needs a page with the fields. */
bool dw_must_check dw_authorization_response_url(const struct dw_authorization_request *request,
                                                 const struct dw_authorization_response *response,
                                                 struct dw_arena *arena, struct dw_slice *ret_url,
                                                 struct dw_error *reterr);

#endif
