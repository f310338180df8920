/* The claims of access tokens, ID tokens and /userinfo. */
#include "oauth/token_claims.h"

#include "base/text.h"
#include "oauth/avatar.h"
#include "oauth/scope.h"
#include "oauth/user_json.h"
#include "json/json_writer.h"

struct dw_slice dw_userinfo_audience(struct dw_slice issuer, struct dw_arena *arena)
{
    return dw_arena_printf(arena, "%.*suserinfo", DW_PRINT(issuer));
}

const char *dw_access_token_typ(enum dw_token_dialect dialect)
{
    return dialect == DW_DIALECT_RFC9068 || dialect == DW_DIALECT_RFC9068_AUTHZ ? "at+jwt" : "JWT";
}

/* --- access tokens -----------------------------------------------------------------------------
 */

/* `gty` of Auth0's dialects; NULL: none. */
static const char *gty_of(enum dw_grant_type type)
{
    static const char *const names[DW_GRANT_TYPE_COUNT] = {
        [DW_GRANT_CLIENT_CREDENTIALS] = "client-credentials",
        [DW_GRANT_PASSWORD] = "password",
        [DW_GRANT_PASSWORD_REALM] = "password-realm",
        [DW_GRANT_REFRESH_TOKEN] = "refresh_token",
    };

    return (unsigned)type < DW_GRANT_TYPE_COUNT ? names[type] : NULL;
}

/* A refresh says both what it is and what it began as: ["refresh_token","password"]. */
static void write_gty(const struct dw_access_claims *claims, struct dw_json_writer *writer)
{
    const char *now = gty_of(claims->grant_type);
    const char *first =
        claims->grant_type == DW_GRANT_REFRESH_TOKEN ? gty_of(claims->first_grant_type) : NULL;

    if (now && first) {
        struct dw_slice both[] = {dw_slice_from_text(now), dw_slice_from_text(first)};

        dw_json_put_texts(writer, "gty", (struct dw_slices){both, 2});
    } else if (now) {
        dw_json_put_text(writer, "gty", dw_slice_from_text(now));
    }
}

/* Auth0: /userinfo takes the tokens of APIs whose signatures everybody can check. */
static bool is_for_userinfo_too(const struct dw_access_claims *claims)
{
    return claims->api->sealed_signing_secret.len == 0 &&
           dw_slices_have(claims->answer->scopes, DW_LIT("openid"));
}

static void write_audience(const struct dw_access_claims *claims, struct dw_json_writer *writer)
{
    struct dw_slice userinfo = dw_userinfo_audience(claims->issuer, writer->out->arena);

    if (!userinfo.ptr)
        writer->out->has_failed = true;
    if (!claims->api) {
        dw_json_put_text(writer, "aud", userinfo);
    } else if (is_for_userinfo_too(claims)) {
        struct dw_slice both[] = {claims->api->identifier, userinfo};

        dw_json_put_texts(writer, "aud", (struct dw_slices){both, 2});
    } else {
        dw_json_put_text(writer, "aud", claims->api->identifier);
    }
}

static void write_subject(const struct dw_access_claims *claims, struct dw_json_writer *writer)
{
    struct dw_slice subject = claims->user_id;

    if (subject.len == 0)
        subject = dw_arena_printf(writer->out->arena, "%.*s@clients", DW_PRINT(claims->client_id));
    if (!subject.ptr)
        writer->out->has_failed = true;
    dw_json_put_text(writer, "sub", subject.ptr ? subject : DW_EMPTY);
}

static void write_scope(struct dw_slices scopes, struct dw_json_writer *writer)
{
    struct dw_slice text;
    struct dw_error error;

    if (scopes.count == 0)
        return;
    if (!dw_scopes_text(scopes, writer->out->arena, &text, &error))
        writer->out->has_failed = true;
    else
        dw_json_put_text(writer, "scope", text);
}

static void put_if_there(struct dw_json_writer *writer, const char *key, struct dw_slice text)
{
    if (text.len)
        dw_json_put_text(writer, key, text);
}

static void put_json_if_there(struct dw_json_writer *writer, const char *key, struct dw_slice json)
{
    if (json.len)
        dw_json_put_raw(writer, key, json);
}

