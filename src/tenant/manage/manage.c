/* `doorward tenant NOUN VERB`: the table of verbs, their flags, and running them. How their output
 * is shown is in manage_show.c. */
#include "tenant/audit_internal.h"
#include "tenant/manage/manage_internal.h"
#include "tenant/manage/manage_organizations_internal.h"
#include "json/json_merge.h"

#include <stdio.h>

#define MANAGE_ARENA_BYTES ((size_t)16 * 1024 * 1024)

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

struct verb_row {
    struct dw_tenant_verb public;
    dw_manage_function *run;
};

/* The usage text is also what the flags are checked against: "[--x]" is a switch, "[--x X]" takes a
 * value, without brackets it must be there, with "..." it may come several times. */
static const struct verb_row verbs[] = {
    {{"user", "add",
      "--email EMAIL [--password PASSWORD] [--password-stdin] [--name NAME] [--role ROLE]...",
      "Make a user. Without a password one is made and shown once."},
     dw_manage_user_add},
    {{"user", "list", "", "List the users."}, dw_manage_user_list},
    {{"user", "show", "--email EMAIL", "Show a user; with --json as Auth0's Management API does."},
     dw_manage_user_show},
    {{"user", "update", "--email EMAIL [--set NAME=VALUE]...",
      "Change a user's members by Auth0's names, as given_name=Ada, email_verified=true or "
      "app_metadata.plan=gold; null removes."},
     dw_manage_user_update},
    {{"user", "block", "--email EMAIL", "Block a user; ends logins and refresh tokens."},
     dw_manage_user_block},
    {{"user", "unblock", "--email EMAIL",
      "Let a blocked user in again, from everywhere that failed sign-ins had blocked, too."},
     dw_manage_user_unblock},
    {{"user", "blocks", "--email EMAIL", "Show from where a user's sign-ins are blocked."},
     dw_manage_user_blocks},
    {{"user", "import", "FILE [--connection NAME] [--upsert] [--errors FILE]",
      "Make the users of a JSON file (Auth0's users-imports schema, with password hashes of other "
      "systems and second factors). What is wrong with whom goes to --errors."},
     dw_manage_user_import},
    {{"user", "password", "--email EMAIL [--password PASSWORD] [--password-stdin]",
      "Set a user's password; ends logins and refresh tokens."},
     dw_manage_user_password},
    {{"user", "delete", "--email EMAIL", "Delete a user and everything that hangs on it."},
     dw_manage_user_delete},
    {{"user", "mfa list", "--email EMAIL", "List what a user has enrolled as a second factor."},
     dw_manage_user_mfa_list},
    {{"user", "mfa reset", "--email EMAIL [--id ID]",
      "Forget all of a user's second factors and the recovery code, or the one with that id; ends "
      "logins and refresh tokens."},
     dw_manage_user_mfa_reset},
    {{"user", "recovery-code regenerate", "--email EMAIL",
      "Give a user a new recovery code, which is shown once; the old one is good for nothing."},
     dw_manage_user_recovery_code},
    {{"mfa", "show", "", "Show when users are asked for a second factor, and which there are."},
     dw_manage_mfa_show},
    {{"mfa", "set", "[--policy POLICY] [--factor FACTOR]...",
      "POLICY: never (only when the application asks by acr_values) or all-applications; "
      "confidence-score is kept and means never. FACTOR, all that are to be enabled: otp, email, "
      "sms, "
      "recovery-code."},
     dw_manage_mfa_set},
    {{"session", "list", "[--email EMAIL]", "List who is logged in in which browser."},
     dw_manage_session_list},
    {{"session", "revoke", "[--id SESSION] [--email EMAIL] [--refresh-tokens]",
      "End one login session, or all of a user; --refresh-tokens: and the refresh tokens that "
      "began "
      "in it."},
     dw_manage_session_revoke},
    {{"ticket", "email-verification", "--email EMAIL [--result-url URL] [--ttl SECONDS]",
      "Print a link that confirms the user's address."},
     dw_manage_ticket_verification},
    {{"ticket", "password-change",
      "--email EMAIL [--result-url URL] [--ttl SECONDS] [--mark-email-as-verified]",
      "Print a link under which the user chooses a new password."},
     dw_manage_ticket_password},
    {{"attack-protection", "show", "--name NAME",
      "Show brute-force-protection, suspicious-ip-throttling or breached-password-detection."},
     dw_manage_protection_show},
    {{"attack-protection", "set", "--name NAME [--set NAME=VALUE]...",
      "Change members of one of them, as --set max_attempts=5 or --set "
      "stage.pre-login.rate=60000."},
     dw_manage_protection_set},
    {{"api", "add", "--identifier URL [--name NAME] [--permission VALUE[=DESCRIPTION]]...",
      "Make an API, or add permissions to one. The identifier is the audience of its tokens."},
     dw_manage_api_add},
    {{"api", "list", "", "List the APIs."}, dw_manage_api_list},
    {{"api", "show", "--identifier URL", "Show an API with its settings."}, dw_manage_api_show},
    {{"api", "update", "--identifier URL [--set NAME=VALUE]...",
      "Change an API's settings by Auth0's names, as signing_alg=ES256, "
      "token_dialect=rfc9068_profile, signing_secret=TEXT (then HS256) or "
      "subject_type_authorization.user.policy=require_client_grant."},
     dw_manage_api_update},
    {{"api", "delete", "--identifier URL", "Delete an API."}, dw_manage_api_delete},
    {{"role", "add", "--name NAME [--description TEXT] [--api IDENTIFIER] [--permission VALUE]...",
      "Make a role, or add permissions of an API to one."},
     dw_manage_role_add},
    {{"role", "list", "", "List the roles."}, dw_manage_role_list},
    {{"role", "assign", "--role NAME --email EMAIL", "Give a role to a user."},
     dw_manage_role_assign},
    {{"role", "unassign", "--role NAME --email EMAIL", "Take a role from a user."},
     dw_manage_role_unassign},
    {{"role", "delete", "--role NAME", "Delete a role."}, dw_manage_role_delete},
    {{"client", "add",
      "--name NAME [--id ID] [--redirect-uri URI]... [--grant-type TYPE]... [--audience API]... "
      "[--scope SCOPE]... [--logout-url URL]... [--public] [--third-party] [--permissive]",
      "Make an application. Its secret is shown once. --audience lets it ask for tokens of that "
      "API without a user."},
     dw_manage_client_add},
    {{"client", "list", "", "List the applications."}, dw_manage_client_list},
    {{"client", "show", "--id ID", "Show an application with its settings."},
     dw_manage_client_show},
    {{"client", "update", "--id ID [--jwks FILE] [--set NAME=VALUE]...",
      "Change an application's settings by Auth0's names, as refresh_token.leeway=10 or "
      "organization_usage=require. With --jwks (a JWK Set with its public keys) it proves itself "
      "by private_key_jwt, and no longer by its secret."},
     dw_manage_client_update},
    {{"client", "rotate-secret", "--id ID", "Give an application a new secret."},
     dw_manage_client_rotate_secret},
    {{"client", "credential add", "--id ID --pem FILE [--name NAME] [--alg ALG] [--days COUNT]",
      "Add a public key, by which the application proves itself from then on (private_key_jwt) "
      "instead of by its secret: RS256, RS384, PS256 or ES256. Two at most: the old and the new."},
     dw_manage_client_add_credential},
    {{"client", "credential list", "--id ID", "List the keys of an application."},
     dw_manage_client_list_credentials},
    {{"client", "credential delete", "--id ID --credential CREDENTIAL", "Delete such a key."},
     dw_manage_client_delete_credential},
    {{"client", "delete", "--id ID", "Delete an application and its tokens."},
     dw_manage_client_delete},
    {{"ciba", "list", "", "List what applications have asked users to approve (CIBA)."},
     dw_manage_ciba_list},
    {{"ciba", "approve", "--id ID", "Approve such a request in the user's place."},
     dw_manage_ciba_approve},
    {{"ciba", "deny", "--id ID", "Deny it."}, dw_manage_ciba_deny},
    {{"connection", "create",
      "--name NAME --strategy STRATEGY [--display-name TEXT] [--set NAME=VALUE]... "
      "[--client ID]... [--domain]",
      "Make a connection: auth0 (accounts with passwords), email or sms (codes and links). --set "
      "gives an option, as passwordPolicy=fair or mfa.active=false."},
     dw_manage_connection_create},
    {{"connection", "list", "", "List the connections."}, dw_manage_connection_list},
    {{"connection", "show", "--name NAME", "Show a connection with its options."},
     dw_manage_connection_show},
    {{"connection", "update",
      "--name NAME [--display-name TEXT] [--set NAME=VALUE]... [--domain] [--no-domain] "
      "[--active] [--inactive]",
      "Change a connection. --set NAME=null takes an option away. --domain lets third-party "
      "applications use it."},
     dw_manage_connection_update},
    {{"connection", "delete", "--name NAME",
      "Delete a connection and the accounts that live in it."},
     dw_manage_connection_delete},
    {{"connection", "enable", "--name NAME --client ID", "Let an application use a connection."},
     dw_manage_connection_enable},
    {{"connection", "disable", "--name NAME --client ID",
      "Do not let an application use a connection."},
     dw_manage_connection_disable},
    {{"organization", "create",
      "--name NAME [--display-name TEXT] [--connection NAME]... [--third-party ACCESS] "
      "[--set NAME=VALUE]...",
      "Make an organization whose members log in by these connections. --third-party allow lets "
      "third-party applications in. --set metadata.NAME=VALUE or branding.NAME=VALUE."},
     dw_manage_organization_create},
    {{"organization", "list", "", "List the organizations."}, dw_manage_organization_list},
    {{"organization", "show", "--organization ID", "Show one, by its id or name."},
     dw_manage_organization_show},
    {{"organization", "update",
      "--organization ID [--name NAME] [--display-name TEXT] [--third-party ACCESS] "
      "[--set NAME=VALUE]...",
      "Change one."},
     dw_manage_organization_update},
    {{"organization", "delete", "--organization ID", "Delete one, and the tokens of its logins."},
     dw_manage_organization_delete},
    {{"organization", "connection add",
      "--organization ID --connection NAME [--assign-membership] [--show-as-button] [--signup]",
      "Let accounts of a connection log in. --assign-membership makes members of them."},
     dw_manage_organization_connection_add},
    {{"organization", "connection list", "--organization ID", "List its connections."},
     dw_manage_organization_connection_list},
    {{"organization", "connection remove", "--organization ID --connection NAME",
      "Do not let them log in any more."},
     dw_manage_organization_connection_remove},
    {{"organization", "grant add", "--organization ID --grant ID",
      "Let an application act for it without a user, by a client grant."},
     dw_manage_organization_grant_add},
    {{"organization", "grant list", "--organization ID", "List its client grants."},
     dw_manage_organization_grant_list},
    {{"organization", "grant remove", "--organization ID --grant ID", "Take one away."},
     dw_manage_organization_grant_remove},
    {{"organization", "member add", "--organization ID --email EMAIL [--role NAME]...",
      "Make a user a member, with roles that count in this organization alone."},
     dw_manage_member_add},
    {{"organization", "member list", "--organization ID", "List the members with their roles."},
     dw_manage_member_list},
    {{"organization", "member remove", "--organization ID --email EMAIL",
      "Remove a member; ends the refresh tokens of logins to it."},
     dw_manage_member_remove},
    {{"organization", "role add", "--organization ID --email EMAIL --role NAME...",
      "Give a member roles there."},
     dw_manage_member_role_add},
    {{"organization", "role remove", "--organization ID --email EMAIL --role NAME...",
      "Take them away."},
     dw_manage_member_role_remove},
    {{"organization", "invitation create",
      "--organization ID --email EMAIL --client ID --login-url URL [--inviter NAME] "
      "[--role NAME]... [--ttl-sec SECONDS] [--send]",
      "Invite somebody: shows the link once, and with --send mails it. --login-url is where the "
      "application begins a login (Auth0 initiate_login_uri)."},
     dw_manage_invitation_create},
    {{"organization", "invitation list", "--organization ID", "List the invitations."},
     dw_manage_invitation_list},
    {{"organization", "invitation delete", "--id ID", "Take an invitation back."},
     dw_manage_invitation_delete},
    {{"grant", "list", "[--email EMAIL]", "List what users have allowed applications."},
     dw_manage_consent_list},
    {{"grant", "delete", "--id ID",
      "Forget one; ends the refresh tokens that rest on it, and the user is asked again."},
     dw_manage_consent_delete},
    {{"settings", "show", "", "Show the tenant's settings that are in force."},
     dw_manage_settings_show},
    {{"settings", "set", "NAME=VALUE...",
      "Change settings, as session_lifetime=72 or flags.revoke_refresh_token_grant=true; "
      "NAME=null brings the standard back. What the configuration file sets wins over these."},
     dw_manage_settings_set},
    {{"branding", "show", "", "Show logo and colours of the pages."}, dw_manage_branding_show},
    {{"branding", "set", "NAME=VALUE...",
      "Change them, as colors.primary=#0059d6 or logo_url=https://example.com/logo.png."},
     dw_manage_branding_set},
    {{"prompts", "show", "", "Show how the login pages ask."}, dw_manage_prompts_show},
    {{"prompts", "set", "NAME=VALUE...", "Change that, as identifier_first=true."},
     dw_manage_prompts_set},
    {{"logs", "",
      "[--follow] [--type CODE]... [--user ID] [--client ID] [--since TIME] [--take COUNT]",
      "Show the audit log, the newest entries last. TIME is as 2026-11-23T07:25:00Z or 90s, 15m, "
      "2h, 7d ago."},
     dw_manage_logs},
    {{"key", "list", "", "List the signing keys."}, dw_manage_key_list},
    {{"key", "rotate", "",
      "Sign with the next keys from now on, and publish new ones. The old ones stay published."},
     dw_manage_key_rotate},
    {{"client-grant", "put",
      "--audience API [--client ID] [--default-for-third-parties] [--subject-type TYPE] "
      "[--scope SCOPE]... [--all-scopes] [--organization-usage USAGE] [--any-organization]",
      "Say which scopes of an API an application may have: for itself (--subject-type client, the "
      "standard) or for its users (user). Replaces what was said before."},
     dw_manage_client_grant_put},
    {{"client-grant", "list", "[--client ID] [--audience API]", "List the client grants."},
     dw_manage_client_grant_list},
    {{"client-grant", "delete", "--id ID", "Delete a client grant."},
     dw_manage_client_grant_delete},
    {{"trusted-issuer", "add",
      "--iss URL [--jwks-uri URL] [--jwks FILE] [--user-by HOW] [--connection NAME] [--id-jag]",
      "Believe an issuer's signed tokens about users, or change how. HOW: mapping (rows of `map` "
      "alone), subject (`sub` is the user_id here) or email (when verified). --id-jag: take its "
      "ID-JAG assertions at the token endpoint."},
     dw_manage_trusted_issuer_add},
    {{"trusted-issuer", "list", "", "List the trusted issuers."}, dw_manage_trusted_issuer_list},
    {{"trusted-issuer", "delete", "--iss URL", "Believe an issuer no more."},
     dw_manage_trusted_issuer_delete},
    {{"trusted-issuer", "map", "--iss URL --subject SUB --email EMAIL",
      "Say which user an issuer means by a `sub`."},
     dw_manage_subject_map},
    {{"trusted-issuer", "unmap", "--iss URL --subject SUB", "Take that back."},
     dw_manage_subject_unmap},
    {{"token-exchange-profile", "add",
      "--name NAME --subject-token-type URI [--iss URL] [--audience AUDIENCE]",
      "Exchange tokens of a type: JWTs of a trusted issuer for this audience (standard: the "
      "tenant's issuer), or without an issuer exactly the tokens that `map` names."},
     dw_manage_exchange_profile_add},
    {{"token-exchange-profile", "list", "", "List the token-exchange profiles."},
     dw_manage_exchange_profile_list},
    {{"token-exchange-profile", "delete", "--id ID", "Delete a token-exchange profile."},
     dw_manage_exchange_profile_delete},
    {{"token-exchange-profile", "map", "--id ID --subject TEXT --email EMAIL",
      "Say which user a `sub` (without an issuer: a token) means."},
     dw_manage_subject_map},
    {{"token-exchange-profile", "unmap", "--id ID --subject TEXT", "Take that back."},
     dw_manage_subject_unmap},
    {{"key", "revoke", "--kid KID", "Publish a key no more: what it signed is worthless at once."},
     dw_manage_key_revoke},
};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

