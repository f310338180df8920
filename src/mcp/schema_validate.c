/* Evaluating a compiled JSON Schema against an instance: one function a keyword, with the
 * annotations that unevaluatedItems and unevaluatedProperties look at. Work is bounded. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "mcp/schema_internal.h"

#define MATCH_LIMIT 100000
#define MATCH_HEAP_KIB 1024

/* Which members or items of one instance some keyword has looked at; bits. */
struct evaluated {
    uint64_t *bits; /* NULL: nobody asks */
    size_t count;
};

struct path {
    const struct path *parent;
    struct dw_slice name; /* of a member; ptr NULL: an item */
    size_t at;
};

/* The schema resources entered on the way here: where a dynamic reference looks, outermost first.
 */
struct scope {
    const struct scope *outer;
    const struct dw_schema_resource *resource;
};

struct evaluation {
    const struct dw_schema *schema;
    struct dw_arena *arena;
    struct dw_schema_report *report;
    struct dw_error *reterr;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    size_t steps;
    int depth;
    int silence;     /* inside not, anyOf, ...: failing there is no fault yet */
    bool has_failed; /* could not tell */
};

/* One subschema on one instance. */
struct place {
    struct evaluation *e;
    const struct dw_schema_node *node;
    const struct dw_json *instance;
    const struct path *path;
    const struct scope *scope;
    struct evaluated seen;
};

static bool evaluate(struct evaluation *e, const struct dw_schema_node *node,
                     const struct dw_json *instance, const struct path *path,
                     const struct scope *scope, struct evaluated *ret_seen);

/* ---- faults ---- */

static void add_path(struct dw_buf *out, const struct path *path)
{
    if (!path)
        return;
    add_path(out, path->parent);
    dw_buf_add_byte(out, '/');
    if (!path->name.ptr) {
        dw_buf_add_int(out, (int64_t)path->at);
        return;
    }
    for (size_t i = 0; i < path->name.len; i++)
        if (path->name.ptr[i] == '~')
            dw_buf_add(out, DW_LIT("~0"));
        else if (path->name.ptr[i] == '/')
            dw_buf_add(out, DW_LIT("~1"));
        else
            dw_buf_add_byte(out, path->name.ptr[i]);
}

static bool give_up(struct evaluation *e, enum dw_code code, const char *why)
{
    if (!e->has_failed)
        (void)!dw_fail(e->reterr, code, "%s", why);
    e->has_failed = true;
    return false;
}

/* Notes a fault and is false. */
static bool fault(const struct place *place, const char *format, ...) dw_printf(2, 3);
static bool fault(const struct place *place, const char *format, ...)
{
    struct dw_schema_report *report = place->e->report;
    struct dw_buf path = dw_buf_in(place->e->arena);
    struct dw_schema_fault *next;
    char text[256];
    va_list arguments;

    if (place->e->silence || report->fault_count == DW_SCHEMA_MAX_FAULTS)
        return false;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    next = &report->faults[report->fault_count];
    add_path(&path, place->path);
    next->message = dw_arena_copy(place->e->arena, dw_slice_from_text(text));
    if (!next->message.ptr || !dw_buf_finish(&path, &next->instance_path, NULL))
        return give_up(place->e, DW_NO_MEMORY, "out of memory");
    report->fault_count++;
    return false;
}

/* ---- what was looked at ---- */

static struct evaluated evaluated_of(struct evaluation *e, const struct dw_json *instance)
{
    size_t count = instance->type == DW_JSON_OBJECT  ? instance->object.count
                   : instance->type == DW_JSON_ARRAY ? instance->array.count
                                                     : 0;
    struct evaluated seen = {NULL, count};

    if (!e->schema->wants_evaluated || !count)
        return seen;
    seen.bits = dw_arena_new_array(e->arena, (count + 63) / 64, sizeof *seen.bits);
    if (!seen.bits)
        (void)give_up(e, DW_NO_MEMORY, "out of memory");
    return seen;
}

static void see(struct evaluated *seen, size_t at)
{
    if (seen->bits)
        seen->bits[at / 64] |= UINT64_C(1) << at % 64;
}

