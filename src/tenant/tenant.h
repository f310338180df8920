/* The tenant: an authorization server and identity provider that speaks Auth0's wire format. This
 * is all that cli/ sees of it: its configuration, open and close, its keys, the seed for
 * `doorward dev`, and the management verbs. */
#ifndef DW_TENANT_TENANT_H
#define DW_TENANT_TENANT_H

#include "base/error.h"
#include "base/field.h"
#include "base/slice.h"
#include "jose/jwk.h"
#include "net/loop.h"

struct dw_server_tls;
struct dw_tenant;

/* Its rows are dw_tenant_fields ([tenant]), dw_tenant_dcr_fields ([auth.dcr]) and
 * dw_tenant_mail_fields ([mail]); they say what each setting means. All slices must live until
 * dw_tenant_close. */
struct dw_tenant_config {
    size_t size;
    struct dw_slice listen;
    struct dw_slice issuer; /* with its trailing slash */
    struct dw_slice state_dir;
    struct dw_slice default_audience;
    struct dw_slice tls_certificate, tls_key;
    struct dw_server_tls *tls; /* not from a file: used instead of the two; borrowed, may be NULL */
    struct dw_slices allowed_logout_urls;
    struct dw_slices trusted_proxies;

    int64_t access_token_ttl_s;
    int64_t id_token_ttl_s;
    int64_t authorization_code_ttl_s;
    int64_t refresh_token_ttl_s;
    int64_t refresh_token_idle_ttl_s;
    int64_t refresh_token_leeway_s;
    int64_t session_ttl_s;
    int64_t session_idle_ttl_s;
    int64_t log_retention_s;
    int64_t log_max_mb;

    bool allow_registration;  /* [auth.dcr] enabled */
    int client_security_mode; /* enum dw_security_mode: of DCR and CIMD clients */
    struct dw_slices public_client_patterns;
    struct dw_slices default_scopes;
    struct dw_slices allowed_scopes;
    int64_t registrations_per_hour;
    bool allow_metadata_documents;
    bool allow_insecure_client_metadata; /* set by `doorward dev` */
    bool allow_password_grant;
    struct dw_secret key_encryption_key;

    /* [mail] */
    struct dw_slice mail_url, mail_user, mail_password_file, mail_from;
    struct dw_secret mail_password;
    struct dw_slice sms_url;
    struct dw_secret sms_token;
    bool mail_outbox;                                     /* only with an issuer on loopback */
    struct dw_slice breached_passwords, common_passwords; /* [tenant]; files */

    /* [tenant.seed] */
    uint64_t said, dcr_said; /* which rows the file has set: those win over the store's settings */
    bool seed_chapter;
    struct dw_slice seed_audience;
    struct dw_slice seed_file;
};

#define DW_TENANT_CLIENTS_PERMISSIVE 1 /* client_security_mode */

extern const struct dw_fields dw_tenant_fields;
extern const struct dw_fields dw_tenant_dcr_fields;
extern const struct dw_fields dw_tenant_mail_fields;

/* Opens the store (migrating it), makes or opens the signing keys, applies the seeds, binds the
 * listener. Fails with DW_CONFIG or DW_IO and one sentence that says what to change. */
struct dw_tenant *dw_tenant_open(struct dw_net *net, const struct dw_tenant_config *config,
                                 struct dw_error *reterr) dw_must_check;
/* After dw_net_run has returned. NULL is fine. */
void dw_tenant_close(struct dw_tenant *tenant);
/* The public signing keys; a new reference, or NULL. Any thread. The shape of dw_key_source.keys.
 */
struct dw_jwks *dw_tenant_keys(void *tenant);
/* Whether an access token's login was replayed, by its `jti`: within a second of the replay. Any
 * thread. The shape of dw_key_source.is_dead. */
bool dw_tenant_token_is_dead(void *tenant, struct dw_slice token_id);

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
