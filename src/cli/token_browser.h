/* The authorization code flow with PKCE (RFC 7636) through the user's browser, back to a port on
 * loopback (RFC 8252 section 7.3). */
#ifndef DW_CLI_TOKEN_BROWSER_H
#define DW_CLI_TOKEN_BROWSER_H

#include "cli/token_client.h"

struct dw_token_login {
    struct dw_slice client_id; /* empty: one is registered */
    struct dw_slice audience, resource, scope;
    bool opens_browser; /* else the URL is only printed */
};

struct dw_token_code {
    struct dw_slice client_id, redirect_uri, code, code_verifier;
};

/* Waits until the browser comes back, five minutes at most. Fails with DW_ACCESS_DENIED and what
 * the issuer said, or DW_TIMED_OUT. */
bool dw_must_check dw_token_login(const struct dw_token_server *server,
                                  const struct dw_token_login *login, struct dw_arena *arena,
                                  struct dw_token_code *ret_code, struct dw_error *reterr);

#endif
