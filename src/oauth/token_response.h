/* The bodies of the token endpoint (RFC 6749 sections 5.1 and 5.2). */
#ifndef DW_OAUTH_TOKEN_RESPONSE_H
#define DW_OAUTH_TOKEN_RESPONSE_H

#include "base/buf.h"
#include "base/error.h"
#include "oauth/records.h"

struct dw_token_response {
    struct dw_slice access_token;
    struct dw_slice id_token;       /* empty: none */
    struct dw_secret refresh_token; /* empty: none */
    struct dw_secret recovery_code; /* the one that takes the place of the one used; empty: none */
    struct dw_slices scopes;
    int64_t expires_in_s;
    const char *issued_token_type; /* token exchange (RFC 8693 section 2.2.1); NULL: none */
    bool is_dpop;                  /* token_type DPoP (RFC 9449 section 5) */
};

/* A JSON object; failure shows at dw_buf_finish. */
void dw_token_response_write(const struct dw_token_response *response, struct dw_buf *out);
/* What mfa_required says besides. */
struct dw_mfa_hint {
    struct dw_secret mfa_token;        /* empty: none */
    struct dw_slice requirements_json; /* `mfa_requirements`, what may be enrolled; empty: none */
};
/* {"error":...,"error_description":...[,"error_uri":...]}; the status is in dw_code_row. The
 * description is the error's message, and the stock text where it has none. */
void dw_oauth_error_write(const struct dw_error *error, const struct dw_mfa_hint *hint,
                          struct dw_buf *out);

#endif
