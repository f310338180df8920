/* doorward tenant logs: the audit log, as Auth0's Management API shows it. */
#include <unistd.h>

#include "base/text.h"
#include "store/logs.h"
#include "tenant/audit_internal.h"
#include "tenant/manage/manage_internal.h"

#define FOLLOW_MS 300
#define ROUND_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define STANDARD_TAKE 100

/* Auth0's shape: 900, the time, and a rising number, so that ids sort by time. */
static struct dw_slice log_id(const struct dw_log_entry *entry, struct dw_arena *arena)
{
    char time[DW_TEXT_TIME_SIZE];
    char digits[DW_TEXT_TIME_SIZE];
    size_t len = 0;

    dw_text_time(entry->at_ms, time);
    for (size_t i = 0; time[i] != '\0'; i++)
        if (time[i] >= '0' && time[i] <= '9')
            digits[len++] = time[i];
    return dw_arena_printf(arena, "900%.*s%036lld", (int)len, digits, (long long)entry->sequence);
}

static void add_text(struct dw_manage_row *row, const char *name, struct dw_slice text)
{
    if (text.len > 0)
        dw_manage_cell_text(row, name, text);
    else
        dw_manage_cell_json(row, name, DW_LIT("null"));
    dw_manage_cell_details(row);
}

static void add_details(struct dw_manage_row *row, const struct dw_log_entry *entry)
{
    add_text(row, "connection", entry->connection);
    add_text(row, "connection_id", entry->connection_id);
    add_text(row, "strategy", entry->strategy);
    add_text(row, "client_name", entry->client_name);
    add_text(row, "user_id", entry->user_id);
    add_text(row, "user_agent", entry->user_agent);
    add_text(row, "hostname", entry->hostname);
    add_text(row, "organization_id", entry->organization_id);
    add_text(row, "organization_name", entry->organization_name);
    add_text(row, "audience", entry->audience);
    add_text(row, "scope", entry->scope);
    dw_manage_cell_json(row, "details", entry->details_json);
    dw_manage_cell_details(row);
    dw_manage_cell_bool(row, "isMobile", false);
    dw_manage_cell_details(row);
}

static bool show_entry(struct dw_manage *manage, const struct dw_log_entry *entry,
                       struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);
    struct dw_slice id = log_id(entry, manage->arena);
    enum dw_audit_type type;
    char time[DW_TEXT_TIME_SIZE];

    if (!row || !id.ptr)
        return row ? dw_fail(reterr, DW_NO_MEMORY, "out of memory") : false;
    dw_text_time(entry->at_ms, time);
    dw_manage_cell_text(row, "date", dw_arena_copy(manage->arena, dw_slice_from_text(time)));
    dw_manage_cell_text(row, "type", entry->type);
    dw_manage_cell_text(row, "description",
                        entry->description.len > 0 || manage->is_json ||
                                !dw_audit_type_from(entry->type, &type)
                            ? entry->description
                            : dw_slice_from_text(dw_audit_type_title(type)));
    dw_manage_cell_text(row, "user_name", entry->user_name);
    dw_manage_cell_text(row, "client_id", entry->client_id);
    dw_manage_cell_text(row, "ip", entry->ip);
    dw_manage_cell_text(row, "log_id", id);
    dw_manage_cell_details(row);
    dw_manage_cell_text(row, "_id", id);
    dw_manage_cell_details(row);
    add_details(row, entry);
    return true;
}

static bool read_age(struct dw_slice text, int64_t now_s, int64_t *ret_since_ms)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t count;

    for (size_t i = 0; text.len > 1 && i < sizeof units / sizeof *units; i++)
        if (text.ptr[text.len - 1] == units[i].letter &&
            dw_text_to_int(dw_slice_sub(text, 0, text.len - 1), &count) && count >= 0 &&
            count < 1000000) {
            *ret_since_ms = (now_s - count * units[i].seconds) * 1000;
            return true;
        }
    return false;
}

