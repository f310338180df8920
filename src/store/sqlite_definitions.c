/* What every request asks for and few change: rows of applications, APIs and client grants, kept in
 * memory as they were read. The triggers of definition_version move one number with every change of
 * theirs, whichever process makes it; rows count only beside the number they were read under. */
#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/sqlite_internal.h"

#define MAX_ANSWERS 4096
#define MAX_BYTES ((size_t)8 * 1024 * 1024)
#define MAX_KEY_BYTES 1024 /* an address, an application and an API */

struct answer {
    void *records;
    size_t count;
};

struct dw_definitions {
    pthread_mutex_t lock; /* guards all below */
    struct dw_hash_seed seed;
    struct dw_map *answers; /* by statement and arguments */
    struct dw_arena *arena; /* of all answers */
    int64_t version;
};

/* ---- the version ---- */

/* What this thread has seen of it since its moment began. */
static _Thread_local struct {
    bool is_under_way;
    const struct dw_store *store; /* NULL: it has not looked yet */
    int64_t version;
} moment;

void dw_store_moment_start(void)
{
    moment.is_under_way = true;
    moment.store = NULL;
}

void dw_store_moment_end(void)
{
    moment.is_under_way = false;
    moment.store = NULL;
}

void dw_store_moment_look_again(void)
{
    moment.store = NULL;
}

static bool look(struct dw_store *store, int64_t *ret_version, struct dw_error *reterr)
{
    dw_auto(dw_reader_done) struct dw_reader reader = {0};

    if (moment.store == store) {
        *ret_version = moment.version;
        return true;
    }
    if (!dw_reader_start(&reader, store, reterr) ||
        !dw_sql_number(reader.connection, "SELECT version FROM definition_version WHERE id = 1",
                       DW_SQL_NO_ARGS, ret_version, reterr))
        return false;
    moment.store = moment.is_under_way ? store : NULL;
    moment.version = *ret_version;
    return true;
}

/* ---- answers ---- */

/* The statement's address, and its arguments with their lengths. */
static bool make_key(const char *sql, struct dw_sql_args args, struct dw_arena *arena,
                     struct dw_slice *ret_key, struct dw_error *reterr)
{
    struct dw_buf key = dw_buf_in(arena);

    dw_buf_add(&key, dw_slice_from((const char *)&sql, sizeof sql));
    for (size_t at = 0; at < args.count; at++) {
        struct dw_slice bytes = args.items[at].bytes;

        dw_buf_add(&key, dw_slice_from((const char *)&bytes.len, sizeof bytes.len));
        dw_buf_add(&key, bytes);
    }
    return dw_buf_finish(&key, ret_key, reterr);
}

static bool copy_slice(struct dw_slice *slice, struct dw_arena *arena)
{
    if (slice->len > 0)
        *slice = dw_arena_copy(arena, *slice);
    return slice->len == 0 || slice->ptr;
}

static bool copy_list(struct dw_slices *list, struct dw_arena *arena)
{
    struct dw_slice *items;

    if (list->count == 0)
        return true;
    items = dw_arena_new_array(arena, list->count, sizeof *items);
    for (size_t at = 0; items && at < list->count; at++) {
        items[at] = list->items[at];
        if (!copy_slice(&items[at], arena))
            return false;
    }
    list->items = items;
    return items != NULL;
}

/* The texts of a record that was copied without them. */
static bool copy_texts(const struct dw_sql_table *table, char *record, struct dw_arena *arena)
{
    for (size_t at = 0; at < table->count; at++) {
        void *field = record + table->columns[at].offset;
        bool is_copied = true;

        switch (table->columns[at].kind) {
        case DW_SQL_LIST:
            is_copied = copy_list(field, arena);
            break;
        case DW_SQL_TEXT:
        case DW_SQL_NULLABLE:
        case DW_SQL_BLOB:
        case DW_SQL_JSON:
            is_copied = copy_slice(field, arena);
            break;
        case DW_SQL_INT:
        case DW_SQL_BOOL:
        case DW_SQL_ENUM:
        case DW_SQL_ALG:
        default:
            break;
        }
        if (!is_copied)
            return false;
    }
    return true;
}

static bool copy_answer(const struct dw_sql_table *table, struct answer answer,
                        struct dw_arena *arena, struct answer *ret_copy)
{
    char *records;

