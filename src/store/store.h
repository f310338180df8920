/* The store: one function for each question that the authorization server asks, and each effect it
 * wants. Blocking; call it on a worker thread, any number of them at once. SQLite today; nothing
 * here says so, except the path.
 *
 * A lookup that finds nothing is true with NULL. What a function reads lives in the caller's
 * `arena`. When a writing function is true, the effect is on the disk and survives a power cut;
 * when it is false nothing has changed. All fail with DW_UNAVAILABLE (busy, full, read-only or
 * broken disk; the operator's cause says which), DW_NO_MEMORY, and what their comments add. Lists
 * come in a fixed order, `page` by `page`. */
#ifndef DW_STORE_STORE_H
#define DW_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"
#include "oauth/refresh_token.h"

struct dw_store;

struct dw_store_config {
    size_t size;          /* sizeof(struct dw_store_config) */
    const char *path;     /* the database file; made with mode 0600 when it is not there */
    int64_t busy_wait_ms; /* how long to wait for another process's lock; 0: 2,000 */
};

#define DW_STORE_MAX_PAGE 100
struct dw_page {
    size_t skip;
    size_t take; /* 0: DW_STORE_MAX_PAGE, which is also the most */
};

/* Opens the database, applies the migrations it lacks. Fails with DW_CONFIG and a sentence that
 * names the path: cannot be opened, is no database, was written by a newer version. */
struct dw_store *dw_store_open(const struct dw_store_config *config,
                               struct dw_error *reterr) dw_must_check;
/* Waits for writes under way. No other call may be running. */
void dw_store_close(struct dw_store *store);
/* For a thread that serves one request: until the moment ends, applications, APIs and client grants
 * are those of its beginning, or of this thread's last write; the database is asked once whether
 * somebody has changed them. Without a moment it is asked each time. */
void dw_store_moment_start(void);
void dw_store_moment_end(void);
/* Whether it can be read and written now: for /healthz. Writes nothing that lasts. */
bool dw_must_check dw_store_check(struct dw_store *store, struct dw_error *reterr);
/* For many writes that nobody waits for one by one: until it is called again with false, a write
 * that is true survives the end of the process, and a power cut only once a later write, after that
 * call, is true. */
void dw_store_hurry(struct dw_store *store, bool is_hurried);
/* Removes what has expired, in short transactions; up to 500,000 rows of a table a call. For a
 * timer. */
bool dw_must_check dw_store_purge(struct dw_store *store, int64_t now_s, struct dw_error *reterr);

/* --- the tenant ------------------------------------------------------------------------------- */

/* All that are not revoked, and those too when asked; those that sign first, then newest first.
 * Few: there are no pages. */
bool dw_must_check dw_store_signing_keys(struct dw_store *store, bool with_revoked,
                                         struct dw_arena *arena,
                                         struct dw_signing_key_record **ret_keys, size_t *ret_count,
                                         struct dw_error *reterr);
/* Another text whenever a key was added, revoked or came into another phase; padded with zeros. */
#define DW_STORE_KEYS_STAMP_SIZE 1024
bool dw_must_check dw_store_signing_keys_stamp(struct dw_store *store,
                                               char ret_stamp[static DW_STORE_KEYS_STAMP_SIZE],
                                               struct dw_error *reterr);
/* Adds a key when its algorithm has none in its phase (two processes starting at once make one).
 * Fails with DW_CONFLICT when the kid is taken. */
bool dw_must_check dw_store_add_first_signing_key(struct dw_store *store,
                                                  const struct dw_signing_key_record *key,
                                                  bool *ret_was_added, struct dw_error *reterr);
/* For the algorithm of `next`: CURRENT becomes PREVIOUS, NEXT becomes CURRENT, and `next` is added
 * as NEXT. Fails with DW_NOT_FOUND when there is no NEXT key. */
bool dw_must_check dw_store_rotate_signing_keys(struct dw_store *store,
                                                const struct dw_signing_key_record *next,
                                                int64_t now_s, struct dw_error *reterr);
/* Fails with DW_NOT_FOUND; with DW_CONFLICT for the CURRENT key. */
bool dw_must_check dw_store_revoke_signing_key(struct dw_store *store, struct dw_slice kid,
                                               int64_t now_s, struct dw_error *reterr);

/* --- applications and APIs -------------------------------------------------------------------- */

bool dw_must_check dw_store_client(struct dw_store *store, struct dw_slice id,
                                   struct dw_arena *arena, struct dw_oauth_client **ret_client,
                                   struct dw_error *reterr);
