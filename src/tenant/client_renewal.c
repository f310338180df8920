/* Renewing metadata documents; see client_renewal_internal.h. */
#include "tenant/client_renewal_internal.h"

#include <pthread.h>

#include "base/mem.h"
#include "oauth/client_metadata_document.h"
#include "tenant/clients_internal.h"
#include "tenant/settings_internal.h"

struct dw_client_renewals {
    pthread_mutex_t lock;
    size_t count;
    struct {
        char text[DW_CIMD_URL_MAX_BYTES];
        size_t len;
    } ids[DW_CLIENT_RENEWALS_MAX];
};

struct dw_client_renewals *dw_client_renewals_new(struct dw_error *reterr)
{
    struct dw_client_renewals *renewals = dw_mem_new(sizeof *renewals);

    if (renewals)
        pthread_mutex_init(&renewals->lock, NULL);
    else
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return renewals;
}

void dw_client_renewals_free(struct dw_client_renewals *renewals)
{
    if (!renewals)
        return;
    pthread_mutex_destroy(&renewals->lock);
    dw_mem_free(renewals);
}

static void want(struct dw_client_renewals *renewals, struct dw_slice id)
{
    bool is_known = id.len > DW_CIMD_URL_MAX_BYTES;

    pthread_mutex_lock(&renewals->lock);
    for (size_t at = 0; !is_known && at < renewals->count; at++)
        is_known = dw_slice_eq(id, dw_slice_from(renewals->ids[at].text, renewals->ids[at].len));
    if (!is_known && renewals->count < DW_CLIENT_RENEWALS_MAX) {
        memcpy(renewals->ids[renewals->count].text, id.ptr, id.len);
        renewals->ids[renewals->count++].len = id.len;
    }
    pthread_mutex_unlock(&renewals->lock);
}

bool dw_client_check_document(struct dw_tenant_call *call, const struct dw_oauth_client *client,
                              struct dw_error *reterr)
{
    if (client->kind != DW_CLIENT_CIMD || client->document_expires_at_s > call->now_s)
        return true;
    want(call->tenant->renewals, client->id);
    return call->now_s - client->document_expires_at_s < DW_CIMD_STALE_S ||
           dw_fail(reterr, DW_INVALID_GRANT,
                   "The application's metadata document could not be had for too long.");
}

bool dw_client_renewals_are_wanted(struct dw_client_renewals *renewals)
{
    bool are_wanted;

    pthread_mutex_lock(&renewals->lock);
    are_wanted = renewals->count > 0;
    pthread_mutex_unlock(&renewals->lock);
    return are_wanted;
}

/* The newest first: the order does not matter. Empty: none is left. */
static bool take(struct dw_client_renewals *renewals, struct dw_arena *arena,
                 struct dw_slice *ret_id)
{
    *ret_id = DW_EMPTY;
    pthread_mutex_lock(&renewals->lock);
    if (renewals->count > 0) {
        renewals->count--;
        *ret_id = dw_arena_copy(arena, dw_slice_from(renewals->ids[renewals->count].text,
                                                     renewals->ids[renewals->count].len));
    }
    pthread_mutex_unlock(&renewals->lock);
    return ret_id->len > 0;
}

/* RFC 9110 section 15.5: 410 means for good; 404 also comes of a mistake in a deployment, and
 * counts when it is still the answer a day after the document's time. */
static bool is_gone(const struct dw_error *error, int64_t expired_since_s)
{
    return error->library_code == 410 ||
           (error->library_code == 404 && expired_since_s >= DW_CIMD_STALE_S);
}

static bool renew(struct dw_tenant_call *call, struct dw_slice id, struct dw_error *reterr)
{
    struct dw_rate rate = {.space = DW_LIT("client_renewal"),
                           .key = id,
                           .limit = 1,
                           .window_s = DW_CIMD_RENEWAL_PAUSE_S};
    struct dw_oauth_client *known, *renewed;
    struct dw_error error = {0};
    bool is_allowed = false;

    if (!dw_tenant_settings(call->tenant, call->arena, &call->settings, reterr) ||
        !dw_store_rate_take(call->tenant->store, &rate, call->now_s, &is_allowed, reterr) ||
        !dw_store_client(call->tenant->store, id, call->arena, &known, reterr))
        return false;
    if (!is_allowed || !known || known->kind != DW_CLIENT_CIMD ||
        known->document_expires_at_s > call->now_s)
        return true;
    if (dw_client_document_renew(call, id, known, &renewed, &error))
        return true;
    *reterr = error;
    if (is_gone(&error, call->now_s - known->document_expires_at_s))
        (void)!dw_store_delete_client(call->tenant->store, id, call->now_s, reterr);
    return false;
}

void dw_client_renewals_run(struct dw_tenant *tenant)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(DW_TENANT_CALL_BYTES);
    struct dw_error error = {0};
    struct dw_slice id;

    while (arena && take(tenant->renewals, arena, &id)) {
        struct dw_tenant_call call = {
            .tenant = tenant, .arena = arena, .now_s = tenant->now_s(), .client_id = id};

        if (!renew(&call, id, &error))
            dw_log_error(tenant->log, "client_document_renewal_failed", &error);
        dw_arena_reset(arena);
    }
}
