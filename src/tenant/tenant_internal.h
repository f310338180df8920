/* What the files of the tenant share: the tenant, one request with its answer, and how an endpoint
 * looks. Endpoints are straight-line blocking code on a worker thread:
 * parse, load, decide, commit, render. */
#ifndef DW_TENANT_TENANT_INTERNAL_H
#define DW_TENANT_TENANT_INTERNAL_H

#include "http/form.h"
#include "http/message.h"
#include "net/address_range.h"
#include "net/job.h"
#include "oauth/token_response.h"
#include "store/store.h"
#include "tenant/html_internal.h"
#include "tenant/keys_internal.h"
#include "tenant/tenant.h"
#include "json/json_writer.h"

/* One request may use so much memory for itself; a body is at most 256 KiB. */
#define DW_TENANT_CALL_BYTES ((size_t)4 * 1024 * 1024)
#define DW_TENANT_MAX_BODY_BYTES ((size_t)256 * 1024)
#define DW_TENANT_MAX_FIELDS 24
/* Where the accounts of this tenant live (Auth0's name for its database). */
#define DW_TENANT_CONNECTION "Username-Password-Authentication"

struct dw_tenant_listener;
struct dw_client_keys_cache;
struct dw_client_renewals;
struct dw_dead_families;
struct dw_audit_log;
struct dw_settings_cache;

/* mail_sender.c; all but is_awake belong to the first loop. */
struct dw_mail_sender {
    struct dw_timer *timer; /* NULL: nothing is sent by this process */
    int ticks;
    bool is_sending;
    _Atomic bool is_awake;
};

struct dw_tenant {
    struct dw_tenant_config config;
    struct dw_settings_cache *settings_cache; /* settings_internal.h; endpoints: call->settings */
    struct dw_net *net;                       /* NULL: opened for management or a test */
    const struct dw_log *log;                 /* may be NULL */
    struct dw_metrics *metrics;               /* may be NULL */
    struct dw_arena *arena;                   /* as long as the tenant; not used by endpoints */
    struct dw_store *store;
    int64_t busy_wait_ms; /* of the store; 0: its standard */
    struct dw_keyring *keyring;
    struct dw_client_keys_cache *client_keys; /* of URLs that clients choose */
    struct dw_client_renewals *renewals;
    bool is_renewing; /* loop thread only */
    struct dw_client_keys_cache
        *issuer_keys; /* of URLs that the operator chose, of clients as well */
    struct dw_dead_families *dead_families;
    struct dw_audit_log *audit; /* audit_internal.h */
    unsigned char master_key[32];
    unsigned char refresh_key[32]; /* makes refresh tokens */
    unsigned char dpop_key[32];    /* makes DPoP nonces */
    struct dw_slice host;          /* of the issuer, with port: for pages and certificates */
    bool is_on_loopback;           /* the issuer's host: this machine alone gets there */
    bool is_https;                 /* the issuer's scheme: cookies are Secure and __Host- */
    struct dw_tenant_listener *listener;
    struct dw_address_range *trusted_proxies;
    size_t trusted_proxy_count;
    int64_t visits_per_hour; /* from one address; the people of a large office share one */
    struct dw_mail_sender mail_sender;
    struct dw_timer *timer; /* once a second; these two are the loop thread's */
    int64_t beats;
    bool is_beating;
    _Atomic int64_t store_was_good_at_s; /* strangers ask for /healthz: the disk, once a second */
    int64_t (*now_s)(void);              /* the clock; tests bring their own */
};

/* Everything below lives in `arena`. */
struct dw_tenant_call {
    struct dw_tenant *tenant;
    struct dw_arena *arena;
    int64_t now_s;
    const struct dw_tenant_settings *settings; /* as they were when the call began */
    /* the request */
    enum dw_http_method method;
    struct dw_slice path, query, body;
    struct dw_slice peer_address;
    struct dw_slice trace_id;
    struct dw_slice authority; /* the Host field */
    bool is_loopback;          /* the socket's own address is */
    struct dw_http_fields fields;
    const struct dw_language *language; /* NULL: ask dw_tenant_language */
    /* the answer */
    int status;
    struct dw_slice answer;
    struct dw_http_field out[DW_TENANT_MAX_FIELDS];
    size_t out_count;
    struct dw_slice allow;       /* for 405 */
    struct dw_mfa_hint mfa_hint; /* for the JSON of DW_MFA_REQUIRED; else empty */
    const char *error_key;       /* the text of an error page that helps; NULL: a general one */
    bool has_no_visit;           /* a page between request and answer, without a request */
    /* for the log line */
    struct dw_slice client_id, user_id;
    /* DPoP (dpop_internal.h) */
    struct dw_slice dpop_jkt;   /* the key that the request has proven; empty: none */
    struct dw_slice dpop_nonce; /* goes out as DPoP-Nonce, also with an error; empty: none */
};

typedef bool dw_tenant_endpoint(struct dw_tenant_call *call, struct dw_error *reterr);

/* ---- opening, without a listener: tests and management ---- */
/* busy_wait_ms: how long a write waits for another process that writes; 0: the store's standard */
struct dw_tenant *dw_tenant_open_store(const struct dw_tenant_config *config, int64_t busy_wait_ms,
                                       struct dw_error *reterr) dw_must_check;

