/* Where the references of a JSON Schema lead: URIs (RFC 3986), $id, $anchor, $dynamicAnchor and
 * JSON Pointers (RFC 6901), over the schema and the documents given with it. */
#include "base/buf.h"
#include "base/text.h"
#include "http/url.h"
#include "mcp/schema_internal.h"

/* Which keywords hold subschemas, and how. Definitions are found through references only. */
enum holds {
    HOLDS_ONE,
    HOLDS_LIST,
    HOLDS_MAP
};
static const struct {
    const char *keyword;
    enum holds holds;
} holders[] = {
    {"$defs", HOLDS_MAP},
    {"definitions", HOLDS_MAP},
    {"properties", HOLDS_MAP},
    {"patternProperties", HOLDS_MAP},
    {"dependentSchemas", HOLDS_MAP},
    {"prefixItems", HOLDS_LIST},
    {"allOf", HOLDS_LIST},
    {"anyOf", HOLDS_LIST},
    {"oneOf", HOLDS_LIST},
    {"items", HOLDS_ONE},
    {"contains", HOLDS_ONE},
    {"additionalProperties", HOLDS_ONE},
    {"propertyNames", HOLDS_ONE},
    {"not", HOLDS_ONE},
    {"if", HOLDS_ONE},
    {"then", HOLDS_ONE},
    {"else", HOLDS_ONE},
    {"unevaluatedItems", HOLDS_ONE},
    {"unevaluatedProperties", HOLDS_ONE},
    {"contentSchema", HOLDS_ONE},
};

struct dw_schema_index {
    struct dw_arena *arena;
    struct dw_map *resources; /* URI -> dw_schema_resource */
    struct dw_map *anchors;   /* URI#name -> dw_schema_node */
    struct dw_map *nodes;     /* address of the JSON -> dw_schema_node */
    const struct dw_schema_document *documents;
    size_t document_count;
    struct dw_error *reterr;
};

/* ---- URIs ---- */

struct uri {
    struct dw_slice scheme, authority, path, query, fragment;
    bool has_authority, has_query, has_fragment;
};

static struct uri split(struct dw_slice text)
{
    struct uri uri = {0};
    size_t colon = dw_slice_index(text, ':');
    size_t slash = dw_slice_index(text, '/'), mark = dw_slice_index(text, '?');
    size_t hash = dw_slice_index(text, '#');

    if (colon < text.len && colon && colon < slash && colon < mark && colon < hash) {
        uri.scheme = dw_slice_sub(text, 0, colon);
        text = dw_slice_sub(text, colon + 1, text.len);
        hash = dw_slice_index(text, '#');
    }
    uri.has_fragment = hash < text.len;
    uri.fragment = dw_slice_sub(text, hash + 1, text.len);
    text = dw_slice_sub(text, 0, hash);
    mark = dw_slice_index(text, '?');
    uri.has_query = mark < text.len;
    uri.query = dw_slice_sub(text, mark + 1, text.len);
    text = dw_slice_sub(text, 0, mark);
    if (dw_slice_eat(&text, DW_LIT("//"))) {
        uri.has_authority = true;
        uri.authority = dw_slice_sub(text, 0, dw_slice_index(text, '/'));
        text = dw_slice_sub(text, uri.authority.len, text.len);
    }
    uri.path = text;
    return uri;
}

/* RFC 3986 5.2.4, on a buffer of our own. */
static struct dw_slice without_dots(struct dw_slice path, struct dw_arena *arena)
{
    char *out = dw_arena_alloc(arena, path.len + 1);
    size_t len = 0;

    if (!out)
        return dw_slice_from(NULL, 0);
    while (path.len) {
        bool is_rooted = path.ptr[0] == '/';
        struct dw_slice segment = dw_slice_sub(path, is_rooted, path.len);
        bool is_last;

        segment.len = dw_slice_index(segment, '/');
        is_last = is_rooted + segment.len == path.len;
        path = dw_slice_sub(path, is_rooted + segment.len, path.len);
        if (dw_slice_eq(segment, DW_LIT(".")) || dw_slice_eq(segment, DW_LIT(".."))) {
            if (segment.len == 2)
                while (len && out[--len] != '/')
                    continue;
            if (is_last)
                out[len++] = '/';
            continue;
        }
        if (is_rooted)
            out[len++] = '/';
        memcpy(out + len, segment.ptr, segment.len);
        len += segment.len;
    }
    return dw_slice_from(out, len);
}

static struct dw_slice merge(const struct uri *base, struct dw_slice path, struct dw_arena *arena)
{
    size_t keep = base->path.len;

    if (base->has_authority && !base->path.len)
        return dw_arena_printf(arena, "/%.*s", DW_PRINT(path));
    while (keep && base->path.ptr[keep - 1] != '/')
        keep--;
    return dw_arena_printf(arena, "%.*s%.*s", (int)keep, base->path.ptr, DW_PRINT(path));
}

