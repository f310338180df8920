/* The words of pages and mails in five languages, compiled in from src/tenant/texts by
 * tools/embed-texts, which fails the build when a language lacks a key or a placeholder.
 *
 * A page writes {{@login.title}}; code names a key in a field's `key` (html_internal.h) or asks
 * dw_text_find. A text may have {placeholders}, which are fields of the page or mail, and *strong
 * words* on pages. */
#ifndef DW_TENANT_TEXTS_INTERNAL_H
#define DW_TENANT_TEXTS_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define DW_TEXT_KEY_MAX_BYTES 63

struct dw_html_row;

struct dw_language {
    const char *tag;       /* "en": for `lang` (RFC 5646) */
    const char *direction; /* "ltr" or "rtl": for `dir` */
    const char *name;      /* in itself: "Deutsch" */
    const struct dw_slice *texts;
};

/* The first is the reference, English. */
extern const struct dw_language dw_languages[];
extern const size_t dw_language_count;
/* Sorted; texts[i] of a language is that of dw_text_keys[i]. */
extern const char *const dw_text_keys[];
extern const size_t dw_text_key_count;

/* The language with this tag, or whose tag is the first part of it ("de" for "de-AT", any case);
 * NULL: none. */
const struct dw_language *dw_language_of(struct dw_slice tag);

/* The best that is enabled. The order of precedence:
 *
 * ui_locales       of the request (OpenID Connect Core 3.1.2.1): tags with blanks, best first
 * accept_language  the header (RFC 9110 section 12.5.4)
 * enabled          of the tenant (Auth0 `enabled_locales`); the first is for everybody else; empty:
 *                  all, English first
 *
 * Never NULL; what is malformed is passed over. */
const struct dw_language *dw_language_choose(struct dw_slice ui_locales,
                                             struct dw_slice accept_language,
                                             struct dw_slices enabled);

/* The text of `key` with its placeholders unfilled. Fails with DW_INTERNAL when there is no such
 * key (tools/check-texts finds that before). */
bool dw_must_check dw_text_find(const struct dw_language *language, const char *key,
                                struct dw_slice *ret_text, struct dw_error *reterr);

/* The text with its placeholders filled, as plain text: nothing is escaped and nothing is strong.
 * For mails and JSON. A placeholder without a field is empty. */
bool dw_must_check dw_text_fill(const struct dw_language *language, const char *key,
                                const struct dw_html_row *values, struct dw_arena *arena,
                                struct dw_slice *ret_text, struct dw_error *reterr);

/* What a text is made of, for who fills it. */
enum dw_text_piece_kind {
    DW_TEXT_WORDS,
    DW_TEXT_PLACEHOLDER, /* text: its name */
    DW_TEXT_STRONG,      /* strong words begin or end */
};
struct dw_text_piece {
    enum dw_text_piece_kind kind;
    struct dw_slice text;
};
/* Takes the next piece off *rest; false at the end. */
bool dw_text_next(struct dw_slice *rest, struct dw_text_piece *ret_piece);

#endif