/* ---- routes.c: from a request to an answer; always gives one ---- */
void dw_tenant_serve(struct dw_tenant_call *call);
/* Where it should run: hashing passwords must not starve the rest. Cheap; any thread. */
enum dw_job_pool dw_tenant_pool(const struct dw_tenant_call *call);

/* ---- proxies.c ---- */
/* Reads config.trusted_proxies. Fails with DW_CONFIG. */
bool dw_must_check dw_tenant_proxies_open(struct dw_tenant *tenant, struct dw_error *reterr);
/* Who really asks: the peer, or the last address of X-Forwarded-For that is no trusted proxy when
 * the peer is one. A view of `peer` or of `fields`. */
struct dw_slice dw_tenant_client_address(const struct dw_tenant *tenant, struct dw_slice peer,
                                         struct dw_http_fields fields);

/* What limits count by: an IPv4 address, or the /64 of an IPv6 address, of which one customer has
 * 2^64 (RFC 6177). In the arena. */
bool dw_must_check dw_tenant_rate_key(struct dw_tenant_call *call, struct dw_slice *ret_key,
                                      struct dw_error *reterr);
/* For the limit of an endpoint: dw_store_rate_take, and the audit log has who is over it, once a
 * minute for each address. */
bool dw_must_check dw_tenant_rate_take(struct dw_tenant_call *call, const struct dw_rate *rate,
                                       bool *ret_is_allowed, struct dw_error *reterr);

/* ---- listen.c ---- */
struct dw_tenant_listener *dw_tenant_listen(struct dw_tenant *tenant,
                                            struct dw_error *reterr) dw_must_check;
void dw_tenant_listener_free(struct dw_tenant_listener *listener);

/* ---- answer.c ---- */
/* value must be free of control characters (dw_http_is_field_value), else DW_INTERNAL. */
bool dw_must_check dw_answer_field(struct dw_tenant_call *call, const char *name,
                                   struct dw_slice value, struct dw_error *reterr);
bool dw_must_check dw_answer_json(struct dw_tenant_call *call, int status, struct dw_buf *json,
                                  struct dw_error *reterr);
/* form_target  the URL a form of this page may finally redirect to (Chrome applies form-action to
 * redirects, too); empty: only ours */
bool dw_must_check dw_answer_html(struct dw_tenant_call *call, int status, const char *page,
                                  const struct dw_html_field *fields, size_t count,
                                  struct dw_slice form_target, struct dw_error *reterr);
/* The language of this call's pages and mails: by dw_tenant_prefer_language, else by
 * Accept-Language and the tenant's settings. Never NULL. */
const struct dw_language *dw_tenant_language(struct dw_tenant_call *call);
/* Once the request's ui_locales is known; dw_visit_load does it. */
void dw_tenant_prefer_language(struct dw_tenant_call *call, struct dw_slice ui_locales);
/* 302 for GET, 303 for the rest: the method becomes GET and a password is never sent on. */
bool dw_must_check dw_answer_redirect(struct dw_tenant_call *call, struct dw_slice url,
                                      struct dw_error *reterr);
/* These two cannot fail: at worst they answer 503 without words. */
void dw_answer_error_json(struct dw_tenant_call *call, const struct dw_error *error);
void dw_answer_error_page(struct dw_tenant_call *call, const struct dw_error *error);

/* ---- input.c ---- */
/* The parameters of a POST: a form, or a flat JSON object with texts (Auth0 takes both). Fails with
 * DW_INVALID_REQUEST when one comes twice or the media type is another. */
bool dw_must_check dw_call_parameters(struct dw_tenant_call *call, struct dw_form *ret_form,
                                      struct dw_error *reterr);
/* Forms alone: pages, where JSON could be a cross-site request in disguise. */
bool dw_must_check dw_call_form(struct dw_tenant_call *call, struct dw_form *ret_form,
                                struct dw_error *reterr);

/* ---- small things ---- */
/* "https://issuer/" + "oauth/token"; ptr NULL when memory is short. */
struct dw_slice dw_tenant_url(const struct dw_tenant *tenant, struct dw_arena *arena,
                              const char *path);
/* base64url of `bytes` random bytes; `prefix` before it. ptr NULL when memory is short. */
struct dw_slice dw_tenant_random_text(struct dw_arena *arena, const char *prefix, size_t bytes);
/* The same with `chars` letters and digits, as Auth0's ids have them; 16 are 95 bits. */
struct dw_slice dw_tenant_random_id(struct dw_arena *arena, const char *prefix, size_t chars);
struct dw_slice dw_tenant_random_hex(struct dw_arena *arena, const char *prefix, size_t bytes);
/* How long what a client gets is good, by the configuration; into *client. */
void dw_tenant_client_lifetimes(const struct dw_tenant *tenant, struct dw_oauth_client *client);
/* SHA-256 of a secret as 32 raw bytes in the arena. */
bool dw_must_check dw_tenant_digest(struct dw_slice secret, struct dw_arena *arena,
                                    struct dw_slice *ret_digest, struct dw_error *reterr);

#endif
