/* How a client proves who it is at the token, revocation and similar endpoints (RFC 6749 section
 * 2.3.1, RFC 7523 section 2.2 and 3 with the 2025 rule that `aud` is the issuer). */
#ifndef DW_OAUTH_CLIENT_AUTHENTICATION_H
#define DW_OAUTH_CLIENT_AUTHENTICATION_H

#include "base/arena.h"
#include "base/error.h"
#include "http/form.h"
#include "jose/jwk.h"
#include "oauth/records.h"

#define DW_CLIENT_ID_MAX_BYTES 512
#define DW_CLIENT_ASSERTION_MAX_LIFETIME_S 300

struct dw_client_credentials {
    enum dw_client_auth_method method; /* the one that was used; NONE: just an id */
    struct dw_slice client_id;
    struct dw_secret secret;
    struct dw_slice assertion; /* a JWT */
};

/* authorization  the Authorization field's value, or empty
 * Fails with DW_INVALID_CLIENT "Missing client_id", or DW_INVALID_REQUEST for two methods at once
 * (RFC 6749 section 2.3 MUST NOT) and broken Basic credentials. */
bool dw_must_check dw_client_credentials_parse(struct dw_slice authorization,
                                               const struct dw_form *form, struct dw_arena *arena,
                                               struct dw_client_credentials *ret_credentials,
                                               struct dw_error *reterr);

/* The methods without a key: the client (NULL: unknown) is registered for the method that was used
 * and the secret is right. basic and post are taken for each other, as Auth0 does. Fails with
 * DW_CLIENT_REFUSED "Unauthorized" whatever is wrong. Not for PRIVATE_KEY_JWT. */
bool dw_must_check dw_client_check_secret(const struct dw_oauth_client *client,
                                          const struct dw_client_credentials *credentials,
                                          struct dw_error *reterr);

struct dw_client_assertion {
    struct dw_slice token_id; /* `jti`: ask dw_store_first_use, space "client_assertion" */
    int64_t expires_at_s;
    bool is_kid_unknown; /* when it failed: newer keys may have it */
};
/* PRIVATE_KEY_JWT with the client's keys: signature, iss = sub = client_id, aud = the issuer, exp
 * within DW_CLIENT_ASSERTION_MAX_LIFETIME_S, jti. Fails with DW_CLIENT_REFUSED. */
bool dw_must_check dw_client_check_assertion(
    const struct dw_oauth_client *client, const struct dw_client_credentials *credentials,
    const struct dw_jwks *client_keys, struct dw_slice issuer, int64_t now_s,
    struct dw_arena *arena, struct dw_client_assertion *ret_assertion, struct dw_error *reterr);

#endif
