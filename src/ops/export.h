/* Certificates out of the store: alone, with their chain, with their key (encrypted, always). */
#ifndef PL_OPS_EXPORT_H
#define PL_OPS_EXPORT_H

#include "base/buf.h"
#include "base/secret.h"
#include "keys/keys.h"
#include "ops/ops.h"
#include "store/certs.h"
#include "store/issued.h"

enum export_format { EXPORT_PEM, EXPORT_DER, EXPORT_P7B, EXPORT_PFX, EXPORT_CHAIN };

struct export_wish {
    enum export_format format;
    enum pfx_reader reader;        /* for EXPORT_PFX */
    bool has_key;                  /* EXPORT_PFX always; EXPORT_PEM on request */
    const struct secret *password; /* when a key goes along */
};

enum { EXPORT_MAX = 4 * 1024 * 1024 };

/*
 * pem: the certificate (then the encrypted key); der: the certificate; p7b: certificate and chain
 * (DER); chain: certificate and chain as PEM, without the root; pfx: certificate, chain and key.
 * An export with key is written to the audit log and cannot be undone.
 * Fails  keys.export.denied, keys.export.password, pki.key.missing, base.limit
 */
bool ops_export(struct ops *ops, const struct cert_row *row, const struct export_wish *wish,
                struct buf *out, struct err *e) PL_MUST_USE;

/* The same for a certificate that the CA issued; pfx only where this store holds the request's key
 * (pki.key.missing). */
bool ops_export_issued(struct ops *ops, const struct issued_row *row,
                       const struct export_wish *wish, struct buf *out, struct err *e) PL_MUST_USE;

#endif
