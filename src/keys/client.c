/* Asking the ring of keys: each call is written, taken there, and its answer read. */
#include "keys/keys.h"

#include "base/mem.h"
#include "keys/ring.h"
#include "keys/service.h"
#include "keys/wire.h"

#include <string.h>

struct keys {
    struct keys_transport transport;
};

/* --- opening -------------------------------------------------------------------------------------
 */

bool keys_connect(const struct keys_transport *transport, struct keys **out_keys, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct keys), &memory, e)) {
        transport->close(transport->ctx);
        return false;
    }
    struct keys *keys = memory;
    keys->transport = *transport;
    *out_keys = keys;
    return true;
}

static bool call_here(void *ctx, const struct buf *call, struct buf *out_answer, struct err *e) {
    return keys_serve(ctx, call->data, call->len, out_answer, e);
}

static void close_here(void *ctx) {
    ring_free(ctx);
}

bool keys_open(const char *sealing_key_path, struct keys **out_keys, struct err *e) {
    struct ring *ring = NULL;
    if (!ring_open(sealing_key_path, &ring, e)) {
        return false;
    }
    const struct keys_transport here = {.ctx = ring, .call = call_here, .close = close_here};
    return keys_connect(&here, out_keys, e);
}

void keys_close(struct keys *keys) {
    if (keys != NULL) {
        keys->transport.close(keys->transport.ctx);
        mem_free(keys);
    }
}

/* --- a call --------------------------------------------------------------------------------------
 */

struct call {
    struct pack_writer w;
    struct unpack_reader r;
    struct buf out;
    struct buf in;
};

static void call_clear(struct call *call) {
    buf_cleanse(&call->out);
    buf_cleanse(&call->in);
}

/* In one piece from the beginning, so that no copy of a secret is left where it once was. */
static bool call_begin(struct call *call, enum wire_call number, size_t room, struct err *e) {
    wire_init(&call->out);
    wire_init(&call->in);
    call->w = (struct pack_writer){.out = &call->out};
    if (!buf_reserve(&call->out, room, e)) {
        return false;
    }
    pack_u8(&call->w, (uint8_t)number);
    return true;
}

/* Whether it went well; then the results are there to be read. */
static bool read_answer(struct call *call, const uint8_t *answer, size_t len, struct err *e) {
    struct err failure = {0};
    unpack_init(&call->r, answer, len);
    if (unpack_bool(&call->r)) {
        return true;
    }
    unpack_err(&call->r, &failure);
    if (unpack_end(&call->r, e) && e != NULL) {
        *e = failure;
    }
    return false;
}

/* Sends it, and reads the answer. */
static bool call_end(struct keys *keys, struct call *call, struct err *e) {
    return pack_end(&call->w, e) &&
           keys->transport.call(keys->transport.ctx, &call->out, &call->in, e) &&
           read_answer(call, call->in.data, call->in.len, e);
}

enum { ROOM = 64 * 1024 };

/* The one result is bytes, which are appended. */
static bool take_bytes(struct call *call, struct buf *out, struct err *e) {
    size_t len = 0;
    const uint8_t *bytes = unpack_bytes(&call->r, WIRE_DER_MAX, &len);
    return unpack_end(&call->r, e) && (len == 0 || buf_append(out, bytes, len, e));
}

static bool take_key(struct call *call, struct sealed_key *out_key, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    wire_read_key(&call->r, &key);
    if (!unpack_end(&call->r, e)) {
        return false;
    }
    *out_key = key;
    key.blob = NULL;
    return true;
}

/* --- the calls -----------------------------------------------------------------------------------
 */

bool keys_make(struct keys *keys, const struct key_wish *wish, struct sealed_key *out_key,
               struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_MAKE, ROOM, e)) {
        return false;
    }
    wire_pack_wish(&call.w, wish);
    return call_end(keys, &call, e) && take_key(&call, out_key, e);
}

bool keys_import(struct keys *keys, const struct secret *pkcs8, const struct key_wish *wish,
                 struct sealed_key *out_key, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_IMPORT, ROOM + pkcs8->len, e)) {
        return false;
    }
    wire_pack_wish(&call.w, wish);
    wire_pack_secret(&call.w, pkcs8);
    return call_end(keys, &call, e) && take_key(&call, out_key, e);
}

bool keys_public(struct keys *keys, const struct sealed_key *key, struct buf *out_spki,
                 struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_PUBLIC, ROOM, e)) {
        return false;
    }
    wire_pack_key(&call.w, key);
    return call_end(keys, &call, e) && take_bytes(&call, out_spki, e);
}

bool keys_sign_request(struct keys *keys, const struct sealed_key *key,
                       const struct request_names *names, struct buf *out_der, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_SIGN_REQUEST, ROOM, e)) {
        return false;
    }
    wire_pack_key(&call.w, key);
    wire_pack_names(&call.w, names);
    return call_end(keys, &call, e) && take_bytes(&call, out_der, e);
}

