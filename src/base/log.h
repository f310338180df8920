/* Structured logs: one JSON object a line, a constant event name and typed fields. What writes the
 * line and puts the time on it is the sink (sys/log_sink.c); code below the I/O line does not log.
 * A secret has no field type, so it does not compile. */
#ifndef DW_BASE_LOG_H
#define DW_BASE_LOG_H

#include "base/error.h"
#include "base/slice.h"

struct dw_log {
    enum dw_log_level threshold;
    /* line: `"event":"...","key":...` without braces or newline; the sink adds time and level. */
    void (*write)(void *user, enum dw_log_level level, struct dw_slice line);
    void *user;
    /* The same for several lines, in one system call. NULL: each is written. */
    void (*write_lines)(void *user, enum dw_log_level level, const struct dw_slice *lines,
                        size_t count);
};

enum dw_log_kind {
    DW_LOG_TEXT,
    DW_LOG_INT,
    DW_LOG_BOOL,
    DW_LOG_TEXTS,
};

struct dw_log_field {
    const char *name; /* a literal: letters, digits, '_' */
    enum dw_log_kind kind;
    struct dw_slice text;
    struct dw_slices texts;
    int64_t number;
};

#define DW_S(field_name, slice)                                                                    \
    ((struct dw_log_field){.name = (field_name), .kind = DW_LOG_TEXT, .text = (slice)})
#define DW_I(field_name, value)                                                                    \
    ((struct dw_log_field){.name = (field_name), .kind = DW_LOG_INT, .number = (value)})
#define DW_B(field_name, value)                                                                    \
    ((struct dw_log_field){.name = (field_name), .kind = DW_LOG_BOOL, .number = (value)})
#define DW_L(field_name, list)                                                                     \
    ((struct dw_log_field){.name = (field_name), .kind = DW_LOG_TEXTS, .texts = (list)})

/* dw_log(log, DW_LOG_INFO, "token_issued", DW_S("oauth_client", id), DW_I("lifetime_s", 300));
 * Empty texts are left out. Values over 1,024 bytes are cut, a line over 8,192 bytes loses its last
 * fields and says so ("cut":true). Bytes that are not UTF-8 or are control characters are escaped.
 * log may be NULL: nothing is logged. */
#define dw_log(log, level, event, ...)                                                             \
    dw_log_write((log), (level), (event), (const struct dw_log_field[]){{0}, ##__VA_ARGS__},       \
                 sizeof((const struct dw_log_field[]){{0}, ##__VA_ARGS__}) /                       \
                         sizeof(struct dw_log_field) -                                             \
                     1)
/* An error with its cause and where it was raised, at its code's level. */
void dw_log_error(const struct dw_log *log, const char *event, const struct dw_error *error);

/* fields[0] is not used, so that a call without fields is valid C. */
void dw_log_write(const struct dw_log *log, enum dw_log_level level, const char *event,
                  const struct dw_log_field *fields, size_t count);

#endif
