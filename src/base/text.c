/* Small text formats. */
#include "base/text.h"

#include <stdio.h>

bool dw_text_to_int(struct dw_slice text, int64_t *ret_number)
{
    bool is_negative = dw_slice_eat(&text, DW_LIT("-"));
    int64_t number = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.ptr[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            (is_negative ? __builtin_sub_overflow(number, digit, &number)
                         : __builtin_add_overflow(number, digit, &number)))
            return false;
    }
    *ret_number = number;
    return true;
}

struct dw_slice dw_text_of_int(int64_t number, char room[static DW_INT_DIGITS])
{
    size_t at = DW_INT_DIGITS;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do
        room[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        room[--at] = '-';
    return dw_slice_from(room + at, DW_INT_DIGITS - at);
}

bool dw_text_is_utf8(struct dw_slice text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    const unsigned char *end = at + text.len;

    while (at < end) {
        unsigned char first = *at++;
        unsigned char low = 0x80, high = 0xbf;
        int more;

        if (first < 0x80)
            continue;
        if (first < 0xc2 || first > 0xf4)
            return false;
        more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        if (first == 0xe0)
            low = 0xa0; /* overlong */
        if (first == 0xed)
            high = 0x9f; /* surrogates */
        if (first == 0xf0)
            low = 0x90;
        if (first == 0xf4)
            high = 0x8f;
        for (; more; more--, low = 0x80, high = 0xbf)
            if (at == end || *at < low || *at++ > high)
                return false;
    }
    return true;
}

struct dw_slice dw_text_head(struct dw_slice text, size_t max_bytes)
{
    size_t len = text.len < max_bytes ? text.len : max_bytes;

    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return dw_slice_sub(text, 0, len);
}

bool dw_text_is_printable_ascii(struct dw_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    return true;
}

bool dw_text_glob(struct dw_slice pattern, struct dw_slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && (pattern.ptr[p] == '?' || pattern.ptr[p] == text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1; /* let the last star take one byte more */
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

struct dw_slice dw_text_lower(struct dw_arena *arena, struct dw_slice text)
{
    char *copy = dw_arena_text(arena, text);

    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = dw_char_lower(copy[i]);
    return dw_slice_from(copy, copy ? text.len : 0);
}

struct dw_slice dw_text_hex(struct dw_arena *arena, struct dw_slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = dw_arena_new_array(arena, bytes.len, 2);

    if (!text)
        return dw_slice_from(NULL, 0);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    return dw_slice_from(text, bytes.len * 2);
}

bool dw_text_unhex(struct dw_slice hex, struct dw_arena *arena, struct dw_slice *ret_bytes,
                   struct dw_error *reterr)
{
    char *bytes;

    if (hex.len % 2)
        return dw_fail(reterr, DW_MALFORMED, "hex has an odd number of digits");
    bytes = dw_arena_alloc(arena, hex.len / 2);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < hex.len / 2; i++) {
        int high = dw_char_hex(hex.ptr[2 * i]), low = dw_char_hex(hex.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return dw_fail(reterr, DW_MALFORMED, "not a hex digit");
        bytes[i] = (char)(high << 4 | low);
    }
    *ret_bytes = dw_slice_from(bytes, hex.len / 2);
    return true;
}

/* RFC 4648 sections 4 and 5: the same but for the last two digits. */
#define DIGITS_62 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static struct dw_slice encode64(struct dw_arena *arena, struct dw_slice bytes, const char *digits,
                                bool is_padded)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    char *text = dw_arena_alloc(arena, bytes.len / 3 * 4 + 5);
    char *to = text;
    size_t left = bytes.len;

    if (!text)
        return dw_slice_from(NULL, 0);
    for (; left >= 3; left -= 3, at += 3) {
        *to++ = digits[at[0] >> 2];
        *to++ = digits[(at[0] << 4 | at[1] >> 4) & 63];
        *to++ = digits[(at[1] << 2 | at[2] >> 6) & 63];
        *to++ = digits[at[2] & 63];
    }
    if (left > 0) {
        unsigned bits = (unsigned)at[0] << 8 | (left > 1 ? at[1] : 0);

        *to++ = digits[bits >> 10];
        *to++ = digits[bits >> 4 & 63];
        if (left > 1)
            *to++ = digits[bits << 2 & 63];
    }
    while (is_padded && (to - text) % 4)
        *to++ = '=';
    *to = '\0';
    return dw_slice_from(text, (size_t)(to - text));
}

struct dw_slice dw_text_base64url(struct dw_arena *arena, struct dw_slice bytes)
{
    return encode64(arena, bytes, DIGITS_62 "-_", false);
}

struct dw_slice dw_text_base64(struct dw_arena *arena, struct dw_slice bytes)
{
    return encode64(arena, bytes, DIGITS_62 "+/", true);
}

struct dw_slice dw_text_base32(struct dw_arena *arena, struct dw_slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    char *text = dw_arena_alloc(arena, bytes.len * 2 + 1);
    size_t len = 0;
    unsigned bits = 0, pending = 0;

    if (!text)
        return (struct dw_slice){0};
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.ptr[i];
        for (pending += 8; pending >= 5; pending -= 5)
            text[len++] = digits[bits >> (pending - 5) & 31];
    }
    if (pending > 0)
        text[len++] = digits[bits << (5 - pending) & 31];
    return dw_slice_from(text, len);
}

