/* The seed chapter's API and roles, and what `doorward dev` needs; see seed_internal.h. */
#include "tenant/seed_internal.h"

#include "crypto/password.h"
#include "tenant/account/password_internal.h"

#define WEB_LIFETIME_S 7200 /* Auth0's standard */
#define SEED_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

/* The chapter, word for word. The first three are what "MCP User" may do. */
static const struct dw_api_scope chapter_scopes[] = {
    {TEXT("read:tools"), TEXT("List and describe tools")},
    {TEXT("execute:tools"), TEXT("Execute MCP tools")},
    {TEXT("read:resources"), TEXT("Read resources")},
    {TEXT("write:resources"), TEXT("Modify resources")},
    {TEXT("admin"), TEXT("Administrative access")},
};
static const struct dw_slice chapter_permissions[] = {
    TEXT("read:tools"),      TEXT("execute:tools"), TEXT("read:resources"),
    TEXT("write:resources"), TEXT("admin"),
};
#define USER_PERMISSIONS 3
#define ALL_PERMISSIONS (sizeof chapter_permissions / sizeof *chapter_permissions)

static bool no_memory(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* What is there, and after it what is missing. */
static bool merge_scopes(struct dw_api *api, const struct dw_api_scope *scopes, size_t count,
                         struct dw_arena *arena, bool *ret_is_changed, struct dw_error *reterr)
{
    struct dw_api_scope *all = dw_arena_new_array(arena, api->scope_count + count, sizeof *all);
    size_t used = api->scope_count;

    if (!all)
        return no_memory(reterr);
    if (used > 0)
        memcpy(all, api->scopes, used * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < used && !dw_slice_eq(all[at].value, scopes[i].value))
            at++;
        if (at == used)
            all[used++] = scopes[i];
    }
    *ret_is_changed = used != api->scope_count;
    api->scopes = all;
    api->scope_count = used;
    return used <= DW_SCOPES_MAX ||
           dw_fail(reterr, DW_INVALID_REQUEST, "an API has at most %d permissions", DW_SCOPES_MAX);
}

bool dw_seed_api(struct dw_tenant *tenant, struct dw_slice identifier, struct dw_slice name,
                 const struct dw_api_scope *scopes, size_t scope_count, bool allows_offline_access,
                 struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_api *api;
    bool is_changed = false;

    if (!dw_store_api(tenant->store, identifier, arena, &api, reterr))
        return false;
    if (api)
        return merge_scopes(api, scopes, scope_count, arena, &is_changed, reterr) &&
               (!is_changed || dw_store_put_api(tenant->store, api, reterr));
    struct dw_api fresh = {
        .id = dw_tenant_random_hex(arena, "", 12),
        .identifier = identifier,
        .name = name,
        .scopes = scopes,
        .scope_count = scope_count,
        .token_lifetime_s = tenant->config.access_token_ttl_s,
        .token_lifetime_web_s = WEB_LIFETIME_S < tenant->config.access_token_ttl_s
                                    ? WEB_LIFETIME_S
                                    : tenant->config.access_token_ttl_s,
        .token_dialect = DW_DIALECT_ACCESS_TOKEN_AUTHZ,
        .signing_alg = DW_ALG_RS256,
        .enforces_policies = true,
        .allows_offline_access = allows_offline_access,
        .user_policy = DW_API_POLICY_ALLOW_ALL,
        .client_policy = DW_API_POLICY_REQUIRE_CLIENT_GRANT,
        .created_at_s = tenant->now_s(),
    };
    if (!fresh.id.ptr)
        return no_memory(reterr);
    return dw_store_put_api(tenant->store, &fresh, reterr);
}

bool dw_seed_third_party_grant(struct dw_tenant *tenant, struct dw_slice identifier,
                               struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_client_grant *known;
    struct dw_client_grant grant = {
        .id = dw_tenant_random_text(arena, "cgr_", 12),
        .is_third_party_default = true,
        .audience = identifier,
        .subject = DW_GRANT_SUBJECT_USER,
        .allows_all_scopes = true,
        .created_at_s = tenant->now_s(),
    };

    if (!grant.id.ptr)
        return no_memory(reterr);
    return dw_store_default_grant(tenant->store, identifier, DW_GRANT_SUBJECT_USER, arena, &known,
                                  reterr) &&
           (known || dw_store_put_client_grant(tenant->store, &grant, reterr));
}