static bool was_seen(const struct evaluated *seen, size_t at)
{
    return seen->bits && (seen->bits[at / 64] >> at % 64 & 1);
}

static void see_all_of(struct evaluated *seen, const struct evaluated *more)
{
    for (size_t i = 0; seen->bits && more->bits && i < (seen->count + 63) / 64; i++)
        seen->bits[i] |= more->bits[i];
}

/* ---- going on: in place, and to a child ---- */

/* A subschema on the same instance; what it saw counts when it holds. */
static bool holds_here(struct place *place, const struct dw_schema_node *node)
{
    struct evaluated seen = {NULL, 0};

    if (!evaluate(place->e, node, place->instance, place->path, place->scope, &seen))
        return false;
    see_all_of(&place->seen, &seen);
    return true;
}

static bool holds_silently(struct place *place, const struct dw_schema_node *node)
{
    bool does_hold;

    place->e->silence++;
    does_hold = holds_here(place, node);
    place->e->silence--;
    return does_hold;
}

static bool member_holds(const struct place *place, const struct dw_schema_node *node, size_t at)
{
    const struct dw_json_member *member = &place->instance->object.members[at];
    struct path path = {place->path, member->key, 0};

    return evaluate(place->e, node, &member->value, &path, place->scope, NULL);
}

static bool item_holds(const struct place *place, const struct dw_schema_node *node, size_t at)
{
    struct path path = {place->path, {NULL, 0}, at};

    return evaluate(place->e, node, &place->instance->array.items[at], &path, place->scope, NULL);
}

static bool matches(struct evaluation *e, const struct dw_schema_pattern *pattern,
                    struct dw_slice text)
{
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0,
                            PCRE2_NO_UTF_CHECK, e->match, e->limits);

    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        return give_up(e, DW_INVALID_PARAMS, "a pattern of the schema needs too much work here");
    return found >= 0;
}

/* ---- one function a keyword; true: holds, or does not apply ---- */

typedef bool checker(struct place *place, const struct dw_schema_rule *rule);

static bool check_type(struct place *place, const struct dw_schema_rule *rule)
{
    unsigned bit = 1u << place->instance->type;

    if (dw_schema_is_integer(place->instance))
        bit |= DW_SCHEMA_INTEGER_BIT;
    if (rule->types & bit)
        return true;
    return fault(place, "must be of type %.*s", DW_PRINT(dw_slice_sub(rule->value->raw, 0, 100)));
}

static bool check_enum(struct place *place, const struct dw_schema_rule *rule)
{
    for (size_t i = 0; i < rule->value->array.count; i++)
        if (dw_schema_equal(&rule->value->array.items[i], place->instance))
            return true;
    return fault(place, "must be one of %.*s", DW_PRINT(dw_slice_sub(rule->value->raw, 0, 200)));
}

static bool check_const(struct place *place, const struct dw_schema_rule *rule)
{
    return dw_schema_equal(rule->value, place->instance) ||
           fault(place, "must be %.*s", DW_PRINT(dw_slice_sub(rule->value->raw, 0, 200)));
}

static bool is_number(const struct place *place)
{
    return place->instance->type == DW_JSON_INT || place->instance->type == DW_JSON_DOUBLE;
}

static bool check_multiple(struct place *place, const struct dw_schema_rule *rule)
{
    return !is_number(place) || dw_schema_is_multiple(place->instance, rule->value) ||
           fault(place, "must be a multiple of %.*s", DW_PRINT(rule->value->raw));
}

static bool check_bound(struct place *place, const struct dw_schema_rule *rule)
{
    static const struct {
        enum dw_schema_keyword keyword;
        int sign;
        bool may_be_equal;
        const char *text;
    } bounds[] = {
        {DW_KEYWORD_maximum, -1, true, "at most"},
        {DW_KEYWORD_exclusiveMaximum, -1, false, "less than"},
        {DW_KEYWORD_minimum, 1, true, "at least"},
        {DW_KEYWORD_exclusiveMinimum, 1, false, "greater than"},
    };

    for (size_t i = 0; is_number(place) && i < sizeof bounds / sizeof *bounds; i++) {
        int order;

        if (bounds[i].keyword != rule->keyword)
            continue;
        order = dw_schema_compare(place->instance, rule->value) * bounds[i].sign;
        return order > 0 || (order == 0 && bounds[i].may_be_equal) ||
               fault(place, "must be %s %.*s", bounds[i].text, DW_PRINT(rule->value->raw));
    }
    return true;
}

