/* Invitations to organizations, and the roles that members have there. */
#include "store/organizations.h"
#include "store/sqlite_internal.h"

#define ROW struct dw_invitation
#define INVITATION(first, next)                                                                    \
    first(TEXT, id, id) next(TEXT, organization_id, organization_id)                               \
        next(TEXT, client_id, client_id) next(TEXT, connection_id, connection_id)                  \
            next(TEXT, inviter_name, inviter_name) next(TEXT, invitee_email, invitee_email)        \
                next(BLOB, ticket_digest, ticket_digest) next(LIST, role_ids, role_ids)            \
                    next(JSON, app_metadata, app_metadata_json)                                    \
                        next(JSON, user_metadata, user_metadata_json)                              \
                            next(INT, created_at, created_at_s)                                    \
                                next(INT, expires_at, expires_at_s) next(INT, used_at, used_at_s)

static const struct dw_sql_column invitation_columns[] = DW_SQL_COLUMNS(INVITATION);
static const struct dw_sql_table invitation_table =
    DW_SQL_TABLE("an invitation", invitation_columns);
#undef ROW

/* ---- roles of a member ---- */

struct roles_change {
    const char *sql;
    struct dw_slice organization_id, user_id;
    struct dw_slices role_ids;
};

static bool change_roles(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    const struct roles_change *change = user;

    for (size_t at = 0; at < change->role_ids.count; at++)
        if (!dw_sql_run(connection, change->sql,
                        DW_SQL_ARGS(dw_sql_text(change->organization_id),
                                    dw_sql_text(change->user_id),
                                    dw_sql_text(change->role_ids.items[at])),
                        reterr))
            return false;
    return true;
}

#define ADD_ROLE                                                                                   \
    "INSERT INTO organization_member_role (organization_id, user_id, role_id) VALUES (?, ?, ?)"    \
    " ON CONFLICT DO NOTHING"

bool dw_store_add_member_roles(struct dw_store *store, struct dw_slice organization_id,
                               struct dw_slice user_id, struct dw_slices role_ids,
                               struct dw_error *reterr)
{
    struct roles_change change = {ADD_ROLE, organization_id, user_id, role_ids};

    return dw_store_write(store, change_roles, &change, reterr);
}

bool dw_store_remove_member_roles(struct dw_store *store, struct dw_slice organization_id,
                                  struct dw_slice user_id, struct dw_slices role_ids,
                                  struct dw_error *reterr)
{
    struct roles_change change = {"DELETE FROM organization_member_role"
                                  " WHERE organization_id = ? AND user_id = ? AND role_id = ?",
                                  organization_id, user_id, role_ids};

    return dw_store_write(store, change_roles, &change, reterr);
}

bool dw_store_member_permissions(struct dw_store *store, struct dw_slice organization_id,
                                 struct dw_slice user_id, struct dw_slice audience,
                                 struct dw_arena *arena, struct dw_slices *ret_names,
                                 struct dw_error *reterr)
{
    return dw_store_read_texts(
        store,
        "SELECT DISTINCT scope FROM organization_member_role AS held"
        " JOIN role_permission ON role_permission.role_id = held.role_id"
        " WHERE organization_id = ? AND user_id = ?"
        " AND api_id IN (SELECT id FROM api WHERE identifier = ?) ORDER BY 1",
        DW_SQL_ARGS(dw_sql_text(organization_id), dw_sql_text(user_id), dw_sql_text(audience)),
        arena, ret_names, reterr);
}

/* ---- invitations ---- */

bool dw_store_add_invitation(struct dw_store *store, const struct dw_invitation *invitation,
                             struct dw_error *reterr)
{
    return dw_store_write_row(store, DW_SQL_INSERT("invitation", INVITATION), &invitation_table,
                              invitation, reterr);
}

bool dw_store_invitation(struct dw_store *store, struct dw_slice ticket_digest,
                         struct dw_arena *arena, struct dw_invitation **ret_invitation,
                         struct dw_error *reterr)
{
    return dw_store_read_row(
        store, "SELECT " DW_SQL_NAMES(INVITATION) " FROM invitation WHERE ticket_digest = ?",
        DW_SQL_ARGS(dw_sql_blob(ticket_digest)), &invitation_table, arena, ret_invitation, reterr);
}

bool dw_store_invitation_by_id(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                               struct dw_invitation **ret_invitation, struct dw_error *reterr)
{
    return dw_store_read_row(
        store, "SELECT " DW_SQL_NAMES(INVITATION) " FROM invitation WHERE id = ?",
        DW_SQL_ARGS(dw_sql_text(id)), &invitation_table, arena, ret_invitation, reterr);
}

