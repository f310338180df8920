/* The reference of the configuration, made from its rows: docs/config.md and doorward.toml(5). A
 * test compares the committed files with what this makes. */
#ifndef DW_CLI_REFERENCE_H
#define DW_CLI_REFERENCE_H

#include "base/arena.h"
#include "base/error.h"

/* The whole text of docs/config.md, and of docs/man/doorward.toml.5; in `arena`. */
bool dw_must_check dw_reference_markdown(struct dw_arena *arena, struct dw_slice *ret_text,
                                         struct dw_error *reterr);
bool dw_must_check dw_reference_manual(struct dw_arena *arena, struct dw_slice *ret_text,
                                       struct dw_error *reterr);

#endif
