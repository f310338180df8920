/* Opening and closing a tenant, and what it does by itself once a minute. */
#include "tenant/tenant_internal.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/url.h"
#include "store/connections.h"
#include "store/logs.h"
#include "sys/sys.h"
#include "tenant/account/mail_sender_internal.h"
#include "tenant/audit_internal.h"
#include "tenant/client_keys_internal.h"
#include "tenant/client_renewal_internal.h"
#include "tenant/factor/mfa_internal.h"
#include "tenant/secrets_internal.h"
#include "tenant/seed_internal.h"
#include "tenant/settings_internal.h"
#include "tenant/token/dead_families_internal.h"

#define TENANT_ARENA_BYTES ((size_t)1024 * 1024)
#define BEAT_MS 1000
#define BEATS_TO_HOUSEKEEPING 60
#define VISITS_PER_HOUR 10000

/* RFC 8414 section 2: https, no query, no fragment. Endpoints are at fixed paths, so the issuer has
 * none of its own. */
static bool check_issuer(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_slice issuer = tenant->config.issuer;
    struct dw_url url;
    struct dw_slice origin;

    if (!dw_url_parse(issuer, &url, NULL) || url.has_query || url.has_fragment ||
        url.has_userinfo || !dw_slice_eq(url.path, DW_LIT("/")))
        return dw_fail(reterr, DW_CONFIG,
                       "[tenant] issuer must be a URL like https://login.example.com/ with nothing "
                       "after its slash; it is \"%.*s\"",
                       DW_PRINT(issuer));
    tenant->is_https = dw_url_has_scheme(&url, "https");
    if (!tenant->is_https &&
        !(dw_url_has_scheme(&url, "http") && dw_url_is_loopback_host(url.host)))
        return dw_fail(reterr, DW_CONFIG,
                       "[tenant] issuer must be https unless it is on loopback; it is \"%.*s\"",
                       DW_PRINT(issuer));
    if (!dw_url_origin(&url, tenant->arena, &origin, reterr))
        return false;
    if (origin.len + 1 != issuer.len || !dw_slice_starts_with(issuer, origin))
        return dw_fail(reterr, DW_CONFIG, "[tenant] issuer must be written \"%.*s/\"",
                       DW_PRINT(origin));
    tenant->host = dw_slice_sub(origin, tenant->is_https ? 8 : 7, origin.len);
    tenant->is_on_loopback = dw_url_is_loopback_host(url.host);
    return true;
}

/* Who can write to the folder can put another store or key in place of ours, whatever the modes of
 * the files. Refused and not closed: it may be one that others need, as /tmp. */
static bool check_folder(const char *path, struct dw_error *reterr)
{
    struct stat info;
    bool is_open;

    if (stat(path, &info) != 0)
        return dw_fail(reterr, DW_CONFIG, "cannot look at the directory %s", path);
    is_open = (info.st_mode & S_IWOTH) != 0 ||
              ((info.st_mode & S_IWGRP) != 0 && info.st_gid != getegid());
    return !is_open || dw_fail(reterr, DW_CONFIG,
                               "others can write to the state_dir; run: chmod go-w %s (or name a "
                               "directory of its own in there)",
                               path);
}

static bool open_store(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_slice folder = dw_arena_copy(tenant->arena, tenant->config.state_dir);
    struct dw_slice path = dw_arena_printf(tenant->arena, "%.*s/tenant.db", DW_PRINT(folder));
    struct dw_store_config config = {
        .size = sizeof config, .path = path.ptr, .busy_wait_ms = tenant->busy_wait_ms};

    if (!folder.ptr || !path.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sys_make_folder(folder.ptr, reterr) || !check_folder(folder.ptr, reterr) ||
        !dw_master_key_open(&tenant->config, tenant->master_key, reterr) ||
        !dw_master_key_derive(tenant->master_key, "refresh-token-successor", tenant->refresh_key,
                              reterr) ||
        !dw_master_key_derive(tenant->master_key, "dpop-nonce", tenant->dpop_key, reterr))
        return false;
    tenant->store = dw_store_open(&config, reterr);
    return tenant->store != NULL;
}

/* Auth0's tenants have it from the start. Of the domain, so that MCP clients that registered
 * themselves can log people in without more ado. */
