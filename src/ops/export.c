/* Certificates out of the store. Whoever has a key exported is in the audit log before the key is
 * out. */
#include "ops/export.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "pki/bundle.h"
#include "pki/chain.h"

#include <string.h>

/* What is exported, wherever it comes from. */
struct parcel {
    struct cert *cert;
    struct cert_list chain; /* with the certificate first */
    const char *friendly_name;
    const char *object_kind;
    struct id id;
};

static void parcel_clear(struct parcel *parcel) {
    cert_free(parcel->cert);
    cert_list_clear(&parcel->chain);
}

static bool record_export(struct ops *ops, const struct parcel *parcel, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "cert export", false, e) &&
           ops_audit(ops, "cert.export_key", parcel->object_kind, &parcel->id,
                     parcel->friendly_name, e) &&
           ops_end(ops, &op, e);
}

static bool write_key(struct ops *ops, const struct parcel *parcel, const struct export_wish *wish,
                      struct buf *out, struct err *e) {
    struct keys *keys = NULL;
    bool is_found = false;
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(cert_list_clear) struct cert_list others = {0};
    if (!ops_keys(ops, &keys, e) ||
        !ops_key_load_spki(ops, parcel->cert->spki_sha256, &key, &is_found, e)) {
        return false;
    }
    if (!is_found) {
        (void)err_set(e, ERR_PKI_KEY_MISSING, "its private key is not in this store");
        return err_hint(e, "without the key: --format pem, der or p7b");
    }
    for (size_t i = 1; i < parcel->chain.count; i++) {
        if (!cert_list_add(&others, parcel->chain.items[i], e)) {
            return false;
        }
    }
    const struct pfx_wish pfx = {.reader = wish->reader,
                                 .friendly_name = parcel->friendly_name,
                                 .certificate = parcel->cert,
                                 .chain = &others,
                                 .password = wish->password};
    bool ok = wish->format == EXPORT_PFX ? keys_export_pfx(keys, &key, &pfx, out, e)
                                         : keys_export_pem(keys, &key, wish->password, out, e);
    return ok && record_export(ops, parcel, e);
}

static bool write_parcel(struct ops *ops, const struct parcel *parcel,
                         const struct export_wish *wish, struct buf *out, struct err *e) {
    switch (wish->format) {
    case EXPORT_PEM:
        return cert_append_pem(parcel->cert, out, e) &&
               (!wish->has_key || write_key(ops, parcel, wish, out, e));
    case EXPORT_DER:
        return buf_append(out, parcel->cert->der, parcel->cert->der_len, e);
    case EXPORT_P7B:
        return bundle_append_der(&parcel->chain, out, e);
    case EXPORT_PFX:
        return write_key(ops, parcel, wish, out, e);
    case EXPORT_CHAIN:
        return chain_append_pem(&parcel->chain, false, out, e);
    }
    return true;
}

bool ops_export(struct ops *ops, const struct cert_row *row, const struct export_wish *wish,
                struct buf *out, struct err *e) {
    PL_AUTO(parcel_clear)
    struct parcel parcel = {
        .friendly_name = row->friendly_name, .object_kind = "cert", .id = row->id};
    return ops_cert_read(row, &parcel.cert, e) && cert_list_add(&parcel.chain, parcel.cert, e) &&
           ops_cert_chain(ops, &row->id, &parcel.chain, e) &&
           write_parcel(ops, &parcel, wish, out, e);
}

bool ops_export_issued(struct ops *ops, const struct issued_row *row,
                       const struct export_wish *wish, struct buf *out, struct err *e) {
    PL_AUTO(parcel_clear) struct parcel parcel = {.object_kind = "issued", .id = row->id};
    PL_AUTO(cert_list_clear) struct cert_list pool = {0};
    if (row->certificate.len == 0) {
        (void)err_set(e, ERR_OPS_ISSUED_MISSING, "it was recorded but never signed");
        return err_hint(e, "approve its submission again");
    }
    if (!cert_from_der(row->certificate.data, row->certificate.len, &parcel.cert, e) ||
        !ops_ca_certificates(ops, &pool, e) ||
        !chain_build(parcel.cert, &pool, clock_now_ms(), &parcel.chain, e)) {
        return false;
    }
    parcel.friendly_name = cert_display_name(parcel.cert);
    return write_parcel(ops, &parcel, wish, out, e);
}
