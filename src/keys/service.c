/* Calls, each read whole before anything is done, then done, then answered. */
#include "keys/service.h"

#include "keys/wire.h"

struct serving {
    struct ring *ring;
    struct unpack_reader arguments;
    struct pack_writer results;
};

/* False: the call failed as e says. A call that is malformed has broken the reader. */
typedef bool serve_fn(struct serving *s, struct err *e);

/* Nothing is done for a call that was not read to its end. */
static bool was_read(const struct serving *s) {
    return unpack_is_done(&s->arguments);
}

static bool serve_make(struct serving *s, struct err *e) {
    struct key_wish wish = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    wire_read_wish(&s->arguments, &wish);
    if (!was_read(s) || !ring_make(s->ring, &wish, &key, e)) {
        return false;
    }
    wire_pack_key(&s->results, &key);
    return true;
}

static bool serve_import(struct serving *s, struct err *e) {
    struct key_wish wish = {0};
    PL_AUTO(secret_clear) struct secret pkcs8 = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    wire_read_wish(&s->arguments, &wish);
    wire_read_secret(&s->arguments, SECRET_MAX, &pkcs8);
    if (!was_read(s) || !ring_import(s->ring, &pkcs8, &wish, &key, e)) {
        return false;
    }
    wire_pack_key(&s->results, &key);
    return true;
}

static void give(struct serving *s, const struct buf *bytes) {
    pack_bytes(&s->results, bytes->data, bytes->len);
}

static bool serve_public(struct serving *s, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(buf_clear) struct buf spki = {.max = WIRE_DER_MAX};
    wire_read_key(&s->arguments, &key);
    if (!was_read(s) || !ring_public(s->ring, &key, &spki, e)) {
        return false;
    }
    give(s, &spki);
    return true;
}

static bool serve_sign_request(struct serving *s, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = WIRE_DER_MAX};
    wire_read_key(&s->arguments, &key);
    wire_read_names(&s->arguments, &names);
    if (!was_read(s) || !ring_sign_request(s->ring, &key, &names, &der, e)) {
        return false;
    }
    give(s, &der);
    return true;
}

typedef bool sign_tbs_fn(struct ring *ring, const struct sealed_key *ca, const uint8_t *tbs,
                         size_t tbs_len, struct buf *out_der, struct err *e);

static bool serve_tbs(struct serving *s, sign_tbs_fn *sign, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = WIRE_DER_MAX};
    size_t tbs_len = 0;
    wire_read_key(&s->arguments, &key);
    const uint8_t *tbs = unpack_bytes(&s->arguments, WIRE_DER_MAX, &tbs_len);
    if (!was_read(s) || !sign(s->ring, &key, tbs, tbs_len, &der, e)) {
        return false;
    }
    give(s, &der);
    return true;
}

static bool serve_sign_certificate(struct serving *s, struct err *e) {
    return serve_tbs(s, ring_sign_certificate, e);
}

static bool serve_sign_crl(struct serving *s, struct err *e) {
    return serve_tbs(s, ring_sign_crl, e);
}

static bool serve_test(struct serving *s, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    wire_read_key(&s->arguments, &key);
    wire_read_cert(&s->arguments, &cert);
    return was_read(s) && ring_test(s->ring, &key, cert, e);
}

static bool serve_export_pfx(struct serving *s, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = WIRE_DER_MAX};
    struct unpack_reader *r = &s->arguments;
    wire_read_key(r, &key);
    unsigned reader = unpack_u8(r);
    const char *friendly_name = unpack_text(r, WIRE_DER_MAX);
    wire_read_cert(r, &cert);
    wire_read_certs(r, CERT_LIST_MAX, &chain);
    wire_read_secret(r, WIRE_DER_MAX, &password);
    r->is_broken = r->is_broken || reader > PFX_FOR_OPENSSL;
    const struct pfx_wish wish = {.reader = (enum pfx_reader)reader,
                                  .friendly_name = friendly_name,
                                  .certificate = cert,
                                  .chain = &chain,
                                  .password = &password};
    if (!was_read(s) || !ring_export_pfx(s->ring, &key, &wish, &der, e)) {
        return false;
    }
    give(s, &der);
    return true;
}

