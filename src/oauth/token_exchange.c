/* The rules of token exchange and ID-JAG; see token_exchange.h. */
#include "oauth/token_exchange.h"

#include "http/url.h"
#include "oauth/scope.h"
#include "json/json_writer.h"

const char *const dw_user_by_names[] = {"mapping", "subject", "email", NULL};
_Static_assert(sizeof dw_user_by_names / sizeof(char *) == DW_USER_BY_COUNT + 1, "");

#define TYPE_MIN_BYTES 8
#define TYPE_MAX_BYTES 100
#define TOKEN_ID_MAX_BYTES 256

/* --- profiles ----------------------------------------------------------------------------------
 */

bool dw_subject_token_type_check(struct dw_slice type, struct dw_error *reterr)
{
    static const char *const reserved[] = {"urn:ietf:", "urn:auth0:", "urn:okta:"};
    static const char *const hosts[] = {"auth0.com", "okta.com"};
    bool is_urn = dw_slice_starts_with(type, DW_LIT("urn:")) && type.len > 8;
    struct dw_url url = {.host = DW_EMPTY};
    struct dw_slice rest;

    if (type.len < TYPE_MIN_BYTES || type.len > TYPE_MAX_BYTES ||
        (!is_urn && !dw_url_parse(type, &url, NULL)))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "subject_token_type must be a URI of %d to %d bytes", TYPE_MIN_BYTES,
                       TYPE_MAX_BYTES);
    for (size_t at = 0; at < sizeof reserved / sizeof *reserved; at++) {
        rest = type;
        if (dw_slice_eat_nocase(&rest, dw_slice_from_text(reserved[at])))
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "subject_token_type is in a reserved namespace");
    }
    for (size_t at = 0; at < sizeof hosts / sizeof *hosts; at++) {
        struct dw_slice host = dw_slice_from_text(hosts[at]);
        size_t start = url.host.len - host.len;

        if (url.host.len >= host.len &&
            dw_slice_eq_nocase(dw_slice_sub(url.host, start, host.len), host) &&
            (start == 0 || url.host.ptr[start - 1] == '.'))
            return dw_fail(reterr, DW_INVALID_REQUEST,
                           "subject_token_type is in a reserved namespace");
    }
    return true;
}

/* --- on behalf of ------------------------------------------------------------------------------
 */

static size_t depth_of(const struct dw_json *act)
{
    size_t depth = 0;

    for (; act && act->type == DW_JSON_OBJECT && depth <= DW_ACT_MAX_DEPTH;
         act = dw_json_get(act, "act"))
        depth++;
    return depth;
}

/* What was signed by us before is copied member by member, so that nothing but `sub` goes on. */
static void write_chain(const struct dw_json *act, struct dw_json_writer *writer)
{
    size_t depth = depth_of(act);

    for (size_t at = 0; at < depth; at++, act = dw_json_get(act, "act")) {
        dw_json_write_key(writer, DW_LIT("act"));
        dw_json_write_object_start(writer);
        dw_json_put_text(writer, "sub", dw_json_text(act, "sub"));
    }
    for (size_t at = 0; at < depth; at++)
        dw_json_write_object_end(writer);
}

bool dw_act_extend(struct dw_slice client_id, struct dw_slice subject_client,
                   const struct dw_json *subject_act, struct dw_arena *arena,
                   struct dw_slice *ret_act_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);

    if (depth_of(subject_act) >= DW_ACT_MAX_DEPTH)
        return dw_fail(
            reterr, DW_INVALID_REQUEST,
            "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 4");
    dw_json_write_object_start(&writer);
    dw_json_put_text(&writer, "sub", client_id);
    if (depth_of(subject_act) > 0) {
        write_chain(subject_act, &writer);
    } else {
        dw_json_write_key(&writer, DW_LIT("act"));
        dw_json_write_object_start(&writer);
        dw_json_put_text(&writer, "sub", subject_client);
        dw_json_write_object_end(&writer);
    }
    dw_json_write_object_end(&writer);
    return dw_buf_finish(&out, ret_act_json, reterr);
}

