/* application/x-www-form-urlencoded: bodies and query strings, with limits and an eye on doubles.
 */
#ifndef DW_HTTP_FORM_H
#define DW_HTTP_FORM_H

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_FORM_MAX_FIELDS 100

struct dw_form_field {
    struct dw_slice name;
    struct dw_slice value; /* decoded; may be empty */
};

struct dw_form {
    const struct dw_form_field *items;
    size_t count;
};

/* Decodes a body or a query ("a=1&b=2"); empty parts between '&' are passed over, "a" is "a=".
 * Fails with DW_INVALID_REQUEST: a broken escape, a NUL, text that is not UTF-8, over
 * DW_FORM_MAX_FIELDS fields; or with DW_NO_MEMORY. All in `arena` or a view of `text`. */
bool dw_must_check dw_form_parse(struct dw_slice text, struct dw_arena *arena,
                                 struct dw_form *ret_form, struct dw_error *reterr);
/* The first of that name (exact). ptr NULL: there is none. */
struct dw_slice dw_form_value(const struct dw_form *form, const char *name);
size_t dw_form_count(const struct dw_form *form, const char *name);
/* Fails with DW_INVALID_REQUEST, naming it, when a field that is not among `repeatable` comes twice
 * (RFC 6749 3.1 and 3.2 MUST NOT; RFC 8707 2 lets `resource` repeat). */
bool dw_must_check dw_form_check_doubles(const struct dw_form *form, struct dw_slices repeatable,
                                         struct dw_error *reterr);
/* Appends "name=value", after a '&' when something was written into the buffer before. */
void dw_form_add(struct dw_buf *buf, struct dw_slice name, struct dw_slice value);
/* Appends "?name=value" or "&name=value", whichever the URL that is in the buffer needs. */
void dw_form_add_to_url(struct dw_buf *buf, struct dw_slice name, struct dw_slice value);

#endif
