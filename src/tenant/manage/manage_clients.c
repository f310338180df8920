/* doorward tenant client ... */
#include "base/text.h"
#include "jose/jwk.h"
#include "oauth/object_json.h"
#include "oauth/redirect_uri.h"
#include "oauth/refresh_target.h"
#include "oauth/third_party.h"
#include "oauth/token_request.h"
#include "store/connections.h"
#include "sys/sys.h"
#include "tenant/keys_internal.h"
#include "tenant/manage/manage_internal.h"
#include "tenant/seed_internal.h"
#include "tenant/settings_internal.h"

#define SECRET_BYTES 32

static bool show_client(struct dw_manage *manage, const struct dw_oauth_client *client,
                        const struct dw_slice *fresh_secret, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "client_id", client->id);
    dw_manage_cell_text(row, "name", client->name);
    dw_manage_cell_text(row, "kind", dw_slice_from_text(dw_oauth_client_kind_name(client->kind)));
    dw_manage_cell_text(row, "auth_method",
                        dw_slice_from_text(dw_client_auth_method_name(client->auth_method)));
    dw_manage_cell_texts(row, "grant_types", client->grant_types);
    dw_manage_cell_texts(row, "redirect_uris", client->redirect_uris);
    if (fresh_secret)
        dw_manage_cell_text(row, "client_secret", *fresh_secret);
    return true;
}

static bool find_client(struct dw_manage *manage, struct dw_oauth_client **ret_client,
                        struct dw_error *reterr)
{
    struct dw_slice id = dw_manage_value(manage, "id");

    if (!dw_store_client(manage->tenant->store, id, manage->arena, ret_client, reterr))
        return false;
    return *ret_client ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no application \"%.*s\"", DW_PRINT(id));
}

static bool check_grant_types(struct dw_slices grant_types, struct dw_error *reterr)
{
    for (size_t i = 0; i < grant_types.count; i++)
        if (dw_grant_type_from(grant_types.items[i]) == DW_GRANT_UNSET)
            return dw_fail(reterr, DW_USAGE,
                           "there is no grant type \"%.*s\"; take authorization_code, "
                           "refresh_token, client_credentials or password",
                           DW_PRINT(grant_types.items[i]));
    return true;
}

/* With a redirect URI it is for users, without one for itself. */
static void standard_grant_types(struct dw_oauth_client *client)
{
    static const struct dw_slice for_users[] = {{"authorization_code", 18}, {"refresh_token", 13}};
    static const struct dw_slice for_itself[] = {{"client_credentials", 18}};

    if (client->grant_types.count > 0)
        return;
    client->grant_types = client->redirect_uris.count > 0 ? (struct dw_slices){for_users, 2}
                                                          : (struct dw_slices){for_itself, 1};
}

/* What tells a strict third party from afar is in its id (Auth0: "client ID import" is not for
 * them). */
static bool check_id(const struct dw_oauth_client *client, struct dw_error *reterr)
{
    if (dw_slice_starts_with(client->id, DW_LIT("http")) ||
        !dw_text_is_printable_ascii(client->id) || client->id.len > 128)
        return dw_fail(reterr, DW_USAGE,
                       "an --id has up to 128 printable characters and is no URL");
    return !dw_client_is_strict(client) || dw_slice_starts_with(client->id, DW_LIT("tpc_")) ||
           dw_fail(reterr, DW_USAGE, "the --id of a third-party application begins with tpc_");
}

/* Auth0's record of a new application of ours with a secret, without which its refresh token is
 * worth nothing: one token that does not end. What the configuration file says is said to all. */
static void keep_refresh_tokens(const struct dw_tenant_config *config,
                                struct dw_oauth_client *client)
{
    client->refresh.is_rotating = false;
    if (!dw_fields_is_said(&dw_tenant_fields, "refresh_token_leeway_s", config))
        client->refresh.leeway_s = 0;
    if (!dw_fields_is_said(&dw_tenant_fields, "refresh_token_ttl_s", config))
        client->refresh.lifetime_s = 0;
    if (!dw_fields_is_said(&dw_tenant_fields, "refresh_token_idle_ttl_s", config))
        client->refresh.idle_lifetime_s = 0;
}

