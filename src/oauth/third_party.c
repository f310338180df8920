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

bool dw_third_party_check_request(const struct dw_oauth_client *client, const struct dw_form *form,
                                  struct dw_error *reterr)
{
    /* auth0Client is the telemetry of Auth0's own libraries; who sends it means nothing by it. */
    static const char *const allowed[] = {
        "client_id",   "response_type", "response_mode",  "redirect_uri",
        "scope",       "state",         "code_challenge", "code_challenge_method",
        "audience",    "resource",      "organization",   "connection",
        "prompt",      "login_hint",    "max_age",        "ui_locales",
        "nonce",       "acr_values",    "display",        "dpop_jkt",
        "auth0Client",
    };

    if (!dw_client_is_strict(client))
        return true;
    for (size_t i = 0; i < form->count; i++) {
        bool is_allowed = false;

        for (size_t k = 0; !is_allowed && k < sizeof allowed / sizeof *allowed; k++)
            is_allowed = dw_slice_eq(form->items[i].name, dw_slice_from_text(allowed[k]));
        if (!is_allowed)
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "parameter %.*s is not allowed for third-party applications",
                           DW_PRINT(dw_slice_sub(form->items[i].name, 0, 60)));
    }
    return true;
}

bool dw_third_party_check_grant(const struct dw_oauth_client *client, enum dw_grant_type grant_type,
                                struct dw_error *reterr)
{
    bool is_confidential =
        client->kind == DW_CLIENT_STATIC && client->auth_method != DW_CLIENT_AUTH_NONE;

    return !dw_client_is_strict(client) || grant_type == DW_GRANT_AUTHORIZATION_CODE ||
           grant_type == DW_GRANT_REFRESH_TOKEN ||
           (grant_type == DW_GRANT_CLIENT_CREDENTIALS && is_confidential) ||
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
