/* Compiling a JSON Schema: every keyword is read and checked once, every reference resolved, every
 * pattern compiled, so that evaluating only evaluates. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mcp/schema_internal.h"

enum value_kind {
    TYPES,
    LIST,
    ANY,
    POSITIVE,
    NUMBER,
    COUNT,
    PATTERN,
    BOOLEAN,
    TEXTS,
    TEXTS_MAP,
    SCHEMA,
    SCHEMAS,
    SCHEMA_MAP,
    PATTERN_MAP,
    REFERENCE,
};

static const struct {
    const char *name;
    enum value_kind kind;
} keywords[DW_KEYWORD_COUNT] = {
#define X(keyword, value) [DW_KEYWORD_##keyword] = {#keyword, value},
    DW_SCHEMA_KEYWORDS(X)
#undef X
};

struct compiler {
    struct dw_arena *arena;
    struct dw_schema *schema;
    struct dw_schema_index *index;
    struct dw_schema_node *
        *queue; /* nodes to compile: no recursion, whatever the schema looks like */
    size_t queue_count, queue_size;
    struct dw_error *reterr;
};

static const char *keyword_name(enum dw_schema_keyword keyword)
{
    if (keyword == DW_KEYWORD_ref)
        return "$ref";
    return keyword == DW_KEYWORD_dynamicRef ? "$dynamicRef" : keywords[keyword].name;
}

static bool out_of_memory(struct compiler *compiler)
{
    return dw_fail(compiler->reterr, DW_NO_MEMORY, "out of memory");
}

static bool wrong(struct compiler *compiler, enum dw_schema_keyword keyword, const char *wanted)
{
    return dw_fail(compiler->reterr, DW_INVALID_PARAMS, "in the schema, \"%s\" must be %s",
                   keyword_name(keyword), wanted);
}

/* The node of a subschema, queued when it is met first. */
static struct dw_schema_node *subschema(struct compiler *compiler, struct dw_schema_node *node)
{
    if (!node) {
        (void)!dw_fail(compiler->reterr, DW_INVALID_PARAMS, "the schema has more than %d parts",
                       DW_SCHEMA_MAX_NODES);
        return NULL;
    }
    if (node->is_compiled)
        return node;
    if (compiler->queue_count == compiler->queue_size) {
        size_t size = compiler->queue_size ? compiler->queue_size * 2 : 64;
        struct dw_schema_node **grown =
            dw_arena_resize(compiler->arena, compiler->queue, compiler->queue_size * sizeof *grown,
                            size * sizeof *grown);

        if (!grown) {
            (void)!out_of_memory(compiler);
            return NULL;
        }
        compiler->queue = grown;
        compiler->queue_size = size;
    }
    node->is_compiled = true;
    compiler->queue[compiler->queue_count++] = node;
    return node;
}

static bool is_schema(const struct dw_json *json)
{
    return json->type == DW_JSON_OBJECT || json->type == DW_JSON_BOOL;
}

static struct dw_schema_node *child(struct compiler *compiler, const struct dw_schema_node *parent,
                                    const struct dw_json *json, enum dw_schema_keyword keyword)
{
    struct dw_schema_resource *resource = parent->resource;

    if (!is_schema(json)) {
        (void)!wrong(compiler, keyword, "a schema, or made of schemas");
        return NULL;
    }
    return subschema(compiler, dw_schema_index_node(compiler->index, json, resource));
}

/* ---- one function a kind of value ---- */

typedef bool reader(struct compiler *compiler, const struct dw_schema_node *node,
                    struct dw_schema_rule *rule);

