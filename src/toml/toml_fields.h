/* Reading a TOML table into a struct by rows (base/field.h). */
#ifndef DW_TOML_TOML_FIELDS_H
#define DW_TOML_TOML_FIELDS_H

#include "base/field.h"
#include "toml/toml.h"

/* Sets the members that the table names and leaves the others, so the caller calls
 * dw_fields_standard first and applies flags and the environment afterwards. Elements of [[lists]]
 * start from their standards. Texts are views into the table's arena; lists lie in `arena`.
 *
 * path        the table's own name, for messages: "gateway"; "" for the top
 * ret_unused  names, such as "server.memory_mb", of what rows of DW_FIELD_UNUSED accepted, are
 *             added, separated by ", "; NULL: they are not wanted
 *
 * Fails with DW_CONFIG: "line 3, column 1: gateway.lisen is not known; did you mean
 * gateway.listen?" */
bool dw_must_check dw_toml_read_fields(const struct dw_toml *table, const struct dw_fields *fields,
                                       const char *path, void *config, struct dw_arena *arena,
                                       struct dw_buf *ret_unused, struct dw_error *reterr);

#endif
