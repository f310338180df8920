/* The rows of APIs and applications; see object_json.h. */
#include "oauth/object_json.h"

#include <inttypes.h>

#include "oauth/json_member.h"
#include "json/json_merge.h"
#include "json/json_writer.h"

#define YEAR_S (365 * 86400)

enum kind {
    TEXT,
    TEXTS,
    BOOL,
    SECONDS,   /* 0 to a row's most */
    ENDING,    /* a SECONDS member that may be without end: 0, shown as the row's standard */
    ENDLESS,   /* of an ENDING member: true is 0, false its standard */
    EXPIRY,    /* of a refresh policy's two: "expiring" or "non-expiring" */
    WORD,      /* an enum by its names */
    WORD_BOOL, /* a bool by two names */
    ALG,
    OBJECT, /* JSON as text; empty: null */
};

struct row {
    const char *path; /* "refresh_token.leeway" */
    enum kind kind;
    bool is_fixed; /* shown, never changed */
    size_t offset;
    const char *const *names; /* WORD, WORD_BOOL */
    int64_t most;             /* SECONDS, ENDING */
    int64_t standard;         /* ENDING, ENDLESS */
};

static const char *const rotation_names[] = {"non-rotating", "rotating", NULL};

#define REFRESH_LIFETIME_S 2592000 /* Auth0's standards */
#define REFRESH_IDLE_LIFETIME_S 1296000

#define API(path, kind, member)                                                                    \
    {                                                                                              \
        path, kind, false, offsetof(struct dw_api, member), NULL, 0, 0                             \
    }
#define API_WORD(path, member, names)                                                              \
    {                                                                                              \
        path, WORD, false, offsetof(struct dw_api, member), names, 0                               \
    }
static const struct row api_rows[] = {
    {"id", TEXT, true, offsetof(struct dw_api, id), NULL, 0, 0},
    {"identifier", TEXT, true, offsetof(struct dw_api, identifier), NULL, 0, 0},
    {"is_system", BOOL, true, offsetof(struct dw_api, is_system), NULL, 0, 0},
    API("name", TEXT, name),
    API("signing_alg", ALG, signing_alg),
    {"token_lifetime", SECONDS, false, offsetof(struct dw_api, token_lifetime_s), NULL, 2592000, 0},
    {"token_lifetime_for_web", SECONDS, false, offsetof(struct dw_api, token_lifetime_web_s), NULL,
     2592000, 0},
    API_WORD("token_dialect", token_dialect, dw_token_dialect_names),
    API("enforce_policies", BOOL, enforces_policies),
    API("allow_offline_access", BOOL, allows_offline_access),
    API("skip_consent_for_verifiable_first_party_clients", BOOL, skips_consent),
    API_WORD("subject_type_authorization.user.policy", user_policy, dw_api_policy_names),
    API_WORD("subject_type_authorization.client.policy", client_policy, dw_api_policy_names),
};

#define CLIENT(path, kind, member)                                                                 \
    {                                                                                              \
        path, kind, false, offsetof(struct dw_oauth_client, member), NULL, 0, 0                    \
    }
#define CLIENT_WORD(path, member, names)                                                           \
    {                                                                                              \
        path, WORD, false, offsetof(struct dw_oauth_client, member), names, 0                      \
    }
#define CLIENT_TIME(path, kind, member, most)                                                      \
    {                                                                                              \
        path, kind, false, offsetof(struct dw_oauth_client, member), NULL, most, 0                 \
    }
/* Shown in this order, so that what is shown can be given back: "infinite" has the last word. */
#define CLIENT_END(path, kind, member, standard)                                                   \
    {                                                                                              \
        path, kind, false, offsetof(struct dw_oauth_client, member), NULL, 10 * YEAR_S, standard   \
    }
