/* The queue between whoever audits and the one thread that writes; see audit_internal.h. */
#include "tenant/audit_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/logs.h"
#include "sys/sys.h"

#define MAX_TEXT_BYTES 512
#define MAX_DETAILS_BYTES 2048
#define MAX_QUEUED 1024 /* some 10 MiB at the most */
#define MAX_BATCH 256
#define GATHER_MS 20  /* one commit for what happens meanwhile */
#define RETRY_MS 1000 /* while the disk does not take anything */

#define X(member, code, title) {code, title},
static const struct {
    const char *code, *title;
} types[DW_AUDIT_TYPE_COUNT] = {
#include "tenant/audit_types.def"
};
#undef X

const char *dw_audit_type_code(enum dw_audit_type type)
{
    return types[type].code;
}

const char *dw_audit_type_title(enum dw_audit_type type)
{
    return types[type].title;
}

bool dw_audit_type_from(struct dw_slice code, enum dw_audit_type *ret_type)
{
    for (int type = 0; type < DW_AUDIT_TYPE_COUNT; type++)
        if (dw_slice_eq(code, dw_slice_from_text(types[type].code))) {
            *ret_type = (enum dw_audit_type)type;
            return true;
        }
    return false;
}

struct queued {
    struct queued *next;
    struct dw_log_entry entry; /* its texts follow in the same memory */
};

struct dw_audit_log {
    struct dw_tenant *tenant;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t has_work, has_changed;
    struct queued *first, **end;
    size_t count;      /* in the queue, and with the writer */
    int64_t lost;      /* since the disk took something */
    bool is_disk_gone; /* the last write failed */
    bool is_stopping;
    bool is_wanted_now; /* somebody waits in dw_audit_flush */
};

/* ---- making an entry ---- */

static struct dw_slice first_of(struct dw_slice one, struct dw_slice other)
{
    return one.len > 0 ? one : other;
}

static int64_t time_ms(const struct dw_tenant *tenant)
{
    return tenant->now_s == dw_sys_wall_s ? dw_sys_wall_ms() : tenant->now_s() * 1000;
}

static struct dw_slice join(struct dw_slices words, char *buffer, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < words.count && len + words.items[i].len + 1 < size; i++) {
        if (len > 0)
            buffer[len++] = ' ';
        memcpy(buffer + len, words.items[i].ptr, words.items[i].len);
        len += words.items[i].len;
    }
    return dw_slice_from(buffer, len);
}

static void fill_subjects(const struct dw_audit_facts *facts, struct dw_log_entry *entry)
{
    if (facts->client) {
        entry->client_id = facts->client->id;
        entry->client_name = facts->client->name;
    }
    if (facts->user) {
        entry->user_id = facts->user->id;
        entry->user_name = first_of(facts->user->email, facts->user->name);
        entry->connection = facts->user->connection;
    }
    entry->user_name = first_of(facts->user_name, entry->user_name);
    entry->connection = first_of(facts->connection, entry->connection);
    entry->connection_id = facts->connection_id;
    if (facts->strategy)
        entry->strategy = dw_slice_from_text(dw_strategy_name(*facts->strategy));
}

static void fill_entry(const struct dw_tenant *tenant, const struct dw_tenant_call *call,
                       const struct dw_audit_facts *facts, struct dw_log_entry *entry)
{
    fill_subjects(facts, entry);
    entry->at_ms = time_ms(tenant);
    entry->type = dw_slice_from_text(types[facts->type].code);
    entry->description = facts->description;
    if (facts->error && facts->error->message[0] != '\0')
        entry->description =
            first_of(entry->description, dw_slice_from_text(facts->error->message));
    else if (facts->error)
        entry->description =
            first_of(entry->description, dw_slice_from_text(dw_code_row(facts->error->code)->text));
    entry->organization_id = facts->organization_id;
    entry->organization_name = facts->organization_name;
    entry->audience = facts->audience;
    entry->hostname = tenant->host;
    if (facts->details_json.len <= MAX_DETAILS_BYTES)
        entry->details_json = facts->details_json;
    if (!call)
        return;
    entry->ip = call->peer_address;
    entry->user_agent = dw_http_field(call->fields, "user-agent");
    entry->client_id = first_of(entry->client_id, call->client_id);
    entry->user_id = first_of(entry->user_id, call->user_id);
}

