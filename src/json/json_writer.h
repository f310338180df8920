/* Writing JSON, streaming, into a dw_buf. Commas come by themselves. A text that is not UTF-8 is
 * written with U+FFFD for each bad byte, so that what comes out is always JSON. */
#ifndef DW_JSON_JSON_WRITER_H
#define DW_JSON_JSON_WRITER_H

#include "base/buf.h"
#include "json/json.h"

struct dw_json_writer {
    struct dw_buf *out;
    bool needs_comma;
};

static inline struct dw_json_writer dw_json_writer_to(struct dw_buf *out)
{
    return (struct dw_json_writer){.out = out};
}

/* Commas come by themselves; in an object a key comes before each value. */
void dw_json_write_object_start(struct dw_json_writer *writer);
void dw_json_write_object_end(struct dw_json_writer *writer);
void dw_json_write_array_start(struct dw_json_writer *writer);
void dw_json_write_array_end(struct dw_json_writer *writer);
void dw_json_write_key(struct dw_json_writer *writer, struct dw_slice key);

void dw_json_write_text(struct dw_json_writer *writer, struct dw_slice text);
void dw_json_write_int(struct dw_json_writer *writer, int64_t number);
void dw_json_write_double(struct dw_json_writer *writer, double number);
void dw_json_write_bool(struct dw_json_writer *writer, bool value);
void dw_json_write_null(struct dw_json_writer *writer);
/* Bytes that are JSON already, such as dw_json.raw. */
void dw_json_write_raw(struct dw_json_writer *writer, struct dw_slice json);
void dw_json_write_value(struct dw_json_writer *writer, const struct dw_json *value);

/* Key and value in one; the key is a literal that needs no escaping. */
void dw_json_put_text(struct dw_json_writer *writer, const char *key, struct dw_slice text);
void dw_json_put_int(struct dw_json_writer *writer, const char *key, int64_t number);
void dw_json_put_bool(struct dw_json_writer *writer, const char *key, bool value);
void dw_json_put_texts(struct dw_json_writer *writer, const char *key, struct dw_slices texts);
void dw_json_put_raw(struct dw_json_writer *writer, const char *key, struct dw_slice json);

#endif
