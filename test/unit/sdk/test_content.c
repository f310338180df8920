/* sdk/content.c: what a call answers, byte for byte, and what an author may not answer. */
#include "test.h"

#include "sdk/content_internal.h"

static struct dw_arena *arena;

enum kind {
    TOOL,
    PROMPT,
    RESOURCE,
    COMPLETION
};

/* The members of the result, in braces; empty and *error when it fails. */
static struct dw_slice write(const struct dw_content *content, enum kind kind,
                             struct dw_error *error)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice text = DW_EMPTY;
    bool is_done = false;

    dw_json_write_object_start(&writer);
    switch (kind) {
    case TOOL:
        is_done = dw_content_write_tool(content, &writer, error);
        break;
    case PROMPT:
        is_done = dw_content_write_prompt(content, S("About"), &writer, error);
        break;
    case RESOURCE:
        is_done = dw_content_write_resource(content, &writer, error);
        break;
    case COMPLETION:
        is_done = dw_content_write_completion(content, &writer, error);
        break;
    }
    dw_json_write_object_end(&writer);
    return is_done && dw_buf_finish(&out, &text, error) ? text : DW_EMPTY;
}

static void add_one_of_each(struct dw_content *content)
{
    dw_content_init(content, arena);
    dw_content_add_text(content, S("a \"b\"\n"));
    dw_content_annotate(content, S("{\"priority\": 0.5}"));
    dw_content_add_media(content, "image", S("\x89PNG"), "image/png");
    dw_content_add_media(content, "audio", S(""), "audio/wav");
    dw_content_add_resource(content, "test://t", "text/plain", "text", S("t"));
    dw_content_annotate(content, S("{\"audience\":[\"user\"]}"));
    dw_content_add_resource_blob(content, "test://b", NULL, S("b"));
    dw_content_add_link(content, "test://l", "l", "text/html");
}

#define BLOCKS                                                                                     \
    "{\"type\":\"text\",\"text\":\"a \\\"b\\\"\\n\",\"annotations\":{\"priority\": 0.5}}",         \
        "{\"type\":\"image\",\"data\":\"iVBORw==\",\"mimeType\":\"image/png\"}",                   \
        "{\"type\":\"audio\",\"data\":\"\",\"mimeType\":\"audio/wav\"}",                           \
        "{\"type\":\"resource\",\"resource\":{\"uri\":\"test://t\",\"mimeType\":\"text/plain\","   \
        "\"text\":\"t\"},\"annotations\":{\"audience\":[\"user\"]}}",                              \
        "{\"type\":\"resource\",\"resource\":{\"uri\":\"test://b\",\"blob\":\"Yg==\"}}",           \
        "{\"type\":\"resource_link\",\"uri\":\"test://l\",\"name\":\"l\",\"mimeType\":"            \
        "\"text/html\"}"

static const char *const blocks[] = {BLOCKS};

static void a_tool_answers_with_every_kind_of_content(void **state)
{
    struct dw_buf expected = dw_buf_in(arena);
    struct dw_content content;
    struct dw_error error = {0};

    (void)state;
    add_one_of_each(&content);
    dw_content_set_structured(&content, S(" {\"n\": 1} "));
    content.is_error = true;
    dw_buf_add(&expected, S("{\"content\":["));
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        dw_buf_printf(&expected, "%s%s", i ? "," : "", blocks[i]);
    dw_buf_add(&expected, S("],\"structuredContent\":{\"n\": 1},\"isError\":true}"));
    assert_slice(write(&content, TOOL, &error), dw_arena_text(arena, dw_buf_view(&expected)));
}

