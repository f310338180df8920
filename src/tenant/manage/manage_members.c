/* doorward tenant organization member|role|invitation ..., and grant list|delete: what users have
 * allowed applications. */
#include "base/text.h"
#include "http/form.h"
#include "tenant/account/mail_internal.h"
#include "tenant/manage/manage_organizations_internal.h"

#define STORE manage->tenant->store

/* ---- members ---- */

static bool show_member(struct dw_manage *manage, const struct dw_organization *organization,
                        struct dw_slice user_id, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_user *user = NULL;
    struct dw_role *roles = NULL;
    struct dw_slice *names;
    size_t count = 0;

    if (!row || !dw_store_user(STORE, user_id, manage->arena, &user, reterr) ||
        !dw_store_member_roles(STORE, organization->id, user_id, (struct dw_page){0}, manage->arena,
                               &roles, &count, NULL, reterr))
        return false;
    names = dw_arena_new_array(manage->arena, count + 1, sizeof *names);
    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        names[i] = roles[i].name;
    dw_manage_cell_text(row, "user_id", user_id);
    dw_manage_cell_text(row, "email", user ? user->email : DW_EMPTY);
    dw_manage_cell_text(row, "name", user ? user->name : DW_EMPTY);
    dw_manage_cell_texts(row, "roles", (struct dw_slices){names, count});
    return true;
}

/* The two that every verb here is about. */
static bool find_both(struct dw_manage *manage, struct dw_organization **ret_organization,
                      struct dw_user **ret_user, struct dw_error *reterr)
{
    return dw_manage_find_organization(manage, ret_organization, reterr) &&
           dw_manage_find_user(manage, dw_manage_value(manage, "email"), ret_user, reterr);
}

static bool find_roles(struct dw_manage *manage, struct dw_slices *ret_ids, struct dw_error *reterr)
{
    struct dw_slices names = {0};
    struct dw_slice *ids;

    if (!dw_manage_values(manage, "role", &names, reterr))
        return false;
    ids = dw_arena_new_array(manage->arena, names.count + 1, sizeof *ids);
    if (!ids)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < names.count; i++) {
        struct dw_role *role = NULL;

        if (!dw_store_role_by_name(STORE, names.items[i], manage->arena, &role, reterr))
            return false;
        if (!role)
            return dw_fail(reterr, DW_NOT_FOUND, "there is no role \"%.*s\"",
                           DW_PRINT(names.items[i]));
        ids[i] = role->id;
    }
    *ret_ids = (struct dw_slices){ids, names.count};
    return true;
}

bool dw_manage_member_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_user *user = NULL;
    struct dw_slices roles = {0};

    return find_both(manage, &organization, &user, reterr) && find_roles(manage, &roles, reterr) &&
           dw_store_add_member(STORE, organization->id, user->id, manage->tenant->now_s(),
                               reterr) &&
           dw_store_add_member_roles(STORE, organization->id, user->id, roles, reterr) &&
           show_member(manage, organization, user->id, reterr);
}

bool dw_manage_member_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_page page = {0};
    struct dw_slices ids = {0};

    if (!dw_manage_find_organization(manage, &organization, reterr))
        return false;
    do {
        if (!dw_store_members(STORE, organization->id, page, manage->arena, &ids, NULL, reterr))
            return false;
        for (size_t i = 0; i < ids.count; i++)
            if (!show_member(manage, organization, ids.items[i], reterr))
                return false;
        page.skip += ids.count;
    } while (ids.count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_member_remove(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_user *user = NULL;

    return find_both(manage, &organization, &user, reterr) &&
           dw_store_remove_member(STORE, organization->id, user->id, manage->tenant->now_s(),
                                  reterr);
}

bool dw_manage_member_role_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_user *user = NULL;
    struct dw_slices roles = {0};

    if (!find_both(manage, &organization, &user, reterr) || !find_roles(manage, &roles, reterr))
        return false;
    if (!dw_store_add_member_roles(STORE, organization->id, user->id, roles, reterr))
        return reterr->code == DW_NOT_FOUND
                   ? dw_fail(reterr, DW_NOT_FOUND, "the user is no member of the organization")
                   : false;
    return show_member(manage, organization, user->id, reterr);
}