static bool read_since(struct dw_manage *manage, int64_t *ret_since_ms, struct dw_error *reterr)
{
    struct dw_slice text = dw_manage_value(manage, "since");

    *ret_since_ms = 0;
    return !dw_manage_has(manage, "since") ||
           read_age(text, manage->tenant->now_s(), ret_since_ms) ||
           dw_text_to_time(text, ret_since_ms) ||
           dw_fail(reterr, DW_USAGE,
                   "--since takes a time in UTC as 2026-11-23T07:25:00Z, or an age as 15m");
}

static bool read_query(struct dw_manage *manage, struct dw_log_query *query, int64_t *ret_take,
                       struct dw_error *reterr)
{
    struct dw_slice take = dw_manage_value(manage, "take");
    enum dw_audit_type type;

    *query = (struct dw_log_query){
        .user = dw_manage_value(manage, "user"),
        .client_id = dw_manage_value(manage, "client"),
        .is_newest_first = true,
    };
    *ret_take = STANDARD_TAKE;
    if (dw_manage_has(manage, "take") && (!dw_text_to_int(take, ret_take) || *ret_take < 0))
        return dw_fail(reterr, DW_USAGE, "--take takes a number");
    if (!dw_manage_values(manage, "type", &query->types, reterr) ||
        !read_since(manage, &query->since_ms, reterr))
        return false;
    for (size_t i = 0; i < query->types.count; i++)
        if (!dw_audit_type_from(query->types.items[i], &type))
            return dw_fail(reterr, DW_USAGE, "there is no type \"%.*s\"",
                           DW_PRINT(query->types.items[i]));
    return true;
}

/* From where `take` entries are left that match: pages back from the newest. */
static bool find_start(struct dw_manage *manage, struct dw_log_query query, int64_t take,
                       int64_t *ret_after, struct dw_error *reterr)
{
    struct dw_log_entry *entries = NULL;
    size_t count = 1;
    int64_t oldest = INT64_MAX;

    while (take > 0 && count > 0) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(ROUND_ARENA_BYTES);

        query.take = take < DW_STORE_MAX_PAGE ? (size_t)take : DW_STORE_MAX_PAGE;
        query.before_sequence = oldest;
        if (!arena)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!dw_store_log_entries(manage->tenant->store, &query, arena, &entries, &count, reterr))
            return false;
        if (count > 0)
            oldest = entries[count - 1].sequence;
        take -= (int64_t)count;
    }
    *ret_after = oldest == INT64_MAX ? 0 : oldest - 1;
    if (oldest != INT64_MAX || take > 0)
        return true;
    /* --take 0: what comes from now on */
    query.take = 1;
    query.before_sequence = 0;
    if (!dw_store_log_entries(manage->tenant->store, &query, manage->arena, &entries, &count,
                              reterr))
        return false;
    *ret_after = count > 0 ? entries[0].sequence : 0;
    return true;
}

/* Shows what came after *after, in an arena of its own. */
static bool show_round(struct dw_manage *manage, struct dw_log_query *query, size_t *ret_count,
                       struct dw_error *reterr)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(ROUND_ARENA_BYTES);
    struct dw_arena *kept = manage->arena;
    struct dw_log_entry *entries = NULL;
    bool is_done = arena != NULL;

    *ret_count = 0;
    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    manage->arena = arena;
    is_done =
        dw_store_log_entries(manage->tenant->store, query, arena, &entries, ret_count, reterr);
    for (size_t i = 0; is_done && i < *ret_count; i++) {
        is_done = show_entry(manage, &entries[i], reterr);
        query->after_sequence = entries[i].sequence;
    }
    is_done = is_done && (*ret_count == 0 || dw_manage_show(manage, reterr));
    manage->arena = kept;
    return is_done;
}

bool dw_manage_logs(struct dw_manage *manage, struct dw_error *reterr)
{
    bool is_following = dw_manage_has(manage, "follow");
    struct dw_log_query query;
    int64_t take = 0;
    size_t count = 0;

    if (!read_query(manage, &query, &take, reterr) ||
        !find_start(manage, query, take, &query.after_sequence, reterr))
        return false;
    query.is_newest_first = false;
    manage->is_stream = true;
    do {
        if (!show_round(manage, &query, &count, reterr))
            return false;
        if (count == 0 && is_following)
            (void)usleep(FOLLOW_MS * 1000);
    } while (count > 0 || is_following);
    return true;
}
