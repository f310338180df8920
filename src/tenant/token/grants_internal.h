/* Putting the question of oauth/grant.h together from the store, for consent and for tokens. */
#ifndef DW_TENANT_GRANTS_INTERNAL_H
#define DW_TENANT_GRANTS_INTERNAL_H

#include "oauth/grant.h"
#include "tenant/tenant_internal.h"

struct dw_grant_subjects {
    enum dw_grant_type grant_type;
    const struct dw_oauth_client *client;
    struct dw_slice user_id;  /* empty: the client itself */
    struct dw_slice audience; /* empty: none */
    struct dw_slices requested;
    const struct dw_slices *original; /* refresh and codes: what was granted; NULL: no limit */
    struct dw_slice organization;     /* of the login; empty: none */
    bool is_grant_required;           /* see struct dw_grant_question */
    bool is_consent_given;            /* by who may for the user: an identity provider's ID-JAG */
    bool is_asking;                   /* what a page of ours would ask the user; makes no tokens */
};

/* Makes *audience the identifier of an API that differs from it in the slash after a host alone;
 * leaves it as it is when an API is called so, or none either way. */
bool dw_must_check dw_tenant_settle_audience(struct dw_tenant_call *call, struct dw_slice *audience,
                                             struct dw_error *reterr);
/* api: NULL when there is no audience. Fails as dw_grant_decide does, and with DW_CONSENT_REQUIRED
 * for a third party's login without pages when the user has never agreed to anything there. */
bool dw_must_check dw_tenant_decide(struct dw_tenant_call *call,
                                    const struct dw_grant_subjects *subjects,
                                    struct dw_api **ret_api, struct dw_grant_answer *ret_answer,
                                    struct dw_error *reterr);

#endif
