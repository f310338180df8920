/* What the process is given: its environment and its limits. */
#include "sys/sys.h"

#include <stdlib.h>
#include <sys/resource.h>

struct dw_slice dw_sys_environment(const char *name)
{
    const char *value = getenv(name);

    return value ? dw_slice_from_text(value) : dw_slice_from(NULL, 0);
}

int64_t dw_sys_raise_file_limit(void)
{
    struct rlimit limit, before;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return INT64_MAX;
    before = limit;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) /* what it was is enough to go on with */
        limit = before;
    return limit.rlim_cur < INT64_MAX ? (int64_t)limit.rlim_cur : INT64_MAX;
}