/* Fails with DW_CONFLICT when the id is taken. */
bool dw_must_check dw_store_add_client(struct dw_store *store, const struct dw_oauth_client *client,
                                       struct dw_error *reterr);
/* Adds or replaces. */
bool dw_must_check dw_store_put_client(struct dw_store *store, const struct dw_oauth_client *client,
                                       struct dw_error *reterr);
/* With its grants, consents, codes and refresh tokens, whose access tokens are dead. Fails with
 * DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_client(struct dw_store *store, struct dw_slice id, int64_t now_s,
                                          struct dw_error *reterr);
/* ret_total may be NULL. */
bool dw_must_check dw_store_clients(struct dw_store *store, struct dw_page page,
                                    struct dw_arena *arena, struct dw_oauth_client **ret_clients,
                                    size_t *ret_count, int64_t *ret_total, struct dw_error *reterr);
/* How many clients registered themselves (DCR), for a cap. */
bool dw_must_check dw_store_count_dynamic_clients(struct dw_store *store, int64_t *ret_count,
                                                  struct dw_error *reterr);

/* Whether the application, or with an empty client_id any, has the origin by its key alone
 * (oauth/web_origin.h): the origin itself, or `wider` when that is one on loopback. */
bool dw_must_check dw_store_has_web_origin(struct dw_store *store, struct dw_slice client_id,
                                           struct dw_slice origin, struct dw_slice wider,
                                           bool *ret_has, struct dw_error *reterr);
/* Its origins with placeholders, as "https://app-*.example.com", which have the key `wider`; the
 * first hundred. */
bool dw_must_check dw_store_web_origin_patterns(struct dw_store *store, struct dw_slice client_id,
                                                struct dw_slice wider, struct dw_arena *arena,
                                                struct dw_slices *ret_patterns,
                                                struct dw_error *reterr);

/* By its identifier, which is the audience of tokens. */
bool dw_must_check dw_store_api(struct dw_store *store, struct dw_slice identifier,
                                struct dw_arena *arena, struct dw_api **ret_api,
                                struct dw_error *reterr);
/* Adds, or replaces the one with that id. Permissions of scopes that are gone go too. Fails with
 * DW_CONFLICT when another API has the identifier. */
bool dw_must_check dw_store_put_api(struct dw_store *store, const struct dw_api *api,
                                    struct dw_error *reterr);
bool dw_must_check dw_store_delete_api(struct dw_store *store, struct dw_slice id,
                                       struct dw_error *reterr);
bool dw_must_check dw_store_apis(struct dw_store *store, struct dw_page page,
                                 struct dw_arena *arena, struct dw_api **ret_apis,
                                 size_t *ret_count, int64_t *ret_total, struct dw_error *reterr);

/* The client's own grant, and nothing else. */
bool dw_must_check dw_store_client_grant(struct dw_store *store, struct dw_slice client_id,
                                         struct dw_slice audience, enum dw_grant_subject subject,
                                         struct dw_arena *arena, struct dw_client_grant **ret_grant,
                                         struct dw_error *reterr);
/* The one for third parties that have none of their own. */
bool dw_must_check dw_store_default_grant(struct dw_store *store, struct dw_slice audience,
                                          enum dw_grant_subject subject, struct dw_arena *arena,
                                          struct dw_client_grant **ret_grant,
                                          struct dw_error *reterr);
/* Adds, or replaces the one of the same client (or default), audience and subject; its id stays.
 * Fails with DW_NOT_FOUND when client or API do not exist. */
bool dw_must_check dw_store_put_client_grant(struct dw_store *store,
                                             const struct dw_client_grant *grant,
                                             struct dw_error *reterr);
bool dw_must_check dw_store_delete_client_grant(struct dw_store *store, struct dw_slice id,
                                                struct dw_error *reterr);
/* client_id and audience: empty for all. */
bool dw_must_check dw_store_client_grants(struct dw_store *store, struct dw_slice client_id,
                                          struct dw_slice audience, struct dw_page page,
                                          struct dw_arena *arena,
                                          struct dw_client_grant **ret_grants, size_t *ret_count,
                                          int64_t *ret_total, struct dw_error *reterr);

/* --- users, roles, permissions ---------------------------------------------------------------- */

bool dw_must_check dw_store_user(struct dw_store *store, struct dw_slice id, struct dw_arena *arena,
                                 struct dw_user **ret_user, struct dw_error *reterr);
