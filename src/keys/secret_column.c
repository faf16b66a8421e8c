/*
 * Secrets of the store that are not keys, sealed where they are kept: a value that is moved to
 * another row, column or table does not open.
 *
 * A blob is: the sealing key's id, then a blob of keys/sealing.h.
 */
#include "keys/ring_parts.h"

#include <string.h>

enum { NAME_MAX_LEN = 64, COLUMN_FIELDS_MAX = 256 };

/* Names end in NUL, so that "a" + "bc" is not "ab" + "c". */
static bool append_place(const struct ring *ring, const char *table, const struct id *id,
                         const char *column, struct buf *out, struct err *e) {
    static const char label[] = "padlock sealed column";
    PL_BUG_UNLESS(strlen(table) <= NAME_MAX_LEN && strlen(column) <= NAME_MAX_LEN);
    return buf_append(out, label, sizeof(label), e) &&
           buf_append(out, ring->sealing.id, KEYS_SEALING_ID_LEN, e) &&
           buf_append(out, table, strlen(table) + 1, e) && buf_append(out, id->bytes, ID_LEN, e) &&
           buf_append(out, column, strlen(column) + 1, e);
}

bool ring_seal_secret(struct ring *ring, const char *table, const struct id *id, const char *column,
                      const struct secret *value, struct buf *out_blob, struct err *e) {
    PL_AUTO(buf_clear) struct buf place;
    buf_init(&place, COLUMN_FIELDS_MAX);
    return append_place(ring, table, id, column, &place, e) &&
           buf_reserve(out_blob, KEYS_SEALING_ID_LEN + SEALING_OVERHEAD + value->len, e) &&
           buf_append(out_blob, ring->sealing.id, KEYS_SEALING_ID_LEN, e) &&
           sealing_seal(&ring->sealing, &place, value, out_blob, e);
}

bool ring_open_secret(struct ring *ring, const char *table, const struct id *id, const char *column,
                      const uint8_t *blob, size_t blob_len, struct secret *out_value,
                      struct err *e) {
    PL_AUTO(buf_clear) struct buf place;
    buf_init(&place, COLUMN_FIELDS_MAX);
    if (blob_len < KEYS_SEALING_ID_LEN + SEALING_OVERHEAD) {
        return err_set(e, ERR_KEYS_SECRET_BROKEN, "a sealed secret was cut");
    }
    if (!secret_equal(blob, ring->sealing.id, KEYS_SEALING_ID_LEN)) {
        (void)err_set(e, ERR_KEYS_SECRET_BROKEN, "a secret was sealed with another sealing key");
        return err_hint(e, "give the sealing key that belongs to this store");
    }
    return append_place(ring, table, id, column, &place, e) &&
           sealing_unseal(&ring->sealing, &place, blob + KEYS_SEALING_ID_LEN,
                          blob_len - KEYS_SEALING_ID_LEN, ERR_KEYS_SECRET_BROKEN, out_value, e);
}
