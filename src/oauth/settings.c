/* The rows of the settings; see settings.h. */
#include "oauth/settings.h"

#include <math.h>

#include "base/text.h"
#include "oauth/decoupled.h"
#include "oauth/json_member.h"

const char *const dw_settings_document_names[] = {"tenant", "branding", "prompts", NULL};

/* Auth0's, but for: all languages, scopes in words, the directory is there from the start,
 * `resource` is understood, `iss` is sent, and metadata documents and pushed requests are taken. */
static const char tenant_standard[] =
    "{\"friendly_name\":\"\",\"picture_url\":\"\",\"support_email\":\"\",\"support_url\":\"\","
    "\"default_audience\":\"\",\"default_directory\":\"Username-Password-Authentication\","
    "\"default_redirection_uri\":\"\",\"allowed_logout_urls\":[],\"enabled_locales\":[\"en\","
    "\"es\",\"fr\",\"de\",\"ja\"],"
    "\"session_lifetime\":168,\"idle_session_lifetime\":72,"
    "\"session_cookie\":{\"mode\":\"persistent\"},\"sandbox_version\":\"22\","
    "\"error_page\":{\"html\":\"\",\"show_log_link\":false,\"url\":\"\"},"
    "\"flags\":{\"enable_dynamic_client_registration\":false,"
    "\"enable_client_connections\":true,\"revoke_refresh_token_grant\":false,"
    "\"use_scope_descriptions_for_consent\":true,\"no_disclose_enterprise_connections\":false,"
    "\"disable_clickjack_protection_headers\":false,\"enable_custom_domain_in_emails\":false,"
    "\"enable_idtoken_api2\":false,\"enable_legacy_profile\":false,\"enable_pipeline2\":false,"
    "\"enable_public_signup_user_exists_error\":false,\"enable_sso\":true,"
    "\"allow_legacy_delegation_grant_types\":false,\"allow_legacy_ro_grant_types\":false,"
    "\"dashboard_log_streams_next\":false,\"dashboard_insights_view\":false,"
    "\"disable_fields_map_fix\":false,\"mfa_show_factor_list_on_enrollment\":false,"
    "\"require_signed_request_object\":false,\"remove_alg_from_jwks\":false},"
    "\"resource_parameter_profile\":\"compatibility\","
    "\"allow_organization_name_in_authentication_api\":false,"
    "\"authorization_response_iss_parameter_supported\":true,"
    "\"client_id_metadata_document_supported\":true,"
    "\"dynamic_client_registration_security_mode\":\"strict\","
    "\"pushed_authorization_requests_supported\":true,"
    "\"require_pushed_authorization_requests\":false,"
    "\"skip_non_verifiable_callback_uri_confirmation_prompt\":false,"
    "\"customize_mfa_in_postlogin_action\":false,\"acr_values_supported\":[],"
    "\"device_flow\":{\"charset\":\"base20\",\"mask\":\"****-****\"},"
    "\"mtls\":{\"enable_endpoint_aliases\":false},"
    "\"universal_login\":{\"passwordless\":{\"allow_magiclink_verify_without_session\":true}},"
    "\"oidc_logout\":{\"rp_logout_end_session_endpoint_discovery\":true},"
    "\"sessions\":{\"oidc_logout_prompt_enabled\":true}}";
static const char branding_standard[] =
    "{\"colors\":{\"primary\":\"\",\"page_background\":\"\"},\"favicon_url\":\"\","
    "\"logo_url\":\"\",\"font\":{\"url\":\"\"}}";
static const char prompts_standard[] =
    "{\"universal_login_experience\":\"new\",\"identifier_first\":false,"
    "\"webauthn_platform_first_factor\":false}";

enum kind {
    TEXT,
    TEXTS,
    BOOL,
    HOURS,     /* a number, also with a fraction; kept as seconds */
    WORD,      /* an enum by its names */
    WORD_BOOL, /* a bool by two names */
    MASK,
};

struct row {
    enum dw_settings_document document;
    const char *path; /* "error_page.url" */
    enum kind kind;
    size_t offset;
    const char *const *names; /* WORD, WORD_BOOL */
};

static const char *const strict_names[] = {"permissive", "strict", NULL};
static const char *const persistent_names[] = {"non-persistent", "persistent", NULL};
static const char *const digits_names[] = {"base20", "digits", NULL};

#define WORDS(document, path, kind, member, names)                                                 \
    {                                                                                              \
        DW_SETTINGS_##document, path, kind, offsetof(struct dw_tenant_settings, member), names     \
    }
#define ROW(document, path, kind, member) WORDS(document, path, kind, member, NULL)

