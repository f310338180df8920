/* One call of a tool, a prompt or a resource, as its author sees it. Valid until run returns; used
 * by one thread at a time. Slices that come out of it live as long as the call. */
#ifndef DOORWARD_CALL_H
#define DOORWARD_CALL_H

#include <doorward/server.h>

DW_BEGIN_C

/* ---- what was asked ---- */

/* The arguments as JSON text, checked against the input schema; "{}" when there are none. */
DW_EXPORT struct dw_slice dw_call_arguments(const struct dw_call *call);
/* One argument by name. False when it is absent or of another type. */
DW_EXPORT bool dw_call_text(const struct dw_call *call, const char *name,
                            struct dw_slice *ret_text);
DW_EXPORT bool dw_call_int(const struct dw_call *call, const char *name, int64_t *ret_number);
DW_EXPORT bool dw_call_double(const struct dw_call *call, const char *name, double *ret_number);
DW_EXPORT bool dw_call_bool(const struct dw_call *call, const char *name, bool *ret_value);
/* Any argument as JSON text. */
DW_EXPORT bool dw_call_json(const struct dw_call *call, const char *name,
                            struct dw_slice *ret_json);
DW_EXPORT struct dw_slice dw_call_uri(const struct dw_call *call);
/* Completion: the prompt's name or the template's URI that values are wanted for. */
DW_EXPORT struct dw_slice dw_call_ref(const struct dw_call *call);
/* Completion: another argument or variable of the same, which has its value already. False when
 * the client does not say. */
DW_EXPORT bool dw_call_completed(const struct dw_call *call, const char *name,
                                 struct dw_slice *ret_text);
/* A variable of the template the URI fits, percent-decoded: it may hold any text, "../" and '/'
 * too. */
DW_EXPORT bool dw_call_variable(const struct dw_call *call, const char *name,
                                struct dw_slice *ret_text);
/* params._meta as JSON text, or "{}". */
DW_EXPORT struct dw_slice dw_call_meta(const struct dw_call *call);
/* Who calls; never NULL. Without OAuth it has no scopes and no subject. See doorward/auth.h. */
DW_EXPORT const struct dw_auth *dw_call_auth(const struct dw_call *call);

/* ---- memory ---- */

