/* Errors: the table of codes, and how one is set. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct dw_code_row rows[] = {
    [DW_OK] = {"DW_OK", 200, NULL, 0, DW_LOG_INFO, "ok"},
#define X(code, http_status, oauth_error, jsonrpc_code, log_level, text)                           \
    [code] = {#code, http_status, oauth_error, jsonrpc_code, DW_LOG_##log_level, text},
#include <doorward/error_codes.def>
#undef X
};

const struct dw_code_row *dw_code_row(enum dw_code code)
{
    return (unsigned)code < DW_CODE_COUNT ? &rows[code] : &rows[DW_INTERNAL];
}

const char *dw_code_name(enum dw_code code)
{
    return dw_code_row(code)->name;
}

/* Foreign text may be part of a message: no control byte survives, and no half of a character. */
static void tidy(char *text, size_t size, int length)
{
    size_t end = strlen(text);

    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    if (length < 0 || (size_t)length < size)
        return;
    while (end && ((unsigned char)text[end - 1] & 0xc0) == 0x80)
        end--;
    if (end && (unsigned char)text[end - 1] >= 0xc0)
        end--;
    text[end] = '\0';
}

static void start(struct dw_error *error, enum dw_code code, const char *file, int line)
{
    error->code = code;
    error->message[0] = '\0';
    error->cause[0] = '\0';
    error->library = NULL;
    error->library_code = 0;
    error->file = file;
    error->line = line;
}

bool dw_error_set(struct dw_error *reterr, enum dw_code code, const char *file, int line,
                  const char *format, ...)
{
    va_list arguments;
    int length;

    if (!reterr)
        return false;
    start(reterr, code, file, line);
    va_start(arguments, format);
    length = vsnprintf(reterr->message, sizeof reterr->message, format, arguments);
    va_end(arguments);
    tidy(reterr->message, sizeof reterr->message, length);
    return false;
}

bool dw_error_set_cause(struct dw_error *reterr, enum dw_code code, const char *file, int line,
                        const char *library, int64_t library_code, const char *format, ...)
{
    va_list arguments;
    int length;

    if (!reterr)
        return false;
    start(reterr, code, file, line);
    snprintf(reterr->message, sizeof reterr->message, "%s", dw_code_row(code)->text);
    reterr->library = library;
    reterr->library_code = library_code;
    va_start(arguments, format);
    length = vsnprintf(reterr->cause, sizeof reterr->cause, format, arguments);
    va_end(arguments);
    tidy(reterr->cause, sizeof reterr->cause, length);
    return false;
}
