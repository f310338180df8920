/* Views of bytes. A slice never owns, is never freed and is not NUL-terminated; whoever made the
 * bytes says how long they live. */
#ifndef DOORWARD_SLICE_H
#define DOORWARD_SLICE_H

#include <stddef.h>

#include <doorward/export.h>

struct dw_slice {
    const char *ptr;
    size_t len;
};

DW_BEGIN_C

/* A view of a C string; NULL becomes the empty slice. */
DW_EXPORT struct dw_slice dw_text(const char *text);

DW_END_C

#endif
