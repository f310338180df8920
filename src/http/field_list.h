/* A list of HTTP fields being put together in an arena. Failure sticks: add on, ask once. */
#ifndef DW_HTTP_FIELD_LIST_H
#define DW_HTTP_FIELD_LIST_H

#include "http/message.h"

struct dw_field_list {
    struct dw_http_field *items;
    size_t count;
    size_t size;
    bool has_failed;
};

/* Room for `size` fields; adding more makes it fail. */
static inline struct dw_field_list dw_field_list_in(struct dw_arena *arena, size_t size)
{
    struct dw_http_field *items = dw_arena_new_array(arena, size, sizeof *items);

    return (struct dw_field_list){items, 0, size, !items};
}

/* The list borrows both. A value with ptr NULL is memory that was short: the list fails. */
static inline void dw_field_list_add(struct dw_field_list *list, struct dw_slice name,
                                     struct dw_slice value)
{
    if (list->has_failed || list->count == list->size || !value.ptr) {
        list->has_failed = true;
        return;
    }
    list->items[list->count++] = (struct dw_http_field){name, value};
}

static inline struct dw_http_fields dw_field_list_view(const struct dw_field_list *list)
{
    return (struct dw_http_fields){list->items, list->count};
}

#endif
