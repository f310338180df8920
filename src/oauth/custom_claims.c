/* The rules for custom claims, as tables (Auth0, "Create Custom Claims"). */
#include "oauth/custom_claims.h"

#include "http/url.h"

/* Never taken from outside. `scope` and `scp` are not on Auth0's list, but would collide. */
static const char *const restricted[] = {
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "authorization_details",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "scope",
    "scp",
    "sid",
    "sub",
    "sub_jwk",
    "toe",
    "txn",
    "typ",
    "uuid",
    "vot",
    "vtm",
    "x5t#S256",
};

/* OpenID Connect Core 5.4: whether asked for or not, they follow their scope. */
static const struct {
    const char *claim, *scope;
} openid_claims[] = {
    {"address", "address"},
    {"birthdate", "profile"},
    {"email", "email"},
    {"email_verified", "email"},
    {"family_name", "profile"},
    {"gender", "profile"},
    {"given_name", "profile"},
    {"locale", "profile"},
    {"middle_name", "profile"},
    {"name", "profile"},
    {"nickname", "profile"},
    {"phone_number", "phone"},
    {"phone_number_verified", "phone"},
    {"picture", "profile"},
    {"preferred_username", "profile"},
    {"profile", "profile"},
    {"updated_at", "profile"},
    {"website", "profile"},
    {"zoneinfo", "profile"},
};

static const char *const foreign_hosts[] = {"auth0.com", "webtask.io", "webtask.run"};

static bool is_restricted(struct dw_slice name)
{
    for (size_t at = 0; at < sizeof restricted / sizeof *restricted; at++)
        if (dw_slice_eq(name, dw_slice_from_text(restricted[at])))
            return true;
    return dw_slice_starts_with(name, DW_LIT("sip_"));
}

/* The host itself or a name under it. */
static bool is_under(struct dw_slice host, struct dw_slice domain)
{
    struct dw_slice end = dw_slice_sub(host, host.len - domain.len, domain.len);

    return host.len >= domain.len && dw_slice_eq_nocase(end, domain) &&
           (host.len == domain.len || host.ptr[host.len - domain.len - 1] == '.');
}

static bool is_foreign_namespace(struct dw_slice name)
{
    struct dw_url url;

    if (dw_slice_starts_with(name, DW_LIT("urn:auth0")))
        return true;
    if (!dw_url_parse(name, &url, NULL))
        return false;
    for (size_t at = 0; at < sizeof foreign_hosts / sizeof *foreign_hosts; at++)
        if (is_under(url.host, dw_slice_from_text(foreign_hosts[at])))
            return true;
    return false;
}

static bool has_its_scope(struct dw_slice name, struct dw_slices scopes)
{
    for (size_t at = 0; at < sizeof openid_claims / sizeof *openid_claims; at++)
        if (dw_slice_eq(name, dw_slice_from_text(openid_claims[at].claim)))
            return dw_slices_have(scopes, dw_slice_from_text(openid_claims[at].scope)) ||
                   dw_slices_have(scopes, name); /* Auth0's scopes of one claim */
    return true;
}

bool dw_custom_claim_is_allowed(struct dw_slice name, const struct dw_custom_claims_rules *rules)
{
    if (name.len == 0 || is_restricted(name) || is_foreign_namespace(name))
        return false;
    if (rules->is_for_system_api && !dw_slice_contains(name, ':'))
        return false;
    return has_its_scope(name, rules->scopes);
}

bool dw_custom_claims_merge(const struct dw_json *claims,
                            const struct dw_custom_claims_rules *rules, struct dw_arena *arena,
                            const struct dw_json **ret_claims, struct dw_error *reterr)
{
    struct dw_json_member *members;
    struct dw_json *kept;
    size_t count = 0;

    *ret_claims = NULL;
    if (!claims || claims->type != DW_JSON_OBJECT)
        return true;
    if (claims->raw.len > DW_CUSTOM_CLAIMS_MAX_BYTES)
        return dw_fail(reterr, DW_TOO_LARGE, "custom claims have over %d bytes",
                       DW_CUSTOM_CLAIMS_MAX_BYTES);
    kept = DW_ARENA_NEW(arena, struct dw_json);
    members = dw_arena_new_array(arena, claims->object.count + 1, sizeof *members);
    if (!kept || !members)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t at = 0; at < claims->object.count; at++)
        if (dw_custom_claim_is_allowed(claims->object.members[at].key, rules))
            members[count++] = claims->object.members[at];
    *kept = (struct dw_json){.type = DW_JSON_OBJECT, .object = {members, count}};
    *ret_claims = count > 0 ? kept : NULL;
    return true;
}
