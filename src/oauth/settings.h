/* The tenant's settings as Auth0 writes them: three JSON documents ("tenant", "branding",
 * "prompts") of which some members are ours to act on. What is not is kept and shown all the same.
 *
 * What is in force is the standard document, with what the operator has set merged into it (RFC
 * 7396), with what the configuration file says merged into that: the file wins. */
#ifndef DW_OAUTH_SETTINGS_H
#define DW_OAUTH_SETTINGS_H

#include "base/arena.h"
#include "base/error.h"
#include "oauth/records.h"

#define DW_SETTINGS_MAX_BYTES ((size_t)64 * 1024) /* a document */

enum dw_settings_document {
    DW_SETTINGS_TENANT,
    DW_SETTINGS_BRANDING,
    DW_SETTINGS_PROMPTS,
    DW_SETTINGS_DOCUMENT_COUNT
};
extern const char *const dw_settings_document_names[]; /* tenant branding prompts */

/* What a new tenant has: a literal. */
struct dw_slice dw_settings_standard(enum dw_settings_document document);
/* Takes what this document says, in force, into *settings; texts live in `arena`. Fails with
 * DW_INVALID_REQUEST and a sentence that names the member: unknown, of another type, out of
 * bounds. */
bool dw_must_check dw_settings_read(enum dw_settings_document document, struct dw_slice json,
                                    struct dw_arena *arena, struct dw_tenant_settings *settings,
                                    struct dw_error *reterr);
/* Copies what *from points to into `arena` as well. */
bool dw_must_check dw_settings_copy(const struct dw_tenant_settings *from, struct dw_arena *arena,
                                    struct dw_tenant_settings *ret_settings,
                                    struct dw_error *reterr);

#endif
