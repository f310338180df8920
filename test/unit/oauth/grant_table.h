/* The scope algebra as a table: one question a row (Auth0: client grants, RBAC, API access
 * policies). test_grant.c asks them. An answer without scopes is a refusal. */
#ifndef DW_TEST_GRANT_TABLE_H
#define DW_TEST_GRANT_TABLE_H

#include "oauth/grant.h"

#define AUDIENCE "https://mcp.example.com"

enum {
    THIRD = 1,         /* the client is a third party */
    DYNAMIC = 2,       /* and registered itself */
    RBAC = 4,          /* the API enforces policies */
    AUTHZ = 8,         /* its dialect has permissions */
    NO_API = 16,       /* there is none of that name */
    SYSTEM = 32,       /* the API is the tenant's own */
    OFFLINE = 64,      /* the API allows offline_access */
    OIDC3 = 128,       /* third parties may use OpenID Connect */
    ALL_SCOPES = 256,  /* the own grant allows all */
    NO_REFRESH = 512,  /* the client lacks the refresh_token grant */
    MUST_GRANT = 1024, /* on behalf of a user: the grant is needed whatever the policy */
};

#define CODE DW_GRANT_AUTHORIZATION_CODE
#define CLIENT DW_GRANT_CLIENT_CREDENTIALS
#define PASSWORD DW_GRANT_PASSWORD
#define REALM DW_GRANT_PASSWORD_REALM
#define REFRESH DW_GRANT_REFRESH_TOKEN
#define EXCHANGE DW_GRANT_TOKEN_EXCHANGE
#define ASSERTION DW_GRANT_JWT_BEARER
#define ALLOW DW_API_POLICY_ALLOW_ALL
#define NEED DW_API_POLICY_REQUIRE_CLIENT_GRANT
#define DENY DW_API_POLICY_DENY_ALL

/* The API declares r w x. NULL: not there. */
struct row {
    const char *name;
    enum dw_grant_type grant_type;
    unsigned flags;
    enum dw_api_policy policy;
    const char *own_grant, *default_grant;
    const char *requested, *user_permissions, *consented, *original, *dynamic_scopes;
    const char *scopes;      /* NULL: refused with DW_ACCESS_DENIED ... */
    const char *permissions; /* ... and this message; else NULL: no claim */
    const char *organization_permissions, *added, *removed; /* NULL: none */
};

#define OF_THE_USER "openid profile email address phone"
/* Third parties are told otherwise. */
#define THIRD_HAS_NO_GRANT                                                                         \
    "Client \"c1\" is not authorized to access resource server \"" AUDIENCE "\"."
#define NO_GRANT "Client is not authorized to access \"" AUDIENCE "\"."

