/* gateway/list_filter.h: nobody sees in a list what they may not use. */
#include "test.h"

#include "gateway/list_filter.h"

static bool sees_names_with_a(void *user, enum dw_mcp_kind kind, struct dw_slice name)
{
    (void)user;
    (void)kind;
    return dw_slice_contains(name, 'a');
}

static struct dw_list_filter filter_for(const char *method, bool is_modern)
{
    return (struct dw_list_filter){
        .method = dw_mcp_method_find(S(method)),
        .is_modern = is_modern,
        .may_see = sees_names_with_a,
    };
}

#define ANSWER(result) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":" result "}"

static void lists_lose_what_may_not_be_seen(void **state)
{
    static const struct {
        const char *method;
        bool is_modern;
        const char *message, *expected; /* NULL: refused */
    } cases[] = {
        {"tools/list", false,
         ANSWER("{\"tools\":[{\"name\":\"cat\",\"x\": [1, 2]},{\"name\":\"dog\"}],"
                "\"nextCursor\":\"c\"}"),
         ANSWER("{\"tools\":[{\"name\":\"cat\",\"x\": [1, 2]}],\"nextCursor\":\"c\"}")},
        {"tools/list", true,
         ANSWER("{\"cacheScope\":\"public\",\"tools\":[{\"name\":\"dog\"}],\"ttlMs\":5}"),
         ANSWER("{\"tools\":[],\"ttlMs\":5,\"cacheScope\":\"private\"}")},
        {"prompts/list", false, ANSWER("{\"prompts\":[{\"name\":\"b\"},{\"name\":\"a\"}]}"),
         ANSWER("{\"prompts\":[{\"name\":\"a\"}]}")},
        {"resources/list", false,
         ANSWER("{\"resources\":[{\"uri\":\"a:1\",\"name\":\"b\"},{\"uri\":\"b:1\","
                "\"name\":\"a\"}]}"),
         ANSWER("{\"resources\":[{\"uri\":\"a:1\",\"name\":\"b\"}]}")},
        {"resources/templates/list", false,
         ANSWER("{\"resourceTemplates\":[{\"uriTemplate\":\"b:{x}\"}]}"),
         ANSWER("{\"resourceTemplates\":[]}")},
        /* items without a proper name are not shown */
        {"tools/list", false, ANSWER("{\"tools\":[{},7,{\"name\":7},{\"name\":\"\"},null]}"),
         ANSWER("{\"tools\":[]}")},
        /* not results: as they are */
        {"tools/list", true,
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
         "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}"},
        {"tools/list", true, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}",
         "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}"},
        /* a stream that may bring the answer to any list again */
        {"", false, ANSWER("{\"tools\":[{\"name\":\"cat\"},{\"name\":\"dog\"}]}"),
         ANSWER("{\"tools\":[{\"name\":\"cat\"}]}")},
        {"", false, ANSWER("{\"resources\":[{\"uri\":\"b:1\"}],\"x\":1}"),
         ANSWER("{\"resources\":[],\"x\":1}")},
        {"", false, ANSWER("{\"content\":[{\"name\":\"dog\"}]}"),
         ANSWER("{\"content\":[{\"name\":\"dog\"}]}")},
        {"prompts/list", false, ANSWER("{\"tools\":[{\"name\":\"dog\"}]}"),
         ANSWER("{\"tools\":[{\"name\":\"dog\"}]}")},
        /* what cannot be understood is not sent */
        {"tools/list", false, "", NULL},
        {"tools/list", false, "[]", NULL},
        {"tools/list", false, ANSWER("{\"tools\":{\"name\":\"dog\"}}"), NULL},
        {"tools/list", false, ANSWER("[{\"name\":\"dog\"}]"), NULL},
        {"tools/list", false, ANSWER("{\"tools\":[],\"tools\":[{\"name\":\"dog\"}]}"), NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dw_auto(dw_arena_auto_free) struct dw_arena *arena = dw_arena_new(1 << 20);
        struct dw_list_filter filter = filter_for(cases[i].method, cases[i].is_modern);
        struct dw_slice message = DW_EMPTY;
        struct dw_error error = {0};

        if (!cases[i].expected) {
            assert_fails(
                dw_list_filter_message(&filter, S(cases[i].message), arena, &message, &error),
                error, DW_BAD_GATEWAY);
            continue;
        }
        assert_done(dw_list_filter_message(&filter, S(cases[i].message), arena, &message, &error),
                    error);
        assert_slice(message, cases[i].expected);
    }
}

/* However the stream is cut, what comes out is the same. */
static void streams_are_filtered_event_by_event(void **state)
{
    static const char stream[] =
        "id: 1\ndata: \n\n"
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"
        ": keep-alive\n\n"
        "event: message\nid: 2\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\n"
        "data: \"result\":{\"tools\":[{\"name\":\"dog\"},{\"name\":\"cat\"}]}}\n\n";
    static const char dog[] = "dog";

    (void)state;
    for (size_t step = 1; step <= sizeof stream; step++) {
        struct dw_list_filter filter = filter_for("tools/list", false);
        struct dw_error error = {0};
        struct dw_list_stream *list = dw_list_stream_new(&filter, &error);
        char seen[1024] = "";
        size_t len = 0;

        for (size_t at = 0; at < sizeof stream - 1; at += step) {
            struct dw_slice out;
            size_t some = sizeof stream - 1 - at < step ? sizeof stream - 1 - at : step;

            assert_done(dw_list_stream_feed(list, dw_slice_from(stream + at, some), &out, &error),
                        error);
            memcpy(seen + len, out.ptr, out.len);
            len += out.len;
        }
        seen[len] = '\0';
        assert_null(strstr(seen, dog));
        assert_non_null(strstr(seen, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":["
                                     "{\"name\":\"cat\"}]}}"));
        assert_non_null(strstr(seen, "notifications/progress"));
        assert_non_null(strstr(seen, "id: 2"));
        dw_list_stream_free(list);
    }
}

static void a_stream_that_cannot_be_filtered_is_cut(void **state)
{
    struct dw_list_filter filter = filter_for("tools/list", false);
    struct dw_error error = {0};
    struct dw_list_stream *list = dw_list_stream_new(&filter, &error);
    struct dw_slice out;

    (void)state;
    assert_fails(dw_list_stream_feed(list, S("data: {\"jsonrpc\"\n\n"), &out, &error), error,
                 DW_BAD_GATEWAY);
    dw_list_stream_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_lose_what_may_not_be_seen),
        cmocka_unit_test(streams_are_filtered_event_by_event),
        cmocka_unit_test(a_stream_that_cannot_be_filtered_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