const struct dw_tenant_verb *dw_tenant_verbs(size_t *ret_count)
{
    static struct dw_tenant_verb rows[VERB_COUNT];

    for (size_t i = 0; i < VERB_COUNT; i++)
        rows[i] = verbs[i].public;
    *ret_count = VERB_COUNT;
    return rows;
}

bool dw_tenant_is_verb(const char *noun)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0)
            return true;
    return false;
}

/* ---- flags ---- */
struct flag_rule {
    bool is_known, has_value, is_required, is_repeatable;
};

/* Words without a flag, first in a usage text, and the flag they stand for. */
static const struct {
    struct dw_slice word, name;
    bool is_repeatable;
} bare_words[] = {
    {{"NAME=VALUE...", 13}, {"set", 3}, true},
    {{"FILE", 4}, {"file", 4}, false},
};
#define BARE_WORD_COUNT (sizeof bare_words / sizeof *bare_words)

/* One flag of a usage text off its front. */
static bool next_rule(struct dw_slice *usage, struct dw_slice *ret_name, struct flag_rule *ret_rule)
{
    struct dw_slice token, placeholder = DW_EMPTY;

    do {
        if (!dw_slice_split(usage, ' ', &token))
            return false;
    } while (token.len == 0);
    *ret_rule = (struct flag_rule){.is_known = true};
    for (size_t i = 0; i < BARE_WORD_COUNT; i++)
        if (dw_slice_eq(token, bare_words[i].word)) {
            *ret_rule = (struct flag_rule){true, true, true, bare_words[i].is_repeatable};
            *ret_name = bare_words[i].name;
            return true;
        }
    ret_rule->is_required = !dw_slice_eat(&token, DW_LIT("["));
    (void)dw_slice_eat(&token, DW_LIT("--"));
    ret_rule->has_value = !dw_slice_contains(token, ']');
    if (ret_rule->has_value)
        (void)dw_slice_split(usage, ' ', &placeholder);
    ret_rule->is_repeatable = dw_slice_ends_with(placeholder, DW_LIT("..."));
    *ret_name = dw_slice_sub(token, 0, dw_slice_index(token, ']'));
    return true;
}

