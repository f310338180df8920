/* doorward tenant user import, user unblock, user blocks, ticket ..., attack-protection ... */
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "store/documents.h"
#include "sys/sys.h"
#include "tenant/account/account_internal.h"
#include "tenant/account/user_import_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/manage/manage_internal.h"

/* ---- import ---- */

/* The text, its tree, and some room. */
#define IMPORT_ARENA_BYTES (DW_IMPORT_FILE_MAX_BYTES * 16)
#define PROGRESS_MS 1000

struct progress {
    int64_t shown_at_ms;
    bool is_terminal;
};

static void show_progress(const struct dw_import_summary *summary, void *user)
{
    struct progress *progress = user;
    int64_t now_ms = dw_sys_monotonic_ms();

    if (!progress->is_terminal || now_ms - progress->shown_at_ms < PROGRESS_MS)
        return;
    progress->shown_at_ms = now_ms;
    fprintf(stderr, "\r%lld of %lld",
            (long long)(summary->inserted + summary->updated + summary->failed),
            (long long)summary->total);
}

static bool show_import(struct dw_manage *manage, const struct dw_user_import *import,
                        const struct dw_import_summary *summary, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice id = dw_tenant_random_text(manage->arena, "job_", 12);

    if (!row)
        return false;
    if (!id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    dw_manage_cell_text(row, "id", id);
    dw_manage_cell_text(row, "type", DW_LIT("users_import"));
    dw_manage_cell_text(row, "status", DW_LIT("completed"));
    dw_manage_cell_text(row, "connection", import->connection);
    dw_manage_cell_bool(row, "upsert", import->is_upsert);
    dw_manage_cell_int(row, "total", summary->total, manage);
    dw_manage_cell_int(row, "inserted", summary->inserted, manage);
    dw_manage_cell_int(row, "updated", summary->updated, manage);
    dw_manage_cell_int(row, "failed", summary->failed, manage);
    return true;
}

/* To the file that was asked for, else to stderr. */
static bool write_errors(struct dw_manage *manage, struct dw_buf *errors, struct dw_error *reterr)
{
    char *path = dw_arena_text(manage->arena, dw_manage_value(manage, "errors"));
    struct dw_slice json;

    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_buf_finish(errors, &json, reterr))
        return false;
    if (path[0] != '\0')
        return dw_sys_write_file(path, 0600, json, reterr);
    if (json.len > 2)
        fprintf(stderr, "%.*s\n", DW_PRINT(json));
    return true;
}

bool dw_manage_user_import(struct dw_manage *manage, struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(IMPORT_ARENA_BYTES);
    struct progress progress = {.is_terminal = isatty(STDERR_FILENO) == 1};
    struct dw_slice connection = dw_manage_value(manage, "connection");
    struct dw_user_import import = {
        .tenant = manage->tenant,
        .connection = connection.len > 0 ? connection : DW_LIT(DW_TENANT_CONNECTION),
        .is_upsert = dw_manage_has(manage, "upsert"),
        .progress = show_progress,
        .user = &progress,
    };
    char *path = dw_arena_text(manage->arena, dw_manage_value(manage, "file"));
    struct dw_import_summary summary;
    struct dw_buf errors = dw_buf_in(arena);
    struct dw_slice json;

    if (!arena || !path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    progress.shown_at_ms = dw_sys_monotonic_ms();
    if (!dw_sys_read_file(path, DW_IMPORT_FILE_MAX_BYTES, arena, &json, reterr) ||
        !dw_user_import_run(&import, json, arena, &summary, &errors, reterr))
        return false;
    if (progress.is_terminal)
        fputs("\r", stderr);
    dw_audit_write(
        manage->tenant, NULL,
        &(struct dw_audit_facts){.type = summary.failed > 0 ? DW_AUDIT_FUI : DW_AUDIT_SUI,
                                 .connection = import.connection});
    return write_errors(manage, &errors, reterr) && show_import(manage, &import, &summary, reterr);
}

/* ---- blocks ---- */

bool dw_manage_user_blocks(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_tenant *tenant = manage->tenant;
    struct dw_user *user = NULL;
    struct dw_brute_force settings;
    struct dw_slice json;
    struct dw_slices addresses;
    struct dw_manage_row *row;

    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) ||
        !dw_store_document(tenant->store, DW_LIT(DW_BRUTE_FORCE), manage->arena, &json, reterr) ||
        !dw_brute_force_read(json, manage->arena, &settings, reterr) ||
        !dw_store_blocks(tenant->store, user->id, settings.max_attempts, tenant->now_s(),
                         manage->arena, &addresses, reterr))
        return false;
    row = dw_manage_row_add(manage, reterr);
    if (!row)
        return false;
    dw_manage_cell_text(row, "user_id", user->id);
    dw_manage_cell_bool(row, "blocked", user->is_blocked);
    dw_manage_cell_texts(row, "blocked_from", addresses);
    return true;
}

