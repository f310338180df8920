/* The seed file: APIs, roles, clients and users as JSON, in the words of Auth0's dashboard and of
 * the book's chapter:
 *
 *   {"apis": [{"identifier": "https://mcp.example.com", "name": "MCP Server",
 *              "permissions": [{"value": "read:tools", "description": "List tools"}]}],
 *    "roles": [{"name": "MCP User", "api": "https://mcp.example.com", "permissions":
 * ["read:tools"]}], "clients": [{"client_id": "my-cli", "name": "My CLI", "redirect_uris": [...],
 *                 "grant_types": [...], "client_secret": "...", "audiences": [...]}],
 *    "users": [{"email": "ada@example.com", "password": "...", "roles": ["MCP User"]}]} */
#include "oauth/redirect_uri.h"
#include "oauth/scope.h"
#include "sys/sys.h"
#include "tenant/seed_internal.h"

#define SEED_FILE_MAX_BYTES ((size_t)1024 * 1024)

struct seed {
    struct dw_tenant *tenant;
    struct dw_arena *arena;
};

typedef bool seed_function(const struct seed *seed, const struct dw_json *entry,
                           struct dw_error *reterr);

static bool need_text(const struct dw_json *entry, const char *list, const char *key,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    *ret_text = dw_json_text(entry, key);
    return ret_text->len > 0 ||
           dw_fail(reterr, DW_CONFIG, "the seed file has an entry in \"%s\" without \"%s\"", list,
                   key);
}

static bool read_scopes(const struct seed *seed, const struct dw_json *list,
                        struct dw_api_scope **ret_scopes, size_t *ret_count,
                        struct dw_error *reterr)
{
    size_t count = list && list->type == DW_JSON_ARRAY ? list->array.count : 0;
    struct dw_api_scope *scopes = dw_arena_new_array(seed->arena, count + 1, sizeof *scopes);

    if (!scopes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct dw_json *item = &list->array.items[i];

        scopes[i].value = item->type == DW_JSON_TEXT ? item->text : dw_json_text(item, "value");
        scopes[i].description = dw_json_text(item, "description");
        if (!scopes[i].description.ptr)
            scopes[i].description = DW_EMPTY;
        if (!dw_scope_is_name(scopes[i].value))
            return dw_fail(reterr, DW_CONFIG,
                           "the seed file has a permission that is no scope name: \"%.*s\"",
                           DW_PRINT(scopes[i].value));
    }
    *ret_scopes = scopes;
    *ret_count = count;
    return true;
}

static bool seed_api(const struct seed *seed, const struct dw_json *entry, struct dw_error *reterr)
{
    struct dw_slice identifier, name = dw_json_text(entry, "name");
    struct dw_api_scope *scopes = NULL;
    size_t count = 0;

    return need_text(entry, "apis", "identifier", &identifier, reterr) &&
           read_scopes(seed, dw_json_get(entry, "permissions"), &scopes, &count, reterr) &&
           dw_seed_api(seed->tenant, identifier, name.len > 0 ? name : identifier, scopes, count,
                       true, seed->arena, reterr) &&
           dw_seed_third_party_grant(seed->tenant, identifier, seed->arena, reterr);
}

static bool seed_role(const struct seed *seed, const struct dw_json *entry, struct dw_error *reterr)
{
    struct dw_slice name, api = dw_json_text(entry, "api");
    struct dw_slice description = dw_json_text(entry, "description");
    struct dw_slices permissions = {0};
    struct dw_role *role = NULL;

    if (!need_text(entry, "roles", "name", &name, reterr) ||
        !dw_json_texts(entry, "permissions", seed->arena, &permissions, reterr) ||
        !dw_seed_role(seed->tenant, name, description.ptr ? description : DW_EMPTY, seed->arena,
                      &role, reterr))
        return false;
    if (permissions.count == 0)
        return true;
    if (api.len == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "the seed file's role \"%.*s\" does not say which \"api\"", DW_PRINT(name));
    return dw_seed_role_permissions(seed->tenant, role, api, permissions, seed->arena, reterr);
}

