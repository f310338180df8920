/* The tenant's HTML pages: templates compiled into the binary (tools/embed-pages), filled with
 * values that are always escaped. There is no way to put raw HTML into a page. */
#ifndef DW_TENANT_HTML_INTERNAL_H
#define DW_TENANT_HTML_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "tenant/texts_internal.h"

struct dw_html_source {
    const char *name;
    struct dw_slice text;
    const char *script_hash; /* the CSP source of its <script>; NULL: it has none */
};

extern const struct dw_html_source dw_html_sources[];
extern const size_t dw_html_source_count;
/* The CSP source of the one <style> element that all pages share. */
extern const char dw_html_style_hash[];

struct dw_html_row;

/* {{name}} is `text`, escaped. {{#name}}...{{/name}} is left out when text is empty and there are
 * no rows; is written once when there is text, or once for each row, whose fields then come first.
 * {{^name}}...{{/name}} is the opposite. A name nobody gave is empty. {{@login.title}} is a text
 * of the page's language, its {placeholders} filled with fields. */
struct dw_html_field {
    const char *name;
    struct dw_slice text;
    const char *key; /* instead of text: that of a text with its placeholders; NULL: none */
    const struct dw_html_row *rows;
    size_t row_count;
};

struct dw_html_row {
    const struct dw_html_field *fields;
    size_t field_count;
};

/* NULL: there is no such page. */
const struct dw_html_source *dw_html_find(const char *name);
/* The HTML lives in `arena`. Fails with DW_INTERNAL when there is no such page, or DW_NO_MEMORY. */
bool dw_must_check dw_html_render(const char *name, const struct dw_language *language,
                                  const struct dw_html_row *values, struct dw_arena *arena,
                                  struct dw_slice *ret_html, struct dw_error *reterr);
/* The same for a template that is not one of ours: tests. */
bool dw_must_check dw_html_render_text(struct dw_slice source, const struct dw_language *language,
                                       const struct dw_html_row *values, struct dw_arena *arena,
                                       struct dw_slice *ret_html, struct dw_error *reterr);

#endif
