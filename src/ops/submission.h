/* Submissions: CSRs handed to the CA, decided on, issued. */
#ifndef PL_OPS_SUBMISSION_H
#define PL_OPS_SUBMISSION_H

#include "ca/gate.h"
#include "ops/ops.h"
#include "pki/request.h"
#include "store/issued.h"
#include "store/submissions.h"

struct submit_wish {
    const struct csr *csr;
    const char *profile; /* NULL: chosen by the names */
    int64_t lifetime_ms; /* 0: the profile's */
    bool is_client_auth; /* internal only */
};

/*
 * Passes the gate and queues the CSR. What the certificate will say, why that profile, and what was
 * changed on the way is in out_leaf.
 *
 * out_problems  every reason for refusing, see ca_gate(); may be NULL
 * Fails         ca.*, pki.csr.*, pki.key.weak.*, ops.ca.missing, store.*
 */
bool ops_submit(struct ops *ops, const struct submit_wish *wish, struct submission_row **out_row,
                struct ca_leaf *out_leaf, struct ca_problems *out_problems, struct err *e)
    PL_MUST_USE;

/*
 * The one submission that text means: an id, or a host name of its; waiting ones come before
 * decided ones, newer before older. Fails ops.submission.missing, ops.submission.ambiguous (several
 * wait).
 */
bool ops_submission_pick(struct ops *ops, const char *text, struct submission_row **out_row,
                         struct err *e) PL_MUST_USE;

/*
 * Approves and issues. The gate is passed again: dates and rules may have moved. Serial and
 * to-be-signed bytes are committed before the signature is made; the signed bytes are compared with
 * them. Cannot be undone (revoke instead). With a dry run nothing is signed and *out_issued is
 * NULL. Fails as ops_submit(), and ops.submission.state, keys.limit.*, ca.signed.differs
 */
bool ops_approve(struct ops *ops, struct submission_row *row, struct ca_leaf *out_leaf,
                 struct issued_row **out_issued, struct err *e) PL_MUST_USE;

/* reason: for the requester, not empty. Fails ops.submission.state, ops.submission.reason. */
bool ops_deny(struct ops *ops, struct submission_row *row, const char *reason, struct err *e)
    PL_MUST_USE;

/*
 * The certificate that came of a submission, or that text names otherwise: a submission's id or
 * name, an issued certificate's id, serial or name (the newest of that name).
 * Fails ops.issued.missing, ops.submission.state (not issued yet, denied).
 */
bool ops_issued_pick(struct ops *ops, const char *text, struct issued_row **out_row, struct err *e)
    PL_MUST_USE;

#endif