bool dw_seed_role(struct dw_tenant *tenant, struct dw_slice name, struct dw_slice description,
                  struct dw_arena *arena, struct dw_role **ret_role, struct dw_error *reterr)
{
    struct dw_role *role;

    if (!dw_store_role_by_name(tenant->store, name, arena, ret_role, reterr))
        return false;
    if (*ret_role)
        return true;
    role = DW_ARENA_NEW(arena, struct dw_role);
    if (!role)
        return no_memory(reterr);
    *role = (struct dw_role){
        .id = dw_tenant_random_text(arena, "rol_", 12),
        .name = name,
        .description = description,
        .created_at_s = tenant->now_s(),
    };
    *ret_role = role;
    return (role->id.ptr || no_memory(reterr)) && dw_store_put_role(tenant->store, role, reterr);
}

bool dw_seed_role_permissions(struct dw_tenant *tenant, const struct dw_role *role,
                              struct dw_slice audience, struct dw_slices names,
                              struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_permission *permissions =
        dw_arena_new_array(arena, names.count + 1, sizeof *permissions);

    if (!permissions)
        return no_memory(reterr);
    for (size_t i = 0; i < names.count; i++)
        permissions[i] = (struct dw_permission){.audience = audience, .name = names.items[i]};
    return dw_store_add_role_permissions(tenant->store, role->id, permissions, names.count, reterr);
}

/* The password is hashed again only when it is another: a new hash would end the user's logins. */
static bool set_password(struct dw_tenant *tenant, struct dw_user *user, struct dw_secret password,
                         struct dw_arena *arena, struct dw_error *reterr)
{
    bool is_right = false;

    if (password.hidden.len == 0)
        return true;
    if (user->password_hash.hidden.len > 0 &&
        !dw_password_verify(user->password_hash.hidden, password, &is_right, reterr))
        return false;
    if (is_right)
        return true;
    user->updated_at_s = tenant->now_s();
    return dw_password_make(password, arena, &user->password_hash, reterr) &&
           dw_store_update_user(tenant->store, user, reterr);
}

static bool is_email(struct dw_slice text)
{
    size_t at = dw_slice_index(text, '@');

    return text.len <= 254 && at > 0 && at + 1 < text.len &&
           !dw_slice_contains(dw_slice_sub(text, at + 1, text.len), '@') &&
           !dw_slice_contains(text, ' ');
}

bool dw_seed_user(struct dw_tenant *tenant, struct dw_slice email, struct dw_secret password,
                  struct dw_arena *arena, struct dw_user **ret_user, struct dw_error *reterr)
{
    struct dw_user *user;

    if (!is_email(email))
        return dw_fail(reterr, DW_INVALID_REQUEST, "\"%.*s\" is no email address", DW_PRINT(email));
    if (!dw_store_user_by_login(tenant->store, DW_LIT(DW_TENANT_CONNECTION), email, arena, ret_user,
                                reterr))
        return false;
    if (*ret_user)
        return set_password(tenant, *ret_user, password, arena, reterr);
    user = DW_ARENA_NEW(arena, struct dw_user);
    if (!user)
        return no_memory(reterr);
    *user = (struct dw_user){
        .id = dw_tenant_random_hex(arena, "auth0|", 12),
        .connection = DW_LIT(DW_TENANT_CONNECTION),
        .email = email,
        .name = email,
        .nickname = dw_slice_sub(email, 0, dw_slice_index(email, '@')),
        .app_metadata_json = DW_LIT("{}"),
        .user_metadata_json = DW_LIT("{}"),
        .created_at_s = tenant->now_s(),
        .updated_at_s = tenant->now_s(),
    };
    *ret_user = user;
    if (!user->id.ptr)
        return no_memory(reterr);
    return (password.hidden.len == 0 ||
            dw_password_make(password, arena, &user->password_hash, reterr)) &&
           dw_store_add_user(tenant->store, user, reterr);
}

