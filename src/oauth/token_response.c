/* The bodies of the token endpoint. */
#include "oauth/token_response.h"

#include "oauth/scope.h"
#include "json/json_writer.h"

/* What Auth0 says after the sentence that names the API. */
#define GRANT_HELP                                                                                 \
    " You need to create a \"client-grant\" associated to this API. See: "                         \
    "https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
#define GRANT_TYPES_URL "https://auth0.com/docs/clients/client-grant-types"

void dw_token_response_write(const struct dw_token_response *response, struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);
    struct dw_slice scope = DW_EMPTY;
    struct dw_error error;

    if (!dw_scopes_text(response->scopes, out->arena, &scope, &error))
        out->has_failed = true;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "access_token", response->access_token);
    if (response->refresh_token.hidden.len)
        dw_json_put_text(&writer, "refresh_token", response->refresh_token.hidden);
    if (response->id_token.len)
        dw_json_put_text(&writer, "id_token", response->id_token);
    if (scope.len)
        dw_json_put_text(&writer, "scope", scope);
    if (response->recovery_code.hidden.len)
        dw_json_put_text(&writer, "recovery_code", response->recovery_code.hidden);
    dw_json_put_int(&writer, "expires_in", response->expires_in_s);
    dw_json_put_text(&writer, "token_type", response->is_dpop ? DW_LIT("DPoP") : DW_LIT("Bearer"));
    if (response->issued_token_type)
        dw_json_put_text(&writer, "issued_token_type",
                         dw_slice_from_text(response->issued_token_type));
    dw_json_write_object_end(&writer);
}

/* A stock text longer than an error holds (Auth0's for too many attempts) is written whole. */
static struct dw_slice description_of(const struct dw_error *error, struct dw_buf *out)
{
    struct dw_slice message = dw_slice_from_text(error->message);
    struct dw_slice stock = dw_slice_from_text(dw_code_row(error->code)->text);
    struct dw_slice with_help;

    if (error->code != DW_NO_CLIENT_GRANT || message.len == 0)
        return dw_slice_starts_with(stock, message) ? stock : message;
    with_help = dw_arena_printf(out->arena, "%.*s" GRANT_HELP, DW_PRINT(message));
    if (!with_help.ptr)
        out->has_failed = true;
    return with_help.ptr ? with_help : message;
}

void dw_oauth_error_write(const struct dw_error *error, const struct dw_mfa_hint *hint,
                          struct dw_buf *out)
{
    const struct dw_code_row *row = dw_code_row(error->code);
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "error",
                     dw_slice_from_text(row->oauth_error ? row->oauth_error : "invalid_token"));
    dw_json_put_text(&writer, "error_description", description_of(error, out));
    if (error->code == DW_UNAUTHORIZED_CLIENT &&
        dw_slice_starts_with(dw_slice_from_text(error->message), DW_LIT("Grant type '")))
        dw_json_put_text(&writer, "error_uri", DW_LIT(GRANT_TYPES_URL));
    if (hint->mfa_token.hidden.len > 0)
        dw_json_put_text(&writer, "mfa_token", hint->mfa_token.hidden);
    if (hint->requirements_json.len > 0)
        dw_json_put_raw(&writer, "mfa_requirements", hint->requirements_json);
    dw_json_write_object_end(&writer);
}
