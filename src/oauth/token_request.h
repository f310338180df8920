/* The token request (RFC 6749 sections 4.1.3, 4.3, 4.4, 6), as a form or as JSON. */
#ifndef DW_OAUTH_TOKEN_REQUEST_H
#define DW_OAUTH_TOKEN_REQUEST_H

#include "base/arena.h"
#include "base/error.h"
#include "http/form.h"
#include "oauth/records.h"

enum dw_grant_type {
    DW_GRANT_UNSET,
    DW_GRANT_AUTHORIZATION_CODE,
    DW_GRANT_REFRESH_TOKEN,
    DW_GRANT_CLIENT_CREDENTIALS,
    DW_GRANT_PASSWORD,
    DW_GRANT_PASSWORD_REALM,
    DW_GRANT_TOKEN_EXCHANGE, /* RFC 8693 */
    DW_GRANT_JWT_BEARER,     /* RFC 7523, for ID-JAG */
    DW_GRANT_DEVICE_CODE,    /* RFC 8628 */
    DW_GRANT_CIBA,           /* OpenID Connect CIBA Core 1.0 */
    DW_GRANT_MFA_OTP,
    DW_GRANT_MFA_OOB,
    DW_GRANT_MFA_RECOVERY_CODE,
    DW_GRANT_PASSWORDLESS_OTP,
    DW_GRANT_TYPE_COUNT
};
/* The value of `grant_type`; "" for DW_GRANT_UNSET. */
const char *dw_grant_type_name(enum dw_grant_type type);
enum dw_grant_type dw_grant_type_from(struct dw_slice name);

struct dw_token_request {
    enum dw_grant_type grant_type;
    struct dw_secret code;
    struct dw_slice redirect_uri;
    bool has_redirect_uri;
    struct dw_secret code_verifier;
    struct dw_secret refresh_token;
    struct dw_slice username;
    struct dw_secret password;
    struct dw_slice realm;
    struct dw_secret subject_token; /* RFC 8693 section 2.1 */
    struct dw_slice subject_token_type;
    struct dw_secret poll_code; /* device_code, or auth_req_id */
    struct dw_secret assertion; /* RFC 7523 section 2.1 */
    struct dw_secret mfa_token;
    struct dw_secret otp; /* the code that was shown, the oob_code or the recovery code */
    struct dw_slice binding_code;
    struct dw_slice organization; /* client_credentials: id or name */
    struct dw_slices scopes;
    bool has_scope;             /* `scope` was there and not empty */
    struct dw_slice audience;   /* by the resource rule, without the default: empty when not sent */
    const struct dw_form *form; /* for dw_client_credentials_parse */
};

/* Reads a body of either media type into a form: members of a JSON object that are texts, numbers
 * or truth values become fields, an array of texts under "resource" becomes several, the rest is
 * passed over. Fails with DW_UNSUPPORTED_MEDIA or DW_INVALID_REQUEST. */
bool dw_must_check dw_token_form_parse(struct dw_slice content_type, struct dw_slice body,
                                       struct dw_arena *arena, struct dw_form *ret_form,
                                       struct dw_error *reterr);
/* Fails with DW_INVALID_REQUEST ("Missing required parameter: code", a parameter that comes twice),
 * DW_UNSUPPORTED_GRANT, DW_INVALID_SCOPE or DW_INVALID_TARGET. Borrows `form`. */
bool dw_must_check dw_token_request_parse(const struct dw_form *form,
                                          const struct dw_tenant_settings *settings,
                                          struct dw_arena *arena,
                                          struct dw_token_request *ret_request,
                                          struct dw_error *reterr);
/* Whether the client was registered for it; DW_UNAUTHORIZED_CLIENT "Grant type 'x' not allowed for
 * the client." */
bool dw_must_check dw_token_request_check_grant(const struct dw_token_request *request,
                                                const struct dw_oauth_client *client,
                                                struct dw_error *reterr);

#endif
