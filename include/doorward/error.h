/* Errors live in the caller's frame: nothing to free, and running out of memory needs no memory to
 * report. `message` may go to the peer; `cause` is for the operator and never leaves the machine.
 */
#ifndef DOORWARD_ERROR_H
#define DOORWARD_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include <doorward/export.h>

enum dw_code {
    DW_OK = 0,
#define X(code, http_status, oauth_error, jsonrpc_code, log_level, text) code,
#include <doorward/error_codes.def>
#undef X
    DW_CODE_COUNT
};

struct dw_error {
    enum dw_code code;
    char message[160];
    char cause[160];
    const char *library; /* "sqlite", "openssl", ... or NULL */
    int64_t library_code;
    const char *file;
    int line;
};

DW_BEGIN_C

/* Sets *reterr and is false: `return DW_ERROR(reterr, DW_INTERNAL, "the database is away")`. The
 * text is cut at the field's size, at a character boundary; control bytes become '?'. reterr may be
 * NULL. */
DW_EXPORT bool dw_error_set(struct dw_error *reterr, enum dw_code code, const char *file, int line,
                            const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;
#define DW_ERROR(reterr, code, ...) dw_error_set((reterr), (code), __FILE__, __LINE__, __VA_ARGS__)

/* "DW_INVALID_TOKEN"; never NULL. */
DW_EXPORT const char *dw_code_name(enum dw_code code);

DW_END_C

#endif