bool dw_text_unbase32(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                      struct dw_error *reterr)
{
    char *bytes = dw_arena_alloc(arena, text.len + 1);
    unsigned bits = 0, pending = 0;
    size_t len = 0;

    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        int digit = byte >= 'A' && byte <= 'Z'   ? byte - 'A'
                    : byte >= 'a' && byte <= 'z' ? byte - 'a'
                    : byte >= '2' && byte <= '7' ? byte - '2' + 26
                                                 : -1;

        if (digit < 0)
            return dw_fail(reterr, DW_MALFORMED, "this is no base32");
        bits = bits << 5 | (unsigned)digit;
        pending += 5;
        if (pending >= 8) {
            pending -= 8;
            bytes[len++] = (char)(bits >> pending);
        }
    }
    *ret_bytes = dw_slice_from(bytes, len);
    return len > 0 || dw_fail(reterr, DW_MALFORMED, "this is no base32");
}

/* The value of each digit plus one; 0 for a byte that is none. Both alphabets. */
static const unsigned char values64[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63,
    ['/'] = 64, ['_'] = 64,
};

static bool has_byte(struct dw_slice text, char byte)
{
    return text.len && memchr(text.ptr, byte, text.len);
}

/* More than 63: no digit. */
static uint32_t digit64(char byte)
{
    return values64[(unsigned char)byte] - 1u;
}

/* Four digits at a time; what is no digit shows in *seen. Returns how many bytes were written. */
static size_t decode_groups(struct dw_slice text, unsigned char *bytes, uint32_t *seen)
{
    size_t len = 0;

    for (size_t i = 0; i + 4 <= text.len; i += 4) {
        uint32_t a = digit64(text.ptr[i]), b = digit64(text.ptr[i + 1]);
        uint32_t c = digit64(text.ptr[i + 2]), d = digit64(text.ptr[i + 3]);

        *seen |= a | b | c | d;
        bytes[len++] = (unsigned char)(a << 2 | b >> 4);
        bytes[len++] = (unsigned char)(b << 4 | c >> 2);
        bytes[len++] = (unsigned char)(c << 6 | d);
    }
    return len;
}

/* foreign62, foreign63: the spellings of the other alphabet, which this one refuses. */
static bool decode64(struct dw_slice text, char foreign62, char foreign63, struct dw_arena *arena,
                     struct dw_slice *ret_bytes, struct dw_error *reterr)
{
    size_t rest = text.len % 4, len;
    uint32_t seen = 0, bits = 0;
    unsigned char *bytes;

    if (rest == 1)
        return dw_fail(reterr, DW_MALFORMED, "base64 of an impossible length");
    bytes = dw_arena_alloc(arena, text.len / 4 * 3 + 3);
    if (!bytes)
        return dw_fail(reterr, DW_NO_MEMORY, "out of memory");
    len = decode_groups(text, bytes, &seen);
    for (size_t i = text.len - rest; i < text.len; i++) {
        seen |= digit64(text.ptr[i]);
        bits = bits << 6 | (digit64(text.ptr[i]) & 63);
    }
    if (seen > 63 || has_byte(text, foreign62) || has_byte(text, foreign63))
        return dw_fail(reterr, DW_MALFORMED, "not a base64 digit");
    if (bits & (rest == 2 ? 15u : rest == 3 ? 3u : 0u))
        return dw_fail(reterr, DW_MALFORMED, "base64 with stray bits at its end");
    if (rest == 3)
        bytes[len++] = (unsigned char)(bits >> 10);
    if (rest)
        bytes[len++] = (unsigned char)(bits >> (rest == 3 ? 2 : 4));
    *ret_bytes = dw_slice_from((const char *)bytes, len);
    return true;
}

bool dw_text_unbase64url(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                         struct dw_error *reterr)
{
    return decode64(text, '+', '/', arena, ret_bytes, reterr);
}

bool dw_text_unbase64(struct dw_slice text, struct dw_arena *arena, struct dw_slice *ret_bytes,
                      struct dw_error *reterr)
{
    if (text.len % 4)
        return dw_fail(reterr, DW_MALFORMED, "base64 without its padding");
    for (int i = 0; i < 2 && text.len && text.ptr[text.len - 1] == '='; i++)
        text.len--;
    return decode64(text, '-', '_', arena, ret_bytes, reterr);
}