/* By e-mail address (in any case), username or phone number. */
bool dw_must_check dw_store_user_by_login(struct dw_store *store, struct dw_slice connection,
                                          struct dw_slice login, struct dw_arena *arena,
                                          struct dw_user **ret_user, struct dw_error *reterr);
/* Fails with DW_CONFLICT when id, e-mail address or username are taken. */
bool dw_must_check dw_store_add_user(struct dw_store *store, const struct dw_user *user,
                                     struct dw_error *reterr);
/* Writes what differs from how the user was read (user->as_read; all, when it is NULL). Fails with
 * DW_NOT_FOUND or DW_CONFLICT. Blocking a user or changing the password ends all that is under way:
 * sessions, refresh tokens, codes, mfa_tokens, approvals on other devices. */
bool dw_must_check dw_store_update_user(struct dw_store *store, const struct dw_user *user,
                                        struct dw_error *reterr);
bool dw_must_check dw_store_note_login(struct dw_store *store, struct dw_slice user_id,
                                       struct dw_slice ip, int64_t now_s, struct dw_error *reterr);
/* With everything that hangs on the user, as blocking does. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_user(struct dw_store *store, struct dw_slice id, int64_t now_s,
                                        struct dw_error *reterr);
bool dw_must_check dw_store_users(struct dw_store *store, struct dw_page page,
                                  struct dw_arena *arena, struct dw_user **ret_users,
                                  size_t *ret_count, int64_t *ret_total, struct dw_error *reterr);

bool dw_must_check dw_store_role_by_name(struct dw_store *store, struct dw_slice name,
                                         struct dw_arena *arena, struct dw_role **ret_role,
                                         struct dw_error *reterr);
/* Adds, or replaces the one with that id. Fails with DW_CONFLICT when another has the name. */
bool dw_must_check dw_store_put_role(struct dw_store *store, const struct dw_role *role,
                                     struct dw_error *reterr);
bool dw_must_check dw_store_delete_role(struct dw_store *store, struct dw_slice id,
                                        struct dw_error *reterr);
bool dw_must_check dw_store_roles(struct dw_store *store, struct dw_page page,
                                  struct dw_arena *arena, struct dw_role **ret_roles,
                                  size_t *ret_count, int64_t *ret_total, struct dw_error *reterr);

/* Adding what is there and removing what is not are no failures. Adding fails with DW_NOT_FOUND
 * when the role, the user, the API or the scope of the API does not exist; then none is added. */
bool dw_must_check dw_store_add_role_permissions(struct dw_store *store, struct dw_slice role_id,
                                                 const struct dw_permission *permissions,
                                                 size_t count, struct dw_error *reterr);
bool dw_must_check dw_store_remove_role_permissions(struct dw_store *store, struct dw_slice role_id,
                                                    const struct dw_permission *permissions,
                                                    size_t count, struct dw_error *reterr);
bool dw_must_check dw_store_role_permissions(struct dw_store *store, struct dw_slice role_id,
                                             struct dw_page page, struct dw_arena *arena,
                                             struct dw_permission **ret_permissions,
                                             size_t *ret_count, int64_t *ret_total,
                                             struct dw_error *reterr);
bool dw_must_check dw_store_add_user_roles(struct dw_store *store, struct dw_slice user_id,
                                           struct dw_slices role_ids, struct dw_error *reterr);
bool dw_must_check dw_store_remove_user_roles(struct dw_store *store, struct dw_slice user_id,
                                              struct dw_slices role_ids, struct dw_error *reterr);
bool dw_must_check dw_store_user_roles(struct dw_store *store, struct dw_slice user_id,
                                       struct dw_page page, struct dw_arena *arena,
                                       struct dw_role **ret_roles, size_t *ret_count,
                                       int64_t *ret_total, struct dw_error *reterr);
bool dw_must_check dw_store_role_users(struct dw_store *store, struct dw_slice role_id,
                                       struct dw_page page, struct dw_arena *arena,
                                       struct dw_user **ret_users, size_t *ret_count,
                                       int64_t *ret_total, struct dw_error *reterr);
bool dw_must_check dw_store_add_user_permissions(struct dw_store *store, struct dw_slice user_id,
                                                 const struct dw_permission *permissions,
                                                 size_t count, struct dw_error *reterr);
bool dw_must_check dw_store_remove_user_permissions(struct dw_store *store, struct dw_slice user_id,
                                                    const struct dw_permission *permissions,
                                                    size_t count, struct dw_error *reterr);
/* Those given directly. */
bool dw_must_check dw_store_user_permissions(struct dw_store *store, struct dw_slice user_id,
                                             struct dw_page page, struct dw_arena *arena,
                                             struct dw_permission **ret_permissions,
                                             size_t *ret_count, int64_t *ret_total,
                                             struct dw_error *reterr);
