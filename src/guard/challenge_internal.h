/* The WWW-Authenticate value of a refusal, and the protected resource's metadata. Pure; only inside
 * guard/. */
#ifndef DW_GUARD_CHALLENGE_INTERNAL_H
#define DW_GUARD_CHALLENGE_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"

struct dw_challenge {
    struct dw_slice metadata_url;
    struct dw_slices scopes; /* for a 401 that asks for nothing in particular */
};

/* RFC 6750 section 3, RFC 9728 section 5.1. Empty for a refusal that no other token would change
 * (DW_FORBIDDEN, DW_UNAVAILABLE, ...); ptr NULL when memory is short. */
struct dw_slice dw_challenge_render(const struct dw_challenge *challenge,
                                    const struct dw_error *error, struct dw_slices needed,
                                    struct dw_arena *arena);

struct dw_resource_metadata {
    struct dw_slice protected_resource; /* an absolute http(s) URL without fragment */
    struct dw_slice name;               /* may be empty */
    struct dw_slices authorization_servers;
    struct dw_slices scopes;
};

/* The document of RFC 9728 section 2. */
bool dw_must_check dw_resource_metadata_render(const struct dw_resource_metadata *metadata,
                                               struct dw_arena *arena, struct dw_slice *ret_json,
                                               struct dw_error *reterr);
/* Where it is found: "/.well-known/oauth-protected-resource" between host and path (RFC 9728
 * section 3.1), as a URL and as its path. Fails with DW_CONFIG when the resource is no such URL,
 * has userinfo, a query or a fragment. */
bool dw_must_check dw_resource_metadata_place(struct dw_slice protected_resource,
                                              struct dw_arena *arena, struct dw_slice *ret_url,
                                              struct dw_slice *ret_path, struct dw_error *reterr);

#endif
