/* The rows of the file that belong to no product: [auth] and [[policy]], and what the seed
 * project's own files have besides. The products bring the rows of [gateway], [tenant] and
 * [auth.dcr]. */
#include "cli/config.h"

#define CONFIG struct dw_config
#define ISSUER struct dw_config_issuer
#define POLICY struct dw_policy_row

#define PROVIDER_HELP                                                                              \
    "auth0, okta, cognito, entra, keycloak, google or oidc (any other OpenID provider). Empty: "   \
    "auth0 with a domain, else oidc."
#define DOMAIN_HELP "The domain of the tenant at auth0 or okta, instead of the issuer."
#define ISSUER_HELP "The issuer, byte for byte as it is in `iss`."
#define JWKS_HELP "Where the keys are. Empty: the issuer's discovery document says."
#define AUDIENCE_HELP                                                                              \
    "One of these must be in `aud`. Empty: the public URL of the gateway (RFC 8707)."
#define CLIENT_IDS_HELP                                                                            \
    "Cognito's access tokens have no `aud`: their `client_id` must be one of these."
#define ALGORITHMS_HELP                                                                            \
    "Signature algorithms that are taken. Empty: RS256 for auth0, else every asymmetric one."
#define TYP_HELP "Take tokens of type `at+jwt` only (RFC 9068)."

static const struct dw_field issuer_rows[] = {
    DW_TEXT_ROW(ISSUER, provider, "provider", "", PROVIDER_HELP),
    DW_TEXT_ROW(ISSUER, domain, "domain", "", DOMAIN_HELP),
    DW_TEXT_ROW(ISSUER, issuer, "issuer", "", ISSUER_HELP),
    DW_TEXT_ROW(ISSUER, jwks_uri, "jwks_uri", "", JWKS_HELP),
    DW_TEXTS_ROW(ISSUER, audiences, "audience", "", AUDIENCE_HELP),
    DW_TEXTS_ROW(ISSUER, client_ids, "client_ids", "", CLIENT_IDS_HELP),
    DW_TEXTS_ROW(ISSUER, algorithms, "algorithms", "", ALGORITHMS_HELP),
    DW_BOOL_ROW(ISSUER, is_typ_required, "require_typ", false, TYP_HELP),
};
static const struct dw_fields issuer_fields = DW_FIELDS(ISSUER, issuer_rows);

/* The seed project's table for other providers. */
static const struct dw_field oidc_rows[] = {
    DW_TEXT_ROW(CONFIG, issuer.issuer, "issuer", "", "The same as auth.issuer."),
    DW_TEXTS_ROW(CONFIG, issuer.audiences, "audience", "", "The same as auth.audience."),
    DW_TEXT_ROW(CONFIG, issuer.jwks_uri, "jwks_url", "", "The same as auth.jwks_uri."),
    DW_TEXT_ROW(CONFIG, client_id, "client_id", "", "The same as auth.client_id."),
    DW_SECRET_ROW(CONFIG, client_secret, "client_secret", "The same as auth.client_secret."),
    DW_UNUSED_ROW("provider_type"),
    DW_UNUSED_ROW("scopes"),
};
static const struct dw_fields oidc_fields = DW_FIELDS(CONFIG, oidc_rows);