static const struct row client_rows[] = {
    {"client_id", TEXT, true, offsetof(struct dw_oauth_client, id), NULL, 0, 0},
    {"kind", WORD, true, offsetof(struct dw_oauth_client, kind), dw_oauth_client_kind_names, 0, 0},
    CLIENT("name", TEXT, name),
    CLIENT("description", TEXT, description),
    CLIENT("logo_uri", TEXT, logo_uri),
    CLIENT("client_uri", TEXT, client_uri),
    CLIENT("initiate_login_uri", TEXT, initiate_login_uri),
    CLIENT_WORD("app_type", app_type, dw_app_type_names),
    {"is_first_party", BOOL, true, offsetof(struct dw_oauth_client, is_first_party), NULL, 0, 0},
    CLIENT_WORD("token_endpoint_auth_method", auth_method, dw_client_auth_method_names),
    CLIENT("grant_types", TEXTS, grant_types),
    CLIENT("callbacks", TEXTS, redirect_uris),
    CLIENT("allowed_logout_urls", TEXTS, allowed_logout_urls),
    CLIENT("web_origins", TEXTS, web_origins),
    CLIENT("allowed_origins", TEXTS, allowed_origins),
    CLIENT("scopes", TEXTS, scopes),
    CLIENT_WORD("jwt_configuration.alg", id_token_alg, dw_id_token_alg_names),
    CLIENT_TIME("jwt_configuration.lifetime_in_seconds", SECONDS, id_token_lifetime_s, 2592000),
    {"refresh_token.rotation_type", WORD_BOOL, false,
     offsetof(struct dw_oauth_client, refresh.is_rotating), rotation_names, 0, 0},
    CLIENT_TIME("refresh_token.leeway", SECONDS, refresh.leeway_s, 600),
    CLIENT("refresh_token.expiration_type", EXPIRY, refresh),
    CLIENT_END("refresh_token.token_lifetime", ENDING, refresh.lifetime_s, REFRESH_LIFETIME_S),
    CLIENT_END("refresh_token.infinite_token_lifetime", ENDLESS, refresh.lifetime_s,
               REFRESH_LIFETIME_S),
    CLIENT_END("refresh_token.idle_token_lifetime", ENDING, refresh.idle_lifetime_s,
               REFRESH_IDLE_LIFETIME_S),
    CLIENT_END("refresh_token.infinite_idle_token_lifetime", ENDLESS, refresh.idle_lifetime_s,
               REFRESH_IDLE_LIFETIME_S),
    CLIENT("refresh_token.policies", OBJECT, refresh_policies_json),
    CLIENT("resource_server_identifier", TEXT, resource_server_identifier),
    CLIENT("token_exchange.allow_any_profile_of_type", TEXTS, token_exchange_types),
    CLIENT_WORD("organization_usage", organization_usage, dw_organization_usage_names),
    CLIENT_WORD("organization_require_behavior", organization_prompt, dw_organization_prompt_names),
    CLIENT("default_organization.organization_id", TEXT, default_organization),
    {"third_party_security_mode", WORD, true, offsetof(struct dw_oauth_client, security_mode),
     dw_security_mode_names, 0, 0},
    CLIENT_WORD("redirection_policy", redirection_policy, dw_redirection_policy_names),
    CLIENT_WORD("skip_non_verifiable_callback_uri_confirmation_prompt", skips_callback_confirmation,
                dw_tristate_names),
    CLIENT("require_pushed_authorization_requests", BOOL, requires_par),
    CLIENT("require_proof_of_possession", BOOL, requires_dpop),
    CLIENT("is_token_endpoint_ip_header_trusted", BOOL, trusts_ip_header),
    CLIENT("jwks", OBJECT, jwks_json),
    CLIENT("jwks_uri", TEXT, jwks_uri),
    CLIENT("client_metadata", OBJECT, metadata_json),
};

struct table {
    const char *noun;
    const struct row *rows;
    size_t count;
};
static const struct table api_table = {"API", api_rows, sizeof api_rows / sizeof *api_rows};
static const struct table client_table = {"application", client_rows,
                                          sizeof client_rows / sizeof *client_rows};

/* ---- showing ---- */

static unsigned word_of(const struct row *row, const void *member)
{
    return row->kind == WORD_BOOL ? *(const bool *)member : *(const unsigned *)member;
}

static bool is_endless(const struct dw_refresh_policy *policy)
{
    return policy->lifetime_s == 0 && policy->idle_lifetime_s == 0;
}

static void write_value(struct dw_json_writer *json, const struct row *row, const void *member)
{
    const struct dw_slice *text = member;
    const struct dw_slices *texts = member;

    switch (row->kind) {
    case TEXT:
        dw_json_write_text(json, *text);
        return;
    case TEXTS:
        dw_json_write_array_start(json);
        for (size_t i = 0; i < texts->count; i++)
            dw_json_write_text(json, texts->items[i]);
        dw_json_write_array_end(json);
        return;
    case BOOL:
        dw_json_write_bool(json, *(const bool *)member);
        return;
    case SECONDS:
        dw_json_write_int(json, *(const int64_t *)member);
        return;
    case ENDING: /* Auth0 shows what would count if it were not endless */
        dw_json_write_int(json,
                          *(const int64_t *)member ? *(const int64_t *)member : row->standard);
        return;
    case ENDLESS:
        dw_json_write_bool(json, *(const int64_t *)member == 0);
        return;
    case EXPIRY:
        dw_json_write_text(json, is_endless(member) ? DW_LIT("non-expiring") : DW_LIT("expiring"));
        return;
    case WORD:
    case WORD_BOOL:
        if (row->names == dw_tristate_names)
            dw_json_write_bool(json, *(const unsigned *)member == DW_TRUE);
        else
            dw_json_write_text(json, dw_slice_from_text(row->names[word_of(row, member)]));
        return;
    case ALG:
        dw_json_write_text(
            json, *(const enum dw_jose_alg *)member == DW_ALG_UNKNOWN
                      ? DW_LIT("HS256")
                      : dw_slice_from_text(dw_jose_alg_name(*(const enum dw_jose_alg *)member)));
        return;
    case OBJECT:
    default:
        dw_json_write_raw(json, *text);
        return;
    }
}

