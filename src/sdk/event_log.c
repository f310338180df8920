/* What was sent in a session, kept for clients that come back with Last-Event-ID (MCP 2025-11-25
 * transports, "Resumability and Redelivery"). One log a session, so nothing of another session can
 * be asked for; bounded in bytes, the oldest events give way. */
#include "sdk/sdk_internal.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

struct event {
    struct event *next;
    int64_t stream, number;
    bool is_last;
    size_t len;
    char bytes[];
};

struct dw_event_log {
    struct event *first, *last;
    size_t bytes;
    int64_t next_number;
};

struct dw_event_log *dw_event_log_new(void)
{
    return dw_mem_new(sizeof(struct dw_event_log));
}

static void drop_first(struct dw_event_log *log)
{
    struct event *event = log->first;

    log->first = event->next;
    if (!log->first)
        log->last = NULL;
    log->bytes -= sizeof *event + event->len;
    dw_mem_free(event);
}

void dw_event_log_free(struct dw_event_log *log)
{
    while (log && log->first)
        drop_first(log);
    dw_mem_free(log);
}

void dw_event_log_add(struct dw_event_log *log, int64_t stream, struct dw_slice message,
                      bool is_last, char ret_id[static DW_EVENT_ID_SIZE])
{
    size_t size = sizeof(struct event) + message.len;
    struct event *event = size <= DW_EVENT_LOG_BYTES ? dw_mem_alloc(size) : NULL;

    log->next_number++;
    snprintf(ret_id, DW_EVENT_ID_SIZE, "%lld-%lld", (long long)stream, (long long)log->next_number);
    if (!event)
        return;
    *event = (struct event){NULL, stream, log->next_number, is_last, message.len};
    if (message.len > 0)
        memcpy(event->bytes, message.ptr, message.len);
    if (log->last)
        log->last->next = event;
    else
        log->first = event;
    log->last = event;
    log->bytes += size;
    while (log->bytes > DW_EVENT_LOG_BYTES)
        drop_first(log);
}

bool dw_event_id_read(struct dw_slice text, int64_t *ret_stream, int64_t *ret_number)
{
    size_t dash = dw_slice_index(text, '-');

    return dw_text_to_int(dw_slice_sub(text, 0, dash), ret_stream) &&
           dw_text_to_int(dw_slice_sub(text, dash + 1, text.len), ret_number) && *ret_stream >= 0 &&
           *ret_number >= 0;
}

void dw_event_log_replay(const struct dw_event_log *log, int64_t stream, int64_t number,
                         void (*replay)(void *user, struct dw_slice id, struct dw_slice message,
                                        bool is_last),
                         void *user)
{
    char id[DW_EVENT_ID_SIZE];

    for (const struct event *event = log->first; event; event = event->next) {
        if (event->stream != stream || event->number <= number || event->len == 0)
            continue;
        snprintf(id, sizeof id, "%lld-%lld", (long long)stream, (long long)event->number);
        replay(user, dw_slice_from_text(id), dw_slice_from(event->bytes, event->len),
               event->is_last);
    }
}
