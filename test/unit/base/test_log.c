/* base/log.h, base/metrics.h, base/error.h: what operators read. */
#include "test.h"

#include <stdio.h>

#include "base/log.h"
#include "base/metrics.h"

static char written[16384];
static enum dw_log_level written_level;

static void keep(void *user, enum dw_log_level level, struct dw_slice line)
{
    (void)user;
    written_level = level;
    snprintf(written, sizeof written, "%.*s", DW_PRINT(line));
}

static const struct dw_log log_here = {DW_LOG_INFO, keep, NULL};

static void a_line_is_json_whatever_the_values_hold(void **state)
{
    struct dw_slice scopes[] = {DW_LIT("a"), DW_LIT("b\"")};

    (void)state;
    dw_log(&log_here, DW_LOG_INFO, "event_name", DW_S("text", S("a\"b\\c\n\x01")),
           DW_S("bad", S("\xff")), DW_S("none", DW_EMPTY), DW_I("n", -5), DW_B("yes", true),
           DW_L("scopes", ((struct dw_slices){scopes, 2})));
    assert_string_equal(written,
                        "\"event\":\"event_name\",\"text\":\"a\\\"b\\\\c\\u000a\\u0001\","
                        "\"bad\":\"\\u00ff\",\"n\":-5,\"yes\":true,\"scopes\":[\"a\",\"b\\\"\"]");
}

static void below_the_threshold_nothing_is_written(void **state)
{
    (void)state;
    written[0] = '\0';
    dw_log(&log_here, DW_LOG_DEBUG, "quiet");
    assert_string_equal(written, "");
    dw_log(NULL, DW_LOG_ERROR, "nobody");
}

static void a_long_line_says_that_it_is_cut(void **state)
{
    static char big[4000];
    struct dw_slice value = {big, sizeof big};

    (void)state;
    memset(big, 'x', sizeof big);
    dw_log(&log_here, DW_LOG_INFO, "e", DW_S("a", value), DW_S("b", value), DW_S("c", value),
           DW_S("d", value), DW_S("e", value), DW_S("f", value), DW_S("g", value), DW_S("h", value),
           DW_S("i", value));
    assert_true(strlen(written) < 8192);
    assert_string_equal(written + strlen(written) - 11, ",\"cut\":true");
}

static void an_error_is_logged_with_its_cause(void **state)
{
    struct dw_error error;

    (void)state;
    assert_false(dw_fail_because(&error, DW_UNAVAILABLE, "sqlite", 13, "disk %s", "full"));
    dw_log_error(&log_here, "load_failed", &error);
    assert_int_equal(written_level, DW_LOG_ERROR);
    assert_non_null(
        strstr(written, "\"cause\":\"disk full\",\"library\":\"sqlite\",\"library_code\":13"));
    assert_string_equal(error.message, dw_code_row(DW_UNAVAILABLE)->text);
}

static void an_error_text_is_cut_at_a_character(void **state)
{
    struct dw_error error;
    char text[300];

    (void)state;
    memset(text, 'x', sizeof text);
    text[299] = '\0';
    memcpy(text + 158, "\xc3\xa9", 2); /* ends one byte past the field */
    text[3] = '\n';
    assert_false(dw_fail(&error, DW_MALFORMED, "%s", text));
    assert_int_equal(strlen(error.message), 158);
    assert_int_equal(error.message[3], '?');
}

static void metrics_are_prometheus_text(void **state)
{
    struct dw_metrics *metrics = dw_metrics_new();
    struct dw_arena *arena = dw_arena_new(1 << 20);
    struct dw_buf out = dw_buf_in(arena);
    struct dw_error error;
    struct dw_slice text;

    (void)state;
    dw_metrics_add(metrics, DW_METRIC_REQUESTS_4XX, 3);
    dw_metrics_observe_us(metrics, DW_METRIC_REQUEST_SECONDS, 200);
    dw_metrics_observe_us(metrics, DW_METRIC_REQUEST_SECONDS, 99000000);
    dw_metrics_render(metrics, &out);
    assert_done(dw_buf_finish(&out, &text, &error), error);
    assert_non_null(strstr(text.ptr, "doorward_http_requests_total{status=\"4xx\"} 3\n"));
    assert_non_null(strstr(text.ptr, "_duration_seconds_bucket{le=\"0.0001\"} 0\n"));
    assert_non_null(strstr(text.ptr, "_duration_seconds_bucket{le=\"0.00025\"} 1\n"));
    assert_non_null(strstr(text.ptr, "_duration_seconds_bucket{le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text.ptr, "_duration_seconds_sum 99.000200\n"));
    assert_null(strstr(text.ptr, "status=\"4xx\"} 3\n# HELP doorward_http_requests_total"));
    dw_arena_free(arena);
    dw_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_json_whatever_the_values_hold),
        cmocka_unit_test(below_the_threshold_nothing_is_written),
        cmocka_unit_test(a_long_line_says_that_it_is_cut),
        cmocka_unit_test(an_error_is_logged_with_its_cause),
        cmocka_unit_test(an_error_text_is_cut_at_a_character),
        cmocka_unit_test(metrics_are_prometheus_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
