/* The scope algebra (Auth0: client grants, RBAC, API access policies):
 *
 *   scopes = wanted, cut to ceiling, to the user's permissions (RBAC), to consent
 *
 * where the ceiling is what the API declares, cut to the client's grant where one is needed. */
#include "oauth/grant.h"

#include "base/buf.h"
#include "oauth/scope.h"

static bool is_client_flow(const struct dw_grant_question *question)
{
    return question->grant_type == DW_GRANT_CLIENT_CREDENTIALS;
}

static bool is_dynamic(const struct dw_oauth_client *client)
{
    return client->kind != DW_CLIENT_STATIC;
}

static bool declares(const struct dw_api *api, struct dw_slice name)
{
    for (size_t at = 0; at < api->scope_count; at++)
        if (dw_slice_eq(api->scopes[at].value, name))
            return true;
    return false;
}

/* --- the ceiling -------------------------------------------------------------------------------
 */

struct ceiling {
    const struct dw_api *api;
    const struct dw_client_grant *grant; /* NULL: all that the API declares */
};

static bool is_under(const struct ceiling *ceiling, struct dw_slice name)
{
    return declares(ceiling->api, name) && (!ceiling->grant || ceiling->grant->allows_all_scopes ||
                                            dw_slices_have(ceiling->grant->scopes, name));
}

static bool fail_no_grant(const struct dw_grant_question *question, struct dw_error *reterr)
{
    if (!question->client->is_first_party) /* Auth0, "Troubleshoot Third-Party Applications" */
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "Client \"%.*s\" is not authorized to access resource server \"%.*s\".",
                       DW_PRINT(dw_slice_sub(question->client->id, 0, 40)),
                       DW_PRINT(dw_slice_sub(question->audience, 0, 60)));
    /* what to do about it is added on the wire (token_response.c) */
    return dw_fail(reterr, DW_NO_CLIENT_GRANT, "Client is not authorized to access \"%.*s\".",
                   DW_PRINT(dw_slice_sub(question->audience, 0, 110)));
}

/* Third parties always need a grant: their own, else the default one (Auth0 "third-party
 * applications"). First parties need one where the API's policy says so. */
static bool find_ceiling(const struct dw_grant_question *question, struct ceiling *ret_ceiling,
                         struct dw_error *reterr)
{
    const struct dw_api *api = question->api;
    bool is_third_party = !question->client->is_first_party;
    enum dw_api_policy policy = is_client_flow(question) ? api->client_policy : api->user_policy;
    const struct dw_client_grant *grant = question->own_grant;

    if (!grant && is_third_party)
        grant = question->default_grant;
    *ret_ceiling = (struct ceiling){api, grant};
    if (policy == DW_API_POLICY_DENY_ALL || (is_third_party && api->is_system))
        return fail_no_grant(question, reterr);
    if (policy == DW_API_POLICY_ALLOW_ALL && !is_third_party && !question->is_grant_required) {
        ret_ceiling->grant = NULL;
        return true;
    }
    return grant || fail_no_grant(question, reterr);
}

/* --- one scope ---------------------------------------------------------------------------------
 */

static bool may_have_oidc(const struct dw_grant_question *question, struct dw_slice name)
{
    const struct dw_oauth_client *client = question->client;

    /* On behalf of a user there is an access token and nothing else (Auth0). */
    if (is_client_flow(question) || question->is_grant_required)
        return false;
    if (dw_slice_eq(name, DW_LIT("offline_access")))
        return (!question->api || question->api->allows_offline_access) &&
               dw_slices_have(client->grant_types, DW_LIT("refresh_token"));
    return client->is_first_party || question->is_third_party_oidc_allowed;
}

static bool is_within_dynamic(const struct dw_grant_question *question, struct dw_slice name)
{
    return !is_dynamic(question->client) || question->dynamic_scopes.count == 0 ||
           dw_slice_eq(name, DW_LIT("offline_access")) ||
           dw_slices_have(question->dynamic_scopes, name);
}

static bool may_have_api_scope(const struct dw_grant_question *question,
                               const struct ceiling *ceiling, struct dw_slice name)
{
    bool is_rbac = question->api && question->api->enforces_policies && !is_client_flow(question);

    return question->api && is_under(ceiling, name) &&
           (!is_rbac || dw_slices_have(question->user_permissions, name) ||
            dw_slices_have(question->organization_permissions, name));
}

