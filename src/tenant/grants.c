/* Loads what dw_grant_decide judges; see grants_internal.h. */
#include "tenant/grants_internal.h"

static bool load_grants(struct dw_tenant_call *call, const struct dw_grant_subjects *subjects,
                        struct dw_grant_question *question, struct dw_error *reterr)
{
    bool is_client = dw_slice_is_empty(subjects->user_id);
    enum dw_grant_subject subject = is_client ? DW_GRANT_SUBJECT_CLIENT : DW_GRANT_SUBJECT_USER;
    struct dw_client_grant *own, *standard = NULL;

    if (!dw_store_client_grant(call->tenant->store, subjects->client->id, subjects->audience,
                               subject, call->arena, &own, reterr))
        return false;
    if (!own && !subjects->client->is_first_party &&
        !dw_store_default_grant(call->tenant->store, subjects->audience, subject, call->arena,
                                &standard, reterr))
        return false;
    question->own_grant = own;
    question->default_grant = standard;
    return is_client || dw_store_effective_permissions(call->tenant->store, subjects->user_id,
                                                       subjects->audience, call->arena,
                                                       &question->user_permissions, reterr);
}

bool dw_tenant_decide(struct dw_tenant_call *call, const struct dw_grant_subjects *subjects,
                      struct dw_api **ret_api, struct dw_grant_answer *ret_answer,
                      struct dw_error *reterr)
{
    struct dw_grant_question question = {
        .grant_type = subjects->grant_type,
        .client = subjects->client,
        .audience = subjects->audience,
        .is_third_party_oidc_allowed = call->tenant->settings.is_third_party_oidc_allowed,
        .requested = subjects->requested,
        .dynamic_scopes = call->tenant->config.allowed_scopes,
        .original = subjects->original,
    };

    *ret_api = NULL;
    if (!dw_slice_is_empty(subjects->audience) &&
        (!dw_store_api(call->tenant->store, subjects->audience, call->arena, ret_api, reterr) ||
         !load_grants(call, subjects, &question, reterr)))
        return false;
    question.api = *ret_api;
    return dw_grant_decide(&question, call->arena, ret_answer, reterr);
}
