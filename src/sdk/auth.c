/* What a tool's author asks of the caller: who it is, and whether it may. */
#include "sdk/auth_internal.h"

#include "json/json.h"

static bool is_somebody(const struct dw_auth *auth)
{
    return auth && auth->token && auth->token->issuer.len > 0;
}

static struct dw_slice or_empty(struct dw_slice text)
{
    return text.ptr ? text : DW_EMPTY;
}

static const struct dw_json *claims_of(const struct dw_auth *auth)
{
    return is_somebody(auth) ? auth->token->claims : NULL;
}

static struct dw_slice text_of(const struct dw_auth *auth, const char *claim)
{
    const struct dw_json *value = dw_json_get(claims_of(auth), claim);

    return value && value->type == DW_JSON_TEXT ? value->text : DW_EMPTY;
}

/* ---- what a caller may do ---- */

static size_t count_of(const char *const *scopes)
{
    size_t count = 0;

    while (scopes && scopes[count])
        count++;
    return count;
}

/* Remembers for the 403 which scopes to ask for (RFC 6750 section 3.1). Without memory the refusal
 * stays the same, it only names none. The const is the tool author's: nothing he sees changes. */
static void remember(const struct dw_auth *auth, const char *const *scopes, size_t count)
{
    struct dw_auth *own = (struct dw_auth *)(uintptr_t)auth;
    struct dw_slice *items;

    if (!auth->arena)
        return;
    own->needed = (struct dw_slices){NULL, 0};
    items = dw_arena_new_array(auth->arena, count, sizeof *items);
    for (size_t i = 0; items && i < count; i++) {
        items[i] = dw_arena_copy(auth->arena, dw_slice_from_text(scopes[i]));
        if (!items[i].ptr)
            return;
    }
    own->needed = (struct dw_slices){items, items ? count : 0};
}

static bool refuse_nobody(const char *scope, struct dw_error *reterr)
{
    return dw_fail(reterr, DW_NO_TOKEN, "this needs an access token with the scope \"%s\"", scope);
}

bool dw_auth_has_scope(const struct dw_auth *auth, const char *scope)
{
    return is_somebody(auth) && scope && *scope &&
           dw_scopes_cover(auth->token->scopes, dw_slice_from_text(scope));
}

bool dw_auth_require_scope(const struct dw_auth *auth, const char *scope, struct dw_error *reterr)
{
    const char *scopes[] = {scope, NULL};

    return dw_auth_require_all_scopes(auth, scopes, reterr);
}

bool dw_auth_require_any_scope(const struct dw_auth *auth, const char *const *scopes,
                               struct dw_error *reterr)
{
    size_t count = count_of(scopes);

    if (count == 0)
        return dw_fail(reterr, DW_INTERNAL, "a scope is required, but none is named");
    if (!is_somebody(auth))
        return refuse_nobody(scopes[0], reterr);
    for (size_t i = 0; i < count; i++)
        if (dw_auth_has_scope(auth, scopes[i]))
            return true;
    /* Each of them would do; asking for the first asks for the least. */
    remember(auth, scopes, 1);
    if (count == 1)
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "this needs the scope \"%s\"", scopes[0]);
    return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "this needs one of the scopes \"%s\", \"%s\"%s",
                   scopes[0], scopes[1], count > 2 ? ", ..." : "");
}

bool dw_auth_require_all_scopes(const struct dw_auth *auth, const char *const *scopes,
                                struct dw_error *reterr)
{
    size_t count = count_of(scopes);

    if (count == 0)
        return dw_fail(reterr, DW_INTERNAL, "a scope is required, but none is named");
    if (!is_somebody(auth))
        return refuse_nobody(scopes[0], reterr);
    for (size_t i = 0; i < count; i++) {
        if (dw_auth_has_scope(auth, scopes[i]))
            continue;
        remember(auth, scopes, count);
        return dw_fail(reterr, DW_INSUFFICIENT_SCOPE, "this needs the scope \"%s\"", scopes[i]);
    }
    return true;
}

/* ---- who calls ---- */

bool dw_auth_is_authenticated(const struct dw_auth *auth)
{
    return is_somebody(auth);
}

struct dw_slice dw_auth_subject(const struct dw_auth *auth)
{
    return is_somebody(auth) ? or_empty(auth->token->subject) : DW_EMPTY;
}

struct dw_slice dw_auth_issuer(const struct dw_auth *auth)
{
    return is_somebody(auth) ? auth->token->issuer : DW_EMPTY;
}

struct dw_slice dw_auth_client_id(const struct dw_auth *auth)
{
    return is_somebody(auth) ? or_empty(auth->token->client_id) : DW_EMPTY;
}

