/* doorward tenant trusted-issuer ... and token-exchange-profile ...: who may vouch for our users.
 */
#include "base/text.h"
#include "http/url.h"
#include "store/trust.h"
#include "sys/sys.h"
#include "tenant/manage/manage_internal.h"

#define STORE manage->tenant->store
#define NAME_MAX_BYTES 50

/* --- trusted issuers ---------------------------------------------------------------------------
 */

static bool show_issuer(struct dw_manage *manage, const struct dw_trusted_issuer *issuer,
                        struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", issuer->id);
    dw_manage_cell_text(row, "issuer", issuer->issuer);
    dw_manage_cell_text(row, "jwks_uri", issuer->jwks_uri);
    dw_manage_cell_text(row, "user_by", dw_slice_from_text(dw_user_by_names[issuer->user_by]));
    dw_manage_cell_text(row, "connection", issuer->connection);
    dw_manage_cell_bool(row, "id_jag", issuer->takes_id_jag);
    dw_manage_cell_json(row, "jwks", issuer->jwks_json);
    dw_manage_cell_details(row);
    return true;
}

/* Whoever can change the keys on the way is trusted, too. */
static bool check_url(struct dw_slice text, struct dw_error *reterr)
{
    struct dw_url url;

    return (dw_url_parse(text, &url, NULL) &&
            (dw_url_has_scheme(&url, "https") ||
             (dw_url_has_scheme(&url, "http") && dw_url_is_loopback_host(url.host)))) ||
           dw_fail(reterr, DW_USAGE, "a --jwks-uri is https, unless it is on this machine");
}

/* The keys themselves, or where they are. */
static bool read_keys(struct dw_manage *manage, struct dw_trusted_issuer *issuer,
                      struct dw_error *reterr)
{
    struct dw_slice path = dw_manage_value(manage, "jwks");
    struct dw_jwks *keys;
    size_t skipped;
    char *name;

    issuer->jwks_uri = dw_manage_value(manage, "jwks-uri");
    if ((path.len > 0) == (issuer->jwks_uri.len > 0))
        return dw_fail(reterr, DW_USAGE, "give --jwks FILE or --jwks-uri URL");
    if (path.len == 0)
        return check_url(issuer->jwks_uri, reterr);
    name = dw_arena_text(manage->arena, path);
    if (!name)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!dw_sys_read_file(name, DW_JWKS_MAX_BYTES, manage->arena, &issuer->jwks_json, reterr))
        return false;
    keys = dw_jwks_parse(issuer->jwks_json, &skipped, reterr);
    if (!keys)
        return false;
    dw_jwks_unref(keys);
    return true;
}

bool dw_manage_trusted_issuer_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice user_by = dw_manage_value(manage, "user-by");
    struct dw_slice connection = dw_manage_value(manage, "connection");
    struct dw_trusted_issuer made = {
        .id = dw_tenant_random_id(manage->arena, "tis_", 16),
        .issuer = dw_manage_value(manage, "iss"),
        .connection = connection.len > 0 ? connection : DW_LIT(DW_TENANT_CONNECTION),
        .takes_id_jag = dw_manage_has(manage, "id-jag"),
        .created_at_s = manage->tenant->now_s(),
    };
    struct dw_trusted_issuer *kept;

    if (!made.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (made.issuer.len == 0 || !dw_text_is_printable_ascii(made.issuer) ||
        dw_slice_eq(made.issuer, manage->tenant->config.issuer))
        return dw_fail(reterr, DW_USAGE, "an --iss is another one's, as its tokens' `iss`");
    if (user_by.len > 0 && !dw_enum_from(dw_user_by_names, user_by, (unsigned *)&made.user_by))
        return dw_fail(reterr, DW_USAGE, "--user-by is mapping, subject or email");
    return read_keys(manage, &made, reterr) && dw_store_put_trusted_issuer(STORE, &made, reterr) &&
           dw_store_trusted_issuer(STORE, made.issuer, manage->arena, &kept, reterr) &&
           show_issuer(manage, kept, reterr);
}

