/* The limits of third-party applications; see third_party.h. */
#include "oauth/third_party.h"

#define LIFETIME_S (30 * 86400) /* Auth0's standard for expiring refresh tokens */
#define IDLE_LIFETIME_S (15 * 86400)

bool dw_client_is_strict(const struct dw_oauth_client *client)
{
    return !client->is_first_party && client->security_mode == DW_SECURITY_STRICT;
}

void dw_third_party_start(struct dw_oauth_client *client, enum dw_security_mode mode)
{
    client->security_mode = mode;
    client->redirection_policy =
        mode == DW_SECURITY_STRICT ? DW_REDIRECTION_PROTECTED : DW_REDIRECTION_ALWAYS;
    client->organization_usage = DW_ORGANIZATION_ALLOW;
}

/* Auth0's list, and: `organization` and `response_mode`, which its pages on organizations and on
 * form posts have; auth0Client, the telemetry of its own libraries, by which nobody means
 * anything. */
static bool is_parameter_allowed(struct dw_slice name)
{
    static const char *const allowed[] = {
        "acr_values",
        "audience",
        "auth0Client",
        "authorization_details",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "connection",
        "correlation_id",
        "display",
        "dpop_jkt",
        "login_hint",
        "max_age",
        "nonce",
        "organization",
        "prompt",
        "redirect_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "ui_locales",
    };

    for (size_t at = 0; at < sizeof allowed / sizeof *allowed; at++)
        if (dw_slice_eq(name, dw_slice_from_text(allowed[at])))
            return true;
    return dw_slice_starts_with(name, DW_LIT("ext-")); /* of the application, for the pages */
}

bool dw_third_party_check_request(const struct dw_oauth_client *client, const struct dw_form *form,
                                  struct dw_error *reterr)
{
    if (!dw_client_is_strict(client))
        return true;
    for (size_t i = 0; i < form->count; i++)
        if (!is_parameter_allowed(form->items[i].name))
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "parameter %.*s is not allowed for third-party applications",
                           DW_PRINT(dw_slice_sub(form->items[i].name, 0, 60)));
    return true;
}

static bool is_confidential(const struct dw_oauth_client *client)
{
    return client->kind == DW_CLIENT_STATIC && client->auth_method != DW_CLIENT_AUTH_NONE;
}

static bool may_use(const struct dw_oauth_client *client, enum dw_grant_type grant_type)
{
    return grant_type == DW_GRANT_AUTHORIZATION_CODE || grant_type == DW_GRANT_REFRESH_TOKEN ||
           (grant_type == DW_GRANT_CLIENT_CREDENTIALS && is_confidential(client));
}

static bool has_pattern(struct dw_slices urls)
{
    for (size_t at = 0; at < urls.count; at++)
        if (dw_slice_contains(urls.items[at], '*'))
            return true;
    return false;
}

bool dw_third_party_check_record(const struct dw_oauth_client *client, struct dw_error *reterr)
{
    if (!dw_client_is_strict(client))
        return true;
    for (size_t at = 0; at < client->grant_types.count; at++)
        if (!may_use(client, dw_grant_type_from(client->grant_types.items[at])))
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "grant type \"%.*s\" is not allowed for a third-party application",
                           DW_PRINT(dw_slice_sub(client->grant_types.items[at], 0, 80)));
    if (client->id_token_alg != DW_ID_TOKEN_RS256)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "jwt_configuration.alg of a third-party application is RS256");
    if (has_pattern(client->web_origins) || has_pattern(client->allowed_origins) ||
        has_pattern(client->allowed_logout_urls))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "URLs of a third-party application have no wildcards");
    if (client->app_type == DW_APP_RESOURCE_SERVER)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "app_type of a third-party application is regular_web, spa, native or "
                       "non_interactive");
    return (client->refresh.lifetime_s > 0 && client->refresh.idle_lifetime_s > 0) ||
           dw_fail(reterr, DW_INVALID_REQUEST,
                   "refresh tokens of a third-party application must expire");
}

bool dw_third_party_check_grant(const struct dw_oauth_client *client, enum dw_grant_type grant_type,
                                struct dw_error *reterr)
{
    return !dw_client_is_strict(client) || may_use(client, grant_type) ||
           dw_fail(reterr, DW_UNAUTHORIZED_CLIENT, "Grant type '%s' not allowed for the client.",
                   dw_grant_type_name(grant_type));
}

struct dw_refresh_policy dw_third_party_refresh_policy(const struct dw_oauth_client *client)
{
    struct dw_refresh_policy policy = client->refresh;

    if (!dw_client_is_strict(client))
        return policy;
    policy.is_rotating = policy.is_rotating || client->auth_method == DW_CLIENT_AUTH_NONE;
    if (policy.lifetime_s == 0)
        policy.lifetime_s = LIFETIME_S;
    if (policy.idle_lifetime_s == 0)
        policy.idle_lifetime_s = IDLE_LIFETIME_S;
    return policy;
}

bool dw_third_party_hears_errors(const struct dw_oauth_client *client)
{
    return !dw_client_is_strict(client) || client->redirection_policy == DW_REDIRECTION_ALWAYS;
}

enum dw_jose_alg dw_id_token_jose_alg(const struct dw_oauth_client *client)
{
    return client->id_token_alg == DW_ID_TOKEN_PS256 && !dw_client_is_strict(client) ? DW_ALG_PS256
                                                                                     : DW_ALG_RS256;
}