/* Ours or a third party's, and with the id that its kind has. */
static bool name_client(struct dw_manage *manage, struct dw_oauth_client *client,
                        struct dw_error *reterr)
{
    client->is_first_party = !dw_manage_has(manage, "third-party");
    if (!client->is_first_party)
        dw_third_party_start(client, dw_manage_has(manage, "permissive") ? DW_SECURITY_PERMISSIVE
                                                                         : DW_SECURITY_STRICT);
    client->name = dw_manage_value(manage, "name");
    client->id = dw_manage_value(manage, "id");
    if (client->id.len == 0)
        client->id =
            dw_tenant_random_id(manage->arena, dw_client_is_strict(client) ? "tpc_" : "", 32);
    if (!client->id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return check_id(client, reterr);
}

static bool read_lists(struct dw_manage *manage, struct dw_oauth_client *client,
                       struct dw_error *reterr)
{
    const struct {
        const char *option;
        struct dw_slices *ret_values;
    } lists[] = {
        {"redirect-uri", &client->redirect_uris},
        {"grant-type", &client->grant_types},
        {"scope", &client->scopes},
        {"logout-url", &client->allowed_logout_urls},
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!dw_manage_values(manage, lists[i].option, lists[i].ret_values, reterr))
            return false;
    return dw_redirect_uris_check_client(client, reterr) &&
           check_grant_types(client->grant_types, reterr);
}

/* What follows from the redirect URIs and from having a secret. */
static void infer_rest(const struct dw_manage *manage, struct dw_oauth_client *client)
{
    bool is_public = dw_manage_has(manage, "public");

    client->auth_method = is_public ? DW_CLIENT_AUTH_NONE : DW_CLIENT_AUTH_POST;
    client->app_type = client->redirect_uris.count == 0 ? DW_APP_NON_INTERACTIVE
                       : is_public                      ? DW_APP_NATIVE
                                                        : DW_APP_REGULAR_WEB;
    standard_grant_types(client);
    if (client->is_first_party && !is_public)
        keep_refresh_tokens(&manage->tenant->config, client);
}

static bool fill_client(struct dw_manage *manage, struct dw_oauth_client *client,
                        struct dw_error *reterr)
{
    dw_seed_client_defaults(manage->tenant, client);
    if (!name_client(manage, client, reterr) || !read_lists(manage, client, reterr))
        return false;
    infer_rest(manage, client);
    return dw_third_party_check_record(client, reterr);
}

static bool make_secret(struct dw_manage *manage, struct dw_oauth_client *client,
                        struct dw_slice *ret_secret, struct dw_error *reterr)
{
    *ret_secret = dw_tenant_random_text(manage->arena, "", SECRET_BYTES);
    if (!ret_secret->ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_tenant_digest(*ret_secret, manage->arena, &client->secret_digest, reterr);
}

static bool add_grants(struct dw_manage *manage, const struct dw_oauth_client *client,
                       struct dw_error *reterr)
{
    struct dw_slices audiences = {0};

    if (!dw_manage_values(manage, "audience", &audiences, reterr))
        return false;
    for (size_t i = 0; i < audiences.count; i++) {
        struct dw_client_grant grant = {
            .id = dw_tenant_random_text(manage->arena, "cgr_", 12),
            .client_id = client->id,
            .audience = audiences.items[i],
            .subject = DW_GRANT_SUBJECT_CLIENT,
            .scopes = client->scopes,
            .allows_all_scopes = client->scopes.count == 0,
            .created_at_s = manage->tenant->now_s(),
        };

        if (!grant.id.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!dw_store_put_client_grant(manage->tenant->store, &grant, reterr))
            return reterr->code == DW_NOT_FOUND
                       ? dw_fail(reterr, DW_NOT_FOUND, "there is no API \"%.*s\"",
                                 DW_PRINT(grant.audience))
                       : false;
    }
    return true;
}

/* Auth0's flag enable_client_connections; a new application has them otherwise. */
static bool take_connections(struct dw_manage *manage, const struct dw_oauth_client *client,
                             struct dw_error *reterr)
{
    const struct dw_tenant_settings *settings = NULL;
    struct dw_connection_record *connections;
    size_t count;

    if (!dw_tenant_settings(manage->tenant, manage->arena, &settings, reterr))
        return false;
    if (settings->gives_connections || !client->is_first_party)
        return true;
    if (!dw_store_connections_of_client(manage->tenant->store, client->id, true, manage->arena,
                                        &connections, &count, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!dw_store_enable_connection(manage->tenant->store, connections[i].id, client->id, false,
                                        reterr))
            return false;
    return true;
}

bool dw_manage_client_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_oauth_client client;
    struct dw_slice secret = DW_EMPTY;
    bool is_public;

