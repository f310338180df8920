/* The fields of requests to, and answers from, an HTTP upstream. */
#include "gateway/identity.h"

#include "base/buf.h"
#include "base/text.h"
#include "http/field.h"

#define OWN_FIELDS 5 /* X-Forwarded-For, -Proto, -Host, traceparent and one to spare */

enum drop {
    DROP_ALWAYS = 1,
    DROP_PREFIX,   /* this and everything that begins with it */
    DROP_SESSION,  /* unless the session goes on */
    DROP_ENCODING, /* when the answer must come plain */
    DROP_ANSWER,   /* of answers only */
    DROP_BOTH,     /* of requests and answers: hop by hop (RFC 9110 7.6.1), or set by us */
};

/* Normalized names, by their first letter: every field of every request is looked up. Upstreams
 * that map '-', '_' and '.' to one another (CGI and its heirs) must not be told anything by a
 * spelling we did not think of. */
static const struct drop_row {
    struct dw_slice name; /* the rows of a letter end with an empty one */
    enum drop drop;
} dropped['z' - 'a' + 1][6] = {
    ['a' - 'a'] =
        {
            {DW_LIT("authorization"),
             DROP_ALWAYS}, /* MCP authorization MUST NOT: no token passthrough */
            {DW_LIT("accept-encoding"), DROP_ENCODING},
            {DW_LIT("access-control-"), DROP_PREFIX},
        },
    ['c' - 'a'] =
        {
            {DW_LIT("connection"), DROP_BOTH},
            {DW_LIT("content-length"), DROP_BOTH},
            {DW_LIT("cookie"), DROP_ALWAYS},
        },
    ['d' - 'a'] =
        {
            {DW_LIT("date"), DROP_ANSWER}, {DW_LIT("dpop"), DROP_ALWAYS}, /* a proof for us alone */
        },
    ['e' - 'a'] =
        {
            {DW_LIT("expect"), DROP_ALWAYS},
        },
    ['f' - 'a'] =
        {
            {DW_LIT("forwarded"), DROP_ALWAYS},
        },
    ['h' - 'a'] =
        {
            {DW_LIT("host"), DROP_ALWAYS},
        },
    ['k' - 'a'] =
        {
            {DW_LIT("keep-alive"), DROP_BOTH},
        },
    ['l' - 'a'] =
        {
            {DW_LIT("last-event-id"), DROP_SESSION},
        },
    ['m' - 'a'] =
        {
            {DW_LIT("mcp-session-id"), DROP_SESSION},
        },
    ['o' - 'a'] =
        {
            {DW_LIT("origin"), DROP_ALWAYS}, /* checked here, against our own name */
        },
    ['p' - 'a'] =
        {
            {DW_LIT("proxy-connection"), DROP_BOTH},
            {DW_LIT("proxy-authorization"), DROP_ALWAYS},
            {DW_LIT("proxy-authenticate"), DROP_ANSWER},
        },
    ['s' - 'a'] =
        {
            {DW_LIT("set-cookie"), DROP_ANSWER},
        },
    ['t' - 'a'] =
        {
            {DW_LIT("transfer-encoding"), DROP_BOTH},
            {DW_LIT("te"), DROP_BOTH},
            {DW_LIT("trailer"), DROP_BOTH},
            {DW_LIT("traceparent"), DROP_ALWAYS},
        },
    ['u' - 'a'] =
        {
            {DW_LIT("upgrade"), DROP_BOTH},
        },
    ['w' - 'a'] =
        {
            {DW_LIT("www-authenticate"), DROP_ANSWER},
        },
    ['x' - 'a'] =
        {
            {DW_LIT("x-forwarded-"), DROP_PREFIX},
            {DW_LIT("x-real-ip"), DROP_ALWAYS},
            {DW_LIT("x-http-method"), DROP_PREFIX}, /* -override */
            {DW_LIT("x-original-"), DROP_PREFIX},
            {DW_LIT("x-doorward-"), DROP_PREFIX},
        },
};

/* Anything else is '-'. */
static const char normal_bytes[256] = {
    ['a'] = 'a', ['A'] = 'a', ['b'] = 'b', ['B'] = 'b', ['c'] = 'c', ['C'] = 'c', ['d'] = 'd',
    ['D'] = 'd', ['e'] = 'e', ['E'] = 'e', ['f'] = 'f', ['F'] = 'f', ['g'] = 'g', ['G'] = 'g',
    ['h'] = 'h', ['H'] = 'h', ['i'] = 'i', ['I'] = 'i', ['j'] = 'j', ['J'] = 'j', ['k'] = 'k',
    ['K'] = 'k', ['l'] = 'l', ['L'] = 'l', ['m'] = 'm', ['M'] = 'm', ['n'] = 'n', ['N'] = 'n',
    ['o'] = 'o', ['O'] = 'o', ['p'] = 'p', ['P'] = 'p', ['q'] = 'q', ['Q'] = 'q', ['r'] = 'r',
    ['R'] = 'r', ['s'] = 's', ['S'] = 's', ['t'] = 't', ['T'] = 't', ['u'] = 'u', ['U'] = 'u',
    ['v'] = 'v', ['V'] = 'v', ['w'] = 'w', ['W'] = 'w', ['x'] = 'x', ['X'] = 'x', ['y'] = 'y',
    ['Y'] = 'y', ['z'] = 'z', ['Z'] = 'z', ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3',
    ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
};

