/* Dynamic client registration: what a stranger says about itself, cut to what it may be. */
#include "oauth/registration.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "http/url.h"
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"
#include "json/json_writer.h"

#define URI_MAX_BYTES 2048
#define JWKS_MAX_BYTES (12 * 1024)
#define REFRESH_LEEWAY_S 30
#define REFRESH_LIFETIME_S (30 * 86400)
#define REFRESH_IDLE_LIFETIME_S (15 * 86400)
#define ID_TOKEN_LIFETIME_S 36000

static bool refuse(struct dw_error *reterr, const char *why)
{
    return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s", why);
}

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* --- one member --------------------------------------------------------------------------------
 */

/* Absent is empty; null is absent (some clients write it). Fails when it is no text. */
static bool read_text(const struct dw_json *document, const char *key, size_t max_bytes,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(document, key);

    *ret_text = DW_EMPTY;
    if (!value || value->type == DW_JSON_NULL)
        return true;
    if (value->type != DW_JSON_TEXT)
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s must be a text", key);
    if (value->text.len > max_bytes)
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s has over %zu bytes", key, max_bytes);
    *ret_text = value->text;
    return true;
}

static bool read_texts(const struct dw_json *document, const char *key, struct dw_arena *arena,
                       struct dw_slices *ret_texts, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(document, key);
    struct dw_slice *items;

    *ret_texts = (struct dw_slices){NULL, 0};
    if (!value || value->type == DW_JSON_NULL)
        return true;
    if (value->type != DW_JSON_ARRAY)
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s must be an array of texts", key);
    items = dw_arena_new_array(arena, value->array.count + 1, sizeof *items);
    if (!items)
        return no_memory(reterr);
    for (size_t at = 0; at < value->array.count; at++) {
        if (value->array.items[at].type != DW_JSON_TEXT)
            return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s must be an array of texts", key);
        items[at] = value->array.items[at].text;
    }
    *ret_texts = (struct dw_slices){items, value->array.count};
    return true;
}

/* Names and links end on the consent page: https or http, nothing a click would run. */
static bool read_web_uri(const struct dw_json *document, const char *key, struct dw_slice *ret_uri,
                         struct dw_error *reterr)
{
    struct dw_url url;
    struct dw_error ignored;

    if (!read_text(document, key, URI_MAX_BYTES, ret_uri, reterr))
        return false;
    if (ret_uri->len == 0)
        return true;
    if (!dw_url_parse(*ret_uri, &url, &ignored) || url.has_userinfo ||
        !(dw_url_has_scheme(&url, "https") || dw_url_has_scheme(&url, "http")))
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "%s must be an https URL", key);
    return true;
}

/* Control characters, those that turn the direction of text around, and those of no width could
 * make a consent page read differently, or name nobody. */
static bool has_deceiving_character(struct dw_slice name)
{
    /* First and last of each run, in UTF-8, whose bytes sort as its characters do. */
    static const struct {
        unsigned char first[3], last[3];
        size_t len;
    } runs[] = {
        {{0x00}, {0x1f}, 1},
        {{0x7f}, {0x7f}, 1},
        {{0xc2, 0x80}, {0xc2, 0x9f}, 2},             /* U+0080 to U+009F */
        {{0xd8, 0x9c}, {0xd8, 0x9c}, 2},             /* U+061C */
        {{0xe2, 0x80, 0x8b}, {0xe2, 0x80, 0x8b}, 3}, /* U+200B */
        {{0xe2, 0x80, 0x8e}, {0xe2, 0x80, 0x8f}, 3}, /* U+200E and U+200F */
        {{0xe2, 0x80, 0xa8}, {0xe2, 0x80, 0xae}, 3}, /* U+2028 to U+202E */
        {{0xe2, 0x81, 0xa6}, {0xe2, 0x81, 0xa9}, 3}, /* U+2066 to U+2069 */
        {{0xef, 0xbb, 0xbf}, {0xef, 0xbb, 0xbf}, 3}, /* U+FEFF */
    };

    for (size_t at = 0; at < name.len; at++)
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
            if (runs[i].len <= name.len - at &&
                memcmp(name.ptr + at, runs[i].first, runs[i].len) >= 0 &&
                memcmp(name.ptr + at, runs[i].last, runs[i].len) <= 0)
                return true;
    return false;
}

static bool read_name(const struct dw_json *document, struct dw_slice *ret_name,
                      struct dw_error *reterr)
{
    if (!read_text(document, "client_name", DW_CLIENT_NAME_MAX_BYTES, ret_name, reterr))
        return false;
    *ret_name = dw_slice_trim(*ret_name);
    return !has_deceiving_character(*ret_name) ||
           refuse(reterr, "client_name has a control or direction character");
}

