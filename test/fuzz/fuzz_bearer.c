/* Any bytes as an Authorization value (first line) and a query (the rest): a token that is found is
 * the end of the value, has no white space or separator in it, and the query has none. */
#include <stdlib.h>

#include "oauth/bearer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dw_slice input = dw_slice_from((const char *)data, size);
    size_t end = dw_slice_index(input, '\n');
    struct dw_http_field field = {DW_LIT("Authorization"), dw_slice_sub(input, 0, end)};
    struct dw_http_request request = {.fields = {&field, 1},
                                      .query = dw_slice_sub(input, end + 1, size)};
    struct dw_slice query = request.query, part, token;
    struct dw_error error;

    if (!dw_bearer_find(&request, &token, &error))
        return 0;
    if (token.len == 0 || token.ptr + token.len != field.value.ptr + field.value.len)
        abort();
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~' || strchr(",;\"\\", token.ptr[i]))
            abort();
    while (dw_slice_split(&query, '&', &part))
        if (dw_slice_eq(dw_slice_sub(part, 0, dw_slice_index(part, '=')), DW_LIT("access_token")))
            abort();
    return 0;
}