static bool make_first_connection(struct dw_tenant *tenant, struct dw_error *reterr)
{
    static const struct dw_slice realm = {DW_TENANT_CONNECTION, sizeof DW_TENANT_CONNECTION - 1};
    struct dw_connection_record connection = {
        .id = dw_tenant_random_id(tenant->arena, "con_", 16),
        .name = realm,
        .strategy = DW_STRATEGY_AUTH0,
        .options_json = dw_connection_standard_options(DW_STRATEGY_AUTH0),
        .realms = {&realm, 1},
        .is_domain_connection = true,
        .is_active = true,
        .created_at_s = tenant->now_s(),
        .updated_at_s = tenant->now_s(),
    };

    if (!connection.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_store_add_first_connection(tenant->store, &connection, reterr);
}

static bool open_parts(struct dw_tenant *tenant, struct dw_error *reterr)
{
    struct dw_secret master = {
        dw_slice_from((const char *)tenant->master_key, sizeof tenant->master_key)};

    if (!check_issuer(tenant, reterr))
        return false;
    if (!dw_mail_open(tenant, reterr) || !dw_tenant_proxies_open(tenant, reterr) ||
        !open_store(tenant, reterr))
        return false;
    tenant->audit = dw_audit_open(tenant, reterr);
    tenant->settings_cache = tenant->audit ? dw_settings_cache_open(tenant, reterr) : NULL;
    if (!tenant->settings_cache || !make_first_connection(tenant, reterr))
        return false;
    tenant->keyring = dw_keyring_open(tenant->store, master, tenant->host, tenant->now_s(), reterr);
    tenant->client_keys = tenant->keyring ? dw_client_keys_cache_new(reterr) : NULL;
    tenant->issuer_keys = tenant->client_keys ? dw_client_keys_cache_new(reterr) : NULL;
    tenant->renewals = tenant->issuer_keys ? dw_client_renewals_new(reterr) : NULL;
    tenant->dead_families =
        tenant->renewals ? dw_dead_families_new(DW_DEAD_FAMILIES_MAX, reterr) : NULL;
    return tenant->dead_families &&
           dw_dead_families_watch(tenant->dead_families, tenant->store, reterr) &&
           dw_mfa_seed_api(tenant, reterr) && dw_tenant_seed(tenant, reterr);
}

struct dw_tenant *dw_tenant_open_store(const struct dw_tenant_config *config, int64_t busy_wait_ms,
                                       struct dw_error *reterr)
{
    struct dw_tenant *tenant = dw_mem_new(sizeof *tenant);

    if (!tenant) {
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    tenant->config = *config;
    tenant->busy_wait_ms = busy_wait_ms;
    tenant->now_s = dw_sys_wall_s;
    tenant->visits_per_hour = VISITS_PER_HOUR;
    tenant->arena = dw_arena_new(TENANT_ARENA_BYTES);
    if (!tenant->arena)
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!tenant->arena || !open_parts(tenant, reterr)) {
        dw_tenant_close(tenant);
        return NULL;
    }
    return tenant;
}

/* Removes what has expired. */
static bool keep_house(struct dw_tenant *tenant, struct dw_error *reterr)
{
    int64_t oldest_ms = (tenant->now_s() - tenant->config.log_retention_s) * 1000;

    return dw_store_purge(tenant->store, tenant->now_s(), reterr) &&
           dw_store_purge_log(tenant->store, oldest_ms, tenant->config.log_max_mb * 1024 * 1024,
                              reterr);
}

/* Keys that another process rotated or revoked, and replays, count within a second; the rest has
 * time. */
static void beat(void *user)
{
    struct dw_tenant *tenant = user;
    struct dw_error error = {0};

    if (!dw_keyring_watch(tenant->keyring, &error) ||
        !dw_dead_families_watch(tenant->dead_families, tenant->store, &error) ||
        (tenant->beats % BEATS_TO_HOUSEKEEPING == 0 && !keep_house(tenant, &error)))
        dw_log_error(tenant->log, "tenant_housekeeping_failed", &error);
}

static void beat_done(void *user)
{
    ((struct dw_tenant *)user)->is_beating = false;
}

static void renew(void *user)
{
    dw_client_renewals_run(user);
}

static void renew_done(void *user)
{
    ((struct dw_tenant *)user)->is_renewing = false;
}

static void start_beat(void *user)
{
    struct dw_tenant *tenant = user;

    if (!tenant->is_renewing && dw_client_renewals_are_wanted(tenant->renewals))
        tenant->is_renewing =
            dw_job_run(dw_net_loop(tenant->net, 0), DW_POOL_FETCH, renew, renew_done, tenant, NULL);
    if (tenant->is_beating)
        return;
    tenant->beats++;
    /* A full queue: the next second comes. */
    tenant->is_beating =
        dw_job_run(dw_net_loop(tenant->net, 0), DW_POOL_STORE, beat, beat_done, tenant, NULL);
}

struct dw_tenant *dw_tenant_open(struct dw_net *net, const struct dw_tenant_config *config,
                                 struct dw_error *reterr)
{
    struct dw_tenant *tenant = dw_tenant_open_store(config, 0, reterr);

    if (!tenant)
        return NULL;
    tenant->net = net;
    tenant->log = dw_loop_log(dw_net_loop(net, 0));
    tenant->metrics = dw_loop_metrics(dw_net_loop(net, 0));
    tenant->listener = dw_tenant_listen(tenant, reterr);
    tenant->timer = tenant->listener
                        ? dw_timer_new(dw_net_loop(net, 0), BEAT_MS, BEAT_MS, start_beat, tenant)
                        : NULL;
    if (tenant->listener && !tenant->timer)
        (void)dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!tenant->timer || !dw_mail_sender_start(tenant, reterr)) {
        dw_tenant_close(tenant);
        return NULL;
    }
    return tenant;
}

void dw_tenant_close(struct dw_tenant *tenant)
{
    if (!tenant)
        return;
    if (tenant->timer)
        dw_timer_free(tenant->timer);
    dw_mail_sender_stop(tenant);
    dw_tenant_listener_free(tenant->listener);
    dw_client_keys_cache_free(tenant->client_keys);
    dw_client_keys_cache_free(tenant->issuer_keys);
    dw_client_renewals_free(tenant->renewals);
    dw_dead_families_free(tenant->dead_families);
    dw_audit_close(tenant->audit);
    dw_settings_cache_close(tenant->settings_cache);
    dw_keyring_free(tenant->keyring);
    if (tenant->store)
        dw_store_close(tenant->store);
    if (tenant->arena)
        dw_arena_free(tenant->arena);
    dw_mem_free_secret(tenant, sizeof *tenant);
}

struct dw_jwks *dw_tenant_keys(void *tenant)
{
    return dw_keyring_jwks(((struct dw_tenant *)tenant)->keyring);
}

bool dw_tenant_token_is_dead(void *tenant, struct dw_slice token_id)
{
    struct dw_tenant *self = tenant;

    return dw_dead_families_have(self->dead_families, self->store, token_id);
}
