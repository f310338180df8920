/* The protected resource: decides whether one MCP request may pass, for the gateway and the library
 * alike. One decision point for every protocol version and transport. Nothing here does I/O but the
 * keys of issuers (issuer_keys.c), which the guard starts when a key is missing. */
#ifndef DW_GUARD_GUARD_H
#define DW_GUARD_GUARD_H

#include "guard/policy.h"
#include "http/message.h"
#include "mcp/jsonrpc.h"
#include "net/server.h"
#include "oauth/access_token.h"

/* Where keys come from when not by fetching: the tenant in this process (cli introduces them). */
struct dw_key_source {
    /* Any thread. A new reference, or NULL while there are none. */
    struct dw_jwks *(*keys)(void *user);
    void *user;
    /* Any thread, at each request: whether the token with this `jti` must not be believed any more,
     * although it has not expired. NULL: never. */
    bool (*is_dead)(void *user, struct dw_slice token_id);
};

struct dw_issuer_config {
    struct dw_slice provider;   /* a name of oauth/provider.h */
    struct dw_slice issuer;     /* byte-equal to iss */
    struct dw_slice jwks_uri;   /* empty: from discovery */
    struct dw_slices audiences; /* empty: the protected resource's URL */
    struct dw_slices client_ids;
    struct dw_slices algorithms; /* empty: RS256 for auth0, else all asymmetric */
    bool is_typ_required;
    const struct dw_key_source *key_source; /* NULL: fetched */
};

struct dw_guard_config {
    size_t size;
    struct dw_slice protected_resource; /* the public URL of the MCP endpoint, byte for byte */
    struct dw_slice resource_name;      /* for humans; may be empty */
    const struct dw_issuer_config *issuers;
    size_t issuer_count;
    const struct dw_policy_row *policy;
    size_t policy_count;
    struct dw_slices scopes_supported; /* empty: those the policy names */
    struct dw_slices initial_scopes;   /* what a 401 asks for; empty: scopes_supported */
    int64_t leeway_s;
    size_t token_cache_entries; /* a loop; default 16,384 */
    bool is_public;             /* no tokens at all: only `without_auth` */
};

struct dw_guard;

/* The net must outlive it. Fails with DW_CONFIG and a sentence for the operator. */
struct dw_guard *dw_guard_new(struct dw_net *net, const struct dw_guard_config *config,
                              struct dw_error *reterr) dw_must_check;
void dw_guard_free(struct dw_guard *guard);

/* Who calls: what the guard found out. Held by reference on the loop that asked; released with
 * dw_guard_release when the request is over. */
struct dw_principal {
    const struct dw_access_token *token;
    /* "iss sub client_id org_id" hashed, base64url: binds sessions, tasks and cursors to the
     * principal. It stays the same when the token is refreshed. */
    struct dw_slice key;
};

/* What came of the question. On refusal principal is NULL and error says why. */
typedef void dw_guard_done(void *user, const struct dw_principal *principal,
                           const struct dw_error *error);

/* Steps 7 to 10 of docs/architecture.md: the token, from the request's fields and nowhere else. The
 * request and the arena must live until done or the cancel. kept: of the connection, for the guard
 * alone; NULL is fine. Calls done exactly once: at once when
 * the keys are there, later (same loop) when they must be fetched first. Returns a handle to cancel
 * with while it waits, or NULL when done has been called. A principal given to done is the
 * caller's reference. */
struct dw_guard_wait *dw_guard_authenticate(struct dw_guard *guard, struct dw_loop *loop,
                                            const struct dw_http_request *request,
                                            struct dw_arena *arena, struct dw_kept *kept,
                                            dw_guard_done *done, void *user);
void dw_guard_wait_cancel(struct dw_guard_wait *wait);
/* On the loop that got it; NULL is fine. */
void dw_guard_release(const struct dw_principal *principal);

/* Step 11: may this principal send this message? Fails with DW_INSUFFICIENT_SCOPE (*ret_needed:
 * every scope the operation needs) or DW_FORBIDDEN. *ret_rule: which policy row decided, for the
 * log. */
bool dw_must_check dw_guard_authorize(const struct dw_guard *guard,
                                      const struct dw_principal *principal,
                                      const struct dw_mcp_message *message, struct dw_arena *arena,
                                      struct dw_slices *ret_needed, struct dw_slice *ret_rule,
                                      struct dw_error *reterr);
/* Whether a tool, prompt, resource or template of a list may be seen. */
bool dw_guard_may_see(const struct dw_guard *guard, const struct dw_principal *principal,
                      enum dw_mcp_kind kind, struct dw_slice name);

/* The WWW-Authenticate value for a refusal (RFC 6750 section 3, RFC 9728 section 5.1). needed: the
 * scopes to ask for. */
struct dw_slice dw_guard_challenge(const struct dw_guard *guard, const struct dw_error *error,
                                   struct dw_slices needed, struct dw_arena *arena);
/* RFC 9728 section 2, as JSON. Made once; lives as long as the guard. */
struct dw_slice dw_guard_metadata(const struct dw_guard *guard);
/* "/.well-known/oauth-protected-resource/mcp" */
struct dw_slice dw_guard_metadata_path(const struct dw_guard *guard);

#endif