/* Every text of an entry but its details. */
static const size_t text_offsets[] = {
    offsetof(struct dw_log_entry, type),
    offsetof(struct dw_log_entry, description),
    offsetof(struct dw_log_entry, connection),
    offsetof(struct dw_log_entry, connection_id),
    offsetof(struct dw_log_entry, strategy),
    offsetof(struct dw_log_entry, client_id),
    offsetof(struct dw_log_entry, client_name),
    offsetof(struct dw_log_entry, user_id),
    offsetof(struct dw_log_entry, user_name),
    offsetof(struct dw_log_entry, organization_id),
    offsetof(struct dw_log_entry, organization_name),
    offsetof(struct dw_log_entry, audience),
    offsetof(struct dw_log_entry, scope),
    offsetof(struct dw_log_entry, ip),
    offsetof(struct dw_log_entry, user_agent),
    offsetof(struct dw_log_entry, hostname),
};
#define TEXT_COUNT (sizeof text_offsets / sizeof *text_offsets)

static struct dw_slice *text_at(struct dw_log_entry *entry, size_t i)
{
    return (struct dw_slice *)(void *)((char *)entry + text_offsets[i]);
}

static void move_text(struct dw_slice *text, char **place)
{
    if (text->len > 0)
        memcpy(*place, text->ptr, text->len);
    text->ptr = *place;
    *place += text->len;
}

/* A copy with all its texts in one piece of memory; NULL when there is none. */
static struct queued *copy_entry(struct dw_log_entry *entry)
{
    size_t size = sizeof(struct queued) + entry->details_json.len;
    struct queued *queued;
    char *place;

    for (size_t i = 0; i < TEXT_COUNT; i++) {
        *text_at(entry, i) = dw_text_head(*text_at(entry, i), MAX_TEXT_BYTES);
        size += text_at(entry, i)->len;
    }
    queued = dw_mem_alloc(size);
    if (!queued)
        return NULL;
    queued->next = NULL;
    queued->entry = *entry;
    place = (char *)(queued + 1);
    for (size_t i = 0; i < TEXT_COUNT; i++)
        move_text(text_at(&queued->entry, i), &place);
    move_text(&queued->entry.details_json, &place);
    return queued;
}

/* ---- the queue ---- */

void dw_audit_write(struct dw_tenant *tenant, const struct dw_tenant_call *call,
                    const struct dw_audit_facts *facts)
{
    struct dw_audit_log *log = tenant->audit;
    struct dw_log_entry entry = {0};
    char scope[MAX_TEXT_BYTES];
    struct queued *queued;

    if (!log)
        return;
    fill_entry(tenant, call, facts, &entry);
    entry.scope = join(facts->scopes, scope, sizeof scope);
    queued = copy_entry(&entry);
    pthread_mutex_lock(&log->lock);
    while (queued && log->count >= MAX_QUEUED && !log->is_disk_gone)
        pthread_cond_wait(&log->has_changed, &log->lock);
    if (queued && log->count < MAX_QUEUED) {
        *log->end = queued;
        log->end = &queued->next;
        log->count++;
        queued = NULL;
        if (log->count == 1 || log->count == MAX_BATCH) /* else it wakes by itself */
            pthread_cond_signal(&log->has_work);
    } else {
        log->lost++;
    }
    pthread_mutex_unlock(&log->lock);
    dw_mem_free(queued);
}

/* Waits for so long, or until there is a reason to hurry: so many entries, or somebody waits. */
static void wait_ms(struct dw_audit_log *log, int64_t ms, size_t enough)
{
    int64_t until_ms = dw_sys_wall_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

    while (!log->is_stopping && !log->is_wanted_now && log->count < enough &&
           pthread_cond_timedwait(&log->has_work, &log->lock, &until) == 0)
        ;
}

/* Up to MAX_BATCH off the queue, as an array for the store. */
static size_t take_batch(struct dw_audit_log *log, struct queued **ret_batch,
                         struct dw_log_entry *ret_entries)
{
    struct queued **end = ret_batch;
    size_t count = 0;

