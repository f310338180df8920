/* The tenant: an authorization server and identity provider that speaks Auth0's wire format. This
 * is all that cli/ sees of it: its configuration, open and close, its keys, the seed for
 * `doorward dev`, and the management verbs. */
#ifndef DW_TENANT_TENANT_H
#define DW_TENANT_TENANT_H

#include "base/error.h"
#include "base/slice.h"
#include "jose/jwk.h"
#include "net/loop.h"

struct dw_tenant;

/* All slices must live until dw_tenant_close. */
struct dw_tenant_config {
    size_t size;
    struct dw_slice listen;           /* "127.0.0.1:8421" */
    struct dw_slice issuer;           /* the public URL, with a trailing slash, as in `iss` */
    struct dw_slice state_dir;        /* store, keys; made with mode 0700 when missing */
    struct dw_slice default_audience; /* when a request names no API; empty: none */
    struct dw_slice tls_certificate, tls_key; /* PEM files; empty: plain HTTP */

    int64_t access_token_ttl_s; /* for APIs without a lifetime of their own */
    int64_t id_token_ttl_s;
    int64_t authorization_code_ttl_s; /* RFC 6749 section 4.1.2; 60 */
    int64_t refresh_token_ttl_s;      /* absolute, from the login */
    int64_t refresh_token_idle_ttl_s; /* from the last use */
    int64_t refresh_token_leeway_s;   /* how long a rotated token still gets the same successor */
    int64_t session_ttl_s;            /* absolute */
    int64_t session_idle_ttl_s;

    bool allow_registration;                 /* RFC 7591; [auth.dcr] enabled */
    struct dw_slices public_client_patterns; /* [auth.dcr]; client names, empty: any */
    struct dw_slices default_scopes;         /* [auth.dcr]; of a client that asks for none */
    struct dw_slices allowed_scopes;         /* [auth.dcr]; empty: any */
    int64_t registrations_per_hour;          /* an address */
    bool allow_metadata_documents;           /* Client ID Metadata Documents */
    bool allow_insecure_client_metadata;     /* `doorward dev`: documents on loopback, also http */
    bool allow_password_grant;               /* applications may be given the password grant */
    bool allow_third_party_all_scopes;  /* clients that registered themselves may ask for any scope
                                           of  an API; else only for those of a client grant */
    struct dw_slice key_encryption_key; /* 64 hex digits; empty: DOORWARD_KEY, or a file made at
                                           first start in state_dir */
    struct dw_slice seed_file;          /* JSON; applied at each start, idempotent */
    bool seed_chapter;                  /* [tenant.seed]: the book's API, permissions and roles */
    struct dw_slice seed_audience;      /* the identifier of that API */
};

/* Every field at its default. */
struct dw_tenant_config dw_tenant_config_standard(void);

/* Opens the store (migrating it), makes or opens the signing keys, applies the seeds, binds the
 * listener. Fails with DW_CONFIG or DW_IO and one sentence that says what to change. */
struct dw_tenant *dw_tenant_open(struct dw_net *net, const struct dw_tenant_config *config,
                                 struct dw_error *reterr) dw_must_check;
/* After dw_net_run has returned. NULL is fine. */
void dw_tenant_close(struct dw_tenant *tenant);
int dw_tenant_port(const struct dw_tenant *tenant);
/* The public signing keys; a new reference, or NULL. Any thread. The shape of dw_key_source.keys.
 */
struct dw_jwks *dw_tenant_keys(void *tenant);

/* What `doorward dev` needs to exist. */
struct dw_tenant_dev_user {
    struct dw_slice email, password;
    struct dw_slice role; /* the name of a role; empty: none */
};

struct dw_tenant_dev {
    struct dw_slice audience; /* the gateway's MCP URL: the identifier of the API */
    struct dw_slice api_name;
    const struct dw_tenant_dev_user *users;
    size_t user_count;
};

#define DW_TENANT_DEV_CLIENT "doorward-dev"
#define DW_TENANT_ROLE_USER "MCP User"
#define DW_TENANT_ROLE_ADMIN "MCP Admin"

/* The chapter's five permissions and two roles on the API `audience`, the users (an existing one
 * gets the given password again), and the public client DW_TENANT_DEV_CLIENT that may use the
 * password grant and loopback redirects. Idempotent. Blocking: before dw_net_run. */
bool dw_must_check dw_tenant_seed_dev(struct dw_tenant *tenant, const struct dw_tenant_dev *dev,
                                      struct dw_error *reterr);

/* ---- `doorward tenant NOUN VERB ...` ---- */
struct dw_tenant_verb {
    const char *noun, *verb;
    const char *usage; /* "--email EMAIL [--password-stdin]" */
    const char *help;
};

/* The table, for --help and the man page. */
const struct dw_tenant_verb *dw_tenant_verbs(size_t *ret_count);
/* Whether argv[0] is the noun of a management verb ("user", "api", ...). */
bool dw_tenant_is_verb(const char *noun);
/* Runs one: argv[0] is the noun, argv[1] the verb, then flags. Opens the store of
 * config->state_dir itself and works while a server runs on it. Data goes to stdout, talk to
 * stderr. Returns the exit status: 0 done, 1 failed, 2 used wrongly. */
int dw_tenant_manage(const struct dw_tenant_config *config, int argc, char **argv);

#endif