bool dw_manage_member_role_remove(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_user *user = NULL;
    struct dw_slices roles = {0};

    return find_both(manage, &organization, &user, reterr) && find_roles(manage, &roles, reterr) &&
           dw_store_remove_member_roles(STORE, organization->id, user->id, roles, reterr) &&
           show_member(manage, organization, user->id, reterr);
}

/* ---- invitations ---- */

/* url: empty where it is not known any more; only a digest of its ticket is kept. */
static bool show_invitation(struct dw_manage *manage, const struct dw_invitation *invitation,
                            struct dw_slice url, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_buf inviter = dw_buf_in(manage->arena), invitee = dw_buf_in(manage->arena);
    struct dw_json_writer json = dw_json_writer_to(&inviter);

    if (!row)
        return false;
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "name", invitation->inviter_name);
    dw_json_write_object_end(&json);
    json = dw_json_writer_to(&invitee);
    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "email", invitation->invitee_email);
    dw_json_write_object_end(&json);
    dw_manage_cell_text(row, "id", invitation->id);
    dw_manage_cell_text(row, "organization_id", invitation->organization_id);
    dw_manage_cell_json(row, "invitee", dw_buf_view(&invitee));
    dw_manage_cell_json(row, "inviter", dw_buf_view(&inviter));
    dw_manage_cell_text(row, "client_id", invitation->client_id);
    dw_manage_cell_time(row, "expires_at", invitation->expires_at_s, manage);
    dw_manage_cell_time(row, "created_at", invitation->created_at_s, manage);
    dw_manage_cell_details(row);
    dw_manage_cell_texts(row, "roles", invitation->role_ids);
    dw_manage_cell_details(row);
    dw_manage_cell_bool(row, "is_used", invitation->used_at_s > 0);
    if (url.len > 0)
        dw_manage_cell_text(row, "invitation_url", url);
    return true;
}

static bool invitation_url(struct dw_manage *manage, const struct dw_organization *organization,
                           const struct dw_oauth_client *client, struct dw_slice ticket,
                           struct dw_slice *ret_url, struct dw_error *reterr)
{
    struct dw_slice login_url = dw_manage_has(manage, "login-url")
                                    ? dw_manage_value(manage, "login-url")
                                    : client->initiate_login_uri;
    struct dw_buf query = dw_buf_in(manage->arena);
    struct dw_slice text;

    if (login_url.len == 0)
        return dw_fail(reterr, DW_USAGE,
                       "where does the application begin a login? Give --login-url, or set its "
                       "initiate_login_uri");
    dw_form_add(&query, DW_LIT("invitation"), ticket);
    dw_form_add(&query, DW_LIT("organization"), organization->id);
    dw_form_add(&query, DW_LIT("organization_name"), organization->name);
    if (!dw_buf_finish(&query, &text, reterr))
        return false;
    *ret_url = dw_arena_printf(manage->arena, "%.*s%c%.*s", DW_PRINT(login_url),
                               dw_slice_contains(login_url, '?') ? '&' : '?', DW_PRINT(text));
    return ret_url->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool send(struct dw_manage *manage, const struct dw_organization *organization,
                 const struct dw_oauth_client *client, struct dw_slice to, struct dw_slice url,
                 int64_t lifetime_s, struct dw_error *reterr)
{
    struct dw_mail mail = {
        .template = DW_MAIL_INVITATION,
        .to = to,
        .client_name = client->name,
        .url = url,
        .detail =
            organization->display_name.len > 0 ? organization->display_name : organization->name,
        .lifetime_s = lifetime_s,
    };

    return !dw_manage_has(manage, "send") ||
           dw_mail_send(manage->tenant, &mail, manage->tenant->now_s(), manage->arena, reterr);
}

static bool read_lifetime(struct dw_manage *manage, int64_t *ret_lifetime_s,
                          struct dw_error *reterr)
{
    struct dw_slice text = dw_manage_value(manage, "ttl-sec");

