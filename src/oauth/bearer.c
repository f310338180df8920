/* The access token out of an HTTP request. */
#include "oauth/bearer.h"

/* Sixteen bytes at a time: this runs over the whole token for every request. */
typedef unsigned char block __attribute__((vector_size(16)));

/* RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 * "-./" and the digits follow one another in ASCII. Not zero where a byte is none of them. */
static inline block foreign(block bytes)
{
    block letters = (bytes | 0x20) - 'a', others = bytes - '-';

    return (block)((letters >= 26) & (others >= 13) & (bytes != '_') & (bytes != '~') &
                   (bytes != '+'));
}

static bool is_b64token(struct dw_slice token)
{
    static const block none;
    block bytes, found = none;
    size_t at = 0;

    while (token.len > 0 && token.ptr[token.len - 1] == '=')
        token.len--;
    if (token.len == 0)
        return false;
    for (; at + sizeof bytes <= token.len; at += sizeof bytes) {
        memcpy(&bytes, token.ptr + at, sizeof bytes);
        found |= foreign(bytes);
    }
    memset(&bytes, 'a', sizeof bytes);
    memcpy(&bytes, token.ptr + at, token.len - at);
    found |= foreign(bytes);
    return memcmp(&found, &none, sizeof found) == 0;
}

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = byte ? strchr(digits, byte) : NULL;

    return at ? (int)((at - digits) & 15) : -1;
}

/* Whether a part of a query ("name=value") has the name, however it is escaped. */
static bool has_name(struct dw_slice part, const char *name)
{
    size_t at = 0;

    part = dw_slice_sub(part, 0, dw_slice_index(part, '='));
    for (; *name && at < part.len; name++, at++) {
        int byte = (unsigned char)part.ptr[at];

        if (byte == '%' && at + 2 < part.len && hex_digit(part.ptr[at + 1]) >= 0 &&
            hex_digit(part.ptr[at + 2]) >= 0) {
            byte = hex_digit(part.ptr[at + 1]) * 16 + hex_digit(part.ptr[at + 2]);
            at += 2;
        }
        if (byte != (unsigned char)*name)
            return false;
    }
    return *name == 0 && at == part.len;
}

static bool has_token_in_query(struct dw_slice query)
{
    struct dw_slice part;

    while (dw_slice_split(&query, '&', &part))
        if (has_name(part, "access_token"))
            return true;
    return false;
}

/* The first Authorization field, and how many there are: one pass, this runs for every request. */
static size_t find_fields(struct dw_http_fields fields, struct dw_slice *ret_first)
{
    size_t count = 0;

    for (size_t i = 0; i < fields.count; i++)
        if (dw_slice_eq_nocase(fields.items[i].name, DW_LIT("authorization")) && count++ == 0)
            *ret_first = fields.items[i].value;
    return count;
}

/* Takes the scheme and the blanks after it off the front. */
static bool eat_scheme(struct dw_slice *value, struct dw_slice scheme)
{
    struct dw_slice rest = *value;

    if (!dw_slice_eat_nocase(&rest, scheme) || (rest.len > 0 && rest.ptr[0] != ' '))
        return false;
    while (dw_slice_eat(&rest, DW_LIT(" ")))
        continue;
    *value = rest;
    return true;
}

bool dw_authorization_find(const struct dw_http_request *request, struct dw_slice *ret_field,
                           struct dw_error *reterr)
{
    struct dw_slice value = DW_EMPTY;
    size_t count = find_fields(request->fields, &value);

    *ret_field = DW_EMPTY;
    if (request->query.len > 0 && has_token_in_query(request->query))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "an access token in the query ends up in logs; send it in the "
                       "Authorization field");
    if (count == 0)
        return dw_fail(reterr, DW_NO_TOKEN, "an access token is needed");
    if (count > 1)
        return dw_fail(reterr, DW_INVALID_REQUEST, "send one Authorization field, not several");
    *ret_field = value;
    return true;
}

/* is_dpop  NULL: the Bearer scheme alone */
static bool read_field(struct dw_slice value, struct dw_slice *ret_token, bool *is_dpop,
                       struct dw_error *reterr)
{
    *ret_token = DW_EMPTY;
    if (is_dpop)
        *is_dpop = eat_scheme(&value, DW_LIT("DPoP"));
    if (!(is_dpop && *is_dpop) && !eat_scheme(&value, DW_LIT("Bearer")))
        return dw_fail(reterr, DW_NO_TOKEN, "send the access token with the Bearer scheme");
    if (value.len > DW_BEARER_MAX_BYTES)
        return dw_fail(reterr, DW_INVALID_TOKEN, "the token has more than %d bytes",
                       DW_BEARER_MAX_BYTES);
    if (!is_b64token(value))
        return dw_fail(reterr, DW_INVALID_REQUEST,
                       "what follows Bearer is empty or has characters no token has");
    *ret_token = value;
    return true;
}

bool dw_authorization_read(struct dw_slice field, struct dw_slice *ret_token, bool *ret_is_dpop,
                           struct dw_error *reterr)
{
    *ret_is_dpop = false;
    return read_field(field, ret_token, ret_is_dpop, reterr);
}

bool dw_bearer_find(const struct dw_http_request *request, struct dw_slice *ret_token,
                    struct dw_error *reterr)
{
    struct dw_slice field;

    *ret_token = DW_EMPTY;
    return dw_authorization_find(request, &field, reterr) &&
           read_field(field, ret_token, NULL, reterr);
}

bool dw_access_token_find(const struct dw_http_request *request, struct dw_slice *ret_token,
                          bool *ret_is_dpop, struct dw_error *reterr)
{
    struct dw_slice field;

    *ret_token = DW_EMPTY;
    *ret_is_dpop = false;
    return dw_authorization_find(request, &field, reterr) &&
           read_field(field, ret_token, ret_is_dpop, reterr);
}
