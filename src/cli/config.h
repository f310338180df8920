/* One file of configuration for all products, as a struct, and the rows that describe it. Search
 * order: --config, doorward.toml, .pmcp/deploy.toml (the file of the seed project, which loads as
 * it is). A flag beats the environment, which beats the file, which beats the standard. */
#ifndef DW_CLI_CONFIG_H
#define DW_CLI_CONFIG_H

#include "base/field.h"
#include "gateway/gateway.h"
#include "guard/guard.h"
#include "tenant/tenant.h"

/* An issuer as it is written, before the provider's name has become URLs. */
struct dw_config_issuer {
    struct dw_slice provider, domain, issuer, jwks_uri;
    struct dw_slices audiences, client_ids, algorithms;
    bool is_typ_required;
};

struct dw_config {
    bool is_auth_enabled;
    struct dw_config_issuer issuer; /* [auth] itself */
    struct dw_field_tables issuers; /* of struct dw_config_issuer: [[auth.issuer]] */
    struct dw_slice client_id;
    struct dw_secret client_secret;
    struct dw_slice resource_name;
    struct dw_slices scopes_supported;
    int64_t leeway_s;
    int64_t token_cache_entries;
    struct dw_field_tables policy; /* of struct dw_policy_row */
    struct dw_gateway_config gateway;
    struct dw_tenant_config tenant;

    struct dw_slice path;   /* the file that was read; ptr NULL: none */
    struct dw_slice unused; /* names of keys without effect, ", " between them */
};

extern const struct dw_fields dw_config_fields;

/* path  --config; empty: the search order, and no file at all is fine
 * Everything lives in `arena`. Fails with DW_CONFIG, DW_NOT_FOUND or DW_IO; the message starts with
 * the file's name. */
bool dw_must_check dw_config_load(struct dw_slice path, struct dw_arena *arena,
                                  struct dw_config *ret_config, struct dw_error *reterr);
/* One warning on stderr when the file has keys without effect. */
void dw_config_warn(const struct dw_config *config, const char *verb);

/* The issuers that are to be trusted, [auth] first: providers become URLs, what is missing or wrong
 * is refused. In `arena`. */
bool dw_must_check dw_config_issuers(const struct dw_config *config, struct dw_arena *arena,
                                     const struct dw_issuer_config **ret_issuers, size_t *ret_count,
                                     struct dw_error *reterr);
/* The guard's part; the issuers come from dw_config_issuers. */
struct dw_guard_config dw_config_guard(const struct dw_config *config,
                                       const struct dw_issuer_config *issuers, size_t count);

#endif
