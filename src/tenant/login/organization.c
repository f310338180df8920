/* Who logs in as a member of what; see organization_internal.h. */
#include "tenant/login/organization_internal.h"

#include "store/connections.h"
#include "tenant/audit_internal.h"
#include "tenant/login/ways_internal.h"

bool dw_organization_find(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                          struct dw_slice asked, struct dw_organization **ret_organization,
                          struct dw_error *reterr)
{
    return dw_store_organization(call->tenant->store, asked, call->arena, ret_organization,
                                 reterr) &&
           dw_organization_check_client(client, *ret_organization, asked, reterr);
}

/* ---- the request ---- */

/* An invitation may say where its account is to live; otherwise it is where this login looks. */
static bool choose_connection(struct dw_tenant_call *call, const struct dw_invitation *invitation,
                              struct dw_visit *visit, struct dw_slice *ret_name,
                              struct dw_error *reterr)
{
    struct dw_connection_record *connection = NULL;
    struct dw_login_ways ways;

    *ret_name = DW_EMPTY;
    if (invitation->connection_id.len > 0) {
        if (!dw_store_connection(call->tenant->store, invitation->connection_id, call->arena,
                                 &connection, reterr))
            return false;
        if (!connection) /* it went, and the way in with it */
            return dw_fail(reterr, DW_INVALID_REQUEST, "invitation not found or already used");
        visit->request->connection = connection->name;
    }
    if (!dw_login_ways(call, visit, &ways, reterr))
        return false;
    if (ways.home.connection)
        *ret_name = ways.home.connection->name;
    return true;
}

static bool find_invitation(struct dw_tenant_call *call, struct dw_slice ticket,
                            struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_authorization_request *request = visit->request;
    struct dw_invitation *invitation;
    struct dw_user *user;
    struct dw_slice digest, connection;

    if (!dw_tenant_digest(ticket, call->arena, &digest, reterr) ||
        !dw_store_invitation(call->tenant->store, digest, call->arena, &invitation, reterr) ||
        !dw_invitation_check(invitation, request->organization, visit->client->id, call->now_s,
                             reterr))
        return false;
    request->invitation_id = invitation->id;
    request->login_hint = invitation->invitee_email;
    request->prompts_login = true; /* whoever is logged in may be somebody else */
    if (!choose_connection(call, invitation, visit, &connection, reterr) ||
        !dw_store_user_by_login(call->tenant->store, connection, invitation->invitee_email,
                                call->arena, &user, reterr))
        return false;
    if (!user && connection.len > 0)
        request->first_screen = DW_SCREEN_SIGNUP;
    return true;
}

bool dw_visit_organization_start(struct dw_tenant_call *call, const struct dw_form *form,
                                 struct dw_visit *visit, struct dw_error *reterr)
{
    struct dw_slice asked = visit->request->organization;
    struct dw_slice ticket = dw_form_value(form, "invitation");
    struct dw_organization *organization;
    struct dw_error error = {0};

    if (!dw_organization_check_request(visit->client, asked, ticket.len > 0,
                                       call->settings->allows_organization_name, reterr))
        return false;
    if (asked.len == 0)
        return true;
    if (!dw_organization_find(call, visit->client, asked, &organization, reterr))
        return false;
    visit->request->organization = organization->id;
    if (ticket.len == 0 || find_invitation(call, ticket, visit, &error))
        return true;
    dw_audit(call, DW_AUDIT_FI, .client = visit->client, .organization_id = organization->id,
             .organization_name = organization->name, .error = &error);
    *reterr = error;
    return false;
}

static void override(struct dw_slice *text, struct dw_slice own)
{
    if (own.len > 0)
        *text = own;
}

bool dw_organization_brand(struct dw_tenant_call *call, struct dw_slice organization_id,
                           struct dw_error *reterr)
{
    struct dw_organization *organization;
    struct dw_tenant_settings *settings;
    const struct dw_json *branding = NULL;
    const struct dw_json *colors;

    if (organization_id.len == 0)
        return true;
    if (!dw_store_organization(call->tenant->store, organization_id, call->arena, &organization,
                               reterr))
        return false;
    if (!organization || organization->branding_json.len <= 2) /* "{}" */
        return true;
    settings = DW_ARENA_NEW(call->arena, struct dw_tenant_settings);
    if (!settings)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_json_parse(organization->branding_json, call->arena, &branding, reterr))
        return false;
    colors = dw_json_get(branding, "colors");
    *settings = *call->settings;
    override(&settings->logo_url, dw_json_text(branding, "logo_url"));
    override(&settings->primary_color, dw_json_text(colors, "primary"));
    override(&settings->page_background_color, dw_json_text(colors, "page_background"));
    call->settings = settings;
    return true;
}

