/* Connections: where accounts come from. A record as Auth0's Management API shows it, the
 * strategies there are, and reading an option out of its options. Not to be mixed up with a TCP
 * connection (net/) or one to the database (store/). */
#ifndef DW_OAUTH_CONNECTION_H
#define DW_OAUTH_CONNECTION_H

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"

#define DW_CONNECTION_NAME_MAX 128
#define DW_CONNECTION_OPTIONS_MAX_BYTES ((size_t)64 * 1024)

enum dw_strategy {
    DW_STRATEGY_AUTH0, /* accounts with a password, in our own store */
    DW_STRATEGY_EMAIL, /* passwordless: a code or a link by e-mail */
    DW_STRATEGY_SMS,   /* passwordless: a code by text message */
    DW_STRATEGY_COUNT
};
extern const char *const dw_strategy_names[]; /* auth0 email sms */
const char *dw_strategy_name(enum dw_strategy strategy);
/* False when there is no such strategy. */
bool dw_strategy_from(struct dw_slice name, enum dw_strategy *ret_strategy);

/* As with the records of records.h: an empty slice is "none", slices live in an arena. */
struct dw_connection_record {
    struct dw_slice id;           /* con_ + 16 */
    struct dw_slice name;         /* unique; the realm of the password-realm grant */
    struct dw_slice display_name; /* for pages; empty: the name */
    enum dw_strategy strategy;
    struct dw_slice options_json;     /* with Auth0's names */
    struct dw_slices realms;          /* Auth0: [name] */
    struct dw_slices enabled_clients; /* ids; written by dw_store_enable_connection alone */
    bool is_domain_connection;        /* third-party applications may use it, and only such ones */
    bool shows_as_button;
    bool is_active; /* Auth0 authentication.active */
    struct dw_slice metadata_json;
    int64_t created_at_s;
    int64_t updated_at_s;
};

/* Auth0's rule: 1 to 128 letters, digits and hyphens, no hyphen at either end. Fails with
 * DW_INVALID_REQUEST. */
bool dw_must_check dw_connection_name_check(struct dw_slice name, struct dw_error *reterr);
/* What Auth0 gives a new connection of this strategy: a literal, a JSON object. One with passwords
 * has addresses confirmed before the first login besides, so that signing up tells nobody who has
 * an account. */
struct dw_slice dw_connection_standard_options(enum dw_strategy strategy);

/* Options as a tree in `arena`; an unreadable text is a DW_UNAVAILABLE. Read them with dw_json_path
 * and the two below. */
bool dw_must_check dw_connection_options(const struct dw_connection_record *connection,
                                         struct dw_arena *arena, const struct dw_json **ret_options,
                                         struct dw_error *reterr);
/* The option, or `standard` when it is not there or of another type. */
bool dw_connection_bool(const struct dw_json *options, const char *name, bool standard);
int64_t dw_connection_int(const struct dw_json *options, const char *name, int64_t standard);

/* Whether this client may log people in through it: active, and either enabled for the client or,
 * for a third-party client, of the domain. */
bool dw_connection_serves(const struct dw_connection_record *connection, struct dw_slice client_id,
                          bool is_first_party);

#endif
