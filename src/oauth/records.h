/* Everything an authorization server must remember, one struct a kind. What the rules in oauth/
 * read and what store/store.h keeps; no behaviour here but the names of the enums.
 *
 * In all of them: an empty slice, an empty list and a time of 0 mean "none"; a `_digest` is the 32
 * raw bytes of a SHA-256; a `_json` is a JSON object as text and never empty when it was read from
 * a store ("{}"); `sealed_` bytes are encrypted under the tenant's key and opaque here. Slices
 * belong to the arena that the function which filled the record was given. */
#ifndef DW_OAUTH_RECORDS_H
#define DW_OAUTH_RECORDS_H

#include "base/slice.h"
#include "jose/algorithm.h"

#define DW_DIGEST_BYTES 32
#define DW_SCOPE_MAX_BYTES 4096 /* a scope parameter, all names and spaces */
#define DW_SCOPES_MAX 200       /* names in a scope parameter, and scopes of an API */

/* The enums' names are Auth0's or the RFCs'. _from gives the zero member for an unknown name. */

/* The names of an enum in the order of its members, NULL at the end: for a store's columns. */
extern const char *const dw_oauth_client_kind_names[],
    *const dw_app_type_names[],
        *const dw_client_auth_method_names[],
            *const dw_token_dialect_names[],
                *const dw_api_policy_names[],
                    *const dw_grant_subject_names[],
                        *const dw_resource_profile_names[],
                            *const dw_organization_usage_names[],
                                *const dw_organization_prompt_names[],
                                    *const dw_security_mode_names[],
                                        *const dw_redirection_policy_names[],
                                            *const dw_tristate_names[],
                                                *const dw_id_token_alg_names[],
                                                    *const dw_response_mode_names[],
                                                        *const dw_signing_key_phase_names[];
/* False when `names` has no such name; *ret_member is then untouched. */
bool dw_enum_from(const char *const *names, struct dw_slice name, unsigned *ret_member);

enum dw_oauth_client_kind {
    DW_CLIENT_STATIC, /* made by the operator */
    DW_CLIENT_DCR,    /* RFC 7591 */
    DW_CLIENT_CIMD,   /* its id is the URL of its metadata document */
    DW_CLIENT_KIND_COUNT
};
const char *dw_oauth_client_kind_name(enum dw_oauth_client_kind kind); /* static dcr cimd */

enum dw_app_type {
    DW_APP_UNSET,
    DW_APP_NATIVE,
    DW_APP_SPA,
    DW_APP_REGULAR_WEB,
    DW_APP_NON_INTERACTIVE,
    DW_APP_RESOURCE_SERVER,
    DW_APP_TYPE_COUNT
};

enum dw_client_auth_method {
    DW_CLIENT_AUTH_UNSET,
    DW_CLIENT_AUTH_NONE, /* a public client: PKCE only */
    DW_CLIENT_AUTH_BASIC,
    DW_CLIENT_AUTH_POST,
    DW_CLIENT_AUTH_PRIVATE_KEY_JWT,
    DW_CLIENT_AUTH_METHOD_COUNT
};
const char *dw_client_auth_method_name(
    enum dw_client_auth_method method); /* none client_secret_basic ... */
enum dw_client_auth_method dw_client_auth_method_from(struct dw_slice name);

/* What an API's access tokens look like (Auth0 `token_dialect`). */
enum dw_token_dialect {
    DW_DIALECT_ACCESS_TOKEN,
    DW_DIALECT_ACCESS_TOKEN_AUTHZ,
    DW_DIALECT_RFC9068,
    DW_DIALECT_RFC9068_AUTHZ,
    DW_DIALECT_COUNT
};

/* Who may get tokens for an API without its own client grant. */
enum dw_api_policy {
    DW_API_POLICY_REQUIRE_CLIENT_GRANT,
    DW_API_POLICY_ALLOW_ALL,
    DW_API_POLICY_DENY_ALL,
    DW_API_POLICY_COUNT
};

