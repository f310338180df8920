/* Judging the claims of a verified access token. Each check is a MUST of the RFC beside it; none
 * can be switched off. */
#include "oauth/access_token.h"

#include "base/text.h"
#include "oauth/dpop.h"

#define MAX_SCOPES 512
#define MAX_AUDIENCES 64

struct check {
    const struct dw_jwt *jwt;
    const struct dw_access_token_rules *rules;
    struct dw_arena *arena;
    struct dw_access_token *token;
};

/* A text of the claims. Absent: empty. Refused: another type, or control characters (the value goes
 * into logs and header fields). */
static bool text_claim(const struct check *check, const char *name, struct dw_slice *ret_text,
                       struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(check->jwt->claims, name);

    *ret_text = DW_EMPTY;
    if (!value)
        return true;
    if (value->type != DW_JSON_TEXT)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token's \"%s\" is not a text", name);
    for (size_t i = 0; i < value->text.len; i++)
        if ((unsigned char)value->text.ptr[i] < 0x20 || value->text.ptr[i] == 0x7f)
            return dw_fail(reterr, DW_INVALID_TOKEN, "the token's \"%s\" has control characters",
                           name);
    *ret_text = value->text;
    return true;
}

/* RFC 8725 3.11: an id token, a logout token or a refresh token is no access token. */
static bool check_type(const struct check *check, struct dw_error *reterr)
{
    static const char *const other_tokens_claims[] = {"at_hash", "c_hash", "s_hash", "events"};
    struct dw_slice typ = check->jwt->typ;
    struct dw_slice rest = typ;
    struct dw_slice token_use, keycloak_typ;
    bool is_at_jwt;

    /* RFC 7515 4.1.9: "application/" may be left out; media types have no case */
    (void)dw_slice_eat_nocase(&rest, DW_LIT("application/"));
    is_at_jwt = dw_slice_eq_nocase(rest, DW_LIT("at+jwt"));
    if (!is_at_jwt && check->rules->is_typ_required)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token's typ must be \"at+jwt\" (RFC 9068), it is \"%.*s\"",
                       DW_PRINT(dw_slice_sub(typ, 0, 32)));
    if (!is_at_jwt && typ.len > 0 && !dw_slice_eq_nocase(rest, DW_LIT("JWT")))
        return dw_fail(reterr, DW_INVALID_TOKEN, "a token of typ \"%.*s\" is not an access token",
                       DW_PRINT(dw_slice_sub(typ, 0, 32)));
    for (size_t i = 0; i < sizeof other_tokens_claims / sizeof *other_tokens_claims; i++)
        if (dw_json_get(check->jwt->claims, other_tokens_claims[i]))
            return dw_fail(reterr, DW_INVALID_TOKEN,
                           "this is not an access token (it has \"%s\"); send the access token, "
                           "not the ID token",
                           other_tokens_claims[i]);
    if (!text_claim(check, "token_use", &token_use, reterr) ||
        !text_claim(check, "typ", &keycloak_typ, reterr))
        return false;
    if ((token_use.len > 0 && !dw_slice_eq(token_use, DW_LIT("access"))) ||
        (keycloak_typ.len > 0 && !dw_slice_eq(keycloak_typ, DW_LIT("Bearer")) &&
         !dw_slice_eq(keycloak_typ, DW_LIT("DPoP"))))
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "this is not an access token; send the access token, not the ID token");
    return true;
}

static bool check_issuer(const struct check *check, struct dw_error *reterr)
{
    struct dw_slice wanted = check->rules->issuer;
    struct dw_slice issuer;

    if (!text_claim(check, "iss", &issuer, reterr))
        return false;
    if (issuer.len == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token does not say who issued it (iss)");
    if (!dw_provider_is_issuer(check->rules->provider, wanted, issuer))
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token was issued by \"%.*s\", this server trusts \"%.*s\"",
                       DW_PRINT(dw_slice_sub(issuer, 0, 52)),
                       DW_PRINT(dw_slice_sub(wanted, 0, 52)));
    /* One caller is one principal, however the issuer is spelt. */
    if (issuer.len != wanted.len)
        issuer = dw_arena_copy(check->arena, wanted);
    check->token->issuer = issuer;
    return issuer.ptr || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

/* A NumericDate. Absent: *ret_at_s stays. RFC 7519 4.1.4: a number; also one out of range is none.
 */
static bool date_claim(const struct check *check, const char *name, bool is_mandatory,
                       int64_t *ret_at_s, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(check->jwt->claims, name);

    if (!value && !is_mandatory)
        return true;
    if (!value)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token has no \"%s\"", name);
    if (!dw_json_numeric_date(value, ret_at_s))
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token's \"%s\" is not a time in seconds",
                       name);
    return true;
}