static void structured_results_come_as_text_too(void **state)
{
    static const struct {
        const char *json, *result;
    } cases[] = {
        {"{\"a\":\"\\u00fc\"}",
         "{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"a\\\":\\\"\\\\u00fc\\\"}\"}],"
         "\"structuredContent\":{\"a\":\"\\u00fc\"}}"},
        {"[1]", "{\"content\":[{\"type\":\"text\",\"text\":\"[1]\"}],\"structuredContent\":[1]}"},
        {"null",
         "{\"content\":[{\"type\":\"text\",\"text\":\"null\"}],\"structuredContent\":null}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_content content;
        struct dw_error error = {0};

        dw_content_init(&content, arena);
        dw_content_set_structured(&content, S(cases[i].json));
        assert_slice(write(&content, TOOL, &error), cases[i].result);
    }
}

static void nothing_is_an_empty_answer(void **state)
{
    struct dw_content content;
    struct dw_error error = {0};

    (void)state;
    dw_content_init(&content, arena);
    assert_slice(write(&content, TOOL, &error), "{\"content\":[]}");
    assert_slice(write(&content, PROMPT, &error), "{\"description\":\"About\",\"messages\":[]}");
    assert_slice(write(&content, RESOURCE, &error), "{\"contents\":[]}");
    assert_slice(write(&content, COMPLETION, &error),
                 "{\"completion\":{\"values\":[],\"total\":0,\"hasMore\":false}}");
}

static void a_prompt_has_messages_with_roles(void **state)
{
    struct dw_content content;
    struct dw_error error = {0};

    (void)state;
    dw_content_init(&content, arena);
    dw_content_add_text(&content, S("q"));
    dw_content_set_role(&content, "assistant");
    dw_content_add_text(&content, S("a"));
    dw_content_set_role(&content, "user");
    dw_content_add_resource(&content, "test://t", NULL, "text", S("t"));
    assert_slice(
        write(&content, PROMPT, &error),
        "{\"description\":\"About\",\"messages\":[{\"role\":\"user\",\"content\":{\"type\":"
        "\"text\",\"text\":\"q\"}},{\"role\":\"assistant\",\"content\":{\"type\":\"text\","
        "\"text\":\"a\"}},{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{"
        "\"uri\":\"test://t\",\"text\":\"t\"}}}]}");
}

static void a_resource_answers_with_contents_only(void **state)
{
    struct dw_content content;
    struct dw_error error = {0};

    (void)state;
    dw_content_init(&content, arena);
    dw_content_add_resource(&content, "test://t", "text/plain", "text", S("t"));
    dw_content_add_resource_blob(&content, "test://b", "image/png", S("b"));
    assert_slice(write(&content, RESOURCE, &error),
                 "{\"contents\":[{\"uri\":\"test://t\",\"mimeType\":\"text/plain\",\"text\":\"t\"},"
                 "{\"uri\":\"test://b\",\"mimeType\":\"image/png\",\"blob\":\"Yg==\"}]}");
    dw_content_add_text(&content, S("no"));
    assert_slice(write(&content, RESOURCE, &error), "");
    assert_int_equal(error.code, DW_INTERNAL);
    assert_string_equal(error.message,
                        "a resource answers with resource text or a resource blob only");
}

static void a_hundred_completions_go_out_and_all_are_counted(void **state)
{
    struct dw_buf expected = dw_buf_in(arena);
    struct dw_content content;
    struct dw_error error = {0};

    (void)state;
    dw_content_init(&content, arena);
    for (int i = 0; i < 130; i++)
        dw_content_add_completion(&content, dw_arena_printf(arena, "v%d", i));
    dw_buf_add(&expected, S("{\"completion\":{\"values\":["));
    for (int i = 0; i < 100; i++)
        dw_buf_printf(&expected, "%s\"v%d\"", i ? "," : "", i);
    dw_buf_add(&expected, S("],\"total\":130,\"hasMore\":true}}"));
    assert_slice(write(&content, COMPLETION, &error), dw_arena_text(arena, dw_buf_view(&expected)));
}

/* ---- mistakes of the author: remembered, the first one is told ---- */

static void image_without_type(struct dw_content *content)
{
    dw_content_add_media(content, "image", S("x"), NULL);
}

static void resource_without_uri(struct dw_content *content)
{
    dw_content_add_resource(content, NULL, "text/plain", "text", S("x"));
}

static void link_without_name(struct dw_content *content)
{
    dw_content_add_link(content, "test://x", NULL, NULL);
}

static void link_without_uri(struct dw_content *content)
{
    dw_content_add_link(content, NULL, "x", NULL);
}

static void structured_garbage(struct dw_content *content)
{
    dw_content_set_structured(content, S("{\"a\":"));
}

static void meta_that_is_no_object(struct dw_content *content)
{
    dw_content_set_meta(content, S("[]"));
}

static void annotations_of_nothing(struct dw_content *content)
{
    dw_content_annotate(content, S("{}"));
}

static void annotations_that_are_no_object(struct dw_content *content)
{
    dw_content_add_text(content, S("x"));
    dw_content_annotate(content, S("1"));
}

static void an_unknown_role(struct dw_content *content)
{
    dw_content_set_role(content, "system");
}

static void no_role(struct dw_content *content)
{
    dw_content_set_role(content, NULL);
}

static void a_mistake_of_the_author_is_told_and_nothing_goes_out(void **state)
{
    static const struct {
        void (*mistake)(struct dw_content *content);
        const char *message;
    } cases[] = {
        {image_without_type, "an image or a sound was added without its MIME type"},
        {resource_without_uri, "a resource was added without its URI"},
        {link_without_name, "a resource link was added without its URI or name"},
        {link_without_uri, "a resource link was added without its URI or name"},
        {structured_garbage, "the structured result is not valid JSON"},
        {meta_that_is_no_object, "the result's _meta is not a JSON object"},
        {annotations_of_nothing, "annotations were set before any content was added"},
        {annotations_that_are_no_object, "the annotations of a content are not a JSON object"},
        {an_unknown_role, "a prompt's message is of \"user\" or \"assistant\""},
        {no_role, "a prompt's message is of \"user\" or \"assistant\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kind = TOOL; kind <= COMPLETION; kind++) {
            struct dw_content content;
            struct dw_error error = {0};

            dw_content_init(&content, arena);
            cases[i].mistake(&content);
            dw_content_add_text(&content, S("later"));
            dw_content_set_role(&content, "nobody"); /* a second one */
            assert_slice(write(&content, (enum kind)kind, &error), "");
            assert_int_equal(error.code, DW_INTERNAL);
            assert_string_equal(error.message, cases[i].message);
        }
}

static bool answers(void)
{
    struct dw_arena *own = dw_arena_new(1 << 16), *was = arena;
    struct dw_content content;
    struct dw_error error = {0};
    struct dw_slice text = DW_EMPTY;

    if (!own)
        return false;
    arena = own;
    add_one_of_each(&content);
    dw_content_set_structured(&content, S("{\"n\":1}"));
    text = write(&content, TOOL, &error);
    assert_true(text.len > 0 || error.code == DW_NO_MEMORY || error.code == DW_INTERNAL);
    arena = was;
    dw_arena_free(own);
    return text.len > 0;
}

static void without_memory_nothing_goes_out(void **state)
{
    (void)state;
    torture(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tool_answers_with_every_kind_of_content),
        cmocka_unit_test(structured_results_come_as_text_too),
        cmocka_unit_test(nothing_is_an_empty_answer),
        cmocka_unit_test(a_prompt_has_messages_with_roles),
        cmocka_unit_test(a_resource_answers_with_contents_only),
        cmocka_unit_test(a_hundred_completions_go_out_and_all_are_counted),
        cmocka_unit_test(a_mistake_of_the_author_is_told_and_nothing_goes_out),
        cmocka_unit_test(without_memory_nothing_goes_out),
    };
    int failed;

    arena = dw_arena_new(32 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_arena_free(arena);
    return failed;
}
