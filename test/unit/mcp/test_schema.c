/* mcp/schema.h: limits, faults and refusals by hand; the keywords by the official
 * JSON-Schema-Test-Suite when DW_SCHEMA_SUITE names its folder (tests/draft2020-12 and remotes in
 * it). */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "mcp/schema.h"
#include "sys/sys.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define REMOTE "http://localhost:1234/"

static const struct dw_json *parse(const char *text, struct dw_arena *arena)
{
    const struct dw_json *json;
    struct dw_error error;

    assert_done(dw_json_parse(S(text), arena, &json, &error), error);
    return json;
}

static void faults_name_the_place_and_the_reason(void **state)
{
    static const struct {
        const char *schema, *instance, *path, *message;
    } cases[] = {
        {"{\"type\":\"string\"}", "1", "", "must be of type \"string\""},
        {"{\"required\":[\"a\"]}", "{}", "", "must have the property \"a\""},
        {"{\"properties\":{\"a\":{\"items\":{\"minimum\":3}}}}", "{\"a\":[5,1]}", "/a/1",
         "must be at least 3"},
        {"{\"properties\":{\"a/b~\":{\"const\":1}}}", "{\"a/b~\":2}", "/a~1b~0", "must be 1"},
        {"{\"additionalProperties\":false}", "{\"x\":1}", "", "must not have the property \"x\""},
        {"{\"enum\":[\"a\",\"b\"]}", "\"c\"", "", "must be one of [\"a\",\"b\"]"},
        {"{\"maxLength\":1}", "\"ab\"", "", "must have at most 1 characters"},
        {"{\"pattern\":\"^a$\"}", "\"b\"", "", "must match the pattern ^a$"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1", "",
         "must fit one of the 2 schemas of `anyOf`"},
        {"false", "1", "", "is not allowed here"},
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_schema_report report;
    struct dw_schema *schema;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_done(
            dw_schema_compile(parse(cases[i].schema, arena), NULL, 0, arena, &schema, &error),
            error);
        assert_done(
            dw_schema_validate(schema, parse(cases[i].instance, arena), arena, &report, &error),
            error);
        assert_false(report.is_valid);
        assert_int_equal(report.fault_count, 1);
        assert_slice(report.faults[0].instance_path, cases[i].path);
        assert_slice(report.faults[0].message, cases[i].message);
        dw_schema_free(schema);
    }
    dw_arena_free(arena);
}

