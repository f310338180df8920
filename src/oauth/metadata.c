/* The discovery document. What is in it is there; what is not there is not in it. */
#include "oauth/metadata.h"

#include "oauth/scope.h"
#include "json/json_writer.h"

/* Endpoints in Auth0's order. */
static const struct {
    const char *key;
    const char *path;
    bool only_with_dcr, only_with_par;
} endpoints[] = {
    {"authorization_endpoint", "authorize", false, false},
    {"token_endpoint", "oauth/token", false, false},
    {"device_authorization_endpoint", "oauth/device/code", false, false},
    {"userinfo_endpoint", "userinfo", false, false},
    {"jwks_uri", ".well-known/jwks.json", false, false},
    {"registration_endpoint", "oidc/register", true, false},
    {"revocation_endpoint", "oauth/revoke", false, false},
    {"pushed_authorization_request_endpoint", "oauth/par", false, true},
};

/* Lists that never change; each ends with NULL. `none` is not in Auth0's document although its
 * public clients use it; MCP clients look for it. */
static const struct {
    const char *key;
    const char *values[16];
} lists[] = {
    {"response_types_supported", {"code"}},
    {"grant_types_supported",
     {"authorization_code", "refresh_token", "client_credentials",
      "urn:ietf:params:oauth:grant-type:device_code"}},
    {"code_challenge_methods_supported", {"S256"}},
    {"response_modes_supported", {"query", "fragment", "form_post"}},
    {"subject_types_supported", {"public"}},
    {"token_endpoint_auth_methods_supported",
     {"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}},
    {"token_endpoint_auth_signing_alg_values_supported",
     {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}},
    {"claims_supported",
     {"aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name",
      "given_name", "iat", "iss", "name", "nickname", "phone_number", "picture", "sub"}},
    {"dpop_signing_alg_values_supported", {"ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA"}},
    {"id_token_signing_alg_values_supported", {"RS256"}},
};

static void write_list(struct dw_json_writer *writer, const char *key, const char *const *values)
{
    dw_json_write_key(writer, dw_slice_from_text(key));
    dw_json_write_array_start(writer);
    for (; *values; values++)
        dw_json_write_text(writer, dw_slice_from_text(*values));
    dw_json_write_array_end(writer);
}

static void write_scopes(struct dw_json_writer *writer, struct dw_slices api_scopes)
{
    dw_json_write_key(writer, DW_LIT("scopes_supported"));
    dw_json_write_array_start(writer);
    for (const char *const *name = dw_scope_oidc_names; *name; name++)
        dw_json_write_text(writer, dw_slice_from_text(*name));
    for (size_t at = 0; at < api_scopes.count; at++)
        if (!dw_scope_is_oidc(api_scopes.items[at]))
            dw_json_write_text(writer, api_scopes.items[at]);
    dw_json_write_array_end(writer);
}

void dw_metadata_write(struct dw_slice issuer, const struct dw_tenant_settings *settings,
                       struct dw_slices api_scopes, struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "issuer", issuer);
    for (size_t at = 0; at < sizeof endpoints / sizeof *endpoints; at++) {
        struct dw_slice url =
            dw_arena_printf(out->arena, "%.*s%s", DW_PRINT(issuer), endpoints[at].path);

        if (!url.ptr)
            out->has_failed = true;
        else if ((settings->is_dcr_enabled || !endpoints[at].only_with_dcr) &&
                 (settings->is_par_enabled || !endpoints[at].only_with_par))
            dw_json_put_text(&writer, endpoints[at].key, url);
    }
    write_scopes(&writer, api_scopes);
    for (size_t at = 0; at < sizeof lists / sizeof *lists; at++)
        write_list(&writer, lists[at].key, lists[at].values);
    dw_json_put_bool(&writer, "request_uri_parameter_supported", false);
    dw_json_put_bool(&writer, "request_parameter_supported", false);
    dw_json_put_bool(&writer, "client_id_metadata_document_supported", settings->is_cimd_enabled);
    dw_json_put_bool(&writer, "authorization_response_iss_parameter_supported",
                     settings->sends_iss_parameter);
    dw_json_write_object_end(&writer);
}
