/* Loads what dw_grant_decide judges; see grants_internal.h. */
#include "tenant/token/grants_internal.h"

#include "http/url.h"
#include "oauth/third_party.h"
#include "store/organizations.h"

/* "http://host" and "http://host/" are one URL (RFC 3986 section 6.2.3), and URL classes as that of
 * the MCP SDK write the second where the first was published. Empty: there is only one way. */
static bool other_spelling(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_other,
                           struct dw_error *reterr)
{
    struct dw_url url;

    *ret_other = DW_EMPTY;
    if (!dw_url_parse(text, &url, NULL) || url.has_query || url.has_fragment ||
        !(dw_url_has_scheme(&url, "https") || dw_url_has_scheme(&url, "http")))
        return true;
    if (url.path.len == 0)
        *ret_other = dw_arena_printf(arena, "%.*s/", DW_PRINT(text));
    else if (dw_slice_eq(url.path, DW_LIT("/")))
        *ret_other = dw_slice_sub(text, 0, text.len - 1);
    return ret_other->ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

bool dw_tenant_settle_audience(struct dw_tenant_call *call, struct dw_slice *audience,
                               struct dw_error *reterr)
{
    struct dw_slice other;
    struct dw_api *api;

    if (!other_spelling(*audience, call->arena, &other, reterr))
        return false;
    if (other.len == 0)
        return true;
    if (!dw_store_api(call->tenant->store, *audience, call->arena, &api, reterr))
        return false;
    if (api)
        return true;
    if (!dw_store_api(call->tenant->store, other, call->arena, &api, reterr))
        return false;
    if (api)
        *audience = api->identifier;
    return true;
}

/* The API of the audience, in either spelling, or NULL; *audience becomes its identifier. */
static bool find_api(struct dw_tenant_call *call, struct dw_slice *audience,
                     struct dw_api **ret_api, struct dw_error *reterr)
{
    *ret_api = NULL;
    if (dw_slice_is_empty(*audience))
        return true;
    if (!dw_store_api(call->tenant->store, *audience, call->arena, ret_api, reterr))
        return false;
    if (*ret_api)
        return true;
    return dw_tenant_settle_audience(call, audience, reterr) &&
           dw_store_api(call->tenant->store, *audience, call->arena, ret_api, reterr);
}

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
    if (is_client)
        return true;
    return dw_store_effective_permissions(call->tenant->store, subjects->user_id,
                                          subjects->audience, call->arena,
                                          &question->user_permissions, reterr) &&
           (dw_slice_is_empty(subjects->organization) ||
            dw_store_member_permissions(call->tenant->store, subjects->organization,
                                        subjects->user_id, subjects->audience, call->arena,
                                        &question->organization_permissions, reterr));
}

/* When tokens are made for a third party, what the user agreed to is the most it gets: since then
 * the user may have come to permissions that were not on the page. And a login without pages (by
 * password, by a mailed code, by somebody's token) is nothing that the user agrees by. */
static bool load_consent(struct dw_tenant_call *call, const struct dw_grant_subjects *subjects,
                         struct dw_grant_question *question, struct dw_error *reterr)
{
    static const struct dw_slices nothing;
    struct dw_consent *consent;

    if (subjects->client->is_first_party || subjects->is_consent_given || subjects->is_asking ||
        subjects->user_id.len == 0)
        return true;
    if (!dw_store_consent(call->tenant->store, subjects->user_id, subjects->client->id,
                          subjects->audience, subjects->organization, call->arena, &consent,
                          reterr))
        return false;
    if (!consent && !subjects->original)
        return dw_fail(reterr, DW_CONSENT_REQUIRED, "Consent required");
    question->consented = consent ? &consent->scopes : &nothing;
    return true;
}

bool dw_tenant_decide(struct dw_tenant_call *call, const struct dw_grant_subjects *asked,
                      struct dw_api **ret_api, struct dw_grant_answer *ret_answer,
                      struct dw_error *reterr)
{
    struct dw_grant_subjects settled = *asked, *subjects = &settled;
    struct dw_grant_question question = {
        .grant_type = subjects->grant_type,
        .client = subjects->client,
        .is_grant_required = subjects->is_grant_required,
        .is_third_party_oidc_allowed = !dw_client_is_strict(subjects->client),
        .requested = subjects->requested,
        .dynamic_scopes = call->tenant->config.allowed_scopes,
        .original = subjects->original,
    };

    if (!find_api(call, &settled.audience, ret_api, reterr) ||
        (!dw_slice_is_empty(settled.audience) && !load_grants(call, subjects, &question, reterr)))
        return false;
    question.api = *ret_api;
    question.audience = settled.audience;
    return load_consent(call, subjects, &question, reterr) &&
           dw_grant_decide(&question, call->arena, ret_answer, reterr);
}
