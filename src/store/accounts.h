/* The store's questions about accounts: links that were mailed, passwords that change, and the
 * counting of attempts. The rules of store.h hold: blocking, absent is true with NULL, a true write
 * is on the disk. */
#ifndef DW_STORE_ACCOUNTS_H
#define DW_STORE_ACCOUNTS_H

#include "store/store.h"

/* --- tickets: links that do one thing, once --------------------------------------------------- */

enum dw_ticket_purpose {
    DW_TICKET_VERIFY_EMAIL,
    DW_TICKET_CHANGE_PASSWORD,
    DW_TICKET_UNBLOCK,
    DW_TICKET_PURPOSE_COUNT
};

struct dw_ticket {
    struct dw_slice digest; /* of the value in the link */
    enum dw_ticket_purpose purpose;
    struct dw_slice user_id;
    struct dw_slice email;      /* where the link went; it verifies no other address */
    struct dw_slice client_id;  /* of the application it began at; may be empty */
    struct dw_slice result_url; /* where to go afterwards; may be empty */
    bool marks_email_verified;  /* a changed password proves the address, too */
    int64_t created_at_s;
    int64_t expires_at_s;
};

/* At most so many of one purpose live for a user; the oldest go. */
#define DW_TICKETS_MAX 5
/* Fails with DW_NOT_FOUND when the user does not exist. */
bool dw_must_check dw_store_add_ticket(struct dw_store *store, const struct dw_ticket *ticket,
                                       struct dw_error *reterr);
/* Looks, takes nothing. NULL also when it has expired at now_s, is for another purpose, or the
 * account has another address than the ticket by now; so for the functions below. */
bool dw_must_check dw_store_ticket(struct dw_store *store, struct dw_slice digest,
                                   enum dw_ticket_purpose purpose, int64_t now_s,
                                   struct dw_arena *arena, struct dw_ticket **ret_ticket,
                                   struct dw_error *reterr);
/* Ends it, and all of this purpose of the user: of several callers one gets it. */
bool dw_must_check dw_store_take_ticket(struct dw_store *store, struct dw_slice digest,
                                        enum dw_ticket_purpose purpose, int64_t now_s,
                                        struct dw_arena *arena, struct dw_ticket **ret_ticket,
                                        struct dw_error *reterr);
/* Takes it and marks the user's address as verified. NULL: no such ticket. */
bool dw_must_check dw_store_verify_email(struct dw_store *store, struct dw_slice digest,
                                         int64_t now_s, struct dw_arena *arena,
                                         struct dw_ticket **ret_ticket, struct dw_error *reterr);

/* Marks the address as verified if it is the user's still and nobody did so before: of several
 * callers one gets true. */
bool dw_must_check dw_store_confirm_email(struct dw_store *store, struct dw_slice user_id,
                                          struct dw_slice email, int64_t now_s, bool *ret_is_done,
                                          struct dw_error *reterr);

/* --- passwords -------------------------------------------------------------------------------- */

struct dw_password_change {
    struct dw_slice ticket_digest; /* empty: without a ticket */
    struct dw_slice user_id;
    struct dw_secret hash;
    int64_t history_size; /* so many old hashes are kept; 0: none */
    int64_t now_s;
};
/* In one step: takes the ticket, keeps the old hash, sets the new one, ends logins, refresh tokens,
 * other links and blocks of the user. *ret_is_done is false when the ticket is not there. Fails
 * with DW_NOT_FOUND when the user is not. */
bool dw_must_check dw_store_change_password(struct dw_store *store,
                                            const struct dw_password_change *change,
                                            bool *ret_is_done, struct dw_error *reterr);
/* Puts the same password in another form: nothing ends. Does nothing when old_hash is not the
 * user's any more. */
bool dw_must_check dw_store_rehash_password(struct dw_store *store, struct dw_slice user_id,
                                            struct dw_secret old_hash, struct dw_secret new_hash,
                                            struct dw_error *reterr);
/* The newest `count` old hashes. */
bool dw_must_check dw_store_old_passwords(struct dw_store *store, struct dw_slice user_id,
                                          int64_t count, struct dw_arena *arena,
                                          struct dw_slices *ret_hashes, struct dw_error *reterr);

/* --- attempts --------------------------------------------------------------------------------- */

struct dw_attempt {
    struct dw_slice subject; /* who is tried: a user's id, or what was typed when there is none */
    struct dw_slice address; /* from where; empty: from anywhere */
    int64_t limit;           /* so many failures in a row ... */
    int64_t block_s;         /* ... block for so long */
};

/* A bucket of `size` that fills up by one every refill_ms (Auth0 max_attempts and rate). */
struct dw_bucket {
    struct dw_slice space;
    struct dw_slice key;
    int64_t size;
    int64_t refill_ms;
};
/* Takes one out, unless it is empty. */
bool dw_must_check dw_store_bucket_take(struct dw_store *store, const struct dw_bucket *bucket,
                                        int64_t now_ms, bool *ret_is_allowed,
                                        struct dw_error *reterr);

/* Puts one back that was taken. */
bool dw_must_check dw_store_bucket_give(struct dw_store *store, const struct dw_bucket *bucket,
                                        struct dw_error *reterr);

/* What is counted of a login. */
struct dw_login_counting {
    struct dw_attempt attempt; /* limit 0: failures are not counted */
    struct dw_bucket bucket;   /* size 0: the address is not throttled */
    struct dw_slice known_key; /* the subject at this address: who was here before */
    int64_t known_s;           /* is not throttled for so long */
};
enum dw_login_verdict {
    DW_LOGIN_BLOCKED,   /* too many failures of the subject */
    DW_LOGIN_THROTTLED, /* too many of the address */
    DW_LOGIN_COUNTED,
};
struct dw_login_count {
    enum dw_login_verdict verdict;
    int64_t failures; /* in a row, with this one, which may yet succeed */
    bool is_bucket_taken;
};
/* Counts a login before it is known whether it fails, so that many at once get no more than the
 * limits. What is not COUNTED changes nothing. One write. */
bool dw_must_check dw_store_login_take(struct dw_store *store,
                                       const struct dw_login_counting *counting, int64_t now_s,
                                       struct dw_login_count *ret_count, struct dw_error *reterr);
/* Nobody could tell whether it failed: takes back what this one login counted. One write. */
bool dw_must_check dw_store_login_give(struct dw_store *store,
                                       const struct dw_login_counting *counting,
                                       const struct dw_login_count *count, struct dw_error *reterr);
/* It succeeded: forgets the failures from this address, gives back what was taken, remembers that
 * the subject was here; and as dw_store_note_login when user_id is not empty. One write. */
bool dw_must_check dw_store_login_succeeded(struct dw_store *store,
                                            const struct dw_login_counting *counting,
                                            const struct dw_login_count *count,
                                            struct dw_slice user_id, struct dw_slice ip,
                                            int64_t now_s, struct dw_error *reterr);
/* Forgets every failure of the subject, wherever it came from. */
bool dw_must_check dw_store_unblock(struct dw_store *store, struct dw_slice subject,
                                    struct dw_error *reterr);
/* The addresses from which the subject is blocked now; at most 100. "" is anywhere. */
bool dw_must_check dw_store_blocks(struct dw_store *store, struct dw_slice subject, int64_t limit,
                                   int64_t now_s, struct dw_arena *arena,
                                   struct dw_slices *ret_addresses, struct dw_error *reterr);

#endif
