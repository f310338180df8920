/* The questions of one call to the user, through the client: which the client can be asked, which
 * are answered, which go out next (MCP elicitation, sampling, roots; multi-round-trip requests).
 * Pure; call_ask.c does the sending and the waiting. */
#ifndef DW_SDK_ASK_INTERNAL_H
#define DW_SDK_ASK_INTERNAL_H

#include "json/json_writer.h"

#define DW_ASK_MAX 16           /* questions of one round */
#define DW_ASK_MAX_ANSWERS 64   /* of all rounds of a call */
#define DW_ASK_MAX_KEY_BYTES 64 /* of a question's name */

enum dw_ask_kind {
    DW_ASK_FORM,
    DW_ASK_URL,
    DW_ASK_SAMPLE,
    DW_ASK_ROOTS,
};

struct dw_ask {
    enum dw_ask_kind kind;
    struct dw_slice key;
    struct dw_slice params;       /* a JSON object */
    const struct dw_json *schema; /* of a form's content; NULL: none */
};

struct dw_ask_answer {
    struct dw_slice key;
    const struct dw_json *json;
};

/* In the call's arena. */
struct dw_asks {
    struct dw_arena *arena;
    const struct dw_json *given;     /* inputResponses; NULL: none */
    const struct dw_json *kept;      /* answers of earlier rounds, from requestState; NULL: none */
    struct dw_slice state;           /* the author's; empty: none */
    struct dw_ask asked[DW_ASK_MAX]; /* not answered yet: the next round */
    size_t asked_count;
    struct dw_ask_answer answers[DW_ASK_MAX_ANSWERS]; /* that were used in this run */
    size_t answer_count;
    int64_t waiting_id;            /* of our request that a worker waits for; 0: none */
    const struct dw_json *arrived; /* its answer, a result or an error object */
    bool is_refused;               /* what arrived is an error */
};

const char *dw_ask_method(enum dw_ask_kind kind);
/* Whether the client has declared what the question needs; *ret_capability: that, as the value of
 * requiredCapabilities. */
bool dw_ask_is_possible(const struct dw_json *capabilities, enum dw_ask_kind kind,
                        struct dw_slice *ret_capability);
/* Whether the answer is one to this question. False for "no" and for "cannot tell": it is asked
 * again. */
bool dw_ask_fits(const struct dw_ask *ask, const struct dw_json *answer, struct dw_arena *arena);

/* True and *ret_answer when it is answered (remembered for the next rounds), else it stands in
 * asked and *ret_answer is NULL. Fails with DW_INTERNAL when there are too many questions, or the
 * key is asked twice. */
bool dw_must_check dw_asks_find(struct dw_asks *asks, const struct dw_ask *ask,
                                const struct dw_json **ret_answer, struct dw_error *reterr);
/* {"user_name":{"method":"elicitation/create","params":{...}}} */
void dw_asks_write(const struct dw_asks *asks, struct dw_json_writer *writer);
/* The answers used so far as an object, for the state; nothing when there are none. */
bool dw_must_check dw_asks_answers(const struct dw_asks *asks, struct dw_slice *ret_json,
                                   struct dw_error *reterr);

/* Params of the questions. id: the elicitationId of 2025-11-25 peers, else empty. Fail with
 * DW_INTERNAL when the author's JSON is none. */
bool dw_must_check dw_ask_form(struct dw_slice key, struct dw_slice message, struct dw_slice schema,
                               struct dw_arena *arena, struct dw_ask *ret_ask,
                               struct dw_error *reterr);
bool dw_must_check dw_ask_url(struct dw_slice key, struct dw_slice message, struct dw_slice url,
                              struct dw_slice id, struct dw_arena *arena, struct dw_ask *ret_ask,
                              struct dw_error *reterr);
bool dw_must_check dw_ask_sample(struct dw_slice key, struct dw_slice params,
                                 struct dw_arena *arena, struct dw_ask *ret_ask,
                                 struct dw_error *reterr);

#endif