static const struct dw_field auth_rows[] = {
    DW_BOOL_ROW(CONFIG, is_auth_enabled, "enabled", true,
                "The gateway does not start without authentication; false is for files that "
                "describe something else."),
    DW_TEXT_ROW(CONFIG, issuer.provider, "provider", "", PROVIDER_HELP),
    DW_TEXT_ROW(CONFIG, issuer.domain, "domain", "",
                DOMAIN_HELP " The environment variable AUTH0_DOMAIN beats it."),
    DW_TEXT_ROW(CONFIG, issuer.issuer, "issuer", "",
                ISSUER_HELP " The environment variable OIDC_ISSUER beats it."),
    DW_TEXT_ROW(CONFIG, issuer.jwks_uri, "jwks_uri", "", JWKS_HELP),
    DW_TEXTS_ROW(CONFIG, issuer.audiences, "audience", "",
                 AUDIENCE_HELP
                 " The environment variables AUTH0_AUDIENCE and OIDC_AUDIENCE beat it."),
    DW_TEXTS_ROW(CONFIG, issuer.client_ids, "client_ids", "", CLIENT_IDS_HELP),
    DW_TEXTS_ROW(CONFIG, issuer.algorithms, "algorithms", "", ALGORITHMS_HELP),
    DW_BOOL_ROW(CONFIG, issuer.is_typ_required, "require_typ", false, TYP_HELP),
    DW_TEXT_ROW(CONFIG, client_id, "client_id", "",
                "The client of \"doorward token\". AUTH0_CLIENT_ID beats it."),
    DW_SECRET_ROW(CONFIG, client_secret, "client_secret",
                  "Its secret; better in the environment: AUTH0_CLIENT_SECRET."),
    DW_TEXT_ROW(CONFIG, resource_name, "resource_name", "",
                "The name of the MCP server for humans, in its metadata (RFC 9728)."),
    DW_TEXTS_ROW(CONFIG, scopes_supported, "scopes_supported", "",
                 "The scopes in that metadata. Empty: those that the policy names."),
    DW_SECONDS_ROW(CONFIG, leeway_s, "leeway_s", 0, 300, 60,
                   "How much the clocks of issuer and gateway may differ."),
    DW_INT_ROW(CONFIG, token_cache_entries, "token_cache_entries", 0, 1000000, 16384,
               "How many verified tokens each core remembers; 0: none."),
    DW_TABLES_ROW(CONFIG, issuers, "issuer", &issuer_fields,
                  "Further issuers to trust. Their audience, when left out, is the public URL."),
    DW_TABLE_ROW(offsetof(CONFIG, tenant), "dcr", &dw_tenant_dcr_fields,
                 "Clients that register themselves at the tenant (RFC 7591)."),
    {.name = "oidc",
     .kind = DW_FIELD_TABLE,
     .table = &oidc_fields,
     .is_alias = true,
     .help = "The seed project's way to name an issuer."},
    DW_UNUSED_ROW("cognito"),
    DW_UNUSED_ROW("scopes"),
    DW_UNUSED_ROW("user_pool_id"),
    DW_UNUSED_ROW("callback_urls"),
};
static const struct dw_fields auth_fields = DW_FIELDS(CONFIG, auth_rows);

static const struct dw_field policy_rows[] = {
    DW_TEXT_ROW(POLICY, name, "name", "", "What logs call this row."),
    DW_TEXT_ROW(POLICY, method, "method", "", "A pattern for the JSON-RPC method. Empty: any."),
    DW_TEXT_ROW(POLICY, tool, "tool", "", "A pattern for the name of a tool that is called."),
    DW_TEXT_ROW(POLICY, prompt, "prompt", "", "A pattern for the name of a prompt that is read."),
    DW_TEXT_ROW(POLICY, resource, "resource", "", "A pattern for the URI of an MCP resource."),
    DW_TEXTS_ROW(POLICY, all_scopes, "all_scopes", "", "The token needs every one of these."),
    DW_TEXTS_ROW(POLICY, any_scopes, "any_scopes", "", "The token needs one of these."),
    DW_BOOL_ROW(POLICY, is_deny, "deny", false, "Refuse, whatever the token."),
};
static const struct dw_fields policy_fields = DW_FIELDS(POLICY, policy_rows);

static const struct dw_field rows[] = {
    DW_TABLE_ROW(0, "auth", &auth_fields,
                 "Who may issue tokens: the issuer here, and any number of `[[auth.issuer]]`."),
    DW_TABLE_ROW(offsetof(CONFIG, gateway), "gateway", &dw_gateway_fields,
                 "`doorward gateway`: where it listens and what is behind it."),
    DW_TABLES_ROW(
        CONFIG, policy, "policy", &policy_fields,
        "Which scopes a tool, prompt or resource needs. The first row whose patterns (`*`, "
        "`?`) all match decides; once there is a row, what no row allows is refused."),
    DW_TABLE_ROW(offsetof(CONFIG, tenant), "tenant", &dw_tenant_fields,
                 "`doorward tenant`: the identity provider."),
    DW_TABLE_ROW(
        offsetof(CONFIG, tenant), "mail", &dw_tenant_mail_fields,
        "How the tenant sends mails: codes, links to confirm an address or to choose a new "
        "password."),
    DW_UNUSED_ROW("target"),
    DW_UNUSED_ROW("aws"),
    DW_UNUSED_ROW("server"),
    DW_UNUSED_ROW("environment"),
    DW_UNUSED_ROW("secrets"),
    DW_UNUSED_ROW("observability"),
    DW_UNUSED_ROW("api_gateway"),
    DW_UNUSED_ROW("assets"),
    DW_UNUSED_ROW("composition"),
};
const struct dw_fields dw_config_fields = DW_FIELDS(CONFIG, rows);
