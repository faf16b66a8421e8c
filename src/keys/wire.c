/* Writing and reading what keys is asked and what it answers. */
#include "keys/wire.h"

#include "base/mem.h"

#include <string.h>

void wire_init(struct buf *b) {
    buf_init(b, WIRE_MAX);
}

static void break_by(struct unpack_reader *r, const struct err *failure) {
    r->is_broken = true;
    r->is_out_of_memory = r->is_out_of_memory || failure->code == ERR_BASE_OOM;
}

/* --- sealed keys and wishes ----------------------------------------------------------------------
 */

static void pack_limits(struct pack_writer *w, const struct key_limits *limits) {
    pack_bool(w, limits->may_sign_ca);
    pack_u32(w, limits->path_length_max);
    pack_i64(w, limits->lifetime_max_ms);
    pack_bool(w, limits->may_sign_crl);
}

static void read_limits(struct unpack_reader *r, struct key_limits *out_limits) {
    out_limits->may_sign_ca = unpack_bool(r);
    out_limits->path_length_max = unpack_u32(r);
    out_limits->lifetime_max_ms = unpack_i64(r);
    out_limits->may_sign_crl = unpack_bool(r);
}

static void pack_spec(struct pack_writer *w, const struct key_spec *spec) {
    pack_u32(w, (uint32_t)spec->family);
    pack_u32(w, spec->bits);
}

static void read_spec(struct unpack_reader *r, struct key_spec *out_spec) {
    out_spec->family = (enum key_family)unpack_u32(r);
    out_spec->bits = unpack_u32(r);
}

void wire_pack_key(struct pack_writer *w, const struct sealed_key *key) {
    pack_id(w, &key->id);
    pack_u32(w, (uint32_t)key->purpose);
    pack_raw(w, key->provider, sizeof(key->provider));
    pack_bool(w, key->is_exportable);
    pack_spec(w, &key->spec);
    pack_raw(w, key->spki_sha256, sizeof(key->spki_sha256));
    pack_limits(w, &key->limits);
    pack_raw(w, key->sealing_key_id, sizeof(key->sealing_key_id));
    pack_bytes(w, key->blob, key->blob_len);
}

void wire_read_key(struct unpack_reader *r, struct sealed_key *out_key) {
    *out_key = (struct sealed_key){0};
    unpack_id(r, &out_key->id);
    out_key->purpose = (enum key_purpose)unpack_u32(r);
    unpack_raw(r, out_key->provider, sizeof(out_key->provider));
    out_key->is_exportable = unpack_bool(r);
    read_spec(r, &out_key->spec);
    unpack_raw(r, out_key->spki_sha256, sizeof(out_key->spki_sha256));
    read_limits(r, &out_key->limits);
    unpack_raw(r, out_key->sealing_key_id, sizeof(out_key->sealing_key_id));
    size_t len = 0;
    const uint8_t *blob = unpack_bytes(r, WIRE_DER_MAX, &len);
    void *copy = NULL;
    r->is_broken = r->is_broken || out_key->provider[sizeof(out_key->provider) - 1] != '\0';
    struct err failure = {0};
    if (len > 0 && !mem_dup(blob, len, &copy, &failure)) {
        break_by(r, &failure);
        return;
    }
    out_key->blob = copy;
    out_key->blob_len = len;
}

void wire_pack_wish(struct pack_writer *w, const struct key_wish *wish) {
    pack_spec(w, &wish->spec);
    pack_u32(w, (uint32_t)wish->purpose);
    pack_bool(w, wish->is_exportable);
    pack_limits(w, &wish->limits);
}

void wire_read_wish(struct unpack_reader *r, struct key_wish *out_wish) {
    read_spec(r, &out_wish->spec);
    out_wish->purpose = (enum key_purpose)unpack_u32(r);
    out_wish->is_exportable = unpack_bool(r);
    read_limits(r, &out_wish->limits);
    r->is_broken = r->is_broken || out_wish->purpose < KEY_PURPOSE_TLS_SERVER ||
                   out_wish->purpose > KEY_PURPOSE_AUDIT;
}

/* --- names ---------------------------------------------------------------------------------------
 */

void wire_pack_names(struct pack_writer *w, const struct request_names *names) {
    pack_u32(w, (uint32_t)names->subject.count);
    for (size_t i = 0; i < names->subject.count; i++) {
        const struct dn_part *part = &names->subject.parts[i];
        pack_u32(w, (uint32_t)part->nid);
        pack_text(w, part->value);
    }
    pack_u32(w, (uint32_t)names->sans.count);
    for (size_t i = 0; i < names->sans.count; i++) {
        pack_u8(w, (uint8_t)names->sans.items[i].kind);
        pack_text(w, names->sans.items[i].text);
    }
}

void wire_read_names(struct unpack_reader *r, struct request_names *out_names) {
    *out_names = (struct request_names){0};
    uint32_t parts = unpack_u32(r);
    for (uint32_t i = 0; i < parts && !r->is_broken; i++) {
        int nid = (int)unpack_u32(r);
        const char *value = unpack_text(r, DN_VALUE_MAX + 1);
        struct err failure = {0};
        if (!r->is_broken && !dn_add(&out_names->subject, nid, value, &failure)) {
            break_by(r, &failure);
        }
    }
    uint32_t sans = unpack_u32(r);
    for (uint32_t i = 0; i < sans && !r->is_broken; i++) {
        unsigned kind = unpack_u8(r);
        const char *text = unpack_text(r, SAN_TEXT_MAX + 1);
        struct err failure = {0};
        r->is_broken = r->is_broken || text == NULL || kind > SAN_OTHER;
        if (!r->is_broken && !san_list_add(&out_names->sans, (enum san_kind)kind, text, &failure)) {
            break_by(r, &failure);
        }
    }
}

/* --- secrets and certificates --------------------------------------------------------------------
 */

void wire_pack_secret(struct pack_writer *w, const struct secret *secret) {
    pack_bytes(w, secret->bytes, secret->len);
}

void wire_read_secret(struct unpack_reader *r, size_t max, struct secret *out_secret) {
    size_t len = 0;
    const uint8_t *bytes = unpack_bytes(r, max, &len);
    struct err failure = {0};
    if (len > 0 && !secret_copy(out_secret, bytes, len, &failure)) {
        break_by(r, &failure);
    }
}

void wire_pack_cert(struct pack_writer *w, const struct cert *cert) {
    pack_bytes(w, cert->der, cert->der_len);
}

void wire_read_cert(struct unpack_reader *r, struct cert **out_cert) {
    size_t len = 0;
    const uint8_t *der = unpack_bytes(r, CERT_DER_MAX, &len);
    struct err failure = {0};
    if (len == 0 || !cert_from_der(der, len, out_cert, &failure)) {
        break_by(r, &failure);
    }
}

void wire_pack_certs(struct pack_writer *w, const struct cert_list *certs) {
    size_t count = certs == NULL ? 0 : certs->count;
    pack_u32(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        wire_pack_cert(w, certs->items[i]);
    }
}

void wire_read_certs(struct unpack_reader *r, size_t max, struct cert_list *out_certs) {
    uint32_t count = unpack_u32(r);
    r->is_broken = r->is_broken || count > max;
    for (uint32_t i = 0; i < count && !r->is_broken; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        wire_read_cert(r, &cert);
        struct err failure = {0};
        if (!r->is_broken && !cert_list_add(out_certs, cert, &failure)) {
            break_by(r, &failure);
        }
    }
}
