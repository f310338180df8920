/* What marks a function as part of the library's interface. */
#ifndef DOORWARD_EXPORT_H
#define DOORWARD_EXPORT_H

#if defined(__GNUC__)
#define DW_EXPORT __attribute__((visibility("default")))
#define DW_EXPORT_CHECKED __attribute__((visibility("default"), warn_unused_result))
#else
#define DW_EXPORT
#define DW_EXPORT_CHECKED
#endif

#ifdef __cplusplus
#define DW_BEGIN_C extern "C" {
#define DW_END_C }
#else
#define DW_BEGIN_C
#define DW_END_C
#endif

#endif
