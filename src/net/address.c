/* IP addresses: the special-use blocks as tables (IANA registries of RFC 6890, as of 2025, and the
 * embedding forms of RFC 4291, 6052, 3056, 4380, 5214). */
#include "net/address.h"

#include <netinet/in.h>
#include <string.h>

struct block {
    unsigned char prefix[16];
    int bits;
    enum dw_address_class address_class;
};

static const struct block blocks_v4[] = {
    {{0}, 8, DW_ADDRESS_SPECIAL},             /* this network, RFC 791 */
    {{10}, 8, DW_ADDRESS_SPECIAL},            /* private, RFC 1918 */
    {{100, 64}, 10, DW_ADDRESS_SPECIAL},      /* carrier-grade NAT, RFC 6598 */
    {{127}, 8, DW_ADDRESS_LOOPBACK},          /* RFC 1122 */
    {{169, 254}, 16, DW_ADDRESS_SPECIAL},     /* link-local and cloud metadata, RFC 3927 */
    {{172, 16}, 12, DW_ADDRESS_SPECIAL},      /* private */
    {{192, 0, 0}, 24, DW_ADDRESS_SPECIAL},    /* IETF protocol assignments, RFC 6890 */
    {{192, 0, 2}, 24, DW_ADDRESS_SPECIAL},    /* documentation, RFC 5737 */
    {{192, 31, 196}, 24, DW_ADDRESS_SPECIAL}, /* AS112, RFC 7535 */
    {{192, 52, 193}, 24, DW_ADDRESS_SPECIAL}, /* AMT, RFC 7450 */
    {{192, 88, 99}, 24, DW_ADDRESS_SPECIAL},  /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16, DW_ADDRESS_SPECIAL},     /* private */
    {{192, 175, 48}, 24, DW_ADDRESS_SPECIAL}, /* AS112, RFC 7534 */
    {{198, 18}, 15, DW_ADDRESS_SPECIAL},      /* benchmarks, RFC 2544 */
    {{198, 51, 100}, 24, DW_ADDRESS_SPECIAL}, /* documentation */
    {{203, 0, 113}, 24, DW_ADDRESS_SPECIAL},  /* documentation */
    {{224}, 4, DW_ADDRESS_SPECIAL},           /* multicast, RFC 5771 */
    {{240}, 4, DW_ADDRESS_SPECIAL},           /* reserved and broadcast, RFC 1112, RFC 919 */
};

static const struct block blocks_v6[] = {
    {{[15] = 1}, 128, DW_ADDRESS_LOOPBACK},                   /* RFC 4291 */
    {{0x20, 0x01}, 23, DW_ADDRESS_SPECIAL},                   /* IETF, Teredo, ORCHID, RFC 2928 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, DW_ADDRESS_SPECIAL},       /* documentation, RFC 3849 */
    {{0x20, 0x02}, 16, DW_ADDRESS_SPECIAL},                   /* 6to4, RFC 3056 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48, DW_ADDRESS_SPECIAL}, /* AS112, RFC 7534 */
    {{0x3f, 0xff}, 20, DW_ADDRESS_SPECIAL},                   /* documentation, RFC 9637 */
    {{0x20}, 3, DW_ADDRESS_PUBLIC}, /* global unicast: the only public block;
                                       the rows above are cut out of it */
};

static bool is_in(const unsigned char *address, const struct block *block)
{
    size_t whole = (size_t)block->bits / 8;
    int rest = block->bits % 8;
    unsigned mask = 0xffu << (8 - rest) & 0xff;

    return memcmp(address, block->prefix, whole) == 0 &&
           (rest == 0 || (address[whole] & mask) == (block->prefix[whole] & mask));
}

static enum dw_address_class classify_v4(const unsigned char address[static 4])
{
    for (size_t i = 0; i < sizeof blocks_v4 / sizeof *blocks_v4; i++)
        if (is_in(address, &blocks_v4[i]))
            return blocks_v4[i].address_class;
    return DW_ADDRESS_PUBLIC;
}

/* RFC 5214 section 6.1: an interface identifier 00-00-5E-FE or 02-00-5E-FE and an IPv4 address. */
static bool is_isatap(const unsigned char *address)
{
    return (address[8] & 0xfd) == 0 && address[9] == 0 && address[10] == 0x5e &&
           address[11] == 0xfe;
}

static enum dw_address_class classify_v6(const unsigned char address[static 16])
{
    if (is_isatap(address))
        return DW_ADDRESS_SPECIAL;
    for (size_t i = 0; i < sizeof blocks_v6 / sizeof *blocks_v6; i++)
        if (is_in(address, &blocks_v6[i]))
            return blocks_v6[i].address_class;
    return DW_ADDRESS_SPECIAL;
}

enum dw_address_class dw_address_classify(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return classify_v4((const unsigned char *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        return classify_v6(v6.sin6_addr.s6_addr);
    }
    return DW_ADDRESS_SPECIAL;
}
