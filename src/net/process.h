/* Child processes that speak line by line (stdio MCP servers). Fixed argv, no shell. */
#ifndef DW_NET_PROCESS_H
#define DW_NET_PROCESS_H

#include "net/loop.h"

struct dw_process;

struct dw_process_config {
    size_t size;
    struct dw_slices command;     /* argv; [0] is looked up in PATH */
    struct dw_slices environment; /* "NAME=value" added to or replacing the inherited ones */
    struct dw_slice directory;    /* empty: ours */
    bool is_environment_clean;    /* start from PATH, HOME, LANG, TZ, TMPDIR only */
    size_t max_line_bytes;        /* default 4 MiB */
    void (*on_line)(void *user, struct dw_slice line); /* stdout, without the newline */
    /* Instead, of a longer line: its two ends, DW_LINE_ENDS_BYTES at most; the rest is dropped. */
    void (*on_long_line)(void *user, struct dw_slice begin, struct dw_slice end);
    void (*on_talk)(void *user, struct dw_slice line);       /* stderr; cut at 4 KiB */
    void (*on_exit)(void *user, int64_t status, int signal); /* once, after the last line */
    void *user;
    int64_t terminate_after_ms; /* of dw_process_stop; default 2,000 */
    int64_t kill_after_ms;      /* the same, after the SIGTERM; default 5,000 */
};

/* Whether a start would find the program and the folder, without starting it. Fails as
 * dw_process_start. */
bool dw_must_check dw_process_check(const struct dw_process_config *config,
                                    struct dw_error *reterr);
/* Fails with DW_CONFIG when there is no such program: "npx: not found in PATH". */
struct dw_process *dw_process_start(struct dw_loop *loop, const struct dw_process_config *config,
                                    struct dw_error *reterr) dw_must_check;
/* Adds the newline. False when it is gone or 8 MiB wait unread. */
bool dw_process_write_line(struct dw_process *process, struct dw_slice line);
/* Closes stdin once all lines are read, SIGTERM to its group after 2 s, SIGKILL after 5 s more;
 * on_exit still runs. */
void dw_process_stop(struct dw_process *process);
/* After on_exit, or to forget it: no callback runs any more and the group is killed. */
void dw_process_free(struct dw_process *process);
int64_t dw_process_id(const struct dw_process *process);

#endif
