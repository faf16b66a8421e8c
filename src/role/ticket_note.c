/* Notes on shared ticket keys. */
#include "role/ticket_note.h"

#include <string.h>

bool ticket_note_pack(const struct ticket_note *note, struct buf *out, struct err *e) {
    struct pack_writer w = {.out = out};
    pack_u32(&w, (uint32_t)note->net);
    pack_id(&w, &note->id);
    pack_i64(&w, note->not_before_ms);
    pack_raw(&w, note->sealing_key_id, sizeof(note->sealing_key_id));
    pack_bytes(&w, note->blob, note->blob_len);
    return pack_end(&w, e);
}

bool ticket_note_read(const uint8_t *bytes, size_t len, struct ticket_note *out_note) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    uint32_t net = unpack_u32(&r);
    *out_note = (struct ticket_note){.net = net == IPC_NET_SERVICES ? IPC_NET_SERVICES : IPC_NET};
    unpack_id(&r, &out_note->id);
    out_note->not_before_ms = unpack_i64(&r);
    unpack_raw(&r, out_note->sealing_key_id, sizeof(out_note->sealing_key_id));
    const uint8_t *blob = unpack_bytes(&r, TICKET_BLOB_MAX, &out_note->blob_len);
    if (blob != NULL) {
        memcpy(out_note->blob, blob, out_note->blob_len);
    }
    return unpack_is_done(&r) && (net == IPC_NET || net == IPC_NET_SERVICES);
}
