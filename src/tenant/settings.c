/* Reading, keeping and changing the settings; see settings_internal.h. */
#include "tenant/settings_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "store/documents.h"
#include "sys/sys.h"
#include "json/json_merge.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define LOOK_AGAIN_MS 500

struct dw_settings_cache {
    pthread_mutex_t lock;
    struct dw_arena *arena; /* of what `settings` points to; another one after each change */
    struct dw_tenant_settings settings;
    int64_t version;
    int64_t looked_at_ms;
};

/* ---- what the file says ---- */

/* A row of the configuration, and the setting that it is. */
static const struct override {
    const struct dw_fields *fields;
    const char *row;
    const char *path[2];
    bool is_hours;
} overrides[] = {
    {&dw_tenant_fields, "default_audience", {"default_audience", NULL}, false},
    {&dw_tenant_fields, "allowed_logout_urls", {"allowed_logout_urls", NULL}, false},
    {&dw_tenant_fields, "session_ttl_s", {"session_lifetime", NULL}, true},
    {&dw_tenant_fields, "session_idle_ttl_s", {"idle_session_lifetime", NULL}, true},
    {&dw_tenant_fields,
     "allow_metadata_documents",
     {"client_id_metadata_document_supported", NULL},
     false},
    {&dw_tenant_dcr_fields,
     "security_mode",
     {"dynamic_client_registration_security_mode", NULL},
     false},
    {&dw_tenant_dcr_fields, "enabled", {"flags", "enable_dynamic_client_registration"}, false},
};
#define OVERRIDE_COUNT (sizeof overrides / sizeof *overrides)

/* Said, or brought by `doorward dev`, which sets members without a file. */
static bool is_said(const struct dw_tenant_config *config, const struct override *override,
                    const struct dw_field *field)
{
    const void *member = (const char *)config + field->offset;

    if (dw_fields_is_said(override->fields, override->row, config))
        return true;
    switch ((int)field->kind) {
    case DW_FIELD_TEXT:
        return ((const struct dw_slice *)member)->len > 0;
    case DW_FIELD_TEXTS:
        return ((const struct dw_slices *)member)->count > 0;
    case DW_FIELD_BOOL:
        return *(const bool *)member != (field->standard != 0);
    case DW_FIELD_ENUM:
        return *(const int *)member != (int)field->standard;
    default:
        return *(const int64_t *)member != field->standard;
    }
}

static void write_member(struct dw_json_writer *json, const struct dw_field *field,
                         const void *member, bool is_hours)
{
    switch ((int)field->kind) {
    case DW_FIELD_TEXT:
        dw_json_write_text(json, *(const struct dw_slice *)member);
        break;
    case DW_FIELD_TEXTS:
        dw_json_write_array_start(json);
        for (size_t i = 0; i < ((const struct dw_slices *)member)->count; i++)
            dw_json_write_text(json, ((const struct dw_slices *)member)->items[i]);
        dw_json_write_array_end(json);
        break;
    case DW_FIELD_BOOL:
        dw_json_write_bool(json, *(const bool *)member);
        break;
    case DW_FIELD_ENUM:
        dw_json_write_text(json, dw_slice_from_text(field->choices[*(const int *)member]));
        break;
    default:
        if (is_hours && *(const int64_t *)member % 3600 == 0)
            dw_json_write_int(json, *(const int64_t *)member / 3600);
        else
            dw_json_write_double(json, (double)*(const int64_t *)member / 3600.0);
    }
}

/* As a patch on the tenant's document. */
static bool write_overrides(const struct dw_tenant_config *config, struct dw_arena *arena,
                            struct dw_slice *ret_patch, struct dw_error *reterr)
{
    struct dw_buf buf = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&buf);

    dw_json_write_object_start(&json);
    for (size_t i = 0; i < OVERRIDE_COUNT; i++) {
        const struct override *override = &overrides[i];
        const struct dw_field *field =
            dw_fields_find(override->fields, dw_slice_from_text(override->row));

        if (!is_said(config, override, field))
            continue;
        dw_json_write_key(&json, dw_slice_from_text(override->path[0]));
        if (override->path[1]) { /* there is one such row */
            dw_json_write_object_start(&json);
            dw_json_write_key(&json, dw_slice_from_text(override->path[1]));
        }
        write_member(&json, field, (const char *)config + field->offset, override->is_hours);
        if (override->path[1])
            dw_json_write_object_end(&json);
    }
    dw_json_write_object_end(&json);
    return dw_buf_finish(&buf, ret_patch, reterr);
}

/* ---- what is in force ---- */

static struct dw_slice name_of(enum dw_settings_document document)
{
    return dw_slice_from_text(dw_settings_document_names[document]);
}

static bool merge_all(const struct dw_tenant *tenant, enum dw_settings_document document,
                      struct dw_slice stored, struct dw_arena *arena, struct dw_slice *ret_json,
                      struct dw_error *reterr)
{
    struct dw_slice said;

    *ret_json = dw_settings_standard(document);
    if (stored.len > 0 && !dw_json_merge(*ret_json, stored, arena, ret_json, reterr))
        return false;
    return document != DW_SETTINGS_TENANT ||
           (write_overrides(&tenant->config, arena, &said, reterr) &&
            dw_json_merge(*ret_json, said, arena, ret_json, reterr));
}

bool dw_tenant_settings_document(const struct dw_tenant *tenant, enum dw_settings_document document,
                                 struct dw_arena *arena, struct dw_slice *ret_json,
                                 struct dw_error *reterr)
{
    struct dw_slice stored;

