/* Sealed keys as rows of the store, and back: what the two floors between must not know of each
 * other. */
#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"

#include <string.h>

bool ops_key_insert(struct ops *ops, const struct sealed_key *key, struct err *e) {
    char spec[KEY_SPEC_TEXT];
    key_spec_format(&key->spec, spec);
    struct key_row row = {
        .id = key->id,
        .purpose = (int)key->purpose,
        .provider = key->provider,
        .is_exportable = key->is_exportable,
        .spec = spec,
        .may_sign_ca = key->limits.may_sign_ca,
        .path_length_max = key->limits.path_length_max,
        .lifetime_max_ms = key->limits.lifetime_max_ms,
        .may_sign_crl = key->limits.may_sign_crl,
        .blob_format = 1,
        .blob = {key->blob, key->blob_len},
    };
    memcpy(row.spki_sha256, key->spki_sha256, sizeof(row.spki_sha256));
    memcpy(row.sealing_key_id, key->sealing_key_id, sizeof(row.sealing_key_id));
    return store_key_insert(ops->store, &row, e);
}

static bool from_row(const struct key_row *row, struct sealed_key *out_key, struct err *e) {
    struct sealed_key key = {
        .id = row->id,
        .purpose = (enum key_purpose)row->purpose,
        .is_exportable = row->is_exportable,
        .limits = {.may_sign_ca = row->may_sign_ca,
                   .path_length_max = row->path_length_max,
                   .lifetime_max_ms = row->lifetime_max_ms,
                   .may_sign_crl = row->may_sign_crl},
        .blob_len = row->blob.len,
    };
    void *blob = NULL;
    if (!key_spec_parse(row->spec, &key.spec, e) ||
        !mem_dup(row->blob.data, row->blob.len, &blob, e)) {
        return false;
    }
    key.blob = blob;
    (void)str_copy(key.provider, sizeof(key.provider), row->provider);
    memcpy(key.spki_sha256, row->spki_sha256, sizeof(key.spki_sha256));
    memcpy(key.sealing_key_id, row->sealing_key_id, sizeof(key.sealing_key_id));
    *out_key = key;
    return true;
}

bool ops_key_load(struct ops *ops, const struct id *id, struct sealed_key *out_key, struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *row = NULL;
    if (!store_key_get(ops->store, id, &row, e)) {
        return false;
    }
    if (row == NULL || row->deleted_ms != 0 || row->blob.len == 0) {
        return err_set(e, ERR_PKI_KEY_MISSING, "its private key is no longer in this store");
    }
    return from_row(row, out_key, e);
}

bool ops_key_load_spki(struct ops *ops, const uint8_t spki_sha256[32], struct sealed_key *out_key,
                       bool *out_found, struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *row = NULL;
    if (!store_key_find_spki(ops->store, spki_sha256, &row, e)) {
        return false;
    }
    *out_found = row != NULL;
    return row == NULL || from_row(row, out_key, e);
}
