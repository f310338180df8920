/* IP addresses: which of them a foreign URL must never make us connect to. */
#ifndef DW_NET_ADDRESS_H
#define DW_NET_ADDRESS_H

#include <stdbool.h>

enum dw_address_class {
    DW_ADDRESS_SPECIAL, /* any other special-use block (RFC 6890), or not understood */
    DW_ADDRESS_LOOPBACK,
    DW_ADDRESS_PUBLIC,
};

struct sockaddr;
/* DW_ADDRESS_SPECIAL for any family but IPv4 and IPv6. IPv6 forms that carry an IPv4 address
 * (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) are never public and never loopback: no public
 * host needs to be named that way. */
enum dw_address_class dw_address_classify(const struct sockaddr *address);

#endif
