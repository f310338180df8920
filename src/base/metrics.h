/* Counters, gauges and histograms, and their Prometheus text. Safe from any thread: relaxed atomics
 * in one table a process. */
#ifndef DW_BASE_METRICS_H
#define DW_BASE_METRICS_H

#include "base/buf.h"

enum dw_metric {
#define X(id, kind, name, labels, help) id,
#include "base/metrics.def"
#undef X
    DW_METRIC_COUNT
};

struct dw_metrics;

struct dw_metrics *dw_metrics_new(void) dw_must_check;
void dw_metrics_free(struct dw_metrics *metrics);
/* metrics may be NULL in all three: nothing is counted. Gauges go down by a negative number. */
void dw_metrics_add(struct dw_metrics *metrics, enum dw_metric metric, int64_t by);
void dw_metrics_observe_us(struct dw_metrics *metrics, enum dw_metric metric, int64_t us);
int64_t dw_metrics_value(const struct dw_metrics *metrics, enum dw_metric metric);
/* Prometheus text exposition format 0.0.4. */
void dw_metrics_render(const struct dw_metrics *metrics, struct dw_buf *out);

#endif