static bool serve_export_pem(struct serving *s, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(buf_clear) struct buf pem = {.max = WIRE_DER_MAX};
    wire_read_key(&s->arguments, &key);
    wire_read_secret(&s->arguments, WIRE_DER_MAX, &password);
    if (!was_read(s) || !ring_export_pem(s->ring, &key, &password, &pem, e)) {
        return false;
    }
    give(s, &pem);
    return true;
}

struct place {
    const char *table;
    struct id id;
    const char *column;
};

enum { PLACE_NAME_MAX = 64 };

static struct place read_place(struct unpack_reader *r) {
    struct place place;
    place.table = unpack_text(r, PLACE_NAME_MAX);
    unpack_id(r, &place.id);
    place.column = unpack_text(r, PLACE_NAME_MAX);
    r->is_broken = r->is_broken || place.table == NULL || place.column == NULL;
    return place;
}

static bool serve_seal_secret(struct serving *s, struct err *e) {
    PL_AUTO(secret_clear) struct secret value = {0};
    PL_AUTO(buf_clear) struct buf blob = {.max = WIRE_DER_MAX};
    const struct place place = read_place(&s->arguments);
    wire_read_secret(&s->arguments, KEYS_BLOB_MAX, &value);
    if (!was_read(s) ||
        !ring_seal_secret(s->ring, place.table, &place.id, place.column, &value, &blob, e)) {
        return false;
    }
    give(s, &blob);
    return true;
}

static bool serve_open_secret(struct serving *s, struct err *e) {
    PL_AUTO(secret_clear) struct secret value = {0};
    size_t len = 0;
    const struct place place = read_place(&s->arguments);
    const uint8_t *blob = unpack_bytes(&s->arguments, 2 * KEYS_BLOB_MAX, &len);
    if (!was_read(s) ||
        !ring_open_secret(s->ring, place.table, &place.id, place.column, blob, len, &value, e)) {
        return false;
    }
    wire_pack_secret(&s->results, &value);
    return true;
}

static serve_fn *const calls[] = {
    [WIRE_MAKE] = serve_make,
    [WIRE_IMPORT] = serve_import,
    [WIRE_PUBLIC] = serve_public,
    [WIRE_SIGN_REQUEST] = serve_sign_request,
    [WIRE_SIGN_CERTIFICATE] = serve_sign_certificate,
    [WIRE_SIGN_CRL] = serve_sign_crl,
    [WIRE_TEST] = serve_test,
    [WIRE_EXPORT_PFX] = serve_export_pfx,
    [WIRE_EXPORT_PEM] = serve_export_pem,
    [WIRE_SEAL_SECRET] = serve_seal_secret,
    [WIRE_OPEN_SECRET] = serve_open_secret,
};

bool keys_serve(struct ring *ring, const uint8_t *call, size_t call_len, struct buf *out_answer,
                struct err *e) {
    struct err failure = {0};
    PL_AUTO(buf_cleanse) struct buf results;
    wire_init(&results);
    struct serving s = {.ring = ring, .results = {.out = &results}};
    unpack_init(&s.arguments, call, call_len);
    unsigned number = unpack_u8(&s.arguments);
    if (number >= PL_ARRAY_LEN(calls) || calls[number] == NULL) {
        return err_set(e, ERR_IPC_MALFORMED, "there is no call with the number %u", number);
    }
    bool ok = calls[number](&s, &failure);
    if (!was_read(&s)) {
        return unpack_end(&s.arguments, e);
    }
    ok = ok && pack_end(&s.results, &failure);
    struct pack_writer answer = {.out = out_answer};
    pack_bool(&answer, ok);
    if (ok) {
        pack_raw(&answer, results.data, results.len);
    } else {
        pack_err(&answer, &failure);
    }
    return pack_end(&answer, e);
}
