/* The gateway's configuration, checked once and in the shape requests need it. Pure. */
#ifndef DW_GATEWAY_RULES_H
#define DW_GATEWAY_RULES_H

#include "gateway/gateway.h"
#include "guard/origin.h"
#include "http/url.h"
#include "net/address_range.h"

#define DW_IDENTITY_MAX_HEADERS 16
#define DW_IDENTITY_NAME_SIZE 64

/* One of identity_headers. */
struct dw_identity_header {
    struct dw_slice name;       /* as sent upstream */
    struct dw_slice normalized; /* lower case, '-' for everything but letters and digits */
    struct dw_slice claim;      /* as in dw_identity_value */
};

struct dw_gateway_rules {
    struct dw_slice public_url;
    struct dw_origin_rules origin;
    struct dw_slice path; /* of the MCP endpoint */
    const struct dw_address_range *trusted_proxies;
    size_t trusted_proxy_count;
    const struct dw_identity_header *identity_headers;
    size_t identity_header_count;
};

/* listen_port  what the listener got, for a public URL made from `listen`
 * Everything lies in `arena` or is the config's. Fails with DW_CONFIG. */
bool dw_must_check dw_gateway_rules_make(const struct dw_gateway_config *config, int listen_port,
                                         struct dw_arena *arena, struct dw_gateway_rules *ret_rules,
                                         struct dw_error *reterr);

#endif