enum dw_grant_subject {
    DW_GRANT_SUBJECT_CLIENT, /* client_credentials */
    DW_GRANT_SUBJECT_USER,
    DW_GRANT_SUBJECT_COUNT
};
const char *dw_grant_subject_name(enum dw_grant_subject subject); /* client user */
bool dw_grant_subject_from(struct dw_slice name, enum dw_grant_subject *ret_subject);

enum dw_resource_profile {
    DW_RESOURCE_COMPATIBILITY, /* `resource` counts when there is no `audience` */
    DW_RESOURCE_AUDIENCE,      /* Auth0's default: `resource` is ignored */
    DW_RESOURCE_PROFILE_COUNT
};

enum dw_response_mode {
    DW_RESPONSE_QUERY,
    DW_RESPONSE_FRAGMENT,
    DW_RESPONSE_FORM_POST,
    DW_RESPONSE_WEB_MESSAGE, /* a message to the window that opened or embeds ours */
    DW_RESPONSE_MODE_COUNT
};
bool dw_response_mode_from(struct dw_slice name, enum dw_response_mode *ret_mode);

/* Whether people log in to an application as members of organizations. */
enum dw_organization_usage {
    DW_ORGANIZATION_DENY,
    DW_ORGANIZATION_ALLOW,
    DW_ORGANIZATION_REQUIRE,
    DW_ORGANIZATION_USAGE_COUNT
};
/* How one that requires them finds out which (Auth0 organization_require_behavior). */
enum dw_organization_prompt {
    DW_ORGANIZATION_NO_PROMPT, /* the request says it */
    DW_ORGANIZATION_PRE_LOGIN_PROMPT,
    DW_ORGANIZATION_POST_LOGIN_PROMPT,
    DW_ORGANIZATION_PROMPT_COUNT
};

/* How much a third-party application may do; said once, when it is made (Auth0
 * third_party_security_mode). Means nothing for first-party ones. */
enum dw_security_mode {
    DW_SECURITY_STRICT,
    DW_SECURITY_PERMISSIVE,
    DW_SECURITY_MODE_COUNT
};
/* What becomes of an authorization error of such an application. */
enum dw_redirection_policy {
    DW_REDIRECTION_PROTECTED, /* a page of ours (Auth0 open_redirect_protection) */
    DW_REDIRECTION_ALWAYS,    /* back to the application (Auth0 allow_always) */
    DW_REDIRECTION_POLICY_COUNT
};

enum dw_tristate {
    DW_UNSAID,
    DW_FALSE,
    DW_TRUE,
    DW_TRISTATE_COUNT
};

#define DW_USER_CODE_MIN 8 /* letters, ... */
#define DW_USER_CODE_DIGITS_MIN 9
#define DW_USER_CODE_MAX 16
#define DW_USER_CODE_MASK_MAX 24
/* How a device's user code looks (Auth0 device_flow). */
struct dw_user_code_format {
    bool is_digits;       /* else of twenty consonants */
    struct dw_slice mask; /* a star for each letter, with hyphens and blanks */
};

/* What the operator decided about the whole tenant (oauth/settings.h has Auth0's names). An
 * endpoint reads call->settings. */
