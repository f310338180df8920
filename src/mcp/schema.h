/* JSON Schema 2020-12 (draft-bhutton-json-schema-01 and -validation-01): compiled once, then asked
 * often. All keywords of the core, applicator, unevaluated and validation vocabularies; format and
 * content are annotations, as the dialect says. References stay inside the schema and the documents
 * given with it: nothing is ever fetched (MCP 2026-07-28 basic, "JSON Schema usage" MUST NOT). */
#ifndef DW_MCP_SCHEMA_H
#define DW_MCP_SCHEMA_H

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"

#define DW_SCHEMA_DIALECT "https://json-schema.org/draft/2020-12/schema"
#define DW_SCHEMA_MAX_NODES 10000   /* subschemas of one schema and its documents */
#define DW_SCHEMA_MAX_DEPTH 128     /* nested evaluations */
#define DW_SCHEMA_MAX_STEPS 1000000 /* evaluations for one instance; beyond it nobody can tell */
#define DW_SCHEMA_MAX_FAULTS 8

struct dw_schema;

/* A further document that references may lead to. */
struct dw_schema_document {
    struct dw_slice uri; /* absolute, without fragment */
    const struct dw_json *json;
};

/* Everything, also what *ret_schema refers to in `schema` and `documents`, must live as long as the
 * arena. Immutable once made: any thread may validate. Fails with DW_INVALID_PARAMS and a sentence
 * that names the place in the schema: an unknown dialect, a reference that leads nowhere, a keyword
 * with a value of the wrong kind, a pattern that does not compile; or with DW_NO_MEMORY. */
bool dw_must_check dw_schema_compile(const struct dw_json *schema,
                                     const struct dw_schema_document *documents,
                                     size_t document_count, struct dw_arena *arena,
                                     struct dw_schema **ret_schema, struct dw_error *reterr);
/* Releases the compiled patterns; the rest is the arena's. NULL is fine. */
void dw_schema_free(struct dw_schema *schema);

struct dw_schema_fault {
    struct dw_slice instance_path; /* a JSON Pointer; "" is the whole instance */
    struct dw_slice message;       /* "must be a string", for the model and its user */
};

struct dw_schema_report {
    bool is_valid;
    struct dw_schema_fault faults[DW_SCHEMA_MAX_FAULTS]; /* the innermost first */
    size_t fault_count;
};

/* True: *ret_report says whether the instance is valid. False: could not tell, DW_INVALID_PARAMS
 * (too much work) or DW_NO_MEMORY; the caller refuses. */
bool dw_must_check dw_schema_validate(const struct dw_schema *schema,
                                      const struct dw_json *instance, struct dw_arena *arena,
                                      struct dw_schema_report *ret_report, struct dw_error *reterr);

#endif