/* Members that say nothing are left out, as Auth0 does. */
static bool says_nothing(const struct row *row, const void *member)
{
    if (row->kind == TEXT || row->kind == OBJECT)
        return ((const struct dw_slice *)member)->len == 0;
    return row->kind == WORD && row->names[*(const unsigned *)member][0] == '\0';
}

static bool write_rows(const struct table *table, const void *record, struct dw_arena *arena,
                       struct dw_slice *ret_json, struct dw_error *reterr)
{
    *ret_json = DW_LIT("{}");
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        const void *member = (const char *)record + row->offset;
        struct dw_buf out = dw_buf_in(arena);
        struct dw_json_writer json = dw_json_writer_to(&out);
        struct dw_slice value, patch;

        if (says_nothing(row, member))
            continue;
        write_value(&json, row, member);
        if (!dw_buf_finish(&out, &value, reterr) ||
            !dw_json_patch_of(dw_slice_from_text(row->path), value, arena, &patch, reterr) ||
            !dw_json_patch_join(*ret_json, patch, arena, ret_json, reterr))
            return false;
    }
    return true;
}

static bool write_scopes(const struct dw_api *api, struct dw_arena *arena,
                         struct dw_slice *ret_patch, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_write_key(&json, DW_LIT("scopes"));
    dw_json_write_array_start(&json);
    for (size_t i = 0; i < api->scope_count; i++) {
        dw_json_write_object_start(&json);
        dw_json_put_text(&json, "value", api->scopes[i].value);
        if (api->scopes[i].description.len)
            dw_json_put_text(&json, "description", api->scopes[i].description);
        dw_json_write_object_end(&json);
    }
    dw_json_write_array_end(&json);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, ret_patch, reterr);
}

bool dw_api_to_json(const struct dw_api *api, struct dw_arena *arena, struct dw_slice *ret_json,
                    struct dw_error *reterr)
{
    struct dw_slice scopes;

    return write_rows(&api_table, api, arena, ret_json, reterr) &&
           write_scopes(api, arena, &scopes, reterr) &&
           dw_json_patch_join(*ret_json, scopes, arena, ret_json, reterr);
}

bool dw_client_to_json(const struct dw_oauth_client *client, struct dw_arena *arena,
                       struct dw_slice *ret_json, struct dw_error *reterr)
{
    return write_rows(&client_table, client, arena, ret_json, reterr);
}

/* ---- changing ---- */

static bool read_alg(const struct row *row, const struct dw_json *value, enum dw_jose_alg *ret_alg,
                     struct dw_error *reterr)
{
    enum dw_jose_alg alg =
        value->type == DW_JSON_TEXT ? dw_jose_alg_from(value->text) : DW_ALG_UNKNOWN;

    if (alg != DW_ALG_RS256 && alg != DW_ALG_PS256 && alg != DW_ALG_ES256)
        return dw_member_fail(row->path, "RS256, PS256 or ES256 (HS256 needs signing_secret)",
                              reterr);
    *ret_alg = alg;
    return true;
}

static bool read_seconds(const struct row *row, const struct dw_json *value, int64_t *ret_seconds,
                         struct dw_error *reterr)
{
    bool is_endless = false;

    if (row->kind == ENDLESS) {
        if (!dw_member_bool(row->path, value, &is_endless, reterr))
            return false;
        *ret_seconds = is_endless ? 0 : *ret_seconds ? *ret_seconds : row->standard;
        return true;
    }
    if (value->type != DW_JSON_INT || value->integer < 0 || value->integer > row->most)
        return dw_fail(reterr, DW_INVALID_REQUEST, "%s must be a number of seconds up to %" PRId64,
                       row->path, row->most);
    *ret_seconds = value->integer;
    return true;
}

/* "expiring" leaves alone what ends already. */
static bool read_expiry(const struct row *row, const struct dw_json *value,
                        struct dw_refresh_policy *policy, struct dw_error *reterr)
{
    bool is_expiring = value->type == DW_JSON_TEXT && dw_slice_eq(value->text, DW_LIT("expiring"));

    if (!is_expiring &&
        !(value->type == DW_JSON_TEXT && dw_slice_eq(value->text, DW_LIT("non-expiring"))))
        return dw_member_fail(row->path, "expiring or non-expiring", reterr);
    if (!is_expiring)
        policy->lifetime_s = policy->idle_lifetime_s = 0;
    else if (is_endless(policy)) {
        policy->lifetime_s = REFRESH_LIFETIME_S;
        policy->idle_lifetime_s = REFRESH_IDLE_LIFETIME_S;
    }
    return true;
}

