/* What compiling and evaluating a JSON Schema share; only for mcp/schema*.c. */
#ifndef DW_MCP_SCHEMA_INTERNAL_H
#define DW_MCP_SCHEMA_INTERNAL_H

#include "base/map.h"
#include "mcp/schema.h"

/* The keywords that do something, in the order of evaluation: unevaluated* look at what the others
 * left, so they stand last. X(keyword, what its value must be) */
#define DW_SCHEMA_KEYWORDS(X)                                                                      \
    X(type, TYPES)                                                                                 \
    X(enum, LIST)                                                                                  \
    X(const, ANY)                                                                                  \
    X(multipleOf, POSITIVE)                                                                        \
    X(maximum, NUMBER)                                                                             \
    X(exclusiveMaximum, NUMBER)                                                                    \
    X(minimum, NUMBER)                                                                             \
    X(exclusiveMinimum, NUMBER)                                                                    \
    X(maxLength, COUNT)                                                                            \
    X(minLength, COUNT)                                                                            \
    X(pattern, PATTERN)                                                                            \
    X(maxItems, COUNT)                                                                             \
    X(minItems, COUNT)                                                                             \
    X(uniqueItems, BOOLEAN)                                                                        \
    X(maxProperties, COUNT)                                                                        \
    X(minProperties, COUNT)                                                                        \
    X(required, TEXTS)                                                                             \
    X(dependentRequired, TEXTS_MAP)                                                                \
    X(prefixItems, SCHEMAS)                                                                        \
    X(items, SCHEMA)                                                                               \
    X(contains, SCHEMA)                                                                            \
    X(properties, SCHEMA_MAP)                                                                      \
    X(patternProperties, PATTERN_MAP)                                                              \
    X(additionalProperties, SCHEMA)                                                                \
    X(propertyNames, SCHEMA)                                                                       \
    X(dependentSchemas, SCHEMA_MAP)                                                                \
    X(ref, REFERENCE)                                                                              \
    X(dynamicRef, REFERENCE)                                                                       \
    X(allOf, SCHEMAS)                                                                              \
    X(anyOf, SCHEMAS)                                                                              \
    X(oneOf, SCHEMAS)                                                                              \
    X(not, SCHEMA)                                                                                 \
    X(if, SCHEMA)                                                                                  \
    X(then, SCHEMA)                                                                                \
    X(else, SCHEMA)                                                                                \
    X(minContains, COUNT)                                                                          \
    X(maxContains, COUNT)                                                                          \
    X(unevaluatedItems, SCHEMA)                                                                    \
    X(unevaluatedProperties, SCHEMA)

enum dw_schema_keyword {
#define X(keyword, value) DW_KEYWORD_##keyword,
    DW_SCHEMA_KEYWORDS(X)
#undef X
    DW_KEYWORD_COUNT
};

struct dw_schema_node;

/* A compiled pattern and where it applies. */
struct dw_schema_pattern {
    void *code; /* pcre2_code */
    struct dw_slice text;
    struct dw_schema_node *node;    /* patternProperties; NULL for pattern */
    struct dw_schema_pattern *next; /* all of the schema, for freeing */
};

struct dw_schema_named {
    struct dw_slice name;
    struct dw_schema_node *node;
};

/* One keyword of one subschema, ready to evaluate. Which member counts depends on the keyword. */
struct dw_schema_rule {
    enum dw_schema_keyword keyword;
    const struct dw_json *value; /* as written */
    double number;
    int64_t count;
    unsigned types; /* bit 1 << enum dw_json_type; the bit INTEGER_BIT for "integer" */
    struct dw_schema_node *node;
    struct dw_schema_node **nodes;
    struct dw_schema_named *named;
    struct dw_schema_pattern *patterns;
    size_t item_count; /* of nodes, named or patterns */
    /* $dynamicRef: the anchor's name when the first target is a $dynamicAnchor, else empty */
    struct dw_slice dynamic_anchor;
};

#define DW_SCHEMA_INTEGER_BIT (1u << 16)

/* A document or an embedded schema with its own $id: what relative references start from. */
struct dw_schema_resource {
    struct dw_slice uri;
    const struct dw_json *root;
    bool has_validation; /* false: its dialect lacks the validation vocabulary */
    struct dw_schema_named *dynamic_anchors;
    size_t dynamic_anchor_count;
};

struct dw_schema_node {
    const struct dw_json *json; /* true, false or an object */
    struct dw_schema_resource *resource;
    struct dw_schema_rule *rules;
    size_t rule_count;
    const struct dw_schema_rule *by_keyword[DW_KEYWORD_COUNT]; /* siblings look at each other */
    bool is_compiled;
};

struct dw_schema {
    struct dw_schema_node *root;
    struct dw_schema_pattern *patterns;
    bool wants_evaluated; /* some unevaluated* is in it */
};

/* ---- schema_reference.c ---- */

struct dw_schema_index;
/* Finds every subschema, $id and anchor of the schema and the documents. The default base of the
 * schema is "" (its $id replaces it). */
struct dw_schema_index *dw_schema_index_new(const struct dw_json *schema,
                                            const struct dw_schema_document *documents,
                                            size_t document_count, struct dw_arena *arena,
                                            struct dw_error *reterr) dw_must_check;
void dw_schema_index_free(struct dw_schema_index *index);
/* The node of a subschema, made when it is new; NULL when out of memory or over the limit. */
struct dw_schema_node *dw_schema_index_node(struct dw_schema_index *index,
                                            const struct dw_json *json,
                                            struct dw_schema_resource *resource);
/* Where a reference leads. Fails with DW_INVALID_PARAMS when nowhere. *ret_dynamic_anchor: the
 * name, when the target was found by a $dynamicAnchor; else empty. */
bool dw_must_check dw_schema_index_find(struct dw_schema_index *index,
                                        const struct dw_schema_resource *from,
                                        struct dw_slice reference, struct dw_schema_node **ret_node,
                                        struct dw_slice *ret_dynamic_anchor,
                                        struct dw_error *reterr);

/* ---- schema_equal.c ---- */

/* Equality of JSON values as the specification has it: 1 equals 1.0, members have no order. */
bool dw_schema_equal(const struct dw_json *a, const struct dw_json *b);
bool dw_schema_number(const struct dw_json *value, double *ret_number);
bool dw_schema_is_integer(const struct dw_json *value);
bool dw_schema_is_multiple(const struct dw_json *value, const struct dw_json *of);
/* <0, 0, >0; exact for integers. */
int dw_schema_compare(const struct dw_json *a, const struct dw_json *b);
/* Unicode code points. */
size_t dw_schema_length(struct dw_slice text);
bool dw_schema_are_unique(const struct dw_json *array);

#endif
