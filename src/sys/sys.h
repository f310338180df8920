/* What the machine knows: clocks, randomness, files, environment, and where log lines go. */
#ifndef DW_SYS_SYS_H
#define DW_SYS_SYS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "base/slice.h"

int64_t dw_sys_wall_ms(void); /* Unix time */
int64_t dw_sys_wall_s(void);
int64_t dw_sys_monotonic_ms(void);
int64_t dw_sys_monotonic_us(void);

/* getrandom(2); ends the process when the kernel has none to give. Any thread. */
void dw_sys_random(void *ret_bytes, size_t len);
struct dw_hash_seed dw_sys_hash_seed(void);

/* The whole file; fails with DW_NOT_FOUND, DW_TOO_LARGE or DW_IO, naming the path. */
bool dw_must_check dw_sys_read_file(const char *path, size_t max_bytes, struct dw_arena *arena,
                                    struct dw_slice *ret_bytes, struct dw_error *reterr);
/* A new file beside it, fsync, rename, fsync of the folder: either the old or the new, never half.
 */
bool dw_must_check dw_sys_write_file(const char *path, unsigned mode, struct dw_slice bytes,
                                     struct dw_error *reterr);
/* The same for a file that may be there already, which then stays: of several processes at once,
 * one wins, and all may read what won. */
bool dw_must_check dw_sys_make_file(const char *path, unsigned mode, struct dw_slice bytes,
                                    struct dw_error *reterr);
/* With parents, mode 0700. */
bool dw_must_check dw_sys_make_folder(const char *path, struct dw_error *reterr);
/* As many open files as the machine lets this user have: the usual 1,024 are soon used up by
 * connections. How many that is. */
int64_t dw_sys_raise_file_limit(void);
/* ptr NULL when the variable is not set. */
struct dw_slice dw_sys_environment(const char *name);

/* Log lines to a file descriptor, one write(2) a line: {"time":"...","level":"info",...}. The sink
 * borrows nothing; it stays until the process ends. Any thread. NULL: out of memory. */
const struct dw_log *dw_sys_log_to_fd(int fd, enum dw_log_level threshold) dw_must_check;
/* Appends to a file (0600), opened again on dw_sys_log_reopen. */
const struct dw_log *dw_sys_log_to_file(const char *path, enum dw_log_level threshold,
                                        struct dw_error *reterr) dw_must_check;
/* After the files were moved away (log rotation, SIGHUP). One that cannot be opened stays as it is.
 */
void dw_sys_log_reopen(void);

#endif