    if (!fill_client(manage, &client, reterr))
        return false;
    is_public = client.auth_method == DW_CLIENT_AUTH_NONE;
    return (is_public || make_secret(manage, &client, &secret, reterr)) &&
           dw_store_add_client(manage->tenant->store, &client, reterr) &&
           take_connections(manage, &client, reterr) && add_grants(manage, &client, reterr) &&
           show_client(manage, &client, is_public ? NULL : &secret, reterr);
}

bool dw_manage_client_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_oauth_client *clients = NULL;
    size_t count = 0;

    do {
        if (!dw_store_clients(manage->tenant->store, page, manage->arena, &clients, &count, NULL,
                              reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_client(manage, &clients[i], NULL, reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

static bool show_settings(struct dw_manage *manage, const struct dw_oauth_client *client,
                          struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice json;

    return row && dw_client_to_json(client, manage->arena, &json, reterr) &&
           dw_manage_cells_of_json(manage, row, json, reterr);
}

bool dw_manage_client_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_oauth_client *client = NULL;

    return find_client(manage, &client, reterr) && show_settings(manage, client, reterr);
}

/* Keys instead of the secret: all of them must be good, or an operator would look for long. */
static bool take_keys(struct dw_manage *manage, struct dw_oauth_client *client,
                      struct dw_error *reterr)
{
    char *path = dw_arena_text(manage->arena, dw_manage_value(manage, "jwks"));
    struct dw_jwks *keys;
    size_t skipped = 0;
    bool is_good;

    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sys_read_file(path, DW_JWKS_MAX_BYTES, manage->arena, &client->jwks_json, reterr))
        return false;
    keys = dw_jwks_parse(client->jwks_json, &skipped, reterr);
    if (!keys)
        return false;
    is_good = skipped == 0 && dw_jwks_count(keys) > 0;
    dw_jwks_unref(keys);
    if (!is_good)
        return dw_fail(
            reterr, DW_USAGE,
            "%s must be a JWK Set of public RSA (2,048 bits or more), EC or Ed25519 keys", path);
    client->auth_method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT;
    client->secret_digest = client->sealed_secret = DW_EMPTY;
    return true;
}

/* A key is to be published before it signs, so that nobody meets one that is in no cache yet. */
static bool publish_key(struct dw_manage *manage, const struct dw_oauth_client *client,
                        struct dw_error *reterr)
{
    struct dw_signing_key *key;

    if (!dw_keyring_signer(manage->tenant->keyring, dw_id_token_jose_alg(client),
                           manage->tenant->now_s(), &key, reterr))
        return false;
    dw_signing_key_unref(key);
    return true;
}

bool dw_manage_client_update(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");
    struct dw_oauth_client *client = NULL;
    struct dw_refresh_policy_row *policies;
    size_t count;

    if (!find_client(manage, &client, reterr) || !dw_manage_patch_of_sets(manage, &patch, reterr) ||
        !dw_client_apply_json(client, patch, manage->arena, reterr) ||
        (dw_manage_has(manage, "jwks") && !take_keys(manage, client, reterr)) ||
        !dw_redirect_uris_check_client(client, reterr) ||
        !check_grant_types(client->grant_types, reterr) ||
        !dw_third_party_check_record(client, reterr) ||
        !dw_refresh_policies_parse(client->refresh_policies_json, manage->arena, &policies, &count,
                                   reterr))
        return false;
    if (client->auth_method == DW_CLIENT_AUTH_PRIVATE_KEY_JWT && client->jwks_json.len == 0 &&
        client->jwks_uri.len == 0)
        return dw_fail(reterr, DW_USAGE, "private_key_jwt needs keys: give --jwks FILE");
    client->updated_at_s = manage->tenant->now_s();
    return publish_key(manage, client, reterr) &&
           dw_store_put_client(manage->tenant->store, client, reterr) &&
           show_settings(manage, client, reterr);
}

bool dw_manage_client_rotate_secret(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_oauth_client *client = NULL;
    struct dw_slice secret;

    if (!find_client(manage, &client, reterr))
        return false;
    if (client->secret_digest.len == 0)
        return dw_fail(reterr, DW_CONFLICT, "the application has no secret: it is public");
    client->updated_at_s = manage->tenant->now_s();
    return make_secret(manage, client, &secret, reterr) &&
           dw_store_put_client(manage->tenant->store, client, reterr) &&
           show_client(manage, client, &secret, reterr);
}

bool dw_manage_client_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_oauth_client *client = NULL;

    return find_client(manage, &client, reterr) &&
           dw_store_delete_client(manage->tenant->store, client->id, manage->tenant->now_s(),
                                  reterr);
}
