/* From what is written in [auth] to issuers the guard can check: providers become URLs, and what
 * would trust nobody, or the wrong one, is refused before anything starts. */
#include "cli/config.h"

#include "http/url.h"
#include "jose/algorithm.h"
#include "oauth/provider.h"

/* Providers whose issuer follows from the domain, or is the same for everybody. */
static const struct {
    const char *provider;
    const char *before, *after;
    bool has_domain;
} known[] = {
    {"auth0", "https://", "/", true},
    {"okta", "https://", "/oauth2/default", true},
    {"google", "https://accounts.google.com", "", false},
};

/* "https://t.auth0.com/" and "t.auth0.com" mean the same. */
static struct dw_slice plain_domain(struct dw_slice domain)
{
    dw_slice_eat_nocase(&domain, DW_LIT("https://"));
    if (dw_slice_ends_with(domain, DW_LIT("/")))
        domain.len--;
    return domain;
}

static bool issuer_of_domain(const struct dw_config_issuer *written, struct dw_slice provider,
                             const char *where, struct dw_arena *arena, struct dw_slice *ret_issuer,
                             struct dw_error *reterr)
{
    struct dw_slice domain = plain_domain(written->domain), host;
    int port;

    if (domain.len && !dw_url_parse_authority(domain, &host, &port, NULL))
        return dw_fail(reterr, DW_CONFIG, "%s.domain \"%.*s\" is no domain", where,
                       DW_PRINT(dw_slice_sub(domain, 0, 64)));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!dw_slice_eq(provider, dw_slice_from_text(known[i].provider)) ||
            known[i].has_domain != (domain.len != 0))
            continue;
        *ret_issuer =
            dw_arena_printf(arena, "%s%.*s%s", known[i].before, DW_PRINT(domain), known[i].after);
        return ret_issuer->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    }
    return dw_fail(reterr, DW_CONFIG, "%s names no issuer: set %s.%s, or %s", where, where,
                   dw_slice_eq(provider, DW_LIT("auth0")) ? "domain" : "issuer",
                   dw_slice_eq(provider, DW_LIT("auth0")) ? "AUTH0_DOMAIN in the environment"
                                                          : "OIDC_ISSUER in the environment");
}

static bool check_url(const char *where, const char *key, struct dw_slice text,
                      struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(text, &url, NULL) || !url.host.len || url.has_fragment ||
        (!dw_url_has_scheme(&url, "https") && !dw_url_has_scheme(&url, "http")))
        return dw_fail(reterr, DW_CONFIG, "%s.%s \"%.*s\" is no URL", where, key,
                       DW_PRINT(dw_slice_sub(text, 0, 64)));
    /* Whoever can change the keys on their way can issue tokens. */
    if (!dw_url_has_scheme(&url, "https") && !dw_url_is_loopback_host(url.host))
        return dw_fail(reterr, DW_CONFIG, "%s.%s \"%.*s\" must be https (http is for loopback)",
                       where, key, DW_PRINT(dw_slice_sub(text, 0, 64)));
    return true;
}

static bool check_algorithms(const char *where, struct dw_slices algorithms,
                             struct dw_error *reterr)
{
    for (size_t i = 0; i < algorithms.count; i++)
        if (dw_jose_alg_from(algorithms.items[i]) == DW_ALG_UNKNOWN)
            return dw_fail(reterr, DW_CONFIG,
                           "%s.algorithms: \"%.*s\" is no asymmetric signature algorithm", where,
                           DW_PRINT(dw_slice_sub(algorithms.items[i], 0, 32)));
    return true;
}

static bool resolve(const struct dw_config_issuer *written, const char *where,
                    struct dw_arena *arena, struct dw_issuer_config *ret_issuer,
                    struct dw_error *reterr)
{
    struct dw_slice provider = written->provider;

    if (!provider.len)
        provider = written->domain.len ? DW_LIT("auth0") : DW_LIT("oidc");
    if (!dw_provider_find(provider))
        return dw_fail(reterr, DW_CONFIG, "%s.provider \"%.*s\" is not known; it is one of %s",
                       where, DW_PRINT(dw_slice_sub(provider, 0, 32)), dw_provider_names());
    *ret_issuer = (struct dw_issuer_config){
        .provider = provider,
        .issuer = written->issuer,
        .jwks_uri = written->jwks_uri,
        .audiences = written->audiences,
        .client_ids = written->client_ids,
        .algorithms = written->algorithms,
        .is_typ_required = written->is_typ_required,
    };
    if (written->issuer.len && written->domain.len)
        return dw_fail(reterr, DW_CONFIG, "%s has both a domain and an issuer; keep one", where);
    if (!written->issuer.len &&
        !issuer_of_domain(written, provider, where, arena, &ret_issuer->issuer, reterr))
        return false;
    return check_url(where, "issuer", ret_issuer->issuer, reterr) &&
           (!written->jwks_uri.len || check_url(where, "jwks_uri", written->jwks_uri, reterr)) &&
           check_algorithms(where, written->algorithms, reterr);
}

static bool names_issuer(const struct dw_config_issuer *issuer)
{
    return issuer->provider.len || issuer->domain.len || issuer->issuer.len;
}

bool dw_config_issuers(const struct dw_config *config, struct dw_arena *arena,
                       const struct dw_issuer_config **ret_issuers, size_t *ret_count,
                       struct dw_error *reterr)
{
    const struct dw_config_issuer *more = config->issuers.items;
    struct dw_issuer_config *issuers =
        dw_arena_new_array(arena, config->issuers.count + 1, sizeof *issuers);
    size_t count = 0;

    if (!issuers)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!config->is_auth_enabled || dw_slice_eq(config->issuer.provider, DW_LIT("none")))
        return dw_fail(reterr, DW_CONFIG,
                       "auth.enabled is false or the provider is none, and everybody would be let "
                       "in; set auth.enabled = true and a provider");
    if (!config->path.len && !names_issuer(&config->issuer))
        return dw_fail(reterr, DW_CONFIG,
                       "no issuer is named: there is no doorward.toml here; name a file with "
                       "--config, or set OIDC_ISSUER or AUTH0_DOMAIN");
    if ((names_issuer(&config->issuer) || config->issuers.count == 0) &&
        !resolve(&config->issuer, "auth", arena, &issuers[count++], reterr))
        return false;
    for (size_t i = 0; i < config->issuers.count; i++) {
        if (!resolve(&more[i], "auth.issuer", arena, &issuers[count], reterr))
            return false;
        for (size_t j = 0; j < count; j++)
            if (dw_slice_eq(issuers[j].issuer, issuers[count].issuer))
                return dw_fail(reterr, DW_CONFIG, "the issuer %.*s is there twice",
                               DW_PRINT(dw_slice_sub(issuers[j].issuer, 0, 96)));
        count++;
    }
    *ret_issuers = issuers;
    *ret_count = count;
    return true;
}
