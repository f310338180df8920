/* The client side of OAuth for `doorward token`: discovery, the token endpoint, registration. */
#ifndef DW_CLI_TOKEN_CLIENT_H
#define DW_CLI_TOKEN_CLIENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* Where an authorization server answers; what it does not have is empty. */
struct dw_token_server {
    struct dw_slice issuer, authorization_endpoint, token_endpoint, registration_endpoint, jwks_uri;
    bool sends_iss; /* RFC 9207 */
};

struct dw_token_parameter {
    const char *name;
    struct dw_slice value; /* empty: left out */
};

/* OpenID Connect Discovery section 4; the document's issuer must be the one asked for. */
bool dw_must_check dw_token_discover(struct dw_slice issuer, struct dw_arena *arena,
                                     struct dw_token_server *ret_server, struct dw_error *reterr);
/* RFC 7591, a public client with this redirect URI. */
bool dw_must_check dw_token_register(const struct dw_token_server *server,
                                     struct dw_slice redirect_uri, struct dw_arena *arena,
                                     struct dw_slice *ret_client_id, struct dw_error *reterr);
/* RFC 6749 section 3.2. *ret_body is the server's JSON; *ret_access_token a part of it. Fails with
 * DW_ACCESS_DENIED and what the server said. */
bool dw_must_check dw_token_request(const struct dw_token_server *server,
                                    const struct dw_token_parameter *parameters, size_t count,
                                    struct dw_arena *arena, struct dw_slice *ret_body,
                                    struct dw_slice *ret_access_token, struct dw_error *reterr);

#endif
