/*
 * Renewing: a new key and request for the same names; where the own CA issued the certificate, also
 * issued anew, installed and put in the old one's place.
 */
#ifndef PL_OPS_RENEW_H
#define PL_OPS_RENEW_H

#include "base/list.h"
#include "ca/gate.h"
#include "ops/ops.h"
#include "pki/key.h"
#include "store/certs.h"
#include "store/requests.h"

struct renew_wish {
    struct cert_row *cert;
    const struct key_spec *key; /* NULL: of the same kind */
    const char *friendly_name;  /* NULL: the old one's with "(renewed DATE)" */
    bool is_bound_later;        /* bindings keep the old one */
};

/* How far it came. Clear works on a zeroed struct. */
struct renewal {
    bool is_own; /* the own CA issued it; otherwise the request waits for its certificate */
    struct request_row *request;
    struct ca_leaf leaf;   /* what the new one says; only of the own CA */
    struct cert_row *cert; /* installed; NULL when it was not, or in a dry run */
    size_t binding_count;  /* that show it now; in a dry run: would */
    struct list notes;
};
void renewal_clear(struct renewal *renewal);

/*
 * The old certificate stays installed. What was done before a failure stays and is told by the
 * error's steps: a request that the CA refuses is cancelled again; a new certificate that does not
 * suit a binding is installed and nothing is bound.
 * Fails  as ops_request_new(), ops_submit(), ops_approve(), ops_install(), ops_cert_replace()
 */
bool ops_renew(struct ops *ops, const struct renew_wish *wish, struct renewal *out_renewal,
               struct err *e) PL_MUST_USE;

#endif
