/* Which peers a setting like trusted_proxies = ["10.0.0.0/8", "::1"] means. Pure. */
#ifndef DW_NET_ADDRESS_RANGE_H
#define DW_NET_ADDRESS_RANGE_H

#include "base/error.h"
#include "base/slice.h"

/* IPv4 is kept as its IPv4-mapped IPv6 form, so that both spellings of a peer match. */
struct dw_address_range {
    unsigned char address[16];
    unsigned prefix_bits; /* of 128 */
};

/* "10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1". Fails with DW_CONFIG; so does a range with
 * bits set behind its prefix, which is a slip of somebody's pen. */
bool dw_must_check dw_address_range_parse(struct dw_slice text, struct dw_address_range *ret_range,
                                          struct dw_error *reterr);
/* False for anything that is no IP address, such as "unix". */
bool dw_address_is_in(struct dw_slice address, const struct dw_address_range *ranges, size_t count);

#endif
