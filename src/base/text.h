/* Small text formats that everything above needs: numbers, UTF-8, hex, base64, globs, times. */
#ifndef DW_BASE_TEXT_H
#define DW_BASE_TEXT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* An ASCII letter in lower case; any other byte as it is. */
static inline char dw_char_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}
/* The value of a hex digit in either case; -1: it is none. */
static inline int dw_char_hex(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = dw_char_lower(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Decimal digits with an optional '-', nothing else, no overflow. */
bool dw_text_to_int(struct dw_slice text, int64_t *ret_number);
#define DW_INT_DIGITS 20 /* of any int64_t, with its '-' */
/* The digits of a number: at the end of `room`, which the slice points into. */
struct dw_slice dw_text_of_int(int64_t number, char room[static DW_INT_DIGITS]);
/* RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF. */
bool dw_text_is_utf8(struct dw_slice text);
/* At most so many bytes of it, none of them half a character. */
struct dw_slice dw_text_head(struct dw_slice text, size_t max_bytes);
/* Whether every byte is in 0x20 to 0x7E. */
bool dw_text_is_printable_ascii(struct dw_slice text);

/* Whether `pattern` covers all of `text`: '*' is any run of bytes (also empty), '?' one byte, the
 * rest itself. Needs at most pattern.len * text.len steps and no memory. */
bool dw_text_glob(struct dw_slice pattern, struct dw_slice text);

/* A copy with ASCII letters in lower case. ptr NULL when memory is short. */
struct dw_slice dw_text_lower(struct dw_arena *arena, struct dw_slice text);

/* Lower-case hex, in the arena. ptr is NULL when memory is short. */
struct dw_slice dw_text_hex(struct dw_arena *arena, struct dw_slice bytes);
/* Of digits in either case. */
bool dw_must_check dw_text_unhex(struct dw_slice hex, struct dw_arena *arena,
                                 struct dw_slice *ret_bytes, struct dw_error *reterr);

/* RFC 4648 section 5, without padding (RFC 7515 section 2). ptr NULL when memory is short. */
struct dw_slice dw_text_base64url(struct dw_arena *arena, struct dw_slice bytes);
/* Refuses padding, foreign bytes and non-zero trailing bits: one spelling for each value. */
bool dw_must_check dw_text_unbase64url(struct dw_slice text, struct dw_arena *arena,
                                       struct dw_slice *ret_bytes, struct dw_error *reterr);
/* RFC 4648 section 6, upper case, without padding: what authenticator apps take. ptr NULL when
 * memory is short. */
struct dw_slice dw_text_base32(struct dw_arena *arena, struct dw_slice bytes);
/* In any case, with or without padding; not empty. Fails with DW_MALFORMED or DW_NO_MEMORY. */
bool dw_must_check dw_text_unbase32(struct dw_slice text, struct dw_arena *arena,
                                    struct dw_slice *ret_bytes, struct dw_error *reterr);
/* RFC 4648 section 4, with padding. */
struct dw_slice dw_text_base64(struct dw_arena *arena, struct dw_slice bytes);
/* Needs the padding; otherwise as strict as dw_text_unbase64url. */
bool dw_must_check dw_text_unbase64(struct dw_slice text, struct dw_arena *arena,
                                    struct dw_slice *ret_bytes, struct dw_error *reterr);

/* "2026-11-23T07:25:00.123Z" (RFC 3339) of a Unix time in milliseconds, years 1970 to 9999. */
#define DW_TEXT_TIME_SIZE 25
void dw_text_time(int64_t at_ms, char ret_text[static DW_TEXT_TIME_SIZE]);
/* The time of such a text, in milliseconds. It may end after the day, the minute or the second, and
 * do without the Z; it is in UTC. False: there is no such time. */
bool dw_text_to_time(struct dw_slice text, int64_t *ret_at_ms);
/* "Mon, 23 Nov 2026 07:25:00 GMT" (RFC 9110 section 5.6.7). */
#define DW_TEXT_HTTP_DATE_SIZE 30
void dw_text_http_date(int64_t at_s, char ret_text[static DW_TEXT_HTTP_DATE_SIZE]);

/* The one of `names` that is nearest to `wrong` (for "did you mean"), or the empty slice when none
 * is near. */
struct dw_slice dw_text_nearest(struct dw_slice wrong, struct dw_slices names);

#endif
