/* Looking a line up in a large sorted text file without reading it: a binary search with pread(2).
 * For lists of breached passwords, which have tens of gigabytes. */
#ifndef DW_SYS_SORTED_FILE_H
#define DW_SYS_SORTED_FILE_H

#include "base/error.h"
#include "base/slice.h"

#define DW_SORTED_LINE_MAX 128

/* Whether a line of the file begins with `key`, in any ASCII case. The lines, at most
 * DW_SORTED_LINE_MAX bytes each, must be sorted by their first key.len bytes. Fails with DW_IO,
 * naming the path. */
bool dw_must_check dw_sys_sorted_file_has(const char *path, struct dw_slice key, bool *ret_is_there,
                                          struct dw_error *reterr);

#endif