bool dw_seed_user_role(struct dw_tenant *tenant, const struct dw_user *user,
                       struct dw_slice role_name, struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_role *role;

    if (!dw_store_role_by_name(tenant->store, role_name, arena, &role, reterr))
        return false;
    if (!role)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no role \"%.*s\"", DW_PRINT(role_name));
    return dw_store_add_user_roles(tenant->store, user->id, (struct dw_slices){&role->id, 1},
                                   reterr);
}

void dw_seed_client_defaults(const struct dw_tenant *tenant, struct dw_oauth_client *client)
{
    *client = (struct dw_oauth_client){
        .kind = DW_CLIENT_STATIC,
        .is_first_party = true,
        .metadata_json = DW_LIT("{}"),
        .created_at_s = tenant->now_s(),
        .updated_at_s = tenant->now_s(),
    };
    dw_tenant_client_lifetimes(tenant, client);
}

static bool seed_chapter(struct dw_tenant *tenant, struct dw_slice audience, struct dw_slice name,
                         struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slices all = {chapter_permissions, ALL_PERMISSIONS};
    struct dw_slices some = {chapter_permissions, USER_PERMISSIONS};
    struct dw_role *user, *admin;

    return dw_seed_api(tenant, audience, name, chapter_scopes, ALL_PERMISSIONS, true, arena,
                       reterr) &&
           dw_seed_third_party_grant(tenant, audience, arena, reterr) &&
           dw_seed_role(tenant, DW_LIT(DW_TENANT_ROLE_USER), DW_LIT("Uses tools and resources"),
                        arena, &user, reterr) &&
           dw_seed_role(tenant, DW_LIT(DW_TENANT_ROLE_ADMIN), DW_LIT("May do everything"), arena,
                        &admin, reterr) &&
           dw_seed_role_permissions(tenant, user, audience, some, arena, reterr) &&
           dw_seed_role_permissions(tenant, admin, audience, all, arena, reterr);
}

bool dw_tenant_seed(struct dw_tenant *tenant, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(SEED_ARENA_BYTES);

    if (!arena)
        return no_memory(reterr);
    if (tenant->config.seed_chapter &&
        !seed_chapter(tenant, tenant->config.seed_audience, DW_LIT("MCP Server"), arena, reterr))
        return false;
    return tenant->config.seed_file.len == 0 || dw_tenant_seed_file(tenant, arena, reterr);
}

/* RFC 8252 section 7.3: any port of these. */
static const struct dw_slice dev_redirect_uris[] = {
    TEXT("http://127.0.0.1/callback"),
    TEXT("http://localhost/callback"),
};
static const struct dw_slice dev_grant_types[] = {
    TEXT("authorization_code"),
    TEXT("refresh_token"),
    TEXT("password"),
};

static bool seed_dev_client(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_oauth_client client;

    dw_seed_client_defaults(tenant, &client);
    client.id = DW_LIT(DW_TENANT_DEV_CLIENT);
    client.name = DW_LIT("Doorward command line");
    client.app_type = DW_APP_NATIVE;
    client.auth_method = DW_CLIENT_AUTH_NONE;
    client.grant_types = (struct dw_slices){dev_grant_types, 3};
    client.redirect_uris = (struct dw_slices){dev_redirect_uris, 2};
    return dw_store_put_client(tenant->store, &client, reterr);
}

bool dw_tenant_seed_dev(struct dw_tenant *tenant, const struct dw_tenant_dev *dev,
                        struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(SEED_ARENA_BYTES);
    struct dw_user *user;

    if (!arena)
        return no_memory(reterr);
    if (!seed_chapter(tenant, dev->audience,
                      dev->api_name.len > 0 ? dev->api_name : DW_LIT("MCP Server"), arena,
                      reterr) ||
        !seed_dev_client(tenant, reterr))
        return false;
    for (size_t i = 0; i < dev->user_count; i++)
        if (!dw_seed_user(tenant, dev->users[i].email, dw_secret_from(dev->users[i].password),
                          arena, &user, reterr) ||
            (dev->users[i].role.len > 0 &&
             !dw_seed_user_role(tenant, user, dev->users[i].role, arena, reterr)))
            return false;
    return true;
}