static bool check_times(const struct check *check, int64_t now_s, struct dw_error *reterr)
{
    int64_t leeway_s = check->rules->leeway_s;
    int64_t not_before_s = 0;
    char text[DW_TEXT_TIME_SIZE];

    if (!date_claim(check, "exp", true, &check->token->expires_at_s, reterr) ||
        !date_claim(check, "nbf", false, &not_before_s, reterr) ||
        !date_claim(check, "iat", false, &check->token->issued_at_s, reterr))
        return false;
    /* RFC 7519 4.1.4 MUST, and 4.1.5 MUST */
    if (now_s - leeway_s >= check->token->expires_at_s) {
        dw_text_time(check->token->expires_at_s * 1000, text);
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token expired at %s", text);
    }
    if (now_s + leeway_s < not_before_s)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token is not valid before Unix time %lld; are the clocks right?",
                       (long long)not_before_s);
    return true;
}

/* Cognito: its access tokens name the client they were made for, and no audience. */
static bool check_client_instead(const struct check *check, struct dw_error *reterr)
{
    struct dw_slice token_use = dw_json_text(check->jwt->claims, "token_use");
    struct dw_slice client_id = dw_json_text(check->jwt->claims, "client_id");

    if (!dw_slice_eq(token_use, DW_LIT("access")))
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token has no audience and its token_use is not \"access\"");
    if (client_id.len == 0 || !dw_slices_have(check->rules->client_ids, client_id))
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token was issued to the client \"%.*s\", which is not among this "
                       "server's client_ids",
                       DW_PRINT(dw_slice_sub(client_id, 0, 64)));
    return true;
}

static bool check_audience(const struct check *check, struct dw_error *reterr)
{
    const struct dw_json *aud = dw_json_get(check->jwt->claims, "aud");
    struct dw_slices *audiences = &check->token->audiences;
    struct dw_error cause = {.code = DW_OK};

    if (!aud && check->rules->provider->is_audience_optional)
        return check_client_instead(check, reterr);
    if (!dw_json_texts(check->jwt->claims, "aud", check->arena, audiences, &cause))
        return dw_fail(reterr, cause.code == DW_NO_MEMORY ? DW_NO_MEMORY : DW_INVALID_TOKEN,
                       "the token's \"aud\" is neither a text nor a list of texts");
    if (audiences->count == 0 || audiences->count > MAX_AUDIENCES)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token does not say whom it is for (aud); request it with this "
                       "server's audience");
    /* RFC 7519 4.1.3 MUST, RFC 8707 2 */
    for (size_t i = 0; i < audiences->count; i++)
        if (audiences->items[i].len > 0 &&
            dw_slices_have(check->rules->audiences, audiences->items[i]))
            return true;
    return dw_fail(reterr, DW_INVALID_TOKEN, "the token is for \"%.*s\", this server is \"%.*s\"",
                   DW_PRINT(dw_slice_sub(audiences->items[0], 0, 58)),
                   DW_PRINT(dw_slice_sub(check->rules->audiences.items[0], 0, 58)));
}

/* Who: the subject, and the client by the name its provider has for it. */
static bool read_names(const struct check *check, struct dw_error *reterr)
{
    static const char *const client_claims[] = {"client_id", "azp", "cid", "appid"};
    struct dw_access_token *token = check->token;

    if (!text_claim(check, "sub", &token->subject, reterr) ||
        !text_claim(check, "jti", &token->token_id, reterr) ||
        !text_claim(check, "org_id", &token->organization_id, reterr))
        return false;
    token->client_id = DW_EMPTY;
    for (size_t i = 0; i < 4 && token->client_id.len == 0; i++)
        if (!text_claim(check, client_claims[i], &token->client_id, reterr))
            return false;
    if (token->subject.len == 0 && token->client_id.len == 0)
        return dw_fail(reterr, DW_INVALID_TOKEN,
                       "the token names neither a subject (sub) nor a client");
    return true;
}

/* The list that scopes go into. */
struct scope_list {
    struct dw_arena *arena;
    struct dw_slice *items;
    size_t count, size;
};

/* RFC 6749 3.3: %x21 / %x23-5B / %x5D-7E. A permission with a space in it would be two once the
 * list is joined for an upstream; such a name is no scope and is left out. */
static bool is_scope(struct dw_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= 0x20 || name.ptr[i] > 0x7e || name.ptr[i] == '"' || name.ptr[i] == '\\')
            return false;
    return name.len > 0;
}

static bool add_scope(struct scope_list *list, struct dw_slice name, struct dw_error *reterr)
{
    if (!is_scope(name) || dw_slices_have((struct dw_slices){list->items, list->count}, name))
        return true;
    if (list->count == MAX_SCOPES)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token has more than %d scopes", MAX_SCOPES);
    if (list->count == list->size) {
        size_t size = list->size ? 2 * list->size : 16;
        struct dw_slice *grown = dw_arena_resize(list->arena, list->items,
                                                 list->size * sizeof *grown, size * sizeof *grown);

        if (!grown)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        list->items = grown;
        list->size = size;
    }
    list->items[list->count++] = name;
    return true;
}