static struct flag_rule find_rule(const struct verb_row *verb, struct dw_slice name)
{
    struct dw_slice usage = dw_slice_from_text(verb->public.usage);
    struct dw_slice candidate;
    struct flag_rule rule;

    while (next_rule(&usage, &candidate, &rule))
        if (dw_slice_eq(candidate, name))
            return rule;
    return (struct flag_rule){0};
}

static bool read_bare_word(struct dw_manage *manage, const struct verb_row *verb,
                           struct dw_slice text, struct dw_error *reterr)
{
    struct dw_slice usage = dw_slice_from_text(verb->public.usage);
    size_t i = 0;

    while (i < BARE_WORD_COUNT && !dw_slice_starts_with(usage, bare_words[i].word))
        i++;
    if (i == BARE_WORD_COUNT || manage->flag_count == DW_MANAGE_MAX_FLAGS ||
        (!bare_words[i].is_repeatable && dw_manage_value(manage, bare_words[i].name.ptr).len > 0))
        return dw_fail(reterr, DW_USAGE, "\"%.*s\" is no flag", DW_PRINT(text));
    manage->flags[manage->flag_count++] = (struct dw_manage_flag){bare_words[i].name, text};
    return true;
}

static bool read_flag(struct dw_manage *manage, const struct verb_row *verb, int argc, char **argv,
                      int *at, struct dw_error *reterr)
{
    struct dw_slice text = dw_slice_from_text(argv[*at]);
    struct dw_slice name, value;
    struct flag_rule rule;
    size_t equals;

    if (!dw_slice_eat(&text, DW_LIT("--")))
        return read_bare_word(manage, verb, text, reterr);
    equals = dw_slice_index(text, '=');
    name = dw_slice_sub(text, 0, equals);
    value = dw_slice_sub(text, equals + 1, text.len);
    rule = find_rule(verb, name);
    if (!rule.is_known)
        return dw_fail(reterr, DW_USAGE, "there is no flag --%.*s", DW_PRINT(name));
    if (!rule.has_value && equals < text.len)
        return dw_fail(reterr, DW_USAGE, "--%.*s takes no value", DW_PRINT(name));
    if (rule.has_value && equals == text.len) {
        if (*at + 1 >= argc)
            return dw_fail(reterr, DW_USAGE, "--%.*s needs a value", DW_PRINT(name));
        value = dw_slice_from_text(argv[++*at]);
    }
    for (size_t i = 0; !rule.is_repeatable && i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, name))
            return dw_fail(reterr, DW_USAGE, "--%.*s comes twice", DW_PRINT(name));
    if (manage->flag_count == DW_MANAGE_MAX_FLAGS)
        return dw_fail(reterr, DW_USAGE, "too many flags");
    manage->flags[manage->flag_count++] = (struct dw_manage_flag){name, value};
    return true;
}

