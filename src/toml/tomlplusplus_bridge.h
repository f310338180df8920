/* The only way to toml++; used inside toml/ alone. */
#ifndef DW_TOML_TOMLPLUSPLUS_BRIDGE_H
#define DW_TOML_TOMLPLUSPLUS_BRIDGE_H

#include "toml/toml.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dw_toml_failure {
    bool is_out_of_memory;
    int line, column; /* 0: unknown */
    char what[120];
};

/* ret_table is zeroed memory in the arena; the rest comes from alloc(arena, size). */
bool dw_toml_bridge_parse(const char *text, size_t len, void *(*alloc)(void *arena, size_t size),
                          void *arena, struct dw_toml *ret_table,
                          struct dw_toml_failure *ret_failure);

#ifdef __cplusplus
}
#endif

#endif
