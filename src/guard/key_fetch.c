/* Where an issuer's keys are, and bringing them: discovery, then the JWK Set. Blocking. */
#include "guard/key_fetch.h"

#include "http/url.h"
#include "net/fetch.h"
#include "json/json.h"

#define MAX_DOCUMENT_BYTES ((size_t)256 * 1024)
#define FETCH_TIMEOUT_MS 10000

static bool get(struct dw_slice url, enum dw_fetch_guard fetch_guard, struct dw_arena *arena,
                struct dw_slice *ret_body, struct dw_error *reterr)
{
    struct dw_http_field accept = {DW_LIT("Accept"), DW_LIT("application/json")};
    struct dw_fetch_request request = {
        .url = url,
        .fields = {&accept, 1},
        .guard = fetch_guard,
        .max_bytes = MAX_DOCUMENT_BYTES,
        .timeout_ms = FETCH_TIMEOUT_MS,
    };
    struct dw_fetch_response response;

    if (!dw_fetch(&request, arena, &response, reterr))
        return false;
    if (response.status != 200)
        return dw_fail_because(reterr, DW_UNAVAILABLE, "http", response.status,
                               "%.*s answered with status %d", DW_PRINT(dw_slice_sub(url, 0, 100)),
                               response.status);
    *ret_body = response.body;
    return true;
}

/* OpenID Connect Discovery 4: appended to the issuer. RFC 8414 3: put between host and path. */
static struct dw_slice place(const struct dw_url *issuer, struct dw_slice text, bool is_inserted,
                             struct dw_arena *arena)
{
    struct dw_slice path = issuer->path;
    struct dw_slice origin = dw_slice_sub(text, 0, text.len - path.len);

    if (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    if (is_inserted)
        return dw_arena_printf(arena, "%.*s/.well-known/oauth-authorization-server%.*s",
                               DW_PRINT(origin), DW_PRINT(path));
    return dw_arena_printf(arena, "%.*s%.*s/.well-known/openid-configuration", DW_PRINT(origin),
                           DW_PRINT(path));
}

/* Entra's shared document has "{tenantid}" in its issuer, and stands for every tenant's. */
static bool is_issuer_of(struct dw_slice written, const struct dw_issuer_config *config)
{
    const struct dw_provider *provider = dw_provider_find(config->provider);
    struct dw_slice issuer = config->issuer, after = written;

    if (dw_slice_eq(written, issuer))
        return true;
    if (!provider || !provider->is_discovery_issuer_templated)
        return false;
    while (after.len && !dw_slice_starts_with(after, DW_LIT("{tenantid}")))
        after = dw_slice_sub(after, 1, after.len);
    if (!after.len)
        return false;
    if (!dw_slice_eat(&issuer, dw_slice_sub(written, 0, written.len - after.len)))
        return false;
    after = dw_slice_sub(after, sizeof "{tenantid}" - 1, after.len);
    if (!dw_slice_ends_with(issuer, after) || issuer.len == after.len)
        return false;
    issuer.len -= after.len;
    return !dw_slice_contains(issuer, '/');
}

/* A jwks_uri that the issuer itself serves is as trusted as the issuer; any other is a foreign URL.
 */
static enum dw_fetch_guard guard_for(const struct dw_url *issuer, const struct dw_url *jwks_uri)
{
    if (dw_url_same_origin(issuer, jwks_uri))
        return DW_FETCH_OPERATOR;
    return dw_url_is_loopback_host(issuer->host) ? DW_FETCH_PUBLIC_OR_LOOPBACK
                                                 : DW_FETCH_PUBLIC_ONLY;
}

static bool fetch_by_document(const struct dw_issuer_config *config, const struct dw_url *issuer,
                              struct dw_slice document_url, struct dw_arena *arena,
                              struct dw_slice *ret_json, struct dw_error *reterr)
{
    const struct dw_json *document;
    struct dw_slice body, written, jwks_text;
    struct dw_url jwks_uri;

    if (!get(document_url, DW_FETCH_OPERATOR, arena, &body, reterr) ||
        !dw_json_parse(body, arena, &document, reterr))
        return false;
    written = dw_json_text(document, "issuer");
    if (!is_issuer_of(written, config))
        return dw_fail_because(
            reterr, DW_FORBIDDEN, NULL, 0,
            "the discovery document names the issuer \"%.*s\", the configuration "
            "\"%.*s\"; they must be equal, also in the slash at the end",
            DW_PRINT(dw_slice_sub(written, 0, 60)), DW_PRINT(dw_slice_sub(config->issuer, 0, 60)));
    jwks_text = dw_json_text(document, "jwks_uri");
    if (!jwks_text.ptr || !dw_url_parse(jwks_text, &jwks_uri, NULL))
        return dw_fail_because(reterr, DW_MALFORMED, NULL, 0,
                               "the discovery document has no usable jwks_uri");
    return get(jwks_text, guard_for(issuer, &jwks_uri), arena, ret_json, reterr);
}

bool dw_keys_fetch(const struct dw_issuer_config *config, struct dw_arena *arena,
                   struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_url issuer;
    struct dw_slice document_url;

    if (config->jwks_uri.len)
        return get(config->jwks_uri, DW_FETCH_OPERATOR, arena, ret_json, reterr);
    if (!dw_url_parse(config->issuer, &issuer, reterr))
        return false;
    for (int is_inserted = 0; is_inserted < 2; is_inserted++) {
        document_url = place(&issuer, config->issuer, is_inserted, arena);
        if (!document_url.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (fetch_by_document(config, &issuer, document_url, arena, ret_json, reterr))
            return true;
        if (reterr->library_code != 404) /* only a missing document has another place */
            return false;
    }
    return false;
}