/* Of a verb: "", "list" or "mfa list". */
static int count_words(const char *verb)
{
    return verb[0] == '\0' ? 0 : strchr(verb, ' ') ? 2 : 1;
}

static bool read_flags(struct dw_manage *manage, const struct verb_row *verb, int argc, char **argv,
                       struct dw_error *reterr)
{
    struct dw_slice usage = dw_slice_from_text(verb->public.usage);
    struct dw_slice name;
    struct flag_rule rule;

    for (int at = 1 + count_words(verb->public.verb); at < argc; at++) {
        if (strcmp(argv[at], "--json") == 0)
            manage->is_json = true;
        else if (!read_flag(manage, verb, argc, argv, &at, reterr))
            return false;
    }
    while (next_rule(&usage, &name, &rule)) {
        bool is_there = false;

        for (size_t i = 0; i < manage->flag_count; i++)
            is_there = is_there || dw_slice_eq(manage->flags[i].name, name);
        if (rule.is_required && !is_there)
            return dw_fail(reterr, DW_USAGE, "--%.*s is missing", DW_PRINT(name));
    }
    return true;
}

struct dw_slice dw_manage_value(const struct dw_manage *manage, const char *name)
{
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            return manage->flags[i].value;
    return DW_EMPTY;
}

bool dw_manage_has(const struct dw_manage *manage, const char *name)
{
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            return true;
    return false;
}

