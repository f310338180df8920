/* The guard: made from its configuration, and the questions that need no waiting. Who calls is
 * found out in authenticate.c. */
#include "guard/guard_internal.h"

#include "base/mem.h"
#include "http/url.h"
#include "sys/sys.h"

#define GUARD_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define DEFAULT_CACHE_ENTRIES 16384
#define MAX_LEEWAY_S 300

static const struct dw_access_token no_token;
const struct dw_principal dw_guard_anybody = {&no_token, {"anybody", 7}};

static struct dw_slices copy_list(struct dw_slices list, struct dw_arena *arena)
{
    struct dw_slice *items = dw_arena_new_array(arena, list.count, sizeof *items);

    for (size_t i = 0; items && i < list.count; i++) {
        items[i] = dw_arena_copy(arena, list.items[i]);
        if (!items[i].ptr)
            return (struct dw_slices){NULL, 0};
    }
    return (struct dw_slices){items, items ? list.count : 0};
}

static bool read_algorithms(const struct dw_issuer_config *config, dw_jose_algs *ret_algorithms,
                            struct dw_error *reterr)
{
    dw_jose_algs algorithms = 0;

    for (size_t i = 0; i < config->algorithms.count; i++) {
        struct dw_slice name = config->algorithms.items[i];
        enum dw_jose_alg alg = dw_jose_alg_from(name);

        if (alg == DW_ALG_UNKNOWN)
            return dw_fail(reterr, DW_CONFIG,
                           "\"%.*s\" is no algorithm for access tokens; there are RS256 to RS512, "
                           "PS256 to PS512, ES256 to ES512 and EdDSA",
                           DW_PRINT(dw_slice_sub(name, 0, 20)));
        algorithms |= 1u << alg;
    }
    if (!algorithms)
        algorithms =
            dw_slice_eq(config->provider, DW_LIT("auth0")) ? 1u << DW_ALG_RS256 : DW_ALGS_ALL;
    *ret_algorithms = algorithms;
    return true;
}

/* RFC 9728 and OAuth 2.1 section 1.5: https, but for what never leaves this machine. */
static bool check_issuer_url(struct dw_slice text, const char *what, struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(text, &url, NULL) || !url.host.len || url.has_userinfo || url.has_query ||
        url.has_fragment)
        return dw_fail(reterr, DW_CONFIG, "the %s \"%.*s\" is not an https URL", what,
                       DW_PRINT(dw_slice_sub(text, 0, 80)));
    if (dw_url_has_scheme(&url, "https") ||
        (dw_url_has_scheme(&url, "http") && dw_url_is_loopback_host(url.host)))
        return true;
    return dw_fail(reterr, DW_CONFIG,
                   "the %s \"%.*s\" must begin with https:// (http:// is for loopback only)", what,
                   DW_PRINT(dw_slice_sub(text, 0, 80)));
}

static bool make_issuer(struct dw_guard *guard, const struct dw_guard_config *config,
                        const struct dw_issuer_config *from, struct dw_guard_issuer *to,
                        struct dw_error *reterr)
{
    struct dw_access_token_rules *rules = &to->rules;

    if (!check_issuer_url(from->issuer, "issuer", reterr))
        return false;
    rules->provider = dw_provider_find(from->provider);
    if (!rules->provider)
        return dw_fail(reterr, DW_CONFIG, "there is no provider \"%.*s\"; there are %s",
                       DW_PRINT(dw_slice_sub(from->provider, 0, 40)), dw_provider_names());
    if (!read_algorithms(from, &to->algorithms, reterr))
        return false;
    rules->issuer = dw_arena_copy(guard->arena, from->issuer);
    rules->audiences =
        copy_list(from->audiences.count ? from->audiences
                                        : (struct dw_slices){&config->protected_resource, 1},
                  guard->arena);
    rules->client_ids = copy_list(from->client_ids, guard->arena);
    rules->leeway_s = config->leeway_s;
    rules->is_typ_required = from->is_typ_required;
    rules->takes_dpop = true; /* authenticate.c asks for the proof */
    if (from->key_source)
        to->source = *from->key_source;
    if (!rules->issuer.ptr || !rules->audiences.count ||
        rules->client_ids.count != from->client_ids.count)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    to->keys = dw_issuer_keys_new(guard->net, from, &dw_keys_usual_pace, reterr);
    return to->keys != NULL;
}

