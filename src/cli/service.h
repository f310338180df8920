/* What every verb that serves does: the log, the loops, and the end. */
#ifndef DW_CLI_SERVICE_H
#define DW_CLI_SERVICE_H

#include "base/log.h"
#include "base/metrics.h"
#include "cli/config.h"
#include "net/loop.h"

struct dw_service {
    const struct dw_log *log;
    struct dw_metrics *metrics;
    struct dw_net *net;
};

/* log_file  empty: stderr. Fails with DW_IO or DW_NO_MEMORY; what was made is in *ret_service for
 * dw_service_done either way. */
bool dw_must_check dw_service_start(struct dw_slice log_file, enum dw_log_level threshold,
                                    struct dw_arena *arena, struct dw_service *ret_service,
                                    struct dw_error *reterr);
void dw_service_done(struct dw_service *service);

#endif
