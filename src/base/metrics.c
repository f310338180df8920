/* Counters, gauges and histograms. */
#include "base/metrics.h"

#include <stdatomic.h>

#include "base/mem.h"

enum kind {
    COUNTER,
    GAUGE,
    HISTOGRAM
};

static const struct {
    enum kind kind;
    const char *name, *labels, *help;
} rows[DW_METRIC_COUNT] = {
#define X(id, kind, name, labels, help) [id] = {kind, name, labels, help},
#include "base/metrics.def"
#undef X
};

/* Upper bounds in microseconds. */
static const int64_t bounds_us[] = {50,     100,     250,     500,     1000,   2500,
                                    5000,   10000,   25000,   50000,   100000, 250000,
                                    500000, 1000000, 2500000, 10000000};
#define BOUND_COUNT (sizeof bounds_us / sizeof *bounds_us)

struct dw_metrics {
    _Atomic int64_t values[DW_METRIC_COUNT]; /* of a histogram: the sum in microseconds */
    _Atomic int64_t buckets[DW_METRIC_COUNT][BOUND_COUNT + 1];
};

struct dw_metrics *dw_metrics_new(void)
{
    return dw_mem_new(sizeof(struct dw_metrics));
}

void dw_metrics_free(struct dw_metrics *metrics)
{
    dw_mem_free(metrics);
}

void dw_metrics_add(struct dw_metrics *metrics, enum dw_metric metric, int64_t by)
{
    if (metrics)
        atomic_fetch_add_explicit(&metrics->values[metric], by, memory_order_relaxed);
}

void dw_metrics_observe_us(struct dw_metrics *metrics, enum dw_metric metric, int64_t us)
{
    size_t bucket = 0;

    if (!metrics)
        return;
    while (bucket < BOUND_COUNT && us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metrics->buckets[metric][bucket], 1, memory_order_relaxed);
    dw_metrics_add(metrics, metric, us);
}

int64_t dw_metrics_value(const struct dw_metrics *metrics, enum dw_metric metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

static void render_histogram(const struct dw_metrics *metrics, size_t metric, struct dw_buf *out)
{
    int64_t total = 0;

    for (size_t i = 0; i < BOUND_COUNT; i++) {
        total += atomic_load_explicit(&metrics->buckets[metric][i], memory_order_relaxed);
        dw_buf_printf(out, "%s_bucket{le=\"%g\"} %lld\n", rows[metric].name,
                      (double)bounds_us[i] / 1e6, (long long)total);
    }
    total += atomic_load_explicit(&metrics->buckets[metric][BOUND_COUNT], memory_order_relaxed);
    dw_buf_printf(out, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum %.6f\n%s_count %lld\n",
                  rows[metric].name, (long long)total, rows[metric].name,
                  (double)dw_metrics_value(metrics, (enum dw_metric)metric) / 1e6,
                  rows[metric].name, (long long)total);
}

void dw_metrics_render(const struct dw_metrics *metrics, struct dw_buf *out)
{
    static const char *const kind_names[] = {"counter", "gauge", "histogram"};

    for (size_t i = 0; i < DW_METRIC_COUNT; i++) {
        if (i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0)
            dw_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name, rows[i].help,
                          rows[i].name, kind_names[rows[i].kind]);
        if (rows[i].kind == HISTOGRAM)
            render_histogram(metrics, i, out);
        else
            dw_buf_printf(out, *rows[i].labels ? "%s{%s} %lld\n" : "%s%s %lld\n", rows[i].name,
                          rows[i].labels, (long long)dw_metrics_value(metrics, (enum dw_metric)i));
    }
}