/* Longer names are in no table: they are compared by their first bytes only. */
static struct dw_slice normalize(struct dw_slice name, char into[static DW_IDENTITY_NAME_SIZE])
{
    size_t len = name.len < DW_IDENTITY_NAME_SIZE ? name.len : DW_IDENTITY_NAME_SIZE;

    for (size_t i = 0; i < len; i++) {
        char byte = normal_bytes[(unsigned char)name.ptr[i]];

        into[i] = byte ? byte : '-';
    }
    return dw_slice_from(into, len);
}

static enum drop find_drop(struct dw_slice name)
{
    const struct drop_row *row;

    if (!name.len || *name.ptr < 'a' || *name.ptr > 'z')
        return 0;
    for (row = dropped[*name.ptr - 'a']; row->name.len; row++)
        if (row->drop == DROP_PREFIX ? dw_slice_starts_with(name, row->name)
                                     : dw_slice_eq(name, row->name))
            return row->drop;
    return 0;
}

static bool is_identity(const struct dw_gateway_rules *rules, struct dw_slice name)
{
    for (size_t i = 0; i < rules->identity_header_count; i++)
        if (dw_slice_eq(name, rules->identity_headers[i].normalized))
            return true;
    return false;
}

static bool is_dropped_from_request(const struct dw_gateway_rules *rules,
                                    const struct dw_upstream_request *from, struct dw_slice name)
{
    char room[DW_IDENTITY_NAME_SIZE];
    struct dw_slice normal = normalize(name, room);

    switch (find_drop(normal)) {
    case DROP_ALWAYS:
    case DROP_PREFIX:
    case DROP_BOTH:
        return true;
    case DROP_SESSION:
        /* Another spelling of a session's name would be another server's session. */
        return !from->keeps_session || !dw_slice_eq_nocase(name, normal);
    case DROP_ENCODING:
        return from->wants_plain;
    case DROP_ANSWER:
        break;
    }
    return is_identity(rules, normal);
}

bool dw_identity_header_parse(struct dw_slice text, struct dw_arena *arena,
                              struct dw_identity_header *ret_header, struct dw_error *reterr)
{
    static const struct {
        struct dw_slice name, claim;
    } known[] = {
        {DW_LIT("x-doorward-sub"), DW_LIT("sub")},
        {DW_LIT("x-doorward-client-id"), DW_LIT("client_id")},
        {DW_LIT("x-doorward-scope"), DW_LIT("scope")},
        {DW_LIT("x-doorward-email"), DW_LIT("email")},
        {DW_LIT("x-doorward-org"), DW_LIT("org_id")},
        {DW_LIT("x-doorward-issuer"), DW_LIT("iss")},
    };
    size_t equals = dw_slice_index(text, '=');
    char room[DW_IDENTITY_NAME_SIZE];

    *ret_header = (struct dw_identity_header){.name = dw_slice_from(text.ptr, equals)};
    if (equals < text.len)
        ret_header->claim = dw_slice_from(text.ptr + equals + 1, text.len - equals - 1);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ret_header->claim.len == 0 && dw_slice_eq_nocase(ret_header->name, known[i].name))
            ret_header->claim = known[i].claim;
    if (!dw_http_is_token(ret_header->name) || ret_header->name.len >= DW_IDENTITY_NAME_SIZE)
        return dw_fail(reterr, DW_CONFIG, "identity_headers: \"%.*s\" is no header name",
                       DW_PRINT(ret_header->name));
    if (ret_header->claim.len == 0)
        return dw_fail(reterr, DW_CONFIG,
                       "identity_headers: write \"%.*s=CLAIM\", or one of x-doorward-sub, "
                       "-client-id, -scope, -email, -org, -issuer",
                       DW_PRINT(text));
    ret_header->normalized = dw_arena_copy(arena, normalize(ret_header->name, room));
    if (!ret_header->normalized.ptr)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (find_drop(ret_header->normalized) == DROP_BOTH ||
        find_drop(ret_header->normalized) == DROP_ALWAYS ||
        dw_slice_eq(ret_header->normalized, DW_LIT("content-type")) ||
        dw_slice_starts_with(ret_header->normalized, DW_LIT("mcp-")))
        return dw_fail(reterr, DW_CONFIG, "identity_headers: \"%.*s\" has another meaning already",
                       DW_PRINT(ret_header->name));
    return true;
}