static void write_mfa(struct dw_json_writer *writer)
{
    static const struct dw_slice mfa[] = {{"mfa", 3}}; /* RFC 8176 section 2 */

    dw_json_put_texts(writer, "amr", (struct dw_slices){mfa, 1});
}

/* RFC 9449 section 6.1. */
static void write_binding(struct dw_slice jkt, struct dw_json_writer *writer)
{
    if (jkt.len == 0)
        return;
    dw_json_write_key(writer, DW_LIT("cnf"));
    dw_json_write_object_start(writer);
    dw_json_put_text(writer, "jkt", jkt);
    dw_json_write_object_end(writer);
}

static void write_custom(const struct dw_json *custom, struct dw_json_writer *writer)
{
    for (size_t at = 0; custom && at < custom->object.count; at++) {
        dw_json_write_key(writer, custom->object.members[at].key);
        dw_json_write_value(writer, &custom->object.members[at].value);
    }
}

void dw_access_claims_write(const struct dw_access_claims *claims, struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);
    bool is_rfc9068 = claims->api && (claims->api->token_dialect == DW_DIALECT_RFC9068 ||
                                      claims->api->token_dialect == DW_DIALECT_RFC9068_AUTHZ);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "iss", claims->issuer);
    write_subject(claims, &writer);
    write_audience(claims, &writer);
    dw_json_put_int(&writer, "iat", claims->now_s);
    dw_json_put_int(&writer, "exp", claims->now_s + claims->lifetime_s);
    write_scope(claims->answer->scopes, &writer);
    put_if_there(&writer, "org_id", claims->organization);
    put_if_there(&writer, "org_name", claims->organization_name);
    dw_json_put_text(&writer, "jti", claims->token_id);
    put_if_there(&writer, "sid", claims->session_id);
    dw_json_put_text(&writer, is_rfc9068 ? "client_id" : "azp", claims->client_id);
    if (!is_rfc9068)
        write_gty(claims, &writer);
    if (claims->answer->has_permissions)
        dw_json_put_texts(&writer, "permissions", claims->answer->permissions);
    if (claims->is_mfa)
        write_mfa(&writer);
    write_binding(claims->dpop_jkt, &writer);
    put_json_if_there(&writer, "act", claims->act_json);
    write_custom(claims->custom, &writer);
    dw_json_write_object_end(&writer);
}

/* --- what is said about users ------------------------------------------------------------------
 */

enum user_claim_kind {
    CLAIM_TEXT, /* a struct dw_slice of the user */
    CLAIM_TIME, /* seconds, an int64_t of the user */
    CLAIM_PICTURE,
    CLAIM_EMAIL_VERIFIED,
    CLAIM_PHONE_VERIFIED,
    CLAIM_IDENTITIES,
};

/* Which scopes let a claim through (OpenID Connect Core 5.4; Auth0 adds scopes of one claim). */
struct user_claim {
    const char *key;
    const char *scopes[2];
    enum user_claim_kind kind;
    size_t offset; /* in struct dw_user, of texts and times */
};

/* In the order in which they are said. */
static const struct user_claim user_claims[] = {
    {"given_name", {"profile", "given_name"}, CLAIM_TEXT, offsetof(struct dw_user, given_name)},
    {"family_name", {"profile", "family_name"}, CLAIM_TEXT, offsetof(struct dw_user, family_name)},
    {"nickname", {"profile", "nickname"}, CLAIM_TEXT, offsetof(struct dw_user, nickname)},
    {"name", {"profile", "name"}, CLAIM_TEXT, offsetof(struct dw_user, name)},
    {"preferred_username", {"profile", NULL}, CLAIM_TEXT, offsetof(struct dw_user, username)},
    {"phone_number", {"phone", NULL}, CLAIM_TEXT, offsetof(struct dw_user, phone_number)},
    {"picture", {"profile", "picture"}, CLAIM_PICTURE, 0},
    {"updated_at", {"profile", NULL}, CLAIM_TIME, offsetof(struct dw_user, updated_at_s)},
    {"email", {"email", NULL}, CLAIM_TEXT, offsetof(struct dw_user, email)},
    {"email_verified", {"email", "email_verified"}, CLAIM_EMAIL_VERIFIED, 0},
    {"phone_number_verified", {"phone", NULL}, CLAIM_PHONE_VERIFIED, 0},
    {"created_at", {"created_at", NULL}, CLAIM_TIME, offsetof(struct dw_user, created_at_s)},
    {"identities", {"identities", NULL}, CLAIM_IDENTITIES, 0},
};