bool dw_manage_trusted_issuer_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_trusted_issuer *issuers = NULL;
    size_t count = 0;

    manage->is_list = true;
    do {
        if (!dw_store_trusted_issuers(STORE, page, manage->arena, &issuers, &count, NULL, reterr))
            return false;
        for (size_t at = 0; at < count; at++)
            if (!show_issuer(manage, &issuers[at], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_trusted_issuer_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_trusted_issuer(STORE, dw_manage_value(manage, "iss"), reterr);
}

/* --- profiles ----------------------------------------------------------------------------------
 */

/* Auth0's names, as in GET /api/v2/token-exchange-profiles; issuer and audience are ours. */
static bool show_profile(struct dw_manage *manage, const struct dw_token_exchange_profile *profile,
                         struct dw_error *reterr)
{
    struct dw_manage_row *row = dw_manage_row_add(manage, reterr);

    if (!row)
        return false;
    dw_manage_cell_text(row, "id", profile->id);
    dw_manage_cell_text(row, "name", profile->name);
    dw_manage_cell_text(row, "type", profile->type);
    dw_manage_cell_text(row, "subject_token_type", profile->subject_token_type);
    dw_manage_cell_text(row, "issuer", profile->issuer);
    dw_manage_cell_text(row, "audience", profile->audience);
    dw_manage_cell_time(row, "created_at", profile->created_at_s, manage);
    dw_manage_cell_details(row);
    dw_manage_cell_time(row, "updated_at", profile->updated_at_s, manage);
    dw_manage_cell_details(row);
    return true;
}

static bool check_profile(struct dw_manage *manage, const struct dw_token_exchange_profile *profile,
                          struct dw_error *reterr)
{
    struct dw_trusted_issuer *issuer = NULL;
    struct dw_error error = {0};

    if (profile->name.len < 3 || profile->name.len > NAME_MAX_BYTES)
        return dw_fail(reterr, DW_USAGE, "a --name has 3 to %d bytes", NAME_MAX_BYTES);
    if (!dw_subject_token_type_check(profile->subject_token_type, &error))
        return dw_fail(reterr, DW_USAGE, "%s", error.message);
    if (profile->issuer.len == 0)
        return true;
    if (!dw_store_trusted_issuer(STORE, profile->issuer, manage->arena, &issuer, reterr))
        return false;
    return issuer || dw_fail(reterr, DW_NOT_FOUND,
                             "there is no trusted issuer \"%.*s\": doorward tenant trusted-issuer "
                             "add",
                             DW_PRINT(profile->issuer));
}

bool dw_manage_exchange_profile_add(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_token_exchange_profile made = {
        .id = dw_tenant_random_id(manage->arena, "tep_", 16),
        .name = dw_manage_value(manage, "name"),
        .subject_token_type = dw_manage_value(manage, "subject-token-type"),
        .type = DW_LIT("custom_authentication"),
        .issuer = dw_manage_value(manage, "iss"),
        .audience = dw_manage_value(manage, "audience"),
        .created_at_s = manage->tenant->now_s(),
        .updated_at_s = manage->tenant->now_s(),
    };

    if (!made.id.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (!check_profile(manage, &made, reterr))
        return false;
    if (!dw_store_put_token_exchange_profile(STORE, &made, reterr))
        return reterr->code == DW_CONFLICT
                   ? dw_fail(reterr, DW_CONFLICT, "another profile takes tokens of this type")
                   : false;
    return show_profile(manage, &made, reterr);
}

bool dw_manage_exchange_profile_list(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_page page = {0};
    struct dw_token_exchange_profile *profiles = NULL;
    size_t count = 0;

    manage->is_list = true;
    do {
        if (!dw_store_token_exchange_profiles(STORE, page, manage->arena, &profiles, &count, NULL,
                                              reterr))
            return false;
        for (size_t at = 0; at < count; at++)
            if (!show_profile(manage, &profiles[at], reterr))
                return false;
        page.skip += count;
    } while (count == DW_STORE_MAX_PAGE);
    return true;
}

bool dw_manage_exchange_profile_delete(struct dw_manage *manage, struct dw_error *reterr)
{
    return dw_store_delete_token_exchange_profile(STORE, dw_manage_value(manage, "id"), reterr);
}

/* --- mapping rows ------------------------------------------------------------------------------
 */

/* The id of the issuer or the profile that the flags name. */
static bool find_owner(struct dw_manage *manage, struct dw_slice *ret_owner,
                       struct dw_error *reterr)
{
    struct dw_slice name = dw_manage_value(manage, "iss");
    struct dw_token_exchange_profile *profile = NULL;
    struct dw_trusted_issuer *issuer = NULL;

    if (name.len > 0) {
        if (!dw_store_trusted_issuer(STORE, name, manage->arena, &issuer, reterr))
            return false;
        *ret_owner = issuer ? issuer->id : DW_EMPTY;
        return issuer ||
               dw_fail(reterr, DW_NOT_FOUND, "there is no trusted issuer \"%.*s\"", DW_PRINT(name));
    }
    if (!dw_store_token_exchange_profile_by_id(STORE, dw_manage_value(manage, "id"), manage->arena,
                                               &profile, reterr))
        return false;
    *ret_owner = profile ? profile->id : DW_EMPTY;
    return profile || dw_fail(reterr, DW_NOT_FOUND, "Token exchange profile not found.");
}

bool dw_manage_subject_map(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice subject = dw_manage_value(manage, "subject");
    struct dw_slice owner, digest;
    struct dw_user *user = NULL;

    if (subject.len == 0)
        return dw_fail(reterr, DW_USAGE, "--subject is empty");
    return find_owner(manage, &owner, reterr) &&
           dw_manage_find_user(manage, dw_manage_value(manage, "email"), &user, reterr) &&
           dw_tenant_digest(subject, manage->arena, &digest, reterr) &&
           dw_store_put_external_subject(STORE, owner, digest, user->id, manage->tenant->now_s(),
                                         reterr);
}

bool dw_manage_subject_unmap(struct dw_manage *manage, struct dw_error *reterr)
{
    struct dw_slice owner, digest;

    return find_owner(manage, &owner, reterr) &&
           dw_tenant_digest(dw_manage_value(manage, "subject"), manage->arena, &digest, reterr) &&
           dw_store_delete_external_subject(STORE, owner, digest, reterr);
}