/* The names of all the user holds for one API, directly or through roles; sorted, no doubles. */
bool dw_must_check dw_store_effective_permissions(struct dw_store *store, struct dw_slice user_id,
                                                  struct dw_slice audience, struct dw_arena *arena,
                                                  struct dw_slices *ret_names,
                                                  struct dw_error *reterr);

/* --- consent ---------------------------------------------------------------------------------- */

bool dw_must_check dw_store_consent(struct dw_store *store, struct dw_slice user_id,
                                    struct dw_slice client_id, struct dw_slice audience,
                                    struct dw_slice organization, struct dw_arena *arena,
                                    struct dw_consent **ret_consent, struct dw_error *reterr);
/* Adds, or adds its scopes to those of the one that is there. */
bool dw_must_check dw_store_add_consent(struct dw_store *store, const struct dw_consent *consent,
                                        struct dw_error *reterr);
/* Also revokes the refresh tokens that rest on it. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_consent(struct dw_store *store, struct dw_slice id,
                                           int64_t now_s, struct dw_error *reterr);
/* What Auth0 calls a grant: all refresh tokens of the family's user, application, API and
 * organization, and the consent, where somebody was asked for one. */
bool dw_must_check dw_store_revoke_grant(struct dw_store *store,
                                         const struct dw_refresh_family *family, int64_t now_s,
                                         struct dw_error *reterr);
/* user_id: empty for all. */
bool dw_must_check dw_store_consents(struct dw_store *store, struct dw_slice user_id,
                                     struct dw_page page, struct dw_arena *arena,
                                     struct dw_consent **ret_consents, size_t *ret_count,
                                     int64_t *ret_total, struct dw_error *reterr);

/* --- logins and codes ------------------------------------------------------------------------- */

bool dw_must_check dw_store_add_authorization_request(
    struct dw_store *store, const struct dw_authorization_request *request,
    struct dw_error *reterr);
/* NULL also when it has expired at now_s. */
bool dw_must_check dw_store_authorization_request(struct dw_store *store, struct dw_slice id_digest,
                                                  int64_t now_s, struct dw_arena *arena,
                                                  struct dw_authorization_request **ret_request,
                                                  struct dw_error *reterr);
/* Replaces the one with its id_digest. Fails with DW_NOT_FOUND when it was taken meanwhile. */
bool dw_must_check dw_store_update_authorization_request(
    struct dw_store *store, const struct dw_authorization_request *request,
    struct dw_error *reterr);
/* Ends it: of several callers one gets it, the others NULL. */
bool dw_must_check dw_store_take_authorization_request(
    struct dw_store *store, struct dw_slice id_digest, int64_t now_s, struct dw_arena *arena,
    struct dw_authorization_request **ret_request, struct dw_error *reterr);

#define DW_STORE_MAX_CODES 500 /* of one user, used or not; the oldest go */

bool dw_must_check dw_store_add_authorization_code(struct dw_store *store,
                                                   const struct dw_authorization_code *code,
                                                   struct dw_error *reterr);
/* Marks the code as used and returns its record. ret_was_used: somebody took it before; then the
 * family of its refresh tokens has been revoked by this call (RFC 6749 section 4.1.2), also when
 * the first taker has not stored one yet. NULL: no such code, or another client's, which nothing
 * happens to. Expiry is for dw_authorization_code_redeem to judge.
 *
 * client_id  the authenticated client that presents it */
bool dw_must_check dw_store_take_authorization_code(struct dw_store *store,
                                                    struct dw_slice code_digest,
                                                    struct dw_slice client_id, int64_t now_s,
                                                    struct dw_arena *arena,
                                                    struct dw_authorization_code **ret_code,
                                                    bool *ret_was_used, struct dw_error *reterr);

#define DW_STORE_MAX_SESSIONS 500 /* of one user; the oldest go, those without mfa_at first */

bool dw_must_check dw_store_add_session(struct dw_store *store,
                                        const struct dw_login_session *session,
                                        struct dw_error *reterr);
/* NULL also when it has expired or was idle too long at now_s. */
bool dw_must_check dw_store_session(struct dw_store *store, struct dw_slice id_digest,
                                    int64_t now_s, struct dw_arena *arena,
                                    struct dw_login_session **ret_session, struct dw_error *reterr);
/* A login in an existing session, or its use: sets digest, last_seen, idle expiry, authenticated.
 * old_id_digest is replaced by session->id_digest (a new cookie at each login). Fails with
 * DW_NOT_FOUND when it is gone. */