/* ---- before the login ---- */

bool dw_visit_is_organization_prompt_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                                         struct dw_error *reterr)
{
    const struct dw_oauth_client *client = walk->visit->client;

    (void)reterr;
    *ret_is_due = client->organization_usage == DW_ORGANIZATION_REQUIRE &&
                  client->organization_prompt == DW_ORGANIZATION_PRE_LOGIN_PROMPT &&
                  walk->visit->request->organization.len == 0;
    return true;
}

/* ---- after the login ---- */

/* The link went to one mailbox: it makes nobody else a member. */
static bool take_invitation(const struct dw_visit_walk *walk, struct dw_error *reterr)
{
    struct dw_tenant_call *call = walk->call;
    struct dw_authorization_request *request = walk->visit->request;
    const struct dw_user *user = walk->login->user;
    struct dw_invitation *invitation;
    bool is_taken = false;

    if (!dw_store_invitation_by_id(call->tenant->store, request->invitation_id, call->arena,
                                   &invitation, reterr))
        return false;
    if (!invitation || !dw_slice_eq_nocase(invitation->invitee_email, user->email))
        return dw_fail(reterr, DW_ACCESS_DENIED, "the invitation is for another e-mail address");
    if (!dw_slice_eq(invitation->organization_id, request->organization))
        return dw_fail(reterr, DW_ACCESS_DENIED, "the invitation is to another organization");
    if (!dw_store_take_invitation(call->tenant->store, invitation->id, user->id, call->now_s,
                                  &is_taken, reterr))
        return false;
    if (is_taken)
        dw_audit(call, DW_AUDIT_SI, .client = walk->visit->client, .user = user,
                 .organization_id = request->organization);
    return true; /* taken before: then membership decides */
}

static bool join(const struct dw_visit_walk *walk, struct dw_error *reterr)
{
    struct dw_store *store = walk->call->tenant->store;
    const struct dw_authorization_request *request = walk->visit->request;
    const struct dw_user *user = walk->login->user;
    struct dw_organization_connection *link = NULL;
    bool is_member = false;

    if (!dw_store_organization_connection(store, request->organization, user->connection,
                                          walk->call->arena, &link, reterr))
        return false;
    if (!link) /* the account is of a connection that this organization does not take */
        return dw_organization_fail_member(user->id, request->organization, reterr);
    if (request->invitation_id.len > 0 && !take_invitation(walk, reterr))
        return false;
    if (!dw_store_is_member(store, request->organization, user->id, &is_member, reterr))
        return false;
    if (is_member)
        return true;
    if (!link->assigns_membership)
        return dw_organization_fail_member(user->id, request->organization, reterr);
    return dw_store_add_member(store, request->organization, user->id, walk->call->now_s, reterr);
}

/* One that the user belongs to is taken, of several the user picks one. */
static bool choose(const struct dw_visit_walk *walk, bool *ret_is_due, struct dw_error *reterr)
{
    struct dw_organization *organizations = NULL;
    size_t count = 0, usable = 0;

    if (!dw_store_user_organizations(walk->call->tenant->store, walk->login->user->id,
                                     (struct dw_page){0}, walk->call->arena, &organizations, &count,
                                     NULL, reterr))
        return false;
    for (size_t i = 0; i < count; i++)
        if (dw_organization_check_client(walk->visit->client, &organizations[i],
                                         organizations[i].id, NULL))
            organizations[usable++] = organizations[i];
    if (usable == 0)
        return dw_fail(reterr, DW_ACCESS_DENIED,
                       "client requires organization membership, but user does not belong to any "
                       "organization");
    *ret_is_due = usable > 1;
    if (usable == 1)
        walk->visit->request->organization = organizations[0].id;
    return true;
}

bool dw_visit_is_organization_picker_due(const struct dw_visit_walk *walk, bool *ret_is_due,
                                         struct dw_error *reterr)
{
    const struct dw_oauth_client *client = walk->visit->client;

    *ret_is_due = false;
    if (walk->visit->request->organization.len == 0 &&
        client->organization_usage == DW_ORGANIZATION_REQUIRE && !choose(walk, ret_is_due, reterr))
        return false;
    return walk->visit->request->organization.len == 0 || join(walk, reterr);
}
