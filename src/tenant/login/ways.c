/* By what a visit may log in; see ways_internal.h. */
#include "tenant/login/ways_internal.h"

#include "store/connections.h"
#include "store/organizations.h"

/* What the organization of a visit takes. */
struct links {
    bool is_organization;
    struct dw_organization_connection *items;
    size_t count;
};

static bool read_links(struct dw_tenant_call *call, const struct dw_visit *visit,
                       struct links *ret_links, struct dw_error *reterr)
{
    *ret_links = (struct links){.is_organization = visit->request->organization.len > 0};
    return !ret_links->is_organization ||
           dw_store_organization_connections(call->tenant->store, visit->request->organization,
                                             call->arena, &ret_links->items, &ret_links->count,
                                             reterr);
}

static const struct dw_organization_connection *find_link(
    const struct links *links, const struct dw_connection_record *connection)
{
    for (size_t i = 0; i < links->count; i++)
        if (dw_slice_eq(links->items[i].connection_id, connection->id))
            return &links->items[i];
    return NULL;
}

/* An organization may keep a connection for programs that name it. */
static bool is_shown(const struct dw_visit *visit, const struct links *links,
                     const struct dw_connection_record *connection)
{
    const struct dw_organization_connection *link = find_link(links, connection);

    return visit->request->connection.len > 0 || !link || link->shows_as_button;
}

/* The connections of the application, less those that do not count here. */
static bool read_connections(struct dw_tenant_call *call, const struct dw_visit *visit,
                             const struct links *links,
                             struct dw_connection_record **ret_connections, size_t *ret_count,
                             struct dw_error *reterr)
{
    const struct dw_oauth_client *client = visit->client;
    struct dw_slice wanted = visit->request->connection;
    struct dw_connection_record *all;
    size_t count, kept = 0;

    if (!dw_store_connections_of_client(call->tenant->store, client->id, client->is_first_party,
                                        call->arena, &all, &count, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if ((wanted.len == 0 || dw_slice_eq(all[i].name, wanted)) &&
            (!links->is_organization || find_link(links, &all[i])))
            all[kept++] = all[i];
    *ret_connections = all;
    *ret_count = kept;
    return true;
}

/* An invitation is the operator's word that its addressee may have an account. */
static bool may_sign_up(const struct dw_visit *visit, const struct links *links,
                        const struct dw_account_home *home)
{
    const struct dw_organization_connection *link;

    if (!home->connection || !home->is_open)
        return false;
    link = find_link(links, home->connection);
    return !links->is_organization || visit->request->invitation_id.len > 0 ||
           (link && link->is_signup_enabled);
}

bool dw_login_ways(struct dw_tenant_call *call, const struct dw_visit *visit,
                   struct dw_login_ways *ret_ways, struct dw_error *reterr)
{
    struct dw_connection_record *connections, *passwords = NULL;
    bool arrives = dw_mail_arrives(call->tenant);
    struct links links;
    size_t count;

    *ret_ways = (struct dw_login_ways){0};
    if (!read_links(call, visit, &links, reterr) ||
        !read_connections(call, visit, &links, &connections, &count, reterr))
        return false;
    for (size_t i = count; i-- > 0;) /* the first of each strategy wins */
        if (connections[i].strategy == DW_STRATEGY_AUTH0)
            passwords = &connections[i];
        else if (connections[i].strategy == DW_STRATEGY_EMAIL &&
                 is_shown(visit, &links, &connections[i]))
            ret_ways->codes = &connections[i];
    ret_ways->lacks_codes = ret_ways->codes && !arrives;
    if (ret_ways->lacks_codes)
        ret_ways->codes = NULL;
    if (passwords && !dw_account_home_read(passwords, call->arena, &ret_ways->home, reterr))
        return false;
    ret_ways->can_sign_up = may_sign_up(visit, &links, &ret_ways->home);
    ret_ways->lacks_mail = ret_ways->can_sign_up && ret_ways->home.rules.confirms_email && !arrives;
    ret_ways->can_sign_up &= !ret_ways->lacks_mail;
    ret_ways->can_reset = ret_ways->home.connection && arrives;
    return true;
}

bool dw_login_ways_check(struct dw_tenant_call *call, const struct dw_visit *visit,
                         struct dw_error *reterr)
{
    struct dw_slice wanted = visit->request->connection;
    struct dw_connection_record *connections, *named = NULL;
    struct links links;
    size_t count;

    if (wanted.len == 0 && visit->request->organization.len == 0)
        return true;
    if (!read_links(call, visit, &links, reterr) ||
        !read_connections(call, visit, &links, &connections, &count, reterr))
        return false;
    if (count > 0)
        return true;
    if (wanted.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "no connections enabled for the organization");
    if (!dw_store_connection_by_name(call->tenant->store, wanted, call->arena, &named, reterr))
        return false;
    return named ? dw_fail(reterr, DW_ACCESS_DENIED, "the connection is not enabled")
                 : dw_fail(reterr, DW_INVALID_REQUEST, "the connection was not found");
}