/* The six bounds on a size: of a text in code points, of an array, of an object. */
static bool check_size(struct place *place, const struct dw_schema_rule *rule)
{
    static const struct {
        enum dw_schema_keyword keyword;
        enum dw_json_type type;
        bool is_most;
        const char *unit;
    } sizes[] = {
        {DW_KEYWORD_maxLength, DW_JSON_TEXT, true, "characters"},
        {DW_KEYWORD_minLength, DW_JSON_TEXT, false, "characters"},
        {DW_KEYWORD_maxItems, DW_JSON_ARRAY, true, "items"},
        {DW_KEYWORD_minItems, DW_JSON_ARRAY, false, "items"},
        {DW_KEYWORD_maxProperties, DW_JSON_OBJECT, true, "properties"},
        {DW_KEYWORD_minProperties, DW_JSON_OBJECT, false, "properties"},
    };
    const struct dw_json *instance = place->instance;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t size;

        if (sizes[i].keyword != rule->keyword || sizes[i].type != instance->type)
            continue;
        size = (int64_t)(instance->type == DW_JSON_TEXT    ? dw_schema_length(instance->text)
                         : instance->type == DW_JSON_ARRAY ? instance->array.count
                                                           : instance->object.count);
        if (sizes[i].is_most ? size <= rule->count : size >= rule->count)
            return true;
        return fault(place, "must have %s %lld %s", sizes[i].is_most ? "at most" : "at least",
                     (long long)rule->count, sizes[i].unit);
    }
    return true;
}

static bool check_pattern(struct place *place, const struct dw_schema_rule *rule)
{
    return place->instance->type != DW_JSON_TEXT ||
           matches(place->e, rule->patterns, place->instance->text) ||
           fault(place, "must match the pattern %.*s",
                 DW_PRINT(dw_slice_sub(rule->value->text, 0, 150)));
}

static bool check_unique(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;

    if (instance->type != DW_JSON_ARRAY || !rule->value->boolean)
        return true;
    /* Comparing each with each: counted as work. */
    place->e->steps += instance->array.count * instance->array.count / 16;
    if (place->e->steps > DW_SCHEMA_MAX_STEPS)
        return give_up(place->e, DW_INVALID_PARAMS, "the value needs too much work to check");
    return dw_schema_are_unique(instance) || fault(place, "must not have equal items");
}

static bool has_all(struct place *place, const struct dw_json *names)
{
    bool does_hold = true;

    for (size_t i = 0; i < names->array.count; i++) {
        struct dw_slice name = names->array.items[i].text;

        if (!dw_json_get_slice(place->instance, name))
            does_hold = fault(place, "must have the property \"%.*s\"",
                              DW_PRINT(dw_slice_sub(name, 0, 100)));
    }
    return does_hold;
}

static bool check_required(struct place *place, const struct dw_schema_rule *rule)
{
    return place->instance->type != DW_JSON_OBJECT || has_all(place, rule->value);
}

static bool check_dependent_required(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *value = rule->value;
    bool does_hold = true;

    for (size_t i = 0; place->instance->type == DW_JSON_OBJECT && i < value->object.count; i++)
        if (dw_json_get_slice(place->instance, value->object.members[i].key))
            does_hold &= has_all(place, &value->object.members[i].value);
    return does_hold;
}

static bool check_prefix_items(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold = true;

    if (place->instance->type != DW_JSON_ARRAY)
        return true;
    for (size_t i = 0; i < rule->item_count && i < place->instance->array.count; i++) {
        does_hold &= item_holds(place, rule->nodes[i], i);
        see(&place->seen, i);
    }
    return does_hold;
}