/* Lives as long as the call; NULL at its limit (64 MiB) or when memory is short. */
DW_EXPORT void *dw_call_alloc(struct dw_call *call, size_t size);
/* printf into that memory; ptr is NULL when memory is short. */
DW_EXPORT struct dw_slice dw_call_printf(struct dw_call *call, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* ---- the answer; everything is copied ---- */

DW_EXPORT void dw_call_add_text(struct dw_call *call, struct dw_slice text);
/* data: the bytes themselves, not base64. */
DW_EXPORT void dw_call_add_image(struct dw_call *call, struct dw_slice data, const char *mime_type);
DW_EXPORT void dw_call_add_audio(struct dw_call *call, struct dw_slice data, const char *mime_type);
/* An embedded resource in a tool's or prompt's content; a content of resources/read. */
DW_EXPORT void dw_call_add_resource_text(struct dw_call *call, const char *uri,
                                         const char *mime_type, struct dw_slice text);
DW_EXPORT void dw_call_add_resource_blob(struct dw_call *call, const char *uri,
                                         const char *mime_type, struct dw_slice data);
DW_EXPORT void dw_call_add_resource_link(struct dw_call *call, const char *uri, const char *name,
                                         const char *mime_type);
/* structuredContent: JSON text. Checked against the output schema; a text block with the same JSON
 * is added when there is no other content. */
DW_EXPORT void dw_call_set_structured(struct dw_call *call, struct dw_slice json);
/* Annotations of the content added last: a JSON object. */
DW_EXPORT void dw_call_annotate(struct dw_call *call, struct dw_slice json);
/* The result's _meta: a JSON object. */
DW_EXPORT void dw_call_set_meta(struct dw_call *call, struct dw_slice json);
/* A result that tells the model it went wrong (isError), with what was added as content. */
DW_EXPORT void dw_call_set_is_error(struct dw_call *call);
/* Prompts: what is added next belongs to a message of this role, "user" or "assistant". */
DW_EXPORT void dw_call_message(struct dw_call *call, const char *role);
DW_EXPORT void dw_call_add_completion(struct dw_call *call, struct dw_slice value);

/* ---- while it runs ---- */

/* Whether the client has cancelled or left: stop soon. Any thread. */
DW_EXPORT bool dw_call_is_cancelled(const struct dw_call *call);
/* notifications/progress, when the client asked for it; must grow from call to call. total 0:
 * unknown. */
DW_EXPORT void dw_call_progress(struct dw_call *call, double progress, double total,
                                const char *message);
/* notifications/message; level: debug info notice warning error critical alert emergency; json: any
 * JSON value. Sent when the client asked for this level. */
DW_EXPORT void dw_call_log(struct dw_call *call, const char *level, const char *logger,
                           struct dw_slice json);
/* HTTP with a 2025-11-25 client: ends the response stream, so that nothing is held open while the
 * tool works; the client comes back for the rest (SEP-1699). Elsewhere it does nothing. */
DW_EXPORT void dw_call_close_stream(struct dw_call *call);
/* From here on the call is a task (the tasks extension), when the client can follow one: it gets
 * its answer now and asks for the result later. For tools with DW_TASK_LATER, which ask the user
 * first; what they ask after this comes with the task. */
DW_EXPORT void dw_call_become_task(struct dw_call *call);

/* Asks the user, through the client. To a 2025-11-25 client the question goes out at once and the
 * call waits for the answer. To a 2026-07-28 client it goes out as the result of this call: the
 * function is then false with DW_INPUT_REQUIRED, which the tool returns, and the tool runs again
 * from its start when the answer is here. So whatever stands before must be fit to run twice.
 *
 * key       names the question within the tool: "user_name"
 * schema    a JSON Schema of a flat object (MCP elicitation)
 * ret_json  the client's result: {"action":"accept","content":{...}}; in the call's memory
 *
 * Fails with DW_INPUT_REQUIRED, DW_MISSING_CAPABILITY, DW_TIMED_OUT, DW_UNAVAILABLE (the client
 * refused), DW_MALFORMED (its answer does not fit the question) or DW_NO_MEMORY; with DW_INTERNAL
 * when a quick tool asks a 2025-11-25 client: it cannot wait. */
DW_EXPORT_CHECKED bool dw_call_elicit(struct dw_call *call, const char *key, const char *message,
                                      const char *schema, struct dw_slice *ret_json,
                                      struct dw_error *reterr);
/* The same for a page the user must visit (URL mode). */
DW_EXPORT_CHECKED bool dw_call_elicit_url(struct dw_call *call, const char *key,
                                          const char *message, const char *url,
                                          struct dw_slice *ret_json, struct dw_error *reterr);
/* Asks the client's model: params of sampling/createMessage as JSON text. */
DW_EXPORT_CHECKED bool dw_call_sample(struct dw_call *call, const char *key, struct dw_slice params,
                                      struct dw_slice *ret_json, struct dw_error *reterr);
/* The client's roots (roots/list). */
DW_EXPORT_CHECKED bool dw_call_roots(struct dw_call *call, const char *key,
                                     struct dw_slice *ret_json, struct dw_error *reterr);
/* Several questions in one round: call the functions above one after the other, whatever they
 * return, and then this: true when all answers are here, else false with DW_INPUT_REQUIRED. An
 * answer that is not here leaves *ret_json empty. */
DW_EXPORT_CHECKED bool dw_call_ask_end(struct dw_call *call, struct dw_error *reterr);
/* Out of such an answer: one value of an accepted form, or the "text" of a sampled message. False
 * when the user declined, or it is absent or of another type. */
DW_EXPORT bool dw_call_answer_text(struct dw_call *call, struct dw_slice answer, const char *name,
                                   struct dw_slice *ret_text);
DW_EXPORT bool dw_call_answer_json(struct dw_call *call, struct dw_slice answer, const char *name,
                                   struct dw_slice *ret_json);
/* What the tool wants to find again when it runs next: sealed by this process, bound to the caller,
 * the method and the arguments, and good for 15 minutes. It may come more than once: what must
 * happen once only, the tool itself remembers. JSON text; empty before it was set. */
DW_EXPORT void dw_call_set_state(struct dw_call *call, struct dw_slice json);
DW_EXPORT struct dw_slice dw_call_state(const struct dw_call *call);

DW_END_C

#endif