static const struct row rows[] = {
    ROW(TENANT, "friendly_name", TEXT, friendly_name),
    ROW(TENANT, "picture_url", TEXT, picture_url),
    ROW(TENANT, "support_email", TEXT, support_email),
    ROW(TENANT, "support_url", TEXT, support_url),
    ROW(TENANT, "default_audience", TEXT, default_audience),
    ROW(TENANT, "default_directory", TEXT, default_directory),
    ROW(TENANT, "default_redirection_uri", TEXT, default_redirection_uri),
    ROW(TENANT, "allowed_logout_urls", TEXTS, allowed_logout_urls),
    ROW(TENANT, "enabled_locales", TEXTS, enabled_locales),
    ROW(TENANT, "session_lifetime", HOURS, session_lifetime_s),
    ROW(TENANT, "idle_session_lifetime", HOURS, session_idle_s),
    WORDS(TENANT, "session_cookie.mode", WORD_BOOL, is_session_cookie_persistent, persistent_names),
    WORDS(TENANT, "device_flow.charset", WORD_BOOL, user_code.is_digits, digits_names),
    ROW(TENANT, "device_flow.mask", MASK, user_code.mask),
    ROW(TENANT, "error_page.url", TEXT, error_page_url),
    ROW(TENANT, "error_page.show_log_link", BOOL, error_page_shows_log_link),
    ROW(TENANT, "flags.enable_dynamic_client_registration", BOOL, is_dcr_enabled),
    ROW(TENANT, "flags.enable_client_connections", BOOL, gives_connections),
    ROW(TENANT, "flags.revoke_refresh_token_grant", BOOL, revokes_grant_with_token),
    ROW(TENANT, "flags.use_scope_descriptions_for_consent", BOOL, shows_scope_descriptions),
    ROW(TENANT, "flags.enable_public_signup_user_exists_error", BOOL, tells_user_exists),
    ROW(TENANT, "flags.remove_alg_from_jwks", BOOL, removes_alg_from_keys),
    WORDS(TENANT, "resource_parameter_profile", WORD, resource_profile, dw_resource_profile_names),
    ROW(TENANT, "allow_organization_name_in_authentication_api", BOOL, allows_organization_name),
    ROW(TENANT, "authorization_response_iss_parameter_supported", BOOL, sends_iss_parameter),
    ROW(TENANT, "client_id_metadata_document_supported", BOOL, is_cimd_enabled),
    WORDS(TENANT, "dynamic_client_registration_security_mode", WORD_BOOL, is_dcr_strict,
          strict_names),
    ROW(TENANT, "pushed_authorization_requests_supported", BOOL, is_par_enabled),
    ROW(TENANT, "require_pushed_authorization_requests", BOOL, requires_par),
    ROW(TENANT, "skip_non_verifiable_callback_uri_confirmation_prompt", BOOL,
        skips_callback_confirmation),
    ROW(TENANT, "oidc_logout.rp_logout_end_session_endpoint_discovery", BOOL,
        publishes_end_session),
    ROW(TENANT, "sessions.oidc_logout_prompt_enabled", BOOL, asks_before_logout),
    ROW(TENANT, "universal_login.passwordless.allow_magiclink_verify_without_session", BOOL,
        allows_unbound_links),
    ROW(BRANDING, "logo_url", TEXT, logo_url),
    ROW(BRANDING, "favicon_url", TEXT, favicon_url),
    ROW(BRANDING, "colors.primary", TEXT, primary_color),
    ROW(BRANDING, "colors.page_background", TEXT, page_background_color),
    ROW(PROMPTS, "identifier_first", BOOL, is_identifier_first),
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

/* Members that Auth0 has and that could have no effect here, or must have none. They are shown, and
 * nobody is told that they were changed. */
static const struct fixed {
    enum dw_settings_document document;
    const char *path;
} fixed[] = {
    {DW_SETTINGS_TENANT, "acr_values_supported"},
    {DW_SETTINGS_TENANT, "customize_mfa_in_postlogin_action"},
    {DW_SETTINGS_TENANT, "error_page.html"},
    {DW_SETTINGS_TENANT, "mtls.enable_endpoint_aliases"},
    {DW_SETTINGS_TENANT, "sandbox_version"},
    {DW_SETTINGS_TENANT, "flags.no_disclose_enterprise_connections"},
    {DW_SETTINGS_TENANT, "flags.disable_clickjack_protection_headers"},
    {DW_SETTINGS_TENANT, "flags.enable_custom_domain_in_emails"},
    {DW_SETTINGS_TENANT, "flags.enable_idtoken_api2"},
    {DW_SETTINGS_TENANT, "flags.enable_legacy_profile"},
    {DW_SETTINGS_TENANT, "flags.enable_pipeline2"},
    {DW_SETTINGS_TENANT, "flags.enable_sso"},
    {DW_SETTINGS_TENANT, "flags.allow_legacy_delegation_grant_types"},
    {DW_SETTINGS_TENANT, "flags.allow_legacy_ro_grant_types"},
    {DW_SETTINGS_TENANT, "flags.dashboard_log_streams_next"},
    {DW_SETTINGS_TENANT, "flags.dashboard_insights_view"},
    {DW_SETTINGS_TENANT, "flags.disable_fields_map_fix"},
    {DW_SETTINGS_TENANT, "flags.mfa_show_factor_list_on_enrollment"},
    {DW_SETTINGS_TENANT, "flags.require_signed_request_object"},
    {DW_SETTINGS_BRANDING, "font.url"},
    {DW_SETTINGS_PROMPTS, "universal_login_experience"},
    {DW_SETTINGS_PROMPTS, "webauthn_platform_first_factor"},
};
#define FIXED_COUNT (sizeof fixed / sizeof *fixed)

struct dw_slice dw_settings_standard(enum dw_settings_document document)
{
    static const char *const texts[] = {tenant_standard, branding_standard, prompts_standard};

    return dw_slice_from_text(texts[document]);
}

/* ---- reading ---- */

/* A minute to a year. */
static bool read_hours(const struct row *row, const struct dw_json *value, int64_t *ret_seconds,
                       struct dw_error *reterr)
{
    double hours = value->type == DW_JSON_INT      ? (double)value->integer
                   : value->type == DW_JSON_DOUBLE ? value->number
                                                   : 0;

    if (!(hours * 3600 >= 59.5) || !(hours <= 8784))
        return dw_member_fail(row->path, "a number of hours, from a minute (0.0167) to a year",
                              reterr);
    *ret_seconds = (int64_t)llround(hours * 3600);
    return true;
}

/* What people read and type: so many letters that nobody guesses one, and few enough to type. */
static bool check_user_code(const struct dw_user_code_format *format, struct dw_error *reterr)
{
    return !format->is_digits || dw_user_code_letters(format) >= DW_USER_CODE_DIGITS_MIN ||
           dw_member_fail("device_flow.mask", "9 to 16 stars for digits", reterr);
}

static bool read_mask(const struct row *row, const struct dw_json *value, struct dw_slice *ret_mask,
                      struct dw_error *reterr)
{
    struct dw_slice mask = value->type == DW_JSON_TEXT ? value->text : DW_EMPTY;
    bool is_good = mask.len <= DW_USER_CODE_MASK_MAX;
    size_t letters = dw_user_code_letters(&(struct dw_user_code_format){.mask = mask});

    for (size_t i = 0; is_good && i < mask.len; i++)
        is_good = mask.ptr[i] != '\0' && strchr("*- ", mask.ptr[i]);
    if (!is_good || letters < DW_USER_CODE_MIN || letters > DW_USER_CODE_MAX)
        return dw_member_fail(row->path, "8 to 16 stars, with hyphens and blanks between them",
                              reterr);
    *ret_mask = mask;
    return true;
}

static bool read_row(const struct row *row, const struct dw_json *value, struct dw_arena *arena,
                     void *member, struct dw_error *reterr)
{
    switch (row->kind) {
    case TEXT:
        return dw_member_text(row->path, value, member, reterr);
    case TEXTS:
        return dw_member_texts(row->path, value, arena, member, reterr);
    case HOURS:
        return read_hours(row, value, member, reterr);
    case BOOL:
        return dw_member_bool(row->path, value, member, reterr);
    case WORD:
        return dw_member_word(row->path, value, row->names, arena, member, reterr);
    case WORD_BOOL:
        return dw_member_either(row->path, value, row->names, arena, member, reterr);
    case MASK:
    default:
        return read_mask(row, value, member, reterr);
    }
}

static bool fail_unknown(struct dw_slice key, const struct dw_json *standard,
                         struct dw_arena *arena, struct dw_error *reterr)
{
    struct dw_slice *names = dw_arena_new_array(arena, standard->object.count + 1, sizeof *names);
    struct dw_slice nearest;

    if (!names)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < standard->object.count; i++)
        names[i] = standard->object.members[i].key;
    nearest = dw_text_nearest(key, (struct dw_slices){names, standard->object.count});
    if (nearest.len == 0)
        return dw_fail(reterr, DW_INVALID_REQUEST, "there is no setting \"%.*s\"",
                       DW_PRINT(dw_slice_sub(key, 0, 60)));
    return dw_fail(reterr, DW_INVALID_REQUEST, "there is no setting \"%.*s\"; is it \"%.*s\"?",
                   DW_PRINT(dw_slice_sub(key, 0, 60)), DW_PRINT(nearest));
}