bool dw_must_check dw_store_update_session(struct dw_store *store, struct dw_slice old_id_digest,
                                           const struct dw_login_session *session,
                                           struct dw_error *reterr);
/* Deleting what is not there is no failure. */
bool dw_must_check dw_store_delete_session(struct dw_store *store, struct dw_slice id_digest,
                                           struct dw_error *reterr);
bool dw_must_check dw_store_delete_sessions_of(struct dw_store *store, struct dw_slice user_id,
                                               struct dw_error *reterr);

/* --- refresh tokens --------------------------------------------------------------------------- */

#define DW_STORE_MAX_FAMILIES 200 /* of one user at one client; the oldest go (Auth0's number) */

/* Stores a family with its first token. Fails with DW_INVALID_GRANT when what it comes of has ended
 * meanwhile: its authorization code was replayed, or the user blocked or given a new password.
 * *ret_has_dropped (may be NULL): others were over the limit and are gone. */
bool dw_must_check dw_store_add_refresh_family(struct dw_store *store,
                                               const struct dw_refresh_family *family,
                                               struct dw_slice first_token_digest,
                                               bool *ret_has_dropped, struct dw_error *reterr);
/* Uses a refresh token, in one step for all threads and processes: judges it by
 * dw_refresh_token_judge and applies the verdict. ROTATE: the token is spent and `successor_digest`
 * is current. REPEAT: nothing changes, the successor made before is to be given again. KEEP: only
 * the idle time starts anew. REUSED: the family is revoked. Every other verdict changes nothing.
 *
 * Two tokens of a family are kept, the current one and the one before.
 *
 * named_family      dw_refresh_token_family(...) of the presented token; for old ones, whose row
 * has gone; or empty successor_digest  of dw_refresh_token_successor(...) of the presented token
 * ret_family        NULL when the token is unknown */
bool dw_must_check dw_store_use_refresh_token(
    struct dw_store *store, struct dw_slice token_digest, struct dw_slice named_family,
    struct dw_slice successor_digest, struct dw_slice client_id, int64_t now_s,
    struct dw_arena *arena, enum dw_refresh_verdict *ret_verdict,
    struct dw_refresh_family **ret_family, struct dw_error *reterr);
/* The family of a token, whatever its state, or the one that it names; for /oauth/revoke. */
bool dw_must_check dw_store_refresh_family_of(struct dw_store *store, struct dw_slice token_digest,
                                              struct dw_slice named_family, struct dw_arena *arena,
                                              struct dw_refresh_family **ret_family,
                                              struct dw_error *reterr);
/* Revoking what is unknown or revoked is no failure. */
bool dw_must_check dw_store_revoke_refresh_family(struct dw_store *store, struct dw_slice family_id,
                                                  int64_t now_s, struct dw_error *reterr);
/* client_id: empty for all of the user's. */
bool dw_must_check dw_store_revoke_refresh_tokens_of(struct dw_store *store,
                                                     struct dw_slice user_id,
                                                     struct dw_slice client_id, int64_t now_s,
                                                     struct dw_error *reterr);

/* --- once and seldom -------------------------------------------------------------------------- */

/* Whether this is the first time that `key` is used in the `space` (such as "client_assertion"),
 * until expires_at_s. Of several callers one gets true. */
bool dw_must_check dw_store_first_use(struct dw_store *store, struct dw_slice space,
                                      struct dw_slice key, int64_t now_s, int64_t expires_at_s,
                                      bool *ret_is_first, struct dw_error *reterr);

struct dw_rate {
    struct dw_slice space; /* such as "dcr" or "login" */
    struct dw_slice key;   /* such as an address */
    int64_t limit;         /* so many ... */
    int64_t window_s;      /* ... in a window of so many seconds */
};

/* Counts one more, unless the window is full. */
bool dw_must_check dw_store_rate_take(struct dw_store *store, const struct dw_rate *rate,
                                      int64_t now_s, bool *ret_is_allowed, struct dw_error *reterr);
/* Whether one more would be allowed; counts nothing. */
bool dw_must_check dw_store_rate_has_room(struct dw_store *store, const struct dw_rate *rate,
                                          int64_t now_s, bool *ret_is_allowed,
                                          struct dw_error *reterr);
/* Forgets what was counted: after a successful login. */
bool dw_must_check dw_store_rate_reset(struct dw_store *store, struct dw_slice space,
                                       struct dw_slice key, struct dw_error *reterr);

#endif
