/* Method and path to a row of a product's table. */
#ifndef DW_HTTP_ROUTE_H
#define DW_HTTP_ROUTE_H

#include "http/message.h"

#define DW_ROUTE_MAX_PARAMETERS 4
#define DW_ROUTE_ALLOW_SIZE 64

/* The first member of a product's own row:
 *
 *     struct endpoint { struct dw_route route; handler_fn *handler; };
 *     static const struct endpoint endpoints[] = {
 *         {{DW_HTTP_POST, "/oauth/token"}, token_endpoint},
 *         {{DW_HTTP_GET, "/api/v2/users/{id}"}, read_user},
 *     };
 *
 * "{name}" is one segment that is not empty; "{name...}", only at the end, is all that is left,
 * also nothing. Rows are tried in order. Literal parts match byte for byte, without
 * percent-decoding. */
struct dw_route {
    enum dw_http_method method;
    const char *pattern;
};

struct dw_route_table {
    const struct dw_route *first;
    size_t count;
    size_t row_bytes;
};

#define DW_ROUTE_TABLE(rows)                                                                       \
    ((struct dw_route_table){&(rows)[0].route, sizeof(rows) / sizeof *(rows), sizeof *(rows)})

struct dw_route_match {
    /* The row, to be cast to the product's type; NULL: none. */
    const struct dw_route *route;
    /* Still percent-encoded, in the order of the pattern (dw_url_decode). */
    struct dw_slice parameters[DW_ROUTE_MAX_PARAMETERS];
    size_t parameter_count;
    /* The value for Allow: the methods other rows have for this path (RFC 9110 10.2.1). */
    char allow[DW_ROUTE_ALLOW_SIZE];
};

/* HEAD finds GET rows. False: *ret_match has no route; DW_NOT_FOUND, or DW_METHOD_NOT_ALLOWED with
 * ret_match->allow. */
bool dw_must_check dw_route_find(struct dw_route_table table, enum dw_http_method method,
                                 struct dw_slice path, struct dw_route_match *ret_match,
                                 struct dw_error *reterr);

#endif