static bool read_client_lists(const struct seed *seed, const struct dw_json *entry,
                              struct dw_oauth_client *client, struct dw_error *reterr)
{
    static const struct dw_slice standard_grants[] = {{"authorization_code", 18},
                                                      {"refresh_token", 13}};
    const struct {
        const char *key;
        struct dw_slices *ret_texts;
    } lists[] = {
        {"redirect_uris", &client->redirect_uris},
        {"allowed_logout_urls", &client->allowed_logout_urls},
        {"web_origins", &client->web_origins},
        {"allowed_origins", &client->allowed_origins},
        {"grant_types", &client->grant_types},
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!dw_json_texts(entry, lists[i].key, seed->arena, lists[i].ret_texts, reterr))
            return false;
    if (client->grant_types.count == 0)
        client->grant_types = (struct dw_slices){standard_grants, 2};
    return true;
}

static bool fill_client(const struct seed *seed, const struct dw_json *entry,
                        struct dw_oauth_client *client, struct dw_error *reterr)
{
    struct dw_slice secret = dw_json_text(entry, "client_secret");
    bool has_secret = secret.len > 0;

    client->name = dw_json_text(entry, "name");
    if (!client->name.ptr)
        client->name = client->id;
    client->app_type = has_secret ? DW_APP_REGULAR_WEB : DW_APP_NATIVE;
    client->auth_method = has_secret ? DW_CLIENT_AUTH_POST : DW_CLIENT_AUTH_NONE;
    (void)dw_json_bool(entry, "is_first_party", &client->is_first_party);
    return read_client_lists(seed, entry, client, reterr) &&
           dw_redirect_uris_check_client(client, reterr) &&
           (!has_secret || dw_tenant_digest(secret, seed->arena, &client->secret_digest, reterr));
}

/* The APIs whose tokens the application may have without a user; all of them exist, or the seed
 * would end half-way. */
static bool read_audiences(const struct seed *seed, const struct dw_json *entry,
                           struct dw_slice client_id, struct dw_slices *ret_audiences,
                           struct dw_error *reterr)
{
    if (!dw_json_texts(entry, "audiences", seed->arena, ret_audiences, reterr))
        return false;
    for (size_t i = 0; i < ret_audiences->count; i++) {
        struct dw_slice audience = ret_audiences->items[i];
        struct dw_api *api = NULL;

        if (!dw_store_api(seed->tenant->store, audience, seed->arena, &api, reterr))
            return false;
        if (!api)
            return dw_fail(
                reterr, DW_CONFIG,
                "the seed file gives client \"%.*s\" the API \"%.*s\", and there is none",
                DW_PRINT(dw_slice_sub(client_id, 0, 30)), DW_PRINT(dw_slice_sub(audience, 0, 60)));
    }
    return true;
}

static bool seed_client_grants(const struct seed *seed, struct dw_slices audiences,
                               struct dw_slice client_id, struct dw_error *reterr)
{
    for (size_t i = 0; i < audiences.count; i++) {
        struct dw_client_grant grant = {
            .id = dw_tenant_random_text(seed->arena, "cgr_", 12),
            .client_id = client_id,
            .audience = audiences.items[i],
            .subject = DW_GRANT_SUBJECT_CLIENT,
            .allows_all_scopes = true,
            .created_at_s = seed->tenant->now_s(),
        };

        if (!grant.id.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!dw_store_put_client_grant(seed->tenant->store, &grant, reterr))
            return false;
    }
    return true;
}

static bool seed_client(const struct seed *seed, const struct dw_json *entry,
                        struct dw_error *reterr)
{
    struct dw_oauth_client client, *known = NULL;
    struct dw_slices audiences = {0};
    struct dw_slice id;