static bool may_have(const struct dw_grant_question *question, const struct ceiling *ceiling,
                     struct dw_slice name)
{
    if (!is_within_dynamic(question, name))
        return false;
    if (question->consented && !dw_slices_have(*question->consented, name))
        return false;
    if (question->original && !dw_slices_have(*question->original, name))
        return false; /* RFC 6749 6 MUST NOT: more than was granted */
    return dw_scope_is_oidc(name) ? may_have_oidc(question, name)
                                  : may_have_api_scope(question, ceiling, name);
}

/* --- all scopes --------------------------------------------------------------------------------
 */

static bool declared_scopes(const struct dw_api *api, struct dw_arena *arena,
                            struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    struct dw_slice *items = dw_arena_new_array(arena, api->scope_count + 1, sizeof *items);

    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < api->scope_count; at++)
        items[at] = api->scopes[at].value;
    *ret_scopes = (struct dw_slices){items, api->scope_count};
    return true;
}

/* Auth0, "per-app authorization": where users come through a client grant, scopes are asked for by
 * name or not had. But not on behalf of a user, where the grant is always needed. */
static bool is_asking_needed(const struct dw_grant_question *question)
{
    return !is_client_flow(question) && !question->is_grant_required &&
           (question->api->user_policy == DW_API_POLICY_REQUIRE_CLIENT_GRANT ||
            !question->client->is_first_party);
}

static bool is_password_flow(const struct dw_grant_question *question)
{
    return question->grant_type == DW_GRANT_PASSWORD ||
           question->grant_type == DW_GRANT_PASSWORD_REALM;
}

/* Auth0: whoever has the password may have everything, so an empty `scope` means all that can be
 * said of the user and all that the API declares. */
static bool all_of_a_password(struct dw_slices declared, struct dw_arena *arena,
                              struct dw_slices *ret_wanted, struct dw_error *reterr)
{
    static const struct dw_slice of_the_user[] = {
        {"openid", 6}, {"profile", 7}, {"email", 5}, {"address", 7}, {"phone", 5}};

    return dw_scopes_either(
        (struct dw_slices){of_the_user, sizeof of_the_user / sizeof *of_the_user}, declared, arena,
        ret_wanted, reterr);
}

/* What an empty `scope` means: everything in the flows without a browser (Auth0), what there was in
 * a refresh (RFC 6749 6), nothing in a code flow. */
static bool find_wanted(const struct dw_grant_question *question, struct dw_arena *arena,
                        struct dw_slices *ret_wanted, struct dw_error *reterr)
{
    struct dw_slices declared = {0};

    *ret_wanted = question->requested;
    if (question->requested.count > 0)
        return true;
    if (question->original) {
        *ret_wanted = *question->original;
        return true;
    }
    if (question->api) {
        if (is_asking_needed(question))
            return true;
        if (!declared_scopes(question->api, arena, &declared, reterr))
            return false;
    }
    if (is_password_flow(question) && question->client->is_first_party)
        return all_of_a_password(declared, arena, ret_wanted, reterr);
    if (is_client_flow(question) || question->is_grant_required)
        *ret_wanted = declared;
    return true;
}

static bool select_scopes(const struct dw_grant_question *question, const struct ceiling *ceiling,
                          struct dw_slices wanted, struct dw_arena *arena,
                          struct dw_slices *ret_scopes, struct dw_error *reterr)
{
    struct dw_slice *items = dw_arena_new_array(arena, wanted.count + 1, sizeof *items);
    size_t count = 0;

    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < wanted.count; at++)
        if (may_have(question, ceiling, wanted.items[at]))
            items[count++] = wanted.items[at];
    *ret_scopes = (struct dw_slices){items, count};
    return true;
}

/* A client that names a scope it was not granted is told; a user's client is not. */
static bool check_client_scopes(const struct dw_grant_question *question, struct dw_slices scopes,
                                struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slices missing;
    struct dw_buf names = dw_buf_in(arena);
    struct dw_slice text;

    if (!is_client_flow(question) || question->requested.count == 0)
        return true;
    if (!dw_scopes_without(question->requested, scopes, arena, &missing, reterr))
        return false;
    if (missing.count == 0)
        return true;
    for (size_t at = 0; at < missing.count; at++)
        dw_buf_printf(&names, "%s%.*s", at ? ", " : "", DW_PRINT(missing.items[at]));
    if (!dw_buf_finish(&names, &text, reterr))
        return false;
    return dw_fail(reterr, DW_ACCESS_DENIED, "Client has not been granted scopes: %.*s",
                   DW_PRINT(text));
}