static bool is_plain(struct dw_slice value)
{
    return dw_text_is_printable_ascii(value) && !dw_slice_contains(value, '%') &&
           dw_slice_trim(value).len == value.len;
}

/* Nothing but printable ASCII, and no space at an end: a claim must not be able to end the field or
 * to look like another value after somebody's decoding or trimming. */
static struct dw_slice sanitize(struct dw_slice value, struct dw_arena *arena)
{
    static const char hex[] = "0123456789ABCDEF";
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice bytes;

    if (is_plain(value))
        return value;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];

        if (byte >= 0x20 && byte <= 0x7e && byte != '%' &&
            (byte != ' ' || (i > 0 && i + 1 < value.len))) {
            dw_buf_add_byte(&out, (char)byte);
            continue;
        }
        dw_buf_add_byte(&out, '%');
        dw_buf_add_byte(&out, hex[byte >> 4]);
        dw_buf_add_byte(&out, hex[byte & 15]);
    }
    return dw_buf_finish(&out, &bytes, NULL) ? bytes : (struct dw_slice){NULL, 0};
}

static struct dw_slice join(struct dw_slices texts, struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice bytes;

    for (size_t i = 0; i < texts.count; i++) {
        if (i > 0)
            dw_buf_add_byte(&out, ' ');
        dw_buf_add(&out, texts.items[i]);
    }
    return dw_buf_finish(&out, &bytes, NULL) ? bytes : (struct dw_slice){NULL, 0};
}

static struct dw_slice claim_text(const struct dw_access_token *token, struct dw_slice claim)
{
    const struct dw_json *value = dw_json_get_slice(token->claims, claim);

    if (value && value->type == DW_JSON_TEXT)
        return value->text;
    if (value && (value->type == DW_JSON_INT || value->type == DW_JSON_BOOL))
        return value->raw;
    return (struct dw_slice){NULL, 0};
}

struct dw_slice dw_identity_value(const struct dw_access_token *token, struct dw_slice claim,
                                  struct dw_arena *arena)
{
    struct dw_slice value;

    if (dw_slice_eq(claim, DW_LIT("sub")))
        value = token->subject;
    else if (dw_slice_eq(claim, DW_LIT("client_id")))
        value = token->client_id;
    else if (dw_slice_eq(claim, DW_LIT("scope")))
        value = join(token->scopes, arena);
    else if (dw_slice_eq(claim, DW_LIT("org_id")))
        value = token->organization_id;
    else if (dw_slice_eq(claim, DW_LIT("iss")))
        value = token->issuer;
    else
        value = claim_text(token, claim);
    if (value.len == 0)
        return (struct dw_slice){NULL, 0};
    return sanitize(value, arena);
}

static void add_identity(const struct dw_gateway_rules *rules, const struct dw_access_token *token,
                         struct dw_arena *arena, struct dw_field_list *out)
{
    for (size_t i = 0; token && i < rules->identity_header_count; i++) {
        struct dw_slice value = dw_identity_value(token, rules->identity_headers[i].claim, arena);

        if (value.ptr)
            dw_field_list_add(out, rules->identity_headers[i].name, value);
    }
}

/* X-Forwarded-For of a trusted proxy is kept and continued; others begin it. A proxy may add a
 * field of its own behind the client's (RFC 9110 5.3: the same as one list). */
static struct dw_slice forwarded_for(const struct dw_gateway_rules *rules,
                                     const struct dw_upstream_request *from, struct dw_arena *arena)
{
    struct dw_http_fields fields = from->request->fields;
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice list;

    if (!dw_address_is_in(from->peer_address, rules->trusted_proxies, rules->trusted_proxy_count))
        return from->peer_address;
    for (size_t i = 0; i < fields.count; i++) {
        if (!dw_slice_eq_nocase(fields.items[i].name, DW_LIT("x-forwarded-for")) ||
            fields.items[i].value.len == 0)
            continue;
        dw_buf_add(&out, fields.items[i].value);
        dw_buf_add(&out, DW_LIT(", "));
    }
    dw_buf_add(&out, from->peer_address);
    return dw_buf_finish(&out, &list, NULL) ? list : (struct dw_slice){NULL, 0};
}

/* The options of all Connection fields as one list (RFC 9110 5.3); a view when there is one field,
 * as there nearly always is. */