static unsigned type_bit(struct dw_slice name)
{
    static const struct {
        const char *name;
        unsigned bits;
    } types[] = {
        {"null", 1u << DW_JSON_NULL},
        {"boolean", 1u << DW_JSON_BOOL},
        {"number", 1u << DW_JSON_INT | 1u << DW_JSON_DOUBLE},
        {"integer", DW_SCHEMA_INTEGER_BIT},
        {"string", 1u << DW_JSON_TEXT},
        {"array", 1u << DW_JSON_ARRAY},
        {"object", 1u << DW_JSON_OBJECT},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (dw_slice_eq(name, dw_slice_from_text(types[i].name)))
            return types[i].bits;
    return 0;
}

static bool read_types(struct compiler *compiler, const struct dw_schema_node *node,
                       struct dw_schema_rule *rule)
{
    const struct dw_json *items = rule->value;
    size_t count = 1;

    (void)node;
    if (items->type == DW_JSON_ARRAY) {
        count = items->array.count;
        items = items->array.items;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned bit = items[i].type == DW_JSON_TEXT ? type_bit(items[i].text) : 0;

        if (!bit)
            return wrong(compiler, rule->keyword,
                         "null, boolean, number, integer, string, array or object, or a list of "
                         "them");
        rule->types |= bit;
    }
    return true;
}

static bool read_list(struct compiler *compiler, const struct dw_schema_node *node,
                      struct dw_schema_rule *rule)
{
    (void)node;
    return rule->value->type == DW_JSON_ARRAY || wrong(compiler, rule->keyword, "a list");
}

static bool read_any(struct compiler *compiler, const struct dw_schema_node *node,
                     struct dw_schema_rule *rule)
{
    (void)compiler;
    (void)node;
    (void)rule;
    return true;
}

static bool read_number(struct compiler *compiler, const struct dw_schema_node *node,
                        struct dw_schema_rule *rule)
{
    (void)node;
    return dw_schema_number(rule->value, &rule->number) ||
           wrong(compiler, rule->keyword, "a number");
}

static bool read_positive(struct compiler *compiler, const struct dw_schema_node *node,
                          struct dw_schema_rule *rule)
{
    return read_number(compiler, node, rule) &&
           (rule->number > 0 || wrong(compiler, rule->keyword, "greater than 0"));
}

static bool read_count(struct compiler *compiler, const struct dw_schema_node *node,
                       struct dw_schema_rule *rule)
{
    if (!read_number(compiler, node, rule))
        return false;
    if (!dw_schema_is_integer(rule->value) || rule->number < 0)
        return wrong(compiler, rule->keyword, "a whole number of at least 0");
    rule->count = rule->number > 9e18 ? INT64_MAX : (int64_t)rule->number;
    return true;
}

static bool read_boolean(struct compiler *compiler, const struct dw_schema_node *node,
                         struct dw_schema_rule *rule)
{
    (void)node;
    return rule->value->type == DW_JSON_BOOL || wrong(compiler, rule->keyword, "true or false");
}

static bool are_texts(const struct dw_json *value)
{
    if (value->type != DW_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < value->array.count; i++)
        if (value->array.items[i].type != DW_JSON_TEXT)
            return false;
    return true;
}

static bool read_texts(struct compiler *compiler, const struct dw_schema_node *node,
                       struct dw_schema_rule *rule)
{
    (void)node;
    return are_texts(rule->value) || wrong(compiler, rule->keyword, "a list of strings");
}

static bool read_texts_map(struct compiler *compiler, const struct dw_schema_node *node,
                           struct dw_schema_rule *rule)
{
    (void)node;
    if (rule->value->type != DW_JSON_OBJECT)
        return wrong(compiler, rule->keyword, "an object of lists of strings");
    for (size_t i = 0; i < rule->value->object.count; i++)
        if (!are_texts(&rule->value->object.members[i].value))
            return wrong(compiler, rule->keyword, "an object of lists of strings");
    return true;
}

static bool compile_pattern(struct compiler *compiler, struct dw_slice text,
                            struct dw_schema_pattern *pattern)
{
    int code;
    PCRE2_SIZE at;

    /* As ECMA-262 has it: UTF, "$" only at the very end, \uXXXX escapes. */
    pattern->code =
        pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
                      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                          PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK,
                      &code, &at, NULL);
    if (!pattern->code)
        return dw_fail(compiler->reterr, DW_INVALID_PARAMS,
                       "the pattern \"%.*s\" of the schema is no regular expression (at byte %zu)",
                       DW_PRINT(dw_slice_sub(text, 0, 60)), (size_t)at);
    pattern->text = text;
    pattern->next = compiler->schema->patterns;
    compiler->schema->patterns = pattern;
    return true;
}