    return dw_store_document(tenant->store, name_of(document), arena, &stored, reterr) &&
           merge_all(tenant, document, stored, arena, ret_json, reterr);
}

static bool read_all(const struct dw_tenant *tenant, struct dw_arena *arena,
                     struct dw_tenant_settings *settings, struct dw_error *reterr)
{
    for (int i = 0; i < DW_SETTINGS_DOCUMENT_COUNT; i++) {
        struct dw_slice json;

        if (!dw_tenant_settings_document(tenant, (enum dw_settings_document)i, arena, &json,
                                         reterr) ||
            !dw_settings_read((enum dw_settings_document)i, json, arena, settings, reterr))
            return false;
    }
    if (settings->friendly_name.len == 0)
        settings->friendly_name = tenant->host;
    return true;
}

/* ---- the cache ---- */

static bool refresh(const struct dw_tenant *tenant, struct dw_settings_cache *cache,
                    struct dw_error *reterr)
{
    struct dw_tenant_settings settings = {0};
    struct dw_arena *arena;
    int64_t version = 0;

    /* The version first: a change in between is seen again, not missed. */
    if (!dw_store_documents_version(tenant->store, &version, reterr))
        return false;
    cache->looked_at_ms = dw_sys_monotonic_ms();
    if (cache->arena && version == cache->version)
        return true;
    arena = dw_arena_new(ARENA_BYTES);
    if (!arena)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!read_all(tenant, arena, &settings, reterr)) {
        dw_arena_free(arena);
        return false;
    }
    if (cache->arena)
        dw_arena_free(cache->arena);
    cache->arena = arena;
    cache->settings = settings;
    cache->version = version;
    return true;
}

struct dw_settings_cache *dw_settings_cache_open(const struct dw_tenant *tenant,
                                                 struct dw_error *reterr)
{
    struct dw_settings_cache *cache = dw_mem_new(sizeof *cache);

    if (!cache) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    if (refresh(tenant, cache, reterr))
        return cache;
    dw_settings_cache_close(cache);
    return NULL;
}

void dw_settings_cache_close(struct dw_settings_cache *cache)
{
    if (!cache)
        return;
    if (cache->arena)
        dw_arena_free(cache->arena);
    pthread_mutex_destroy(&cache->lock);
    dw_mem_free(cache);
}

bool dw_tenant_settings_refresh(const struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_settings_cache *cache = tenant->settings_cache;
    bool is_fresh;

    pthread_mutex_lock(&cache->lock);
    is_fresh = refresh(tenant, cache, reterr);
    pthread_mutex_unlock(&cache->lock);
    return is_fresh;
}

bool dw_tenant_settings(const struct dw_tenant *tenant, struct dw_arena *arena,
                        const struct dw_tenant_settings **ret_settings, struct dw_error *reterr)
{
    struct dw_settings_cache *cache = tenant->settings_cache;
    struct dw_tenant_settings *copy = DW_ARENA_NEW(arena, struct dw_tenant_settings);
    struct dw_error error = {0};
    bool is_copied;

    if (!copy)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&cache->lock);
    /* A store that cannot be read now, or says what this version does not understand: the old
     * settings stay, and what else the call needs of the store fails by itself. */
    if (dw_sys_monotonic_ms() - cache->looked_at_ms >= LOOK_AGAIN_MS &&
        !refresh(tenant, cache, &error))
        dw_log_error(tenant->log, "settings_not_read", &error);
    is_copied = dw_settings_copy(&cache->settings, arena, copy, reterr);
    pthread_mutex_unlock(&cache->lock);
    *ret_settings = copy;
    return is_copied;
}

/* ---- changing ---- */

static bool check_overrides(const struct dw_tenant *tenant, struct dw_slice patch,
                            struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_json *changes = NULL;

    if (!dw_json_parse(patch, arena, &changes, reterr))
        return false;
    for (size_t i = 0; i < OVERRIDE_COUNT; i++) {
        const struct override *override = &overrides[i];
        const struct dw_field *field =
            dw_fields_find(override->fields, dw_slice_from_text(override->row));

        if (dw_json_path(changes, override->path[0], override->path[1], NULL) &&
            is_said(&tenant->config, override, field))
            return dw_fail(reterr, DW_CONFLICT,
                           "%s is set by the configuration file (%s %s), which wins: change it "
                           "there",
                           override->path[1] ? override->path[1] : override->path[0],
                           override->fields == &dw_tenant_fields ? "[tenant]" : "[auth.dcr]",
                           override->row);
    }
    return true;
}

bool dw_tenant_settings_patch(const struct dw_tenant *tenant, enum dw_settings_document document,
                              struct dw_slice patch, struct dw_arena *arena,
                              struct dw_error *reterr)
{
    struct dw_tenant_settings checked = {0};
    struct dw_slice stored, json;

    if (document == DW_SETTINGS_TENANT && !check_overrides(tenant, patch, arena, reterr))
        return false;
    if (!dw_store_document(tenant->store, name_of(document), arena, &stored, reterr) ||
        !dw_json_merge(stored.len > 0 ? stored : DW_LIT("{}"), patch, arena, &stored, reterr) ||
        !merge_all(tenant, document, stored, arena, &json, reterr) ||
        !dw_settings_read(document, json, arena, &checked, reterr))
        return false;
    return dw_store_put_document(tenant->store, name_of(document), stored, tenant->now_s(),
                                 reterr) &&
           dw_tenant_settings_refresh(tenant, reterr);
}
