/* The names of the enums in records.h: one array each, in the order of the members. */
#include "oauth/records.h"

const char *const dw_oauth_client_kind_names[] = {"static", "dcr", "cimd", NULL};
const char *const dw_app_type_names[] = {
    "", "native", "spa", "regular_web", "non_interactive", "resource_server", NULL};
const char *const dw_client_auth_method_names[] = {
    "", "none", "client_secret_basic", "client_secret_post", "private_key_jwt", NULL};
const char *const dw_token_dialect_names[] = {"access_token", "access_token_authz",
                                              "rfc9068_profile", "rfc9068_profile_authz", NULL};
const char *const dw_api_policy_names[] = {"require_client_grant", "allow_all", "deny_all", NULL};
const char *const dw_grant_subject_names[] = {"client", "user", NULL};
const char *const dw_resource_profile_names[] = {"compatibility", "audience", NULL};
const char *const dw_organization_usage_names[] = {"deny", "allow", "require", NULL};
const char *const dw_organization_prompt_names[] = {"no_prompt", "pre_login_prompt",
                                                    "post_login_prompt", NULL};
const char *const dw_security_mode_names[] = {"strict", "permissive", NULL};
const char *const dw_redirection_policy_names[] = {"open_redirect_protection", "allow_always",
                                                   NULL};
const char *const dw_tristate_names[] = {"", "false", "true", NULL};
const char *const dw_id_token_alg_names[] = {"RS256", "PS256", NULL};
const char *const dw_response_mode_names[] = {"query", "fragment", "form_post", "web_message",
                                              NULL};
const char *const dw_signing_key_phase_names[] = {"revoked", "previous", "current", "next", NULL};

_Static_assert(sizeof dw_oauth_client_kind_names / sizeof(char *) == DW_CLIENT_KIND_COUNT + 1, "");
_Static_assert(sizeof dw_app_type_names / sizeof(char *) == DW_APP_TYPE_COUNT + 1, "");
_Static_assert(sizeof dw_client_auth_method_names / sizeof(char *) ==
                   DW_CLIENT_AUTH_METHOD_COUNT + 1,
               "");
_Static_assert(sizeof dw_token_dialect_names / sizeof(char *) == DW_DIALECT_COUNT + 1, "");
_Static_assert(sizeof dw_api_policy_names / sizeof(char *) == DW_API_POLICY_COUNT + 1, "");
_Static_assert(sizeof dw_grant_subject_names / sizeof(char *) == DW_GRANT_SUBJECT_COUNT + 1, "");
_Static_assert(sizeof dw_organization_usage_names / sizeof(char *) ==
                   DW_ORGANIZATION_USAGE_COUNT + 1,
               "");
_Static_assert(sizeof dw_organization_prompt_names / sizeof(char *) ==
                   DW_ORGANIZATION_PROMPT_COUNT + 1,
               "");
_Static_assert(sizeof dw_security_mode_names / sizeof(char *) == DW_SECURITY_MODE_COUNT + 1, "");
_Static_assert(sizeof dw_redirection_policy_names / sizeof(char *) ==
                   DW_REDIRECTION_POLICY_COUNT + 1,
               "");
_Static_assert(sizeof dw_tristate_names / sizeof(char *) == DW_TRISTATE_COUNT + 1, "");
_Static_assert(sizeof dw_id_token_alg_names / sizeof(char *) == DW_ID_TOKEN_ALG_COUNT + 1, "");
_Static_assert(sizeof dw_resource_profile_names / sizeof(char *) == DW_RESOURCE_PROFILE_COUNT + 1,
               "");
_Static_assert(sizeof dw_response_mode_names / sizeof(char *) == DW_RESPONSE_MODE_COUNT + 1, "");
_Static_assert(sizeof dw_signing_key_phase_names / sizeof(char *) == DW_SIGNING_KEY_PHASE_COUNT + 1,
               "");

bool dw_enum_from(const char *const *names, struct dw_slice name, unsigned *ret_member)
{
    for (unsigned member = 0; names[member]; member++)
        if (dw_slice_eq(name, dw_slice_from_text(names[member]))) {
            *ret_member = member;
            return true;
        }
    return false;
}

static const char *name_of(const char *const *names, unsigned count, unsigned member)
{
    return member < count ? names[member] : "";
}

/* The zero member when there is no such name. */
static unsigned member_or_zero(const char *const *names, struct dw_slice name)
{
    unsigned member = 0;

    return dw_enum_from(names, name, &member) ? member : 0;
}

const char *dw_oauth_client_kind_name(enum dw_oauth_client_kind kind)
{
    return name_of(dw_oauth_client_kind_names, DW_CLIENT_KIND_COUNT, kind);
}

const char *dw_client_auth_method_name(enum dw_client_auth_method method)
{
    return name_of(dw_client_auth_method_names, DW_CLIENT_AUTH_METHOD_COUNT, method);
}

enum dw_client_auth_method dw_client_auth_method_from(struct dw_slice name)
{
    return (enum dw_client_auth_method)member_or_zero(dw_client_auth_method_names, name);
}

const char *dw_grant_subject_name(enum dw_grant_subject subject)
{
    return name_of(dw_grant_subject_names, DW_GRANT_SUBJECT_COUNT, subject);
}

bool dw_grant_subject_from(struct dw_slice name, enum dw_grant_subject *ret_subject)
{
    return dw_enum_from(dw_grant_subject_names, name, (unsigned *)ret_subject);
}

bool dw_response_mode_from(struct dw_slice name, enum dw_response_mode *ret_mode)
{
    return dw_enum_from(dw_response_mode_names, name, (unsigned *)ret_mode);
}

const char *dw_signing_key_phase_name(enum dw_signing_key_phase phase)
{
    return name_of(dw_signing_key_phase_names, DW_SIGNING_KEY_PHASE_COUNT, phase);
}

bool dw_user_login_stands(const struct dw_user *user, int64_t authenticated_at_s)
{
    return !user->is_blocked &&
           (authenticated_at_s == 0 || authenticated_at_s >= user->last_password_reset_at_s);
}