static bool begin_signing(struct call *call, enum wire_call number, const struct sealed_key *ca,
                          const uint8_t *tbs, size_t tbs_len, struct err *e) {
    if (tbs_len > WIRE_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "%zu bytes to be signed; at most %d can be", tbs_len,
                       WIRE_DER_MAX);
    }
    if (!call_begin(call, number, ROOM + tbs_len, e)) {
        return false;
    }
    wire_pack_key(&call->w, ca);
    pack_bytes(&call->w, tbs, tbs_len);
    return true;
}

static bool sign_tbs_by(struct keys *keys, enum wire_call number, const struct sealed_key *ca,
                        const uint8_t *tbs, size_t tbs_len, struct buf *out_der, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    return begin_signing(&call, number, ca, tbs, tbs_len, e) && call_end(keys, &call, e) &&
           take_bytes(&call, out_der, e);
}

bool keys_sign_certificate(struct keys *keys, const struct sealed_key *ca, const uint8_t *tbs,
                           size_t tbs_len, struct buf *out_der, struct err *e) {
    return sign_tbs_by(keys, WIRE_SIGN_CERTIFICATE, ca, tbs, tbs_len, out_der, e);
}

bool keys_sign_crl(struct keys *keys, const struct sealed_key *ca, const uint8_t *tbs,
                   size_t tbs_len, struct buf *out_der, struct err *e) {
    return sign_tbs_by(keys, WIRE_SIGN_CRL, ca, tbs, tbs_len, out_der, e);
}

bool keys_pack_sign_crl(const struct sealed_key *ca, const uint8_t *tbs, size_t tbs_len,
                        struct buf *out_call, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    return begin_signing(&call, WIRE_SIGN_CRL, ca, tbs, tbs_len, e) && pack_end(&call.w, e) &&
           buf_append(out_call, call.out.data, call.out.len, e);
}

bool keys_read_signed(const uint8_t *answer, size_t len, struct buf *out_der, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    return read_answer(&call, answer, len, e) && take_bytes(&call, out_der, e);
}

bool keys_test(struct keys *keys, const struct sealed_key *key, const struct cert *certificate,
               struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_TEST, ROOM + certificate->der_len, e)) {
        return false;
    }
    wire_pack_key(&call.w, key);
    wire_pack_cert(&call.w, certificate);
    return call_end(keys, &call, e) && unpack_end(&call.r, e);
}

static size_t room_of(const struct cert_list *certs) {
    size_t room = 0;
    for (size_t i = 0; certs != NULL && i < certs->count; i++) {
        room += certs->items[i]->der_len + sizeof(uint32_t);
    }
    return room;
}

bool keys_export_pfx(struct keys *keys, const struct sealed_key *key, const struct pfx_wish *wish,
                     struct buf *out_der, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    size_t room = ROOM + wish->certificate->der_len + room_of(wish->chain) + wish->password->len +
                  (wish->friendly_name == NULL ? 0 : strlen(wish->friendly_name));
    if (!call_begin(&call, WIRE_EXPORT_PFX, room, e)) {
        return false;
    }
    wire_pack_key(&call.w, key);
    pack_u8(&call.w, (uint8_t)wish->reader);
    pack_text(&call.w, wish->friendly_name);
    wire_pack_cert(&call.w, wish->certificate);
    wire_pack_certs(&call.w, wish->chain);
    wire_pack_secret(&call.w, wish->password);
    return call_end(keys, &call, e) && take_bytes(&call, out_der, e);
}

bool keys_export_pem(struct keys *keys, const struct sealed_key *key, const struct secret *password,
                     struct buf *out_pem, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_EXPORT_PEM, ROOM + password->len, e)) {
        return false;
    }
    wire_pack_key(&call.w, key);
    wire_pack_secret(&call.w, password);
    return call_end(keys, &call, e) && take_bytes(&call, out_pem, e);
}

static void pack_place(struct pack_writer *w, const char *table, const struct id *id,
                       const char *column) {
    pack_text(w, table);
    pack_id(w, id);
    pack_text(w, column);
}

bool keys_seal_secret(struct keys *keys, const char *table, const struct id *id, const char *column,
                      const struct secret *value, struct buf *out_blob, struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    if (!call_begin(&call, WIRE_SEAL_SECRET, ROOM + value->len, e)) {
        return false;
    }
    pack_place(&call.w, table, id, column);
    wire_pack_secret(&call.w, value);
    return call_end(keys, &call, e) && take_bytes(&call, out_blob, e);
}

bool keys_open_secret(struct keys *keys, const char *table, const struct id *id, const char *column,
                      const uint8_t *blob, size_t blob_len, struct secret *out_value,
                      struct err *e) {
    PL_AUTO(call_clear) struct call call = {0};
    PL_AUTO(secret_clear) struct secret value = {0};
    if (!call_begin(&call, WIRE_OPEN_SECRET, ROOM + blob_len, e)) {
        return false;
    }
    pack_place(&call.w, table, id, column);
    pack_bytes(&call.w, blob, blob_len);
    if (!call_end(keys, &call, e)) {
        return false;
    }
    wire_read_secret(&call.r, KEYS_BLOB_MAX, &value);
    if (!unpack_end(&call.r, e)) {
        return false;
    }
    *out_value = value;
    value = (struct secret){0};
    return true;
}
