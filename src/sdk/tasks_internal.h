/* The tasks extension (SEP-2663, io.modelcontextprotocol/tasks): calls that are answered at once
 * with a task, run on, and are asked after with tasks/get, /update and /cancel. On the loop. */
#ifndef DW_SDK_TASKS_INTERNAL_H
#define DW_SDK_TASKS_INTERNAL_H

#include "sdk/sdk_internal.h"

#define DW_TASKS_EXTENSION "io.modelcontextprotocol/tasks"
#define DW_TASKS_MAX 4096
#define DW_TASKS_MAX_OF_ONE 256 /* of one principal */
#define DW_TASKS_MAX_RESULT_BYTES ((size_t)4 * 1024 * 1024)
#define DW_TASKS_MAX_BYTES ((size_t)256 * 1024 * 1024) /* all results together */
#define DW_TASKS_TTL_MS ((int64_t)60 * 60 * 1000)      /* from the start of the task */
#define DW_TASKS_POLL_MS 500

/* Whether some tool can become a task: then the extension is declared. */
bool dw_tasks_are_offered(const struct dw_server *server);
/* Answers the client with a new task and lets the call run on without it, when the client can
 * follow one. A call that is a task already stays one. Fails with DW_MISSING_CAPABILITY when the
 * tool needs a task and the client knows none, DW_TOO_MANY or DW_NO_MEMORY. */
bool dw_must_check dw_task_begin(struct dw_call *call, struct dw_error *reterr);
/* The function of a call that is a task returned DW_INPUT_REQUIRED: it waits for tasks/update. */
void dw_task_park(struct dw_call *call);
/* Answers tasks/get, tasks/update and tasks/cancel; takes the call. */
void dw_call_task_get(struct dw_call *call);
void dw_call_task_update(struct dw_call *call);
void dw_call_task_cancel(struct dw_call *call);
/* Frees what is left; running calls must have ended. NULL is fine. */
void dw_tasks_free(struct dw_tasks *tasks);

#endif