/* Resource servers, our gateway among them, let a permission do what a scope of its name does. So
 * what third parties may never have as a scope they do not get as a permission either; Auth0 gives
 * them all, which is only safe where there are no strangers among the clients. */
static bool select_permissions(const struct dw_grant_question *question,
                               const struct ceiling *ceiling, struct dw_slices scopes,
                               struct dw_arena *arena, struct dw_slices *ret_permissions,
                               struct dw_error *reterr)
{
    struct dw_slices held = scopes;
    struct dw_slice *items;
    size_t count = 0;

    if (!is_client_flow(question) &&
        !dw_scopes_either(question->user_permissions, question->organization_permissions, arena,
                          &held, reterr))
        return false;
    *ret_permissions = held;
    if (is_client_flow(question) || question->client->is_first_party)
        return true;
    items = dw_arena_new_array(arena, held.count + 1, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < held.count; at++)
        if (is_under(ceiling, held.items[at]) && is_within_dynamic(question, held.items[at]) &&
            (!question->consented || dw_slices_have(*question->consented, held.items[at])))
            items[count++] = held.items[at];
    *ret_permissions = (struct dw_slices){items, count};
    return true;
}

static bool check_api(const struct dw_grant_question *question, struct dw_error *reterr)
{
    if (question->api)
        return true;
    if (question->audience.len)
        return dw_fail(reterr, DW_ACCESS_DENIED, "Service not found: %.*s",
                       DW_PRINT(question->audience));
    if (is_client_flow(question))
        return dw_fail(reterr, DW_ACCESS_DENIED,
                       "Non-global clients are not allowed access to APIv1");
    return true;
}

/* What Actions said last. */
static bool apply_actions(const struct dw_grant_question *question, struct dw_arena *arena,
                          struct dw_slices *scopes, struct dw_error *reterr)
{
    return dw_scopes_either(*scopes, question->added_scopes, arena, scopes, reterr) &&
           dw_scopes_without(*scopes, question->removed_scopes, arena, scopes, reterr);
}

bool dw_grant_decide(const struct dw_grant_question *question, struct dw_arena *arena,
                     struct dw_grant_answer *ret_answer, struct dw_error *reterr)
{
    const struct dw_api *api = question->api;
    struct ceiling ceiling = {api, NULL};
    struct dw_slices wanted;

    *ret_answer = (struct dw_grant_answer){.has_permissions = false};
    if (!check_api(question, reterr) || (api && !find_ceiling(question, &ceiling, reterr)) ||
        !find_wanted(question, arena, &wanted, reterr) ||
        !select_scopes(question, &ceiling, wanted, arena, &ret_answer->scopes, reterr) ||
        !check_client_scopes(question, ret_answer->scopes, arena, reterr) ||
        !apply_actions(question, arena, &ret_answer->scopes, reterr))
        return false;
    if (api && api->enforces_policies &&
        (api->token_dialect == DW_DIALECT_ACCESS_TOKEN_AUTHZ ||
         api->token_dialect == DW_DIALECT_RFC9068_AUTHZ)) {
        ret_answer->has_permissions = true;
        return select_permissions(question, &ceiling, ret_answer->scopes, arena,
                                  &ret_answer->permissions, reterr);
    }
    return true;
}

/* --- consent, refresh tokens -------------------------------------------------------------------
 */

bool dw_consent_is_needed(const struct dw_oauth_client *client, const struct dw_api *api,
                          struct dw_slices scopes, const struct dw_consent *consent)
{
    if (client->is_first_party && (!api || api->skips_consent))
        return false;
    return !consent || !dw_scopes_are_within(scopes, consent->scopes);
}

bool dw_grant_has_refresh_token(const struct dw_oauth_client *client, const struct dw_api *api,
                                struct dw_slices scopes)
{
    if (!dw_slices_have(client->grant_types, DW_LIT("refresh_token")) ||
        (api && !api->allows_offline_access))
        return false;
    return dw_slices_have(scopes, DW_LIT("offline_access")) || (!client->is_first_party && api);
}
