/* sdk/ask.c: whom a question may be put to, what counts as its answer, and the rounds. */
#include "test.h"

#include "sdk/ask_internal.h"

#define NAME_SCHEMA                                                                                \
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]" \
    "}"

static struct dw_arena *arena;

static const struct dw_json *json(const char *text)
{
    const struct dw_json *value = NULL;
    struct dw_error error = {0};

    if (text)
        assert_done(dw_json_parse(S(text), arena, &value, &error), error);
    return value;
}

static struct dw_ask form(const char *key)
{
    struct dw_ask ask;
    struct dw_error error = {0};

    assert_done(dw_ask_form(S(key), S("Who?"), S(NAME_SCHEMA), arena, &ask, &error), error);
    return ask;
}

static void a_client_is_asked_what_it_has_declared(void **state)
{
    static const char *const needs[] = {"{\"elicitation\":{}}", "{\"elicitation\":{\"url\":{}}}",
                                        "{\"sampling\":{}}", "{\"roots\":{}}"};
    static const struct {
        const char *capabilities;
        bool form, url, sample, roots;
    } cases[] = {
        {NULL, false, false, false, false},
        {"{}", false, false, false, false},
        {"{\"elicitation\":true,\"sampling\":1,\"roots\":[]}", false, false, false, false},
        {"{\"elicitation\":{}}", true, false, false, false},
        {"{\"elicitation\":{\"form\":{}}}", true, false, false, false},
        {"{\"elicitation\":{\"url\":{}}}", false, true, false, false},
        {"{\"elicitation\":{\"form\":{},\"url\":{}}}", true, true, false, false},
        {"{\"elicitation\":{\"later\":{}}}", true, false, false, false},
        {"{\"sampling\":{}}", false, false, true, false},
        {"{\"sampling\":{\"tools\":{}}}", false, false, true, false},
        {"{\"roots\":{\"listChanged\":true}}", false, false, false, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bool wanted[] = {cases[i].form, cases[i].url, cases[i].sample, cases[i].roots};

        for (int kind = DW_ASK_FORM; kind <= DW_ASK_ROOTS; kind++) {
            struct dw_slice capability;

            assert_int_equal(dw_ask_is_possible(json(cases[i].capabilities), (enum dw_ask_kind)kind,
                                                &capability),
                             wanted[kind]);
            assert_slice(capability, needs[kind]);
        }
    }
}

static void only_an_answer_to_the_question_fits(void **state)
{
    static const struct {
        enum dw_ask_kind kind;
        const char *answer;
        bool fits;
    } cases[] = {
        {DW_ASK_FORM, NULL, false},
        {DW_ASK_FORM, "null", false},
        {DW_ASK_FORM, "\"accept\"", false},
        {DW_ASK_FORM, "{}", false},
        {DW_ASK_FORM, "{\"action\":\"yes\"}", false},
        {DW_ASK_FORM, "{\"action\":1}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\"}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\",\"content\":null}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\",\"content\":[]}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\",\"content\":{}}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\",\"content\":{\"name\":1}}", false},
        {DW_ASK_FORM, "{\"action\":\"accept\",\"content\":{\"name\":\"A\"}}", true},
        {DW_ASK_FORM, "{\"action\":\"decline\"}", true},
        {DW_ASK_FORM, "{\"action\":\"cancel\",\"content\":{\"name\":1}}", true},
        {DW_ASK_URL, "{\"action\":\"accept\"}", true},
        {DW_ASK_URL, "{\"action\":\"decline\"}", true},
        {DW_ASK_URL, "{\"action\":\"done\"}", false},
        {DW_ASK_SAMPLE, "{\"role\":\"assistant\",\"content\":{\"type\":\"text\"}}", true},
        {DW_ASK_SAMPLE, "{\"role\":\"assistant\"}", false},
        {DW_ASK_SAMPLE, "{\"content\":{}}", false},
        {DW_ASK_SAMPLE, "{\"role\":7,\"content\":{}}", false},
        {DW_ASK_ROOTS, "{\"roots\":[]}", true},
        {DW_ASK_ROOTS, "{\"roots\":{}}", false},
        {DW_ASK_ROOTS, "[]", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dw_ask ask = form("name");

        ask.kind = cases[i].kind;
        if (dw_ask_fits(&ask, json(cases[i].answer), arena) != cases[i].fits)
            fail_msg("%d %s", cases[i].kind, cases[i].answer);
    }
}

static void what_is_not_answered_goes_out_as_the_next_round(void **state)
{
    struct dw_asks asks = {.arena = arena,
                           .given =
                               json("{\"b\":{\"action\":\"decline\"},\"c\":{\"action\":\"no\"},"
                                    "\"of nobody\":{\"action\":\"accept\"}}"),
                           .kept = json("{\"a\":{\"action\":\"cancel\"}}")};
    static const char *const keys[] = {"a", "b", "c", "d"};
    static const char *const answers[] = {"{\"action\":\"cancel\"}", "{\"action\":\"decline\"}",
                                          NULL, NULL};
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer writer = dw_json_writer_to(&out);
    struct dw_slice text;
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct dw_ask ask = form(keys[i]);
        const struct dw_json *answer;

        assert_done(dw_asks_find(&asks, &ask, &answer, &error), error);
        if (answers[i])
            assert_slice(answer->raw, answers[i]);
        else
            assert_null(answer);
    }
    dw_asks_write(&asks, &writer);
    assert_done(dw_buf_finish(&out, &text, &error), error);
#define QUESTION                                                                                   \
    "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":\"Who?\","       \
    "\"requestedSchema\":" NAME_SCHEMA "}}"
    assert_slice(text, "{\"c\":" QUESTION ",\"d\":" QUESTION "}");
    assert_done(dw_asks_answers(&asks, &text, &error), error);
    assert_slice(text, "{\"a\":{\"action\":\"cancel\"},\"b\":{\"action\":\"decline\"}}");
}

/* What came now counts, when it fits: the client may have thought again. */
static void the_newest_answer_counts(void **state)
{
    struct dw_asks asks = {.arena = arena,
                           .given = json("{\"a\":{\"action\":\"decline\"}}"),
                           .kept = json("{\"a\":{\"action\":\"cancel\"}}")};
    struct dw_ask ask = form("a");
    const struct dw_json *answer;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_asks_find(&asks, &ask, &answer, &error), error);
    assert_slice(answer->raw, "{\"action\":\"decline\"}");
}