static struct dw_slice put_together(const struct uri *uri, struct dw_arena *arena)
{
    return dw_arena_printf(arena, "%.*s%s%s%.*s%.*s%s%.*s%s%.*s", DW_PRINT(uri->scheme),
                           uri->scheme.len ? ":" : "", uri->has_authority ? "//" : "",
                           DW_PRINT(uri->authority), DW_PRINT(uri->path), uri->has_query ? "?" : "",
                           DW_PRINT(uri->query), uri->has_fragment ? "#" : "",
                           DW_PRINT(uri->fragment));
}

/* RFC 3986 section 5.2, into `arena`; ptr NULL when memory is short. */
static struct dw_slice resolve_uri(struct dw_slice base_text, struct dw_slice reference,
                                   struct dw_arena *arena)
{
    struct uri base = split(base_text), uri = split(reference);

    if (!uri.scheme.len) {
        if (!uri.has_authority) {
            if (!uri.path.len) {
                uri.path = base.path;
                if (!uri.has_query) {
                    uri.query = base.query;
                    uri.has_query = base.has_query;
                }
            } else if (uri.path.ptr[0] != '/') {
                uri.path = merge(&base, uri.path, arena);
            }
            uri.authority = base.authority;
            uri.has_authority = base.has_authority;
        }
        uri.scheme = base.scheme;
    }
    if (uri.path.len && (uri.has_authority || uri.path.ptr[0] == '/'))
        uri.path = without_dots(uri.path, arena);
    return uri.path.len && !uri.path.ptr ? dw_slice_from(NULL, 0) : put_together(&uri, arena);
}

static struct dw_slice without_fragment(struct dw_slice uri)
{
    return dw_slice_sub(uri, 0, dw_slice_index(uri, '#'));
}

/* ---- the index ---- */

static bool fail(struct dw_schema_index *index, const char *what, struct dw_slice detail)
{
    return dw_fail(index->reterr, DW_INVALID_PARAMS, "the schema %s \"%.*s\"", what,
                   DW_PRINT(dw_slice_sub(detail, 0, 80)));
}

static bool out_of_memory(struct dw_schema_index *index)
{
    return dw_fail(index->reterr, DW_NO_MEMORY, "out of memory");
}

struct dw_schema_node *dw_schema_index_node(struct dw_schema_index *index,
                                            const struct dw_json *json,
                                            struct dw_schema_resource *resource)
{
    struct dw_slice key = dw_slice_from((const char *)&json, sizeof json);
    struct dw_schema_node *node = dw_map_get(index->nodes, key);

    if (node)
        return node;
    node = DW_ARENA_NEW(index->arena, struct dw_schema_node);
    if (!node)
        return NULL;
    node->json = json;
    node->resource = resource;
    return dw_map_put(index->nodes, key, node) ? node : NULL;
}

static bool put_anchor(struct dw_schema_index *index, struct dw_schema_resource *resource,
                       struct dw_slice name, struct dw_schema_node *node)
{
    struct dw_slice uri =
        dw_arena_printf(index->arena, "%.*s#%.*s", DW_PRINT(resource->uri), DW_PRINT(name));

    return uri.ptr && dw_map_put(index->anchors, uri, node);
}

static bool put_dynamic_anchor(struct dw_schema_index *index, struct dw_schema_resource *resource,
                               struct dw_slice name, struct dw_schema_node *node)
{
    size_t count = resource->dynamic_anchor_count;
    struct dw_schema_named *grown =
        dw_arena_resize(index->arena, resource->dynamic_anchors, count * sizeof *grown,
                        (count + 1) * sizeof *grown);

    if (!grown)
        return false;
    grown[count] = (struct dw_schema_named){name, node};
    resource->dynamic_anchors = grown;
    resource->dynamic_anchor_count = count + 1;
    return put_anchor(index, resource, name, node);
}

static const struct dw_json *find_document(const struct dw_schema_index *index, struct dw_slice uri)
{
    for (size_t i = 0; i < index->document_count; i++)
        if (dw_slice_eq(index->documents[i].uri, uri))
            return index->documents[i].json;
    return NULL;
}

/* Core 8.1: whether the dialect is ours. One among the documents may leave out the validation
 * vocabulary. */
static bool knows_dialect(const struct dw_schema_index *index, struct dw_slice dialect,
                          bool *ret_has_validation)
{
    const struct dw_json *vocabularies;

    *ret_has_validation = true;
    if (dialect.len && dialect.ptr[dialect.len - 1] == '#')
        dialect.len--;
    if (!dialect.len || dw_slice_eq(dialect, DW_LIT(DW_SCHEMA_DIALECT)))
        return true;
    vocabularies = dw_json_get(find_document(index, dialect), "$vocabulary");
    *ret_has_validation =
        dw_json_get(vocabularies, "https://json-schema.org/draft/2020-12/vocab/validation") != NULL;
    return dw_json_get(vocabularies, "https://json-schema.org/draft/2020-12/vocab/core") != NULL;
}

