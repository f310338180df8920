/* A validator's configuration, checked: what would trust nobody, or the wrong one, is refused. */
#include "sdk/auth_internal.h"

#include "base/text.h"
#include "http/url.h"
#include "jose/algorithm.h"

#define DEFAULT_LEEWAY_S 60
#define MAX_LEEWAY_S 300
/* Before there was `jwks`. */
#define OLDEST_SIZE offsetof(struct dw_jwt_validator_config, jwks)

/* One text field. Without its NUL it was longer than the field when it was filled. */
static bool take_text(const char *field, size_t size, const char *name, struct dw_arena *arena,
                      struct dw_slice *ret_text, struct dw_error *reterr)
{
    struct dw_slice text = {field, strnlen(field, size)};

    if (text.len == size)
        return dw_fail(reterr, DW_CONFIG, "the validator's %s is longer than %zu characters", name,
                       size - 1);
    if (!dw_text_is_printable_ascii(text))
        return dw_fail(reterr, DW_CONFIG,
                       "the validator's %s has characters that do not belong there", name);
    *ret_text = dw_arena_copy(arena, text);
    return ret_text->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* Names with spaces between. */
static bool take_names(const char *field, size_t size, const char *name, struct dw_arena *arena,
                       struct dw_slices *ret_names, struct dw_error *reterr)
{
    struct dw_slice rest, part, *items;
    size_t count = 0;

    if (!take_text(field, size, name, arena, &rest, reterr))
        return false;
    items = dw_arena_new_array(arena, rest.len + 1, sizeof *items);
    if (!items)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    while (dw_slice_split(&rest, ' ', &part))
        if (part.len)
            items[count++] = part;
    *ret_names = (struct dw_slices){items, count};
    return true;
}

/* OAuth 2.1 1.5: https. Whoever can change the keys on their way can issue tokens. */
static bool check_url(struct dw_slice text, const char *name, struct dw_error *reterr)
{
    struct dw_url url;

    if (!dw_url_parse(text, &url, NULL) || !url.host.len || url.has_userinfo || url.has_fragment)
        return dw_fail(reterr, DW_CONFIG, "the validator's %s \"%.*s\" is no URL", name,
                       DW_PRINT(dw_slice_sub(text, 0, 64)));
    if (dw_url_has_scheme(&url, "https") ||
        (dw_url_has_scheme(&url, "http") && dw_url_is_loopback_host(url.host)))
        return true;
    return dw_fail(reterr, DW_CONFIG,
                   "the validator's %s \"%.*s\" must begin with https:// (http:// is for "
                   "loopback only)",
                   name, DW_PRINT(dw_slice_sub(text, 0, 64)));
}

static bool check_algorithms(struct dw_slices names, struct dw_error *reterr)
{
    for (size_t i = 0; i < names.count; i++)
        if (dw_jose_alg_from(names.items[i]) == DW_ALG_UNKNOWN)
            return dw_fail(reterr, DW_CONFIG,
                           "\"%.*s\" is no algorithm for access tokens; there are RS256 to RS512, "
                           "PS256 to PS512, ES256 to ES512 and EdDSA",
                           DW_PRINT(dw_slice_sub(names.items[i], 0, 20)));
    return true;
}

static bool check(const struct dw_auth_issuer *issuer, struct dw_error *reterr)
{
    const struct dw_issuer_config *config = &issuer->config;
    const struct dw_provider *provider = dw_provider_find(config->provider);

    if (!provider)
        return dw_fail(reterr, DW_CONFIG, "there is no provider \"%.*s\"; there are %s",
                       DW_PRINT(config->provider), dw_provider_names());
    if (config->issuer.len == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "the validator has no issuer; a part that it is made of is missing");
    if (!check_url(config->issuer, "issuer", reterr) ||
        (config->jwks_uri.len && !check_url(config->jwks_uri, "jwks_uri", reterr)) ||
        !check_algorithms(config->algorithms, reterr))
        return false;
    if (issuer->leeway_s < 0 || issuer->leeway_s > MAX_LEEWAY_S)
        return dw_fail(reterr, DW_CONFIG, "the validator's leeway_s is %lld, it must be 0 to %d",
                       (long long)issuer->leeway_s, MAX_LEEWAY_S);
    return true;
}

static struct dw_jwks *configured_keys(void *user)
{
    struct dw_auth_issuer *issuer = user;

    return dw_jwks_ref(issuer->keys);
}

static bool take_keys(struct dw_auth_issuer *issuer, const char *jwks, struct dw_error *reterr)
{
    struct dw_error cause;
    size_t skipped = 0;

    if (!jwks)
        return true;
    issuer->keys = dw_jwks_parse(dw_slice_from_text(jwks), &skipped, &cause);
    if (!issuer->keys && cause.code == DW_NO_MEMORY)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!issuer->keys || dw_jwks_count(issuer->keys) == 0) {
        dw_auth_issuer_done(issuer);
        return dw_fail(reterr, DW_CONFIG,
                       "the validator's jwks has no key that signatures can be checked with");
    }
    issuer->source = (struct dw_key_source){configured_keys, issuer};
    issuer->config.key_source = &issuer->source;
    return true;
}

bool dw_auth_issuer_init(struct dw_auth_issuer *issuer,
                         const struct dw_jwt_validator_config *config, struct dw_arena *arena,
                         struct dw_error *reterr)
{
    struct dw_jwt_validator_config own = {.size = 0};
    struct dw_issuer_config *to = &issuer->config;
    struct dw_slice audience, *audiences = DW_ARENA_NEW(arena, struct dw_slice);

    *issuer = (struct dw_auth_issuer){.keys = NULL};
    if (!config || (config->size != OLDEST_SIZE && config->size != sizeof own))
        return dw_fail(reterr, DW_CONFIG,
                       "the validator's configuration says it has %zu bytes; set its size to "
                       "sizeof(struct dw_jwt_validator_config)",
                       config ? config->size : (size_t)0);
    if (!audiences)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    memcpy(&own, config, config->size);
    if (!take_text(own.provider, sizeof own.provider, "provider", arena, &to->provider, reterr) ||
        !take_text(own.issuer, sizeof own.issuer, "issuer", arena, &to->issuer, reterr) ||
        !take_text(own.audience, sizeof own.audience, "audience", arena, &audience, reterr) ||
        !take_text(own.jwks_uri, sizeof own.jwks_uri, "jwks_uri", arena, &to->jwks_uri, reterr) ||
        !take_names(own.algorithms, sizeof own.algorithms, "algorithms", arena, &to->algorithms,
                    reterr) ||
        !take_names(own.client_ids, sizeof own.client_ids, "client_ids", arena, &to->client_ids,
                    reterr))
        return false;
    *audiences = audience;
    to->audiences = (struct dw_slices){audiences, audience.len ? 1 : 0};
    issuer->leeway_s = own.leeway_s ? own.leeway_s : DEFAULT_LEEWAY_S;
    return check(issuer, reterr) && take_keys(issuer, own.jwks, reterr);
}

void dw_auth_issuer_done(struct dw_auth_issuer *issuer)
{
    dw_jwks_unref(issuer->keys);
    issuer->keys = NULL;
}