    dw_seed_client_defaults(seed->tenant, &client);
    if (!need_text(entry, "clients", "client_id", &id, reterr) ||
        !dw_store_client(seed->tenant->store, id, seed->arena, &known, reterr))
        return false;
    if (known)
        return true;
    client.id = id;
    return fill_client(seed, entry, &client, reterr) &&
           read_audiences(seed, entry, id, &audiences, reterr) &&
           dw_store_add_client(seed->tenant->store, &client, reterr) &&
           seed_client_grants(seed, audiences, id, reterr);
}

/* Objects, as a Management API client would give them. */
static bool seed_metadata(const struct seed *seed, const struct dw_json *entry,
                          struct dw_user *user, struct dw_error *reterr)
{
    const struct dw_json *app = dw_json_get(entry, "app_metadata");
    const struct dw_json *own = dw_json_get(entry, "user_metadata");

    if ((app && app->type != DW_JSON_OBJECT) || (own && own->type != DW_JSON_OBJECT))
        return dw_fail(reterr, DW_CONFIG, "the seed file: metadata of a user is an object");
    if (!app && !own)
        return true;
    if (app)
        user->app_metadata_json = app->raw;
    if (own)
        user->user_metadata_json = own->raw;
    return dw_store_update_user(seed->tenant->store, user, reterr);
}

static bool seed_user(const struct seed *seed, const struct dw_json *entry, struct dw_error *reterr)
{
    struct dw_slice email;
    struct dw_slices roles = {0};
    struct dw_user *user = NULL, *known = NULL;
    struct dw_secret password = {dw_json_text(entry, "password")};

    if (!need_text(entry, "users", "email", &email, reterr) ||
        !dw_json_texts(entry, "roles", seed->arena, &roles, reterr) ||
        !dw_store_user_by_login(seed->tenant->store, DW_LIT(DW_TENANT_CONNECTION), email,
                                seed->arena, &known, reterr))
        return false;
    if (known) /* perhaps with another password by now, and other roles */
        return true;
    if (!dw_seed_user(seed->tenant, email, password, seed->arena, &user, reterr) ||
        !seed_metadata(seed, entry, user, reterr))
        return false;
    for (size_t i = 0; i < roles.count; i++)
        if (!dw_seed_user_role(seed->tenant, user, roles.items[i], seed->arena, reterr))
            return false;
    return true;
}

static const struct {
    const char *list;
    seed_function *run;
} lists[] = {
    {"apis", seed_api},
    {"roles", seed_role},
    {"clients", seed_client},
    {"users", seed_user},
};

static bool check_names(const struct dw_json *document, struct dw_error *reterr)
{
    if (document->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_CONFIG, "the seed file is no JSON object");
    for (size_t i = 0; i < document->object.count; i++) {
        const struct dw_json_member *member = &document->object.members[i];
        size_t k = 0;

        while (k < 4 && !dw_slice_eq(member->key, dw_slice_from_text(lists[k].list)))
            k++;
        if (k == 4 || member->value.type != DW_JSON_ARRAY)
            return dw_fail(
                reterr, DW_CONFIG,
                "the seed file takes the lists apis, roles, clients, users; not \"%.*s\"",
                DW_PRINT(member->key));
    }
    return true;
}

bool dw_tenant_seed_file(struct dw_tenant *tenant, struct dw_arena *arena, struct dw_error *reterr)
{
    struct seed seed = {.tenant = tenant, .arena = arena};
    char *path = dw_arena_text(arena, tenant->config.seed_file);
    const struct dw_json *document = NULL;
    struct dw_slice text;

    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sys_read_file(path, SEED_FILE_MAX_BYTES, arena, &text, reterr) ||
        !dw_json_parse(text, arena, &document, reterr) || !check_names(document, reterr))
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct dw_json *list = dw_json_get(document, lists[i].list);

        for (size_t k = 0; list && k < list->array.count; k++)
            if (!lists[i].run(&seed, &list->array.items[k], reterr))
                return false;
    }
    return true;
}