struct civil {
    int64_t year;
    int month, day, hour, minute, second, weekday; /* weekday 0 is Sunday */
};

/* Days to a date of the proleptic Gregorian calendar, counting years from March. */
static struct civil civil_of(int64_t at_s)
{
    int64_t days = at_s / 86400, rest = at_s % 86400;
    int64_t z = days + 719468;
    int64_t era = z / 146097, of_era = z % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    int month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);

    return (struct civil){
        .year = year + era * 400 + (month <= 2),
        .month = month,
        .day = (int)(of_year - (153 * shifted + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
        .weekday = (int)((days + 4) % 7),
    };
}

#define LAST_SECOND_OF_9999 INT64_C(253402300799)

static int64_t clamp_time(int64_t at_s)
{
    return at_s < 0 ? 0 : at_s > LAST_SECOND_OF_9999 ? LAST_SECOND_OF_9999 : at_s;
}

static void two_digits(char *to, int number)
{
    to[0] = (char)('0' + number / 10 % 10);
    to[1] = (char)('0' + number % 10);
}

void dw_text_time(int64_t at_ms, char ret_text[static DW_TEXT_TIME_SIZE])
{
    struct civil c = civil_of(clamp_time(at_ms / 1000));
    int ms = at_ms < 0 ? 0 : (int)(at_ms % 1000);

    memcpy(ret_text, "0000-00-00T00:00:00.000Z", DW_TEXT_TIME_SIZE);
    two_digits(ret_text, (int)(c.year / 100));
    two_digits(ret_text + 2, (int)(c.year % 100));
    two_digits(ret_text + 5, c.month);
    two_digits(ret_text + 8, c.day);
    two_digits(ret_text + 11, c.hour);
    two_digits(ret_text + 14, c.minute);
    two_digits(ret_text + 17, c.second);
    ret_text[20] = (char)('0' + ms / 100);
    two_digits(ret_text + 21, ms % 100);
}

/* Of anything but digits any number. */
static int64_t number_of(const char *digits, size_t len)
{
    int64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

bool dw_text_to_time(struct dw_slice text, int64_t *ret_at_ms)
{
    char wanted[DW_TEXT_TIME_SIZE] = "0000-00-00T00:00:00.000Z", same[DW_TEXT_TIME_SIZE];
    size_t len = text.len > 16 && text.ptr[text.len - 1] == 'Z' ? text.len - 1 : text.len;
    int64_t year, month, at_s;

    if (len != 10 && len != 16 && len != 19 && len != 23)
        return false;
    memcpy(wanted, text.ptr, len);
    year = number_of(wanted, 4);
    month = number_of(wanted + 5, 2) - 3;
    if (month < 0) { /* March is 0: leap days come last */
        month += 12;
        year--;
    }
    at_s = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 +
           number_of(wanted + 8, 2) - 719469;
    at_s = ((at_s * 24 + number_of(wanted + 11, 2)) * 60 + number_of(wanted + 14, 2)) * 60 +
           number_of(wanted + 17, 2);
    *ret_at_ms = at_s * 1000 + number_of(wanted + 20, 3);
    /* Only a time that there is comes back as the same text. */
    dw_text_time(*ret_at_ms, same);
    return memcmp(wanted, same, sizeof same) == 0;
}

void dw_text_http_date(int64_t at_s, char ret_text[static DW_TEXT_HTTP_DATE_SIZE])
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil c = civil_of(clamp_time(at_s));

    memcpy(ret_text, "Sun, 00 Jan 0000 00:00:00 GMT", DW_TEXT_HTTP_DATE_SIZE);
    memcpy(ret_text, weekdays + (size_t)c.weekday * 3, 3);
    two_digits(ret_text + 5, c.day);
    memcpy(ret_text + 8, months + (size_t)(c.month - 1) * 3, 3);
    two_digits(ret_text + 12, (int)(c.year / 100));
    two_digits(ret_text + 14, (int)(c.year % 100));
    two_digits(ret_text + 17, c.hour);
    two_digits(ret_text + 20, c.minute);
    two_digits(ret_text + 23, c.second);
}

/* Levenshtein distance, for words of up to 63 bytes; longer ones are far from everything. */
static size_t distance(struct dw_slice a, struct dw_slice b)
{
    size_t row[64];

    if (a.len > 63 || b.len > 63)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[b.len];
}

struct dw_slice dw_text_nearest(struct dw_slice wrong, struct dw_slices names)
{
    struct dw_slice nearest = DW_EMPTY;
    size_t smallest = wrong.len / 3 + 2;

    for (size_t i = 0; i < names.count; i++) {
        size_t steps = distance(wrong, names.items[i]);

        if (steps < smallest) {
            smallest = steps;
            nearest = names.items[i];
        }
    }
    return nearest;
}
