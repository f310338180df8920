/* What a call answers: content blocks, prompt messages, resource contents, and what stands beside
 * them in the result (MCP schema CallToolResult, GetPromptResult, ReadResourceResult). Pure: JSON
 * in an arena. A failure sticks; it is reported when the result is written. */
#ifndef DW_SDK_CONTENT_INTERNAL_H
#define DW_SDK_CONTENT_INTERNAL_H

#include "json/json_writer.h"

#define DW_CONTENT_MAX_COMPLETIONS 100 /* MCP completion: at most 100 values */

enum dw_content_kind {
    DW_CONTENT_BLOCK,    /* text, image, audio, link: members with their type */
    DW_CONTENT_RESOURCE, /* members of ResourceContents */
};

struct dw_content_item {
    struct dw_content_item *next;
    enum dw_content_kind kind;
    struct dw_slice role;        /* of a prompt's message */
    struct dw_slice members;     /* JSON without the braces */
    struct dw_slice annotations; /* a JSON object, or empty */
};

struct dw_content {
    struct dw_arena *arena;
    struct dw_content_item *first;
    struct dw_content_item *last;
    struct dw_slice role;             /* of what is added next */
    const struct dw_json *structured; /* NULL: none */
    const struct dw_json *meta;       /* an object, or NULL */
    struct dw_slice *completions;
    size_t completion_count;
    size_t completion_total;
    bool is_error;
    struct dw_error fault; /* the first thing that went wrong */
};

/* All of it will be in `arena`. */
void dw_content_init(struct dw_content *content, struct dw_arena *arena);

void dw_content_add_text(struct dw_content *content, struct dw_slice text);
/* type: "image" or "audio"; data: the bytes. */
void dw_content_add_media(struct dw_content *content, const char *type, struct dw_slice data,
                          const char *mime_type);
/* member: "text", or "blob" with data in base64. */
void dw_content_add_resource(struct dw_content *content, const char *uri, const char *mime_type,
                             const char *member, struct dw_slice text);
void dw_content_add_resource_blob(struct dw_content *content, const char *uri,
                                  const char *mime_type, struct dw_slice data);
void dw_content_add_link(struct dw_content *content, const char *uri, const char *name,
                         const char *mime_type);
void dw_content_add_completion(struct dw_content *content, struct dw_slice value);
void dw_content_set_structured(struct dw_content *content, struct dw_slice json);
void dw_content_set_meta(struct dw_content *content, struct dw_slice json);
void dw_content_annotate(struct dw_content *content, struct dw_slice json);
void dw_content_set_role(struct dw_content *content, const char *role);

/* The members of a result, without braces, resultType and _meta. Fails with what stuck, or with
 * DW_INTERNAL when the content does not fit this kind of result.
 * description: of the prompt; may be empty. */
bool dw_must_check dw_content_write_tool(const struct dw_content *content,
                                         struct dw_json_writer *writer, struct dw_error *reterr);
bool dw_must_check dw_content_write_prompt(const struct dw_content *content,
                                           struct dw_slice description,
                                           struct dw_json_writer *writer, struct dw_error *reterr);
bool dw_must_check dw_content_write_resource(const struct dw_content *content,
                                             struct dw_json_writer *writer,
                                             struct dw_error *reterr);
bool dw_must_check dw_content_write_completion(const struct dw_content *content,
                                               struct dw_json_writer *writer,
                                               struct dw_error *reterr);

#endif
