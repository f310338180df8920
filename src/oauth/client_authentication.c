/* Client authentication: what was presented, and whether it is right. */
#include "oauth/client_authentication.h"

#include "base/text.h"
#include "crypto/digest.h"
#include "http/url.h"
#include "jose/jwt.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define JTI_MAX_BYTES 256
#define CLOCK_SKEW_S 60

/* --- what was presented ------------------------------------------------------------------------
 */

/* RFC 6749 2.3.1: both halves are form-encoded. Our ids and secrets need no encoding but for ids
 * that are URLs. */
static bool decode(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_text,
                   struct dw_error *reterr)
{
    struct dw_error error = {0};

    if (dw_url_decode(text, arena, ret_text, &error))
        return true;
    if (error.code == DW_NO_MEMORY)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    return dw_fail(reterr, DW_INVALID_REQUEST,
                   "the Basic credentials have a broken percent-encoding");
}

static bool parse_basic(struct dw_slice encoded, struct dw_arena *arena,
                        struct dw_client_credentials *credentials, struct dw_error *reterr)
{
    struct dw_slice text, id, secret;
    struct dw_error error = {0};
    size_t colon;

    if (!dw_text_unbase64(dw_slice_trim(encoded), arena, &text, &error)) {
        if (error.code == DW_NO_MEMORY)
            return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return dw_fail(reterr, DW_INVALID_REQUEST, "the Basic credentials are not base64");
    }
    colon = dw_slice_index(text, ':');
    if (colon == text.len)
        return dw_fail(reterr, DW_INVALID_REQUEST, "the Basic credentials have no colon");
    if (!decode(dw_slice_sub(text, 0, colon), arena, &id, reterr) ||
        !decode(dw_slice_sub(text, colon + 1, text.len), arena, &secret, reterr))
        return false;
    credentials->client_id = id;
    credentials->secret = dw_secret_from(secret);
    /* "id:" is how some public clients say who they are. */
    credentials->method = secret.len ? DW_CLIENT_AUTH_BASIC : DW_CLIENT_AUTH_NONE;
    return true;
}

static bool parse_assertion(const struct dw_form *form, struct dw_arena *arena,
                            struct dw_client_credentials *credentials, struct dw_error *reterr)
{
    struct dw_jwt jwt;
    struct dw_error ignored;

    if (!dw_slice_eq(dw_form_value(form, "client_assertion_type"), DW_LIT(ASSERTION_TYPE)))
        return dw_fail(reterr, DW_INVALID_REQUEST, "client_assertion_type must be " ASSERTION_TYPE);
    credentials->method = DW_CLIENT_AUTH_PRIVATE_KEY_JWT;
    credentials->assertion = dw_form_value(form, "client_assertion");
    /* RFC 7521 4.2: client_id is optional beside an assertion; its subject is the client. */
    if (credentials->client_id.len == 0 &&
        dw_jwt_parse(credentials->assertion, arena, &jwt, &ignored))
        credentials->client_id = dw_json_text(jwt.claims, "sub");
    return true;
}

bool dw_client_credentials_parse(struct dw_slice authorization, const struct dw_form *form,
                                 struct dw_arena *arena,
                                 struct dw_client_credentials *ret_credentials,
                                 struct dw_error *reterr)
{
    struct dw_slice form_id = dw_form_value(form, "client_id");
    struct dw_slice form_secret = dw_form_value(form, "client_secret");
    bool has_assertion = dw_form_value(form, "client_assertion").len > 0;
    struct dw_slice rest = authorization;

    *ret_credentials = (struct dw_client_credentials){
        .method = form_secret.len ? DW_CLIENT_AUTH_POST : DW_CLIENT_AUTH_NONE,
        .client_id = form_id.len ? form_id : DW_EMPTY,
        .secret = dw_secret_from(form_secret),
    };
    /* RFC 6749 2.3 MUST NOT: more than one method in a request. */
    if ((authorization.len > 0) + (form_secret.len > 0) + has_assertion > 1)
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "the client used several authentication methods in one request");
    if (authorization.len && !dw_slice_eat_nocase(&rest, DW_LIT("Basic ")))
        return dw_fail(reterr, DW_INVALID_CLIENT,
                       "clients authenticate with the Basic scheme or in the body");
    if (authorization.len && !parse_basic(rest, arena, ret_credentials, reterr))
        return false;
    if (has_assertion && !parse_assertion(form, arena, ret_credentials, reterr))
        return false;
    if (form_id.len && !dw_slice_eq(form_id, ret_credentials->client_id))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "client_id in the body and in the Authorization field differ");
    if (ret_credentials->client_id.len == 0)
        return dw_fail(reterr, DW_INVALID_CLIENT, "Missing client_id");
    return ret_credentials->client_id.len <= DW_CLIENT_ID_MAX_BYTES ||
           dw_fail(reterr, DW_INVALID_CLIENT, "client_id is too long");
}

