/* MIME messages; see mail_message_internal.h. */
#include "tenant/account/mail_message_internal.h"

#include "base/text.h"
#include "oauth/identifier.h"
#include "tenant/account/mail_internal.h"
#include "json/json_writer.h"

#define LINE_BYTES 76 /* RFC 2045 section 6.8 */
#define WORD_BYTES 42 /* base64 of it, with "=?UTF-8?B?" and "?=": 75 at most (RFC 2047) */
#define HEADER_TEXT_MAX_BYTES 200
#define PLAIN_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-"

bool dw_mail_is_address(struct dw_slice address)
{
    return dw_identifier_is_email(address);
}

bool dw_mail_parts_write(const struct dw_mail_parts *parts, struct dw_arena *arena,
                         struct dw_slice *ret_json, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_json_writer json = dw_json_writer_to(&out);

    dw_json_write_object_start(&json);
    dw_json_put_text(&json, "to", parts->to);
    dw_json_put_text(&json, "subject", parts->subject);
    dw_json_put_text(&json, "text", parts->text);
    dw_json_put_text(&json, "html", parts->html);
    dw_json_write_object_end(&json);
    return dw_buf_finish(&out, ret_json, reterr);
}

bool dw_mail_parts_read(struct dw_slice json, struct dw_arena *arena,
                        struct dw_mail_parts *ret_parts, struct dw_error *reterr)
{
    const struct dw_json *document;

    if (!dw_json_parse(json, arena, &document, reterr))
        return false;
    *ret_parts = (struct dw_mail_parts){
        .to = dw_json_text(document, "to"),
        .subject = dw_json_text(document, "subject"),
        .text = dw_json_text(document, "text"),
        .html = dw_json_text(document, "html"),
    };
    return true;
}

/* The text of a header field: no control characters, cut at a character's boundary. */
static struct dw_slice header_text(struct dw_slice text, struct dw_arena *arena)
{
    struct dw_slice cut = dw_text_head(text, HEADER_TEXT_MAX_BYTES);
    char *copy = dw_arena_text(arena, cut);

    for (size_t i = 0; copy && i < cut.len; i++)
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    return dw_slice_from(copy, copy ? cut.len : 0);
}

/* RFC 2047 encoded words of whole characters, one a line. */
static void add_encoded_words(struct dw_buf *out, struct dw_slice text, struct dw_arena *arena)
{
    while (text.len > 0) {
        struct dw_slice word = dw_slice_sub(text, 0, WORD_BYTES), base64;

        while (word.len > 1 && word.len < text.len &&
               ((unsigned char)text.ptr[word.len] & 0xc0) == 0x80)
            word.len--;
        base64 = dw_text_base64(arena, word);
        dw_buf_printf(out, "=?UTF-8?B?%.*s?=", DW_PRINT(base64));
        text = dw_slice_sub(text, word.len, text.len);
        if (text.len > 0)
            dw_buf_add(out, DW_LIT("\r\n "));
    }
}

/* Text that needs no encoding and no quotes stands as it is. */
static void add_header_text(struct dw_buf *out, struct dw_slice text, struct dw_arena *arena)
{
    struct dw_slice clean = header_text(text, arena);
    bool is_plain = clean.len > 0 && clean.len < 60;

    for (size_t i = 0; is_plain && i < clean.len; i++)
        is_plain = clean.ptr[i] && strchr(PLAIN_BYTES, clean.ptr[i]);
    if (is_plain)
        dw_buf_add(out, clean);
    else
        add_encoded_words(out, clean, arena);
}

static void add_part(struct dw_buf *out, struct dw_slice boundary, const char *type,
                     struct dw_slice body, struct dw_arena *arena)
{
    struct dw_slice base64 = dw_text_base64(arena, body);

    dw_buf_printf(out,
                  "--%.*s\r\nContent-Type: %s; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  DW_PRINT(boundary), type);
    for (size_t at = 0; at < base64.len; at += LINE_BYTES) {
        dw_buf_add(out, dw_slice_sub(base64, at, LINE_BYTES));
        dw_buf_add(out, DW_LIT("\r\n"));
    }
    out->has_failed = out->has_failed || (body.len > 0 && !base64.ptr);
}

bool dw_mail_message(const struct dw_mail_envelope *envelope, const struct dw_mail_parts *parts,
                     struct dw_arena *arena, struct dw_slice *ret_message, struct dw_error *reterr)
{
    struct dw_buf out = dw_buf_in(arena);
    struct dw_slice domain =
        dw_slice_sub(envelope->from, dw_slice_index(envelope->from, '@') + 1, envelope->from.len);
    struct dw_slice boundary = dw_arena_printf(arena, "=_%.*s", DW_PRINT(envelope->id));
    char date[DW_TEXT_HTTP_DATE_SIZE];

    if (!dw_mail_is_address(envelope->from) || !dw_mail_is_address(parts->to))
        return dw_fail(reterr, DW_INVALID_REQUEST, "this is no address that a mail can be sent to");
    dw_text_http_date(envelope->at_s, date);
    date[strlen(date) - 3] = '\0'; /* "GMT" is RFC 822's */
    dw_buf_add(&out, DW_LIT("From: "));
    add_header_text(&out, envelope->from_name, arena);
    dw_buf_printf(&out, "\r\n <%.*s>\r\nTo: <%.*s>\r\nSubject: ", DW_PRINT(envelope->from),
                  DW_PRINT(parts->to));
    add_header_text(&out, parts->subject, arena);
    dw_buf_printf(&out,
                  "\r\nDate: %s+0000\r\nMessage-ID: <%.*s@%.*s>\r\nMIME-Version: 1.0\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "Content-Type: multipart/alternative; boundary=\"%.*s\"\r\n\r\n",
                  date, DW_PRINT(envelope->id), DW_PRINT(domain), DW_PRINT(boundary));
    add_part(&out, boundary, "text/plain", parts->text, arena);
    add_part(&out, boundary, "text/html", parts->html, arena);
    dw_buf_printf(&out, "--%.*s--\r\n", DW_PRINT(boundary));
    return dw_buf_finish(&out, ret_message, reterr);
}
