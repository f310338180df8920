/* A visit: one authorization request on its way through login and consent to the answer. Kept in
 * the store under the digest of two values that only meet in one browser: its own cookie, and the
 * `state` of our URLs and forms. So whoever has the one without the other (a forged form, a link
 * sent to somebody else) finds nothing. */
#ifndef DW_TENANT_VISIT_INTERNAL_H
#define DW_TENANT_VISIT_INTERNAL_H

#include "tenant/login/browser_internal.h"

#define DW_VISIT_LIFETIME_S 1800

struct dw_visit {
    struct dw_authorization_request *request;
    struct dw_oauth_client *client;
    struct dw_slice state; /* empty: not in the store yet */
    bool is_refused;       /* the user has pressed the button that says no, in this call */
};

/* Fails with DW_INVALID_REQUEST when there is none for this browser, or it has expired: show a
 * page. */
bool dw_must_check dw_visit_load(struct dw_tenant_call *call, struct dw_slice state,
                                 struct dw_visit *ret_visit, struct dw_error *reterr);
/* Stores what has changed. */
bool dw_must_check dw_visit_save(struct dw_tenant_call *call, struct dw_visit *visit,
                                 struct dw_error *reterr);

/* Nobody knows who began it: whoever stands between client and tenant could ride on a consent from
 * before, so none counts. */
void dw_visit_distrust(struct dw_visit *visit);

struct dw_visit_terms;

/* A visit on its way: what a step may look at. */
struct dw_visit_walk {
    struct dw_tenant_call *call;
    struct dw_visit *visit;
    const struct dw_login *login; /* session NULL: nobody is logged in in this browser */
    struct dw_visit_terms *terms; /* the consent step fills them; the answer is by the same */
};

/* A row of visit_steps.c: a page that may stand between the request and its answer. */
struct dw_visit_step {
    const char *path; /* of its page; `state` is added */
    /* Whether the user must see it now. May note what it settled in the visit. Fails with what the
     * client is to hear. */
    bool (*is_due)(const struct dw_visit_walk *walk, bool *ret_is_due, struct dw_error *reterr);
    enum dw_code none_code; /* what the client hears instead with prompt=none */
    const char *none_text;
};

/* To a page of ours as the answer of this call; stores the visit. */
bool dw_must_check dw_visit_to_page(struct dw_tenant_call *call, struct dw_visit *visit,
                                    const char *path, struct dw_error *reterr);
/* The next step, as the answer of this call: to the login page, to the consent page, or back to the
 * client with a code or an error. */
bool dw_must_check dw_visit_go_on(struct dw_tenant_call *call, struct dw_visit *visit,
                                  const struct dw_login *login, struct dw_error *reterr);
/* For a page that is a step: whether the steps before it are done. When not, the first that is due
 * is the answer of this call. Without it somebody could type the address of a later page. */
bool dw_must_check dw_visit_has_come_to(struct dw_tenant_call *call, struct dw_visit *visit,
                                        const struct dw_login *login, const char *path,
                                        bool *ret_has_come, struct dw_error *reterr);
/* Both end the visit. */
bool dw_must_check dw_visit_answer_code(struct dw_tenant_call *call, struct dw_visit *visit,
                                        struct dw_slices scopes, struct dw_error *reterr);
bool dw_must_check dw_visit_answer_error(struct dw_tenant_call *call, struct dw_visit *visit,
                                         const struct dw_error *error, struct dw_error *reterr);
bool dw_must_check dw_visit_to_login(struct dw_tenant_call *call, struct dw_visit *visit,
                                     struct dw_error *reterr);

/* What the user is to agree to: the scopes, and every permission the token will carry. api may come
 * back NULL: no audience. */
struct dw_visit_terms {
    struct dw_api *api;
    struct dw_slices granted; /* for the code */
    struct dw_slices asked;   /* granted, and the permissions */
    struct dw_consent *consent;
};
bool dw_must_check dw_visit_terms(struct dw_tenant_call *call, const struct dw_visit *visit,
                                  const struct dw_user *user, struct dw_visit_terms *ret_terms,
                                  struct dw_error *reterr);
/* Whether the visit has been through our login page in this session. */
bool dw_visit_is_logged_in(const struct dw_visit *visit, const struct dw_login *login);
/* For pages: the name, or the id of a client without one. */
struct dw_slice dw_visit_client_name(const struct dw_visit *visit);

#endif