static const struct row rows[] = {
    /* first party, code flow */
    {"unknown API", CODE, NO_API, ALLOW, NULL, NULL, "r", "", NULL, NULL, "", NULL,
     "Service not found: " AUDIENCE},
    {"deny_all", CODE, 0, DENY, "r", NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"needs a grant, has none", CODE, 0, NEED, NULL, NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"the default grant is not for first parties", CODE, 0, NEED, NULL, "r", "r", "", NULL, NULL,
     "", NULL, NO_GRANT},
    {"allow_all gives what is declared", CODE, 0, ALLOW, NULL, NULL, "r w z", "", NULL, NULL, "",
     "r w", NULL},
    {"nothing requested, nothing given", CODE, 0, ALLOW, NULL, NULL, "", "", NULL, NULL, "", "",
     NULL},
    {"order is that of the request", CODE, 0, ALLOW, NULL, NULL, "x r", "", NULL, NULL, "", "x r",
     NULL},
    {"allow_all is not cut by a grant", CODE, 0, ALLOW, "r", NULL, "r w", "", NULL, NULL, "", "r w",
     NULL},
    {"a needed grant cuts", CODE, 0, NEED, "r", NULL, "r w", "", NULL, NULL, "", "r", NULL},
    {"a grant of an undeclared scope gives nothing", CODE, 0, NEED, "z", NULL, "z", "", NULL, NULL,
     "", "", NULL},
    {"an empty grant gives nothing", CODE, 0, NEED, "", NULL, "r", "", NULL, NULL, "", "", NULL},
    {"a grant of all scopes", CODE, ALL_SCOPES, NEED, "", NULL, "r w z", "", NULL, NULL, "", "r w",
     NULL},
    {"case matters", CODE, 0, ALLOW, NULL, NULL, "R", "", NULL, NULL, "", "", NULL},
    {"no wildcard in requests", CODE, 0, ALLOW, NULL, NULL, "*", "", NULL, NULL, "", "", NULL},
    /* RBAC */
    {"RBAC off: permissions do not matter", CODE, 0, ALLOW, NULL, NULL, "r w", "r", NULL, NULL, "",
     "r w", NULL},
    {"RBAC cuts to permissions", CODE, RBAC, ALLOW, NULL, NULL, "r w", "r x", NULL, NULL, "", "r",
     NULL},
    {"RBAC without permissions gives none", CODE, RBAC, ALLOW, NULL, NULL, "r w", "", NULL, NULL,
     "", "", NULL},
    {"authz without RBAC has no claim", CODE, AUTHZ, ALLOW, NULL, NULL, "r", "r w", NULL, NULL, "",
     "r", NULL},
    {"RBAC with authz: all permissions in the claim", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r",
     "r w", NULL, NULL, "", "r", "r w"},
    {"the claim is there even when empty", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r", "", NULL,
     NULL, "", "", ""},
    {"a permission does not lift the grant", CODE, RBAC | AUTHZ, NEED, "r", NULL, "r w", "r w",
     NULL, NULL, "", "r", "r w"},
    /* consent */
    {"consent cuts", CODE, 0, ALLOW, NULL, NULL, "r w", "", "r", NULL, "", "r", NULL},
    {"consent to nothing", CODE, 0, ALLOW, NULL, NULL, "openid r", "", "", NULL, "", "", NULL},
    {"consent to more gives no more", CODE, 0, ALLOW, NULL, NULL, "r", "", "r w x", NULL, "", "r",
     NULL},
    /* OpenID scopes */
    {"OpenID scopes pass beside the API's", CODE, RBAC, ALLOW, NULL, NULL, "openid profile r email",
     "r", NULL, NULL, "", "openid profile r email", NULL},
    {"offline_access needs the API", CODE, 0, ALLOW, NULL, NULL, "offline_access r", "", NULL, NULL,
     "", "r", NULL},
    {"offline_access of an API that allows it", CODE, OFFLINE, ALLOW, NULL, NULL,
     "offline_access r", "", NULL, NULL, "", "offline_access r", NULL},
    {"offline_access needs the client's grant type", CODE, OFFLINE | NO_REFRESH, ALLOW, NULL, NULL,
     "offline_access r", "", NULL, NULL, "", "r", NULL},
    /* third parties */
    {"a third party needs a grant even with allow_all", CODE, THIRD, ALLOW, NULL, NULL, "r", "",
     NULL, NULL, "", NULL, NO_GRANT},
    {"the default grant is for third parties", CODE, THIRD, NEED, NULL, "r", "r w", "", NULL, NULL,
     "", "r", NULL},
    {"its own grant wins over the default", CODE, THIRD, ALLOW, "w", "r", "r w", "", NULL, NULL, "",
     "w", NULL},
    {"no third party at a system API", CODE, THIRD | SYSTEM, ALLOW, "r", "r", "r", "", NULL, NULL,
     "", NULL, NO_GRANT},
    {"deny_all for third parties too", CODE, THIRD, DENY, "r", "r", "r", "", NULL, NULL, "", NULL,
     NO_GRANT},
    {"strict: OpenID scopes are passed over", CODE, THIRD, NEED, NULL, "r", "openid email r", "",
     NULL, NULL, "", "r", NULL},
    {"permissive: OpenID scopes pass", CODE, THIRD | OIDC3, NEED, NULL, "r", "openid email r", "",
     NULL, NULL, "", "openid email r", NULL},
    {"strict keeps offline_access", CODE, THIRD | OFFLINE, NEED, NULL, "r", "offline_access r", "",
     NULL, NULL, "", "offline_access r", NULL},
    {"RBAC for third parties", CODE, THIRD | RBAC | AUTHZ, NEED, NULL, "r w", "r w", "w", NULL,
     NULL, "", "w", "w"},
    /* clients that registered themselves */
    {"allowed_scopes cut", CODE, THIRD | DYNAMIC, NEED, NULL, "r w x", "r w x", "", NULL, NULL,
     "r w", "r w", NULL},
    {"allowed_scopes cut OpenID scopes", CODE, THIRD | DYNAMIC | OIDC3, NEED, NULL, "r",
     "openid email r", "", NULL, NULL, "openid r", "openid r", NULL},
    {"allowed_scopes do not count offline_access", CODE, THIRD | DYNAMIC | OFFLINE, NEED, NULL, "r",
     "offline_access r", "", NULL, NULL, "r", "offline_access r", NULL},
    {"allowed_scopes are for dynamic clients", CODE, THIRD, NEED, NULL, "r w", "r w", "", NULL,
     NULL, "r", "r w", NULL},
    {"no allowed_scopes, no limit", CODE, THIRD | DYNAMIC, NEED, NULL, "r w", "r w", "", NULL, NULL,
     "", "r w", NULL},
    /* the gateway lets permissions do what scopes do, so they have the same ceiling there */
    {"a third party gets no permission beyond its grant", CODE, THIRD | RBAC | AUTHZ, NEED, NULL,
     "r", "r w", "r w x", NULL, NULL, "", "r", "r"},
    {"... nor when the user may do everything", CODE, THIRD | RBAC | AUTHZ, ALLOW, "w", "r", "r",
     "r w x", NULL, NULL, "", "", "w"},
    {"allowed_scopes cut permissions", CODE, THIRD | DYNAMIC | RBAC | AUTHZ, NEED, NULL, "r w x",
     "r", "r w x", NULL, NULL, "r w", "r", "r w"},
    {"... also in a refresh", REFRESH, THIRD | DYNAMIC | RBAC | AUTHZ, NEED, NULL, "r w x", "",
     "r w x", NULL, "r", "r w", "r", "r w"},
    {"a third party gets no permission that nobody agreed to", REFRESH, THIRD | RBAC | AUTHZ, NEED,
     NULL, "r w x", "", "r w x", "r w", "r", "", "r", "r w"},
    /* client_credentials */
    {"client: no API", CLIENT, NO_API, NEED, NULL, NULL, "", "", NULL, NULL, "", NULL,
     "Service not found: " AUDIENCE},
    {"client: no grant", CLIENT, 0, NEED, NULL, NULL, "", "", NULL, NULL, "", NULL, NO_GRANT},
    {"client: nothing requested is all of the grant", CLIENT, 0, NEED, "w r", NULL, "", "", NULL,
     NULL, "", "r w", NULL},
    {"client: a part of the grant", CLIENT, 0, NEED, "r w", NULL, "w", "", NULL, NULL, "", "w",
     NULL},
    {"client: beyond the grant", CLIENT, 0, NEED, "r", NULL, "r w x", "", NULL, NULL, "", NULL,
     "Client has not been granted scopes: w, x"},
    {"client: OpenID scopes are beyond", CLIENT, 0, NEED, "r", NULL, "openid", "", NULL, NULL, "",
     NULL, "Client has not been granted scopes: openid"},
    {"client: RBAC does not ask users", CLIENT, RBAC | AUTHZ, NEED, "r w", NULL, "", "", NULL, NULL,
     "", "r w", "r w"},
    {"client: allow_all", CLIENT, 0, ALLOW, NULL, NULL, "", "", NULL, NULL, "", "r w x", NULL},
    {"client: deny_all", CLIENT, 0, DENY, "r", NULL, "", "", NULL, NULL, "", NULL, NO_GRANT},
    {"client: an empty grant is a token without scopes", CLIENT, 0, NEED, "", NULL, "", "", NULL,
     NULL, "", "", NULL},
    /* password */
    {"password: nothing requested is everything", PASSWORD, 0, ALLOW, NULL, NULL, "", "", NULL,
     NULL, "", OF_THE_USER " r w x", NULL},
    {"password: ... that RBAC allows", PASSWORD, RBAC, ALLOW, NULL, NULL, "", "w", NULL, NULL, "",
     OF_THE_USER " w", NULL},
    {"password-realm: the same", REALM, RBAC, ALLOW, NULL, NULL, "", "w", NULL, NULL, "",
     OF_THE_USER " w", NULL},
    {"password: a part", PASSWORD, 0, ALLOW, NULL, NULL, "openid r", "", NULL, NULL, "", "openid r",
     NULL},
    /* refresh */
    {"refresh: nothing requested is what there was", REFRESH, 0, ALLOW, NULL, NULL, "", "", NULL,
     "openid r w", "", "openid r w", NULL},
    {"refresh: narrowed", REFRESH, 0, ALLOW, NULL, NULL, "r", "", NULL, "r w", "", "r", NULL},
    {"refresh: never more", REFRESH, 0, ALLOW, NULL, NULL, "r x openid", "", NULL, "r w", "", "r",
     NULL},
    {"refresh: lost permissions are gone", REFRESH, RBAC | AUTHZ, ALLOW, NULL, NULL, "", "w", NULL,
     "r w", "", "w", "w"},
    {"refresh: a withdrawn grant ends it", REFRESH, THIRD, NEED, NULL, NULL, "", "", NULL, "r", "",
     NULL, NO_GRANT},
    /* per-app authorization: where a client grant is needed, scopes are asked for by name */
    {"password: per-app, nothing requested, nothing given", PASSWORD, 0, NEED, "r w", NULL, "", "",
     NULL, NULL, "", "", NULL},
    {"password-realm: the same", REALM, 0, NEED, "r w", NULL, "", "", NULL, NULL, "", "", NULL},
    {"password: per-app, asked by name", PASSWORD, 0, NEED, "r", NULL, "r w", "", NULL, NULL, "",
     "r", NULL},
    {"password: per-app without a grant", PASSWORD, 0, NEED, NULL, NULL, "", "", NULL, NULL, "",
     NULL, NO_GRANT},
    {"password: a third party asks by name, too", PASSWORD, THIRD, ALLOW, "r w", NULL, "", "", NULL,
     NULL, "", "", NULL},
    {"client: per-app gives all of the grant", CLIENT, 0, NEED, "r", NULL, "", "", NULL, NULL, "",
     "r", NULL},
    {"refresh: per-app gives what there was", REFRESH, 0, NEED, "r w", NULL, "", "", NULL, "r", "",
     "r", NULL},
    {"refresh: a grant that was cut cuts", REFRESH, 0, NEED, "r", NULL, "", "", NULL, "r w", "",
     "r", NULL},
    {"refresh: RBAC that came later cuts", REFRESH, RBAC, ALLOW, NULL, NULL, "r w", "r", NULL,
     "r w", "", "r", NULL},
    {"refresh: deny_all that came later ends it", REFRESH, 0, DENY, NULL, NULL, "", "", NULL, "r",
     "", NULL, NO_GRANT},
    {"refresh: an API that is gone ends it", REFRESH, NO_API, ALLOW, NULL, NULL, "", "", NULL, "r",
     "", NULL, "Service not found: " AUDIENCE},
    {"refresh: offline_access stays while the API allows it", REFRESH, OFFLINE, ALLOW, NULL, NULL,
     "", "", NULL, "offline_access r", "", "offline_access r", NULL},
    {"refresh: ... and goes with it", REFRESH, 0, ALLOW, NULL, NULL, "", "", NULL,
     "offline_access r", "", "r", NULL},
    /* organizations: what a member's roles give counts beside the user's own */
    {"a member's roles open scopes", CODE, RBAC, ALLOW, NULL, NULL, "r w x", "r", NULL, NULL, "",
     "r w", NULL, .organization_permissions = "w"},
    {"a member's roles are in the claim", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "w", "r", NULL,
     NULL, "", "w", "r w", .organization_permissions = "w"},
    {"what comes from both comes once", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r w", "r w", NULL,
     NULL, "", "r w", "r w x", .organization_permissions = "w x"},
    {"a member's roles do not lift the grant", CODE, RBAC | AUTHZ, NEED, "r", NULL, "r w", "", NULL,
     NULL, "", "r", "r w", .organization_permissions = "r w"},
    {"a member's roles without RBAC change nothing", CODE, AUTHZ, ALLOW, NULL, NULL, "r w", "",
     NULL, NULL, "", "r w", NULL, .organization_permissions = "x"},
    {"a third party's claim is cut for members, too", CODE, THIRD | RBAC | AUTHZ, NEED, NULL, "r",
     "r w", "", NULL, NULL, "", "r", "r", .organization_permissions = "r w x"},
    {"a member's refresh", REFRESH, RBAC | AUTHZ, ALLOW, NULL, NULL, "", "", NULL, "r w", "", "w",
     "w x", .organization_permissions = "w x"},
    {"a client has no roles", CLIENT, RBAC | AUTHZ, NEED, "r", NULL, "", "", NULL, NULL, "", "r",
     "r", .organization_permissions = "w x"},
    /* on behalf of a user: a grant, whatever the policy says */
    {"on behalf: allow_all is not enough", EXCHANGE, MUST_GRANT, ALLOW, NULL, NULL, "r", "", NULL,
     NULL, "", NULL, NO_GRANT},
    {"on behalf: the grant is the ceiling", EXCHANGE, MUST_GRANT, ALLOW, "r", NULL, "r w", "", NULL,
     NULL, "", "r", NULL},
    {"on behalf: RBAC applies", EXCHANGE, MUST_GRANT | RBAC | AUTHZ, ALLOW, "r w", NULL, "r w", "w",
     NULL, NULL, "", "w", "w"},
    {"on behalf: nothing requested is all of the grant", EXCHANGE, MUST_GRANT, NEED, "r w", NULL,
     "", "", NULL, NULL, "", "r w", NULL},
    {"on behalf: no OpenID Connect and no refresh tokens", EXCHANGE, MUST_GRANT | OFFLINE, ALLOW,
     "r w", NULL, "openid profile email offline_access r", "", NULL, NULL, "", "r", NULL},
    {"on behalf: not at a system API for third parties", EXCHANGE, MUST_GRANT | THIRD | SYSTEM,
     ALLOW, "r", NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"exchange: a profile's user has what a login gives", EXCHANGE, RBAC, ALLOW, NULL, NULL,
     "openid r w", "r", NULL, NULL, "", "openid r", NULL},
    {"exchange: deny_all", EXCHANGE, 0, DENY, "r", NULL, "r", "", NULL, NULL, "", NULL, NO_GRANT},
    {"assertion: no more than it carries", ASSERTION, 0, ALLOW, NULL, NULL, "r w", "", NULL, "w x",
     "", "w", NULL},
    {"assertion: nothing requested is what it carries", ASSERTION, 0, ALLOW, NULL, NULL, "", "",
     NULL, "w x", "", "w x", NULL},
    /* Actions come last */
    {"an Action adds what RBAC refused", CODE, RBAC, ALLOW, NULL, NULL, "r w", "r", NULL, NULL, "",
     "r w", NULL, .added = "w"},
    {"an Action removes what was granted", CODE, 0, ALLOW, NULL, NULL, "r w", "", NULL, NULL, "",
     "w", NULL, .removed = "r"},
    {"an Action that adds and removes one, removes it", CODE, 0, ALLOW, NULL, NULL, "r", "", NULL,
     NULL, "", "r", NULL, .added = "z", .removed = "z"},
    {"an Action's scope comes once", CODE, 0, ALLOW, NULL, NULL, "r", "", NULL, NULL, "", "r", NULL,
     .added = "r"},
    {"an Action does not change the permissions", CODE, RBAC | AUTHZ, ALLOW, NULL, NULL, "r", "r",
     NULL, NULL, "", "r w", "r", .added = "w"},
};

#endif