static bool make_issuers(struct dw_guard *guard, const struct dw_guard_config *config,
                         struct dw_error *reterr)
{
    if (!config->is_public && config->issuer_count == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "no issuer is configured, so no token could ever be valid; set [auth] "
                       "provider and domain or issuer");
    guard->issuers = dw_arena_new_array(guard->arena, config->issuer_count, sizeof *guard->issuers);
    if (!guard->issuers)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->issuer_count; i++) {
        for (size_t j = 0; j < i; j++)
            if (dw_slice_eq(config->issuers[i].issuer, config->issuers[j].issuer))
                return dw_fail(reterr, DW_CONFIG, "the issuer \"%.*s\" is configured twice",
                               DW_PRINT(dw_slice_sub(config->issuers[i].issuer, 0, 80)));
        guard->issuer_count = i + 1;
        if (!make_issuer(guard, config, &config->issuers[i], &guard->issuers[i], reterr))
            return false;
    }
    return true;
}

static bool make_metadata(struct dw_guard *guard, const struct dw_guard_config *config,
                          struct dw_error *reterr)
{
    struct dw_slice *servers =
        dw_arena_new_array(guard->arena, guard->issuer_count, sizeof *servers);
    struct dw_resource_metadata metadata = {
        .protected_resource = config->protected_resource,
        .name = config->resource_name,
        .authorization_servers = {servers, guard->issuer_count},
        .scopes = copy_list(config->scopes_supported, guard->arena),
    };

    if (!servers)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < guard->issuer_count; i++)
        servers[i] = guard->issuers[i].rules.issuer;
    if (!metadata.scopes.count &&
        !dw_policy_scopes(&guard->policy, guard->arena, &metadata.scopes, reterr))
        return false;
    guard->challenge.scopes = config->initial_scopes.count
                                  ? copy_list(config->initial_scopes, guard->arena)
                                  : metadata.scopes;
    return dw_resource_metadata_place(config->protected_resource, guard->arena,
                                      &guard->challenge.metadata_url, &guard->metadata_path,
                                      reterr) &&
           dw_resource_metadata_render(&metadata, guard->arena, &guard->metadata, reterr);
}

static bool make_caches(struct dw_guard *guard, const struct dw_guard_config *config,
                        struct dw_error *reterr)
{
    struct dw_hash_seed seed = dw_sys_hash_seed();
    unsigned count = dw_net_loop_count(guard->net);
    size_t entries =
        config->token_cache_entries ? config->token_cache_entries : DEFAULT_CACHE_ENTRIES;

