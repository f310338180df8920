/* The store's queue of mails. The rules of store.h hold: blocking, and a true write is on the disk.
 * What a mail says is sealed by the tenant and opaque here. */
#ifndef DW_STORE_MAIL_H
#define DW_STORE_MAIL_H

#include "store/store.h"

enum dw_mail_phase {
    DW_MAIL_QUEUED,    /* to be sent, at next_at_s or later */
    DW_MAIL_OUTBOX,    /* development: to be looked at, never sent */
    DW_MAIL_FAILED,    /* given up; kept a while for the operator */
    DW_MAIL_TO_NOBODY, /* there to have been written: goes at the next purge */
    DW_MAIL_PHASE_COUNT
};

struct dw_mail_record {
    struct dw_slice id; /* random */
    struct dw_slice template_name;
    struct dw_slice sealed_text; /* recipient, subject and both parts */
    enum dw_mail_phase phase;
    int64_t attempts;
    int64_t next_at_s;
    int64_t created_at_s;
    int64_t expires_at_s;    /* what it says is of no use any more */
    struct dw_slice failure; /* what the server said last; no part of the mail */
};

/* Puts it into the queue unless as many as queue_max are there in its phase. */
bool dw_must_check dw_store_add_mail(struct dw_store *store, const struct dw_mail_record *mail,
                                     int64_t queue_max, bool *ret_is_added,
                                     struct dw_error *reterr);
/* The queued mail that is due longest, for one sender: until now_s + lease_s no other gets it, and
 * its attempts count one more. NULL: none is due. */
bool dw_must_check dw_store_take_mail(struct dw_store *store, int64_t now_s, int64_t lease_s,
                                      struct dw_arena *arena, struct dw_mail_record **ret_mail,
                                      struct dw_error *reterr);
/* It failed: again at next_at_s, or, with phase FAILED, never. */
bool dw_must_check dw_store_mail_failed(struct dw_store *store, struct dw_slice id,
                                        enum dw_mail_phase phase, int64_t next_at_s,
                                        struct dw_slice failure, struct dw_error *reterr);
/* It was sent. Deleting what is not there is no failure. */
bool dw_must_check dw_store_delete_mail(struct dw_store *store, struct dw_slice id,
                                        struct dw_error *reterr);
/* The newest first. */
bool dw_must_check dw_store_mails(struct dw_store *store, enum dw_mail_phase phase,
                                  struct dw_page page, struct dw_arena *arena,
                                  struct dw_mail_record **ret_mails, size_t *ret_count,
                                  int64_t *ret_total, struct dw_error *reterr);

#endif