static bool read_pattern(struct compiler *compiler, const struct dw_schema_node *node,
                         struct dw_schema_rule *rule)
{
    (void)node;
    if (rule->value->type != DW_JSON_TEXT)
        return wrong(compiler, rule->keyword, "a regular expression");
    rule->patterns = DW_ARENA_NEW(compiler->arena, struct dw_schema_pattern);
    rule->item_count = 1;
    return rule->patterns ? compile_pattern(compiler, rule->value->text, rule->patterns)
                          : out_of_memory(compiler);
}

static bool read_schema(struct compiler *compiler, const struct dw_schema_node *node,
                        struct dw_schema_rule *rule)
{
    rule->node = child(compiler, node, rule->value, rule->keyword);
    if (rule->keyword == DW_KEYWORD_unevaluatedItems ||
        rule->keyword == DW_KEYWORD_unevaluatedProperties)
        compiler->schema->wants_evaluated = true;
    return rule->node != NULL;
}

static bool read_schemas(struct compiler *compiler, const struct dw_schema_node *node,
                         struct dw_schema_rule *rule)
{
    const struct dw_json *value = rule->value;

    if (value->type != DW_JSON_ARRAY || !value->array.count)
        return wrong(compiler, rule->keyword, "a list of schemas with one at least");
    rule->item_count = value->array.count;
    rule->nodes = dw_arena_new_array(compiler->arena, rule->item_count, sizeof *rule->nodes);
    if (!rule->nodes)
        return out_of_memory(compiler);
    for (size_t i = 0; i < rule->item_count; i++) {
        rule->nodes[i] = child(compiler, node, &value->array.items[i], rule->keyword);
        if (!rule->nodes[i])
            return false;
    }
    return true;
}

static bool read_schema_map(struct compiler *compiler, const struct dw_schema_node *node,
                            struct dw_schema_rule *rule)
{
    const struct dw_json *value = rule->value;

    if (value->type != DW_JSON_OBJECT)
        return wrong(compiler, rule->keyword, "an object of schemas");
    rule->item_count = value->object.count;
    rule->named = dw_arena_new_array(compiler->arena, rule->item_count, sizeof *rule->named);
    if (!rule->named)
        return out_of_memory(compiler);
    for (size_t i = 0; i < rule->item_count; i++) {
        rule->named[i].name = value->object.members[i].key;
        rule->named[i].node = child(compiler, node, &value->object.members[i].value, rule->keyword);
        if (!rule->named[i].node)
            return false;
    }
    return true;
}

static bool read_pattern_map(struct compiler *compiler, const struct dw_schema_node *node,
                             struct dw_schema_rule *rule)
{
    const struct dw_json *value = rule->value;

    if (value->type != DW_JSON_OBJECT)
        return wrong(compiler, rule->keyword, "an object of schemas");
    rule->item_count = value->object.count;
    rule->patterns = dw_arena_new_array(compiler->arena, rule->item_count, sizeof *rule->patterns);
    if (!rule->patterns)
        return out_of_memory(compiler);
    for (size_t i = 0; i < rule->item_count; i++) {
        if (!compile_pattern(compiler, value->object.members[i].key, &rule->patterns[i]))
            return false;
        rule->patterns[i].node =
            child(compiler, node, &value->object.members[i].value, rule->keyword);
        if (!rule->patterns[i].node)
            return false;
    }
    return true;
}

static bool read_reference(struct compiler *compiler, const struct dw_schema_node *node,
                           struct dw_schema_rule *rule)
{
    if (rule->value->type != DW_JSON_TEXT)
        return wrong(compiler, rule->keyword, "a URI reference");
    if (!dw_schema_index_find(compiler->index, node->resource, rule->value->text, &rule->node,
                              &rule->dynamic_anchor, compiler->reterr))
        return false;
    return subschema(compiler, rule->node) != NULL;
}