/* --- what DCR and CIMD have in common ----------------------------------------------------------
 */

static bool read_redirect_uris(const struct dw_json *document, struct dw_arena *arena,
                               struct dw_oauth_client *client, struct dw_error *reterr)
{
    if (!read_texts(document, "redirect_uris", arena, &client->redirect_uris, reterr))
        return false;
    if (client->redirect_uris.count == 0)
        return dw_fail(reterr, DW_INVALID_REDIRECT_URI, "redirect_uris is missing or empty");
    return dw_redirect_uris_check(client->redirect_uris, reterr);
}

/* grant_types are cut, not refused (Auth0); RFC 7591 2: absent means authorization_code. */
static bool read_grant_types(const struct dw_json *document, struct dw_arena *arena,
                             struct dw_oauth_client *client, struct dw_error *reterr)
{
    static const struct dw_slice allowed[] = {{"authorization_code", 18}, {"refresh_token", 13}};
    struct dw_slices asked, response_types;

    if (!read_texts(document, "grant_types", arena, &asked, reterr) ||
        !read_texts(document, "response_types", arena, &response_types, reterr))
        return false;
    if (response_types.count && !dw_slices_have(response_types, DW_LIT("code")))
        return refuse(reterr, "response_types must have code");
    if (asked.count == 0)
        asked = (struct dw_slices){allowed, 1};
    if (!dw_scopes_both((struct dw_slices){allowed, 2}, asked, arena, &client->grant_types, reterr))
        return false;
    return dw_slices_have(client->grant_types, DW_LIT("authorization_code")) ||
           refuse(reterr, "grant_types must have authorization_code");
}

static bool read_auth_method(const struct dw_json *document, struct dw_oauth_client *client,
                             struct dw_error *reterr)
{
    struct dw_slice name;

    if (!read_text(document, "token_endpoint_auth_method", 64, &name, reterr))
        return false;
    client->auth_method = dw_client_auth_method_from(name);
    return name.len == 0 || client->auth_method != DW_CLIENT_AUTH_UNSET ||
           dw_fail(reterr, DW_INVALID_CLIENT_METADATA,
                   "token_endpoint_auth_method %.*s is not supported", DW_PRINT(name));
}

static bool has_private_member(const struct dw_json *keys)
{
    static const char *const private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

    for (size_t at = 0; at < keys->array.count; at++)
        for (size_t name = 0; name < sizeof private_members / sizeof *private_members; name++)
            if (dw_json_get(&keys->array.items[at], private_members[name]))
                return true;
    return false;
}

/* RFC 7591 2: jwks and jwks_uri MUST NOT both be there. Secret halves have no place in either. */
static bool read_keys(const struct dw_json *document, struct dw_oauth_client *client,
                      struct dw_error *reterr)
{
    const struct dw_json *jwks = dw_json_get(document, "jwks");
    const struct dw_json *keys = dw_json_get(jwks, "keys");
    struct dw_url url;
    struct dw_error ignored;

    if (!read_web_uri(document, "jwks_uri", &client->jwks_uri, reterr))
        return false;
    if (client->jwks_uri.len &&
        (!dw_url_parse(client->jwks_uri, &url, &ignored) || !dw_url_has_scheme(&url, "https")))
        return refuse(reterr, "jwks_uri must be an https URL");
    if (!jwks || jwks->type == DW_JSON_NULL)
        return true;
    if (!keys || keys->type != DW_JSON_ARRAY || jwks->raw.len > JWKS_MAX_BYTES)
        return refuse(reterr, "jwks must be a JWK Set of at most 12 KiB");
    if (client->jwks_uri.len)
        return refuse(reterr, "jwks and jwks_uri must not both be there");
    if (has_private_member(keys))
        return refuse(reterr, "jwks has a private or symmetric key: send public keys only");
    client->jwks_json = jwks->raw;
    return true;
}

/* OpenID Connect Registration 2: native or web. Where nothing is said, the redirect URIs tell. */
static bool read_app_type(const struct dw_json *document, struct dw_oauth_client *client,
                          struct dw_error *reterr)
{
    struct dw_slice type;

