/*
 * Issuing: recorded before it is signed, compared after. Two transactions with the signature
 * between: after a crash at any point, what may have been signed is in the store, listed and
 * revocable.
 */
#include "ops/issue.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ca/serial.h"
#include "ca/submission.h"
#include "ca/tbs.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "ops/submission.h"
#include "pki/lint.h"

#include <stdio.h>
#include <string.h>

/* What one issue works on. */
struct issue {
    struct issuer issuer;
    struct ca_leaf leaf;
    struct ca_serial serial;
    struct buf tbs;
};

static void issue_clear(struct issue *issue) {
    issuer_clear(&issue->issuer);
    ca_leaf_clear(&issue->leaf);
    buf_clear(&issue->tbs);
}

static bool lint_leaf(const struct issue *issue, struct err *e) {
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    enum lint_target target =
        issue->leaf.profile->id == CA_PROFILE_SERVER ? LINT_SERVER : LINT_INTERNAL;
    return lint_tbs(issue->tbs.data, issue->tbs.len, target, issue->issuer.certificate, &findings,
                    e) &&
           lint_require(&findings, e);
}

static bool prepare(struct ops *ops, const struct submission_row *row, struct issue *issue,
                    struct err *e) {
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    struct ca_gate_wish gate = {.lifetime = {.lifetime_ms = row->lifetime_ms},
                                .is_client_auth = row->is_client_auth};
    const struct id *node = store_node_id(ops->store);
    uint8_t prefix = (uint8_t)(node->bytes[ID_LEN - 1] % CA_NODE_PREFIX_MAX + 1);
    buf_init(&issue->tbs, CA_TBS_MAX);
    return csr_read(row->csr.data, row->csr.len, &csr, e) &&
           ca_profile_find(row->profile, &gate.profile, e) &&
           ops_issuer_active(ops, &issue->issuer, e) &&
           ca_gate(csr, &gate, &issue->issuer.ca, clock_now_ms(), &issue->leaf, NULL, e) &&
           ca_serial_new(prefix, &issue->serial, e) &&
           ca_leaf_tbs(&issue->leaf, &issue->issuer.ca, &issue->serial, &issue->tbs, e) &&
           lint_leaf(issue, e);
}

/* First transaction: what is about to be signed. */
static bool reserve(struct ops *ops, const struct issue *issue, struct submission_row *submission,
                    struct issued_row *row, struct err *e) {
    *row = (struct issued_row){
        .issuer_id = issue->issuer.row->id,
        .submission_id = submission->id,
        .serial = {issue->serial.bytes, issue->serial.len},
        .tbs = {issue->tbs.data, issue->tbs.len},
        .subject = submission->subject,
        .names = submission->names,
        .profile = submission->profile,
        .key_spec = submission->key_spec,
        .not_before_ms = issue->leaf.validity.not_before_ms,
        .not_after_ms = issue->leaf.validity.not_after_ms,
        .crl_shard = ca_serial_shard(&issue->serial, issue->issuer.ca.crl_shard_count),
    };
    memcpy(row->spki_sha256, submission->spki_sha256, sizeof(row->spki_sha256));
    if (submission->state != SUBMISSION_APPROVED &&
        !ca_submission_move(&submission->state, SUBMISSION_APPROVED, e)) {
        return false;
    }
    submission->decided_by = ops->actor;
    submission->decided_ms = clock_now_ms();
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "ca approve", false, e) &&
           store_issued_reserve(ops->store, row, e) &&
           store_submission_update(ops->store, submission, e) &&
           ops_audit(ops, "ca.approve", "submission", &submission->id,
                     ops_texts_first(&submission->names, submission->subject), e) &&
           ops_end(ops, &op, e);
}

/* The signed certificate's TBS must be the recorded bytes, to the byte. */
static bool compare(const struct buf *tbs, const struct buf *der, struct err *e) {
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!cert_from_der(der->data, der->len, &cert, e)) {
        return false;
    }
    unsigned char *bytes = NULL;
    int len = i2d_re_X509_tbs(cert->x509, &bytes);
    bool is_same = len > 0 && (size_t)len == tbs->len && memcmp(bytes, tbs->data, tbs->len) == 0;
    OPENSSL_free(bytes);
    return is_same || err_set(e, ERR_CA_SIGNED_DIFFERS, "what was signed is not what was recorded");
}

static bool sign(struct ops *ops, const struct issue *issue, struct buf *out_der, struct err *e) {
    struct keys *keys = NULL;
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    return ops_keys(ops, &keys, e) && ops_key_load(ops, &issue->issuer.row->key_id, &key, e) &&
           keys_sign_certificate(keys, &key, issue->tbs.data, issue->tbs.len, out_der, e) &&
           compare(&issue->tbs, out_der, e);
}

/* Second transaction: the certificate. */
static bool complete(struct ops *ops, struct issued_row *row, const struct buf *der,
                     struct submission_row *submission, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    const struct bytes certificate = {der->data, der->len};
    submission->issued_id = row->id;
    return ops_begin(ops, &op, "ca issue", false, e) &&
           store_issued_complete(ops->store, row, certificate, e) &&
           ca_submission_move(&submission->state, SUBMISSION_ISSUED, e) &&
           store_submission_update(ops->store, submission, e) &&
           ops_audit(ops, "ca.issue", "issued", &row->id,
                     ops_texts_first(&submission->names, submission->subject), e) &&
           ops_end(ops, &op, e);
}

/* After approval: the reason stays with the submission, which can be approved again. */
static void record_failure(struct ops *ops, struct submission_row *submission,
                           const struct err *why) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    submission->reason = why->step[0];
    bool ok = ca_submission_move(&submission->state, SUBMISSION_FAILED, NULL) &&
              ops_begin(ops, &op, "ca approve", false, NULL) &&
              store_submission_update(ops->store, submission, NULL) &&
              ops_audit(ops, "ca.fail", "submission", &submission->id, why->step[0], NULL) &&
              ops_end(ops, &op, NULL);
    (void)
        ok; /* the first failure is what is told; the reserved serial is in the store either way */
}

bool ops_approve(struct ops *ops, struct submission_row *submission, struct ca_leaf *out_leaf,
                 struct issued_row **out_issued, struct err *e) {
    PL_AUTO(issue_clear) struct issue issue = {0};
    PL_AUTO(buf_clear) struct buf der = {.max = CERT_DER_MAX};
    struct issued_row row;
    if (!prepare(ops, submission, &issue, e) || !reserve(ops, &issue, submission, &row, e)) {
        return false;
    }
    *out_issued = NULL;
    if (!ops->is_dry_run) {
        if (!sign(ops, &issue, &der, e)) {
            record_failure(ops, submission, e);
            return false;
        }
        if (!complete(ops, &row, &der, submission, e) ||
            !store_issued_get(ops->store, &row.id, out_issued, e)) {
            return false;
        }
    }
    *out_leaf = issue.leaf;
    issue.leaf = (struct ca_leaf){0};
    return true;
}
