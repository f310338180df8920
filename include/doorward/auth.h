/* Who calls, what they may do, and checking tokens yourself: from an Auth0 tenant or any other
 * OpenID provider. */
#ifndef DOORWARD_AUTH_H
#define DOORWARD_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <doorward/error.h>
#include <doorward/export.h>
#include <doorward/slice.h>

DW_BEGIN_C

struct dw_auth;

/* ---- what a caller may do; false with DW_INSUFFICIENT_SCOPE, or DW_NO_TOKEN without a caller ----
 */

/* A granted "admin:*" covers "admin:x". */
DW_EXPORT_CHECKED bool dw_auth_require_scope(const struct dw_auth *auth, const char *scope,
                                             struct dw_error *reterr);
/* scopes: ends with NULL. */
DW_EXPORT_CHECKED bool dw_auth_require_any_scope(const struct dw_auth *auth,
                                                 const char *const *scopes,
                                                 struct dw_error *reterr);
DW_EXPORT_CHECKED bool dw_auth_require_all_scopes(const struct dw_auth *auth,
                                                  const char *const *scopes,
                                                  struct dw_error *reterr);
DW_EXPORT bool dw_auth_has_scope(const struct dw_auth *auth, const char *scope);

/* ---- who calls; empty or 0 when the token does not say ---- */

DW_EXPORT bool dw_auth_is_authenticated(const struct dw_auth *auth);
DW_EXPORT struct dw_slice dw_auth_subject(const struct dw_auth *auth); /* "auth0|123" */
DW_EXPORT struct dw_slice dw_auth_issuer(const struct dw_auth *auth);
DW_EXPORT struct dw_slice dw_auth_client_id(const struct dw_auth *auth); /* azp or client_id */
DW_EXPORT struct dw_slice dw_auth_email(const struct dw_auth *auth);
DW_EXPORT bool dw_auth_is_email_verified(const struct dw_auth *auth);
DW_EXPORT struct dw_slice dw_auth_name(const struct dw_auth *auth);
DW_EXPORT int64_t dw_auth_expires_at_s(const struct dw_auth *auth);
/* "auth0" of "auth0|123"; "unknown" without a bar. */
DW_EXPORT struct dw_slice dw_auth_identity_provider(const struct dw_auth *auth);
/* org_id and org_name; false when there is no organization. *ret_name may be empty. */
DW_EXPORT bool dw_auth_organization(const struct dw_auth *auth, struct dw_slice *ret_id,
                                    struct dw_slice *ret_name);
/* The claim "https://mcp.example.com/department" of the seed: namespace and key. */
DW_EXPORT struct dw_slice dw_auth_department(const struct dw_auth *auth, const char *name_space);

/* Scopes and permissions, each once: the scope and scp claims, and what the provider adds. */
DW_EXPORT size_t dw_auth_scope_count(const struct dw_auth *auth);
DW_EXPORT struct dw_slice dw_auth_scope(const struct dw_auth *auth, size_t index);
/* The permissions claim, or the scopes when there is none. */
DW_EXPORT size_t dw_auth_permission_count(const struct dw_auth *auth);
DW_EXPORT struct dw_slice dw_auth_permission(const struct dw_auth *auth, size_t index);

/* Any claim as JSON text; empty when absent. */
DW_EXPORT struct dw_slice dw_auth_claim(const struct dw_auth *auth, const char *name);
/* The claim "NAMESPACE/KEY"; text values without quotes in *ret_text. False when it is absent or no
 * text. */
DW_EXPORT bool dw_auth_custom_text(const struct dw_auth *auth, const char *name_space,
                                   const char *key, struct dw_slice *ret_text);
DW_EXPORT struct dw_slice dw_auth_custom(const struct dw_auth *auth, const char *name_space,
                                         const char *key);

/* ---- an Auth0 tenant ---- */

/* Fixed sizes, nothing to free. */
struct dw_auth0_config {
    size_t size; /* sizeof(struct dw_auth0_config) */
    char domain[256];
    char audience[512];
    char client_id[256];     /* may be empty */
    char client_secret[512]; /* may be empty */
};

/* AUTH0_DOMAIN, AUTH0_AUDIENCE, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET. Fails with DW_CONFIG, naming
 * the variable, when domain or audience is missing or anything is malformed. */
DW_EXPORT_CHECKED bool dw_auth0_config_from_env(struct dw_auth0_config *ret_config,
                                                struct dw_error *reterr);
/* "https://DOMAIN/", ".well-known/jwks.json" and "oauth/token" under it. A domain that is a
 * loopback host with a port is http. Written into ret_url, at most `size` bytes with the NUL; false
 * when it does not fit. */
DW_EXPORT_CHECKED bool dw_auth0_issuer(const struct dw_auth0_config *config, char *ret_url,
                                       size_t size);
DW_EXPORT_CHECKED bool dw_auth0_jwks_uri(const struct dw_auth0_config *config, char *ret_url,
                                         size_t size);
DW_EXPORT_CHECKED bool dw_auth0_token_endpoint(const struct dw_auth0_config *config, char *ret_url,
                                               size_t size);

/* ---- checking tokens ---- */

struct dw_jwt_validator_config {
    size_t size;       /* sizeof(struct dw_jwt_validator_config) */
    char provider[16]; /* auth0 okta cognito entra keycloak google oidc */
    char issuer[512];
    char audience[512];   /* empty: a server's public URL */
    char jwks_uri[512];   /* empty: from discovery */
    char algorithms[128]; /* "RS256 ES256"; empty: RS256 for auth0, else all asymmetric ones */
    char client_ids[512]; /* Cognito: tokens without aud need one of these; separated by spaces */
    int64_t leeway_s;     /* 0 to 300; 0 means 60 */
    const char *jwks;     /* the keys themselves, a JWK Set: nothing is fetched then; or NULL */
};

/* All fill the config's defaults and return it; a text that is missing or does not fit makes the
 * validator fail. */
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_from_auth0(
    const struct dw_auth0_config *config);
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_okta(const char *domain,
                                                                      const char *audience);
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_cognito(const char *region,
                                                                         const char *user_pool_id,
                                                                         const char *client_id);
/* Of Entra's v2.0 endpoint; tokens of the v1.0 one have the issuer
 * "https://sts.windows.net/TENANT/": put that into the config then. */
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_entra(const char *tenant_id,
                                                                       const char *audience);
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_keycloak(const char *base_url,
                                                                          const char *realm,
                                                                          const char *audience);
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_google(const char *audience);
DW_EXPORT struct dw_jwt_validator_config dw_jwt_validator_config_oidc(const char *issuer,
                                                                      const char *audience);

struct dw_jwt_validator;

/* Does no I/O: keys are fetched when the first token comes. Fails with DW_CONFIG. */
DW_EXPORT_CHECKED struct dw_jwt_validator *dw_jwt_validator_new(
    const struct dw_jwt_validator_config *config, struct dw_error *reterr);
DW_EXPORT void dw_jwt_validator_free(struct dw_jwt_validator *validator);
/* Blocking; any thread. *ret_auth is the caller's, freed by dw_auth_free. Fails with
 * DW_INVALID_TOKEN and one sentence that says why, or with DW_UNAVAILABLE when the keys cannot be
 * had. */
DW_EXPORT_CHECKED bool dw_jwt_validate(struct dw_jwt_validator *validator, struct dw_slice token,
                                       struct dw_auth **ret_auth, struct dw_error *reterr);
DW_EXPORT void dw_auth_free(struct dw_auth *auth);

DW_END_C

#endif
