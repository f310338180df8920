/* What every verb that serves does. */
#include "cli/service.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/options.h"
#include "sys/sys.h"

/* With fewer the store and the loops take all, and no connection is ever answered. */
#define FEWEST_OPEN_FILES 64

bool dw_cli_is_program(const char *name)
{
    struct dw_slice path = dw_sys_environment("PATH"), folder;

    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    while (dw_slice_split(&path, ':', &folder)) {
        char file[1024];

        if (snprintf(file, sizeof file, "%.*s/%s", DW_PRINT(folder), name) < (int)sizeof file &&
            access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static void reopen_log(void *user)
{
    (void)user;
    dw_sys_log_reopen();
}

bool dw_service_start(struct dw_slice log_file, enum dw_log_level threshold, struct dw_arena *arena,
                      struct dw_service *ret_service, struct dw_error *reterr)
{
    char *path = dw_arena_text(arena, log_file);
    struct dw_net_config config = {.size = sizeof config};
    int64_t open_files;

    *ret_service = (struct dw_service){.log = NULL};
    open_files = dw_sys_raise_file_limit();
    if (open_files < FEWEST_OPEN_FILES)
        return dw_fail(
            reterr, DW_CONFIG,
            "only %d files may be open here, and %d are needed at least: raise the limit "
            "(ulimit -n)",
            (int)open_files, FEWEST_OPEN_FILES);
    if (!path)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    if (log_file.len) {
        ret_service->log = dw_sys_log_to_file(path, threshold, reterr);
        if (!ret_service->log)
            return false;
    } else {
        ret_service->log = dw_sys_log_to_fd(STDERR_FILENO, threshold);
    }
    ret_service->metrics = dw_metrics_new();
    if (!ret_service->log || !ret_service->metrics)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    config.log = ret_service->log;
    config.metrics = ret_service->metrics;
    ret_service->net = dw_net_new(&config, reterr);
    if (!ret_service->net)
        return false;
    return dw_net_on_reload(ret_service->net, reopen_log, NULL) ||
           dw_fail(reterr, DW_NO_MEMORY, "out of memory");
}

void dw_service_done(struct dw_service *service)
{
    if (service->net)
        dw_net_free(service->net);
    dw_metrics_free(service->metrics);
}
