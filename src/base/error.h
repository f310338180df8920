/* Errors live in the caller's frame: nothing to free, and running out of memory needs no memory to
 * report. `message` may go to the peer; `cause` is for the operator and never leaves the machine.
 */
#ifndef DW_BASE_ERROR_H
#define DW_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include <doorward/error.h> /* struct dw_error, enum dw_code, dw_error_set */

#include "base/attributes.h"

enum dw_log_level {
    DW_LOG_DEBUG,
    DW_LOG_INFO,
    DW_LOG_WARN,
    DW_LOG_ERROR,
};

/* How a code looks at each edge. */
struct dw_code_row {
    const char *name; /* "DW_INVALID_GRANT" */
    int http_status;
    const char *oauth_error; /* NULL: none is sent (RFC 6750 section 3.1, no token) */
    int jsonrpc_code;
    enum dw_log_level log_level;
    const char *text;
};

/* Never NULL; an unknown code looks like DW_INTERNAL. */
const struct dw_code_row *dw_code_row(enum dw_code code);

/* Sets *reterr and is false, which compilers and analyzers see here:
 * `return dw_fail(reterr, DW_INVALID_GRANT, "the code has expired")`.
 * The text is cut at the field's size, at a character boundary; control bytes become '?'. */
#define dw_fail(reterr, code, ...)                                                                 \
    ({                                                                                             \
        (void)dw_error_set((reterr), (code), __FILE__, __LINE__, __VA_ARGS__);                     \
        false;                                                                                     \
    })
/* The peer gets the code's stock text, the operator the cause. */
#define dw_fail_because(reterr, code, library, library_code, ...)                                  \
    ({                                                                                             \
        (void)dw_error_set_cause((reterr), (code), __FILE__, __LINE__, (library), (library_code),  \
                                 __VA_ARGS__);                                                     \
        false;                                                                                     \
    })

/* As dw_error_set: reterr may be NULL (nobody listens), and it is always false. */
bool dw_error_set_cause(struct dw_error *reterr, enum dw_code code, const char *file, int line,
                        const char *library, int64_t library_code, const char *format, ...)
    dw_printf(7, 8);

#endif
