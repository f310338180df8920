/* By what a visit may log in: of the connections that its application may use those that its
 * organization takes, and only the one that the request named, if it named one. Pages offer these
 * and no other; whether a login by one of them is enough is for the steps (visit_steps.c). */
#ifndef DW_TENANT_WAYS_INTERNAL_H
#define DW_TENANT_WAYS_INTERNAL_H

#include "tenant/account/account_internal.h"
#include "tenant/login/visit_internal.h"

struct dw_login_ways {
    struct dw_account_home home;        /* passwords; connection NULL: none */
    struct dw_connection_record *codes; /* codes and links by e-mail; NULL: none */
    bool can_sign_up;                   /* for an account with a password */
    bool lacks_mail;                    /* nobody can, because no code or link would arrive */
    bool lacks_codes;                   /* codes is NULL for the same reason */
    bool can_reset;                     /* a forgotten password: a link for a new one arrives */
};
bool dw_must_check dw_login_ways(struct dw_tenant_call *call, const struct dw_visit *visit,
                                 struct dw_login_ways *ret_ways, struct dw_error *reterr);
/* Before anybody logs in. Fails with what the client is to hear when there is no way at all. */
bool dw_must_check dw_login_ways_check(struct dw_tenant_call *call, const struct dw_visit *visit,
                                       struct dw_error *reterr);

#endif