struct dw_tenant_settings {
    struct dw_slice friendly_name; /* empty: the host */
    struct dw_slice picture_url, support_email, support_url;
    struct dw_slice default_audience; /* used when a request names none */
    struct dw_slice
        default_directory; /* the connection of the password grant; empty: grant is off */
    struct dw_slice default_redirection_uri; /* where somebody goes who comes from nowhere */
    struct dw_slice error_page_url;          /* instead of our page, with the error as parameters */
    bool error_page_shows_log_link;
    struct dw_slices allowed_logout_urls;
    struct dw_slices enabled_locales; /* of pages and mails, the first for everybody else; empty:
                                         all there are */
    /* The look of the pages (Auth0's branding and prompts). */
    struct dw_slice logo_url, favicon_url;
    struct dw_slice primary_color, page_background_color; /* "#RRGGBB" */
    bool is_identifier_first;          /* e-mail address and password on two pages */
    bool shows_scope_descriptions;     /* on the consent page; else the scopes' names */
    bool asks_before_logout;           /* /oidc/logout without a hint shows a page first */
    bool is_session_cookie_persistent; /* it outlives the browser */
    bool gives_connections;            /* a new application of ours has the connections with
                                          passwords */
    struct dw_user_code_format user_code;
    bool allows_unbound_links; /* a magic link of the API works in any browser */
    enum dw_resource_profile resource_profile;
    int64_t session_idle_s;           /* Auth0: 72 h */
    int64_t session_lifetime_s;       /* Auth0: 168 h */
    bool sends_iss_parameter;         /* RFC 9207 */
    bool is_dcr_enabled;              /* RFC 7591 */
    bool is_cimd_enabled;             /* Client ID Metadata Documents */
    bool is_dcr_strict;               /* Auth0 dynamic_client_registration_security_mode */
    bool allows_organization_name;    /* /authorize takes names, tokens carry org_name (Auth0
                                         allow_organization_name_in_authentication_api) */
    bool requires_par;                /* of every client */
    bool skips_callback_confirmation; /* no page before a code goes to a loopback port */
    bool revokes_grant_with_token;    /* /oauth/revoke also forgets the consent */
    bool tells_user_exists;           /* at sign-up */
    bool publishes_end_session;       /* in discovery */
    bool removes_alg_from_keys;       /* in the JWK Set */
    bool is_par_enabled;              /* RFC 9126 (Auth0 pushed_authorization_requests_supported) */
};

/* How an application's refresh tokens live (Auth0 client.refresh_token). */
struct dw_refresh_policy {
    bool is_rotating;
    int64_t leeway_s;        /* how long the previous token still gives the same successor */
    int64_t lifetime_s;      /* from the first token of the family; 0: without end */
    int64_t idle_lifetime_s; /* since the last use; 0: without end */
};

/* Auth0 jwt_configuration.alg. Not HS256: of a client's secret there is only a digest. */
enum dw_id_token_alg {
    DW_ID_TOKEN_RS256,
    DW_ID_TOKEN_PS256,
    DW_ID_TOKEN_ALG_COUNT
};

/* An application. Its `id` is the `client_id`. */
struct dw_oauth_client {
    struct dw_slice id;
    struct dw_slice name;
    struct dw_slice description;
    struct dw_slice logo_uri; /* foreign text for DCR and CIMD: never fetched by us */
    struct dw_slice client_uri;
    enum dw_oauth_client_kind kind;
    enum dw_app_type app_type;
    bool is_first_party;
    enum dw_client_auth_method auth_method;
    struct dw_slice secret_digest; /* of the client_secret; empty: it has none */
    struct dw_slice sealed_secret; /* for an operator who asks for it again */
    struct dw_slices grant_types;
    struct dw_slices redirect_uris; /* Auth0: callbacks */
    struct dw_slices allowed_logout_urls;
    struct dw_slices web_origins;     /* of its scripts: they get messages, and answers (CORS) */
    struct dw_slices allowed_origins; /* further ones, for answers alone */
    struct dw_slices scopes;          /* registered: used when a request names none */
    struct dw_refresh_policy refresh;
    /* Auth0 refresh_token.policies: further APIs that its refresh tokens may be exchanged for, as
     * [{"audience":"https://api","scope":["read:x"]}]; empty: none */
    struct dw_slice refresh_policies_json;
    struct dw_slice resource_server_identifier; /* DW_APP_RESOURCE_SERVER: the API that it is */
    struct dw_slices token_exchange_types;      /* Auth0 token_exchange.allow_any_profile_of_type */
    int64_t id_token_lifetime_s;
    enum dw_id_token_alg id_token_alg; /* strict third parties: RS256, whatever it says */
    enum dw_organization_usage organization_usage;
    enum dw_organization_prompt organization_prompt;
    struct dw_slice default_organization; /* org_...: of client_credentials without one */
    enum dw_security_mode security_mode;
    enum dw_redirection_policy redirection_policy;
    enum dw_tristate skips_callback_confirmation; /* unsaid: the tenant's setting */
    struct dw_slice initiate_login_uri;           /* where a login begins that nobody asked for */
    bool requires_par;                            /* Auth0 require_pushed_authorization_requests */
    bool requires_dpop;    /* Auth0 require_proof_of_possession: every token is bound to a key */
    bool trusts_ip_header; /* Auth0 is_token_endpoint_ip_header_trusted: its auth0-forwarded-for
                              says who asks; of a confidential client alone */
    struct dw_slice jwks_json; /* private_key_jwt; empty or {"keys":[...]} */
    struct dw_slice jwks_uri;
    struct dw_slice metadata_json;
    struct dw_slice document_digest; /* CIMD: of the document that was seen last */
    int64_t document_expires_at_s;   /* CIMD: fetch it again from then on */
    int64_t created_at_s;
    int64_t updated_at_s;
};