/* --- tokens of others --------------------------------------------------------------------------
 */

struct rules {
    struct dw_slice issuer, audience;
    enum dw_code code; /* of every failure */
    const char *what;  /* "subject token" or "assertion" */
    int64_t now_s;
    struct dw_arena *arena;
};

static bool fail(const struct rules *rules, struct dw_error *reterr, const char *why)
{
    return dw_fail(reterr, rules->code, "The %s %s.", rules->what, why);
}

/* A text without control characters; *ret_text is empty when it is absent. */
static bool text_claim(const struct rules *rules, const struct dw_json *claims, const char *name,
                       size_t max_bytes, struct dw_slice *ret_text, struct dw_error *reterr)
{
    const struct dw_json *value = dw_json_get(claims, name);

    *ret_text = DW_EMPTY;
    if (!value)
        return true;
    if (value->type != DW_JSON_TEXT || value->text.len > max_bytes)
        return fail(rules, reterr, "has a claim of another type or length than it may have");
    for (size_t at = 0; at < value->text.len; at++)
        if ((unsigned char)value->text.ptr[at] < 0x20 || value->text.ptr[at] == 0x7f)
            return fail(rules, reterr, "has control characters in a claim");
    *ret_text = value->text;
    return true;
}

static bool check_names(const struct rules *rules, const struct dw_json *claims,
                        struct dw_external_subject *subject, struct dw_error *reterr)
{
    struct dw_slice issuer;
    bool is_verified = false;

    if (!text_claim(rules, claims, "iss", 1024, &issuer, reterr) ||
        !text_claim(rules, claims, "sub", DW_EXTERNAL_SUBJECT_MAX_BYTES, &subject->subject,
                    reterr) ||
        !text_claim(rules, claims, "jti", TOKEN_ID_MAX_BYTES, &subject->token_id, reterr) ||
        !text_claim(rules, claims, "email", 320, &subject->email, reterr))
        return false;
    if (!dw_slice_eq(issuer, rules->issuer))
        return fail(rules, reterr, "has another issuer");
    if (subject->subject.len == 0)
        return fail(rules, reterr, "has no subject (sub)");
    if (!dw_json_bool(claims, "email_verified", &is_verified) || !is_verified)
        subject->email = DW_EMPTY;
    return true;
}

/* RFC 7523 section 3 (4) and (5); an assertion may not be kept for later. */
static bool check_times(const struct rules *rules, const struct dw_json *claims,
                        struct dw_external_subject *subject, struct dw_error *reterr)
{
    const struct dw_json *not_before = dw_json_get(claims, "nbf");
    const struct dw_json *issued = dw_json_get(claims, "iat");
    int64_t not_before_s = 0, issued_at_s = 0;

    if (!dw_json_numeric_date(dw_json_get(claims, "exp"), &subject->expires_at_s) ||
        (not_before && !dw_json_numeric_date(not_before, &not_before_s)) ||
        (issued && !dw_json_numeric_date(issued, &issued_at_s)))
        return fail(rules, reterr, "has no times that could be read");
    if (rules->now_s >= subject->expires_at_s)
        return fail(rules, reterr, "has expired");
    if (subject->expires_at_s > rules->now_s + DW_EXTERNAL_TOKEN_MAX_LIFETIME_S)
        return fail(rules, reterr, "is good for too long");
    if (not_before_s > rules->now_s + DW_EXTERNAL_CLOCK_SKEW_S ||
        issued_at_s > rules->now_s + DW_EXTERNAL_CLOCK_SKEW_S)
        return fail(rules, reterr, "is not good yet");
    return true;
}

static bool check_audience(const struct rules *rules, const struct dw_json *claims, bool is_only,
                           struct dw_error *reterr)
{
    struct dw_slices audiences;
    struct dw_error error = {0};

    if (!dw_json_texts(claims, "aud", rules->arena, &audiences, &error))
        return error.code == DW_NO_MEMORY ? dw_fail(reterr, DW_NO_MEMORY, "out of memory")
                                          : fail(rules, reterr, "has no audience to read");
    if (!dw_slices_have(audiences, rules->audience) || (is_only && audiences.count != 1))
        return fail(rules, reterr, "is for another audience");
    return true;
}