static void a_wrong_use_is_the_authors_mistake(void **state)
{
    struct dw_asks asks = {.arena = arena, .given = json("{\"b\":{\"action\":\"decline\"}}")};
    char long_key[DW_ASK_MAX_KEY_BYTES + 2] = "";
    const struct dw_json *answer;
    struct dw_ask ask;
    struct dw_error error = {0};

    (void)state;
    memset(long_key, 'k', DW_ASK_MAX_KEY_BYTES + 1);
    for (size_t i = 0; i < 2; i++) {
        ask = form(i ? long_key : "");
        assert_fails(dw_asks_find(&asks, &ask, &answer, &error), error, DW_INTERNAL);
        assert_string_equal(error.message, "the key of a question has 1 to 64 bytes");
    }
    for (size_t i = 0; i < 2; i++) { /* one is answered, one is not */
        ask = form(i ? "a" : "b");
        assert_done(dw_asks_find(&asks, &ask, &answer, &error), error);
        assert_fails(dw_asks_find(&asks, &ask, &answer, &error), error, DW_INTERNAL);
        assert_string_equal(error.message, i ? "the question \"a\" is asked twice in one run"
                                             : "the question \"b\" is asked twice in one run");
    }
    assert_fails(dw_ask_form(S("k"), S("m"), S("[]"), arena, &ask, &error), error, DW_INTERNAL);
    assert_string_equal(error.message, "the schema of the question \"k\" is no JSON object");
    assert_fails(dw_ask_form(S("k"), S("m"), S("{"), arena, &ask, &error), error, DW_INTERNAL);
    assert_fails(dw_ask_sample(S("k"), S("\"x\""), arena, &ask, &error), error, DW_INTERNAL);
    assert_string_equal(error.message, "the sampling parameters of \"k\" are no JSON object");
}

static void a_round_has_sixteen_questions_and_a_call_sixty_four_answers(void **state)
{
    struct dw_buf given = dw_buf_in(arena);
    struct dw_asks open = {.arena = arena}, answered = {.arena = arena};
    const struct dw_json *answer;
    struct dw_error error = {0};

    (void)state;
    for (size_t i = 0; i <= DW_ASK_MAX_ANSWERS; i++)
        dw_buf_printf(&given, "%s\"k%zu\":{\"action\":\"decline\"}", i ? "," : "{", i);
    dw_buf_add(&given, S("}"));
    answered.given = json(dw_arena_text(arena, dw_buf_view(&given)));
    for (size_t i = 0; i <= DW_ASK_MAX_ANSWERS; i++) {
        struct dw_ask ask = form(dw_arena_printf(arena, "k%zu", i).ptr);

        ask.key = dw_arena_printf(arena, "k%zu", i);
        if (i < DW_ASK_MAX)
            assert_done(dw_asks_find(&open, &ask, &answer, &error), error);
        else if (i == DW_ASK_MAX)
            assert_fails(dw_asks_find(&open, &ask, &answer, &error), error, DW_INTERNAL);
        if (i < DW_ASK_MAX_ANSWERS)
            assert_done(dw_asks_find(&answered, &ask, &answer, &error), error);
        else
            assert_fails(dw_asks_find(&answered, &ask, &answer, &error), error, DW_INTERNAL);
    }
}

static void questions_say_what_the_protocol_wants(void **state)
{
    struct dw_ask ask;
    struct dw_error error = {0};

    (void)state;
    assert_done(dw_ask_url(S("k"), S("Pay \"it\""), S("https://p.example/1"), DW_EMPTY, arena, &ask,
                           &error),
                error);
    assert_slice(ask.params, "{\"mode\":\"url\",\"message\":\"Pay \\\"it\\\"\",\"url\":"
                             "\"https://p.example/1\"}");
    assert_done(dw_ask_url(S("k"), S("m"), S("https://p/"), S("77"), arena, &ask, &error), error);
    assert_slice(ask.params, "{\"mode\":\"url\",\"message\":\"m\",\"elicitationId\":\"77\",\"url\":"
                             "\"https://p/\"}");
    assert_string_equal(dw_ask_method(ask.kind), "elicitation/create");
    assert_done(dw_ask_sample(S("k"), S(" {\"maxTokens\": 5} "), arena, &ask, &error), error);
    assert_slice(ask.params, "{\"maxTokens\": 5}");
    assert_string_equal(dw_ask_method(ask.kind), "sampling/createMessage");
    assert_string_equal(dw_ask_method(DW_ASK_ROOTS), "roots/list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_asked_what_it_has_declared),
        cmocka_unit_test(only_an_answer_to_the_question_fits),
        cmocka_unit_test(what_is_not_answered_goes_out_as_the_next_round),
        cmocka_unit_test(the_newest_answer_counts),
        cmocka_unit_test(a_wrong_use_is_the_authors_mistake),
        cmocka_unit_test(a_round_has_sixteen_questions_and_a_call_sixty_four_answers),
        cmocka_unit_test(questions_say_what_the_protocol_wants),
    };
    int failed;

    arena = dw_arena_new(32 << 20);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dw_arena_free(arena);
    return failed;
}
