/* For the tests of your own server: an issuer that lives in your process, and tokens it signs. In a
 * library of its own (libdoorward-testing), so that it cannot ship by accident. */
#ifndef DOORWARD_TESTING_H
#define DOORWARD_TESTING_H

#include <doorward/auth.h>
#include <doorward/server.h>

DW_BEGIN_C

struct dw_test_issuer;

/* Makes a key; no network. issuer: "https://test.example/". Permissions count as scopes, as with
 * Auth0. */
DW_EXPORT_CHECKED struct dw_test_issuer *dw_test_issuer_new(const char *issuer,
                                                            const char *audience,
                                                            struct dw_error *reterr);
DW_EXPORT void dw_test_issuer_free(struct dw_test_issuer *issuer);
/* The server accepts this issuer's tokens: in place of dw_server_with_oauth_from_env. Before
 * dw_server_build. */
DW_EXPORT void dw_test_server_with_issuer(struct dw_server *server, struct dw_test_issuer *issuer);
/* A validator for this issuer. */
DW_EXPORT_CHECKED struct dw_jwt_validator *dw_test_issuer_validator(struct dw_test_issuer *issuer,
                                                                    struct dw_error *reterr);
/* An access token: sub, scope ("a b"), and more claims as a JSON object ("{}") that replace the
 * usual ones; null takes one out. Valid for 5 minutes. The caller frees it with dw_test_token_free.
 */
DW_EXPORT_CHECKED char *dw_test_token(struct dw_test_issuer *issuer, const char *subject,
                                      const char *scope, const char *claims,
                                      struct dw_error *reterr);
DW_EXPORT void dw_test_token_free(char *token);
/* A caller as its tool sees it, for code that takes a struct dw_auth. Freed by dw_auth_free. */
DW_EXPORT_CHECKED struct dw_auth *dw_test_auth(const char *subject, const char *scope,
                                               const char *claims, struct dw_error *reterr);

DW_END_C

#endif
