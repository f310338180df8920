/* The settings of attack protection: three JSON objects in Auth0's shape (Management API
 * /attack-protection/...), their defaults, and reading them strictly. */
#ifndef DW_OAUTH_ATTACK_PROTECTION_H
#define DW_OAUTH_ATTACK_PROTECTION_H

#include "json/json.h"

#define DW_BRUTE_FORCE "brute-force-protection"
#define DW_SUSPICIOUS_IP "suspicious-ip-throttling"
#define DW_BREACHED_PASSWORDS "breached-password-detection"

#define DW_ALLOWLIST_MAX 100 /* addresses and ranges */

/* Auth0's default of one of the three, a literal; the empty slice for another name. */
struct dw_slice dw_attack_protection_standard(struct dw_slice name);

struct dw_brute_force {
    bool is_enabled;
    bool blocks;            /* shield block */
    bool notifies;          /* shield user_notification */
    bool counts_by_address; /* mode count_per_identifier_and_ip; else count_per_identifier */
    struct dw_slices allowlist;
    int64_t max_attempts;
};

struct dw_throttle {
    int64_t max_attempts;
    int64_t rate_ms; /* one more so often */
};

struct dw_suspicious_ip {
    bool is_enabled;
    bool blocks;
    struct dw_slices allowlist;
    struct dw_throttle login, registration, token_exchange;
};

struct dw_breached_passwords {
    bool is_enabled;
    bool blocks_login, notifies_login;
    bool blocks_registration;
    bool blocks_change;
};

/* Each takes the object as text; empty means the defaults, and a member that is left out has its
 * default. Fails with DW_INVALID_REQUEST, naming the member that is wrong. */
bool dw_must_check dw_brute_force_read(struct dw_slice json, struct dw_arena *arena,
                                       struct dw_brute_force *ret_settings,
                                       struct dw_error *reterr);
bool dw_must_check dw_suspicious_ip_read(struct dw_slice json, struct dw_arena *arena,
                                         struct dw_suspicious_ip *ret_settings,
                                         struct dw_error *reterr);
bool dw_must_check dw_breached_passwords_read(struct dw_slice json, struct dw_arena *arena,
                                              struct dw_breached_passwords *ret_settings,
                                              struct dw_error *reterr);
/* Whether `json` may be kept under `name`; unknown members are refused, as Auth0 does. */
bool dw_must_check dw_attack_protection_check(struct dw_slice name, struct dw_slice json,
                                              struct dw_arena *arena, struct dw_error *reterr);

#endif