bool dw_manage_values(struct dw_manage *manage, const char *name, struct dw_slices *ret_values,
                      struct dw_error *reterr)
{
    struct dw_slice *values =
        dw_arena_new_array(manage->arena, manage->flag_count + 1, sizeof *values);
    size_t count = 0;

    if (!values)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < manage->flag_count; i++)
        if (dw_slice_eq(manage->flags[i].name, dw_slice_from_text(name)))
            values[count++] = manage->flags[i].value;
    *ret_values = (struct dw_slices){values, count};
    return true;
}

bool dw_manage_patch_of_sets(struct dw_manage *manage, struct dw_slice *patch,
                             struct dw_error *reterr)
{
    struct dw_slices sets = {0};

    if (!dw_manage_values(manage, "set", &sets, reterr))
        return false;
    for (size_t i = 0; i < sets.count; i++) {
        size_t equals = dw_slice_index(sets.items[i], '=');
        struct dw_slice name = dw_slice_sub(sets.items[i], 0, equals);
        struct dw_slice value = dw_slice_sub(sets.items[i], equals + 1, sets.items[i].len);
        struct dw_slice one;

        if (equals == sets.items[i].len)
            return dw_fail(reterr, DW_USAGE, "\"%.*s\" is not NAME=VALUE", DW_PRINT(sets.items[i]));
        if (!dw_json_patch_of(name, value, manage->arena, &one, reterr) ||
            !dw_json_patch_join(*patch, one, manage->arena, patch, reterr))
            return false;
    }
    return true;
}