static reader *const readers[] = {
    [TYPES] = read_types,
    [LIST] = read_list,
    [ANY] = read_any,
    [POSITIVE] = read_positive,
    [NUMBER] = read_number,
    [COUNT] = read_count,
    [PATTERN] = read_pattern,
    [BOOLEAN] = read_boolean,
    [TEXTS] = read_texts,
    [TEXTS_MAP] = read_texts_map,
    [SCHEMA] = read_schema,
    [SCHEMAS] = read_schemas,
    [SCHEMA_MAP] = read_schema_map,
    [PATTERN_MAP] = read_pattern_map,
    [REFERENCE] = read_reference,
};

/* ---- nodes ---- */

/* Which keywords a dialect without the validation vocabulary does not have. */
static bool is_validation(enum dw_schema_keyword keyword)
{
    return keyword < DW_KEYWORD_prefixItems || keyword == DW_KEYWORD_minContains ||
           keyword == DW_KEYWORD_maxContains;
}

static bool compile_node(struct compiler *compiler, struct dw_schema_node *node)
{
    if (node->json->type != DW_JSON_OBJECT)
        return true;
    node->rules =
        dw_arena_new_array(compiler->arena, node->json->object.count, sizeof *node->rules);
    if (!node->rules)
        return out_of_memory(compiler);
    for (size_t i = 0; i < DW_KEYWORD_COUNT; i++) {
        const struct dw_json *value =
            dw_json_get(node->json, keyword_name((enum dw_schema_keyword)i));
        struct dw_schema_rule *rule = &node->rules[node->rule_count];

        if (!value || (!node->resource->has_validation && is_validation((enum dw_schema_keyword)i)))
            continue;
        rule->keyword = (enum dw_schema_keyword)i;
        rule->value = value;
        node->by_keyword[i] = rule;
        node->rule_count++;
        if (!readers[keywords[i].kind](compiler, node, rule))
            return false;
    }
    return true;
}

/* Dynamic references may lead to any anchor of the name, so all of them are compiled. */
static bool compile_all(struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->queue_count; i++) {
        struct dw_schema_resource *resource = compiler->queue[i]->resource;

        if (!compile_node(compiler, compiler->queue[i]))
            return false;
        for (size_t j = 0; j < resource->dynamic_anchor_count; j++)
            if (!subschema(compiler, resource->dynamic_anchors[j].node))
                return false;
    }
    return true;
}

bool dw_schema_compile(const struct dw_json *schema, const struct dw_schema_document *documents,
                       size_t document_count, struct dw_arena *arena, struct dw_schema **ret_schema,
                       struct dw_error *reterr)
{
    struct compiler compiler = {.arena = arena, .reterr = reterr};
    struct dw_slice none;
    bool is_done;

    if (!is_schema(schema))
        return dw_fail(reterr, DW_INVALID_PARAMS, "a schema is an object, true or false");
    compiler.schema = DW_ARENA_NEW(arena, struct dw_schema);
    if (!compiler.schema)
        return out_of_memory(&compiler);
    compiler.index = dw_schema_index_new(schema, documents, document_count, arena, reterr);
    if (!compiler.index)
        return false;
    /* "#" is the schema itself, under its own $id or without one. */
    is_done = dw_schema_index_find(compiler.index, &(struct dw_schema_resource){.root = schema},
                                   DW_EMPTY, &compiler.schema->root, &none, reterr) &&
              subschema(&compiler, compiler.schema->root) && compile_all(&compiler);
    dw_schema_index_free(compiler.index);
    if (!is_done) {
        dw_schema_free(compiler.schema);
        return false;
    }
    *ret_schema = compiler.schema;
    return true;
}

void dw_schema_free(struct dw_schema *schema)
{
    if (!schema)
        return;
    for (struct dw_schema_pattern *pattern = schema->patterns; pattern; pattern = pattern->next)
        pcre2_code_free(pattern->code);
    schema->patterns = NULL;
}