static void a_schema_that_cannot_be_meant_is_refused(void **state)
{
    static const char *const schemas[] = {
        "1",
        "{\"type\":\"text\"}",
        "{\"type\":[\"string\",1]}",
        "{\"minLength\":-1}",
        "{\"minLength\":1.5}",
        "{\"multipleOf\":0}",
        "{\"required\":\"a\"}",
        "{\"pattern\":\"(\"}",
        "{\"properties\":[]}",
        "{\"items\":[{}]}",
        "{\"allOf\":[]}",
        "{\"$ref\":\"#/$defs/none\"}",
        "{\"$ref\":\"https://example.com/other\"}",
        "{\"$ref\":\"file:///etc/passwd\"}",
        "{\"$ref\":1}",
        "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
        "{\"patternProperties\":{\"[\":{}}}",
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_schema *schema;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        assert_fails(dw_schema_compile(parse(schemas[i], arena), NULL, 0, arena, &schema, &error),
                     error, DW_INVALID_PARAMS);
    dw_arena_free(arena);
}

static void work_is_bounded(void **state)
{
    static const struct {
        const char *schema, *instance;
    } cases[] = {
        {"{\"$ref\":\"#\"}", "1"}, /* forever */
        {"{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/b\"},{\"$ref\":\"#/$defs/b\"}]},"
         "\"b\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/a\"}]}},\"$ref\":\"#/"
         "$defs/a\"}",
         "1"},
        {"{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""},
    };
    struct dw_arena *arena = dw_arena_new(ARENA_BYTES);
    struct dw_schema_report report;
    struct dw_schema *schema;
    struct dw_error error;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_done(
            dw_schema_compile(parse(cases[i].schema, arena), NULL, 0, arena, &schema, &error),
            error);
        assert_fails(
            dw_schema_validate(schema, parse(cases[i].instance, arena), arena, &report, &error),
            error, DW_INVALID_PARAMS);
        assert_false(report.is_valid);
        dw_schema_free(schema);
    }
    dw_arena_free(arena);
}

/* ---- the official suite ---- */

struct suite {
    struct dw_arena *arena;
    struct dw_schema_document documents[128];
    size_t document_count;
    size_t passed, failed;
};

static const struct dw_json *load(struct suite *suite, const char *path)
{
    const struct dw_json *json;
    struct dw_slice text;
    struct dw_error error;

    assert_done(dw_sys_read_file(path, 1 << 20, suite->arena, &text, &error), error);
    assert_done(dw_json_parse(text, suite->arena, &json, &error), error);
    return json;
}

static void add_documents(struct suite *suite, const char *folder, const char *uri)
{
    DIR *open = opendir(folder);
    struct dirent *entry;

    while (open && (entry = readdir(open))) {
        char path[1024], name[1024];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        snprintf(name, sizeof name, "%s%s", uri, entry->d_name);
        if (entry->d_type == DT_DIR) {
            snprintf(name, sizeof name, "%s%s/", uri, entry->d_name);
            add_documents(suite, path, name);
        } else if (strstr(entry->d_name, ".json") && suite->document_count < 128) {
            const struct dw_json *json = load(suite, path);
            struct dw_slice id = dw_json_text(json, "$id");

            suite->documents[suite->document_count++] = (struct dw_schema_document){
                id.ptr && dw_slice_starts_with(id, S("https://json-schema.org/"))
                    ? id
                    : dw_arena_copy(suite->arena, S(name)),
                json};
        }
    }
    if (open)
        closedir(open);
}

static void run_group(struct suite *suite, const struct dw_json *group, const char *file)
{
    const struct dw_json *tests = dw_json_get(group, "tests");
    struct dw_schema *schema;
    struct dw_error error;

    if (!dw_schema_compile(dw_json_get(group, "schema"), suite->documents, suite->document_count,
                           suite->arena, &schema, &error)) {
        print_error("%s: %.*s: %s\n", file, DW_PRINT(dw_json_text(group, "description")),
                    error.message);
        suite->failed += tests->array.count;
        return;
    }
    for (size_t i = 0; i < tests->array.count; i++) {
        const struct dw_json *test = &tests->array.items[i];
        struct dw_schema_report report;
        bool is_valid = false;

        (void)dw_json_bool(test, "valid", &is_valid);
        if (dw_schema_validate(schema, dw_json_get(test, "data"), suite->arena, &report, &error) &&
            report.is_valid == is_valid) {
            suite->passed++;
            continue;
        }
        suite->failed++;
        print_error("%s: %.*s: %.*s\n", file, DW_PRINT(dw_json_text(group, "description")),
                    DW_PRINT(dw_json_text(test, "description")));
    }
    dw_schema_free(schema);
}

static void run_file(struct suite *suite, const char *path, const char *file)
{
    const struct dw_json *groups = load(suite, path);

    for (size_t i = 0; i < groups->array.count; i++)
        run_group(suite, &groups->array.items[i], file);
}

static void the_official_suite_passes(void **state)
{
    const char *folder = getenv("DW_SCHEMA_SUITE");
    struct suite suite = {.arena = dw_arena_new((size_t)1 << 30)};
    char path[1024];
    struct dirent *entry;
    DIR *open;

    (void)state;
    snprintf(path, sizeof path, "%s/remotes", folder);
    add_documents(&suite, path, REMOTE);
    snprintf(path, sizeof path, "%s/metaschema", folder);
    add_documents(&suite, path, "https://json-schema.org/draft/2020-12/");
    snprintf(path, sizeof path, "%s/tests/draft2020-12", folder);
    open = opendir(path);
    assert_non_null(open);
    while ((entry = readdir(open)))
        if (strstr(entry->d_name, ".json")) {
            snprintf(path, sizeof path, "%s/tests/draft2020-12/%s", folder, entry->d_name);
            run_file(&suite, path, entry->d_name);
        }
    closedir(open);
    print_message("# JSON-Schema-Test-Suite: %zu passed, %zu failed\n", suite.passed, suite.failed);
    assert_int_equal(suite.failed, 0);
    assert_int_equal(suite.passed, 1155); /* all required ones of the pinned version */
    dw_arena_free(suite.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_name_the_place_and_the_reason),
        cmocka_unit_test(a_schema_that_cannot_be_meant_is_refused),
        cmocka_unit_test(work_is_bounded),
    };
    const struct CMUnitTest official[] = {cmocka_unit_test(the_official_suite_passes)};

    if (getenv("DW_SCHEMA_SUITE"))
        return cmocka_run_group_tests(official, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
