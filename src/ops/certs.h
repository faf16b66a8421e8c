/* Installed certificates: found, listed, deleted, tested with their key. */
#ifndef PL_OPS_CERTS_H
#define PL_OPS_CERTS_H

#include "base/list.h"
#include "ops/ops.h"
#include "pki/cert.h"
#include "store/certs.h"
#include "store/issued.h"

/*
 * The one installed certificate that text means: an id, a friendly name, a fingerprint, a host name
 * of its. Of several with one name the one that has a key and ends last. Fails ops.cert.missing.
 */
bool ops_cert_pick(struct ops *ops, const char *text, struct cert_row **out_row, struct err *e)
    PL_MUST_USE;

/* The row's certificate, parsed. Fails pki.cert.*. */
bool ops_cert_read(const struct cert_row *row, struct cert **out_cert, struct err *e) PL_MUST_USE;

/* Its chain as stored, nearest issuer first, without the certificate itself; appends. */
bool ops_cert_chain(struct ops *ops, const struct id *cert_id, struct cert_list *out, struct err *e)
    PL_MUST_USE;

/* How often it is bound, and where: "https://127.0.0.1:8443 www.example.com". Appends. */
bool ops_cert_bound_at(struct ops *ops, const struct id *cert_id, struct list *out, struct err *e)
    PL_MUST_USE;

/*
 * A signature with its private key, verified with its public one. Fails pki.key.missing (no key
 * here), keys.test, pki.key.mismatch.
 */
bool ops_cert_test_key(struct ops *ops, const struct cert_row *row, struct err *e) PL_MUST_USE;

/*
 * What the own CA's books say of a certificate; NULL when another one issued it. Fails store.*,
 * pki.cert.*, base.oom.
 */
bool ops_cert_issued(struct ops *ops, const struct cert *cert, struct issued_row **out_issued,
                     struct err *e) PL_MUST_USE;

/* Fails ops.cert.bound (names where; is_unbound takes the bindings away first). Can be undone. */
bool ops_cert_delete(struct ops *ops, struct cert_row *row, bool is_unbound, struct err *e)
    PL_MUST_USE;

/* Another friendly name; "" for none. Can be undone. */
bool ops_cert_rename(struct ops *ops, struct cert_row *row, const char *friendly_name,
                     struct err *e) PL_MUST_USE;

/* What is put into the store by install and import. */
struct cert_wish {
    struct cert *certificate;
    const struct cert_list
        *pool; /* certificates that came with it; completes the chain; may be NULL */
    const char *friendly_name; /* NULL: the certificate's own name */
    struct id key_id;          /* ID_NONE: no key */
    struct id request_id;      /* ID_NONE: imported */
};

/*
 * Inserts certificate, intermediates and chain links inside the open operation. notes: what was
 * completed or is missing, for people. Fails store.constraint.
 */
bool ops_cert_insert(struct ops *ops, const struct cert_wish *wish, struct id *out_id,
                     struct list *notes, struct err *e) PL_MUST_USE;

#endif