static bool check_items(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_schema_rule *prefix = place->node->by_keyword[DW_KEYWORD_prefixItems];
    bool does_hold = true;

    if (place->instance->type != DW_JSON_ARRAY)
        return true;
    for (size_t i = prefix ? prefix->item_count : 0; i < place->instance->array.count; i++) {
        does_hold &= item_holds(place, rule->node, i);
        see(&place->seen, i);
    }
    return does_hold;
}

static bool check_contains(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_schema_rule *least = place->node->by_keyword[DW_KEYWORD_minContains];
    const struct dw_schema_rule *most = place->node->by_keyword[DW_KEYWORD_maxContains];
    int64_t count = 0;

    if (place->instance->type != DW_JSON_ARRAY)
        return true;
    place->e->silence++;
    for (size_t i = 0; i < place->instance->array.count; i++)
        if (item_holds(place, rule->node, i)) {
            see(&place->seen, i);
            count++;
        }
    place->e->silence--;
    if (count < (least ? least->count : 1))
        return fault(place, "must contain at least %lld items that fit `contains`",
                     (long long)(least ? least->count : 1));
    return !most || count <= most->count ||
           fault(place, "must contain at most %lld items that fit `contains`",
                 (long long)most->count);
}

static bool check_properties(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;
    bool does_hold = true;

    for (size_t i = 0; instance->type == DW_JSON_OBJECT && i < rule->item_count; i++)
        for (size_t at = 0; at < instance->object.count; at++)
            if (dw_slice_eq(instance->object.members[at].key, rule->named[i].name)) {
                does_hold &= member_holds(place, rule->named[i].node, at);
                see(&place->seen, at);
            }
    return does_hold;
}

static bool check_pattern_properties(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;
    bool does_hold = true;

    for (size_t i = 0; instance->type == DW_JSON_OBJECT && i < rule->item_count; i++)
        for (size_t at = 0; at < instance->object.count; at++)
            if (matches(place->e, &rule->patterns[i], instance->object.members[at].key)) {
                does_hold &= member_holds(place, rule->patterns[i].node, at);
                see(&place->seen, at);
            }
    return does_hold;
}

/* Whether properties or patternProperties beside it speak of the member. */
static bool is_additional(const struct place *place, struct dw_slice name)
{
    const struct dw_schema_rule *named = place->node->by_keyword[DW_KEYWORD_properties];
    const struct dw_schema_rule *patterns = place->node->by_keyword[DW_KEYWORD_patternProperties];

    for (size_t i = 0; named && i < named->item_count; i++)
        if (dw_slice_eq(named->named[i].name, name))
            return false;
    for (size_t i = 0; patterns && i < patterns->item_count; i++)
        if (matches(place->e, &patterns->patterns[i], name))
            return false;
    return true;
}

static bool extra_holds(struct place *place, const struct dw_schema_node *node, size_t at)
{
    see(&place->seen, at);
    if (node->json->type == DW_JSON_BOOL && !node->json->boolean)
        return fault(place, "must not have the property \"%.*s\"",
                     DW_PRINT(dw_slice_sub(place->instance->object.members[at].key, 0, 100)));
    return member_holds(place, node, at);
}

static bool check_additional(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;
    bool does_hold = true;

    for (size_t at = 0; instance->type == DW_JSON_OBJECT && at < instance->object.count; at++)
        if (is_additional(place, instance->object.members[at].key))
            does_hold &= extra_holds(place, rule->node, at);
    return does_hold;
}

static bool check_property_names(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;
    bool does_hold = true;

    for (size_t at = 0; instance->type == DW_JSON_OBJECT && at < instance->object.count; at++) {
        struct dw_json name = {.type = DW_JSON_TEXT, .text = instance->object.members[at].key};

        does_hold &= evaluate(place->e, rule->node, &name, place->path, place->scope, NULL);
    }
    return does_hold;
}

static bool check_dependent_schemas(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold = true;

    for (size_t i = 0; place->instance->type == DW_JSON_OBJECT && i < rule->item_count; i++)
        if (dw_json_get_slice(place->instance, rule->named[i].name))
            does_hold &= holds_here(place, rule->named[i].node);
    return does_hold;
}

