/* Fetching what a client says about itself: its metadata document, and its keys. Both URLs are
 * foreign text, so both go through the guard of net/fetch.h. */
#include "base/text.h"
#include "http/field.h"
#include "net/fetch.h"
#include "oauth/client_metadata_document.h"
#include "store/client_credentials.h"
#include "tenant/client_keys_internal.h"
#include "tenant/clients_internal.h"

/* One address may make us fetch so many documents an hour. A document that is known and young is
 * not fetched, and so not counted. */
#define FETCHES_PER_HOUR 60
#define FETCH_TIMEOUT_MS 5000
#define KEYS_MAX_BYTES ((size_t)12 * 1024) /* as Auth0 */

static enum dw_fetch_guard guard_for(const struct dw_tenant *tenant)
{
    return tenant->config.allow_insecure_client_metadata ? DW_FETCH_PUBLIC_OR_LOOPBACK
                                                         : DW_FETCH_PUBLIC_ONLY;
}

static bool may_fetch(struct dw_tenant_call *call, struct dw_error *reterr)
{
    struct dw_rate rate = {
        .space = DW_LIT("client_document"), .limit = FETCHES_PER_HOUR, .window_s = 3600};
    bool is_allowed = false;

    if (!dw_tenant_rate_key(call, &rate.key, reterr) ||
        !dw_tenant_rate_take(call, &rate, &is_allowed, reterr))
        return false;
    return is_allowed ||
           dw_fail(reterr, DW_TOO_MANY_ATTEMPTS,
                   "Too many client metadata documents were asked for from your address.");
}

static bool fetch(struct dw_tenant_call *call, struct dw_slice url, size_t max_bytes,
                  struct dw_fetch_response *ret_response, struct dw_error *reterr)
{
    struct dw_http_field accept = {DW_LIT("Accept"), DW_LIT("application/json")};
    struct dw_fetch_request request = {
        .method = DW_HTTP_GET,
        .url = url,
        .fields = {&accept, 1},
        .guard = guard_for(call->tenant),
        .max_bytes = max_bytes,
        .timeout_ms = FETCH_TIMEOUT_MS,
    };
    struct dw_error error = {0};

    /* What exactly went wrong is for the operator: told to the peer it would map our network. */
    if (!dw_fetch(&request, call->arena, ret_response, &error)) {
        dw_log_error(call->tenant->log, "client_fetch_failed", &error);
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "The client's document could not be fetched from its URL.");
    }
    if (ret_response->status != 200) /* also no redirects: CIMD section 4 MUST NOT */
        return dw_fail_because(reterr, DW_INVALID_REQUEST, "http", ret_response->status,
                               "The client's document answers %d instead of 200.",
                               ret_response->status);
    return true;
}

static bool is_json(struct dw_slice content_type)
{
    size_t end = dw_slice_index(content_type, ';');

    return dw_http_media_type_is(content_type, "application/json") ||
           dw_slice_ends_with(dw_slice_trim(dw_slice_sub(content_type, 0, end)), DW_LIT("+json"));
}

/* RFC 9111 section 5.2.2: how long the answer says it is good. */
static int64_t max_age(struct dw_http_fields fields)
{
    struct dw_slice rest = dw_http_field(fields, "cache-control");
    struct dw_slice element;
    int64_t age_s = 0;

    while (dw_http_list_next(&rest, &element)) {
        if (dw_slice_eq_nocase(element, DW_LIT("no-store")) ||
            dw_slice_eq_nocase(element, DW_LIT("no-cache")))
            return 0;
        if (dw_slice_eat_nocase(&element, DW_LIT("max-age=")) && !dw_text_to_int(element, &age_s))
            age_s = 0;
    }
    return age_s;
}

/* Where codes go and who may redeem them is what users agreed to. */
static bool is_same_deal(const struct dw_oauth_client *known, const struct dw_oauth_client *now)
{
    if (known->redirect_uris.count != now->redirect_uris.count ||
        known->auth_method != now->auth_method || !dw_slice_eq(known->jwks_json, now->jwks_json) ||
        !dw_slice_eq(known->jwks_uri, now->jwks_uri))
        return false;
    for (size_t i = 0; i < now->redirect_uris.count; i++)
        if (!dw_slices_have(known->redirect_uris, now->redirect_uris.items[i]))
            return false;
    return true;
}

static bool keep(struct dw_tenant_call *call, const struct dw_oauth_client *known,
                 struct dw_oauth_client *client, struct dw_error *reterr)
{
    struct dw_store *store = call->tenant->store;

    if (known) {
        client->created_at_s = known->created_at_s;
        /* Consents and refresh tokens rest on the old document. */
        if (!is_same_deal(known, client) &&
            !dw_store_delete_client(store, known->id, call->now_s, reterr))
            return false;
    }
    return dw_store_put_client(store, client, reterr);
}

