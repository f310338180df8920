/* grant_type=password and Auth0's password-realm, for scripts and tests of an operator who switched
 * it on twice: for the tenant and for the application. OAuth 2.1 has no such grant. */
#include "store/connections.h"
#include "tenant/account/password_internal.h"
#include "tenant/token/token_grants_internal.h"

/* The realm is a connection's name or one of its other realms. */
static bool find_realm(struct dw_tenant_call *call, struct dw_slice realm,
                       struct dw_connection_record **ret_connection, struct dw_error *reterr)
{
    struct dw_connection_record *all;
    size_t count;

    *ret_connection = NULL;
    if (!dw_store_connections(call->tenant->store, (struct dw_page){0}, call->arena, &all, &count,
                              NULL, reterr))
        return false;
    for (size_t at = 0; at < count && !*ret_connection; at++)
        if (dw_slice_eq(all[at].name, realm) || dw_slices_have(all[at].realms, realm))
            *ret_connection = &all[at];
    return true;
}

/* Where the account lives: the realm that was asked for, else the tenant's default_directory; of
 * those that the application may use. */
static bool choose_connection(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                              struct dw_slice realm, struct dw_slice *ret_name,
                              struct dw_error *reterr)
{
    struct dw_slice wanted = realm.len > 0 ? realm : call->settings->default_directory;
    struct dw_connection_record *connection = NULL;

    if (wanted.len > 0 && !find_realm(call, wanted, &connection, reterr))
        return false;
    if (connection && dw_connection_serves(connection, client->id, client->is_first_party) &&
        connection->strategy == DW_STRATEGY_AUTH0) {
        *ret_name = connection->name;
        return true;
    }
    return realm.len > 0 ? dw_fail(reterr, DW_INVALID_REQUEST, "unknown or disabled connection")
                         : dw_fail(reterr, DW_SERVER_ERROR,
                                   "Authorization server not configured with default connection.");
}

/* A server that logs its users in says from where they come (Auth0's field), so that its own
 * address does not collect everybody's failures. Believed of a client that has proved itself and
 * that the operator trusts in this; an address that is none is passed over. */
static void believe_address(struct dw_token_call *token)
{
    struct dw_tenant_call *call = token->call;
    struct dw_slice address = dw_http_field(call->fields, "auth0-forwarded-for");
    struct dw_address_range range;

    if (token->client->trusts_ip_header && token->client->auth_method != DW_CLIENT_AUTH_NONE &&
        address.len > 0 && !dw_slice_contains(address, '/') &&
        dw_address_range_parse(address, &range, NULL))
        call->peer_address = address;
}

/* An application of our own that has proved itself is no stranger who tries addresses: it may log
 * in who has just signed up, before the mail is read, as Auth0's SDKs do. */
static bool is_trusted(const struct dw_oauth_client *client)
{
    return client->is_first_party && client->auth_method != DW_CLIENT_AUTH_NONE;
}

bool dw_grant_password(struct dw_token_call *token, struct dw_error *reterr)
{
    struct dw_tenant_call *call = token->call;
    const struct dw_token_request *request = &token->request;
    struct dw_password_login attempt = {.identifier = request->username,
                                        .password = request->password,
                                        .takes_unconfirmed = is_trusted(token->client)};
    struct dw_user *user;

    if (!call->tenant->config.allow_password_grant)
        return dw_fail(reterr, DW_UNAUTHORIZED_CLIENT,
                       "The password grant is switched off: [tenant] allow_password_grant.");
    believe_address(token);
    if (!choose_connection(call, token->client, request->realm, &attempt.connection, reterr) ||
        !dw_password_check_in(call, &attempt, &user, reterr))
        return false;
    struct dw_token_login login = {
        .user = user,
        .grant_type = request->grant_type,
        .audience = dw_token_audience(token),
        .scopes = request->scopes,
        .authenticated_at_s = call->now_s,
    };
    return dw_token_log_in(token, &login, reterr);
}