    if (!read_text(document, "application_type", 16, &type, reterr))
        return false;
    if (type.len && !dw_slice_eq(type, DW_LIT("native")) && !dw_slice_eq(type, DW_LIT("web")))
        return refuse(reterr, "application_type must be native or web");
    client->app_type = dw_slice_eq(type, DW_LIT("native")) ? DW_APP_NATIVE : DW_APP_REGULAR_WEB;
    for (size_t at = 0; type.len == 0 && at < client->redirect_uris.count; at++)
        if (dw_redirect_uri_is_loopback(client->redirect_uris.items[at]) ||
            dw_redirect_uri_is_private_use(client->redirect_uris.items[at]))
            client->app_type = DW_APP_NATIVE;
    return true;
}

bool dw_client_metadata_read(const struct dw_json *document, struct dw_arena *arena,
                             struct dw_oauth_client *client, struct dw_error *reterr)
{
    if (document->type != DW_JSON_OBJECT)
        return refuse(reterr, "the client metadata must be a JSON object");
    client->is_first_party = false;
    client->refresh = (struct dw_refresh_policy){true, REFRESH_LEEWAY_S, REFRESH_LIFETIME_S,
                                                 REFRESH_IDLE_LIFETIME_S};
    client->id_token_lifetime_s = ID_TOKEN_LIFETIME_S;
    return read_name(document, &client->name, reterr) &&
           read_redirect_uris(document, arena, client, reterr) &&
           read_grant_types(document, arena, client, reterr) &&
           read_auth_method(document, client, reterr) && read_keys(document, client, reterr) &&
           read_app_type(document, client, reterr) &&
           read_web_uri(document, "client_uri", &client->client_uri, reterr) &&
           read_web_uri(document, "logo_uri", &client->logo_uri, reterr);
}

bool dw_client_scopes_read(const struct dw_json *document,
                           const struct dw_registration_rules *rules, struct dw_arena *arena,
                           struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    struct dw_slice text;
    struct dw_error error = {0};

    if (!read_text(document, "scope", DW_SCOPE_MAX_BYTES, &text, reterr))
        return false;
    if (!dw_scopes_parse(text, arena, ret_scopes, &error))
        return error.code == DW_NO_MEMORY ? no_memory(reterr) : refuse(reterr, error.message);
    if (ret_scopes->count == 0)
        *ret_scopes = rules->default_scopes;
    return rules->allowed_scopes.count == 0 ||
           dw_scopes_both(*ret_scopes, rules->allowed_scopes, arena, ret_scopes, reterr);
}

/* --- registration ------------------------------------------------------------------------------
 */

static bool contains_nocase(struct dw_slice text, struct dw_slice part)
{
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (dw_slice_eq_nocase(dw_slice_sub(text, at, part.len), part))
            return true;
    return false;
}

/* Whether the name fits one of the patterns, or there are none. Globs mind the case here. */
static bool is_public_name(struct dw_slice name, struct dw_slices patterns)
{
    for (size_t at = 0; at < patterns.count; at++) {
        struct dw_slice pattern = patterns.items[at];
        bool is_glob = dw_slice_contains(pattern, '*') || dw_slice_contains(pattern, '?');

        if (pattern.len && (is_glob ? dw_text_glob(pattern, name) : contains_nocase(name, pattern)))
            return true;
    }
    return patterns.count == 0;
}

/* Globs ignore case too: both sides are lowered. */
static bool is_public(struct dw_slice name, struct dw_slices patterns, struct dw_arena *arena,
                      bool *ret_is_public, struct dw_error *reterr)
{
    struct dw_slice low_name = dw_text_lower(arena, name);
    struct dw_slice *low = dw_arena_new_array(arena, patterns.count + 1, sizeof *low);

    if (!low_name.ptr || !low)
        return no_memory(reterr);
    for (size_t at = 0; at < patterns.count; at++) {
        low[at] = dw_text_lower(arena, patterns.items[at]);
        if (!low[at].ptr)
            return no_memory(reterr);
    }
    *ret_is_public = is_public_name(low_name, (struct dw_slices){low, patterns.count});
    return true;
}

static bool choose_auth_method(const struct dw_registration_rules *rules, struct dw_arena *arena,
                               struct dw_oauth_client *client, struct dw_error *reterr)
{
    bool may_be_public = false;

    if (!is_public(client->name, rules->public_client_patterns, arena, &may_be_public, reterr))
        return false;
    if (client->auth_method == DW_CLIENT_AUTH_PRIVATE_KEY_JWT)
        return client->jwks_json.len || client->jwks_uri.len ||
               refuse(reterr, "private_key_jwt needs jwks or jwks_uri");
    if (client->auth_method == DW_CLIENT_AUTH_NONE && !may_be_public)
        client->auth_method = DW_CLIENT_AUTH_POST;
    if (client->auth_method == DW_CLIENT_AUTH_UNSET)
        client->auth_method = may_be_public && rules->public_client_patterns.count
                                  ? DW_CLIENT_AUTH_NONE
                                  : DW_CLIENT_AUTH_POST;
    return true;
}