/* A claim that is a text of names with spaces between (`scope`), or a list of names. */
static bool add_scopes(struct scope_list *list, const struct dw_json *value, const char *claim,
                       struct dw_error *reterr)
{
    struct dw_slice rest, name;

    if (!value || value->type == DW_JSON_NULL)
        return true;
    if (value->type == DW_JSON_TEXT) {
        rest = value->text;
        while (dw_slice_split(&rest, ' ', &name))
            if (!add_scope(list, name, reterr))
                return false;
        return true;
    }
    if (value->type != DW_JSON_ARRAY)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token's \"%s\" is not a list of names",
                       claim);
    for (size_t i = 0; i < value->array.count; i++) {
        if (value->array.items[i].type != DW_JSON_TEXT)
            return dw_fail(reterr, DW_INVALID_TOKEN, "the token's \"%s\" is not a list of names",
                           claim);
        if (!add_scope(list, value->array.items[i].text, reterr))
            return false;
    }
    return true;
}

/* Follows a path of provider.h; "@audience" is the audience given. */
static const struct dw_json *at_path(const struct dw_json *claims, struct dw_slice path,
                                     struct dw_slice audience)
{
    const struct dw_json *value = claims;
    struct dw_slice step;

    while (value && dw_slice_split(&path, '.', &step))
        value = dw_json_get_slice(value, dw_slice_eq(step, DW_LIT("@audience")) ? audience : step);
    return value;
}

static bool add_permissions(const struct check *check, struct scope_list *list,
                            struct dw_error *reterr)
{
    const char *const *claim = check->rules->provider->permission_claims;
    struct dw_slices audiences = check->rules->audiences;

    for (; *claim; claim++) {
        struct dw_slice path = dw_slice_from_text(*claim);
        size_t rounds = strstr(*claim, "@audience") ? audiences.count : 1;

        for (size_t i = 0; i < rounds; i++) {
            struct dw_slice audience = audiences.count > 0 ? audiences.items[i] : DW_EMPTY;

            if (!add_scopes(list, at_path(check->jwt->claims, path, audience), *claim, reterr))
                return false;
        }
    }
    return true;
}

static bool read_scopes(const struct check *check, struct dw_error *reterr)
{
    struct scope_list list = {.arena = check->arena};
    const struct dw_json *claims = check->jwt->claims;

    if (!add_scopes(&list, dw_json_get(claims, "scope"), "scope", reterr) ||
        !add_scopes(&list, dw_json_get(claims, "scp"), "scp", reterr) ||
        !add_permissions(check, &list, reterr))
        return false;
    check->token->scopes = (struct dw_slices){list.items, list.count};
    return true;
}

/* RFC 9449 7.1 MUST, RFC 8705 3: a token bound to a key is no bearer token. Where nobody proves the
 * key, or it is bound in a way that nobody here can prove, whoever stole such a token must not get
 * in with it. */
static bool check_binding(const struct check *check, struct dw_error *reterr)
{
    const struct dw_json *cnf = dw_json_get(check->jwt->claims, "cnf");
    struct dw_slice jkt = dw_json_text(cnf, "jkt");

    if (!cnf)
        return true;
    if (check->rules->takes_dpop && cnf->type == DW_JSON_OBJECT && cnf->object.count == 1 &&
        dw_dpop_is_jkt(jkt)) {
        check->token->dpop_jkt = jkt;
        return true;
    }
    return dw_fail(reterr, DW_INVALID_TOKEN,
                   "the token is bound to a key (cnf) and cannot be used as a bearer token");
}

bool dw_access_token_check(const struct dw_jwt *jwt, const struct dw_access_token_rules *rules,
                           int64_t now_s, struct dw_arena *arena, struct dw_access_token *ret_token,
                           struct dw_error *reterr)
{
    struct check check = {.jwt = jwt, .rules = rules, .arena = arena, .token = ret_token};

    *ret_token = (struct dw_access_token){.claims = jwt->claims};
    if (rules->audiences.count == 0 || rules->issuer.len == 0)
        return dw_fail(reterr, DW_INTERNAL, "rules without an issuer or an audience");
    return check_type(&check, reterr) && check_binding(&check, reterr) &&
           check_issuer(&check, reterr) && check_times(&check, now_s, reterr) &&
           check_audience(&check, reterr) && read_names(&check, reterr) &&
           read_scopes(&check, reterr);
}

bool dw_scopes_cover(struct dw_slices granted, struct dw_slice wanted)
{
    for (size_t i = 0; i < granted.count; i++) {
        struct dw_slice scope = granted.items[i];

        if (dw_slice_eq(scope, wanted))
            return true;
        /* "admin:*" covers "admin:x", but neither "admin:" nor "admin" */
        if (dw_slice_ends_with(scope, DW_LIT(":*")) && scope.len > 2 &&
            wanted.len > scope.len - 1 &&
            dw_slice_starts_with(wanted, dw_slice_sub(scope, 0, scope.len - 1)))
            return true;
    }
    return false;
}