bool dw_subject_token_check(const struct dw_jwt *jwt, struct dw_slice issuer,
                            struct dw_slice audience, int64_t now_s, struct dw_arena *arena,
                            struct dw_external_subject *ret_subject, struct dw_error *reterr)
{
    struct rules rules = {issuer, audience, DW_INVALID_REQUEST, "subject token", now_s, arena};

    *ret_subject = (struct dw_external_subject){.subject = DW_EMPTY};
    return check_names(&rules, jwt->claims, ret_subject, reterr) &&
           check_audience(&rules, jwt->claims, false, reterr) &&
           check_times(&rules, jwt->claims, ret_subject, reterr);
}

/* What it allows: resources and scopes. */
static bool read_terms(const struct rules *rules, const struct dw_json *claims,
                       struct dw_external_subject *subject, struct dw_error *reterr)
{
    struct dw_slice scope;
    struct dw_error error = {0};

    if (!dw_json_texts(claims, "resource", rules->arena, &subject->resources, &error) ||
        !text_claim(rules, claims, "scope", DW_SCOPE_MAX_BYTES, &scope, &error) ||
        !dw_scopes_parse(scope, rules->arena, &subject->scopes, &error))
        return error.code == DW_NO_MEMORY
                   ? dw_fail(reterr, DW_NO_MEMORY, "out of memory")
                   : fail(rules, reterr, "has a resource or a scope that cannot be read");
    subject->has_scope = dw_json_get(claims, "scope") != NULL;
    return true;
}

bool dw_id_jag_check(const struct dw_jwt *jwt, struct dw_slice issuer, struct dw_slice audience,
                     struct dw_slice client_id, int64_t now_s, struct dw_arena *arena,
                     struct dw_external_subject *ret_subject, struct dw_error *reterr)
{
    struct rules rules = {issuer, audience, DW_INVALID_GRANT, "assertion", now_s, arena};
    struct dw_slice client;

    *ret_subject = (struct dw_external_subject){.subject = DW_EMPTY};
    /* RFC 8725 3.11: no other kind of JWT that the issuer signs may pass for one. */
    if (!dw_slice_eq(jwt->typ, DW_LIT("oauth-id-jag+jwt")))
        return fail(&rules, reterr, "has not the typ oauth-id-jag+jwt");
    if (!check_names(&rules, jwt->claims, ret_subject, reterr) ||
        !check_audience(&rules, jwt->claims, true, reterr) ||
        !check_times(&rules, jwt->claims, ret_subject, reterr) ||
        !text_claim(&rules, jwt->claims, "client_id", 512, &client, reterr))
        return false;
    if (!dw_slice_eq(client, client_id))
        return fail(&rules, reterr, "was made for another client");
    if (ret_subject->token_id.len == 0)
        return fail(&rules, reterr, "has no jti");
    if (!dw_json_get(jwt->claims, "iat"))
        return fail(&rules, reterr, "has no iat");
    if (dw_json_get(jwt->claims, "cnf")) /* nobody proves that key here */
        return fail(&rules, reterr, "is bound to a key");
    return read_terms(&rules, jwt->claims, ret_subject, reterr);
}

bool dw_id_jag_audience(const struct dw_external_subject *subject, struct dw_slice requested,
                        struct dw_slice *ret_audience, struct dw_error *reterr)
{
    if (requested.len > 0 && subject->resources.count > 0 &&
        !dw_slices_have(subject->resources, requested))
        return dw_fail(reterr, DW_INVALID_TARGET, "The assertion is not for %.*s.",
                       DW_PRINT(dw_slice_sub(requested, 0, 100)));
    if (requested.len == 0 && subject->resources.count > 1)
        return dw_fail(reterr, DW_INVALID_TARGET,
                       "The assertion is for several resources: name one.");
    *ret_audience = requested;
    if (requested.len == 0 && subject->resources.count == 1)
        *ret_audience = subject->resources.items[0];
    return true;
}
