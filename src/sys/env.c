/* The environment. */
#include "sys/sys.h"

#include <stdlib.h>

struct dw_slice dw_sys_environment(const char *name)
{
    const char *value = getenv(name);

    return value ? dw_slice_from_text(value) : dw_slice_from(NULL, 0);
}
