/* The discovery document, one row a member, in Auth0's order. What is in it is there; what is not
 * there is not in it. */
#include "oauth/metadata.h"

#include "oauth/scope.h"
#include "json/json_writer.h"

enum condition {
    ALWAYS,
    WITH_DCR,
    WITH_PAR,
    WITH_PAR_ALONE,
    WITH_CIMD,
    WITH_ISS,
    WITH_LOGOUT,
};

enum kind {
    URL,    /* issuer + path */
    LIST,   /* of texts; ends with NULL */
    SCOPES, /* the user's, then the APIs' */
    TRUE,
    FALSE,
};

struct row {
    const char *key;
    enum kind kind;
    const char *values[16]; /* URL: the path */
    enum condition condition;
};

/* Where it differs from Auth0's: no implicit flow, no PKCE without S256; `none` among the methods,
 * which Auth0 leaves out although its public clients use it, because MCP clients look for it; and
 * grant_types_supported, without which RFC 8414 section 2 means the implicit flow. */
static const struct row rows[] = {
    {"issuer", URL, {""}, ALWAYS},
    {"authorization_endpoint", URL, {"authorize"}, ALWAYS},
    {"token_endpoint", URL, {"oauth/token"}, ALWAYS},
    {"device_authorization_endpoint", URL, {"oauth/device/code"}, ALWAYS},
    {"userinfo_endpoint", URL, {"userinfo"}, ALWAYS},
    {"mfa_challenge_endpoint", URL, {"mfa/challenge"}, ALWAYS},
    {"jwks_uri", URL, {".well-known/jwks.json"}, ALWAYS},
    {"registration_endpoint", URL, {"oidc/register"}, WITH_DCR},
    {"revocation_endpoint", URL, {"oauth/revoke"}, ALWAYS},
    {"scopes_supported", SCOPES, {NULL}, ALWAYS},
    {"response_types_supported", LIST, {"code"}, ALWAYS},
    {"code_challenge_methods_supported", LIST, {"S256"}, ALWAYS},
    {"response_modes_supported", LIST, {"query", "fragment", "form_post"}, ALWAYS},
    {"subject_types_supported", LIST, {"public"}, ALWAYS},
    {"token_endpoint_auth_methods_supported",
     LIST,
     {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
     ALWAYS},
    {"token_endpoint_auth_signing_alg_values_supported",
     LIST,
     {"RS256", "RS384", "PS256", "RS512", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"},
     ALWAYS},
    {"claims_supported",
     LIST,
     {"aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name",
      "given_name", "iat", "identities", "iss", "name", "nickname", "phone_number", "picture",
      "sub"},
     ALWAYS},
    {"request_uri_parameter_supported", FALSE, {NULL}, ALWAYS},
    {"request_parameter_supported", FALSE, {NULL}, ALWAYS},
    {"backchannel_authentication_endpoint", URL, {"bc-authorize"}, ALWAYS},
    {"backchannel_token_delivery_modes_supported", LIST, {"poll"}, ALWAYS},
    {"id_token_signing_alg_values_supported", LIST, {"RS256", "PS256"}, ALWAYS},
    {"end_session_endpoint", URL, {"oidc/logout"}, WITH_LOGOUT},
    {"dpop_signing_alg_values_supported",
     LIST,
     {"ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"},
     ALWAYS},
    {"client_id_metadata_document_supported", TRUE, {NULL}, WITH_CIMD},
    {"authorization_response_iss_parameter_supported", TRUE, {NULL}, WITH_ISS},
    {"pushed_authorization_request_endpoint", URL, {"oauth/par"}, WITH_PAR},
    {"require_pushed_authorization_requests", TRUE, {NULL}, WITH_PAR_ALONE},
    {"introspection_endpoint", URL, {"oauth/introspect"}, ALWAYS},
    {"introspection_endpoint_auth_methods_supported",
     LIST,
     {"client_secret_basic", "client_secret_post", "private_key_jwt"},
     ALWAYS},
    {"grant_types_supported",
     LIST,
     {"authorization_code", "refresh_token", "client_credentials",
      "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
      "urn:ietf:params:oauth:grant-type:token-exchange",
      "urn:ietf:params:oauth:grant-type:jwt-bearer"},
     ALWAYS},
};

static bool is_there(enum condition condition, const struct dw_tenant_settings *settings)
{
    switch (condition) {
    case WITH_DCR:
        return settings->is_dcr_enabled;
    case WITH_PAR:
        return settings->is_par_enabled;
    case WITH_PAR_ALONE:
        return settings->is_par_enabled && settings->requires_par;
    case WITH_CIMD:
        return settings->is_cimd_enabled;
    case WITH_ISS:
        return settings->sends_iss_parameter;
    case WITH_LOGOUT:
        return settings->publishes_end_session;
    case ALWAYS:
    default:
        return true;
    }
}

static void write_list(struct dw_json_writer *writer, const char *const *values)
{
    dw_json_write_array_start(writer);
    for (; *values; values++)
        dw_json_write_text(writer, dw_slice_from_text(*values));
    dw_json_write_array_end(writer);
}

static void write_scopes(struct dw_json_writer *writer, struct dw_slices api_scopes)
{
    dw_json_write_array_start(writer);
    for (const char *const *name = dw_scope_oidc_names; *name; name++)
        dw_json_write_text(writer, dw_slice_from_text(*name));
    for (size_t at = 0; at < api_scopes.count; at++)
        if (!dw_scope_is_oidc(api_scopes.items[at]))
            dw_json_write_text(writer, api_scopes.items[at]);
    dw_json_write_array_end(writer);
}

static void write_url(struct dw_json_writer *writer, struct dw_slice issuer, const char *path)
{
    struct dw_slice url = dw_arena_printf(writer->out->arena, "%.*s%s", DW_PRINT(issuer), path);

    if (url.ptr)
        dw_json_write_text(writer, url);
    else
        writer->out->has_failed = true;
}

void dw_metadata_write(struct dw_slice issuer, const struct dw_tenant_settings *settings,
                       struct dw_slices api_scopes, struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        if (!is_there(row->condition, settings))
            continue;
        dw_json_write_key(&writer, dw_slice_from_text(row->key));
        if (row->kind == URL)
            write_url(&writer, issuer, row->values[0]);
        else if (row->kind == LIST)
            write_list(&writer, row->values);
        else if (row->kind == SCOPES)
            write_scopes(&writer, api_scopes);
        else
            dw_json_write_bool(&writer, row->kind == TRUE);
    }
    dw_json_write_object_end(&writer);
}
