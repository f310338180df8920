/* The only way to simdjson and to C++'s number conversions; used inside json/ alone. simdjson does
 * its first stage (UTF-8, strings, where each token starts, 32 or 64 bytes at a time); the tree is
 * built by reader.c, because simdjson's own second stage lets duplicate keys and lone surrogates
 * pass, refuses integers over 64 bits, and keeps no positions. */
#ifndef DW_JSON_SIMDJSON_BRIDGE_H
#define DW_JSON_SIMDJSON_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dw_json_index_result {
    DW_JSON_INDEX_BROKEN, /* simdjson failed for a reason it should not have */
    DW_JSON_INDEX_DONE,
    DW_JSON_INDEX_NO_MEMORY,
    DW_JSON_INDEX_TOO_LONG,
    DW_JSON_INDEX_EMPTY,
    DW_JSON_INDEX_BAD_UTF8,
    DW_JSON_INDEX_BAD_STRING, /* a control character in it, or no end */
};

struct dw_json_index {
    /* Offsets of every bracket, brace, colon and comma outside strings, of each string's first
     * quote and of the first byte of each other token; at[count] is the length of the text. */
    const uint32_t *at;
    size_t count;
    uint32_t *scratch; /* as long as `at`, for the caller */
};

/* What a thread keeps between documents is bounded; a longer one gets memory of its own, which
 * dw_json_index_done frees. The index is the calling thread's and good until its next call. */
enum dw_json_index_result dw_json_index_make(const char *text, size_t len,
                                             struct dw_json_index *ret_index);
void dw_json_index_done(void);

/* [text, end) must be a number of JSON's grammar, and a byte that is none must follow. False: too
 * large for a double. Digits below its precision are rounded. */
bool dw_json_double_read(const char *text, const char *end, double *ret_number);

#define DW_JSON_DOUBLE_SIZE 40
/* The shortest text that reads back as the same finite number. Returns its length; no NUL. */
size_t dw_json_double_text(double number, char *ret_text);

#ifdef __cplusplus
}
#endif

#endif
