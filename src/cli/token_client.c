/* The client side of OAuth. */
#include "cli/token_client.h"

#include "http/form.h"
#include "http/url.h"
#include "net/fetch.h"
#include "json/json.h"
#include "json/json_writer.h"

/* Whether it may be called or opened: https, or http on loopback, without user and fragment. */
static bool check_url(struct dw_slice text, struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(text, &url, NULL) || url.has_userinfo || url.has_fragment ||
        !(dw_url_has_scheme(&url, "https") ||
          (dw_url_has_scheme(&url, "http") && dw_url_is_loopback_host(url.host))))
        return dw_fail(reterr, DW_CONFIG, "\"%.*s\" is no https URL (http is for loopback)",
                       DW_PRINT(dw_slice_sub(text, 0, 96)));
    return true;
}

/* One request that is answered with JSON. */
static bool exchange(const struct dw_fetch_request *request, struct dw_arena *arena,
                     int *ret_status, const struct dw_json **ret_document, struct dw_error *reterr)
{
    struct dw_fetch_response response;

    if (!check_url(request->url, reterr) || !dw_fetch(request, arena, &response, reterr))
        return false;
    *ret_status = response.status;
    if (!dw_json_parse(response.body, arena, ret_document, NULL))
        return dw_fail(reterr, DW_UNAVAILABLE, "%.*s answered with status %d and no JSON",
                       DW_PRINT(dw_slice_sub(request->url, 0, 96)), response.status);
    return true;
}

static bool take_endpoint(const struct dw_json *document, const char *name,
                          struct dw_slice *ret_url, struct dw_error *reterr)
{
    *ret_url = dw_json_text(document, name);
    return !ret_url->len || check_url(*ret_url, reterr);
}

bool dw_token_discover(struct dw_slice issuer, struct dw_arena *arena,
                       struct dw_token_server *ret_server, struct dw_error *reterr)
{
    const char *slash = dw_slice_ends_with(issuer, DW_LIT("/")) ? "" : "/";
    struct dw_fetch_request request = {.method = DW_HTTP_GET, .guard = DW_FETCH_OPERATOR};
    const struct dw_json *document;
    int status;

    memset(ret_server, 0, sizeof *ret_server);
    request.url =
        dw_arena_printf(arena, "%.*s%s.well-known/openid-configuration", DW_PRINT(issuer), slash);
    if (!request.url.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!exchange(&request, arena, &status, &document, reterr))
        return false;
    if (status != 200)
        return dw_fail(reterr, DW_UNAVAILABLE, "%.*s answered with status %d",
                       DW_PRINT(dw_slice_sub(request.url, 0, 112)), status);
    /* OpenID Connect Discovery 4.3 MUST: byte for byte. */
    if (!dw_slice_eq(dw_json_text(document, "issuer"), issuer))
        return dw_fail(reterr, DW_UNAVAILABLE,
                       "the issuer calls itself \"%.*s\", not \"%.*s\"; give it exactly as it does",
                       DW_PRINT(dw_slice_sub(dw_json_text(document, "issuer"), 0, 48)),
                       DW_PRINT(dw_slice_sub(issuer, 0, 48)));
    ret_server->issuer = issuer;
    (void)dw_json_bool(document, "authorization_response_iss_parameter_supported",
                       &ret_server->sends_iss);
    return take_endpoint(document, "authorization_endpoint", &ret_server->authorization_endpoint,
                         reterr) &&
           take_endpoint(document, "token_endpoint", &ret_server->token_endpoint, reterr) &&
           take_endpoint(document, "jwks_uri", &ret_server->jwks_uri, reterr) &&
           take_endpoint(document, "registration_endpoint", &ret_server->registration_endpoint,
                         reterr);
}

/* What the server said, in its own words. */
static bool fail_refused(const struct dw_json *document, int status, struct dw_error *reterr)
{
    struct dw_slice code = dw_json_text(document, "error");
    struct dw_slice description = dw_json_text(document, "error_description");

    if (!code.len)
        return dw_fail(reterr, DW_UNAVAILABLE, "the issuer answered with status %d", status);
    return dw_fail(reterr, DW_ACCESS_DENIED, "the issuer refused: %.*s: %.*s",
                   DW_PRINT(dw_slice_sub(code, 0, 40)),
                   DW_PRINT(dw_slice_sub(description, 0, 100)));
}

bool dw_token_register(const struct dw_token_server *server, struct dw_slice redirect_uri,
                       struct dw_arena *arena, struct dw_slice *ret_client_id,
                       struct dw_error *reterr)
{
    const struct dw_http_field type = {DW_LIT("Content-Type"), DW_LIT("application/json")};
    struct dw_fetch_request request = {.method = DW_HTTP_POST,
                                       .url = server->registration_endpoint,
                                       .fields = {&type, 1},
                                       .guard = DW_FETCH_OPERATOR};
    struct dw_buf body = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&body);
    const struct dw_json *document;
    int status;

    if (!server->registration_endpoint.len)
        return dw_fail(reterr, DW_CONFIG,
                       "a client is needed, and the issuer registers none by itself: give "
                       "--client-id or AUTH0_CLIENT_ID");
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "client_name", DW_LIT("doorward token"));
    dw_json_put_texts(&writer, "redirect_uris", (struct dw_slices){&redirect_uri, 1});
    dw_json_put_text(&writer, "token_endpoint_auth_method", DW_LIT("none"));
    dw_json_put_text(&writer, "application_type", DW_LIT("native"));
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&body, &request.body, reterr) ||
        !exchange(&request, arena, &status, &document, reterr))
        return false;
    *ret_client_id = dw_json_text(document, "client_id");
    return (status == 201 && ret_client_id->len) || fail_refused(document, status, reterr);
}

bool dw_token_request(const struct dw_token_server *server,
                      const struct dw_token_parameter *parameters, size_t count,
                      struct dw_arena *arena, struct dw_slice *ret_body,
                      struct dw_slice *ret_access_token, struct dw_error *reterr)
{
    const struct dw_http_field type = {DW_LIT("Content-Type"),
                                       DW_LIT("application/x-www-form-urlencoded")};
    struct dw_fetch_request request = {.method = DW_HTTP_POST,
                                       .url = server->token_endpoint,
                                       .fields = {&type, 1},
                                       .guard = DW_FETCH_OPERATOR};
    struct dw_buf body = dw_buf_in(arena);
    const struct dw_json *document;
    int status;

    if (!server->token_endpoint.len)
        return dw_fail(reterr, DW_UNAVAILABLE, "the issuer has no token endpoint");
    for (size_t i = 0; i < count; i++)
        if (parameters[i].value.len)
            dw_form_add(&body, dw_slice_from_text(parameters[i].name), parameters[i].value);
    if (!dw_buf_finish(&body, &request.body, reterr) ||
        !exchange(&request, arena, &status, &document, reterr))
        return false;
    *ret_body = document->raw;
    *ret_access_token = dw_json_text(document, "access_token");
    return (status == 200 && ret_access_token->len) || fail_refused(document, status, reterr);
}