    guard->protected_resource = dw_arena_copy(guard->arena, config->protected_resource);
    guard->proofs = dw_proofs_new(&seed);
    if (!guard->protected_resource.ptr || !guard->proofs)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    guard->caches = dw_arena_new_array(guard->arena, count, sizeof(struct dw_token_cache *));
    for (unsigned i = 0; guard->caches && i < count; i++) {
        guard->caches[i] = dw_token_cache_new(&seed, entries);
        if (!guard->caches[i])
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    return guard->caches || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* Rows as deep copies, so that the caller's configuration may go. */
static bool make_policy(struct dw_guard *guard, const struct dw_guard_config *config,
                        struct dw_error *reterr)
{
    struct dw_policy_row *rows =
        dw_arena_new_array(guard->arena, config->policy_count, sizeof *rows);
    bool is_copied = rows != NULL;

    for (size_t i = 0; is_copied && i < config->policy_count; i++) {
        const struct dw_policy_row *row = &config->policy[i];

        rows[i] = (struct dw_policy_row){
            .name = dw_arena_copy(guard->arena, row->name),
            .method = dw_arena_copy(guard->arena, row->method),
            .tool = dw_arena_copy(guard->arena, row->tool),
            .prompt = dw_arena_copy(guard->arena, row->prompt),
            .resource = dw_arena_copy(guard->arena, row->resource),
            .all_scopes = copy_list(row->all_scopes, guard->arena),
            .any_scopes = copy_list(row->any_scopes, guard->arena),
            .is_deny = row->is_deny,
        };
        is_copied = rows[i].name.ptr && rows[i].method.ptr && rows[i].tool.ptr &&
                    rows[i].prompt.ptr && rows[i].resource.ptr &&
                    rows[i].all_scopes.count == row->all_scopes.count &&
                    rows[i].any_scopes.count == row->any_scopes.count;
    }
    if (!is_copied)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_policy_init(&guard->policy, rows, config->policy_count, guard->arena, reterr);
}

struct dw_guard *dw_guard_new(struct dw_net *net, const struct dw_guard_config *config,
                              struct dw_error *reterr)
{
    struct dw_guard *guard = dw_mem_new(sizeof *guard);

    if (guard)
        guard->arena = dw_arena_new(GUARD_ARENA_BYTES);
    if (!guard || !guard->arena) {
        dw_mem_free(guard);
        (void)!dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    guard->net = net;
    guard->metrics = dw_loop_metrics(dw_net_loop(net, 0));
    guard->is_public = config->is_public;
    if (config->leeway_s < 0 || config->leeway_s > MAX_LEEWAY_S)
        (void)!dw_fail(reterr, DW_CONFIG, "leeway_s must be 0 to %d", MAX_LEEWAY_S);
    else if (check_issuer_url(config->protected_resource, "public URL", reterr) &&
             make_policy(guard, config, reterr) && make_caches(guard, config, reterr) &&
             make_issuers(guard, config, reterr) && make_metadata(guard, config, reterr))
        return guard;
    dw_guard_free(guard);
    return NULL;
}

void dw_guard_free(struct dw_guard *guard)
{
    if (!guard)
        return;
    for (size_t i = 0; i < guard->issuer_count; i++)
        dw_issuer_keys_free(guard->issuers[i].keys);
    for (unsigned i = 0; guard->caches && i < dw_net_loop_count(guard->net); i++)
        dw_token_cache_free(guard->caches[i]);
    dw_proofs_free(guard->proofs);
    dw_arena_free(guard->arena);
    dw_mem_free(guard);
}

bool dw_guard_authorize(const struct dw_guard *guard, const struct dw_principal *principal,
                        const struct dw_mcp_message *message, struct dw_arena *arena,
                        struct dw_slices *ret_needed, struct dw_slice *ret_rule,
                        struct dw_error *reterr)
{
    bool is_allowed = dw_policy_decide(&guard->policy, principal->token->scopes, message, arena,
                                       ret_needed, ret_rule, reterr);
    enum dw_metric metric = is_allowed                              ? DW_METRIC_GUARD_ALLOWED
                            : reterr->code == DW_INSUFFICIENT_SCOPE ? DW_METRIC_GUARD_SCOPE
                            : reterr->code == DW_FORBIDDEN          ? DW_METRIC_GUARD_FORBIDDEN
                                                                    : DW_METRIC_GUARD_UNAVAILABLE;

    dw_metrics_add(guard->metrics, metric, 1);
    return is_allowed;
}

bool dw_guard_may_see(const struct dw_guard *guard, const struct dw_principal *principal,
                      enum dw_mcp_kind kind, struct dw_slice name)
{
    return dw_policy_may_see(&guard->policy, principal->token->scopes, kind, name);
}

struct dw_slice dw_guard_challenge(const struct dw_guard *guard, const struct dw_error *error,
                                   struct dw_slices needed, struct dw_arena *arena)
{
    return dw_challenge_render(&guard->challenge, error, needed, arena);
}

struct dw_slice dw_guard_metadata(const struct dw_guard *guard)
{
    return guard->metadata;
}

struct dw_slice dw_guard_metadata_path(const struct dw_guard *guard)
{
    return guard->metadata_path;
}