struct taking {
    struct dw_slice id;
    struct dw_slice user_id;
    int64_t now_s;
    bool is_taken;
};

/* The address may have changed since somebody looked. */
static bool mark_used(struct dw_connection *connection, struct taking *taking,
                      struct dw_error *reterr)
{
    if (!dw_sql_run(connection,
                    "UPDATE invitation SET used_at = ?1"
                    " WHERE id = ?2 AND used_at = 0 AND expires_at > ?1 AND lower(invitee_email) ="
                    " (SELECT email FROM user WHERE id = ?3 AND is_blocked = 0)",
                    DW_SQL_ARGS(dw_sql_int(taking->now_s), dw_sql_text(taking->id),
                                dw_sql_text(taking->user_id)),
                    reterr))
        return false;
    taking->is_taken = dw_sql_changes(connection) > 0;
    return true;
}

static bool take_invitation(struct dw_connection *connection, void *user, struct dw_error *reterr)
{
    struct taking *taking = user;

    if (!mark_used(connection, taking, reterr))
        return false;
    if (!taking->is_taken)
        return true;
    return dw_sql_run(connection,
                      "INSERT INTO organization_member (organization_id, user_id, created_at)"
                      " SELECT organization_id, ?, ? FROM invitation WHERE id = ?"
                      " ON CONFLICT DO NOTHING",
                      DW_SQL_ARGS(dw_sql_text(taking->user_id), dw_sql_int(taking->now_s),
                                  dw_sql_text(taking->id)),
                      reterr) &&
           /* A role that was deleted meanwhile is left out. */
           dw_sql_run(connection,
                      "INSERT INTO organization_member_role (organization_id, user_id, role_id)"
                      " SELECT organization_id, ?, role.id FROM invitation JOIN role"
                      " ON role.id IN (SELECT value FROM json_each(role_ids))"
                      " WHERE invitation.id = ? ON CONFLICT DO NOTHING",
                      DW_SQL_ARGS(dw_sql_text(taking->user_id), dw_sql_text(taking->id)), reterr) &&
           /* Whoever has the link of the mail has the mailbox. The metadata is merged here (RFC
            * 7396), so that a change meanwhile is not undone. */
           dw_sql_run(
               connection,
               "UPDATE user SET is_email_verified = 1, awaits_confirmation = 0, updated_at = ?,"
               " app_metadata = json_patch(user.app_metadata, invitation.app_metadata),"
               " user_metadata = json_patch(user.user_metadata, invitation.user_metadata)"
               " FROM invitation WHERE invitation.id = ? AND user.id = ?",
               DW_SQL_ARGS(dw_sql_int(taking->now_s), dw_sql_text(taking->id),
                           dw_sql_text(taking->user_id)),
               reterr);
}

bool dw_store_take_invitation(struct dw_store *store, struct dw_slice id, struct dw_slice user_id,
                              int64_t now_s, bool *ret_is_taken, struct dw_error *reterr)
{
    struct taking taking = {.id = id, .user_id = user_id, .now_s = now_s};

    *ret_is_taken = false;
    if (!dw_store_write(store, take_invitation, &taking, reterr))
        return false;
    *ret_is_taken = taking.is_taken;
    return true;
}

bool dw_store_delete_invitation(struct dw_store *store, struct dw_slice id, struct dw_error *reterr)
{
    return dw_store_write_sql(store, "DELETE FROM invitation WHERE id = ?",
                              DW_SQL_ARGS(dw_sql_text(id)), "invitation", reterr);
}

bool dw_store_invitations(struct dw_store *store, struct dw_slice organization_id,
                          struct dw_page page, struct dw_arena *arena,
                          struct dw_invitation **ret_invitations, size_t *ret_count,
                          int64_t *ret_total, struct dw_error *reterr)
{
    static const struct dw_sql_list list = {
        &invitation_table,
        "SELECT " DW_SQL_NAMES(INVITATION) " FROM invitation WHERE organization_id = ?"
                                           " ORDER BY created_at, id LIMIT ? OFFSET ?",
        "SELECT count(*) FROM invitation WHERE organization_id = ?"};

    return dw_store_read_page(store, &list, DW_SQL_ARGS(dw_sql_text(organization_id)), page, arena,
                              ret_invitations, ret_count, ret_total, reterr);
}
