/* Who may log in to which organization; see organization.h. The words are Auth0's. */
#include "oauth/organization.h"

static bool is_lower_alphanumeric(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

bool dw_organization_is_id(struct dw_slice text)
{
    return dw_slice_starts_with(text, DW_LIT("org_"));
}

bool dw_organization_name_check(struct dw_slice name, struct dw_error *reterr)
{
    bool is_good = name.len > 0 && name.len <= DW_ORGANIZATION_NAME_MAX &&
                   is_lower_alphanumeric(name.ptr[0]) && !dw_organization_is_id(name);

    for (size_t i = 0; is_good && i < name.len; i++)
        is_good = is_lower_alphanumeric(name.ptr[i]) || name.ptr[i] == '-' || name.ptr[i] == '_';
    return is_good ||
           dw_fail(reterr, DW_INVALID_REQUEST,
                   "an organization's name is up to %d lower-case letters, digits, \"_\" and "
                   "\"-\", begins with a letter or digit, and not with org_",
                   DW_ORGANIZATION_NAME_MAX);
}

bool dw_organization_check_request(const struct dw_oauth_client *client, struct dw_slice asked,
                                   bool has_invitation, bool takes_names, struct dw_error *reterr)
{
    if (client->organization_usage == DW_ORGANIZATION_DENY && (asked.len > 0 || has_invitation))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is not allowed for this client");
    if (asked.len == 0 && has_invitation)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is required for an invitation");
    if (asked.len == 0 && client->organization_usage == DW_ORGANIZATION_REQUIRE &&
        client->organization_prompt == DW_ORGANIZATION_NO_PROMPT)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is required for this client");
    if (asked.len > 0 && !dw_organization_is_id(asked) && !takes_names)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "authorization request parameter organization must be an organization id");
    return true;
}

bool dw_organization_check_client(const struct dw_oauth_client *client,
                                  const struct dw_organization *organization, struct dw_slice asked,
                                  struct dw_error *reterr)
{
    if (!organization)
        return dw_fail(reterr, DW_INVALID_REQUEST, "organization %.*s does not exist",
                       DW_PRINT(dw_slice_sub(asked, 0, 60)));
    return client->is_first_party || organization->allows_third_party ||
           dw_fail(reterr, DW_INVALID_REQUEST, "parameter organization is invalid: %.*s",
                   DW_PRINT(dw_slice_sub(asked, 0, 60)));
}

bool dw_organization_fail_member(struct dw_slice user_id, struct dw_slice organization_id,
                                 struct dw_error *reterr)
{
    return dw_fail(reterr, DW_ACCESS_DENIED, "user %.*s is not part of the %.*s organization",
                   DW_PRINT(dw_slice_sub(user_id, 0, 80)), DW_PRINT(organization_id));
}

bool dw_invitation_check(const struct dw_invitation *invitation, struct dw_slice organization_id,
                         struct dw_slice client_id, int64_t now_s, struct dw_error *reterr)
{
    bool is_good = invitation && invitation->used_at_s == 0 && now_s < invitation->expires_at_s &&
                   dw_slice_eq(invitation->organization_id, organization_id) &&
                   dw_slice_eq(invitation->client_id, client_id);

    return is_good || dw_fail(reterr, DW_INVALID_REQUEST, "invitation not found or already used");
}

bool dw_organization_check_grant(const struct dw_client_grant *grant,
                                 struct dw_slice organization_id, bool has_organization_grant,
                                 struct dw_error *reterr)
{
    enum dw_organization_usage usage = grant ? grant->organization_usage : DW_ORGANIZATION_DENY;

    if (organization_id.len == 0)
        return usage != DW_ORGANIZATION_REQUIRE ||
               dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is required for this client");
    if (usage == DW_ORGANIZATION_DENY)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "parameter organization is not allowed for this client");
    return grant->allows_any_organization || has_organization_grant ||
           dw_fail(reterr, DW_ACCESS_DENIED,
                   "Client is not authorized to access \"%.*s\" in the %.*s organization",
                   DW_PRINT(dw_slice_sub(grant->audience, 0, 60)), DW_PRINT(organization_id));
}