static bool is_let_through(struct dw_slices scopes, const char *const names[static 2])
{
    for (size_t at = 0; at < 2 && names[at]; at++)
        if (dw_slices_have(scopes, dw_slice_from_text(names[at])))
            return true;
    return false;
}

/* Auth0 writes times of profiles as texts. */
static void put_time_if_there(struct dw_json_writer *writer, const char *key, int64_t at_s)
{
    char text[DW_TEXT_TIME_SIZE];

    if (at_s == 0)
        return;
    dw_text_time(at_s * 1000, text);
    dw_json_put_text(writer, key, dw_slice_from_text(text));
}

static void put_picture(const struct dw_user *user, struct dw_slice issuer,
                        struct dw_json_writer *writer)
{
    struct dw_slice url = dw_avatar_of(user, issuer, writer->out->arena);

    if (!url.ptr)
        writer->out->has_failed = true;
    put_if_there(writer, "picture", url);
}

/* One claim, when there is something to say. */
static void put_user_claim(const struct user_claim *claim, const struct dw_user *user,
                           struct dw_slice issuer, struct dw_json_writer *writer)
{
    const void *field = (const char *)user + claim->offset;

    switch (claim->kind) {
    case CLAIM_TEXT:
        put_if_there(writer, claim->key, *(const struct dw_slice *)field);
        return;
    case CLAIM_TIME:
        put_time_if_there(writer, claim->key, *(const int64_t *)field);
        return;
    case CLAIM_PICTURE:
        put_picture(user, issuer, writer);
        return;
    case CLAIM_EMAIL_VERIFIED:
        if (user->email.len > 0)
            dw_json_put_bool(writer, claim->key, user->is_email_verified);
        return;
    case CLAIM_PHONE_VERIFIED:
        if (user->phone_number.len > 0)
            dw_json_put_bool(writer, claim->key, user->is_phone_verified);
        return;
    case CLAIM_IDENTITIES:
        dw_user_identities_write(user, writer);
        return;
    }
}

/* What is said of a user; custom claims of the same name are said instead. */
static void write_user(const struct dw_user *user, struct dw_slice issuer, struct dw_slices scopes,
                       const struct dw_json *custom, struct dw_json_writer *writer)
{
    for (size_t at = 0; at < sizeof user_claims / sizeof *user_claims; at++) {
        const struct user_claim *claim = &user_claims[at];

        if (is_let_through(scopes, claim->scopes) && !dw_json_get(custom, claim->key))
            put_user_claim(claim, user, issuer, writer);
    }
}

void dw_id_claims_write(const struct dw_id_claims *claims, struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    write_user(claims->user, claims->issuer, claims->scopes, claims->custom, &writer);
    dw_json_put_text(&writer, "iss", claims->issuer);
    dw_json_put_text(&writer, "aud", claims->client_id);
    dw_json_put_text(&writer, "sub", claims->user->id);
    dw_json_put_int(&writer, "iat", claims->now_s);
    dw_json_put_int(&writer, "exp", claims->now_s + claims->lifetime_s);
    put_if_there(&writer, "sid", claims->session_id);
    put_if_there(&writer, "nonce", claims->oidc_nonce);
    if (claims->authenticated_at_s)
        dw_json_put_int(&writer, "auth_time", claims->authenticated_at_s);
    if (claims->is_mfa) {
        write_mfa(&writer);
        dw_json_put_text(&writer, "acr", DW_LIT(DW_ACR_MULTI_FACTOR));
    }
    put_if_there(&writer, "org_id", claims->organization);
    put_if_there(&writer, "org_name", claims->organization_name);
    put_json_if_there(&writer, "act", claims->act_json);
    write_custom(claims->custom, &writer);
    dw_json_write_object_end(&writer);
}

void dw_userinfo_write(const struct dw_user *user, struct dw_slice issuer, struct dw_slices scopes,
                       struct dw_buf *out)
{
    struct dw_json_writer writer = dw_json_writer_to(out);

    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "sub", user->id);
    write_user(user, issuer, scopes, NULL, &writer);
    dw_json_write_object_end(&writer);
}