struct dw_api_scope {
    struct dw_slice value;
    struct dw_slice description;
};

/* An API: what access tokens are for (Auth0 resource server). */
struct dw_api {
    struct dw_slice id;         /* 24 hex digits */
    struct dw_slice identifier; /* the audience; unique */
    struct dw_slice name;
    const struct dw_api_scope *scopes; /* at most DW_SCOPES_MAX */
    size_t scope_count;
    int64_t token_lifetime_s;
    int64_t token_lifetime_web_s; /* Auth0 token_lifetime_for_web: of the implicit and hybrid flows,
                                     which are not offered; kept and shown */
    enum dw_token_dialect token_dialect;
    enum dw_jose_alg signing_alg;          /* DW_ALG_UNKNOWN: HS256 with ... */
    struct dw_slice sealed_signing_secret; /* ... the API's own secret (Auth0 signing_secret) */
    bool enforces_policies;                /* RBAC: scopes are cut to the user's permissions */
    bool allows_offline_access;
    bool skips_consent; /* for first-party clients on a verifiable callback */
    bool is_system;     /* the tenant's own: never for third parties */
    enum dw_api_policy user_policy;
    enum dw_api_policy client_policy;
    int64_t created_at_s;
};

/* What a client may ask of an API. Exactly one of client_id and is_third_party_default. */
struct dw_client_grant {
    struct dw_slice id; /* cgr_ + 16 */
    struct dw_slice client_id;
    bool is_third_party_default; /* Auth0 default_for: third_party_clients */
    struct dw_slice audience;
    enum dw_grant_subject subject;
    struct dw_slices scopes;
    bool allows_all_scopes;
    enum dw_organization_usage organization_usage; /* of client_credentials */
    bool allows_any_organization; /* else those that have the grant (store/organizations.h) */
    int64_t created_at_s;
};

struct dw_user {
    struct dw_slice id;         /* "auth0|" + 24 hex digits */
    struct dw_slice connection; /* where the account lives */
    struct dw_slice email;      /* lower case; unique in its connection */
    bool is_email_verified;
    bool awaits_confirmation; /* signed up where the address is confirmed before the first login,
                                 and nobody has confirmed it or given the account another since */
    struct dw_slice username; /* unique in its connection */
    struct dw_slice name;
    struct dw_slice given_name;
    struct dw_slice family_name;
    struct dw_slice nickname;
    struct dw_slice picture;
    struct dw_slice phone_number; /* E.164, "+12345678900"; unique in its connection */
    bool is_phone_verified;
    struct dw_secret password_hash;   /* a PHC string, or the JSON object of an imported hash
                                         (oauth/imported_password.h); empty: cannot log in with a
                                         password */
    int64_t last_password_reset_at_s; /* the user or an operator changed the password */
    bool is_blocked;
    struct dw_slice app_metadata_json;
    struct dw_slice user_metadata_json;
    int64_t created_at_s;
    int64_t updated_at_s;
    int64_t last_login_at_s;
    struct dw_slice last_ip;
    int64_t logins_count;
    struct dw_user *as_read; /* the store's: how it was found. An update writes what differs,
                                      so that it undoes nothing that was changed meanwhile */
};