static bool connection_options(struct dw_http_fields fields, struct dw_arena *arena,
                               struct dw_slice *ret_options, struct dw_error *reterr)
{
    struct dw_buf joined = dw_buf_in(arena);
    size_t count = 0;

    *ret_options = DW_EMPTY;
    for (size_t i = 0; i < fields.count; i++)
        if (dw_slice_eq_nocase(fields.items[i].name, DW_LIT("connection"))) {
            *ret_options = fields.items[i].value;
            count++;
        }
    if (count < 2)
        return true;
    for (size_t i = 0; i < fields.count; i++)
        if (dw_slice_eq_nocase(fields.items[i].name, DW_LIT("connection"))) {
            dw_buf_add(&joined, fields.items[i].value);
            dw_buf_add(&joined, DW_LIT(","));
        }
    return dw_buf_finish(&joined, ret_options, reterr);
}

/* Whether the Connection field names it as hop-by-hop (RFC 9110 7.6.1). */
static bool is_named_by_connection(struct dw_slice connection, struct dw_slice name)
{
    struct dw_slice option;

    while (dw_http_list_next(&connection, &option))
        if (dw_slice_eq_nocase(option, name))
            return true;
    return false;
}

/* W3C Trace Context 3.2.2; put together by hand, printf costs as much as a policy decision. */
static struct dw_slice traceparent(struct dw_slice trace_id, struct dw_slice span_id,
                                   struct dw_arena *arena)
{
    struct dw_buf out = dw_buf_in(arena);

    if (!dw_buf_reserve(&out, 64))
        return (struct dw_slice){NULL, 0};
    dw_buf_add(&out, DW_LIT("00-"));
    dw_buf_add(&out, trace_id);
    dw_buf_add(&out, DW_LIT("-"));
    dw_buf_add(&out, span_id);
    dw_buf_add(&out, DW_LIT("-01"));
    return dw_slice_from(out.ptr, out.len);
}

bool dw_upstream_fields(const struct dw_gateway_rules *rules,
                        const struct dw_upstream_request *from, struct dw_arena *arena,
                        struct dw_http_fields *ret_fields, struct dw_error *reterr)
{
    struct dw_http_fields given = from->request->fields;
    struct dw_field_list out =
        dw_field_list_in(arena, given.count + rules->identity_header_count + OWN_FIELDS);
    struct dw_slice connection;

    if (!connection_options(given, arena, &connection, reterr))
        return false;
    for (size_t i = 0; i < given.count; i++) {
        if (is_dropped_from_request(rules, from, given.items[i].name) ||
            (connection.len > 0 && is_named_by_connection(connection, given.items[i].name)))
            continue;
        dw_field_list_add(&out, given.items[i].name, given.items[i].value);
    }
    add_identity(rules, from->token, arena, &out);
    dw_field_list_add(&out, DW_LIT("X-Forwarded-For"), forwarded_for(rules, from, arena));
    dw_field_list_add(&out, DW_LIT("X-Forwarded-Proto"),
                      from->is_tls ? DW_LIT("https") : DW_LIT("http"));
    dw_field_list_add(&out, DW_LIT("X-Forwarded-Host"), from->request->authority);
    dw_field_list_add(&out, DW_LIT("traceparent"),
                      traceparent(from->trace_id, from->span_id, arena));
    *ret_fields = dw_field_list_view(&out);
    return !out.has_failed || dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

static bool is_dropped_from_answer(struct dw_slice name, struct dw_slice value,
                                   struct dw_slice session_id)
{
    char room[DW_IDENTITY_NAME_SIZE];

    switch (find_drop(normalize(name, room))) {
    case DROP_BOTH:
    case DROP_ANSWER:
        return true;
    case DROP_PREFIX:
        return dw_slice_starts_with(normalize(name, room), DW_LIT("access-control-"));
    case DROP_SESSION:
        return session_id.len == 0 || !dw_slice_eq(value, session_id);
    case DROP_ALWAYS:
    case DROP_ENCODING:
        break;
    }
    return false;
}

void dw_answer_fields(const struct dw_http_response_head *head, struct dw_slice session_id,
                      struct dw_arena *arena, struct dw_field_list *out)
{
    struct dw_slice connection;
    struct dw_error error;

    if (!connection_options(head->fields, arena, &connection, &error)) {
        out->has_failed = true;
        return;
    }
    for (size_t i = 0; i < head->fields.count; i++) {
        struct dw_http_field field = head->fields.items[i];

        if (is_dropped_from_answer(field.name, field.value, session_id) ||
            (connection.len > 0 && is_named_by_connection(connection, field.name)))
            continue;
        dw_field_list_add(out, dw_arena_copy(arena, field.name), dw_arena_copy(arena, field.value));
    }
}
