/* Certificates that come with their key. The key is sealed before anything else is done with it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/sniff.h"
#include "keys/unpack.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/install.h"
#include "pki/detect.h"

#include <stdio.h>
#include <string.h>

static bool unpack(bool is_pfx, const struct import_wish *wish, struct unpacked *out,
                   struct err *e) {
    const struct ops_processes *processes = ops_processes_in_use();
    if (processes->unpack != NULL) {
        return processes->unpack(is_pfx, wish->bytes, wish->len, wish->password, out, e);
    }
    return is_pfx ? unpack_pfx(wish->bytes, wish->len, wish->password, out, e)
                  : unpack_pem(wish->bytes, wish->len, wish->password, out, e);
}

static bool open_file(const struct import_wish *wish, struct unpacked *out, struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!detect(wish->bytes, wish->len, clock_now_ms(), &detected, e)) {
        return false;
    }
    if (detected_find(&detected, SNIFF_PKCS12) != NULL) {
        return unpack(true, wish, out, e);
    }
    bool has_key = detected_find(&detected, SNIFF_PRIVATE_KEY) != NULL ||
                   detected_find(&detected, SNIFF_ENCRYPTED_PRIVATE_KEY) != NULL;
    if (has_key) {
        return unpack(false, wish, out, e);
    }
    (void)err_set(e, ERR_OPS_IMPORT_NO_KEY, "there is no private key in it: it is %.300s",
                  detected.description);
    return err_hint(
        e, "a certificate for a request of this store is installed with \"padlock cert install\"");
}

static bool check_content(const struct unpacked *unpacked, struct err *e) {
    if (unpacked->pkcs8.len == 0) {
        (void)err_set(e, ERR_OPS_IMPORT_NO_KEY, "there is no private key in it");
        return err_hint(e, "export it again where the key is, with the key");
    }
    if (unpacked->certs.count == 0) {
        (void)err_set(e, ERR_OPS_IMPORT_NO_CERTIFICATE,
                      "there is a private key in it, but no certificate");
        return err_hint(e, "put certificate and key into one PEM file and import that");
    }
    return true;
}

/* The sealed key's row: the one that is here already, or a new one. */
static bool keep_key(struct ops *ops, const struct sealed_key *key, struct id *out_id,
                     struct err *e) {
    PL_AUTO(key_row_freep) struct key_row *there = NULL;
    if (!store_key_find_spki(ops->store, key->spki_sha256, &there, e)) {
        return false;
    }
    *out_id = there != NULL ? there->id : key->id;
    return there != NULL || ops_key_insert(ops, key, e);
}

/* A certificate that is here without its key gets it; one that has it is refused. */
static bool relink(struct ops *ops, struct cert_row *there, const struct id *key_id,
                   struct list *notes, struct err *e) {
    if (!id_is_zero(&there->key_id)) {
        (void)err_set(e, ERR_OPS_INSTALL_THERE, "it is here already, with its key, as \"%.200s\"",
                      there->friendly_name);
        return err_hint(e, "nothing is left to do; \"padlock bind add\" serves it");
    }
    there->key_id = *key_id;
    return store_cert_update(ops->store, there, e) &&
           list_printf(notes, e, "the certificate was here without its key; now it has it");
}

static bool put_certificate(struct ops *ops, const struct import_wish *wish,
                            const struct unpacked *unpacked, const struct id *key_id,
                            struct list *notes, struct id *out_id, struct err *e) {
    struct cert *cert = unpacked->certs.items[0];
    PL_AUTO(cert_row_freep) struct cert_row *there = NULL;
    if (!store_cert_find_sha256(ops->store, cert->sha256, &there, e)) {
        return false;
    }
    if (there != NULL) {
        *out_id = there->id;
        return relink(ops, there, key_id, notes, e);
    }
    const struct cert_wish cert_wish = {
        .certificate = cert,
        .pool = &unpacked->certs,
        .friendly_name =
            wish->friendly_name != NULL ? wish->friendly_name : unpacked->friendly_name,
        .key_id = *key_id,
    };
    return ops_cert_insert(ops, &cert_wish, out_id, notes, e);
}

static bool note_expired(const struct cert *cert, struct list *notes, struct err *e) {
    char day[11];
    clock_format_day(cert->not_after_ms, day);
    return cert->not_after_ms >= clock_now_ms() ||
           list_printf(notes, e, "it expired on %s and cannot be bound", day);
}

bool ops_import(struct ops *ops, const struct import_wish *wish, struct list *notes,
                struct cert_row **out_row, struct err *e) {
    struct keys *keys = NULL;
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    const struct key_wish key_wish = {.purpose = KEY_PURPOSE_TLS_SERVER,
                                      .is_exportable = wish->is_exportable};
    if (!open_file(wish, &unpacked, e) || !check_content(&unpacked, e) ||
        !ops_keys(ops, &keys, e) || !keys_import(keys, &unpacked.pkcs8, &key_wish, &key, e)) {
        return false;
    }
    const struct cert *cert = unpacked.certs.items[0];
    if (memcmp(cert->spki_sha256, key.spki_sha256, sizeof(key.spki_sha256)) != 0) {
        return err_set(e, ERR_PKI_KEY_MISMATCH,
                       "its private key belongs to none of its certificates");
    }
    char title[OPERATION_TITLE_MAX];
    (void)snprintf(title, sizeof(title), "cert import %.400s", cert_display_name(cert));
    struct id key_id;
    struct id id;
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && keep_key(ops, &key, &key_id, e) &&
           put_certificate(ops, wish, &unpacked, &key_id, notes, &id, e) &&
           note_expired(cert, notes, e) && ops_audit(ops, "cert.import", "cert", &id, title, e) &&
           store_cert_get(ops->store, &id, out_row, e) && ops_end(ops, &op, e);
}
