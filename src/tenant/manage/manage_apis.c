/* doorward tenant api ... */
#include "oauth/object_json.h"
#include "oauth/scope.h"
#include "tenant/manage/manage_internal.h"
#include "tenant/seed_internal.h"
#include "tenant/token/own_token_internal.h"
#include "json/json_merge.h"

/* "read:tools=List tools" */
static bool read_permissions(struct dw_manage *manage, struct dw_api_scope **ret_scopes,
                             size_t *ret_count, struct dw_error *reterr)
{
    struct dw_slices texts = {0};
    struct dw_api_scope *scopes;

    if (!dw_manage_values(manage, "permission", &texts, reterr))
        return false;
    scopes = dw_arena_new_array(manage->arena, texts.count + 1, sizeof *scopes);
    if (!scopes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < texts.count; i++) {
        size_t equals = dw_slice_index(texts.items[i], '=');

        scopes[i].value = dw_slice_sub(texts.items[i], 0, equals);
        scopes[i].description = dw_slice_sub(texts.items[i], equals + 1, texts.items[i].len);
        if (!dw_scope_is_name(scopes[i].value))
            return dw_fail(reterr, DW_USAGE, "\"%.*s\" is no permission: letters, digits and : - _",
                           DW_PRINT(scopes[i].value));
    }
    *ret_scopes = scopes;
    *ret_count = texts.count;
    return true;
}

static bool show_api(struct dw_manage *manage, const struct dw_api *api, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice *names = dw_arena_new_array(manage->arena, api->scope_count + 1, sizeof *names);

    if (!row)
        return false;
    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < api->scope_count; i++)
        names[i] = api->scopes[i].value;
    dw_manage_cell_text(row, "id", api->id);
    dw_manage_cell_text(row, "identifier", api->identifier);
    dw_manage_cell_text(row, "name", api->name);
    dw_manage_cell_texts(row, "permissions", (struct dw_slices){names, api->scope_count});
    return true;
}

static bool find_api(struct dw_manage *manage, struct dw_slice identifier, struct dw_api **ret_api,
                     struct dw_error *reterr)
{
    if (!dw_store_api(manage->tenant->store, identifier, manage->arena, ret_api, reterr))
        return false;
    return *ret_api ||
           dw_fail(reterr, DW_NOT_FOUND, "there is no API \"%.*s\"", DW_PRINT(identifier));
}

bool dw_manage_api_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice identifier = dw_manage_value(manage, "identifier");
    struct dw_slice name = dw_manage_value(manage, "name");
    struct dw_api_scope *scopes = NULL;
    struct dw_api *api = NULL;
    size_t count = 0;

    return read_permissions(manage, &scopes, &count, reterr) &&
           dw_seed_api(manage->tenant, identifier, name.len > 0 ? name : identifier, scopes, count,
                       dw_manage_has(manage, "offline-access"), manage->arena, reterr) &&
           dw_seed_third_party_grant(manage->tenant, identifier, manage->arena, reterr) &&
           find_api(manage, identifier, &api, reterr) && show_api(manage, api, reterr);
}

bool dw_manage_api_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_api *apis = NULL;
    size_t count = 0;

    do {
        if (!dw_store_apis(manage->tenant->store, page, manage->arena, &apis, &count, NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_api(manage, &apis[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

/* All there is to know, as Auth0 shows it. */
static bool show_settings(struct dw_manage *manage, const struct dw_api *api,
                          struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice json;

    return row && dw_api_to_json(api, manage->arena, &json, reterr) &&
           dw_manage_cells_of_json(manage, row, json, reterr);
}

bool dw_manage_api_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_api *api = NULL;

    return find_api(manage, dw_manage_value(manage, "identifier"), &api, reterr) &&
           show_settings(manage, api, reterr);
}

/* signing_secret is no member of the record but sealed into it. */
static bool take_secret(struct dw_manage *manage, struct dw_api *api, struct dw_slice *patch,
                        struct dw_error *reterr)
{
    const struct dw_json *said = NULL;
    struct dw_slice secret;

    if (!dw_json_parse(*patch, manage->arena, &said, reterr))
        return false;
    secret = dw_json_text(said, "signing_secret");
    if (!secret.ptr)
        return true;
    return dw_json_merge(*patch, DW_LIT("{\"signing_secret\":null,\"signing_alg\":null}"),
                         manage->arena, patch, reterr) &&
           dw_api_secret_seal(manage->tenant, dw_secret_from(secret), manage->arena, api, reterr);
}

/* A key is to be published before it signs, so that nobody meets one that is in no cache yet. */
static bool publish_key(struct dw_manage *manage, const struct dw_api *api, struct dw_error *reterr)
{
    struct dw_signing_key *key;

    if (api->signing_alg == DW_ALG_UNKNOWN)
        return true;
    if (!dw_keyring_signer(manage->tenant->keyring, api->signing_alg, manage->tenant->now_s(), &key,
                           reterr))
        return false;
    dw_signing_key_unref(key);
    return true;
}

bool dw_manage_api_update(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");
    struct dw_api *api = NULL;

    if (!find_api(manage, dw_manage_value(manage, "identifier"), &api, reterr) ||
        !dw_manage_patch_of_sets(manage, &patch, reterr) ||
        !take_secret(manage, api, &patch, reterr) ||
        !dw_api_apply_json(api, patch, manage->arena, reterr))
        return false;
    if (api->signing_alg != DW_ALG_UNKNOWN) /* with a key again, no longer with its secret */
        api->sealed_signing_secret = DW_EMPTY;
    return publish_key(manage, api, reterr) &&
           dw_store_put_api(manage->tenant->store, api, reterr) &&
           show_settings(manage, api, reterr);
}

bool dw_manage_api_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_api *api = NULL;

    return find_api(manage, dw_manage_value(manage, "identifier"), &api, reterr) &&
           dw_store_delete_api(manage->tenant->store, api->id, reterr);
}