    *ret_batch = log->first;
    for (; *end && count < MAX_BATCH; end = &(*end)->next)
        ret_entries[count++] = (*end)->entry;
    log->first = *end;
    if (!log->first)
        log->end = &log->first;
    *end = NULL;
    return count;
}

static void free_batch(struct queued *batch)
{
    while (batch) {
        struct queued *next = batch->next;

        dw_mem_free(batch);
        batch = next;
    }
}

static void put_back(struct dw_audit_log *log, struct queued *batch)
{
    struct queued **end = &batch;

    while (*end)
        end = &(*end)->next;
    *end = log->first;
    if (!log->first)
        log->end = end;
    log->first = batch;
}

static void settle(struct dw_audit_log *log, struct queued *batch, size_t count,
                   const struct dw_error *error)
{
    int64_t lost = log->lost;

    if (error->code != DW_OK) {
        if (!log->is_disk_gone)
            dw_log_error(log->tenant->log, "audit_write_failed", error);
        log->is_disk_gone = true;
        put_back(log, batch);
        pthread_cond_broadcast(&log->has_changed);
        log->is_wanted_now = false; /* it was told */
        wait_ms(log, RETRY_MS, SIZE_MAX);
        return;
    }
    log->is_disk_gone = false;
    log->lost = 0;
    log->count -= count;
    pthread_cond_broadcast(&log->has_changed);
    free_batch(batch);
    if (lost > 0)
        dw_log(log->tenant->log, DW_LOG_ERROR, "audit_entries_lost", DW_I("count", lost));
}

static void *write_on(void *user)
{
    static const struct dw_error none = {.code = DW_OK};
    struct dw_audit_log *log = user;
    struct dw_log_entry *entries = dw_mem_alloc(MAX_BATCH * sizeof *entries);

    pthread_mutex_lock(&log->lock);
    while (entries) {
        struct dw_error error = none;
        struct queued *batch = NULL;
        size_t count;

        while (!log->first && !log->is_stopping)
            pthread_cond_wait(&log->has_work, &log->lock);
        if (!log->first)
            break;
        wait_ms(log, GATHER_MS, MAX_BATCH);
        count = take_batch(log, &batch, entries);
        pthread_mutex_unlock(&log->lock);
        if (!dw_store_add_log_entries(log->tenant->store, entries, count, &error) &&
            error.code == DW_OK)
            error.code = DW_UNAVAILABLE;
        pthread_mutex_lock(&log->lock);
        settle(log, batch, count, &error);
        if (log->is_stopping && log->is_disk_gone)
            break;
    }
    log->is_disk_gone = log->is_disk_gone || !entries;
    pthread_cond_broadcast(&log->has_changed);
    pthread_mutex_unlock(&log->lock);
    dw_mem_free(entries);
    return NULL;
}

struct dw_audit_log *dw_audit_open(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_audit_log *log = dw_mem_new(sizeof *log);

    if (!log) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    log->tenant = tenant;
    log->end = &log->first;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->has_work, NULL);
    pthread_cond_init(&log->has_changed, NULL);
    if (pthread_create(&log->thread, NULL, write_on, log) == 0)
        return log;
    dw_mem_free(log);
    (void)dw_fail(reterr, DW_UNAVAILABLE, "cannot start a thread");
    return NULL;
}

void dw_audit_close(struct dw_audit_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->is_stopping = true;
    pthread_cond_signal(&log->has_work);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    if (log->count + (size_t)log->lost > 0)
        dw_log(log->tenant->log, DW_LOG_ERROR, "audit_entries_lost",
               DW_I("count", (int64_t)log->count + log->lost));
    free_batch(log->first);
    pthread_cond_destroy(&log->has_work);
    pthread_cond_destroy(&log->has_changed);
    pthread_mutex_destroy(&log->lock);
    dw_mem_free(log);
}

void dw_audit_flush(struct dw_tenant *tenant)
{
    struct dw_audit_log *log = tenant->audit;

    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->is_wanted_now = true;
    pthread_cond_signal(&log->has_work);
    while (log->count > 0 && !log->is_disk_gone)
        pthread_cond_wait(&log->has_changed, &log->lock);
    log->is_wanted_now = false;
    pthread_mutex_unlock(&log->lock);
}