/* The standard document has every member there is, and in `flags` every flag. */
static bool check_names(enum dw_settings_document document, const struct dw_json *said,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_json *standard = NULL;
    const struct dw_json *flags = dw_json_get(said, "flags");

    if (!dw_json_parse(dw_settings_standard(document), arena, &standard, reterr))
        return false;
    for (size_t i = 0; i < said->object.count; i++)
        if (!dw_json_get_slice(standard, said->object.members[i].key))
            return fail_unknown(said->object.members[i].key, standard, arena, reterr);
    standard = dw_json_get(standard, "flags");
    for (size_t i = 0; flags && flags->type == DW_JSON_OBJECT && i < flags->object.count; i++)
        if (!dw_json_get_slice(standard, flags->object.members[i].key))
            return fail_unknown(flags->object.members[i].key, standard, arena, reterr);
    return true;
}

static const struct dw_json *value_at(const struct dw_json *said, const char *path)
{
    struct dw_slice rest = dw_slice_from_text(path), name;

    while (dw_slice_split(&rest, '.', &name))
        said = dw_json_get_slice(said, name);
    return said;
}

/* Of the kinds that the fixed members have. */
static bool is_same(const struct dw_json *one, const struct dw_json *other)
{
    if (!one || !other || one->type != other->type)
        return !one || one->type == DW_JSON_NULL; /* taken away: the standard again */
    switch ((int)one->type) {
    case DW_JSON_BOOL:
        return one->boolean == other->boolean;
    case DW_JSON_TEXT:
        return dw_slice_eq(one->text, other->text);
    default:
        return one->type == DW_JSON_ARRAY && one->array.count == 0;
    }
}

