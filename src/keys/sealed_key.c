/* What the store keeps of a key: copying it, and the fields that its blob authenticates. */
#include "keys/ring_parts.h"

#include "base/mem.h"

#include <string.h>

void sealed_key_clear(struct sealed_key *key) {
    mem_free(key->blob);
    *key = (struct sealed_key){0};
}

bool sealed_key_copy(const struct sealed_key *from, struct sealed_key *out_key, struct err *e) {
    void *blob = NULL;
    if (!mem_dup(from->blob, from->blob_len, &blob, e)) {
        return false;
    }
    *out_key = *from;
    out_key->blob = blob;
    return true;
}

static bool append_number(struct buf *out, uint64_t number, unsigned len, struct err *e) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(number >> (8 * (len - 1 - i)));
    }
    return buf_append(out, bytes, len, e);
}

static bool append_provider(struct buf *out, const char provider[16], struct err *e) {
    char padded[16] = "";
    memcpy(padded, provider, strnlen(provider, sizeof(padded)));
    return buf_append(out, padded, sizeof(padded), e);
}

/* Every field has a fixed length, numbers big-endian: two keys with other fields have other bytes.
 */
bool sealed_key_append_fields(const struct sealed_key *key, struct buf *out, struct err *e) {
    static const char label[] = "padlock sealed key";
    const struct key_limits *limits = &key->limits;
    return buf_append(out, label, sizeof(label), e) &&
           buf_append(out, key->sealing_key_id, KEYS_SEALING_ID_LEN, e) &&
           buf_append(out, key->id.bytes, ID_LEN, e) &&
           append_number(out, (uint64_t)key->purpose, 4, e) &&
           append_provider(out, key->provider, e) &&
           append_number(out, key->is_exportable ? 1 : 0, 1, e) &&
           append_number(out, (uint64_t)key->spec.family, 4, e) &&
           append_number(out, key->spec.bits, 4, e) &&
           buf_append(out, key->spki_sha256, KEY_SPKI_SHA256_LEN, e) &&
           append_number(out, limits->may_sign_ca ? 1 : 0, 1, e) &&
           append_number(out, limits->path_length_max, 4, e) &&
           append_number(out, (uint64_t)limits->lifetime_max_ms, 8, e) &&
           append_number(out, limits->may_sign_crl ? 1 : 0, 1, e);
}
