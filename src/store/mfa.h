/* The store's questions about second factors (oauth/mfa.h). The rules of store.h hold. */
#ifndef DW_STORE_MFA_H
#define DW_STORE_MFA_H

#include "oauth/mfa.h"
#include "store/store.h"

/* NULL: none were ever put. */
bool dw_must_check dw_store_mfa_settings(struct dw_store *store, struct dw_arena *arena,
                                         struct dw_mfa_settings **ret_settings,
                                         struct dw_error *reterr);
bool dw_must_check dw_store_put_mfa_settings(struct dw_store *store,
                                             const struct dw_mfa_settings *settings,
                                             struct dw_error *reterr);

/* --- authenticators --------------------------------------------------------------------------- */

/* All of a user, those being enrolled included; the oldest first. At most
 * DW_MFA_MAX_AUTHENTICATORS. */
bool dw_must_check dw_store_authenticators(struct dw_store *store, struct dw_slice user_id,
                                           struct dw_arena *arena,
                                           struct dw_authenticator **ret_authenticators,
                                           size_t *ret_count, struct dw_error *reterr);
/* Whoever enrols knows what was enrolled before, or nothing was: */
enum dw_enrolment_rule {
    DW_ENROL_FIRST_ONLY, /* refused when the user has a confirmed authenticator: a password alone
                            must not add a second factor of the attacker's */
    DW_ENROL_FURTHER,    /* a second factor was shown */
};
/* Starts an enrolment: adds them, not confirmed, in place of others of the same enrolment_id; of
 * the user's unconfirmed ones the oldest go where there are too many.
 *
 * ret_is_done  false: the rule refuses it, or the user has DW_MFA_MAX_AUTHENTICATORS */
bool dw_must_check dw_store_add_authenticators(struct dw_store *store,
                                               const struct dw_authenticator *authenticators,
                                               size_t count, enum dw_enrolment_rule rule,
                                               bool *ret_is_done, struct dw_error *reterr);
/* Ends an enrolment: the authenticator and the recovery code of the same enrolment_id are good from
 * now on; an older recovery code goes. By the rule as it is then, so that of two enrolments with
 * nothing but a password one wins.
 *
 * step         TOTP: the step of the code that was shown, used from now on
 * ret_is_done  false: the rule refuses it, the step is used, it is confirmed already or gone */
bool dw_must_check dw_store_confirm_authenticator(struct dw_store *store,
                                                  const struct dw_authenticator *authenticator,
                                                  enum dw_enrolment_rule rule, int64_t step,
                                                  int64_t now_s, bool *ret_is_done,
                                                  struct dw_error *reterr);
/* Notes that a confirmed one was shown. step: TOTP, must be later than all before; else 0.
 *
 * ret_is_done  false: the step was used before, or the authenticator is gone */
bool dw_must_check dw_store_use_authenticator(struct dw_store *store, struct dw_slice id,
                                              int64_t step, int64_t now_s, bool *ret_is_done,
                                              struct dw_error *reterr);
/* Uses a recovery code: the user's confirmed one with that digest goes, `next` comes. Of several
 * callers one gets it.
 *
 * code_digest  empty: any, also none (an operator gives the user a new one)
 * ret_is_done  false: it is not that code */
bool dw_must_check dw_store_replace_recovery_code(struct dw_store *store,
                                                  struct dw_slice code_digest,
                                                  const struct dw_authenticator *next,
                                                  bool *ret_is_done, struct dw_error *reterr);
/* The recovery code goes with the last other one. Fails with DW_NOT_FOUND. */
bool dw_must_check dw_store_delete_authenticator(struct dw_store *store, struct dw_slice user_id,
                                                 struct dw_slice id, struct dw_error *reterr);
/* All, and the mfa_tokens that wait. Deleting what is not there is no failure. */
bool dw_must_check dw_store_delete_authenticators_of(struct dw_store *store,
                                                     struct dw_slice user_id,
                                                     struct dw_error *reterr);

/* --- grants that wait ------------------------------------------------------------------------- */

bool dw_must_check dw_store_add_mfa_transaction(struct dw_store *store,
                                                const struct dw_mfa_transaction *transaction,
                                                struct dw_error *reterr);
/* Also when it has expired, for a while: that is a better answer than "unknown". */
bool dw_must_check dw_store_mfa_transaction(struct dw_store *store, struct dw_slice token_digest,
                                            struct dw_arena *arena,
                                            struct dw_mfa_transaction **ret_transaction,
                                            struct dw_error *reterr);
/* Ends it: of several callers one gets is_done. */
bool dw_must_check dw_store_take_mfa_transaction(struct dw_store *store,
                                                 struct dw_slice token_digest, bool *ret_is_done,
                                                 struct dw_error *reterr);

#endif