struct dw_slice dw_auth_email(const struct dw_auth *auth)
{
    return text_of(auth, "email");
}

bool dw_auth_is_email_verified(const struct dw_auth *auth)
{
    bool is_verified = false;

    return dw_json_bool(claims_of(auth), "email_verified", &is_verified) && is_verified;
}

struct dw_slice dw_auth_name(const struct dw_auth *auth)
{
    return text_of(auth, "name");
}

int64_t dw_auth_expires_at_s(const struct dw_auth *auth)
{
    return is_somebody(auth) ? auth->token->expires_at_s : 0;
}

struct dw_slice dw_auth_identity_provider(const struct dw_auth *auth)
{
    struct dw_slice subject = dw_auth_subject(auth);
    size_t bar = dw_slice_index(subject, '|');

    return bar == 0 || bar == subject.len ? DW_LIT("unknown") : dw_slice_sub(subject, 0, bar);
}

bool dw_auth_organization(const struct dw_auth *auth, struct dw_slice *ret_id,
                          struct dw_slice *ret_name)
{
    struct dw_slice id = text_of(auth, "org_id");

    if (id.len == 0)
        return false;
    *ret_id = id;
    *ret_name = text_of(auth, "org_name");
    return true;
}

/* ---- lists ---- */

size_t dw_auth_scope_count(const struct dw_auth *auth)
{
    return is_somebody(auth) ? auth->token->scopes.count : 0;
}

struct dw_slice dw_auth_scope(const struct dw_auth *auth, size_t index)
{
    return is_somebody(auth) && index < auth->token->scopes.count ? auth->token->scopes.items[index]
                                                                  : DW_EMPTY;
}

/* The permissions claim when it is a list, or NULL. */
static const struct dw_json *permissions_of(const struct dw_auth *auth)
{
    const struct dw_json *list = dw_json_get(claims_of(auth), "permissions");

    return list && list->type == DW_JSON_ARRAY ? list : NULL;
}

size_t dw_auth_permission_count(const struct dw_auth *auth)
{
    const struct dw_json *list = permissions_of(auth);
    size_t count = 0;

    if (!list)
        return dw_auth_scope_count(auth);
    for (size_t i = 0; i < list->array.count; i++)
        count += list->array.items[i].type == DW_JSON_TEXT;
    return count;
}

struct dw_slice dw_auth_permission(const struct dw_auth *auth, size_t index)
{
    const struct dw_json *list = permissions_of(auth);

    if (!list)
        return dw_auth_scope(auth, index);
    for (size_t i = 0; i < list->array.count; i++)
        if (list->array.items[i].type == DW_JSON_TEXT && index-- == 0)
            return list->array.items[i].text;
    return DW_EMPTY;
}

/* ---- any claim ---- */

/* The member "NAMESPACE/KEY", found without writing that name anywhere. */
static const struct dw_json *custom(const struct dw_auth *auth, const char *name_space,
                                    const char *key)
{
    const struct dw_json *claims = claims_of(auth);
    struct dw_slice wanted_space = dw_slice_from_text(name_space);
    struct dw_slice wanted_key = dw_slice_from_text(key);

    if (!claims || claims->type != DW_JSON_OBJECT || !wanted_space.len || !wanted_key.len)
        return NULL;
    for (size_t i = 0; i < claims->object.count; i++) {
        struct dw_slice rest = claims->object.members[i].key;

        if (dw_slice_eat(&rest, wanted_space) && dw_slice_eat(&rest, DW_LIT("/")) &&
            dw_slice_eq(rest, wanted_key))
            return &claims->object.members[i].value;
    }
    return NULL;
}

struct dw_slice dw_auth_claim(const struct dw_auth *auth, const char *name)
{
    const struct dw_json *value = name ? dw_json_get(claims_of(auth), name) : NULL;

    return value ? value->raw : DW_EMPTY;
}

struct dw_slice dw_auth_custom(const struct dw_auth *auth, const char *name_space, const char *key)
{
    const struct dw_json *value = custom(auth, name_space, key);

    return value ? value->raw : DW_EMPTY;
}

bool dw_auth_custom_text(const struct dw_auth *auth, const char *name_space, const char *key,
                         struct dw_slice *ret_text)
{
    const struct dw_json *value = custom(auth, name_space, key);

    if (!value || value->type != DW_JSON_TEXT)
        return false;
    *ret_text = value->text;
    return true;
}

struct dw_slice dw_auth_department(const struct dw_auth *auth, const char *name_space)
{
    struct dw_slice department = DW_EMPTY;

    (void)dw_auth_custom_text(auth, name_space, "department", &department);
    return department;
}