/* Whether what a login at that time has begun may go on: not for a blocked user, and not when the
 * password has changed since. 0: it began with no login. The store has the same rule where it adds
 * a refresh family. */
bool dw_user_login_stands(const struct dw_user *user, int64_t authenticated_at_s);

struct dw_role {
    struct dw_slice id;   /* rol_ + 16 */
    struct dw_slice name; /* unique */
    struct dw_slice description;
    int64_t created_at_s;
};

/* One scope of one API, as roles and users hold it. */
struct dw_permission {
    struct dw_slice audience;
    struct dw_slice name;
    struct dw_slice description; /* read only: comes from the API */
};

/* What a user allowed a client (Auth0 grant). One for each user, client, audience
 * and organization. */
struct dw_consent {
    struct dw_slice id;
    struct dw_slice user_id;
    struct dw_slice client_id;
    struct dw_slice audience;
    struct dw_slice organization; /* org_...; empty: none */
    struct dw_slices scopes;
    int64_t created_at_s;
    int64_t updated_at_s;
};

/* The one value of acr_values and of the claim acr that means something here (Auth0's). */
#define DW_ACR_MULTI_FACTOR "http://schemas.openid.net/pape/policies/2007/06/multi-factor"

/* The page a login begins with (`screen_hint`, prompt=create). */
enum dw_screen {
    DW_SCREEN_LOGIN,
    DW_SCREEN_SIGNUP,
    DW_SCREEN_RESET, /* a forgotten password */
};

/* A visit to /authorize while the user logs in and consents. Found by the digest of a random value
 * that only this browser's cookie holds. */
struct dw_authorization_request {
    struct dw_slice id_digest;
    struct dw_slice client_id;
    struct dw_slice redirect_uri; /* validated: the one to answer to */
    bool has_redirect_uri;        /* the request named it, so the token request must too */
    enum dw_response_mode response_mode;
    struct dw_slices scopes;
    struct dw_slice audience; /* after the resource rule and the default; empty: /userinfo only */
    struct dw_slice oauth_state; /* decoupled: the user code, to be shown */
    bool has_state;              /* `state=` was there, perhaps empty */
    struct dw_slice oidc_nonce;
    struct dw_slice code_challenge;
    bool prompts_none, prompts_login, prompts_consent, prompts_select_account;
    enum dw_screen first_screen; /* not kept: it counts when the visit begins */
    int64_t max_age_s;           /* -1: none */
    struct dw_slice login_hint;
    struct dw_slice ui_locales;
    bool wants_mfa;                /* acr_values has DW_ACR_MULTI_FACTOR */
    struct dw_slice organization;  /* org_...: of whose members the user must be one; empty: none */
    struct dw_slice invitation_id; /* a valid one came with the request */
    struct dw_slice connection;    /* the name of the only one to log in by; empty: any */
    struct dw_slice dpop_jkt;      /* RFC 9449 section 10; empty: none */
    struct dw_slice decoupled_id;  /* dw_decoupled_request.id: the answer goes there, not to a
                                      redirect URI; empty: an ordinary request */
    bool is_confirmed;             /* decoupled: the user has confirmed that page */
    struct dw_slice
        signup_user_id;           /* whose address the browser is to confirm by a code: made by this
                                     visit, or made up when the address was known; empty: nobody */
    struct dw_slice signup_email; /* where the code went */
    struct dw_slice csrf_digest;  /* of the token in our own forms */
    struct dw_slice user_id;      /* set by the login step */
    struct dw_slice session_id;   /* dw_login_session.id, set by the login step */
    int64_t authenticated_at_s;
    int64_t mfa_at_s; /* set by the mfa step; 0: no second factor was shown */
    int64_t created_at_s;
    int64_t expires_at_s;
};