/* ---- tickets ---- */

static bool make_ticket(struct dw_manage *manage, enum dw_ticket_purpose purpose,
                        int64_t lifetime_s, struct dw_error *reterr)
{
    struct dw_tenant *tenant = manage->tenant;
    struct dw_user *user = NULL;
    struct dw_slice ttl = dw_manage_value(manage, "ttl");
    struct dw_slice result_url = dw_manage_value(manage, "result-url");
    struct dw_account_link link = {.purpose = purpose,
                                   .result_url = result_url,
                                   .lifetime_s = lifetime_s,
                                   .marks_email_verified =
                                       dw_manage_has(manage, "mark-email-as-verified")};
    struct dw_manage_row *row;
    struct dw_slice url;

    if (ttl.len > 0 && (!dw_text_to_int(ttl, &link.lifetime_s) || link.lifetime_s < 1 ||
                        link.lifetime_s > 365 * 86400))
        return dw_fail(reterr, DW_USAGE, "--ttl is 1 to 31536000 seconds");
    if (result_url.len > 0 && !dw_slice_starts_with(result_url, DW_LIT("https://")) &&
        !dw_slice_starts_with(result_url, DW_LIT("http://")))
        return dw_fail(reterr, DW_USAGE, "--result-url is an https URL");
    if (!dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr))
        return false;
    link.user = user;
    row = dw_manage_row_add(manage, reterr);
    if (!row || !dw_account_link(tenant, &link, tenant->now_s(), manage->arena, &url, reterr))
        return false;
    dw_manage_cell_text(row, "ticket", url);
    return true;
}

bool dw_manage_ticket_verification(struct dw_manage *manage, struct dw_error *reterr)
{
    return make_ticket(manage, DW_TICKET_VERIFY_EMAIL, DW_VERIFY_LINK_LIFETIME_S, reterr);
}

bool dw_manage_ticket_password(struct dw_manage *manage, struct dw_error *reterr)
{
    return make_ticket(manage, DW_TICKET_CHANGE_PASSWORD, DW_VERIFY_LINK_LIFETIME_S, reterr);
}

/* ---- attack protection ---- */

static bool current(struct dw_manage *manage, struct dw_slice name, struct dw_slice *ret_json,
                    struct dw_error *reterr)
{
    *ret_json = DW_EMPTY;
    if (dw_attack_protection_standard(name).len == 0)
        return dw_fail(reterr, DW_USAGE, "--name is %s, %s or %s", DW_BRUTE_FORCE, DW_SUSPICIOUS_IP,
                       DW_BREACHED_PASSWORDS);
    if (!dw_store_document(manage->tenant->store, name, manage->arena, ret_json, reterr))
        return false;
    if (ret_json->len == 0)
        *ret_json = dw_attack_protection_standard(name);
    return true;
}

static bool show_settings(struct dw_manage *manage, struct dw_slice json, struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    const struct dw_json *parsed = NULL;

    if (!row || !dw_json_parse(json, manage->arena, &parsed, reterr))
        return false;
    for (size_t i = 0; i < parsed->object.count; i++) {
        char *name = dw_arena_text(manage->arena, parsed->object.members[i].key);

        if (!name)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_manage_cell_json(row, name, parsed->object.members[i].value.raw);
    }
    return true;
}

bool dw_manage_protection_show(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice json;

    return current(manage, dw_manage_value(manage, "name"), &json, reterr) &&
           show_settings(manage, json, reterr);
}

bool dw_manage_protection_set(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice name = dw_manage_value(manage, "name"), json;

    return current(manage, name, &json, reterr) && dw_manage_apply_sets(manage, &json, reterr) &&
           dw_attack_protection_check(name, json, manage->arena, reterr) &&
           dw_store_put_document(manage->tenant->store, name, json, manage->tenant->now_s(),
                                 reterr) &&
           show_settings(manage, json, reterr);
}