static struct dw_schema_resource *add_resource(struct dw_schema_index *index, struct dw_slice uri,
                                               const struct dw_json *json)
{
    struct dw_schema_resource *resource = dw_map_get(index->resources, uri);
    struct dw_slice dialect = dw_json_text(json, "$schema");

    if (resource)
        return resource;
    resource = DW_ARENA_NEW(index->arena, struct dw_schema_resource);
    if (!resource || !dw_map_put(index->resources, uri, resource)) {
        (void)!out_of_memory(index);
        return NULL;
    }
    resource->uri = uri;
    resource->root = json;
    if (knows_dialect(index, dialect, &resource->has_validation))
        return resource;
    (void)fail(index, "is of a dialect that is not supported (2020-12 is):", dialect);
    return NULL;
}

static bool walk(struct dw_schema_index *index, const struct dw_json *json,
                 struct dw_schema_resource *resource, int depth);

static bool walk_holder(struct dw_schema_index *index, const struct dw_json *value,
                        enum holds holds, struct dw_schema_resource *resource, int depth)
{
    if (holds == HOLDS_ONE)
        return walk(index, value, resource, depth);
    if (holds == HOLDS_LIST && value->type == DW_JSON_ARRAY)
        for (size_t i = 0; i < value->array.count; i++)
            if (!walk(index, &value->array.items[i], resource, depth))
                return false;
    if (holds == HOLDS_MAP && value->type == DW_JSON_OBJECT)
        for (size_t i = 0; i < value->object.count; i++)
            if (!walk(index, &value->object.members[i].value, resource, depth))
                return false;
    return true;
}

/* Notes one subschema with its $id and anchors, then those inside it. */
static bool walk(struct dw_schema_index *index, const struct dw_json *json,
                 struct dw_schema_resource *resource, int depth)
{
    struct dw_slice id = dw_json_text(json, "$id"), anchor = dw_json_text(json, "$anchor"),
                    dynamic_anchor = dw_json_text(json, "$dynamicAnchor");
    struct dw_schema_node *node;

    if (json->type != DW_JSON_OBJECT || depth > DW_SCHEMA_MAX_DEPTH)
        return true;
    if (id.ptr) {
        struct dw_slice uri = resolve_uri(resource->uri, id, index->arena);

        resource = uri.ptr ? add_resource(index, without_fragment(uri), json) : NULL;
        if (!resource)
            return uri.ptr ? false : out_of_memory(index);
    }
    node = dw_schema_index_node(index, json, resource);
    if (!node)
        return fail(index, "has too many parts, at", id);
    if ((anchor.ptr && !put_anchor(index, resource, anchor, node)) ||
        (dynamic_anchor.ptr && !put_dynamic_anchor(index, resource, dynamic_anchor, node)))
        return out_of_memory(index);
    for (size_t i = 0; i < sizeof holders / sizeof *holders; i++) {
        const struct dw_json *value = dw_json_get(json, holders[i].keyword);

        if (value && !walk_holder(index, value, holders[i].holds, resource, depth + 1))
            return false;
    }
    return true;
}

static bool fill(struct dw_schema_index *index, const struct dw_json *schema)
{
    static const struct dw_hash_seed seed = {"schema addresses"}; /* keys are not a peer's choice */
    struct dw_schema_resource *resource;

    index->resources = dw_map_new(&seed, DW_SCHEMA_MAX_NODES);
    index->anchors = dw_map_new(&seed, DW_SCHEMA_MAX_NODES);
    index->nodes = dw_map_new(&seed, DW_SCHEMA_MAX_NODES);
    if (!index->resources || !index->anchors || !index->nodes)
        return out_of_memory(index);
    for (size_t i = 0; i < index->document_count; i++) {
        const struct dw_schema_document *document = &index->documents[i];
        bool has_validation;

        /* Of another dialect: a reference that leads there leads nowhere. */
        if (!knows_dialect(index, dw_json_text(document->json, "$schema"), &has_validation))
            continue;
        resource = add_resource(index, document->uri, document->json);
        if (!resource || !walk(index, document->json, resource, 0))
            return false;
    }
    resource = add_resource(index, DW_EMPTY, schema);
    return resource && walk(index, schema, resource, 0);
}

struct dw_schema_index *dw_schema_index_new(const struct dw_json *schema,
                                            const struct dw_schema_document *documents,
                                            size_t document_count, struct dw_arena *arena,
                                            struct dw_error *reterr)
{
    struct dw_schema_index *index = DW_ARENA_NEW(arena, struct dw_schema_index);

