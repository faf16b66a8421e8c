/* What control and keys tell each other of the session ticket keys that all nodes share
 * (ops/tickets.h): "ticket-wanted", "ticket-made", "ticket-shared". */
#ifndef PL_ROLE_TICKET_NOTE_H
#define PL_ROLE_TICKET_NOTE_H

#include "ipc/pack.h"
#include "ipc/messages.h"

/* Where a sealed ticket key says that it belongs: the store's table and column. */
#define TICKETS_TABLE "secrets"
#define TICKETS_COLUMN "blob"

enum { TICKET_BLOB_MAX = 256, TICKET_NOTE_MAX = 512, TICKET_SEALING_ID_LEN = 16 };

struct ticket_note {
    enum ipc_role net; /* IPC_NET or IPC_NET_SERVICES: whose tickets */
    struct id id;
    int64_t not_before_ms;
    uint8_t sealing_key_id[TICKET_SEALING_ID_LEN];
    uint8_t blob[TICKET_BLOB_MAX]; /* sealed; none in "ticket-wanted" */
    size_t blob_len;
};

/* Fails base.limit, base.oom. */
bool ticket_note_pack(const struct ticket_note *note, struct buf *out, struct err *e) PL_MUST_USE;
/* False when malformed. */
bool ticket_note_read(const uint8_t *bytes, size_t len, struct ticket_note *out_note) PL_MUST_USE;

#endif