bool dw_client_document_renew(struct dw_tenant_call *call, struct dw_slice client_id,
                              const struct dw_oauth_client *known,
                              struct dw_oauth_client **ret_client, struct dw_error *reterr)
{
    const struct dw_tenant_config *config = &call->tenant->config;
    struct dw_registration_rules rules = {
        .public_client_patterns = config->public_client_patterns,
        .default_scopes = config->default_scopes,
        .allowed_scopes = config->allowed_scopes,
    };
    struct dw_fetch_response response;
    struct dw_oauth_client *client = DW_ARENA_NEW(call->arena, struct dw_oauth_client);

    if (!client)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_client_id_url_check(client_id, config->allow_insecure_client_metadata, reterr) ||
        !fetch(call, client_id, DW_CIMD_MAX_BYTES, &response, reterr))
        return false;
    if (!is_json(dw_http_field(response.fields, "content-type")))
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "The client's document is no JSON.");
    if (!dw_client_metadata_document_make(
            client_id, response.body, &rules, config->allow_insecure_client_metadata,
            max_age(response.fields), call->now_s, call->arena, client, reterr))
        return false;
    dw_tenant_client_lifetimes(call->tenant, client);
    dw_third_party_start(client, known                           ? known->security_mode
                                 : call->settings->is_dcr_strict ? DW_SECURITY_STRICT
                                                                 : DW_SECURITY_PERMISSIVE);
    if (!keep(call, known, client, reterr))
        return false;
    *ret_client = client;
    return true;
}

bool dw_client_document_fetch(struct dw_tenant_call *call, struct dw_slice client_id,
                              const struct dw_oauth_client *known,
                              struct dw_oauth_client **ret_client, struct dw_error *reterr)
{
    /* What is no URL of a document costs its sender nothing. */
    return dw_client_id_url_check(client_id, call->tenant->config.allow_insecure_client_metadata,
                                  reterr) &&
           may_fetch(call, reterr) &&
           dw_client_document_renew(call, client_id, known, ret_client, reterr);
}

static enum dw_keys_fetched download_keys(struct dw_tenant_call *call, struct dw_slice url,
                                          struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    struct dw_fetch_response response;
    size_t skipped;

    if (!may_fetch(call, reterr))
        return DW_KEYS_NOT_TRIED;
    if (fetch(call, url, KEYS_MAX_BYTES, &response, reterr))
        *ret_keys = dw_jwks_parse(response.body, &skipped, reterr);
    return *ret_keys ? DW_KEYS_GOT : DW_KEYS_FAILED;
}

/* The keys that an operator has added one by one, as a set; *ret_json empty: none was. Those that
 * have expired do not count, but keep the older ways of naming keys out. */
static bool credential_keys(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                            struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(call->arena);
    struct dw_json_writer json = dw_json_writer_to(&out);
    struct dw_client_credential *credentials;
    size_t count;

    *ret_json = DW_EMPTY;
    if (!dw_store_client_credentials(call->tenant->store, client->id, call->arena, &credentials,
                                     &count, reterr))
        return false;
    if (count == 0)
        return true;
    dw_json_write_object_start(&json);
    dw_json_write_key(&json, DW_LIT("keys"));
    dw_json_write_array_start(&json);
    for (size_t i = 0; i < count; i++)
        if (credentials[i].expires_at_s == 0 || credentials[i].expires_at_s > call->now_s)
            dw_json_write_raw(&json, credentials[i].public_jwk_json);
    dw_json_write_array_end(&json);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, ret_json, reterr);
}

/* Anybody can make URLs of documents, as many as he likes: they push nobody's keys out whom the
 * operator knows. */
static struct dw_client_keys_cache *cache_for(const struct dw_tenant *tenant,
                                              const struct dw_oauth_client *client)
{
    return client->kind == DW_CLIENT_STATIC ? tenant->issuer_keys : tenant->client_keys;
}

static bool find_keys(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                      enum dw_keys_need need, struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    struct dw_slice json;
    size_t skipped;

    if (!credential_keys(call, client, &json, reterr))
        return false;
    if (json.len == 0)
        json = client->jwks_json;
    if (json.len == 0 && client->jwks_uri.len == 0)
        return dw_fail(reterr, DW_INVALID_CLIENT_METADATA, "the client has no keys");
    if (json.len == 0)
        return dw_client_keys_fetch(cache_for(call->tenant, client), call, client->jwks_uri, need,
                                    download_keys, ret_keys, reterr);
    if (need == DW_KEYS_NEWER)
        return dw_fail(reterr, DW_CLIENT_REFUSED, "the client has no newer keys");
    *ret_keys = dw_jwks_parse(json, &skipped, reterr);
    return *ret_keys != NULL;
}

bool dw_client_keys(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                    enum dw_keys_need need, struct dw_jwks **ret_keys, struct dw_error *reterr)
{
    struct dw_error error = {0};

    *ret_keys = NULL;
    if (find_keys(call, client, need, ret_keys, &error))
        return true;
    if (need == DW_KEYS_ANY) /* that there are no newer ones is no news */
        dw_log_error(call->tenant->log, "client_keys_missing", &error);
    return dw_fail(reterr, DW_CLIENT_REFUSED, "Unauthorized");
}