    if (!index) {
        (void)!dw_fail(reterr, DW_NO_MEMORY, "out of memory");
        return NULL;
    }
    index->arena = arena;
    index->documents = documents;
    index->document_count = document_count;
    index->reterr = reterr;
    if (fill(index, schema))
        return index;
    dw_schema_index_free(index);
    return NULL;
}

void dw_schema_index_free(struct dw_schema_index *index)
{
    if (!index)
        return;
    dw_map_free(index->resources);
    dw_map_free(index->anchors);
    dw_map_free(index->nodes);
}

/* ---- references ---- */

/* RFC 6901 section 4, one token: "~1" is "/", "~0" is "~". ptr NULL: malformed or out of memory. */
static struct dw_slice unescape(struct dw_slice token, struct dw_arena *arena)
{
    char *out = dw_arena_alloc(arena, token.len + 1);
    size_t len = 0;

    if (!out)
        return dw_slice_from(NULL, 0);
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] != '~') {
            out[len++] = token.ptr[i];
            continue;
        }
        if (++i == token.len || (token.ptr[i] != '0' && token.ptr[i] != '1'))
            return dw_slice_from(NULL, 0);
        out[len++] = token.ptr[i] == '0' ? '~' : '/';
    }
    return dw_slice_from(out, len);
}

static const struct dw_json *step(const struct dw_json *json, struct dw_slice token)
{
    int64_t at;

    if (json->type == DW_JSON_OBJECT)
        return dw_json_get_slice(json, token);
    if (json->type != DW_JSON_ARRAY || !dw_text_to_int(token, &at) || at < 0 ||
        (size_t)at >= json->array.count)
        return NULL;
    return &json->array.items[at];
}

static struct dw_schema_node *follow_pointer(struct dw_schema_index *index,
                                             struct dw_schema_resource *resource,
                                             struct dw_slice pointer)
{
    const struct dw_json *json = resource->root;
    struct dw_slice decoded, token;

    if (!dw_url_decode(pointer, index->arena, &decoded, NULL))
        return NULL;
    (void)dw_slice_eat(&decoded, DW_LIT("/"));
    while (json && pointer.len && decoded.ptr) {
        size_t end = dw_slice_index(decoded, '/');
        struct dw_slice id;

        token = unescape(dw_slice_sub(decoded, 0, end), index->arena);
        json = token.ptr ? step(json, token) : NULL;
        id = dw_json_text(json, "$id");
        if (id.ptr) {
            struct dw_slice uri = resolve_uri(resource->uri, id, index->arena);
            struct dw_schema_resource *inner =
                uri.ptr ? dw_map_get(index->resources, without_fragment(uri)) : NULL;

            resource = inner ? inner : resource;
        }
        if (end == decoded.len)
            break;
        decoded = dw_slice_sub(decoded, end + 1, decoded.len);
    }
    if (!json || (json->type != DW_JSON_OBJECT && json->type != DW_JSON_BOOL))
        return NULL;
    return dw_schema_index_node(index, json, resource);
}

static bool has_dynamic_anchor(const struct dw_schema_resource *resource, struct dw_slice name)
{
    for (size_t i = 0; i < resource->dynamic_anchor_count; i++)
        if (dw_slice_eq(resource->dynamic_anchors[i].name, name))
            return true;
    return false;
}

bool dw_schema_index_find(struct dw_schema_index *index, const struct dw_schema_resource *from,
                          struct dw_slice reference, struct dw_schema_node **ret_node,
                          struct dw_slice *ret_dynamic_anchor, struct dw_error *reterr)
{
    struct dw_slice uri = resolve_uri(from->uri, reference, index->arena), fragment;
    struct dw_schema_resource *resource;

    index->reterr = reterr;
    *ret_dynamic_anchor = DW_EMPTY;
    if (!uri.ptr)
        return out_of_memory(index);
    resource = dw_map_get(index->resources, without_fragment(uri));
    if (!resource)
        return fail(index, "refers to another document, which is not fetched:", reference);
    fragment = dw_slice_sub(uri, dw_slice_index(uri, '#') + 1, uri.len);
    if (!fragment.len || fragment.ptr[0] == '/') {
        *ret_node = follow_pointer(index, resource, fragment);
    } else {
        uri =
            dw_arena_printf(index->arena, "%.*s#%.*s", DW_PRINT(resource->uri), DW_PRINT(fragment));
        *ret_node = uri.ptr ? dw_map_get(index->anchors, uri) : NULL;
        if (has_dynamic_anchor(resource, fragment))
            *ret_dynamic_anchor = fragment;
    }
    return *ret_node || fail(index, "has a reference that leads nowhere:", reference);
}