struct dw_authorization_code {
    struct dw_slice code_digest;
    struct dw_slice client_id;
    struct dw_slice user_id;
    struct dw_slice session_id;
    struct dw_slice family_id; /* of the refresh tokens that come of it: what a replay revokes */
    struct dw_slice redirect_uri;
    bool has_redirect_uri;
    struct dw_slice code_challenge;
    struct dw_slices scopes; /* granted */
    struct dw_slice audience;
    struct dw_slice oidc_nonce;
    struct dw_slice organization;
    struct dw_slice dpop_jkt; /* the key that must redeem it; empty: any or none */
    int64_t max_age_s;        /* -1: none; else the ID token carries auth_time */
    int64_t authenticated_at_s;
    int64_t mfa_at_s; /* 0: no second factor; else the ID token carries amr */
    int64_t created_at_s;
    int64_t expires_at_s;
    int64_t used_at_s; /* 0: not yet */
};

/* The refresh tokens that descend from one grant; they die together. */
struct dw_refresh_family {
    struct dw_slice id; /* random; may go into logs */
    struct dw_slice client_id;
    struct dw_slice user_id;
    struct dw_slice session_id;
    struct dw_slices scopes; /* the ceiling of every refresh for `audience` */
    struct dw_slice audience;
    struct dw_slice grant_type; /* the grant_type that made it; the tokens' `gty` */
    struct dw_slice organization;
    struct dw_slice dpop_jkt; /* the key that every refresh must prove; empty: none */
    int64_t authenticated_at_s;
    int64_t mfa_at_s; /* 0: no second factor */
    bool is_rotating; /* the policy at birth */
    int64_t leeway_s;
    int64_t idle_lifetime_s; /* 0: without end */
    int64_t expires_at_s;    /* 0: never */
    int64_t last_used_at_s;
    int64_t created_at_s;
    int64_t revoked_at_s; /* 0: alive */
};

/* One link of a family. Rotating families have one token that is not spent. */
struct dw_refresh_token {
    struct dw_slice token_digest;
    struct dw_slice family_id;
    int64_t generation; /* from 1 */
    int64_t created_at_s;
    int64_t spent_at_s; /* when it was exchanged for its successor; 0: it is the current one */
    struct dw_slice successor_digest;
};

struct dw_login_session {
    struct dw_slice id_digest; /* of the cookie's value */
    struct dw_slice id;        /* public: the `sid` claim */
    struct dw_slice user_id;
    int64_t created_at_s;
    int64_t authenticated_at_s; /* the password was asked for */
    int64_t mfa_at_s;           /* a second factor was; 0: never in this session */
    int64_t last_seen_at_s;
    int64_t idle_expires_at_s;
    int64_t expires_at_s;
    struct dw_slice ip;
    struct dw_slice user_agent;
};

enum dw_signing_key_phase {
    DW_SIGNING_KEY_REVOKED, /* not published */
    DW_SIGNING_KEY_PREVIOUS,
    DW_SIGNING_KEY_CURRENT, /* signs; there is one */
    DW_SIGNING_KEY_NEXT,    /* published before it signs */
    DW_SIGNING_KEY_PHASE_COUNT
};
const char *dw_signing_key_phase_name(enum dw_signing_key_phase phase);

struct dw_signing_key_record {
    struct dw_slice kid;
    enum dw_jose_alg alg;
    enum dw_signing_key_phase phase;
    struct dw_slice sealed_private_key; /* a sealed PEM */
    struct dw_slice certificate_der;
    struct dw_slice public_jwk_json;
    int64_t created_at_s;
    int64_t current_since_s;
    int64_t revoked_at_s;
};

#endif
