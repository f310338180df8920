/* The clocks. Nothing below the I/O line reads them: edges pass times in. */
#include "sys/sys.h"

#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t dw_sys_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t dw_sys_wall_s(void)
{
    return read_us(CLOCK_REALTIME) / 1000000;
}

int64_t dw_sys_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t dw_sys_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