static bool check_ref(struct place *place, const struct dw_schema_rule *rule)
{
    return holds_here(place, rule->node);
}

/* Core 8.2.3.2: the outermost resource on the way here that has the dynamic anchor decides. */
static const struct dw_schema_node *dynamic_target(const struct place *place,
                                                   const struct dw_schema_rule *rule)
{
    const struct dw_schema_node *target = rule->node;

    for (const struct scope *scope = place->scope; rule->dynamic_anchor.len && scope;
         scope = scope->outer)
        for (size_t i = 0; i < scope->resource->dynamic_anchor_count; i++)
            if (dw_slice_eq(scope->resource->dynamic_anchors[i].name, rule->dynamic_anchor))
                target = scope->resource->dynamic_anchors[i].node;
    return target;
}

static bool check_dynamic_ref(struct place *place, const struct dw_schema_rule *rule)
{
    return holds_here(place, dynamic_target(place, rule));
}

static bool check_all_of(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold = true;

    for (size_t i = 0; i < rule->item_count; i++)
        does_hold &= holds_here(place, rule->nodes[i]);
    return does_hold;
}

/* Every branch is tried: each that holds adds to what was looked at. */
static size_t count_holding(struct place *place, const struct dw_schema_rule *rule)
{
    size_t count = 0;

    for (size_t i = 0; i < rule->item_count; i++)
        count += holds_silently(place, rule->nodes[i]);
    return count;
}

static bool check_any_of(struct place *place, const struct dw_schema_rule *rule)
{
    return count_holding(place, rule) > 0 ||
           fault(place, "must fit one of the %zu schemas of `anyOf`", rule->item_count);
}

static bool check_one_of(struct place *place, const struct dw_schema_rule *rule)
{
    size_t count = count_holding(place, rule);

    return count == 1 ||
           fault(place, "must fit just one of the %zu schemas of `oneOf`, and fits %zu",
                 rule->item_count, count);
}

static bool check_not(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold;

    place->e->silence++;
    does_hold = evaluate(place->e, rule->node, place->instance, place->path, place->scope, NULL);
    place->e->silence--;
    return !does_hold || fault(place, "must not fit the schema of `not`");
}

static bool check_if(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold = holds_silently(place, rule->node);
    const struct dw_schema_rule *next =
        place->node->by_keyword[does_hold ? DW_KEYWORD_then : DW_KEYWORD_else];

    return !next || holds_here(place, next->node);
}

static bool check_unevaluated_items(struct place *place, const struct dw_schema_rule *rule)
{
    bool does_hold = true;

    for (size_t i = 0; place->instance->type == DW_JSON_ARRAY && i < place->instance->array.count;
         i++)
        if (!was_seen(&place->seen, i)) {
            does_hold &= item_holds(place, rule->node, i);
            see(&place->seen, i);
        }
    return does_hold;
}

static bool check_unevaluated_properties(struct place *place, const struct dw_schema_rule *rule)
{
    const struct dw_json *instance = place->instance;
    bool does_hold = true;

    for (size_t at = 0; instance->type == DW_JSON_OBJECT && at < instance->object.count; at++)
        if (!was_seen(&place->seen, at))
            does_hold &= extra_holds(place, rule->node, at);
    return does_hold;
}