    *ret_copy = answer;
    if (answer.count == 0)
        return true;
    records = dw_arena_new_array(arena, answer.count, table->row_bytes);
    ret_copy->records = records;
    if (!records)
        return false;
    memcpy(records, answer.records, answer.count * table->row_bytes);
    for (size_t at = 0; at < answer.count; at++)
        if (!copy_texts(table, records + at * table->row_bytes, arena))
            return false;
    return true;
}

/* With the lock held: forgets everything. */
static void start_over(struct dw_definitions *definitions, int64_t version)
{
    dw_map_free(definitions->answers);
    dw_arena_reset(definitions->arena);
    definitions->answers = dw_map_new(&definitions->seed, MAX_ANSWERS);
    definitions->version = version;
}

/* With the lock held: an answer, when there is one of this version. */
static const struct answer *find(const struct dw_definitions *definitions, int64_t version,
                                 struct dw_slice key)
{
    return definitions->answers && definitions->version == version
               ? dw_map_get(definitions->answers, key)
               : NULL;
}

/* With the lock held. What there is no room for is read again the next time. */
static void keep(struct dw_definitions *definitions, int64_t version, struct dw_slice key,
                 const struct dw_sql_table *table, struct answer answer)
{
    struct answer *kept;

    /* Not what another thread knows of a later version, nor under names that no row has. */
    if (version < definitions->version || key.len > MAX_KEY_BYTES)
        return;
    if (version > definitions->version || !definitions->answers ||
        dw_map_count(definitions->answers) == MAX_ANSWERS)
        start_over(definitions, version);
    kept = definitions->answers ? DW_ARENA_NEW(definitions->arena, struct answer) : NULL;
    if (!kept || !copy_answer(table, answer, definitions->arena, kept) ||
        !dw_map_put(definitions->answers, key, kept))
        start_over(definitions, version);
}

bool dw_store_recall_rows(struct dw_store *store, const char *sql, struct dw_sql_args args,
                          const struct dw_sql_table *table, struct dw_arena *arena,
                          void *ret_records, size_t *ret_count, struct dw_error *reterr)
{
    struct dw_definitions *definitions = dw_store_definitions(store);
    dw_auto(dw_reader_done) struct dw_reader reader = {0};
    const struct answer *known;
    struct answer answer;
    struct dw_slice key;
    bool is_copied;
    int64_t version;

    /* The version first: what changes in between is read twice, never missed. */
    if (!make_key(sql, args, arena, &key, reterr) || !look(store, &version, reterr))
        return false;
    pthread_mutex_lock(&definitions->lock);
    known = find(definitions, version, key);
    is_copied = known && copy_answer(table, *known, arena, &answer);
    pthread_mutex_unlock(&definitions->lock);
    if (known && !is_copied)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!known) {
        if (!dw_reader_start(&reader, store, reterr) ||
            !dw_sql_read_rows(reader.connection, sql, args, table, arena, &answer.records,
                              &answer.count, reterr))
            return false;
        pthread_mutex_lock(&definitions->lock);
        keep(definitions, version, key, table, answer);
        pthread_mutex_unlock(&definitions->lock);
    }
    *(void **)ret_records = answer.records;
    *ret_count = answer.count;
    return true;
}

bool dw_store_recall_row(struct dw_store *store, const char *sql, struct dw_sql_args args,
                         const struct dw_sql_table *table, struct dw_arena *arena, void *ret_record,
                         struct dw_error *reterr)
{
    size_t count;

    return dw_store_recall_rows(store, sql, args, table, arena, ret_record, &count, reterr);
}

/* ---- opening ---- */

struct dw_definitions *dw_definitions_new(void)
{
    struct dw_definitions *definitions = dw_mem_new(sizeof *definitions);

    if (!definitions)
        return NULL;
    definitions->arena = dw_arena_new(MAX_BYTES);
    if (!definitions->arena) {
        dw_mem_free(definitions);
        return NULL;
    }
    sqlite3_randomness(sizeof definitions->seed.bytes, definitions->seed.bytes);
    pthread_mutex_init(&definitions->lock, NULL);
    return definitions;
}

void dw_definitions_free(struct dw_definitions *definitions)
{
    if (!definitions)
        return;
    dw_map_free(definitions->answers);
    dw_arena_free(definitions->arena);
    pthread_mutex_destroy(&definitions->lock);
    dw_mem_free(definitions);
}
