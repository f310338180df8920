/* Which scopes and permissions a token gets: Auth0's algebra as one pure function. */
#ifndef DW_OAUTH_GRANT_H
#define DW_OAUTH_GRANT_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"
#include "oauth/token_request.h"

struct dw_grant_question {
    enum dw_grant_type grant_type;
    const struct dw_oauth_client *client;
    const struct dw_api *api;                /* NULL: no audience, only /userinfo */
    struct dw_slice audience;                /* as asked, for messages */
    const struct dw_client_grant *own_grant; /* of this client for this API and subject, or NULL */
    const struct dw_client_grant *default_grant; /* for third parties, or NULL */
    bool is_third_party_oidc_allowed;            /* its security mode */
    /* [auth.dcr] allowed_scopes: the most that DCR and CIMD clients get; empty: no limit.
     * offline_access is not counted. */
    struct dw_slices dynamic_scopes;
    struct dw_slices requested;
    struct dw_slices user_permissions; /* dw_store_effective_permissions; empty for clients */
    /* What the roles of a member give in the organization of this login; empty without one. */
    struct dw_slices organization_permissions;
    const struct dw_slices *consented; /* NULL: no limit (not asked yet, or not needed) */
    const struct dw_slices *original;  /* refresh: what the family holds; NULL otherwise */
    /* Token exchange on behalf of a user: the client needs its grant whatever the policy says. */
    bool is_grant_required;
    /* Actions (addScope, removeScope): they run last and override all of the above. */
    struct dw_slices added_scopes, removed_scopes;
};

struct dw_grant_answer {
    struct dw_slices scopes;      /* in the order they were requested */
    struct dw_slices permissions; /* the `permissions` claim: the user's, for third parties cut to
                                     what they may have as scopes ... */
    bool has_permissions;         /* ... is written, even when empty */
};

/* Fails with DW_ACCESS_DENIED ("Service not found: AUD", a scope beyond the client's grant) or
 * DW_NO_CLIENT_GRANT (also for the policy deny_all). Scopes nobody may have are left out
 * silently, as Auth0 does, but in client_credentials. */
bool dw_must_check dw_grant_decide(const struct dw_grant_question *question, struct dw_arena *arena,
                                   struct dw_grant_answer *ret_answer, struct dw_error *reterr);

/* Whether the user must be asked. Third parties always ask for what is not consented yet; first
 * parties only when the API does not skip consent. `scopes` are those of dw_grant_decide without
 * `consented`; `consent` NULL: never asked. */
bool dw_consent_is_needed(const struct dw_oauth_client *client, const struct dw_api *api,
                          struct dw_slices scopes, const struct dw_consent *consent);
/* Whether a refresh token is given: offline_access among the scopes, or, for third parties, the
 * client's grant_types have refresh_token (MCP SEP-2207); the API allows it; the client's grant
 * types have it. */
bool dw_grant_has_refresh_token(const struct dw_oauth_client *client, const struct dw_api *api,
                                struct dw_slices scopes);

#endif