    *ret_lifetime_s = DW_INVITATION_LIFETIME_S;
    if (!dw_manage_has(manage, "ttl-sec"))
        return true;
    return (dw_text_to_int(text, ret_lifetime_s) && *ret_lifetime_s > 0 &&
            *ret_lifetime_s <= DW_INVITATION_MAX_LIFETIME_S) ||
           dw_fail(reterr, DW_USAGE, "--ttl-sec is a number of seconds up to %d",
                   DW_INVITATION_MAX_LIFETIME_S);
}

bool dw_manage_invitation_create(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_oauth_client *client = NULL;
    struct dw_slice ticket = dw_tenant_random_id(manage->arena, "", 32), url;
    struct dw_invitation made = {
        .id = dw_tenant_random_id(manage->arena, "uinv_", 16),
        .client_id = dw_manage_value(manage, "client"),
        .inviter_name = dw_manage_value(manage, "inviter"),
        .invitee_email = dw_text_lower(manage->arena, dw_manage_value(manage, "email")),
        .created_at_s = manage->tenant->now_s(),
    };
    int64_t lifetime_s = 0;

    if (!ticket.ptr || !made.id.ptr || !made.invitee_email.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_mail_is_address(made.invitee_email))
        return dw_fail(reterr, DW_USAGE, "--email is no e-mail address");
    if (!dw_manage_find_organization(manage, &organization, reterr) ||
        !dw_store_client(STORE, made.client_id, manage->arena, &client, reterr))
        return false;
    if (!client)
        return dw_fail(reterr, DW_NOT_FOUND, "there is no application \"%.*s\"",
                       DW_PRINT(made.client_id));
    made.organization_id = organization->id;
    if (!read_lifetime(manage, &lifetime_s, reterr) || !find_roles(manage, &made.role_ids, reterr))
        return false;
    made.expires_at_s = made.created_at_s + lifetime_s;
    return dw_tenant_digest(ticket, manage->arena, &made.ticket_digest, reterr) &&
           invitation_url(manage, organization, client, ticket, &url, reterr) &&
           dw_store_add_invitation(STORE, &made, reterr) &&
           send(manage, organization, client, made.invitee_email, url, lifetime_s, reterr) &&
           show_invitation(manage, &made, url, reterr);
}

bool dw_manage_invitation_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_organization *organization = NULL;
    struct dw_invitation *invitations = NULL;
    struct dw_page page = {0};
    size_t count = 0;

    if (!dw_manage_find_organization(manage, &organization, reterr))
        return false;
    do {
        if (!dw_store_invitations(STORE, organization->id, page, manage->arena, &invitations,
                                  &count, NULL, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_invitation(manage, &invitations[i], DW_EMPTY, reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_invitation_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_invitation(STORE, dw_manage_value(manage, "id"), reterr);
}

/* ---- what users have allowed ---- */

static bool show_consent(struct dw_manage *manage, const struct dw_consent *consent,
                         struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", consent->id);
    dw_manage_cell_text(row, "clientID", consent->client_id);
    dw_manage_cell_text(row, "user_id", consent->user_id);
    dw_manage_cell_text(row, "audience", consent->audience);
    dw_manage_cell_texts(row, "scope", consent->scopes);
    dw_manage_cell_text(row, "organization_id", consent->organization);
    dw_manage_cell_details(row);
    return true;
}

bool dw_manage_consent_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice email = dw_manage_value(manage, "email"), user_id = DW_EMPTY;
    struct dw_consent *consents = NULL;
    struct dw_page page = {0};
    struct dw_user *user = NULL;
    size_t count = 0;

    if (email.len > 0 && !dw_manage_find_user(manage, email, &user, reterr))
        return false;
    if (user)
        user_id = user->id;
    do {
        if (!dw_store_consents(STORE, user_id, page, manage->arena, &consents, &count, NULL,
                               reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_consent(manage, &consents[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_consent_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_consent(STORE, dw_manage_value(manage, "id"), manage->tenant->now_s(),
                                   reterr);
}
