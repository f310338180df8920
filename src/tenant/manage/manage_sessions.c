/* doorward tenant session ...: the login sessions of browsers. */
#include "store/sessions.h"
#include "tenant/manage/manage_internal.h"
#include "json/json_writer.h"

#define STORE manage->tenant->store

/* Auth0's `device`. */
static bool add_device(struct dw_manage *manage, struct dw_manage_row *row,
                       const struct dw_login_session *session, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(manage->arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice json;

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "initial_user_agent", session->user_agent);
    dw_json_put_text(&writer, "initial_ip", session->ip);
    dw_json_write_object_end(&writer);
    if (!dw_buf_finish(&out, &json, reterr))
        return false;
    dw_manage_cell_json(row, "device", json);
    dw_manage_cell_details(row);
    return true;
}

static bool show_session(struct dw_manage *manage, const struct dw_login_session *session,
                         struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", session->id);
    dw_manage_cell_text(row, "user_id", session->user_id);
    dw_manage_cell_time(row, "created_at", session->created_at_s, manage);
    dw_manage_cell_time(row, "last_interacted_at", session->last_seen_at_s, manage);
    dw_manage_cell_time(row, "authenticated_at", session->authenticated_at_s, manage);
    dw_manage_cell_details(row);
    dw_manage_cell_time(row, "idle_expires_at", session->idle_expires_at_s, manage);
    dw_manage_cell_details(row);
    dw_manage_cell_time(row, "expires_at", session->expires_at_s, manage);
    return add_device(manage, row, session, reterr);
}

/* The user of --email; empty when it was not given. */
static bool find_user_id(struct dw_manage *manage, struct dw_slice *ret_id, struct dw_error *reterr)
{
    struct dw_user *user;

    *ret_id = DW_EMPTY;
    if (!dw_manage_has(manage, "email"))
        return true;
    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr))
        return false;
    *ret_id = user->id;
    return true;
}

static bool read_sessions(struct dw_manage *manage, struct dw_slice user_id, struct dw_page page,
                          struct dw_login_session **ret_sessions, size_t *ret_count,
                          struct dw_error *reterr)
{
    return dw_store_sessions(STORE, user_id, manage->tenant->now_s(), page, manage->arena,
                             ret_sessions, ret_count, NULL, reterr);
}

bool dw_manage_session_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_login_session *sessions = NULL;
    struct dw_slice user_id;
    size_t count = 0;

    if (!find_user_id(manage, &user_id, reterr))
        return false;
    do {
        if (!read_sessions(manage, user_id, page, &sessions, &count, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!show_session(manage, &sessions[i], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

static bool end_session(struct dw_manage *manage, const struct dw_login_session *session,
                        struct dw_error *reterr)
{
    return dw_store_end_session(STORE, session->id, dw_manage_has(manage, "refresh-tokens"),
                                manage->tenant->now_s(), reterr) &&
           show_session(manage, session, reterr);
}

/* What has ended itself meanwhile is no failure. */
static bool end_all(struct dw_manage *manage, struct dw_slice user_id, struct dw_error *reterr)
{
    struct dw_login_session *sessions = NULL;
    size_t count = 0;

    do {
        if (!read_sessions(manage, user_id, (struct dw_page){0}, &sessions, &count, reterr))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!end_session(manage, &sessions[i], reterr) && reterr->code != DW_NOT_FOUND)
                return false;
    } while (count > 0);
    return true;
}

bool dw_manage_session_revoke(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_login_session session = {.id = dw_manage_value(manage, "id")};
    struct dw_slice user_id;

    if (dw_manage_has(manage, "email") == dw_manage_has(manage, "id"))
        return dw_fail(reterr, DW_USAGE,
                       "say which: --id SESSION, or --email EMAIL for all of a "
                       "user");
    if (!find_user_id(manage, &user_id, reterr))
        return false;
    if (user_id.len > 0)
        return end_all(manage, user_id, reterr);
    return dw_store_end_session(STORE, session.id, dw_manage_has(manage, "refresh-tokens"),
                                manage->tenant->now_s(), reterr);
}