/* --- whether it is right -----------------------------------------------------------------------
 */

static bool refuse(struct dw_error *reterr)
{
    return dw_fail(reterr, DW_CLIENT_REFUSED, "Unauthorized");
}

bool dw_client_check_secret(const struct dw_oauth_client *client,
                            const struct dw_client_credentials *credentials,
                            struct dw_error *reterr)
{
    unsigned char digest[DW_SHA256_BYTES];

    if (!client || !dw_slice_eq(client->id, credentials->client_id))
        return refuse(reterr);
    switch (client->auth_method) {
    case DW_CLIENT_AUTH_NONE:
        return credentials->method == DW_CLIENT_AUTH_NONE || refuse(reterr);
    case DW_CLIENT_AUTH_BASIC:
    case DW_CLIENT_AUTH_POST:
        if (credentials->method != DW_CLIENT_AUTH_BASIC &&
            credentials->method != DW_CLIENT_AUTH_POST)
            return refuse(reterr);
        if (!dw_sha256(credentials->secret.hidden, digest, reterr))
            return false;
        return dw_secret_eq(dw_secret_from(dw_slice_from((const char *)digest, sizeof digest)),
                            dw_secret_from(client->secret_digest)) ||
               refuse(reterr);
    case DW_CLIENT_AUTH_UNSET:
    case DW_CLIENT_AUTH_PRIVATE_KEY_JWT:
    case DW_CLIENT_AUTH_METHOD_COUNT:
    default:
        return refuse(reterr);
    }
}

/* RFC 7523bis 3: `aud` is the issuer and nothing else, so that an assertion made for another server
 * is of no use here. */
static bool is_audience(const struct dw_json *aud, struct dw_slice issuer)
{
    if (aud && aud->type == DW_JSON_ARRAY && aud->array.count == 1)
        aud = &aud->array.items[0];
    return aud && aud->type == DW_JSON_TEXT && dw_slice_eq(aud->text, issuer);
}

static bool check_claims(const struct dw_json *claims, struct dw_slice client_id,
                         struct dw_slice issuer, int64_t now_s,
                         struct dw_client_assertion *ret_assertion)
{
    const struct dw_json *not_before = dw_json_get(claims, "nbf");
    int64_t not_before_s = 0;

    ret_assertion->token_id = dw_json_text(claims, "jti");
    return dw_slice_eq(dw_json_text(claims, "iss"), client_id) &&
           dw_slice_eq(dw_json_text(claims, "sub"), client_id) &&
           is_audience(dw_json_get(claims, "aud"), issuer) && ret_assertion->token_id.len > 0 &&
           ret_assertion->token_id.len <= JTI_MAX_BYTES &&
           dw_json_numeric_date(dw_json_get(claims, "exp"), &ret_assertion->expires_at_s) &&
           ret_assertion->expires_at_s > now_s &&
           ret_assertion->expires_at_s <=
               now_s + DW_CLIENT_ASSERTION_MAX_LIFETIME_S + CLOCK_SKEW_S &&
           (!not_before || (dw_json_numeric_date(not_before, &not_before_s) &&
                            not_before_s <= now_s + CLOCK_SKEW_S));
}

bool dw_client_check_assertion(const struct dw_oauth_client *client,
                               const struct dw_client_credentials *credentials,
                               const struct dw_jwks *client_keys, struct dw_slice issuer,
                               int64_t now_s, struct dw_arena *arena,
                               struct dw_client_assertion *ret_assertion, struct dw_error *reterr)
{
    struct dw_error error = {0};
    struct dw_jwt jwt;

    ret_assertion->is_kid_unknown = false;
    if (!client || client->auth_method != DW_CLIENT_AUTH_PRIVATE_KEY_JWT ||
        credentials->method != DW_CLIENT_AUTH_PRIVATE_KEY_JWT ||
        !dw_slice_eq(client->id, credentials->client_id))
        return refuse(reterr);
    if (!dw_jwt_parse(credentials->assertion, arena, &jwt, &error) ||
        !dw_jwt_verify(&jwt, client_keys, DW_ALGS_ALL, &ret_assertion->is_kid_unknown, &error)) {
        if (error.code == DW_NO_MEMORY || error.code == DW_UNAVAILABLE) {
            *reterr = error;
            return false;
        }
        return refuse(reterr);
    }
    return check_claims(jwt.claims, client->id, issuer, now_s, ret_assertion) || refuse(reterr);
}