static bool read_value(const struct row *row, const struct dw_json *value, struct dw_arena *arena,
                       void *member, struct dw_error *reterr)
{
    switch (row->kind) {
    case TEXT:
        return dw_member_text(row->path, value, member, reterr);
    case TEXTS:
        return dw_member_texts(row->path, value, arena, member, reterr);
    case BOOL:
        return dw_member_bool(row->path, value, member, reterr);
    case SECONDS:
    case ENDING:
    case ENDLESS:
        return read_seconds(row, value, member, reterr);
    case EXPIRY:
        return read_expiry(row, value, member, reterr);
    case WORD:
        return dw_member_word(row->path, value, row->names, arena, member, reterr);
    case WORD_BOOL:
        return dw_member_either(row->path, value, row->names, arena, member, reterr);
    case ALG:
        return read_alg(row, value, member, reterr);
    case OBJECT:
    default:
        if (value->type != DW_JSON_OBJECT && value->type != DW_JSON_ARRAY &&
            value->type != DW_JSON_NULL)
            return dw_member_fail(row->path, "an object or a list", reterr);
        *(struct dw_slice *)member = value->type == DW_JSON_NULL ? DW_EMPTY : value->raw;
        return true;
    }
}

static const struct row *find_row(const struct table *table, struct dw_slice path)
{
    for (size_t i = 0; i < table->count; i++)
        if (dw_slice_eq(dw_slice_from_text(table->rows[i].path), path))
            return &table->rows[i];
    return NULL;
}

/* Whether rows lie below this path. */
static bool is_branch(const struct table *table, struct dw_slice path)
{
    for (size_t i = 0; i < table->count; i++) {
        struct dw_slice at = dw_slice_from_text(table->rows[i].path);

        if (dw_slice_eat(&at, path) && dw_slice_eat(&at, DW_LIT(".")))
            return true;
    }
    return false;
}

/* One member of the patch at `path`: a row's, or an object whose members are. */
static bool apply_member(const struct table *table, struct dw_slice path,
                         const struct dw_json *value, struct dw_arena *arena, void *record,
                         struct dw_error *reterr)
{
    const struct row *row = find_row(table, path);

    if (row && row->is_fixed)
        return dw_fail(reterr, DW_INVALID_REQUEST, "%s cannot be changed", row->path);
    if (row)
        return read_value(row, value, arena, (char *)record + row->offset, reterr);
    if (!is_branch(table, path) || value->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "an %s has no member \"%.*s\"", table->noun,
                       DW_PRINT(dw_slice_sub(path, 0, 60)));
    for (size_t i = 0; i < value->object.count; i++) {
        struct dw_slice below = dw_arena_printf(arena, "%.*s.%.*s", DW_PRINT(path),
                                                DW_PRINT(value->object.members[i].key));

        if (!below.ptr)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        if (!apply_member(table, below, &value->object.members[i].value, arena, record, reterr))
            return false;
    }
    return true;
}

static bool apply(const struct table *table, struct dw_slice patch, struct dw_arena *arena,
                  void *record, struct dw_error *reterr)
{
    const struct dw_json *said = NULL;

    if (!dw_json_parse(patch, arena, &said, reterr))
        return false;
    if (said->type != DW_JSON_OBJECT)
        return dw_fail(reterr, DW_INVALID_REQUEST, "changes come as an object");
    for (size_t i = 0; i < said->object.count; i++)
        if (!apply_member(table, said->object.members[i].key, &said->object.members[i].value, arena,
                          record, reterr))
            return false;
    return true;
}

/* Auth0: the one of the implicit flow is at most the other. Who lowers the other alone means both.
 */
static bool settle_lifetimes(struct dw_api *api, struct dw_slice patch, struct dw_arena *arena,
                             struct dw_error *reterr)
{
    const struct dw_json *said = NULL;

    if (api->token_lifetime_s == 0 || api->token_lifetime_web_s <= api->token_lifetime_s)
        return true;
    if (!dw_json_parse(patch, arena, &said, reterr))
        return false;
    if (dw_json_get(said, "token_lifetime_for_web"))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "token_lifetime_for_web must not be more than token_lifetime");
    api->token_lifetime_web_s = api->token_lifetime_s;
    return true;
}

bool dw_api_apply_json(struct dw_api *api, struct dw_slice patch, struct dw_arena *arena,
                       struct dw_error *reterr)
{
    return apply(&api_table, patch, arena, api, reterr) &&
           settle_lifetimes(api, patch, arena, reterr);
}

bool dw_client_apply_json(struct dw_oauth_client *client, struct dw_slice patch,
                          struct dw_arena *arena, struct dw_error *reterr)
{
    return apply(&client_table, patch, arena, client, reterr);
}
