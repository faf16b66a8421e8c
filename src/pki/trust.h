/*
 * Trusted certificates from files: the system's bundle, or one that the user names.
 * Folders of hashed links (OpenSSL's CApath) are not read: every system that has one has the
 * bundle.
 */
#ifndef PL_PKI_TRUST_H
#define PL_PKI_TRUST_H

#include "pki/cert.h"

/*
 * Appends every certificate of a file: PEM, DER or PKCS #7, with anything around; one that cannot
 * be read is left out. Fails  pki.trust.empty (says what the file is instead), sys.file.*,
 * base.limit, base.oom
 */
bool trust_load_file(const char *path, struct cert_list *out_anchors, struct err *e) PL_MUST_USE;

/*
 * Appends the system's trusted roots (Debian's, Fedora's, SUSE's or Alpine's bundle, the first that
 * is there).
 * out_path  where they were found, a static string; may be NULL
 * Fails     pki.trust.no_system, otherwise as trust_load_file()
 */
bool trust_load_system(struct cert_list *out_anchors, const char **out_path, struct err *e)
    PL_MUST_USE;

#endif