static bool check_fixed(enum dw_settings_document document, const struct dw_json *said,
                        struct dw_arena *arena, struct dw_error *reterr)
{
    const struct dw_json *standard = NULL;

    if (!dw_json_parse(dw_settings_standard(document), arena, &standard, reterr))
        return false;
    for (size_t i = 0; i < FIXED_COUNT; i++)
        if (fixed[i].document == document &&
            !is_same(value_at(said, fixed[i].path), value_at(standard, fixed[i].path)))
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "%s cannot be changed: there is nothing here that it could change",
                           fixed[i].path);
    return true;
}

bool dw_settings_read(enum dw_settings_document document, struct dw_slice json,
                      struct dw_arena *arena, struct dw_tenant_settings *settings,
                      struct dw_error *reterr)
{
    const struct dw_json *said = NULL;

    if (json.len > DW_SETTINGS_MAX_BYTES)
        return dw_fail(reterr, DW_TOO_LARGE, "the settings have at most %zu bytes",
                       DW_SETTINGS_MAX_BYTES);
    if (!dw_json_parse(json, arena, &said, reterr))
        return false;
    if (said->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the settings must be an object");
    if (!check_names(document, said, arena, reterr) || !check_fixed(document, said, arena, reterr))
        return false;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct dw_json *value = value_at(said, rows[i].path);

        if (rows[i].document == document && value &&
            !read_row(&rows[i], value, arena, (char *)settings + rows[i].offset, reterr))
            return false;
    }
    return document != DW_SETTINGS_TENANT || check_user_code(&settings->user_code, reterr);
}

/* ---- copying ---- */

static bool copy_text(struct dw_slice *text, struct dw_arena *arena)
{
    *text = text->len > 0 ? dw_arena_copy(arena, *text) : DW_EMPTY;
    return text->ptr != NULL;
}

static bool copy_texts(struct dw_slices *texts, struct dw_arena *arena)
{
    struct dw_slice *items = dw_arena_new_array(arena, texts->count + 1, sizeof *items);

    for (size_t i = 0; items && i < texts->count; i++) {
        items[i] = texts->items[i];
        if (!copy_text(&items[i], arena))
            return false;
    }
    texts->items = items;
    return items != NULL;
}

bool dw_settings_copy(const struct dw_tenant_settings *from, struct dw_arena *arena,
                      struct dw_tenant_settings *ret_settings, struct dw_error *reterr)
{
    bool is_copied = true;

    *ret_settings = *from;
    for (size_t i = 0; is_copied && i < ROW_COUNT; i++) {
        void *member = (char *)ret_settings + rows[i].offset;

        if (rows[i].kind == TEXT || rows[i].kind == MASK)
            is_copied = copy_text(member, arena);
        else if (rows[i].kind == TEXTS)
            is_copied = copy_texts(member, arena);
    }
    return is_copied || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}
