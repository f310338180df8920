/* The compiler attributes the code relies on, under names that say why they are there. */
#ifndef DW_BASE_ATTRIBUTES_H
#define DW_BASE_ATTRIBUTES_H

#define dw_must_check __attribute__((warn_unused_result))
#define dw_printf(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
/* Releases the variable when its scope ends: dw_auto(dw_md_free) EVP_MD_CTX *md = ...;
 * The named function takes a pointer to the variable; DW_AUTO_FREE makes it from a plain free. */
#define dw_auto(cleanup_function) __attribute__((cleanup(cleanup_function)))
#define DW_AUTO_FREE(name, type, free_function)                                                    \
    static inline void name(type **variable)                                                       \
    {                                                                                              \
        if (*variable)                                                                             \
            free_function(*variable);                                                              \
    }
/* Part of the library's public interface; everything else is hidden. */
#define dw_public __attribute__((visibility("default")))

#endif
