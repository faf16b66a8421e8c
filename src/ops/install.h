/* Certificates into the store: what the CA sent (install), and what comes with its key (import). */
#ifndef PL_OPS_INSTALL_H
#define PL_OPS_INSTALL_H

#include "base/list.h"
#include "base/secret.h"
#include "ops/ops.h"
#include "store/certs.h"

/*
 * Completes a request: finds the certificate in the file whose key waits here, the pending request
 * by public key, the chain from what is known.
 *
 * bytes          PEM, DER, p7b; with or without chain, in any order
 * friendly_name  NULL: the request's, else the certificate's own
 * notes          appended: sorted, completed, left aside, not yet valid
 * Fails          pki.key.missing, ops.install.other_key (a request for the same name has another
 * key), ops.install.expired, ops.install.is_ca, ops.install.self_signed,
 * ops.install.not_certificate (says what the file is instead), ops.install.there (installed
 * already), pki.cert.*, store.*
 */
bool ops_install(struct ops *ops, const void *bytes, size_t len, const char *friendly_name,
                 struct list *notes, struct cert_row **out_row, struct err *e) PL_MUST_USE;

struct import_wish {
    const void *bytes;
    size_t len;
    const struct secret *password; /* may be empty */
    const char *friendly_name;     /* NULL: the file's, else the certificate's own */
    bool is_exportable;
};

/*
 * A .pfx or PEM with certificate and private key. A certificate that is here without its key is
 * joined with it. Fails unpack.*, ops.import.no_key, ops.import.no_certificate, ops.install.there,
 * pki.key.*, store.*
 */
bool ops_import(struct ops *ops, const struct import_wish *wish, struct list *notes,
                struct cert_row **out_row, struct err *e) PL_MUST_USE;

#endif
