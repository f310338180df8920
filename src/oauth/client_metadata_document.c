/* Client ID Metadata Documents: which URLs are ids, and which documents are clients. */
#include "oauth/client_metadata_document.h"

#include "crypto/digest.h"
#include "http/url.h"

static bool refuse(struct dw_error *reterr, const char *why)
{
    return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "the client metadata document: %s", why);
}

bool dw_client_id_is_url(struct dw_slice client_id, bool allows_loopback)
{
    struct dw_url url;
    struct dw_error ignored;

    if (dw_slice_starts_with(client_id, DW_LIT("https://")))
        return true;
    return allows_loopback && dw_slice_starts_with(client_id, DW_LIT("http://")) &&
           dw_url_parse(client_id, &url, &ignored) && dw_url_is_loopback_host(url.host);
}

bool dw_client_id_url_check(struct dw_slice client_id, bool allows_loopback,
                            struct dw_error *reterr)
{
    const char *wrong = NULL;
    struct dw_url url;
    struct dw_error ignored;

    if (client_id.len > DW_CIMD_URL_MAX_BYTES || !dw_url_parse(client_id, &url, &ignored))
        return dw_fail(reterr, DW_INVALID_REQUEST, "client_id is not a URL");
    if (!dw_client_id_is_url(client_id, allows_loopback))
        wrong = "must start with https://";
    else if (url.path.len <= 1)
        wrong = "needs a path";
    else if (dw_url_has_dot_segments(&url))
        wrong = "has . or .. segments";
    else if (url.has_fragment)
        wrong = "has a fragment";
    else if (url.has_query) /* section 3 SHOULD NOT; one document would be many clients */
        wrong = "has a query";
    else if (url.has_userinfo)
        wrong = "has a user name";
    else if (url.port == 0)
        wrong = "has no valid port";
    else if (!allows_loopback && dw_url_is_loopback_host(url.host))
        wrong = "is on loopback";
    return !wrong || dw_fail(reterr, DW_INVALID_REQUEST, "the client_id URL %s", wrong);
}

/* draft-ietf-oauth-client-id-metadata-document 4.1 MUST NOT: anything that is a shared secret. */
static bool check_no_secret(const struct dw_json *document, struct dw_error *reterr)
{
    if (dw_json_get(document, "client_secret") || dw_json_get(document, "client_secret_expires_at"))
        return refuse(reterr, "must not have a client_secret");
    return true;
}

static bool check_keys(const struct dw_oauth_client *client, struct dw_slice url_text,
                       struct dw_error *reterr)
{
    struct dw_url url, keys_url;

    if (client->auth_method == DW_CLIENT_AUTH_NONE)
        return true;
    if (client->auth_method != DW_CLIENT_AUTH_PRIVATE_KEY_JWT)
        return refuse(reterr, "token_endpoint_auth_method must be none or private_key_jwt");
    if (client->jwks_json.len)
        return true;
    if (client->jwks_uri.len == 0)
        return refuse(reterr, "private_key_jwt needs jwks or jwks_uri");
    if (!dw_url_parse(url_text, &url, reterr) || !dw_url_parse(client->jwks_uri, &keys_url, reterr))
        return false;
    return dw_url_same_origin(&url, &keys_url) ||
           refuse(reterr, "jwks_uri must have the origin of the client_id");
}

static bool note_version(struct dw_slice body, int64_t max_age_s, int64_t now_s,
                         struct dw_arena *arena, struct dw_oauth_client *client,
                         struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];

    if (!dw_sha256(body, digest, reterr))
        return false;
    if (max_age_s < DW_CIMD_MIN_AGE_S)
        max_age_s = DW_CIMD_MIN_AGE_S;
    if (max_age_s > DW_CIMD_MAX_AGE_S)
        max_age_s = DW_CIMD_MAX_AGE_S;
    client->document_expires_at_s = now_s + max_age_s;
    client->document_digest = dw_arena_copy(arena, dw_slice_from((char *)digest, sizeof digest));
    return client->document_digest.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool check_document(const struct dw_json *document, struct dw_slice url,
                           struct dw_oauth_client *client, struct dw_error *reterr)
{
    if (!check_no_secret(document, reterr))
        return false;
    /* 4.1 MUST: simple string comparison with the URL it was fetched from. */
    if (!dw_slice_eq(dw_json_text(document, "client_id"), url))
        return refuse(reterr, "its client_id is not the URL it was fetched from");
    if (client->name.len == 0)
        return refuse(reterr, "client_name is missing");
    if (client->auth_method == DW_CLIENT_AUTH_UNSET)
        client->auth_method = DW_CLIENT_AUTH_NONE;
    return check_keys(client, url, reterr);
}

bool dw_client_metadata_document_make(struct dw_slice url, struct dw_slice body,
                                      const struct dw_registration_rules *rules,
                                      bool allows_loopback, int64_t max_age_s, int64_t now_s,
                                      struct dw_arena *arena, struct dw_oauth_client *ret_client,
                                      struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_error error = {0};

    *ret_client = (struct dw_oauth_client){
        .id = url, .kind = DW_CLIENT_CIMD, .created_at_s = now_s, .updated_at_s = now_s};
    if (!dw_client_id_url_check(url, allows_loopback, reterr))
        return false;
    if (body.len > DW_CIMD_MAX_BYTES)
        return refuse(reterr, "has over 5 KiB");
    if (!dw_json_parse(body, arena, &document, &error))
        return error.code == DW_NO_MEMORY ? dw_fail(reterr, DW_NO_MEMORY, "out of memory")
                                          : refuse(reterr, error.message);
    return dw_client_metadata_read(document, arena, ret_client, reterr) &&
           check_document(document, url, ret_client, reterr) &&
           dw_client_scopes_read(document, rules, arena, &ret_client->scopes, reterr) &&
           note_version(body, max_age_s, now_s, arena, ret_client, reterr);
}