bool dw_manage_apply_sets(struct dw_manage *manage, struct dw_slice *json, struct dw_error *reterr)
{
    struct dw_slice patch = DW_LIT("{}");

    return dw_manage_patch_of_sets(manage, &patch, reterr) &&
           dw_json_merge(*json, patch, manage->arena, json, reterr);
}

bool dw_manage_cells_of_json(struct dw_manage *manage, struct dw_manage_row *row,
                             struct dw_slice json, struct dw_error *reterr)
{
    const struct dw_json *parsed = NULL;

    if (!dw_json_parse(json, manage->arena, &parsed, reterr))
        return false;
    for (size_t i = 0; i < parsed->object.count; i++) {
        const struct dw_json_member *member = &parsed->object.members[i];
        char *name = dw_arena_text(manage->arena, member->key);

        if (!name)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        dw_manage_cell_json(row, name, member->value.raw);
    }
    return true;
}

bool dw_manage_find_user(struct dw_manage *manage, struct dw_slice email, struct dw_user **ret_user,
                         struct dw_error *reterr)
{
    if (!dw_store_user_by_login(manage->tenant->store, DW_LIT(DW_TENANT_CONNECTION), email,
                                manage->arena, ret_user, reterr))
        return false;
    return *ret_user || dw_fail(reterr, DW_NOT_FOUND, "there is no user \"%.*s\"", DW_PRINT(email));
}