static bool make_secret(struct dw_slice random, struct dw_arena *arena,
                        struct dw_oauth_client *client, struct dw_secret *ret_secret,
                        struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];

    *ret_secret = dw_secret_from(DW_EMPTY);
    if (client->auth_method != DW_CLIENT_AUTH_BASIC && client->auth_method != DW_CLIENT_AUTH_POST)
        return true;
    *ret_secret = dw_secret_from(dw_text_base64url(arena, random));
    if (!ret_secret->hidden.ptr)
        return no_memory(reterr);
    if (!dw_sha256(ret_secret->hidden, digest, reterr))
        return false;
    client->secret_digest = dw_arena_copy(arena, dw_slice_from((char *)digest, sizeof digest));
    return client->secret_digest.ptr || no_memory(reterr);
}

bool dw_registration_make(struct dw_slice body, const struct dw_registration_rules *rules,
                          const unsigned char random[static 48], int64_t now_s,
                          struct dw_arena *arena, struct dw_oauth_client *ret_client,
                          struct dw_secret *ret_secret, struct dw_error *reterr)
{
    struct dw_slice bytes = dw_slice_from((const char *)random, 48);
    const struct dw_json *document;
    struct dw_error error = {0};
    struct dw_slice id;

    *ret_client = (struct dw_oauth_client){
        .kind = DW_CLIENT_DCR, .created_at_s = now_s, .updated_at_s = now_s};
    if (body.len > DW_REGISTRATION_MAX_BYTES)
        return refuse(reterr, "the client metadata is too long");
    if (!dw_json_parse(body, arena, &document, &error))
        return error.code == DW_NO_MEMORY ? no_memory(reterr) : refuse(reterr, error.message);
    if (!dw_client_metadata_read(document, arena, ret_client, reterr) ||
        !choose_auth_method(rules, arena, ret_client, reterr) ||
        !dw_client_scopes_read(document, rules, arena, &ret_client->scopes, reterr))
        return false;
    if (ret_client->name.len == 0)
        ret_client->name = DW_LIT("Unnamed client");
    id = dw_text_base64url(arena, dw_slice_sub(bytes, 0, 16));
    ret_client->id = id.ptr ? dw_arena_printf(arena, "tpc_%.*s", DW_PRINT(id)) : id;
    if (!ret_client->id.ptr)
        return no_memory(reterr);
    return make_secret(dw_slice_sub(bytes, 16, 32), arena, ret_client, ret_secret, reterr);
}

void dw_registration_write(const struct dw_oauth_client *client, struct dw_secret secret,
                           struct dw_buf *out)
{
    static const struct dw_slice code = {"code", 4};
    struct dw_json_writer writer = dw_json_writer_to(out);
    struct dw_slice scope = DW_EMPTY;
    struct dw_error error;

    if (!dw_scopes_text(client->scopes, out->arena, &scope, &error))
        out->has_failed = true;
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "client_id", client->id);
    dw_json_put_int(&writer, "client_id_issued_at", client->created_at_s);
    if (secret.hidden.len) {
        dw_json_put_text(&writer, "client_secret", secret.hidden);
        dw_json_put_int(&writer, "client_secret_expires_at", 0); /* RFC 7591 3.2.1: never */
    }
    dw_json_put_text(&writer, "client_name", client->name);
    dw_json_put_texts(&writer, "redirect_uris", client->redirect_uris);
    dw_json_put_texts(&writer, "grant_types", client->grant_types);
    dw_json_put_texts(&writer, "response_types", (struct dw_slices){&code, 1});
    dw_json_put_text(&writer, "token_endpoint_auth_method",
                     dw_slice_from_text(dw_client_auth_method_name(client->auth_method)));
    dw_json_put_text(&writer, "application_type",
                     client->app_type == DW_APP_NATIVE ? DW_LIT("native") : DW_LIT("web"));
    if (scope.len)
        dw_json_put_text(&writer, "scope", scope);
    if (client->client_uri.len)
        dw_json_put_text(&writer, "client_uri", client->client_uri);
    if (client->logo_uri.len)
        dw_json_put_text(&writer, "logo_uri", client->logo_uri);
    if (client->jwks_uri.len)
        dw_json_put_text(&writer, "jwks_uri", client->jwks_uri);
    if (client->jwks_json.len)
        dw_json_put_raw(&writer, "jwks", client->jwks_json);
    dw_json_write_object_end(&writer);
}
