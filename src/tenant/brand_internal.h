/* The tenant's own look on its pages (Auth0's branding object): logo, icon and two colours. Pure:
 * what an operator wrote becomes text for a page and sources for its Content-Security-Policy, or
 * is left out when it cannot be shown safely. */
#ifndef DW_TENANT_BRAND_INTERNAL_H
#define DW_TENANT_BRAND_INTERNAL_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

/* Everything but the colours of a button is empty where the tenant has nothing of its own. */
struct dw_brand {
    struct dw_slice logo_url;    /* https */
    struct dw_slice favicon_url; /* https */
    struct dw_slice css;         /* custom properties alone; nothing in it needs escaping */
    struct dw_slice style_src;   /* " 'sha256-...'" */
    struct dw_slice img_src;     /* " https://cdn.example.com" */
    /* "#1c6b4c": for mails, which have no style sheet; there are always two. */
    struct dw_slice button, on_button;
};

/* Colours are #RGB or #RRGGBB. They are moved towards black or white until text keeps the contrast
 * of WCAG 2.2 (1.4.3) in both colour schemes. Fails with DW_NO_MEMORY or DW_UNAVAILABLE only. */
bool dw_must_check dw_brand_make(const struct dw_tenant_settings *settings, struct dw_arena *arena,
                                 struct dw_brand *ret_brand, struct dw_error *reterr);

/* What a CSP source list may have for a URL: its origin, or its scheme where CSP has no way to
 * write the host (IPv6, private-use schemes). Empty: nothing that could be written safely. */
struct dw_slice dw_csp_source(struct dw_slice url, struct dw_arena *arena);

#endif