/* NULL: read by its neighbour (then and else by if, minContains by contains). */
static checker *const checkers[DW_KEYWORD_COUNT] = {
    [DW_KEYWORD_type] = check_type,
    [DW_KEYWORD_enum] = check_enum,
    [DW_KEYWORD_const] = check_const,
    [DW_KEYWORD_multipleOf] = check_multiple,
    [DW_KEYWORD_maximum] = check_bound,
    [DW_KEYWORD_exclusiveMaximum] = check_bound,
    [DW_KEYWORD_minimum] = check_bound,
    [DW_KEYWORD_exclusiveMinimum] = check_bound,
    [DW_KEYWORD_maxLength] = check_size,
    [DW_KEYWORD_minLength] = check_size,
    [DW_KEYWORD_pattern] = check_pattern,
    [DW_KEYWORD_maxItems] = check_size,
    [DW_KEYWORD_minItems] = check_size,
    [DW_KEYWORD_uniqueItems] = check_unique,
    [DW_KEYWORD_maxProperties] = check_size,
    [DW_KEYWORD_minProperties] = check_size,
    [DW_KEYWORD_required] = check_required,
    [DW_KEYWORD_dependentRequired] = check_dependent_required,
    [DW_KEYWORD_prefixItems] = check_prefix_items,
    [DW_KEYWORD_items] = check_items,
    [DW_KEYWORD_contains] = check_contains,
    [DW_KEYWORD_properties] = check_properties,
    [DW_KEYWORD_patternProperties] = check_pattern_properties,
    [DW_KEYWORD_additionalProperties] = check_additional,
    [DW_KEYWORD_propertyNames] = check_property_names,
    [DW_KEYWORD_dependentSchemas] = check_dependent_schemas,
    [DW_KEYWORD_ref] = check_ref,
    [DW_KEYWORD_dynamicRef] = check_dynamic_ref,
    [DW_KEYWORD_allOf] = check_all_of,
    [DW_KEYWORD_anyOf] = check_any_of,
    [DW_KEYWORD_oneOf] = check_one_of,
    [DW_KEYWORD_not] = check_not,
    [DW_KEYWORD_if] = check_if,
    [DW_KEYWORD_unevaluatedItems] = check_unevaluated_items,
    [DW_KEYWORD_unevaluatedProperties] = check_unevaluated_properties,
};

static bool apply_rules(struct place *place)
{
    bool does_hold = true;

    for (size_t i = 0; i < place->node->rule_count && !place->e->has_failed; i++) {
        const struct dw_schema_rule *rule = &place->node->rules[i];

        if (checkers[rule->keyword])
            does_hold &= checkers[rule->keyword](place, rule);
    }
    return does_hold && !place->e->has_failed;
}

/* ret_seen NULL: the caller does not ask. */
static bool evaluate(struct evaluation *e, const struct dw_schema_node *node,
                     const struct dw_json *instance, const struct path *path,
                     const struct scope *scope, struct evaluated *ret_seen)
{
    struct scope here = {scope, node->resource};
    struct place place = {e, node, instance, path, scope, {NULL, 0}};
    bool does_hold;

    if (e->has_failed)
        return false;
    if (++e->steps > DW_SCHEMA_MAX_STEPS || e->depth >= DW_SCHEMA_MAX_DEPTH)
        return give_up(e, DW_INVALID_PARAMS, "the value needs too much work to check");
    if (node->json->type == DW_JSON_BOOL)
        return node->json->boolean || fault(&place, "is not allowed here");
    if (!scope || scope->resource != node->resource)
        place.scope = &here;
    place.seen = evaluated_of(e, instance);
    e->depth++;
    does_hold = apply_rules(&place);
    e->depth--;
    if (ret_seen)
        *ret_seen = place.seen;
    return does_hold;
}

bool dw_schema_validate(const struct dw_schema *schema, const struct dw_json *instance,
                        struct dw_arena *arena, struct dw_schema_report *ret_report,
                        struct dw_error *reterr)
{
    struct evaluation e = {
        .schema = schema, .arena = arena, .report = ret_report, .reterr = reterr};

    *ret_report = (struct dw_schema_report){0};
    if (schema->patterns) {
        e.match = pcre2_match_data_create(1, NULL);
        e.limits = pcre2_match_context_create(NULL);
        if (e.match && e.limits) {
            pcre2_set_match_limit(e.limits, MATCH_LIMIT);
            pcre2_set_heap_limit(e.limits, MATCH_HEAP_KIB);
        } else {
            (void)give_up(&e, DW_NO_MEMORY, "out of memory");
        }
    }
    ret_report->is_valid = evaluate(&e, schema->root, instance, NULL, NULL, NULL);
    pcre2_match_data_free(e.match);
    pcre2_match_context_free(e.limits);
    return !e.has_failed;
}
