/* Classes of bytes, one table for all grammars of this folder. */
#ifndef DW_HTTP_CHARS_INTERNAL_H
#define DW_HTTP_CHARS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DW_CHAR_TOKEN = 1 << 0,      /* RFC 9110 5.6.2 tchar */
    DW_CHAR_VALUE = 1 << 1,      /* RFC 9110 5.5: all but controls, with the tab */
    DW_CHAR_TARGET = 1 << 2,     /* 0x21 to 0x7E without '#' */
    DW_CHAR_UNRESERVED = 1 << 3, /* RFC 3986 2.3 */
    DW_CHAR_HOST = 1 << 4,       /* letters, digits, '-', '.', '_' */
    DW_CHAR_PATH = 1 << 5,       /* RFC 3986 3.3: pchar and '/', with '%' */
    DW_CHAR_DIGIT = 1 << 6,
    DW_CHAR_HEX = 1 << 7,
    DW_CHAR_ALPHA = 1 << 8,
    DW_CHAR_COOKIE = 1 << 9, /* RFC 6265 4.1.1 cookie-octet */
};

extern const uint16_t dw_http_chars[256];

static inline bool dw_char_is(char byte, unsigned classes)
{
    return (dw_http_chars[(unsigned char)byte] & classes) != 0;
}

/* How many bytes at the front are of the class. */
static inline size_t dw_chars_span(const char *at, const char *end, unsigned class)
{
    const char *start = at;

    while (at < end && dw_char_is(*at, class))
        at++;
    return (size_t)(at - start);
}

#endif
