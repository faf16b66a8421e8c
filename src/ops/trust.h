/*
 * The store's own root in the trust stores of this machine, so that its programs accept what the CA
 * issues. Debian's, and those that do not look there:
 *   system  /usr/local/share/ca-certificates/padlock-KEYHASH.crt, then update-ca-certificates
 *   nss     $HOME/.pki/nssdb (Chromium and others), with certutil; made when it is missing
 *   java    the JRE's cacerts, with keytool
 *
 * Certificates are public: they reach the programs as a file. The password of cacerts is Java's
 * public default, "changeit"; a cacerts with another one is reported as failed.
 * Not done: Firefox's profiles (it has its own setting to use the system's store).
 * Limits: TRUST_RUN_TIMEOUT_MS for each program.
 */
#ifndef PL_OPS_TRUST_H
#define PL_OPS_TRUST_H

#include "ops/ops.h"

enum { TRUST_RUN_TIMEOUT_MS = 120 * 1000, TRUST_REASON_MAX = 512 };

enum trust_store { TRUST_SYSTEM, TRUST_NSS, TRUST_JAVA, TRUST_STORE_COUNT };
const char *trust_store_text(enum trust_store store); /* "system", "nss", "java" */
/* False when text is none. */
bool trust_store_from_text(const char *text, enum trust_store *out_store);

enum trust_state {
    TRUST_SKIPPED,   /* was not asked for */
    TRUST_DONE,      /* or would be, in a dry run */
    TRUST_NOT_THERE, /* the store's program is not installed; removing: the root was not in it */
    TRUST_FAILED,
};
const char *trust_state_text(enum trust_state state); /* "skipped", "done", "not there", "failed" */

struct trust_result {
    enum trust_state outcome;
    char place[TRUST_REASON_MAX];  /* where: a path */
    char reason[TRUST_REASON_MAX]; /* of TRUST_NOT_THERE and TRUST_FAILED, may be from outside */
};

/*
 * Installs or removes the root in each wanted store. Success says that it was tried: each store's
 * state is in out_results. Recorded in the audit log before. A dry run only looks what is there.
 * Fails ops.ca.missing, store.*, sys.file.write (the certificate's temporary file).
 */
bool ops_trust(struct ops *ops, bool is_install, const bool wanted[TRUST_STORE_COUNT],
               struct trust_result out_results[TRUST_STORE_COUNT], struct err *e) PL_MUST_USE;

#endif