/* ---- running ---- */
/* Some nouns have one verb without a name ("logs"): what follows is a flag, or nothing. */
static bool is_called(const char *verb, int argc, char **argv)
{
    struct dw_slice rest = dw_slice_from_text(verb), word;

    if (verb[0] == '\0')
        return argc < 2 || strncmp(argv[1], "--", 2) == 0;
    for (int at = 1; dw_slice_split(&rest, ' ', &word); at++)
        if (at >= argc || !dw_slice_eq(word, dw_slice_from_text(argv[at])))
            return false;
    return true;
}

static const struct verb_row *find_verb(int argc, char **argv)
{
    const char *noun = argc > 0 ? argv[0] : "";

    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0 && is_called(verbs[i].public.verb, argc, argv))
            return &verbs[i];
    return NULL;
}

static bool ends_with(const struct verb_row *verb, struct dw_slice word)
{
    return dw_slice_ends_with(dw_slice_from_text(verb->public.verb), word);
}

static int show_verbs(const char *noun)
{
    fprintf(stderr, "What doorward tenant can do with \"%s\":\n", noun);
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].public.noun, noun) == 0)
            fprintf(stderr, "  doorward tenant %s %s %s\n      %s\n", noun, verbs[i].public.verb,
                    verbs[i].public.usage, verbs[i].public.help);
    return EXIT_USAGE;
}

static bool is_reading(const struct verb_row *verb)
{
    return verb->public.verb[0] == '\0' || ends_with(verb, DW_LIT("list")) ||
           ends_with(verb, DW_LIT("show"));
}

/* Every change that an operator makes, and every one that failed; not the values, some of which are
 * passwords. */
static void note_change(const struct dw_manage *manage, const struct verb_row *verb,
                        const struct dw_error *error)
{
    struct dw_audit_facts facts = {
        .type = error ? DW_AUDIT_FAPI : DW_AUDIT_SAPI,
        .description =
            dw_arena_printf(manage->arena, "%s %s%s%s", verb->public.noun, verb->public.verb,
                            error ? ": " : "", error ? error->message : ""),
    };

    if (!is_reading(verb) && facts.description.ptr)
        dw_audit_write(manage->tenant, NULL, &facts);
}

static bool run(struct dw_manage *manage, const struct verb_row *verb,
                const struct dw_tenant_config *config, struct dw_error *reterr)
{
    bool is_done;

    manage->tenant = dw_tenant_open_store(config, reterr);
    if (!manage->tenant)
        return false;
    is_done = verb->run(manage, reterr);
    note_change(manage, verb, is_done ? NULL : reterr);
    is_done = is_done && dw_manage_show(manage, reterr);
    dw_tenant_close(manage->tenant);
    return is_done;
}

int dw_tenant_manage(const struct dw_tenant_config *config, int argc, char **argv)
{
    dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(MANAGE_ARENA_BYTES);
    struct dw_manage manage = {.arena = arena};
    const struct verb_row *verb = find_verb(argc, argv);
    struct dw_error error = {0};

    if (!verb)
        return show_verbs(argc > 0 ? argv[0] : "");
    manage.next_row = &manage.first_row;
    manage.is_list = ends_with(verb, DW_LIT("list")) || verb->public.verb[0] == '\0';
    if (!arena)
        (void)dw_fail(&error, DW_NO_MEMORY, "out of memory");
    if (arena && read_flags(&manage, verb, argc, argv, &error) &&
        run(&manage, verb, config, &error))
        return EXIT_DONE;
    fprintf(stderr, "doorward tenant %s %s: %s\n", verb->public.noun, verb->public.verb,
            error.message);
    if (error.cause[0] != '\0')
        fprintf(stderr, "  (%s)\n", error.cause);
    if (error.code != DW_USAGE)
        return EXIT_FAILED;
    fprintf(stderr, "Usage: doorward tenant %s %s %s [--json]\n", verb->public.noun,
            verb->public.verb, verb->public.usage);
    return EXIT_USAGE;
}
