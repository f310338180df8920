/* What third-party applications may do: those that are not the tenant's own, be they registered
 * (DCR), published (CIMD) or made by an operator. Auth0's "security controls for third-party
 * applications"; strict is the standard, permissive is for whoever needs OpenID Connect. */
#ifndef DW_OAUTH_THIRD_PARTY_H
#define DW_OAUTH_THIRD_PARTY_H

#include "base/error.h"
#include "http/form.h"
#include "oauth/records.h"
#include "oauth/token_request.h"

/* Third-party, and not in permissive mode. */
bool dw_client_is_strict(const struct dw_oauth_client *client);
/* What a DCR or CIMD client is made with; the mode is never changed later. Organizations say
 * themselves whether they let such applications in. */
void dw_third_party_start(struct dw_oauth_client *client, enum dw_security_mode mode);

/* The parameters of an authorization request that a strict application may send. Fails with
 * DW_INVALID_REQUEST and the name of the first other one. Anybody else: true. */
bool dw_must_check dw_third_party_check_request(const struct dw_oauth_client *client,
                                                const struct dw_form *form,
                                                struct dw_error *reterr);
/* What an operator may set of a strict application (Auth0 "restricted client configuration"): grant
 * types as below, RS256, URLs without wildcards, refresh tokens that end. Fails with
 * DW_INVALID_REQUEST. Anybody else: true. */
bool dw_must_check dw_third_party_check_record(const struct dw_oauth_client *client,
                                               struct dw_error *reterr);
/* authorization_code, refresh_token, and for who has a secret and did not register itself
 * client_credentials. Fails with DW_UNAUTHORIZED_CLIENT. */
bool dw_must_check dw_third_party_check_grant(const struct dw_oauth_client *client,
                                              enum dw_grant_type grant_type,
                                              struct dw_error *reterr);
/* Its refresh tokens end, and rotate where there is no secret to prove who brings one. */
struct dw_refresh_policy dw_third_party_refresh_policy(const struct dw_oauth_client *client);
/* Whether an error of an authorization goes to the application, or to a page of ours: an
 * application that anybody can register is else an open redirector (RFC 9700 section 4.11.2). */
bool dw_third_party_hears_errors(const struct dw_oauth_client *client);

/* What the client's ID tokens are signed with. */
enum dw_jose_alg dw_id_token_jose_alg(const struct dw_oauth_client *client);

#endif
